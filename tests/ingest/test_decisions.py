"""decisions.csv: what is allowed in a line, that lines are only added, and what people type."""

import csv
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from conftest import PROJECT
from dropped_files import prepare
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.decisions import (
    COLUMNS,
    FIRST_COLUMNS,
    RULES,
    DecisionError,
    add_decision,
    expired_count,
    read_decisions,
    save_decisions,
)
from ingest.warehouse import open_warehouse

FEEDERS = {"north": {15}, "south": {30, 60}}
LINE = {
    "decided_at": "2024-08-01T09:30:00Z",
    "who": "A. Engineer",
    "why": "CT ratio, see work order 7",
    "action": "set",
    "feeder": "North",
    "first_start": "2024-07-12T11:00:00Z",
    "until": "2024-07-12T12:00:00Z",
    "channel": "mw_del",
    "value": "1.25",
}
SHIFT = LINE | {"action": "shift", "channel": "", "value": "-60"}
KNOWN = LINE | {"action": "acknowledge", "channel": "", "value": "", "rule": "gap"}
REVOKE = {name: LINE[name] for name in ("decided_at", "who", "why")} | {"action": "revoke"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "decisions.csv"


def write(path, *lines: dict[str, str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows({"decision": str(n), **line} for n, line in enumerate(lines, 1))


def test_without_a_file_there_is_no_decision(path):
    assert read_decisions(path, FEEDERS) == ()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("decision", "2"),
        ("decided_at", "2024-08-01"),
        ("who", ""),
        ("why", " "),
        ("action", "delete"),
        ("feeder", "nroth"),
        ("first_start", "07/12/24 11:00"),
        ("until", "2024-07-12T11:00:00Z"),
        ("until", ""),
        ("channel", ""),
        ("channel", "mw_net"),
        ("value", ""),
        ("value", "-1"),
        ("value", "1.1234567"),
        ("value", "1e3"),
        ("revokes", "1"),
        ("rule", "gap"),
        ("expires", "2025-03-31"),
    ],
)
def test_each_wrong_cell_is_named_with_its_line_its_value_and_what_is_allowed(path, column, value):
    write(path, LINE | {column: value})
    with pytest.raises(DecisionError) as error:
        read_decisions(path, FEEDERS)
    (said,) = str(error.value).splitlines()[1:]
    assert said.startswith(f"  - line 2, column {column!r}, value {value.strip()!r}: allowed is ")


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": "scale", "value": "0"},
        {"action": "scale", "value": "1000"},
        {"action": "scale", "value": ""},
        {"action": "missing"},
        {"action": "swap", "value": ""},
        {"action": "revoke", "revokes": "1"},
        {"action": "accept"},
        SHIFT | {"value": "0"},
        SHIFT | {"value": "20"},
        SHIFT | {"value": "7.5"},
        SHIFT | {"feeder": "south", "value": "15"},
        KNOWN | {"rule": ""},
        KNOWN | {"rule": "gaps"},
        KNOWN | {"feeder": "total"},
        KNOWN | {"channel": "mw_del"},
        KNOWN | {"expires": "31.3.2025"},
    ],
)
def test_an_action_refuses_cells_that_mean_nothing_with_it(path, wrong):
    write(path, LINE | wrong)
    with pytest.raises(DecisionError, match="line 2, column"):
        read_decisions(path, FEEDERS)


def test_a_header_of_other_columns_is_refused(path):
    path.write_text("decision,who\n")
    with pytest.raises(DecisionError, match="line 1: allowed is 'decision,decided_at"):
        read_decisions(path, FEEDERS)


def test_a_decision_is_revoked_once_and_a_revoke_never(path):
    add_decision(path, LINE, FEEDERS)
    add_decision(path, REVOKE | {"revokes": "1"}, FEEDERS)
    for number in ("1", "2", "3", "x"):
        with pytest.raises(DecisionError, match="that is in force"):
            add_decision(path, REVOKE | {"revokes": number}, FEEDERS)
    assert [found.revokes for found in read_decisions(path, FEEDERS)] == [None, 1]


def test_a_decision_on_a_feeder_that_is_gone_can_still_be_revoked(path):
    add_decision(path, LINE, FEEDERS)
    with pytest.raises(DecisionError, match="column 'feeder', value 'North'"):
        read_decisions(path, {"south": {60}})
    add_decision(path, REVOKE | {"revokes": "1"}, {"south": {60}})
    assert len(read_decisions(path, {"south": {60}})) == 2


def test_a_shift_by_intervals_that_a_feeder_no_longer_has_can_still_be_revoked(path):
    add_decision(path, SHIFT | {"value": "15"}, FEEDERS)
    hourly = {"north": {60}}
    with pytest.raises(DecisionError, match=r"column 'value', value '15': .* whole number"):
        read_decisions(path, hourly)
    add_decision(path, REVOKE | {"revokes": "1"}, hourly)
    assert [found.value for found in read_decisions(path, hourly)] == [15, None]


def test_what_can_be_acknowledged_is_a_gap_and_what_every_detector_finds(path):
    models = (PROJECT / "dbt_project/models/detectors").glob("detect_*.sql")
    assert sorted(RULES) == sorted(model.stem.removeprefix("detect_") for model in models)
    add_decision(path, KNOWN | {"expires": "2025-03-31"}, FEEDERS)
    found = add_decision(path, KNOWN | {"feeder": "Total", "rule": "small_total"}, FEEDERS)
    assert (found.feeder, found.rule, found.expires) == ("total", "small_total", None)
    counts = [expired_count(path, date(2025, *day)) for day in ((3, 31), (4, 1))]
    assert counts == [0, 1]


def test_a_file_of_an_earlier_version_is_read_and_its_lines_keep_their_bytes(path):
    line = ",".join(["1", *(LINE.get(name, "") for name in FIRST_COLUMNS[1:])])
    path.write_text(",".join(FIRST_COLUMNS) + f"\n{line.replace('CT ratio,', 'CT ratio')}\n")
    assert read_decisions(path, FEEDERS)[0].expires is None
    before = path.read_text().splitlines()[1:]
    add_decision(path, KNOWN, FEEDERS)
    header, *lines = path.read_text().splitlines()
    assert header == ",".join(COLUMNS) and lines[:-1] == before
    assert [found.rule for found in read_decisions(path, FEEDERS)] == [None, "gap"]


TEXT = st.text('a1.,;"\n\r é', max_size=8)
CELLS = st.fixed_dictionaries(
    {
        name: st.sampled_from([*{lines.get(name, "") for lines in (LINE, SHIFT, KNOWN)}, ""]) | TEXT
        for name in COLUMNS[1:]
    }
)


@given(st.lists(CELLS, max_size=6))
@settings(deadline=None)  # it writes files
def test_what_is_added_is_read_back_and_lines_before_it_keep_their_bytes(lines):
    with TemporaryDirectory() as folder:
        path, made = Path(folder) / "decisions.csv", []
        for cells in [LINE, *lines]:
            before = path.read_bytes() if path.exists() else b""
            try:
                made.append(add_decision(path, cells, FEEDERS))
            except DecisionError:
                assert path.read_bytes() == before
            assert path.read_bytes().startswith(before)
        assert read_decisions(path, FEEDERS) == tuple(made)


def test_a_line_that_was_changed_or_taken_out_after_a_run_stops_the_next(tmp_path):
    space = prepare(tmp_path / "root")
    for channel in ("mw_del", "mw_rec"):
        add_decision(space.decisions, LINE | {"channel": channel}, FEEDERS)
    known = read_decisions(space.decisions, FEEDERS)
    with open_warehouse(space.warehouse) as con:
        for some in (known[:1], known, known):
            save_decisions(con, some)
        assert con.execute("select count(*) from raw.decisions").fetchone() == (2,)
        add_decision(space.decisions, REVOKE | {"revokes": "2"}, FEEDERS)
        save_decisions(con, read_decisions(space.decisions, FEEDERS))
        text = space.decisions.read_text().replace("1.25", "1.50", 1)
        space.decisions.write_text(text)
        for changed in (read_decisions(space.decisions, FEEDERS), ()):
            with pytest.raises(DecisionError, match=r"decision 1 .* was changed or taken out"):
                save_decisions(con, changed)
        assert con.execute("select count(*) from raw.decisions").fetchone() == (3,)
