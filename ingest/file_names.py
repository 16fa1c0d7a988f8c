"""Read what the name of a file says: its feeder, and the span of its readings. Opens no file."""

import re
import unicodedata
from datetime import datetime
from pathlib import Path

# What `filing` appends to the name of a rejected file, perhaps with a piece of its hash.
REJECTED_AS = re.compile(r"(-[0-9a-f]{8})?_(SEQUENCE-ERROR|UNREADABLE|UNKNOWN-METER|EMPTY)\Z")
# `<feeder>-<first start>_<last end>`, whatever a copy has after it.
SPAN = re.compile(r"-(\d{6}-\d{6})_(\d{6}-\d{6})(?!\d)")
TIME_FORMAT = "%m%d%y-%H%M%S"


def span_in(name: str) -> tuple[datetime, datetime] | None:
    """Return first start and last end as a file name has them, None without them."""
    span = SPAN.search(Path(name).stem)
    try:
        return tuple(datetime.strptime(text, TIME_FORMAT) for text in span.groups())
    except (AttributeError, ValueError):
        return None


def feeder_in(name: str) -> str:
    """Return the feeder in a file name, in lower case, letter by letter as SQL's lower() does.

    It is all before the span, or before the first dash of a name without one.
    """
    stem = REJECTED_AS.sub("", Path(name).stem)
    span = SPAN.search(stem)
    return _lower(stem[: span.start()] if span else stem.split("-", 1)[0])


def spanless_start(name: str) -> str | None:
    """Return a file name without a span in lower case, with a dash at its end; else None."""
    stem = REJECTED_AS.sub("", Path(name).stem)
    return None if SPAN.search(stem) else _lower(stem) + "-"


def _lower(text: str) -> str:
    text = unicodedata.normalize("NFC", text.strip())
    return "".join(letter.lower()[0] for letter in text)
