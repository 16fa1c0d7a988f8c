"""Export what was published in a form that other programs load. Knows periods, not forms.

Each file is complete or is not there. Beside each is a `.json` that says what is in it: version,
unit, sign, clock, what is estimated, what is missing, what was left out.
"""

import json
from calendar import isleap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from shutil import copyfileobj
from typing import TextIO

import duckdb

from ingest.filing import write_text
from ingest.warehouse import utc_now
from load_profile.exports.names import plain
from load_profile.exports.options import Options, Use
from load_profile.exports.series import (
    TOTAL,
    Period,
    Series,
    SeriesError,
    first_unknown,
    load,
    standard_minutes,
)
from load_profile.exports.sidecar import described
from load_profile.publish.history import check_columns, published_file
from load_profile.publish.marts import as_literal

SPAN = """
select min(interval_start_at), max(interval_start_at), max(interval_minutes), max(timezone)
from combined_profiles
"""
FEEDERS = "select distinct feeder from stg_meter_data order by feeder"
VERSION = "select version, content from versions order by version desc limit 1"


class ExportError(ValueError):
    """What was asked for cannot be exported; the message says why and what can."""


@dataclass(frozen=True)
class Kind:
    """A form of file, what writes it, and what becomes of a missing value."""

    name: str
    summary: str
    write: Callable[["Job"], None]
    is_yearly: bool = False  # 365 days from 1 January
    marks_missing: bool = False
    keeps_names: bool = False  # of feeders, in a file of all
    unit: str = "kW"
    flags_missing: bool = False  # says in each line what may be missed, and refuses nothing


@dataclass
class Job:
    """An export on its way: where from, for what time, into which folder."""

    con: duckdb.DuckDBPyConnection
    kind: Kind
    options: Options
    folder: Path
    names: Sequence[str]
    period: Period
    span: tuple[datetime, datetime]  # of all readings, UTC
    timezone: str
    version: tuple[str, str]
    made_at: datetime
    written: list[Path] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    taken: dict[str, str] = field(default_factory=dict)  # names of files, and whose they are

    def series(self, minutes: int | None = None) -> Iterator[Series]:
        """Load each feeder in turn and yield it, but for those that cannot be exported."""
        for name in self.names:
            try:
                series = self.load(name, minutes)
                self._check(series)
            except SeriesError as error:
                self.refused[name] = str(error)
            else:
                yield series

    def load(self, name: str, minutes: int | None = None) -> Series:
        """Load a feeder or the total, whatever is unknown of it."""
        return load(self.con, name, self.options.use, self.period, minutes)

    def _check(self, series: Series) -> None:
        """Unknown is never 0: raise SeriesError where a value is missing and may not be."""
        kind, options = self.kind, self.options
        owner = self.taken.setdefault(plain(series.name).lower(), series.name)
        if owner != series.name and not kind.keeps_names:
            raise SeriesError(f"its file would have the name of the file of {owner}")
        if options.both and not series.has_both:
            raise SeriesError("delivered and received power are not both known throughout")
        marked = options.allow_partial and kind.marks_missing and series.known
        if not series.missing or marked or kind.flags_missing:
            return
        first = first_unknown(self.con, series, self.period)
        has = "has" if series.missing == 1 else "have"
        text = (
            f"{series.missing:,} of {series.expected:,} intervals {has} no value, the first is "
            f"{first:%Y-%m-%d %H:%M} ({self.period.clock})"
        )
        begin, end = map(self.period.on_clock, self.span)
        if self.period.from_utc < self.span[0] or self.period.until_utc > self.span[1]:
            text += f"; there are readings from {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}"
        if options.use is Use.strict:
            text += "; --use final takes edits and estimates too"
        if kind.marks_missing and series.known:
            text += "; --allow-partial writes them as missing"
        elif options.allow_partial:
            text += f"; {kind.name} has no mark for a missing value"
        raise SeriesError(text)

    @contextmanager
    def file(
        self, name: str, series: Sequence[Series] | None = None, **more: object
    ) -> Iterator[TextIO]:
        """Write a text file that is there when it is complete, with a sidecar of its series.

        The block may add to `series`; without any there is no file.
        """
        with self.replacing(name) as temporary:
            with temporary.open("w", encoding="utf-8", newline="\n") as file:
                yield file
            if series:
                self.describe(name, series, **more)
            elif series is not None:
                temporary.unlink()

    def append(self, file: TextIO, rows: str, part: Path) -> None:
        """Append the rows of a query as CSV, in the order of the table that it reads.

        DuckDB writes them into a `part` in less time than it makes one text of them.
        """
        self.con.execute(f"copy ({rows}) to {as_literal(part)} (format csv, header false)")
        file.flush()
        with part.open("rb") as lines:
            copyfileobj(lines, file.buffer)

    @contextmanager
    def replacing(self, name: str) -> Iterator[Path]:
        """Yield a path to write; what is there when the block ends becomes the file of a name."""
        path = self.folder / name
        temporary = path.with_name(f"{name}.tmp")
        try:
            yield temporary
            if temporary.exists():
                temporary.replace(path)
                self.written.append(path)
        finally:
            temporary.unlink(missing_ok=True)

    def describe(self, name: str, series: Sequence[Series], **more: object) -> None:
        """Write the sidecar of a file: its name with `.json` in place of its own end."""
        said = described(self, name, series) | more
        text = json.dumps(said, indent=2, ensure_ascii=False, default=str)
        write_text(self.folder / f"{Path(name).stem}.json", f"{text}\n")

    def text(self, line: str, source: str = "interval_values", order: str = "start_utc") -> str:
        """The lines that an expression makes of the loaded values, as one text."""
        (text,) = self.con.execute(
            f"select string_agg({line}, chr(10) order by {order}) from {source}"
        ).fetchone()
        return f"{text}\n" if text else ""


def export(
    published: Path, kind: Kind, folder: Path, options: Options, made_at: datetime | None = None
) -> Job:
    """Export one kind of file into a folder; return what was written and what was refused.

    `made_at` (UTC) is the time that files bear, now if left out.
    Raises ExportError where nothing can be, WarehouseError where the published file cannot be read.
    """
    with published_file(published) as con:
        columns = ("final_exceptions.mw_net", "final_totals.mw_final")
        check_columns(con, published, "final values", *columns)
        job = _job(con, kind, folder, options, made_at or utc_now())
        folder.mkdir(parents=True, exist_ok=True)
        kind.write(job)
    return job


def _job(
    con: duckdb.DuckDBPyConnection, kind: Kind, folder: Path, options: Options, made_at: datetime
) -> Job:
    first, last, minutes, timezone = con.execute(SPAN).fetchone()
    if first is None:
        raise ExportError("There are no readings yet.")
    known = [name for (name,) in con.execute(FEEDERS).fetchall()]
    for name in options.feeders:
        if name not in (*known, TOTAL):
            raise ExportError(f"There is no feeder {name}; there are {', '.join(known)}, {TOTAL}.")
    span = first, last + timedelta(minutes=minutes)
    period = _period(kind, options, timezone, *span)
    (version,) = con.execute(VERSION).fetchall()
    names = options.feeders or (*known, TOTAL)
    return Job(con, kind, options, folder, names, period, span, timezone, version, made_at)


def _period(kind: Kind, options: Options, timezone: str, first: datetime, end: datetime) -> Period:
    """The time that is asked for, or all that is known; raises ExportError if there is none."""
    if options.year and (options.first or options.until):
        raise ExportError("Give --year, or --from and --to.")
    if kind.is_yearly and not options.year:
        ahead = timedelta(minutes=standard_minutes(timezone, first.year))
        until = (end + ahead - timedelta.resolution).year + 1
        years = " or ".join(str(year) for year in range((first + ahead).year, until))
        raise ExportError(f"{kind.name} is a calendar year: give --year, {years}.")
    year = options.year or (options.first or first).year
    ahead = timedelta(minutes=standard_minutes(timezone, year))
    begin, until = options.first, options.until
    if options.year:
        begin, until = date(year, 1, 1), date(year + 1, 1, 1)
    from_utc = datetime.combine(begin, time.min) - ahead if begin else first
    until_utc = datetime.combine(until, time.min) - ahead if until else end
    if from_utc >= until_utc:
        raise ExportError("--to is the last day, and is not before --from.")
    dropped = None
    if kind.is_yearly and isleap(year):
        dropped = datetime.combine(options.leap.of(year), time.min)
    return Period(from_utc, until_utc, ahead // timedelta(minutes=1), dropped)
