"""Damaged files: a reader reads them or refuses them as a whole; it never fails in another way."""

import gzip
import io
import random
import zipfile

import pytest
from layout_files import SAMPLES, damaged

from ingest import letters
from ingest.layouts import containers, espi, mscons, nem12, workbook
from ingest.layouts.parsed import QUANTITIES, UNITS, VALUE_COLUMNS, LayoutError, Parsed

NEM12, ESPI, MSCONS = (
    (SAMPLES / f"north.{name}").read_bytes() for name in ("nem12.csv", "espi.xml", "mscons.txt")
)


def zipped(method: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("a.csv", NEM12[:2000])
        archive.writestr("b.txt", MSCONS)
    return out.getvalue()


def members(data: bytes) -> list:
    return list(containers.members(data))


CASES = {
    "nem12": (nem12.parse, NEM12, 1000),
    "espi": (espi.parse, ESPI, 600),
    "mscons": (mscons.parse, MSCONS, 1000),
    "mscons in one line": (mscons.parse, MSCONS.replace(b"\n", b""), 500),
    "zip": (members, zipped(zipfile.ZIP_DEFLATED), 1000),
    "stored zip": (members, zipped(zipfile.ZIP_STORED), 500),
    "gzip": (members, gzip.compress(NEM12), 500),
    # each in a process of its own
    "xls": (workbook.sheets, (SAMPLES / "north.xls").read_bytes(), 15),
    "xlsx": (workbook.sheets, (SAMPLES / "north.xlsx").read_bytes(), 15),
    "ods": (workbook.sheets, (SAMPLES / "north.ods").read_bytes(), 15),
}


@pytest.mark.parametrize("name", CASES)
def test_a_damaged_file_is_read_or_refused(name):
    read, data, count = CASES[name]
    rng = random.Random(name)
    refused = 0
    assert read(data)
    for _ in range(count):
        try:
            found = read(damaged(data, rng))
        except LayoutError as error:
            refused += 1
            assert letters.reason(error.problem)
        else:
            check(found)
    assert refused > count / 10


def check(found: object) -> None:
    """Check that what was read is all that a reader may give back."""
    if not isinstance(found, Parsed):
        return
    assert len(found.values) and found.clock in ("utc", "meter")
    assert found.values.dtypes.astype(str).to_dict() == VALUE_COLUMNS
    assert found.values.channel.between(0, len(found.channels) - 1).all()
    assert found.values.value.dropna().str.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)").all()
    for channel in found.channels:
        assert channel.quantity in ("", *QUANTITIES) and channel.unit in (None, *UNITS)
        assert channel.quantity or channel.unit is None
