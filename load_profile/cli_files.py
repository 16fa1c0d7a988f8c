"""Commands on single files: release, withdraw, export, analyze, and the sample."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape

from ingest.decisions import ACTIONS, DecisionError
from ingest.meter_data import MeterDataError
from ingest.words import counted
from ingest.workspace import Workspace
from load_profile.cli_terminal import (
    Root,
    built_workspace,
    console,
    reported,
    say,
    stop,
    workspace_of,
)

app = typer.Typer()


@app.command()
def release(
    file: Annotated[
        str, typer.Argument(help="Name or path of a file in data/KW/ERROR; not with --holes.")
    ] = "",
    reason: Annotated[str, typer.Option(help="Why it may be used all the same.")] = "reviewed",
    holes: Annotated[
        bool, typer.Option("--holes", help="All files with nothing wrong but missing intervals.")
    ] = False,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="With --holes: those rejected since that day."),
    ] = None,
    keep: Annotated[
        Literal["first", "last"] | None,
        typer.Option(help="Load only the first or the last of the rows that start at one time."),
    ] = None,
    root: Root = Path(),
) -> None:
    """Accept a file rejected for a sequence error, or all with holes only; then run as usual."""
    from ingest.doubled_rows import doubled_rows
    from ingest.release import release_file
    from ingest.review import ReviewError
    from ingest.warehouse import open_warehouse

    if holes == bool(file) or (holes and keep) or (since and not holes):
        stop("Name a file, perhaps with --keep; or give --holes, perhaps with --since.")
    workspace = built_workspace(root)
    if holes:
        _release_holes(workspace, reason, since)
        return
    with reported(ReviewError), workspace.locked(say=say):
        entry = release_file(workspace, file, reason, keep=keep)
        with open_warehouse(workspace.warehouse, read_only=True) as con:
            doubled = doubled_rows(con, entry.raw.sha256)
    say(f"Released: {entry.checked.row_count:,} rows of {entry.raw.name}, now {entry.stored_as}.")
    if doubled:
        say(doubled)
    say("`load-profile run` brings tables, files and plots up to date.")


def _release_holes(workspace: Workspace, reason: str, since: datetime | None) -> None:
    """Release all files with holes only, and say how many there were and which were left."""
    from ingest.release import release_holes

    with reported(), workspace.locked(say=say):
        done = release_holes(workspace, reason, since and since.date())
    for name, why in done.refused:
        say(f"Not released: {name}: {why}")
    if not done.file_count:
        say("No rejected file has holes only.")
        return
    say(
        f"Released: {counted(done.row_count, 'row')} of {counted(done.file_count, 'file')} with "
        f"holes only; {counted(done.missing_intervals, 'interval')} missing in them stay a gap."
    )
    say("`load-profile run` brings tables, files and plots up to date.")


@app.command()
def withdraw(
    file: Annotated[str, typer.Argument(help="Name, path or #number of an accepted file.")],
    reason: Annotated[str, typer.Option(help="Why it must not be used.")],
    root: Root = Path(),
) -> None:
    """Take an accepted file out of use; its bytes and rows stay, the next run leaves them out."""
    from ingest.review import ReviewError, withdraw_file

    workspace = built_workspace(root)
    with reported(ReviewError), workspace.locked(say=say):
        place, row_count = withdraw_file(workspace, file, reason)
    say(f"Withdrawn: {row_count:,} rows of {place}.")
    say("`load-profile run` brings tables, files and plots up to date.")


@app.command()
def decide(
    action: Annotated[str, typer.Argument(help=f"{', '.join(ACTIONS[:-1])} or {ACTIONS[-1]}.")],
    whom: Annotated[
        str, typer.Argument(metavar="FEEDER", help="To revoke, the decision's number.")
    ],
    first: Annotated[
        str,
        typer.Argument(
            metavar="[FROM]", help="First start, '2024-07-12 11:00' local, or with Z for UTC."
        ),
    ] = "",
    until: Annotated[
        str, typer.Option(help="End of the last interval; that of the first if left out.")
    ] = "",
    channel: Annotated[
        str, typer.Option(help="mw_del, mw_rec, mva_del, ...; all if left out, but not to set.")
    ] = "",
    value: Annotated[
        str,
        typer.Option(help="MW, MVA or Mvar to set; a factor to scale by; minutes to shift by."),
    ] = "",
    rule: Annotated[
        str, typer.Option(help="What to acknowledge: gap, or the rule of a finding.")
    ] = "",
    expires: Annotated[
        str, typer.Option(metavar="DATE", help="Last day on which an acknowledgement holds.")
    ] = "",
    who: Annotated[str, typer.Option(help="Who decides.")] = "",
    why: Annotated[str, typer.Option(help="The reason.")] = "",
    root: Root = Path(),
) -> None:
    """Put a decision on readings on record in decisions.csv; actual values stay as they are.

    The table edited_values has what was decided beside each actual value.
    """
    from load_profile.decide import decide as add
    from load_profile.decide import doubts

    workspace = workspace_of(root)
    with reported(DecisionError, MeterDataError), workspace.locked(say=say):
        made = add(
            workspace,
            action,
            whom,
            first,
            until,
            channel=channel,
            value=value,
            rule=rule,
            expires=expires,
            who=who,
            why=why,
        )
        doubted = doubts(workspace, made)
    what = f"decision {made.revokes}"
    if made.first_start and made.until:
        span = f"{made.first_start:%Y-%m-%d %H:%M} to {made.until:%Y-%m-%d %H:%M} UTC"
        what = f"{made.feeder}, {span}, {made.rule or made.channel or 'all channels'}"
        what += f", until {made.expires} at most" if made.expires else ""
    number = "" if made.value is None else f" {made.value:f}"
    say(f"Decision {made.decision} is on record: {made.action}{number}, {what}.")
    for text in doubted:
        say(f"But {text} If it is wrong: load-profile decide revoke {made.decision}")
    say("`load-profile run` brings tables up to date.")


@app.command()
def export_raw(
    folder: Annotated[
        str, typer.Argument(help="A local folder; warehouse/raw below the root if left out.")
    ] = "",
    root: Root = Path(),
) -> None:
    """Write schema `raw` as Parquet, for Spark: months of reads with new files, and the ledger."""
    from ingest.export_raw import NotAFolderError, export_raw

    workspace = built_workspace(root)
    with reported(NotAFolderError), workspace.locked(say=say):
        tables = export_raw(workspace, folder)
    for table in tables:
        cost = f"{table.row_count:,} rows, {table.bytes_written / 1e6:.1f} MB"
        say(
            f"{table.name}: {len(table.written)} written{f' ({cost})' * bool(table.written)}, "
            f"{len(table.unchanged)} unchanged, {len(table.removed)} removed; "
            f"{table.seconds:.1f} s"
        )
    say(f"Parquet files: {folder or workspace.exported_raw}")


@app.command()
def inspect(
    file: Annotated[Path, typer.Argument(help="A file as a meter or a meter system sends it.")],
    root: Root = Path(),
    write_layout: Annotated[
        str, typer.Option(help="Save the proposed layout as layouts/NAME.toml.", metavar="NAME")
    ] = "",
) -> None:
    """Show what a file is taken for and why, its first rows, and what a run would do with it.

    Changes nothing, but for the layout that --write-layout saves.
    """
    from ingest.layouts.layout_file import LayoutFileError
    from load_profile.inspect_file import inspect, save_layout
    from load_profile.inspect_words import inspection_in_words

    workspace = workspace_of(root)
    with reported(MeterDataError, LayoutFileError):
        found = inspect(file, workspace, write_layout or "my-layout")
        say(inspection_in_words(found, workspace))
        if write_layout:
            place, doubts = save_layout(found, workspace, write_layout)
            say(f"Saved: {place}")
            say(f"It reads nothing yet: {doubts}" if doubts else "It reads this file.")


@app.command()
def analyze(
    file: Annotated[Path, typer.Argument(help="A file of readings, or a profile of a run.")],
    time: Annotated[str, typer.Option(help="Column of the start time, in any other table.")] = "",
    value: Annotated[str, typer.Option(help="Column of the value, in any other table.")] = "",
    meter: Annotated[str, typer.Option(help="Which meter, in a file of several.")] = "",
    show: Annotated[bool, typer.Option("--show", help="Open the plot in a window.")] = False,
) -> None:
    """Check one series: rows, unread times, interval, gaps; write its gaps and a plot beside it."""
    from load_profile.series.analyze import analyze_series, write_gaps
    from load_profile.series.in_words import format_report
    from load_profile.series.read import Wanted

    if bool(time) != bool(value):
        stop("--time and --value go together: the names of two columns.")
    try:
        report = analyze_series(file, Wanted(time, value, meter))
    except ValueError as error:
        stop(str(error))
    say(format_report(report))
    from load_profile.files.writer import is_output
    from load_profile.plots.series import draw_series

    stem = file.stem
    if is_output(file.with_name(f"{stem}_gaps.csv")):  # what a run wrote is not overwritten
        stem += "_analyzed"
    say(f"gaps: {write_gaps(report, file.with_name(f'{stem}_gaps.csv'))}")
    plot = draw_series(report, file.with_name(f"{stem}.png"))
    say(f"plot: {plot}")
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
        _remove_sample(workspace_of(root))
        return
    write_sample_files(workspace_of(root, must_exist=False).root, feeders, months, seed)


def write_sample_files(root: Path, feeders: int, months: int, seed: int) -> None:
    from load_profile.sample import write_sample

    try:
        summary = write_sample(root, feeders=feeders, months=months, seed=seed)
    except (ValueError, OSError) as error:
        stop(str(error))
    console.print(
        f"Simulated: {summary.files} files, {summary.rows:,} rows of {len(summary.feeders)} feeders"
        f" in {escape(str(Workspace(root).dropbox))}"
    )


def _remove_sample(workspace: Workspace) -> None:
    from load_profile.files.writer import remove_outputs
    from load_profile.remove_sample import remove_sample
    from load_profile.sample import simulated

    if not simulated(workspace.root):
        stop(f"No sample has been written in {workspace.root}.")
    with reported(MeterDataError), workspace.locked(say=print):
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
        print(f"{removed.others} files of yours stay: `load-profile run` rebuilds everything.")
