"""Files that are not finished while they are read, and folders where others belong."""

import re
import threading
from pathlib import Path

import pytest
from crash_tools import (
    DROP,
    DROPPED,
    ERROR,
    GOOD,
    METERS,
    copy,
    drop,
    lost,
    prepare,
    query,
    raw,
    rows,
    state,
)
from kill_at import load

from ingest import load_files as loading
from ingest import raw_files
from ingest.layouts import Recognise
from ingest.layouts.interface import RawFile

NAMES = ("north-1.csv", "north-2.csv", "south-1.csv", "north-bad.csv", "north-hole.csv")
FEW = {name: DROPPED[name] for name in NAMES}


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    root = prepare(tmp_path_factory.mktemp("template") / "root")
    for path in (root / DROP).iterdir():
        if path.name not in FEW:
            path.unlink()
    return root


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
    assert lost(root, {**FEW, "north-9.csv": whole}) == []
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

    def inspected(given: Path, recognise: Recognise) -> RawFile:
        if given == path and when.startswith("while"):
            read_bytes = Path.read_bytes

            def read(self: Path) -> bytes:
                data = read_bytes(self)
                if self == path:
                    monkeypatch.setattr(Path, "read_bytes", read_bytes)
                    once()
                return data

            monkeypatch.setattr(Path, "read_bytes", read)
        return inspect_file(given, recognise)

    monkeypatch.setattr(raw_files, "inspect_file", inspected)
    monkeypatch.setattr(loading, "check_files", checked)
    summary = load(root)
    assert summary.left == ("north-2.csv",)
    assert sum(summary.outcomes.values()) == len(FEW) - 1
    others = {name: data for name, data in FEW.items() if name != path.name}
    assert lost(root, others) == []
    assert query(root, "select count(*) from raw.files where file_name = 'north-2.csv'") == [(0,)]
    if path.is_dir():
        path.rmdir()
    path.write_bytes(old)
    assert load(root).outcomes == {"accepted": 1}
    assert lost(root, FEW) == []


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


@pytest.fixture(scope="module")
def fresh(tmp_path_factory) -> tuple[Path, dict]:
    """A root with nothing but FEW before it, and the state that a run makes of it."""
    root = tmp_path_factory.mktemp("fresh") / "root"
    root.mkdir()
    (root / "meter-data.csv").write_text(METERS, encoding="utf-8")
    drop(root, FEW)
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
    assert lost(root, FEW) == []
    odd.rmdir() if obstacle.endswith("/") else odd.unlink()
    load(root)
    assert state(root) == fresh[1]
