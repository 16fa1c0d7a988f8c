"""Run commands cold and say what they cost; say what a run rewrote. Knows no bar and no product.

Linux gives all figures; elsewhere the peak of memory is that of the largest single process.
"""

import os
import shutil
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import duckdb

TICK = 0.1  # seconds between two looks at memory; more often would cost what is measured
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100  # of the kernel
PAGES = {"RssAnon", "RssShmem", "RssFile"}
# Where a segment of a table lies in the database file: the same place means that it was let be.
SEGMENTS = """
select row_group_id, column_path, segment_id, start, count, block_id, block_offset
from pragma_storage_info(?)
where block_id >= 0
"""
ROW_GROUP = 122_880  # rows; a table of fewer is written as a whole


@dataclass(frozen=True)
class Cost:
    """What a process and all its children took: seconds, seconds of CPU, peak of memory in MB."""

    wall: float
    cpu: float
    peak_mb: float


@dataclass(frozen=True)
class Side:
    """One of the things measured side by side: makes a fresh root, and runs a command in it."""

    prepare: Callable[[], Path]
    command: Callable[[Path], list[str]]
    check: Callable[[Path], None] = lambda _: None
    rounds: int | None = None


def cold(
    command: list[str],
    log: Path,
    environment: dict[str, str] | None = None,
    folder: Path | None = None,
) -> Cost:
    """Run a command as a process of its own; RuntimeError with the end of its words if it fails."""
    with log.open("w", encoding="utf-8") as out:
        started = perf_counter()
        process = subprocess.Popen(
            command,
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            cwd=folder,
            env={**os.environ, **(environment or {})},
        )
        peaks, seconds = [0.0], {}
        done = threading.Event()
        watch = threading.Thread(target=_watch, args=(process.pid, peaks, seconds, done))
        watch.start()
        try:
            _, status, used = os.wait4(process.pid, 0)
        except BaseException:
            os.killpg(process.pid, 9)
            raise
        finally:
            wall = perf_counter() - started
            done.set()
            watch.join()
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        words = log.read_text(encoding="utf-8", errors="replace")[-3000:]
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{words}")
    # Linux counts there what this process had before it became the other: of no use
    peak = max(peaks) if Path("/proc").exists() else used.ru_maxrss / 1024**2
    # what nobody waited for, as Spark's Java, was seen while it ran
    return Cost(wall, max(used.ru_utime + used.ru_stime, sum(seconds.values())), peak)


def _watch(
    process: int, peaks: list[float], seconds: dict[int, float], done: threading.Event
) -> None:
    """Note memory and seconds of CPU of a process and all below it, every TICK, until `done`."""
    while not done.wait(TICK):
        peaks.append(_memory_mb(process, seconds))


def _memory_mb(process: int, seconds: dict[int, float]) -> float:
    """Memory of a process and all below it: their own pages added up, program files once.

    What each of them has used of CPU so far goes into `seconds`.
    """
    own, files, waiting = 0, [0], [process]
    while waiting:
        pid = waiting.pop()
        folder = Path("/proc") / str(pid)
        try:
            lines = (folder / "status").read_text().splitlines()
            words = (folder / "stat").read_text().rpartition(")")[2].split()
            for children in folder.glob("task/*/children"):
                waiting += map(int, children.read_text().split())
        except OSError:  # it has ended
            continue
        seconds[pid] = (int(words[11]) + int(words[12])) / TICKS_A_SECOND
        kb = {name: int(rest.split()[0]) for name, _, rest in map(_pair, lines) if name in PAGES}
        own += kb.get("RssAnon", 0) + kb.get("RssShmem", 0)
        files.append(kb.get("RssFile", 0))
    return (own + max(files)) / 1024


def _pair(line: str) -> tuple[str, str, str]:
    return line.partition(":")


def side_by_side(sides: dict[str, Side], rounds: int, log: Path) -> dict[str, list[Cost]]:
    """Run all sides in turn, `rounds` times (a side may ask for fewer), each in a fresh root."""
    costs: dict[str, list[Cost]] = {name: [] for name in sides}
    for number in range(rounds):
        for name, side in sides.items():
            if side.rounds is not None and number >= side.rounds:
                continue
            root = side.prepare()
            cost = cold(side.command(root), log)
            side.check(root)
            shutil.rmtree(root)
            costs[name].append(cost)
            print(f"  {name}: {cost.wall:.2f} s, CPU {cost.cpu:.2f} s", flush=True)
    return costs


def ratios(above: list[Cost], below: list[Cost], what: str = "wall") -> list[float]:
    """Cost of one side over the other's, round by round; a side run less often repeats its last."""
    count = max(len(above), len(below))
    pairs = [(above[min(i, len(above) - 1)], below[min(i, len(below) - 1)]) for i in range(count)]
    return [getattr(a, what) / getattr(b, what) for a, b in pairs]


def middle(values: list[float], digits: int = 2) -> str:
    """The median, with lowest and highest if there are several."""
    text = f"{median(values):,.{digits}f}"
    if len(values) > 1:
        text += f" ({min(values):,.{digits}f} to {max(values):,.{digits}f})"
    return text


def copy_root(source: Path, target: Path, without: str = "") -> Path:
    """A copy of a root in which nothing that a run writes to is shared with the original.

    Raw exports are hard links, as no run ever alters their bytes; `without` names one to leave out.
    """
    raw = (source / "_dropbox", source / "data")

    def place(path: str, copied: str) -> None:
        if not any(folder in Path(path).parents for folder in raw):
            shutil.copy2(path, copied)
            return
        try:
            os.link(path, copied)
        except OSError:  # another file system
            shutil.copy2(path, copied)

    shutil.rmtree(target, ignore_errors=True)
    ignore = shutil.ignore_patterns(without) if without else None
    return Path(shutil.copytree(source, target, copy_function=place, ignore=ignore))


def outputs(root: Path) -> dict[str, tuple[int, int]]:
    """Every file that is published below lp/, with what changes when it is written."""
    found = {}
    for path in sorted((root / "lp").rglob("*.*")):
        if path.is_file() and not path.name.startswith("."):
            stat = path.stat()
            found[path.relative_to(root / "lp").as_posix()] = (stat.st_ino, stat.st_mtime_ns)
    return found


def rewritten(before: dict, after: dict) -> set[str]:
    """Names that are new, gone or written again."""
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


@dataclass(frozen=True)
class TableChange:
    """How many of a table's stored segments a run wrote anew, of how many, and its rows."""

    name: str
    rows: int
    new_segments: int
    segments: int

    @property
    def is_rebuilt(self) -> bool:
        """A table of several row groups, most of them written anew."""
        return self.rows > 4 * ROW_GROUP and self.new_segments > self.segments / 2


def tables(warehouse: Path) -> dict[str, tuple[int, set[tuple]]]:
    """Rows and stored segments of every table of a warehouse."""
    with duckdb.connect(str(warehouse), read_only=True) as con:
        names = con.execute(
            "select schema_name || '.' || table_name, estimated_size from duckdb_tables()"
        ).fetchall()
        return {name: (rows, set(con.execute(SEGMENTS, [name]).fetchall())) for name, rows in names}


def table_changes(before: dict, after: dict) -> list[TableChange]:
    """What became of each table between two looks at a warehouse."""
    return [
        TableChange(name, rows, len(now - before.get(name, (0, set()))[1]), len(now))
        for name, (rows, now) in sorted(after.items())
    ]
