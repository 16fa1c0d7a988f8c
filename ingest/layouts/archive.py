"""Read all files of a zip or gzip as one. Knows containers and what a reader gives back, no layout.

Lines are counted on from file to file, as if one stood below the other: a line and the archive's
bytes say which file a value is from, and where in it.
"""

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from ingest.file_names import feeder_in
from ingest.layouts.containers import members
from ingest.layouts.parsed import Channel, LayoutError, Parsed

MOST_VALUES = 12_000_000
LINE_END = re.compile(r"\r\n|\n|\r")
ENCODINGS = {
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8-sig",
}


def parse(data: bytes, read: Callable[[str, bytes], Parsed | None]) -> Parsed:
    """Return the values of all files in an archive; `read` is given its name
    and bytes, and returns None for a file of no layout.

    Such a file is noted, and one that is of a layout and cannot be read refuses the archive.
    """
    found: list[tuple[str, int, Parsed]] = []
    others = size = 0
    for name, above, content in members_of(data):
        try:
            parsed = read(name, content)
        except LayoutError as error:
            problem = error.problem
            line = problem.line and problem.line + above
            values = {**problem.values, "member": name, "member_line": problem.line}
            raise LayoutError(problem.code, line, problem.record, values) from error
        if parsed is None:
            others += 1
            continue
        size += len(parsed.values)
        if size > MOST_VALUES:
            raise LayoutError("too_many_values", values={"most": MOST_VALUES})
        found.append((name, above, parsed))
    if not found:
        raise LayoutError("archive_empty")
    return _joined(found, others)


def members_of(data: bytes) -> Iterator[tuple[str, int, bytes]]:
    """Yield name, number of lines above, and bytes of each file."""
    above = 0
    for name, content in members(data):
        yield name, above, content
        above += len(lines_in(content))


def lines_in(data: bytes) -> list[str]:
    """Return the lines of a text, odd bytes as escapes; the end of the last begins no other."""
    encoding = next((name for mark, name in ENCODINGS.items() if data.startswith(mark)), "utf-8")
    text = data.decode(encoding, "backslashreplace")
    return LINE_END.split(text.removesuffix("\n").removesuffix("\r"))


def _joined(found: list[tuple[str, int, Parsed]], others: int) -> Parsed:
    """Return what several files say as if it were in one."""
    import pandas as pd

    clocks = sorted({parsed.clock for _, _, parsed in found})
    if len(clocks) > 1:
        raise LayoutError("two_clocks", values={"first": clocks[0], "second": clocks[1]})
    channels: dict[Channel, int] = {}
    notes = {"other_members": others}
    frames = []
    for name, above, parsed in found:
        own = [channel if len(found) == 1 else _named(channel, name) for channel in parsed.channels]
        numbers = [channels.setdefault(channel, len(channels)) for channel in own]
        channel = pd.Series(numbers, dtype="int32").reindex(parsed.values.channel).to_numpy()
        line = parsed.values.line + above
        frames.append(parsed.values.assign(channel=channel.astype("int32"), line=line))
        for code, count in parsed.notes:
            notes[code] = notes.get(code, 0) + count
    lengths = {parsed.interval_minutes for _, _, parsed in found}
    return replace(
        found[0][2],
        channels=tuple(channels),
        values=pd.concat(frames, ignore_index=True),
        interval_minutes=lengths.pop() if len(lengths) == 1 else None,
        notes=tuple((code, count) for code, count in notes.items() if count),
        places=tuple(name for name, *_ in found),
    )


def _named(channel: Channel, name: str) -> Channel:
    """Return a channel of one of several files; where it names no meter, by the file's feeder."""
    return channel if channel.point else replace(channel, point=feeder_in(name))
