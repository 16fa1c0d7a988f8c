"""Files that arrive together and hold other values for the same intervals: which one counts."""

import os
import re
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path
from shutil import copytree

import pytest
import raw_exports
from conftest import BUILD, dbt, load_profile, query, summary, take_in, untested
from overlaps import DAY, NOON, counting, export, root_with

from ingest.release import release_file
from ingest.review import rebuild_warehouse, withdraw_file
from ingest.workspace import Workspace

PAIRS = [
    # the meter's later records, although that file was written first and ends earlier
    ((export(500, 2), 90), (export(100, 1, 30), 99), "2.000000", "(Record No. 500 against 100"),
    # a later start within the other file has the records of its own place
    (
        (export(100, 1), 90),
        (export(900, 2, 9, DAY + timedelta(hours=3)), 80),
        "2.000000",
        "(Record No. 900 against 103 at 2024-07-01 03:00)",
    ),
    # rows that both files count from 1 are no records of a meter, whatever their places
    ((export(1, 1), 90), (export(1, 2, 9, DAY + timedelta(hours=3)), 95), "2.000000", "a weak"),
    # the same records twice: the later written file is the re-read
    ((export(100, 1), 95), (export(100, 2), 90), "1.000000", "it was written later (2024-07"),
    # copied together: the one that ends later
    ((export(100, 1, 25), 90), (export(100, 2), 91), "1.000000", "it ends later"),
    ((export(100, 2), 90), (export(100, 1), 91), "2.000000", "it has more energy: the safe"),
    (
        (export(100, 1), 90),
        ("again\n" + export(100, 1), 91),
        None,
        "the order of their sha256 decided",
    ),
]


def under_all_names(folder: Path, cases: list[list[tuple[str, int]]]) -> list[list[tuple]]:
    """Of each case the value that counts and why, once for every way of naming its files.

    A case is a list of files (text, seconds after noon); all are dropped at once, and every way is
    that of a feeder of its own.
    """
    feeders, files = [], []
    for number, case in enumerate(cases):
        feeders.append([])
        for way, names in enumerate(permutations("abc"[: len(case)])):
            feeder = f"f{number}way{way}"
            feeders[-1].append(feeder)
            files += [
                (f"{feeder}-{name}.csv", text, NOON + seconds)
                for name, (text, seconds) in zip(names, case, strict=True)
            ]
    root = root_with(folder, *files, feeders=[name for ways in feeders for name in ways])
    take_in(root)
    found = counting(root)
    return [[found[name] for name in ways] for ways in feeders]


def test_later_records_count_then_the_later_written_file_then_what_ends_later(tmp_path):
    found = under_all_names(tmp_path, [[first, second] for first, second, *_ in PAIRS])
    for (*_, value, why), ways in zip(PAIRS, found, strict=True):
        for won, said in ways:
            assert why in said and "-a.csv" in said and "-b.csv" in said
            assert value in (None, won), why
        assert len({won for won, _ in ways}) == 1, why  # whatever the names


def test_a_reason_names_only_files_that_are_in_use_or_can_be_with_their_holes(tmp_path):
    hole = export(100, 3).replace(export(100, 3).splitlines()[5] + "\n", "")
    other = export(100, 4).replace("05:00:00,07/01/24 06", "05:20:00,07/01/24 06")
    root = root_with(
        tmp_path,
        ("north-hole.csv", hole, NOON),
        ("north-other.csv", other, NOON),
        ("north-a.csv", export(100, 1, 25), NOON),
        ("north-copy.csv", export(100, 1, 25), NOON),
        ("north-b.csv", export(100, 2, 26), NOON),
    )
    take_in(root)
    found = query(root, "select precedence from raw.files where outcome = 'accepted' order by 1")
    [(first,), (second,)] = found
    assert re.fullmatch(r"north-(a|copy).csv counts before north-hole.csv: it ends later", first)
    later = {re.sub("(a|copy).csv", "a.csv", why) for why in second.split("; ")}
    assert later == {
        f"north-b.csv counts before north-{name}.csv: it ends later" for name in ("a", "hole")
    }


def test_a_circle_of_three_files_is_cut_in_the_same_place_whatever_their_names(tmp_path):
    # b has later records than a, c was written after b, a was written after c
    circle = [(export(100, 1), 99), (export(500, 2), 90), (export(1, 3, 20), 95)]
    [ways] = under_all_names(tmp_path, [circle])
    assert len(ways) == 6 and len({won for won, _ in ways}) == 1


def test_a_rebuild_keeps_the_order_in_which_files_were_accepted(tmp_path):
    root = root_with(
        tmp_path / "root",
        ("north-a.csv", export(100, 1), NOON + 60),
        ("north-b.csv", export(100, 2), NOON),
    )
    take_in(root)
    before = counting(root)
    assert before["north"][0] == "1.000000"
    for path in (root / "data/KW/2024-07").glob("*.csv"):
        os.utime(path, (1, 1))
    rebuild_warehouse(Workspace(root))
    assert counting(root) == before


MADE = ("file_conflicts", "findings", "correction_effects", "gaps", "combined_gaps")
KW = raw_exports.export(
    raw_exports.row(n, *ends, f"{100 + n * 7 % 31},0,,")
    for n, ends in enumerate(raw_exports.intervals(DAY, 48, 60))
)


def in_other_unit(text: str, factor: float, skip: int = 0, decimals: int = 2) -> str:
    """The same export with every value multiplied, and rounded."""
    head, *rows = text.splitlines()
    cells = [row.split(",") for row in rows[skip:]]
    for row in cells:
        row[4] = f"{float(row[4]) * factor:.{decimals}f}"
    return "\n".join([head, *(",".join(row) for row in cells)]) + "\n"


@pytest.fixture(scope="module")
def conflicts(tmp_path_factory) -> tuple[Path, str]:
    """A root after files with other values in one drop and in two, and a released file."""
    root = root_with(tmp_path_factory.mktemp("conflicts") / "root")
    space = Workspace(root)
    space.meter_data.write_text(
        "sta,meter,multiplier,channel_unit,interval_minutes\n"
        + "".join(
            f"{name},{n},1,kW,60\n"
            for n, name in enumerate(("one", "two", "fix", "rel", "Open", "same"))
        )
    )
    for feeder in ("one", "two", "fix", "open", "same"):
        (space.dropbox / f"{feeder}-a.csv").write_text(f"{feeder}\n{KW}")
    # rounded, so no longer one factor exactly
    (space.dropbox / "one-b.csv").write_text(in_other_unit(KW, 0.25, skip=3, decimals=1))
    os.utime(space.dropbox / "one-a.csv", (NOON, NOON))
    os.utime(space.dropbox / "one-b.csv", (NOON + 60, NOON + 60))
    rows = KW.splitlines(keepends=True)
    doubled = [*rows[:5], rows[5].replace(",128,", ",500,"), *rows[5:]]
    doubled.append(doubled[-1].replace(doubled[-1].split(",", 4)[4], ",,,\n"))
    assert doubled[5] != doubled[6]
    (space.dropbox / "rel-a.csv").write_text("".join(doubled))
    take_in(root)
    said = load_profile("release", "rel-a_SEQUENCE-ERROR.csv", "--root", root)
    assert said.returncode == 0, said.stderr
    for feeder in ("two", "open"):
        (space.dropbox / f"{feeder}-b.csv").write_text(f"{feeder}\n{in_other_unit(KW, 1000)}")
    (space.dropbox / "fix-b.csv").write_text(KW.replace(",121,0", ",160,0"))
    (space.dropbox / "same-a.csv").write_text(KW.replace(",121,0", ",160,0"))
    started = datetime(2024, 1, 1)
    take_in(root)
    release_file(space, "two-b_SEQUENCE-ERROR.csv", "W")
    dbt(root, *BUILD, *untested(*MADE))
    return root, said.stdout + summary(root, started)


def test_the_run_names_both_files_what_either_says_and_how_to_prefer_the_other(conflicts):
    _, said = conflicts
    energy = [100 + n * 7 % 31 for n in range(48)]
    old = sum(energy[3:])
    new = sum(float(f"{value / 4:.1f}") for value in energy[3:])
    assert (
        "another unit: one: one-b.csv has 45 intervals as well that one-a.csv has, 45 of them "
        f"with other values, every one x {new / old:.6g} (2024-07-01 03:00 to 2024-07-02 23:00). "
        "one-b.csv counts: it was written later (2024-07-03 09:47:40 against 2024-07-03 09:46:40 "
        "UTC, a weak sign, for "
        f"copies may keep or lose such times). Net energy {new:,.3f} against {old:,.3f} kWh, "
        "peak 32.500 against 130.000 kW. To prefer one-a.csv: load-profile withdraw "
        "data/KW/2024-07/one-b.csv --reason ..."
    ) in said
    assert "another unit: two: two-b.csv has 48 intervals" in said and "x 1,000 (" in said
    assert "two-b.csv counts: it was accepted later." in said
    # two values of 121 became 160
    assert "other values: fix: fix-b.csv has 48 intervals as well that fix-a.csv has, 2 of" in said
    # two files of one name are told apart by number and place
    found = re.search(
        r"other values: same: (.*) has 48 intervals as well that (.*) has, 2 of", said
    )
    for name in found.groups():
        assert re.fullmatch(r"file #\d+ data/KW/2024-07/same-a.*\.csv", name), name
    assert found[1] != found[2] and "doubled rows: same" not in said
    # what is another unit is not called a correction
    assert "corrected fix 2024-07: 2 intervals" in said
    assert "corrected one" not in said and "corrected two" not in said
    assert "correction:" not in said


def test_status_says_of_each_file_in_the_ledger_which_one_counts(conflicts):
    root, _ = conflicts
    printed = load_profile("status", "one-", "--root", root).stdout
    first, second = printed.split("one-b.csv\n", 1)
    assert "gives way to #" in first and "one-b.csv in 45 intervals with other values" in first
    assert "counts before #" in second and "it was written later" in second


def test_one_factor_for_all_values_is_a_finding_and_a_correction_is_none(conflicts):
    root, _ = conflicts
    found = query(
        root, "select feeder, severity, evidence, meaning from findings where rule = 'other_unit'"
    )
    texts = {feeder: " ".join(words) for feeder, *words in found}
    assert texts.keys() == {"one", "two", "Open"}
    assert texts.pop("Open").startswith(
        "warn open-b.csv was refused: file: expected values in the unit of open-a.csv; found every "
        "value x 1,000 in all 48 intervals that both have, usually the prefix of a unit"
    )
    assert "one-b.csv has the values of one-a.csv divided by 4.000 in 45 intervals" in texts["one"]
    assert "two-b.csv has the values of two-a.csv multiplied by 1,000.000 in 48" in texts["two"]
    for name, text in texts.items():
        assert text.startswith("warn") and f"load-profile withdraw data/KW/2024-07/{name}-b" in text


def test_release_and_run_tell_what_a_file_has_twice(conflicts):
    _, said = conflicts
    assert (
        "2 intervals are in it more than once, 2 of them with other values (2024-07-01 04:00, "
        "2024-07-02 23:00): the later line counts, but where it has no value (2024-07-02 23:00) "
        "the last that has one."
    ) in said
    assert "doubled rows: rel: rel-a.csv has 1 interval twice, 1 of them with other values" in said


def test_withdrawing_the_file_that_counts_makes_the_other_count_again(conflicts, tmp_path):
    root = copytree(conflicts[0], tmp_path / "root")
    withdraw_file(Workspace(root), "data/KW/2024-07/two-b.csv", "kWh")
    dbt(root, *BUILD, *untested("feeder_profiles", "findings"))
    assert query(
        root, "select max(del_raw)::integer from feeder_profiles where feeder = 'two'"
    ) == [(130,)]
    assert query(root, "select feeder from findings where rule = 'other_unit' order by feeder") == [
        ("Open",),
        ("one",),
    ]
