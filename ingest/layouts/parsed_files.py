"""Keep the files that were parsed last: one is parsed for its outline, and not again for its rows.

What is kept is found by layout, name and content, so it is what the file says.
"""

from collections import OrderedDict
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingest.layouts.parsed import Parsed, ParsedLayout

MOST_VALUES = 4_000_000  # of all files kept; a value takes some 70 bytes
VALUES_OF_A_FILE = 200  # whose memory an empty file takes
ALWAYS_KEPT = 2  # files that are compared with one another, part by part
Key = tuple["ParsedLayout", str, str]


class _Kept:
    """The files parsed last, by layout, name and SHA-256. Threads may share it."""

    def __init__(self) -> None:
        self._files: OrderedDict[Key, Parsed] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def find(self, key: Key) -> "Parsed | None":
        with self._lock:
            if key in self._files:
                self._files.move_to_end(key)
            return self._files.get(key)

    def keep(self, key: Key, parsed: "Parsed") -> None:
        with self._lock:
            if key in self._files:
                return
            self._files[key] = parsed
            self._size += VALUES_OF_A_FILE + len(parsed.values)
            while len(self._files) > ALWAYS_KEPT and self._size > MOST_VALUES:
                _, dropped = self._files.popitem(last=False)
                self._size -= VALUES_OF_A_FILE + len(dropped.values)


_kept = _Kept()


def parsed_before(layout: "ParsedLayout", name: str, digest: str) -> "Parsed | None":
    """Return a file of this name and SHA-256 as it was parsed, None if that is not kept."""
    return _kept.find((layout, name, digest))


def parsed_once(layout: "ParsedLayout", data: bytes, name: str) -> "Parsed":
    """Return all that a file says, and keep it for the next time. Raises LayoutError."""
    key = layout, name, sha256(data).hexdigest()
    found = _kept.find(key)
    if found is None:
        found = layout.parsed(data, name)
        _kept.keep(key, found)
    return found
