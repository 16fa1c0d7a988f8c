"""Read delimited text as a layout file describes it: bytes in, tall values out. Guesses nothing.

`delimited_text` knows lines and cells, `delimited_columns` what a column means, `delimited_times`
and `delimited_values` the texts in it.
"""

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from ingest.layouts.delimited_channels import Channels
from ingest.layouts.delimited_columns import Cells, rows_of
from ingest.layouts.delimited_moments import moments_of
from ingest.layouts.delimited_text import (
    CONTROL,
    UTF_16,
    first_lines,
    header_at,
    tables_of,
    text_of,
)
from ingest.layouts.delimited_times import Span
from ingest.layouts.delimited_values import read_values
from ingest.layouts.layout_file import LayoutFile, read_layouts
from ingest.layouts.parsed import VALUE_COLUMNS, LayoutError, Parsed
from ingest.problems import Problem

SHIPPED = Path(__file__).parent / "shipped"
# A million values take some 250 MB while they are read; 900 meters and a month are 2.7 million.
MOST_VALUES = 6_000_000


class DelimitedLayout:
    """One layout of delimited text, with the two functions of a reader."""

    def __init__(self, file: LayoutFile) -> None:
        self.file = file
        self.name = file.name

    def why_not(self, data: bytes) -> Problem | None:
        """Return why a file that begins so is not of this layout, None if it is."""
        try:
            lines = first_lines(data, self.file.dialect.encoding)
            found = header_at(lines, self.file)
        except LayoutError as error:
            return error.problem
        if found is None or (not self.file.header.match and CONTROL.search("".join(lines))):
            return Problem("layout_header", values={"layout": self.name})
        return None

    def parse(self, data: bytes, span: Span | None = None) -> Parsed:
        """Return all that a file says; `span` is first start and last end in the file's name."""
        layout = self.file
        if layout.doubts:
            values = {"layout": layout.name, "text": layout.doubts[0], "count": len(layout.doubts)}
            raise LayoutError("layout_doubts", values=values)
        notes = {"utf_16": int(data.startswith(UTF_16))}
        channels = Channels()
        cells, header_line = _cells(text_of(data, layout.dialect.encoding), layout, channels, notes)
        starts, ends, clock = moments_of(cells, layout, span, notes)
        values = read_values(
            cells.text, layout.dialect, cells.lines[cells.row], channels.codes, cells.channel
        )
        frame = _frame(cells, starts, ends, values)
        frame = _summed(frame, notes) if layout.sumCodes else frame
        frame = _oldest_first(frame, notes)
        if layout.time.minutes and (layout.time.period or (layout.time.start and layout.time.end)):
            _refuse_other_lengths(frame, layout.time.minutes)
        return Parsed(
            channels=channels.as_written(),
            values=frame[list(VALUE_COLUMNS)].astype(VALUE_COLUMNS).reset_index(drop=True),
            clock=clock,
            interval_minutes=layout.time.minutes,
            notes=tuple((code, count) for code, count in sorted(notes.items()) if count),
            header_line=header_line,
        )


def _cells(
    text: str, layout: LayoutFile, channels: Channels, notes: dict[str, int]
) -> tuple[Cells, int]:
    """Return the cells of all tables of a file, and the line of the header of the first."""
    parts: list[Cells] = []
    header_line = None
    size = 0
    for table in tables_of(text, layout, notes):
        header_line = table.header_line if header_line is None else header_line
        part = rows_of(table, layout, channels, notes)
        size += part.text.size
        if size > MOST_VALUES:
            raise LayoutError("too_many_values", values={"most": MOST_VALUES})
        if part.row.size:
            parts.append(part)
    cells = Cells.joined(parts)
    if None in channels.points and len(channels.points) > 1:  # whose value is it?
        line = int(cells.lines[np.flatnonzero(cells.point == channels.points[None])[0]])
        raise LayoutError("layout_point", line, values={"text": ""})
    return cells, header_line or 0


def _frame(cells: Cells, starts: np.ndarray, ends: np.ndarray, values: np.ndarray) -> pd.DataFrame:
    """Return one row per channel and interval."""
    frame = pd.DataFrame(
        {
            "channel": cells.channel,
            "line": cells.lines[cells.row],
            "position": cells.position,
            "start": starts,
            "end": ends,
            "value": pd.Series(values, dtype=object),
            "status": pd.Series(cells.status[cells.row], dtype=object),
            "register": cells.register,
        },
        copy=False,
    )
    # a column for the hour that a clock change adds is empty on all other days
    is_extra = cells.is_extra & frame["value"].isna().to_numpy()
    return frame[~is_extra] if is_extra.any() else frame


def _oldest_first(frame: pd.DataFrame, notes: dict[str, int]) -> pd.DataFrame:
    """Return the rows in the order of recording, which decides in a repeated hour."""
    steps = np.diff(frame["start"].to_numpy()).astype("int64")
    if (steps < 0).sum() <= (steps > 0).sum():
        return frame
    notes["newest_first"] = int(frame["line"].nunique())
    lines = -frame["line"].to_numpy()
    return frame.iloc[np.lexsort((np.arange(len(frame)), lines))]


def _summed(frame: pd.DataFrame, notes: dict[str, int]) -> pd.DataFrame:
    """Return one value a channel and interval: the sum over the registers of its tariffs.

    Registers without a value count nothing. Two rows of one register are left as they are: which
    of them is right is not known here.
    """
    keys = ["channel", "start", "end"]
    doubled = frame.duplicated(keys, keep=False)
    doubled &= ~frame.duplicated([*keys, "register"], keep=False)
    if not doubled.any():
        return frame
    notes["joined_registers"] = int(doubled.sum())
    several = frame[doubled].sort_values([*keys, "line"], kind="stable")
    group = several.groupby(keys, sort=False).ngroup().to_numpy()
    first = several.iloc[np.unique(group, return_index=True)[1]].copy()
    sums: dict[int, Decimal] = {}
    for number, value in zip(group, several["value"], strict=True):
        if value is not None:
            sums[number] = sums.get(number, Decimal(0)) + Decimal(value)
    texts = [format(sums[n], "f") if n in sums else None for n in range(len(first))]
    first["value"] = pd.Series(texts, dtype=object, index=first.index)
    return pd.concat([frame[~doubled], first]).sort_values(["line", "channel"], kind="stable")


def _refuse_other_lengths(frame: pd.DataFrame, minutes: int) -> None:
    """Refuse a row whose interval has another length than the layout declares."""
    other = (frame["end"] - frame["start"]).to_numpy() != np.timedelta64(minutes, "m")
    if other.any():
        line = int(frame["line"].to_numpy()[int(np.flatnonzero(other)[0])])
        raise LayoutError("layout_length", line)


def layouts_in(folders: tuple[Path, ...] = ()) -> tuple[DelimitedLayout, ...]:
    """Return the shipped layouts and those of folders, which replace shipped ones of their name.

    The files are read again where one was added, edited or taken away.
    """
    files = [(path, path.stat()) for folder in folders for path in sorted(folder.glob("*.toml"))]
    return _layouts_in(folders, tuple((p, stat.st_size, stat.st_mtime_ns) for p, stat in files))


@lru_cache(maxsize=8)
def _layouts_in(folders: tuple[Path, ...], _: tuple) -> tuple[DelimitedLayout, ...]:
    return tuple(DelimitedLayout(file) for file in read_layouts((*folders, SHIPPED)))


def layout_for(
    data: bytes, layouts: Sequence[DelimitedLayout]
) -> tuple[DelimitedLayout | None, Problem | None]:
    """Return the one layout that fits, of the lowest rank; if none or two do, a problem."""
    fitting = [layout for layout in layouts if layout.why_not(data) is None]
    if not fitting:
        return None, Problem("layout_header", values={"layout": ""})
    lowest = min(layout.file.rank for layout in fitting)
    first = [layout for layout in fitting if layout.file.rank == lowest]
    if len(first) > 1:
        names = sorted(layout.name for layout in first)
        return None, Problem("two_layouts", values={"first": names[0], "second": names[1]})
    return first[0], None
