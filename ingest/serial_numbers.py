"""Find the serial number of a meter in an export's text. Knows labels, no tables.

A text without a clear label, or that does not look like a serial number, is not one.
"""

import re
from dataclasses import dataclass

LABEL = (
    r"(?:meter|device)\s*(?:id|no\.?|number|#)|(?:(?:meter|device)\s+)?serial\s*(?:no\.?|number|#)"
)
LABELLED = re.compile(
    rf"""[\s"#*]*({LABEL})[\s"]*(?:[:=,;]|(?<=[.#])|(?<=\s))[\s",;]*([^\s",;]+)[\s",;]*""",
    re.IGNORECASE,
)
COLUMN = re.compile(LABEL, re.IGNORECASE)
# Shorter ones are mostly made up: 1, 2, A.
FEWEST_DIGITS = 4


@dataclass(frozen=True)
class Serial:
    """A serial number, the label that it has, and its line."""

    label: str
    text: str
    line: int


def find_serials(preamble: str) -> tuple[Serial, ...]:
    """Return the serial numbers that the lines above the header name."""
    found = []
    for line, text in enumerate(preamble.splitlines(), 1):
        match = LABELLED.fullmatch(text)
        if match and is_serial(match[2]):
            found.append(Serial(" ".join(match[1].lower().split()), match[2], line))
    return tuple(found)


def is_column(header_cell: str) -> bool:
    """Whether a column holds the serial number of the row's meter."""
    return COLUMN.fullmatch(header_cell.strip()) is not None


def is_serial(text: str) -> bool:
    """Whether a text looks like a serial number: digits, perhaps a few letters with them."""
    digits = sum("0" <= char <= "9" for char in text)
    return digits >= FEWEST_DIGITS and 2 * digits >= len(_plain(text))


def is_same(first: str, second: str) -> bool:
    """Whether two texts name one meter: without case, spaces, leading zeros, a maker's letters."""
    (plain, digits), (other_plain, other_digits) = names_of(first), names_of(second)
    return plain == other_plain or digits == other_digits != ""


def names_of(text: str) -> tuple[str, str]:
    """Return a meter's name without case, spaces and leading zeros, and without letters too."""
    return _plain(text), re.sub("[^0-9]", "", text).lstrip("0")


def _plain(text: str) -> str:
    return re.sub("[^0-9a-z]", "", text.lower()).lstrip("0")
