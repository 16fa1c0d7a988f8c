"""The life of a meter: exchanges, interval lengths, event words, and what an edit restates.

One root, brought up to date three times. Every figure that is expected here is worked out by hand.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from shutil import copytree
from zoneinfo import ZoneInfo

import duckdb
import pytest
import raw_exports
from conftest import (
    BUILD,
    bring_up_to_date,
    dbt,
    load_profile,
    publish_built,
    query,
    summary,
    take_in,
    untested,
)

from ingest.warehouse import utc_now
from ingest.workspace import Workspace

# raw values are MW, but for `energy`, whose raw values are kWh
METERS = """sta,meter,multiplier,channel_unit,interval_minutes,timezone,valid_from,valid_to
north,1,1,MW,15,UTC,,2024-07-03
north,2,2,MW,15,UTC,2024-07-05,
longer,3,1,MW,15,UTC,,2024-07-02
longer,4,1,MW,30,UTC,2024-07-02,2024-07-03 12:30
longer,5,1,MW,60,UTC,2024-07-03 12:30,
clock,6,1,MW,15,America/Denver,,2024-07-04 00:00
clock,7,1,MW,15,UTC,2024-07-04 06:00,
words,8,1,MW,15,UTC,,
energy,9,1,kWh,15,UTC,,
late,10,1,MW,15,UTC,,
"""
FIRST, LAST = datetime(2024, 6, 30), datetime(2024, 7, 6)
FIFTH = datetime(2024, 7, 5)
Rows = Iterator[tuple[datetime, datetime, float, str]]


def rows(first: datetime, until: datetime, minutes: int, value: float) -> Rows:
    """Intervals with one value, in UTC."""
    while first < until:
        after = first + timedelta(minutes=minutes)
        yield first, after, value, "Normal"
        first = after


def drop(root: Path, name: str, some: Rows, zone: str = "UTC") -> None:
    """Write an export on the clock of a zone; kVA equals kW."""
    lines = []
    for number, (start, end, value, word) in enumerate(some):
        ends = (
            moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(zone))
            for moment in (start, end)
        )
        lines.append(raw_exports.row(number, *ends, f"{value},0,{value},0", f'"{word}"'))
    raw_exports.write_export(root / "_dropbox/KW", name, lines)


def with_words() -> Rows:
    """1 MW, and on the fifth, from midnight on, an hour for everything a meter may say."""
    said = [
        ("power FAIL", 0),
        ("Test Mode", 500),
        ("TimeSet", 600),
        ("Skipped", 0),
        ("overflow", 700),
        ("Partial", 800),
        ("Full moon", 3),
        ("Reboot, warm", 2),
    ]
    at = {FIFTH + timedelta(hours=hour): what for hour, what in enumerate(said)}
    for start, end, value, word in rows(FIRST, LAST, 15, 1):
        word, value = at.get(start, (word, value))
        yield start, end, value, word


def in_pieces() -> Rows:
    """250 kWh a quarter hour; at noon of the fifth the clock is set in two of them."""
    noon = FIFTH + timedelta(hours=12)
    yield from rows(FIRST, noon, 15, 250)
    # 7 minutes with 70 kWh and 8 with 400, then 40 minutes with 1000
    for minutes, kwh in ((7, 70), (8, 400), (40, 1000), (5, 100)):
        yield noon, noon + timedelta(minutes=minutes), kwh, "Normal"
        noon += timedelta(minutes=minutes)
    yield from rows(noon, LAST, 15, 250)


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> tuple[Path, str]:
    """The root after its first run, what was printed of it and the checks that warned."""
    root = tmp_path_factory.mktemp("life") / "root"
    (root / "_dropbox/KW").mkdir(parents=True)
    (root / "meter-data.csv").write_text(METERS, encoding="utf-8")
    exchange = datetime(2024, 7, 3, 12, 30)
    # the first meter was read for six hours after the day on which it is said to have gone
    drop(root, "north-1.csv", rows(FIRST, datetime(2024, 7, 3, 6), 15, 1))
    drop(root, "north-2.csv", rows(FIFTH, LAST, 15, 1))
    drop(root, "longer-1.csv", rows(FIRST, datetime(2024, 7, 2), 15, 4))
    drop(root, "longer-2.csv", rows(datetime(2024, 7, 2), exchange, 30, 6))
    hourly = exchange + timedelta(minutes=30)
    drop(root, "longer-3.csv", [(exchange, hourly, 20, "Normal"), *rows(hourly, LAST, 60, 8)])
    moved = datetime(2024, 7, 4, 6)
    drop(root, "clock-1.csv", rows(FIRST, moved, 15, 10), "America/Denver")
    drop(root, "clock-2.csv", rows(moved, LAST, 15, 10))
    drop(root, "words-1.csv", with_words())
    drop(root, "energy-1.csv", in_pieces())
    drop(root, "late-1.csv", rows(FIRST, datetime(2024, 7, 2), 15, 2))
    drop(root, "late-3.csv", rows(datetime(2024, 7, 3), LAST, 15, 2))
    started = utc_now()
    found = bring_up_to_date(root)
    publish_built(root)
    warned = (f"{n}: {made.failures} rows\n" for n, made in found.items() if made.status == "warn")
    return root, summary(root, started) + "".join(warned)


@pytest.fixture(scope="module")
def edited(first, tmp_path_factory) -> tuple[Path, str, Callable]:
    """A copy after a second run: an edit of meter-data.csv, a late file, and a day more."""
    root = copytree(first[0], tmp_path_factory.mktemp("edited") / "root")
    text = METERS.replace("north,2,2,", "north,2,4,")
    (root / "meter-data.csv").write_text(text, encoding="utf-8")
    drop(root, "late-2.csv", rows(datetime(2024, 7, 2), datetime(2024, 7, 3), 15, 5))
    drop(root, "words-2.csv", rows(LAST, LAST + timedelta(days=1), 15, 9))
    return root, brought_up_to_date(root), rows_by_feeder(first[0])


def brought_up_to_date(root: Path) -> str:
    """What is printed of the files and edits since the last run."""
    started = utc_now()
    take_in(root)
    dbt(root, *BUILD, *untested("correction_effects", "gaps", "combined_gaps", "files"))
    publish_built(root)
    return summary(root, started)


def rows_by_feeder(root: Path) -> dict[str, list[tuple]]:
    return {
        feeder: query(
            root,
            """select * from feeder_profiles where feeder = ? and interval_start_at < ?
            order by interval_start_at""",
            feeder,
            LAST,
        )
        for feeder in ("north", "longer", "clock", "words", "energy")
    }


def net(root: Path, feeder: str, start: datetime) -> list[tuple]:
    sql = "select mw_net from feeder_profiles where feeder = ? and interval_start_at = ?"
    return query(root, sql, feeder, start)


def total(root: Path, start: datetime) -> tuple:
    sql = """select mw_total, can_be_peak, missing_feeders, interval_minutes
        from combined_profiles where interval_start_at = ?"""
    (row,) = query(root, sql, start)
    return row


def test_each_meter_counts_with_its_own_multiplier_and_nothing_is_expected_between_them(first):
    root, text = first
    assert net(root, "north", datetime(2024, 7, 2, 23, 45)) == [(1,)]
    assert net(root, "north", FIFTH) == [(2,)]
    assert query(root, "select count(*) from gaps where feeder = 'north'") == [(0,)]
    # the readings between are kept, counted, reported and not used
    assert net(root, "north", datetime(2024, 7, 3, 3)) == []
    outside = "select outside_count from files where file_name = 'north-1.csv'"
    assert query(root, outside) == [(24,)]
    assert "detect_outside_periods: 1 rows" in text and "detect_period_hole: 1 rows" in text
    found = dict(query(root, "select rule, evidence from findings where feeder = 'north'"))
    assert found["outside_periods"].startswith("24 of 312 rows lie outside every period")
    assert "in north-1.csv, which reaches from 2024-06-30 00:00" in found["outside_periods"]
    assert "between rows 2 and 3 of meter-data.csv" in found["period_hole"]
    assert "from 2024-07-03 00:00 to 2024-07-05 00:00" in found["period_hole"]


def test_readings_of_another_length_are_named_with_file_time_and_what_to_do(first):
    root, _ = first
    found = dict(
        query(root, "select feeder, evidence from findings where rule = 'interval_length'")
    )
    assert "in energy-1.csv" in found["energy"] and "2024-07-05 12:00" in found["energy"]
    assert "of 5 min to 40 min, meter-data.csv declares 15 min" in found["energy"]


def test_an_exchange_to_a_longer_interval_keeps_the_energy_also_inside_one_of_the_total(first):
    root, _ = first
    lengths = """select interval_minutes, count(*), sum(mw_net * actual_seconds) / 3600
        from feeder_profiles where feeder = 'longer' group by all order by all"""
    # two days, then a day and a half, then to the end
    assert query(root, lengths) == [(15, 192, 192), (30, 73, 219), (60, 60, 482)]
    # 30 minutes with 6 MW and 30 with 20; north has no meter then; the others have 10 + 1 + 1 + 2
    assert total(root, datetime(2024, 7, 3, 12)) == (27, False, None, 60)
    assert total(root, datetime(2024, 7, 3, 13)) == (22, True, None, 60)
    flags = """select is_partial_interval, is_off_time_grid, can_be_peak from feeder_profiles
        where feeder = 'longer' and interval_start_at = '2024-07-03 12:30'"""
    assert query(root, flags) == [(True, True, False)]


def test_totals_say_how_long_they_are_and_no_peak_is_of_an_interval_that_was_not_whole(first):
    _, text = first
    assert "Totals are per 60 minutes, the longest of 15, 30, 60." in text
    # of 2 + 8 + 10 + 1 + 1 + 2 MW, and 3 MW in place of 1 for a quarter hour; more is no peak
    assert "highest 24.500 MW at 2024-07-05 06:00" in text
    # the time set, the overflow, the partial one, and the exchange at half past twelve
    assert "; 4 intervals are left out of both" in text


def test_a_meter_that_comes_with_another_clock_goes_on_without_gap_or_overlap(first):
    root, _ = first
    counted = """select timezone, count(*), min(interval_start_at), max(interval_start_at)
        from feeder_profiles where feeder = 'clock' group by timezone order by timezone"""
    assert query(root, counted) == [
        ("America/Denver", 408, FIRST, datetime(2024, 7, 4, 5, 45)),
        ("UTC", 168, datetime(2024, 7, 4, 6), datetime(2024, 7, 5, 23, 45)),
    ]
    assert query(root, "select count(*) from gaps where feeder = 'clock'") == [(0,)]


def test_words_become_standard_codes_and_decide_what_is_load_and_what_can_be_a_peak(first):
    root, _ = first
    table = """select event_type, reading_quality, del_raw, mw_net, is_test, is_partial_interval,
            can_be_peak
        from feeder_profiles
        where feeder = 'words' and interval_start_at in (
            from range(timestamp '2024-07-05', timestamp '2024-07-05 09:00', interval 1 hour)
        )
        order by interval_start_at"""
    assert query(root, table) == [
        ("power FAIL", "1.2.32", 0, 0, False, False, True),
        ("Test Mode", "1.4.5", 500, None, True, False, False),
        ("TimeSet", "1.4.9", 600, 600, False, False, False),
        ("Skipped", "1.4.4", 0, None, False, False, False),
        ("overflow", "1.4.1", 700, 700, False, False, False),
        ("Partial", "1.4.2", 800, 800, False, True, False),
        ("Full moon", None, 3, 3, False, False, True),
        ("Reboot, warm", None, 2, 2, False, False, True),
        ("Normal", "1.0.0", 1, 1, False, False, True),
    ]


def test_an_outage_is_a_reading_and_a_test_is_no_load_and_neither_is_a_gap(first):
    root, _ = first
    assert query(root, "select count(*) from gaps where feeder = 'words'") == [(0,)]
    # 0 for a quarter hour; test; time set; skipped
    hours = [total(root, FIFTH + timedelta(hours=hour)) for hour in range(4)]
    assert hours == [
        (Decimal("23.75"), True, None, 60),
        (None, False, "words", 60),
        (Decimal("173.75"), False, None, 60),
        (None, False, "words", 60),
    ]


def test_unknown_words_are_told_once_a_file(first):
    root, text = first
    found = query(
        root, "select file_name, unknown_events from files where unknown_events is not null"
    )
    assert found == [("words-1.csv", "Full moon, Reboot, warm")]
    assert "detect_event_word: 6 rows" in text
    printed = "select feeder, evidence from findings where rule = 'event_word' order by evidence"
    assert query(root, printed)[0] == (
        "words",
        '1 reading has the event word "Full moon", which is not known; first at '
        "2024-07-05 06:00:00 in file words-1.csv",
    )


def test_energy_of_short_and_long_rows_is_kept_and_their_power_is_over_their_own_length(first):
    root, _ = first
    noon = FIFTH + timedelta(hours=12)
    pieces = """select actual_seconds, mw_net::double, is_partial_interval, is_long_interval,
            can_be_peak
        from feeder_profiles
        where feeder = 'energy' and interval_start_at >= $1 and interval_start_at < $2
        order by interval_start_at"""
    assert query(root, pieces, noon, noon + timedelta(hours=1)) == [
        (420, 0.6, True, False, False),
        (480, 3, True, False, False),
        (2400, 1.5, False, True, False),
        (300, 1.2, True, False, False),
    ]
    # the rows fill their hour: 1.57 MWh; but at 12:30 and 12:45 none begins, which makes it unknown
    assert total(root, noon) == (None, False, "energy", 60)
    energy = """select sum(mw_net * actual_seconds)::double / 3600 from feeder_profiles
        where feeder = 'energy'"""
    assert query(root, energy)[0][0] == pytest.approx(6 * 24 - 1 + 1.57, abs=1e-8)


def test_why_tells_the_word_and_the_length_behind_a_number(first):
    root, _ = first
    test = load_profile("why", "words", "2024-07-05 01:00", "--root", root).stdout
    assert "event 'Test Mode': no load, its power is unknown" in test
    short = load_profile("why", "energy", "2024-07-05 12:00", "--root", root).stdout
    assert "mw_del = 70 x 1 kWh x 3600 / 420 seconds an hour = 0.6 MW" in short


def test_an_edit_of_meter_data_restates_exactly_what_it_touches_and_the_run_says_so(edited):
    root, text, before = edited
    after = rows_by_feeder(root)
    for feeder in ("longer", "clock", "words", "energy"):
        assert after[feeder] == before[feeder]
    assert [row for row in after["north"] if row in before["north"]] == before["north"][:-96]
    # a day of 2 MW more
    assert (
        "meter-data.csv changed: north restated 2024-07: 96 intervals, net energy +48.000 MWh, "
        "peak 2.000 -> 4.000 MW"
    ) in text
    assert "late file, meter-data.csv changed: total restated 2024-07: " in text


def test_a_late_file_restates_its_month_and_a_day_more_restates_nothing(edited):
    root, text, _ = edited
    # a day of 5 MW
    assert (
        "late file: late restated 2024-07: 96 intervals, net energy +120.000 MWh, "
        "peak 2.000 -> 5.000 MW"
    ) in text
    assert "words restated" not in text
    table = """select feeder, cause, strftime(month_start_at, '%Y-%m') from version_months
        where feeder <> 'total' and cause <> 'new file' order by all"""
    with duckdb.connect(str(Workspace(root).published), read_only=True) as con:
        changed = con.execute(table).fetchall()
    assert changed == [
        ("late", "late file", "2024-07"),
        ("north", "meter-data.csv", "2024-07"),
    ]


def test_a_withdrawal_restates_what_its_file_had_brought(edited):
    root, _, _ = edited
    done = load_profile("withdraw", "late-2.csv", "--reason", "another meter", "--root", root)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        "withdrawal: late restated 2024-07: 96 intervals (96 of them no longer known), "
        "net energy -120.000 MWh, "
        "peak 5.000 -> 2.000 MW"
    ) in brought_up_to_date(root)
