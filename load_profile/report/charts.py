"""Draw the report's charts, which zoom: arrays in, HTML and script out. Knows Bokeh, no tables.

All series are in the page; a choice of one of them shows its power over time and its load-duration
curves. Everything works from the keyboard: the choice and the buttons are plain controls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from bokeh.embed import components
from bokeh.layouts import column, row
from bokeh.models import (
    Button,
    CDSView,
    ColumnDataSource,
    CustomJS,
    GroupFilter,
    HoverTool,
    Legend,
    LegendItem,
    NumeralTickFormatter,
    RangeTool,
    Select,
)
from bokeh.plotting import figure
from bokeh.resources import Resources

from load_profile.plots.theme import BLUE, COLOURS, GAP_EDGE, GAP_FILL, RED

FAR = 1e9  # MW, beyond any reading: a gap is shaded over the whole height
TOOLS = "xpan,xwheel_zoom,box_zoom,reset,save"
SHOW = """
const series = names.indexOf(choice.value);
shown.data = {...shown.data, low: all.data['low_' + series], high: all.data['high_' + series]};
gaps_filter.group = choice.value;
curves_filter.group = choice.value;
for (const chart of [power, duration]) {
    chart.title.text = choice.value + ': ' + chart.tags[0];
}
"""
MOVE = """
const [first, last] = range.bounds, width = range.end - range.start;
const middle = (range.start + range.end) / 2 + by * width;
const half = Math.min(Math.max(width * times, range.min_interval ?? 0), last - first) / 2;
const start = Math.max(first, Math.min(middle - half, last - 2 * half));
range.setv({start: start, end: start + 2 * half});
"""
MOVES = {  # shift in widths of the view, and factor of its width
    "Earlier": (-0.5, 1),
    "Later": (0.5, 1),
    "Zoom in": (0, 0.5),
    "Zoom out": (0, 2),
    "Whole span": (0, 1e9),
}


@dataclass(frozen=True)
class Series:
    """Lowest and highest MW of each bucket, by name; arrays of shape (n,), NaN = unknown.

    `starts` and `ends` (n,) are the buckets' edges, naive local time in milliseconds since 1970.
    """

    starts: np.ndarray
    ends: np.ndarray
    low: Mapping[str, np.ndarray]
    high: Mapping[str, np.ndarray]
    bucket_minutes: int = 0


@dataclass(frozen=True)
class Gap:
    """Of the series `name`; naive local time in milliseconds since 1970, end exclusive."""

    name: str
    start: float
    end: float


@dataclass(frozen=True)
class Estimate:
    """Of a bucket of the series `name`: the mean and the band of what was estimated (MW)."""

    name: str
    start: float
    end: float
    low: float
    middle: float
    high: float


@dataclass(frozen=True)
class Curve:
    """One year's load-duration curve of the series `name`: share of the time (%) and MW."""

    name: str
    year: int
    shares: Sequence[float]
    mw: Sequence[float]


def scripts() -> str:
    """Return the libraries that the charts need, for the page to hold once."""
    return Resources(mode="inline", components=["bokeh", "bokeh-widgets"]).render_js()


def charts(
    series: Series,
    gaps: Sequence[Gap],
    curves: Sequence[Curve],
    estimates: Sequence[Estimate] = (),
    *,
    value_label: str,
) -> tuple[str, str]:
    """Return script and HTML of both charts with their controls, the first series shown."""
    names = list(series.low)
    choice = Select(name="choice", title="Feeder", value=names[0], options=names, width=260)
    data, shown = _sources(series, names)
    power, strip, gaps_filter = _power_chart(shown, gaps, estimates, names[0], value_label)
    duration, curves_filter = _duration_chart(curves, names[0], value_label)
    arguments = {
        "choice": choice,
        "names": names,
        "all": data,
        "shown": shown,
        "gaps_filter": gaps_filter,
        "curves_filter": curves_filter,
        "power": power,
        "duration": duration,
    }
    choice.js_on_change("value", CustomJS(args=arguments, code=SHOW))
    controls = row(
        choice,
        *move_buttons(power.x_range),
        sizing_mode="stretch_width",
        styles={"flex-wrap": "wrap"},  # below each other on a narrow screen
    )
    layout = column(controls, power, strip, duration, sizing_mode="stretch_width")
    return components(layout)


def _sources(series: Series, names: list[str]) -> tuple[ColumnDataSource, ColumnDataSource]:
    """Return all series, and the one that is shown; single precision is enough to draw."""
    values = {
        f"{end}_{place}": np.asarray(of[name], dtype="float32")
        for place, name in enumerate(names)
        for end, of in (("low", series.low), ("high", series.high))
    }
    edges = {"start": np.asarray(series.starts, float), "end": np.asarray(series.ends, float)}
    first = {"low": values["low_0"], "high": values["high_0"]}
    return ColumnDataSource(values), ColumnDataSource(edges | first, name="shown")


def _power_chart(
    shown: ColumnDataSource,
    gaps: Sequence[Gap],
    estimates: Sequence[Estimate],
    name: str,
    value_label: str,
):
    """Return power over time, a strip with the whole span below it, and the filter of a series.

    The filter is that of gaps and estimates.
    """
    chart = _chart(name, "power over time", 360, value_label)
    chart.x_range.start = float(shown.data["start"][0])
    chart.x_range.end = float(shown.data["end"][-1])
    chart.x_range.bounds = (chart.x_range.start, chart.x_range.end)
    strip = figure(
        height=90,
        x_axis_type="datetime",
        y_axis_type=None,
        tools="",
        toolbar_location=None,
        sizing_mode="stretch_width",
    )
    strip.grid.grid_line_color = None
    strip.xaxis.ticker.desired_num_ticks = 4  # more would touch on a narrow screen
    gap_filter = GroupFilter(column_name="name", group=name)
    columns = ("name", "start", "end")
    of_gaps = ColumnDataSource({key: [getattr(gap, key) for gap in gaps] for key in columns})
    for one in (strip, chart):
        missing = _shade_gaps(one, of_gaps, gap_filter)
        band, line = _draw_band(one, shown)
    chart.legend.items = [
        LegendItem(label="measured", renderers=[band, line]),
        LegendItem(label="gap", renderers=[missing]),
    ]
    if estimates:
        around, dashed = _draw_estimates(chart, estimates, gap_filter)
        chart.y_range.renderers = [*chart.y_range.renderers, around]
        chart.legend.items.append(
            LegendItem(label="estimated, in its band", renderers=[around, dashed])
        )
    strip.add_tools(RangeTool(x_range=chart.x_range))
    chart.add_tools(
        HoverTool(
            renderers=[band],
            mode="vline",
            tooltips=[("from", "@start{%F %H:%M}"), ("MW", "@low{0,0.000} to @high{0,0.000}")],
            formatters={"@start": "datetime"},
        )
    )
    return chart, strip, gap_filter


def _shade_gaps(chart, gaps: ColumnDataSource, gap_filter: GroupFilter):
    """Shade the gaps of the series that is shown over the whole height."""
    return chart.quad(
        left="start",
        right="end",
        bottom=-FAR,
        top=FAR,
        source=gaps,
        view=CDSView(filter=gap_filter),
        fill_color=GAP_FILL,
        line_color=GAP_EDGE,
        level="underlay",
    )


def _draw_band(chart, shown: ColumnDataSource) -> tuple:
    """Draw lowest to highest of each step; return the band and one of its lines."""
    band = chart.quad(
        left="start",
        right="end",
        bottom="low",
        top="high",
        source=shown,
        fill_color=BLUE,
        fill_alpha=0.35,
        line_color=None,
    )
    lines = [
        chart.step("start", end, source=shown, mode="after", line_color=BLUE)
        for end in ("low", "high")
    ]
    chart.y_range.renderers = [band, *lines]
    return band, lines[0]


def _draw_estimates(chart, estimates: Sequence[Estimate], of_series: GroupFilter) -> tuple:
    """Draw estimates dashed in their band; return the band and the lines, one a run of buckets."""
    columns = ("name", "start", "end", "low", "middle", "high")
    values = {key: [getattr(one, key) for one in estimates] for key in columns}
    band = chart.quad(
        left="start",
        right="end",
        bottom="low",
        top="high",
        source=ColumnDataSource(values),
        view=CDSView(filter=of_series),
        fill_color=RED,
        fill_alpha=0.25,
        line_color=None,
    )
    runs: list[tuple[str, list[float], list[float]]] = []
    for before, one in zip([None, *estimates], estimates, strict=False):
        if before is None or (before.name, before.end) != (one.name, one.start):
            runs.append((one.name, [], []))
        runs[-1][1].extend((one.start, one.end))
        runs[-1][2].extend((one.middle, one.middle))
    names, times, mw = zip(*runs, strict=True)
    lines = chart.multi_line(
        "times",
        "mw",
        source=ColumnDataSource({"name": names, "times": times, "mw": mw}),
        view=CDSView(filter=of_series),
        line_color=RED,
        line_width=2,
        line_dash=[5, 3],
    )
    chart.add_tools(
        HoverTool(
            renderers=[band],
            tooltips=[
                ("from", "@start{%F %H:%M}"),
                ("estimated MW", "@middle{0,0.000} (@low{0,0.000} to @high{0,0.000})"),
            ],
            formatters={"@start": "datetime"},
        )
    )
    return band, lines


def _duration_chart(curves: Sequence[Curve], name: str, value_label: str):
    """Return load-duration curves, one a year, and the filter that selects a series."""
    chart = _chart(name, "load duration", 320, value_label, x_axis_type="linear")
    chart.xaxis.axis_label = "Share of the known time at or above (%)"
    chart.x_range.update(start=0, end=100, bounds=(0, 100))
    curve_filter = GroupFilter(column_name="name", group=name)
    years = sorted({curve.year for curve in curves})
    for place, year in enumerate(years):
        own = [curve for curve in curves if curve.year == year]
        source = ColumnDataSource(
            {
                "name": [curve.name for curve in own],
                "shares": [curve.shares for curve in own],
                "mw": [curve.mw for curve in own],
            }
        )
        drawn = chart.multi_line(
            "shares",
            "mw",
            source=source,
            view=CDSView(filter=curve_filter),
            line_width=2,
            line_color=COLOURS[place % len(COLOURS)],
        )
        chart.legend.items.append(LegendItem(label=str(year), renderers=[drawn]))
    tooltips = [("share of the time", "$x{0} %"), ("MW at or above", "$y{0,0.000}")]
    chart.add_tools(HoverTool(tooltips=tooltips))
    return chart, curve_filter


def _chart(name: str, what: str, height: int, value_label: str, x_axis_type: str = "datetime"):
    """Return an empty chart; its tag follows the name of the series in its title."""
    chart = figure(
        name=what,
        title=f"{name}: {what}",
        tags=[what],
        height=height,
        x_axis_type=x_axis_type,
        tools=TOOLS,
        active_drag="xpan",
        active_scroll="xwheel_zoom",
        sizing_mode="stretch_width",
        y_axis_label=value_label,
    )
    chart.yaxis.formatter = NumeralTickFormatter(format="0,0.[000]")
    chart.toolbar.logo = None
    chart.add_layout(Legend(orientation="horizontal", border_line_color=None, margin=0), "above")
    return chart


def move_buttons(range_) -> list[Button]:
    """Return buttons that move and zoom a range within its bounds."""
    found = []
    for label, (by, times) in MOVES.items():
        button = Button(label=label, width=90, margin=(23, 4, 5, 4))
        arguments = {"range": range_, "by": by, "times": times}
        button.js_on_event("button_click", CustomJS(args=arguments, code=MOVE))
        found.append(button)
    return found
