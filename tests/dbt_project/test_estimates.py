"""Estimates: exact where a rule says what they are, refused where nothing does."""

import random
from collections import defaultdict
from datetime import datetime, timedelta
from math import exp
from pathlib import Path
from shutil import copytree

import pytest
from conftest import dbt, only, query, take_in
from raw_exports import row, write_export

START = datetime(2024, 3, 4)  # a Monday
STEP = timedelta(minutes=15)
DAY = 96
WEEKS = 12
COUNT = WEEKS * 7 * DAY
# a day of 1 kWh in every interval, four of them missing: from where to where the register counted
# what, and what the four have
COUNTED = {
    "exact": ("38 100.00, 46 106.00", 2),
    "coarse": ("38 100, 46 106", None),  # one count is half of what it leaves
    "fivefold": ("38 100.00, 46 124.00", None),  # nothing proves that the register is right
    "proven": ("30 92.00, 38 100.00, 46 124.00", 20),
    "wrong": ("30 68.00, 38 100.00, 46 124.00", None),
    "negative": ("38 100.00, 46 103.00", None),  # less than is measured
    "inside": ("38 100.00, 41.5 103.00, 46 106.00", None),
    "share": ("38.5 100.00, 46 105.30", None),  # half an interval may be wrong: too much
    "touching": ("40 100.00, 42 101.50, 46 104.50", 2.5),
    "one_side": ("46 106.00, 50 110.00", None),
    "cut": ("8 100.00, 50 135.00", 2),  # power failed in others that are missing
}
METERS = "sta,meter,multiplier,channel_unit\n" + "".join(
    f"{name},{name},1,{'kW' if name in COUNTED else 'MW'}\n"
    for name in ("weekly", "own", "twin", "blind", "short", "outage", "read", *COUNTED)
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
    "read": {28 * DAY + 11: 1, 35 * DAY + 40: 8, 41 * DAY: 2 * DAY},
    "blind": {day * DAY + 30: 4 for day in range(1, WEEKS * 7)},  # every day at one time
}
SHORT = [75, None, None, None, None, 100, *[60] * 10, *[None] * 12, 40, 40]


def weekly(place: int) -> tuple[int, int]:
    """A pattern of the week; nothing is received at night, and nothing at all on Sundays."""
    in_week = place % (7 * DAY)
    is_night = not 24 <= in_week % DAY < 72
    return 100 + in_week * 37 % 101, 0 if is_night or in_week >= 6 * DAY else in_week % 53


def own(place: int, seed: int = 0) -> int:
    some = random.Random(seed + place // DAY)
    return 50 + place % DAY + some.randrange(40) + random.Random(place).randrange(9)


def read(place: int) -> int:
    return own(place, seed=1000)


def values(feeder: str, place: int) -> tuple[int, int]:
    if feeder in ("weekly", "blind"):
        return weekly(place)
    if feeder == "read":
        return read(place), 0
    return (2 * own(place) if feeder == "twin" else own(place)), 0


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
    write_counted(root)
    take_in(root)
    dbt(root, "build", *only("estimates"))
    return root


def write_counted(root: Path) -> None:
    """Meters with registers, of `read` weekly and of the others as COUNTED says."""
    reads, drop = ["meter,read_at,kwh_del,kwh_rec"], root / "_dropbox"
    (drop / "REG").mkdir()
    for name, (cells, _) in COUNTED.items():
        events = {20: "Power Fail", 21: "Power Fail", 24: "Power Fail"} if name == "cut" else {}
        missing = {40, 41, 42, 43, *({22, 23} if events else ())}
        lines = [
            line(40 * DAY + n, 0 if n in events else 4, 0, events.get(n, "Normal"))
            for n in range(DAY)
            if n not in missing
        ]
        write_export(drop / "KW", f"{name}-1.csv", lines)
        for place, value in (cell.split() for cell in cells.split(", ")):
            reads.append(f"{name},{START + (40 * DAY + float(place)) * STEP},{value},0.00")
    counted = 0
    for n in range(COUNT):
        if n % (7 * DAY) == 0:
            reads.append(f"read,{START + n * STEP},{counted:.2f},0.00")
        counted += read(n) * 250
    (drop / "REG" / "reads.csv").write_text("\n".join(reads) + "\n")


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


@pytest.mark.parametrize("name", COUNTED)
def test_what_a_register_leaves_is_shared_exactly_where_it_says_enough(root, name):
    rows = said(root, name, "mw_del", 40 * DAY + 40, 4)
    kwh = COUNTED[name][1]
    if kwh is None:
        assert rows == [(0.004, None, None, "straight_line", None)] * 4
        return
    ((total,),) = query(
        root,
        "select sum(estimate) * 250 from estimates"
        " where feeder = ? and channel = 'mw_del' and method like 'register%'",
        name,
    )
    assert total == kwh
    each = [kwh / 4] * 4
    if name == "touching":  # 1.5 kWh in the first two
        each = [0.75, 0.75, 0.5, 0.5]
    assert [row[0] * 250 for row in rows] == each
    if name == "cut":
        assert set(said(root, name, "mw_del", 40 * DAY + 22, 2)) == {(0, 0, 0, "outage", None)}


def test_a_register_gives_one_gap_its_energy_and_several_together(root):
    for week, method in ((4, "register"), (5, "register_shared"), (6, "register")):
        rows = query(
            root,
            """
            select interval_start_at, estimate, low, high, method, mean_error_percent
            from estimates
            where feeder = 'read' and channel = 'mw_del' and interval_start_at >= ?
                and interval_start_at < ?
            """,
            START + week * 7 * DAY * STEP,
            START + (week + 1) * 7 * DAY * STEP,
        )
        truth = [read(int((at - START) / STEP)) for at, *_ in rows]
        assert sum(row[1] for row in rows) == sum(truth)
        assert {row[4] for row in rows} == {method}
        assert all(row[5] is not None for row in rows)
        inside = [
            low <= value <= high for (_, _, low, high, *_), value in zip(rows, truth, strict=True)
        ]
        assert sum(inside) >= 0.8 * len(rows)


def test_the_error_of_a_register_is_that_of_the_chosen_method_with_its_energy_known(root):
    trials = query(
        root,
        """
        select gap_no, milliwatts, milliwatts + error from trial_errors
        inner join estimation_errors using (feeder, channel, class_minutes, method)
        where feeder = 'read' and channel = 'mw_del' and class_minutes = 240 and is_chosen
            and trial_errors.sibling = coalesce(estimation_errors.sibling, feeder)
        """,
    )
    for method, key in (("register", lambda trial: trial[0]), ("register_shared", lambda trial: 0)):
        true, said = defaultdict(int), defaultdict(int)
        for trial in trials:
            true[key(trial)] += trial[1]
            said[key(trial)] += trial[2]
        errors = [
            abs(trial[2] * true[key(trial)] / said[key(trial)] - trial[1]) for trial in trials
        ]
        ((found,),) = query(
            root,
            "select mean_error_mw from estimation_errors where feeder = 'read'"
            " and channel = 'mw_del' and class_minutes = 240 and method = ?",
            method,
        )
        assert found == pytest.approx(sum(errors) / len(errors) / 1e9)
    # a register says nothing of feeders without one
    assert not query(
        root,
        "select 1 from estimation_errors where method like 'register%' and feeder <> 'read'",
    )


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


def test_a_read_that_comes_later_scales_what_is_between(root, tmp_path):
    later = copytree(root, tmp_path / "root")
    reads = later / "_dropbox" / "REG" / "finer.csv"
    at = [START + (40 * DAY + place) * STEP for place in (38, 46)]
    reads.write_text(
        f"meter,read_at,kwh_del,kwh_rec\ncoarse,{at[0]},100.000,\ncoarse,{at[1]},106.400,\n"
    )
    take_in(later)
    dbt(later, "run", "--select", "+estimates")
    ways = {(value, method) for value, *_, method, _ in said(later, "coarse", "mw_del", 3880, 4)}
    assert ways == {(0.0024, "register")}
    tables = {name: query(later, f"from {name} order by all") for name in ESTIMATES}
    dbt(later, "run", "--full-refresh", "--select", "+estimates")
    assert tables == {name: query(later, f"from {name} order by all") for name in ESTIMATES}


ESTIMATES = ("register_spans", "bus_balances", "estimation_errors", "estimates")
BANK_GAPS = {
    "bank": {38 * DAY + 3: 8},
    "a": {30 * DAY + 50: DAY, 35 * DAY + 20: 8, 45 * DAY + 30: 4},
    "b": {40 * DAY: 2 * DAY, 45 * DAY + 32: 4},  # where `a` is missing too
    "c": {30 * DAY + 50: DAY},
    "spare": {},
}


def net(feeder: str, place: int) -> float:
    """What a bank measures is the total of its feeders; of `c` and `spare` it is not so."""
    if feeder == "bank":
        return net("a", place) + 0.5 * net("b", place)
    return own(place, seed=sum(feeder.encode()) * 1000) - 110


@pytest.fixture(scope="module")
def bank_root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("bank")
    (root / "meter-data.csv").write_text(
        "sta,meter,multiplier,channel_unit,valid_from,valid_to,total_factor\n"
        "a,1,1,MW,,2024-05-01,1\nb,2,1,MW,,2024-05-01,0.5\nbank,3,1,MW,,2024-05-01,0\n"
        "c,4,1,MW,2024-05-01,,1\nspare,5,1,MW,2024-05-01,,0\n"
    )
    (root / "settings.toml").write_text('holes = "accept"\n')
    drop = root / "_dropbox" / "KW"
    drop.mkdir(parents=True)
    for feeder, gaps in BANK_GAPS.items():
        hidden = {n for first, count in gaps.items() for n in range(first, first + count)}
        shift = 0 if feeder in ("a", "b", "bank") else 58 * DAY
        lines = [
            line(n + shift, max(net(feeder, n), 0), max(-net(feeder, n), 0))
            for n in range(58 * DAY)
            if n not in hidden
        ]
        write_export(drop, f"{feeder}-1.csv", lines)
    take_in(root)
    dbt(root, "build", *only("estimates"))
    return root


@pytest.mark.parametrize("feeder", ("bank", "a", "b"))
def test_a_bank_and_its_feeders_give_what_one_of_them_lacks_and_never_two(bank_root, feeder):
    both = range(45 * DAY + 32, 45 * DAY + 34)
    for first, count in BANK_GAPS[feeder].items():
        for sign, channel in ((1, "mw_del"), (-1, "mw_rec")):
            rows = said(bank_root, feeder, channel, first, count)
            for n, (value, low, high, method, _) in enumerate(rows, first):
                if n in both:
                    assert method in ("bridged", "always_zero")
                else:
                    assert abs(value - max(sign * net(feeder, n), 0)) < 1e-8
                    assert method == "bus_balance" or value == 0
                    assert low <= value <= high


def test_a_feeder_out_of_the_total_that_measures_something_else_is_not_taken_for_a_bank(bank_root):
    rows = said(bank_root, "c", "mw_del", (58 + 30) * DAY + 50, DAY)
    assert {method for *_, method, _ in rows} == {"bridged", "always_zero"}
    scores = query(
        bank_root,
        """
        select method, is_chosen from estimation_errors
        where feeder = 'c' and channel = 'mw_del' and class_minutes = 1440
            and method in ('bridged', 'bus_balance')
        order by mean_error_mw
        """,
    )
    assert scores == [("bridged", True), ("bus_balance", False)]
