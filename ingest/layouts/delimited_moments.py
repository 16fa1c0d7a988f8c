"""Find start and end of each value from texts and labels, on one clock. Knows no cell of a file."""

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from ingest.layouts.delimited_columns import Cells
from ingest.layouts.delimited_times import (
    DAY,
    MINUTE,
    Span,
    lengths_of,
    read_times,
    shifted,
    whole_ends,
)
from ingest.layouts.layout_file import OFFSET, LayoutFile
from ingest.layouts.parsed import METER, UTC, LayoutError

Moments = tuple[np.ndarray, np.ndarray, str]


def moments_of(
    cells: Cells, layout: LayoutFile, span: Span | None, notes: dict[str, int]
) -> Moments:
    """Return start and end of each value and the clock that they are on."""
    if layout.wide is not None and layout.wide.over == "times":
        starts, ends, clock = _of_days(cells, layout, span, notes)
    else:
        starts, ends = _of_rows(cells, layout, span, notes)
        starts, ends, clock = starts[cells.row], ends[cells.row], layout.time.clock
    if OFFSET.fullmatch(clock):
        return shifted(starts, clock), shifted(ends, clock), UTC
    return starts, ends, UTC if clock in ("offset", "UTC", UTC) else clock


def _read(
    texts: np.ndarray, cells: Cells, layout: LayoutFile, name: str, span: Span | None
) -> tuple[np.ndarray, dict[str, int]]:
    time = layout.time
    return read_times(texts, time.formats, cells.lines, name, span, time.contradictedBy)


def _of_rows(
    cells: Cells, layout: LayoutFile, span: Span | None, notes: dict[str, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return start and end of each row."""
    time = layout.time
    if (time.start and time.end) or time.period:
        count = cells.lines.size
        both = np.concatenate([cells.start, cells.end])
        lines = np.concatenate([cells.lines, cells.lines])
        times, found = read_times(both, time.formats, lines, "start", span, time.contradictedBy)
        notes.update({**found, "other_time_format": found["other_time_format"] // 2})
        starts, ends = times[:count], times[count:]
        if time.start and time.end and len(time.start) == 2 and time.start[0] == time.end[0]:
            # the end of the last interval of a day carries the date of its start
            is_midnight = ends == ends.astype("datetime64[D]").astype("datetime64[us]")
            ends = np.where(is_midnight & (ends <= starts), ends + DAY, ends)
        ends, found = whole_ends(starts, ends, time.lastMinute)
        notes.update(found)
        _refuse_lengths(starts, ends, cells.lines)
        return starts, ends
    is_end = time.end is not None
    texts = cells.end if is_end else cells.start
    labels, found = _read(texts, cells, layout, "end" if is_end else "start", span)
    notes.update(found)
    lengths = _lengths(cells, layout, labels)
    if time.label is not None:
        is_end = time.labels == "end"
        if time.labels == "span":
            is_end = _labels_are_ends(cells, labels, lengths)
    if is_end:
        return _starts_on_clock(labels, lengths, time.clock), labels
    return labels, labels + lengths


def _refuse_lengths(starts: np.ndarray, ends: np.ndarray, lines: np.ndarray) -> None:
    """Refuse a row that lasts longer than a day; its rules judge all that is shorter."""
    bad = ends - starts > DAY
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        text = f"{pd.Timestamp(starts[row])} to {pd.Timestamp(ends[row])}"
        values = {"expected": "an end within a day of its start", "text": text}
        raise LayoutError("bad_date", int(lines[row]), values=values)


def _lengths(cells: Cells, layout: LayoutFile, labels: np.ndarray) -> np.ndarray:
    """Return the length of each row's interval."""
    time = layout.time
    if time.minutesColumn is not None:
        codes, texts = pd.factorize(cells.minutes)
        minutes = [int(t[:5]) if t.isascii() and t.isdigit() else 0 for t in texts]
        lengths = np.array(minutes, dtype="int64")[codes]
        bad = (lengths < 1) | (lengths > DAY // MINUTE)
        if bad.any():
            raise LayoutError("layout_length", int(cells.lines[int(np.flatnonzero(bad)[0])]))
        return lengths * MINUTE
    if time.minutes is not None:
        return np.full(labels.size, time.minutes * MINUTE)
    return lengths_of(cells.point, labels, cells.lines)


def _labels_are_ends(cells: Cells, labels: np.ndarray, lengths: np.ndarray) -> bool:
    """Return whether the first label of a section is the end of the first interval of its span."""
    found = set()
    for text in set(cells.span):
        of_section = cells.span == text
        first = labels[of_section].min()
        begins = pd.to_datetime(text, errors="coerce", format="%Y-%m-%d")
        if pd.isna(begins) or first not in (
            begin := np.datetime64(begins, "us"),
            begin + lengths[of_section][0],
        ):
            found.add(None)
        else:
            found.add(bool(first != begin))
    if len(found) != 1 or None in found:
        raise LayoutError("layout_two_labels", int(cells.lines[0]))
    return found.pop()


def _starts_on_clock(ends: np.ndarray, lengths: np.ndarray, clock: str) -> np.ndarray:
    """Return starts for labels of ends; the hour that a zone skips in spring has none."""
    starts = ends - lengths
    if clock in (METER, "offset", "UTC") or OFFSET.fullmatch(clock):
        return starts
    zone = ZoneInfo(clock)
    known = pd.DatetimeIndex(starts).tz_localize(
        zone, nonexistent="NaT", ambiguous=np.zeros(starts.size, dtype=bool)
    )
    skipped = np.asarray(known.isna())
    if skipped.any():
        exact = pd.DatetimeIndex(ends[skipped]).tz_localize(
            zone, nonexistent="shift_forward", ambiguous=np.zeros(int(skipped.sum()), dtype=bool)
        )
        back = (exact - pd.TimedeltaIndex(lengths[skipped])).tz_localize(None)
        starts[skipped] = back.to_numpy().astype("datetime64[us]")
    return starts


def _of_days(cells: Cells, layout: LayoutFile, span: Span | None, notes: dict[str, int]) -> Moments:
    """Return start and end of each value of days that are rows."""
    dates, found = _read(cells.start, cells, layout, "date", span)
    notes.update(found)
    dates = dates.astype("datetime64[D]").astype("datetime64[us]")[cells.row]
    passed = cells.day_minute * MINUTE
    length = cells.day_length * MINUTE
    clock = layout.time.clock
    numbered = layout.wide is not None and "(?P<n>" in layout.wide.columns
    has_changes = clock not in ("offset", "UTC") and not OFFSET.fullmatch(clock)
    if not numbered or not has_changes:
        return dates + passed, dates + passed + length, clock
    missing = {text.casefold() for text in layout.dialect.missingValues}
    known = np.array([text.casefold() not in missing for text in cells.text], dtype=bool)
    if clock == METER:
        _refuse_clock_changes(cells, known)
        return dates + passed, dates + passed + length, clock
    zone = ZoneInfo(clock)
    midnight = _utc(dates, zone)
    starts = midnight + passed
    next_midnight = _utc(dates + DAY, zone)
    beyond = known & (starts >= next_midnight)
    # a day of 25 hours without a value for the 25th: which hour it leaves out is not known
    has_extra = np.bincount(cells.row, known & cells.is_extra, minlength=cells.lines.size) > 0
    beyond |= (next_midnight - midnight > DAY) & ~has_extra[cells.row]
    if beyond.any():
        line = int(cells.lines[cells.row[int(np.flatnonzero(beyond)[0])]])
        raise LayoutError("layout_zone", line)
    return starts, starts + length, UTC


def _utc(local: np.ndarray, zone: ZoneInfo) -> np.ndarray:
    """Return midnights of a zone as UTC."""
    index = pd.DatetimeIndex(local).tz_localize(
        zone, nonexistent="shift_forward", ambiguous=np.ones(local.size, dtype=bool)
    )
    return index.tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[us]")


def _refuse_clock_changes(cells: Cells, known: np.ndarray) -> None:
    """Refuse days of 23 or 25 hours, which only a declared zone can place."""
    length = cells.day_length
    last_hour = cells.day_minute >= 1440 - 60
    is_day = ~cells.is_extra
    count = cells.lines.size
    extra = np.bincount(cells.row, known & cells.is_extra, minlength=count) > 0
    missing = np.bincount(cells.row, ~known & is_day, minlength=count)
    missing_last = np.bincount(cells.row, ~known & is_day & last_hour, minlength=count)
    an_hour = np.zeros(count)
    an_hour[cells.row] = np.maximum(60 // np.maximum(length, 1), 1)
    short = (missing == missing_last) & (missing == an_hour)
    if (extra | short).any():
        line = int(cells.lines[int(np.flatnonzero(extra | short)[0])])
        raise LayoutError("layout_zone", line)
