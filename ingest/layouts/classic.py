"""Read the classic export: free text, a header row that begins with `Record No.`, data rows.

Puts its parts behind the interface of a layout: `classic_outline` knows bytes, `classic_cells` the
cells of single rows, `classic_scan` reads all rows in SQL.
"""

from collections.abc import Mapping
from datetime import datetime

import duckdb

from ingest.layouts import classic_cells, classic_outline, classic_scan
from ingest.layouts.interface import Outline, RawFile, Reading, Values
from ingest.problems import Problem


class ClassicLayout:
    """The layout of the meter-reading tool's own exports, also of its older version."""

    name = "classic"

    def why_not(self, beginning: bytes) -> Problem | None:
        """Return why no header row begins in it, None if one does."""
        return classic_outline.why_not(beginning)

    def outline(self, data: bytes, name: str) -> Outline:
        """Return what header, first and last row say."""
        return classic_outline.outline_of(data)

    def read(self, con: duckdb.DuckDBPyConnection, files: Mapping[int, RawFile]) -> Reading:
        """Scan all rows; those that nothing can be read from make a problem of their file."""
        return Reading("classic_rows", classic_scan.scan_files(con, files))

    def first_row_at(self, raw: RawFile, start: datetime) -> tuple[int | None, Values] | None:
        """Return record and values of the first row that starts then, None without one."""
        return classic_cells.first_row_at(raw, start)

    def values_by_time(self, raw: RawFile) -> dict[tuple[bytes, bytes], Values]:
        """Return values by the text of start and end as written; of a repeated time, the last."""
        return classic_cells.values_by_time(raw)
