"""Kill a piece of work in a process of its own and compare what roots hold afterwards.

For tests and for benchmarks/reliability.py; kill_at.py is what runs in the process.
"""

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from shutil import copytree

import duckdb
import raw_exports
from kill_at import PROJECT, load

from load_profile.files.writer import INDEX, written_files
from load_profile.report.page import FILE as REPORT

KILLED = -9
METERS = "sta,meter,multiplier\nnorth,1,28800\nsouth,2,14400\nwést,3,14400\n"
GOOD, ERROR, DROP = "data/KW/2024-07", "data/KW/ERROR", "_dropbox/KW"


def rows(first: int, count: int, values: str = "{n}.25,1.5,{n}.5,2") -> list[str]:
    """Data lines of quarter hours, numbered from 07/12/24 00:00."""
    start = datetime(2024, 7, 12) + timedelta(minutes=15 * first)
    return raw_exports.rows(start, count, values, first=first, pad=" ")


def raw(*parts: Iterable[str]) -> bytes:
    """A raw export of the given data lines."""
    preamble = ("Load Profile Data Display", "")
    return raw_exports.export(chain(*parts), *preamble, line_end="\r\n").encode()


# what an earlier run took in, and what is dropped then: every outcome, and names that meet
EARLIER = {
    "north-1.csv": raw(rows(0, 8, "9,9,9,9")),
    "north-bad.csv": raw(["1, Normal, never, never, 1,2,3,4"]),
}
DROPPED = {
    **{f"north-{part}.csv": raw(rows(24 * part, 24)) for part in range(4)},
    **{f"south-{part}.csv": raw(rows(24 * part, 24, "4,{n},5,{n}")) for part in range(4)},
    "north-copy.csv": raw(rows(24, 24)),
    "north-correction.csv": raw(rows(20, 60, "7,7,7,7")),
    "north-bad.csv": raw(rows(0, 4), ["5, Normal, never, never, 1,2,3,4"]),
    "north-hole.csv": raw(rows(0, 4), rows(8, 4)),
    "north-none.csv": raw(),
    "nowhere-1.csv": raw(rows(0, 4)),
    "south-quoted.csv": raw(rows(96, 4, '"1,234.5",0,"1,500",')),
    "south-line ends.csv": raw(rows(100, 4)).replace(b"\r\n", b"\n", 3),
    "wést-Zähler №7.csv": raw(rows(0, 24, "{n},0,{n}.75,0")),
}


def drop(root: Path, files: dict[str, bytes]) -> None:
    folder = root / DROP
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)


def prepare(root: Path) -> Path:
    """A root with one run behind it and DROPPED before it."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "meter-data.csv").write_text(METERS, encoding="utf-8")
    drop(root, EARLIER)
    load(root)
    drop(root, DROPPED)
    return root


def kill(root: Path, line: int, work: str = "load") -> subprocess.CompletedProcess[str]:
    """Do the work in another process and kill it before its line number `line`; 0: do it all."""
    command = [sys.executable, str(PROJECT / "tests" / "kill_at.py"), str(root), str(line), work]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8")


def steps(root: Path, work: str = "load") -> list[str]:
    """The lines that an undisturbed run comes by, in their order."""
    done = kill(root, 0, work)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def masked(data: bytes) -> bytes:
    """A letter or log without its times."""
    return re.sub(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(Z| UTC)", b"TIME", data)


def opened(root: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(root / "warehouse/load_profile.duckdb"))


def query(root: Path, sql: str) -> list[tuple]:
    with opened(root) as con:
        return con.execute(sql).fetchall()


# `precedence` names accepted files that were in the drop folder together: after a crash those that
# were filed before it no longer are. The order in which files count is in `accepted_seq`.
LEDGER = """
select
    * exclude (processed_at, filed_at, precedence)
    replace (regexp_replace(letter, 'When: .* UTC', '') as letter)
from {} order by file_id
"""
STATE = {
    "files": LEDGER.format("raw.files"),
    "unfiled": "select file_name from raw.files where filed_at is null",
    "reads": "from raw.interval_reads order by file_id, line_number",
    "months": "from raw.file_months order by all",
    "meters": "from raw.meter_data order by all",
    "clocks": "select count(*), sum(hash(days)) from raw.clock_days as days",
}


def state(root: Path) -> dict[str, object]:
    """Everything that a run of the load leaves, but for the times at which it did."""
    with opened(root) as con:
        found = {name: con.execute(sql).fetchall() for name, sql in STATE.items()}
        return found | {"tree": tree(con, root)}


def tree(con: duckdb.DuckDBPyConnection, root: Path) -> dict[str, str]:
    """sha256 of every file in archive, logs and drop folder; of the ledger's copy its rows."""
    found = {}
    for path in chain.from_iterable((root / top).rglob("*") for top in ("data", "logs", DROP)):
        if path.is_file() and path.name != "run.log":  # the last run's alone
            data = path.read_bytes()
            if path.suffix == ".parquet":
                data = repr(con.execute(LEDGER.format(f"read_parquet('{path}')")).fetchall())
                data = data.encode()
            elif path.suffix in (".txt", ".log"):
                data = masked(data)
            found[path.relative_to(root).as_posix()] = hashlib.sha256(data).hexdigest()
    return found


def lost(root: Path, files: dict[str, bytes]) -> list[str]:
    """Names of the files whose bytes are nowhere in the root."""
    held = {
        hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (*(root / "data").rglob("*"), *(root / DROP).rglob("*"))
        if path.is_file()
    }
    return [n for n, data in files.items() if hashlib.sha256(data).hexdigest() not in held]


def spread(first: int, last: int, count: int) -> list[int]:
    """`count` numbers from first to last, both among them, evenly apart."""
    return sorted({first + (last - first) * k // (count - 1) for k in range(count)})


def copy(template: Path, place: Path) -> Path:
    shutil.rmtree(place, ignore_errors=True)
    return copytree(template, place)


def outputs(root: Path) -> dict[str, bytes | dict]:
    """Every file below lp/, hidden ones too, without the times in the index and in the report."""
    folder = root / "lp"
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    found[REPORT] = found.get(REPORT, b"")[-20:]  # its end, so whole
    noted = written_files(folder).items()
    parts = {kind: {n: file.parts for n, file in files.items()} for kind, files in noted}
    return found | {INDEX: parts}
