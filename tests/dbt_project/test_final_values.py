"""Final values: actual, edited, estimated or missing; three totals; decisions taken back."""

import random
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from shutil import copytree

import pytest
import raw_exports
from conftest import BUILD, FINALS, PLOTS, dbt, query, take_in, untested, write_files
from written import rows_of

from ingest.warehouse import open_warehouse
from ingest.workspace import Workspace
from load_profile.decide import decide
from load_profile.files.finals import export_finals
from load_profile.plots import typical_day
from load_profile.plots.system import read_system

START = datetime(2024, 3, 4)  # a Monday
DAYS = 35
METERS = """sta,meter,multiplier,channel_unit,interval_minutes,total_factor
plain,1,1,MW,15,1
half,2,1,MW,30,0.5
tie,3,1,MW,15,-1
out,4,1,MW,15,0
long,5,1,MW,15,1
"""
MINUTES = defaultdict(lambda: 15, half=30)
FACTORS = {"plain": 1, "half": 0.5, "tie": -1, "out": 0, "long": 1}
# the first missing interval and how many
GAPS = {
    "plain": {20 * 96 + 30: 4, 22 * 96 + 1: 1, 25 * 96: 96},
    "half": {23 * 48 + 7: 3},
    "tie": {20 * 96 + 32: 8},
    "out": {20 * 96 + 31: 2},
    "long": {26 * 96: 8 * 96},
}
WILD = {18 * 96 + 50, 18 * 96 + 51}
EVENTS = {28 * 96 + 10: "Power Fail", 28 * 96 + 14: "Power Fail"}  # of tie
GAPS["tie"][28 * 96 + 11] = 3
WHO = {"who": "A. Engineer", "why": "clamp test"}
WANTED = (*PLOTS, *FINALS, "final_figures")
TABLES = ("final_exceptions", "final_members", "final_totals", "estimates", "feeder_profiles")
TABLES += ("combined_profiles", "final_figures", "planner_figures")
CHANNELS = ("mw_del", "mw_rec", "mw_net", "mva_net", "mvar_net", "pf_net")


def reading(feeder: str, place: int, dice: random.Random) -> str:
    at = START + timedelta(minutes=MINUTES[feeder] * place)
    kw = 2 + (at.hour + at.minute / 60) / 12 + at.weekday() / 20 + dice.random() / 10
    if feeder == "plain" and place in WILD:
        kw *= 20
    if feeder == "tie":
        is_out = place in EVENTS
        return "0,0,," if is_out else f"{kw / 9 if at.hour > 5 else 0:.3f},{kw / 3:.3f},,"
    return f"{kw:.3f},0,{kw * 1.25:.3f},0" if feeder == "plain" else f"{kw:.3f},0,,"


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    space = Workspace(tmp_path_factory.mktemp("final") / "root")
    space.prepare()
    space.meter_data.write_text(METERS)
    (space.root / "settings.toml").write_text('holes = "accept"\n')
    for feeder in FACTORS:
        dice, gone = random.Random(feeder), set()
        for first, count in GAPS[feeder].items():
            gone |= {*range(first, first + count)}
        ends = raw_exports.intervals(START, DAYS * 1440 // MINUTES[feeder], MINUTES[feeder])
        lines = [
            raw_exports.row(
                n, *pair, reading(feeder, n, dice),
                EVENTS.get(n, "Normal") if feeder == "tie" else "Normal",
            )
            for n, pair in enumerate(ends)
            if n not in gone
        ]  # fmt: skip
        raw_exports.write_export(space.dropbox, f"{feeder}-1.csv", lines)
    build(space.root)
    return space.root


def build(root: Path) -> None:
    take_in(root)
    dbt(root, *BUILD, *untested(*WANTED))
    write_files(root)


def state(root: Path) -> tuple[dict, dict]:
    tables = {name: query(root, f"from {name} order by all") for name in TABLES}
    return tables, {path.name: path.read_bytes() for path in (root / "lp").glob("*.csv")}


def at(place: int, minutes: int = 15) -> datetime:
    return START + timedelta(minutes=minutes * place)


def final(root: Path, feeder: str, first: int, count: int, minutes: int = 15) -> list[tuple]:
    return query(
        root,
        """
        select status, method, mw_net::double, mva_net::double, mva_status, mw_net_low::double,
            mw_net_high::double
        from final_profiles
        where feeder = ? and interval_start_at >= ? and interval_start_at < ?
        order by interval_start_at
        """,
        feeder,
        at(first, minutes),
        at(first + count, minutes),
    )


def assert_finals_are_right(root: Path) -> None:
    """Each value against its layers, each total against its members, worked out one by one."""
    columns = ", ".join(CHANNELS)
    sql = f"select feeder, interval_start_at, {columns} from"
    actual = {row[:2]: row[2:] for row in query(root, f"{sql} feeder_profiles")}
    missing = query(root, "select feeder, interval_start_at from missing_intervals")
    failed = query(root, "select feeder, interval_start_at from implausible_intervals")
    edits, estimates = (
        {row[:3]: row[3] for row in query(root, f"select feeder, interval_start_at, channel, {q}")}
        for q in ("edited from edited_values", "estimate from estimates")
    )
    touched = {key[:2] for key in (*edits, *estimates)}
    found = query(root, f"{sql.replace(' from', ', status, actual_seconds from')} final_profiles")
    finals = {row[:2]: row[2:] for row in found}
    assert len(found) == len(finals)
    assert finals.keys() == actual.keys() | set(missing)
    untouched = actual.keys() - touched - set(failed)
    assert len(untouched) > 10_000
    for key in untouched:
        assert finals[key][:-1] == (*actual[key], "A")
    for key in touched:
        status = finals[key][6]
        worst = []
        for place, channel in enumerate(("mw_del", "mw_rec")):
            edit, estimate = edits.get((*key, channel)), estimates.get((*key, channel))
            own = actual.get(key, [None] * 6)[place]
            if (*key, channel) not in edits.keys() | estimates.keys():
                wanted, letter = own, "A"
            elif edit is not None:
                wanted, letter = edit, "A" if edit == own else "E"
            else:
                wanted, letter = estimate, "M" if estimate is None else "S"
            assert finals[key][place] == wanted, (key, channel)
            worst.append(letter)
        assert status in worst or (status, key[0]) == ("A", "tie")  # an outage
        assert (status == "M") == ("M" in worst) == (finals[key][2] is None)
    assert_totals_are_right(root, finals, {*failed, *touched})


def assert_totals_are_right(root: Path, finals: dict, not_passed: set) -> None:
    pieces, doubted = defaultdict(list), defaultdict(bool)
    suspect = query(root, "select feeder, interval_start_at from interval_validations")
    for (feeder, start), row in finals.items():
        whole = start - timedelta(minutes=start.minute % 30)
        pieces[whole, feeder].append((row[2], row[7], row[6]))
    for feeder, start in {*not_passed, *suspect}:
        doubted[start - timedelta(minutes=start.minute % 30)] |= FACTORS.get(feeder, 0) != 0
    totals = query(
        root,
        """select interval_start_at, mw_strict, mw_final, mw_partial, feeders_actual,
            feeders_edited, feeders_estimated, feeders_missing, missing_feeders, quality
        from final_totals""",
    )
    assert len(totals) == DAYS * 48
    measured = dict(query(root, "select interval_start_at, mw_total from combined_profiles"))
    for start, strict, whole, partial, *counts, names, quality in totals:
        powers, statuses = {}, {}
        for feeder, factor in FACTORS.items():
            parts = pieces[start, feeder]
            known = sum(p[1] for p in parts) == 1800 and all(p[0] is not None for p in parts)
            statuses[feeder] = max(p[2] for p in parts) if known else "M"
            powers[feeder] = factor * sum(float(p[0]) * p[1] / 1800 for p in parts) if known else 0
        some = [statuses[feeder] for feeder in FACTORS if feeder != "out"]
        assert counts == [some.count(letter) for letter in "AESM"]
        gone = sorted(f for f, status in statuses.items() if status == "M" and f != "out")
        assert (names or "") == ", ".join(gone)
        assert (whole is None) == bool(gone)
        assert partial is not None and float(partial) == pytest.approx(sum(powers.values()))
        assert whole in (None, partial)
        # the first property of a strict total: it is measured and passed, or unknown
        assert (strict is not None) == (not doubted[start]) == (quality == "passed")
        assert strict in (None, measured[start])
        if strict is not None:
            assert strict == whole


def test_gaps_are_estimated_and_what_failed_is_not_final(root):
    assert_finals_are_right(root)
    for first, count in GAPS["plain"].items():
        rows = final(root, "plain", first, count)
        assert {(row[0], row[4]) for row in rows} == {("S", "S")}
        assert all(row[5] <= row[2] <= row[6] and row[3] >= row[2] for row in rows)
    wild = final(root, "plain", min(WILD), len(WILD))
    assert {row[0] for row in wild} == {"S"}
    # of kVA too, which failed with it
    assert all(2 < row[2] < 6 and 2 < row[3] < 6 for row in wild)
    assert {row[:3] for row in final(root, "long", 26 * 96, 8 * 96)} == {("M", None, None)}


def test_between_two_power_failures_it_is_0_and_actual_but_no_strict_total(root):
    assert final(root, "tie", 28 * 96 + 11, 3) == [("A", "outage", 0, None, None, None, None)] * 3
    sql = "select quality, mw_strict, mw_final is not null from final_totals"
    found = query(root, f"{sql} where interval_start_at = ?", at(28 * 96 + 12))
    assert found == [("missing", None, False)]  # of long
    assert query(root, "select count(*) from final_totals where quality = 'outage'") == [(0,)]


def test_the_band_of_two_estimated_directions_is_that_of_both(root):
    bands = query(
        root,
        """select e.mw_net_low = d.low - r.high and e.mw_net_high = d.high - r.low
        from final_exceptions as e
        inner join estimates as d using (feeder, interval_start_at)
        inner join estimates as r using (feeder, interval_start_at)
        where d.channel = 'mw_del' and r.channel = 'mw_rec' and e.status = 'S'""",
    )
    assert set(bands) == {(True,)}


def figures(root: Path, feeder: str, grain: str = "all") -> list[tuple]:
    return query(
        root,
        f"""select measured_peak_mw, peak_mw, final_peak_mw, final_peak_status, edited_intervals,
            estimated_intervals, missing_intervals
        from final_figures where feeder = '{feeder}' and grain = '{grain}' order by period_start""",
    )


def assert_peaks_are_right(root: Path) -> None:
    passed = "anti join implausible_intervals using (feeder, interval_start_at) where can_be_peak"
    for grain, period in (("all", "date '2024-03-04'"), ("day", "interval_start_at::date")):
        for table, place, where in (
            ("feeder_profiles", 0, "where can_be_peak"),
            ("feeder_profiles", 1, passed),
            ("final_profiles", 2, ""),
        ):
            sql = f"""select {period} as place, max(mw_net) from {table} {where}
                {"and" if where else "where"} feeder = 'plain' group by place
                having max(mw_net) is not null order by place"""
            found = [row[place] for row in figures(root, "plain", grain) if row[place] is not None]
            assert found == [mw for _, mw in query(root, sql)]


def test_the_highest_measured_passed_and_final_value_are_beside_each_other(root):
    assert_peaks_are_right(root)
    ((measured, passed, highest, status, *counts),) = figures(root, "plain")
    assert measured > 10 * passed == 10 * highest
    assert (status, counts) == ("A", [0, 103, 0])
    sql = "select max(mw_final), max(mw_strict) from final_totals"
    ((final_total, strict),) = query(root, sql)
    ((_, passed, highest, *_),) = figures(root, "total")
    assert (passed, highest) == (strict, final_total)


def test_what_failed_is_in_no_power_factor_and_no_typical_day(root):
    sql = """
    select sum(abs(mw_net)) / sum(mva_net)
    from feeder_profiles anti join implausible_intervals using (feeder, interval_start_at)
    where feeder = 'plain'"""
    factor = "select power_factor from planner_figures where feeder = 'plain' and grain = 'all'"
    assert query(root, factor)[0][0] == pytest.approx(query(root, sql)[0][0], rel=1e-12)
    with open_warehouse(Workspace(root).warehouse, read_only=True) as con:
        feeders = dict(typical_day.read(con, read_system(con))["feeders"])
    rows = feeders["plain"].set_index("minute")["days"]
    wild = 15 * (min(WILD) % 96)
    assert rows[wild] + 1 == rows[wild - 30]


def test_decisions_make_final_values_and_revoking_them_restores_the_bytes(root, tmp_path):
    root = copytree(root, tmp_path / "root")
    before, space, dice = state(root), Workspace(root), random.Random(3)
    gap = 20 * 96 + 30
    for action, feeder, first, count, cells in (
        ("set", "plain", gap, 2, {"channel": "mw_del", "value": "7.5"}),
        ("set", "plain", gap, 1, {"channel": "mw_rec", "value": "0.25"}),
        ("missing", "plain", 21 * 96, 5, {}),
        ("scale", "half", 40 * 48, 31, {"value": "0.5"}),
        ("swap", "tie", 19 * 96 + 3, 20, {}),
        *(
            (dice.choice(["missing", "swap"]), "tie", dice.randrange(15 * 96, 25 * 96), 9, {})
            for _ in range(6)
        ),
    ):
        ends = [f"{at(place, MINUTES[feeder])}Z" for place in (first, first + count)]
        decide(space, action, feeder, *ends, **cells, **WHO)
    build(root)
    assert_finals_are_right(root)
    rows = [row[:3] for row in final(root, "plain", gap, 2)]
    assert rows == [("E", "set", 7.25), ("S", "always_zero", 7.5)]
    assert {row[0] for row in final(root, "plain", 21 * 96, 5)} == {"S"}
    assert_peaks_are_right(root)
    ((_, passed, highest, status, *counts),) = figures(root, "plain")
    assert (passed < highest, status, counts) == (True, "S", [1, 107, 0])
    tables, files = state(root)
    assert all(tables[name] == before[0][name] for name in ("feeder_profiles", "combined_profiles"))
    assert [name for name in files if files[name] != before[1].get(name)] != []
    for number in range(1, 12):
        decide(space, "revoke", str(number), "", "", **WHO)
    build(root)
    assert state(root) == before


def test_the_files_have_what_the_tables_have_and_only_where_something_is_not_actual(root):
    names = {path.name for path in (root / "lp").glob("*_final.csv")}
    assert names == {"all_final.csv", *(f"{feeder}_final.csv" for feeder in FACTORS)}
    rows = rows_of(root / "lp/plain_final.csv")
    assert len(rows) == DAYS * 96
    profile = {row["start_utc"]: row for row in rows_of(root / "lp/plain.csv")}
    for row in rows:
        if row["status"] == "A":
            own = profile[row["start_utc"]]
            same = ("Start Time", "MW_del", "MW_rec", "MW_net", "MVA_net", "PF_net")
            assert [row[name] for name in same] == [own[name] for name in same]
    assert sum(row["status"] == "S" for row in rows) == 101 + len(WILD)
    totals = rows_of(root / "lp/all_final.csv")
    assert len(totals) == DAYS * 48
    for row in totals:
        assert (row["MW_total_final"] == "") == (row["missing"] != "0")
        assert bool(row["out_MW_net"]) and row["long_status"] in "AM"


def test_files_that_no_longer_apply_are_removed(root, tmp_path):
    root = copytree(root, tmp_path / "root")
    with open_warehouse(Workspace(root).warehouse) as con:
        con.execute("delete from final_exceptions where feeder <> 'plain'")
        assert set(export_finals(con, Workspace(root)).removed) == {
            f"{feeder}_final.csv" for feeder in FACTORS if feeder != "plain"
        }
        con.execute("delete from final_exceptions")
        export_finals(con, Workspace(root))
    assert not list((root / "lp").glob("*_final.csv"))
