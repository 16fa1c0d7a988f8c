"""Files of register reads: the same ledger, letters and promises as files of intervals."""

import os
import random
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

import pytest
from dropped_files import export, prepare
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest import load_files as loading
from ingest.export_raw import export_raw
from ingest.filing import FilingError
from ingest.layouts.parsed import LayoutError
from ingest.layouts.register import CHANNELS, parse
from ingest.load_files import load_files
from ingest.meter_data import MeterDataError, read_meter_data
from ingest.release import release_file
from ingest.review import ReviewError, rebuild_warehouse, withdraw_file
from ingest.warehouse import open_warehouse
from ingest.workspace import Workspace

HEADER = "meter,read_at,kwh_del,kwh_rec"
REGISTERS = "sta,meter,multiplier\nnorth,10001,28800\nsouth,10002,14400\n"
LEDGER = """
select file_name, feeder, outcome, stored_as, kind, row_count from raw.files order by file_id
"""
READS = """
select feeder, meter, read_at_local, kwh_del, kwh_rec
from raw.register_reads inner join raw.files using (file_id)
where outcome = 'accepted'
    and file_id not in (select release_of from raw.files where outcome = 'withdrawn')
order by all
"""
# the read that counts of each register and time
COUNTING = """
select feeder, meter, read_at_local, kwh_del
from raw.register_reads inner join raw.files using (file_id)
qualify row_number() over (
    partition by feeder, meter, read_at_local order by accepted_seq desc, line_number desc
) = 1
order by all
"""


def drop(space: Workspace, name: str, *lines: str, header: str = HEADER) -> Path:
    folder = space.drop_folders[1]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return path


def rows(space: Workspace, sql: str) -> list[tuple]:
    with open_warehouse(space.warehouse) as con:
        return con.execute(sql).fetchall()


@pytest.fixture
def space(tmp_path) -> Workspace:
    return prepare(tmp_path, REGISTERS)


def test_reads_of_several_meters_are_taken_in_as_they_are_written(space):
    drop(
        space,
        "may.csv",
        "10001,2024-05-01 06:30,100.50,0",
        "10002,05/02/24 06:30:00,7,",
        "0010001,2024-06-01T06:30:15,150.00,1.000001",
        "99999,2024-05-01,1,1",
    )
    summary = load_files(space)
    assert (summary.outcomes, summary.row_count) == ({"accepted": 1}, 3)
    assert rows(space, READS) == [
        ("north", "10001", datetime(2024, 5, 1, 6, 30), "100.50", "0"),
        ("north", "10001", datetime(2024, 6, 1, 6, 30, 15), "150.00", "1.000001"),
        ("south", "10002", datetime(2024, 5, 2, 6, 30), "7", None),
    ]
    assert rows(space, LEDGER) == [
        ("may.csv", "north", "accepted", "data/REG/2024-05/may.csv", "register", 2),
        ("may.csv", "south", "accepted", "data/REG/2024-05/may.csv", "register", 1),
    ]
    assert rows(space, "select distinct notes from raw.files") == [('{"unlisted_points": 1}',)]
    assert (space.root / "data/REG/2024-05/may.csv").exists()
    assert "may.csv -> data/REG/2024-05/may.csv" in (space.logs / "dropbox.log").read_text()


BAD = {
    "register_value": ("10001,2024-05-01,-3,0", "line 2", "kwh_del", "'-3'", "from 0 to below"),
    "a text": ("10001,2024-05-01,3,n/a", "line 2", "kwh_rec", "'n/a'", "at most 6 decimals"),
    "a thousands separator": ('10001,2024-05-01,"1,003",0', "line 2", "kwh_del", "'1,003'"),
    "seven decimals": ("10001,2024-05-01,0.1234567,0", "line 2", "kwh_del", "'0.1234567'"),
    "a time": ("10001,31.05.2024,3,0", "line 2", "read_at as YYYY-MM-DD", "'31.05.2024'"),
    "a zone": ("10001,2024-05-01T00:00Z,3,0", "line 2", "'2024-05-01T00:00Z'"),
    "no meter": (",2024-05-01,3,0", "line 2", "serial number", "an empty cell"),
    "cells": ("10001,2024-05-01,3", "line 2", "expected 4 cells", "3 cells"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_cell_is_named_with_line_column_value_and_what_is_allowed(space, name):
    line, *words = BAD[name]
    drop(space, "bad.csv", line)
    drop(space, "good.csv", "10001,2024-05-01,3,0")
    assert load_files(space).outcomes == {"accepted": 1, "unreadable": 1}
    ((reason,),) = rows(space, "select reason from raw.files where letter is not null")
    assert not [word for word in words if word not in reason]
    letter = (space.root / "data/REG/ERROR/bad_UNREADABLE.txt").read_text(encoding="utf-8")
    assert line in letter and "What to do" in letter
    assert (space.root / "data/REG/ERROR/bad_UNREADABLE.csv").exists()


@pytest.mark.parametrize(
    ("header", "lines", "outcome", "words"),
    [
        ("meter,read_at,kwh_del", ["10001,2024-05-01,3"], "unreadable", "no column kwh_rec"),
        (f"{HEADER},kwh_del", ["10001,2024-05-01,3,0,3"], "unreadable", "column 'kwh_del'"),
        (f"{HEADER},kwh_t1", ["10001,2024-05-01,3,0,3"], "unreadable", "column 'kwh_t1'"),
        ("serial,date", ["10001,2024-05-01"], "unreadable", "a header row with the columns meter"),
        (HEADER, [], "empty", "none"),
        (HEADER, ["77777,2024-05-01,3,0"], "unknown_meter", "77777"),
        (HEADER, ["north,2024-05-01,3,0"], "unknown_meter", "north"),  # its name, not its meter
        (HEADER, ["10001,2924-05-01,3,0"], "sequence_error", "01/24 00:00:00"),
        (
            HEADER,
            ["10001,2024-05-01,3,0", "10001,05/01/24 00:00,4,0"],
            "sequence_error",
            "found 3 in line 2, 4 in line 3",
        ),
    ],
)
def test_every_other_outcome_has_its_letter(space, header, lines, outcome, words):
    drop(space, "reads.csv", *lines, header=header)
    assert load_files(space).outcomes == {outcome: 1}
    ((reason, place, kind),) = rows(space, "select reason, stored_as, kind from raw.files")
    assert words in reason
    assert place.startswith("data/REG/ERROR/reads_") and kind == "register"
    assert (space.root / place).with_suffix(".txt").exists()


def test_a_read_that_is_there_twice_is_no_fault_and_the_same_bytes_are_a_duplicate(space):
    drop(space, "a.csv", "10001,2024-05-01,3,0", "10001,2024-05-01,3.0,")
    load_files(space)
    drop(space, "b.csv", "10001,2024-05-01,3,0", "10001,2024-05-01,3.0,")
    assert load_files(space).outcomes == {"duplicate": 1}
    assert not list(space.drop_folders[1].iterdir())


def test_content_decides_what_a_file_is_not_its_folder(space):
    path = drop(space, "a.csv", "10001,2024-05-01,3,0")
    path.rename(space.dropbox / "a.csv")
    (space.drop_folders[1] / "north-x.csv").write_bytes(export(range(3)))
    assert load_files(space).outcomes == {"accepted": 2}
    places = {place for (place,) in rows(space, "select stored_as from raw.files")}
    assert places == {"data/REG/2024-05/a.csv", "data/KW/2024-07/north-x.csv"}


def test_a_later_file_takes_the_place_of_a_read_and_a_withdrawn_one_gives_it_back(space):
    drop(space, "a.csv", "10001,2024-05-01,3,0")
    load_files(space)
    drop(space, "b.csv", "10001,2024-05-01,4,0")
    load_files(space)
    assert rows(space, COUNTING)[0][3] == "4"
    withdraw_file(space, "b.csv", "misread")
    assert [row[3] for row in rows(space, READS)] == ["3"]


def test_of_two_files_that_arrive_together_the_one_written_later_counts(space):
    for name, value, age in (("z.csv", 3, 60), ("a.csv", 4, 10)):
        path = drop(space, name, f"10001,2024-05-01,{value},0")
        at = datetime(2024, 6, 1).timestamp() - age
        os.utime(path, (at, at))
    load_files(space)
    assert rows(space, COUNTING)[0][3] == "4"


def test_an_accepted_interval_file_does_not_close_a_rejected_one_of_registers(space):
    drop(space, "north-x.csv", "10001,2024-07-12,3,0", "10001,2024-07-12,4,0")
    load_files(space)
    (space.dropbox / "north-x.csv").write_bytes(export(range(3)))
    load_files(space)
    assert rows(space, "select closed_by from raw.files order by file_id") == [(None,), (None,)]
    drop(space, "north-x.csv", "10001,2024-07-12,4,0")
    load_files(space)
    assert rows(space, "select closed_by from raw.files order by file_id")[0] == (3,)


def test_a_file_with_two_values_of_one_time_can_be_released_and_the_lower_line_counts(space):
    drop(space, "a.csv", "10001,2024-05-01,3,0", "10001,2024-05-01,4,0")
    load_files(space)
    release_file(space, "a.csv", "the second one is right")
    assert rows(space, COUNTING)[0][3] == "4"
    assert (space.root / "data/REG/2024-05/a.csv").exists()
    assert not list((space.root / "data/REG/ERROR").iterdir())
    drop(space, "b.csv", "10001,2024-05-01,x,0")
    load_files(space)
    with pytest.raises(ReviewError, match="rejected as unreadable"):
        release_file(space, "b.csv", "so it is")


def test_a_rebuilt_warehouse_has_the_same_reads_and_the_export_too(space):
    drop(space, "a.csv", "10001,2024-05-01,3,0", "10002,2024-05-01,3.50,0")
    load_files(space)
    before = rows(space, READS), rows(space, LEDGER)
    space.warehouse.unlink()
    rebuild_warehouse(space)
    assert (rows(space, READS), rows(space, LEDGER)) == before
    (table,) = [table for table in export_raw(space) if table.name == "register_reads"]
    assert table.row_count == 2


def test_a_crash_between_commit_and_filing_is_made_good_by_the_next_run(space, monkeypatch):
    drop(space, "a.csv", "10001,2024-05-01,3,0")

    def crash(con, workspace, fresh=()):
        if fresh:
            raise FilingError("power failed")

    with monkeypatch.context() as patch:
        patch.setattr(loading, "file_away", crash)
        with pytest.raises(FilingError):
            load_files(space)
    assert (space.drop_folders[1] / "a.csv").exists()
    load_files(space)
    assert (space.root / "data/REG/2024-05/a.csv").exists()
    assert not list(space.drop_folders[1].iterdir())
    assert len(rows(space, READS)) == len(rows(space, LEDGER)) == 1


def test_the_last_read_of_a_meter_that_is_taken_out_is_its_feeders(tmp_path):
    space = prepare(
        tmp_path,
        "sta,meter,multiplier,valid_from,valid_to\n"
        "north,10001,1,,2024-05-03 10:00\n"
        "north,10002,1,2024-05-03 10:00,\n"
        "south,10001,1,2024-06-01,\n",
    )
    drop(space, "a.csv", "10001,2024-05-03 10:00,3,0", "10002,2024-05-03 10:00,0,0")
    drop(space, "b.csv", "10001,2024-05-20 10:00,3,0")
    assert load_files(space).outcomes == {"accepted": 1, "unknown_meter": 1}
    assert [row[:2] for row in rows(space, READS)] == [("north", "10001"), ("north", "10002")]


@pytest.mark.parametrize(
    ("column", "value", "allowed"),
    [
        ("register_digits", "0", "a whole number from 1 to 12"),
        ("register_digits", "13", "a whole number from 1 to 12"),
        ("register_digits", "5.5", "a whole number from 1 to 12"),
        ("register_multiplier", "-1", "a positive number below 10^9"),
        ("register_multiplier", "x", "a positive number below 10^9"),
    ],
)
def test_a_wrong_column_about_registers_is_named(tmp_path, column, value, allowed):
    path = tmp_path / "meter-data.csv"
    path.write_text(f"sta,meter,multiplier,{column}\nnorth,1,1,{value}\n")
    with pytest.raises(MeterDataError) as error:
        read_meter_data(path)
    assert f"row 2, column '{column}', value '{value}'" in str(error.value)
    assert allowed in str(error.value)


def test_columns_about_registers_are_read_and_may_be_empty(tmp_path):
    path = tmp_path / "meter-data.csv"
    path.write_text(
        "sta,meter,multiplier,register_multiplier,register_digits\nnorth,1,2,80.5,6\nsouth,2,3,,\n"
    )
    found = [(row.register_multiplier, row.register_digits) for row in read_meter_data(path)]
    assert found == [(Decimal("80.5"), 6), (None, None)]


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    return prepare(tmp_path_factory.mktemp("template"), REGISTERS).root


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 10**6))
def test_the_order_of_rows_and_files_changes_nothing(template, seed):
    chance = random.Random(seed)
    reads = [
        (meter, datetime(2024, 5, 1) + timedelta(hours=7 * n), f"{1000 + n * chance.random():.3f}")
        for meter in ("10001", "10002")
        for n in range(chance.randrange(2, 8))
    ]
    forms = ("%Y-%m-%d %H:%M:%S", "%m/%d/%y %H:%M:%S", "%Y-%m-%dT%H:%M:%S")
    found = []
    for _ in range(2):
        chance.shuffle(reads)
        with TemporaryDirectory() as folder:
            space = Workspace(copytree(template, Path(folder) / "root"))
            count = chance.randrange(1, 4)
            for number in range(count):
                lines = [
                    f"{meter},{at.strftime(chance.choice(forms))},{value},0"
                    for meter, at, value in reads[number::count]
                ]
                if lines:
                    drop(space, f"{chance.random()}.csv", *lines)
            load_files(space)
            found.append(rows(space, READS))
    assert found[0] == found[1] and len(found[0]) == len(reads)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_below_a_header_crash_the_reader(data):
    try:
        for read in parse(f"{HEADER}\n".encode() + data):
            values = [value for value in read.values if value is not None]
            assert read.meter and len(read.values) == len(CHANNELS)
            assert all(0 <= Decimal(value) < 10**12 for value in values)
    except LayoutError as error:
        assert error.problem.outcome == "unreadable"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_reads_are_recognised_as_a_spreadsheet_saves_them(space, encoding, mark):
    lines = ["", "Meter,Read_At,kWh_del,kWh_rec", "10001,2024-05-01,3.50,0", ",,,", ""]
    path = drop(space, "a.csv")
    path.write_text("\r\n".join(lines).replace(",", mark), encoding=encoding, newline="")
    assert load_files(space).outcomes == {"accepted": 1}
    assert rows(space, READS)[0][3] == "3.50"
