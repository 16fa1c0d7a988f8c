"""Meters with active and reactive power in every quadrant, and the rows that they write."""

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from math import hypot
from pathlib import Path

from point_files import HEADER

START = datetime(2024, 7, 1)
METERS = """sta,meter,multiplier,channel_unit,total_factor
north,N,1,kW,1
south,S,1,kW,0.97
tie,T,1,kW,-1
plain,P,1,kW,0
"""
CODES = {"N": "E B Q1 Q2 Q3 Q4 S", "S": "E B Q1 Q2 Q3 Q4", "T": "E B R", "P": "E B S"}


def lines(count: int) -> Iterable[str]:
    """Random values of two decimals; of kVA what active and reactive power make."""
    some = random.Random(17)
    for n in range(count):
        start = f"{START + timedelta(minutes=15 * n):%Y-%m-%dT%H:%M}"
        for point, codes in CODES.items():
            values = {code: Decimal(some.randrange(500)) / 100 for code in codes.split()}
            # mostly one direction
            values[some.choice("EB")] *= some.randrange(2)
            if "R" in values and n % 2:
                values["R"] = -values["R"]
            if "Q1" in values:
                idle = ("Q2", "Q3") if n % 3 else ("Q1", "Q4")
                values |= dict.fromkeys(idle, Decimal(0))
            if point == "N":
                active, reactive = values["E"] + values["B"], sum(values[f"Q{q}"] for q in "1234")
                values["S"] = round(Decimal(hypot(active, reactive)), 2)
            if n == 7 and point == "S":
                del values["Q3"]
            yield from (f"{point},{start},{code},{value}" for code, value in values.items())


def drop_day(root: Path) -> None:
    """A file with a day of all meters into the drop folder of a root, and their meter-data.csv."""
    drop = root / "_dropbox/KW"
    drop.mkdir(parents=True, exist_ok=True)
    (root / "meter-data.csv").write_text(METERS)
    (drop / "all.csv").write_text("\n".join([HEADER, *lines(96), ""]))
