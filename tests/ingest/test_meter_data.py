"""meter-data.csv: what is read from it, and that every error names row, column, value, allowed."""

from datetime import datetime
from decimal import Decimal

import pytest

from ingest.load_files import save_meter_data
from ingest.meter_data import MeterDataError, read_meter_data
from ingest.meter_rows import COLUMNS, MeterRow
from ingest.warehouse import open_warehouse
from ingest.workspace import Workspace
from load_profile.plots.catalog import FEEDER, PLOTS

FULL = dict.fromkeys(COLUMNS, "") | {"sta": "north", "meter": "17", "multiplier": "28800"}


def read(folder, text: str | bytes) -> tuple[MeterRow, ...]:
    path = folder / "meter-data.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_meter_data(path)


def complaint(folder, text: str | bytes) -> str:
    with pytest.raises(MeterDataError) as error:
        read(folder, text)
    return str(error.value)


def table(*rows: dict[str, str]) -> str:
    lines = [",".join((FULL | row)[column] for column in COLUMNS) for row in rows]
    return "\n".join([",".join(COLUMNS), *lines]) + "\n"


CLASSIC = "sta,meter,multiplier\nnorth,17,28800\n"
NORTH = MeterRow(
    row=2,
    feeder="north",
    meter="17",
    multiplier=Decimal(28800),
    channel_unit="W",
    interval_minutes=15,
    timezone="UTC",
    valid_from=None,
    valid_to=None,
    total_factor=Decimal(1),
    rating_mva=None,
)


@pytest.mark.parametrize(
    "text",
    [
        CLASSIC,
        "\ufeff" + CLASSIC,
        CLASSIC.replace("\n", "\r\n"),
        CLASSIC.replace("\n", "\r"),
        CLASSIC + "\n ,, \n,,,,\n",
        '"sta" ,"meter","multiplier"\n"north"," 17 ","28800"',
        " sta , meter , multiplier,\n north , 17 ,\t28800 ,\n",
        table({}),
    ],
)
def test_the_classic_file_is_read_with_defaults_in_any_form(tmp_path, text):
    assert read(tmp_path, text) == (NORTH,)


def test_every_column_is_read_exactly(tmp_path):
    row = {
        "multiplier": "999999999.999999",
        "channel_unit": "MWh",
        "interval_minutes": "30",
        "timezone": "America/Denver",
        "valid_from": "2024-01-01",
        "valid_to": "2024-07-12T11:15",
        "total_factor": "-1.003600",
        "rating_mva": "12.5",
    }
    found = read(tmp_path, table(row))[0]
    assert (found.valid_from, found.valid_to) == (
        datetime(2024, 1, 1),
        datetime(2024, 7, 12, 11, 15),
    )
    numbers = (found.multiplier, found.total_factor, found.rating_mva)
    assert numbers == (Decimal("999999999.999999"), Decimal("-1.0036"), Decimal("12.5"))
    assert (found.channel_unit, found.interval_minutes, found.timezone) == (
        "MWh",
        30,
        "America/Denver",
    )


WRONG = [
    *(("sta", value) for value in ("a/b", "a\\b", "a:b", "a*", "a?", "a<b", "a|b", "a.", "a-")),
    *(("sta", value) for value in ("", "x_gaps", "x_final", "nul", "con.x", "aux .y")),
    *(("sta", value) for value in ("a\x00b", "a\x7fb", "a\u202eb", "x" * 201, "ä" * 101)),
    *(("meter", value) for value in ("", "1\x002", "1\u202e2")),
    *(
        ("multiplier", value)
        for value in ("", "0", "-1", "x", "1_000", "nan", "inf", "1e9", "1e999")
    ),
    *(("multiplier", value) for value in ("0.0000001", "0x10", "\uff11", "1 000", "1e-7")),
    *(("channel_unit", value) for value in ("w", "KW", "kVA", "J")),
    *(("interval_minutes", value) for value in ("0", "7", "15.0", "-15", "1440")),
    *(("timezone", value) for value in ("MST7", "Mars/Base", "../etc/passwd", "America", "+07:00")),
    *(("valid_from", value) for value in ("07/12/24", "2024-02-30", "2024", "2024-01-01 25:00")),
    ("valid_to", "soon"),
    *(("total_factor", value) for value in ("1000", "-1000", "x", "0.1234567", "1_0")),
    *(("rating_mva", value) for value in ("0", "-5", "x", "1e9")),
]


@pytest.mark.parametrize(("column", "value"), WRONG)
def test_a_wrong_value_is_named_with_row_column_and_what_is_allowed(tmp_path, column, value):
    text = complaint(tmp_path, table({"sta": "good"}, {column: value}))
    assert f"row 3, column {column!r}, value {value!r}: allowed is " in text


def test_no_feeder_has_the_name_of_a_plot_of_all_feeders(tmp_path):
    names = [plot.name for plot in PLOTS if plot.name != FEEDER]
    assert len(names) > 5
    for name in (*names, names[-1].upper()):
        text = complaint(tmp_path, table({"sta": "good"}, {"sta": name}))
        assert f"row 3, column 'sta', value {name!r}: allowed is any other name: " in text


@pytest.mark.parametrize("name", ["total", "all", "monthly", "Total", "ALL", "MONTHLY"])
def test_the_names_of_all_feeders_together_are_reserved_in_any_case(tmp_path, name):
    text = complaint(tmp_path, table({"sta": "good"}, {"sta": name}))
    assert f"row 3, column 'sta', value {name!r}: allowed is any other name" in text
    assert "'all', 'monthly' and 'total'" in text


def test_everything_wrong_is_listed_at_once(tmp_path):
    text = complaint(tmp_path, table({"multiplier": "x"}, {"meter": ""}, {"timezone": "Mars"}))
    assert [f"row {n}, " in text for n in (2, 3, 4)] == [True] * 3


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("sta,meter\na,1\n", ["row 1", "'multiplier'", "required are sta", "'sta, meter'"]),
        ("\n\nsta|meter|multiplier\n", ["row 3", "'sta|meter|multiplier'", "required are"]),
        ("", ["row 1", "'sta'", "required are"]),
        ("sta,meter,multiplier,x\n", ["row 1, column 'x'", "unknown", "allowed are sta"]),
        ("sta,meter,multiplier,sta\n", ["row 1, column 'sta'", "repeated"]),
        ("sta,meter,multiplier\n", ["no rows; at least one feeder"]),
        (CLASSIC + "a,1,28,800\n", ["row 3, column 4, value '800'", "allowed are the 3 columns"]),
        (CLASSIC + 'a,1,"2\nb,1,3\n', ["row 4", "'multiplier'", "'2\\nb,1,3'"]),
        (CLASSIC + "x" * 200_000, ["row", "allowed is CSV text"]),
        (CLASSIC.encode() + b"caf\xe9,1,1\n", ["row 3", "not UTF-8", "CSV UTF-8"]),
        (CLASSIC.encode("utf-16")[2:], ["row 1", "missing column"]),
    ],
)
def test_a_file_that_is_no_such_table_is_told_so(tmp_path, text, parts):
    message = complaint(tmp_path, text)
    assert [part for part in parts if part not in message] == []


def saved(text: str, encoding: str = "utf-8") -> bytes:
    return text.encode(encoding)


@pytest.mark.parametrize(
    "data",
    [
        saved(
            "sta;meter;multiplier;valid_from;total_factor\na;1;28800,5;15.10.2024 10:00;1,0036\n"
        ),
        saved("sta;meter;multiplier;valid_from;total_factor\na;1;28.800,5;15/10/2024 10:00;1,0036"),
        saved("sta\tmeter\tmultiplier\tvalid_from\ttotal_factor\r\n", "utf-16")
        + "a\t1\t28,800.5\t10/15/2024 10:00:00 AM\t1.0036\r\n".encode("utf-16")[2:],
        saved("sta,meter,multiplier,valid_from,total_factor\na,1,28800.5,10/15/24 10:00,1.0036\n"),
        saved("sta,meter,multiplier,valid_from,total_factor\na,1,28800.5,2024-10-15T10:00,1.0036"),
    ],
)
def test_a_file_as_a_spreadsheet_saves_it_is_read(tmp_path, data):
    (tmp_path / "meter-data.csv").write_bytes(data)
    (found,) = read_meter_data(tmp_path / "meter-data.csv")
    numbers = found.multiplier, found.total_factor
    assert numbers == (Decimal("28800.5"), Decimal("1.0036"))
    assert found.valid_from == datetime(2024, 10, 15, 10)


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ("10/15/2024", datetime(2024, 10, 11)),
        ("15/10/2024", datetime(2024, 11, 10)),
        ("12/12/2024", None),
        ("13/10/2024 10:00,10/14/2024", None),
    ],
)
def test_an_ambiguous_date_is_settled_by_another_cell_or_refused_once(tmp_path, second, expected):
    text = "sta,meter,multiplier,valid_from,valid_to\na,1,1,10/11/2024,\n"
    text += f"b,1,1,{second}\nc,1,1,10/11/2024,\n"
    path = tmp_path / "meter-data.csv"
    path.write_text(text)
    if expected:
        assert read_meter_data(path)[0].valid_from == expected
        return
    with pytest.raises(MeterDataError) as error:
        read_meter_data(path)
    said = str(error.value)
    assert said.count("\n") == 1
    assert "row 2, column 'valid_from', value '10/11/2024'" in said
    assert "write '2024-10-11' or '2024-11-10'; and 1 more" in said


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("28,800", "1,5"), "28.8"),
        (("28.800", "1,5"), "28800"),
        (("28,800", "1.5"), "28800"),
        (("1,000,000", "1"), "1000000"),
        (("0,125", "1"), "0.125"),
        (("28800", "1"), "28800"),
        (("28,800", "1"), None),
        (("28.800", "1"), None),
    ],
)
def test_a_number_with_two_readings_is_settled_by_another_cell_or_refused(
    tmp_path, cells, expected
):
    path = tmp_path / "meter-data.csv"
    path.write_text("sta;meter;multiplier;rating_mva\na;1;{};{}\n".format(*cells))
    if expected:
        assert read_meter_data(path)[0].multiplier == Decimal(expected)
        return
    with pytest.raises(MeterDataError, match=r"row 2, column 'multiplier'.*'28.8' or '28800'"):
        read_meter_data(path)


def test_a_serial_number_that_a_spreadsheet_has_rounded_is_refused(tmp_path):
    assert "column 'meter'" in complaint(tmp_path, table({"meter": "1.448E+08"}))


def test_a_missing_file_is_told_with_its_columns(tmp_path):
    with pytest.raises(MeterDataError, match=r"not found.*sta, meter, multiplier"):
        read_meter_data(tmp_path / "meter-data.csv")


def period(start: str, end: str, sta: str = "north") -> dict[str, str]:
    return {"sta": sta, "valid_from": start, "valid_to": end}


@pytest.mark.parametrize(
    "rows",
    [
        [period("", "2024-01-01"), period("2024-01-01", "")],
        [period("2024-03-01", ""), period("", "2024-01-01"), period("2024-01-01", "2024-03-01")],
        [period("", ""), period("", "", "south")],
    ],
)
def test_touching_periods_in_any_order_are_good(tmp_path, rows):
    assert len(read(tmp_path, table(*rows))) == len(rows)


@pytest.mark.parametrize(
    "rows",
    [
        [period("", ""), period("", "", "NORTH")],
        [period("", "2024-01-01 00:15"), period("2024-01-01", "")],
        [period("2024-01-01", ""), period("2025-01-01", "2025-02-01")],
        [period("2024-01-01", "2024-12-31"), period("2024-02-01", "2024-03-01")],
        [period("", "2024-12-31"), period("", "2023-12-31")],
    ],
)
def test_overlapping_periods_name_both_rows(tmp_path, rows):
    for ordered in (rows, rows[::-1]):
        text = complaint(tmp_path, table(*ordered))
        assert "column 'valid_from', value" in text and "may not overlap" in text
        assert "row 2" in text and "row 3" in text


@pytest.mark.parametrize(
    ("zones", "moments", "is_good"),
    [
        # noon in Denver is 19:00 in UTC
        (("America/Denver", "UTC"), ("2024-01-01 12:00", "2024-01-01 19:00"), True),
        (("America/Denver", "UTC"), ("2024-01-01 12:00", "2024-01-01 12:00"), False),
        (("UTC", "America/Denver"), ("2024-01-01 19:00", "2024-01-01 19:00"), True),
        # a time that the clock skips is the moment of the change, 09:00 in UTC
        (("America/Denver", "America/Denver"), ("2024-03-10 01:45", "2024-03-10 02:30"), True),
        (("America/Denver", "America/Denver"), ("2024-03-10 02:30", "2024-03-10 03:00"), True),
        (("America/Denver", "UTC"), ("2024-03-10 02:30", "2024-03-10 09:00"), True),
        (("America/Denver", "UTC"), ("2024-03-10 02:30", "2024-03-10 08:59"), False),
        # no clock is known for these
        (("UTC", "America/Denver"), ("1900-01-01", "1900-01-01"), True),
        (("UTC", "Asia/Seoul"), ("9999-12-31", "9999-12-31"), True),
        # not at one time, but labels from 12:00 to 19:00 could be of either meter
        (("UTC", "America/Denver"), ("2024-01-01 19:00", "2024-01-01 12:00"), False),
    ],
)
def test_periods_on_two_clocks_may_overlap_neither_in_utc_nor_by_their_labels(
    tmp_path, zones, moments, is_good
):
    header = "sta,meter,multiplier,timezone,valid_from,valid_to\n"
    text = header + f"a,1,1,{zones[0]},,{moments[0]}\na,2,1,{zones[1]},{moments[1]},\n"
    if is_good:
        assert len(read(tmp_path, text)) == 2
    else:
        assert "may not overlap" in complaint(tmp_path, text)


@pytest.mark.parametrize("end", ["2024-01-01", "2023-12-31"])
def test_a_period_that_ends_before_it_starts_is_refused(tmp_path, end):
    text = complaint(tmp_path, table(period("2024-01-01", end)))
    assert "column 'valid_to'" in text and "a time after valid_from" in text


def test_one_feeder_has_one_spelling(tmp_path):
    rows = read(
        tmp_path, table(period("", "2024-01-01", "North"), period("2024-01-01", "", "NORTH"))
    )
    assert [row.feeder for row in rows] == ["North", "North"]


def test_saving_replaces_the_table_and_its_clocks(tmp_path):
    space = Workspace(tmp_path)
    save_meter_data(space, read(tmp_path, table({"timezone": "Asia/Tokyo"}, {"sta": "south"})))
    save_meter_data(space, (NORTH,))
    with open_warehouse(space.warehouse) as con:
        found = con.execute("select * from raw.meter_data").fetchall()
        zones = con.execute("select distinct timezone from raw.clock_days").fetchall()
    assert found == [tuple(vars(NORTH).values())]
    assert zones == [("UTC",)]
