"""What an export is asked for. Knows words, no table and no form."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Form(StrEnum):
    """The kinds of files, see catalog.py."""

    opendss = "opendss"
    cyme = "cyme"
    cyme_8760 = "cyme-8760"
    gridlabd = "gridlabd"
    nms = "nms"
    hours = "8760"
    quarters = "35040"
    nem12 = "nem12"
    espi = "espi"
    csv = "csv"
    xlsx = "xlsx"
    peak_day = "peak-day"
    snapshot = "snapshot"


class Use(StrEnum):
    """Which values count."""

    strict = "strict"  # measured, and no rule failed them
    final = "final"  # with edits and estimates
    partial = "partial"  # of the total: the sum of the feeders that are there


class LeapDay(StrEnum):
    """The day that a leap year of 365 days leaves out."""

    feb29 = "feb29"
    dec31 = "dec31"

    def of(self, year: int) -> date:
        return date(year, 2, 29) if self is LeapDay.feb29 else date(year, 12, 31)


@dataclass(frozen=True)
class Options:
    """What is asked for, from the day `first` until `until`, days in standard time."""

    feeders: tuple[str, ...] = ()
    first: date | None = None
    until: date | None = None
    year: int | None = None
    use: Use = Use.strict
    allow_partial: bool = False
    leap: LeapDay = LeapDay.feb29
    both: bool = False  # delivered and received power apart
    kvar_bound: bool = False
