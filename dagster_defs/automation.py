"""What starts runs without a person: jobs, a schedule, sensors on the drop folder and on
failed runs.

All of it is off until it is switched on under Automation, but for the alerts, which need only
settings.toml (see ingest/settings.py).
"""

from hashlib import sha256

from dagster import (
    AssetSelection,
    DagsterEventType,
    DagsterRun,
    DefaultSensorStatus,
    RunFailureSensorContext,
    RunRequest,
    ScheduleDefinition,
    SensorEvaluationContext,
    SkipReason,
    define_asset_job,
    run_failure_sensor,
    sensor,
)

from dagster_defs.run_events import errors
from ingest.raw_files import find_files
from ingest.workspace import Workspace
from load_profile.alerts import send_alert

# events of a failed run that say why
WITH_REASONS = {
    DagsterEventType.ASSET_CHECK_EVALUATION,
    DagsterEventType.STEP_FAILURE,
    DagsterEventType.PIPELINE_FAILURE,
}
SECONDS = 30  # between two looks at the drop folder
STARTED_BY = ("dagster/schedule_name", "dagster/sensor_name")  # tags of runs without a person

everything = define_asset_job(
    "load_profile", description="Everything: files in; tables, checks, profiles and plots out."
)
new_files = define_asset_job(
    "new_files",
    selection=AssetSelection.all() - AssetSelection.groups("plots"),
    description="New files in; tables, checks and profiles out. Plots wait for the next full run.",
)
every_morning = ScheduleDefinition(
    name="every_morning",
    job=everything,
    cron_schedule="0 4 * * *",
    description="Everything, at 04:00 UTC.",
)


def automation_for(workspace: Workspace) -> list:
    """The two sensors of a root."""

    @sensor(
        job=new_files,
        minimum_interval_seconds=SECONDS,
        description="Starts new_files once no file in _dropbox/KW has changed for half a minute.",
    )
    def dropped_files(context: SensorEvaluationContext) -> RunRequest | SkipReason:
        """Start new_files once nothing in the drop folder has changed between two looks."""
        found = []
        for path in find_files(*workspace.drop_folders):
            stat = path.stat()
            found.append(f"{path.name} {stat.st_size} {stat.st_mtime_ns}")
        seen = sha256("\n".join(sorted(found)).encode()).hexdigest() if found else ""
        is_same = seen == context.cursor
        context.update_cursor(seen)
        if not found:
            return SkipReason("The drop folder is empty.")
        if not is_same:
            return SkipReason(f"{len(found)} files, and they are still arriving.")
        return RunRequest(run_key=seen)  # once for the same files, should a run leave them

    @run_failure_sensor(
        default_status=DefaultSensorStatus.RUNNING,
        description="Reports a failed run by e-mail and webhook, to whom settings.toml names.",
    )
    def failed_runs(context: RunFailureSensorContext) -> None:
        """Report a failed run of this page by e-mail and webhook, as the terminal would."""
        subject = f"{context.dagster_run.job_name} failed"
        logged = context.instance.all_logs(context.dagster_run.run_id, of_type=WITH_REASONS)
        reasons = errors(entry.dagster_event for entry in logged)
        for words in send_alert(workspace, subject, reasons):
            context.log.warning(words)

    return [dropped_files, failed_runs]


def is_regular(run: DagsterRun) -> bool:
    """Whether a schedule or a sensor started it, and no person."""
    return any(tag in run.tags for tag in STARTED_BY)
