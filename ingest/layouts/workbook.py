"""Read the visible sheets of a workbook (.xlsx, .xls, .ods) as rows of text. Knows no layout.

A sheet is handed on as delimited text whose lines are the sheet's rows: how its columns are read is
the matter of a layout, as for any other delimited file. Numbers have the shortest digits that give
the number in the cell again. A date that is a real one has no form of its own: it is written in the
form that the layout expects.
"""

import csv
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

from ingest.layouts.containers import check_sizes, is_workbook
from ingest.layouts.parsed import LayoutError
from ingest.problems import Problem

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # .xls
READER = Path(__file__).with_name("calamine_rows.py")
MOST_SECONDS = 300
# A formula without the value that it had when it was saved: calamine gives an empty cell.
UNCALCULATED = re.compile(
    rb"<(?:\w+:)?f\b(?:[^>]*/>|[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
SHEET_FILE = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
KINDS = {"moment": datetime, "day": date, "time": time}

Cell = str | datetime | date | time


@dataclass(frozen=True)
class Forms:
    """How a real date and time, a date, and a time of day are written, in strftime's words."""

    moment: str = "%Y-%m-%d %H:%M:%S"
    day: str = "%Y-%m-%d"
    time: str = "%H:%M:%S"


@dataclass(frozen=True)
class Sheet:
    """A sheet from its first row and column on: row 1 of the sheet is line 1 of its text."""

    name: str
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def has_dates(self) -> bool:
        """Whether any cell is a real date or time, which has no form of its own."""
        return any(not isinstance(cell, str) for row in self.rows for cell in row)

    def delimited(self, forms: Forms | None = None, delimiter: str = ",") -> bytes:
        """Return the rows as lines of delimited text in UTF-8, one line a row."""
        forms = forms or Forms()
        width = max((len(row) for row in self.rows), default=0)
        # midnight in a column of times is a date without a time of day
        timed = [
            any(isinstance(row[at], datetime) for row in self.rows if at < len(row))
            for at in range(width)
        ]
        out = io.StringIO()
        writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
        for row in self.rows:
            writer.writerow(
                [_text(cell, forms, is_timed) for cell, is_timed in zip(row, timed, strict=False)]
            )
        return out.getvalue().encode("utf-8", "replace")


def why_not(beginning: bytes) -> Problem | None:
    """Return why a file that begins so is no workbook, None if it is one."""
    if beginning.startswith(OLE) or is_workbook(beginning):
        return None
    return Problem("other_layout", values={"layout": "workbook", "text": beginning[:4].hex()})


def sheets(data: bytes) -> tuple[Sheet, ...]:
    """Return the visible sheets that have any cell, in the order of the workbook."""
    if not data.startswith(OLE):
        check_sizes(data)
        _refuse_uncalculated(data)
    found = _read(data)
    if "too_many" in found:
        raise LayoutError("too_many_cells", values={"most": found["too_many"]})
    if "error" in found:
        raise LayoutError("workbook", values={"text": found["error"]})
    read = [
        Sheet(sheet["name"], tuple(tuple(map(_cell, row)) for row in sheet["rows"]))
        for sheet in found["sheets"]
    ]
    read = [sheet for sheet in read if any(any(row) for row in sheet.rows)]
    if not read:
        raise LayoutError("no_rows")
    return tuple(read)


def sheet_that_fits(found: Sequence[Sheet], fits: Callable[[Sheet], bool]) -> Sheet | None:
    """Return the only sheet that fits, None without one; two that fit are refused."""
    fitting = [sheet for sheet in found if fits(sheet)]
    if len(fitting) > 1:
        names = {"first": fitting[0].name, "second": fitting[1].name}
        raise LayoutError("two_sheets", values=names)
    return fitting[0] if fitting else None


def _read(data: bytes) -> dict:
    """Return what calamine finds, in a process of its own: a damaged workbook may end it."""
    command = [sys.executable, "-I", str(READER)]
    quiet = os.environ | {"RUST_BACKTRACE": "0"}  # a trace of a panic takes a second
    try:
        done = subprocess.run(
            command, input=data, capture_output=True, timeout=MOST_SECONDS, env=quiet
        )
    except subprocess.TimeoutExpired:
        return {"error": f"not read within {MOST_SECONDS} seconds"}
    if done.returncode:
        return {"error": "a structure that no program writes"}
    return json.loads(done.stdout)


def _cell(cell: str | dict[str, str]) -> Cell:
    if isinstance(cell, str):
        return cell
    ((kind, text),) = cell.items()
    return KINDS[kind].fromisoformat(text)


def _text(cell: Cell, forms: Forms, is_timed: bool) -> str:
    """Return the text of a cell: one line, whatever it was."""
    if isinstance(cell, datetime):
        fraction = f".{cell.microsecond:06}" if cell.microsecond else ""
        return cell.strftime(forms.moment) + fraction
    if isinstance(cell, date):
        moment = datetime(cell.year, cell.month, cell.day)
        return moment.strftime(forms.moment if is_timed else forms.day)
    if isinstance(cell, time):
        return cell.strftime(forms.time)
    return " ".join(cell.splitlines())


def _refuse_uncalculated(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            if SHEET_FILE.fullmatch(name) and UNCALCULATED.search(archive.read(name)):
                raise LayoutError("uncalculated")
