"""Read exported files back without the code that wrote them, for gap_patterns.py.

NEM12 is read by nemreader, workbooks by calamine, all else by a few lines each.
"""

import csv
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import nemreader
import numpy as np
from python_calamine import CalamineWorkbook

CLOSE = 2e-6  # kW; a mean is rounded to 1e-6
NAMES = {"kw": "mw_net", "del": "mw_del", "rec": "mw_rec", "kvar": "mvar_net", "kva": "mva_net"}
ATOM, ESPI = "{http://www.w3.org/2005/Atom}", "{http://naesb.org/espi}"
QUALITIES = {"17": "A", "7": "E", "8": "S", "9": "S"}


@dataclass
class Found:
    """What a file has of a feeder: values by start (UTC), or in order where it has no times.

    `missing` are starts marked as missing, `facts` single figures with what they should be found
    from: moments and days.
    """

    values: dict[object, dict[str, object]] = field(default_factory=dict)
    rows: list[dict[str, object]] = field(default_factory=list)
    missing: set[object] = field(default_factory=set)
    peaks: list[dict[str, str]] = field(default_factory=list)
    days: list[dict[str, object]] = field(default_factory=list)
    ahead: int = 0

    def compare(self, kind: str, truth, options, counts: Counter) -> None:
        """Count what is written and what of it is wrong."""
        counts["marked missing"] += len(self.missing)
        if kind == "snapshot":
            self._compare_moments(truth, counts)
            return
        if kind == "xlsx":
            self._compare_days(truth, counts)
            return
        if self.rows:
            counts["invented"] += max(len(self.rows) - len(truth.values), 0)
            self.values = dict(zip(sorted(truth.values), self.rows, strict=False))
        written = {start: row for start, row in self.values.items() if row["kw"] is not None}
        counts["values"] += len(written)
        counts["invented"] += len(written.keys() - truth.values.keys())
        counts["changed"] += len(self.missing & written.keys())
        if kind != "peak-day":
            counts["lost"] += len(truth.values.keys() - written.keys())
        else:
            self._compare_peak_day(truth, written, counts)
        for start in written.keys() & truth.values.keys():
            counts["changed"] += not _is_same(written[start], truth.values[start])

    def _compare_peak_day(self, truth, written: dict, counts: Counter) -> None:
        actual = _actual(truth)
        if not actual:
            counts["invented"] += len(written)
            return
        peak = max(actual, key=actual.get)
        own = {start for start in truth.values if self._day(start) == self._day(peak)}
        counts["lost"] += len(own - written.keys())
        counts["changed"] += len(written.keys() - own)

    def _compare_moments(self, truth, counts: Counter) -> None:
        actual = _actual(truth)
        wanted = {}
        if actual:
            wanted["own_peak"] = max(actual, key=actual.get)
            by_day = {at: kw for at, kw in actual.items() if 10 <= self._hour(at) < 16}
            if by_day:
                wanted["lightest_by_day"] = min(by_day, key=by_day.get)
        found = {row["moment"]: row for row in self.peaks}
        counts["values"] += len(found)
        counts["invented"] += len(found.keys() - wanted.keys())
        counts["lost"] += len(wanted.keys() - found.keys())
        for moment in found.keys() & wanted.keys():
            row, start = found[moment], wanted[moment]
            is_bound = len(actual) < truth.expected
            said = row["is_lower_bound" if moment == "own_peak" else "is_upper_bound"] == "true"
            same = _moment(row["start_utc"]) == start
            same = same and abs(float(row["kw"]) - truth.values[start]["mw_net"]) < CLOSE
            # the lightest by day is doubtful as soon as an interval of the whole period is
            counts["changed"] += not (same and said == is_bound)

    def _compare_days(self, truth, counts: Counter) -> None:
        known, actual = {}, _actual(truth)
        for start, row in truth.values.items():
            known.setdefault(self._day(start), {})[start] = row["mw_net"]
        found = {str(row["Day"])[:10]: row for row in self.days}
        counts["lost"] += len({str(day) for day in known} - found.keys())
        for day, row in found.items():
            own = known.get(np.datetime64(day), {})
            measured = [actual[start] for start in own if start in actual]
            numbers = {
                "Known": len(own) * truth.minutes / 1440,
                "Net kWh": sum(own.values()) * truth.minutes / 60 if own else "",
                "Peak kW": max(measured) if measured else "",
                "Lowest kW": min(measured) if measured else "",
            }
            counts["values"] += len(own)
            for name, wanted in numbers.items():
                if (row[name] == "") != (wanted == ""):
                    counts["lost" if row[name] == "" else "invented"] += 1
                elif wanted != "":
                    counts["changed"] += abs(row[name] - wanted) > 1e-4

    def _day(self, start: np.datetime64) -> np.datetime64:
        return (start + np.timedelta64(60 * self.ahead, "s")).astype("datetime64[D]")

    def _hour(self, start: np.datetime64) -> int:
        return int(str(start + np.timedelta64(60 * self.ahead, "s"))[11:13])


def _actual(truth) -> dict:
    return {at: row["mw_net"] for at, row in truth.values.items() if row["status"] == "A"}


def _is_same(row: dict[str, object], truth: dict[str, object]) -> bool:
    for name, value in row.items():
        if name == "status":
            if value != truth["status"]:
                return False
            continue
        wanted = truth[NAMES[name]]
        if (value is None) != (wanted is None) or (
            value is not None and abs(value - wanted) > CLOSE
        ):
            return False
    return True


def _moment(text: str) -> np.datetime64:
    return np.datetime64(text.removesuffix("Z").replace(" UTC", "").replace(" ", "T"), "s")


def _number(text: str) -> float | None:
    return float(text) if text else None


def _each(folder: Path, end: str) -> Iterator[Path]:
    return sorted(path for path in folder.glob(f"*{end}"))


def of_columns(folder: Path, ahead: int, options) -> dict[str, Found]:
    """A file a feeder, a line an interval: kW, and kvar in a second column."""
    found = {}
    for path in _each(folder, ".csv"):
        lines = [line.split(",") for line in path.read_text().splitlines()]
        rows = [dict(zip(("kw", "kvar"), map(float, line), strict=False)) for line in lines]
        found[path.stem] = Found(rows=rows)
    return found


def of_gridlabd(folder: Path, ahead: int, options) -> dict[str, Found]:
    found = {}
    for path in _each(folder, ".player"):
        lines = (line.split(",") for line in path.read_text().splitlines())
        found[path.stem] = Found({_moment(at): {"kw": float(kw)} for at, kw in lines})
    return found


def of_nms(folder: Path, ahead: int, options) -> dict[str, Found]:
    found: dict[str, Found] = {}
    for row in _table(folder / "profiles.csv"):
        start = np.datetime64(f"{row['date']}T{int(row['hour']):02}:00:00", "s")
        start -= np.timedelta64(60 * ahead, "s")
        values = {"kw": float(row["kw"]), "kvar": _number(row["kvar"])}
        found.setdefault(row["feeder"], Found()).values[start] = values
    return found


def of_csv(folder: Path, ahead: int, options) -> dict[str, Found]:
    found: dict[str, Found] = {}
    columns = {"kw": "kw_net", "del": "kw_del", "rec": "kw_rec", "kvar": "kvar_net"}
    columns["kva"] = "kva_net"
    for row in _table(folder / "profiles.csv"):
        own, start = found.setdefault(row["feeder"], Found()), _moment(row["start_utc"])
        if row["status"] == "M":
            own.missing.add(start)
        values = {name: _number(row[column]) for name, column in columns.items()}
        own.values[start] = values | {"status": row["status"]}
    return found


def of_nem12(folder: Path, ahead: int, options) -> dict[str, Found]:
    found: dict[str, Found] = {}
    path = folder / "profiles_nem12.csv"
    if not path.exists():
        return found
    for feeder, channels in nemreader.read_nem_file(str(path)).readings.items():
        own = found.setdefault(feeder, Found())
        for delivered, received in zip(channels["E1"], channels["B1"], strict=True):
            hours = (delivered.t_end - delivered.t_start) / timedelta(hours=1)
            start = np.datetime64(delivered.t_start.replace(tzinfo=None), "s")
            start -= np.timedelta64(60 * ahead, "s")
            quality = delivered.quality_method
            status = {"A": "A", "S18": "E"}.get(quality, quality[0])
            if quality != received.quality_method:
                status = "?"
            if status == "N" and delivered.read_value == 0 == received.read_value:
                own.missing.add(start)
                continue
            values = {"del": delivered.read_value / hours, "rec": received.read_value / hours}
            values["kw"] = values["del"] - values["rec"]
            own.values[start] = values | {"status": status}
    return found


def of_espi(folder: Path, ahead: int, options) -> dict[str, Found]:
    found: dict[str, Found] = {}
    for path in _each(folder, ".xml"):
        tree, own = ElementTree.parse(path), Found()
        flows = [flow.text for flow in tree.iter(f"{ESPI}flowDirection")]
        contents = [
            content
            for content in tree.iter(f"{ATOM}content")
            if content.find(f"{ESPI}IntervalBlock") is not None
        ]
        for flow, content in zip(flows, contents, strict=True):
            name = {"1": "del", "19": "rec", "4": "kw"}[flow]
            for reading in content.iter(f"{ESPI}IntervalReading"):
                seconds = int(reading.find(f"{ESPI}timePeriod/{ESPI}start").text)
                length = int(reading.find(f"{ESPI}timePeriod/{ESPI}duration").text)
                start = np.datetime64(datetime(1970, 1, 1) + timedelta(seconds=seconds), "s")
                kw = int(reading.find(f"{ESPI}value").text) * 1e-9 * 3600 / length
                code = reading.find(f"{ESPI}ReadingQuality/{ESPI}quality").text
                own.values.setdefault(start, {"status": QUALITIES[code]})[name] = kw
        for values in own.values.values():
            values.setdefault("kw", values.get("del", 0) - values.get("rec", 0))
        found[path.stem] = own
    return found


def of_cyme(folder: Path, ahead: int, options) -> dict[str, Found]:
    found: dict[str, Found] = {}
    path = folder / "profiles.txt"
    if not path.exists():
        return found
    units: dict[tuple[str, str], list[float]] = {}
    for line in path.read_text().splitlines()[3:]:
        cells = line.split(",")
        units.setdefault((cells[0], cells[9]), []).extend(map(float, cells[11:]))
    for (feeder, unit), values in units.items():
        rows = found.setdefault(feeder, Found()).rows
        if unit == "KW":
            rows.extend({"kw": value} for value in values)
        elif unit == "KVAR":
            for row, value in zip(rows, values, strict=True):
                row["kvar"] = value
        elif any(abs(value) > 100 for value in values) or len(values) != len(rows):
            rows.append({"kw": 0.0})  # one too many
    return found


def of_xlsx(folder: Path, ahead: int, options) -> dict[str, Found]:
    found: dict[str, Found] = {}
    book = CalamineWorkbook.from_path(folder / "load-profiles.xlsx")
    head, *lines = book.get_sheet_by_name("Days").to_python() or [[]]
    for line in lines:
        row = dict(zip(head, line, strict=True))
        found.setdefault(row["Feeder"], Found(ahead=ahead)).days.append(row)
    return found


def of_snapshot(folder: Path, ahead: int, options) -> dict[str, Found]:
    found: dict[str, Found] = {}
    for row in _table(folder / "snapshot.csv"):
        found.setdefault(row["feeder"], Found(ahead=ahead)).peaks.append(row)
    return found


def of_peak_day(folder: Path, ahead: int, options) -> dict[str, Found]:
    found: dict[str, Found] = {}
    for row in _table(folder / "peak-days.csv"):
        own, start = found.setdefault(row["feeder"], Found(ahead=ahead)), _moment(row["start_utc"])
        if row["status"] == "M":
            own.missing.add(start)
        values = {name: _number(row[name]) for name in ("kw", "kvar", "kva")}
        own.values[start] = values | {"status": row["status"]}
    return found


def _table(path: Path) -> Iterator[dict[str, str]]:
    if path.exists():
        with path.open(encoding="utf-8", newline="") as lines:
            yield from csv.DictReader(lines)


READERS = {
    "opendss": of_columns,
    "cyme": of_cyme,
    "cyme-8760": of_cyme,
    "gridlabd": of_gridlabd,
    "nms": of_nms,
    "8760": of_columns,
    "35040": of_columns,
    "nem12": of_nem12,
    "espi": of_espi,
    "csv": of_csv,
    "xlsx": of_xlsx,
    "peak-day": of_peak_day,
    "snapshot": of_snapshot,
}
