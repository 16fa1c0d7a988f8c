"""Files as meters and tools write them around a change of the clock, taken in by one run.

Python's zoneinfo says what is right: a meter's rows are made from starts in UTC, written on its
clock, and must come back as those starts with their energy. What a clock cannot tell is flagged.
"""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from shutil import copyfile
from zoneinfo import ZoneInfo

import duckdb
import pytest
from clock_meters import (
    DENVER,
    REFUSED,
    SURE,
    SYSTEM_IN_DENVER,
    UNSURE,
    Row,
    autumn,
    drop_all,
    export,
    load,
    rows_of,
    spring,
)
from conftest import bring_up_to_date, dbt, query
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.check_files import check_files, save_rows
from ingest.clock import clock_days
from ingest.parts import split_files
from ingest.raw_files import inspect_file
from load_profile.plots.profile_lines import profiles_and_gaps
from load_profile.plots.system import read_system


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, set[str]]:
    """A root with the files of all meters, taken in at once, and the checks that warned."""
    root = tmp_path_factory.mktemp("time")
    drop_all(root)
    results = bring_up_to_date(root, *SYSTEM_IN_DENVER)
    return root, {name for name, result in results.items() if result.status == "warn"}


@pytest.fixture(scope="module")
def root(made) -> Path:
    return made[0]


def starts_read(root: Path) -> dict[str, list[datetime]]:
    starts = "list(interval_start_at order by interval_start_at)"
    return dict(query(root, f"select feeder, {starts} from feeder_profiles group by feeder"))


def test_good_files_are_accepted_and_broken_ones_are_not(root):
    found = set(query(root, "select distinct feeder, outcome from raw.files"))
    outcomes = dict.fromkeys(SURE | UNSURE, "accepted") | dict.fromkeys(REFUSED, "sequence_error")
    assert found == set(outcomes.items())


def test_every_reading_has_its_start_in_utc_whatever_the_clock_and_its_labels(root):
    found = starts_read(root)
    assert {name: found[name] for name in SURE} == {n: made.starts for n, made in SURE.items()}
    sure = "select distinct feeder from feeder_profiles where is_ambiguous_time"
    assert not SURE.keys() & {feeder for (feeder,) in query(root, sure)}


def test_a_change_of_the_clock_makes_no_gap(root):
    found = query(root, "select feeder, gap_start_at, missing_intervals from gaps")
    assert not [gap for gap in found if gap[0] in SURE]


@pytest.mark.parametrize(
    ("feeder", "counts"),
    [
        ("spring_before", [96, 92, 96]),
        ("spring_after", [96, 92, 96]),
        ("autumn_before", [96, 100, 96]),
        ("autumn_pieces", [96, 100, 96]),
        ("spring_standard", [96, 96, 92]),  # the days of Denver, on a clock that never changes
        ("london_spring", [48, 46, 48]),
        ("london_autumn", [48, 50, 48]),
        ("howe_spring", [48, 47, 48]),
        ("howe_autumn", [48, 49, 48]),
    ],
)
def test_the_days_of_a_change_are_shorter_and_longer(root, feeder, counts):
    days = "select count(*) from feeder_profiles where feeder = ? group by start_local::date"
    found = query(root, f"{days} order by start_local::date", feeder)
    assert [count for (count,) in found] == counts


def test_no_energy_is_lost_or_made(root):
    found = dict(query(root, "select feeder, sum(del_raw) from feeder_profiles group by feeder"))
    for name, made in SURE.items():
        assert found[name] == sum(map(load, made.starts)), name


def test_meters_on_different_clocks_line_up_in_the_total(root):
    found = query(
        root,
        """select feeders_expected, feeders_reporting, missing_feeders, mw_total, count(*)
        from combined_profiles group by all""",
    )
    assert found == [(2, 2, None, 0, (len(spring) + len(autumn)) // 2)]


def test_local_days_of_the_total_are_those_of_the_systems_zone(root):
    sql = "select count(*) from combined_profiles group by start_local::date order by 1"
    expected = [46, 48, 48, 48, 48, 50]
    assert [count for (count,) in query(root, sql)] == expected
    with (root / "lp/all.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    lines = [row["Start Time"] for row in rows]
    assert sorted(Counter(line[:8] for line in lines).values()) == expected
    assert lines[0] == "03/08/25 00:00:00" and lines[-1] == "11/03/25 23:30:00"
    changes = [line for line in lines if line[:11] in ("03/09/25 02", "11/02/25 01")]
    assert changes == ["11/02/25 01:00:00", "11/02/25 01:30:00"] * 2
    twice = [row["start_utc"] for row in rows if row["Start Time"] == "11/02/25 01:00:00"]
    assert twice == ["2025-11-02T07:00:00Z", "2025-11-02T08:00:00Z"]


def test_meters_on_different_clocks_line_up_in_the_plot_of_all(root):
    names = ["autumn_standard", "autumn_before"]
    with duckdb.connect(str(root / "warehouse/load_profile.duckdb"), read_only=True) as con:
        system = replace(read_system(con), first_start_at=autumn[0], bucket_minutes=60)
        own, common = (
            {name: profile for name, profile, _ in profiles_and_gaps(con, system, names, zone=zone)}
            for zone in (None, DENVER)
        )
    standard, wall = (common[name].reset_index(drop=True) for name in names)
    assert standard.equals(wall)
    starts = [own[name]["bucket_start"].iloc[0] for name in names]
    assert starts == [datetime(2025, 10, 31, 23), datetime(2025, 11, 1)]


def test_values_of_an_hour_that_the_clock_skips_take_no_place_of_real_ones(root):
    assert starts_read(root)["spring_columns"] == spring
    sql = "select max(del_raw), bool_or(is_ambiguous_time) from feeder_profiles where feeder = ?"
    assert query(root, sql, "spring_columns") == [(max(map(load, spring)), False)]
    assert query(root, "select count(*) from corrections") == [(0,)]


def test_a_repeated_hour_that_is_there_once_leaves_a_gap_and_is_flagged(root):
    flagged = "select interval_start_at, del_raw from feeder_profiles where is_ambiguous_time"
    found = query(root, f"{flagged} and feeder = 'autumn_columns' order by 1")
    assert found == [(start, load(start)) for start in autumn[100:104]]
    gap = "select gap_start_at, gap_end_at, missing_intervals from gaps where feeder = ?"
    assert query(root, gap, "autumn_columns") == [(autumn[104], autumn[108], 4)]


def test_a_file_inside_a_repeated_hour_is_flagged(root):
    flagged = "select interval_start_at from feeder_profiles where is_ambiguous_time"
    found = query(root, f"{flagged} and feeder = 'autumn_inside' order by 1")
    assert [start for (start,) in found] == autumn[101:103]


def test_times_that_the_clock_does_not_tell_are_counted_and_warned_of(made):
    root, warnings = made
    found = query(root, "select feeder, row_count, first_start_local from ambiguous_times")
    spring_hour, autumn_hour = datetime(2025, 3, 9, 2), datetime(2025, 11, 2, 1)
    assert sorted(found) == [
        ("autumn_columns", 4, autumn_hour),
        ("autumn_inside", 2, autumn_hour + timedelta(minutes=15)),
        ("spring_columns", 4, spring_hour),
        ("spring_undeclared", 4, spring_hour),
    ]
    assert "detect_unclear_time" in warnings
    unclear = "select feeder, evidence from findings where rule = 'unclear_time'"
    printed = dict(query(root, unclear))
    assert printed["autumn_columns"].startswith("4 rows with a Start Time that a clock of ")
    assert (
        "shows twice" in printed["autumn_columns"]
        and "in autumn_columns-" in printed["autumn_columns"]
    )
    assert "never shows" in printed["spring_undeclared"]


def test_the_letter_of_a_midnight_date_slip_says_so(root):
    letter = (root / "data/KW/ERROR/midnight-0_SEQUENCE-ERROR.txt").read_text(encoding="utf-8")
    assert (
        "3 of 292 rows look like a midnight date slip: the row that starts at 00:00 carries the "
        "date of the day before" in letter
    )
    assert "correct the dates with a text editor" in letter


# Any readings on any clock

# zones whose changes are odd, and the interval lengths that fit between them
ZONES = {
    "UTC": (5, 15, 60),
    "Etc/GMT+7": (15, 60),
    "America/Denver": (5, 15, 30, 60),
    "Europe/London": (15, 30, 60),
    "America/St_Johns": (15, 30, 60),  # half an hour off the whole hours
    "Australia/Lord_Howe": (15, 30),  # half an hour of daylight saving
    "Pacific/Chatham": (15, 60),  # three quarters of an hour off
    "America/Havana": (15, 60),  # from 01:00 back to midnight
    "America/Santiago": (15, 60),  # from midnight back to 23:00 of the day before
    "Africa/Casablanca": (15, 60),  # in Ramadan
    "Antarctica/Troll": (15, 60),  # two hours
    "Asia/Pyongyang": (15, 30),  # half an hour, for good
}
FIRST, LAST = date(2015, 1, 1), date(2025, 12, 31)  # a file of the future is refused
DAYS = {zone: list(clock_days(zone, FIRST, LAST)) for zone in ZONES}
CHANGES = {
    zone: [change - timedelta(minutes=before) for _, _, before, change, _ in days if change]
    or [datetime(2025, 1, 1)]
    for zone, days in DAYS.items()
}


@pytest.fixture(scope="module")
def models(root, tmp_path_factory) -> Iterator[tuple[duckdb.DuckDBPyConnection, str, Path]]:
    """A copy of the warehouse to fill anew, the SQL of stg_file_periods and a folder for files."""
    copy = tmp_path_factory.mktemp("models")
    (copy / "warehouse").mkdir()
    warehouse = copyfile(
        root / "warehouse/load_profile.duckdb", copy / "warehouse/load_profile.duckdb"
    )
    compiled = dbt(copy, "compile", "--select", "stg_file_periods")["stg_file_periods"]
    with duckdb.connect(str(warehouse)) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute("delete from raw.clock_days")
        rows = [day for days in DAYS.values() for day in days]
        con.execute(
            f"insert into raw.clock_days select {', '.join(['unnest(?)'] * 5)}",
            [list(column) for column in zip(*rows, strict=True)],
        )
        yield con, compiled.node.compiled_code, copy


@dataclass(frozen=True)
class Meter:
    """Readings of any values on any clock, and the files they are written to."""

    zone: str
    minutes: int
    starts: list[datetime]
    digits: list[int]  # values times 10^18
    files: list[list[Row]]


@st.composite
def meters(draw) -> Meter:
    zone = draw(st.sampled_from(list(ZONES)))
    minutes = draw(st.sampled_from(ZONES[zone]))
    digits = draw(
        st.lists(st.integers(0, 10**27 - 1) | st.integers(0, 10**6), min_size=1, max_size=80)
    )
    change = draw(st.sampled_from(CHANGES[zone]))
    first = change - timedelta(minutes=minutes * draw(st.integers(-4, len(digits) + 4)))
    starts = [first + timedelta(minutes=minutes * n) for n in range(len(digits))]
    texts = [f"{n // 10**18}.{n % 10**18:018}" for n in digits]
    spans = rows_of(starts, zone, minutes, draw(st.sampled_from(["before", "after"])))
    rows = [(start, end, text) for (start, end, _), text in zip(spans, texts, strict=True)]
    cuts = draw(st.lists(st.integers(1, len(digits)), max_size=3))
    ends = [0, *sorted(set(cuts)), len(rows)]
    return Meter(zone, minutes, starts, digits, [rows[a:b] for a, b in pairwise(ends) if a < b])


def take_in(models, meters: list[Meter]) -> None:
    """Check and save the files of meters, and make the views see them."""
    con, file_periods, folder = models
    for table in ("meter_data", "files", "file_months", "interval_reads"):
        con.execute(f"delete from raw.{table}")
    con.executemany(
        """
        insert into raw.meter_data
        values (?, ?, 'm', 1, 'W', ?, ?, null, null, 1, null, '', 'both', null, null)
        """,
        [(n + 2, f"any{n}", meter.minutes, meter.zone) for n, meter in enumerate(meters)],
    )
    written = [(n, rows) for n, meter in enumerate(meters) for rows in meter.files]
    paths = [folder / f"any{n}-{number}.csv" for number, (n, _) in enumerate(written)]
    for path, (n, rows) in zip(paths, written, strict=True):
        path.write_text(export(f"any{n}", rows), encoding="utf-8")
    checked = check_files(con, split_files(con, [inspect_file(path) for path in paths]))
    assert [file.problem for file in checked] == [None] * len(written)
    save_rows(con, {number: number for number in range(len(written))})
    con.execute(
        """
        insert into raw.files by name
        select
            unnest(range(?)) as file_id, 'any' || unnest(?) as feeder, file_id as accepted_seq,
            '' as file_name, '' as sha256, 0 as size_bytes, 'accepted' as outcome,
            0 as row_count, '' as stored_as, now()::timestamp as processed_at
        """,
        [len(written), [n for n, _ in written]],
    )
    con.execute(f"create or replace table stg_file_periods as {file_periods}")


def is_shown_twice(local: datetime, zone: str) -> bool:
    first, second = (local.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
    return first.utcoffset() > second.utcoffset()


# Meters are taken in together: a batch of many costs little more than one.
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(meters(), min_size=2, max_size=10))
def test_any_readings_go_to_utc_and_back_with_every_start_and_all_energy(models, meters):
    take_in(models, meters)
    con = models[0]
    found = con.execute(
        """
        select
            feeder, file_id, interval_start_at, is_ambiguous_time, start_local,
            timezone(timezone, timezone('UTC', interval_start_at)) as back_local
        from stg_interval_reads order by file_id, line_number
        """
    )
    read = found.fetchall()
    total = "select feeder, sum(coalesce(long_values[1], del_raw))::varchar from stg_interval_reads"
    sums = dict(con.execute(f"{total} group by feeder").fetchall())
    files = [rows for meter in meters for rows in meter.files]
    for n, meter in enumerate(meters):
        own = [row[1:] for row in read if row[0] == f"any{n}"]
        assert len(own) == len(meter.starts)
        for start, (number, start_at, is_ambiguous, start_local, back_local) in zip(
            meter.starts, own, strict=True
        ):
            assert back_local == start_local
            # only a file that knows nothing but the repeated hour cannot tell
            lies_inside = all(is_shown_twice(local, meter.zone) for local, *_ in files[number])
            assert start_at == start or (is_ambiguous and lies_inside), (start, start_at)
            assert not is_ambiguous or lies_inside
        whole, part = divmod(sum(meter.digits), 10**18)
        assert sums[f"any{n}"] == f"{whole}.{part:018}"
