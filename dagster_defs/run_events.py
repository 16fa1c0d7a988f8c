"""Say in words what the events of a run report: failed steps, failed checks, findings."""

from collections.abc import Iterable, Mapping

from dagster import (
    AssetCheckEvaluation,
    AssetCheckSeverity,
    DagsterEvent,
    DagsterInstance,
    DagsterRunStatus,
    RunsFilter,
)

from ingest.warehouse import damage_advice

MOST_ROWS = 3  # of a check, in words; the report and Dagster's page have more
FINDINGS, FAILING_ROWS = "findings", "failing rows"  # metadata of a check, see dbt.py
DBT_FAILED, LOGGED = "DagsterDbtCliRuntimeError", "Errors parsed from dbt logs:"
BROKEN = (
    "the checks above failed; lp/ and the published tables are those of the last good run. The "
    "tables contradict each other: if `load-profile rebuild` does not mend it, report these lines"
)
WITHDRAW = 'load-profile withdraw {} --reason "..."'
FAILED_ROWS = "dagster_dbt/failed_row_count"


def errors(events: Iterable[DagsterEvent]) -> tuple[str, ...]:
    """One text a failed check with its first rows, and one a failed step with its own words."""
    texts, failed_checks = [], []
    for event in events:
        if event.event_type_value == "ASSET_CHECK_EVALUATION":
            check = event.asset_check_evaluation_data
            if not check.passed and check.severity is AssetCheckSeverity.ERROR:
                failed_checks += _of_check(check)
        elif event.is_step_failure:
            error = event.event_specific_data.error
            while error.cause and error.cls_name.startswith("Dagster"):
                error = error.cause
            is_of_checks = failed_checks and DBT_FAILED in error.message
            message = BROKEN if is_of_checks else error.message.strip().removeprefix("ingest.")
            message = message.rpartition(LOGGED)[2].strip()
            if error.cls_name != "WarehouseError" and (advice := damage_advice(message)):
                message = f"the warehouse cannot be read. {advice}"
            texts.append(f"{event.step_key}: {message}")
        elif event.event_type_value == "PIPELINE_FAILURE" and not texts:
            texts.append(event.message or "the run failed")
    return (*failed_checks, *texts)


def warnings(checks: Iterable[AssetCheckEvaluation]) -> tuple[str, ...]:
    """What checks found that does not stop the run, in words."""
    return tuple(
        text
        for check in checks
        if not check.passed and check.severity is AssetCheckSeverity.WARN
        for text in _of_check(check)
    )


def note_killed_runs(instance: DagsterInstance, tags: Mapping[str, str]) -> None:
    """Show runs with these tags that were ended before their end as canceled on Dagster's page.

    For a caller that holds the root's lock, so that none of them is still going on.
    """
    for run in instance.get_runs(RunsFilter(statuses=[DagsterRunStatus.STARTED], tags=tags)):
        instance.report_run_canceled(run, "The command was stopped before the run had ended.")


def _of_check(check: AssetCheckEvaluation) -> list[str]:
    """Its first rows in words, and how many more there are and where."""
    name = check.check_name
    if FINDINGS in check.metadata:
        rows = [_finding(record.data) for record in check.metadata[FINDINGS].records]
        more = "more, see Findings in lp/report.html"
    elif FAILING_ROWS in check.metadata:
        rows = [_row(record.data) for record in check.metadata[FAILING_ROWS].records]
        more = "more rows like these"
    else:
        return [f"{name}: {check.description}" if check.description else name]
    texts = [f"{name}: {row}" for row in rows[:MOST_ROWS]]
    count = check.metadata[FAILED_ROWS].value if FAILED_ROWS in check.metadata else len(rows)
    if count > MOST_ROWS:
        texts.append(f"{name}: {count - MOST_ROWS:,} {more}")
    return texts


def _finding(row: Mapping[str, str]) -> str:
    days = "..".join(dict.fromkeys((row["first_date"], row["last_date"])))
    return f"{row['feeder']} {days}: {row['evidence']}. Check: {row['meaning']}"


def _row(row: Mapping[str, str]) -> str:
    """A failing row and, where it names a file or a feeder, how the others go on without it."""
    text = ", ".join(f"{name} {value}" for name, value in row.items() if value)
    feeder = row.get("feeder") or row.get("feeder_key")
    if row.get("file_id"):
        return f"{text}. To go on without this file: {WITHDRAW.format(row['file_id'])}"
    if feeder and feeder != "total":
        return f"{text}. To go on without a file of it: {WITHDRAW.format('<its name>')}"
    return text
