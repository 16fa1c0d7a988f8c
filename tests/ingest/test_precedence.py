"""Files that arrive together and hold other values for the same intervals: which one counts."""

import os
import re
from datetime import datetime, timedelta
from itertools import permutations, product
from pathlib import Path
from shutil import copytree

import pytest
import raw_exports
from conftest import BUILD, dbt, load_profile, only, query, summary, take_in

from ingest.review import rebuild_warehouse, release_file, withdraw_file
from ingest.workspace import Workspace

DAY = datetime(2024, 7, 1)
NOON = 1_720_000_000


def export(first_record: int, value: float, hours: int = 24, start: datetime = DAY) -> str:
    """An hourly export in which every interval has the same value."""
    values = f"{value},0,{value},0"
    return raw_exports.export(
        raw_exports.rows(start, hours, values, minutes=60, first=first_record)
    )


def root_with(folder: Path, *files: tuple[str, str, int]) -> Path:
    """A root with files (name, text, seconds of their modification time) in its drop folder."""
    space = Workspace(folder)
    space.prepare()
    space.meter_data.write_text("sta,meter,multiplier,interval_minutes\nnorth,1,28800,60\n")
    for name, text, seconds in files:
        (space.dropbox / name).write_text(text)
        os.utime(space.dropbox / name, (seconds, seconds))
    return folder


def counting(root: Path) -> tuple[str, str]:
    """The value of the file that counts, and why."""
    [(value, why)] = query(
        root,
        """select max(del_raw)::varchar, any_value(precedence) from raw.interval_reads
        inner join raw.files using (file_id)
        where accepted_seq = (select max(accepted_seq) from raw.files)""",
    )
    return value, why


@pytest.mark.parametrize(
    ("first", "second", "value", "why"),
    [
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
    ],
)
def test_later_records_count_then_the_later_written_file_then_what_ends_later(
    tmp_path, first, second, value, why
):
    found = set()
    for number, names in enumerate(permutations(("north-a.csv", "north-b.csv"))):
        dropped = [
            (name, text, NOON + seconds)
            for name, (text, seconds) in zip(names, (first, second), strict=True)
        ]
        root = root_with(tmp_path / str(number), *dropped)
        take_in(root)
        won, said = counting(root)
        assert why in said and "north-a.csv" in said and "north-b.csv" in said
        assert value in (None, won)
        found.add(won)
    assert len(found) == 1  # whatever the names


def test_a_reason_names_only_files_that_were_accepted(tmp_path):
    hole = export(100, 3).replace(export(100, 3).splitlines()[5] + "\n", "")
    root = root_with(
        tmp_path,
        ("north-hole.csv", hole, NOON),
        ("north-a.csv", export(100, 1, 25), NOON),
        ("north-copy.csv", export(100, 1, 25), NOON),
        ("north-b.csv", export(100, 2, 26), NOON),
    )
    take_in(root)
    found = query(root, "select precedence from raw.files where outcome = 'accepted' order by 1")
    [(why,), (nothing,)] = found
    assert nothing is None and why.count("counts before") == 1
    assert re.fullmatch(r"north-b.csv counts before north-(a|copy).csv: it ends later", why)


def test_a_circle_of_three_files_is_cut_in_the_same_place_whatever_their_names(tmp_path):
    # b has later records than a, c was written after b, a was written after c
    texts = [(export(100, 1), 99), (export(500, 2), 90), (export(1, 3, 20), 95)]
    found = set()
    for number, names in enumerate(permutations(("north-a.csv", "north-b.csv", "north-c.csv"))):
        files = [(n, text, NOON + at) for n, (text, at) in zip(names, texts, strict=True)]
        root = root_with(tmp_path / str(number), *files)
        take_in(root)
        found.add(counting(root)[0])
    assert len(found) == 1


def test_a_rebuild_keeps_the_order_in_which_files_were_accepted(tmp_path):
    root = root_with(
        tmp_path / "root",
        ("north-a.csv", export(100, 1), NOON + 60),
        ("north-b.csv", export(100, 2), NOON),
    )
    take_in(root)
    before = counting(root)
    assert before[0] == "1.000000"
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
    dbt(root, *BUILD, *only(*MADE))
    return root, said.stdout + summary(root, started)


def test_the_run_names_both_files_what_either_says_and_how_to_prefer_the_other(conflicts):
    _, said = conflicts
    energy = [100 + n * 7 % 31 for n in range(48)]
    old = sum(energy[3:]) / 1000
    new = sum(float(f"{value / 4:.1f}") for value in energy[3:]) / 1000
    assert (
        "another unit: one: one-b.csv has 45 intervals as well that one-a.csv has, 45 of them "
        f"with other values, every one x {new / old:.6g} (2024-07-01 03:00 to 2024-07-02 23:00). "
        "one-b.csv counts: it was written later (2024-07-03 09:47:40 against 2024-07-03 09:46:40 "
        "UTC, a weak sign, for "
        f"copies may keep or lose such times). Net energy {new:,.3f} against {old:,.3f} MWh, "
        "peak 0.033 against 0.130 MW. To prefer one-a.csv: load-profile withdraw "
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
    dbt(root, *BUILD, *only(*MADE))
    assert query(
        root, "select max(del_raw)::integer from feeder_profiles where feeder = 'two'"
    ) == [(130,)]
    assert query(root, "select feeder from findings where rule = 'other_unit' order by feeder") == [
        ("Open",),
        ("one",),
    ]


def varying(first_record: int, factor: float = 1, hours: int = 24, **changed: float) -> str:
    """An hourly export of changing values, times a factor; `h5=9` gives hour 5 a value of its own.

    From midnight to one there is no load, and what is received is unknown from noon on.
    """
    lines = []
    for hour, ends in enumerate(raw_exports.intervals(DAY, hours, 60)):
        value = changed.get(f"h{hour}", hour * 1.37 * factor)
        kva = "" if hour > 11 else f"{value * 2:.6f}"
        lines.append(raw_exports.row(first_record + hour, *ends, f"{value:.6f},0,{kva},0"))
    return raw_exports.export(lines)


def outcomes(root: Path) -> dict[str, str]:
    """What became of each file, by name."""
    return dict(
        query(root, "select file_name, outcome from raw.files where outcome <> 'duplicate'")
    )


def root_of(folder: Path, feeders: list[str]) -> Path:
    """An empty root with hourly meters."""
    root = root_with(folder)
    Workspace(root).meter_data.write_text(
        "sta,meter,multiplier,interval_minutes\n"
        + "".join(f"{feeder},{n},28800,60\n" for n, feeder in enumerate(feeders))
    )
    return root


def test_of_two_files_in_different_units_that_come_together_the_larger_counts(tmp_path):
    cases = {
        f"f{number}": case
        for number, case in enumerate(product((0.5, 0.001), "ab", (0, 60, -60), (1, 100, 300)))
    }
    root = root_of(tmp_path / "root", list(cases))
    expected = {}
    for feeder, (factor, larger, seconds, record) in cases.items():
        for name in "ab":
            path = Workspace(root).dropbox / f"{feeder}-{name}.csv"
            of_larger = name == larger
            text = varying(200) if of_larger else varying(record, factor)
            path.write_text(f"{feeder}\n{text}")
            os.utime(path, (NOON if of_larger else NOON + seconds,) * 2)
            expected[path.name] = "accepted" if of_larger else "sequence_error"
    take_in(root)
    assert outcomes(root) == expected


@pytest.mark.parametrize("factor", [0.5, 4, 1000])
def test_of_two_files_in_different_units_the_first_counts_until_somebody_decides(tmp_path, factor):
    root = root_with(tmp_path, ("north-a.csv", varying(1, hours=30), NOON))
    space = Workspace(root)
    take_in(root)
    (space.dropbox / "north-b.csv").write_text(varying(500, factor))
    take_in(root)
    assert outcomes(root) == {"north-a.csv": "accepted", "north-b.csv": "sequence_error"}
    letter = (root / "data/KW/ERROR/north-b_SEQUENCE-ERROR.txt").read_text()
    assert f"every value x {factor:,} in all 23 intervals" in letter
    assert 'load-profile withdraw "north-a.csv" --reason' in letter
    assert "load-profile release " in letter
    rebuild_warehouse(space)
    assert query(root, "select count(*) from raw.interval_reads") == [(30,)]
    # the other decision: the first file was in the wrong unit
    rejected = root / "data/KW/ERROR/north-b_SEQUENCE-ERROR.csv"
    withdraw_file(space, "north-a.csv", "kWh")
    (space.dropbox / "north-b.csv").write_bytes(rejected.read_bytes())
    take_in(root)
    assert query(root, "select max(del_raw)::double from raw.interval_reads where file_id = 4") == [
        (pytest.approx(23 * 1.37 * factor),)
    ]


def test_a_released_file_in_another_unit_is_what_later_files_are_compared_with(tmp_path):
    root = root_with(tmp_path, ("north-a.csv", varying(1), NOON))
    space = Workspace(root)
    take_in(root)
    (space.dropbox / "north-b.csv").write_text(varying(1, 4))
    take_in(root)
    release_file(space, "north-b_SEQUENCE-ERROR.csv", "kW")
    (space.dropbox / "north-c.csv").write_text("again\n" + varying(1, 4))
    (space.dropbox / "north-d.csv").write_text("again\n" + varying(1))
    take_in(root)
    found = query(root, "select outcome, problem_code from raw.files order by file_name, file_id")
    assert found == [
        ("accepted", None),
        ("sequence_error", "other_unit"),
        ("accepted", None),
        ("accepted", None),
        ("sequence_error", "other_unit"),
    ]


def test_other_values_in_more_than_one_ratio_or_of_a_constant_load_are_a_correction(tmp_path):
    seconds = {
        "one-other-ratio": varying(1, 0.5, h5=7),
        "one-of-none": varying(1, 0.5, h5=0),
        "from-none": varying(1, 0.5, h0=1),
        "one-unchanged": varying(1, 0.5, h7=7 * 1.37),
        "two-changed": varying(1, h5=9, h6=10),
        "zeros": varying(1, 0),
        "seven-intervals": varying(1, 0.5, hours=8),
        "a-sign-is-no-unit": varying(1, -1),
        "constant": export(1, 10),
    }
    span = "070124-000000_070224-000000"
    root = root_of(tmp_path / "root", list(seconds))
    dropbox = Workspace(root).dropbox
    for feeder in seconds:
        text = export(1, 5) if feeder == "constant" else varying(1)
        (dropbox / f"{feeder}-{span}.csv").write_text(f"{feeder}\n{text}")
    take_in(root)
    for feeder, text in seconds.items():
        (dropbox / f"{feeder}-{span}-again.csv").write_text(f"{feeder}\n{text}")
    take_in(root)
    assert set(outcomes(root).values()) == {"accepted"}
    assert len(outcomes(root)) == 2 * len(seconds)


def test_values_with_all_their_digits_are_compared_exactly(tmp_path):
    def digits(value: str) -> str:
        text = varying(1)
        for hour in range(1, 24):
            text = text.replace(f",{hour * 1.37:.6f},0,", f",{value.format(hour)},0,", 1)
        return text

    root = root_with(tmp_path, ("north-a.csv", digits("{}.000000000000000012"), NOON))
    take_in(root)
    (Workspace(root).dropbox / "north-b.csv").write_text(digits("{}.000000000000000013"))
    take_in(root)
    assert outcomes(root) == {"north-a.csv": "accepted", "north-b.csv": "accepted"}


def test_files_in_another_unit_that_overlap_each_other_are_all_refused(tmp_path):
    rows = varying(1, 0.5, hours=40).splitlines()
    parts = [raw_exports.export(rows[at : at + 20]) for at in (1, 11, 21)]
    dropped = [(f"north-{n}.csv", text, NOON) for n, text in enumerate(parts)]
    root = root_with(tmp_path, ("north-a.csv", varying(1, hours=40), NOON), *dropped)
    take_in(root)
    found = outcomes(root)
    assert found.pop("north-a.csv") == "accepted"
    assert set(found.values()) == {"sequence_error"} and len(found) == 3
