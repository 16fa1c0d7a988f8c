"""List every zone's clock, day by day, so that SQL turns local time into UTC with a plain join.

A table instead of an engine's own time-zone function: the same answer on every engine, and the
repeated hour of autumn can be told apart by the order of records, which no such function does.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import duckdb

# Two-digit years are read as 1969 to 2068 (POSIX strptime).
FIRST_DAY = date(1969, 1, 1)
LAST_DAY = date(2068, 12, 31)

ClockDay = tuple[str, date, int, datetime | None, int | None]


def clock_days(timezone: str, first: date = FIRST_DAY, last: date = LAST_DAY) -> Iterator[ClockDay]:
    """Yield (timezone, local day, minutes from UTC at its start, moment of change, minutes after).

    The moment is on the clock before the change; both last values are None on a day
    without a change, which is every day of a fixed zone. Source: the IANA database (PEP 615).
    """
    zone = ZoneInfo(timezone)
    day = first
    offset = _offset(zone, day)
    while day <= last:
        following = day + timedelta(days=1)
        next_offset = _offset(zone, following)
        if next_offset == offset:
            yield timezone, day, offset, None, None
        else:
            yield timezone, day, offset, _change(zone, day, offset, next_offset), next_offset
        day, offset = following, next_offset


@cache
def _every_day(timezone: str) -> list[ClockDay]:
    """Return all of a zone's days, computed once a process."""
    return list(clock_days(timezone))


def _offset(zone: ZoneInfo, day: date) -> int:
    """Return minutes from UTC at the first moment of a local day, for readings that start it."""
    seconds = datetime(day.year, day.month, day.day, tzinfo=zone).utcoffset().total_seconds()
    return int(seconds // 60)


def _change(zone: ZoneInfo, day: date, offset: int, next_offset: int) -> datetime:
    """Return the wall time, on the clock before the change, of a day's one change."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(minutes=offset)
    low, high = -1, 24 * 60 - (next_offset - offset)
    while high - low > 1:
        middle = (low + high) // 2
        moment = (start + timedelta(minutes=middle)).astimezone(zone)
        if moment.utcoffset() == timedelta(minutes=offset):
            low = middle
        else:
            high = middle
    return datetime(day.year, day.month, day.day) + timedelta(minutes=high)


def save_clock_days(con: duckdb.DuckDBPyConnection, timezones: Iterable[str]) -> None:
    """Make raw.clock_days hold exactly the given zones, as the IANA database has them today."""
    wanted = set(timezones)
    con.execute("delete from raw.clock_days where timezone not in (select unnest(?))", [[*wanted]])
    for name in sorted(wanted):
        days = _every_day(name)
        held = con.execute(
            "select * from raw.clock_days where timezone = ? order by local_date", [name]
        ).fetchall()
        if held != days:
            con.execute("delete from raw.clock_days where timezone = ?", [name])
            con.execute(
                f"insert into raw.clock_days select {', '.join(['unnest(?)'] * 5)}",
                [list(column) for column in zip(*days, strict=True)],
            )
