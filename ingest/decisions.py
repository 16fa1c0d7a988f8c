"""Read, check and extend decisions.csv: what people decided about readings, one line each.

Lines are only ever added: a decision that no longer holds is revoked by a later line. Knows the
file and what is allowed in it; what a decision does to a value is SQL (`edited_values`).
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb

from ingest.filing import write_text
from ingest.meter_rows import MeterRow

ACTIONS = ("set", "missing", "scale", "swap", "shift", "accept", "acknowledge", "revoke")
CHANNELS = ("mw_del", "mw_rec", "mva_del", "mva_rec", "mvar_del", "mvar_rec")
FIRST_COLUMNS = (
    *("decision", "decided_at", "who", "why", "action", "feeder", "first_start", "until"),
    *("channel", "value", "revokes"),
)
COLUMNS = (*FIRST_COLUMNS, "rule", "expires")  # a file of an earlier version ends before
GAP, TOTAL = "gap", "total"
RULES = (
    *("energy_unit", "above_rating", "step", "kva_below_kw", "swap", "clock", "stuck", "spike"),
    *("zero_run", "other_unit", "interval_length", "unclear_time", "outside_periods"),
    *("period_hole", "quiet", "clock_offset", "negative", "out_of_range", "equal_files"),
    *("repeated_day", "register", "unit_step", "implausible", "implausible_kva", "kva_above_kw"),
    *("kva_kvar_conflict", "event_word", "small_total", "far_apart", "register_check"),
)
MOMENT, DAY = "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"
NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
MINUTES = re.compile(r"-?[1-9][0-9]{0,4}")
ALLOWED = {
    "decision": "1 in the first line and one more in every further line",
    "decided_at": "a moment in UTC, as 2024-07-12T11:00:00Z",
    "who": "the name of the person who decided",
    "why": "the reason, in one line",
    "action": ", ".join(ACTIONS),
    "feeder": "a feeder of meter-data.csv, or total to acknowledge a finding; empty to revoke",
    "first_start": "a moment in UTC, as 2024-07-12T11:00:00Z; empty to revoke",
    "until": "a moment in UTC after first_start, as 2024-07-12T11:15:00Z; empty to revoke",
    "channel": f"one of {', '.join(CHANNELS)}; empty for all, but not with set; empty with swap, "
    "acknowledge and revoke",
    "value": "with set MW, MVA or Mvar from 0, with scale a factor above 0 and below 1000, both "
    "with at most 6 decimals; with shift minutes, a whole number of the feeder's intervals, as "
    "-60; else empty",
    "revokes": "with revoke the number of an earlier decision that is in force; else empty",
    "rule": f"with acknowledge {GAP}, of a feeder, or the rule of a finding: {', '.join(RULES)}; "
    "else empty",
    "expires": "with acknowledge empty or the last day on which it holds, as 2025-03-31; else "
    "empty",
}


class DecisionError(ValueError):
    """decisions.csv, or a line to add to it, cannot be used; the message lists what is wrong."""


@dataclass(frozen=True)
class Decision:
    """A line: from `first_start` on until `until` (UTC, half open), None where it has no such."""

    decision: int
    decided_at: datetime
    who: str
    why: str
    action: str
    feeder: str | None
    first_start: datetime | None
    until: datetime | None
    channel: str | None
    value: Decimal | None
    revokes: int | None
    rule: str | None
    expires: date | None


Feeders = Mapping[str, set[int]]  # lengths of their intervals in minutes, by their names


def feeders_of(meters: Iterable[MeterRow]) -> Feeders:
    """Return the feeders of meter-data.csv with the lengths of their intervals."""
    feeders: dict[str, set[int]] = {}
    for row in meters:
        feeders.setdefault(row.feeder, set()).add(row.interval_minutes)
    return feeders


def read_decisions(path: Path, feeders: Feeders, revoking: str = "") -> tuple[Decision, ...]:
    """Return the checked lines, none without a file. Raises DecisionError for all that is wrong.

    A decision that is revoked, or is the one that a caller is `revoking`, may be of a feeder that
    meter-data.csv no longer has, or no longer has with such intervals.
    """
    if not path.exists():
        return ()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DecisionError(f"{path} is not UTF-8 text; save it as 'CSV UTF-8'.") from None
    reader = csv.reader(io.StringIO(text, newline=""))
    header = next(reader, [])
    if tuple(header) not in (COLUMNS, FIRST_COLUMNS):
        raise DecisionError(
            f"{path}, line 1: allowed is {','.join(COLUMNS)!r}, found {','.join(header)!r}."
        )
    problems: list[str] = []
    known: list[Decision] = []
    lines = [(reader.line_num, cells) for cells in reader if any(cells)]
    revokes = COLUMNS.index("revokes")
    revoked = {revoking, *(cells[revokes].strip() for _, cells in lines if len(cells) > revokes)}
    for line, cells in lines:
        if len(cells) not in (len(COLUMNS), len(FIRST_COLUMNS)):
            problems.append(
                f"line {line}: allowed are the {len(COLUMNS)} columns of the header, found "
                f"{len(cells)}; quote a cell that holds a comma"
            )
            continue
        cells = dict.fromkeys(COLUMNS, "") | dict(zip(COLUMNS, cells, strict=False))
        allowed = feeders
        if cells["decision"].strip() in revoked:
            allowed = dict.fromkeys([cells["feeder"].strip(), *feeders])
        found = _checked(cells, allowed, known)
        if isinstance(found, Decision):
            known.append(found)
        else:
            problems += [f"line {line}, {problem}" for problem in found]
    if problems:
        raise DecisionError(
            "\n".join([f"{path} cannot be used:", *(f"  - {problem}" for problem in problems)])
        )
    return tuple(known)


def add_decision(path: Path, cells: Mapping[str, str], feeders: Feeders) -> Decision:
    """Check a line as the file is checked and add it, numbered. Raises DecisionError.

    The header of an earlier version is completed; lines keep their bytes.
    """
    known = read_decisions(path, feeders, cells.get("revokes", ""))
    cells = dict.fromkeys(COLUMNS, "") | {"decision": str(len(known) + 1), **cells}
    found = _checked(cells, feeders, known)
    if not isinstance(found, Decision):
        raise DecisionError("\n".join(found))
    header, earlier = ",".join(COLUMNS), ",".join(FIRST_COLUMNS)
    text = path.read_text(encoding="utf-8") if path.exists() else header + "\n"
    if not text.removeprefix("\ufeff").startswith(header):
        text = text.replace(earlier, header, 1)
    line = io.StringIO()
    csv.DictWriter(line, COLUMNS, lineterminator="\n").writerow(cells)
    write_text(path, text + "\n" * (not text.endswith("\n")) + line.getvalue())
    return found


def expired_count(path: Path, today: date) -> int:
    """Return how many decisions have expired; any text will do that is no date."""
    if not path.exists():
        return 0
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        days = (row.get("expires") for row in csv.DictReader(file))
        return sum(day is not None and day < today for day in map(_day, filter(None, days)))


def save_decisions(con: duckdb.DuckDBPyConnection, decisions: Sequence[Decision]) -> None:
    """Bring raw.decisions up to date. Raises DecisionError if an earlier line is another now."""
    columns = ", ".join(COLUMNS)
    earlier = con.execute(f"select {columns} from raw.decisions order by decision").fetchall()
    rows = [astuple(decision) for decision in decisions]
    for old, new in zip(earlier, [*rows, *[None] * len(earlier)], strict=False):
        if old != new:
            raise DecisionError(
                f"decisions.csv: decision {old[0]} ({old[4]}, {old[2]}: {old[3]}) was changed or "
                "taken out since the last run. Lines are only added: put it back, and revoke it by "
                f"`load-profile decide revoke {old[0]}`."
            )
    if rows[len(earlier) :]:
        marks = ", ".join("?" for _ in COLUMNS)
        con.executemany(
            f"insert into raw.decisions ({columns}) values ({marks})", rows[len(earlier) :]
        )


def _checked(
    cells: Mapping[str, str], feeders: Mapping[str, set[int] | None], known: Sequence[Decision]
) -> Decision | list[str]:
    """Return the decision of a line, or a sentence for each cell that is not allowed.

    Without lengths of intervals, any number of minutes is.
    """
    cells = {name: cell.strip() for name, cell in cells.items()}
    spelling = {name.lower(): name for name in feeders}
    action, is_revoke = cells["action"], cells["action"] == "revoke"
    if action == "acknowledge" and cells["rule"] != GAP:
        spelling[TOTAL] = TOTAL
    feeder = spelling.get(cells["feeder"].lower())
    first, until = _moment(cells["first_start"]), _moment(cells["until"])
    is_number = NUMBER.fullmatch(cells["value"]) or (
        action == "shift" and MINUTES.fullmatch(cells["value"])
    )
    value = Decimal(cells["value"]) if is_number else None
    revoked = {decision.revokes for decision in known}
    revocable = {
        str(d.decision) for d in known if d.action != "revoke" and d.decision not in revoked
    }
    good = {
        "decision": cells["decision"] == str(len(known) + 1),
        "decided_at": _moment(cells["decided_at"]) is not None,
        "who": _is_text(cells["who"]),
        "why": _is_text(cells["why"]),
        "action": action in ACTIONS,
        "feeder": not cells["feeder"] if is_revoke else feeder is not None,
        "first_start": not cells["first_start"] if is_revoke else first is not None,
        "until": not cells["until"]
        if is_revoke
        else until is not None and (not first or first < until),
        "channel": _is_channel(action, cells["channel"]),
        "value": _is_value(action, value, feeders.get(feeder or ""))
        if action in ("set", "scale", "shift")
        else not cells["value"],
        "revokes": cells["revokes"] in revocable if is_revoke else not cells["revokes"],
        "rule": cells["rule"] in (GAP, *RULES) if action == "acknowledge" else not cells["rule"],
        "expires": not cells["expires"]
        or (action == "acknowledge" and _day(cells["expires"]) is not None),
    }
    if action not in ACTIONS:  # what else the line may have depends on it
        good |= dict.fromkeys(COLUMNS[5:], True)
    wrong = [name for name in COLUMNS if not good[name]]
    if wrong:
        return [
            f"column {name!r}, value {cells[name]!r}: allowed is {ALLOWED[name]}" for name in wrong
        ]
    return Decision(
        decision=int(cells["decision"]),
        decided_at=_moment(cells["decided_at"]),
        who=cells["who"],
        why=cells["why"],
        action=action,
        feeder=feeder,
        first_start=first,
        until=until,
        channel=cells["channel"] or None,
        value=value,
        revokes=int(cells["revokes"]) if is_revoke else None,
        rule=cells["rule"] or None,
        expires=_day(cells["expires"]),
    )


def _is_channel(action: str, channel: str) -> bool:
    if action == "set":
        return channel in CHANNELS
    return not channel or (
        channel in CHANNELS and action in ("missing", "scale", "shift", "accept")
    )


def _is_value(action: str, value: Decimal | None, lengths: set[int] | None) -> bool:
    """Whether a value can be set, scaled by, or is a whole number of intervals to shift by."""
    if value is None or action == "set":
        return value is not None
    if action == "scale":
        return 0 < value < 1000
    return (
        value != 0
        and value % 1 == 0
        and (lengths is None or any(value % minutes == 0 for minutes in lengths))
    )


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, MOMENT)
    except ValueError:
        return None


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, DAY).date()
    except ValueError:
        return None


def _is_text(text: str) -> bool:
    return bool(text) and text.isprintable()
