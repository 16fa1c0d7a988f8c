"""Place the columns of a day a row: by the time in their headers, or by their number."""

import re
from dataclasses import dataclass
from itertools import pairwise

from ingest.layouts.delimited_text import Table
from ingest.layouts.layout_file import LayoutFile
from ingest.layouts.parsed import LayoutError

DAY_MINUTES = 1440
# The columns of a day; the next are those of the hour that a clock change adds.
OF_DAY = (24, 48, 96)


@dataclass(frozen=True)
class DayColumns:
    """Places of the columns, minutes from midnight to the starts, the length; which are extra.

    `numbered`: columns count the intervals that have passed since midnight, so that a day of 23 or
    25 hours has fewer or more; else their headers are labels of the clock.
    """

    places: tuple[int, ...]
    minutes: tuple[int, ...]
    extra: tuple[bool, ...]
    length: int
    numbered: bool


def day_columns(table: Table, layout: LayoutFile) -> DayColumns:
    """Return where the intervals of a day are in a table."""
    pattern = re.compile(layout.wide.columns, re.IGNORECASE)
    found = [(place, pattern.fullmatch(text)) for place, text in enumerate(table.header)]
    matched = [(place, match) for place, match in found if match is not None]
    if len(matched) not in layout.wide.counts:
        expected = ", ".join(str(count) for count in layout.wide.counts)
        values = {"column": f"{expected} times", "count": len(matched)}
        raise LayoutError("layout_columns", values=values)
    places = tuple(place for place, _ in matched)
    if "n" in pattern.groupindex:
        return _numbered(places, [int(match["n"]) for _, match in matched])
    labels = [
        int(match["hour"]) * 60 + int(match.groupdict().get("minute") or 0) for _, match in matched
    ]
    steps = {(b - a) % DAY_MINUTES for a, b in pairwise(labels)}
    if len(steps) != 1 or DAY_MINUTES % (step := steps.pop() or DAY_MINUTES):
        raise LayoutError(
            "layout_columns", values={"column": "times in order", "count": len(labels)}
        )
    back = step if layout.time.labels == "end" else 0
    first = labels[0] - back
    minutes = tuple(first + step * number for number in range(len(labels)))
    return DayColumns(places, minutes, (False,) * len(labels), step, False)


def _numbered(places: tuple[int, ...], numbers: list[int]) -> DayColumns:
    """Return the columns of a day that are counted, from 0 or 1."""
    count = len(numbers)
    if numbers != list(range(numbers[0], numbers[0] + count)) or numbers[0] not in (0, 1):
        raise LayoutError("layout_columns", values={"column": "numbers in order", "count": count})
    whole = max((day for day in OF_DAY if day <= count), default=count)
    length = DAY_MINUTES // whole
    minutes = tuple(length * number for number in range(count))
    extra = tuple(number >= whole for number in range(count))
    return DayColumns(places, minutes, extra, length, True)
