"""The comparison of two engines' tables finds what differs, however little, and nothing else."""

from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from compare import Comparison, compare, compare_tables, key_of, show_folder

COLUMNS = """
feeder varchar, start_at timestamp, mw decimal(28, 18), pf double, missing bigint, names varchar[],
tie_starts_at timestamp[], shares double[]
"""
KEY = ["feeder", "start_at"]
ROWS = """
insert into t
select
    ['north', 'south', null][1 + range % 3],
    timestamp '2024-03-10 02:00:00.000001' + range * interval 15 minutes,
    case when range % 7 > 0 then range / 1024 end,
    case when range % 5 > 0 then sqrt(range) else 'nan'::double end,
    case when range % 11 > 0 then range % 4 end,
    case when range % 2 > 0 then ['a', null, range::varchar] end,
    [timestamp '2024-03-10' + range * interval 1 second],
    [sqrt(range), null, -'nan'::double]
from range(1000)
"""
TENTH = "where start_at = '2024-03-10 04:30:00.000001'"


class Tables:
    """A table in DuckDB and the same in a folder as Spark writes it; each can be changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "t"
        self.con = duckdb.connect()
        self.con.execute("set TimeZone = 'UTC'")
        self.con.execute(f"create table t ({COLUMNS})")
        self.con.execute(ROWS)
        self.con.execute("create table s as from t")

    def compare(self, key: list[str] | None = None, table: str = "t") -> Comparison:
        zoned = "start_at at time zone 'UTC' as start_at"
        month = "date_trunc('month', start_at)::date as part_month"
        self.con.execute(
            f"""
            copy (select * replace ({zoned}), {month} from s)
            to '{self.folder}' (format parquet, partition_by (part_month), overwrite_or_ignore)
            """
        )
        self.con.execute("create or replace temp view duckdb as from t")
        show_folder(self.con, self.folder)
        return compare(self.con, table, KEY if key is None else key)


@pytest.fixture
def tables(tmp_path) -> Tables:
    return Tables(tmp_path)


@pytest.mark.parametrize("key", [KEY, []])
def test_what_is_equal_is_equal_and_counted(tables, key):
    found = tables.compare(key)
    assert found.is_equal, str(found)
    assert (found.duckdb_rows, found.spark_rows, found.cells) == (1000, 1000, 8000)


@pytest.mark.parametrize(
    ("column", "other"),
    [
        ("mw", "mw + 0.000000000000000001"),
        ("mw", "null"),
        ("pf", "0"),  # for NaN
        ("missing", "null"),
        ("names", "['10', null, 'a']"),
        ("names", "[]"),
        ("tie_starts_at", "[tie_starts_at[1] + interval 1 microsecond]"),
        ("tie_starts_at", "null"),
        ("shares", "[shares[1], 0, shares[3]]"),
        ("shares", "list_append(shares, null)"),
    ],
)
def test_one_other_cell_is_found(tables, column, other):
    tables.con.execute(f"update s set {column} = {other} {TENTH}")
    found = tables.compare()
    (one,) = found.differences
    assert (one.column, one.cells, found.alone, found.columns) == (column, 1, (), ())
    assert list(one.key.values()) == ["south", datetime(2024, 3, 10, 4, 30, 0, 1)]
    assert one.duckdb != one.spark


def test_null_is_not_0(tables):
    zero = "where start_at = (select min(start_at) from t where missing = 0)"
    tables.con.execute(f"update s set missing = null {zero}")
    (one,) = tables.compare().differences
    assert (one.column, one.duckdb, one.spark) == ("missing", 0, None)


@pytest.mark.parametrize(
    ("value", "other"),
    [(0.1 + 0.2, 0.3), (0.0, -0.0), (5e-324, 0.0), (1e300, 1.0000000000000002e300)],
)
@pytest.mark.parametrize("column", ["pf", "shares"])
def test_the_last_bit_of_a_double_is_found(tables, column, value, other):
    for table, double in (("t", value), ("s", other)):
        cell = [double] if column == "shares" else double
        tables.con.execute(f"update {table} set {column} = ? {TENTH}", [cell])
    (one,) = tables.compare().differences
    assert (one.column, one.cells) == (column, 1)
    assert one.duckdb in (repr(value), [repr(value)])


def test_one_nan_is_as_good_as_another(tables):
    tables.con.execute("update s set pf = -pf where isnan(pf)")
    assert tables.compare().is_equal


def test_columns_that_differ_by_engine_are_not_compared_and_others_of_their_table_are(tables):
    tables.con.execute("alter table t add column stamp varchar default 'of DuckDB'")
    tables.con.execute("alter table s add column stamp varchar default 'of Spark'")
    assert tables.compare(table="output_stamps").is_equal
    tables.con.execute(f"update s set mw = 7 {TENTH}")
    assert not tables.compare(table="output_stamps").is_equal


@pytest.mark.parametrize("key", [KEY, []])
def test_a_missing_row_is_found(tables, key):
    tables.con.execute(f"delete from s {TENTH}")
    found = tables.compare(key)
    assert (found.duckdb_rows, found.spark_rows, found.cells) == (1000, 999, 999 * 8)
    assert [words.partition(";")[0] for words in found.alone] == ["1 rows only in duckdb"]
    assert not found.differences


@pytest.mark.parametrize("key", [KEY, []])
@pytest.mark.parametrize("twice", [TENTH, "where feeder is null and missing is null"])
def test_a_doubled_row_is_found(tables, key, twice):
    tables.con.execute(f"insert into s from (from s {twice} order by all limit 1)")
    found = tables.compare(key)
    assert (found.duckdb_rows, found.spark_rows) == (1000, 1001)
    assert [words.partition(";")[0] for words in found.alone] == ["1 rows only in spark"]


def test_a_row_doubled_in_place_of_another_is_found(tables):
    tables.con.execute(f"insert into s from s {TENTH}")
    tables.con.execute("delete from s where start_at = (select max(start_at) from s)")
    assert len(tables.compare().alone) == 2


def test_two_values_that_changed_places_are_found(tables):
    tables.con.execute(f"update t set tie_starts_at = [start_at], mw = 1, missing = 2 {TENTH}")
    tables.con.execute(f"update s set tie_starts_at = [start_at], mw = 2, missing = 1 {TENTH}")
    assert {each.column for each in tables.compare().differences} == {"mw", "missing"}


def test_a_column_that_is_not_there_is_of_another_type_or_more_is_found(tables):
    tables.con.execute("alter table s drop column names")
    tables.con.execute("alter table s alter mw type double")
    tables.con.execute("alter table s add column more bigint")
    assert set(tables.compare().columns) == {
        "names: VARCHAR[], Spark None",
        "more: None, Spark BIGINT",
        "mw: DECIMAL(28,18), Spark DOUBLE",
    }


def test_where_many_rows_differ_a_part_of_them_is_looked_at(tables, monkeypatch):
    monkeypatch.setattr("compare.MOST_ROWS", 100)
    tables.con.execute("update s set missing = 7")
    found = tables.compare()
    assert found.parts == 2000 // 100 + 1 and "one in 21 was looked at" in str(found)
    (one,) = found.differences
    assert one.column == "missing" and 0 < one.cells < 200


def test_an_empty_folder_is_a_table_without_rows(tables):
    tables.con.execute("delete from s")
    tables.folder.mkdir()
    found = tables.compare()
    assert (found.spark_rows, found.alone[0].partition(";")[0]) == (0, "1,000 rows only in duckdb")


def test_what_a_broken_write_has_left_behind_is_not_read(tables):
    left = tables.folder / "_temporary" / "0"
    left.mkdir(parents=True)
    tables.con.execute(f"copy s to '{left}/part-0.parquet' (format parquet)")
    assert tables.compare().is_equal


def test_a_table_that_spark_has_not_is_an_error(tables):
    with pytest.raises(FileNotFoundError, match="Spark has no table t"):
        show_folder(tables.con, tables.folder)


def test_every_table_is_compared_and_one_that_duckdb_has_not_is_an_error(tmp_path):
    spark = tmp_path / "warehouse/spark/tables/main.db"
    (spark / "t").mkdir(parents=True)
    with duckdb.connect(str(tmp_path / "warehouse/load_profile.duckdb")) as con:
        con.execute("create table t as select 1 as n")
        con.execute(f"copy t to '{spark}/t/part-0.parquet' (format parquet)")
    (found,) = compare_tables(tmp_path)
    assert (found.table, found.cells, found.is_equal) == ("t", 1, True)
    (spark / "more").mkdir()
    with pytest.raises(FileNotFoundError, match="DuckDB has no table more"):
        compare_tables(tmp_path)


def test_a_table_has_the_key_of_its_test():
    assert key_of("feeder_profiles") == ["feeder", "interval_start_at"]
    assert "file_id" in key_of("files")
