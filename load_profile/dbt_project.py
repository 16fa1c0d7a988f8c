"""Find the dbt project and the folder for what dbt has read of it. Starts nothing."""

import os
import sys
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

PROJECT = Path(str(files("load_profile"))).resolve().parent / "dbt_project"


def project_fingerprint() -> str:
    """sha256 over names and contents of the dbt project's own files."""
    found = sha256()
    for folder in (".", "models", "macros", "tests", "seeds"):
        below = PROJECT.glob("*.yml") if folder == "." else (PROJECT / folder).rglob("*.*")
        for path in sorted(below):
            found.update(path.relative_to(PROJECT).as_posix().encode())
            found.update(path.read_bytes())
    return found.hexdigest()


def parsed_folder() -> Path:
    """The folder for what dbt has read of the project, created if absent.

    It is never below a root: what dbt keeps there holds templates, which it runs. A clone has it
    beside the models, as dbt itself would; an installed package leaves its own folder alone and
    uses one of the user's, for this project and this version of dbt.
    """
    folder = PROJECT / "target"
    if not (PROJECT.parent / "pyproject.toml").exists():
        of_project = sha256(f"{PROJECT} {version('dbt-core')} {project_fingerprint()}".encode())
        folder = _user_cache() / "load-profile" / of_project.hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _user_cache() -> Path:
    """The user's folder for caches, by the custom of the system."""
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
