"""Take the drop folder in: order, batches, one transaction a batch.

What a good file is, `rules` knows; where its bytes go, `filing`; what the ledger has, `ledger`.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from os import cpu_count
from pathlib import Path
from time import perf_counter

import duckdb

from ingest.archive import check_ledger
from ingest.check_files import CheckedFile, check_files, save_rows
from ingest.clock import save_clock_days
from ingest.decisions import feeders_of, read_decisions, save_decisions
from ingest.filing import FilingError, file_away, take_back_grown
from ingest.layouts import Recognise, recognise_in
from ingest.layouts.interface import RawFile
from ingest.ledger import (
    Entry,
    accepted_before,
    content_of,
    holed_before,
    next_file_id,
    save_ledger,
)
from ingest.letters import one_line
from ingest.meter_rows import MeterRow
from ingest.other_units import find_other_units
from ingest.parts import split_files
from ingest.places import Places
from ingest.precedence import Arrival, Reasons, arrival, in_order, in_words
from ingest.raw_files import find_files, inspect_files
from ingest.rejections import close_rejections
from ingest.settings import read_settings
from ingest.warehouse import open_warehouse, utc_now
from ingest.workspace import INTERVAL, Workspace

# Bounds what one transaction holds in memory and what the run after a crash has to repeat.
BATCH_BYTES = 256 * 1024 * 1024
BATCH_FILES = 1000
# Of a file with several feeders the first of these that one of its parts has.
OUTCOMES = ("accepted", "duplicate", "sequence_error", "unreadable", "unknown_meter", "empty")

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

    `stages` lists how long its parts took, and for how many data rows and bytes.
    """

    outcomes: dict[str, int]
    row_count: int
    rejected: tuple[tuple[str, str, str, str], ...]
    left: tuple[str, ...]
    stages: tuple[Stage, ...]

    @property
    def file_count(self) -> int:
        return sum(self.outcomes.values())


@dataclass
class _Tally:
    """What a run has taken in so far."""

    outcomes: Counter[str] = field(default_factory=Counter)
    row_count: int = 0
    rejected: list[tuple[str, str, str, str]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    seconds: Counter[str] = field(default_factory=Counter)
    lost: list[FilingError] = field(default_factory=list)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the seconds that the block takes to its stage."""
        started = perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] += perf_counter() - started

    @contextmanager
    def keeping_lost(self) -> Iterator[None]:
        """Keep the error of files whose bytes are gone: one file stops no other."""
        try:
            yield
        except FilingError as error:
            self.lost.append(error)

    def add(self, batch: list[RawFile], entries: list[Entry], rows: int) -> None:
        """Add what became of a batch. A file counts once, whatever it has several feeders of."""
        self.row_count += rows
        outcome_of: dict[Path, str] = {}
        letters: dict[str, Entry] = {}
        for entry in entries:
            known = outcome_of.get(entry.raw.path, entry.outcome)
            outcome_of[entry.raw.path] = min(known, entry.outcome, key=OUTCOMES.index)
            if entry.letter:
                letters.setdefault(entry.letter, entry)
        self.outcomes.update(outcome_of.values())
        self.rejected += [
            (entry.raw.name, entry.outcome, entry.reason, entry.stored_as)
            for entry in letters.values()
        ]
        paths = dict.fromkeys(raw.path for raw in batch)
        self.left += [path.name for path in paths if path not in outcome_of]

    def summary(self, found: list[RawFile]) -> LoadSummary:
        """Return all of it, of a run that found these files."""
        files = {raw.path: raw for raw in found}.values()
        size = sum(raw.size for raw in files)
        lines = sum(raw.outline.row_lines for raw in files)
        counts = {"reading": lines, "loading": self.row_count, "filing": self.row_count}
        return LoadSummary(
            {name: self.outcomes[name] for name in OUTCOMES if self.outcomes[name]},
            self.row_count,
            tuple(self.rejected),
            tuple(map(one_line, self.left)),
            tuple(Stage(name, self.seconds[name], rows, size) for name, rows in counts.items()),
        )


def save_meter_data(workspace: Workspace, rows: tuple[MeterRow, ...]) -> None:
    """Replace raw.meter_data by the given rows, keep the clocks of their zones, and add decisions.

    Raises DecisionError for a wrong decisions.csv, before anything is saved.
    """
    decisions = read_decisions(workspace.decisions, feeders_of(rows))
    with open_warehouse(workspace.warehouse) as con:
        save_decisions(con, decisions)
        replace_meter_data(con, rows)


def replace_meter_data(con: duckdb.DuckDBPyConnection, rows: tuple[MeterRow, ...]) -> None:
    """Replace raw.meter_data and the clocks of its zones in one transaction."""
    con.begin()
    con.execute("delete from raw.meter_data")
    insert_meter_rows(con, rows)
    save_clock_days(con, {row.timezone for row in rows})
    con.commit()


def insert_meter_rows(con: duckdb.DuckDBPyConnection, rows: tuple[MeterRow, ...]) -> None:
    """Insert rows into raw.meter_data, without the clocks of their zones."""
    names = [name for name in MeterRow.__dataclass_fields__ if name != "row"]
    marks = ", ".join("?" for _ in ("row", *names))
    con.executemany(
        f"insert into raw.meter_data (meter_data_row, {', '.join(names)}) values ({marks})",
        [[row.row, *(getattr(row, name) for name in names)] for row in rows],
    )


def load_files(
    workspace: Workspace,
    progress: Progress = lambda *_: None,
    recognise: Recognise | None = None,
) -> LoadSummary:
    """Bring every file of the drop folder into the ledger, its rows into raw.interval_reads
    or raw.register_reads.

    `recognise` finds the layout of a file, by default among those shipped and those of the root.

    Needs raw.meter_data. Order of acceptance comes from what the files hold, never from names.
    Raises WarehouseError when the warehouse lacks files that data/KW has, SettingsError for a wrong
    settings.toml.
    """
    takes_holed = read_settings(workspace.settings).holes == "accept"
    workspace.prepare()
    tally = _Tally()
    with open_warehouse(workspace.warehouse) as con:
        check_ledger(con, workspace)
        with tally.keeping_lost():
            file_away(con, workspace)
        take_back_grown(con, workspace)
        inspected = _inspect(workspace, tally, progress, recognise or recognise_in(workspace))
        found = split_files(con, inspected)
        ordered, reasons = in_order(found)
        usable: set[Arrival] = set()
        done = 0
        for batch in batches(ordered):
            with tally.timed("loading"):
                entries, rows = _load_batch(
                    con, workspace, batch, reasons, usable, takes_holed=takes_holed
                )
            with tally.keeping_lost(), tally.timed("filing"):
                file_away(con, workspace, batch)
            tally.add(batch, entries, rows)
            done += len(batch)
            progress("Loading files", done, len(found))
    if tally.lost:
        raise FilingError("\n".join(map(str, tally.lost)))
    return tally.summary(found)


def _inspect(
    workspace: Workspace, tally: _Tally, progress: Progress, recognise: Recognise
) -> list[RawFile]:
    """Read the files of the drop folder for the first time."""
    paths = find_files(*workspace.drop_folders)
    with tally.timed("reading"):
        threads = cpu_count() or 1
        found = list(
            inspect_files(paths, threads, lambda *at: progress("Reading files", *at), recognise)
        )
    tally.left += sorted({path.name for path in paths} - {raw.path.name for raw in found})
    return found


def batches(files: list[RawFile]) -> Iterator[list[RawFile]]:
    """Cut a list of files into batches of bounded size, in order.

    All parts of a file are in one batch: it is filed when the batch is.
    """
    parts_left = Counter(raw.path for raw in files)
    seen: set[Path] = set()
    batch: list[RawFile] = []
    size = open_files = 0
    for raw in files:
        is_new = raw.path not in seen
        full = size + raw.size > BATCH_BYTES or len(batch) >= BATCH_FILES
        if batch and is_new and full and not open_files:
            yield batch
            batch, size = [], 0
        batch.append(raw)
        parts_left[raw.path] -= 1
        if is_new:
            seen.add(raw.path)
            size += raw.size
            open_files += parts_left[raw.path] > 0
        else:
            open_files -= parts_left[raw.path] == 0
    if batch:
        yield batch


def _load_batch(
    con: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    batch: list[RawFile],
    reasons: Reasons,
    usable: set[Arrival],
    *,
    takes_holed: bool = False,
) -> tuple[list[Entry], int]:
    """Check a batch and commit its ledger entries and rows in one transaction.

    `reasons` holds why a file counts before others that arrived with it; `usable`, to which those
    of the batch are added, which of these were accepted, or can be with their holes.
    """
    known = accepted_before(con, batch)
    checked = _check_new(con, batch, known)
    if takes_holed:
        checked = {content: c.with_holes_accepted() for content, c in checked.items()}
    changed = {raw.sha256 for raw in batch if not raw.is_unchanged()}
    checked |= _in_other_units(con, checked, changed)
    as_read = {arrival(c.raw): c.raw for c in checked.values()}  # some in another form
    batch = [as_read.get(arrival(raw), raw) for raw in batch if raw.sha256 not in changed]
    now = utc_now()
    next_id = next_file_id(con)
    places = Places(con, workspace, batch, known, checked)
    entries: list[Entry] = []
    holed = holed_before(con, batch)
    for raw in batch:
        content = content_of(raw)
        if content in known:
            original, place = known[content]
            same = f"same bytes as file #{original}"
            entries.append(Entry(raw, "duplicate", place, reason=same, duplicate_of=original))
            continue
        entry = places.entry_for(raw, checked[content], now)
        if content not in holed and (entry.outcome == "accepted" or checked[content].is_holed):
            entry = replace(entry, precedence=in_words(reasons, raw, usable))
            usable.add(arrival(raw))
            holed |= {content} if checked[content].is_holed else set()
        if entry.outcome == "accepted":
            known[content] = (next_id + len(entries), entry.stored_as)
        entries.append(entry)
    return entries, _commit(con, entries, next_id, now)


def _check_new(
    con: duckdb.DuckDBPyConnection, batch: list[RawFile], known: dict[tuple[str, str], tuple]
) -> dict[tuple[str, str], CheckedFile]:
    """Check each content once that was not accepted before, in the order of the batch."""
    first_of: dict[tuple[str, str], RawFile] = {}
    for raw in batch:
        if content_of(raw) not in known:
            first_of.setdefault(content_of(raw), raw)
    return {content_of(c.raw): c for c in check_files(con, list(first_of.values()))}


def _in_other_units(
    con: duckdb.DuckDBPyConnection, checked: dict[tuple[str, str], CheckedFile], changed: set[str]
) -> dict[tuple[str, str], CheckedFile]:
    """Return those good files, unchanged since, that are in another unit than what counts."""
    good = {
        c.number: c
        for c in checked.values()
        if not c.problem and c.raw.sha256 not in changed and c.raw.kind == INTERVAL
    }
    problems = find_other_units(con, {number: c.raw for number, c in good.items()})
    found = (replace(good[number], problem=problem) for number, problem in problems.items())
    return {content_of(c.raw): c for c in found}


def _commit(
    con: duckdb.DuckDBPyConnection, entries: list[Entry], first_id: int, now: datetime
) -> int:
    """Save the entries and the rows of accepted files in one transaction; return how many rows."""
    accepted = {
        entry.checked.number: file_id
        for file_id, entry in enumerate(entries, first_id)
        if entry.outcome == "accepted"
    }
    con.begin()
    save_ledger(con, entries, first_id, now)
    rows = save_rows(con, accepted)
    close_rejections(con, first_id)
    con.commit()
    return rows
