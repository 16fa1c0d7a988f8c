"""Recognise what a file that no layout reads looks like, for its letter. Reads no value."""

import re
from dataclasses import dataclass

from ingest.layouts.delimited_text import LINE_END, SPACES, text_of
from ingest.layouts.parsed import LayoutError

SIGNATURES = (
    (b"%PDF-", "pdf"),
    (b"\x89PNG\r\n", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"GIF8", "picture"),
    (b"II*\x00", "picture"),
    (b"MM\x00*", "picture"),
    (b"\xd0\xcf\x11\xe0", "spreadsheet"),
    (b"\x1f\x8b", "gzip"),
    (b"Rar!", "archive"),
    (b"7z\xbc\xaf", "archive"),
    (b"PAR1", "parquet"),
)
SHEETS = (b"xl/", b"application/vnd.oasis.opendocument.spreadsheet", b"[Content_Types].xml")
WEB_PAGE = re.compile(r"\s*(<!doctype html|<html)", re.IGNORECASE)
DELIMITERS = ((";", "semicolons"), ("\t", "tabs"), (",", "commas"), ("|", "bars"))
DATE = re.compile(r"\d{1,4}[-/. ](\d{1,2}|[A-Za-z]{3})[-/. ]\d{1,4}|\d{8}")
# Record, event, start and end of a classic export.
CLASSIC_ROW = re.compile(
    r"\s*\d+\s*([,;\t])[^,;\t\d]*\1\s*\d+[-/.]\d+[-/.]\d+ [^,;\t]*\1\s*\d+[-/.]\d+[-/.]\d+ "
)
BEGINNING = 64 * 1024
MOST_LINES, MOST_LETTERS = 8, 160  # of a file's beginning, in a letter
# Columns of values of a day: hours, half hours, quarter hours, and one hour less or more.
DAY_COUNTS = range(23, 101)


@dataclass(frozen=True)
class Look:
    """What a file looks like: a code with words in letters.toml, and the number in them."""

    code: str
    count: int = 0


def look_like(data: bytes) -> Look:
    """Return what a file looks like, by its first bytes and lines."""
    if not data.strip(b"\x00 \t\r\n"):
        return Look("empty")
    for mark, code in SIGNATURES:
        if data.startswith(mark):
            return Look(code)
    if data.startswith(b"PK"):
        return Look("spreadsheet" if any(part in data for part in SHEETS) else "zip")
    beginning = data[:BEGINNING]
    nul = beginning.count(b"\x00")
    if nul and not beginning.startswith((b"\xff\xfe", b"\xfe\xff")):
        is_text = nul * 3 > len(beginning) and _is_utf_16(beginning)
        return Look("utf_16_without_mark" if is_text else "binary")
    if beginning.startswith((b"\xff\xfe", b"\xfe\xff")):
        beginning = beginning[: len(beginning) // 2 * 2]
    try:
        text = text_of(beginning, ("utf-8", "cp1252"))
    except LayoutError:
        return Look("binary")
    return _text_like(text)


def first_lines(data: bytes) -> tuple[str, ...]:
    """Return the first lines of a text, long ones cut; none of a file that is no text."""
    beginning = data[: BEGINNING // 2 * 2]
    if look_like(data).code == "utf_16_without_mark":
        low = beginning[1::2].count(0) >= beginning[::2].count(0)
        beginning = beginning[: len(beginning) // 2 * 2]
        lines = LINE_END.split(beginning.decode("utf-16-le" if low else "utf-16-be", "replace"))
    else:
        try:
            lines = LINE_END.split(text_of(_whole_letters(beginning), ("utf-8", "cp1252")))
        except LayoutError:
            return ()
    shown = [
        line[:MOST_LETTERS] + (" ..." if line[MOST_LETTERS:] else "") for line in lines[:MOST_LINES]
    ]
    return tuple(shown if any(shown) else ())


def _whole_letters(beginning: bytes) -> bytes:
    """Return a beginning without the piece of a letter, or of a line, that it may end with."""
    return beginning if len(beginning) < BEGINNING else beginning[: beginning.rfind(b"\n") + 1]


def _is_utf_16(beginning: bytes) -> bool:
    """Whether every second byte of a file is zero, nearly."""
    half = len(beginning) // 2
    return max(beginning[::2].count(0), beginning[1::2].count(0)) > 0.8 * half


def _text_like(text: str) -> Look:
    """Return what a text looks like."""
    start = text.lstrip()
    if WEB_PAGE.match(start):
        return Look("web_page")
    if start.startswith("<"):
        return Look("xml")
    if start.startswith(("{", "[")):
        return Look("json")
    if start.startswith(("UNA", "UNB+")):
        return Look("edifact")
    if re.match(r"(100,NEM1[23]|200,\w{10},)", start):
        return Look("nem12")
    if re.search(r"(?m)^\x02?(/[A-Za-z]{3}\S|(\d-\d:)?[0-9A-FLP]+\.[0-9.]+\()", start):
        return Look("readout")
    lines = [line for line in LINE_END.split(text)[:-1] or [text] if line.strip()]
    if not lines:
        return Look("text")
    if sum(bool(CLASSIC_ROW.match(line)) for line in lines) * 2 > len(lines):
        return Look("no_header_row")
    for delimiter, code in DELIMITERS:
        counts = [line.count(delimiter) for line in lines[-50:]]
        width = max(set(counts), key=counts.count)
        if width and counts.count(width) * 2 > len(counts):
            return _table(lines[-50:], delimiter, width + 1) or Look(code, width + 1)
    if sum(bool(DATE.search(line)) for line in lines) * 2 > len(lines):
        return Look("spaces")
    return Look("text")


def _table(lines: list[str], delimiter: str, width: int) -> Look | None:
    """Return that a table has a day a row, if its rows begin so."""
    rows = [line.split(delimiter) for line in lines if line.count(delimiter) == width - 1]
    numbers = [sum(_is_number(cell) for cell in row) for row in rows]
    usual = max(set(numbers), key=numbers.count)
    dated = sum(any(DATE.search(cell) for cell in row[: max(width - usual, 1)]) for row in rows)
    if usual in DAY_COUNTS and dated * 2 > len(rows):
        nearest = min((24, 48, 96), key=lambda count: abs(count - usual))
        return Look("day_rows", nearest if abs(nearest - usual) <= 4 else usual)
    return None


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[+-]?\d*[.,]?\d+", SPACES.sub("", cell.strip('"'))) is not None
