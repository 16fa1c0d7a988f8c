"""Read MSCONS, the interval data of German and Swiss meter operators (EDIFACT).

A message names the meter point (LOC+172) and, for each line item, the OBIS code of what is measured
(PIA); a value is QTY with the times DTM+163 and DTM+164 below it. A message without its end (UNT)
or an interchange without its own (UNZ) is refused; some senders count segments in their own way,
which is noted.

pydifact knows the service characters and takes segments apart where that is not simple.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from pydifact.control import Characters
from pydifact.exceptions import EDISyntaxError
from pydifact.parser import Parser

from ingest.layouts.exact import plain_number, positions, values_frame
from ingest.layouts.parsed import METER, UTC, Channel, LayoutError, Parsed
from ingest.problems import Problem

BEGINNING = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:UNA.{6}\s*)?UNB", re.DOTALL)
MESSAGE = b"MSCONS"
OBIS = re.compile(
    r"(?:([0-9]{1,3})-([0-9]{1,3}):)?([0-9]{1,3})\.([0-9]{1,3})(?:\.([0-9]{1,3}))?"
    r"(?:\*[0-9]{1,3})?"
)
# What is measured (group C of OBIS, IEC 62056-61); + is import, from the grid to the customer.
QUANTITY_OF = {
    **{"1": "del", "2": "rec", "16": "net", "3": "kvar_del", "4": "kvar_rec"},
    **{"5": "kvar_q1", "6": "kvar_q2", "7": "kvar_q3", "8": "kvar_q4"},
    **{"9": "kva_del", "10": "kva_rec"},
}
# How it is measured (group D): energy of an interval, or average power. Registers (8), maxima (6)
# and momentary values (7) are recognised and not used.
INTERVALS = {*("9", "10", "19", "20", "29", "30"), *("4", "5", "14", "15", "24", "25", "27", "28")}
UNITS = {
    **{"WHR": "Wh", "KWH": "kWh", "MWH": "MWh", "WTT": "W", "KWT": "kW", "MAW": "MW"},
    **{"K3": "kWh", "MAH": "MWh", "D46": "W", "KVA": "kW", "MVA": "MW", "KVR": "kW"},
    **{"MAR": "MW", "VAR": "W"},
}
# The qualifier of a quantity. 20 is a value that must not be used, Z30 one that is missing; 79, a
# sum over all intervals, and Z31, an amount of a delivery note, are no intervals.
WORDS = {
    **{"220": "Normal", "67": "Substituted", "201": "Estimated", "187": "Estimated"},
    **{"Z18": "Provisional", "20": "Missing", "Z30": "Missing"},
    **{"79": "Sum", "Z31": "Delivery note"},
}
UNKNOWN, NO_INTERVALS = ("20", "Z30"), ("79", "Z31")
START, END = "163", "164"
SEGMENTS = {
    *("UNB", "UNH", "BGM", "DTM", "RFF", "NAD", "CTA", "COM", "CUX", "UNS", "LOC", "LIN", "PIA"),
    *("IMD", "PRI", "NAD", "MOA", "QTY", "STS", "CCI", "CAV", "MEA", "CNT", "UNT", "UNZ"),
}


class _Segments:
    """Make plain lists of segments: no check against the directories that pydifact comes with."""

    def create_segment(self, name: str, *elements: object, **_: object) -> list[list[str]]:
        return [[name], *([x] if isinstance(x, str) else x for x in elements)]


@dataclass
class _Value:
    """A quantity as written, with its times."""

    line: int
    channel: Channel
    quantity: list[str]
    start: datetime | None = None
    end: datetime | None = None

    @property
    def text(self) -> str:
        return "QTY+" + ":".join(self.quantity)[:56]


def why_not(beginning: bytes) -> Problem | None:
    """Return why a file that begins so is not MSCONS, None if it is."""
    if BEGINNING.match(beginning) and MESSAGE in beginning:
        return None
    text = beginning[:60].decode("utf-8", "replace").partition("\n")[0].strip()
    return Problem("other_layout", 1, values={"layout": "MSCONS", "text": text})


def parse(data: bytes) -> Parsed:
    """Return all values of an interchange, in its order."""
    reader = _Reader()
    line = None
    for line, segment in _segments(data):
        reader.take(line, segment)
    if reader.last != "UNZ":
        raise LayoutError("no_end", line, values={"record": "UNZ", "text": reader.last})
    return reader.parsed()


class _Reader:
    """Take the segments of an interchange one after the other."""

    def __init__(self) -> None:
        self.last = ""
        self.messages = 0
        self.count = 0  # segments of the message, 0 outside of one
        self.point: str | None = None
        self.code: str | None = None
        self.value: _Value | None = None
        self.values: list[_Value] = []
        self.has_offsets: bool | None = None
        self.other_counts = 0

    def take(self, line: int, segment: list[list[str]]) -> None:
        tag = segment[0][0]
        if tag not in SEGMENTS:
            raise LayoutError("edifact", line, values={"text": tag[:60]})
        expected = {"": "UNB", "UNZ": "UNB"}.get(self.last)
        inside = tag not in ("UNB", "UNH", "UNZ")
        if expected not in (None, tag) or inside != bool(self.count):
            expected = expected or ("UNH" if inside else "UNT")
            raise LayoutError("misplaced_record", line, values={"expected": expected, "text": tag})
        self.count += inside
        self.last = tag
        match tag:
            case "UNB":
                self.messages = 0
            case "UNH":
                self._begin(line, segment)
            case "UNT":
                self._check_count(line, segment, self.count)
                self.count = 0
            case "UNZ":
                self._check_count(line, segment, self.messages)
            case _:
                self._take_inner(line, segment)

    def _begin(self, line: int, segment: list[list[str]]) -> None:
        if _at(segment, 2, 0) != "MSCONS":
            text = _at(segment, 2, 0)[:60]
            raise LayoutError("misplaced_record", line, values={"expected": "MSCONS", "text": text})
        self.messages += 1
        self.count = 1
        self.point = self.code = self.value = None

    def _check_count(self, line: int, segment: list[list[str]], found: int) -> None:
        text = _at(segment, 1, 0)
        if not re.fullmatch("[0-9]{1,10}", text):
            raise LayoutError("edifact", line, values={"text": f"{segment[0][0]}+{text[:50]}"})
        self.other_counts += int(text) != found

    def _take_inner(self, line: int, segment: list[list[str]]) -> None:
        match segment[0][0]:
            case "NAD":  # of the next meter point; the line items of the one before are done
                self.point = self.code = self.value = None
            case "LOC" if _at(segment, 1, 0) == "172":
                self.point, self.code, self.value = _at(segment, 2, 0), None, None
            case "LIN":
                self.code = self.value = None
            case "PIA":
                if _at(segment, 1, 0) == "5":
                    self.code = _at(segment, 2, 0)
                self.value = None
            case "QTY":
                self._take_quantity(line, segment)
            case "DTM" if self.value is not None:
                self._take_time(line, segment)

    def _take_quantity(self, line: int, segment: list[list[str]]) -> None:
        written = segment[1] if len(segment) > 1 else [""]
        if not self.point or not self.code:
            raise LayoutError("no_point", line, values={"text": "QTY+" + ":".join(written)[:56]})
        qualifier, unit = _at(segment, 1, 0), _at(segment, 1, 2)
        if qualifier not in WORDS:
            raise LayoutError("bad_quality", line, values={"text": qualifier[:60]})
        quantity = "" if qualifier in NO_INTERVALS else _quantity(self.code)
        if unit and quantity and unit not in UNITS:
            values = {"text": unit[:60], "quantity": quantity}
            raise LayoutError("unit_of_channel", line, values=values)
        channel = Channel(self.point, self.code, quantity, UNITS.get(unit) if quantity else None)
        self.value = _Value(line, channel, written)
        self.values.append(self.value)

    def _take_time(self, line: int, segment: list[list[str]]) -> None:
        """Take the start or end of the last quantity."""
        which, text, form = (_at(segment, 1, at) for at in range(3))
        if which not in (START, END):
            return
        name = "start" if which == START else "end"
        if getattr(self.value, name) is not None:
            values = {"expected": "one start and one end", "text": text[:60]}
            raise LayoutError("bad_date", line, values=values)
        try:
            moment = _time(text, form)
        except (ValueError, OverflowError) as error:
            values = {"expected": "CCYYMMDDHHMM, with an offset in format 303", "text": text[:60]}
            raise LayoutError("bad_date", line, values=values) from error
        if self.has_offsets not in (None, form == "303"):
            values = {"expected": "an offset in every time or in none", "text": text[:60]}
            raise LayoutError("bad_date", line, values=values)
        self.has_offsets = form == "303"
        setattr(self.value, name, moment)

    def parsed(self) -> Parsed:
        if not self.values:
            raise LayoutError("no_rows")
        channels: dict[Channel, int] = {}
        columns = {name: [] for name in ("channel", "line", "start", "end", "value", "status")}
        for value in self.values:
            if value.start is None or value.end is None:
                if value.channel.quantity:
                    values = {"expected": "a start (163) and an end (164)", "text": value.text}
                    raise LayoutError("bad_date", value.line, values=values)
                continue  # a register read at one time
            qualifier = value.quantity[0]
            columns["channel"].append(channels.setdefault(value.channel, len(channels)))
            columns["line"].append(value.line)
            columns["start"].append(value.start)
            columns["end"].append(value.end)
            columns["value"].append(None if qualifier in UNKNOWN else _number(value))
            columns["status"].append(WORDS[qualifier])
        if not columns["line"]:
            raise LayoutError("no_rows")
        columns["position"] = positions(columns["line"])
        return Parsed(
            tuple(channels),
            values_frame(columns),
            UTC if self.has_offsets else METER,
            _minutes(channels, columns),
            (("segment_count", self.other_counts),) if self.other_counts else (),
        )


def _segments(data: bytes) -> Iterator[tuple[int, list[list[str]]]]:
    """Yield the segments of an interchange, UNA apart, with the line that each begins in."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")  # UNOC; codes, numbers and times are the same in both
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    begin = len(text) - len(text.lstrip())
    line, at = 1, 0
    has_own = text.startswith("UNA", begin)
    marks = text[begin + 3 : begin + 9]
    if has_own and (len(marks) < 6 or len({*marks[:4], marks[5]}) < 5):
        raise LayoutError("edifact", 1, values={"text": text[begin : begin + 60]})
    characters = Characters.from_str(text[begin : begin + 9]) if has_own else Characters()
    begin += 9 * has_own
    splitter = _Splitter(characters)
    for found in splitter.ends.finditer(text, begin):
        if len(found[0]) > 1:  # an escape and what follows it
            continue
        while text[begin] == "\n":
            begin += 1
        line, at = line + text.count("\n", at, begin), begin
        yield line, splitter.split(text[begin : found.start()], line)
        begin = found.end()
    if text[begin:].strip():
        raise LayoutError("edifact", line, values={"text": text[begin : begin + 60]})


class _Splitter:
    """Split a segment into elements and these into components.

    pydifact does it letter by letter: five times as long for a whole file. It is asked for the
    segments with an escaped escape, where a look at the letter before does not do.
    """

    def __init__(self, characters: Characters) -> None:
        escape = re.escape(characters.escape_character)
        self.characters = characters
        self.ends = re.compile(f"{escape}.|{re.escape(characters.segment_terminator)}", re.DOTALL)
        self.elements, self.components = (
            re.compile(f"(?<!{escape}){re.escape(mark)}")
            for mark in (characters.data_separator, characters.component_separator)
        )

    def split(self, text: str, line: int) -> list[list[str]]:
        marks, escape = self.characters, self.characters.escape_character
        if escape not in text:
            elements = text.split(marks.data_separator)
            return [element.split(marks.component_separator) for element in elements]
        if escape * 2 in text:
            return self._split_by_letters(text, line)
        elements = [self.components.split(element) for element in self.elements.split(text)]
        return [[part.replace(escape, "") for part in element] for element in elements]

    def _split_by_letters(self, text: str, line: int) -> list[list[str]]:
        parser = Parser(factory=_Segments(), characters=self.characters)
        try:
            (segment,) = parser.parse(text + self.characters.segment_terminator)
        except (EDISyntaxError, ValueError, LookupError, TypeError) as error:
            raise LayoutError("edifact", line, values={"text": text[:60]}) from error
        return segment


def _at(segment: list[list[str]], element: int, component: int) -> str:
    """Return a component of a segment, "" where it has none."""
    elements = segment[element] if element < len(segment) else []
    return elements[component] if component < len(elements) else ""


def _quantity(code: str) -> str:
    """Return what an OBIS code measures, "" for what is not used."""
    found = OBIS.fullmatch(code)
    if not found or found[1] not in (None, "1") or found[5] not in (None, "0"):
        return ""  # no electricity, or one tariff of several
    return QUANTITY_OF.get(found[3], "") if found[4] in INTERVALS else ""


@lru_cache(maxsize=200_000)  # every channel has the same times
def _time(text: str, form: str) -> datetime:
    """Return a time of format 203 (no zone) as it is, of 303 (with an offset) in UTC.

    Anything else is a ValueError.
    """
    pattern = {"203": r"([0-9]{12})()", "303": r"([0-9]{12})([+-][0-9]{2}(?:[0-9]{2})?)"}.get(form)
    found = re.fullmatch(pattern, text) if pattern else None
    if not found:
        raise ValueError(text)
    digits = found[1]
    local = datetime(int(digits[:4]), *(int(digits[at : at + 2]) for at in (4, 6, 8, 10)))
    if not found[2]:
        return local
    hours, minutes = int(found[2][1:3]), int(found[2][3:] or 0)
    if hours > 14 or minutes > 59:
        raise ValueError(text)
    offset = timedelta(hours=hours, minutes=minutes)
    return local - offset if found[2][0] == "+" else local + offset


def _number(value: _Value) -> str | None:
    text = value.quantity[1].replace(",", ".", 1) if value.quantity[1:] else ""
    try:
        return plain_number(text) if text else None
    except ValueError as error:
        values = {"position": 1, "text": text[:60]}
        raise LayoutError("bad_number", value.line, values=values) from error


def _minutes(channels: dict[Channel, int], columns: dict[str, list]) -> int | None:
    """Return the length of all intervals that are used, None if they differ."""
    used = [bool(channel.quantity) for channel in channels]
    of_values = zip(columns["channel"], columns["start"], columns["end"], strict=True)
    lengths = {end - start for channel, start, end in of_values if used[channel]}
    return lengths.pop() // timedelta(minutes=1) if len(lengths) == 1 else None
