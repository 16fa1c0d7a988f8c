"""Dagster's page in a real Chromium, from an empty root to the picture of a feeder."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import load_profile, query
from pages import PATIENCE, serve


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """Exports of two feeders, not taken in yet."""
    root = tmp_path_factory.mktemp("page")
    assert load_profile("sample", "--feeders", 2, "--months", 1, "--root", root).returncode == 0
    return root


@pytest.fixture(scope="module")
def address(root) -> Iterator[str]:
    """Where `load-profile ui` serves that root."""
    with serve(root) as address:
        yield address


@pytest.fixture
def page(browser) -> Iterator:
    page = browser.new_page(viewport={"width": 1600, "height": 1000})
    page.set_default_timeout(PATIENCE * 1000)
    yield page
    page.close()


def is_launch(response) -> bool:
    return "launchMultipleRuns" in (response.request.post_data or "") or (
        "launchPipelineExecution" in (response.request.post_data or "")
    )


def wait_until_no_process_is_left_of_the_run(root: Path) -> None:
    def is_left(process: Path) -> bool:
        try:
            is_ours = str(root).encode() in (process / "environ").read_bytes()
            return is_ours and b"spawn_main" in (process / "cmdline").read_bytes()
        except OSError:  # it has ended
            return False

    until = time.monotonic() + PATIENCE
    while left := [path for path in Path("/proc").glob("[0-9]*") if is_left(path)]:
        assert time.monotonic() < until, left
        time.sleep(0.2)


def test_materialize_all_turns_the_graph_green_and_shows_the_plot(root, address, page):
    page.goto(f"{address}/asset-groups")
    for group in ("raw", "staging", "marts", "files", "plots", "published", "report"):
        page.get_by_text(group, exact=True).first.wait_for()
    with page.expect_response(is_launch):
        page.get_by_role("button", name="Materialize all").click()
    page.goto(f"{address}/runs")
    page.get_by_text("Success", exact=True).wait_for()

    [(days, readings)] = query(
        root, "select count(distinct local_date), sum(reading_count) from feeder_days"
    )
    assert days == 31 and readings > 5_000
    assert (root / "lp/report.html").exists() and (root / "lp/north.csv").exists()
    wait_until_no_process_is_left_of_the_run(root)

    for asset, name in (("net_load_plot", "all"), ("planner_plots", "by-month")):
        page.goto(f"{address}/assets/{asset}")
        page.get_by_text("[Show Markdown]").first.click()
        picture = page.locator(f"img[alt={name}]")
        picture.wait_for()
        assert picture.evaluate("image => image.complete && image.naturalWidth") > 1000


def test_a_check_says_what_it_looks_for_and_that_it_passed(address, page):
    page.goto(f"{address}/assets/gaps?view=checks")
    page.get_by_text("A gap only groups missing intervals").wait_for()
    page.get_by_text("Passed", exact=True).first.wait_for()
