"""Dagster on the target spark: a job for each turn, and months that are built apart."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from compare import compare_tables
from conftest import BUILD, DBT_PROJECT, dbt

from dagster_defs.spark import turns_of
from ingest.workspace import Workspace
from load_profile.dagster_home import dagster_home
from load_profile.dbt import read_manifest
from load_profile.sample import write_sample

# jobs in turn, each for the months that are named; in a process of its own, as Dagster's page would
RUN = """
import json, sys
from dagster import DagsterInstance
from dagster_defs.definitions import defs

with DagsterInstance.get() as instance:
    for name, *months in json.loads(sys.argv[1]):
        for month in months or [None]:
            job = defs.resolve_job_def(name)
            done = job.execute_in_process(
                instance=instance, partition_key=month, raise_on_error=False
            )
            checks = [c.check_name for c in done.get_asset_check_evaluations() if not c.passed]
            assert done.success and not checks, (name, month, checks)
"""
BOTH = ["2024-08-01", "2024-07-01"]  # the order is of no matter
# a rolling demand that ends in the first hour of a month is of this month's days
DAYS = [*BOTH, "2024-09-01"]


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("months") / "root"
    write_sample(root, feeders=2, months=2, start="2024-07", seed=7)
    return root


@pytest.fixture(scope="module")
def environment(root) -> dict[str, str]:
    return {
        **os.environ,
        "LOAD_PROFILE_TARGET": "spark",
        "LOAD_PROFILE_ROOT": str(root),
        "DAGSTER_HOME": str(dagster_home(Workspace(root))),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "LOAD_PROFILE_SPARK_MASTER": "local[2]",
        "LOAD_PROFILE_SPARK_PARTITIONS": "2",
        "LOAD_PROFILE_SPARK_JAVA": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m",
    }


def run(environment: dict[str, str], *turns: list[str]) -> None:
    words = [sys.executable, "-c", RUN, json.dumps(turns)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-10_000:] + done.stderr[-10_000:]


def test_months_built_apart_make_the_tables_of_one_build(root, environment):
    turns = turns_of(read_manifest())
    assert len(turns) > 2

    def months(turn: int) -> list[str]:
        return DAYS if {"feeder_days", "system_days", "time_of_use"} & {*turns[turn]} else BOTH

    run(
        environment,
        *(
            [f"turn_{turn + 1}_months", *months(turn)] if turn % 2 else [f"turn_{turn + 1}_tables"]
            for turn in sorted(turns)
        ),
    )
    dbt(root, *BUILD)
    found = compare_tables(root, environment)
    assert all(table.is_equal for table in found), "\n".join(map(str, found))


def test_a_target_that_nobody_knows_is_named(environment):
    words = [sys.executable, "-c", "import dagster_defs.definitions"]
    wrong = environment | {"LOAD_PROFILE_TARGET": "snow"}
    done = subprocess.run(words, env=wrong, capture_output=True, text=True)
    assert "LOAD_PROFILE_TARGET is 'snow'; allowed are duckdb and spark" in done.stderr


def test_a_session_that_is_not_on_utc_builds_nothing(root, environment, tmp_path):
    """A wrong zone would pass every other test, and shift every table."""
    profile = (DBT_PROJECT / "profiles.yml").read_text(encoding="utf-8")
    (tmp_path / "profiles.yml").write_text(
        profile.replace("timeZone: UTC", "timeZone: America/Denver"), encoding="utf-8"
    )
    words = [sys.executable, "-P", "-m", "load_profile.dbt", "build", "--target", "spark"]
    away = {"DBT_PROFILES_DIR": str(tmp_path), "DBT_TARGET_PATH": str(tmp_path / "target")}
    done = subprocess.run(
        [*words, "--select", "stg_meter_data"],
        cwd=root,
        env=environment | away,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert (
        "the session time zone must be UTC, see profiles.yml; it is America/Denver" in done.stdout
    )
    assert "OK created" not in done.stdout
