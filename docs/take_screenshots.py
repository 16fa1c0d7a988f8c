"""Take the screenshots of the report, the page of profiles and Dagster's graph, from the sample.

Needs Chromium, Chrome or Edge: python docs/take_screenshots.py
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))
from pages import PATIENCE, find_browser, open_browser, serve  # noqa: E402

WIDTH, HEIGHT = 1280, 860


def main() -> None:
    """Run the main job on a sample and look at what it made."""
    program = find_browser()
    if not program:
        sys.exit("No Chromium, Chrome or Edge is installed.")
    with tempfile.TemporaryDirectory() as folder, open_browser(program) as browser:
        root = Path(folder)
        command = Path(sys.executable).with_name("load-profile")
        subprocess.run([command, "run", "--sample-if-empty", "--root", root], check=True)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_default_timeout(PATIENCE * 1000)
        page.goto((root / "lp/report.html").as_uri())
        page.get_by_role("button", name="Whole span").wait_for()
        take(page, "screenshot-report.png")
        with serve(root, "explore", "--no-open") as address:
            take_profiles(page, address)
        with serve(root) as address:
            page.set_viewport_size({"width": WIDTH, "height": 640})
            page.goto(f"{address}/asset-groups")
            page.get_by_role("button", name="Hide navigation").click()
            page.reload()  # the graph takes the room
            page.get_by_text("Materialize all").wait_for()
            page.wait_for_timeout(3_000)  # it moves into its place
            take(page, "screenshot-dagster.png")


def take_profiles(page, address: str) -> None:
    """The page of profiles, with a gap of one feeder and its estimates."""
    page.goto(address)
    page.get_by_text("lowest to highest").wait_for()
    page.get_by_label("Feeders and total").select_option(["north", "south"])
    for label, text in (("From", "2024-07-28 00:00"), ("Until", "2024-08-08 00:00")):
        page.get_by_label(label, exact=True).fill(text)
        page.get_by_label(label, exact=True).press("Enter")
        page.locator("p", has_text=text).wait_for()
    page.wait_for_timeout(1_000)  # it is drawn
    take(page, "screenshot-explore.png")


def take(page, name: str) -> None:
    """A picture of what is seen, in 128 colours: a third of the bytes."""
    page.screenshot(path=HERE / name)
    picture = Image.open(HERE / name).convert("RGB").quantize(128)
    picture.save(HERE / name, optimize=True)


if __name__ == "__main__":
    main()
