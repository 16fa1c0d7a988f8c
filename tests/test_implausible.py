"""What no peak rests on: a register, another unit, a day's energy in one interval, estimates."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from conftest import BUILD, PROJECT, dbt, query, take_in
from test_analysts_doc import QUESTIONS, answers, comparable

from dagster_defs.publish import publish, published_marts
from dagster_defs.why import explain
from ingest.warehouse import open_warehouse
from ingest.workspace import Workspace

START = datetime(2024, 6, 1)
METERS = """sta,meter,multiplier,channel_unit,interval_minutes
good,1,1,kW,60
register,2,1,kW,60
tenfold,3,1,kW,60
late,4,1,kW,60
guess,5,1,kW,60
"""


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
        lines = ["Record No.,Event Type,Start Time,End Time,-1-,-2-,-3-,-4-"]
        for hour in range(480):
            start, (value, word) = START + timedelta(hours=hour), readings(feeder, hour)
            times = ",".join(f"{start + timedelta(hours=n):%m/%d/%y %H:%M:%S}" for n in (0, 1))
            lines.append(f"{hour},{word},{times},{value},0,,")
        path = root / "_dropbox/KW" / f"{feeder}-060124-000000_062124-000000.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    take_in(root)
    dbt(root, *BUILD)
    return root


def test_the_peak_is_the_highest_plausible_power_beside_the_measured_one(root):
    figures = """select feeder, peak_mw::double, measured_peak_mw::double, implausible_count
        from planner_figures where grain = 'all' and feeder <> '*' order by feeder"""
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
        from load_duration where feeder <> '*' group by feeder order by feeder"""
    figures = """select feeder, peak_mw::double, peak_mw::double from planner_figures
        where grain = 'all' and feeder <> '*' and peak_mw is not null order by feeder"""
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
    publish(Workspace(root), published_marts(PROJECT / "dbt_project/target/manifest.json"))
    monkeypatch.chdir(root)
    [question] = [text for text in QUESTIONS if text.startswith("6. ")]
    by_sql, by_python = answers(question)
    assert comparable(by_python) == comparable(by_sql)
    wanted = query(
        root,
        """select feeder, strftime(period_start, '%Y-%m'), load_factor
        from planner_figures where grain = 'month' and load_factor is not null and feeder <> '*'
        order by all""",
    )
    assert [feeder for feeder, *_ in wanted] == ["good", "guess", "late", "tenfold"]
    assert comparable(by_sql) == [(*key, round(factor, 6)) for *key, factor in wanted]
