"""Tell on the terminal what a run found. Reads the tables, computes nothing of its own."""

from pathlib import Path

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from ingest.archive import archive_problems
from ingest.letters import one_line
from ingest.raw_files import find_files
from ingest.warehouse import open_warehouse
from ingest.workspace import Workspace
from load_profile.drop_folder import left_out
from load_profile.publish.history import Difference

SHOWN_TABLES = {"feeder_profiles", "combined_profiles", "gaps", "planner_figures"}
MOST_DUPLICATES = 10
MOST_MISSING = 10
MOST_FEEDERS = 30  # rows shown; those with most missing intervals first
WIDE, NARROW = 100, 72  # characters of a terminal, for times of day and for dates
FEEDERS = """
with
profiles as (
    select feeder, count(*) as reading_count, min(start_local), max(end_local),
        count(*) - count(mw_net) as unknown_count
    from feeder_profiles
    group by feeder
),
holes as (
    select feeder, count(*) as gap_count, sum(missing_intervals)::bigint as missing_count
    from gaps
    group by feeder
)
select
    meters.feeder,
    coalesce(profiles.reading_count, 0) as reading_count,
    profiles.* exclude (feeder, reading_count, unknown_count),
    coalesce(profiles.unknown_count, 0),
    coalesce(holes.gap_count, 0),
    coalesce(holes.missing_count, 0) as missing_count
from (select feeder, min(meter_data_row) as place from stg_meter_data group by feeder) as meters
left join profiles on meters.feeder = profiles.feeder
left join holes on meters.feeder = holes.feeder
order by missing_count desc, place
"""
TOTAL = """
select
    count(*),
    count(mw_total),
    min(start_local),
    max(start_local) + to_minutes(max(interval_minutes)),
    any_value(timezone),
    count(mw_total) filter (not can_be_peak),
    any_value(interval_minutes)
from combined_profiles
"""
# Figures of the whole period, by the names of their columns.
WHOLE = """
select *
from planner_figures
where feeder = 'total' and grain = 'all' and actual_intervals > 0
"""
# What no peak rests on: the measured extreme that is left out, beside the highest plausible.
LEFT_OUT = """
select
    feeder,
    implausible_count,
    case when is_peak then 'peak' else 'minimum' end,
    case when is_peak then measured_peak_mw else measured_min_mw end::double,
    case when is_peak then measured_peak_local else measured_min_local end,
    case when is_peak then peak_mw else min_mw end::double,
    greatest(abs(peak_mw), abs(min_mw))::double
from (
    select *, peak_mw is null or measured_peak_mw > peak_mw or measured_min_mw = min_mw as is_peak
    from planner_figures
    where grain = 'all' and implausible_count > 0
)
order by feeder = 'total', greatest(abs(measured_peak_mw), abs(measured_min_mw)) desc, feeder
"""
NO_PEAK = ": no value of it can be a peak"
LENGTHS = """
select string_agg(interval_minutes, ', ' order by interval_minutes)
from (select distinct interval_minutes from stg_meter_data)
having count(*) > 1
"""
# A rejected file that nobody has decided on.
IS_OPEN = "letter is not null and closed_by is null"
FILES = f"""
select
    outcome,
    count(*) filter (where processed_at >= ?),
    count(*),
    count(*) filter (where {IS_OPEN})
from raw.files
group by outcome
order by outcome
"""
STATUS = """
select files.file_id, files.processed_at, files.outcome, files.file_name, files.row_count,
    files.reason, files.release_reason,
    coalesce(reviewed.stored_as, closing.stored_as, files.stored_as),
    case when reviewed.outcome = 'withdrawn' then reviewed.file_id end,
    case when reviewed.file_id is null then files.closed_by end
from raw.files as files
left join raw.files as reviewed on reviewed.release_of = files.file_id
left join raw.files as closing
    on files.closed_by = closing.file_id
        and files.sha256 = closing.sha256 and files.feeder = closing.feeder
where contains(lower(files.file_name), lower($name))
order by files.file_id desc
limit $most
"""
# Values in another unit are no correction, see CONFLICTS.
CORRECTIONS = """
select
    feeder,
    strftime(month, '%Y-%m') as "month",
    sum(corrected_intervals)::bigint as "intervals",
    any_value(corrected_days) as "days",
    sum(net_mwh_change)::double as "net energy (MWh)",
    first(peak_mw_before order by new_file_id)::double as "peak before (MW)",
    last(peak_mw_after order by new_file_id)::double as "peak after (MW)"
from correction_effects as corrected
where accepted_at >= ?
    and not exists (
        select 1
        from file_conflicts as conflict
        where conflict.factor is not null
            and conflict.feeder = corrected.feeder
            and conflict.new_file_id = corrected.new_file_id
            and corrected.month <= conflict.last_start_local
            and corrected.month >= date_trunc('month', conflict.first_start_local)
    )
group by feeder, corrected.month
order by feeder, corrected.month
"""
# Files in use that hold other values for the same intervals, two files of one name by number and
# place; and files that have some twice: these as long as a peak may rest on the later line, for a
# release is before the run.
CONFLICTS = """
select
    feeder,
    new_name as "file that counts",
    old_name as "other file",
    different_intervals as "intervals with other values",
    shared_intervals as "intervals in both",
    first_start_local as "first",
    last_start_local as "last",
    new_mwh::double as "net energy (MWh)",
    old_mwh::double as "in the other (MWh)",
    new_peak_mw::double as "peak (MW)",
    old_peak_mw::double as "in the other (MW)",
    round(factor, 6) as "factor",
    decided_by as "why it counts",
    case
        when new_file_id <> old_file_id
            then 'load-profile withdraw ' || new_stored_as || ' --reason ...'
        else 'withdraw the file, take the wrong lines out of it and drop it again'
    end as "to prefer the other"
from (
    select
        conflicts.*,
        new_file_id <> old_file_id and new_file_name = old_file_name as is_same_name,
        case when is_same_name then 'file #' || new_file_id || ' ' || new_stored_as
            else new_file_name end as new_name,
        case when is_same_name then 'file #' || old_file_id || ' ' || old.stored_as
            else old_file_name end as old_name
    from file_conflicts as conflicts
    inner join raw.files as old on conflicts.old_file_id = old.file_id
)
where accepted_at >= ? or (new_file_id = old_file_id and new_peak_mw > old_peak_mw)
order by feeder, new_file_id, old_file_id
"""
CONFLICTS_OF_FILES = """
select new_file_id, old_file_id, new_file_name, old_file_name, different_intervals, decided_by
from file_conflicts
where new_file_id <> old_file_id
order by new_file_id, old_file_id
"""
# One row for months in a row, of which each is restated. Of a correction only the readings that it
# corrected count, which the total has none of.
RESTATEMENTS = """
select
    cause,
    feeder,
    strftime(min(month_start_at), '%Y-%m') as "first month",
    strftime(max(month_start_at), '%Y-%m') as "last month",
    sum(reading_count)::bigint as "readings",
    (sum(coalesce(net_mwh_after, 0)) - sum(coalesce(net_mwh_before, 0)))::double
        as "net energy (MWh)",
    max(peak_mw_before)::double as "peak before (MW)",
    max(peak_mw_after)::double as "peak after (MW)",
    case when sum(readings_before) > sum(readings_after)
        then sum(readings_before - readings_after)::bigint end as "no longer known"
from (
    select
        *,
        case
            when cause <> 'correction' then greatest(readings_before, readings_after)
            else (
                select nullif(count(distinct interval_start_at), 0)
                from corrections
                where corrections.feeder = restatements.feeder
                    and date_trunc('month', interval_start_at) = month_start_at
                    and accepted_at >= $1
            )
        end as reading_count,
        year(month_start_at) * 12 + month(month_start_at)
            - row_number() over (partition by cause, feeder order by month_start_at) as run
    from restatements
    where restated_at >= $1
)
group by cause, feeder, run
order by cause, feeder = 'total', feeder, run
"""
DUPLICATES = """
select files.file_name, files.duplicate_of, known.file_name
from raw.files as files
inner join raw.files as known on files.duplicate_of = known.file_id
where files.processed_at >= ?
order by files.file_id
"""
REJECTED = """
select file_name, outcome, reason, stored_as, closed_by,
    nullif(regexp_extract(letter, 'load-profile release [^\n]*'), '')
from raw.files
where letter is not null and processed_at >= ?
order by file_id
"""
# Rejected files with rows before the first reading, or after the last one, of all.
OUTSIDE = f"""
select count(*), min(first_start_local), max(last_end_local)
from raw.files
where {IS_OPEN}
    and (
        first_start_local < (select min(start_local) from feeder_profiles)
        or last_end_local > (select max(end_local) from feeder_profiles)
    )
"""


def print_summary(console: Console, workspace: Workspace, started, errors=()) -> None:
    """Print files by outcome, feeders with their gaps, the total's peak and where the outputs are.

    `started` (UTC, naive) is when the run began: rejected files since then are listed.
    """
    with open_warehouse(workspace.warehouse, read_only=True) as con:
        _print_files(console, con, workspace, started)
        for text in left_out(workspace):
            console.print(escape(text), highlight=False, soft_wrap=True)
        _print_missing(console, archive_problems(con, workspace))
        names = con.execute("select table_name from information_schema.tables").fetchall()
        known = {name for (name,) in names}
        if not errors:
            for table, print_changes in CHANGES.items():
                if table in known:
                    print_changes(console, con, started)
        if not errors and known >= SHOWN_TABLES:
            print_feeders(console, con)
            _print_outside(console, con)
            _print_total(console, con)
            _print_left_out(console, con)
    if not errors:
        report = workspace.profiles / "report.html"
        for folder, what in (
            *([(report, "report of this run")] if report.exists() else []),
            (workspace.profiles, "profiles and gap lists"),
            (workspace.plots, "plots"),
            (workspace.published, "published tables"),
            (workspace.rejected, "rejected files and their letters"),
        ):
            console.print(f"{what:<34}{escape(str(folder))}", highlight=False, soft_wrap=True)


def print_status(console: Console, workspace: Workspace, name: str, most: int) -> None:
    """Print the latest arrivals whose name contains `name`, and what still waits to be taken in."""
    waiting = [p.name for p in find_files(workspace.dropbox) if name.lower() in p.name.lower()]
    rows, conflicts, missing = [], {}, []
    if workspace.warehouse.exists():
        with open_warehouse(workspace.warehouse, read_only=True) as con:
            rows = con.execute(STATUS, {"name": name, "most": most}).fetchall()
            conflicts = _conflict_texts(con)
            missing = archive_problems(con, workspace)
    for file_id, at, outcome, file_name, count, reason, release, place, by, closed in rows[::-1]:
        detail = f"{count:,} rows" if outcome == "accepted" else reason
        if by:
            detail += f", withdrawn by #{by}"
        if closed:
            detail += f"; closed by #{closed}"
        if release and outcome == "accepted":
            detail += f", released after review ({release}); was: {reason}"
        elif outcome == "accepted" and reason:
            detail += f", {reason}"
        console.print(
            f"#{file_id} {at:%Y-%m-%d %H:%M:%S} [bold]{outcome}[/] {escape(one_line(file_name))}\n"
            f"    {escape(one_line(detail))}\n    at {escape(one_line(place))}",
            highlight=False,
            soft_wrap=True,
        )
        for text in conflicts.get(file_id, []):
            console.print(f"    {escape(one_line(text))}", highlight=False, soft_wrap=True)
    for file_name in waiting:
        text = f"waiting in the drop folder: {escape(one_line(file_name))}"
        console.print(text, highlight=False, soft_wrap=True)
    _print_missing(console, missing)
    if not rows and not waiting:
        console.print(f"No file{f' with {name!r} in its name' if name else ''} has arrived.")


def print_difference(console: Console, found: Difference, most: int) -> None:
    """Print what changed between two versions: by feeder and month, then interval by interval."""
    for name, (version, content) in (("from", found.earlier), ("to", found.later)):
        console.print(f"{name:<5}{version}  content {content}", highlight=False, soft_wrap=True)
    if not found.months:
        same = found.earlier[1] == found.later[1]
        console.print("Nothing differs." if same else "No reading and no total differs.")
    for month in found.months:
        counts = ", ".join(
            f"{month[f'intervals_{what}']:,} {what}"
            for what in ("added", "changed", "removed")
            if month[f"intervals_{what}"]
        )
        first, last = (f"{month[f'{end}_start_at']:%Y-%m-%d %H:%M}" for end in ("first", "last"))
        energy = _change(month["net_mwh_before"], month["net_mwh_after"], "MWh")
        peak = _change_of_peak(month["peak_mw_before"], month["peak_mw_after"])
        console.print(
            f"[bold]{month['cause']}[/]: {escape(month['feeder'])} "
            f"{month['month_start_at']:%Y-%m}: intervals {counts}, {first} to {last} UTC; "
            f"net energy {energy}, {peak}",
            highlight=False,
            soft_wrap=True,
        )
    _print_intervals(console, found, most)


def _print_intervals(console: Console, found: Difference, most: int) -> None:
    """Print what changed interval by interval, in two lines that 80 columns have room for."""
    for row in found.intervals[:most]:
        changes = [
            f"{_pair(row, f'{name}_net', '{:,.6f}', 'unknown')} {name.upper()}"
            for name in ("mw", "mva")
        ]
        if row["feeder"] != "total":
            changes.append(f"file {_pair(row, 'file_id', '#{}', 'none')}")
        start = f"{row['interval_start_at']:%Y-%m-%d %H:%M} UTC"
        console.print(
            f"{escape(row['feeder'])} {start}, {row['cause']}:\n    {', '.join(changes)}",
            highlight=False,
            soft_wrap=True,
        )
    left = len(found.intervals) - most
    if left > 0:
        console.print(f"and {left:,} more intervals: --most, or the table version_intervals")
    if found.intervals_not_kept > 0:
        console.print(
            f"and {found.intervals_not_kept:,} intervals of which values are not kept one by one"
        )


def _pair(row: dict, name: str, form: str, nothing: str) -> str:
    """A value before and after, or once if it is the same."""
    values = (row[f"{name}_{when}"] for when in ("before", "after"))
    shown = [nothing if value is None else form.format(value) for value in values]
    return " -> ".join(dict.fromkeys(shown))


def _change(before: float | None, after: float | None, unit: str) -> str:
    return f"{_from_to(before, after, unit)} ({(after or 0) - (before or 0):+,.3f})"


def _from_to(before: float | None, after: float | None, unit: str) -> str:
    """Both values with one unit, behind the last that is known."""
    shown = ["none" if value is None else f"{value:,.3f}" for value in (before, after)]
    last = 0 if after is None else 1
    shown[last] += f" {unit}"
    return " -> ".join(shown)


def _print_files(
    console: Console, con: duckdb.DuckDBPyConnection, workspace: Workspace, started
) -> None:
    counts = con.execute(FILES, [started]).fetchall()
    columns = ("this run", "so far", "still open")
    table = Table("files", *(Column(name, justify="right") for name in columns))
    for outcome, *numbers in counts:
        table.add_row(outcome, *(f"{number:,}" for number in numbers))
    if counts:
        console.print(table)
    duplicates = con.execute(DUPLICATES, [started]).fetchall()
    for name, number, known in duplicates[:MOST_DUPLICATES]:
        console.print(
            f"[bold]duplicate[/] {escape(repr(name))}: same bytes as file #{number} "
            f"{escape(repr(known))}; removed",
            highlight=False,
            soft_wrap=True,
        )
    if len(duplicates) > MOST_DUPLICATES:
        console.print(f"and {len(duplicates) - MOST_DUPLICATES} more duplicates")
    is_here = workspace.root == Path.cwd()
    root = "" if is_here else f' --root "{workspace.root}"'
    for name, outcome, reason, place, closed, command in con.execute(
        REJECTED, [started]
    ).fetchall():
        text = f"now at {one_line(place)}, with a letter beside it"
        if closed:
            text += f"; settled by file #{closed}: nothing is left to do"
        elif command:
            text += f"; to accept it all the same: {command}{root}"
        console.print(
            f"[bold]{outcome}[/] {escape(repr(name))}: {escape(reason)}\n    {escape(text)}",
            highlight=False,
            soft_wrap=True,
        )


def _print_conflicts(console: Console, con: duckdb.DuckDBPyConnection, started) -> None:
    """Which of two files counts, taken in by this run, that say other things of one interval."""
    for (
        feeder, name, other, different, shared, first, last, *figures, factor, why, remedy
    ) in con.execute(CONFLICTS, [started]).fetchall():  # fmt: skip
        energy, other_energy, peak, other_peak = (
            "unknown" if figure is None else f"{figure:,.3f}" for figure in figures
        )
        same = name == other
        what = "twice" if same else "as well"
        title = "another unit" if factor else "doubled rows" if same else "other values"
        unit = f", every one x {factor:,.6g}" if factor else ""
        text = (
            f": {feeder}: {name} has {shared:,} interval{'s'[: shared != 1]} {what}"
            f"{'' if same else f' that {other} has'}, {different:,} of them with other "
            f"values{unit} ({first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}). {name} counts: "
            f"{why}. Net energy {energy} against {other_energy} MWh, peak {peak} against "
            f"{other_peak} MW. "
            f"To prefer {'the earlier lines' if same else other}: {remedy}"
        )
        console.print(f"[bold]{title}[/]{escape(one_line(text))}", highlight=False, soft_wrap=True)


def _conflict_texts(con: duckdb.DuckDBPyConnection) -> dict[int, list[str]]:
    """What to say of accepted files that another file in use contradicts, by their numbers."""
    texts: dict[int, list[str]] = {}
    if not con.execute("from duckdb_tables() where table_name = 'file_conflicts'").fetchall():
        return texts
    for new, old, new_name, old_name, count, why in con.execute(CONFLICTS_OF_FILES).fetchall():
        said = f"in {count:,} interval{'s'[: count != 1]} with other values: {why}"
        texts.setdefault(new, []).append(f"counts before #{old} {old_name} {said}")
        texts.setdefault(old, []).append(f"gives way to #{new} {new_name} {said}")
    return texts


def _print_missing(console: Console, problems: list[str]) -> None:
    """Which accepted files are gone from the archive, or are not what was accepted."""
    for text in problems[:MOST_MISSING]:
        console.print(f"[bold]missing[/] {escape(text)}", highlight=False, soft_wrap=True)
    if len(problems) > MOST_MISSING:
        console.print(f"and {len(problems) - MOST_MISSING:,} more files of data/KW")


def _print_corrections(console: Console, con: duckdb.DuckDBPyConnection, started) -> None:
    """What the files of this run changed in values that were published before."""
    for feeder, month, count, days, energy, before, after in con.execute(
        CORRECTIONS, [started]
    ).fetchall():
        shown = days if len(days) < 80 else days[:77] + "..."
        change = "" if energy is None else f", net energy {energy:+,.3f} MWh"
        peak = _change_of_peak(before, after)
        console.print(
            f"[bold]corrected[/] {escape(feeder)} {month}: {count:,} intervals ({shown})"
            f"{change}, {peak}",
            highlight=False,
            soft_wrap=True,
        )


def _print_restatements(console: Console, con: duckdb.DuckDBPyConnection, started) -> None:
    """What an edit of meter-data.csv, a late file or a withdrawal changed in published figures."""
    for cause, feeder, first, last, readings, energy, before, after, lost in con.execute(
        RESTATEMENTS, [started]
    ).fetchall():
        edited = cause.replace("meter-data.csv", "meter-data.csv changed")
        until = "" if first == last else f" to {last}"
        peak = _change_of_peak(before, after)
        unknown = f" ({lost:,} of them no longer known)" if lost else ""
        count = f"{readings:,} reading{'s'[: readings != 1]}{unknown}, " if readings else ""
        console.print(
            f"[bold]{edited}[/]: {escape(feeder)} restated {first}{until}: "
            f"{count}net energy {energy:+,.3f} MWh, {peak}",
            highlight=False,
            soft_wrap=True,
        )


def _change_of_peak(before: float | None, after: float | None) -> str:
    if before == after:
        return "peak unchanged"
    return f"peak {_from_to(before, after, 'MW')}"


def print_feeders(console: Console, con: duckdb.DuckDBPyConnection) -> None:
    """Print one row a feeder, with less of its span the narrower the terminal is."""
    rows = con.execute(FEEDERS).fetchall()
    form = "%Y-%m-%d %H:%M" if console.width >= WIDE else "%Y-%m-%d"
    spans = ("first start", "last end") if console.width >= NARROW else ()
    columns = ("readings", *spans, "unknown", "gaps", "missing")
    table = Table(
        Column("feeder", overflow="fold"),
        *(Column(name, justify="right", no_wrap=True) for name in columns),
    )
    for feeder, readings, first, last, *counts in rows[:MOST_FEEDERS]:
        unknown, _, missing = counts
        span = [f"{moment:{form}}" if moment else "-" for moment in (first, last) if spans]
        numbers = [f"{count:,}" for count in counts]
        style = "bold" if missing or unknown else ""
        table.add_row(escape(feeder), f"{readings:,}", *span, *numbers, style=style)
    console.print(table)
    if len(rows) > MOST_FEEDERS:
        console.print(
            f"and {len(rows) - MOST_FEEDERS} more feeders, with no more missing intervals"
        )


def _print_outside(console: Console, con: duckdb.DuckDBPyConnection) -> None:
    """Which time outside of the readings is not counted as missing though files of it came."""
    count, first, last = con.execute(OUTSIDE).fetchone()
    if count:
        files = "1 rejected file covers" if count == 1 else f"{count:,} rejected files cover"
        console.print(
            f"{files} {first:%Y-%m-%d} to {last:%Y-%m-%d}: what of it lies before the first or "
            "after the last reading is not counted as missing",
            highlight=False,
            soft_wrap=True,
        )


def _print_total(console: Console, con: duckdb.DuckDBPyConnection) -> None:
    count, known, first, last, zone, odd, minutes = con.execute(TOTAL).fetchone()
    if not count:
        console.print("No readings yet: nothing to add up.")
        return
    text = f"Total of all feeders, {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} ({zone}): "
    extremes = _extremes(con)
    unknown = "not known in any interval"
    if known:
        unknown += " of full length" if known == odd else " without an implausible value"
    text += extremes or unknown
    if known < count:
        text += (
            f"; in {count - known:,} of {count:,} intervals a feeder is missing or its value "
            "unknown, and so is the total"
        )
        text += ": the highest may be higher and the lowest lower" if extremes else ""
    if odd:
        text += (
            f"; {odd:,} intervals {'are left out of both' if extremes else 'do not count'}: a "
            "reading in them is short, long, estimated or from while a clock was set"
        )
    lengths = con.execute(LENGTHS).fetchone()
    if lengths:
        text += f". Totals are per {minutes} minutes, the longest of {lengths[0]}."
    console.print(text, highlight=False, soft_wrap=True)


def _print_left_out(console: Console, con: duckdb.DuckDBPyConnection) -> None:
    """What was measured and is not in any peak, beside the highest plausible power."""
    rows = con.execute(LEFT_OUT).fetchall()
    for feeder, count, word, measured, at, plausible, highest in rows[:MOST_FEEDERS]:
        text = f"left out: {escape(feeder)} {at:%Y-%m-%d %H:%M} {measured:,.3f} MW"
        if plausible == measured:
            text = f"left out: {escape(feeder)} {_intervals(count)} that change neither peak nor "
            text += f"minimum; its {word} is {plausible:,.3f} MW"
        else:
            if highest:  # whatever the direction
                text += f", {abs(measured) / highest:,.1f} times the highest plausible power"
            text += f", and {_intervals(count - 1, 'more ')}" if count > 1 else ""
            known = plausible is not None
            text += f": the plausible {word} is {plausible:,.3f} MW" if known else NO_PEAK
        console.print(text, highlight=False, soft_wrap=True)
    if len(rows) > MOST_FEEDERS:
        console.print(f"and {len(rows) - MOST_FEEDERS} more feeders, see planner_figures")


def _intervals(count: int, which: str = "") -> str:
    return f"{count:,} {which}interval{'' if count == 1 else 's'}"


def _extremes(con: duckdb.DuckDBPyConnection) -> str:
    """The highest and lowest total, each with the first of the times that it had; "" if unknown."""
    found = con.execute(WHOLE)
    names = [column[0] for column in found.description]
    row = found.fetchone()
    figures = dict(zip(names, row, strict=True)) if row else {}
    if figures.get("peak_mw") is None:
        return ""
    texts = []
    for word, end in (("highest", "peak"), ("lowest", "min")):
        others = figures[f"{end}_count"] - 1
        more = f" and {others:,} more time{'s' if others > 1 else ''}" if others else ""
        value, at = figures[f"{end}_mw"], figures[f"{end}_local"]
        texts.append(f"{word} {value:,.3f} MW at {at:%Y-%m-%d %H:%M}{more}")
    return ", ".join(texts)


# What a run changed, and the table that says it.
CHANGES = {
    "file_conflicts": _print_conflicts,
    "correction_effects": _print_corrections,
    "restatements": _print_restatements,
}
