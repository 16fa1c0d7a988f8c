"""Read the load profile of an IEC 62056-21 read-out, `P.01(time)(status)(minutes)(n)(code)(unit)`.

A block names its first time, interval and channels; each group of values after it is the next
interval. The time is that of the first entry's registration, its end. Its first digit, where there
are 11 or 13, is the season: 0 standard, 1 summer, 2 UTC. Blocks as EMH, MetCom and LEM meters
write them; `P.01(date,time)(value)...` of other makers is another format and refused.
"""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from ingest.layouts.delimited_text import LINE_END, UTF_16, text_of
from ingest.layouts.delimited_values import read_values, unit_in
from ingest.layouts.layout_file import Dialect
from ingest.layouts.parsed import METER, UTC, VALUE_COLUMNS, Channel, LayoutError, Parsed
from ingest.problems import Problem

NAME = "iec62056-p01"
BLOCK = re.compile(r"(?:\d-\d:)?P\.01\(")
BEGINNING = b"P.01("
GROUP = re.compile(r"\(([^()]*)\)")
GROUPS = re.compile(r"(?:\([^()]*\))+")
# A line of another value or list, whose own groups may be in the lines below it.
OTHER = re.compile(r"(?:\d+-\d+:)?[0-9A-Z]+(?:\.[0-9A-Z]+)*(?:[*&]\d+)?(?:\([^()]*\))+")
SERIAL = re.compile(r"^(?:\d-\d:)?(?:0\.0\.0|C\.1\.0|0\.0)\(([^()]+)\)")
OBIS = re.compile(r"(?:\d+-\d+:)?(\d{1,2})\.(\d{1,2})(?:\.\d{1,3})?(?:[*&]\d+)?")
TIME = re.compile(r"([012]?)(\d{10}|\d{12})")
# The group C of IEC 62056-61: what is measured.
QUANTITY_OF = {
    **{1: "del", 2: "rec", 3: "kvar_del", 4: "kvar_rec"},
    **{5: "kvar_q1", 6: "kvar_q2", 7: "kvar_q3", 8: "kvar_q4", 9: "kva_del", 10: "kva_rec"},
}
# Group D: an average of the last period, or the energy of an interval; registers are not used.
OF_INTERVALS = (5, 25, 29)
# Bits of the one-byte status word; that of longer words is the maker's own and kept as it is.
STATUS_BITS = (
    (0x80, "power down"),
    (0x40, "power up"),
    (0x20, "time set"),
    (0x02, "clock invalid"),
)
SUMMER = 0x08
NUMBERS = Dialect(missingValues=["", "-", "--", "---", "----"])
MOST_VALUES = 6_000_000


@dataclass(frozen=True)
class _Block:
    line: int
    first_end: datetime
    minutes: int
    status: str | None
    channels: tuple[Channel, ...]
    season: str


Row = tuple[_Block, int, int, list[str]]  # block, line, place in the block, texts


def why_not(data: bytes) -> Problem | None:
    """Return why a file that begins so is no read-out with a load profile, None if it is one."""
    if BEGINNING not in data and not data.startswith(UTF_16):
        return Problem("layout_header", values={"layout": NAME})
    try:
        text = text_of(data, ("ascii", "cp1252"))
    except LayoutError as error:
        return error.problem
    if any(BLOCK.match(line.lstrip("\x02 ")) for line in LINE_END.split(text)):
        return None
    return Problem("layout_header", values={"layout": NAME})


def parse(data: bytes) -> Parsed:
    """Return the values of all blocks."""
    lines = LINE_END.split(text_of(data, ("ascii", "cp1252")))
    named = (SERIAL.match(line.lstrip("\x02 ")) for line in lines)
    serials = [match[1].strip() for match in named if match]
    if len(set(serials)) > 1:
        raise LayoutError("layout_point", values={"text": " and ".join(sorted(set(serials)))})
    point = serials[0] if serials else None
    block: _Block | None = None
    blocks: list[_Block] = []
    rows: list[Row] = []
    count, is_other = 0, False
    for number, raw in enumerate(lines, start=1):
        line = raw.strip("\x02\x03 \t")
        if BLOCK.match(line):
            block, groups = _block(line, number, point)
            blocks.append(block)
            count, is_other = 0, False
        elif block is not None and GROUPS.fullmatch(line):
            groups = GROUP.findall(line)
        else:
            is_other = OTHER.fullmatch(line) is not None or (is_other and line.startswith("("))
            is_lost = line.startswith("(") or (block is not None and line not in ("", "!"))
            if is_lost and not is_other:  # values, or what damage has left of them
                raise LayoutError("bad_row", number, values={"text": line[:80]})
            block = block if not line else None
            continue
        width = len(block.channels)
        if len(groups) % width:
            raise _other_width(block, len(groups), number, lines)
        for first in range(0, len(groups), width):
            rows.append((block, number, count, groups[first : first + width]))
            count += 1
    if not rows:
        raise LayoutError("no_rows")
    _refuse_other_order(lines, blocks, rows)
    return _parsed(blocks, rows)


def _refuse_other_order(lines: list[str], blocks: list[_Block], rows: list[Row]) -> None:
    """Refuse a file with values of one block below the header of another.

    It shows by a header without values and by a line of several intervals that is as wide as
    another block's.
    """
    filled = {block.line for block, *_ in rows}
    for block in blocks:
        if block.line not in filled:
            raise _other_width(block, 0, block.line, lines)
    widths = {len(block.channels) for block in blocks}
    counts = Counter(line for _, line, *_ in rows)
    for block, line, *_ in rows:
        found = counts[line] * len(block.channels)
        if counts[line] > 1 and found in widths:
            raise _other_width(block, found, line, lines)


def _other_width(block: _Block, found: int, line: int, lines: list[str]) -> LayoutError:
    text = lines[line - 1].strip("\x02\x03 \t")[:80]
    values = {"expected": len(block.channels), "found": found, "text": text}
    return LayoutError("cell_count", line, values=values)


def _block(line: str, number: int, point: str | None) -> tuple[_Block, list[str]]:
    """Return a block and the values that are in its first line."""
    groups = GROUP.findall(line)
    header = groups[:4]
    found = TIME.fullmatch(header[0]) if len(header) == 4 else None
    is_known = found and re.fullmatch(r"\d{1,3}", header[2]) and re.fullmatch(r"\d{1,2}", header[3])
    if not is_known or not 0 < int(header[2]) <= 1440 or not int(header[3]):
        raise LayoutError("bad_row", number, values={"text": line[:80]})
    minutes, width = int(header[2]), int(header[3])
    named = groups[4 : 4 + 2 * width]
    if len(named) < 2 * width:
        values = {"expected": 4 + 2 * width, "found": len(groups), "text": line[:80]}
        raise LayoutError("cell_count", number, values=values)
    try:
        first_end = datetime.strptime(found[2].ljust(12, "0"), "%y%m%d%H%M%S")
    except ValueError:
        first_end = None
    since_midnight = first_end and first_end - datetime.combine(first_end, datetime.min.time())
    if first_end is None or since_midnight % timedelta(minutes=minutes):
        values = {"column": "P.01", "text": header[0], "formats": "YYMMDDHHMMSS"}
        raise LayoutError("layout_time", number, values=values)
    channels = tuple(
        _channel(point, code, unit) for code, unit in zip(named[::2], named[1::2], strict=True)
    )
    if len(set(channels)) < width:
        raise LayoutError("layout_columns", number, values={"column": named[0], "count": 2})
    block = _Block(number, first_end, minutes, _status(header[1]), channels, found[1])
    return block, groups[4 + 2 * width :]


def _channel(point: str | None, code: str, unit: str) -> Channel:
    """Return what an OBIS code stands for."""
    found = OBIS.fullmatch(code)
    is_used = found is not None and int(found[2]) in OF_INTERVALS
    quantity = QUANTITY_OF.get(int(found[1]), "") if is_used else ""
    return Channel(point, code, quantity if unit_in(unit) else "", unit_in(unit))


def _status(text: str) -> str | None:
    """Return the status of a block as a word, None for none."""
    if not re.fullmatch(r"[0-9A-Fa-f]{2}", text):
        return text if text.strip("0#") else None
    bits = int(text, 16)
    words = [word for bit, word in STATUS_BITS if bits & bit]
    return words[0] if words else (text if bits & ~SUMMER else None)


def _parsed(blocks: list[_Block], rows: list[Row]) -> Parsed:
    """Return the values of all rows of blocks."""
    seasons = {block.season == "2" for block in blocks}
    if len(seasons) > 1:
        raise LayoutError("layout_two_clocks", blocks[-1].line)
    numbers: dict[Channel, int] = {}
    for block in blocks:
        for channel in block.channels:
            numbers.setdefault(channel, len(numbers))
    width = sum(len(block.channels) for block, _, _, _ in rows)
    if width > MOST_VALUES:
        raise LayoutError("too_many_values", values={"most": MOST_VALUES})
    cells = [
        (numbers[channel], line, place, block, text.split("*")[0])
        for block, line, place, groups in rows
        for channel, text in zip(block.channels, groups, strict=True)
        if channel.quantity
    ]
    if not cells:
        raise LayoutError("layout_columns", values={"column": "a channel", "count": 0})
    channel, line = (np.array([cell[i] for cell in cells]) for i in (0, 1))
    texts = np.array([cell[4] for cell in cells], dtype=object)
    values = read_values(texts, NUMBERS, line, [c.code for c in numbers], channel)
    ends = np.array([b.first_end for _, _, _, b, _ in cells], dtype="datetime64[us]")
    length = np.array([b.minutes for _, _, _, b, _ in cells]) * np.timedelta64(60_000_000, "us")
    ends = ends + length * np.array([place for _, _, place, _, _ in cells])
    status = np.array([b.status for _, _, _, b, _ in cells], dtype=object)
    frame = pd.DataFrame(
        {
            "channel": channel,
            "line": line,
            "position": 0,
            "start": ends - length,
            "end": ends,
            "value": pd.Series(values, dtype=object),
            "status": pd.Series(status, dtype=object),
        }
    )
    minutes = {block.minutes for block in blocks}
    return Parsed(
        channels=tuple(numbers),
        values=_with_positions(frame).astype(VALUE_COLUMNS),
        clock=UTC if seasons == {True} else METER,
        interval_minutes=minutes.pop() if len(minutes) == 1 else None,
        header_line=blocks[0].line,
    )


def _with_positions(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with their place in the line, where a line holds several intervals."""
    place = frame.groupby(["line", "channel"]).cumcount()
    several = frame.groupby(["line", "channel"])["start"].transform("size") > 1
    return frame.assign(position=(place + 1).where(several, 0))
