"""Write files in partitions and keep their fingerprints, so that only what changed is rewritten.

Knows files and fingerprints, not tables. The fingerprint of a partition differs whenever its
content may differ. The index holds what earlier runs wrote; a file that is not as it was left, by
size and time, is rewritten as a whole.
"""

import filecmp
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PureWindowsPath
from threading import Lock

from ingest.caches import read_json, set_aside_damaged
from ingest.filing import write_text

INDEX = ".outputs.json"  # what a run wrote, so that nothing else is ever removed
BLOCK = 1 << 20  # bytes copied at once
FORGOTTEN = "all files here are written again, and files that are no longer made stay"
_INDEX_LOCK = Lock()  # two kinds may be written at once


@dataclass(frozen=True)
class Outputs:
    """The files that a step wrote, left unchanged and removed, below its folder."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    bytes_written: int


@dataclass(frozen=True)
class Noted:
    """A file as a run left it; of its partitions, in order: key, fingerprint, length in bytes."""

    size: int
    modified_ns: int
    parts: tuple[tuple[str, str, int], ...] = ()

    def is_still(self, path: Path) -> bool:
        """Whether the file is unchanged since."""
        try:
            stat = path.stat()
        except FileNotFoundError:
            return False
        return (stat.st_size, stat.st_mtime_ns) == (self.size, self.modified_ns)

    def ranges(self) -> dict[str, tuple[str, int, int]]:
        """Return fingerprint, first byte and length of every partition."""
        found, start = {}, 0
        for key, fingerprint, length in self.parts:
            found[key] = fingerprint, start, length
            start += length
        return found


class OutputWriter:
    """Writes one kind of files. `wanted` maps a file's partitions, in order, to fingerprints."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._folder, self._kind = folder, kind
        self._earlier = written_files(folder).get(kind, {})
        self._now: dict[str, Noted] = {}
        self._written: list[str] = []
        self._bytes_written = 0

    def changed(self, name: str, wanted: Mapping[str, str]) -> list[str]:
        """Return the keys of the partitions that have to be made."""
        known = self._known(name)
        return [key for key, found in wanted.items() if known.get(key, ("",))[0] != found]

    def write(self, name: str, wanted: Mapping[str, str], make: Callable[[str], bytes]) -> None:
        """Write a file: changed partitions come from `make`, the others from the old file."""
        if not _is_below(name):
            raise ValueError(f"{name!r} is not the name of a file in {self._folder}")
        path, known = self._folder / name, self._known(name)
        changed = set(self.changed(name, wanted))
        if not changed and list(wanted) == list(known):
            self.keep(name)
            return
        temporary = path.with_name(path.name + ".tmp")
        parts = []
        with temporary.open("wb") as target:
            for key, fingerprint in wanted.items():
                if key in changed:
                    length = target.write(make(key))
                else:
                    _, start, length = known[key]
                    _copy(path, start, length, target)
                parts.append((key, fingerprint, length))
        if replace_if_changed(temporary, path):
            self._written.append(name)
            self._bytes_written += sum(length for *_, length in parts)
        stat = path.stat()
        self._now[name] = Noted(stat.st_size, stat.st_mtime_ns, tuple(parts))

    def keep(self, name: str) -> None:
        """Leave a file of which nothing has changed."""
        self._now[name] = self._earlier[name]

    def note(self, name: str, file: Path, *, is_written: bool) -> None:
        """Note a file without partitions that was written, or left, by other means.

        `file` is where it is now, if it could not take its place.
        """
        stat = file.stat()
        self._now[name] = Noted(stat.st_size, stat.st_mtime_ns)
        if is_written:
            self._written.append(name)
            self._bytes_written += stat.st_size

    def is_as_left(self, name: str) -> bool:
        """Whether an earlier run noted this file and it is unchanged since."""
        noted = self._earlier.get(name)
        return bool(noted) and noted.is_still(self._folder / name)

    def finish(self) -> Outputs:
        """Remove files that an earlier run wrote and this one did not; note those there are now."""
        stale = sorted(self._earlier.keys() - self._now.keys())
        for name in stale:
            (self._folder / name).unlink(missing_ok=True)
        if self._now != self._earlier or not (self._folder / INDEX).exists():
            with _INDEX_LOCK:
                kinds = written_files(self._folder) | {self._kind: self._now}
                # `asdict` would copy each of thousands of partitions
                write_text(self._folder / INDEX, json.dumps(kinds, sort_keys=True, default=vars))
        return Outputs(
            written=tuple(self._written),
            unchanged=tuple(sorted(self._now.keys() - set(self._written))),
            removed=tuple(stale),
            bytes_written=self._bytes_written,
        )

    def _known(self, name: str) -> dict[str, tuple[str, int, int]]:
        return self._earlier[name].ranges() if self.is_as_left(name) else {}


def fingerprint_of(*texts: object) -> str:
    """Return one fingerprint for several values."""
    return sha256("\n".join(map(str, texts)).encode()).hexdigest()[:16]


def _copy(path: Path, start: int, length: int, target) -> None:
    """Append a range of a file's bytes to an open file."""
    with path.open("rb") as source:
        source.seek(start)
        while length and (block := source.read(min(length, BLOCK))):
            length -= target.write(block)


def replace_if_changed(temporary: Path, path: Path) -> bool:
    """Put a finished file in place of `path` unless the bytes are equal; return whether it was."""
    if path.exists() and filecmp.cmp(temporary, path, shallow=False):
        temporary.unlink()
        return False
    try:
        temporary.replace(path)
    except PermissionError as error:  # Windows, while a spreadsheet has it open
        raise PermissionError(
            f"{path} cannot be replaced: close the program that has it open and start again."
        ) from error
    return True


def is_output(path: Path) -> bool:
    """Whether a run wrote this file."""
    return any(path.name in names for names in written_files(path.parent).values())


def are_outputs_intact(folder: Path) -> bool:
    """Whether runs wrote files here, and all of them are unchanged since."""
    kinds = written_files(folder)
    return bool(kinds) and all(
        noted.is_still(folder / name) for names in kinds.values() for name, noted in names.items()
    )


def remove_outputs(folder: Path) -> int:
    """Remove everything that runs wrote in a folder; return how many files."""
    names = [name for kind in written_files(folder).values() for name in kind]
    for name in [*names, INDEX]:
        (folder / name).unlink(missing_ok=True)
    return len(names)


def written_files(folder: Path) -> dict[str, dict[str, Noted]]:
    """Return what earlier runs wrote in a folder, by kind and name; nothing if it is not known."""
    kinds = read_json(folder / INDEX, FORGOTTEN)
    try:
        found = {
            kind: {name: _noted(entry) for name, entry in names.items()}
            for kind, names in kinds.items()
        }
        # files that are listed and no longer wanted are removed: none outside of the folder
        if not all(_is_below(name) for names in found.values() for name in names):
            raise KeyError("a file that is not below")
        return found
    except (AttributeError, KeyError, TypeError):
        set_aside_damaged(folder / INDEX, FORGOTTEN)
        return {}


def _is_below(name: str) -> bool:
    """Whether a relative path stays inside its folder."""
    return not PureWindowsPath(name).anchor and ".." not in re.split(r"[/\\]", name)


def _noted(entry: dict | int) -> Noted:
    if isinstance(entry, int):  # an older index had the size alone
        return Noted(entry, 0)
    return Noted(**entry | {"parts": tuple(map(tuple, entry["parts"]))})
