"""Know the layouts of files and which one a file has. Reads none."""

from ingest.layouts.classic import ClassicLayout
from ingest.layouts.interface import Layout
from ingest.problems import Problem

LAYOUTS: tuple[Layout, ...] = (ClassicLayout(),)
# A layout is recognised by this much of a file, or by all of it where a long text comes first.
BEGINNING_BYTES = 64 * 1024


def layout_of(data: bytes) -> tuple[Layout | None, Problem | None]:
    """Return the layout that the bytes of a file are in; without one, why it is not the first."""
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
