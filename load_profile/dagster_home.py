"""Keep the folder with Dagster's state of a root sound. Knows files, imports no Dagster."""

import contextlib
import os
import sqlite3
from pathlib import Path

from ingest.caches import notices, put_aside, set_aside_damaged
from ingest.filing import write_text
from ingest.workspace import Workspace

# what Dagster keeps there, and what stops it when it is damaged
HOME_FOLDERS = ("history", "history/runs", "schedules", "storage", "dbt")
HOME_DATABASES = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")
SECONDS_FOR_DATABASE = 30
DAGSTER_YAML = """# written by load-profile; nothing leaves this machine
telemetry:
  enabled: false
nux:
  enabled: false
"""


def dagster_home(workspace: Workspace) -> Path:
    """The folder with Dagster's state of this root, created if absent."""
    home = workspace.root / ".dagster"
    if os.path.lexists(home) and not _is_sound(home):
        set_aside_damaged(home, "the history on Dagster's page starts again")
    settings = home / "dagster.yaml"
    if settings.is_dir() or (settings.exists() and settings.read_bytes() != DAGSTER_YAML.encode()):
        kept = put_aside(settings)  # it can name Python classes to load
        words = "%s was not written by load-profile and is not used. It is kept as %s."
        notices.warning(words, settings, kept.name)
    if not settings.exists():
        write_text(settings, DAGSTER_YAML)
    return home


def _is_sound(home: Path) -> bool:
    """Whether Dagster can work with what it kept in a folder."""
    folders = [home, *(home / name for name in HOME_FOLDERS)]
    files = [home / name for name in HOME_DATABASES if os.path.lexists(home / name)]
    return (
        all(folder.is_dir() for folder in folders if os.path.lexists(folder))
        and all(os.access(path, os.R_OK | os.W_OK) for path in [*folders, *files] if path.exists())
        and all(map(_is_database, files))
    )


def _is_database(path: Path) -> bool:
    """Whether a file is a whole SQLite database with tables, or is in use and may be one."""
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=SECONDS_FOR_DATABASE)) as con:
            is_whole = con.execute("pragma quick_check(1)").fetchone() == ("ok",)
            return is_whole and con.execute("select count(*) from sqlite_master").fetchone() > (0,)
    except sqlite3.DatabaseError as error:
        return "locked" in str(error)
