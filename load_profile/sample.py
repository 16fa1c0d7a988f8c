"""Write simulated raw meter exports to try the pipeline with. Loads no file and judges none.

All values are simulated, as the preamble of every file states. The exports have the form that
meters write and the faults of a real folder: intervals with power in both directions, a feeder with
reverse flow at midday, a month whose export begins late, an export with a hole, and the same export
twice.
"""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import numpy as np

INTERVAL = np.timedelta64(15, "m")
FIRST_RECORD = 157594
FIRST_METER = 144800052
MULTIPLIERS = (28800, 14400)  # secondary W -> primary W, in turn
NAMED_FEEDERS = ("north", "south", "west", "gen")
BOTH_WAYS_SHARE = 0.05  # of the intervals: the flow reversed inside them
LATE_DAYS = 3  # the late file starts this many days into its month
HOLE = slice(200, 208)  # rows missing in the rejected export: two hours of its third day
NOTE = "sample.json"  # in the root: the simulated files in it, by sha256
HOLED_ROWS = 7 * 96  # the rejected export spans one week
CLOCK = "%m/%d/%y %H:%M:%S"

PREAMBLE = (
    "=================================================",
    "Load Profile Data Display",
    "SIMULATED DATA, no meter has recorded these values",
    "Meter ID: {meter}",
    "Description: feeder {feeder}",
    "=================================================",
    "",
    "Record No.,Event Type,Start Time,End Time,-1-,-2-,-3-,-4-",
)


@dataclass(frozen=True)
class SampleSummary:
    """What was written: `files` and their data `rows` in the drop folder, and the `feeders`."""

    files: int
    rows: int
    feeders: tuple[str, ...]


@dataclass(frozen=True)
class _Export:
    """One feeder's readings: starts datetime64[s] (n,), channels int64 (n, 4) in 0.01 W or VA."""

    feeder: str
    meter: int
    first_record: int
    starts: np.ndarray
    channels: np.ndarray

    def part(self, rows: slice) -> "_Export":
        """Return some rows of the export; their record numbers stay."""
        record = self.first_record + (rows.start or 0)
        return _Export(self.feeder, self.meter, record, self.starts[rows], self.channels[rows])

    @property
    def name(self) -> str:
        """`<feeder>-<first start>_<last end>` with times as MMDDYY-HHMMSS, without `.csv`."""
        ends = (self.starts[0], self.starts[-1] + INTERVAL)
        first, last = (moment.item().strftime("%m%d%y-%H%M%S") for moment in ends)
        return f"{self.feeder}-{first}_{last}"


def write_sample(
    root: Path, *, feeders: int = 4, months: int = 3, seed: int = 7, start: str = "2024-07"
) -> SampleSummary:
    """Write simulated exports to `root/_dropbox/KW` and, if there is none, `root/meter-data.csv`.

    One file per feeder and month from `start` (YYYY-MM): UTF-8 with BOM, a preamble, a header
    line, one padded line per 15 minutes, CRLF. Channels are secondary W delivered, W received, VA
    delivered and VA received with two decimals; raw x multiplier / 1e6 is MW. Beyond the good
    files, where `feeders` and `months` leave room for them:

    - south's second month begins three days late;
    - `west-..._simulated-hole.csv` repeats a week of a good file without two of its hours;
    - `north-..._simulated-copy.csv` is byte for byte north's first file.

    The bytes depend on the arguments only, and a feeder's month not on how many others there are.
    Raises ValueError for arguments out of range and for a meter-data.csv without a feeder, and
    FileExistsError where the drop folder has a file of that name with other content.
    """
    first_month = _checked_month(start)
    for name, value in (("feeders", feeders), ("months", months)):
        if value < 1:
            raise ValueError(f"{name} is {value}, but must be 1 or more")
    names = feeder_names(feeders)
    written = simulated(root) | _ensure_meter_data(root / "meter-data.csv", names)
    drop = root / "_dropbox" / "KW"
    drop.mkdir(parents=True, exist_ok=True)
    files, rows, note = 0, 0, root / NOTE
    for k in range(feeders):
        for month in range(months):
            for name, export in _exports(names, k, month, first_month, seed):
                content = _export_bytes(export)
                written[sha256(content).hexdigest()] = f"{name}.csv"
                note.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
                _write_once(drop / f"{name}.csv", content)
                files, rows = files + 1, rows + len(export.starts)
    return SampleSummary(files, rows, names)


def simulated(root: Path) -> dict[str, str]:
    """Return sha256 and name of every file that a sample has written in a root."""
    try:
        return json.loads((root / NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def feeder_names(count: int) -> tuple[str, ...]:
    """Return the first `count` feeder names: north, south, west, gen, f00000, f00001, ..."""
    more = (f"f{number:05d}" for number in range(count - len(NAMED_FEEDERS)))
    return (*NAMED_FEEDERS[:count], *more)


def _exports(
    names: Sequence[str], k: int, month: int, first_month: np.datetime64, seed: int
) -> list[tuple[str, _Export]]:
    """Return file stem and content of all exports of feeder `k` for a month."""
    begin, end = ((first_month + offset).astype("datetime64[s]") for offset in (month, month + 1))
    starts = np.arange(begin, end, INTERVAL)
    rng = np.random.default_rng([seed, k, int((first_month + month).astype("int64"))])
    record = FIRST_RECORD + int((begin - first_month.astype("datetime64[s]")) / INTERVAL)
    whole = _Export(names[k], FIRST_METER + k, record, starts, _channels(rng, starts, k))
    if month == 1 and k == min(1, len(names) - 1):
        whole = whole.part(slice(LATE_DAYS * 96, None))
    exports = [(whole.name, whole)]
    if month == 0 and k == min(2, len(names) - 1):
        week = whole.part(slice(0, HOLED_ROWS))
        exports.append((f"{week.name}_simulated-hole", _without_hole_rows(week)))
    if month == 0 and k == 0:
        exports.append((f"{whole.name}_simulated-copy", whole))
    return exports


def _without_hole_rows(week: _Export) -> _Export:
    """Return the export without the rows of HOLE, numbered as if they had never been there."""
    starts, channels = (np.delete(a, HOLE, axis=0) for a in (week.starts, week.channels))
    return _Export(week.feeder, week.meter, week.first_record, starts, channels)


def _channels(rng: np.random.Generator, starts: np.ndarray, k: int) -> np.ndarray:
    """Return delivered and received W, then VA, of feeder `k`: int64 (n, 4) in hundredths.

    S is between P and P / 0.9 in each direction. In intervals with both directions the same power
    is added to both, so that the net keeps its shape.
    """
    net, level = _net_mw(rng, starts, k)
    both = rng.random(starts.size) < BOTH_WAYS_SHARE
    turned = np.where(both, rng.uniform(0.01, 0.06, starts.size) * level, 0)
    per_mw = 1e6 / MULTIPLIERS[k % 2] * 100
    powers = [np.rint((np.clip(mw, 0, None) + turned) * per_mw) for mw in (net, -net)]
    apparent = [
        np.clip(np.rint(p / rng.uniform(0.9, 1.0, starts.size)), p, np.floor(p / 0.9))
        for p in powers
    ]
    return np.column_stack(powers + apparent).astype("int64")


def _net_mw(rng: np.random.Generator, starts: np.ndarray, k: int) -> tuple[np.ndarray, float]:
    """Return net power in MW (n,), delivered positive, and the feeder's level in MW.

    Load peaks in the early evening and in summer. `gen` (k = 3) has more than twice its load in
    solar; south (k = 1) and every third feeder after it have more than their load only at times.
    """
    seconds = starts.astype("int64")
    hour, day = seconds % 86400 / 3600, seconds / 86400 % 365.25
    summer = np.cos((day - 200) / 365.25 * 2 * np.pi)
    level = 3.0 + 0.7 * (k % 5)
    load = 1 + 0.3 * np.sin((hour - 11) / 24 * 2 * np.pi) + 0.12 * summer
    load += rng.normal(0, 0.03, starts.size)
    size = 2.6 if k == 3 else 1.5 if k % 3 == 1 else 0.0
    sky = rng.uniform(0.75, 1.0, int(np.ceil(starts.size / 96)))[np.arange(starts.size) // 96]
    sun = np.clip(np.sin((hour - 6) / 12 * np.pi), 0, None) ** 1.5 * (0.85 + 0.15 * summer)
    return level * (load - size * sky * sun), level


def _export_bytes(export: _Export) -> bytes:
    """Return a file's bytes: BOM, preamble, header, data lines, a blank last line; CRLF."""
    seconds = export.starts.astype("int64").tolist()
    texts = [f"{value / 100:.2f}".lstrip("0") for value in export.channels.ravel().tolist()]
    rows = zip(seconds, *(texts[channel::4] for channel in range(4)), strict=True)
    lines = [part.format(meter=export.meter, feeder=export.feeder) for part in PREAMBLE]
    lines += [
        f"{record}, {_event_type(second)}, {_clock(second)}  , {_clock(second + 900)}  ,"
        f"{a},{b},{c},{d}"
        for record, (second, a, b, c, d) in enumerate(rows, export.first_record)
    ]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n\r\n").encode("utf-8")


@lru_cache(maxsize=100_000)
def _clock(second: int) -> str:
    """Return seconds since 1970 as the meter's clock writes them."""
    return datetime.fromtimestamp(second, UTC).strftime(CLOCK)


@lru_cache(maxsize=100_000)
def _event_type(second: int) -> str:
    """Return Freeze for a month's first interval, MidnightNormal for 23:45, else Normal."""
    moment = datetime.fromtimestamp(second, UTC)
    if (moment.day, moment.hour, moment.minute) == (1, 0, 0):
        return "Freeze"
    return "MidnightNormal" if (moment.hour, moment.minute) == (23, 45) else "Normal"


def _checked_month(start: str) -> np.datetime64:
    """Return `start` as a month; ValueError unless it is YYYY-MM."""
    try:
        return np.datetime64(datetime.strptime(start, "%Y-%m").strftime("%Y-%m"), "M")
    except ValueError:
        raise ValueError(f"start is {start!r}, but must be a month as YYYY-MM") from None


def _ensure_meter_data(path: Path, names: Sequence[str]) -> dict[str, str]:
    """Write meter-data.csv if there is none, and return its hash and name if it was written.

    Raises ValueError if an existing one lacks a feeder.
    """
    if not path.exists():
        lines = ["sta,meter,multiplier,channel_unit"]
        lines += [f"{n},{FIRST_METER + k},{MULTIPLIERS[k % 2]},W" for k, n in enumerate(names)]
        content = ("\n".join(lines) + "\n").encode("utf-8")
        _write_once(path, content)
        return {sha256(content).hexdigest(): path.name}
    with path.open(encoding="utf-8-sig", newline="") as lines:
        table = [[cell.strip() for cell in row] for row in csv.reader(lines)]
    if not table or "sta" not in table[0]:
        raise ValueError(f"{path}: line 1 has no column 'sta'; expected sta,meter,multiplier")
    column = table[0].index("sta")
    known = {row[column].casefold() for row in table[1:] if len(row) > column}
    missing = [name for name in names if name not in known]
    if missing:
        raise ValueError(
            f"{path}: column sta lacks the sample's feeders {', '.join(missing)}; "
            "add a row for each, or write the sample to a folder without meter-data.csv"
        )
    return {}


def _write_once(path: Path, content: bytes) -> None:
    """Put `content` at `path` in one step; FileExistsError if other content is there."""
    if path.exists():
        if path.read_bytes() == content:
            return
        raise FileExistsError(f"{path} exists with other content; the sample overwrites nothing")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.replace(path)
