"""Roots that many tests read: each is made once, by the real command, and then left alone."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from filelock import FileLock
from pages import find_browser, open_browser

PROJECT = Path(__file__).parents[1]
REAL_DATA = PROJECT.parent / "shared" / "data" / "raw"
# a raw channel with all its digits, also where it has more than six decimals
EXACT = {
    name: f"coalesce(long_values[{place}], {name})"
    for place, name in enumerate(("kw_del", "kw_rec", "kva_del", "kva_rec"), 1)
}
COMMAND = Path(sys.executable).with_name("load-profile")


def load_profile(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command `load-profile` as a user would."""
    words = [str(COMMAND), *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, encoding="utf-8")


def pytest_unconfigure(config) -> None:
    """DuckDB's binding counts what the interpreter's end leaves alive, in a hundred lines."""
    if hasattr(config, "workerinput"):  # all is reported by now
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def query(root: Path, sql: str, *parameters: object) -> list[tuple]:
    """Rows of a query on a root's warehouse."""
    with duckdb.connect(str(root / "warehouse/load_profile.duckdb"), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        return con.execute(sql, parameters or None).fetchall()


def made_once(name: str, tmp_path_factory, make: Callable[[Path], None]) -> Path:
    """A folder that `make` fills, in whichever of pytest's processes comes first."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder, done = shared / f"shared-{name}", shared / f"shared-{name}.done"
    with FileLock(f"{folder}.lock"):
        if not done.exists():
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


def real_root(name: str, tmp_path_factory) -> Path:
    """A root with one of the real sources, taken in by the main job."""
    if not REAL_DATA.exists():
        pytest.skip(f"real measured data is not here: {REAL_DATA}")

    def make(root: Path) -> None:
        shutil.copytree(REAL_DATA / name, root, dirs_exist_ok=True)
        done = load_profile("run", "--no-plots", "--root", root)
        assert done.returncode == 0, done.stdout + done.stderr

    return made_once(name, tmp_path_factory, make)


@pytest.fixture(scope="session")
def substations(tmp_path_factory) -> Path:
    return real_root("substations", tmp_path_factory)


@pytest.fixture(scope="session")
def transformers(tmp_path_factory) -> Path:
    return real_root("transformers", tmp_path_factory)


@pytest.fixture(scope="session")
def steel_plant(tmp_path_factory) -> Path:
    return real_root("steel-plant", tmp_path_factory)


@pytest.fixture(scope="session")
def sample(tmp_path_factory) -> Path:
    """The simulated sample of `make run`, taken in; `sample.txt` holds what the run said."""

    def make(root: Path) -> None:
        done = load_profile("run", "--root", root, "--sample-if-empty")
        assert done.returncode == 0, done.stdout + done.stderr
        (root / "sample.txt").write_text(done.stdout, encoding="utf-8")

    return made_once("sample", tmp_path_factory, make)


@pytest.fixture(scope="session")
def browser():
    """A real Chromium without a window."""
    found = find_browser()
    if not found:
        assert "CI" not in os.environ, "CI must have Chromium; .ci/tasks.py installs it"
        pytest.skip("no Chromium is installed: `apt-get install chromium` as root, or Chrome")
    with open_browser(found) as browser:
        yield browser
