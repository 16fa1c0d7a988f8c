"""What a run makes of changes equals what a full build makes of everything, cell by cell.

Files come, late, corrected, withdrawn, released; meter-data.csv is edited; in any order. After each
step the tables that `dbt build` brought up to date are compared with those that it rebuilds.
"""

from datetime import datetime, timedelta
from pathlib import Path
from shutil import copyfile, copytree

import duckdb
import pytest
from changing_months import Months, rows_of
from conftest import BUILD, bring_up_to_date, dbt, query, take_in, write_files

from ingest.workspace import Workspace

# what holds no figures
NOT_COMPARED = {"model_parts"}


def tables(path: Path) -> dict[str, list[tuple]]:
    """Every row of every table and view of the models, sorted."""
    with duckdb.connect(str(path), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        names = con.execute(
            "select table_name from information_schema.tables where table_schema = 'main'"
        )
        return {
            name: con.execute(f'from "{name}" order by all').fetchall()
            for (name,) in names.fetchall()
            if name not in NOT_COMPARED
        }


@pytest.fixture(scope="module")
def seven_weeks(tmp_path_factory) -> Path:
    """A root with seven weeks of two feeders, after a full build."""
    months = Months(tmp_path_factory.mktemp("seven-weeks") / "root", seed=3)
    for day in (1, 8, 15, 22, 29, 36, 43):
        for feeder in ("north", "pune"):
            first = datetime(2024, 9, 1) + timedelta(days=day)
            months.drop(rows_of(feeder, first, 7, 60, months.rng), feeder)
    root = months.space.root
    bring_up_to_date(root)
    assert query(root, "select count(*) from model_parts where not is_tested") == [(0,)]
    return root


@pytest.fixture
def root(seven_weeks, tmp_path) -> Path:
    return copytree(seven_weeks, tmp_path / "root")


def test_any_sequence_of_changes_gives_the_tables_and_files_of_a_full_build(root, tmp_path):
    months = Months(root, seed=1)
    happenings = [months.file, months.lost_hour, months.broken, months.withdrawal, months.edit]
    happenings = 2 * [months.file, *happenings]
    months.rng.shuffle(happenings)
    for _ in range(5):
        months.file()
    take_in(root)
    # a run that was cut off; one without its tests; and one that looks at what both left
    cut_off = ("build", "--select", "+feeder_profiles", "--resource-type", "model", "seed")
    for run in (cut_off, ("run",), BUILD):
        for _ in range(4):
            happenings.pop()()
            take_in(root)
        dbt(root, *run)
        if run != cut_off:
            write_files(root)
    anew = Workspace(tmp_path / "anew")
    anew.prepare()
    copyfile(months.space.warehouse, anew.warehouse)
    dbt(anew.root, "run", "--full-refresh")
    found, wanted = tables(months.space.warehouse), tables(anew.warehouse)
    assert found.keys() == wanted.keys()
    for name in wanted:
        assert found[name] == wanted[name], name
    assert published(months.space) == published(anew)
    assert len(wanted["feeder_profiles"]) > 300


def published(space: Workspace) -> dict[str, bytes]:
    """The files under lp/ after an export; what is there already is only brought up to date."""
    write_files(space.root)
    return {path.name: path.read_bytes() for path in space.profiles.glob("*.csv")}


def test_only_the_months_that_changed_are_made_and_tested_again(root):
    months = Months(root, seed=4)
    places = "select feeder, interval_start_at, rowid from feeder_profiles order by all"
    before = set(query(root, places))
    months.drop(rows_of("pune", datetime(2024, 10, 3), 2, 60, months.rng), "pune")
    take_in(root)
    dbt(root, "run", "--select", "+feeder_profiles")
    after = set(query(root, places))
    moved = {(feeder, start.strftime("%Y-%m")) for feeder, start, _ in after - before}
    assert moved == {("pune", "2024-10")}
    untested = query(
        root,
        """select distinct feeder, strftime(month_start_at, '%Y-%m') from model_parts
        where model = 'feeder_profiles' and not is_tested""",
    )
    assert untested == [("pune", "2024-10")]


def test_a_row_twice_and_a_key_without_a_part_are_found(root):
    tests = ("test", "--select", "unique_key_feeder_profiles", "unique_key_interval_reads")

    def change(statement: str, fails: set[str]) -> None:
        with duckdb.connect(str(Workspace(root).warehouse)) as con:
            con.execute(statement)
        dbt(root, *tests, fails=fails)

    # lines of a file with its newest row first count below 0
    change(
        """insert into raw.interval_reads
        select * replace (-line_number as line_number) from raw.interval_reads""",
        set(),
    )
    # two readings of one minute are two readings
    seconds = "interval_start_at + interval 7 second"
    change(
        f"""insert into feeder_profiles by name
        select * replace ({seconds} as interval_start_at) from feeder_profiles limit 9""",
        set(),
    )
    change("insert into feeder_profiles from feeder_profiles limit 1", {tests[2]})
    change(
        """delete from feeder_profiles;
        insert into feeder_profiles (feeder) values ('south')""",
        {tests[2]},
    )
    change(
        """insert into raw.interval_reads from raw.interval_reads limit 1;
        delete from feeder_profiles""",
        {tests[3]},
    )
