"""Classify why rows of a file do not follow one another. Knows times and zones, no words."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo

from ingest.clock_changes import (
    change_within,
    fewest_zones,
    is_clock_step,
    is_repeated,
    is_skipped,
    real_time_between,
    zones_with_change,
)

ZERO = timedelta(0)
YEAR = timedelta(days=366)
MOST_JITTER = timedelta(minutes=1)  # of a joint, as in rules/sequence.sql


@dataclass(frozen=True)
class Row:
    """A row of a file: where it is, its times and its values."""

    line: int
    record: int | None
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
    `differing` that of rows with other values, of which `pair` is the first: the earlier row and
    the later one. `is_whole`: nothing but whole intervals is missing, and it is clear which.
    """

    kind: str
    line: int
    record: int | None
    start: datetime
    end: datetime
    previous_end: datetime
    timezone: str
    count: int = 1
    differing: int = 0
    zones: tuple[str, ...] = ()
    pair: tuple[Row, Row] | None = None
    is_whole: bool = False


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
    rows: Sequence[Row], broken: Iterable[int], clock: str | None
) -> tuple[tuple[Break, ...], Release]:
    """Explain the rows at the positions `broken`, of a meter whose clock is that of a zone.

    Without one the times are UTC, and no clock that was put explains a break.
    """
    timezone = clock or "UTC"
    zone = ZoneInfo(timezone)
    step = _step(rows)
    positions = sorted(set(broken))
    whole = _whole_file(rows, positions, timezone)
    breaks = [whole] if whole else _breaks(rows, positions, timezone, step)
    return _with_zones(breaks, timezone, is_utc=clock is None), _release(rows, zone, step)


def _step(rows: Sequence[Row]) -> timedelta:
    """Return the usual length of a row."""
    lengths = Counter(row.end - row.start for row in rows if row.end > row.start)
    return lengths.most_common(1)[0][0] if lengths else timedelta(minutes=15)


def _break(kind: str, rows: Sequence[Row], position: int, timezone: str, **more) -> Break:
    row, before = rows[position], rows[max(position - 1, 0)]
    return Break(kind, row.line, row.record, row.start, row.end, before.end, timezone, **more)


def _whole_file(rows: Sequence[Row], positions: list[int], timezone: str) -> Break | None:
    """Return the one fault of a file whose rows run backwards, or belong to two meters in turn."""
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
    """Return kind and numbers of one break; None where a repeated block ends."""
    row = rows[position]
    if row.end <= row.start:
        turned = row.start + step - row.end
        return ("clock_back_within" if is_clock_step(turned) else "backward_row"), {}
    forward = change_within(row.start, row.end, step)
    if forward and row.start == rows[position - 1].end:
        return "clock_forward_within", {"count": forward[1]}
    before = rows[position - 1]
    if abs(row.start - before.end) > YEAR:
        return "years", {"count": round(abs(row.start - before.end) / step)}
    if (row.start, row.end) == (before.start, before.end):
        if is_repeated(zone, row.start):
            return "interleaved_hour", {}
        if row.values == before.values:
            return "doubled", {}
        return "contradiction", {"pair": (before, row)}
    if row.start == furthest > before.end:
        return None
    if row.start > furthest:
        if is_skipped(zone, row.start):
            return "skipped_hour", {}
        missing = round(real_time_between(zone, furthest, row.start) / step)
        kind = "clock_forward" if is_clock_step(row.start - before.end) else "hole"
        is_whole = _is_whole(before, row, zone, step)
        return (kind, {"count": missing, "is_whole": is_whole}) if missing else ("misfit", {})
    again = list(takewhile(lambda later: later.start in first_of, rows[position:]))
    pairs = ((first_of[later.start], later) for later in again)
    differing = [pair for pair in pairs if pair[0].values != pair[1].values]
    count = len(again)
    more = {"count": count, "differing": len(differing), "pair": (*differing, None)[0]}
    if is_clock_step(before.end - row.start) and count * step >= before.end - row.start:
        return "clock_back", more
    if not count:
        return "misfit", {}
    return ("block" if differing else "repeated_block"), more


def _is_whole(before: Row, row: Row, zone: ZoneInfo, step: timedelta) -> bool:
    """Whether whole intervals are missing between two rows, up to the jitter of a clock.

    In the hour that a clock repeats only neighbours tell which pass a row is of.
    """
    if is_repeated(zone, before.start) or is_repeated(zone, row.start):
        return False
    missing = real_time_between(zone, before.end, row.start)
    odd = abs(missing - round(missing / step) * step)
    return odd <= MOST_JITTER and odd * 4 < step


def _with_zones(breaks: list[Break], timezone: str, *, is_utc: bool) -> tuple[Break, ...]:
    """Name the zones that fit the jumps of a clock; a jump that fits none is something else."""
    clocks = [b for b in breaks if b.kind.startswith("clock_") and not is_utc]
    jumps = {b: _jump(b) for b in clocks}
    fitting = {b: zones_with_change(*jump) for b, jump in jumps.items()}
    common = [set(zones) for zones in fitting.values() if zones]
    shared = set.intersection(*common) if common else set()
    named = []
    for found in breaks:
        zones = [name for name in fitting.get(found, ()) if not shared or name in shared]
        if found.kind.startswith("clock_") and not zones:
            found = replace(found, kind=_otherwise(found))
        named.append(replace(found, zones=fewest_zones(zones, timezone, found.start)))
    return tuple(named)


def _jump(found: Break) -> tuple[datetime, int]:
    """Return when the clock would have been put, as it showed before, and by how many minutes."""
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
    between = (real_time_between(zone, first, then) for first, then in pairwise(sorted(of_start)))
    missing = sum(max(0, round(length / step) - 1) for length in between)
    return Release(
        rows=len(rows),
        missing=max(0, missing - second),
        repeats=repeats,
        replaced=replaced,
        undecided=_undecided(rows, zone),
    )


def _undecided(rows: Sequence[Row], zone: ZoneInfo) -> int:
    """Return how many rows are in repeated hours whose two passes do not follow one another."""
    of_day: dict[date, list[datetime]] = {}
    for row in rows:
        if is_repeated(zone, row.start):
            of_day.setdefault(row.start.date(), []).append(row.start)
    return sum(
        len(starts)
        for starts in of_day.values()
        if sum(then <= start for start, then in pairwise(starts)) > 1
    )
