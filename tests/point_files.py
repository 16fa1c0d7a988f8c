"""A small layout of files with several meters, for tests: `point,start_utc,code,value`."""

import io

import pandas as pd

from ingest.layouts import CLASSIC
from ingest.layouts.interface import Layout, Outline
from ingest.layouts.parsed import Channel, LayoutError, Parsed, ParsedLayout
from ingest.problems import Problem

HEADER = "point,start_utc,code,value"
QUANTITY_OF = {
    **{"E": "del", "B": "rec", "N": "net", "E1": "del", "B1": "rec", "E2": "del", "B2": "rec"},
    **{"Q1": "kvar_q1", "Q2": "kvar_q2", "Q3": "kvar_q3", "Q4": "kvar_q4", "X": ""},
    **{"S": "kva_net", "R": "kvar_net"},
}


def _why_not(beginning: bytes) -> Problem | None:
    return None if beginning.startswith(HEADER.encode()) else Problem("no_header")


def _parse(data: bytes) -> Parsed:
    table = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)
    bad = table[~table["code"].isin(QUANTITY_OF)]
    if len(bad):
        raise LayoutError("bad_row", int(bad.index[0]) + 2, values={"text": bad["code"].iloc[0]})
    keys = list(dict.fromkeys(zip(table["point"], table["code"], strict=True)))
    number = {key: n for n, key in enumerate(keys)}
    start = pd.to_datetime(table["start_utc"]).astype("datetime64[us]")
    values = pd.DataFrame(
        {
            "channel": [number[key] for key in zip(table["point"], table["code"], strict=True)],
            "line": range(2, len(table) + 2),
            "position": 0,
            "start": start,
            "end": start + pd.Timedelta(minutes=15),
            "value": table["value"].where(table["value"] != "", None),
            "status": None,
        }
    )
    channels = tuple(Channel(point, code, QUANTITY_OF[code], "kW") for point, code in keys)
    notes = (("rows_of_test", len(table)),)
    return Parsed(channels, values, "utc", 15, notes, header_line=1)


POINTS = ParsedLayout("points", _why_not, _parse)


def with_points(data: bytes, name: str) -> tuple[Layout, Outline]:
    """Return the layout of a file with points, or the classic one, and the outline of the file."""
    layout = CLASSIC if POINTS.why_not(data) else POINTS
    return layout, layout.outline(data, name)
