"""MSCONS: points, OBIS codes, offsets, units, qualifiers, and what is refused."""

import json
import re
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layout_files import FORMATS, SAMPLES, needs_formats, rows, sums
from pydifact.parser import Parser

from ingest.layouts import mscons
from ingest.layouts.parsed import Channel, LayoutError

SAMPLE = (SAMPLES / "north.mscons.txt").read_text()
FILES = json.loads((FORMATS / "mscons/expected.json").read_text()) if FORMATS.is_dir() else {}
POINT = "DE0001112223334445556667778889990"


def parse(text: str):
    return mscons.parse(text.encode())


def refusal(text: str):
    with pytest.raises(LayoutError) as refused:
        parse(text)
    return refused.value.problem


@pytest.mark.real_data
@needs_formats
@pytest.mark.parametrize("name", FILES)
def test_every_value_of_an_operator_is_read(name):
    data, expected = (FORMATS / "mscons" / name).read_bytes(), FILES[name]
    assert mscons.why_not(data[:65536]) is None
    parsed = mscons.parse(data)
    ((point, code), found), *others = sums(parsed).items()
    assert ([point], [code], others) == (expected["loc"], expected["obis"], [])
    written = re.findall(r"QTY\+220:([0-9.,]+)'", data.decode())
    assert found == (expected["values"], sum(Decimal(x.replace(",", ".")) for x in written))
    # expected.json has only the digits in front of a decimal comma
    assert sum(Decimal(x.partition(",")[0]) for x in written) == Decimal(expected["sum"])
    first, last = parsed.values.start.iloc[0], parsed.values.end.iloc[-1]
    local = [time + timedelta(hours=1) for time in (first, last)]
    assert [f"{time:%Y%m%d%H%M}" for time in local] == [expected["first"], expected["last_end"]]
    assert parsed.clock == "utc" and set(parsed.values.status) == {"Normal"}


@pytest.mark.real_data
@needs_formats
@pytest.mark.parametrize("name", FILES)
def test_values_are_those_that_pydifact_finds(name):
    text = (FORMATS / "mscons" / name).read_text()

    class Plain:
        def create_segment(self, name, *elements, **_):
            return name, elements

    theirs = [x[0][1] for tag, x in Parser(factory=Plain()).parse(text) if tag == "QTY"]
    assert [Decimal(text.replace(",", ".")) for text in theirs] == [
        Decimal(value) for value in parse(text).values.value
    ]


def test_channels_are_points_and_obis_codes_with_their_units():
    parsed = parse(SAMPLE)
    assert parsed.channels == (
        Channel(POINT, "1-1:1.29.0", "del", "kWh"),
        Channel(POINT, "1-1:2.25.0", "rec", "kW"),
        Channel("POINT 'B'", "1-1:7.29.0*255", "kvar_q3", "kWh"),
        Channel("POINT 'B'", "1-1:1.29.1", ""),  # one tariff of several
    )
    assert (parsed.clock, parsed.interval_minutes, parsed.notes) == ("utc", 15, ())


def test_values_have_line_time_in_utc_and_the_word_of_their_qualifier():
    assert rows(parse(SAMPLE)) == [
        ("1-1:1.29.0", 16, 0, "2023-12-31 23:00", "36.300", "Normal"),
        ("1-1:1.29.0", 19, 0, "2024-01-01 00:00", "0.074", "Substituted"),
        ("1-1:1.29.0", 22, 0, "2024-01-01 01:00", None, "Missing"),
        ("1-1:1.29.0", 26, 0, "2024-01-01 02:00", "7", "Estimated"),
        ("1-1:2.25.0", 31, 0, "2023-12-31 23:00", "1.5", "Normal"),
        ("1-1:7.29.0*255", 42, 0, "2024-01-01 00:00", "4", "Normal"),
        ("1-1:1.29.1", 47, 0, "2023-12-31 23:00", "9", "Normal"),
    ]


def test_a_file_in_one_line_has_places_in_it():
    parsed = parse(SAMPLE.replace("\n", ""))
    assert [row[1:3] for row in rows(parsed)] == [(1, place) for place in range(1, 8)]
    assert [row[3:] for row in rows(parsed)] == [row[3:] for row in rows(parse(SAMPLE))]


def test_times_without_an_offset_are_those_of_the_meter():
    text = SAMPLE.replace("?+01:303", ":203").replace("?+00:303", ":203")
    parsed = parse(text)
    assert parsed.clock == "meter"
    assert rows(parsed)[0][3] == "2024-01-01 00:00"


def test_another_count_of_segments_is_noted():
    assert parse(SAMPLE.replace("UNT+48+1", "UNT+9+1")).notes == (("segment_count", 1),)


def test_other_service_characters_are_used():
    text = SAMPLE.removeprefix("UNA:+.? '\n").replace("?+", "+").replace("1-1?:", "1-1:")
    marks = {":": "^", "+": "|", "'": "~"}
    text = "".join(marks.get(letter, letter) for letter in text.replace("?'", "!'"))
    text = text.replace("!~", "'").replace("1-1^", "1-1:").replace("|01^", "+01^")
    text = text.replace("|00^", "+00^")
    assert rows(parse("UNA^|.! ~" + text)) == [
        (code, line - 1, *rest) for code, line, *rest in rows(parse(SAMPLE))
    ]


def test_an_escaped_escape_is_the_letter_itself():
    points = {channel.point for channel in parse(SAMPLE.replace(POINT, "A??B?+C")).channels}
    assert "A?B+C" in points


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("QTY+220:36.300", "QTY+220:36.3OO", "bad_number", 16),
        ("QTY+220:36.300", "QTY+ZZ9:36.300", "bad_quality", 16),
        ("36.300:KWH", "36.300:MTQ", "unit_of_channel", 16),
        (
            "DTM+163:202401010000?+01:303'\nDTM+164:202401010015",
            "DTM+164:202401010015",
            "bad_date",
            16,
        ),
        ("202401010015?+01:303", "202413010015?+01:303", "bad_date", 18),
        ("202401010015?+01:303", "202401010015:203", "bad_date", 18),
        ("202401010015?+01:303", "202401010015?+01:304", "bad_date", 18),
        (f"LOC+172+{POINT}'\n", "", "no_point", 15),
        ("QTY+220:36.300:KWH'", "QTY'", "bad_quality", 16),
        ("PIA+5+1-1?:1.29.0:SRW'\n", "", "no_point", 15),
        ("PIA+5+1-1?:1.29.0:SRW'\n", "PIX+5+1-1?:1.29.0:SRW'\n", "edifact", 15),
        ("UNZ+1+NORTH1'\n", "", "no_end", 50),
        ("UNT+48+1'\n", "", "misplaced_record", 50),
        ("MSCONS:D", "UTILMD:D", "misplaced_record", 3),
        ("UNZ+1+NORTH1'", "UNZ+1+NORTH1", "edifact", 50),
    ],
)
def test_a_message_that_is_not_whole_is_refused_with_its_line(old, new, code, line):
    assert old in SAMPLE
    problem = refusal(SAMPLE.replace(old, new, 1))
    assert (problem.code, problem.line) == (code, line)


@pytest.mark.parametrize("data", [b"UNB+UNOC:3'UNH+1+UTILMD", b"", b"MSCONS", b"100,NEM12"])
def test_another_file_is_not_taken_for_mscons(data):
    assert mscons.why_not(data).code == "other_layout"


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.text("AB?+:' \xe9", min_size=1, max_size=8).filter(lambda text: text.strip() == text),
        st.lists(
            st.tuples(
                st.datetimes(datetime(2000, 1, 1), datetime(2039, 1, 1)),
                st.decimals(-(10**6), 10**6, places=3).map(lambda number: f"{number:f}"),
            ),
            min_size=1,
            max_size=5,
        ),
        min_size=1,
        max_size=4,
    ),
    st.integers(-12, 14),
    st.sampled_from(["", "\n", "\r\n"]),
)
def test_what_is_written_is_read_back(points, offset, end):
    segments = ["UNB+UNOC:3+A+B+240101:0000+1", "UNH+1+MSCONS:D:04B:UN:2.4", "BGM+7+1+9"]
    expected = []
    for point, values in points.items():
        escaped = "".join(f"?{letter}" if letter in "?+:'" else letter for letter in point)
        segments += ["NAD+DP", f"LOC+172+{escaped}", "LIN+1", "PIA+5+1-0?:1.29.0:SRW"]
        for start, value in values:
            start = start.replace(second=0, microsecond=0)
            segments.append(f"QTY+220:{value}")
            for which, time in ((163, start), (164, start + timedelta(minutes=15))):
                sign = "?+" if offset >= 0 else "-"
                segments.append(f"DTM+{which}:{time:%Y%m%d%H%M}{sign}{abs(offset):02}:303")
            expected.append((point, start - timedelta(hours=offset), value))
    segments += [f"UNT+{len(segments)}+1", "UNZ+1+1"]
    parsed = mscons.parse("".join(f"{segment}'{end}" for segment in segments).encode())
    found = zip(
        (parsed.channels[channel].point for channel in parsed.values.channel),
        parsed.values.start.dt.to_pydatetime(),
        parsed.values.value,
        strict=True,
    )
    assert list(found) == expected and parsed.notes == ()


def test_a_missing_value_is_unknown_and_an_amount_of_a_delivery_note_no_interval():
    unusable = next(line for line in SAMPLE.splitlines() if line.startswith("QTY+20"))
    missing = parse(SAMPLE.replace(unusable, unusable.replace("+20", "+Z30")))
    assert rows(missing) == rows(parse(SAMPLE))
    noted = parse(SAMPLE.replace(unusable, "QTY+Z31:99:KWH'"))
    [channel] = [c for c in noted.channels if (c.code, c.quantity) == ("1-1:1.29.0", "")]
    of_note = noted.values[noted.values.channel == noted.channels.index(channel)]
    assert of_note[["value", "status"]].values.tolist() == [["99", "Delivery note"]]
