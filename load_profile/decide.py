"""Add a decision to decisions.csv as somebody types it. Knows clocks and feeders, no table."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ingest.decisions import (
    MINUTES,
    MOMENT,
    TOTAL,
    Decision,
    DecisionError,
    add_decision,
    feeders_of,
)
from ingest.meter_data import read_meter_data
from ingest.meter_rows import MeterRow, date_time
from ingest.warehouse import utc_now
from ingest.workspace import Workspace


def decide(
    workspace: Workspace, action: str, whom: str, first: str, until: str, **cells: str
) -> Decision:
    """Add a decision on a feeder from `first` until `until`, by default one interval; return it.

    Both are on the meter's clock, or UTC with Z at the end. To revoke, `whom` is the number of the
    decision; `total` is for what is acknowledged of it, on the clock of the first meter. Raises
    DecisionError, and MeterDataError for a wrong meter-data.csv.
    """
    meters = read_meter_data(workspace.meter_data)
    given = cells | {"action": action, "decided_at": f"{utc_now():{MOMENT}}"}
    if action == "revoke":
        given |= {"revokes": whom, "first_start": first, "until": until}
    else:
        is_total = whom.lower() == TOTAL
        own = [row for row in meters if is_total or row.feeder.lower() == whom.lower()]
        given |= {"feeder": own[0].feeder if own and not is_total else whom}
        if own and first:
            start, row = _in_utc(first, own, "FROM")
            end = start + timedelta(minutes=row.interval_minutes)
            end = _in_utc(until, own, "--until")[0] if until else end
            given |= {"first_start": f"{start:{MOMENT}}", "until": f"{end:{MOMENT}}"}
            _check_shift(given, row)
    return add_decision(workspace.decisions, given, feeders_of(meters))


def doubts(workspace: Workspace, made: Decision) -> list[str]:
    """Return what meter-data.csv says against a decision that is on record."""
    return [
        f"{made.value:f} {made.channel.partition('_')[0].upper()} is above the rating of "
        f"{row.rating_mva:f} MVA in meter-data.csv, row {row.row}: is it meant in kW?"
        for row in read_meter_data(workspace.meter_data)
        if made.action == "set" and row.feeder == made.feeder
        if row.rating_mva is not None and made.value > row.rating_mva
    ]


def _check_shift(given: dict[str, str], row: MeterRow) -> None:
    """Raise DecisionError for a shift by no whole number of intervals of the meter at that time."""
    value, minutes = given.get("value", ""), row.interval_minutes
    if given["action"] == "shift" and MINUTES.fullmatch(value) and int(value) % minutes:
        raise DecisionError(
            f"--value {value!r}: {row.feeder} has intervals of {minutes} minutes then; allowed is "
            "a whole number of them."
        )


def _in_utc(text: str, meters: list[MeterRow], name: str) -> tuple[datetime, MeterRow]:
    """Return a moment in UTC and the row of meter-data.csv that is valid then."""
    plain = text.strip().replace("T", " ")
    moment = date_time(plain.removesuffix("Z"))
    if moment is None:
        raise DecisionError(
            f"{name} {text!r} is not a time; allowed are YYYY-MM-DD [HH:MM[:SS]] on the meter's "
            "clock, with Z at the end for UTC."
        )
    is_utc = plain.endswith("Z")
    for row in meters:
        zone = ZoneInfo(row.timezone)
        local = moment
        if is_utc:
            local = moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
        if (row.valid_from or local) <= local and (row.valid_to is None or local < row.valid_to):
            return (moment if is_utc else _of_clock(text, moment, zone, name)), row
    if is_utc:
        return moment, meters[-1]
    return _of_clock(text, moment, ZoneInfo(meters[-1].timezone), name), meters[-1]


def _of_clock(text: str, local: datetime, zone: ZoneInfo, name: str) -> datetime:
    """Return a time of a clock in UTC. Raises DecisionError if the clock has it twice or never."""
    passes = [
        local.replace(tzinfo=zone, fold=fold).astimezone(UTC).replace(tzinfo=None)
        for fold in (0, 1)
    ]
    if passes[0] != passes[1]:
        either = " or ".join(f"{moment:{MOMENT}}" for moment in sorted(passes))
        raise DecisionError(
            f"{name} {text!r}: the clock of {zone.key} has this time twice, or skips it; write it "
            f"in UTC, {either}."
        )
    return passes[0]
