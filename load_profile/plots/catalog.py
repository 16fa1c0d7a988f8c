"""Every plot below lp/plots: its file, module, title and the tables that its fingerprint covers.

A plot is redrawn when its code or a row of one of these tables has changed.
"""

from typing import NamedTuple

NET_LOAD, PLANNER = "plots", "planner_plots"  # keys of lp/.outputs.json, one a step


class Plot(NamedTuple):
    """A file `<name>.png`.

    With the name FEEDER one per feeder, whose fingerprint covers only that feeder's rows.
    """

    step: str
    name: str
    module: str
    title: str
    depends_on: tuple[str, ...]


FEEDER = "<feeder>"
INTERVALS = ("output_stamps", "stg_meter_data", "stg_system")  # fingerprints of all interval rows

# No feeder has the name of another plot: `ingest.meter_rows` reserves them.
PLOTS = (
    Plot(
        NET_LOAD,
        FEEDER,
        "feeder",
        "Net load with gaps shaded and estimates dashed, delivered and received",
        (*INTERVALS, "final_exceptions"),
    ),
    Plot(
        NET_LOAD,
        "all",
        "all_feeders",
        "Net load of all feeders and their total",
        (*INTERVALS, "final_exceptions"),
    ),
    Plot(
        PLANNER,
        "heat-map",
        "heat_map",
        "Net power of the total and the largest feeders by day and time of day",
        (*INTERVALS, "planner_figures"),
    ),
    Plot(
        PLANNER,
        "load-duration",
        "load_duration",
        "Load-duration curves: net power against the share of the time it is reached",
        ("load_duration", "stg_meter_data", "stg_system"),
    ),
    Plot(
        PLANNER,
        "typical-day",
        "typical_day",
        "Typical days by season and day type: median net power with a 10 to 90 % band",
        (*INTERVALS, "time_of_use"),
    ),
    Plot(
        PLANNER,
        "by-month",
        "by_month",
        "Peak and net energy of the total month by month, and the feeders ranked",
        ("planner_figures", "stg_meter_data", "stg_system"),
    ),
    Plot(
        PLANNER,
        "gap-calendar",
        "gap_calendar",
        "Gap calendar: the missing share of every day, feeder by feeder",
        ("planner_figures", "stg_meter_data", "stg_system"),
    ),
)
PLANNER_NAMES = tuple(plot.name for plot in PLOTS if plot.step == PLANNER)
