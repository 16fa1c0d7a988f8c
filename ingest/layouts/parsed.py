"""Define what a reader of a file with named channels gives back. Knows no file and no meter data.

A reader is a pure function of bytes. Its values are tall: one row per channel and interval, as they
are in the file. Which of a file's points are a feeder's, and what its channels are in the columns
of a row, is decided later, from meter-data.csv.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.problems import Problem

if TYPE_CHECKING:
    import pandas as pd

# What a channel may measure; "" is recognised, counted and not used. `kva_net` is one value of kVA
# for whichever direction flows; quadrants are those of IEC 62053-23.
QUANTITIES = (
    *("del", "rec", "net"),
    *("kva_del", "kva_rec", "kva_net"),
    *("kvar_del", "kvar_rec", "kvar_q1", "kvar_q2", "kvar_q3", "kvar_q4", "kvar_net"),
)
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


@dataclass(frozen=True)
class Channel:
    """One channel of one point of a file.

    `point` names the meter as the file does (None = the file names none, its name has to), `code`
    the channel (E1, 1-1:1.29.0, a column's header). `quantity` is one of QUANTITIES, or "" for what
    is not used. `unit` is one of UNITS, None if the file names none.
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
        self.problem = Problem(code, line, record, values or {})
