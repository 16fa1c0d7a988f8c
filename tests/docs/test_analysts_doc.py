"""The SQL and Python printed in docs/analysts.md run on a published version and agree."""

from pathlib import Path
from shutil import copytree

import duckdb
import pytest
from analysts_page import EARLIER, QUESTIONS, TEXT, answers, blocks, nearly, sorted_rows
from conftest import load_profile

from ingest.warehouse import open_warehouse
from ingest.workspace import Workspace
from load_profile.dbt import read_manifest
from load_profile.publish.history import HISTORY
from load_profile.publish.marts import published_marts
from load_profile.publish.version import publish


@pytest.fixture(scope="module")
def root(sample, tmp_path_factory) -> Path:
    """The sample with a second version, in which one feeder's August has other values."""
    root = copytree(sample, tmp_path_factory.mktemp("analysts") / "root")
    space = Workspace(root)
    august = "feeder = 'gen' and date_trunc('month', {}) = timestamp '2024-08-01'"
    with open_warehouse(space.warehouse) as con:
        con.execute(
            "update feeder_profiles set mw_net = mw_net - 1 where "
            + august.format("interval_start_at")
        )
        con.execute("update model_parts set stamp = '' where " + august.format("month_start_at"))
    publish(space, published_marts(read_manifest()))
    return root


def test_there_are_ten_questions_each_in_sql_and_python():
    assert [text.split(".")[0] for text in QUESTIONS] == [str(n) for n in range(1, 11)]
    assert all(len(blocks(text, "sql")) == len(blocks(text, "python")) == 1 for text in QUESTIONS)


@pytest.mark.parametrize("question", [*QUESTIONS, EARLIER], ids=lambda text: text.splitlines()[0])
def test_sql_and_python_give_the_same_answer(question: str, root: Path, monkeypatch):
    monkeypatch.chdir(root)
    wanted, found = answers(question)
    assert list(found.columns) == list(wanted.columns)
    assert len(wanted) > 0
    assert sorted_rows(found) == [tuple(map(nearly, row)) for row in sorted_rows(wanted)]


def test_the_load_factor_of_the_page_is_the_published_one(sample: Path):
    [question] = [text for text in QUESTIONS if text.startswith("6. ")]
    with duckdb.connect(str(sample / "warehouse/published.duckdb"), read_only=True) as con:
        found = con.sql(blocks(question, "sql")[0]).fetchall()
        wanted = con.execute("""
            select feeder, strftime(period_start, '%Y-%m'), load_factor from feeder_figures
            where grain = 'month' order by all
        """).fetchall()
    assert [row[:2] for row in found] == [row[:2] for row in wanted]
    assert [row[2] for row in found] == pytest.approx([row[2] for row in wanted], rel=1e-9)


def test_the_published_history_has_the_tables_that_the_page_describes(root: Path):
    with duckdb.connect(str(root / "warehouse/published.duckdb"), read_only=True) as con:
        for name in HISTORY:
            con.execute(f"from {name}")
            assert f"`{name}`" in TEXT
    done = load_profile("diff", "--root", root)
    assert done.returncode == 0 and "gen 2024-08" in done.stdout
