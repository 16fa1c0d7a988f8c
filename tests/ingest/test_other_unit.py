"""Files with the values of another, each times one factor: another unit, for a person to decide."""

import os
from itertools import product

import pytest
import raw_exports
from conftest import query, take_in
from overlaps import DAY, NOON, export, outcomes, root_with

from ingest.release import release_file
from ingest.review import rebuild_warehouse, withdraw_file
from ingest.workspace import Workspace


def varying(first_record: int, factor: float = 1, hours: int = 24, **changed: float) -> str:
    """An hourly export of changing values, times a factor; `h5=9` gives hour 5 a value of its own.

    From midnight to one there is no load, and what is received is unknown from noon on.
    """
    lines = []
    for hour, ends in enumerate(raw_exports.intervals(DAY, hours, 60)):
        value = changed.get(f"h{hour}", hour * 1.37 * factor)
        kva = "" if hour > 11 else f"{value * 2:.6f}"
        lines.append(raw_exports.row(first_record + hour, *ends, f"{value:.6f},0,{kva},0"))
    return raw_exports.export(lines)


def test_of_two_files_in_different_units_that_come_together_the_larger_counts(tmp_path):
    cases = {
        f"f{number}": case
        for number, case in enumerate(product((0.5, 0.001), "ab", (0, 60, -60), (1, 100, 300)))
    }
    root = root_with(tmp_path / "root", feeders=cases)
    expected = {}
    for feeder, (factor, larger, seconds, record) in cases.items():
        for name in "ab":
            path = Workspace(root).dropbox / f"{feeder}-{name}.csv"
            of_larger = name == larger
            text = varying(200) if of_larger else varying(record, factor)
            path.write_text(f"{feeder}\n{text}")
            os.utime(path, (NOON if of_larger else NOON + seconds,) * 2)
            expected[path.name] = "accepted" if of_larger else "sequence_error"
    take_in(root)
    assert outcomes(root) == expected


def test_of_two_files_in_different_units_the_first_counts_until_somebody_decides(tmp_path):
    factors = {"half": 0.5, "four": 4, "thousand": 1000}
    firsts = [(f"{name}-a.csv", varying(1, hours=30), NOON) for name in factors]
    root = root_with(tmp_path, *firsts, feeders=factors)
    space = Workspace(root)
    take_in(root)
    for name, factor in factors.items():
        (space.dropbox / f"{name}-b.csv").write_text(varying(500, factor))
    take_in(root)
    assert outcomes(root) == {
        **{f"{name}-a.csv": "accepted" for name in factors},
        **{f"{name}-b.csv": "sequence_error" for name in factors},
    }
    for name, factor in factors.items():
        letter = (root / f"data/KW/ERROR/{name}-b_SEQUENCE-ERROR.txt").read_text()
        assert f"every value x {factor:,} in all 23 intervals" in letter
        assert f'load-profile withdraw "{name}-a.csv" --reason' in letter
        assert "load-profile release " in letter
    rebuild_warehouse(space)
    assert query(root, "select count(*) from raw.interval_reads") == [(3 * 30,)]
    # the other decision: the first file was in the wrong unit
    for name in factors:
        rejected = root / f"data/KW/ERROR/{name}-b_SEQUENCE-ERROR.csv"
        withdraw_file(space, f"{name}-a.csv", "kWh")
        (space.dropbox / f"{name}-b.csv").write_bytes(rejected.read_bytes())
    take_in(root)
    highest = """select feeder, max(del_raw)::double from raw.interval_reads
        inner join raw.files using (file_id) where file_name like '%-b.csv' group by feeder"""
    assert dict(query(root, highest)) == {
        name: pytest.approx(23 * 1.37 * factor) for name, factor in factors.items()
    }


def test_a_released_file_in_another_unit_is_what_later_files_are_compared_with(tmp_path):
    root = root_with(tmp_path, ("north-a.csv", varying(1), NOON))
    space = Workspace(root)
    take_in(root)
    (space.dropbox / "north-b.csv").write_text(varying(1, 4))
    take_in(root)
    release_file(space, "north-b_SEQUENCE-ERROR.csv", "kW")
    (space.dropbox / "north-c.csv").write_text("again\n" + varying(1, 4))
    (space.dropbox / "north-d.csv").write_text("again\n" + varying(1))
    take_in(root)
    found = query(root, "select outcome, problem_code from raw.files order by file_name, file_id")
    assert found == [
        ("accepted", None),
        ("sequence_error", "other_unit"),
        ("accepted", None),
        ("accepted", None),
        ("sequence_error", "other_unit"),
    ]


def test_other_values_in_more_than_one_ratio_or_of_a_constant_load_are_a_correction(tmp_path):
    seconds = {
        "one-other-ratio": varying(1, 0.5, h5=7),
        "one-of-none": varying(1, 0.5, h5=0),
        "from-none": varying(1, 0.5, h0=1),
        "one-unchanged": varying(1, 0.5, h7=7 * 1.37),
        "two-changed": varying(1, h5=9, h6=10),
        "zeros": varying(1, 0),
        "seven-intervals": varying(1, 0.5, hours=8),
        "a-sign-is-no-unit": varying(1, -1),
        "constant": export(1, 10),
    }
    span = "070124-000000_070224-000000"
    root = root_with(tmp_path / "root", feeders=seconds)
    dropbox = Workspace(root).dropbox
    for feeder in seconds:
        text = export(1, 5) if feeder == "constant" else varying(1)
        (dropbox / f"{feeder}-{span}.csv").write_text(f"{feeder}\n{text}")
    take_in(root)
    for feeder, text in seconds.items():
        (dropbox / f"{feeder}-{span}-again.csv").write_text(f"{feeder}\n{text}")
    take_in(root)
    assert set(outcomes(root).values()) == {"accepted"}
    assert len(outcomes(root)) == 2 * len(seconds)


def test_values_with_all_their_digits_are_compared_exactly(tmp_path):
    def digits(value: str) -> str:
        text = varying(1)
        for hour in range(1, 24):
            text = text.replace(f",{hour * 1.37:.6f},0,", f",{value.format(hour)},0,", 1)
        return text

    root = root_with(tmp_path, ("north-a.csv", digits("{}.000000000000000012"), NOON))
    take_in(root)
    (Workspace(root).dropbox / "north-b.csv").write_text(digits("{}.000000000000000013"))
    take_in(root)
    assert outcomes(root) == {"north-a.csv": "accepted", "north-b.csv": "accepted"}


def test_files_in_another_unit_that_overlap_each_other_are_all_refused(tmp_path):
    rows = varying(1, 0.5, hours=40).splitlines()
    parts = [raw_exports.export(rows[at : at + 20]) for at in (1, 11, 21)]
    dropped = [(f"north-{n}.csv", text, NOON) for n, text in enumerate(parts)]
    root = root_with(tmp_path, ("north-a.csv", varying(1, hours=40), NOON), *dropped)
    take_in(root)
    found = outcomes(root)
    assert found.pop("north-a.csv") == "accepted"
    assert set(found.values()) == {"sequence_error"} and len(found) == 3
