"""Write the marts as Parquet below warehouse/published/<table>/month=YYYY-MM/.

Knows marts and fingerprints. A file is rewritten only if a partition in it changed.
"""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zlib import crc32

import duckdb

from ingest.caches import read_json
from ingest.filing import sha256_of
from load_profile.files.cells import RAW_OF, guess_power
from load_profile.files.writer import OutputWriter, fingerprint_of
from load_profile.publish.marts import Mart, as_literal

FOLDER = "published/"  # of the Parquet files, in the folder of the warehouse
VERSION = f"{FOLDER}version.json"  # the version whose Parquet files are all there
ROWS_A_FILE = 50_000  # of a month, about: a feeder-month costs the writing of its whole file
ROWS = ".rows-"  # begins the name of a folder in which Parquet files are written
PARTITIONS = """
select feeder, month_start_at, stamp || code
from model_parts
where model = ?
order by all
"""


@dataclass(frozen=True)
class ParquetMonth:
    """The files of a mart's month: the fingerprint of each, and its feeders if there are more."""

    columns: str
    mart: Mart
    start: datetime | None
    fingerprints: Mapping[str, str]
    feeders: Mapping[str, list[str]]

    def write(self, con: duckdb.DuckDBPyConnection, names: set[str], folder: Path) -> None:
        """Write some of the files in one pass over the month, as `folder`/part=N/data_0.parquet.

        Feeders are written out, so that no others need be read.
        """
        values, where = {}, "true"
        if self.start:
            until = (self.start + timedelta(days=31)).replace(day=1)
            values = {"first": self.start, "until": until}
            where = f"{self.mart.time} >= $first and {self.mart.time} < $until"
        rows = f"select {self.columns} from {self.mart.name}"
        if self.feeders:
            feeder = self.mart.feeder
            wanted = [(feeder, name) for name in sorted(names) for feeder in self.feeders[name]]
            listed = ", ".join(as_literal(feeder) for feeder, _ in wanted)
            numbers = ", ".join(
                f"({as_literal(feeder)}, {_number(name)})" for feeder, name in wanted
            )
            con.execute(
                f"""copy (
                    select {self.columns}, files.part from {self.mart.name}
                    inner join (values {numbers}) as files (name, part) on {feeder} = files.name
                    where {where} and {feeder} in ({listed})
                    order by files.part, {self.mart.order}
                ) to {as_literal(folder)} (format parquet, partition_by (part))""",
                values or None,
            )
            where, values = "false", {}  # a file that did not come about has no rows
        for name in names:
            path = _file_of(name, folder)
            if not path.exists():
                path.parent.mkdir()
                con.execute(
                    f"copy ({rows} where {where} order by {self.mart.order})"
                    f" to {as_literal(path)} (format parquet)",
                    values or None,
                )


def parquet_months(con: duckdb.DuckDBPyConnection, mart: Mart) -> Iterator[ParquetMonth]:
    """List the files that a mart should have: some feeders of a month each, or one of all rows."""
    described = con.execute(f"describe {mart.name}").fetchall()
    # exact numbers are for DuckDB alone: pandas would make an object of each
    columns = ", ".join(
        f"{as_double(name, mart)} as {name}" if kind.startswith("DECIMAL") else name
        for name, kind, *_ in described
        if name not in mart.hidden
    )
    if not mart.parts:
        rows = con.execute(f"select count(*), sum(hash(t)) from {mart.name} as t").fetchone()
        name = f"{FOLDER}{mart.name}/part-0.parquet"
        yield ParquetMonth(columns, mart, None, {name: fingerprint_of(columns, *rows)}, {})
        return
    partitions = defaultdict(list)
    for feeder, month, fingerprint in con.execute(PARTITIONS, [mart.name]).fetchall():
        partitions[month if mart.time else None].append((feeder, fingerprint))
    (row_count,) = con.execute(f"select count(*) from {mart.name}").fetchone()
    count = 1
    while mart.time and mart.feeder and row_count > len(partitions) * count * ROWS_A_FILE:
        count *= 2
    for month, found in partitions.items():
        folder = f"{FOLDER}{mart.name}" + (f"/month={month:%Y-%m}" if month else "")
        fingerprints, feeders = defaultdict(list), defaultdict(list)
        for feeder, fingerprint in found:
            name = f"{folder}/part-{crc32(feeder.encode()) % count}.parquet"
            fingerprints[name] += [feeder, fingerprint]
            feeders[name].append(feeder)
        yield ParquetMonth(
            columns,
            mart,
            month,
            {name: fingerprint_of(columns, count, *texts) for name, texts in fingerprints.items()},
            feeders if count > 1 else {},
        )


def as_double(column: str, mart: Mart) -> str:
    """SQL for a decimal as a double; most powers of intervals are short ones, read faster."""
    if mart.name == "feeder_profiles" and column in RAW_OF:
        guess = guess_power(column)
        return (
            f"case when {guess} = {column} then cast({guess} as double)"
            f" else cast({column} as double) end"
        )
    return f"cast({column} as double)"


def _number(name: str) -> int:
    """Return the number of a file in its month."""
    return int(name.rpartition("-")[2].removesuffix(".parquet"))


def _file_of(name: str, folder: Path) -> Path:
    """Where DuckDB writes a file first."""
    return folder / f"part={_number(name)}" / "data_0.parquet"


def write_parquet(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    writer: OutputWriter,
    months: list[ParquetMonth],
    changed: set[str],
) -> dict[str, str]:
    """Write the files that have changed, and return the sha256 of all by their names.

    While files are replaced there is no version.json: a reader who finds the same one before and
    after has read that version and nothing else.
    """
    known = read_json(folder / VERSION, "it is written again").get("files", {})
    if changed:
        (folder / VERSION).unlink(missing_ok=True)

    def write(month: ParquetMonth) -> None:
        new = changed & month.fingerprints.keys()
        if not new:
            for name in month.fingerprints:
                writer.keep(name)
            return
        with con.cursor() as own, TemporaryDirectory(dir=folder, prefix=ROWS) as made:
            month.write(own, new, Path(made))
            for name, fingerprint in month.fingerprints.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                file = _file_of(name, Path(made))
                writer.write(name, {"rows": fingerprint}, lambda _, file=file: file.read_bytes())

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(write, months))
    files = {}
    for name in (name for month in months for name in month.fingerprints):
        inside = name.removeprefix(FOLDER)
        digest = None if name in changed else known.get(inside)
        files[inside] = digest or sha256_of(folder / name)
    return files
