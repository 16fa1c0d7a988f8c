"""Each value of each format is found again in the line that is noted with it."""

import re

import pytest
from layout_files import SAMPLES
from test_containers import zipped

from ingest.layouts import recognise
from ingest.layouts.lines import read_lines

# Below the line in which a reading begins, in XML.
LINES_OF_READING = {"north.espi.xml": 4}
# The classic export of the tool itself has its line from the scan: see test_load_files.
NAMES = sorted(
    path.name
    for path in SAMPLES.iterdir()
    if not path.name.endswith((".true.csv", ".xlsx", ".xls", ".ods"))
)
SUMMED = {"541400000000000001"}  # of the registers of two tariffs


def digits(text: str) -> str:
    return re.sub("[^0-9]", "", text)


def check(data: bytes, name: str, sample: str, member: str) -> None:
    layout, outline = recognise(data, name)
    assert not outline.problem
    parsed = layout.parsed(data, name)
    lines = read_lines(data)
    count = LINES_OF_READING.get(sample, 1)
    values = parsed.values[parsed.values["value"].notna()]
    assert len(values)
    for channel, line, value in values[["channel", "line", "value"]].itertuples(index=False):
        text = " ".join(lines.texts[line - 1 : line - 1 + count])
        is_found = digits(value).lstrip("0") in digits(text)
        assert is_found or "E-" in text or parsed.channels[channel].point in SUMMED, (line, value)
        assert lines.place_of(line).startswith(member)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("name", NAMES)
def test_a_value_is_in_the_line_that_is_noted_with_it(name: str, end: bytes) -> None:
    data = re.sub(b"\r\n|\n|\r", end, (SAMPLES / name).read_bytes())
    check(data, name, name, "line ")
    # behind a file of other lines, which no layout reads
    packed = zipped({"read-me.txt": b"one" + end + b"two" + end, name: data})
    check(packed, "all.zip", name, f"{name}, line ")
