"""Measure the whole job and its parts, from nothing."""

import shutil
from functools import partial
from pathlib import Path

from bench_setup import (
    DATA,
    DROP,
    NO_PLOTS,
    Bar,
    Bench,
    Result,
    bar_of,
    built_cost,
    classic,
    cost_table,
    held_back,
    is_done,
    is_taken_in,
    partial_command,
    peak_gb,
    product,
    script,
    without_a_month,
)
from measure import Side, cold, middle, ratios

# The whole main job


def s_whole(bench: Bench) -> Result:
    fresh = partial(bench.fresh, bench.data("S"))
    costs = bench.sides(
        {"classic": Side(fresh, classic, is_done), "product": Side(fresh, product, is_done)}
    )
    faster = ratios(costs["classic"], costs["product"])
    bar = bar_of("S, whole main job with plots: classic / product", faster, 1.3, at_least=True)
    return Result([bar], cost_table(costs))


def m_whole(bench: Bench) -> Result:
    fresh = partial(bench.fresh, bench.data("M"))
    bare = partial_command(classic, "--no-plots")
    costs = bench.sides(
        {
            "limit": Side(fresh, script("limit.py"), has_all_outputs),
            "product": Side(fresh, partial_command(product, *NO_PLOTS), is_done),
            "Polars": Side(fresh, script("polars_method.py"), is_done),
            "classic": Side(fresh, bare, is_done, rounds=bench.classic_rounds),
        }
    )
    what, found = "M, whole main job without plots", costs["product"]
    bars = [
        bar_of(f"{what}: CPU, product / limit", ratios(found, costs["limit"], "cpu"), 1.8),
        bar_of(what, [cost.wall for cost in found], 35, "s"),
        Bar(f"{what}: peak of memory", peak_gb(found), 3, "GB"),
    ]
    others = [
        f"{name} / product {middle(ratios(costs[name], found))}"
        for name in ("Polars", "classic")
        if costs[name]
    ]
    return Result(bars, [*cost_table(costs), "", f"Wall time: {', '.join(others)}."])


def has_all_outputs(root: Path) -> None:
    """The limit has a profile of each feeder."""
    found = list((root / "limit" / "lp").glob("*.csv"))
    assert len(found) == len((root / "meter-data.csv").read_text().splitlines()) - 1


# Parts of it


def m_ingest(bench: Bench) -> Result:
    fresh = partial(bench.fresh, bench.data("M"))
    costs = bench.sides(
        {
            "DuckDB's bare read_csv": Side(fresh, script("stages.py", "bare_read")),
            "product's ingest": Side(fresh, script("stages.py", "ingest"), is_taken_in),
        }
    )
    slower = ratios(costs["product's ingest"], costs["DuckDB's bare read_csv"])
    return Result([bar_of("M, ingest / bare read_csv", slower, 1.6)], cost_table(costs))


def m_plots(bench: Bench) -> Result:
    base = without_a_month(bench, "M")
    feeders = DATA["M"][0]

    def emptied() -> Path:
        root = bench.fresh(base)
        for picture in (root / "lp" / "plots").glob("*.png"):
            picture.unlink()
        return root

    def is_drawn(root: Path) -> None:
        assert len(list((root / "lp" / "plots").glob("*.png"))) == feeders + 1

    costs = bench.sides({"plots": Side(emptied, script("stages.py", "plots"), is_drawn)})
    each = [cost.cpu / feeders for cost in costs["plots"]]
    busy = [cost.cpu / cost.wall for cost in costs["plots"]]
    bars = [
        bar_of("M, plots: CPU a feeder", each, 0.15, "s", digits=3),
        bar_of("M, plots: cores in use", busy, 1.5, "", at_least=True),
    ]
    return Result(bars, cost_table(costs))


def m_holes(bench: Bench) -> Result:
    """What holes cost: estimates, their errors, gaps and final values. All else runs anyway."""
    whole = bench.data("M")

    def holed() -> Path:
        root = bench.fresh(whole)
        (root / "settings.toml").write_text('holes = "accept"\n')
        for path in sorted((root / DROP).iterdir()):
            lines = path.read_bytes().splitlines(keepends=True)
            path.unlink()  # a hard link: the data stays as it is
            path.write_bytes(b"".join(without_hours(lines)))
        return root

    costs = bench.sides(
        {
            "M": Side(
                partial(bench.fresh, whole), partial_command(product, *NO_PLOTS), is_taken_in
            ),
            "M without 1 % of its intervals": Side(
                holed, partial_command(product, *NO_PLOTS), is_taken_in
            ),
        }
    )
    longer = ratios(costs["M without 1 % of its intervals"], costs["M"])
    what = "M, 1 % of the intervals missing and estimated / none missing"
    return Result([bar_of(what, longer, 1.2)], cost_table(costs))


def without_hours(lines: list[bytes]) -> list[bytes]:
    """A month's export without 7 hours of its 15th day, 1 % of it."""
    middle_row = len(lines) // 2
    return lines[:middle_row] + lines[middle_row + 28 :]


# A large root


def l_full(bench: Bench) -> Result:
    small = bench.sides(
        {"M": Side(partial(bench.fresh, bench.data("M")), partial_command(product, *NO_PLOTS))}
    )
    cost = built_cost(without_a_month(bench, "L", with_plots=False))
    longer = ratios([cost], small["M"])
    what = "L, whole main job without plots"
    bars = [
        Bar(f"{what}: peak of memory", peak_gb([cost]), 12, "GB"),
        bar_of(f"{what}: L / M", longer, 12),
    ]
    return Result(bars, cost_table(small | {"L": [cost]}))


def l_month(bench: Bench) -> Result:
    """On the built L itself, as a copy of it takes longer than the run; it is gone after that."""
    costs = {}
    for name, rounds in (("M", bench.rounds), ("L", 1)):
        base = without_a_month(bench, name, with_plots=False)
        new = bench.data(name) / DROP / held_back(name)
        costs[name] = []
        for _ in range(rounds):
            root = bench.fresh(base) if name == "M" else base
            shutil.copy(new, root / DROP)
            costs[name].append(cold(product(root, *NO_PLOTS), bench.log))
            shutil.rmtree(root)
    rebuilt = partial(bench.fresh, bench.data("L"))
    costs |= bench.sides(
        {"Polars, all of L": Side(rebuilt, script("polars_method.py"), is_done, rounds=1)}
    )
    what = "L, one more month of one feeder, without plots"
    faster = ratios(costs["Polars, all of L"], costs["L"])
    bars = [
        bar_of(f"{what}: L / M", ratios(costs["L"], costs["M"]), 2),
        bar_of(f"{what}: Polars' rebuild / product", faster, 8, at_least=True),
    ]
    return Result(bars, cost_table(costs))
