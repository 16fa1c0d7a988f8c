"""The command `load-profile`. Reads options, calls one function, prints; heavy imports wait."""

import gc
import logging
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ingest.meter_data import MeterDataError, read_meter_data
from ingest.raw_files import find_files
from ingest.workspace import Workspace

app = typer.Typer(
    help="From a folder of raw revenue-meter exports to load profiles that can be trusted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
# steps write to a log of their own while they run; this one stays with the terminal
console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 120)
Root = Annotated[
    Path, typer.Option(help="Folder with _dropbox/KW and meter-data.csv; results go below it.")
]


@app.command()
def run(
    root: Root = Path(),
    dbt_vars: Annotated[
        str | None,
        typer.Option("--vars", help="dbt variables as JSON or YAML: '{net_convention: gross}'."),
    ] = None,
    select: Annotated[
        str | None, typer.Option(help="Only these assets, as on the Dagster page: 'gaps+'.")
    ] = None,
    sample_if_empty: Annotated[
        bool, typer.Option(help="Write simulated files first if there is nothing at all yet.")
    ] = False,
) -> None:
    """Take in every file of _dropbox/KW and bring tables, profiles, gap lists and plots up to date.

    Exit code 0 also when files were rejected (they are listed), 1 when a model or test fails,
    2 for wrong usage or a wrong meter-data.csv.
    """
    workspace = _workspace(root)
    variables = _variables(dbt_vars)
    if sample_if_empty and not find_files(workspace.dropbox) and not workspace.warehouse.exists():
        console.print(f"Nothing in {workspace.dropbox} and no warehouse yet: writing a sample.")
        _write_sample(workspace.root, 4, 3, 7)
    try:
        read_meter_data(workspace.meter_data)
    except MeterDataError as error:
        _stop(str(error))
    started = datetime.now(UTC).replace(tzinfo=None)
    from dagster_defs.run_job import is_anything_new, run_job
    from dagster_defs.summary import print_summary

    if not select and not is_anything_new(workspace, variables):
        console.print("Nothing new since the last run: no file changed.")
        print_summary(console, workspace, started)
        return
    with _progress():
        try:
            result = run_job(workspace, variables, select)
        except Exception as error:
            if select and type(error).__module__.startswith("dagster"):
                _stop(f"--select {select!r}: {error}")
            raise
    print_summary(console, workspace, started, result.errors)
    if not result.is_success:
        for text in result.errors:
            console.print(f"[bold red]failed[/] {text}", highlight=False, soft_wrap=True)
        raise typer.Exit(1)
    took = (datetime.now(UTC).replace(tzinfo=None) - started).total_seconds()
    console.print(f"Done in {took:.1f} s.")


@app.command()
def analyze(
    file: Annotated[Path, typer.Argument(help="CSV with Start Time and MW_net, or a raw export.")],
    show: Annotated[bool, typer.Option("--show", help="Open the plot in a window.")] = False,
) -> None:
    """Check one series: rows, unread times, interval, gaps; write its gaps and a plot beside it."""
    from ingest.analyze import analyze_series, format_report, write_gaps

    try:
        report = analyze_series(file)
    except ValueError as error:
        _stop(str(error))
    print(format_report(report))
    print(f"gaps: {write_gaps(report, file)}")
    from dagster_defs.plot_files import draw_series

    plot = draw_series(report, file.with_suffix(".png"))
    print(f"plot: {plot}")
    if show:
        typer.launch(str(plot))


@app.command()
def sample(
    root: Root = Path(),
    feeders: Annotated[int, typer.Option(min=1, help="Number of feeders.")] = 4,
    months: Annotated[int, typer.Option(min=1, help="Months of data.")] = 3,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = 7,
) -> None:
    """Write simulated raw exports into _dropbox/KW, and meter-data.csv if there is none."""
    _write_sample(root.resolve(), feeders, months, seed)


@app.command()
def ui(
    root: Root = Path(), port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 3000
) -> None:
    """Open the Dagster page on 127.0.0.1; its state is kept below the root."""
    from dagster_defs.dbt_command import PROJECT
    from dagster_defs.run_job import dagster_home

    workspace = _workspace(root)
    environment = {
        **os.environ,
        "LOAD_PROFILE_ROOT": str(workspace.root),
        "DAGSTER_HOME": str(dagster_home(workspace)),
    }
    dagster = Path(sys.executable).with_name("dagster")
    page = [str(dagster), "dev", "--host", "127.0.0.1", "--port", str(port)]
    page += ["--workspace", str(PROJECT.parent / "workspace.yaml")]
    raise typer.Exit(subprocess.run(page, env=environment, cwd=PROJECT.parent).returncode)


def _workspace(root: Path) -> Workspace:
    if not root.is_dir():
        _stop(f"--root {str(root)!r} is not a folder.")
    return Workspace(root.resolve())


def _variables(text: str | None) -> dict[str, str]:
    """dbt variables from JSON or YAML; stops with exit code 2 on anything else than a mapping."""
    import yaml

    try:
        value = yaml.safe_load(text or "{}")
    except yaml.YAMLError as error:
        _stop(f"--vars {text!r} is neither JSON nor YAML: {error}")
    if not isinstance(value, dict):
        _stop(f"--vars {text!r} is not a mapping; allowed is e.g. '{{net_convention: gross}}'.")
    allowed = {"net_convention", "system_timezone"}
    if set(value) - allowed:
        _stop(f"--vars {text!r}: allowed are {', '.join(sorted(allowed))}.")
    if value.get("net_convention", "signed") not in ("signed", "gross"):
        _stop(f"--vars net_convention {value['net_convention']!r}: allowed are signed, gross.")
    return {name: str(setting) for name, setting in value.items()}


def _write_sample(root: Path, feeders: int, months: int, seed: int) -> None:
    from ingest.sample import write_sample

    try:
        summary = write_sample(root, feeders=feeders, months=months, seed=seed)
    except (ValueError, FileExistsError) as error:
        _stop(str(error))
    console.print(
        f"Simulated: {summary.files} files, {summary.rows:,} rows of {len(summary.feeders)} feeders"
        f" in {Workspace(root).dropbox}"
    )


def _progress():
    """A line on the terminal that says what the run is doing."""
    status = console.status("Starting")

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            status.update(record.getMessage())
            if not console.is_terminal:
                console.print(record.getMessage(), highlight=False)

    logger = logging.getLogger("load_profile.progress")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.handlers = [Handler()]
    return status


def _stop(message: str) -> None:
    """End with exit code 2: wrong usage or wrong meter-data.csv."""
    Console(stderr=True).print(message, highlight=False, soft_wrap=True, markup=False)
    raise typer.Exit(2)


def main() -> None:
    """Entry point of the command.

    Importing makes objects by the hundred thousand that are needed to the end: collecting garbage
    among them, and taking them apart at exit, would cost two seconds for nothing.
    """
    gc.set_threshold(100_000, 50, 100)
    code = 0
    try:
        app()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
