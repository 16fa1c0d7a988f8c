"""Decisions on record: what they make of values, and that actual values never change."""

import csv
import random
from datetime import datetime, timedelta
from decimal import Decimal
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
READ_BY_WHY = ("reading_origins", "implausible_intervals")
WHO = {"who": "A. Engineer", "why": "clamp test"}
OTHERS = ("feeder_profiles", "missing_intervals", "combined_profiles", "gaps", "output_stamps")
OPPOSITE = dict(zip(CHANNELS, CHANNELS[1::-1] + CHANNELS[3:1:-1] + CHANNELS[:3:-1], strict=True))


def build(root: Path) -> None:
    take_in(root)
    dbt(root, *BUILD, *untested("edited_values", *FILES, *READ_BY_WHY, "files"))
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
    found = {}
    for number, (action, first, until, channel, value) in sorted(decisions.items()):
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
    return found


def test_decisions_edit_beside_the_actual_values_and_revoking_them_restores_the_bytes(root):
    before, dice, decisions = state(root), random.Random(7), {}
    space = Workspace(root)
    for number in range(1, 25):
        action = dice.choice(["set", "missing", "scale", "swap"])
        first = datetime(2024, 11, 1, 6) + timedelta(hours=dice.randrange(90))
        until = first + timedelta(hours=dice.randint(1, 30))
        channel = dice.choice([*CHANNELS, *[""] * (action != "set")]) * (action != "swap")
        value = {"set": Decimal("7.125"), "scale": Decimal("0.333333")}.get(action)
        decide(
            space, action, "north", f"{first}Z", f"{until}Z", channel=channel,
            value=str(value or ""), **WHO,
        )  # fmt: skip
        decisions[number] = (action, first, until, channel, value)
    build(root)
    assert edited(root) == expected(root, decisions) != {}
    assert state(root) == before
    for number in range(1, 25):
        if number != 3:
            decide(space, "revoke", str(number), "", "", **WHO)
    build(root)
    assert edited(root) == expected(root, {3: decisions[3]}) != {}
    decide(space, "revoke", "3", "", "", **WHO)
    build(root)
    assert edited(root) == {} and state(root) == before


def test_why_shows_each_decision_and_what_it_makes_of_the_value(root):
    space = Workspace(root)
    missing = decide(space, "missing", "north", "2024-11-01 02:00", "2024-11-01 06:00", **WHO)
    for start, channel, value in (("01 04:00", "mw_del", "1.5"), ("02 04:00", "mw_rec", "0")):
        start = f"2024-11-{start}"
        decide(space, "set", "NORTH", start, "", channel=channel, value=value, **WHO)
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
    build(root)
    results = dbt(root, "test", "--select", "decisions_have_an_effect")
    assert results["decisions_have_an_effect"].failures == 1


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
    values = {
        (row["feeder"], row["start_utc"], row["channel"]): (row["actual"], row["edited"])
        for row in found
        if row["start_utc"]
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
        .endswith('B. Planner,"CT, test",scale,north,2024-11-01T08:00:00Z,2024-11-01T09:00:00Z,,2,')
    )
    done = load_profile("decide", "scale", "nroth", "2024-11-01 02:00", *words)
    assert done.returncode == 2
    assert "column 'feeder', value 'nroth': allowed is a feeder of meter-data.csv" in done.stderr
    space.decisions.write_text(space.decisions.read_text().replace("scale", "scal"))
    done = load_profile("run", "--root", root)
    assert done.returncode == 2 and "column 'action', value 'scal': allowed is set" in done.stderr
