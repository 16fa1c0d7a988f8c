"""The sequence rule: clock changes in both ways meters write them, kinds of breaks, slips."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import product

import pytest
from file_checker import NOON, Checker, clock_rows, export, open_checker, quarter_hours, row

from ingest.layouts.classic_cells import TIME_FORMAT
from ingest.letters import expected, found, write_letter
from ingest.raw_files import inspect_file


@pytest.fixture(scope="module")
def checker(tmp_path_factory) -> Iterator[Checker]:
    with open_checker(tmp_path_factory.mktemp("files")) as checker:
        yield checker


def test_a_sequence_error_names_line_record_and_both_times(checker):
    problem = checker.check(export([row(0), row(1), "", row(3), row(5)])).problem
    assert (problem.outcome, problem.line, problem.record) == ("sequence_error", 9, 103)
    assert "07/12/24 11:30:00" in expected(problem)
    assert "07/12/24 11:45:00" in found(problem)


SPRING = "03/10/24 01:45:00", "03/10/24 02:00:00", "03/10/24 03:00:00", "03/10/24 03:15:00"
AUTUMN = "11/03/24 01:45:00", "11/03/24 02:00:00", "11/03/24 01:00:00", "11/03/24 01:15:00"


@pytest.mark.parametrize("times", [SPRING, AUTUMN])
@pytest.mark.parametrize("label", ["before", "after"])
def test_a_good_file_passes_across_a_clock_change(checker, times, label):
    first, end, second, last = times
    text = clock_rows((first, end if label == "before" else second), (second, last))
    assert checker.check(text, "denver-1.csv").problem is None


@pytest.mark.parametrize("times", [SPRING, AUTUMN])
def test_the_same_jump_on_a_fixed_clock_is_a_sequence_error(checker, times):
    text = clock_rows(times[:2], times[2:])
    assert checker.check(text, "fixed-1.csv").problem.outcome == "sequence_error"


def test_a_jump_beside_the_clock_change_is_a_sequence_error(checker):
    text = clock_rows(("03/10/24 01:30:00", "03/10/24 01:45:00"), SPRING[2:])
    assert checker.check(text, "denver-1.csv").problem.outcome == "sequence_error"


@pytest.mark.parametrize("label", ["02:00:00", "01:00:00"])
def test_a_repeated_hour_that_comes_a_third_time_is_a_sequence_error(checker, label):
    hour = quarter_hours("11/03/24 01:00:00", 4)
    twice = [*hour[:3], (hour[3][0], f"11/03/24 {label}"), *hour]
    assert checker.check(clock_rows(*twice), "denver-1.csv").problem is None
    problem = checker.check(clock_rows(*twice[:4], *twice), "denver-1.csv").problem
    assert problem.outcome == "sequence_error"


def test_another_hour_than_the_clocks_own_repeated_is_a_sequence_error(checker):
    rows = quarter_hours("11/03/24 00:00:00", 12) + quarter_hours("11/03/24 02:00:00", 8)
    problem = checker.check(clock_rows(*rows), "denver-1.csv").problem
    assert (problem.outcome, problem.line) == ("sequence_error", 6 + 12)


DAY = quarter_hours("07/12/24 00:00:00", 12)
WALL_NOVEMBER = quarter_hours("11/02/24 23:00:00", 12) + quarter_hours("11/03/24 01:00:00", 12)
WALL_MARCH = quarter_hours("03/10/24 00:00:00", 8) + quarter_hours("03/10/24 03:00:00", 8)
MIXED_HOUR = [pair for pair in quarter_hours("11/03/24 01:00:00", 4) for _ in range(2)]
AROUND = quarter_hours("11/03/24 00:00:00", 4), quarter_hours("11/03/24 02:00:00", 4)


BROKEN = [
    ("hole", "north", DAY[:5] + DAY[7:], False, [2], (10, 2, 0, 0, 0)),
    ("hole", "denver", WALL_MARCH[:7] + WALL_MARCH[8:], False, [1], (15, 1, 0, 0, 0)),
    ("doubled", "north", DAY[:5] + DAY[4:], True, [1], (13, 0, 1, 0, 0)),
    ("contradiction", "north", DAY[:5] + DAY[4:], False, [1], (13, 0, 0, 1, 0)),
    ("repeated_block", "north", DAY[:8] + DAY[2:6] + DAY[8:], True, [4], (16, 0, 4, 0, 0)),
    ("block", "north", DAY[:8] + DAY[2:], False, [6], (18, 0, 0, 6, 0)),
    ("newest_first", "north", DAY[::-1], False, [12], (12, 0, 0, 0, 0)),
    ("two_meters", "north", [p for p in DAY for _ in "ab"], False, [12], (24, 0, 0, 12, 0)),
    ("clock_back", "fixed", WALL_NOVEMBER, False, [4], (24, 0, 0, 4, 0)),
    ("clock_forward", "fixed", WALL_MARCH, False, [4], (16, 4, 0, 0, 0)),
    (
        "skipped_hour",
        "denver",
        [*WALL_MARCH[:8], *quarter_hours("03/10/24 02:15:00", 4)],
        False,
        [1],
        (12, 1, 0, 0, 0),
    ),
    (
        "interleaved_hour",
        "denver",
        AROUND[0] + MIXED_HOUR + AROUND[1],
        False,
        [4],
        (16, 0, 0, 0, 8),
    ),
    (
        "backward_row",
        "north",
        [*DAY[:5], (DAY[5][0], DAY[2][0]), *DAY[6:]],
        False,
        [1],
        (12, 0, 0, 0, 0),
    ),
]


def test_a_broken_sequence_is_called_by_its_kind(checker):
    texts = {}
    for number, (_, feeder, rows, equal, *_) in enumerate(BROKEN):
        lines = [f"{i},Normal,{a},{b},{1 if equal else i},0,0,0" for i, (a, b) in enumerate(rows)]
        texts[f"{feeder}-{number}.csv"] = export(lines)
    for case, checked in zip(BROKEN, checker.check_named(texts), strict=True):
        kind, *_, counts, release = case
        problem = checked.problem
        assert (problem.outcome, problem.code) == ("sequence_error", kind)
        assert [found.count for found in problem.breaks] == counts, kind
        assert tuple(vars(problem.release).values()) == release, kind


@pytest.mark.parametrize("rows", [WALL_NOVEMBER, WALL_MARCH])
def test_the_zone_that_fits_a_change_of_the_clock_is_named(checker, rows):
    zones = {
        feeder: checker.check(clock_rows(*rows), f"{feeder}-1.csv").problem.breaks[0].zones
        for feeder in ("fixed", "north")
    }
    assert zones["fixed"] == ("America/Denver",)
    assert "America/New_York" in zones["north"] and len(zones["north"]) == 4
    assert checker.check(clock_rows(*rows), "denver-1.csv").problem is None


def test_a_change_of_the_clock_inside_a_row_is_told_too(checker):
    rows = [*WALL_NOVEMBER[:11], (WALL_NOVEMBER[11][0], "11/03/24 01:00:00"), *WALL_NOVEMBER[12:]]
    (found,) = checker.check(clock_rows(*rows), "fixed-1.csv").problem.breaks
    assert (found.kind, found.zones) == ("clock_back_within", ("America/Denver",))


def test_a_clock_put_forward_inside_a_row_is_told_but_not_a_long_row_of_another_time(checker):
    label = [*WALL_MARCH[:7], (WALL_MARCH[7][0], "03/10/24 03:00:00"), *WALL_MARCH[8:]]
    checked = checker.check(clock_rows(*label), "fixed-1.csv")
    (found,) = checked.problem.breaks
    assert (found.kind, found.line, found.zones) == (
        "clock_forward_within",
        6 + 7,
        ("America/Denver",),
    )
    letter = write_letter(checked.raw, checked.problem, "x.csv", NOON)
    assert "End Time 03/10/24 03:00:00: as the clocks of America/Denver went forward" in letter
    assert "load-profile release" not in letter
    assert checker.check(clock_rows(*label), "denver-1.csv").problem is None
    # the same on a day without a change, and a change of which the row has no more than its end
    for day in ("03/11/24", "03/09/24"):
        other = [tuple(time.replace("03/10/24", day) for time in pair) for pair in label]
        assert checker.check(clock_rows(*other), "fixed-1.csv").problem is None
    early = [*WALL_MARCH[:5], (WALL_MARCH[5][0], "03/10/24 02:30:00")]
    assert checker.check(clock_rows(*early), "fixed-1.csv").problem is None


def test_a_repeat_on_the_spring_day_is_neither_a_hole_nor_a_missing_hour(checker):
    rows = quarter_hours("03/10/24 00:00:00", 8)
    rows += [rows[-1], *quarter_hours("03/10/24 03:00:00", 4)]
    lines = [f"{i},Normal,{a},{b},1,0,0,0" for i, (a, b) in enumerate(rows)]
    problem = checker.check(export(lines), "denver-1.csv").problem
    assert [found.kind for found in problem.breaks] == ["doubled"]
    letter = write_letter(inspect_file(checker.folder / "denver-1.csv"), problem, "x.csv", NOON)
    assert "hole" not in letter and "02:00:00, the End" not in letter


def test_a_letter_names_all_breaks_and_never_says_to_cut_a_file(checker):
    rows = [pair for i, pair in enumerate(quarter_hours("07/12/24 00:00:00", 24)) if i % 3]
    raw_file = checker.check(clock_rows(*rows)).raw
    problem = checker.check(clock_rows(*rows)).problem
    letter = write_letter(raw_file, problem, "data/KW/ERROR/x.csv", NOON)
    assert len(problem.breaks) == 7 and "breaks at 7 places" in letter and "and 2 more" in letter
    assert letter.count("1 interval missing\n") == 5
    assert "16 rows taken in; 7 intervals left as a gap" in letter
    assert 'load-profile release "data/KW/ERROR/x.csv"' in letter
    assert "cut the file in two" not in letter
    wall = checker.check(clock_rows(*WALL_NOVEMBER), "fixed-1.csv")
    letter = write_letter(wall.raw, wall.problem, "x.csv", NOON)
    assert "Write the zone" in letter and "load-profile release" not in letter


def test_a_row_ends_after_it_starts_unless_the_clock_is_put_back(checker):
    rows = {
        "north-1": ("12/07/24 11:00:00", "07/12/24 11:15:00", False),  # day and month swapped
        "north-2": ("07/12/24 11:00:00", "07/12/24 11:00:00", False),
        "denver-1": ("11/03/24 01:45:00", "11/03/24 01:00:00", True),  # the clock is put back
        "denver-2": ("11/03/24 03:00:00", "11/03/24 02:45:00", False),
        "denver-3": ("11/04/24 01:45:00", "11/04/24 01:00:00", False),
    }
    files = checker.check_named({f"{name}.csv": clock_rows(row[:2]) for name, row in rows.items()})
    for (start, end, is_good), checked in zip(rows.values(), files, strict=True):
        problem = checked.problem
        assert (problem is None) == is_good, start
        if not is_good:
            assert problem.outcome == "sequence_error"
            assert (expected(problem), found(problem)) == (
                f"End Time after Start Time {start}",
                f"End Time {end}",
            )


# Midnight


def slipped(rows: list[tuple[str, str]], side: str, days: int) -> list[tuple[str, str]]:
    """The rows with another date in what starts or ends at 00:00, or in both times of a row."""

    def other_day(time: str) -> str:
        return f"{datetime.strptime(time, TIME_FORMAT) + timedelta(days=days):{TIME_FORMAT}}"

    found = []
    for start, end in rows:
        starts, ends = start.endswith("00:00:00"), end.endswith("00:00:00")
        is_start_wrong = starts and side in ("start", "both", "whole")
        is_end_wrong = (ends and side in ("end", "both")) or (starts and side == "whole")
        found.append(
            (
                other_day(start) if is_start_wrong else start,
                other_day(end) if is_end_wrong else end,
            )
        )
    return found


SLIPS = {
    "start": (31, "the row that starts at 00:00 carries"),
    "whole": (31, "the row that starts at 00:00 carries"),
    "end": (31, "the row that ends at 00:00 carries"),
    "both": (62, "the rows that start or end at 00:00 carry"),
}


def test_a_midnight_date_slip_is_called_by_its_name(checker):
    month = quarter_hours("07/01/24 00:00:00", 2976)
    cases = list(product(SLIPS, {-1: "before", 1: "after"}.items()))
    texts = (clock_rows(*slipped(month, side, days)) for side, (days, _) in cases)
    for (side, (_, day)), problem in zip(cases, checker.problems(texts), strict=True):
        count, words = SLIPS[side]
        assert problem.outcome == "sequence_error"
        assert found(problem).endswith(
            f"; {count} of 2,976 rows look like a midnight date slip: {words} the date of the day"
            f" {day}"
        )
        first = 0 if side != "end" else 95
        assert (problem.line, problem.record) == (6 + first, first)
        assert expected(problem) == (
            "Start Time 07/01/24 00:00:00" if first == 0 else "End Time 07/02/24 00:00:00"
        )


def test_a_midnight_date_slip_is_told_across_a_clock_change_and_beside_another_error(checker):
    def slip(rows):
        return found(checker.check(clock_rows(*rows), "denver-1.csv").problem)

    spring = quarter_hours("03/09/24 12:00:00", 56) + quarter_hours("03/10/24 03:00:00", 100)
    rows = slipped(spring, "start", -1)
    printed = "2 of 156 rows look like a midnight date slip: the row that starts at 00:00"
    assert printed in slip(rows) and "other rows" not in slip(rows)
    del rows[120]
    assert "2 of 155 rows" in slip(rows)
    assert slip(rows).endswith("; other rows break the sequence as well")
    del rows[20]
    assert "midnight" not in slip(rows)  # the first bad line is another matter


def test_a_hole_of_exactly_a_day_at_midnight_is_no_slip(checker):
    rows = quarter_hours("07/01/24 00:00:00", 288)
    first = quarter_hours("06/30/24 23:45:00", 1)
    holes = (0, 96), (1, 97), (96, 192), (191, 287)
    problems = checker.problems(clock_rows(*first, *rows[:a], *rows[b:]) for a, b in holes)
    for hole, problem in zip(holes, problems, strict=True):
        assert problem.outcome == "sequence_error" and "midnight" not in found(problem), hole
