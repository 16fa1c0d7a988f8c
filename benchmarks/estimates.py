"""Hide gaps in measured files, run the product, and compare its estimates with what was hidden.

    python benchmarks/estimates.py DATA [--source campus] [--rounds 3] [--registers DAYS]

DATA is the folder with the sources, each with meter-data.csv and _dropbox/KW. Errors are those of
net power, mean without sign in per cent of the mean load without sign, and the mean of a source's
feeders. The straight line and the bridged profile stand beside them, reckoned here from the files
alone, on the same gaps. With --registers the meters also have reads of their registers, with two
decimals, made of the files before anything is hidden.
"""

import argparse
import csv
import random
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import numpy as np

COMMAND = Path(sys.executable).with_name("load-profile")
SOURCES = ("campus", "substations", "steel-plant")
HOURS = (1, 2, 4, 8, 24, 168)
GAPS = {"campus": 8, "substations": 2, "steel-plant": 5}  # of each length, per feeder and round
CLOCK = "%m/%d/%y %H:%M:%S"
STEP = timedelta(minutes=15)
DAY = 96
TO_MW = {"kW": 0.001, "kWh": 0.004}
DEAD = {"wls"}  # 0 nearly always: its error in per cent says nothing

Rows = dict[datetime, tuple[Path, int, float]]
Gap = tuple[str, int, datetime, int]  # feeder, hours, first interval, intervals


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--source", choices=SOURCES, action="append")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--registers", type=int, metavar="DAYS", help="read every so many days")
    parser.add_argument("--keep", type=Path, help="leave the roots here")
    options = parser.parse_args()
    print("| source | gap | product | bridged profile | straight line | in the 90 % band |")
    print("|---|--:|--:|--:|--:|--:|")
    for source in options.source or SOURCES:
        found: defaultdict[int, list[tuple]] = defaultdict(list)
        for seed in range(1, options.rounds + 1):
            with tempfile.TemporaryDirectory() as folder:
                root = (options.keep or Path(folder)) / f"{source}-{seed}"
                for hours, *scores in one_round(
                    options.data / source, root, seed, options.registers
                ):
                    found[hours].append(scores)
        for hours in HOURS:
            by_feeder = defaultdict(list)
            for feeder, *scores in found[hours]:
                by_feeder[feeder].append(scores)
            means = np.mean([np.mean(scores, axis=0) for scores in by_feeder.values()], axis=0)
            product, bridged, line, inside = means
            print(
                f"| {source} | {hours} h | {product:.1f} | {bridged:.1f} | {line:.1f} "
                f"| {inside:.0%} |",
                flush=True,
            )


def one_round(source: Path, root: Path, seed: int, days: int | None) -> Iterator[tuple]:
    """Yield hours, feeder and scores of each hidden gap of a run."""
    (root / "_dropbox/KW").mkdir(parents=True)
    shutil.copy(source / "meter-data.csv", root)
    (root / "settings.toml").write_text('holes = "accept"\n', encoding="utf-8")
    with (source / "meter-data.csv").open(encoding="utf-8-sig") as file:
        meters = list(csv.DictReader(file))
    meter = meters[0]
    factor = TO_MW[meter["channel_unit"]]
    files = {f: f.read_text("utf-8-sig").splitlines() for f in drop(source)}
    feeders = rows_by_feeder(files, factor)
    some = random.Random(seed)
    gaps = [gap for name, rows in feeders.items() for gap in hidden(name, rows, source.name, some)]
    write_without(files, feeders, gaps, root)
    if days:
        numbers = {row["sta"]: row["meter"] for row in meters}
        write_registers(files, feeders, numbers, factor * 250, timedelta(days=days), root)
    done = subprocess.run(
        [COMMAND, "run", "--no-plots", "--root", root], capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    told = estimates(root)
    zone = ZoneInfo(meter["timezone"])
    for feeder, rows in feeders.items():
        own = [gap for gap in gaps if gap[0] == feeder]
        if feeder not in DEAD:
            yield from scored(feeder, rows, own, told, zone)


def drop(source: Path) -> list[Path]:
    return sorted((source / "_dropbox/KW").glob("*.csv"))


def rows_by_feeder(files: dict[Path, list[str]], factor: float) -> dict[str, Rows]:
    """By feeder and start: file, line and net MW."""
    feeders: defaultdict[str, Rows] = defaultdict(dict)
    for path, lines in files.items():
        header = next(n for n, line in enumerate(lines) if line.startswith("Record No."))
        for n, line in enumerate(lines[header + 1 :], header + 1):
            cells = line.split(",")
            if len(cells) < 6:  # a blank line at the end
                continue
            start = datetime.strptime(cells[2].strip(), CLOCK)
            net = float(cells[4]) - float(cells[5] or 0)
            feeders[path.name.partition("-")[0]][start] = path, n, net * factor
    return feeders


def hidden(feeder: str, rows: Rows, source: str, some: random.Random) -> Iterator[Gap]:
    """Yield gaps that do not touch each other, in a series that is known there."""
    first, last = min(rows), max(rows)
    busy: set[datetime] = set()
    for hours in HOURS:
        count = hours * 4
        left = GAPS[source]
        while left:
            at = first + some.randrange(DAY, (last - first) // STEP - count - DAY) * STEP
            span = [at + n * STEP for n in range(-2, count + 2)]
            if busy.isdisjoint(span) and all(moment in rows for moment in span):
                busy.update(span)
                left -= 1
                yield feeder, hours, at, count


def write_without(
    files: dict[Path, list[str]], feeders: dict[str, Rows], gaps: list[Gap], root: Path
) -> None:
    lost = defaultdict(set)
    for feeder, _, at, count in gaps:
        for n in range(count):
            path, line, _ = feeders[feeder][at + n * STEP]
            lost[path].add(line)
    for path, lines in files.items():
        kept = [line for n, line in enumerate(lines) if n not in lost[path]]
        (root / "_dropbox/KW" / path.name).write_text("\n".join([*kept, ""]), encoding="utf-8")


def write_registers(
    files: dict[Path, list[str]],
    feeders: dict[str, Rows],
    numbers: dict[str, str],
    kwh: float,
    each: timedelta,
    root: Path,
) -> None:
    """Write reads on the meters' clock; a value x `kwh` is the energy of its interval."""
    lines = ["meter,read_at,kwh_del,kwh_rec"]
    for feeder, rows in feeders.items():
        counted, read_at = [0.0, 0.0], min(rows)
        for start, (path, line, _) in sorted(rows.items()):
            while start >= read_at:
                lines.append(f"{numbers[feeder]},{read_at},{counted[0]:.2f},{counted[1]:.2f}")
                read_at += each
            cells = files[path][line].split(",")
            for place in (0, 1):
                counted[place] += float(cells[4 + place] or 0) * kwh
    (root / "_dropbox/REG").mkdir()
    (root / "_dropbox/REG/reads.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def estimates(root: Path) -> dict[tuple[str, datetime], tuple]:
    """By feeder and start, UTC: estimated net MW, and what is added to it in the band."""
    with duckdb.connect(str(root / "warehouse/load_profile.duckdb"), read_only=True) as con:
        rows = con.execute("""
            select feeder, interval_start_at,
                coalesce(sum(case channel when 'mw_del' then estimate end), 0)
                - coalesce(sum(case channel when 'mw_rec' then estimate end), 0),
                sum(case channel when 'mw_del' then low end)
                - coalesce(sum(case channel when 'mw_rec' then high end), 0),
                sum(case channel when 'mw_del' then high end)
                - coalesce(sum(case channel when 'mw_rec' then low end), 0)
            from estimates where estimate is not null and channel in ('mw_del', 'mw_rec')
            group by feeder, interval_start_at
        """).fetchall()
    return {(feeder, at): tuple(map(float, told)) for feeder, at, *told in rows}


def scored(feeder: str, rows: Rows, gaps: list[Gap], told: dict, zone: ZoneInfo) -> Iterator[tuple]:
    first = min(rows)
    values = np.full((max(rows) - first) // STEP + 1, np.nan)
    for start, (_, _, net) in rows.items():
        values[(start - first) // STEP] = net
    scale = np.nanmean(abs(values)) / 100
    known = values.copy()
    places = [(hours, at, (at - first) // STEP, count) for _, hours, at, count in gaps]
    for _, _, place, count in places:
        known[place : place + count] = np.nan
    for hours, at, place, count in places:
        truth = values[place : place + count]
        utc = [
            (at + n * STEP).replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
            for n in range(count)
        ]
        said = np.array([told[feeder, moment] for moment in utc])
        bridged, line = reckoned(known, place, count, first)
        errors = [np.mean(abs(series - truth)) / scale for series in (said[:, 0], bridged, line)]
        inside = np.mean((said[:, 1] <= truth + 1e-9) & (truth <= said[:, 2] + 1e-9))
        yield hours, feeder, *errors, inside


def reckoned(known: np.ndarray, place: int, count: int, first: datetime) -> tuple:
    """Bridged profile and straight line over a gap."""
    before, after = known[place - 1], known[place + count]
    share = np.arange(1, count + 1) / (count + 1)
    line = before + (after - before) * share
    shift = first.hour * 4 + first.minute // 15

    def usual(n: int) -> float:
        weekday = ((n + shift) // DAY + first.weekday()) % 7
        found, types, weekdays = [], 0, 0
        for distance in sorted((d for d in range(-28, 29) if d), key=lambda d: (abs(d), d)):
            at = n + distance * DAY
            if not 0 <= at < len(known) or np.isnan(known[at]):
                continue
            if ((weekday + distance) % 7 >= 5) == (weekday >= 5) and types < 3:
                types += 1
                found.append(known[at])
            if distance % 7 == 0 and weekdays < 4:
                weekdays += 1
                found.append(known[at])
        return float(np.mean(found))

    profile = np.array([usual(n) for n in range(place - 1, place + count + 1)])
    near = np.minimum(np.arange(count), np.arange(count)[::-1])
    excess = (before - profile[0]) * (1 - share) + (after - profile[-1]) * share
    return profile[1:-1] + excess * np.exp(-near / 32), line


if __name__ == "__main__":
    main()
