"""The command `load-profile` from the drop folder to the files, as a user runs it."""

import csv
import hashlib
import os
import random
import signal
import sqlite3
import subprocess
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from shutil import copytree

import duckdb
import pytest
from conftest import (
    COMMAND,
    FILES,
    PLOTS,
    bring_up_to_date,
    draw,
    load_profile,
    only,
    query,
    summary,
    write_files,
)
from rich.console import Console

from ingest.warehouse import utc_now
from ingest.workspace import Workspace
from load_profile.files.writer import INDEX
from load_profile.last_run import is_anything_new
from load_profile.plots.catalog import PLANNER_NAMES
from load_profile.report.page import FILE as REPORT
from load_profile.sample import write_sample
from load_profile.terminal.figures import print_feeders

PROFILE_HEADER = (
    "meter,Record No.,Event Type,Start Time,End Time,kw_del,kw_rec,kva_del,kva_rec,"
    "MW_del,MW_rec,MVA_del,MVA_rec,MW_net,MVA_net,PF_net,start_utc"
)
FEEDERS = ("north", "south", "west", "gen")


def fingerprints(folder: Path) -> dict[str, str]:
    """sha256 of every file below a folder, but for index and report, which tell of times."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (INDEX, REPORT)
    }


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_an_empty_folder_gets_a_sample_and_the_run_says_what_became_of_it(sample):
    said = (sample / "sample.txt").read_text(encoding="utf-8")
    assert "writing a sample" in said
    counts = dict(query(sample, "select outcome, count(*) from raw.files group by outcome"))
    assert counts == {"accepted": 12, "duplicate": 1, "sequence_error": 1}
    assert "simulated-hole" in said and "with a letter beside it" in said
    assert "Total of all feeders" in said and str(sample / "lp") in said
    assert not list((sample / "_dropbox/KW").iterdir())


def test_profiles_have_the_columns_of_the_design_and_six_decimals(sample):
    for feeder in FEEDERS:
        lines = (sample / f"lp/{feeder}.csv").read_text(encoding="utf-8").splitlines()
        assert lines[0] == PROFILE_HEADER
        *numbers, start = lines[1].split(",")[5:]
        assert start == "2024-07-01T00:00:00Z"
        assert all(len(number.split(".")[1]) == 6 for number in numbers if number)
    columns = [f"{f}_{value}" for f in FEEDERS for value in ("MW_net", "MVA_net", "PF_net")]
    header = (sample / "lp/all.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header.split(",") == [
        "Start Time", *columns, "MW_total", "MVA_total", "PF_total", "MW_net", "start_utc"
    ]  # fmt: skip


def test_every_profile_row_is_the_raw_row_times_its_multiplier(sample):
    multipliers = {"north": 28800, "south": 14400, "west": 28800, "gen": 14400}
    for feeder, multiplier in multipliers.items():
        for row in rows_of(sample / f"lp/{feeder}.csv"):
            delivered = Decimal(row["kw_del"]) * multiplier / 1_000_000
            received = Decimal(row["kw_rec"]) * multiplier / 1_000_000
            assert Decimal(row["MW_del"]) == delivered
            assert Decimal(row["MW_net"]) == delivered - received


def test_the_total_is_the_sum_of_the_feeders_or_empty_and_never_a_part(sample):
    complete = 0
    for row in rows_of(sample / "lp/all.csv"):
        members = [row[f"{feeder}_MW_net"] for feeder in FEEDERS]
        if all(members):
            complete += 1
            assert Decimal(row["MW_total"]) == sum(map(Decimal, members))
        else:
            assert (row["MW_total"], row["MW_net"], row["PF_total"]) == ("", "", "")
    assert complete > 8000


def test_the_gap_between_two_files_is_listed_for_its_feeder_and_for_the_total(sample):
    wanted = [
        {
            "gap_start": "08/01/24 00:00:00",
            "gap_end": "08/04/24 00:00:00",
            "gap_duration": "3 days 00:00:00",
            "gap_start_utc": "2024-08-01T00:00:00Z",
            "gap_end_utc": "2024-08-04T00:00:00Z",
        }
    ]
    assert rows_of(sample / "lp/south_gaps.csv") == wanted
    assert rows_of(sample / "lp/all_gaps.csv") == wanted
    assert rows_of(sample / "lp/north_gaps.csv") == []


def test_every_feeder_and_the_total_have_a_picture(sample):
    plots = {path.name for path in (sample / "lp/plots").glob("*.png")}
    assert plots == {f"{name}.png" for name in (*FEEDERS, "all", *PLANNER_NAMES)}


@pytest.fixture(scope="module")
def rerun(sample, tmp_path_factory) -> Path:
    """A copy of the sample's root that tests may change."""
    return copytree(sample, tmp_path_factory.mktemp("rerun") / "root")


def test_a_second_run_with_nothing_new_changes_no_byte_and_says_so(rerun):
    before = fingerprints(rerun / "lp"), fingerprints(rerun / "data")
    done = load_profile("run", "--root", rerun)
    assert done.returncode == 0
    assert "Nothing new" in done.stdout
    assert (fingerprints(rerun / "lp"), fingerprints(rerun / "data")) == before


def test_the_same_file_under_another_name_is_a_duplicate_and_changes_nothing(rerun):
    archived = next((rerun / "data/KW/2024-07").glob("gen-*.csv"))
    (rerun / "_dropbox/KW/gen-renamed.csv").write_bytes(archived.read_bytes())
    before = fingerprints(rerun / "lp")
    bring_up_to_date(rerun, *only(*FILES))
    assert query(
        rerun, "select outcome, stored_as from raw.files where file_name = 'gen-renamed.csv'"
    ) == [("duplicate", archived.relative_to(rerun).as_posix())]
    assert fingerprints(rerun / "lp") == before
    assert archived.exists() and not list((rerun / "_dropbox/KW").iterdir())


def test_a_feeder_taken_out_of_meter_data_loses_its_outputs_and_nothing_else(rerun):
    meters = rerun / "meter-data.csv"
    kept = [line for line in meters.read_text().splitlines() if not line.startswith("gen,")]
    meters.write_text("\n".join(kept) + "\n")
    (rerun / "lp/notes.csv").write_text("mine\n")
    bring_up_to_date(rerun, *only(*PLOTS))
    draw(rerun)
    left = {path.name for path in (rerun / "lp").rglob("*") if path.is_file()}
    assert not {name for name in left if name.startswith("gen")}
    assert {"notes.csv", "north.csv", "north_gaps.csv", "north.png"} <= left
    assert "gen_MW_net" not in (rerun / "lp/all.csv").read_text(encoding="utf-8")


def test_without_any_file_the_run_ends_at_once_and_names_what_lies_beside_the_folder(tmp_path):
    write_sample(tmp_path, feeders=1, months=1)
    drop = tmp_path / "_dropbox/KW"
    for path in list(drop.iterdir()):
        path.rename(drop.parent / path.name)
    (drop / "north.zip").write_bytes(b"PK")
    (tmp_path / "other.csv").write_text("a,b\n")
    done = load_profile("run", "--root", tmp_path)
    assert done.returncode == 2
    nothing, misplaced, zipped = done.stderr.splitlines()
    assert nothing == f"Nothing to do: there is no .csv file in {drop}."
    assert f"in {drop.parent}: north-070124-" in misplaced and f"move them to {drop}" in misplaced
    assert "north.zip; unpack it" in zipped
    assert not (tmp_path / "warehouse").exists()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_names_can_be_read_on_a_narrow_terminal(rerun, width):
    name = "feeder-with-a-name-of-forty-characters-x"
    printed = Console(file=StringIO(), width=width)
    with duckdb.connect(str(rerun / "warehouse/load_profile.duckdb"), read_only=True) as con:
        for table in ("feeder_profiles", "stg_meter_data"):
            renamed = f"if(feeder = 'north', '{name}', feeder) as feeder"
            con.execute(
                f"create temp table {table} as select * replace ({renamed}) from main.{table}"
            )
        print_feeders(printed, con)
    rows = [line for line in printed.file.getvalue().splitlines() if "\u2502" in line]
    cells = [row.split("\u2502")[1].strip() for row in rows]
    assert name in "".join(cells)
    assert max(map(len, cells)) >= 11 and max(map(len, rows)) <= width


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signal masks")
@pytest.mark.parametrize("phase", ["Starting dbt", "Building tables: readings"])
def test_ctrl_c_is_one_line_and_the_next_run_goes_on(tmp_path, phase):
    write_sample(tmp_path, feeders=1, months=1)
    words = [str(COMMAND), "run", "--no-plots", "--root", str(tmp_path)]
    started = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert any(phase in line for line in started.stdout)
    os.killpg(started.pid, signal.SIGINT)
    _, said = started.communicate()
    assert started.returncode == 130
    assert said.startswith("Stopped. Nothing is lost") and said.count("\n") == 1


def test_the_gross_convention_reproduces_the_older_files_and_changes_the_net_alone(rerun):
    columns = "mw_del, mw_rec, mva_del, mva_rec, mw_gross, mva_gross, is_bidirectional"
    table = f"select feeder, interval_start_at, {columns} from feeder_profiles order by all"
    signed = query(rerun, table)
    bring_up_to_date(rerun, *only(*FILES), "--vars", "{net_convention: gross}")
    assert query(rerun, table) == signed
    differing = "select count(*) from feeder_profiles where mw_net is distinct from mw_gross"
    assert query(rerun, differing) == [(0,)]
    for row in rows_of(rerun / "lp/north.csv"):
        power = Decimal(row["MW_del"]) + Decimal(row["MW_rec"])
        apparent = Decimal(row["MVA_del"]) + Decimal(row["MVA_rec"])
        assert (Decimal(row["MW_net"]), Decimal(row["MVA_net"])) == (power, apparent)
        # both columns are rounded to six decimals, the quotient was taken before
        assert abs(Decimal(row["PF_net"]) - power / apparent) < Decimal("0.00002")


def test_a_month_without_one_feeder_has_no_total_and_says_who_is_missing(tmp_path):
    write_sample(tmp_path)
    for path in (tmp_path / "_dropbox/KW").glob("west-080124*"):
        path.unlink()
    started = utc_now()
    bring_up_to_date(tmp_path)
    printed = summary(tmp_path, started)
    august = "start_local >= timestamp '2024-08-04' and start_local < timestamp '2024-09-01'"
    facts = query(
        tmp_path,
        f"""
        select count(*), count(mw_total), min(feeders_expected), max(feeders_reporting),
            min(missing_feeders), max(missing_feeders), count(mw_total_partial)
        from combined_profiles where {august}
        """,
    )
    intervals = 28 * 96
    assert facts == [(intervals, 0, 4, 3, "west", "west", intervals)]
    gaps = {row["gap_start"]: row["gap_end"] for row in rows_of(tmp_path / "lp/all_gaps.csv")}
    assert gaps == {"08/01/24 00:00:00": "09/01/24 00:00:00"}
    highest = query(tmp_path, "select max(mw_total) from combined_profiles")[0][0]
    assert f"highest {highest:,.3f} MW" in printed
    assert "a feeder is missing or its value" in printed


def test_order_and_names_of_files_never_change_a_result(sample, tmp_path):
    write_sample(tmp_path)
    files = list((tmp_path / "_dropbox/KW").iterdir())
    random.Random(11).shuffle(files)
    for number, path in enumerate(files):
        feeder = path.name.split("-")[0]
        path.rename(path.with_name(f"{feeder}-{number:03}.csv"))
    bring_up_to_date(tmp_path, *only(*PLOTS))
    draw(tmp_path)
    mine, theirs = fingerprints(tmp_path / "lp"), fingerprints(sample / "lp")
    assert mine == theirs


def test_a_wrong_meter_data_file_stops_everything_with_exit_code_2(tmp_path):
    write_sample(tmp_path)
    dropped = fingerprints(tmp_path / "_dropbox")
    (tmp_path / "meter-data.csv").write_text("sta,meter,multiplier\nnorth,1,-5\n")
    done = load_profile("run", "--root", tmp_path)
    assert done.returncode == 2
    for word in ("row 2", "'multiplier'", "'-5'", "positive number"):
        assert word in done.stderr
    assert fingerprints(tmp_path / "_dropbox") == dropped
    assert not (tmp_path / "warehouse").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--root", "no-such-folder"], "not a folder"),
        (["--vars", "[1, 2]"], "not a mapping"),
        (["--vars", "{net_convention: sideways}"], "signed, gross"),
        (["--vars", "{other: 1}"], "allowed are"),
        (["--select", "no_such_asset"], "no_such_asset"),
        (["--nonsense"], "No such option"),
        (["--vars", "{system_timezone: Mars/Base}"], "IANA zone"),
    ],
)
def test_wrong_usage_ends_with_exit_code_2_and_says_what_is_allowed(arguments, words, tmp_path):
    write_sample(tmp_path, feeders=1, months=1)
    root = [] if "--root" in arguments else ["--root", tmp_path]
    done = load_profile("run", *root, *arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert words in done.stderr


def test_a_failing_check_ends_with_exit_code_1_and_publishes_nothing(sample, tmp_path):
    root = copytree(sample, tmp_path / "root")
    before = fingerprints(root / "lp")
    with duckdb.connect(str(root / "warehouse/load_profile.duckdb")) as con:
        con.execute("insert into raw.interval_reads select * from raw.interval_reads limit 1")
        con.execute("update raw.interval_reads set file_id = 999999 where rowid = 0")
    (root / "meter-data.csv").open("a").write("\n")
    done = load_profile("run", "--root", root, "--no-plots", "--vars", "{full_tests: true}")
    assert done.returncode == 1
    assert "failed" in done.stdout
    assert fingerprints(root / "lp") == before


def test_only_the_selected_assets_are_made(sample, tmp_path):
    root = copytree(sample, tmp_path / "root")
    for path in (root / "lp").glob("*_gaps.csv"):
        path.unlink()
    (root / "lp/plots/all.png").unlink()
    done = load_profile("run", "--root", root, "--select", "gap_files")
    assert done.returncode == 0, done.stdout
    assert rows_of(root / "lp/south_gaps.csv") == rows_of(sample / "lp/south_gaps.csv")
    assert not (root / "lp/plots/all.png").exists()


def test_analyze_reports_an_output_file_and_draws_it(sample, tmp_path):
    target = tmp_path / "south.csv"
    target.write_bytes((sample / "lp/south.csv").read_bytes())
    done = load_profile("analyze", target)
    assert done.returncode == 0, done.stderr
    assert "08/01/24 00:00:00" in done.stdout
    found = rows_of(tmp_path / "south_gaps.csv")
    assert [(gap["gap_start"], gap["gap_end"]) for gap in found] == [
        ("08/01/24 00:00:00", "08/04/24 00:00:00")
    ]
    assert (tmp_path / "south.png").read_bytes().startswith(b"\x89PNG")


def test_analyze_leaves_what_a_run_wrote_as_it_is(sample, tmp_path):
    lp = copytree(sample / "lp", tmp_path / "lp")
    before = fingerprints(lp)
    done = load_profile("analyze", lp / "south.csv")
    assert done.returncode == 0, done.stderr
    own = rows_of(lp / "south_analyzed_gaps.csv")
    assert own == [{name: row[name] for name in own[0]} for row in rows_of(lp / "south_gaps.csv")]
    after = fingerprints(lp)
    assert {name: after[name] for name in before} == before


def test_an_output_that_somebody_changed_is_made_again(sample, tmp_path):
    root = copytree(sample, tmp_path / "root")
    assert not is_anything_new(Workspace(root), {}, plots=False)
    (root / "lp/south_gaps.csv").write_text("gap_start\n")
    assert is_anything_new(Workspace(root), {}, plots=False)
    write_files(root)
    assert fingerprints(root / "lp") == fingerprints(sample / "lp")


@pytest.fixture(scope="module")
def without_plots(tmp_path_factory) -> tuple[Path, str]:
    """A root with odd files after a run without plots, and what that said."""
    root = tmp_path_factory.mktemp("without-plots")
    write_sample(root, feeders=2, months=1)
    drop = root / "_dropbox/KW"
    next(drop.glob("*_simulated-copy.csv")).unlink()  # it would be another file than the odd one
    north = next(drop.glob("north-070124-000000_080124-000000.csv"))
    text = north.read_bytes().decode("utf-8-sig").replace(",.00,", ",-5,", 1)
    north.write_text(text, encoding="utf-8", newline="")
    lines = text[text.index("Record No.") :].splitlines(keepends=True)[:9]
    few = "".join(line for line in lines if ",-5," not in line)
    for name in ("north-copy.csv", "south-copy.csv"):
        (drop / name).write_text(few, encoding="utf-8", newline="")
    (drop / "notes.xlsx").write_bytes(b"PK")
    done = load_profile("run", "--no-plots", "--root", root)
    assert done.returncode == 0, done.stdout
    return root, done.stdout


def test_warnings_of_checks_other_files_and_equal_files_of_another_feeder_are_said(without_plots):
    root, said = without_plots
    assert "warning detect_negative: north " in said and "1 reading with a value below 0" in said
    assert "is equal to north-copy.csv of north" in said
    assert f"not taken in, in {root / '_dropbox/KW'}: notes.xlsx; save each sheet as CSV" in said


def test_analyze_refuses_a_file_without_a_series_with_exit_code_2(tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    done = load_profile("analyze", path)
    assert done.returncode == 2
    assert "Start Time" in done.stderr


def test_files_are_dated_in_utc_between_their_drop_and_the_report(without_plots):
    root, _ = without_plots
    dropped, reported = (
        datetime.fromtimestamp((root / name).stat().st_mtime, UTC).replace(tzinfo=None)
        for name in ("_dropbox/KW/notes.xlsx", "lp/report.html")
    )
    dates = query(root, "select processed_at, filed_at from raw.files")
    assert len(dates) > 3
    assert all(dropped <= processed <= filed <= reported for processed, filed in dates)


def test_without_plots_everything_else_is_done_and_plots_follow_when_asked_for(without_plots):
    root, said = without_plots
    assert "Cost: " in said and "rows and " in said
    with sqlite3.connect(root / ".dagster/history/runs/index.db") as con:
        checks = "select count(*) from asset_check_executions where asset_key like '[\"raw%'"
        assert con.execute(checks).fetchone() > (0,)  # tests of raw tables, too
    assert (root / "lp/all.csv").exists() and not list((root / "lp/plots").iterdir())
    again = load_profile("run", "--root", root, "--no-plots")
    assert "Nothing new" in again.stdout
    done = load_profile("run", "--root", root)
    assert done.returncode == 0 and (root / "lp/plots/all.png").exists()
    for arguments in ((), ("--no-plots",)):
        assert "Nothing new" in load_profile("run", "--root", root, *arguments).stdout
