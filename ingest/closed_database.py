"""Open a DuckDB file as data: what is in it can neither read other files nor load code.

A file that somebody else has made may hold views, macros and defaults. Whatever they say, DuckDB
refuses it: no file outside of the given folders, no extension, no other setting.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

import duckdb

CONFIG = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "python_enable_replacements": "false",
}
setting_up = Lock()  # threads that open the same file share its settings


def as_pattern(path: str) -> str:
    """Return a path as DuckDB's readers of files take it, its own letters not as a pattern."""
    return re.sub(r"[*?\[]", r"[\g<0>]", path)


def close_off(
    con: duckdb.DuckDBPyConnection,
    folders: Iterable[Path],
    set_up: Callable[[duckdb.DuckDBPyConnection], None] = lambda _: None,
) -> None:
    """Let a connection use files below some folders and no others, and keep all settings so.

    `set_up` makes other settings before. Does nothing where another connection of this process has
    done it for the same file.
    """
    with setting_up:
        if con.execute("select current_setting('lock_configuration')").fetchone()[0]:
            return
        set_up(con)
        places = [str(folder.resolve()) for folder in folders]
        patterns = [as_pattern(place) for place in places]  # DuckDB compares what it is given
        con.execute("set allowed_directories = ?", [places + patterns])
        con.execute("set enable_external_access = false")
        con.execute("set lock_configuration = true")


@contextmanager
def scratch_folder(con: duckdb.DuckDBPyConnection) -> Iterator[Path]:
    """Yield a folder for files that the connection may read; it goes with them."""
    setting = "select current_setting('enable_external_access'), current_setting('temp_directory')"
    is_open, own = con.execute(setting).fetchone()
    if not is_open:
        Path(own).mkdir(exist_ok=True)
    with TemporaryDirectory(dir=None if is_open else own) as folder:
        yield Path(folder)
    if not is_open:
        with suppress(OSError):  # DuckDB uses it too
            Path(own).rmdir()
