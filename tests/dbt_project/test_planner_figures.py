"""Every figure of the planner's tables on measured data equals one from plain decimals.

The exports are read here again, line by line, and every definition is written out anew, in Python:
no SQL, no DuckDB, nothing of the project.
"""

import csv
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from math import sqrt
from zoneinfo import ZoneInfo

import pytest
from conftest import PROJECT, REAL_DATA, query

MW_PER_UNIT = {
    "substations": Decimal("0.001"),
    "steel-plant": Decimal("0.004"),
}  # kW, kWh in 15 min
ZONE = {"substations": "UTC", "steel-plant": "Asia/Seoul"}
QUARTER = timedelta(minutes=15)
TIME_SHARES = (0, 1, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 98, 99, 100)
PEAK_SHARES = (50, 60, 70, 80, 85, 90, 95, 100)
REACTIVE = ("del_mvarh", "rec_mvarh", "net_mvarh", "power_factor_vector")


class Reading:
    """One interval: MW delivered, received and net, and MVA; on the local clock and in UTC."""

    def __init__(self, local: datetime, zone: str, del_mw, rec_mw, mva) -> None:
        self.local = local
        moment = local.replace(tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))
        self.at = moment.replace(tzinfo=None)
        self.del_mw, self.rec_mw, self.mva = del_mw, rec_mw, mva
        self.net, self.gross = del_mw - rec_mw, del_mw + rec_mw


def read_exports(source: str) -> dict[str, list[Reading]]:
    """All readings of a source by feeder, and their sum as `total`, in the order of time."""
    unit, zone = MW_PER_UNIT[source], ZONE[source]
    feeders = defaultdict(dict)
    for path in sorted((REAL_DATA / source / "_dropbox/KW").glob("*.csv")):
        lines = [line for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
        first = next(i for i, line in enumerate(lines) if line.startswith("Record No.")) + 1
        for cells in csv.reader(lines[first:]):
            local = datetime.strptime(cells[2].strip(), "%m/%d/%y %H:%M:%S")
            kw_del, kw_rec, *kva = (Decimal(c) * unit if c.strip() else None for c in cells[4:8])
            mva = None if None in kva else net_mva(kw_del, kw_rec, *kva)
            feeders[path.name.split("-")[0]][local] = Reading(local, zone, kw_del, kw_rec, mva)
    total = {}
    for local in next(iter(feeders.values())):
        parts = [readings[local] for readings in feeders.values()]
        mva = None if None in [p.mva for p in parts] else sum(p.mva for p in parts)
        sums = sum(p.del_mw for p in parts), sum(p.rec_mw for p in parts)
        total[local] = Reading(local, zone, *sums, mva)
    return {
        name: [readings[local] for local in sorted(readings)]
        for name, readings in [*feeders.items(), ("total", total)]
    }


def net_mva(p_del, p_rec, s_del, s_rec) -> Decimal:
    if p_rec == s_rec == 0:
        return max(s_del, p_del)
    reactive = sum(sqrt(max(s * s - p * p, 0)) for s, p in ((s_del, p_del), (s_rec, p_rec)))
    net = p_del - p_rec
    return max(round(Decimal(sqrt(float(net * net) + reactive**2)), 9), abs(net))


def start_of(grain: str, reading: Reading, readings: list[Reading]) -> date:
    day = reading.local.date()
    return {
        "day": day,
        "month": day.replace(day=1),
        "year": day.replace(month=1, day=1),
        "all": readings[0].local.date(),
    }[grain]


def in_periods(readings: list[Reading], grain: str) -> dict[date, list[Reading]]:
    found = defaultdict(list)
    for reading in readings:
        found[start_of(grain, reading, readings)].append(reading)
    return found


def rolling(readings: list[Reading], grain: str, count: int) -> dict[date, Decimal]:
    """The highest mean of so many intervals in a row, by the period in which the last starts."""
    found = {}
    for place in range(count - 1, len(readings)):
        window = readings[place - count + 1 : place + 1]
        if window[-1].at - window[0].at == QUARTER * (count - 1):
            period = start_of(grain, window[-1], readings)
            mean = sum(r.net for r in window) / count
            found[period] = max(found.get(period, mean), mean)
    return found


def figures(readings: list[Reading]) -> dict[str, object]:
    """What can be known of one feeder's period without looking at others."""
    nets = [r.net for r in readings]
    peak, low = max(nets), min(nets)
    peaks, lows = [r for r in readings if r.net == peak], [r for r in readings if r.net == low]
    wanted = {
        "actual_intervals": len(readings),
        "expected_intervals": len(readings),
        "completeness": 1,
        "is_lower_bound": False,
        "del_mwh": sum(r.del_mw for r in readings) / 4,
        "rec_mwh": sum(r.rec_mw for r in readings) / 4,
        "net_mwh": sum(nets) / 4,
        "gross_mwh": sum(r.gross for r in readings) / 4,
        "peak_mw": peak,
        "peak_at": peaks[0].at,
        "peak_local": peaks[0].local,
        "peak_count": len(peaks),
        "min_mw": low,
        "min_at": lows[0].at,
        "min_local": lows[0].local,
        "min_count": len(lows),
        "reverse_mw": max(-low, 0),
        "peak_mva": None,
        "peak_mva_at": None,
        "peak_mva_local": None,
        "peak_mva_pf": None,
        "power_factor": None,
        "load_factor": None,
        "loss_factor": None,
        "implausible_count": 0,
        "measured_peak_mw": peak,
        "measured_peak_at": peaks[0].at,
        "measured_peak_local": peaks[0].local,
        "measured_min_mw": low,
        "measured_min_at": lows[0].at,
        "measured_min_local": lows[0].local,
    }
    if peak > 0:
        wanted["load_factor"] = sum(max(net, 0) for net in nets) / len(nets) / peak
    if peak or low:
        wanted["loss_factor"] = sum(net * net for net in nets) / len(nets) / max(peak, -low) ** 2
    if readings[0].mva is not None:
        highest = max(readings, key=lambda r: r.mva)  # the first of equal ones
        apparent = sum(r.mva for r in readings)
        wanted["peak_mva"], wanted["peak_mva_at"] = highest.mva, highest.at
        wanted["peak_mva_local"] = highest.local
        wanted["peak_mva_pf"] = abs(highest.net) / highest.mva if highest.mva else None
        wanted["power_factor"] = sum(map(abs, nets)) / apparent if apparent else None
    return wanted


def together(periods: dict[str, list[Reading]]) -> dict[str, dict[str, object]]:
    """Coincidence of all feeders in one period, by name."""
    highest = max(periods["total"], key=lambda r: r.net)
    peaks = {n: max(r.net for r in rows) for n, rows in periods.items() if n != "total"}
    wanted = {}
    for name, rows in periods.items():
        own = next(r.net for r in rows if r.at == highest.at)
        wanted[name] = {
            "coincident_mw": own,
            "coincident_share": own / highest.net if highest.net else None,
            "noncoincident_mw": peaks.get(name, sum(peaks.values())),
            "coincidence_factor": None,
            "diversity_factor": None,
            "utilisation": None,  # no ratings here
        }
    if highest.net > 0 and sum(peaks.values()) > 0:
        factor = highest.net / sum(peaks.values())
        wanted["total"] |= {"coincidence_factor": factor, "diversity_factor": 1 / factor}
    return wanted


def calendar_share(count: int, grain: str, start: date, zone: str) -> float:
    """So many quarter hours of a whole day, month or year of the clock; of the span, all."""
    if grain == "all":
        return 1
    month, year = start.replace(day=1), start.replace(month=1, day=1)
    end = {
        "day": start + timedelta(days=1),
        "month": (month + timedelta(days=31)).replace(day=1),
        "year": year.replace(year=year.year + 1),
    }[grain]
    first, until = (
        datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp()
        for day in (start, end)
    )
    return count * 900 / (until - first)


def grade(share: float) -> str:
    return "publishable" if share >= 0.99 else "provisional" if share >= 0.9 else "withheld"


def rows_of(root, table: str) -> list[dict]:
    names = [row[0] for row in query(root, f"select column_name from (describe {table})")]
    return [dict(zip(names, row, strict=True)) for row in query(root, f"from {table}")]


def is_same(found, wanted) -> bool:
    """Equal; what is a quotient or a root, to the ninth digit."""
    if isinstance(wanted, Decimal) and found is not None:
        return abs(Decimal(found) - wanted) <= Decimal("1e-9") * max(1, abs(wanted))
    return found == wanted


@pytest.fixture(scope="module", params=["substations", "steel-plant"])
def measured(request):
    """A root, and the readings of its exports."""
    root = request.getfixturevalue(request.param.replace("-", "_"))
    return root, read_exports(request.param)


def test_every_figure_of_every_day_month_year_and_the_whole_equals_one_from_plain_decimals(
    measured,
):
    root, exports = measured
    found = {
        (row.pop("feeder"), row.pop("grain"), row.pop("period_start")): row
        for row in rows_of(root, "planner_figures")
    }
    [(zone,)] = query(root, "select timezone from stg_system")
    count = 0
    for grain in ("day", "month", "year", "all"):
        periods = {name: in_periods(readings, grain) for name, readings in exports.items()}
        half = {name: rolling(readings, grain, 2) for name, readings in exports.items()}
        hour = {name: rolling(readings, grain, 4) for name, readings in exports.items()}
        for start in periods["total"]:
            shared = together({name: rows[start] for name, rows in periods.items()})
            for name, rows in periods.items():
                wanted = figures(rows[start]) | shared[name]
                wanted["peak_30min_mw"] = half[name].get(start)
                wanted["peak_60min_mw"] = hour[name].get(start)
                wanted["timezone"] = zone
                wanted |= dict.fromkeys(REACTIVE)  # no kvar is measured here
                share = calendar_share(len(rows[start]), grain, start, zone)
                wanted["period_share"], wanted["grade"] = share, grade(share)
                row = found[name, grain, start]
                assert row.keys() == wanted.keys()
                wrong = {
                    column: (row[column], value)
                    for column, value in wanted.items()
                    if not is_same(row[column], value)
                }
                assert not wrong, (name, grain, start, wrong)
                count += 1
    assert count == len(found)


def test_load_duration_is_the_sorted_year(measured):
    root, exports = measured
    found = {
        (row["feeder"], row["year_start"], row["share_of"], row["share"]): (row["mw"], row["hours"])
        for row in rows_of(root, "load_duration")
    }
    wanted = {}
    for name, readings in exports.items():
        for year, rows in in_periods(readings, "year").items():
            nets = sorted((r.net for r in rows), reverse=True)
            for share in (Decimal(percent) / 100 for percent in TIME_SHARES):
                rank = max(int((share * len(nets)).to_integral_value(ROUND_CEILING)), 1)
                hours = share * len(nets) / 4
                wanted[name, year, "time", share] = nets[rank - 1], hours
            for share in (Decimal(percent) / 100 for percent in PEAK_SHARES):
                level = share * nets[0]
                hours = Decimal(sum(net >= level for net in nets)) / 4
                if level > 0:
                    wanted[name, year, "peak", share] = level, hours
    assert found == wanted


def bin_of(local: datetime, calendar: list[dict]) -> tuple[str, str, str]:
    """Season, day type and bin of a moment, by the lines of the seed."""
    day, month_day = local.date().isoformat(), local.strftime("%m-%d")
    season = next(
        line["name"]
        for line in calendar
        if line["kind"] == "season"
        and (
            line["first_day"] <= month_day <= line["last_day"]
            if line["first_day"] <= line["last_day"]
            else not line["last_day"] < month_day < line["first_day"]
        )
    )
    holidays = {line["first_day"] for line in calendar if line["kind"] == "holiday"}
    day_type = "weekend" if local.weekday() > 4 else "weekday"
    if holidays & {day, month_day}:
        day_type = "holiday"
    for line in calendar:
        if (line["kind"], line["season"], line["day_type"]) == ("bin", season, day_type) and int(
            line["first_hour"]
        ) <= local.hour < int(line["until_hour"]):
            return season, day_type, line["name"]
    return season, day_type, "off_peak"


def test_time_of_use_bins_are_those_of_the_calendar_and_add_up_to_the_day(measured):
    root, exports = measured
    with (PROJECT / "dbt_project/seeds/time_of_use_calendar.csv").open(encoding="utf-8") as lines:
        calendar = list(csv.DictReader(lines))
    wanted = defaultdict(list)
    for name, readings in exports.items():
        for r in readings:
            wanted[name, r.local.date(), *bin_of(r.local, calendar)].append(r)
    found = rows_of(root, "time_of_use")
    assert len(found) == len(wanted)
    energy: dict[tuple, Decimal] = defaultdict(Decimal)
    for row in found:
        key = (row["feeder"], row["local_date"], row["season"], row["day_type"], row["bin"])
        rows = wanted[key]
        assert row["reading_count"] == len(rows)
        assert row["del_mj"] == sum(r.del_mw for r in rows) * 900
        assert row["rec_mj"] == sum(r.rec_mw for r in rows) * 900
        assert row["net_mj"] == sum(r.net for r in rows) * 900
        assert row["peak_mw"] == max(r.net for r in rows)
        energy[key[:2]] += row["net_mj"]
    days = query(root, "select feeder, local_date, net_mj from feeder_days")
    assert energy == {(feeder, day): net_mj for feeder, day, net_mj in days}


def test_the_published_figures_of_the_substations(substations):
    found = query(
        substations,
        """
        select round(net_mwh, 3), peak_mw, peak_at, peak_count, min_mw, min_at, min_count
        from planner_figures where feeder = 'total' and grain = 'year'
        """,
    )
    assert found == [
        (
            Decimal("76313.665"),
            Decimal("183.3"),
            datetime(2021, 10, 8, 8, 30),
            1,
            Decimal("-255.29"),
            datetime(2021, 8, 16, 16, 15),
            1,
        )
    ]
