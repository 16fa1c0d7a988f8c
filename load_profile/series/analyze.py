"""Analyze a series of a file: its rows, interval and gaps. Writes gaps; changes no file of others.

On a clock with daylight saving the hour that spring skips is a gap, which the report notes, and the
repeated hour of autumn is repeated times.
"""

import csv
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd

from ingest.sql import sql_beside
from load_profile.series.read import ALL, Wanted, read_series

CLOCK = "%m/%d/%y %H:%M:%S"
COUNTS, STEPS, GAPS, BUCKETS = (
    sql_beside(__file__, name) for name in ("counts", "steps", "gaps", "buckets")
)


@dataclass(frozen=True)
class Gap:
    """A maximal run of intervals without a reading.

    `gap_start` is the start of the first missing interval, `gap_end` the end of the last. Where
    times keep no regular step the last one is cut short by the next reading's start.
    """

    gap_start: datetime
    gap_end: datetime
    gap_duration: timedelta
    missing_intervals: int


@dataclass(frozen=True)
class SeriesReport:
    """What `analyze_series` found in the file at `path`.

    `value_label` is the column of the value, or "net" with the unit in the file. `rows` counts
    intervals, `readings` those with a value and `empty_values` the others. `duplicates` counts rows
    with the start time of an earlier row, `out_of_order` rows that start before the row above them,
    `off_grid` steps that are not a multiple of the interval. `utc_times` counts times that are UTC,
    as the file has them so or with an offset. `interval` is the most frequent positive step (the
    smallest of several), None if there is one start time only. `first` and `last` are the first and
    last start times, without zone. `wanted` is what was read of the file.
    """

    path: Path
    name: str
    value_label: str
    rows: int
    readings: int
    empty_values: int
    duplicates: int
    out_of_order: int
    off_grid: int
    utc_times: int
    interval: timedelta | None
    first: datetime
    last: datetime
    gaps: tuple[Gap, ...]
    wanted: Wanted


def analyze_series(path: Path, wanted: Wanted = ALL) -> SeriesReport:
    """Read the series at `path`; report what it holds and what is missing.

    Raises ValueError, with the line and what is expected there, for a file that cannot be read.
    """
    path = Path(path)
    with read_series(path, wanted) as (con, label):
        rows, empty, offsets, repeats, backward, readings, first, last = _one_row(con, COUNTS)
        steps = con.execute(STEPS).fetchall()
        step = steps[0][0] if steps else None
        return SeriesReport(
            path=path,
            name=path.name,
            value_label=label,
            rows=rows,
            readings=readings,
            empty_values=empty,
            duplicates=repeats,
            out_of_order=backward,
            off_grid=sum(count for other, count in steps if other % step),
            utc_times=offsets,
            interval=timedelta(microseconds=step) if step else None,
            first=_moment(first),
            last=_moment(last),
            gaps=_gaps(con, first, last, step) if step else (),
            wanted=wanted,
        )


def series_buckets(series: Path | SeriesReport, buckets: int = 1200) -> pd.DataFrame:
    """Return the series in at most `buckets` rows, to draw without loading every row.

    Columns `bucket_start` (datetime, as written in the file), `mw_net_min`, `mw_net_max` (float, in
    the unit of the file). Buckets are whole intervals of equal length from the first start to the
    last; one that has no reading is a row of NaN, so that a line breaks there. Raises ValueError as
    `analyze_series` does, and for fewer than one bucket.
    """
    if buckets < 1:
        raise ValueError(f"buckets is {buckets}, but must be 1 or more")
    is_report = isinstance(series, SeriesReport)
    path, wanted = (series.path, series.wanted) if is_report else (Path(series), ALL)
    with read_series(path, wanted) as (con, _):
        *_, first, last = _one_row(con, COUNTS)
        steps = con.execute(STEPS).fetchone()
        step = steps[0] if steps else 1
        intervals = -(-(last - first) // step) + 1
        per_bucket = -(-intervals // buckets)
        values = {
            "first": first,
            "step": step,
            "bucket_us": per_bucket * step,
            "buckets": -(-intervals // per_bucket),
        }
        return con.execute(BUCKETS, values).df()


def write_gaps(report: SeriesReport, target: Path) -> Path:
    """Write the gaps as CSV to `target` and return it; the file appears whole or not at all.

    Columns `gap_start`, `gap_end` as MM/DD/YY HH:MM:SS and `gap_duration` as `D days HH:MM:SS`,
    as in the gap lists of a run; the header alone if nothing is missing.
    """
    temporary = target.with_name(target.name + ".part")
    with temporary.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("gap_start", "gap_end", "gap_duration"))
        for gap in report.gaps:
            times = (gap.gap_start.strftime(CLOCK), gap.gap_end.strftime(CLOCK))
            writer.writerow((*times, duration(gap.gap_duration, always_days=True)))
    temporary.replace(target)
    return target


def _one_row(con: duckdb.DuckDBPyConnection, sql: str) -> tuple:
    """Return the one row of a query that always has one."""
    row = con.execute(sql).fetchone()
    assert row is not None
    return row


def _gaps(con: duckdb.DuckDBPyConnection, first: int, last: int, step: int) -> tuple[Gap, ...]:
    """Return the gaps between two starts; all three numbers are microseconds."""
    rows = con.execute(GAPS, {"first": first, "last": last, "step": step}).fetchall()
    return tuple(
        Gap(_moment(start), _moment(end), timedelta(microseconds=end - start), missing)
        for start, end, missing in rows
    )


def _moment(microseconds: int) -> datetime:
    """Return microseconds since 1970 as a date and time without zone."""
    return datetime(1970, 1, 1) + timedelta(microseconds=microseconds)


def duration(span: timedelta, *, always_days: bool = False) -> str:
    """`D days HH:MM:SS`, days only where there are some, a fraction only where there is one."""
    minutes, seconds = divmod(span.seconds, 60)
    days = f"{span.days} days " if span.days or always_days else ""
    fraction = f".{span.microseconds:06d}" if span.microseconds else ""
    return f"{days}{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}{fraction}"
