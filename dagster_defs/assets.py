"""The assets around the dbt models: raw tables before them, files and pictures after them."""

import logging
from datetime import UTC, datetime

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetCheckSeverity,
    AssetExecutionContext,
    AssetKey,
    AssetSpec,
    DagsterRun,
    MaterializeResult,
    MetadataValue,
    TableRecord,
    asset,
    asset_check,
    multi_asset,
)

from dagster_defs.dbt import AHEAD, MARTS, TARGET, DbtVariables, dbt_models
from dagster_defs.markdown import as_markdown
from dagster_defs.resources import WorkspaceResource
from ingest.export_raw import export_raw
from ingest.letters import one_line
from ingest.load_files import LoadSummary, load_files, save_meter_data
from ingest.meter_data import read_meter_data
from ingest.warehouse import open_warehouse, utc_now
from ingest.workspace import Workspace
from load_profile.alerts import TOLD, tell
from load_profile.files.profiles import export_gaps, export_months
from load_profile.files.writer import Outputs
from load_profile.last_run import begin, finish, is_anything_new
from load_profile.plots.draw import draw_net_load
from load_profile.publish.marts import note_published
from load_profile.report.page import data_url, write_report

progress = logging.getLogger("load_profile.progress")
MOST_DAYS = 40  # without a reading: a month's file may come some days into the next
STARTED_BY = ("dagster/schedule_name", "dagster/sensor_name")  # tags of runs without a person
BEGUN = "begun beside earlier steps"  # so that this one took less than `seconds`
MOST_PIXELS = 640  # in width: the dialog of a picture on Dagster's page
MOST_PICTURES = 6  # pictures shown on an asset's page; all of them are in lp/plots


METER_DATA, CLOCK_DAYS, FILES, FILE_MONTHS, READS = (
    AssetKey(["raw", name])
    for name in ("meter_data", "clock_days", "files", "file_months", "interval_reads")
)


# One step for all: a check on one of them would otherwise come between it and the next, and
# dbt would have to start twice.
@multi_asset(
    group_name="raw",
    specs=[
        AssetSpec(
            skippable=True,
            key=METER_DATA,
            kinds={"csv", "duckdb"},
            description="meter-data.csv, checked: which meter, multiplier and unit, and when.",
        ),
        AssetSpec(
            skippable=True,
            key=CLOCK_DAYS,
            kinds={"python", "duckdb"},
            deps=[METER_DATA],
            description="The clock of every time zone in use, day by day (IANA database).",
        ),
        AssetSpec(
            skippable=True,
            key=FILES,
            kinds={"csv", "duckdb"},
            deps=[METER_DATA, CLOCK_DAYS],
            description="The ledger: what happened to every file that was dropped.",
        ),
        AssetSpec(
            skippable=True,
            key=FILE_MONTHS,
            kinds={"csv", "duckdb"},
            deps=[METER_DATA, CLOCK_DAYS],
            description="The months in which each accepted file has rows.",
        ),
        AssetSpec(
            skippable=True,
            key=READS,
            kinds={"csv", "duckdb"},
            deps=[METER_DATA, CLOCK_DAYS],
            description="Every row of every accepted file, as delivered.",
        ),
    ],
)
def raw_tables(context: AssetExecutionContext, workspace: WorkspaceResource):
    """Read meter-data.csv, then take in the files of _dropbox/KW: check, load, archive or reject.

    A wrong meter-data.csv stops the run before anything is touched. Where a person asks for
    everything and nothing is new, this step makes nothing, and so all others are skipped.
    """
    if not _begins(context, workspace.files):
        context.log.info("Nothing new since the last run: no file changed. All steps are skipped.")
        return
    meters = read_meter_data(workspace.files.meter_data)
    note_published(workspace.files)
    save_meter_data(workspace.files, meters)
    summary = load_files(workspace.files, lambda *at: progress.info("%s: %d of %d", *at))
    exported = {}
    if TARGET == "spark":
        progress.info("Exporting raw tables")
        exported = {
            table.name: {"files exported": len(table.written), "rows exported": table.row_count}
            for table in export_raw(workspace.files)
        }
    feeders = len({row.feeder for row in meters})
    zones = ", ".join(sorted({row.timezone for row in meters}))
    files = _files_metadata(summary)
    if summary.rejected:
        lines = [f"{name}: {outcome}, {reason}" for name, outcome, reason, _ in summary.rejected]
        subject = f"{len(lines)} file{'s'[: len(lines) > 1]} rejected"
        if unsent := tell(workspace.files, subject, lines):
            files["alerts"] = "\n".join(unsent)
    for key, metadata in (
        (METER_DATA, {"dagster/row_count": len(meters), "feeders": feeders}),
        (CLOCK_DAYS, {"time zones": zones}),
        (FILES, files),
        (FILE_MONTHS, {}),
        (READS, {"rows loaded": summary.row_count}),
    ):
        metadata |= exported.get(key.path[-1], {})
        yield MaterializeResult(asset_key=key, metadata=metadata)


def _begins(context: AssetExecutionContext, files: Workspace) -> bool:
    """Whether a run of Dagster's page has anything to do; notes what it is made from if so.

    The command finds that out before it starts Dagster. A regular run always goes on, for a check
    counts from today; so does a run of a part, of which nothing is noted.
    """
    run = context.run
    if TOLD in run.tags or TARGET == "spark":
        return True
    wanted = context.job_def.asset_layer.executable_asset_keys
    steps, plots = all_keys()
    if not steps <= wanted:
        return True
    with_plots = plots <= wanted
    config = run.run_config.get("ops", {}).get("dbt_models", {}).get("config", {})
    variables = DbtVariables(**config.get("vars", {})).given()
    if not is_regular(run) and not is_anything_new(files, variables, with_plots):
        return False
    begin(files, run.run_id, variables, with_plots)
    return True


def _files_metadata(summary: LoadSummary) -> dict:
    names = ("file", "outcome", "reason", "now at")
    rejected = [  # cells of a table are shown as they are, Markdown would not be
        TableRecord(dict(zip(names, map(one_line, row), strict=True))) for row in summary.rejected
    ]
    return {
        "files": summary.file_count,
        **summary.outcomes,
        "rejected files": MetadataValue.table(rejected) if rejected else "none",
        "left for the next run": ", ".join(summary.left) or "none",
        **{f"{stage.name} (s)": round(stage.seconds, 2) for stage in summary.stages},
        "bytes read": max((stage.bytes for stage in summary.stages), default=0),
    }


QUIET = """
with lasts as (
    select
        uses.feeder,
        max(uses.last_end_at) as last_at,
        max_by(files.file_name, (uses.last_end_at, uses.file_id)) as last_file
    from file_uses as uses
    inner join raw.files on uses.file_id = files.file_id
    group by uses.feeder
)

select feeder, last_at, last_file, date_diff('day', last_at, $now)
from lasts
where
    last_at < $now - to_days($most_days)
    and feeder in (
        select feeder from stg_meter_data where valid_to_at is null or valid_to_at > $now
    )
order by last_at, feeder
"""


@asset_check(asset="feeder_profiles")
def recent_readings(
    context: AssetCheckExecutionContext, workspace: WorkspaceResource
) -> AssetCheckResult:
    """In a run without a person, every feeder in use has had a reading in the last 40 days.

    A run that a person started passes: an old year may be what is looked at. The finding `quiet`
    names a feeder that has fallen behind the others, in every run.
    """
    rows = []
    if is_regular(context.run):
        with open_warehouse(workspace.files.warehouse, read_only=True) as con:
            values = {"now": utc_now(), "most_days": MOST_DAYS}
            rows = con.execute(QUIET, values).fetchall()
    words = [
        f"{as_markdown(feeder)}: no reading since {last:%Y-%m-%d %H:%M} UTC "
        f"(in {as_markdown(file)}), {days} days ago"
        for feeder, last, file, days in rows
    ]
    advice = "drop newer files, or write a valid_to in meter-data.csv for a meter out of use"
    return AssetCheckResult(
        passed=not rows,
        severity=AssetCheckSeverity.WARN,
        description=f"{'; '.join(words)}. Check: {advice}" if words else None,
        metadata={"feeders without recent readings": len(rows)},
    )


def is_regular(run: DagsterRun) -> bool:
    """Whether a schedule or a sensor started it, and no person."""
    return any(tag in run.tags for tag in STARTED_BY)


@asset(
    group_name="files",
    kinds={"csv"},
    deps=[
        "feeder_profiles",
        "member_profiles",
        "combined_profiles",
        "output_stamps",
        "stg_meter_data",
        "stg_system",
    ],
    description="`lp/<feeder>.csv` and `lp/all.csv`",
)
def profile_files(workspace: WorkspaceResource) -> MaterializeResult:
    """Write the profiles as files, each replaced in one step."""
    progress.info("Writing profiles")
    outputs, is_ahead = AHEAD["profile_files"].finish(workspace.files)
    return MaterializeResult(metadata=_outputs_metadata(outputs) | {BEGUN: is_ahead})


@asset(
    group_name="files",
    kinds={"csv"},
    deps=["gaps", "combined_gaps", "output_stamps", "stg_meter_data"],
    description="`lp/<feeder>_gaps.csv` and `lp/all_gaps.csv`",
)
def gap_files(workspace: WorkspaceResource) -> MaterializeResult:
    """Write the gap lists as files, each replaced in one step."""
    progress.info("Writing gap lists")
    with open_warehouse(workspace.files.warehouse, read_only=True) as con:
        return MaterializeResult(metadata=_outputs_metadata(export_gaps(con, workspace.files)))


@asset(
    group_name="files",
    kinds={"csv"},
    deps=["planner_figures"],
    description="`lp/monthly.csv`: peak, minimum, energy and load factor of every feeder and month",
)
def monthly_file(workspace: WorkspaceResource) -> MaterializeResult:
    """Write the figures of all months as one file, replaced in one step."""
    progress.info("Writing monthly figures")
    with open_warehouse(workspace.files.warehouse, read_only=True) as con:
        return MaterializeResult(metadata=_outputs_metadata(export_months(con, workspace.files)))


@asset(
    group_name="plots",
    kinds={"png"},
    deps=[
        "feeder_profiles",
        "feeder_days",
        "combined_profiles",
        "gaps",
        "combined_gaps",
        "output_stamps",
        "stg_meter_data",
        "stg_system",
    ],
    description="Net load with gaps shaded: `lp/plots/<feeder>.png`, all together in `all.png`",
)
def net_load_plot(workspace: WorkspaceResource) -> MaterializeResult:
    """Draw every feeder and all together; the pictures show on this page too."""
    progress.info("Drawing plots")
    with open_warehouse(workspace.files.warehouse, read_only=True) as con:
        outputs = draw_net_load(con, workspace.files)
    return MaterializeResult(metadata=_outputs_metadata(outputs) | _pictures(workspace, outputs))


@asset(
    group_name="plots",
    kinds={"png"},
    deps=[
        "feeder_profiles",
        "combined_profiles",
        "missing_intervals",
        "planner_figures",
        "load_duration",
        "time_of_use",
        "output_stamps",
        "stg_meter_data",
        "stg_system",
    ],
    description="The total and the largest feeders in `lp/plots`: heat map, load-duration curves, "
    "typical days, peak and energy by month, gap calendar",
)
def planner_plots(workspace: WorkspaceResource) -> MaterializeResult:
    """Draw what one plans with; the pictures show on this page too."""
    progress.info("Drawing the planner's plots")
    outputs, is_ahead = AHEAD["planner_plots"].finish(workspace.files)
    metadata = _outputs_metadata(outputs) | {BEGUN: is_ahead}
    return MaterializeResult(metadata=metadata | _pictures(workspace, outputs))


@asset(
    group_name="published",
    kinds={"duckdb", "parquet"},
    deps=[mart.name for mart in MARTS],
    description="What people read, at any time: `warehouse/published.duckdb` and `published/`",
)
def published(workspace: WorkspaceResource) -> MaterializeResult:
    """Publish the marts that passed all checks as a new version, if anything in them changed."""
    progress.info("Publishing")
    made, is_ahead = AHEAD["published"].finish(workspace.files)
    said = {"version": made.version, "content (sha256)": made.content, BEGUN: is_ahead}
    if not made.is_in_place:
        said["waits for the next run"] = (
            f"{workspace.files.published} is open in a program and cannot be replaced; version "
            f"{made.version} waits beside it and takes its place in the next run. Close that "
            "program, or connect with read_only and only for the length of a query."
        )
    return MaterializeResult(metadata=said | _outputs_metadata(made.outputs))


@asset(
    group_name="report",
    kinds={"html"},
    deps=[
        FILES,
        "files",
        "planner_figures",
        "feeder_days",
        "time_of_use",
        "load_duration",
        "feeder_profiles",
        "combined_profiles",
        "gaps",
        "combined_gaps",
        "findings",
        "correction_effects",
        "file_conflicts",
        "restatements",
        "missing_intervals",
        "output_stamps",
        "stg_meter_data",
        "stg_system",
        "net_load_plot",
        "planner_plots",
        "profile_files",
        "gap_files",
        "monthly_file",
        "published",
    ],
    description="`lp/report.html`: what this run found, in one page to open, send or print",
)
def report(context: AssetExecutionContext, workspace: WorkspaceResource) -> MaterializeResult:
    """Write the report of this run."""
    progress.info("Writing the report")
    record = context.instance.get_run_record_by_id(context.run_id)
    started = datetime.fromtimestamp(record.start_time, UTC).replace(tzinfo=None)
    with open_warehouse(workspace.files.warehouse, read_only=True) as con:
        outputs = write_report(con, workspace.files, started)
    finish(workspace.files, context.run_id)
    return MaterializeResult(metadata=_outputs_metadata(outputs))


def all_keys() -> tuple[set[AssetKey], set[AssetKey]]:
    """What a complete run makes: all but the plots, and the plots."""
    steps = (raw_tables, dbt_models, profile_files, gap_files, monthly_file, published, report)
    return (
        {key for step in steps for key in step.keys},
        {*net_load_plot.keys, *planner_plots.keys},
    )


def _pictures(workspace: WorkspaceResource, outputs: Outputs) -> dict:
    """The first pictures of a step, that of all feeders before the others."""
    pictures = sorted(
        [*outputs.written, *outputs.unchanged], key=lambda name: (name != "plots/all.png", name)
    )
    shown = {}
    for name in pictures[:MOST_PICTURES]:
        title = name.removeprefix("plots/").removesuffix(".png")
        shown[f"plot: {title}"] = MetadataValue.md(
            f"![{as_markdown(title)}]({data_url(workspace.files.profiles / name, MOST_PIXELS)})"
        )
    return shown


def _outputs_metadata(outputs: Outputs) -> dict:
    return {
        "files written": len(outputs.written),
        "files unchanged": len(outputs.unchanged),
        "files removed": ", ".join(outputs.removed) or "none",
        "bytes written": outputs.bytes_written,
        "seconds": round(outputs.seconds, 2),
    }
