"""Runs of the command that have come to a phase, and the processes of dbt that work for them."""

import subprocess
import time
from pathlib import Path

import pytest
from conftest import COMMAND

NEEDS_PROC = pytest.mark.skipif(not Path("/proc").exists(), reason="reads /proc")
STARTED = "Building tables: readings"
PHASES = ("Starting dbt", STARTED)


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


def start_run(root: Path, phase: str, *options: str) -> subprocess.Popen:
    """A run that has reported this phase."""
    words = [str(COMMAND), "run", *options, "--root", str(root)]
    run = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert any(phase in line for line in run.stdout)
    return run
