"""Read single rows of a classic export, to put files in order before any is loaded.

Knows cells of bytes. What is not plainly a number or a time is none: only a scan calls it a fault.
"""

import re
from datetime import datetime
from decimal import Decimal

from ingest.layouts.interface import POWER, VALUES, RawFile, Values

TIME_FORMAT = "%m/%d/%y %H:%M:%S"
PADDING = b' "\t\r\n'
NUMBER = re.compile(rb"-?\d{1,9}(\.\d{0,18})?|-?\.\d{1,18}")
LINE_END = re.compile(rb"\r\n|\n|\r")


def line_end(data: bytes, start: int) -> int:
    """Return the position just after the line that begins at `start`."""
    match = LINE_END.search(data, start)
    return match.end() if match else len(data)


def line_start(data: bytes, at: int) -> int:
    """Return the position at which the line around `at` begins."""
    return max(data.rfind(b"\n", 0, at), data.rfind(b"\r", 0, at)) + 1


def first_row_at(raw: RawFile, start: datetime) -> tuple[int | None, Values] | None:
    """Return record and values of the first row that starts then, None without one."""
    line = _line_at(raw, start)
    if line is None:
        return None
    return record_in(line), _values_in(line.split(b","), raw.outline.columns)


def values_by_time(raw: RawFile) -> dict[tuple[bytes, bytes], Values]:
    """Return values by the text of start and end; of a repeated time, the last."""
    columns = raw.outline.columns
    places = columns.index("start_local"), columns.index("end_local")
    found = {}
    for line in _read(raw).splitlines()[raw.outline.header_line :]:
        cells = line.split(b",")
        if len(cells) > max(places):
            start, end = (cells[place].strip(b' "\t') for place in places)
            found[start, end] = _values_in(cells, columns)
    return found


def record_in(line: bytes) -> int | None:
    """Return the number in the first cell of a line, None without one."""
    cell = line.split(b",", 1)[0].strip(PADDING)
    return int(cell) if cell.isdigit() and len(cell) <= 18 else None


def time_in(line: bytes, place: int) -> datetime | None:
    """Return the time in one cell of a line, None without one."""
    cells = line.split(b",")
    try:
        return datetime.strptime(cells[place].strip(PADDING).decode(), TIME_FORMAT)
    except (ValueError, IndexError):
        return None


def _read(raw: RawFile) -> bytes:
    """Return the bytes of a file, none if it is gone."""
    try:
        return raw.path.read_bytes()
    except OSError:
        return b""


def _line_at(raw: RawFile, start: datetime) -> bytes | None:
    """Return the first row that starts then."""
    data = _read(raw)
    text, place = start.strftime(TIME_FORMAT).encode(), raw.outline.columns.index("start_local")
    at = data.find(text)
    while at >= 0:
        line = data[line_start(data, at) : line_end(data, at)]
        if time_in(line, place) == start:
            return line
        at = data.find(text, at + 1)
    return None


def _values_in(cells: list[bytes], columns: tuple[str, ...]) -> Values:
    """Return the channels of a row, None for what is not plainly a number.

    A direction without a column is one that meter-data.csv declares absent.
    """
    found = dict.fromkeys(POWER, b"0") if {*POWER} - {*columns} else {}
    found |= dict(zip(columns, cells, strict=False))
    texts = (found.get(name, b"").strip(PADDING) for name in VALUES)
    return tuple(Decimal(text.decode()) if NUMBER.fullmatch(text) else None for text in texts)
