"""The worked example of docs/layouts.md: its files and commands, in their order, in a new root."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from conftest import FILES, bring_up_to_date, untested

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "layouts.md").read_text(encoding="utf-8")
EXAMPLE = TEXT.split("## From an unknown file")[1].split("\n## ")[0]
BLOCK = re.compile(r"(?:<!-- file: (\S+) -->\n)?```\w*\n(.*?)```", re.DOTALL)


def blocks() -> list[tuple[str, str]]:
    """Return name and text of the files, and commands without a name, in their order."""
    return [(found[1] or "", found[2]) for found in BLOCK.finditer(EXAMPLE)]


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Return a root in which the example was followed, and what its commands printed."""
    root = tmp_path_factory.mktemp("layouts")
    said = []
    for name, text in blocks():
        if name:
            place = root / name
            assert name != "layouts/house.toml" or place.exists(), "it is changed, not new"
            place.parent.mkdir(exist_ok=True)
            place.write_text(text, encoding="utf-8")
        for command in [] if name else text.splitlines():
            if command == "load-profile run":
                (root / "_dropbox" / "KW").mkdir(parents=True)
                shutil.copy(root / "house-july.csv", root / "_dropbox" / "KW")
                bring_up_to_date(root, *untested(*FILES))
                continue
            program, *arguments = shlex.split(command)
            assert program == "load-profile"
            done = subprocess.run(
                [sys.executable, "-m", "load_profile", *arguments],
                cwd=root,
                capture_output=True,
                text=True,
                timeout=500,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            said.append(done.stdout)
    return root, said


def test_the_example_says_what_the_commands_print(printed):
    _, (first, saved, again) = printed
    assert "It looks like a table with semicolons, 3 columns" in first
    assert "DOUBT" in first and "It reads nothing yet" in saved
    assert "Layout: house (portal of the house)" in again
    assert "2024-07-12 22:00 UTC, 15 min, house: del 1.5, rec 0 (kWh)" in again
    assert "accepted: 4 rows of house" in again


def test_the_run_at_its_end_writes_the_profile(printed):
    root, _ = printed
    rows = duckdb.sql(
        f"select start_utc::varchar, MW_net from read_csv('{root}/lp/house.csv') order by 1"
    ).fetchall()
    assert len(rows) == 4
    assert rows[0][1] == pytest.approx(0.006)
    assert rows[1][1] == pytest.approx(0.003)
