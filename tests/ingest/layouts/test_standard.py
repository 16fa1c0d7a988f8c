"""Standard formats as layouts: each file is taken for one, and has its outline."""

import subprocess
import sys
from datetime import datetime

import pytest
from layout_files import SAMPLES
from raw_exports import rows, write_export
from test_containers import zipped

from ingest.layouts import recognise

FILES = {
    "nem12": "north.nem12.csv",
    "green_button": "north.espi.xml",
    "mscons": "north.mscons.txt",
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_has_one_layout(name):
    data = (SAMPLES / FILES[name]).read_bytes()
    assert recognise(data, "a.csv")[0].name == name
    assert recognise(zipped({"a": data}), "a.zip")[0].name == "archive"


@pytest.mark.parametrize("name", ["north.xls", "north.xlsx", "north.ods"])
def test_a_workbook_has_no_other_layout(name):
    assert recognise((SAMPLES / name).read_bytes(), name)[0].name == "workbook"


def test_the_outline_of_an_archive_is_that_of_its_file():
    data = (SAMPLES / FILES["nem12"]).read_bytes()
    _, inside = recognise(zipped({"a.csv": data}), "a.zip")
    _, alone = recognise(data, "a.csv")
    assert alone.problem is None and inside.channels == alone.channels
    assert inside.spans == alone.spans and inside.places == ("a.csv",)
    _, damaged = recognise(zipped({"a.csv": data[:-9]}), "a.zip")
    assert damaged.problem.code == "no_end"


def test_a_classic_export_is_recognised_without_data_frames(tmp_path):
    write_export(tmp_path, "a.csv", rows(datetime(2024, 7, 1), 4))
    code = (
        "import sys\nfrom ingest.layouts import recognise\n"
        f"data = open({str(tmp_path / 'a.csv')!r}, 'rb').read()\n"
        "assert recognise(data, 'a.csv')[0].name == 'classic'\n"
        "sys.exit('pandas' in sys.modules or 'pydantic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
