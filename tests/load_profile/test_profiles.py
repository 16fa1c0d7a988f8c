"""Profiles, gap lists and plots of the sample, and of roots that differ from it in one thing."""

import random
from decimal import Decimal
from io import StringIO
from pathlib import Path
from shutil import copytree

import duckdb
import pytest
from conftest import (
    FILES,
    FINALS,
    PLOTS,
    bring_up_to_date,
    draw,
    query,
    summary,
    untested,
    write_files,
)
from rich.console import Console
from written import fingerprints, rows_of

from ingest.warehouse import utc_now
from load_profile.last_run import is_anything_new
from load_profile.plots.catalog import PLANNER_NAMES
from load_profile.sample import write_sample
from load_profile.terminal.figures import print_feeders

PROFILE_HEADER = (
    "meter,Record No.,Event Type,Start Time,End Time,kw_del,kw_rec,kva_del,kva_rec,"
    "MW_del,MW_rec,MVA_del,MVA_rec,MW_net,MVA_net,PF_net,start_utc"
)
FEEDERS = ("north", "south", "west", "gen")


def test_profiles_have_the_columns_of_the_design_and_six_decimals(sample):
    for feeder in FEEDERS:
        lines = (sample / f"lp/{feeder}.csv").read_text(encoding="utf-8").splitlines()
        assert lines[0] == PROFILE_HEADER
        *numbers, start = lines[1].split(",")[5:]
        assert start == "2024-07-01T00:00:00Z"
        assert all(len(number.split(".")[1]) == 6 for number in numbers if number)
    columns = [f"{f}_{value}" for f in FEEDERS for value in ("MW_net", "MVA_net", "PF_net")]
    header = (sample / "lp/all.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header.split(",") == [
        "Start Time", *columns, "MW_total", "MVA_total", "PF_total", "MW_net", "start_utc"
    ]  # fmt: skip


def test_every_profile_row_is_the_raw_row_times_its_multiplier(sample):
    multipliers = {"north": 28800, "south": 14400, "west": 28800, "gen": 14400}
    for feeder, multiplier in multipliers.items():
        for row in rows_of(sample / f"lp/{feeder}.csv"):
            delivered = Decimal(row["kw_del"]) * multiplier / 1_000_000
            received = Decimal(row["kw_rec"]) * multiplier / 1_000_000
            assert Decimal(row["MW_del"]) == delivered
            assert Decimal(row["MW_net"]) == delivered - received


def test_the_total_is_the_sum_of_the_feeders_or_empty_and_never_a_part(sample):
    complete = 0
    for row in rows_of(sample / "lp/all.csv"):
        members = [row[f"{feeder}_MW_net"] for feeder in FEEDERS]
        if all(members):
            complete += 1
            assert Decimal(row["MW_total"]) == sum(map(Decimal, members))
        else:
            assert (row["MW_total"], row["MW_net"], row["PF_total"]) == ("", "", "")
    assert complete > 8000


def test_the_gap_between_two_files_is_listed_for_its_feeder_and_for_the_total(sample):
    wanted = [
        {
            "gap_start": "08/01/24 00:00:00",
            "gap_end": "08/04/24 00:00:00",
            "gap_duration": "3 days 00:00:00",
            "gap_start_utc": "2024-08-01T00:00:00Z",
            "gap_end_utc": "2024-08-04T00:00:00Z",
        }
    ]
    assert rows_of(sample / "lp/south_gaps.csv") == wanted
    assert rows_of(sample / "lp/all_gaps.csv") == wanted
    assert rows_of(sample / "lp/north_gaps.csv") == []


def test_every_feeder_and_the_total_have_a_picture(sample):
    plots = {path.name for path in (sample / "lp/plots").glob("*.png")}
    assert plots == {f"{name}.png" for name in (*FEEDERS, "all", *PLANNER_NAMES)}


def test_order_and_names_of_files_never_change_a_result(sample, tmp_path):
    write_sample(tmp_path)
    files = list((tmp_path / "_dropbox/KW").iterdir())
    random.Random(11).shuffle(files)
    for number, path in enumerate(files):
        feeder = path.name.split("-")[0]
        path.rename(path.with_name(f"{feeder}-{number:03}.csv"))
    bring_up_to_date(tmp_path, *untested(*PLOTS, *FINALS))
    draw(tmp_path)
    mine, theirs = fingerprints(tmp_path / "lp"), fingerprints(sample / "lp")
    assert mine == theirs


def test_a_month_without_one_feeder_has_no_total_and_says_who_is_missing(tmp_path):
    write_sample(tmp_path)
    for path in (tmp_path / "_dropbox/KW").glob("west-080124*"):
        path.unlink()
    started = utc_now()
    told = ("planner_figures", "correction_effects", "acknowledged_gaps")
    bring_up_to_date(tmp_path, *untested(*FILES, *told))
    printed = summary(tmp_path, started)
    august = "start_local >= timestamp '2024-08-04' and start_local < timestamp '2024-09-01'"
    facts = query(
        tmp_path,
        f"""
        select count(*), count(mw_total), min(feeders_expected), max(feeders_reporting),
            min(missing_feeders), max(missing_feeders), count(mw_total_partial)
        from combined_profiles where {august}
        """,
    )
    intervals = 28 * 96
    assert facts == [(intervals, 0, 4, 3, "west", "west", intervals)]
    gaps = {row["gap_start"]: row["gap_end"] for row in rows_of(tmp_path / "lp/all_gaps.csv")}
    assert gaps == {"08/01/24 00:00:00": "09/01/24 00:00:00"}
    highest = query(tmp_path, "select max(mw_total) from combined_profiles")[0][0]
    assert f"highest {highest:,.3f} MW" in printed
    assert "a feeder is missing or its value" in printed


def test_an_output_that_somebody_changed_is_made_again(sample, space):
    assert not is_anything_new(space, {}, plots=False)
    (space.profiles / "south_gaps.csv").write_text("gap_start\n")
    assert is_anything_new(space, {}, plots=False)
    write_files(space.root)
    assert fingerprints(space.profiles) == fingerprints(sample / "lp")


@pytest.fixture(scope="module")
def rerun(sample, tmp_path_factory) -> Path:
    """A copy of the sample's root that tests may change."""
    return copytree(sample, tmp_path_factory.mktemp("rerun") / "root")


def test_the_same_file_under_another_name_is_a_duplicate_and_changes_nothing(rerun):
    archived = next((rerun / "data/KW/2024-07").glob("gen-*.csv"))
    (rerun / "_dropbox/KW/gen-renamed.csv").write_bytes(archived.read_bytes())
    before = fingerprints(rerun / "lp")
    bring_up_to_date(rerun, *untested(*FILES))
    assert query(
        rerun, "select outcome, stored_as from raw.files where file_name = 'gen-renamed.csv'"
    ) == [("duplicate", archived.relative_to(rerun).as_posix())]
    assert fingerprints(rerun / "lp") == before
    assert archived.exists() and not list((rerun / "_dropbox/KW").iterdir())


def test_a_feeder_taken_out_of_meter_data_loses_its_outputs_and_nothing_else(rerun):
    meters = rerun / "meter-data.csv"
    kept = [line for line in meters.read_text().splitlines() if not line.startswith("gen,")]
    meters.write_text("\n".join(kept) + "\n")
    (rerun / "lp/notes.csv").write_text("mine\n")
    bring_up_to_date(rerun, *untested(*PLOTS))
    draw(rerun)
    left = {path.name for path in (rerun / "lp").rglob("*") if path.is_file()}
    assert not {name for name in left if name.startswith("gen")}
    assert {"notes.csv", "north.csv", "north_gaps.csv", "north.png"} <= left
    assert "gen_MW_net" not in (rerun / "lp/all.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_names_can_be_read_on_a_narrow_terminal(rerun, width):
    name = "feeder-with-a-name-of-forty-characters-x"
    printed = Console(file=StringIO(), width=width)
    with duckdb.connect(str(rerun / "warehouse/load_profile.duckdb"), read_only=True) as con:
        for table in ("feeder_profiles", "stg_meter_data"):
            renamed = f"if(feeder = 'north', '{name}', feeder) as feeder"
            con.execute(
                f"create temp table {table} as select * replace ({renamed}) from main.{table}"
            )
        print_feeders(printed, con)
    rows = [line for line in printed.file.getvalue().splitlines() if "\u2502" in line]
    cells = [row.split("\u2502")[1].strip() for row in rows]
    assert name in "".join(cells)
    assert max(map(len, cells)) >= 11 and max(map(len, rows)) <= width


def test_the_gross_convention_reproduces_the_older_files_and_changes_the_net_alone(rerun):
    columns = "mw_del, mw_rec, mva_del, mva_rec, mw_gross, mva_gross, is_bidirectional"
    table = f"select feeder, interval_start_at, {columns} from feeder_profiles order by all"
    signed = query(rerun, table)
    bring_up_to_date(rerun, *untested(*FILES), "--vars", "{net_convention: gross}")
    assert query(rerun, table) == signed
    differing = "select count(*) from feeder_profiles where mw_net is distinct from mw_gross"
    assert query(rerun, differing) == [(0,)]
    for row in rows_of(rerun / "lp/north.csv"):
        power = Decimal(row["MW_del"]) + Decimal(row["MW_rec"])
        apparent = Decimal(row["MVA_del"]) + Decimal(row["MVA_rec"])
        assert (Decimal(row["MW_net"]), Decimal(row["MVA_net"])) == (power, apparent)
        # both columns are rounded to six decimals, the quotient was taken before
        assert abs(Decimal(row["PF_net"]) - power / apparent) < Decimal("0.00002")
