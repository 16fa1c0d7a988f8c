"""The questions of docs/analysts.md and the answers of the SQL and Python printed there."""

import re

import duckdb
import pandas
import pytest
from conftest import PROJECT

TEXT = (PROJECT / "docs/analysts.md").read_text(encoding="utf-8")
START, *SECTIONS = re.split(r"^### ", TEXT, flags=re.MULTILINE)
QUESTIONS, (EARLIER, _) = SECTIONS[:-2], SECTIONS[-2:]  # the last two are of versions
BLOCK = r"^```{}\n(.*?)^```$"


def blocks(text: str, language: str) -> list[str]:
    return re.findall(BLOCK.format(language), text, flags=re.MULTILINE | re.DOTALL)


def answers(question: str) -> tuple[pandas.DataFrame, pandas.DataFrame]:
    """What SQL and Python of the page say of the root that is the working directory."""
    with duckdb.connect("warehouse/published.duckdb", read_only=True) as con:
        by_sql = con.sql(blocks(question, "sql")[0]).df()
    names: dict = {}
    for code in (*blocks(START, "python"), *blocks(question, "python")):
        exec(code, names)
    answer = names["answer"]
    # a Polars frame becomes one of pandas without pyarrow this way
    frame = answer if hasattr(answer, "iloc") else answer.to_dict(as_series=False)
    return by_sql, pandas.DataFrame(frame)


def sorted_rows(frame: pandas.DataFrame) -> list[tuple]:
    return list(frame.sort_values(list(frame.columns)).itertuples(index=False, name=None))


def nearly(value: object) -> object:
    """The same value: a mean differs in its last digits by the order in which it was added."""
    return pytest.approx(value, abs=1e-6, nan_ok=True) if isinstance(value, float) else value
