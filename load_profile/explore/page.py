"""The page: its controls, what they ask for, and what is said about it. Knows Bokeh, no tables."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from bokeh.document import Document
from bokeh.events import ButtonClick, Tap
from bokeh.model import Model
from bokeh.models import (
    Button,
    CustomJS,
    Div,
    MultiSelect,
    Select,
    TextInput,
)
from jinja2 import Template
from markupsafe import Markup

from ingest.letters import visible
from ingest.warehouse import WarehouseError
from ingest.words import counted
from ingest.workspace import Workspace
from load_profile.explore.charts import MOST_BANDS, CurveChart, PowerChart
from load_profile.explore.clock import in_words, local, moment_of
from load_profile.explore.download import address_of
from load_profile.explore.explain import explained, nearest
from load_profile.explore.read import MINUTE, TOTAL, Facts, Published, Sight, View
from load_profile.plots.buckets import width_in_words
from load_profile.plots.theme import NO_READINGS
from load_profile.publish.earlier import NotKeptError
from load_profile.publish.history import NAME
from load_profile.report.charts import MOVE, MOVES, move_buttons

PAUSE = 40  # milliseconds in which moves are taken together
MOST_LISTED = 30  # marks, in words
UTC = "UTC"
ALL = "whole span"
NOTHING, DURATION = "nothing", "load duration"
DAYS = {  # what is shown too, and the type of days it is of
    "typical day": None,
    "typical weekday": "weekday",
    "typical weekend day": "weekend",
    "typical holiday": "holiday",
}
SPANS = {"1 year": 365, "1 month": 31, "1 week": 7, "1 day": 1}  # days
TEMPLATE = Path(__file__).with_name("template.html.jinja")
STYLE = """
:host { font: 15px/1.45 system-ui, "Segoe UI", sans-serif; color: #1a1a1a; }
p { margin: .2rem 0; } .warn { color: #8a3b00; font-weight: 600; }
a { color: #00568a; display: inline-block; padding: .35rem 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f3f6f9; padding: .6rem;
    margin: .3rem 0; font-size: .85rem; }
table { border-collapse: collapse; font-size: .84rem; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .6rem .2rem 0; text-align: left; vertical-align: top;
    border-bottom: 1px solid #c8c8c8; }
td { min-width: 5.5em; } td:last-child { min-width: 14em; overflow-wrap: anywhere; }
.bk-clearfix { max-width: 100%; } .wide { overflow-x: auto; }
:focus-visible { outline: 3px solid #00568a; outline-offset: 2px; }
"""
SAVE = """
Bokeh.index.find_one(power).export().to_blob().then(blob => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = "load-profile.png";
    link.click();
    URL.revokeObjectURL(link.href);
});
"""


class Page:
    """One open page: a document whose controls read the published file again."""

    def __init__(self, document: Document, published: Published, workspace: Workspace) -> None:
        self._document, self._published, self._workspace = document, published, workspace
        self._facts: Facts | None = None
        self._waiting = False
        self._written = ("", "")  # from and until, as the page itself wrote them
        self._chart = PowerChart()
        self._range = self._chart.figure.x_range
        self._range.name = "time"
        self._find = TextInput(
            name="find", title="Find a feeder", placeholder="part of its name", width=220
        )
        self._choice = MultiSelect(name="choice", title="Feeders and total", size=7, width=220)
        self._all = Button(name="all", label="All feeders in the list", width=220)
        self._span = Select(
            name="span", title="Show", options=[ALL, *SPANS, "other"], value=ALL, width=110
        )
        self._from = TextInput(name="from", title="From", width=150)
        self._until = TextInput(name="until", title="Until", width=150)
        self._more = Select(
            name="more", title="Also show", options=[NOTHING, DURATION, *DAYS], value=NOTHING,
            width=170,
        )  # fmt: skip
        self._compared = Select(name="compared", title="Compare with version", width=220)
        self._curves = CurveChart()
        self._changed: tuple | None = None
        self._at = TextInput(
            name="at", title="Explain the interval at", placeholder="2024-07-12 11:00", width=200
        )
        self._why = Button(name="why", label="Why", width=80)
        self._png = Button(name="png", label="Download PNG", width=140)
        self._status = _text("status", role="status")
        self._csv = _text("csv")
        self._marked = _text("marked")
        self._changes = _text("changes")
        self._more_said = _text("more_said")
        self._reason = _text("reason", role="status")

    def open(self) -> None:
        """Fill the document."""
        document = self._document
        document.title = f"Load profiles: {self._workspace.root.name}"
        document.template = Template(TEMPLATE.read_text("utf-8"), autoescape=True)
        document.template_variables.update(
            root=self._workspace.root.name,
            move=MOVE,
            moves={label: [by, times] for label, (by, times) in MOVES.items()},
        )
        self._listen()
        for model in (
            self._find, self._choice, self._all, self._span, self._from, self._until, self._at,
            self._why, self._png, self._status, self._csv, self._marked, self._reason,
            self._chart.figure, self._chart.lanes, self._more, self._compared, self._curves.figure,
            self._changes, self._more_said,
        ):  # fmt: skip
            document.add_root(model)
        for button in move_buttons(self._range):
            button.update(name=button.label.replace(" ", "_").lower(), margin=(0, 4, 5, 0))
            document.add_root(button)
        self._refresh()

    def _listen(self) -> None:
        _when_changed(self._find, "value_input", self._list_names)
        _when_changed(self._choice, "value", self._soon)
        self._all.on_event(ButtonClick, lambda _: self._choose_all())
        _when_changed(self._span, "value", self._show_span)
        _when_changed(self._from, "value", self._show_written)
        _when_changed(self._until, "value", self._show_written)
        _when_changed(self._range, "start", self._soon)
        _when_changed(self._range, "end", self._soon)
        _when_changed(self._more, "value", self._soon)
        _when_changed(self._compared, "value", self._soon)
        self._chart.figure.on_change("inner_width", self._widen)
        self._chart.figure.on_event(Tap, lambda tap: self._explain_near(tap.x, tap.y))
        self._why.on_event(ButtonClick, lambda _: self._explain_written())
        arguments = {"power": self._chart.figure}
        self._png.js_on_event("button_click", CustomJS(args=arguments, code=SAVE))

    def _widen(self, attr: str, old: int, new: int) -> None:
        self._chart.pixels = self._curves.pixels = new
        self._soon()

    def _soon(self) -> None:
        """Read once after a move, which changes several things one after the other."""
        if not self._waiting:
            self._waiting = True
            self._document.add_timeout_callback(self._refresh, PAUSE)

    def _refresh(self) -> None:
        """Show what is in sight of the version that is published now."""
        self._waiting = False
        self._document.hold("combine")
        try:
            if self._facts is None:
                with self._published.opened() as (_, facts):
                    self._take_version(facts)
            if self._facts.names:
                self._show()
            else:
                self._say("No reading is published yet.", is_warning=True)
        except WarehouseError as error:
            self._say(str(error), is_warning=True)
        finally:
            self._document.unhold()

    def _take_version(self, facts: Facts) -> None:
        """Take over the facts of a version: at first, and when a run has published another one."""
        is_first, self._facts = self._facts is None, facts
        self._range.bounds = (facts.start, facts.until)
        self._range.min_interval = 2 * facts.interval_minutes * MINUTE
        if is_first:
            self._range.update(start=facts.start, end=facts.until)
        known = [name for name in self._choice.value if name in facts.names]
        self._choice.value = known or [*facts.names[:1]]
        self._list_names()
        self._compared.options = [
            ("", NOTHING),
            *((version, f"{version_in_words(version)}") for version in facts.versions[1:]),
        ]
        if self._compared.value not in facts.versions[1:]:
            self._compared.value = ""

    def _show(self) -> None:
        view = self._view()
        compared, is_much = self._compared.value, len(view.names) > MOST_BANDS
        try:
            sight = self._published.sight(view, "" if is_much else compared)
        except NotKeptError as error:
            self._compared.value = ""
            self._say(str(error), is_warning=True)
            return
        is_new = sight.facts != self._facts
        if is_new:
            self._take_version(sight.facts)
        self._chart.show(sight, view.names, view.start, view.until)
        zone = sight.facts.zone
        self._written = tuple(
            f"{local(moment, zone):%Y-%m-%d %H:%M}" for moment in (view.start, view.until)
        )
        self._from.value, self._until.value = self._written
        self._span.value = self._span_in_words(view)
        new = f"A run has published version {sight.facts.version}: it is shown now. "
        self._say(new * is_new + self._in_words(sight, view))
        self._csv.text = Markup('<a href="{}" download>Download CSV</a>').format(address_of(view))
        self._marked.text = _marks_in_words(sight, zone)
        self._show_changes(view, compared)
        if self._more.value != NOTHING or self._curves.figure.visible:
            # after what is drawn now has been sent
            self._document.add_timeout_callback(self._show_more, PAUSE)

    def _show_changes(self, view: View, compared: str) -> None:
        """List what changed since the version that is compared with, if that is another one now."""
        asked = view.names, compared, self._facts.version
        if asked == self._changed:
            return
        self._changed = asked
        if not compared:
            self._changes.text = ""
        elif len(view.names) > MOST_BANDS:
            text = Markup('<p class="warn">{}</p>').format(
                f"At most {MOST_BANDS} series are compared: choose fewer."
            )
            self._changes.text = text
        else:
            changes = self._published.changes(view.names, compared)
            self._changes.text = _changes_in_words(changes, compared)

    def _show_more(self) -> None:
        """Show load duration or a typical day of what is in sight."""
        view, more = self._view(), self._more.value
        view = View(view.names[:MOST_BANDS], view.start, view.until)
        said = ""
        if len(self._choice.value) > MOST_BANDS:
            said = f"Of the first {MOST_BANDS} series that are chosen."
        try:
            if more == NOTHING:
                self._curves.figure.visible = False
            elif more == DURATION:
                label = "Share of the known time at or above (%)"
                curves = self._published.duration(view)
                self._curves.show(curves, view.names, label, self._facts.value_label)
                said += " Measured and not failed, in the span above."
            else:
                curves = self._published.typical_day(view, DAYS[more])
                label = f"Time of day ({self._facts.zone})"
                self._curves.show(curves, view.names, label, self._facts.value_label)
                said += " Median, and the band from 10 % to 90 % of the days in the span above."
        except WarehouseError as error:
            said = str(error)
        self._more_said.text = Markup("<p>{}</p>").format(said)

    def _view(self) -> View:
        names, facts = tuple(self._choice.value), self._facts
        start = max(self._range.start, facts.start)
        until = min(self._range.end, facts.until)
        return View(names, start, max(until, start + 1), self._chart.pixels)

    def _list_names(self) -> None:
        """List the names that are found, and those that are chosen."""
        wanted, chosen = self._find.value_input.strip().lower(), set(self._choice.value)
        self._choice.options = [
            name for name in self._facts.names if name in chosen or wanted in name.lower()
        ]

    def _choose_all(self) -> None:
        """Choose all feeders that are listed; the total is none of them."""
        self._choice.value = [name for name in self._choice.options if name != TOTAL]

    def _show_span(self) -> None:
        """Show a span of some days around the middle of what is in sight."""
        facts, middle = self._facts, (self._range.start + self._range.end) / 2
        if self._span.value == ALL:
            self._range.update(start=facts.start, end=facts.until)
        elif self._span.value in SPANS and self._span.value != self._span_in_words(self._view()):
            width = min(SPANS[self._span.value] * 1440 * MINUTE, facts.until - facts.start)
            start = min(max(middle - width / 2, facts.start), facts.until - width)
            self._range.update(start=start, end=start + width)

    def _span_in_words(self, view: View) -> str:
        if (view.start, view.until) == (self._facts.start, self._facts.until):
            return ALL
        days = (view.until - view.start) / (1440 * MINUTE)
        return next((name for name, length in SPANS.items() if abs(days - length) < 0.01), "other")

    def _show_written(self) -> None:
        """Show what is written into the fields of the span's ends.

        What the page has written is no question: of an hour that comes twice it is the first pass.
        """
        facts, written = self._facts, (self._from.value, self._until.value)
        if written == self._written:
            return
        ends = zip(written, self._written, (self._range.start, self._range.end), strict=True)
        try:
            start, until = (
                end if text == before else moment_of(text, facts.zone) for text, before, end in ends
            )
        except ValueError:
            self._say("A time is written as 2024-07-12 or 2024-07-12 11:00.", is_warning=True)
            return
        start, until = max(start, facts.start), min(until, facts.until)
        if until - start < self._range.min_interval:
            self._say("The span ends before it starts, or nothing is known of it.", is_warning=True)
            return
        self._range.update(start=start, end=until)

    def _explain_near(self, moment: float, mw: float) -> None:
        """Explain the interval that was clicked: of those in sight the one nearest to its power."""
        half = (self._range.end - self._range.start) / self._chart.pixels / 2
        names = tuple(self._choice.value)
        self._explain(View(names, moment - half, moment + half), mw)

    def _explain_written(self) -> None:
        """Explain the interval of the first series at the time that is written into the field."""
        try:
            moment = moment_of(self._at.value, self._facts.zone)
        except ValueError:
            self._tell("A time is written as 2024-07-12 11:00, or as 2024-07-12 18:00Z in UTC.")
            return
        self._explain(View(tuple(self._choice.value[:1]), moment, moment + 1), 0.0)

    def _explain(self, view: View, mw: float) -> None:
        try:
            found = nearest(self._published, view, mw)
            if not found:
                self._tell("No interval of what is chosen is there.")
                return
            shown = explained(self._published, self._workspace, *found)
        except WarehouseError as error:
            self._tell(str(error))
            return
        zone = self._facts.zone
        self._at.value = f"{local(shown.start, UTC):%Y-%m-%d %H:%M}Z"
        self._chart.point_at(shown.start, shown.mw)
        title = f"{shown.name}, {in_words(shown.start, zone)} ({zone})"
        self._tell(title, "\n".join(shown.lines))

    def _tell(self, title: str, details: str = "") -> None:
        """Say where a number comes from."""
        text = Markup("<p><strong>{}</strong></p>").format(visible(title))
        if details:
            lines = "\n".join(visible(line) for line in details.split("\n"))
            text += Markup("<pre>{}</pre>").format(lines)
        self._reason.text = text

    def _in_words(self, sight: Sight, view: View) -> str:
        zone, facts = sight.facts.zone, sight.facts
        clock = zone if zone == UTC else f"clock of {zone}"
        span = f"{in_words(view.start, zone)} to {in_words(view.until, zone)}, {clock}"
        what = visible(view.names[0]) if len(view.names) == 1 else f"{len(view.names):,} series"
        if not view.names:
            return "Nothing is chosen: choose feeders or the total in the list."
        if not len(sight.known.start) and not len(sight.settled.start):
            return f"{what}, {span}: {NO_READINGS}."
        width = (
            "single intervals"
            if sight.minutes <= facts.interval_minutes
            else f"lowest to highest {width_in_words(sight.minutes)}"
        )
        marks = {kind: 0 for kind in ("gap", "finding", "decision")}
        for mark in sight.marks:
            if mark["kind"] in marks:
                marks[mark["kind"]] += 1
        seen = ", ".join(counted(count, kind) for kind, count in marks.items())
        return f"{what}, {span}: {width}; {seen}. Version {facts.version}."

    def _say(self, text: str, *, is_warning: bool = False) -> None:
        self._status.text = Markup('<p class="{}">{}</p>').format("warn" * is_warning, text)


def _when_changed(model: Model, name: str, call: Callable[[], None]) -> None:
    model.on_change(name, lambda attr, old, new: call())


def _text(name: str, **attributes: str) -> Div:
    """Return a place for text, as wide as there is room."""
    return Div(
        name=name,
        margin=(0, 5, 0, 5),
        disable_math=True,  # a `$` in a feeder's name is a `$`
        sizing_mode="stretch_width",
        stylesheets=[STYLE],
        html_attributes=attributes,
    )


def version_in_words(version: str) -> str:
    """`2026-11-30 19:48:01 UTC`, of a version's name."""
    return f"{datetime.strptime(version, NAME):%Y-%m-%d %H:%M:%S} UTC"


def _changes_in_words(changes: Sequence[dict], compared: str) -> str:
    """Return a table of the months that changed since a version."""
    title = Markup("<p>Changed since {}:").format(version_in_words(compared))
    if not changes:
        return title + Markup(" nothing of what is chosen.</p>")
    row = Markup(
        "<tr><td>{}</td><td>{:%Y-%m}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>"
    )
    rows = Markup("").join(
        row.format(
            visible(month["feeder"]),
            month["month_start_at"],
            month["cause"],
            sum(month[f"intervals_{how}"] for how in ("added", "changed", "removed")),
            _before_and_after(month, "net_mwh"),
            _before_and_after(month, "peak_mw"),
        )
        for month in changes[:MOST_LISTED]
    )
    columns = ("Feeder", "Month", "Cause", "Intervals", "Net energy (MWh)", "Peak (MW)")
    more = len(changes) - MOST_LISTED
    left = Markup("<p>And {} more months.</p>").format(more) if more > 0 else ""
    return title + Markup("</p>") + _table("What changed", columns, rows) + left


def _table(name: str, columns: Sequence[str], rows: Markup) -> Markup:
    """Return a table that can be scrolled, also from the keyboard, where it is too wide."""
    head = Markup("").join(Markup("<th>{}</th>").format(column) for column in columns)
    return Markup(
        '<div class="wide" tabindex="0" role="region" aria-label="{}">'
        "<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(name, head, rows)


def _before_and_after(month: dict, what: str) -> str:
    before, after = (month[f"{what}_{when}"] for when in ("before", "after"))
    return " to ".join("unknown" if mw is None else f"{mw:,.3f}" for mw in (before, after))


def _marks_in_words(sight: Sight, zone: str) -> str:
    """Return a table of what is marked, the longest first."""
    marks = [mark for mark in sight.marks if mark["kind"] != "changed"]  # listed by month
    if not marks:
        return "<p>Nothing is marked in this span.</p>"
    row = Markup("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>")
    rows = Markup("").join(
        row.format(
            mark["kind"],
            visible(mark["name"] or ""),
            in_words(mark["start"], zone),
            in_words(mark["until"], zone),
            visible(mark["words"]),
        )
        for mark in marks[:MOST_LISTED]
    )
    more = len(marks) - MOST_LISTED
    left = Markup("<p>And {} more, shorter ones.</p>").format(more) if more > 0 else ""
    return _table("What is marked", ("What", "Feeder", "From", "Until", "Details"), rows) + left
