"""Print what a run changed: files in conflict, corrected readings, published figures."""

from datetime import datetime

import duckdb
from rich.console import Console
from rich.markup import escape

from ingest.letters import one_line
from ingest.workspace import Workspace
from load_profile.publish.history import restated_months
from load_profile.shown import Dates, dates_of, in_decimals, unit_for
from load_profile.terminal.queries import CONFLICTS, CORRECTIONS
from load_profile.terminal.words import change_of_peak, print_line


def print_conflicts(
    console: Console, con: duckdb.DuckDBPyConnection, started: datetime, dates: Dates
) -> None:
    """Print which file counts where two in use have other values for one interval."""
    for (
        feeder, name, other, different, shared, first, last, *figures, factor, why, remedy
    ) in con.execute(CONFLICTS, [started]).fetchall():  # fmt: skip
        size = unit_for(figures[2:])
        energy, other_energy, peak, other_peak = (
            "unknown" if figure is None else in_decimals(size.of(figure)) for figure in figures
        )
        same = name == other
        what = "twice" if same else "as well"
        title = "another unit" if factor else "doubled rows" if same else "other values"
        unit = f", every one x {factor:,.6g}" if factor else ""
        text = (
            f": {feeder}: {name} has {shared:,} interval{'s'[: shared != 1]} {what}"
            f"{'' if same else f' that {other} has'}, {different:,} of them with other "
            f"values{unit} ({dates.minute(first)} to {dates.minute(last)}). {name} counts: "
            f"{why}. Net energy {energy} against {other_energy} {size.energy}, peak {peak} against "
            f"{other_peak} {size.power}. "
            f"To prefer {'the earlier lines' if same else other}: {remedy}"
        )
        print_line(console, f"[bold]{title}[/]{escape(one_line(text))}")


def print_corrections(
    console: Console, con: duckdb.DuckDBPyConnection, started: datetime, dates: Dates
) -> None:
    """Print what the files of this run changed in earlier readings."""
    for feeder, month, count, days, energy, before, after in con.execute(
        CORRECTIONS, [started]
    ).fetchall():
        days, unit = dates.in_text(days), unit_for((before, after))
        shown = days if len(days) < 80 else days[:77] + "..."
        change = "" if energy is None else f", net energy {unit.of(energy):+,.3f} {unit.energy}"
        peak = change_of_peak(before, after, unit)
        print_line(
            console,
            f"[bold]corrected[/] {escape(feeder)} {dates.month_text(month)}: {count:,} intervals "
            f"({shown}){change}, {peak}",
        )


def print_restated(console: Console, workspace: Workspace, started: datetime) -> None:
    """Print what the version that this run published changed in published figures, and why."""
    _, rows = restated_months(workspace, started)
    dates = dates_of(workspace)
    for cause, feeder, first, last, count, energy, before, after, lost in rows:
        edited = cause.replace("meter-data.csv", "meter-data.csv changed")
        until = "" if first == last else f" to {dates.month_text(last)}"
        unit = unit_for((before, after))
        unknown = f" ({lost:,} of them no longer known)" if lost else ""
        print_line(
            console,
            f"[bold]{edited}[/]: {escape(feeder)} restated {dates.month_text(first)}{until}: "
            f"{count:,} interval{'s'[: count != 1]}{unknown}, net energy "
            f"{unit.of(energy):+,.3f} {unit.energy}, {change_of_peak(before, after, unit)}",
        )
