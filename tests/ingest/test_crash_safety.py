"""Killed before any of its lines, or on a full disk: the next run makes it good."""

import hashlib
import os
import re
import shutil
import subprocess
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
    KILLED,
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

from ingest.filing import FilingError

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
    numbers = {len(lines) // 2, *(filing[k] for k in spread(0, len(filing) - 1, 5))}

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
    number = len(lines) // 2

    place = copytree(root, tmp_path / "killed")
    assert kill(place, number, "export").returncode == KILLED
    left = outputs(place)
    assert all(left[name] == expected[name] for name in left if name.endswith((".csv", ".png")))
    export(place)
    assert outputs(place) == expected, lines[number - 1]


# Full disks


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


@pytest.mark.parametrize("free", [0, 256, 1024])
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
