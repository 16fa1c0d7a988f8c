"""Put problems into words: the letter beside a rejected file, and its reason in the ledger.

All words are in letters.toml, but for counted nouns with their plural and the `and`, `or` of lists,
which are here. Knows problems, not folders or tables.
"""

import json
import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

from ingest.layouts.interface import RawFile
from ingest.problems import OUTCOME_OF, RELEASABLE, Problem
from ingest.sequence_breaks import Break, Release, Row
from ingest.words import counted

TIME_FORMAT = "%m/%d/%y %H:%M:%S"
CONTEXT_LINES = 4
MOST_LETTERS_OF_LINE = 200
MOST_BREAKS = 5
# what notes count, each with its plural
NOTED = ("row", "interval", "hole", "time", "value", "column", "meter", "file", "line", "count")
MOST_NAMES = 20  # of meters or channels
MOST_FILES = 3  # of those whose values a file has in another unit
PREFIXES = {Decimal(10) ** power for power in (-6, -3, -2, -1, 1, 2, 3, 6)}

Words = Mapping[str, str]


@cache
def _all_words() -> dict[str, dict]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


@cache
def _words(code: str) -> dict:
    """Return the words of a problem: its own, else those of its like, else of its outcome."""
    own = _all_words()["codes"][code]
    base = _words(own["like"]) if "like" in own else _all_words()["outcomes"][OUTCOME_OF[code]]
    return {**base, **own}


def expected(problem: Problem) -> str:
    """Return what a file was expected to hold."""
    return _text("expected", problem)


def found(problem: Problem) -> str:
    """Return what was found instead."""
    more = ""
    if _is_break(problem) and len(problem.breaks) > 1:
        breaks = counted(len(problem.breaks) - 1, "more break")
        more = _all_words()["reason"]["more_breaks"].format(breaks=breaks)
    return _text("found", problem) + more


def reason(problem: Problem) -> str:
    """Return all of a problem in one line, as raw.files has it."""
    words = _all_words()["reason"]
    where = words["line"].format(line=problem.line) if problem.line else words["file"]
    where = _in_member(problem) or where
    if problem.record is not None:
        where += words["record"].format(record=problem.record)
    return words["text"].format(where=where, expected=expected(problem), found=found(problem))


def write_letter(
    raw: RawFile,
    problem: Problem,
    stored_as: str,
    now: datetime,
    release_as: str | None = None,
    others: Sequence[tuple[str, Problem]] = (),
) -> str:
    """Return the letter of a rejected file: first bad line, expected, found, what to do.

    `release_as` is what a release has to name, by default `stored_as`; `others` are the other
    feeders of the file, of which nothing was used either.
    """
    words = _all_words()["letter"]
    parts = [_facts(raw, problem, stored_as, now)]
    if problem.line and (context := _context(raw, problem)):
        parts.append(words["context"] + "\n" + context)
    elif problem.code == "no_layout" and (lines := _first_lines(raw)):
        parts.append(words["beginning"] + "\n" + "\n".join(lines))
    if len(problem.breaks) > (problem.code not in RELEASABLE):
        parts.append(_list_of_breaks(problem.breaks))
    parts.append(words["advice"] + "\n" + _advice(problem))
    if problem.code == "no_layout":
        parts.append(words["inspect"].strip("\n").format(place=one_line(stored_as)))
    if problem.is_releasable:
        parts.append(_release_of(problem, release_as or stored_as))
    if problem.is_holed:
        parts.append(words["holed"].strip())
    if others:
        lines = (f"  {feeder}: {reason(found)}" for feeder, found in others)
        parts.append("\n".join([words["others"], *map(one_line, lines)]))
    return "\n\n".join([*parts, words["end"]]) + "\n"


def notes_in_words(notes: str | None) -> list[str]:
    """Return what was normalised in a file, from its notes in the ledger."""
    return [note_in_words(code, count) for code, count in json.loads(notes or "{}").items()]


def note_in_words(code: str, count: int) -> str:
    """Return what was normalised so often; a code without words as it is."""
    text = _all_words()["notes"].get(code, f"{code} ({{count:,}})")
    return text.format(count=count, **{f"{noun}s": counted(count, noun) for noun in NOTED})


def closing_note(name: str, letter: str) -> str:
    """Return the letter of a rejected file that an accepted one has replaced."""
    return _all_words()["letter"]["closed"].format(name=one_line(name)) + "\n\n" + letter


def _facts(raw: RawFile, problem: Problem, stored_as: str, now: datetime) -> str:
    """Return the head of a letter, one fact a line."""
    words = _all_words()["letter"]
    if not problem.line:
        line = _in_member(problem) or words["no_line"]
    elif in_member := _in_member(problem):
        line = in_member
    elif problem.record is None:
        line = str(problem.line)
    else:
        line = words["line_text"].format(line=problem.line, record=problem.record)
    facts = {
        "file": raw.name,
        **({"feeder": words["feeder_text"].format(raw=raw)} if raw.part and raw.part.name else {}),
        "title": _words(problem.code)["title"],
        "when": words["when_text"].format(when=now),
        "place": words["place_text"].format(place=stored_as),
        "hash": raw.sha256,
        "line": line,
        "expected": expected(problem),
        "found": found(problem),
    }
    return "\n".join(f"{words[name] + ':':<16}{one_line(text)}" for name, text in facts.items())


def _is_break(problem: Problem) -> bool:
    """Whether the words of a problem are those of the first break of its sequence."""
    return bool(problem.breaks) and problem.breaks[0].kind == problem.code


def _text(key: str, problem: Problem) -> str:
    """Return one text of a problem, with its values in place."""
    if _is_break(problem):
        return _text_of_break(key, problem.breaks[0])
    return _words(problem.code)[key].format(**_texts(problem))


def _text_of_break(key: str, found: Break) -> str:
    return _words(found.kind)[key].format(
        start=_time(found.start),
        end=_time(found.end),
        previous_end=_time(found.previous_end),
        intervals=counted(found.count, "interval"),
        rows=counted(found.count, "row"),
        differing=found.differing,
        timezone=found.timezone,
        zones=" or ".join(found.zones),
        pair=_pair(found.pair) if found.pair else "",
    )


def _pair(rows: tuple[Row, Row]) -> str:
    """Return where two rows of one time are, and what each has."""
    words = _all_words()["reason"]
    first, second = (_values(row) or words["no_value"] for row in rows)
    return words["pair"].format(
        first_line=rows[0].line, first_values=first, line=rows[1].line, values=second
    )


def _values(row: Row) -> str:
    """Return what a row has in its channels, up to the last with a value."""
    *values, long_values = row.values
    if long_values:
        return long_values
    texts = ["-" if value is None else f"{Decimal(value).normalize():f}" for value in values]
    return " ".join(texts).rstrip(" -")


def _texts(problem: Problem) -> dict[str, object]:
    """Return the values of a problem as its words name them, times and columns as text."""
    words, values = _words(problem.code), problem.values
    texts = {
        name: _time(value) if isinstance(value, datetime) else value
        for name, value in values.items()
    }
    if "column" in values:
        texts["column"] = _all_words()["columns"].get(values["column"], values["column"])
    for name in ("codes", "points"):
        if name in values:
            texts[name] = _listed(values[name])
            texts["first"] = values[name][0] if values[name] else ""
    if problem.code == "no_layout":
        texts |= looks_like(values["look"], values["count"])
    elif problem.code == "date":
        texts["year"] = values["start"].year
    elif problem.code in ("other_meter", "midnight_slip", "other_unit"):
        more = {
            "other_meter": _meter_texts,
            "midnight_slip": _slip_texts,
            "other_unit": _unit_texts,
        }
        texts |= more[problem.code](words, values)
    return texts


def looks_like(code: str, count: int) -> dict[str, str]:
    """Return what a file looks like, and what to do about it."""
    words = _all_words()["looks"]
    found = {"advice": words["advice"], **words[code]}
    return {"look": found["text"].format(count=count), "look_advice": found["advice"].strip("\n")}


def _listed(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    left = len(names) - MOST_NAMES
    return " ".join(names[:MOST_NAMES]) + (f" and {left:,} more" if left > 0 else "")


def _meter_texts(words: Words, values: Mapping) -> dict[str, str]:
    """Return which meters a serial number should be of, and of which feeder's meter it is."""
    known = " and ".join(map(repr, values["known"]))
    whose = words["whose"].format(known=known) if known else ""
    return {"own": " or ".join(values["own"]), "whose": whose}


def _slip_texts(words: Words, values: Mapping) -> dict[str, str]:
    """Return what differs first in the times of a row, and which rows carry a wrong date."""
    found_start, found_end, start, end = values["times"]
    is_start = found_start != start
    column = _all_words()["columns"]["start_local" if is_start else "end_local"]
    starts, slips = values["starts_at_midnight"], values["slip_count"]
    kind = "rows_at_midnight" if len(starts) > 1 else "row_starts" if starts[0] else "row_ends"
    sides = (words["before" if earlier else "after"] for earlier in reversed(values["is_earlier"]))
    return {
        "column": column,
        "wrong": _time(found_start if is_start else found_end),
        "right": _time(start if is_start else end),
        "slips": f"{slips:,}",
        "rows": f"{counted(values['row_count'], 'row')}",
        "verb": words["looks" if slips == 1 else "look"],
        "where": words[kind].format(days=" or ".join(sides)),
        "more": words["more"] if values["has_other_breaks"] else "",
    }


def _unit_texts(words: Words, values: Mapping) -> dict[str, str]:
    """Return which files have the values in another unit, and what such a factor usually is."""
    names = [one_line(name) for name in values["names"][:MOST_FILES]]
    left = len(values["names"]) - MOST_FILES
    files = " and ".join(names) + (f" and {counted(left, 'more file')}" if left > 0 else "")
    factor = values["factor"]
    kind = words["prefix"] if factor in PREFIXES else words["multiplier"]
    usual = words["factors"].get(f"{factor.normalize():f}", kind)
    commands = [words["command"].format(name=name) for name in names] + ["  ..."] * (left > 0)
    return {"files": files, "usual": usual, "commands": "\n".join(commands)}


def _time(moment: datetime) -> str:
    return f"{moment:{TIME_FORMAT}}"


def _list_of_breaks(breaks: tuple[Break, ...]) -> str:
    """Return the first breaks, one a line."""
    words = _all_words()["letter"]
    lines = [words["breaks"].format(places=counted(len(breaks), "place"))]
    lines += [
        words["break_line" if b.record is not None else "break_line_only"].format(
            line=b.line, record=b.record, found=_text_of_break("found", b)
        )
        for b in breaks[:MOST_BREAKS]
    ]
    left = len(breaks) - MOST_BREAKS
    return "\n".join(lines + [words["more_breaks"].format(count=left)] * (left > 0))


def _advice(problem: Problem) -> str:
    """Return what to do about all that is wrong, each kind once."""
    texts = [] if _is_break(problem) else [_text("advice", problem)]
    of_kind = {found.kind: found for found in reversed(problem.breaks)}
    kinds = dict.fromkeys(found.kind for found in problem.breaks)
    texts += [_text_of_break("advice", of_kind[kind]) for kind in kinds]
    return "\n".join(dict.fromkeys(texts))


def _release_of(problem: Problem, stored_as: str) -> str:
    """Return what releasing the file would do."""
    words = _all_words()["letter"]
    command = words["release"].rstrip("\n").format(place=one_line(stored_as))
    if problem.release is None:
        return command
    parts = "; ".join(_released_parts(problem.release))
    keep = "\n" + words["keep"].strip() if problem.release.replaced else ""
    return command + "\n" + words["released"].format(parts=parts) + keep


def _released_parts(release: Release) -> list[str]:
    words = _all_words()["letter"]
    missing = counted(release.missing, "interval")
    return [
        words["taken_in"].format(rows=counted(release.rows, "row")),
        words["gap" if release.missing else "no_gap"].format(missing=missing),
        *(
            words[name].format(rows=counted(count, "row"))
            for name in ("repeats", "replaced", "undecided")
            if (count := getattr(release, name))
        ),
    ]


def _in_member(problem: Problem) -> str:
    """Return the file in an archive that has the problem and its line there, "" without one."""
    if not problem.values.get("member_line"):
        return problem.values.get("member", "")
    return _all_words()["letter"]["line_in_member"].format(**problem.values)


def _context(raw: RawFile, problem: Problem) -> str:
    """Return the bad line, four lines before and after it, each with its number."""
    above = problem.line - (problem.values.get("member_line") or problem.line)
    first = max(above + 1, problem.line - CONTEXT_LINES)
    lines = _lines(raw, first, problem.line + CONTEXT_LINES)
    return "\n".join(
        f"{'>' if number == problem.line else ' '} {number - above:>7}  {line}"
        for number, line in enumerate(lines, first)
    )


def _first_lines(raw: RawFile) -> list[str]:
    """Return the first lines of a file that is a text, each with its number."""
    from ingest.layouts.look import first_lines

    try:
        lines = first_lines(raw.path.read_bytes())
    except OSError:
        return []
    return [f"  {number:>7}  {one_line(line)}" for number, line in enumerate(lines, 1)]


def _lines(raw: RawFile, first: int, last: int) -> list[str]:
    """Return lines of a file as text, long ones cut, odd bytes as escapes."""
    from ingest.layouts.lines import read_lines  # takes a while, and only a rejected file needs it

    try:
        data = raw.path.read_bytes()
    except OSError:
        return []
    texts = read_lines(data).texts[first - 1 : last]
    return [
        one_line(text[:MOST_LETTERS_OF_LINE]) + (" ..." if text[MOST_LETTERS_OF_LINE:] else "")
        for text in texts
    ]


def one_line(text: str) -> str:
    """Return the text with control characters and broken code points as escapes."""
    if text.isprintable():  # as nearly all are; by the character takes longer than to file it
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "replace").decode()
        for char in text
    )


def visible(text: str) -> str:
    """Return the same for a text of several lines."""
    return "\n".join(map(one_line, text.split("\n")))
