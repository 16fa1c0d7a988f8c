"""Know the layouts of files and which one a file has. Reads none."""

from ingest.layouts.classic import ClassicLayout
from ingest.layouts.interface import Layout
from ingest.problems import Problem

# The first that fits reads the file. The classic one takes every file with a line that begins with
# `Record No.`, whatever follows: a layout with such a header has to come before it.
LAYOUTS: tuple[Layout, ...] = (ClassicLayout(),)
# A layout is recognised by this much of a file, or by the whole file if a long preamble precedes
# the header.
BEGINNING_BYTES = 64 * 1024


def layout_of(data: bytes) -> tuple[Layout | None, Problem | None]:
    """Return the layout that fits a file; if none fits, why the first layout does not."""
    for beginning in (data[:BEGINNING_BYTES], data):
        reasons = [layout.why_not(beginning) for layout in LAYOUTS]
        if None in reasons:
            return LAYOUTS[reasons.index(None)], None
    return None, reasons[0]
