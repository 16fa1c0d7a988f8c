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
SUFFIXES = (".csv", ".txt", ".xml", ".xlsx", ".xls", ".ods", ".zip", ".gz")  # that are taken in


def rejected_name(name: str, ending: str) -> tuple[str, str]:
    """Return stem and ending of a rejected file: `ending` goes between, and .txt is its letter's.

    The stem of a file that is no .csv keeps its suffix, so that no two letters have one name.
    """
    path = Path(name)
    suffix = path.suffix.lower()
    stem = path.stem if suffix == ".csv" else path.name
    return stem, ending + (".csv" if suffix == ".txt" else suffix)


def original_name(name: str, sha256: str) -> str:
    """Return the name that a file first came with, also when it is dropped again from ERROR."""
    path = Path(name)
    appended = REJECTED_AS.search(path.stem)
    if appended is None:
        return name
    is_hash = appended[1] in (None, f"-{sha256[:8]}")
    stem = path.stem[: appended.start() if is_hash else appended.end(1)]
    return stem if Path(stem).suffix.lower() in SUFFIXES[1:] else stem + path.suffix


def _stem(name: str) -> str:
    """Return a name without what was appended to it and without its suffix, as `.csv.gz`."""
    stem = REJECTED_AS.sub("", Path(name).stem)
    is_whole = stem != Path(name).stem and Path(stem).suffix.lower() in SUFFIXES[1:]
    stem = Path(stem).stem if is_whole else stem
    is_packed = name.lower().endswith(".gz") and Path(stem).suffix.lower() in SUFFIXES
    return Path(stem).stem if is_packed else stem


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
    stem = _stem(name)
    span = SPAN.search(stem)
    return _lower(stem[: span.start()] if span else stem.split("-", 1)[0])


def spanless_start(name: str) -> str | None:
    """Return a file name without a span in lower case, with a dash at its end; else None."""
    stem = _stem(name)
    return None if SPAN.search(stem) else _lower(stem) + "-"


def _lower(text: str) -> str:
    text = unicodedata.normalize("NFC", text.strip())
    return "".join(letter.lower()[0] for letter in text)
