"""Show the lines of a file as its reader counts them, and where in the file they are.

The lines of an archive are those of its files, one below the other; those of a workbook are the
rows of the sheet that was read.
"""

import codecs
import re

from ingest.layouts import archive, containers, workbook
from ingest.layouts.parsed import LayoutError

LINE_END = re.compile(r"\r\n|\n|\r")
ENCODINGS = {
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8-sig",
}


def lines_of(data: bytes) -> list[str]:
    """Return all lines, odd bytes as escapes; none of an archive or workbook that is damaged."""
    try:
        if containers.why_not(data) is None:
            texts = (_text(content) for _, content in containers.members(data))
            return [line for text in texts for line in _split(text)]
        if workbook.why_not(data) is None:
            return _split(_text(_sheet(data).delimited()))
    except LayoutError:
        return []
    return _split(_text(data))


def place_of(data: bytes, line: int) -> str:
    """Return where a line is, for people: `line 7`, `a.csv, line 7`, `sheet Data, row 7`."""
    try:
        if containers.why_not(data) is None:
            name, line = archive.place_of(data, line)
            return f"{containers.label(name)}, line {line}"
        if workbook.why_not(data) is None:
            return f"sheet {_sheet(data).name}, row {line}"
    except LayoutError:
        pass
    return f"line {line}"


def _sheet(data: bytes) -> workbook.Sheet:
    """Return the sheet that was read, or would be the first to be."""
    from ingest.layouts.others import sheet_of

    found = workbook.sheets(data)
    return sheet_of(found)[0] or found[0]


def _text(data: bytes) -> str:
    encoding = next((name for mark, name in ENCODINGS.items() if data.startswith(mark)), "utf-8")
    return data.decode(encoding, "backslashreplace")


def _split(text: str) -> list[str]:
    """Return lines; the end of the last one begins no other."""
    return LINE_END.split(text.removesuffix("\n").removesuffix("\r"))
