"""Whose file it is, and when: the feeder of a name, serial numbers, validity, odd dates."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from file_checker import NOON, Checker, export, open_checker, row
from raw_exports import HEADER

from ingest.file_names import feeder_in
from ingest.letters import expected, found, write_letter


@pytest.fixture(scope="module")
def checker(tmp_path_factory) -> Iterator[Checker]:
    with open_checker(tmp_path_factory.mktemp("files")) as checker:
        yield checker


# Feeders


def test_a_feeder_is_the_exact_name_before_the_dash(checker):
    names = {
        "north-1.csv": True,
        "NORTH-1.CSV": True,
        "north.csv": True,
        " north -1.csv": True,
        "northern-1.csv": False,
        "nort-1.csv": False,
        "1-north.csv": False,
        "north.csv-1.csv": False,
    }
    for checked in checker.check_named(dict.fromkeys(names, export([row(0)]))):
        problem = checked.problem
        assert (problem is None) == names[checked.raw.name], checked.raw.name
        assert problem is None or (problem.outcome, found(problem)) == ("unknown_meter", "none")


SPAN = "071224-110000_071224-111500"


@pytest.mark.parametrize(
    ("name", "feeder"),
    [
        (f"north-{SPAN}.csv", "north"),
        (f"North-{SPAN} (1).csv", "north"),
        (f"north-{SPAN}_simulated-copy.csv", "north"),
        (f"north-{SPAN}-copy.csv", "north"),
        (f"North-East-{SPAN}.csv", "north-east"),
        (f"north - {SPAN}.csv", "north"),
        (f"north-{SPAN}_UNKNOWN-METER.csv", "north"),
        ("north-071224.csv", "north"),
        ("north_SEQUENCE-ERROR.csv", "north"),
        (f"north-1{SPAN}.csv", "north"),
    ],
)
def test_a_feeder_is_all_before_the_span_of_a_name(name, feeder):
    assert feeder_in(name) == feeder


def test_a_name_without_a_span_never_chooses_between_two_feeders(checker):
    names = {
        f"a-b-{SPAN}.csv": True,
        f"a-{SPAN}.csv": True,
        "a-june.csv": True,
        "a-b-june.csv": False,
        "A-B.csv": False,
    }
    checker.con.execute(
        "insert into raw.meter_data by name select * replace (unnest(['a', 'A-b']) as feeder)"
        " from raw.meter_data where feeder = 'north'"
    )
    files = checker.check_named(dict.fromkeys(names, export([row(0)])))
    checker.con.execute("delete from raw.meter_data where feeder in ('a', 'A-b')")
    for checked in files:
        problem = checked.problem
        assert (problem is None) == names[checked.raw.name], checked.raw.name
        assert problem is None or problem.outcome == "unknown_meter"
        assert problem is None or "'a-b'" in found(problem)


def test_validity_is_half_open_at_the_start_of_an_interval(checker):
    starts = {
        datetime(2024, 7, 12, 11): False,
        datetime(2024, 7, 12, 11, 15): True,
        datetime(2024, 7, 12, 23, 45): True,
        datetime(2024, 7, 13): False,
    }
    problems = checker.problems((export([row(0, start=start)]) for start in starts), "timed")
    for (start, is_known), problem in zip(starts.items(), problems, strict=True):
        assert (problem is None) == is_known, start
        assert is_known or found(problem) == "only rows for other times"


# Serial numbers and dates

PREAMBLES = {
    "Meter ID: 9005": None,
    "Meter ID: 009005": None,
    '"Serial No.","GE 9005"': None,
    "Meter ID: 17": None,
    "Serial Number: 9004\nMeter ID: 9005": None,
    "Meter ID: Substation 9004": None,
    "Printed 9004": None,
    "Meter: 9004": None,
    "Meter ID: 9004": "other_meter",
    "Serial Number, 9004": "other_meter",
    "  # Meter No. 9004  ": "other_meter",
    '"Device ID","9004"': "other_meter",
    "SERIAL NO.: AB-77009": "other_meter",
    "Meter ID: 9005\nMeter ID: 9004": "two_serials",
}


def test_a_serial_number_above_the_header_is_that_of_the_feeders_meter(checker):
    texts = [export([row(0)], preamble=f"Load Profile\n{lines}\n\n") for lines in PREAMBLES]
    problems = dict(zip(PREAMBLES, checker.problems(texts, "numbered"), strict=True))
    assert {lines: found and found.code for lines, found in problems.items()} == PREAMBLES
    for problem in filter(None, problems.values()):
        assert problem.outcome == "unknown_meter" and problem.line in (2, 3)
        assert problem.code == "two_serials" or "'numbered'" in expected(problem)


def test_a_column_of_serial_numbers_is_that_of_the_feeders_meter(checker):
    columns = {
        ("9005", "9005"): None,
        ("", "x"): None,
        ("9004", "9004"): ("other_meter", 6),
        ("9005", "9004"): ("two_serials", 7),
    }
    header = HEADER.removesuffix(",-3-,-4-") + ",Meter No."
    texts = (
        export([f"{row(at, '1', '2')},{serial}" for at, serial in enumerate(serials)], header)
        for serials in columns
    )
    problems = zip(columns, checker.problems(texts, "numbered"), strict=True)
    assert {cells: found and (found.code, found.line) for cells, found in problems} == columns


def test_a_serial_number_of_another_feeder_contradicts_a_made_up_one_too(checker):
    text = export([row(0)], preamble="Meter ID: 9005\n")
    assert "'numbered'" in found(checker.check(text, "north-1.csv").problem)
    assert checker.check(text.replace("9005", "9006"), "north-1.csv").problem is None


def test_a_date_of_the_future_or_of_long_ago_is_refused(checker):
    now = datetime.now().replace(second=0, microsecond=0)
    starts = {
        datetime(2009, 12, 31, 23, 45): False,
        datetime(2010, 1, 1): True,
        now.replace(minute=0): True,
        now + timedelta(days=3): False,
        datetime(2036, 1, 1): False,
        datetime(1999, 1, 1): False,
    }
    files = checker.check_each(export([row(0, start=start)]) for start in starts)
    for (start, is_good), checked in zip(starts.items(), files, strict=True):
        assert (checked.problem is None) == is_good, start
        if not is_good:
            assert (checked.problem.outcome, checked.problem.code) == ("sequence_error", "date")
            letter = write_letter(checked.raw, checked.problem, "x.csv", NOON)
            assert "impossible date" in letter and "load-profile release" in letter


def test_rows_years_apart_are_told_from_a_hole(checker):
    lines = [row(0), row(0, start=datetime(2016, 7, 12)), row(1, start=datetime(2016, 7, 12))]
    problem = checker.check(export(lines)).problem
    assert (problem.code, len(problem.breaks)) == ("years", 1)


def test_a_date_or_serial_number_hides_no_broken_sequence(checker):
    text = export([row(0), row(2)], preamble="Meter ID: 9004\n")
    checked = checker.check(text, "numbered-1.csv")
    assert (checked.problem.code, checked.problem.breaks[0].kind) == ("other_meter", "hole")
    letter = write_letter(checked.raw, checked.problem, "x.csv", NOON)
    assert "breaks at 1 place:" in letter and "1 interval left as a gap" in letter
