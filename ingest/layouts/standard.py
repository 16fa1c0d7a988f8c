"""Know the standard formats, and archives of files that other layouts read."""

from collections.abc import Sequence
from functools import partial

from ingest.layouts import archive, containers, espi, mscons, nem12
from ingest.layouts.parsed import Parsed, ParsedLayout

STANDARD = (
    ParsedLayout("nem12", nem12.why_not, nem12.parse),
    ParsedLayout("green_button", espi.why_not, espi.parse),
    ParsedLayout("mscons", mscons.why_not, mscons.parse),
)


def archive_of(layouts: Sequence[ParsedLayout]) -> ParsedLayout:
    """Return the layout of a zip or gzip whose files have any of these layouts."""
    read = partial(_read, tuple(layouts))
    return ParsedLayout("archive", containers.why_not, partial(archive.parse, read=read))


def _read(layouts: tuple[ParsedLayout, ...], data: bytes) -> Parsed | None:
    """Return what a file says by the first layout that fits, None without one."""
    found = next((layout for layout in layouts if layout.why_not(data) is None), None)
    return found.parse(data) if found else None
