"""Green Button: links, units, directions, qualities, and XML that must not be read."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layout_files import FORMATS, SAMPLES, needs_formats, rows, sums

from ingest.layouts import espi
from ingest.layouts.parsed import Channel, LayoutError

SAMPLE = (SAMPLES / "north.espi.xml").read_bytes()
POINT = "/espi/1_1/resource/Subscription/7/UsagePoint/"
START = b"<start>1704067200</start>"


def refusal(data: bytes):
    with pytest.raises(LayoutError) as refused:
        espi.parse(data)
    return refused.value.problem


@pytest.mark.real_data
@needs_formats
def test_every_reading_of_a_utility_is_read():
    (name, expected), *_ = json.loads((FORMATS / "espi/expected.json").read_text()).items()
    data = (FORMATS / "espi" / name).read_bytes()
    assert espi.why_not(data[:65536]) is None
    parsed = espi.parse(data)
    ((point, code), found), *others = sums(parsed).items()
    assert (point.rsplit("/", 1)[-1], code, others) == ("01", "05", [])
    assert found == (expected["readings"], Decimal(expected["sum_wh"]))
    epochs = parsed.values.start.astype("datetime64[s]").astype("int64")
    assert epochs.iloc[0] == expected["first_start_epoch"]
    assert epochs.iloc[-1] == expected["last_start_epoch"]
    assert expected["durations"] == [parsed.interval_minutes * 60]
    lines = data.decode().splitlines()
    for line in parsed.values.line:
        assert "<IntervalReading>" in lines[line - 1]


def test_channels_follow_the_links_whatever_the_order_of_entries():
    parsed = espi.parse(SAMPLE)
    assert parsed.channels == (
        Channel(POINT + "1", "a", "del", "Wh"),
        Channel(POINT + "1", "b", "rec", "kWh"),
        Channel(POINT + "1", "c", "kvar_q1", "Wh"),
        Channel(POINT + "12", "a", "net", "MW"),
        Channel(POINT + "1", "d", ""),  # a register
        Channel(POINT + "3", "a", ""),  # gas
    )
    assert (parsed.clock, parsed.interval_minutes) == ("utc", 15)


def test_values_have_the_line_power_of_ten_and_quality_of_the_feed():
    found = rows(espi.parse(SAMPLE))
    assert found[:6] == [
        ("a", 10, 0, "2024-01-01 00:00", "1500", "Normal"),
        ("a", 14, 0, "2024-01-01 00:15", "0", "Estimated"),
        ("a", 18, 0, "2024-01-01 00:30", None, "Questionable"),
        ("a", 22, 0, "2024-01-01 00:45", "7", "Normal"),
        ("b", 183, 0, "2024-01-01 00:00", "2", "Normal"),
        ("c", 196, 0, "2024-01-01 00:00", "123.45", "Normal"),
    ]


def test_readings_in_one_line_are_told_apart_by_their_place():
    found = rows(espi.parse(SAMPLE.replace(b"\n", b"")))
    assert [row[1:3] for row in found] == [(1, place + 1) for place in range(9)]


@pytest.mark.parametrize(
    ("old", "new", "quantity"),
    [
        (b"<espi:flowDirection>1<", b"<espi:flowDirection>0<", ""),
        (b"<espi:flowDirection>1<", b"<espi:flowDirection>19<", "rec"),
        (b"<espi:flowDirection>1<", b"<espi:flowDirection>4<", "net"),
        (b"<espi:uom>72<", b"<espi:uom>71<", "kva_del"),
        (b"<espi:uom>72<", b"<espi:uom>73<", "kvar_del"),
        (b"<espi:uom>72<", b"<espi:uom>119<", ""),
        (b"<espi:accumulationBehaviour>4<", b"<espi:accumulationBehaviour>3<", ""),
        (b"<espi:commodity>1<", b"<espi:commodity>7<", ""),
    ],
)
def test_a_reading_type_says_what_is_measured(old, new, quantity):
    assert espi.parse(SAMPLE.replace(old, new, 1)).channels[0].quantity == quantity


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"<value>1500<", b"<value>15OO<", "bad_number"),
        (b"<value>1500<", b"<value>1<b/>500<", "xml"),
        (b"<value>1500</value>", b"<value>1</value><value>2</value>", "xml"),
        (START + b"</timePeriod>", b"</timePeriod>", "bad_date"),
        (START, b"<start>2024-01-01</start>", "bad_date"),
        (b"<duration>900<", b"<duration>0<", "bad_date"),
        (b'rel="related" href="/ReadingType/1"', b'rel="x" href=""', "xml_link"),
        (b"</feed>", b"", "xml"),
        (b'encoding="UTF-8"', b'encoding="martian"', "xml"),
        (b"<value>1500<", b"<value>" + b"<a>" * 60 + b"</a>" * 60 + b"<", "xml"),
    ],
)
def test_a_feed_that_says_no_clear_value_is_refused(old, new, code):
    assert refusal(SAMPLE.replace(old, new)).code == code


def test_readings_without_a_meter_reading_are_refused():
    lost = SAMPLE.replace(b"/MeterReading/a/IntervalBlock", b"/MeterReading/x/IntervalBlock", 2)
    assert refusal(lost).code == "xml_link"


def test_a_feed_without_readings_is_empty():
    assert refusal(b'<feed xmlns="http://www.w3.org/2005/Atom"/>').code == "no_rows"


@pytest.mark.parametrize(
    "declarations",
    [
        '<!ENTITY a "1">',
        '<!ENTITY a SYSTEM "file:///etc/passwd">',
        "".join(
            f'<!ENTITY {name} "{f"&{before};" * 10}">'
            for before, name in zip("abcdefghi", "bcdefghij", strict=True)
        ),
        '<!ENTITY % a SYSTEM "http://127.0.0.1/a.dtd"> %a;',
        "",
    ],
)
def test_a_document_type_is_refused_before_anything_is_expanded(declarations):
    head, _, rest = SAMPLE.partition(b"\n")
    doctype = f"<!DOCTYPE feed [{declarations}]>\n".encode()
    rest = rest.replace(b"<value>1500<", b"<value>&j;<", 1)
    problem = refusal(head + b"\n" + doctype + rest)
    assert (problem.code, problem.line) in {("xml_entities", 2), ("xml_entities", None)}


@pytest.mark.parametrize("data", [b"<feed/>", b"", b"{}", b"http://naesb.org/espi"])
def test_another_file_is_not_taken_for_green_button(data):
    assert espi.why_not(data).code == "other_layout"


def test_utf_16_is_recognised_and_read():
    data = SAMPLE.decode().replace("UTF-8", "UTF-16").encode("utf-16")
    assert espi.why_not(data) is None
    assert rows(espi.parse(data)) == rows(espi.parse(SAMPLE))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2**32),
            st.sampled_from([300, 900, 1800, 3600]),
            st.integers(-(10**8), 10**8),
        ),
        min_size=1,
        max_size=30,
    ),
    st.integers(-6, 0),
)
def test_what_is_written_is_read_back(readings, power):
    head, _, rest = SAMPLE.partition(b"          <IntervalReading>")
    tail = rest[rest.index(b"      </IntervalBlock>") :]
    written = "".join(
        f"<IntervalReading><timePeriod><duration>{length}</duration><start>{start}</start>"
        f"</timePeriod><value>{value}</value></IntervalReading>\n"
        for start, length, value in readings
    )
    tail = tail.replace(b"Multiplier>0<", b"Multiplier>%d<" % power, 1)
    parsed = espi.parse(head + written.encode() + tail)
    values = parsed.values[: len(readings)]
    expected = [
        (
            datetime.fromtimestamp(start, UTC).replace(tzinfo=None),
            length,
            Decimal(value).scaleb(power),
        )
        for start, length, value in readings
    ]
    lengths = (values.end - values.start).dt.total_seconds().astype(int)
    times = values.start.dt.to_pydatetime()
    found = zip(times, lengths, map(Decimal, values.value), strict=True)
    assert list(found) == expected
