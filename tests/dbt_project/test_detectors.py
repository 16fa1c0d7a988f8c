"""Detectors fire on a fault put into measured data and on nothing else.

Thresholds are tested by the unit tests beside the models; not every detector has one.
"""

import csv
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from shutil import copytree

import pytest
from conftest import BUILD, REAL_DATA, dbt, query, take_in, untested

TIME = "%m/%d/%y %H:%M:%S"
FOUND = "select rule, feeder from findings order by all"
DATED = "select rule, feeder, first_date, evidence from findings order by all"


Row = list[str]


def put_in(root: Path, feeder: str, first: str, until: str, change: Callable[[Row], Row]) -> None:
    """Change the rows of a feeder that start within a period."""
    for path in (root / "_dropbox/KW").glob(f"{feeder}-*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.reader(stream))
        for number, row in enumerate(rows):
            if len(row) == 8 and row[0].strip().isdigit():
                start = datetime.strptime(row[2].strip(), TIME)
                if datetime.fromisoformat(first) <= start < datetime.fromisoformat(until):
                    rows[number] = change(row)
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(rows)


def times(factor: int) -> Callable[[Row], Row]:
    return lambda row: [
        *row[:4],
        str(float(row[4]) * factor),
        str(float(row[5]) * factor),
        *row[6:],
    ]


def swapped(row: Row) -> Row:
    return [*row[:4], row[5], row[4], row[7], row[6]]


def an_hour_on(row: Row) -> Row:
    moved = (datetime.strptime(text.strip(), TIME) + timedelta(hours=1) for text in row[2:4])
    return [*row[:2], *(f"{moment:{TIME}}" for moment in moved), *row[4:]]


@pytest.fixture(scope="module")
def faulty(tmp_path_factory) -> Path:
    """The substations, with a fault in each of three that had none."""
    if not REAL_DATA.exists():
        pytest.skip(f"real measured data is not here: {REAL_DATA}")
    root = tmp_path_factory.mktemp("faulty")
    copytree(REAL_DATA / "substations", root, dirs_exist_ok=True)
    put_in(root, "owd", "2021-09-15", "2021-12-01", times(4))
    # not in the weeks in which the clock is moved: the others are measured against its sum
    put_in(root, "hal", "2021-10-08", "2021-12-01", swapped)
    put_in(root, "mnzl", "2021-09-01", "2021-12-01", an_hour_on)
    take_in(root)
    dbt(root, *BUILD, *untested("findings"))
    return root


# what the substations show by themselves
MEASURED = {("zero_run", "wls")}


def test_faults_put_into_measured_data_are_found_and_nothing_else(faulty):
    put_in_faults = {("step", "owd"), ("swap", "hal"), ("clock", "mnzl")}
    assert set(query(faulty, FOUND)) == MEASURED | put_in_faults


def test_faults_are_dated_and_told_in_words(faulty):
    dated = {(rule, feeder): rest for rule, feeder, *rest in query(faulty, DATED)}
    assert dated["step", "owd"][0] == date(2021, 9, 15)
    assert "x 3.964, a ratio of current transformers is 4.000" in dated["step", "owd"][1]
    # three weeks against three: it is dated to a week
    assert abs(dated["swap", "hal"][0] - date(2021, 10, 8)) <= timedelta(days=7)
    assert abs(dated["clock", "mnzl"][0] - date(2021, 9, 1)) <= timedelta(days=7)
    assert "an hour later" in dated["clock", "mnzl"][1]
