"""What a file may hold that passes the checks of ingest, however odd, is published.

A check of the product's own invariants that failed on it would stop every feeder, every day.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
import raw_exports
from conftest import BUILD, bring_up_to_date, dbt, query, take_in

COLUMNS = "sta,meter,multiplier,channel_unit,interval_minutes,timezone,valid_from,valid_to,"
COLUMNS += "total_factor\n"
TURN = datetime(2024, 2, 1)

Row = tuple[datetime, datetime, str]  # start, end and the four values


def quarters(first: datetime, values: list[str], minutes: int = 15) -> Iterator[Row]:
    length = timedelta(minutes=minutes)
    for place, value in enumerate(values):
        yield first + place * length, first + (place + 1) * length, value


def drop(root: Path, name: str, rows: list[Row], words: Iterator[str] | None = None) -> None:
    lines = (
        raw_exports.row(n, *row, next(words) if words else "Normal") for n, row in enumerate(rows)
    )
    raw_exports.write_export(root / "_dropbox/KW", name, lines)


@pytest.fixture(scope="module")
def odd(tmp_path_factory) -> Path:
    """A feeder for every oddity, one hour each, and `north` with none; kW, but for `watts`."""
    root = tmp_path_factory.mktemp("odd") / "root"
    (root / "_dropbox/KW").mkdir(parents=True)
    first = TURN - timedelta(minutes=45)
    shifts = {"late": timedelta(seconds=3), "early": timedelta(seconds=-60)}
    shifts["far"] = timedelta(minutes=7)
    hour = ["5000,0,5000,0"] * 4
    feeders: dict[str, list[Row]] = {
        "north": list(quarters(first, hour)),
        # the last 60 minutes of the hour at 00:00 are those of January
        "turn": list(quarters(first, ["5000,0,5000,0"] * 3 + ["4000,0,4000,0"])),
        "off": list(quarters(first, ["5000,0,5000,0"] * 3 + ["0,0,0,0"])),
        "solar": list(quarters(first, ["-0.02,0,0,0", "0,-3,2,0", "-3,2,-1,1", "-4,0,-5,0"])),
        "watts": list(quarters(first, ["0.024,0,0.024,0"] * 4)),
        "huge": list(quarters(first, ["999999999.999999999999999999,0,1,0", *hour[1:]])),
        **{
            name: [(a + late, b + late, value) for a, b, value in quarters(first, hour)]
            for name, late in shifts.items()
        },
    }
    # a clock 3 s late is set right: a row of 14:57; then one that is 3 s longer
    a, b, c, d, e = (first + timedelta(minutes=15 * n) for n in range(5))
    late = timedelta(seconds=3)
    value = hour[0]
    feeders["mended"] = [
        (a + late, b + late, value),
        (b + late, c, value),
        (c, d + late, value),
        (d + late, e, value),
    ]
    # and a joint that is off by itself
    feeders["jumps"] = [(a + late, b + late, value), (b, c, value), (c, d, value), (d, e, value)]
    lines = (
        f"{name},{n},1,{'W' if name == 'watts' else 'MWh' if name == 'huge' else 'kW'},15,UTC,,,0\n"
        for n, name in enumerate(feeders)
    )
    text = COLUMNS + "".join(lines).replace("15,UTC,,,0", "15,UTC,,,1", 1)
    (root / "meter-data.csv").write_text(text, encoding="utf-8")
    for name, rows in feeders.items():
        drop(root, f"{name}-1.csv", rows)
    bring_up_to_date(root)
    return root


def findings(root: Path, rule: str) -> dict[str, str]:
    return dict(query(root, "select feeder, evidence from findings where rule = ?", rule))


def test_no_oddity_keeps_a_feeder_from_being_published(odd: Path) -> None:
    counts = dict(query(odd, "select feeder, count(*) from feeder_profiles group by feeder"))
    assert len(counts) == 11 and set(counts.values()) == {4}
    assert query(odd, "select count(mw_total), sum(mw_total) from combined_profiles") == [(4, 20)]


def test_a_clock_a_few_seconds_off_fills_its_intervals_and_is_named(odd: Path) -> None:
    read = """select feeder, list(clock_offset_seconds order by interval_start_at) from (
        select p.* from feeder_profiles as p join feeder_profiles as n
        on n.feeder = 'north' and p.interval_start_at = n.interval_start_at
        and p.actual_seconds = 900 and not p.is_off_time_grid and p.mw_net = 5
    ) where feeder in ('late', 'early', 'mended', 'jumps') group by feeder"""
    assert dict(query(odd, read)) == {
        "late": [3, 3, 3, 3],
        "early": [-60, -60, -60, -60],
        "mended": [3, 3, 0, 3],
        "jumps": [3, 0, 0, 0],
    }
    printed = findings(odd, "clock_offset")
    assert printed == {
        "late": "its clock is 3 s late in 4 readings, in late-1.csv",
        "early": "its clock is 60 s early in 4 readings, in early-1.csv",
        "mended": "its clock is 3 s late in 3 readings, in mended-1.csv; it changes inside a file",
        "jumps": "its clock is 3 s late in 1 reading, in jumps-1.csv; it changes inside a file",
    }
    missing = dict(query(odd, "select feeder, count(*) from missing_intervals group by feeder"))
    # seven minutes are no jitter: four readings, and the four intervals that they start in
    assert missing == {"far": 4}


def test_an_early_reading_belongs_to_the_day_of_its_interval(odd: Path) -> None:
    days = "select local_date::varchar, reading_count from feeder_days where feeder = ? order by 1"
    expected = [("2024-01-31", 3), ("2024-02-01", 1)]
    assert query(odd, days, "early") == query(odd, days, "north") == expected


def test_negative_values_are_used_as_they_are_and_named(odd: Path) -> None:
    net = "select mw_net::varchar from feeder_profiles where feeder = 'solar' order by record_no"
    assert [Decimal(mw) for (mw,) in query(odd, net)] == list(
        map(Decimal, ("-0.00002", "0.003", "-0.005", "-0.004"))
    )
    assert findings(odd, "negative") == {
        "solar": "4 readings with a value below 0, the first in line 3 of solar-1.csv "
        "at 2024-01-31 23:15, the lowest -5"
    }


def test_power_that_no_feeder_carries_is_unknown_and_named(odd: Path) -> None:
    known = "select count(*), count(mw_net), max(mw_net) from feeder_profiles where feeder = 'huge'"
    assert query(odd, known) == [(4, 3, 20000)]
    assert findings(odd, "out_of_range") == {
        "huge": "1 reading of 1,000,000 MW or more, the first at 2024-01-31 23:15, in huge-1.csv"
    }


def test_a_window_belongs_to_the_month_in_which_it_ends(odd: Path) -> None:
    sql = """select feeder, month(period_start), peak_mw, peak_60min_mw from planner_figures
        where grain = 'month' and feeder in ('turn', 'off') order by all"""
    assert query(odd, sql) == [
        ("off", 1, 5, None),
        ("off", 2, 0, Decimal("3.75")),
        ("turn", 1, 5, None),
        ("turn", 2, 4, Decimal("4.75")),
    ]


WORDS = ("Normal", "MidnightNormal", "Test Mode", "Partial", "TimeSet", "Full moon", "Power Fail")
NUMBERS = ("0", "", "1", "2.5", "40", "0.000000000000000001", "999999999.999999999999999999")
ZONES = ("UTC", "America/Denver", "Asia/Kolkata", "Australia/Lord_Howe", "Etc/GMT+7")
MULTIPLIERS = ("1", "0.000001", "28800", "999999999.999999")
# the end of a month, and the day before the clocks of Denver change: near one another, as every
# feeder is expected from the first to the last reading of all
STARTS = (datetime(2025, 2, 28), datetime(2025, 3, 8))


def random_meters(random: Random, feeder: str, day: datetime) -> list[str]:
    """Rows of meter-data.csv: a meter, or one and its successor."""
    zone = random.choice(ZONES)
    exchange = day + timedelta(hours=random.randrange(48))
    valid = random.choice(([("", "")], [("", exchange), (exchange, "")]))
    return [
        ",".join(
            map(
                str,
                (
                    feeder,
                    f"{feeder}{n}",
                    random.choice(MULTIPLIERS),
                    random.choice(("W", "kW", "MW", "Wh", "kWh", "MWh")),
                    random.choice((1, 5, 15, 15, 15, 30, 60)),
                    zone,
                    *ends,
                    random.choice((1, 1, 1, -1, 0, "1.0036", "999.999999")),
                ),
            )
        )
        for n, ends in enumerate(valid)
    ]


def random_rows(random: Random, day: datetime, minutes: int) -> list[Row]:
    """Rows that follow one another, now and then short, long or a little off; any values."""
    at = day + timedelta(minutes=random.randrange(2160) // minutes * minutes)
    at += timedelta(seconds=random.choice((0, 0, 0, 3, -3, 60, 90, 420)))
    numbers = random.sample(NUMBERS, 3) + [f"-{random.choice(NUMBERS) or 7}"] * random.randrange(2)
    rows = []
    for _ in range(random.randrange(1, 100)):
        length = timedelta(minutes=minutes)
        odd = random.random()
        if odd < 0.04:
            seconds = random.choice((1, 30, 3, 60, 600, -1, -3, -60, 3600))
            length = max(timedelta(seconds=1), length + timedelta(seconds=seconds))
        elif odd < 0.06:
            length = timedelta(seconds=random.choice((2, 30, 120, 100_000)))
        if random.random() < 0.03:
            at += timedelta(seconds=random.choice((1, -1, 3, -3, 40, -40)))
        rows.append((at, at + length, ",".join(random.choice(numbers) for _ in range(4))))
        at += length
    return rows


def test_whatever_is_accepted_can_be_published(tmp_path) -> None:
    """Fifteen random feeders from each start on; what ingest refuses is not the matter here."""
    (tmp_path / "_dropbox/KW").mkdir(parents=True)
    meters = []
    for seed, day in enumerate(STARTS, 1):
        random = Random(seed)
        names = [f"feeder{seed}x{n}" for n in range(15)]
        some = [line for name in names for line in random_meters(random, name, day)]
        for line in some:
            name, serial, _, _, minutes, *_ = line.split(",")
            words = (
                random.choice(WORDS) if random.random() < 0.1 else "Normal" for _ in iter(int, 1)
            )
            for part in range(random.randrange(1, 3)):
                rows = random_rows(random, day, int(minutes))
                drop(tmp_path, f"{name}-{serial}-{part}.csv", rows, words)
        meters += some
    (tmp_path / "meter-data.csv").write_text(COLUMNS + "\n".join(meters) + "\n", encoding="utf-8")
    take_in(tmp_path)
    accepted = "select count(*) from raw.files where outcome = 'accepted'"
    assert query(tmp_path, accepted)[0][0] > 20
    dbt(tmp_path, *BUILD)
