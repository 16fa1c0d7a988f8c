"""The planner's plots: what is drawn, as the artists of real figures and the tables show it."""

from datetime import date, datetime
from pathlib import Path
from shutil import copytree

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import query
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ingest.sql import sql_beside
from ingest.warehouse import open_warehouse
from ingest.workspace import Workspace
from load_profile.plots import (
    by_month,
    draw,
    gap_calendar,
    heat_map,
    load_duration,
    typical_day,
)
from load_profile.plots.axes import to_png
from load_profile.plots.catalog import PLANNER_NAMES, PLOTS
from load_profile.plots.day_grid import NOT_EXPECTED, DayGrid
from load_profile.plots.draw import code_fingerprint, draw_planner_plots, owner_of
from load_profile.plots.heat_map import BOTH, FEED_IN, LOAD
from load_profile.plots.pool import module_of
from load_profile.plots.theme import GAP_EDGE, NO_READINGS, NO_TOTAL

FILES = {f"plots/{name}.png" for name in PLANNER_NAMES}
CELLS = sql_beside(heat_map.__file__, "heat_map_cells")
LOOK = {"feeder_count": 3, "zone": "UTC"}


def texts(figure: Figure) -> list[str]:
    """Every text, with those of titles and ticks."""
    found = [*figure.texts, *(a for a in figure.artists if hasattr(a, "get_text"))]
    found += [text for legend in figure.legends for text in legend.get_texts()]
    for ax in figure.axes:
        for part in (ax, *ax.child_axes):
            found += [*part.texts, *part.get_yticklabels()]
    titles = [ax.get_title(loc=place) for ax in figure.axes for place in ("left", "right")]
    return [text.get_text() for text in found] + titles


def meshes(ax: Axes) -> list[QuadMesh]:
    """The cells of the axes: values, and then gaps and values left out of peaks, if any."""
    return [artist for artist in ax.collections if isinstance(artist, QuadMesh)]


def array(ax: Axes, place: int = 0) -> np.ndarray:
    """What the cells of the axes show, NaN where nothing."""
    return np.ma.filled(meshes(ax)[place].get_array().astype(float), np.nan)


def panels(figure: Figure) -> list[Axes]:
    """Axes with cells."""
    return [ax for ax in figure.axes if meshes(ax)]


def bars(ax: Axes, gid: str = "value") -> list[Rectangle]:
    return [bar for bar in ax.patches if bar.get_gid() == gid]


def cells(values: list[list[float]]) -> pd.DataFrame:
    """Cells of a grid given day by day, all of them expected."""
    rows = [(day, slot, mw) for day, day_mw in enumerate(values) for slot, mw in enumerate(day_mw)]
    return pd.DataFrame(rows, columns=["place", "slot", "mw"])


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


def test_a_gap_and_a_time_that_is_not_expected_have_no_colour_of_a_value():
    feeder = cells([[1, 2], [np.nan, 0]]).drop(index=1)
    grid = DayGrid(date(2024, 3, 10), 2, slots=2)
    ax = panels(heat_map.draw((feeder, grid), [], grid, **LOOK))[0]
    assert np.isnan(array(ax)).tolist() == [[False, True], [True, False]]
    assert np.isnan(array(ax, 1)).tolist() == [[True, False], [True, True]]
    assert ax.patch.get_hatch() == NOT_EXPECTED["hatch"]
    rgb = [int(GAP_EDGE[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    for colours in (LOAD, FEED_IN, BOTH):
        distance = np.abs(colours(np.linspace(0, 1, 256))[:, :3] - rgb).max(axis=1)
        assert distance.min() > 0.12


@pytest.mark.parametrize(
    ("values", "colours", "limits"),
    [
        ([[1, 4]], LOAD, (1, 4)),
        ([[-1, -4]], FEED_IN, (-4, -1)),
        ([[-1, 4]], BOTH, (-4, 4)),
        ([[0, 0]], LOAD, (0, 1e-6)),
    ],
)
def test_colours_diverge_around_zero_only_where_there_is_flow_both_ways(values, colours, limits):
    grid = DayGrid(date(2024, 7, 1), 1, slots=2)
    image = panels(heat_map.draw((cells(values), grid), [], grid, **LOOK))[0].collections[0]
    assert image.get_cmap() == colours
    assert (image.norm.vmin, image.norm.vmax) == limits


def test_what_is_left_out_of_peaks_has_one_colour_and_leaves_the_scale_to_all_else():
    grid = DayGrid(date(2024, 7, 1), 2, slots=2)
    wild = cells([[1, 2], [3, 400]])
    capped = heat_map.draw((wild, grid), [], grid, limits={"total": (1, 3)}, **LOOK)
    image, outside = meshes(panels(capped)[0])
    assert (image.norm.vmin, image.norm.vmax) == (1, 3) and outside.get_array().count() == 1


def test_midnight_is_at_the_bottom_and_a_day_is_a_column():
    grid = DayGrid(date(2024, 7, 1), 2, slots=2)
    ax = panels(heat_map.draw((cells([[1, 2], [3, 4]]), grid), [], grid, **LOOK))[0]
    assert array(ax).tolist() == [[1, 3], [2, 4]]
    assert ax.get_ylim() == (0, 24)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["07/01/24", "07/02/24"]


def test_what_has_no_reading_says_so_and_can_be_drawn():
    grid = DayGrid(date(2024, 7, 1), 1, slots=2)
    unknown, none = cells([[np.nan, np.nan]]), cells([])
    figure = heat_map.draw((unknown, grid), [("f", none)], grid, **LOOK)
    assert {NO_TOTAL, NO_READINGS} <= {*texts(figure)}
    assert to_png(figure)
    points = pd.DataFrame(columns=["year", "share_of", "share", "mw", "hours"], dtype=float)
    figure = load_duration.draw(points, [("f", points)], feeder_count=1)
    assert {NO_TOTAL, NO_READINGS} <= {*texts(figure)}
    assert to_png(figure)
    days = pd.DataFrame(
        columns=["season", "day_type", "minute", "low", "median", "high", "days"], dtype=float
    )
    more = {"seasons": ["summer"], "feeder_day_type": "weekday", "slot_minutes": 15}
    figure = typical_day.draw(days, [("f", days)], **more, **LOOK)
    assert {NO_TOTAL, NO_READINGS} <= {*texts(figure)}
    assert to_png(figure)
    months = make_months([np.nan])
    figure = by_month.draw(months, make_ranking([np.nan]), ranked_over="Jul 2024")
    assert {NO_TOTAL, "unknown"} <= {*texts(figure)}
    assert to_png(figure)


def make_months(peaks: list[float]) -> pd.DataFrame:
    starts = pd.date_range("2020-01-01", periods=len(peaks), freq="MS")
    return pd.DataFrame({"month": starts, **figures(peaks)})


def make_ranking(peaks: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"feeder": [f"f${i}$" for i in range(len(peaks))], **figures(peaks)})


def figures(peaks: list[float]) -> dict:
    return {"peak_mw": peaks, "min_mw": 0.0, "net_mwh": 10.0, "is_lower_bound": False}


def test_of_many_months_and_feeders_the_plot_says_what_it_leaves_out():
    figure = by_month.draw(make_months([1.0] * 40), make_ranking([2.0] * 23), ranked_over="all")
    peak, _, ranking, _ = figure.axes
    assert len(bars(peak)) == 36
    assert len(bars(ranking)) == 20
    said = texts(figure)
    assert "the last 36 of 40 months" in said
    assert any("20 of 23 feeders" in t and "and 3 more feeders, 30 MWh" in t for t in said)
    assert "f$0$" in said
    assert to_png(figure)


def test_an_unknown_month_is_shaded_and_has_no_bar():
    figure = by_month.draw(make_months([1.0, np.nan, 2.0]), make_ranking([1.0]), ranked_over="all")
    peak = figure.axes[0]
    assert np.isnan(bars(peak)[1].get_height())
    (shading,) = [patch for patch in peak.patches if patch.get_gid() is None]
    assert (shading.get_x(), shading.get_width()) == (0.5, 1)


def test_power_below_zero_is_drawn_below_zero_in_another_colour():
    months = make_months([3.0, -1.0]).assign(min_mw=[-2.0, -5.0])
    ranking = make_ranking([-1.0]).assign(min_mw=[-5.0])
    peak, _, ranked, _ = by_month.draw(months, ranking, ranked_over="all").axes
    assert [bar.get_height() for bar in bars(peak)] == [3, -1]
    assert [bar.get_height() for bar in bars(peak, "lowest")] == [-2, -5]
    assert [bar.get_width() for bar in bars(ranked, "lowest")] == [-5]
    assert ranked.get_xlim()[0] < -5


def test_of_many_feeders_the_calendar_says_how_much_the_others_lack():
    names = ["total", "a$b$", "c"]
    totals = pd.DataFrame({"name": names, "missing": [3, 3, 0], "expected": [9, 9, 9]})
    shares = pd.DataFrame({"row": [0, 1, 2], "place": [0, 0, 0], "share": [0.1, 0.0, 1.0]})
    grid = DayGrid(date(2024, 7, 1), 3, days_per_column=2)
    figure = gap_calendar.draw(
        shares, totals, grid, feeder_count=5, missing_elsewhere=7, zone="UTC"
    )
    said = texts(figure)
    assert (
        "2 of 5 feeders, those with the most missing; the others lack 7 intervals;"
        " one column = 2 days"
    ) in said
    assert "33.33 % (3)" in said and "complete" in said and "a$b$" in said
    assert array(figure.axes[0])[:, 1] == pytest.approx([np.nan] * 3, nan_ok=True)
    assert to_png(figure)


def test_one_missing_interval_of_a_day_is_as_clear_as_no_other():
    least = np.array(gap_calendar.MISSING((1 / 96 - 1e-9) / (1 - 1e-9))[:3])
    complete = [int(gap_calendar.COMPLETE[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    assert np.abs(least - complete).max() > 0.3


def test_feeders_without_a_panel_are_counted():
    grid = DayGrid(date(2024, 7, 1), 1, slots=2)
    figure = heat_map.draw((cells([[1, 2]]), grid), [("f", cells([[1, 2]]))], grid, **LOOK)
    assert any(t.startswith("1 of 3 feeders, those with the largest") for t in texts(figure))


def test_five_years_have_fewer_columns_than_pixels_and_keep_what_is_furthest_from_zero():
    con = duckdb.connect()
    days = 5 * 365
    con.execute("set TimeZone = 'UTC'")
    con.execute(
        """
        create table intervals as
        select
            'f' as feeder,
            timestamp '2020-01-01' + to_minutes(cast(30 * n as int)) as start_local,
            case when n = 5000 then -9.0 when n = 7000 then 8.0 else 1.0 end as mw
        from range(48 * ?) as r(n)
        """,
        [days],
    )
    values = {"first_day": date(2020, 1, 1), "days_per_column": 5, "slot_minutes": 60}
    found = con.execute(CELLS, values).df()
    assert found["place"].max() + 1 == DayGrid(date(2020, 1, 1), days, 5).columns == 365
    assert sorted(found["mw"].unique()) == [-9, 1, 8]


def test_the_repeated_hour_shows_the_pass_that_is_further_from_zero_and_no_gap_beside_a_reading():
    con = duckdb.connect()
    con.execute(
        """
        create table intervals as
        from (values
            ('f', timestamp '2024-11-03 01:00', 2.0), ('f', timestamp '2024-11-03 01:00', -3.0),
            ('f', timestamp '2024-11-03 01:15', null), ('f', timestamp '2024-11-03 01:15', 1.0),
            ('f', timestamp '2024-11-03 01:30', null), ('f', timestamp '2024-11-03 01:30', null)
        ) as passes(feeder, start_local, mw)
        """
    )
    values = {"first_day": date(2024, 11, 3), "days_per_column": 1, "slot_minutes": 15}
    found = con.execute(CELLS, values).fetchall()
    assert found == [("f", 0, 4, -3), ("f", 0, 5, 1), ("f", 0, 6, None)]


def test_equal_data_give_equal_bytes():
    grid = DayGrid(date(2024, 7, 1), 2, slots=2)
    first, second = (
        to_png(heat_map.draw((cells([[1, 2], [3, 4]]), grid), [], grid, **LOOK)) for _ in range(2)
    )
    assert first == second


def test_without_any_total_the_feeders_are_drawn(sample, tmp_path):
    root = Workspace(tmp_path)
    root.plots.mkdir(parents=True)
    copytree(sample / "warehouse", tmp_path / "warehouse")
    with open_warehouse(root.warehouse) as con:
        for table in ("planner_figures", "load_duration", "time_of_use"):
            con.execute(f"delete from {table} where feeder = 'total'")
        con.execute("delete from combined_profiles")
        assert {*draw_planner_plots(con, root).written} == FILES
