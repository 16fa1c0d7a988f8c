"""A year as one column: 8,760 hours or 35,040 quarter hours from 1 January 00:00."""

from load_profile.exports.export import Job
from load_profile.exports.names import plain


def write_hours(job: Job) -> None:
    """Write the mean power of each hour of a year."""
    _write(job, 60)


def write_quarters(job: Job) -> None:
    """Write the power of each quarter hour of a year."""
    _write(job, 15)


def _write(job: Job, minutes: int) -> None:
    for series in job.series(minutes):
        columns = {"_del": "kw_del", "_rec": "kw_rec"} if job.options.both else {"": "kw"}
        for end, kw in columns.items():
            with job.file(f"{plain(series.name)}{end}.csv", [series]) as file:
                file.write(job.text(f"{kw}::varchar"))
