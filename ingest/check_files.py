"""Check raw files by the thousand, in SQL: what a good file is. Knows rules, no folders.

Every line of a file that has data is one row of a scan, so line numbers are exact and a broken line
can spoil nothing but itself. The rules of a good file stand here and nowhere else.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

import duckdb

from ingest.closed_database import as_pattern, scratch_folder
from ingest.letters import RELEASABLE, sequence_problem
from ingest.raw_files import SERIAL, TIME_FORMAT, VALUES, Problem, RawFile, spanless_start
from ingest.sequence_breaks import Row, change_within, explain
from ingest.serial_numbers import Serial, is_same, is_serial
from ingest.warehouse import utc_now

# A line this long is no data row; DuckDB's own limit is 2 MB.
MOST_LINE_BYTES = 2_000_000
# What a cell says when the value is unknown, which is never 0.
UNKNOWN = ("", "-", "--", "nan", "null", "na", "n/a", "#n/a", "n.a.", "bad", "no data")
# A meter reads out the past, on a clock that may be a day ahead of UTC, and was not read before.
FIRST_YEAR = 2010
# Digits of a raw value before and after the point. The models multiply exactly in DECIMAL(38), so
# an absurd value has to be turned away here, or it would stop everybody's build there.
DIGITS_BEFORE, DIGITS_AFTER = 9, 18
NUMBER = f"decimal({DIGITS_BEFORE + DIGITS_AFTER}, {DIGITS_AFTER})"
# Six decimals are enough for nearly every meter, and the models multiply them in a fraction of the
# time; a row with a longer value keeps all of its digits beside them.
SHORT_AFTER = 6
SHORT = f"decimal(18, {SHORT_AFTER})"
LONG = " or ".join(f"{name} <> {name}::{SHORT}" for name in VALUES)

COMMON = """
create or replace temp macro plain(cell) as lower(trim(cell, ' "' || chr(9) || chr(13)));
create or replace temp macro is_blank_line(line) as
    line is null or plain(replace(replace(line, ',', ''), '"', '')) = '';
"""
QUICK_MACROS = f"""
create or replace temp macro record_in(cell) as
    case when not contains(cell, '.') and strlen(cell) <= 18 then try_cast(cell as bigint) end;
create or replace temp macro text_in(cell) as trim(cell);
create or replace temp macro time_in(cell) as
    case when cell like '%__/__/__ __:__:00%' then try_strptime(cell, '{TIME_FORMAT}') end;
create or replace temp macro number_in(cell) as
    case when strlen(cell) <= {DIGITS_AFTER}
        and (instr(cell, '.') = 0 or strlen(rtrim(cell)) - instr(cell, '.') <= {SHORT_AFTER})
        then try_cast(cell as decimal({DIGITS_BEFORE + SHORT_AFTER}, {SHORT_AFTER})) end;
create or replace temp macro is_unknown(cell) as trim(cell) = '';
"""
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
# Cells with quotes around a comma or a quote; cells with quotes around neither; cells without.
ANY_CELL, QUOTED_CELL, BARE_CELL = r'\s*"(?:[^"]|"")*"\s*', r'\s*"[^",]*"\s*', r'[^",]*'
CAREFUL_MACROS = rf"""
create or replace temp macro cells_of(line) as case
    when not contains(line, '"')
        or regexp_full_match(line, '({QUOTED_CELL}|{BARE_CELL})(,({QUOTED_CELL}|{BARE_CELL}))*')
        then string_split(line, ',')
    when regexp_full_match(line, '({ANY_CELL}|{BARE_CELL})(,({ANY_CELL}|{BARE_CELL}))*')
        then regexp_extract_all(',' || line, ',({ANY_CELL}|{BARE_CELL})', 1)
    else [line]
end;
create or replace temp macro record_in(cell) as
    case when regexp_full_match(plain(cell), '-?\d{{1,18}}') then plain(cell)::bigint end;
create or replace temp macro text_in(cell) as
    trim(replace(regexp_replace(cell, '^\s*"(.*)"\s*$', '\1'), '""', '"'), ' ' || chr(9));
create or replace temp macro time_in(cell) as case
    when regexp_full_match(plain(cell), '\d\d?/\d\d?/\d\d +\d\d?:\d\d:\d\d')
        then try_strptime(plain(cell), '{TIME_FORMAT}')
end;
create or replace temp macro number_in(cell) as case
    when regexp_full_match(
        plain(cell),
        '[+-]?(\d+|\d{{1,3}}(,\d{{3}})+)?(\.\d{{0,{DIGITS_AFTER}}}|(\.\d{{0,9}})?e[+-]?0?\d)?'
    )
        then try_cast(replace(plain(cell), ',', '') as {NUMBER})
end;
create or replace temp macro is_unknown(cell) as plain(cell) in {UNKNOWN};
"""
CAREFUL_SOURCE = f"""
select
    (?::integer[])[file_index::integer + 1] as file_no,
    line,
    cells_of(line) as cells
from read_csv(
    ?, header = false, skip = {{header_line}}, auto_detect = false,
    delim = chr(1), quote = '', escape = '', columns = {{{{'line': 'varchar'}}}},
    max_line_size = {MOST_LINE_BYTES}, hive_partitioning = false
)
"""


@dataclass(frozen=True)
class Way:
    """A way to read: its macros and, as SQL, its lines, a cell, and what a line can be in it."""

    macros: str
    source: str
    cell: str
    is_torn: str
    long_values: str
    is_blank: str
    bad_cells: str


# Quick: what nearly all meters write, split by DuckDB's own CSV reader, and nothing that a cast
# would guess at or round: plain files, of times whole minutes, of years those that one digit cannot
# give. A line that it cannot split it leaves out, so the file lacks one. A file that it does not
# understand in full is read again the careful way, line by line: quoted cells, `-` and `NaN` for
# unknown, exponents, thousands separators where they belong. Only that one calls a file bad.
QUICK = Way(
    QUICK_MACROS,
    QUICK_SOURCE,
    "cell_{}",
    f"least(start_local, end_local) < '{FIRST_YEAR}-01-01'",
    "null",
    "false",
    "[]::varchar[]",
)
CAREFUL = Way(
    CAREFUL_MACROS,
    CAREFUL_SOURCE,
    "cells[{}]",
    "len(cells) <> {}",
    f"case when {LONG} then [{', '.join(VALUES)}] end",
    "case when start_local is null then is_blank_line(line) else false end",
    "cells",
)

STAGE = """
create or replace temp table batch_reads (
    file_no integer, record_no bigint, event_type varchar, start_local timestamp,
    end_local timestamp, kw_del decimal(18, 6), kw_rec decimal(18, 6), kva_del decimal(18, 6),
    kva_rec decimal(18, 6), long_values decimal(38, 18)[], is_blank boolean, bad_cells varchar[],
    serial_no varchar
);
create or replace temp table batch_files (
    file_no integer primary key, feeder varchar, header_line bigint, line_count bigint
);
"""

ODD_FILES = """
select file_no
from batch_files
left join batch_reads using (file_no)
group by file_no, line_count
having count(bad_cells) > 0 or count(batch_reads.rowid) <> line_count
"""

# Lines of a file stand in batch_reads in their order, without a hole, so a line's number is known
# from the row's place.
LINES = """
create or replace temp table batch_lines as
select
    batch_files.file_no,
    batch_files.feeder,
    batch_files.header_line + 1 - min(batch_reads.rowid) as line_offset,
    count(*) = any_value(batch_files.line_count) as is_whole,
    min(batch_reads.start_local) as min_start_local,
    max(batch_reads.start_local) as max_start_local,
    min(case when batch_reads.bad_cells is not null then batch_reads.rowid end) as first_bad_row
from batch_files
inner join batch_reads on batch_files.file_no = batch_reads.file_no
group by batch_files.file_no, batch_files.feeder, batch_files.header_line
"""

BAD_CELLS = """
select file_no, reads.rowid + line_offset, bad_cells, record_no, start_local, end_local,
    kw_del, kw_rec, kva_del, kva_rec
from batch_reads as reads
inner join batch_lines using (file_no)
where reads.rowid = first_bad_row
"""

SPANS = """
select file_no, count(*), arg_min(start_local, rowid), arg_max(end_local, rowid)
from batch_reads
where not is_blank and bad_cells is null
group by file_no
"""

SAVE = """
insert into raw.interval_reads
select
    accepted.file_id, reads.rowid + batch_lines.line_offset, reads.record_no, reads.event_type,
    reads.start_local, reads.end_local, reads.kw_del, reads.kw_rec, reads.kva_del, reads.kva_rec,
    reads.long_values
from batch_reads as reads
inner join batch_lines using (file_no)
inner join (select unnest(?) as file_no, unnest(?) as file_id) as accepted using (file_no)
where not reads.is_blank
"""

# A row in which the clock is put back ends before it starts; the time of its file covers it too.
SAVE_MONTHS = """
insert into raw.file_months
select
    accepted.file_id, date_trunc('month', reads.start_local)::date as local_month,
    count(*), min(reads.start_local),
    max(greatest(reads.end_local, reads.start_local + interval 1 minute))
from batch_reads as reads
inner join (select unnest(?) as file_no, unnest(?) as file_id) as accepted using (file_no)
where not reads.is_blank
group by accepted.file_id, local_month
order by accepted.file_id, local_month
"""

# Neighbouring rows of a file whose times do not meet. A clock that was set by a few seconds moves a
# joint; up to a minute, and less than a quarter of the row, is jitter. The clock table excuses the
# two joints a daylight-saving change makes: the clock jumps between one row's end and the next
# row's start, and a clock that is a little off does so in the interval that the change begins.
# It does so once: a file that goes back to the same hour again repeats itself.
SEQUENCE = """
with
rows_in_order as (
    select
        file_no,
        rowid as row_no,
        record_no,
        start_local,
        end_local,
        lag(start_local) over () as previous_start,
        lag(end_local) over () as previous_end,
        lag(file_no) over () as previous_file
    from {reads}
    where not is_blank
),

broken as (
    select rows_in_order.*, batch_lines.feeder, batch_lines.line_offset
    from rows_in_order
    inner join batch_lines on rows_in_order.file_no = batch_lines.file_no
    where previous_file = rows_in_order.file_no and start_local <> previous_end
        and not (
            start_local > previous_start
            and abs(epoch(start_local - previous_end)) <= 60
            and abs(epoch(start_local - previous_end)) * 4 < epoch(end_local - start_local)
        )
),

excused as (
    select broken.file_no, broken.row_no
    from broken
    inner join raw.meter_data as meter
        on
            broken.feeder = lower(meter.feeder)
            and broken.start_local >= coalesce(meter.valid_from, '-infinity'::timestamp)
            and broken.start_local < coalesce(meter.valid_to, 'infinity'::timestamp)
    inner join raw.clock_days as clock
        on
            meter.timezone = clock.timezone
            and broken.previous_end
            > clock.change_at_local - to_seconds(least(60, meter.interval_minutes * 15))
            and broken.previous_end
            < clock.change_at_local + to_minutes(meter.interval_minutes)
            and abs(epoch(
                broken.start_local - broken.previous_end
                - to_minutes(clock.new_utc_offset_minutes - clock.utc_offset_minutes)
            )) < least(61, meter.interval_minutes * 15)
    qualify row_number() over (
        partition by broken.file_no, clock.change_at_local order by broken.row_no
    ) = 1
)

select file_no, row_no, line_offset
from broken
anti join excused using (file_no, row_no)
"""

# A row that ends before it starts, unless the clock was put back between the two, once.
BACKWARDS = """
with
backward as (
    select
        file_no,
        reads.rowid as row_no,
        record_no,
        start_local,
        end_local,
        batch_lines.feeder,
        batch_lines.line_offset
    from {reads} as reads
    inner join batch_lines using (file_no)
    where not is_blank and end_local <= start_local
),

excused as (
    select backward.file_no, backward.row_no
    from backward
    inner join raw.meter_data as meter on backward.feeder = lower(meter.feeder)
    inner join raw.clock_days as clock
        on
            meter.timezone = clock.timezone
            and clock.local_date = backward.start_local::date
            and backward.start_local < clock.change_at_local
            and backward.end_local >= clock.change_at_local
            + to_minutes(clock.new_utc_offset_minutes - clock.utc_offset_minutes)
    qualify row_number() over (
        partition by backward.file_no, clock.change_at_local order by backward.row_no
    ) = 1
)

select file_no, row_no, line_offset
from backward
anti join excused using (file_no, row_no)
"""

# A row that is longer than the others of its file by what clocks are put forward, though its own
# clock is not put then. Which of them are at the change of another zone's clock, Python says.
LONGER = """
with
longer as (
    select
        file_no,
        reads.rowid as row_no,
        start_local,
        end_local,
        batch_lines.feeder,
        batch_lines.line_offset
    from batch_reads as reads
    inner join batch_lines using (file_no)
    where not is_blank and end_local > start_local + interval 30 minutes
        and end_local - start_local in (
            select to_minutes(meter.interval_minutes + clock.minutes)
            from raw.meter_data as meter
            cross join (select unnest([30, 60]) as minutes) as clock
            where batch_lines.feeder = lower(meter.feeder)
        )
),

usual as (
    select file_no, mode(end_local - start_local) as step
    from batch_reads
    where file_no in (select file_no from longer) and not is_blank
    group by file_no
)

select file_no, row_no, line_offset, start_local, end_local, step
from longer
inner join usual using (file_no)
where not exists (
    select 1
    from raw.meter_data as meter
    inner join raw.clock_days as clock on meter.timezone = clock.timezone
    where longer.feeder = lower(meter.feeder)
        and clock.change_at_local > longer.start_local
        and clock.change_at_local < longer.end_local
)
"""

ROWS = """
select rowid, record_no, start_local, end_local,
    [kw_del::varchar, kw_rec::varchar, kva_del::varchar, kva_rec::varchar, long_values::varchar]
from batch_reads
where file_no = ? and not is_blank
order by rowid
"""

# The zone of a feeder's meter at a time, or at any other if it has none then.
ZONE = """
select timezone
from raw.meter_data
where lower(feeder) = $feeder
order by
    $at >= coalesce(valid_from, '-infinity'::timestamp)
    and $at < coalesce(valid_to, 'infinity'::timestamp) desc,
    meter_data_row
limit 1
"""

# The rows of files with a sequence error, those at 00:00 with the date that they should carry. The
# rows before and after tell it, for a time at any other hour is never in doubt: what is wrong by a
# day, no more and no less, is a slip. A whole row that only one neighbour calls wrong may as well
# stand beside a hole of a day: it counts where others are sure.
MENDED = """
create or replace temp table mended_reads as
with
rows_in_order as (
    select
        *,
        rowid as row_no,
        mode(end_local - start_local) over (partition by file_no) as step,
        lag(start_local) over (partition by file_no order by rowid) as previous_start,
        lead(start_local) over (partition by file_no order by rowid) as next_start
    from batch_reads
    where not is_blank and file_no in (select unnest(?))
),

told as (
    select
        *,
        case
            when start_local::time <> '00:00:00' then start_local
            when previous_start + step <> next_start - step then null
            else coalesce(previous_start + step, next_start - step)
        end as true_start
    from rows_in_order
    where '00:00:00' in (start_local::time, end_local::time)
),

slips as (
    select
        file_no,
        row_no,
        true_start,
        true_start + step as true_end,
        true_start = start_local or true_end = end_local
        or (previous_start is not null and next_start is not null) as is_sure
    from told
    where (true_start <> start_local or true_end <> end_local)
        and abs(epoch(start_local - true_start)) in (0, 86400)
        and abs(epoch(end_local - true_end)) in (0, 86400)
    qualify bool_or(is_sure) over (partition by file_no)
)

select
    row_no,
    rows_in_order.* exclude (row_no, start_local, end_local),
    coalesce(true_start, start_local) as start_local,
    coalesce(true_end, end_local) as end_local,
    start_local as found_start,
    end_local as found_end,
    true_start is not null as is_slip
from rows_in_order
left join slips using (file_no, row_no)
order by row_no
"""

# Per file with slips: how many, the first one's place and times, where and to which side they lie.
MIDNIGHT_SLIPS = """
select
    file_no,
    count(*),
    count(*) filter (is_slip),
    min(row_no + line_offset) filter (is_slip),
    arg_min(record_no, row_no) filter (is_slip),
    arg_min([found_start, found_end, start_local, end_local], row_no) filter (is_slip),
    list_sort(list(distinct start_local::time = '00:00:00') filter (is_slip)),
    list_sort(
        list(distinct least(found_start - start_local, found_end - end_local) < '0s'::interval)
        filter (is_slip)
    )
from mended_reads
inner join batch_lines using (file_no)
group by file_no
having bool_or(is_slip)
"""

DASHED_FEEDERS = """
select distinct lower(feeder) from raw.meter_data where contains(feeder, '-') order by 1
"""

ODD_DATES = f"""
select
    file_no,
    min(reads.rowid + line_offset),
    arg_min(record_no, reads.rowid),
    arg_min(start_local, reads.rowid),
    count(*)
from batch_lines
inner join batch_reads as reads using (file_no)
where (min_start_local < '{FIRST_YEAR}-01-01' or max_start_local > $latest)
    and (start_local < '{FIRST_YEAR}-01-01' or start_local > $latest)
group by file_no
order by file_no
"""

SERIALS = """
select file_no, min(reads.rowid + line_offset) as line, serial_no
from batch_reads as reads
inner join batch_lines using (file_no)
where trim(serial_no) <> ''
group by file_no, serial_no
order by file_no, line
"""

# The meters of each file's feeder that are valid at some time of the file.
OWN_METERS = """
select file_no, list(meters.meter order by meters.meter_data_row)
from batch_lines
inner join raw.meter_data as meters
    on
        batch_lines.feeder = lower(meters.feeder)
        and batch_lines.max_start_local >= coalesce(meters.valid_from, '-infinity'::timestamp)
        and batch_lines.min_start_local < coalesce(meters.valid_to, 'infinity'::timestamp)
group by file_no
"""
ALL_METERS = "select distinct lower(feeder), meter from raw.meter_data order by 1, 2"

# A file whose earliest row is in a row of meter-data.csv is known without a look at the others.
UNKNOWN_METERS = """
with
meters as (
    select
        lower(feeder) as feeder,
        coalesce(valid_from, '-infinity'::timestamp) as valid_from,
        coalesce(valid_to, 'infinity'::timestamp) as valid_to
    from raw.meter_data
),

doubtful as (
    select batch_lines.file_no, batch_lines.feeder
    from batch_lines
    where not exists (
        select 1
        from meters
        where meters.feeder = batch_lines.feeder
            and batch_lines.min_start_local >= meters.valid_from
            and batch_lines.min_start_local < meters.valid_to
    )
)

select doubtful.file_no, doubtful.feeder in (select meters.feeder from meters)
from doubtful
where doubtful.file_no not in (
    select reads.file_no
    from doubtful
    inner join batch_reads as reads on doubtful.file_no = reads.file_no
    inner join meters
        on
            doubtful.feeder = meters.feeder
            and reads.start_local >= meters.valid_from
            and reads.start_local < meters.valid_to
)
"""


@dataclass(frozen=True)
class CheckedFile:
    """A raw file after the rules: its number in the batch, its span and, if it is not good, why."""

    number: int
    raw: RawFile
    problem: Problem | None
    row_count: int = 0
    first_start: datetime | None = None
    last_end: datetime | None = None


def check_files(con: duckdb.DuckDBPyConnection, files: list[RawFile]) -> list[CheckedFile]:
    """Scan `files` into the temporary table batch_reads and apply the rules of a good file.

    Returns one CheckedFile per file, numbered by layout; the rows wait for `save_rows`.
    """
    con.execute(COMMON + STAGE)
    numbered = dict(enumerate(sorted(files, key=_layout)))
    problems = {number: raw.problem for number, raw in numbered.items() if raw.problem}
    readable = {number: raw for number, raw in numbered.items() if not raw.problem}
    plain = {number: raw for number, raw in readable.items() if raw.is_plain}
    _scan_all(con, plain, {}, QUICK)
    odd = readable.keys() - plain.keys() | {n for (n,) in con.execute(ODD_FILES).fetchall()}
    if odd:
        con.execute("delete from batch_reads where file_no in (select unnest(?))", [list(odd)])
        again = {number: replace(readable[number], is_mixed=True) for number in sorted(odd)}
        _scan_all(con, again, problems, CAREFUL)
    con.execute(LINES)
    for find in (_bad_cells, _unclear_names, _unknown_meters, _other_meters, _odd_dates):
        problems = find(con, numbered) | problems
    for number, problem in _broken_sequences(con, numbered).items():
        known = problems.get(number)
        if known is None:
            problems[number] = problem
        elif known.code in RELEASABLE:  # who releases it has to know of both
            problems[number] = replace(known, breaks=problem.breaks, release=problem.release)
    problems |= _midnight_slips(con, problems)
    spans = {number: span for number, *span in con.execute(SPANS).fetchall()}
    return [
        CheckedFile(number, raw, problems.get(number), *spans.get(number, ()))
        for number, raw in numbered.items()
    ]


def save_rows(con: duckdb.DuckDBPyConnection, file_ids: dict[int, int]) -> int:
    """Append the rows of accepted files (number in the batch -> file_id) and return their count.

    raw.file_months gets its rows with them.
    """
    if not file_ids:
        return 0
    numbers = [list(file_ids), list(file_ids.values())]
    con.execute(SAVE_MONTHS, numbers)
    return con.execute(SAVE, numbers).fetchone()[0]


def _layout(raw: RawFile) -> tuple:
    """Files of one layout are read by one scan."""
    return raw.problem is not None, raw.header_line, raw.columns, raw.is_mixed


def _scan_all(
    con: duckdb.DuckDBPyConnection, files: dict[int, RawFile], problems: dict, way: Way
) -> None:
    """Scan files layout by layout in one way, and note them in batch_files."""
    con.execute(way.macros)
    for _, group in groupby(files.items(), key=lambda item: _layout(item[1])):
        _scan_files(con, dict(group), problems, way)
    con.execute(
        "insert or replace into batch_files select unnest(?), unnest(?), unnest(?), unnest(?)",
        [
            list(files),
            [raw.feeder for raw in files.values()],
            [raw.header_line for raw in files.values()],
            [raw.row_lines if way is QUICK else raw.line_count for raw in files.values()],
        ],
    )


def _scan_files(
    con: duckdb.DuckDBPyConnection, files: dict[int, RawFile], problems: dict, way: Way
) -> None:
    """Scan consecutively numbered files; if that fails one by one, so that none stops another."""
    try:
        with _plain_copies(con, files.values()) as paths:
            _scan(con, next(iter(files.values())), list(files), paths, way)
    except (duckdb.InvalidInputException, duckdb.IOException, FileNotFoundError) as error:
        if len(files) > 1:
            for number, raw in files.items():
                _scan_files(con, {number: raw}, problems, way)
            return
        (number, raw), found = next(iter(files.items())), str(error).split("\n", 1)[0][:200]
        # only what DuckDB says of the text is the file's fault; one that changed is left for later
        if isinstance(error, duckdb.InvalidInputException):
            expected = "lines of at most 2 MB of text"
            problems[number] = Problem("unreadable", None, expected, found)
        elif raw.is_unchanged():
            raise


@contextmanager
def _plain_copies(con: duckdb.DuckDBPyConnection, files: Iterable[RawFile]) -> Iterator[list[str]]:
    """Yield paths to scan: the files themselves, or copies where lines end in several ways."""
    with ExitStack() as stack:
        paths = []
        for raw in files:
            path = raw.path
            if raw.is_mixed or "\\" in raw.path.name:  # a pattern has no way to write a backslash
                text = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n")
                path = stack.enter_context(scratch_folder(con)) / "plain.csv"
                path.write_bytes(text)
            paths.append(as_pattern(str(path)))
        yield paths


def _scan(
    con: duckdb.DuckDBPyConnection, layout: RawFile, numbers: list[int], paths: list[str], way: Way
) -> None:
    """Append every line below the header of `paths` to batch_reads, parsed."""
    count = len(layout.columns)

    def cell(name: str) -> str:
        known = name in layout.columns
        return way.cell.format(layout.columns.index(name) + 1) if known else "null"

    source = way.source.format(
        header_line=layout.header_line,
        columns=", ".join(f"'{way.cell.format(n + 1)}': 'varchar'" for n in range(count)),
    )
    values = ", ".join(f"number_in({cell(name)}) as {name}" for name in VALUES)
    unread = " or ".join(
        f"case when {name} is null then not is_unknown({cell(name)}) else false end"
        for name in VALUES
        if name in layout.columns
    )
    con.execute(
        f"""
        insert into batch_reads
        with
        lines as ({source}),
        typed as (
            select
                *,
                record_in({cell("record_no")}) as record_no,
                text_in({cell("event_type")}) as event_type,
                text_in({cell(SERIAL)}) as serial_no,
                time_in({cell("start_local")}) as start_local,
                time_in({cell("end_local")}) as end_local,
                {values}
            from lines
        ),
        judged as (
            select
                *,
                {way.is_blank} as is_blank,
                start_local is null or end_local is null or record_no is null
                or {way.is_torn.format(count)} or {unread} as is_bad
            from typed
        )
        select
            file_no, record_no, event_type, start_local, end_local,
            {", ".join(f"{name}::{SHORT}" for name in VALUES)}, {way.long_values}, is_blank,
            case when is_bad and not is_blank then {way.bad_cells} end as bad_cells,
            serial_no
        from judged
        """,
        [numbers, paths],
    )


def _bad_cells(con: duckdb.DuckDBPyConnection, files: dict[int, RawFile]) -> dict[int, Problem]:
    """Files with a line that is no data row: too few or many cells, a time or number unread."""
    broken = con.execute("select file_no from batch_lines where not is_whole").fetchall()
    found = {
        number: Problem("unreadable", None, "lines that end in one way", "other line ends")
        for (number,) in broken
    }
    for number, line, cells, *values in con.execute(BAD_CELLS).fetchall():
        columns = files[number].columns
        parsed = dict(zip(("record_no", "start_local", "end_local", *VALUES), values, strict=True))
        record = parsed["record_no"]
        expected, what = _first_bad_cell(cells, columns, parsed)
        found[number] = Problem("unreadable", line, expected, what, record)
    return found


def _first_bad_cell(cells: list[str], columns: tuple[str, ...], parsed: dict) -> tuple[str, str]:
    """What was expected of a bad line, and what stood there."""
    if len(cells) != len(columns):
        text = ",".join(cells)[:200]
        if len(cells) == 1 and '"' in text:
            return "quotes that open and close around a cell", repr(text)
        return f"{len(columns)} cells as in the header", f"{len(cells)} cells: {text!r}"
    for name, cell in zip(columns, cells, strict=True):
        text = cell.strip(' "\t\r')[:200]
        if name not in parsed or parsed[name] is not None:
            continue
        if name == "record_no":
            return "a whole number as Record No.", repr(text)
        if name in ("start_local", "end_local"):
            title = "Start Time" if name == "start_local" else "End Time"
            return f"{title} as MM/DD/YY HH:MM:SS", repr(text)
        if text.lower() not in UNKNOWN:
            number = f"a number below 10^{DIGITS_BEFORE} with at most {DIGITS_AFTER} decimals"
            return f"{number}, or an empty cell, - or NaN if unknown, as {name}", repr(text)
    return "a data row", repr(",".join(cells)[:200])


def _unclear_names(con: duckdb.DuckDBPyConnection, files: dict[int, RawFile]) -> dict[int, Problem]:
    """Files that name no span and begin with a feeder whose name has a dash: its end is unclear."""
    dashed = [feeder for (feeder,) in con.execute(DASHED_FEEDERS).fetchall()]
    found = {}
    for number, raw in files.items() if dashed else ():
        text = spanless_start(raw.name) or ""
        for feeder in dashed:
            if text.startswith(f"{feeder}-"):
                expected = "a name with its span, <feeder>-MMDDYY-HHMMSS_MMDDYY-HHMMSS.csv"
                what = f"a name that fits feeder {feeder!r} and feeder {raw.feeder!r}"
                found[number] = Problem("unknown_meter", None, expected, what)
    return found


def _unknown_meters(
    con: duckdb.DuckDBPyConnection, files: dict[int, RawFile]
) -> dict[int, Problem]:
    """Files of a feeder that meter-data.csv does not have at the time of their readings."""
    found = {}
    for number, is_known in con.execute(UNKNOWN_METERS).fetchall():
        feeder = files[number].feeder
        expected = f"a row for feeder {feeder!r} in meter-data.csv"
        at = " that is valid at the time of these readings"
        none = "only rows for other times" if is_known else "none"
        found[number] = Problem("unknown_meter", None, expected + at, none)
    return found


def _other_meters(con: duckdb.DuckDBPyConnection, files: dict[int, RawFile]) -> dict[int, Problem]:
    """Files with a serial number that is not that of their feeder's meter, or with two of them."""
    serials = {number: list(raw.serials) for number, raw in files.items() if raw.serials}
    if any(SERIAL in raw.columns for raw in files.values()):
        for number, line, text in con.execute(SERIALS).fetchall():
            if is_serial(text):
                serials.setdefault(number, []).append(Serial(SERIAL, text, line))
    if not serials:
        return {}
    own = dict(con.execute(OWN_METERS).fetchall())
    meters = con.execute(ALL_METERS).fetchall()
    found = {}
    for number, named in serials.items():
        problem = _contradiction(named, files[number].feeder, own.get(number, []), meters)
        if problem:
            found[number] = problem
    return found


def _contradiction(
    serials: list[Serial], feeder: str, own: list[str], meters: list[tuple[str, str]]
) -> Problem | None:
    """Why serial numbers in a file contradict the feeder's own meters, if they do."""
    odd = [s for s in serials if not any(is_same(s.text, meter) for meter in own)]
    first = serials[0]
    for other in serials[1:]:
        if odd and other.label == first.label and not is_same(other.text, first.text):
            expected = f"the serial number of one meter, {first.text} as in line {first.line}"
            return Problem("unknown_meter", other.line, expected, other.text, None, "two_serials")
    if len(odd) < len(serials) or not own:
        return None
    known = sorted({of for of, meter in meters if of != feeder and is_same(first.text, meter)})
    if known or all(is_serial(meter) for meter in own):
        expected = f"serial number {' or '.join(own)}, the meter of {feeder!r} in meter-data.csv"
        whose = f", the meter of {' and '.join(map(repr, known))}" if known else ""
        what = f"{first.text}{whose}"
        return Problem("unknown_meter", first.line, expected, what, None, "other_meter")
    return None


def _odd_dates(con: duckdb.DuckDBPyConnection, files: dict[int, RawFile]) -> dict[int, Problem]:
    """Files with readings of a day to come, or of one when nobody read meters out."""
    latest = utc_now() + timedelta(days=1)
    found = {}
    for number, line, record, start, count in con.execute(ODD_DATES, {"latest": latest}).fetchall():
        expected = f"times from {FIRST_YEAR} until a day from now, {latest:{TIME_FORMAT}} UTC"
        what = f"Start Time {start:{TIME_FORMAT}}, in {start.year}, and {count:,} such rows in all"
        found[number] = Problem("sequence_error", line, expected, what, record, "date")
    return found


def _broken_sequences(
    con: duckdb.DuckDBPyConnection, files: dict[int, RawFile]
) -> dict[int, Problem]:
    """Files in which a row does not fit the one before it, or does not end as its clock does."""
    broken: dict[int, dict[int, int]] = {}
    for rule in (BACKWARDS, SEQUENCE):
        for number, row_no, offset in con.execute(rule.format(reads="batch_reads")).fetchall():
            broken.setdefault(number, {})[row_no] = offset
    for number, row_no, offset, *times in con.execute(LONGER).fetchall():
        if change_within(*times):
            broken.setdefault(number, {})[row_no] = offset
    # a row without a time has no place among the others
    unread = "select file_no from batch_lines where first_bad_row is not null"
    for (number,) in con.execute(unread).fetchall():
        broken.pop(number, None)
    return {
        number: sequence_problem(*explain(*_rows_around(con, files[number], number, rows)))
        for number, rows in broken.items()
    }


def _rows_around(
    con: duckdb.DuckDBPyConnection, raw: RawFile, number: int, broken: dict[int, int]
) -> tuple[list[Row], list[int], str]:
    """A file's rows, the positions of its broken ones among them, and its meter's time zone."""
    offset = next(iter(broken.values()))
    found = con.execute(ROWS, [number]).fetchall()
    position_of = {row_no: position for position, (row_no, *_) in enumerate(found)}
    rows = [Row(row_no + offset, *times, tuple(values)) for row_no, *times, values in found]
    positions = sorted(position_of[row_no] for row_no in broken)
    zone = con.execute(ZONE, {"feeder": raw.feeder, "at": rows[positions[0]].start}).fetchone()
    return rows, positions, zone[0] if zone else "UTC"


def _midnight_slips(
    con: duckdb.DuckDBPyConnection, problems: dict[int, Problem]
) -> dict[int, Problem]:
    """Files whose sequence breaks first where a row at 00:00 has the date of a day beside its own.

    Says so in place of the plain sequence error.
    """
    broken = [n for n, found in problems.items() if found.breaks and found.code not in RELEASABLE]
    if not broken:
        return {}
    con.execute(MENDED, [broken])
    still = {
        number
        for rule in (BACKWARDS, SEQUENCE)
        for number, *_ in con.execute(rule.format(reads="mended_reads")).fetchall()
    }
    found = {}
    for number, rows, slips, line, record, times, *which in con.execute(MIDNIGHT_SLIPS).fetchall():
        if line > problems[number].line or problems[number].code == "newest_first":
            continue
        wrong, right = _first_difference(times)
        slipped = f"{slips:,} of {rows:,} rows look{'s' * (slips == 1)} like a midnight date slip: "
        slipped += _slipped_rows(*which)
        slipped += "; other rows break the sequence as well" if number in still else ""
        found[number] = Problem(
            "sequence_error", line, right, f"{wrong}; {slipped}", record, "midnight_slip"
        )
    return found


def _first_difference(times: list[datetime]) -> tuple[str, str]:
    """Of the times of a row, start and end as found and as they should be: what differs first."""
    found_start, found_end, start, end = times
    if found_start != start:
        return f"Start Time {found_start:{TIME_FORMAT}}", f"Start Time {start:{TIME_FORMAT}}"
    return f"End Time {found_end:{TIME_FORMAT}}", f"End Time {end:{TIME_FORMAT}}"


def _slipped_rows(starts: list[bool], is_earlier: list[bool]) -> str:
    """Which rows carry a wrong date, and of which day, in words."""
    days = " or ".join("before" if earlier else "after" for earlier in reversed(is_earlier))
    if len(starts) > 1:
        return f"the rows that start or end at 00:00 carry the date of the day {days}"
    verb = "starts" if starts[0] else "ends"
    return f"the row that {verb} at 00:00 carries the date of the day {days}"
