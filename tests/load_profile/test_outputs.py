"""Files below lp/: made of parts, written only where something has changed, equal to one COPY."""

import json
import os
from datetime import datetime
from shutil import copytree

import duckdb
import pytest
from output_tables import FEEDERS, change, fill, stamp, standard

from ingest.workspace import Workspace
from load_profile.files import profiles as exports
from load_profile.files.profiles import export_gaps, export_months, export_profiles
from load_profile.files.writer import INDEX, OutputWriter, are_outputs_intact
from load_profile.plots import pool
from load_profile.plots.bucket_width import bucket_minutes
from load_profile.plots.draw import draw_net_load


@pytest.fixture
def con():
    with duckdb.connect() as con:
        fill(con)
        yield con


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    workspace = Workspace(tmp_path)
    workspace.prepare()
    return workspace


def written(workspace: Workspace) -> dict[str, bytes]:
    """The profiles that there are."""
    return {
        path.name: path.read_bytes()
        for path in workspace.profiles.glob("*.csv")
        if not path.name.endswith("_gaps.csv")
    }


def texts_made(monkeypatch) -> list[tuple[str, str]]:
    """Notes of every part that is made from now on: file and key."""
    made = []
    write = OutputWriter.write

    def noting(self, name, wanted, make):
        write(self, name, wanted, lambda key: made.append((name, key)) or make(key))

    monkeypatch.setattr(OutputWriter, "write", noting)
    return made


def test_files_are_those_of_one_copy_each_with_every_kind_of_value(con, workspace):
    done = export_profiles(con, workspace)
    assert written(workspace) == standard(con, workspace.root)
    assert done.bytes_written == sum(map(len, written(workspace).values()))
    assert not list(workspace.profiles.glob("*.tmp"))


def test_many_queries_give_the_same_files_as_one(con, workspace, monkeypatch):
    monkeypatch.setattr(exports, "PARTITIONS_A_QUERY", 1)
    export_profiles(con, workspace)
    assert written(workspace) == standard(con, workspace.root)


def test_an_unchanged_month_is_copied_and_a_changed_one_rebuilt(con, workspace, monkeypatch):
    export_profiles(con, workspace)
    change(con, "gen", "2024-02")
    made = texts_made(monkeypatch)
    done = export_profiles(con, workspace)
    assert made == [("gen.csv", "2024-02"), ("all.csv", "2024-02")]
    assert done.written == ("gen.csv", "all.csv")
    assert written(workspace) == standard(con, workspace.root)


def test_a_month_that_is_new_or_gone_moves_the_others(con, workspace):
    march = "where interval_start_at >= timestamp '2024-03-01'"
    con.execute(f"create table kept as from feeder_profiles {march}")
    con.execute(f"create table kept_total as from combined_profiles {march}")
    con.execute("create table all_stamps as from output_stamps")
    export_profiles(con, workspace)
    for table in ("feeder_profiles", "combined_profiles"):
        con.execute(f"delete from {table} {march}")
    con.execute("delete from output_stamps where month_start_at = timestamp '2024-03-01'")
    export_profiles(con, workspace)
    assert written(workspace) == standard(con, workspace.root)
    con.execute("insert into feeder_profiles from kept")
    con.execute("insert into combined_profiles from kept_total")
    con.execute("create or replace table output_stamps as from all_stamps")
    export_profiles(con, workspace)
    assert written(workspace) == standard(con, workspace.root)


def test_nothing_is_made_when_no_stamp_has_changed(con, workspace, monkeypatch):
    for export in (export_profiles, export_gaps, draw_net_load):
        export(con, workspace)
    made = texts_made(monkeypatch)
    before = {p: p.stat().st_mtime_ns for p in workspace.profiles.rglob("*")}
    for export in (export_profiles, export_gaps, draw_net_load):
        assert export(con, workspace).written == ()
    assert made == []
    assert {p: p.stat().st_mtime_ns for p in workspace.profiles.rglob("*")} == before


def test_a_new_stamp_with_the_same_content_replaces_no_file(con, workspace):
    export_profiles(con, workspace)
    before = {p: p.stat().st_mtime_ns for p in workspace.profiles.glob("*.csv")}
    stamp(con, "gen", datetime(2024, 2, 1))
    assert export_profiles(con, workspace).written == ()
    assert {p: p.stat().st_mtime_ns for p in workspace.profiles.glob("*.csv")} == before
    assert are_outputs_intact(workspace.profiles)


@pytest.mark.parametrize("name", ["gen.csv", "all.csv"])
def test_a_file_that_somebody_edited_is_made_in_full_even_if_its_size_is_the_same(
    con, workspace, name
):
    export_profiles(con, workspace)
    path = workspace.profiles / name
    path.write_bytes(path.read_bytes().replace(b"0", b"7"))
    assert not are_outputs_intact(workspace.profiles)
    change(con, "gen", "2024-02")
    export_profiles(con, workspace)
    assert written(workspace) == standard(con, workspace.root)


def test_a_run_that_died_before_it_noted_its_files_is_made_good(con, workspace):
    export_profiles(con, workspace)
    index = (workspace.profiles / INDEX).read_bytes()
    change(con, "gen", "2024-01")
    export_profiles(con, workspace)
    (workspace.profiles / INDEX).write_bytes(index)  # as the dead run left it
    change(con, "gen", "2024-02")
    export_profiles(con, workspace)
    assert written(workspace) == standard(con, workspace.root)


def test_an_index_of_an_older_version_rebuilds_everything_and_still_removes(con, workspace):
    export_profiles(con, workspace)
    sizes = {name: len(data) for name, data in written(workspace).items()}
    (workspace.profiles / "old.csv").write_text("x")
    (workspace.profiles / INDEX).write_text(json.dumps({"profiles": sizes | {"old.csv": 1}}))
    assert not are_outputs_intact(workspace.profiles)
    assert export_profiles(con, workspace).removed == ("old.csv",)
    assert written(workspace) == standard(con, workspace.root)


def test_another_list_of_feeders_rebuilds_all_csv_and_removes_the_file(con, workspace):
    export_profiles(con, workspace)
    con.execute("delete from stg_meter_data where feeder = 'gen'")
    done = export_profiles(con, workspace)
    assert (done.written, done.removed) == (("all.csv",), ("gen.csv",))
    header = (workspace.profiles / "all.csv").read_text(encoding="utf-8").splitlines()[0]
    assert "gen_MW_net" not in header


def test_a_total_that_reaches_into_the_next_month_depends_on_it(con, workspace, monkeypatch):
    con.execute("update stg_system set interval_minutes = 60, grid_shift_minutes = 30")
    export_profiles(con, workspace)
    made = texts_made(monkeypatch)
    stamp(con, "gen", datetime(2024, 2, 1))
    export_profiles(con, workspace)
    assert made == [("gen.csv", "2024-02"), ("all.csv", "2024-01"), ("all.csv", "2024-02")]


def test_gap_lists_are_written_only_where_a_gap_is_another(con, workspace):
    export_gaps(con, workspace)
    path = workspace.profiles / "we,st_gaps.csv"
    assert path.read_text() == (
        "gap_start,gap_end,gap_duration,gap_start_utc,gap_end_utc\n"
        "02/01/24 00:00:00,02/02/24 01:15:00,1 days 01:15:00,"
        "2024-02-01T00:00:00Z,2024-02-02T01:15:00Z\n"
    )
    assert (workspace.profiles / "gen_gaps.csv").read_text() == (
        "gap_start,gap_end,gap_duration,gap_start_utc,gap_end_utc\n"
    )
    con.execute("update gaps set gap_minutes = 15 where feeder = 'we,st'")
    for feeder in ("we,st", "gen"):
        stamp(con, feeder, datetime(2024, 2, 1))
    done = export_gaps(con, workspace)
    assert done.written == ("we,st_gaps.csv",)
    assert ",0 days 00:15:00," in path.read_text()


def test_months_are_listed_for_the_total_and_every_feeder_and_what_is_unknown_is_empty(
    con, workspace
):
    con.execute("""
        create or replace table planner_figures as
        select
            feeder, 'month' as grain, date '2024-11-01' as period_start,
            7.5::decimal(28, 18) as peak_mw,
            case when feeder <> 'total' then timestamp '2024-11-03 08:30:00' end as peak_at,
            peak_at - interval 7 hour as peak_local,
            9.25::decimal(28, 18) as measured_peak_mw, timestamp '2024-11-04' as measured_peak_at,
            measured_peak_at - interval 7 hour as measured_peak_local,
            2::bigint as implausible_count,
            null::decimal(28, 18) as min_mw, null::timestamp as min_at, min_at as min_local,
            'America/Denver' as timezone,
            1.0000005::decimal(28, 18) as del_mwh, 0::decimal(28, 18) as rec_mwh,
            del_mwh as net_mwh, 0.25 as load_factor, 1.0 as completeness, 1 / 30 as period_share,
            null::decimal(28, 18) as del_mvarh, del_mvarh as rec_mvarh,
            feeder = 'total' as is_lower_bound
        from (values ('we,st'), ('total')) as names (feeder)
    """)
    export_months(con, workspace)
    measured = "9.250000,11/03/24 17:00:00,2024-11-04T00:00:00Z,2"
    figures = "1.000001,0.000000,1.000001,0.250000,1.000000,0.033333"
    assert (workspace.profiles / "monthly.csv").read_text(encoding="utf-8") == (
        "feeder,month,peak_mw,peak_start,peak_start_utc,measured_peak_mw,measured_peak_start,"
        "measured_peak_start_utc,implausible_count,min_mw,min_start,min_start_utc,timezone,"
        "delivered_mwh,received_mwh,net_mwh,load_factor,completeness,period_share,is_lower_bound\n"
        f"total,2024-11,7.500000,,,{measured},,,,America/Denver,{figures},true\n"
        '"we,st",2024-11,7.500000,11/03/24 01:30:00,2024-11-03T08:30:00Z,'
        f"{measured},,,,America/Denver,{figures},false\n"
    )
    assert export_months(con, workspace).written == ()


def test_the_plot_of_a_changed_feeder_and_that_of_all_are_drawn_and_every_one_of_a_longer_span(
    con, workspace, monkeypatch
):
    draw_net_load(con, workspace)
    change(con, "gen", "2024-02")
    assert sorted(draw_net_load(con, workspace).written) == ["plots/all.png", "plots/gen.png"]
    con.execute("update combined_profiles set interval_start_at = interval_start_at - to_days(90)")
    made = texts_made(monkeypatch)
    draw_net_load(con, workspace)
    assert {name for name, _ in made} == {f"plots/{name}.png" for name in (*FEEDERS, "all")}


@pytest.mark.parametrize(
    ("days", "minutes"), [(12, 15), (200, 240), (201, 1440), (1200, 1440), (1201, 2880)]
)
def test_a_longer_span_is_drawn_in_wider_steps_that_make_no_comb_of_the_days(days, minutes):
    assert bucket_minutes(days * 1440, 15) == minutes


def test_plots_of_many_processes_are_those_of_one(con, workspace, tmp_path, monkeypatch):
    draw_net_load(con, workspace)
    here = copytree(workspace.plots, tmp_path / "here")
    for path in workspace.plots.iterdir():
        path.unlink()
    monkeypatch.setattr(pool, "POOL_FROM", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert len(draw_net_load(con, workspace).written) == 4
    for path in here.iterdir():
        assert (workspace.plots / path.name).read_bytes() == path.read_bytes()
