"""The rules of a good file, tried with files as meters, tools and hostile hands write them."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
import raw_exports
from conftest import EXACT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from raw_exports import HEADER

from ingest.check_files import CheckedFile, check_files, save_rows
from ingest.clock import save_clock_days
from ingest.layouts.classic_cells import TIME_FORMAT
from ingest.layouts.classic_scan import UNKNOWN
from ingest.layouts.interface import ROW_COLUMNS
from ingest.letters import expected, found, reason, write_letter
from ingest.raw_files import feeder_in, inspect_file
from ingest.warehouse import SCHEMA

PREAMBLE = "=====\nLoad Profile Data Display\n=====\n\n"
NOON = datetime(2024, 7, 12, 11)
REPLACED = ", ".join(f"{value} as {name}" for name, value in EXACT.items())
ZONES = {"north": "UTC", "denver": "America/Denver", "fixed": "Etc/GMT+7"}


@dataclass(frozen=True)
class Checker:
    con: duckdb.DuckDBPyConnection
    folder: Path

    def check(self, data: bytes | str, name: str = "north-1.csv") -> CheckedFile:
        path = self.folder / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return check_files(self.con, [inspect_file(path)])[0]

    def rows(self, data: bytes | str, name: str = "north-1.csv") -> list[tuple]:
        """line, record, event, start, end and the four channels of an accepted file."""
        checked = self.check(data, name)
        assert checked.problem is None, reason(checked.problem)
        self.con.execute("delete from raw.interval_reads")
        assert save_rows(self.con, {checked.number: 1}) == checked.row_count
        found = self.con.execute(
            f"select * exclude (file_id, long_values) replace ({REPLACED}) from raw.interval_reads"
            " order by 1"
        )
        return found.fetchall()

    def values(self, *cells: str, header: str = HEADER) -> tuple:
        """The four channels of a file with one row that ends in `cells`."""
        return self.rows(export([row(0, *cells)], header))[0][-4:]


@pytest.fixture(scope="module")
def checker(tmp_path_factory) -> Iterator[Checker]:
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(SCHEMA)
        con.executemany(
            "insert into raw.meter_data values (1, ?, 'm', 1, 'W', 15, ?, null, null, 1, null)",
            list(ZONES.items()),
        )
        con.execute(
            """
            insert into raw.meter_data
            values (2, 'timed', 'm', 1, 'W', 15, 'UTC', '2024-07-12 11:15', '2024-07-13', 1, null)
            """
        )
        con.execute(
            """
            insert into raw.meter_data values
                (3, 'numbered', '9005', 1, 'W', 15, 'UTC', null, null, 1, null)
            """
        )
        save_clock_days(con, ZONES.values())
        yield Checker(con, tmp_path_factory.mktemp("files"))


def row(number: int, *cells: str, start: datetime = NOON, record: str | None = None) -> str:
    begin = start + timedelta(minutes=15 * number)
    values = ",".join(cells or "1234")
    ends = begin, begin + timedelta(minutes=15)
    return raw_exports.row(record or 100 + number, *ends, values, " Normal")


def export(lines: list[str], header: str = HEADER, preamble: str = PREAMBLE) -> str:
    return preamble + raw_exports.export(lines, header=header)


def decimals(*texts: str | None) -> tuple[Decimal | None, ...]:
    return tuple(None if text is None else Decimal(text) for text in texts)


def clock_rows(*spans: tuple[str, str]) -> str:
    return export([f"{i},Normal,{start},{end},1,2,3,4" for i, (start, end) in enumerate(spans)])


# Layout


def test_the_rows_have_the_columns_and_types_of_the_interface_also_without_any_file(checker):
    assert check_files(checker.con, []) == []
    found = checker.con.execute("select column_name, column_type from (describe batch_rows)")
    assert dict(found.fetchall()) == ROW_COLUMNS


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("last", ["", "\n", "\n\n,,,,,,,\n \n"])
def test_line_ends_and_byte_order_mark_do_not_matter(checker, end, mark, last):
    text = mark + export([row(0), "", row(1)]).removesuffix("\n") + last
    assert [found[0] for found in checker.rows(text.replace("\n", end))] == [6, 8]


@pytest.mark.parametrize("ends", ["\n\r\n\r", "\r\n", "\n\r\r\n\n", "\r\r\n\n"])
def test_mixed_line_ends_keep_their_line_numbers(checker, ends):
    head = "a\rb\r\nc\n" + HEADER + ends
    lines = len((ends + "x").splitlines())
    found = checker.rows(head + row(0) + ends + row(1))
    assert [line for line, *_ in found] == [3 + lines, 3 + 2 * lines - 1]


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


@pytest.mark.parametrize("channels", ["-1-,-3-,-4-", "-1-,-2-,-2-", "-1-,-2-,kw_del", "-1-;-2-"])
def test_a_missing_or_repeated_channel_makes_a_file_unreadable(checker, channels):
    header = f"Record No.,Event Type,Start Time,End Time,{channels}"
    problem = checker.check(export([row(0)], header)).problem
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


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("", None),
        ("-", None),
        ("NaN", None),
        ("nan", None),
        ("--", None),
        ("NULL", None),
        ("n/a", None),
        ("#N/A", None),
        ('" NA "', None),
        ("Bad", None),
        ("No Data", None),
        ('""', None),
        ("5.", "5"),
        (".5", "0.5"),
        ("+5", "5"),
        ("-2.50", "-2.5"),
        ("1e3", "1000"),
        ("2.5E-02", "0.025"),
        ('"1,702.85"', "1702.85"),
        ('"-1,000,000"', "-1000000"),
        ("999999999.999999999999999999", "999999999.999999999999999999"),
        ("0.000000000000000001", "1E-18"),
    ],
)
def test_a_number_is_read_as_written(checker, cell, value):
    assert checker.values(cell, "2", cell, "4") == decimals(value, "2", value, "4")


@pytest.mark.parametrize(
    "cell",
    [
        *("1e400", "inf", "-inf", "Infinity", "+nan", "-NaN", "nan(1)", "nil", "$5", "5kW", "'5"),
        *("0x1F", "1_000", "1__0", "1e9", "1000000000", "-1e9", "999999999.9999999999999999999"),
        *("1e-20", "0.1234567890123456789", ".", "+", "---", "1.2.3", "1,5", "1,,000", '"1,70"'),
        *(
            '"1,702',
            '1,702"',
            '1"5',
            '"1"2',
            '"5""',
            "5\N{NO-BREAK SPACE}",
            "\N{FULLWIDTH DIGIT ONE}",
        ),
    ],
)
def test_what_is_no_plain_number_is_refused(checker, cell):
    problem = checker.check(export([row(0), row(1, "1", cell, "3", "4")])).problem
    assert (problem.outcome, problem.line) == ("unreadable", 7)


def test_a_letter_names_the_limit_of_a_number(checker):
    problem = checker.check(export([row(0, "1", "2", "1e9", "4")])).problem
    assert expected(problem).startswith("a number below 10^9 with at most 18 decimals")
    assert (found(problem), problem.record) == ("'1e9'", 100)


@pytest.mark.parametrize("record", ["", "1.5", "+1", "0x1F", "0b11", "1_0", "1e3", "x", "9" * 30])
def test_a_record_number_is_never_guessed(checker, record):
    line = row(0, record="?").replace("?", record)
    assert expected(checker.check(export([line])).problem) == "a whole number as Record No."


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


@pytest.mark.parametrize(
    "cell",
    [
        "07/12/2024 11:00",
        "07/12/2024 11:00:00",
        "2024-07-12 11:00:00",
        "07/12/24 24:00:00",
        "02/30/24 11:00:00",
        "07/12/4 11:00:00",
        "07/12/4  11:00:00",
        "07/12/24 11:00:0",
        "07/12/24 11:00:0 ",
        "infinity",
        "epoch",
        "",
        "-",
    ],
)
def test_a_time_in_another_form_is_refused(checker, cell):
    problem = checker.check(clock_rows((cell, "07/12/24 11:15:00"))).problem
    assert (problem.outcome, problem.line, problem.record) == ("unreadable", 6, 0)
    assert expected(problem) == "Start Time as MM/DD/YY HH:MM:SS"
    assert found(problem) == repr(cell.strip())


def test_times_may_be_written_without_leading_zeros(checker):
    found = checker.rows(clock_rows(("7/1/24 0:15:00", "7/1/24 0:30:00")))
    assert found[0][3:5] == (datetime(2024, 7, 1, 0, 15), datetime(2024, 7, 1, 0, 30))


@pytest.mark.parametrize("cut", [1, 9, 30, 45])
def test_a_line_that_was_cut_off_is_refused(checker, cut):
    problem = checker.check(export([row(0), row(1)])[: -len(row(1)) - 1] + row(1)[:cut]).problem
    assert (problem.outcome, problem.line) == ("unreadable", 7)


@pytest.mark.parametrize("bad", [b"caf\xe9", b"a\0b", b"a\1b", b"\xff\xfe"])
def test_bytes_that_are_no_text_are_refused_in_data(checker, bad):
    data = export([row(0), row(1).replace("Normal", "?"), row(2)]).encode().replace(b"?", bad)
    problem = checker.check(data).problem
    assert (problem.outcome, problem.line, expected(problem)) == ("unreadable", 7, "UTF-8 text")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_other_encodings_are_refused(checker, encoding):
    assert checker.check(export([row(0)]).encode(encoding)).problem.outcome == "unreadable"


@pytest.mark.parametrize("long", ["x" * 3_000_000, '"' * 3_000_000])
@pytest.mark.parametrize("place", ["header", "data"])
def test_a_line_of_megabytes_is_refused(checker, long, place):
    header, line = (HEADER + long, row(0)) if place == "header" else (HEADER, row(0) + long)
    assert checker.check(export([line], header)).problem.outcome == "unreadable"


@pytest.mark.parametrize("cell", ['"Normal', 'Nor"mal', '"a" b', '"'])
def test_quotes_that_do_not_close_are_refused(checker, cell):
    problem = checker.check(export([row(0), row(1).replace(" Normal", cell), row(2)])).problem
    assert (problem.outcome, problem.line) == ("unreadable", 7)
    assert expected(problem) == "quotes that open and close around a cell"


@pytest.mark.parametrize(
    "data", ["", "\n \r\n", "\ufeff", ",,,\n", HEADER, export([]), export([",,,,,,,", '"",""', ""])]
)
def test_a_file_without_data_rows_is_empty(checker, data):
    assert checker.check(data).problem.outcome == "empty"


def test_a_second_header_in_the_middle_is_refused(checker):
    assert checker.check(export([row(0), HEADER, row(1)])).problem.line == 7


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
    found = {c.raw.name: c for c in check_files(checker.con, files)}
    good = {name: c.first_start for name, c in found.items() if c.problem is None}
    quarter = timedelta(minutes=15)
    assert good == {
        "north-1.csv": NOON,
        "north-*.csv": NOON + 2 * quarter,
        "north-[1].csv": NOON + 3 * quarter,
    }


# Meters


@pytest.mark.parametrize(
    ("name", "is_known"),
    [
        ("north-1.csv", True),
        ("NORTH-1.CSV", True),
        ("north.csv", True),
        (" north -1.csv", True),
        ("northern-1.csv", False),
        ("nort-1.csv", False),
        ("1-north.csv", False),
        ("north.csv-1.csv", False),
    ],
)
def test_a_feeder_is_the_exact_name_before_the_dash(checker, name, is_known):
    problem = checker.check(export([row(0)]), name).problem
    assert (problem is None) == is_known
    assert is_known or (problem.outcome, found(problem)) == ("unknown_meter", "none")


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


@pytest.mark.parametrize(
    ("name", "is_known"),
    [
        (f"a-b-{SPAN}.csv", True),
        (f"a-{SPAN}.csv", True),
        ("a-june.csv", True),
        ("a-b-june.csv", False),
        ("A-B.csv", False),
    ],
)
def test_a_name_without_a_span_never_chooses_between_two_feeders(checker, name, is_known):
    checker.con.execute(
        "insert into raw.meter_data by name select * replace (unnest(['a', 'A-b']) as feeder)"
        " from raw.meter_data where feeder = 'north'"
    )
    problem = checker.check(export([row(0)]), name).problem
    checker.con.execute("delete from raw.meter_data where feeder in ('a', 'A-b')")
    assert (problem is None) == is_known
    assert is_known or (problem.outcome, "'a-b'" in found(problem)) == ("unknown_meter", True)


@pytest.mark.parametrize(
    ("start", "is_known"),
    [
        (datetime(2024, 7, 12, 11), False),
        (datetime(2024, 7, 12, 11, 15), True),
        (datetime(2024, 7, 12, 23, 45), True),
        (datetime(2024, 7, 13), False),
    ],
)
def test_validity_is_half_open_at_the_start_of_an_interval(checker, start, is_known):
    problem = checker.check(export([row(0, start=start)]), "timed-1.csv").problem
    assert (problem is None) == is_known
    assert is_known or found(problem) == "only rows for other times"


# Serial numbers and dates


@pytest.mark.parametrize(
    ("preamble", "code"),
    [
        ("Meter ID: 9005", None),
        ("Meter ID: 009005", None),
        ('"Serial No.","GE 9005"', None),
        ("Meter ID: 17", None),
        ("Serial Number: 9004\nMeter ID: 9005", None),
        ("Meter ID: Substation 9004", None),
        ("Printed 9004", None),
        ("Meter: 9004", None),
        ("Meter ID: 9004", "other_meter"),
        ("Serial Number, 9004", "other_meter"),
        ("  # Meter No. 9004  ", "other_meter"),
        ('"Device ID","9004"', "other_meter"),
        ("SERIAL NO.: AB-77009", "other_meter"),
        ("Meter ID: 9005\nMeter ID: 9004", "two_serials"),
    ],
)
def test_a_serial_number_above_the_header_is_that_of_the_feeders_meter(checker, preamble, code):
    text = export([row(0)], preamble=f"Load Profile\n{preamble}\n\n")
    problem = checker.check(text, "numbered-1.csv").problem
    assert (problem and problem.code) == code
    if problem:
        assert problem.outcome == "unknown_meter" and problem.line in (2, 3)
        assert code == "two_serials" or "'numbered'" in expected(problem)


@pytest.mark.parametrize(
    ("serials", "code", "line"),
    [
        (("9005", "9005"), None, None),
        (("", "x"), None, None),
        (("9004", "9004"), "other_meter", 6),
        (("9005", "9004"), "two_serials", 7),
    ],
)
def test_a_column_of_serial_numbers_is_that_of_the_feeders_meter(checker, serials, code, line):
    rows = [f"{row(at, '1', '2')},{serial}" for at, serial in enumerate(serials)]
    header = HEADER.removesuffix(",-3-,-4-") + ",Meter No."
    problem = checker.check(export(rows, header), "numbered-1.csv").problem
    assert (problem and (problem.code, problem.line)) == (code and (code, line))


def test_a_serial_number_of_another_feeder_contradicts_a_made_up_one_too(checker):
    text = export([row(0)], preamble="Meter ID: 9005\n")
    assert "'numbered'" in found(checker.check(text, "north-1.csv").problem)
    assert checker.check(text.replace("9005", "9006"), "north-1.csv").problem is None


@pytest.mark.parametrize(
    ("start", "is_good"),
    [
        (datetime(2009, 12, 31, 23, 45), False),
        (datetime(2010, 1, 1), True),
        (datetime.now().replace(minute=0, second=0, microsecond=0), True),
        (datetime.now().replace(microsecond=0) + timedelta(days=3), False),
        (datetime(2036, 1, 1), False),
        (datetime(1999, 1, 1), False),
    ],
)
def test_a_date_of_the_future_or_of_long_ago_is_refused(checker, start, is_good):
    checked = checker.check(export([row(0, start=start.replace(second=0))]))
    assert (checked.problem is None) == is_good
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


# Sequence


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


def quarter_hours(first: str, count: int) -> list[tuple[str, str]]:
    start = datetime.strptime(first, TIME_FORMAT)
    ends = [start + timedelta(minutes=15 * number) for number in range(count + 1)]
    return [(f"{a:{TIME_FORMAT}}", f"{b:{TIME_FORMAT}}") for a, b in pairwise(ends)]


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


@pytest.mark.parametrize(
    ("kind", "feeder", "rows", "equal", "counts", "release"),
    [
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
    ],
)
def test_a_broken_sequence_is_called_by_its_kind(
    checker, kind, feeder, rows, equal, counts, release
):
    lines = [f"{i},Normal,{a},{b},{1 if equal else i},0,0,0" for i, (a, b) in enumerate(rows)]
    problem = checker.check(export(lines), f"{feeder}-1.csv").problem
    assert (problem.outcome, problem.code) == ("sequence_error", kind)
    assert [found.count for found in problem.breaks] == counts
    assert tuple(vars(problem.release).values()) == release


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


@pytest.mark.parametrize("days", [-1, 1])
@pytest.mark.parametrize(
    ("side", "count", "words"),
    [
        ("start", 31, "the row that starts at 00:00 carries"),
        ("whole", 31, "the row that starts at 00:00 carries"),
        ("end", 31, "the row that ends at 00:00 carries"),
        ("both", 62, "the rows that start or end at 00:00 carry"),
    ],
)
def test_a_midnight_date_slip_is_called_by_its_name(checker, side, days, count, words):
    rows = slipped(quarter_hours("07/01/24 00:00:00", 2976), side, days)
    problem = checker.check(clock_rows(*rows)).problem
    day = "before" if days < 0 else "after"
    assert problem.outcome == "sequence_error"
    assert found(problem).endswith(
        f"; {count} of 2,976 rows look like a midnight date slip: {words} the date of the day {day}"
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


@pytest.mark.parametrize("hole", [slice(0, 96), slice(1, 97), slice(96, 192), slice(191, 287)])
def test_a_hole_of_exactly_a_day_at_midnight_is_no_slip(checker, hole):
    rows = quarter_hours("07/01/24 00:00:00", 288)
    first = quarter_hours("06/30/24 23:45:00", 1)
    del rows[hole]
    problem = checker.check(clock_rows(*first, *rows)).problem
    assert problem.outcome == "sequence_error" and "midnight" not in found(problem)


# Any file

numbers = st.decimals(-999_999_999, 999_999_999, places=6) | st.decimals(0, 1, places=18)
tables = st.lists(st.lists(st.none() | numbers, min_size=4, max_size=4), min_size=1, max_size=8)


def write_number(value: Decimal | None, form: str) -> str:
    if value is None:
        return {"plain": "", "wide": " - ", "quoted": '"NaN"'}[form]
    return {"plain": f"{value:f}", "wide": f"\t{value:f}  ", "quoted": f'"{value:,f}"'}[form]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    table=tables,
    data=st.data(),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    mark=st.sampled_from(["", "\ufeff"]),
    order=st.permutations(range(4)),
)
def test_any_table_written_as_a_file_loads_to_exactly_that(checker, table, data, end, mark, order):
    forms = st.sampled_from(["plain", "wide", "quoted"])
    blank = st.sampled_from([[], [""], [",,,,,,,"]])
    lines, expected = [], []
    for number, values in enumerate(table):
        lines += data.draw(blank)
        cells = [write_number(values[channel], data.draw(forms)) for channel in order]
        lines.append(row(number, *cells))
        expected.append((5 + len(lines), 100 + number, *values))
    header = "Record No.,Event Type,Start Time,End Time," + ",".join(f"-{i + 1}-" for i in order)
    text = mark + export(lines, header)
    found = checker.rows(text.replace("\n", end))
    assert [(line, record, *values) for line, record, _, _, _, *values in found] == expected


def simple_rows(data: bytes) -> list[tuple] | None:
    """What Python's csv and Decimal read, without any of the rules; None if they cannot."""
    lines = data.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    found = []
    at = max(i for i, line in enumerate(lines) if line.lstrip(' \t"').startswith("Record No."))
    for line in lines[at + 1 :]:
        cells = next(csv.reader(io.StringIO(line), skipinitialspace=True), [])
        cells = [cell.strip().strip("\t") for cell in cells]
        if any(cells):
            values = [cell.replace(",", "") for cell in cells[4:8]]
            values = [None if v.lower() in UNKNOWN else Decimal(v) for v in values]
            times = [datetime.strptime(cell, "%m/%d/%y %H:%M:%S") for cell in cells[2:4]]
            found.append((int(cells[0]), *times, *values))
    return found


BODY = export([row(i, f"{i}.25", "-3", "", '"1,702.85"' if i == 2 else "4e1") for i in range(4)])
edits = st.lists(
    st.tuples(
        st.integers(len(PREAMBLE + HEADER) + 1, len(BODY) - 1),
        st.sampled_from(b'0123456789.,-+eE_x"/: \t\r\nN\0\xe9') | st.integers(0, 255),
        st.booleans(),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=150, deadline=None)
@given(edits)
def test_a_damaged_file_is_refused_or_read_as_python_reads_it(checker, edits):
    data = bytearray(BODY.encode())
    for at, byte, is_inserted in edits:
        data[at : at + (not is_inserted)] = bytes([byte])
    with TemporaryDirectory(dir=checker.folder) as folder:
        path = Path(folder) / "north-1.csv"
        path.write_bytes(data)
        checked = check_files(checker.con, [inspect_file(path)])[0]
    if checked.problem is None:
        checker.con.execute("delete from raw.interval_reads")
        save_rows(checker.con, {checked.number: 1})
        found = checker.con.execute(
            "select * exclude (file_id, line_number, event_type, long_values)"
            f" replace ({REPLACED}) from raw.interval_reads"
            " order by line_number"
        ).fetchall()
        assert found == simple_rows(bytes(data))
    else:
        assert checked.problem.outcome in ("unreadable", "sequence_error", "empty", "unknown_meter")


@pytest.mark.parametrize(
    ("name", "start", "end", "is_good"),
    [
        ("north-1.csv", "12/07/24 11:00:00", "07/12/24 11:15:00", False),  # day and month swapped
        ("north-1.csv", "07/12/24 11:00:00", "07/12/24 11:00:00", False),
        ("denver-1.csv", "11/03/24 01:45:00", "11/03/24 01:00:00", True),  # the clock is put back
        ("denver-1.csv", "11/03/24 03:00:00", "11/03/24 02:45:00", False),
        ("denver-1.csv", "11/04/24 01:45:00", "11/04/24 01:00:00", False),
    ],
)
def test_a_row_ends_after_it_starts_unless_the_clock_is_put_back(
    checker, name, start, end, is_good
):
    problem = checker.check(clock_rows((start, end)), name).problem
    if is_good:
        assert problem is None
    else:
        assert problem.outcome == "sequence_error"
        assert (expected(problem), found(problem)) == (
            f"End Time after Start Time {start}",
            f"End Time {end}",
        )
