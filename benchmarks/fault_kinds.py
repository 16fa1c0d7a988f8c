"""Twelve kinds of faults as meters, exports and meter-data.csv have them. Knows rows, not files.

Each takes a good feeder and chance, and returns the faulty one with the first moment of the fault
and the last; a fault that stays ends with the readings.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from random import Random

from fault_files import Feeder, Row, Values

CT_RATIOS = (Decimal("0.5"), Decimal("1.5"), Decimal(2), Decimal(3))
CTR = Decimal(80)  # 400:5, applied twice
HEADROOM = Decimal("1.25")  # of a rating over the highest power
DAY = timedelta(days=1)

Faulty = tuple[Feeder, datetime, datetime]


def spike(feeder: Feeder, chance: Random) -> Faulty:
    """One interval of 2.5 to 8 times the highest power of all."""
    place = _place(feeder, chance)
    highest = max(max(filter(None, values[:2]), default=Decimal(0)) for _, values in feeder.rows)
    times = highest * Decimal(round(chance.uniform(2.5, 8), 1)) / _power(feeder.rows[place][1])
    return _scaled(feeder, place, place + 1, _short(times))


def stuck(feeder: Feeder, chance: Random) -> Faulty:
    """Half a day to 140 hours at the value that there was."""
    place = _place(feeder, chance)
    values = feeder.rows[place][1]
    return _each(feeder, place, _later(feeder, place, chance.uniform(12, 140)), lambda _: values)


def zero_run(feeder: Feeder, chance: Random) -> Faulty:
    """A dead channel for 26 to 120 hours."""
    place = _place(feeder, chance)
    until = _later(feeder, place, chance.uniform(26, 120))
    return _each(feeder, place, until, lambda values: _scale(values, Decimal(0)))


def times_4(feeder: Feeder, chance: Random) -> Faulty:
    """Power exported where energy was, from then on."""
    return _scaled(feeder, _place(feeder, chance), len(feeder.rows), Decimal(4))


def quarter(feeder: Feeder, chance: Random) -> Faulty:
    """Energy exported where power was, from then on."""
    return _scaled(feeder, _place(feeder, chance), len(feeder.rows), Decimal("0.25"))


def ct_step(feeder: Feeder, chance: Random) -> Faulty:
    """Transformers exchanged or tapped otherwise, and the multiplier kept."""
    return _scaled(feeder, _place(feeder, chance), len(feeder.rows), chance.choice(CT_RATIOS))


def double_multiplier(feeder: Feeder, chance: Random) -> Faulty:
    """The multiplier in the meter and in meter-data.csv, from the start, with a known rating."""
    del chance
    ordered = sorted(_power(values) for _, values in feeder.rows)
    unit = Decimal(60) / feeder.minutes if feeder.unit.endswith("h") else 1
    rating = _short(ordered[-10] * unit * HEADROOM / 1000)
    faulty = replace(feeder, multiplier=CTR, rating_mva=rating)
    return faulty, feeder.first, feeder.rows[-1][0]


def swap(feeder: Feeder, chance: Random) -> Faulty:
    """Delivered and received exchanged, from then on."""
    place = _place(feeder, chance)
    return _each(feeder, place, len(feeder.rows), lambda v: (v[1], v[0], v[3], v[2]))


def clock(feeder: Feeder, chance: Random) -> Faulty:
    """An hour earlier or later from then on; of an hour read twice the later file counts."""
    place = _place(feeder, chance)
    hour = timedelta(hours=chance.choice((-1, 1)))
    rows = feeder.rows[:place] + [(moment + hour, values) for moment, values in feeder.rows[place:]]
    return replace(feeder, rows=rows), feeder.rows[place][0], feeder.rows[-1][0]


def midnight_slip(feeder: Feeder, chance: Random) -> Faulty:
    """The row that starts at midnight is dated a day early, as by a sheet that knows 24:00."""
    first = feeder.rows[_place(feeder, chance)][0]
    place = next(
        i for i, (moment, _) in enumerate(feeder.rows) if moment > first and not moment.hour
    )
    rows = list(feeder.rows)
    rows[place] = (rows[place][0] - DAY, rows[place][1])
    return replace(feeder, rows=rows), rows[place][0], rows[place + 1][0]


def doubled_day(feeder: Feeder, chance: Random) -> Faulty:
    """A lost day that was filled with the day before."""
    first = datetime.combine(feeder.rows[_place(feeder, chance)][0], datetime.min.time())
    before = {moment + DAY: values for moment, values in feeder.rows}
    rows = [
        (moment, before.get(moment, values) if first <= moment < first + DAY else values)
        for moment, values in feeder.rows
    ]
    return replace(feeder, rows=rows), first, first + DAY


def kva_below_kw(feeder: Feeder, chance: Random) -> Faulty:
    """kVA of one transformer less, or of a lower ratio, from then on."""
    factor = chance.choice((Decimal("0.5"), Decimal("0.666"), Decimal("0.8")))
    return _each(
        feeder,
        _place(feeder, chance),
        len(feeder.rows),
        lambda v: (*v[:2], *(value if value is None else value * factor for value in v[2:])),
    )


def rounded(feeder: Feeder, chance: Random) -> Feeder:
    """Good readings of a meter that rounds kW and cuts off kVA, at a power factor of nearly 1."""
    count = chance.choice((Decimal("0.1"), Decimal(1)))
    rows = [
        (moment, (*(kw and kw.quantize(count) for kw in v[:2]), *(_kva(kw, count) for kw in v[:2])))
        for moment, v in feeder.rows
    ]
    return replace(feeder, rows=rows)


KINDS: dict[str, Callable[[Feeder, Random], Faulty]] = {
    "spike": spike,
    "stuck": stuck,
    "zero run": zero_run,
    "x 4": times_4,
    "/ 4": quarter,
    "CT step": ct_step,
    "double multiplier": double_multiplier,
    "swap": swap,
    "clock": clock,
    "midnight slip": midnight_slip,
    "lost day doubled": doubled_day,
    "kVA below kW": kva_below_kw,
}


def _place(feeder: Feeder, chance: Random) -> int:
    """A reading with a power in the middle of the span, with five weeks on either side."""
    count = len(feeder.rows)
    while True:
        place = int(count * chance.uniform(0.38, 0.62))
        if _power(feeder.rows[place][1]) > 0:
            return place


def _kva(kw: Decimal | None, count: Decimal) -> Decimal | None:
    """kVA at a power factor of 0.9999, cut off below a count as a meter's register does."""
    return kw if kw is None else (kw * Decimal("1.0001")).quantize(count, ROUND_DOWN)


def _power(values: Values) -> Decimal:
    return max(value or Decimal(0) for value in values[:2])


def _short(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.0001"))


def _later(feeder: Feeder, place: int, hours: float) -> int:
    return place + int(hours * 60 / feeder.minutes)


def _scale(values: Values, factor: Decimal) -> Values:
    return tuple(value if value is None else value * factor for value in values)


def _scaled(feeder: Feeder, first: int, until: int, factor: Decimal) -> Faulty:
    return _each(feeder, first, until, lambda values: _scale(values, factor))


def _each(feeder: Feeder, first: int, until: int, change: Callable[[Values], Values]) -> Faulty:
    rows: list[Row] = [
        (moment, change(values) if first <= place < until else values)
        for place, (moment, values) in enumerate(feeder.rows)
    ]
    return replace(feeder, rows=rows), rows[first][0], rows[min(until, len(rows)) - 1][0]
