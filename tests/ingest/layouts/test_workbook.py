"""Workbooks: visible sheets as delimited text, one line a row, dates in the form asked for."""

import io
import zipfile

import pytest
from layout_files import SAMPLES

from ingest.layouts import workbook
from ingest.layouts.parsed import LayoutError
from ingest.layouts.workbook import Forms, Sheet

SHEET = "xl/worksheets/sheet1.xml"


def book(changes: dict[str, bytes]) -> bytes:
    """Return the workbook of the samples with other bytes in some of its parts."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(SAMPLES / "north.xlsx") as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, changes.get(name, old.read(name)))
    return out.getvalue()


def part(name: str) -> bytes:
    return zipfile.ZipFile(SAMPLES / "north.xlsx").read(name)


def sheet(cells: str) -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rows = f'<worksheet xmlns="{space}"><sheetData>{cells}</sheetData></worksheet>'
    return book({SHEET: rows.encode()})


def refusal(data: bytes):
    with pytest.raises(LayoutError) as refused:
        workbook.sheets(data)
    return refused.value.problem


@pytest.mark.parametrize("name", ["north.xlsx", "north.xls", "north.ods"])
def test_a_sheet_becomes_text_with_a_line_for_each_row(name):
    data = (SAMPLES / name).read_bytes()
    assert workbook.why_not(data[:65536]) is None
    (found,) = workbook.sheets(data)
    assert found.name == "Load profile"
    assert found.delimited(Forms("%d.%m.%Y %H:%M")).decode().split("\n") == [
        "meter,north substation,,",
        ",,,",
        "Time,kWh del,kWh rec,Note",
        "01.01.2024 23:15,0.29,0,01/01/2024 23:15",
        "01.01.2024 23:30,1234.5,0.07,01/01/2024 23:30",
        "01.01.2024 23:45,,3,01/01/2024 23:45",
        "02.01.2024 00:00,12,0.000001,02/01/2024 00:00",
        "",
    ]


def test_dates_and_times_in_columns_of_their_own_keep_their_kind():
    date, time = (
        '<c r="{}2" s="{}"><v>{}</v></c>'.format(*x) for x in (("A", 1, 45292), ("B", 1, 0.5))
    )
    (found,) = workbook.sheets(sheet(f'<row r="2">{date}{time}</row>'))
    (*_, row) = found.rows
    assert {type(cell).__name__ for cell in row} <= {"date", "time", "datetime"}
    text = Sheet("x", ((row[0], "a\nb"),)).delimited(Forms(day="%d/%m/%y", moment="%d/%m/%y"))
    assert text == b"01/01/24,a b\n"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("0.28999999999999998", "0.29"),
        ("1E-7", "0.0000001"),
        ("123456789.123456", "123456789.123456"),
        ("20240101", "20240101"),
        ("-0.5", "-0.5"),
    ],
)
def test_a_number_has_the_shortest_digits_that_give_it_again(written, text):
    (found,) = workbook.sheets(sheet(f'<row r="1"><c r="A1"><v>{written}</v></c></row>'))
    assert found.rows == ((text,),)


def test_rows_above_the_first_cell_count():
    (found,) = workbook.sheets(sheet('<row r="3"><c r="B3"><v>7</v></c></row>'))
    assert found.delimited() == b",\n,\n,7\n"


def test_a_formula_has_its_value_or_is_refused():
    (found,) = workbook.sheets(sheet('<row r="1"><c r="A1"><f>1+1</f><v>2</v></c></row>'))
    assert found.rows == (("2",),)
    for value in ("", "<v/>", "<v></v>"):
        cells = f'<row r="1"><c r="A1"><f>1+1</f>{value}</c></row>'
        assert refusal(sheet(cells)).code == "uncalculated"


def test_the_sheet_that_fits_is_used_and_two_are_refused():
    sheets = (Sheet("a", (("x",),)), Sheet("b", (("y",),)), Sheet("c", (("y",),)))
    assert workbook.sheet_that_fits(sheets, lambda found: found.rows == (("x",),)) is sheets[0]
    assert workbook.sheet_that_fits(sheets, lambda found: False) is None
    with pytest.raises(LayoutError) as refused:
        workbook.sheet_that_fits(sheets, lambda found: found.name != "a")
    assert refused.value.problem.values == {"first": "b", "second": "c"}


def test_a_workbook_without_cells_is_empty():
    assert refusal(sheet("")).code == "no_rows"


def test_a_cell_far_away_does_not_take_the_memory_of_all_between():
    far = '<row r="1"><c r="A1"><v>1</v></c></row><row r="{0}"><c r="XFD{0}"><v>1</v></c></row>'
    assert refusal(sheet(far.format(1_048_576))).code == "workbook"
    assert refusal(sheet(far.format(600))).code == "too_many_cells"


def test_a_damaged_workbook_is_refused_and_ends_no_process():
    xls = (SAMPLES / "north.xls").read_bytes()
    whole = part(SHEET)
    for data in (
        *(xls[:600], xls[:4000], xls[:5600]),
        book({SHEET: whole[: len(whole) // 2]}),
        book({SHEET: b""}),
        book({"xl/workbook.xml": b"<workbook/>"}),
        book({"[Content_Types].xml": b"x"})[:-30],
    ):
        assert refusal(data).code in ("workbook", "no_rows", "archive_damaged")


def test_a_zip_bomb_is_no_workbook():
    assert refusal(book({SHEET: b" " * (40 << 20)})).code == "archive_size"


@pytest.mark.parametrize("data", [b"PK\x03\x04", b"", b"Record No.", b"\x1f\x8b"])
def test_another_file_is_not_taken_for_a_workbook(data):
    assert workbook.why_not(data).code == "other_layout"
