"""What a run remembers of what it was made from."""

import pytest

from ingest.workspace import Workspace
from load_profile import last_run


@pytest.mark.parametrize(
    "name", ["ingest/letters.toml", "ingest/rules/order.sql", "load_profile/why.py"]
)
def test_a_change_of_any_file_of_the_packages_is_new(name, tmp_path, monkeypatch):
    monkeypatch.setattr(last_run, "PROJECT", tmp_path / "installed/dbt_project")
    root = Workspace(tmp_path)
    root.meter_data.write_text("sta,meter,multiplier\n")
    file = tmp_path / "installed" / name
    file.parent.mkdir(parents=True)
    found = []
    for text in ("before", "before", "after"):
        file.write_text(text)
        found.append(last_run.inputs(root, {}, plots=True))
    assert found[0] == found[1] != found[2]


def test_what_python_compiles_is_not_new(tmp_path, monkeypatch):
    monkeypatch.setattr(last_run, "PROJECT", tmp_path / "installed/dbt_project")
    root = Workspace(tmp_path)
    root.meter_data.write_text("sta,meter,multiplier\n")
    before = last_run.inputs(root, {}, plots=True)
    compiled = tmp_path / "installed/ingest/__pycache__/clock.cpython-311.pyc"
    compiled.parent.mkdir(parents=True)
    compiled.write_bytes(b"compiled")
    assert last_run.inputs(root, {}, plots=True) == before
