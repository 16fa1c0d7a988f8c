"""Check files as ingest does, without a root or a ledger; and write the files that are checked."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import duckdb
import raw_exports
from conftest import EXACT
from raw_exports import CLOCK, HEADER

from ingest.check_files import CheckedFile, check_files, save_rows
from ingest.clock import save_clock_days
from ingest.letters import reason
from ingest.parts import split_files
from ingest.problems import Problem
from ingest.raw_files import inspect_file
from ingest.warehouse import SCHEMA

PREAMBLE = "=====\nLoad Profile Data Display\n=====\n\n"
NOON = datetime(2024, 7, 12, 11)
CHANNELS = ", ".join(f"{value} as {name}" for name, value in EXACT.items())
ZONES = {"north": "UTC", "denver": "America/Denver", "fixed": "Etc/GMT+7"}

Span = tuple[str, str]  # start and end of a row, as in the file


@dataclass(frozen=True)
class Checker:
    con: duckdb.DuckDBPyConnection
    folder: Path

    def check_named(self, texts: dict[str, bytes | str]) -> list[CheckedFile]:
        """What is found of files by their names, read in one batch, in the order given."""
        for name, data in texts.items():
            (self.folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
        files = [inspect_file(self.folder / name) for name in texts]
        return check_files(self.con, split_files(self.con, files))

    def check_each(self, texts: Iterable[bytes | str], feeder: str = "north") -> list[CheckedFile]:
        """What is found of each of a feeder's files, read in one batch."""
        return self.check_named({f"{feeder}-{n}.csv": text for n, text in enumerate(texts, 1)})

    def problems(self, texts: Iterable[bytes | str], feeder: str = "north") -> list[Problem | None]:
        """What is wrong with each of a feeder's files."""
        return [checked.problem for checked in self.check_each(texts, feeder)]

    def check(self, data: bytes | str, name: str = "north-1.csv") -> CheckedFile:
        """What is found of one file."""
        return self.check_named({name: data})[0]

    def rows_each(self, texts: Iterable[bytes | str]) -> list[list[tuple]]:
        """line, record, event, start, end and the four channels of each of some good files."""
        return self.saved_rows(self.check_each(texts))

    def rows(self, data: bytes | str) -> list[tuple]:
        """The same of one good file."""
        return self.rows_each([data])[0]

    def saved_rows(self, files: list[CheckedFile]) -> list[list[tuple]]:
        """The same of good files of the last batch."""
        for file in files:
            assert file.problem is None, reason(file.problem)
        self.con.execute("delete from raw.interval_reads")
        numbers = {file.number: place for place, file in enumerate(files)}
        assert save_rows(self.con, numbers) == sum(file.row_count for file in files)
        saved = self.con.execute(
            "select file_id, line_number, record_no, event_type, start_local, end_local,"
            f" {CHANNELS}"
            " from raw.interval_reads order by file_id, line_number"
        ).fetchall()
        return [[row[1:] for row in saved if row[0] == place] for place in range(len(files))]

    def values(self, *cells: str, header: str = HEADER) -> tuple:
        """The four channels of a file with one row that ends in `cells`."""
        return self.rows(export([row(0, *cells)], header))[0][-4:]


@contextmanager
def open_checker(folder: Path) -> Iterator[Checker]:
    """A checker that knows a feeder on each of some clocks, one for a day, one with a serial."""
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(SCHEMA)
        con.executemany(
            """
            insert into raw.meter_data
            values (1, ?, 'm', 1, 'W', 15, ?, null, null, 1, null, '', 'both', null, null)
            """,
            list(ZONES.items()),
        )
        con.execute(
            """
            insert into raw.meter_data values
                (2, 'timed', 'm', 1, 'W', 15, 'UTC', '2024-07-12 11:15', '2024-07-13', 1, null, '',
                'both', null, null),
                (3, 'numbered', '9005', 1, 'W', 15, 'UTC', null, null, 1, null, '', 'both',
                null, null)
            """
        )
        save_clock_days(con, ZONES.values())
        yield Checker(con, folder)


def row(number: int, *cells: str, start: datetime = NOON, record: str | None = None) -> str:
    begin = start + timedelta(minutes=15 * number)
    values = ",".join(cells or "1234")
    ends = begin, begin + timedelta(minutes=15)
    return raw_exports.row(record or 100 + number, *ends, values, " Normal")


def export(lines: list[str], header: str = HEADER, preamble: str = PREAMBLE) -> str:
    return preamble + raw_exports.export(lines, header=header)


def clock_rows(*spans: Span) -> str:
    """A file with rows of the given times."""
    return export([f"{i},Normal,{start},{end},1,2,3,4" for i, (start, end) in enumerate(spans)])


def quarter_hours(first: str, count: int) -> list[Span]:
    start = datetime.strptime(first, CLOCK)
    ends = [start + timedelta(minutes=15 * number) for number in range(count + 1)]
    return [(f"{a:{CLOCK}}", f"{b:{CLOCK}}") for a, b in pairwise(ends)]


def decimals(*texts: str | None) -> tuple[Decimal | None, ...]:
    return tuple(None if text is None else Decimal(text) for text in texts)
