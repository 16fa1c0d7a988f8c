"""Time moves on the page of `load-profile explore`; print a table.

    python benchmarks/explore.py ROOT [--rounds 9]

A move is timed in a real Chromium, from the new span until it is read, drawn and idle. CPU is that
of server and browser together. ROOT is built: one of `simulate.py` in which a run was made.
Linux only.
"""

import argparse
import os
import random
import statistics
import sys
from contextlib import suppress
from pathlib import Path

from ingest.workspace import Workspace
from load_profile.explore.read import Published

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from pages import PATIENCE, find_browser, open_browser, serve

DAY = 86_400_000  # milliseconds
ZOOMS = {"whole span": None, "half a year": 183, "month": 31, "day": 1}
DRAWN = "() => window.Bokeh && Bokeh.documents.length && Bokeh.documents[0].is_idle"
CHOOSE = "names => Bokeh.documents[0].get_model_by_name('choice').setv({value: names})"
MOVE = """async ([start, until]) => {
    const page = Bokeh.documents[0], said = page.get_model_by_name('status').properties.text.change;
    const begun = performance.now();
    const read = new Promise(done => {
        const heard = () => { said.disconnect(heard); done(); };
        said.connect(heard);
    });
    page.get_model_by_name('time').setv({start: start, end: until});
    await read;
    while (!page.is_idle) await new Promise(done => setTimeout(done, 2));
    await new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)));
    return performance.now() - begun;
}"""


def cpu_of_children() -> float:
    """Return the seconds of CPU of all processes that this one has started, and they in turn."""
    parents, ticks = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended
            words = stat.read_text().rpartition(")")[2].split()
            parents[int(stat.parent.name)] = int(words[1])
            ticks[int(stat.parent.name)] = int(words[11]) + int(words[12])
    own, found = os.getpid(), 0
    for process, spent in ticks.items():
        above = process
        while above in parents and above != own:
            above = parents[above]
        found += spent * (above == own and process != own)
    return found / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    published, chance = Published(Workspace(options.root.resolve()).published), random.Random(7)
    with published.opened() as (_, facts):
        total, *feeders = facts.names
    choices = {"the total": [total], "1 feeder": feeders[:1], "12 feeders": feeders[:12]}
    choices[f"{len(feeders)} feeders"] = feeders
    print("| chosen | zoom | median, s | worst, s | CPU, s |")
    print("|---|---|--:|--:|--:|")
    with (
        open_browser(find_browser() or sys.exit("No Chromium is installed.")) as browser,
        serve(options.root.resolve(), "explore", "--no-open") as address,
    ):
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(address)
        page.wait_for_function(DRAWN)
        for chosen, names in choices.items():
            page.evaluate(CHOOSE, names)
            page.wait_for_timeout(5_000)  # the days of these series are read once
            for zoom, days in ZOOMS.items():
                waits, costs = [], []
                for _ in range(options.rounds):
                    width = (days or 364) * DAY
                    start = facts.start + chance.random() * (facts.until - facts.start - width)
                    before = cpu_of_children()
                    waits.append(page.evaluate(MOVE, [start, start + width]) / 1000)
                    costs.append(cpu_of_children() - before)
                print(
                    f"| {chosen} | {zoom} | {statistics.median(waits):.2f} | {max(waits):.2f} "
                    f"| {statistics.median(costs):.2f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
