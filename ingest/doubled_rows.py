"""Find the intervals that a file holds more than once. Knows rows, not what they mean."""

from datetime import datetime

import duckdb

MOST_TIMES = 5
ACCEPTED = "select max(file_id) from raw.files where sha256 = ? and outcome = 'accepted'"
# In the hour that a clock repeats, twice is as it should be.
DOUBLED = """
with
doubled as (
    select
        start_local,
        count(*) as row_count,
        count(distinct (kw_del, kw_rec, kva_del, kva_rec)) > 1 as is_different,
        arg_max(kw_del is null or kw_rec is null, line_number)
        and not bool_and(kw_del is null or kw_rec is null) as is_earlier
    from raw.interval_reads
    where file_id = $file_id
    group by start_local
    having count(*) > 1
)
select start_local, is_different, is_earlier
from doubled
where row_count > 2 or not exists (
    from raw.files as files
    inner join raw.meter_data as meter on files.feeder = lower(meter.feeder)
    inner join raw.clock_days as clock on meter.timezone = clock.timezone
    where files.file_id = $file_id
        and doubled.start_local < clock.change_at_local
        and doubled.start_local >= clock.change_at_local
        + to_minutes(clock.new_utc_offset_minutes - clock.utc_offset_minutes)
)
order by start_local
"""


def doubled_rows(con: duckdb.DuckDBPyConnection, sha256: str) -> str | None:
    """A sentence on what the accepted file of these bytes has more than once; None if nothing."""
    (file_id,) = con.execute(ACCEPTED, [sha256]).fetchone()
    found = con.execute(DOUBLED, {"file_id": file_id}).fetchall()
    if not found:
        return None
    different = [start for start, is_different, _ in found if is_different]
    earlier = [start for start, _, is_earlier in found if is_earlier]
    count = f"{len(found):,} interval" + ("s are" if len(found) > 1 else " is")
    text = f"{count} in it more than once"
    if not different:
        return f"{text}, with equal values."
    counts = "the later line counts"
    if earlier:
        counts += f", but where it has no value ({_times(earlier)}) the last that has one"
    return (
        f"{text}, {len(different):,} of them with other values ({_times(different)}): {counts}. "
        "If another line is right, withdraw the file, take the wrong lines out of it and drop it "
        "again."
    )


def _times(starts: list[datetime]) -> str:
    more = ", ..." if len(starts) > MOST_TIMES else ""
    return ", ".join(f"{start:%Y-%m-%d %H:%M}" for start in starts[:MOST_TIMES]) + more
