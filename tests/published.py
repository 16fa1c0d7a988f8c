"""What tests of publishing share: rows of the published file, and changes to publish."""

import os
from contextlib import closing

import duckdb
import pytest

from ingest.warehouse import open_warehouse
from ingest.workspace import Workspace
from load_profile.dbt import read_manifest
from load_profile.publish.marts import published_marts

MARTS = published_marts(read_manifest())
# what a change is judged by, and the tables that show it
JUDGED = ("corrections", "files", "combined_profiles", "gaps", "combined_gaps")
JUDGED += ("correction_effects", "file_conflicts")
NEEDS_POSIX = pytest.mark.skipif(os.name != "posix", reason="Windows replaces no file in use")


def connect(space: Workspace) -> closing:
    return closing(duckdb.connect(str(space.published), read_only=True))


def rows(space: Workspace, sql: str) -> list[tuple]:
    with connect(space) as con:
        return con.execute(sql).fetchall()


def change(space: Workspace, milliwatts: int = 1, feeder: str = "north") -> None:
    """What a build does: other values in a feeder's August, and in the total's, and other stamps.

    Every interval of the total stays the sum of its feeders.
    """
    august = "date_trunc('month', {}) = timestamp '2024-08-01'"
    at_start = august.format("interval_start_at")
    with open_warehouse(space.warehouse) as con:
        con.begin()
        con.execute(
            f"update feeder_profiles set mw_net = mw_net + ? where feeder = ? and {at_start}",
            [milliwatts, feeder],
        )
        con.execute(
            f"update combined_profiles set mw_total = mw_total + ? where {at_start}", [milliwatts]
        )
        con.execute(
            f"""update model_parts set stamp = md5(stamp) where {august.format("month_start_at")}
            and model in ('feeder_profiles', 'combined_profiles')"""
        )
        con.commit()
