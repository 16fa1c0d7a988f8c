"""Measure the product beside its yardsticks, judge every bar, write benchmarks/README.md.

    python benchmarks/bench.py [--only s-whole,m-ingest] [--large] [--rounds 3] [--classic-rounds 1]
                               [--keep]

The results on the page are always those of one run; with `--only` they are printed, and the page
stays. How a process is measured is in measure.py. Data and built roots are in the folder that
LOAD_PROFILE_BENCH names, by default `load-profile-bench` in the system's folder for temporary
files. Linux and macOS only.
"""

import argparse
import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

from bench_again import daily, m_behind, m_correction, m_month, nothing_new
from bench_setup import HERE, Bench, Result
from bench_startup import startup
from bench_whole import l_full, l_month, m_holes, m_ingest, m_plots, m_whole, s_whole

PAGE = HERE / "README.md"
MARK = "<!-- results -->"
PACKAGES = ("duckdb", "dbt-core", "dbt-duckdb", "dagster", "pandas", "matplotlib", "polars")


MEASUREMENTS: dict[str, tuple[Callable[[Bench], Result], str]] = {
    "s-whole": (s_whole, "S, whole main job, plots in"),
    "m-whole": (m_whole, "M, whole main job without plots"),
    "m-ingest": (m_ingest, "M, ingest alone: hash, check, load, archive"),
    "m-plots": (m_plots, "M, plots alone"),
    "m-holes": (m_holes, "M with 1 % of its intervals missing"),
    "nothing-new": (nothing_new, "A run with nothing new"),
    "m-month": (m_month, "One more month of one feeder into M"),
    "m-behind": (m_behind, "A month of one feeder that lies behind the end of all others"),
    "m-correction": (m_correction, "A month handed in again, with other values on one day"),
    "startup": (startup, "Where the fixed seconds go"),
    "l-full": (l_full, "L, whole main job without plots"),
    "l-month": (l_month, "L, one more month of one feeder"),
    "daily": (daily, "300 daily runs of 20 feeders"),
}
LARGE = ("l-full", "l-month", "daily")


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


def page(results: dict[str, Result]) -> str:
    """The generated part of README.md from the results of one run."""
    lines = [
        f"Measured on {datetime.now(UTC):%Y-%m-%d}, commit {state_of_code()}, on {machine()}",
        "",
        "| what | measured | bar | |",
        "|---|--:|--:|---|",
        *(bar.row() for result in results.values() for bar in result.bars),
    ]
    if missing := [name for name in MEASUREMENTS if name not in results]:
        lines += ["", f"Not measured: {', '.join(missing)}."]
    for name, result in results.items():
        lines += ["", f"### {MEASUREMENTS[name][1]}", "", f"`--only {name}`", "", *result.lines]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help=f"some of {','.join(MEASUREMENTS)}")
    parser.add_argument(
        "--large", action="store_true", help=f"{', '.join(LARGE)} too: two hours and 80 GB of disk"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--classic-rounds", type=int, default=1, help="of M: 10 minutes each; 0: none"
    )
    parser.add_argument("--keep", action="store_true", help="keep built roots for the next time")
    options = parser.parse_args()
    wanted = [name for name in options.only.split(",") if name] or [
        name for name in MEASUREMENTS if options.large or name not in LARGE
    ]
    if unknown := set(wanted) - MEASUREMENTS.keys():
        parser.error(f"no such measurement: {', '.join(sorted(unknown))}")
    default = Path(tempfile.gettempdir()) / "load-profile-bench"
    home = Path(os.environ.get("LOAD_PROFILE_BENCH", default))
    bench = Bench(home, options.rounds, options.classic_rounds)
    results = {}
    for name in wanted:
        print(name, flush=True)
        results[name] = MEASUREMENTS[name][0](bench)
        found = results[name]
        print("\n".join([*(bar.row() for bar in found.bars), *found.lines]), flush=True)
    shutil.rmtree(home / "work", ignore_errors=True)
    if not options.keep:
        shutil.rmtree(home / "built", ignore_errors=True)
    if not options.only:
        before, _, after = PAGE.read_text(encoding="utf-8").split(MARK)
        PAGE.write_text(f"{before}{MARK}\n{page(results)}\n{MARK}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
