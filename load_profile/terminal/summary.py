"""Print what a run found and where its outputs are. Reads the tables, computes nothing."""

from datetime import datetime

from rich.console import Console
from rich.markup import escape

from ingest.archive import archive_problems
from ingest.warehouse import open_warehouse
from ingest.workspace import Workspace
from load_profile.drop_folder import left_out
from load_profile.shown import dates_of
from load_profile.terminal.changes import print_conflicts, print_corrections, print_restated
from load_profile.terminal.figures import (
    print_acknowledged,
    print_feeders,
    print_left_out,
    print_outside,
    print_total,
)
from load_profile.terminal.files import print_files, print_missing
from load_profile.terminal.words import print_line

SHOWN_TABLES = {"feeder_profiles", "combined_profiles", "gaps", "planner_figures"}
SHOWN_TABLES |= {"acknowledged_gaps"}


def print_summary(console: Console, workspace: Workspace, started: datetime, errors=()) -> None:
    """Print files by outcome, feeders with their gaps, the total's peak and where the outputs are.

    `started` (UTC, naive) is when the run began: files and changes since then are listed.
    """
    dates = dates_of(workspace)
    with open_warehouse(workspace.warehouse, read_only=True) as con:
        print_files(console, con, workspace, started)
        for text in left_out(workspace):
            print_line(console, escape(text))
        print_missing(console, archive_problems(con, workspace))
        names = con.execute("select table_name from information_schema.tables").fetchall()
        known = {name for (name,) in names}
        if not errors and "file_conflicts" in known:
            print_conflicts(console, con, started, dates)
        if not errors and known >= {"correction_effects", "file_conflicts"}:
            print_corrections(console, con, started, dates)
        if not errors:
            print_restated(console, workspace, started)
        if not errors and known >= SHOWN_TABLES:
            print_feeders(console, con, dates)
            if "findings" in known:
                print_acknowledged(console, con)
            print_outside(console, con, dates)
            print_total(console, con, dates)
            print_left_out(console, con, dates)
    if not errors:
        report = workspace.profiles / "report.html"
        for folder, what in (
            *([(report, "report of this run")] if report.exists() else []),
            (workspace.profiles, "profiles and gap lists"),
            (workspace.plots, "plots"),
            (workspace.published, "published tables"),
            (workspace.rejected, "rejected files and their letters"),
        ):
            print_line(console, f"{what:<34}{escape(str(folder))}")
