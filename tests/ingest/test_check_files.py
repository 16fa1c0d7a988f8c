"""What a good file may look like, and lines that are refused: layout, numbers, times, encodings."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import product

import pytest
from file_checker import (
    NOON,
    Checker,
    clock_rows,
    decimals,
    export,
    open_checker,
    row,
)
from raw_exports import HEADER

from ingest.check_files import check_files
from ingest.layouts.interface import ROW_COLUMNS
from ingest.letters import expected, found
from ingest.parts import split_files
from ingest.raw_files import inspect_file


@pytest.fixture(scope="module")
def checker(tmp_path_factory) -> Iterator[Checker]:
    with open_checker(tmp_path_factory.mktemp("files")) as checker:
        yield checker


def refusals(checker: Checker, names: tuple, files: Iterable[str]) -> dict[object, tuple]:
    """By name the outcome of each file and its first bad line."""
    problems = zip(names, checker.problems(files), strict=True)
    return {name: (problem.outcome, problem.line) for name, problem in problems}


# Layout


def test_the_rows_have_the_columns_and_types_of_the_interface_also_without_any_file(checker):
    assert check_files(checker.con, []) == []
    found = checker.con.execute("select column_name, column_type from (describe batch_rows)")
    assert dict(found.fetchall()) == ROW_COLUMNS


def test_line_ends_and_byte_order_mark_do_not_matter(checker):
    text = export([row(0), "", row(1)]).removesuffix("\n")
    lasts = "", "\n", "\n\n,,,,,,,\n \n"
    ways = list(product(("", "\ufeff"), lasts, ("\n", "\r\n", "\r")))
    files = [mark + (text + last).replace("\n", end) for mark, last, end in ways]
    for way, rows in zip(ways, checker.rows_each(files), strict=True):
        assert [line for line, *_ in rows] == [6, 8], way


def test_mixed_line_ends_keep_their_line_numbers(checker):
    mixtures = "\n\r\n\r", "\r\n", "\n\r\r\n\n", "\r\r\n\n"
    head = "a\rb\r\nc\n" + HEADER
    files = [head + ends + row(0) + ends + row(1) for ends in mixtures]
    for ends, rows in zip(mixtures, checker.rows_each(files), strict=True):
        lines = len((ends + "x").splitlines())
        assert [line for line, *_ in rows] == [3 + lines, 3 + 2 * lines - 1], ends


def test_the_older_tool_quotes_every_cell(checker):
    names = ["Record No.", "Event Type", "Start Time", "End Time"]
    header = ",".join(f'"{name}"' for name in [*names, "kw_del", "kw_rec", "kva_del", "kva_rec"])
    line = ",".join(f'" {cell} "' for cell in row(0, "1,702.85", "-", "", ".5").split(","))
    line = line.replace('" 1 "," 702.85 "', '" 1,702.85 "')
    expected = (6 - 1, 100, "Normal", NOON, NOON + timedelta(minutes=15))
    found = checker.rows(export([line], header, "\n\n\n"))[0]
    assert found == (*expected, *decimals("1702.85", None, None, "0.5"))


def test_channels_may_stand_in_any_order_among_other_columns(checker):
    header = "Record No.,Event Type,Start Time,End Time,note,-4-,-3-,V,-2-,-1-"
    assert checker.values("x", "4", "3", "", "2", "1", header=header) == decimals(*"1234")


def test_without_kva_channels_the_kva_is_unknown(checker):
    header = HEADER.removesuffix(",-3-,-4-")
    assert checker.values("1", "2", header=header) == decimals("1", "2", None, None)


def test_a_missing_or_repeated_channel_makes_a_file_unreadable(checker):
    header = "Record No.,Event Type,Start Time,End Time,"
    channels = "-3-,-4-,-5-", "-1-,-2-,-2-", "-1-,-2-,kw_del", "-1-;-2-"
    for problem in checker.problems(export([row(0)], header + names) for names in channels):
        assert (problem.outcome, problem.line) == ("unreadable", 5)
        assert "-1-, -2- once each" in expected(problem)


def test_cells_may_be_padded_with_spaces_and_tabs(checker):
    line = "\t7 ,\tNormal\t , 07/12/24 11:00:00\t ,07/12/24 11:15:00  , 1\t,\t2, 3 ,4\t"
    times = (NOON, NOON + timedelta(minutes=15))
    assert checker.rows(export([line])) == [(6, 7, "Normal", *times, *decimals(*"1234"))]


def test_a_long_preamble_that_speaks_of_record_numbers_is_skipped(checker):
    preamble = b"see Record No. 7\n" + b"caf\xe9 \0\n" + b"x" * 3_000_000 + b"\n" * 100_000
    data = preamble + export([row(0)], preamble="").encode()
    assert checker.rows(data)[0][0] == 100_004


# Numbers


UNKNOWN = ("", "-", "NaN", "nan", "--", "NULL", "n/a", "#N/A", '" NA "', "Bad", "No Data", '""')
NUMBERS = {
    **dict.fromkeys(UNKNOWN),
    "5.": "5",
    ".5": "0.5",
    "+5": "5",
    "-2.50": "-2.5",
    "1e3": "1000",
    "2.5E-02": "0.025",
    '"1,702.85"': "1702.85",
    '"-1,000,000"': "-1000000",
    "999999999.999999999999999999": "999999999.999999999999999999",
    "0.000000000000000001": "1E-18",
    # none of these may be rounded to six decimals, or taken for one that would be
    "1.1234567": "1.1234567",
    " 1.0000001 ": "1.0000001",
    "-0.0000005": "-0.0000005",
    "1.123456      ": "1.123456",
    "  1.5        ": "1.5",
    "1234567       ": "1234567",
}


def test_a_number_is_read_as_written(checker):
    files = checker.rows_each(export([row(0, cell, "2", cell, "4")]) for cell in NUMBERS)
    found = {cell: rows[0][-4:] for cell, rows in zip(NUMBERS, files, strict=True)}
    assert found == {cell: decimals(value, "2", value, "4") for cell, value in NUMBERS.items()}


NO_NUMBERS = (
    *("1e400", "inf", "-inf", "Infinity", "+nan", "-NaN", "nan(1)", "nil", "$5", "5kW", "'5"),
    *("0x1F", "1_000", "1__0", "1e9", "1000000000", "-1e9", "999999999.9999999999999999999"),
    *("1e-20", "0.1234567890123456789", ".", "+", "---", "1.2.3", "1,5", "1,,000", '"1,70"'),
    *('"1,702', '1,702"', '1"5', '"1"2', '"5""'),
    *("5\N{NO-BREAK SPACE}", "\N{FULLWIDTH DIGIT ONE}"),
)


def test_what_is_no_plain_number_is_refused(checker):
    files = (export([row(0), row(1, "1", cell, "3", "4")]) for cell in NO_NUMBERS)
    assert refusals(checker, NO_NUMBERS, files) == dict.fromkeys(NO_NUMBERS, ("unreadable", 7))


def test_a_letter_names_the_limit_of_a_number(checker):
    problem = checker.check(export([row(0, "1", "2", "1e9", "4")])).problem
    assert expected(problem).startswith("a number below 10^9 with at most 18 decimals")
    assert (found(problem), problem.record) == ("'1e9'", 100)


def test_a_record_number_is_never_guessed(checker):
    records = "", "1.5", "+1", "0x1F", "0b11", "1_0", "1e3", "x", "9" * 30
    files = (export([row(0, record="?").replace("?", record)]) for record in records)
    words = [expected(problem) for problem in checker.problems(files)]
    assert words == ["a whole number as Record No."] * len(records)


def test_a_value_below_no_name_is_one_that_has_shifted(checker):
    header = HEADER + ",,"
    good = export([row(0) + ",,", row(1) + ', "",'], header)
    assert len(checker.rows(good)) == 2
    texts = [row(1, "5,1,2,3,4") + ",", row(1) + ",,4", row(1) + ",null,", row(1) + ',"4",']
    texts = [export([row(0) + ",,", text], header) for text in texts]
    for text, problem in zip(texts, checker.problems(texts), strict=True):
        assert (problem.code, problem.line) == ("cell_count", 7), text


def test_unquoted_thousands_are_too_many_cells(checker):
    problem = checker.check(export([row(0, "1,702.85", "2", "3", "4")])).problem
    assert expected(problem) == "8 cells as in the header"
    assert found(problem).startswith("9 cells")


def test_quoted_thousands_do_not_stand_in_for_a_missing_cell(checker):
    problem = checker.check(export([row(0, '"1,702.85"', "2", "3")])).problem
    assert found(problem).startswith("7 cells")


def test_any_event_word_is_kept(checker):
    words = ["Power_Fail", '"Time set, old"', '"say ""x"""', "", "1e3", "Ä"]
    lines = [row(i).replace(" Normal", word) for i, word in enumerate(words)]
    expected = ["Power_Fail", "Time set, old", 'say "x"', "", "1e3", "Ä"]
    assert [found[2] for found in checker.rows(export(lines))] == expected


# Times and lines


OTHER_TIMES = (
    *("07/12/2024 11:00", "07/12/2024 11:00:00", "2024-07-12 11:00:00"),
    *("02/30/24 11:00:00", "07/12/4 11:00:00", "07/12/4  11:00:00", "07/12/24 11:00:0"),
    *("07/12/24 11:00:0 ", "infinity", "epoch", "", "-"),
)


def test_a_time_in_another_form_is_refused(checker):
    problems = checker.problems(clock_rows((cell, "07/12/24 11:15:00")) for cell in OTHER_TIMES)
    for cell, problem in zip(OTHER_TIMES, problems, strict=True):
        assert (problem.outcome, problem.line, problem.record) == ("unreadable", 6, 0), cell
        assert expected(problem) == "Start Time as MM/DD/YY HH:MM:SS", cell
        assert found(problem) == repr(cell.strip())


def test_times_may_be_written_without_leading_zeros(checker):
    found = checker.rows(clock_rows(("7/1/24 0:15:00", "7/1/24 0:30:00")))
    assert found[0][3:5] == (datetime(2024, 7, 1, 0, 15), datetime(2024, 7, 1, 0, 30))


def test_a_line_that_was_cut_off_is_refused(checker):
    cuts = 1, 9, 30, 45
    files = (export([row(0), row(1)])[: -len(row(1)) - 1] + row(1)[:cut] for cut in cuts)
    assert refusals(checker, cuts, files) == dict.fromkeys(cuts, ("unreadable", 7))


def test_bytes_that_are_no_text_are_refused_in_data(checker):
    bad = b"caf\xe9", b"a\0b", b"a\1b", b"\xff\xfe"
    text = export([row(0), row(1).replace("Normal", "?"), row(2)]).encode()
    problems = checker.problems(text.replace(b"?", some) for some in bad)
    found = [(problem.outcome, problem.line, expected(problem)) for problem in problems]
    assert found == [("unreadable", 7, "UTF-8 text")] * len(bad)


def test_other_encodings_are_refused(checker):
    encodings = "utf-16-le", "utf-32"
    problems = checker.problems(export([row(0)]).encode(encoding) for encoding in encodings)
    assert [problem.outcome for problem in problems] == ["unreadable"] * len(encodings)


def test_a_line_of_megabytes_is_refused(checker):
    lengths = "x" * 3_000_000, '"' * 3_000_000
    in_header = (export([row(0)], HEADER + long) for long in lengths)
    in_data = (export([row(0) + long]) for long in lengths)
    problems = checker.problems([*in_header, *in_data])
    assert [problem.outcome for problem in problems] == ["unreadable"] * 4


def test_quotes_that_do_not_close_are_refused(checker):
    cells = '"Normal', 'Nor"mal', '"a" b', '"'
    problems = checker.problems(
        export([row(0), row(1).replace(" Normal", cell), row(2)]) for cell in cells
    )
    for cell, problem in zip(cells, problems, strict=True):
        assert (problem.outcome, problem.line) == ("unreadable", 7), cell
        assert expected(problem) == "quotes that open and close around a cell"


def test_a_file_without_data_rows_is_empty(checker):
    texts = "", "\n \r\n", "\ufeff", ",,,\n", HEADER
    texts += export([]), export([",,,,,,,", '"",""', ""])
    assert [problem.outcome for problem in checker.problems(texts)] == ["empty"] * len(texts)


def test_a_second_header_in_the_middle_is_skipped_and_lines_are_those_of_the_file(checker):
    data = export([row(0), HEADER, row(1)])
    assert [found[0] for found in checker.rows(data)] == [6, 8]


def test_a_file_read_in_another_form_has_no_row_of_the_classic_reader(checker):
    """The classic reader understands all of its rows but one, and those count once."""
    files = [export([row(0), "Page 1 of 2,,,,,,,", row(1)]), export([row(2), "Total", row(3)])]
    plain = export([row(4), row(5)])
    found = checker.check_each([*files, plain])
    assert [checked.problem for checked in found] == [None] * 3
    assert [checked.row_count for checked in found] == [2] * 3
    lines = [[read[0] for read in rows] for rows in checker.saved_rows(found)]
    assert lines == [[6, 8], [6, 8], [6, 7]]


def test_one_bad_file_does_not_touch_the_others(checker, tmp_path):
    texts = {
        "north-1.csv": export([row(0)]),
        "north-2.csv": export(["x" * 3_000_000]),
        "north-3.csv": export([row(1), "?"]),
        "north-*.csv": export([row(2)]),
        "north-[1].csv": export([row(3)]),
        "no-header.csv": "x",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    files = [inspect_file(tmp_path / name) for name in texts]
    found = {c.raw.name: c for c in check_files(checker.con, split_files(checker.con, files))}
    good = {name: c.first_start for name, c in found.items() if c.problem is None}
    quarter = timedelta(minutes=15)
    assert good == {
        "north-1.csv": NOON,
        "north-*.csv": NOON + 2 * quarter,
        "north-[1].csv": NOON + 3 * quarter,
    }
