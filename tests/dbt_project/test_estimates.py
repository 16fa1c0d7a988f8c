"""Estimates: exact where a rule says what they are, refused where nothing does."""

import random
from datetime import datetime, timedelta
from math import exp
from pathlib import Path

import pytest
from conftest import dbt, only, query, take_in
from raw_exports import row, write_export

START = datetime(2024, 3, 4)  # a Monday
STEP = timedelta(minutes=15)
DAY = 96
WEEKS = 12
COUNT = WEEKS * 7 * DAY
METERS = "sta,meter,multiplier,channel_unit\n" + "".join(
    f"{name},{name},1,MW\n" for name in ("weekly", "own", "twin", "blind", "short", "outage")
)
# first missing interval and how many, of a history without other gaps
GAPS = {
    "weekly": {
        30 * DAY + 34: 4,
        33 * DAY: 16,
        37 * DAY + 7: DAY,
        45 * DAY: 7 * DAY,
        60 * DAY: 8 * DAY,
    },
    "own": {28 * DAY + 11: 1, 35 * DAY + 40: 8, 41 * DAY: 2 * DAY},
    "twin": {},
    "blind": {day * DAY + 30: 4 for day in range(1, WEEKS * 7)},  # every day at one time
}
SHORT = [75, None, None, None, None, 100, *[60] * 10, *[None] * 12, 40, 40]


def weekly(place: int) -> tuple[int, int]:
    """A pattern of the week; nothing is received at night, and nothing at all on Sundays."""
    in_week = place % (7 * DAY)
    is_night = not 24 <= in_week % DAY < 72
    return 100 + in_week * 37 % 101, 0 if is_night or in_week >= 6 * DAY else in_week % 53


def own(place: int) -> int:
    some = random.Random(place // DAY)
    return 50 + place % DAY + some.randrange(40) + random.Random(place).randrange(9)


def values(feeder: str, place: int) -> tuple[int, int]:
    if feeder in ("weekly", "blind"):
        return weekly(place)
    return (own(place) if feeder == "own" else 2 * own(place)), 0


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("estimates")
    (root / "meter-data.csv").write_text(METERS)
    (root / "settings.toml").write_text('holes = "accept"\n')
    drop = root / "_dropbox" / "KW"
    drop.mkdir(parents=True)
    for feeder, gaps in GAPS.items():
        hidden = {place for first, count in gaps.items() for place in range(first, first + count)}
        lines = [line(n, *values(feeder, n)) for n in range(COUNT) if n not in hidden]
        write_export(drop, f"{feeder}-1.csv", lines)
    lines = [line(n, value, 0) for n, value in enumerate(SHORT, 40 * DAY) if value is not None]
    write_export(drop, "short-1.csv", lines)
    events = {3: "Power Fail", 8: "Power Fail", 20: "Power Fail"}
    absent = {*range(4, 8), *range(21, 24)}
    lines = [
        line(n, 0 if n in events else 30, 0, events.get(n, "Normal"))
        for n in range(40)
        if n not in absent
    ]
    write_export(drop, "outage-1.csv", lines)
    take_in(root)
    dbt(root, "build", *only("estimates"))
    return root


def line(place: int, delivered: int, received: int, event: str = "Normal") -> str:
    at = START + place * STEP
    return row(place, at, at + STEP, f"{delivered},{received},,", event)


def said(root: Path, feeder: str, channel: str, first: int, count: int) -> list[tuple]:
    return query(
        root,
        """
        select cast(estimate as double), cast(low as double), cast(high as double), method,
            refused_because
        from estimates
        where feeder = ? and channel = ? and interval_start_at >= ? and interval_start_at < ?
        order by interval_start_at
        """,
        feeder,
        channel,
        START + first * STEP,
        START + (first + count) * STEP,
    )


@pytest.mark.parametrize("first", list(GAPS["weekly"])[:4])
def test_a_weekly_pattern_is_estimated_exactly_in_both_directions(root, first):
    count = GAPS["weekly"][first]
    for place, channel in enumerate(("mw_del", "mw_rec")):
        rows = said(root, "weekly", channel, first, count)
        assert [r[0] for r in rows] == [weekly(n)[place] for n in range(first, first + count)]
        assert all(low <= value <= high for value, low, high, *_ in rows)
    # an estimate knows nothing of the channels that the meter has not
    assert not query(root, "select 1 from estimates where channel like 'mva%'")


def test_what_lasts_longer_than_a_week_is_refused(root):
    rows = said(root, "weekly", "mw_del", 60 * DAY, 8 * DAY)
    assert set(rows) == {(None, None, None, None, "longer than 7 days")}
    assert len(rows) == 8 * DAY


@pytest.mark.parametrize("first", GAPS["own"])
def test_a_sibling_that_does_the_same_tells_what_was(root, first):
    count = GAPS["own"][first]
    rows = said(root, "own", "mw_del", first, count)
    assert {r[3] for r in rows} == {"sibling"}
    # days differ by 40 at random; of the sibling more is known here and there
    errors = [abs(found[0] - own(n)) for n, found in enumerate(rows, first)]
    assert sum(errors) < len(rows) == count


def test_with_too_little_history_a_short_gap_is_a_straight_line_and_a_long_one_refused(root):
    rows = said(root, "short", "mw_del", 40 * DAY + 1, 4)
    assert rows == [(v, None, None, "straight_line", None) for v in (80, 85, 90, 95)]
    rows = said(root, "short", "mw_del", 40 * DAY + 16, 12)
    assert set(rows) == {(None, None, None, None, "too little history")}


def test_what_is_known_on_no_day_at_that_time_is_refused_and_never_0(root):
    first = 40 * DAY + 30
    refused = (None, None, None, None, "no day like it")
    assert said(root, "blind", "mw_del", first, 4) == [refused] * 4


def test_power_failed_on_both_sides_is_0_and_known_and_on_one_side_refused(root):
    assert set(said(root, "outage", "mw_del", 4, 4)) == {(0, 0, 0, "outage", None)}
    refused = (None, None, None, None, "an outage at one of its ends")
    assert set(said(root, "outage", "mw_del", 21, 3)) == {refused}
    codes = "select distinct reading_quality from estimates where method = 'outage'"
    assert query(root, codes) == [("1.2.32",)]


def test_every_missing_interval_of_every_channel_is_answered_and_no_measured_one(root):
    counts = """
    select count(*) from missing_intervals inner join feeder_channels using (feeder)
    union all select count(*) from estimates
    union all
    select count(*) from estimates semi join feeder_profiles using (feeder, interval_start_at)
    """
    (missing,), (answered,), (measured,) = query(root, counts)
    assert missing == answered > 0
    assert measured == 0
    assert not query(
        root, "select 1 from estimates where (estimate is null) = (method is not null)"
    )


def test_trials_see_nothing_of_what_they_hide(root):
    """The bridged profile as docs/settled.md writes it, from the values that were dropped."""
    known = {n: own(n) for n in range(COUNT)}
    for first, count in GAPS["own"].items():
        for n in range(first, first + count):
            del known[n]
    trials = query(
        root,
        """
        select gap_no, class_minutes, place, interval_start_at, bridged from estimation_trials
        where feeder = 'own' and channel = 'mw_del' and gap_no % 10000 < 8
        """,
    )
    assert {minutes for _, minutes, *_ in trials} == {60, 120, 240, 480, 1440, 4320, 10080}
    for _, minutes, place, start_at, bridged in trials:
        first = int((start_at - START) / STEP) - place + 1
        count = minutes // 15
        assert abs(as_written(known, first, count, place) - bridged / 1e9) < 1e-6


def as_written(known: dict[int, int], first: int, count: int, place: int) -> float:
    def is_known(n: int) -> bool:
        return n in known and not first <= n < first + count

    def usual(n: int) -> float:
        day = n // DAY
        near = sorted(
            (d for d in range(day - 28, day + 29) if d != day and is_known(d * DAY + n % DAY)),
            key=lambda d: (abs(d - day), d),
        )
        alike = [d for d in near if (d % 7 >= 5) == (day % 7 >= 5)][:3]
        alike += [d for d in near if (d - day) % 7 == 0][:4]
        return sum(known[d * DAY + n % DAY] for d in alike) / len(alike)

    before, after = first - 1, first + count
    share = place / (count + 1)
    pull = exp(-(min(place, count + 1 - place) - 1) / 32)
    excess = (known[before] - usual(before)) * (1 - share) + (known[after] - usual(after)) * share
    return max(0, usual(before + place) + excess * pull)
