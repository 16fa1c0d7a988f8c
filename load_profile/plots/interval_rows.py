"""Intervals of the total and of the largest feeders on the system's clock, for several plots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.sql import sql_beside
from load_profile.plots.system import System, run

if TYPE_CHECKING:
    import duckdb
    from pandas import DataFrame

TOTAL_INTERVALS, FEEDER_INTERVALS = "intervals_of_total", "intervals_of_feeders"


def query_intervals(
    con: duckdb.DuckDBPyConnection, intervals: str, query: str, system: System, **values: object
) -> DataFrame:
    """Return the rows of `<query>.sql`, which reads a table `intervals`: that of another query."""
    parts = sql_beside(__file__, intervals), sql_beside(__file__, query)
    return run(con, "with intervals as (\n{}\n)\n{}".format(*parts), system, **values).df()
