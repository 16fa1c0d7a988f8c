"""Standard formats as layouts: each file is taken for one, and has its outline."""

import subprocess
import sys

import pytest
from layout_files import SAMPLES
from test_containers import zipped

from ingest.layouts import workbook
from ingest.layouts.classic import ClassicLayout
from ingest.layouts.standard import STANDARD, archive_of

FILES = {
    "nem12": "north.nem12.csv",
    "green_button": "north.espi.xml",
    "mscons": "north.mscons.txt",
}


def fitting(data: bytes) -> list[str]:
    layouts = (*STANDARD, archive_of(STANDARD))
    found = [layout.name for layout in layouts if layout.why_not(data) is None]
    others = {"classic": ClassicLayout().why_not(data), "workbook": workbook.why_not(data)}
    return found + [name for name, problem in others.items() if problem is None]


@pytest.mark.parametrize("name", FILES)
def test_a_file_has_one_layout(name):
    data = (SAMPLES / FILES[name]).read_bytes()
    assert fitting(data) == [name]
    assert fitting(zipped({"a": data})) == ["archive"]


@pytest.mark.parametrize("name", ["north.xls", "north.xlsx", "north.ods"])
def test_a_workbook_has_no_other_layout(name):
    assert fitting((SAMPLES / name).read_bytes()) == ["workbook"]


def test_the_outline_of_an_archive_is_that_of_its_file():
    data = (SAMPLES / FILES["nem12"]).read_bytes()
    inside, alone = archive_of(STANDARD).outline(zipped({"a.csv": data})), STANDARD[0].outline(data)
    assert alone.problem is None and inside.channels == alone.channels
    assert inside.spans == alone.spans and inside.places == ("a.csv",)
    assert archive_of(STANDARD).outline(zipped({"a.csv": data[:-9]})).problem.code == "no_end"


def test_recognising_a_file_loads_no_data_frames():
    code = (
        "import sys\nfrom ingest.layouts.standard import STANDARD\n"
        "assert [x.why_not(b'') for x in STANDARD]\n"
        "sys.exit('pandas' in sys.modules or 'numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
