"""A workbook for spreadsheet users: months, days, peaks, gaps, findings and charts, in kW.

A cell without a value is empty, never 0. Days and months are those of the clock in standard time.
"""

from collections.abc import Sequence
from datetime import datetime

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from load_profile.exports.export import Job
from load_profile.exports.series import TOTAL, Series

FIGURES = """
select
    {start} as start,
    count(kw) / (any_value($intervals) * {days}) as known,
    count(*) filter (status = 'S') / (any_value($intervals) * {days}) as estimated,
    (sum(kw_del) * any_value(interval_minutes) / 60)::double as del_kwh,
    (sum(kw_rec) * any_value(interval_minutes) / 60)::double as rec_kwh,
    (sum(kw) * any_value(interval_minutes) / 60)::double as net_kwh,
    max(kw) filter (status = 'A')::double as peak_kw,
    arg_max(start_standard, kw) filter (status = 'A') as peak_at,
    min(kw) filter (status = 'A')::double as lowest_kw
from interval_values
group by start
order by start
"""
DAYS = FIGURES.format(start="start_standard::date", days="1")
MONTHS = FIGURES.format(
    start="date_trunc('month', start_standard)", days="day(last_day(any_value(start_standard)))"
)
HEADINGS = ("Known", "Estimated", "Delivered kWh", "Received kWh", "Net kWh", "Peak kW")
HEADINGS += ("Time of peak", "Lowest kW")
GAPS = """
select feeder, gap_start_local, gap_end_local, missing_intervals, gap_minutes / 60.0
from gaps
where gap_end_at > $from_utc and gap_start_at < $until_utc and feeder in (select unnest($names))
order by all
"""
FINDINGS = """
select coalesce(feeder, ''), rule, severity, first_date, last_date, evidence, meaning
from findings
where feeder is null or feeder in (select unnest($names))
order by all
"""
MOST_CHARTED = 10  # lines that a chart can show apart


def write(job: Job) -> None:
    """Write the workbook of all series."""
    name = "load-profiles.xlsx"
    with (
        job.replacing(name) as temporary,
        xlsxwriter.Workbook(
            temporary, {"strings_to_formulas": False, "strings_to_urls": False}
        ) as book,
    ):
        written, months, days, peaks = [], [], [], []
        for series in job.series():
            words = {"intervals": 1440 // series.minutes}
            months += [(series.name, *row) for row in job.con.execute(MONTHS, words).fetchall()]
            days += [(series.name, *row) for row in job.con.execute(DAYS, words).fetchall()]
            peaks.append(_peak(job, series))
            written.append(series)
        sheets = _Sheets(job, book)
        sheets.about(written)
        sheets.table("Months", ("Feeder", "Month", *HEADINGS), months)
        sheets.table("Days", ("Feeder", "Day", *HEADINGS), days)
        sheets.table("Peaks", PEAKS, peaks)
        words = {"names": [one.name for one in written]}
        span = {"from_utc": job.period.from_utc, "until_utc": job.period.until_utc}
        sheets.table("Gaps", GAP_HEADINGS, job.con.execute(GAPS, words | span).fetchall())
        sheets.table("Findings", FINDING_HEADINGS, job.con.execute(FINDINGS, words).fetchall())
        sheets.charts(months, days)
    job.describe(name, written)


PEAKS = ("Feeder", "Peak kW", "Time of peak", "Lower bound", "Lowest kW", "Net kWh", "Load factor")
GAP_HEADINGS = ("Feeder", "From (meter's clock)", "Until", "Missing intervals", "Hours")
FINDING_HEADINGS = ("Feeder", "Rule", "Severity", "First day", "Last day", "Evidence", "Meaning")


def _peak(job: Job, series: Series) -> tuple[object, ...]:
    hours = series.known * series.minutes / 60
    factor = None
    if series.peak_kw and series.peak_kw > 0 and series.energy_kwh is not None and hours:
        factor = series.energy_kwh / hours / series.peak_kw
    at = series.peak_at and job.period.on_clock(series.peak_at)
    bound = "yes" if series.is_doubtful else "no"
    return (
        *(series.name, series.peak_kw, at, bound, series.lowest_kw),
        *(series.energy_kwh, factor),
    )


class _Sheets:
    """The sheets of a workbook, with one look."""

    def __init__(self, job: Job, book: xlsxwriter.Workbook) -> None:
        self.job, self.book = job, book
        self.heading = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        self.number = book.add_format({"num_format": "#,##0.0"})
        self.share = book.add_format({"num_format": "0.0%"})
        self.moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})

    def about(self, series: Sequence[Series]) -> None:
        """The first sheet: what is in the workbook, and what is not."""
        sheet, period = self.book.add_worksheet("About"), self.job.period
        refused = [f"{name}: {why}" for name, why in self.job.refused.items()]
        lines = [
            ("Series", ", ".join(one.name for one in series)),
            ("From", f"{period.on_clock(period.from_utc):%Y-%m-%d %H:%M}"),
            ("Until", f"{period.on_clock(period.until_utc):%Y-%m-%d %H:%M}"),
            ("Clock", f"{period.clock}, standard time all year ({self.job.timezone})"),
            ("Values", f"{self.job.options.use.value}; peaks are measured, never estimated"),
            ("Net", "delivered less received: above 0 the load draws, below 0 it feeds back"),
            ("Version", self.job.version[0]),
            ("Left out", "; ".join(refused) or "nothing"),
        ]
        sheet.set_column(0, 0, 12)
        sheet.set_column(1, 1, 100, self.wrapped)
        for row, (name, text) in enumerate(lines):
            sheet.write_string(row, 0, name, self.heading)
            sheet.write_string(row, 1, text, self.wrapped)

    def table(self, name: str, headings: Sequence[str], rows: Sequence[Sequence]) -> Worksheet:
        """A sheet with one line of headings that stays in sight, and a filter."""
        sheet = self.book.add_worksheet(name)
        sheet.freeze_panes(1, 1)
        for column, heading in enumerate(headings):
            sheet.write_string(0, column, heading, self.heading)
            is_text = heading in ("Evidence", "Meaning")
            sheet.set_column(column, column, 60 if is_text else 18)
        for row, cells in enumerate(rows, 1):
            for column, cell in enumerate(cells):
                self._write(sheet, row, column, headings[column], cell)
        if rows:
            sheet.autofilter(0, 0, len(rows), len(headings) - 1)
        return sheet

    def _write(self, sheet: Worksheet, row: int, column: int, heading: str, cell: object) -> None:
        if cell is None:
            return
        if isinstance(cell, str):
            sheet.write_string(row, column, cell)
        elif hasattr(cell, "year"):
            is_day = not isinstance(cell, datetime) or heading == "Month"
            sheet.write_datetime(row, column, cell, self.day if is_day else self.moment)
        else:
            is_share = heading in ("Known", "Estimated", "Load factor")
            sheet.write_number(row, column, cell, self.share if is_share else self.number)

    def charts(self, months: Sequence[tuple], days: Sequence[tuple]) -> None:
        """Charts of monthly peaks and daily energy, the total and the largest feeders."""
        sheet = self.book.add_worksheet("Charts")
        for place, (title, axis, source, rows, column) in enumerate(
            (
                ("Measured peak of each month", "kW", "Months", months, 7),
                ("Net energy of each day", "kWh", "Days", days, 6),
            )
        ):
            chart = self.book.add_chart({"type": "line"})
            for name in self._charted(rows):
                spans = [row for row, cells in enumerate(rows, 1) if cells[0] == name]
                first, last = spans[0], spans[-1]
                chart.add_series(
                    {
                        "name": name,
                        "categories": [source, first, 1, last, 1],
                        "values": [source, first, column, last, column],
                        "marker": {"type": "circle", "size": 4} if source == "Months" else None,
                    }
                )
            chart.set_title({"name": title})
            chart.set_y_axis({"name": axis, "num_format": "#,##0"})
            chart.set_x_axis({"date_axis": True, "num_format": "yyyy-mm"})
            chart.show_blanks_as("gap")
            chart.set_size({"width": 1000, "height": 420})
            if chart.series:
                sheet.insert_chart(1 + 23 * place, 0, chart)

    def _charted(self, rows: Sequence[tuple]) -> list[str]:
        """The total, and the feeders of the highest peaks."""
        peaks: dict[str, float] = {}
        for name, *cells in rows:
            peaks[name] = max(peaks.get(name, float("-inf")), cells[6] or float("-inf"))
        ordered = sorted(peaks, key=lambda name: (name != TOTAL, -peaks[name], name))
        return ordered[:MOST_CHARTED]
