"""Compare every table and view of two warehouses: DuckDB's file and Spark's table folder.

    python tests/spark/compare.py ROOT

DuckDB reads both. Rows are distinguished by a hash of all their cells, of which 6 million take some
seconds; cells are looked at where a row has no equal on the other side. Nothing is rounded:
decimals and doubles must be the same to the last digit, NULL is equal to NULL only.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import jinja2
import yaml

DBT_PROJECT = Path(__file__).parents[2] / "dbt_project"
SCHEMA = "main"
MEMORY = "3GB"
MOST_ROWS = 400_000  # of those that differ, whose cells are looked at: bounds memory
PARTITION = "part_month"  # Spark's folders of a large table; what it holds is in other columns too

# By table: of the code that has built a partition, which differs by engine; Spark notes no tests.
NOT_COMPARED = {"model_parts": ("code", "is_tested"), "output_stamps": ("stamp",)}
# What tells rows apart where no test says it: not that they are unique, only which to compare.
KEY = ("model", "feeder", "grain", "period_start", "file_id", "line_number", "interval_start_at")
KEY += ("month_start_at", "local_date")
SIDES = ("duckdb", "spark")
NAMES = """
select table_name from information_schema.tables
where table_catalog = 'load_profile' and table_schema = ?
order by 1
"""


@dataclass(frozen=True)
class Difference:
    """A column of a table that is not the same: in how many rows, and one of them."""

    column: str
    cells: int
    key: dict[str, object]
    duckdb: object
    spark: object

    def __str__(self) -> str:
        key = ", ".join(f"{name}={value}" for name, value in self.key.items())
        return f"{self.column}: {self.cells:,} cells; {key}: {self.duckdb!r}, Spark {self.spark!r}"


@dataclass(frozen=True)
class Comparison:
    """What became of one table: rows of each side, cells that were compared, all that differs."""

    table: str
    duckdb_rows: int
    spark_rows: int
    cells: int
    parts: int = 1  # more: so many rows differ that only one part of them was looked at
    columns: tuple[str, ...] = ()  # what is wrong with columns as such
    alone: tuple[str, ...] = ()  # rows that the other side has not
    differences: tuple[Difference, ...] = ()

    @property
    def is_equal(self) -> bool:
        return not (self.columns or self.alone or self.differences)

    def __str__(self) -> str:
        rows = f"{self.duckdb_rows:,} rows, Spark {self.spark_rows:,}"
        said = [f"{self.table}: {rows}; {self.cells:,} cells compared"]
        if self.parts > 1:
            said += [f"    of the rows that differ one in {self.parts} was looked at"]
        said += [f"    {words}" for words in (*self.columns, *self.alone, *self.differences)]
        return "\n".join(said)


def compare_tables(root: Path, environment: Mapping[str, str] = os.environ) -> list[Comparison]:
    """Compare all tables and views of a root that both engines have built, whichever these are.

    Spark itself reads its views.
    """
    tables = root / "warehouse" / "spark" / "tables" / f"{SCHEMA}.db"
    with (
        tempfile.TemporaryDirectory(prefix="spark-views-") as folder,
        opened(root / "warehouse" / "load_profile.duckdb", Path(folder)) as con,
    ):
        names = [name for (name,) in con.execute(NAMES, [SCHEMA]).fetchall()]
        alone = {path.name for path in tables.iterdir()} - {*names}
        if alone:
            raise FileNotFoundError(f"DuckDB has no table {', '.join(sorted(alone))}")
        views = [name for name in names if not (tables / name).exists()]
        write_views(root, views, Path(folder), environment)
        found = []
        for name in names:
            con.execute(f"create or replace temp view duckdb as from load_profile.{SCHEMA}.{name}")
            show_folder(con, (Path(folder) if name in views else tables) / name)
            found.append(compare(con, name, key_of(name)))
    return found


@contextmanager
def opened(warehouse: Path, folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with the warehouse as `load_profile`, the name that its views call it by."""
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute("set memory_limit = ?", [MEMORY])
        con.execute("set temp_directory = ?", [str(folder / "spilled")])
        con.execute("set preserve_insertion_order = false")
        con.execute(f"attach '{warehouse}' as load_profile (read_only)")
        yield con


def key_of(table: str) -> list[str]:
    """The columns that tell rows of a table apart, as its test says, or those of such names."""
    tests = [
        test["unique_key"]["arguments"]["columns"]
        for path in (DBT_PROJECT / "models").glob(f"*/{table}.yml")
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
        for test in model.get("data_tests", ())
        if isinstance(test, dict) and "unique_key" in test
    ]
    return tests[0] if tests else list(KEY)


def show_folder(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """The view `spark`: what is in a table's folder; an empty one has the columns of `duckdb`."""
    if not folder.is_dir():
        raise FileNotFoundError(f"Spark has no table {folder.name}: {folder} is not there")
    files = [
        str(path)
        for path in folder.rglob("*.parquet")
        # what Spark itself does not read: parts of a write that is not, or was never, done
        if not any(name[0] in "_." for name in path.relative_to(folder).parts)
    ]
    read = f"read_parquet({files}, hive_partitioning = true, union_by_name = true)"
    con.execute(f"create or replace temp view spark as from {read if files else 'duckdb limit 0'}")


# One table


def compare(con: duckdb.DuckDBPyConnection, table: str, key: list[str]) -> Comparison:
    """Compare the views `duckdb` and `spark`."""
    types, spark_types = (columns_of(con, side) for side in SIDES)
    spark_types.pop(PARTITION, None)
    for column in NOT_COMPARED.get(table, ()):
        del types[column], spark_types[column]
    compared = [c for c in types if c in spark_types]
    key = [c for c in key if c in compared] or compared
    show_hashes(con, {c: canonical(c, types[c], spark_types[c]) for c in compared}, types)
    unequal = find_unequal(con)
    parts = 1 + unequal // MOST_ROWS
    pair_rows(con, key, parts)
    alone = {side: rows_alone(con, key, side) for side in SIDES}
    rows = [con.execute(f"select count(*) from {side}").fetchone()[0] for side in SIDES]
    return Comparison(
        table,
        *rows,
        cells=(rows[0] - alone["duckdb"][0]) * len(compared),
        parts=parts,
        columns=tuple(unlike(types, spark_types)),
        alone=tuple(f"{n:,} rows only in {side}; {e}" for side, (n, e) in alone.items() if n),
        differences=tuple(differences(con, compared, key)),
    )


def unlike(types: dict[str, str], spark_types: dict[str, str]) -> Iterator[str]:
    """What is wrong with the columns of a table."""
    for column in types.keys() | spark_types.keys():
        kind, other = types.get(column), spark_types.get(column)
        if not kind or not other or plain(kind) != plain(other):
            yield f"{column}: {kind}, Spark {other}"


def columns_of(con: duckdb.DuckDBPyConnection, view: str) -> dict[str, str]:
    described = con.execute(f"describe {view}").fetchall()
    return {name: kind for name, kind, *_ in described}


def plain(kind: str) -> str:
    """A type's name without what the two engines call differently: a moment in UTC."""
    return kind.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMP")


def canonical(column: str, kind: str, other: str) -> str:
    """SQL of a cell as something whose equality is that of the cell.

    DuckDB takes 0.0 for -0.0 and one NaN for another; the text of a double has all its bits.
    """
    quoted = f'"{column}"'
    if plain(kind) != plain(other):
        return f"{quoted}::varchar as {quoted}"
    if kind == "DOUBLE":
        return f"replace({quoted}::varchar, '-nan', 'nan') as {quoted}"
    if kind == "DOUBLE[]":
        texts = f"{quoted}::varchar[]"
        return f"list_transform({texts}, lambda x: replace(x, '-nan', 'nan')) as {quoted}"
    if "TIMESTAMP" in kind:
        return f"{quoted}::{plain(kind)} as {quoted}"
    return quoted


def show_hashes(
    con: duckdb.DuckDBPyConnection, cells: dict[str, str], types: dict[str, str]
) -> None:
    """Views duckdb_hashes and spark_hashes: the rows, with a hash of all cells that count."""
    hashed = [f'"{column}"' for column in cells]
    # no list has the hash of an empty one
    hashed += [f'len("{column}")' for column in cells if types[column].endswith("[]")]
    for side in SIDES:
        con.execute(
            f"""
            create or replace temp view {side}_hashes as
            select *, hash({", ".join(hashed)}) as row_hash
            from (select {", ".join(cells.values())} from {side})
            """
        )


def find_unequal(con: duckdb.DuckDBPyConnection) -> int:
    """Table unequal: hashes of rows that are not as often on the other side; how many."""
    con.execute(
        """
        create or replace temp table unequal as
        select row_hash
        from (
            select row_hash, 1 as count from duckdb_hashes
            union all
            select row_hash, -1 from spark_hashes
        )
        group by row_hash
        having sum(count) <> 0
        """
    )
    return con.execute("select count(*) from unequal").fetchone()[0]


def pair_rows(con: duckdb.DuckDBPyConnection, key: list[str], parts: int) -> None:
    """Table pairs: unequal rows d and s of one key; the second of a key with the second."""
    listed = ", ".join(f'"{c}"' for c in key)
    same = " and ".join(f'd."{c}" is not distinct from s."{c}"' for c in key)
    rows = f"""
        select *, row_number() over (partition by {listed} order by row_hash) as place
        from {{side}}_hashes
        where hash({listed}) % {parts} = 0 and row_hash in (select row_hash from unequal)
    """
    con.execute(
        f"""
        create or replace temp table pairs as
        select d, s
        from ({rows.format(side="duckdb")}) as d
        full join ({rows.format(side="spark")}) as s on d.place = s.place and {same}
        """
    )


def rows_alone(con: duckdb.DuckDBPyConnection, key: list[str], side: str) -> tuple[int, str]:
    """How many rows in `pairs` a side has alone, and the key of the first."""
    mine, other = ("d", "s") if side == "duckdb" else ("s", "d")
    shown = ", ".join(f'{mine}."{c}"' for c in key)
    found = con.execute(
        f"""
        select count(*) over (), {shown} from pairs
        where {other}.place is null order by all limit 1
        """
    ).fetchone()
    if not found:
        return 0, ""
    return found[0], ", ".join(f"{c}={v}" for c, v in zip(key, found[1:], strict=True))


def differences(
    con: duckdb.DuckDBPyConnection, columns: list[str], key: list[str]
) -> Iterator[Difference]:
    """Each column in which rows in `pairs` differ, with the first of them."""
    shown = ", ".join(f'd."{c}"' for c in key)
    for column in columns:
        found = con.execute(
            f"""
            select count(*) over (), d."{column}", s."{column}", {shown} from pairs
            where
                d.place is not null and s.place is not null
                and d."{column}" is distinct from s."{column}"
            order by {shown} limit 1
            """
        ).fetchone()
        if found:
            count, *cells = found[:3]
            yield Difference(column, count, dict(zip(key, found[3:], strict=True)), *cells)


# Spark's views


def write_views(root: Path, names: list[str], folder: Path, environment: Mapping[str, str]) -> None:
    """Write views as Parquet below `folder`, by Spark in a process of its own."""
    if not names:
        return
    command = [sys.executable, __file__, "--views", str(folder), json.dumps(names)]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"Spark could not read {', '.join(names)}:\n{done.stderr}")


def spark_settings() -> dict[str, str]:
    """What profiles.yml tells Spark, with this process's environment."""
    text = (DBT_PROJECT / "profiles.yml").read_text(encoding="utf-8")
    rendered = jinja2.Template(text).render(env_var=lambda n, d="": os.environ.get(n, d))
    return yaml.safe_load(rendered)["load_profile"]["outputs"]["spark"]["server_side_parameters"]


def spark_builder():
    """What makes a session as profiles.yml wants it."""
    from pyspark.sql import SparkSession

    return SparkSession.builder.config(map=spark_settings())


def _write_views(folder: Path, names: list[str]) -> None:
    spark = spark_builder().enableHiveSupport().getOrCreate()
    for name in names:
        spark.table(f"{SCHEMA}.{name}").write.parquet(str(folder / name))
    spark.stop()


def main() -> None:
    if sys.argv[1] == "--views":
        _write_views(Path(sys.argv[2]), json.loads(sys.argv[3]))
        return
    found = compare_tables(Path(sys.argv[1]).absolute())
    print(*found, sep="\n")
    sys.exit(not all(table.is_equal for table in found))


if __name__ == "__main__":
    main()
