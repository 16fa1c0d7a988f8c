"""Bars, results, commands and roots that the measurements of bench.py share. Measures nothing."""

import hashlib
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from measure import (
    Cost,
    Side,
    cold,
    copy_root,
    middle,
    outputs,
    side_by_side,
)
from simulate import file_name, simulate, span

from ingest.workspace import Workspace
from load_profile.plots.catalog import PLANNER_NAMES
from load_profile.sample import PREAMBLE, feeder_names

HERE = Path(__file__).resolve().parent
COMMAND = Path(sys.executable).with_name("load-profile")
NO_PLOTS = ("--no-plots",)
DATA = {  # feeders, months, first month
    "S": (4, 24, "2023-01"),
    "M": (200, 12, "2024-01"),
    "L": (2000, 12, "2024-01"),
    "long": (4, 48, "2021-01"),
}
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
    at_least: bool = False
    text: str = ""

    @property
    def is_met(self) -> bool:
        return self.value >= self.bar if self.at_least else self.value <= self.bar

    def row(self) -> str:
        """A row of the table of bars."""
        sign = "≥" if self.at_least else "≤"
        verdict = "met" if self.is_met else "**not met**"
        whole = self.value == int(self.value)
        shown = self.text or f"{self.value:,.{0 if whole else 2}f}"
        return (
            f"| {self.what} | {shown} {self.unit} | {sign} {self.bar:g} {self.unit} | {verdict} |"
        )


def bar_of(
    what: str, values: list[float], bar: float, unit: str = "x", digits: int = 2, **how: bool
) -> Bar:
    """A bar for the median of some rounds."""
    return Bar(what, median(values), bar, unit, text=middle(values, digits), **how)


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


def is_taken_in(root: Path) -> None:
    """No file may be left or turned away, or the time says nothing."""
    left = [*(root / DROP).iterdir(), *(root / "data" / "KW" / "ERROR").glob("*")]
    assert not left, left[:3]


def is_done(root: Path) -> None:
    """All files taken in, and a profile and a gap list of each feeder and of all together."""
    is_taken_in(root)
    lines = (root / "meter-data.csv").read_text().splitlines()[1:]
    names = ["all", *(line.split(",")[0] for line in lines)]
    found = {path.name for path in (root / "lp").glob("*.csv")}
    missing = {f"{name}{kind}.csv" for name in names for kind in ("", "_gaps")} - found
    assert not missing, missing


def peak_gb(costs: list[Cost]) -> float:
    return max(cost.peak_mb for cost in costs) / 1024


def look(root: Path) -> dict[str, tuple[int, int]]:
    """What of a root changes when a file of lp/ or the warehouse is written."""
    stat = Workspace(root).warehouse.stat()
    return outputs(root) | {"warehouse": (stat.st_size, stat.st_mtime_ns)}


def pictures(*names: str) -> set[str]:
    """Pictures of feeders, and those of the planner, which show the total."""
    return {f"plots/{name}.png" for name in (*names, *PLANNER_NAMES)}


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


def cost_table(costs: dict[str, list[Cost]], with_head: bool = True) -> list[str]:
    """Seconds, CPU and memory of each side: median (lowest to highest)."""
    lines = ["| | wall, s | CPU, s | peak, MB |", "|---|--:|--:|--:|"] if with_head else []
    for name, found in filter(lambda item: item[1], costs.items()):
        wall, cpu = ([getattr(cost, what) for cost in found] for what in ("wall", "cpu"))
        peak = max(cost.peak_mb for cost in found)
        lines.append(f"| {name} | {middle(wall)} | {middle(cpu)} | {peak:,.0f} |")
    return lines
