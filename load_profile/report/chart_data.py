"""Read what the report's charts show: power in buckets, gaps and load-duration curves."""

from datetime import UTC, datetime

import duckdb
import numpy as np

from load_profile.plots.bucket_width import bucket_minutes
from load_profile.report.charts import Curve, Estimate, Gap, Series
from load_profile.report.tables import Extent, query

MOST_GAPS = 3_000  # shaded, the longest ones
MOST_ESTIMATES = 20_000  # buckets of all series, the latest ones
MOST_POINTS = 120_000  # of all series, so that the page stays below 5 MB
NAMES = "select distinct feeder from planner_figures where feeder <> 'total' order by feeder"


def read_series(con: duckdb.DuckDBPyConnection, extent: Extent) -> Series:
    """Return lowest and highest power of the total and every feeder, in buckets of one width."""
    names = ["total", *(name for (name,) in con.execute(NAMES).fetchall())]
    step = bucket_minutes(extent.minutes, extent.interval_minutes, MOST_POINTS // len(names))
    values = {"bucket_minutes": step, "first_start_at": extent.first_start_at}
    buckets, edges = "chart_buckets", "chart_edges"
    if step % 1440 == 0:  # whole days are in a table already
        buckets, edges = "chart_days", "chart_day_edges"
    found = con.execute(query(buckets), values).fetchnumpy()
    count = int(found["bucket"].max()) + 1
    moments = con.execute(query(edges), values | {"count": count + 1}).fetchnumpy()["edge"]
    places = {name: place for place, name in enumerate(names)}
    rows = np.array([places[name] for name in found["name"]])
    mw = np.full((2, len(names), count), np.nan)
    for end, column in enumerate(("low", "high")):
        mw[end, rows, found["bucket"]] = np.ma.filled(found[column], np.nan)
    low, high = ({name: mw[end, place] for name, place in places.items()} for end in (0, 1))
    milliseconds = moments.astype("datetime64[ms]").astype(float)
    return Series(milliseconds[:-1], milliseconds[1:], low, high, step)


def read_estimates(
    con: duckdb.DuckDBPyConnection, extent: Extent, series: Series
) -> list[Estimate]:
    """Return the latest estimates of the total and the feeders, in the buckets of their series."""
    values = {
        "bucket_minutes": series.bucket_minutes,
        "first_start_at": extent.first_start_at,
        "most": MOST_ESTIMATES,
    }
    rows = con.execute(query("chart_estimates"), values).fetchall()
    return [
        Estimate(name, float(series.starts[place]), float(series.ends[place]), *mw)
        for name, place, *mw in sorted(rows)
        if 0 <= place < len(series.starts)
    ]


def read_gaps(con: duckdb.DuckDBPyConnection) -> list[Gap]:
    """Return the longest gaps of the total and the feeders."""
    return [
        Gap(name, _milliseconds(start), _milliseconds(end))
        for name, start, end in con.execute(query("chart_gaps"), {"most": MOST_GAPS}).fetchall()
    ]


def read_curves(con: duckdb.DuckDBPyConnection) -> list[Curve]:
    """Return the load-duration curves of the total and the feeders."""
    return [Curve(*row) for row in con.execute(query("chart_curves")).fetchall()]


def _milliseconds(moment: datetime) -> float:
    """Return a naive time as milliseconds since 1970."""
    return moment.replace(tzinfo=UTC).timestamp() * 1000
