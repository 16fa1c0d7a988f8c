"""The command `load-profile`. Reads options, calls one function, prints; heavy imports wait."""

import gc
import logging
import os
import socket
import sys
from contextlib import suppress
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from ingest.caches import notices
from ingest.decisions import DecisionError, feeders_of, read_decisions
from ingest.layouts import LayoutFileError, check_layout_files
from ingest.meter_data import MeterDataError, read_meter_data
from ingest.raw_files import find_files
from ingest.settings import SettingsError, read_settings
from ingest.words import counted
from load_profile import cli_files, interrupt
from load_profile.cli_terminal import (
    Notices,
    Root,
    console,
    progress,
    reported,
    say,
    stop,
    workspace_of,
)
from load_profile.dbt_variables import check_variables
from load_profile.exports.options import Form, LeapDay, Options, Use
from load_profile.shown import dates_of

DAY = ["%Y-%m-%d"]
DATE = "YYYY-MM-DD, the end of that day, or 'YYYY-MM-DD HH:MM' (UTC)"

app = typer.Typer(
    help="From a folder of raw revenue-meter exports to load profiles that can be trusted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(cli_files.app)


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
    workspace = workspace_of(root)
    variables = _variables(dbt_vars)
    is_new = not workspace.warehouse.exists()
    if sample_if_empty and is_new and not find_files(*workspace.drop_folders):
        where = escape(str(workspace.dropbox))
        console.print(f"Nothing in {where} and no warehouse yet: writing a sample.")
        cli_files.write_sample_files(workspace.root, 4, 3, 7)
    try:
        meters = read_meter_data(workspace.meter_data)
        read_decisions(workspace.decisions, feeders_of(meters))
        read_settings(workspace.settings)
        check_layout_files(workspace)
    except (MeterDataError, DecisionError, SettingsError, LayoutFileError) as error:
        stop(str(error))
    from ingest.warehouse import WarehouseError, utc_now
    from load_profile.dbt import DbtError
    from load_profile.drop_folder import has_nothing_to_read, left_out
    from load_profile.last_run import is_anything_new
    from load_profile.remove_sample import holds_sample_and_others
    from load_profile.run import run_steps
    from load_profile.selection import SelectionError
    from load_profile.terminal import print_summary

    if has_nothing_to_read(workspace):
        nothing = f"Nothing to do: there is no file of readings in {workspace.dropbox}."
        stop("\n".join([nothing, *left_out(workspace)]))
    with reported(alert=workspace):
        if holds_sample_and_others(workspace):
            console.print(
                "[bold]warning[/] simulated feeders of `load-profile sample` are in this root and "
                "count in its total: `load-profile sample --remove` takes them out",
                soft_wrap=True,
            )
    started = utc_now()
    with (
        reported(alert=workspace),
        workspace.locked(say=say),
    ):
        if not select and not is_anything_new(workspace, variables, plots):
            console.print("Nothing new since the last run: no file changed.")
            print_summary(console, workspace, started)
            return
        with progress():
            try:
                result = run_steps(workspace, variables, select, plots)
            except SelectionError as error:
                stop(f"--select {select!r}: {error}")
            except DbtError as error:  # the project does not parse
                stop(str(error), 1)
        with reported() if result.is_success else suppress(WarehouseError):
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
    """Show what happened to files: outcome, reason and where they are now, the latest last."""
    from load_profile.terminal import print_status

    with reported(SettingsError):
        print_status(console, workspace_of(root), name, most)


@app.command()
def why(
    feeder: str,
    start: Annotated[str, typer.Argument(help="'2024-07-12 11:00' local, or with Z for UTC.")],
    root: Root = Path(),
) -> None:
    """Show where a published number comes from: file, line, meter-data row and formula."""
    from ingest.warehouse import open_warehouse
    from load_profile.why import explain

    workspace = workspace_of(root)
    with reported(ValueError), open_warehouse(workspace.warehouse, read_only=True) as con:
        say("\n".join(explain(con, workspace, feeder, start)))


@app.command()
def diff(
    earlier: Annotated[
        str, typer.Argument(metavar="[A]", help=f"A version, or how its name begins; or {DATE}.")
    ] = "",
    later: Annotated[
        str, typer.Argument(metavar="[B]", help="Another one; the latest if left out.")
    ] = "",
    root: Root = Path(),
    most: Annotated[int, typer.Option(help="How many intervals to show.")] = 20,
) -> None:
    """Show what changed between two published versions, by default the latest and the one before.

    Intervals with their values before and after, why, and the effect on energy and peak.
    """
    from load_profile.publish.history import UnknownVersionError, difference
    from load_profile.terminal import print_difference

    with reported(UnknownVersionError, SettingsError):
        found = difference(_published(root), earlier, later)
        print_difference(console, found, most, dates_of(workspace_of(root)))


@app.command()
def as_of(
    moment: Annotated[
        str, typer.Argument(metavar="DATE", help=f"{DATE.capitalize()}; or a version.")
    ],
    feeder: Annotated[str, typer.Argument(help="A feeder, or total; all if left out.")] = "",
    root: Root = Path(),
    csv: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            help="Write the profile as in lp/<feeder>.csv, without a feeder that of the total; "
            "- prints it.",
        ),
    ] = "",
) -> None:
    """Show profiles as they were published at a moment, and write one of them as CSV.

    Exact, and compared with fingerprints of that time; an error if too much history is gone.
    """
    from ingest.filing import write_text
    from load_profile.files.writer import is_output
    from load_profile.publish.earlier import NotKeptError, lines_as_of, profiles_as_of
    from load_profile.publish.history import UnknownVersionError
    from load_profile.terminal import print_earlier

    place = _published(root)
    if csv and is_output(Path(csv)):
        stop(f"{csv} was written by a run and is not overwritten; --csv takes another file.")
    with reported(UnknownVersionError, NotKeptError, SettingsError):
        if csv == "-":
            sys.stdout.writelines(f"{text}\n" for text in lines_as_of(place, moment, feeder))
            return
        dates = dates_of(workspace_of(root))
        print_earlier(console, profiles_as_of(place, moment, feeder), dates)
        if csv:
            lines = lines_as_of(place, moment, feeder)
            write_text(Path(csv), "".join(f"{text}\n" for text in lines))
            say(f"Written: {csv}")


@app.command(no_args_is_help=True)
def export(
    kind: Annotated[
        Form | None, typer.Argument(metavar="KIND", help=", ".join(Form), show_default=False)
    ] = None,
    feeder: Annotated[
        list[str], typer.Option(help="A feeder or `total`, again for more. [default: all]")
    ] = [],  # noqa: B006
    first: Annotated[
        datetime | None,
        typer.Option("--from", metavar="DAY", formats=DAY, help="The first day, YYYY-MM-DD."),
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", metavar="DAY", formats=DAY, help="The last day.")
    ] = None,
    year: Annotated[int | None, typer.Option(help="A calendar year.", min=1, max=9998)] = None,
    use: Annotated[
        Use, typer.Option(help="Measured values, or edits and estimates too, or incomplete totals.")
    ] = Use.strict,
    allow_partial: Annotated[
        bool, typer.Option("--allow-partial", help="Write missing values with the form's own mark.")
    ] = False,
    leap: Annotated[
        LeapDay, typer.Option(help="The day that a leap year of 365 days leaves out.")
    ] = LeapDay.feb29,
    both: Annotated[
        bool, typer.Option("--both", help="Delivered and received power apart, not the net.")
    ] = False,
    kvar_bound: Annotated[
        bool, typer.Option("--kvar-bound", help="Where kvar is unknown, the most that kVA allows.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The folder. [default: exports/KIND]")
    ] = None,
    decisions: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write decisions and what they do as CSV instead."),
    ] = None,
    root: Root = Path(),
) -> None:
    """Write files that other programs load; an unknown value is never written as a number."""
    from load_profile.export_decisions import export_decisions
    from load_profile.exports.catalog import KINDS
    from load_profile.exports.export import ExportError, export
    from load_profile.files.writer import is_output

    if (kind is None) == (decisions is None):
        stop(f"Give a kind, {', '.join(Form)}, or --decisions FILE.")
    if decisions:
        if is_output(decisions):
            stop(f"{decisions} was written by a run and is not overwritten; name another file.")
        with reported():
            count = export_decisions(_published(root), decisions)
        say(f"Written: {decisions}, {count:,} lines")
        return
    options = Options(
        feeders=tuple(dict.fromkeys(feeder)),
        first=first and first.date(),
        until=last and last.date() + timedelta(days=1),
        year=year,
        use=use,
        allow_partial=allow_partial,
        leap=leap,
        both=both,
        kvar_bound=kvar_bound,
    )
    folder = out or workspace_of(root).root / "exports" / kind
    with reported(ExportError), progress():
        job = export(_published(root), KINDS[kind], folder, options)
    for name, why in job.refused.items():
        say(f"Not written: {name}: {why}.")
    count = len(job.written)
    say(f"Written to {folder}: {counted(count, 'file')}" if count else "Nothing is written.")
    if job.refused:
        raise typer.Exit(1)


def _published(root: Path) -> Path:
    """The published file of a root; stops if there is none."""
    place = workspace_of(root).published
    if not place.exists():
        stop(f"There is no {place} yet: `load-profile run` publishes the first version.")
    return place


@app.command()
def rebuild(root: Root = Path()) -> None:
    """Rebuild the warehouse from data/KW and run; the old one is put aside, not deleted."""
    from ingest.review import ReviewError, rebuild_warehouse

    workspace = workspace_of(root)
    with reported(ReviewError, MeterDataError), workspace.locked(say=say):
        with progress() as status:
            kept = rebuild_warehouse(
                workspace, lambda *at: status.update("{}: {} of {}".format(*at))
            )
        say(f"The old warehouse is kept as {kept}." if kept else "There was no old warehouse.")
        run(root)


@app.command()
def docs(root: Root = Path()) -> None:
    """Write lp/dbt-docs.html: all tables, columns, tests and where they come from, as one page."""
    from load_profile.dbt_docs import write_docs

    workspace = workspace_of(root)
    with reported(), workspace.locked(say=say):
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

    workspace = workspace_of(root)
    with socket.socket() as free:
        if free.connect_ex(("127.0.0.1", port)) == 0:
            stop(f"Port {port} is in use; --port takes another one.", 1)
    raise typer.Exit(serve_page(workspace, port))


@app.command()
def explore(
    root: Root = Path(),
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = 3001,
    show: Annotated[bool, typer.Option("--open/--no-open", help="Open it in the browser.")] = True,
) -> None:
    """Open a page on 127.0.0.1 with all published profiles: choose, zoom, compare, explain.

    It reads what is published and changes nothing; only a browser on this machine is answered.
    """
    published = _published(root)
    from load_profile.explore.server import PortInUseError, serve

    def ready(address: str) -> None:
        say(f"Profiles of {published}: {address}. Ctrl-C ends it.")
        sys.stdout.flush()
        if show:
            typer.launch(address)

    try:
        serve(workspace_of(root), port, ready)
    except PortInUseError as error:
        stop(str(error), 1)


def _variables(text: str | None) -> dict[str, str]:
    """dbt variables from JSON or YAML; stops with exit code 2 on anything else than a mapping."""
    import yaml

    try:
        value = yaml.safe_load(text or "{}")
    except yaml.YAMLError as error:
        stop(f"--vars {text!r} is neither JSON nor YAML: {error}")
    if not isinstance(value, dict):
        stop(f"--vars {text!r} is not a mapping; allowed is e.g. '{{net_convention: gross}}'.")
    try:
        return check_variables(value)
    except ValueError as error:
        stop(f"--vars {text!r}: {error}")


def main() -> None:
    """Entry point of the command.

    Importing makes objects by the hundred thousand that are needed to the end: collecting garbage
    among them, and taking them apart at exit, would cost two seconds for nothing.
    """
    gc.set_threshold(100_000, 50, 100)
    os.environ["PYTHONSAFEPATH"] = "1"  # no other process imports from the working directory
    sys.stdout.reconfigure(errors="replace")  # a console may lack a letter of a file's name
    notices.propagate, notices.handlers = False, [Notices()]
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
