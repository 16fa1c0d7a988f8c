"""Put faults into measured data and count what the rules find: recall and false alarms.

    python benchmarks/faults.py DATA [--keep FOLDER]

DATA is a folder of roots with measured data that has no such fault (`campus`, `substations`, ...).
Each is built as it is: what is found there is a false alarm, counted by rule and feeder-year.
Then 92 days of each feeder are copied with one fault each, as feeders of their own in one root,
and built once. Rules that compare feeders need neighbours: cases of `clock` and `swap` have a
period of their own, with the other feeders of their root beside them as they are. Seeds are fixed.
Prints the tables of docs/rules.md.
"""

import argparse
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

import duckdb
from fault_files import Feeder, moved, read_feeders, window, write_files, write_meter_data
from fault_kinds import KINDS, rounded

from ingest.load_files import load_files, save_meter_data
from ingest.meter_data import read_meter_data
from ingest.workspace import Workspace
from load_profile.dbt import run_dbt

BUILD = ("build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
FOUND = """
    select feeder, rule, first_date, last_date, evidence from findings where feeder <> 'total'
    union all
    select feeder, 'sequence', first_start_local, last_end_local, file_name from raw.files
    where outcome = 'sequence_error'
"""
DAYS = 92
APART = timedelta(days=98)  # from one period to the next
MARGIN = timedelta(days=10)  # a finding may be dated so far from its cause
FIRST = datetime(2012, 1, 7)  # a Saturday, as the first day of the substations
WITH_NEIGHBOURS = {"clock", "swap"}
AT_A_TIME = 20  # feeders: their files need not all be on the disk twice
WINDOWS = 4  # of 92 days, of a feeder of a year and more
GOOD, ROUNDED = "as measured", "rounded"


@dataclass(frozen=True)
class Case:
    """A feeder of the root of faults: with which fault of which days, and what it was made of."""

    feeder: Feeder
    kind: str
    first: date
    last: date
    base: str


@dataclass(frozen=True)
class Finding:
    rule: str
    first: date
    last: date
    evidence: str

    def is_about(self, case: Case) -> bool:
        return self.first - MARGIN <= case.last and self.last + MARGIN >= case.first


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--keep", type=Path, help="build in this folder, and leave it")
    options = parser.parse_args()
    sources = {
        path.name: [feeder for feeder in read_feeders(path) if is_alive(feeder)]
        for path in sorted(options.data.iterdir())
        if (path / "meter-data.csv").exists()
    }
    with tempfile.TemporaryDirectory() as folder:
        work = options.keep or Path(folder)
        alarms: Counter[str] = Counter()
        years = 0.0
        for name, feeders in sources.items():
            root = work / name
            shutil.copytree(options.data / name, root, dirs_exist_ok=True)
            (root / "settings.toml").write_text('holes = "accept"\n', encoding="utf-8")
            found = findings(root)
            years += sum(feeder.years for feeder in feeders)
            alarms.update(f.rule for feeder in feeders for f in found[feeder.name])
            for feeder in feeders:
                for finding in found[feeder.name]:
                    print(f"{name} {feeder.name}: {finding}", flush=True)
        cases, beside = all_cases(sources)
        root = work / "faults"
        feeders = [*(case.feeder for case in cases), *beside]
        write_meter_data(root, feeders)
        found = findings(root, feeders)
    print_tables(alarms, years, cases, found)


def batched(feeders: Sequence[Feeder], size: int) -> Iterator[Sequence[Feeder]]:
    return (feeders[place : place + size] for place in range(0, len(feeders), size))


def is_alive(feeder: Feeder) -> bool:
    """Not a dead channel: most readings have a power."""
    return sum(any(values[:2]) for _, values in feeder.rows) > len(feeder.rows) / 2


def findings(root: Path, feeders: Sequence[Feeder] = ()) -> dict[str, list[Finding]]:
    """Take in and build a root, with these feeders or the files that it has; findings by feeder."""
    space = Workspace(root)
    space.prepare()
    save_meter_data(space, read_meter_data(space.meter_data))
    load_files(space)
    for some in batched(feeders, AT_A_TIME):
        for feeder in some:
            write_files(root, feeder)
        load_files(space)
    done = run_dbt(root, *BUILD, "--select", "+findings")
    if done.returncode:
        raise SystemExit(f"{root}: dbt failed:\n{done.stdout}{done.stderr}")
    with duckdb.connect(str(space.warehouse), read_only=True) as con:
        found = defaultdict(list)
        for feeder, rule, first, last, evidence in con.execute(FOUND).fetchall():
            days = (
                moment.date() if isinstance(moment, datetime) else moment
                for moment in (first, last)
            )
            found[feeder].append(Finding(rule, *days, evidence))
    return found


def all_cases(sources: dict[str, list[Feeder]]) -> tuple[list[Case], list[Feeder]]:
    """Every kind of fault in every 92 days, and the good feeders beside those that need them."""
    cases, beside, period = [], [], 0
    for name, feeders in sources.items():
        for number, system in enumerate(windows(feeders)):
            for base in system:
                label = f"{base.name}_{number}"
                common = moved(base, FIRST)
                cases += [
                    case_of(kind, common, label)
                    for kind in KINDS
                    if kind not in WITH_NEIGHBOURS and has_channels(kind, base)
                ]
                cases += [Case(renamed(common, GOOD, label), GOOD, date.min, date.max, label)]
                if has_channels("kVA below kW", base):
                    good = rounded(common, Random(label))
                    good = renamed(good, ROUNDED, label)
                    cases.append(Case(good, ROUNDED, date.min, date.max, label))
                for kind in sorted(WITH_NEIGHBOURS):
                    period += 1
                    cases.append(case_of(kind, moved(base, FIRST + period * APART), label))
                    beside += [
                        renamed(moved(other, FIRST + period * APART), f"beside {period}", label)
                        for other in system
                        if other is not base
                    ]
        print(f"{name}: {len(cases)} cases so far", flush=True)
    return cases, beside


def windows(feeders: list[Feeder]) -> Iterator[list[Feeder]]:
    """The feeders of a root for 92 days at a time, spread over the span of the first."""
    first, last = feeders[0].rows[0][0], feeders[0].rows[-1][0]
    count = WINDOWS if last - first > timedelta(days=360) else 1
    room = (last - first - timedelta(days=DAYS)) / max(count - 1, 1)
    for number in range(count):
        start = first + timedelta(days=(number * room).days if count > 1 else 0)
        yield [cut for cut in (window(feeder, start, DAYS) for feeder in feeders) if is_alive(cut)]


def has_channels(kind: str, feeder: Feeder) -> bool:
    return kind != "kVA below kW" or feeder.rows[0][1][2] is not None


def case_of(kind: str, base: Feeder, label: str) -> Case:
    faulty, first, last = KINDS[kind](base, Random(f"{kind} {label}"))
    return Case(renamed(faulty, kind, label), kind, first.date(), last.date(), label)


def renamed(feeder: Feeder, kind: str, label: str) -> Feeder:
    name = f"{kind} {label} {feeder.name}".replace("/", "by").replace(" ", "_").lower()
    return replace(feeder, name=name)


def print_tables(
    alarms: Counter[str], years: float, cases: list[Case], found: dict[str, list[Finding]]
) -> None:
    """How many of the cases of each kind are found by which rule, and false alarms by rule."""
    good = {case.base: set(found[case.feeder.name]) for case in cases if case.kind == GOOD}
    of_kind: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        of_kind[case.kind].append(case)
    print("\n| fault | cases | found | by rule |\n|---|--:|--:|---|")
    for kind in [*KINDS, ROUNDED]:
        new = [
            {
                f.rule
                for f in set(found[case.feeder.name]) - good.get(case.base, set())
                if f.is_about(case)
            }
            for case in of_kind[kind]
        ]
        rules = Counter(rule for some in new for rule in some)
        by = ", ".join(f"`{rule}` {count}" for rule, count in rules.most_common())
        share = sum(map(bool, new)) / max(len(new), 1)
        print(f"| {kind} | {len(new)} | {share:.2f} | {by} |")
        missed = [c.feeder.name for c, some in zip(of_kind[kind], new, strict=True) if not some]
        if missed and kind != ROUNDED:
            print(f"<!-- missed: {', '.join(missed)} -->")
    print(f"\n{years:.1f} feeder-years of good data\n\n| rule | false alarms | a feeder-year |")
    print("|---|--:|--:|")
    for rule, count in sorted(alarms.items()):
        print(f"| `{rule}` | {count} | {count / years:.2f} |")


if __name__ == "__main__":
    main()
