"""The assets around the dbt models: raw tables before them, files and pictures after them."""

import base64
import logging

from dagster import (
    AssetKey,
    AssetSpec,
    MaterializeResult,
    MetadataValue,
    asset,
    multi_asset,
)

from dagster_defs.dbt import MANIFEST
from dagster_defs.exports import export_gaps, export_profiles
from dagster_defs.outputs import Outputs
from dagster_defs.plot_files import draw_plots
from dagster_defs.publish import publish, published_marts
from dagster_defs.resources import WorkspaceResource
from ingest.load_files import LoadSummary, load_files, save_meter_data
from ingest.meter_data import read_meter_data
from ingest.warehouse import open_warehouse

progress = logging.getLogger("load_profile.progress")
MOST_PICTURES = 6  # pictures shown on an asset's page; all of them are in lp/plots
MARTS = published_marts(MANIFEST)


METER_DATA, CLOCK_DAYS, FILES, READS = (
    AssetKey(["raw", name]) for name in ("meter_data", "clock_days", "files", "interval_reads")
)


# One step for all four: a check on one of them would otherwise come between it and the next, and
# dbt would have to start twice.
@multi_asset(
    group_name="raw",
    specs=[
        AssetSpec(
            key=METER_DATA,
            kinds={"csv", "duckdb"},
            description="meter-data.csv, checked: which meter, multiplier and unit, and when.",
        ),
        AssetSpec(
            key=CLOCK_DAYS,
            kinds={"python", "duckdb"},
            deps=[METER_DATA],
            description="The clock of every time zone in use, day by day (IANA database).",
        ),
        AssetSpec(
            key=FILES,
            kinds={"csv", "duckdb"},
            deps=[METER_DATA, CLOCK_DAYS],
            description="The ledger: what happened to every file that was dropped.",
        ),
        AssetSpec(
            key=READS,
            kinds={"csv", "duckdb"},
            deps=[METER_DATA, CLOCK_DAYS],
            description="Every row of every accepted file, as delivered.",
        ),
    ],
)
def raw_tables(workspace: WorkspaceResource):
    """Read meter-data.csv, then take in the files of _dropbox/KW: check, load, archive or reject.

    A wrong meter-data.csv stops the run before anything is touched.
    """
    meters = read_meter_data(workspace.files.meter_data)
    save_meter_data(workspace.files, meters)
    summary = load_files(workspace.files, lambda *at: progress.info("%s: %d of %d", *at))
    feeders = len({row.feeder for row in meters})
    zones = ", ".join(sorted({row.timezone for row in meters}))
    for key, metadata in (
        (METER_DATA, {"dagster/row_count": len(meters), "feeders": feeders}),
        (CLOCK_DAYS, {"time zones": zones}),
        (FILES, _files_metadata(summary)),
        (READS, {"rows loaded": summary.row_count}),
    ):
        yield MaterializeResult(asset_key=key, metadata=metadata)


def _files_metadata(summary: LoadSummary) -> dict:
    lines = [
        f"| {name} | {outcome} | {reason} | {place} |".replace("\n", " ")
        for name, outcome, reason, place in summary.rejected
    ]
    table = "\n".join(["| file | outcome | reason | now at |", "|---|---|---|---|", *lines])
    return {
        "files": summary.file_count,
        **summary.outcomes,
        "rejected files": MetadataValue.md(table if lines else "none"),
        "left for the next run": MetadataValue.md(", ".join(summary.left) or "none"),
        **{f"{stage.name} (s)": round(stage.seconds, 2) for stage in summary.stages},
        "bytes read": max((stage.bytes for stage in summary.stages), default=0),
    }


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
    with open_warehouse(workspace.files.warehouse, read_only=True) as con:
        return MaterializeResult(metadata=_outputs_metadata(export_profiles(con, workspace.files)))


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
    group_name="plots",
    kinds={"png"},
    deps=[
        "feeder_profiles",
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
        outputs = draw_plots(con, workspace.files)
    pictures = sorted(
        [*outputs.written, *outputs.unchanged], key=lambda name: (name != "plots/all.png", name)
    )
    shown = {}
    for name in pictures[:MOST_PICTURES]:
        data = base64.b64encode((workspace.files.profiles / name).read_bytes()).decode()
        title = name.removeprefix("plots/").removesuffix(".png")
        shown[f"plot: {title}"] = MetadataValue.md(f"![{title}](data:image/png;base64,{data})")
    return MaterializeResult(metadata=_outputs_metadata(outputs) | shown)


@asset(
    group_name="published",
    kinds={"duckdb", "parquet"},
    deps=[mart.name for mart in MARTS],
    description="What people read, at any time: `warehouse/published.duckdb` and `published/`",
)
def published(workspace: WorkspaceResource) -> MaterializeResult:
    """Publish the marts that passed all checks as a new version, if anything in them changed."""
    progress.info("Publishing")
    made = publish(workspace.files, MARTS)
    said = {"version": made.version, "content (sha256)": made.content}
    if not made.is_in_place:
        said["waits for the next run"] = (
            f"{workspace.files.published} is open in a program and cannot be replaced; version "
            f"{made.version} waits beside it and takes its place in the next run. Close that "
            "program, or connect with read_only and only for the length of a query."
        )
    return MaterializeResult(metadata=said | _outputs_metadata(made.outputs))


def _outputs_metadata(outputs: Outputs) -> dict:
    return {
        "files written": len(outputs.written),
        "files unchanged": len(outputs.unchanged),
        "files removed": ", ".join(outputs.removed) or "none",
        "bytes written": outputs.bytes_written,
        "seconds": round(outputs.seconds, 2),
    }
