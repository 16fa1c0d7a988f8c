"""Know which layout a file has: register reads, the classic one, or another. Reads no rows.

The others are imported only where a file is not a plain classic export.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from ingest.layouts.classic import ClassicLayout
from ingest.layouts.interface import Layout, Outline, RawFile
from ingest.layouts.interface import LayoutFileError as LayoutFileError
from ingest.layouts.register import RegisterLayout
from ingest.problems import Problem
from ingest.workspace import Workspace

# Bytes and name of a file -> the layout that fits and what it says of the file, or why none fits.
Recognise = Callable[[bytes, str], tuple[Layout | None, Outline]]

CLASSIC = ClassicLayout()
REGISTERS = RegisterLayout()
# Problems of a file in another form that its rows have, and not its header.
OF_ROWS = {
    *("layout_time", "layout_other_date", "layout_two_dates", "layout_length"),
    *("layout_value", "layout_two_numbers", "bad_date"),
}
MOST_PUT_BACK = timedelta(hours=3)  # by a clock within a file
# The classic layout is recognised by this much of a file, or by the whole file if a long preamble
# precedes the header.
BEGINNING_BYTES = 64 * 1024


def recognise_in(workspace: Workspace) -> Recognise:
    """Return what finds the layouts of files of a root, which may have layouts of its own."""
    return partial(recognise, folder=workspace.layouts)


def recognise(data: bytes, name: str, folder: Path | None = None) -> tuple[Layout | None, Outline]:
    """Return the layout of a file and its outline; without a layout, the outline says why.

    A classic export in another form than the tool's own is read by the layout file `classic`; if
    that cannot read all of it, what the classic reader says of it counts. The layout files of
    `folder` come before those shipped.
    """
    if REGISTERS.why_not(data[:BEGINNING_BYTES]) is None:
        return REGISTERS, REGISTERS.outline(data, name)
    why = _why_not_classic(data)
    if why is None:
        outline = CLASSIC.outline(data, name)
        classic = CLASSIC, replace(outline, folder=folder)
        return (
            classic if _is_plain(outline) else _other_form(data, name, folder, outline) or classic
        )
    if why.outcome == "empty":
        return None, Outline(why)
    from ingest.layouts.look import look_like
    from ingest.layouts.others import other_layout

    layout, problem = other_layout(data, folder)
    if layout:
        return layout, layout.outline(data, name)
    look = look_like(data)
    found = Problem("no_layout", values={"look": look.code, "count": look.count})
    return None, Outline(problem or found)


def check_layout_files(workspace: Workspace) -> None:
    """Raise LayoutFileError if one of a root's own layout files is wrong."""
    if any(workspace.layouts.glob("*.toml")):
        from ingest.layouts.layout_file import read_layouts

        read_layouts([workspace.layouts])


def in_other_form(raw: RawFile) -> RawFile | None:
    """Return a classic file as the layout file `classic` reads it, None if it cannot in full."""
    try:
        found = _other_form(raw.path.read_bytes(), raw.path.name, raw.outline.folder)
    except OSError:
        return None
    return found and replace(raw, layout=found[0], outline=found[1])


def _is_plain(outline: Outline) -> bool:
    """Whether a classic export is in the tool's own form, as far as header and two rows show it.

    What is between them, such as another header row, the scan of all rows finds.
    """
    start, end = outline.first_start, outline.last_end
    return (
        not outline.problem
        and None not in (start, end)
        and start - end < MOST_PUT_BACK  # else the newest row is first
        and (start.second, end.second) != (0, 59)  # ends a second early
    )


def _why_not_classic(data: bytes) -> Problem | None:
    why = CLASSIC.why_not(data[:BEGINNING_BYTES])
    return CLASSIC.why_not(data) if why and len(data) > BEGINNING_BYTES else why


def _other_form(
    data: bytes, name: str, folder: Path | None, classic: Outline | None = None
) -> tuple[Layout, Outline] | None:
    """Return the layout and outline of a classic export in another form, None if it has faults.

    A form that nothing had to be normalised of is the tool's own, and its reader is the judge. But
    where it does not even know the header of `classic`, or not the times of the first row, the
    other form says more of the fault of a row.
    """
    from ingest.layouts.others import other_layout

    layout, _ = other_layout(data, folder)
    outline = layout.outline(data, name) if layout else None
    if not outline:
        return None
    if not outline.problem:
        return (layout, outline) if outline.notes else None
    says_more = outline.problem.code in OF_ROWS and classic and _is_foreign(classic, outline)
    return (layout, outline) if says_more else None


def _is_foreign(classic: Outline, other: Outline) -> bool:
    """Whether another form reads a header or a first row that the classic reader cannot."""
    if classic.problem:
        return classic.problem.code == "wrong_header"
    return classic.first_start is None and (other.problem.line or 0) > classic.header_line + 1
