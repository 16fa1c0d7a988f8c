"""Write decisions and what they do as one CSV file, for auditors. Knows tables, not rules."""

from pathlib import Path

from ingest.filing import write_text
from load_profile.files.cells import csv_header, line, six_decimals, text
from load_profile.files.columns import UTC
from load_profile.publish.history import check_columns, published_file

COLUMNS = {
    "decision": "decision::varchar",
    "decided_at": f"strftime(decided_at, {UTC})",
    "who": text("who"),
    "why": text("why"),
    "action": "action",
    "feeder": text("feeder"),
    "first_start": f"strftime(first_start_at, {UTC})",
    "until": f"strftime(until_at, {UTC})",
    "rule": "rule",
    "expires": "strftime(expires_on, '%Y-%m-%d')",
    "value": six_decimals("value"),
    "revokes": "revokes::varchar",
    "revoked_by": "revoked_by::varchar",
    "is_in_force": "is_in_force::varchar",
    "effect": "effect",
    "start_utc": f"strftime(interval_start_at, {UTC})",
    "channel": "coalesce(edited_channel, channel)",
    "actual": six_decimals("actual"),
    "edited": six_decimals("edited"),
    "moved_from_utc": f"strftime(moved_from_at, {UTC})",
}
LINES = f"""
select {line(*COLUMNS.values())}
from decisions
left join (
    select decision, coalesce(shift_result, 'edited') as effect, interval_start_at,
        channel as edited_channel, actual, edited, moved_from_at
    from edited_values
    union all by name
    select accepted_by as decision, 'accepted' as effect, interval_start_at
    from interval_validations
    where accepted_by is not null
    union all by name
    select decision, 'acknowledged' as effect, gap_start_at as interval_start_at
    from acknowledged_gaps
    union all by name
    select acknowledged_by as decision, 'acknowledged' as effect, from_at as interval_start_at
    from validations
    where acknowledged_by is not null
) using (decision)
order by decision, interval_start_at, effect, edited_channel
"""


def export_decisions(published: Path, file: Path) -> int:
    """Write a line for each effect of a decision, and one for each decision that has none.

    An effect is a value edited, an interval accepted, or a gap or finding acknowledged, by its
    start. Returns how many lines there are. The tables are those of the last published version.
    """
    with published_file(published) as con:
        columns = ("decisions.rule", "acknowledged_gaps.decision")
        check_columns(con, published, "decisions", *columns)
        lines = [row for (row,) in con.execute(LINES).fetchall()]
    write_text(file, "\n".join([csv_header(*COLUMNS), *lines, ""]))
    return len(lines)
