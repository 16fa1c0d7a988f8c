"""Readings of a file in UTC, in the hour that a clock repeats: no order of rows counts."""

from datetime import datetime, timedelta

from conftest import dbt, query, untested
from point_files import HEADER, with_points

from ingest.load_files import load_files, save_meter_data
from ingest.meter_data import read_meter_data
from ingest.workspace import Workspace

METERS = """sta,meter,multiplier,channel_unit,timezone
north,NMI-0001,1,kW,Europe/Berlin
"""
AUTUMN = datetime(2024, 10, 26, 23)


def test_the_offset_decides_the_repeated_hour_whatever_the_order_of_rows(tmp_path):
    space = Workspace(tmp_path)
    space.prepare()
    space.meter_data.write_text(METERS)
    save_meter_data(space, read_meter_data(space.meter_data))
    starts = [AUTUMN + timedelta(minutes=15 * n) for n in range(16)]
    lines = [f"NMI-0001,{at:%Y-%m-%dT%H:%M},N,{n - 8}" for n, at in enumerate(starts)]
    (space.dropbox / "a.csv").write_text("\n".join([HEADER, *reversed(lines), ""]))
    assert load_files(space, recognise=with_points).outcomes == {"accepted": 1}
    dbt(tmp_path, "build", *untested("reading_origins"))
    sql = "select interval_start_at, 1000 * mw_net, is_used from reading_origins order by all"
    assert query(tmp_path, sql) == [(at, n - 8, True) for n, at in enumerate(starts)]
    flags = "select bool_or(is_ambiguous_time), max(actual_seconds) from stg_interval_reads"
    assert query(tmp_path, flags) == [(False, 900)]
