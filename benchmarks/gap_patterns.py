"""Send random gap patterns through the writers of exports, and read the files back.

    python benchmarks/gap_patterns.py ROOT [--patterns 100000] [--years 40] [--seed 1]

ROOT is any root with a published file, of which only the columns are used. A pattern is what is
known of one feeder for two hours to two days: runs of measured, accepted, edited, estimated,
failed, unknown, short, misplaced and absent intervals. Each goes through the writer of one kind,
with or without --allow-partial, and each kind of a calendar year gets years with such runs. The
tables are those that a run publishes, without dbt: 100,000 builds would take weeks.

Counted are values where none is known, values lost or changed, and refusals with a wrong count.
All of them have to be 0.
"""

import argparse
import re
import resource
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from time import time
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pandas as pd
from gap_readers import READERS, Found

from ingest.workspace import Workspace
from load_profile.exports.catalog import KINDS
from load_profile.exports.export import export
from load_profile.exports.options import Options, Use

TABLES = (
    *("feeder_profiles", "final_exceptions", "final_totals", "combined_profiles"),
    *("versions", "gaps", "findings", "time_of_use", "stg_meter_data"),
)
ZONES = ("Etc/UTC", "America/Denver", "Asia/Kolkata", "Australia/Adelaide", "Europe/Berlin")
# measured, accepted, edited, estimated; missing, failed, unknown, short, misplaced, no row at all
STATES, WEIGHTS = "AaESMFNPO-", (60, 4, 6, 10, 5, 4, 3, 2, 2, 4)
KNOWN = {Use.strict: "Aa", Use.final: "AaES", Use.partial: "AaES"}
IN_EXCEPTIONS, IN_PROFILES = "aESMF", "AaFNPO"
METHODS = ("straight_line", "sibling", "always_zero", "like_days", "bridged")
LENGTHS = (5, 15, 30, 60)
BATCH = 400
REFUSAL = re.compile(
    r"([\d,]+) of ([\d,]+) intervals ha(?:s|ve) no value, the first is (\S+ \S+) \("
)
POWERS = ("mw_net", "mw_del", "mw_rec", "mvar_net", "mva_net")
INSERT = "insert into {table} by name select * replace ({powers}) from frame"
POWER = "({0}::decimal(18, 0) * 0.000000001::decimal(9, 9))::decimal(28, 18) as {0}"


@dataclass
class Pattern:
    """What is known of a feeder: a state and powers (millionths of a kW) of each interval."""

    name: str
    minutes: int
    starts: np.ndarray  # UTC, datetime64[s]
    states: np.ndarray
    powers: dict[str, np.ndarray]
    methods: np.ndarray

    def known(self, use: Use) -> np.ndarray:
        return np.isin(self.states, list(KNOWN[use]))


@dataclass
class Batch:
    """Patterns of one span on one clock."""

    zone: str
    ahead: int  # minutes of standard time
    begin: datetime  # UTC
    end: datetime
    patterns: list[Pattern] = field(default_factory=list)


def standard_minutes(zone: str, year: int) -> int:
    moments = (datetime(year, month, 1, tzinfo=UTC) for month in range(1, 13))
    offsets = (moment.astimezone(ZoneInfo(zone)).utcoffset() for moment in moments)
    return int(min(offsets).total_seconds()) // 60


def random_states(random: np.random.Generator, count: int) -> np.ndarray:
    """Return runs of states, from whole to nothing known at all."""
    states = np.full(count, "A")
    shape = random.integers(6)
    if shape == 0:  # one hole
        at = random.integers(count)
        states[at : at + random.integers(1, 5)] = random.choice(list(STATES))
    elif shape == 1:  # each interval for itself
        states = random.choice(list(STATES), count, p=np.array(WEIGHTS) / sum(WEIGHTS))
    elif shape in (2, 3):  # runs
        for _ in range(random.integers(1, 12)):
            at = random.integers(count)
            states[at : at + random.integers(1, max(count // 3, 2))] = random.choice(list(STATES))
    elif shape == 4:  # whole in the end
        states = random.choice(list("AaES"), count, p=(0.7, 0.1, 0.1, 0.1))
    elif random.random() < 0.3:
        states[:] = random.choice(list(STATES))
    return states


def make_pattern(random: np.random.Generator, name: str, batch: Batch, minutes: int) -> Pattern:
    begin, step = np.datetime64(batch.begin, "s"), np.timedelta64(60 * minutes, "s")
    shift = np.timedelta64(60 * batch.ahead, "s")
    begin += (np.datetime64("2000-01-01", "s") - begin - shift) % step  # on the clock's grid
    count = (np.datetime64(batch.end, "s") - begin) // step
    starts = begin + np.arange(count) * step
    delivered = random.integers(0, 10**12, count)
    received = random.integers(0, 10**12, count) * (random.random(count) < 0.3)
    powers = {"mw_net": delivered - received, "mw_del": delivered, "mw_rec": received}
    powers["mvar_net"] = random.integers(-(10**11), 10**11, count)
    powers["mva_net"] = np.abs(powers["mw_net"]) + random.integers(0, 10**10, count)
    powers = {power: values.astype(object) for power, values in powers.items()}
    for power in ("mvar_net", "mva_net"):
        if random.random() < 0.5:
            powers[power][random.random(count) < random.choice([0.1, 1])] = None
    if random.random() < 0.1:  # the net alone
        powers["mw_del"][:] = powers["mw_rec"][:] = None
    states = random_states(random, count)
    methods = random.choice(METHODS, count)
    return Pattern(name, minutes, starts, states, powers, methods)


def make_batch(random: np.random.Generator, count: int, year: int | None, minutes: int) -> Batch:
    """Return patterns of two hours to two days, or of a year."""
    zone = str(random.choice(ZONES))
    if year:
        ahead = standard_minutes(zone, year)
        begin = datetime(year, 1, 1) - timedelta(minutes=ahead)
        end = datetime(year + 1, 1, 1) - timedelta(minutes=ahead)
    else:
        day = datetime(2023, 1, 1) + timedelta(days=int(random.integers(730)))
        ahead = standard_minutes(zone, day.year)
        begin = day + timedelta(minutes=15 * int(random.integers(96)) - ahead)
        most = 13 if random.random() < 0.8 else 49
        end = begin + timedelta(minutes=15 * int(random.integers(8, 4 * most)))
        if (begin + timedelta(minutes=ahead)).year != (end + timedelta(minutes=ahead)).year:
            end = begin + timedelta(hours=2)
    batch = Batch(zone, ahead, begin, end)
    for number in range(count):
        length = minutes or int(random.choice(LENGTHS))
        pattern = make_pattern(random, f"f{number:03}", batch, length)
        if year and random.random() < 0.6:  # whole years must be written
            pattern.states[:] = random.choice(list("AaES"), len(pattern.states))
        batch.patterns.append(pattern)
    return batch


def rows_of(batch: Batch) -> pd.DataFrame:
    """Return an interval of all patterns a row, with its state and method."""
    patterns = batch.patterns
    lengths = [len(pattern.starts) for pattern in patterns]
    rows = pd.DataFrame(
        {
            "feeder": np.repeat([pattern.name for pattern in patterns], lengths),
            "interval_minutes": np.repeat([pattern.minutes for pattern in patterns], lengths),
            "interval_start_at": np.concatenate([pattern.starts for pattern in patterns]),
            "state": np.concatenate([pattern.states for pattern in patterns]),
            "method": np.concatenate([pattern.methods for pattern in patterns]),
        }
    )
    rows["actual_seconds"] = 60 * rows["interval_minutes"]
    for power in POWERS:
        values = np.concatenate([pattern.powers[power] for pattern in patterns])
        rows[power] = pd.array(values, dtype="Int64")
    return rows


def exceptions_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of final_exceptions."""
    own = rows[rows["state"].isin(list(IN_EXCEPTIONS))].copy()
    own["status"] = own.pop("state").replace({"a": "A", "F": "M"})
    own.loc[own["status"] == "E", "method"] = "set"
    own.loc[own["status"].isin(["A", "M"]), "method"] = None
    own.loc[own["status"] == "M", list(POWERS)] = pd.NA
    return own


def profiles_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of feeder_profiles."""
    own = rows[rows["state"].isin(list(IN_PROFILES))].drop(columns="method")
    state = own.pop("state")
    own.loc[state == "N", list(POWERS)] = pd.NA
    own.loc[state == "P", "actual_seconds"] -= 60
    own.loc[state == "O", "interval_start_at"] += np.timedelta64(60, "s")
    return own


def publish(batch: Batch, columns_of: Path, place: Path) -> None:
    """Write the tables of a published file."""
    place.unlink(missing_ok=True)
    with duckdb.connect(str(place)) as con:
        con.execute(f"attach '{columns_of}' as published (read_only)")
        for table in TABLES:
            con.execute(f"create table {table} as from published.{table} limit 0")
        con.execute("insert into versions (version, content) values ('20240301-000000', 'abc')")
        powers = ", ".join(map(POWER.format, POWERS))
        rows = rows_of(batch)
        for table, frame in (
            ("feeder_profiles", profiles_of(rows)),
            ("final_exceptions", exceptions_of(rows)),
        ):
            con.execute(INSERT.format(table=table, powers=powers))
            assert len(frame) == con.execute(f"select count(*) from {table}").fetchone()[0]
        con.execute(
            """insert into combined_profiles (interval_start_at, interval_minutes, timezone)
            values ($begin, 60, $zone), ($last, 60, $zone)""",
            {
                "begin": batch.begin,
                "last": batch.end - timedelta(hours=1),
                "zone": batch.zone,
            },
        )
        names = [[pattern.name] for pattern in batch.patterns]
        con.executemany("insert into stg_meter_data (feeder) values (?)", names)


@dataclass
class Truth:
    """What a file may hold of a pattern: powers in kW by start, and how many intervals lack one."""

    values: dict[datetime, dict[str, float]]
    expected: int
    first_missing: datetime | None
    minutes: int

    @property
    def missing(self) -> int:
        return self.expected - len(self.values)


def truth_of(pattern: Pattern, batch: Batch, use: Use, minutes: int, dropped: str | None) -> Truth:
    """Return what is known in intervals of `minutes`: their means, where all of them is known."""
    known = pattern.known(use)
    shift = np.timedelta64(60 * batch.ahead, "s")
    groups: dict[datetime, list[int]] = {}
    size = max(minutes // pattern.minutes, 1)
    local = pattern.starts + shift
    step = np.timedelta64(60 * minutes, "s")
    begin, end = np.datetime64(batch.begin, "s"), np.datetime64(batch.end, "s")
    for place, own in enumerate(local - (local - np.datetime64("2000-01-01", "s")) % step):
        is_whole = own - shift >= begin and own - shift + step <= end
        if is_whole and (not dropped or str(own)[:10] != dropped):
            groups.setdefault(own, []).append(place)
    values, first = {}, None
    for start, places in groups.items():
        if len(places) == size and known[places].all():
            values[start - shift] = {
                power: _mean(of[places]) for power, of in pattern.powers.items()
            } | {"status": _worst(pattern.states[places])}
        else:
            first = start if first is None else first
    return Truth(values, len(groups), first, minutes)


def _mean(values: np.ndarray) -> float | None:
    return None if any(value is None for value in values) else sum(values) / len(values) / 1e6


def _worst(states: np.ndarray) -> str:
    return "S" if "S" in states else "E" if "E" in states else "A"


def check(batch: Batch, kind: str, options: Options, folder: Path, place: Path) -> Counter:
    """Export a batch, read the files back and count what is wrong."""
    job = export(place, KINDS[kind], folder, options)
    found: dict[str, Found] = READERS[kind](folder, batch.ahead, options)
    counts = Counter(patterns=len(batch.patterns))
    dropped = job.period.dropped and f"{job.period.dropped:%Y-%m-%d}"
    for pattern in batch.patterns:
        minutes = {"nms": 60, "8760": 60, "cyme-8760": 60, "35040": 15, "cyme": 15}.get(
            kind, pattern.minutes
        )
        why = job.refused.get(pattern.name)
        if minutes % pattern.minutes:
            counts["wrong refusals"] += not (why and "are needed" in why)
            continue
        truth = truth_of(pattern, batch, options.use, minutes, dropped)
        if why is None:
            counts["written"] += 1
            found.get(pattern.name, Found()).compare(kind, truth, options, counts)
        else:
            counts["refused"] += 1
            counts["invented"] += pattern.name in found
            counts["wrong refusals"] += not is_right(why, pattern, truth, batch, kind, options)
    return counts


def is_right(
    why: str, pattern: Pattern, truth: Truth, batch: Batch, kind: str, options: Options
) -> bool:
    """Whether a refusal is due, and its count and first interval are right."""
    said = REFUSAL.match(why)
    if said:
        missing, expected = (int(text.replace(",", "")) for text in said.groups()[:2])
        first = f"{truth.first_missing}".replace("T", " ")[:16]
        marked = options.allow_partial and KINDS[kind].marks_missing and truth.values
        is_due = truth.missing > 0 and not marked and not KINDS[kind].flags_missing
        return is_due and (missing, expected, said[3]) == (truth.missing, truth.expected, first)
    if "no whole interval" in why:
        return truth.expected == 0
    if "nothing is known" in why:  # no row at all in the period, on the grid
        return not np.isin(pattern.states, list("AaESMFNP")).any()
    if "NEM12 has no net power" in why:
        known = pattern.known(options.use)
        return any(value is None for value in pattern.powers["mw_del"][known]) or not known.any()
    return "NEM12 has 5, 15 or 30" in why and pattern.minutes == 60


def report(counts: dict[str, Counter]) -> None:
    columns = ("patterns", "written", "refused", "values", "marked missing")
    columns += ("invented", "lost", "changed", "wrong refusals")
    print(f"| kind | {' | '.join(columns)} |\n|---{'|---:' * len(columns)}|")
    total = sum(counts.values(), Counter())
    for name, own in [*counts.items(), ("all", total)]:
        print(f"| {name} | {' | '.join(f'{own[column]:,}' for column in columns)} |")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("root", type=Path)
    parser.add_argument("--patterns", type=int, default=100_000)
    parser.add_argument("--years", type=int, default=40, help="of each kind of a calendar year")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=inf, help="stop after so many")
    words = parser.parse_args()
    words.until = time() + 60 * words.minutes
    random = np.random.default_rng(words.seed)
    columns_of = Workspace(words.root.resolve()).published
    short = [name for name, kind in KINDS.items() if not kind.is_yearly]
    counts = {name: Counter() for name in KINDS}
    with TemporaryDirectory() as scratch:
        place, folder = Path(scratch) / "batch.duckdb", Path(scratch) / "out"
        turn, done = 0, 0
        while done < words.patterns and time() < words.until:
            batch = make_batch(random, min(BATCH, words.patterns - done), None, 0)
            publish(batch, columns_of, place)
            kind, use = short[turn % len(short)], list(Use)[turn // len(short) % 2]
            options = Options(use=use, allow_partial=bool(random.integers(2)))
            counts[kind] += _checked(batch, kind, options, folder, place)
            turn, done = turn + 1, done + len(batch.patterns)
        for turn in range(words.years):
            for kind in (name for name, one in KINDS.items() if one.is_yearly):
                year = int(random.choice([2023, 2024]))
                batch = make_batch(random, 1, year, 15 if turn % 2 else 60 if "8" in kind else 15)
                publish(batch, columns_of, place)
                options = Options(use=list(Use)[turn // 2 % 2], year=year)
                counts[kind] += _checked(batch, kind, options, folder, place)
    report(counts)
    cpu = resource.getrusage(resource.RUSAGE_SELF)
    print(f"\nSeed {words.seed}, {cpu.ru_utime + cpu.ru_stime:,.0f} s of CPU")
    wrong = ("invented", "lost", "changed", "wrong refusals")
    return int(any(own[name] for own in counts.values() for name in wrong))


def _checked(batch: Batch, kind: str, options: Options, folder: Path, place: Path) -> Counter:
    rmtree(folder, ignore_errors=True)
    return check(batch, kind, options, folder, place)


if __name__ == "__main__":
    sys.exit(main())
