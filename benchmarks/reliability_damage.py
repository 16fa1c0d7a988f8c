"""Damage files as people, programs, disks and transfers do. Knows bytes and lines, no format."""

import re
from collections.abc import Callable
from random import Random

LIKELY = b"0123456789.,-\"/: \t\r\neE+_;'()"
WORDS = ((b"kWh", b"kW", b"Wh", b"MWh", b"W", b"kvar", b"kVA"), (b"AM", b"PM"), (b"del", b"rec"))
DATE = re.compile(rb"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}")
TIME = re.compile(rb"\d{1,2}:\d\d")
NUMBER = re.compile(rb"(?<![\d:/.-])-?\d*[.,]?\d+(?![\d:/.-])")


def some_bytes(chance: Random, data: bytes) -> bytes:
    """Change, put in or take out a few bytes anywhere."""
    out = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3))):
        at = chance.randrange(len(out) + 1)
        length = chance.choice((0, 1, 1, 2, 8, 60))
        new = bytes(
            chance.choices(chance.choice((LIKELY, bytes(range(256)))), k=chance.randint(0, 2))
        )
        if chance.random() < 0.1:
            new = bytes(out[at : at + chance.randrange(1, 200)])
        out[at : at + length] = new
    return bytes(out)


def a_digit(chance: Random, data: bytes) -> bytes:
    """Make one digit another."""
    places = [match.start() for match in re.finditer(rb"\d", data)]
    at = chance.choice(places or [0])
    return data[:at] + chance.choice([b"%d" % n for n in range(10)]) + data[at + 1 :]


def some_lines(chance: Random, data: bytes) -> bytes:
    """Drop, double, swap or move lines."""
    lines = data.split(b"\n")
    a, b = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(6):
        case 0:
            del lines[a]
        case 1:
            lines.insert(a, lines[a])
        case 2:
            lines[a], lines[b] = lines[b], lines[a]
        case 3:
            lines.insert(b, lines.pop(a))
        case 4:
            del lines[min(a, b) : max(a, b)]
        case _:
            lines = [*lines[:1], *reversed(lines[1:])]
    return b"\n".join(lines)


def a_cell(chance: Random, data: bytes) -> bytes:
    """Change one cell: empty it, swap it with the next, negate it, another mark, another size."""
    lines = data.split(b"\n")
    at = chance.randrange(len(lines))
    mark = max((b",", b";", b"\t", b"+", b"><"), key=lines[at].count)
    cells = lines[at].split(mark)
    place = chance.randrange(len(cells))
    cell = cells[place].strip()
    match chance.randrange(10):
        case 0:
            cells[place] = b""
        case 1:
            cells.insert(place, cells.pop())
        case 2:
            cells[place] = b"-" + cell
        case 3:
            cells[place] = cell.replace(b".", b",") if b"." in cell else cell.replace(b",", b".")
        case 4:
            cells[place] = b'"' + cell.replace(b".", b",") + b'"'
        case 5:
            cells[place] = chance.choice(
                (b"NaN", b"null", b"1e3", b"1,234.5", b"1.234,5", b"0x1", b"x")
            )
        case 6:
            del cells[place]
        case 7:
            cells.insert(place, cell)
        case 8:
            cells[place] = NUMBER.sub(lambda found: found[0] + b"000", cell, 1)
        case _:
            cells[place] = b" " + cell + b"\xc2\xa0"
    lines[at] = mark.join(cells)
    return b"\n".join(lines)


def a_time(chance: Random, data: bytes) -> bytes:
    """Change a date or a time of day, of one row or in the order of day and month of all."""
    if chance.random() < 0.3:
        return DATE.sub(_other_order, data)
    pattern = chance.choice((DATE, TIME))
    found = list(pattern.finditer(data))
    if not found:
        return a_digit(chance, data)
    match = chance.choice(found)
    text = (
        _other_order(match)
        if pattern is DATE and chance.random() < 0.5
        else a_digit(chance, match[0])
    )
    if pattern is TIME and chance.random() < 0.3:
        text = chance.choice(
            (b"24:00", b"00:00", b"12:00", b"02:30", match[0] + b":59", b"23:59:59")
        )
    return data[: match.start()] + text + data[match.end() :]


def _other_order(match: re.Match[bytes]) -> bytes:
    parts = re.split(rb"([-./])", match[0])
    return b"".join([parts[2], parts[1], parts[0], *parts[3:]])


def a_word(chance: Random, data: bytes) -> bytes:
    """Put another unit, direction or half of the day in the place of one."""
    words = chance.choice(WORDS)
    found = [(w, m.start()) for w in words for m in re.finditer(rb"\b%s\b" % w, data)]
    if not found:
        return a_cell(chance, data)
    word, at = chance.choice(found)
    new = chance.choice([other for other in words if other != word])
    if chance.random() < 0.3:
        return data.replace(word, new)
    return data[:at] + new + data[at + len(word) :]


def cut(chance: Random, data: bytes) -> bytes:
    """Cut the file off, at its end or its beginning."""
    at = chance.randrange(len(data) + 1)
    return data[:at] if chance.random() < 0.8 else data[at:]


def other_bytes(chance: Random, data: bytes) -> bytes:
    """Save the whole file in another way: encoding, mark, line ends, NUL, quotes, separators."""
    text = data.decode("utf-8", "replace")
    match chance.randrange(9):
        case 0:
            return text.encode("utf-16")
        case 1:
            return text.encode("utf-16-le")
        case 2:
            return text.encode("latin-1", "replace")
        case 3:
            return b"\xef\xbb\xbf" + data
        case 4:
            at = chance.randrange(len(data) + 1)
            return data[:at] + chance.choice((b"\0", b"\xef\xbb\xbf", b"\x1a", b"\xff")) + data[at:]
        case 5:
            return data.replace(b"\r\n", b"\n").replace(b"\n", chance.choice((b"\r\n", b"\r")))
        case 6:
            return data.replace(b",", chance.choice((b";", b"\t", b", ")))
        case 7:
            return data + data
        case _:
            return data.replace(b".", b",") if chance.random() < 0.5 else data.rstrip() + bytes(9)


DAMAGES: tuple[tuple[Callable[[Random, bytes], bytes], int], ...] = (
    *((some_bytes, 3), (a_digit, 3), (some_lines, 3), (a_cell, 4), (a_time, 3), (a_word, 2)),
    *((cut, 1), (other_bytes, 2)),
)


def damaged(chance: Random, data: bytes) -> bytes:
    """Return a file with one damage, or two or three."""
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        (damage,) = chance.choices(*zip(*DAMAGES, strict=True))
        data = damage(chance, data) or b"\n"
    return data
