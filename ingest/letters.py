"""Say in plain words why a file was rejected and what to do. Knows words, not folders or tables."""

from datetime import datetime

from ingest.raw_files import Problem, RawFile

CONTEXT_LINES = 4
MOST_LETTERS_OF_LINE = 200

TITLES = {
    "sequence_error": "sequence error: a row does not start where the row before it ended",
    "unreadable": "unreadable: something in the file is not as a raw export writes it",
    "unknown_meter": "unknown meter: meter-data.csv does not have this feeder at that time",
    "empty": "empty: there are no data rows in it",
}
ADVICE = {
    "sequence_error": (
        "Read the meter out again for this period and drop the new file. If the meter itself has\n"
        "the hole (power failure, clock set), cut the file in two before the bad line, with the\n"
        "header row in both, and drop both parts; the hole then shows as a gap."
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
        "The feeder is the part of the file name before the first '-'. Correct the name, or add\n"
        "the feeder (or a row valid at that time) to meter-data.csv, then drop this file again."
    ),
    "empty": "Read the meter out again for this period and drop the new file.",
}


def write_letter(raw: RawFile, problem: Problem, stored_as: str, now: datetime) -> str:
    """The letter that lies beside a rejected file: first bad line, expected, found, what to do."""
    record = f" (record {problem.record})" if problem.record is not None else ""
    facts = {
        "File": raw.name,
        "Rejected as": TITLES[problem.outcome],
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
    parts.append("What to do:\n" + ADVICE[problem.advice or problem.outcome])
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
