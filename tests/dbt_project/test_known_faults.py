"""Faults of the older tool that must not come back, each by its name, on one root."""

import csv
from datetime import datetime
from pathlib import Path

import pytest
import raw_exports
from conftest import FILES, bring_up_to_date, only, query, take_in


def export(day: int, value: float, quarters=range(96), spoilt: int | None = None) -> str:
    """A day's raw export with one value; `spoilt` is a quarter hour with a wrong time."""
    lines = raw_exports.rows(datetime(2024, 7, day), 96, f"{value},0,{value},0", pad=" ")
    if spoilt is not None:
        cells = lines[spoilt].split(",")
        lines[spoilt] = ",".join([*cells[:2], "99/99/24 00:00:00", *cells[3:]])
    return raw_exports.export(lines[quarter] for quarter in quarters)


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root, made = tmp_path_factory.mktemp("faults"), only("readings", "corrections", "files", *FILES)
    drop = root / "_dropbox/KW"
    drop.mkdir(parents=True)
    (root / "meter-data.csv").write_text(
        "sta,meter,multiplier\ngen,1,1000000\nother,2,1000000\n", encoding="utf-8"
    )
    files = {
        "gen-first.csv": export(1, 1),
        "general-first.csv": export(1, 1000),
        "other-hole.csv": export(1, 500, [q for q in range(96) if q != 40]),
        "other-badtime.csv": export(2, 500, spoilt=50),
        "other-good.csv": export(1, 2),
    }
    for name, text in files.items():
        (drop / name).write_text(text, encoding="utf-8")
    take_in(root)
    for path in (root / "logs").iterdir():
        path.unlink()
    (root / "logs").rmdir()
    (drop / "gen-first.csv").write_text(export(1, 7), encoding="utf-8")
    bring_up_to_date(root, *made)
    return root


def test_quarantined_files_are_not_counted_in_profiles(root):
    assert query(root, "select max(del_raw)::integer from feeder_profiles") == [(7,)]
    assert query(root, "select distinct del_raw::integer from readings where feeder = 'other'") == [
        (2,)
    ]


def test_a_same_named_file_does_not_overwrite_the_first(root):
    kept = sorted(path.read_text() for path in (root / "data/KW/2024-07").glob("gen-first*.csv"))
    assert kept == sorted([export(1, 1), export(1, 7)])


def test_corrections_do_not_lose_to_the_first_file(root):
    with (root / "lp/gen.csv").open(encoding="utf-8", newline="") as stream:
        assert {row["MW_net"] for row in csv.DictReader(stream)} == {"7.000000"}
    assert query(root, "select count(*) from corrections where channel = 'del_raw'") == [(96,)]


def test_rows_with_bad_times_are_not_dropped_silently(root):
    letter = (root / "data/KW/ERROR/other-badtime_UNREADABLE.txt").read_text(encoding="utf-8")
    assert "99/99/24 00:00:00" in letter and "First bad line: 52" in letter
    assert query(root, "select count(*) from readings where start_local >= '2024-07-02'") == [(0,)]


def test_a_missing_logs_folder_is_no_crash_and_the_logs_are_whole_again(root):
    lines = (root / "logs/dropbox.log").read_text(encoding="utf-8").splitlines()
    assert len(lines) == query(root, "select count(*) from raw.files")[0][0] == 6


def test_gen_does_not_match_general(root):
    assert (root / "data/KW/ERROR/general-first_UNKNOWN-METER.csv").exists()
    assert query(root, "select count(*) from readings where del_raw = 1000") == [(0,)]
