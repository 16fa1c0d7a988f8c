"""Define the folders and files of a root, and the lock around a run. Knows paths, not contents."""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from ingest.caches import set_aside_damaged

# `%41` and `?` mean something else in the address of Dagster's databases; DuckDB takes a backslash
# for a folder's end, as on Windows.
REFUSED_IN_PATH = re.compile(r"\?|%[0-9A-Fa-f]{2}" + (r"|\\" if os.name == "posix" else ""))
# What a run reads and writes below a root, beside the drop folder.
OWN = ("data", "logs", "lp", "warehouse", ".dagster", "layouts")
OWN += ("meter-data.csv", "alerts.toml", "settings.toml")

# What a file holds: intervals, or register reads; and its folder below `_dropbox` and `data`.
INTERVAL, REGISTER = "interval", "register"
FOLDERS = {INTERVAL: "KW", REGISTER: "REG"}


class RootError(ValueError):
    """A folder cannot be a root; the message says why and what to do."""


class WorkspaceBusyError(RuntimeError):
    """Another run is writing in this root and did not end in time."""


@dataclass(frozen=True)
class Workspace:
    """The folders of one working directory: files come in at `dropbox`, results go to `lp`."""

    root: Path

    @property
    def dropbox(self) -> Path:
        return self.drop_folders[0]

    @property
    def drop_folders(self) -> tuple[Path, ...]:
        """Where files come in: those of intervals, those of register reads."""
        return tuple(self.root / "_dropbox" / folder for folder in FOLDERS.values())

    @property
    def archive(self) -> Path:
        return self.archive_of(INTERVAL)

    def archive_of(self, kind: str) -> Path:
        """Return where accepted files of a kind are, by month; ERROR in it has the others."""
        return self.root / "data" / FOLDERS[kind]

    @property
    def rejected(self) -> Path:
        return self.archive / "ERROR"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def profiles(self) -> Path:
        return self.root / "lp"

    @property
    def plots(self) -> Path:
        return self.profiles / "plots"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse" / "load_profile.duckdb"

    @property
    def published(self) -> Path:
        """The marts as people read them: a file of its own that no process writes in."""
        return self.root / "warehouse" / "published.duckdb"

    @property
    def published_next(self) -> Path:
        """A version that is whole and could not take the published one's place yet."""
        return self.root / "warehouse" / "published.next.duckdb"

    @property
    def exported_raw(self) -> Path:
        """Schema `raw` as Parquet, for an engine that does not read the warehouse."""
        return self.root / "warehouse" / "raw"

    @property
    def last_run(self) -> Path:
        """The inputs of the last complete run; without it the next one does everything."""
        return self.root / "warehouse" / "last_run.json"

    @property
    def layouts(self) -> Path:
        """Layout files of this root; they come before the shipped ones."""
        return self.root / "layouts"

    @property
    def settings(self) -> Path:
        return self.root / "settings.toml"

    @property
    def meter_data(self) -> Path:
        return self.root / "meter-data.csv"

    @property
    def decisions(self) -> Path:
        """What people decided about readings, line by line; there need be none."""
        return self.root / "decisions.csv"

    def prepare(self) -> None:
        """Create the folders that a run needs."""
        for folder in (self.dropbox, self.rejected, self.logs, self.plots, self.warehouse.parent):
            folder.mkdir(parents=True, exist_ok=True)

    def archived_files(self) -> list[Path]:
        """Return the files in the archive's folders of months."""
        months = (month for kind in FOLDERS for month in self.archive_of(kind).glob("[0-9]*/*"))
        return [path for path in months if path.is_file()]

    @contextmanager
    def locked(
        self, wait_seconds: float = 600, say: Callable[[str], None] = lambda _: None
    ) -> Iterator[None]:
        """Hold the only right to write in this root; wait for another run, and report that.

        Raises WorkspaceBusyError when the other run is still going after `wait_seconds`.
        """
        self.warehouse.parent.mkdir(parents=True, exist_ok=True)
        place = self.warehouse.parent / "run.lock"
        if place.is_dir():
            set_aside_damaged(place, "a file of that name keeps two runs apart, and is rewritten")
        # one lock object a process: a run that holds it may take it again for one of its steps
        lock = FileLock(place, is_singleton=True, thread_local=False)
        try:
            try:
                lock.acquire(timeout=0)
            except Timeout:
                say(f"Another run is writing in {self.root}; waiting up to {wait_seconds:.0f} s.")
                started = time.monotonic()
                lock.acquire(timeout=wait_seconds)
                say(f"The other run ended after {time.monotonic() - started:.0f} s.")
        except PermissionError as error:
            raise PermissionError(
                f"{place} cannot be written: start as the user whose file it is, or delete it when "
                f"no run is going on. ({error})"
            ) from error
        except Timeout:
            raise WorkspaceBusyError(
                f"Another run is still writing in {self.root} after {wait_seconds:.0f} s. "
                "Nothing was changed; start again when it has ended."
            ) from None
        try:
            yield
        finally:
            lock.release()


def workspace_at(root: Path, *, must_exist: bool = True) -> Workspace:
    """Return the workspace of a folder; raise RootError if the databases cannot work in it."""
    place = str(root.resolve())
    if found := REFUSED_IN_PATH.search(place):
        raise RootError(
            f"The root {place!r} has {found[0]!r} in its path, which the databases below it take "
            "for something else. Nothing was touched. Rename that folder, or use another root."
        )
    try:
        place.encode()
    except UnicodeEncodeError:
        raise RootError(
            f"The root {place!r} has a name that is not Unicode. Nothing was touched. Rename that "
            "folder, or use another root."
        ) from None
    if must_exist and not Path(place).is_dir():
        raise RootError(f"The root {str(root)!r} is not a folder.")
    for link in _links_out(Path(place)):
        raise RootError(
            f"{link} is a link to {link.resolve()}, outside of the root, where a run would write. "
            "Nothing was touched. Remove the link; only _dropbox and its folders may be links."
        )
    return Workspace(Path(place))


def _links_out(root: Path) -> Iterator[Path]:
    """Yield links that lead a run out of the root, but for the drop folder.

    A root from somebody else could have a run write into a file of its owner.
    """
    places = [root / name for name in OWN]
    for place in places:
        if place.is_symlink() and not place.resolve().is_relative_to(root):
            yield place
        elif place.is_dir() and not place.is_symlink():
            with os.scandir(place) as entries:
                places += [Path(e.path) for e in entries if e.is_symlink() or e.is_dir()]
