"""Checks that are not dbt's: what depends on who started a run."""

from dagster import AssetCheckExecutionContext, AssetCheckResult, AssetCheckSeverity, asset_check

from dagster_defs.complete_run import is_regular
from dagster_defs.resources import WorkspaceResource
from ingest.warehouse import open_warehouse, utc_now
from load_profile.markdown import as_markdown

MOST_DAYS = 40  # without a reading: a month's file may come some days into the next
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
