"""Read, check and extend decisions.csv: what people decided about readings, one line each.

Lines are only ever added: a decision that no longer holds is revoked by a later line. Knows the
file and what is allowed in it; what a decision does to a value is SQL (`edited_values`).
"""

import csv
import io
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb

from ingest.filing import write_text

ACTIONS = ("set", "missing", "scale", "swap", "revoke")
CHANNELS = ("mw_del", "mw_rec", "mva_del", "mva_rec", "mvar_del", "mvar_rec")
COLUMNS = (
    *("decision", "decided_at", "who", "why", "action", "feeder", "first_start", "until"),
    *("channel", "value", "revokes"),
)
MOMENT = "%Y-%m-%dT%H:%M:%SZ"
NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
ALLOWED = {
    "decision": "1 in the first line and one more in every further line",
    "decided_at": "a moment in UTC, as 2024-07-12T11:00:00Z",
    "who": "the name of the person who decided",
    "why": "the reason, in one line",
    "action": ", ".join(ACTIONS),
    "feeder": "a feeder of meter-data.csv; empty to revoke",
    "first_start": "a moment in UTC, as 2024-07-12T11:00:00Z; empty to revoke",
    "until": "a moment in UTC after first_start, as 2024-07-12T11:15:00Z; empty to revoke",
    "channel": f"one of {', '.join(CHANNELS)}; empty for all, but not with set; empty with swap "
    "and revoke",
    "value": "with set MW, MVA or Mvar from 0, with scale a factor above 0 and below 1000, both "
    "with at most 6 decimals; else empty",
    "revokes": "with revoke the number of an earlier decision that is in force; else empty",
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


def read_decisions(
    path: Path, feeders: Collection[str], revoking: str = ""
) -> tuple[Decision, ...]:
    """Return the checked lines, none without a file. Raises DecisionError for all that is wrong.

    A decision that is revoked, or is the one that a caller is `revoking`, may be of a feeder that
    meter-data.csv no longer has.
    """
    if not path.exists():
        return ()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DecisionError(f"{path} is not UTF-8 text; save it as 'CSV UTF-8'.") from None
    reader = csv.reader(io.StringIO(text, newline=""))
    header = next(reader, [])
    if tuple(header) != COLUMNS:
        raise DecisionError(
            f"{path}, line 1: allowed is {','.join(COLUMNS)!r}, found {','.join(header)!r}."
        )
    problems: list[str] = []
    known: list[Decision] = []
    lines = [(reader.line_num, cells) for cells in reader if any(cells)]
    revoked = {revoking, *(cells[-1].strip() for _, cells in lines)}
    for line, cells in lines:
        if len(cells) != len(COLUMNS):
            problems.append(
                f"line {line}: allowed are the {len(COLUMNS)} columns of the header, found "
                f"{len(cells)}; quote a cell that holds a comma"
            )
            continue
        gone = [cells[COLUMNS.index("feeder")].strip()] if cells[0].strip() in revoked else []
        found = _checked(dict(zip(COLUMNS, cells, strict=True)), [*gone, *feeders], known)
        if isinstance(found, Decision):
            known.append(found)
        else:
            problems += [f"line {line}, {problem}" for problem in found]
    if problems:
        raise DecisionError(
            "\n".join([f"{path} cannot be used:", *(f"  - {problem}" for problem in problems)])
        )
    return tuple(known)


def add_decision(path: Path, cells: Mapping[str, str], feeders: Collection[str]) -> Decision:
    """Check a line as the file is checked and add it, numbered. Raises DecisionError."""
    known = read_decisions(path, feeders, cells.get("revokes", ""))
    cells = dict.fromkeys(COLUMNS, "") | {"decision": str(len(known) + 1), **cells}
    found = _checked(cells, feeders, known)
    if not isinstance(found, Decision):
        raise DecisionError("\n".join(found))
    text = path.read_text(encoding="utf-8") if path.exists() else ",".join(COLUMNS) + "\n"
    line = io.StringIO()
    csv.DictWriter(line, COLUMNS, lineterminator="\n").writerow(cells)
    write_text(path, text + "\n" * (not text.endswith("\n")) + line.getvalue())
    return found


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
    cells: Mapping[str, str], feeders: Collection[str], known: Sequence[Decision]
) -> Decision | list[str]:
    """Return the decision of a line, or a sentence for each cell that is not allowed."""
    cells = {name: cell.strip() for name, cell in cells.items()}
    spelling = {name.lower(): name for name in feeders}
    action, is_revoke = cells["action"], cells["action"] == "revoke"
    first, until = _moment(cells["first_start"]), _moment(cells["until"])
    value = Decimal(cells["value"]) if NUMBER.fullmatch(cells["value"]) else None
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
        "feeder": not cells["feeder"] if is_revoke else cells["feeder"].lower() in spelling,
        "first_start": not cells["first_start"] if is_revoke else first is not None,
        "until": not cells["until"]
        if is_revoke
        else until is not None and (not first or first < until),
        "channel": cells["channel"] in CHANNELS
        if action == "set"
        else cells["channel"] in ("", *CHANNELS) and (not cells["channel"] or action != "swap")
        and not (is_revoke and cells["channel"]),
        "value": value is not None and (action == "set" or 0 < value < 1000)
        if action in ("set", "scale")
        else not cells["value"],
        "revokes": cells["revokes"] in revocable if is_revoke else not cells["revokes"],
    }  # fmt: skip
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
        feeder=spelling.get(cells["feeder"].lower()),
        first_start=first,
        until=until,
        channel=cells["channel"] or None,
        value=value,
        revokes=int(cells["revokes"]) if is_revoke else None,
    )


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, MOMENT)
    except ValueError:
        return None


def _is_text(text: str) -> bool:
    return bool(text) and text.isprintable()
