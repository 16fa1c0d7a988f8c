"""The command `load-profile`. Reads options, calls one function, prints; heavy imports wait."""

import gc
import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.markup import escape

from ingest.caches import notices
from ingest.meter_data import MeterDataError, read_meter_data
from ingest.raw_files import find_files
from ingest.settings import SettingsError, read_settings
from ingest.workspace import RootError, Workspace, workspace_at
from load_profile import interrupt
from load_profile.alerts import AlertError, read_alerts, tell
from load_profile.console import PlainConsole
from load_profile.dbt_variables import check_variables

app = typer.Typer(
    help="From a folder of raw revenue-meter exports to load profiles that can be trusted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
# steps write to a log of their own while they run; this one stays with the terminal
has_width = sys.stdout.isatty() or "COLUMNS" in os.environ
console = PlainConsole(file=sys.stdout, width=None if has_width else 120)
Root = Annotated[
    Path, typer.Option(help="Folder with _dropbox/KW and meter-data.csv; results go below it.")
]


def _print_version(wanted: bool) -> None:
    if wanted:
        console.print(f"load-profile {version('load-profile')}", highlight=False)
        raise typer.Exit()


@app.callback()
def main_options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None: ...


@app.command()
def run(
    root: Root = Path(),
    dbt_vars: Annotated[
        str | None,
        typer.Option("--vars", help="dbt variables as JSON or YAML: '{net_convention: gross}'."),
    ] = None,
    select: Annotated[
        str | None,
        typer.Option(help="Only these tables and steps: gaps, +gaps, gaps+, group:plots."),
    ] = None,
    plots: Annotated[
        bool, typer.Option(help="Draw plots too; without, they are left as they are.")
    ] = True,
    sample_if_empty: Annotated[
        bool, typer.Option(help="Write simulated files first if there is nothing at all yet.")
    ] = False,
) -> None:
    """Take in every file of _dropbox/KW and bring tables, profiles, gap lists and plots up to date.

    Exit code 0 also when files were rejected (they are listed), 1 when a model or test fails,
    2 for wrong usage, a wrong meter-data.csv or no file at all, 130 after Ctrl-C.
    """
    interrupt.end_at_interrupt()
    workspace = _workspace(root)
    variables = _variables(dbt_vars)
    if sample_if_empty and not find_files(workspace.dropbox) and not workspace.warehouse.exists():
        where = escape(str(workspace.dropbox))
        console.print(f"Nothing in {where} and no warehouse yet: writing a sample.")
        _write_sample(workspace.root, 4, 3, 7)
    try:
        read_meter_data(workspace.meter_data)
        read_alerts(workspace)
        read_settings(workspace.settings)
    except (MeterDataError, AlertError, SettingsError) as error:
        _stop(str(error))
    from ingest.warehouse import WarehouseError, utc_now
    from load_profile.drop_folder import has_nothing_to_read, left_out
    from load_profile.last_run import is_anything_new
    from load_profile.remove_sample import holds_sample_and_others
    from load_profile.run import run_steps
    from load_profile.selection import SelectionError
    from load_profile.terminal import print_summary

    if has_nothing_to_read(workspace):
        nothing = f"Nothing to do: there is no .csv file in {workspace.dropbox}."
        _stop("\n".join([nothing, *left_out(workspace)]))
    with _reported(alert=workspace):
        if holds_sample_and_others(workspace):
            console.print(
                "[bold]warning[/] simulated feeders of `load-profile sample` are in this root and "
                "count in its total: `load-profile sample --remove` takes them out",
                soft_wrap=True,
            )
    started = utc_now()
    with (
        _reported(alert=workspace),
        workspace.locked(say=_say),
    ):
        if not select and not is_anything_new(workspace, variables, plots):
            console.print("Nothing new since the last run: no file changed.")
            print_summary(console, workspace, started)
            return
        with _progress():
            try:
                result = run_steps(workspace, variables, select, plots)
            except SelectionError as error:
                _stop(f"--select {select!r}: {error}")
        with _reported() if result.is_success else suppress(WarehouseError):
            print_summary(console, workspace, started, result.errors)
    for text in result.warnings:
        console.print(f"[bold]warning[/] {escape(text)}", highlight=False, soft_wrap=True)
    left = result.files.get("left for the next run", "none")
    if left != "none":
        console.print(f"[bold]left for the next run[/] (changed while being read): {escape(left)}")
    if not result.is_success:
        for text in result.errors:
            console.print(f"[bold red]failed[/] {escape(text)}", highlight=False, soft_wrap=True)
        raise typer.Exit(1)
    console.print(f"Cost: {result.cost}.", highlight=False, soft_wrap=True)
    took = (utc_now() - started).total_seconds()
    console.print(f"Done in {took:.1f} s.")


@app.command()
def status(
    name: Annotated[str, typer.Argument(help="Part of a file's name; all files if left out.")] = "",
    root: Root = Path(),
    most: Annotated[int, typer.Option(help="How many to show, the latest.")] = 40,
) -> None:
    """Say what happened to files: outcome, reason and where they are now, the latest last."""
    from load_profile.terminal import print_status

    with _reported():
        print_status(console, _workspace(root), name, most)


@app.command()
def why(
    feeder: str,
    start: Annotated[str, typer.Argument(help="'2024-07-12 11:00' local, or with Z for UTC.")],
    root: Root = Path(),
) -> None:
    """Say where a published number comes from: file, line, meter-data row and formula."""
    from ingest.warehouse import open_warehouse
    from load_profile.why import explain

    workspace = _workspace(root)
    with _reported(ValueError), open_warehouse(workspace.warehouse, read_only=True) as con:
        _say("\n".join(explain(con, workspace, feeder, start)))


@app.command()
def diff(
    earlier: Annotated[
        str, typer.Argument(metavar="[A]", help="A version, or how its name begins.")
    ] = "",
    later: Annotated[
        str, typer.Argument(metavar="[B]", help="Another one; the latest if left out.")
    ] = "",
    root: Root = Path(),
    most: Annotated[int, typer.Option(help="How many intervals to show.")] = 20,
) -> None:
    """Say what changed between two published versions, by default the latest and the one before.

    Intervals with their values before and after, why, and the effect on energy and peak.
    """
    from load_profile.publish.history import UnknownVersionError, difference
    from load_profile.terminal import print_difference

    place = _workspace(root).published
    with _reported(UnknownVersionError):
        if not place.exists():
            _stop(f"There is no {place} yet: `load-profile run` publishes the first version.")
        print_difference(console, difference(place, earlier, later), most)


@app.command()
def release(
    file: Annotated[str, typer.Argument(help="Name or path of a file in data/KW/ERROR.")],
    reason: Annotated[str, typer.Option(help="Why it may be used all the same.")] = "reviewed",
    root: Root = Path(),
) -> None:
    """Accept a file that was rejected for a sequence error; then run as usual."""
    from ingest.doubled_rows import doubled_rows
    from ingest.review import ReviewError, release_file
    from ingest.warehouse import open_warehouse

    workspace = _built(root)
    with _reported(ReviewError), workspace.locked(say=_say):
        entry = release_file(workspace, file, reason)
        with open_warehouse(workspace.warehouse, read_only=True) as con:
            doubled = doubled_rows(con, entry.raw.sha256)
    _say(f"Released: {entry.checked.row_count:,} rows of {entry.raw.name}, now {entry.stored_as}.")
    if doubled:
        _say(doubled)
    _say("`load-profile run` brings tables, files and plots up to date.")


@app.command()
def withdraw(
    file: Annotated[str, typer.Argument(help="Name, path or #number of an accepted file.")],
    reason: Annotated[str, typer.Option(help="Why it must not be used.")],
    root: Root = Path(),
) -> None:
    """Take an accepted file out of use; its bytes and rows stay, the next run leaves them out."""
    from ingest.review import ReviewError, withdraw_file

    workspace = _built(root)
    with _reported(ReviewError), workspace.locked(say=_say):
        place, row_count = withdraw_file(workspace, file, reason)
    _say(f"Withdrawn: {row_count:,} rows of {place}.")
    _say("`load-profile run` brings tables, files and plots up to date.")


@app.command()
def rebuild(root: Root = Path()) -> None:
    """Make the warehouse anew from data/KW and run; the old one is put aside, not deleted."""
    from ingest.review import ReviewError, rebuild_warehouse

    workspace = _workspace(root)
    with _reported(ReviewError, MeterDataError), workspace.locked(say=_say):
        with _progress() as status:
            kept = rebuild_warehouse(
                workspace, lambda *at: status.update("{}: {} of {}".format(*at))
            )
        _say(f"The old warehouse is kept as {kept}." if kept else "There was no old warehouse.")
        run(root)


@app.command()
def export_raw(
    folder: Annotated[
        str, typer.Argument(help="A local folder; warehouse/raw below the root if left out.")
    ] = "",
    root: Root = Path(),
) -> None:
    """Write schema `raw` as Parquet, for Spark: months of reads with new files, and the ledger."""
    from ingest.export_raw import NotAFolderError, export_raw

    workspace = _built(root)
    with _reported(NotAFolderError), workspace.locked(say=_say):
        tables = export_raw(workspace, folder)
    for table in tables:
        cost = f"{table.row_count:,} rows, {table.bytes_written / 1e6:.1f} MB"
        _say(
            f"{table.name}: {len(table.written)} written{f' ({cost})' * bool(table.written)}, "
            f"{len(table.unchanged)} unchanged, {len(table.removed)} removed; "
            f"{table.seconds:.1f} s"
        )
    _say(f"Parquet files: {folder or workspace.exported_raw}")


@app.command()
def analyze(
    file: Annotated[Path, typer.Argument(help="CSV with Start Time and MW_net, or a raw export.")],
    show: Annotated[bool, typer.Option("--show", help="Open the plot in a window.")] = False,
) -> None:
    """Check one series: rows, unread times, interval, gaps; write its gaps and a plot beside it."""
    from load_profile.series.analyze import analyze_series, write_gaps
    from load_profile.series.in_words import format_report

    try:
        report = analyze_series(file)
    except ValueError as error:
        _stop(str(error))
    _say(format_report(report))
    from load_profile.files.writer import is_output
    from load_profile.plots.series import draw_series

    stem = file.stem
    if is_output(file.with_name(f"{stem}_gaps.csv")):  # what a run wrote is not overwritten
        stem += "_analyzed"
    _say(f"gaps: {write_gaps(report, file.with_name(f'{stem}_gaps.csv'))}")
    plot = draw_series(report, file.with_name(f"{stem}.png"))
    _say(f"plot: {plot}")
    if show:
        typer.launch(str(plot))


@app.command()
def sample(
    root: Root = Path(),
    feeders: Annotated[int, typer.Option(min=1, help="Number of feeders.")] = 4,
    months: Annotated[int, typer.Option(min=1, help="Months of data.")] = 3,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = 7,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take the sample out again, with all made from it.")
    ] = False,
) -> None:
    """Write simulated raw exports into _dropbox/KW, and meter-data.csv if there is none."""
    if remove:
        _remove_sample(_workspace(root))
        return
    _write_sample(_workspace(root, must_exist=False).root, feeders, months, seed)


@app.command()
def docs(root: Root = Path()) -> None:
    """Write lp/dbt-docs.html: all tables, columns, tests and where they come from, as one page."""
    from load_profile.dbt_docs import write_docs

    workspace = _workspace(root)
    with _reported(), workspace.locked(say=_say):
        page = write_docs(workspace)
    console.print(escape(str(page)), highlight=False, soft_wrap=True)


@app.command()
def ui(
    root: Root = Path(),
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = 3000,
) -> None:
    """Open the Dagster page on 127.0.0.1; its state is kept below the root.

    Only a browser on this machine is answered, and only that page itself (docs/security.md).
    """
    from load_profile.page_process import serve_page

    workspace = _workspace(root)
    with socket.socket() as free:
        if free.connect_ex(("127.0.0.1", port)) == 0:
            _stop(f"Port {port} is in use; --port takes another one.", 1)
    raise typer.Exit(serve_page(workspace, port))


@contextmanager
def _reported(*wrong_words: type[Exception], alert: Workspace | None = None) -> Iterator[None]:
    """Show what a person can mend as one message, exit code 2 for wrong words and 1 otherwise.

    `alert` is the root whose people are told too.
    """
    from ingest.filing import FilingError
    from ingest.warehouse import WarehouseError
    from ingest.workspace import WorkspaceBusyError

    try:
        yield
    except wrong_words as error:
        _stop(str(error))
    except (WarehouseError, WorkspaceBusyError, FilingError, OSError) as error:
        for text in tell(alert, "the run failed", [str(error)]) if alert else ():
            console.print(f"[bold]warning[/] {escape(text)}", highlight=False, soft_wrap=True)
        _stop(str(error), 1)


def _workspace(root: Path, *, must_exist: bool = True) -> Workspace:
    try:
        return workspace_at(root, must_exist=must_exist)
    except RootError as error:
        _stop(str(error))


def _built(root: Path) -> Workspace:
    """The workspace of a folder in which files were taken in; nothing is made in any other."""
    workspace = _workspace(root)
    if not workspace.warehouse.exists() and not workspace.archive.exists():
        _stop(
            f"No file was ever taken in at {workspace.root}. Give --root the folder that has "
            "meter-data.csv and data/KW; in a new one, `load-profile run` takes in the first files."
        )
    return workspace


def _variables(text: str | None) -> dict[str, str]:
    """dbt variables from JSON or YAML; stops with exit code 2 on anything else than a mapping."""
    import yaml

    try:
        value = yaml.safe_load(text or "{}")
    except yaml.YAMLError as error:
        _stop(f"--vars {text!r} is neither JSON nor YAML: {error}")
    if not isinstance(value, dict):
        _stop(f"--vars {text!r} is not a mapping; allowed is e.g. '{{net_convention: gross}}'.")
    try:
        return check_variables(value)
    except ValueError as error:
        _stop(f"--vars {text!r}: {error}")


def _write_sample(root: Path, feeders: int, months: int, seed: int) -> None:
    from load_profile.sample import write_sample

    try:
        summary = write_sample(root, feeders=feeders, months=months, seed=seed)
    except (ValueError, OSError) as error:
        _stop(str(error))
    console.print(
        f"Simulated: {summary.files} files, {summary.rows:,} rows of {len(summary.feeders)} feeders"
        f" in {escape(str(Workspace(root).dropbox))}"
    )


def _remove_sample(workspace: Workspace) -> None:
    from load_profile.files.writer import remove_outputs
    from load_profile.remove_sample import remove_sample
    from load_profile.sample import simulated

    if not simulated(workspace.root):
        _stop(f"No sample has been written in {workspace.root}.")
    with _reported(MeterDataError), workspace.locked(say=print):
        removed = remove_sample(workspace)
        outputs = remove_outputs(workspace.profiles)
    print(
        f"Removed: {removed.files} simulated files, {outputs} files made from them"
        f"{' and meter-data.csv' if removed.meter_data else ''}."
    )
    if not removed.meter_data:
        print(
            "meter-data.csv was there before the sample, or has changed since, and stays. Delete "
            "its rows of feeders without a file: the next run counts all their time as missing."
        )
    if removed.others:
        print(f"{removed.others} files of yours stay: `load-profile run` makes everything anew.")


def _progress():
    """A line on the terminal that says what the run is doing."""
    status = console.status("Starting")

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            status.update(escape(record.getMessage()))
            if not console.is_terminal:
                console.print(escape(record.getMessage()), highlight=False)

    logger = logging.getLogger("load_profile.progress")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.handlers = [Handler()]
    return status


def _say(text: str) -> None:
    """Print a text that may hold what files hold."""
    console.print(text, highlight=False, soft_wrap=True, markup=False)


class _Notices(logging.Handler):
    """Prints what was put right without anybody having to do anything."""

    def emit(self, record: logging.LogRecord) -> None:
        text = f"[bold]repaired[/] {escape(record.getMessage())}"
        console.print(text, highlight=False, soft_wrap=True)


def _stop(message: str, code: int = 2) -> NoReturn:
    """End with a message; 2 is wrong usage or a wrong meter-data.csv."""
    PlainConsole(stderr=True).print(message, highlight=False, soft_wrap=True, markup=False)
    raise typer.Exit(code)


def main() -> None:
    """Entry point of the command.

    Importing makes objects by the hundred thousand that are needed to the end: collecting garbage
    among them, and taking them apart at exit, would cost two seconds for nothing.
    """
    gc.set_threshold(100_000, 50, 100)
    os.environ["PYTHONSAFEPATH"] = "1"  # no other process imports from the working directory
    sys.stdout.reconfigure(errors="replace")  # a console may lack a letter of a file's name
    notices.propagate, notices.handlers = False, [_Notices()]
    code = 0
    try:
        app()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        code = interrupt.CODE
    if code == interrupt.CODE:
        sys.stderr.write("Stopped.\n")
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
