"""The steps of a run, written once: the command calls them, Dagster shows them as assets.

Each step does its own work with its own connection and returns what it did as named values. dbt's
exposures list the tables that a step reads. Knows which step is last, not how steps are
run; of Dagster only what its page shows of a step: plots, tables, a group, kinds.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

import duckdb

from ingest.export_raw import export_raw
from ingest.letters import one_line
from ingest.load_files import LoadSummary, load_files, save_meter_data
from ingest.meter_data import read_meter_data
from ingest.warehouse import open_warehouse
from ingest.words import counted
from ingest.workspace import Workspace
from load_profile.alerts import send_alert
from load_profile.dbt import read_manifest
from load_profile.files.finals import export_finals
from load_profile.files.profiles import export_gaps, export_months, export_profiles
from load_profile.files.writer import Outputs
from load_profile.plots.draw import draw_net_load, draw_planner_plots
from load_profile.publish.marts import published_marts
from load_profile.publish.version import publish

progress = logging.getLogger("load_profile.progress")
Values = Mapping[str, object]
SECONDS = "seconds"

RAW_TABLES: Mapping[str, str] = MappingProxyType(
    {
        "raw/meter_data": "meter-data.csv, checked: which meter, multiplier and unit, and when.",
        "raw/decisions": "decisions.csv, checked: what people decided about readings, and why.",
        "raw/clock_days": "The clock of every time zone in use, day by day (IANA database).",
        "raw/files": "The ledger: what happened to every file that was dropped.",
        "raw/file_months": "The months in which each accepted file has rows.",
        "raw/interval_reads": "Every row of every accepted file, as delivered.",
        "raw/register_reads": "Every row of every accepted file of register reads, as delivered.",
    }
)


@dataclass(frozen=True)
class Run:
    """What a step is given: the root, and when the run began."""

    workspace: Workspace
    started: datetime


@dataclass(frozen=True)
class Step:
    """A step after dbt: what to call, and the progress to report.

    Steps of the group `plots` are left out with --no-plots; a last step starts when the others are
    done; `kinds` are labels. `description` is that of the exposure of its name if there is one.
    """

    name: str
    function: Callable[[Run], Values]
    progress: str
    group: str
    kinds: frozenset[str]
    description: str = ""
    is_last: bool = False

    def values(self, run: Run) -> Values:
        """Do the step; return its values and how long all of it took."""
        started = time.monotonic()
        values = self.function(run)
        return {**values, SECONDS: round(time.monotonic() - started, 2)}

    @property
    def is_plot(self) -> bool:
        return self.group == "plots"


@dataclass(frozen=True)
class Plots:
    """Plots that Dagster shows on the page of an asset, the total before the feeders."""

    files: tuple[Path, ...]


@dataclass(frozen=True)
class Table:
    """Rows with names that Dagster shows as a table; every cell is text."""

    rows: tuple[Mapping[str, str], ...]


def take_in(run: Run, *, is_exported: bool = False) -> dict[str, dict[str, object]]:
    """Read meter-data.csv and take in the drop folder; return values by raw table.

    A wrong meter-data.csv stops the run before anything is touched. Spark reads an export.
    """
    workspace = run.workspace
    meters = read_meter_data(workspace.meter_data)
    save_meter_data(workspace, meters)
    summary = load_files(workspace, lambda *at: progress.info("%s: %d of %d", *at))
    values = {name: {} for name in RAW_TABLES}
    values["raw/meter_data"] = {
        "dagster/row_count": len(meters),
        "feeders": len({row.feeder for row in meters}),
    }
    zones = {row.timezone for row in meters}
    values["raw/clock_days"] = {"time zones": ", ".join(sorted(zones))}
    values["raw/files"] = _files_values(summary) | _alert(workspace, summary)
    values["raw/interval_reads"] = {"rows loaded": summary.row_count}
    if is_exported:
        progress.info("Exporting raw tables")
        for table in export_raw(workspace):
            counts = {"files exported": len(table.written), "rows exported": table.row_count}
            values[f"raw/{table.name}"] |= counts
    return values


def _files_values(summary: LoadSummary) -> dict[str, object]:
    names = ("file", "outcome", "reason", "now at")
    rows = [dict(zip(names, map(one_line, row), strict=True)) for row in summary.rejected]
    return {
        "files": summary.file_count,
        **summary.outcomes,
        "rejected files": Table(tuple(rows)) if rows else "none",
        "left for the next run": ", ".join(summary.left) or "none",
        **{f"{stage.name} (s)": round(stage.seconds, 2) for stage in summary.stages},
        "bytes read": max((stage.bytes for stage in summary.stages), default=0),
    }


def _alert(workspace: Workspace, summary: LoadSummary) -> dict[str, str]:
    """Report rejected files by e-mail and webhook; return what could not be sent."""
    if not summary.rejected:
        return {}
    lines = [f"{name}: {outcome}, {reason}" for name, outcome, reason, _ in summary.rejected]
    unsent = send_alert(workspace, f"{counted(len(lines), 'file')} rejected", lines)
    return {"alerts": "\n".join(unsent)} if unsent else {}


def _with_tables(
    write: Callable[[duckdb.DuckDBPyConnection, Workspace], Outputs],
) -> Callable[[Run], Values]:
    """A step that reads tables and writes files."""

    def step(run: Run) -> Values:
        with open_warehouse(run.workspace.warehouse, read_only=True) as con:
            return output_values(write(con, run.workspace))

    return step


def _with_plots(
    draw: Callable[[duckdb.DuckDBPyConnection, Workspace], Outputs],
) -> Callable[[Run], Values]:
    """A step that draws plots, which Dagster shows too."""

    def step(run: Run) -> Values:
        with open_warehouse(run.workspace.warehouse, read_only=True) as con:
            outputs = draw(con, run.workspace)
        names = sorted(
            [*outputs.written, *outputs.unchanged],
            key=lambda name: (name != "plots/all.png", name),
        )
        plots = Plots(tuple(run.workspace.profiles / name for name in names))
        return output_values(outputs) | {"plots": plots}

    return step


def _publish(run: Run) -> Values:
    """Publish the marts that passed all checks as a new version, if anything in them changed."""
    workspace = run.workspace
    made = publish(workspace, published_marts(read_manifest()))
    values = {"version": made.version, "content (sha256)": made.content}
    if not made.is_in_place:
        values["waits for the next run"] = (
            f"{workspace.published} is open in a program and cannot be replaced; version "
            f"{made.version} waits beside it and takes its place in the next run. Close that "
            "program, or connect with read_only and only for the length of a query."
        )
    return values | output_values(made.outputs)


def _report(run: Run) -> Values:
    """Write the report of this run."""
    from load_profile.report.page import write_report

    with open_warehouse(run.workspace.warehouse, read_only=True) as con:
        return output_values(write_report(con, run.workspace, run.started))


def output_values(outputs: Outputs) -> dict[str, object]:
    """What a step did with its files."""
    return {
        "files written": len(outputs.written),
        "files unchanged": len(outputs.unchanged),
        "files removed": ", ".join(outputs.removed) or "none",
        "bytes written": outputs.bytes_written,
    }


# those that take longest are started first
STEPS = (
    Step(
        "planner_plots",
        _with_plots(draw_planner_plots),
        progress="Drawing plots for planners",
        group="plots",
        kinds=frozenset({"png"}),
    ),
    Step(
        "net_load_plot",
        _with_plots(draw_net_load),
        progress="Drawing plots of net load",
        group="plots",
        kinds=frozenset({"png"}),
    ),
    Step(
        "profile_files",
        _with_tables(export_profiles),
        progress="Writing profiles",
        group="files",
        kinds=frozenset({"csv"}),
    ),
    Step(
        "published",
        _publish,
        progress="Publishing",
        group="published",
        kinds=frozenset({"duckdb", "parquet"}),
        description="What people read, at any time: `warehouse/published.duckdb` and `published/`",
    ),
    Step(
        "gap_files",
        _with_tables(export_gaps),
        progress="Writing gap lists",
        group="files",
        kinds=frozenset({"csv"}),
    ),
    Step(
        "final_files",
        _with_tables(export_finals),
        progress="Writing final values",
        group="files",
        kinds=frozenset({"csv"}),
    ),
    Step(
        "monthly_file",
        _with_tables(export_months),
        progress="Writing monthly figures",
        group="files",
        kinds=frozenset({"csv"}),
    ),
    Step(
        "report",
        _report,
        progress="Writing the report",
        group="report",
        kinds=frozenset({"html"}),
        is_last=True,
    ),
)
