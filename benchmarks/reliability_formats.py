"""Damage files of all formats by the thousand; what is accepted must be what another reader reads.

    python benchmarks/reliability_formats.py --batch NUMBER --files 4000 --seed 1 --keep FOLDER

takes one batch in, in a process of its own, so that its memory can be measured.
"""

import argparse
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import partial
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from readers_text import Reading
from reliability_cases import OWN_LAYOUT, PROJECT, Case, cases
from reliability_damage import damaged, some_bytes

sys.path[:0] = [str(PROJECT / "tests"), str(PROJECT)]

from reliability_count import Count  # noqa: E402

from ingest.layouts import recognise  # noqa: E402
from ingest.load_files import load_files, save_meter_data  # noqa: E402
from ingest.meter_data import read_meter_data  # noqa: E402
from ingest.warehouse import open_warehouse  # noqa: E402
from ingest.workspace import Workspace  # noqa: E402

HEADER = "sta,meter,multiplier,channel_unit,timezone,interval_minutes,channel,directions"
CHANNELS = ("del_raw", "rec_raw", "kva_del_raw", "kva_rec_raw", "kvar_del_raw", "kvar_rec_raw")
LEDGER = """
select file_id, file_name, outcome, problem_code, bad_line, stored_as, feeder from raw.files
"""
ROWS = f"""
select file_id, feeder, start_local, end_local, utc_offset_minutes, {", ".join(CHANNELS)},
    long_values
from raw.interval_reads inner join raw.files using (file_id)
"""
SELF, CHILDREN = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
BATCH = 500
SIDES = {"kvar_q1", "kvar_q4"}, {"kvar_q2", "kvar_q3"}  # of delivered, of received power
CLOCK_SLACK = timedelta(minutes=1)
Rows = dict[tuple[str, datetime], tuple[Decimal | None, ...]]


class Meters:
    """Know which feeder a point of a file is, as meter-data.csv names it."""

    def __init__(self, chosen: Mapping[int, Case]) -> None:
        self.by_name: dict[str, tuple[str, str, Case]] = {}
        self.by_digits: dict[str, list[tuple[str, str, Case]]] = defaultdict(list)
        self.lines = [HEADER]
        for number, case in chosen.items():
            for feeder, meter, unit in case.feeders(number):
                known = feeder, unit, case
                self.by_name[_plain(meter)] = known
                self.by_digits[re.sub("[^0-9]", "", meter).lstrip("0")].append(known)
                facts = f"{case.minutes},{case.channel},{case.directions}"
                self.lines.append(f"{feeder},{meter},1,{unit},{case.timezone},{facts}")

    def feeders(self, points: Iterable[str | None], own: tuple) -> dict[str | None, tuple]:
        """Return the feeders of the points of a file: by name, else by digits alone."""
        points = list(dict.fromkeys(points))
        found = {None: own} if None in points else {}
        named = [point for point in points if point is not None]
        digits = Counter(re.sub("[^0-9]", "", point).lstrip("0") for point in named)
        for point in named:
            own_digits = re.sub("[^0-9]", "", point).lstrip("0")
            of_digits = self.by_digits.get(own_digits, [])
            if known := self.by_name.get(_plain(point)):
                found[point] = known
            elif len(of_digits) == 1 and digits[own_digits] == 1 and len(own_digits) > 3:
                found[point] = of_digits[0]
        return found


def _plain(name: str) -> str:
    return re.sub("[^0-9a-z]", "", name.lower()).lstrip("0")


def expected(
    readings: list[Reading], meters: Meters, own: tuple, refused: set[str], *, holed: bool
) -> tuple[Rows, str]:
    """Return the rows that readings make, and what is wrong with accepting them.

    Of a file of several meters those of the feeders `refused` were not accepted.
    """
    feeders = meters.feeders((reading.point for reading in readings), own)
    if None in feeders and len(feeders) > 1:
        return {}, "values without a meter among those with one"
    tall: dict[str, dict[datetime, dict[str, Decimal | None]]] = {}
    ends: dict[tuple[str, datetime], dict[str, datetime]] = defaultdict(dict)
    twice: dict[str, dict[str, datetime]] = defaultdict(dict)
    of_feeder = {}
    for reading in readings:
        if reading.point not in feeders or feeders[reading.point][0] in refused:
            continue
        feeder, unit, case = of_feeder[feeders[reading.point][0]] = feeders[reading.point]
        if case.channel and not _is_wanted(reading, case.channel):
            continue
        value = reading.value
        if reading.unit not in (None, unit):
            if reading.unit.removesuffix("h") != unit.removesuffix("h"):
                return {}, f"{reading.unit} for a channel in {unit}"
            hours = Fraction(int((reading.end - reading.start).total_seconds()), 3600)
            times = hours if unit.endswith("h") else 1 / hours
            value = value and value * times.numerator / times.denominator
        zone = None if reading.is_utc else case.timezone
        start, end = _utc(reading.start, zone), _utc(reading.end, zone)
        values = tall.setdefault(feeder, {}).setdefault(start, {})
        if values.setdefault(reading.quantity, value) != value:
            twice[feeder][reading.quantity] = start
        ends[feeder, start][reading.quantity] = end
    rows = {}
    for feeder, by_start in tall.items():
        has = {quantity for values in by_start.values() for quantity in values}
        has -= _of_no_use(has)  # one quadrant alone says nothing, and has no rows
        if has & twice[feeder].keys():
            return {}, f"two values of {feeder}: {twice[feeder]}"
        by_start = {at: values for at, values in by_start.items() if has & values.keys()}
        for start, values in by_start.items():
            rows[feeder, start] = _row(values, has, of_feeder[feeder][2].directions)
        order = sorted(by_start)
        for before, after in pairwise(order):
            found = {end for name, end in ends[feeder, before].items() if name in has}
            if len(found) > 1:
                return rows, f"{feeder} has two ends at {before}"
            gap = after - found.pop()
            if gap < -CLOCK_SLACK or (gap > CLOCK_SLACK and not holed):
                return rows, f"{feeder} has a break at {after}"
    return rows, ""


def _of_no_use(has: set[str]) -> set[str]:
    """Return the quadrants that make no direction: neither all four nor both of one side."""
    quadrants = {quantity for quantity in has if "_q" in quantity}
    return set() if any(side <= has for side in SIDES) else quadrants


def _is_wanted(reading: Reading, channel: str) -> bool:
    codes = {"del": ("E1", "kwh", "kwh+"), "rec": ("B1",), "kvar_del": ("Q1",), "kvar_rec": ("K1",)}
    return bool({*codes.get(reading.quantity, ())} & {*channel.split()})


def _utc(at: datetime, zone: str | None) -> datetime:
    if zone in (None, "UTC"):
        return at
    return at.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None)


def _row(
    values: Mapping[str, Decimal | None], has: set[str], directions: str
) -> tuple[Decimal | None, ...]:
    """Return delivered and received power, kVA and kvar of an interval; None is unknown."""
    zero = Decimal(0)
    get = values.get
    if not {"del", "rec"} <= has and "net" in has:
        power = _split(get("net"))
    else:
        power = (
            get("del") if "del" in has else zero if directions == "received" else None,
            get("rec") if "rec" in has else zero if directions == "delivered" else None,
        )
    one_way = not {"net"} & has and not {"del", "rec"} <= has
    kva: tuple = (get("kva_del"), get("kva_rec"))
    if not {"kva_del", "kva_rec"} <= has and "kva_net" in has:
        known = get("kva_net") if None not in power else None
        both = (known, None if known is None else zero)
        kva = both if None in power or power[0] >= power[1] else both[::-1]
    elif one_way and {"kva_del", "kva_rec"} & has:
        kva = tuple(get(name) if name in has else zero for name in ("kva_del", "kva_rec"))
    quadrants = [f"kvar_q{n}" for n in (1, 2, 3, 4)]
    kvar: tuple = (get("kvar_del"), get("kvar_rec"))
    if not {"kvar_del", "kvar_rec"} <= has:
        if {*quadrants} <= has:
            q1, q2, q3, q4 = map(get, quadrants)
            kvar = tuple(None if None in pair else sum(pair) for pair in ((q1, q2), (q3, q4)))
        elif "kvar_net" in has:
            kvar = _split(get("kvar_net"))
        elif any(side <= has for side in SIDES):
            kvar = (None, None)  # half of the quadrants is taken before one direction, and unknown
    return (*power, *kva, *kvar)


def _split(net: Decimal | None) -> tuple[Decimal | None, Decimal | None]:
    return (None, None) if net is None else (max(net, Decimal(0)), max(-net, Decimal(0)))


def judged(root: Path, chosen: dict[int, Case], files: dict[str, bytes], holed: bool) -> dict:
    """Take files in and compare; return counts, and what was wrong with which file."""
    space, meters = Workspace(root), Meters(chosen)
    space.prepare()
    space.layouts.mkdir(exist_ok=True)
    (space.layouts / "sample-workbook.toml").write_text(OWN_LAYOUT)
    space.settings.write_text(f'holes = "{"accept" if holed else "quarantine"}"\n')
    space.meter_data.write_text("\n".join(meters.lines) + "\n", encoding="utf-8")
    for name, data in files.items():
        (space.dropbox / name).write_bytes(data)
    save_meter_data(space, read_meter_data(space.meter_data))
    longest: list[tuple[float, str]] = [(0.0, "")]

    def timed(data: bytes, name: str):
        started = time.perf_counter()
        found = recognise(data, name, space.layouts)
        longest[0] = max(longest[0], (time.perf_counter() - started, name))
        return found

    started = time.perf_counter()
    summary = load_files(space, recognise=timed)
    seconds = time.perf_counter() - started
    wrong: dict[str, str] = {}
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    codes: Counter[str] = Counter()
    with open_warehouse(space.warehouse, read_only=True) as con:
        entries = con.execute(LEDGER).fetchall()
        loaded: dict[int, list[tuple]] = defaultdict(list)
        for file_id, *row in con.execute(ROWS).fetchall():
            loaded[file_id].append(tuple(row))
    accepted: dict[str, list[tuple]] = defaultdict(list)
    seen: dict[str, str] = {}
    refused: dict[str, set[str]] = defaultdict(set)
    for file_id, name, outcome, code, line, stored_as, feeder in entries:
        seen[name] = "accepted" if "accepted" in (outcome, seen.get(name)) else outcome
        if outcome == "accepted":
            accepted[name] += loaded[file_id]
        elif outcome == "duplicate":
            accepted.setdefault(name, [])
        else:
            refused[name].add(feeder)
            codes[f"{code}{'' if line else ' (file)'}"] += 1
            text = _letter(root / stored_as)
            if name not in text or (line and f"{line}" not in text):
                wrong[name] = f"letter of {code} without name or line {line}"
    for name in files:
        number = int(name[1 : name.index("-")])
        case = chosen[number]
        outcomes[case.name][seen.get(name, "left")] += 1
        if name not in seen:
            wrong[name] = "not in the ledger"
        elif seen[name] == "accepted":
            own = f"f{number}", case.feeders(number)[0][2], case
            about = partial(expected, meters=meters, own=own, refused=refused[name], holed=holed)
            if why := difference(files[name], case, about, accepted[name]):
                wrong[name] = why
    return {
        "outcomes": outcomes,
        "codes": codes,
        "wrong": wrong,
        "seconds": seconds,
        "longest": longest[0],
        "left": summary.left,
    }


def _letter(place: Path) -> str:
    """Return the letter of a rejected file, or of one feeder's part of an archived one."""
    found = [place.with_suffix(".txt"), *place.parent.parent.glob(f"ERROR/{place.stem}*.txt")]
    return "".join(path.read_text(encoding="utf-8") for path in found if path.exists())


def difference(
    data: bytes, case: Case, about: Callable[[list[Reading]], tuple[Rows, str]], rows: list[tuple]
) -> str:
    """Return what differs between an accepted file and the other reader's rows."""
    try:
        mine, why = about(case.read(data))
    except Exception as error:  # whatever the other reader cannot read must not be accepted
        return f"other reader: {type(error).__name__} {error}"
    if why:
        return why
    theirs: Rows = {}
    zones = {feeder: case.timezone for feeder, *_ in rows}
    for feeder, start, _, offset, *values in rows:
        long_values = values.pop() or values
        at = _utc(start, zones[feeder]) if offset is None else start - timedelta(minutes=offset)
        theirs[feeder, at] = tuple(long_values)
    if mine == theirs:
        return ""
    keys = [key for key in mine.keys() | theirs.keys() if mine.get(key) != theirs.get(key)]
    key = min(keys)
    return f"{key}: read {mine.get(key)}, loaded {theirs.get(key)}; {len(keys)} rows"


def batch(number: int, count: int, seed: int, keep: Path) -> dict:
    """Damage and take in one batch of files; keep those that something was wrong with."""
    chance = random.Random(f"{seed} {number}")
    known = cases()
    chosen = dict(enumerate(chance.choices(known, [case.weight for case in known], k=count)))
    files: dict[str, bytes] = {}
    for n, case in chosen.items():
        text = case.numbered(n)
        if case.pack and chance.random() < 0.7:
            data = case.pack("f", damaged(chance, text))
        elif case.pack:
            data = some_bytes(chance, case.pack("f", text))
        else:
            data = (some_bytes if case.suffix == ".xls" else damaged)(chance, text)
        files[f"f{n}-{case.name.replace(' ', '_')}{case.suffix}"] = data
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = judged(Path(folder), chosen, files, holed=number % 2 == 1)
        except Exception:
            traceback.print_exc()
            outcomes: dict[str, Counter[str]] = defaultdict(Counter)
            for case in chosen.values():
                outcomes[case.name]["ended"] += 1
            found = {"outcomes": outcomes, "codes": {}, "seconds": 0, "longest": (0, "")}
            found["wrong"] = dict.fromkeys(files, "the run ended")
    for name, why in found["wrong"].items():
        _keep(keep / f"wrong-{number}", name, files[name])
        print(f"  {name}: {why}", file=sys.stderr, flush=True)
    peaks = [resource.getrusage(who).ru_maxrss / 1024 for who in (SELF, CHILDREN)]
    return found | {"files": count, "peaks": peaks}


def _keep(folder: Path, name: str, data: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def formats(folder: Path, files: int, seed: int) -> Iterator[Count]:
    """Take damaged files of all formats in, batch by batch, and count by format."""
    counts: dict[str, Count] = {}
    accepted: Counter[str] = Counter()
    peaks, seconds, longest = [0.0, 0.0], 0.0, (0.0, "")
    for number in range(-(-files // BATCH)):
        command = [sys.executable, __file__, "--batch", str(number), "--seed", str(seed)]
        done = subprocess.run([*command, "--keep", str(folder)], stdout=subprocess.PIPE, check=True)
        found = json.loads(done.stdout)
        for case, outcomes in found["outcomes"].items():
            name = "classic, everyday variants" if case.startswith("variant ") else case
            count = counts.setdefault(name, Count(name))
            count.times += sum(outcomes.values())
            accepted[name] += outcomes.get("accepted", 0)
            lost = [f for f, why in found["wrong"].items() if _case_of(f) == case]
            count.wrong += len(lost)
        peaks = [max(pair) for pair in zip(peaks, found["peaks"], strict=True)]
        seconds += found["seconds"]
        longest = max(longest, tuple(found["longest"]))
        print(f"  batch {number}: {len(found['wrong'])} wrong, {seconds:.0f} s", flush=True)
    for name, count in sorted(counts.items()):
        count.tried = f"{name} ({accepted[name]:,} accepted)"
        yield count
    print(
        f"peak {peaks[0]:.0f} MB, of a workbook's reader {peaks[1]:.0f} MB; {seconds:.0f} s; "
        f"{longest[0]:.1f} s for {longest[1]}"
    )


def _case_of(name: str) -> str:
    known = {case.name.replace(" ", "_") + case.suffix: case.name for case in cases()}
    return known[name.partition("-")[2]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--batch", type=int, default=0)
    parser.add_argument("--files", type=int, default=BATCH)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, required=True)
    options = parser.parse_args()
    found = batch(options.batch, options.files, options.seed, options.keep)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
