"""Read what a plot shows from the tables, have it drawn and write lp/plots/*.png."""

from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from ingest.workspace import Workspace
from load_profile.files.profiles import feeders_of, stamps
from load_profile.files.writer import Outputs, OutputWriter, stamp_of
from load_profile.plots.drawing import DRAWERS, picture

if TYPE_CHECKING:
    from pandas import DataFrame

    from load_profile.analyze import SeriesReport

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
    timezone(
        coalesce($zone::varchar, any_value(timezone)), timezone('UTC', bucket_start_at)
    ) as bucket_start,
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
    where feeder in (select unnest($feeders))
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
# Of whole days, as the system's clock has them: a hundredth of the rows.
DAY_BUCKETS = """
select
    feeder,
    first_date + to_days(place * $days::int) as bucket_start,
    min(lowest_net_mw)::double as mw_net_min,
    max(highest_net_mw)::double as mw_net_max
from (
    select *, cast(date_diff('day', first_date, local_date) // $days as int) as place
    from feeder_days
    cross join (select min(local_date) as first_date from feeder_days)
)
group by feeder, first_date, place
order by feeder, place
"""
FEEDER_GAPS = """
select
    feeder,
    coalesce(timezone($zone::varchar, timezone('UTC', gap_start_at)), gap_start_local) as gap_start,
    coalesce(timezone($zone::varchar, timezone('UTC', gap_end_at)), gap_end_local) as gap_end,
    missing_intervals
from gaps
where feeder in (select unnest($feeders))
order by feeder, gap_start_at
"""
TOTAL_GAPS = """
select gap_start_local as gap_start, gap_end_local as gap_end, missing_intervals
from combined_gaps
order by gap_start_at
"""
DRAWN_BY = ("theme.py", "picture_parts.py", "plots.py", "plot_files.py")
ZONES = "select feeder, max_by(timezone, meter_data_row) from stg_meter_data group by feeder"


def draw_plots(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> Outputs:
    """Write one picture a feeder and one of all together; nothing if there is no reading at all."""
    writer = OutputWriter(workspace.profiles, "plots")
    system = con.execute(SYSTEM).fetchone()
    if system:
        zones = dict(con.execute(ZONES).fetchall())
        wanted = {
            f"plots/{name}.png": {name: stamp}
            for name, stamp in _picture_stamps(con, system, zones).items()
        }
        changed = {file: parts for file, parts in wanted.items() if writer.changed(file, parts)}
        for file in wanted.keys() - changed.keys():
            writer.keep(file)
        names = [name for parts in changed.values() for name in parts]
        for name, png in _pictures(con, system, zones, names) if names else ():
            file = f"plots/{name}.png"
            writer.write(file, wanted[file], {name: png}.__getitem__)
    return writer.finish()


def _picture_stamps(con: duckdb.DuckDBPyConnection, system: tuple, zones: dict) -> dict[str, str]:
    """Per feeder, and for `all`, what its picture depends on: figures, clock, span and code."""
    months = stamps(con)
    code = [Path(__file__).with_name(name).read_text("utf-8") for name in DRAWN_BY]
    common = stamp_of(*code, *map(version, ("matplotlib", "seaborn")), *system)
    found = {
        feeder: stamp_of(common, zones[feeder], *months[feeder].items())
        for feeder in feeders_of(con)
    }
    return found | {"all": stamp_of(*found.items(), *months["total"].items())}


def _pictures(
    con: duckdb.DuckDBPyConnection, system: tuple, zones: dict, names: Sequence[str]
) -> Iterator[tuple[str, bytes]]:
    """Draw feeders, and `all`, and give each one's name and PNG."""
    timezone, net_convention, first_start_at, span_minutes, interval_minutes = system
    span = {
        "first_start_at": first_start_at,
        "bucket_minutes": bucket_minutes(span_minutes, interval_minutes),
    }
    own = panels(con, span, [name for name in names if name != "all"], None)
    pictures = {}
    if "all" in names:
        pictures["all"] = picture(
            "plots.combined_plot",
            _on_one_clock(con, span, timezone),
            zone=timezone,
            title="All feeders and their total",
            net_convention=net_convention,
        )
    for name in names:
        if name != "all":
            look = {"zone": zones[name], "net_convention": net_convention}
            pictures[name] = picture("plots.feeder_plot", *own[name], **look)
    yield from zip(pictures, DRAWERS.draw(list(pictures.values())), strict=True)


def panels(
    con: duckdb.DuckDBPyConnection, span: dict, feeders: list[str], zone: str | None
) -> dict[str, tuple]:
    """Per feeder its name, profile and gaps, on the clock of a zone or, without one, its own."""
    shown = {"feeders": feeders, "zone": zone}
    profiles = _by_feeder(con.execute(FEEDER_BUCKETS, span | shown).df())
    gaps = _by_feeder(con.execute(FEEDER_GAPS, shown).df())
    return {feeder: (feeder, profiles(feeder), gaps(feeder)) for feeder in feeders}


def _on_one_clock(con: duckdb.DuckDBPyConnection, span: dict, timezone: str) -> list[tuple]:
    """The panels of all feeders and of the total, which share a time axis."""
    feeders = feeders_of(con)
    total_gaps = con.execute(TOTAL_GAPS).df()
    days, rest = divmod(span["bucket_minutes"], 1440)
    if rest:
        common = panels(con, span, feeders, timezone)
        return [*common.values(), ("total", con.execute(TOTAL_BUCKETS, span).df(), total_gaps)]
    profiles = _by_feeder(con.execute(DAY_BUCKETS, {"days": days}).df())
    gaps = _by_feeder(con.execute(FEEDER_GAPS, {"feeders": feeders, "zone": timezone}).df())
    common = [(feeder, profiles(feeder), gaps(feeder)) for feeder in feeders]
    return [*common, ("total", profiles("total"), total_gaps)]


def bucket_minutes(span_minutes: int, interval_minutes: int, most: int = BUCKETS) -> int:
    """The shortest round step of whole intervals that makes at most so many of the span."""
    least = max(span_minutes / most, interval_minutes)
    fitting = (step for step in STEPS if step >= least and step % interval_minutes == 0)
    return next(fitting, 1440 * ceil(least / 1440))


def _by_feeder(frame: "DataFrame") -> "Callable[[str], DataFrame]":
    """A function that gives one feeder's rows, none if it has none."""
    parts = dict(list(frame.groupby("feeder")))
    return lambda feeder: parts.get(feeder, frame.iloc[:0]).drop(columns="feeder")


def draw_series(report: "SeriesReport", path: Path) -> Path:
    """Draw the series of one analyzed file with its gaps; return where the picture is."""
    from pandas import DataFrame

    from load_profile.analyze import series_buckets
    from load_profile.plots.picture_parts import to_png
    from load_profile.plots.plots import series_plot

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
