"""Any table written as a file, and any damage to a file: read exactly, or refused."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import pytest
from file_checker import PREAMBLE, Checker, export, open_checker, row
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from raw_exports import HEADER

from ingest.layouts.classic_scan import UNKNOWN


@pytest.fixture(scope="module")
def checker(tmp_path_factory) -> Iterator[Checker]:
    with open_checker(tmp_path_factory.mktemp("files")) as checker:
        yield checker


numbers = st.decimals(-999_999_999, 999_999_999, places=6) | st.decimals(0, 1, places=18)
values = st.none() | numbers
forms = st.sampled_from(["plain", "wide", "quoted"])
blanks = st.sampled_from([[], [""], [",,,,,,,"]])
# of each row the blank lines before it, and its four values with their forms
tables = st.lists(
    st.tuples(blanks, st.lists(st.tuples(values, forms), min_size=4, max_size=4)),
    min_size=1,
    max_size=8,
)
layouts = st.tuples(
    st.permutations(range(4)),
    st.sampled_from(["", "\ufeff"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)


def write_number(value: Decimal | None, form: str) -> str:
    if value is None:
        return {"plain": "", "wide": " - ", "quoted": '"NaN"'}[form]
    return {"plain": f"{value:f}", "wide": f"\t{value:f}  ", "quoted": f'"{value:,f}"'}[form]


def write_table(table: list, layout: tuple) -> tuple[str, list[tuple]]:
    """A file with the rows of a table, and what is to be read of it: line, record and values."""
    order, mark, end = layout
    lines, rows = [], []
    for number, (blank, cells) in enumerate(table):
        lines += [*blank, row(number, *(write_number(*cells[channel]) for channel in order))]
        rows.append((5 + len(lines), 100 + number, *(value for value, _ in cells)))
    header = "Record No.,Event Type,Start Time,End Time," + ",".join(f"-{i + 1}-" for i in order)
    return mark + export(lines, header).replace("\n", end), rows


# Files are checked in batches: to check one costs nearly as much as to check ten.


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(tables, layouts), min_size=1, max_size=12))
def test_any_table_written_as_a_file_loads_to_exactly_that(checker, batch):
    texts, expected = zip(*(write_table(*file) for file in batch), strict=True)
    for rows, wanted in zip(checker.rows_each(texts), expected, strict=True):
        assert [(line, record, *values) for line, record, _, _, _, *values in rows] == wanted


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


def damaged(edits: list[tuple[int, int, bool]]) -> bytes:
    data = bytearray(BODY.encode())
    for at, byte, is_inserted in edits:
        data[at : at + (not is_inserted)] = bytes([byte])
    return bytes(data)


@settings(max_examples=25, deadline=None)
@given(st.lists(edits, min_size=1, max_size=20))
def test_a_damaged_file_is_refused_or_read_as_python_reads_it(checker, batch):
    texts = [damaged(edits) for edits in batch]
    files = checker.check_each(texts)
    good = [file for file in files if file.problem is None]
    for file, rows in zip(good, checker.saved_rows(good), strict=True):
        found = [(record, *rest) for _, record, _, *rest in rows]
        assert found == simple_rows(texts[file.number])
    refused = {file.problem.outcome for file in files if file.problem}
    assert refused <= {"unreadable", "sequence_error", "empty", "unknown_meter"}
