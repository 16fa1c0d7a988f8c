"""Show the lines of a file as its reader counts them, and where in the file they are.

The lines of an archive are those of its files, one below the other; those of a workbook are the
rows of the sheet that was read.
"""

from dataclasses import dataclass
from pathlib import Path

from ingest.layouts import archive, containers, workbook
from ingest.layouts.parsed import LayoutError


@dataclass(frozen=True)
class Lines:
    """All lines of a file; `members` of an archive: their names and the number of lines above."""

    texts: list[str]
    members: tuple[tuple[str, int], ...] = ()
    sheet: str | None = None

    def place_of(self, line: int) -> str:
        """Return where a line is, for people: `line 7`, `a.csv, line 7`, `sheet Data, row 7`."""
        if self.sheet is not None:
            return f"sheet {self.sheet}, row {line}"
        name, above = max(
            (member for member in self.members if member[1] < line),
            key=lambda member: member[1],
            default=("", 0),
        )
        return f"{containers.label(name)}, line {line - above}" if name else f"line {line}"


def read_lines(data: bytes, folders: tuple[Path, ...] = ()) -> Lines:
    """Return all lines, odd bytes as escapes; none of an archive or workbook that is damaged.

    `folders` have layout files beside those shipped, which decide the sheet of a workbook.
    """
    try:
        if containers.why_not(data) is None:
            members = list(archive.members_of(data))
            texts = [line for *_, content in members for line in archive.lines_in(content)]
            return Lines(texts, tuple((name, above) for name, above, _ in members))
        if workbook.why_not(data) is None:
            sheet = _sheet(data, folders)
            return Lines(archive.lines_in(sheet.delimited()), sheet=sheet.name)
    except LayoutError:
        return Lines([])
    return Lines(archive.lines_in(data))


def _sheet(data: bytes, folders: tuple[Path, ...]) -> workbook.Sheet:
    """Return the sheet that was read, or would be the first to be."""
    from ingest.layouts.others import sheet_of

    found = workbook.sheets(data)
    return sheet_of(found, folders)[0] or found[0]
