"""What starts runs without a person: jobs, a sensor on the drop folder, a schedule; who is told.

All of it is off until it is switched on under Automation, but for the alerts, which need only
alerts.toml (see alerts.py).
"""

from hashlib import sha256

from dagster import (
    AssetSelection,
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

from dagster_defs.alerts import tell
from ingest.raw_files import find_files
from ingest.workspace import Workspace

TOLD = "load_profile/alert"  # tag of a run that sends its alerts itself
SECONDS = 30  # between two looks at the drop folder

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

    @sensor(job=new_files, minimum_interval_seconds=SECONDS)
    def dropped_files(context: SensorEvaluationContext) -> RunRequest | SkipReason:
        """Start new_files once nothing in the drop folder has changed between two looks."""
        found = []
        for path in find_files(workspace.dropbox):
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

    @run_failure_sensor(default_status=DefaultSensorStatus.RUNNING)
    def failed_runs(context: RunFailureSensorContext) -> None:
        """Tell of a run that failed, whoever started it on this page."""
        if TOLD not in context.dagster_run.tags:
            subject = f"{context.dagster_run.job_name} failed"
            for words in tell(workspace, subject, [context.failure_event.message or ""]):
                context.log.warning(words)

    return [dropped_files, failed_runs]
