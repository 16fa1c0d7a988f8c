"""A table as CSV: all series in one file, a line an interval, UTC."""

from load_profile.exports.export import Job
from load_profile.exports.names import cell
from load_profile.files.cells import csv_header

HEADER = csv_header(
    *("feeder", "start_utc", "interval_minutes", "kw_del", "kw_rec", "kw_net", "kvar_net"),
    *("kva_net", "status", "method"),
)
CELLS = ("interval_minutes", "kw_del", "kw_rec", "kw", "kvar", "kva", "status", "method")


def write(job: Job) -> None:
    """Write a line an interval; a missing value is an empty cell with the status M."""
    cells = ", ',', ".join(CELLS)
    with job.file("profiles.csv", written := []) as file:
        file.write(f"{HEADER}\n")
        for series in job.series():
            name = cell(series.name)
            start = "strftime(start_utc, ',%Y-%m-%dT%H:%M:%SZ,')"
            file.write(job.text(f"concat({name}, {start}, {cells})"))
            written.append(series)
