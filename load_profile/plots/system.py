"""What all plots are read with: the system's facts, and queries from `.sql` files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil
from typing import TYPE_CHECKING

from ingest.sql import sql_beside
from load_profile.plots.bucket_width import bucket_minutes
from load_profile.shown import ISO, Dates

if TYPE_CHECKING:
    import duckdb
    from pandas import DataFrame

TOTAL = "total"
MOST_PANELS = 12


@dataclass(frozen=True)
class System:
    """What holds for all plots.

    `feeders` are in the order of meter-data.csv, `largest` are those with the largest power, which
    have panels beside the total; `zones` are the feeders' own.
    """

    timezone: str
    net_convention: str
    interval_minutes: int
    first_start_at: datetime
    bucket_minutes: int
    first_day: date
    days: int
    feeders: tuple[str, ...]
    largest: tuple[str, ...]
    zones: dict[str, str]
    dates: Dates = ISO

    @property
    def look(self) -> dict:
        """What plots of the total and the largest feeders have to know in common."""
        return {"feeder_count": len(self.feeders), "net_convention": self.net_convention}

    def slot_minutes(self, least: int) -> int:
        """Return the shortest slot of whole intervals that is not below `least`."""
        return self.interval_minutes * ceil(least / self.interval_minutes)

    def days_per_column(self, pixels: int) -> int:
        """Return how many days a column takes, so that none is narrower than a pixel."""
        return ceil(self.days / pixels)


def read_system(con: duckdb.DuckDBPyConnection, dates: Dates = ISO) -> System | None:
    """Return the system, or None before there is any reading."""
    found = con.execute(sql_beside(__file__, "system")).fetchone()
    if not found:
        return None
    zone, net_convention, interval, first_start_at, minutes, first_day, days = found
    feeders = con.execute(sql_beside(__file__, "system_feeders")).fetchall()
    by_power = [name for name, _, place in sorted(feeders, key=lambda row: row[2])]
    return System(
        zone,
        net_convention,
        interval,
        first_start_at,
        bucket_minutes(minutes, interval),
        first_day,
        days,
        tuple(name for name, *_ in feeders),
        tuple(by_power[:MOST_PANELS]),
        {name: zone for name, zone, _ in feeders},
        dates,
    )


def query(
    con: duckdb.DuckDBPyConnection, name: str, system: System, **values: object
) -> duckdb.DuckDBPyConnection:
    """Run `<name>.sql` with those of the system's facts and the values that it names."""
    return run(con, sql_beside(__file__, name), system, **values)


def run(
    con: duckdb.DuckDBPyConnection, sql: str, system: System, **values: object
) -> duckdb.DuckDBPyConnection:
    """Run a query with those of the system's facts and the values that it names."""
    known = vars(system) | {"bucket_days": system.bucket_minutes // 1440} | values
    (statement,) = con.extract_statements(sql)
    return con.execute(statement, {name: known[name] for name in statement.named_parameters})


def rows_by_feeder(frame: DataFrame) -> Callable[[str], DataFrame]:
    """Return a function that returns one feeder's rows, none if it has none."""
    parts = dict(list(frame.groupby("feeder")))
    return lambda feeder: parts.get(feeder, frame.iloc[:0]).drop(columns="feeder")
