"""The dbt project alone, from a shell in its folder: models, data tests and unit tests."""

import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import duckdb
from conftest import PROJECT, invoke_dbt, query

from load_profile.dbt import is_large, read_manifest

DBT = Path(sys.executable).with_name("dbt")


def dbt(root: Path, project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run dbt in the folder of its project on a root's warehouse."""
    warehouse = root / "warehouse/load_profile.duckdb"
    return subprocess.run(
        [str(DBT), *arguments],
        cwd=project,
        env={**os.environ, "LOAD_PROFILE_WAREHOUSE": str(warehouse)},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def test_all_unit_tests_pass(sample, tmp_path):
    root = copytree(sample, tmp_path / "root")
    done = invoke_dbt(root, "test", "--select", "test_type:unit")
    failed = {result.node.name: result.message for result in done.result if result.failures}
    assert done.success and not failed, failed or done.exception
    ran = {result.node.unique_id for result in done.result}
    assert read_manifest()["unit_tests"].keys() <= ran


def test_a_shell_builds_the_project_and_a_line_in_event_types_what_it_changes(sample, tmp_path):
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
    done = dbt(root, project, "build", "--select", "+feeder_profiles")
    assert done.returncode == 0, done.stdout
    assert "unit test" in done.stdout.lower() and "data test" in done.stdout.lower()
    assert "deprecat" not in done.stdout.lower(), done.stdout
    assert query(root, counted) == [("1.4.5", True, before[2], 0)]


def test_the_name_of_a_model_selects_nothing_else():
    """dbt takes a word for a folder as well, and Dagster selects tables by their names."""
    nodes = read_manifest()["nodes"].values()
    folders = {folder for node in nodes for folder in node["fqn"][:-1]}
    assert not folders & {node["name"] for node in nodes}


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


def test_a_model_is_rebuilt_where_its_code_its_ancestors_or_their_macros_changed(sample, tmp_path):
    root = copytree(sample, tmp_path / "root")
    project = copytree(PROJECT / "dbt_project", tmp_path / "project")
    models = {"feeder_profiles": "record_no", "file_uses": "used_count"}

    def edit(path: str, old: str, new: str) -> None:
        text = (project / path).read_text(encoding="utf-8")
        assert old in text
        (project / path).write_text(text.replace(old, new, 1), encoding="utf-8")

    def rebuilt() -> set[str]:
        with duckdb.connect(str(root / "warehouse/load_profile.duckdb")) as con:
            for model, column in models.items():
                con.execute(f"update {model} set {column} = -1")
        done = invoke_dbt(root, "run", "--select", *models, project=project)
        assert done.success, done.exception
        counted = "select count(*) from {} where {} = -1"
        return {
            m for m, column in models.items() if query(root, counted.format(m, column)) == [(0,)]
        }

    edit(
        "models/marts/feeder_profiles.sql",
        "\nselect",
        "\n-- it's a comment\n  {# and one #}\nselect",
    )
    edit("macros/power.sql", "{% macro", "{# a comment #}\n{% macro")
    edit("models/marts/gaps.sql", "\nselect", "\nselect 1 as one,")
    assert rebuilt() == set()
    edit(
        "models/intermediate/file_uses.sql", "count(*) as used_count", "count(*) + 0 as used_count"
    )
    assert rebuilt() == {"file_uses"}
    edit(
        "macros/power.sql", "* mw_per_unit'", "* 1 * mw_per_unit'"
    )  # net_mva, of feeder_profiles alone
    assert rebuilt() == {"feeder_profiles", "file_uses"}


def test_a_warehouse_of_many_reads_is_large_and_an_absent_or_broken_one_is_not(sample, tmp_path):
    warehouse = sample / "warehouse/load_profile.duckdb"
    [(reads,)] = query(sample, "select count(*) from raw.interval_reads")
    assert is_large(warehouse, most=reads - 1) and not is_large(warehouse, most=reads)
    (tmp_path / "broken.duckdb").write_bytes(b"no database")
    assert not is_large(tmp_path / "broken.duckdb") and not is_large(tmp_path / "none.duckdb")
