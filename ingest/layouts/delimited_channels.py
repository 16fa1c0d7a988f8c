"""Find the values of a table and the channel of each: a column, a point, or a code in the row."""

import re
from collections.abc import Collection, Sequence
from operator import itemgetter

import numpy as np
import pandas as pd

from ingest.layouts.delimited_text import Table, place_of
from ingest.layouts.delimited_values import unit_in
from ingest.layouts.delimited_wide import DayColumns
from ingest.layouts.layout_file import Column, LayoutFile
from ingest.layouts.parsed import Channel, LayoutError

Texts = np.ndarray  # of str, dtype object


class Channels:
    """The channels of a file, numbered as they are met."""

    def __init__(self) -> None:
        self.numbers: dict[Channel, int] = {}
        self.points: dict[str | None, int] = {}
        self.registers: dict[str, int] = {}

    def number(self, channel: Channel) -> int:
        """Return the number of a channel."""
        return self.numbers.setdefault(channel, len(self.numbers))

    @property
    def codes(self) -> list[str]:
        """The code of each channel."""
        return [channel.code for channel in self.numbers]

    def as_written(self) -> tuple[Channel, ...]:
        """Return all channels by number."""
        return tuple(self.numbers)


def column_of(rows: Sequence[tuple[str, ...]], place: int) -> Texts:
    """Return a column of a table."""
    found = np.empty(len(rows), dtype=object)
    try:
        found[:] = list(map(itemgetter(place), rows))
    except IndexError:  # a file without a header has rows of any length
        found[:] = [row[place] if place < len(row) else "" for row in rows]
    return found


def needed(column: Column, header: Sequence[str]) -> int:
    """Return the place of a column that the table has to have."""
    place = place_of(column, header)
    if place is None:
        raise LayoutError("layout_columns", values={"column": str(column), "count": 0})
    return place


def _flat(
    row: np.ndarray, channel: np.ndarray, text: np.ndarray, day: DayColumns | None = None
) -> dict[str, np.ndarray]:
    """Return what there is of each value, row by row; `channel` and `text` are tables."""
    count, width = text.shape
    one = np.zeros(text.size, dtype="int8")
    tiled = {"day_minute": one, "day_length": one, "is_extra": one.astype(bool), "position": one}
    if day is not None:
        tiled = {
            "day_minute": np.tile(np.array(day.minutes, dtype="int64"), count),
            "day_length": np.full(text.size, day.length, dtype="int64"),
            "is_extra": np.tile(np.array(day.extra, dtype=bool), count),
            "position": np.tile(np.arange(1, width + 1), count),
        }
    return {
        "row": np.repeat(row, width),
        "channel": channel.ravel(),
        "register": one,
        "text": text.ravel(),
        **tiled,
    }


def by_column(
    table: Table,
    layout: LayoutFile,
    channels: Channels,
    point: Texts,
    notes: dict[str, int],
) -> dict[str, np.ndarray]:
    """Return the values of a table in which a channel is a column."""
    places: list[tuple[int, str, str | None]] = []
    taken: set[str] = set()
    for spec in layout.channel:
        found = [(place_of(column, table.header), column) for column in spec.columns]
        place = next((place for place, _ in found if place is not None), None)
        if place is None and spec.required:
            raise LayoutError("layout_columns", values={"column": str(found[0][1]), "count": 0})
        if place is None or not spec.quantity or spec.quantity in taken:
            continue
        taken.add(spec.quantity)
        name = table.header[place] if table.header else str(place + 1)
        own = _row_units(table, layout)
        unit = own if own is not None else _unit(spec.unit, name, table.units, place)
        places.append((place, spec.quantity, unit))
    if not places:
        raise LayoutError("layout_columns", values={"column": "a channel", "count": 0})
    _note_unused(table, {place for place, _, _ in places}, notes)
    codes, distinct = pd.factorize(point, use_na_sentinel=False)
    names = [None if pd.isna(name) else name for name in distinct]
    columns, texts = [], []
    for place, quantity, unit in places:
        code = table.header[place] if table.header else str(place + 1)
        if isinstance(unit, np.ndarray):
            keys = zip(point, unit, strict=True)
            columns.append([channels.number(Channel(p, code, quantity, u)) for p, u in keys])
        else:
            numbers = [channels.number(Channel(name, code, quantity, unit)) for name in names]
            columns.append(np.array(numbers, dtype="int32")[codes])
        texts.append(column_of(table.rows, place))
    return _flat(np.arange(len(table.rows)), np.column_stack(columns), np.column_stack(texts))


def by_point(
    table: Table, layout: LayoutFile, channels: Channels, notes: dict[str, int]
) -> dict[str, np.ndarray]:
    """Return the values of a table in which a column is a point, or a channel of one."""
    wide = layout.wide
    pattern = re.compile(wide.columns, re.IGNORECASE)
    own = {place_of(column, table.header) for column in _own_columns(layout)}
    numbers, places = [], []
    for place, text in enumerate(table.header):
        match = pattern.fullmatch(text)
        if place in own or not text or match is None:
            continue
        groups = match.groupdict()
        code = groups.get("code") or ""
        found = next((c for c in layout.code if re.fullmatch(c.match, code, re.I)), None)
        quantity = found.quantity if found else wide.quantity
        rule = found.unit if found and found.unit else wide.unit
        unit = _unit(rule, (groups["unit"] or "") if "unit" in groups else text, table.units, place)
        if quantity:
            channel = Channel(groups["point"].strip(), code or text, quantity, unit)
            numbers.append(channels.number(channel))
            places.append(place)
    if not places:
        raise LayoutError("layout_columns", values={"column": wide.columns, "count": 0})
    _note_unused(table, {*places, *own}, notes)
    width = len(table.header)
    padded = [row if len(row) == width else (*row, *[""] * width)[:width] for row in table.rows]
    text = np.array(padded, dtype=object).reshape(len(padded), width)[:, places]
    channel = np.tile(np.array(numbers, dtype="int32"), (len(padded), 1))
    return _flat(np.arange(len(padded)), channel, text)


def _note_unused(table: Table, used: Collection[int | None], notes: dict[str, int]) -> None:
    """Count the columns of power or energy that are not read."""
    if not table.continues:
        unused = [text for place, text in enumerate(table.header) if place not in used]
        count = sum(unit_in(text) is not None for text in unused)
        notes["unused_columns"] = notes.get("unused_columns", 0) + count


def by_code(
    table: Table,
    layout: LayoutFile,
    channels: Channels,
    point: Texts,
    day: DayColumns | None,
    notes: dict[str, int],
) -> dict[str, np.ndarray]:
    """Return the values of a table in which a cell of the row names the channel."""
    count = len(table.rows)
    codes = np.full(count, "", dtype=object)
    if layout.codeColumn is not None:
        codes = column_of(table.rows, needed(layout.codeColumn, table.header))
    row_units = _row_units(table, layout)
    known: dict[tuple, tuple[int, int, bool]] = {}
    found = []
    for key in zip(
        point, codes, row_units if row_units is not None else [None] * count, strict=True
    ):
        if key not in known:
            known[key] = _channel_of(key, layout, channels, table.units)
        found.append(known[key])
    used = np.array([is_used for _, _, is_used in found], dtype=bool)
    notes["unused_rows"] = notes.get("unused_rows", 0) + int((~used).sum())
    rows = np.flatnonzero(used)
    if day is None:
        text = column_of(table.rows, needed(layout.valueColumn, table.header))[:, None]
    else:
        text = np.column_stack([column_of(table.rows, place) for place in day.places])
    number = np.array([number for number, _, _ in found], dtype="int32")[rows]
    values = _flat(rows, np.repeat(number[:, None], text.shape[1], axis=1), text[rows], day)
    register = np.array([register for _, register, _ in found], dtype="int64")[rows]
    return {**values, "register": np.repeat(register, text.shape[1])}


def _channel_of(
    key: tuple[str | None, str, str | None],
    layout: LayoutFile,
    channels: Channels,
    units: Sequence[str],
) -> tuple[int, int, bool]:
    """Return number and register of the channel of a row, and whether it is used."""
    point, code, row_unit = key
    register = channels.registers.setdefault(code, len(channels.registers))
    spec = next((c for c in layout.code if re.fullmatch(c.match, code, re.IGNORECASE)), None)
    if spec is None and (layout.code or layout.wide is None):
        return channels.number(Channel(point, code, "", row_unit)), register, False
    quantity = spec.quantity if spec else layout.wide.quantity
    rule = spec.unit if spec else layout.wide.unit
    name = (spec.name if spec else None) or code
    unit = row_unit if row_unit is not None else _unit(rule, code, units, 0)
    return channels.number(Channel(point, name, quantity, unit)), register, bool(quantity)


def _own_columns(layout: LayoutFile) -> list[Column]:
    """Return the columns that hold no value."""
    time = layout.time
    named = [time.start, time.end, time.label]
    columns = [column for group in named if group for column in group]
    status = layout.status.column if layout.status else None
    single = [time.period, time.minutesColumn, layout.point.column, layout.codeColumn, status]
    return [*columns, *(column for column in single if column is not None)]


def _unit(rule: str | None, text: str, units: Sequence[str], place: int) -> str | None:
    """Return the unit of a column: fixed, from its header, or from the unit row."""
    from_row = unit_in(units[place]) if place < len(units) else None
    if rule == "header":
        return unit_in(text) or from_row
    return from_row if rule in (None, "unitRow") else rule


def _row_units(table: Table, layout: LayoutFile) -> Texts | None:
    """Return the unit of each row; a text that names none is refused, an empty one is unknown."""
    if layout.unitColumn is None:
        return None
    place = place_of(layout.unitColumn, table.header)
    if place is None:
        return None
    texts = column_of(table.rows, place)
    units = {text: unit_in(text) for text in set(texts)}
    for line, text in zip(table.lines, texts, strict=True):
        if text and units[text] is None:
            raise LayoutError("layout_unit", line, values={"text": text})
    found = np.empty(len(texts), dtype=object)
    found[:] = [units[text] for text in texts]
    return found
