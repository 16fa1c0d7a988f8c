"""The models on Apache Spark make what they make on DuckDB: every table and view, every cell.

Spark runs on a cluster of processes. One root has files of every kind and is built twice: at first
with a worker that is lost on the way, then what has changed. Another has the rows of 2,000 meters.
What the figures should be is tested on DuckDB, everywhere else. Data tests run in one build on
Spark: where all cells are equal, they find the same.
"""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import mixed_root
import pytest
from clock_meters import SYSTEM_IN_DENVER
from cluster import Cluster
from compare import Comparison, compare_tables
from conftest import BUILD, dbt, take_in
from simulate import simulate

from ingest.export_raw import export_raw
from ingest.workspace import Workspace

TABLES = (*BUILD, "--exclude-resource-type", "test")
# a program of its own starts sooner than executors on the cluster
LOCAL = {"LOAD_PROFILE_SPARK_MASTER": "local[2]"}
DBT = [sys.executable, "-P", "-m", "load_profile.dbt"]
LEAST_LOST_BYTES = 100_000


@dataclass(frozen=True)
class Mixed:
    """The mixed root after its first build, and what each worker held when one was lost."""

    root: Path
    sources: Path
    held: dict[int, int]
    lost: int

    @property
    def said(self) -> str:
        return (self.root / "spark.log").read_text(encoding="utf-8", errors="replace")

    def months(self, table: str) -> dict[str, set[str]]:
        """The files that Spark has of each month of a table; a new one has a new name."""
        folder = self.root / "warehouse/spark/tables/main.db" / table
        return {
            month.name.removeprefix("part_month="): {path.name for path in month.glob("*.parquet")}
            for month in folder.glob("part_month=*")
        }


def start_on_spark(
    root: Path, cluster: Cluster, *options: str, words: tuple[str, ...] = TABLES, **other: str
) -> subprocess.Popen:
    """Begin a build of what the warehouse holds now, in this environment but for `other`."""
    export_raw(Workspace(root))
    command = [*DBT, *words, "--target", "spark", *options]
    environment = {**os.environ, **cluster.environment, **other}
    with (root / "spark.log").open("w") as log:
        return subprocess.Popen(
            command, cwd=root, env=environment, stdout=log, stderr=subprocess.STDOUT
        )


def finish(program: subprocess.Popen, root: Path) -> None:
    code = program.wait()
    assert code == 0, (root / "spark.log").read_text(encoding="utf-8")[-20_000:]


def lose_a_worker(program: subprocess.Popen, root: Path, cluster: Cluster) -> Mixed:
    """Kill a worker while both hold rows of feeder_profiles that others are to fetch."""
    mixed = Mixed(root, root.parent / "sources", {}, 0)
    while program.poll() is None and "model main.feeder_profiles" not in mixed.said:
        time.sleep(0.1)
    since = time.time()
    held = cluster.held(since)
    while program.poll() is None and min(held.values()) < LEAST_LOST_BYTES:
        time.sleep(0.05)
        held = cluster.held(since)
    assert program.poll() is None, "the build had ended already"
    return Mixed(root, mixed.sources, held, lost=cluster.kill_worker())


def assert_equal(root: Path, cluster: Cluster, **other: str) -> dict[str, Comparison]:
    found = compare_tables(root, {**os.environ, **cluster.environment, **LOCAL, **other})
    assert all(table.is_equal for table in found), "\n".join(map(str, found))
    return {table.table: table for table in found}


@pytest.fixture(scope="module")
def mixed(tmp_path_factory, processes) -> Mixed:
    folder = tmp_path_factory.mktemp("mixed")
    root = folder / "root"
    mixed_root.drop_first(root, folder / "sources")
    dbt(root, *TABLES, *SYSTEM_IN_DENVER)
    program = start_on_spark(root, processes, *SYSTEM_IN_DENVER)
    mixed = lose_a_worker(program, root, processes)
    finish(program, root)
    assert mixed.lost not in processes.alive()
    return mixed


@pytest.mark.cluster
def test_files_of_every_kind_though_a_worker_is_lost_in_the_middle_of_the_build(mixed, processes):
    assert len(mixed.held) == 2 and mixed.held[mixed.lost] >= LEAST_LOST_BYTES
    assert "Lost executor" in mixed.said
    assert_equal(mixed.root, processes)


@pytest.mark.cluster
def test_a_second_build_after_files_a_correction_releases_and_a_withdrawal(mixed, cluster):
    assert len(cluster.alive()) == 2
    before = {name: mixed.months(name) for name in ("feeder_profiles", "combined_profiles")}
    mixed_root.drop_more(mixed.root, mixed.sources)
    dbt(mixed.root, *BUILD, *SYSTEM_IN_DENVER)
    finish(start_on_spark(mixed.root, cluster, *SYSTEM_IN_DENVER, words=BUILD), mixed.root)
    found = assert_equal(mixed.root, cluster)
    assert [table.table for table in found.values() if not table.cells] == []
    for table, months in before.items():
        kept = {month for month, files in mixed.months(table).items() if files == months.get(month)}
        assert {"2021-08-01", "2021-09-01", "2025-03-01"} <= kept
        assert not kept & {"2021-10-01", "2024-09-01", "2024-10-01", "2025-11-01"}


@pytest.fixture(scope="module")
def bulk(tmp_path_factory) -> Path:
    """A root with a month of 2,000 meters, 6 million rows, built with DuckDB: a minute."""
    root = tmp_path_factory.mktemp("bulk") / "root"
    simulate(root, feeders=2000, months=1, start="2024-01")
    take_in(root)
    dbt(root, *TABLES)
    return root


@pytest.mark.bulk
def test_a_month_of_2000_meters(bulk, cluster):
    both_compilers = {"LOAD_PROFILE_SPARK_JAVA": ""}  # long enough for the second one to pay
    finish(start_on_spark(bulk, cluster, **both_compilers), bulk)
    found = assert_equal(bulk, cluster, **both_compilers)
    assert found["feeder_profiles"].duckdb_rows == 2000 * 31 * 96
