"""Look at one file as a run would: its layout, its first rows, what would become of it.

Reads with the layouts, meter-data.csv and rules of a root, and writes nothing there. Files that
were taken in before are not looked at. Knows no words: `inspect_words` has them.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import duckdb

from ingest.check_files import check_files
from ingest.layouts import CLASSIC, recognise_in, workbook
from ingest.layouts.classic_outline import ClassicOutline
from ingest.layouts.delimited import DelimitedLayout, layouts_in
from ingest.layouts.interface import VALUES, RawFile
from ingest.layouts.layout_file import LayoutFile, LayoutFileError, read_layout
from ingest.layouts.look import Look, look_like
from ingest.layouts.parsed import LayoutError, ParsedLayout
from ingest.layouts.propose import propose
from ingest.ledger import Entry, content_of
from ingest.letters import reason
from ingest.load_files import replace_meter_data
from ingest.meter_data import read_meter_data
from ingest.meter_rows import MeterRow
from ingest.parts import split_files
from ingest.places import Places
from ingest.raw_files import MOST_BYTES, inspect_file
from ingest.warehouse import open_warehouse, utc_now
from ingest.workspace import Workspace
from load_profile.inspect_refusals import Refusal, folders_of, refusals
from load_profile.new_meters import NewMeter, new_meters

ROWS_SHOWN = 4  # of each feeder
FIRST_ROWS = f"""
select file_no, feeder, line_number, start_local, end_local, utc_offset_minutes, event_type,
    {", ".join(VALUES)}
from batch_rows
qualify row_number() over (partition by file_no order by line_number, position) <= {ROWS_SHOWN}
order by file_no, line_number, position
"""
KVAR = ("kvar_net", "kvar_q1", "kvar_q2", "kvar_q3", "kvar_q4")
USUAL_MINUTES = """
select case when mode(epoch(end_local - start_local)) % 60 = 0
    then cast(mode(epoch(end_local - start_local)) // 60 as integer) end
from batch_rows
"""


@dataclass(frozen=True)
class Row:
    """One interval as it would be loaded: its values by the columns of VALUES, in `unit`.

    `start_at` is UTC; None where meter-data.csv has no meter at `start_local`.
    """

    feeder: str
    line: int
    start_local: datetime
    start_at: datetime | None
    length: timedelta
    status: str
    values: dict[str, Decimal]
    unit: str
    multiplier: Decimal


@dataclass(frozen=True)
class Outcome:
    """What a run would do with a file: rows of the ledger, one a feeder, and the first rows.

    `minutes` is the usual length of an interval, None if no row can be read.
    """

    entries: tuple[Entry, ...]
    rows: tuple[Row, ...]
    minutes: int | None

    @property
    def is_unlisted(self) -> bool:
        """Whether nothing can be used as meter-data.csv lacks the meters of the file."""
        return all(entry.outcome == "unknown_meter" for entry in self.entries)


@dataclass(frozen=True)
class Inspection:
    """What was found.

    `read` is the file as the proposed layout reads it, else `raw`. `refusals` are the layouts that
    do not fit; `layout_file` describes the one that does, if it is one of delimited text. `meters`
    are lines that meter-data.csv lacks. `proposal` is a layout for a file that none fits, made from
    the text `proposed_from`. `then` is what a run would do with proposal and lines.
    """

    raw: RawFile
    read: RawFile
    look: Look
    data: bytes
    refusals: tuple[Refusal, ...]
    layout_file: LayoutFile | None
    now: Outcome
    meters: tuple[NewMeter, ...] = ()
    then: Outcome | None = None
    proposal: str | None = None
    proposed_from: bytes = b""


def inspect(path: Path, workspace: Workspace, layout_name: str = "my-layout") -> Inspection:
    """Look at a file; raise MeterDataError or LayoutFileError if files of the root are wrong."""
    raw = inspect_file(path, recognise_in(workspace))
    with path.open("rb") as stream:
        data = stream.read(MOST_BYTES)
    listed = read_meter_data(workspace.meter_data) if workspace.meter_data.exists() else ()
    now = _outcome(workspace, raw, listed)
    if now.entries[0].raw.layout != raw.layout:  # read in another form of the classic export
        raw = now.entries[0].raw
    text, proposal = _proposal(raw, data, layout_name)
    read = _as_proposed(raw, text, proposal) if proposal else raw
    meters = new_meters(read, data, listed, now.minutes)
    then = None
    if read is not raw or (meters and now.is_unlisted):
        then = _outcome(workspace, read, (*listed, *(meter.row for meter in meters)))
    return Inspection(
        raw=raw,
        read=read,
        look=look_like(data),
        data=data,
        refusals=tuple(refusals(data, folders_of(workspace))),
        layout_file=_layout_file(raw, workspace),
        now=now,
        meters=meters,
        then=then,
        proposal=proposal,
        proposed_from=text,
    )


def save_layout(inspection: Inspection, workspace: Workspace, name: str) -> tuple[Path, str]:
    """Save the proposed layout in the root; return where, and why it does not read the file yet.

    Raises LayoutFileError if there is none, or a file of that name already.
    """
    if inspection.proposal is None:
        layout = inspection.raw.layout
        why = f"layout {layout.name} fits this file" if layout else "no table was found in it"
        raise LayoutFileError(f"No layout was saved: {why}.")
    place = workspace.layouts / f"{name}.toml"
    layout = DelimitedLayout(read_layout(inspection.proposal, place.name))
    place.parent.mkdir(exist_ok=True)
    try:
        with place.open("x", encoding="utf-8", newline="\n") as file:
            file.write(inspection.proposal)
    except FileExistsError:
        raise LayoutFileError(f"{place} is there already: take another name.") from None
    try:
        layout.parse(inspection.proposed_from)
    except LayoutError as error:
        return place, reason(error.problem)
    return place, ""


def _layout_file(raw: RawFile, workspace: Workspace) -> LayoutFile | None:
    """Return the description of a layout of delimited text, if the file has one."""
    if raw.layout in (None, CLASSIC):
        return None
    files = (layout.file for layout in layouts_in(folders_of(workspace)))
    return next((file for file in files if file.name == raw.layout.name), None)


def _proposal(raw: RawFile, data: bytes, name: str) -> tuple[bytes, str | None]:
    """Return delimited text and a layout for it, if no layout fits the file.

    The text is that of the file, or of the first sheet of a workbook that has a table.
    """
    texts = [data]
    if raw.layout is not None:
        if raw.layout.name != "workbook" or not raw.problem or raw.problem.code != "layout_header":
            return data, None
        texts = [sheet.delimited() for sheet in workbook.sheets(data)]
    elif look_like(data).code == "no_header_row":
        return data, None
    for text in texts:
        with suppress(LayoutError):
            return text, propose(text, name)
    return data, None


def _as_proposed(raw: RawFile, text: bytes, proposal: str) -> RawFile:
    """Return a file as the proposed layout reads its text, doubts aside; as it is if it cannot."""
    file = read_layout(proposal, "the proposed layout").model_copy(update={"doubts": ()})
    layout = DelimitedLayout(file)
    parsed = ParsedLayout(
        file.name, layout.why_not, lambda _, span: layout.parse(text, span), takes_span=True
    )
    outline = parsed.outline(text, raw.name)
    return raw if outline.problem else replace(raw, layout=parsed, outline=outline)


def _outcome(workspace: Workspace, raw: RawFile, meters: Sequence[MeterRow]) -> Outcome:
    """Return what a run with these meters would do, worked out in a warehouse that goes again."""
    with TemporaryDirectory() as folder:
        scratch = Workspace(Path(folder)).warehouse
        with open_warehouse(scratch, also=raw.path.parent) as con:
            if meters:
                replace_meter_data(con, tuple(meters))
            parts = split_files(con, [raw])
            checked = {content_of(found.raw): found for found in check_files(con, parts)}
            parts = [found.raw for found in checked.values()]  # some in another form
            places = Places(con, workspace, parts, {}, checked)
            now = utc_now()
            entries = [places.entry_for(part, checked[content_of(part)], now) for part in parts]
            (minutes,) = con.execute(USUAL_MINUTES).fetchone()
            return Outcome(tuple(entries), tuple(_rows(con, parts, meters)), minutes)


def _rows(
    con: duckdb.DuckDBPyConnection, parts: Sequence[RawFile], meters: Sequence[MeterRow]
) -> list[Row]:
    """Return the first rows of each feeder, with what its row of meter-data.csv says of them."""
    rows = []
    for number, feeder, line, start, end, offset, status, *values in con.execute(
        FIRST_ROWS
    ).fetchall():
        meter = _meter_at(meters, feeder, start)
        start_at = start - timedelta(minutes=offset) if offset is not None else None
        if start_at is None and meter:
            zone = ZoneInfo(meter.timezone)
            start_at = start.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
        measured = _columns(parts[number])
        known = {n: v for n, v in zip(VALUES, values, strict=True) if n in measured}
        unit, multiplier = (meter.channel_unit, meter.multiplier) if meter else ("", Decimal(1))
        at = (start, start_at, end - start)
        rows.append(Row(feeder, line, *at, status or "", known, unit, multiplier))
    return rows


def _columns(raw: RawFile) -> set[str]:
    """Return the columns of VALUES that a file, or its part of a feeder, has values for."""
    if isinstance(raw.outline, ClassicOutline):
        return set(raw.outline.columns)
    quantities = {q for point in raw.part.points for q in point.channels.values()}
    found = {f"{quantity}_raw" for quantity in quantities} & set(VALUES)
    for name, halves in {"": ("net",), "kva_": ("kva_net",), "kvar_": KVAR}.items():
        if quantities & set(halves):
            found |= {f"{name}del_raw", f"{name}rec_raw"}
    return found


def _meter_at(meters: Sequence[MeterRow], feeder: str, start: datetime) -> MeterRow | None:
    """Return the row of meter-data.csv for a feeder at a time of its meter's clock."""
    own = (meter for meter in meters if meter.feeder.lower() == feeder.lower())
    for meter in own:
        if (meter.valid_from or datetime.min) <= start < (meter.valid_to or datetime.max):
            return meter
    return None
