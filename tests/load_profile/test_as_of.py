"""Profiles as an earlier version had them: the very rows of then, or an error and none at all."""

from datetime import datetime, timedelta
from shutil import copytree, rmtree

import duckdb
import pytest
from conftest import load_profile
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from published import MARTS, change, rows

from ingest.warehouse import open_warehouse
from ingest.workspace import Workspace
from load_profile.publish import as_of, history
from load_profile.publish.earlier import NotKeptError, lines_as_of, profiles_as_of
from load_profile.publish.history import UnknownVersionError, difference
from load_profile.publish.version import publish

PROFILES = [mart for mart in MARTS if mart.name in ("feeder_profiles", "combined_profiles")]
# a change is judged by `files` too
PUBLISHED = [*PROFILES, next(mart for mart in MARTS if mart.name == "files")]
TABLES = {mart.name: mart.order for mart in PROFILES}
SOME = """delete from {} where not (
    date_part('minute', interval_start_at) = 0
    and interval_start_at between '2024-07-30 00:00' and '2024-08-02 23:00'{})"""
NORTH_AND_SOUTH = " and feeder in ('north', 'south')"
START = datetime(2024, 7, 30)
EDITS = ("correct", "other file", "remove", "add", "scale", "gone")
EDIT = st.tuples(
    st.sampled_from(EDITS),
    st.sampled_from(["north", "south", "total"]),
    st.integers(0, 100),  # the first hour, some of them after all there are
    st.integers(1, 60),  # hours
)


@pytest.fixture(scope="module")
def small(sample, tmp_path_factory) -> Workspace:
    """Two feeders and the total, an hour each, in four days of two months; nothing is published."""
    space = Workspace(copytree(sample, tmp_path_factory.mktemp("small") / "root"))
    with open_warehouse(space.warehouse) as con:
        con.execute(SOME.format("feeder_profiles", NORTH_AND_SOUTH))
        con.execute(SOME.format("combined_profiles", ""))
        con.execute("create table spare as from feeder_profiles")
        con.execute("create table spare_totals as from combined_profiles")
    for left in (space.published, space.published.with_suffix("")):
        rmtree(left) if left.is_dir() else left.unlink()
    return space


def edit(con: duckdb.DuckDBPyConnection, kind: str, feeder: str, hour: int, hours: int) -> None:
    """Change rows as a build does, and the fingerprints of their months."""
    table, spare, power, whose = (
        ("combined_profiles", "spare_totals", "mw_total", "true")
        if feeder == "total"
        else ("feeder_profiles", "spare", "mw_net", f"feeder = '{feeder}'")
    )
    first = START + timedelta(hours=hour)
    until = first + timedelta(hours=hours)
    inside = f"{whose} and interval_start_at >= '{first}' and interval_start_at < '{until}'"
    con.begin()
    if kind == "correct":
        con.execute(f"update {table} set {power} = {power} + 0.000001 where {inside}")
    elif kind == "scale":
        con.execute(f"update {table} set {power} = {power} * 2 where {whose}")
    elif kind == "other file":
        column = "feeders_reporting" if feeder == "total" else "line_number"
        con.execute(f"update {table} set {column} = {column} + 1 where {inside}")
    elif kind == "remove":
        con.execute(f"delete from {table} where {inside}")
    elif kind == "gone":
        con.execute(f"delete from {table} where {whose}")
    else:
        later = "interval_start_at + interval 30 minute as interval_start_at"
        for source in (spare, f"(select * replace ({later}) from {spare})"):
            con.execute(
                f"""insert into {table} from {source} as new where {inside} and not exists (
                from {table} as old where old.interval_start_at = new.interval_start_at
                and {whose.replace("feeder", "old.feeder")})"""
            )
    con.execute(
        "update model_parts set stamp = md5(stamp) where model = ? and (feeder = ? or ? = 'total')",
        [table, feeder, feeder],
    )
    con.commit()


def saved(space: Workspace) -> dict[str, list[tuple]]:
    """Every cell of both tables as they are published now."""
    return {name: rows(space, f"from {name} order by {key}") for name, key in TABLES.items()}


@given(st.lists(st.lists(EDIT, min_size=1, max_size=3), min_size=2, max_size=5))
@settings(max_examples=6, deadline=None, phases=[Phase.generate])  # to shrink one takes minutes
def test_every_version_is_given_back_cell_by_cell(small, versions):
    small_copy = small.root.with_name("copy")
    rmtree(small_copy, ignore_errors=True)
    space, copies = Workspace(copytree(small.root, small_copy)), {}
    for edits in [[], *versions]:
        with open_warehouse(space.warehouse) as con:
            for one in edits:
                edit(con, *one)
        made = publish(space, PUBLISHED)
        copies[made.version] = saved(space)
    for version, tables in copies.items():
        for name, wanted in tables.items():
            of = f"from {name}_as_of('{version}'"
            assert rows(space, f"{of}) order by {TABLES[name]}") == wanted
        north = rows(space, f"from feeder_profiles_as_of('{version}', of_feeder := 'north')")
        assert sorted(north) == [row for row in tables["feeder_profiles"] if row[0] == "north"]
        assert len(list(lines_as_of(space.published, version, "north"))) == 1 + len(north)


@pytest.fixture(scope="module")
def three(sample, tmp_path_factory) -> tuple[Workspace, list[str]]:
    """The sample and two more versions, and the names of the three."""
    space = Workspace(copytree(sample, tmp_path_factory.mktemp("three") / "root"))
    names = [name for (name,) in rows(space, "select version from versions")]
    for milliwatts in (1, 5):
        change(space, milliwatts)
        names.append(publish(space, MARTS).version)
    return space, names


def moment_of(version: str) -> str:
    return f"{datetime.strptime(version, history.NAME):%Y-%m-%d %H:%M:%S}"


def test_the_command_writes_the_profile_file_of_that_time(three, tmp_path):
    space, names = three
    for feeder in ("NORTH", "west"):
        done = load_profile("as-of", names[0], feeder, "--csv", "-", "--root", space.root)
        assert done.stdout == (space.profiles / f"{feeder.lower()}.csv").read_text("utf-8")
    path = tmp_path / "total.csv"
    done = load_profile("as-of", moment_of(names[1]), "--csv", path, "--root", space.root)
    assert done.returncode == 0, done.stderr
    total = f"select count(*), sum(mw_total) from combined_profiles_as_of('{names[1]}')"
    ((count, megawatts),) = rows(space, total)
    found = duckdb.sql(f"select count(*), sum(MW_total) from '{path}'").fetchall()
    assert found == [(count, pytest.approx(float(megawatts)))]
    content = rows(space, f"select content from versions where version = '{names[1]}'")[0][0]
    assert f"version {names[1]}  content {content}" in done.stdout
    assert "north: 8,832 intervals" in done.stdout and "total: 8,832 intervals" in done.stdout
    done = load_profile(
        "as-of", names[0], "--csv", space.profiles / "north.csv", "--root", space.root
    )
    assert done.returncode == 2 and "is not overwritten" in done.stderr


def test_a_moment_is_the_version_published_last_by_then(three):
    space, names = three
    first, second, third = (datetime.strptime(name, history.NAME) for name in names)
    asked = {
        f"{first:%Y-%m-%d %H:%M:%S}": names[0],
        f"{second:%Y-%m-%dT%H:%M:%SZ}": names[1],
        f"{second - timedelta(seconds=1)}": names[0],
        f"{third + timedelta(days=1):%Y-%m-%d}": names[2],
        f"{third + timedelta(days=400):%Y-%m-%d %H:%M}": names[2],
    }
    for moment, version in asked.items():
        assert profiles_as_of(space.published, moment, "total").version == version
        assert rows(space, f"select version_as_of('{moment}')") == [(version,)]
    before = first - timedelta(days=1)
    for wrong in (f"{before:%Y-%m-%d}", f"{before:%Y-%m-%d %H:%M}", "2024-13-01"):
        with pytest.raises(UnknownVersionError, match=f"No version was published by {wrong}"):
            profiles_as_of(space.published, wrong, "")
    with pytest.raises(UnknownVersionError, match="is in no version"):
        profiles_as_of(space.published, names[0], "nroth")


def test_diff_takes_moments(three):
    space, names = three
    found = difference(space.published, moment_of(names[0]), moment_of(names[2]))
    assert (found.earlier[0], found.later[0]) == (names[0], names[2])
    assert found == difference(space.published, names[0], names[2])


def test_what_the_history_no_longer_has_is_an_error_and_never_a_table(space, monkeypatch):
    for table in ("earlier_readings", "earlier_totals"):  # one version has 2,976 rows
        monkeypatch.setitem(history.MOST_ROWS, table, 2_980)
    names = [publish(space, MARTS).version]
    for _ in range(3):
        change(space)
        names.append(publish(space, MARTS).version)
    # a new version keeps what it replaced, and of those before what there is room for
    for name in names[:1]:
        with pytest.raises(NotKeptError, match="intervals of north 2024-08 were dropped"):
            profiles_as_of(space.published, name, "")
        with pytest.raises(duckdb.InvalidInputException, match=f"{name} is no longer kept whole"):
            rows(space, f"select count(*) from feeder_profiles_as_of('{name}')")
        assert profiles_as_of(space.published, name, "west").figures[0]["row_count"] == 8_832
    for name in names[1:]:
        assert len(profiles_as_of(space.published, name, "").figures) == 5
    monkeypatch.setattr(as_of, "MOST_REPLACED", 2_000)
    change(space)
    last = publish(space, MARTS).version
    for name in names:
        with pytest.raises(NotKeptError, match="kept whole: intervals of gen 2024-08, "):
            profiles_as_of(space.published, name, "")
    assert len(profiles_as_of(space.published, last, "").figures) == 5


def test_other_columns_than_before_begin_the_history_of_rows_again(space):
    first = publish(space, MARTS)
    with open_warehouse(space.warehouse) as con:
        con.execute("alter table feeder_profiles add column colour varchar")
    change(space)
    second = publish(space, MARTS)
    with pytest.raises(NotKeptError, match=f"{first.version} is no longer kept whole"):
        profiles_as_of(space.published, first.version, "north")
    change(space)
    publish(space, MARTS)
    wanted = 8_832
    assert (
        profiles_as_of(space.published, second.version, "north").figures[0]["row_count"] == wanted
    )


def test_a_file_of_an_earlier_release_keeps_its_history_and_begins_with_rows(space):
    space.published.chmod(0o644)
    with duckdb.connect(str(space.published)) as con:
        for name in ("feeder_profiles_as_of", "combined_profiles_as_of"):
            con.execute(f"drop macro table {name}")
        for name in as_of.KEPT:
            con.execute(f"drop table {name}")
        con.execute("alter table versions drop column replaced_months")
        ((old,),) = con.execute("select version from versions").fetchall()
    with pytest.raises(NotKeptError, match="was published by an earlier version"):
        profiles_as_of(space.published, old, "")
    new = publish(space, MARTS).version
    assert rows(space, "select version from versions order by version") == [(old,), (new,)]
    assert profiles_as_of(space.published, old, "north").version == old
