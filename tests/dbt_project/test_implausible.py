"""What no peak rests on: a register, another unit, a day's energy in one interval, estimates."""

import math
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import raw_exports
from analysts_page import QUESTIONS, answers, nearly, sorted_rows
from conftest import BUILD, dbt, only, query, take_in

from ingest.warehouse import open_warehouse
from ingest.workspace import Workspace
from load_profile.dbt import read_manifest
from load_profile.publish.marts import published_marts
from load_profile.publish.version import publish
from load_profile.why import explain

START = datetime(2024, 6, 1)
METERS = """sta,meter,multiplier,channel_unit,interval_minutes
good,1,1,kW,60
register,2,1,kW,60
tenfold,3,1,kW,60
late,4,1,kW,60
guess,5,1,kW,60
"""

# What is wrong with the values of a feeder with a load from 3.4 to 6.7 MW: (kW, kVA) as read of
# what they are, by quarter hour of 24 days. The plausible peak is the highest of the rest.
QUARTERS = 24 * 96


def scaled(first: int, end: int, factor: str, power: bool = True):
    def read(n: int, kw: Decimal, kva: Decimal) -> tuple[Decimal, Decimal]:
        times = Decimal(factor) if first <= n < end else 1
        return (kw * times, kva * times) if power else (kw, kva * times)

    return read


FAULTS = {
    "up_3_days": scaled(960, 1248, "1000"),
    "up_12_hours": scaled(960, 1008, "1000"),
    "up_6_days": scaled(960, 1536, "1000"),
    "up_at_the_end": scaled(QUARTERS - 192, QUARTERS, "10"),
    "up_at_first": scaled(0, 192, "1000"),
    "down_3_days": scaled(960, 1248, "0.001"),
    "down_15_hours": scaled(994, 1054, "0.1"),
    "kva_code": lambda n, kw, kva: (kw, Decimal(65535) if n == 1000 else kva),
    "kva_up": scaled(960, 1960, "1000", power=False),
    "kva_register": lambda n, kw, kva: (kw, Decimal(5_100_000 + 14 * n)),
    "turning": lambda n, kw, kva: (Decimal((900_000 + 60 * n + 7 * n % 5) % 1_000_000), kva),
    "rated_in_kva": lambda n, kw, kva: (kw, kva),
    "wild": lambda n, kw, kva: (Decimal(80_000), Decimal(82_000)) if n == 200 else (kw, kva),
    "up_in_3_days": scaled(150, 288, "10"),
    "turned_in_3_days": lambda n, kw, kva: (Decimal((997_000 + 17 * n) % 1_000_000), kva),
    "one_too_low": lambda n, kw, kva: (kw, kw / 2 if n == 50 else kva),
}
SHORT = {"wild": 480, "up_in_3_days": 288, "turned_in_3_days": 288, "one_too_low": 96}


def load(hour: int) -> int:
    """A day between 100 and 330 kW that is a little different from the one before."""
    return 100 + 10 * (hour % 24) + hour // 24


def readings(feeder: str, hour: int) -> tuple[float, str]:
    value, word = load(hour), "Normal"
    if feeder == "register":
        value = 50_000 + sum(map(load, range(hour)))
    elif feeder == "tenfold" and hour >= 240:
        value *= 10
    elif feeder == "late" and 48 <= hour < 72:
        value = 0
    elif feeder == "late" and hour == 72:
        value = sum(map(load, range(48, 73)))
    elif feeder == "guess" and hour == 479:
        value, word = 900, "Estimated"
    return value, word


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("implausible")
    (root / "_dropbox/KW").mkdir(parents=True)
    (root / "meter-data.csv").write_text(METERS, encoding="utf-8")
    for feeder in ("good", "register", "tenfold", "late", "guess"):
        lines = []
        for hour, ends in enumerate(raw_exports.intervals(START, 480, 60)):
            value, word = readings(feeder, hour)
            lines.append(raw_exports.row(hour, *ends, f"{value},0,,", word))
        name = f"{feeder}-060124-000000_062124-000000.csv"
        raw_exports.write_export(root / "_dropbox/KW", name, lines)
    take_in(root)
    dbt(root, *BUILD)
    return root


def test_the_peak_is_the_highest_plausible_power_beside_the_measured_one(root):
    figures = """select feeder, peak_mw::double, measured_peak_mw::double, implausible_count
        from planner_figures where grain = 'all' and feeder <> 'total' order by feeder"""
    highest = max(map(load, range(480)))
    own = highest / 1000
    before = max(map(load, range(479))) / 1000
    day = sum(map(load, range(48, 73))) / 1000
    assert query(root, figures) == [
        ("good", own, own, 0),
        ("guess", before, before, 0),
        ("late", own, day, 1),
        ("register", None, (50_000 + sum(map(load, range(479)))) / 1000, 480),
        ("tenfold", max(map(load, range(240))) / 1000, 10 * highest / 1000, 240),
    ]


def test_load_duration_and_time_of_use_leave_out_the_same(root):
    peaks = """select feeder, max(mw)::double, (
            select max(peak_mw)::double from time_of_use where feeder = load_duration.feeder
        )
        from load_duration where feeder <> 'total' group by feeder order by feeder"""
    figures = """select feeder, peak_mw::double, peak_mw::double from planner_figures
        where grain = 'all' and feeder <> 'total' and peak_mw is not null order by feeder"""
    assert query(root, peaks) == query(root, figures)


def test_why_says_that_a_value_is_in_no_peak(root):
    with open_warehouse(Workspace(root).warehouse, read_only=True) as con:
        of_late = "\n".join(explain(con, Workspace(root), "late", "2024-06-04 00:00"))
        of_good = "\n".join(explain(con, Workspace(root), "good", "2024-06-04 00:00"))
    assert "left out of every peak, minimum and load factor: catch_up, it carries" in of_late
    assert "left out" not in of_good


def test_each_is_found_by_name(root):
    found = query(root, "select rule, feeder from findings where rule <> 'zero_run' order by all")
    wanted = {
        ("event_word", "guess"),
        ("implausible", "late"),
        ("register", "register"),
        ("unit_step", "tenfold"),
    }
    assert wanted <= set(found)
    assert not any(feeder == "good" for _, feeder in found)


def test_energy_is_as_read(root):
    energy = "select net_mwh::double from planner_figures where grain = 'all' and feeder = 'late'"
    assert query(root, energy)[0][0] == pytest.approx(sum(map(load, range(480))) / 1000)


def test_the_load_factor_of_the_analysts_page_leaves_out_the_same(root, monkeypatch):
    publish(Workspace(root), published_marts(read_manifest()))
    monkeypatch.chdir(root)
    [question] = [text for text in QUESTIONS if text.startswith("6. ")]
    by_sql, by_python = answers(question)
    found = sorted_rows(by_python)
    assert found == [tuple(map(nearly, row)) for row in sorted_rows(by_sql)]
    wanted = query(
        root,
        """select feeder, strftime(period_start, '%Y-%m'), load_factor
        from planner_figures where grain = 'month' and load_factor is not null and feeder <> 'total'
        order by all""",
    )
    assert [feeder for feeder, *_ in wanted] == ["good", "guess", "late", "tenfold"]
    assert found == [tuple(map(nearly, row)) for row in wanted]


def quarter(n: int) -> tuple[Decimal, Decimal]:
    kw = 5000 * (1 + 0.3 * math.sin(n % 96 / 96 * 2 * math.pi - 2)) + n * 7 % 97
    return round(Decimal(kw), 2), round(Decimal(kw / 0.97), 2)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("faulty")
    (root / "_dropbox/KW").mkdir(parents=True)
    meters = ["sta,meter,multiplier,channel_unit,interval_minutes,rating_mva"]
    for place, (feeder, read) in enumerate(FAULTS.items()):
        meters.append(f"{feeder},{place},1,kW,15,{'0.007' if feeder == 'rated_in_kva' else ''}")
        lines = []
        count = SHORT.get(feeder, QUARTERS)
        ends = [START, START + timedelta(minutes=15 * count)]
        for n, times in enumerate(raw_exports.intervals(START, count)):
            kw, kva = read(n, *quarter(n))
            lines.append(raw_exports.row(n, *times, f"{kw:f},0,{kva:f},0"))
        name = f"{feeder}-{ends[0]:%m%d%y-%H%M%S}_{ends[1]:%m%d%y-%H%M%S}.csv"
        raw_exports.write_export(root / "_dropbox/KW", name, lines)
    (root / "meter-data.csv").write_text("\n".join(meters) + "\n", encoding="utf-8")
    take_in(root)
    dbt(root, *BUILD, *only("findings", "planner_figures"))
    return root


def test_what_lasts_from_an_interval_to_days_makes_no_peak_at_any_place(faulty):
    found = query(
        faulty,
        """select feeder, implausible_count, peak_mw::double, peak_mva::double
        from planner_figures where grain = 'all' and feeder <> 'total'""",
    )
    figures = {feeder: values for feeder, *values in found}
    left_out = {
        **{"up_3_days": range(960, 1248), "up_12_hours": range(960, 1008)},
        **{"up_6_days": range(960, 1536), "up_at_the_end": range(QUARTERS - 192, QUARTERS)},
        **{"up_at_first": range(192), "wild": [200], "up_in_3_days": range(150, 288)},
    }
    no_kva = {"kva_code": [1000], "kva_up": range(960, 1960), "one_too_low": []}
    for feeder in FAULTS.keys() - {"turning", "turned_in_3_days"}:
        known = [n for n in range(SHORT.get(feeder, QUARTERS)) if n not in left_out.get(feeder, ())]
        count, peak, peak_mva = figures[feeder]
        assert count == len(left_out.get(feeder, ())), feeder
        assert peak == float(max(quarter(n)[0] for n in known) / 1000), feeder
        sound = [quarter(n)[1] for n in known if n not in no_kva.get(feeder, ())]
        kva = None if feeder == "kva_register" else float(max(sound) / 1000)
        assert peak_mva == kva, feeder
    assert figures["turning"][:2] == [QUARTERS, None]
    assert figures["turned_in_3_days"][:2] == [288, None]


def test_each_fault_has_a_finding_with_its_day(faulty):
    found = query(
        faulty,
        """select feeder, rule, severity, first_date::varchar, evidence from findings
        where rule <> 'kva_above_kw' order by feeder, first_date, rule""",
    )
    days = {}
    for feeder, rule, severity, day, _ in found:
        days.setdefault(feeder, []).append((rule, severity, day[5:]))
    steps = {
        "up_3_days": ["06-11", "06-14"],
        "up_12_hours": ["06-11", "06-11"],
        "up_6_days": ["06-11", "06-17"],
        "up_at_the_end": ["06-23"],
        "up_at_first": ["06-03"],
        "down_3_days": ["06-11", "06-14"],
        "down_15_hours": ["06-11", "06-11"],
        "up_in_3_days": ["06-02"],
    }
    texts = {feeder: evidence for feeder, *_, evidence in found}
    for feeder, dates in steps.items():
        assert days.pop(feeder) == [("unit_step", "warn", day) for day in dates]
        assert "either side may be the wrong one" in texts[feeder]
    register_below_kva = [("kva_below_kw", "fail", "06-01"), ("register", "fail", "06-01")]
    assert days == {
        "kva_code": [("implausible_kva", "warn", "06-11")],
        "kva_up": [("implausible_kva", "warn", "06-11")],
        "kva_register": [("register", "fail", "06-01")],
        "turning": register_below_kva,
        "turned_in_3_days": register_below_kva,
        "rated_in_kva": [("above_rating", "fail", "06-01")],
        "wild": [("implausible", "warn", "06-03")],
        "one_too_low": [("kva_below_kw", "warn", "06-01")],
    }
    for feeder in ("turning", "turned_in_3_days"):
        rules = [(rule, text) for name, rule, _, _, text in found if name == feeder]
        [text] = [text for rule, text in rules if rule == "register"]
        assert "falling once, as a full register starts again at 0" in text
    assert "rated 0.007 MVA; it is above on average on most days" in texts["rated_in_kva"]
