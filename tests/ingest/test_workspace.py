"""Where a root may be: any folder that the databases below it can work in."""

import os
from pathlib import Path

import duckdb
import pytest
from conftest import load_profile, query, take_in

from ingest.review import rebuild_warehouse
from ingest.workspace import RootError, Workspace, workspace_at
from load_profile.sample import write_sample

ROOTS = ("st*r[x]", "ha#sh {quo'te}", '100% dq"x', " 电\nline")


def test_a_folder_with_an_equals_sign_is_no_column_of_what_is_read_below_it(tmp_path):
    root = tmp_path / "feeder=zz" / "local_month=2024-01"
    write_sample(root, feeders=2, months=1)
    take_in(root)
    feeders = "select distinct feeder from raw.files where row_count > 0 order by 1"
    before = query(root, feeders)
    assert before == [("north",), ("south",)]
    take_in(root)  # compares the archive's copy of the ledger
    rebuild_warehouse(Workspace(root))
    assert query(root, feeders) == before


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such names")
@pytest.mark.parametrize("name", ["a%41b", "q?x", "back\\slash", os.fsdecode(b"\xff")])
def test_a_root_that_the_databases_cannot_work_in_is_refused(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(RootError, match="Nothing was touched"):
        workspace_at(tmp_path / name)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such names")
@pytest.mark.parametrize("command", ["run", "rebuild", "ui", "sample"])
def test_a_refused_root_is_named_in_one_line_and_left_untouched(tmp_path, command):
    (tmp_path / "q?x").mkdir()
    done = load_profile(command, "--root", tmp_path / "q?x")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "has '?' in its path" in done.stderr
    assert not list((tmp_path / "q?x").iterdir())


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such names")
@pytest.mark.parametrize("name", ROOTS)
def test_any_other_name_of_a_root_works(tmp_path, name):
    root = tmp_path / name
    write_sample(root, feeders=1, months=1)
    take_in(root)
    rebuild_warehouse(workspace_at(root))
    place = Path(workspace_at(root).archive, "ledger.parquet")
    copied = duckdb.execute("select count(*) from read_parquet(?)", [str(place)]).fetchall()
    assert query(root, "select count(*) from raw.files") == copied != [(0,)]
