"""What people read: the published file and Parquet beside it, one whole version at a time."""

import hashlib
import json
import math
from decimal import Decimal
from shutil import rmtree

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from published import MARTS, change, connect, rows

from ingest.warehouse import WarehouseError, open_warehouse
from ingest.workspace import Workspace
from load_profile.last_run import is_anything_new
from load_profile.publish import history as versions
from load_profile.publish.parquet import as_double
from load_profile.publish.version import publish


def test_the_published_file_holds_the_marts_and_nothing_else(sample):
    space = Workspace(sample)
    names = {mart.name for mart in MARTS}
    assert {"feeder_profiles", "combined_profiles", "gaps", "files"} <= names
    with connect(space) as con:
        con.execute(f"attach '{space.warehouse}' as own (read_only)")
        found = con.execute("select table_name from duckdb_tables() where database_name <> 'own'")
        kept = {*versions.COMPARED, *versions.HISTORY}
        assert {name for (name,) in found.fetchall()} == names | kept
        for name in names:
            mine = con.sql(f"from published.{name} order by all")
            same = ", ".join(mine.columns)
            assert (
                mine.fetchall() == con.sql(f"select {same} from own.{name} order by all").fetchall()
            )
            assert not [column for column in mine.columns if column.endswith("_mj")], name
        views = "select count(*) from duckdb_views() where not internal"
        assert con.execute(f"{views} and database_name = 'published'").fetchone() == (0,)


def test_every_published_table_and_column_says_what_it_is(sample):
    sql = """
        select table_name, comment from duckdb_tables() where not internal
        union all
        select table_name || '.' || column_name, comment from duckdb_columns() where not internal
    """
    found = dict(rows(Workspace(sample), sql))
    for mart in MARTS:
        assert found[mart.name] == mart.description
        for column, meaning in mart.columns.items():
            assert meaning and found[f"{mart.name}.{column}"] == meaning
    history = {name for name in found if name.partition(".")[0] in versions.HISTORY and "." in name}
    assert len(history) > 20 and all(found[name] for name in history)
    assert found["feeder_figures.peak_local"] == "The same on the clock of `timezone`."


def test_a_data_frame_of_the_parquet_files_has_numbers_and_no_objects(sample):
    folder = Workspace(sample).warehouse.parent / "published"
    kinds = {
        kind
        for mart in MARTS
        for path in [next((folder / mart.name).rglob("*.parquet"))]
        for _, kind, *_ in duckdb.sql(f"describe from read_parquet('{path}')").fetchall()
    }
    assert not [kind for kind in kinds if kind.startswith("DECIMAL")]


def test_feeders_and_the_total_are_tables_of_their_own(sample):
    space = Workspace(sample)
    names = {mart.name for mart in MARTS}
    internal = {"planner_figures", "feeder_days", "system_days", "output_stamps", "readings"}
    assert not names & internal
    sql = "select count(distinct feeder), bool_or(feeder = 'total') from feeder_figures"
    assert rows(space, sql) == [(4, False)]
    assert rows(space, "select distinct feeder from total_figures") == [("total",)]


def test_older_releases_of_duckdb_can_read_it(sample):
    tags = "select tags['storage_version'] from duckdb_databases() where database_name='published'"
    assert rows(Workspace(sample), tags) == [("v1.0.0+",)]


def test_parquet_holds_the_same_rows_month_by_month(sample):
    space = Workspace(sample)
    for mart in MARTS:
        folder = space.warehouse.parent / "published" / mart.name
        for path in folder.rglob("*.parquet"):
            month = path.parent.name.removeprefix("month=")
            within = f"where strftime({mart.time}, '%Y-%m') = '{month}'" if mart.time else ""
            sql = f"select hash(t) from (select {{}} from {mart.name} {within}) as t order by all"
            file = f"read_parquet('{path}', hive_partitioning = false)"
            columns = duckdb.sql(f"describe from {file}").fetchall()
            same = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind, *_ in columns)
            wanted = rows(space, sql.format(same))
            found = duckdb.sql(f"select hash(t) from {file} as t order by all").fetchall()
            assert found == wanted, path
        assert mart.time == "" or {p.parent.name for p in folder.rglob("*.parquet")} >= {
            "month=2024-07", "month=2024-08"
        }  # fmt: skip


def test_the_content_hash_is_that_of_the_files_as_listed(sample):
    folder = Workspace(sample).warehouse.parent / "published"
    said = json.loads((folder / "version.json").read_text())
    digests = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*.parquet")
    }
    assert said["files"] == digests
    listed = "".join(f"{digests[name]}  {name}\n" for name in sorted(digests))
    assert said["content"] == hashlib.sha256(listed.encode()).hexdigest()
    sql = "select version, content from versions"
    assert rows(Workspace(sample), sql) == [(said["version"], said["content"])]


def test_the_same_content_is_the_same_version_and_no_file_is_touched(space):
    before = {p: p.stat().st_mtime_ns for p in space.warehouse.parent.rglob("*.*")}
    made = publish(space, MARTS)
    assert rows(space, "select version from versions") == [(made.version,)]
    assert made.outputs.written == ()
    changed = {p.name for p, at in before.items() if p.stat().st_mtime_ns != at}
    assert changed <= {"version.json", ".outputs.json"}


def test_one_feeder_month_writes_its_files_and_the_copy_only(space):
    first = publish(space, MARTS)
    change(space)
    second = publish(space, MARTS)
    assert second.version > first.version and second.content != first.content
    assert set(second.outputs.written) == {
        "published.duckdb",
        "published/version.json",
        "published/feeder_profiles/month=2024-08/part-0.parquet",
        "published/combined_profiles/month=2024-08/part-0.parquet",
        "published/final_totals/part-0.parquet",  # a view, as small as the total
    }
    change(space, -1)
    third = publish(space, MARTS)
    assert third.content == first.content and third.version > second.version


def test_rebuilt_from_nothing_it_has_the_same_content(space):
    first = publish(space, MARTS)
    space.published.unlink()
    assert is_anything_new(space, {})
    rmtree(space.warehouse.parent / "published")
    assert publish(space, MARTS).content == first.content
    assert not is_anything_new(space, {})


def test_feeders_share_files_of_about_fifty_thousand_rows(space, monkeypatch):
    monkeypatch.setattr("load_profile.publish.parquet.ROWS_A_FILE", 4_000)
    publish(space, MARTS)
    folder = space.warehouse.parent / "published/feeder_profiles"
    assert len(list(folder.glob("month=2024-08/*"))) in (2, 3, 4)
    sums = "select count(*), round(sum(mw_net::double), 6) from {}"
    found = duckdb.sql(sums.format(f"'{folder}/*/*.parquet'")).fetchall()
    assert found == rows(space, sums.format("feeder_profiles"))
    change(space)
    written = publish(space, MARTS).outputs.written
    assert len([name for name in written if "/feeder_profiles/" in name]) == 1


def test_what_has_not_passed_its_checks_is_not_published(space):
    change(space)
    with open_warehouse(space.warehouse) as con:
        con.execute("update model_parts set is_tested = false where model = 'gaps'")
    before = space.published.read_bytes()
    with pytest.raises(WarehouseError, match="gaps changed, and not all checks have passed"):
        publish(space, MARTS)
    assert space.published.read_bytes() == before


KW = st.decimals(min_value=-(10**9), max_value=10**9, places=6)
PER_UNIT = st.sampled_from([Decimal("0.001"), Decimal("0.012"), Decimal("0.0000375"), Decimal(0)])
LONG = st.decimals(min_value=-(10**9), max_value=10**9, places=18)


@given(st.lists(st.tuples(KW, PER_UNIT, st.none() | LONG), min_size=1, max_size=20))
@settings(max_examples=50, deadline=None)
def test_a_long_decimal_is_published_as_the_double_nearest_to_it(rows):
    rows = [(kw, factor, kw * factor if other is None else other) for kw, factor, other in rows]
    mart = next(mart for mart in MARTS if mart.name == "feeder_profiles")
    with duckdb.connect() as con:
        con.execute(
            """create table feeder_profiles (
                del_raw decimal(18, 6), mw_per_unit double, mw_del decimal(28, 18)
            )"""
        )
        con.executemany("insert into feeder_profiles values (?, ?, ?)", rows)
        query = f"select mw_del, {as_double('mw_del', mart)} from feeder_profiles"
        for exact, found in con.execute(query).fetchall():
            nearest = float(exact)
            # DuckDB itself rounds twice what has more digits than a double
            assert found == nearest or abs(found - nearest) <= math.ulp(nearest)
            if exact == round(exact, 6) and abs(exact) < 10**9:
                assert found == nearest
