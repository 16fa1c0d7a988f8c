"""Tell what a published version changed. Knows the marts and the history kept beside them.

Every version keeps two tables of what it changed against the one before: `version_months`, one row
per feeder and month, and `version_intervals`, the readings whose values changed. Both are made when
a version is published, from the rows of the parts that were made anew since; the rows before are
those of the version before.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from ingest.closed_database import CONFIG, close_off
from ingest.warehouse import WarehouseError

HISTORY = ("versions", "version_months", "version_intervals")
# What is kept is bounded: whole versions of each table, the latest first, up to so many rows.
MOST_ROWS = {"versions": 2_000, "version_months": 200_000, "version_intervals": 200_000}
MOST_INTERVALS = 50_000  # of one version; `versions` says how many there were

CREATE = """
-- one row per published version
create or replace table {catalog}.versions (
    version varchar not null,
    published_at timestamp not null,
    content varchar not null,
    reading_count bigint not null,
    changed_intervals bigint not null
);
-- one row per version, feeder or `total` and UTC month in which it changed something
create or replace table {catalog}.version_months (
    version varchar not null,
    feeder varchar not null,
    month_start_at timestamp not null,
    cause varchar not null,
    intervals_added bigint not null,
    intervals_changed bigint not null,
    intervals_removed bigint not null,
    first_start_at timestamp not null,
    last_start_at timestamp not null,
    net_mwh_before double,
    net_mwh_after double,
    peak_mw_before double,
    peak_mw_after double
);
-- one row per version, feeder or `total` and interval whose published values it changed
create or replace table {catalog}.version_intervals (
    version varchar not null,
    feeder varchar not null,
    interval_start_at timestamp not null,
    cause varchar not null,
    mw_net_before double,
    mw_net_after double,
    mva_net_before double,
    mva_net_after double,
    file_id_before bigint,
    file_id_after bigint
);
"""
VERSION = "Time of publishing (UTC), which names the version."
FEEDER = "Feeder name as in meter-data.csv, or `total`."
CAUSE = "Why the values are other ones, see docs/analysts.md."
MEANINGS = {
    "versions": {
        "version": VERSION,
        "published_at": "The same as a timestamp.",
        "content": "sha256 over the list of all Parquet files and their sha256.",
        "reading_count": "Readings (count) in feeder_profiles.",
        "changed_intervals": "Intervals (count) whose published values this version changed.",
    },
    "version_months": {
        "version": VERSION,
        "feeder": FEEDER,
        "month_start_at": "First moment of the month, UTC.",
        "cause": CAUSE,
        "intervals_added": "Intervals (count) that were not published before.",
        "intervals_changed": "Intervals (count) with other values than before.",
        "intervals_removed": "Intervals (count) that are no longer there.",
        "first_start_at": "Start of the first of these intervals, UTC.",
        "last_start_at": "Start of the last of these intervals, UTC.",
        "net_mwh_before": "Net energy of the month (MWh) in the version before; NULL = none.",
        "net_mwh_after": "Net energy of the month (MWh) in this version; NULL = none.",
        "peak_mw_before": "Highest net power (MW) in the version before; NULL = none.",
        "peak_mw_after": "Highest net power (MW) in this version; NULL = none.",
    },
    "version_intervals": {
        "version": VERSION,
        "feeder": FEEDER,
        "interval_start_at": "Start of the interval, UTC.",
        "cause": CAUSE,
        "mw_net_before": "Net power (MW) in the version before; NULL = unknown or not there.",
        "mw_net_after": "Net power (MW) in this version; NULL = unknown or not there.",
        "mva_net_before": "Net apparent power (MVA) in the version before; NULL = unknown.",
        "mva_net_after": "Net apparent power (MVA) in this version; NULL = unknown.",
        "file_id_before": "File of the reading in the version before, see files.",
        "file_id_after": "File of the reading in this version, see files.",
    },
}
KEEP = """
insert into {catalog}.{table}
from before.{table}
where version in (
    select version
    from (
        select version, sum(count(*)) over (order by version desc) as so_far
        from before.{table}
        group by version
    )
    where so_far <= ?
)
"""
# A part is dirty when it was made from something else than before.
DIRTY = """
create or replace temp table dirty as
with
old as (select *, coalesce(feeder, 'total') as part from before.model_parts),
new as (select *, feeder as part from model_parts)
select
    model,
    part as feeder,
    month_start_at,
    old.code <> new.code as is_other_code
from old
full join new using (model, part, month_start_at)
where model in ('feeder_profiles', 'combined_profiles')
    and (old.stamp, old.code) is distinct from (new.stamp, new.code)
"""
READINGS = """
select feeder, interval_start_at, mw_net, mw_gross, mva_net, actual_seconds as seconds, can_be_peak,
    file_id, line_number, true as is_there, null as members
from {catalog}feeder_profiles
where interval_start_at >= $first and interval_start_at < $until
    and (feeder, date_trunc('month', interval_start_at)) in (
        select (feeder, month_start_at) from dirty where model = 'feeder_profiles'
    )
union all
select 'total', interval_start_at, mw_total::decimal(28, 18), mw_gross_total::decimal(28, 18),
    mva_total::decimal(28, 18), interval_minutes * 60, can_be_peak, null, null, true,
    feeders_expected
from {catalog}combined_profiles
where interval_start_at >= $first and interval_start_at < $until
    and date_trunc('month', interval_start_at) in (
        select month_start_at from dirty where model = 'combined_profiles'
    )
"""
# Every reading of a dirty part as it was and as it is, and why it is otherwise.
COMPARED = f"""
create or replace temp table compared as
with
old as ({READINGS.format(catalog="before.")}),
new as ({READINGS.format(catalog="")}),
-- what starts later than any reading published before is new, what starts earlier is late
reached as (
    select feeder, max(interval_start_at) as last_start_at
    from before.feeder_profiles
    group by feeder
    union all
    select 'total', max(interval_start_at) from before.combined_profiles
),
known as (select coalesce(max(file_id), 0) as last_file_id from before.files),
both_sides as (
    select
        feeder,
        interval_start_at,
        date_trunc('month', interval_start_at) as month_start_at,
        old,
        new,
        (old.mw_net, old.mw_gross, old.mva_net, old.seconds, old.can_be_peak, old.is_there)
        is distinct from
        (new.mw_net, new.mw_gross, new.mva_net, new.seconds, new.can_be_peak, new.is_there)
            as is_changed,
        (old.file_id, old.line_number) is distinct from (new.file_id, new.line_number)
            as is_other_line
    from old
    full join new using (feeder, interval_start_at)
)
select
    both_sides.*,
    case
        when not is_changed then null
        when old.is_there is null and interval_start_at > coalesce(last_start_at, '-infinity')
            then 'new reading'
        when feeder = 'total' then null
        when files_after.release_of is not null and new.file_id > last_file_id then 'release'
        when old.is_there is null and new.file_id > last_file_id then 'late file'
        when is_other_line and files.withdrawn_by is not null then 'withdrawal'
        when is_other_line and old.is_there and new.is_there then 'correction'
        when is_other_code then 'models or variables'
        else 'meter-data.csv'
    end as cause
from both_sides
left join reached using (feeder)
left join dirty using (feeder, month_start_at)
left join files on old.file_id = files.file_id
left join files as files_after on new.file_id = files_after.file_id
cross join known
"""
# Months that the build has restated since the version before, and why. It and this module judge
# alike; what the build says of a month is what is said here.
RESTATED = """
create or replace temp table restated as
select feeder, month_start_at, cause
from restatements
where restated_at = (select max(restated_at) from restatements)
    and restated_at > (select max(published_at) from before.versions)
"""
# Else the total has the causes of its feeders in that month.
CAUSES = """
update compared set cause = coalesce(
    (
        select cause from restated
        where restated.feeder = 'total' and restated.month_start_at = compared.month_start_at
    ),
    case when old.members <> new.members then 'members of the total' end,
    (
        select string_agg(distinct feeders.cause, ', ' order by feeders.cause)
        from compared as feeders
        where feeders.feeder <> 'total' and feeders.month_start_at = compared.month_start_at
    ),
    'span of the total'
)
where feeder = 'total' and is_changed and cause is null
"""
# Each cause once: a row may name several.
ALL_CAUSES = """array_to_string(list_sort(list_distinct(flatten(
        list(string_split(cause, ', ')) filter (where cause is not null)))), ', ')"""
MONTHS = f"""
insert into {{catalog}}.version_months
select
    $version,
    feeder,
    month_start_at,
    coalesce(
        any_value((
            select restated.cause from restated
            where restated.feeder = compared.feeder
                and restated.month_start_at = compared.month_start_at
        )),
        {ALL_CAUSES}
    ),
    count(*) filter (where old.is_there is null),
    count(*) filter (where is_changed and old.is_there and new.is_there),
    count(*) filter (where new.is_there is null),
    min(interval_start_at) filter (where is_changed),
    max(interval_start_at) filter (where is_changed),
    sum(old.mw_net * old.seconds)::double / 3600,
    sum(new.mw_net * new.seconds)::double / 3600,
    max(old.mw_net) filter (where old.can_be_peak)::double,
    max(new.mw_net) filter (where new.can_be_peak)::double
from compared
group by feeder, month_start_at
having bool_or(is_changed)
order by feeder, month_start_at
"""
IS_LISTED = (
    "is_changed and cause <> 'new reading' and not (feeder = 'total' and old.is_there is null)"
)
INTERVALS = f"""
insert into {{catalog}}.version_intervals
select
    $version,
    feeder,
    interval_start_at,
    cause,
    old.mw_net::double,
    new.mw_net::double,
    old.mva_net::double,
    new.mva_net::double,
    old.file_id,
    new.file_id
from compared
where {IS_LISTED}
order by feeder = 'total', feeder, interval_start_at
limit {MOST_INTERVALS}
"""
COUNTS = f"""
select
    (select count(*) from feeder_profiles),
    (select count(*) from compared where {IS_LISTED})
"""
# Several versions one after the other: what was before the first, what is after the last.
MONTHS_BETWEEN = f"""
select
    feeder,
    month_start_at,
    {ALL_CAUSES} as cause,
    sum(intervals_added)::bigint as intervals_added,
    sum(intervals_changed)::bigint as intervals_changed,
    sum(intervals_removed)::bigint as intervals_removed,
    min(first_start_at) as first_start_at,
    max(last_start_at) as last_start_at,
    first(net_mwh_before order by version) as net_mwh_before,
    last(net_mwh_after order by version) as net_mwh_after,
    first(peak_mw_before order by version) as peak_mw_before,
    last(peak_mw_after order by version) as peak_mw_after
from version_months
where version > $earlier and version <= $later
group by feeder, month_start_at
order by feeder = 'total', feeder, month_start_at
"""
INTERVALS_BETWEEN = f"""
select
    feeder,
    interval_start_at,
    {ALL_CAUSES} as cause,
    first(mw_net_before order by version) as mw_net_before,
    last(mw_net_after order by version) as mw_net_after,
    first(mva_net_before order by version) as mva_net_before,
    last(mva_net_after order by version) as mva_net_after,
    first(file_id_before order by version) as file_id_before,
    last(file_id_after order by version) as file_id_after
from version_intervals
where version > $earlier and version <= $later
group by feeder, interval_start_at
having (mw_net_before, mva_net_before, file_id_before)
    is distinct from (mw_net_after, mva_net_after, file_id_after)
order by feeder = 'total', feeder, interval_start_at
"""
VERSIONS = "select version, content, changed_intervals from versions order by version"
# Of a version with many changes not all are kept, and of an old one none.
NOT_KEPT = """
select coalesce(sum(changed_intervals), 0)::bigint - (
    select count(*) from version_intervals where version > $earlier and version <= $later
)
from versions
where version > $earlier and version <= $later
"""


def note_version(
    con: duckdb.DuckDBPyConnection, catalog: str, content: str, *, has_before: bool
) -> str:
    """Write the history of a new version into `catalog`, and return the version's name.

    The connection's own tables are the new version's; `before` holds the version before, if any.
    """
    con.execute(CREATE.format(catalog=catalog))
    for table, columns in MEANINGS.items():
        for name, meaning in columns.items():
            con.execute(f"comment on column {catalog}.main.{table}.{name} is '{meaning}'")
    con.execute("create or replace temp table compared as select null as old where false")
    version, counts = _name(con) if has_before else f"{datetime.now(UTC):{NAME}}", COUNTS
    if has_before:
        for table in HISTORY:
            con.execute(KEEP.format(catalog=catalog, table=table), [MOST_ROWS[table]])
        _compare(con)
        for sql in (MONTHS, INTERVALS):
            con.execute(sql.format(catalog=catalog), {"version": version})
    else:
        counts = "select count(*), 0 from feeder_profiles"
    reading_count, changed = con.execute(counts).fetchone()
    at = datetime.strptime(version, NAME)
    con.execute(
        f"insert into {catalog}.versions values (?, ?, ?, ?, ?)",
        [version, at, content, reading_count, changed],
    )
    return version


NAME = "%Y%m%d-%H%M%S"  # of a version: when it was published, UTC


def _name(con: duckdb.DuckDBPyConnection) -> str:
    """This moment, or a second after the version before if that is later."""
    (last,) = con.execute("select max(published_at) from before.versions").fetchone()
    now = datetime.now(UTC).replace(tzinfo=None)
    return f"{max(now, last + timedelta(seconds=1)) if last else now:{NAME}}"


def _compare(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(DIRTY)
    first, until = con.execute(
        """
        select coalesce(min(month_start_at), '-infinity'),
            coalesce(max(month_start_at) + interval 1 month, '-infinity')
        from dirty
        """
    ).fetchone()
    con.execute(COMPARED, {"first": first, "until": until})
    con.execute(RESTATED)
    con.execute(CAUSES)


class UnknownVersionError(ValueError):
    """No published version has such a name; the message lists those there are."""


@dataclass(frozen=True)
class Difference:
    """What changed from one version to a later one; rows as MONTHS_BETWEEN and _INTERVALS say.

    `intervals_not_kept` changed as well, but are in no list any more.
    """

    earlier: tuple[str, str]
    later: tuple[str, str]
    months: Sequence[dict]
    intervals: Sequence[dict]
    intervals_not_kept: int


def difference(path: Path, earlier: str | None, later: str | None) -> Difference:
    """Compare two versions of a published file, by default the latest and the one before.

    Names may be cut short as long as only one version begins so. Raises UnknownVersionError.
    """
    with _published(path) as con:
        known = [(name, content) for name, content, _ in con.execute(VERSIONS).fetchall()]
        last = _find(known, later) if later else known[-1]
        before = known[max(known.index(last) - 1, 0)]
        first = _find(known, earlier) if earlier else before
        first, last = sorted((first, last))
        span = {"earlier": first[0], "later": last[0]}
        return Difference(
            first,
            last,
            _rows(con.execute(MONTHS_BETWEEN, span)),
            _rows(con.execute(INTERVALS_BETWEEN, span)),
            con.execute(NOT_KEPT, span).fetchone()[0] or 0,
        )


@contextmanager
def _published(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    try:
        with duckdb.connect(str(path), read_only=True, config=CONFIG) as con:
            close_off(con, [])
            yield con
    except duckdb.Error as error:
        raise WarehouseError(
            f"{path} cannot be read. It is a copy: delete it, and `load-profile run` makes it again"
            f", without what earlier versions changed. ({error})"
        ) from error


def _find(known: list[tuple[str, str]], text: str) -> tuple[str, str]:
    found = [version for version in known if version[0].startswith(text)]
    if len(found) == 1:
        return found[0]
    names = "\n".join(f"  {name}  content {content[:16]}" for name, content in known[-20:])
    which = "Several versions begin" if found else "No version begins"
    raise UnknownVersionError(f"{which} with {text!r}. The latest versions are\n{names}")


def _rows(result: duckdb.DuckDBPyConnection) -> list[dict]:
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
