"""Name moments of UTC on a zone's clock: ticks of a time axis and times in words. Draws nothing.

The axis is UTC, so that an hour that comes twice has two places; its labels are the clock's.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MOST_TICKS = 12
MINUTES = (5, 15, 30, 60, 180, 360, 720)
DAYS = (1, 2, 7, 14)
MONTHS = (1, 3, 6, 12, 24, 60, 120, 240)
QUARTER_HOUR = 15  # minutes; offsets of zones are whole ones


def ticks(start: float, until: float, zone: str, most: int = MOST_TICKS) -> dict[float, str]:
    """Return a label for each tick between two moments (ms), at most about `most` of them."""
    minutes = (until - start) / 60_000
    step = next((step for step in MINUTES if minutes <= step * most), None)
    if step:
        return _labelled(_minutes(start, until, zone, step), "%H:%M", "%Y-%m-%d")
    step = next((step for step in DAYS if minutes <= step * 1440 * most), None)
    if step:
        return _labelled(_days(start, until, zone, step), "%m-%d", "%Y")
    step = next((step for step in MONTHS if minutes <= step * 43_800 * most), MONTHS[-1])
    form = ("%Y-%m", "") if step < 12 else ("%Y", "")
    return _labelled(_months(start, until, zone, step), *form)


def local(moment: float, zone: str) -> datetime:
    """Return a moment (ms) on the clock."""
    return datetime.fromtimestamp(moment / 1000, UTC).astimezone(ZoneInfo(zone))


def moment_of(text: str, zone: str) -> float:
    """Return the moment (ms) that a date, or a date and time of the clock, names.

    Raises ValueError for anything else. Of an hour that comes twice, the first is meant.
    """
    found = datetime.fromisoformat(text.strip())
    return found.replace(tzinfo=found.tzinfo or ZoneInfo(zone)).timestamp() * 1000


def in_words(moment: float, zone: str) -> str:
    """`2024-11-03 01:30`, and which of two it is if the clock shows that time twice."""
    at = local(moment, zone)
    twice = at.utcoffset() != at.replace(fold=1 - at.fold).utcoffset() and at.fold == 0
    is_first = twice and at.replace(fold=1).utcoffset() < at.utcoffset()
    return f"{at:%Y-%m-%d %H:%M}{' (second)' if at.fold else ' (first)' if is_first else ''}"


def _minutes(start: float, until: float, zone: str, step: int) -> Iterator[datetime]:
    every = min(step, QUARTER_HOUR) * 60_000
    moment = -(-start // every) * every
    while moment <= until:
        at = local(moment, zone)
        if (at.hour * 60 + at.minute) % step == 0:
            yield at
        moment += every


def _days(start: float, until: float, zone: str, step: int) -> Iterator[datetime]:
    day, last = local(start, zone).date(), local(until, zone).date()
    while day <= last:
        if day.toordinal() % step == 0:
            yield _midnight(day, zone)
        day += timedelta(days=1)


def _months(start: float, until: float, zone: str, step: int) -> Iterator[datetime]:
    first, last = local(start, zone), local(until, zone)
    for number in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        if number % step == 0:
            yield _midnight(date(number // 12, number % 12 + 1, 1), zone)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))


def _labelled(moments: Iterator[datetime], form: str, context: str) -> dict[float, str]:
    """Label moments; the first one, and each with another date or year, has that below it."""
    labels, last = {}, ""
    for at in moments:
        label, below = at.strftime(form), at.strftime(context)
        if at.fold:
            label += " again"
        labels[at.timestamp() * 1000] = label if below == last else f"{label}\n{below}"
        last = below
    return labels
