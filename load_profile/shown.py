"""How power and dates are shown to people: the unit that suits the size, the order of a date.

Tables and files of data stay in MW, with dates as in ISO 8601 or in the raw export.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from math import floor, isfinite, log10

from ingest.settings import read_settings
from ingest.workspace import Workspace

ORDERS = {  # date_format in settings.toml; the separator says which it is
    "iso": ("%Y-%m-%d", "%Y-%m", "%m-%d"),
    "day-first": ("%d.%m.%Y", "%m.%Y", "%d.%m."),
    "month-first": ("%m/%d/%Y", "%m/%Y", "%m/%d"),
}
ISO_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")
DIGITS, DECIMALS, MOST_DECIMALS = 3, 3, 6


@dataclass(frozen=True)
class Unit:
    """What goes before W, Wh, VA and varh, and how many there are in a million of them."""

    prefix: str
    per_mega: int

    @property
    def power(self) -> str:
        return f"{self.prefix}W"

    @property
    def energy(self) -> str:
        return f"{self.prefix}Wh"

    def of(self, value: float | None) -> float | None:
        """Return MW, MWh, MVA or Mvarh in this unit."""
        return None if value is None else value * self.per_mega


KILO, MEGA = Unit("k", 1000), Unit("M", 1)


def unit_for(values: Iterable[float | None]) -> Unit:
    """Return kW where powers (MW or MVA) are known, not all 0, and none reaches 1 MW, else MW."""
    largest = max((abs(value) for value in values if _is_known(value)), default=0)
    return KILO if 0 < largest < 1 else MEGA


def _is_known(value: float | None) -> bool:
    return value is not None and isfinite(value)


def in_decimals(value: float) -> str:
    """Return a number with three decimals; below 0.1 with three digits, up to six decimals."""
    digits = DIGITS - 1 - floor(log10(abs(value))) if value and abs(value) < 0.1 else DECIMALS
    text = f"{value:,.{min(max(digits, DECIMALS), MOST_DECIMALS)}f}"
    return f"{0:.{DECIMALS}f}" if not text.strip("-0.,") else text


@dataclass(frozen=True)
class Dates:
    """Days, months and times in the order that `date_format` in settings.toml names."""

    order: str = "iso"

    @property
    def day_format(self) -> str:
        return ORDERS[self.order][0]

    @property
    def short_format(self) -> str:
        """A day without its year, as axes have it."""
        return ORDERS[self.order][2]

    @property
    def minute_format(self) -> str:
        return f"{self.day_format} %H:%M"

    def day(self, moment: date) -> str:
        return f"{moment:{self.day_format}}"

    def minute(self, moment: datetime) -> str:
        return f"{moment:{self.minute_format}}"

    def month(self, moment: date) -> str:
        return f"{moment:{ORDERS[self.order][1]}}"

    def month_text(self, text: str) -> str:
        """Return a month that is written `2024-07`; a year stays as it is."""
        return self.month(date.fromisoformat(f"{text}-01")) if "-" in text else text

    def in_text(self, text: str) -> str:
        """Return a text with the ISO dates in it in this order."""
        return ISO_DAY.sub(lambda found: _with_day(found[0], self.day), text)


ISO = Dates()


def dates_of(workspace: Workspace) -> Dates:
    """Return the order of dates of a root. Raises SettingsError."""
    return Dates(read_settings(workspace.settings).date_format)


def _with_day(text: str, shown: Callable[[date], str]) -> str:
    try:
        return shown(date.fromisoformat(text))
    except ValueError:  # 2024-13-45 is no date
        return text
