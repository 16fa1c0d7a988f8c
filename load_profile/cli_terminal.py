"""What the commands share: the terminal, progress, and errors as messages. Runs nothing."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.markup import escape

from ingest.workspace import RootError, Workspace, workspace_at
from load_profile.alerts import send_alert
from load_profile.console import PlainConsole

has_width = sys.stdout.isatty() or "COLUMNS" in os.environ
console = PlainConsole(file=sys.stdout, width=None if has_width else 120)
Root = Annotated[
    Path, typer.Option(help="Folder with _dropbox/KW and meter-data.csv; results go below it.")
]


@contextmanager
def reported(*wrong_words: type[Exception], alert: Workspace | None = None) -> Iterator[None]:
    """Show what a person can mend as one message, exit code 2 for wrong words and 1 otherwise.

    `alert` is the root whose settings.toml names who is sent the message too.
    """
    from ingest.filing import FilingError
    from ingest.warehouse import WarehouseError
    from ingest.workspace import WorkspaceBusyError

    try:
        yield
    except wrong_words as error:
        stop(str(error))
    except (WarehouseError, WorkspaceBusyError, FilingError, OSError) as error:
        for text in send_alert(alert, "the run failed", [str(error)]) if alert else ():
            console.print(f"[bold]warning[/] {escape(text)}", highlight=False, soft_wrap=True)
        stop(str(error), 1)


def workspace_of(root: Path, *, must_exist: bool = True) -> Workspace:
    try:
        return workspace_at(root, must_exist=must_exist)
    except RootError as error:
        stop(str(error))


def built_workspace(root: Path) -> Workspace:
    """The workspace of a folder in which files were taken in; nothing is made in any other."""
    workspace = workspace_of(root)
    if not workspace.warehouse.exists() and not workspace.archive.exists():
        stop(
            f"No file was ever taken in at {workspace.root}. Give --root the folder that has "
            "meter-data.csv and data/KW; in a new one, `load-profile run` takes in the first files."
        )
    return workspace


def progress():
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


def say(text: str) -> None:
    """Print a text that may hold what files hold."""
    console.print(text, highlight=False, soft_wrap=True, markup=False)


class Notices(logging.Handler):
    """Prints what was put right without anybody having to do anything."""

    def emit(self, record: logging.LogRecord) -> None:
        text = f"[bold]repaired[/] {escape(record.getMessage())}"
        console.print(text, highlight=False, soft_wrap=True)


def stop(message: str, code: int = 2) -> NoReturn:
    """End with a message; 2 is wrong usage or a wrong meter-data.csv."""
    PlainConsole(stderr=True).print(message, highlight=False, soft_wrap=True, markup=False)
    raise typer.Exit(code)
