"""The published file when others hold it open, write in it, damage it or take its name."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from shutil import copy2
from tempfile import TemporaryDirectory

import duckdb
import pytest
from published import MARTS, NEEDS_POSIX, change, connect, rows

from ingest.workspace import Workspace
from load_profile.last_run import is_anything_new
from load_profile.publish.version import publish

NOBODY = 65534


def test_a_reader_keeps_its_version_and_the_next_one_gets_the_new(space):
    publish(space, MARTS)
    peak = "select max(mw_total) from combined_profiles where month(start_local) = 8"
    with connect(space) as con:
        before = con.execute(peak).fetchone()
        other = [sys.executable, "-c", READ_ONCE, str(space.published), peak]
        if os.name == "posix":
            change(space, 5)
            publish(space, MARTS)
        assert con.execute(peak).fetchone() == before
        if os.name == "posix":
            done = subprocess.run(other, capture_output=True, text=True, check=True)
            assert float(done.stdout) == float(before[0]) + 5


READ_ONCE = """
import sys, duckdb
print(duckdb.connect(sys.argv[1], read_only=True).execute(sys.argv[2]).fetchone()[0])
"""
HOLD_TO_WRITE = """
import sys, duckdb
con = duckdb.connect(sys.argv[1])
con.execute("create table mine as select 1")
print("open", flush=True)
sys.stdin.read()
"""


@NEEDS_POSIX
def test_somebody_who_opened_it_to_write_stops_no_run_and_leaves_nothing_behind(space):
    publish(space, MARTS)
    space.published.chmod(0o644)
    command = [sys.executable, "-c", HOLD_TO_WRITE, str(space.published)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "open\n"
    wal = space.published.with_name("published.duckdb.wal")
    assert wal.exists()
    change(space)
    publish(space, MARTS)
    assert not wal.exists()
    assert rows(space, "select count(*), sum(changed_intervals) > 2900 from versions") == [
        (2, True)
    ]
    holder.communicate("")
    assert "mine" not in str(rows(space, "show tables"))
    assert not list(space.warehouse.parent.glob("published.*.duckdb"))


def test_a_file_that_cannot_be_replaced_waits_for_the_next_run(space, monkeypatch):
    first = publish(space, MARTS)
    change(space)
    replace = Path.replace

    def refuse(path: Path, target: Path) -> Path:
        if Path(target) == space.published:
            raise PermissionError(13, "The process cannot access the file: it is being used")
        return replace(path, target)

    monkeypatch.setattr("load_profile.publish.version.PAUSE", 0)
    monkeypatch.setattr(Path, "replace", refuse)
    second = publish(space, MARTS)
    assert not second.is_in_place
    assert rows(space, "select max(version) from versions") == [(first.version,)]
    assert is_anything_new(space, {})
    change(space)
    third = publish(space, MARTS)
    assert not third.is_in_place
    monkeypatch.undo()
    made = publish(space, MARTS)
    assert made.is_in_place and made.version == third.version
    names = [(made.version,) for made in (first, second, third)]
    assert rows(space, "select version from versions order by version") == names
    assert not is_anything_new(space, {})


def test_a_folder_of_the_name_is_put_aside(space, caplog):
    publish(space, MARTS)
    space.published.unlink()
    (space.published / "somebody's").mkdir(parents=True)
    done = publish(space, MARTS)
    assert done.is_in_place and rows(space, "select count(*) from versions") == [(1,)]
    assert "published.duckdb was damaged: it is rebuilt" in caplog.text
    assert (space.warehouse.parent / "published.duckdb.damaged-1/somebody's").is_dir()


@pytest.mark.parametrize("share", [0.01, 0.5])
def test_a_published_file_that_was_cut_off_is_called_damaged_and_stops_no_run(space, share, caplog):
    cut_off(space, lambda size: int(share * size))
    assert "was damaged: it is rebuilt" in published_again(space, caplog)


def test_a_published_file_that_opens_without_its_end_is_whole_after_the_next_run(space):
    cut_off(space, lambda size: size - 200_000)
    made = publish(space, MARTS)
    assert made.is_in_place and (made.version,) in rows(space, "select version from versions")
    for (table,) in rows(space, "select table_name from duckdb_tables()"):
        rows(space, f'from "{table}"')


def cut_off(space: Workspace, at: Callable[[int], int]) -> None:
    whole = space.published.read_bytes()
    space.published.chmod(0o644)
    space.published.write_bytes(whole[: at(len(whole))])


@pytest.mark.parametrize(
    ("change_it", "said"),
    [
        ("drop table model_parts", "was published by an earlier version of load-profile"),
        ("alter table versions drop content", "was published by an earlier version"),
        ("drop table versions", "was not published by load-profile: it is replaced"),
    ],
)
def test_a_published_file_of_an_earlier_release_or_of_others_is_called_that(
    space, change_it, said, caplog
):
    space.published.chmod(0o644)
    with closing(duckdb.connect(str(space.published))) as con:
        con.execute(change_it)
    text = published_again(space, caplog)
    assert said in text and "damaged" not in text


def published_again(space: Workspace, caplog) -> str:
    """Publish a whole version that begins the history; return the notices."""
    made = publish(space, MARTS)
    assert made.is_in_place and rows(space, "select version from versions") == [(made.version,)]
    assert rows(space, "select count(*) from feeder_profiles") > [(0,)]
    assert not list(space.warehouse.parent.glob("published.*.duckdb"))
    return caplog.text


@NEEDS_POSIX
def test_it_cannot_be_opened_to_write_in_it_by_mistake(sample):
    """Opened by a user that file permissions count for, which root is not."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(copy2(Workspace(sample).published, folder))
        if os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)
        child = os.fork()
        if child == 0:
            code = 0
            try:
                if os.geteuid() == 0:
                    os.setuid(NOBODY)
                path.open("rb").close()
                path.open("r+b").close()
            except PermissionError as error:
                code = error.errno
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == errno.EACCES


def test_a_published_file_that_somebody_changed_is_made_again(space):
    space.published.chmod(0o644)
    with closing(duckdb.connect(str(space.published))) as con:
        con.execute("update feeder_profiles set mw_net = 0")
    assert is_anything_new(space, {})
    publish(space, MARTS)
    assert rows(space, "select count(*) from feeder_profiles where mw_net <> 0") > [(0,)]
