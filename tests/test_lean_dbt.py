"""What dbt is spared makes no difference to what it does."""

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
