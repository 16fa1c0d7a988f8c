"""Put failed checks and failed steps into words. Knows results, neither dbt nor Dagster."""

from collections.abc import Iterable, Iterator, Mapping

from ingest.warehouse import damage_advice
from load_profile.dbt_results import CheckResult

MOST_ROWS = 3  # of a check, in words; the report and Dagster's page have more
BROKEN = (
    "the checks above failed; lp/ and the published tables are those of the last good run. The "
    "tables contradict each other: if `load-profile rebuild` does not mend it, report these lines"
)
# their messages are for people; any other error is shown with its class
OWN_ERRORS = ("DbtError", "WarehouseError", "FilingError", "MeterDataError", "SettingsError")
OWN_ERRORS += ("LayoutFileError", "DecisionError")
WITHDRAW = 'load-profile withdraw {} --reason "..."'


def failures(checks: Iterable[CheckResult], steps: Iterable[tuple[str, str, str]]) -> list[str]:
    """One text a failed check with its first rows, and one a failed step.

    Steps are given as their name, the name of the error's class and the error's message.
    """
    failed = [c for c in checks if not c.is_passed and not c.is_warning]
    texts = [text for check in failed for text in _texts(check)]
    return texts + [_step(*step, has_failed_checks=bool(failed)) for step in steps]


def warnings(checks: Iterable[CheckResult]) -> list[str]:
    """What checks found that does not stop the run."""
    found = (check for check in checks if not check.is_passed and check.is_warning)
    return [text for check in found for text in _texts(check)]


def _step(name: str, kind: str, message: str, has_failed_checks: bool) -> str:
    if kind == "DbtError" and has_failed_checks:
        return f"{name}: {BROKEN}"
    if kind != "WarehouseError" and (advice := damage_advice(message)):
        return f"{name}: the warehouse cannot be read. {advice}"
    return f"{name}: {message if kind in OWN_ERRORS else f'{kind}: {message}'}"


def _texts(check: CheckResult) -> Iterator[str]:
    """Its first rows, and how many more there are and where."""
    if check.findings:
        rows, more = map(_finding, check.findings), "more, see Findings in lp/report.html"
    elif check.failing_rows:
        rows, more = map(_row, check.failing_rows), "more rows like these"
    else:
        yield f"{check.name}: {check.description}" if check.description else check.name
        return
    texts = list(rows)
    yield from (f"{check.name}: {text}" for text in texts[:MOST_ROWS])
    count = check.failing_count or len(texts)
    if count > MOST_ROWS:
        yield f"{check.name}: {count - MOST_ROWS:,} {more}"


def _finding(row: Mapping[str, str]) -> str:
    days = "..".join(dict.fromkeys((row["first_date"], row["last_date"])))
    return f"{row['feeder']} {days}: {row['evidence']}. Check: {row['meaning']}"


def _row(row: Mapping[str, str]) -> str:
    """A failing row and, where it names a file or a feeder, how to go on without it."""
    if row.get("words"):
        return f"{row['words']}. Check: {row['advice']}"
    text = ", ".join(f"{name} {value}" for name, value in row.items() if value)
    feeder = row.get("feeder") or row.get("feeder_key")
    if row.get("file_id"):
        return f"{text}. To go on without this file: {WITHDRAW.format(row['file_id'])}"
    if feeder and feeder != "total":
        return f"{text}. To go on without a file of it: {WITHDRAW.format('<its name>')}"
    return text
