"""Put files that arrive together in the order in which they are accepted. Knows files, not tables.

Where two files of a feeder have the same intervals, the one that is accepted last counts. It is the
one with the later records of the meter; else the one that was written later; else the one that ends
later, begins later, has more energy, or the higher sha256. Neither names nor the order in which a
folder lists its files decide. Of files in different units the one with more energy goes first: it
is accepted, and the other is refused.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from ingest.layouts.interface import RawFile
from ingest.other_units import factor_between

# Files that are copied together get times as close as this, and FAT keeps no shorter ones.
COPIED_TOGETHER_NS = 2_000_000_000
MOST_REASONS = 10  # of a file, kept in the ledger


Arrival = tuple[Path, str]  # a file and the feeder that it has rows of
Reasons = dict[Arrival, dict[Arrival, str]]


def in_order(files: list[RawFile]) -> tuple[list[RawFile], Reasons]:
    """Return files in the order of acceptance, and why one counts before each that it meets.

    Whether both are accepted is not known here: see `in_words`.
    """
    files = sorted(files, key=_by_content)
    before: dict[int, set[int]] = defaultdict(set)
    reasons: Reasons = defaultdict(dict)
    for first, second in _meeting(files):
        earlier, later, why = _compared(files[first], files[second])
        is_swapped = earlier is not files[first]
        before[first if is_swapped else second].add(second if is_swapped else first)
        reasons[arrival(later)][arrival(earlier)] = (
            f"{later.name} counts before {earlier.name}: {why}"
        )
    return [files[place] for place in _sorted(len(files), before)], reasons


def arrival(raw: RawFile) -> Arrival:
    """Return what tells files that arrive together apart, and the parts of one."""
    return raw.path, raw.feeder


def in_words(reasons: Reasons, raw: RawFile, accepted: set[Arrival]) -> str | None:
    """Return why a file counts before those accepted until now; None if it meets none."""
    found = [why for earlier, why in reasons.get(arrival(raw), {}).items() if earlier in accepted]
    return "; ".join(found[:MOST_REASONS]) or None


def _by_content(raw: RawFile) -> tuple:
    """Return a sort key from what a file holds: what ends later counts more.

    The parts of a file stay together.
    """
    span = raw.outline.first_start, raw.outline.last_end
    start, end = raw.part.span if raw.part else span
    return end or datetime.min, start or datetime.min, raw.sha256, raw.name, raw.feeder


def _meeting(files: list[RawFile]) -> Iterator[tuple[int, int]]:
    """Yield the places of every two files of one feeder that share time but not all bytes."""
    places = defaultdict(list)
    for place, raw in enumerate(files):
        if raw.outline.first_start and raw.outline.last_end and not raw.problem:
            places[raw.kind, raw.feeder].append(place)
    for found in places.values():
        open_: list[int] = []
        for place in sorted(found, key=lambda place: (files[place].outline.first_start, place)):
            raw = files[place]
            open_ = [
                other for other in open_ if files[other].outline.last_end > raw.outline.first_start
            ]
            for other in open_:
                if files[other].sha256 != raw.sha256:
                    yield min(place, other), max(place, other)
            open_.append(place)


def _compared(first: RawFile, second: RawFile) -> tuple[RawFile, RawFile, str]:
    """Return which of two files goes first, which second, and why; `second` ends later or alike."""
    factor = factor_between(first, second)
    if factor:
        larger, smaller = (first, second) if factor < 1 else (second, first)
        return larger, smaller, "it is in another unit"
    at, numbers = _records(first, second)
    if numbers[0] != numbers[1]:
        (low, earlier), (high, later) = sorted(
            zip(numbers, (first, second), strict=True), key=lambda pair: pair[0]
        )
        why = f"its records are later (Record No. {high} against {low} at {at:%Y-%m-%d %H:%M})"
        return earlier, later, why
    if abs(first.modified_ns - second.modified_ns) >= COPIED_TOGETHER_NS:
        earlier, later = sorted((first, second), key=lambda raw: raw.modified_ns)
        why = (
            f"it was written later ({_written(later)} against {_written(earlier)} UTC, a weak "
            "sign, for copies may keep or lose such times)"
        )
        return earlier, later, why
    for name, what in (("last_end", "ends"), ("first_start", "begins")):
        if getattr(first.outline, name) != getattr(second.outline, name):
            return first, second, f"it {what} later"
    energies = _delivered_in(first), _delivered_in(second)
    if energies[0] != energies[1]:
        earlier, later = (first, second) if energies[0] < energies[1] else (second, first)
        why = "nothing says which is the later one, and it has more energy: the safe side of a plan"
        return earlier, later, why
    why = "nothing says which is the later one, so the order of their sha256 decided"
    return first, second, why


def _records(first: RawFile, second: RawFile) -> tuple[datetime, tuple[int, int]]:
    """Return the first time that both have and its records' numbers; equal if undecided.

    Files that both count their rows from 0 or 1 have no records of a meter.
    """
    at = max(first.outline.first_start, second.outline.first_start)
    starts = first.outline.first_record, second.outline.first_record
    if None in starts or max(starts) <= 1:
        return at, (0, 0)
    numbers = []
    for raw in (first, second):
        is_first = raw.outline.first_start == at
        row = (raw.outline.first_record,) if is_first else raw.layout.first_row_at(raw, at)
        if row is None or row[0] is None:
            return at, (0, 0)
        numbers.append(row[0])
    return at, (numbers[0], numbers[1])


def _delivered_in(raw: RawFile) -> Decimal:
    """Return the sum of the delivered values that can be read in a file."""
    rows = raw.layout.values_by_time(raw).values()
    return sum((values[0] for values in rows if values[0]), Decimal(0))


def _written(raw: RawFile) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=raw.modified_ns // 1000)
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _sorted(count: int, before: dict[int, set[int]]) -> Iterator[int]:
    """Yield places 0 to count - 1, each after those before it; in a circle, the lowest first."""
    waiting = list(range(count))
    done: set[int] = set()
    while waiting:
        ready = next((place for place in waiting if before[place] <= done), waiting[0])
        waiting.remove(ready)
        done.add(ready)
        yield ready
