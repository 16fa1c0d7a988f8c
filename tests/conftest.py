"""Roots that many tests read, each made once and then left alone, and what makes one.

`load_profile` is the real command, with all its processes. Where the command is not what is tested,
`bring_up_to_date` calls the same parts in this process, where dbt reads the project once.
"""

import gc
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, suppress
from datetime import datetime
from functools import cache
from io import StringIO
from pathlib import Path

import duckdb
import pytest
from filelock import FileLock
from pages import find_browser, open_browser
from rich.console import Console

from ingest.load_files import load_files, save_meter_data
from ingest.meter_data import read_meter_data
from ingest.warehouse import open_warehouse
from ingest.workspace import Workspace
from load_profile.dbt import DUCKDB
from load_profile.files.finals import export_finals
from load_profile.files.profiles import export_gaps, export_months, export_profiles
from load_profile.plots.draw import draw_net_load, draw_planner_plots
from load_profile.publish.marts import published_marts
from load_profile.publish.version import publish
from load_profile.terminal import print_summary

PROJECT = Path(__file__).parents[1]
DBT_PROJECT = PROJECT / "dbt_project"
REAL_DATA = PROJECT.parent / "shared" / "data" / "raw"
OPEN_DATA = PROJECT / "tests" / "data"  # in every clone
# a raw channel with all its digits, also where it has more than six decimals
EXACT = {
    name: f"coalesce(long_values[{place}], {name})"
    for place, name in enumerate(("del_raw", "rec_raw", "kva_del_raw", "kva_rec_raw"), 1)
}
DBT = [*("--project-dir", str(DBT_PROJECT)), *("--profiles-dir", str(DBT_PROJECT)), "--quiet"]
# dbt reads the whole project again where the target is not given as it was before
DBT += ["--target", DUCKDB]
DBT += ["--threads", "1", "--log-level", "none", "--log-level-file", "none", "--no-write-json"]
BUILD = ("build", "--exclude-resource-type", "unit_test")
FILES = ("member_profiles", "combined_gaps", "gaps", "output_stamps")  # made into lp/*.csv
FINALS = ("final_profiles", "final_totals")  # and into lp/*_final.csv
PLOTS = (*FILES, "planner_figures", "load_duration", "time_of_use")  # and into lp/plots/*.png
# The longest files come first, or one of pytest's processes would still be at one of them when the
# others have ended; the first three do not wait for the same root.
LONGEST = ("page", "run", "incremental", "texts_stay_text", "review", "crash_safety", "dbt")
LONGEST += ("publish_changes", "holes", "profiles", "dbt_process", "report", "export_raw")
LONGEST += ("planner_figures", "publish_diff", "parts", "meter_life", "odd_input", "implausible")
LONGEST += ("precedence", "time", "meeting_files", "accepted_rows", "automation", "load_files")
COMMAND = Path(sys.executable).with_name("load-profile")


def load_profile(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command `load-profile` as a user would."""
    words = [str(COMMAND), *map(str, arguments)]
    env = {**os.environ, **environment}
    return subprocess.run(words, capture_output=True, text=True, encoding="utf-8", env=env)


@contextmanager
def noted_connections(path: Path) -> Iterator[dict[str, str]]:
    """A proxy that refuses everything and notes each connection in a file; its variables."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = "http://{}:{}".format(*server.getsockname())
        yield {"HTTP_PROXY": address, "HTTPS_PROXY": address, "NO_PROXY": ""}
        server.settimeout(0)
        waiting = []
        with suppress(BlockingIOError):
            while True:
                waiting.append(server.accept()[1])
    path.write_text("".join(f"{peer}\n" for peer in waiting), encoding="utf-8")


@cache
def project_as_read():
    """dbt's manifest of the project, read again only where a file has changed, as in a run."""
    from load_profile.dbt import ensure_manifest

    ensure_manifest()
    return read_project(DBT_PROJECT)


def read_project(project: Path):
    """dbt's manifest of a project or of a copy; what has not changed is taken from its target."""
    from dbt.cli.main import dbtRunner

    # relative to a root, as in the product: another path would have dbt read everything again
    os.environ["LOAD_PROFILE_WAREHOUSE"] = "warehouse/load_profile.duckdb"
    read = ["parse", *DBT, "--project-dir", str(project), "--target-path", str(project / "target")]
    return dbtRunner().invoke(read).result


def invoke_dbt(root: Path, command: str, *options: str, project: Path = DBT_PROJECT):
    """dbt's own result of a command on a root's warehouse, run in this process."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    # dbt notes in the manifest what it has compiled
    manifest = project_as_read().deepcopy() if project == DBT_PROJECT else read_project(project)
    words = [command, *DBT, "--project-dir", str(project), "--target-path", str(root / "target")]
    with chdir(root):
        done = dbtRunner(manifest).invoke([*words, *options])
        if DuckDBConnectionManager._ENV:  # others may open the warehouse now
            DuckDBConnectionManager._ENV.close()
            DuckDBConnectionManager._ENV = None
    return done


def dbt(root: Path, *words: str, fails: set[str] = frozenset()) -> dict[str, object]:
    """Run dbt in this process on a root's warehouse: results by name, of which these must fail."""
    done = invoke_dbt(root, *words)
    results = {result.node.name: result for result in done.result or ()}
    failed = {n: r.message for n, r in results.items() if r.status in ("error", "fail")}
    assert failed.keys() == fails, failed or done.exception
    assert done.success == (not fails), done.exception
    return results


def only(*models: str) -> tuple[str, ...]:
    """To build some models with all they are made of, and the tests that look at nothing else."""
    return "--indirect-selection", "cautious", "--select", *(f"+{name}" for name in models)


def untested(*models: str) -> tuple[str, ...]:
    """To build some models with all they are made of, and no test."""
    return "--exclude-resource-type", "test", "--select", *(f"+{name}" for name in models)


def take_in(root: Path) -> None:
    """meter-data.csv and the files of the drop folder into the warehouse."""
    space = Workspace(root)
    space.prepare()
    save_meter_data(space, read_meter_data(space.meter_data))
    load_files(space)


def publish_built(root: Path) -> None:
    """Publish the marts that are built, as if all their checks had passed."""
    from load_profile.dbt import read_manifest

    space = Workspace(root)
    with open_warehouse(space.warehouse) as con:
        con.execute("update model_parts set is_tested = true")
        built = {
            name for (name,) in con.execute("select table_name from duckdb_tables()").fetchall()
        }
        built |= {
            name for (name,) in con.execute("select view_name from duckdb_views()").fetchall()
        }
    publish(space, [mart for mart in published_marts(read_manifest()) if mart.name in built])


def write_files(root: Path) -> None:
    """Profiles and gap lists below lp/; final values if they are built."""
    with open_warehouse(Workspace(root).warehouse, read_only=True) as con:
        export_profiles(con, Workspace(root))
        export_gaps(con, Workspace(root))
        if con.execute("from duckdb_views() where view_name = 'final_totals'").fetchall():
            export_finals(con, Workspace(root))


def draw(root: Path) -> None:
    """The plots below lp/plots/, and the months, which are made of the same tables."""
    with open_warehouse(Workspace(root).warehouse, read_only=True) as con:
        export_months(con, Workspace(root))
        draw_net_load(con, Workspace(root))
        draw_planner_plots(con, Workspace(root))


def bring_up_to_date(root: Path, *options: str) -> dict[str, object]:
    """What `load-profile run --no-plots` does, but for Dagster and publishing; dbt's results."""
    take_in(root)
    results = dbt(root, *BUILD, *options)
    write_files(root)
    return results


def summary(root: Path, started: datetime) -> str:
    """What the command tells on the terminal of a run that began then."""
    printed = Console(file=StringIO(), width=120)
    print_summary(printed, Workspace(root), started)
    return printed.file.getvalue()


def pytest_configure(config) -> None:
    """Keep the order of files: xdist would begin with those of most tests."""
    config.option.loadscopereorder = False
    gc.set_threshold(100_000, 50, 100)  # see command_line.main


def pytest_collection_modifyitems(items) -> None:
    places = {f"test_{name}": place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(LONGEST)))


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
    """A root with one of the real sources, taken in."""
    if not REAL_DATA.exists():
        pytest.skip(f"real measured data is not here: {REAL_DATA}")

    return measured_root(REAL_DATA / name, tmp_path_factory)


def measured_root(source: Path, tmp_path_factory) -> Path:
    """A root with the files of a folder, taken in."""

    def make(root: Path) -> None:
        shutil.copytree(source, root, dirs_exist_ok=True)
        bring_up_to_date(root)

    return made_once(f"{source.parent.name}-{source.name}", tmp_path_factory, make)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Path:
    """A root without files whose meter-data.csv was read, to copy."""
    from dropped_files import prepare

    return prepare(tmp_path_factory.mktemp("prepared")).root


@pytest.fixture(scope="session")
def open_substations(tmp_path_factory) -> Path:
    """Three days of two of the substations."""
    return measured_root(OPEN_DATA / "substations", tmp_path_factory)


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
        with noted_connections(root / "connections.txt") as proxy:
            done = load_profile("run", "--root", root, "--sample-if-empty", **proxy)
        assert done.returncode == 0, done.stdout + done.stderr
        (root / "sample.txt").write_text(done.stdout, encoding="utf-8")

    return made_once("sample", tmp_path_factory, make)


@pytest.fixture
def space(sample, tmp_path) -> Workspace:
    """A copy of the sample's root that a test may change."""
    return Workspace(shutil.copytree(sample, tmp_path / "root"))


@pytest.fixture(scope="session")
def browser():
    """A real Chromium without a window."""
    found = find_browser()
    if not found:
        assert "CI" not in os.environ, "CI must have Chromium; .ci/run installs it"
        pytest.skip("no Chromium is installed: `apt-get install chromium` as root, or Chrome")
    with open_browser(found) as browser:
        yield browser


@pytest.fixture(scope="session")
def processes():
    """The one cluster of all tests of Spark: its three processes of Java start once."""
    from cluster import Cluster

    with Cluster() as cluster:
        yield cluster


@pytest.fixture
def cluster(processes):
    """The cluster with both workers, also after a test that killed one."""
    lost = processes.count - len(processes.alive())
    if lost:
        processes.start_workers(lost)
    return processes
