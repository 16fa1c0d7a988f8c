"""Print what changed between two published versions."""

from rich.console import Console
from rich.markup import escape

from load_profile.publish.history import Difference
from load_profile.shown import ISO, KILO, Dates, unit_for
from load_profile.terminal.words import change_of_peak, energy_change, print_line


def print_difference(console: Console, found: Difference, most: int, dates: Dates = ISO) -> None:
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
        first, last = (dates.minute(month[f"{end}_start_at"]) for end in ("first", "last"))
        peaks = month["peak_mw_before"], month["peak_mw_after"]
        unit = unit_for(peaks)
        energy = energy_change(month["net_mwh_before"], month["net_mwh_after"], unit)
        peak = change_of_peak(*peaks, unit)
        print_line(
            console,
            f"[bold]{month['cause']}[/]: {escape(month['feeder'])} "
            f"{dates.month(month['month_start_at'])}: intervals {counts}, {first} to {last} UTC; "
            f"net energy {energy}, {peak}",
        )
    _print_intervals(console, found, most, dates)


def _print_intervals(console: Console, found: Difference, most: int, dates: Dates) -> None:
    """Print what changed interval by interval, in two lines that 80 columns have room for."""
    for row in found.intervals[:most]:
        changes = [f"{_powers(row, 'mw_net')}W", f"{_powers(row, 'mva_net')}VA"]
        if row["mvar_net_before"] != row["mvar_net_after"]:
            changes.append(f"{_powers(row, 'mvar_net')}var")
        if row["feeder"] != "total":
            changes.append(f"file {_pair(row, 'file_id', '#{}', 'none')}")
        start = f"{dates.minute(row['interval_start_at'])} UTC"
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


def _powers(row: dict, name: str) -> str:
    """Return a power before and after with the prefix of its unit, to a watt."""
    unit = unit_for(row[f"{name}_{when}"] for when in ("before", "after"))
    shown = {key: unit.of(value) for key, value in row.items() if key.startswith(name)}
    return (
        f"{_pair(shown, name, '{:,.3f}' if unit == KILO else '{:,.6f}', 'unknown')} {unit.prefix}"
    )


def _pair(row: dict, name: str, form: str, nothing: str) -> str:
    """Return a value before and after, or once if both are the same."""
    values = (row[f"{name}_{when}"] for when in ("before", "after"))
    shown = [nothing if value is None else form.format(value) for value in values]
    return " -> ".join(dict.fromkeys(shown))
