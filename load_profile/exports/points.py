"""Moments and days that a study begins with: peak, coincident peak, lightest load by day.

A peak is never an estimate. Where intervals are unknown or estimated, a higher one may be among
them (`is_lower_bound`), and a lower one than the lightest (`is_upper_bound`).
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from load_profile.exports.export import Job
from load_profile.exports.names import cell
from load_profile.exports.series import TOTAL, Series, SeriesError
from load_profile.files.cells import csv_header

PEAKS = ("own_peak", "coincident_peak")
DAYTIME = "hour(start_standard) between 10 and 15"  # fixed solar panels give most of a day then
SNAPSHOT = ("feeder", "moment", "start_utc", "start_standard", "kw", "kvar", "kva", "power_factor")
PEAK_DAYS = ("feeder", "day_of", *SNAPSHOT[2:], "status")
BOUNDS = ("is_lower_bound", "is_upper_bound")
CELLS = """
strftime(start_utc, '%Y-%m-%dT%H:%M:%SZ'), ',', strftime(start_standard, '%Y-%m-%d %H:%M'), ',',
kw, ',', kvar, ',', kva, ',',
case when kva > 0 then least(abs(kw) / kva, 1)::decimal(9, 6) end
"""


@dataclass(frozen=True)
class _Moment:
    name: str
    start_utc: datetime
    is_lower_bound: bool = False
    is_upper_bound: bool = False


def write_snapshot(job: Job) -> None:
    """Write a line for each series and moment."""
    with job.file("snapshot.csv", written := []) as file:
        file.write(f"{csv_header(*SNAPSHOT, *BOUNDS)}\n")
        for series, moments in _with_moments(job):
            for moment in moments:
                bounds = f"',{moment.is_lower_bound},{moment.is_upper_bound}'".lower()
                source = f"(from interval_values where start_utc = '{moment.start_utc}')"
                file.write(job.text(f"concat({_start(series, moment)}, {bounds})", source))
            written.append(series)


def write_peak_days(job: Job) -> None:
    """Write the intervals of the day of each series' own peak, and of the day of the total's."""
    with job.file("peak-days.csv", written := []) as file:
        file.write(f"{csv_header(*PEAK_DAYS, BOUNDS[0])}\n")
        for series, moments in _with_moments(job):
            for moment in (one for one in moments if one.name in PEAKS):
                bound = f"',{moment.is_lower_bound}'".lower()
                day = f"'{job.period.on_clock(moment.start_utc):%Y-%m-%d}'::date"
                source = f"(from interval_values where start_standard::date = {day})"
                line = f"concat({_start(series, moment)}, ',', status, {bound})"
                file.write(job.text(line, source))
            written.append(series)


def _start(series: Series, moment: _Moment) -> str:
    """SQL for the cells that a line begins with."""
    return f"{cell(series.name)}, ',{moment.name},', {CELLS}"


def _with_moments(job: Job) -> Iterator[tuple[Series, list[_Moment]]]:
    """Yield each series, loaded, with the moments that are known of it."""
    coincident = None
    with suppress(SeriesError):
        total = job.load(TOTAL)
        if total.peak_at:
            coincident = _Moment("coincident_peak", total.peak_at, total.is_doubtful)
    for series in job.series():
        lightest, unknown = job.con.execute(
            f"""select arg_min(start_utc, kw) filter (status = 'A'), count(*) filter (status <> 'A')
            from interval_values where {DAYTIME}"""
        ).fetchone()
        moments = []
        if series.peak_at:
            moments.append(_Moment("own_peak", series.peak_at, series.is_doubtful))
        if coincident:
            moments.append(coincident)
        if lightest:
            is_upper = unknown > 0 or series.is_doubtful
            moments.append(_Moment("lightest_by_day", lightest, is_upper_bound=is_upper))
        yield series, moments
