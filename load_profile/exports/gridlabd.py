"""GridLAB-D: a player file for each series, in kW."""

from load_profile.exports.export import Job
from load_profile.exports.names import plain


def write(job: Job) -> None:
    """Write a line a value, at its start; a player keeps it until the next line."""
    for series in job.series():
        with job.file(f"{plain(series.name)}.player", [series]) as file:
            file.write(job.text("strftime(start_utc, '%Y-%m-%d %H:%M:%S UTC,') || kw"))
