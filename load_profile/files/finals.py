"""Write lp/*_final.csv from the tables: what counts in the end.

A feeder whose values are all actual has no such file: lp/<feeder>.csv is the same.
"""

import duckdb

from ingest.sql import sql_beside
from ingest.workspace import Workspace
from load_profile.files.cells import line
from load_profile.files.columns import FINAL, FINAL_MEMBER, FINAL_TOTAL, PROFILE
from load_profile.files.profiles import (
    MONTH,
    feeders_of,
    month_fingerprints,
    write_feeders,
    write_total,
)
from load_profile.files.writer import Outputs, OutputWriter, fingerprint_of

FINAL_MONTHS = sql_beside(__file__, "profile_months").format(
    line=line(*FINAL.values()), table="final_profiles"
)
FINAL_TOTAL_MONTH = sql_beside(__file__, "final_total_month").format(
    member_cells=line(*FINAL_MEMBER.values()),
    line=line(PROFILE["Start Time"], PROFILE["start_utc"], "cells", *FINAL_TOTAL.values()),
)
# of what is not as in feeder_profiles, member_profiles and combined_profiles
FINGERPRINTS = """
select feeder, date_trunc('month', interval_start_at) as month_start_at, sum(hash(t))
from final_exceptions as t
group by all
union all
select 'total', date_trunc('month', interval_start_at) as month_start_at, sum(hash(t))
from final_totals as t
group by all
"""
HAVING = "select distinct feeder from final_exceptions"


def export_finals(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> Outputs:
    """Write lp/<feeder>_final.csv of feeders with a value that is not actual; lp/all_final.csv."""
    writer = OutputWriter(workspace.profiles, "finals")
    having = {feeder for (feeder,) in con.execute(HAVING).fetchall()}
    if having:
        feeders, months = feeders_of(con), month_fingerprints(con)
        for feeder, start, found in con.execute(FINGERPRINTS).fetchall():
            month = f"{start:{MONTH}}"
            months[feeder][month] = fingerprint_of(months[feeder].get(month), found)
        own = [feeder for feeder in feeders if feeder in having]
        write_feeders(con, writer, own, months, FINAL, FINAL_MONTHS, "_final.csv")
        names = [f"{feeder}_{name}" for feeder in feeders for name in FINAL_MEMBER]
        columns = ["Start Time", "start_utc", *names, *FINAL_TOTAL]
        values = {"feeders": feeders}
        write_total(con, writer, "all_final.csv", columns, FINAL_TOTAL_MONTH, values, months)
    return writer.finish()
