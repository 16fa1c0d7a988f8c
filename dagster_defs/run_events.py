"""Read the events of a run of Dagster's page as results, and put them into words."""

from collections.abc import Iterable

from dagster import AssetCheckEvaluation, AssetCheckSeverity, DagsterEvent

from load_profile.check_messages import failures
from load_profile.dagster_metadata import FAILING_COUNT, FAILING_ROWS, FINDINGS
from load_profile.dbt_results import CheckResult


def errors(events: Iterable[DagsterEvent]) -> list[str]:
    """One text a failed check with its first rows, and one a failed step with its own words."""
    checks, steps, ends = [], [], []
    for event in events:
        if event.event_type_value == "ASSET_CHECK_EVALUATION":
            checks.append(check_of(event.asset_check_evaluation_data))
        elif event.is_step_failure:
            steps.append((event.step_key, *_cause(event.event_specific_data.error)))
        elif event.event_type_value == "PIPELINE_FAILURE":
            ends.append(event.message or "the run failed")
    return failures(checks, steps) + (ends if not steps else [])


def _cause(error) -> tuple[str, str]:
    """Class and message of what a step raised, without what Dagster puts around it."""
    while error.cause and error.cls_name.startswith("Dagster"):
        error = error.cause
    return error.cls_name, error.message.strip().partition(f"{error.cls_name}: ")[2]


def check_of(found: AssetCheckEvaluation) -> CheckResult:
    """An evaluation that Dagster has kept, as the result that it was made from."""
    tables = {
        name: tuple(record.data for record in found.metadata[name].records)
        for name in (FINDINGS, FAILING_ROWS)
        if name in found.metadata
    }
    count = found.metadata.get(FAILING_COUNT)
    return CheckResult(
        found.asset_key.to_user_string(),
        found.check_name,
        found.passed,
        is_warning=found.severity is AssetCheckSeverity.WARN,
        description=found.description or "",
        failing_count=count.value if count else 0,
        findings=tables.get(FINDINGS, ()),
        failing_rows=tables.get(FAILING_ROWS, ()),
    )
