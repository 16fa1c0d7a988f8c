"""Read texts of values and units exactly. Knows columns of text, not files."""

import re
from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import pandas as pd

from ingest.layouts.layout_file import Dialect
from ingest.layouts.parsed import LayoutError

# The units of active power and energy that stand for those of apparent and reactive ones.
UNIT = re.compile(r"(?<![a-z])([kmKM]?)(wh|w|vah|va|varh|var)(?![a-z])", re.IGNORECASE)
PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
SCIENTIFIC = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))[eE]([+-]?\d{1,2})")
# As in the classic layout: below 10^9, at most 18 decimals.
INTEGER_DIGITS, DECIMALS = 9, 18
HARD_SPACES = ("\u00a0", "\u202f")


def unit_in(text: str) -> str | None:
    """Return the unit that a text names as one of UNITS (kvarh is kWh), None without one."""
    found = {
        (prefix.replace("K", "k").replace("m", "M"), "Wh" if unit.lower().endswith("h") else "W")
        for prefix, unit in UNIT.findall(text)
    }
    return "".join(found.pop()) if len(found) == 1 else None


def read_values(
    texts: np.ndarray, dialect: Dialect, lines: np.ndarray, names: Sequence[str], named: np.ndarray
) -> np.ndarray:
    """Return exact texts, None for an unknown value.

    `lines` is the line of each text, `names[named]` its column or channel. Every pair of decimal
    and group character that the layout allows is tried on all values: two that give different
    numbers are refused.
    """
    codes, uniques = pd.factorize(texts)
    missing = {text.casefold() for text in dialect.missingValues}
    readings: list[list[str | None]] = []
    worst = 0
    pairs = [
        (decimal, group)
        for decimal in dialect.decimalChar
        for group in ("", *dialect.groupChar)
        if decimal != group
    ]
    for decimal, group in pairs:
        values, bad = _read(uniques, decimal, group, missing)
        if bad is not None:
            worst = max(worst, bad)
        elif values not in readings:
            readings.append(values)
    if len(readings) == 1:
        return np.array(readings[0], dtype=object)[codes]
    code, at = "layout_value", worst
    if readings:
        code = "layout_two_numbers"
        at = next(i for i, (a, b) in enumerate(zip(*readings[:2], strict=True)) if a != b)
    cell = int(np.flatnonzero(codes == at)[0])
    values = {"column": names[int(named[cell])], "text": uniques[at]}
    raise LayoutError(code, int(lines[cell]), values=values)


def _read(
    texts: Sequence[str], decimal: str, group: str, missing: set[str]
) -> tuple[list[str | None], int | None]:
    """Return exact values, and the place of the first text that is none."""
    if group:
        mark = re.escape(group) if group.strip() else r"[ \u00a0\u202f]"
        grouped = re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:{mark}\d{{3}})+(?:{re.escape(decimal)}\d*)?")
        remove = re.compile(mark)
    values: list[str | None] = []
    for place, text in enumerate(texts):
        if text.casefold() in missing:
            values.append(None)
            continue
        if group and grouped.fullmatch(text):
            text = remove.sub("", text)
        if decimal != ".":
            if "." in text:
                return values, place
            text = text.replace(decimal, ".")
        exact = _exact(text)
        if exact is None:
            return values, place
        values.append(exact)
    return values, None


def _exact(text: str) -> str | None:
    """Return a number as sign, digits, point and digits; None if it is none or has too many."""
    if not text.isascii():
        return None
    if PLAIN.fullmatch(text) is None:
        found = SCIENTIFIC.fullmatch(text)
        if found is None or len(found[1]) > INTEGER_DIGITS + DECIMALS:
            return None
        text = format(Decimal(found[1]).scaleb(int(found[2])), "f")
    sign = "-" if text[0] == "-" else ""
    whole, _, decimals = text.lstrip("+-").partition(".")
    whole = whole.lstrip("0") or "0"
    if len(whole) > INTEGER_DIGITS or len(decimals) > DECIMALS:
        return None
    return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"
