"""The dbt project alone, from a shell in its folder: models, data tests and unit tests."""

import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree

from conftest import PROJECT, invoke_dbt, query

from load_profile.dbt import is_large

DBT = Path(sys.executable).with_name("dbt")


def dbt(root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run dbt in dbt_project/ on a root's warehouse, its own files beside that root."""
    warehouse = root / "warehouse/load_profile.duckdb"
    return subprocess.run(
        [str(DBT), *arguments, "--target-path", str(root / "target")],
        cwd=PROJECT / "dbt_project",
        env={**os.environ, "LOAD_PROFILE_WAREHOUSE": str(warehouse), **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def test_the_project_builds_from_a_shell_with_all_its_unit_tests(sample, tmp_path):
    root = copytree(sample, tmp_path / "root")
    done = dbt(root, "build")
    assert done.returncode == 0, done.stdout
    assert "unit test" in done.stdout.lower()
    assert "deprecat" not in done.stdout.lower(), done.stdout


def test_an_unknown_net_convention_stops_the_build(sample, tmp_path):
    root = copytree(sample, tmp_path / "root")
    done = invoke_dbt(root, "run", "--vars", "{net_convention: sideways}")
    assert not done.success
    assert "allowed are signed and gross" in str(done.exception)


def test_a_session_that_is_not_utc_stops_the_build(sample, tmp_path):
    root = copytree(sample, tmp_path / "root")
    profiles = (PROJECT / "dbt_project/profiles.yml").read_text(encoding="utf-8")
    (tmp_path / "profiles.yml").write_text(
        profiles.replace("TimeZone: UTC", "TimeZone: Asia/Tokyo")
    )
    done = invoke_dbt(root, "run", "--profiles-dir", str(tmp_path))
    assert not done.success
    guard, *others = done.result
    assert "session time zone must be UTC" in guard.message
    made = [result.status for result in others if result.node.resource_type == "model"]
    assert set(made) == {"skipped"}


def test_a_line_in_event_types_makes_anew_what_it_changes(sample, tmp_path):
    root = copytree(sample, tmp_path / "root")
    project = copytree(PROJECT / "dbt_project", tmp_path / "project")
    words = project / "seeds/event_types.csv"
    text = words.read_text(encoding="utf-8")
    changed = text.replace("midnight normal,1.0.0,data valid,normal", "midnight normal,1.4.5,,test")
    words.write_text(changed, encoding="utf-8")
    counted = """select reading_quality, is_test, count(*), count(mw_net) from feeder_profiles
        where event_type = 'MidnightNormal' group by all"""
    (before,) = query(root, counted)
    assert before[:2] == ("1.0.0", False) and before[2] > 300
    build = ("build", "--exclude-resource-type", "unit_test", "--select", "+feeder_profiles")
    done = dbt(root, *build, "--project-dir", str(project))
    assert done.returncode == 0, done.stdout
    assert query(root, counted) == [("1.4.5", True, before[2], 0)]


def test_a_warehouse_of_many_reads_is_large_and_an_absent_or_broken_one_is_not(sample, tmp_path):
    warehouse = sample / "warehouse/load_profile.duckdb"
    [(reads,)] = query(sample, "select count(*) from raw.interval_reads")
    assert is_large(warehouse, most=reads - 1) and not is_large(warehouse, most=reads)
    (tmp_path / "broken.duckdb").write_bytes(b"no database")
    assert not is_large(tmp_path / "broken.duckdb") and not is_large(tmp_path / "none.duckdb")
