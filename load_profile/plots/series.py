"""One series of any file with its gaps, which `load-profile analyze` draws beside the file."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure
from pandas import DataFrame
from seaborn import despine

from load_profile.plots.axes import figure_of, label_values, styled, time_axis, to_png
from load_profile.plots.profile_lines import (
    draw_net,
    label_gaps,
    legend_above,
    shade_gaps,
    span_of,
)
from load_profile.plots.theme import shortened
from load_profile.series.analyze import SeriesReport, series_buckets
from load_profile.shown import ISO


def draw_series(report: SeriesReport, path: Path) -> Path:
    """Draw the series of an analyzed file with its gaps; return where the plot is."""
    gaps = DataFrame(
        [(gap.gap_start, gap.gap_end, gap.missing_intervals) for gap in report.gaps],
        columns=["gap_start", "gap_end", "missing_intervals"],
    )
    zone = "UTC" if report.utc_times else "as in the file"
    look = {"value_label": report.value_label, "zone": zone}
    path.write_bytes(to_png(draw(report.name, series_buckets(report), gaps, **look)))
    return path


@styled
def draw(name: str, profile: DataFrame, gaps: DataFrame, *, value_label: str, zone: str) -> Figure:
    """Draw one series over time, like the upper half of a feeder's plot."""
    span = span_of([(profile, gaps)])
    figure = figure_of(4.5, f"{shortened(name, 66)}, {span.in_words(ISO)}" if span else name)
    ax = figure.subplots(gridspec_kw={"left": 0.065, "right": 0.975, "top": 0.8, "bottom": 0.125})
    draw_net(ax, profile, name=name)
    shade_gaps(ax, profile, gaps, span)
    label_gaps(ax, gaps, span)
    label_values(ax, value_label)
    time_axis(ax, span, zone)
    legend_above(ax, 0.11)
    despine(fig=figure)
    return figure
