"""Write decisions and the values they edit as one CSV file, for auditors. Knows two marts."""

from pathlib import Path

from ingest.filing import write_text
from ingest.warehouse import WarehouseError
from load_profile.files.cells import csv_header, line, six_decimals, text
from load_profile.files.columns import UTC
from load_profile.publish.history import published_file

COLUMNS = {
    "decision": "decision::varchar",
    "decided_at": f"strftime(decided_at, {UTC})",
    "who": text("who"),
    "why": text("why"),
    "action": "action",
    "feeder": text("feeder"),
    "first_start": f"strftime(first_start_at, {UTC})",
    "until": f"strftime(until_at, {UTC})",
    "value": six_decimals("value"),
    "revokes": "revokes::varchar",
    "revoked_by": "revoked_by::varchar",
    "is_in_force": "is_in_force::varchar",
    "start_utc": f"strftime(interval_start_at, {UTC})",
    "channel": "coalesce(edited_channel, channel)",
    "actual": six_decimals("actual"),
    "edited": six_decimals("edited"),
}
HAS_DECISIONS = """
select count(*) = 2 from duckdb_tables() where table_name in ('decisions', 'edited_values')
"""
LINES = f"""
select {line(*COLUMNS.values())}
from decisions
left join (
    select decision, interval_start_at, channel as edited_channel, actual, edited
    from edited_values
) using (decision)
order by decision, interval_start_at, edited_channel
"""


def export_decisions(published: Path, file: Path) -> int:
    """Write a line for each value that a decision edits, and one for each that edits none.

    Returns how many lines there are. The tables are those of the last published version.
    """
    with published_file(published) as con:
        if not con.execute(HAS_DECISIONS).fetchone()[0]:
            raise WarehouseError(
                f"{published} is of an earlier version of load-profile and has no decisions; "
                "`load-profile run` publishes them."
            )
        lines = [row for (row,) in con.execute(LINES).fetchall()]
    write_text(file, "\n".join([csv_header(*COLUMNS), *lines, ""]))
    return len(lines)
