"""What the simulated exports hold, read back the way an outsider would: as CSV text."""

import csv
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from shutil import copytree

import pytest
from conftest import load_profile, query, take_in

from load_profile.sample import SampleSummary, write_sample

CLOCK = "%m/%d/%y %H:%M:%S"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    return folder


def exports(root: Path, pattern: str = "*.csv") -> list[Path]:
    return sorted((root / "_dropbox" / "KW").glob(pattern))


def data_rows(path: Path) -> list[list[str]]:
    lines = path.read_bytes().decode("utf-8-sig").split("\r\n")
    header = next(n for n, line in enumerate(lines) if line.startswith("Record No."))
    table = csv.reader(line for line in lines[header + 1 :] if line.strip())
    return [[cell.strip() for cell in row] for row in table]


def times(path: Path) -> list[tuple[datetime, datetime]]:
    return [
        (datetime.strptime(row[2], CLOCK), datetime.strptime(row[3], CLOCK))
        for row in data_rows(path)
    ]


def values(path: Path) -> list[tuple[float, float, float, float]]:
    return [(float(a), float(b), float(c), float(d)) for *_, a, b, c, d in data_rows(path)]


def holes(path: Path) -> int:
    spans = times(path)
    return sum(start != end for (_, end), (start, _) in pairwise(spans))


def is_good(path: Path) -> bool:
    return "simulated" not in path.name


def test_every_export_says_that_it_is_simulated_and_has_the_form_of_a_raw_export(root: Path):
    for path in exports(root):
        data = path.read_bytes()
        assert data.startswith(b"\xef\xbb\xbf")
        assert b"SIMULATED DATA" in data.split(b"Record No.")[0]
        assert b"\r\nRecord No.,Event Type,Start Time,End Time,-1-,-2-,-3-,-4-\r\n" in data
        assert data.count(b"\n") == data.count(b"\r\n")
        assert b"  ," in data


def test_names_carry_feeder_first_start_and_last_end(root: Path):
    for path in filter(is_good, exports(root)):
        feeder, rest = path.stem.split("-", 1)
        (start, _), (_, end) = times(path)[0], times(path)[-1]
        assert feeder in {"north", "south", "west", "gen"}
        assert rest == f"{start:%m%d%y-%H%M%S}_{end:%m%d%y-%H%M%S}"


def test_good_files_have_no_hole_and_one_feeder_begins_a_month_late(root: Path):
    good = [path for path in exports(root) if is_good(path)]
    assert len(good) == 4 * 3
    assert [holes(path) for path in good] == [0] * len(good)
    first_days = {path.name: times(path)[0][0].day for path in good}
    assert [name for name, day in first_days.items() if day > 1] == [
        "south-080424-000000_090124-000000.csv"
    ]


def test_the_holed_file_repeats_rows_that_a_good_file_also_has(root: Path):
    (holed,) = exports(root, "*simulated-hole*")
    (whole,) = exports(root, "west-070124-000000_080124-000000.csv")
    assert holed.name.startswith("west-")
    assert holes(holed) == 1
    good = {row[2]: row[4:] for row in data_rows(whole)}
    assert all(good[row[2]] == row[4:] for row in data_rows(holed))


def test_the_copy_is_north_byte_for_byte(root: Path):
    (copy,) = exports(root, "*simulated-copy*")
    assert copy.name.startswith("north-")
    original = copy.with_name(copy.name.replace("_simulated-copy", ""))
    assert copy.read_bytes() == original.read_bytes()


def test_events_mark_midnight_and_the_first_interval_of_a_month(root: Path):
    for path in filter(is_good, exports(root)):
        for row in data_rows(path):
            moment = datetime.strptime(row[2], CLOCK)
            expected = "MidnightNormal" if f"{moment:%H:%M}" == "23:45" else "Normal"
            if f"{moment:%d %H:%M}" == "01 00:00":
                expected = "Freeze"
            assert row[1] == expected


def test_apparent_power_fits_power_with_a_power_factor_of_0_9_to_1(root: Path):
    for path in exports(root):
        for delivered, received, va_delivered, va_received in values(path):
            assert delivered >= 0 and received >= 0
            for power, apparent in ((delivered, va_delivered), (received, va_received)):
                assert 0.9 * apparent - 0.005 <= power <= apparent


def test_about_one_interval_in_twenty_has_flow_both_ways(root: Path):
    for path in filter(is_good, exports(root)):
        both = [delivered > 0 and received > 0 for delivered, received, *_ in values(path)]
        assert 0.03 < sum(both) / len(both) < 0.07


def test_gen_sends_power_back_at_midday_and_takes_it_at_night(root: Path):
    for path in exports(root, "gen-*.csv"):
        for (start, _), (delivered, received, *_) in zip(times(path), values(path), strict=True):
            if start.hour == 12:
                assert received > delivered
            if start.hour < 5:
                assert delivered > received


def test_feeders_carry_some_megawatts_by_the_multiplier_in_meter_data(root: Path):
    table = list(csv.DictReader((root / "meter-data.csv").read_text().splitlines()))
    assert [row["meter"] for row in table] == [str(144800052 + k) for k in range(4)]
    assert [row["multiplier"] for row in table] == ["28800", "14400", "28800", "14400"]
    for row in table:
        for path in exports(root, f"{row['sta']}-*.csv"):
            net = [(a - b) * int(row["multiplier"]) / 1e6 for a, b, *_ in values(path)]
            assert 1 < max(net) < 20


def test_the_summary_counts_what_lies_in_the_folder(tmp_path: Path):
    summary = write_sample(tmp_path, feeders=6, months=2)
    files = exports(tmp_path)
    rows = sum(len(data_rows(path)) for path in files)
    names = ("north", "south", "west", "gen", "f00000", "f00001")
    assert summary == SampleSummary(len(files), rows, names)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path):
    for folder, seed, feeders in (("a", 7, 3), ("b", 7, 5), ("c", 8, 3)):
        write_sample(tmp_path / folder, seed=seed, months=1, feeders=feeders)
    for path in exports(tmp_path / "a"):
        same, other = (tmp_path / folder / "_dropbox" / "KW" / path.name for folder in "bc")
        assert path.read_bytes() == same.read_bytes()
        assert path.read_bytes() != other.read_bytes()


def test_a_single_feeder_and_month_can_be_written(tmp_path: Path):
    summary = write_sample(tmp_path, feeders=1, months=1, start="2023-02")
    assert summary.feeders == ("north",)
    assert len(data_rows(exports(tmp_path, "north-020123-000000_030123-000000.csv")[0])) == 28 * 96


def test_meter_data_that_is_there_is_kept_and_must_know_the_feeders(tmp_path: Path):
    table = "sta,meter,multiplier\nNORTH,1,28800\nwest,2,28800\n"
    (tmp_path / "meter-data.csv").write_text(table)
    with pytest.raises(ValueError, match="lacks the sample's feeders south, gen;"):
        write_sample(tmp_path)
    assert not exports(tmp_path)
    write_sample(tmp_path, feeders=1, months=1)
    assert (tmp_path / "meter-data.csv").read_text() == table


def test_a_file_of_the_same_name_is_never_overwritten(tmp_path: Path):
    drop = tmp_path / "_dropbox" / "KW"
    drop.mkdir(parents=True)
    real = drop / "north-070124-000000_080124-000000.csv"
    real.write_text("a real export")
    with pytest.raises(FileExistsError, match="exists with other content"):
        write_sample(tmp_path)
    assert real.read_text() == "a real export"


def test_writing_the_same_sample_twice_changes_nothing(tmp_path: Path):
    first = write_sample(tmp_path, feeders=1, months=1)
    before = {path: path.read_bytes() for path in exports(tmp_path)}
    assert write_sample(tmp_path, feeders=1, months=1) == first
    assert before == {path: path.read_bytes() for path in exports(tmp_path)}


def test_a_root_is_as_before_once_its_sample_is_removed(sample: Path, tmp_path: Path):
    root = copytree(sample, tmp_path / "root")
    done = load_profile("sample", "--remove", "--root", root)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Removed: 13 simulated files" in done.stdout and "meter-data.csv" in done.stdout
    left = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    known = (".dagster/", "logs/", "warehouse/run.lock", "sample.txt", "connections.txt")
    assert [name for name in sorted(left) if not name.startswith(known)] == []
    again = load_profile("sample", "--remove", "--root", root)
    assert again.returncode == 2 and "No sample has been written" in again.stderr


def test_own_files_beside_a_sample_are_warned_of_and_stay_when_it_is_removed(tmp_path: Path):
    write_sample(tmp_path, feeders=1, months=1)
    drop = tmp_path / "_dropbox/KW"
    (tmp_path / "meter-data.csv").open("a").write("mine,1,1000,W\n")
    north = next(drop.glob("north-*000.csv")).read_bytes()
    (drop / "mine-1.csv").write_bytes(
        north.replace(b"SIMULATED DATA, no", b"no").replace(b"144800052", b"1")
    )
    take_in(tmp_path)
    done = load_profile("run", "--select", "group:raw", "--root", tmp_path)
    assert "load-profile sample --remove" in done.stdout.splitlines()[0]
    done = load_profile("sample", "--remove", "--root", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 files of yours stay" in done.stdout
    assert query(tmp_path, "select distinct file_name from raw.files") == [("mine-1.csv",)]
    assert query(tmp_path, "select count(*) from raw.interval_reads") == [(2976,)]
    assert [path.name for path in (tmp_path / "data").rglob("*.csv")] == ["mine-1.csv"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"feeders": 0}, "feeders is 0, but must be 1 or more"),
        ({"months": -1}, "months is -1, but must be 1 or more"),
        ({"start": "July"}, "start is 'July', but must be a month as YYYY-MM"),
    ],
)
def test_arguments_without_sense_are_refused(tmp_path: Path, arguments: dict, message: str):
    with pytest.raises(ValueError, match=message):
        write_sample(tmp_path, **arguments)
    assert not list(tmp_path.iterdir())
