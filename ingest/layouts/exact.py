"""Build the values of a reader: numbers as exact text, and the table that all readers return."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from ingest.layouts.parsed import VALUE_COLUMNS

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

# Below 10^9 with at most 18 decimals, as in raw.interval_reads.
PLAIN = re.compile(r"-?(?:[0-9]{1,9}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})")
PLAIN_LINE = re.compile(rf"{PLAIN.pattern}(?:\n{PLAIN.pattern})*")
# Written so by spreadsheets: 1.2E-05, +3. No exponent beyond what 18 decimals can hold.
SCIENTIFIC = re.compile(r"[+-]?(?:[0-9]{1,30}\.?[0-9]{0,30}|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,2})?")


def plain_number(text: str, power_of_ten: int = 0) -> str:
    """Return a number, times a power of ten, as digits and a point; ValueError if it is none."""
    if not power_of_ten and PLAIN.fullmatch(text):
        return text
    if not SCIENTIFIC.fullmatch(text):
        raise ValueError(text)
    try:
        plain = f"{Decimal(text).scaleb(power_of_ten):f}"
    except InvalidOperation as error:
        raise ValueError(text) from error
    whole, _, decimals = plain.partition(".")
    if len(decimals) > 18:
        plain = f"{whole}.{decimals.rstrip('0')}".rstrip(".")
    if not PLAIN.fullmatch(plain):
        raise ValueError(text)
    return plain


def are_plain(texts: Sequence[str]) -> bool:
    """Whether all of some texts are plain numbers; quick for a line of hundreds."""
    return PLAIN_LINE.fullmatch("\n".join(texts)) is not None


def positions(lines: Sequence[int]) -> "np.ndarray":
    """Return each value's place among those of its line, from 1; 0 if it is the only one."""
    import numpy as np

    lines = np.asarray(lines, dtype="int64")
    _, first, counts = np.unique(lines, return_index=True, return_counts=True)
    place = np.arange(len(lines)) - np.repeat(first, counts) + 1
    return np.where(np.repeat(counts, counts) > 1, place, 0)


def values_frame(columns: Mapping[str, object]) -> "pd.DataFrame":
    """Return columns by their names in VALUE_COLUMNS as the table that a reader gives back."""
    import numpy as np  # a run with nothing new reads no file, and need not wait for it
    import pandas as pd

    made = {}
    for name, dtype in VALUE_COLUMNS.items():
        if dtype == "object":
            # pandas would make a text type of its own of texts, and NaN of None
            made[name] = np.empty(len(columns[name]), dtype=object)
            made[name][:] = columns[name]
        else:
            made[name] = np.asarray(columns[name], dtype=dtype)
    return pd.DataFrame({name: pd.Series(x, dtype=VALUE_COLUMNS[name]) for name, x in made.items()})
