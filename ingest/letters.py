"""Say in plain words why a file was rejected and what to do. Knows words, not folders or tables."""

from datetime import datetime
from decimal import Decimal

from ingest.other_units import OtherUnit
from ingest.raw_files import TIME_FORMAT, Problem, RawFile
from ingest.sequence_breaks import Break, Release

CONTEXT_LINES = 4
MOST_LETTERS_OF_LINE = 200

TITLES = {
    "sequence_error": "sequence error: a row does not start where the row before it ended",
    "date": "impossible date: readings of the future, or of long ago",
    "other_meter": "unknown meter: the serial number in it is not that of this feeder's meter",
    "two_serials": "unknown meter: it has the serial numbers of two meters",
    "other_unit": "another unit: every value is that of another file times one factor",
    "years": "sequence error: rows are years apart",
    "doubled": "sequence error: a row is there twice",
    "contradiction": "sequence error: two rows of the same time have other values",
    "repeated_block": "sequence error: rows are there twice",
    "block": "sequence error: rows go back to times that were there before",
    "newest_first": "sequence error: the newest row is first",
    "two_meters": "sequence error: rows of two meters in turn",
    "clock_forward": "sequence error: the clock changes, the zone in meter-data.csv does not",
    "clock_forward_within": (
        "sequence error: the clock changes, the zone in meter-data.csv does not"
    ),
    "clock_back": "sequence error: the clock changes, the zone in meter-data.csv does not",
    "clock_back_within": "sequence error: the clock changes, the zone in meter-data.csv does not",
    "skipped_hour": "sequence error: a row lies in an hour that the clock skips",
    "interleaved_hour": "sequence error: the two passes of the repeated hour are mixed",
    "backward_row": "sequence error: a row ends before it starts",
    "unreadable": "unreadable: something in the file is not as a raw export writes it",
    "unknown_meter": "unknown meter: meter-data.csv does not have this feeder at that time",
    "empty": "empty: there are no data rows in it",
}
ADVICE = {
    "date": (
        "If the clock of the meter or of the read-out is wrong, set it and read the meter out\n"
        "again; or correct the dates with a text editor (a spreadsheet changes other cells too)\n"
        "and drop the file again. If this computer's date is wrong, set that. If you release the\n"
        "file, all time between these rows and the others becomes a gap of every feeder."
    ),
    "other_meter": (
        "If the file is of another feeder, name it for that and drop it again. If the meter was\n"
        "exchanged, add a row to meter-data.csv with the new meter, its multiplier and its\n"
        "valid_from, end the old row with valid_to, and drop the file again. If the serial number\n"
        "in meter-data.csv is wrong, correct it there. If you are sure of the file, release it,\n"
        "see below."
    ),
    "two_serials": (
        "Export each meter into a file of its own, named for its feeder, and drop them. If the\n"
        "meter was exchanged within this file, give the feeder a row in meter-data.csv for each\n"
        "meter and drop the file again. If you are sure of it as it is, release it, see below."
    ),
    "midnight_slip": (
        "The values are good, the dates of these rows are not. Export the file again, if there is\n"
        "one with a newer version of the meter-reading tool; or mend the dates with a text editor\n"
        "(a spreadsheet changes other cells too) and drop the file again. Do not release it as it\n"
        "is: these rows would stand a day from where they belong."
    ),
    "unreadable": (
        "Export the file again from the meter-reading tool and drop it. If a program such as a\n"
        "spreadsheet saved it, use the file that came from the meter instead."
    ),
    "unknown_meter": (
        "The feeder is the part of the file name before -MMDDYY-HHMMSS_MMDDYY-HHMMSS (its first\n"
        "start and last end), or before the first '-' of a name without such a span. Correct the\n"
        "name, or add the feeder (or a row valid at that time) to meter-data.csv, then drop this\n"
        "file again."
    ),
    "empty": "Read the meter out again for this period and drop the new file.",
}


# Of a broken sequence: what was expected and found, and what to do about it.
EXPECTED = {
    "years": "Start Time {previous_end}, the End Time of the row before",
    "hole": "Start Time {previous_end}, the End Time of the row before",
    "doubled": "each row once",
    "contradiction": "one row only that starts at {start}",
    "block": "Start Time {previous_end}, the End Time of the row before",
    "repeated_block": "Start Time {previous_end}, the End Time of the row before",
    "misfit": "Start Time {previous_end}, the End Time of the row before",
    "newest_first": "rows in the order of their times",
    "two_meters": "the rows of one meter",
    "clock_forward": "Start Time {previous_end}, the End Time of the row before",
    "clock_forward_within": "a row as long as the others from Start Time {start}",
    "clock_back": "Start Time {previous_end}, the End Time of the row before",
    "clock_back_within": "End Time after Start Time {start}",
    "skipped_hour": "a time that the clock of {timezone} shows",
    "interleaved_hour": "the repeated hour of {timezone}, first one pass of it and then the other",
    "backward_row": "End Time after Start Time {start}",
}
FOUND = {
    "hole": "Start Time {start}: {count} missing",
    "years": "Start Time {start}: more than a year from there",
    "doubled": "the same row again: same Start Time {start}, same End Time, same values",
    "contradiction": "another row with Start Time {start}, with the same End Time and other values",
    "block": "Start Time {start}: {rows} of times seen before, {differing} with other values",
    "repeated_block": "Start Time {start}: {rows} that were there before, with the same values",
    "misfit": "Start Time {start}",
    "newest_first": "{rows}, the newest first",
    "two_meters": "{rows} with the times of the row before and other values, as of two meters",
    "clock_forward": "Start Time {start}: as the clocks of {zones} went forward",
    "clock_forward_within": "End Time {end}: as the clocks of {zones} went forward",
    "clock_back": "Start Time {start}: as the clocks of {zones} went back",
    "clock_back_within": "End Time {end}: as the clocks of {zones} went back",
    "skipped_hour": "Start Time {start}, in the hour that it skips",
    "interleaved_hour": "rows of the same time in pairs, {count} from Start Time {start} on",
    "backward_row": "End Time {end}",
}
READ_AGAIN = "Read the meter out again for this period and drop the new file."
TIME_SET = (
    "If the meter itself has it so (power failure, clock set), release the file, see below. Do\n"
    "not cut it in two: rows on either side of a change of the clock need one another."
)
REPEATED = (
    "Export the file again, or take the rows that are there twice out with a text editor, once (a\n"
    "spreadsheet changes other cells too), and drop it. Or release it, see below."
)
RELEASE = "To release it, in the folder that holds data/KW (elsewhere add --root and that folder):"
DECIDE = (
    "Read the meter out again for this period and drop the new file. If you release this one, see\n"
    "below, the later of two rows of the same time counts, right or wrong."
)
ZONE = (
    "The meter's clock follows daylight-saving time, and the timezone of this feeder in\n"
    "meter-data.csv, {timezone}, does not change then. Write the zone where it stands there:\n"
    "  {zones}\n"
    "and drop the file again as it is. Do not cut or release it: rows would be an hour from where\n"
    "they belong and replace good readings."
)
SEQUENCE_ADVICE = {
    "years": (
        "A date is wrong, or files of different years were joined: correct the date with a text\n"
        "editor (a spreadsheet changes other cells too), or drop the files one by one."
    ),
    "hole": f"{READ_AGAIN}\n{TIME_SET}",
    "misfit": f"{READ_AGAIN}\n{TIME_SET}",
    "backward_row": f"{READ_AGAIN}\n{TIME_SET}",
    "doubled": REPEATED,
    "contradiction": DECIDE,
    "block": DECIDE,
    "repeated_block": REPEATED,
    "newest_first": (
        "Export the file again with the oldest row first, and drop it. Or release it, see below,\n"
        "unless the repeated hour of autumn is in it, whose two passes only the order tells apart."
    ),
    "two_meters": (
        "Export each meter into a file of its own, named for its feeder, and drop them. Do not\n"
        "release this one: of two rows with the same time only one would count."
    ),
    "clock_forward": f"{ZONE} If its clock has one time all year, an hour is missing:\nread again.",
    "clock_forward_within": ZONE,
    "clock_back": ZONE,
    "clock_back_within": ZONE,
    "skipped_hour": (
        "The meter's clock does not follow the zone {timezone} that meter-data.csv gives this\n"
        "feeder: correct timezone there (a fixed one such as Etc/GMT+7 for a meter that keeps\n"
        "standard time), or read the meter out again. Then drop the file again as it is."
    ),
    "interleaved_hour": (
        "Read the meter out again and drop the new file: a good one has the whole first pass of\n"
        "the hour before the second. Or release it, see below."
    ),
}
NEVER_RELEASED = {
    "two_meters",
    "clock_forward",
    "clock_forward_within",
    "clock_back",
    "clock_back_within",
    "skipped_hour",
    "midnight_slip",
}
MOST_BREAKS = 5
# What is wrong, beside a broken sequence, that a person can accept after review.
RELEASABLE = {"date", "other_meter", "two_serials", "other_unit"}
MOST_FILES = 3  # of those whose values a file has in another unit
# What such a factor usually is.
FACTORS = {
    Decimal("0.5"): "energy of half hours against average power",
    Decimal(2): "average power of half hours against energy",
    Decimal("0.25"): "energy of quarter hours against average power",
    Decimal(4): "average power of quarter hours against energy",
}
PREFIXES = {Decimal(10) ** power for power in (-6, -3, -2, -1, 1, 2, 3, 6)}
OTHER_UNIT_ADVICE = """\
Of two files in different units only one fits channel_unit and multiplier in meter-data.csv, and
the two do not say which.
If {files} is right, do nothing.
If this file is right, take the other out of use and drop this one again:
{commands}
If the exports of this feeder are in the other unit from some day on, give it one more row in
meter-data.csv with that channel_unit (or multiplier) and valid_from, and export from that day.
If you are sure that the values of this file have to replace the others, release it, see below."""


def sequence_problem(breaks: tuple[Break, ...], release: Release) -> Problem:
    """The problem of a file with these breaks, in words: the first one, and how many follow."""
    first = breaks[0]
    more = f"; and {_count(len(breaks) - 1, 'more break')}" if len(breaks) > 1 else ""
    return Problem(
        "sequence_error",
        first.line,
        _said(EXPECTED, first),
        _said(FOUND, first) + more,
        first.record,
        first.kind,
        breaks,
        release,
    )


def other_unit_problem(unit: OtherUnit) -> Problem:
    """The problem of a file that is in another unit than the files of which it has readings."""
    names = [one_line(name) for name in unit.names[:MOST_FILES]]
    left = len(unit.names) - MOST_FILES
    files = " and ".join(names) + (f" and {_count(left, 'more file')}" if left > 0 else "")
    usual = FACTORS.get(unit.factor) or (
        "the prefix of a unit, such as W against kW" if unit.factor in PREFIXES else "a multiplier"
    )
    commands = [f'  load-profile withdraw "{name}" --reason "..."' for name in names]
    return Problem(
        "sequence_error",
        None,
        f"values in the unit of {files}",
        f"every value x {unit.factor:,.6g} in all {unit.intervals:,} intervals that both have, "
        f"usually {usual}",
        code="other_unit",
        advice=OTHER_UNIT_ADVICE.format(
            files=files, commands="\n".join(commands + ["  ..."] * (left > 0))
        ),
    )


def _said(words: dict[str, str], found: Break) -> str:
    unit = "interval" if found.kind == "hole" else "row"
    return words[found.kind].format(
        start=f"{found.start:{TIME_FORMAT}}",
        end=f"{found.end:{TIME_FORMAT}}",
        previous_end=f"{found.previous_end:{TIME_FORMAT}}",
        count=_count(found.count, unit),
        rows=_count(found.count, "row"),
        differing=found.differing,
        timezone=found.timezone,
        zones=" or ".join(found.zones),
    )


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def _list_of_breaks(breaks: tuple[Break, ...]) -> str:
    """The first breaks, one a line."""
    lines = [f"  line {b.line}, record {b.record}: {_said(FOUND, b)}" for b in breaks[:MOST_BREAKS]]
    left = len(breaks) - MOST_BREAKS
    lines += [f"  and {left:,} more"] * (left > 0)
    return f"The sequence breaks at {_count(len(breaks), 'place')}:\n" + "\n".join(lines)


def _advice(problem: Problem) -> str:
    """What to do about all that is wrong, each kind once."""
    own = (
        problem.advice
        or ADVICE.get(problem.code)
        or ("" if problem.breaks else ADVICE[problem.outcome])
    )
    if problem.code == "midnight_slip":
        return own
    of_kind = {found.kind: found for found in reversed(problem.breaks)}
    kinds = dict.fromkeys(found.kind for found in problem.breaks)
    texts = (_said(SEQUENCE_ADVICE, of_kind[kind]) for kind in kinds)
    return "\n".join(dict.fromkeys(text for text in (own, *texts) if text))


def _release_of(problem: Problem, stored_as: str) -> str:
    """What releasing the file would do."""
    command = f'load-profile release "{one_line(stored_as)}" --reason "..."'
    release = problem.release
    if release is None:
        return f"{RELEASE}\n  {command}"
    missing = _count(release.missing, "interval") if release.missing else "no interval"
    done = [f"{_count(release.rows, 'row')} taken in", f"{missing} left as a gap"]
    if release.repeats:
        done.append(f"{_count(release.repeats, 'row')} not used, being equal to another")
    if release.replaced:
        done.append(f"{_count(release.replaced, 'row')} replaced by a later one of the same time")
    if release.undecided:
        done.append(
            f"{_count(release.undecided, 'row')} of the repeated hour could not be told apart"
        )
    return f"{RELEASE}\n  {command}\nThat makes: " + "; ".join(done) + "."


def write_letter(raw: RawFile, problem: Problem, stored_as: str, now: datetime) -> str:
    """The letter that lies beside a rejected file: first bad line, expected, found, what to do."""
    record = f" (record {problem.record})" if problem.record is not None else ""
    facts = {
        "File": raw.name,
        "Rejected as": TITLES.get(problem.code) or TITLES[problem.outcome],
        "When": f"{now:%Y-%m-%d %H:%M:%S} UTC",
        "Where it is": f"{stored_as} (not one byte changed)",
        "sha256": raw.sha256,
        "First bad line": f"{problem.line}{record}" if problem.line else "the file as a whole",
        "Expected": problem.expected,
        "Found": problem.found,
    }
    parts = ["\n".join(f"{name + ':':<16}{one_line(value)}" for name, value in facts.items())]
    if problem.line:
        parts.append("In the file, with line numbers:\n" + _context(raw, problem.line))
    if len(problem.breaks) > (problem.code not in RELEASABLE):
        parts.append(_list_of_breaks(problem.breaks))
    parts.append("What to do:\n" + _advice(problem))
    kinds = {problem.code, *(found.kind for found in problem.breaks)}
    if (problem.release or problem.code in RELEASABLE) and not kinds & NEVER_RELEASED:
        parts.append(_release_of(problem, stored_as))
    parts.append("None of its rows were loaded. To leave things as they are, do nothing.")
    return "\n\n".join(parts) + "\n"


def _context(raw: RawFile, bad_line: int) -> str:
    """The bad line, four lines before and after it, each with its number."""
    first = max(1, bad_line - CONTEXT_LINES)
    lines = _lines(raw, first, bad_line + CONTEXT_LINES)
    return "\n".join(
        f"{'>' if number == bad_line else ' '} {number:>7}  {line}"
        for number, line in enumerate(lines, first)
    )


def _lines(raw: RawFile, first: int, last: int) -> list[str]:
    """Lines `first` to `last` of a file as text, long ones cut, odd bytes shown as escapes."""
    try:
        data = raw.path.read_bytes()
    except OSError:
        return []
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")[first - 1 : last]
    texts = (line.decode("utf-8-sig", "backslashreplace") for line in lines)
    return [
        one_line(text[:MOST_LETTERS_OF_LINE]) + (" ..." if text[MOST_LETTERS_OF_LINE:] else "")
        for text in texts
    ]


def one_line(text: str) -> str:
    """The text with control characters and broken code points shown as escapes."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "replace").decode()
        for char in text
    )


def visible(text: str) -> str:
    """The same for a text of several lines."""
    return "\n".join(map(one_line, text.split("\n")))
