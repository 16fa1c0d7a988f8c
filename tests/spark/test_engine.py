"""What macros/engine.sql says is the same on both engines: odd and random values, one by one."""

import os
import random
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas
import pytest
from compare import spark_builder
from pyspark.sql import SparkSession

ROWS = 20_000
# of one row: x a double, whole a double without a fraction, d and e decimals, n and m whole numbers
OF_A_ROW = {
    "rounded": "{{ rounded('x') }}",
    "whole_number": "{{ whole_number('whole') }}",
    "as_double": "cast(d as double)",
    "narrow_as_double": "cast(e as double)",
    "product": "cast(d * e as decimal(28, 18))",
    "fewer_digits": "cast(d as decimal(28, 9))",
    "weighted": "{{ weighted('d', 'cast(1.003600 as decimal(9, 6))') }}",
    "root": "{{ rounded('sqrt(' ~ squared('x') ~ ' + ' ~ squared('whole / 1e18') ~ ')') }}",
    "quotient": "x / nullif(cast(d as double), 0)",
    "shown": "{{ shown('d', 3) }}",
    "shown_whole": "{{ shown('x') }}",
    "plain": "{{ plain('d') }}",
    "whole_quotient": "{{ whole_quotient('n', '15') }}",
    "product_of_whole_quotient": "m * {{ whole_quotient('n', '15') }}",
    "remainder": "mod(n, 15)",
    "joined": "md5({{ joined(['n', 'moment', 'cast(moment as date)', 'n > 0', 'nothing']) }})",
    "later": "{{ dbt.dateadd('minute', 'n', 'moment') }}",
    "later_seconds": "{{ dbt.dateadd('second', 'n', 'moment') }}",
    "minutes": "{{ dbt.datediff(\"timestamp '1970-01-01'\", 'moment', 'minute') }}",
    "seconds": "{{ dbt.datediff(\"timestamp '2000-01-01'\", 'moment', 'second') }}",
    "microseconds": "{{ microseconds('moment') }}",
    "days": "{{ dbt.datediff(\"date '2020-02-29'\", 'cast(moment as date)', 'day') }}",
    "weekday": "{{ weekday('cast(moment as date)') }}",
    "grid": "{{ floor_to_grid('moment', '5', '30') }}",
    "next_grid": "{{ ceil_to_grid(\"date_trunc('minute', moment)\", '5', '30') }}",
    "next_month": "{{ dbt.dateadd('month', 1, \"date_trunc('month', moment)\") }}",
    "denver": "{{ to_local('moment', \"'America/Denver'\") }}",
    "lord_howe": "{{ to_local('moment', \"'Australia/Lord_Howe'\") }}",
    "fixed": "{{ to_local('moment', \"'Etc/GMT+7'\") }}",
}
# of the rows of a group
OF_A_GROUP = {
    "sum_of_decimals": "sum(d)",
    "energy": "cast(sum(d * 900) as decimal(38, 18))",
    "squares": "cast(sum({{ whole_number('whole') }}) as decimal(38, 0))",
    "squares_as_double": "cast(cast(sum({{ whole_number('whole') }}) as decimal(38, 1)) as double)",
    "middle": "{{ quantile('d', '0.5') }}",
    "low": "{{ quantile('x', '0.1') }}",
    "high": "{{ quantile('n', '0.9') }}",
    "levels": "{{ entry(quantiles('d', ['0.00', '0.07', '0.29', '0.58', '1.00']), 3) }}",
    "third": "{{ third_highest('d') }}",
    "list": "{{ ordered_list('word') }}",
    "empty_list": "{{ ordered_list('nothing') }}",
    "whole_list": "{{ distinct_list('m') }}",
    "no_list": "{{ distinct_list('nothing') }}",
    "different": "{{ count_different('m', 64) }}",
    "first_known": "{{ first_known('case when m > 9 then word end', 'moment') }}",
    "latest": "max_by(word, (m, moment, n))",
}
SERIES = {
    "intervals": "{{ interval_series('from_at', 'until_at', '15') }}",
    "months": "{{ month_series('from_at', 'until_at') }}",
    "words": "{{ each_of(dbt.array_construct(range(3))) }}",
}


HALVES = (0.0, -0.0, 5e-10, -5e-10, 1.5e-9, 2.5e-9, 0.5, 1.5, 2.5, -2.5, 0.1 + 0.2, 1e-18)


@dataclass(frozen=True)
class Engines:
    """Both, with the same values in view `vals`, and how each says an expression."""

    duckdb: duckdb.DuckDBPyConnection
    spark: SparkSession
    expressions: Mapping[str, Mapping[str, str]]
    folder: Path

    def differences(self, names: Iterable[str], shape: str) -> dict[str, tuple]:
        """For each expression with another value on either side: a row's number and both values."""
        rows = {}
        for engine, said in self.expressions.items():
            columns = ", ".join(f"{said[name]} as {name}" for name in names)
            sql = shape.format(columns=columns)
            if engine == "spark":
                made = str(self.folder / "made")
                self.spark.sql(sql).write.mode("overwrite").parquet(made)
                sql = f"select * from '{made}/*.parquet'"
            rows[engine] = self.duckdb.execute(f"{sql} order by all").fetchall()
        assert len(rows["duckdb"]) == len(rows["spark"]) > 0
        found = {}
        for ours, theirs in zip(rows["duckdb"], rows["spark"], strict=True):
            for name, one, other in zip(("number", *names), ours, theirs, strict=True):
                if in_utc(other) != in_utc(one):
                    found.setdefault(name, (ours[0], one, other))
        return found


def in_utc(value: object) -> object:
    """A moment without its zone; Parquet files of Spark have one."""
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def said(target: str, folder: Path) -> dict[str, str]:
    """Every expression as dbt renders it for an engine."""
    every = OF_A_ROW | OF_A_GROUP | SERIES
    text = "\n".join(f"--{name}\n{expression}" for name, expression in every.items())
    command = ["compile", "--inline", text, "--target", target, "--quiet"]
    (folder / "warehouse").mkdir(exist_ok=True)
    target_path = str(folder / f"dbt-{target}")
    environment = {
        **os.environ,
        "DBT_TARGET_PATH": target_path,
        "DBT_LOG_PATH": target_path,
    }
    program = [sys.executable, "-P", "-m", "load_profile.dbt"]
    done = subprocess.run(
        [*program, *command], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    parts = done.stdout.split("\n--")
    parts[0] = parts[0].partition("--")[2]
    return {name: sql for name, _, sql in (part.partition("\n") for part in parts)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with values.parquet."""
    folder = tmp_path_factory.mktemp("engine")
    rng = random.Random(4)

    def decimal(scale: int, digits: int) -> str:
        return str(Decimal(rng.randint(-(10**digits), 10**digits)).scaleb(-scale))

    rows = [
        {
            "x": rng.uniform(-1, 1) * 10 ** rng.randint(-9, 6),
            "whole": float(round(rng.uniform(0, 1) * 10 ** rng.randint(1, 22))),
            "d": decimal(18, rng.randint(1, 24)),
            "e": decimal(6, rng.randint(1, 10)),
            "n": rng.randint(0, 100_000),
            "m": rng.randint(0, 63),
            "moment": rng.randint(1_262_304_000, 1_893_456_000) * 1_000_000 + rng.choice([0, 0, 5]),
            "word": f"feeder {rng.randint(0, 30)}",
        }
        for _ in range(ROWS)
    ]
    for row, x in zip(rows, HALVES, strict=False):
        row["x"], row["d"] = x, f"{Decimal(x):.18f}"
    frame = pandas.DataFrame(rows)
    frame.index.name = "number"
    with duckdb.connect() as con:
        con.register("raw_rows", frame.reset_index())
        con.execute(
            f"""
            copy (
                select * replace (
                    d::decimal(28, 18) as d,
                    e::decimal(18, 6) as e,
                    make_timestamp(moment) as moment
                ), null::varchar as nothing
                from raw_rows
            ) to '{folder / "values.parquet"}' (format parquet)
            """
        )
    return folder


@pytest.fixture(scope="module")
def engines(folder) -> Iterator[Engines]:
    expressions = {engine: said(engine, folder) for engine in ("duckdb", "spark")}
    spark = spark_builder().master("local[1]").getOrCreate()
    spark.read.parquet(str(folder / "values.parquet")).createOrReplaceTempView("vals")
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(f"create view vals as select * from '{folder}/values.parquet'")
        yield Engines(con, spark, expressions, folder)
    spark.stop()


def test_what_is_said_of_a_row(engines):
    assert engines.differences(OF_A_ROW, "select number, {columns} from vals") == {}


def test_what_is_said_of_a_group(engines):
    shape = "select n % 40 as number, {columns} from vals group by n % 40"
    assert engines.differences(OF_A_GROUP, shape) == {}


@pytest.mark.parametrize("name", SERIES)
def test_rows_made_of_one(engines, name):
    shape = """
    select number, {columns}
    from (
        select *, date_trunc('hour', moment) as from_at,
        date_trunc('hour', moment) + (m - 3) * interval 1 hour as until_at
        from vals where number < 500
    ) as spans
    """
    assert engines.differences([name], shape) == {}
