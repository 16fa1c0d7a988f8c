"""Spare dbt work that nobody sees the result of; what it makes is the same without.

dbt makes a message of each of 2,800 debug events a run before it looks whether anybody listens, and
builds its calendars again for every column of dates.
"""

from functools import cache


def lean() -> None:
    """Spare this process all of it from now on, in which nobody listens to debug events."""
    drop_debug_events()
    share_calendars()


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
