"""Colours, sizes and words that the plots and the report have in common. Imports no library."""

from math import floor, log10

# seaborn's palette "colorblind"
BLUE, ORANGE, GREEN, RED, PINK = "#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc"
BROWN, ROSE, GREY, YELLOW, SKY = "#ca9161", "#fbafe4", "#949494", "#ece133", "#56b4e9"
COLOURS = (BLUE, ORANGE, GREEN, RED, PINK, BROWN, ROSE, GREY, YELLOW, SKY)
DARK, SOFT = "#222222", "#555555"
GAP_FILL = "#f6e4f1"  # opaque, so that touching gaps do not add up
GAP_EDGE = "#d795ca"

DPI = 100
WIDTH = 14.0  # inches
LEFT, RIGHT = 0.91, 13.65  # edges of the axes (inches)
TITLE_PT, HEADING_PT, TEXT_PT, LABEL_PT = 14, 11, 9, 8

NET = {"signed": "Net power", "gross": "Gross power (older 'net')"}
NO_READINGS = "no readings in this span"
NO_TOTAL = "never known: a feeder is missing"
BY_POWER = "the largest net power in either direction"


def shortened(name: str, most: int) -> str:
    """A name of at most `most` letters."""
    return name if len(name) <= most else f"{name[: most - 1]}\N{HORIZONTAL ELLIPSIS}"


def in_digits(value: float) -> str:
    """A plain number with at least three significant digits."""
    before = floor(log10(abs(value))) if value else 0
    return f"{value:,.{max(0, 2 - before)}f}"


def in_order(shown: int, count: int, order: str) -> str:
    """`12 of 200 feeders, those with ...`, or `those with ... first` if all are shown."""
    if shown < count:
        return f"{shown} of {count:,} feeders, those with {order}"
    return f"those with {order} first" if count > 1 else ""


def part_of(shown: int, count: int, noun: str, which: str = "the last") -> str:
    """`the last 36 of 60 months`, empty if all are shown."""
    return f"{which} {shown} of {count} {noun}s" if shown < count else ""
