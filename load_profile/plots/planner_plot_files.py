"""Read what the planner's plots show from the tables and write them to lp/plots.

Each picture is one of the total and of the feeders with the largest peak; feeders have no picture
of their own. A feeder's name has no `-`, so a picture's name is never that of a feeder.

A picture is made anew when its stamp has changed: of one made of small tables, a hash of the rows
that it shows; of one made of interval rows, the stamps of these.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
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

KIND = "planner_plots"
WORDS = {
    "heat-map": "Net power of the total and the largest feeders by day and time of day",
    "load-duration": "Load-duration curves: net power against the share of the time it is reached",
    "typical-day": "Typical days by season and day type: median net power with a 10 to 90 % band",
    "by-month": "Peak and net energy of the total month by month, and the feeders ranked",
    "gap-calendar": "Gap calendar: the missing share of every day, feeder by feeder",
}
TOTAL = "total"
MOST_PANELS = 12
MOST_ROWS = 60  # feeders in the gap calendar
RANKED_MONTHS = 12
# Pixels there are for days: a column is then never narrower than one.
LARGE_DAYS, SMALL_DAYS, CALENDAR_DAYS = 1190, 390, 1040
# Shortest slots of the day (minutes), of at least 3 pixels each.
LARGE_SLOT, SMALL_SLOT = 10, 30
DRAWN_BY = (
    "theme.py",
    "picture_parts.py",
    "day_plots.py",
    "month_plots.py",
    "planner_plots.py",
    "planner_plot_files.py",
)

SYSTEM = """
select
    system.timezone,
    system.net_convention,
    system.interval_minutes,
    min(days.period_start) as first_day,
    date_diff('day', min(days.period_start), max(days.period_start)) + 1 as days
from planner_figures as days
cross join stg_system as system
where days.grain = 'day'
group by system.timezone, system.net_convention, system.interval_minutes
"""
# One without any reading goes last.
BY_PEAK = """
select feeder
from stg_meter_data
left join (
    select feeder, greatest(abs(peak_mw), abs(min_mw)) as furthest_mw
    from planner_figures
    where grain = 'all'
) using (feeder)
group by feeder
order by max(furthest_mw) desc nulls last, min(meter_data_row)
"""
# Intervals on the system's clock, a gap without value.
TOTAL_INTERVALS = """
select 'total' as feeder, start_local, mw_total::double as mw
from combined_profiles
"""
FEEDER_INTERVALS = """
select
    feeder,
    case
        when timezone = $timezone then start_local
        else timezone($timezone, timezone('UTC', interval_start_at))
    end as start_local,
    mw_net::double as mw
from feeder_profiles
where feeder in (select unnest($feeders))
union all
select feeder, timezone($timezone, timezone('UTC', interval_start_at)), null
from missing_intervals
where feeder in (select unnest($feeders))
"""
# The value furthest from 0 stands for all of a cell.
CELLS = """
select
    feeder,
    date_diff('day', $first_day::date, start_local::date) // $days_per_column as place,
    (extract(hour from start_local) * 60 + extract(minute from start_local)) // $slot_minutes
        as slot,
    case when max(mw) >= -min(mw) then max(mw) else min(mw) end as mw
from intervals
group by feeder, place, slot
order by feeder, place, slot
"""
# Of feeders with implausible values: what all others lie between.
PLAUSIBLE = """
select feeder, min_mw::double, peak_mw::double
from planner_figures
where grain = 'all' and implausible_count > 0 and peak_mw is not null
order by feeder
"""
DAY_TYPES = """
select distinct local_date, season, day_type from time_of_use order by local_date
"""
# Goes on after the CTE of intervals.
TYPICAL_DAYS = """,

days as (
    select distinct local_date, season, day_type
    from time_of_use
    where $day_type::varchar is null or day_type = $day_type
),

slots as (
    select
        intervals.feeder,
        days.season,
        days.day_type,
        (
            extract(hour from intervals.start_local) * 60
            + extract(minute from intervals.start_local)
        ) // $slot_minutes * $slot_minutes as minute,
        days.local_date,
        intervals.mw
    from intervals
    inner join days on intervals.start_local::date = days.local_date
    where intervals.mw is not null
)

select
    feeder,
    season,
    day_type,
    minute,
    count(distinct local_date) as days,
    quantile_disc(mw, 0.1) as low,
    quantile_disc(mw, 0.5) as median,
    quantile_disc(mw, 0.9) as high
from slots
group by feeder, season, day_type, minute
order by feeder, min(min(local_date)) over (partition by season), season, day_type, minute
"""
LOAD_DURATION = """
select
    feeder,
    extract(year from year_start) as year,
    share_of,
    share::double as share,
    mw::double as mw,
    hours::double as hours
from load_duration
where feeder in (select unnest($feeders))
order by feeder, year, share_of, share
"""
MONTHS = """
select
    period_start as month,
    peak_mw::double as peak_mw,
    min_mw::double as min_mw,
    net_mwh::double as net_mwh,
    is_lower_bound
from planner_figures
where grain = 'month' and feeder = 'total'
order by period_start
"""
ALL_MONTHS = """
select distinct period_start from planner_figures where grain = 'month' order by period_start
"""
LAST_MONTHS = """
select
    feeder,
    max(peak_mw)::double as peak_mw,
    min(min_mw)::double as min_mw,
    sum(net_mwh)::double as net_mwh,
    coalesce(bool_or(is_lower_bound), true) as is_lower_bound
from (select unnest($feeders) as feeder, generate_subscripts($feeders, 1) as in_order)
left join (
    select *
    from planner_figures
    where grain = 'month' and period_start >= $from_month
) using (feeder)
group by feeder
order by greatest(abs(max(peak_mw)), abs(min(min_mw))) desc nulls last, min(in_order)
"""
MISSING = """
select feeder, expected_intervals - actual_intervals, expected_intervals
from planner_figures
where grain = 'all'
"""
SHARES = """
select
    feeder,
    date_diff('day', $first_day::date, period_start) // $days_per_column as place,
    1 - sum(actual_intervals) / sum(expected_intervals) as share
from planner_figures
where grain = 'day' and expected_intervals > 0 and feeder in (select unnest($feeders))
group by feeder, place
order by feeder, place
"""


@dataclass(frozen=True)
class _System:
    """What holds for all pictures; `largest` are the feeders that have panels."""

    timezone: str
    net_convention: str
    interval_minutes: int
    first_day: date
    days: int
    feeders: tuple[str, ...]
    largest: tuple[str, ...]

    @property
    def look(self) -> dict:
        return {"feeder_count": len(self.feeders), "net_convention": self.net_convention}

    def slot_minutes(self, least: int) -> int:
        """The shortest slot of whole intervals that is not below."""
        return self.interval_minutes * ceil(least / self.interval_minutes)

    def days_per_column(self, pixels: int) -> int:
        return ceil(self.days / pixels)


@dataclass(frozen=True)
class _Picture:
    """What a picture depends on beside code and system; `task` reads the rest of what it needs."""

    shows: object
    task: Callable[[], Callable[[], bytes]]


def draw_planner_plots(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> Outputs:
    """Write the pictures; none if there is no reading at all."""
    writer = OutputWriter(workspace.profiles, KIND)
    wanted = {name: (made, {name: stamp}) for name, (made, stamp) in _wanted(con).items()}
    changed = [name for name in wanted if writer.changed(f"plots/{name}.png", wanted[name][1])]
    drawn = DRAWERS.draw([wanted[name][0].task() for name in changed])
    pngs = dict(zip(changed, drawn, strict=True))
    for name, (_, stamps_of_parts) in wanted.items():
        writer.write(f"plots/{name}.png", stamps_of_parts, pngs.__getitem__)
    return writer.finish()


def drawn_pictures(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> dict[str, str]:
    """Names of the pictures that show what is in the tables now, and what they show in words.

    One that was not drawn since, because nobody asked for plots, is not among them.
    """
    writer = OutputWriter(workspace.profiles, KIND)
    return {
        name: WORDS[name]
        for name, (_, stamp) in _wanted(con).items()
        if not writer.changed(f"plots/{name}.png", {name: stamp})
    }


def _wanted(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[_Picture, str]]:
    """Every picture and its stamp; none if there is no reading at all."""
    found = con.execute(SYSTEM).fetchone()
    if not found:
        return {}
    by_peak = [feeder for (feeder,) in con.execute(BY_PEAK).fetchall()]
    system = _System(*found, tuple(feeders_of(con)), tuple(by_peak[:MOST_PANELS]))
    code = [Path(__file__).with_name(name).read_text("utf-8") for name in DRAWN_BY]
    common = stamp_of(*code, *map(version, ("matplotlib", "seaborn")), system)
    pictures = {name: read(con, system) for name, read in PICTURES.items()}
    return {name: (made, stamp_of(common, made.shows)) for name, made in pictures.items()}


def _heat_map(con: duckdb.DuckDBPyConnection, system: _System) -> _Picture:
    limits = {name: (low, high) for name, low, high in con.execute(PLAUSIBLE).fetchall()}

    def task() -> Callable[[], bytes]:
        def cells(least_slot: int, pixels: int, intervals: str, **names: object):
            slot, per_column = system.slot_minutes(least_slot), system.days_per_column(pixels)
            grid = system.first_day, system.days, per_column, ceil(1440 / slot)
            values = {
                "first_day": system.first_day,
                "slot_minutes": slot,
                "days_per_column": per_column,
            }
            return _rows_of(con, intervals, CELLS, **values, **names), grid

        total = cells(LARGE_SLOT, LARGE_DAYS, TOTAL_INTERVALS)
        feeders, grid = cells(SMALL_SLOT, SMALL_DAYS, FEEDER_INTERVALS, **_named(system))
        panels = _panels(feeders, system.largest)
        return picture(
            "day_plots.heat_map",
            total,
            panels,
            grid,
            limits=limits,
            zone=system.timezone,
            **system.look,
        )

    return _Picture((_interval_stamps(con, system), limits), task)


def _load_duration(con: duckdb.DuckDBPyConnection, system: _System) -> _Picture:
    names = {"feeders": [TOTAL, *system.largest]}
    rows = con.execute(LOAD_DURATION, names).fetchall()

    def task() -> Callable[[], bytes]:
        points = _frame(rows, "feeder", "year", "share_of", "share", "mw", "hours")
        ((_, total),) = _panels(points, [TOTAL])
        return picture(
            "planner_plots.load_duration", total, _panels(points, system.largest), **system.look
        )

    return _Picture(rows, task)


def _typical_day(con: duckdb.DuckDBPyConnection, system: _System) -> _Picture:
    days = con.execute(DAY_TYPES).fetchall()

    def task() -> Callable[[], bytes]:
        kinds = [kind for *_, kind in days]
        commonest = max(sorted(set(kinds)), key=kinds.count)
        slot = {"slot_minutes": system.slot_minutes(LARGE_SLOT)}
        total = _rows_of(con, TOTAL_INTERVALS, TYPICAL_DAYS, day_type=None, **slot)
        names = _named(system) | slot
        feeders = _rows_of(con, FEEDER_INTERVALS, TYPICAL_DAYS, day_type=commonest, **names)
        return picture(
            "planner_plots.typical_day",
            total,
            _panels(feeders, system.largest),
            seasons=list(dict.fromkeys(season for _, season, _ in days)),
            feeder_day_type=commonest,
            zone=system.timezone,
            **slot,
            **system.look,
        )

    return _Picture((_interval_stamps(con, system), days), task)


def _by_month(con: duckdb.DuckDBPyConnection, system: _System) -> _Picture:
    months = con.execute(MONTHS).fetchall()
    last = [month for (month,) in con.execute(ALL_MONTHS).fetchall()][-RANKED_MONTHS:]
    named = {"feeders": list(system.feeders), "from_month": last[0]}
    feeders = con.execute(LAST_MONTHS, named).fetchall()

    def task() -> Callable[[], bytes]:
        figures = "peak_mw", "min_mw", "net_mwh", "is_lower_bound"
        over = " - ".join(dict.fromkeys(f"{month:%b %Y}" for month in (last[0], last[-1])))
        return picture(
            "month_plots.by_month",
            _frame(months, "month", *figures),
            _frame(feeders, "feeder", *figures),
            ranked_over=over,
            net_convention=system.net_convention,
        )

    return _Picture((months, feeders), task)


def _gap_calendar(con: duckdb.DuckDBPyConnection, system: _System) -> _Picture:
    missing = {name: (lacks, of) for name, lacks, of in con.execute(MISSING).fetchall()}
    lacks = {feeder: missing.get(feeder, (0, 0))[0] for feeder in system.feeders}
    most = sorted(system.feeders, key=lambda feeder: -lacks[feeder])[:MOST_ROWS]
    names = [TOTAL, *(feeder for feeder in system.feeders if feeder in set(most))]
    per_column = system.days_per_column(CALENDAR_DAYS)
    values = {"feeders": names, "first_day": system.first_day, "days_per_column": per_column}
    rows = con.execute(SHARES, values).fetchall()
    shown = [(name, *missing.get(name, (0, 0))) for name in names]
    elsewhere = sum(lacks.values()) - sum(lacks[name] for name in most)

    def task() -> Callable[[], bytes]:
        shares = _frame(rows, "feeder", "place", "share")
        return picture(
            "day_plots.gap_calendar",
            shares.assign(row=shares["feeder"].map(names.index)),
            _frame(shown, "name", "missing", "expected"),
            (system.first_day, system.days, per_column),
            feeder_count=len(system.feeders),
            missing_elsewhere=elsewhere,
            zone=system.timezone,
        )

    return _Picture((rows, shown, elsewhere), task)


PICTURES = {
    "heat-map": _heat_map,
    "load-duration": _load_duration,
    "typical-day": _typical_day,
    "by-month": _by_month,
    "gap-calendar": _gap_calendar,
}


def _interval_stamps(con: duckdb.DuckDBPyConnection, system: _System) -> list:
    months = stamps(con)
    return [(name, months[name]) for name in (TOTAL, *system.largest)]


def _named(system: _System) -> dict:
    return {"feeders": list(system.largest), "timezone": system.timezone}


def _rows_of(
    con: duckdb.DuckDBPyConnection, intervals: str, query: str, **values: object
) -> "DataFrame":
    """The rows of a query that reads `intervals`, itself one of the queries above."""
    return con.execute(f"with intervals as ({intervals}){query}", values).df()


def _frame(rows: list[tuple], *columns: str) -> "DataFrame":
    from pandas import DataFrame

    return DataFrame(rows, columns=columns)


def _panels(frame: "DataFrame", names: Sequence[str]) -> "list[tuple[str, DataFrame]]":
    """Per name its rows, none if it has none."""
    parts = dict(list(frame.groupby("feeder")))
    return [(name, parts.get(name, frame.iloc[:0])) for name in names]
