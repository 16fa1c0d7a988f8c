"""Read Green Button: the energy usage of NAESB ESPI as an Atom feed in XML.

A feed's entries refer to each other by links: an interval block to its meter reading, that to its
usage point (the meter point) and reading type (unit, power of ten, direction). Times are seconds
since 1970 in UTC. A document type is refused, and with it every entity.
"""

import io
import re
import xml.sax
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.sax.handler import ContentHandler, feature_namespaces

from defusedxml import DefusedXmlException
from defusedxml.sax import make_parser

from ingest.layouts.exact import plain_number, positions, values_frame
from ingest.layouts.parsed import UTC, Channel, LayoutError, Parsed
from ingest.problems import Problem

ESPI, ATOM = "http://naesb.org/espi", "http://www.w3.org/2005/Atom"
RESOURCES = ("UsagePoint", "MeterReading", "ReadingType", "IntervalBlock")
PARENT_OF = {"start": "timePeriod", "duration": "timePeriod", "value": "IntervalReading"}
MOST_DEPTH = 50
MOST_TEXT = 1000
# The numbers are those of espi.xsd: UnitSymbolKind, FlowDirectionKind, QualityOfReading.
POWER, ENERGY = {"38": "", "61": "kva_", "63": "kvar_"}, {"72": "", "71": "kva_", "73": "kvar_"}
FLOWS = {
    "": {"1": "del", "19": "rec", "4": "net"},
    "kva_": {"1": "kva_del", "19": "kva_rec"},
    "kvar_": {
        **{"1": "kvar_del", "19": "kvar_rec", "4": "kvar_net", "5": "kvar_del", "13": "kvar_rec"},
        **{"15": "kvar_q1", "16": "kvar_q2", "17": "kvar_q3", "18": "kvar_q4"},
    },
}
ELECTRICITY = (None, "0", "1", "2")
DELTA, INDICATING, AVERAGE = (None, "0", "4"), "6", "2"
PREFIX_OF = {0: "", 3: "k", 6: "M"}
# The first of these that a reading has is its word; the others are information.
WORDS = {
    **{"8": "Estimated", "9": "Estimated", "12": "Estimated", "15": "Estimated", "7": "Edited"},
    **{"10": "Questionable", "13": "Mixed", "11": "Derived", "16": "Other"},
    **dict.fromkeys(("0", "14", "17", "18", "19"), "Normal"),
}


@dataclass
class _Entry:
    """An entry of the feed: how it is named, what it refers to, what it says of itself."""

    line: int
    kind: str = ""
    id: str = ""
    links: dict[str, list[str]] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def href(self) -> str:
        return next(iter(self.links.get("self", ())), "")

    @property
    def ups(self) -> list[str]:
        return self.links.get("up", [])

    @property
    def related(self) -> list[str]:
        return self.links.get("related", [])


@dataclass
class _Reading:
    """An interval reading as written."""

    line: int
    block: _Entry
    start: str = ""
    duration: str = ""
    value: str = ""
    qualities: list[str] = field(default_factory=list)


def why_not(beginning: bytes) -> Problem | None:
    """Return why a file that begins so is not Green Button, None if it is."""
    plain = beginning.replace(b"\0", b"")
    if plain.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<") and ESPI.encode() in plain:
        return None
    text = beginning[:60].decode("utf-8", "replace").partition("\n")[0].strip()
    return Problem("other_layout", 1, values={"layout": "Green Button (ESPI)", "text": text})


def parse(data: bytes) -> Parsed:
    """Return all interval readings of a feed, in its order."""
    handler = _Handler()
    parser = make_parser()
    parser.forbid_dtd = True
    parser.setFeature(feature_namespaces, True)
    parser.setContentHandler(handler)
    try:
        parser.parse(io.BytesIO(data))
    except xml.sax.SAXParseException as error:
        found = error.getMessage()
        raise LayoutError("xml", error.getLineNumber(), values={"text": found}) from error
    except DefusedXmlException as error:
        raise LayoutError("xml_entities", handler.line) from error
    except (ValueError, LookupError) as error:  # an encoding that nobody knows
        raise LayoutError("xml", handler.line, values={"text": str(error)}) from error
    if not handler.readings:
        raise LayoutError("no_rows")
    return _parsed(handler)


class _Handler(ContentHandler):
    """Collect entries and readings; the text of an element is kept only where it is used."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[_Entry] = []
        self.readings: list[_Reading] = []
        self.entry: _Entry | None = None
        self.reading: _Reading | None = None
        self.path: list[str] = []
        self.has_children = False
        self.text: list[str] = []
        self.size = 0

    @property
    def line(self) -> int | None:
        return self._locator.getLineNumber() if self._locator else None

    def startElementNS(self, name, qname, attrs) -> None:
        space, tag = name
        self.path.append(tag)
        self.text, self.size = [], 0
        self.has_children = False
        if len(self.path) > MOST_DEPTH:
            raise LayoutError("xml", self.line, values={"text": f"{len(self.path)} levels"})
        if space == ATOM and tag == "entry":
            self.entry = _Entry(self.line)
            self.entries.append(self.entry)
        elif space == ATOM and tag == "link" and self.entry:
            values = {key: value for (_, key), value in attrs.items()}
            href = values.get("href", "").strip().rstrip("/")
            self.entry.links.setdefault(values.get("rel", ""), []).append(href)
        elif space == ESPI and tag in RESOURCES and self.entry:
            self.entry.kind = tag
        elif space == ESPI and tag == "IntervalReading" and self.entry:
            self.reading = _Reading(self.line, self.entry)
            self.readings.append(self.reading)

    def characters(self, content: str) -> None:
        self.size += len(content)
        if self.size <= MOST_TEXT:
            self.text.append(content)

    def endElementNS(self, name, qname) -> None:
        space, tag = name
        text, self.text = "".join(self.text).strip(), []
        self.path.pop()
        parent = self.path[-1] if self.path else ""
        is_leaf, self.has_children = not self.has_children, True
        if space == ATOM:
            if tag == "entry":
                self.entry = None
            elif tag == "id" and parent == "entry" and self.entry:
                self.entry.id = text
        elif tag == "IntervalReading":
            self.reading = None
        elif self.reading:
            if is_leaf and parent == "ReadingQuality" and tag == "quality":
                self.reading.qualities.append(text)
            elif parent == PARENT_OF.get(tag):
                self._take(tag, text, is_leaf)
        elif is_leaf and self.entry and parent in (*RESOURCES, "ServiceCategory"):
            self._take_fact(tag, text)

    def _take_fact(self, tag: str, text: str) -> None:
        """Take what an entry says of itself; two reading types in one entry contradict."""
        if self.entry.facts.setdefault(tag, text) != text and self.entry.kind == "ReadingType":
            raise LayoutError("xml", self.line, values={"text": f"another {tag}"})

    def _take(self, tag: str, text: str, is_leaf: bool) -> None:
        """Take the text of an element that a reading has once at most, and nothing within it."""
        if getattr(self.reading, tag) or not is_leaf:
            raise LayoutError("xml", self.line, values={"text": f"another {tag}"})
        setattr(self.reading, tag, text)


def _parsed(feed: _Handler) -> Parsed:
    """Return the readings of a feed with the channels that its links make."""
    import numpy as np

    registers = _registers(feed)
    channels: dict[Channel, int] = {}
    columns: dict[str, list] = {name: [] for name in ("channel", "start", "end", "value", "status")}
    for reading in feed.readings:
        channel, kind, power = registers[id(reading.block)]
        start, duration = _time(reading, kind)
        columns["channel"].append(channels.setdefault(channel, len(channels)))
        columns["start"].append(start)
        columns["end"].append(start + duration)
        columns["value"].append(_value(reading, power))
        columns["status"].append(_word(reading, kind))
    lines = [reading.line for reading in feed.readings]
    used = [bool(channel.quantity) for channel in channels]
    of_values = zip(columns["channel"], columns["start"], columns["end"], strict=True)
    lengths = {end - start for channel, start, end in of_values if used[channel]}
    minutes = lengths.pop() / 60 if len(lengths) == 1 else 0
    start, end = (np.array(columns[name], dtype="datetime64[s]") for name in ("start", "end"))
    times = {"start": start, "end": end, "line": lines, "position": positions(lines)}
    return Parsed(
        tuple(channels),
        values_frame(columns | times),
        UTC,
        int(minutes) if minutes and minutes == int(minutes) else None,
    )


def _registers(feed: _Handler) -> dict[int, tuple[Channel, Mapping[str, str], int]]:
    """Return channel, reading type and power of ten of each interval block, by its id()."""
    of_kind = {kind: [x for x in feed.entries if x.kind == kind] for kind in RESOURCES}
    blocks = {id(reading.block): reading.block for reading in feed.readings}
    found = {}
    made: dict[int, tuple[Channel, Mapping[str, str], int]] = {}
    by_up = _by_link(of_kind["MeterReading"], "IntervalBlock")
    points = _by_link(of_kind["UsagePoint"], "MeterReading")
    types = {entry.href: entry for entry in of_kind["ReadingType"] if entry.href}
    for key, block in blocks.items():
        register = _linked(block, by_up, of_kind["MeterReading"])
        if register is None:
            raise LayoutError("xml_link", block.line, values={"kind": "MeterReading"})
        if id(register) not in made:
            kinds = [types[href] for href in register.related if href in types]
            if not kinds and len(of_kind["ReadingType"]) == 1:
                kinds = of_kind["ReadingType"]
            if len(kinds) != 1:
                raise LayoutError("xml_link", register.line, values={"kind": "ReadingType"})
            point = _linked(register, points, of_kind["UsagePoint"])
            made[id(register)] = _register(register, point, kinds[0])
        found[key] = made[id(register)]
    return found


def _by_link(entries: list[_Entry], child: str) -> dict[str, _Entry]:
    """Return entries by what a child's link `up` may be."""
    found: dict[str, _Entry] = {}
    for entry in entries:
        for href in (*entry.related, f"{entry.href}/{child}" if entry.href else ""):
            if href.rsplit("/", 1)[-1] == child and found.setdefault(href, entry) is not entry:
                raise LayoutError("xml_link", entry.line, values={"kind": child})
    return found


def _linked(entry: _Entry, parents: Mapping[str, _Entry], only: list[_Entry]) -> _Entry | None:
    """Return the parent of an entry: that of its links, or the only one there is."""
    hrefs = [*entry.ups, entry.href.rsplit("/", 1)[0]]
    found = next((parents[href] for href in hrefs if href in parents), None)
    return only[0] if found is None and len(only) == 1 else found


def _register(
    register: _Entry, point: _Entry | None, kind: _Entry
) -> tuple[Channel, Mapping[str, str], int]:
    """Return a meter reading as a channel, with its reading type and the power of ten left."""
    facts = kind.facts
    power_text = facts.get("powerOfTenMultiplier") or "0"
    if not re.fullmatch("[+-]?[0-9]{1,2}", power_text):
        raise LayoutError("bad_number", kind.line, values={"position": 1, "text": power_text[:60]})
    power = int(power_text)
    uom = facts.get("uom", "")
    quantity, unit = _quantity(facts), None
    if point is not None and point.facts.get("kind", "0") != "0":
        quantity = ""  # gas, water, ...
    if quantity:
        unit = PREFIX_OF.get(power, "") + ("Wh" if uom in ENERGY else "W")
    name = (point.href or point.id or None) if point is not None else None
    code = (register.href.rsplit("/", 1)[-1] or register.id or "1").replace(" ", "_")
    return Channel(name, code, quantity, unit), facts, 0 if power in PREFIX_OF else power


def _quantity(facts: Mapping[str, str]) -> str:
    """Return what a reading type measures; "" for registers, maxima, and what is no electricity."""
    uom, flow = facts.get("uom", ""), facts.get("flowDirection", "")
    behaviour, qualifier = facts.get("accumulationBehaviour"), facts.get("dataQualifier")
    if facts.get("commodity") not in ELECTRICITY:
        return ""
    if uom in ENERGY and behaviour in DELTA and qualifier in (None, "0", "12"):
        return FLOWS[ENERGY[uom]].get(flow, "")
    is_average = qualifier == AVERAGE and behaviour in (*DELTA, INDICATING)
    if uom in POWER and (is_average or (behaviour in DELTA and qualifier in (None, "0", "12"))):
        return FLOWS[POWER[uom]].get(flow, "")
    return ""


def _time(reading: _Reading, kind: Mapping[str, str]) -> tuple[int, int]:
    """Return start in seconds since 1970 and length in seconds."""
    duration = reading.duration or kind.get("intervalLength", "")
    if not re.fullmatch("[0-9]{1,10}", reading.start):
        raise _bad_time(reading, reading.start)
    if not re.fullmatch("[0-9]{1,8}", duration) or int(duration) == 0:
        raise _bad_time(reading, duration)
    return int(reading.start), int(duration)


def _bad_time(reading: _Reading, text: str) -> LayoutError:
    expected = "start and duration in whole seconds"
    return LayoutError("bad_date", reading.line, values={"expected": expected, "text": text[:60]})


def _value(reading: _Reading, power: int) -> str | None:
    if not reading.value:
        return None
    try:
        return plain_number(reading.value, power)
    except ValueError as error:
        values = {"position": 1, "text": reading.value[:60]}
        raise LayoutError("bad_number", reading.line, values=values) from error


def _word(reading: _Reading, kind: Mapping[str, str]) -> str:
    """Return the event word of a reading: its own quality, else that of its type."""
    codes = reading.qualities or [kind.get("defaultQuality") or "0"]
    known = next((WORDS[code] for code in WORDS if code in codes), None)
    return known or f"Quality {codes[0][:20]}"
