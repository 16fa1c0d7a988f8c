"""Print the visible sheets of the workbook on standard input as JSON: a program of its own.

calamine ends its process when a damaged workbook makes it ask for too much memory, and panics on
others. So it has a process to itself, with bounded memory where the system has such a bound.
"""

import io
import json
import sys
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from python_calamine import CalamineError, SheetTypeEnum, SheetVisibleEnum, load_workbook

MOST_CELLS = 8_000_000  # of one sheet, empty ones too
MOST_MEMORY = 4 * 1024**3


def main() -> None:
    _limit_memory()
    try:
        found = _sheets(sys.stdin.buffer.read())
    except (CalamineError, OSError, ValueError, LookupError, OverflowError) as error:
        found = {"error": str(error)[:100]}
    json.dump(found, sys.stdout)


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    most = MOST_MEMORY if hard == resource.RLIM_INFINITY else min(hard, MOST_MEMORY)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def _sheets(data: bytes) -> dict:
    book = load_workbook(io.BytesIO(data))
    found = []
    for at, about in enumerate(book.sheets_metadata):
        if about.typ != SheetTypeEnum.WorkSheet or about.visible != SheetVisibleEnum.Visible:
            continue
        sheet = book.get_sheet_by_index(at)
        if sheet.total_height * max(sheet.total_width, 1) > MOST_CELLS:
            return {"too_many": MOST_CELLS}
        rows = sheet.to_python(skip_empty_area=False)
        found.append({"name": about.name, "rows": [[_plain(x) for x in row] for row in rows]})
    return {"sheets": found}


def _plain(cell: object) -> str | dict[str, str]:
    """Return the text of a cell; a real date, or time of day, as its kind and its ISO text."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        # the shortest digits that give this number: 0.29, not 0.28999999999999998
        return f"{Decimal(repr(cell)):f}".removesuffix(".0")
    if isinstance(cell, timedelta):  # a time of day of 24:00:00 or more
        seconds = round(cell.total_seconds())
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if isinstance(cell, datetime):
        return {"moment": _whole_second(cell).isoformat()}
    if isinstance(cell, date):
        return {"day": cell.isoformat()}
    return {"time": cell.isoformat()} if isinstance(cell, time) else str(cell)


def _whole_second(moment: datetime) -> datetime:
    """Return a moment without the fraction that a day in 10^-10 leaves: 00:14:59.999 is 00:15."""
    whole = (moment + timedelta(milliseconds=500)).replace(microsecond=0)
    return whole if abs(whole - moment) <= timedelta(milliseconds=5) else moment


if __name__ == "__main__":
    main()
