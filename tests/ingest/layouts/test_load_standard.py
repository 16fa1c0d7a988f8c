"""Files of standard formats loaded into a warehouse: rows of the feeder whose meter they name."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from layout_files import SAMPLES
from test_containers import zipped

from ingest.load_files import LoadSummary, load_files, save_meter_data
from ingest.meter_data import read_meter_data
from ingest.warehouse import open_warehouse
from ingest.workspace import Workspace

HEADER = "sta,meter,multiplier,channel_unit,timezone,interval_minutes,channel,directions\n"
ROWS = """
select line_number, position, start_local, utc_offset_minutes, event_type,
    del_raw, rec_raw, kvar_del_raw, kvar_rec_raw
from raw.interval_reads order by line_number, position
"""


def load(folder: Path, data: bytes, meter: str) -> tuple[LoadSummary, list[tuple]]:
    space = Workspace(folder)
    space.prepare()
    space.meter_data.write_text(HEADER + meter + "\n")
    save_meter_data(space, read_meter_data(space.meter_data))
    (space.dropbox / "file.csv").write_bytes(data)
    summary = load_files(space)
    with open_warehouse(space.warehouse) as con:
        return summary, con.execute(ROWS).fetchall()


@pytest.mark.parametrize("is_zipped", [False, True])
def test_nem12_is_loaded_with_both_directions_and_kvar(tmp_path, is_zipped):
    data = (SAMPLES / "north.nem12.csv").read_bytes()
    meter = "north,NORTH00001,1,kWh,Etc/GMT-10,30,,both"
    content = zipped({"north.csv": data}) if is_zipped else data
    summary, rows = load(tmp_path, content, meter)
    assert summary.outcomes == {"accepted": 1}
    first = datetime(2024, 1, 1)
    values = (Decimal("0.125"), Decimal(0), Decimal("1.5"), Decimal("0.25"))
    # the kvar sent out are substituted, and so is the row
    assert rows[0] == (3, 1, first, 600, "Substituted", *values)
    assert len(rows) == 96
    # the second day has no other register than E1, and its last two values are null
    assert [row[4:7] for row in rows[94:]] == [("Missing", None, None)] * 2
    assert [row[4] for row in rows[48 + 20 : 48 + 24]] == ["Substituted"] * 2 + ["Estimated"] * 2


def test_green_button_is_loaded_in_utc(tmp_path):
    data = (SAMPLES / "north.espi.xml").read_bytes()
    data = data.replace(b"<espi:powerOfTenMultiplier>3<", b"<espi:powerOfTenMultiplier>0<")
    point = "/espi/1_1/resource/Subscription/7/UsagePoint/1"
    meter = f"north,{point},1,Wh,America/New_York,15,a,delivered"
    summary, rows = load(tmp_path, data, meter)
    assert summary.outcomes == {"accepted": 1}
    assert [row[2:7] for row in rows] == [
        (datetime(2023, 12, 31, 19, 0), -300, "Normal", 1500, 0),
        (datetime(2023, 12, 31, 19, 15), -300, "Estimated", 0, 0),
        (datetime(2023, 12, 31, 19, 30), -300, "Questionable", None, 0),
        (datetime(2023, 12, 31, 19, 45), -300, "Normal", 7, 0),
    ]


def test_mscons_is_loaded_in_utc(tmp_path):
    data = (SAMPLES / "north.mscons.txt").read_bytes()
    for place in (1, 2, 3):  # the quarter hours of one hour, and not of four
        for old, new in ((f"{place:02}00", place), (f"{place:02}15", place + 1)):
            quarter = f"20240101{new // 4:02}{new % 4 * 15:02}?+01:303"
            data = data.replace(f"20240101{old}?+01:303".encode(), quarter.encode())
    point = "DE0001112223334445556667778889990"
    meter = f"north,{point},1,kWh,Europe/Berlin,15,1-1:1.29.0,delivered"
    summary, rows = load(tmp_path, data, meter)
    assert summary.outcomes == {"accepted": 1}
    assert [(row[2], *row[4:7]) for row in rows] == [
        (datetime(2024, 1, 1, 0, 0), "Normal", Decimal("36.3"), 0),
        (datetime(2024, 1, 1, 0, 15), "Substituted", Decimal("0.074"), 0),
        (datetime(2024, 1, 1, 0, 30), "Missing", None, 0),
        (datetime(2024, 1, 1, 0, 45), "Estimated", 7, 0),
    ]


def test_a_file_that_ends_too_early_gets_a_letter_and_no_row_is_used(tmp_path):
    data = (SAMPLES / "north.nem12.csv").read_bytes().removesuffix(b"900\r\n")
    meter = "north,NORTH00001,1,kWh,Etc/GMT-10,30,,both"
    summary, rows = load(tmp_path, data, meter)
    assert (summary.outcomes, rows) == ({"unreadable": 1}, [])
    (letter,) = Workspace(tmp_path).rejected.glob("*.txt")
    assert "900 as the last record" in letter.read_text()
