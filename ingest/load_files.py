"""Take the drop folder in: order, batches, ledger, transaction.

What a good file is stands in check_files, where its bytes go in filing.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from os import cpu_count
from pathlib import Path
from time import perf_counter

import duckdb

from ingest.archive import check_ledger
from ingest.check_files import CheckedFile, check_files, save_rows
from ingest.clock import save_clock_days
from ingest.filing import FilingError, file_away, place_for, take_back_grown
from ingest.layouts.interface import RawFile
from ingest.letters import one_line, reason, write_letter
from ingest.meter_data import MeterRow
from ingest.other_units import find_other_units
from ingest.precedence import Reasons, in_order, in_words
from ingest.raw_files import find_files, inspect_files
from ingest.warehouse import close_rejections, open_warehouse, utc_now
from ingest.workspace import Workspace

# Bounds what one transaction holds in memory and what a crash makes the next run do again.
BATCH_BYTES = 256 * 1024 * 1024
BATCH_FILES = 1000
OUTCOMES = ("accepted", "duplicate", "sequence_error", "unreadable", "unknown_meter", "empty")

# a file taken out of use: a later row of the ledger says so
NOT_WITHDRAWN = """file_id not in (select release_of from raw.files where outcome = 'withdrawn')"""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Stage:
    """What a part of the run took: reading and hashing, checking and loading, or filing."""

    name: str
    seconds: float
    rows: int
    bytes: int


@dataclass(frozen=True)
class LoadSummary:
    """What one run took in: files by outcome, rows loaded, rejected files, files left for later.

    `stages` says how long its parts took, and of how many data rows and bytes.
    """

    outcomes: dict[str, int]
    row_count: int
    rejected: tuple[tuple[str, str, str, str], ...]
    left: tuple[str, ...]
    stages: tuple[Stage, ...]

    @property
    def file_count(self) -> int:
        return sum(self.outcomes.values())


def save_meter_data(workspace: Workspace, rows: tuple[MeterRow, ...]) -> None:
    """Replace raw.meter_data by the given rows, and keep the clocks of their zones."""
    with open_warehouse(workspace.warehouse) as con:
        replace_meter_data(con, rows)


def replace_meter_data(con: duckdb.DuckDBPyConnection, rows: tuple[MeterRow, ...]) -> None:
    """Replace raw.meter_data and the clocks of its zones in one transaction."""
    columns = ("row", *(name for name in MeterRow.__dataclass_fields__ if name != "row"))
    marks = ", ".join("?" for _ in columns)
    con.begin()
    con.execute("delete from raw.meter_data")
    con.executemany(
        f"insert into raw.meter_data values ({marks})",
        [[getattr(row, name) for name in columns] for row in rows],
    )
    save_clock_days(con, {row.timezone for row in rows})
    con.commit()


def load_files(workspace: Workspace, progress: Progress = lambda *_: None) -> LoadSummary:
    """Bring every file of the drop folder into the ledger, its rows into raw.interval_reads.

    Needs raw.meter_data. Order of acceptance comes from what the files hold, never from names.
    Raises WarehouseError when the warehouse lacks files that data/KW has.
    """
    workspace.prepare()
    outcomes: Counter[str] = Counter()
    rejected, left, row_count = [], [], 0
    lost = []
    spent: Counter[str] = Counter()
    with open_warehouse(workspace.warehouse) as con:
        check_ledger(con, workspace)
        try:
            file_away(con, workspace)
        except FilingError as error:  # said at the end: one file stops no other
            lost.append(error)
        take_back_grown(con, workspace)
        paths = find_files(workspace.dropbox)
        with _timed(spent, "reading"):
            found = list(
                inspect_files(paths, cpu_count() or 1, lambda *at: progress("Reading files", *at))
            )
        left += sorted({path.name for path in paths} - {raw.path.name for raw in found})
        done = 0
        ordered, reasons = in_order(found)
        accepted: set[Path] = set()
        for batch in batches(ordered):
            with _timed(spent, "loading"):
                entries, rows = _load_batch(con, workspace, batch, reasons, accepted)
            try:
                with _timed(spent, "filing"):
                    file_away(con, workspace, batch)
            except FilingError as error:
                lost.append(error)
            outcomes.update(entry.outcome for entry in entries)
            rejected += [
                (entry.raw.name, entry.outcome, entry.reason, entry.stored_as)
                for entry in entries
                if entry.letter
            ]
            taken_in = {entry.raw.path for entry in entries}
            left += [raw.path.name for raw in batch if raw.path not in taken_in]
            row_count += rows
            done += len(batch)
            progress("Loading files", done, len(found))
    if lost:
        raise FilingError("\n".join(map(str, lost)))
    counted = {name: outcomes[name] for name in OUTCOMES if outcomes[name]}
    size = sum(raw.size for raw in found)
    lines = sum(raw.outline.row_lines for raw in found)
    counts = {"reading": lines, "loading": row_count, "filing": row_count}
    stages = tuple(Stage(name, spent[name], rows, size) for name, rows in counts.items())
    return LoadSummary(counted, row_count, tuple(rejected), tuple(map(one_line, left)), stages)


@contextmanager
def _timed(spent: Counter[str], stage: str) -> Iterator[None]:
    """Add the seconds that the block takes to its stage."""
    started = perf_counter()
    try:
        yield
    finally:
        spent[stage] += perf_counter() - started


@dataclass(frozen=True)
class Entry:
    """A row of the ledger to be."""

    raw: RawFile
    outcome: str
    stored_as: str
    checked: CheckedFile | None = None
    reason: str | None = None
    letter: str | None = None
    duplicate_of: int | None = None
    release_of: int | None = None
    release_reason: str | None = None
    precedence: str | None = None


def batches(files: list[RawFile]) -> Iterator[list[RawFile]]:
    """Cut a list of files into batches of bounded size, in order."""
    batch, size = [], 0
    for raw in files:
        if batch and (size + raw.size > BATCH_BYTES or len(batch) >= BATCH_FILES):
            yield batch
            batch, size = [], 0
        batch.append(raw)
        size += raw.size
    if batch:
        yield batch


def _load_batch(
    con: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    batch: list[RawFile],
    reasons: Reasons,
    accepted_paths: set[Path],
) -> tuple[list[Entry], int]:
    """Check a batch and commit its ledger entries and rows in one transaction.

    `reasons` says why a file counts before others that arrived with it; `accepted_paths`, to which
    those of the batch are added, which of these were accepted.
    """
    known = _accepted_before(con, batch)
    first_of = {}
    for raw in batch:
        if _content(raw) not in known:
            first_of.setdefault(_content(raw), raw)
    checked = {_content(c.raw): c for c in check_files(con, list(first_of.values()))}
    changed = {raw.sha256 for raw in batch if not raw.is_unchanged()}
    in_order_of_batch = (checked[content] for content in first_of)
    good = {c.number: c for c in in_order_of_batch if not c.problem and c.raw.sha256 not in changed}
    for number, problem in find_other_units(con, {n: c.raw for n, c in good.items()}).items():
        found = good[number]
        checked[_content(found.raw)] = replace(found, problem=problem)
    now = utc_now()
    taken: dict[str, str] = {}
    next_id = next_file_id(con)
    entries: list[Entry] = []
    for raw in batch:
        if raw.sha256 in changed:
            continue
        if _content(raw) not in known:
            entry = _entry_for(workspace, checked[_content(raw)], raw, taken, now)
            if entry.outcome == "accepted":
                words = in_words(reasons, raw.path, accepted_paths)
                entry = replace(entry, precedence=words)
                accepted_paths.add(raw.path)
                known[_content(raw)] = (next_id + len(entries), entry.stored_as)
        else:
            original, place = known[_content(raw)]
            entry = Entry(
                raw, "duplicate", place, None, f"same bytes as file #{original}", None, original
            )
        entries.append(entry)
    con.begin()
    save_ledger(con, entries, next_id, now)
    accepted = {
        entry.checked.number: next_id + position
        for position, entry in enumerate(entries)
        if entry.outcome == "accepted"
    }
    rows = save_rows(con, accepted)
    close_rejections(con, next_id)
    con.commit()
    return entries, rows


def _content(raw: RawFile) -> tuple[str, str]:
    """What makes a file a duplicate: the same bytes for the same feeder."""
    return raw.sha256, raw.feeder


def next_file_id(con: duckdb.DuckDBPyConnection) -> int:
    """The number of the next arrival."""
    return con.execute("select coalesce(max(file_id), 0) + 1 from raw.files").fetchone()[0]


def _accepted_before(
    con: duckdb.DuckDBPyConnection, batch: list[RawFile]
) -> dict[tuple[str, str], tuple[int, str]]:
    """Content -> (file_id, place) of what the batch has and an earlier batch accepted."""
    rows = con.execute(
        f"""
        select sha256, feeder, file_id, stored_as from raw.files
        where outcome = 'accepted' and sha256 in (select unnest(?)) and {NOT_WITHDRAWN}
        """,
        [[raw.sha256 for raw in batch]],
    ).fetchall()
    return {(sha256, feeder): (file_id, place) for sha256, feeder, file_id, place in rows}


def _entry_for(
    workspace: Workspace, checked: CheckedFile, raw: RawFile, taken: dict[str, str], now: datetime
) -> Entry:
    """The ledger entry of a file that is not a duplicate: accepted, or rejected with a letter."""
    problem = checked.problem
    if problem is None:
        place = place_for(workspace, raw, "accepted", f"{checked.first_start:%Y-%m}", taken)
        return Entry(raw, "accepted", place, checked)
    place = place_for(workspace, raw, problem.outcome, "", taken)
    letter = write_letter(raw, problem, place, now)
    return Entry(raw, problem.outcome, place, checked, reason(problem), letter)


def save_ledger(
    con: duckdb.DuckDBPyConnection, entries: list[Entry], first_id: int, now: datetime
) -> None:
    """Append entries to raw.files, numbered from `first_id`."""
    if not entries:
        return
    rows = []
    for file_id, entry in enumerate(entries, first_id):
        raw, checked = entry.raw, entry.checked
        problem = checked.problem if checked else None
        is_accepted = entry.outcome == "accepted"
        rows.append(
            (
                file_id,
                raw.name,
                raw.feeder,
                raw.sha256,
                raw.size,
                entry.outcome,
                entry.reason,
                problem.line if problem else None,
                problem.record if problem else None,
                raw.outline.header_line or None,
                checked.row_count if checked else 0,
                checked.first_start if checked else None,
                checked.last_end if checked else None,
                entry.stored_as,
                entry.letter,
                file_id if is_accepted else None,
                entry.duplicate_of,
                entry.release_of,
                entry.release_reason,
                now,
                None,
                entry.precedence,
                None,
                problem.code if problem else None,
            )
        )
    marks = ", ".join("unnest(?)" for _ in rows[0])
    con.execute(f"insert into raw.files select {marks}", [list(c) for c in zip(*rows, strict=True)])
