"""Read standard formats a second time, with csv, xml and regular expressions alone.

Shares no code with the product; what it cannot read is a ValueError, KeyError or the like.
"""

import csv
import io
import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from python_calamine import load_workbook
from readers_text import LINE_END, Reading, number, unit_in

MINUTE = timedelta(minutes=1)
# Those that meter-data.csv asks for; K1 with a digit too many is another register.
REGISTERS = {"E1": "del", "B1": "rec", "Q1": "kvar_del", "K1": "kvar_rec"}
ESPI, ATOM = "{http://naesb.org/espi}", "{http://www.w3.org/2005/Atom}"


def nem12(data: bytes) -> list[Reading]:
    """Return the values of the registers E1, B1, Q1 and K1; times are UTC+10 all year."""
    found: list[Reading] = []
    point = suffix = unit = ""
    length, day, kind = 0, [], ""
    for line in LINE_END.split(data.decode("utf-8-sig")):
        if not line.strip(" \t,"):
            continue
        cells = [cell.strip() for cell in next(csv.reader([line], strict=True))]
        if kind == "900" and cells[0] != "100":
            raise ValueError("a record behind the end")
        kind = cells[0]
        if kind == "200":
            point, suffix, unit, length = cells[1], cells[4], cells[7], int(cells[8])
        elif kind == "300":
            count = 1440 // length
            begin = datetime.strptime(cells[1], "%Y%m%d") - timedelta(hours=10)
            values = [number(cell) for cell in cells[2 : 2 + count]]
            if len(cells) < 3 + count or any(cells[count + 7 :]):
                raise ValueError("another number of values")
            if _is_null(cells[2 + count], cells[3 + count] if cells[3 + count :] else ""):
                values = [None] * count
            quantity = REGISTERS.get(suffix, "")
            starts = [begin + MINUTE * length * n for n in range(count)]
            day = [
                Reading(point, quantity, unit_in(unit), s, s + MINUTE * length, v, True)
                for s, v in zip(starts, values, strict=True)
            ]
            first = len(found)
            found += day
        elif kind == "400":
            for at in range(int(cells[1]) - 1, int(cells[2])):
                if _is_null(cells[3], cells[4] if cells[4:] else ""):
                    found[first + at] = found[first + at]._replace(value=None)
    if kind != "900":
        raise ValueError("cut off")
    return [reading for reading in found if reading.quantity]


def _is_null(quality: str, reason: str) -> bool:
    return quality[:1] == "N" or (quality[:1] == "A" and reason.lstrip("0") == "78")


OBIS = {
    **{"1": "del", "2": "rec", "16": "net", "3": "kvar_del", "4": "kvar_rec"},
    **{"5": "kvar_q1", "6": "kvar_q2", "7": "kvar_q3", "8": "kvar_q4"},
    **{"9": "kva_del", "10": "kva_rec"},
}
EDI_UNITS = {
    **{"WHR": "Wh", "KWH": "kWh", "MWH": "MWh", "WTT": "W", "KWT": "kW", "MAW": "MW", "": None},
    **{"K3": "kWh", "MAH": "MWh", "D46": "W", "KVA": "kW", "MVA": "MW", "KVR": "kW", "MAR": "MW"},
    "VAR": "W",
}


def mscons(data: bytes) -> list[Reading]:
    """Return the values of all messages of an interchange."""
    found: list[Reading] = []
    point = code = ""
    value: list[str] = []
    times: dict[str, datetime] = {}
    is_utc, tag = False, ""

    def close() -> None:
        nonlocal value
        quantity = _obis(code, [4, 5, 9, 10, 14, 15, 19, 20, 24, 25, 27, 28, 29, 30])
        if value and value[0] != "79" and quantity:
            text = value[1].replace(",", ".") if value[1:] else ""
            got = None if value[0] == "20" else number(text)
            unit = EDI_UNITS[value[2]] if value[2:] else None
            times_of = times["163"], times["164"]
            found.append(Reading(point, quantity, unit, *times_of, got, is_utc))
        value = []

    for segment in _edifact(data):
        tag, first = segment[0][0], segment[1] if segment[1:] else [""]
        if tag in ("LOC", "LIN", "PIA", "QTY", "NAD", "UNT"):
            close()
            times = {}
        if tag == "LOC" and first[0] == "172":
            point, code = segment[2][0], ""
        elif tag == "PIA" and first[0] == "5":
            code = segment[2][0]
        elif tag in ("LIN", "NAD"):
            code, point = "", point if tag == "LIN" else ""
        elif tag == "QTY":
            value = first
        elif tag == "DTM" and value and first[0] in ("163", "164"):
            if first[0] in times:
                raise ValueError("two starts")
            is_utc = first[2] == "303"
            times[first[0]] = _edi_time(first[1], is_utc)
    if tag != "UNZ":
        raise ValueError("cut off")
    return found


def _edifact(data: bytes) -> Iterator[list[list[str]]]:
    try:
        text = data.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        text = data.decode("latin-1").strip()
    colon, plus, _, escape, _, end = text[3:9] if text.startswith("UNA") else ":+.? '"
    text = text[9:] if text.startswith("UNA") else text
    parts, out = re.findall(f"{re.escape(escape)}.|.", text, re.DOTALL), [[""]]
    for part in parts:
        if part == end:
            yield out
            out = [[""]]
        elif part == plus:
            out.append([""])
        elif part == colon:
            out[-1].append("")
        elif part not in "\r\n" or out != [[""]]:
            out[-1][-1] += part[1:] if len(part) > 1 else part


def _edi_time(text: str, is_utc: bool) -> datetime:
    at = datetime.strptime(text[:12], "%Y%m%d%H%M")
    if is_utc:
        hours, minutes = int(text[13:15]), int(text[15:] or 0)
        offset = timedelta(hours=hours, minutes=minutes)
        at = at - offset if text[12] == "+" else at + offset
    return at


def _obis(code: str, groups_d: list[int]) -> str:
    match = re.fullmatch(r"(?:(\d+)-\d+:)?(\d+)\.(\d+)(?:\.(\d+))?(?:[*&]\d+)?", code, re.ASCII)
    if not match or int(match[3]) not in groups_d:
        return ""
    if match[1] not in (None, "1") or match[4] not in (None, "0"):
        return ""
    return OBIS.get(match[2], "")


def read_out(data: bytes) -> list[Reading]:
    """Return the load profile of an IEC 62056-21 read-out."""
    found: list[Reading] = []
    is_utf_16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")  # saved again by an editor
    text = data.decode("utf-16") if is_utf_16 else data.decode("cp1252", "replace")
    lines = [x.strip("\x02\x03 \t") for x in LINE_END.split(text)]
    serials = [re.match(r"(?:\d-\d:)?(?:0\.0\.0|C\.1\.0|0\.0)\(([^()]+)\)", x) for x in lines]
    point = next((match[1].strip() for match in serials if match), None)
    block, end, length, season, is_other = [], None, MINUTE, "", False
    for line in lines:
        groups = re.findall(r"\(([^()]*)\)", line)
        if re.match(r"(?:\d-\d:)?P\.01\(", line):
            is_other = False
            stamp, _, minutes, width = groups[:4]
            season, stamp = (stamp[0], stamp[1:]) if len(stamp) % 2 else ("", stamp)
            end = datetime.strptime(stamp.ljust(12, "0"), "%y%m%d%H%M%S")
            length = MINUTE * int(minutes)
            named = groups[4 : 4 + 2 * int(width)]
            block = list(zip(named[::2], named[1::2], strict=True))
            groups = groups[4 + 2 * int(width) :]
        elif line.startswith("("):
            if is_other:  # another list: events, or a second load profile
                continue
            if not block:
                raise ValueError("values outside of a block")
        else:
            is_other = re.fullmatch(r"[\w:*&-]+(\.\w+)*(\([^()]*\))+", line) is not None
            block = block if not line else []
            continue
        if len(groups) % len(block):
            raise ValueError("another number of values")
        for first in range(0, len(groups), len(block)):
            for (code, unit), text in zip(block, groups[first : first + len(block)], strict=True):
                match = re.fullmatch(r"(?:\d+-\d+:)?(\d+)\.(\d+)(?:\.\d+)?(?:[*&]\d+)?", code)
                if match and int(match[2]) in (5, 25, 29) and unit_in(unit):
                    quantity = OBIS.get(str(int(match[1])), "") if match[1] != "16" else ""
                    value = number(text.split("*")[0])
                    at = end - length
                    if quantity:
                        found.append(
                            Reading(point, quantity, unit_in(unit), at, end, value, season == "2")
                        )
            end += length
    return found


FLOWS = {
    **{("72", "1"): "del", ("72", "19"): "rec", ("72", "4"): "net"},
    **{("73", "1"): "kvar_del", ("73", "19"): "kvar_rec", ("73", "4"): "kvar_net"},
    **{("73", "5"): "kvar_del", ("73", "13"): "kvar_rec"},
    **{("73", str(n)): f"kvar_q{n - 14}" for n in (15, 16, 17, 18)},
    **{("71", "1"): "kva_del", ("71", "19"): "kva_rec"},
}
AS_POWER = {"38": "72", "63": "73", "61": "71"}


def green_button(data: bytes) -> list[Reading]:
    """Return the interval readings of an ESPI feed."""
    if b"<!DOCTYPE" in data:
        raise ValueError("a document type")
    entries = list(ET.fromstring(data).iter(f"{ATOM}entry"))
    of_kind = {
        kind: [(e, e.find(f".//{ESPI}{kind}")) for e in entries if e.find(f".//{ESPI}{kind}")
               is not None]
        for kind in ("UsagePoint", "MeterReading", "ReadingType", "IntervalBlock")
    }  # fmt: skip
    found: list[Reading] = []
    for entry, block in of_kind["IntervalBlock"]:
        meter = _parent(entry, of_kind["MeterReading"], "IntervalBlock")
        point = _parent(meter, of_kind["UsagePoint"], "MeterReading")
        kinds = of_kind["ReadingType"]
        named = [(e, k) for e, k in kinds if set(_links(e, "self")) & set(_links(meter, "related"))]
        (_, kind), *others = named or kinds
        if others:
            raise ValueError("two reading types")
        quantity = _espi_quantity(kind)
        service = point.find(f".//{ESPI}ServiceCategory/{ESPI}kind")
        if service is not None and (service.text or "").strip() != "0":
            quantity = ""
        power = int(_fact(kind, "powerOfTenMultiplier") or 0)
        prefix = {3: "k", 6: "M"}.get(power, "")
        unit = prefix + ("Wh" if _fact(kind, "uom") in ("71", "72", "73") else "W")
        power = 0 if power in (0, 3, 6) else power
        for reading in block.iter(f"{ESPI}IntervalReading"):
            (start,) = reading.findall(f"{ESPI}timePeriod/{ESPI}start")
            (duration,) = reading.findall(f"{ESPI}timePeriod/{ESPI}duration") or [
                kind.find(f"{ESPI}intervalLength")
            ]
            texts = [(x.text or "").strip() for x in reading.findall(f"{ESPI}value")]
            value = number("".join(texts) if len(texts) < 2 else "two")
            at = datetime.fromtimestamp(int(start.text), UTC).replace(tzinfo=None)
            end = at + timedelta(seconds=int(duration.text))
            value = value if value is None else value.scaleb(power)
            found.append(
                Reading(_links(point, "self")[0], quantity, unit, at, end, value, True)
            )  # fmt: skip
    return [reading for reading in found if reading.quantity]


def _links(entry: ET.Element, rel: str) -> list[str]:
    links = entry.iter(f"{ATOM}link")
    return [x.get("href", "").strip().rstrip("/") for x in links if x.get("rel", "") == rel]


def _parent(entry: ET.Element, parents: list, child: str) -> ET.Element:
    """Return the entry that the links of both name as the one above; the only one otherwise."""
    ups = [*_links(entry, "up"), *(x.rsplit("/", 1)[0] for x in _links(entry, "self"))]
    for up in ups:
        for parent, _ in parents:
            own = [*_links(parent, "related"), *(f"{x}/{child}" for x in _links(parent, "self"))]
            if up in own and up.endswith(f"/{child}"):
                return parent
    ((parent, _),) = parents
    return parent


def _fact(kind: ET.Element, name: str) -> str:
    found = {(x.text or "").strip() for x in kind.findall(f"{ESPI}{name}")}
    return found.pop() if len(found) == 1 else ("" if not found else "two")


def _espi_quantity(kind: ET.Element) -> str:
    behaviour, uom = _fact(kind, "accumulationBehaviour"), _fact(kind, "uom")
    qualifier = _fact(kind, "dataQualifier")
    if _fact(kind, "commodity") not in ("", "0", "1", "2"):
        return ""
    if behaviour not in ("", "0", "4", *(["6"] if qualifier == "2" and uom in AS_POWER else [])):
        return ""
    if qualifier not in ("", "0", "12", *(["2"] if uom in AS_POWER else [])):
        return ""
    return FLOWS.get((AS_POWER.get(uom, uom), _fact(kind, "flowDirection")), "")


def workbook(data: bytes) -> list[Reading]:
    """Return the values of the sheet of the sample, read with calamine itself."""
    book = load_workbook(io.BytesIO(data))
    rows = book.get_sheet_by_name("Load profile").to_python(skip_empty_area=False)
    at = next(n for n, row in enumerate(rows) if "Time" in row)
    header = [str(cell).strip() for cell in rows[at]]
    places = [header.index(name) for name in ("Time", "kWh del", "kWh rec")]
    found = []
    for row in rows[at + 1 :]:
        if not any(cell not in ("", None) for cell in row):
            continue
        end, *values = (row[place] for place in places)
        if not isinstance(end, datetime):
            end = datetime.fromisoformat(str(end))
        end = (end + timedelta(milliseconds=500)).replace(microsecond=0)
        for quantity, value in zip(("del", "rec"), values, strict=True):
            exact = value if isinstance(value, str) else format(Decimal(repr(value)), "f")
            start = end - 15 * MINUTE
            found.append(Reading(None, quantity, "kWh", start, end, number(exact.strip())))
    return found


def members(data: bytes) -> list[tuple[str, bytes]]:
    """Return the files of a zip."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [(info.filename, archive.read(info)) for info in archive.infolist()]
