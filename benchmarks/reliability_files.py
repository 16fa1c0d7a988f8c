"""Damaged, odd and reordered files: each row compared with another reader, each byte looked for."""

import csv
import gzip
import random
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path
from shutil import rmtree

import duckdb
from crash_tools import (
    DROPPED,
    METERS,
    drop,
    lost,
    query,
    raw,
    rows,
)
from kill_at import load
from raw_exports import CLOCK, HEADER
from reliability_count import Count

from ingest.layouts.classic_scan import UNKNOWN

CHANNELS = ("del_raw", "rec_raw", "kva_del_raw", "kva_rec_raw")
COLUMNS = ("record_no", "event_type", "start_local", "end_local", *CHANNELS)


# Files


def independent(data: bytes) -> list[tuple] | None:
    """The rows of a raw export as csv and Decimal read them; None if they cannot."""
    # a preamble may hold bytes of any kind
    lines = re.split("\r\n|\r|\n", data.decode("utf-8-sig", "surrogateescape"))
    found, previous = [], None
    starts = [n for n, line in enumerate(lines) if line.lstrip(' \t"').startswith("Record No.")]
    if not starts:
        return None
    names = [cell.strip(' "').lower() for cell in next(csv.reader([lines[starts[0]]]))]
    places = [names.index(f"-{n}-") for n in (1, 2) if f"-{n}-" in names]
    if len(places) < 2:
        return None
    places += [names.index(f"-{n}-") if f"-{n}-" in names else None for n in (3, 4)]
    for line in lines[starts[0] + 1 :]:
        if not line.strip(' ,"\t\r'):
            continue
        try:
            cells = [cell.strip(' "\t') for cell in next(csv.reader([line], strict=False))]
            start, end = (
                datetime.strptime(re.sub(" +", " ", cells[names.index(name)]), CLOCK)
                for name in ("start time", "end time")
            )
            values = [None if at is None else _number(cells[at]) for at in places]
            record, event = int(cells[0]), cells[names.index("event type")]
        except (ValueError, InvalidOperation, IndexError, csv.Error, StopIteration):
            return None
        # a clock may be off by up to a minute
        is_next = previous is None or abs(start - previous) <= timedelta(minutes=1)
        if not is_next or len(cells) != len(names):
            return None
        previous = end
        found.append((record, event, start, end, *values))
    return found


def _number(cell: str) -> Decimal | None:
    return None if cell.lower() in UNKNOWN else Decimal(cell.replace(",", ""))


def judged(root: Path, files: dict[str, bytes], count: Count) -> None:
    """Take files in; accepted rows must be what `independent` reads, a rejected file has a letter.

    Every file's bytes must be somewhere.
    """
    drop(root, files)
    load(root)
    gone = set(lost(root, files))
    columns = "file_id, file_name, outcome, stored_as, closed_by is not null"
    entries = query(root, f"select {columns} from raw.files")
    select = f"select {', '.join(COLUMNS)} from raw.interval_reads"
    with duckdb.connect(str(root / "warehouse/load_profile.duckdb")) as con:
        for file_id, name, outcome, stored_as, is_closed in entries:
            has_letter = (root / stored_as).with_suffix(".txt").exists()
            wrong: object = False
            if outcome == "accepted":
                query_rows = f"{select} where file_id = ? order by line_number"
                loaded = con.execute(query_rows, [file_id]).fetchall()
                mine = independent(files[name])
                theirs = [(r, e.strip(' "\t'), *rest) for r, e, *rest in loaded]
                if mine != theirs:
                    pairs = zip(mine or [], theirs, strict=False)
                    wrong = next(((a, b) for a, b in pairs if a != b), "not read at all")
            elif outcome != "duplicate" and not has_letter and not is_closed:
                wrong = "no letter"
            count.add(name, {name} & gone, wrong)
    missing = set(files) - {name for _, name, *_ in entries}
    assert not missing, missing


GOOD = raw(rows(0, 96))
BAD = {
    "nothing": b"",
    "blank lines": b"\r\n \r\n,,,\r\n",
    "byte order mark alone": b"\xef\xbb\xbf",
    "header alone": raw(),
    "no header": raw(rows(0, 8)).replace(b"Record No.", b"Number"),
    "a channel missing": raw(rows(0, 8)).replace(b"-2-", b"-9-"),
    "a channel twice": raw(rows(0, 8)).replace(b"-3-", b"-1-"),
    "cut in a line": GOOD[:-40],
    "cut in a header": GOOD[:50],
    "UTF-16": GOOD.decode().encode("utf-16"),
    "Latin-1 in a row": GOOD.replace(b"Normal", b"Norm\xe4l"),
    "a zero byte": GOOD.replace(b"Normal", b"Nor\0mal", 1),
    "zero bytes after a power failure": GOOD[:2000] + bytes(2000),
    "compressed": gzip.compress(GOOD, mtime=0),
    "a web page": b"<!doctype html><html><body>Please sign in</body></html>\n",
    "random bytes": random.Random(0).randbytes(5000),
    "a line of 3 MB": raw(rows(0, 4), ["x" * 3_000_000]),
    "decimal commas": raw(rows(0, 4, '"1,25",0,"1,5",0')),
    "semicolons": GOOD.replace(b",", b";"),
    "a word as a value": raw(rows(0, 4), rows(4, 1, "twelve,0,1,0")),
    "too large a value": raw(rows(0, 4, "1e30,0,1,0")),
    "infinite": raw(rows(0, 4, "inf,0,1,0")),
    "too many decimals": raw(rows(0, 4, "1." + "3" * 30 + ",0,1,0")),
    "underscores": raw(rows(0, 4, "1_000,0,1,0")),
    "a quote left open": raw(rows(0, 4, '"1,0,1,0')),
    "a cell too many": raw(rows(0, 4, "1,0,1,0,5")),
    "a cell too few": raw(rows(0, 4, "1,0,1")),
    "31 June": GOOD.replace(b"07/12/24", b"06/31/24", 1),
    "another day in the middle": GOOD.replace(b"07/12/24 06:00:00", b"12/07/24 06:00:00", 1),
    "years of four digits": GOOD.replace(b"/24 ", b"/2024 "),
    "a hole": raw(rows(0, 4), rows(8, 4)),
    "a row twice": raw(rows(0, 4), rows(3, 4)),
    "backward": raw(reversed(list(rows(0, 8)))),
    "two files in one": GOOD + GOOD,
    "a title in the middle": raw(rows(0, 4), [HEADER], rows(4, 4)),
}


def kinds(folder: Path) -> Iterator[Count]:
    """Every kind of bad file, one by one and all together, beside a good one."""
    count = Count(f"kinds of bad files ({len(BAD)}), alone and together, beside a good file")
    for number, chosen in enumerate([*([name] for name in BAD), list(BAD)]):
        root = folder / str(number)
        root.mkdir()
        (root / "meter-data.csv").write_text(METERS, encoding="utf-8")
        files = {f"north-{name}.csv": BAD[name] for name in chosen} | {"south-good.csv": GOOD}
        judged(root, files, count)
        taken = query(root, "select file_name from raw.files where outcome = 'accepted'")
        if taken != [("south-good.csv",)]:
            count.add(str(chosen), (), f"accepted: {taken}")
    yield count


def orders(folder: Path, chance: random.Random, times: int) -> Iterator[Count]:
    """The same files under other names, and in another order of arrival."""
    named = Count("other names for the same files, dropped together")
    arrived = Count("other orders of arrival, in 1 to 6 runs")
    by_seq = """
        select dense_rank() over (order by accepted_seq), sha256, reads.* exclude (file_id)
        from raw.interval_reads as reads inner join raw.files using (file_id)
        order by 1, line_number
    """
    by_hash = """
        select sha256, reads.* exclude (file_id)
        from raw.interval_reads as reads inner join raw.files using (file_id)
        order by sha256, line_number
    """
    files = {n: data for n, data in DROPPED.items() if n != "nowhere-1.csv"}

    def root_with(*runs: dict[str, bytes]) -> Path:
        root = folder / "root"
        rmtree(root, ignore_errors=True)
        root.mkdir()
        (root / "meter-data.csv").write_text(METERS, encoding="utf-8")
        for dropped in runs:
            drop(root, dropped)
            load(root)
        return root

    root = root_with(files)
    in_order, in_all = query(root, by_seq), query(root, by_hash)
    for number in range(times):
        numbers = chance.sample(range(100), len(files))
        other = {
            f"{name.split('-')[0]}-{n}.csv": data
            for n, (name, data) in zip(numbers, files.items(), strict=True)
        }
        root = root_with(other)
        named.add(f"names {number}", lost(root, other), query(root, by_seq) != in_order)
        names = chance.sample(list(files), len(files))
        cuts = [0, *sorted(chance.sample(range(1, len(names)), chance.randint(0, 5))), len(names)]
        runs = [{n: files[n] for n in names[a:b]} for a, b in pairwise(cuts)]
        root = root_with(*runs)
        arrived.add(f"order {number}", lost(root, files), query(root, by_hash) != in_all)
    yield from (named, arrived)
