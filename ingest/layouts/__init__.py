"""Know the layouts of files and which one a file has. Reads none."""

from collections.abc import Sequence

from ingest.layouts.classic import ClassicLayout
from ingest.layouts.interface import Layout
from ingest.problems import Problem
from ingest.workspace import Workspace

# The first that fits reads the file. The classic one takes every file with a line that begins with
# `Record No.`, whatever follows: a layout with such a header has to come before it.
LAYOUTS: tuple[Layout, ...] = (ClassicLayout(),)
# A layout is recognised by this much of a file, or by the whole file if a long preamble precedes
# the header.
BEGINNING_BYTES = 64 * 1024


def layouts_of(_workspace: Workspace) -> tuple[Layout, ...]:
    """Return the layouts that the files of a root may have."""
    return LAYOUTS


def layout_of(
    data: bytes, layouts: Sequence[Layout] = LAYOUTS
) -> tuple[Layout | None, Problem | None]:
    """Return the layout that fits a file; if none fits, why the first layout does not."""
    for beginning in (data[:BEGINNING_BYTES], data):
        reasons = [layout.why_not(beginning) for layout in layouts]
        if None in reasons:
            return layouts[reasons.index(None)], None
    return None, reasons[0]
