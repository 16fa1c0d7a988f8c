"""Define the TOML file that describes a layout of delimited text. Reads no meter file.

The words are those of Frictionless (`delimiter`, `decimalChar`, `groupChar`, `commentChar`,
`missingValues`, strftime formats) where it has one. A reference to a column is its header text
(case and spaces do not matter), a regular expression between slashes, or its number from 1.
"""

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from ingest.layouts.interface import LayoutFileError
from ingest.layouts.parsed import QUANTITIES, UNITS

ENCODINGS = ("utf-8", "utf-16", "cp1252", "iso8859-15", "ascii")
OFFSET = re.compile(r"[+-]\d\d:\d\d")


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _regex(value: object) -> str:
    try:
        re.compile(str(value))
    except re.error as error:
        raise ValueError(f"a regular expression ({error})") from error
    return str(value)


def _column(value: object) -> int | str:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    if not isinstance(value, str) or not value.strip():
        raise ValueError("header text, /regular expression/ or the number of a column from 1")
    if is_regex(value):
        _regex(value[1:-1])
    return value


def _clock(value: object) -> str:
    if value in ("meter", "offset", "UTC") or OFFSET.fullmatch(str(value)):
        return str(value)
    if value in available_timezones():
        return str(value)
    raise ValueError("meter, offset (in the text), UTC, +HH:MM or an IANA time zone")


def _encoding(value: object) -> str:
    if value not in ENCODINGS:
        raise ValueError(" or ".join(ENCODINGS))
    return str(value)


def is_regex(column: int | str) -> bool:
    """Whether a reference to a column is a regular expression."""
    return isinstance(column, str) and len(column) > 2 and column[0] == column[-1] == "/"


Regex = Annotated[str, BeforeValidator(_regex)]
Column = Annotated[int | str, BeforeValidator(_column)]
Columns = Annotated[list[Column], BeforeValidator(_as_list), Field(min_length=1)]
Char = Annotated[str, Field(min_length=1, max_length=1)]
Chars = Annotated[list[Char], BeforeValidator(_as_list), Field(min_length=1)]
Quantity = Literal["", *QUANTITIES]
Unit = Literal[*UNITS]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Dialect(_Part):
    """How bytes become cells. Several characters: the file settles which, or is refused."""

    delimiter: Chars = [","]
    quoteChar: Char = '"'
    decimalChar: Chars = ["."]
    groupChar: Annotated[list[str], BeforeValidator(_as_list)] = []
    commentChar: Char | None = None
    missingValues: list[str] = ["", "-", "NaN", "null", "N/A"]
    encoding: Annotated[
        list[Annotated[str, BeforeValidator(_encoding)]], BeforeValidator(_as_list)
    ] = ["utf-8"]


class Header(_Part):
    """How the header row is found: by its cells, or by its line; `row = 0` is a file without one.

    `above` has to match in the text above it. A row of units may follow if `unitRow` is set.
    """

    match: list[Column] = []
    row: Annotated[int, Field(ge=0)] | None = None
    rows: Annotated[int, Field(ge=1, le=4)] = 1
    above: list[Regex] = []
    unitRow: bool = False

    @model_validator(mode="after")
    def _can_be_found(self) -> "Header":
        if not self.match and self.row is None:
            raise ValueError("match (cells of the header row) or row (its line, 0 = none)")
        return self


class Time(_Part):
    """Where start and end of an interval are; date and time of day may be two columns.

    Only `start` or only `end`: the other follows from `minutes`, `minutesColumn` or the distance
    of the labels. `period` is one cell with both. `label` is for a day a row (`wide`), and for
    files in which `span` (two dates in a section line) shows whether labels are starts or ends.
    """

    start: Columns | None = None
    end: Columns | None = None
    period: Column | None = None
    separator: str = " to "
    label: Columns | None = None
    labels: Literal["start", "end", "span"] = "start"
    formats: Annotated[list[str], BeforeValidator(_as_list), Field(min_length=1)]
    contradictedBy: list[str] = []
    clock: Annotated[str, BeforeValidator(_clock)] = "meter"
    minutes: Annotated[int, Field(ge=1, le=1440)] | None = None
    minutesColumn: Column | None = None
    lastMinute: bool = False

    @model_validator(mode="after")
    def _names_a_column(self) -> "Time":
        if not (self.start or self.end or self.period or self.label):
            raise ValueError("start, end, period or label (columns)")
        for columns in (self.start, self.end, self.label):
            if columns is not None and len(columns) > 2:
                raise ValueError("one column, or two: date and time of day")
        if (self.clock == "offset") != all("%z" in text for text in self.formats):
            raise ValueError("clock = offset with %z in every format, or neither")
        return self


class Point(_Part):
    """Where the meter's name is: a column, the text above the header, or a line of a section."""

    column: Column | None = None
    above: Regex | None = None
    section: Regex | None = None
    pattern: Regex | None = None


class Meaning(_Part):
    """What a channel measures. `unit` is fixed, or stands in the header, unit row or a column."""

    quantity: Quantity
    unit: Unit | Literal["header", "unitRow"] | None = None


class ChannelColumn(Meaning):
    """A column of values; of several for one quantity the first that the file has is used."""

    columns: Columns
    required: bool = False


class Code(Meaning):
    """A code of a channel, in a cell or in a header; `name` joins several codes to one channel."""

    match: Regex
    name: str | None = None


class Wide(_Part):
    """Columns that are times of a day, or points (with a channel each).

    `columns` is matched against whole headers. For times it has the groups `hour` and `minute`, or
    `n` (the number of the interval in the day); for points `point`, and perhaps `code` and `unit`.
    """

    over: Literal["times", "points"]
    columns: Regex
    counts: list[int] = [24, 25, 48, 50, 96, 100]
    quantity: Quantity = "del"
    unit: Unit | Literal["header", "unitRow"] | None = None

    @model_validator(mode="after")
    def _has_groups(self) -> "Wide":
        groups = set(re.compile(self.columns).groupindex)
        if self.over == "points" and "point" not in groups:
            raise ValueError("columns with the group (?P<point>...)")
        if self.over == "times" and not groups & {"hour", "n"}:
            raise ValueError("columns with the group (?P<hour>...) or (?P<n>...)")
        return self


class Status(_Part):
    """The column of an event or quality; `words` replaces the file's by the product's words."""

    column: Column
    words: dict[str, str] = {}


class Rows(_Part):
    """Which rows are no readings, by their first cell; `only` names the column and its values."""

    trailer: list[Regex] = []
    only: dict[str, list[str]] = {}


class LayoutFile(_Part):
    """A layout of delimited text. Of those that fit, the lowest `rank` reads the file.

    `doubts` are the comments that a proposal leaves for a person to settle: until they are gone the
    layout reads nothing.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    title: str
    unconfirmed: str = ""
    rank: int = 0
    dialect: Dialect = Dialect()
    header: Header
    time: Time
    point: Point = Point()
    channel: list[ChannelColumn] = []
    codeColumn: Column | None = None
    valueColumn: Column | None = None
    unitColumn: Column | None = None
    code: list[Code] = []
    sumCodes: bool = False
    wide: Wide | None = None
    status: Status | None = None
    rows: Rows = Rows()
    doubts: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _has_values(self) -> "LayoutFile":
        if sum((bool(self.channel), self.valueColumn is not None, self.wide is not None)) != 1:
            raise ValueError("one of [[channel]], valueColumn or [wide]")
        if self.valueColumn is not None and not (self.codeColumn and self.code):
            raise ValueError("codeColumn and [[code]] beside valueColumn")
        if self.wide and self.wide.over == "times" and self.time.label is None:
            raise ValueError("time.label (the column of the date) beside wide times")
        return self


def read_layout(text: str, where: str) -> LayoutFile:
    """Return the layout that a TOML text describes; `where` names the file in errors."""
    try:
        doubts = [line.strip() for line in text.splitlines() if "DOUBT:" in line]
        return LayoutFile.model_validate(tomllib.loads(text) | {"doubts": doubts})
    except tomllib.TOMLDecodeError as error:
        raise LayoutFileError(f"{where}: not TOML: {error}") from error
    except ValidationError as error:
        found = error.errors()[0]
        parts = [str(part) for part in found["loc"]]
        key = ".".join(part for part in parts if not part.startswith("literal[")) or "the file"
        allowed = _allowed(found)
        value = found["input"]
        shown = "" if isinstance(value, dict | BaseModel) else f" = {value!r}"
        raise LayoutFileError(f"{where}: {key}{shown}: expected {allowed}") from error


def read_layouts(folders: Sequence[Path]) -> list[LayoutFile]:
    """Return the layouts of all folders; one of an earlier folder replaces a later namesake."""
    found: dict[str, LayoutFile] = {}
    for folder in folders:
        here: dict[str, Path] = {}
        for path in sorted(folder.glob("*.toml")):
            layout = read_layout(_text_of(path), path.name)
            if layout.name in here:
                names = f"{here[layout.name].name} and {path.name}"
                raise LayoutFileError(f"{names}: name = {layout.name!r}: expected two names")
            here[layout.name] = path
            found.setdefault(layout.name, layout)
    return list(found.values())


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise LayoutFileError(f"{path.name} cannot be read: {error}") from error


def _allowed(found: dict) -> str:
    """Return what would be right, in words, from an error of pydantic."""
    if found["type"] == "extra_forbidden":
        return "no such key"
    if found["type"] == "missing":
        return "a value; the key is missing"
    return str(found["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
