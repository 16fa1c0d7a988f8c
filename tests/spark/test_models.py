"""The models on Apache Spark make what they make on DuckDB: every mart, every cell.

Each test takes files into one root, builds it with both engines, Spark on a cluster of processes,
and compares. What the figures should be is tested on DuckDB, everywhere else. Data tests run in one
build on Spark, the one with the most in its tables: where all cells are equal, they find the same.
"""

import os
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from changing_months import Months, rows_of
from clock_meters import SYSTEM_IN_DENVER, drop_all
from cluster import Cluster
from compare import Comparison, compare_marts
from conftest import BUILD, dbt, query, take_in
from simulate import simulate

from ingest.export_raw import export_raw
from ingest.review import withdraw_file
from ingest.workspace import Workspace

TABLES = (*BUILD, "--exclude-resource-type", "test")
# a program of its own starts sooner than executors on the cluster
LOCAL = {"LOAD_PROFILE_SPARK_MASTER": "local[2]"}
DBT = [sys.executable, "-P", "-m", "load_profile.dbt"]


@pytest.fixture(scope="session")
def two_thousand_meters(tmp_path_factory) -> Path:
    """A root with a month of 2,000 meters, 6 million rows, taken in: half a minute."""
    root = tmp_path_factory.mktemp("bulk") / "root"
    simulate(root, feeders=2000, months=1, start="2024-01")
    take_in(root)
    return root


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


def build(root: Path, cluster: Cluster, *options: str, words: tuple[str, ...] = TABLES) -> None:
    """Build with both engines what the warehouse holds."""
    dbt(root, *words, *options)
    finish(start_on_spark(root, cluster, *options, words=words), root)


def assert_equal(root: Path, cluster: Cluster, **other: str) -> dict[str, Comparison]:
    found = compare_marts(root, {**os.environ, **cluster.environment, **LOCAL, **other})
    assert all(mart.is_equal for mart in found), "\n".join(map(str, found))
    by_name = {mart.mart: mart for mart in found}
    assert by_name["feeder_profiles"].cells > 0
    return by_name


@pytest.mark.real_data
@pytest.mark.parametrize("source", ["transformers", "steel_plant"])
def test_real_data(source, request, cluster):
    root = request.getfixturevalue(source)  # built with DuckDB already
    finish(start_on_spark(root, cluster), root)
    assert_equal(root, cluster)


def test_files_across_changes_of_the_clock(tmp_path, cluster):
    drop_all(tmp_path)
    take_in(tmp_path)
    build(tmp_path, cluster, *SYSTEM_IN_DENVER)
    assert_equal(tmp_path, cluster)


def test_a_second_build_after_a_file_a_correction_and_a_withdrawal(tmp_path, cluster):
    months = Months(tmp_path / "root", seed=5)
    root, first = months.space.root, datetime(2024, 9, 15)
    for week in range(6):
        for feeder in ("north", "pune"):
            start = first + timedelta(days=7 * week)
            months.drop(rows_of(feeder, start, 7, 60, months.rng), feeder)
    take_in(root)
    build(root, cluster)

    months.drop(rows_of("south", datetime(2024, 10, 10), 9, 30, months.rng), "south")
    months.drop(rows_of("pune", datetime(2024, 9, 20), 3, 60, months.rng), "pune")
    take_in(root)
    third = "select stored_as from raw.files where feeder = 'north' order by 1 limit 1 offset 2"
    withdraw_file(months.space, query(root, third)[0][0], "wrong meter")
    build(root, cluster, words=BUILD)
    found = assert_equal(root, cluster)
    assert found["corrections"].cells and found["missing_intervals"].cells


@pytest.fixture(scope="module")
def bulk(two_thousand_meters) -> Path:
    """The root of 2,000 meters, built with DuckDB."""
    dbt(two_thousand_meters, *TABLES)
    return two_thousand_meters


@pytest.mark.bulk
def test_a_month_of_2000_meters(bulk, cluster):
    both_compilers = {"LOAD_PROFILE_SPARK_JAVA": ""}  # long enough for the second one to pay
    finish(start_on_spark(bulk, cluster, **both_compilers), bulk)
    found = assert_equal(bulk, cluster, **both_compilers)
    assert found["feeder_profiles"].duckdb_rows == 2000 * 31 * 96


@pytest.mark.real_data
@pytest.mark.cluster
def test_a_worker_that_is_lost_in_the_middle_of_a_build_changes_no_cell(substations, cluster):
    program = start_on_spark(substations, cluster)
    said = substations / "spark.log"
    while program.poll() is None and "START sql incremental model main.feeder_profiles" not in (
        said.read_text(encoding="utf-8", errors="replace")
    ):
        time.sleep(0.1)
    cluster.kill_worker()
    assert program.poll() is None, "the build had ended already"
    finish(program, substations)
    assert len(cluster.alive()) == 1
    assert_equal(substations, cluster)
