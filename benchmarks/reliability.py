"""Try to make a run lose a byte or publish a wrong row; write the counts into docs/reliability.md.

    python benchmarks/reliability.py [--minutes 10] [--files 100000] [--seed 1] [--no-write]
    python benchmarks/reliability.py --only-formats --files 5000

The test suite does a small part of this every time. By hand, this does as much as time allows:
kills before every k-th line, kills of the whole command at random times, damaged files, orders.
Exit code 1 if anything was lost or wrong.
"""

import argparse
import os
import platform
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
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
    copy,
    kill,
    lost,
    outputs,
    prepare,
    state,
    steps,
)
from kill_at import export, load  # noqa: E402
from reliability_count import Count, differing, published  # noqa: E402
from reliability_files import kinds, orders  # noqa: E402
from reliability_formats import formats  # noqa: E402

from load_profile.sample import write_sample  # noqa: E402

PAGE = PROJECT / "docs" / "reliability.md"
MARK, MARK_OF_FORMATS = "<!-- counts -->", "<!-- formats -->"
RUN_KILLS = 10


# Kills


def every_kth(numbers: int, seconds: float, each: float) -> list[int]:
    """Line numbers from 1, evenly apart, as many as the time allows; the last one too."""
    k = max(1, round(numbers * each / seconds))
    return sorted({*range(1, numbers + 1, k), numbers})


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


def write(mark: str, counts: list[Count], started: float, options: argparse.Namespace) -> None:
    """Print the counts, and put them between two marks of the page."""
    text = table(counts, (time.monotonic() - started) / 60)
    print(f"\n{text}")
    if not options.no_write:
        before, _, after = PAGE.read_text(encoding="utf-8").split(mark)
        PAGE.write_text(f"{before}{mark}\n{text}\n{mark}{after}", encoding="utf-8", newline="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files", type=int, default=100_000, help="damaged files of all formats")
    parser.add_argument("--only-formats", action="store_true", help="only damage files")
    parser.add_argument("--no-write", action="store_true", help="leave docs/reliability.md alone")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    started, counts, bad = time.monotonic(), [], False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def part(title: str, work: Callable[..., Iterator[Count]], *arguments: object) -> None:
            print(title, flush=True)
            (folder / title).mkdir()
            for count in work(folder / title, *arguments):
                print(f"  {count.times:6} x {count.tried}: {count.lost} lost, {count.wrong} wrong")
                counts.append(count)

        if not options.only_formats:
            part("whole runs", run_kills, chance)
            part("kinds", kinds)
            part("orders", orders, chance, 20)
            left = max(60 * options.minutes - (time.monotonic() - started), 30)
            part("exports", export_kills, folder / "whole runs" / "whole", left * 0.25)
            part("lines", line_kills, left * 0.75)
            write(MARK, counts, started, options)
            bad = any(count.lost or count.wrong for count in counts)
            counts.clear()
            started = time.monotonic()
        part("formats", formats, options.files, options.seed)
    write(MARK_OF_FORMATS, counts, started, options)
    sys.exit(bad or any(count.lost or count.wrong for count in counts))


if __name__ == "__main__":
    main()
