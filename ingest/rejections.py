"""Close rejections in the ledger that later files have settled. Knows raw.files, no files."""

import duckdb

from ingest.sql import sql_beside

WITH_LOAD = """
select distinct file_id
from raw.interval_reads
where file_id in (select unnest(?)) and (del_raw <> 0 or rec_raw <> 0)
"""


def close_rejections(con: duckdb.DuckDBPyConnection, first_id: int = 0) -> None:
    """Close the rejections that files from `first_id` on have settled."""
    found = con.execute(sql_beside(__file__, "tables/renamed_files"), [first_id]).fetchall()
    renamed = [file_id for (file_id,) in found]
    if renamed:
        renamed = [file_id for (file_id,) in con.execute(WITH_LOAD, [renamed]).fetchall()]
    values = {"first_id": first_id, "renamed": renamed}
    con.execute(sql_beside(__file__, "tables/close_rejections"), values)
