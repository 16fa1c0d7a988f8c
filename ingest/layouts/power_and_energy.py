"""Know what turns average power into the energy of an interval, and back, exactly or not at all.

meter-data.csv declares one unit for all channels of a feeder. A file that has energy for kWh and
average power for kVA or kvar, or the other way round, has both kinds of one size: kW and kWh.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ingest.layouts.interface import RawFile

if TYPE_CHECKING:
    from ingest.layouts.parsed import Parsed

# of an exact factor; hours of an interval in whole multiples of 9 seconds have no more
MOST_DECIMALS = 4
HOUR = 3600


def is_other_kind(unit: str, declared: str) -> bool:
    """Whether one unit is power and the other energy, of one size."""
    return unit != declared and unit.removesuffix("h") == declared.removesuffix("h")


def factor(declared: str, seconds: int) -> Decimal | None:
    """Return what a value over so many seconds is times in the declared unit of the other kind.

    None where that is no decimal number in full, as a sixth of an hour.
    """
    if seconds <= 0:
        return None
    exact = Fraction(seconds, HOUR) if declared.endswith("h") else Fraction(HOUR, seconds)
    shifted = exact * 10**MOST_DECIMALS
    if shifted.denominator != 1:
        return None
    return Decimal(shifted.numerator).scaleb(-MOST_DECIMALS)


def factors(parsed: "Parsed", raw: RawFile) -> Iterator[tuple[int, int, Decimal | None]]:
    """Yield for the channels of a part in the other kind of unit: channel, seconds, factor.

    Seconds are those between the labels of start and end. Where a change of the clock lies between
    them the factor is that of the usual length.
    """
    zone = None if parsed.clock == "utc" else ZoneInfo(raw.part.timezone)
    for point in raw.part.points:
        for channel, declared in point.converted.items():
            times = parsed.values.iloc[parsed.rows_of[channel]][["start", "end"]]
            seconds = (times["end"] - times["start"]).dt.total_seconds().astype("int64")
            usual = int(seconds.mode().iloc[0])
            for found, group in times.groupby(seconds):
                length = int(found)
                if (
                    zone
                    and length != usual
                    and all(
                        _can_last(start, end, usual, zone)
                        for start, end in group.drop_duplicates().itertuples(index=False)
                    )
                ):
                    length = usual
                yield channel, int(found), factor(declared, length)


def _can_last(start: datetime, end: datetime, seconds: int, zone: ZoneInfo) -> bool:
    """Whether so many seconds can lie between two times that the clock of a zone shows."""
    return any(
        end.replace(tzinfo=zone, fold=late).timestamp()
        - start.replace(tzinfo=zone, fold=early).timestamp()
        == seconds
        for early, late in product((0, 1), repeat=2)
    )
