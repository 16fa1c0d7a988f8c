"""Draw the plots of the catalog that are out of date and write them to lp/plots/<name>.png."""

from collections.abc import Iterable
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path

import duckdb

from ingest.workspace import Workspace
from load_profile import shown
from load_profile.files.writer import Outputs, OutputWriter, fingerprint_of
from load_profile.plots.catalog import FEEDER, NET_LOAD, PLANNER, PLOTS, Plot
from load_profile.plots.pool import Task, draw_all, module_of
from load_profile.plots.system import System, read_system
from load_profile.shown import dates_of

SHOWN = Path(shown.__file__)  # units and dates


def draw_net_load(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> Outputs:
    """Write a plot of each feeder and one of all together; none before there is any reading."""
    return _draw_step(con, workspace, NET_LOAD)


def draw_planner_plots(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> Outputs:
    """Write the plots of the total and the largest feeders; none before there is any reading."""
    return _draw_step(con, workspace, PLANNER)


def current_planner_plots(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> dict[str, str]:
    """Return name and title of the planner's plots that show what is in the tables now.

    A run without plots leaves those of an earlier run, which are out of date.
    """
    writer = OutputWriter(workspace.profiles, PLANNER)
    return {
        name: plot.title
        for name, (plot, fingerprint) in _wanted(con, _system(con, workspace), PLANNER).items()
        if not writer.changed(_file(name), {name: fingerprint})
    }


def _draw_step(con: duckdb.DuckDBPyConnection, workspace: Workspace, step: str) -> Outputs:
    writer = OutputWriter(workspace.profiles, step)
    system = _system(con, workspace)
    wanted = _wanted(con, system, step)
    outdated = []
    for name, (_, fingerprint) in wanted.items():
        if writer.changed(_file(name), {name: fingerprint}):
            outdated.append(name)
        else:
            writer.keep(_file(name))
    if outdated:
        tasks = _tasks(con, system, {name: wanted[name][0] for name in outdated})
        for name, png in zip(tasks, draw_all(list(tasks.values())), strict=True):
            writer.write(_file(name), {name: wanted[name][1]}, {name: png}.__getitem__)
    return writer.finish()


def _system(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> System | None:
    return read_system(con, dates_of(workspace))


def _wanted(
    con: duckdb.DuckDBPyConnection, system: System | None, step: str
) -> dict[str, tuple[Plot, str]]:
    """Return every plot of a step and its fingerprint by name; none before there is any reading."""
    if system is None:
        return {}
    wanted, rows_of = {}, cache(partial(_row_hashes, con))
    for plot in PLOTS:
        if plot.step != step:
            continue
        is_of_feeder = plot.name == FEEDER
        common = fingerprint_of(
            code_fingerprint(plot), system.first_start_at, system.bucket_minutes, system.dates
        )
        rows = [rows_of(table, is_of_feeder) for table in plot.depends_on]
        for name in system.feeders if is_of_feeder else (plot.name,):
            found = [hashes.get(name, hashes.get(None)) for hashes in rows]
            wanted[name] = plot, fingerprint_of(common, *found)
    return wanted


def _row_hashes(
    con: duckdb.DuckDBPyConnection, table: str, by_feeder: bool
) -> dict[str | None, int]:
    """Return a hash of all rows of a table, in any order; or of each feeder's, if it has them."""
    rows = con.table(table)
    by_feeder = by_feeder and "feeder" in rows.columns
    key = "feeder" if by_feeder else "null"
    found = rows.set_alias("every").aggregate(f"{key}, sum(hash(every)::hugeint)", "")
    return dict(found.fetchall())


def code_fingerprint(plot: Plot, folder: Path = Path(__file__).parent) -> str:
    """Return a fingerprint of what draws a plot: its files, those of no plot, and libraries."""
    modules = {*(other.module for other in PLOTS), "catalog", "draw", "pool"}
    files = sorted(path for kind in ("*.py", "*.sql") for path in folder.glob(kind))
    texts = [
        path.read_text("utf-8")
        for path in files
        if owner_of(path.stem, modules) in (None, plot.module)
    ]
    texts.append(SHOWN.read_text("utf-8"))
    return fingerprint_of(*texts, *map(version, ("matplotlib", "seaborn")))


def owner_of(stem: str, modules: Iterable[str]) -> str | None:
    """Return the module that a file below plots/ belongs to: `heat_map_cells` to `heat_map`."""
    owners = [name for name in modules if f"{stem}_".startswith(f"{name}_")]
    return max(owners, key=len, default=None)


def _tasks(
    con: duckdb.DuckDBPyConnection, system: System, plots: dict[str, Plot]
) -> dict[str, Task]:
    """Read what plots show; all feeders by one query, since each would read the whole table."""
    tasks = {}
    feeders = [name for name, plot in plots.items() if plot.name == FEEDER]
    if feeders:
        module = plots[feeders[0]].module
        read = module_of(module).read(con, system, feeders)
        tasks = {name: Task(module, arguments) for name, arguments in read.items()}
    for name, plot in plots.items():
        if name not in tasks:
            tasks[name] = Task(plot.module, module_of(plot.module).read(con, system))
    return tasks


def _file(name: str) -> str:
    return f"plots/{name}.png"
