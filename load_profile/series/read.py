"""Read one series of a file into the rows of a temporary table. Knows no layout: `ingest` does.

Any file of a layout that a run takes in will do, with delivered minus received as its value, and
any table of which the columns of time and value are known: `MW_net` in the files of a run, or those
that a person names. Times are as written, on the clock of whoever wrote them; those that a file
has in UTC or with an offset are UTC.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from ingest.check_files import read_rows
from ingest.layouts import recognise, workbook
from ingest.layouts.delimited import DelimitedLayout
from ingest.layouts.interface import RawFile
from ingest.layouts.parsed import LayoutError, Parsed, ParsedLayout, ParsedOutline
from ingest.layouts.two_columns import layout_of_columns
from ingest.letters import reason
from ingest.load_files import insert_meter_rows
from ingest.parts import split_files
from ingest.problems import Problem
from ingest.raw_files import inspect_file
from ingest.sql import sql_beside
from ingest.warehouse import open_warehouse
from ingest.workspace import REGISTER, Workspace
from load_profile.new_meters import new_meter, points_of

# Of a file that a run has written, the first that are there.
OWN_COLUMNS = (("start_utc", "MW_net"), ("Start Time", "MW_net"))
ISO = tuple(f"%Y-%m-%d{mark}%H:%M{end}" for mark in " T" for end in ("", ":%S", ":%S.%f"))
OWN_FORMS = ("%m/%d/%y %H:%M:%S", *ISO, *(f"{form}%z" for form in ISO))
ABSENT = ("empty_file", "not_text", "layout_header", "layout_columns", "bad_row", "workbook")
MOST_NAMED = 20
ADVICE = "; name its columns with --time and --value, or see `load-profile inspect`"


@dataclass(frozen=True)
class Wanted:
    """What a person wants of a file: two columns of a table, or one of several meters."""

    time: str = ""
    value: str = ""
    meter: str = ""


ALL = Wanted()  # the one series of a file


@contextmanager
def read_series(path: Path, wanted: Wanted) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """Yield a connection with the table series_rows, and what its values are.

    Raises ValueError that says what is wrong with the file.
    """
    if not path.is_file():
        raise ValueError(f"{path}: there is no such file; expected a file of readings")
    raw, label = _recognised(path, wanted)
    if raw.problem:
        raise ValueError(f"{path}: {reason(raw.problem)}{ADVICE}")
    meter = new_meter(raw, _point(path, raw, wanted), None).row
    with TemporaryDirectory() as folder:
        scratch = Workspace(Path(folder)).warehouse
        with open_warehouse(scratch, also=path.resolve().parent) as con:
            insert_meter_rows(con, (meter,))
            files = dict(enumerate(split_files(con, [raw])))
            for problem in read_rows(con, files).values():
                raise ValueError(f"{path}: {reason(problem)}")
            con.execute(sql_beside(__file__, "rows"), {"absent": files[0].outline.absent})
            yield con, label or f"net ({_unit(files[0])})"


def _recognised(path: Path, wanted: Wanted) -> tuple[RawFile, str]:
    """Return the file as the columns wanted, a layout or columns of a run read it; the label."""
    if wanted.time and wanted.value:
        return _by_columns(path, wanted.time, wanted.value), wanted.value
    for time, value in OWN_COLUMNS:
        own = _by_columns(path, time, value, OWN_FORMS)
        if own.problem is None or own.problem.code not in ABSENT:
            return own, value
    return inspect_file(path, recognise), ""


def _by_columns(path: Path, time: str, value: str, known: tuple[str, ...] = ()) -> RawFile:
    """Return the file as a table of which two columns are read."""

    def found(data: bytes, name: str) -> tuple[ParsedLayout, object]:
        parse = partial(_parse_columns, time=time, value=value, known=known)
        layout = ParsedLayout("two-columns", bool, parse)
        return layout, layout.outline(data, name)

    return inspect_file(path, found)


def _parse_columns(data: bytes, time: str, value: str, known: tuple[str, ...]) -> Parsed:
    """Return two columns of delimited text, or of the first sheet that has them."""
    if workbook.why_not(data) is not None:
        return DelimitedLayout(layout_of_columns(data, time, value, known)).parse(data)
    for sheet in workbook.sheets(data):
        text = sheet.delimited()
        with suppress(LayoutError):
            parsed = DelimitedLayout(layout_of_columns(text, time, value, known)).parse(text)
            return replace(parsed, places=(sheet.name,))
    raise LayoutError("layout_columns", values={"column": f"{time} and {value}", "count": 0})


def _point(path: Path, raw: RawFile, wanted: Wanted) -> str | None:
    """Return the meter whose series is wanted; ValueError if that is not clear."""
    points = list(points_of(raw))
    if wanted.meter in points or (len(points) == 1 and not wanted.meter):
        return wanted.meter or points[0]
    names = [str(point) for point in points]
    if not names:
        raise ValueError(f"{path}: {reason(Problem('no_power', values=_no_power(raw)))}")
    shown = " ".join(names[:MOST_NAMED]) + (" ..." if names[MOST_NAMED:] else "")
    raise ValueError(f"{path}: name one of its {len(names):,} meters with --meter: {shown}")


def _no_power(raw: RawFile) -> dict[str, object]:
    if raw.kind == REGISTER:
        return {"point": raw.name, "codes": ("register reads",)}
    codes = tuple(channel.code for channel in raw.outline.channels)
    return {"point": raw.name, "codes": codes}


def _unit(raw: RawFile) -> str:
    """Return the unit that a file names for its power."""
    if not isinstance(raw.outline, ParsedOutline):
        return "raw units"
    numbers = [number for point in raw.part.points for number in point.channels]
    units = [raw.outline.channels[number].unit for number in numbers]
    return next((unit for unit in units if unit), "raw units")
