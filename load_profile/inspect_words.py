"""Put what was found in a file into words, for a terminal. Knows no rule."""

from collections.abc import Iterator

from ingest.layouts.lines import Lines, read_lines
from ingest.layouts.look import first_lines
from ingest.layouts.parsed import ParsedOutline
from ingest.layouts.register import RegisterOutline
from ingest.ledger import Entry
from ingest.letters import expected, found, looks_like, note_in_words, one_line
from ingest.words import counted
from ingest.workspace import Workspace
from load_profile.inspect_file import Inspection, Outcome, Row
from load_profile.inspect_refusals import Refusal, folders_of
from load_profile.new_meters import lines_of

MOST_CHANNELS = 12
MOST_LETTERS = 100
# What a channel measures, in words; the columns of a row are named alike.
MEANINGS = {
    "del": "power delivered",
    "rec": "power received",
    "net": "net power",
    "kva_del": "kVA delivered",
    "kva_rec": "kVA received",
    "kva_net": "kVA of the direction that flows",
    "kvar_del": "kvar delivered",
    "kvar_rec": "kvar received",
    "kvar_net": "net kvar",
    **{f"kvar_q{n}": f"kvar of quadrant {n}" for n in (1, 2, 3, 4)},
    "": "recognised, not used",
}


def inspection_in_words(inspection: Inspection, workspace: Workspace) -> str:
    """Return all that was found: several lines, no line break at the end."""
    raw, read = inspection.raw, inspection.read
    lines = read_lines(inspection.data, folders_of(workspace))
    parts = [f"{one_line(raw.path.name)}: {raw.size:,} bytes", *_layout(inspection, lines)]
    if inspection.proposal:
        parts += ["", *_proposal(inspection)]
    if read.layout and not read.problem:
        parts += ["", *_channels(inspection)]
    outcome = inspection.then or inspection.now
    if outcome.rows:
        parts += ["", *_rows(outcome, lines)]
    return "\n".join([*parts, "", *_result(inspection, workspace), "", *_others(inspection)])


def _layout(inspection: Inspection, lines: Lines) -> Iterator[str]:
    """Yield the layout and what showed it, or what the file looks like."""
    raw, file = inspection.raw, inspection.layout_file
    if raw.layout is None:
        text = looks_like(inspection.look.code, inspection.look.count)["look"]
        yield f"Layout: none fits. It looks like {text}."
        for number, line in enumerate(first_lines(inspection.data), 1):
            yield f"  {number:>4}  {one_line(line)}".rstrip()
        return
    yield f"Layout: {raw.layout.name}{f' ({file.title})' if file else ''}."
    number = raw.outline.header_line or 1
    if number <= len(lines.texts) and lines.texts[number - 1].strip():
        yield f"It shows in {lines.place_of(number)}: {_cut(lines.texts[number - 1])}"
    if file and file.unconfirmed:
        yield f"Not confirmed: {file.unconfirmed}."


def _channels(inspection: Inspection) -> Iterator[str]:
    """Yield what the channels of the file are, and of which feeder."""
    outline = inspection.read.outline
    if isinstance(outline, RegisterOutline):
        yield "Register reads of the meters, at times of their own clocks:"
        for meter, (first, last) in list(outline.spans.items())[:MOST_CHANNELS]:
            yield f"  {one_line(meter)}: from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}"
        if len(outline.spans) > MOST_CHANNELS:
            yield f"  and {len(outline.spans) - MOST_CHANNELS:,} more"
        return
    if not isinstance(outline, ParsedOutline):
        names = [name for name in outline.columns if name.removesuffix("_raw") in MEANINGS and name]
        texts = ", ".join(MEANINGS[name.removesuffix("_raw")] for name in names)
        yield f"Channels: {texts}; the unit is channel_unit in meter-data.csv."
        return
    feeders: dict[str | None, str] = {}
    for entry in inspection.now.entries:
        for point in entry.raw.part.points if entry.raw.part else ():
            feeders[point.name] = entry.raw.feeder
    clocks = {"utc": "UTC", "meter": "the clock of the meter"}
    yield f"Times: {clocks.get(outline.clock, 'the clock of ' + outline.clock)}. Channels:"
    shown = list(outline.spans.items())
    for number, span in shown[:MOST_CHANNELS]:
        channel = outline.channels[number]
        point = channel.point or "(the file's name has the meter)"
        feeder = feeders.get(channel.point)
        whose = f"feeder {feeder}" if feeder else "not in meter-data.csv"
        unit = channel.unit or "unit not in the file"
        yield (
            f"  {one_line(point)} {one_line(channel.code)}: {MEANINGS[channel.quantity]}, {unit},"
            f" {counted(span.value_count, 'value')}; {whose}"
        )
    if len(shown) > MOST_CHANNELS:
        yield f"  and {len(shown) - MOST_CHANNELS:,} more"


def _rows(outcome: Outcome, lines: Lines) -> Iterator[str]:
    """Yield the first rows as they would be loaded."""
    yield "The first rows as they would be read:"
    for row in outcome.rows:
        yield f"  {lines.place_of(row.line)}: {_row(row)}"


def _row(row: Row) -> str:
    at = f"{row.start_at:%Y-%m-%d %H:%M} UTC" if row.start_at else f"{row.start_local} (local)"
    values = [
        f"{name.removesuffix('_raw')} {'unknown' if value is None else f'{value.normalize():f}'}"
        for name, value in row.values.items()
    ]
    factor = "" if row.multiplier == 1 else f" x {row.multiplier.normalize():f}"
    status = f"; {one_line(row.status)}" if row.status else ""
    minutes = f"{row.length.total_seconds() / 60:g} min"
    unit = f"{row.unit or 'unit unknown'}{factor}"
    return f"{at}, {minutes}, {row.feeder}: {', '.join(values)} ({unit}){status}"


def _result(inspection: Inspection, workspace: Workspace) -> Iterator[str]:
    """Yield what a run would do, and the lines that meter-data.csv lacks."""
    then = inspection.then
    is_short = then is not None and inspection.raw.layout is not None
    yield "What a run would do:"
    yield from _entries(inspection.now.entries, is_short=is_short)
    if inspection.meters:
        yield ""
        yield f"Lines for {workspace.meter_data}:"
        yield from (f"  {one_line(line)}" for line in lines_of(inspection.meters))
        doubts = dict.fromkeys(text for meter in inspection.meters for text in meter.doubts)
        yield from (f"  check: {one_line(text)}" for text in doubts)
    if then:
        given = ["that layout"] * bool(inspection.proposal) + ["those lines"] * bool(
            inspection.meters
        )
        yield f"What a run would do with {' and '.join(given)}:"
        yield from _entries(then.entries)


def _entries(entries: tuple[Entry, ...], *, is_short: bool = False) -> Iterator[str]:
    """Yield what becomes of each feeder in a file, with a letter once, or only its reason."""
    letters = set()
    for entry in entries:
        if entry.outcome == "accepted":
            count = counted(entry.checked.row_count, "row")
            yield f"  accepted: {count} of {entry.raw.feeder}, to {entry.stored_as}"
            continue
        if is_short:
            yield f"  {entry.outcome}: {one_line(entry.reason or '')}"
        elif entry.letter not in letters:
            yield f"  {entry.outcome}, with this letter:"
            yield from (f"    {line}".rstrip() for line in (entry.letter or "").splitlines())
        letters.add(entry.letter)
    notes = dict(note for entry in entries for note in entry.raw.outline.notes)
    yield from (f"  note: {note_in_words(code, count)}" for code, count in notes.items())


def _proposal(inspection: Inspection) -> Iterator[str]:
    """Yield the proposed layout."""
    yield "A layout for it, proposed from its first rows; see to each line with DOUBT:"
    yield from (f"  {line}".rstrip() for line in (inspection.proposal or "").splitlines())
    yield "(`load-profile inspect FILE --write-layout NAME` saves it as layouts/NAME.toml)"


def _others(inspection: Inspection) -> Iterator[str]:
    """Yield which other layouts were tried, and why they do not fit."""
    near = [refusal for refusal in inspection.refusals if refusal.found]
    far = [refusal.name for refusal in inspection.refusals if refusal not in near]
    yield "Other layouts that were tried:"
    yield from (f"  {refusal.name}: {_why(refusal)}" for refusal in near)
    yield f"  nothing of it is in the file: {', '.join(far)}"


def _why(refusal: Refusal) -> str:
    columns = " and ".join(_cut(str(column)) for column in refusal.missing)
    if not columns:
        return f"expected {expected(refusal.problem)}, found {found(refusal.problem)}"
    return f"no row with {columns}, beside {counted(refusal.found, 'column')} found"


def _cut(text: str) -> str:
    text = one_line(text.strip("\r\n"))
    return text if len(text) <= MOST_LETTERS else text[:MOST_LETTERS] + " ..."
