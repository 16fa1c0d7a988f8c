"""Time the load of one file with a month of many meters, in three forms; print a table.

    python benchmarks/many_meters.py [--meters 900] [--days 30]

Each form is loaded by a cold process: recognised, checked, its rows written, the file archived.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from bench_setup import DROP, HERE, is_taken_in
from measure import cold

START, STEP = datetime(2024, 7, 1), timedelta(minutes=15)
METERS = "sta,meter,multiplier,channel_unit,timezone,directions\n"


def value(meter: int, number: int) -> str:
    return f"{(meter * 37 + number * 11) % 1000 / 100}"


def long_rows(meters: int, days: int) -> Iterator[str]:
    """A row an interval and meter, as SDG&E writes them."""
    yield "UOM,kWh"
    yield "Meter Number,Date,Start Time,Duration,Consumption,Generation,Net"
    times = [START + STEP * n for n in range(96 * days)]
    texts = [f"{at:%m/%d/%Y},{at:%I:%M %p},15" for at in times]
    for meter in range(meters):
        for number, text in enumerate(texts):
            yield f"{meter + 100_000},{text},{value(meter, number)},0,"


def a_column_each(meters: int, days: int) -> Iterator[str]:
    """A column a meter."""
    yield ",".join(["Time", *(f"{meter + 100_000} (kWh)" for meter in range(meters))])
    for number in range(96 * days):
        values = (value(meter, number) for meter in range(meters))
        yield f"{START + STEP * number:%Y-%m-%d %H:%M},{','.join(values)}"


def nem12(meters: int, days: int) -> Iterator[str]:
    """A line a day and meter."""
    yield "100,NEM12,202408010000,A,B"
    for meter in range(meters):
        yield f"200,{meter + 100_000},E1,1,E1,N1,S1,kWh,15,"
        for day in range(days):
            values = ",".join(value(meter, 96 * day + n) for n in range(96))
            yield f"300,{START + timedelta(days=day):%Y%m%d},{values},A,,,20240801000000,"
    yield "900"


FORMS = {
    "a row an interval": (long_rows, "UTC"),
    "a column a meter": (a_column_each, "UTC"),
    "NEM12": (nem12, "Etc/GMT-10"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--meters", type=int, default=900)
    parser.add_argument("--days", type=int, default=30)
    options = parser.parse_args()
    print("| one file | readings | size, MB | wall, s | CPU, s | peak, MB |")
    print("|---|--:|--:|--:|--:|--:|")
    for name, (lines, zone) in FORMS.items():
        way = "both" if lines is long_rows else "delivered"
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / DROP).mkdir(parents=True)
            rows = "".join(
                f"feeder{n},{n + 100_000},1,kWh,{zone},{way}\n" for n in range(options.meters)
            )
            (root / "meter-data.csv").write_text(METERS + rows)
            path = root / DROP / "all.csv"
            path.write_text("\n".join([*lines(options.meters, options.days), ""]))
            size = path.stat().st_size / 1e6
            command = [sys.executable, str(HERE / "stages.py"), "ingest", str(root)]
            cost = cold(command, root / "log")
            is_taken_in(root)
        readings = options.meters * options.days * 96
        print(
            f"| {name} | {readings:,} | {size:.0f} | {cost.wall:.1f} | {cost.cpu:.1f} "
            f"| {cost.peak_mb:,.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
