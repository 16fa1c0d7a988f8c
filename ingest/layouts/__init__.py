"""Know the layouts of files and which one a file has. Reads none."""

from ingest.layouts.classic import ClassicLayout
from ingest.layouts.interface import Layout
from ingest.problems import Problem

LAYOUTS: tuple[Layout, ...] = (ClassicLayout(),)
# A layout is recognised by this much of a file, or by the whole file if a long preamble precedes
# the header.
BEGINNING_BYTES = 64 * 1024


def layout_of(data: bytes) -> tuple[Layout | None, Problem | None]:
    """Return the layout that fits a file; if none fits, why the first layout does not."""
    why = None
    for beginning in (data[:BEGINNING_BYTES], data):
        answers = [(layout, layout.recognise(beginning)) for layout in LAYOUTS]
        for layout, answer in answers:
            if answer.fits:
                return layout, None
        why = answers[0][1].why
        if len(data) <= BEGINNING_BYTES:
            break
    return None, why
