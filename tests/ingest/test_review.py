"""After the run: release, rebuild, status, why, corrections, and two programs at once."""

import re
import subprocess
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from shutil import copytree

import duckdb
import pytest
import raw_exports
from conftest import BUILD, COMMAND, dbt, load_profile, only, query, summary, take_in

from ingest.filing import BYTES_LOST
from ingest.review import rebuild_warehouse
from ingest.warehouse import WarehouseError
from ingest.workspace import Workspace

HOLE = "west-070124-000000_070824-000000_simulated-hole.csv"


def edited(source: Path, line_start: str, **cells: str) -> str:
    """The text of a raw export with some cells of one row changed."""
    lines = source.read_bytes().decode("utf-8-sig").splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if line_start in line)
    row = lines[at].rstrip("\r\n").split(",")
    for position, value in cells.items():
        row[int(position[1:])] = value
    lines[at] = ",".join(row) + "\r\n"
    return "".join(lines)


@pytest.fixture(scope="module")
def two_runs(sample, tmp_path_factory) -> tuple[Path, list[str]]:
    """A copy of the sample after a release and a corrected re-read, and what two runs said.

    They were started at once; what the one said that did the work comes first.
    """
    root = copytree(sample, tmp_path_factory.mktemp("reviewed") / "root")
    done = load_profile("release", HOLE, "--reason", "power failure", "--root", root)
    assert done.returncode == 0, done.stderr
    july = next((root / "data/KW/2024-07").glob("north-*.csv"))
    text = edited(july, "07/10/24 12:00:00  , 07/10/24 12:15", c4="999.99", c6="1010.00")
    (root / "_dropbox/KW" / july.name).write_text(text, encoding="utf-8", newline="")
    command = [str(COMMAND), "run", "--root", str(root)]
    runs = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(2)
    ]
    said = [run.communicate()[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    return root, sorted(said, key=lambda text: "Nothing new" in text)


@pytest.fixture(scope="module")
def reviewed(two_runs) -> tuple[Path, str]:
    """The same root, and what the run said that did the work."""
    root, (said, _) = two_runs
    return root, said


def test_a_released_file_is_loaded_and_keeps_its_reason_and_its_letter(reviewed):
    root, _ = reviewed
    rows = query(
        root,
        """
        select outcome, reason like 'line 209%', release_reason, row_count, used_count
        from files where file_name = ? order by file_id
        """,
        HOLE,
    )
    assert rows[0][:3] == ("sequence_error", True, None)
    assert rows[1][:4] == ("accepted", True, "power failure", 664)
    assert (root / f"data/KW/2024-07/{HOLE}").exists()
    assert "First bad line" in (root / f"data/KW/2024-07/{HOLE}").with_suffix(".txt").read_text()
    assert not list((root / "data/KW/ERROR").iterdir())
    assert "released, was #" in (root / "logs/dropbox.log").read_text(encoding="utf-8")


def test_releasing_twice_is_an_error_and_changes_nothing(reviewed):
    root, _ = reviewed
    before = query(root, "select count(*) from raw.files")
    done = load_profile("release", HOLE, "--root", root)
    assert done.returncode == 2 and "released already" in done.stderr
    assert query(root, "select count(*) from raw.files") == before


def test_a_hole_in_a_released_file_stays_a_gap(tmp_path):
    lines = raw_exports.rows(datetime(2024, 7, 1), 12, "1,0,1,0", minutes=60)
    del lines[5:7]
    (tmp_path / "meter-data.csv").write_text(
        "sta,meter,multiplier,interval_minutes\nnorth,1,28800,60\n"
    )
    (tmp_path / "_dropbox/KW").mkdir(parents=True)
    (tmp_path / "_dropbox/KW/north-1.csv").write_text(raw_exports.export(lines))
    take_in(tmp_path)
    dbt(tmp_path, *BUILD, *only("gaps"))
    assert query(tmp_path, "select count(*) from feeder_profiles") == [(0,)]
    path = tmp_path / "data/KW/ERROR/north-1_SEQUENCE-ERROR.csv"
    assert load_profile("release", path, "--root", tmp_path).returncode == 0
    dbt(tmp_path, *BUILD, *only("gaps"))
    assert query(tmp_path, "select gap_start_local::varchar, missing_intervals from gaps") == [
        ("2024-07-01 05:00:00", 2)
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [("no-such-file.csv", "no rejected file"), ("north-070124-000000_080124-000000.csv", "no rej")],
)
def test_only_a_rejected_file_can_be_released(sample, name, words):
    done = load_profile("release", name, "--root", sample)
    assert done.returncode == 2 and words in done.stderr


def test_a_wrong_root_is_named_and_stays_as_it_is(tmp_path):
    for words in (("release", "north.csv"), ("withdraw", "north.csv", "--reason", "wrong")):
        done = load_profile(*words, "--root", tmp_path)
        assert done.returncode == 2 and "--root" in done.stderr, done.stderr
    assert not list(tmp_path.iterdir())


def test_the_run_says_how_to_accept_a_rejected_file_and_which_time_it_leaves_uncounted(
    sample, tmp_path
):
    root = copytree(sample, tmp_path / "root")
    with duckdb.connect(str(Workspace(root).warehouse)) as con:
        con.execute(
            """update raw.files set first_start_local = timestamp '2024-06-10',
            last_end_local = timestamp '2024-06-17', closed_by = null where letter is not null"""
        )
    said = " ".join(summary(root, datetime(2000, 1, 1)).split())
    assert 'accept it all the same: load-profile release "data/KW/ERROR/west-' in said
    assert f'--reason "..." --root "{root}"' in said
    assert (
        "1 rejected file covers 2024-06-10 to 2024-06-17: what of it lies before the first or "
        "after the last reading is not counted as missing"
    ) in said


def test_a_rejection_that_was_decided_on_does_not_read_like_an_open_one(reviewed):
    root, run = reviewed
    assert "correction: north restated 2024-07: 1 interval, net energy" in " ".join(run.split())
    said = summary(root, datetime(2000, 1, 1))
    assert "settled by file #" in said and "to accept it all the same" not in said


def test_a_rejected_file_that_was_changed_cannot_be_released(sample, tmp_path):
    root = copytree(sample, tmp_path / "root")
    path = next((root / "data/KW/ERROR").glob("*.csv"))
    path.write_bytes(path.read_bytes() + b"\n")
    done = load_profile("release", HOLE, "--root", root)
    assert done.returncode == 2 and "is not the file that was rejected" in done.stderr
    assert query(root, "select count(*) from raw.files where release_of is not null") == [(0,)]


def test_the_report_tells_of_the_correction_its_effect_and_no_decision_left_to_make(reviewed):
    root, _ = reviewed
    page = (root / "lp/report.html").read_text(encoding="utf-8")
    section = page.split('id="corrections"')[1].split("</table>")[0]
    [(feeder, count, change, before, after)] = query(
        root,
        """select feeder, corrected_intervals, net_mwh_change::double, peak_mw_before::double,
        peak_mw_after::double from correction_effects""",
    )
    printed = re.findall(r'data-value="([^"]*)"', section)
    wanted = [feeder, "2024-07", str(count), "2024-07-10", *map(str, (change, before, after))]
    assert printed == wanted and change > 0
    assert "None." in page.split('id="rejected"')[1][:200]


def test_a_later_file_replaces_an_earlier_reading_and_the_change_is_recorded(reviewed):
    root, said = reviewed
    corrections = query(
        root,
        """
        select feeder, start_local::varchar, channel, old_value, new_value, old_line_number
        from corrections order by channel
        """,
    )
    at = "2024-07-10 12:00:00"
    assert [row[:3] for row in corrections] == [
        ("north", at, "del_raw"),
        ("north", at, "kva_del_raw"),
    ]
    assert [row[4] for row in corrections] == [Decimal("999.99"), Decimal(1010)]
    value = query(
        root, "select del_raw from readings where feeder = 'north' and start_local = ?", at
    )
    assert value == [(Decimal("999.99"),)]
    assert re.search(r"corrected north 2024-07: 1 intervals \(2024-07-10\), net energy \+", said)
    assert "-> 28.800 MW" in said


def test_equal_values_are_repeats_and_every_row_of_a_file_is_accounted_for(reviewed):
    root, _ = reviewed
    rows = query(
        root,
        """
        select row_count, used_count + superseded_count + outside_count, correcting_count,
            superseded_count
        from files where outcome = 'accepted' and feeder = 'north' order by file_id
        """,
    )
    assert all(row[0] == row[1] for row in rows)
    assert (rows[0][3], rows[-1][2]) == (2976, 1)


def test_why_shows_file_line_formula_and_what_was_superseded(reviewed):
    root, _ = reviewed
    for start in ("2024-07-10 12:00", "2024-07-10T12:00:00Z", "07/10/24 12:00:00"):
        done = load_profile("why", "NORTH", start, "--root", root)
        assert done.returncode == 0, done.stderr
        for words in (
            "mw_del = 999.99 x 28800 W = 28.799712 MW",
            "line 921:",
            ",999.99,.00,1010.00,.00",
            "meter-data.csv row 2: meter 144800052",
            "superseded",
            "sha256 ",
        ):
            assert words in done.stdout, words


def test_the_view_of_origins_says_the_same_in_sql(reviewed):
    root, _ = reviewed
    rows = query(
        root,
        """
        select is_used, file_name, line_number, meter_data_row, mw_net, formula
        from reading_origins
        where feeder = 'north' and start_local = '2024-07-10 12:00:00' order by is_used desc
        """,
    )
    assert rows[0][5] == ("(999.99 delivered, 0 received) x 28800 W = (28.799712, 0) MW")
    assert [row[0] for row in rows][:2] == [True, False]
    assert {(row[2], row[3], row[4]) for row in rows} == {(921, 2, Decimal("28.799712"))}


@pytest.mark.parametrize(
    ("feeder", "start", "words"),
    [
        ("nobody", "2024-07-10 12:00", "not in meter-data.csv"),
        ("north", "yesterday", "allowed are"),
        ("north", "2030-01-01 00:00", "no interval"),
    ],
)
def test_why_says_what_it_cannot_answer(sample, feeder, start, words):
    done = load_profile("why", feeder, start, "--root", sample)
    assert done.returncode == 2 and words in done.stderr


def test_why_names_the_gap_an_interval_lies_in(sample):
    done = load_profile("why", "south", "08/02/24 11:00:00", "--root", sample)
    assert "gap from 2024-08-01 00:00 to 2024-08-04 00:00" in done.stdout


def test_status_answers_what_happened_to_a_file(reviewed):
    root, _ = reviewed
    (root / "_dropbox/KW/north-waiting.csv").write_text("x")
    said = load_profile("status", "north", "--root", root).stdout
    (root / "_dropbox/KW/north-waiting.csv").unlink()
    assert "waiting in the drop folder: north-waiting.csv" in said
    assert "same bytes as file #" in said and "data/KW/2024-07/north-" in said
    said = load_profile("status", "hole", "--root", root).stdout
    assert "sequence_error" in said and "released after review (power failure)" in said


def test_a_rebuild_from_the_archive_gives_the_same_bytes(reviewed, tmp_path):
    before = reviewed[0]
    root = copytree(before, tmp_path / "root")
    (root / "warehouse/load_profile.duckdb").write_bytes(b"damaged")
    with pytest.raises(WarehouseError, match="load-profile rebuild"):
        take_in(root)
    done = load_profile("rebuild", "--root", root)
    assert done.returncode == 0, done.stdout + done.stderr
    for path in sorted((before / "lp").rglob("*")):
        if path.suffix in (".csv", ".png"):
            assert (root / "lp" / path.relative_to(before / "lp")).read_bytes() == path.read_bytes()
    raw = ("raw.interval_reads", "raw.file_months")
    for table in (*raw, "feeder_profiles", "corrections", "gaps"):
        rows = f"select * from {table} order by all"
        assert query(root, rows) == query(before, rows)
    ledger = "select * exclude (filed_at) from raw.files order by file_id"
    assert query(root, ledger) == query(before, ledger)
    assert next((root / "warehouse").glob("before-rebuild-*.duckdb")).read_bytes() == b"damaged"


def test_a_deleted_warehouse_is_noticed_and_not_started_from_scratch(sample, tmp_path):
    root = copytree(sample, tmp_path / "root")
    (root / "warehouse/load_profile.duckdb").unlink()
    before = (root / "lp/all.csv").read_bytes()
    with pytest.raises(WarehouseError, match="was deleted or is an old copy"):
        take_in(root)
    assert (root / "lp/all.csv").read_bytes() == before


def test_a_rebuild_says_which_archived_file_is_missing_and_changes_nothing(sample, tmp_path):
    root = copytree(sample, tmp_path / "root")
    lost = next((root / "data/KW/2024-08").glob("west-*.csv"))
    lost.unlink()
    before = query(root, "select * from raw.interval_reads order by all limit 5")
    done = load_profile("rebuild", "--root", root)
    assert done.returncode == 2 and lost.name in done.stderr
    assert query(root, "select * from raw.interval_reads order by all limit 5") == before


def test_a_foreign_warehouse_file_is_refused_and_kept(tmp_path):
    (tmp_path / "warehouse").mkdir()
    path = tmp_path / "warehouse/load_profile.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("create table theirs (a integer)")
    (tmp_path / "meter-data.csv").write_text("sta,meter,multiplier\nnorth,1,1\n")
    with pytest.raises(WarehouseError, match="not made by load-profile"):
        take_in(tmp_path)
    with duckdb.connect(str(path)) as con:
        assert con.execute("select count(*) from theirs").fetchone() == (0,)


def test_the_second_of_two_runs_waits_and_both_succeed(two_runs):
    _, said = two_runs
    assert sum("Another run is writing" in text for text in said) == 1
    assert sum("Nothing new" in text for text in said) == 1


def test_a_warehouse_that_somebody_holds_open_stops_the_run_with_a_clear_message(sample, tmp_path):
    root = copytree(sample, tmp_path / "root")
    (root / "meter-data.csv").open("a").write("\n")
    held = subprocess.Popen(
        [
            COMMAND.with_name("python"),
            "-c",
            "import duckdb, sys; con = duckdb.connect(sys.argv[1], read_only=True);"
            "print('open', flush=True); sys.stdin.read()",
            str(root / "warehouse/load_profile.duckdb"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    held.stdout.readline()
    done = load_profile("run", "--no-plots", "--root", root)
    held.communicate()
    assert done.returncode == 1 and "Another program has it open" in done.stdout
    take_in(root)


def test_status_keeps_saying_that_the_bytes_of_a_file_are_gone(sample, tmp_path):
    root = copytree(sample, tmp_path / "root")
    with duckdb.connect(str(root / "warehouse/load_profile.duckdb")) as con:
        lost = "update raw.files set reason = ? where file_name like 'gen-0701%'"
        con.execute(lost, [BYTES_LOST])
    said = load_profile("status", "gen-0701", "--root", root).stdout
    assert f"2,976 rows, {BYTES_LOST}" in said


def test_a_withdrawn_file_is_left_out_and_what_it_had_replaced_counts_again(reviewed, tmp_path):
    root = copytree(reviewed[0], tmp_path / "root")
    at_noon = "select del_raw from feeder_profiles where feeder = 'north' and start_local = ?"
    noon, read = "2024-07-10 12:00:00", only("feeder_profiles", "corrections", "files")
    corrected = query(root, "select file_id, stored_as from raw.files order by file_id desc")[0]
    assert query(root, at_noon, noon) == [(Decimal("999.99"),)]
    archived = (root / corrected[1]).read_bytes()
    done = load_profile("withdraw", corrected[1], "--reason", "wrong meter read", "--root", root)
    assert done.returncode == 0, done.stderr
    dbt(root, *BUILD, *read)
    assert query(root, at_noon, noon) != [(Decimal("999.99"),)]
    assert query(root, "select count(*) from corrections") == [(0,)]
    assert query(
        root,
        "select outcome, used_count, superseded_count, outside_count from files where file_id = ?",
        corrected[0],
    ) == [("accepted", 0, 0, 0)]
    assert (root / corrected[1]).read_bytes() == archived
    shown = load_profile("status", "north-070124", "--root", root).stdout
    assert "withdrawn by #" in shown and "no longer used: wrong meter read" in shown
    again = load_profile("withdraw", corrected[1], "--reason", "twice", "--root", root)
    assert again.returncode == 2 and "no accepted file of this name is in use" in again.stderr
    # the same bytes dropped once more are accepted again, and a rebuild knows both arrivals
    (root / "_dropbox/KW/north-again.csv").write_bytes(archived)
    take_in(root)
    dbt(root, *BUILD, *read)
    assert query(root, at_noon, noon) == [(Decimal("999.99"),)]
    rows = "select * from feeder_profiles order by all"
    before = query(root, rows)
    rebuild_warehouse(Workspace(root))
    dbt(root, *BUILD, *read)
    assert query(root, rows) == before


def test_a_name_that_several_files_have_is_not_withdrawn(reviewed):
    root, _ = reviewed
    names = "select file_name from raw.files where outcome = 'accepted' group by 1"
    ((name,),) = query(root, names + " having count(*) > 1")
    done = load_profile("withdraw", name, "--reason", "which", "--root", root)
    assert done.returncode == 2 and "name one of #" in done.stderr
