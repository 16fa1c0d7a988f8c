"""Measure runs on a root that is built already: nothing new, a month, a correction."""

import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
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
    bar_of,
    built_cost,
    cost_table,
    held_back,
    look,
    month_file,
    pictures,
    product,
    script,
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
    ratios,
    rewritten,
    table_changes,
    tables,
)
from simulate import file_name, simulate, span

from ingest.workspace import Workspace
from load_profile.sample import PREAMBLE, feeder_names

FIRST_DAY = datetime(2024, 1, 1)  # of the daily runs


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
            bar_of(f"{name}, nothing new", walls, 0.4, "s"),
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


def daily(bench: Bench, feeders: int = 20, days: int = 300) -> Result:
    """A file a day and feeder, for 300 days: the last runs beside the first ones."""
    root, source = bench.home / "work" / "daily", bench.home / "work" / "days"
    for folder in (root, source):
        shutil.rmtree(folder, ignore_errors=True)
    simulate(source, feeders, months=days // 28 + 1, start=f"{FIRST_DAY:%Y-%m}")
    (root / DROP).mkdir(parents=True)
    shutil.copy(source / "meter-data.csv", root)
    costs, sizes = [], {}
    for day in range(days):
        for name, text in files_of_day(source / DROP, day):
            (root / DROP / name).write_bytes(text)
        costs.append(cold(product(root), bench.log))
        if day + 1 in (10, 50, 100, 200, days):
            sizes[day + 1] = {name: size_mb(root / name) for name in (".dagster", "warehouse")}
            print(f"  {day + 1} runs: {costs[-1].wall:.2f} s, {sizes[day + 1]} MB", flush=True)
    first, last = costs[7:12], costs[-5:]
    longer = median(cost.wall for cost in last) / median(cost.wall for cost in first)
    lines = cost_table({"runs 8 to 12": first, f"runs {days - 4} to {days}": last})
    lines += ["", "| after runs | .dagster, MB | warehouse, MB |", "|--:|--:|--:|"]
    lines += [f"| {n} | {s['.dagster']:,.0f} | {s['warehouse']:,.0f} |" for n, s in sizes.items()]
    shutil.rmtree(root)
    return Result([Bar(f"Daily run of {feeders} feeders, {days}th / 10th", longer, 1.1)], lines)


def files_of_day(folder: Path, day: int) -> Iterator[tuple[str, bytes]]:
    """The exports of a day of 96 rows, counted from 0, cut out of exports of months."""
    for path in sorted(folder.iterdir()):
        feeder, first, _ = path.stem.split("-", 2)
        start = datetime.strptime(first, "%m%d%y")
        place = day - (start - FIRST_DAY).days
        lines = path.read_bytes().splitlines(keepends=True)
        rows = lines[len(PREAMBLE) :]
        if 0 <= place < len(rows) // ONE_DAY:
            begins = start + timedelta(days=place)
            name = file_name(feeder, begins.date(), (begins + timedelta(days=1)).date())
            day_rows = rows[place * ONE_DAY : (place + 1) * ONE_DAY]
            yield name, b"".join([*lines[: len(PREAMBLE)], *day_rows])


def size_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1024**2


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

    rebuilt_by_polars = Side(partial(bench.fresh, bench.data("M")), script("polars_method.py"))
    costs = bench.sides(
        {
            "one tiny file": Side(partial(tiny_root, bench), product),
            title: Side(prepare, product, check),
            "Polars, all of M": rebuilt_by_polars,
        }
    )
    full = built_cost(without_a_month(bench, "M"))
    pairs = list(zip(costs[title], costs["one tiny file"], strict=True))
    share = {
        what: [100 * (getattr(a, what) - getattr(b, what)) / getattr(full, what) for a, b in pairs]
        for what in ("wall", "cpu")
    }
    faster = ratios(costs["Polars, all of M"], costs[title])
    rebuilt = [change.name for change in seen["tables"] if change.is_rebuilt]
    needless = sorted(seen["written"] - expected - {"report.html"})  # which tells of every run
    # a picture made anew may be the same to the pixel
    missed = sorted(name for name in expected - seen["written"] if not name.startswith("plots/"))
    assert not missed, f"an output that depends on the new file was not written: {missed[:5]}"
    bars = [
        bar_of(title, [cost.wall for cost in costs[title]], 7.5, "s"),
        bar_of(f"{title}: Polars' rebuild / product", faster, 1.5, at_least=True),
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
