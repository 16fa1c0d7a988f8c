"""What a file is taken for, its first rows and what a run would do: of real files of each kind."""

import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from layout_files import SAMPLES

from ingest.layouts.layout_file import LayoutFileError
from ingest.load_files import load_files, save_meter_data
from ingest.meter_data import read_meter_data
from ingest.warehouse import open_warehouse
from ingest.workspace import Workspace
from load_profile.inspect_file import Inspection, inspect, save_layout
from load_profile.inspect_words import inspection_in_words
from load_profile.new_meters import lines_of

HEADER = "sta,meter,multiplier,channel_unit,interval_minutes,timezone,directions\n"
ROWS = """
select files.feeder, reads.line_number, reads.start_local, reads.del_raw
from raw.interval_reads as reads inner join raw.files as files on reads.file_id = files.file_id
"""
UNKNOWN = (
    "Zähler 17\nZeit bis;Bezug kWh;Lieferung kWh\n"
    "13.07.2024 00:15;1,5;0\n13.07.2024 00:30;1,25;0,5\n13.07.2024 00:45;2;0\n"
)


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def dropped(space: Workspace, name: str, text: str | bytes) -> Path:
    """Return a file in the drop folder."""
    space.dropbox.mkdir(parents=True, exist_ok=True)
    path = space.dropbox / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def in_words(found: Inspection, space: Workspace) -> str:
    return inspection_in_words(found, space)


def tree(root: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_a_file_with_listed_and_other_meters_is_shown_as_it_would_be_loaded(space: Workspace):
    space.meter_data.write_text(HEADER + "north,NORTH00001,2,kWh,30,Etc/GMT-10,both\n")
    path = dropped(space, "june.nem12.csv", (SAMPLES / "north.nem12.csv").read_bytes())
    before = tree(space.root)
    found = inspect(path, space)
    text = in_words(found, space)
    assert "Layout: nem12." in text
    assert "It shows in line 1: 100,NEM12," in text
    assert "NORTH00001 E1: power delivered, kWh, 96 values; feeder north" in text
    assert "SOUTH00002 E1: power delivered, MWh, 288 values; not in meter-data.csv" in text
    first = "2023-12-31 14:00 UTC, 30 min, north: del 0.125, rec 0, kvar_del 1.5, kvar_rec 0.25"
    assert f"line 3: {first} (kWh x 2); Substituted" in text
    assert "accepted: 96 rows of north, to data/KW/2024-01/june.nem12.csv" in text
    assert "SOUTH00002,SOUTH00002,1,MWh,5,delivered" in text
    assert tree(space.root) == before, "a look changes nothing"


@pytest.mark.parametrize(
    "name",
    [
        *("smt-interval.csv", "esb-hdf.csv", "pge-usage.csv", "meter-columns.csv"),
        *("ion-log.csv", "ami-head-end.csv", "iec62056-p01.csv", "north.nem12.csv"),
    ],
)
def test_what_is_foretold_is_what_a_run_does_with_the_lines_proposed(space: Workspace, name: str):
    path = dropped(space, name, (SAMPLES / name).read_bytes())
    found = inspect(path, space)
    assert found.now.is_unlisted
    space.meter_data.write_text("\n".join(lines_of(found.meters)) + "\n")
    save_meter_data(space, read_meter_data(space.meter_data))
    load_files(space)
    with open_warehouse(space.warehouse, read_only=True) as con:
        loaded = con.execute(ROWS).fetchall()
        kept = con.execute("select outcome, stored_as from raw.files order by feeder").fetchall()
    assert kept == [(entry.outcome, entry.stored_as) for entry in found.then.entries]
    accepted = {e.raw.feeder: e for e in found.then.entries if e.outcome == "accepted"}
    assert len(loaded) == sum(entry.checked.row_count for entry in accepted.values())
    foretold = [row for row in found.then.rows if row.feeder in accepted]
    assert {(r.feeder, r.line, r.start_local, r.values["del_raw"]) for r in foretold} <= {*loaded}


def test_an_unknown_table_gets_a_layout_with_doubts_that_reads_once_they_are_settled(
    space: Workspace,
):
    path = dropped(space, "haus-juli.csv", UNKNOWN)
    found = inspect(path, space, "stadtwerk")
    text = in_words(found, space)
    assert "none fits. It looks like a table with semicolons, 3 columns" in text
    assert "     2  Zeit bis;Bezug kWh;Lieferung kWh" in text
    assert (
        "What a run would do with that layout and those lines:\n  accepted: 3 rows of haus" in text
    )
    assert [row.values["del_raw"] for row in found.then.rows][:2] == [
        Decimal("1.5"),
        Decimal("1.25"),
    ]

    place, why = save_layout(found, space, "stadtwerk")
    assert place == space.root / "layouts" / "stadtwerk.toml"
    assert "DOUBT" in why
    again = inspect(path, space)
    assert again.now.entries[0].outcome == "unreadable"
    assert "doubts that nobody has settled" in again.now.entries[0].letter
    with pytest.raises(LayoutFileError, match="is there already"):
        save_layout(found, space, "stadtwerk")


def test_a_layout_whose_doubts_are_settled_reads_the_file(space: Workspace):
    path = dropped(space, "haus-juli.csv", UNKNOWN)
    proposal = inspect(path, space, "stadtwerk").proposal
    (space.root / "layouts").mkdir()
    settled = "\n".join(line.split("  # DOUBT")[0] for line in proposal.splitlines())
    settled = "\n".join(line for line in settled.splitlines() if not line.startswith("# DOUBT"))
    (space.root / "layouts" / "stadtwerk.toml").write_text(settled)
    found = inspect(path, space)
    assert found.raw.layout.name == "stadtwerk"
    assert found.then.entries[0].outcome == "accepted"
    with pytest.raises(LayoutFileError, match="layout stadtwerk fits this file"):
        save_layout(found, space, "another")


def test_a_sheet_that_no_layout_fits_gets_a_proposal_too(space: Workspace):
    shutil.copy(SAMPLES / "north.xlsx", space.root)
    found = inspect(space.root / "north.xlsx", space)
    assert found.raw.layout.name == "workbook"
    assert "Layout: workbook" in in_words(found, space)


@pytest.mark.parametrize(
    ("name", "data", "looks"),
    [
        ("page.csv", b"<!DOCTYPE html><html><body>Log in</body></html>", "a web page"),
        ("scan.csv", b"\x89PNG\r\n\x1a\n" + bytes(99), "a picture"),
        ("list.csv", "time;kWh\n1;2\n3;4\n".encode("utf-16-le"), "UTF-16 without the mark"),
        (
            "days.csv",
            ("day;" + ";".join(f"{n}" for n in range(96)) + "\n").encode()
            + (";".join(["01.07.2024"] + ["1,5"] * 96) + "\n").encode() * 3,
            "a day a row and 96 values",
        ),
        (
            "north.csv",
            b"100, Normal,07/01/24 00:00:00,07/01/24 00:15:00,10.5,0\n"
            b"101, Normal,07/01/24 00:15:00,07/01/24 00:30:00,10.5,0\n",
            "no header row above them",
        ),
    ],
)
def test_the_letter_of_a_file_that_nothing_recognises_says_what_it_looks_like(
    space: Workspace, name: str, data: bytes, looks: str
):
    found = inspect(dropped(space, name, data), space)
    (entry,) = found.now.entries
    assert (entry.outcome, found.raw.problem.code) == ("unreadable", "no_layout")
    assert looks in entry.letter
    assert f'load-profile inspect "data/KW/ERROR/{Path(name).stem}_UNREADABLE.csv"' in entry.letter
    if data[:1].isalnum():
        first = data.decode("utf-16-le" if b"\x00" in data else "utf-8").splitlines()[0][:60]
        assert f"      1  {first}" in entry.letter


def test_a_meter_data_file_that_lacks_a_feeder_is_named_with_its_line(space: Workspace):
    space.meter_data.write_text(HEADER + "south,5,1,kWh,15,UTC,both\n")
    path = dropped(space, "swiss-july.csv", (SAMPLES / "swiss-lastgang.csv").read_bytes())
    text = in_words(inspect(path, space), space)
    assert "swiss,unknown,1,kW" in text
    assert "check: the file does not name its meter" in text
    assert "only power delivered is in the file" in text


def test_register_reads_are_shown_by_meter_with_what_a_run_would_do(space: Workspace):
    space.meter_data.write_text("sta,meter,multiplier\nnorth,10001,1\n")
    text = "meter,read_at,kwh_del,kwh_rec\n10001,2024-05-01,3,0\n10001,06/01/24 06:30:00,4,0\n"
    path = dropped(space, "reads.csv", text + "20002,2024-05-01,9,9\n")
    before = tree(space.root)
    words = in_words(inspect(path, space), space)
    assert "Layout: register." in words
    assert "10001: from 2024-05-01 00:00 to 2024-06-01 06:30" in words
    assert "accepted: 2 rows of north, to data/REG/2024-05/reads.csv" in words
    assert "1 meter that no row of meter-data.csv names: not used" in words
    assert tree(space.root) == before
