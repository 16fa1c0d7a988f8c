"""Look at one CSV series: what is in it, what is missing. Reads files; changes none and keeps none.

Any CSV with the columns `Start Time` and `MW_net` will do, and so will a raw export, whose
delivered minus received is shown in raw units. Where a file has `start_utc`, as those of a run do,
that column is read. Otherwise times are taken as written, on the clock of whoever wrote them; only
a time with an offset is converted, to UTC. On a clock with daylight saving the hour that spring
skips is then a gap, which says so, and the repeated hour of autumn is repeated times.

DuckDB reads, in memory; nothing here knows the warehouse or its tables.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd

CLOCK = "%m/%d/%y %H:%M:%S"
TIMES_ALLOWED = "MM/DD/YY HH:MM:SS or YYYY-MM-DD HH:MM[:SS], with or without an offset"
RAW_CHANNELS = (("-1-", "-2-"), ("kw_del", "kw_rec"))
SHOWN = 5  # bad cells kept in a report, the first ones
SKIPPED_HOUR = "; no reading is missing if the clock has daylight saving and skips this hour"
GAPS_SHOWN = 10  # gaps listed by format_report

MACROS = r"""
create or replace temp macro cell_text(cell) as
    trim(rtrim(cell, ','), ' "' || chr(9) || chr(160));
create or replace temp macro is_unknown(cell) as lower(cell) in ('', '-', 'nan');
create or replace temp macro number_in(cell) as case
    when regexp_full_match(cell, '[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?')
        then try_cast(cell as decimal(38, 18))
    when regexp_full_match(cell, '[+-]?\d{1,3}(,\d{3})+(\.\d*)?')
        then try_cast(replace(cell, ',', '') as decimal(38, 18))
end;
create or replace temp macro offset_in(cell) as
    regexp_extract(cell, '^\d{4}-.*\d(Z|[+-][01]\d(:?[0-5]\d)?)$', 1);
create or replace temp macro minutes_of(utc_offset) as case
    when utc_offset in ('', 'Z') then 0
    else (case when utc_offset[1] = '-' then -1 else 1 end)
        * (60 * utc_offset[2:3]::integer + ('0' || replace(utc_offset[4:], ':', ''))::integer)
end;
create or replace temp macro clock_time_in(cell) as case
    when regexp_full_match(cell, '\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?')
        then try_cast(cell as timestamp)
    else try_strptime(cell, '%m/%d/%y %H:%M:%S')
end;
"""

# One row per data line. A line that holds more or fewer cells than the header has no value that
# can be trusted: a comma too many moves every number after it.
READ = r"""
create or replace temp table series_rows as
with
lines as (
    select
        unnest(string_split($text, chr(10))) as line,
        generate_subscripts(string_split($text, chr(10)), 1) as line_no
),

split_lines as (
    select
        line_no,
        line,
        case
            when contains(line, '"')
                then regexp_extract_all(line || ',', '(?:\s*"(?:[^"]|"")*"\s*|[^,]*),')
            else string_split(line, ',')
        end as cells
    from lines
    where line_no > $header_line and translate(line, ', "' || chr(9), '') <> ''
),

picked as (
    select
        line_no,
        line,
        len(cells) < $named or array_to_string(
            [cell_text(extra) for extra in cells[$width + 1:]], ''
        ) <> '' as is_ragged,
        coalesce(cell_text(cells[$time_column]), '') as time_text,
        coalesce(cell_text(cells[$value_column]), '') as value_text,
        case
            when $minus_column::integer is null then '0'
            else coalesce(cell_text(cells[$minus_column::integer]), '')
        end as minus_text
    from split_lines
),

parsed as (
    select
        *,
        offset_in(time_text) as utc_offset,
        number_in(value_text) - number_in(minus_text) as net,
        (number_in(value_text) is null and not is_unknown(value_text))
        or (number_in(minus_text) is null and not is_unknown(minus_text)) as is_no_number
    from picked
)

select
    line_no,
    time_text,
    epoch_us(
        clock_time_in(left(time_text, length(time_text) - length(utc_offset)))
        - to_minutes(minutes_of(utc_offset))
    ) as start_us,
    utc_offset <> '' as has_offset,
    case when not is_ragged then net::double end as mw_net,
    is_ragged or is_no_number as is_unreadable,
    case
        when is_ragged then line
        when $minus_column::integer is null then value_text
        else value_text || ' and ' || minus_text
    end as shown_value
from parsed
"""

BAD_TIMES = """
select line_no, left(time_text, 60), count(*) over ()
from series_rows
where start_us is null
order by line_no
limit $shown
"""

BAD_VALUES = """
select line_no, left(shown_value, 60), count(*) over ()
from series_rows
where is_unreadable
order by line_no
limit $shown
"""

COUNTS = """
with
in_file_order as (
    select *, lag(start_us) over (order by line_no) as previous_us
    from series_rows
    where start_us is not null
)

select
    (select count(*) from series_rows),
    (select count(*) from series_rows where mw_net is null and not is_unreadable),
    count(*) filter (has_offset),
    count(*) - count(distinct start_us),
    count(*) filter (start_us < previous_us),
    count(*) filter (mw_net is not null),
    min(start_us),
    max(start_us)
from in_file_order
"""

# Steps between neighbouring start times in microseconds: the most frequent one is the interval.
STEPS = """
with
starts as (select distinct start_us from series_rows where start_us is not null),

steps as (select start_us - lag(start_us) over (order by start_us) as step from starts)

select step, count(*)
from steps
where step is not null
group by step
order by count(*) desc, step asc
"""

# The readings, with one made up before the first start and one after the last, so that rows
# without a value are missing at the edges as well.
GAPS = """
with
readings as (
    select start_us from series_rows where start_us is not null and mw_net is not null
    union
    select unnest([$first - $step, $last + $step])
),

stretches as (
    select lag(start_us) over (order by start_us) + $step as gap_start, start_us as gap_end
    from readings
)

select gap_start, gap_end, (gap_end - gap_start + $step - 1) // $step
from stretches
where gap_end > gap_start
order by gap_start
"""

# Half a step of tolerance: a clock that is seconds off must not leave a bucket empty.
BUCKETS = """
with
grid as (select unnest(range($buckets)) as bucket),

reduced as (
    select
        (start_us - $first + $step // 2) // $bucket_us as bucket,
        min(mw_net) as mw_net_min,
        max(mw_net) as mw_net_max
    from series_rows
    where start_us is not null and mw_net is not null
    group by all
)

select
    make_timestamp($first + grid.bucket * $bucket_us) as bucket_start,
    coalesce(reduced.mw_net_min, 'nan'::double) as mw_net_min,
    coalesce(reduced.mw_net_max, 'nan'::double) as mw_net_max
from grid
left join reduced on grid.bucket = reduced.bucket
order by grid.bucket
"""


@dataclass(frozen=True)
class BadCells:
    """Cells that could not be read: how many, and the first few as (line number, text)."""

    count: int
    first: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Gap:
    """A maximal run of intervals without a reading.

    `gap_start` is the start of the first missing interval, `gap_end` the end of the last. Where
    times keep no regular step the last one is cut short by the next reading's start.
    """

    gap_start: datetime
    gap_end: datetime
    gap_duration: timedelta
    missing_intervals: int


@dataclass(frozen=True)
class SeriesReport:
    """What `analyze_series` found in the file at `path`.

    `value_label` is "MW_net", or "net (raw units)" for a raw export. `rows` counts data lines,
    `readings` those with a time and a number, `empty_values` those whose value is empty, `-` or
    NaN. `duplicates` counts rows whose start time an earlier row had already, `out_of_order` rows
    that start before the row above them, `off_grid` steps that are no multiple of the interval.
    `utc_times` counts times that had an offset and were converted to UTC. `interval` is the most
    frequent positive step (the smallest of several), None if there is one start time only.
    `first` and `last` are the first and last start times, without zone.
    """

    path: Path
    name: str
    value_label: str
    rows: int
    readings: int
    unreadable_times: BadCells
    unreadable_values: BadCells
    empty_values: int
    duplicates: int
    out_of_order: int
    off_grid: int
    utc_times: int
    interval: timedelta | None
    first: datetime
    last: datetime
    gaps: tuple[Gap, ...]


@dataclass(frozen=True)
class _Layout:
    """Where a file's header stands and what it names; lines and columns count from 1."""

    header_line: int
    width: int
    named: int
    time_column: int
    value_column: int
    minus_column: int | None
    value_label: str


def analyze_series(path: Path) -> SeriesReport:
    """Read the series at `path` and say what it holds and what is missing.

    Raises ValueError, naming file, line, value and what is allowed, if the file is not there, is
    not UTF-8, has no header with the columns needed, or no row with a readable start time.
    """
    path = Path(path)
    with duckdb.connect() as con:
        layout = _read(con, path)
        rows, empty, offsets, repeats, backward, readings, first, last = _row(con, COUNTS)
        steps = con.execute(STEPS).fetchall()
        step = steps[0][0] if steps else None
        return SeriesReport(
            path=path,
            name=path.name,
            value_label=layout.value_label,
            rows=rows,
            readings=readings,
            unreadable_times=_bad_cells(con, BAD_TIMES),
            unreadable_values=_bad_cells(con, BAD_VALUES),
            empty_values=empty,
            duplicates=repeats,
            out_of_order=backward,
            off_grid=sum(count for other, count in steps if other % step),
            utc_times=offsets,
            interval=timedelta(microseconds=step) if step else None,
            first=_moment(first),
            last=_moment(last),
            gaps=_gaps(con, first, last, step) if step else (),
        )


def series_buckets(series: Path | SeriesReport, buckets: int = 1200) -> pd.DataFrame:
    """The series reduced to at most `buckets` rows, to draw without loading every row.

    Columns `bucket_start` (datetime, as written in the file), `mw_net_min`, `mw_net_max` (float, in
    the unit of the file). Buckets are whole intervals of equal length from the first start to the
    last; one that has no reading is a row of NaN, so that a line breaks there. Raises ValueError as
    `analyze_series` does, and for fewer than one bucket.
    """
    if buckets < 1:
        raise ValueError(f"buckets is {buckets}, but must be 1 or more")
    path = series.path if isinstance(series, SeriesReport) else Path(series)
    with duckdb.connect() as con:
        _read(con, path)
        *_, first, last = _row(con, COUNTS)
        steps = con.execute(STEPS).fetchone()
        step = steps[0] if steps else 1
        intervals = -(-(last - first) // step) + 1
        per_bucket = -(-intervals // buckets)
        values = {
            "first": first,
            "step": step,
            "bucket_us": per_bucket * step,
            "buckets": -(-intervals // per_bucket),
        }
        return con.execute(BUCKETS, values).df()


def write_gaps(report: SeriesReport, target: Path) -> Path:
    """Write the gaps as CSV to `target` and return it; the file appears whole or not at all.

    Columns `gap_start`, `gap_end` as MM/DD/YY HH:MM:SS and `gap_duration` as `D days HH:MM:SS`,
    as in the gap lists of a run; the header alone if nothing is missing.
    """
    part = target.with_name(target.name + ".part")
    with part.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("gap_start", "gap_end", "gap_duration"))
        for gap in report.gaps:
            times = (gap.gap_start.strftime(CLOCK), gap.gap_end.strftime(CLOCK))
            writer.writerow((*times, _duration(gap.gap_duration, always_days=True)))
    part.replace(target)
    return target


def format_report(report: SeriesReport) -> str:
    """The report in plain words, for a terminal; several lines, no line break at the end."""
    lines = [
        f"{report.name}: {_count(report.rows, 'row')}, {report.readings:,} with a reading"
        f" ({report.value_label})",
        f"From {report.first.strftime(CLOCK)} to the interval that starts"
        f" {report.last.strftime(CLOCK)}"
        + (f", every {_duration(report.interval)}." if report.interval else "; one time only."),
    ]
    if report.utc_times:
        kept = report.rows - report.unreadable_times.count - report.utc_times
        lines.append(
            f"{_count(report.utc_times, 'time')} had an offset: all times here are in UTC."
            + (f" {_count(kept, 'time')} had none and stayed as written." if kept else "")
        )
    lines += _problem_lines(report)
    return "\n".join([*lines, *_gap_lines(report)])


def _problem_lines(report: SeriesReport) -> Iterable[str]:
    """One line for each kind of problem that occurs."""
    for bad, what in (
        (report.unreadable_times, "start time"),
        (report.unreadable_values, "value"),
    ):
        if bad.count:
            shown = "; ".join(f"line {line}: {text!r}" for line, text in bad.first)
            more = ", ..." if bad.count > len(bad.first) else ""
            yield f"{_count(bad.count, what)} could not be read: {shown}{more}"
    for count, what, note in (
        (report.empty_values, "value", "empty"),
        (report.duplicates, "row", "a start time that was there already"),
        (report.out_of_order, "row", "a start before the row above"),
        (report.off_grid, "step", "a length that is no multiple of the interval"),
    ):
        if count:
            verb = ("is" if count == 1 else "are") if note == "empty" else None
            yield f"{_count(count, what)} {verb or ('has' if count == 1 else 'have')} {note}."


def _gap_lines(report: SeriesReport) -> Iterable[str]:
    """The gaps, the first few one by one."""
    if report.interval is None:
        yield "Gaps cannot be told from a single start time."
        return
    if not report.gaps:
        yield "No gaps."
        return
    missing = sum(gap.missing_intervals for gap in report.gaps)
    yield f"{_count(len(report.gaps), 'gap')}, {_count(missing, 'interval')} missing:"
    for gap in report.gaps[:GAPS_SHOWN]:
        yield (
            f"  {gap.gap_start.strftime(CLOCK)} to {gap.gap_end.strftime(CLOCK)}:"
            f" {_duration(gap.gap_duration)}, {_count(gap.missing_intervals, 'interval')}"
            + (SKIPPED_HOUR if not report.utc_times and _may_be_skipped(gap) else "")
        )
    if len(report.gaps) > GAPS_SHOWN:
        yield f"  and {len(report.gaps) - GAPS_SHOWN:,} more"


def _may_be_skipped(gap: Gap) -> bool:
    """Whether it is an hour of the kind that a clock with daylight saving skips: early on a Sunday.

    It begins at 00:00 to 03:00 in spring of either hemisphere.
    """
    start = gap.gap_start
    return (
        gap.gap_duration == timedelta(hours=1)
        and (start.weekday(), start.minute) == (6, 0)
        and start.hour <= 3
        and start.month in (3, 4, 9, 10)
    )


def _read(con: duckdb.DuckDBPyConnection, path: Path) -> _Layout:
    """Fill the temporary table series_rows from the file; ValueError if it holds no series."""
    text = _text(path)
    layout = _layout(path, text.split("\n"))
    con.execute(MACROS)
    values = {
        "text": text,
        "header_line": layout.header_line,
        "width": layout.width,
        "named": layout.named,
        "time_column": layout.time_column,
        "value_column": layout.value_column,
        "minus_column": layout.minus_column,
    }
    con.execute(READ, values)
    rows, times = _row(con, "select count(*), count(start_us) from series_rows")
    if not rows:
        raise ValueError(f"{path}: no data row after the header in line {layout.header_line}")
    if not times:
        line, value = _bad_cells(con, BAD_TIMES).first[0]
        raise ValueError(
            f"{path}: none of {_count(rows, 'row')} has a readable start time;"
            f" the first is line {line}: {value!r}. Allowed: {TIMES_ALLOWED}"
        )
    return layout


def _text(path: Path) -> str:
    """The file as text with LF line ends; ValueError if it is not there or not UTF-8."""
    if not path.is_file():
        raise ValueError(f"{path}: there is no such file; expected a CSV file")
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"{path}: line {line}: byte 0x{data[error.start]:02x} is not UTF-8;"
            " allowed is text in UTF-8, with or without a byte order mark"
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _layout(path: Path, lines: Sequence[str]) -> _Layout:
    """The first line that is a usable header; ValueError that says what is missing if none is."""
    problem = None
    for number, line in enumerate(lines, 1):
        if not any(word in line for word in ("Record No.", "Start Time", "MW_net")):
            continue
        names = [cell.strip() for cell in next(csv.reader([line], skipinitialspace=True))]
        if {"Start Time", "MW_net"}.isdisjoint(names) and not names[0].startswith("Record No."):
            continue
        try:
            return _columns(names, number)
        except ValueError as error:
            problem = problem or f"{path}: line {number}: {error}; found {', '.join(names)!r}"
    raise ValueError(
        problem
        or f"{path}: no header line; line 1 is {lines[0][:60]!r}."
        " Expected a line with the columns Start Time and MW_net, or the header of a raw export,"
        " which starts with Record No."
    )


def _columns(names: Sequence[str], header_line: int) -> _Layout:
    """The layout that a header's names give; ValueError if a column is missing or there twice."""
    if "Start Time" not in names:
        raise ValueError("no column 'Start Time'")
    time = "start_utc" if "start_utc" in names else "Start Time"
    is_raw = names[0].startswith("Record No.")
    values = next((pair for pair in RAW_CHANNELS if is_raw and set(pair) <= set(names)), ())
    label = "net (raw units)"
    if "MW_net" in names:
        values, label = ("MW_net",), "MW_net"
    if not values:
        raise ValueError("no column 'MW_net', nor a raw export's -1- and -2- (kw_del and kw_rec)")
    for name in (time, *values):
        if names.count(name) > 1:
            raise ValueError(f"column {name!r} is there {names.count(name)} times, allowed is once")
    places = [names.index(name) + 1 for name in (time, *values)]
    named = max(place for place, name in enumerate(names, 1) if name)
    minus = places[2] if len(places) == 3 else None
    return _Layout(header_line, len(names), named, places[0], places[1], minus, label)


def _row(con: duckdb.DuckDBPyConnection, sql: str) -> tuple:
    """The one row of a query that always has one."""
    row = con.execute(sql).fetchone()
    assert row is not None
    return row


def _bad_cells(con: duckdb.DuckDBPyConnection, sql: str) -> BadCells:
    """What BAD_TIMES or BAD_VALUES finds."""
    rows = con.execute(sql, {"shown": SHOWN}).fetchall()
    return BadCells(rows[0][2] if rows else 0, tuple((line, text) for line, text, _ in rows))


def _gaps(con: duckdb.DuckDBPyConnection, first: int, last: int, step: int) -> tuple[Gap, ...]:
    """The gaps between two starts; all three numbers are microseconds."""
    rows = con.execute(GAPS, {"first": first, "last": last, "step": step}).fetchall()
    return tuple(
        Gap(_moment(start), _moment(end), timedelta(microseconds=end - start), missing)
        for start, end, missing in rows
    )


def _moment(microseconds: int) -> datetime:
    """Microseconds since 1970 as a date and time without zone."""
    return datetime(1970, 1, 1) + timedelta(microseconds=microseconds)


def _duration(span: timedelta, *, always_days: bool = False) -> str:
    """`D days HH:MM:SS`, days only where there are some, a fraction only where there is one."""
    minutes, seconds = divmod(span.seconds, 60)
    days = f"{span.days} days " if span.days or always_days else ""
    fraction = f".{span.microseconds:06d}" if span.microseconds else ""
    return f"{days}{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}{fraction}"


def _count(number: int, noun: str) -> str:
    """`1 row`, `2,976 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
