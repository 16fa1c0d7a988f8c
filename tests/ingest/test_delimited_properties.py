"""Hold for any file: exact or refused, the order of rows changes nothing, no bytes crash it."""

import csv
import io
import random
import tracemalloc
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest import letters
from ingest.layouts import readout
from ingest.layouts.delimited import DelimitedLayout, layout_for, layouts_in
from ingest.layouts.layout_file import LayoutFile
from ingest.layouts.parsed import LayoutError, Parsed

SAMPLES = Path(__file__).parent.parent / "data" / "layouts"
FORMATS = ("%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M:%S", "%m/%d/%Y %I:%M %p", "%d/%m/%y %H:%M")
QUANTITIES = ("del", "rec", "kva_net", "kvar_q1")


def values_of(parsed: Parsed) -> Counter:
    """Return what a file says, without line numbers."""
    values = parsed.values
    channels = [parsed.channels[number] for number in values["channel"]]
    columns = (values[name] for name in ("start", "end", "value", "status"))
    return Counter(zip(channels, *columns, strict=True))


@st.composite
def tables(draw) -> tuple[LayoutFile, bytes, Counter]:
    """Return a layout, a file in its dialect, and what is in it."""
    decimal = draw(st.sampled_from([".", ","]))
    delimiter = draw(st.sampled_from([c for c in ",;\t|" if c != decimal]))
    form = draw(st.sampled_from(FORMATS))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    label = draw(st.sampled_from(["start", "end"]))
    minutes = draw(st.sampled_from([5, 15, 30, 60]))
    points = draw(st.lists(st.text("ABCÄ0123 -'", min_size=1), min_size=1, max_size=3, unique=True))
    points = [f"M{text.strip()}" for text in points]
    quantities = draw(st.lists(st.sampled_from(QUANTITIES), min_size=1, max_size=3, unique=True))
    count = draw(st.integers(3, 12))
    first = datetime(2024, 1, 1) + timedelta(minutes=minutes * draw(st.integers(0, 40_000)))
    cell = st.one_of(
        st.none(), st.decimals(-(10**6), 10**6, places=draw(st.integers(0, 6)), allow_nan=False)
    )
    rows, true = [], Counter()
    for point in dict.fromkeys(points):
        for number in range(count):
            start = first + timedelta(minutes=minutes * number)
            end = start + timedelta(minutes=minutes)
            values = [draw(cell) for _ in quantities]
            texts = [None if value is None else f"{value:f}" for value in values]
            shown = ["" if text is None else text.replace(".", decimal) for text in texts]
            rows.append([point, (start if label == "start" else end).strftime(form), *shown])
            for quantity, text in zip(quantities, texts, strict=True):
                true[point, quantity, start, end, _plain(text)] += 1
    draw(st.randoms()).shuffle(rows)
    buffer = io.StringIO()
    writer = csv.writer(
        buffer,
        delimiter=delimiter,
        quoting=draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
        lineterminator=draw(st.sampled_from(["\n", "\r\n"])),
    )
    buffer.write(draw(st.sampled_from(["", "Report of a meter\n\n"])))
    writer.writerow(["meter", "when", *quantities])
    writer.writerows(rows)
    layout = LayoutFile.model_validate(
        {
            "name": "drawn",
            "title": "drawn",
            "dialect": {"delimiter": delimiter, "decimalChar": decimal},
            "header": {"match": ["meter", "when"]},
            "time": {label: "when", "formats": form},
            "point": {"column": "meter"},
            "channel": [{"columns": name, "quantity": name} for name in quantities],
        }
    )
    return layout, buffer.getvalue().encode(encoding), true


def _plain(text: str | None) -> str | None:
    """Return a number as the reader writes it."""
    if text is None:
        return None
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    return sign + digits


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(tables())
def test_a_table_in_any_dialect_is_read_back_exactly(drawn) -> None:
    layout, data, true = drawn
    parsed = DelimitedLayout(layout).parse(data)
    found = Counter()
    for (channel, start, end, value, _), count in values_of(parsed).items():
        found[channel.point, channel.quantity, start, end, value] += count
    assert found == true


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"]),
    st.sampled_from([(".", ""), (",", ""), (".", ","), (",", ".")]),
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),
    st.sampled_from([15, 60, 1440]),
    st.lists(st.decimals(0, 99_999, places=3), min_size=3, max_size=40),
)
def test_what_can_be_read_in_two_ways_is_read_rightly_or_refused(
    form: str, marks: tuple[str, str], first: datetime, minutes: int, values: list
) -> None:
    layout = LayoutFile.model_validate(
        {
            "name": "open",
            "title": "open",
            "dialect": {"delimiter": ";", "decimalChar": [".", ","], "groupChar": [",", "."]},
            "header": {"match": ["when", "kWh"]},
            "time": {"start": "when", "formats": ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"]},
            "channel": [{"columns": "kWh", "quantity": "del", "unit": "kWh"}],
        }
    )
    first = first.replace(hour=0, minute=0, second=0, microsecond=0)
    starts = [first + timedelta(minutes=minutes * number) for number in range(len(values))]
    decimal, group = marks
    rows = []
    for start, value in zip(starts, values, strict=True):
        text = f"{value:,.3f}" if group else f"{value:.3f}"
        text = text.translate({ord("."): decimal, ord(","): group})
        rows.append(f"{start:{form}};{text}")
    data = "\n".join(["when;kWh", *rows]).encode()
    try:
        parsed = DelimitedLayout(layout).parse(data)
    except LayoutError as error:
        assert error.problem.code in {"layout_two_dates", "layout_two_numbers"}
        return
    found = parsed.values
    assert list(found["start"]) == starts
    assert [Decimal(value) for value in found["value"]] == values


@pytest.mark.parametrize("name", sorted(layout.name for layout in layouts_in()))
def test_the_order_of_rows_never_changes_what_a_file_says(name: str) -> None:
    data = (SAMPLES / f"{name}.csv").read_bytes()
    layout = layout_for(data, layouts_in())[0]
    expected = values_of(layout.parse(data))
    text = data.decode("utf-8")
    lines = text.splitlines()
    place = {line for line in _data_lines(layout, data)}
    blocks: list[list[int]] = [[]]
    for number in range(1, len(lines) + 1):
        if number in place:
            blocks[-1].append(number)
        elif blocks[-1]:
            blocks.append([])
    for seed in range(5):
        order = list(lines)
        for block in blocks:
            mixed = list(block)
            random.Random(seed).shuffle(mixed)
            for number, other in zip(block, mixed, strict=True):
                order[number - 1] = lines[other - 1]
        assert values_of(layout.parse("\n".join(order).encode())) == expected


def _data_lines(layout: DelimitedLayout, data: bytes) -> set[int]:
    """Return the lines that values came from."""
    return set(layout.parse(data).values["line"])


SEEDS = [path.read_bytes() for path in sorted(SAMPLES.glob("*.csv")) if ".true" not in path.name]


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(SEEDS),
    st.lists(
        st.tuples(st.integers(0, 10**6), st.binary(max_size=3), st.integers(0, 4)), max_size=6
    ),
)
def test_changed_bytes_are_read_or_refused_and_never_crash(data: bytes, changes: list) -> None:
    for at, new, length in changes:
        place = at % (len(data) + 1)
        data = data[:place] + new + data[place + length :]
    layout, _ = layout_for(data, layouts_in())
    parse = layout.parse if layout else readout.parse
    try:
        parsed = parse(data)
    except LayoutError as error:
        assert letters.reason(error.problem)
        return
    values = parsed.values
    assert len(values)
    assert (values["end"] - values["start"]).notna().all()
    known = values["value"].dropna()
    assert known.str.fullmatch(r"-?\d{1,9}(\.\d{1,18})?").all()


def test_memory_is_bounded_by_the_size_of_the_file() -> None:
    header = "time," + ",".join(f"M{number}" for number in range(300))
    rows = [
        f"{datetime(2024, 1, 1) + timedelta(minutes=15 * number):%Y-%m-%d %H:%M},"
        + ",".join(f"{number}.{column}" for column in range(300))
        for number in range(500)
    ]
    data = "\n".join([header, *rows]).encode()
    layout = layout_for(data, layouts_in())[0]
    tracemalloc.start()
    parsed = layout.parse(data)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(parsed.values) == 150_000
    assert most < 60 * len(data)
