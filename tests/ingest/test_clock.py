"""The clock table against Python's own time zones, also where the clock changes in odd ways."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pytest

from ingest.clock import FIRST_DAY, LAST_DAY, clock_days, save_clock_days
from ingest.warehouse import SCHEMA


def allowed_offsets(days: dict, local: datetime) -> set[int]:
    """What the table allows as minutes from UTC at a local time: one, or two in a repeated hour."""
    _, _, before, change, after = days[local.date()]
    if change is None:
        return {before}
    found = {before} if local < change else set()
    return found | ({after} if local >= change + timedelta(minutes=after - before) else set())


@pytest.mark.parametrize(
    ("timezone", "year"),
    [
        ("UTC", 2024),
        ("Etc/GMT+7", 2024),
        ("America/Denver", 2024),
        ("America/Denver", 2050),
        ("Europe/Berlin", 1980),
        ("America/Havana", 2024),
        ("America/Sao_Paulo", 2018),
        ("Asia/Beirut", 2022),
        ("Australia/Lord_Howe", 2024),
        ("Asia/Kathmandu", 1986),
        ("Pacific/Apia", 2011),
        ("Pacific/Kwajalein", 1993),
        ("Africa/Casablanca", 2024),
        ("Antarctica/Troll", 2024),
    ],
)
def test_every_quarter_hour_of_a_year_has_the_offset_of_its_zone(timezone, year):
    days = {
        day[1]: day for day in clock_days(timezone, date(year - 1, 12, 30), date(year + 1, 1, 2))
    }
    zone, moment = ZoneInfo(timezone), datetime(year, 1, 1, tzinfo=UTC)
    while moment.year == year:
        local = moment.astimezone(zone).replace(tzinfo=None)
        both = {local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)}
        expected = {int(offset.total_seconds() // 60) for offset in both}
        assert allowed_offsets(days, local) == expected, local
        moment += timedelta(minutes=15)


def test_the_change_is_told_on_the_clock_before_it():
    days = clock_days("America/Denver", date(2024, 1, 1), date(2024, 12, 31))
    changes = [(*day[2:],) for day in days if day[3]]
    assert changes == [
        (-420, datetime(2024, 3, 10, 2), -360),
        (-360, datetime(2024, 11, 3, 2), -420),
    ]


def test_a_fixed_zone_never_changes():
    assert {day[2:] for day in clock_days("Etc/GMT+7")} == {(-420, None, None)}


def test_saving_keeps_exactly_the_zones_in_use_and_mends_what_differs():
    with duckdb.connect() as con:
        con.execute(SCHEMA)
        save_clock_days(con, ["UTC", "Asia/Tokyo"])
        con.execute(
            "update raw.clock_days set utc_offset_minutes = 7 where local_date = '2024-07-12'"
        )
        save_clock_days(con, ["America/Denver", "UTC", "UTC"])
        found = con.execute(
            """
            select timezone, count(*), count(distinct local_date), min(local_date), max(local_date)
            from raw.clock_days group by timezone order by timezone
            """
        ).fetchall()
        wrong = "select * from raw.clock_days where timezone = 'UTC' and utc_offset_minutes <> 0"
        assert con.execute(wrong).fetchall() == []
    count = (LAST_DAY - FIRST_DAY).days + 1
    span = (count, count, FIRST_DAY, LAST_DAY)
    assert found == [("America/Denver", *span), ("UTC", *span)]
