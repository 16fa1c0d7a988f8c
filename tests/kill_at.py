"""Do a piece of work and die by SIGKILL just before its N-th line of the project's own code.

    python tests/kill_at.py ROOT N [load|export|export_raw]

N = 0 does all of it and prints the lines it came by, one a step: `filing.py:98`. Every line is a
step, so a crash is tried before and after each hash, commit, move, letter, log and ledger.
"""

import os
import shutil
import signal
import sys
import threading
from collections import Counter
from datetime import datetime
from pathlib import Path

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT))

from ingest import load_files as loading  # noqa: E402
from ingest.meter_data import read_meter_data  # noqa: E402
from ingest.warehouse import open_warehouse  # noqa: E402
from ingest.workspace import Workspace  # noqa: E402

BATCH_FILES = 5  # several commits from a few files
MOST_VISITS = 40  # steps a line makes: a loop over all days of a century is no 36,000 steps
BORED = 1000  # visits of a line after which its function is watched no more: that costs time


def load(root: Path) -> loading.LoadSummary:
    """Read meter-data.csv and take in the drop folder, in small batches."""
    workspace = Workspace(root)
    loading.BATCH_FILES = BATCH_FILES
    loading.save_meter_data(workspace, read_meter_data(workspace.meter_data))
    return loading.load_files(workspace)


def export(root: Path) -> None:
    """Write profiles, gap lists, months, plots and report from the tables that are there."""
    from load_profile.files.finals import export_finals
    from load_profile.files.profiles import export_gaps, export_months, export_profiles
    from load_profile.plots.draw import draw_net_load, draw_planner_plots
    from load_profile.report.page import write_report

    workspace = Workspace(root)
    workspace.prepare()
    with open_warehouse(workspace.warehouse, read_only=True) as con:
        for step in (
            export_profiles,
            export_gaps,
            export_finals,
            export_months,
            draw_net_load,
            draw_planner_plots,
        ):
            step(con, workspace)
        write_report(con, workspace, datetime(2000, 1, 1))


def export_raw(root: Path) -> None:
    """Write schema `raw` as Parquet."""
    from ingest import export_raw as raw

    raw.export_raw(Workspace(root))


WORK = {"load": load, "export": export, "export_raw": export_raw}
TRACED = {
    # not the readers of layouts, which write nothing
    "load": {shutil.__file__, *(str(path) for path in (PROJECT / "ingest").glob("*.py"))},
    "export": {
        str(path)
        for name in ("writer", "profiles", "finals", "draw", "page")
        for path in (PROJECT / "load_profile").rglob(f"{name}.py")
    },
    "export_raw": {
        shutil.__file__,
        str(PROJECT / "ingest" / "export_raw.py"),
        str(PROJECT / "ingest" / "filing.py"),
    },
}


def trace(files: set[str], last: int) -> list[str]:
    """Note every line of `files` that is about to run; die before line number `last`."""
    steps: list[str] = []
    visits: Counter[tuple[str, int]] = Counter()
    bored = set()
    lock = threading.Lock()

    def at_line(frame, event, _):
        if event == "line":
            key = frame.f_code.co_filename, frame.f_lineno
            with lock:
                visits[key] += 1
                if visits[key] > BORED:
                    bored.add(frame.f_code)
                    return None
                if visits[key] <= MOST_VISITS:
                    steps.append(f"{Path(key[0]).name}:{key[1]}" if not last else "")
                    if len(steps) == last:
                        os.kill(os.getpid(), signal.SIGKILL)
        return at_line

    def at_call(frame, _event, _):
        code = frame.f_code
        return at_line if code.co_filename in files and code not in bored else None

    threading.settrace(at_call)
    sys.settrace(at_call)
    return steps


if __name__ == "__main__":
    root, last, work = Path(sys.argv[1]), int(sys.argv[2]), (*sys.argv[3:], "load")[0]
    seen = trace(TRACED[work], last)
    WORK[work](root)
    sys.settrace(None)
    if not last:
        print("\n".join(seen))
