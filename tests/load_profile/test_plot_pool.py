"""The processes that draw many plots end with the run."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

DRAW_FOREVER = """
import pathlib, sys
from load_profile.plots import pool
pool.POOL_FROM = 1

def draw(folder):
    import os, time
    pathlib.Path(folder, str(os.getpid())).touch()
    time.sleep(60)

if __name__ == "__main__":
    pool.draw_png = draw
    list(pool.draw_all([sys.argv[1]] * 8))
"""


@pytest.mark.skipif(os.name == "nt", reason="asks for a process by signal 0, and kills one")
@pytest.mark.skipif(os.cpu_count() == 1, reason="draws in one process only")
def test_processes_that_draw_end_with_a_run_that_is_killed(tmp_path):
    script, pids = tmp_path / "draw.py", tmp_path / "pids"
    script.write_text(DRAW_FOREVER)
    pids.mkdir()
    run = subprocess.Popen([sys.executable, str(script), str(pids)])
    wait_until(lambda: len(list(pids.iterdir())) >= 2)
    run.kill()
    run.wait()
    wait_until(lambda: not any(is_running(int(path.name)) for path in pids.iterdir()))


def wait_until(is_so: Callable[[], bool]) -> None:
    for _ in range(600):
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError("waited in vain")


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")  # a zombie has ended; nobody need have buried it yet
    return not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] != "Z"
