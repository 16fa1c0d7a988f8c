"""Read the rows of classic exports by the thousand, in SQL. Knows cells, not what they mean.

Every line of a file is one row of a scan, so line numbers are exact and a broken line can spoil
nothing but itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import groupby

import duckdb

from ingest.closed_database import as_pattern, scratch_folder
from ingest.layouts.classic_outline import NAMELESS, SERIAL, ClassicOutline
from ingest.layouts.interface import VALUES, RawFile
from ingest.problems import Problem
from ingest.sql import sql_beside

# What a cell says when the value is unknown, which is never 0.
UNKNOWN = ("", "-", "--", "nan", "null", "na", "n/a", "#n/a", "n.a.", "bad", "no data")
PADDING = ' "\t\r'
MOST_LETTERS = 200  # of a cell or line in a letter

QUICK_SOURCE = """
select
    (?::integer[])[file_index::integer + 1] as file_no,
    * exclude (file_index)
from (
    select *, file_index
    from read_csv(
        ?, header = false, skip = {header_line}, auto_detect = false, ignore_errors = true,
        delim = ',', quote = '', escape = '', nullstr = chr(1), columns = {{{columns}}},
        hive_partitioning = false
    )
)
"""
# A line of more than 2 MB is no data row.
CAREFUL_SOURCE = """
select
    (?::integer[])[file_index::integer + 1] as file_no,
    line,
    cells_of(line) as cells
from read_csv(
    ?, header = false, skip = {header_line}, auto_detect = false,
    delim = chr(1), quote = '', escape = '', columns = {{'line': 'varchar'}},
    max_line_size = 2_000_000, hive_partitioning = false
)
"""
LONG = " or ".join(f"{name} <> {name}::decimal(18, 6)" for name in VALUES)


@dataclass(frozen=True)
class ScanMode:
    """A way to scan: its macros and, as SQL, its lines, a cell, and what a line can be in it."""

    name: str
    source: str
    cell: str
    is_torn: str
    long_values: str
    is_blank: str
    bad_cells: str
    is_unknown: str


# Quick: what nearly all meters write, split by DuckDB's own CSV reader, and nothing that a cast
# would guess at or round: plain files, times at whole minutes, years of two digits. A line that it
# cannot split it leaves out, so the file lacks one. A file that it does not understand in full is
# read again by the careful scan, line by line: quoted cells, `-` and `NaN` for unknown, exponents,
# thousands separators where they belong. Only that scan calls a file bad.
QUICK = ScanMode(
    "quick",
    QUICK_SOURCE,
    "cell_{}",
    "least(start_local, end_local) < '2010-01-01'",
    "null",
    "false",
    "[]::varchar[]",
    "trim(cell) = ''",
)
CAREFUL = ScanMode(
    "careful",
    CAREFUL_SOURCE,
    "cells[{}]",
    "len(cells) <> {}",
    f"case when {LONG} then [{', '.join(VALUES)}] end",
    "case when start_local is null then is_blank_line(line) else false end",
    "cells",
    f"plain(cell) in {UNKNOWN}",
)
UNDERSTOOD = "select file_no from classic_places where is_whole and first_bad_row is null"


def scan_files(con: duckdb.DuckDBPyConnection, files: Mapping[int, RawFile]) -> dict[int, Problem]:
    """Fill the view classic_rows with the rows of files, and return the problems of some."""
    con.execute(_sql("lines"))
    plain = {number: raw for number, raw in files.items() if raw.outline.is_plain}
    problems: dict[int, Problem] = {}
    _scan_all(con, plain, {}, QUICK)
    con.execute(_sql("places"))
    odd = files.keys() - {number for (number,) in con.execute(UNDERSTOOD).fetchall()}
    if odd:
        con.execute(_sql("understood"), [list(odd)])
        _scan_all(con, {number: files[number] for number in odd}, problems, CAREFUL)
        con.execute(_sql("places"))
    con.execute(_sql("rows"))
    return (_bad_lines(con, files) if odd else {}) | problems


def _sql(name: str) -> str:
    return sql_beside(__file__, f"classic_{name}")


def _form(raw: RawFile) -> tuple:
    """Return what files have in common that one scan reads."""
    return raw.outline.header_line, raw.outline.columns


def _scan_all(
    con: duckdb.DuckDBPyConnection, files: dict[int, RawFile], problems: dict, mode: ScanMode
) -> None:
    """Scan files form by form in one mode, and note them in classic_files."""
    con.execute(_sql(mode.name))
    con.execute(f"create or replace temp macro is_unknown(cell) as {mode.is_unknown}")
    files = dict(sorted(files.items(), key=lambda item: (_form(item[1]), item[0])))
    for _, group in groupby(files.items(), key=lambda item: _form(item[1])):
        _scan_files(con, dict(group), problems, mode)
    outlines: list[ClassicOutline] = [raw.outline for raw in files.values()]
    con.execute(
        "insert or replace into classic_files select unnest(?), unnest(?), unnest(?), unnest(?)",
        [
            list(files),
            [raw.feeder for raw in files.values()],
            [outline.header_line for outline in outlines],
            [o.row_lines if mode is QUICK else o.line_count for o in outlines],
        ],
    )


def _scan_files(
    con: duckdb.DuckDBPyConnection, files: dict[int, RawFile], problems: dict, mode: ScanMode
) -> None:
    """Scan files of one form; if that fails one by one, so that none stops another."""
    try:
        with _plain_copies(con, files.values(), mode) as paths:
            _scan(con, next(iter(files.values())).outline, list(files), paths, mode)
    except (duckdb.InvalidInputException, duckdb.IOException, FileNotFoundError) as error:
        if len(files) > 1:
            for number, raw in files.items():
                _scan_files(con, {number: raw}, problems, mode)
            return
        (number, raw), found = next(iter(files.items())), str(error).split("\n", 1)[0]
        # only what DuckDB says of the text is the file's fault; one that changed is left for later
        if isinstance(error, duckdb.InvalidInputException):
            values = {"text": found[:MOST_LETTERS]}
            problems[number] = Problem("long_lines", values=values)
        elif raw.is_unchanged():
            raise


@contextmanager
def _plain_copies(
    con: duckdb.DuckDBPyConnection, files: Iterable[RawFile], mode: ScanMode
) -> Iterator[list[str]]:
    """Yield paths to scan: the files themselves, or copies whose lines all end in one way."""
    with ExitStack() as stack:
        paths = []
        for raw in files:
            path = raw.path
            # a pattern has no way to write a backslash
            if mode is CAREFUL or "\\" in raw.path.name:
                text = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n")
                path = stack.enter_context(scratch_folder(con)) / "plain.csv"
                path.write_bytes(text)
            paths.append(as_pattern(str(path)))
        yield paths


def _scan(
    con: duckdb.DuckDBPyConnection,
    outline: ClassicOutline,
    numbers: list[int],
    paths: list[str],
    mode: ScanMode,
) -> None:
    """Append every line below the header of `paths` to classic_lines, parsed."""
    columns = outline.columns

    def cell(name: str) -> str:
        return mode.cell.format(columns.index(name) + 1) if name in columns else "null"

    cells = (f"'{mode.cell.format(n + 1)}': 'varchar'" for n in range(len(columns)))
    source = mode.source.format(header_line=outline.header_line, columns=", ".join(cells))
    unread = [
        f"case when {name} is null then not is_unknown({cell(name)}) else false end"
        for name in VALUES
        if name in columns
    ]
    unread += [
        f"coalesce(trim({mode.cell.format(n + 1)}, ' \"' || chr(9) || chr(13)) <> '', false)"
        for n, name in enumerate(columns)
        if name == NAMELESS
    ]
    # a direction without a column is one that meter-data.csv declares absent: see parts
    absent = {outline.absent}
    if outline.absent and {"kva_del_raw", "kva_rec_raw"} & {*columns}:
        absent.add(f"kva_{outline.absent}")
    values = (
        f"0::decimal(15, 6) as {name}"
        if name in absent - {*columns}
        else f"number_in({cell(name)}) as {name}"
        for name in VALUES
    )
    named = ("record_no", "event_type", SERIAL, "start_local", "end_local")
    sql = _sql("scan").format(
        source=source,
        values=", ".join(values),
        is_blank=mode.is_blank,
        is_torn=mode.is_torn.format(len(columns)),
        unread=" or ".join(unread),
        long_values=mode.long_values,
        bad_cells=mode.bad_cells,
        **{name: cell(name) for name in named},
    )
    con.execute(sql, [numbers, paths])


def _bad_lines(con: duckdb.DuckDBPyConnection, files: Mapping[int, RawFile]) -> dict[int, Problem]:
    """Return files with a line that is no data row: a cell too few, a time or number unread."""
    broken = con.execute("select file_no from classic_places where not is_whole").fetchall()
    found = {number: Problem("mixed_line_ends") for (number,) in broken}
    for number, line, cells, *values in con.execute(_sql("bad_lines")).fetchall():
        columns = files[number].outline.columns
        parsed = dict(zip(("record_no", "start_local", "end_local", *VALUES), values, strict=True))
        code, seen = _first_bad_cell(cells, columns, parsed)
        found[number] = Problem(code, line, parsed["record_no"], seen)
    return found


def _first_bad_cell(cells: list[str], columns: tuple[str, ...], parsed: dict) -> tuple[str, dict]:
    """Return the code of what is wrong with a line, and its values."""
    text = ",".join(cells)[:MOST_LETTERS]
    if len(cells) != len(columns):
        if len(cells) == 1 and '"' in text:
            return "open_quotes", {"text": text}
        return "cell_count", {"expected": len(columns), "found": len(cells), "text": text}
    if any(
        name == NAMELESS and cell.strip(PADDING) for name, cell in zip(columns, cells, strict=True)
    ):
        named = len(columns) - columns.count(NAMELESS)
        return "cell_count", {"expected": named, "found": len(cells), "text": text}
    for name, cell in zip(columns, cells, strict=True):
        if name not in parsed or parsed[name] is not None:
            continue
        value = cell.strip(PADDING)[:MOST_LETTERS]
        if name == "record_no":
            return "bad_record", {"text": value}
        if name in ("start_local", "end_local"):
            return "bad_time", {"column": name, "text": value}
        if value.lower() not in UNKNOWN:
            return "bad_value", {"column": name, "text": value}
    return "bad_row", {"text": text}
