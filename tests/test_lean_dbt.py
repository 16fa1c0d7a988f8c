"""dbt starts in a fresh clone, and what it is spared makes no difference to what it does."""

import os
import shutil
import subprocess
import sys

from conftest import PROJECT
from dbt.adapters.events.types import NewConnection
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.types import Note

from dagster_defs.lean_dbt import drop_debug_events


def test_debug_events_are_dropped_and_all_others_are_told(monkeypatch):
    for owner, name in ((BaseEvent, "__init__"), (BaseEvent, "__getattr__")):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    monkeypatch.setattr(EventManager, "fire_event", EventManager.fire_event)
    told = []
    manager = EventManager()
    manager.add_callback(lambda event: told.append((event.info.level, event.info.msg)))

    def connection() -> NewConnection:
        return NewConnection(conn_type="duckdb", conn_name="one")

    def fire_all() -> None:
        manager.fire_event(connection())
        manager.fire_event(connection(), level=EventLevel.WARN)
        manager.fire_event(Note(msg="noted"), level=EventLevel.INFO)
        manager.fire_event(Note(msg="not noted"), level=EventLevel.DEBUG)

    fire_all()
    as_ever = told.copy()
    assert [level for level, _ in as_ever] == ["debug", "warn", "info", "debug"]
    told.clear()
    drop_debug_events()
    fire_all()
    assert told == as_ever[1:3]
    dropped = connection()
    assert dropped.conn_type == "duckdb" and dropped.to_dict()["conn_name"] == "one"


def test_a_fresh_clone_can_read_the_dbt_project(tmp_path):
    for name in ("dagster_defs", "load_profile", "ingest", "dbt_project/macros"):
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("*cache*"))
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(PROJECT / "dbt_project" / name, tmp_path / "dbt_project")
    target = tmp_path / "dbt_project/target"
    done = subprocess.run(
        [sys.executable, "-P", "-m", "load_profile.dbt", "parse", "--target-path", target],
        env={**os.environ, "PYTHONPATH": str(tmp_path), "LOAD_PROFILE_ROOT": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (target / "manifest.json").exists() and (target / "partial_parse.msgpack").exists()
