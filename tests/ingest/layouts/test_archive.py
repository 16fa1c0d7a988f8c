"""Several files in one archive: read as one, each value with the file and line it is from."""

import pytest
from layout_files import SAMPLES, rows, sums
from test_containers import zipped

from ingest.layouts import archive, mscons, nem12
from ingest.layouts.lines import read_lines
from ingest.layouts.parsed import LayoutError

NEM12, MSCONS = ((SAMPLES / f"north.{name}").read_bytes() for name in ("nem12.csv", "mscons.txt"))


def read(name: str, data: bytes):
    for layout in (nem12, mscons):
        if layout.why_not(data[:65536]) is None:
            return layout.parse(data)
    return None


def test_files_of_an_archive_are_read_as_one():
    later = NEM12.replace(b"300,20240101", b"300,20250101").replace(b"SOUTH", b"OTHER")
    data = zipped({"a.csv": NEM12, "readme.txt": b"x\ny", "b.txt": MSCONS, "c.csv": later})
    parsed = archive.parse(data, read)
    alone = [rows(read("", content)) for content in (NEM12, MSCONS, later)]
    assert [row[3:] for row in rows(parsed)] == [row[3:] for part in alone for row in part]
    assert parsed.places == ("a.csv", "b.txt", "c.csv")
    assert parsed.notes == (("other_members", 1),)
    assert len(parsed.channels) == 6 + 4 + 1
    assert sums(parsed)["NORTH00001", "K1"] == (96, 24)
    placed = [f"a.csv, line {row[1]}" for row in alone[0]]
    placed += [f"b.txt, line {row[1]}" for row in alone[1]]
    found = read_lines(data)
    lines = parsed.values.line.tolist()
    assert [found.place_of(line) for line in lines[: len(placed)]] == placed
    assert found.place_of(lines[-1]) == f"c.csv, line {alone[2][-1][1]}"


def test_a_file_that_cannot_be_read_refuses_all_and_is_named():
    data = zipped({"a.csv": NEM12, "b.csv": NEM12.replace(b".125", b"x", 1)})
    with pytest.raises(LayoutError) as refused:
        archive.parse(data, read)
    problem = refused.value.problem
    assert (problem.code, problem.values["member"]) == ("bad_number", "b.csv")
    assert read_lines(data).place_of(problem.line) == "b.csv, line 3"


def test_an_archive_of_other_files_only_is_empty():
    with pytest.raises(LayoutError) as refused:
        archive.parse(zipped({"readme.txt": b"x"}), read)
    assert refused.value.problem.code == "archive_empty"


def test_two_clocks_in_one_archive_are_refused():
    local = MSCONS.replace(b"?+01:303", b":203").replace(b"?+00:303", b":203")
    with pytest.raises(LayoutError) as refused:
        archive.parse(zipped({"a": NEM12, "b": local}), read)
    assert refused.value.problem.code == "two_clocks"
