"""One root with files of every kind, which come in two drops. Knows files, not engines or tables.

Measured data where it is here (else simulated), meters on clocks that change, months of meters with
all that meters do now and then, reactive power in every quadrant, holes, files of other layouts.
"""

import csv
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import accumulate
from math import pi, sin
from pathlib import Path
from shutil import copyfile, copytree

import changing_months
import clock_meters
import raw_exports
import reactive_meters
import register_roots
from conftest import REAL_DATA
from fault_files import Feeder
from layout_files import SAMPLES
from point_files import HEADER, with_points
from simulate import simulate

from ingest.decisions import add_decision, feeders_of
from ingest.layouts import Layout, Outline, recognise
from ingest.load_files import load_files, save_meter_data
from ingest.meter_data import read_meter_data
from ingest.release import release_holes
from ingest.review import withdraw_file
from ingest.workspace import Workspace

COLUMNS = ("sta", "meter", "multiplier", "channel_unit", "interval_minutes", "timezone")
COLUMNS += ("valid_from", "valid_to", "total_factor", "channel", "directions", "rating_mva")
COLUMNS += ("register_multiplier", "register_digits")
LAYOUTS = {
    "north.nem12.csv": "nem12,NORTH00001,kWh,30,2024-01-01,2024-01-03,both",
    "ami-head-end.csv": "ami,00123,kWh,30,2024-03-25,2024-03-27,",
    "historian-tags.csv": "tags,SUB1.FDR3,kW,5,2024-07-01,2024-07-02,",
    "iec62056-p01.csv": "readout,08354050,kW,15,2022-08-23,2022-08-24,",
}
# One month of measured data, a piece of a day on which a clock changes, and what two meters of
# `months` wrote late: in the second drop most months have nothing new.
LATE = ("-100121-", "autumn_pieces-2", "-late")
WITHDRAWN = "north-3.csv"
EDIT = ("pune,4,14400,Wh", "pune,4,14400,W")


def drop_months(root: Path) -> None:
    """Weeks of two meters, one with a hole after them, and two files that come late."""
    drop, rng = root / "_dropbox/KW", random.Random(5)
    drop.mkdir(parents=True)
    (root / "meter-data.csv").write_text(changing_months.METERS)
    first = datetime(2024, 9, 15)
    for week in range(7):
        for feeder in ("north", "pune"):
            rows = changing_months.rows_of(feeder, first + timedelta(days=7 * week), 7, 60, rng)
            raw_exports.write_export(drop, f"{feeder}-{week}.csv", rows)
    holed = changing_months.rows_of("north", datetime(2024, 11, 5), 2, 60, rng)
    raw_exports.write_export(drop, "north-holed.csv", holed[:5] + holed[8:])
    for feeder, day, days, minutes in (("south", 10, 9, 30), ("pune", 20, 3, 60)):
        rows = changing_months.rows_of(feeder, datetime(2024, 10, day), days, minutes, rng)
        raw_exports.write_export(drop, f"{feeder}-late.csv", rows)


def drop_faults(root: Path) -> None:
    """What no other file has: a meter whose unit changes, a kVA of all ones, a counter."""
    drop, rng = root / "_dropbox/KW", random.Random(6)
    drop.mkdir(parents=True)
    (root / "meter-data.csv").write_text(
        "sta,meter,multiplier,channel_unit,interval_minutes\ntenth,5,1,kW,60\ncounter,6,1,kWh,15\n"
    )
    start, rows = datetime(2023, 5, 1), []
    for n, ends in enumerate(raw_exports.intervals(start, 60 * 24, 60)):
        kw = (1000 + 400 * sin(n * pi / 12) + rng.randrange(50)) / (10 if n > 30 * 24 else 1)
        kva = 65535 if n == 500 else kw * 1.1
        rows.append(raw_exports.row(n, *ends, f"{kw:.2f},0,{kva:.2f},0"))
    raw_exports.write_export(drop, "tenth-1.csv", rows)
    steps = accumulate((1.5 + rng.random() for _ in range(288)), initial=5000)
    rows = [
        raw_exports.row(n, *ends, f"{count:.3f},0,,")
        for (n, ends), count in zip(
            enumerate(raw_exports.intervals(start, 288)), steps, strict=False
        )
    ]
    raw_exports.write_export(drop, "counter-1.csv", rows)


def drop_registers(root: Path) -> None:
    """Days of a meter with faults that register reads show, and a read that is corrected."""
    first = datetime(2022, 3, 1)
    rows = [
        (at, (Decimal(100 + 40 * (n % 96 > 30) + n % 7), Decimal(n % 96 < 20), None, None))
        for n, (at, _) in enumerate(raw_exports.intervals(first, 96 * 6))
    ]
    names = ("good", "energy", "times10", "both", "swapped", "shifted", "lost", "doubled")
    cases = [c for c in (register_roots.GOOD, *register_roots.CASES) if c.name in names]
    register_roots.write_root(root, [Feeder("bay", "kW", 15, rows)], cases)
    lines = [register_roots.HEADER, "100001,2022-03-02,99999,0"]
    (root / "_dropbox/REG/reads-late.csv").write_text("\n".join(lines) + "\n")


def drop_bank(root: Path) -> None:
    """Two feeders and their bank, which is out of the total; hours of one are missing.

    The register of that one is read daily.
    """
    drop, rng, counted = root / "_dropbox", random.Random(7), Decimal(0)
    (drop / "KW").mkdir(parents=True)
    (drop / "REG").mkdir()
    (root / "meter-data.csv").write_text(
        "sta,meter,multiplier,channel_unit,interval_minutes,total_factor\n"
        "outlet1,77001,1,kW,60,1\noutlet2,77002,1,kW,60,1\nbank,77003,1,kW,60,0\n"
    )
    rows = {"outlet1": [], "outlet2": [], "bank": []}
    reads = [register_roots.HEADER]
    for n, ends in enumerate(raw_exports.intervals(datetime(2023, 8, 1), 24 * 40, 60)):
        one, two = (300 + rng.randrange(200) for _ in range(2))
        for feeder, kw in zip(rows, (one, two, one + two + n % 5), strict=True):
            rows[feeder].append(raw_exports.row(n, *ends, f"{kw},0,,"))
        if n % 24 == 0:
            reads.append(f"77001,{ends[0]},{counted:.2f},0.00")
        counted += one
    for feeder, lines in rows.items():
        first = 24 * 20 + 7
        raw_exports.write_export(drop / "KW", f"{feeder}-1.csv", lines[:first])
        until = first + 6 if feeder == "outlet1" else first
        raw_exports.write_export(drop / "KW", f"{feeder}-2.csv", lines[until:])
    (drop / "REG" / "bank-reads.csv").write_text("\n".join(reads) + "\n")


def drop_layouts(root: Path) -> None:
    """Samples of other layouts, with reactive power."""
    drop = root / "_dropbox/KW"
    drop.mkdir(parents=True)
    rows = [
        "sta,meter,channel_unit,interval_minutes,valid_from,valid_to,directions",
        *LAYOUTS.values(),
    ]
    (root / "meter-data.csv").write_text("\n".join(rows))
    for name in LAYOUTS:
        copyfile(SAMPLES / name, drop / name)


@dataclass(frozen=True)
class Source:
    """What writes files and their meter-data.csv, and cells of that which it leaves empty.

    A meter without an end would be expected for as long as the root has files: for years.
    """

    write: Callable[[Path], object]
    cells: dict[str, str]


def valid(first: str, until: str, **more: str) -> dict[str, str]:
    return {"valid_from": first, "valid_to": until, **more}


MEASURED = {
    "steel-plant": valid("2018-01-01", "2019-01-01"),
    "substations": valid("2021-07-31", "2021-11-01"),
    "transformers": valid("2024-01-01", "2024-04-03", rating_mva="25"),
}
SIMULATED = Source(
    partial(simulate, feeders=8, months=4, start="2021-07"),
    valid("2021-07-01", "2021-11-01", rating_mva="25"),
)
SOURCES = {
    **(
        {
            name: Source(partial(copytree, REAL_DATA / name), cells)
            for name, cells in MEASURED.items()
        }
        if REAL_DATA.exists()
        else {"simulated": SIMULATED}
    ),
    "clocks": Source(clock_meters.drop_all, {}),
    "months": Source(drop_months, valid("2024-09-01", "2025-01-01")),
    "reactive": Source(reactive_meters.drop_day, valid("2024-07-01", "2024-07-02")),
    "registers": Source(drop_registers, {"total_factor": "0"}),
    "faults": Source(drop_faults, valid("2023-05-01", "2023-06-30")),
    "bank": Source(drop_bank, valid("2023-08-01", "2023-09-10")),
    "layouts": Source(
        drop_layouts,
        {"multiplier": "1", "timezone": "UTC", "total_factor": "0"},
    ),
}


def drop_first(root: Path, sources: Path) -> None:
    """Make all files below `sources`, and take in those that are not late."""
    space = Workspace(root)
    space.prepare()
    rows = []
    for name, source in SOURCES.items():
        source.write(sources / name)
        with (sources / name / "meter-data.csv").open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                rows.append(source.cells | {column: cell for column, cell in row.items() if cell})
    with space.meter_data.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerows(rows)
    decide(space, action="scale", feeder="plain", first_start=hour(3), until=hour(5), value="0.5")
    decide(space, action="missing", feeder="plain", first_start=hour(7), until=hour(8))
    decide(space, action="shift", feeder="plain", first_start=hour(10), until=hour(12), value="60")
    decide(space, action="accept", feeder="counter", **days("2023-05-01", "2023-05-02"))
    decide(
        space, action="acknowledge", feeder="north", rule="gap", **days("2024-08-30", "2024-09-17")
    )
    known = days("2023-05-20", "2023-06-20")
    decide(space, action="acknowledge", feeder="tenth", rule="unit_step", **known)
    take_in(space, [path for path in files_of(sources) if not is_late(path)])


def drop_more(root: Path, sources: Path) -> None:
    """Take in what is late; release, withdraw, edit and decide anew."""
    space = Workspace(root)
    decide(space, action="revoke", revokes="2")
    decide(space, action="swap", feeder="plain", first_start=hour(9), until=hour(10))
    text = space.meter_data.read_text(encoding="utf-8")
    space.meter_data.write_text(text.replace(*EDIT), encoding="utf-8")
    take_in(space, [path for path in files_of(sources) if is_late(path)])
    assert release_holes(space, "known outage").file_count > 1
    withdraw_file(space, WITHDRAWN, "wrong meter")


def decide(space: Workspace, **cells: str) -> None:
    who = {"who": "A. Engineer", "why": "clamp test", "decided_at": "2024-08-01T00:00:00Z"}
    feeders = feeders_of(read_meter_data(space.meter_data))
    add_decision(space.decisions, who | cells, feeders)


def days(first: str, until: str) -> dict[str, str]:
    return {"first_start": f"{first}T00:00:00Z", "until": f"{until}T00:00:00Z"}


def hour(number: int) -> str:
    return f"2024-07-01T{number:02}:00:00Z"


def take_in(space: Workspace, paths: list[Path]) -> None:
    for path in paths:
        (space.root / "_dropbox" / path.parent.name).mkdir(exist_ok=True)
        copyfile(path, space.root / "_dropbox" / path.parent.name / path.name)
    save_meter_data(space, read_meter_data(space.meter_data))
    load_files(space, recognise=shipped_or_points)


def shipped_or_points(data: bytes, name: str) -> tuple[Layout | None, Outline]:
    return (with_points if data.startswith(HEADER.encode()) else recognise)(data, name)


def files_of(sources: Path) -> list[Path]:
    return sorted(sources.glob("*/_dropbox/*/*"))


def is_late(path: Path) -> bool:
    return any(part in path.name for part in LATE)
