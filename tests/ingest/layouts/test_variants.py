"""One good day of the classic export, as people and programs save it again, and what is right."""

import json
import shutil
from decimal import Decimal

import pytest
from conftest import REAL_DATA

from ingest.load_files import load_files, save_meter_data
from ingest.meter_data import read_meter_data
from ingest.warehouse import open_warehouse
from ingest.workspace import Workspace

VARIANTS = REAL_DATA.parent / "variants"
pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not VARIANTS.exists(), reason=f"no everyday variants in {VARIANTS}"),
]
ONE_DIRECTION = "b4-onechannel.csv"
TWO_PAGES = "c2-repeatedheader.csv"
WITHOUT_KVA = (ONE_DIRECTION, "b3-twochannels.csv", "b5-kvar.csv")
READS = """
select files.file_name, reads.start_local, reads.end_local, reads.del_raw, reads.rec_raw,
    reads.kva_del_raw, reads.kva_rec_raw, reads.kvar_del_raw, reads.kvar_rec_raw, reads.event_type
from raw.interval_reads as reads
inner join raw.files as files using (file_id)
order by files.file_name, reads.start_local
"""


@pytest.fixture(scope="module")
def expected() -> dict:
    return json.loads((VARIANTS / "expected.json").read_text())


@pytest.fixture(scope="module")
def space(tmp_path_factory) -> Workspace:
    """A root that all variants were dropped into at once."""
    space = Workspace(tmp_path_factory.mktemp("variants"))
    space.prepare()
    names = sorted(path.name for path in (VARIANTS / "files").iterdir())
    rows = "".join(
        f"{name.split('-')[0]},{100 + number},1,kW,{'delivered' if name == ONE_DIRECTION else ''}\n"
        for number, name in enumerate(names)
    )
    space.meter_data.write_text(f"sta,meter,multiplier,channel_unit,directions\n{rows}")
    for name in names:
        shutil.copy(VARIANTS / "files" / name, space.dropbox)
    save_meter_data(space, read_meter_data(space.meter_data))
    load_files(space)
    return space


@pytest.fixture(scope="module")
def outcomes(space) -> dict[str, tuple]:
    with open_warehouse(space.warehouse, read_only=True) as con:
        rows = con.execute("select file_name, outcome, reason, notes from raw.files").fetchall()
    return {name: tuple(rest) for name, *rest in rows}


@pytest.fixture(scope="module")
def reads(space) -> dict[str, list[tuple]]:
    found: dict[str, list[tuple]] = {}
    with open_warehouse(space.warehouse, read_only=True) as con:
        for name, *row in con.execute(READS).fetchall():
            found.setdefault(name, []).append(tuple(row))
    return found


def test_each_variant_has_its_outcome(expected, outcomes):
    accepted = [name for key, names in expected.items() if "accepted" in key for name in names]
    (refused,) = (list(names) for key, names in expected.items() if key.startswith("refused"))
    assert len(accepted) == 22 and refused == ["b1-nohead.csv"]
    wrong = {name: outcomes[name] for name in accepted if outcomes[name][0] != "accepted"}
    assert not wrong
    assert outcomes["b1-nohead.csv"][0] == "unreadable"


def test_accepted_variants_have_the_values_of_the_day(expected, reads):
    for name in [*expected["accepted"], ONE_DIRECTION]:
        rows = reads[name]
        assert len(rows) == 96, name
        for place, (start, end, kw_del, kw_rec, kva_del, kva_rec, *_) in enumerate(rows):
            hour, quarter = divmod(place, 4)
            number = place % 48 if name == TWO_PAGES else place  # counted anew on its second page
            assert (start.hour, start.minute, start.second) == (hour, quarter * 15, 0), name
            assert (end - start).total_seconds() == 900, name
            assert (kw_del, kw_rec) == (Decimal(10 + number % 7) + Decimal("0.5"), 0), name
            known = (None, None) if name in WITHOUT_KVA else (11 + number % 7, 0)
            assert (kva_del, kva_rec) == known, name
        total = Decimal("1290.0") if name == TWO_PAGES else Decimal("1291.0")
        assert sum(row[2] for row in rows) == total, name


def test_reactive_power_is_read_as_such(reads):
    assert all(row[6] is not None and row[7] is not None for row in reads["b5-kvar.csv"])


def test_what_was_normalised_is_in_the_ledger(outcomes):
    notes = {name: json.loads(found[2]) if found[2] else {} for name, found in outcomes.items()}
    for name, code in {
        "a4-end59.csv": "end_label_59",
        "a5-end24.csv": "label_24",
        "a9-unitrow.csv": "unit_row",
        "b2-utf16.csv": "utf_16",
        "b9-reversed.csv": "newest_first",
        "c1-trailer.csv": "trailer",
        "c2-repeatedheader.csv": "repeated_header",
    }.items():
        assert code in str(notes[name]), (name, notes[name])
