"""Read the values of one feeder, or of the total, for a period. Knows the published tables."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb

from ingest.sql import sql_beside
from load_profile.exports.options import Use

TOTAL = "total"
CHANNELS = {
    "kw": "mw_net",
    "kw_del": "mw_del",
    "kw_rec": "mw_rec",
    "kvar": "mvar_net",
    "kva": "mva_net",
}
FEEDER = """
select feeder, interval_start_at, interval_minutes, actual_seconds, {columns}, status, method
from final_exceptions
where feeder = $name
union all
select feeder, interval_start_at, interval_minutes, actual_seconds, {columns}, 'A', null
from feeder_profiles
anti join final_exceptions using (feeder, interval_start_at)
where feeder = $name
"""
TOTAL_OF_FEEDERS = """
select
    interval_start_at,
    interval_minutes,
    60 * interval_minutes as actual_seconds,
    {total} as mw_net,
    case when status = 'A' then mw_del_total end as mw_del,
    case when status = 'A' then mw_rec_total end as mw_rec,
    case when status = 'A' then mvar_total end as mvar_net,
    case when status = 'A' then mva_total end as mva_net,
    status,
    null as method
from (
    select
        *,
        case
            when feeders_missing > 0 then 'M'
            when feeders_estimated > 0 then 'S'
            when feeders_edited > 0 then 'E'
            else 'A'
        end as status
    from final_totals
) join combined_profiles using (interval_start_at, interval_minutes)
"""
COUNTED = """
select
    count(kw), count(*) filter (status = 'S'), count(*) filter (status = 'E'),
    count(kvar), count(kva), count(kw_del), count(kw_rec),
    (sum(kw) * any_value(interval_minutes) / 60)::double,
    max(kw) filter (status = 'A')::double, arg_max(start_utc, kw) filter (status = 'A'),
    min(kw) filter (status = 'A')::double
from interval_values
"""
RESAMPLED = """
create or replace temp table interval_values as
select
    time_bucket(to_minutes($minutes), start_standard) - to_minutes($standard_minutes) as start_utc,
    time_bucket(to_minutes($minutes), start_standard) as start_standard,
    $minutes as interval_minutes,
    {means},
    case
        when count(kw) < any_value($minutes // interval_minutes) then 'M'
        when bool_or(status = 'S') then 'S'
        when bool_or(status = 'E') then 'E'
        else 'A'
    end as status,
    max(method) as method
from interval_values
where
    time_bucket(to_minutes($minutes), start_standard) >= $first
    and time_bucket(to_minutes($minutes), start_standard) < $until
group by all
order by all
"""
MEAN = """
case
    when count({0}) = any_value($minutes // interval_minutes) then avg({0})::decimal(18, 6)
end as {0}"""
DROP_DAY = "delete from interval_values where start_standard >= $day and start_standard < $next"
UNKNOWN = """
select min(slot)
from range($first::timestamp, $until::timestamp, to_minutes($minutes)) as slots (slot)
anti join (from interval_values where kw is not null) on slot = start_standard
where $dropped is null or date_trunc('day', slot) <> $dropped
"""


@dataclass(frozen=True)
class Period:
    """From a start until an end (UTC), on a clock without daylight saving time.

    `dropped` is the day, if any, that a year of 365 days leaves out.
    """

    from_utc: datetime
    until_utc: datetime
    standard_minutes: int
    dropped: datetime | None = None

    def whole(self, minutes: int) -> tuple[datetime, datetime]:
        """Return where the first whole interval begins and the last ends, on the clock."""
        length, start = timedelta(minutes=minutes), self.on_clock(self.from_utc)
        end = self.on_clock(self.until_utc)
        return start + (datetime.min - start) % length, end - (end - datetime.min) % length

    @property
    def clock(self) -> str:
        """The clock in words: UTC-07:00."""
        sign = "-" if self.standard_minutes < 0 else "+"
        return "UTC{}{:02}:{:02}".format(sign, *divmod(abs(self.standard_minutes), 60))

    def on_clock(self, moment: datetime) -> datetime:
        return moment + timedelta(minutes=self.standard_minutes)


@dataclass(frozen=True)
class Series:
    """What is known of a feeder, or of the total, in a period; its values are `interval_values`."""

    name: str
    minutes: int
    expected: int  # intervals
    known: int
    estimated: int
    edited: int
    has_kvar: bool  # of each interval with a value
    has_kva: bool
    has_both: bool  # delivered and received power
    energy_kwh: float | None
    peak_kw: float | None  # highest and lowest are measured ones, never estimates
    peak_at: datetime | None  # UTC
    lowest_kw: float | None

    @property
    def missing(self) -> int:
        return self.expected - self.known

    @property
    def is_doubtful(self) -> bool:
        """Whether a higher or lower value may be among those that were not measured."""
        return self.known - self.estimated - self.edited < self.expected


class SeriesError(ValueError):
    """A series cannot be exported; the message says why."""


def standard_minutes(timezone: str, year: int) -> int:
    """Minutes that a zone's standard time is ahead of UTC in a year."""
    zone = ZoneInfo(timezone)
    months = (datetime(year, month, 1, tzinfo=UTC).astimezone(zone) for month in range(1, 13))
    return int(min(month.utcoffset() for month in months).total_seconds()) // 60


def load(
    con: duckdb.DuckDBPyConnection, name: str, use: Use, period: Period, minutes: int | None
) -> Series:
    """Make the table `interval_values` of a feeder or of the total, and return what it holds.

    `minutes` is the length of interval that a kind of file needs, None for the feeder's own.
    Raises SeriesError if it cannot be had.
    """
    counts = {Use.strict: "status = 'A'", Use.final: "status <> 'M'", Use.partial: "true"}[use]
    columns = ", ".join(CHANNELS.values())
    if name == TOTAL:
        total = "mw_partial" if use is Use.partial else "mw_final"
        profiles = TOTAL_OF_FEEDERS.format(total=total)
    else:
        profiles = FEEDER.format(columns=columns)
    values = ",\n    ".join(
        f"case when is_known then ({channel}::double * 1000)::decimal(18, 6) end as {kw}"
        for kw, channel in CHANNELS.items()
    )
    sql = sql_beside(__file__, "values").format(profiles=profiles, counts=counts, values=values)
    words = {
        "standard_minutes": period.standard_minutes,
        "from_utc": period.from_utc,
        "until_utc": period.until_utc,
    }
    con.execute(sql, words | ({} if name == TOTAL else {"name": name}))
    if period.dropped:
        next_day = period.dropped + timedelta(days=1)
        con.execute(DROP_DAY, {"day": period.dropped, "next": next_day})
    lengths, own = con.execute(
        "select count(distinct interval_minutes), any_value(interval_minutes) from interval_values"
    ).fetchone()
    if not lengths:
        raise SeriesError("nothing is known of it in this period")
    if lengths > 1:
        raise SeriesError("the length of its intervals changes in this period; export each apart")
    if minutes and minutes != own:
        if minutes % own:
            raise SeriesError(f"its intervals are {own} minutes, {minutes} are needed")
        means = ", ".join(MEAN.format(channel) for channel in CHANNELS)
        resampled = RESAMPLED.format(means=means)
        first, until = period.whole(minutes)
        words = {"minutes": minutes, "standard_minutes": period.standard_minutes}
        con.execute(resampled, words | {"first": first, "until": until})
    return _counted(con, name, period, minutes or own)


def _counted(con: duckdb.DuckDBPyConnection, name: str, period: Period, minutes: int) -> Series:
    known, estimated, edited, kvar, kva, delivered, received, *figures = con.execute(
        COUNTED
    ).fetchone()
    first, until = period.whole(minutes)
    length = until - first - timedelta(days=1 if period.dropped else 0)
    if length <= timedelta():
        raise SeriesError(f"this period has no whole interval of {minutes} minutes")
    return Series(
        name,
        minutes,
        length // timedelta(minutes=minutes),
        known,
        estimated,
        edited,
        known > 0 and kvar == known,
        known > 0 and kva == known,
        known > 0 and delivered == known == received,
        *figures,
    )


def first_unknown(con: duckdb.DuckDBPyConnection, series: Series, period: Period) -> datetime:
    """Start, on the clock, of the first interval of the loaded series that has no value."""
    first, until = period.whole(series.minutes)
    words = {"minutes": series.minutes, "first": first, "until": until, "dropped": period.dropped}
    return con.execute(UNKNOWN, words).fetchone()[0]
