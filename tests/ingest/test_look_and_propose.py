"""Say what an unknown file looks like, and propose a layout for it that reads it."""

import io
import random
import zipfile
from pathlib import Path

import pytest
from layout_files import damaged

from ingest.layouts.delimited import DelimitedLayout
from ingest.layouts.layout_file import read_layout
from ingest.layouts.look import Look, first_lines, look_like
from ingest.layouts.parsed import LayoutError
from ingest.layouts.propose import propose
from ingest.letters import looks_like

SAMPLES = Path(__file__).parent.parent / "data" / "layouts"


def zipped(name: str) -> bytes:
    """Return a zip with one member."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(name, "x")
    return buffer.getvalue()


DAY_ROW = "01.07.2024;" + ";".join(["1,5"] * 96)


@pytest.mark.parametrize(
    ("data", "look"),
    [
        (b"", Look("empty")),
        (b"\x00" * 20, Look("empty")),
        (b"%PDF-1.7\n", Look("pdf")),
        (b"\x89PNG\r\n\x1a\n", Look("picture")),
        (b"\xff\xd8\xff\xe0", Look("picture")),
        (b"\xd0\xcf\x11\xe0\xa1", Look("spreadsheet")),
        (zipped("xl/workbook.xml"), Look("spreadsheet")),
        (zipped("june.csv"), Look("zip")),
        (b"\x1f\x8b\x08", Look("gzip")),
        (b"\x00\x01\x02\x03" * 9, Look("binary")),
        ("time;kWh\n1;2\n3;4\n".encode("utf-16-le"), Look("utf_16_without_mark")),
        ("time;kWh\n1;2\n3;4\n".encode("utf-16"), Look("semicolons", 2)),
        (b"<!DOCTYPE html><html>", Look("web_page")),
        (b"<?xml version='1.0'?><feed/>", Look("xml")),
        (b'{"values": []}', Look("json")),
        (b"UNA:+.? 'UNB+UNOC:3", Look("edifact")),
        (b"100,NEM12,200405011135,MDA1,Ret1\n", Look("nem12")),
        ((SAMPLES / "iec62056-p01.csv").read_bytes(), Look("readout")),
        (f"{DAY_ROW}\n{DAY_ROW}\n".encode(), Look("day_rows", 96)),
        (b"a;b;c\n1;2;3\n4;5;6\n", Look("semicolons", 3)),
        (b"a\tb\n1\t2\n4\t5\n", Look("tabs", 2)),
        (b"a,b\n1,2\n4,5\n", Look("commas", 2)),
        (b"Dear colleague\nplease find\nenclosed\n", Look("text")),
    ],
)
def test_a_file_looks_like_what_it_is(data: bytes, look: Look) -> None:
    assert look_like(data) == look


def proposed(text: str) -> tuple[str, DelimitedLayout]:
    """Return a proposal and the layout that it is, its doubts left aside."""
    toml = propose(text.encode())
    file = read_layout(toml, "proposed")
    assert len(file.doubts) == toml.count("DOUBT:")
    return toml, DelimitedLayout(file.model_copy(update={"doubts": ()}))


def test_a_proposal_reads_the_file_and_says_what_it_could_not_know() -> None:
    text = (
        "Export vom 05.07.2024\nZählpunkt;Beginn;Bezug kWh;Einspeisung kWh;Blind kvarh\n"
        "AT1;13.07.2024 00:00;1,5;0;0,25\nAT1;13.07.2024 00:15;1,25;0,5;0\n"
        "AT1;13.07.2024 00:30;2;0;0,5\n"
    )
    toml, layout = proposed(text)
    assert 'delimiter = ";"' in toml
    assert "DOUBT: write end" in toml
    parsed = layout.parse(text.encode())
    assert [(c.point, c.quantity, c.unit) for c in parsed.channels] == [
        ("AT1", "del", "kWh"),
        ("AT1", "rec", "kWh"),
        ("AT1", "kvar_net", "kWh"),
    ]
    assert list(parsed.values["value"][:3]) == ["1.5", "0", "0.25"]


def test_a_proposal_for_a_day_a_row_reads_it() -> None:
    header = ",".join(["Meter No", "Date", *(f"Q{number}" for number in range(1, 97))])
    rows = [f"7,2024-07-{day:02d}," + ",".join(["1"] * 96) for day in (1, 2, 3)]
    text = "\n".join([header, *rows])
    toml, layout = proposed(text)
    assert "DOUBT: the unit" in toml
    parsed = layout.parse(text.encode())
    assert len(parsed.values) == 3 * 96
    assert parsed.channels[0].point == "7"


def test_a_proposal_marks_a_date_that_can_be_swapped() -> None:
    text = "Day,Clock,kW\n01/07/2024,00:00,1\n01/07/2024,00:30,2\n01/07/2024,01:00,2\n"
    toml, _ = proposed(text)
    assert "DOUBT: day and month can be swapped" in toml


@pytest.mark.parametrize("text", ["", "Dear colleague", "a,b\n1,2\n3,4\n5,6\n"])
def test_a_file_without_a_table_of_times_gets_no_proposal(text: str) -> None:
    with pytest.raises(LayoutError):
        propose(text.encode())


def test_a_damaged_file_of_any_kind_gets_words_and_at_most_a_proposal_that_is_a_layout() -> None:
    rng = random.Random(17)
    files = [path for path in SAMPLES.iterdir() if ".true" not in path.name]
    for number in range(100):
        data = damaged(files[number % len(files)].read_bytes(), rng)
        look = look_like(data)
        assert looks_like(look.code, look.count)["look"]
        assert len(first_lines(data)) <= 8
        try:
            assert read_layout(propose(data), "proposed").header.match
        except LayoutError:
            continue


def test_the_first_lines_of_a_text_are_shown_in_any_encoding() -> None:
    text = "time;kWh\n1;2\n" + "x" * 300
    for encoding in ("utf-8", "utf-16", "utf-16-le", "cp1252"):
        assert first_lines(text.encode(encoding))[:2] == ("time;kWh", "1;2")
        assert first_lines(text.encode(encoding))[2].endswith("x ...")
    assert first_lines(b"\x89PNG\r\n\x1a\n" + bytes(40)) == ()
