"""Register reads against intervals: every fault put in is found and explained, and no other."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from conftest import BUILD, OPEN_DATA, REAL_DATA, dbt, made_once, query, take_in, untested
from fault_files import Feeder, read_feeders, window, write_files
from register_roots import CASES, GOOD, HEADER, write_root

from ingest.review import withdraw_file
from ingest.workspace import Workspace

CHECKS = """
select feeder, verdict, changes from register_checks where verdict <> 'not checked' order by all
"""
FOUND = "select feeder, meaning from findings where rule = 'register_check' order by all"
METERS = "sta,meter,multiplier,channel_unit,interval_minutes,timezone,valid_from,valid_to,"
METERS += "register_multiplier,register_digits"
DAY = timedelta(days=1)


def measured(source, first: datetime, days: int) -> list[Feeder]:
    """Feeders that have a load in these days."""
    found = [window(feeder, first, days) for feeder in read_feeders(source)]
    return [f for f in found if sum(any(v[:2]) for _, v in f.rows) > len(f.rows) / 2]


def built(root, model: str) -> None:
    take_in(root)
    dbt(root, *BUILD, *untested(model))


def assert_found_and_explained(root) -> None:
    """Every faulty feeder has a finding that names its fault; a good one has none."""
    meanings: dict[str, list[str]] = {}
    for feeder, meaning in query(root, FOUND):
        meanings.setdefault(feeder, []).append(meaning)
    for (feeder,) in query(root, "select distinct feeder from register_checks"):
        case = next(c for c in (GOOD, *CASES) if feeder.startswith(f"{c.name}_"))
        texts = meanings.pop(feeder, [])
        if case is GOOD:
            assert not texts, texts
            continue
        explained = [text for text in texts if all(word in text for word in case.changes)]
        assert explained, (feeder, texts)
    assert not meanings


@pytest.fixture(scope="module")
def open_root(tmp_path_factory):
    def make(root):
        feeders = measured(OPEN_DATA / "substations", datetime(2021, 8, 30), 3)
        write_root(root, feeders)
        built(root, "findings")

    return made_once("register-checks", tmp_path_factory, make)


def test_every_fault_is_found_and_explained_and_a_good_feeder_has_none(open_root):
    assert_found_and_explained(open_root)
    verdicts = {}
    for feeder, verdict, changes in query(open_root, CHECKS):
        verdicts.setdefault(feeder, []).append((verdict, changes))
    assert set(verdicts["good_lls"]) == {("agrees", None)}
    assert len(verdicts["good_lls"]) == 4  # of two registers, two pairs of three reads
    assert ("differs", "channel_unit kWh") in verdicts["energy_wew"]


def test_the_sum_over_pairs_is_exactly_that_of_the_whole(open_root):
    sums = query(
        open_root,
        """
        with pairs as (
            select feeder, channel, from_at, until_at, interval_mj, register_mj,
                register_multiplier, from_value, until_value
            from register_pairs join register_energies using (feeder, meter, channel, from_at)
        )
        select feeder, channel, sum(interval_mj), sum(register_mj),
            (max_by(until_value, until_at) - min_by(from_value, from_at))
            * any_value(register_multiplier) * 3.6,
            (
                select sum(
                    case channel when 'kwh_del' then mw_del else mw_rec end * actual_seconds
                )
                from feeder_profiles as p
                where p.feeder = pairs.feeder
                    and interval_start_at >= min(from_at) and interval_start_at < max(until_at)
            )
        from pairs group by feeder, channel
        """,
    )
    assert len(sums) == 2 * 2 * (1 + len(CASES))
    for feeder, channel, intervals, registers, by_register, by_profile in sums:
        assert (intervals, registers) == (by_profile, by_register), (feeder, channel)


def test_intervals_of_7_20_times_the_register_are_told_the_line_to_write(open_root):
    explanations = query(
        open_root,
        "select distinct explanation from register_checks"
        " where feeder = 'both_wew' and verdict = 'differs'",
    )
    assert explanations == [
        (
            "the intervals are 7.20 times the register: multiplier 28800 does not belong to the "
            "channels; channel_unit kWh with multiplier 1 agrees within one count",
        )
    ]


def constant(name: str, kw: str, first: datetime, days: float) -> Feeder:
    """A feeder of one power all the time."""
    rows = [
        (first + n * timedelta(minutes=15), (Decimal(kw), Decimal(0), None, None))
        for n in range(int(days * 96))
    ]
    return Feeder(name, "kW", 15, rows)


@pytest.fixture(scope="module")
def odd_root(tmp_path_factory):
    """What is not a fault of the intervals: rollover, exchange, gaps, odd times, a clock change."""

    def make(root):
        (root / "_dropbox/KW").mkdir(parents=True)
        (root / "_dropbox/REG").mkdir()
        first = datetime(2024, 10, 25)
        feeder = constant("x", "100", first, 5)
        holed = [row for row in feeder.rows if not 40 <= (row[0] - first) / timedelta(hours=1) < 60]
        for name in ("roll", "nodigits", "exchange", "odd", "kva", "coarse"):
            write_files(root, Feeder(name, "kW", 15, feeder.rows))
        write_files(root, Feeder("holed", "kW", 15, holed))
        write_files(
            root, Feeder("toomuch", "kW", 15, [(at, (v[0] * 4, *v[1:])) for at, v in holed])
        )
        # the clock of berlin shows an hour twice on the 27th; four intervals more
        write_files(root, constant("berlin", "100", first, 2))
        write_files(root, constant("berlin", "100", datetime(2024, 10, 28), 2))
        lines = [
            "roll,1001,1,kW,15,UTC,,,,4",
            "nodigits,1002,1,kW,15,UTC,,,,",
            "exchange,1003,1,kW,15,UTC,,2024-10-27 12:00,10,",
            "exchange,1004,1,kW,15,UTC,2024-10-27 12:00,,20,",
            "odd,1005,1,kW,15,UTC,,,,",
            "kva,1006,1,kW,15,UTC,,,,",
            "holed,1007,1,kW,15,UTC,,,,",
            "coarse,1010,28800,W,15,UTC,,,,",
            "toomuch,1008,1,kW,15,UTC,,,,",
            "berlin,1009,1,kW,15,Europe/Berlin,,,,",
        ]
        (root / "meter-data.csv").write_text("\n".join([METERS, *lines]) + "\n")
        reads = [
            *("1001,2024-10-25,9000,0,", "1001,2024-10-26,1400,0,"),
            *("1002,2024-10-25,9000,0,", "1002,2024-10-26,1400,0,"),
            *("1003,2024-10-26,0,0,", "1003,2024-10-27 12:00,360,0,", "1003,2024-10-28,900,0,"),
            *("1004,2024-10-27 12:00,7,0,", "1004,2024-10-28 12:00,127.0,0,"),
            # 100 kW for 24 h 5 min is 2408.33 kWh
            *("1005,2024-10-25 00:10,10.00,0,", "1005,2024-10-26 00:15,2418.33,0,"),
            *("1006,2024-10-25,0,0,5", "1006,2024-10-26,2400,0,2500"),
            *("1007,2024-10-25,0,0,", "1007,2024-10-26 12:00,3600,0,", "1007,2024-10-29,9600,0,"),
            *("1008,2024-10-25,0,0,", "1008,2024-10-29,9600,0,"),
            *("1009,2024-10-25,0,0,", "1009,2024-10-27 02:30,5050,0,", "1009,2024-10-28,7300,0,"),
            *("1009,2024-10-29,9700,0,", "1010,2024-10-25,5,0,", "1010,2024-10-26,5,0,"),
        ]
        text = "\n".join([f"{HEADER},kvah_del", *reads]) + "\n"
        (root / "_dropbox/REG/reads.csv").write_text(text)
        built(root, "register_checks")

    return made_once("register-odd", tmp_path_factory, make)


def checks_of(root, feeder: str, channel: str = "kwh_del") -> list[tuple]:
    return query(
        root,
        "select verdict, reason, is_rollover, round(register_mwh, 6)::double from register_checks"
        " where feeder = ? and channel = ? order by meter, from_at",
        feeder,
        channel,
    )


GAP, MISSING = "a read is inside a gap", "intervals are missing between the reads"
TWICE = "a read is in the hour that the clock shows twice"


@pytest.mark.parametrize(
    ("feeder", "expected"),
    [
        ("roll", [("agrees", None, True, 2.4)]),
        (
            "nodigits",
            [
                (
                    "not checked",
                    "the register fell, and meter-data.csv has no register_digits",
                    True,
                    None,
                )
            ],
        ),
        (
            "exchange",
            [
                ("agrees", None, False, 3.6),
                (
                    "not checked",
                    "the meter was exchanged between the reads, or meter-data.csv has no row of it",
                    False,
                    None,
                ),
                ("agrees", None, False, 2.4),
            ],
        ),
        ("odd", [("agrees", None, False, 2.40833)]),
        ("holed", [("agrees", None, False, 3.6), ("not checked", MISSING, False, 6.0)]),
        ("toomuch", [("differs", None, False, 9.6)]),
        (
            "berlin",
            [
                ("not checked", TWICE, False, None),
                ("not checked", TWICE, False, None),
                ("agrees", None, False, 2.4),
            ],
        ),
    ],
)
def test_what_the_reads_cannot_show_is_not_checked_and_says_why(odd_root, feeder, expected):
    assert checks_of(odd_root, feeder) == expected


def test_a_register_whose_channel_the_intervals_lack_is_not_checked(odd_root):
    reason = "the intervals have no such channel between the reads"
    assert checks_of(odd_root, "kva", "kvah_del") == [("not checked", reason, False, 2.495)]


def test_a_read_inside_an_interval_takes_its_share_and_widens_the_tolerance(odd_root):
    ((difference, tolerance),) = query(
        odd_root,
        "select difference_mwh, tolerance_mwh from register_checks"
        " where feeder = 'odd' and channel = 'kwh_del'",
    )
    # 10 of the first 15 minutes may be the share that is wrong: 100 kW x 10 min
    assert abs(float(tolerance) - (0.00002 + 0.002 * 2.40833 + 0.1 / 6)) < 1e-8
    assert abs(float(difference)) < 1e-5


def test_too_much_energy_differs_even_where_intervals_are_missing(odd_root):
    ((explanation, missing),) = query(
        odd_root,
        "select explanation, missing_intervals from register_checks"
        " where feeder = 'toomuch' and channel = 'kwh_del'",
    )
    assert missing == 80
    assert explanation == (
        "the intervals are 3.17 times the register, even without the intervals that are missing"
    )


def test_a_register_that_fits_nearly_everything_names_nothing(odd_root):
    found = query(
        odd_root,
        "select explanation, changes from register_checks where feeder = 'coarse'"
        " and channel = 'kwh_del'",
    )
    words = "the register stood still: the register counts too coarsely to say what explains it"
    assert found == [(words, None)]


def test_a_corrected_read_and_its_withdrawal_change_the_check(odd_root):
    again = odd_root / "_dropbox/REG/again.csv"
    again.write_text(f"{HEADER}\n1001,2024-10-26,1500,0\n")
    take_in(odd_root)
    dbt(odd_root, "run", "--select", "+register_checks", "--exclude", "+feeder_profiles")
    assert [row[0] for row in checks_of(odd_root, "roll")] == ["differs"]
    withdraw_file(Workspace(odd_root), "again.csv", "misread")
    dbt(odd_root, "run", "--select", "+register_checks", "--exclude", "+feeder_profiles")
    assert [row[0] for row in checks_of(odd_root, "roll")] == ["agrees"]


@pytest.mark.parametrize(
    ("source", "first"),
    [("campus", datetime(2014, 3, 1)), ("substations", datetime(2021, 8, 7))],
)
def test_every_fault_in_measured_data_is_found_and_no_other(source, first, tmp_path):
    if not REAL_DATA.exists():
        pytest.skip(f"real measured data is not here: {REAL_DATA}")
    feeders = measured(REAL_DATA / source, first, 28)
    assert len(feeders) >= 1
    write_root(tmp_path, feeders, each=7 * DAY)
    built(tmp_path, "findings")
    assert_found_and_explained(tmp_path)
