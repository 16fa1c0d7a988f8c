"""Cut the open test data from the whole of its source, and compute what is expected of it.

    python tests/data/cut.py FOLDER

FOLDER has the exports of the source (see README.md). Uses csv and Decimal only, and nothing of the
project: what it expects is an independent result.
"""

import csv
import json
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path

PLACE = Path(__file__).parent / "substations"
FEEDERS = {"lls": "310000003", "wew": "310000007"}  # power flows both ways; the largest one
MONTHS = (
    (datetime(2021, 8, 30), datetime(2021, 9, 1)),
    (datetime(2021, 9, 1), datetime(2021, 9, 2)),
)
CLOCK = "%m/%d/%y %H:%M:%S"


def main(source: Path) -> None:
    drop = PLACE / "_dropbox" / "KW"
    drop.mkdir(parents=True, exist_ok=True)
    expected = {}
    for feeder in FEEDERS:
        lines = []
        for start, end in MONTHS:
            (whole,) = source.glob(f"{feeder}-{start:%m}0121-*.csv")
            head, rows = cut(whole.read_bytes(), start, end)
            name = f"{feeder}-{start:%m%d%y-%H%M%S}_{end:%m%d%y-%H%M%S}.csv"
            (drop / name).write_bytes(b"".join([*head, *rows]))
            lines += [row.decode() for row in rows]
        expected[feeder] = facts(lines)
    meters = [f"{feeder},{meter},1,kW,15,UTC\n" for feeder, meter in FEEDERS.items()]
    head = "sta,meter,multiplier,channel_unit,interval_minutes,timezone\n"
    (PLACE / "meter-data.csv").write_text(head + "".join(meters), encoding="utf-8")
    text = json.dumps(expected, indent=1) + "\n"
    (PLACE / "expected.json").write_text(text, encoding="utf-8")


def cut(data: bytes, start: datetime, end: datetime) -> tuple[list[bytes], list[bytes]]:
    """Return the lines before the rows, and the rows that start in a span, unchanged."""
    lines = data.splitlines(keepends=True)
    first = next(i for i, line in enumerate(lines) if line.startswith(b"Record No.")) + 1
    rows = [line for line in lines[first:] if line.strip() and start <= starts(line) < end]
    return lines[:first], rows


def starts(line: bytes) -> datetime:
    return datetime.strptime(line.decode().split(",")[2].strip(), CLOCK)


def facts(lines: list[str]) -> dict[str, object]:
    """Return counts and exact sums of one feeder's rows, in the unit of their channels."""
    rows = list(csv.reader(lines))
    delivered, received = ([Decimal(row[place]) for row in rows] for place in (4, 5))
    first, last = (datetime.strptime(text.strip(), CLOCK) for text in (rows[0][2], rows[-1][3]))
    return {
        "rows": len(rows),
        "first_start": str(first),
        "last_end": str(last),
        "channel_unit": "kW",
        "channel_sums": [str(sum(delivered)), str(sum(received)), None, None],
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
