"""Find the rows of a table that are readings, and the texts of their times, points and values."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from ingest.layouts.delimited_channels import (
    Channels,
    Texts,
    by_code,
    by_column,
    by_point,
    column_of,
    needed,
)
from ingest.layouts.delimited_text import Table, place_of
from ingest.layouts.delimited_wide import day_columns
from ingest.layouts.layout_file import Columns, LayoutFile
from ingest.layouts.parsed import LayoutError


@dataclass(frozen=True)
class Cells:
    """The texts of one or more tables: one entry a row, or (from `row` on) one a value."""

    lines: np.ndarray
    start: Texts
    end: Texts
    minutes: Texts
    point: np.ndarray
    status: Texts
    span: Texts
    row: np.ndarray
    channel: np.ndarray
    register: np.ndarray
    position: np.ndarray
    text: Texts
    day_minute: np.ndarray
    day_length: np.ndarray
    is_extra: np.ndarray

    @staticmethod
    def joined(parts: Sequence["Cells"]) -> "Cells":
        """Return the tables of a file as one; none has no rows."""
        if not parts:
            raise LayoutError("no_rows")
        before = np.cumsum([0, *(part.lines.size for part in parts)])
        found = {}
        for field in fields(Cells):
            arrays = [getattr(part, field.name) for part in parts]
            if field.name == "row":
                arrays = [rows + first for rows, first in zip(arrays, before, strict=False)]
            found[field.name] = np.concatenate(arrays)
        return Cells(**found)


def rows_of(table: Table, layout: LayoutFile, channels: Channels, notes: dict[str, int]) -> Cells:
    """Return the texts of a table's rows, without trailers and rows of other kinds."""
    table = _without_trailers(table, layout, notes)
    _check_cells(table)
    table = _only(table, layout, notes)
    point = _points(table, layout)
    wide = layout.wide is not None and layout.wide.over == "times"
    day = day_columns(table, layout) if wide else None
    if day is not None or layout.valueColumn is not None:
        values = by_code(table, layout, channels, point, day, notes)
    elif layout.wide is not None:
        values = by_point(table, layout, channels, notes)
    else:
        values = by_column(table, layout, channels, point, notes)
    time = layout.time
    period = np.full(len(table.rows), "", dtype=object)
    start = _time_text(table, time.start or time.label)
    end = _time_text(table, time.end)
    if time.period is not None:
        period = column_of(table.rows, needed(time.period, table.header))
        start, end = _split(period, time.separator, table.lines)
    minutes = period
    if time.minutesColumn is not None:
        minutes = column_of(table.rows, needed(time.minutesColumn, table.header))
    codes, distinct = pd.factorize(point, use_na_sentinel=False)
    names = [None if pd.isna(name) else name for name in distinct]
    numbers = [channels.points.setdefault(name, len(channels.points)) for name in names]
    span = np.full(len(table.rows), "", dtype=object)
    if table.section is not None and "from" in table.section.groupdict():
        span[:] = f"{table.section['from']}"
    return Cells(
        lines=np.array(table.lines, dtype="int64"),
        start=start,
        end=end,
        minutes=minutes,
        point=np.array(numbers, dtype="int64")[codes],
        status=_status(table, layout),
        span=span,
        **values,
    )


def _points(table: Table, layout: LayoutFile) -> Texts:
    """Return the name of each row's meter, None where the file names none."""
    point, count = layout.point, len(table.rows)
    found = np.full(count, None, dtype=object)
    if point.column is not None:
        texts = column_of(table.rows, needed(point.column, table.header))
    elif point.section is not None and table.section is not None:
        texts = np.full(count, table.section["point"].strip(), dtype=object)
    elif point.above is not None:
        match = re.search(point.above, table.above)
        texts = np.full(count, match[1].strip() if match else "", dtype=object)
    else:
        return found
    codes, distinct = pd.factorize(texts)
    names: list[str | None] = []
    for number, text in enumerate(distinct):
        match = re.fullmatch(point.pattern, text) if point.pattern and text else None
        if point.pattern and text and match is None:
            line = table.lines[int(np.flatnonzero(codes == number)[0])]
            raise LayoutError("layout_point", line, values={"text": text})
        names.append((match[1] if match else text) or None)
    return np.array([*names, None], dtype=object)[codes]


def _status(table: Table, layout: LayoutFile) -> Texts:
    """Return the word of each row in the product's words, None for none."""
    found = np.full(len(table.rows), None, dtype=object)
    place = place_of(layout.status.column, table.header) if layout.status else None
    if place is not None:
        words = {word.casefold(): own for word, own in layout.status.words.items()}
        texts = column_of(table.rows, place)
        found[:] = [words.get(text.casefold(), text) or None for text in texts]
    return found


def _time_text(table: Table, columns: Columns | None) -> Texts:
    """Return date and time of day of each row as one text."""
    if columns is None:
        return np.full(len(table.rows), "", dtype=object)
    texts = [column_of(table.rows, needed(column, table.header)) for column in columns]
    if len(texts) == 1:
        return texts[0]
    (date_codes, dates), (time_codes, times) = (pd.factorize(text) for text in texts)
    pairs, codes = np.unique(date_codes * len(times) + time_codes, return_inverse=True)
    joined = np.empty(len(pairs), dtype=object)
    joined[:] = [f"{dates[p // len(times)]} {times[p % len(times)]}".strip() for p in pairs]
    return joined[codes]


def _split(period: Texts, separator: str, lines: Sequence[int]) -> tuple[Texts, Texts]:
    """Return start and end of cells with both."""
    parts = [re.sub(r"\s+", " ", text).split(separator) for text in period]
    for line, text, part in zip(lines, period, parts, strict=True):
        if len(part) != 2:
            raise LayoutError(
                "layout_time",
                line,
                values={"column": "", "text": text, "formats": f"start{separator}end"},
            )
    found = np.array(parts, dtype=object).reshape(len(parts), 2)
    return found[:, 0], found[:, 1]


def _without_trailers(table: Table, layout: LayoutFile, notes: dict[str, int]) -> Table:
    """Return a table without the lines of totals and remarks, which name themselves."""
    if not layout.rows.trailer:
        return table
    patterns = [re.compile(pattern, re.IGNORECASE) for pattern in layout.rows.trailer]
    known: dict[str, bool] = {}
    keep = []
    for row in table.rows:
        text = row[0] or next((cell for cell in row if cell), "")
        if text not in known:
            known[text] = any(pattern.fullmatch(text) for pattern in patterns)
        keep.append(not known[text])
    notes["trailer"] = notes.get("trailer", 0) + keep.count(False)
    return table.kept(keep)


def _only(table: Table, layout: LayoutFile, notes: dict[str, int]) -> Table:
    """Return the rows that the layout reads, by a column such as the kind of energy."""
    for column, values in layout.rows.only.items():
        wanted = {value.casefold() for value in values}
        texts = column_of(table.rows, needed(column, table.header))
        keep = [text.casefold() in wanted for text in texts]
        notes["other_rows"] = notes.get("other_rows", 0) + keep.count(False)
        table = table.kept(keep)
    return table


def _check_cells(table: Table) -> None:
    """Refuse a row with fewer cells than the header, or with texts beyond it."""
    width = len(table.header)
    if not width:
        return
    counts = np.fromiter(map(len, table.rows), dtype="int64", count=len(table.rows))
    for number in np.flatnonzero(counts != width):
        row = table.rows[number]
        if len(row) < width or any(row[width:]):
            values = {"expected": width, "found": len(row), "text": " ".join(row)[:80]}
            raise LayoutError("cell_count", table.lines[number], values=values)
