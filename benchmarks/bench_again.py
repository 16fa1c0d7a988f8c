"""Measure runs on a root that is built already: nothing new, a month, a correction."""

import re
import shutil
import sys
import tempfile
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from pathlib import Path
from statistics import median

from bench_setup import (
    DATA,
    DROP,
    NEEDLESS,
    ONE_DAY,
    Bar,
    Bench,
    Result,
    built_cost,
    cost_table,
    held_back,
    look,
    month_file,
    pictures,
    product,
    tiny_root,
    without_a_month,
)
from bench_startup import HEAVY, import_seconds
from measure import (
    Side,
    TableChange,
    cold,
    middle,
    outputs,
    rewritten,
    table_changes,
    tables,
)
from simulate import file_name, simulate, span

from ingest.workspace import Workspace
from load_profile.sample import feeder_names


def nothing_new(bench: Bench) -> Result:
    bars, lines = [], []
    for name, base in (("S", bench.built("S")), ("M", without_a_month(bench, "M"))):
        root = bench.fresh(base)
        before = look(root)
        costs = [cold(product(root), bench.log) for _ in range(bench.rounds)]
        walls = [cost.wall for cost in costs]
        cold([sys.executable, "-X", "importtime", *product(root)], bench.log)
        heavy = sorted(HEAVY & import_seconds(bench.log).keys())
        changed = [name for name, now in look(root).items() if before.get(name) != now]
        bars += [
            Bar(f"{name}, nothing new", median(walls), 3, "s", text=middle(walls)),
            Bar(f"{name}, nothing new: files of lp/ or warehouse written", len(changed), 0, ""),
            Bar(f"{name}, nothing new: heavy packages imported", len(heavy), 0, ""),
        ]
        lines += cost_table({f"{name}, nothing new": costs}, with_head=not lines)
        shutil.rmtree(root)
    return Result(bars, lines)


def m_month(bench: Bench) -> Result:
    base = without_a_month(bench, "M")
    name = held_back("M")
    feeder = name.split("-")[0]
    new = {name: (bench.data("M") / DROP / name).read_bytes()}
    expected = {f"{stem}{end}" for stem in (feeder, "all") for end in (".csv", "_gaps.csv")}
    return increment(
        bench, "M, one more month of one feeder", base, new, expected | pictures(feeder, "all")
    )


def m_behind(bench: Bench) -> Result:
    base = without_a_month(bench, "M")
    feeders, months, start = DATA["M"]
    names = feeder_names(feeders)
    feeder = names[0]
    with tempfile.TemporaryDirectory() as folder:
        simulate(Path(folder), 1, months + 1, start)
        end = span(start, months + 1)[1].date()
        name = file_name(feeder, span(start, months)[1], end)
        new = {name: (Path(folder) / DROP / name).read_bytes()}
    expected = {f"{feeder}.csv", "all.csv", "all_gaps.csv"} | pictures(*names, "all")
    expected |= {f"{other}_gaps.csv" for other in names[1:]}
    title = "M, a month behind the end of all others: every other feeder has a new gap"
    found = increment(bench, title, base, new, expected)
    # every plot and gap list depends on it, so what that takes is told, not judged
    return Result([bar for bar in found.bars if bar.what.endswith(NEEDLESS)], found.lines)


def m_correction(bench: Bench) -> Result:
    first = correction(bench, "M", 0, without_a_month(bench, "M"), "M, one day of its oldest month")
    long = correction(
        bench, "long", 11, bench.built("long"), "4 feeders x 48 months, one day three years back"
    )
    return Result([*first.bars, *long.bars], [*first.lines, "", *long.lines])


def correction(bench: Bench, name: str, month: int, base: Path, title: str) -> Result:
    """A feeder's month handed in again, with other values on one of its days."""
    feeder = feeder_names(DATA[name][0])[2]
    file = month_file(name, feeder, month)
    changed = with_another_day(file, (bench.data(name) / DROP / file).read_bytes())
    expected = {f"{feeder}.csv", "all.csv"} | pictures(feeder, "all")
    return increment(bench, f"{title} corrected", base, {file: changed}, expected)


def with_another_day(name: str, text: bytes) -> bytes:
    """An export with more delivered on the 15th of its month."""
    day = f"{datetime.strptime(name.split('-')[1], '%m%d%y').replace(day=15):%m/%d/%y}".encode()
    line = rb"(?m)^([^,]+,[^,]+, " + day + rb" [^,]+,[^,]+,)([^,]+)(,[^,]+,)([^,]+)"

    def raised(found: re.Match) -> bytes:
        before, delivered, between, apparent = found.groups()
        return b"%b%10.2f%b%10.2f" % (before, float(delivered) + 1, between, float(apparent) + 2)

    changed, count = re.subn(line, raised, text)
    assert count == ONE_DAY, count
    return changed


def increment(
    bench: Bench, title: str, base: Path, new: dict[str, bytes], expected: set[str]
) -> Result:
    """Hand `new` files in to a built root; only the `expected` outputs may be written."""
    before_tables = tables(Workspace(base).warehouse)
    seen: dict[str, object] = {}

    def prepare() -> Path:
        root = bench.fresh(base)
        for name, data in new.items():
            (root / DROP / name).write_bytes(data)
        seen["before"] = outputs(root)
        return root

    def check(root: Path) -> None:
        seen["written"] = rewritten(seen["before"], outputs(root))
        seen["tables"] = table_changes(before_tables, tables(Workspace(root).warehouse))

    tiny = partial(tiny_root, bench)
    costs = bench.sides(
        {"one tiny file": Side(tiny, product), title: Side(prepare, product, check)}
    )
    full = built_cost(without_a_month(bench, "M"))
    pairs = list(zip(costs[title], costs["one tiny file"], strict=True))
    share = {
        what: [100 * (getattr(a, what) - getattr(b, what)) / getattr(full, what) for a, b in pairs]
        for what in ("wall", "cpu")
    }
    rebuilt = [change.name for change in seen["tables"] if change.is_rebuilt]
    needless = sorted(seen["written"] - expected - {"report.html"})  # which tells of every run
    # a picture made anew may be the same to the pixel
    missed = sorted(name for name in expected - seen["written"] if not name.startswith("plots/"))
    assert not missed, f"an output that depends on the new file was not written: {missed[:5]}"
    bars = [
        Bar(
            f"{title}: beyond the fixed start-up, of M's full time",
            median(share["wall"]),
            5,
            "%",
            text=middle(share["wall"], 1),
        ),
        Bar(f"{title}: {NEEDLESS}", len(needless), 0, ""),
        Bar(f"{title}: large tables rebuilt", len(rebuilt), 0, ""),
    ]
    lines = [
        *cost_table(costs | {"this root from nothing, plots in": [built_cost(base)]}),
        "",
        f"Beyond the fixed start-up: {middle(share['wall'], 1)} % of M's full time, in CPU "
        f"{middle(share['cpu'], 1)} %. "
        f"{written_line(seen['before'], seen['written'])}. "
        f"Stored segments written: {segments_line(seen['tables'])}."
        + (f" Rebuilt: {', '.join(rebuilt)}." if rebuilt else "")
        + (f" Needless: {', '.join(needless[:5])}." if needless else ""),
    ]
    return Result(bars, lines)


def written_line(before: Iterable[str], written: set[str]) -> str:
    """How many outputs of each kind were written, of how many."""
    kinds = {"plots": "png", "gap lists": "_gaps.csv", "profiles": ".csv"}
    left, parts = {*before, *written}, []
    for kind, ending in kinds.items():
        names = {name for name in left if name.endswith(ending)}
        left -= names
        parts.append(f"{len(names & written)} of {len(names)} {kind}")
    return "Outputs written: " + ", ".join(parts)


def segments_line(changes: list[TableChange]) -> str:
    """How much of each table was written, for the tables with anything new."""
    return ", ".join(
        f"{change.name.removeprefix('main.')} {change.new_segments:,} of {change.segments:,}"
        for change in changes
        if change.new_segments
    )
