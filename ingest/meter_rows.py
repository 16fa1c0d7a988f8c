"""Check one row of meter-data.csv. Knows its columns and what is allowed in them, not the file."""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

CHANNEL_UNITS = ("W", "kW", "MW", "Wh", "kWh", "MWh")
INTERVAL_MINUTES = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60)
MOST_REGISTER_DIGITS = 12
DIRECTIONS = ("both", "delivered", "received")
REQUIRED = ("sta", "meter", "multiplier")
DEFAULTS = {
    "channel_unit": "W",
    "interval_minutes": "15",
    "timezone": "UTC",
    "valid_from": "",
    "valid_to": "",
    "total_factor": "1",
    "rating_mva": "",
    "channel": "",
    "directions": "both",
    "register_multiplier": "",
    "register_digits": "",
}
COLUMNS = (*REQUIRED, *DEFAULTS)
DATES = ("valid_from", "valid_to")
NUMBERS = ("multiplier", "total_factor", "rating_mva", "register_multiplier")
ALLOWED = {
    "sta": "a name that can be a file name, without '-' at either end, and not ending in '_gaps' "
    "or '_final'",
    "meter": "the meter's serial number, of which a spreadsheet has made no number",
    "channel_unit": ", ".join(CHANNEL_UNITS),
    "interval_minutes": ", ".join(map(str, INTERVAL_MINUTES)),
    "timezone": "an IANA time zone such as America/Denver, Etc/GMT+7 or UTC",
    **dict.fromkeys(DATES, "empty, YYYY-MM-DD or YYYY-MM-DD HH:MM[:SS] on the meter's clock"),
    "multiplier": "a positive number below 10^9 with at most 6 decimals",
    "total_factor": "a number between -1000 and 1000, at most 6 decimals",
    "rating_mva": "empty or a positive number of MVA with at most 6 decimals",
    "channel": "empty, or codes of channels in the meter's files with blanks between, as E1 B1",
    "directions": ", ".join(DIRECTIONS),
    "register_multiplier": "empty (as multiplier) or a positive number below 10^9 with at most 6 "
    "decimals",
    "register_digits": f"empty or a whole number from 1 to {MOST_REGISTER_DIGITS}, the digits of "
    "the register before its decimal point",
}
# In place of what can be read in two ways, so that it is reported once.
SOME_VALUE = {**dict.fromkeys(DATES, ""), **dict.fromkeys(NUMBERS, "1")}
# What a spreadsheet makes of a long serial number.
ROUNDED = re.compile(r"\d[.,]\d+[eE]\+\d+")
DATE_FORMATS = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")
# A feeder's name becomes a file name (lp/<feeder>.csv) on Windows as well.
FEEDER_PATTERN = re.compile(r"[^<>:\"/\\|?*]*[^<>:\"/\\|?*. ]")
MOST_FEEDER_BYTES = 200
# What Decimal() would also take: 1_000, digits of other scripts, Infinity.
NUMBER_PATTERN = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
RESERVED_ON_WINDOWS = {
    *("con", "prn", "aux", "nul"),
    *(f"{p}{i}" for p in ("com", "lpt") for i in range(10)),
}
# Names of the sum of all feeders and of files of all of them.
RESERVED = {"total", "all", "monthly"}
# Names of plots of all feeders, which are beside lp/plots/<feeder>.png. Plots are made by a package
# that imports this one; a test compares these names with its catalog.
RESERVED_FOR_PLOTS = {"heat-map", "load-duration", "typical-day", "by-month", "gap-calendar"}


@dataclass(frozen=True)
class MeterRow:
    """One row of meter-data.csv: a feeder's meter for one period of validity.

    `multiplier` turns a raw value into `channel_unit`; `valid_from`/`valid_to` are on the meter's
    own clock, half open, None = unbounded; `total_factor` is the weight in the combined total;
    `rating_mva` the thermal rating in MVA. `channel` names the channels to use where a file has
    several; the direction that `directions` leaves out is 0 in files that have no channel for it.
    `register_multiplier` turns the registers into kWh, kVAh and kvarh, None = as `multiplier`;
    after `register_digits` digits they begin again at 0. `row` is the line number in the file.
    """

    row: int
    feeder: str
    meter: str
    multiplier: Decimal
    channel_unit: str
    interval_minutes: int
    timezone: str
    valid_from: datetime | None
    valid_to: datetime | None
    total_factor: Decimal
    rating_mva: Decimal | None
    channel: str = ""
    directions: str = "both"
    register_multiplier: Decimal | None = None
    register_digits: int | None = None


def checked_row(number: int, cells: dict[str, str], problems: list[str]) -> MeterRow | None:
    """Turn one row's cells into a MeterRow, or add what is wrong to `problems` and return None."""
    values = DEFAULTS | {name: value for name, value in cells.items() if value}
    found = _parsed(values)
    wrong = [column for column, is_good in _checks(values, found).items() if not is_good]
    problems += [
        f"row {number}, column {column!r}, value {values.get(column, '')!r}: allowed is "
        f"{_allowed(column, found)}"
        for column in wrong
    ]
    return None if wrong else MeterRow(row=number, **found)


def _parsed(values: dict[str, str]) -> dict[str, object]:
    """Return the values of a MeterRow by their names, None for what cannot be read."""
    minutes, digits = values["interval_minutes"], values["register_digits"]
    return {
        "feeder": values.get("sta", ""),
        "meter": values.get("meter", ""),
        "multiplier": _decimal(values.get("multiplier", "")),
        "channel_unit": values["channel_unit"],
        "interval_minutes": int(minutes) if minutes in map(str, INTERVAL_MINUTES) else None,
        "timezone": values["timezone"],
        "valid_from": date_time(values["valid_from"]),
        "valid_to": date_time(values["valid_to"]),
        "total_factor": _decimal(values["total_factor"]),
        "rating_mva": _decimal(values["rating_mva"]),
        "channel": values["channel"],
        "directions": values["directions"].lower(),
        "register_multiplier": _decimal(values["register_multiplier"]),
        "register_digits": int(digits) if re.fullmatch("[0-9]{1,2}", digits) else None,
    }


def _checks(values: dict[str, str], found: dict) -> dict[str, bool]:
    """Return whether the value of each column is allowed."""
    meter, multiplier, rating = found["meter"], found["multiplier"], found["rating_mva"]
    start, end, register = found["valid_from"], found["valid_to"], found["register_multiplier"]
    return {
        "sta": is_feeder_name(found["feeder"]),
        "meter": bool(meter) and meter.isprintable() and not ROUNDED.fullmatch(meter),
        "multiplier": _fits(multiplier, 9, 6) and multiplier > 0,
        "channel_unit": found["channel_unit"] in CHANNEL_UNITS,
        "interval_minutes": found["interval_minutes"] is not None,
        "timezone": is_zone(found["timezone"]),
        "valid_from": not values["valid_from"] or start is not None,
        "valid_to": not values["valid_to"] or (end is not None and (not start or start < end)),
        "total_factor": _fits(found["total_factor"], 3, 6),
        "rating_mva": not values["rating_mva"] or (_fits(rating, 9, 6) and rating > 0),
        "channel": found["channel"].isprintable(),
        "directions": found["directions"] in DIRECTIONS,
        "register_multiplier": not values["register_multiplier"]
        or (_fits(register, 9, 6) and register > 0),
        "register_digits": not values["register_digits"]
        or (found["register_digits"] or 0) in range(1, MOST_REGISTER_DIGITS + 1),
    }


def _allowed(column: str, found: dict) -> str:
    """Return what is allowed in a column."""
    if column == "sta" and found["feeder"].casefold() in RESERVED:
        return "any other name: 'all', 'monthly' and 'total' stand for all feeders together"
    if column == "sta" and found["feeder"].casefold() in RESERVED_FOR_PLOTS:
        return "any other name: lp/plots has a plot of all feeders with this name"
    if column == "valid_to" and found["valid_to"]:
        return "a time after valid_from"
    return ALLOWED[column]


def is_feeder_name(name: str) -> bool:
    """Whether a feeder can have this name: it becomes a file name, and some are taken."""
    lower = name.lower()
    return (
        bool(FEEDER_PATTERN.fullmatch(name))
        and name.isprintable()
        and name == name.strip("-")
        and len(name.encode()) <= MOST_FEEDER_BYTES
        and name.casefold() not in RESERVED | RESERVED_FOR_PLOTS
        and lower.split(".")[0].strip() not in RESERVED_ON_WINDOWS
        and not lower.endswith(("_gaps", "_final"))
    )


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if NUMBER_PATTERN.fullmatch(text) else None


def _fits(value: Decimal | None, digits_before: int, digits_after: int) -> bool:
    return (
        value is not None
        and abs(value) < 10**digits_before
        and value == value.quantize(Decimal(1).scaleb(-digits_after))
    )


def is_zone(name: str) -> bool:
    """Whether the IANA database has a time zone of this name."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError on some platforms
        return False
    except KeyError:
        return False
    return True


def date_time(text: str) -> datetime | None:
    """Parse a date, or a date and a time; None if it is neither."""
    for form in DATE_FORMATS:
        try:
            return datetime.strptime(text.replace("T", " "), form)
        except ValueError:
            continue
    return None
