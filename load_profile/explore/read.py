"""Read what is in sight from published.duckdb: buckets, estimates, marks. Knows tables, no page.

Times are milliseconds of UTC since 1970, powers MW. Each question opens the file and closes it: a
connection would stay with its version, and on Windows keep a run from publishing the next one.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from math import ceil
from pathlib import Path

import duckdb
import numpy as np

from ingest.sql import sql_beside
from ingest.warehouse import named_rows
from load_profile.plots.bucket_width import bucket_minutes
from load_profile.plots.theme import NET
from load_profile.publish.as_of import has_macros
from load_profile.publish.earlier import NotKeptError
from load_profile.publish.history import check_columns, difference, error_text, published_file

TOTAL = "total"
MOST_BUCKETS = 40_000  # of all series that are in sight
MOST_MARKS = 2_000
DAY = 1440  # minutes
LEAST_SLOT = 10  # minutes of a typical day, as in its plot
SHARES = 200  # points of a load-duration curve
MINUTE = 60_000  # milliseconds
FEEDERS = "select distinct feeder from stg_meter_data order by lower(feeder), feeder"
LATEST = "select max(version) from versions"
VERSIONS = "select version from versions order by version desc limit 200"
BY_TIME = "epoch_ms(interval_start_at) // ($minutes * 60000)"
BY_DAY = """date_diff('day', date '2000-01-01', case
    when timezone = $zone then start_local
    else timezone($zone, timezone('UTC', interval_start_at))
end::date) // ($minutes // 1440)"""


@dataclass(frozen=True)
class View:
    """What is asked for: names of series, a span, and how many buckets the screen can show."""

    names: tuple[str, ...]
    start: float
    until: float
    most_buckets: int = 1_000


@dataclass(frozen=True)
class Facts:
    """What a version holds: its clock, names of series, span, and how net power is called."""

    version: str
    versions: tuple[str, ...]
    zone: str
    names: tuple[str, ...]
    start: float
    until: float
    interval_minutes: int
    value_label: str


@dataclass(frozen=True)
class Extremes:
    """Lowest and highest of buckets, by series and time; arrays of shape (n,).

    `place` is the series' place in the names that were asked for. A bucket has a known value;
    `start` and `until` are those of its first and last one. Buckets are numbered over all time.
    """

    place: np.ndarray
    bucket: np.ndarray
    start: np.ndarray
    until: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def where(self, wanted: np.ndarray) -> "Extremes":
        return Extremes(*(getattr(self, one.name)[wanted] for one in fields(self)))


@dataclass(frozen=True)
class Settled:
    """Edited (E) and estimated (S) values of buckets: mean and band, likewise."""

    place: np.ndarray
    status: np.ndarray
    start: np.ndarray
    until: np.ndarray
    low: np.ndarray
    middle: np.ndarray
    high: np.ndarray

    def where(self, wanted: np.ndarray) -> "Settled":
        return Settled(*(getattr(self, one.name)[wanted] for one in fields(self)))


@dataclass(frozen=True)
class Sight:
    """All that is shown of a view; `earlier` is what another version had."""

    facts: Facts
    minutes: int
    known: Extremes
    settled: Settled
    marks: Sequence[dict]
    compared: str = ""
    earlier: Extremes | None = None


@dataclass(frozen=True)
class Curves:
    """Curves of series; arrays of shape (n,), x is a share of time (%) or a minute of the day.

    `low` and `high` are the band of a typical day, and a curve of load duration has none.
    """

    place: np.ndarray
    x: np.ndarray
    mw: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None


class Published:
    """A root's published file, whichever version it is at the moment."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._facts: Facts | None = None
        self._days: dict[str, Extremes] = {}

    @contextmanager
    def opened(self) -> Iterator[tuple[duckdb.DuckDBPyConnection, Facts]]:
        """Yield a connection and the facts of the version that is there now.

        Raises WarehouseError if there is none that can be read.
        """
        with published_file(self.path) as con:
            (version,) = con.execute(LATEST).fetchone()
            if self._facts is None or self._facts.version != version:
                self._facts, self._days = _facts_of(con, self.path), {}
            yield con, self._facts

    def sight(self, view: View, compared: str = "") -> Sight:
        """Read what a view shows, and what the version `compared` had there, if one is given."""
        with self.opened() as (con, facts):
            minutes = _step(view, facts)
            earlier = _earlier(con, facts, view, minutes, compared) if compared else None
            return Sight(
                facts,
                minutes,
                self._known(con, facts, view, minutes),
                _settled(con, facts, view, minutes),
                _marks(con, facts, view, compared),
                compared,
                earlier,
            )

    def duration(self, view: View) -> Curves:
        """Read the load-duration curves of a view, of what was measured and has not failed."""
        shares = [share / SHARES for share in range(SHARES + 1)]
        with self.opened() as (con, facts):
            sql = sql_beside(__file__, "duration").format(values=sql_beside(__file__, "values"))
            found = _run(con, sql, _words(facts, view, 0) | {"shares": shares}).fetchall()
        return Curves(
            np.repeat([place for place, _ in found], len(shares)),
            np.tile(100 * np.array(shares), len(found)),
            np.array([mw for _, curve in found for mw in curve]),
        )

    def typical_day(self, view: View, day_type: str | None) -> Curves:
        """Read the typical day of a view, of all days or of one type, likewise."""
        with self.opened() as (con, facts):
            slot = facts.interval_minutes * ceil(LEAST_SLOT / facts.interval_minutes)
            words = _words(facts, view, 0) | {"day_type": day_type, "slot_minutes": slot}
            sql = sql_beside(__file__, "typical_day").format(values=sql_beside(__file__, "values"))
            found = _run(con, sql, words).fetchnumpy()
        names = ("place", "minute", "median", "low", "high")
        return Curves(*(np.ma.getdata(found[name]) for name in names))

    def changes(self, names: Sequence[str], compared: str) -> Sequence[dict]:
        """Read what versions since `compared` changed in months of series, as `diff` prints it."""
        facts = self._facts
        months = difference(self.path, compared, facts.version).months if facts else ()
        return [month for month in months if month["feeder"] in names]

    def _known(
        self, con: duckdb.DuckDBPyConnection, facts: Facts, view: View, minutes: int
    ) -> Extremes:
        """Read buckets; days of a version are read once, and then only added up to buckets."""
        if minutes < DAY:
            return _extremes(con, facts, view, minutes, sql_beside(__file__, "values"))
        new = tuple(name for name in view.names if name not in self._days)
        if new:
            whole = View(new, facts.start, facts.until)
            days = _extremes(con, facts, whole, DAY, sql_beside(__file__, "values"))
            for place, name in enumerate(new):
                self._days[name] = days.where(days.place == place)
        return _join(
            _in_wider(self._days[name], place, view, minutes // DAY)
            for place, name in enumerate(view.names)
        )


def _facts_of(con: duckdb.DuckDBPyConnection, path: Path) -> Facts:
    check_columns(con, path, "final values", "final_exceptions.mw_net", "final_totals.mw_final")
    names = tuple(name for (name,) in con.execute(FEEDERS).fetchall())
    versions = tuple(name for (name,) in con.execute(VERSIONS).fetchall())
    found = con.execute(sql_beside(__file__, "facts")).fetchone()
    if not found:
        return Facts(versions[0], versions, "UTC", (), 0.0, 0.0, 15, f"{NET['signed']} (MW)")
    version, zone, first, until, minutes, is_gross = found
    label = f"{NET['gross' if is_gross else 'signed']} (MW)"
    names = (TOTAL, *names)
    return Facts(
        version, versions, zone or "UTC", names, float(first), float(until), minutes, label
    )


def _step(view: View, facts: Facts) -> int:
    """Return the minutes of a bucket: whole intervals, and whole days if it is long."""
    most = min(view.most_buckets, MOST_BUCKETS // max(len(view.names), 1))
    minutes = (view.until - view.start) / MINUTE
    return bucket_minutes(round(minutes), facts.interval_minutes, max(most, 1))


def _words(facts: Facts, view: View, minutes: int) -> dict[str, object]:
    return {
        "names": list(view.names) or [""],  # the name of no series
        "from_ms": int(view.start),
        "until_ms": int(view.until),
        "minutes": minutes,
        "zone": facts.zone,
    }


def _run(
    con: duckdb.DuckDBPyConnection, sql: str, words: Mapping[str, object]
) -> duckdb.DuckDBPyConnection:
    """Run a query with those of the words that it names."""
    (statement,) = con.extract_statements(sql)
    return con.execute(statement, {name: words[name] for name in statement.named_parameters})


def _bucketed(name: str, minutes: int, **parts: str) -> str:
    bucket = BY_DAY if minutes >= DAY else BY_TIME
    return sql_beside(__file__, name).format(bucket=bucket, **parts)


def _extremes(
    con: duckdb.DuckDBPyConnection, facts: Facts, view: View, minutes: int, values: str, **words
) -> Extremes:
    room = minutes * MINUTE  # a bucket that the edge cuts would have other extremes
    start, until = view.start // room * room, -(-view.until // room) * room
    if minutes >= DAY:
        start, until = start - room, until + room
    wider = View(view.names, start, until, view.most_buckets)
    sql = _bucketed("extremes", minutes, values=values)
    found = _run(con, sql, _words(facts, wider, minutes) | words).fetchnumpy()
    return Extremes(*(np.ma.getdata(found[one.name]) for one in fields(Extremes)))


def _earlier(
    con: duckdb.DuckDBPyConnection, facts: Facts, view: View, minutes: int, version: str
) -> Extremes:
    """Read the buckets that a version had. Raises NotKeptError if it cannot be given back."""
    if not has_macros(con, con.execute("select current_catalog()").fetchone()[0]):
        raise NotKeptError("What is published keeps no earlier versions; the next run begins to.")
    try:
        return _join(
            _extremes_as_of(con, facts, view, minutes, name, place, version)
            for place, name in enumerate(view.names)
        )
    except duckdb.InvalidInputException as error:
        raise NotKeptError(error_text(error)) from error


def _extremes_as_of(
    con: duckdb.DuckDBPyConnection,
    facts: Facts,
    view: View,
    minutes: int,
    name: str,
    place: int,
    version: str,
) -> Extremes:
    values = sql_beside(__file__, "totals_as_of" if name == TOTAL else "values_as_of")
    one = View((name,), view.start, view.until, view.most_buckets)
    found = _extremes(con, facts, one, minutes, values, version=version, name=name)
    return _placed(found, place)


def _placed(found: Extremes, place: int) -> Extremes:
    return replace(found, place=np.full(len(found.place), place))


def _in_wider(days: Extremes, place: int, view: View, count: int) -> Extremes:
    """Return days that are in sight, `count` of them in one bucket."""
    days = _placed(days.where((days.until > view.start) & (days.start < view.until)), place)
    if count == 1 or not len(days.start):
        return days
    numbers = days.bucket // count
    firsts = np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1))
    lasts = np.append(firsts[1:], len(numbers)) - 1
    return Extremes(
        days.place[firsts],
        numbers[firsts],
        days.start[firsts],
        days.until[lasts],
        np.minimum.reduceat(days.low, firsts),
        np.maximum.reduceat(days.high, firsts),
    )


def _join(parts: Iterator[Extremes]) -> Extremes:
    parts = list(parts)
    if not parts:
        return Extremes(*(np.array([]) for _ in fields(Extremes)))
    return Extremes(
        *(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Extremes))
    )


def _settled(con: duckdb.DuckDBPyConnection, facts: Facts, view: View, minutes: int) -> Settled:
    sql = _bucketed("settled", minutes)
    found = _run(con, sql, _words(facts, view, minutes)).fetchnumpy()
    return Settled(*(np.ma.getdata(found[one.name]) for one in fields(Settled)))


def _marks(
    con: duckdb.DuckDBPyConnection, facts: Facts, view: View, compared: str
) -> Sequence[dict]:
    words = _words(facts, view, 0) | {"most": MOST_MARKS, "compared": compared or facts.version}
    return named_rows(_run(con, sql_beside(__file__, "marks"), words))
