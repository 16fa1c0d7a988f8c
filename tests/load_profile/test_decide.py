"""Decisions on record: what they make of values, and that actual values never change."""

import csv
import random
from datetime import datetime, timedelta
from decimal import Decimal
from math import pi, sin
from pathlib import Path
from shutil import copytree

import pytest
import raw_exports
from conftest import (
    BUILD,
    FILES,
    dbt,
    load_profile,
    publish_built,
    query,
    summary,
    take_in,
    untested,
    write_files,
)

from ingest.decisions import CHANNELS, DecisionError
from ingest.review import rebuild_warehouse
from ingest.warehouse import open_warehouse
from ingest.workspace import Workspace
from load_profile.decide import decide
from load_profile.why import explain

METERS = """sta,meter,multiplier,channel_unit,interval_minutes,timezone,valid_from,valid_to
north,1,1,MW,60,America/Denver,,
south,2,1,MW,30,UTC,,2024-11-03 00:00
south,3,1,MW,60,Etc/GMT+7,2024-11-03 00:00,
"""
READ_BY_WHY = ("reading_origins", "interval_validations", "missing_intervals")
WHO = {"who": "A. Engineer", "why": "clamp test"}
OTHERS = ("feeder_profiles", "missing_intervals", "combined_profiles", "gaps", "output_stamps")
WILD, HOLE, STUCK = 10 * 24 + 12, 5 * 24 + 2, 20 * 24 + 6  # hours of the month of `wild`
PEAK = "select peak_mw from planner_figures where grain = 'all' and feeder = 'north'"
UNUSABLE = "select distinct interval_start_at from unusable_values where feeder = 'north'"
OPPOSITE = dict(zip(CHANNELS, CHANNELS[1::-1] + CHANNELS[3:1:-1] + CHANNELS[:3:-1], strict=True))


def build(root: Path) -> None:
    take_in(root)
    published = ("edited_values", "acknowledged_gaps", "validations", "files")
    dbt(root, *BUILD, *untested(*published, *FILES, *READ_BY_WHY))
    write_files(root)


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """Three days of an hourly meter around the clock change, with a hole; built."""
    space = Workspace(tmp_path_factory.mktemp("decide") / "root")
    space.prepare()
    space.meter_data.write_text(METERS)
    for day, kva in ((1, "2.5,0.5"), (4, ",")):
        lines = raw_exports.rows(datetime(2024, 11, day), 24, f"2.25,0.5,{kva}", minutes=60)
        raw_exports.write_export(space.dropbox, f"north-{day}.csv", lines)
    build(space.root)
    return space.root


def state(root: Path) -> tuple[dict, dict]:
    """Every row of the tables of actual values, and the bytes below lp/."""
    tables = {name: query(root, f"from {name} order by all") for name in OTHERS}
    files = {path.name: path.read_bytes() for path in (root / "lp").glob("*.csv")}
    return tables, files


def edited(root: Path) -> dict[tuple, tuple]:
    sql = "select feeder, interval_start_at, channel, actual, edited, decision from edited_values"
    return {row[:3]: row[3:] for row in query(root, sql)}


def expected(root: Path, decisions: dict[int, dict]) -> dict[tuple, tuple]:
    """What the decisions make of every value, worked out one by one."""
    columns = ", ".join(CHANNELS)
    rows = query(
        root, f"select interval_start_at, {columns} from feeder_profiles where feeder = 'north'"
    )
    actual = {at: dict(zip(CHANNELS, values, strict=True)) for at, *values in rows}
    gone = query(root, "select interval_start_at from missing_intervals where feeder = 'north'")
    found, kept = {}, {}
    for number, (action, first, until, channel, value) in sorted(decisions.items()):
        if action == "shift":
            by = timedelta(minutes=int(value))
            for at, values in actual.items():
                for name in [channel] if channel else CHANNELS:
                    if not first <= at < until or values[name] is None:
                        continue
                    own = actual.get(at + by, {}).get(name)
                    if first <= at + by < until or own is None:
                        found["north", at + by, name] = (own, values[name], number)
                    else:
                        kept["north", at + by, name] = (own, own, number)
                    other = actual.get(at - by, {}).get(name)
                    if other is None or not first <= at - by < until:
                        found["north", at, name] = (values[name], None, number)
            continue
        for at, values in [*actual.items(), *((at, None) for (at,) in gone)]:
            for name in [channel] if channel else CHANNELS:
                if not first <= at < until or (values is None and action != "set"):
                    continue
                now = values and values[name]
                other = values and values[OPPOSITE[name]]
                if action == "set" or now is not None or (action == "swap" and other is not None):
                    made = {"set": value, "swap": other, "missing": None}.get(
                        action, now and value and now * value
                    )
                    found["north", at, name] = (now, made, number)
    return kept | found


def test_decisions_edit_beside_the_actual_values_and_revoking_them_restores_the_bytes(root):
    before, dice, decisions = state(root), random.Random(7), {}
    space = Workspace(root)
    for number in range(1, 25):
        action = dice.choice(["set", "missing", "scale", "swap", "shift"])
        first = datetime(2024, 11, 1, 6) + timedelta(hours=dice.randrange(90))
        until = first + timedelta(hours=dice.randint(1, 30))
        channel = dice.choice([*CHANNELS, *[""] * (action != "set")]) * (action != "swap")
        value = {
            "set": Decimal("7.125"),
            "scale": Decimal("0.333333"),
            "shift": Decimal(60 * dice.choice([-2, -1, 1, 3])),
        }.get(action)
        decide(
            space, action, "north", f"{first}Z", f"{until}Z", channel=channel,
            value=str(value or ""), **WHO,
        )  # fmt: skip
        decisions[number] = (action, first, until, channel, value)
    build(root)
    assert edited(root) == expected(root, decisions) != {}
    assert state(root) == before
    one = next(
        number
        for number, decision in decisions.items()
        if decision[0] == "shift" and len(expected(root, {number: decision})) > 9
    )
    for number in range(1, 25):
        if number != one:
            decide(space, "revoke", str(number), "", "", **WHO)
    build(root)
    assert edited(root) == expected(root, {one: decisions[one]})
    decide(space, "revoke", str(one), "", "", **WHO)
    build(root)
    assert edited(root) == {} and state(root) == before


def test_why_shows_each_decision_and_what_it_makes_of_the_value(root):
    space = Workspace(root)
    missing = decide(space, "missing", "north", "2024-11-01 02:00", "2024-11-01 06:00", **WHO)
    for start, channel, value in (("01 04:00", "mw_del", "1.5"), ("02 04:00", "mw_rec", "0")):
        start = f"2024-11-{start}"
        decide(space, "set", "NORTH", start, "", channel=channel, value=value, **WHO)
    swap = decide(space, "swap", "north", "2024-11-01 07:00", "", **WHO)
    decide(space, "revoke", str(swap.decision), "", "", **WHO)
    build(root)
    with open_warehouse(space.warehouse, read_only=True) as con:
        text = "\n".join(explain(con, space, "north", "2024-11-01 04:00"))
        gap = "\n".join(explain(con, space, "north", "2024-11-02 04:00"))
        other = "\n".join(explain(con, space, "north", "2024-11-01 07:00"))
    assert f"decision {missing.decision}" in text and "missing: mw_rec 0.5 -> missing MW" in text
    assert "set 1.5: mw_del 2.25 -> 1.5 MW" in text and "A. Engineer, " in text
    assert "clamp test" in text and "published   mw_net 1.75" in text
    assert "no reading" in gap and "set 0: mw_rec unknown -> 0 MW" in gap
    assert "swap: revoked by decision" in other and "->" not in other
    decide(space, "missing", "north", "2025-01-01", "", **WHO)
    decide(space, "accept", "north", "2024-11-01", "", **WHO)
    decide(space, "acknowledge", "north", "2024-11-02", "2024-11-03", rule="gap", **WHO)
    build(root)
    results = dbt(root, "test", "--select", "decisions_have_an_effect")
    assert results["decisions_have_an_effect"].failures == 3


def test_why_shows_what_a_shift_moves_and_that_a_gap_is_known(root):
    space = Workspace(root)
    span = ("2024-11-04 00:00", "2024-11-04 04:00")
    decide(space, "shift", "north", *span, channel="mw_del", value="60", **WHO)
    known = ("2024-11-01 00:00", "2024-11-05 00:00")
    decide(space, "acknowledge", "north", *known, rule="gap", expires="2999-12-31", **WHO)
    decide(space, "acknowledge", "north", *known, rule="gap", expires="2024-12-31", **WHO)
    build(root)
    with open_warehouse(space.warehouse, read_only=True) as con:
        first, moved, kept, gap = (
            "\n".join(explain(con, space, "north", start))
            for start in ("2024-11-04 00:00", "2024-11-04 02:00", *span[1:], "2024-11-02 05:00")
        )
    assert "shift 60: mw_del 2.25 -> missing MW\n" in first
    assert "shift 60: mw_del 2.25 -> 2.25 MW, the value of 2024-11-04 08:00 UTC" in moved
    assert "2.25 MW, its own; the value of 2024-11-04 10:00 UTC has no place here" in kept
    assert "acknowledge gap: known until 2999-12-31, and asked for again only if it grows" in gap
    assert "acknowledge gap: expired on 2024-12-31" in gap
    ((gap_at, number),) = query(root, "select gap_start_at, decision from acknowledged_gaps")
    assert gap_at == datetime(2024, 11, 2, 6)
    assert query(root, "select is_in_force from decisions where decision > ?", number) == [(False,)]
    results = dbt(root, "test", "--select", "shifts_lose_no_value")
    assert results["shifts_lose_no_value"].failures == 1


def test_the_export_has_every_decision_and_each_value_that_it_edits(root, tmp_path):
    space, file = Workspace(root), tmp_path / "audit.csv"
    decide(space, "swap", "north", "2024-11-04 01:00", "", who="=cmd()", why='says "so"')
    build(root)
    publish_built(root)
    done = load_profile("export", "--decisions", file, "--root", root)
    assert done.returncode == 0, done.stderr
    found = list(csv.DictReader(file.open(encoding="utf-8")))
    numbers = {int(row["decision"]) for row in found}
    assert numbers == set(range(1, max(numbers) + 1))
    effects = {row["effect"] for row in found}
    assert effects == {"", "edited", "moved", "nothing_left", "own_value_kept", "acknowledged"}
    values = {
        (row["feeder"], row["start_utc"], row["channel"]): (row["actual"], row["edited"])
        for row in found
        if row["effect"] not in ("", "acknowledged")
    }
    wanted = {
        (name, f"{at:%Y-%m-%dT%H:%M:%SZ}", channel): tuple(
            "" if value is None else f"{value:.6f}" for value in (actual, made)
        )
        for (name, at, channel), (actual, made, _) in edited(root).items()
    }
    assert values == wanted
    assert (found[-1]["who"], found[-1]["why"]) == ("'=cmd()", 'says "so"')


def test_decisions_survive_a_rebuild_of_the_warehouse(root, tmp_path):
    space = Workspace(copytree(root, tmp_path / "root"))
    build(space.root)
    before = edited(space.root)
    rebuild_warehouse(space)
    build(space.root)
    assert edited(space.root) == before != {}


def test_times_are_of_the_meter_clock_and_one_that_it_has_twice_is_refused(root):
    space, lines = Workspace(root), len(Workspace(root).decisions.read_text().splitlines())
    made = decide(space, "missing", "north", "2024-11-03 03:00", "", **WHO)
    assert (made.first_start, made.until) == (datetime(2024, 11, 3, 10), datetime(2024, 11, 3, 11))
    made = decide(space, "missing", "south", "2024-11-02 23:30", "", **WHO)
    assert made.until == datetime(2024, 11, 3, 0)
    made = decide(space, "missing", "south", "2024-11-03 00:00", "", **WHO)
    assert (made.first_start, made.until) == (datetime(2024, 11, 3, 7), datetime(2024, 11, 3, 8))
    with pytest.raises(DecisionError, match="2024-11-03T07:30:00Z or 2024-11-03T08:30:00Z"):
        decide(space, "missing", "north", "2024-11-03 01:30", "", **WHO)
    with pytest.raises(DecisionError, match="FROM '11/03/24' is not a time"):
        decide(space, "missing", "north", "11/03/24", "", **WHO)
    assert len(space.decisions.read_text().splitlines()) == lines + 3


def test_the_command_writes_a_line_or_says_what_is_allowed(root):
    space = Workspace(root)
    words = ("--who", "B. Planner", "--why", "CT, test", "--root", root)
    done = load_profile("decide", "scale", "north", "2024-11-01 02:00", "--value", "2", *words)
    assert done.returncode == 0, done.stderr
    assert "scale 2, north, 2024-11-01 08:00 to 2024-11-01 09:00 UTC, all channels." in done.stdout
    assert (
        space.decisions.read_text()
        .splitlines()[-1]
        .endswith(
            'B. Planner,"CT, test",scale,north,2024-11-01T08:00:00Z,2024-11-01T09:00:00Z,,2,,,'
        )
    )
    done = load_profile("decide", "shift", "north", "2024-11-01 02:00", "--value", "-90", *words)
    assert done.returncode == 2 and "intervals of 60 minutes then" in done.stderr
    meters = space.meter_data.read_text()
    space.meter_data.write_text(
        METERS.replace("_to\n", "_to,rating_mva\n").replace(",,\n", ",,,8\n")
    )
    at = ("2024-11-01 02:00", "--channel", "mw_del")
    done = load_profile("decide", "set", "north", *at, "--value", "2250", *words)
    assert "But 2250 MW is above the rating of 8 MVA in meter-data.csv, row 2" in done.stdout
    space.meter_data.write_text(meters)
    known = ("2024-11-01", "--rule", "gap", "--expires", "2025-01-31")
    done = load_profile("decide", "acknowledge", "north", *known, *words)
    assert "acknowledge, north, 2024-11-01 06:00 to 2024-11-01 07:00 UTC, gap, until" in done.stdout
    done = load_profile("decide", "scale", "nroth", "2024-11-01 02:00", *words)
    assert done.returncode == 2
    assert "column 'feeder', value 'nroth': allowed is a feeder of meter-data.csv" in done.stderr
    space.decisions.write_text(space.decisions.read_text().replace("scale", "scal"))
    done = load_profile("run", "--root", root)
    assert done.returncode == 2 and "column 'action', value 'scal': allowed is set" in done.stderr


@pytest.fixture(scope="module")
def wild(tmp_path_factory) -> Path:
    """A month of two hourly feeders, of which north has a wild value, a hole and a stuck day."""
    space = Workspace(tmp_path_factory.mktemp("wild") / "root")
    space.prepare()
    space.meter_data.write_text(
        "sta,meter,multiplier,channel_unit,interval_minutes\nnorth,1,1,MW,60\nsouth,2,1,MW,60\n"
    )
    space.settings.write_text('holes = "accept"\n')
    for feeder in ("north", "south"):
        lines = []
        for n, ends in enumerate(raw_exports.intervals(datetime(2024, 5, 1), 24 * 30, 60)):
            mw = 2 + sin(n * pi / 12) + n * 37 % 11 / 50
            if feeder == "north":
                mw = 40 if n == WILD else 2.5 if STUCK <= n < STUCK + 30 else mw
            if feeder == "south" or not HOLE <= n < HOLE + 3:
                lines.append(raw_exports.row(n, *ends, f"{mw:.3f},0,{mw * 1.1:.3f},0"))
        raw_exports.write_export(space.dropbox, f"{feeder}-1.csv", lines)
    take_in(space.root)
    return space.root


def everything(root: Path) -> tuple[dict, dict]:
    """Every row of every table but of decisions, and the bytes below lp/."""
    names = query(root, "select table_name from duckdb_tables() where schema_name = 'main'")
    tables = {
        name: query(root, f'from "{name}" order by all')
        for (name,) in names
        if name not in ("decisions", "model_parts")
    }
    return tables, {path.name: path.read_bytes() for path in (root / "lp").glob("*.csv")}


def test_what_is_accepted_counts_what_is_known_is_not_asked_for_and_revoking_restores_all(wild):
    space, start, hour = Workspace(wild), datetime(2024, 5, 1), timedelta(hours=1)
    untested = (*BUILD, "--exclude-resource-type", "test")
    dbt(wild, *untested)
    write_files(wild)
    before = everything(wild)
    assert len(before[0]) > 40
    found = "select rule, acknowledged_by from findings order by rule"
    assert query(wild, found) == [("implausible", None), ("stuck", None)]
    assert (start + WILD * hour,) in query(wild, UNUSABLE)
    (peak,) = query(wild, PEAK)
    decide(space, "accept", "north", f"{start + WILD * hour}", "", **WHO)
    stuck = (f"{start + STUCK // 24 * 24 * hour}", f"{start + (STUCK // 24 + 2) * 24 * hour}")
    decide(space, "acknowledge", "north", *stuck, rule="stuck", **WHO)
    hole = (f"{start + HOLE * hour}", f"{start + (HOLE + 3) * hour}")
    decide(space, "acknowledge", "north", *hole, rule="gap", expires="2999-01-01", **WHO)
    decide(space, "set", "south", "2024-05-20", "", channel="mw_del", value="99", **WHO)
    decide(space, "scale", "south", "2024-05-21", "", channel="mva_del", value="0.5", **WHO)
    take_in(wild)
    results = dbt(wild, *BUILD)
    assert query(wild, PEAK) == [(Decimal(40),)] != [peak]
    validated = "select status, code, rule, accepted_by from interval_validations order by all"
    assert query(wild, validated) == [
        ("accepted", "3.10.1", "implausible", 1),
        *[("suspect", "2.5.258", "stuck", None)] * 30,
    ]
    assert (start + WILD * hour,) not in query(wild, UNUSABLE) != []
    assert query(wild, found) == [("stuck", 2)]
    known = "select rule, acknowledged_by from validations where acknowledged_by is not null"
    assert sorted(query(wild, known)) == [("implausible", 1), ("stuck", 2)]
    assert query(wild, "select feeder, missing_intervals, decision from acknowledged_gaps") == [
        ("north", 3, 3)
    ]
    for name in ("detect_stuck", "detect_implausible", "detect_spike", "decisions_have_an_effect"):
        assert results[name].status == "pass", name
    assert results["edited_values_are_possible"].failures == 2
    assert "1 gap with 3 missing intervals and 1 finding acknowledged" in summary(wild, start)
    for number in range(1, 6):
        decide(space, "revoke", str(number), "", "", **WHO)
    take_in(wild)
    dbt(wild, *untested)
    write_files(wild)
    after = everything(wild)
    assert [name for name in after[0] if after[0][name] != before[0][name]] == []
    assert after == before
