"""Explain a published number: its file, line, meter-data row and formula. Reads tables only."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb

from ingest.filing import recorded_place
from ingest.layouts.lines import read_lines
from ingest.letters import notes_in_words
from ingest.warehouse import named_rows
from ingest.workspace import Workspace
from load_profile.inspect_refusals import folders_of
from load_profile.shown import ORDERS, Dates, dates_of

DAYS = ("%m/%d/%y", *(day for day, *_ in ORDERS.values()))
FORMATS = tuple(f"{day} {time}" for day in DAYS for time in ("%H:%M", "%H:%M:%S"))
PAIRS = (
    ("del_raw", "mw_del"),
    ("rec_raw", "mw_rec"),
    ("kva_del_raw", "mva_del"),
    ("kva_rec_raw", "mva_rec"),
    ("kvar_del_raw", "mvar_del"),
    ("kvar_rec_raw", "mvar_rec"),
)
FEEDER = "select any_value(feeder) from stg_meter_data where feeder_key = lower(?)"
ORIGINS = """
from reading_origins
where feeder = $feeder and (interval_start_at = $utc or start_local = $local)
order by interval_start_at, is_used desc, accepted_at desc, file_id desc, line_number desc,
    position desc
"""
NOTES = "select notes from raw.files where file_id = ?"
PROFILE = "from feeder_profiles where feeder = ? and interval_start_at = ?"
LEFT_OUT = """
select reason, limit_mw from implausible_intervals where feeder = ? and interval_start_at = ?
"""
DECISIONS = """
select decisions.*, edited.channel as edited_channel, edited.actual, edited.edited,
    edited.moved_from_at, edited.shift_result,
    exists (
        from interval_validations as accepted
        where accepted.feeder = decisions.feeder and accepted.interval_start_at = $at
            and accepted.accepted_by = decisions.decision
    ) as is_accepted
from decisions
left join (
    from edited_values where interval_start_at = $at
) as edited using (decision, feeder)
where feeder = $feeder and ((first_start_at <= $at and until_at > $at) or edited.edited is not null)
order by decision, edited_channel
"""
MISSING = """
select interval_start_at
from missing_intervals
where feeder = $feeder and (
    interval_start_at = $utc
    or timezone(timezone, timezone('UTC', interval_start_at)) = $local
)
order by interval_start_at
"""
REASONS = {
    "register": "the meter's register, not power",
    "error_code": "an error code of the meter",
    "catch_up": "it carries the energy of intervals before it",
    "whole_day": "it carries the energy of a day",
    "above_rating": "above the rating",
    "unit_step": "in another unit than before",
    "spike": "a short run far above what is usual",
}
GAP = """
select gap_start_local, gap_end_local, missing_intervals from gaps
where feeder = $feeder and (
    (gap_start_at <= $utc and $utc < gap_end_at)
    or (gap_start_local <= $local and $local < gap_end_local)
)
"""


def explain(
    con: duckdb.DuckDBPyConnection, workspace: Workspace, feeder: str, start: str
) -> list[str]:
    """Return lines with what is published for a feeder's interval, and where it comes from.

    `start` is local time, or UTC if it ends in Z or +00:00. Both passes of a repeated hour are
    explained. Raises ValueError for an unknown feeder, a time that cannot be read, or no such
    interval.
    """
    try:
        name = con.execute(FEEDER, [feeder]).fetchone()[0]
    except duckdb.CatalogException as error:
        raise ValueError("No table is built yet: `load-profile run` builds them.") from error
    if name is None:
        raise ValueError(f"Feeder {feeder!r} is not in meter-data.csv.")
    utc, local = _moment(start)
    dates = dates_of(workspace)
    moment = {"feeder": name, "utc": utc, "local": local}
    origins = named_rows(con.execute(ORIGINS, moment))
    if not origins:
        gap = con.execute(GAP, moment).fetchone()
        if gap is None:
            raise ValueError(f"{name} has no interval that starts at {start}.")
        lines = [
            f"{name} at {start}: no reading. It lies in the gap from {dates.minute(gap[0])} to "
            f"{dates.minute(gap[1])} ({gap[2]:,} intervals missing)."
        ]
        for (at,) in con.execute(MISSING, moment).fetchall():
            lines += _decisions(con, name, at, dates)
        return lines
    lines = []
    for origin in origins:
        if origin["is_used"]:
            profile = named_rows(con.execute(PROFILE, [name, origin["interval_start_at"]]))[0]
            lines += _published(profile, origin, dates)
            left_out = con.execute(LEFT_OUT, [name, origin["interval_start_at"]]).fetchone()
            lines += _left_out(*left_out) if left_out else []
            lines += _decisions(con, name, origin["interval_start_at"], dates)
        (notes,) = con.execute(NOTES, [origin["file_id"]]).fetchone()
        lines += _origin(workspace, origin, notes, dates)
    return lines


def _moment(text: str) -> tuple[datetime | None, datetime | None]:
    """Parse a time into (UTC, local), of which one is None."""
    plain = text.strip().replace("T", " ")
    is_utc = plain.endswith(("Z", "+00:00"))
    for form in FORMATS:
        try:
            moment = datetime.strptime(plain.removesuffix("Z").removesuffix("+00:00"), form)
        except ValueError:
            continue
        return (moment, None) if is_utc else (None, moment)
    raise ValueError(
        f"{text!r} is not a time; allowed are YYYY-MM-DD HH:MM[:SS], MM/DD/YY HH:MM[:SS] and "
        "DD.MM.YYYY HH:MM[:SS] on the meter's clock, with Z at the end for UTC."
    )


def _published(profile: dict, origin: dict, dates: Dates) -> list[str]:
    start = profile["interval_start_at"].replace(tzinfo=UTC)
    shown = ("mw_net", "mw_gross", "mva_net", "mva_gross", "pf_net")
    values = ", ".join(f"{name} {_number(profile[name])}" for name in shown)
    sign = "+" if profile["mw_net"] == profile["mw_gross"] and profile["mw_rec"] else "-"
    net = f"mw_net = {_number(profile['mw_del'])} {sign} {_number(profile['mw_rec'])}"
    local = f"{dates.minute(profile['start_local'])} ({origin['timezone']})"
    length = f"{profile['interval_minutes']} minutes"
    return [
        f"{profile['feeder']}, interval {local} = {dates.minute(start)} UTC, {length}",
        f"  published   {values}",
        f"              {net} = {_number(profile['mw_net'])} MW",
    ]


def _left_out(reason: str, limit: float | None) -> list[str]:
    """Say why a value is in no peak."""
    above = "" if limit is None else f"; plausible up to {limit:,.3f} MW"
    words = f"{reason}, {REASONS[reason]}{above}"
    return [f"              left out of every peak, minimum and load factor: {words}"]


def _decisions(
    con: duckdb.DuckDBPyConnection, feeder: str, at: datetime, dates: Dates
) -> list[str]:
    """Describe each decision on an interval, and what it makes of each value."""
    lines = []
    for row in named_rows(con.execute(DECISIONS, {"feeder": feeder, "at": at})):
        title = f"  decision {row['decision']}".ljust(14)
        number = "" if row["value"] is None else f" {_number(row['value'])}"
        rule = "" if row["rule"] is None else f" {row['rule']}"
        lines += [
            f"{title}{row['action']}{rule}{number}: {_effect(row, dates)}",
            f"              {row['who']}, {dates.minute(row['decided_at'])} UTC: {row['why']}",
        ]
    return lines


def _effect(row: dict, dates: Dates) -> str:
    """Say what a decision does in an interval."""
    if row["revoked_by"]:
        return f"revoked by decision {row['revoked_by']}"
    if not row["is_in_force"]:
        return f"expired on {dates.day(row['expires_on'])}"
    if row["action"] == "acknowledge":
        until = f" until {dates.day(row['expires_on'])}" if row["expires_on"] else ""
        return f"known{until}, and asked for again only if it grows"
    if row["is_accepted"]:
        return "accepted: the actual value counts though a rule names it"
    if not row["edited_channel"]:
        return "no effect here: a later decision holds, or there is no such value"
    unit = row["edited_channel"].partition("_")[0].upper()
    is_gone = row["action"] == "missing" or row["shift_result"] == "nothing_left"
    edited = "missing" if is_gone else _number(row["edited"])
    effect = f"{row['edited_channel']} {_number(row['actual'])} -> {edited} {unit}"
    if row["moved_from_at"]:
        of = f"the value of {dates.minute(row['moved_from_at'])} UTC"
        kept = row["shift_result"] == "own_value_kept"
        return f"{effect}, its own; {of} has no place here" if kept else f"{effect}, {of}"
    return effect


def _origin(workspace: Workspace, origin: dict, notes: str | None, dates: Dates) -> list[str]:
    """Describe one reading: its file, its line there, the meter and the arithmetic."""
    place = recorded_place(workspace, origin["stored_as"])
    layouts = folders_of(workspace)
    unit = origin["channel_unit"]
    full, seconds = origin["interval_minutes"] * 60, origin["actual_seconds"]
    length = f" x 3600 / {seconds} seconds" if seconds != full else f" x {3600 // full} intervals"
    hours = f"{length} an hour" if unit[-1] == "h" else ""
    formulas = [
        f"{power} = {_number(origin[raw])} x {_number(origin['multiplier'])} {unit}{hours} = "
        f"{_number(origin[power])} {power.partition('_')[0].upper()}"
        for raw, power in PAIRS
        if origin[raw] is not None
    ]
    place_in_line = f", value {origin['position']}" if origin["position"] else ""
    used = "used" if origin["is_used"] else "superseded"
    if origin["release_of"]:
        used += f", released after review (was #{origin['release_of']})"
    return [
        f"  {used:<11} file #{origin['file_id']} {origin['file_name']}, accepted "
        f"{dates.minute(origin['accepted_at'])}:{origin['accepted_at']:%S} UTC",
        f"              sha256 {origin['sha256']}",
        *(f"              {text}" for text in _raw_line(place, origin, place_in_line, layouts)),
        f"              meter-data.csv row {origin['meter_data_row']}: meter {origin['meter']}",
        f"              {_event(origin)}",
        *(f"              {formula}" for formula in formulas),
        *(f"              in its file: {text}" for text in notes_in_words(notes)),
    ]


def _event(origin: dict) -> str:
    """Describe the meter's event word and how it is handled."""
    if origin["event_handling"] in ("test", "skipped"):
        return f"event {origin['event_type']!r}: no load, its power is unknown"
    if not origin["event_type"]:
        return "no event: the row has no status"
    return f"event {origin['event_type']!r}: {origin['event_handling'] or 'not in event_types'}"


def _raw_line(path: Path, origin: dict, place_in_line: str, layouts: tuple[Path, ...]) -> list[str]:
    """Return where in its file a reading is, and its line, unchanged."""
    number = origin["line_number"]
    try:
        data = path.read_bytes()
    except OSError as error:
        return [f"{origin['stored_as']}, line {number}{place_in_line}:", f"({error})"]
    lines = read_lines(data, layouts)
    where = f"{origin['stored_as']}, {lines.place_of(number)}{place_in_line}:"
    return [where, lines.texts[number - 1]]


def _number(value: Decimal | float | None) -> str:
    if value is None:
        return "unknown"
    text = f"{value:f}" if isinstance(value, Decimal) else f"{value:.6f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
