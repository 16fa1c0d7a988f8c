"""A table as CSV: all series in one file, a line an interval, UTC."""

from ingest.closed_database import scratch_folder
from load_profile.exports.export import Job
from load_profile.files.cells import csv_header, guarded
from load_profile.publish.marts import as_literal

HEADER = csv_header(
    *("feeder", "start_utc", "interval_minutes", "kw_del", "kw_rec", "kw_net", "kvar_net"),
    *("kva_net", "status", "method"),
)
CELLS = """
strftime(start_utc, '%Y-%m-%dT%H:%M:%SZ'), interval_minutes, kw_del, kw_rec, kw, kvar, kva, status,
method
"""


def write(job: Job) -> None:
    """Write a line an interval; a missing value is an empty cell with the status M."""
    with job.file("profiles.csv", written := []) as file, scratch_folder(job.con) as folder:
        file.write(f"{HEADER}\n")
        for series in job.series():
            name = guarded(as_literal(series.name))
            job.append(file, f"select {name}, {CELLS} from interval_values", folder / "rows.csv")
            written.append(series)
