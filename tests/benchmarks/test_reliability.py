"""The second readers read every sample, and a value that differs from theirs is found."""

from decimal import Decimal
from functools import partial

import pytest
from reliability_cases import Case, cases
from reliability_formats import Meters, difference, expected

CASES = {case.name: case for case in cases() if "nohead" not in case.name}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_sample_is_read_by_its_second_reader(case: Case) -> None:
    data = case.pack("f", case.numbered(1)) if case.pack else case.numbered(1)
    readings = case.read(data)
    meters = Meters({1: case})
    feeder, _, unit = case.feeders(1)[0]
    rows, why = expected(readings, meters, (feeder, unit, case), set(), holed=True)
    assert rows and not why


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda rows: rows, False),
        (lambda rows: rows[1:], True),
        (lambda rows: [*rows[:-1], (*rows[-1][:4], Decimal(5), *rows[-1][5:])], True),
        (lambda rows: [(*row[:4], row[5], row[4], *row[6:]) for row in rows], True),
    ],
    ids=["equal", "a row less", "another value", "directions swapped"],
)
def test_what_differs_from_the_second_reader_is_found(change, found) -> None:
    case = CASES["classic, saved again"]
    own = "f1", "kW", case
    about = partial(expected, meters=Meters({1: case}), own=own, refused=set(), holed=False)
    mine, why = about(case.read(case.data))
    assert not why
    rows = [(*key, None, None, *values, None) for key, values in mine.items()]
    assert bool(difference(case.data, case, about, change(rows))) is found
