"""Read measured feeders from raw exports and write them again, as one root of many. Knows files."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

TIME = "%m/%d/%y %H:%M:%S"
PREAMBLE = (
    "{}\r\nLoad Profile Data Display\r\n\r\n"
    "Record No.,Event Type,Start Time,End Time,-1-,-2-,-3-,-4-\r\n"
)
COLUMNS = (
    "sta,meter,multiplier,channel_unit,interval_minutes,timezone,valid_from,valid_to,"
    "total_factor,rating_mva"
)

HOUR = timedelta(hours=1)

Values = tuple[Decimal | None, ...]  # kW delivered and received, kVA delivered and received
Row = tuple[datetime, Values]


@dataclass(frozen=True)
class Feeder:
    """Readings of a meter in order, with what meter-data.csv says of it."""

    name: str
    unit: str
    minutes: int
    rows: list[Row]
    multiplier: Decimal = Decimal(1)
    rating_mva: Decimal | None = None

    @property
    def first(self) -> datetime:
        return self.rows[0][0]

    @property
    def years(self) -> float:
        """How long it was read, without what is missing."""
        return len(self.rows) * self.minutes / (365.25 * 1440)


def read_feeders(root: Path) -> list[Feeder]:
    """All feeders of a root whose files are in the classic layout, by time."""
    readings: dict[str, dict[datetime, Values]] = defaultdict(dict)
    for path in sorted((root / "_dropbox" / "KW").glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.reader(stream):
                if len(row) == 8 and row[0].strip().isdigit():
                    values = (Decimal(cell) if cell.strip() else None for cell in row[4:])
                    moment = datetime.strptime(row[2].strip(), TIME)
                    readings[path.name.split("-")[0]][moment] = tuple(values)
    with (root / "meter-data.csv").open(encoding="utf-8") as stream:
        return [
            Feeder(
                row["sta"],
                row["channel_unit"],
                int(row.get("interval_minutes") or 15),
                sorted(readings[row["sta"]].items()),
            )
            for row in csv.DictReader(stream)
        ]


def window(feeder: Feeder, first: datetime, days: int) -> Feeder:
    """Its readings of some days."""
    rows = [row for row in feeder.rows if first <= row[0] < first + timedelta(days=days)]
    return Feeder(feeder.name, feeder.unit, feeder.minutes, rows)


def moved(feeder: Feeder, first: datetime) -> Feeder:
    """The same readings whole weeks earlier or later, from about `first` on."""
    weeks = round((first - feeder.first) / timedelta(days=7))
    rows = [(moment + weeks * timedelta(days=7), values) for moment, values in feeder.rows]
    return Feeder(feeder.name, feeder.unit, feeder.minutes, rows)


def write_meter_data(root: Path, feeders: Iterable[Feeder]) -> None:
    """Write meter-data.csv: each feeder for the time in which it has readings."""
    lines = [COLUMNS]
    for number, feeder in enumerate(feeders, start=100_000):
        first = min(moment for moment, _ in feeder.rows)
        last = max(moment for moment, _ in feeder.rows) + timedelta(minutes=feeder.minutes)
        lines.append(
            f"{feeder.name},{number},{feeder.multiplier},{feeder.unit},{feeder.minutes},UTC,"
            f"{first},{last},0,{feeder.rating_mva or ''}"
        )
    root.mkdir(parents=True, exist_ok=True)
    (root / "meter-data.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_files(root: Path, feeder: Feeder) -> None:
    """Write one file to the drop folder for each run of rows without a hole."""
    step = timedelta(minutes=feeder.minutes)
    for rows in _runs(feeder.rows, step):
        name = f"{feeder.name}-{rows[0][0]:%m%d%y-%H%M%S}_{rows[-1][0] + step:%m%d%y-%H%M%S}.csv"
        text = PREAMBLE.format(feeder.name) + "".join(_lines(rows, step))
        (root / "_dropbox" / "KW" / name).write_text(text, encoding="utf-8", newline="")


def _runs(rows: list[Row], step: timedelta) -> Iterator[list[Row]]:
    """Rows cut at holes and where a clock was set back; one dated a day early stays where it is."""
    begin = 0
    for place in range(1, len(rows)):
        late = rows[place][0] - (rows[place - 1][0] + step)
        if late > timedelta(0) or timedelta(0) > late >= -HOUR:
            yield rows[begin:place]
            begin = place
    yield rows[begin:]


def _lines(rows: list[Row], step: timedelta) -> Iterator[str]:
    for number, (moment, values) in enumerate(rows, start=1):
        cells = ",".join("" if value is None else f"{value:f}" for value in values)
        yield f"{number},Normal,{moment:{TIME}},{moment + step:{TIME}},{cells}\r\n"
