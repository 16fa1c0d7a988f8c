"""Print which files arrived, what became of them, and which are missing."""

from itertools import groupby
from pathlib import Path

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from ingest.archive import archive_problems
from ingest.letters import notes_in_words, one_line
from ingest.notes import notes_of_files, waiting_holes
from ingest.raw_files import find_files
from ingest.sql import sql_beside
from ingest.warehouse import open_warehouse
from ingest.workspace import Workspace
from load_profile.shown import dates_of
from load_profile.terminal.queries import FILES
from load_profile.terminal.words import print_line

MOST_DUPLICATES = 10
MOST_MISSING = 10
MOST_OF_A_KIND = 3  # rejected files that are listed one by one


def _sql(name: str) -> str:
    return sql_beside(__file__, name)


def print_status(console: Console, workspace: Workspace, name: str, most: int) -> None:
    """Print the latest arrivals whose name contains `name`, and files that still wait."""
    waiting = [
        p.name for p in find_files(*workspace.drop_folders) if name.lower() in p.name.lower()
    ]
    dates = dates_of(workspace)
    rows, conflicts, missing = [], {}, []
    if workspace.warehouse.exists():
        with open_warehouse(workspace.warehouse, read_only=True) as con:
            rows = con.execute(_sql("status"), {"name": name, "most": most}).fetchall()
            conflicts = conflict_texts(con)
            missing = archive_problems(con, workspace)
    for file_id, at, outcome, file_name, count, reason, release, place, *more in rows[::-1]:
        by, closed, feeder, notes = more
        detail = f"{count:,} rows" if outcome == "accepted" else reason
        if feeder:
            detail = f"{feeder}: {detail}"
        if by:
            detail += f", withdrawn by #{by}"
        if closed:
            detail += f"; closed by #{closed}"
        if release and outcome == "accepted":
            detail += f", released after review ({release}); was: {reason}"
        elif outcome == "accepted" and reason:
            detail += f", {reason}"
        print_line(
            console,
            f"#{file_id} {dates.minute(at)}:{at:%S} [bold]{outcome}[/] "
            f"{escape(one_line(file_name))}\n"
            f"    {escape(one_line(detail))}\n    at {escape(one_line(place))}",
        )
        for text in [*notes_in_words(notes), *conflicts.get(file_id, [])]:
            print_line(console, f"    {escape(one_line(text))}")
    for file_name in waiting:
        text = f"waiting in the drop folder: {escape(one_line(file_name))}"
        print_line(console, text)
    print_missing(console, missing)
    if not rows and not waiting:
        console.print(f"No file{f' with {name!r} in its name' if name else ''} has arrived.")


def print_files(
    console: Console, con: duckdb.DuckDBPyConnection, workspace: Workspace, started
) -> None:
    counts = con.execute(FILES, [started]).fetchall()
    columns = ("this run", "so far", "still open")
    table = Table("files", *(Column(name, justify="right") for name in columns))
    for outcome, *numbers in counts:
        table.add_row(outcome, *(f"{number:,}" for number in numbers))
    if counts:
        console.print(table)
    for text in notes_of_files(con, started):
        print_line(console, escape(text))
    duplicates = con.execute(_sql("duplicates"), [started]).fetchall()
    for name, number, known in duplicates[:MOST_DUPLICATES]:
        print_line(
            console,
            f"[bold]duplicate[/] {escape(repr(name))}: same bytes as file #{number} "
            f"{escape(repr(known))}; removed",
        )
    if len(duplicates) > MOST_DUPLICATES:
        console.print(f"and {len(duplicates) - MOST_DUPLICATES} more duplicates")
    is_here = workspace.root == Path.cwd()
    root = "" if is_here else f' --root "{workspace.root}"'
    rejected = con.execute(_sql("rejected"), [started]).fetchall()
    for (outcome, _, is_closed), kind in groupby(rejected, key=lambda row: row[:3]):
        files = [row[3:] for row in kind]
        if len(files) > MOST_OF_A_KIND:
            _print_kind(console, outcome, is_closed, files)
            continue
        for name, reason, place, closed, command in files:
            text = f"now at {one_line(place)}, with a letter beside it"
            if closed:
                text += f"; settled by file #{closed}: nothing is left to do"
            elif command:
                text += f"; to accept it all the same: {command}{root}"
            print_line(
                console,
                f"[bold]{outcome}[/] {escape(repr(name))}: {escape(reason)}\n    {escape(text)}",
            )
    holes = waiting_holes(con, root)
    if holes:
        print_line(console, escape(holes))


def _print_kind(console: Console, outcome: str, is_closed: bool, files: list[tuple]) -> None:
    """Print how many files were rejected for the same, with the first of them."""
    (name, reason, *_), *others = files
    names = ", ".join(repr(other[0]) for other in others[: MOST_OF_A_KIND - 1])
    text = f"also {names} and {len(files) - MOST_OF_A_KIND:,} more; "
    text += (
        "later files settled them: nothing is left to do"
        if is_closed
        else "their letters are in data/KW/ERROR, `load-profile status` lists them"
    )
    print_line(
        console,
        f"[bold]{outcome}[/] {len(files):,} files, such as {escape(repr(name))}: {escape(reason)}\n"
        f"    {escape(text)}",
    )


def print_missing(console: Console, problems: list[str]) -> None:
    """Print which accepted files are gone from the archive, or differ from what was accepted."""
    for text in problems[:MOST_MISSING]:
        print_line(console, f"[bold]missing[/] {escape(text)}")
    if len(problems) > MOST_MISSING:
        console.print(f"and {len(problems) - MOST_MISSING:,} more files of data/KW")


def conflict_texts(con: duckdb.DuckDBPyConnection) -> dict[int, list[str]]:
    """Return remarks on accepted files that another file in use contradicts, by their numbers."""
    texts: dict[int, list[str]] = {}
    if not con.execute("from duckdb_tables() where table_name = 'file_conflicts'").fetchall():
        return texts
    for new, old, new_name, old_name, count, why in con.execute(
        _sql("conflicts_of_files")
    ).fetchall():
        said = f"in {count:,} interval{'s'[: count != 1]} with other values: {why}"
        texts.setdefault(new, []).append(f"counts before #{old} {old_name} {said}")
        texts.setdefault(old, []).append(f"gives way to #{new} {new_name} {said}")
    return texts
