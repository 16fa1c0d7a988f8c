"""A root with months of readings, and what happens to it: files, withdrawals, edits, releases."""

import random
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import raw_exports
from conftest import query, take_in

from ingest.release import release_file
from ingest.review import withdraw_file
from ingest.workspace import Workspace

# half-hourly and hourly meters on three clocks; the last one's grid lies off the whole hours of UTC
METERS = """\
sta,meter,multiplier,channel_unit,interval_minutes,timezone,valid_from,valid_to,total_factor
north,1,28800,W,60,America/Denver,,,1
south,2,14400,W,30,UTC,,2024-11-20 12:00,1
south,3,7200,W,60,UTC,2024-11-20 12:00,,1
pune,4,14400,Wh,60,Asia/Kolkata,,,-1
"""
ZONES = {"north": "America/Denver", "south": "UTC", "pune": "Asia/Kolkata"}
WORDS = ["Test Mode", "Power Fail", "Time Set", "Skipped", "Full Moon"]
EDITS = {
    "unit": ("pune,4,14400,Wh", "pune,4,14400,W"),
    "multiplier": (",28800,", ",14400,"),
    "exchange moved": ("2024-11-20 12:00", "2024-11-25 00:00"),
    "clock": ("America/Denver", "Etc/GMT+7"),
    "weight": (",,,-1", ",,,0"),
    "period opened": (
        "60,Asia/Kolkata,,,-1",
        "60,Asia/Kolkata,2024-11-10 00:00,,-1",
    ),
}


def rows_of(feeder: str, first: datetime, days: int, minutes: int, rng: random.Random) -> list[str]:
    """Data rows on the meter's clock, from local midnight on, with all that meters do now and then.

    A channel is unknown, an interval is in two pieces, the event has another word.
    """
    zone = ZoneInfo(ZONES[feeder])
    moment = first.replace(tzinfo=zone).astimezone(ZoneInfo("UTC"))
    until, lines = moment + timedelta(days=days), []
    left = minutes  # of the interval
    while moment < until:
        length = rng.randint(1, left) if rng.random() < 0.03 else left
        after, left = moment + timedelta(minutes=length), left - length or minutes
        ends = (m.astimezone(zone) for m in (moment, after))
        kw, back = rng.randint(0, 9999) / 100, rng.choice([0, 0, 3.25])
        kva = "" if rng.random() < 0.05 else round(kw * 1.1, 2)
        word = rng.choice(WORDS) if rng.random() < 0.03 else "Normal"
        lines.append(raw_exports.row(len(lines), *ends, f"{kw},{back},{kva},{back}", word))
        moment = after
    return lines


class Months:
    """A root and the things that happen to it."""

    def __init__(self, root: Path, seed: int) -> None:
        self.rng = random.Random(seed)
        self.space = Workspace(root)
        self.space.prepare()
        self.space.meter_data.write_text(METERS)
        self.count = 100 * seed  # names are used once

    def drop(self, lines: list[str], feeder: str) -> None:
        self.count += 1
        path = self.space.dropbox / f"{feeder}-{self.count}.csv"
        path.write_text(raw_exports.export(lines))

    def file(self) -> None:
        """Some days somewhere in two months: early, late, over another file, across the clock."""
        feeder = self.rng.choice(list(ZONES))
        first = datetime(2024, 10, 15) + timedelta(days=self.rng.randrange(50))
        late_south = feeder == "south" and first < datetime(2024, 11, 20)
        minutes = 30 if late_south else 60
        self.drop(rows_of(feeder, first, self.rng.randint(1, 9), minutes, self.rng), feeder)

    def broken(self) -> None:
        """A file with a hole, released after review."""
        lines = rows_of("north", datetime(2024, 11, self.rng.randint(1, 20)), 2, 60, self.rng)
        del lines[5:8]
        self.drop(lines, "north")
        take_in(self.space.root)
        release_file(self.space, f"north-{self.count}_SEQUENCE-ERROR.csv", "known outage")

    def lost_hour(self) -> None:
        """A file that has the repeated hour of autumn once, so that its time is not certain."""
        lines = rows_of("north", datetime(2024, 11, 2), 3, 60, self.rng)
        del lines[26]
        self.drop(lines, "north")

    def withdrawal(self) -> None:
        used = query(
            self.space.root,
            """select stored_as from raw.files where outcome = 'accepted' and file_id not in
            (select release_of from raw.files where outcome = 'withdrawn') order by file_id""",
        )
        if used:
            withdraw_file(self.space, self.rng.choice(used)[0], "wrong meter")

    def edit(self) -> None:
        old, new = self.rng.choice(list(EDITS.values()))
        text = self.space.meter_data.read_text()
        changed = text.replace(old, new) if old in text else text.replace(new, old)
        self.space.meter_data.write_text(changed)
