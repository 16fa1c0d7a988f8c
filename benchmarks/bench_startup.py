"""Measure what a run costs before it does any work."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from time import perf_counter

from bench_setup import Bench, Result, bar_of, cost_table, product, tiny_root
from measure import cold

HEAVY = {"dagster", "dbt", "pandas", "matplotlib", "seaborn"}


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
    whole = "load-profile run, one tiny file into an empty root"
    costs[whole] = [cold(product(tiny_root(bench)), bench.log) for _ in range(bench.rounds)]
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
    bar = bar_of("One tiny file into an empty root", [cost.wall for cost in costs[whole]], 5, "s")
    return Result([bar], lines)


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
