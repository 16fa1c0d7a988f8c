"""Words that several lines on the terminal share."""

from rich.console import Console

from load_profile.shown import Unit, in_decimals


def print_line(console: Console, text: str) -> None:
    """Print one line as it is: a narrow terminal breaks it, rich colours no number in it."""
    console.print(text, highlight=False, soft_wrap=True)


def energy_change(before: float | None, after: float | None, unit: Unit) -> str:
    difference = unit.of((after or 0) - (before or 0))
    return f"{from_to(unit.of(before), unit.of(after), unit.energy)} ({difference:+,.3f})"


def from_to(before: float | None, after: float | None, unit: str) -> str:
    """Return both values with one unit, behind the last that is known."""
    shown = ["none" if value is None else in_decimals(value) for value in (before, after)]
    last = 0 if after is None else 1
    shown[last] += f" {unit}"
    return " -> ".join(shown)


def change_of_peak(before: float | None, after: float | None, unit: Unit) -> str:
    if before == after:
        return "peak unchanged"
    return f"peak {from_to(unit.of(before), unit.of(after), unit.power)}"
