"""Find raw meter files, fingerprint them and read their header. Knows files, not DuckDB."""

import csv
import ctypes
import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from ingest.sequence_breaks import Break, Release
from ingest.serial_numbers import Serial, find_serials, is_column

TIME_FORMAT = "%m/%d/%y %H:%M:%S"
# A meter writes 2.5 MB a year; a file beyond this is no meter export, and is hashed in pieces.
MOST_BYTES = 256 * 1024 * 1024
FIXED_COLUMNS = {
    "record no.": "record_no",
    "event type": "event_type",
    "start time": "start_local",
    "end time": "end_local",
}
# Beyond this, what is above the header is no preamble.
MOST_PREAMBLE_BYTES = 64 * 1024
CHANNELS = {
    "-1-": "kw_del",
    "-2-": "kw_rec",
    "-3-": "kva_del",
    "-4-": "kva_rec",
    "kw_del": "kw_del",
    "kw_rec": "kw_rec",
    "kva_del": "kva_del",
    "kva_rec": "kva_rec",
}
VALUES = tuple(dict.fromkeys(CHANNELS.values()))
Values = tuple[Decimal | None, ...]
NUMBER = re.compile(rb"-?\d{1,9}(\.\d{0,18})?|-?\.\d{1,18}")
# kVA may be absent (unknown); without both kW channels no net can be known.
REQUIRED = (*FIXED_COLUMNS.values(), "kw_del", "kw_rec")
# `<feeder>-<first start>_<last end>`, whatever a copy has after it.
SPAN = re.compile(r"-\d{6}-\d{6}_\d{6}-\d{6}(?!\d)")
# What this program appends to the name of a rejected file, perhaps with a piece of its hash.
REJECTED_AS = re.compile(r"(-[0-9a-f]{8})?_(SEQUENCE-ERROR|UNREADABLE|UNKNOWN-METER|EMPTY)\Z")
SERIAL = "serial_no"
HEADER = re.compile(rb'(?:\A(?:\xef\xbb\xbf)?|[\r\n])([ \t"]*Record No\.)')
BLANK = re.compile(rb'[\s,"]*')
# What no plain body has: quotes, white space that is no space, a sign; in a number an exponent, `_`
# or a sign of another base.
NEVER_PLAIN = (b'"', b"\t", b"\v", b"\f", b"+")
NUMBER_MARKS = (b"e", b"E", b"_", b"x", b"X", b"b", b"B")
DIGITS = tuple(b"%c" % byte for byte in b"0123456789.")


@dataclass(frozen=True)
class Problem:
    """Why a file cannot be loaded: its outcome, the first bad line, what was expected and found.

    `code` names what exactly is wrong where letters have words of its own for that, `advice` what
    to do where that names other files; `breaks` and `release` hold the numbers of a broken
    sequence.
    """

    outcome: str
    line: int | None
    expected: str
    found: str
    record: int | None = None
    code: str = ""
    breaks: tuple[Break, ...] = ()
    release: Release | None = None
    advice: str = ""

    @property
    def reason(self) -> str:
        where = f"line {self.line}" if self.line else "file"
        where += f", record {self.record}" if self.record is not None else ""
        return f"{where}: expected {self.expected}; found {self.found}"


@dataclass(frozen=True)
class RawFile:
    """A file as it was when it was read: fingerprint, header and what its first and last row say.

    `columns` names the cells of a data row by position ('' = a column that is not used);
    `header_line` counts from 1; `line_count` is the number of lines below the header, blank ones
    too, `row_lines` without the empty ones at the end; `is_mixed` says that lines end in more than
    one way, `is_plain` that they do not and that a number can be nothing but digits and a point;
    `serials` are the serial numbers that stand above the header.
    """

    path: Path
    size: int
    modified_ns: int
    sha256: str
    feeder: str
    header_line: int = 0
    columns: tuple[str, ...] = ()
    line_count: int = 0
    row_lines: int = 0
    is_mixed: bool = False
    is_plain: bool = False
    first_start: datetime | None = None
    last_end: datetime | None = None
    first_record: int | None = None
    serials: tuple[Serial, ...] = ()
    problem: Problem | None = None

    @property
    def name(self) -> str:
        """The name that the file first came with, also when it is dropped again from ERROR."""
        stem = self.path.stem
        appended = REJECTED_AS.search(stem)
        if appended is None:
            return self.path.name
        is_hash = appended[1] in (None, f"-{self.sha256[:8]}")
        return stem[: appended.start() if is_hash else appended.end(1)] + self.path.suffix

    def is_unchanged(self) -> bool:
        """Whether the file on disk still has the size and time it had when it was read."""
        try:
            now = self.path.stat()
        except OSError:
            return False
        return (now.st_size, now.st_mtime_ns) == (self.size, self.modified_ns)


def find_files(folder: Path) -> list[Path]:
    """The raw exports lying in `folder`: regular files ending in .csv, upper or lower case."""
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() == ".csv" and path.is_file() and not path.is_symlink()
    )


def inspect_files(
    paths: list[Path], threads: int, progress: Callable[[int, int], None] = lambda *_: None
) -> Iterator[RawFile]:
    """Yield a RawFile for every path that can be read; one that vanished or is held is left out."""
    _keep_freed_memory()
    with ThreadPoolExecutor(threads) as pool:
        for done, raw in enumerate(pool.map(_inspect_or_none, paths), 1):
            if done == len(paths) or done % max(100, len(paths) // 20) == 0:
                progress(done, len(paths))
            if raw is not None:
                yield raw


def _keep_freed_memory() -> None:
    """Let glibc keep up to 256 MB of freed memory for what comes next.

    It gives a block of a file's size back to the system at once, and gets it page by page again for
    the next file: that was half of the time that reading took.
    """
    with suppress(AttributeError, OSError, TypeError):  # another C library
        set_option = ctypes.CDLL(None).mallopt
        set_option(-3, 64 << 20)  # M_MMAP_THRESHOLD
        set_option(-1, 256 << 20)  # M_TRIM_THRESHOLD


def _inspect_or_none(path: Path) -> RawFile | None:
    try:
        path.name.encode()  # the ledger can hold no name that is not Unicode
        return inspect_file(path)
    except (OSError, UnicodeEncodeError):
        return None


def feeder_in(name: str) -> str:
    """The feeder a file name says, in lower case, letter by letter as SQL's lower() writes it.

    It is all before the span, or before the first dash of a name without one.
    """
    stem = REJECTED_AS.sub("", Path(name).stem)
    span = SPAN.search(stem)
    return _lower(stem[: span.start()] if span else stem.split("-", 1)[0])


def spanless_start(name: str) -> str | None:
    """All of a file name that carries no span, in lower case, with a dash at its end; else None."""
    stem = REJECTED_AS.sub("", Path(name).stem)
    return None if SPAN.search(stem) else _lower(stem) + "-"


def _lower(text: str) -> str:
    text = unicodedata.normalize("NFC", text.strip())
    return "".join(letter.lower()[0] for letter in text)


def inspect_file(path: Path) -> RawFile:
    """Read one file once: sha256 of its bytes, its header, its first and last data row."""
    stat = path.stat()
    base = {"path": path, "size": stat.st_size, "modified_ns": stat.st_mtime_ns}
    base["feeder"] = feeder_in(path.name)
    if stat.st_size > MOST_BYTES:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        found = f"{stat.st_size:,} bytes"
        problem = Problem("unreadable", None, f"at most {MOST_BYTES:,} bytes", found)
        return RawFile(**base, sha256=digest, problem=problem)
    data = path.read_bytes()
    return RawFile(**base, sha256=hashlib.sha256(data).hexdigest(), **_read_header(data))


def _read_header(data: bytes) -> dict:
    """What the bytes say of layout and span, as arguments of RawFile; a problem if unusable."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return {"problem": Problem("unreadable", 1, "UTF-8 text", "UTF-16 text")}
    match = HEADER.search(data)
    if match is None:
        if BLANK.fullmatch(data.removeprefix(b"\xef\xbb\xbf")):
            return {
                "problem": Problem("empty", None, "a header row and data rows", "an empty file")
            }
        expected = "a header row whose first cell starts with 'Record No.'"
        return {"problem": Problem("unreadable", None, expected, "none in the whole file")}
    start = match.start(1)
    header_line = _count_lines(data[:start]) + 1
    body_at = _line_end(data, start)
    header = data[start:body_at]
    problem = _encoding_problem(data, start, header_line)
    if problem:
        return {"problem": problem, "header_line": header_line}
    preamble = data[:start].decode("utf-8-sig", "replace") if start < MOST_PREAMBLE_BYTES else ""
    columns = _columns(header.decode().strip())
    missing = [name for name in REQUIRED if name not in columns]
    repeated = [name for name in set(columns) if name and columns.count(name) > 1]
    lines, is_mixed = _line_ends(data)
    lines += not data.endswith((b"\n", b"\r"))
    lines -= header_line
    result = {"header_line": header_line, "columns": columns, "line_count": lines}
    result["serials"] = find_serials(preamble)
    row_lines = lines - max(0, _count_lines(data[_end(data, b"\r\n") :]) - 1)
    is_plain = not is_mixed and _is_plain(data, body_at)
    result |= {"row_lines": row_lines, "is_mixed": is_mixed, "is_plain": is_plain}
    if missing or repeated:
        expected = (
            "Record No., Event Type, Start Time, End Time, -1-, -2- once each, -3-, -4- at most"
        )
        found = header.decode().strip()[:200]
        return result | {"problem": Problem("unreadable", header_line, expected, repr(found))}
    if BLANK.fullmatch(data, body_at):
        expected, found = "data rows below the header", "none"
        return result | {"problem": Problem("empty", header_line, expected, found)}
    first, last = _first_and_last_line(data, body_at)
    return result | {
        "first_start": _time_in(first, columns.index("start_local")),
        "last_end": _time_in(last, columns.index("end_local")),
        "first_record": _record_in(first),
    }


def _count_lines(data: bytes) -> int:
    return data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")


def _line_ends(data: bytes) -> tuple[int, bool]:
    """How many lines end, and whether in more than one way. numpy lets other threads go on."""
    import numpy as np  # a run with nothing new reads no file, and need not wait for it

    codes = np.frombuffer(data, np.uint8)
    feeds = np.flatnonzero(codes == 10)
    returns = int(np.count_nonzero(codes == 13))
    if not feeds.size or not returns:
        return feeds.size + returns, False
    pairs = int(np.count_nonzero(codes[feeds[feeds > 0] - 1] == 13))
    return feeds.size + returns - pairs, not feeds.size == returns == pairs


def _line_end(data: bytes, start: int) -> int:
    """The position just after the line that begins at `start`."""
    match = re.compile(rb"\r\n|\n|\r").search(data, start)
    return match.end() if match else len(data)


def _encoding_problem(data: bytes, start: int, first_line: int) -> Problem | None:
    """A problem when header or data rows hold bytes that are not UTF-8, or that no text has.

    They begin at `start`, in line `first_line`. What is never cut out is never copied: a file's
    worth of memory costs more than a look.
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
    found = f"the byte 0x{data[at]:02x}"
    line = first_line + _count_lines(data[start:at])
    return Problem("unreadable", line, "UTF-8 text", found)


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
    names = FIXED_COLUMNS | CHANNELS
    found = ["record_no" if at == 0 else names.get(cell, "") for at, cell in enumerate(cells)]
    of_meter = [at for at, cell in enumerate(cells) if not found[at] and is_column(cell)]
    if of_meter:
        found[of_meter[0]] = SERIAL
    return tuple(found)


def _first_and_last_line(text: bytes, start: int) -> tuple[bytes, bytes]:
    """The first and the last line from `start` on that are not blank."""
    head = BLANK.match(text, start).end()
    cut = max(text.rfind(b"\n", 0, head), text.rfind(b"\r", 0, head)) + 1
    first = text[cut : _line_end(text, head)]
    end = _end(text, b' \t\r\n,"')
    cut = max(text.rfind(b"\n", 0, end), text.rfind(b"\r", 0, end)) + 1
    return first, text[cut : _line_end(text, end)]


def _end(text: bytes, trailing: bytes) -> int:
    """The length of a text without `trailing` bytes at its end, nearly always a few."""
    tail = text[-4096:]
    left = len(tail.rstrip(trailing))
    return len(text) - len(tail) + left if left else len(text.rstrip(trailing))


def record_at(raw: RawFile, start: datetime) -> int | None:
    """The Record No. of the first row of a file that starts then; None if it has none."""
    line = _line_at(raw, start)
    return _record_in(line) if line else None


def row_at(raw: RawFile, start: datetime) -> Values | None:
    """The values of the first row of a file that starts then; None if it has none."""
    line = _line_at(raw, start)
    return _values_in(line.split(b","), raw.columns) if line else None


def values_by_time(raw: RawFile) -> dict[tuple[bytes, bytes], Values]:
    """The values of a file by start and end, as text; of times that are there twice, the last."""
    places = raw.columns.index("start_local"), raw.columns.index("end_local")
    found = {}
    for line in _read(raw).splitlines()[raw.header_line :]:
        cells = line.split(b",")
        if len(cells) > max(places):
            start, end = (cells[place].strip(b' "\t') for place in places)
            found[start, end] = _values_in(cells, raw.columns)
    return found


def delivered_in(raw: RawFile) -> Decimal:
    """The sum of the delivered kW that can be read in a file; only used to put files in order."""
    return sum((row[0] for row in values_by_time(raw).values() if row[0]), Decimal(0))


def _read(raw: RawFile) -> bytes:
    """The bytes of a file, none if it is gone."""
    try:
        return raw.path.read_bytes()
    except OSError:
        return b""


def _line_at(raw: RawFile, start: datetime) -> bytes | None:
    """The first row of a file that starts then."""
    data = _read(raw)
    text, position = start.strftime(TIME_FORMAT).encode(), raw.columns.index("start_local")
    at = data.find(text)
    while at >= 0:
        cut = max(data.rfind(b"\n", 0, at), data.rfind(b"\r", 0, at)) + 1
        line = data[cut : _line_end(data, at)]
        if _time_in(line, position) == start:
            return line
        at = data.find(text, at + 1)
    return None


def _values_in(cells: list[bytes], columns: tuple[str, ...]) -> Values:
    """The channels of a row, None for what is not plainly a number; only used to order files."""
    found = dict(zip(columns, cells, strict=False))
    texts = (found.get(name, b"").strip(b' "\t\r\n') for name in VALUES)
    return tuple(Decimal(text.decode()) if NUMBER.fullmatch(text) else None for text in texts)


def _record_in(line: bytes) -> int | None:
    """The number in the first cell of a line, or None; only used to put files in order."""
    cell = line.split(b",", 1)[0].strip(b' "\t\r\n')
    return int(cell) if cell.isdigit() and len(cell) <= 18 else None


def _time_in(line: bytes, position: int) -> datetime | None:
    """The time in one cell of a line, or None; only used to put files in order before loading."""
    cells = line.split(b",")
    try:
        return datetime.strptime(cells[position].decode().strip(' "\t\r\n'), TIME_FORMAT)
    except (ValueError, IndexError):
        return None
