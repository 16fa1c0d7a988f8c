"""Put aside what is damaged and can be rebuilt. Knows files, not what is in them."""

import itertools
import json
import logging
import os
from pathlib import Path

# What was repaired without anyone having to act; the command line prints it.
notices = logging.getLogger("load_profile.notices")


def put_aside(path: Path) -> Path:
    """Rename what is damaged to `<name>.damaged-<n>`, which is new; return that path."""
    for number in itertools.count(1):
        kept = path.with_name(f"{path.name}.damaged-{number}")
        if not os.path.lexists(kept):
            return path.rename(kept)


def set_aside_damaged(path: Path, what_follows: str) -> None:
    """Put a damaged file aside, and report that and what follows from it."""
    kept = put_aside(path)
    notices.warning("%s was damaged: %s. It is kept as %s.", path, what_follows, kept.name)


def read_json(path: Path, what_follows: str) -> dict:
    """Return the mapping that a file of ours holds, {} without one; put a damaged file aside."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict):
        set_aside_damaged(path, what_follows)
        return {}
    return found
