"""Several files in one archive: read as one, each value with the file and line it is from."""

from datetime import datetime

import pytest
from layout_files import SAMPLES, rows, sums
from test_containers import zipped

from ingest.layouts import archive, mscons, nem12, recognise
from ingest.layouts.lines import read_lines
from ingest.layouts.parsed import LayoutError
from ingest.letters import reason, write_letter
from ingest.raw_files import inspect_file

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


@pytest.mark.parametrize("place", [0, 1])
def test_the_letter_names_file_line_and_byte_that_are_damaged(tmp_path, place):
    times = [f"{n},Normal,07/0{n}/24 00:00:00,07/0{n}/24 00:15:00,1,0" for n in range(1, 9)]
    text = "\r\n".join(["Record No.,Event Type,Start Time,End Time,-1-,-2-", *times, ""]).encode()
    bad = text.replace(b"\r\n4,Normal", b"\r\n4,Norm\xe4l")
    contents = [text, text]
    contents[place] = bad
    path = tmp_path / "months.zip"
    path.write_bytes(zipped(dict(zip(("a-1.csv", "b-1.csv"), contents, strict=True))))
    raw = inspect_file(path, recognise)
    name = "ab"[place] + "-1.csv, line 5"
    assert raw.problem.code == "not_text" and raw.problem.line == 5 + 9 * place
    assert reason(raw.problem) == f"{name}: expected UTF-8 text; found the byte 0xe4"
    letter = write_letter(raw, raw.problem, "data/KW/ERROR/months.zip", datetime(2024, 7, 9))
    assert f"First bad line: {name}" in letter
    assert "\n>       5  4,Norm\\xe4l,07/04/24" in letter
    assert ("Record No." in letter) and "\n        0  " not in letter
