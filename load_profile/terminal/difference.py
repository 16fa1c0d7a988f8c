"""Print what changed between two published versions."""

from rich.console import Console
from rich.markup import escape

from load_profile.publish.history import Difference
from load_profile.terminal.words import change, change_of_peak, print_line


def print_difference(console: Console, found: Difference, most: int) -> None:
    """Print what changed between two versions: by feeder and month, then interval by interval."""
    for name, (version, content) in (("from", found.earlier), ("to", found.later)):
        print_line(console, f"{name:<5}{version}  content {content}")
    if not found.months:
        same = found.earlier[1] == found.later[1]
        console.print("Nothing differs." if same else "No reading and no total differs.")
    for month in found.months:
        counts = ", ".join(
            f"{month[f'intervals_{what}']:,} {what}"
            for what in ("added", "changed", "removed")
            if month[f"intervals_{what}"]
        )
        first, last = (f"{month[f'{end}_start_at']:%Y-%m-%d %H:%M}" for end in ("first", "last"))
        energy = change(month["net_mwh_before"], month["net_mwh_after"], "MWh")
        peak = change_of_peak(month["peak_mw_before"], month["peak_mw_after"])
        print_line(
            console,
            f"[bold]{month['cause']}[/]: {escape(month['feeder'])} "
            f"{month['month_start_at']:%Y-%m}: intervals {counts}, {first} to {last} UTC; "
            f"net energy {energy}, {peak}",
        )
    _print_intervals(console, found, most)


def _print_intervals(console: Console, found: Difference, most: int) -> None:
    """Print what changed interval by interval, in two lines that 80 columns have room for."""
    for row in found.intervals[:most]:
        changes = [
            f"{_pair(row, f'{name}_net', '{:,.6f}', 'unknown')} {name.upper()}"
            for name in ("mw", "mva")
        ]
        if row["mvar_net_before"] != row["mvar_net_after"]:
            changes.append(f"{_pair(row, 'mvar_net', '{:,.6f}', 'unknown')} Mvar")
        if row["feeder"] != "total":
            changes.append(f"file {_pair(row, 'file_id', '#{}', 'none')}")
        start = f"{row['interval_start_at']:%Y-%m-%d %H:%M} UTC"
        print_line(
            console, f"{escape(row['feeder'])} {start}, {row['cause']}:\n    {', '.join(changes)}"
        )
    left = len(found.intervals) - most
    if left > 0:
        console.print(f"and {left:,} more intervals: --most, or the table version_intervals")
    if found.intervals_not_kept > 0:
        console.print(
            f"and {found.intervals_not_kept:,} intervals of which values are not kept one by one"
        )


def _pair(row: dict, name: str, form: str, nothing: str) -> str:
    """Return a value before and after, or once if both are the same."""
    values = (row[f"{name}_{when}"] for when in ("before", "after"))
    shown = [nothing if value is None else form.format(value) for value in values]
    return " -> ".join(dict.fromkeys(shown))
