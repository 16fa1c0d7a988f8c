"""Find why the other layouts do not fit a file, those that come nearest first. Reads no value."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.layouts import CLASSIC
from ingest.layouts.delimited import DelimitedLayout, layouts_in
from ingest.layouts.delimited_text import LINE_END, PREAMBLE_LINES, fits, header_cells, text_of
from ingest.layouts.layout_file import Column
from ingest.layouts.others import STANDARD
from ingest.layouts.parsed import LayoutError
from ingest.problems import Problem
from ingest.workspace import Workspace


@dataclass(frozen=True)
class Refusal:
    """A layout that does not fit: the reason it gives, and what a header row would need too.

    `found` is how many cells of its header row the file has in one line, `missing` the others.
    """

    name: str
    problem: Problem
    found: int = 0
    missing: tuple[Column, ...] = ()


def folders_of(workspace: Workspace) -> tuple[Path, ...]:
    """Return the folders of layout files of a root."""
    return (workspace.layouts,) if workspace.layouts.is_dir() else ()


def refusals(data: bytes, folders: tuple[Path, ...]) -> Iterator[Refusal]:
    """Yield the layouts that do not fit; of delimited text those with most of their header first.

    `folders` have layout files beside those shipped.
    """
    for layout in (CLASSIC, *STANDARD):
        if why := layout.why_not(data):
            yield Refusal(layout.name, why)
    delimited = [
        _refusal(layout, data, why)
        for layout in layouts_in(folders)
        if (why := layout.why_not(data)) and layout.name != CLASSIC.name
    ]
    yield from sorted(delimited, key=lambda refusal: (-refusal.found, refusal.name))


def _refusal(layout: DelimitedLayout, data: bytes, why: Problem) -> Refusal:
    """Return a refusal with what the line lacks that is most like the header row."""
    columns = layout.file.header.match
    missing = list(columns)
    try:
        lines = LINE_END.split(text_of(data, layout.file.dialect.encoding))[:PREAMBLE_LINES]
    except LayoutError:
        lines = []
    for number in range(len(lines)):
        for delimiter in layout.file.dialect.delimiter:
            cells = header_cells(lines, number, delimiter, layout.file)
            lacking = [column for column in columns if not any(fits(column, c) for c in cells)]
            missing = min(missing, lacking, key=len)
    return Refusal(layout.name, why, len(columns) - len(missing), tuple(missing))
