"""Rows that are accepted and are not plain readings: what the run says of each, on one root."""

from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import raw_exports
from conftest import BUILD, dbt, publish_built, query, summary, take_in, untested

from ingest.release import release_file
from ingest.review import withdraw_file
from ingest.warehouse import utc_now
from ingest.workspace import Workspace
from load_profile.check_messages import warnings
from load_profile.dbt_results import CheckResult

FIRST = datetime(2024, 3, 4)
QUARTER = timedelta(minutes=15)
MADE = ("files", "feeder_profiles", "combined_profiles")


def export(name: str, offsets, values=(100,), words=("Normal",), start=FIRST) -> str:
    """A file whose row i starts and whose row before it ends so many seconds late."""
    joints = [start + i * QUARTER + timedelta(seconds=s) for i, s in enumerate(offsets)]
    lines = (
        raw_exports.row(i, *ends, f"{values[i % len(values)]},0,,", words[i % len(words)])
        for i, ends in enumerate(pairwise(joints))
    )
    return raw_exports.export(lines, name)


def build(space: Workspace, *options: str) -> datetime:
    """What a run makes, published."""
    started = utc_now()
    take_in(space.root)
    dbt(space.root, *BUILD, *options)
    publish_built(space.root)
    return started


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> tuple[Path, str]:
    space = Workspace(tmp_path_factory.mktemp("accepted") / "root")
    space.prepare()
    lines = [f"{name},{n},1,kW,,,\n" for n, name in enumerate(("jitter", "late", "word", "rel"))]
    lines += [
        "skip,8,1,kW,America/Denver,,2024-03-10 01:45\n",
        "skip,9,1,kW,America/Denver,2024-03-10 02:30,\n",
    ]
    header = "sta,meter,multiplier,channel_unit,timezone,valid_from,valid_to\n"
    space.meter_data.write_text(header + "".join(lines), encoding="utf-8")
    words = ["Normal"] * 8 + ["Test Mode", "Time Set", "Manual Edit", "Estimé"]
    texts = {
        "jitter": export("jitter", [(37 * i) % 119 - 59 for i in range(289)], (100, 110, 130)),
        "late": export("late", [300] * 97, [100] * 40 + [6580] + [100] * 55),
        "word": export("word", [0] * 97, range(100, 196), words + ["Normal"] * 84),
    }
    doubled = export("rel", [0] * 97).splitlines(keepends=True)
    doubled.insert(12, doubled[11].replace(",100,", ",900,"))
    texts["rel"] = "".join(doubled)
    for name, text in texts.items():
        (space.dropbox / f"{name}.csv").write_text(text, encoding="utf-8")
    take_in(space.root)
    release_file(space, "rel_SEQUENCE-ERROR.csv", "the meter has it so")
    return space.root, summary(space.root, build(space))


def test_a_row_whose_ends_are_both_jitter_is_the_reading_of_its_interval(root):
    found = """select count(*), count(distinct interval_start_at), min(actual_seconds),
        max(actual_seconds), bool_or(is_off_time_grid)
        from feeder_profiles where feeder = 'jitter'"""
    assert query(root[0], found) == [(288, 288, 900, 900, False)]
    assert query(root[0], "from gaps where feeder = 'jitter'") == []


def test_what_starts_between_two_intervals_is_no_peak_anywhere(root):
    peak = """select max(peak_mw), max(measured_peak_mw), max(actual_intervals)
        from planner_figures where feeder = 'late'"""
    assert query(root[0], peak) == [(None, None, 0)]
    assert query(root[0], "select max(peak_mw) from feeder_figures where feeder = 'late'") == [
        (None,)
    ]
    assert query(root[0], "select count(*) from load_duration where feeder = 'late'") == [(0,)]
    (printed,) = query(
        root[0],
        "select evidence || meaning from findings where rule = 'interval_length' "
        "and feeder = 'late'",
    )
    assert (
        "96 readings starting between two intervals" in printed[0] and "never a peak" in printed[0]
    )


def test_a_word_that_keeps_a_reading_out_of_the_peak_or_the_energy_is_told(root):
    found = query(
        root[0],
        "select evidence, meaning from findings where rule = 'event_word' order by evidence",
    )
    at = "first at 2024-03-04 02:{} in file word.csv"
    assert [evidence for evidence, _ in found] == [
        '1 reading has the event word "Estimé", an estimate; the highest is 0.111000 MW; '
        + at.format("45:00"),
        '1 reading has the event word "Manual Edit", an estimate; the highest is 0.110000 MW; '
        + at.format("30:00"),
        '1 reading has the event word "Test Mode", a test; ' + at.format("00:00"),
        '1 reading has the event word "Time Set", from while the clock was set; the highest is '
        "0.109000 MW; " + at.format("15:00"),
    ]
    assert "in no energy, no peak and no total" in found[2][1]
    assert "their energy counts, and no peak rests on them" in found[3][1]


def test_a_run_after_a_release_says_what_the_file_has_twice(root):
    assert "doubled rows: rel: rel.csv has 1 interval twice, 1 of them with other values" in root[1]
    assert "peak 900.000 against 100.000 kW" in root[1]


def test_what_was_withdrawn_and_comes_back_is_told(root):
    space = Workspace(root[0])
    bytes_of = (space.root / "data/KW/2024-03/jitter.csv").read_bytes()
    withdraw_file(space, "data/KW/2024-03/jitter.csv", "not sure")
    printed = summary(space.root, build(space, *untested(*MADE)))
    assert (
        "withdrawal: jitter restated 2024-03: 288 intervals (288 of them no longer known)"
        in printed
    )
    (space.dropbox / "jitter.csv").write_bytes(bytes_of)
    printed = summary(space.root, build(space, *untested(*MADE)))
    assert "late file: jitter restated 2024-03: 288 intervals, net energy +8,160.000 kWh" in printed


def test_a_failing_row_says_how_all_others_go_on_without_it():
    def said(row: dict[str, str]) -> str:
        check = CheckResult(
            "feeder_profiles", "assert_it", is_passed=False, is_warning=True, failing_rows=(row,)
        )
        return warnings([check])[0]

    command = 'load-profile withdraw {} --reason "..."'
    by_file = said({"feeder": "north", "file_id": "7", "mw_del": ""})
    assert by_file == (
        "assert_it: feeder north, file_id 7. To go on without this file: " + command.format(7)
    )
    assert said({"feeder": "north"}).endswith(
        "To go on without a file of it: " + command.format("<its name>")
    )
    assert said({"feeder": "total"}) == "assert_it: feeder total"
