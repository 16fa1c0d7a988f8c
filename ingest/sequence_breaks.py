"""Tell apart why rows of a file do not follow one another. Knows times and zones, no words."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

ZERO = timedelta(0)
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
YEAR = timedelta(days=366)


@dataclass(frozen=True)
class Row:
    """A row of a file: where it is, its times and its values."""

    line: int
    record: int
    start: datetime
    end: datetime
    values: tuple


@dataclass(frozen=True)
class Break:
    """A row that does not follow the one before, and why.

    Kinds: hole; years (more than one from the row before); doubled (the row before again);
    contradiction (its times, other values); repeated_block (earlier rows again); block (their
    times, other values); misfit; newest_first; two_meters; clock_forward, clock_back,
    clock_forward_within and clock_back_within a row (a change that the meter's zone does not make;
    `count` is the minutes by which the clock is put forward within); skipped_hour;
    interleaved_hour; backward_row. `count` is the number of missing intervals or of rows,
    `differing` that of rows with other values.
    """

    kind: str
    line: int
    record: int
    start: datetime
    end: datetime
    previous_end: datetime
    timezone: str
    count: int = 1
    differing: int = 0
    zones: tuple[str, ...] = ()


@dataclass(frozen=True)
class Release:
    """What becomes of a file's rows if it is released.

    `missing` intervals stay a gap, `repeats` equal another row of the same start, `replaced` differ
    from a later one of the same start, `undecided` are in a repeated hour whose order is not known.
    """

    rows: int
    missing: int
    repeats: int
    replaced: int
    undecided: int


def explain(
    rows: Sequence[Row], broken: Iterable[int], timezone: str
) -> tuple[tuple[Break, ...], Release]:
    """Explain the rows at the positions `broken`, of a meter whose clock is that of `timezone`."""
    zone = ZoneInfo(timezone)
    step = _step(rows)
    positions = sorted(set(broken))
    whole = _whole_file(rows, positions, timezone)
    breaks = [whole] if whole else _breaks(rows, positions, timezone, step)
    return _with_zones(breaks, timezone), _release(rows, zone, step)


def _step(rows: Sequence[Row]) -> timedelta:
    """The usual length of a row."""
    lengths = Counter(row.end - row.start for row in rows if row.end > row.start)
    return lengths.most_common(1)[0][0] if lengths else timedelta(minutes=15)


def _break(kind: str, rows: Sequence[Row], position: int, timezone: str, **more) -> Break:
    row, before = rows[position], rows[max(position - 1, 0)]
    return Break(kind, row.line, row.record, row.start, row.end, before.end, timezone, **more)


def _whole_file(rows: Sequence[Row], positions: list[int], timezone: str) -> Break | None:
    """The one fault of a file whose rows run backwards, or belong to two meters in turn."""
    pairs = list(pairwise(rows))
    if sum(row.end == before.start for before, row in pairs) > len(pairs) / 2:
        return _break("newest_first", rows, positions[0], timezone, count=len(rows))
    zone = ZoneInfo(timezone)
    twins = sum(
        row.start == before.start and not is_repeated(zone, row.start) for before, row in pairs
    )
    other = sum(row.start == before.start and row.values != before.values for before, row in pairs)
    if twins >= 3 and twins >= 0.4 * len(rows) and other > twins / 2:
        return _break("two_meters", rows, positions[0], timezone, count=twins)
    return None


def _breaks(
    rows: Sequence[Row], positions: list[int], timezone: str, step: timedelta
) -> list[Break]:
    found: list[Break] = []
    zone = ZoneInfo(timezone)
    first_of: dict[datetime, Row] = {}
    furthest, seen = rows[0].end, 0
    for position in positions:
        for row in rows[seen:position]:
            first_of.setdefault(row.start, row)
            furthest = max(furthest, row.end if row.end > row.start else row.start + step)
        seen = position
        made = _one(rows, position, first_of, furthest, zone, step)
        if made is None:
            continue
        kind, more = made
        if kind == "interleaved_hour" and found and found[-1].kind == kind:
            found[-1] = replace(found[-1], count=found[-1].count + 1)
        else:
            found.append(_break(kind, rows, position, timezone, **more))
    return found or [_break("misfit", rows, positions[0], timezone)]


def _one(
    rows: Sequence[Row],
    position: int,
    first_of: dict[datetime, Row],
    furthest: datetime,
    zone: ZoneInfo,
    step: timedelta,
) -> tuple[str, dict] | None:
    """Kind and numbers of one break; None where a repeated block ends and the file goes on."""
    row = rows[position]
    if row.end <= row.start:
        turned = row.start + step - row.end
        return ("clock_back_within" if _is_clock(turned) else "backward_row"), {}
    forward = change_within(row.start, row.end, step)
    if forward and row.start == rows[position - 1].end:
        return "clock_forward_within", {"count": forward[1]}
    before = rows[position - 1]
    if abs(row.start - before.end) > YEAR:
        return "years", {"count": round(abs(row.start - before.end) / step)}
    if (row.start, row.end) == (before.start, before.end):
        if is_repeated(zone, row.start):
            return "interleaved_hour", {}
        return ("doubled" if row.values == before.values else "contradiction"), {}
    if row.start == furthest > before.end:
        return None
    if row.start > furthest:
        if is_skipped(zone, row.start):
            return "skipped_hour", {}
        missing = round(real(zone, furthest, row.start) / step)
        kind = "clock_forward" if _is_clock(row.start - before.end) else "hole"
        return (kind, {"count": missing}) if missing else ("misfit", {})
    count = differing = 0
    for again in rows[position:]:
        if again.start not in first_of:
            break
        count += 1
        differing += again.values != first_of[again.start].values
    more = {"count": count, "differing": differing}
    if _is_clock(before.end - row.start) and count * step >= before.end - row.start:
        return "clock_back", more
    if not count:
        return "misfit", {}
    return ("block" if differing else "repeated_block"), more


def _is_clock(length: timedelta) -> bool:
    """Whether clocks are put forward or back by as much."""
    return length in (timedelta(hours=1), timedelta(minutes=30))


def _with_zones(breaks: list[Break], timezone: str) -> tuple[Break, ...]:
    """Name the zones that fit the jumps of a clock; a jump that fits none is something else."""
    clocks = [b for b in breaks if b.kind.startswith("clock_")]
    jumps = {b: _jump(b) for b in clocks}
    fitting = {b: _zones_with_change(*jump) for b, jump in jumps.items()}
    common = [set(zones) for zones in fitting.values() if zones]
    shared = set.intersection(*common) if common else set()
    named = []
    for found in breaks:
        zones = [name for name in fitting.get(found, ()) if not shared or name in shared]
        if found.kind.startswith("clock_") and not zones:
            found = replace(found, kind=_otherwise(found))
        named.append(replace(found, zones=_fewest(zones, timezone, found.start)))
    return tuple(named)


def _jump(found: Break) -> tuple[datetime, int]:
    """When the clock would have been put, as it stood before, and by how many minutes."""
    if found.kind == "clock_back_within":
        return found.end + timedelta(hours=1), -60
    if found.kind == "clock_forward_within":
        step = found.end - found.start - timedelta(minutes=found.count)
        return change_within(found.start, found.end, step)
    minutes = (found.start - found.previous_end) // timedelta(minutes=1)
    return found.previous_end, minutes


def _otherwise(found: Break) -> str:
    if found.kind == "clock_forward":
        return "hole"
    if found.kind == "clock_back_within":
        return "backward_row"
    return "block" if found.differing else "repeated_block"


def _zones_with_change(at: datetime, minutes: int) -> list[str]:
    """The zones whose clocks are put by so many minutes when they show `at`, well-known first."""
    return _changes_in(at.year).get((at, minutes), [])


def change_within(start: datetime, end: datetime, step: timedelta) -> tuple[datetime, int] | None:
    """The change of some zone's clock that a row of `step` has in it whose end is as after it.

    It is when the clock is put forward, as it shows before, and by how many minutes.
    """
    longer = end - start - step
    if not _is_clock(longer):
        return None
    minutes = longer // timedelta(minutes=1)
    changes = [at for at, by in _changes_in(start.year) if by == minutes]
    return next(((at, minutes) for at in changes if start < at <= start + step), None)


@cache
def _changes_in(year: int) -> dict[tuple[datetime, int], list[str]]:
    """All changes of clocks in a year: time as shown before, minutes -> zones, well-known first."""
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
    """The change of a clock between two moments: its time as shown before, and its minutes."""
    before = _offset(zone, low)
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) // timedelta(minutes=2) * timedelta(minutes=1)
        low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
    shown = high.replace(tzinfo=None) + before
    return shown, (_offset(zone, high) - before) // timedelta(minutes=1)


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset()


def _fewest(zones: list[str], timezone: str, at: datetime) -> tuple[str, ...]:
    """The zone with the standard time that was declared; else one for each standard time."""
    declared = _standard(timezone, at)
    of_offset: dict[timedelta, str] = {}
    for name in zones:
        of_offset.setdefault(_standard(name, at), name)
    if declared in of_offset:
        return (of_offset[declared],)
    return tuple(of_offset.values())[:MOST_ZONES]


def _standard(name: str, at: datetime) -> timedelta:
    """A zone's offset from UTC in standard time, in the year of `at`."""
    zone = ZoneInfo(name)
    return min(datetime(at.year, month, 15, tzinfo=zone).utcoffset() for month in (1, 7))


def is_skipped(zone: ZoneInfo, at: datetime) -> bool:
    """Whether a zone's clock never shows this time."""
    return at.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) != at


def is_repeated(zone: ZoneInfo, at: datetime) -> bool:
    """Whether a zone's clock shows this time twice."""
    first, second = (at.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return first > second


def real(zone: ZoneInfo, start: datetime, end: datetime) -> timedelta:
    """The time that passes from one time on a zone's clock to another."""
    return end.replace(tzinfo=zone).astimezone(UTC) - start.replace(tzinfo=zone).astimezone(UTC)


def _release(rows: Sequence[Row], zone: ZoneInfo, step: timedelta) -> Release:
    of_start: dict[datetime, list[Row]] = {}
    for row in rows:
        of_start.setdefault(row.start, []).append(row)
    repeats = replaced = second = 0
    for start, group in of_start.items():
        if len(group) == 2 and is_repeated(zone, start):
            second += 1
            continue
        equal = sum(row.values == group[-1].values for row in group[:-1])
        repeats += equal
        replaced += len(group) - 1 - equal
    between = (real(zone, first, then) for first, then in pairwise(sorted(of_start)))
    missing = sum(max(0, round(length / step) - 1) for length in between)
    return Release(
        rows=len(rows),
        missing=max(0, missing - second),
        repeats=repeats,
        replaced=replaced,
        undecided=_undecided(rows, zone),
    )


def _undecided(rows: Sequence[Row], zone: ZoneInfo) -> int:
    """The rows in repeated hours whose two passes do not follow one another."""
    of_day: dict[date, list[datetime]] = {}
    for row in rows:
        if is_repeated(zone, row.start):
            of_day.setdefault(row.start.date(), []).append(row.start)
    return sum(
        len(starts)
        for starts in of_day.values()
        if sum(then <= start for start, then in pairwise(starts)) > 1
    )
