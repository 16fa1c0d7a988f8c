"""Find raw meter files, fingerprint them and have their layout recognised. Knows no DuckDB."""

import ctypes
import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

from ingest.layouts import LAYOUTS, layout_of
from ingest.layouts.interface import REJECTED_AS, Layout, Outline, RawFile
from ingest.problems import Problem

# A meter writes 2.5 MB a year; a file beyond this is no meter export, and is hashed in pieces.
MOST_BYTES = 256 * 1024 * 1024
# `<feeder>-<first start>_<last end>`, whatever a copy has after it.
SPAN = re.compile(r"-\d{6}-\d{6}_\d{6}-\d{6}(?!\d)")


def find_files(folder: Path) -> list[Path]:
    """Return the raw exports in `folder`: regular files ending in .csv, upper or lower case."""
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() == ".csv" and path.is_file() and not path.is_symlink()
    )


def inspect_files(
    paths: list[Path],
    threads: int,
    progress: Callable[[int, int], None] = lambda *_: None,
    layouts: Sequence[Layout] = LAYOUTS,
) -> Iterator[RawFile]:
    """Yield a RawFile for every path that can be read; one that vanished or is held is left out."""
    _keep_freed_memory()
    with ThreadPoolExecutor(threads) as pool:
        found = pool.map(partial(_inspect_or_none, layouts=layouts), paths)
        for done, raw in enumerate(found, 1):
            if done == len(paths) or done % max(100, len(paths) // 20) == 0:
                progress(done, len(paths))
            if raw is not None:
                yield raw


def _keep_freed_memory() -> None:
    """Let glibc keep up to 256 MB of freed memory for the next file.

    By default it returns a block of a file's size at once and gets it back page by page, which
    was half of the time that reading took.
    """
    with suppress(AttributeError, OSError, TypeError):  # another C library
        set_option = ctypes.CDLL(None).mallopt
        set_option(-3, 64 << 20)  # M_MMAP_THRESHOLD
        set_option(-1, 256 << 20)  # M_TRIM_THRESHOLD


def _inspect_or_none(path: Path, layouts: Sequence[Layout]) -> RawFile | None:
    try:
        path.name.encode()  # the ledger can hold no name that is not Unicode
        return inspect_file(path, layouts)
    except (OSError, UnicodeEncodeError):
        return None


def inspect_file(path: Path, layouts: Sequence[Layout] = LAYOUTS) -> RawFile:
    """Read one file once: the sha256 of its bytes, its layout and its outline."""
    stat = path.stat()
    base = {"path": path, "size": stat.st_size, "modified_ns": stat.st_mtime_ns}
    base["feeder"] = feeder_in(path.name)
    if stat.st_size > MOST_BYTES:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        problem = Problem("too_large", values={"most": MOST_BYTES, "size": stat.st_size})
        return RawFile(**base, sha256=digest, outline=Outline(problem))
    data = path.read_bytes()
    layout, why = layout_of(data, layouts)
    outline = layout.outline(data) if layout else Outline(why)
    digest = hashlib.sha256(data).hexdigest()
    return RawFile(**base, sha256=digest, layout=layout, outline=outline)


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
