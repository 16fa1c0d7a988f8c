"""The planner's plots of the sample show what its tables say, and are redrawn when that changes."""

from datetime import datetime
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from artists import array, bars, panels, texts
from conftest import query

from ingest.warehouse import open_warehouse
from ingest.workspace import Workspace
from load_profile.plots import (
    draw,
)
from load_profile.plots.catalog import PLANNER_NAMES, PLOTS
from load_profile.plots.draw import code_fingerprint, draw_planner_plots, owner_of
from load_profile.plots.pool import module_of

FILES = {f"plots/{name}.png" for name in PLANNER_NAMES}


@pytest.fixture(scope="module")
def drawn(sample, tmp_path_factory):
    """Figures of the sample by name, as they are before they are written."""
    figures = {}
    root = Workspace(tmp_path_factory.mktemp("drawn"))
    root.plots.mkdir(parents=True)
    with (
        pytest.MonkeyPatch.context() as patch,
        open_warehouse(Workspace(sample).warehouse, read_only=True) as con,
    ):

        def keep(tasks):
            for name, task in zip(PLANNER_NAMES, tasks, strict=True):
                figures[name] = module_of(task.module).draw(**task.arguments)
                yield b""

        patch.setattr(draw, "draw_all", keep)
        draw_planner_plots(con, root)
    return figures


def test_an_unchanged_warehouse_draws_nothing_but_a_lost_plot(sample, tmp_path, monkeypatch):
    root = Workspace(tmp_path)
    copytree(Workspace(sample).profiles, root.profiles)
    (root.plots / "by-month.png").unlink()
    left = {p.name: p.stat().st_mtime_ns for p in root.plots.iterdir()}
    with open_warehouse(Workspace(sample).warehouse, read_only=True) as con:
        assert draw_planner_plots(con, root).written == ("plots/by-month.png",)
        drawn = []
        monkeypatch.setattr(draw, "draw_all", lambda tasks: drawn.extend(tasks) or ())
        outputs = draw_planner_plots(con, root)
    assert drawn == [] and outputs.written == outputs.removed == ()
    assert {*outputs.unchanged} == FILES
    assert {n: (root.plots / n).stat().st_mtime_ns for n in left} == left
    mine, theirs = (w.plots / "by-month.png" for w in (root, Workspace(sample)))
    assert mine.read_bytes() == theirs.read_bytes()


def test_a_plot_is_redrawn_when_what_it_shows_has_changed(sample, tmp_path):
    root = Workspace(tmp_path)
    copytree(Workspace(sample).profiles, root.profiles)
    copytree(sample / "warehouse", tmp_path / "warehouse")
    with open_warehouse(root.warehouse) as con:
        con.execute("update load_duration set mw = mw + 1 where feeder = 'total'")
        assert draw_planner_plots(con, root).written == ("plots/load-duration.png",)
        con.execute("update time_of_use set season = 'monsoon' where local_date < '2024-08-01'")
        assert draw_planner_plots(con, root).written == ("plots/typical-day.png",)
        con.execute(
            "update planner_figures set actual_intervals = 0"
            " where feeder = 'gen' and grain = 'day' and period_start = '2024-07-10'"
        )
        assert draw_planner_plots(con, root).written == ("plots/gap-calendar.png",)


def test_a_change_of_code_redraws_the_plots_that_it_draws(tmp_path):
    folder = copytree(Path(draw.__file__).parent, tmp_path / "plots")

    def redrawn(file: str) -> set[str]:
        before = {plot.name: code_fingerprint(plot, folder) for plot in PLOTS}
        with (folder / file).open("a", encoding="utf-8") as changed:
            changed.write("\n")
        return {plot.name for plot in PLOTS if before[plot.name] != code_fingerprint(plot, folder)}

    assert redrawn("heat_map.py") == redrawn("heat_map_cells.sql") == {"heat-map"}
    assert redrawn("axes.py") == redrawn("system.sql") == {plot.name for plot in PLOTS}
    assert redrawn("heat_mapping.py") == {plot.name for plot in PLOTS}  # of no plot
    assert redrawn("catalog.py") == redrawn("pool.py") == set()


def test_a_file_belongs_to_the_module_with_the_longest_name_before_an_underscore():
    modules = ("heat_map", "heat_map_small", "draw")
    owners = {
        "heat_map": "heat_map",
        "heat_map_cells": "heat_map",
        "heat_map_small": "heat_map_small",
        "heat_map_small_cells": "heat_map_small",
        "heat_mapping": None,
        "drawing": None,
    }
    assert {stem: owner_of(stem, modules) for stem in owners} == owners


def test_every_plot_of_the_catalog_can_be_read_and_drawn():
    for plot in PLOTS:
        assert callable(module_of(plot.module).read) and callable(module_of(plot.module).draw)


def test_the_heat_map_shows_every_total_its_peak_and_its_missing_intervals(drawn, sample):
    values, gaps = (array(panels(drawn["heat-map"])[0], place) for place in range(2))
    peak, lowest, missing, days = query(
        sample,
        """
        select max(peak_mw), min(min_mw), sum(expected_intervals - actual_intervals), count(*)
        from planner_figures where feeder = 'total' and grain = 'day'
        """,
    )[0]
    assert values.shape == (96, days)
    assert (np.nanmax(values), np.nanmin(values)) == (float(peak), float(lowest))
    assert np.isnan(values).sum() == np.nansum(gaps) == missing
    at_half_past_two = "select mw_total from combined_profiles where start_local = ?"
    total = query(sample, at_half_past_two, datetime(2024, 7, 3, 14, 30))[0][0]
    assert values[58, 2] == float(total)


def test_the_curve_starts_at_the_peak_and_is_that_of_the_table(drawn, sample):
    line = next(line for line in drawn["load-duration"].axes[0].lines if line.get_gid() == "2024")
    points = query(
        sample,
        "select hours, mw from load_duration where feeder = 'total' order by hours, mw desc",
    )
    known = max(hours for hours, _ in points)
    assert line.get_xdata().tolist() == pytest.approx([100 * float(h / known) for h, _ in points])
    assert line.get_ydata().tolist() == [float(mw) for _, mw in points]
    peak = query(sample, "select max(peak_mw) from planner_figures where feeder = 'total'")[0][0]
    assert max(line.get_ydata()) == float(peak)


def test_the_typical_day_is_median_and_band_by_rank_of_its_days(drawn, sample):
    figure = drawn["typical-day"]
    weekday = figure.axes[0]
    assert weekday.get_title(loc="left") == "summer, weekday"
    noon = [
        float(mw)
        for (mw,) in query(
            sample,
            """
            select mw_total from combined_profiles
            where start_local::time = time '12:00' and mw_total is not null
                and isodow(start_local) < 6 and start_local::date <> date '2024-07-04'
            order by mw_total
            """,
        )
    ]
    line = next(line for line in weekday.lines if line.get_gid() == "summer")
    assert line.get_ydata()[2 * 48] == noon[int(np.ceil(0.5 * len(noon))) - 1]
    band = weekday.collections[0].get_paths()[0].vertices
    at_noon = {*band[(band[:, 0] >= 720) & (band[:, 0] <= 735)][:, 1]}
    assert {noon[int(np.ceil(share * len(noon))) - 1] for share in (0.1, 0.9)} <= at_noon
    assert f"{len(noon)} days" in texts(figure)


def test_bars_are_the_months_of_planner_figures_and_hatched_where_a_lower_bound(drawn, sample):
    peak, energy, *_ = drawn["by-month"].axes
    months = query(
        sample,
        """
        select peak_mw, net_mwh, is_lower_bound or grade <> 'publishable' from planner_figures
        where feeder = 'total' and grain = 'month' order by period_start
        """,
    )
    assert [bar.get_height() for bar in bars(peak)] == [float(mw) for mw, _, _ in months]
    assert [bar.get_height() for bar in bars(energy)] == [float(mwh) for _, mwh, _ in months]
    for ax in (peak, energy):
        assert [bool(bar.get_hatch()) for bar in bars(ax)] == [bound for *_, bound in months]
    assert {bound for *_, bound in months} == {True, False}


def test_feeders_are_ranked_by_their_power_with_peak_and_energy(drawn, sample):
    peak, energy = drawn["by-month"].axes[2:]
    ranked = query(
        sample,
        """
        select feeder, max(peak_mw), sum(net_mwh) from planner_figures
        where feeder <> 'total' and grain = 'month'
        group by feeder order by greatest(max(peak_mw), -min(min_mw)) desc
        """,
    )
    assert [t.get_text() for t in peak.get_yticklabels()] == [feeder for feeder, *_ in ranked]
    assert [bar.get_width() for bar in bars(peak)] == [float(mw) for _, mw, _ in ranked]
    assert [bar.get_width() for bar in bars(energy)] == [float(mwh) for *_, mwh in ranked]


def test_the_gap_calendar_shows_the_share_of_each_day_that_is_missing(drawn, sample):
    shares = array(drawn["gap-calendar"].axes[0])
    days = query(
        sample,
        """
        select 1 - actual_intervals / expected_intervals from planner_figures
        where feeder = ? and grain = 'day' order by period_start
        """,
        "south",
    )
    assert shares[2].tolist() == [share for (share,) in days]
    assert (shares[0] == shares[2]).all()  # the total is unknown where a feeder is missing
    assert shares[2].sum() == 3
    assert not shares[[1, 3, 4]].any()


def test_without_any_total_the_feeders_are_drawn(sample, tmp_path):
    root = Workspace(tmp_path)
    root.plots.mkdir(parents=True)
    copytree(sample / "warehouse", tmp_path / "warehouse")
    with open_warehouse(root.warehouse) as con:
        for table in ("planner_figures", "load_duration", "time_of_use"):
            con.execute(f"delete from {table} where feeder = 'total'")
        con.execute("delete from combined_profiles")
        assert {*draw_planner_plots(con, root).written} == FILES
