"""Write lp/report.html: what a run found, in one page that needs no network.

Reads tables and hands rows to the template; what a figure means stands in the models.
"""

import base64
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path

import duckdb

from ingest.caches import read_json
from ingest.letters import visible
from ingest.warehouse import utc_now
from ingest.workspace import Workspace
from load_profile.dbt_docs import PAGE as DOCS
from load_profile.files.writer import Outputs, OutputWriter, replace_if_changed
from load_profile.plots.bucket_width import bucket_minutes
from load_profile.plots.draw import current_planner_plots
from load_profile.plots.theme import NET_LABELS
from load_profile.publish.history import restated_months
from load_profile.publish.parquet import VERSION
from load_profile.terminal.queries import CONFLICTS, CORRECTIONS, FILES, WHOLE

FILE = "report.html"
TEMPLATE = Path(__file__).with_name("template.html.jinja")
MOST_ROWS = 500  # of a table; the page says what is left out
MOST_LETTERS = 20
MOST_GAPS = 3_000  # shaded in the chart, the longest ones
MOST_POINTS = 120_000  # of all series in the chart, so that the page stays below 5 MB

SYSTEM = "select timezone, net_convention, interval_minutes from stg_system"
# Times of the tables are those of the system's clock.
ON_CLOCK = """
create or replace temp macro on_clock(moment) as
timezone((select timezone from stg_system), timezone('UTC', moment))
"""
UNKNOWN_MONTHS = """
select strftime(period_start, '%Y-%m')
from planner_figures
where feeder = 'total' and grain = 'month' and actual_intervals = 0
order by period_start
"""
# A reading off the grid may begin before, or end after, all intervals of the total.
SPAN = """
select
    on_clock(min(interval_start_at)),
    on_clock(max(interval_start_at + to_minutes(interval_minutes))),
    date_diff('minute', min(interval_start_at), max(interval_start_at)),
    min(interval_start_at)
from (
    select interval_start_at, interval_minutes from feeder_profiles
    union all
    select interval_start_at, interval_minutes from combined_profiles
)
"""
# What everybody asks for first; what is seldom asked for is in a table of its own.
FIGURES = """
    peak_mw as "peak (MW)",
    peak_local as "peak at",
    case when measured_peak_mw is distinct from peak_mw then measured_peak_mw end
        as "measured peak (MW)",
    case when measured_peak_mw is distinct from peak_mw then measured_peak_local end
        as "measured peak at",
    nullif(implausible_count, 0) as "left out",
    min_mw as "minimum (MW)",
    min_local as "minimum at",
    net_mwh as "net (MWh)",
    del_mwh as "delivered (MWh)",
    rec_mwh as "received (MWh)",
    load_factor as "load factor",
    100 * completeness as "complete (%)",
"""
FACTORS = """
    nullif(reverse_mw, 0) as "reverse flow (MW)",
    peak_30min_mw as "peak of 30 min (MW)",
    peak_60min_mw as "peak of 60 min (MW)",
    peak_mva as "peak (MVA)",
    peak_mva_local as "peak MVA at",
    peak_mva_pf as "power factor then",
    power_factor as "power factor",
    loss_factor as "loss factor",
"""
# Of the total the MVA of feeders are added up, whichever way they flow: an upper bound.
TOTAL_BOUNDS = (
    FACTORS.replace('"peak (MVA)"', '"peak (MVA), at most"')
    .replace('"power factor then"', '"power factor then, at least"')
    .replace('"power factor"', '"power factor, at least"')
)
POWER_FACTORS = """
select pf_total, pf_total_max
from combined_profiles
where interval_start_at = ?
"""
MONTHS = f"""
select
    feeder,
    strftime(period_start, '%Y-%m') as month,
    {FIGURES}
    100 * period_share as "of the month (%)",
    is_lower_bound as "lower bound"
from planner_figures
where grain = 'month'
order by planner_figures.feeder <> 'total', planner_figures.feeder, period_start
"""
FEEDERS = f"""
select
    feeder,
    {FIGURES}
    grade,
    is_lower_bound as "lower bound"
from planner_figures
where grain = 'all' and feeder <> 'total'
order by peak_mw desc nulls last, feeder
"""
FEEDER_FACTORS = f"""
select
    feeder,
    {FACTORS}
    100 * utilisation as "utilisation (%)",
    100 * coincident_share as "share of the total's peak (%)"
from planner_figures
where grain = 'all' and feeder <> 'total'
order by peak_mw desc nulls last, feeder
"""
YEARS = f"""
select
    strftime(period_start, '%Y') as year,
    {FIGURES}
    100 * period_share as "of the year (%)",
    is_lower_bound as "lower bound"
from planner_figures
where grain = 'year' and feeder = 'total'
order by period_start
"""
TOTAL_FACTORS = f"""
select
    strftime(period_start, '%Y-%m')[: case grain when 'year' then 4 else 7 end] as period,
    {TOTAL_BOUNDS}
    coincidence_factor as "coincidence factor",
    diversity_factor as "diversity factor",
    grade
from planner_figures
where grain in ('year', 'month') and feeder = 'total'
order by grain, period_start
"""
TIME_OF_USE = """
select
    season,
    day_type as "day type",
    bin,
    sum(net_mj) / 3600 as "net (MWh)",
    sum(del_mj) / 3600 as "delivered (MWh)",
    sum(rec_mj) / 3600 as "received (MWh)",
    max(peak_mw) as "peak (MW)"
from time_of_use
where feeder = 'total'
group by season, day_type, bin
order by season, day_type, bin
"""
ARRIVED = """
select
    '#' || file_id as number,
    file_name as file,
    feeder,
    outcome,
    row_count as rows,
    first_start_local as "first start",
    last_end_local as "last end",
    coalesce(reason, '') || coalesce('; settled by file #' || closed_by, '') as reason
from files
where processed_at >= $started
order by outcome in ('accepted', 'duplicate'), file_id
"""
UNDECIDED = """\
from raw.files
where letter is not null and closed_by is null
order by file_id desc
"""
WAITING = f"""
select
    '#' || files.file_id as number,
    files.file_name as file,
    files.outcome,
    files.processed_at as "arrived (UTC)",
    files.reason,
    files.stored_as as "now at"
{UNDECIDED}"""
LETTERS = f"""
select files.file_name, files.letter
{UNDECIDED}limit $most
"""
GAPS = """
select
    feeder,
    gap_start_local as "first missing",
    gap_end_local as "until",
    missing_intervals as "intervals missing",
    gap_minutes / 60 as "hours"
from gaps
order by missing_intervals desc, feeder, gap_start_at
"""
FINDINGS = """
select
    severity,
    rule,
    feeder,
    first_date as "from",
    last_date as "to",
    evidence,
    meaning as "what to check"
from findings
order by severity, feeder <> 'total', feeder, first_date, last_date, rule, evidence
"""
BUCKETS = """
select
    feeder as name,
    date_diff('minute', $first_start_at::timestamp, interval_start_at) // $bucket_minutes as bucket,
    min(mw)::double as low,
    max(mw)::double as high
from (
    select feeder, interval_start_at, mw_net as mw from feeder_profiles
    union all
    select 'total' as feeder, interval_start_at, mw_total as mw from combined_profiles
)
group by all
order by all
"""
EDGES = """
select on_clock($first_start_at::timestamp + to_minutes($bucket_minutes * n)) as edge
from range($count) as r(n)
order by n
"""
# Of whole days: a hundredth of the rows, and days as the clock has them.
DAYS = """
select
    feeder as name,
    date_diff('day', on_clock($first_start_at::timestamp)::date, local_date)
        // ($bucket_minutes // 1440) as bucket,
    min(lowest_net_mw)::double as low,
    max(highest_net_mw)::double as high
from feeder_days
group by all
order by all
"""
DAY_EDGES = """
select on_clock($first_start_at::timestamp)::date + to_minutes($bucket_minutes * n) as edge
from range($count) as r(n)
order by n
"""
SHADED = """
select name, on_clock(gap_start_at), on_clock(gap_end_at)
from (
    select 'total' as name, gap_start_at, gap_end_at, missing_intervals from combined_gaps
    union all
    select feeder, gap_start_at, gap_end_at, missing_intervals from gaps
)
order by missing_intervals desc, name <> 'total', name, gap_start_at
limit $most
"""
CURVES = """
select
    feeder,
    year(year_start),
    list(100 * share::double order by share),
    list(mw::double order by share)
from load_duration
where share_of = 'time'
group by feeder, year_start
order by feeder <> 'total', feeder, year_start
"""
NAMES = "select distinct feeder from planner_figures where feeder <> 'total' order by feeder"


@dataclass(frozen=True)
class Table:
    """Rows of a query under its column names; `left_out` says how many more there are."""

    columns: tuple[str, ...]
    rows: tuple[tuple, ...]
    left_out: int = 0

    @cached_property
    def is_number(self) -> tuple[bool, ...]:
        """Which columns hold numbers, and so stand to the right."""
        return tuple(
            any(
                isinstance(value, int | float | Decimal) and not isinstance(value, bool)
                for value in column
            )
            for column in zip(*self.rows, strict=True)
        )


def write_report(
    con: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    started: datetime,
) -> Outputs:
    """Write the report of what is in the tables, and of what came since `started` (UTC, naive)."""
    from jinja2 import Environment, StrictUndefined

    writer = OutputWriter(workspace.profiles, "report")
    con.execute(ON_CLOCK)
    system = con.execute(SYSTEM).fetchone() or ("UTC", "signed", None)
    span = con.execute(SPAN).fetchone()
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters |= {"shown": shown, "exact": exact}
    page = environment.from_string(TEMPLATE.read_text("utf-8")).render(
        _content(con, started, system, span)
        | _charts(con, system, span)
        | {
            "pictures": [
                (name, words, data_url(workspace.plots / f"{name}.png"))
                for name, words in current_planner_plots(con, workspace).items()
            ],
            "restatements": _first_rows(*restated_months(workspace, started)),
            "version": _version(workspace),
            "made_at": utc_now(),
            "docs": DOCS if (workspace.profiles / DOCS).exists() else None,
            "docs_page": DOCS,
        }
    )
    target = workspace.profiles / FILE
    made = target.with_name(FILE + ".tmp")
    made.write_text(page, encoding="utf-8")
    writer.note(FILE, target, is_written=replace_if_changed(made, target))
    return writer.finish()


def shown(value: object) -> str:
    """A value as people read it; what is not known, or has no meaning here, is a dash."""
    if value is None:
        return "\N{EN DASH}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float | Decimal):
        return f"{value:,.3f}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return visible(str(value))


def exact(value: object) -> str:
    """A value as programs, and the sorting of tables, read it."""
    if value is None:
        return ""
    return format(value, "f") if isinstance(value, Decimal) else visible(str(value))


def _content(
    con: duckdb.DuckDBPyConnection, started: datetime, system: tuple, span: tuple
) -> dict[str, object]:
    """All tables and headline figures, by the names that the template has for them."""
    zone, net_convention, _ = system
    since = {"started": started}
    whole = con.execute(WHOLE)
    names = [column[0] for column in whole.description]
    figures = whole.fetchone()
    total = dict(zip(names, figures, strict=True)) if figures else None
    bounds = con.execute(POWER_FACTORS, [total["peak_at"]]).fetchone() if total else None
    first, last, *_ = span
    return {
        "zone": zone,
        "clock": "UTC" if zone == "UTC" else f"on the clock of {zone}",
        "power": NET_LABELS[net_convention],
        "is_gross": net_convention == "gross",
        "whole": total,
        "power_factors": bounds or (None, None),
        "unknown_months": [month for (month,) in con.execute(UNKNOWN_MONTHS).fetchall()],
        "first": first,
        "last": last,
        "outcomes": con.execute(FILES, [started]).fetchall(),
        "arrived": _table(con, ARRIVED, since),
        "waiting": _table(con, WAITING),
        "letters": con.execute(LETTERS, {"most": MOST_LETTERS}).fetchall(),
        "conflicts": _table(con, CONFLICTS, [datetime.min]),
        "corrections": _table(con, CORRECTIONS, [started]),
        "findings": _table(con, FINDINGS),
        "gaps": _table(con, GAPS),
        "feeders": _table(con, FEEDERS),
        "feeder_factors": _table(con, FEEDER_FACTORS),
        "months": _table(con, MONTHS),
        "years": _table(con, YEARS),
        "total_factors": _table(con, TOTAL_FACTORS),
        "bins": _table(con, TIME_OF_USE),
    }


def _table(con: duckdb.DuckDBPyConnection, query: str, parameters: object = None) -> Table:
    result = con.execute(query, parameters)
    return _first_rows([column[0] for column in result.description], result.fetchall())


def _first_rows(names: list[str], rows: list[tuple]) -> Table:
    """The first MOST_ROWS rows, without columns in which nothing is known."""
    kept = [i for i in range(len(names)) if not rows or any(row[i] is not None for row in rows)]
    return Table(
        tuple(names[i] for i in kept),
        tuple(tuple(row[i] for i in kept) for row in rows[:MOST_ROWS]),
        max(len(rows) - MOST_ROWS, 0),
    )


def _charts(con: duckdb.DuckDBPyConnection, system: tuple, span: tuple) -> dict[str, str]:
    """Script and HTML of the charts, and what they need; empty without a reading."""
    first, _, span_minutes, first_start_at = span
    _, net_convention, interval_minutes = system
    if first is None:
        return {"script": "", "charts": "", "libraries": ""}
    from load_profile.report.charts import Curve, Gap, charts, scripts

    series = _series(con, span_minutes, interval_minutes, first_start_at)
    gaps = [
        Gap(name, _milliseconds(start), _milliseconds(end))
        for name, start, end in con.execute(SHADED, {"most": MOST_GAPS}).fetchall()
    ]
    curves = [Curve(name, *rest) for name, *rest in con.execute(CURVES).fetchall()]
    script, html = charts(series, gaps, curves, value_label=NET_LABELS[net_convention])
    return {"script": script, "charts": html, "libraries": scripts()}


def _series(
    con: duckdb.DuckDBPyConnection,
    span_minutes: int,
    interval_minutes: int,
    first_start_at: datetime,
):
    """Lowest and highest power of the total and every feeder, in buckets of one width."""
    import numpy as np

    from load_profile.report.charts import Series

    names = ["total", *(name for (name,) in con.execute(NAMES).fetchall())]
    step = bucket_minutes(span_minutes, interval_minutes, MOST_POINTS // len(names))
    parameters = {"bucket_minutes": step, "first_start_at": first_start_at}
    values_of, edges_of = (DAYS, DAY_EDGES) if step % 1440 == 0 else (BUCKETS, EDGES)
    found = con.execute(values_of, parameters).fetchnumpy()
    count = int(found["bucket"].max()) + 1
    edges = con.execute(edges_of, parameters | {"count": count + 1}).fetchnumpy()["edge"]
    places = {name: place for place, name in enumerate(names)}
    rows = np.array([places[name] for name in found["name"]])
    values = np.full((2, len(names), count), np.nan)
    for end, column in enumerate(("low", "high")):
        values[end, rows, found["bucket"]] = np.ma.filled(found[column], np.nan)
    low, high = ({name: values[end, place] for name, place in places.items()} for end in (0, 1))
    milliseconds = edges.astype("datetime64[ms]").astype(float)
    return Series(milliseconds[:-1], milliseconds[1:], low, high)


def _milliseconds(moment: datetime) -> float:
    """Naive time since 1970."""
    return moment.replace(tzinfo=UTC).timestamp() * 1000


def data_url(path: Path, most_pixels: int | None = None) -> str:
    """A PNG as an address that holds it, made smaller if it is wider than that."""
    png = path.read_bytes()
    if most_pixels:
        from PIL import Image  # comes with matplotlib

        with Image.open(path) as image, io.BytesIO() as smaller:
            image.thumbnail((most_pixels, image.height))
            image.save(smaller, "PNG")
            png = smaller.getvalue()
    return "data:image/png;base64," + base64.b64encode(png).decode()


def _version(workspace: Workspace) -> dict[str, str]:
    """Id and content hash of what is published, if anything is."""
    return read_json(workspace.published.parent / VERSION, "the next run writes it again")
