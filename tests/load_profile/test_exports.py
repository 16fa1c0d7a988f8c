"""Files for other programs: the programs themselves load them, and no unknown value is a number."""

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from math import isclose
from pathlib import Path
from shutil import copytree

import duckdb
import nemreader
import opendssdirect
import py_dss_interface
import pytest
from conftest import load_profile, publish_built
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from ingest.warehouse import WarehouseError
from ingest.workspace import Workspace
from load_profile.exports.catalog import KINDS
from load_profile.exports.export import ExportError, Job, export
from load_profile.exports.options import Form, LeapDay, Options, Use

CLOSE = {"rel_tol": 1e-6}
SECTION = """
clear
new circuit.test basekv=12.47 pu=1 mvasc3=1e9 mvasc1=1e9
new line.line bus1=sourcebus bus2=end r1=1e-6 x1=1e-6 length=1
set voltagebases=[12.47]
calcvoltagebases
redirect {script}
new load.load bus1=end phases=3 kv=12.47 kw=1 kvar=0 model=1 vminpu=0.1 yearly={shape}
new monitor.power element=load.load terminal=1 mode=1 ppolar=no
set mode=yearly stepsize={minutes}m number={count} tolerance=1e-10
solve
"""


def in_opendss(script: Path, shape: str, minutes: int, count: int) -> list[float]:
    """The load (kW) of each step of a circuit that OpenDSS itself solves with a load shape."""
    dss = opendssdirect.NewContext()
    words = {"script": script, "shape": shape, "minutes": minutes, "count": count}
    for command in SECTION.format(**words).strip().splitlines():
        dss.Text.Command(command)
        assert not dss.Error.Number(), dss.Error.Description()
    dss.Monitors.Name("power")
    phases = [map(float, dss.Monitors.Channel(channel)) for channel in (1, 3, 5)]
    return [sum(step) for step in zip(*phases, strict=True)]


@pytest.fixture(scope="module")
def steel_plant_published(steel_plant, tmp_path_factory) -> Path:
    root = copytree(steel_plant, tmp_path_factory.mktemp("steel-plant") / "root")
    publish_built(root)
    return Workspace(root).published


@pytest.fixture(scope="module")
def substations_published(substations, tmp_path_factory) -> Path:
    root = copytree(substations, tmp_path_factory.mktemp("substations") / "root")
    publish_built(root)
    return Workspace(root).published


def rows(published: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(published), read_only=True) as con:
        return con.execute(sql).fetchall()


def in_epris_opendss(script: Path, shape: str, minutes: int, count: int) -> list[float]:
    """The same of the engine that EPRI publishes."""
    dss = py_dss_interface.DSS()
    words = {"script": script, "shape": shape, "minutes": minutes, "count": count}
    for command in SECTION.format(**words).strip().splitlines():
        said = dss.text(command)
        assert not said or command == "calcvoltagebases", said
    dss.monitors.name = "power"
    phases = [map(float, dss.monitors.channel(channel)) for channel in (1, 3, 5)]
    return [sum(step) for step in zip(*phases, strict=True)]


@pytest.mark.real_data
@pytest.mark.parametrize("solve", [in_opendss, in_epris_opendss])
def test_opendss_solves_a_year_with_the_published_energy_and_peak(
    steel_plant_published, tmp_path, solve
):
    job = export(steel_plant_published, KINDS["opendss"], tmp_path, Options(feeders=("main",)))
    assert not job.refused
    load = solve(tmp_path / "loadshapes.dss", "main", 15, 35_040)
    ((energy, peak),) = rows(
        steel_plant_published, "select sum(mw_net) * 250, max(mw_net) * 1000 from feeder_profiles"
    )
    assert isclose(sum(load) / 4, energy, **CLOSE) and isclose(max(load), peak, **CLOSE)


@pytest.mark.real_data
def test_flow_back_keeps_its_sign_in_opendss(substations_published, tmp_path):
    """Of three months; the feeder that feeds back most."""
    ((feeder, lowest, energy, count),) = rows(
        substations_published,
        """select feeder, min(mw_net) * 1000, sum(mw_net) * 250, count(*) from feeder_profiles
        group by feeder order by min(mw_net), feeder limit 1""",
    )
    assert lowest < 0
    export(substations_published, KINDS["opendss"], tmp_path, Options(feeders=(feeder,)))
    load = in_opendss(tmp_path / "loadshapes.dss", feeder, 15, count)
    assert isclose(min(load), lowest, **CLOSE) and isclose(sum(load) / 4, energy, **CLOSE)


@pytest.mark.real_data
def test_the_market_reader_reads_the_energy_of_nem12(steel_plant_published, tmp_path):
    export(steel_plant_published, KINDS["nem12"], tmp_path, Options(feeders=("main",)))
    read = nemreader.read_nem_file(str(tmp_path / "profiles_nem12.csv")).readings["main"]
    assert {suffix: len(values) for suffix, values in read.items()} == {"E1": 35_040, "B1": 35_040}
    wanted = rows(
        steel_plant_published,
        "select start_local, mw_del * 250, mw_rec * 250 from feeder_profiles order by 1",
    )
    for place, suffix in ((1, "E1"), (2, "B1")):
        for found, row in zip(read[suffix], wanted, strict=True):
            assert (found.t_start, found.quality_method) == (row[0], "A")
            assert abs(found.read_value - float(row[place])) < 1e-8


# A published file of one day


DAY = datetime(2024, 2, 28)
STATUSES = "AESM"


@pytest.fixture(scope="module")
def tables(sample) -> Path:
    """A published file whose tables have their columns."""
    return Workspace(sample).published


def made(tables: Path, folder: Path, feeders: dict[str, str], kvar: bool = False) -> Path:
    """A published file of feeders with these statuses from DAY on, a letter an interval.

    A lower-case letter has no row at all. The values count up from 1 kW, of the next feeder from
    1001 kW; every second one flows back.
    """
    place = folder / "made.duckdb"
    place.unlink(missing_ok=True)
    with duckdb.connect(str(place)) as con:
        con.execute(f"attach '{tables}' as published (read_only)")
        for table in (
            *("feeder_profiles", "final_exceptions", "final_totals", "combined_profiles"),
            *("versions", "gaps", "findings", "time_of_use", "stg_meter_data"),
        ):
            con.execute(f"create table {table} as from published.{table} limit 0")
        con.execute("insert into versions (version, content) values ('20240301-000000', 'abc')")
        powers, sums = {"feeder_profiles": [], "final_exceptions": []}, []
        for step in range(len(next(iter(feeders.values())))):
            start, worst, total = DAY + timedelta(minutes=15 * step), "A", 0.0
            for number, (feeder, statuses) in enumerate(sorted(feeders.items())):
                status = statuses[step]
                worst = max(worst, status.upper(), key="AESM".index)
                if status.isupper():
                    table = "feeder_profiles" if status == "A" else "final_exceptions"
                    powers[table].append(values(feeder, start, status, kw(step, number), kvar))
                    total += 0 if status == "M" else kw(step, number) / 1000
            counts = {"M": (0, 0, 1), "S": (0, 1, 0), "E": (1, 0, 0), "A": (0, 0, 0)}[worst]
            sums.append((start, *counts, None if worst == "M" else total, total))
        for table, rows in powers.items():
            names, width = (POWERS, 9) if table == "feeder_profiles" else (f"{POWERS}, {HOW}", 11)
            marks = ", ".join("?" * width)
            if rows:
                con.executemany(
                    f"insert into {table} ({names}) values ({marks})", [r[:width] for r in rows]
                )
        con.executemany(f"insert into final_totals ({TOTALS}) values (?, 15, ?, ?, ?, ?, ?)", sums)
        con.execute(
            """insert into combined_profiles (interval_start_at, interval_minutes, timezone)
            select interval_start_at, 15, 'Etc/UTC' from final_totals"""
        )
        con.executemany("insert into stg_meter_data (feeder) values (?)", [[f] for f in feeders])
    return place


POWERS = "feeder, interval_start_at, interval_minutes, actual_seconds, mw_del, mw_rec, mw_net"
POWERS += ", mvar_net, mva_net"
HOW = "status, method"
TOTALS = "interval_start_at, interval_minutes, feeders_edited, feeders_estimated, feeders_missing"
TOTALS += ", mw_final, mw_partial"
METHODS = {"S": "straight_line", "E": "set"}


def values(feeder: str, start: datetime, status: str, net: float, kvar: bool) -> tuple:
    """A row of a profile; of a missing value there is the time alone."""
    mw = abs(net) / 1000
    powers = (max(net, 0) / 1000, max(-net, 0) / 1000, net / 1000, mw / 4 if kvar else None)
    powers = (None,) * 5 if status == "M" else (*powers, mw * 1.1)
    return feeder, start, 15, 900, *powers, status, METHODS.get(status)


def kw(step: int, feeder: int = 0) -> float:
    """What `made` has in an interval."""
    return (1000 * feeder + step + 1) * (1 if step % 2 else -1)


def numbers(job: Job) -> Iterator[tuple[str, int, float]]:
    """Each net power (kW) that a job has written: feeder, step from DAY, value."""
    for path in job.written:
        yield from READERS[job.kind.name](path)


def steps_of(path: Path) -> Iterator[tuple[str, int, float]]:
    for step, line in enumerate(path.read_text().splitlines()):
        yield path.stem, step, float(line.partition(",")[0])


def of_opendss(path: Path) -> Iterator[tuple[str, int, float]]:
    if path.suffix == ".csv":
        yield from steps_of(path)


def of_gridlabd(path: Path) -> Iterator[tuple[str, int, float]]:
    for line in path.read_text().splitlines():
        moment, value = line.split(",")
        start = datetime.strptime(moment, "%Y-%m-%d %H:%M:%S UTC")
        yield path.stem, (start - DAY) // timedelta(minutes=15), float(value)


def of_csv(path: Path) -> Iterator[tuple[str, int, float]]:
    for line in path.read_text().splitlines()[1:]:
        feeder, start, _, _, _, net, _, _, status, _ = line.split(",")
        assert (net == "") == (status == "M")
        if net:
            step = (datetime.strptime(start, "%Y-%m-%dT%H:%M:%SZ") - DAY) // timedelta(minutes=15)
            yield feeder, step, float(net)


def of_nem12(path: Path) -> Iterator[tuple[str, int, float]]:
    for feeder, channels in nemreader.read_nem_file(str(path)).readings.items():
        for delivered, received in zip(channels["E1"], channels["B1"], strict=True):
            assert delivered.quality_method[0] == received.quality_method[0]
            if delivered.quality_method[0] == "N":
                assert delivered.read_value == 0 == received.read_value
                continue
            step = (delivered.t_start.replace(tzinfo=None) - DAY) // timedelta(minutes=15)
            yield feeder, step, 4 * (delivered.read_value - received.read_value)


def of_espi(path: Path) -> Iterator[tuple[str, int, float]]:
    read = {}
    names = {"e": "http://naesb.org/espi"}
    tree = ElementTree.parse(path)
    flows = [flow.text for flow in tree.iterfind(".//e:flowDirection", names)]
    blocks = [
        content
        for content in tree.iterfind(".//{http://www.w3.org/2005/Atom}content")
        if content.find("e:IntervalBlock", names) is not None
    ]
    for flow, content in zip(flows, blocks, strict=True):
        for reading in content.iterfind(".//e:IntervalReading", names):
            start = int(reading.find("e:timePeriod/e:start", names).text)
            value = int(reading.find("e:value", names).text) * 4e-9
            read[start] = read.get(start, 0) + (-value if flow == "19" else value)
    for start, value in read.items():
        yield path.stem, int(start - (DAY - datetime(1970, 1, 1)).total_seconds()) // 900, value


READERS = {
    "opendss": of_opendss,
    "gridlabd": of_gridlabd,
    "csv": of_csv,
    "nem12": of_nem12,
    "espi": of_espi,
}


@settings(
    deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    feeders=st.lists(
        st.text(alphabet="AAAAAAESMm", min_size=12, max_size=12), min_size=1, max_size=2
    ),
    use=st.sampled_from(Use),
    allow_partial=st.booleans(),
)
def test_no_value_is_written_where_none_counts(tables, tmp_path, feeders, use, allow_partial):
    """What is written is what is known, to the last one, or the feeder is refused by name."""
    names = dict(zip(("ada", "bea"), feeders, strict=False))
    published = made(tables, tmp_path, names)
    counting = "A" if use is Use.strict else "AES"
    known = {
        (name, step): kw(step, number)
        for number, (name, statuses) in enumerate(names.items())
        for step, status in enumerate(statuses)
        if status in counting
    }
    for kind in READERS:
        options = Options(feeders=tuple(names), use=use, allow_partial=allow_partial)
        for old in (tmp_path / kind).glob("*"):
            old.unlink()
        job = export(published, KINDS[kind], tmp_path / kind, options)
        marked = allow_partial and KINDS[kind].marks_missing
        for name, statuses in names.items():
            is_whole = all(status in counting for status in statuses)
            nothing = not any(status in counting for status in statuses)
            assert (name in job.refused) == (nothing or not (is_whole or marked))
        found = {(name, step): value for name, step, value in numbers(job)}
        assert found.keys() == {key for key in known if key[0] not in job.refused}
        for key, value in found.items():
            assert isclose(value, known[key], abs_tol=1e-6), key


def test_a_refusal_says_how_many_where_and_what_helps(tables, tmp_path):
    published = made(tables, tmp_path, {"ada": "AAASMA", "bea": "AAAAAA"})
    job = export(published, KINDS["opendss"], tmp_path / "out", Options())
    assert {path.name for path in job.written} == {"bea.csv", "loadshapes.dss"}
    assert job.refused["ada"] == (
        "2 of 6 intervals have no value, the first is 2024-02-28 00:45 (UTC+00:00); --use final "
        "takes edits and estimates too"
    )
    job = export(
        published, KINDS["gridlabd"], tmp_path / "out", Options(use=Use.final, allow_partial=True)
    )
    assert job.refused["ada"] == (
        "1 of 6 intervals has no value, the first is 2024-02-28 01:00 (UTC+00:00); gridlabd has "
        "no mark for a missing value"
    )
    assert not list((tmp_path / "out").glob("*.tmp"))


def test_files_of_two_feeders_never_have_one_name(tables, tmp_path):
    published = made(tables, tmp_path, {"a b": "AA", "a_B": "AA"})
    job = export(published, KINDS["8760"], tmp_path, Options(year=2024))
    assert job.refused.keys() == {"a b", "a_B", "total"}
    job = export(published, KINDS["gridlabd"], tmp_path, Options())
    assert job.refused == {"a_B": "its file would have the name of the file of a b"}
    assert {path.name for path in job.written} == {"a_b.player", "total.player"}
    job = export(published, KINDS["csv"], tmp_path, Options())
    assert not job.refused  # one file, with the names as they are
    assert {cells[0] for cells in of_csv_any(job.written[0])} == {"a b", "a_B", "total"}


def test_hours_that_a_period_has_not_as_a_whole_are_left_out(tables, tmp_path):
    published = made(tables, tmp_path, {"ada": "A" * 11, "bea": "A" * 5 + "M" + "A" * 5})
    job = export(published, KINDS["nms"], tmp_path / "out", Options(feeders=("ada", "bea")))
    assert job.refused["bea"].startswith(
        "1 of 2 intervals has no value, the first is 2024-02-28 01:00 (UTC+00:00); --use final"
    )
    lines = [line.split(",") for line in job.written[0].read_text().splitlines()[1:]]
    means = [(kw(step) + kw(step + 1) + kw(step + 2) + kw(step + 3)) / 4 for step in (0, 4)]
    assert [(line[3], float(line[4])) for line in lines] == [("0", means[0]), ("1", means[1])]
    published = made(tables, tmp_path, {"ada": "AAA"})
    job = export(published, KINDS["nms"], tmp_path / "out", Options(feeders=("ada",)))
    assert job.refused == {"ada": "this period has no whole interval of 60 minutes"}


def test_a_refusal_says_from_when_to_when_there_are_readings(tables, tmp_path):
    published = made(tables, tmp_path, {"ada": "AA"})
    job = export(published, KINDS["35040"], tmp_path, Options(feeders=("ada",), year=2024))
    assert job.refused["ada"].startswith(
        "35,038 of 35,040 intervals have no value, the first is 2024-01-01 00:00 (UTC+00:00); "
        "there are readings from 2024-02-28 00:00 to 2024-02-28 00:30; --use final"
    )


def test_days_of_peaks_are_no_others_where_the_total_is_unknown(tables, tmp_path):
    published = made(tables, tmp_path, {"ada": "A" * 96, "bea": "M" * 96})
    job = export(published, KINDS["peak-day"], tmp_path, Options(feeders=("ada",)))
    lines = job.written[0].read_text().splitlines()
    assert len(lines) == 97 and {line.split(",")[1] for line in lines[1:]} == {"own_peak"}


def test_an_earlier_published_file_is_named(tables, tmp_path):
    published = made(tables, tmp_path, {"ada": "AA"})
    with duckdb.connect(str(published)) as con:
        con.execute("drop table final_totals")
    with pytest.raises(WarehouseError, match="has no final values; `load-profile run` publishes"):
        export(published, KINDS["csv"], tmp_path, Options())


def test_the_total_is_strict_final_or_partial(tables, tmp_path):
    published = made(tables, tmp_path, {"ada": "AAESM", "bea": "AAAAA"})
    values = {}
    for use in Use:
        options = Options(feeders=("total",), use=use, allow_partial=True)
        job = export(published, KINDS["csv"], tmp_path / use, options)
        values[use] = [value for _, _, value in of_csv_any(job.written[0])]
    both = [kw(step) + kw(step, 1) for step in range(5)]
    assert values[Use.strict] == [*both[:2], None, None, None]
    assert values[Use.final] == [*both[:4], None]
    assert values[Use.partial] == [*both[:4], kw(4, 1)]


def of_csv_any(path: Path) -> Iterator[tuple[str, str, float | None]]:
    for line in path.read_text().splitlines()[1:]:
        cells = line.split(",")
        yield cells[0], cells[1], float(cells[5]) if cells[5] else None


def test_a_sidecar_says_what_is_in_a_file(tables, tmp_path):
    published = made(tables, tmp_path, {"ada": "AASE"})
    options = Options(feeders=("ada",), use=Use.final)
    export(published, KINDS["opendss"], tmp_path, options)
    said = json.loads((tmp_path / "ada.json").read_text())
    assert (said["version"], said["content"]) == ("20240301-000000", "abc")
    assert (said["clock"], said["labels"]) == (
        "UTC+00:00, standard time all year (Etc/UTC)",
        "start of the interval",
    )
    (series,) = said["series"]
    assert series["share_estimated"] == series["share_edited"] == 0.25
    assert series["share_missing"] == 0 and series["intervals"] == 4
    # -1 + 2 - 3 + 4 kW of quarter hours; the measured peak is not the estimated 4 kW
    assert series["energy_kwh"] == 0.5 and series["peak_kw"] == 2


def year(tables: Path, folder: Path, number: int) -> Path:
    """A published file of hours that count up through a year, on the clock of Denver."""
    place = folder / "year.duckdb"
    with duckdb.connect(str(place)) as con:
        con.execute(f"attach '{tables}' as published (read_only)")
        for table in ("feeder_profiles", "final_exceptions", "final_totals", "stg_meter_data"):
            con.execute(f"create table {table} as from published.{table} limit 0")
        con.execute("create table combined_profiles as from published.combined_profiles limit 0")
        con.execute("create table versions as from published.versions limit 0")
        con.execute("insert into stg_meter_data (feeder) values ('ada')")
        con.execute("insert into versions (version, content) values ('20240301-000000', 'abc')")
        con.execute(
            """insert into feeder_profiles (feeder, interval_start_at, interval_minutes,
                actual_seconds, mw_net, mw_del, mw_rec)
            select 'ada', start, 30, 1800, place / 1000, place / 1000, 0
            from (
                select start, row_number() over (order by start) as place
                from range(
                    make_timestamp($1, 1, 1, 7, 0, 0), make_timestamp($1 + 1, 1, 1, 7, 0, 0),
                    interval 30 minute
                ) as starts (start)
            )""",
            [number],
        )
        con.execute(
            """insert into combined_profiles (interval_start_at, interval_minutes, timezone)
            select interval_start_at, 30, 'America/Denver' from feeder_profiles"""
        )
    return place


def test_a_leap_year_has_8760_hours_in_standard_time(tables, tmp_path):
    """The first value is the mean of 00:00 and 00:30 on 1 January in Denver."""
    published = year(tables, tmp_path, 2024)
    options = Options(feeders=("ada",), year=2024)
    for leap, dropped in ((LeapDay.feb29, 59), (LeapDay.dec31, 365)):
        export(published, KINDS["8760"], tmp_path, replace(options, leap=leap))
        values = [float(line) for line in (tmp_path / "ada.csv").read_text().splitlines()]
        hours = [2 * hour + 1.5 for hour in range(8784) if hour // 24 != dropped]
        assert values == hours
        said = json.loads((tmp_path / "ada.json").read_text())
        day = date(2024, 1, 1) + timedelta(days=dropped)
        assert said["dropped"] == f"{day}: a year of 365 days"
        assert said["clock"].startswith("UTC-07:00")
    job = export(published, KINDS["35040"], tmp_path, options)
    assert job.refused == {"ada": "its intervals are 30 minutes, 15 are needed"}
    with pytest.raises(ExportError, match="8760 is a calendar year: give --year, 2024"):
        export(published, KINDS["8760"], tmp_path, replace(options, year=None))


def test_cyme_has_a_line_a_day_or_a_year(tables, tmp_path):
    published = year(tables, tmp_path, 2023)
    export(published, KINDS["cyme-8760"], tmp_path, Options(feeders=("ada",), year=2023))
    *head, line = (tmp_path / "profiles.txt").read_text().splitlines()
    assert head == [
        "[PROFILE_VALUES]",
        "",
        "FORMAT=ID,PROFILETYPE,INTERVALFORMAT,TIMEINTERVAL,GLOBALUNIT,NETWORKID,YEAR,MONTH,DAY,"
        "UNIT,PHASE,VALUES",
    ]
    start, values = line.split(",")[:11], [float(value) for value in line.split(",")[11:]]
    assert start == [
        "ada",
        "METER",
        "8760HOURS",
        "HOUR",
        "KWPF",
        "ada",
        "2023",
        "JANUARY",
        "1",
        "KW",
        "TOTAL",
    ]
    assert values == [2 * hour + 1.5 for hour in range(8760)]


def test_a_workbook_has_the_figures_and_no_number_for_what_is_missing(tables, tmp_path):
    published = made(tables, tmp_path, {"ada": "A" * 95 + "M", "=bea": "M" * 96})
    job = export(published, KINDS["xlsx"], tmp_path, Options(feeders=("=bea", "ada")))
    book = CalamineWorkbook.from_path(job.written[0])
    assert book.sheet_names == ["About", "Months", "Days", "Peaks", "Gaps", "Findings", "Charts"]
    head, first, second = book.get_sheet_by_name("Days").to_python()
    named = {row[0]: dict(zip(head, row, strict=True)) for row in (first, second)}
    assert named["=bea"]["Known"] == 0 and named["=bea"]["Net kWh"] == ""
    assert named["ada"]["Known"] == pytest.approx(95 / 96)
    assert named["ada"]["Peak kW"] == 1094 and named["ada"]["Lowest kW"] == -1095
    assert named["ada"]["Net kWh"] == sum(kw(step, 1) for step in range(95)) / 4


def test_a_snapshot_says_what_may_be_missed(tables, tmp_path):
    published = made(tables, tmp_path, {"ada": "A" * 50 + "S" + "A" * 45})
    export(published, KINDS["snapshot"], tmp_path, Options(feeders=("ada",), use=Use.final))
    head, *lines = (tmp_path / "snapshot.csv").read_text().splitlines()
    found = [dict(zip(head.split(","), line.split(","), strict=True)) for line in lines]
    assert [row["moment"] for row in found] == ["own_peak", "coincident_peak", "lightest_by_day"]
    peak, coincident, lightest = found
    assert (peak["kw"], peak["is_lower_bound"]) == ("96.000000", "true")
    assert peak["start_utc"] == coincident["start_utc"] == "2024-02-28T23:45:00Z"
    # from 10:00 to 16:00; step 62 flows back most
    assert (lightest["kw"], lightest["is_upper_bound"]) == ("-63.000000", "true")


def test_kvar_is_written_where_it_is_known_and_as_a_bound_on_request(tables, tmp_path):
    known = made(tables, tmp_path, {"ada": "AAAA"}, kvar=True)
    export(known, KINDS["opendss"], tmp_path, Options(feeders=("ada",)))
    assert "pqcsvfile=ada.csv" in (tmp_path / "loadshapes.dss").read_text()
    assert (tmp_path / "ada.csv").read_text().splitlines()[1] == "2.000000,0.500000"
    unknown = made(tables, tmp_path, {"ada": "AAAA"})
    export(unknown, KINDS["opendss"], tmp_path, Options(feeders=("ada",)))
    assert (tmp_path / "ada.csv").read_text().splitlines()[1] == "2.000000"
    export(unknown, KINDS["opendss"], tmp_path, Options(feeders=("ada",), kvar_bound=True))
    # sqrt(2.2 ** 2 - 2 ** 2)
    assert (tmp_path / "ada.csv").read_text().splitlines()[1] == "2.000000,0.916515"
    assert "its true sign is unknown" in (tmp_path / "ada.json").read_text()


SAMPLES = Path(__file__).with_name("exported")


@pytest.mark.parametrize("kind", [*READERS, "nms", "peak-day", "snapshot"])
def test_files_are_byte_for_byte_as_documented(tables, tmp_path, kind):
    """Two feeders of two hours, with an edit, an estimate and a missing value."""
    published = made(tables, tmp_path, {"ada": "AAESMAAA", "bea": "AAAAAAAA"}, kvar=True)
    moment = datetime(2024, 3, 1, 12)
    options = Options(use=Use.final, allow_partial=True)
    job = export(published, KINDS[kind], tmp_path / kind, options, made_at=moment)
    for path in job.written:
        wanted = SAMPLES / kind / path.name
        assert path.read_bytes() == wanted.read_bytes(), f"{wanted} has other bytes"
    assert {path.name for path in job.written} == {p.name for p in (SAMPLES / kind).iterdir()}


def test_the_command_writes_says_and_refuses(sample, tmp_path):
    done = load_profile("export", "csv", "--root", sample, "--out", tmp_path, "--feeder", "north")
    assert done.returncode == 0, done.stderr
    assert f"Written to {tmp_path}: 1 file\n" in done.stdout
    assert {path.name for path in tmp_path.iterdir()} == {"profiles.csv", "profiles.json"}
    assert KINDS.keys() == {*Form}
    done = load_profile("export", "opendss", "--root", sample, "--out", tmp_path)
    assert done.returncode == 1 and "--use final takes edits and estimates too" in done.stdout
    for words, text in (
        (["excel"], "'excel' is not one of 'opendss',"),
        (["8760"], "8760 is a calendar year: give --year, 2024."),
        (["csv", "--feeder", "nowhere"], "There is no feeder nowhere; there are "),
        (["csv", "--from", "2024-07-02", "--to", "2024-07-01"], "--to is the last day"),
    ):
        done = load_profile("export", *words, "--root", sample)
        assert done.returncode == 2 and text in done.stderr, done.stderr
