"""What is made of measured data has exactly the counts, gaps and sums of the source."""

import csv
import json
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from conftest import OPEN_DATA, REAL_DATA, query

CHANNELS = ("del_raw", "rec_raw", "kva_del_raw", "kva_rec_raw")
# MW per unit of the raw channel, see the meter-data.csv of each source (multiplier 1)
MW_PER_UNIT = {"kW": Decimal("0.001"), "kWh": Decimal("0.004")}
FINDINGS = "select rule, feeder from findings order by all"


SOURCES = ["open_substations", "substations", "steel_plant"]


def expected(source: str) -> dict:
    """What the source has, by feeder, computed without this project."""
    if source == "open_substations":
        return json.loads((OPEN_DATA / "substations/expected.json").read_text(encoding="utf-8"))
    return json.loads((REAL_DATA / "expected.json").read_text(encoding="utf-8"))[
        source.replace("_", "-")
    ]


def sums(root, table: str, columns: tuple[str, ...]) -> dict[str, tuple]:
    listed = ", ".join(f"sum({column})" for column in columns)
    rows = query(root, f"select feeder, count(*), {listed} from {table} group by feeder")
    return {feeder: tuple(values) for feeder, *values in rows}


@pytest.mark.parametrize("source", SOURCES)
def test_rows_and_channel_sums_are_exactly_those_of_the_source(source, request):
    root = request.getfixturevalue(source)
    wanted = {
        feeder: (fact["rows"], *(s and Decimal(s) for s in fact["channel_sums"]))
        for feeder, fact in expected(source).items()
    }
    assert sums(root, "readings", CHANNELS) == wanted


@pytest.mark.parametrize("source", SOURCES)
def test_published_power_is_exactly_the_source_times_its_unit(source, request):
    root = request.getfixturevalue(source)
    facts = expected(source)
    found = sums(root, "feeder_profiles", ("mw_del", "mw_rec", "mva_del", "mva_rec"))
    for feeder, fact in facts.items():
        unit = MW_PER_UNIT[fact["channel_unit"]]
        wanted = tuple(s and Decimal(s) * unit for s in fact["channel_sums"])
        assert found[feeder][1:] == wanted, feeder


@pytest.mark.parametrize("source", SOURCES)
def test_there_is_no_gap_where_the_source_has_none(source, request):
    root = request.getfixturevalue(source)
    assert query(root, "select count(*) from gaps") == [(0,)]
    assert query(root, "select count(*) from combined_gaps") == [(0,)]
    for feeder, fact in expected(source).items():
        span = query(
            root,
            "select min(start_local), max(end_local) from readings where feeder = ?",
            feeder,
        )
        wanted = (fact["first_start"], fact["last_end"])
        assert tuple(str(moment) for moment in span[0]) == wanted


@pytest.mark.parametrize(
    ("source", "folder", "energy_and_peak"),
    [
        ("open_substations", OPEN_DATA, ("2950.752", "77.42")),
        ("substations", REAL_DATA, ("76313.665", "183.3")),
    ],
)
def test_system_figures_of_the_substations_equal_an_independent_sum(
    source, folder, energy_and_peak, request
):
    root = request.getfixturevalue(source)
    totals: dict[str, Decimal] = {}
    for path in (folder / "substations/_dropbox/KW").glob("*.csv"):
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        start = next(i for i, line in enumerate(lines) if line.startswith("Record No.")) + 1
        for row in filter(any, csv.reader(line for line in lines[start:] if line.strip())):
            net = (Decimal(row[4] or 0) - Decimal(row[5] or 0)) / 1000
            totals[row[2].strip()] = totals.get(row[2].strip(), 0) + net
    peak_at, low_at = max(totals, key=totals.get), min(totals, key=totals.get)
    found = query(
        root,
        """
        select sum(mw_total), max(mw_total), arg_max(start_local, mw_total), min(mw_total),
            arg_min(start_local, mw_total)
        from combined_profiles
        """,
    )[0]

    def moment(text: str) -> datetime:
        return datetime.strptime(text, "%m/%d/%y %H:%M:%S")

    assert found == (
        sum(totals.values()),
        totals[peak_at],
        moment(peak_at),
        totals[low_at],
        moment(low_at),
    )
    assert (round(found[0] / 4, 3), found[1]) == tuple(map(Decimal, energy_and_peak))


def test_files_with_a_hole_inside_are_rejected_and_the_others_load(transformers):
    outcomes = dict(query(transformers, "select outcome, count(*) from raw.files group by outcome"))
    assert outcomes == {"sequence_error": 5, "accepted": 3}
    rejected = sorted((transformers / "data/KW/ERROR").glob("*.csv"))
    assert len(rejected) == 5
    for path in rejected:
        letter = path.with_suffix(".txt").read_text(encoding="utf-8")
        original = path.name.replace("_SEQUENCE-ERROR", "")
        source = REAL_DATA / "transformers/_dropbox/KW" / original
        assert path.read_bytes() == source.read_bytes()
        assert original in letter and "What to do" in letter


def test_every_first_bad_line_is_the_first_hole_of_the_source(transformers):
    gaps = {
        (feeder, gap[1])
        for feeder, fact in expected("transformers").items()
        for gap in fact["gaps"]
    }
    rows = query(transformers, "select feeder, reason from raw.files where outcome <> 'accepted'")
    for feeder, reason in rows:
        text = reason.split("found Start Time ")[1].split(": ")[0]
        found = datetime.strptime(text, "%m/%d/%y %H:%M:%S")
        assert (feeder, str(found)) in gaps


def test_rejected_months_are_gaps_and_the_total_there_is_unknown(transformers):
    # gt1 has March and the first of April, gt2 only the latter: gt2 misses all of March
    gap = query(transformers, "select feeder, gap_start_local, gap_end_local from gaps")
    assert gap == [("gt2", datetime(2024, 3, 1), datetime(2024, 4, 1))]
    march = query(
        transformers,
        """
        select count(*), count(mw_total), bool_and('gt2' in string_split(missing_feeders, ', '))
        from combined_profiles where start_local < timestamp '2024-04-01'
        """,
    )
    assert march == [(31 * 48, 0, True)]


def test_a_reading_without_a_value_is_no_gap_but_leaves_the_total_unknown(transformers):
    unknown = query(
        transformers,
        """
        select profiles.feeder, count(*), count(mw_total), bool_and(missing_feeders like '%gt1%')
        from feeder_profiles as profiles
        inner join combined_profiles using (interval_start_at)
        where profiles.mw_net is null
        group by profiles.feeder
        """,
    )
    assert unknown and all(row[2] == 0 and row[3] for row in unknown if row[0] == "gt1")


def test_unknown_kva_stays_empty_through_to_the_file(substations):
    with (substations / "lp/hal.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 8832
    for column in ("kva_del", "kva_rec", "MVA_del", "MVA_rec", "MVA_net", "PF_net"):
        assert {row[column] for row in rows} == {""}
    with (substations / "lp/all.csv").open(encoding="utf-8", newline="") as stream:
        totals = list(csv.DictReader(stream))
    assert {row["MVA_total"] for row in totals} == {""}
    assert all(row["MW_total"] for row in totals)


def test_readings_at_a_half_hour_meter_stay_half_hours(transformers):
    lengths = query(transformers, "select distinct interval_minutes from combined_profiles")
    assert lengths == [(30,)]
    starts = query(transformers, "select min(start_local), max(end_local) from feeder_profiles")
    assert starts[0][1] - starts[0][0] == timedelta(days=32)


def test_of_thirteen_measured_feeders_only_the_dead_one_has_something_to_show(
    substations, transformers, steel_plant
):
    assert query(substations, FINDINGS) == [("zero_run", "wls")]
    assert query(transformers, FINDINGS) == []
    assert query(steel_plant, FINDINGS) == []


def test_the_evidence_is_what_was_measured(substations):
    [(_, *dead)] = query(substations, "select * exclude severity from findings")
    zeros, first, last = query(
        substations,
        """select count(*), min(start_local), max(end_local) from feeder_profiles
        where feeder = 'wls' and del_raw = 0 and rec_raw = 0""",
    )[0]
    assert dead[1:3] == [first.date(), last.date()]
    assert f"{zeros:,} of 8,832 intervals are 0" in dead[3]
