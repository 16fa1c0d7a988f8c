"""Dagster's event log in SQLite with connections that are kept. Knows storage, not events.

Dagster opens the file anew for each of the 1,900 statements of a run: a third of its CPU seconds.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from dagster import DagsterInstance
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from sqlalchemy import Connection, Engine, create_engine


def keep_connections(instance: DagsterInstance) -> None:
    """Let this process's event log keep its connections, if it is the usual one."""
    log = instance.event_log_storage
    if type(log) is SqliteEventLogStorage:
        log.__class__, log.engines = _KeepingEventLog, {}


class _KeepingEventLog(SqliteEventLogStorage):
    engines: dict[str, Engine]

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        """As Dagster's own, but with one engine a file, whose pool keeps the connection."""
        if shard not in self.engines:
            with super()._connect(shard):  # makes the tables
                pass
            patience = {"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
            engine = create_engine(self.conn_string_for_shard(shard), connect_args=patience)
            self.engines[shard] = engine
        with (
            self._db_lock,
            self.engines[shard].connect() as connection,
            connection.begin(),
        ):
            yield connection

    def dispose(self) -> None:
        super().dispose()
        for engine in self.engines.values():
            engine.dispose()
