"""Write the published tables as files under lp/. Knows forms of files; figures come from SQL."""

import filecmp
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from os import cpu_count
from pathlib import Path

import duckdb

from ingest.filing import write_text
from ingest.workspace import Workspace

TIME = "'%m/%d/%y %H:%M:%S'"
INDEX = ".outputs.json"  # what a run wrote, so that nothing else is ever removed

PROFILE = f"""
select
    meter,
    record_no as "Record No.",
    event_type as "Event Type",
    strftime(start_local, {TIME}) as "Start Time",
    strftime(end_local, {TIME}) as "End Time",
    cast(kw_del as decimal(38, 6)) as kw_del,
    cast(kw_rec as decimal(38, 6)) as kw_rec,
    cast(kva_del as decimal(38, 6)) as kva_del,
    cast(kva_rec as decimal(38, 6)) as kva_rec,
    cast(mw_del as decimal(28, 6)) as "MW_del",
    cast(mw_rec as decimal(28, 6)) as "MW_rec",
    cast(mva_del as decimal(28, 6)) as "MVA_del",
    cast(mva_rec as decimal(28, 6)) as "MVA_rec",
    cast(mw_net as decimal(28, 6)) as "MW_net",
    cast(mva_net as decimal(28, 6)) as "MVA_net",
    cast(pf_net as decimal(9, 6)) as "PF_net"
from feeder_profiles
where feeder = $feeder
order by interval_start_at
"""
GAPS = f"""
select
    strftime(gap_start_local, {TIME}) as gap_start,
    strftime(gap_end_local, {TIME}) as gap_end,
    format('{{}} days {{:02d}}:{{:02d}}:00',
        gap_minutes // 1440, gap_minutes // 60 % 24, gap_minutes % 60) as gap_duration
"""
FEEDER_GAPS = GAPS + "from gaps where feeder = $feeder order by gap_start_at"
ALL_GAPS = GAPS + "from combined_gaps order by gap_start_at"


@dataclass(frozen=True)
class Outputs:
    """Which files a step wrote, left as they were, and removed; paths below lp/."""

    written: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    def add(self, name: str, is_new: bool) -> None:
        """Note a file that was written, or found to be the same already."""
        (self.written if is_new else self.unchanged).append(name)


def feeders_of(con: duckdb.DuckDBPyConnection) -> list[str]:
    """All feeders of meter-data.csv, in its order."""
    rows = con.execute(
        "select feeder from stg_meter_data group by feeder order by min(meter_data_row)"
    )
    return [feeder for (feeder,) in rows.fetchall()]


def export_profiles(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> Outputs:
    """Write lp/<feeder>.csv and lp/all.csv."""
    feeders = feeders_of(con)
    queries = {f"{feeder}.csv": (PROFILE, {"feeder": feeder}) for feeder in feeders}
    queries["all.csv"] = (_combined(feeders), {})
    return _export(con, workspace, queries, "profiles")


def export_gaps(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> Outputs:
    """Write lp/<feeder>_gaps.csv and lp/all_gaps.csv."""
    feeders = feeders_of(con)
    queries = {f"{feeder}_gaps.csv": (FEEDER_GAPS, {"feeder": feeder}) for feeder in feeders}
    queries["all_gaps.csv"] = (ALL_GAPS, {})
    return _export(con, workspace, queries, "gaps")


def _combined(feeders: list[str]) -> str:
    """lp/all.csv: three columns a feeder, then the totals; an unknown value is an empty cell."""
    names = ", ".join("'" + feeder.replace("'", "''") + "'" for feeder in feeders)
    return f"""
    with wide as (
        pivot member_profiles
        on feeder in ({names})
        using
            cast(first(mw_net) as decimal(28, 6)) as "MW_net",
            cast(first(mva_net) as decimal(28, 6)) as "MVA_net",
            cast(first(pf_net) as decimal(9, 6)) as "PF_net"
        group by interval_start_at
    )
    select
        strftime(combined.start_local, {TIME}) as "Start Time",
        wide.* exclude (interval_start_at),
        cast(mw_total as decimal(38, 6)) as "MW_total",
        cast(mva_total as decimal(38, 6)) as "MVA_total",
        cast(pf_total as decimal(9, 6)) as "PF_total",
        cast(mw_total as decimal(38, 6)) as "MW_net"
    from combined_profiles as combined
    left join wide on combined.interval_start_at = wide.interval_start_at
    order by combined.interval_start_at
    """


def _export(
    con: duckdb.DuckDBPyConnection, workspace: Workspace, queries: dict, kind: str
) -> Outputs:
    """Run each query into its file; remove what an earlier run wrote and this one did not."""
    outputs = Outputs()

    def export(name: str) -> bool:
        query, parameters = queries[name]
        path = workspace.profiles / name
        temporary = path.with_name(name + ".tmp")
        target = str(temporary).replace("'", "''")
        with con.cursor() as own:
            own.execute(f"copy ({query}) to '{target}' (format csv, header)", parameters)
        return replace_if_changed(temporary, path)

    # DuckDB writes one file with one thread: two files at a time use both cores
    with ThreadPoolExecutor(cpu_count() or 1) as pool:
        for name, is_new in zip(queries, pool.map(export, queries), strict=True):
            outputs.add(name, is_new)
    outputs.removed.extend(forget_stale(workspace, kind, set(queries)))
    return outputs


def replace_if_changed(temporary: Path, path: Path) -> bool:
    """Put a finished file in place of `path` unless the bytes are the same; say whether it was."""
    if path.exists() and filecmp.cmp(temporary, path, shallow=False):
        temporary.unlink()
        return False
    try:
        temporary.replace(path)
    except PermissionError as error:  # Windows, while a spreadsheet has it open
        raise PermissionError(
            f"{path} cannot be replaced: close the program that has it open and start again."
        ) from error
    return True


def is_output(path: Path) -> bool:
    """Whether a run wrote this file."""
    return any(path.name in names for names in written_files(path.parent).values())


def written_files(folder: Path) -> dict[str, dict[str, int]]:
    """What earlier runs wrote in lp/: kind -> name -> size; nothing if that is not known."""
    try:
        return json.loads((folder / INDEX).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}


def forget_stale(workspace: Workspace, kind: str, names: set[str]) -> list[str]:
    """Remove files of this kind that an earlier run wrote and that are not among `names` now."""
    index = workspace.profiles / INDEX
    written = written_files(workspace.profiles)
    stale = sorted(set(written.get(kind, [])) - names)
    for name in stale:
        (workspace.profiles / name).unlink(missing_ok=True)
    sizes = {name: (workspace.profiles / name).stat().st_size for name in names}
    text = json.dumps(written | {kind: sizes}, indent=1, sort_keys=True) + "\n"
    if not index.exists() or index.read_text(encoding="utf-8") != text:
        write_text(index, text)
    return stale
