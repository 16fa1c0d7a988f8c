"""Read settings.toml of a root, which may be absent. Knows keys and their limits, not their use.

keep_runs = 60   # how many of the latest runs Dagster's page keeps; 1 to 100,000
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path


class SettingsError(ValueError):
    """settings.toml is wrong; the message names file, key, value and what is allowed."""


@dataclass(frozen=True)
class Settings:
    """The settings of a root's settings.toml, or the defaults."""

    keep_runs: int = 60


LIMITS = {"keep_runs": (1, 100_000)}  # whole numbers, both ends included


def read_settings(path: Path) -> Settings:
    """Return the settings of a file, the defaults without it. Raises SettingsError."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return Settings()
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    for key, value in found.items():
        if key not in LIMITS:
            raise SettingsError(f"{path}: {key!r} is unknown; allowed are {', '.join(LIMITS)}.")
        least, most = LIMITS[key]
        if type(value) is not int or not least <= value <= most:
            raise SettingsError(
                f"{path}: {key} is {value!r}; allowed is a whole number from {least:,} to {most:,}."
            )
    return Settings(**found)
