"""What dbt is spared makes no difference to what it does."""

import pytest
from dbt.adapters.events.types import NewConnection
from dbt_common.clients.jinja import MacroFuzzEnvironment, get_template
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.types import Note

from dagster_defs.lean_dbt import TemplateCache, drop_debug_events

TEMPLATES = ("{{ 1 + x }}", "{% macro f(a=2) %}{{ a }}{% endmacro %}", "{{ '7' | as_number }}")


@pytest.fixture
def compiled(monkeypatch) -> list[str]:
    """The sources that were compiled; dbt is as it was when the test has ended."""
    sources, compile_anew = [], MacroFuzzEnvironment.compile

    def compile_noted(environment, source, *args, **kwargs):
        sources.append(source)
        return compile_anew(environment, source, *args, **kwargs)

    monkeypatch.setattr(MacroFuzzEnvironment, "compile", compile_noted)
    return sources


def rendered() -> list:
    """What dbt makes of all templates, as text and as Python's values."""
    return [
        get_template(source, {}, native=native).render({"x": 4})
        for source in TEMPLATES
        for native in (False, True)
    ]


def used(path, monkeypatch, made_from="one project") -> TemplateCache:
    """A cache in use, as in a new process."""
    monkeypatch.setattr(MacroFuzzEnvironment, "compile", MacroFuzzEnvironment.compile)
    cache = TemplateCache(path, made_from)
    cache.use()
    return cache


def test_a_template_is_compiled_by_one_process_and_means_the_same_in_the_next(
    compiled, tmp_path, monkeypatch
):
    path = tmp_path / "templates.cache"
    as_ever = rendered()
    assert as_ever[0] == "5" and as_ever[1] == 5 and as_ever[5] == 7
    for process in (1, 2):
        compiled.clear()
        with monkeypatch.context() as patch:
            cache = used(path, patch)
            assert rendered() == rendered() == as_ever
            cache.save()
        assert len(compiled) == (2 * len(TEMPLATES) if process == 1 else 0)
        written = path.stat().st_mtime_ns
    with monkeypatch.context() as patch:
        used(path, patch).save()
    assert path.stat().st_mtime_ns == written
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("damage", ["other project", "cut short", "one byte", "empty", "absent"])
def test_templates_that_are_not_good_are_compiled_anew(damage, compiled, tmp_path, monkeypatch):
    path = tmp_path / "templates.cache"
    with monkeypatch.context() as patch:
        cache = used(path, patch)
        as_ever = rendered()
        cache.save()
    data = path.read_bytes()
    if damage == "cut short":
        path.write_bytes(data[:-100])
    elif damage == "one byte":
        path.write_bytes(data[:-100] + bytes([data[-100] ^ 1]) + data[-99:])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "absent":
        path.unlink()
    compiled.clear()
    project = "another project" if damage == "other project" else "one project"
    with monkeypatch.context() as patch:
        cache = used(path, patch, project)
        assert rendered() == as_ever
        cache.save()
    assert len(compiled) == 2 * len(TEMPLATES)
    assert len(path.read_bytes()) == len(data)


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
