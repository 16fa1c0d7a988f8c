"""Build the models on DuckDB and on Apache Spark, side by side, at growing sizes; print a table.

    python benchmarks/engines.py FOLDER --meters 20 200 2000

One simulated month of each number of meters is taken in and exported once; then both engines build
all models and tests from nothing, cold, on all cores of this machine (Spark as `local[*]`). Needs
Linux, and what `make test-spark` sets up.
"""

import argparse
import shutil
import sys
from pathlib import Path

from measure import Cost, cold
from simulate import simulate

from ingest.export_raw import export_raw
from ingest.load_files import load_files, save_meter_data
from ingest.meter_data import read_meter_data
from ingest.workspace import Workspace

DBT = [sys.executable, "-P", "-m", "load_profile.dbt"]
BUILD = ("build", "--exclude-resource-type", "unit_test")
PER_METER = 31 * 96


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--meters", type=int, nargs="+", default=[20, 200, 2000])
    options = parser.parse_args()
    lines = []
    for meters in options.meters:
        root = taken_in(options.folder / str(meters), meters)
        shutil.rmtree(root / "warehouse" / "spark", ignore_errors=True)
        where = {"SPARK_LOCAL_IP": "127.0.0.1"}
        costs = {
            target: cold([*DBT, *BUILD, "--target", target], root / "last-command.log", where, root)
            for target in ("duckdb", "spark")
        }
        lines.append(line(meters * PER_METER, costs))
        print(lines[-1], flush=True)
    print("\n| rows | engine | wall | CPU | memory | Spark / DuckDB, wall | CPU |")
    print("|--:|---|--:|--:|--:|--:|--:|", *lines, sep="\n")


def taken_in(root: Path, meters: int) -> Path:
    """A root with a month of so many meters in schema raw and in the export, made once."""
    space = Workspace(root)
    if not space.exported_raw.exists():
        simulate(root, feeders=meters, months=1, start="2024-01")
        space.prepare()
        save_meter_data(space, read_meter_data(space.meter_data))
        load_files(space)
        export_raw(space)
        shutil.copy(space.warehouse, root / "taken-in.duckdb")
    shutil.copy(root / "taken-in.duckdb", space.warehouse)
    return root


def line(rows: int, costs: dict[str, Cost]) -> str:
    """Two lines of the table, one an engine."""
    duckdb, spark = costs["duckdb"], costs["spark"]

    def cells(name: str, cost: Cost) -> str:
        return (
            f"| {rows:,} | {name} | {cost.wall:.0f} s | {cost.cpu:.0f} s "
            f"| {cost.peak_mb / 1024:.1f} GB |"
        )

    ratio = f" {spark.wall / duckdb.wall:.1f}x | {spark.cpu / duckdb.cpu:.1f}x |"
    return f"{cells('DuckDB', duckdb)} | |\n{cells('Spark', spark)}{ratio}"


if __name__ == "__main__":
    main()
