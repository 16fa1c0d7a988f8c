"""Read a small made-up sample of every shipped layout; its true values were written by hand."""

import csv
import random
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from ingest.layouts import readout, recognise
from ingest.layouts.delimited import SHIPPED, layout_for, layouts_in
from ingest.layouts.parsed import QUANTITIES, LayoutError, Parsed

SAMPLES = Path(__file__).parent.parent / "data" / "layouts"
VARIANTS = Path(__file__).parents[2].parent / "shared" / "data" / "variants" / "files"
NAMES = sorted(path.stem for path in SHIPPED.glob("*.toml"))
OF_SECTIONS = {"pnpscada-profile", "sce-usage"}  # a row is of the section that it is in


def rows_of(parsed: Parsed) -> Counter:
    """Return point, quantity, unit, start, end, value and status of all values that are used."""
    values = parsed.values
    channels = [parsed.channels[number] for number in values["channel"]]
    columns = (values[name] for name in ("start", "end", "value", "status"))
    return Counter(
        (c.point or "", c.quantity, c.unit or "", start.to_pydatetime(), end.to_pydatetime(), v, s)
        for c, start, end, v, s in zip(channels, *columns, strict=True)
    )


def true_rows(name: str) -> Counter:
    """Return what was written by hand beside a sample; `?` is an unknown value."""
    with (SAMPLES / f"{name}.true.csv").open(newline="", encoding="utf-8") as file:
        return Counter(
            (
                *(row["point"], row["quantity"], row["unit"]),
                *(datetime.strptime(row[end], "%Y-%m-%d %H:%M") for end in ("start", "end")),
                None if row["value"] == "?" else row["value"],
                row["status"] or None,
            )
            for row in csv.DictReader(file)
        )


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_recognised_by_its_own_layout_only_and_read_exactly(name: str) -> None:
    data = (SAMPLES / f"{name}.csv").read_bytes()
    layout, problem = layout_for(data, layouts_in())
    assert problem is None
    assert layout.name == name
    parsed = layout.parse(data)
    assert rows_of(parsed) == true_rows(name)
    assert {channel.quantity for channel in parsed.channels} <= {"", *QUANTITIES}


@pytest.mark.parametrize("name", [*NAMES, readout.NAME])
def test_a_sample_is_outlined_by_the_first_of_all_layouts_that_fits(name: str) -> None:
    data = (SAMPLES / f"{name}.csv").read_bytes()
    layout, outline = recognise(data, f"{name}.csv")
    assert (layout.name, outline.problem) == (name, None)
    starts = [row[3] for row in true_rows(name)]
    assert outline.first_start == min(starts)


@pytest.mark.parametrize("name", sorted({*NAMES} - OF_SECTIONS))
def test_the_order_of_rows_changes_no_value(name: str) -> None:
    data = (SAMPLES / f"{name}.csv").read_bytes()
    layout, _ = layout_for(data, layouts_in())
    lines = data.splitlines(keepends=True)
    first = int(layout.parse(data).values["line"].min()) - 1
    for seed in range(5):
        rows = random.Random(seed).sample(lines[first:], len(lines) - first)
        assert rows_of(layout.parse(b"".join([*lines[:first], *rows]))) == true_rows(name)


def test_every_sample_has_a_layout_and_every_layout_says_its_source() -> None:
    samples = {path.name.removesuffix(".true.csv") for path in SAMPLES.glob("*.true.csv")}
    assert samples == {*NAMES, readout.NAME}
    for path in SHIPPED.glob("*.toml"):
        assert path.read_text(encoding="utf-8").startswith("# Source: "), path.name


def test_a_read_out_gives_its_load_profile_and_the_meters_serial_number() -> None:
    data = (SAMPLES / "iec62056-p01.csv").read_bytes()
    assert readout.why_not(data) is None
    parsed = readout.parse(data)
    assert rows_of(parsed) == true_rows("iec62056-p01")
    assert parsed.interval_minutes == 15
    assert layout_for(data, layouts_in())[0] is None


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("north.nem12.csv", "300,20240101", "300,00010101"),
        ("historian-tags.csv", "01-Jul-24", "-2024-07-01"),
        ("pnpscada-energy.csv", "2026-07-01", "-2026-07-01"),
        ("smt-interval.csv", "'10000000000000001,07/01/2025", "'10000000000000001,12/31/9999"),
    ],
)
def test_a_time_that_no_calendar_has_refuses_the_file(file: str, old: str, new: str) -> None:
    data = (SAMPLES / file).read_bytes()
    _, outline = recognise(data.replace(old.encode(), new.encode()), file)
    assert outline.problem and outline.problem.line


@pytest.mark.parametrize(
    ("line", "damaged"),
    [
        (b"(0.16832)(--)", b"0.16832)(--)"),
        (b"(0.16832)(--)", b"%(0.16832)(--)"),
        (b"P.01(1220823161500)", b"P-01(1220823161500"),
        (b"(0.1)(0)(00123.4)\n!", b"!\n(0.1)(0)(00123.4)"),
        (b"(0.1)(0)(00123.4)\n!", b"(0.1)(0)(00123.4),(0.1)(0)(00123.4)\n!"),
        (b"(0.1)(0)(00123.4)\n!", b"(0.1)(0)("),
        (b"P.01(1220823170000)", b".01(1220823170000)"),
    ],
)
def test_no_values_of_a_read_out_are_passed_over(line: bytes, damaged: bytes) -> None:
    data = (SAMPLES / "iec62056-p01.csv").read_bytes().replace(b"\r\n", b"\n")
    assert line in data
    with pytest.raises(LayoutError) as found:
        readout.parse(data.replace(line, damaged))
    assert found.value.problem.code == "bad_row" and found.value.problem.line


def test_values_below_the_header_of_another_block_refuse_a_read_out() -> None:
    data = (SAMPLES / "iec62056-p01.csv").read_bytes().replace(b"\r\n", b"\n")
    first, *rest = data.partition(b"P.01(1220823161500)")
    blocks = b"".join(rest).splitlines(keepends=True)
    six, of_six, three, of_three = blocks[0], blocks[1:3], blocks[3], blocks[4]
    assert rows_of(readout.parse(first + six + b"".join(of_six) + three + of_three)).total() > 0
    for lines, line, found in (
        ([three, *of_six], 4, 6),  # two intervals of three channels each, if taken so
        ([three, *of_six, six], 6, 0),
        ([six, three, of_three], 3, 0),
    ):
        with pytest.raises(LayoutError) as refused:
            readout.parse(first + b"".join([*lines, six, *of_six] if found else lines))
        problem = refused.value.problem
        assert (problem.code, problem.line, problem.values["found"]) == ("cell_count", line, found)


def test_a_line_of_a_read_out_may_hold_several_intervals() -> None:
    data = (SAMPLES / "iec62056-p01.csv").read_bytes().replace(b"\r\n", b"\n")
    joined = data.replace(b"(0.02431)\n(0.16832)", b"(0.02431)(0.16832)")
    assert joined != data and rows_of(readout.parse(joined)) == rows_of(readout.parse(data))


def test_a_meter_with_its_unit_in_brackets_is_read_among_tags() -> None:
    text = "Time,A kW,B (MW),C [kWh],D W\n2024-07-01 00:00,1,-2,3,4\n2024-07-01 00:15,5,6,7,8\n"
    layout, _ = layout_for(text.encode(), layouts_in())
    parsed = layout.parse(text.encode())
    channels = [(c.point, c.quantity, c.unit) for c in parsed.channels]
    assert channels == [("A", "net", "kW"), ("B", "net", "MW"), ("C", "net", "kWh")]
    assert list(parsed.values["value"]) == ["1", "-2", "3", "5", "6", "7"]
    assert dict(parsed.notes)["unused_columns"] == 1  # D


def test_another_list_of_a_read_out_is_not_its_load_profile() -> None:
    data = (SAMPLES / "iec62056-p01.csv").read_bytes().replace(b"\r\n", b"\n")
    log = b"P.98(1220823161500)(08)()(1)(0.9.1)()\n(161500)\n(163000)\n1.8.0(00123*kWh)\n"
    assert rows_of(readout.parse(data.replace(b"!", log + b"!"))) == rows_of(readout.parse(data))
    assert rows_of(readout.parse(data.replace(b"P.01", log + b"P.01", 1))).total() > 0


@pytest.mark.parametrize(
    ("name", "old", "new", "line"),
    [
        # a tariff's share of a quarter hour would be missing in the sum
        ("fluvius", ';="541400000000000001";1SAG0000000001;Digitale meter;Afname Dag;0,001',
         ";;1SAG0000000001;Digitale meter;Afname Dag;0,001", 5),
        ("smt-interval", "'10000000000000001,07/01/2025,07/02/2025 07:37:17, 23:45, 00:00,0.612",
         ",07/01/2025,07/02/2025 07:37:17, 23:45, 00:00,0.612", 3),
        ("enedis-production", "T12:30:00+02:00", "T12:30:00+02:00:59", 5),
        ("pge-usage", "Electric usage,2026-07-06,23:45", "lectric usage\n,2026-07-06,23:45", 8),
    ],
)  # fmt: skip
def test_no_row_is_passed_over_for_what_is_damaged_in_it(
    name: str, old: str, new: str, line: int
) -> None:
    data = (SAMPLES / f"{name}.csv").read_bytes()
    assert data.count(old.encode()) == 1
    layout, _ = layout_for(data, layouts_in())
    with pytest.raises(LayoutError) as found:
        layout.parse(data.replace(old.encode(), new.encode()))
    assert found.value.problem.line == line


@pytest.mark.parametrize(
    ("name", "clock"),
    [
        ("enedis-consumption", "utc"),
        ("esb-hdf", "Europe/Dublin"),
        ("fluvius", "Europe/Brussels"),
        ("smt-interval", "America/Chicago"),
        ("ion-log", "meter"),
    ],
)
def test_times_are_on_the_clock_that_the_format_has(name: str, clock: str) -> None:
    data = (SAMPLES / f"{name}.csv").read_bytes()
    assert layout_for(data, layouts_in())[0].parse(data).clock == clock


def test_a_file_with_the_newest_row_first_comes_out_oldest_first() -> None:
    data = (SAMPLES / "esb-hdf.csv").read_bytes()
    parsed = layout_for(data, layouts_in())[0].parse(data)
    assert parsed.values["start"].is_monotonic_increasing
    assert dict(parsed.notes)["newest_first"] == 6
    assert dict(parsed.notes)["unused_rows"] == 1


def classic_rows(path: Path) -> dict[str, list[float]]:
    """Return the columns of a variant, read here with `csv` alone."""
    text = path.read_bytes().decode("utf-16" if "utf16" in path.name else "utf-8")
    delimiter = next(d for d in ";\t," if d in text)
    lines = [row for row in csv.reader(text.splitlines(), delimiter=delimiter) if row]
    header = next(row for row in lines if row[0] == "Record No.")
    rows = [row for row in lines if row[0].isdigit()]
    return {
        name: [float(row[place].replace(",", ".")) for row in rows]
        for place, name in enumerate(header)
        if place > 3 and name
    }


@pytest.mark.real_data
@pytest.mark.skipif(not VARIANTS.exists(), reason="the shared data is not here")
def test_every_variant_of_the_classic_export_but_one_gives_the_same_day() -> None:
    quantity_of = {"-1-": "del", "-2-": "rec", "-3-": "kva_del", "-4-": "kva_rec"}
    quantity_of |= {"kw_del": "del", "kw_rec": "rec"}
    for path in sorted(VARIANTS.iterdir()):
        data = path.read_bytes()
        layout, problem = layout_for(data, layouts_in())
        if path.name == "b1-nohead.csv":
            assert problem.code == "layout_header"
            continue
        assert layout.name == "classic", path.name
        parsed = layout.parse(data)
        expected = classic_rows(path)
        assert len(parsed.channels) == len(expected), path.name
        for number, channel in enumerate(parsed.channels):
            own = parsed.values[parsed.values["channel"] == number]
            found = sorted(float(value) for value in own["value"])
            assert found == sorted(expected[channel.code]), (path.name, channel)
            assert channel.quantity == quantity_of.get(channel.code, channel.code), path.name
            assert own["start"].min() == datetime(2024, 7, 1), path.name
            assert own["end"].max() == datetime(2024, 7, 2), path.name
            assert (own["start"].iloc[1:].array == own["end"].iloc[:-1].array).all(), path.name
