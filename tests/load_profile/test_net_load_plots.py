"""Plots of net load: what is drawn, as the artists of real figures show it."""

from decimal import Decimal
from itertools import pairwise

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.colors import same_color
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from load_profile.plots import all_feeders, feeder, series, theme
from load_profile.plots.axes import GAP_ZORDER, to_png
from load_profile.shown import Dates

ZONE = "America/Denver"
START = "2024-07-12 00:00"


def make_profile(net: list[float], start: str = START, *, low: list[float] | None = None):
    """One row per 15 minutes with the given net MW."""
    high = np.array(net, dtype=float)
    return pd.DataFrame(
        {
            "bucket_start": pd.date_range(start, periods=len(high), freq="15min"),
            "mw_net_min": high if low is None else np.array(low, dtype=float),
            "mw_net_max": high,
            "mw_del_max": np.where(np.isnan(high), np.nan, np.clip(high, 0, None)),
            "mw_rec_max": np.where(np.isnan(high), np.nan, np.clip(-high, 0, None)),
        }
    )


def make_gaps(*spans: tuple[str, str, int]) -> pd.DataFrame:
    starts, ends, missing = zip(*spans, strict=True) if spans else ((), (), ())
    return pd.DataFrame(
        {
            "gap_start": pd.to_datetime(list(starts)),
            "gap_end": pd.to_datetime(list(ends)),
            "missing_intervals": np.array(missing, dtype=int),
        }
    )


def make_panels(peaks: list[float]) -> list[tuple[str, pd.DataFrame, pd.DataFrame]]:
    panels = [
        (f"f{i:03d}", make_profile([peak, -0.1]), make_gaps()) for i, peak in enumerate(peaks)
    ]
    total_gap = make_gaps(("2024-07-12 00:15", "2024-07-12 00:30", 1))
    return [*panels, ("total", make_profile([sum(peaks), np.nan]), total_gap)]


def make_estimates(*rows: tuple[str, float, float, float]) -> pd.DataFrame:
    starts, low, middle, high = zip(*rows, strict=True)
    columns = {"bucket_start": pd.to_datetime(list(starts)), "minutes": 15}
    return pd.DataFrame(columns | {"low": low, "middle": middle, "high": high})


def draw_all_feeders(panels: list[tuple], **look: object) -> Figure:
    *feeders, total = panels
    return all_feeders.draw(feeders, total, zone=ZONE, **look)


def day(text: str) -> float:
    return mdates.date2num(pd.Timestamp(text).to_datetime64())


def net_line(ax: Axes) -> tuple[np.ndarray, np.ndarray]:
    """x (days) and y (MW) of the uppermost step line."""
    line = [line for line in ax.lines if line not in zero_lines(ax) and not is_dots(line)][-1]
    return np.array(line.get_xdata()), np.array(line.get_ydata())


def zero_lines(ax: Axes) -> list[Line2D]:
    return [line for line in ax.lines if line.get_color() == theme.DARK]


def is_dots(line: Line2D) -> bool:
    return line.get_marker() == "."


def shaded(ax: Axes) -> list[tuple[float, float]]:
    """Start and end (days) of each shaded span, which must reach from bottom to top."""
    spans = []
    for shading in ax.collections:
        if isinstance(shading, PolyCollection) and same_color(
            shading.get_facecolor(), theme.GAP_FILL
        ):
            for path in shading.get_paths():
                (left, bottom), (right, top) = path.vertices.min(axis=0), path.vertices.max(axis=0)
                assert (bottom, top) == (0, 1)
                assert shading.get_transform() == ax.get_xaxis_transform()
                spans.append((left, right))
    return spans


def texts(figure: Figure) -> list[str]:
    found = [text.get_text() for text in figure.texts]
    for ax in figure.axes:
        found += [text.get_text() for text in ax.texts]
        found += [ax.get_title(loc=place) for place in ("left", "right")]
        if ax.get_legend():
            found += [text.get_text() for text in ax.get_legend().get_texts()]
    return found


def value_at(ax: Axes, time: str) -> list[float]:
    """MW of the line pieces that cover a time; nothing where the line is broken."""
    x, y = net_line(ax)
    over = (x[:-1] <= day(time)) & (day(time) < x[1:]) & np.isfinite(y[:-1]) & np.isfinite(y[1:])
    return y[:-1][over].tolist()


def test_a_bucket_without_reading_breaks_the_line():
    figure = feeder.draw("north", make_profile([1, 2, np.nan, 3]), make_gaps(), zone=ZONE)
    ax = figure.axes[0]
    assert value_at(ax, "2024-07-12 00:20") == [2]
    assert value_at(ax, "2024-07-12 00:40") == []
    assert value_at(ax, "2024-07-12 00:50") == [3]


def test_a_left_out_row_breaks_the_line_too():
    profile = make_profile([1, 2, 9, 3, 4, 5]).drop(index=2)
    figure = feeder.draw("north", profile, make_gaps(), zone=ZONE)
    assert value_at(figure.axes[0], "2024-07-12 00:40") == []
    assert value_at(figure.axes[0], "2024-07-12 00:50") == [3]


def test_a_repeated_hour_is_drawn_twice_and_not_joined_backwards():
    first, second = make_profile([1, 2, 3, 4]), make_profile([5, 6, 7, 8])
    profile = pd.concat([first, second], ignore_index=True)
    x, y = net_line(feeder.draw("north", profile, make_gaps(), zone=ZONE).axes[0])
    backwards = np.flatnonzero(np.diff(x) < 0)
    assert len(backwards) == 1
    assert np.isnan(y[backwards[0]])


def test_a_reading_between_two_gaps_is_marked_by_a_dot():
    profile = make_profile([1, np.nan, 7, np.nan, 2, 3])
    figure = feeder.draw("north", profile, make_gaps(), zone=ZONE)
    dots = [line for line in figure.axes[0].lines if is_dots(line)]
    assert dots[0].get_ydata().tolist() == [1, 7]


def test_no_value_is_drawn_where_nothing_was_read():
    figure = feeder.draw("north", make_profile([np.nan] * 4), make_gaps(), zone=ZONE)
    for ax in figure.axes:
        assert np.isnan(net_line(ax)[1]).all()
        assert [line.get_zorder() < GAP_ZORDER for line in zero_lines(ax)] == [True]


def test_gaps_are_shaded_from_start_to_end_on_both_axes():
    gaps = make_gaps(
        ("2024-07-12 00:00", "2024-07-12 00:15", 1), ("2024-07-12 00:45", "2024-07-12 01:30", 3)
    )
    figure = feeder.draw("north", make_profile([np.nan, 1, 2]), gaps, zone=ZONE)
    expected = [
        (day("2024-07-12 00:00"), day("2024-07-12 00:15")),
        (day("2024-07-12 00:45"), day("2024-07-12 01:30")),
    ]
    for ax in figure.axes:
        assert shaded(ax) == expected
        assert ax.get_xlim() == (expected[0][0], expected[1][1])


def test_one_missing_interval_in_three_years_is_still_visible():
    starts = pd.date_range("2022-01-01", periods=1096, freq="D")
    profile = make_profile([1.0] * 1096).assign(bucket_start=starts)
    gaps = make_gaps(("2023-05-01 12:00", "2023-05-01 12:15", 1))
    pixels = []
    for shown in (gaps, make_gaps()):
        figure = feeder.draw("north", profile, shown, zone=ZONE)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        pixels.append(np.asarray(canvas.buffer_rgba()))
    changed = (pixels[0] != pixels[1]).any(axis=2)
    row = round(700 * (1 - figure.axes[1].get_position().y1)) + 3
    assert changed[row].sum() >= 2


def test_a_spike_of_one_interval_survives():
    high, low = [2.0] * 400, [1.0] * 400
    high[200], low[300] = 18.0, -9.0
    profile = make_profile(high, low=low)
    ax = feeder.draw("north", profile, make_gaps(), zone=ZONE).axes[0]
    assert max(np.nanmax(line.get_ydata()) for line in ax.lines) == 18
    assert min(np.nanmin(line.get_ydata()) for line in ax.lines) == -9
    assert ax.get_ylim()[0] < -9
    assert ax.get_ylim()[1] > 18


def test_received_power_is_mirrored_below_zero():
    ax = feeder.draw("north", make_profile([3, -2, -5]), make_gaps(), zone=ZONE).axes[1]
    values = np.concatenate([line.get_ydata() for line in ax.lines if len(line.get_xdata()) > 2])
    assert (values.min(), values.max()) == (-5, 3)


def test_labels_carry_units_and_zone():
    net, directions = feeder.draw("north", make_profile([1, 2]), make_gaps(), zone=ZONE).axes
    assert net.get_ylabel() == "Net power (MW)"
    assert directions.get_ylabel() == "Delivered above, received below zero (MW)"
    assert directions.get_xlabel() == "Time (America/Denver)"


def test_a_small_feeder_is_drawn_in_kilowatts_and_dates_are_in_their_order():
    profile = make_profile([0.5, -0.2])
    figure = feeder.draw("north", profile, make_gaps(), zone=ZONE, dates=Dates("day-first"))
    net, directions = figure.axes
    assert net.get_ylabel() == "Net power (kW)"
    assert directions.get_ylabel() == "Delivered above, received below zero (kW)"
    ticks = net.yaxis.get_major_formatter()
    assert [ticks(value) for value in (0.5, -0.0002)] == ["500", "-0.2"]
    assert figure.get_suptitle() == "north, 12.07.2024 00:00 - 12.07.2024 00:30"
    panels = make_panels([0.3, 0.0004])
    assert draw_all_feeders(panels).get_supylabel() == "Net power (kW)"
    assert draw_all_feeders(make_panels([3, 0.0004])).get_supylabel() == "Net power (MW)"


def test_the_gross_convention_is_named_on_the_axis():
    frames = make_profile([1, 2]), make_gaps()
    figure = feeder.draw("north", *frames, zone=ZONE, net_convention="gross")
    assert figure.axes[0].get_ylabel() == "Gross power (older 'net') (MW)"
    with pytest.raises(KeyError):
        feeder.draw("north", *frames, zone=ZONE, net_convention="netto")


def test_the_title_names_feeder_and_span_and_keeps_a_dollar():
    figure = feeder.draw("a$b$", make_profile([1, 2]), make_gaps(), zone=ZONE)
    assert figure.get_suptitle() == "a$b$, 2024-07-12 00:00 - 2024-07-12 00:30"
    assert to_png(figure)


def test_a_long_name_leaves_room_for_the_span_in_the_title():
    figure = feeder.draw("a" * 120, make_profile([1, 2]), make_gaps(), zone=ZONE)
    to_png(figure)
    assert figure.get_suptitle().endswith("2024-07-12 00:30")
    (title,) = figure.findobj(
        lambda artist: isinstance(artist, Text) and artist.get_text() == figure.get_suptitle()
    )
    assert title.get_window_extent().x1 < figure.bbox.x1


def test_a_gap_is_labelled_with_intervals_and_times():
    gaps = make_gaps(("2024-07-12", "2024-07-13", 96))
    figure = feeder.draw("north", make_profile([1], "2024-07-13"), gaps, zone=ZONE)
    assert "gap: 96 intervals, 2024-07-12 00:00 - 2024-07-13 00:00" in texts(figure)
    assert "1 gap, 96 intervals missing" in texts(figure)


def test_of_many_gaps_the_longest_are_labelled_without_overlap_and_all_are_counted():
    starts = pd.date_range(START, periods=100, freq="6h")
    spans = [
        (str(t), str(t + pd.Timedelta("15min") * (1 + i % 9)), 1 + i % 9)
        for i, t in enumerate(starts)
    ]
    profile = make_profile([1.0] * 2400)
    figure = feeder.draw("north", profile, make_gaps(*spans), zone=ZONE)
    to_png(figure)
    ax = figure.axes[0]
    labels = [text for text in ax.texts if text.get_text().startswith("gap:")]
    boxes = sorted((label.get_window_extent() for label in labels), key=lambda box: box.x0)
    assert 2 <= len(labels) <= 5
    assert all("gap: 9 intervals" in label.get_text() for label in labels)
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
    assert boxes[0].x0 >= ax.bbox.x0
    assert boxes[-1].x1 <= ax.bbox.x1
    assert f"100 gaps, {sum(1 + i % 9 for i in range(100))} intervals missing" in texts(figure)
    assert len(shaded(ax)) == 100


def test_legends_and_gap_labels_hide_no_data():
    gaps = make_gaps(("2024-07-12 00:30", "2024-07-12 00:45", 1))
    figure = feeder.draw("north", make_profile([5, -5, np.nan, 5]), gaps, zone=ZONE)
    to_png(figure)
    for ax in figure.axes:
        drawn = [ax.get_legend(), *ax.texts]
        assert all(artist.get_window_extent().y0 >= ax.bbox.y1 for artist in drawn)


def test_a_feeder_without_readings_says_so_and_is_shaded_throughout():
    gaps = make_gaps(("2024-07-12", "2024-07-13", 96))
    figure = feeder.draw("north", make_profile([np.nan] * 96), gaps, zone=ZONE)
    for ax in figure.axes:
        assert shaded(ax) == [(day("2024-07-12"), day("2024-07-13"))]
    assert texts(figure).count(theme.NO_READINGS) == 2


def test_a_feeder_without_any_row_can_be_drawn():
    figure = feeder.draw("north", make_profile([]), make_gaps(), zone=ZONE)
    assert theme.NO_READINGS in texts(figure)
    assert to_png(figure)


@pytest.mark.parametrize("net", [[0.0] * 96, [-3.0, -4.0], [5.0]])
def test_a_dead_a_negative_and_a_single_reading_show_zero_and_the_value(net):
    ax = feeder.draw("north", make_profile(net), make_gaps(), zone=ZONE).axes[0]
    bottom, top = ax.get_ylim()
    assert bottom < min(0, *net)
    assert top > max(0, *net)
    assert net_line(ax)[1].tolist() == np.repeat(net, 2).tolist()


def test_exact_decimals_and_missing_values_are_accepted():
    profile = make_profile([1, 2])
    for column in profile.columns[1:]:
        profile[column] = pd.Series([Decimal("1.25"), None], dtype=object)
    ax = feeder.draw("north", profile, make_gaps(), zone=ZONE).axes[0]
    assert value_at(ax, "2024-07-12 00:05") == [1.25]
    assert value_at(ax, "2024-07-12 00:20") == []


def test_the_combined_plot_keeps_the_order_and_ends_in_the_total():
    figure = draw_all_feeders(make_panels([1, 3, 2]))
    names = [ax.get_title(loc="left") for ax in figure.axes]
    assert names == ["f000", "f001", "f002", "total"]
    (total,) = figure.axes[-1].findobj(lambda a: isinstance(a, Text) and a.get_text() == "total")
    assert total.get_weight() == "bold"
    # in the colour of the key, but for the line at zero
    colours = [line.get_color() for line in figure.axes[-1].lines]
    assert sorted(set(colours)) == [theme.BLUE, theme.DARK] and colours.count(theme.DARK) == 1
    assert figure.get_supylabel() == "Net power (MW)"
    assert figure.axes[-1].get_xlabel() == "Time (America/Denver)"
    assert not any("feeders shown" in text for text in texts(figure))


def test_each_panel_has_its_own_scale_and_all_share_the_time():
    small, large, total = draw_all_feeders(make_panels([1, 50])).axes
    assert small.get_ylim()[1] < 2
    assert large.get_ylim()[1] > 50
    assert small.get_xlim() == large.get_xlim() == total.get_xlim()


def test_the_total_is_shaded_where_a_feeder_is_missing():
    figure = draw_all_feeders(make_panels([1, 2]))
    assert shaded(figure.axes[-1]) == [(day("2024-07-12 00:15"), day("2024-07-12 00:30"))]
    assert shaded(figure.axes[0]) == []
    assert "unknown in 1 span, 1 interval" in texts(figure)


def test_of_too_many_feeders_the_largest_are_shown_and_the_figure_says_so():
    panels = make_panels([float(i % 50) for i in range(200)])
    export = make_profile([1, 1], low=[1, -99])  # the largest peak may be an export
    panels[7] = ("f007", export, make_gaps())
    figure = draw_all_feeders(panels, most=3)
    names = [ax.get_title(loc="left") for ax in figure.axes]
    assert names == ["f007", "f049", "f099", "total"]
    assert "3 of 200 feeders shown: those with the largest peak" in texts(figure)


def test_a_series_needs_only_its_net_columns():
    profile = make_profile([1, 2, np.nan, 4])[["bucket_start", "mw_net_min", "mw_net_max"]]
    gaps = make_gaps(("2024-07-12 00:30", "2024-07-12 00:45", 1))
    figure = series.draw("a.csv", profile, gaps, value_label="Raw value (kW)", zone="UTC")
    (ax,) = figure.axes
    assert ax.get_ylabel() == "Raw value (kW)"
    assert ax.get_xlabel() == "Time (UTC)"
    assert len(shaded(ax)) == 1
    assert value_at(ax, "2024-07-12 00:40") == []


def test_equal_figures_give_equal_bytes_without_version_or_date():
    frames = (
        make_profile([1, -2, np.nan, 4]),
        make_gaps(("2024-07-12 00:30", "2024-07-12 00:45", 1)),
    )
    first, second = (to_png(feeder.draw("n", *frames, zone=ZONE)) for _ in range(2))
    assert first == second
    assert first.startswith(b"\x89PNG")
    assert b"Software" not in first


def test_estimates_are_dashed_in_their_band_and_broken_where_there_is_none():
    estimates = make_estimates(
        ("2024-07-12 00:15", 1, 2, 4), ("2024-07-12 00:30", 0, 3, 6), ("2024-07-12 01:15", 5, 7, 9)
    )
    profile = make_profile([2, np.nan, np.nan, 3, 3, np.nan, 3])
    figure = feeder.draw("north", profile, make_gaps(), zone=ZONE, estimates=estimates)
    ax = figure.axes[0]
    (line,) = [line for line in ax.lines if same_color(line.get_color(), theme.RED)]
    assert line.is_dashed() and not any(
        other.is_dashed() for other in ax.lines if other is not line
    )
    y = line.get_ydata()
    np.testing.assert_array_equal(y, [2, 2, 3, 3, np.nan, 7, 7])
    assert line.get_xdata()[5:].tolist() == [day("2024-07-12 01:15"), day("2024-07-12 01:30")]
    (band,) = [
        found
        for found in ax.collections
        if same_color(found.get_facecolor()[0][:3], theme.RED) and found.get_alpha() < 0.5
    ]
    heights = {tuple(sorted(set(path.vertices[:, 1]))) for path in band.get_paths()}
    assert heights == {(0, 1, 4, 6), (5, 9)}
    assert ax.get_ylim()[1] >= 9
    assert {"estimated", "band of the estimate"} <= set(texts(figure))
    plain = feeder.draw("north", profile, make_gaps(), zone=ZONE)
    assert "estimated" not in texts(plain)


def test_estimates_of_a_feeder_and_of_the_total_are_in_their_own_panels():
    estimates = {"f001": make_estimates(("2024-07-12 00:15", 1, 2, 4)), "total": None}
    figure = draw_all_feeders(make_panels([1, 2]), estimates=estimates)
    red = [sum(same_color(line.get_color(), theme.RED) for line in ax.lines) for ax in figure.axes]
    assert red == [0, 1, 0]
    words = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    assert words[-2:] == ["estimated", "band of the estimate"]
