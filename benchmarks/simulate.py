"""Write raw exports in bulk to measure with: a root of N feeders by M months. Loads and times none.

    python benchmarks/simulate.py ROOT --feeders 200 --months 12 --start 2024-01 --seed 7

Good data only, in the form of `load_profile.sample` (which writes small roots with every fault
in them): one file per feeder and month, BOM, preamble, header, padded cells, CRLF. DuckDB makes the
rows of some feeders at a time as one text; as all values have one width, the files are cut out by
position. The bytes depend on the arguments and DuckDB's version only.
"""

import argparse
import tempfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import duckdb

from load_profile.sample import FIRST_METER, FIRST_RECORD, MULTIPLIERS, PREAMBLE, feeder_names

ROWS_AT_A_TIME = 1_000_000  # bounds memory and the temporary text: 0.1 GB

# one row per interval of the span: what is the same for every feeder
MOMENTS = f"""
create table moments as
with
starts as (
    select
        row_number() over (order by start_at) - 1 as position,
        start_at,
        date_part('hour', start_at) + date_part('minute', start_at) / 60 as hour,
        cos((dayofyear(start_at) - 200) / 365.25 * 2 * pi()) as summer,
        case
            when start_at = date_trunc('month', start_at) then 'Freeze'
            when strftime(start_at, '%H:%M') = '23:45' then 'MidnightNormal'
            else 'Normal'
        end as event_type
    from (select unnest(range($first, $until, interval 15 minutes)) as start_at)
)
select
    position,
    start_at,
    30 + 12 * sin((hour - 9) / 24 * 2 * pi()) + 8 * summer as load,
    45 * pow(greatest(sin((hour - 6) / 12 * pi()), 0), 1.5) as sun,
    printf(
        '%8d , %s , %s , %s ,',
        {FIRST_RECORD} + position,
        event_type,
        strftime(start_at, '%m/%d/%y %H:%M:%S'),
        strftime(start_at + interval 15 minutes, '%m/%d/%y %H:%M:%S')
    ) as beginning
from starts
"""
VALUES = "%10.2f,%10.2f,%10.2f,%10.2f\r"
VALUES_BYTES = 4 * 10 + 3 + len("\r\n")

# The rows of feeders $first_feeder to before $until_feeder, in order; every third feeder has solar
# power, and in one interval of twenty power ran both ways. One hash gives four even chances.
LINES = f"""
with
chances as (
    select
        row // $intervals as feeder,
        row % $intervals as position,
        hash($seed, row) as bits
    from range($first_feeder * $intervals, $until_feeder * $intervals) as rows (row)
),

drawn as (
    select
        feeder,
        position,
        (bits & 65535) / 65536 as c1,
        ((bits >> 16) & 65535) / 65536 as c2,
        ((bits >> 32) & 65535) / 65536 as c3,
        (bits >> 48) / 65536 as c4
    from chances
),

powers as (
    select
        moments.beginning,
        load + 5 * (c1 + c2 - 1) - case when feeder % 3 = 0 then sun * (0.5 + c2 / 2) else 0 end
            as net,
        case when c3 < 0.05 then c4 * 3 else 0 end as both_ways,
        0.9 + 0.1 * c1 as pf
    from drawn
    inner join moments using (position)
),

channels as (
    select
        beginning,
        pf,
        round(greatest(net, 0) + both_ways, 2) as delivered,
        round(greatest(-net, 0) + both_ways, 2) as received
    from powers
)

select beginning || printf('{VALUES}', delivered, received, delivered / pf, received / pf)
from channels
"""


def simulate(root: Path, feeders: int, months: int, start: str, seed: int = 7) -> int:
    """Write the exports to `root/_dropbox/KW`, and meter-data.csv; return the number of rows."""
    drop = root / "_dropbox" / "KW"
    drop.mkdir(parents=True, exist_ok=True)
    names = feeder_names(feeders)
    meters = [f"{name},{FIRST_METER + k},{MULTIPLIERS[k % 2]}" for k, name in enumerate(names)]
    (root / "meter-data.csv").write_text("\n".join(["sta,meter,multiplier", *meters]) + "\n")
    with duckdb.connect() as con, tempfile.TemporaryDirectory(dir=root) as folder:
        con.execute("set preserve_insertion_order = true")
        first, until = span(start, months)
        con.execute(MOMENTS, {"first": first, "until": until})
        (intervals,) = con.execute("select count(*) from moments").fetchone()
        step = max(1, ROWS_AT_A_TIME // intervals)
        cuts = _cuts(con)
        for k in range(0, feeders, step):
            some = range(k, min(k + step, feeders))
            text = _text(con, Path(folder) / "lines", some, intervals, seed)
            for feeder, part in zip(some, _parts(text, len(some)), strict=True):
                _write_files(drop, names[feeder], FIRST_METER + feeder, part, cuts)
    return feeders * intervals


def file_name(feeder: str, first: date, until: date) -> str:
    """The name of the export of a feeder's days from `first` to before `until`."""
    return f"{feeder}-{first:%m%d%y}-000000_{until:%m%d%y}-000000.csv"


def span(start: str, months: int) -> tuple[datetime, datetime]:
    """The first moment of month `start` (YYYY-MM) and the one `months` months later."""
    first = datetime.strptime(start, "%Y-%m")
    count = first.year * 12 + first.month - 1 + months
    return first, datetime(count // 12, count % 12 + 1, 1)


def _cuts(con: duckdb.DuckDBPyConnection) -> list[tuple[date, date, int]]:
    """First day, day after the last, and bytes of each month's lines of any one feeder."""
    return con.execute(
        """
        select
            date_trunc('month', start_at)::date as month,
            (month + interval 1 month)::date,
            sum(strlen(beginning) + ?)::bigint
        from moments
        group by month
        order by month
        """,
        [VALUES_BYTES],
    ).fetchall()


def _text(
    con: duckdb.DuckDBPyConnection, path: Path, feeders: range, intervals: int, seed: int
) -> bytes:
    """All lines of `feeders`, one after the other."""
    con.execute(
        f"copy ({LINES}) to '{path.as_posix()}' "
        "(format csv, header false, delimiter '\x01', quote '', escape '')",
        {
            "first_feeder": feeders.start,
            "until_feeder": feeders.stop,
            "intervals": intervals,
            "seed": seed,
        },
    )
    return path.read_bytes()


def _parts(text: bytes, count: int) -> Iterator[memoryview]:
    """`text` in `count` parts of equal length."""
    size, rest = divmod(len(text), count)
    assert not rest, "a value is wider than its column"
    view = memoryview(text)
    return (view[at : at + size] for at in range(0, len(text), size))


def _write_files(
    drop: Path, name: str, meter: int, lines: memoryview, cuts: list[tuple[date, date, int]]
) -> None:
    """Cut one feeder's lines into its months."""
    head = "\ufeff" + "".join(part.format(meter=meter, feeder=name) + "\r\n" for part in PREAMBLE)
    at = 0
    for first, until, size in cuts:
        with (drop / file_name(name, first, until)).open("wb") as out:
            out.write(head.encode())
            out.write(lines[at : at + size])
        at += size
    assert at == len(lines), "a value is wider than its column"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=Path)
    parser.add_argument("--feeders", type=int, default=200)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--start", default="2024-01", help="YYYY-MM")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    rows = simulate(**vars(options))
    print(f"{options.feeders * options.months:,} files, {rows:,} rows in {options.root}")


if __name__ == "__main__":
    main()
