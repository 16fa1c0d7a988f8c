"""Recognise a classic export and read its header, first and last row. Knows bytes, not DuckDB."""

import csv
import re
from dataclasses import dataclass, replace

from ingest.layouts.classic_cells import line_end, line_start, record_in, time_in
from ingest.layouts.interface import POWER, Outline
from ingest.problems import Problem
from ingest.serial_numbers import find_serials, is_column

FIXED_COLUMNS = {
    "record no.": "record_no",
    "event type": "event_type",
    "start time": "start_local",
    "end time": "end_local",
}
CHANNELS = {
    "-1-": "del_raw",
    "-2-": "rec_raw",
    "-3-": "kva_del_raw",
    "-4-": "kva_rec_raw",
    "kw_del": "del_raw",
    "kw_rec": "rec_raw",
    "kva_del": "kva_del_raw",
    "kva_rec": "kva_rec_raw",
    "kvar_del": "kvar_del_raw",
    "kvar_rec": "kvar_rec_raw",
}
SERIAL = "serial_no"
# Behind a comma at the end of the header; a value there is one that has shifted.
NAMELESS = "nameless"
# kVA and kvar may be absent (unknown); of kW one direction, if meter-data.csv says so.
REQUIRED = tuple(FIXED_COLUMNS.values())
# Beyond this, what is above the header is no preamble.
MOST_PREAMBLE_BYTES = 64 * 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
HEADER = re.compile(rb'(?:\A(?:\xef\xbb\xbf)?|[\r\n])([ \t"]*Record No\.)')
BLANK = re.compile(rb'[\s,"]*')
# Never in a plain file: quotes, tabs, plus signs; in a number an exponent, `_` or a sign of another
# base.
NEVER_PLAIN = (b'"', b"\t", b"\v", b"\f", b"+")
NUMBER_MARKS = (b"e", b"E", b"_", b"x", b"X", b"b", b"B")
DIGITS = tuple(b"%c" % byte for byte in b"0123456789.")


@dataclass(frozen=True)
class ClassicOutline(Outline):
    """The outline of a classic export, with what a scan of its rows has to know.

    `columns` names the cells of a data row by position ('' = a column that is not used);
    `line_count` is the number of lines below the header, blank ones too; `is_mixed` means that
    lines end in more than one way, `is_plain` that they do not and that a number can be nothing but
    digits and a point.
    """

    columns: tuple[str, ...] = ()
    line_count: int = 0
    is_mixed: bool = False
    is_plain: bool = False


def why_not(beginning: bytes) -> Problem | None:
    """Return why a file that begins so is not a classic export, None if it is one."""
    if beginning[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return Problem("utf_16", 1)
    if HEADER.search(beginning):
        return None
    is_empty = BLANK.fullmatch(beginning.removeprefix(BYTE_ORDER_MARK))
    return Problem("empty_file" if is_empty else "no_header")


def outline_of(data: bytes) -> ClassicOutline:
    """Return what the bytes of a classic export say of its form and span."""
    start = HEADER.search(data).start(1)
    header_line = _count_lines(data[:start]) + 1
    problem = _encoding_problem(data, start, header_line)
    if problem:
        return ClassicOutline(problem, header_line)
    rows_at = line_end(data, start)
    header = data[start:rows_at].decode().strip()
    found = _form(data, start, rows_at, _columns(header))
    problem = _header_problem(found.columns, header, header_line)
    if not problem and BLANK.fullmatch(data, rows_at):
        problem = Problem("no_rows", header_line)
    if problem:
        return replace(found, problem=problem)
    first, last = _first_and_last_line(data, rows_at)
    return replace(
        found,
        first_start=time_in(first, found.columns.index("start_local")),
        last_end=time_in(last, found.columns.index("end_local")),
        first_record=record_in(first),
    )


def _form(data: bytes, start: int, rows_at: int, columns: tuple[str, ...]) -> ClassicOutline:
    """Return how a file is written whose header begins at `start`, and its rows at `rows_at`."""
    header_line = _count_lines(data[:start]) + 1
    ends, is_mixed = _line_ends(data)
    line_count = ends + (not data.endswith((b"\n", b"\r"))) - header_line
    trailing = max(0, _count_lines(data[_end(data, b"\r\n") :]) - 1)
    preamble = data[:start].decode("utf-8-sig", "replace") if start < MOST_PREAMBLE_BYTES else ""
    return ClassicOutline(
        header_line=header_line,
        row_lines=line_count - trailing,
        serials=find_serials(preamble),
        absent=next((name for name in POWER if name not in columns), None),
        columns=columns,
        line_count=line_count,
        is_mixed=is_mixed,
        is_plain=not is_mixed and _is_plain(data, rows_at),
    )


def _header_problem(columns: tuple[str, ...], header: str, line: int) -> Problem | None:
    """Return a problem when a column is missing or repeated."""
    missing = any(name not in columns for name in REQUIRED) or not {*POWER} & {*columns}
    repeated = any(columns.count(name) > 1 for name in {*columns} - {"", NAMELESS})
    if missing or repeated:
        return Problem("wrong_header", line, values={"text": header[:200]})
    return None


def _count_lines(data: bytes) -> int:
    return data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")


def _line_ends(data: bytes) -> tuple[int, bool]:
    """Return how many lines end, and whether in more than one way.

    numpy releases the GIL meanwhile.
    """
    import numpy as np  # a run with nothing new reads no file, and need not wait for it

    codes = np.frombuffer(data, np.uint8)
    feeds = np.flatnonzero(codes == 10)
    returns = int(np.count_nonzero(codes == 13))
    if not feeds.size or not returns:
        return feeds.size + returns, False
    pairs = int(np.count_nonzero(codes[feeds[feeds > 0] - 1] == 13))
    return feeds.size + returns - pairs, not feeds.size == returns == pairs


def _encoding_problem(data: bytes, start: int, first_line: int) -> Problem | None:
    """Return a problem when header or data rows hold bytes that no UTF-8 text has.

    They begin at `start`, in line `first_line`. Copies nothing in the usual case: a copy costs more
    than a scan.
    """
    at = max(data.find(b"\0", start), data.find(b"\1", start))
    if at < 0 and data.isascii():
        return None
    if at < 0:
        try:
            data[start:].decode()
        except UnicodeDecodeError as error:
            at = start + error.start
    if at < 0:
        return None
    line = first_line + _count_lines(data[start:at])
    return Problem("not_text", line, values={"byte": data[at]})


def _is_plain(text: bytes, start: int) -> bool:
    """Whether data rows hold nothing that a cast to a number takes for more than its digits."""
    if any(text.find(mark, start) >= 0 for mark in NEVER_PLAIN):
        return False
    for mark in NUMBER_MARKS:
        at = text.find(mark, start)
        while at >= 0:
            if text[at - 1 : at] in DIGITS:
                return False
            at = text.find(mark, at + 1)
    return True


def _columns(header: str) -> tuple[str, ...]:
    """Name the cells of a data row from the header row's cells."""
    try:
        cells = [cell.strip().lower() for cell in next(csv.reader([header]), [])]
    except csv.Error:  # a cell of more than 128 kB
        return ()
    names = FIXED_COLUMNS | CHANNELS | {"": NAMELESS}
    found = ["record_no" if at == 0 else names.get(cell, "") for at, cell in enumerate(cells)]
    of_meter = [at for at, cell in enumerate(cells) if not found[at] and is_column(cell)]
    if of_meter:
        found[of_meter[0]] = SERIAL
    return tuple(found)


def _first_and_last_line(text: bytes, start: int) -> tuple[bytes, bytes]:
    """Return the first and the last line from `start` on that are not blank."""
    head = BLANK.match(text, start).end()
    end = _end(text, b' \t\r\n,"')
    first = text[line_start(text, head) : line_end(text, head)]
    return first, text[line_start(text, end) : line_end(text, end)]


def _end(text: bytes, trailing: bytes) -> int:
    """Return the length of a text without `trailing` bytes at its end, nearly always a few."""
    tail = text[-4096:]
    left = len(tail.rstrip(trailing))
    return len(text) - len(tail) + left if left else len(text.rstrip(trailing))
