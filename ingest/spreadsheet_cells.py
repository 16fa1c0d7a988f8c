"""Read dates and numbers as spreadsheets of many countries save them. Guesses nothing.

What can be read in two ways is settled by another cell of the same file, or is ambiguous.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

DELIMITERS = (",", ";", "\t")
DATE = re.compile(
    r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})"
    r"(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?: ?([AaPp])[Mm])?)?"
)
# 28,800 and 28.800 may be 28800 or 28.8; 0,003 and 1,0036 can only be one.
AMBIGUOUS_NUMBER = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}([.,])\d{3}(?:\1\d{3})*(?:([.,])\d*)?")


class AmbiguousError(ValueError):
    """A cell that can be read in two ways; `readings` are both, as they should be written."""

    def __init__(self, *readings: str) -> None:
        super().__init__(" or ".join(readings))
        self.readings = readings


def day_comes_first(cells: Iterable[str]) -> bool | None:
    """Whether dates such as 15/10/2024 have the day first; None if cells do not decide."""
    found = set()
    for cell in cells:
        match = DATE.fullmatch(cell)
        if match and match[2] != "." and (int(match[1]) > 12) != (int(match[3]) > 12):
            found.add(int(match[1]) > 12)
    return found.pop() if len(found) == 1 else None


def iso_date(cell: str, day_first: bool | None) -> str:
    """Return a date and time of a spreadsheet as YYYY-MM-DD HH:MM:SS; any other text as it is.

    With dots the day is first, as wherever dates are written so. Raises AmbiguousError.
    """
    match = DATE.fullmatch(cell)
    if match is None:
        return cell
    month_first_text, day_first_text = _iso(match, 1, 3), _iso(match, 3, 1)
    if match[2] == ".":
        return day_first_text or cell
    texts = [text for text in dict.fromkeys((month_first_text, day_first_text)) if text]
    if len(texts) < 2:
        return texts[0] if texts else cell
    if day_first is None:
        raise AmbiguousError(*texts)
    return texts[day_first]


def _iso(match: re.Match, month: int, day: int) -> str | None:
    year = int(match[4]) + (2000 if len(match[4]) == 2 else 0)
    hour, minute, second = (int(match[group] or 0) for group in (5, 6, 7))
    if match[8]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (match[8].lower() == "p")
    try:
        moment = datetime(year, int(match[month]), int(match[day]), hour, minute, second)
    except ValueError:
        return None
    return f"{moment}" if match[5] else f"{moment:%Y-%m-%d}"


def decimal_mark(cells: Iterable[str]) -> str | None:
    """Return the decimal mark of a file's numbers; None if no cell decides, or two disagree."""
    found = {_mark_in(cell) for cell in cells} - {None}
    return found.pop() if len(found) == 1 else None


def _mark_in(cell: str) -> str | None:
    """Return the decimal mark that a number alone proves."""
    if AMBIGUOUS_NUMBER.fullmatch(cell):
        return None
    grouped = GROUPED.fullmatch(cell)
    if grouped and (grouped[2] != grouped[1]):
        return grouped[2] or {".": ",", ",": "."}[grouped[1]]
    match = re.fullmatch(r"[+-]?\d*([.,])\d+", cell)
    return match[1] if match else None


def plain_number(cell: str, mark: str | None) -> str:
    """Return a number with a decimal point, without marks of thousands; other text as it is.

    Raises AmbiguousError.
    """
    own = _mark_in(cell)
    if own is None and AMBIGUOUS_NUMBER.fullmatch(cell):
        texts = [_plain(cell, "."), _plain(cell, ",")]
        if mark is None:
            raise AmbiguousError(*sorted(texts, key=Decimal))
        return _plain(cell, mark)
    return _plain(cell, own) if own else cell


def _plain(cell: str, mark: str) -> str:
    other = {".": ",", ",": "."}[mark]
    text = cell.replace(other, "").replace(mark, ".")
    return text.rstrip("0").rstrip(".") if "." in text else text
