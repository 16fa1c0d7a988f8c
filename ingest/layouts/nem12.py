"""Read NEM12, the interval data of Australia's electricity market (AEMO MDFF 2.6).

A day of a register is a line: 300, date, its values, a quality; a day of several qualities has them
in lines 400 below. Days are of standard time (UTC+10) all year in every state.

aemo-mdff-reader knows the records, units and codes. Its readings are floats, an empty one is 0.0,
and they have neither line nor the qualities of 400: values are taken from the lines here.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from aemo_mdff_reader import NEM12ParseError, parse_events, spec

from ingest.layouts.exact import are_plain, plain_number, values_frame
from ingest.layouts.parsed import UTC, Channel, LayoutError, Parsed
from ingest.problems import Problem

BEGINNING = re.compile(
    rb'\A(?:\xef\xbb\xbf)?\s*"?100"?\s*,\s*"?NEM12"?\s*(?:,|[\r\n])', re.IGNORECASE
)
MINUTES_OF_A_DAY = 1440
LENGTHS = (5, 10, 15, 30)  # 10 is not in the specification; some voltage registers have it
HOURS_OF_ZONE = 10
# The first letter of a suffix. B and K are what a customer sends out. Averages, check registers,
# kVAh, power factor, volts, amperes and all others are recognised and not used.
QUANTITY_OF = {"E": "del", "B": "rec", "Q": "kvar_del", "K": "kvar_rec"}
FAMILY_OF = {"del": ("w", "wh"), "rec": ("w", "wh"), "kvar_del": ("var", "varh")}
FAMILY_OF["kvar_rec"] = FAMILY_OF["kvar_del"]
PREFIXES = {"": "", "k": "k", "m": "M"}
KNOWN_UNITS = {unit.lower() for unit in spec.UOM_VALUES}
QUALITY = re.compile(r"(?:[AV]|[AEFNS][0-9]{2}|N)")
# Words of event_types.csv. An actual value may have a reason that is one of its words too.
WORD_OF_QUALITY = {"A": "Normal", "E": "Estimated", "F": "Final Substituted", "S": "Substituted"}
WORD_OF_REASON = {
    43: "Power Fail",
    44: "Test",
    79: "Power Fail",
    80: "Short Interval",
    81: "Long Interval",
    86: "Clock Error",
    87: "Reset",
    89: "Time Set",
    90: "Test Mode",
    95: "Overflow",
}
UNKNOWN = "Missing"
NULL_DATA = 78
# what may follow what; the file ends with 900, and another may begin behind it
FOLLOWS = {
    "": {"100"},
    "100": {"200", "900"},
    "200": {"300"},
    "300": {"200", "300", "400", "500", "900"},
    "400": {"200", "300", "400", "500", "900"},
    "500": {"200", "300", "500", "900"},
    "900": {"100"},
}
LAST_CELLS = 5  # quality, reason code and text, two times of update


@dataclass
class _Day:
    """A line 300 with the lines 400 below it."""

    line: int
    cells: list[str]
    channel: int
    count: int
    events: list[tuple[int, list[str]]] = field(default_factory=list)


def why_not(beginning: bytes) -> Problem | None:
    """Return why a file that begins so is not NEM12, None if it is."""
    if BEGINNING.match(beginning):
        return None
    return Problem("other_layout", 1, values={"layout": "NEM12", "text": _shown(beginning)})


def parse(data: bytes) -> Parsed:
    """Return all values of a NEM12 file, in its order."""
    return _Reader().read(data)


class _Reader:
    """Take a file's records one after the other."""

    def __init__(self) -> None:
        self.channels: dict[Channel, int] = {}
        self.lengths: set[int] = set()
        self.register: list[str] = []
        self.channel = self.count = 0
        self.day: _Day | None = None
        self.days: list[tuple[int, int, date, int]] = []  # channel, line, date, count
        self.values: list[str | None] = []
        self.statuses: list[str] = []

    def read(self, data: bytes) -> Parsed:
        last, line = "", 0
        for line, cells in _records(data):
            kind = cells[0].strip()
            if kind not in FOLLOWS[last]:
                expected = " or ".join(sorted(FOLLOWS[last]))
                raise _error("misplaced_record", line, expected=expected, text=",".join(cells)[:60])
            if kind in ("200", "300", "900"):
                self._end_day()
            self._take(kind, line, cells)
            last = kind
        if last != "900":
            raise _error("no_end", line or None, record="900", text=last)
        if not self.days:
            raise _error("no_rows", line)
        return self._parsed()

    def _take(self, kind: str, line: int, cells: list[str]) -> None:
        if kind == "100" and (len(cells) < 2 or cells[1].strip().upper() != "NEM12"):
            raise _error("misplaced_record", line, expected="100,NEM12", text=",".join(cells)[:60])
        if kind == "200":
            self._take_register(line, cells)
        elif kind == "300":
            self.day = _Day(line, cells, self.channel, self.count)
        elif kind == "400":
            self.day.events.append((line, cells))

    def _take_register(self, line: int, cells: list[str]) -> None:
        """Take over whose values the lines below hold."""
        if len(cells) < 9:
            raise _error("short_record", line, least=9, found=len(cells))
        point, suffix, unit, length = (cells[at].strip() for at in (1, 4, 7, 8))
        if not point or not suffix:
            raise _error("no_point", line, text=",".join(cells)[:60])
        if not re.fullmatch("[0-9]{1,4}", length) or int(length) not in LENGTHS:
            raise _error("interval_length", line, text=length)
        quantity = QUANTITY_OF.get(suffix[0].upper(), "")
        channel = Channel(point, suffix, quantity, _unit(quantity, unit, line))
        self.channel = self.channels.setdefault(channel, len(self.channels))
        self.count = MINUTES_OF_A_DAY // int(length)
        self.register = cells
        if quantity:
            self.lengths.add(int(length))

    def _end_day(self) -> None:
        """Take the values of the last line 300, now that all of its lines 400 are known."""
        day, self.day = self.day, None
        if day is None:
            return
        cells, count = day.cells, day.count
        rest = cells[2 + count :]
        if not rest or any(cell.strip() for cell in rest[LAST_CELLS:]):
            found = len(cells)
            raise _error("value_count", day.line, count=count, most=count + 7, found=found)
        words, unknown = self._qualities(day, [cell.strip() for cell in rest])
        texts = _values(cells[2 : 2 + count], day.line)
        if unknown:
            texts = [None if at in unknown else text for at, text in enumerate(texts)]
        self.days.append((day.channel, day.line, _date(cells[1].strip(), day.line), count))
        self.values += texts
        self.statuses += words

    def _qualities(self, day: _Day, rest: list[str]) -> tuple[list[str], set[int]]:
        """Return a word for each value of a day, and which values are not known."""
        quality = _quality(rest[0], day.line)
        words: list[str | None] = [None] * day.count
        if quality != "V":
            reason = rest[1] if len(rest) > 1 else ""
            words = [_word(quality, _reason(reason, day.line))] * day.count
        placed: set[int] = set()
        for line, cells in day.events:
            first, last, word = self._event(line, cells, day)
            span = range(first - 1, last)
            if not 1 <= first <= last <= day.count or not placed.isdisjoint(span):
                text = ",".join(cells)[:60]
                raise _error("quality_span", line, count=day.count, text=text)
            placed.update(span)
            words[first - 1 : last] = [word] * len(span)
        if None in words:
            text = f"no quality for value {words.index(None) + 1}"
            raise _error("quality_span", day.line, count=day.count, text=text)
        if UNKNOWN not in words:
            return words, set()
        return words, {at for at, word in enumerate(words) if word == UNKNOWN}

    def _event(self, line: int, cells: list[str], day: _Day) -> tuple[int, int, str]:
        """Return first and last value of a line 400, from 1, and the word of its quality."""
        cells = [cell.strip() for cell in cells]
        try:
            event = next(parse_events([self.register, day.cells, cells]))
        except (NEM12ParseError, ValueError) as error:
            text = ",".join(cells)[:60]
            raise _error("quality_span", line, count=day.count, text=text) from error
        quality = _quality(event.quality_method, line)
        if quality == "V":
            raise _error("bad_quality", line, text=event.quality_method)
        return event.start_interval, event.end_interval, _word(quality, event.reason_code)

    def _parsed(self) -> Parsed:
        import numpy as np

        counts = np.array([count for *_, count in self.days])
        firsts = np.repeat(np.cumsum(counts) - counts, counts)
        position = np.arange(counts.sum()) - firsts
        minutes = np.repeat(MINUTES_OF_A_DAY // counts, counts).astype("timedelta64[m]")
        days = np.array([day for _, _, day, _ in self.days], dtype="datetime64[us]")
        days -= np.timedelta64(HOURS_OF_ZONE, "h")
        start = np.repeat(days, counts) + position * minutes
        values = values_frame(
            {
                "channel": np.repeat([channel for channel, *_ in self.days], counts),
                "line": np.repeat([line for _, line, *_ in self.days], counts),
                "position": position + 1,
                "start": start,
                "end": start + minutes,
                "value": self.values,
                "status": self.statuses,
            }
        )
        length = next(iter(self.lengths)) if len(self.lengths) == 1 else None
        return Parsed(tuple(self.channels), values, UTC, length)


def _records(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines that are not blank, with their numbers, as cells."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _error("not_text", line, byte=data[error.start]) from error
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate(lines, 1):
        # each line on its own: an open quote must not swallow the day below it
        if not line.strip(" \t,"):
            continue
        if "\0" in line:
            raise _error("not_text", number, byte=0)
        if '"' not in line:
            yield number, line.split(",")
            continue
        try:
            yield number, next(csv.reader([line], strict=True))
        except csv.Error as error:
            raise _error("open_quotes", number, text=line[:60]) from error


def _values(cells: list[str], line: int) -> list[str | None]:
    """Return the values of a line as exact text, None where there is none."""
    if are_plain(cells):
        return cells
    values: list[str | None] = []
    for at, cell in enumerate(cells, 1):
        text = cell.strip()
        try:
            values.append(None if text.lower() in ("", "null") else plain_number(text))
        except ValueError as error:
            raise _error("bad_number", line, position=at, text=text[:60]) from error
    return values


def _date(text: str, line: int) -> date:
    try:
        if not re.fullmatch("[0-9]{8}", text):
            raise ValueError(text)
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError as error:
        raise _error("bad_date", line, expected="YYYYMMDD", text=text[:60]) from error


def _unit(quantity: str, text: str, line: int) -> str | None:
    """Return the unit of a channel that is used, in the words of UNITS."""
    if not quantity or not text:
        return None
    lower = text.lower()
    power, energy = FAMILY_OF[quantity]
    for family, name in ((energy, "Wh"), (power, "W")):
        if lower in KNOWN_UNITS and lower.endswith(family) and lower[: -len(family)] in PREFIXES:
            return PREFIXES[lower[: -len(family)]] + name
    raise _error("unit_of_channel", line, text=text[:60], quantity=quantity)


def _quality(text: str, line: int) -> str:
    if not QUALITY.fullmatch(text):
        raise _error("bad_quality", line, text=text[:60])
    return text[0]


def _reason(text: str, line: int) -> int | None:
    if text and not re.fullmatch("[0-9]{1,3}", text):
        raise _error("bad_quality", line, text=text[:60])
    return int(text) if text else None


def _word(quality: str, reason: int | None) -> str:
    """Return the event word of a value."""
    if quality == "N" or (quality == "A" and reason == NULL_DATA):
        return UNKNOWN
    word = WORD_OF_QUALITY[quality]
    return WORD_OF_REASON.get(reason, word) if quality == "A" else word


def _shown(beginning: bytes) -> str:
    return beginning[:60].decode("utf-8", "replace").partition("\n")[0].strip()


def _error(code: str, line: int | None, **values: object) -> LayoutError:
    return LayoutError(code, line, values=values)
