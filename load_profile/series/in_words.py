"""Put what was found in a series into words, for a terminal."""

from collections.abc import Iterable
from datetime import timedelta

from ingest.words import counted
from load_profile.series.analyze import CLOCK, Gap, SeriesReport, duration

SKIPPED_HOUR = "; no reading is missing if the clock has daylight saving and skips this hour"
GAPS_SHOWN = 10


def format_report(report: SeriesReport) -> str:
    """Return the report in plain words: several lines, no line break at the end."""
    lines = [
        f"{report.name}: {counted(report.rows, 'row')}, {report.readings:,} with a reading"
        f" ({report.value_label})",
        f"From {report.first.strftime(CLOCK)} to the interval that starts"
        f" {report.last.strftime(CLOCK)}"
        + (f", every {duration(report.interval)}." if report.interval else "; one time only."),
    ]
    if report.utc_times:
        lines.append("The file has times in UTC, or with an offset: all times here are in UTC.")
    lines += _problem_lines(report)
    return "\n".join([*lines, *_gap_lines(report)])


def _problem_lines(report: SeriesReport) -> Iterable[str]:
    """Yield a line for each kind of problem that occurs."""
    for count, what, note in (
        (report.empty_values, "value", "empty"),
        (report.duplicates, "row", "the start time of an earlier row"),
        (report.out_of_order, "row", "a start before the row above"),
        (report.off_grid, "step", "a length that is not a multiple of the interval"),
    ):
        if count:
            verb = ("is" if count == 1 else "are") if note == "empty" else None
            yield f"{counted(count, what)} {verb or ('has' if count == 1 else 'have')} {note}."


def _gap_lines(report: SeriesReport) -> Iterable[str]:
    """Yield the gaps, the first few one by one."""
    if report.interval is None:
        yield "Gaps cannot be found with a single start time."
        return
    if not report.gaps:
        yield "No gaps."
        return
    missing = sum(gap.missing_intervals for gap in report.gaps)
    yield f"{counted(len(report.gaps), 'gap')}, {counted(missing, 'interval')} missing:"
    for gap in report.gaps[:GAPS_SHOWN]:
        yield (
            f"  {gap.gap_start.strftime(CLOCK)} to {gap.gap_end.strftime(CLOCK)}:"
            f" {duration(gap.gap_duration)}, {counted(gap.missing_intervals, 'interval')}"
            + (SKIPPED_HOUR if not report.utc_times and _may_be_skipped(gap) else "")
        )
    if len(report.gaps) > GAPS_SHOWN:
        yield f"  and {len(report.gaps) - GAPS_SHOWN:,} more"


def _may_be_skipped(gap: Gap) -> bool:
    """Whether a gap looks like the hour that daylight saving skips: early on a Sunday.

    It begins at 00:00 to 03:00 in spring of either hemisphere.
    """
    start = gap.gap_start
    return (
        gap.gap_duration == timedelta(hours=1)
        and (start.weekday(), start.minute) == (6, 0)
        and start.hour <= 3
        and start.month in (3, 4, 9, 10)
    )
