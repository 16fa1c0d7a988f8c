"""Count what was tried and what went wrong, and compare the tables of two roots."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from crash_tools import (
    opened,
    outputs,
    state,
)

TABLES = ("feeder_profiles", "member_profiles", "combined_profiles", "gaps", "combined_gaps")


@dataclass
class Count:
    """What was tried, how often, and what went wrong in it."""

    tried: str
    times: int = 0
    lost: int = 0
    wrong: int = 0
    notes: list[str] = field(default_factory=list)

    def add(self, where: str, lost: Iterable[str] = (), wrong: object = False) -> None:
        """Note one trial: names of files whose bytes are gone, and whether a result is wrong."""
        gone = list(lost)
        self.times += 1
        self.lost += len(gone)
        self.wrong += bool(wrong)
        if gone or wrong:
            self.notes.append(f"{where}: lost {gone}, wrong {wrong}")
            print(f"  {self.notes[-1]}", flush=True)


def differing(found: dict, expected: dict) -> list[str]:
    return [name for name in found.keys() | expected if found.get(name) != expected.get(name)]


def published(root: Path) -> dict[str, object]:
    """Tables, files and archive of a root, each in a form that can be compared."""
    with opened(root) as con:
        tables = {
            name: con.execute(f"select count(*), sum(hash(t)) from {name} as t").fetchone()
            for name in TABLES
        }
    return state(root) | tables | outputs(root)
