"""Know the files that are damaged: a sample of each format, its meters, another reader of it."""

import gzip
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from readers_specs import SPECS, classic_spec
from readers_standard import green_button, members, mscons, nem12, read_out, workbook
from readers_text import NoHeaderError, Reading, delimited

PROJECT = Path(__file__).parents[1]
SAMPLES = PROJECT / "tests" / "data" / "layouts"
VARIANTS = PROJECT.parent.parent / "shared" / "data" / "variants" / "files"
MSCONS_POINT = "DE00011122233344455566677788899"
OWN_LAYOUT = """
name = "sample-workbook"
title = "the workbook of the benchmark"
rank = -2
[header]
match = ["Time", "kWh del", "kWh rec", "Note"]
[time]
end = "Time"
minutes = 15
formats = ["%Y-%m-%d %H:%M:%S"]
[[channel]]
columns = "kWh del"
quantity = "del"
unit = "kWh"
[[channel]]
columns = "kWh rec"
quantity = "rec"
unit = "kWh"
"""
Read = Callable[[bytes], list[Reading]]


@dataclass(frozen=True)
class Case:
    """A format: its sample, what reads it, and the points in it with a name for the n-th file.

    A sample without points is of the feeder in the file's name.
    """

    name: str
    data: bytes
    read: Read
    points: dict[str, str] = field(default_factory=dict)
    unit: str = "kWh"  # one for all points, or one for each
    channel: str = ""
    directions: str = "both"
    timezone: str = "UTC"
    minutes: int = 15
    suffix: str = ".csv"
    weight: int = 1
    pack: Callable[[str, bytes], bytes] | None = None  # name and text -> the file

    def feeders(self, number: int) -> list[tuple[str, str, str]]:
        """Return feeder, meter and unit of the points of the n-th file."""
        names = [pattern.format(number) for pattern in self.points.values()]
        units = self.unit.split() * (len(names) or 1)
        if not names:
            letters = str(number).translate(str.maketrans("0123456789", "ABCDEFGHIJ"))
            return [(f"f{number}", f"M{letters}", units[0])]  # no digits that name another
        return [(f"f{number}p{k}", name, units[k]) for k, name in enumerate(names)]

    def numbered(self, number: int) -> bytes:
        """Return the sample with the points of the n-th file."""
        data = self.data
        for name, pattern in self.points.items():
            data = data.replace(name.encode(), pattern.format(number).encode())
        return data


POINTS = {
    "ami-head-end": {"00123": "1{:04}", "00124": "2{:04}"},
    "enedis-consumption": {"00000000000014": "1000000000{:04}"},
    "enedis-production": {"00000000000015": "2000000000{:04}"},
    "esb-hdf": {"10000000001": "3000000{:04}"},
    "fluvius": {"541400000000000001": "54140000000000{:04}"},
    "historian-tags": {"SUB1.FDR3": "SUB1.A84{:04}", "SUB1.FDR4": "SUB1.B85{:04}"},
    "meter-columns": {"NORTH": "N81{:04}", "SOUTH W": "S82{:04} W", "FEEDER W": "F83{:04} W"},
    "pnpscada-energy": {"30000002": "4000{:04}"},
    "pnpscada-power": {"30000001": "5000{:04}"},
    "pnpscada-profile": {"North Mall": "North 86{:04}", "South Mall": "South 87{:04}"},
    "sdge-meter": {"05550001": "6000{:04}"},
    "smt-interval": {"10000000000000001": "7000000000000{:04}"},
}
# The other facts of meter-data.csv.
FACTS = {
    "ami-head-end": {"unit": "kWh", "minutes": 30},
    "enedis-consumption": {"unit": "W", "directions": "delivered", "minutes": 30},
    "enedis-production": {"unit": "W", "directions": "received", "minutes": 30},
    "esb-hdf": {"unit": "kW", "timezone": "Europe/Dublin", "minutes": 30},
    "fluvius": {"timezone": "Europe/Brussels"},
    "historian-tags": {"unit": "kW MW", "minutes": 5},
    "meter-columns": {"unit": "kW", "directions": "delivered", "minutes": 60},
    "pnpscada-energy": {"minutes": 30},
    "pnpscada-power": {"unit": "kW", "minutes": 30},
    "pnpscada-profile": {"directions": "delivered", "minutes": 30, "channel": "kwh kwh+"},
    "smt-interval": {"timezone": "America/Chicago"},
    "swiss-lastgang": {"unit": "kW", "directions": "delivered"},
}


def _espi() -> bytes:
    """Return a feed of a usage point with delivered and received energy and kvarh."""
    link = '<link rel="{}" href="{}"/>'
    point, begin = "/espi/UsagePoint/PT00001", 1_704_067_200
    entries = [
        (
            link.format("self", point) + link.format("related", f"{point}/MeterReading"),
            "<e:UsagePoint><e:ServiceCategory><e:kind>0</e:kind></e:ServiceCategory></e:UsagePoint>",
        ),
    ]
    for name, flow, uom, power in (("a", 1, 72, 3), ("b", 19, 72, 3), ("c", 1, 73, 3)):
        own, kind = f"{point}/MeterReading/{name}", f"/espi/ReadingType/{name}"
        facts = {"accumulationBehaviour": 4, "commodity": 1, "flowDirection": flow}
        facts |= {"intervalLength": 900, "powerOfTenMultiplier": power, "uom": uom}
        readings = "".join(
            f"\n<e:IntervalReading><e:timePeriod><e:duration>900</e:duration><e:start>"
            f"{begin + 900 * n}</e:start></e:timePeriod><e:value>{n * 7 + uom}</e:value>"
            "</e:IntervalReading>"
            for n in range(8)
        )
        entries += [
            (link.format("self", own) + link.format("up", f"{point}/MeterReading")
             + link.format("related", f"{own}/IntervalBlock") + link.format("related", kind),
             "<e:MeterReading/>"),
            (link.format("self", kind), "<e:ReadingType>" + "".join(
                f"\n<e:{tag}>{value}</e:{tag}>" for tag, value in facts.items()
            ) + "</e:ReadingType>"),
            (link.format("self", f"{own}/IntervalBlock/1")
             + link.format("up", f"{own}/IntervalBlock"),
             f"<e:IntervalBlock>{readings}</e:IntervalBlock>"),
        ]  # fmt: skip
    text = "".join(f"\n<entry>{a}\n<content>{b}</content></entry>" for a, b in entries)
    spaces = 'xmlns="http://www.w3.org/2005/Atom" xmlns:e="http://naesb.org/espi"'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<feed {spaces}>{text}\n</feed>'.encode()


def _mscons() -> bytes:
    """Return an interchange of a meter point with energy in both directions and one quadrant."""
    lines = ["UNA:+.? '", "UNB+UNOC:3+1+2+240102:0600+A'", "UNH+1+MSCONS:D:04B:UN:2.2e'"]
    lines += ["BGM+7+A-1+9'", "NAD+DP'", f"LOC+172+{MSCONS_POINT}PT00001'"]
    for item, code in enumerate(("1-1?:1.29.0", "1-1?:2.29.0", "1-1?:5.29.0"), 1):
        lines += [f"LIN+{item}'", f"PIA+5+{code}:SRW'"]
        for n in range(6):
            end = 15 * (n + 1)
            lines += [
                f"QTY+220:{item * 10 + n}.{n}25:KWH'",
                f"DTM+163:20240101{15 * n // 60:02}{15 * n % 60:02}?+01:303'",
                f"DTM+164:20240101{end // 60:02}{end % 60:02}?+01:303'",
            ]
    lines += [f"UNT+{len(lines) - 1}+1'", "UNZ+1+A'"]
    return "\n".join(lines).encode()


def _gzipped(name: str, text: bytes) -> bytes:
    return gzip.compress(text, mtime=0)


def _zipped(name: str, *texts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for at, text in enumerate(texts):
            archive.writestr(f"part{at}-{name}.csv", text)
    return out.getvalue()


def _zip_of_two(name: str, text: bytes) -> bytes:
    """Return a zip of the first and the second half of a table's rows, each with its header."""
    head, *rows = text.split(b"\n")
    at = len(rows) // 2
    return _zipped(name, b"\n".join([head, *rows[:at], b""]), b"\n".join([head, *rows[at:]]))


def _unzipped(read: Read, data: bytes) -> list[Reading]:
    """Return the readings of all members; one without a header is not a file of readings."""
    found: list[Reading] = []
    for _, text in members(data):
        try:
            found += read(text)
        except NoHeaderError:
            continue
    return found


def _workbook_sheet(suffix: str, name: str, text: bytes) -> bytes:
    """Return the sample workbook with another text for its sheet."""
    inner = "content.xml" if suffix == ".ods" else "xl/worksheets/sheet1.xml"
    out = io.BytesIO()
    with (
        zipfile.ZipFile(SAMPLES / f"north{suffix}") as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for info in old.infolist():
            new.writestr(info.filename, text if info.filename == inner else old.read(info))
    return out.getvalue()


def _inside(suffix: str) -> bytes:
    inner = "content.xml" if suffix == ".ods" else "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(SAMPLES / f"north{suffix}") as archive:
        data = archive.read(inner)
    return data.replace(b"<row", b"\n<row").replace(b"<table:table-row", b"\n<table:table-row")


def meter_columns(data: bytes) -> list[Reading]:
    """Return the values of a table with a column a meter; `NORTH kW` makes it a historian's."""
    try:
        return delimited(data, SPECS["historian-tags"])
    except NoHeaderError:
        return delimited(data, SPECS["meter-columns"])


def cases() -> list[Case]:
    """Return all formats, with how often each is tried."""
    sample = {path.stem: path.read_bytes() for path in SAMPLES.glob("*.csv")}
    classic = partial(delimited, spec=classic_spec())
    plain = (PROJECT / "tests/data/substations/_dropbox/KW").glob("*.csv")
    day = b"\n".join(next(iter(sorted(plain))).read_bytes().split(b"\n")[:40]) + b"\n"
    found = [Case("classic export", day, classic, unit="W", weight=8)]
    found.append(Case("classic, saved again", sample["classic"], classic, unit="kW", weight=2))
    for path in sorted(VARIANTS.glob("*.csv")) if VARIANTS.is_dir() else ():
        way = "delivered" if path.name == "b4-onechannel.csv" else "both"
        minutes = 60 if "hourly" in path.name else 15
        data = path.read_bytes()
        found.append(
            Case(f"variant {path.stem}", data, classic, unit="kW", directions=way, minutes=minutes)
        )
    for name, spec in SPECS.items():
        read = meter_columns if name == "meter-columns" else partial(delimited, spec=spec)
        facts = FACTS.get(name, {})
        found.append(Case(name, sample[name], read, POINTS.get(name, {}), weight=2, **facts))
    nem = sample["north.nem12"]
    nem_points = {"NORTH00001": "NORT1{:05}"}
    more = b"14.07.2024 02:00;9;6,5;0,2\n14.07.2024 03:00;8,5;6,25;0,25\n"
    table = sample["meter-columns"].rstrip() + b"\n" + more
    facts = FACTS["meter-columns"] | {"points": POINTS["meter-columns"], "suffix": ".zip"}
    zone = {"timezone": "Etc/GMT-10", "minutes": 30, "channel": "E1 B1 Q1 K1"}
    found += [
        Case("NEM12", nem, nem12, nem_points, weight=5, **zone),
        Case("NEM12 in a zip", nem, partial(_unzipped, nem12), nem_points, suffix=".zip",
             pack=_zipped, weight=2, **zone),
        Case("zip of two files", table, partial(_unzipped, meter_columns), pack=_zip_of_two,
             weight=2, **facts),
        Case("gzip", table, lambda data: meter_columns(gzip.decompress(data)), pack=_gzipped,
             weight=2, **facts | {"suffix": ".csv.gz"}),
        Case("Green Button", _espi(), green_button, {"PT00001": "PT1{:04}"}, suffix=".xml",
             weight=5),
        Case("MSCONS", _mscons(), mscons, {f"{MSCONS_POINT}PT00001": MSCONS_POINT + "PT2{:04}"},
             suffix=".txt", weight=5),
        Case("IEC 62056-21 P.01", sample["iec62056-p01"], read_out, {"08354050": "9835{:04}"},
             unit="kW", suffix=".txt", weight=3),
        Case("xlsx", _inside(".xlsx"), workbook, suffix=".xlsx",
             pack=partial(_workbook_sheet, ".xlsx")),
        Case("ods", _inside(".ods"), workbook, suffix=".ods",
             pack=partial(_workbook_sheet, ".ods")),
        Case("xls", (SAMPLES / "north.xls").read_bytes(), workbook, suffix=".xls"),
    ]  # fmt: skip
    return found
