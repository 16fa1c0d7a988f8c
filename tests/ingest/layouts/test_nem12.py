"""NEM12: every value of the market operator's files, qualities, and what is refused."""

import json
import zipfile
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layout_files import FORMATS, SAMPLES, needs_formats, rows, sums

from ingest.layouts import containers, nem12
from ingest.layouts.parsed import Channel, LayoutError

SAMPLE = (SAMPLES / "north.nem12.csv").read_bytes()
FILES = json.loads((FORMATS / "nem12/expected.json").read_text()) if FORMATS.is_dir() else {}
INVALID = sorted((FORMATS / "nem12/invalid").iterdir()) if FORMATS.is_dir() else []


def read(name: str) -> bytes:
    data = (FORMATS / "nem12" / name).read_bytes()
    return data if containers.why_not(data) else next(containers.members(data))[1]


@pytest.mark.real_data
@needs_formats
@pytest.mark.parametrize("name", FILES)
def test_every_value_of_a_market_file_is_read(name):
    data = read(name)
    assert nem12.why_not(data[:65536]) is None
    parsed = nem12.parse(data)
    found = sums(parsed)
    assert {" ".join(key) for key in found} == FILES[name].keys()
    local = parsed.values.start + np.timedelta64(10, "h")
    for key, expected in FILES[name].items():
        point, code = key.split(" ")
        assert found[point, code] == (expected["values"], Decimal(expected["sum"])), key
        of_channel = [
            at for at, x in enumerate(parsed.channels) if (x.point, x.code) == (point, code)
        ]
        days = local[parsed.values.channel.isin(of_channel)].dt.strftime("%Y%m%d")
        assert (days.min(), days.max()) == (expected["first"], expected["last"])
        assert days.nunique() == expected["days"]


@pytest.mark.real_data
@needs_formats
@pytest.mark.parametrize("name", FILES)
def test_another_reader_finds_the_same_values(name, tmp_path):
    nemreader = pytest.importorskip("nemreader")
    path = tmp_path / "file.csv"
    path.write_bytes(read(name))
    theirs = defaultdict(dict)
    for point, channels in nemreader.read_nem_file(str(path)).readings.items():
        for code, readings in channels.items():
            for reading in readings:
                theirs[point, code][reading.t_start] = reading.read_value
    parsed = nem12.parse(path.read_bytes())
    ours = defaultdict(dict)
    local = (parsed.values.start + np.timedelta64(10, "h")).dt.to_pydatetime()
    for at, start, value in zip(parsed.values.channel, local, parsed.values.value, strict=True):
        channel = parsed.channels[at]
        ours[channel.point, channel.code][start] = float(value or 0)
    assert ours == theirs


@pytest.mark.real_data
@needs_formats
@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.name)
def test_an_invalid_file_is_refused_with_its_line(path):
    with pytest.raises(LayoutError) as refused:
        nem12.parse(path.read_bytes())
    assert refused.value.problem.line in (2, 3)


def test_channels_units_and_clock_are_those_of_the_file():
    parsed = nem12.parse(SAMPLE)
    assert parsed.channels == (
        Channel("NORTH00001", "E1", "del", "kWh"),
        Channel("NORTH00001", "B1", "rec", "kWh"),
        Channel("NORTH00001", "Q1", "kvar_del", "kWh"),
        Channel("NORTH00001", "K1", "kvar_rec", "kWh"),
        Channel("NORTH00001", "V1", ""),
        Channel("SOUTH00002", "E1", "del", "MWh"),
    )
    assert (parsed.clock, parsed.interval_minutes) == ("utc", None)
    assert rows(parsed)[0] == ("E1", 3, 1, "2023-12-31 14:00", ".125", "Normal")
    assert rows(parsed)[-1][1:5] == (22, 288, "2024-01-01 13:55", "1.000000000000000001")


def test_a_day_of_several_qualities_has_a_word_for_each_value():
    day = [row for row in rows(nem12.parse(SAMPLE)) if row[1] == 4]
    words = [row[5] for row in day]
    assert words == [
        *["Normal"] * 20,
        *["Substituted"] * 2,
        *["Estimated"] * 2,
        *["Power Fail"] * 6,
        *["Final Substituted"] * 2,
        *["Normal"] * 14,
        *["Missing"] * 2,
    ]
    assert [row[4] for row in day[-3:]] == ["5.625", None, None]


def record(values: str = "1," * 48, tail: str = "A", date_text: str = "20240101") -> str:
    return f"300,{date_text},{values}{tail}"


def text(*lines: str, length: int = 30, unit: str = "kWh", suffix: str = "E1") -> bytes:
    register = f"200,NORTH00001,E1,1,{suffix},,SN1,{unit},{length},"
    return "\n".join(["100,NEM12,202401010000,A,B", register, *lines, "900"]).encode()


def test_null_values_are_unknown_and_never_zero():
    parsed = nem12.parse(
        text(record("0,,null," + "1," * 45), record(tail="N", date_text="20240102"))
    )
    values = parsed.values.value.tolist()
    assert values[:4] == ["0", None, None, "1"]
    assert values[48:] == [None] * 48


def test_a_null_in_the_place_of_an_actual_value_is_unknown():
    values = nem12.parse(text(record(tail="A,78,Null Data"))).values
    assert values.value.isna().all() and set(values.status) == {"Missing"}


def test_an_exponent_is_written_out():
    parsed = nem12.parse(text(record("1.25E-05,+3,1e2," + "1," * 45)))
    assert parsed.values.value.tolist()[:3] == ["0.0000125", "3", "100"]


def test_files_one_behind_the_other_are_read_as_one():
    parsed = nem12.parse(text(record()) + b"\n" + text(record(date_text="20240102")))
    assert len(parsed.values) == 96 and len(parsed.channels) == 1


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (text(record("1," * 47)), "value_count", 3),
        (text(record("1," * 49)), "value_count", None),
        (text(record("1," * 47 + "x,")), "bad_number", 3),
        (text(record("1," * 47 + "1234567890,")), "bad_number", 3),
        (text(record(tail="X")), "bad_quality", 3),
        (text(record(tail="S")), "bad_quality", 3),
        (text(record(tail="A,abc")), "bad_quality", 3),
        (text(record(tail="V")), "quality_span", 3),
        (text(record(tail="V"), "400,1,47,A,,"), "quality_span", 3),
        (text(record(tail="V"), "400,1,24,A,,", "400,24,48,A,,"), "quality_span", 5),
        (text(record(tail="V"), "400,1,49,A,,"), "quality_span", 4),
        (text(record(tail="V"), "400,one,48,A,,"), "quality_span", 4),
        (text(record(tail="V"), "400,1,48,V,,"), "bad_quality", 4),
        (text(record(date_text="20240230")), "bad_date", 3),
        (text(record(date_text="2024-01-01")), "bad_date", 3),
        (text(record(), length=60), "interval_length", 2),
        (text(record(), unit="kvarh"), "unit_of_channel", 2),
        (text(record(), unit="V"), "unit_of_channel", 2),
        (text(record(), suffix=""), "no_point", 2),
        (text(), "misplaced_record", 3),
        (text("400,1,48,A,,"), "misplaced_record", 3),
        (text(record())[:-4], "no_end", 3),
        (text(record(), "250,x"), "misplaced_record", 4),
        (text(record(tail='A,0,"open')), "open_quotes", 3),
        (text(record(tail="A,0,\xff")).decode().encode("latin-1"), "not_text", 3),
        (b"100,NEM12,202401010000,A,B\n900\n", "no_rows", 2),
        (b"100,NEM13,202401010000,A,B\n900\n", "misplaced_record", 1),
        (b"", "no_end", None),
    ],
)
def test_what_is_not_nem12_is_refused_as_a_whole(data, code, line):
    with pytest.raises(LayoutError) as refused:
        nem12.parse(data)
    assert refused.value.problem.code in (code, "bad_quality" if line is None else code)
    assert line is None or refused.value.problem.line == line


@pytest.mark.parametrize(
    "beginning", [b"100,NEM13,x", b"Record No.,", b"", b"1000,NEM12,", b"<feed>"]
)
def test_another_file_is_not_taken_for_nem12(beginning):
    assert nem12.why_not(beginning).code == "other_layout"


numbers = st.decimals(-(10**8), 10**8, places=6).map(lambda number: f"{number:f}")


@settings(max_examples=40, deadline=None)
@given(
    registers=st.lists(
        st.tuples(
            st.sampled_from(["E1", "B1", "Q2", "K1", "E2"]),
            st.sampled_from([5, 10, 15, 30]),
            st.dates(date(2000, 1, 1), date(2039, 12, 31)),
            st.integers(1, 2),
            st.lists(numbers, min_size=1, max_size=20),
            st.sampled_from(["A", "E52", "S14", "F14"]),
        ),
        min_size=1,
        max_size=4,
    ),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_is_written_is_read_back(registers, end):
    lines, expected = ["100,NEM12,202401010000,A,B"], []
    for at, (code, length, first, days, numbers, quality) in enumerate(registers):
        unit = "kWh" if code[0] in "EB" else "kvarh"
        lines.append(f"200,POINT{at},E1,1,{code},,SN,{unit},{length},")
        for day in (first + timedelta(days=offset) for offset in range(days)):
            count = 1440 // length
            values = [numbers[place % len(numbers)] for place in range(count)]
            lines.append(f"300,{day:%Y%m%d},{','.join(values)},{quality},,,,")
            midnight = np.datetime64(day, "us") - np.timedelta64(10, "h")
            starts = midnight + np.arange(count) * np.timedelta64(length, "m")
            expected.append(list(zip([f"POINT{at}"] * count, starts, values, strict=True)))
    parsed = nem12.parse(end.join([*lines, "900", ""]).encode())
    points = [parsed.channels[channel].point for channel in parsed.values.channel]
    found = zip(points, parsed.values.start.to_numpy(), parsed.values.value, strict=True)
    assert list(found) == list(chain.from_iterable(expected))


@pytest.mark.real_data
@needs_formats
def test_a_zip_of_the_market_has_one_file():
    for path in (FORMATS / "nem12").iterdir():
        if path.suffix.lower() == ".zip":
            ((name, data),) = containers.members(path.read_bytes())
            assert zipfile.ZipFile(path).read(name) == data
