"""Measure the product beside its yardsticks, judge every bar, write benchmarks/README.md.

    python benchmarks/bench.py [--only s-whole,m-ingest] [--large] [--rounds 3] [--classic-rounds 1]
                               [--keep] [--no-write]

Says what is measured and what each bar is; how a process is measured stands in measure.py. Data and
built roots lie in the folder that LOAD_PROFILE_BENCH names, by default `load-profile-bench` in the
system's folder for temporary files. Linux and macOS only.
"""

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter

from measure import (
    Cost,
    Side,
    TableChange,
    cold,
    copy_root,
    middle,
    outputs,
    ratios,
    rewritten,
    side_by_side,
    table_changes,
    tables,
)
from simulate import file_name, simulate, span

from ingest.workspace import Workspace
from load_profile.plots.catalog import PLANNER_NAMES
from load_profile.sample import PREAMBLE, feeder_names

HERE = Path(__file__).resolve().parent
PAGE = HERE / "README.md"
MARK = "<!-- results -->"
COMMAND = Path(sys.executable).with_name("load-profile")
NO_PLOTS = ("--no-plots",)
DATA = {  # feeders, months, first month
    "S": (4, 24, "2023-01"),
    "M": (200, 12, "2024-01"),
    "L": (2000, 12, "2024-01"),
    "long": (4, 48, "2021-01"),
}
HEAVY = {"dagster", "dbt", "pandas", "matplotlib", "seaborn"}
PACKAGES = ("duckdb", "dbt-core", "dbt-duckdb", "dagster", "pandas", "matplotlib", "polars")
ONE_DAY = 96  # rows
NEEDLESS = "outputs written needlessly"
DROP = "_dropbox/KW"


@dataclass(frozen=True)
class Bar:
    """A figure and what it has to keep: at most `bar` (at least, where more is better)."""

    what: str
    value: float
    bar: float
    unit: str = "x"
    aim: float | None = None
    at_least: bool = False
    text: str = ""

    @property
    def is_met(self) -> bool:
        return self.value >= self.bar if self.at_least else self.value <= self.bar

    @property
    def is_aim_met(self) -> bool:
        aim = self.bar if self.aim is None else self.aim
        return self.value >= aim if self.at_least else self.value <= aim

    def row(self) -> str:
        """A row of the table of bars."""
        sign = "≥" if self.at_least else "≤"
        aim = f"{sign} {self.aim:g} {self.unit}" if self.aim is not None else ""
        verdict = "met" if self.is_met else "**not met**"
        if self.aim is not None:
            verdict += ", aim too" if self.is_aim_met else ", aim not"
        whole = self.value == int(self.value)
        shown = self.text or f"{self.value:,.{0 if whole else 2}f}"
        return (
            f"| {self.what} | {shown} {self.unit} | {sign} {self.bar:g} {self.unit} | {aim} "
            f"| {verdict} |"
        )


@dataclass(frozen=True)
class Result:
    """What one measurement found: its bars, and lines of a page that say more."""

    bars: list[Bar]
    lines: list[str]


class Bench:
    """Where data, built roots and working copies lie, and how often things are run."""

    def __init__(self, home: Path, rounds: int = 3, classic_rounds: int = 1) -> None:
        self.home, self.rounds, self.classic_rounds = home, rounds, classic_rounds
        self.log = home / "last-command.log"
        self.home.mkdir(parents=True, exist_ok=True)

    def data(self, name: str) -> Path:
        """A root that holds simulated raw exports only, made once."""
        root = self.home / "data" / name
        if not root.exists():
            feeders, months, start = DATA[name]
            print(f"  simulating {name}: {feeders} feeders, {months} months", flush=True)
            part = root.with_name(name + ".part")
            shutil.rmtree(part, ignore_errors=True)
            simulate(part, feeders, months, start)
            part.rename(root)
        return root

    def fresh(self, source: Path, without: str = "") -> Path:
        """A working copy of a root, in place of the one before."""
        return copy_root(source, self.home / "work" / source.name, without)

    def built(self, name: str, without: str = "", with_plots: bool = True) -> Path:
        """A root in which the product has run, made once for one state of the code."""
        kind = "-without-one" * bool(without) + "-no-plots" * (not with_plots)
        root = self.home / "built" / _code() / (name + kind)
        if not (root / "cost.json").exists():
            copy_root(self.data(name), root, without)
            print(f"  building {root.name}", flush=True)
            cost = cold(product(root, *(() if with_plots else NO_PLOTS)), self.log)
            print(f"  built: {cost.wall:.1f} s, CPU {cost.cpu:.1f} s, {cost.peak_mb:,.0f} MB")
            (root / "cost.json").write_text(json.dumps(asdict(cost)))
        return root

    def sides(self, sides: dict[str, Side]) -> dict[str, list[Cost]]:
        """Cost of each side, run in turn."""
        return side_by_side(sides, self.rounds, self.log)


def _code() -> str:
    """A name for the product's code as it is now: what other code has built is of no use."""
    found = hashlib.sha256()
    for folder in ("ingest", "load_profile", "dagster_defs", "dbt_project"):
        for path in sorted((HERE.parent / folder).rglob("*.*")):
            if path.suffix in (".py", ".sql", ".yml") and "target" not in path.parts:
                found.update(path.read_bytes())
    return found.hexdigest()[:12]


def built_cost(root: Path) -> Cost:
    """What it took to build a root from nothing."""
    return Cost(**json.loads((root / "cost.json").read_text()))


def product(root: Path, *options: str) -> list[str]:
    """The whole main job."""
    return [str(COMMAND), "run", "--root", str(root), *options]


def script(name: str, *arguments: str) -> Callable[[Path], list[str]]:
    """A file of this folder with a root as its last argument."""
    return lambda root: [sys.executable, str(HERE / name), *arguments, str(root)]


def classic(root: Path, *options: str) -> list[str]:
    return [sys.executable, str(HERE / "classic_method.py"), str(root), *options]


# The whole main job


def s_whole(bench: Bench) -> Result:
    fresh = partial(bench.fresh, bench.data("S"))
    costs = bench.sides(
        {"classic": Side(fresh, classic, is_done), "product": Side(fresh, product, is_done)}
    )
    faster = ratios(costs["classic"], costs["product"])
    bar = Bar(
        "S, whole main job with plots: classic / product",
        median(faster),
        1,
        aim=2,
        at_least=True,
        text=middle(faster),
    )
    return Result([bar], cost_table(costs))


def m_whole(bench: Bench) -> Result:
    fresh = partial(bench.fresh, bench.data("M"))
    costs = bench.sides(
        {
            "product": Side(fresh, partial_command(product, *NO_PLOTS), is_done),
            "Polars": Side(fresh, script("polars_method.py"), is_done),
            "classic": Side(
                fresh, partial_command(classic, "--no-plots"), is_done, rounds=bench.classic_rounds
            ),
        }
    )
    what = "M, whole main job without plots"
    bars = [Bar(f"{what}: peak of memory", peak_gb(costs["product"]), 4, "GB")]
    for name, bar, aim in (("Polars", 1, None), ("classic", 15, 30)):
        if costs[name]:
            faster = ratios(costs[name], costs["product"])
            text = f"{what}: {name} / product"
            bars.insert(
                0, Bar(text, median(faster), bar, aim=aim, at_least=True, text=middle(faster))
            )
    return Result(bars, cost_table(costs))


def is_taken_in(root: Path) -> None:
    """No file may be left or turned away, or the time says nothing."""
    left = [*(root / DROP).iterdir(), *(root / "data" / "KW" / "ERROR").glob("*")]
    assert not left, left[:3]


def is_done(root: Path) -> None:
    """All files taken in, and a profile and a gap list of each feeder and of all together."""
    is_taken_in(root)
    feeders = (root / "meter-data.csv").read_text().count("\n") - 1
    found = len(list((root / "lp").glob("*.csv")))
    assert found == 2 * (feeders + 1), found


def peak_gb(costs: list[Cost]) -> float:
    return max(cost.peak_mb for cost in costs) / 1024


# Parts of it


def m_ingest(bench: Bench) -> Result:
    fresh = partial(bench.fresh, bench.data("M"))
    costs = bench.sides(
        {
            "DuckDB's bare read_csv": Side(fresh, script("stages.py", "bare_read")),
            "product's ingest": Side(fresh, script("stages.py", "ingest"), is_taken_in),
        }
    )
    slower = ratios(costs["product's ingest"], costs["DuckDB's bare read_csv"])
    bar = Bar("M, ingest / bare read_csv", median(slower), 2, aim=1.3, text=middle(slower))
    return Result([bar], cost_table(costs))


def m_plots(bench: Bench) -> Result:
    base = without_a_month(bench, "M")
    feeders = DATA["M"][0]

    def emptied() -> Path:
        root = bench.fresh(base)
        for picture in (root / "lp" / "plots").glob("*.png"):
            picture.unlink()
        return root

    def is_drawn(root: Path) -> None:
        assert len(list((root / "lp" / "plots").glob("*.png"))) == feeders + 1

    costs = bench.sides({"plots": Side(emptied, script("stages.py", "plots"), is_drawn)})
    each = [cost.cpu / feeders for cost in costs["plots"]]
    busy = [cost.cpu / cost.wall for cost in costs["plots"]]
    bars = [
        Bar("M, plots: CPU a feeder", median(each), 0.15, "s", text=middle(each, 3)),
        Bar("M, plots: cores in use", median(busy), 1.5, "", at_least=True, text=middle(busy)),
    ]
    return Result(bars, cost_table(costs))


# What is done again


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


def look(root: Path) -> dict[str, tuple[int, int]]:
    """What of a root changes when a file of lp/ or the warehouse is written."""
    stat = Workspace(root).warehouse.stat()
    return outputs(root) | {"warehouse": (stat.st_size, stat.st_mtime_ns)}


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


def pictures(*names: str) -> set[str]:
    """Pictures of feeders, and those of the planner, which show the total."""
    return {f"plots/{name}.png" for name in (*names, *PLANNER_NAMES)}


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


# A large root


def l_full(bench: Bench) -> Result:
    small = bench.sides(
        {"M": Side(partial(bench.fresh, bench.data("M")), partial_command(product, *NO_PLOTS))}
    )
    cost = built_cost(without_a_month(bench, "L", with_plots=False))
    longer = ratios([cost], small["M"])
    what = "L, whole main job without plots"
    bars = [
        Bar(f"{what}: peak of memory", peak_gb([cost]), 16, "GB"),
        Bar(f"{what}: L / M", median(longer), 12, text=middle(longer)),
    ]
    return Result(bars, cost_table(small | {"L": [cost]}))


def l_month(bench: Bench) -> Result:
    """On the built L itself, as a copy of it takes longer than the run; it is gone after that."""
    costs = {}
    for name, rounds in (("M", bench.rounds), ("L", 1)):
        base = without_a_month(bench, name, with_plots=False)
        new = bench.data(name) / DROP / held_back(name)
        costs[name] = []
        for _ in range(rounds):
            root = bench.fresh(base) if name == "M" else base
            shutil.copy(new, root / DROP)
            costs[name].append(cold(product(root, *NO_PLOTS), bench.log))
            shutil.rmtree(root)
    longer = ratios(costs["L"], costs["M"])
    what = "L, one more month of one feeder, without plots: L / M"
    bar = Bar(what, median(longer), 2, text=middle(longer))
    return Result([bar], cost_table(costs))


# The start


def startup(bench: Bench) -> Result:
    root = tiny_root(bench)
    environment = {"LOAD_PROFILE_ROOT": str(root), "PYTHONUNBUFFERED": "1"}
    target = ["--target-path", str(bench.home / "work" / "dbt-target")]
    shutil.rmtree(target[1], ignore_errors=True)
    python = [sys.executable, "-c"]
    dbt = [sys.executable, "-P", "-m", "load_profile.dbt", "--quiet"]
    cold(product(root), bench.log)
    commands = {
        "python, nothing else": [*python, "pass"],
        "import duckdb": [*python, "import duckdb"],
        "import load_profile.plots.feeder (pandas, matplotlib, seaborn)": [
            *python,
            "import load_profile.plots.feeder",
        ],
        "import dagster": [*python, "import dagster"],
        "import dagster_defs.definitions (Dagster, its dbt part, the manifest)": [
            *python,
            "import dagster_defs.definitions",
        ],
        "import dbt.cli.main": [*python, "import dbt.cli.main"],
        "dbt parse, for the first time": [*dbt, "parse", *target],
        "dbt parse, after that": [*dbt, "parse", *target],
        "dbt build of the tiny root, models and tests": [
            *dbt,
            "build",
            "--exclude-resource-type",
            "unit_test",
            *target,
        ],
        "load-profile run, nothing new": product(root),
    }
    costs = {
        name: [cold(command, bench.log, environment, root)] for name, command in commands.items()
    }
    costs["load-profile run, one tiny file into an empty root"] = [
        cold(product(tiny_root(bench)), bench.log) for _ in range(bench.rounds)
    ]
    lines = cost_table(costs)
    lines += ["", "Seconds after the start at which a run with one tiny file says:", ""]
    lines += stage_lines(tiny_root(bench), environment)
    for title, command in (
        ("a run", product(tiny_root(bench))),
        ("dbt's process", ["-c", "import dbt.cli.main"]),
    ):
        cold([sys.executable, "-X", "importtime", *command], bench.log, environment)
        spent = sorted(import_seconds(bench.log).items(), key=lambda item: -item[1])
        most = ", ".join(f"{name} {seconds:.2f}" for name, seconds in spent[:14])
        total = sum(seconds for _, seconds in spent)
        lines += ["", f"Importing in {title} takes {total:.2f} s (slowed by counting): {most}."]
    return Result([], lines)


def stage_lines(root: Path, environment: dict[str, str]) -> list[str]:
    """When a run says what it is doing, as a table."""
    started, said = perf_counter(), {}
    with subprocess.Popen(
        product(root), stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
    ) as process:
        for line in process.stdout:
            if match := re.match(
                r"(Starting|Reading|Loading|Building|Writing|Drawing|Done).*", line
            ):
                key = match[0].partition(":")[0]
                said.setdefault(key, perf_counter() - started)
    said["the process has ended"] = perf_counter() - started
    return ["| step | after s |", "|---|--:|", *(f"| {k} | {v:.2f} |" for k, v in said.items())]


def import_seconds(log: Path) -> dict[str, float]:
    """Seconds spent in the modules of each package, from what -X importtime wrote."""
    spent: dict[str, float] = {}
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        if match := re.match(r"import time: +(\d+) \| +\d+ \| +([\w]+)", line):
            spent[match[2]] = spent.get(match[2], 0) + int(match[1]) / 1e6
    return spent


# Roots and files


def without_a_month(bench: Bench, name: str, with_plots: bool = True) -> Path:
    """A built root that lacks the last month of one feeder in the middle."""
    return bench.built(name, held_back(name), with_plots)


def held_back(name: str) -> str:
    feeders, months, _ = DATA[name]
    return month_file(name, feeder_names(feeders)[feeders // 2], months - 1)


def month_file(name: str, feeder: str, month: int) -> str:
    """The name of a feeder's export of one month, counted from 0."""
    start = DATA[name][2]
    return file_name(feeder, span(start, month)[1], span(start, month + 1)[1])


def tiny_root(bench: Bench) -> Path:
    """An empty root with one file of one day: what a run costs before it does anything."""
    root = bench.home / "work" / "tiny"
    shutil.rmtree(root, ignore_errors=True)
    (root / DROP).mkdir(parents=True)
    source = bench.data("S") / DROP / month_file("S", "north", 0)
    lines = source.read_bytes().splitlines(keepends=True)
    (root / DROP / source.name).write_bytes(b"".join(lines[: len(PREAMBLE) + ONE_DAY]))
    meters = (bench.data("S") / "meter-data.csv").read_text().splitlines(keepends=True)
    (root / "meter-data.csv").write_text("".join(meters[:2]))
    return root


def partial_command(
    command: Callable[..., list[str]], *options: str
) -> Callable[[Path], list[str]]:
    return lambda root: command(root, *options)


# The page


def cost_table(costs: dict[str, list[Cost]], with_head: bool = True) -> list[str]:
    """Seconds, CPU and memory of each side: median (lowest to highest)."""
    lines = ["| | wall, s | CPU, s | peak, MB |", "|---|--:|--:|--:|"] if with_head else []
    for name, found in filter(lambda item: item[1], costs.items()):
        wall, cpu = ([getattr(cost, what) for cost in found] for what in ("wall", "cpu"))
        peak = max(cost.peak_mb for cost in found)
        lines.append(f"| {name} | {middle(wall)} | {middle(cpu)} | {peak:,.0f} |")
    return lines


MEASUREMENTS: dict[str, tuple[Callable[[Bench], Result], str]] = {
    "s-whole": (s_whole, "S, whole main job, plots in"),
    "m-whole": (m_whole, "M, whole main job without plots"),
    "m-ingest": (m_ingest, "M, ingest alone: hash, check, load, archive"),
    "m-plots": (m_plots, "M, plots alone"),
    "nothing-new": (nothing_new, "A run with nothing new"),
    "m-month": (m_month, "One more month of one feeder into M"),
    "m-behind": (m_behind, "A month of one feeder that lies behind the end of all others"),
    "m-correction": (m_correction, "A month handed in again, with other values on one day"),
    "startup": (startup, "Where the fixed seconds go"),
    "l-full": (l_full, "L, whole main job without plots"),
    "l-month": (l_month, "L, one more month of one feeder"),
}


def machine() -> str:
    """What everything ran on."""
    cpu, memory = platform.processor() or platform.machine(), ""
    if Path("/proc/cpuinfo").exists():
        cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())[1]
        kb = re.search(r"MemTotal: +(\d+)", Path("/proc/meminfo").read_text())[1]
        memory = f", {int(kb) / 1024**2:.0f} GB of memory"
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{cpu}, {os.cpu_count()} cores{memory}; {platform.system()}, "
        f"Python {platform.python_version()}, {versions}."
    )


def state_of_code() -> str:
    """The commit, with a + if files were changed since."""
    git = partial(subprocess.run, cwd=HERE, capture_output=True, text=True)
    commit = git(["git", "rev-parse", "--short", "HEAD"]).stdout.strip()
    return commit + "+" * bool(git(["git", "status", "--porcelain", ".."]).stdout.strip())


def page(results: dict[str, dict]) -> str:
    """The generated part of README.md from the latest result of every measurement."""
    lines = [f"Measured on {machine()}", "", "| what | measured | bar | aim | |"]
    lines += ["|---|--:|--:|--:|---|"]
    known = [name for name in MEASUREMENTS if name in results]
    lines += [Bar(**bar).row() for name in known for bar in results[name]["bars"]]
    if missing := [name for name in MEASUREMENTS if name not in results]:
        lines += ["", f"Not measured here: {', '.join(missing)}."]
    for name in known:
        found = results[name]
        lines += ["", f"### {MEASUREMENTS[name][1]}", ""]
        lines += [f"`--only {name}`, {found['date']}, commit {found['commit']}.", ""]
        lines += found["lines"]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help=f"some of {','.join(MEASUREMENTS)}")
    parser.add_argument("--large", action="store_true", help="L too: an hour and 60 GB of disk")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--classic-rounds", type=int, default=1, help="of M: 10 minutes each; 0: none"
    )
    parser.add_argument("--keep", action="store_true", help="keep built roots for the next time")
    parser.add_argument("--no-write", action="store_true", help="leave README.md as it is")
    options = parser.parse_args()
    wanted = [name for name in options.only.split(",") if name] or [
        name for name in MEASUREMENTS if options.large or not name.startswith("l-")
    ]
    if unknown := set(wanted) - MEASUREMENTS.keys():
        parser.error(f"no such measurement: {', '.join(sorted(unknown))}")
    default = Path(tempfile.gettempdir()) / "load-profile-bench"
    home = Path(os.environ.get("LOAD_PROFILE_BENCH", default))
    bench = Bench(home, options.rounds, options.classic_rounds)
    kept = home / "results.json"
    for name in wanted:
        print(name, flush=True)
        result = MEASUREMENTS[name][0](bench)
        print("\n".join([*(bar.row() for bar in result.bars), *result.lines]), flush=True)
        results = json.loads(kept.read_text()) if kept.exists() else {}
        stamp = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "commit": state_of_code()}
        kept.write_text(json.dumps(results | {name: asdict(result) | stamp}, indent=1))
    shutil.rmtree(home / "work", ignore_errors=True)
    if not options.keep:
        shutil.rmtree(home / "built", ignore_errors=True)
    if not options.no_write:
        before, _, after = PAGE.read_text(encoding="utf-8").split(MARK)
        text = f"{MARK}\n{page(json.loads(kept.read_text()))}\n{MARK}"
        PAGE.write_text(f"{before}{text}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
