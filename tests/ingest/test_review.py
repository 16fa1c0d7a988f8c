"""After the run: release, rebuild, status, why, corrections, and two programs at once."""

import re
import subprocess
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from shutil import copytree, rmtree

import pytest
from conftest import BUILD, COMMAND, dbt, load_profile, query, summary, take_in, untested

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
    command = [str(COMMAND), "run", "--no-plots", "--root", str(root)]
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


def test_a_rejection_that_was_decided_on_does_not_read_like_an_open_one(reviewed):
    root, run = reviewed
    assert "correction: north restated 2024-07: 1 interval, net energy" in " ".join(run.split())
    said = summary(root, datetime(2000, 1, 1))
    assert "settled by file #" in said and "to accept it all the same" not in said


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
    rmtree(root / "lp")
    done = load_profile("rebuild", "--root", root)
    assert done.returncode == 0, done.stdout + done.stderr
    written = {path.name: path.read_bytes() for path in (before / "lp").glob("*.csv")}
    assert {path.name: path.read_bytes() for path in (root / "lp").glob("*.csv")} == written
    assert (root / "lp/plots/all.png").exists()
    for table in (
        "raw.interval_reads",
        "raw.file_months",
        "feeder_profiles",
        "corrections",
        "gaps",
    ):
        rows = f"select * from {table} order by all"
        assert query(root, rows) == query(before, rows)
    ledger = "select * exclude (filed_at) from raw.files order by file_id"
    assert query(root, ledger) == query(before, ledger)
    assert next((root / "warehouse").glob("before-rebuild-*.duckdb")).read_bytes() == b"damaged"


def test_the_second_of_two_runs_waits_and_both_succeed(two_runs):
    _, said = two_runs
    assert sum("Another run is writing" in text for text in said) == 1
    assert sum("Nothing new" in text for text in said) == 1


def test_a_withdrawn_file_is_left_out_and_what_it_had_replaced_counts_again(reviewed, tmp_path):
    root = copytree(reviewed[0], tmp_path / "root")
    at_noon = "select del_raw from feeder_profiles where feeder = 'north' and start_local = ?"
    noon, read = "2024-07-10 12:00:00", untested("feeder_profiles", "corrections", "files")
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
