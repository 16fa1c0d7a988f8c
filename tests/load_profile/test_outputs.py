"""Files below lp/: made of parts, written only where something has changed, equal to one COPY."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from shutil import copytree

import duckdb
import pytest

from ingest.workspace import Workspace
from load_profile.files import profiles as exports
from load_profile.files.profiles import export_gaps, export_months, export_profiles
from load_profile.files.writer import INDEX, OutputWriter, are_outputs_intact
from load_profile.plots import pool
from load_profile.plots.bucket_width import bucket_minutes
from load_profile.plots.draw import draw_net_load

FEEDERS = ["we,st", "gen", "a #1"]
# What DuckDB's own COPY makes of the published query is the standard.
PROFILE = """
copy (
    select
        meter,
        record_no as "Record No.",
        event_type as "Event Type",
        strftime(start_local, '%m/%d/%y %H:%M:%S') as "Start Time",
        strftime(end_local, '%m/%d/%y %H:%M:%S') as "End Time",
        del_raw::decimal(38, 6) as kw_del,
        rec_raw::decimal(38, 6) as kw_rec,
        kva_del_raw::decimal(38, 6) as kva_del,
        kva_rec_raw::decimal(38, 6) as kva_rec,
        mw_del::decimal(28, 6) as "MW_del",
        mw_rec::decimal(28, 6) as "MW_rec",
        mva_del::decimal(28, 6) as "MVA_del",
        mva_rec::decimal(28, 6) as "MVA_rec",
        mw_net::decimal(28, 6) as "MW_net",
        mva_net::decimal(28, 6) as "MVA_net",
        pf_net::decimal(9, 6) as "PF_net",
        strftime(interval_start_at, '%Y-%m-%dT%H:%M:%SZ') as start_utc
    from feeder_profiles
    where feeder = $feeder
    order by interval_start_at
) to '{path}' (format csv, header)
"""
COMBINED = """
copy (
    with wide as (
        pivot (
            select feeder, interval_start_at, mw_net, mva_net, pf_net from member_profiles
        ) on feeder in ({feeders})
        using
            first(mw_net)::decimal(28, 6) as "MW_net",
            first(mva_net)::decimal(28, 6) as "MVA_net",
            first(pf_net)::decimal(9, 6) as "PF_net"
        group by interval_start_at
    )
    select
        strftime(combined.start_local, '%m/%d/%y %H:%M:%S') as "Start Time",
        wide.* exclude (interval_start_at),
        mw_total::decimal(38, 6) as "MW_total",
        mva_total::decimal(38, 6) as "MVA_total",
        pf_total::decimal(9, 6) as "PF_total",
        mw_total::decimal(38, 6) as "MW_net",
        strftime(combined.interval_start_at, '%Y-%m-%dT%H:%M:%SZ') as start_utc
    from combined_profiles as combined
    left join wide using (interval_start_at)
    order by combined.interval_start_at
) to '{path}' (format csv, header)
"""
TABLES = """
create table stg_system as
    select 15::bigint as interval_minutes, 0::bigint as grid_shift_minutes, 'UTC' as timezone,
        'signed' as net_convention;
create table stg_meter_data as
    select unnest($feeders) as feeder, generate_subscripts($feeders, 1) as meter_data_row,
        'UTC' as timezone, 0.001::decimal(24, 12) as mw_factor;
create table feeder_profiles as
    select
        feeder,
        interval_start_at,
        15::bigint as interval_minutes,
        case n % 5 when 0 then 'plain' when 1 then '' when 2 then 'a,b' when 3 then 'c "d"' end
            as meter,
        n as record_no,
        case n % 4 when 0 then '#1' when 1 then ' x' when 2 then null else 'Normal' end
            as event_type,
        interval_start_at as start_local,
        interval_start_at + interval 15 minute as end_local,
        'UTC' as timezone,
        kw::decimal(18, 6) as del_raw,
        (kw / 3)::decimal(18, 6) as rec_raw,
        case when n % 7 > 0 then -kw end::decimal(18, 6) as kva_del_raw,
        999999999.999999::decimal(18, 6) as kva_rec_raw,
        (kw / 1000)::decimal(28, 18) as mw_del,
        (n * 0.0000005)::decimal(28, 18) as mw_rec,
        (n * -0.0000005)::decimal(28, 18) as mva_del,
        (n / 7.0)::decimal(28, 18) as mva_rec,
        case when n % 11 > 0 then (n * 0.123456500001)::decimal(28, 18) end as mw_net,
        (n * 0.000000499999999999)::decimal(28, 18) as mva_net,
        (n % 100) / 99.0::double as pf_net,
        0.001::double as mw_per_unit
    from (
        select *, (n * 0.01)::decimal(12, 3) as kw
        from (
            select
                feeder,
                range as interval_start_at,
                row_number() over (order by hash(feeder), hash(range)) as n
            from stg_meter_data
            cross join range(timestamp '2024-01-30', timestamp '2024-03-03', interval 15 minute)
        )
        where n % 13 > 0
    )
    order by hash(n);
create view member_profiles as from feeder_profiles;
create table combined_profiles as
    select
        interval_start_at,
        interval_start_at as start_local,
        'UTC' as timezone,
        case when count(mw_net) = 3 then sum(mw_net)::decimal(38, 24) end as mw_total,
        case when count(mw_net) = 3 then sum(mva_net)::decimal(38, 24) end as mva_total,
        avg(pf_net) as pf_total
    from feeder_profiles group by interval_start_at;
create table gaps as
    select
        feeder,
        timestamp '2024-02-01' as gap_start_at,
        timestamp '2024-02-02 01:15:00' as gap_end_at,
        timestamp '2024-02-01' as gap_start_local,
        timestamp '2024-02-02 01:15:00' as gap_end_local,
        101::bigint as missing_intervals,
        1515::bigint as gap_minutes
    from stg_meter_data where feeder <> 'gen';
create table combined_gaps as select * exclude (feeder) from gaps limit 1;
create table output_stamps as
    select feeder, date_trunc('month', interval_start_at) as month_start_at, 'first' as stamp
    from feeder_profiles group by all
    union all
    select 'total', date_trunc('month', interval_start_at), 'first'
    from combined_profiles group by all;
create table planner_figures as
    select feeder, 'day' as grain, interval_start_at::date as period_start,
        max(mw_net) as peak_mw, min(mw_net) as min_mw
    from feeder_profiles group by all;
"""


@pytest.fixture
def con():
    """Tables with every kind of value that a file may have to show."""
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        for statement in TABLES.strip().removesuffix(";").split(";\n"):
            uses = "$feeders" in statement
            con.execute(statement, {"feeders": FEEDERS} if uses else None)
        yield con


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    workspace = Workspace(tmp_path)
    workspace.prepare()
    return workspace


def standard(con, folder: Path) -> dict[str, bytes]:
    """lp/<feeder>.csv and lp/all.csv, each written in full by one COPY."""
    target = folder / "standard.tmp"
    found = {}
    for feeder in FEEDERS:
        con.execute(PROFILE.format(path=target), {"feeder": feeder})
        found[f"{feeder}.csv"] = target.read_bytes()
    names = ", ".join(f"'{feeder}'" for feeder in FEEDERS)
    con.execute(COMBINED.format(path=target, feeders=names))
    return found | {"all.csv": target.read_bytes()}


def written(workspace: Workspace) -> dict[str, bytes]:
    """The profiles that there are."""
    return {
        path.name: path.read_bytes()
        for path in workspace.profiles.glob("*.csv")
        if not path.name.endswith("_gaps.csv")
    }


def change(con, feeder: str, month: str) -> None:
    """Another value in one interval of a feeder, with its stamps; the total has it too."""
    start = datetime.strptime(month, "%Y-%m")
    con.execute(
        """
        update feeder_profiles set mw_net = 12345.5
        where feeder = $feeder and interval_start_at = (
            select min(interval_start_at) from feeder_profiles
            where feeder = $feeder and interval_start_at >= $start
        )
        """,
        {"feeder": feeder, "start": start},
    )
    stamp(con, feeder, start)
    stamp(con, "total", start)


def stamp(con, feeder: str, start: datetime) -> None:
    con.execute(
        """
        update output_stamps set stamp = stamp || '+'
        where feeder = $feeder and month_start_at = $start
        """,
        {"feeder": feeder, "start": start},
    )


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


def test_only_the_plot_of_a_changed_feeder_and_that_of_all_are_drawn(con, workspace):
    draw_net_load(con, workspace)
    change(con, "gen", "2024-02")
    assert sorted(draw_net_load(con, workspace).written) == ["plots/all.png", "plots/gen.png"]


def test_a_longer_span_is_drawn_in_every_plot(con, workspace, monkeypatch):
    draw_net_load(con, workspace)
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


DRAW_FOREVER = """
import pathlib, sys
from load_profile.plots import pool
pool.POOL_FROM = 1

def draw(folder):
    import os, time
    pathlib.Path(folder, str(os.getpid())).touch()
    time.sleep(60)

if __name__ == "__main__":
    pool.draw_png = draw
    list(pool.draw_all([sys.argv[1]] * 8))
"""


@pytest.mark.skipif(os.name == "nt", reason="asks for a process by signal 0, and kills one")
@pytest.mark.skipif(os.cpu_count() == 1, reason="draws in one process only")
def test_processes_that_draw_end_with_a_run_that_is_killed(tmp_path):
    script, pids = tmp_path / "draw.py", tmp_path / "pids"
    script.write_text(DRAW_FOREVER)
    pids.mkdir()
    run = subprocess.Popen([sys.executable, str(script), str(pids)])
    wait_until(lambda: len(list(pids.iterdir())) >= 2)
    run.kill()
    run.wait()
    wait_until(lambda: not any(is_running(int(path.name)) for path in pids.iterdir()))


def wait_until(is_so: Callable[[], bool]) -> None:
    for _ in range(600):
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError("waited in vain")


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")  # a zombie has ended; nobody need have buried it yet
    return not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] != "Z"
