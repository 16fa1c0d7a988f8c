"""Print the figures of an earlier published version."""

from rich.console import Console
from rich.markup import escape

from load_profile.publish.earlier import Earlier
from load_profile.shown import ISO, Dates, in_decimals, unit_for
from load_profile.terminal.words import print_line


def print_earlier(console: Console, found: Earlier, dates: Dates = ISO) -> None:
    """Print a version's name and content, and a line for each feeder and the total."""
    print_line(console, f"version {found.version}  content {found.content}")
    for row in found.figures:
        first, last = (dates.minute(row[f"{end}_start_at"]) for end in ("first", "last"))
        unit = unit_for([row["peak_mw"]])
        unknown = row["row_count"] - row["known_count"]
        print_line(
            console,
            f"{escape(row['feeder'])}: {row['row_count']:,} intervals, {first} to {last} UTC"
            f"{f' ({unknown:,} of them unknown)' * bool(unknown)}; "
            f"net energy {_figure(unit.of(row['net_mwh']))} {unit.energy}, "
            f"highest net {_figure(unit.of(row['peak_mw']))} {unit.power}",
        )
    if not found.figures:
        console.print("This version has no interval of it.")
    console.print("Checked: months that later versions changed have their fingerprints of then.")


def _figure(value: float | None) -> str:
    return "unknown" if value is None else in_decimals(value)
