"""Finding raw files, and what their name, bytes, header, first and last row say."""

from datetime import datetime
from hashlib import sha256

import pytest
from raw_exports import HEADER

from ingest import raw_files
from ingest.file_names import feeder_in
from ingest.letters import expected
from ingest.raw_files import find_files, inspect_file, inspect_files

FIRST = "7, Normal, 07/12/24 11:00:00  , 07/12/24 11:15:00  ,.84,55.79,15.02,228.51"
LAST = "8, Normal, 07/12/24 11:15:00  , 07/12/24 11:30:00  ,2.45,15.01,46.47,126.19"
START, END = datetime(2024, 7, 12, 11), datetime(2024, 7, 12, 11, 30)


def inspect(folder, text: str | bytes, name: str = "north-1.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return inspect_file(path)


def test_only_regular_files_of_readings_are_found_whatever_their_case(tmp_path):
    for name in ("b.csv", "a.CSV", "c.Txt", "d.csv.part", "e.pdf", ".csv"):
        (tmp_path / name).touch()
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "b.csv")
    (tmp_path / "broken.csv").symlink_to(tmp_path / "nowhere")
    assert [path.name for path in find_files(tmp_path)] == ["a.CSV", "b.csv", "c.Txt"]
    assert find_files(tmp_path / "nowhere") == []


@pytest.mark.parametrize(
    ("name", "feeder"),
    [
        ("North-071224-110000_071224-113000.csv", "north"),
        ("north.CSV", "north"),
        (" bus 7 -1.csv", "bus 7"),
        ("a.b-1.csv", "a.b"),
        ("north.csv-1.csv", "north.csv"),
        ("north.csv.gz", "north"),
        ("north.CSV.gz_UNKNOWN-METER.gz", "north"),
        ("-north-1.csv", ""),
        ("A\N{COMBINING DIAERESIS}-1.csv", "ä"),
        ("İ-1.csv", "i"),
    ],
)
def test_the_feeder_is_the_part_of_the_name_before_the_first_dash(name, feeder):
    assert feeder_in(name) == feeder


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"\xef\xbb\xbf \n,\n", "empty_file"),
        (b"\xff\xfeR\0", "no_layout"),
        (b"when,value\n", "no_layout"),
        (b"x" * 100_000, "no_layout"),
    ],
)
def test_a_file_of_no_layout_has_a_problem(tmp_path, data, code):
    raw = inspect(tmp_path, data)
    assert (raw.layout, raw.problem.code) == (None, code)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("tail", ["", "\n", "\n\n,,,,,,,\n"])
def test_header_lines_and_span_are_found_in_any_form(tmp_path, end, mark, tail):
    text = mark + "\n".join(["=== Record No. ===", "", HEADER, "", ",,", FIRST, LAST]) + tail
    raw = inspect(tmp_path, text.replace("\n", end))
    outline = raw.outline
    assert (raw.problem, outline.header_line, outline.is_mixed) == (None, 3, False)
    assert outline.line_count == len(text.splitlines()) - 3
    assert (outline.first_start, outline.last_end) == (START, END)


@pytest.mark.parametrize(
    ("ends", "is_mixed"),
    [
        (("\n", "\n"), False),
        (("\r\n", "\r\n"), False),
        (("\r", "\r"), False),
        (("\n", "\r"), True),
        (("\r\n", "\n"), True),
        (("\r", "\r\n"), True),
        (("\r\r\n", "\r\r\n"), True),
    ],
)
def test_mixed_line_ends_are_seen(tmp_path, ends, is_mixed):
    assert inspect(tmp_path, HEADER + ends[0] + FIRST + ends[1]).outline.is_mixed == is_mixed


def test_quoted_header_cells_are_named_like_bare_ones(tmp_path):
    quoted = ",".join(f'" {cell.upper()} "' for cell in HEADER.split(","))
    raw = inspect(tmp_path, quoted.replace("RECORD NO.", "Record No. ") + "\n" + FIRST)
    bare = inspect(tmp_path, HEADER + "\n" + FIRST)
    assert raw.outline.columns == bare.outline.columns


def test_the_fingerprint_is_of_the_bytes_as_they_are(tmp_path):
    for data in (b"", b"\xff\xfe\0", HEADER.encode() + b"\r\n\r\n"):
        raw = inspect(tmp_path, data)
        assert (raw.sha256, raw.size) == (sha256(data).hexdigest(), len(data))


def test_a_file_beyond_the_size_limit_is_hashed_but_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(raw_files, "MOST_BYTES", 10)
    raw = inspect(tmp_path, HEADER)
    assert raw.sha256 == sha256(HEADER.encode()).hexdigest()
    assert (raw.problem.outcome, expected(raw.problem)) == ("unreadable", "at most 10 bytes")


def test_a_header_of_a_megabyte_is_a_problem_and_no_crash(tmp_path):
    raw = inspect(tmp_path, HEADER + "," + "x" * 1_000_000 + "\n" + FIRST)
    assert (raw.problem.outcome, raw.problem.line) == ("unreadable", 1)


def test_a_file_that_vanishes_is_left_out_and_progress_is_told(tmp_path):
    inspect(tmp_path, HEADER)
    printed = []
    paths = [tmp_path / "gone.csv", *find_files(tmp_path), tmp_path]
    found = list(inspect_files(paths, 2, lambda *at: printed.append(at)))
    assert [raw.name for raw in found] == ["north-1.csv"]
    assert printed == [(3, 3)]


def test_a_change_on_disk_is_seen(tmp_path):
    raw = inspect(tmp_path, HEADER)
    assert raw.is_unchanged()
    raw.path.write_text(HEADER + "\n")
    assert not raw.is_unchanged()
    raw.path.unlink()
    assert not raw.is_unchanged()
