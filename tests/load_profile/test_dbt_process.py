"""The process that runs dbt: in a fresh clone, with one command, without one, and killed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import COMMAND, PROJECT, bring_up_to_date, load_profile

from ingest.workspace import Workspace
from load_profile.build import build
from load_profile.dbt import DbtError, DbtProcess
from load_profile.dbt_results import TableBuilt
from load_profile.sample import write_sample

STARTED = "Building tables: readings"
needs_proc = pytest.mark.skipif(not Path("/proc").exists(), reason="reads /proc")


def dbt_processes(root: Path) -> list[int]:
    """Processes of dbt that work in a root."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_dbt = b"load_profile.dbt" in (process / "cmdline").read_bytes()
            if is_dbt and (process / "cwd").resolve() == root.resolve():
                found.append(int(process.name))
        except OSError:  # it has ended
            continue
    return found


def wait_until_none_is_left(root: Path) -> None:
    until = time.monotonic() + 20
    while left := dbt_processes(root):
        assert time.monotonic() < until, left
        time.sleep(0.1)


def start(root: Path, phase: str) -> subprocess.Popen:
    """A run that has reported this phase."""
    words = [str(COMMAND), "run", "--no-plots", "--root", str(root)]
    run = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert any(phase in line for line in run.stdout)
    return run


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


@needs_proc
def test_a_process_without_a_command_ends_with_its_block(sample):
    with DbtProcess(sample):
        until = time.monotonic() + 20
        while not dbt_processes(sample):
            assert time.monotonic() < until
    assert not dbt_processes(sample)


@needs_proc
def test_a_killed_dbt_is_one_sentence_and_the_files_are_those_of_the_last_good_run(tmp_path):
    write_sample(tmp_path, feeders=2, months=1)
    bring_up_to_date(tmp_path)
    files = {path: path.read_bytes() for path in (tmp_path / "lp").glob("*.csv")}
    with (tmp_path / "meter-data.csv").open("a") as meters:
        meters.write("\n")
    run = start(tmp_path, STARTED)
    (process,) = dbt_processes(tmp_path)
    os.kill(process, signal.SIGKILL)
    said, _ = run.communicate()
    assert run.returncode == 1
    assert "failed dbt_models: dbt was killed by signal 9 before it finished." in said
    assert files == {path: path.read_bytes() for path in (tmp_path / "lp").glob("*.csv")}
    assert not (tmp_path / "warehouse/published.duckdb").exists()
    done = load_profile("run", "--no-plots", "--root", tmp_path)
    assert done.returncode == 0, done.stdout


@needs_proc
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("phase", ["Starting dbt", STARTED])
def test_dbt_ends_with_a_run_that_is_ended(tmp_path, phase, end):
    write_sample(tmp_path, feeders=1, months=1)
    run = start(tmp_path, phase)
    os.kill(run.pid, end)
    run.communicate()
    assert run.returncode == (130 if end == signal.SIGINT else -signal.SIGKILL)
    wait_until_none_is_left(tmp_path)
