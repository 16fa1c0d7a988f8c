"""Read texts of times: one format for a whole file, or none. Knows columns of text, not files.

A text that two of a layout's formats read is settled by the rest of the file, never by preference.
"""

import re
from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pandas as pd

from ingest.layouts.parsed import LayoutError

SPACES = re.compile(r"\s+")
AM_PM = re.compile(r"\b([ap])\.?\s?m\b\.?", re.IGNORECASE)
OFFSET = re.compile(r"(?:Z|[+-]\d\d:?\d\d)$")
LATE_SECOND = re.compile(r"(?::|(?<![.,\d])\d{4,})6[01](?!\d)")  # of 60 or 61
MIDNIGHT = re.compile(r"(?<![\d:])24:00(:00)?(?![\d:])")
LETTERS = {
    **{"%Y": "YYYY", "%y": "YY", "%m": "MM", "%b": "Mon", "%d": "DD", "%H": "HH", "%I": "HH"},
    **{"%M": "MM", "%S": "SS", "%f": "ffffff", "%p": "AM/PM", "%z": "+HH:MM"},
}
MOST_FORMATS = 3  # in a letter
DAY = np.timedelta64(86_400_000_000, "us")
MINUTE = np.timedelta64(60_000_000, "us")
SECOND = np.timedelta64(1_000_000, "us")
Span = tuple[datetime, datetime]


def read_times(
    texts: Sequence[str],
    formats: Sequence[str],
    lines: Sequence[int],
    column: str,
    span: Span | None = None,
    contradicted_by: Sequence[str] = (),
) -> tuple[np.ndarray, dict[str, int]]:
    """Return the times of all texts; how many were 24:00, or not of the layout's first format."""
    codes, uniques = pd.factorize(np.asarray(texts, dtype=object))
    plain = [AM_PM.sub(r"\1M", SPACES.sub(" ", text)).strip() for text in uniques]
    is_late = np.array([MIDNIGHT.search(text) is not None for text in plain], dtype=bool)
    plain = [
        MIDNIGHT.sub(lambda m: "00:00" + ("" if m[1] is None else ":00"), text) for text in plain
    ]
    readings: dict[str, np.ndarray] = {}
    best: np.ndarray | None = None
    for form in formats:
        times = _read(plain, form)
        bad = np.isnat(times)
        if not bad.any():
            if not any(np.array_equal(times, other) for other in readings.values()):
                readings[form] = times
        elif best is None or bad.sum() < best.sum():
            best = bad
    if not readings:
        first = int(np.flatnonzero(best[codes])[0]) if best is not None else 0
        others = [form for form in contradicted_by if not np.isnat(_read(plain, form)).any()]
        code = "layout_other_date" if others else "layout_time"
        values = {"column": column, "text": texts[first], "formats": shown(others or formats)}
        raise LayoutError(code, lines[first], values=values)
    form = _settled(readings, span, texts, lines, column)
    times = readings[form]
    _refuse_contradiction(times, plain, contradicted_by, span, (column, texts, lines))
    times = np.where(is_late, times + DAY, times)
    other = len(texts) if form != formats[0] else 0
    return times[codes], {"label_24": int(is_late[codes].sum()), "other_time_format": other}


def shown(formats: Sequence[str]) -> str:
    """Return formats as a letter shows them: DD/MM/YYYY HH:MM."""
    texts = [re.sub("%.", lambda found: LETTERS.get(found[0], "?"), text) for text in formats]
    texts = list(dict.fromkeys(texts))
    more = " or one more form of the layout" if len(texts) > MOST_FORMATS else ""
    return " or ".join(texts[:MOST_FORMATS]) + more


def _read(texts: Sequence[str], form: str) -> np.ndarray:
    """Return the times that a format reads, NaT for the other texts."""
    try:
        read = pd.to_datetime(
            pd.Series(texts, dtype=object), format=form, errors="coerce", utc=True
        )
    except (ValueError, OverflowError):
        return np.full(len(texts), np.datetime64("NaT"), dtype="datetime64[us]")
    times = read.dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    if "%z" in form:  # pandas passes over the seconds of `+02:00:59`
        times[[OFFSET.search(text) is None for text in texts]] = np.datetime64("NaT")
    if "%S" in form and not np.isnat(times).all():  # pandas takes 03:00:60 for 03:01:00
        times[[_has_late_second(text) for text in texts]] = np.datetime64("NaT")
    return times


def _has_late_second(text: str) -> bool:
    return ("60" in text or "61" in text) and LATE_SECOND.search(text) is not None


def _settled(
    readings: dict[str, np.ndarray],
    span: Span | None,
    texts: Sequence[str],
    lines: Sequence[int],
    column: str,
) -> str:
    """Return the one format that the span in the file's name, or the unbroken sequence, leaves."""
    left = list(readings)
    if len(left) > 1 and span is not None:
        left = [form for form in left if _is_in(readings[form], span)]
    if len(left) > 1:
        left = [form for form in left if _is_unbroken(readings[form])]
    if len(left) == 1:
        return left[0]
    values = {"column": column, "text": texts[0], "formats": shown(list(readings))}
    raise LayoutError("layout_two_dates", lines[0], values=values)


def _refuse_contradiction(
    times: np.ndarray,
    plain: Sequence[str],
    formats: Sequence[str],
    span: Span | None,
    found: tuple[str, Sequence[str], Sequence[int]],
) -> None:
    """Refuse a file whose name or sequence fits another reading of its dates only."""
    column, texts, lines = found
    for other in formats:
        read = _read(plain, other)
        if np.isnat(read).any() or np.array_equal(read, times):
            continue
        by_name = span is not None and _is_in(read, span) and not _is_in(times, span)
        if by_name or (_is_unbroken(read) and not _is_unbroken(times)):
            values = {"column": column, "text": texts[0], "formats": shown([other])}
            raise LayoutError("layout_other_date", lines[0], values=values)


def _is_in(times: np.ndarray, span: Span) -> bool:
    first, last = (np.datetime64(at, "us") for at in span)
    return bool((times >= first).all() and (times <= last).all())


def _is_unbroken(times: np.ndarray) -> bool:
    """Whether three times or more, in order, are all equally far apart."""
    steps = np.diff(np.unique(times))
    return steps.size > 1 and bool((steps == steps[0]).all())


def lengths_of(points: np.ndarray, labels: np.ndarray, lines: Sequence[int]) -> np.ndarray:
    """Return the length of each row's interval, from the distance of the labels of its point.

    The shortest distance, of which every other has to be a multiple (a hole) and a day too.
    """
    order = np.lexsort((labels, points))
    sorted_points, sorted_labels = points[order], labels[order]
    steps = np.diff(sorted_labels)
    counted = (np.diff(sorted_points) == 0) & (steps > np.timedelta64(0, "us"))
    of_point = sorted_points[1:][counted]
    microseconds = steps[counted].astype("int64")
    shortest = np.zeros(int(points.max()) + 1, dtype="int64")
    if of_point.size:
        order_2 = np.lexsort((microseconds, of_point))
        firsts = np.unique(of_point[order_2], return_index=True)
        shortest[firsts[0]] = microseconds[order_2][firsts[1]]
    known = np.unique(shortest[shortest > 0])
    if known.size == 1:  # a point with one reading has the length of all others
        shortest[shortest == 0] = known[0]
    bad = (shortest[points] == 0) | (86_400_000_000 % np.maximum(shortest[points], 1) != 0)
    if of_point.size:
        uneven = microseconds % shortest[of_point] != 0
        bad |= np.isin(points, of_point[uneven])
    if bad.any():
        raise LayoutError("layout_length", lines[int(np.flatnonzero(bad)[0])])
    return shortest[points].astype("timedelta64[us]")


def whole_ends(starts: np.ndarray, ends: np.ndarray, last_minute: bool) -> tuple[np.ndarray, dict]:
    """Return ends with a last second, or minute, made the start of the next interval; how many."""
    length = (ends - starts).astype("int64") // 1_000_000
    by_second = length % 60 == 59
    by_minute = (length % 300 == 240) & last_minute
    ends = ends + np.where(by_second, SECOND, np.timedelta64(0, "us"))
    ends = ends + np.where(by_minute, MINUTE, np.timedelta64(0, "us"))
    return ends, {"end_label_59": int(by_second.sum() + by_minute.sum())}


def shifted(times: np.ndarray, offset: str) -> np.ndarray:
    """Return times of a clock with a fixed offset as UTC."""
    sign = -1 if offset[0] == "-" else 1
    minutes = sign * (int(offset[1:3]) * 60 + int(offset[4:6]))
    return times - minutes * MINUTE
