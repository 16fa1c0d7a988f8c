"""Write the lines that meter-data.csv lacks for the meters of a file, each with what is doubtful.

What the file says is taken from it; what it does not say is the default, and a doubt. Reads no
file of a root and saves nothing.
"""

import csv
import io
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ingest.layouts.interface import RawFile
from ingest.layouts.parsed import METER, UTC, Channel, ParsedOutline
from ingest.meter_rows import DEFAULTS, INTERVAL_MINUTES, REQUIRED, MeterRow, is_feeder_name
from ingest.parts import rows_naming
from ingest.workspace import REGISTER

MOST_METERS = 10
COLUMNS = (*REQUIRED, "channel_unit", "interval_minutes", "timezone", "channel", "directions")

POWER = {"del", "rec", "net"}


@dataclass(frozen=True)
class NewMeter:
    """A row for meter-data.csv, and what a person has to see to before it is right."""

    row: MeterRow
    doubts: tuple[str, ...]


def lines_of(meters: Sequence[NewMeter]) -> list[str]:
    """Return header and rows as they are written in meter-data.csv."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    shown = [name for name in COLUMNS if _is_shown(name, meters)]
    writer.writerow(shown)
    writer.writerows([_cells(meter.row)[name] for name in shown] for meter in meters)
    return out.getvalue().splitlines()


def points_of(raw: RawFile) -> dict[str | None, list[int]]:
    """Return the points of a file that have active power, and the numbers of their channels.

    The point is None where the file names none, and in a raw export.
    """
    outline = raw.outline
    if raw.problem or raw.layout is None or raw.kind == REGISTER:
        return {}
    if not isinstance(outline, ParsedOutline):
        return {None: []}
    points: dict[str | None, list[int]] = {}
    for number in outline.spans:
        points.setdefault(outline.channels[number].point, []).append(number)
    return {p: numbers for p, numbers in points.items() if POWER & {*_quantities(outline, numbers)}}


def new_meters(
    raw: RawFile, data: bytes, listed: Sequence[MeterRow], minutes: int | None
) -> tuple[NewMeter, ...]:
    """Return rows for the meters of a file that no row of meter-data.csv names.

    `minutes` is the usual length of a raw export's intervals.
    """
    points = points_of(raw)
    named = rows_naming(listed, [point for point in points if point is not None])
    feeders = {row.feeder.lower() for row in listed}
    missing = [p for p in points if (raw.feeder not in feeders if p is None else p not in named)]
    lengths = _lengths(raw, data) if missing and isinstance(raw.outline, ParsedOutline) else {}
    after = max((row.row for row in listed), default=1)
    return tuple(
        new_meter(raw, point, lengths.get(point, minutes), feeders, number)
        for number, point in enumerate(missing[:MOST_METERS], after + 1)
    )


def _quantities(outline: ParsedOutline, numbers: list[int]) -> list[str]:
    return [outline.channels[number].quantity for number in numbers]


def new_meter(
    raw: RawFile, point: str | None, minutes: int | None, taken: Collection[str] = (), line: int = 2
) -> NewMeter:
    """Return the row of one meter."""
    doubts = ["multiplier 1 is right if the file has primary values"]
    clock = getattr(raw.outline, "clock", METER)
    used = [channel for n in points_of(raw)[point] if (channel := raw.outline.channels[n]).quantity]
    codes, wanted = _codes(used, doubts)
    power = [channel for channel in used if channel.quantity in POWER]
    unit = next((channel.unit for channel in power if channel.unit), None)
    if unit is None:
        doubts.append("the file does not name the unit: kW is a guess")
    if len(units := dict.fromkeys(channel.unit for channel in power)) > 1:
        doubts.append(f"one unit is needed, the file has {' and '.join(map(str, units))}")
    if clock in (METER, UTC):
        says = "has times in UTC: timezone is for its days" if clock == UTC else "names no zone"
        doubts.append(f"the file {says}: write that of the meter, as America/Denver")
    if minutes not in INTERVAL_MINUTES:
        doubts.append(f"interval_minutes: the file has {minutes or 'no usual length'}")
    serial = point or next((serial.text for serial in raw.outline.serials), "")
    if not serial:
        doubts.append("the file does not name its meter: write the serial number")
    row = MeterRow(
        row=line,
        feeder=_feeder_name(point, raw.feeder, taken),
        meter=serial or "unknown",
        multiplier=Decimal(1),
        channel_unit=unit or "kW",
        interval_minutes=minutes if minutes in INTERVAL_MINUTES else 15,
        timezone=clock if clock not in (METER, UTC) else "UTC",
        valid_from=None,
        valid_to=None,
        total_factor=Decimal(1),
        rating_mva=None,
        channel=codes,
        directions=_directions(raw, wanted, doubts),
    )
    return NewMeter(row, tuple(doubts))


def _codes(used: list[Channel], doubts: list[str]) -> tuple[str, set[str]]:
    """Return the codes to name where several channels measure the same, and what all measure."""
    first: dict[str, str] = {}
    for channel in used:
        first.setdefault(channel.quantity, channel.code)
    several = [c for c in used if first[c.quantity] != c.code]
    if several:
        doubts.append(
            "several channels measure the same, choose: " + " ".join(c.code for c in used)
        )
    return " ".join(first.values()) if several else "", set(first)


def _directions(raw: RawFile, wanted: set[str], doubts: list[str]) -> str:
    """Return which directions the file has, as meter-data.csv declares them."""
    found = "both"
    if raw.outline.absent or ("net" not in wanted and len(wanted & {"del", "rec"}) == 1):
        is_delivered = raw.outline.absent == "rec_raw" or "del" in wanted
        found = "delivered" if is_delivered else "received"
        doubts.append(f"only power {found} is in the file: keep directions only if the other is 0")
    return found


def _feeder_name(point: str | None, in_name: str, taken: Collection[str]) -> str:
    """Return a name that a feeder may have, for a person to replace by the right one."""
    name = re.sub(r"[^\w.]+", "_", point or in_name).strip("_.") or "feeder"
    name = name if is_feeder_name(name) else f"feeder_{name}"
    return f"{name}_2" if name.lower() in taken else name


def _lengths(raw: RawFile, data: bytes) -> dict[str | None, int | None]:
    """Return the most frequent length of each point's intervals, None if not in whole minutes."""
    values = raw.layout.parsed(data, raw.name).values
    points = [channel.point or "" for channel in raw.outline.channels]
    point_of = values["channel"].map(dict(enumerate(points)))
    seconds = (values["end"] - values["start"]).dt.total_seconds()
    usual = seconds.groupby(point_of).agg(lambda lengths: lengths.mode().iloc[0])
    return {
        point or None: None if length % 60 else int(length // 60) for point, length in usual.items()
    }


def _is_shown(name: str, meters: Sequence[NewMeter]) -> bool:
    """Whether a column is needed: optional ones where a row is not as by default."""
    is_optional = name in DEFAULTS and name != "channel_unit"
    return not is_optional or any(_cells(meter.row)[name] != DEFAULTS[name] for meter in meters)


def _cells(row: MeterRow) -> dict[str, str]:
    return {name: str(getattr(row, "feeder" if name == "sta" else name)) for name in COLUMNS}
