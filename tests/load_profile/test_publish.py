"""What people read: always one whole version, whatever runs do, and what each version changed."""

import errno
import hashlib
import json
import math
import os
import re
import subprocess
import sys
import time
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from shutil import copy2, copytree, rmtree
from tempfile import TemporaryDirectory

import duckdb
import pytest
from conftest import bring_up_to_date, load_profile
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.review import withdraw_file
from ingest.warehouse import WarehouseError, open_warehouse
from ingest.workspace import Workspace
from load_profile.dbt import read_manifest
from load_profile.last_run import is_anything_new
from load_profile.publish import history as versions
from load_profile.publish.history import UnknownVersionError, difference
from load_profile.publish.marts import published_marts
from load_profile.publish.parquet import as_double
from load_profile.publish.version import publish

MARTS = published_marts(read_manifest())
HEADER = "Record No.,"
NOBODY = 65534
NEEDS_POSIX = pytest.mark.skipif(os.name != "posix", reason="Windows replaces no file in use")


@pytest.fixture
def space(sample, tmp_path) -> Workspace:
    """A copy of the sample's root that a test may change."""
    return Workspace(copytree(sample, tmp_path / "root"))


def connect(space: Workspace) -> closing:
    return closing(duckdb.connect(str(space.published), read_only=True))


def rows(space: Workspace, sql: str) -> list[tuple]:
    with connect(space) as con:
        return con.execute(sql).fetchall()


def change(space: Workspace, milliwatts: int = 1, feeder: str = "north") -> None:
    """What a build does: other values in a feeder's August, and in the total's, and other stamps.

    Every interval of the total stays the sum of its feeders.
    """
    august = "date_trunc('month', {}) = timestamp '2024-08-01'"
    at_start = august.format("interval_start_at")
    with open_warehouse(space.warehouse) as con:
        con.begin()
        con.execute(
            f"update feeder_profiles set mw_net = mw_net + ? where feeder = ? and {at_start}",
            [milliwatts, feeder],
        )
        con.execute(
            f"update combined_profiles set mw_total = mw_total + ? where {at_start}", [milliwatts]
        )
        con.execute(
            f"""update model_parts set stamp = md5(stamp) where {august.format("month_start_at")}
            and model in ('feeder_profiles', 'combined_profiles')"""
        )
        con.commit()


def export(space: Workspace, feeder: str, month: str) -> tuple[list[str], int]:
    """Lines of a file that was taken in, and the number of the first data row."""
    path = next((space.archive / month).glob(f"{feeder}-*.csv"))
    lines = path.read_bytes().decode("utf-8-sig").splitlines()
    return lines, next(n for n, line in enumerate(lines) if line.startswith(HEADER)) + 1


def test_the_published_file_holds_the_marts_and_nothing_else(sample):
    space = Workspace(sample)
    names = {mart.name for mart in MARTS}
    assert {"feeder_profiles", "combined_profiles", "gaps", "files"} <= names
    with connect(space) as con:
        con.execute(f"attach '{space.warehouse}' as own (read_only)")
        found = con.execute("select table_name from duckdb_tables() where database_name <> 'own'")
        kept = {*versions.COMPARED, *versions.HISTORY}
        assert {name for (name,) in found.fetchall()} == names | kept
        for name in names:
            mine = con.sql(f"from published.{name} order by all")
            same = ", ".join(mine.columns)
            assert (
                mine.fetchall() == con.sql(f"select {same} from own.{name} order by all").fetchall()
            )
            assert not [column for column in mine.columns if column.endswith("_mj")], name
        views = "select count(*) from duckdb_views() where not internal"
        assert con.execute(f"{views} and database_name = 'published'").fetchone() == (0,)


def test_every_published_table_and_column_says_what_it_is(sample):
    sql = """
        select table_name, comment from duckdb_tables() where not internal
        union all
        select table_name || '.' || column_name, comment from duckdb_columns() where not internal
    """
    found = dict(rows(Workspace(sample), sql))
    for mart in MARTS:
        assert found[mart.name] == mart.description
        for column, meaning in mart.columns.items():
            assert meaning and found[f"{mart.name}.{column}"] == meaning
    history = {name for name in found if name.partition(".")[0] in versions.HISTORY and "." in name}
    assert len(history) > 20 and all(found[name] for name in history)
    assert found["feeder_figures.peak_local"] == "The same on the clock of `timezone`."


def test_a_data_frame_of_the_parquet_files_has_numbers_and_no_objects(sample):
    folder = Workspace(sample).warehouse.parent / "published"
    kinds = {
        kind
        for mart in MARTS
        for path in [next((folder / mart.name).rglob("*.parquet"))]
        for _, kind, *_ in duckdb.sql(f"describe from read_parquet('{path}')").fetchall()
    }
    assert not [kind for kind in kinds if kind.startswith("DECIMAL")]


def test_feeders_and_the_total_are_tables_of_their_own(sample):
    space = Workspace(sample)
    names = {mart.name for mart in MARTS}
    internal = {"planner_figures", "feeder_days", "system_days", "output_stamps", "readings"}
    assert not names & internal
    sql = "select count(distinct feeder), bool_or(feeder = 'total') from feeder_figures"
    assert rows(space, sql) == [(4, False)]
    assert rows(space, "select distinct feeder from total_figures") == [("total",)]


def test_older_releases_of_duckdb_can_read_it(sample):
    tags = "select tags['storage_version'] from duckdb_databases() where database_name='published'"
    assert rows(Workspace(sample), tags) == [("v1.0.0+",)]


@NEEDS_POSIX
@NEEDS_POSIX
def test_it_cannot_be_opened_to_write_in_it_by_mistake(sample):
    """Opened by a user that file permissions count for, which root is not."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(copy2(Workspace(sample).published, folder))
        if os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)
        child = os.fork()
        if child == 0:
            code = 0
            try:
                if os.geteuid() == 0:
                    os.setuid(NOBODY)
                path.open("rb").close()
                path.open("r+b").close()
            except PermissionError as error:
                code = error.errno
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == errno.EACCES


def test_parquet_holds_the_same_rows_month_by_month(sample):
    space = Workspace(sample)
    for mart in MARTS:
        folder = space.warehouse.parent / "published" / mart.name
        for path in folder.rglob("*.parquet"):
            month = path.parent.name.removeprefix("month=")
            within = f"where strftime({mart.time}, '%Y-%m') = '{month}'" if mart.time else ""
            sql = f"select hash(t) from (select {{}} from {mart.name} {within}) as t order by all"
            file = f"read_parquet('{path}', hive_partitioning = false)"
            columns = duckdb.sql(f"describe from {file}").fetchall()
            same = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind, *_ in columns)
            wanted = rows(space, sql.format(same))
            found = duckdb.sql(f"select hash(t) from {file} as t order by all").fetchall()
            assert found == wanted, path
        assert mart.time == "" or {p.parent.name for p in folder.rglob("*.parquet")} >= {
            "month=2024-07", "month=2024-08"
        }  # fmt: skip


def test_the_content_hash_is_that_of_the_files_as_listed(sample):
    folder = Workspace(sample).warehouse.parent / "published"
    said = json.loads((folder / "version.json").read_text())
    digests = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*.parquet")
    }
    assert said["files"] == digests
    listed = "".join(f"{digests[name]}  {name}\n" for name in sorted(digests))
    assert said["content"] == hashlib.sha256(listed.encode()).hexdigest()
    sql = "select version, content from versions"
    assert rows(Workspace(sample), sql) == [(said["version"], said["content"])]


def test_the_same_content_is_the_same_version_and_no_file_is_touched(space):
    before = {p: p.stat().st_mtime_ns for p in space.warehouse.parent.rglob("*.*")}
    made = publish(space, MARTS)
    assert rows(space, "select version from versions") == [(made.version,)]
    assert made.outputs.written == ()
    changed = {p.name for p, at in before.items() if p.stat().st_mtime_ns != at}
    assert changed <= {"version.json", ".outputs.json"}


def test_one_feeder_month_writes_its_files_and_the_copy_only(space):
    first = publish(space, MARTS)
    change(space)
    second = publish(space, MARTS)
    assert second.version > first.version and second.content != first.content
    assert set(second.outputs.written) == {
        "published.duckdb",
        "published/version.json",
        "published/feeder_profiles/month=2024-08/part-0.parquet",
        "published/combined_profiles/month=2024-08/part-0.parquet",
    }
    change(space, -1)
    third = publish(space, MARTS)
    assert third.content == first.content and third.version > second.version


def test_rebuilt_from_nothing_it_has_the_same_content(space):
    first = publish(space, MARTS)
    space.published.unlink()
    assert is_anything_new(space, {})
    rmtree(space.warehouse.parent / "published")
    assert publish(space, MARTS).content == first.content
    assert not is_anything_new(space, {})


def test_a_published_file_that_somebody_changed_is_made_again(space):
    space.published.chmod(0o644)
    with closing(duckdb.connect(str(space.published))) as con:
        con.execute("update feeder_profiles set mw_net = 0")
    assert is_anything_new(space, {})
    publish(space, MARTS)
    assert rows(space, "select count(*) from feeder_profiles where mw_net <> 0") > [(0,)]


def test_feeders_share_files_of_about_fifty_thousand_rows(space, monkeypatch):
    monkeypatch.setattr("load_profile.publish.parquet.ROWS_A_FILE", 4_000)
    publish(space, MARTS)
    folder = space.warehouse.parent / "published/feeder_profiles"
    assert len(list(folder.glob("month=2024-08/*"))) in (2, 3, 4)
    sums = "select count(*), round(sum(mw_net::double), 6) from {}"
    found = duckdb.sql(sums.format(f"'{folder}/*/*.parquet'")).fetchall()
    assert found == rows(space, sums.format("feeder_profiles"))
    change(space)
    written = publish(space, MARTS).outputs.written
    assert len([name for name in written if "/feeder_profiles/" in name]) == 1


def test_what_has_not_passed_its_checks_is_not_published(space):
    change(space)
    with open_warehouse(space.warehouse) as con:
        con.execute("update model_parts set is_tested = false where model = 'gaps'")
    before = space.published.read_bytes()
    with pytest.raises(WarehouseError, match="gaps changed, and not all checks have passed"):
        publish(space, MARTS)
    assert space.published.read_bytes() == before


def test_a_reader_keeps_its_version_and_the_next_one_gets_the_new(space):
    publish(space, MARTS)
    peak = "select max(mw_total) from combined_profiles where month(start_local) = 8"
    with connect(space) as con:
        before = con.execute(peak).fetchone()
        other = [sys.executable, "-c", READ_ONCE, str(space.published), peak]
        if os.name == "posix":
            change(space, 5)
            publish(space, MARTS)
        assert con.execute(peak).fetchone() == before
        if os.name == "posix":
            done = subprocess.run(other, capture_output=True, text=True, check=True)
            assert float(done.stdout) == float(before[0]) + 5


READ_ONCE = """
import sys, duckdb
print(duckdb.connect(sys.argv[1], read_only=True).execute(sys.argv[2]).fetchone()[0])
"""
HOLD_TO_WRITE = """
import sys, duckdb
con = duckdb.connect(sys.argv[1])
con.execute("create table mine as select 1")
print("open", flush=True)
sys.stdin.read()
"""


@NEEDS_POSIX
def test_somebody_who_opened_it_to_write_stops_no_run_and_leaves_nothing_behind(space):
    publish(space, MARTS)
    space.published.chmod(0o644)
    command = [sys.executable, "-c", HOLD_TO_WRITE, str(space.published)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "open\n"
    wal = space.published.with_name("published.duckdb.wal")
    assert wal.exists()
    change(space)
    publish(space, MARTS)
    assert not wal.exists()
    assert rows(space, "select count(*), sum(changed_intervals) > 2900 from versions") == [
        (2, True)
    ]
    holder.communicate("")
    assert "mine" not in str(rows(space, "show tables"))
    assert not list(space.warehouse.parent.glob("published.*.duckdb"))


def test_a_file_that_cannot_be_replaced_waits_for_the_next_run(space, monkeypatch):
    first = publish(space, MARTS)
    change(space)
    replace = Path.replace

    def refuse(path: Path, target: Path) -> Path:
        if Path(target) == space.published:
            raise PermissionError(13, "The process cannot access the file: it is being used")
        return replace(path, target)

    monkeypatch.setattr("load_profile.publish.version.PAUSE", 0)
    monkeypatch.setattr(Path, "replace", refuse)
    second = publish(space, MARTS)
    assert not second.is_in_place
    assert rows(space, "select max(version) from versions") == [(first.version,)]
    assert is_anything_new(space, {})
    change(space)
    third = publish(space, MARTS)
    assert not third.is_in_place
    monkeypatch.undo()
    made = publish(space, MARTS)
    assert made.is_in_place and made.version == third.version
    names = [(made.version,) for made in (first, second, third)]
    assert rows(space, "select version from versions order by version") == names
    assert not is_anything_new(space, {})


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
    bring_up_to_date(space.root)
    return space.root


# Readers while runs publish

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
    time.sleep(0.05)
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
    publish(space, MARTS)
    for turn in range(5):
        change(space, turn + 1, ("north", "south", "west", "gen")[turn % 4])
        publish(space, MARTS)
        time.sleep(0.2)
    stop.touch()
    counts = [reader.communicate(timeout=60) for reader in readers]
    assert [error for _, error in counts] == ["", ""]
    for said, _ in counts:
        seen, reads = json.loads(said)
        assert len(seen) >= 3 and reads >= 10, (seen, reads)


def test_a_folder_of_the_name_is_put_aside(space, caplog):
    publish(space, MARTS)
    space.published.unlink()
    (space.published / "somebody's").mkdir(parents=True)
    done = publish(space, MARTS)
    assert done.is_in_place and rows(space, "select count(*) from versions") == [(1,)]
    assert "published.duckdb was damaged: it is rebuilt" in caplog.text
    assert (space.warehouse.parent / "published.duckdb.damaged-1/somebody's").is_dir()


@pytest.mark.parametrize("share", [0.01, 0.5, 1])
def test_a_published_file_that_was_cut_off_is_called_damaged_and_stops_no_run(space, share, caplog):
    whole = space.published.read_bytes()
    space.published.chmod(0o644)
    space.published.write_bytes(whole[: int(share * (len(whole) - 200_000))])
    if share == 1:  # it opens, and then its versions cannot be read
        with connect(space) as con, pytest.raises(duckdb.IOException):
            con.execute("from versions").fetchall()
    assert "was damaged: it is rebuilt" in published_again(space, caplog)


@pytest.mark.parametrize(
    ("change_it", "said"),
    [
        ("drop table model_parts", "was published by an earlier version of load-profile"),
        ("alter table versions drop content", "was published by an earlier version"),
        ("drop table versions", "was not published by load-profile: it is replaced"),
    ],
)
def test_a_published_file_of_an_earlier_release_or_of_others_is_called_that(
    space, change_it, said, caplog
):
    space.published.chmod(0o644)
    with closing(duckdb.connect(str(space.published))) as con:
        con.execute(change_it)
    text = published_again(space, caplog)
    assert said in text and "damaged" not in text


def published_again(space: Workspace, caplog) -> str:
    """Publish a whole version that begins the history; return the notices."""
    made = publish(space, MARTS)
    assert made.is_in_place and rows(space, "select version from versions") == [(made.version,)]
    assert rows(space, "select count(*) from feeder_profiles") > [(0,)]
    assert not list(space.warehouse.parent.glob("published.*.duckdb"))
    return caplog.text


# What versions changed


@pytest.fixture(scope="module")
def changed(due, tmp_path_factory) -> tuple[Workspace, str]:
    """The next version, and what `diff` says of it."""
    space = Workspace(copytree(due, tmp_path_factory.mktemp("changed") / "root"))
    publish(space, MARTS)
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
    bring_up_to_date(space.root)
    publish(space, MARTS)
    last = difference(space.published, "", "")
    causes = {(row["feeder"], row["cause"]) for row in last.months if row["feeder"] != "total"}
    assert causes == {("north", "withdrawal"), ("south", "withdrawal")}
    whole = difference(space.published, first, "")
    assert {row["feeder"] for row in whole.intervals if row["feeder"] != "total"} == {"west"}
    assert next(row for row in whole.months if row["feeder"] == "gen")["cause"] == "new file"
    north = next(row for row in whole.months if row["feeder"] == "north")
    assert north["net_mwh_before"] == north["net_mwh_after"]
    assert north["cause"] == "correction, withdrawal"
    done = load_profile("diff", first[:8], "--root", space.root)
    assert done.returncode == 2 and "Several versions begin with" in done.stderr
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


KW = st.decimals(min_value=-(10**9), max_value=10**9, places=6)
PER_UNIT = st.sampled_from([Decimal("0.001"), Decimal("0.012"), Decimal("0.0000375"), Decimal(0)])
LONG = st.decimals(min_value=-(10**9), max_value=10**9, places=18)


@given(st.lists(st.tuples(KW, PER_UNIT, st.none() | LONG), min_size=1, max_size=20))
@settings(max_examples=50, deadline=None)
def test_a_long_decimal_is_published_as_the_double_nearest_to_it(rows):
    rows = [(kw, factor, kw * factor if other is None else other) for kw, factor, other in rows]
    mart = next(mart for mart in MARTS if mart.name == "feeder_profiles")
    with duckdb.connect() as con:
        con.execute(
            """create table feeder_profiles (
                del_raw decimal(18, 6), mw_per_unit double, mw_del decimal(28, 18)
            )"""
        )
        con.executemany("insert into feeder_profiles values (?, ?, ?)", rows)
        query = f"select mw_del, {as_double('mw_del', mart)} from feeder_profiles"
        for exact, found in con.execute(query).fetchall():
            nearest = float(exact)
            # DuckDB itself rounds twice what has more digits than a double
            assert found == nearest or abs(found - nearest) <= math.ulp(nearest)
            if exact == round(exact, 6) and abs(exact) < 10**9:
                assert found == nearest
