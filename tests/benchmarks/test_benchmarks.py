"""The benchmarks measure what they say: equal work beside equal work, good data, all processes."""

import csv
import subprocess
import sys
from pathlib import Path

import bench
import bench_again
import bench_setup
import duckdb
import measure
import pytest
import simulate
from conftest import PROJECT

from ingest.load_files import load_files, save_meter_data
from ingest.meter_data import read_meter_data
from ingest.workspace import Workspace
from load_profile.sample import PREAMBLE, write_sample

# Roots and quotients: the product rounds them half up from nine decimals, Polars a double.
ROOTS = ("MVA_net", "PF_net", "MVA_total", "PF_total")
LAST_DIGIT = 1.01e-6
# the sample's south begins three days late, as either writes it
HOLE, OLD_HOLE = ("08/01/24", "08/04/24"), ("2024-08-01", "2024-08-04")


def method(name: str, root: Path) -> Path:
    """The result of a yardstick on the sample that the product had."""
    write_sample(root)
    script = PROJECT / "benchmarks" / f"{name}_method.py"
    subprocess.run([sys.executable, script, root], check=True)
    return root


@pytest.fixture(scope="module")
def polars(tmp_path_factory) -> Path:
    return method("polars", tmp_path_factory.mktemp("polars"))


@pytest.fixture(scope="module")
def classic(tmp_path_factory) -> Path:
    return method("classic", tmp_path_factory.mktemp("classic"))


@pytest.fixture(scope="module")
def simulated(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("simulated")
    simulate.simulate(root, feeders=4, months=3, start="2023-12")
    return root


def table(root: Path, name: str) -> list[dict[str, str]]:
    with (root / "lp" / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def published(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "lp").glob("*.csv"))


def is_same(column: str, one: str, other: str) -> bool:
    if one == other or not column.endswith(ROOTS) or "" in (one, other):
        return one == other
    return abs(float(one) - float(other)) < LAST_DIGIT


def test_polars_writes_the_cells_that_the_product_writes(sample: Path, polars: Path):
    own = [name for name in published(sample) if name.endswith("_final.csv")]
    assert published(polars) == sorted({*published(sample)} - {"monthly.csv", *own})
    for name in published(polars):
        for row, theirs in zip(table(sample, name), table(polars, name), strict=True):
            mine = {column: cell for column, cell in row.items() if not column.endswith("_utc")}
            assert mine.keys() == theirs.keys()
            differing = [c for c in mine if not is_same(c, mine[c], theirs[c])]
            assert not differing, (name, differing, mine, theirs)


def test_polars_files_away_what_the_product_files_away(sample: Path, polars: Path):
    def places(root: Path) -> set[tuple[str, str]]:
        # a rejected file keeps its name there
        paths = (root / "data" / "KW").rglob("*.csv")
        return {(p.parent.name, p.name.replace("_SEQUENCE-ERROR", "")) for p in paths}

    assert places(polars) == places(sample)
    assert not list((polars / "_dropbox" / "KW").iterdir())


def test_classic_reads_the_values_that_the_product_reads(sample: Path, classic: Path):
    for feeder in ("north", "south", "west", "gen"):
        pairs = zip(table(sample, f"{feeder}.csv"), table(classic, f"{feeder}.csv"), strict=True)
        for mine, theirs in pairs:
            assert mine["Start Time"] == theirs["Start Time"]
            for column in ("kw_del", "kw_rec", "MW_del", "MW_rec", "MVA_del", "MVA_rec"):
                assert float(mine[column]) == pytest.approx(float(theirs[column]), abs=1e-9)


def test_classic_has_the_faults_it_is_known_for(sample: Path, classic: Path):
    mine, theirs = table(sample, "gen.csv"), table(classic, "gen.csv")
    for row, old in zip(mine, theirs, strict=True):
        gross = float(row["MW_del"]) + float(row["MW_rec"])
        assert float(old["MW_net"]) == pytest.approx(gross, abs=1e-9)
    hole, unknown = (
        [row for row in table(root, "all.csv") if first <= row["Start Time"] < until]
        for root, first, until in ((classic, *OLD_HOLE), (sample, *HOLE))
    )
    assert len(hole) == len(unknown) == 3 * 96
    assert {float(row["south_MW_net"]) for row in hole} == {0}
    assert min(float(row["MW_total"]) for row in hole) > 0
    assert {row["MW_total"] for row in unknown} == {""}
    (gap,), (early,) = table(sample, "south_gaps.csv"), table(classic, "south_gaps.csv")
    assert gap["gap_start"] == "08/01/24 00:00:00"
    assert early["gap_start"] == "2024-07-31 23:45:00"


def test_simulated_exports_are_good_files_of_every_feeder_and_month(simulated: Path):
    root = measure.copy_root(simulated, simulated.with_name("taken-in"))
    workspace = Workspace(root)
    save_meter_data(workspace, read_meter_data(workspace.meter_data))
    summary = load_files(workspace)
    assert summary.outcomes == {"accepted": 4 * 3}
    assert summary.row_count == 4 * (31 + 31 + 29) * 96
    with duckdb.connect(str(workspace.warehouse), read_only=True) as con:
        shares = con.execute(
            """
            select
                feeder,
                avg((rec_raw > del_raw)::int),
                avg((rec_raw > 0 and del_raw > 0)::int),
                bool_and(kva_del_raw >= del_raw and kva_rec_raw >= rec_raw),
                bool_and(del_raw <= kva_del_raw and del_raw >= 0.89 * kva_del_raw - 0.01)
            from raw.interval_reads inner join raw.files using (file_id)
            group by feeder order by feeder
            """
        ).fetchall()
    assert [feeder for feeder, *_ in shares] == ["gen", "north", "south", "west"]
    assert [exported > 0.05 for _, exported, *_ in shares] == [True, True, False, False]
    assert all(0.03 < both_ways < 0.07 for _, _, both_ways, *_ in shares)
    assert all(is_apparent and is_near for *_, is_apparent, is_near in shares)


def test_simulated_bytes_depend_on_seed_and_feeder_only(simulated: Path, tmp_path, monkeypatch):
    monkeypatch.setattr(simulate, "ROWS_AT_A_TIME", 1)  # each feeder by itself
    for seed in (7, 8):
        simulate.simulate(tmp_path / str(seed), feeders=2, months=3, start="2023-12", seed=seed)
    files = sorted((tmp_path / "7" / bench_setup.DROP).iterdir())
    assert len(files) == 2 * 3
    for path in files:
        assert path.read_bytes() == (simulated / bench_setup.DROP / path.name).read_bytes()
        assert path.read_bytes() != (tmp_path / "8" / bench_setup.DROP / path.name).read_bytes()


def test_the_cost_of_a_process_has_its_children_in_it(tmp_path: Path):
    child = "import time; some = b'1' * 300_000_000; time.sleep(0.5)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    cost = measure.cold([sys.executable, "-c", parent], tmp_path / "log")
    assert 300 < cost.peak_mb < 400


def test_a_process_that_fails_says_so_and_is_not_counted(tmp_path: Path):
    with pytest.raises(RuntimeError, match="ended with 3:\nwhy"):
        measure.cold([sys.executable, "-c", "print('why'); raise SystemExit(3)"], tmp_path / "log")


def test_a_side_that_ran_less_often_is_compared_with_its_last_round():
    once, thrice = [measure.Cost(9, 8, 0)], [measure.Cost(n, 2 * n, 0) for n in (1, 2, 3)]
    assert measure.ratios(once, thrice) == [9, 4.5, 3]
    assert measure.ratios(once, thrice, "cpu") == [4, 2, 8 / 6]


def test_a_copy_of_a_root_shares_raw_exports_and_nothing_else(sample: Path, tmp_path: Path):
    archived = next((sample / "data" / "KW").glob("2024-*/*.csv")).relative_to(sample)
    copy = measure.copy_root(sample, tmp_path / "copy", without="meter-data.csv")
    assert (copy / archived).stat().st_ino == (sample / archived).stat().st_ino
    assert not (copy / "meter-data.csv").exists()
    assert measure.outputs(copy).keys() == measure.outputs(sample).keys()
    assert measure.rewritten(measure.outputs(sample), measure.outputs(copy)) == set(
        measure.outputs(sample)
    )


def test_a_table_that_grew_is_told_from_one_that_was_rebuilt(tmp_path: Path):
    warehouse = tmp_path / "some.duckdb"
    with duckdb.connect(str(warehouse)) as con:
        for name in ("grown", "rebuilt", "untouched"):
            con.execute(f"create table {name} as select hash(i) as h from range(1_000_000) t (i)")
    before = measure.tables(warehouse)
    with duckdb.connect(str(warehouse)) as con:
        con.execute("insert into grown select hash(i) from range(1000) as t (i)")
        con.execute("create or replace table rebuilt as from rebuilt")
    found = {c.name: c for c in measure.table_changes(before, measure.tables(warehouse))}
    grown, rebuilt, untouched = (found[f"main.{n}"] for n in ("grown", "rebuilt", "untouched"))
    assert 0 < grown.new_segments < grown.segments / 2
    assert rebuilt.new_segments == rebuilt.segments
    assert untouched.new_segments == 0
    assert [c.is_rebuilt for c in (grown, rebuilt, untouched)] == [False, True, False]


@pytest.mark.parametrize(
    ("bar", "verdict"),
    [
        (bench_setup.Bar("a", 1.2, 2), "met"),
        (bench_setup.Bar("a", 2.1, 2), "**not met**"),
        (bench_setup.Bar("a", 14.9, 15, at_least=True), "**not met**"),
        (bench_setup.Bar("a", 15, 15, at_least=True), "met"),
    ],
)
def test_a_bar_is_judged_in_its_own_direction(bar: bench_setup.Bar, verdict: str):
    assert bar.row().endswith(f"| {verdict} |")


def test_one_day_of_a_month_is_changed_and_nothing_else(simulated: Path):
    path = simulated / bench_setup.DROP / "west-010124-000000_020124-000000.csv"
    before, after = path.read_bytes(), bench_again.with_another_day(path.name, path.read_bytes())
    assert len(after) == len(before)
    pairs = zip(before.splitlines(), after.splitlines(), strict=True)
    changed = [line for line, other in pairs if line != other]
    assert len(changed) == bench_setup.ONE_DAY
    assert all(b" , 01/15/24 " in line for line in changed)


def test_the_page_has_the_results_of_one_run_and_names_what_was_not_measured():
    text = bench.page({"s-whole": bench_setup.Result([bench_setup.Bar("a", 3, 2)], ["more words"])})
    assert "| a | 3 x | ≤ 2 x | **not met** |" in text
    assert "Not measured: m-whole, " in text
    assert text.endswith("`--only s-whole`\n\nmore words")


def test_days_cut_out_of_months_have_every_row_once(simulated: Path):
    folder = simulated / bench_setup.DROP
    days = {}
    for day in range(-31, 60):  # from December 2023
        for name, text in bench_again.files_of_day(folder, day):
            rows = text.splitlines()[len(PREAMBLE) :]
            assert len(rows) == bench_setup.ONE_DAY
            days.setdefault(name.split("-")[0], []).extend(rows)
    for feeder, rows in days.items():
        months = sorted(folder.glob(f"{feeder}-*"), key=lambda path: rows_of(path)[0])
        assert sorted(rows) == sorted(row for path in months for row in rows_of(path))
    assert len(days) == 4


def rows_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()[len(PREAMBLE) :]


def test_the_limit_writes_the_profiles_that_the_product_writes(simulated: Path, tmp_path: Path):
    root = measure.copy_root(simulated, tmp_path / "limit")
    limit = [sys.executable, PROJECT / "benchmarks" / "limit.py", root]
    subprocess.run(limit, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([sys.executable, PROJECT / "benchmarks" / "polars_method.py", root], check=True)
    for feeder in ("gen", "north", "south", "west"):
        made = root / "limit" / "lp" / f"{feeder}.csv"
        with made.open(encoding="utf-8", newline="") as lines:
            for mine, theirs in zip(
                csv.DictReader(lines), table(root, f"{feeder}.csv"), strict=True
            ):
                assert mine.pop("start_utc")
                assert all(is_same(name, cell, theirs[name]) for name, cell in mine.items())
    with (root / "limit" / "all.csv").open(encoding="utf-8", newline="") as lines:
        total = [row["MW_total"] for row in csv.DictReader(lines)]
    assert total == [row["MW_total"] for row in table(root, "all.csv")]
    with duckdb.connect(str(root / "limit" / "published.duckdb"), read_only=True) as con:
        counts = con.execute(
            "select count(*), (select count(*) from read_parquet(?)) from feeder_profiles",
            [str(root / "limit" / "published" / "*" / "*.parquet")],
        ).fetchone()
    assert counts == (4 * 91 * 96, 4 * 91 * 96)
