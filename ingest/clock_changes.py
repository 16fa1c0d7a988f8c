"""Find the changes of clocks that explain a jump in a file. Knows time zones, no rows."""

from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

# One zone of each kind that is named first where several fit.
WELL_KNOWN = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "Europe/London",
    "Europe/Paris",
    "Europe/Helsinki",
    "Australia/Sydney",
)
MOST_ZONES = 4


def is_clock_step(length: timedelta) -> bool:
    """Whether clocks are put forward or back by as much."""
    return length in (timedelta(hours=1), timedelta(minutes=30))


def zones_with_change(at: datetime, minutes: int) -> list[str]:
    """Return the zones whose clocks are put by so many minutes when they show `at`."""
    return _changes_in(at.year).get((at, minutes), [])


def change_within(start: datetime, end: datetime, step: timedelta) -> tuple[datetime, int] | None:
    """Return the change of some zone's clock within a row whose End Time is already that after it.

    It is the time at which the clock is put forward, as it shows before, and by how many minutes.
    `step` is the usual length of a row.
    """
    longer = end - start - step
    if not is_clock_step(longer):
        return None
    minutes = longer // timedelta(minutes=1)
    changes = [at for at, by in _changes_in(start.year) if by == minutes]
    return next(((at, minutes) for at in changes if start < at <= start + step), None)


@cache
def _changes_in(year: int) -> dict[tuple[datetime, int], list[str]]:
    """Return all changes of clocks in a year: time as shown before, minutes -> zones, the
    well-known first."""
    names = sorted(name for name in available_timezones() if "/" in name and name[:3] != "Etc")
    found: dict[tuple[datetime, int], list[str]] = {}
    for name in dict.fromkeys((*(name for name in WELL_KNOWN if name in names), *names)):
        zone = ZoneInfo(name)
        weeks = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(weeks=n) for n in range(-1, 54)]
        for start, end in pairwise(weeks):
            if _offset(zone, start) != _offset(zone, end):
                change = _change(zone, start, end)
                found.setdefault(change, []).append(name)
    return found


def _change(zone: ZoneInfo, low: datetime, high: datetime) -> tuple[datetime, int]:
    """Return the change of a clock between two moments: its time as shown before, its minutes."""
    before = _offset(zone, low)
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) // timedelta(minutes=2) * timedelta(minutes=1)
        low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
    shown = high.replace(tzinfo=None) + before
    return shown, (_offset(zone, high) - before) // timedelta(minutes=1)


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset()


def fewest_zones(zones: list[str], timezone: str, at: datetime) -> tuple[str, ...]:
    """Return the zone with the declared standard time; else one for each standard time."""
    declared = _standard(timezone, at)
    of_offset: dict[timedelta, str] = {}
    for name in zones:
        of_offset.setdefault(_standard(name, at), name)
    if declared in of_offset:
        return (of_offset[declared],)
    return tuple(of_offset.values())[:MOST_ZONES]


def _standard(name: str, at: datetime) -> timedelta:
    """Return a zone's offset from UTC in standard time, in the year of `at`."""
    zone = ZoneInfo(name)
    return min(datetime(at.year, month, 15, tzinfo=zone).utcoffset() for month in (1, 7))


def is_skipped(zone: ZoneInfo, at: datetime) -> bool:
    """Whether a zone's clock never shows this time."""
    return at.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) != at


def is_repeated(zone: ZoneInfo, at: datetime) -> bool:
    """Whether a zone's clock shows this time twice."""
    first, second = (at.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return first > second


def real_time_between(zone: ZoneInfo, start: datetime, end: datetime) -> timedelta:
    """Return the time that passes from one time on a zone's clock to another."""
    return end.replace(tzinfo=zone).astimezone(UTC) - start.replace(tzinfo=zone).astimezone(UTC)
