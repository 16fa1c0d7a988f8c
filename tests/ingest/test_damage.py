"""What is only a copy or a cache is made again, and what is damaged is called that."""

from pathlib import Path
from shutil import copytree

import pytest
from conftest import query, take_in
from dagster import DagsterInstance

from ingest.archive import archive_problems
from ingest.filing import LEDGER
from ingest.review import rebuild_warehouse
from ingest.warehouse import WarehouseError, open_warehouse
from ingest.workspace import Workspace
from load_profile.dagster_home import dagster_home
from load_profile.files.writer import INDEX, are_outputs_intact, written_files
from load_profile.last_run import is_anything_new
from load_profile.sample import write_sample

GARBAGE = b"\x00not what it was\xff" * 50


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("taken") / "in"
    write_sample(root, feeders=2, months=1)
    take_in(root)
    return root


@pytest.fixture
def root(taken_in, tmp_path) -> Path:
    """A root of its own with two files taken in."""
    return copytree(taken_in, tmp_path / "root")


def damage(path: Path) -> Path:
    """Turn over a byte of every few behind a file's head."""
    data = bytearray(path.read_bytes())
    for place in range(64 * 1024, len(data), 16 * 1024):
        data[place] ^= 0xFF
    path.write_bytes(data)
    return path


def problems(root: Path) -> list[str]:
    with open_warehouse(Workspace(root).warehouse, read_only=True) as con:
        return archive_problems(con, Workspace(root))


@pytest.mark.parametrize("is_rebuilt", [False, True])
def test_a_damaged_ledger_is_written_again_from_a_whole_warehouse(root, caplog, is_rebuilt):
    space = Workspace(root)
    ledger = space.archive / LEDGER
    ledger.write_bytes(GARBAGE)
    rebuild_warehouse(space) if is_rebuilt else take_in(root)
    assert "was damaged: it is rewritten from the warehouse" in caplog.text
    assert ledger.with_name(f"{LEDGER}.damaged-1").read_bytes() == GARBAGE
    rebuild_warehouse(space)
    assert query(root, "select count(*) from raw.files where outcome = 'accepted'") == [(2,)]


def test_a_damaged_ledger_is_not_written_from_a_warehouse_that_lacks_files(root):
    space = Workspace(root)
    (space.archive / LEDGER).write_bytes(GARBAGE)
    space.warehouse.unlink()
    with pytest.raises(WarehouseError, match="lacks 2 files of the archive") as found:
        take_in(root)
    assert "Without either, 2 archived files are left" in str(found.value)
    assert (space.archive / LEDGER).read_bytes() == GARBAGE


def test_without_ledger_and_warehouse_the_words_of_a_rebuild_bring_the_files_back(root):
    space = Workspace(root)
    (space.archive / LEDGER).write_bytes(GARBAGE)
    damage(space.warehouse)
    with pytest.raises(WarehouseError, match="is damaged") as found:
        rebuild_warehouse(space)
    assert "copy the files of data/KW/20* to" in str(found.value)
    space.warehouse.parent.rename(root / "aside")
    (space.archive / LEDGER).unlink()
    for path in space.archived_files():
        (space.dropbox / path.name).write_bytes(path.read_bytes())
    take_in(root)
    assert query(root, "select count(*) from raw.files where outcome = 'accepted'") == [(2,)]
    assert not list(space.dropbox.iterdir()) and problems(root) == []


def test_wrong_checksums_in_a_warehouse_are_damage_and_a_rebuild_mends_it(root):
    space = Workspace(root)
    damage(space.warehouse)
    with pytest.raises(WarehouseError, match="It is damaged"):
        take_in(root)
        with open_warehouse(space.warehouse, read_only=True) as con:
            con.execute("select bit_xor(hash(t)) from raw.interval_reads as t")
    rebuild_warehouse(space)
    assert query(root, "select count(*) > 0 from raw.interval_reads") == [(True,)]


def test_an_archived_file_that_is_gone_or_another_is_named_with_what_to_do(root):
    space = Workspace(root)
    assert problems(root) == []
    first, second = space.archived_files()
    first.touch()  # the same bytes, later
    assert problems(root) == []
    data = second.read_bytes()
    second.write_bytes(data[:-1] + b"#")
    first.unlink()
    found = sorted(problems(root), key=lambda text: str(second) in text)
    assert str(first) in found[0] and "is gone" in found[0] and "withdraw '#" in found[0]
    assert str(second) in found[1] and "is not the file that was accepted" in found[1]


def kept(home: Path) -> list[str]:
    """What was put aside, and that Dagster can work with what is there now."""
    with DagsterInstance.from_config(str(home)) as instance:
        assert instance.get_run_records() == []
    return sorted(path.name for path in home.parent.rglob("*.damaged-*"))


@pytest.mark.parametrize("name", ["", "history", "history/runs/index.db", "history/runs.db"])
@pytest.mark.parametrize("content", [GARBAGE, b""], ids=["garbage", "empty"])
def test_a_damaged_state_of_dagsters_is_put_aside(tmp_path, caplog, name, content):
    space = Workspace(tmp_path)
    damaged = space.root / ".dagster" / name
    damaged.parent.mkdir(parents=True, exist_ok=True)
    damaged.write_bytes(content)
    assert kept(dagster_home(space)) == [".dagster.damaged-1"]
    assert "the history on Dagster's page starts again" in caplog.text
    assert kept(dagster_home(space)) == [".dagster.damaged-1"]  # once


def test_a_dagster_yaml_of_somebody_else_is_put_aside(tmp_path):
    settings = tmp_path / ".dagster" / "dagster.yaml"
    settings.parent.mkdir()
    settings.write_text("{{{ :")
    assert kept(dagster_home(Workspace(tmp_path))) == ["dagster.yaml.damaged-1"]


def test_a_lock_that_is_a_folder_is_put_aside(tmp_path):
    (tmp_path / "warehouse/run.lock/x").mkdir(parents=True)
    with Workspace(tmp_path).locked():
        assert (tmp_path / "warehouse/run.lock").is_file()
    assert (tmp_path / "warehouse/run.lock.damaged-1/x").is_dir()


@pytest.mark.parametrize("content", [b"[1", b"[]", b'{"gaps": [1]}', b"\xff\xfe"])
def test_a_damaged_note_of_what_was_written_is_put_aside(tmp_path, content):
    (tmp_path / INDEX).write_bytes(content)
    assert written_files(tmp_path) == {} and not are_outputs_intact(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f"{INDEX}.damaged-1"]


@pytest.mark.parametrize("content", [b"[1", b"\xff\xfe", b"{}", None])
def test_a_damaged_note_of_the_last_run_makes_the_next_one_do_everything(tmp_path, content):
    space = Workspace(tmp_path)
    space.last_run.parent.mkdir()
    space.last_run.mkdir() if content is None else space.last_run.write_bytes(content)
    assert is_anything_new(space, {})
