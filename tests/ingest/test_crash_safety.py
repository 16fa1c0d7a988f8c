"""Killed before any of its lines, on a full disk, among odd folders: the next run makes it good."""

import hashlib
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from inspect import getsourcelines
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

import pytest
from crash_tools import (
    DROP,
    DROPPED,
    ERROR,
    GOOD,
    KILLED,
    METERS,
    copy,
    drop,
    kill,
    lost,
    outputs,
    prepare,
    query,
    raw,
    rows,
    spread,
    state,
    steps,
)
from kill_at import export, load

from ingest import load_files as loading
from ingest import raw_files
from ingest.filing import FilingError
from ingest.layouts.interface import RawFile

needs_sigkill = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
OUTCOMES = {
    "accepted": 13,
    "duplicate": 1,
    "empty": 1,
    "sequence_error": 1,
    "unknown_meter": 1,
    "unreadable": 2,
}


# Killed


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    return prepare(tmp_path_factory.mktemp("template") / "root")


@pytest.fixture(scope="module")
def undisturbed(template, tmp_path_factory) -> tuple[dict, list[str]]:
    """The state that a run leaves which nothing disturbs, and the lines it came by."""
    root = copy(template, tmp_path_factory.mktemp("undisturbed") / "root")
    lines = steps(root)
    return state(root), lines


def test_the_undisturbed_run_has_every_outcome(undisturbed, template):
    expected, lines = undisturbed
    found = [row[5] for row in expected["files"]]
    assert {name: found.count(name) for name in sorted(set(found))} == OUTCOMES
    assert expected["unfiled"] == [] and len(lines) > 2000
    places = set(expected["tree"])
    assert not [name for name in places if name.startswith(DROP) or name.endswith(".tmp")]
    digests = {hashlib.sha256(data).hexdigest() for data in DROPPED.values()}
    assert digests <= set(expected["tree"].values())


def filing_lines(lines: list[str]) -> list[int]:
    """Where moves, letters, logs and commits are: the steps worth most of the kills."""
    return [n for n, line in enumerate(lines, 1) if line.startswith(("filing", "load_f", "shutil"))]


@needs_sigkill
def test_a_run_killed_anywhere_is_made_good_by_the_next(template, undisturbed, tmp_path):
    expected, lines = undisturbed
    filing = filing_lines(lines)
    numbers = {*spread(1, len(lines), 4), *(filing[k] for k in spread(0, len(filing) - 1, 8))}

    def check(number: int) -> None:
        where = f"killed before step {number}, {lines[number - 1]}"
        root = copy(template, tmp_path / str(number))
        assert kill(root, number).returncode == KILLED, where
        assert lost(root, DROPPED) == [], where
        load(root)
        assert state(root) == expected, where

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(check, sorted(numbers)))


@needs_sigkill
def test_a_run_killed_again_and_again_is_made_good_in_the_end(template, undisturbed, tmp_path):
    expected, lines = undisturbed
    filing = filing_lines(lines)
    root = copy(template, tmp_path / "root")
    deaths = 0
    for number in (filing[len(filing) * k // 9] for k in (2, 4, 6, 8)):
        deaths += kill(root, number).returncode == KILLED
        assert lost(root, DROPPED) == []
    load(root)
    assert state(root) == expected
    assert deaths > 1


@needs_sigkill
def test_a_recovery_may_be_killed_too(template, undisturbed, tmp_path):
    expected, lines = undisturbed
    first_commit = max(n for n, line in enumerate(lines, 1) if line.startswith("check_files"))
    crashed = copy(template, tmp_path / "crashed")
    assert kill(crashed, first_commit + 25).returncode == KILLED
    recovery = filing_lines(steps(copy(crashed, tmp_path / "counted")))
    assert state(tmp_path / "counted") == expected
    for position in spread(0, len(recovery) - 1, 3):
        root = copy(crashed, tmp_path / "root")
        assert kill(root, recovery[position]).returncode == KILLED
        assert lost(root, DROPPED) == []
        load(root)
        assert state(root) == expected, recovery[position]


@needs_sigkill
def test_a_crash_while_files_come_from_another_disk_loses_nothing(template, undisturbed, tmp_path):
    expected, _ = undisturbed
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no second disk at /dev/shm")
    root = tmp_path / "root"

    def prepared(folder: str) -> Path:
        copy(template, root)
        shutil.copytree(root / DROP, folder, dirs_exist_ok=True)
        shutil.rmtree(root / DROP)
        (root / DROP).symlink_to(folder)
        return root

    with TemporaryDirectory(dir=other) as folder:
        lines = steps(prepared(folder))
        assert state(root) == expected
    code, first = getsourcelines(shutil.copyfile)
    inside = {f"shutil.py:{n}" for n in range(first, first + len(code))}
    copying = [n for n, line in enumerate(lines, 1) if line in inside]
    for number in copying[len(inside) // 2 : len(inside) : 4]:
        with TemporaryDirectory(dir=other) as folder:
            prepared(folder)
            assert kill(root, number).returncode == KILLED
            assert lost(root, DROPPED) == []
            load(root)
            assert state(root) == expected, lines[number - 1]


# Exports


@needs_sigkill
def test_outputs_killed_anywhere_are_the_same_after_the_next_run(sample, tmp_path):
    root = copytree(sample, tmp_path / "root")
    expected = outputs(root)
    shutil.rmtree(root / "lp")
    lines = steps(copytree(root, tmp_path / "counted"), "export")
    assert outputs(tmp_path / "counted") == expected
    numbers = spread(1, len(lines), 3)

    def killed(number: int) -> Path:
        place = copytree(root, tmp_path / str(number))
        assert kill(place, number, "export").returncode == KILLED
        return place

    with ThreadPoolExecutor(2) as pool:
        for number, place in zip(numbers, pool.map(killed, numbers), strict=True):
            left = outputs(place)
            assert all(
                left[name] == expected[name] for name in left if name.endswith((".csv", ".png"))
            )
            export(place)
            assert outputs(place) == expected, lines[number - 1]


# Files that are not finished yet


@pytest.fixture
def root(template, tmp_path) -> Path:
    return copy(template, tmp_path / "root")


def test_a_file_that_grows_while_it_is_read_is_left_for_the_next_run(root):
    growing = root / DROP / "north-9.csv"
    growing.write_bytes(raw())
    ended = threading.Event()
    lines = iter(rows(200, 100_000))

    def grow() -> None:
        while not ended.wait(0.001):
            with growing.open("ab") as stream:
                stream.write(f"{next(lines)}\r\n".encode())

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        summary = load(root)
    finally:
        ended.set()
        writer.join()
    assert summary.left == ("north-9.csv",)
    assert [path.name for path in (root / DROP).iterdir()] == ["north-9.csv"]
    whole = growing.read_bytes()
    assert load(root).outcomes == {"accepted": 1}
    assert lost(root, {**DROPPED, "north-9.csv": whole}) == []
    loaded = query(root, "select count(*) from raw.interval_reads where record_no >= 200")
    assert loaded == [(whole.count(b"\n") - 3,)]


def remove(path: Path) -> None:
    path.unlink()


def replace_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def write_as_many_other_bytes(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b".25,1.5,", b".75,2.5,"))


def write_more(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"200, Normal")


def write_less(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


CHANGES = (remove, replace_by_a_folder, write_as_many_other_bytes, write_more, write_less)


@pytest.mark.parametrize(
    ("change", "when"),
    [
        *((change, "after its rows are read") for change in CHANGES),
        *((change, "before its rows are read") for change in CHANGES[::2]),
        *((change, "while it is hashed") for change in CHANGES[2:4]),
    ],
)
def test_a_file_that_changes_before_the_commit_is_left_and_said_so(root, change, when, monkeypatch):
    path = root / DROP / "north-2.csv"
    old = path.read_bytes()
    changes = iter([change])

    def once() -> None:
        for meddle in changes:
            meddle(path)

    def checked(con, files):
        if path.name not in [raw.name for raw in files]:
            return check_files(con, files)
        if when.startswith("before"):
            once()
        found = check_files(con, files)
        once()
        return found

    inspect_file, check_files = raw_files.inspect_file, loading.check_files

    def inspected(given: Path) -> RawFile:
        if given == path and when.startswith("while"):
            read_bytes = Path.read_bytes

            def read(self: Path) -> bytes:
                data = read_bytes(self)
                if self == path:
                    monkeypatch.setattr(Path, "read_bytes", read_bytes)
                    once()
                return data

            monkeypatch.setattr(Path, "read_bytes", read)
        return inspect_file(given)

    monkeypatch.setattr(raw_files, "inspect_file", inspected)
    monkeypatch.setattr(loading, "check_files", checked)
    summary = load(root)
    assert summary.left == ("north-2.csv",)
    assert sum(summary.outcomes.values()) == len(DROPPED) - 1
    others = {name: data for name, data in DROPPED.items() if name != path.name}
    assert lost(root, others) == []
    assert query(root, "select count(*) from raw.files where file_name = 'north-2.csv'") == [(0,)]
    if path.is_dir():
        path.rmdir()
    path.write_bytes(old)
    assert load(root).outcomes == {"accepted": 1}
    assert lost(root, DROPPED) == []


# Full disks and odd folders


@pytest.fixture
def disk(tmp_path) -> Iterator[Path]:
    """A small disk in memory."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(place)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("no mount command here")
    if done.returncode:
        pytest.skip(f"mounting a small disk is not permitted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def resize(disk: Path, free: int) -> None:
    """Give a disk in memory that many free bytes."""
    use = os.statvfs(disk)
    size = (use.f_blocks - use.f_bfree) * use.f_frsize + free
    subprocess.run(["mount", "-o", f"remount,size={size}", str(disk)], check=True)


@pytest.mark.parametrize("free", [0, 16, 64, 256, 512, 1024])
def test_a_full_disk_stops_the_run_with_its_name_and_loses_nothing(
    disk, template, undisturbed, free
):
    root = copy(template, disk / "root")
    resize(disk, free * 1024)
    try:
        load(root)
    except Exception as error:
        assert re.search("[Nn]o space left|[Dd]isk is full|not enough.*space", str(error)), error
    else:
        assert free >= 512
    assert lost(root, DROPPED) == []
    resize(disk, 32 * 1024 * 1024)
    load(root)
    assert state(root) == undisturbed[0]


def test_a_full_disk_for_temporary_files_makes_no_good_file_bad(
    disk, template, undisturbed, tmp_path, monkeypatch
):
    root = copy(template, tmp_path / "root")
    monkeypatch.setattr("tempfile.tempdir", str(disk))
    (disk / "full").write_bytes(bytes(4096))
    resize(disk, 0)
    try:
        load(root)
    except Exception as error:
        assert "No space left" in str(error)
    resize(disk, 32 * 1024 * 1024)
    load(root)
    assert state(root) == undisturbed[0]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory) -> tuple[Path, dict]:
    """A root with nothing but DROPPED before it, and the state that a run makes of it."""
    root = tmp_path_factory.mktemp("fresh") / "root"
    root.mkdir()
    (root / "meter-data.csv").write_text(METERS, encoding="utf-8")
    drop(root, DROPPED)
    done = copy(root, root.with_name("done"))
    load(done)
    return root, state(done)


OBSTACLES = [
    *("lp", "logs", "data/KW", ERROR, GOOD, "warehouse"),
    *("logs/dropbox.log/", f"{GOOD}/north-2.csv/", f"{ERROR}/north-bad_UNREADABLE.txt/"),
    f"{ERROR}/north-hole_SEQUENCE-ERROR.csv/",
]


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_an_obstacle_is_named_and_once_it_is_gone_the_run_completes(fresh, tmp_path, obstacle):
    root = copy(fresh[0], tmp_path / "root")
    odd = root / obstacle
    odd.parent.mkdir(parents=True, exist_ok=True)
    odd.mkdir() if obstacle.endswith("/") else odd.write_text("not a folder")
    with pytest.raises(Exception, match=re.escape(odd.name)):
        load(root)
    assert lost(root, DROPPED) == []
    odd.rmdir() if obstacle.endswith("/") else odd.unlink()
    load(root)
    assert state(root) == fresh[1]


@needs_sigkill
def test_a_file_written_over_after_a_crash_stops_no_other(template, undisturbed, tmp_path):
    lines = undisturbed[1]
    root = copy(template, tmp_path / "root")
    last_check = max(n for n, line in enumerate(lines) if line.startswith("check_files"))
    is_filing = (line.startswith("filing") for line in lines[last_check:])
    assert kill(root, last_check + 1 + [*is_filing].index(True)).returncode == KILLED
    waiting = query(root, "select file_name from raw.files where filed_at is null order by 1")
    name = next(name for (name,) in waiting if (root / DROP / name).exists())
    later = {name: raw(rows(300, 4)), "north-later.csv": raw(rows(400, 4))}
    drop(root, later)
    for _ in range(2):
        with suppress(FilingError):
            load(root)
    assert lost(root, later) == []
    names = {name for (name,) in query(root, "select file_name from raw.files")}
    assert "north-later.csv" in names


def test_a_file_that_is_still_being_written_is_not_taken_in_by_half(root):
    whole = raw(rows(200, 100))
    cut = whole.index(b"250, ")
    with (root / DROP / "north-9.csv").open("wb") as stream:
        stream.write(whole[:cut])
        stream.flush()
        load(root)
        stream.write(whole[cut:])
    load(root)
    rows_of_it = "select count(distinct record_no) from raw.interval_reads where record_no >= 200"
    assert query(root, rows_of_it) == [(100,)]
    assert whole in [path.read_bytes() for path in root.glob("data/KW/2024-*/north-9*.csv")]
