"""Write lp/report.html: what a run found, in one page that needs no network.

Hands rows to the template; what a figure means is in the models.
"""

import base64
import io
import re
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

import duckdb
from markupsafe import Markup, escape

from ingest.caches import read_json
from ingest.letters import visible
from ingest.warehouse import utc_now
from ingest.workspace import Workspace
from load_profile.dbt_docs import PAGE as DOCS
from load_profile.files.writer import Outputs, OutputWriter, replace_if_changed
from load_profile.plots.draw import current_planner_plots
from load_profile.publish.history import restated_months
from load_profile.publish.parquet import VERSION
from load_profile.report.tables import Extent, first_rows, read_extent, read_tables
from load_profile.shown import ISO, Dates, dates_of, in_decimals

FILE = "report.html"
WHOLE, WORD = r'<span class="whole">\g<0></span>', r"[^\s<>]*-[^\s<>]*"
DATE = re.compile(r"\b(?:\d{4}-\d\d-\d\d|\d\d[./]\d\d[./]\d{4})\b")
MONTHS = ("month", "first month", "last month", "period")  # columns of months, as `2024-07`
OWN_WORDS = ("evidence", "what to check", "days")  # columns of texts of ours, with ISO dates
# between backticks, or the command's name with its subcommand and options
COMMAND = re.compile(r"`([^`]+)`|\bload-profile [a-z-]+(?: --[a-z-]+(?: [A-Z]+)?)*")
TEMPLATE = Path(__file__).with_name("template.html.jinja")


def write_report(
    con: duckdb.DuckDBPyConnection, workspace: Workspace, started: datetime
) -> Outputs:
    """Write the report of what is in the tables, and of what came since `started` (UTC, naive)."""
    writer = OutputWriter(workspace.profiles, "report")
    extent, dates = read_extent(con), dates_of(workspace)
    page = _render(
        read_tables(con, started, extent)
        | _charts(con, extent, dates)
        | {
            "plots": [
                (name, title, data_url(workspace.plots / f"{name}.png"))
                for name, title in current_planner_plots(con, workspace).items()
            ],
            "restatements": first_rows(*restated_months(workspace, started)),
            "version": _version(workspace),
            "made_at": utc_now(),
            "docs": DOCS if (workspace.profiles / DOCS).exists() else None,
            "docs_page": DOCS,
        },
        dates,
    )
    target = workspace.profiles / FILE
    temporary = target.with_name(FILE + ".tmp")
    temporary.write_text(page, encoding="utf-8")
    writer.note(FILE, target, is_written=replace_if_changed(temporary, target))
    return writer.finish()


def shown(value: object, column: str = "", *, dates: Dates = ISO) -> str | Markup:
    """Return a value as people read it; a dash if it is not known or not applicable.

    Dates stay on one line, and commands are code.
    """
    text = str(escape(_in_words(value, column, dates)))
    return Markup(COMMAND.sub(_as_code, DATE.sub(WHOLE, text)))


def _as_code(found: re.Match[str]) -> str:
    """Return a command as code; it breaks between its words only."""
    return f"<code>{re.sub(WORD, WHOLE, found[1] or found[0])}</code>"


def _in_words(value: object, column: str, dates: Dates) -> str:
    if value is None:
        return "\N{EN DASH}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float | Decimal):
        return in_decimals(value)
    if isinstance(value, datetime):
        return dates.minute(value)
    if isinstance(value, date):
        return dates.day(value)
    if column in MONTHS:
        return dates.month_text(value)
    return visible(dates.in_text(value) if column in OWN_WORDS else str(value))


def exact(value: object) -> str:
    """Return a value as programs, and the sorting of tables, read it."""
    if value is None:
        return ""
    return format(value, "f") if isinstance(value, Decimal) else visible(str(value))


def _render(content: dict[str, object], dates: Dates) -> str:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters |= {"shown": partial(shown, dates=dates), "exact": exact}
    return environment.from_string(TEMPLATE.read_text("utf-8")).render(content)


def _charts(con: duckdb.DuckDBPyConnection, extent: Extent, dates: Dates) -> dict[str, str]:
    """Return script and HTML of the charts, and their libraries; empty without a reading."""
    if extent.first is None:
        return {"script": "", "charts": "", "libraries": ""}
    # Bokeh takes half a second to import
    from load_profile.report.chart_data import read_curves, read_estimates, read_gaps, read_series
    from load_profile.report.charts import charts, scripts

    series = read_series(con, extent)
    script, html = charts(
        series,
        read_gaps(con),
        read_curves(con),
        read_estimates(con, extent, series),
        value_label=extent.power,
        dates=dates,
    )
    return {"script": script, "charts": html, "libraries": scripts()}


def data_url(path: Path, most_pixels: int | None = None) -> str:
    """Return a PNG as an address that holds it, reduced to at most `most_pixels` of width."""
    png = path.read_bytes()
    if most_pixels:
        from PIL import Image  # comes with matplotlib

        with Image.open(path) as image, io.BytesIO() as smaller:
            image.thumbnail((most_pixels, image.height))
            image.save(smaller, "PNG")
            png = smaller.getvalue()
    return "data:image/png;base64," + base64.b64encode(png).decode()


def _version(workspace: Workspace) -> dict[str, str]:
    """Return id and content hash of what is published, if anything is."""
    return read_json(workspace.published.parent / VERSION, "the next run writes it again")
