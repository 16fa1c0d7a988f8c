"""The page of `load-profile explore` in a real Chromium, and what it reads."""

import csv
import hashlib
import http.client
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from urllib.parse import urlsplit

import duckdb
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from bokeh.document import Document
from conftest import load_profile
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import serve
from published import MARTS, change, rows

from ingest.warehouse import open_warehouse
from ingest.workspace import Workspace
from load_profile.explore.clock import in_words, ticks
from load_profile.explore.page import Page
from load_profile.explore.read import Published, View
from load_profile.publish.version import publish

DESKTOP, PHONE = {"width": 1400, "height": 1000}, {"width": 400, "height": 800}
EVIL = "<img src=x onerror=alert(1)> $$x$$"
DRAWN = "() => window.Bokeh && Bokeh.documents.length && Bokeh.documents[0].is_idle"
FINDING = """insert into findings values
    ('stuck', 'warn', 'north', '2024-07-10', '2024-07-11', '$1 < $2', 'evidence of a test', null)"""
DECISION = """insert into decisions by name select
    7 as decision, timestamp '2024-10-02' as decided_at, 'ann' as who, 'meter was tested' as why,
    'set' as action, 'north' as feeder, timestamp '2024-07-20 10:00' as first_start_at,
    timestamp '2024-07-20 11:00' as until_at, true as is_in_force"""
EDITED = """insert into final_exceptions by name
select feeder, interval_start_at, interval_minutes, actual_seconds, start_local, timezone,
    total_factor, 3.25 as mw_net, 'E' as status, mw_net as actual_mw_net
from feeder_profiles
where feeder = 'north'
    and interval_start_at >= '2024-07-20 10:00' and interval_start_at < '2024-07-20 11:00'"""
CHANGE = """insert into clock_days values
    ('America/Denver', '2024-11-03', -360, timestamp '2024-11-03 02:00', -420)"""
# what is drawn under a name, NaN as null
DRAWN_AS = """name => Bokeh.documents[0].get_model_by_name('power').renderers
    .filter(one => one.name === name)
    .map(one => Object.fromEntries(Object.entries(one.data_source.data).map(
        ([key, values]) => [key, [...values].map(v => Number.isNaN(v) ? null : v)])))"""
MOVE = """async ([start, until]) => {
    const page = Bokeh.documents[0], said = page.get_model_by_name('status').properties.text.change;
    const read = new Promise(done => {
        const heard = () => { said.disconnect(heard); done(); };
        said.connect(heard);
    });
    page.get_model_by_name('time').setv({start: start, end: until});
    await read;
    while (!page.is_idle) await new Promise(done => setTimeout(done, 10));
}"""
PLACE = """([x, y]) => {
    const view = Bokeh.index.find_one(Bokeh.documents[0].get_model_by_name('power'));
    const box = view.el.getBoundingClientRect();
    return [box.x + view.frame.x_scale.compute(x), box.y + view.frame.y_scale.compute(y)];
}"""


def milliseconds(text: str) -> int:
    """The moment of a time in UTC."""
    return int(rows_of(f"select epoch_ms(timestamp '{text}')")[0][0])


def rows_of(sql: str) -> list[tuple]:
    return duckdb.connect().execute(sql).fetchall()


@pytest.fixture(scope="module")
def space(sample, tmp_path_factory) -> Workspace:
    """The sample in two versions: with a finding, a decision, and a feeder of an odd name."""
    space = Workspace(copytree(sample, tmp_path_factory.mktemp("explored") / "root"))
    change(space)
    with open_warehouse(space.warehouse) as con:
        for sql in (FINDING, DECISION, EDITED):
            con.execute(sql)
        for table in ("feeder_profiles", "raw.meter_data"):
            con.execute(f"update {table} set feeder = ? where feeder = 'west'", [EVIL])
    publish(space, MARTS)
    return space


@pytest.fixture(scope="module")
def address(space) -> Iterator[str]:
    before = fingerprint(space.root)
    with serve(space.root, "explore", "--no-open") as address:
        yield address
    assert fingerprint(space.root) == before  # nothing below the root was touched by any test


def fingerprint(root: Path) -> dict[str, str]:
    """The content of every file, and every folder."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else ""
        for path in root.rglob("*")
    }


@pytest.fixture
def page(browser, address) -> Iterator:
    """The page in a tab; what it asked for and complained of is in `page.heard`."""
    page = browser.new_page(viewport=DESKTOP)
    page.heard = []
    page.on("request", lambda request: page.heard.append(request.url))
    page.on("websocket", lambda opened: page.heard.append(opened.url))
    page.on("pageerror", lambda error: page.heard.append(str(error)))
    page.on("dialog", lambda dialog: page.heard.append(dialog.message))
    page.on("console", lambda said: page.heard.append(said.text) if said.type == "error" else None)
    page.goto(address)
    page.wait_for_function(DRAWN)
    page.get_by_text("lowest to highest").wait_for()
    yield page
    page.close()


def choose(page, *names: str) -> None:
    """Choose series and wait until they are read."""
    page.get_by_label("Feeders and total").select_option(list(names))
    what = names[0] if len(names) == 1 else f"{len(names)} series"
    page.locator("p", has_text=f"{what}, 2024").wait_for()


def said(page) -> str:
    """What the page says of what is in sight."""
    return page.locator("p", has_text="Version 2").inner_text()


def show(page, start: str, until: str) -> None:
    """Zoom to a span of UTC and wait until it is read."""
    page.evaluate(MOVE, [milliseconds(start), milliseconds(until)])


def points(page, kind: str) -> list[tuple[float, float]]:
    """All points of a kind of lines, with (None, None) where a line breaks."""
    return [
        (x, y) if y is not None else (None, None)
        for data in page.evaluate(DRAWN_AS, kind)
        for x, y in zip(data["x"], data["y"], strict=True)
    ]


def test_single_intervals_are_steps_of_the_published_values(space, page):
    choose(page, "north")
    show(page, "2024-07-12 00:00", "2024-07-13 00:00")
    wanted = rows(
        space,
        """select epoch_ms(interval_start_at), mw_net::double from feeder_profiles
        where feeder = 'north' and interval_start_at >= '2024-07-12'
        and interval_start_at < '2024-07-13' order by 1""",
    )
    found = points(page, "measured")
    assert found[0::2] == wanted and len(wanted) == 96
    assert found[1::2] == [(start + 900_000, mw) for start, mw in wanted]
    assert "single intervals" in said(page)


def test_no_line_crosses_a_gap_which_is_shaded_and_named(space, page):
    choose(page, "total")
    show(page, "2024-07-31 00:00", "2024-08-05 00:00")
    [(first, until)] = rows(
        space, "select epoch_ms(gap_start_at), epoch_ms(gap_end_at) from combined_gaps"
    )
    found = points(page, "measured")
    before, after = (
        [x for x, _ in found if x and x <= first],
        [x for x, _ in found if x and x >= until],
    )
    assert (max(before), min(after)) == (first, until)
    assert len(before) + len(after) + found.count((None, None)) == len(found)
    assert found[len(before)] == (None, None)
    [shaded] = page.evaluate(DRAWN_AS, "gaps")
    assert shaded == {"start": [first], "until": [until]}
    assert "288 intervals unknown" in page.locator("table").inner_text()


def test_estimates_are_dashed_in_their_band(space, page):
    choose(page, "south")
    wanted = rows(
        space,
        """select feeder, epoch_ms(interval_start_at), mw_net::double, mw_net_low::double,
        mw_net_high::double from final_exceptions where status = 'S' order by 2""",
    )
    [feeder] = {row[0] for row in wanted}
    choose(page, feeder)
    show(page, "2024-07-31 00:00", "2024-08-05 00:00")
    assert points(page, "estimated")[0::2] == [row[1:3] for row in wanted]
    [band] = page.evaluate(DRAWN_AS, "estimate bands")
    found = zip(band["start"], band["middle"], band["low"], band["high"], strict=True)
    assert list(found) == [row[1:] for row in wanted]


def test_what_is_edited_found_and_decided_is_marked(page):
    choose(page, "north")
    show(page, "2024-07-20 00:00", "2024-07-21 00:00")
    quarter = milliseconds("2024-07-20 10:00")
    assert points(page, "edited")[0] == (quarter, 3.25) and len(points(page, "edited")) == 8
    marked = page.locator("table")
    assert "decision 7, set: meter was tested (ann)" in marked.inner_text()
    show(page, "2024-07-01 00:00", "2024-08-01 00:00")
    assert "stuck: $1 < $2" in marked.inner_text()
    assert "1 finding, 1 decision" in said(page)


def test_a_click_on_a_point_shows_what_the_command_why_says(space, page):
    choose(page, "north")
    show(page, "2024-07-12 00:00", "2024-07-12 06:00")
    at, mw = points(page, "measured")[16]
    x, y = page.evaluate(PLACE, [at + 450_000, mw])
    page.mouse.click(x, y)
    page.get_by_text("north, 2024-07-12 02:00 (UTC)").wait_for()
    said = load_profile("why", "north", "2024-07-12 02:00Z", "--root", space.root).stdout
    assert said.strip() in page.locator("pre").inner_text()


def test_why_of_the_total_lists_its_feeders_and_the_field_takes_a_time(page):
    choose(page, "total")
    field = page.get_by_label("Explain the interval at")
    field.fill("2024-07-12 02:05")
    field.press("Enter")
    page.get_by_role("button", name="Why").click()
    page.get_by_text("total, 2024-07-12 02:00 (UTC)").wait_for()
    text = page.locator("pre").inner_text()
    assert "The sum of 4 feeders" in text and "north: " in text and "status A" in text
    field.fill("noon")
    field.press("Enter")
    page.get_by_role("button", name="Why").click()
    page.get_by_text("A time is written as").wait_for()


def test_why_says_so_while_a_run_holds_the_tables(space, page):
    choose(page, "north")
    with duckdb.connect(space.warehouse.with_name("other.duckdb")):
        pass
    space.warehouse.with_name("other.duckdb").unlink()
    field = page.get_by_label("Explain the interval at")
    field.fill("2024-07-12 02:00")
    field.press("Enter")
    with duckdb.connect(str(space.warehouse)):
        page.get_by_role("button", name="Why").click()
        page.get_by_text("cannot be shown at the moment").wait_for()
    text = page.locator("pre").inner_text()
    [(name,)] = rows(
        space,
        """select file_name from feeder_profiles join files using (file_id)
        where feeder_profiles.feeder = 'north' and interval_start_at = '2024-07-12 02:00'""",
    )
    assert f"Published: file {name}, line" in text


def test_two_versions_are_drawn_over_each_other_and_their_differences_listed(space, page):
    choose(page, "north")
    listed = page.get_by_label("Compare with version").locator("option")
    page.get_by_label("Compare with version").select_option(listed.all_inner_texts()[-1])
    page.get_by_text("Changed since").wait_for()
    for day, difference in (("2024-08-20", 1.0), ("2024-07-20", 0.0)):
        show(page, f"{day} 00:00", f"{day} 23:59")
        now, then = points(page, "measured"), points(page, "earlier")
        assert len(now) == len(then) == 192
        assert [a[1] - b[1] for a, b in zip(now, then, strict=True)] == pytest.approx(
            [difference] * 192
        )
    [month] = rows(
        space,
        """select net_mwh_before, net_mwh_after from version_months
        where feeder = 'north' and month_start_at = '2024-08-01'""",
    )
    text = page.get_by_role("region", name="What changed").inner_text()
    assert "2024-08" in text and "{:,.3f} to {:,.3f}".format(*month) in text
    page.get_by_label("Compare with version").select_option("nothing")
    page.get_by_text("Changed since").wait_for(state="detached")
    assert points(page, "earlier") == []


def test_load_duration_and_typical_day_are_of_what_is_in_sight(space, page):
    choose(page, "north", "south")
    show(page, "2024-07-01 00:00", "2024-07-15 00:00")
    curves = """name => Bokeh.documents[0].get_model_by_name('curves').renderers
        .filter(one => one.name === name).map(one => one.data_source.data)
        .map(data => Object.fromEntries(Object.entries(data).map(([k, v]) => [k, [...v]])))"""
    values = """with known as (select feeder, mw_net::double as mw,
        extract(hour from start_local) * 60 + extract(minute from start_local) as minute
        from feeder_profiles where feeder in ('north', 'south') and start_local < '2024-07-15'
        and ({}) order by feeder, mw desc) """
    page.get_by_label("Also show").select_option("load duration")
    page.get_by_text("Measured and not failed").wait_for()
    for place, name in enumerate(("north", "south")):
        found = page.evaluate(curves, "curve")[place]
        known = rows(space, values.format("true") + f"select mw from known where feeder = '{name}'")
        assert len(known) == 14 * 96 and len(found["y"]) == 201
        assert (found["y"][0], found["y"][-1]) == (known[0][0], known[-1][0])
        for share, mw in zip(found["x"], found["y"], strict=True):  # reached in that share of time
            reached = sum(other >= mw for (other,) in known) / len(known)
            assert reached >= share / 100 - 1e-9
            assert sum(other > mw for (other,) in known) / len(known) <= share / 100 + 1e-9
    page.get_by_label("Also show").select_option("typical weekend day")
    page.get_by_text("Median, and the band").wait_for()
    weekend = values.format("isodow(start_local) > 5")
    wanted = rows(
        space,
        weekend
        + """select minute, quantile_disc(mw, 0.5), quantile_disc(mw, 0.1),
        quantile_disc(mw, 0.9) from known where feeder = 'north' group by 1 order by 1""",
    )
    found = page.evaluate(curves, "curve")[0]
    assert list(zip(found["x"], found["y"], strict=True)) == [row[:2] for row in wanted]
    [band] = page.evaluate(curves, "bands")
    assert list(zip(band["low"][:96], band["high"][:96], strict=True)) == [
        row[2:] for row in wanted
    ]


def test_the_csv_has_what_is_seen_with_an_empty_cell_for_what_is_unknown(space, page):
    choose(page, "north", "total")
    show(page, "2024-08-01 00:00", "2024-08-02 00:00")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    with Path(download.value.path()).open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    names = ["feeder", "start_utc", "start_local", "interval_minutes", "mw_net", "status"]
    assert list(found[0]) == names
    wanted = rows(
        space,
        """select 'total', strftime(interval_start_at, '%Y-%m-%dT%H:%M:%SZ'),
        mw_final::decimal(38, 6)::varchar, case quality when 'passed' then 'A' else 'S' end
        from final_totals where interval_start_at >= '2024-08-01'
        and interval_start_at < '2024-08-02' order by 2""",
    )
    total = [row for row in found if row["feeder"] == "total"]
    assert [
        (r["feeder"], r["start_utc"], r["mw_net"] or None, r["status"]) for r in total
    ] == wanted
    assert len(found) == 192 and {row["status"] for row in total} == {"S"}


def test_a_png_of_the_plot_is_written(page):
    with page.expect_download() as download:
        page.get_by_role("button", name="Download PNG").click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")


def test_names_are_text_and_many_are_found_by_a_part_of_theirs(page):
    listed = page.get_by_label("Feeders and total")
    page.get_by_label("Find a feeder").press_sequentially("IMG")
    page.wait_for_function(
        "() => Bokeh.documents[0].get_model_by_name('choice').options.length === 2"
    )
    assert listed.locator("option").all_inner_texts() == ["total", EVIL]
    choose(page, EVIL)
    label = "() => Bokeh.documents[0].get_model_by_name('power').above.at(-1).items[0].label.value"
    assert "$$" not in page.evaluate(label)
    assert not [text for text in page.heard if text.startswith("1") or "img" in text]


def test_a_name_is_text_beside_the_pointer_too(page):
    choose(page, EVIL)
    show(page, "2024-07-12 00:00", "2024-07-12 06:00")
    at, mw = points(page, "measured")[8]
    page.mouse.move(*page.evaluate(PLACE, [at + 450_000, mw]))
    page.locator(".bk-Tooltip", has_text=f"{EVIL}: {mw:.3f} MW, 2024-07-12 01:00").wait_for()
    assert page.locator("img").count() == 0


def test_nothing_is_drawn_if_nothing_is_chosen(page):
    page.get_by_label("Feeders and total").select_option([])
    page.get_by_text("Nothing is chosen").wait_for()
    assert points(page, "measured") == []


def test_keys_and_controls_move_the_plot_and_all_are_reached_by_tab(page):
    span = (
        "() => { const r = Bokeh.documents[0].get_model_by_name('time'); return [r.start, r.end]; }"
    )
    first, last = page.evaluate(span)
    seen = []
    page.locator("body").press("Tab")
    for _ in range(30):
        seen.append(
            page.evaluate(
                """() => {
                    let one = document.activeElement;
                    while (one.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
                    return one.labels?.[0]?.innerText || one.innerText || one.id;
                }"""
            ).strip()
        )
        page.keyboard.press("Tab")
    wanted = ["Find a feeder", "Feeders and total", "All feeders in the list", "Show", "From"]
    wanted += [
        "Until",
        "Also show",
        "Compare with version",
        "Earlier",
        "Later",
        "Zoom in",
        "Zoom out",
        "Whole span",
        "plot",
    ]
    wanted += ["Download PNG", "Download CSV", "Explain the interval at", "Why"]
    assert [name for name in seen if name in wanted][: len(wanted)] == wanted
    page.locator("#plot").focus()
    page.keyboard.press("+")
    page.keyboard.press("ArrowLeft")
    start, end = page.evaluate(span)
    assert end - start == pytest.approx((last - first) / 2)
    assert start == pytest.approx(first)
    page.keyboard.press("Home")
    assert page.evaluate(span) == [first, last]
    page.get_by_label("Show", exact=True).select_option("1 day")
    page.wait_for_function(f"() => {{ const [a, b] = ({span})(); return b - a === 86400000; }}")
    for place, label, text in ((0, "From", "2024-07-02 00:00"), (1, "Until", "2024-07-04 06:00")):
        page.get_by_label(label, exact=True).fill(text)
        page.get_by_label(label, exact=True).press("Enter")
        page.wait_for_function(f"wanted => ({span})()[{place}] === wanted", arg=milliseconds(text))
        page.locator("p", has_text=text).wait_for()


def test_nothing_stands_in_the_way_of_people_who_cannot_see_well(page):
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_page_fits_the_screen_and_no_control_covers_another(page, size):
    page.set_viewport_size(size)
    page.wait_for_function(
        "width => document.documentElement.scrollWidth === width", arg=size["width"]
    )
    boxes = [one.bounding_box() for one in page.locator("input, select, button, a").all()]
    boxes = [box for box in boxes if box and box["x"] >= 0]
    assert len(boxes) > 12
    for place, one in enumerate(boxes):
        assert one["x"] + one["width"] <= size["width"]
        for other in boxes[:place]:
            apart_x = (
                one["x"] >= other["x"] + other["width"] or other["x"] >= one["x"] + one["width"]
            )
            apart_y = (
                one["y"] >= other["y"] + other["height"] or other["y"] >= one["y"] + one["height"]
            )
            assert apart_x or apart_y, (one, other)


def test_no_request_leaves_the_machine_and_the_browser_would_refuse_one(page, address):
    choose(page, "north")
    port = urlsplit(address).port
    assert page.heard
    assert all(urlsplit(url).netloc == f"127.0.0.1:{port}" for url in page.heard), page.heard
    refused = page.evaluate(
        """() => fetch('http://localhost:9/').then(() => 'sent', error => error.message)"""
    )
    assert refused == "Failed to fetch"
    assert any("Content Security Policy" in text for text in page.heard)


def asked(address: str, method: str = "GET", path: str = "/", **headers: str):
    """Status, headers and text of the answer to one request."""
    to = http.client.HTTPConnection(urlsplit(address).netloc)
    to.request(
        method, path, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )
    answer = to.getresponse()
    found = answer.status, answer.headers, answer.read().decode()
    to.close()
    return found


WEBSOCKET = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec_WebSocket_Version": "13",
}


@pytest.mark.parametrize(
    ("headers", "status", "words"),
    [
        ({"Host": "evil.example"}, 421, "Host is 'evil.example'"),
        ({"Host": "127.0.0.1:1"}, 421, "allowed are 127.0.0.1:"),
        ({"Origin": "http://evil.example"}, 403, "Origin is 'http://evil.example'"),
        ({"Sec_Fetch_Site": "cross-site"}, 403, "comes from another page"),
        (WEBSOCKET, 403, "A websocket needs the Origin"),
        (WEBSOCKET | {"Origin": "http://evil.example"}, 403, "Origin is 'http://evil.example'"),
    ],
)
def test_requests_from_elsewhere_are_refused_with_a_reason(address, headers, status, words):
    for path in (
        "/",
        "/ws",
        "/download.csv?from=0&until=1&feeder=north",
        "/static/js/bokeh.min.js",
    ):
        found, _, text = asked(address, path=path, **headers)
        assert found == status and words in text


def test_only_reading_is_allowed_and_no_other_page_may_show_this_one(address):
    assert asked(address, "POST")[0] == 405
    for path in ("/", "/static/js/bokeh.min.js", "/download.csv?from=0&until=1&feeder=north"):
        status, headers, _ = asked(address, path=path)
        assert status == 200
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert asked(address, path="/download.csv?from=now&until=1")[0] == 400


def test_the_command_says_what_is_missing_or_in_the_way(space, address, tmp_path):
    done = load_profile("explore", "--root", tmp_path, "--no-open")
    assert done.returncode == 2 and "`load-profile run` publishes the first version" in done.stderr
    port = urlsplit(address).port
    done = load_profile("explore", "--root", space.root, "--no-open", "--port", port)
    assert done.returncode == 1
    assert done.stderr.strip() == f"Port {port} is in use; --port takes another one."


@given(
    st.sets(st.sampled_from(["north", "south", "total"]), min_size=1),
    st.integers(0, 92 * 96),
    st.integers(2, 92 * 96),
    st.sampled_from([10, 100, 1_000, 20_000]),
)
@settings(max_examples=15, deadline=None)
def test_extremes_of_each_bucket_are_those_of_its_intervals(space, chosen, first, count, most):
    names, quarter = tuple(sorted(chosen)), 900_000
    published = Published(space.published)
    start = milliseconds("2024-07-01 00:00") + first * quarter
    until = min(start + count * quarter, milliseconds("2024-10-01 00:00"))
    if start >= until:
        return
    known = published.sight(View(names, start, until, most)).known
    for place, name in enumerate(names):
        own = known.where(known.place == place)
        at, mw = np.array(
            rows(
                space,
                f"""select epoch_ms(interval_start_at), mw::double from (
                    select feeder, interval_start_at, mw_net as mw from feeder_profiles
                    union all
                    select 'total', interval_start_at, mw_total from combined_profiles
                ) where feeder = '{name}' and mw is not null order by 1""",
            )
        ).T
        edges = np.searchsorted(at, [own.start, own.until])
        assert np.array_equal(edges[0][1:], edges[1][:-1])  # each interval is in one bucket
        assert edges[0][0] <= np.searchsorted(at, start)
        assert edges[1][-1] >= np.searchsorted(at, until)
        for low, high, one, other in zip(own.low, own.high, *edges, strict=True):
            assert (low, high) == (mw[one:other].min(), mw[one:other].max())


def test_an_hour_that_comes_twice_has_two_places_on_the_axis_and_a_mark(space, tmp_path):
    start, until = milliseconds("2024-11-03 05:00"), milliseconds("2024-11-03 11:00")
    labels = ticks(start, until, "America/Denver")
    hours = [label.split("\n")[0] for label in labels.values()]
    assert hours[:3] == ["23:00", "23:30", "00:00"]
    whole = [hour for hour in hours if ":00" in hour]
    assert whole == ["23:00", "00:00", "01:00", "01:00 again", "02:00", "03:00", "04:00"]
    assert list(labels.values())[2] == "00:00\n2024-11-03"
    assert in_words(milliseconds("2024-11-03 07:30"), "America/Denver").endswith("01:30 (first)")
    assert in_words(milliseconds("2024-11-03 08:30"), "America/Denver").endswith("01:30 (second)")
    spring = ticks(
        milliseconds("2024-03-10 07:00"), milliseconds("2024-03-10 13:00"), "America/Denver"
    )
    assert not [label for label in spring.values() if label.startswith("02:")]
    place = tmp_path / "published.duckdb"
    place.write_bytes(space.published.read_bytes())
    with duckdb.connect(place) as con:
        con.execute("update combined_profiles set timezone = 'America/Denver'")
        con.execute(CHANGE)
    [mark] = Published(place).sight(View(("total",), start, until)).marks
    assert mark["kind"] == "clock"
    assert mark["start"] == milliseconds("2024-11-03 08:00")
    assert mark["until"] == milliseconds("2024-11-03 09:00")


def test_a_span_that_starts_in_the_second_pass_of_an_hour_stays_there(space, tmp_path):
    place = tmp_path / "published.duckdb"
    place.write_bytes(space.published.read_bytes())
    later = "interval_start_at = interval_start_at + interval 60 day, timezone = 'America/Denver'"
    with duckdb.connect(place) as con:
        for table in ("feeder_profiles", "combined_profiles"):
            con.execute(f"update {table} set {later}")
    document = Document()
    Page(document, Published(place), space).open()
    shown = document.get_model_by_name("time")
    wanted = milliseconds("2024-11-03 08:30"), milliseconds("2024-11-03 12:00")
    shown.update(start=wanted[0], end=wanted[1])
    for one in document.session_callbacks:
        one.callback()
    assert document.get_model_by_name("from").value == "2024-11-03 01:30"
    assert "01:30 (second)" in document.get_model_by_name("status").text
    assert (shown.start, shown.end) == wanted
    document.get_model_by_name("until").value = "2024-11-03 04:00"
    assert (shown.start, shown.end) == (wanted[0], milliseconds("2024-11-03 11:00"))
    document.get_model_by_name("from").value = "yesterday"
    assert "A time is written as" in document.get_model_by_name("status").text


def test_a_version_that_a_run_publishes_is_shown_at_the_next_move(space, browser, tmp_path):
    root = Workspace(copytree(space.root, tmp_path / "root"))
    with serve(root.root, "explore", "--no-open") as address:
        page = browser.new_page(viewport=DESKTOP)
        page.goto(address)
        page.wait_for_function(DRAWN)
        choose(page, "north")
        show(page, "2024-08-20 00:00", "2024-08-20 06:00")
        before = points(page, "measured")
        change(root)
        made = publish(root, MARTS)
        show(page, "2024-08-20 00:00", "2024-08-20 06:15")
        page.get_by_text(f"A run has published version {made.version}").wait_for()
        after = points(page, "measured")[: len(before)]
        assert [b[1] - a[1] for a, b in zip(before, after, strict=True)] == pytest.approx(
            [1.0] * len(before)
        )
        page.close()
