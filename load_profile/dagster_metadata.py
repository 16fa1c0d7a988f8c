"""Put what a run has done into the words of Dagster's metadata. Imports the library Dagster."""

from collections.abc import Mapping
from pathlib import Path

from dagster import AssetCheckSeverity, AssetKey, MetadataValue, TableRecord

from load_profile.dbt_results import CheckResult, TableBuilt
from load_profile.markdown import as_markdown
from load_profile.report.page import data_url
from load_profile.steps import SECONDS, Plots, Table, Values

MOST_PIXELS = 640  # in width: the dialog of a plot on Dagster's page
MOST_PLOTS = 6  # shown on an asset's page; all of them are in lp/plots
FINDINGS, FAILING_ROWS, FAILING_COUNT = "findings", "failing rows", "failing row count"


def asset_key(name: str) -> AssetKey:
    return AssetKey(name.split("/"))


def values_metadata(values: Values) -> dict[str, object]:
    """Metadata of a step's values; a table is shown as it is, which Markdown would not be."""
    found = {}
    for name, value in values.items():
        if isinstance(value, Table):
            found[name] = _table(value.rows)
        elif isinstance(value, Plots):
            found |= {f"plot: {path.stem}": _plot(path) for path in value.files[:MOST_PLOTS]}
        else:
            found[name] = value
    return found


def table_metadata(built: TableBuilt) -> dict[str, object]:
    found = {SECONDS: round(built.seconds, 2)}
    return found if built.row_count is None else found | {"dagster/row_count": built.row_count}


def check_arguments(check: CheckResult) -> dict[str, object]:
    """What AssetCheckResult and AssetCheckEvaluation take alike."""
    metadata: dict[str, object] = {SECONDS: round(check.seconds, 2)}
    if not check.is_passed:
        metadata[FAILING_COUNT] = check.failing_count
    for name, rows in ((FINDINGS, check.findings), (FAILING_ROWS, check.failing_rows)):
        if rows:
            metadata[name] = _table(rows)
    return {
        "asset_key": asset_key(check.asset),
        "check_name": check.name,
        "passed": check.is_passed,
        "severity": AssetCheckSeverity.WARN if check.is_warning else AssetCheckSeverity.ERROR,
        "description": as_markdown(check.description) or None,
        "metadata": metadata,
    }


def _table(rows: tuple[Mapping[str, str | None], ...]) -> MetadataValue:
    return MetadataValue.table([TableRecord(dict(row)) for row in rows])


def _plot(path: Path) -> MetadataValue:
    return MetadataValue.md(f"![{as_markdown(path.stem)}]({data_url(path, MOST_PIXELS)})")
