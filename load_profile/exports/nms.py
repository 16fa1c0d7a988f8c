"""Network management systems: hourly means with the type of day, all series in one file."""

from load_profile.exports.export import Job
from load_profile.exports.names import cell
from load_profile.files.cells import csv_header

HEADER = csv_header("date", "feeder", "day_type", "hour", "kw", "kvar")
HOUR = "hour(start_standard), kw, coalesce(kvar::varchar, '')"
# the calendar of the tariff knows holidays; days that it does not know go by their weekday
WITH_DAY_TYPE = """(
    select interval_values.*, coalesce(
        day_type, case when dayofweek(start_standard) in (0, 6) then 'weekend' else 'weekday' end
    ) as day_type
    from interval_values
    left join (
        select local_date, max(day_type) as day_type from time_of_use group by local_date
    ) on local_date = start_standard::date
)"""


def write(job: Job) -> None:
    """Write a line an hour: date, feeder, type of day, hour from 0, kW and kvar if known."""
    with job.file("profiles.csv", written := []) as file:
        file.write(f"{HEADER}\n")
        for series in job.series(60):
            name = cell(series.name)
            line = f"concat_ws(',', start_standard::date, {name}, day_type, {HOUR})"
            file.write(job.text(line, WITH_DAY_TYPE))
            written.append(series)
