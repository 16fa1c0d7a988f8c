"""Files with average kVA or kvar beside energy, or the other way round: converted exactly."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from conftest import dbt, query, untested
from hypothesis import given
from hypothesis import strategies as st
from layout_files import SAMPLES

from ingest.layouts.power_and_energy import factor
from ingest.load_files import load_files, save_meter_data
from ingest.meter_data import read_meter_data
from ingest.notes import notes_of_files
from ingest.warehouse import open_warehouse
from ingest.workspace import Workspace
from load_profile.why import explain

METERS = "sta,meter,multiplier,channel_unit,timezone,interval_minutes,directions\n"
VALUES = """
select feeder, del_raw, rec_raw, kva_del_raw, kva_rec_raw
from raw.interval_reads inner join raw.files using (file_id) order by feeder, line_number
"""
AMI = "Serial No,Date,Time,kWh Import,kWh Export,kVA"
# start and end of each row on the clock of Berlin, a meter that has kVA beside kWh
OWN_LAYOUT = """
name = "both-ends"
title = "start and end"
[header]
match = ["From", "To", "kWh in", "kWh out", "kVA"]
[time]
start = "From"
end = "To"
formats = ["%Y-%m-%d %H:%M"]
[[channel]]
columns = "kWh in"
quantity = "del"
unit = "kWh"
[[channel]]
columns = "kWh out"
quantity = "rec"
unit = "kWh"
[[channel]]
columns = "kVA"
quantity = "kva_del"
unit = "KIND"
"""


def load(space: Workspace, meters: str, **files: bytes) -> dict[str, int]:
    space.prepare()
    space.meter_data.write_text(METERS + meters)
    save_meter_data(space, read_meter_data(space.meter_data))
    for name, data in files.items():
        (space.dropbox / f"{name}.csv").write_bytes(data)
    return load_files(space).outcomes


def with_own_layout(root: Path, **words: str) -> Workspace:
    """A root with OWN_LAYOUT, some of its words replaced."""
    text = OWN_LAYOUT
    for old, new in (*words.items(), ("KIND", "kW")):
        text = text.replace(old, new)
    space = Workspace(root)
    space.layouts.mkdir(parents=True)
    (space.layouts / "both-ends.toml").write_text(text)
    return space


def ami(minutes: int, values: Iterable[str]) -> bytes:
    """An export of an AMI head end whose rows have these values."""
    ends = (datetime(2024, 3, 25) + timedelta(minutes=minutes * n) for n, _ in enumerate(values, 1))
    lines = [f"7,{end:%d-%m-%Y,%H:%M},{value}" for end, value in zip(ends, values, strict=True)]
    return "\n".join([AMI, *lines, ""]).encode()


def test_shipped_layouts_with_kva_beside_kwh_are_read_from_file_to_profile(tmp_path):
    space = Workspace(tmp_path)
    meters = (
        "ami,00123,1,kWh,UTC,30,both\nbmi,00124,1,kWh,UTC,30,both\n"
        "mall,North Mall,1,kWh,UTC,30,delivered\nside,South Mall,1,kWh,UTC,30,delivered\n"
    )
    names = ("ami-head-end", "pnpscada-profile")
    files = {name: (SAMPLES / f"{name}.csv").read_bytes() for name in names}
    assert load(space, meters, **files) == {"accepted": 2}
    assert query(tmp_path, VALUES) == [
        (feeder, *map(Decimal, values.split()))
        for feeder, values in (
            ("ami", "1.5 0 1.6 0"),
            ("ami", "1.25 0.75 1.3 0"),
            ("bmi", "7 0 7.05 0"),
            ("bmi", "8 0 8.2 0"),
            ("mall", "123.45 0 130.25 0"),
            ("mall", "120 0 127.5 0"),
            ("side", "7.5 0 8 0"),
            ("side", "0 0 0 0"),
        )
    ]
    with open_warehouse(space.warehouse) as con:
        notes = notes_of_files(con, datetime(2024, 1, 1))
    converted = "values of kVA or kvar beside kWh: times the hours of their interval"
    assert f"in 2 files: 8 {converted}" in notes
    dbt(tmp_path, "build", *untested("reading_origins", "edited_values", "interval_validations"))
    mva = "select feeder, mw_del, mva_del from feeder_profiles order by feeder, interval_start_at"
    assert [(feeder, float(mw), float(mva)) for feeder, mw, mva in query(tmp_path, mva)] == [
        ("ami", 0.003, 0.0032),
        ("ami", 0.0025, 0.0026),
        ("bmi", 0.014, 0.0141),
        ("bmi", 0.016, 0.0164),
        ("mall", 0.2469, 0.2605),
        ("mall", 0.24, 0.255),
        ("side", 0.015, 0.016),
        ("side", 0, 0),
    ]
    with open_warehouse(space.warehouse, read_only=True) as con:
        lines = explain(con, space, "mall", "2024-01-01 00:00")
    text = "\n".join(lines)
    assert "2024-01-01,00:00,123.45,260.5,Ok" in text  # the file's own number
    assert "mva_del = 130.25 x 1 kWh x 2 intervals an hour = 0.2605 MVA" in text
    assert f"in its file: 2 {converted}" in text
    assert "no event: the row has no status" in text


def test_kvarh_beside_kw_is_divided_by_the_hours_of_its_interval(tmp_path):
    space = with_own_layout(tmp_path, kWh="kW", KIND="kWh", kVA="kvarh", kva_del="kvar_del")
    times = ("00:00,2024-03-25 00:15,4,0,0.5", "00:15,2024-03-25 00:30,5,1,")
    data = "\n".join(["From,To,kW in,kW out,kvarh", *(f"2024-03-25 {t}" for t in times), ""])
    assert load(space, "m,7,1,kW,UTC,15,both\n", m=data.encode()) == {"accepted": 1}
    kvar = "select del_raw, kvar_del_raw, kvar_rec_raw from raw.interval_reads order by line_number"
    assert query(tmp_path, kvar) == [(4, 2, None), (5, None, None)]
    ((notes,),) = query(tmp_path, "select notes from raw.files")
    assert notes == '{"energy_as_power": 2}'


def test_what_has_no_exact_conversion_is_refused_with_line_and_value(tmp_path):
    space = Workspace(tmp_path)
    meters = "m,7,1,kWh,UTC,10,both\n"
    assert load(space, meters, ten=ami(10, ["4,0,", "4,0,26.5", "1,0,6"])) == {"unreadable": 1}
    letter = (space.rejected / "ten_UNREADABLE.txt").read_text()
    assert "26.5 of channel 'kVA' over 10 minutes" in letter
    assert "First bad line: 3\n" in letter
    # a quarter of what has 18 decimals has more than are kept
    longest = ami(15, ["4,0,0.000000000000000001"] * 2)
    assert load(space, meters.replace("10", "15"), long=longest) == {"unreadable": 1}
    # a value that is no number is still called that
    assert load(space, meters.replace("10", "15"), odd=ami(15, ["4,0,x"] * 2)) == {"unreadable": 1}
    assert "over" not in (space.rejected / "odd_UNREADABLE.txt").read_text().partition("hat to")[0]


def test_active_power_in_another_unit_and_another_size_stay_refused(tmp_path):
    space = Workspace(tmp_path)
    data = ami(15, ["4,0,5"] * 2)
    for unit, code in (("kW", "kWh Import"), ("Wh", "kWh Import")):
        assert load(space, f"m,7,1,{unit},UTC,15,both\n", f=data) == {"unreadable": 1}
        letter = (space.rejected / "f_UNREADABLE.txt").read_text()
        assert f"kWh as the unit of channel {code!r}" in letter


@pytest.mark.parametrize("ends", ["03:00", "02:00"])
def test_a_change_of_the_clock_within_a_row_does_not_count_as_its_length(tmp_path, ends):
    space = with_own_layout(tmp_path)
    times = ["01:30", "01:45", ends, "03:15"]
    starts = ["01:30", "01:45", "03:00"]
    day = "2024-03-31"
    lines = [
        f"{day} {start},{day} {end},1,0,8" for start, end in zip(starts, times[1:], strict=True)
    ]
    data = "\n".join(["From,To,kWh in,kWh out,kVA", *lines, ""]).encode()
    meters = "spring,7,1,kWh,Europe/Berlin,15,both\n"
    assert load(space, meters, spring=data) == {"accepted": 1}
    assert query(tmp_path, "select distinct kva_del_raw from raw.interval_reads") == [(2,)]


@given(st.integers(-86_400, 86_400), st.decimals(0, 10**9, places=6))
def test_a_factor_and_that_of_the_other_way_round_give_the_value_again(seconds, value):
    to_energy, to_power = factor("kWh", seconds), factor("kW", seconds)
    if seconds <= 0:
        assert to_energy is to_power is None
    if to_energy is not None:
        assert to_energy * 3600 == seconds
    if to_power is not None:
        assert to_power * seconds == 3600
    if None not in (to_energy, to_power):
        assert value * to_energy * to_power == value
