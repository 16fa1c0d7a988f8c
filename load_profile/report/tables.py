"""Read the report's tables and headline figures, by the names that the template has for them."""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

import duckdb

from ingest.notes import notes_of_files, waiting_holes
from ingest.sql import sql_beside
from load_profile.plots.theme import NET
from load_profile.shown import MEGA, unit_for
from load_profile.terminal.queries import CONFLICTS, CORRECTIONS, FILES, WHOLE

MOST_ROWS = 500  # of a table; the page reports how many are left out
MOST_LETTERS = 20
POWER_FACTORS = "select pf_total, pf_total_max from combined_profiles where interval_start_at = ?"
UNIT = re.compile(r"\(M(W|VA|Wh|varh)\)")  # in a column's name
POWERS = ("(MW)", "(MVA)")
IN_MEGA = ("_mw", "_mva", "_mwh")  # ends of names of headline figures
HEADLINE_POWERS = ("peak_mw", "min_mw", "peak_mva", "measured_peak_mw", "noncoincident_mw")
# tables of a `.sql` file each, by the template's name
TABLES = (
    "waiting",
    "findings",
    "gaps",
    "states",
    "methods",
    "decided",
    "known",
    "feeders",
    "feeder_factors",
    "months",
    "years",
    "total_factors",
    "time_of_use",
)


@dataclass(frozen=True)
class Table:
    """Rows of a query under its column names; `left_out` is how many more there are."""

    columns: tuple[str, ...]
    rows: tuple[tuple, ...]
    left_out: int = 0

    @cached_property
    def is_number(self) -> tuple[bool, ...]:
        """Which columns hold numbers, which are aligned to the right."""
        return tuple(
            any(
                isinstance(value, int | float | Decimal) and not isinstance(value, bool)
                for value in column
            )
            for column in zip(*self.rows, strict=True)
        )


@dataclass(frozen=True)
class Extent:
    """The system's clock and intervals, and the span of its readings, None before there is one."""

    zone: str
    net_convention: str
    interval_minutes: int | None
    first: datetime | None
    last: datetime | None
    minutes: int | None
    first_start_at: datetime | None

    @property
    def power(self) -> str:
        """What net power is called."""
        return NET[self.net_convention]


def read_extent(con: duckdb.DuckDBPyConnection) -> Extent:
    """Return the system and its span; later queries of this connection may use `on_clock`."""
    con.execute(query("on_clock"))
    system = con.execute("select timezone, net_convention, interval_minutes from stg_system")
    return Extent(
        *(system.fetchone() or ("UTC", "signed", None)), *con.execute(query("span")).fetchone()
    )


def read_tables(
    con: duckdb.DuckDBPyConnection, started: datetime, extent: Extent
) -> dict[str, object]:
    """Return all tables and headline figures; what came since `started` is of this run."""
    zone = extent.zone
    return {
        "zone": zone,
        "clock": "UTC" if zone == "UTC" else f"on the clock of {zone}",
        "power": extent.power,
        "is_gross": extent.net_convention == "gross",
        "first": extent.first,
        "last": extent.last,
        **_headline(con),
        "unknown_months": [month for (month,) in con.execute(query("unknown_months")).fetchall()],
        "outcomes": con.execute(FILES, [started]).fetchall(),
        "arrived": table_of(con, query("arrived"), {"started": started}),
        "notes": notes_of_files(con, started),
        "holes": waiting_holes(con),
        "letters": con.execute(query("letters"), {"most": MOST_LETTERS}).fetchall(),
        "conflicts": table_of(con, CONFLICTS, [datetime.min]),
        "corrections": table_of(con, CORRECTIONS, [started]),
        **{name: table_of(con, query(name)) for name in TABLES},
    }


def query(name: str) -> str:
    """Return a query, with the figures that several have in common."""
    text = sql_beside(__file__, name)
    return text.replace("{figures}", sql_beside(__file__, "figures"))


def table_of(con: duckdb.DuckDBPyConnection, sql: str, parameters: object = None) -> Table:
    """Return the first rows of a query."""
    result = con.execute(sql, parameters)
    return first_rows([column[0] for column in result.description], result.fetchall())


def first_rows(names: list[str], rows: list[tuple]) -> Table:
    """Return the first MOST_ROWS rows, without columns in which nothing is known.

    Power and energy are in kW and kWh where no power in the table reaches 1 MW.
    """
    left_out, rows = max(len(rows) - MOST_ROWS, 0), rows[:MOST_ROWS]
    in_mega = [bool(UNIT.search(name)) for name in names]
    is_power = [any(power in name for power in POWERS) for name in names]
    unit = unit_for(row[i] for row in rows for i, is_one in enumerate(is_power) if is_one)
    if unit != MEGA:
        names = [UNIT.sub(rf"({unit.prefix}\1)", name) for name in names]
        rows = [
            tuple(
                unit.of(value) if scaled else value
                for value, scaled in zip(row, in_mega, strict=True)
            )
            for row in rows
        ]
    kept = [i for i in range(len(names)) if not rows or any(row[i] is not None for row in rows)]
    return Table(
        tuple(names[i] for i in kept),
        tuple(tuple(row[i] for i in kept) for row in rows),
        left_out,
    )


def _headline(con: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """Return the figures of the total over all time, and bounds of its power factor at the peak."""
    result = con.execute(WHOLE)
    names = [column[0] for column in result.description]
    figures = result.fetchone()
    if not figures:
        return {"whole": None, "unit": MEGA, "power_factors": (None, None)}
    whole = dict(zip(names, figures, strict=True))
    bounds = con.execute(POWER_FACTORS, [whole["peak_at"]]).fetchone()
    unit = unit_for(whole[name] for name in HEADLINE_POWERS)
    whole = {
        name: unit.of(value) if name.endswith(IN_MEGA) else value for name, value in whole.items()
    }
    return {"whole": whole, "unit": unit, "power_factors": bounds or (None, None)}
