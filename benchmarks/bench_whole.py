"""Measure the whole job and its parts, from nothing."""

import shutil
from functools import partial
from pathlib import Path
from statistics import median

from bench_setup import (
    DATA,
    DROP,
    NO_PLOTS,
    Bar,
    Bench,
    Result,
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
from measure import (
    Side,
    cold,
    middle,
    ratios,
)

# The whole main job


def s_whole(bench: Bench) -> Result:
    fresh = partial(bench.fresh, bench.data("S"))
    costs = bench.sides(
        {"classic": Side(fresh, classic, is_done), "product": Side(fresh, product, is_done)}
    )
    faster = ratios(costs["classic"], costs["product"])
    bar = Bar(
        "S, whole main job with plots: classic / product",
        median(faster),
        1,
        aim=2,
        at_least=True,
        text=middle(faster),
    )
    return Result([bar], cost_table(costs))


def m_whole(bench: Bench) -> Result:
    fresh = partial(bench.fresh, bench.data("M"))
    costs = bench.sides(
        {
            "product": Side(fresh, partial_command(product, *NO_PLOTS), is_done),
            "Polars": Side(fresh, script("polars_method.py"), is_done),
            "classic": Side(
                fresh, partial_command(classic, "--no-plots"), is_done, rounds=bench.classic_rounds
            ),
        }
    )
    what = "M, whole main job without plots"
    bars = [Bar(f"{what}: peak of memory", peak_gb(costs["product"]), 4, "GB")]
    for name, bar, aim in (("Polars", 1, None), ("classic", 15, 30)):
        if costs[name]:
            faster = ratios(costs[name], costs["product"])
            text = f"{what}: {name} / product"
            bars.insert(
                0, Bar(text, median(faster), bar, aim=aim, at_least=True, text=middle(faster))
            )
    return Result(bars, cost_table(costs))


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
    bar = Bar("M, ingest / bare read_csv", median(slower), 2, aim=1.3, text=middle(slower))
    return Result([bar], cost_table(costs))


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
        Bar("M, plots: CPU a feeder", median(each), 0.15, "s", text=middle(each, 3)),
        Bar("M, plots: cores in use", median(busy), 1.5, "", at_least=True, text=middle(busy)),
    ]
    return Result(bars, cost_table(costs))


# A large root


def l_full(bench: Bench) -> Result:
    small = bench.sides(
        {"M": Side(partial(bench.fresh, bench.data("M")), partial_command(product, *NO_PLOTS))}
    )
    cost = built_cost(without_a_month(bench, "L", with_plots=False))
    longer = ratios([cost], small["M"])
    what = "L, whole main job without plots"
    bars = [
        Bar(f"{what}: peak of memory", peak_gb([cost]), 16, "GB"),
        Bar(f"{what}: L / M", median(longer), 12, text=middle(longer)),
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
    longer = ratios(costs["L"], costs["M"])
    what = "L, one more month of one feeder, without plots: L / M"
    bar = Bar(what, median(longer), 2, text=middle(longer))
    return Result([bar], cost_table(costs))
