"""What is found in files whose content is known, and what is refused."""

from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layout_files import SAMPLES

from load_profile.sample import write_sample
from load_profile.series.analyze import Gap, analyze_series, series_buckets, write_gaps
from load_profile.series.in_words import format_report
from load_profile.series.read import Wanted

START = datetime(2024, 7, 12, 11)
STEP = timedelta(minutes=15)
CLOCK = "%m/%d/%y %H:%M:%S"


def at(slot: int) -> datetime:
    return START + slot * STEP


def gap(first_slot: int, slots: int) -> Gap:
    return Gap(at(first_slot), at(first_slot + slots), slots * STEP, slots)


def write_series(path: Path, cells: dict[int, str]) -> Path:
    """One row per slot in the given order, with the given text as value."""
    rows = [f"{at(slot).strftime(CLOCK)},{text}" for slot, text in cells.items()]
    path.write_text("\n".join(["Start Time,MW_net", *rows]) + "\n")
    return path


def write_text(path: Path, text: str) -> Path:
    path.write_bytes(text.encode("utf-8"))
    return path


def test_a_whole_series_has_no_gaps(tmp_path: Path):
    report = analyze_series(write_series(tmp_path / "north.csv", {k: "1.5" for k in range(10)}))
    assert (report.name, report.value_label) == ("north.csv", "MW_net")
    assert (report.rows, report.readings) == (10, 10)
    assert (report.interval, report.first, report.last) == (STEP, at(0), at(9))
    assert report.gaps == ()


def test_a_gap_runs_from_the_first_missing_start_to_the_last_missing_end(tmp_path: Path):
    cells = {slot: "1" for slot in range(12) if slot not in (3, 7, 8, 9)}
    report = analyze_series(write_series(tmp_path / "x.csv", cells))
    assert report.gaps == (gap(3, 1), gap(7, 3))


def test_rows_without_a_value_are_missing_intervals_also_at_the_edges(tmp_path: Path):
    cells = {0: "", 1: "1", 2: "-", 4: "NaN", 5: "2", 6: "3", 7: " "}
    report = analyze_series(write_series(tmp_path / "x.csv", cells))
    assert report.empty_values == 4
    assert report.gaps == (gap(0, 1), gap(2, 3), gap(7, 1))


STATES = st.lists(st.sampled_from(("kept", "dropped", "empty")), min_size=1, max_size=40)


@settings(max_examples=25, deadline=None)
@given(before=STATES, after=STATES, shuffle=st.randoms(use_true_random=False))
def test_the_gaps_found_are_exactly_the_runs_removed(
    tmp_path_factory: pytest.TempPathFactory, before: list, after: list, shuffle
):
    # An unbroken middle makes 15 minutes the most frequent step, whatever is removed around it.
    # A row dropped at the very edge would only make the series shorter.
    states = [*before, *["kept"] * (len(before) + len(after)), *after]
    states[0], states[-1] = (s.replace("dropped", "empty") for s in (states[0], states[-1]))
    slots = [slot for slot, state in enumerate(states) if state != "dropped"]
    shuffle.shuffle(slots)
    cells = {slot: "1.25" if states[slot] == "kept" else "" for slot in slots}
    path = tmp_path_factory.getbasetemp() / "property.csv"

    runs = groupby(range(len(states)), key=lambda slot: states[slot] == "kept")
    missing = [list(run) for is_kept, run in runs if not is_kept]
    report = analyze_series(write_series(path, cells))
    assert report.gaps == tuple(gap(run[0], len(run)) for run in missing)


def test_repeated_times_and_rows_out_of_order_are_counted(tmp_path: Path):
    text = "Start Time,MW_net\n"
    for slot in (0, 1, 2, 2, 1, 3, 5, 4):
        text += f"{at(slot).strftime(CLOCK)},1\n"
    report = analyze_series(write_text(tmp_path / "x.csv", text))
    assert (report.duplicates, report.out_of_order, report.gaps) == (2, 2, ())


def test_of_equally_frequent_steps_the_smallest_is_the_interval(tmp_path: Path):
    cells = {slot: "1" for slot in (0, 1, 3, 4, 6)}
    report = analyze_series(write_series(tmp_path / "x.csv", cells))
    assert report.interval == STEP
    assert report.gaps == (gap(2, 1), gap(5, 1))


def test_a_step_that_is_no_multiple_of_the_interval_is_counted_and_hides_no_gap(tmp_path: Path):
    times = [at(0), at(1), at(2), at(3), at(3) + timedelta(minutes=40)]
    text = "Start Time,MW_net\n" + "".join(f"{time.strftime(CLOCK)},1\n" for time in times)
    report = analyze_series(write_text(tmp_path / "x.csv", text))
    assert report.off_grid == 1
    assert report.gaps == (Gap(at(4), times[-1], timedelta(minutes=25), 2),)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("13/12/24 11:15:00,2", "line 5: expected start as MM/DD/YY HH:MM:SS"),
        ("07/12/24 11:15:00,o.84", "line 5: expected a number below 10^9"),
        ("07/12/24 11:15:00,inf", "line 5: expected a number below 10^9"),
        ("07/12/24 11:15:00,1,234.5", "line 5: "),
        (",4", "line 5: expected start as"),
    ],
)
def test_a_file_with_a_cell_that_cannot_be_read_is_refused_with_its_line(
    tmp_path: Path, row: str, message: str
):
    text = f"free text\n\nStart Time,MW_net\n07/12/24 11:00:00,1\n{row}\n07/12/24 11:30:00,1\n"
    with pytest.raises(ValueError) as error:
        analyze_series(write_text(tmp_path / "x.csv", text))
    assert message in str(error.value)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_mark_preamble_padding_quotes_and_thousands_are_read(tmp_path: Path, newline: str):
    lines = [
        "\ufeffLoad profile, north",
        "",
        '"meter", Start Time ,"MW_net ",PF_net',
        '"1"," 07/12/24 11:00:00  ","1,234.5",".9"',
        '2, 07/12/24 11:15:00  ,"-.5",',
        ",,,",
        "",
    ]
    path = write_text(tmp_path / "x.csv", newline.join(lines))
    report = analyze_series(path)
    assert (report.rows, report.readings, report.interval) == (2, 2, STEP)
    assert series_buckets(path)["mw_net_max"].tolist() == [1234.5, -0.5]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-07-12 11:00:00", START),
        ("2024-07-12T11:00", START),
        ("2024-07-12T11:00:00.250", START + timedelta(milliseconds=250)),
        ("2024-07-12T18:00:00Z", START + timedelta(hours=7)),
        ("2024-07-12 11:00:00-07:00", START + timedelta(hours=7)),
        ("2024-07-12T11:00+0530", START - timedelta(hours=5, minutes=30)),
        ("2024-07-12 11:00:00.5+02:00", START - timedelta(hours=2) + timedelta(milliseconds=500)),
    ],
)
def test_iso_times_are_read_and_an_offset_is_converted_to_utc(
    tmp_path: Path, text: str, expected: datetime
):
    report = analyze_series(write_text(tmp_path / "x.csv", f"Start Time,MW_net\n{text},1\n"))
    assert report.first == expected
    is_converted = text.endswith("Z") or any(sign in text[10:] for sign in "+-")
    assert report.utc_times == is_converted
    assert ("all times here are in UTC" in format_report(report)) == is_converted


@pytest.mark.parametrize("names", ["-1-,-2-,-3-,-4-", "kw_del,kw_rec,kva_del,kva_rec"])
def test_a_raw_export_is_shown_as_delivered_minus_received(tmp_path: Path, names: str):
    text = f"Load Profile Data Display\n\nRecord No.,Event Type,Start Time,End Time,{names}\n"
    text += "157594, Normal, 07/12/24 11:00:00  , 07/12/24 11:15:00  ,.84,55.79,15.02,228.51\n"
    text += "157595, Normal, 07/12/24 11:15:00  , 07/12/24 11:30:00  ,2.45,,46.47,126.19\n"
    path = write_text(tmp_path / "north.csv", text)
    report = analyze_series(path)
    assert (report.value_label, report.readings, report.empty_values) == ("net (raw units)", 1, 1)
    values = series_buckets(report)["mw_net_min"]
    assert values[0] == -54.95 and np.isnan(values[1])


def test_a_simulated_export_with_a_hole_shows_the_hole(tmp_path: Path):
    write_sample(tmp_path, feeders=3, months=1)
    (path,) = (tmp_path / "_dropbox" / "KW").glob("*simulated-hole.csv")
    report = analyze_series(path)
    assert [found.missing_intervals for found in report.gaps] == [8]
    assert report.rows + 8 == 7 * 96


def test_gaps_are_written_in_the_form_of_a_run(tmp_path: Path):
    cells = {slot: "1" for slot in (0, 1, 2, 4, 5, 6, 300, 301)}
    path = write_series(tmp_path / "north.csv", cells)
    report = analyze_series(path)
    expected = (
        "gap_start,gap_end,gap_duration\n"
        "07/12/24 11:45:00,07/12/24 12:00:00,0 days 00:15:00\n"
        "07/12/24 12:45:00,07/15/24 14:00:00,3 days 01:15:00\n"
    )
    written = write_gaps(report, tmp_path / "north_gaps.csv")
    assert written.read_text() == expected
    assert sorted(file.name for file in tmp_path.iterdir()) == ["north.csv", "north_gaps.csv"]


def test_buckets_keep_the_extremes_and_break_where_nothing_was_read(tmp_path: Path):
    values = np.round(np.sin(np.arange(5000)), 6)
    cells = {slot: str(values[slot]) for slot in range(5000) if not 2000 <= slot < 2100}
    path = write_series(tmp_path / "x.csv", cells)
    reduced = series_buckets(path, buckets=100)
    assert list(reduced.columns) == ["bucket_start", "mw_net_min", "mw_net_max"]
    assert len(reduced) == 100
    for number, row in enumerate(reduced.itertuples()):
        slots = range(number * 50, number * 50 + 50)
        kept = [values[slot] for slot in slots if slot in cells]
        assert row.bucket_start == at(number * 50)
        if kept:
            assert (row.mw_net_min, row.mw_net_max) == (min(kept), max(kept))
        else:
            assert np.isnan(row.mw_net_min) and np.isnan(row.mw_net_max)
    assert np.isnan(reduced["mw_net_min"]).sum() == 2


@pytest.mark.parametrize("buckets", [1, 7, 1000])
def test_there_are_never_more_buckets_than_asked_for_nor_empty_ones_between(
    tmp_path: Path, buckets: int
):
    jitter = [timedelta(seconds=seconds) for seconds in (0, 0, 0, 3, 0, 0, 0, -2, 0, 0)]
    text = "Start Time,MW_net\n" + "".join(
        f"{(at(slot) + jitter[slot % 10]).isoformat()},{slot}\n" for slot in range(100)
    )
    reduced = series_buckets(write_text(tmp_path / "x.csv", text), buckets)
    assert len(reduced) <= buckets
    assert not reduced["mw_net_min"].isna().any()
    assert (reduced["mw_net_min"].min(), reduced["mw_net_max"].max()) == (0, 99)
    with pytest.raises(ValueError, match="buckets is 0"):
        series_buckets(tmp_path / "x.csv", 0)


def test_a_report_reads_in_plain_words(tmp_path: Path):
    cells = {0: "1", 1: "2", 2: "-", 3: "", 5: "4"}
    text = format_report(analyze_series(write_series(tmp_path / "north.csv", cells)))
    assert text.splitlines() == [
        "north.csv: 5 rows, 3 with a reading (MW_net)",
        "From 07/12/24 11:00:00 to the interval that starts 07/12/24 12:15:00, every 00:15:00.",
        "2 values are empty.",
        "1 gap, 3 intervals missing:",
        "  07/12/24 11:30:00 to 07/12/24 12:15:00: 00:45:00, 3 intervals",
    ]


def test_a_single_row_has_no_interval_and_no_gaps(tmp_path: Path):
    report = analyze_series(write_series(tmp_path / "x.csv", {0: "1"}))
    assert (report.interval, report.gaps) == (None, ())
    assert "single start time" in format_report(report)
    assert len(series_buckets(report)) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a header row and data rows; found an empty file"),
        ("a,b\n1,2\n", "found a table with commas, 2 columns; name its columns with --time"),
        ("MW_net\n1\n", "found a text without a table"),
        ("Start Time,MW_net\nnoon,1\n", "line 2: expected start as MM/DD/YY HH:MM:SS"),
        ("<html></html>", "found a web page"),
    ],
)
def test_a_file_that_is_no_series_is_refused_with_the_reason(
    tmp_path: Path, text: str, message: str
):
    path = write_text(tmp_path / "x.csv", text)
    with pytest.raises(ValueError) as error:
        analyze_series(path)
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value)


def test_a_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="there is no such file"):
        analyze_series(tmp_path / "none.csv")


def test_a_file_of_a_run_is_read_by_its_times_in_utc(tmp_path: Path):
    rows = ["Start Time,MW_net,start_utc"]
    for hour in range(12):  # Denver's clock skips 02:00 on that day
        local = datetime(2024, 3, 10, hour + (hour >= 2))
        rows.append(f"{local:{CLOCK}},1,2024-03-10T{hour + 7:02}:00:00Z")
    report = analyze_series(write_text(tmp_path / "north.csv", "\n".join(rows)))
    assert report.gaps == () and report.readings == 12
    assert "all times here are in UTC" in format_report(report)


def test_the_hour_that_a_clock_skips_is_a_gap_that_may_be_none(tmp_path: Path):
    rows = ["Start Time,MW_net"]
    rows += [f"{datetime(2024, 3, 10, hour):{CLOCK}},1" for hour in range(12) if hour not in (2, 8)]
    report = analyze_series(write_text(tmp_path / "north.csv", "\n".join(rows)))
    skipped, missing = format_report(report).splitlines()[-2:]
    assert skipped.endswith(
        "no reading is missing if the clock has daylight saving and skips this hour"
    )
    assert missing.endswith("1 interval")


def test_any_table_is_read_by_the_columns_of_its_time_and_value(tmp_path: Path):
    text = "Anlage 7;\nZeit;Leistung;Netz\n" + "".join(
        f"{at(slot):%d.%m.%Y %H:%M};{slot},5;x\n" for slot in (0, 1, 2, 5, 6)
    )
    path = write_text(tmp_path / "anlage.csv", text)
    report = analyze_series(path, Wanted("Zeit", "Leistung"))
    assert (report.value_label, report.first, report.interval) == ("Leistung", at(0), STEP)
    assert report.gaps == (gap(3, 2),)
    assert series_buckets(report)["mw_net_max"].max() == 6.5
    with pytest.raises(ValueError, match="'Zeit and Ertrag' once; found 0"):
        analyze_series(path, Wanted("Zeit", "Ertrag"))


def test_a_workbook_is_read_by_its_columns(tmp_path: Path):
    report = analyze_series(SAMPLES / "north.xlsx", Wanted("Time", "kWh del"))
    assert (report.rows, report.empty_values, report.interval) == (4, 1, STEP)
    assert report.first == datetime(2024, 1, 1, 23, 15)


@pytest.mark.parametrize(
    ("name", "label", "rows"),
    [
        ("enedis-consumption.csv", "net (W)", 4),
        ("iec62056-p01.csv", "net (kW)", 3),
    ],
)
def test_every_layout_of_a_run_is_read(name: str, label: str, rows: int):
    report = analyze_series(SAMPLES / name)
    assert (report.value_label, report.rows) == (label, rows)


def test_of_several_meters_one_is_named(tmp_path: Path):
    path = SAMPLES / "north.nem12.csv"
    with pytest.raises(ValueError, match="2 meters with --meter: NORTH00001 SOUTH00002"):
        analyze_series(path)
    report = analyze_series(path, Wanted(meter="NORTH00001"))
    assert (report.rows, report.interval, report.value_label) == (96, 2 * STEP, "net (kWh)")
    assert report.utc_times == 96
