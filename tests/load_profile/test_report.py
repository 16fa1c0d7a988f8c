"""lp/report.html, opened in a real Chromium from the disk, as its readers do."""

import csv
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import load_profile, query

from ingest.warehouse import open_warehouse
from ingest.workspace import Workspace
from load_profile.files.writer import are_outputs_intact
from load_profile.report import chart_data
from load_profile.report.chart_data import MOST_POINTS, read_series
from load_profile.report.charts import Series, charts, scripts
from load_profile.report.page import write_report
from load_profile.report.tables import Table, read_extent
from load_profile.shown import KILO, MEGA, in_decimals, unit_for

DESKTOP = {"width": 1280, "height": 900}
LONG_AGO = datetime(2000, 1, 1)
DRAWN = "() => window.Bokeh && Bokeh.documents.length && Bokeh.documents[0].is_idle"
FITS = "width => innerWidth === width && document.documentElement.scrollWidth === width"
EVIL = "<img src=x onerror=alert(1)>"


def open_report(browser, root: Path):
    """A root's report in a tab; what it asked for, said and complained of is in `page.heard`."""
    page = browser.new_page(viewport=DESKTOP)
    page.heard = []
    page.on("request", lambda request: page.heard.append(request.url))
    page.on("pageerror", lambda error: page.heard.append(str(error)))
    page.on("dialog", lambda dialog: page.heard.append(dialog.message))
    page.on(
        "console",
        lambda said: page.heard.append(said.text) if said.type in ("error", "warning") else None,
    )
    page.goto((root / "lp/report.html").as_uri())
    page.wait_for_function(DRAWN)
    return page


@pytest.fixture
def opened(browser) -> Iterator[Callable[[Path], object]]:
    """Open a root's report in a tab of its own."""
    pages = []

    def open_one(root: Path):
        pages.append(open_report(browser, root))
        return pages[-1]

    yield open_one
    for page in pages:
        page.close()


@pytest.fixture(scope="module")
def tab(browser, sample) -> Iterator:
    page = open_report(browser, sample)
    yield page
    page.close()


@pytest.fixture
def report(tab):
    """The sample's report, for tests that read it and click on nothing."""
    tab.set_viewport_size(DESKTOP)
    tab.emulate_media(media="screen")
    return tab


def resize_until_it_fits(page, width: int) -> None:
    """Resize the window and wait until the page is no wider; charts follow a frame later."""
    page.set_viewport_size({"width": width, "height": 800})
    page.wait_for_function(FITS, arg=width)


def prepared(root: Path) -> Workspace:
    workspace = Workspace(root)
    workspace.prepare()
    return workspace


def rows_of(page, identifier: str) -> list[dict[str, str]]:
    """The exact values of a table, by column."""
    return page.evaluate(
        """identifier => {
            const table = document.querySelector(`table[aria-labelledby=${identifier}]`);
            const names = [...table.tHead.rows[0].cells].map(cell => cell.textContent);
            return [...table.tBodies[0].rows].map(row => Object.fromEntries(
                [...row.cells].map((cell, place) => [names[place], cell.dataset.value])));
        }""",
        identifier,
    )


def headline(page) -> dict[str, str]:
    """The exact headline figures by their names."""
    return page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('.figure')].map(figure =>
            [figure.querySelector('dt').textContent, figure.querySelector('data').value]))"""
    )


def test_it_opens_without_an_error_or_a_request(sample, opened):
    page = opened(sample)
    assert page.heard == [(sample / "lp/report.html").as_uri()]
    assert are_outputs_intact(sample / "lp")


def test_its_headline_is_what_the_tables_say(sample, report):
    found = headline(report)
    at_peak = "(select pf_total from combined_profiles where interval_start_at = peak_at)"
    names = f"net_mwh, peak_mw, min_mw, peak_mva, load_factor, {at_peak}, coincidence_factor"
    [wanted] = query(
        sample,
        f"select {names}, completeness from planner_figures"
        " where feeder = 'total' and grain = 'all'",
    )
    assert [float(value) for value in found.values()] == pytest.approx(
        [float(value) for value in (*wanted[:-1], 100 * wanted[-1])], rel=1e-15
    )
    text = report.inner_text("#figures ~ p.warn")
    assert "In 288 intervals a feeder is missing or unknown" in text
    assert "without 288 intervals in which a feeder is unknown" in report.inner_text(".figures")


def test_the_measured_year_of_the_substations_has_the_known_figures(substations, opened, tmp_path):
    with open_warehouse(Workspace(substations).warehouse, read_only=True) as con:
        write_report(con, prepared(tmp_path), LONG_AGO)
    page = opened(tmp_path)
    found = headline(page)
    assert Decimal(found["Net energy"]) == Decimal("76313.665")
    assert Decimal(found["Peak"]) == Decimal("183.3")
    assert Decimal(found["Minimum"]) == Decimal("-255.29")
    shown = page.inner_text(".figures")
    assert "2021-10-08" in shown and "2021-08-16" in shown


def test_it_has_every_feeder_with_its_figures_and_shares_add_up(sample, report):
    rows = rows_of(report, "feeders")
    wanted = query(
        sample,
        """select feeder, net_mwh, peak_mw, min_mw, grade from planner_figures
        where grain = 'all' and feeder <> 'total' order by peak_mw desc""",
    )
    columns = ("feeder", "net (MWh)", "peak (MW)", "minimum (MW)", "grade")
    assert [tuple(row[name] for name in columns) for row in rows] == [
        (feeder, *(format(value, "f") for value in values), grade)
        for feeder, *values, grade in wanted
    ]
    factors = rows_of(report, "feeder-factors")
    shares = [float(row["share of the total's peak (%)"]) for row in factors]
    assert sum(shares) == pytest.approx(100)


def test_months_and_bins_of_the_total_add_up_to_its_energy(report):
    whole = float(headline(report)["Net energy"])
    months = [row for row in rows_of(report, "months") if row["feeder"] == "total"]
    for rows in (months, rows_of(report, "years"), rows_of(report, "bins")):
        assert sum(float(row["net (MWh)"]) for row in rows) == pytest.approx(whole)


def test_the_months_of_every_feeder_come_right_after_the_headline_as_in_the_file(sample, report):
    headings = report.locator("h2").all_inner_texts()
    assert headings[:2] == ["The total of all feeders", "Month by month"]
    with (sample / "lp/monthly.csv").open(encoding="utf-8", newline="") as stream:
        wanted = list(csv.DictReader(stream))
    assert len(wanted) == 5 * 3
    for found, month in zip(rows_of(report, "months"), wanted, strict=True):
        assert (found["feeder"], found["month"]) == (month["feeder"], month["month"])
        assert Decimal(found["peak (MW)"]) == Decimal(month["peak_mw"])
        at = datetime.strptime(month["peak_start"], "%m/%d/%y %H:%M:%S")
        assert found["peak at"] == str(at)


@pytest.mark.parametrize("width", [1400, 400])
def test_the_page_is_no_wider_than_the_screen_and_large_tables_fit_a_desktop(report, width):
    resize_until_it_fits(report, width)
    for box in report.locator(".wide").all():
        inside, outside = box.evaluate("box => [box.scrollWidth, box.clientWidth]")
        assert width == 400 or inside == outside


def test_a_measured_peak_is_beside_the_plausible_one_and_fits(sample, opened, tmp_path):
    root = shutil.copytree(sample, tmp_path / "root")
    with open_warehouse(Workspace(root).warehouse) as con:
        con.execute("""update planner_figures set implausible_count = 1234,
            measured_peak_mw = 7 * measured_peak_mw + 0.000001
            where grain = 'month' and feeder in ('north', 'total')""")
        write_report(con, Workspace(root), LONG_AGO)
    page = opened(root)
    measured = {row["feeder"] for row in rows_of(page, "months") if row["left out"] == "1234"}
    assert measured == {"north", "total"}
    assert all(row["measured peak at"] for row in rows_of(page, "months") if row["left out"])
    for width in (1400, 400):
        resize_until_it_fits(page, width)
        box = page.locator(".wide", has=page.locator("[aria-labelledby=months]"))
        inside, outside = box.evaluate("box => [box.scrollWidth, box.clientWidth]")
        assert width == 400 or inside == outside <= 1240


POWERS = """
select table_name, string_agg(column_name || ' = ' || column_name || ' / 1000', ', ')
from duckdb_columns()
where database_name = current_database() and schema_name = 'main'
    and table_name in (select table_name from duckdb_tables())
    and regexp_matches(column_name, '^(mw|mva)|_(mw|mwh|mva|mj)$')
    and data_type not in ('VARCHAR', 'BOOLEAN')
group by table_name
"""


@pytest.fixture(scope="module")
def small(sample, tmp_path_factory) -> Path:
    """The sample with a thousandth of its power, and with the day first in dates."""
    root = shutil.copytree(sample, tmp_path_factory.mktemp("small") / "root")
    (root / "settings.toml").write_text('date_format = "day-first"\n')
    with open_warehouse(Workspace(root).warehouse) as con:
        for table, changes in con.execute(POWERS).fetchall():
            con.execute(f"update {table} set {changes}")
        con.execute("""insert into findings by name select 'quiet' as rule, 'warn' as severity,
            'gen' as feeder, date '2024-07-01' as first_date, date '2024-07-02' as last_date,
            'since 2024-07-01, see 2024-07-01.csv, 2024-13-01' as evidence, 'look' as meaning""")
        con.execute("update files set file_name = '2024-07-01.csv' where file_id = 1")
        write_report(con, Workspace(root), LONG_AGO)
    return root


def test_below_a_megawatt_all_is_in_kilowatts_and_the_header_says_so(sample, small, opened):
    page, large = opened(small), opened(sample)
    text = page.inner_text("main")
    assert "kW" in text and not re.search(r"\bM(W|Wh|VA)\b", text)
    for identifier in ("months", "feeders", "years", "feeder-factors", "total-factors"):
        for own, other in zip(rows_of(page, identifier), rows_of(large, identifier), strict=True):
            for name, value in other.items():
                if re.search(r"\(M(W|Wh|VA)\)", name) and value:
                    kilo = own[name.replace("(M", "(k")]
                    assert float(kilo) == pytest.approx(float(value), abs=0.001)
    peaks = [float(headline(one)["Peak"]) for one in (page, large)]
    assert peaks[0] == pytest.approx(peaks[1], abs=0.001)
    label = "() => Bokeh.documents[0].get_model_by_name('power over time').left[0].axis_label"
    assert (page.evaluate(label), large.evaluate(label)) == ("Net power (kW)", "Net power (MW)")


def test_each_chart_has_the_unit_of_the_series_that_is_shown(sample, opened, tmp_path):
    root = shutil.copytree(sample, tmp_path / "root")
    with open_warehouse(Workspace(root).warehouse) as con:
        con.execute("update feeder_profiles set mw_net = mw_net / 10000 where feeder = 'gen'")
        con.execute("update load_duration set mw = mw / 10000 where feeder = 'gen'")
        (peak,) = con.execute(
            "select max(mw_net)::double from feeder_profiles where feeder = 'gen'"
        ).fetchone()
        write_report(con, Workspace(root), LONG_AGO)
    page = opened(root)
    shown = """() => {
        const page = Bokeh.documents[0];
        const charts = ['power over time', 'load duration'].map(n => page.get_model_by_name(n));
        return [charts.map(chart => chart.left[0].axis_label),
                charts.map(chart => chart.toolbar.tools.filter(t => t.type === 'HoverTool')
                    .map(tool => JSON.stringify(tool.tooltips).match(/[kM]W/)[0])).flat(),
                Math.max(...[...page.get_model_by_name('shown').data.high].filter(isFinite))];
    }"""
    labels, tooltips, _ = page.evaluate(shown)
    assert labels == 2 * ["Net power (MW)"] and set(tooltips) == {"MW"}
    page.get_by_label("Feeder", exact=True).select_option("gen")
    labels, tooltips, highest = page.evaluate(shown)
    assert labels == 2 * ["Net power (kW)"] and set(tooltips) == {"kW"}
    assert highest == pytest.approx(1000 * peak, rel=1e-6)
    page.get_by_label("Feeder", exact=True).select_option("south")
    assert page.evaluate(shown)[0] == 2 * ["Net power (MW)"]


def test_dates_are_in_the_order_of_the_settings_but_not_in_names_of_files(small, opened):
    page = opened(small)
    text = page.inner_text("main")
    assert re.search(r"\b21\.07\.2024 \d\d:\d\d", text) and "07.2024" in text
    found = page.inner_text("table[aria-labelledby=findings]")
    assert "since 01.07.2024" in found and "2024-13-01" in found
    arrived = page.inner_text("table[aria-labelledby=arrived]")
    assert "2024-07-01.csv" in arrived and "01.07.2024 00:00" in arrived
    assert {row["month"] for row in rows_of(page, "months")} == {"2024-07", "2024-08", "2024-09"}
    assert not re.search(r"\b2024-\d\d-\d\d \d\d:\d\d", page.inner_text("body"))


def test_on_a_phone_keys_stay_in_sight_and_texts_are_read_without_scrolling(small, opened):
    page = opened(small)
    resize_until_it_fits(page, 400)
    left = """table => {
        table.closest('.wide').scrollLeft = 1000;
        const row = table.tBodies[0].rows[1], own = table.closest('.wide').getBoundingClientRect();
        return [0, 1, 2].map(place => row.cells[place].getBoundingClientRect().left - own.left);
    }"""
    feeder, month, peak = page.locator("table[aria-labelledby=months]").evaluate(left)
    assert 0 <= feeder < month < 150 and peak < 0
    first, second, _ = page.locator("table[aria-labelledby=feeder-factors]").evaluate(left)
    assert 0 <= first < 10 and second < 0
    for identifier in ("arrived", "findings"):
        table = page.locator(f"table[aria-labelledby={identifier}]")
        inside, outside = table.evaluate("t => [t.scrollWidth, t.closest('.wide').clientWidth]")
        assert inside <= outside
        name = "t => getComputedStyle(t.tBodies[0].rows[0].cells[1], '::before').content"
        assert table.evaluate(name) in ('"file"', '"rule"')


def test_small_numbers_keep_three_digits():
    numbers = 0, -1e-9, 0.000524, -0.0149, 0.1, 4.4784, 1234.5
    texts = ["0.000", "0.000", "0.000524", "-0.0149", "0.100", "4.478", "1,234.500"]
    assert [in_decimals(number) for number in numbers] == texts


@pytest.mark.parametrize(
    ("powers", "unit"),
    [
        ([0.5, None, -0.9994], KILO),
        ([float("nan"), 1e-9], KILO),
        ([0.5, -1.0], MEGA),
        ([None, 0.0], MEGA),
        ([], MEGA),
    ],
)
def test_the_unit_is_kilowatt_if_no_power_reaches_a_megawatt(powers, unit):
    assert unit_for(powers) == unit


def test_it_lists_what_arrived_and_why_a_file_was_rejected(sample, report, opened, tmp_path):
    settled = {row["outcome"]: row["reason"] for row in rows_of(report, "arrived")}
    assert "; settled by file #" in settled["sequence_error"]
    root = shutil.copytree(sample, tmp_path / "root")
    with open_warehouse(Workspace(root).warehouse) as con:
        con.execute("update raw.files set closed_by = null")
        con.execute("update files set closed_by = null")
        write_report(con, Workspace(root), LONG_AGO)
    sample, page = root, opened(root)
    wanted = query(sample, "select file_name, outcome from files")
    assert {(row["file"], row["outcome"]) for row in rows_of(page, "arrived")} == set(wanted)
    [rejected] = rows_of(page, "rejected")
    [(reason, place, letter)] = query(
        sample, "select reason, stored_as, letter from raw.files where letter is not null"
    )
    assert (rejected["reason"], rejected["now at"]) == (reason, place)
    page.get_by_text("Letter about").press("Enter")
    assert page.inner_text("details pre").split() == letter.split()


def test_gaps_are_those_of_the_table(sample, report):
    wanted = query(sample, "select feeder, missing_intervals from gaps")
    rows = rows_of(report, "gaps")
    assert [(row["feeder"], int(row["intervals missing"])) for row in rows] == wanted


def test_shares_of_a_feeder_are_those_of_its_final_values_and_add_up_to_all(sample, report):
    rows = {row["feeder"]: row for row in rows_of(report, "states")}
    states = query(sample, "select feeder, status, count(*) from final_exceptions group by all")
    names = {"E": "edited (%)", "S": "estimated (%)", "M": "missing (%)"}
    assert {status for _, status, _ in states} >= {"S"}
    for feeder, status, count in states:
        share = 100 * count / int(rows[feeder]["intervals"])
        assert float(rows[feeder][names[status]]) == pytest.approx(share)
    for row in rows.values():
        shares = [float(row[name]) for name in ("actual (%)", *names.values())]
        assert sum(shares) == pytest.approx(100)


def test_methods_are_with_their_measured_error_in_the_unit_that_suits(sample, report):
    rows = rows_of(report, "methods")
    wanted = """select feeder, method, count(*) from estimates
        where channel = 'mw_del' and estimate is not null group by all"""
    found = {}
    for row in rows:
        if row["direction"] == "delivered" and not row["method"].startswith("no estimate"):
            key = row["feeder"], row["method"].replace(" ", "_")
            found[key] = found.get(key, 0) + int(row["intervals"])
    assert found == {row[:2]: row[2] for row in query(sample, wanted)} != {}
    one = next(row for row in rows if row["direction"] == "delivered" and row["trials"])
    (error,) = query(
        sample,
        """select cast(any_value(mean_error_mw) as double) from estimation_errors
        where feeder = ? and channel = 'mw_del' and method = ? and trial_count = ?""",
        one["feeder"], one["method"].replace(" ", "_"), int(one["trials"]),
    )  # fmt: skip
    assert float(one["measured error (kW)"]) == pytest.approx(1000 * error[0])


def test_estimates_are_dashed_in_the_chart_and_are_those_of_the_final_values(sample, report):
    ((feeder, at, mw, low, high),) = query(
        sample,
        """select feeder, epoch_ms(timezone(system.timezone, timezone('UTC', interval_start_at))),
        mw_net::double, mw_net_low::double, mw_net_high::double
        from final_exceptions cross join stg_system as system
        where status = 'S' and mw_net_low is not null
        order by interval_start_at limit 1""",
    )
    found = report.evaluate(
        """([feeder, at]) => {
            const chart = Bokeh.documents[0].get_model_by_name('power over time');
            const drawn = chart.renderers.map(one => [one.glyph, one.data_source.data]);
            const [[lines]] = drawn.filter(([glyph]) => glyph.type === 'MultiLine');
            const [[, data]] = drawn.filter(([, data]) => data.middle);
            const legend = chart.above.find(one => one.type === 'Legend');
            const place = data.name.findIndex((name, i) => name === feeder && data.start[i] === at);
            return [lines.line_dash, data.low[place], data.middle[place], data.high[place],
                    legend.items.map(item => item.label.value)];
        }""",
        [feeder, at],
    )
    dash, *values, labels = found
    assert dash and values == pytest.approx([low, mw, high])
    assert labels == ["measured", "gap", "estimated, in its band"]


def test_what_was_decided_is_listed_with_its_effect_and_what_is_known_no_longer_among_gaps(
    sample, opened, tmp_path
):
    root = shutil.copytree(sample, tmp_path / "root")
    with open_warehouse(Workspace(root).warehouse) as con:
        con.execute("""insert into decisions by name
            select unnest([1, 2]) as decision, timestamp '2024-08-01 09:30' as decided_at,
                'A. Engineer' as who, unnest(['CT', 'in the workshop']) as why, 'south' as feeder,
                unnest(['scale', 'acknowledge']) as action, unnest([null, 'gap']) as rule,
                unnest([0.5, null]) as value, timestamp '2024-07-01' as first_start_at,
                timestamp '2024-08-01' as until_at, true as is_in_force""")
        con.execute("""insert into edited_values by name
            select 'south' as feeder, timestamp '2024-07-01' as interval_start_at,
                unnest(['mw_del', 'mw_rec']) as channel, 1 as actual, 0.5 as edited,
                1 as decision""")
        con.execute("""insert into acknowledged_gaps
            select feeder, gap_start_at, gap_end_at, missing_intervals, 2 from gaps
            where feeder = 'south'""")
        con.execute("""insert into findings by name select 'quiet' as rule, 'warn' as severity,
            'gen' as feeder, date '2024-07-01' as first_date, date '2024-07-02' as last_date,
            'since 2024-07-01' as evidence,
            'look: load-profile withdraw takes it out' as meaning""")
        write_report(con, Workspace(root), LONG_AGO)
    page = opened(root)
    (decided,) = rows_of(page, "decided")
    columns = ("number", "feeder", "decided", "channel", "effect", "who", "why")
    assert [decided[name] for name in columns] == [
        "1", "south", "scale by 0.5", "all channels", "2 values edited", "A. Engineer", "CT",
    ]  # fmt: skip
    known = rows_of(page, "known")
    assert {(row["number"], row["known"], row["why"]) for row in known} == {
        ("2", "gap", "in the workshop")
    }
    assert page.locator("table[aria-labelledby=gaps] td", has_text="south").count() == 0
    assert f"{len(known)} acknowledged" in page.inner_text("section[aria-labelledby=missing]")
    resize_until_it_fits(page, 400)
    dates = page.locator(".whole")
    assert dates.count() > 20
    assert not [text for text in dates.all() if text.evaluate("e => e.getClientRects().length") > 1]
    code = page.locator("table[aria-labelledby=findings] code").all_inner_texts()
    assert code[-1:] == ["load-profile withdraw"]


def test_tables_sort_by_keyboard_in_both_directions_and_say_so(sample, opened):
    page = opened(sample)
    header = page.locator("table[aria-labelledby=feeders] th", has_text="net (MWh)")
    for order, is_reverse in (("ascending", False), ("descending", True)):
        header.locator("button").press("Enter")
        assert header.get_attribute("aria-sort") == order
        energies = [float(row["net (MWh)"]) for row in rows_of(page, "feeders")]
        assert energies == sorted(energies, reverse=is_reverse)


def test_a_choice_shows_another_feeder_with_its_gaps_and_buttons_zoom(sample, opened):
    page = opened(sample)
    [(peak, low)] = query(sample, "select max(mw_net), min(mw_net) from feeder_profiles "
                          "where feeder = 'south'")  # fmt: skip
    page.get_by_label("Feeder", exact=True).select_option("south")
    shown = page.evaluate(
        """() => {
            const data = Bokeh.documents[0].get_model_by_name('shown').data;
            const known = [...data.high].filter(Number.isFinite);
            return [Math.max(...known), Math.min(...[...data.low].filter(Number.isFinite)),
                    data.high.length - known.length];
        }"""
    )
    assert np.float32(shown[:2]) == pytest.approx([np.float32(peak), np.float32(low)])
    assert shown[2] == 288  # intervals without a reading
    width = """() => {
        const range = Bokeh.documents[0].get_model_by_name(
            'power over time').x_range;
        return range.end - range.start;
    }"""
    before = page.evaluate(width)
    page.get_by_role("button", name="Zoom in").press("Enter")
    assert page.evaluate(width) == pytest.approx(before / 2)
    page.get_by_role("button", name="Whole span").press("Enter")
    assert page.evaluate(width) == pytest.approx(before)
    page.locator("#charts").scroll_into_view_if_needed()
    box = page.locator("#charts").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 250)
    page.mouse.wheel(0, -300)  # without a click on any tool
    page.wait_for_function(f"({width})() < {0.9 * before}")
    assert len(page.heard) == 1


def test_nothing_stands_in_the_way_of_people_who_cannot_see_or_use_a_mouse(sample, opened):
    found = Axe().run(opened(sample))
    assert found.violations_count == 0, found.generate_report()


def test_print_shows_whole_tables_and_no_controls_for_the_screen(report):
    report.emulate_media(media="print")
    assert report.locator("nav").is_hidden()
    cut = "box => box.scrollHeight > box.clientHeight + 1"
    assert not any(box.evaluate(cut) for box in report.locator(".wide").all())


def test_names_of_files_and_feeders_are_text_whatever_they_contain(sample, opened, tmp_path):
    shutil.copytree(sample / "warehouse", tmp_path / "warehouse")
    workspace = prepared(tmp_path)
    with duckdb.connect(workspace.warehouse) as con:
        con.execute("update raw.files set file_name = $1, reason = $1, letter = $1", [EVIL])
    with open_warehouse(workspace.warehouse, read_only=True) as con:
        write_report(con, workspace, LONG_AGO)
    page = opened(tmp_path)
    assert len(page.heard) == 1 and page.locator("img").count() == 0
    assert page.get_by_text(EVIL).count() > 2


def test_dbts_documentation_is_one_page_beside_it_that_it_links_to(sample, opened, tmp_path):
    shutil.copytree(sample / "warehouse", tmp_path / "warehouse")
    shutil.copy(sample / "meter-data.csv", tmp_path)
    workspace = prepared(tmp_path)
    done = load_profile("docs", "--root", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    with open_warehouse(workspace.warehouse, read_only=True) as con:
        write_report(con, workspace, LONG_AGO)
    page = opened(tmp_path)
    page.get_by_role("link", name="All tables explained").press("Enter")
    page.goto(f"{page.url.split('#')[0]}#!/model/model.load_profile.planner_figures")
    page.get_by_text("Definitions as in docs/rules.md").first.wait_for()
    assert not [url for url in page.heard if url.startswith("http")]


def test_a_long_span_or_many_feeders_are_charted_by_days_of_the_clock(sample, monkeypatch):
    monkeypatch.setattr(chart_data, "MOST_POINTS", 5 * 92)  # the total and four feeders
    with open_warehouse(Workspace(sample).warehouse, read_only=True) as con:
        series = read_series(con, read_extent(con))
        days = con.execute("from feeder_days").df()
    starts = series.starts.astype("datetime64[ms]")
    assert starts[0] == np.datetime64("2024-07-01") and set(np.diff(starts)) == {
        np.timedelta64(1, "D")
    }
    for name in ("total", "south", "gen"):
        own = days[days["feeder"] == name].set_index("local_date")
        at = starts.searchsorted(own.index.to_numpy())
        np.testing.assert_array_equal(series.low[name][at], own["min_mw"].astype(float))
        np.testing.assert_array_equal(series.high[name][at], own["peak_mw"].astype(float))
        assert np.isfinite(series.high[name]).sum() == own["peak_mw"].notna().sum()


def test_yes_and_no_are_words_and_no_numbers():
    rows = (("north", True, 1, None), ("south", False, None, 0.5))
    table = Table(("feeder", "lower bound", "count", "share"), rows)
    assert table.is_number == (False, False, True, True)


def test_a_page_of_many_feeders_stays_below_five_megabytes():
    count = 201
    steps = np.arange(MOST_POINTS // count + 1) * 86_400_000.0
    values = {
        f"feeder {n}": np.random.default_rng(n).normal(size=len(steps) - 1) for n in range(count)
    }
    script, html = charts(Series(steps[:-1], steps[1:], values, values), [], [], value_label="MW")
    assert len(script) + len(html) + len(scripts()) < 5_000_000 - 1_500_000  # plots and tables
