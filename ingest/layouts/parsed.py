"""Define what a reader of a file with named channels gives back, and make a layout of a reader.

A reader is a pure function of bytes. Its values are tall: one row per channel and interval, as they
are in the file. Which of a file's points are a feeder's, and which channels it uses, `parts`
decides from meter-data.csv; `parsed_rows` turns values into rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import duckdb

from ingest.file_names import span_in
from ingest.layouts import parsed_rows
from ingest.layouts.interface import Outline, RawFile, Reading, Values
from ingest.layouts.parsed_files import parsed_once
from ingest.layouts.parsed_rows import QUANTITIES as QUANTITIES
from ingest.problems import Problem

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

# VA and var, VAh and varh alike: `kvarh` in a file is `kWh` here.
UNITS = ("W", "kW", "MW", "Wh", "kWh", "MWh")
# Name and type in pandas of the columns of `Parsed.values`.
VALUE_COLUMNS = {
    "channel": "int32",  # index into `Parsed.channels`
    "line": "int64",  # line of the text, line of the XML, row of the sheet; from 1
    "position": "int32",  # place in the line, from 1; 0 = the line is one interval
    "start": "datetime64[us]",
    "end": "datetime64[us]",
    "value": "object",  # text: an optional sign, digits, '.' as decimal point; None = unknown
    "status": "object",  # text: the file's word or code; None without one
}
UTC, METER = "utc", "meter"
# Beyond these, clocks and calendars end; what is odd within them is a rule's matter.
EARLIEST, LATEST = datetime(1900, 1, 1), datetime(2200, 1, 1)


@dataclass(frozen=True)
class Channel:
    """One channel of one point of a file.

    `point` names the meter as the file does (None = the file names none, its name has to), `code`
    the channel (E1, 1-1:1.29.0, a column's header). `quantity` is one of QUANTITIES, or "" for what
    is recognised, counted and not used. `unit` is one of UNITS, None if the file names none.
    """

    point: str | None
    code: str
    quantity: str
    unit: str | None = None


@dataclass(frozen=True)
class Parsed:
    """All that a file says, in its own order.

    `clock` is "utc" if start and end are UTC, "meter" if they are labels of the meter's own clock,
    or the IANA zone whose clock the layout declares. `notes` count what was normalised, by the
    codes of the table [notes] of letters.toml. `places` are where in the file the values are, such
    as a member of a zip or a sheet: one for the whole file, or none.
    """

    channels: tuple[Channel, ...]
    values: "pd.DataFrame"
    clock: str = METER
    interval_minutes: int | None = None
    notes: tuple[tuple[str, int], ...] = ()
    header_line: int = 0
    places: tuple[str, ...] = ()

    @cached_property
    def rows_of(self) -> "Mapping[int, np.ndarray]":
        """The places of the values of each channel that has any."""
        return self.values.groupby("channel").indices


class LayoutError(Exception):
    """A recognised file that cannot be read in full; nothing of it is used."""

    def __init__(
        self,
        code: str,
        line: int | None = None,
        record: int | None = None,
        values: dict[str, object] | None = None,
    ) -> None:
        super().__init__(f"{code} in line {line}: {values}")
        self.problem = Problem(code, line and int(line), record, values or {})


@dataclass(frozen=True)
class ChannelSpan:
    """How many values a channel has, and when the first starts and the last ends."""

    value_count: int
    first_start: datetime
    last_end: datetime


@dataclass(frozen=True)
class ParsedOutline(Outline):
    """The outline of a file with named channels: all but its values.

    `spans` has the channels with values, by their index. Times are those of `clock`.
    """

    channels: tuple[Channel, ...] = ()
    spans: Mapping[int, ChannelSpan] = field(default_factory=dict)
    clock: str = METER
    interval_minutes: int | None = None
    places: tuple[str, ...] = ()


@dataclass(frozen=True)
class ParsedLayout:
    """A layout of two functions: `refusal` is its `why_not`, `parse` its reader.

    With `takes_span` the reader is given the span in the file's name as well, to check dates.
    """

    name: str
    refusal: Callable[[bytes], Problem | None]
    parse: Callable[..., Parsed]
    takes_span: bool = False

    def parsed(self, data: bytes, name: str) -> Parsed:
        """Return all that a file of this name says. Raises LayoutError."""
        found = self.parse(data, span_in(name)) if self.takes_span else self.parse(data)
        ends = found.values[["start", "end"]]
        is_far = (ends < EARLIEST) | (ends >= LATEST)
        if is_far.to_numpy().any():
            row = is_far.any(axis=1).to_numpy().argmax()
            odd = ends.iloc[row][is_far.iloc[row]].iloc[0]
            expected = f"a time from {EARLIEST.year} on, before {LATEST.year}"
            values = {"expected": expected, "text": str(odd)}
            raise LayoutError("bad_date", found.values["line"].iloc[row], values=values)
        return found

    def why_not(self, beginning: bytes) -> Problem | None:
        """Return why a file that begins so is not of this layout, None if it is."""
        return self.refusal(beginning)

    def outline(self, data: bytes, name: str) -> Outline:
        """Return what the file says but for its values; with a problem if it cannot be read."""
        try:
            parsed = parsed_once(self, data, name)
        except LayoutError as error:
            return ParsedOutline(error.problem)
        if parsed.values.empty:
            return ParsedOutline(Problem("no_rows", parsed.header_line or None))
        found = parsed.values.groupby("channel").agg({"line": "size", "start": "min", "end": "max"})
        spans = {
            int(channel): ChannelSpan(int(count), first.to_pydatetime(), last.to_pydatetime())
            for channel, count, first, last in found.itertuples()
        }
        return ParsedOutline(
            header_line=parsed.header_line,
            row_lines=int(parsed.values["line"].nunique()),
            first_start=min(span.first_start for span in spans.values()),
            last_end=max(span.last_end for span in spans.values()),
            notes=parsed.notes,
            channels=parsed.channels,
            spans=spans,
            clock=parsed.clock,
            interval_minutes=parsed.interval_minutes,
            places=parsed.places,
        )

    def read(self, con: duckdb.DuckDBPyConnection, files: Mapping[int, RawFile]) -> Reading:
        """Read the rows of parts, each file once."""
        return parsed_rows.read_parts(con, self, files)

    def first_row_at(self, raw: RawFile, start: datetime) -> tuple[int | None, Values] | None:
        """Return the values of the first row that starts then, None without one."""
        found = list(parsed_rows.values_of(self, raw, start).values())
        return (None, found[0]) if found else None

    def values_by_time(self, raw: RawFile) -> dict[tuple[object, object], Values]:
        """Return values by start and end; of a repeated time, the last."""
        return parsed_rows.values_of(self, raw)
