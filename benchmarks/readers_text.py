"""Read delimited exports a second time, with csv and Decimal alone: what an accepted file holds.

Shares no code with the product. It may read what the product refuses, but drops nothing silently: a
row that it cannot read is a ValueError.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

LINE_END = re.compile("\r\n|\r|\n")
MISSING = {"", "-", "--", "---", "----", "nan", "null", "na", "n/a", "#n/a", "n.a.", "bad"}
MISSING.add("no data")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?", re.ASCII)
UNIT = re.compile(r"(?<![a-z])(k|m)?(wh?|vah?|varh?)(?![a-z])", re.IGNORECASE)
DAY, SECOND, MINUTE = timedelta(days=1), timedelta(seconds=1), timedelta(minutes=1)


class NoHeaderError(ValueError):
    """A text that is not a table of the format: the product passes over such a file of a zip."""


class Reading(NamedTuple):
    """One value of one channel; the time is UTC, or what the meter's clock showed."""

    point: str | None
    quantity: str
    unit: str | None
    start: datetime
    end: datetime
    value: Decimal | None
    is_utc: bool = False


@dataclass(frozen=True)
class Spec:
    """How a table is read; names of columns are regular expressions for whole header cells."""

    header: tuple[str, ...]
    formats: tuple[str, ...]
    start: tuple[str, ...] = ()
    end: tuple[str, ...] = ()
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    codes: tuple[str, str, dict[str, str]] | None = None  # code column, value column, meanings
    points: str = ""  # columns that are a point each
    point: str = ""  # a column
    above: str = ""  # a point above the header
    section: str = ""
    unit: str | dict[str, str] = "header"  # "header", "column", "row", or a unit (per quantity)
    delimiters: str = ","
    numbers: tuple[tuple[str, str], ...] = ((".", ""),)  # decimal mark, mark between thousands
    trailer: str = ""
    only: tuple[str, str] | None = None
    minutes: int | None = None
    minutes_column: str = ""
    zone: str = ""
    separator: str = ""
    has_last_minute: bool = False
    has_offset: bool = False
    sums_codes: bool = False
    point_pattern: str = ""


class _Row(NamedTuple):
    names: Sequence[str]
    units: Sequence[str]
    point: str | None
    cells: Sequence[str]


def unit_in(text: str) -> str | None:
    """Return the unit in a text, kvarh and kVAh as kWh; None unless there is exactly one."""
    found = {
        ({"k": "k", "m": "M"}.get(prefix.lower(), ""), "Wh" if unit[-1] in "hH" else "W")
        for prefix, unit in UNIT.findall(text)
    }
    return "".join(found.pop()) if len(found) == 1 else None


def decoded(data: bytes) -> str:
    """Return the text; what stands above a header may hold bytes of any kind."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    return data.decode("utf-8-sig", "surrogateescape")


def place(names: Sequence[str], pattern: str) -> int:
    """Return where the one column is that has a name; -1 without one."""
    found = [at for at, name in enumerate(names) if is_named(name, pattern)]
    if len(found) > 1:
        raise ValueError(f"two columns {pattern}")
    return found[0] if found else -1


def is_named(name: str, pattern: str) -> bool:
    return re.fullmatch(pattern, re.sub(r"\s+", " ", name).strip(), re.IGNORECASE) is not None


def delimited(data: bytes, spec: Spec) -> list[Reading]:
    """Return all values of a table that are used."""
    rows = _rows(LINE_END.split(decoded(data)), spec)
    starts, ends, points = _times(rows, spec)
    texts = [
        (at, *found) for at, row in enumerate(rows) for found in _values(row, points[at], spec)
    ]
    numbers = _numbers([text for *_, text in texts], spec.numbers)
    found = [
        Reading(point, quantity, unit, starts[at], ends[at], number, spec.has_offset)
        for (at, point, quantity, unit, _), number in zip(texts, numbers, strict=True)
    ]
    return _summed(found) if spec.sums_codes else found


def _rows(lines: list[str], spec: Spec) -> list[_Row]:
    """Return the rows that are readings, each with its header, units and section."""
    at, delimiter, names = _header(lines, spec)
    above = "\n".join(lines[:at])
    point = None
    if spec.above and (match := re.search(spec.above, above)):
        point = match[1].strip() or None
    rows, units = [], ()
    for number, line in enumerate(lines):
        match = re.search(spec.section, line) if spec.section else None
        if match:
            point = match["point"].strip()
        if match or number <= at:
            continue
        cells = _cells(line, delimiter)
        if not any(cells):
            continue
        if _is_header(cells, spec):
            names, units = _trimmed(cells), ()
        elif "row" in spec.unit and not rows and all(unit_in(c) for c in cells if c):
            units = cells
        elif not (spec.trailer and is_named(next(filter(None, cells)), spec.trailer)):
            if len(cells) < len(names) or any(cells[len(names) :]):
                raise ValueError(f"line {number + 1} has {len(cells)} cells")
            rows.append(_Row(names, units, point, cells))
    if spec.only:
        column, value = spec.only
        rows = [r for r in rows if r.cells[place(r.names, column)].casefold() == value]
    return rows


def _header(lines: list[str], spec: Spec) -> tuple[int, str, list[str]]:
    for at, line in enumerate(lines[:200]):
        for delimiter in spec.delimiters:
            if delimiter in line and _is_header(cells := _cells(line, delimiter), spec):
                return at, delimiter, _trimmed(cells)
    raise NoHeaderError("no header")


def _cells(line: str, delimiter: str) -> list[str]:
    row = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    return [cell.strip(' \t"\u00a0') for cell in row]


def _is_header(cells: Sequence[str], spec: Spec) -> bool:
    return all(any(is_named(cell, name) for cell in cells) for name in spec.header)


def _trimmed(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _values(
    row: _Row, point: str | None, spec: Spec
) -> Iterable[tuple[str | None, str, str | None, str]]:
    """Yield point, quantity, unit and text of the values of a row."""
    if spec.points:
        own = {place(row.names, name) for name in spec.start}
        for at, name in enumerate(row.names):
            match = re.fullmatch(spec.points, name, re.IGNORECASE)
            if at not in own and name and match:
                of = match.groupdict()
                unit = unit_in(of.get("unit") or "") or _unit_below(row, at)
                yield of["point"].strip(), quantity_of(of.get("code")), unit, row.cells[at]
        return
    if spec.codes:
        code, value, meanings = spec.codes
        text = row.cells[place(row.names, code)]
        quantity = next((q for p, q in meanings.items() if re.fullmatch(p, text, re.I)), "")
        unit = spec.unit
        if unit == "column":
            unit = unit_in(row.cells[place(row.names, "eenheid")])
        elif unit == "header":
            unit = unit_in(text)
        if quantity:
            yield point, quantity, unit, row.cells[place(row.names, value)]
        return
    for quantity, names in spec.columns.items():
        at = next((at for name in names if (at := place(row.names, name)) >= 0), -1)
        if at >= 0:
            unit = spec.unit.get(quantity) if isinstance(spec.unit, dict) else spec.unit
            if unit == "header":
                unit = unit_in(row.names[at])
            elif unit == "row":
                unit = _unit_below(row, at)
            yield point, quantity, unit, row.cells[at]


def _unit_below(row: _Row, at: int) -> str | None:
    return unit_in(row.units[at]) if at < len(row.units) else None


def quantity_of(tag: str | None) -> str:
    """Return what a historian's tag such as `kvar_imp` measures; without one it is delivered."""
    if tag is None:
        return "del"
    kind = re.match("[km](varh?|vah?|wh?)", tag, re.I)[1].lower().removesuffix("h")
    way = re.sub("^[km](varh?|vah?|wh?)[._ -]?", "", tag, flags=re.I).lower()
    way = {"del": "del", "imp": "del", "rec": "rec", "exp": "rec"}.get(way[:3], "net")
    return {"w": "", "va": "kva_", "var": "kvar_"}[kind] + way


def _times(rows: list[_Row], spec: Spec) -> tuple[list[datetime], list[datetime], list[str | None]]:
    """Return start, end and point of each row."""
    points = [row.point for row in rows]
    if spec.point:
        points = [row.cells[place(row.names, spec.point)] or None for row in rows]
    if spec.point_pattern:
        points = [p and re.fullmatch(spec.point_pattern, p)[1] for p in points]
    starts, ends = ([_joined(row, names) for row in rows] for names in (spec.start, spec.end))
    if spec.separator:
        parts = [re.sub(r"\s+", " ", text).split(spec.separator) for text in starts]
        starts, ends = [start for start, _ in parts], [end for _, end in parts]
    if spec.start and (spec.end or spec.separator):
        read = moments([*starts, *ends], spec.formats)
        starts, ends = read[: len(rows)], read[len(rows) :]
        return starts, [_end(*pair, spec) for pair in zip(starts, ends, strict=True)], points
    labels = moments(starts if spec.start else ends, spec.formats)
    lengths = _lengths(rows, points, labels, spec)
    if spec.start:
        return labels, [a + b for a, b in zip(labels, lengths, strict=True)], points
    return [_before(*pair, spec.zone) for pair in zip(labels, lengths, strict=True)], labels, points


def _joined(row: _Row, names: Sequence[str]) -> str:
    return " ".join(row.cells[place(row.names, name)] for name in names)


def _end(start: datetime, end: datetime, spec: Spec) -> datetime:
    """Return the end of an interval, as the start of the next one."""
    if len(spec.start) == 2 and spec.start[0] == spec.end[0]:
        end += DAY * (end.time() == datetime.min.time() and end <= start)
    seconds = (end - start) // SECOND
    end += SECOND * (seconds % 60 == 59)
    return end + MINUTE * (spec.has_last_minute and seconds % 300 == 240)


def _lengths(
    rows: list[_Row], points: list[str | None], labels: list[datetime], spec: Spec
) -> list[timedelta]:
    if spec.minutes_column:
        texts = [row.cells[place(row.names, spec.minutes_column)] for row in rows]
        return [timedelta(minutes=int(text)) for text in texts]
    if spec.minutes:
        return [timedelta(minutes=spec.minutes)] * len(rows)
    of_point = defaultdict(set)
    for point, label in zip(points, labels, strict=True):
        of_point[point].add(label)
    steps = {
        point: {b - a for a, b in pairwise(sorted(found))} for point, found in of_point.items()
    }
    shortest = {point: min(found) for point, found in steps.items() if found}
    common = set(shortest.values())
    if any(step % shortest[p] for p, found in steps.items() for step in found):
        raise ValueError("labels at uneven distances")
    if len(shortest) < len(of_point) and len(common) != 1:
        raise ValueError("one reading alone has no length")
    return [shortest[p] if p in shortest else min(common) for p in points]


def _before(end: datetime, length: timedelta, zone: str) -> datetime:
    """Return the start on the clock of a zone; the hour that it skips in spring has none."""
    if not zone:
        return end - length
    clock, utc = ZoneInfo(zone), ZoneInfo("UTC")
    start = (end - length).replace(tzinfo=clock)
    if start.astimezone(utc).astimezone(clock) != start or _is_skipped(end - length, clock):
        passed = end.replace(tzinfo=clock).astimezone(utc) - length
        return passed.astimezone(clock).replace(tzinfo=None)
    return end - length


def _is_skipped(at: datetime, clock: ZoneInfo) -> bool:
    back = at.replace(tzinfo=clock).astimezone(ZoneInfo("UTC")).astimezone(clock)
    return back.replace(tzinfo=None) != at


def moments(texts: Sequence[str], formats: Sequence[str]) -> list[datetime]:
    """Return the times of all texts in the one form that reads them, or that leaves no hole."""
    plain = {text: re.sub(r"\s+", " ", text).strip() for text in texts}
    plain = {t: re.sub(r"\b([ap])\.?\s?m\b\.?", r"\1m", p, flags=re.I) for t, p in plain.items()}
    late = {t: bool(re.search(r"(?<![\d:])24:00(:00)?(?![\d:])", p)) for t, p in plain.items()}
    plain = {t: re.sub("24:00", "00:00", p) if late[t] else p for t, p in plain.items()}
    found: list[dict[str, datetime]] = []
    for form in formats:
        try:
            read = {text: _moment(p, form) for text, p in plain.items()}
        except ValueError:
            continue
        if read not in found:
            found.append(read)
    if len(found) > 1:
        found = [read for read in found if _is_even(read.values())]
    if len(found) != 1:
        raise ValueError(f"times in {len(found)} forms")
    return [found[0][text] + DAY * late[text] for text in texts]


def _moment(text: str, form: str) -> datetime:
    at = datetime.strptime(text, form)
    return at.replace(tzinfo=None) - at.utcoffset() if at.tzinfo else at


def _is_even(times: Iterable[datetime]) -> bool:
    ordered = sorted(set(times))
    return len(ordered) > 2 and len({b - a for a, b in pairwise(ordered)}) == 1


def _numbers(texts: list[str], marks: Sequence[tuple[str, str]]) -> list[Decimal | None]:
    """Return the numbers of all texts by the one pair of marks that reads them."""
    found: list[list[Decimal | None]] = []
    for decimal, group in marks:
        try:
            read = [number(text, decimal, group) for text in texts]
        except ValueError:
            continue
        if read not in found:
            found.append(read)
    if len(found) != 1:
        raise ValueError(f"numbers in {len(found)} forms")
    return found[0]


def number(text: str, decimal: str = ".", group: str = "") -> Decimal | None:
    """Return the number in a cell, None for an unknown one."""
    if text.lower() in MISSING:
        return None
    if group:
        mark = re.escape(group)
        if re.fullmatch(rf"[+-]?\d{{1,3}}({mark}\d{{3}})+({re.escape(decimal)}\d*)?", text):
            text = text.replace(group, "")
    if decimal != ".":
        if "." in text:
            raise ValueError(text)
        text = text.replace(decimal, ".")
    if not NUMBER.fullmatch(text):
        raise ValueError(text)
    return Decimal(text)


def _summed(readings: list[Reading]) -> list[Reading]:
    """Return the sum over the registers of the tariffs of a channel."""
    found: dict[tuple, list[Reading]] = defaultdict(list)
    for reading in readings:
        found[reading.point, reading.quantity, reading.start].append(reading)
    summed = []
    for alike in found.values():
        values = [reading.value for reading in alike if reading.value is not None]
        total = sum(values, Decimal(0)) if values else None
        summed.append(alike[0]._replace(value=total))
    return summed
