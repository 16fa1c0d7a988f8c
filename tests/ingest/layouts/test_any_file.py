"""Files as they come: workbooks, archives of one or many files, text in another encoding."""

import gzip
from datetime import datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from raw_exports import export, rows
from test_containers import zipped
from test_workbook import sheet

from ingest.layouts import LayoutFileError, check_layout_files
from ingest.layouts.lines import read_lines
from ingest.load_files import LoadSummary, load_files, save_meter_data
from ingest.meter_data import read_meter_data
from ingest.warehouse import open_warehouse
from ingest.workspace import Workspace

DAY = datetime(2024, 7, 1)
NORTH = export(rows(DAY, 4, "{n}.5,0,9,0"), "north").encode()
SOUTH = export(rows(DAY, 3, "{n}.25,0,9,0"), "south").encode()
OWN_LAYOUT = """
name = "own"
title = "a layout of a root"
[dialect]
delimiter = "|"
decimalChar = ","
[header]
match = ["when", "in", "out"]
[time]
start = "when"
minutes = 15
formats = ["%d.%m.%Y %H:%M"]
[[channel]]
columns = ["in"]
quantity = "del"
[[channel]]
columns = ["out"]
quantity = "rec"
"""
READS = """
select files.feeder, reads.start_local, reads.del_raw::double, reads.line_number
from raw.interval_reads as reads inner join raw.files as files using (file_id)
order by all
"""


def workbook_of(text: bytes) -> bytes:
    """Return a workbook with the lines of a text as rows, and their cells as text."""
    lines = []
    for line in text.decode().splitlines():
        cells = "".join(
            f'<c t="inlineStr"><is><t>{escape(cell)}</t></is></c>' for cell in line.split(",")
        )
        lines.append(f"<row>{cells}</row>")
    return sheet("".join(lines))


def load(space: Workspace, files: dict[str, bytes]) -> tuple[LoadSummary, list[tuple]]:
    space.prepare()
    space.meter_data.write_text("sta,meter,multiplier\nnorth,101,1\nsouth,102,1\n")
    save_meter_data(space, read_meter_data(space.meter_data))
    for name, data in files.items():
        (space.dropbox / name).write_bytes(data)
    summary = load_files(space)
    with open_warehouse(space.warehouse) as con:
        return summary, con.execute(READS).fetchall()


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> list[tuple]:
    """The rows of both files, dropped as they are."""
    space = Workspace(tmp_path_factory.mktemp("plain"))
    return load(space, {"north-1.csv": NORTH, "south-1.csv": SOUTH})[1]


@pytest.mark.parametrize(
    "files",
    [
        {"both.zip": zipped({"north-1.csv": NORTH, "a/south-1.csv": SOUTH})},
        {"north-1.csv.gz": gzip.compress(NORTH), "south-1.zip": zipped({"x.csv": SOUTH})},
        {"north-1.TXT": NORTH, "south-1.csv": SOUTH.decode().encode("utf-16")},
        {"north-1.xlsx": workbook_of(NORTH), "south-1.csv": SOUTH},
    ],
    ids=["archive of both", "archive of one", "text", "workbook"],
)
def test_a_file_has_the_same_readings_however_it_comes(tmp_path, plain, files):
    summary, found = load(Workspace(tmp_path), files)
    assert set(summary.outcomes) == {"accepted"}, summary.rejected
    assert [row[:3] for row in found] == [row[:3] for row in plain]


def test_the_same_bytes_under_the_names_of_two_feeders_are_two_files(tmp_path):
    space = Workspace(tmp_path)
    good, bad = gzip.compress(NORTH), gzip.compress(NORTH.replace(b"2.5,0", b"x,0"))
    names = ("north-1.csv.gz", "south-1.csv.gz")
    summary, found = load(space, dict.fromkeys(names, good))
    assert summary.outcomes == {"accepted": 2} and len(found) == 8
    assert sorted(path.name for path in space.archive.glob("2024-07/*")) == [*names]
    load(space, dict.fromkeys(names, bad))
    letters = [path.read_text() for path in (space.archive / "ERROR").glob("*.txt")]
    assert sorted(letter.split()[1] for letter in letters) == [*names]


def test_the_bytes_of_an_archive_are_archived_as_they_came(tmp_path):
    data = zipped({"north-1.csv": NORTH, "south-1.csv": SOUTH})
    space = Workspace(tmp_path)
    load(space, {"both.zip": data})
    (stored,) = space.archive.glob("*/both.zip")
    assert stored.read_bytes() == data and not list(space.dropbox.iterdir())


def test_a_line_is_found_again_in_whatever_it_came(tmp_path):
    data = zipped({"north-1.csv": NORTH, "south-1.csv": SOUTH})
    _, found = load(Workspace(tmp_path), {"both.zip": data})
    lines = read_lines(data)
    for feeder, start, value, line in found:
        text = lines.texts[line - 1]
        assert f"{value:g}," in text and f"{start:%H:%M:%S}" in text
        assert lines.place_of(line).startswith(f"{feeder}-1.csv, line ")
    for content, place in ((workbook_of(NORTH), ", row 3"), (NORTH, "line 3")):
        lines = read_lines(content)
        assert lines.place_of(3).endswith(place) and lines.texts[2].startswith("0,Normal")


def test_a_refused_archive_keeps_its_ending_and_its_letter_shows_the_line_in_its_file(tmp_path):
    space = Workspace(tmp_path)
    bad = NORTH.replace(b"1.5,", b"1.5x,")
    summary, _ = load(space, {"both.zip": zipped({"south-1.csv": SOUTH, "north-1.csv": bad})})
    assert summary.outcomes == {"unreadable": 1}
    names = sorted(path.name for path in space.rejected.iterdir())
    assert names == ["both.zip_UNREADABLE.txt", "both.zip_UNREADABLE.zip"]
    (letter,) = space.rejected.glob("*.txt")
    assert "1.5x" in letter.read_text(encoding="utf-8")


def test_files_are_the_same_in_any_order_of_an_archive(tmp_path):
    files = {"north-1.csv": NORTH, "south-1.csv": SOUTH}
    turned = dict(reversed(files.items()))
    _, one = load(Workspace(tmp_path / "a"), {"both.zip": zipped(files)})
    _, two = load(Workspace(tmp_path / "b"), {"both.zip": zipped(turned)})
    assert [row[:3] for row in one] == [row[:3] for row in two]


def test_a_layout_file_of_the_root_reads_what_no_other_does_and_a_wrong_one_is_named(tmp_path):
    space = Workspace(tmp_path)
    space.layouts.mkdir()
    (space.layouts / "own.toml").write_text(OWN_LAYOUT)
    data = b"when|in|out\n01.07.2024 00:00|1,5|0\n01.07.2024 00:15|2,5|0\n"
    summary, found = load(space, {"north-1.csv": data})
    assert summary.outcomes == {"accepted": 1}
    assert [row[1:3] for row in found] == [(DAY, 1.5), (DAY.replace(minute=15), 2.5)]
    check_layout_files(space)
    (space.layouts / "own.toml").write_text(OWN_LAYOUT.replace("quantity", "quality", 1))
    with pytest.raises(LayoutFileError, match=r"own.toml: channel.0.quality.*no such key|quantity"):
        check_layout_files(space)


def test_a_remark_between_rows_is_noted_and_stops_no_other_file(tmp_path):
    """Only the scan of all rows finds it; the file is then read in another form."""
    lines = NORTH.splitlines(keepends=True)
    space = Workspace(tmp_path)
    files = {"north-1.csv": b"".join([*lines[:3], b"Page 1 of 2,,,,,,,\n", *lines[3:]])}
    summary, found = load(space, files | {"south-1.csv": SOUTH})
    assert summary.outcomes == {"accepted": 2} and len(found) == 7
    with open_warehouse(space.warehouse) as con:
        notes = con.execute("select file_name, notes from raw.files order by 1").fetchall()
    assert notes == [("north-1.csv", '{"trailer": 1}'), ("south-1.csv", None)]


@pytest.mark.parametrize("form", ["%Y/%m/%d %H:%M:%S", "%d-%b-%Y %H:%M", "%d-%b-%y %H:%M:%S"])
def test_dates_that_can_only_be_read_in_one_way_are_read(tmp_path, plain, form):
    text = NORTH.decode()
    for n in range(5):
        at = DAY + timedelta(minutes=15 * n)
        text = text.replace(f"{at:%m/%d/%y %H:%M:%S}", f"{at:{form}}")
    found = load(Workspace(tmp_path), {"north-1.csv": text.encode(), "south-1.csv": SOUTH})[1]
    assert found == plain


@pytest.mark.parametrize(
    "last", ["*** End of Report ***", "--- end of data", "Avg,,,,2.0,0,9,0", "Max:,,,,3.5,0,9,0"]
)
def test_a_line_behind_the_rows_that_sums_up_or_ends_a_report_is_left_out(tmp_path, plain, last):
    files = {"north-1.csv": NORTH + last.encode() + b"\r\n", "south-1.csv": SOUTH}
    assert load(Workspace(tmp_path), files)[1] == plain


def test_bars_may_separate_the_cells_of_a_raw_export(tmp_path, plain):
    files = {"north-1.csv": NORTH.replace(b",", b"|"), "south-1.csv": SOUTH}
    assert load(Workspace(tmp_path), files)[1] == plain


@pytest.mark.parametrize("place", [0, 1], ids=["start", "end"])
@pytest.mark.parametrize("year", ["-2024", "1899", "2200", "9999"])
def test_a_time_beyond_all_calendars_is_named_and_stops_no_other_file(tmp_path, year, place):
    """Python has no time before the year 1: what compares such times would end the whole run."""
    lines = NORTH.decode().replace("07/01/24", "2024-07-01").splitlines()
    number = len(lines) - 2
    cells = lines[number].split(",")
    cells[2 + place] = cells[2 + place].replace("2024", year)
    lines[number] = ",".join(cells)
    files = {"north-1.csv": "\n".join(lines).encode(), "south-1.csv": SOUTH}
    summary, found = load(Workspace(tmp_path), files)
    assert summary.outcomes == {"accepted": 1, "unreadable": 1} and len(found) == 3
    (letter,) = (tmp_path / "data" / "KW" / "ERROR").glob("*.txt")
    text = letter.read_text()
    assert f"First bad line: {number + 1}\n" in text and f"{year}-07-01 00:" in text
    is_long = (year < "2000") == (place == 0)
    wanted = "an end within a day of its start" if is_long else "a time from 1900 on, before 2200"
    assert f"Expected:       {wanted}\n" in text


def test_a_name_on_disk_is_no_reason_to_believe_it(tmp_path):
    """A file is what its bytes are, whatever its name says."""
    space = Workspace(tmp_path)
    summary, found = load(space, {"north-1.xlsx": NORTH, "south-1.xml": gzip.compress(SOUTH)})
    assert summary.outcomes == {"accepted": 2} and len(found) == 7
    assert isinstance(next(iter(space.archive.glob("*/north-1.xlsx"))), Path)
