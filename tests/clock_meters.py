"""Meters on clocks that change, and the files that they write around a change."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import raw_exports

DENVER, STANDARD, LONDON = "America/Denver", "Etc/GMT+7", "Europe/London"
LORD_HOWE = "Australia/Lord_Howe"  # half an hour of daylight saving
SPRING, AUTUMN = date(2025, 3, 8), date(2025, 11, 1)  # the clock of Denver changes on the next day
DUMMY = Decimal("9999.99")

Row = tuple[datetime, datetime, Decimal]  # start and end on the meter's clock, kW


def starts_of(zone: str, first: date, minutes: int = 15, days: int = 3) -> list[datetime]:
    """All interval starts of some local days, in UTC, without a zone."""
    midnights = (
        datetime.combine(first + timedelta(days=n), datetime.min.time()) for n in (0, days)
    )
    start, end = (m.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for m in midnights)
    count = (end - start) // timedelta(minutes=minutes)
    return [start.replace(tzinfo=None) + timedelta(minutes=minutes * n) for n in range(count)]


def on_clock(moment: datetime, zone: str) -> datetime:
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def load(start: datetime) -> Decimal:
    """The same load for every meter, by time in UTC; no value is like its neighbours."""
    return Decimal((start - datetime(1970, 1, 1)) // timedelta(minutes=15) * 37 % 1009) / 4


def rows_of(
    starts: list[datetime], zone: str, minutes: int = 15, label: str = "before"
) -> list[Row]:
    """Rows on a meter's clock; `label`: the interval up to a change ends on the clock before it."""
    length = timedelta(minutes=minutes)
    rows = []
    for start in starts:
        local = on_clock(start, zone)
        end = local + length if label == "before" else on_clock(start + length, zone)
        rows.append((local, end, load(start)))
    return rows


def export(name: str, rows: list[Row]) -> str:
    """A file; its first line keeps it from being a duplicate of another feeder's."""
    lines = (
        raw_exports.row(n, start, end, f"{kw},0,{kw},0") for n, (start, end, kw) in enumerate(rows)
    )
    return raw_exports.export(lines, name)


@dataclass(frozen=True)
class Meter:
    """A meter, the starts of what it measured and the files that it or its tool wrote."""

    zone: str
    starts: list[datetime]
    files: list[list[Row]]
    minutes: int = 15
    total_factor: int = 0

    def description(self, name: str) -> str:
        """Its row of meter-data.csv, valid only for the days of its files."""
        ends = self.starts[0], self.starts[-1] + timedelta(minutes=self.minutes)
        valid = ",".join(f"{on_clock(end, self.zone):%Y-%m-%d %H:%M}" for end in ends)
        return f"{name},1,1000000,{self.minutes},{self.zone},{valid},{self.total_factor}\n"


def meter(zone: str, starts: list[datetime], label: str = "before", **more) -> Meter:
    return Meter(zone, starts, [rows_of(starts, zone, more.get("minutes", 15), label)], **more)


spring, autumn = starts_of(DENVER, SPRING), starts_of(DENVER, AUTUMN)
LONDON_SPRING, LONDON_AUTUMN = (starts_of(LONDON, date(2025, *d), 30) for d in ((3, 29), (10, 25)))
HOWE_SPRING, HOWE_AUTUMN = (starts_of(LORD_HOWE, date(2025, *d), 30) for d in ((10, 4), (4, 5)))
SURE = {
    # a standard-time meter and one on wall time measure the same: their difference is 0
    "spring_standard": meter(STANDARD, spring, total_factor=1),
    "spring_before": meter(DENVER, spring, total_factor=-1),
    "spring_after": meter(DENVER, spring, "after"),
    "autumn_standard": meter(STANDARD, autumn, total_factor=1),
    "autumn_before": meter(DENVER, autumn),
    "autumn_after": meter(DENVER, autumn, "after", total_factor=-1),
    "london_spring": meter(LONDON, LONDON_SPRING, minutes=30),
    "london_autumn": meter(LONDON, LONDON_AUTUMN, "after", minutes=30),
    "howe_spring": meter(LORD_HOWE, HOWE_SPRING, minutes=30),
    "howe_autumn": meter(LORD_HOWE, HOWE_AUTUMN, minutes=30),
    # one file ends with the first pass, the next begins with the second
    "autumn_halves": Meter(
        DENVER,
        autumn,
        [rows_of(autumn[a:b], DENVER, label="after") for a, b in ((0, 104), (104, None))],
    ),
    # one file ends at 01:15 of the first pass, the next at 01:15 of the second
    "autumn_pieces": Meter(
        DENVER,
        autumn,
        [rows_of(autumn[a:b], DENVER) for a, b in ((0, 101), (101, 105), (105, None))],
    ),
}
wall_spring, wall_autumn = rows_of(spring, DENVER), rows_of(autumn, DENVER)
at_jump = next(n for n, row in enumerate(wall_spring) if row[0] == datetime(2025, 3, 9, 3))
never_shown = [
    (time, time + timedelta(minutes=15), DUMMY)
    for time in (datetime(2025, 3, 9, 2, minute) for minute in (0, 15, 30, 45))
]
first_pass, second_pass = (wall_autumn[n : n + 4] for n in (100, 104))
UNSURE = {
    # 96 columns every day: values that nobody measured in the hour that the clock skips
    "spring_columns": Meter(
        DENVER, spring, [wall_spring[:at_jump] + never_shown + wall_spring[at_jump:]]
    ),
    # and the repeated hour once
    "autumn_columns": Meter(DENVER, autumn, [wall_autumn[:104] + wall_autumn[108:]]),
    "autumn_inside": Meter(DENVER, autumn[100:108], [second_pass[1:3]]),
    # meter-data.csv does not have that this meter keeps standard time
    "spring_undeclared": Meter(DENVER, spring, [rows_of(spring, STANDARD)]),
}
midnight_slip = [
    (start - timedelta(days=start.time() == datetime.min.time()), end, kw)
    for start, end, kw in rows_of(autumn, STANDARD)
]
REFUSED = {
    "third_pass": Meter(DENVER, autumn, [wall_autumn[:104] + first_pass + wall_autumn[104:]]),
    "spring_jump": Meter(STANDARD, spring, [wall_spring]),
    "midnight": Meter(STANDARD, autumn, [midnight_slip]),
}
METERS = SURE | UNSURE | REFUSED
SYSTEM_IN_DENVER = ("--vars", f"system_timezone: {DENVER}")


def drop_all(root: Path) -> None:
    """The files of all meters into the drop folder of a root, and their meter-data.csv."""
    drop = root / "_dropbox/KW"
    drop.mkdir(parents=True)
    head = "sta,meter,multiplier,interval_minutes,timezone,valid_from,valid_to,total_factor\n"
    rows = "".join(meter.description(name) for name, meter in METERS.items())
    (root / "meter-data.csv").write_text(head + rows, encoding="utf-8")
    for name, made in METERS.items():
        for number, rows in enumerate(made.files):
            (drop / f"{name}-{number}.csv").write_text(export(name, rows), encoding="utf-8")
