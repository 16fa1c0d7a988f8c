"""Keep Dagster's own state of a root small. Knows its storage, not what runs do.

Deleting a run by Dagster's API leaves its log files, its own event database and the rows of its
checks: each run would leave a megabyte or two for ever.
"""

import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path

from dagster import DagsterInstance
from sqlalchemy import bindparam, text
from sqlalchemy.exc import DatabaseError

IDS_A_STATEMENT = 500  # SQLite takes a thousand or more
COUNTS = ("freelist_count", "page_count")
DAY = 24 * 60 * 60
INDEX = "index"  # the event database of all runs
RUNLESS = ""  # the run of events that belong to none, which the command reports
# the tables of checks have no function that deletes the rows of a run
CHECKS = text("delete from asset_check_executions where run_id in :runs").bindparams(
    bindparam("runs", expanding=True)
)

OLDER_EVENTS = (
    """
    delete from event_logs
    where run_id = '' and (
        dagster_event_type <> 'ASSET_MATERIALIZATION'
        or id in (
            select id from (
                select id, row_number() over (partition by asset_key order by id desc) as place
                from event_logs
                where run_id = '' and dagster_event_type = 'ASSET_MATERIALIZATION'
            ) where place > :keep
        )
    )
    """,
    """
    delete from asset_check_executions
    where run_id = '' and id in (
        select id from (
            select
                id,
                row_number() over (partition by asset_key, check_name order by id desc) as place
            from asset_check_executions
            where run_id = ''
        ) where place > :keep
    )
    """,
)


def prune_runs(used: DagsterInstance, keep: int) -> int:
    """Delete all but the latest runs, with events, checks and logs; return how many went.

    A run that has not ended stays for a day: it may be waiting for its turn. `used` may keep
    connections of its own, so this opens the same storage once more.
    """
    if not used.is_persistent:
        return 0
    with DagsterInstance.from_ref(used.get_ref()) as instance:
        return _prune(instance, keep)


def _prune(instance: DagsterInstance, keep: int) -> int:
    latest = instance.get_run_ids(limit=keep)
    if len(latest) < keep:
        return 0
    now = time.time()
    old = [
        record.dagster_run.run_id
        for record in instance.get_run_records(cursor=latest[-1])
        if record.dagster_run.is_finished or record.create_timestamp.timestamp() < now - DAY
    ]
    for run_id in old:
        shard = Path(instance.event_log_storage.path_for_shard(run_id))
        instance.compute_log_manager.delete_logs(prefix=[run_id])
        try:
            instance.delete_run(run_id)
        except DatabaseError:  # its own database is damaged
            _remove(shard)
            instance.delete_run(run_id)
        _remove(shard)
    for start in range(0, len(old), IDS_A_STATEMENT):
        with instance.event_log_storage.index_connection() as connection:
            connection.execute(CHECKS, {"runs": old[start : start + IDS_A_STATEMENT]})
    _remove_orphans(instance, now)
    if old:
        _compact(Path(instance.event_log_storage.path_for_shard(INDEX)))
    return len(old)


def prune_events(instance: DagsterInstance, keep: int) -> None:
    """Delete all but the latest events of each asset and check that the command has reported.

    Copies of them, which nothing reads, are all deleted, and so are events of checks: these have a
    table of their own.
    """
    log = instance.event_log_storage
    with log.run_connection(RUNLESS) as connection:
        connection.execute(text("delete from event_logs"))
    with log.index_connection() as connection:
        for statement in OLDER_EVENTS:
            connection.execute(text(statement), {"keep": keep})
    _compact(Path(log.path_for_shard(INDEX)))


def _compact(database: Path) -> None:
    """Give back the room of deleted rows if it is most of a database that nobody is using."""
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(database, timeout=1)) as con:
        free, pages = (con.execute(f"pragma {name}").fetchone()[0] for name in COUNTS)
        if 2 * free > pages:
            con.execute("vacuum")


def _remove_orphans(instance: DagsterInstance, now: float) -> None:
    """Remove event databases of unknown runs; a young one may be that of a run just beginning."""
    known = {INDEX, *instance.get_run_ids()}
    for path in Path(instance.event_log_storage.path_for_shard(INDEX)).parent.glob("*.db"):
        with suppress(OSError):
            if path.stem not in known and path.stat().st_mtime < now - DAY:
                _remove(path)


def _remove(shard: Path) -> None:
    for suffix in ("-wal", "-shm", ""):
        with suppress(OSError):  # Windows, while the page reads it: removed later as an orphan
            shard.with_name(shard.name + suffix).unlink(missing_ok=True)
