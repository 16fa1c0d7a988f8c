"""Propose a layout for a delimited file that none fits, with every doubt as a comment. Saves none.

A proposal is a start for a person: what it could not know is marked `DOUBT`, and is never used
before somebody has saved it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from ingest.layouts.delimited_text import LINE_END, cells_of, text_of
from ingest.layouts.delimited_values import unit_in
from ingest.layouts.layout_file import Dialect
from ingest.layouts.parsed import LayoutError

DATES = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d.%m.%Y", "%d.%m.%y", "%d-%m-%Y", "%d/%m/%Y", "%m/%d/%Y"),
    *("%m-%d-%Y", "%d/%m/%y", "%m/%d/%y", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y"),
)
CLOCKS = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p", "%H:%M:%S.%f")
MOMENTS = tuple(
    f"{date}{mark}{clock}{offset}"
    for date in DATES
    for mark in (" ", "T")
    for clock in CLOCKS
    for offset in ("", "%z")
)
# Direction words of English, German, French, Dutch, Spanish and Italian exports, received first:
# "received" must not be taken for a delivery of the customer.
RECEIVED = r"rec|received|exp|export(ed)?|generation|einspeisung|lieferung|production|injecti(e|on)"
DELIVERED = r"del|delivered|imp|import(ed)?|consumption|usage|bezug|verbrauch|consommation|afname"
STATUS = r"status|event( type)?|quality|flag|estimated.*|.*status"
SERIAL = r".*(serial|meter|mprn|nmi|prm|esiid|ean|zählpunkt|zaehlpunkt).*"
ROWS_LOOKED_AT = 400


@dataclass
class _Found:
    """What is known of a file, as lines of TOML by section, and its doubts."""

    top: list[str] = field(default_factory=list)
    dialect: list[str] = field(default_factory=list)
    header: tuple[str, ...] = field(default_factory=list)
    time: list[str] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Return the layout file."""
        sections = [
            *self.top,
            *("", "[dialect]", *self.dialect, "", "[header]", *self.header),
            *("", "[time]", *self.time, *self.rest),
        ]
        return "\n".join(sections) + "\n"


def propose(data: bytes, name: str = "my-layout") -> str:
    """Return a layout file for a delimited file; raise LayoutError if there is no table in it."""
    found = _Found([f'name = "{name}"', 'title = "proposed"'])
    try:
        text = text_of(data, ("utf-8",))
        encoding = "utf-8"
    except LayoutError:
        text = text_of(data, ("cp1252",))
        encoding = "cp1252"
    lines = LINE_END.split(text)[: ROWS_LOOKED_AT + 200]
    delimiter, at, rows = table_in(lines)
    header = rows[0]
    body = [row for row in rows[1:] if len(row) == len(header)]
    found.dialect.append(f"delimiter = {_quoted(delimiter)}")
    if encoding != "utf-8":
        found.dialect.append('encoding = "cp1252"  # DOUBT: no UTF-8; other code pages differ')
    times = _times(header, body, found)
    decimal = _decimal([c for row in body for i, c in enumerate(row) if i not in times], delimiter)
    found.dialect.append(decimal)
    if len(set(map(str.casefold, header))) < len(header):
        found.header.append("# DOUBT: two columns have the same header; name columns by number")
    marks = [header[place] for place in times][:2]
    _values(header, body, times, marks, found)
    found.header.insert(0, f"match = [{', '.join(_quoted(text) for text in marks)}]")
    if at:
        found.header.append(
            f"# {at} lines above the header are skipped; point.above may find a name"
        )
    return found.text()


def table_in(lines: list[str], names: Sequence[str] = ()) -> tuple[str, int, list[tuple[str, ...]]]:
    """Return delimiter, line of the header (from 0) and the rows from it on.

    The header is the first line with `names`, without them the first as wide as most.
    """
    best: tuple[int, str, int] | None = None
    for delimiter in (";", "\t", ",", "|"):
        counts = [line.count(delimiter) for line in lines]
        usual = max((c for c in set(counts) if c), key=counts.count, default=0)
        if usual and (best is None or counts.count(usual) > best[0]):
            best = (counts.count(usual), delimiter, usual)
    if best is None or (best[0] < 3 and not names):
        raise LayoutError("layout_header", values={"layout": ""})
    _, delimiter, usual = best
    at = next(number for number, line in enumerate(lines) if line.count(delimiter) == usual)
    if names:
        at = _line_with(lines, delimiter, names)
    rows = [row for row in cells_of(lines[at:], delimiter, Dialect()) if any(row)]
    if not any(re.search(r"[^\W\d]", cell) for cell in rows[0]) or len(rows) < 3 - bool(names):
        raise LayoutError("layout_header", values={"layout": ""})
    return delimiter, at, rows


def _line_with(lines: list[str], delimiter: str, names: Sequence[str]) -> int:
    """Return the first line, from 0, that has all names as cells."""
    for number, line in enumerate(lines):
        if all(name in line for name in names):
            cells = cells_of([line], delimiter, Dialect())[0]
            if set(names) <= set(cells):
                return number
    raise LayoutError("layout_columns", values={"column": " and ".join(names), "count": 0})


def formats_of(texts: list[str], formats: tuple[str, ...]) -> list[str]:
    """Return the formats that read nine of ten texts (the others may be totals)."""
    found = []
    for form in formats:
        if not texts or not _reads(texts[0], form):
            continue
        series = pd.Series(texts, dtype=object)
        read = pd.to_datetime(series, format=form, errors="coerce", utc=True)
        if read.notna().mean() >= 0.9:
            found.append(form)
    return found


def _reads(text: str, form: str) -> bool:
    """Whether a format reads a text."""
    try:
        return datetime.strptime(text, form) is not None
    except ValueError:
        return False


def _times(header: tuple[str, ...], body: list[tuple[str, ...]], found: _Found) -> list[int]:
    """Write where the times are; return their columns."""
    columns = [[row[place] for row in body] for place in range(len(header))]
    moments = {
        place: form for place, c in enumerate(columns) if (form := formats_of(c[:50], MOMENTS))
    }
    dates = {place: form for place, c in enumerate(columns) if (form := formats_of(c[:50], DATES))}
    clocks = {
        place: form for place, c in enumerate(columns) if (form := formats_of(c[:50], CLOCKS))
    }
    if moments:
        places = list(moments)[:2]
        first = moments[places[0]]
        named = [_quoted(header[place]) for place in places]
        if len(places) == 2:
            found.time += [f"start = {named[0]}", f"end = {named[1]}"]
        else:
            found.time += _label(header[places[0]], named[0])
    elif dates and clocks:
        date = next(iter(dates))
        places = [date, *[place for place in clocks if place != date][:2]]
        first = [f"{d} {c}" for d in dates[date] for c in clocks[places[1]]]
        named = [f"[{_quoted(header[date])}, {_quoted(header[p])}]" for p in places[1:]]
        if len(named) == 2:
            found.time += [f"start = {named[0]}", f"end = {named[1]}"]
        else:
            found.time += _label(header[places[1]], named[0])
    elif dates:
        places, first = [next(iter(dates))], dates[next(iter(dates))]
        found.time.append(f"label = {_quoted(header[places[0]])}")
        found.time.append('labels = "start"  # DOUBT: or "end", if 00:15 ends at 00:15')
    else:
        raise LayoutError(
            "layout_time", values={"column": "", "text": body[0][0], "formats": "a time"}
        )
    note = ""
    if len({_order(form) for form in first}) > 1:
        note = "  # DOUBT: day and month can be swapped; leave the right one"
    found.time.append(f"formats = [{', '.join(_quoted(form) for form in first)}]{note}")
    if all("%z" in form for form in first):
        found.time.append('clock = "offset"')
    else:
        found.time.append('clock = "meter"  # DOUBT: or UTC, +01:00, an IANA zone')
    return places


def _order(form: str) -> str:
    """Return the order of year, month and day in a format."""
    return re.sub(r"[^ymd]", "", form.replace("%b", "m").casefold().replace("%m:", ""))[:3]


def _label(text: str, named: str) -> list[str]:
    """Return whether a single time is start or end, by its header."""
    if re.search(r"(?i)\bend|\bto\b|\bbis\b|\bfin\b", text):
        return [f"end = {named}"]
    if re.search(r"(?i)start|from|\bvon\b|\bab\b|d[ée]but|\bvan\b", text):
        return [f"start = {named}"]
    return [f"start = {named}  # DOUBT: write end = ... if the time is the end of the interval"]


def _decimal(cells: list[str], delimiter: str) -> str:
    """Return the decimal character that the values have."""
    commas = sum(bool(re.fullmatch(r"-?\d+,\d+", cell)) for cell in cells)
    points = sum(bool(re.fullmatch(r"-?\d*\.\d+", cell)) for cell in cells)
    if commas and points:
        return 'decimalChar = [".", ","]  # DOUBT: both occur; one may be groupChar'
    if commas:
        return 'decimalChar = ","'
    return 'decimalChar = "."'


def _values(
    header: tuple[str, ...],
    body: list[tuple[str, ...]],
    times: list[int],
    marks: list[str],
    found: _Found,
) -> None:
    """Write which columns are values of what."""
    numeric = [
        place
        for place, text in enumerate(header)
        if place not in times and text and _is_numeric([row[place] for row in body])
    ]
    others = [place for place in range(len(header)) if place not in times and place not in numeric]
    point = next((p for p in [*others, *numeric] if re.fullmatch(SERIAL, header[p], re.I)), None)
    status = next((p for p in others if re.fullmatch(STATUS, header[p], re.I)), None)
    if point is not None:
        found.rest += ["", "[point]", f"column = {_quoted(header[point])}"]
    else:
        found.rest += ["", "# DOUBT: no column names the meter; the file's name has to"]
    if status is not None:
        found.rest += ["", "[status]", f"column = {_quoted(header[status])}"]
    numeric = [place for place in numeric if place != point]
    if not numeric:
        raise LayoutError("no_rows", values={"layout": ""})
    is_day = any(line.startswith("label") for line in found.time)
    if is_day and len(numeric) >= 23:
        return _day(header, numeric, found)
    named = [(p, _quantity(header[p])) for p in numeric]
    is_meters = len(named) > 2 and not any(quantity for _, quantity in named)
    if is_meters:
        found.rest += ["", "# DOUBT: each column is taken for a meter of that name", "[wide]"]
        found.rest += ['over = "points"', "columns = '(?P<point>.+)'"]
        found.rest += [
            'quantity = "del"  # DOUBT: or net, if received is negative',
            'unit = "header"',
        ]
        return None
    marks += [header[place] for place, quantity in named if quantity][:1]
    taken: set[str] = set()
    for place, quantity in named:
        unit = unit_in(header[place])
        doubt = "" if quantity else "  # DOUBT: what it measures is not in its header"
        if quantity and quantity in taken:
            doubt, quantity = f"  # DOUBT: {quantity} too, as an earlier column", ""
        taken.add(quantity)
        found.rest += ["", "[[channel]]", f"columns = {_quoted(header[place])}"]
        found.rest.append(f'quantity = "{quantity}"{doubt}')
        unit_line = f'unit = "{unit}"' if unit else '# DOUBT: the unit; add unit = "kWh" or another'
        found.rest.append(unit_line)
    return None


def _day(header: tuple[str, ...], numeric: list[int], found: _Found) -> None:
    """Write that a row is a day."""
    texts = [header[place] for place in numeric]
    pattern = r"\D*(?P<n>\d{1,3})"
    if all(re.fullmatch(r"\D*\d{1,2}:\d\d(:00)?", text) for text in texts):
        pattern = r"\D*(?P<hour>\d{1,2}):(?P<minute>\d\d)(:00)?"
    found.rest += ["", "[wide]", 'over = "times"', f"columns = '{pattern}'"]
    found.rest += ['quantity = "del"  # DOUBT: the direction is not in the headers']
    found.rest += ['# DOUBT: the unit; add unit = "kWh" or another']


def _is_numeric(cells: list[str]) -> bool:
    filled = [cell for cell in cells if cell and cell != "-"]
    return bool(filled) and all(re.fullmatch(r"[+-]?[\d.,' ]*\d", cell) for cell in filled[:50])


def _quantity(text: str) -> str:
    """Return what a header says that its column measures, "" if it does not."""
    plain = text.casefold()
    direction = ""
    for word, pattern in (("rec", RECEIVED), ("del", DELIVERED)):
        if re.search(rf"(?<![^\W_])({pattern})(?![^\W_])", plain):
            direction = word
            break
    if re.search(r"k?varh?", plain):
        return f"kvar_{direction or 'net'}"
    if re.search(r"k?vah?(?![a-z])", plain):
        return f"kva_{direction or 'net'}"
    if unit_in(text) or direction:
        return direction
    return ""


def _quoted(text: str) -> str:
    """Return a text as a TOML string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return f'"{escaped}"'
