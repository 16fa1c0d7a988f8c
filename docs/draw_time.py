"""Draw docs/time-dst-days.png: the hours around both changes of a clock, for docs/time.md.

Run by hand: .venv/bin/python docs/draw_time.py
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

DENVER, STANDARD = ZoneInfo("America/Denver"), ZoneInfo("Etc/GMT+7")
# daylight time, standard time, no season
DAYLIGHT_FILL, STANDARD_FILL, PLAIN_FILL = "#fde3b0", "#cfe3f2", "#f2f2f2"
EDGE, DARK, ALERT = "#7a7a7a", "#202020", "#b03060"


@dataclass(frozen=True)
class Day:
    """A day on which the clock changes, two hours after `first_at`."""

    title: str
    first_at: datetime
    note: str


DAYS = (
    Day(
        "Spring, 9 March 2025: a day of 92 quarter hours",
        datetime(2025, 3, 9, 7, tzinfo=UTC),
        "02:00 to 03:00 is never shown",
    ),
    Day(
        "Autumn, 2 November 2025: a day of 100 quarter hours",
        datetime(2025, 11, 2, 6, tzinfo=UTC),
        "01:00 to 02:00 is shown twice, told apart by order",
    ),
)
HOURS, CHANGE = 6, 2  # hours shown, and after how many of them the clock changes
CLOCKS = (
    ("UTC, the key of every table", UTC),
    ("meter on a wall clock\ntimezone America/Denver", DENVER),
    ("meter on standard time\ntimezone Etc/GMT+7", STANDARD),
)


def draw_day(axes: Axes, day: Day) -> None:
    """One row of hours per clock; what stands in one column is the same moment."""
    for row, (name, zone) in enumerate(CLOCKS):
        axes.text(-0.15, -row, name, ha="right", va="center", fontsize=9, color=DARK)
        for number in range(HOURS):
            local = (day.first_at + timedelta(hours=number)).astimezone(zone)
            season = DAYLIGHT_FILL if local.dst() else STANDARD_FILL
            axes.barh(
                -row,
                1,
                left=number,
                height=0.62,
                color=PLAIN_FILL if zone is UTC else season,
                edgecolor=EDGE,
                linewidth=0.8,
            )
            axes.text(number + 0.5, -row, f"{local:%H:%M}", ha="center", va="center", fontsize=9)
    axes.plot([CHANGE] * 2, [-2.4, 0.4], color=ALERT, linewidth=1.6, linestyle=(0, (4, 2)))
    axes.text(CHANGE + 0.08, 0.5, day.note, color=ALERT, fontsize=9, va="bottom")
    axes.set_title(day.title, loc="left", fontsize=11, fontweight="bold", x=-0.42, pad=16)
    axes.set_xlim(-0.02, HOURS + 0.02)
    axes.set_ylim(-2.5, 0.9)
    axes.axis("off")


def main() -> None:
    figure = Figure(figsize=(9, 5.4), facecolor="white")
    FigureCanvasAgg(figure)
    for axes, day in zip(figure.subplots(2, 1), DAYS, strict=True):
        draw_day(axes, day)
    for place, fill, word in (
        (0.3, DAYLIGHT_FILL, "daylight time"),
        (0.47, STANDARD_FILL, "standard time"),
    ):
        figure.text(
            place, 0.02, word, fontsize=9, bbox={"facecolor": fill, "edgecolor": EDGE, "pad": 3}
        )
    figure.text(0.64, 0.02, "each box is an hour, by its start", fontsize=9, color=DARK)
    figure.subplots_adjust(left=0.3, right=0.98, top=0.88, bottom=0.09, hspace=0.5)
    figure.savefig(Path(__file__).with_name("time-dst-days.png"), dpi=100)


if __name__ == "__main__":
    main()
