"""Turn dbt's events into results with types: tables that were built, checks that were evaluated.

Used by the command and by Dagster's assets alike. Knows dbt's events and manifest, not Dagster.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from load_profile.dbt import DbtError

ROW_COUNT = re.compile(r"rows: (\w+) (\d+)")  # see macros/say_row_count.sql
FINDING = re.compile(r"finding: (\{.*\})")  # see macros/say_findings.sql
FAILING_ROW = re.compile(r"failing row: (\{.*\})")  # see macros/say_failing_rows.sql
BUILT = ("LogModelResult", "LogSeedResult")
Row = Mapping[str, str | None]


@dataclass(frozen=True)
class TableBuilt:
    """A model or seed that is up to date; `row_count` is None for a view."""

    name: str
    row_count: int | None
    seconds: float


@dataclass(frozen=True)
class CheckResult:
    """A data test on a table, or on the raw table `raw/<name>`, and rows that it is about."""

    asset: str
    name: str
    is_passed: bool
    is_warning: bool = False
    description: str = ""
    failing_count: int = 0
    findings: tuple[Row, ...] = ()
    failing_rows: tuple[Row, ...] = ()
    seconds: float = 0


def results_of(events: Iterable[Mapping], manifest: Mapping) -> Iterator[TableBuilt | CheckResult]:
    """The results in dbt's events; checks that did not pass come last, as dbt logs their rows last.

    What `events` raises at its end is raised after the last result.
    """
    counts, findings, rows, not_passed = {}, {}, {}, []
    error = None
    try:
        for event in events:
            data, words = event.get("data", {}), event["info"].get("msg", "")
            status = data.get("node_info", {}).get("node_status")
            if row_count := ROW_COUNT.fullmatch(words):
                counts[row_count[1]] = int(row_count[2])
            elif finding := FINDING.fullmatch(words):
                row = json.loads(finding[1])
                findings.setdefault(f"detect_{row.pop('rule')}", []).append(row)
            elif failing := FAILING_ROW.fullmatch(words):
                found = json.loads(failing[1])
                rows.setdefault(found["check"], []).append(found["row"])
            elif event["info"]["name"] in BUILT and status == "success":
                name = data["node_info"]["node_name"]
                yield TableBuilt(name, counts.get(name), data["execution_time"])
            elif event["info"]["name"] == "LogTestResult" and status != "skipped":
                check = _check(data, status, manifest)
                if check.is_passed:
                    yield check
                else:
                    not_passed.append(check)
    except DbtError as failure:
        error = failure
    for check in not_passed:
        failing = rows.get(check.name, ())
        yield replace(
            check,
            description=_in_words(failing),
            findings=tuple(findings.get(check.name, ())),
            failing_rows=tuple(failing),
        )
    if error:
        raise error


def _in_words(rows: Sequence[Row]) -> str:
    """Text and advice of failing rows that carry them."""
    words = [row["words"] for row in rows if row.get("words")]
    return f"{'; '.join(words)}. Check: {rows[0]['advice']}" if words else ""


def _check(data: Mapping, status: str, manifest: Mapping) -> CheckResult:
    test = manifest["nodes"][data["node_info"]["unique_id"]]
    return CheckResult(
        asset_of_test(test, manifest),
        test["name"],
        is_passed=status == "pass",
        is_warning=status == "warn",
        failing_count=data.get("num_failures", 0),
        seconds=data["execution_time"],
    )


def asset_of_test(test: Mapping, manifest: Mapping) -> str:
    """The table that a data test is shown with: the one it names, or the only one that it reads."""
    named = test["config"]["meta"].get("dagster", {}).get("ref")
    if named:
        return named["name"]
    nodes = test["depends_on"]["nodes"]
    node = nodes[0] if len(nodes) == 1 else test.get("attached_node")
    if node is None:
        raise DbtError(
            f"The test {test['name']} does not read one table alone: name the one to show it with, "
            "as in config(meta={'dagster': {'ref': {'name': 'gaps'}}})."
        )
    return asset_of_node(node, manifest)


def asset_of_node(unique_id: str, manifest: Mapping) -> str:
    """The name of a model or seed; `raw/<name>` of a raw table."""
    source = manifest["sources"].get(unique_id)
    if source:
        return f"{source['source_name']}/{source['name']}"
    return manifest["nodes"][unique_id]["name"]
