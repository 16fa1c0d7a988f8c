"""Read what a plot shows from the tables, draw it and write lp/plots/*.png."""

from collections.abc import Callable, Iterator
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from dagster_defs.exports import Outputs, feeders_of, forget_stale, replace_if_changed
from ingest.workspace import Workspace

if TYPE_CHECKING:
    from pandas import DataFrame

    from ingest.analyze import SeriesReport

# A plot is about 1,200 pixels wide: a finer series would only take longer to draw.
BUCKETS = 1200

# Minutes; then whole days: parts of a day too wide to show its course only make a comb of it.
STEPS = (5, 10, 15, 20, 30, 60, 120, 180, 240, 1440)

SYSTEM = """
select
    system.timezone,
    system.net_convention,
    min(profiles.interval_start_at),
    date_diff('minute', min(profiles.interval_start_at), max(profiles.interval_start_at)),
    system.interval_minutes
from combined_profiles as profiles
cross join stg_system as system
group by system.timezone, system.net_convention, system.interval_minutes
"""
# Lowest and highest of every bucket, so that a spike of one interval stays in the picture.
FEEDER_BUCKETS = """
select
    feeder,
    timezone(any_value(timezone), timezone('UTC', bucket_start_at)) as bucket_start,
    min(mw_net)::double as mw_net_min,
    max(mw_net)::double as mw_net_max,
    max(mw_del)::double as mw_del_max,
    max(mw_rec)::double as mw_rec_max
from (
    select
        *,
        time_bucket(to_minutes($bucket_minutes), interval_start_at, $first_start_at)
            as bucket_start_at
    from feeder_profiles
)
group by feeder, bucket_start_at
order by feeder, bucket_start_at
"""
TOTAL_BUCKETS = """
select
    timezone(any_value(timezone), timezone('UTC', bucket_start_at)) as bucket_start,
    min(mw_total)::double as mw_net_min,
    max(mw_total)::double as mw_net_max
from (
    select
        *,
        time_bucket(to_minutes($bucket_minutes), interval_start_at, $first_start_at)
            as bucket_start_at
    from combined_profiles
)
group by bucket_start_at
order by bucket_start_at
"""
FEEDER_GAPS = """
select feeder, gap_start_local as gap_start, gap_end_local as gap_end, missing_intervals
from gaps
order by feeder, gap_start_at
"""
TOTAL_GAPS = """
select gap_start_local as gap_start, gap_end_local as gap_end, missing_intervals
from combined_gaps
order by gap_start_at
"""
ZONES = "select feeder, max_by(timezone, meter_data_row) from stg_meter_data group by feeder"


def draw_plots(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> Outputs:
    """Write one picture a feeder and one of all together; nothing if there is no reading at all."""
    outputs = Outputs()
    names = set()
    for name, png in _pictures(con):
        path = workspace.plots / f"{name}.png"
        temporary = path.with_name(path.name + ".tmp")
        temporary.write_bytes(png)
        shown = f"plots/{path.name}"
        names.add(shown)
        outputs.add(shown, replace_if_changed(temporary, path))
    outputs.removed.extend(forget_stale(workspace, "plots", names))
    return outputs


def _pictures(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, bytes]]:
    system = con.execute(SYSTEM).fetchone()
    if system is None:
        return
    # pandas and seaborn cost a second to import; a run without pictures need not pay it
    from dagster_defs.plots import combined_plot, feeder_plot, to_png

    timezone, net_convention, first_start_at, span_minutes, interval_minutes = system
    step = _bucket_minutes(span_minutes, interval_minutes)
    span = {"first_start_at": first_start_at, "bucket_minutes": step}
    profiles = _by_feeder(con.execute(FEEDER_BUCKETS, span).df())
    gaps = _by_feeder(con.execute(FEEDER_GAPS).df())
    zones = dict(con.execute(ZONES).fetchall())
    panels = [(feeder, profiles(feeder), gaps(feeder)) for feeder in feeders_of(con)]
    for feeder, profile, holes in panels:
        figure = feeder_plot(
            feeder, profile, holes, zone=zones[feeder], net_convention=net_convention
        )
        yield feeder, to_png(figure)
    total = ("total", con.execute(TOTAL_BUCKETS, span).df(), con.execute(TOTAL_GAPS).df())
    figure = combined_plot(
        [*panels, total],
        zone=timezone,
        title="All feeders and their total",
        net_convention=net_convention,
    )
    yield "all", to_png(figure)


def _bucket_minutes(span_minutes: int, interval_minutes: int) -> int:
    """The shortest round step of whole intervals that makes at most BUCKETS of the span."""
    least = max(span_minutes / BUCKETS, interval_minutes)
    fitting = (step for step in STEPS if step >= least and step % interval_minutes == 0)
    return next(fitting, 1440 * ceil(least / 1440))


def _by_feeder(frame: "DataFrame") -> "Callable[[str], DataFrame]":
    """A function that gives one feeder's rows, none if it has none."""
    parts = dict(list(frame.groupby("feeder")))
    return lambda feeder: parts.get(feeder, frame.iloc[:0]).drop(columns="feeder")


def draw_series(report: "SeriesReport", path: Path) -> Path:
    """Draw the series of one analyzed file with its gaps; return where the picture is."""
    from pandas import DataFrame

    from dagster_defs.plots import series_plot, to_png
    from ingest.analyze import series_buckets

    gaps = DataFrame(
        [(gap.gap_start, gap.gap_end, gap.missing_intervals) for gap in report.gaps],
        columns=["gap_start", "gap_end", "missing_intervals"],
    )
    figure = series_plot(
        report.name,
        series_buckets(report),
        gaps,
        value_label=report.value_label,
        zone="UTC" if report.utc_times else "as in the file",
    )
    path.write_bytes(to_png(figure))
    return path
