"""Read shapes, labels, clocks and units of delimited text; refuse what can be read in two ways."""

from datetime import datetime, timedelta

import pytest

from ingest import letters
from ingest.layouts import recognise
from ingest.layouts.delimited import DelimitedLayout, layout_for, layouts_in
from ingest.layouts.delimited_text import BEGINNING_BYTES, BLOCK_LETTERS
from ingest.layouts.layout_file import LayoutFile
from ingest.layouts.parsed import LayoutError, Parsed


def layout_of(**parts: object) -> DelimitedLayout:
    """Return a layout of long rows `when,kWh`, with other parts."""
    basis = {
        "name": "ours",
        "title": "ours",
        "header": {"match": ["when"]},
        "time": {"start": "when", "formats": "%Y-%m-%d %H:%M"},
        "channel": [{"columns": "kWh", "quantity": "del", "unit": "kWh"}],
    }
    return DelimitedLayout(LayoutFile.model_validate({**basis, **parts}))


def parse(text: str, layout: DelimitedLayout) -> Parsed:
    """Return what a text says."""
    return layout.parse(text.encode())


def refused(text: str, layout: DelimitedLayout) -> tuple[str, int | None]:
    """Return code and line with which a text is refused."""
    with pytest.raises(LayoutError) as caught:
        parse(text, layout)
    assert letters.reason(caught.value.problem)
    return caught.value.problem.code, caught.value.problem.line


def day_layout(columns: str, **time: object) -> DelimitedLayout:
    """Return a layout in which a row is a day."""
    return layout_of(
        header={"match": ["day"]},
        time={"label": "day", "formats": "%Y-%m-%d", **time},
        channel=[],
        wide={"over": "times", "columns": columns, "unit": "kWh"},
    )


@pytest.mark.parametrize("count", [24, 48, 96])
def test_a_row_can_be_a_day_of_numbered_intervals(count: int) -> None:
    header = ",".join(["day", *(f"V{number}" for number in range(1, count + 1))])
    rows = [f"2024-07-0{d}," + ",".join(str(d * 100 + n) for n in range(count)) for d in (1, 2)]
    values = parse("\n".join([header, *rows]), day_layout(r"V(?P<n>\d+)")).values
    length = timedelta(minutes=1440 // count)
    first = datetime(2024, 7, 1)
    assert list(values["start"]) == [first + length * number for number in range(2 * count)]
    assert (values["end"] - values["start"] == length).all()
    assert list(values["value"][:2]) == ["100", "101"]
    assert list(values["value"][count:][:1]) == ["200"]
    assert list(values["position"][:3]) == [1, 2, 3]
    assert set(values["line"]) == {2, 3}


@pytest.mark.parametrize("labels", ["start", "end"])
def test_a_row_can_be_a_day_with_times_in_its_header(labels: str) -> None:
    shift = 1 if labels == "end" else 0
    times = [f"{(n + shift) // 2:02d}:{(n + shift) % 2 * 30:02d}" for n in range(48)]
    text = "\n".join([",".join(["day", *times]), "2024-07-01," + ",".join(["1"] * 48)])
    layout = day_layout(r"(?P<hour>\d\d):(?P<minute>\d\d)", labels=labels)
    values = parse(text, layout).values
    assert values["start"].iloc[0] == datetime(2024, 7, 1)
    assert values["end"].iloc[-1] == datetime(2024, 7, 2)


def hundred(*rows: tuple[str, int]) -> str:
    """Return days with a hundred columns, of which the first so many have values."""
    lines = [",".join(["day", *(str(number) for number in range(1, 101))])]
    for day, filled in rows:
        lines.append(",".join([day, *(str(n) if n < filled else "" for n in range(100))]))
    return "\n".join(lines)


def test_a_day_of_a_hundred_columns_follows_the_clock_changes_of_its_zone() -> None:
    days = [("2024-03-30", 96), ("2024-03-31", 92), ("2024-10-27", 100), ("2024-10-28", 96)]
    parsed = parse(hundred(*days), day_layout(r"(?P<n>\d+)", clock="Europe/Berlin"))
    assert parsed.clock == "utc"
    known = parsed.values[parsed.values["value"].notna()]
    assert known["start"].is_unique
    assert len(known) == sum(count for _, count in days)
    spring = known[known["line"] == 3]
    assert spring["start"].min() == datetime(2024, 3, 30, 23)
    assert spring["end"].max() == datetime(2024, 3, 31, 22)
    autumn = known[known["line"] == 4]
    assert autumn["end"].max() == datetime(2024, 10, 27, 23)


@pytest.mark.parametrize("filled", [92, 100])
def test_a_day_with_a_clock_change_is_refused_without_a_zone(filled: int) -> None:
    text = hundred(("2024-03-30", 96), ("2024-03-31", filled))
    assert refused(text, day_layout(r"(?P<n>\d+)")) == ("layout_zone", 3)


def test_a_day_of_96_columns_cannot_hold_25_hours() -> None:
    text = hundred(("2024-10-27", 96))
    assert refused(text, day_layout(r"(?P<n>\d+)", clock="Europe/Berlin")) == ("layout_zone", 2)


def test_a_fixed_offset_gives_utc() -> None:
    time = {"end": "when", "formats": "%Y-%m-%d %H:%M", "clock": "-07:00", "minutes": 15}
    parsed = parse("when,kWh\n2024-07-01 00:00,1\n", layout_of(time=time))
    assert parsed.clock == "utc"
    assert parsed.values["start"].iloc[0] == datetime(2024, 7, 1, 6, 45)


def test_the_length_follows_from_the_labels_of_each_meter() -> None:
    layout = layout_of(point={"column": "meter"})
    text = (
        "meter,when,kWh\nA,2024-07-01 00:00,1\nB,2024-07-01 00:00,1\nA,2024-07-01 00:15,1\n"
        "B,2024-07-01 01:00,1\nA,2024-07-01 01:00,1\n"
    )
    values = parse(text, layout).values
    lengths = (values["end"] - values["start"]).dt.total_seconds() / 60
    assert list(lengths) == [15, 60, 15, 60, 15]


@pytest.mark.parametrize(
    "times",
    [["00:00"], ["00:00", "00:07"], ["00:00", "00:15", "00:40"]],
    ids=["one label", "no part of a day", "uneven"],
)
def test_a_length_that_does_not_follow_is_refused(times: list[str]) -> None:
    rows = [f"2024-07-01 {time},1" for time in times]
    assert refused("\n".join(["when,kWh", *rows]), layout_of())[0] == "layout_length"


@pytest.mark.parametrize("second", ["60", "61"])
@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M%S", "%H:%M:%S.%f %Y-%m-%d"])
def test_a_minute_has_no_second_60(form: str, second: str) -> None:
    layout = layout_of(time={"start": "when", "formats": form})
    times = [datetime(2024, 7, 1, 0, minute) for minute in (0, 15, 30)]
    rows = [f"{time:{form}},1" for time in times]
    assert list(parse("\n".join(["when,kWh", *rows]), layout).values["start"]) == times
    late = f"{times[1]:{form.replace('%S', second)}},1"
    text = "\n".join(["when,kWh", rows[0], late, rows[2]])
    assert refused(text, layout) == ("layout_time", 3)


def test_units_come_from_the_header_the_row_below_or_a_column() -> None:
    rows = "2024-07-01 00:00,1{0}\n2024-07-01 01:00,2{0}\n"
    header = layout_of(
        channel=[{"columns": "/import.*/", "quantity": "kvar_del", "unit": "header"}]
    )
    assert parse("when,Import (kvarh)\n" + rows.format(""), header).channels[0].unit == "kWh"
    below = layout_of(
        header={"match": ["when"], "unitRow": True},
        channel=[{"columns": "import", "quantity": "del", "unit": "unitRow"}],
    )
    assert parse("when,Import\n,MW\n" + rows.format(""), below).channels[0].unit == "MW"
    assert parse("when,Import\n" + rows.format(""), below).channels[0].unit is None
    column = layout_of(
        unitColumn="unit", channel=[{"columns": "import", "quantity": "del", "unit": "kWh"}]
    )
    assert parse("when,Import,Unit\n" + rows.format(",Wh"), column).channels[0].unit == "Wh"
    text = "when,Import,Unit\n" + rows.format(",therms")
    assert refused(text, column) == ("layout_unit", 2)


def test_a_file_without_a_header_is_read_by_the_numbers_of_its_columns() -> None:
    layout = layout_of(
        header={"row": 0, "above": [r"^\d{4}-\d\d-\d\d"]},
        time={"start": [1, 2], "formats": "%Y-%m-%d %H:%M"},
        channel=[{"columns": 3, "quantity": "net", "unit": "MW"}],
    )
    text = "2024-07-01,00:00,-1.5\n2024-07-01,01:00,2\n"
    parsed = parse(text, layout)
    assert list(parsed.values["value"]) == ["-1.5", "2"]
    assert list(parsed.values["line"]) == [1, 2]
    assert layout.why_not(b"Report\n1,2,3\n") is not None


def test_comments_other_rows_and_columns_are_counted_and_not_used() -> None:
    layout = layout_of(
        dialect={"commentChar": "#"},
        rows={"only": {"kind": ["electric"]}, "trailer": ["total"]},
        status={"column": "note", "words": {"E": "estimated"}},
    )
    text = (
        "when,kWh,kind,note,Peak kW\n# made by hand\n2024-07-01 00:00,1,Electric,,5\n"
        "2024-07-01 00:30,9,Gas,,5\n2024-07-01 01:00,2,Electric,E,6\nTotal,3,,,\n"
    )
    parsed = parse(text, layout)
    assert list(parsed.values["value"]) == ["1", "2"]
    assert list(parsed.values["status"]) == [None, "estimated"]
    assert dict(parsed.notes) == {"other_rows": 1, "trailer": 1, "unused_columns": 1}


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("2024-07-01 02:00,", None),
        ("2024-07-01 02:00,12 kWh", ("layout_value", 4)),
        ("2024-07-01 02:00,1e400", ("layout_value", 4)),
        ("2024-07-01 02:00,1000000000", ("layout_value", 4)),
        ("2024-07-01 02:00,NaN", None),
        ("2024-07-01 02:00", ("cell_count", 4)),
        ("2024-07-01 02:00,1,2", ("cell_count", 4)),
        ("2024-07-01 02:00,1,,", None),
        ("2024-13-01 02:00,1", ("layout_time", 4)),
        (",5", ("layout_time", 4)),
        ('2024-07-01 02:00,"1', ("open_quotes", 4)),
    ],
)
def test_a_row_is_read_or_the_file_refused(row: str, problem: tuple[str, int] | None) -> None:
    text = f"when,kWh\n2024-07-01 00:00,1\n2024-07-01 01:00,1\n{row}\n2024-07-01 03:00,1\n"
    if problem is None:
        assert len(parse(text, layout_of()).values) == 4
    else:
        assert refused(text, layout_of()) == problem


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"when,kWh\n", "no_rows"),
        (b"when,kWh\n\xff,1\n", "not_text"),
        ("when,kWh\n2024-07-01 00:00,1\n".encode("utf-16-le"), "not_text"),
        (b"time,kWh\n", "layout_header"),
        (b"when,kWh,kWh\n2024-07-01 00:00,1,2\n", "layout_columns"),
        (b"when,kW\n2024-07-01 00:00,1\n", "layout_columns"),
    ],
)
def test_a_file_that_is_something_else_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(LayoutError) as caught:
        layout_of().parse(data)
    assert caught.value.problem.code == code


def test_a_date_that_can_be_read_in_two_ways_is_settled_by_the_file_or_refused() -> None:
    time = {"start": "when", "formats": ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"], "minutes": 60}
    layout = layout_of(time=time)
    one_day = "when,kWh\n01/07/2024 00:00,1\n01/07/2024 01:00,1\n01/07/2024 02:00,1\n"
    assert refused(one_day, layout) == ("layout_two_dates", 2)
    span = (datetime(2024, 7, 1), datetime(2024, 7, 2))
    values = layout.parse(one_day.encode(), span).values
    assert values["start"].iloc[0] == datetime(2024, 7, 1)
    rows = [f"{day:02d}/07/2024 00:00,1" for day in (11, 12, 13)]
    values = parse("\n".join(["when,kWh", *rows]), layout).values
    assert values["start"].iloc[0] == datetime(2024, 7, 11)


CLASSIC = "Record No.,Event Type,Start Time,End Time,-1-,-2-\n"


def test_the_classic_export_is_month_first_unless_its_name_or_rows_say_otherwise() -> None:
    layout = next(layout for layout in layouts_in() if layout.name == "classic")
    text = CLASSIC + "1,Normal,07/01/2024 00:00,07/01/2024 00:15,1,0\n"
    assert parse(text, layout).values["start"].iloc[0] == datetime(2024, 7, 1)
    january = (datetime(2024, 1, 7), datetime(2024, 1, 8))
    with pytest.raises(LayoutError) as caught:
        layout.parse(text.encode(), january)
    assert caught.value.problem.code == "layout_other_date"
    rows = [f"1,Normal,{day}/01/2024 00:00,{day}/01/2024 00:15,1,0\n" for day in (12, 13)]
    assert refused(CLASSIC + "".join(rows), layout) == ("layout_other_date", 3)


def test_the_letter_of_a_classic_export_in_another_form_is_about_its_rows() -> None:
    times = [f"{n};Normal;{n + 12}/07/2024 00:00;{n + 12}/07/2024 00:15;1,5;0" for n in (1, 2)]
    data = "\r\n".join([CLASSIC.strip().replace(",", ";"), *times, ""])
    layout, outline = recognise(data.encode(), "north.csv")
    assert layout.name == "classic" and outline.problem.line == 2
    assert "only as DD/MM/YYYY HH:MM" in letters.reason(outline.problem)
    iso = data.replace("13/07/2024 00:00", "2024-07-13 00:00:00.000")
    iso = iso.replace("13/07/2024 00:15", "2024-07-13 00:15:00.000").rsplit("\r\n", 2)[0]
    values = recognise(iso.encode(), "north.csv")[1]
    assert (values.problem, values.first_start) == (None, datetime(2024, 7, 13))


def test_two_layouts_that_fit_are_a_problem_that_names_both() -> None:
    first, second = (
        DelimitedLayout(layout_of().file.model_copy(update={"name": name})) for name in "ba"
    )
    found, problem = layout_for(b"when,kWh\n2024-07-01 00:00,1\n", [first, second])
    assert found is None
    assert (problem.code, problem.values) == ("two_layouts", {"first": "a", "second": "b"})
    other = DelimitedLayout(first.file.model_copy(update={"rank": 1}))
    assert layout_for(b"when,kWh\n", [other, second])[0] is second


def long_file(count: int, width: int = 1) -> list[bytes]:
    columns = b",".join(b"meter %d (kW)" % n for n in range(width))
    cells = b",1" * width
    start = datetime(2024, 7, 1)
    times = (f"{start + timedelta(minutes=15 * n):%Y-%m-%d %H:%M}" for n in range(count))
    return [b"Time," + columns, *(time.encode() + cells for time in times)]


@pytest.mark.parametrize("shape", [(20_000, 1), (3, 30_000)], ids=["long", "wide"])
def test_a_large_file_is_recognised_by_its_beginning(shape):
    data = b"\n".join(long_file(*shape))
    assert len(data) > BEGINNING_BYTES
    layout, outline = recognise(data, "any.csv")
    assert (layout.name, outline.problem, outline.row_lines) == ("meter-columns", None, shape[0])


def test_a_byte_that_no_text_has_far_down_in_a_file_is_named_with_its_line():
    lines = long_file(20_000)
    lines[15_000] += b"\0"
    _, outline = recognise(b"\n".join(lines), "any.csv")
    assert (outline.problem.code, outline.problem.line) == ("not_text", 15_001)


def test_a_table_of_many_rows_is_read_as_one() -> None:
    """Its header comes again, units stand below the first, blocks of lines end where they may."""
    layout = layout_of(
        header={"match": ["when"], "unitRow": True},
        point={"column": "meter"},
        channel=[{"columns": "energy", "quantity": "del", "unit": "unitRow"}],
    )
    times = [datetime(2024, 7, 1) + timedelta(minutes=15 * n) for n in range(5000)]
    name = "a name of a meter so long that few rows are needed " * 10
    header = f"meter,when,energy,{name} kWh"
    rows = [f"{meter} {name},{at:%Y-%m-%d %H:%M},{at.minute}," for meter in "ab" for at in times]
    parsed = parse("\r\n".join([header, ",,MWh,", *rows, header, rows[0], ""]), layout)
    assert sum(map(len, rows)) > BLOCK_LETTERS
    assert [c.unit for c in parsed.channels] == ["MWh", "MWh"]
    assert dict(parsed.notes) == {"unit_row": 1, "repeated_header": 1, "unused_columns": 1}
    assert list(parsed.values["line"]) == [*range(3, 10_003), 10_004]
    assert list(parsed.values["value"]) == [str(at.minute) for at in [*times, *times, times[0]]]
    assert parsed.header_line == 1
