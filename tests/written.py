"""Read the files that a run wrote, to compare them."""

import csv
import hashlib
from pathlib import Path

from load_profile.files.writer import INDEX
from load_profile.report.page import FILE as REPORT


def fingerprints(folder: Path) -> dict[str, str]:
    """sha256 of every file below a folder, but for index and report, which tell of times."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (INDEX, REPORT)
    }


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
