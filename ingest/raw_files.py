"""Find raw meter files, fingerprint them and have their layout recognised. Knows no DuckDB."""

import ctypes
import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

from ingest.file_names import SUFFIXES, feeder_in
from ingest.layouts import Recognise, recognise
from ingest.layouts.interface import Outline, RawFile
from ingest.problems import Problem
from ingest.workspace import FOLDERS, INTERVAL, REGISTER

# A meter writes 2.5 MB a year; a file beyond this is no meter export, and is hashed in pieces.
MOST_BYTES = 256 * 1024 * 1024


def find_files(*folders: Path) -> list[Path]:
    """Return the files of readings in folders: regular files with one of SUFFIXES, in any case."""
    return sorted(
        path
        for folder in folders
        if folder.is_dir()
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and path.is_file() and not path.is_symlink()
    )


def inspect_files(
    paths: list[Path],
    threads: int,
    progress: Callable[[int, int], None] = lambda *_: None,
    recognise: Recognise = recognise,
) -> Iterator[RawFile]:
    """Yield a RawFile for every path that can be read; one that vanished or is held is left out."""
    _keep_freed_memory()
    with ThreadPoolExecutor(threads) as pool:
        found = pool.map(partial(_inspect_or_none, recognise=recognise), paths)
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
        set_option(-3, 16 << 20)  # M_MMAP_THRESHOLD
        set_option(-1, 256 << 20)  # M_TRIM_THRESHOLD


def _inspect_or_none(path: Path, recognise: Recognise) -> RawFile | None:
    try:
        path.name.encode()  # the ledger can hold no name that is not Unicode
        return inspect_file(path, recognise)
    except (OSError, UnicodeEncodeError):
        return None


def inspect_file(path: Path, recognise: Recognise = recognise) -> RawFile:
    """Read one file once: the sha256 of its bytes, its layout and its outline."""
    stat = path.stat()
    base = {"path": path, "size": stat.st_size, "modified_ns": stat.st_mtime_ns}
    base["feeder"] = feeder_in(path.name)
    # what cannot be read is filed with what its folder is for
    base["kind"] = REGISTER if path.parent.name == FOLDERS[REGISTER] else INTERVAL
    if stat.st_size > MOST_BYTES:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        problem = Problem("too_large", values={"most": MOST_BYTES, "size": stat.st_size})
        return RawFile(**base, sha256=digest, outline=Outline(problem))
    data = path.read_bytes()
    layout, outline = recognise(data, path.name)
    if layout is None and base["kind"] == REGISTER and outline.problem.code == "no_layout":
        outline = Outline(Problem("no_register_reads"))
    elif layout:
        base["kind"] = REGISTER if layout.name == REGISTER else INTERVAL
    digest = hashlib.sha256(data).hexdigest()
    return RawFile(**base, sha256=digest, layout=layout, outline=outline)
