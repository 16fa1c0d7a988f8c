"""Schema raw as Parquet: what it holds is what the warehouse holds, whatever cut an export off."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from inspect import getsourcelines
from pathlib import Path
from shutil import copytree, rmtree

import duckdb
import pytest
import raw_exports
from conftest import EXACT, load_profile, query
from crash_tools import KILLED, kill, spread, steps
from dropped_files import prepare, take_in

from ingest.export_raw import (
    NEW,
    READS,
    SMALL_TABLES,
    SUCCESS,
    ExportedTable,
    _exchange,
    export_raw,
)
from ingest.load_files import save_meter_data
from ingest.meter_data import read_meter_data
from ingest.review import withdraw_file
from ingest.warehouse import OLD_CHANNELS, WarehouseError, open_warehouse
from ingest.workspace import Workspace

TABLES = (*SMALL_TABLES, READS)
METERS = "sta,meter,multiplier,timezone\nnorth,1,28800,America/Denver\nsouth,2,14400,UTC\n"
DAY = 96
JULY, AUGUST, SEPTEMBER = (datetime(2024, month, 1) for month in (7, 8, 9))
LEDGER = {"files", "file_months"}


def raw(start: datetime, count: int, values: str = "1.25,2,3.5,4") -> bytes:
    """A raw export of so many quarter hours."""
    lines = raw_exports.rows(start, count, values, pad=" ")
    return raw_exports.export(lines, line_end="\r\n").encode()


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    files = {
        "north-1.csv": raw(JULY, 40 * DAY, "{n}.25,0,{n}.5,0"),  # into August
        "south-1.csv": raw(AUGUST, 40 * DAY, "0,{n}.125,,{n}.5"),  # into September
        "south-bad.csv": raw(AUGUST, 1, "1,?,2,3"),
    }
    space = prepare(tmp_path_factory.mktemp("template"), METERS)
    take_in(space, files)
    return space.root


@pytest.fixture
def space(template, tmp_path) -> Workspace:
    return Workspace(copytree(template, tmp_path / "root"))


def differences(root: Path, folder: Path) -> dict[str, list[tuple]]:
    """Per table what is not the same in both: columns, their types, and rows either way."""
    found = {}
    with duckdb.connect(str(root / "warehouse/load_profile.duckdb"), read_only=True) as con:
        for table in TABLES:
            con.execute(f"create temp view there as {read(folder, table)}")
            ours, theirs = (
                [row[:2] for row in con.execute(f"describe {name}").fetchall()]
                for name in (f"raw.{table}", "there")
            )
            both = f"(from raw.{table} except all from there)"
            both += f" union all (from there except all from raw.{table})"
            columns = ours if ours != theirs else []
            found[table] = columns or con.execute(both).fetchall()
            con.execute("drop view there")
    return {table: rows for table, rows in found.items() if rows}


def read(folder: Path, table: str) -> str:
    """The query that reads an exported table, as any program would."""
    if table == READS:
        return f"select * exclude (local_month) from '{folder}/{READS}/*/*.parquet'"
    return f"select * from '{folder}/{table}/*.parquet'"


def files_in(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file below a folder with its time and number: a rewritten file has others."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.stat().st_ino)
        for path in folder.rglob("*")
        if path.is_file()
    }


def written(tables: list[ExportedTable]) -> set[str]:
    """Tables of which something was written; of reads, the months."""
    found = {file for table in tables for file in table.written}
    return {
        Path(file).parent.name.removeprefix("local_month=").removesuffix("-01") for file in found
    }


# What is there


@pytest.mark.parametrize("source", ["sample", "steel_plant"])
def test_every_table_reads_back_cell_by_cell(source, request, tmp_path):
    root = request.getfixturevalue(source)
    tables = export_raw(Workspace(root), str(tmp_path / "to"))
    assert differences(root, tmp_path / "to") == {}
    for table in tables:
        ((count,),) = query(root, f"select count(*) from raw.{table.name}")
        assert table.row_count == count
        assert count > 0 or table.name in ("decisions", "register_reads")
    sums = ", ".join(f"sum({exact}), count({exact})" for exact in EXACT.values())
    reads = read(tmp_path / "to", READS)
    assert query(root, f"select {sums} from ({reads})") == query(
        root, f"select {sums} from raw.{READS}"
    )


def test_it_works_while_another_program_reads_the_warehouse(space):
    with open_warehouse(space.warehouse, read_only=True) as con:
        assert export_raw(space)
        assert con.execute("select count(*) > 0 from raw.interval_reads").fetchone() == (True,)


def test_an_older_warehouse_is_exported_with_the_names_of_today(space):
    with open_warehouse(space.warehouse) as con:
        for old, name in OLD_CHANNELS.items():
            con.execute(f"alter table raw.interval_reads rename column {name} to {old}")
    export_raw(space)
    assert differences(space.root, space.exported_raw) == {}
    assert query(space.root, f"select del_raw from ({read(space.exported_raw, READS)}) limit 1")


def test_reads_lie_by_month_of_their_start_in_order_of_file_and_line(space):
    export_raw(space)
    month = "date_trunc('month', start_local)"
    rows = query(
        space.root,
        f"select {month}, bool_and(local_month = {month}), count(*),"
        " list((file_id, line_number)) = list_sort(list((file_id, line_number)))"
        f" from '{space.exported_raw}/{READS}/*/*.parquet' group by all order by all",
    )
    assert rows == [
        (JULY, True, 31 * DAY, True),
        (AUGUST, True, 9 * DAY + 31 * DAY, True),
        (SEPTEMBER, True, 9 * DAY, True),
    ]


def test_types_are_those_that_other_engines_have(space):
    export_raw(space)
    kinds = query(
        space.root,
        "select distinct type, type_length, converted_type, logical_type"
        f" from parquet_schema('{space.exported_raw}/*/**/*.parquet') where type is not null",
    )
    lengths = {(kind, length) for kind, length, *_ in kinds}
    wide = ("FIXED_LEN_BYTE_ARRAY", "16")
    assert lengths == {("INT32", None), ("INT64", None), ("BYTE_ARRAY", None), wide}
    words = {word for _, _, word, _ in kinds}
    assert words == {"INT_64", "UTF8", "TIMESTAMP_MICROS", "DATE", "DECIMAL"}
    times = [logical for *_, word, logical in kinds if word == "TIMESTAMP_MICROS"]
    assert len(times) == 1 and "isAdjustedToUTC=0" in times[0]
    names = f"select name from parquet_schema('{space.exported_raw}/{READS}/*/*.parquet')"
    assert ("local_month",) not in query(space.root, names)


def test_long_values_keep_all_digits_and_an_empty_channel_is_null(space):
    long = "0.123456789012345678"
    take_in(space, {"north-2.csv": raw(SEPTEMBER, 2, f"{long},,1,-")})
    export_raw(space)
    assert differences(space.root, space.exported_raw) == {}
    rows = f"from ({read(space.exported_raw, READS)}) where long_values is not null"
    found = query(space.root, f"select long_values[1]::varchar, rec_raw, kva_rec_raw {rows}")
    assert found == [(long, None, None)] * 2


def test_a_warehouse_without_any_rows_still_has_tables_to_read(tmp_path):
    space = prepare(tmp_path, METERS)
    export_raw(space)
    assert differences(tmp_path, space.exported_raw) == {}
    take_in(space, {"south-1.csv": raw(AUGUST, 4)})
    export_raw(space)
    assert [path.name for path in (space.exported_raw / READS).iterdir()] == [
        "local_month=2024-08-01"
    ]


# What is written again


def test_a_second_export_writes_nothing(space):
    export_raw(space)
    before = files_in(space.exported_raw)
    tables = export_raw(space)
    assert written(tables) == set() and files_in(space.exported_raw) == before
    assert [len(table.unchanged) for table in tables] == [*[1] * len(SMALL_TABLES), 3]


def test_one_more_file_writes_its_months_and_the_ledger(space):
    export_raw(space)
    before = files_in(space.exported_raw)
    take_in(space, {"north-2.csv": raw(datetime(2024, 8, 31), 2 * DAY)})
    tables = export_raw(space)
    assert written(tables) == {*LEDGER, "2024-08", "2024-09"}
    after = files_in(space.exported_raw)
    assert {len(table.removed) for table in tables[:2]} == {1}
    assert len(after) == len(before) and len(before.items() & after.items()) == 5
    assert differences(space.root, space.exported_raw) == {}


def test_a_correction_writes_its_month_and_a_withdrawal_the_ledger_alone(space):
    export_raw(space)
    take_in(space, {"north-fixed.csv": raw(JULY, 4, "9,9,9,9")})
    assert written(export_raw(space)) == {*LEDGER, "2024-07"}
    withdraw_file(space, "north-fixed.csv", "wrong meter")
    assert written(export_raw(space)) == {"files"}
    assert differences(space.root, space.exported_raw) == {}


def test_an_edit_of_meter_data_writes_that_table(space):
    export_raw(space)
    space.meter_data.write_text(METERS.replace("28800", "14400"))
    save_meter_data(space, read_meter_data(space.meter_data))
    assert written(export_raw(space)) == {"meter_data"}


def test_files_of_another_root_are_not_taken_for_ours_though_their_numbers_are_the_same(
    space, tmp_path
):
    folder = tmp_path / "to"
    other = prepare(tmp_path / "other", METERS)
    take_in(other, {"south-1.csv": raw(JULY, 31 * DAY, "7,7,7,7")})
    export_raw(other, str(folder))
    export_raw(space, str(folder))
    assert differences(space.root, folder) == {}
    export_raw(other, str(folder))
    assert differences(other.root, folder) == {}


def test_success_lists_the_files_and_a_file_that_was_deleted_comes_back(space):
    export_raw(space)
    folder = space.exported_raw
    listed = (folder / SUCCESS).read_text().split()
    assert set(listed) == files_in(folder).keys() - {SUCCESS}
    (folder / listed[-1]).unlink()
    assert [file for table in export_raw(space) for file in table.written] == [listed[-1]]
    (folder / SUCCESS).unlink()
    export_raw(space)
    assert (folder / SUCCESS).read_text().split() == listed


# Cut off


def old_or_new(root: Path, folder: Path, old: Path) -> str:
    """What a reader sees after a crash: every file is whole, and no row of the old export lost."""
    with duckdb.connect(str(root / "warehouse/load_profile.duckdb"), read_only=True) as con:
        for table in TABLES:
            con.execute(read(folder, table)).fetchall()
        before, now = (f"({read(place, READS)})" for place in (old, folder))
        assert con.execute(f"from {before} except all from {now}").fetchall() == []
        assert con.execute(f"from {now} except from raw.{READS}").fetchall() == []
    if not (folder / SUCCESS).exists():
        return "between"
    listed = (folder / SUCCESS).read_text()
    files = {name for name in files_in(folder) if not name.startswith("_")}
    assert files == set(listed.split())
    return "old" if listed == (old / SUCCESS).read_text() else "new"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_an_export_killed_anywhere_is_made_good_by_the_next(space, tmp_path):
    export_raw(space)
    old = copytree(space.exported_raw, tmp_path / "old")
    take_in(space, {"north-2.csv": raw(datetime(2024, 8, 31), 2 * DAY)})
    lines = steps(copytree(space.root, tmp_path / "counted"), "export_raw")
    assert differences(space.root, tmp_path / "counted/warehouse/raw") == {}
    expected = files_in(tmp_path / "counted/warehouse/raw").keys()
    code, first = getsourcelines(_exchange)
    inside = {f"export_raw.py:{n}" for n in range(first, first + len(code))}
    exchange = [n for n, line in enumerate(lines, 1) if line in inside]
    numbers = {*spread(1, len(lines), 3), *spread(exchange[0], exchange[-1], 4)}

    def check(number: int) -> str:
        root = copytree(space.root, tmp_path / str(number))
        folder = Workspace(root).exported_raw
        assert kill(root, number, "export_raw").returncode == KILLED
        found = old_or_new(root, folder, old)
        export_raw(Workspace(root))
        assert files_in(folder).keys() == expected, lines[number - 1]
        assert differences(root, folder) == {} and not (folder / NEW).exists()
        rmtree(root)
        return found

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(check, sorted(numbers)))
    assert found == sorted(found, key=["old", "between", "new"].index)
    assert set(found) == {"old", "between", "new"}


def test_reads_that_are_not_what_the_ledger_lists_stop_an_export_before_it_changes_anything(space):
    export_raw(space)
    before = files_in(space.exported_raw)
    take_in(space, {"north-2.csv": raw(SEPTEMBER, 4)})
    with open_warehouse(space.warehouse) as con:
        con.execute(f"delete from raw.{READS} where start_local = ?", [SEPTEMBER])
    with pytest.raises(WarehouseError, match=r"2024-09, raw.file_months lists 868 rows .* 866"):
        export_raw(space)
    assert files_in(space.exported_raw) == before


# The command


def test_the_command_says_what_it_wrote_and_where(space, tmp_path):
    done = load_profile("export-raw", tmp_path / "to", "--root", space.root)
    assert done.returncode == 0, done.stderr
    rows = 80 * DAY
    assert f"{READS}: 3 written ({rows:,} rows, " in done.stdout
    assert str(tmp_path / "to") in done.stdout
    assert differences(space.root, tmp_path / "to") == {}
    again = load_profile("export-raw", tmp_path / "to", "--root", space.root)
    assert f"{READS}: 0 written, 3 unchanged, 0 removed" in again.stdout


@pytest.mark.parametrize(
    "address", ["s3://bucket/raw", "abfss://c@a.dfs.core.windows.net/raw", "GS://b", "dbfs:/raw"]
)
def test_an_address_of_an_object_store_is_refused(space, address, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    done = load_profile("export-raw", address, "--root", space.root)
    assert done.returncode == 2 and address in done.stderr
    assert "local folder" in done.stderr and "your own tool" in done.stderr
    assert set(tmp_path.iterdir()) == before


def test_without_a_warehouse_it_says_what_makes_one(tmp_path):
    done = load_profile("export-raw", "--root", tmp_path)
    assert done.returncode == 2 and "`load-profile run` takes in the first files" in done.stderr
    assert not (tmp_path / "warehouse/raw").exists()


def test_a_folder_that_cannot_be_written_is_named(space, tmp_path):
    (tmp_path / "file").touch()
    done = load_profile("export-raw", tmp_path / "file", "--root", space.root)
    assert done.returncode == 1 and f"{tmp_path / 'file'} cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
