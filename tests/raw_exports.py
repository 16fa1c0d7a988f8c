"""Write raw exports as meters do, for tests. Knows the file's layout, and no root or ledger."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

HEADER = "Record No.,Event Type,Start Time,End Time,-1-,-2-,-3-,-4-"
CLOCK = "%m/%d/%y %H:%M:%S"


def row(
    record: object,
    start: datetime,
    end: datetime,
    values: str = "1,2,3,4",
    event: str = "Normal",
    pad: str = "",
) -> str:
    """Return a data row; `pad` surrounds the times, as meters write them."""
    return f"{record},{pad}{event},{pad}{start:{CLOCK}}{pad},{pad}{end:{CLOCK}}{pad},{values}"


def intervals(
    start: datetime, count: int, minutes: int = 15
) -> Iterator[tuple[datetime, datetime]]:
    """Yield starts and ends of intervals in a row."""
    return pairwise(start + timedelta(minutes=minutes * n) for n in range(count + 1))


def rows(
    start: datetime,
    count: int,
    values: str = "1,2,3,4",
    *,
    minutes: int = 15,
    first: int = 0,
    pad: str = "",
) -> list[str]:
    """Return data rows; `{n}` in their values is the record's number, from `first` on."""
    return [
        row(n, *ends, values.format(n=n), pad=pad)
        for n, ends in enumerate(intervals(start, count, minutes), first)
    ]


def export(lines: Iterable[str], *preamble: str, header: str = HEADER, line_end: str = "\n") -> str:
    """Return a file's text. A preamble of its own keeps it from being a duplicate of another."""
    return line_end.join([*preamble, header, *lines, ""])


def write_export(folder: Path, name: str, lines: Iterable[str]) -> None:
    """Write a file whose preamble is its name."""
    (folder / name).write_text(export(lines, name), encoding="utf-8")
