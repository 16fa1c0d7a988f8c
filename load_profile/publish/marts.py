"""Publish the marts, once all checks passed: warehouse/published.duckdb and, as Parquet,
warehouse/published/<table>/month=YYYY-MM/.

The warehouse itself is locked while a run writes in it. What people read is a file that nobody ever
writes in: a new version is made beside it and takes its place in one step, and whoever has the old
one open keeps it. It is a copy of the warehouse's file without what is no mart: to copy bytes takes
a fifteenth of the time that writing the tables again would.
"""

import json
import os
import shutil
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from zlib import crc32

import duckdb

from ingest.caches import notices, read_json, set_aside_damaged
from ingest.filing import sha256_of, write_text
from ingest.warehouse import WarehouseError, damage_advice, open_warehouse, utc_now
from ingest.workspace import Workspace
from load_profile.files.cells import RAW_OF, guess_power
from load_profile.files.writer import Outputs, OutputWriter, fingerprint_of
from load_profile.publish.history import HISTORY, note_version

FOLDER = "published/"  # of the Parquet files, in the folder of the warehouse
VERSION = f"{FOLDER}version.json"  # the version whose Parquet files are all there
ROWS_A_FILE = 50_000  # of a month, about: a feeder-month costs the writing of its whole file
HISTORY_LOST = "it is made again, and what earlier versions changed is forgotten"
ROWS = ".rows-"  # begins the name of a folder in which Parquet files are made
TRIES, PAUSE = 10, 0.3  # to replace a file that Windows holds while it is read
KEPT = ("model_parts", *HISTORY)
BEHIND = ("feeder_days", "system_days")  # what feeder_figures and total_figures are made of
PARTS = """
select feeder, month_start_at, stamp || code
from model_parts
where model = ?
order by all
"""
UNTESTED = """
select string_agg(distinct model, ', ' order by model)
from model_parts
where not is_tested and model in (select unnest(?))
"""
# The models read it; see macros/restatements.sql.
PUBLICATIONS = """
create table if not exists publications (
    version varchar not null, noted_at timestamp not null, is_new boolean not null
)
"""
NOTE_PUBLISHED = """
insert into publications
select $version, $now, true
where $version not in (select version from publications)
"""
LATEST = "select version, content from before.versions order by version desc limit 1"
OTHERS = """
select 'table', schema_name, table_name from duckdb_tables() where database_name = 'published'
union all
select 'view', schema_name, view_name from duckdb_views()
where database_name = 'published' and not internal
"""


@dataclass(frozen=True)
class Mart:
    """A published table; one that is made by parts says which, and in what columns they show.

    `order` are the columns of its key: rows lie in their order, so that equal rows are equal bytes.
    `columns` are those that are published, with what they mean; `hidden` is what else there is.
    """

    name: str
    order: str
    parts: str | None
    time: str
    feeder: str
    description: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True)
class ParquetMonth:
    """The files of a mart's month; `stamps` by name, `feeders` of each if there are several."""

    columns: str
    mart: Mart
    start: datetime | None
    stamps: Mapping[str, str]
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
            listed = ", ".join(_text(feeder) for feeder, _ in wanted)
            numbers = ", ".join(f"({_text(feeder)}, {_number(name)})" for feeder, name in wanted)
            con.execute(
                f"""copy (
                    select {self.columns}, parts.part from {self.mart.name}
                    inner join (values {numbers}) as parts (name, part) on {feeder} = parts.name
                    where {where} and {feeder} in ({listed})
                    order by parts.part, {self.mart.order}
                ) to {_text(folder)} (format parquet, partition_by (part))""",
                values or None,
            )
            where, values = "false", {}  # a file that did not come about has no rows
        for name in names:
            path = _file_of(name, folder)
            if not path.exists():
                path.parent.mkdir()
                con.execute(
                    f"copy ({rows} where {where} order by {self.mart.order})"
                    f" to {_text(path)} (format parquet)",
                    values or None,
                )


@dataclass(frozen=True)
class Publication:
    """The version there is now, the hash of what is in it, and what making it took.

    `is_in_place` is False when a program holds the older file open in a way that forbids to replace
    it; the version then waits beside it for the next run.
    """

    version: str
    content: str
    is_in_place: bool
    outputs: Outputs


def published_marts(manifest: Path) -> list[Mart]:
    """What dbt's manifest names as marts, but for those whose meta says `is_published: false`."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    keys = {
        n["attached_node"].rpartition(".")[2]: ", ".join(n["test_metadata"]["kwargs"]["columns"])
        for n in nodes
        if n.get("attached_node") and (n.get("test_metadata") or {}).get("name") == "unique_key"
    }
    models = {n["name"]: n for n in nodes if n["resource_type"] == "model"}
    return [
        _mart(node, keys.get(name, "all"))
        for name, node in sorted(models.items())
        if node["config"].get("group") == "marts" and _is_published(node)
    ]


def _mart(node: Mapping, order: str) -> Mart:
    config, columns = node["config"], node["columns"].values()
    return Mart(
        node["name"],
        order,
        config.get("parts"),
        config.get("part_time") or "",
        config.get("part_feeder", "feeder"),
        _one_line(node["description"]),
        {c["name"]: _one_line(c["description"]) for c in columns if _is_published(c)},
        tuple(c["name"] for c in columns if not _is_published(c)),
    )


def _is_published(described: Mapping) -> bool:
    """Whether a model or column is for people to read, which is so unless its meta denies it."""
    return described["config"]["meta"].get("is_published", True)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def publish(workspace: Workspace, marts: list[Mart]) -> Publication:
    """Bring both published forms up to date; a new version only if a value of any mart changed.

    Raises WarehouseError when a mart was made anew and its checks have not passed since.
    """
    folder = workspace.warehouse.parent
    writer = OutputWriter(folder, "published")
    place, waiting = workspace.published, workspace.published_next
    for left in folder.glob(f"{ROWS}*"):  # by a run that was killed
        shutil.rmtree(left, ignore_errors=True)
    for folder_instead in filter(Path.is_dir, (place, waiting)):
        set_aside_damaged(folder_instead, HISTORY_LOST)
    if waiting.exists():
        _put_in_place(waiting, place, tries=1)
    checkpoint(workspace.warehouse)
    # to copy a gigabyte takes two seconds, most of them spent waiting for the disk
    with (
        ThreadPoolExecutor(1) as beside,
        open_warehouse(workspace.warehouse, read_only=True) as con,
    ):
        _check_tested(con, marts)
        months = [month for mart in marts for month in _months(con, mart)]
        changed = {
            name
            for month in months
            for name, stamp in month.stamps.items()
            if writer.changed(name, {"rows": stamp})
        }
        copy = beside.submit(_copy, workspace) if changed else None
        files = _write_parquet(con, folder, writer, months, changed)
        # as `sha256sum` would list them
        listed = "".join(f"{digest}  {name}\n" for name, digest in sorted(files.items()))
        content = sha256(listed.encode()).hexdigest()
        latest = waiting if waiting.exists() else place
        with _before(con, latest) as before:
            is_kept = (latest == waiting or writer.is_as_left(place.name)) and bool(before)
            is_kept = is_kept and before[1] == content
            if is_kept:
                version = before[0]
                if copy:
                    copy.result().unlink()
            else:
                made = copy.result() if copy else _copy(workspace)
                version = _write_version(con, workspace, made, marts, content, bool(before))
    if waiting.exists():
        _put_in_place(waiting, place, TRIES)
    made = waiting if waiting.exists() else place
    writer.note(place.name, made, is_written=not is_kept)
    text = {"version": version, "content": content, "files": files}
    write_text(folder / VERSION, json.dumps(text, indent=1, sort_keys=True) + "\n")
    writer.note(VERSION, folder / VERSION, is_written=not is_kept)
    return Publication(version, content, made == place, writer.finish())


def note_published(workspace: Workspace) -> None:
    """Note in the warehouse which version is published: what a build restates is counted from it.

    A run calls it before it changes any table. A run that failed leaves the version as it was.
    """
    try:
        text = (workspace.warehouse.parent / VERSION).read_text(encoding="utf-8")
        version = json.loads(text)["version"]
    except (OSError, ValueError, KeyError, TypeError):  # publishing was cut off
        return
    with open_warehouse(workspace.warehouse) as con:
        con.execute(PUBLICATIONS)
        con.execute(NOTE_PUBLISHED, {"version": version, "now": utc_now()})


def checkpoint(warehouse: Path) -> None:
    """Bring into the file what a process that was cut off has left beside it."""
    if warehouse.with_name(f"{warehouse.name}.wal").exists():
        with open_warehouse(warehouse) as con:
            con.execute("checkpoint")


def _check_tested(con: duckdb.DuckDBPyConnection, marts: list[Mart]) -> None:
    (models,) = con.execute(UNTESTED, [[*(mart.name for mart in marts), *BEHIND]]).fetchone()
    if models:
        raise WarehouseError(
            f"Nothing was published: {models} changed, and not all checks have passed since. "
            "`load-profile run` makes all of them."
        )


def _write_parquet(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    writer: OutputWriter,
    months: list[ParquetMonth],
    changed: set[str],
) -> dict[str, str]:
    """Write the files that have changed, and return the sha256 of all by their names.

    While files are replaced there is no version.json: who finds the same one before and after
    reading has read that version and nothing else.
    """
    known = read_json(folder / VERSION, "it is written again").get("files", {})
    if changed:
        (folder / VERSION).unlink(missing_ok=True)

    def write(month: ParquetMonth) -> None:
        new = changed & month.stamps.keys()
        if not new:
            for name in month.stamps:
                writer.keep(name)
            return
        with con.cursor() as own, TemporaryDirectory(dir=folder, prefix=ROWS) as made:
            month.write(own, new, Path(made))
            for name, stamp in month.stamps.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                file = _file_of(name, Path(made))
                writer.write(name, {"rows": stamp}, lambda _, file=file: file.read_bytes())

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(write, months))
    files = {}
    for name in (name for month in months for name in month.stamps):
        inside = name.removeprefix(FOLDER)
        digest = None if name in changed else known.get(inside)
        files[inside] = digest or sha256_of(folder / name)
    return files


def _months(con: duckdb.DuckDBPyConnection, mart: Mart) -> Iterator[ParquetMonth]:
    """The files that a mart should have: some feeders of a month each, or one of all its rows."""
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
    parts = defaultdict(list)
    for feeder, month, stamp in con.execute(PARTS, [mart.name]).fetchall():
        parts[month if mart.time else None].append((feeder, stamp))
    (row_count,) = con.execute(f"select count(*) from {mart.name}").fetchone()
    count = 1
    while mart.time and mart.feeder and row_count > len(parts) * count * ROWS_A_FILE:
        count *= 2
    for month, found in parts.items():
        folder = f"{FOLDER}{mart.name}" + (f"/month={month:%Y-%m}" if month else "")
        stamps, feeders = defaultdict(list), defaultdict(list)
        for feeder, stamp in found:
            name = f"{folder}/part-{crc32(feeder.encode()) % count}.parquet"
            stamps[name] += [feeder, stamp]
            feeders[name].append(feeder)
        yield ParquetMonth(
            columns,
            mart,
            month,
            {name: fingerprint_of(columns, count, *texts) for name, texts in stamps.items()},
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
    """Which of a month's files this is."""
    return int(name.rpartition("-")[2].removesuffix(".parquet"))


def _file_of(name: str, folder: Path) -> Path:
    """Where DuckDB writes it first."""
    return folder / f"part={_number(name)}" / "data_0.parquet"


@contextmanager
def _before(con: duckdb.DuckDBPyConnection, path: Path) -> Iterator[tuple[str, str] | None]:
    """Attach the latest version as `before`; yield its name and content, None if there is none."""
    copy = path.with_name("published.before.duckdb")
    found = None
    for file in (path, copy) if path.exists() else ():
        try:
            con.execute(f"attach {_text(file)} as before (read_only)")
            found = con.execute(LATEST).fetchone()
            break
        except duckdb.IOException:
            # somebody has opened it to write in it, and holds its lock
            shutil.copyfile(path, copy)
        except (duckdb.CatalogException, duckdb.PermissionException):
            break  # not a file of ours
        except duckdb.Error as error:
            if not damage_advice(str(error)):
                raise
    if path.exists() and not found:
        notices.warning("%s was damaged: %s.", path, HISTORY_LOST)
    try:
        yield found
    finally:
        con.execute("detach database if exists before")
        copy.unlink(missing_ok=True)


def _write_version(
    con: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    made: Path,
    marts: list[Mart],
    content: str,
    has_before: bool,
) -> str:
    """Make the file of a new version, whole and on disk, beside the one that is published.

    `made` is a copy of the warehouse.
    """
    con.execute(f"attach {_text(made)} as published (read_write)")
    try:
        names = {mart.name for mart in marts}
        for kind, schema, name in con.execute(OTHERS).fetchall():
            if kind == "view" or schema != "main" or name not in {*names, *KEPT}:
                con.execute(f"drop {kind} published.{schema}.{name}")
            if kind == "view" and name in names:
                con.execute(f"create table published.{name} as from {name}")
        con.execute("drop schema published.raw")
        for mart in marts:
            _explain(con, mart)
        version = _note_version(con, workspace, content, has_before=has_before)
    finally:
        con.execute("detach published")
    _sync(made)
    if os.name == "posix":
        made.chmod(0o444)  # opened to write in it, it would be locked for all others
    made.replace(workspace.published_next)
    return version


def _note_version(
    con: duckdb.DuckDBPyConnection, workspace: Workspace, content: str, *, has_before: bool
) -> str:
    """Write the history of a new version; without what came before if that cannot be read."""
    try:
        return note_version(con, "published", content, has_before=has_before)
    except duckdb.Error:
        if not has_before or _is_whole(con, "before"):
            raise
    notices.warning("%s was damaged: %s.", workspace.published, HISTORY_LOST)
    return note_version(con, "published", content, has_before=False)


def _is_whole(con: duckdb.DuckDBPyConnection, catalog: str) -> bool:
    """Whether every table of an attached file can be read."""
    try:
        names = con.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = ?", [catalog]
        ).fetchall()
        for schema, name in names:
            con.execute(f"select bit_xor(hash(t)) from {catalog}.{schema}.{name} as t")
    except duckdb.Error:
        return False
    return True


def _explain(con: duckdb.DuckDBPyConnection, mart: Mart) -> None:
    """Leave out columns that are not for people, and say what the table and the others are."""
    table = f"published.main.{mart.name}"
    for name in mart.hidden:
        con.execute(f"alter table {table} drop column {name}")
    con.execute(f"comment on table {table} is {_text(mart.description)}")
    for name, meaning in mart.columns.items():
        con.execute(f"comment on column {table}.{name} is {_text(meaning)}")


def _copy(workspace: Workspace) -> Path:
    target = workspace.published.with_name("published.tmp.duckdb")
    for left in (target, target.with_name(f"{target.name}.wal")):
        left.unlink(missing_ok=True)
    shutil.copyfile(workspace.warehouse, target)
    _sync(target)
    return target


def _sync(path: Path) -> None:
    """Wait until a file, or on POSIX a folder's list of files, is on disk."""
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _put_in_place(new: Path, place: Path, tries: int) -> None:
    """Let the new file take the place of the old one; if that is held open, leave both."""
    for _ in range(tries):
        try:
            # what somebody wrote beside the old file would make the new one unreadable
            place.with_name(f"{place.name}.wal").unlink(missing_ok=True)
            new.replace(place)
            break
        except PermissionError:  # Windows, while it is being read
            time.sleep(PAUSE)
    if os.name == "posix":
        _sync(place.parent)


def _text(value: str | Path) -> str:
    """SQL for a text."""
    return "'" + str(value).replace("'", "''") + "'"
