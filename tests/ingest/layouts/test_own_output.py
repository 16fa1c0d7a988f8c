"""What the product writes below lp/ is refused in the drop folder, in whatever form it comes."""

import pytest
from dropped_files import ERROR, export, prepare, query, take_in
from test_any_file import workbook_of
from test_containers import zipped

from ingest.layouts import recognise
from load_profile.files import columns
from load_profile.files.cells import csv_header

TIME, VALUES = "07/12/24 11:00:00", ",1" * 40
TOTAL = ["Start Time", *(f"north_{name}" for name in columns.MEMBER), *columns.TOTAL]
HEADERS = {
    "north.csv": csv_header(*columns.PROFILE),
    "south.csv": csv_header(*columns.PROFILE, *columns.REACTIVE),
    "all.csv": csv_header(*TOTAL),
    "north_gaps.csv": csv_header(*columns.GAP),
    "monthly.csv": csv_header(*columns.MONTHLY),
}


def written(header: str) -> bytes:
    """A file with two rows under a header: times where it has times, else 1."""
    rows = [
        ",".join(
            f"07/12/24 11:{minute}:00" if "Time" in name else "1" for name in header.split(",")
        )
        for minute in ("00", "15")
    ]
    return "\n".join([header, *rows, ""]).encode()


def test_files_of_lp_are_refused_with_a_letter_that_says_whose_they_are(tmp_path):
    space = prepare(tmp_path)
    summary = take_in(space, {name: written(header) for name, header in HEADERS.items()})
    assert summary.outcomes == {"unreadable": len(HEADERS)}
    assert set(query(space, "select problem_code from raw.files")) == {("own_output",)}
    for name in HEADERS:
        letter = (tmp_path / ERROR / f"{name.removesuffix('.csv')}_UNREADABLE.txt").read_text()
        assert "written by load-profile itself" in letter and "Delete it" in letter


@pytest.mark.parametrize("name", HEADERS)
def test_they_are_known_again_as_a_spreadsheet_or_a_zip_has_them(name):
    data = written(HEADERS[name])
    forms = (
        data.replace(b",", b";"),
        b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n"),
        data.decode().encode("utf-16"),
        workbook_of(data),
        zipped({name: data}),
    )
    for form in forms:
        _, outline = recognise(form, name)
        assert outline.problem.code == "own_output"


def test_a_raw_export_with_names_of_channels_is_not_one_of_them():
    header = b"Record No.,Event Type,Start Time,End Time,kw_del,kw_rec,kva_del,kva_rec"
    old, _, rows = export(range(3)).partition(b"\r\nRecord No.")
    data = old + b"\r\n" + header + rows[rows.index(b"\r\n") :]
    layout, outline = recognise(data, "north.csv")
    assert (layout.name, outline.problem) == ("classic", None)
