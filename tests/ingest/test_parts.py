"""Files of several meters: a part for each feeder, from meter-data.csv; one file all the same."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from shutil import copytree

import pytest
import raw_exports
from hypothesis import given, settings
from hypothesis import strategies as st
from point_files import HEADER, POINTS, with_points

from ingest.layouts.parsed import Parsed, ParsedLayout
from ingest.layouts.parsed_rows import BLOCK_VALUES
from ingest.load_files import LoadSummary, load_files, save_meter_data
from ingest.meter_data import read_meter_data
from ingest.release import release_file
from ingest.review import ReviewError, rebuild_warehouse, withdraw_file
from ingest.warehouse import migrate, open_warehouse
from ingest.workspace import Workspace

# an hour before the clocks of Berlin go back
AUTUMN = datetime(2024, 10, 26, 23)
METERS = """sta,meter,multiplier,channel_unit,timezone,valid_from,valid_to,channel,directions
north,NMI-0001,1,kW,Europe/Berlin,,,,both
South,NMI-0002,1,kW,UTC,,,,both
"""
ROWS = """
select feeder, start_local, utc_offset_minutes, del_raw, rec_raw
from raw.interval_reads inner join raw.files using (file_id)
order by feeder, start_local - to_minutes(utc_offset_minutes), line_number, position
"""


def line(point: str, number: int, code: str, value: object = 1) -> str:
    return f"{point},{AUTUMN + timedelta(minutes=15 * number):%Y-%m-%dT%H:%M},{code},{value}"


def pairs(point: str, numbers: Iterable[int]) -> list[str]:
    """Both directions of some intervals."""
    return [line(point, n, code, n) for n in numbers for code in ("E", "B")]


def root_at(folder: Path, meters: str = METERS) -> Workspace:
    space = Workspace(folder)
    space.prepare()
    set_meters(space, meters)
    return space


def set_meters(space: Workspace, meters: str) -> None:
    space.meter_data.write_text(meters)
    save_meter_data(space, read_meter_data(space.meter_data))


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    """A prepared root to copy."""
    return root_at(tmp_path_factory.mktemp("template")).root


@pytest.fixture
def space(template, tmp_path) -> Workspace:
    return Workspace(copytree(template, tmp_path / "root"))


def drop(space: Workspace, lines: Iterable[str], name: str = "all.csv") -> LoadSummary:
    (space.dropbox / name).write_text("\n".join([HEADER, *lines, ""]))
    return load_files(space, recognise=with_points)


def query(space: Workspace, sql: str) -> list[tuple]:
    with open_warehouse(space.warehouse) as con:
        return con.execute(sql).fetchall()


def ledger(space: Workspace, *columns: str) -> list[tuple]:
    return query(space, f"select {', '.join(columns)} from raw.files order by file_id")


def letter_of(space: Workspace, name: str) -> str:
    return (space.rejected / name).read_text()


def test_each_listed_meter_of_a_file_is_a_part_and_the_file_is_one(space):
    lines = [*pairs("NMI-0001", range(8)), *pairs("nmi0002", range(8)), *pairs("NMI-3", [0])]
    summary = drop(space, lines)
    assert summary.outcomes == {"accepted": 1}
    assert summary.row_count == 16
    assert ledger(space, "feeder", "layout", "point", "row_count", "stored_as") == [
        ("north", "points", "NMI-0001", 8, "data/KW/2024-10/all.csv"),
        ("south", "points", "nmi0002", 8, "data/KW/2024-10/all.csv"),
    ]
    assert ledger(space, "notes")[0] == ('{"rows_of_test": 34, "unlisted_points": 1}',)
    assert [path.name for path in space.archived_files()] == ["all.csv"]


def test_the_repeated_hour_of_a_file_in_utc_is_told_apart_by_its_offset(space):
    drop(space, pairs("NMI-0001", range(12)))
    found = query(space, ROWS)
    assert [row[1:4] for row in found if row[3] in (3, 4, 8)] == [
        (datetime(2024, 10, 27, 1, 45), 120, 3),
        (datetime(2024, 10, 27, 2, 0), 120, 4),
        (datetime(2024, 10, 27, 2, 0), 60, 8),
    ]
    (times,) = query(space, "select first_start_local, last_end_local from raw.files")
    assert times == (datetime(2024, 10, 27, 1), datetime(2024, 10, 27, 3))


def test_the_same_file_again_is_a_duplicate_and_a_meter_listed_since_is_taken_in(space):
    lines = [*pairs("NMI-0001", range(4)), *pairs("NMI-0003", range(4))]
    drop(space, lines)
    assert drop(space, lines, "again.csv").outcomes == {"duplicate": 1}
    set_meters(space, f"{METERS}east,NMI-0003,1,kW,UTC,,,,both\n")
    assert drop(space, lines, "third.csv").outcomes == {"accepted": 1}
    assert ledger(space, "feeder", "outcome", "stored_as") == [
        ("north", "accepted", "data/KW/2024-10/all.csv"),
        ("north", "duplicate", "data/KW/2024-10/all.csv"),
        ("east", "accepted", "data/KW/2024-10/all.csv"),
        ("north", "duplicate", "data/KW/2024-10/all.csv"),
    ]
    assert [path.name for path in space.archived_files()] == ["all.csv"]


def test_a_file_of_no_listed_meter_names_them_and_the_line_to_write(space):
    assert drop(space, pairs("NMI-77", range(4))).outcomes == {"unknown_meter": 1}
    letter = letter_of(space, "all_UNKNOWN-METER.txt")
    assert "NMI-77" in letter and "NAME,NMI-77,1,kWh" in letter
    set_meters(space, f"{METERS}east,NMI-77,1,kW,UTC,,,,both\n")
    drop(space, pairs("NMI-77", range(4)))
    assert ledger(space, "closed_by")[0] == (2,)


def test_a_part_with_a_hole_is_refused_alone_and_can_be_released(space):
    lines = [*pairs("NMI-0001", [0, 1, 5, 6]), *pairs("NMI-0002", range(8))]
    summary = drop(space, lines)
    assert summary.outcomes == {"accepted": 1}
    assert [entry[1] for entry in summary.rejected] == ["sequence_error"]
    name = "all-north_SEQUENCE-ERROR.txt"
    letter = letter_of(space, name)
    assert "3 intervals missing" in letter and "north (meter NMI-0001)" in letter
    assert f'load-profile release "data/KW/ERROR/{name}"' in letter
    assert ledger(space, "feeder", "closed_by") == [("north", None), ("south", None)]
    release_file(space, f"data/KW/ERROR/{name}", "power failure", with_points)
    assert query(space, "select count(*) from raw.interval_reads") == [(12,)]
    assert (space.root / "data/KW/2024-10/all.csv").exists()
    assert not (space.rejected / name).exists()
    assert ledger(space, "file_id", "closed_by", "release_of")[0::2] == [(1, 3, None), (3, None, 1)]


def test_a_file_of_which_no_part_is_good_has_one_letter_and_a_release_archives_it(space):
    lines = [*pairs("NMI-0001", [0, 1, 5, 6]), *pairs("NMI-0002", [0, 3])]
    assert drop(space, lines).outcomes == {"sequence_error": 1}
    assert sorted(path.name for path in space.rejected.iterdir()) == [
        "all_SEQUENCE-ERROR.csv",
        "all_SEQUENCE-ERROR.txt",
    ]
    assert "south: line" in letter_of(space, "all_SEQUENCE-ERROR.txt")
    with pytest.raises(ReviewError, match="all-south_SEQUENCE-ERROR"):
        release_file(space, "all_SEQUENCE-ERROR.csv", "as it is", with_points)
    for feeder in ("south", "north"):
        release_file(space, f"all-{feeder}_SEQUENCE-ERROR.txt", "so", with_points)
    assert query(space, "select count(*) from raw.interval_reads") == [(6,)]
    assert [path.name for path in space.archive.glob("20*/*.csv")] == ["all.csv"]
    assert not list(space.rejected.glob("*.csv"))


def test_withdraw_takes_all_feeders_of_a_file_and_a_number_takes_one(space):
    lines = [*pairs("NMI-0001", range(4)), *pairs("NMI-0002", range(4))]
    drop(space, lines)
    assert withdraw_file(space, "#2", "wrong meter")[1] == 4
    drop(space, lines, "b.csv")
    assert withdraw_file(space, "all.csv", "both are wrong")[1] == 8
    assert drop(space, lines, "c.csv").outcomes == {"accepted": 1}


def test_a_rebuild_restores_every_part(space):
    drop(space, [*pairs("NMI-0001", range(4)), *pairs("NMI-0002", range(8))])
    columns = "file_id", "feeder", "point", "outcome", "row_count", "stored_as", "notes"
    before = query(space, ROWS), ledger(space, *columns)
    rebuild_warehouse(space, recognise=with_points)
    assert (query(space, ROWS), ledger(space, *columns)) == before
    set_meters(space, METERS.replace("NMI-0002", "NMI-0009"))
    with pytest.raises(ReviewError, match=r"south.*NMI-0002"):
        rebuild_warehouse(space, recognise=with_points)


CHANNELS = [
    (["N,-5"], (0, 5, None, None, None, None)),
    (["N,5", "S,7", "R,-2"], (5, 0, 7, 0, 0, 2)),
    (["E,1", "B,2", "S,7"], (1, 2, 0, 7, None, None)),
    (["E,1", "B,", "S,7"], (1, None, None, None, None, None)),
    (["N,", "S,7"], (None, None, None, None, None, None)),
    (["E,1", "B,2", "Q1,1", "Q2,2", "Q3,4", "Q4,8"], (1, 2, None, None, 3, 12)),
    (["E,1", "B,2", "Q1,1", "Q2,", "Q3,4", "Q4,8"], (1, 2, None, None, None, 12)),
    (["E,1", "B,2", "X,9"], (1, 2, None, None, None, None)),
]


@pytest.mark.parametrize(("cells", "values"), CHANNELS)
def test_channels_become_the_directions_of_a_row(space, cells, values):
    lines = [line("NMI-0001", 0, *cell.split(",")) for cell in cells]
    drop(space, lines)
    sql = """select del_raw, rec_raw, kva_del_raw, kva_rec_raw, kvar_del_raw, kvar_rec_raw
    from raw.interval_reads"""
    assert query(space, sql) == [values]


def test_a_long_value_keeps_all_of_its_digits(space):
    drop(space, [line("NMI-0001", 0, "E", "1.0000001"), line("NMI-0001", 0, "B", "2")])
    ((long_values,),) = query(space, "select long_values from raw.interval_reads")
    assert long_values == [Decimal("1.0000001"), 2, None, None, None, None]


def test_one_direction_is_refused_unless_the_other_is_declared_absent(space):
    lines = [line("NMI-0001", n, "E", n) for n in range(4)]
    assert drop(space, lines).outcomes == {"unreadable": 1}
    assert "  delivered\n" in letter_of(space, "all_UNREADABLE.txt")
    set_meters(space, METERS.replace(",,,,both", ",,,,delivered", 1))
    assert drop(space, lines).outcomes == {"accepted": 1}
    assert [row[3:] for row in query(space, ROWS)] == [(n, 0) for n in range(4)]


def test_of_several_channels_meter_data_names_those_to_use(space):
    lines = [line("NMI-0001", n, c, c[1]) for n in range(3) for c in ("E1", "B1", "E2", "B2")]
    assert drop(space, lines).outcomes == {"unreadable": 1}
    assert "E1 B1 E2 B2" in letter_of(space, "all_UNREADABLE.txt")
    own = "a,NMI-0001,1,kW,UTC,,,E1 B1,both\nb,NMI-0001,1,kW,UTC,,,2,both\n"
    set_meters(space, METERS.splitlines()[0] + "\n" + own)
    drop(space, lines, "b.csv")
    assert {row[::3] for row in query(space, ROWS)} == {("a", 1), ("b", 2)}
    set_meters(space, METERS.replace("Berlin,,,,both", "Berlin,,,E7 B7,both"))
    assert drop(space, [*lines, ""], "c.csv").outcomes == {"unreadable": 1}
    assert "channels E7 B7 of meter NMI-0001" in letter_of(space, "c_UNREADABLE.txt")


def test_a_unit_that_contradicts_meter_data_is_refused_with_the_line_to_write(space):
    set_meters(space, METERS.replace("1,kW", "1,kWh"))
    assert drop(space, pairs("NMI-0001", range(4))).outcomes == {"unreadable": 1}
    letter = letter_of(space, "all_UNREADABLE.txt")
    assert "kW as the unit of channel 'E'" in letter and "kWh, the channel_unit" in letter


def test_after_an_exchange_each_meter_counts_while_it_is_that_of_the_feeder(space):
    exchanged = METERS.splitlines()[0] + (
        "\nnorth,A1234,1,kW,UTC,,2024-10-27 00:00,,both"
        "\nnorth,B1234567,1,kW,UTC,2024-10-27 00:00,,,both\n"
    )
    set_meters(space, exchanged)
    good = [*pairs("A1234", range(4)), *pairs("B1234567", range(4, 8))]
    unknown = [line("A1234", n, code, "") for n in range(4, 8) for code in "EB"]
    assert drop(space, [*good, *unknown]).outcomes == {"accepted": 1}
    assert [row[3] for row in query(space, ROWS)] == list(range(8))
    late = [*good, *pairs("A1234", [4])]
    assert drop(space, late, "late.csv").outcomes == {"unknown_meter": 1}
    letter = letter_of(space, "late_UNKNOWN-METER.txt")
    assert "readings of A1234, 1 in all" in letter and "B1234567, the meter of" in letter


def test_a_doubled_start_with_another_value_is_a_sequence_error_that_names_both_rows(space):
    twice = [*pairs("NMI-0001", range(4)), line("NMI-0001", 1, "E", 7), line("NMI-0001", 1, "B", 7)]
    assert drop(space, twice).rejected
    assert ledger(space, "outcome", "bad_line", "problem_code") == [
        ("sequence_error", 10, "contradiction")
    ]
    ((letter,),) = ledger(space, "letter")
    assert "line 4 has 1 1, line 10 has 7 7" in letter


def test_a_row_repeated_word_for_word_is_left_out_and_counted(space):
    drop(space, [*pairs("NMI-0001", range(4)), *pairs("NMI-0001", [1])])
    ((outcome, count, notes),) = ledger(space, "outcome", "row_count", "notes")
    assert (outcome, count) == ("accepted", 4) and '"repeated_rows": 1' in notes


def test_a_value_that_is_no_number_refuses_its_part_only(space):
    lines = [*pairs("NMI-0001", range(4)), *pairs("NMI-0002", range(4))]
    drop(space, [*lines[:-1], line("NMI-0002", 3, "B", "1e3")])
    assert ledger(space, "feeder", "outcome", "bad_line") == [
        ("north", "accepted", None),
        ("south", "unreadable", 17),
    ]


def test_a_hole_of_an_hour_in_utc_is_not_taken_for_a_change_of_the_clock(space):
    drop(space, pairs("NMI-0001", [n for n in range(16) if not 4 <= n < 8]))
    assert ledger(space, "problem_code") == [("hole",)]


def classic(space: Workspace, header: str, cells: str) -> LoadSummary:
    start = datetime(2024, 7, 1)
    lines = raw_exports.rows(start, 4, cells)
    name = "north-070124-000000_070124-010000.csv"
    header = f"Record No.,Event Type,Start Time,End Time,{header}"
    (space.dropbox / name).write_text(raw_exports.export(lines, header=header))
    return load_files(space)


@pytest.mark.parametrize("cells", ["{n},1", '"{n}","1"'])
def test_a_classic_file_of_one_direction_needs_the_other_declared_absent(space, cells):
    assert classic(space, "-1-,-3-", cells).outcomes == {"unreadable": 1}
    letter = letter_of(space, "north-070124-000000_070124-010000_UNREADABLE.txt")
    assert "`directions`" in letter and "  delivered\n" in letter
    set_meters(space, METERS.replace(",,,,both", ",,,,delivered", 1))
    assert classic(space, "-1-,-3-", cells).outcomes == {"accepted": 1}
    sql = "select del_raw, rec_raw, kva_del_raw, kva_rec_raw from raw.interval_reads order by all"
    assert query(space, sql) == [(n, 0, 1, 0) for n in range(4)]


def test_files_are_read_by_equal_layouts_that_are_not_the_same_object(space):
    for number in (1, 2):
        lines = [HEADER, *pairs(f"NMI-000{number}", range(4)), ""]
        (space.dropbox / f"file-{number}.csv").write_text("\n".join(lines))

    def with_new_points(data: bytes, name: str) -> tuple:
        layout, outline = with_points(data, name)
        return replace(layout), outline

    assert load_files(space, recognise=with_new_points).outcomes == {"accepted": 2}
    assert query(space, "select count(*) from raw.interval_reads") == [(8,)]


@pytest.mark.parametrize("row", [0, 3])
def test_an_unreadable_time_in_a_file_of_one_direction_stops_no_other_file(space, row):
    bad = raw_exports.rows(datetime(2024, 7, 1), 4, "{n},1")
    bad[row] = bad[row].replace("07/01/24", "07/a1/24")
    header = "Record No.,Event Type,Start Time,End Time,-1-,-3-"
    (space.dropbox / "north-bad.csv").write_text(raw_exports.export(bad, header=header))
    assert classic(space, "-1-,-2-", "1,2").outcomes == {"accepted": 1, "unreadable": 1}


@pytest.mark.parametrize("cells", ["{n},1,2,-3", '"{n}","1","2","-3"', "{n},1,,-"])
def test_kvar_columns_of_a_classic_file_are_reactive_power(space, cells):
    assert classic(space, "kw_del,kw_rec,kvar_del,kvar_rec", cells).outcomes == {"accepted": 1}
    sql = """select del_raw, kva_del_raw, kvar_del_raw, kvar_rec_raw from raw.interval_reads
    order by all"""
    kvar = (None, None) if cells.endswith("-") else (2, -3)
    assert query(space, sql) == [(n, None, *kvar) for n in range(4)]


def test_a_warehouse_of_before_gets_the_new_columns(space):
    drop(space, pairs("NMI-0001", range(2)))
    added = {
        "interval_reads": ("position", "utc_offset_minutes", "kvar_del_raw", "kvar_rec_raw"),
        "files": ("layout", "point", "notes"),
        "meter_data": ("channel", "directions"),
    }
    with open_warehouse(space.warehouse) as con:
        for table, columns in added.items():
            for column in columns:
                con.execute(f"alter table raw.{table} drop column {column}")
    migrate(space.warehouse)
    assert query(space, "select distinct position, utc_offset_minutes from raw.interval_reads") == [
        (0, None)
    ]
    set_meters(space, METERS)
    assert drop(space, pairs("NMI-0002", range(2)), "b.csv").outcomes == {"accepted": 1}
    assert query(space, "select count(utc_offset_minutes) from raw.interval_reads") == [(2,)]


@settings(max_examples=4, deadline=None)
@given(st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_that_of_files_changes_a_result(
    template, tmp_path_factory, random
):
    whole = [*pairs("NMI-0001", range(12)), *pairs("NMI-0002", range(12))]
    later = [*pairs("NMI-0002", range(8, 20)), *pairs("NMI-0001", range(12, 14))]
    found = []
    for is_shuffled in (False, True):
        space = Workspace(copytree(template, tmp_path_factory.mktemp("roots") / "root"))
        files = {"a.csv": list(whole), "b.csv": list(later)}
        if is_shuffled:
            for lines in files.values():
                random.shuffle(lines)
            files = dict(zip(["b.csv", "a.csv"], files.values(), strict=True))
        for name, lines in files.items():
            (space.dropbox / name).write_text("\n".join([HEADER, *lines, ""]))
        summary = load_files(space, recognise=with_points)
        found.append((summary.outcomes, query(space, ROWS), ledger(space, "feeder", "outcome")))
    assert found[0] == found[1]
    assert found[0][0] == {"accepted": 2}


def test_a_file_of_many_meters_is_parsed_once_and_its_rows_are_made_in_blocks(space) -> None:
    reads: list[int] = []

    def parse(data: bytes) -> Parsed:
        reads.append(len(data))
        return POINTS.parse(data)

    layout = ParsedLayout("counted", POINTS.refusal, parse)
    count, meters = 700, 200
    set_meters(
        space,
        "sta,meter,multiplier,channel_unit,timezone,directions\n"
        + "".join(f"f{n},NMI-{n},1,kW,Europe/Berlin,both\n" for n in range(meters)),
    )
    lines = [
        line(f"NMI-{n}", number, code, n + number / 100)
        for number in range(count)
        for n in range(meters)
        for code in ("E", "B")
    ]
    assert len(lines) > BLOCK_VALUES
    (space.dropbox / "all.csv").write_text("\n".join([HEADER, *lines, ""]))
    load_files(space, recognise=lambda data, name: (layout, layout.outline(data, name)))
    assert len(reads) == 1
    [found] = query(
        space,
        """
        select
            count(*), count(distinct (feeder, start_local, utc_offset_minutes)), sum(del_raw),
            bool_and(del_raw = rec_raw and 100 * del_raw = 100 * feeder[2:]::int + number)
        from (
            select
                *, row_number() over (partition by feeder order by line_number) - 1 as number
            from raw.interval_reads inner join raw.files using (file_id)
        )
        """,
    )
    total = count * sum(range(meters)) + meters * Decimal(sum(range(count))) / 100
    assert found == (count * meters, count * meters, total, True)
