"""The planner's plots of values made up for one question each."""

from datetime import date

import duckdb
import numpy as np
import pandas as pd
import pytest
from artists import array, bars, meshes, panels, texts

from ingest.sql import sql_beside
from load_profile.plots import by_month, gap_calendar, heat_map, load_duration, typical_day
from load_profile.plots.axes import to_png
from load_profile.plots.day_grid import NOT_EXPECTED, DayGrid
from load_profile.plots.heat_map import BOTH, FEED_IN, LOAD
from load_profile.plots.theme import GAP_EDGE, NO_READINGS, NO_TOTAL

CELLS = sql_beside(heat_map.__file__, "heat_map_cells")
LOOK = {"feeder_count": 3, "zone": "UTC"}


def cells(values: list[list[float]]) -> pd.DataFrame:
    """Cells of a grid given day by day, all of them expected."""
    rows = [(day, slot, mw) for day, day_mw in enumerate(values) for slot, mw in enumerate(day_mw)]
    return pd.DataFrame(rows, columns=["place", "slot", "mw"])


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


def test_below_a_megawatt_plots_are_in_kilowatts():
    grid = DayGrid(date(2024, 7, 1), 2, slots=2)
    figure = heat_map.draw((cells([[0.1, 0.2], [0.3, 0.4]]), grid), [], grid, **LOOK)
    assert "(kW), 2024-07-01 - 2024-07-02" in figure.get_suptitle()
    figure = by_month.draw(make_months([0.25]), make_ranking([0.25]), ranked_over="all")
    assert figure.axes[0].get_ylabel() == "Peak of net power (kW)"
    assert figure.axes[1].get_ylabel() == "Net energy (kWh)"
    assert {text.get_text() for text in figure.axes[0].texts} >= {"250"}
    slots = {"minute": [0, 720], "low": [0.1, 0.2], "median": [0.3, 0.3], "high": [0.4, 0.9]}
    days = pd.DataFrame(slots | {"season": "summer", "day_type": "weekday", "days": 9})
    more = {"seasons": ["summer"], "feeder_day_type": "weekday", "slot_minutes": 720}
    figure = typical_day.draw(days, [("f", days)], **more, **LOOK)
    assert figure.axes[0].get_ylabel() == "Net power (kW)"
    curve = {"share": [0.0, 1.0], "mw": [0.9, 0.1], "hours": [0.25, 9.0]}
    points = pd.DataFrame(curve | {"year": 2024, "share_of": "time"})
    figure = load_duration.draw(points, [("f", points)], feeder_count=1)
    assert figure.axes[0].get_ylabel() == "Net power (kW)"
    assert {"Feeders, kW over % of the time", "2024: 900 kW"} <= {*texts(figure)}


def test_midnight_is_at_the_bottom_and_a_day_is_a_column():
    grid = DayGrid(date(2024, 7, 1), 2, slots=2)
    ax = panels(heat_map.draw((cells([[1, 2], [3, 4]]), grid), [], grid, **LOOK))[0]
    assert array(ax).tolist() == [[1, 3], [2, 4]]
    assert ax.get_ylim() == (0, 24)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["2024-07-01", "2024-07-02"]


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
