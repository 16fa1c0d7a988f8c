"""Try to make a run lose a byte or publish a wrong row; write the counts into docs/reliability.md.

    python benchmarks/reliability.py [--minutes 10] [--seed 1] [--no-write]

The test suite does a small part of this every time. By hand, this does as much as time allows:
kills before every k-th line, kills of the whole command at random times, damaged files, orders.
Exit code 1 if anything was lost or wrong.
"""

import argparse
import csv
import gzip
import os
import platform
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path
from shutil import copytree, rmtree

PROJECT = Path(__file__).parents[1]
sys.path[:0] = [str(PROJECT / "tests"), str(PROJECT)]

import duckdb  # noqa: E402
from conftest import COMMAND  # noqa: E402
from crash_tools import (  # noqa: E402
    DROP,
    DROPPED,
    KILLED,
    METERS,
    copy,
    drop,
    kill,
    lost,
    opened,
    outputs,
    prepare,
    query,
    raw,
    rows,
    state,
    steps,
)
from kill_at import export, load  # noqa: E402
from raw_exports import CLOCK, HEADER  # noqa: E402

from ingest.layouts.classic_scan import UNKNOWN  # noqa: E402
from load_profile.sample import write_sample  # noqa: E402

PAGE = PROJECT / "docs" / "reliability.md"
MARK = "<!-- counts -->"
TABLES = ("feeder_profiles", "member_profiles", "combined_profiles", "gaps", "combined_gaps")
RUN_KILLS = 10
CHANNELS = ("del_raw", "rec_raw", "kva_del_raw", "kva_rec_raw")
COLUMNS = ("record_no", "event_type", "start_local", "end_local", *CHANNELS)


@dataclass
class Count:
    """What was tried, how often, and what went wrong in it."""

    tried: str
    times: int = 0
    lost: int = 0
    wrong: int = 0
    notes: list[str] = field(default_factory=list)

    def add(self, where: str, lost: Iterable[str] = (), wrong: object = False) -> None:
        """Note one trial: names of files whose bytes are gone, and whether a result is wrong."""
        gone = list(lost)
        self.times += 1
        self.lost += len(gone)
        self.wrong += bool(wrong)
        if gone or wrong:
            self.notes.append(f"{where}: lost {gone}, wrong {wrong}")
            print(f"  {self.notes[-1]}", flush=True)


# Kills


def every_kth(numbers: int, seconds: float, each: float) -> list[int]:
    """Line numbers from 1, evenly apart, as many as the time allows; the last one too."""
    k = max(1, round(numbers * each / seconds))
    return sorted({*range(1, numbers + 1, k), numbers})


def differing(found: dict, expected: dict) -> list[str]:
    return [name for name in found.keys() | expected if found.get(name) != expected.get(name)]


def line_kills(folder: Path, seconds: float) -> Iterator[Count]:
    """The load, killed before every k-th of its lines; every second one is killed once more."""
    template = prepare(folder / "template")
    counted = copy(template, folder / "counted")
    lines = steps(counted)
    expected = state(counted)
    numbers = every_kth(len(lines), seconds, 0.7)
    share = _share(numbers, lines)
    once = Count(f"load killed before a line ({share}, half of them), run again")
    twice = Count("load killed before a line (the other half), the next one too, run again")

    def trial(number: int) -> tuple:
        root = copy(template, folder / f"root-{number}")
        again = numbers.index(number) % 2 == 1
        died = kill(root, number).returncode == KILLED
        gone = lost(root, DROPPED)
        if again:
            kill(root, random.Random(number).randrange(1, len(lines)))
            gone += lost(root, DROPPED)
        load(root)
        gone += lost(root, DROPPED)
        wrong = differing(state(root), expected)
        rmtree(root)
        return died, again, gone, wrong

    with ThreadPoolExecutor(2) as pool:
        for number, trial_of in zip(numbers, pool.map(trial, numbers), strict=True):
            died, again, gone, wrong = trial_of
            assert died or number > len(lines) - 20, number
            (twice if again else once).add(lines[number - 1], gone, wrong)
    yield from (once, twice)


def export_kills(folder: Path, root: Path, seconds: float) -> Iterator[Count]:
    """The writing of lp/, killed before every k-th of its lines."""
    expected = outputs(root)
    empty = copytree(root, folder / "empty")
    rmtree(empty / "lp")
    lines = steps(copytree(empty, folder / "counted"), "export")
    numbers = every_kth(len(lines), seconds, 2.5)
    share = _share(numbers, lines)
    count = Count(f"writing of `lp/` killed before a line ({share}), done again")
    for number in numbers:
        place = copy(empty, folder / "root")
        kill(place, number, "export")
        export(place)
        count.add(lines[number - 1], (), differing(outputs(place), expected))
    yield count


def _share(numbers: list[int], lines: list[str]) -> str:
    step = numbers[1] - numbers[0] if len(numbers) > 1 else 1
    return f"one in {step} of {len(lines):,}" if step > 1 else f"each of {len(lines):,}"


def run(root: Path, seconds: float | None = None) -> int:
    """The whole command; its process group is killed after `seconds`, if it still runs then."""
    command = [str(COMMAND), "run", "--root", str(root)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, text=True
    ) as process:
        try:
            said, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return KILLED
    if process.returncode:
        print(said)
    return process.returncode


def published(root: Path) -> dict[str, object]:
    """Tables, files and archive of a root, each in a form that can be compared."""
    with opened(root) as con:
        tables = {
            name: con.execute(f"select count(*), sum(hash(t)) from {name} as t").fetchone()
            for name in TABLES
        }
    return state(root) | tables | outputs(root)


def run_kills(folder: Path, chance: random.Random) -> Iterator[Count]:
    """`load-profile run`, killed with all its processes at a random time, then run again."""
    fresh = folder / "fresh"
    fresh.mkdir()
    write_sample(fresh, feeders=2, months=1)
    dropped = {path.name: path.read_bytes() for path in (fresh / DROP).iterdir()}
    whole = copytree(fresh, folder / "whole")
    assert run(whole) == 0
    expected = published(whole)
    count = Count("`load-profile run` killed after 0.2 to 9 s with all its processes, run again")
    finished = 0
    for _ in range(RUN_KILLS):
        root = copy(fresh, folder / "root")
        seconds = chance.uniform(0.2, 9)
        finished += run(root, seconds) != KILLED
        gone = lost(root, dropped)
        code = run(root)
        gone += lost(root, dropped)
        wrong = differing(published(root), expected) or (code and f"exit code {code}")
        count.add(f"after {seconds:.2f} s", gone, wrong)
    count.tried += f" ({finished} had ended before)" if finished else ""
    yield count


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


def sources(chance: random.Random, folder: Path) -> list[bytes]:
    """Real exports where they are at hand, cut to two days, and simulated ones."""
    write_sample(folder, feeders=2, months=1)
    found = [path.read_bytes() for path in sorted((folder / DROP).glob("*.csv"))]
    real = sorted((PROJECT.parent / "shared" / "data" / "raw").rglob("*.csv"))
    found += [path.read_bytes() for path in chance.sample(real, min(6, len(real)))]
    cut = [b"\n".join(data.split(b"\n")[:200]) + b"\n" for data in found]
    return [*(data for data in cut if HEADER.encode()[:10] in data), DROPPED["south-quoted.csv"]]


def mutated(chance: random.Random, data: bytes) -> bytes:
    """One digit made another, or one to three damages: bytes changed, put in or taken out."""
    out = bytearray(data)
    if chance.random() < 0.5:
        at = chance.choice([match.start() for match in re.finditer(rb"\d", data)])
        out[at] = ord(chance.choice("0123456789"))
        return bytes(out)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(out))
        length = chance.choice((0, 1, 1, 2, 8, 60))
        likely = chance.choice((b'0123456789.,-"/: \t\r\neE+_', bytes(range(256))))
        new = bytes(chance.choices(likely, k=chance.choice((0, 1, 1, 2))))
        if chance.random() < 0.1:
            new = bytes(out[at : at + chance.randrange(1, 200)])
        out[at : at + length] = new
    return bytes(out)


def mutations(folder: Path, seconds: float, chance: random.Random) -> Iterator[Count]:
    """Damaged files by the hundred, until the time is over."""
    good = sources(chance, folder / "sources")
    count = Count("")
    ends = time.monotonic() + seconds
    accepted = 0
    while time.monotonic() < ends:
        root = folder / "root"
        rmtree(root, ignore_errors=True)
        root.mkdir()
        (root / "meter-data.csv").write_text(METERS, encoding="utf-8")
        files = {f"north-{n}.csv": mutated(chance, chance.choice(good)) for n in range(200)}
        judged(root, files, count)
        accepted += query(root, "select count(*) from raw.files where outcome = 'accepted'")[0][0]
    count.tried = (
        f"file with one to three damages at random ({accepted:,} could still be read and were "
        "accepted: each row compared with another reader's)"
    )
    yield count


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


# The whole


def table(counts: list[Count], minutes: float) -> str:
    """The counts as Markdown, with the day and the versions."""
    lines = [
        f"Tried on {datetime.now(UTC):%Y-%m-%d} for {minutes:.0f} minutes with Python "
        f"{platform.python_version()}, DuckDB {duckdb.__version__}, {platform.system()}.",
        "",
        "| what was tried | times | files lost | wrong rows or end states |",
        "|---|--:|--:|--:|",
        *(f"| {c.tried} | {c.times:,} | {c.lost} | {c.wrong} |" for c in counts),
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-write", action="store_true", help="leave docs/reliability.md alone")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    started, counts = time.monotonic(), []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def part(title: str, work: Callable[..., Iterator[Count]], *arguments: object) -> None:
            print(title, flush=True)
            (folder / title).mkdir()
            for count in work(folder / title, *arguments):
                print(f"  {count.times:6} x {count.tried}: {count.lost} lost, {count.wrong} wrong")
                counts.append(count)

        part("whole runs", run_kills, chance)
        part("kinds", kinds)
        part("orders", orders, chance, 20)
        left = max(60 * options.minutes - (time.monotonic() - started), 30)
        part("exports", export_kills, folder / "whole runs" / "whole", left * 0.2)
        part("lines", line_kills, left * 0.6)
        part("damages", mutations, left * 0.2, chance)
    minutes = (time.monotonic() - started) / 60
    text = table(counts, minutes)
    print(f"\n{text}")
    if not options.no_write:
        before, _, after = PAGE.read_text(encoding="utf-8").split(MARK)
        PAGE.write_text(f"{before}{MARK}\n{text}\n{MARK}{after}", encoding="utf-8", newline="\n")
    sys.exit(any(count.lost or count.wrong for count in counts))


if __name__ == "__main__":
    main()
