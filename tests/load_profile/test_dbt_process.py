"""The process that runs dbt: in a fresh clone, with one command, without one, and killed."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from conftest import PROJECT
from dbt_processes import NEEDS_PROC, PHASES, dbt_processes, start_run, wait_until_none_is_left

from ingest.workspace import Workspace
from load_profile.build import build
from load_profile.dbt import DbtError, DbtProcess
from load_profile.dbt_results import TableBuilt
from load_profile.sample import write_sample


def test_a_fresh_clone_can_read_the_dbt_project(tmp_path):
    for name in ("load_profile", "ingest", "dbt_project/macros"):
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("*cache*"))
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(PROJECT / "dbt_project" / name, tmp_path / "dbt_project")
    target = tmp_path / "dbt_project/target"
    done = subprocess.run(
        [sys.executable, "-P", "-m", "load_profile.dbt", "parse", "--target-path", target],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (target / "manifest.json").exists() and (target / "partial_parse.msgpack").exists()


def test_a_project_that_does_not_parse_fails_the_run_and_is_in_its_log(tmp_path):
    for name in ("load_profile", "ingest", "dbt_project/macros"):
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("*cache*"))
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    (tmp_path / "dbt_project/dbt_project.yml").write_text("name: [")
    shutil.copy(PROJECT / "dbt_project/profiles.yml", tmp_path / "dbt_project")
    root = tmp_path / "root"
    write_sample(root, feeders=1, months=1)
    log = root / "logs/run.log"
    log.parent.mkdir(exist_ok=True)
    for options in ([], ["--no-plots"]):
        log.write_text("of the run before")
        done = subprocess.run(
            [sys.executable, "-P", "-m", "load_profile", "run", *options, "--root", root],
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 1 and "does not parse" in done.stdout + done.stderr
        if options:  # what there is to choose from is not known: no step was tried
            assert not log.exists()
        else:
            assert log.read_text().startswith("dbt_models failed\n")
    assert list((root / "_dropbox/KW").iterdir())


def test_tables_come_one_by_one_and_an_unknown_model_is_dbts_own_error(sample, tmp_path):
    root = shutil.copytree(sample, tmp_path / "root")
    with DbtProcess(root) as dbt:
        built = list(
            build(Workspace(root), dbt, ["--select", "gaps", "--exclude", "test_type:data"])
        )
    (gaps,) = built
    assert isinstance(gaps, TableBuilt) and gaps.name == "gaps" and gaps.row_count == 1
    with DbtProcess(root) as dbt, pytest.raises(DbtError, match="no_such_option"):
        list(dbt.run(["build", "--no_such_option"]))


@NEEDS_PROC
def test_a_process_without_a_command_ends_with_its_block(sample):
    with DbtProcess(sample):
        until = time.monotonic() + 20
        while not dbt_processes(sample):
            assert time.monotonic() < until
    assert not dbt_processes(sample)


@NEEDS_PROC
@pytest.mark.parametrize("phase", PHASES)
def test_dbt_ends_with_a_run_that_is_killed(tmp_path, phase):
    write_sample(tmp_path, feeders=1, months=1)
    run = start_run(tmp_path, phase, "--no-plots")
    run.kill()
    run.communicate()
    wait_until_none_is_left(tmp_path)


@NEEDS_PROC
@pytest.mark.parametrize("phase", PHASES)
def test_ctrl_c_is_one_line_and_ends_dbt_too(tmp_path, phase):
    """SIGINT to the whole group, as a terminal sends it; only the run itself gets it."""
    write_sample(tmp_path, feeders=1, months=1)
    run = start_run(tmp_path, phase, "--no-plots")
    os.killpg(run.pid, signal.SIGINT)
    _, said = run.communicate()
    assert run.returncode == 130
    assert said.startswith("Stopped. Nothing is lost") and said.count("\n") == 1
    wait_until_none_is_left(tmp_path)
