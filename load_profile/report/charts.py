"""Draw the report's charts, which zoom: arrays in, HTML and script out. Knows Bokeh, no tables.

All series are in the page; a choice of one of them shows its power over time and its load-duration
curves. Everything works from the keyboard: the choice and the buttons are plain controls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from bokeh.embed import components
from bokeh.layouts import column, row
from bokeh.models import (
    Button,
    CDSView,
    ColumnDataSource,
    CustomJS,
    DatetimeTickFormatter,
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
from load_profile.shown import ISO, Dates, Unit, unit_for

FAR = 1e12  # kW, beyond any reading: a gap is shaded over the whole height
ENDS = ("low", "middle", "high")
TOOLS = "xpan,xwheel_zoom,box_zoom,reset,save"
SHOW = """
const series = names.indexOf(choice.value);
shown.data = {...shown.data, low: all.data['low_' + series], high: all.data['high_' + series]};
gaps_filter.group = choice.value;
curves_filter.group = choice.value;
for (const chart of [power, duration]) {
    chart.title.text = choice.value + ': ' + chart.tags[0];
    chart.left[0].axis_label = `${label} (${units[series]})`;
    for (const tool of chart.toolbar.tools.filter(tool => tool.type === 'HoverTool')) {
        tool.tooltips = tool.tooltips.map(
            ([name, value]) => [name.replace(/\\b[kM]W\\b/, units[series]), value]);
    }
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
    """Lowest and highest power of each bucket, by name; arrays of shape (n,), NaN = unknown.

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
    dates: Dates = ISO,
) -> tuple[str, str]:
    """Return script and HTML of both charts with their controls, the first series shown.

    Each series is in the unit that suits it.
    """
    names = list(series.low)
    units = _units(series, curves, estimates)
    series, curves, estimates = _in_units(units, series, curves, estimates)
    choice = Select(name="choice", title="Feeder", value=names[0], options=names, width=260)
    data, shown = _sources(series, names)
    look = _Look(names[0], value_label, units[names[0]].power, dates)
    power, strip, gaps_filter = _power_chart(shown, gaps, estimates, look)
    duration, curves_filter = _duration_chart(curves, look)
    arguments = {
        "choice": choice,
        "names": names,
        "label": value_label,
        "units": [units[name].power for name in names],
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


@dataclass(frozen=True)
class _Look:
    """The series that is shown first, what its values are and their unit, the order of dates."""

    name: str
    label: str
    unit: str
    dates: Dates

    @property
    def from_time(self) -> tuple[str, str]:
        return "from", f"@start{{{self.dates.minute_format}}}"


def _units(
    series: Series, curves: Sequence[Curve], estimates: Sequence[Estimate]
) -> dict[str, Unit]:
    """Return the unit that suits all that is shown of each series."""
    extremes = {name: _extremes(series.low[name], series.high[name]) for name in series.low}
    for curve in curves:
        extremes[curve.name] += _extremes(curve.mw)
    for one in estimates:
        extremes[one.name] += one.low, one.high
    return {name: unit_for(values) for name, values in extremes.items()}


def _extremes(*arrays: Sequence[float]) -> list[float]:
    known = [values[np.isfinite(values)] for values in map(np.asarray, arrays)]
    return [float(end) for values in known if len(values) for end in (values.min(), values.max())]


def _in_units(
    units: Mapping[str, Unit],
    series: Series,
    curves: Sequence[Curve],
    estimates: Sequence[Estimate],
) -> tuple[Series, list[Curve], list[Estimate]]:
    low, high = (
        {name: np.asarray(mw, float) * units[name].per_mega for name, mw in of.items()}
        for of in (series.low, series.high)
    )
    scaled = [
        replace(one, **{end: units[one.name].of(getattr(one, end)) for end in ENDS})
        for one in estimates
    ]
    of_curves = [
        replace(curve, mw=[units[curve.name].of(mw) for mw in curve.mw]) for curve in curves
    ]
    return replace(series, low=low, high=high), of_curves, scaled


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
    look: _Look,
):
    """Return power over time, a strip with the whole span below it, and the filter of a series.

    The filter is that of gaps and estimates.
    """
    chart = _chart(look, "power over time", 360)
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
    strip.xaxis.formatter = _time_formatter(look.dates)
    gap_filter = GroupFilter(column_name="name", group=look.name)
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
        around, dashed = _draw_estimates(chart, estimates, gap_filter, look)
        chart.y_range.renderers = [*chart.y_range.renderers, around]
        chart.legend.items.append(
            LegendItem(label="estimated, in its band", renderers=[around, dashed])
        )
    strip.add_tools(RangeTool(x_range=chart.x_range))
    chart.add_tools(
        HoverTool(
            renderers=[band],
            mode="vline",
            tooltips=[look.from_time, (look.unit, "@low{0,0.000} to @high{0,0.000}")],
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


def _draw_estimates(
    chart, estimates: Sequence[Estimate], of_series: GroupFilter, look: _Look
) -> tuple:
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
                look.from_time,
                (f"estimated {look.unit}", "@middle{0,0.000} (@low{0,0.000} to @high{0,0.000})"),
            ],
            formatters={"@start": "datetime"},
        )
    )
    return band, lines


def _duration_chart(curves: Sequence[Curve], look: _Look):
    """Return load-duration curves, one a year, and the filter that selects a series."""
    chart = _chart(look, "load duration", 320, x_axis_type="linear")
    chart.xaxis.axis_label = "Share of the known time at or above (%)"
    chart.x_range.update(start=0, end=100, bounds=(0, 100))
    curve_filter = GroupFilter(column_name="name", group=look.name)
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
    tooltips = [("share of the time", "$x{0} %"), (f"{look.unit} at or above", "$y{0,0.000}")]
    chart.add_tools(HoverTool(tooltips=tooltips))
    return chart, curve_filter


def _chart(look: _Look, what: str, height: int, x_axis_type: str = "datetime"):
    """Return an empty chart; its tag follows the name of the series in its title."""
    chart = figure(
        name=what,
        title=f"{look.name}: {what}",
        tags=[what],
        height=height,
        x_axis_type=x_axis_type,
        tools=TOOLS,
        active_drag="xpan",
        active_scroll="xwheel_zoom",
        sizing_mode="stretch_width",
        y_axis_label=f"{look.label} ({look.unit})",
    )
    chart.yaxis.formatter = NumeralTickFormatter(format="0,0.[000000]")
    if x_axis_type == "datetime":
        chart.xaxis.formatter = _time_formatter(look.dates)
    chart.toolbar.logo = None
    chart.add_layout(Legend(orientation="horizontal", border_line_color=None, margin=0), "above")
    return chart


def _time_formatter(dates: Dates) -> DatetimeTickFormatter:
    """Label time as the dates of the page, from years down to seconds."""
    day, times = dates.day_format, {"minutes": "%H:%M", "hourmin": "%H:%M", "hours": "%H:%M"}
    # below the first label: what the labels leave out
    left_out = DatetimeTickFormatter(**dict.fromkeys(times, day), days="%Y", months="%Y", years="")
    return DatetimeTickFormatter(
        **times,
        days=dates.short_format,
        months="%b",
        years="%Y",
        context=left_out,
        context_which="start",
    )


def move_buttons(range_) -> list[Button]:
    """Return buttons that move and zoom a range within its bounds."""
    found = []
    for label, (by, times) in MOVES.items():
        button = Button(label=label, width=90, margin=(23, 4, 5, 4))
        arguments = {"range": range_, "by": by, "times": times}
        button.js_on_event("button_click", CustomJS(args=arguments, code=MOVE))
        found.append(button)
    return found
