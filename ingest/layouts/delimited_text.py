"""Turn bytes into lines and cells, and find a layout's header rows. Knows no time and no value."""

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import compress

from ingest.layouts.delimited_values import unit_in
from ingest.layouts.layout_file import Column, Dialect, Header, LayoutFile, is_regex
from ingest.layouts.parsed import LayoutError

LINE_END = re.compile(r"\r\n|\n|\r")
SPACES = re.compile(r"\s+")
# STX and ETX frame a read-out; every other control character means that it is no text.
CONTROL = re.compile(r"[\x00\x01\x04-\x08\x0e-\x1f]")
# The header is looked for in so many lines; the longest preamble seen has 20.
PREAMBLE_LINES = 200
BEGINNING_BYTES = 256 * 1024  # nearly always more than so many lines
BLOCK_LETTERS = 4 * 1024 * 1024  # of the lines that are cells at one time
MOST_SHARED = 100_000
MOST_HEADER_ROWS = 4
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class Table:
    """Rows under one header, their lines from 1, the text above it, the line of its section.

    `units` is the row of units below the header, if it has one. Of a table of many rows
    `continues` is true but for the first.
    """

    header_line: int
    header: tuple[str, ...]
    lines: Sequence[int] = ()
    rows: Sequence[tuple[str, ...]] = ()
    above: str = ""
    section: re.Match[str] | None = None
    units: tuple[str, ...] = ()
    continues: bool = False

    def kept(self, keep: Sequence[bool]) -> "Table":
        """Return the table with some of its rows."""
        if all(keep):
            return self
        lines, rows = list(compress(self.lines, keep)), list(compress(self.rows, keep))
        return replace(self, lines=lines, rows=rows)


def text_of(data: bytes, encodings: Sequence[str] = ("utf-8",)) -> str:
    """Return the text: by its mark, else by the first encoding that reads every byte."""
    if not data.strip():
        raise LayoutError("empty_file")
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return _checked(data.removeprefix(mark), encoding)
    for encoding in encodings[:-1]:
        try:
            return _checked(data, encoding)
        except LayoutError:
            continue
    return _checked(data, encodings[-1])


def first_lines(data: bytes, encodings: Sequence[str] = ("utf-8",)) -> list[str]:
    """Return the lines in which a header is looked for, with those of a header of several rows.

    Of a large file only its beginning is decoded: every layout asks for it.
    """
    most = PREAMBLE_LINES + MOST_HEADER_ROWS
    if len(data) > BEGINNING_BYTES and not data.startswith(UTF_16):
        beginning = data[: data.rfind(b"\n", 0, BEGINNING_BYTES) + 1]
        if beginning.count(b"\n") > most:
            data = beginning
    return LINE_END.split(_readable(data, encodings), most)[:most]


def _readable(data: bytes, encodings: Sequence[str]) -> str:
    """Return the text, with a sign in place of every byte that is none in its encoding.

    What a file is shows in its header; that a byte of it is damaged, its reader reports.
    """
    try:
        return text_of(data, encodings)
    except LayoutError as error:
        if error.problem.code == "empty_file":
            raise
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return data.removeprefix(mark).decode(encoding, "replace")
    return data.decode(encodings[-1], "replace")


def _checked(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise LayoutError("not_text", line, values={"byte": data[error.start]}) from None
    found = CONTROL.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise LayoutError("not_text", line, values={"byte": ord(found[0])})
    return text


def normal(text: str) -> str:
    """Return a text for comparison: lower case, single spaces, also for hard spaces."""
    return SPACES.sub(" ", text).strip().casefold()


@lru_cache(maxsize=4096)
def _pattern(column: str) -> re.Pattern[str]:
    return re.compile(column[1:-1], re.IGNORECASE)


def fits(column: Column, text: str) -> bool:
    """Whether a header text is what a reference to a column means."""
    if is_regex(column):
        return _pattern(str(column)).fullmatch(SPACES.sub(" ", text).strip()) is not None
    return normal(str(column)) == normal(text)


def place_of(column: Column, header: Sequence[str]) -> int | None:
    """Return the number of a column from 0, None if the header has none; two are refused."""
    if isinstance(column, int):
        return column - 1 if column <= len(header) or not header else None
    found = [place for place, text in enumerate(header) if fits(column, text)]
    if len(found) > 1:
        raise LayoutError("layout_columns", values={"column": str(column), "count": len(found)})
    return found[0] if found else None


class _Stripped(dict[str, str]):
    """Cells without padding, by how they are written; equal ones share their memory."""

    def __missing__(self, text: str) -> str:
        stripped = self[text] = text.strip()
        return stripped


def cells_of(
    lines: Sequence[str], delimiter: str, dialect: Dialect, before: int = 0
) -> list[tuple[str, ...]]:
    """Return the cells of all lines, one row a line, padding removed; so many lines precede."""
    reader = csv.reader(
        lines,
        delimiter=delimiter,
        quotechar=dialect.quoteChar,
        skipinitialspace=delimiter != " ",
        strict=True,  # `"1"2` is no 12
    )
    rows: list[tuple[str, ...]] = []
    known = _Stripped()
    try:
        for row in reader:
            rows.append(tuple(map(known.__getitem__, row)))
            if len(known) > MOST_SHARED:
                known.clear()
            if reader.line_num != len(rows):
                raise LayoutError(
                    "open_quotes", before + len(rows), values={"text": lines[len(rows) - 1][:80]}
                )
    except csv.Error as error:
        line = before + len(rows) + 1
        # a quote that no later line closes
        if reader.line_num > len(rows) + 1 or str(error) == "unexpected end of data":
            text = lines[len(rows)][:80]
            raise LayoutError("open_quotes", line, values={"text": text}) from None
        raise LayoutError("bad_row", line, values={"text": str(error)}) from None
    return rows


def _cells_alone(line: str, delimiter: str, dialect: Dialect) -> tuple[str, ...]:
    """Return the cells of a line of the preamble, which may be anything."""
    try:
        return cells_of([line], delimiter, dialect)[0]
    except LayoutError:
        return ()


def header_at(lines: Sequence[str], layout: LayoutFile) -> tuple[int, str] | None:
    """Return the line (from 0) of the header and the delimiter, None if the layout does not fit.

    A file without a header row (`row = 0`) is recognised by `above`, in its first lines.
    """
    header = layout.header
    above = "\n".join(lines[:PREAMBLE_LINES])
    if not all(re.search(pattern, above) for pattern in header.above):
        return None
    if header.row is not None and not header.match:
        return header.row - 1, layout.dialect.delimiter[0]
    numbers = range(min(len(lines), PREAMBLE_LINES))
    if header.row:
        numbers = range(header.row - 1, min(header.row, len(lines)))
    for number in numbers:
        for delimiter in layout.dialect.delimiter:
            cells = header_cells(lines, number, delimiter, layout)
            if len(cells) > 1 and matches(header, cells):
                return number, delimiter
    return None


def header_cells(
    lines: Sequence[str], number: int, delimiter: str, layout: LayoutFile
) -> tuple[str, ...]:
    """Return the header's cells; of a header of several rows, joined column by column."""
    if delimiter not in lines[number]:
        return ()
    stack = [
        _cells_alone(line, delimiter, layout.dialect)
        for line in lines[number : number + layout.header.rows]
    ]
    width = max(len(row) for row in stack)
    padded = [(*row, *[""] * (width - len(row))) for row in stack]
    cells = [" ".join(parts).strip() for parts in zip(*padded, strict=True)]
    while cells and not cells[-1]:
        cells.pop()
    return tuple(cells)


def matches(header: Header, cells: Iterable[str]) -> bool:
    """Whether a row has all cells that the header must have."""
    known = list(cells)
    return all(any(fits(column, text) for text in known) for column in header.match)


def tables_of(text: str, layout: LayoutFile, notes: dict[str, int]) -> Iterator[Table]:
    """Yield the tables of a file: a header that comes again begins another, as does a section.

    A table of many rows comes as several, a block of lines each.
    """
    most = max(PREAMBLE_LINES, layout.header.row or 0) + MOST_HEADER_ROWS
    beginning = LINE_END.split(text, most)[:most]
    found = header_at(beginning, layout)
    if found is None:
        raise LayoutError("layout_header", values={"layout": layout.name})
    at, delimiter = found
    notes["other_delimiter"] = int(delimiter != layout.dialect.delimiter[0])
    first = at + layout.header.rows if at >= 0 else 0
    table = Table(
        max(at + 1, 0),
        header_cells(beginning, at, delimiter, layout) if at >= 0 else (),
        above="\n".join(beginning[: max(at, 0)]),
        section=_section_in(beginning[:first], layout),
    )
    for before, lines in _blocks(text):
        below = lines[max(first - before, 0) :]
        before += len(lines) - len(below)
        rows = cells_of(below, delimiter, layout.dialect, before)
        breaks = _breaks(rows, below, layout, table.header, delimiter)
        start = 0
        for end in [*sorted(breaks), len(rows)]:
            numbers = _readings(rows, below, layout.dialect.commentChar, start, end)
            if numbers and not table.continues and _is_unit_row(rows[numbers[0]], layout):
                notes["unit_row"] = notes.get("unit_row", 0) + 1
                table = replace(table, units=rows[numbers[0]])
                numbers = numbers[1:]
            if numbers:
                own = [rows[number] for number in numbers]
                yield replace(table, lines=[before + n + 1 for n in numbers], rows=own)
                table = replace(table, continues=True)
            kind = breaks.get(end)
            if isinstance(kind, re.Match):
                table = replace(table, section=kind, units=(), continues=False)
            elif kind and list(map(normal, kind)) == list(map(normal, table.header)):
                notes["repeated_header"] = notes.get("repeated_header", 0) + table.continues
            elif kind:
                line = before + end + 1
                table = replace(table, header_line=line, header=kind, units=(), continues=False)
            start = end + 1


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines of a text by some BLOCK_LETTERS, and how many precede them."""
    at = before = 0
    while at < len(text):
        end = text.find("\n", at + BLOCK_LETTERS) + 1 or len(text)
        lines = LINE_END.split(text[at:end])
        if end < len(text):
            lines.pop()  # what follows the last line's end
        yield before, lines
        at = end
        before += len(lines)


def _readings(
    rows: Sequence[tuple[str, ...]], lines: Sequence[str], comment: str | None, start: int, end: int
) -> Sequence[int]:
    """Return the numbers of rows that are neither empty nor a comment."""
    numbers = [number for number in range(start, end) if any(rows[number])]
    if comment:
        numbers = [n for n in numbers if not lines[n].lstrip().startswith(comment)]
    return numbers


def _is_unit_row(row: Sequence[str], layout: LayoutFile) -> bool:
    """Whether a row below a header has units and nothing else."""
    named = [cell for cell in row if cell] if layout.header.unitRow else []
    return bool(named) and all(map(unit_in, named))


def _section_in(lines: Sequence[str], layout: LayoutFile) -> re.Match[str] | None:
    """Return the section line nearest above the header."""
    if layout.point.section is None:
        return None
    found = [re.search(layout.point.section, line) for line in lines]
    return next((match for match in reversed(found) if match), None)


def _breaks(
    rows: Sequence[tuple[str, ...]],
    lines: Sequence[str],
    layout: LayoutFile,
    header: Sequence[str],
    delimiter: str,
) -> dict[int, re.Match[str] | tuple[str, ...]]:
    """Return the rows that begin another table: its section line or its header.

    A header that comes again has the name of the time where the rows have times.
    """
    breaks: dict[int, re.Match[str] | tuple[str, ...]] = {}
    section = re.compile(layout.point.section) if layout.point.section else None
    if section is not None:
        found = ((number, section.search(line)) for number, line in enumerate(lines))
        breaks = {number: match for number, match in found if match}
    time = layout.time
    columns = [*(time.start or time.end or time.label or []), time.period]
    named = next((column for column in columns if isinstance(column, str)), None)
    place = place_of(named, header) if named is not None and layout.header.match else None
    if place is None:
        return breaks
    texts = [row[place] if place < len(row) else "" for row in rows]
    names = {text for text in set(texts) if fits(named, text)}
    for number, text in enumerate(texts if names else ()):
        if text in names and number not in breaks and matches(layout.header, rows[number]):
            breaks[number] = header_cells(lines, number, delimiter, layout)
    return breaks
