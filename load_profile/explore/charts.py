"""Draw what is in sight: arrays in, Bokeh's figures filled. Knows no tables and no controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from bokeh.models import (
    ColumnDataSource,
    CustomJS,
    FactorRange,
    FixedTicker,
    GlyphRenderer,
    HoverTool,
    Legend,
    LegendItem,
    NumeralTickFormatter,
    Range1d,
)
from bokeh.plotting import figure

from ingest.letters import visible
from load_profile.explore.clock import in_words, local, ticks
from load_profile.explore.read import Curves, Extremes, Settled, Sight
from load_profile.plots.buckets import Buckets
from load_profile.plots.theme import (
    BLUE,
    BROWN,
    DARK,
    GAP_EDGE,
    GAP_FILL,
    GREEN,
    GREY,
    ORANGE,
    PINK,
    RED,
    SKY,
    SOFT,
    shortened,
)

DRAW = """
const [{drawn, ticks, labels}] = cb_obj.tags;
for (const [place, data] of drawn) sources[place].setv({data}, {sync: false});
axis.ticker.setv({ticks}, {sync: false});
axis.setv({major_label_overrides: labels}, {sync: false});
"""
FAR = 1e9  # MW, beyond any reading: a gap is shaded over the whole height
COLOURS = (BLUE, ORANGE, GREEN, PINK, BROWN, SKY, GREY, DARK)  # red is that of estimates
MOST_BANDS = 12  # series whose bands are filled and whose values are shown beside the pointer
STEADY = ("gap", "finding", "decision")  # lanes that are there also without a mark
MANY = 2_000  # buckets: a browser strokes lines of one pixel several times as fast as wider ones
MARKS = {"gap": GAP_EDGE, "finding": ORANGE, "decision": GREEN, "changed": PINK, "clock": GREY}
TOOLS = "xpan,xwheel_zoom,box_zoom"
LETTERS, LEGEND_PIXELS = 24, 150  # of a name in the legend, and of an item's width


class PowerChart:
    """Power over time of any number of series, and below it lanes with what is marked."""

    def __init__(self) -> None:
        self.pixels = 900  # of the width, until the browser has said how wide it is
        self.figure = _figure("power", 400)
        self.lanes = figure(
            name="lanes",
            height=100,  # of three to five lanes
            x_range=self.figure.x_range,
            y_range=FactorRange(*reversed(MARKS), range_padding=0.1),
            tools="xpan",
            toolbar_location=None,
            sizing_mode="stretch_width",
            min_border_left=80,
            min_border_right=40,
            outline_line_color=None,
        )
        self.lanes.xaxis.visible = False
        self.lanes.xgrid.visible = False
        self.lanes.yaxis.major_label_text_color = DARK
        self._gaps = self._shade_gaps()
        self._earlier = self._line("earlier", DARK, width=5, alpha=0.28)
        self._bands = self._place_bands()
        self._fills = [
            self.figure.patch(
                "x", "y", source=ColumnDataSource(_no_points()), fill_color=colour,
                fill_alpha=0.35, line_color=None, name="fills",
            )
            for colour in COLOURS
        ]  # fmt: skip
        self._lines = [self._line("measured", colour) for colour in COLOURS]
        self._estimates, self._dashed = self._draw_estimates()
        self._edited = self._line("edited", GREEN, width=3, dash="dotted")
        self._chosen = self.figure.scatter(
            "x", "y", source=ColumnDataSource(_no_points()), size=12, marker="circle_cross",
            fill_alpha=0, line_color=DARK, line_width=2,
        )  # fmt: skip
        self._marks = self._draw_marks()
        self.figure.y_range.renderers = [
            self._earlier, self._bands, *self._lines, self._estimates, self._edited
        ]  # fmt: skip
        self._named: list[tuple] = []
        self._legend = _legend()
        self.figure.add_layout(self._legend, "above")
        self.figure.xaxis[0].ticker = FixedTicker()
        self._drawn: list[list] = []
        self._sources = [renderer.data_source for renderer in self.figure.renderers]
        self._sources.append(self._marks.data_source)
        self._empty = set(self._sources)
        arguments = {"sources": self._sources, "axis": self.figure.xaxis[0]}
        self.figure.js_on_change("tags", CustomJS(args=arguments, code=DRAW))

    def show(self, sight: Sight, names: Sequence[str], start: float, until: float) -> None:
        """Fill the figure with what was read of a view."""
        zone = sight.facts.zone
        known, few = sight.known, len(names) <= MOST_BANDS
        for group, line in enumerate(self._lines):
            own = known.where(known.place % len(COLOURS) == group)
            line.glyph.line_width = 1.3 if len(known.start) < MANY else 1
            self._fill(line, outline(own) if few else hatching(own))
            self._fill(self._fills[group], areas(own) if few else _no_points())
        self._fill(self._bands, _band_columns(known, names, zone) if few else _no_bands())
        is_line = np.array_equal(known.low, known.high)
        self._hover.tooltips = (
            "<div>@name: <b>"
            + ("@high{0,0.000}" if is_line else "@low{0,0.000} to @high{0,0.000}")
            + " MW</b>, @local{%F %H:%M} to @local_until{%F %H:%M}</div>"
        )
        earlier = sight.earlier
        self._fill(self._earlier, outline(earlier) if earlier else _no_points())
        settled = sight.settled
        estimated, edited = (
            settled.where(settled.status == "S"),
            settled.where(settled.status == "E"),
        )
        self._fill(self._estimates, _estimate_columns(estimated, names, zone))
        self._fill(self._dashed, middle_line(estimated))
        self._fill(self._edited, middle_line(edited))
        self._show_marks(sight, zone)
        self._name_axes(sight, start, until)
        items = self._items(sight, names, len(edited.start) > 0)
        if items != self._named:  # Bokeh takes as long for it as for all the rest
            self._named = items
            self._legend.items = [
                LegendItem(label=label, renderers=list(renderers)) for label, *renderers in items
            ]

    def _fill(self, renderer: GlyphRenderer, data: Mapping[str, object]) -> None:
        """Note what a renderer draws; where that is nothing as before, nothing is sent."""
        source = renderer.data_source
        is_empty = not len(next(iter(data.values())))
        if is_empty and source in self._empty:
            return
        (self._empty.add if is_empty else self._empty.discard)(source)
        self._drawn.append([self._sources.index(source), dict(data)])

    def _send(self, labels: Mapping[float, str]) -> None:
        """Send what was noted, as one message: Bokeh would draw all again for each source."""
        drawn, self._drawn = self._drawn, []
        axis = self.figure.xaxis[0]
        if self.figure.tags:
            self.figure.tags = [{"drawn": drawn, "ticks": list(labels), "labels": labels}]
            return
        self.figure.tags = ["sent"]  # with the document itself, at first
        for place, data in drawn:
            self._sources[place].data = data
        axis.ticker.ticks, axis.major_label_overrides = list(labels), labels

    def point_at(self, moment: float | None, mw: float | None) -> None:
        """Mark the point that is explained; none if its power is not known."""
        known = moment is not None and mw is not None
        self._chosen.data_source.data = {"x": [moment] * known, "y": [mw] * known}

    def _show_marks(self, sight: Sight, zone: str) -> None:
        marks = sight.marks
        columns = {
            "lane": [mark["kind"] for mark in marks],
            "start": [float(mark["start"]) for mark in marks],
            "until": [float(mark["until"]) for mark in marks],
            "colour": [MARKS[mark["kind"]] for mark in marks],
            "name": [visible(mark["name"] or "clock") for mark in marks],
            "from": [in_words(mark["start"], zone) for mark in marks],
            "to": [in_words(mark["until"], zone) for mark in marks],
            "words": [visible(mark["words"]) for mark in marks],
        }
        self._fill(self._marks, columns)
        gaps = [mark for mark in marks if mark["kind"] == "gap"]
        ends = {key: [float(gap[key]) for gap in gaps] for key in ("start", "until")}
        self._fill(self._gaps, ends)
        shown = [kind for kind in MARKS if kind in {*STEADY, *columns["lane"]}]
        self.lanes.y_range.factors = shown[::-1]

    def _name_axes(self, sight: Sight, start: float, until: float) -> None:
        axis, zone = self.figure.xaxis[0], sight.facts.zone
        self._legend.ncols = max(1, self.pixels // LEGEND_PIXELS)
        labels = ticks(start, until, zone, max(3, min(12, self.pixels // 80)))
        axis.axis_label = f"Time ({zone})"
        self._send(labels)
        self.figure.yaxis[0].axis_label = sight.facts.value_label

    def _items(self, sight: Sight, names: Sequence[str], has_edits: bool) -> list[tuple]:
        """Return label and renderers of each item of the legend."""
        items = []
        if len(names) <= MOST_BANDS:
            for group, line in enumerate(self._lines):
                own = names[group :: len(COLOURS)]
                if own:
                    label = ", ".join(in_legend(name) for name in own)
                    items.append((label, line))
        else:
            items.append((f"{len(names):,} series; click a line for its name", self._lines[0]))
        if sight.earlier is not None:
            items.append((f"version {sight.compared}", self._earlier))
        if len(sight.settled.start) > has_edits * np.count_nonzero(sight.settled.status == "E"):
            items.append(("estimated, in its band", self._estimates, self._dashed))
        if has_edits:
            items.append(("edited by a decision", self._edited))
        if any(mark["kind"] == "gap" for mark in sight.marks):
            items.append(("gap", self._gaps))
        return items

    def _line(
        self, name: str, colour: str, *, width: float = 1.3, alpha: float = 1, dash: str = "solid"
    ):
        return self.figure.line(
            "x", "y", source=ColumnDataSource(_no_points()), name=name, line_color=colour,
            line_width=width, line_alpha=alpha, line_dash=dash, line_cap="square",
        )  # fmt: skip

    def _shade_gaps(self):
        return self.figure.quad(
            left="start",
            right="until",
            bottom=-FAR,
            top=FAR,
            source=ColumnDataSource({"start": [], "until": []}),
            name="gaps",
            fill_color=GAP_FILL,
            line_color=GAP_EDGE,
            level="underlay",
        )

    def _place_bands(self):
        """Place what is named beside the pointer; it is not drawn: thousands of areas are slow."""
        bands = self.figure.quad(
            left="start",
            right="until",
            bottom="low",
            top="high",
            source=ColumnDataSource(_no_bands()),
            name="bands",
            fill_color=None,
            line_color=None,
        )
        self._hover = HoverTool(renderers=[bands], mode="vline", visible=False)
        self._hover.formatters = {"@local": "datetime", "@local_until": "datetime"}
        self.figure.add_tools(self._hover)
        return bands

    def _draw_estimates(self) -> tuple:
        band = self.figure.quad(
            left="start",
            right="until",
            bottom="low",
            top="high",
            source=ColumnDataSource(_estimate_columns(None, (), "UTC")),
            name="estimate bands",
            fill_color=RED,
            fill_alpha=0.25,
            line_color=None,
        )
        tooltips = (
            "<div>@name: estimated <b>@middle{0,0.000} MW</b>, "
            "@low{0,0.000} to @high{0,0.000}, @local{%F %H:%M}</div>"
        )
        hover = HoverTool(renderers=[band], tooltips=tooltips, visible=False)
        hover.formatters = {"@local": "datetime"}
        self.figure.add_tools(hover)
        return band, self._line("estimated", RED, width=2, dash="5 3")

    def _draw_marks(self):
        marks = self.lanes.hbar(
            y="lane",
            left="start",
            right="until",
            height=0.7,
            fill_color="colour",
            line_color="colour",
            line_width=2,  # so that one narrower than a pixel is seen
            source=ColumnDataSource(
                {key: [] for key in ("lane", "start", "until", "colour", "name", "from", "to")}
                | {"words": []}
            ),
        )
        tooltips = [("", "@name"), ("from", "@from"), ("to", "@to"), ("", "@words")]
        self.lanes.add_tools(HoverTool(renderers=[marks], tooltips=tooltips))
        return marks


class CurveChart:
    """Load duration, or a typical day, of up to MOST_BANDS series."""

    def __init__(self) -> None:
        self.pixels = 900
        self.figure = _figure("curves", 320)
        self.figure.title.text = ""
        self.figure.visible = False
        self._bands = self.figure.quad(
            left="left",
            right="right",
            bottom="low",
            top="high",
            source=ColumnDataSource(_no_curve_bands()),
            fill_color="colour",
            fill_alpha=0.2,
            line_color=None,
            name="bands",
        )
        self._lines = [
            self.figure.line(
                "x", "y", source=ColumnDataSource(_no_points()), name="curve",
                line_color=colour, line_width=2,
            )
            for colour in COLOURS
        ]  # fmt: skip
        self._legend = _legend()
        self.figure.add_layout(self._legend, "above")
        self.figure.xaxis[0].ticker = FixedTicker()
        self.figure.add_tools(HoverTool(tooltips=[("MW", "$y{0,0.000}")], visible=False))

    def show(self, curves: Curves, names: Sequence[str], label: str, value_label: str) -> None:
        """Fill the figure; without bands it is one of load duration."""
        self._legend.ncols = max(1, self.pixels // LEGEND_PIXELS)
        is_day = curves.low is not None
        for group, line in enumerate(self._lines):
            own = curves.place % len(COLOURS) == group
            line.data_source.data = _broken(curves.place[own], curves.x[own], curves.mw[own])
        self._bands.data_source.data = _curve_bands(curves) if is_day else _no_curve_bands()
        self._legend.items = [
            LegendItem(
                label=", ".join(in_legend(name) for name in names[group :: len(COLOURS)]),
                renderers=[line],
            )
            for group, line in enumerate(self._lines)
            if names[group :: len(COLOURS)]
        ]
        chart, last = self.figure, 1440 if is_day else 100
        few = self.pixels < 600  # labels would touch
        axis, every = chart.xaxis[0], last // ((6 if few else 12) if is_day else (5 if few else 10))
        labels = {
            place: f"{place // 60:02}:00" if is_day else str(place)
            for place in range(0, last + 1, every)
        }
        axis.ticker.ticks = list(labels)
        axis.major_label_overrides = labels
        axis.axis_label = label
        chart.yaxis[0].axis_label = value_label
        chart.x_range.update(start=0, end=last)
        chart.visible = True


def _broken(place: np.ndarray, x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """Return the points of one line a series, NaN between them."""
    breaks = np.flatnonzero(np.diff(place)) + 1
    x, y = x.astype(float), y.astype(float)
    return {"x": np.insert(x, breaks, np.nan), "y": np.insert(y, breaks, np.nan)}


def _curve_bands(curves: Curves) -> dict[str, object]:
    slot = np.diff(np.unique(curves.x)).min() if len(np.unique(curves.x)) > 1 else 1440.0
    return {
        "left": curves.x - slot / 2,
        "right": curves.x + slot / 2,
        "low": curves.low,
        "high": curves.high,
        "colour": list(np.array(COLOURS)[curves.place.astype(int) % len(COLOURS)]),
    }


def _no_curve_bands() -> dict[str, list]:
    return {name: [] for name in ("left", "right", "low", "high", "colour")}


def outline(known: Extremes) -> dict[str, np.ndarray]:
    """Return the points of step lines: lowest, and highest where it differs; NaN between runs."""
    if not len(known.start):
        return {"x": np.array([]), "y": np.array([])}
    buckets = Buckets(known.start, known.until, _joined(known))
    x, high = buckets.outline(known.high)
    if np.array_equal(known.low, known.high):
        return {"x": x, "y": high}
    _, low = buckets.outline(known.low)
    return {"x": np.concatenate([x, [np.nan], x]), "y": np.concatenate([high, [np.nan], low])}


def areas(known: Extremes) -> dict[str, np.ndarray]:
    """Return the outlines of the areas from lowest to highest, one a run; NaN between them."""
    x, y = [np.array([])], [np.array([])]
    is_wide = known.high > known.low
    for run in np.split(np.arange(len(known.start)), np.flatnonzero(~_joined(known)) + 1):
        if is_wide[run].any():
            edges = np.column_stack([known.start[run], known.until[run]]).ravel()
            high, low = np.repeat(known.high[run], 2), np.repeat(known.low[run], 2)
            x += [edges, edges[::-1], [np.nan]]
            y += [high, low[::-1], [np.nan]]
    return {"x": np.concatenate(x), "y": np.concatenate(y)}


def hatching(known: Extremes) -> dict[str, np.ndarray]:
    """Return the points of lines that run from lowest to highest of each bucket; NaN between runs.

    One line a series, where there are too many to fill their bands.
    """
    x = np.column_stack([known.start, known.start, known.until]).ravel()
    y = np.column_stack([known.low, known.high, known.high]).ravel()
    breaks = 3 * (np.flatnonzero(~_joined(known)) + 1)
    return {"x": np.insert(x, breaks, np.nan), "y": np.insert(y, breaks, np.nan)}


def middle_line(settled: Settled) -> dict[str, np.ndarray]:
    """Return the points of step lines over the means; NaN between runs."""
    if not len(settled.start):
        return {"x": np.array([]), "y": np.array([])}
    x, y = Buckets(settled.start, settled.until, _joined(settled)).outline(settled.middle)
    return {"x": x, "y": y}


def in_legend(name: str) -> str:
    """Return a name as the legend has it: shortened, and never taken for mathematics."""
    return (
        shortened(visible(name), LETTERS)
        .replace("$$", "$\N{WORD JOINER}$")
        .replace("\\", "\\\N{WORD JOINER}")
    )


def _joined(found: Extremes | Settled) -> np.ndarray:
    """Which buckets meet the next one of the same series."""
    return (found.place[1:] == found.place[:-1]) & (found.start[1:] == found.until[:-1])


def _band_columns(known: Extremes, names: Sequence[str], zone: str) -> dict[str, object]:
    shown = np.array([visible(name) for name in names], dtype=object)
    return {
        "start": known.start,
        "until": known.until,
        "low": known.low,
        "high": known.high,
        "name": list(shown[known.place.astype(int)]),
        "local": on_clock(known.start, zone),
        "local_until": on_clock(known.until, zone),
    }


def _no_bands() -> dict[str, list]:
    names = ("start", "until", "low", "high", "name", "local", "local_until")
    return {name: [] for name in names}


def _estimate_columns(settled: Settled | None, names: Sequence[str], zone: str) -> dict:
    if settled is None:
        return {name: [] for name in ("start", "until", "low", "middle", "high", "name", "local")}
    return {
        "start": settled.start,
        "until": settled.until,
        "low": settled.low,
        "middle": settled.middle,
        "high": settled.high,
        "name": [visible(names[int(place)]) for place in settled.place],
        "local": on_clock(settled.start, zone),
    }


def on_clock(moments: np.ndarray, zone: str) -> np.ndarray:
    """Return moments (ms) as the clock shows them, for labels that know UTC only."""
    quarters = moments // 900_000
    different, places = np.unique(quarters, return_inverse=True)
    offsets = np.array(
        [local(quarter * 900_000, zone).utcoffset().total_seconds() * 1000 for quarter in different]
    )
    return moments + offsets[places] if len(moments) else moments


def _no_points() -> dict[str, list]:
    return {"x": [], "y": []}


def _legend() -> Legend:
    return Legend(orientation="horizontal", border_line_color=None, margin=0)


def _figure(name: str, height: int, **options):
    chart = figure(
        name=name,
        height=height,
        x_range=Range1d(0, 1),
        tools=TOOLS,
        active_drag="xpan",
        active_scroll="xwheel_zoom",
        sizing_mode="stretch_width",
        min_border_left=80,
        min_border_right=40,
        toolbar_location="above",
        **options,
    )
    chart.yaxis.formatter = NumeralTickFormatter(format="0,0.[000]")
    chart.yaxis.major_label_text_color = chart.xaxis.major_label_text_color = DARK
    chart.yaxis.axis_label_text_color = chart.xaxis.axis_label_text_color = SOFT
    chart.toolbar.logo = None
    return chart
