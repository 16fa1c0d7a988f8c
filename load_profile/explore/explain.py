"""Say what is published of one interval, and where it comes from. Knows tables, no page.

Files, lines and formulas are in the pipeline's own tables, which no other program can read while a
run writes them: then there is only what is published, and the text says so.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from ingest.sql import sql_beside
from ingest.warehouse import WarehouseError, named_rows, open_warehouse
from ingest.workspace import Workspace
from load_profile.explore.read import TOTAL, Published, View
from load_profile.why import explain

STATES = {
    "A": "actual: measured and not failed, or accepted by a decision",
    "E": "edited by a decision",
    "S": "substituted by an estimate",
    "M": "missing: neither measured nor estimated",
}
MOST_MEMBERS = 300


@dataclass(frozen=True)
class Explained:
    """An interval (start in milliseconds of UTC), its final power if it is known, and words."""

    name: str
    start: float
    mw: float | None
    lines: tuple[str, ...]


def nearest(published: Published, view: View, mw: float) -> tuple[str, float] | None:
    """Return name and start of the interval in a view that is nearest to a power (MW)."""
    start, until = int(view.start), int(view.until)
    words = {"names": list(view.names), "from_ms": start, "until_ms": until, "mw": mw}
    with published.opened() as (con, _):
        return con.execute(sql_beside(__file__, "nearest"), words).fetchone()


def explained(published: Published, workspace: Workspace, name: str, start: float) -> Explained:
    """Explain the interval of a feeder, or of the total, that starts at a moment."""
    at = datetime.fromtimestamp(start / 1000, UTC).replace(tzinfo=None)
    with published.opened() as (con, _):
        query = "interval_of_total" if name == TOTAL else "interval"
        words = {"at": at} | ({} if name == TOTAL else {"name": name})
        found = named_rows(con.execute(sql_beside(__file__, query), words))
        if not found:
            return Explained(name, start, None, ("No interval starts then.",))
        row = found[0]
        lines = [_final_in_words(row)]
        lines += _members(con, row, at) if name == TOTAL else []
    if name != TOTAL:
        lines += _origin(workspace, name, at, row)
    mw = row["final_mw"]
    return Explained(name, start, None if mw is None else float(mw), tuple(lines))


def _final_in_words(row: dict) -> str:
    status = row["status"]
    text = f"{_mw(row['final_mw'])}, status {status}, {STATES[status]}"
    if row["low_mw"] is not None:
        text += f", between {_mw(row['low_mw'])} and {_mw(row['high_mw'])}"
    if row.get("method"):
        text += f", by {row['method']}"
    if status != "A":
        text += f"; measured: {_mw(row['measured_mw'])}"
    return text


def _members(con: duckdb.DuckDBPyConnection, row: dict, at: datetime) -> list[str]:
    lines = [f"The sum of {row['feeders_expected']} feeders, each x its factor:"]
    members = named_rows(con.execute(sql_beside(__file__, "members"), {"at": at}))
    lines += [
        f"  {one['feeder']}: {_mw(one['mw_net'])} x {one['total_factor']:f}, status {one['status']}"
        for one in members[:MOST_MEMBERS]
    ]
    if row["missing_feeders"]:
        lines.append(f"Without a reading: {row['missing_feeders']}.")
    if row["final_mw"] is None:
        lines.append(f"Partial total of those that are known: {_mw(row['partial_mw'])}.")
    return lines


def _origin(workspace: Workspace, name: str, at: datetime, row: dict) -> list[str]:
    """Return what `load-profile why` prints, or what is published where that cannot be read."""
    try:
        with open_warehouse(workspace.warehouse, read_only=True) as con:
            return explain(con, workspace, name, f"{at:%Y-%m-%d %H:%M:%S}Z")
    except WarehouseError as error:
        lines = [f"The line in its file cannot be shown at the moment: {error}"]
    except ValueError as error:  # the tables are newer than what is published
        lines = [str(error)]
    if row["file_name"]:
        lines.append(f"Published: file {row['file_name']}, line {row['line_number']}.")
    return lines


def _mw(value: object) -> str:
    return "unknown" if value is None else f"{value:,.6f} MW"
