"""Spare dbt work that nobody sees the result of; what it makes is the same without.

dbt makes a message of each of 2,800 debug events a run before it looks whether anybody listens, and
compiles the templates of its macros anew in every process: together half of the time in which a
small build keeps Python busy.
"""

import marshal
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from types import CodeType

MADE_BY = ("jinja2", "dbt-common", "dbt-core")  # a code object is good for these versions only


@contextmanager
def lean(templates: Path, made_from: str) -> Iterator[None]:
    """Spare this process all of it from now on; at the end keep the templates compiled meanwhile.

    For a process in which nobody listens to debug events. See TemplateCache for the arguments.
    """
    cached = TemplateCache(templates, made_from)
    cached.use()
    drop_debug_events()
    share_calendars()
    yield
    cached.save()


def drop_debug_events() -> None:
    """From now on make no message of a debug event: for a process in which nobody listens to them.

    An event that is looked at after all is made then.
    """
    from dbt_common.events.base_types import BaseEvent, EventLevel
    from dbt_common.events.event_manager import EventManager

    make, look_up, fire = BaseEvent.__init__, BaseEvent.__getattr__, EventManager.fire_event

    def note(event: BaseEvent, *args, **kwargs) -> None:
        vars(event)["given"] = args, kwargs
        if event.level_tag() is not EventLevel.DEBUG:
            event.pb_msg  # noqa: B018 - makes it

    def make_late(event: BaseEvent, name: str):
        if "given" in vars(event):
            args, kwargs = vars(event).pop("given")
            make(event, *args, **kwargs)
            return getattr(event, name)
        return look_up(event, name)

    def fire_audible(manager: EventManager, e: BaseEvent, level=None, *args, **kwargs) -> None:
        if (level or e.level_tag()) is not EventLevel.DEBUG:
            fire(manager, e, level, *args, **kwargs)

    BaseEvent.__init__, BaseEvent.__getattr__ = note, make_late
    EventManager.fire_event = fire_audible


def share_calendars() -> None:
    """From now on read dates in results by one calendar a language, made of 200 patterns."""
    import parsedatetime

    parsedatetime.Constants = cache(parsedatetime.Constants)


class TemplateCache:
    """The code of compiled templates, kept in a file from one process to the next.

    `made_from` says what project they belong to: templates of another one are forgotten.
    """

    def __init__(self, path: Path, made_from: str) -> None:
        self._path = path
        versions = ",".join(f"{name} {version(name)}" for name in MADE_BY)
        self._head = sha256(f"{versions} {made_from}".encode() + MAGIC_NUMBER).digest()
        self._codes: dict[bytes, CodeType] = {}
        self._count = 0

    def use(self) -> None:
        """From now on let dbt take what is kept, and keep what it compiles."""
        from dbt_common.clients.jinja import MacroFuzzEnvironment

        self._read()
        compile_anew = MacroFuzzEnvironment.compile

        def compile_once(environment: MacroFuzzEnvironment, source, *args, **kwargs) -> CodeType:
            if args or kwargs or not isinstance(source, str):
                return compile_anew(environment, source, *args, **kwargs)
            key = sha256(f"{type(environment).__name__}\n{source}".encode()).digest()
            if key not in self._codes:
                self._codes[key] = compile_anew(environment, source)
            return self._codes[key]

        MacroFuzzEnvironment.compile = compile_once

    def save(self) -> None:
        """Write the file if there is anything new to keep."""
        if len(self._codes) > self._count:
            content = marshal.dumps(self._codes)
            temporary = self._path.with_suffix(f".{os.getpid()}")
            temporary.write_bytes(self._head + sha256(content).digest() + content)
            with suppress(PermissionError):  # Windows, while another process reads it
                temporary.replace(self._path)
            temporary.unlink(missing_ok=True)
            self._count = len(self._codes)

    def _read(self) -> None:
        try:
            data = self._path.read_bytes()
        except OSError:
            return
        content = data[64:]
        # marshal does not say so when it is given something else, it crashes
        if data[:64] == self._head + sha256(content).digest():
            self._codes = marshal.loads(content)
            self._count = len(self._codes)
