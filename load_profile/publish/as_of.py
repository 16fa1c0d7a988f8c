"""Keep what a version replaces, and give the profiles of any version back. Knows two marts.

Beside the present rows of `feeder_profiles` and `combined_profiles` a published file keeps the rows
that versions replaced or removed, where rows were added, and a fingerprint of each month before it
changed. Macros in the file take the changes back, and compare each month with its fingerprint.
"""

from dataclasses import dataclass
from datetime import datetime

import duckdb

from ingest.sql import sql_beside
from load_profile.publish.marts import as_literal

VERSION_AS_OF = sql_beside(__file__, "version_as_of")
MOST_REPLACED = 200_000  # rows of one version and table; beyond, none of them is kept
COLUMNS = """
select column_name, data_type, coalesce(comment, '')
from duckdb_columns()
where database_name = ? and schema_name = 'main' and table_name = ?
order by column_index
"""
REPLACED_BY = "Version that replaced the row, or removed it."


@dataclass(frozen=True)
class Profile:
    """A mart that is kept, and SQL for what differs between feeders' rows and the total's."""

    table: str
    plural: str
    feeder: str
    key: str

    @property
    def earlier(self) -> str:
        """The table of rows as they were."""
        return f"earlier_{self.plural}"

    def words(self, columns: list[str]) -> dict[str, object]:
        """What the SQL files have in braces."""
        cells = ", ".join(f"coalesce({name}::varchar, chr(30))" for name in columns)
        line = f"md5(concat_ws(chr(31), {cells}))"
        is_total = self.feeder == "'total'"
        wanted = "true" if is_total else "(of_feeder is null or feeder = of_feeder)"
        return {
            "table": self.table,
            "plural": self.plural,
            "feeder": self.feeder,
            "key": self.key,
            "columns": ", ".join(columns),
            "sha256": f"sha256(string_agg({line}, '' order by interval_start_at))",
            "is_total": str(is_total).lower(),
            "is_wanted": wanted,
            "parameter": "" if is_total else ", of_feeder := null",
            "feeder_column": "'total' as feeder, " if is_total else "",
        }


PROFILES = (
    Profile("feeder_profiles", "readings", "feeder", "feeder, interval_start_at"),
    Profile("combined_profiles", "totals", "'total'", "interval_start_at"),
)
KEPT = ("added_spans", "earlier_months", *(profile.earlier for profile in PROFILES))


def add_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Add the tables of replaced rows, empty, and the macros to the catalog `published`.

    A macro is checked when it is made: its tables are those of the catalog in use.
    """
    (own,) = con.execute("select current_catalog()").fetchone()
    con.execute("use published")
    con.execute(VERSION_AS_OF.format(macro="macro "))
    for profile in PROFILES:
        columns = con.execute(COLUMNS, ["published", profile.table]).fetchall()
        earlier = f"published.main.{profile.earlier}"
        con.execute(
            f"create or replace table {earlier} as"
            f" select ''::varchar as version, * from published.{profile.table} limit 0"
        )
        con.execute(
            f"comment on table {earlier} is 'Rows of {profile.table} as they were before a version"
            " that replaced or removed them.'"
        )
        for name, _, comment in [("version", "", REPLACED_BY), *columns]:
            con.execute(f"comment on column {earlier}.{name} is {as_literal(comment)}")
        con.execute(_sql("rows_as_of").format(**profile.words([name for name, *_ in columns])))
    con.execute(f'use "{own}"')


def keep_replaced(
    con: duckdb.DuckDBPyConnection, version: str, first: datetime, until: datetime
) -> int | None:
    """Keep what a new version replaces; return the number of months that it changed.

    None if the tables have other columns than before, and nothing is kept.
    """
    if not all(is_alike(con, profile.table) for profile in PROFILES):
        return None
    span = {"first": _timestamp(first), "until": _timestamp(until)}
    for profile in PROFILES:
        columns = [
            name for name, *_ in con.execute(COLUMNS, ["published", profile.table]).fetchall()
        ]
        words = profile.words(columns) | span
        words |= {"version": as_literal(version), "most": MOST_REPLACED}
        con.execute(_sql("keep_replaced").format(**words))
    return con.execute(
        "select count(*) from published.earlier_months where version = ?", [version]
    ).fetchone()[0]


def has_macros(con: duckdb.DuckDBPyConnection, catalog: str) -> bool:
    """Whether an attached published file can give earlier versions."""
    names = [f"{profile.table}_as_of" for profile in PROFILES]
    return con.execute(
        "select count(distinct function_name) = ? from duckdb_functions()"
        " where database_name = ? and function_name in (select unnest(?))",
        [len(names), catalog, names],
    ).fetchone()[0]


def is_alike(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether a table of the new version has the columns that it had in the one before."""
    before, now = (
        [column[:2] for column in con.execute(COLUMNS, [catalog, table]).fetchall()]
        for catalog in ("before", "published")
    )
    return before == now


def _timestamp(moment: datetime | str) -> str:
    return f"{as_literal(moment)}::timestamp"


def _sql(name: str) -> str:
    return sql_beside(__file__, name)
