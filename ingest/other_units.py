"""Recognise a file that has the values of another in another unit. Knows values, not outcomes.

A correction changes some values. A file in which every value is that of the other file times one
factor was exported in another unit: kW against kWh per interval, W against kW, or with a multiplier
applied.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext

import duckdb

from ingest.raw_files import RawFile, Values, row_at, values_by_time

# Fewer intervals may be in one ratio by chance; a constant load that changed is in one ratio.
FEWEST_INTERVALS = 8
# Two raw values have up to 27 digits each, and their product is compared exactly.
EXACT = Context(prec=60)


@dataclass(frozen=True)
class OtherUnit:
    """That all values of a file are those of other files times a factor, and in what intervals."""

    factor: Decimal
    intervals: int
    names: tuple[str, ...] = ()


ARRIVING = """
create or replace temp table arriving as
select file_no, position, feeder, min_start_local, max_start_local
from (select unnest($numbers) as file_no, unnest(range(len($numbers))) as position)
inner join batch_lines using (file_no)
"""

# Files in use, and earlier files of the batch, that share time with an arriving one.
MEETINGS = """
create or replace temp table meetings as
select arriving.file_no, files.file_id, null::integer as other_no, files.accepted_seq as seq
from arriving
inner join raw.files as files on arriving.feeder = files.feeder
inner join raw.file_months as months on files.file_id = months.file_id
where files.outcome = 'accepted'
    and files.file_id not in (select release_of from raw.files where outcome = 'withdrawn')
    and months.min_start_local <= arriving.max_start_local
    and months.max_end_local > arriving.min_start_local
group by all
union all
select arriving.file_no, null, earlier.file_no, null
from arriving
inner join arriving as earlier
    on
        arriving.feeder = earlier.feeder
        and arriving.position > earlier.position
        and arriving.min_start_local <= earlier.max_start_local
        and arriving.max_start_local >= earlier.min_start_local
"""

# Of the intervals that an arriving file has once: its row, and the row that counts now.
COMPARED = """
create or replace temp table compared as
with
meeting as (
    select *
    from meetings
    where file_no in (select unnest($numbers))
        and (other_no is null or other_no not in (select unnest($refused)))
),

news as (
    select file_no, start_local, end_local, kw_del, kw_rec, kva_del, kva_rec, long_values
    from batch_reads
    where not is_blank and file_no in (select file_no from meeting)
    qualify count(*) over (partition by file_no, start_local) = 1
),

olds as (
    select
        meeting.file_no, meeting.file_id, meeting.other_no, 0 as arrival, meeting.seq,
        reads.line_number, reads.start_local, reads.end_local,
        reads.kw_del, reads.kw_rec, reads.kva_del, reads.kva_rec, reads.long_values
    from meeting
    inner join raw.interval_reads as reads on meeting.file_id = reads.file_id
    where reads.start_local >= (select min(min_start_local) from arriving)
        and reads.start_local <= (select max(max_start_local) from arriving)
    union all
    select
        meeting.file_no, null, meeting.other_no, 1, earlier.position,
        reads.rowid, reads.start_local, reads.end_local,
        reads.kw_del, reads.kw_rec, reads.kva_del, reads.kva_rec, reads.long_values
    from meeting
    inner join arriving as earlier on meeting.other_no = earlier.file_no
    inner join batch_reads as reads on earlier.file_no = reads.file_no
    where not reads.is_blank
)

select
    news.file_no,
    news.start_local,
    olds.file_id,
    olds.other_no,
    coalesce(news.long_values, [news.kw_del, news.kw_rec, news.kva_del, news.kva_rec])
        as new_values,
    coalesce(olds.long_values, [olds.kw_del, olds.kw_rec, olds.kva_del, olds.kva_rec])
        as old_values
from news
inner join olds
    on
        news.file_no = olds.file_no
        and news.start_local = olds.start_local
        and news.end_local = olds.end_local
qualify row_number() over (
    partition by news.file_no, news.start_local
    order by
        olds.kw_del is null or olds.kw_rec is null, olds.arrival desc, olds.seq desc,
        olds.line_number desc
) = 1
"""

# Nearly every overlap repeats a value, and such a file need not be looked at row by row.
SUSPECTS = """
select file_no
from compared
group by file_no
having count(*) >= $fewest
    and not bool_or(coalesce(new_values[1] = old_values[1] and new_values[1] <> 0, false))
    and not bool_or(coalesce(new_values[2] = old_values[2] and new_values[2] <> 0, false))
order by file_no
"""
VALUES_OF = "select new_values, old_values from compared where file_no = ? order by start_local"
NAMES_OF = """
select compared.other_no, files.file_name
from compared
left join raw.files as files using (file_id)
where compared.file_no = ?
group by all
order by count(*) desc, files.file_name, compared.other_no
"""


def find_other_units(
    con: duckdb.DuckDBPyConnection, files: dict[int, RawFile]
) -> dict[int, OtherUnit]:
    """Files of the batch, by number and in their order, that are in another unit than what counts.

    What counts is what the warehouse has, and the files of the batch before it that are not found
    themselves.
    """
    con.execute(ARRIVING, {"numbers": list(files)})
    con.execute(MEETINGS)
    earlier: dict[int, set[int]] = {}
    for number, other in con.execute("select file_no, other_no from meetings").fetchall():
        earlier.setdefault(number, set()).add(other)
    found: dict[int, OtherUnit] = {}
    waiting = list(earlier)
    while waiting:
        con.execute(COMPARED, {"numbers": waiting, "refused": list(found)})
        suspects = _suspects(con, files)
        sure = {n: unit for n, unit in suspects.items() if not earlier[n] & suspects.keys()}
        found |= sure
        waiting = [
            number
            for number in earlier
            if number not in found and (number in suspects or earlier[number] & sure.keys())
        ]
    return found


def _suspects(con: duckdb.DuckDBPyConnection, files: dict[int, RawFile]) -> dict[int, OtherUnit]:
    """Compared files that are in another unit than the rows that count now."""
    found = {}
    for (number,) in con.execute(SUSPECTS, {"fewest": FEWEST_INTERVALS}).fetchall():
        unit = common_factor(con.execute(VALUES_OF, [number]).fetchall())
        if unit:
            rows = con.execute(NAMES_OF, [number]).fetchall()
            names = (name or files[other].name for other, name in rows)
            found[number] = OtherUnit(*unit, tuple(dict.fromkeys(names)))
    return found


def factor_between(first: RawFile, second: RawFile) -> Decimal | None:
    """What all values of the second file are of those of the first; None if no one factor fits."""
    at = max(first.first_start, second.first_start)
    rows = row_at(first, at), row_at(second, at)
    if rows[0] == rows[1] and any(rows[0] or ()):
        return None  # the same values, as nearly always
    olds = values_by_time(first)
    news = values_by_time(second)
    unit = common_factor((news[time], olds[time]) for time in news if time in olds)
    return unit[0] if unit else None


def common_factor(pairs: Iterable[tuple[Values, Values]]) -> tuple[Decimal, int] | None:
    """The factor, not 1, that makes all old values the new ones, and the number of intervals.

    None if there is no such factor, or too few intervals or different values. What either does not
    know, and what is 0 in both, says nothing.
    """
    intervals, seen, first = 0, set(), None
    with localcontext(EXACT):
        for new, old in pairs:
            known = [
                (channel, a, b)
                for channel, (a, b) in enumerate(zip(new, old, strict=True))
                if a is not None and b is not None and (a or b)
            ]
            for channel, a, b in known:
                first = first or (a, b)
                if a == b or a * b <= 0 or a * first[1] != b * first[0]:
                    return None
                seen.add((channel, b))
            intervals += bool(known)
        if intervals < FEWEST_INTERVALS or len(seen) == len({channel for channel, _ in seen}):
            return None
        return first[0] / first[1], intervals
