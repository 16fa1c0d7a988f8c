"""Find files of standard formats, sum what a reader makes of them, and damage them at random."""

import random
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from ingest.layouts.parsed import Parsed

SAMPLES = Path(__file__).parent / "data" / "layouts"
FORMATS = Path(__file__).resolve().parents[2] / "shared" / "data" / "formats"
needs_formats = pytest.mark.skipif(not FORMATS.is_dir(), reason=f"no files of others at {FORMATS}")


def sums(parsed: Parsed) -> dict[tuple[str, str], tuple[int, Decimal]]:
    """Return count and exact sum of the values of each point and code; unknown ones count."""
    found = defaultdict(lambda: (0, Decimal(0)))
    for channel, value in zip(parsed.values.channel, parsed.values.value, strict=True):
        key = parsed.channels[channel].point, parsed.channels[channel].code
        count, total = found[key]
        found[key] = count + 1, total + Decimal(value or 0)
    return dict(found)


def rows(parsed: Parsed) -> list[tuple]:
    """Return code, line, position, start, value and status of each value."""
    values = parsed.values
    codes = [parsed.channels[channel].code for channel in values.channel]
    starts = values.start.dt.strftime("%Y-%m-%d %H:%M")
    columns = (codes, values.line, values.position, starts, values.value, values.status)
    return list(zip(*columns, strict=True))


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Return a file with a few bytes changed, left out, doubled or inserted, or cut off."""
    text = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        if not text:
            break
        at, length = rng.randrange(len(text)), rng.choice((1, 1, 2, 10, 100))
        match rng.randrange(6):
            case 0:
                text[at] = rng.randrange(256)
            case 1:
                del text[at : at + length]
            case 2:
                text[at:at] = rng.randbytes(length)
            case 3:
                other = rng.randrange(len(text))
                text[at:at] = text[other : other + length]
            case 4:
                text[at] = rng.choice(b"0123456789,.'+:<>\"-eE\n\r\t ;?&")
            case _:
                del text[at:]
    return bytes(text)
