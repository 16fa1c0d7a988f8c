"""Versions in a row: what readers see while they are published, and what `diff` says of them."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from shutil import copytree

import pytest
from conftest import BUILD, dbt, load_profile, publish_built, take_in, untested
from published import JUDGED, MARTS, NEEDS_POSIX, change, rows

from ingest.review import withdraw_file
from ingest.workspace import Workspace
from load_profile.publish import history as versions
from load_profile.publish.history import UnknownVersionError, difference
from load_profile.publish.version import publish

HEADER = "Record No.,"


def export(space: Workspace, feeder: str, month: str) -> tuple[list[str], int]:
    """Lines of a file that was taken in, and the number of the first data row."""
    path = next((space.archive / month).glob(f"{feeder}-*.csv"))
    lines = path.read_bytes().decode("utf-8-sig").splitlines()
    return lines, next(n for n, line in enumerate(lines) if line.startswith(HEADER)) + 1


@pytest.fixture(scope="module")
def due(sample, tmp_path_factory) -> Path:
    """A root to which a correction, a late file, a day more and an edit came at once.

    Its tables are up to date, and not published yet.
    """
    space = Workspace(copytree(sample, tmp_path_factory.mktemp("due") / "root"))
    lines, first = export(space, "north", "2024-08")
    for number in (first + 50, first + 51):
        cells = lines[number].split(",")
        cells[4], cells[6] = "99.99", "120.00"
        lines[number] = ",".join(cells)
    (space.dropbox / "north-corrected.csv").write_text("\n".join(lines) + "\n")
    lines, first = export(space, "south", "2024-07")
    lines = [line.replace("07/0", "08/0") for line in lines[: first + 3 * 96]]
    (space.dropbox / "south-late.csv").write_text("\n".join(lines) + "\n")
    lines, first = export(space, "gen", "2024-09")
    lines = [line.replace("09/0", "10/0") for line in lines[: first + 96]]
    (space.dropbox / "gen-next.csv").write_text("\n".join(lines) + "\n")
    meters = space.meter_data.read_text().splitlines()
    meters = [m.replace("28800", "30000") if m.startswith("west,") else m for m in meters]
    space.meter_data.write_text("\n".join(meters) + "\n")
    build(space)
    return space.root


def build(space: Workspace) -> None:
    """Take in what came; build what versions are compared by, without its tests."""
    take_in(space.root)
    dbt(space.root, *BUILD, *untested(*JUDGED))


READ = """
import json, sys, time
from pathlib import Path
import duckdb, polars

published, stop = Path(sys.argv[1]), Path(sys.argv[2])
SUMS = '''
with august as (
    select sum(mw_net) as feeders, (
        select sum(mw_total) from combined_profiles
        where interval_start_at >= '2024-08-10' and interval_start_at < '2024-10-01'
    ) as total
    from feeder_profiles
    where interval_start_at >= '2024-08-10' and interval_start_at < '2024-10-01'
)
select feeders - total, (select count(*) from feeder_profiles) - reading_count, version
from august, (from versions order by version desc limit 1)
'''

def duckdb_once():
    with duckdb.connect(str(published), read_only=True) as con:
        difference, missing, version = con.execute(SUMS).fetchone()
        assert difference == 0 and missing == 0, (difference, missing, version)
        return version

def parquet_once():
    folder = published.with_suffix("")
    def version():
        try:
            return json.loads((folder / "version.json").read_text())["version"]
        except (FileNotFoundError, ValueError):
            return None
    before = version()
    first, last = polars.datetime(2024, 8, 10), polars.datetime(2024, 9, 30, 23, 45)
    try:
        sums = [
            polars.scan_parquet(folder / name / "*" / "*.parquet")
            .filter(polars.col("interval_start_at").is_between(first, last))
            .select(polars.col(column).sum()).collect().item()
            for name, column in (("feeder_profiles", "mw_net"), ("combined_profiles", "mw_total"))
        ]
    except (OSError, polars.exceptions.PolarsError):
        if before and version() == before:
            raise  # else a file was replaced between two looks of polars at it
        return None
    if before and version() == before:
        assert abs(sums[0] - sums[1]) < 1e-6, (sums, before)
        return before

once = {"duckdb": duckdb_once, "parquet": parquet_once}[sys.argv[3]]
seen, reads = set(), 0
print("reading", flush=True)
while not stop.exists():
    time.sleep(0.1)
    version = once()
    if version:
        seen.add(version)
        reads += 1
print(json.dumps([sorted(seen), reads]))
"""


@NEEDS_POSIX
def test_readers_in_other_processes_never_see_an_error_or_half_a_version(due, tmp_path):
    space = Workspace(copytree(due, tmp_path / "root"))
    stop = space.root / "stop"
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READ, str(space.published), str(stop), kind],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for kind in ("duckdb", "parquet")
    ]  # fmt: skip
    for reader in readers:
        assert reader.stdout.readline() == "reading\n", reader.stderr.read()
    publish_built(space.root)
    for turn, feeder in enumerate(("north", "south", "west", "gen"), 1):
        change(space, turn, feeder)
        publish(space, MARTS)
        time.sleep(0.2)
    stop.touch()
    counts = [reader.communicate(timeout=60) for reader in readers]
    assert [error for _, error in counts] == ["", ""]
    for said, _ in counts:
        seen, reads = json.loads(said)
        assert len(seen) >= 3 and reads >= 10, (seen, reads)


@pytest.fixture(scope="module")
def changed(due, tmp_path_factory) -> tuple[Workspace, str]:
    """The next version, and what `diff` says of it."""
    space = Workspace(copytree(due, tmp_path_factory.mktemp("changed") / "root"))
    publish_built(space.root)
    said = load_profile("diff", "--root", space.root)
    assert said.returncode == 0, said.stderr
    return space, said.stdout


def test_diff_tells_intervals_causes_and_the_effect_on_energy_and_peak(changed, sample):
    space, said = changed
    found = difference(space.published, "", "")
    feeders = [row for row in found.months if row["feeder"] != "total"]
    assert [(m["feeder"], f"{m['month_start_at']:%m}", m["cause"]) for m in feeders] == [
        ("gen", "10", "new file"),
        ("north", "08", "correction"),
        ("south", "08", "late file"),
        *(("west", month, "meter-data.csv") for month in ("07", "08", "09")),
    ]
    counts = [
        (m["intervals_added"], m["intervals_changed"], m["intervals_removed"]) for m in feeders
    ]
    assert counts == [(96, 0, 0), (0, 2, 0), (288, 0, 0), (0, 2976, 0), (0, 2976, 0), (0, 2880, 0)]
    figures = """
    select sum(mw_net * actual_seconds)::double / 3600,
        (max(mw_net) filter (where can_be_peak))::double
    from feeder_profiles where feeder = '{}' and date_trunc('month', interval_start_at) = '{}'
    """
    for month in feeders:
        sql = figures.format(month["feeder"], month["month_start_at"])
        ends = zip(rows(Workspace(sample), sql)[0], rows(space, sql)[0], strict=True)
        energy, peak = ends
        assert (month["net_mwh_before"], month["net_mwh_after"]) == energy
        assert (month["peak_mw_before"], month["peak_mw_after"]) == peak
    assert max(map(len, said[said.rindex("MWh") :].splitlines()[1:])) <= 80
    assert re.search(
        r"north 2024-08-.* UTC, correction:\n    .* -> .* MW, .*, file #\d+ -> #", said
    )
    assert "late file: south 2024-08: intervals 288 added, 2024-08-01 00:00" in said
    assert "correction, late file, meter-data.csv: total 2024-08" in said


def test_every_changed_interval_has_its_values_before_and_after(changed, sample):
    found = difference(changed[0].published, "", "")
    sql = "select feeder, interval_start_at, mw_net::double, file_id from feeder_profiles"
    before, after = (
        {row[:2]: row[2:] for row in rows(space, sql)} for space in (Workspace(sample), changed[0])
    )
    # a value that stayed the same is in another file now, and what lies ahead is new
    wanted = {
        key: (*before.get(key, (None, None)), *after[key])
        for key in after
        if before.get(key, (None,))[0] != after[key][0] and key[0] != "gen"
    }
    # a value that stayed the same is in another file now
    listed = {
        (row["feeder"], row["interval_start_at"]): tuple(
            row[name]
            for name in ("mw_net_before", "file_id_before", "mw_net_after", "file_id_after")
        )
        for row in found.intervals
        if row["feeder"] != "total"
    }
    assert listed == wanted
    assert found.intervals_not_kept == 0


def test_versions_in_a_row_add_up_and_a_withdrawal_takes_them_back(changed, tmp_path):
    space = Workspace(copytree(changed[0].root, tmp_path / "root"))
    first = rows(space, "select min(version) from versions")[0][0]
    for name in ("north-corrected.csv", "south-late.csv"):
        withdraw_file(space, name, "wrong")
    build(space)
    publish_built(space.root)
    last = difference(space.published, "", "")
    causes = {(row["feeder"], row["cause"]) for row in last.months if row["feeder"] != "total"}
    assert causes == {("north", "withdrawal"), ("south", "withdrawal")}
    whole = difference(space.published, first, "")
    assert {row["feeder"] for row in whole.intervals if row["feeder"] != "total"} == {"west"}
    assert next(row for row in whole.months if row["feeder"] == "gen")["cause"] == "new file"
    north = next(row for row in whole.months if row["feeder"] == "north")
    assert north["net_mwh_before"] == north["net_mwh_after"]
    assert north["cause"] == "correction, withdrawal"
    with pytest.raises(UnknownVersionError, match="Several versions begin with"):
        difference(space.published, first[:8], "")
    done = load_profile("diff", "1999", "--root", space.root)
    assert done.returncode == 2 and first in done.stderr


def test_the_history_is_bounded_and_says_what_it_no_longer_has(space, monkeypatch):
    publish(space, MARTS)
    monkeypatch.setitem(versions.MOST_ROWS, "version_intervals", 10_000)
    monkeypatch.setitem(versions.MOST_ROWS, "version_months", 4)
    for _ in range(4):
        change(space)
        publish(space, MARTS)
    kept = "select count(distinct version), count(*) from {}"
    assert rows(space, kept.format("versions")) == [(5, 5)]
    assert rows(space, kept.format("version_months")) == [(3, 6)]
    assert rows(space, kept.format("version_intervals"))[0][0] == 2
    found = difference(space.published, rows(space, "select min(version) from versions")[0][0], "")
    assert found.intervals_not_kept > 5_000
    with pytest.raises(UnknownVersionError, match="No version begins with 'x'"):
        difference(space.published, "x", "")
