"""Why published figures changed: the run, the tables and `diff` report the same of each month."""

from contextlib import closing
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
import raw_exports
from conftest import BUILD, dbt, query, summary, take_in, untested
from published import JUDGED

from ingest.release import release_file
from ingest.review import withdraw_file
from ingest.warehouse import open_warehouse, utc_now
from ingest.workspace import Workspace
from load_profile.dbt import read_manifest
from load_profile.publish.history import difference
from load_profile.publish.marts import published_marts
from load_profile.publish.version import publish

METERS = "sta,meter,multiplier,channel_unit,interval_minutes,total_factor,valid_from,valid_to\n"
JULY = "2024-07-01 00:00"
FEEDERS = ("north", "south", "east", "west")
MARTS = [
    mart
    for mart in published_marts(read_manifest())
    if mart.name in (*JUDGED, "feeder_profiles", "missing_intervals")
]
Changes = dict[tuple[str, str], tuple[str, float]]


class Root:
    """A root with hourly meters that measure the first day of each month, and what is said."""

    def __init__(self, folder: Path) -> None:
        self.space = Workspace(folder)
        self.space.prepare()
        self.meters(*FEEDERS)
        self.copies: dict[str, list[list[tuple]]] = {}  # what was published, by version

    def meters(self, *feeders: str, **since_july: int) -> None:
        """Feeders whose multiplier is 1, some of them with another one from July on."""
        rows = [f"{name},1,1,MW,60,1,,{JULY * (name in since_july)}\n" for name in feeders]
        rows += [f"{name},1,{number},MW,60,1,{JULY},\n" for name, number in since_july.items()]
        self.space.meter_data.write_text(METERS + "".join(rows))

    def drop(self, feeder: str, month: int, delivered: float = 2, skip: int | None = None) -> str:
        """A day of one value; `skip` is an hour that is not there."""
        lines = raw_exports.rows(datetime(2024, month, 1), 24, f"{delivered},0.5,,", minutes=60)
        if skip is not None:
            del lines[skip]
        name = f"{feeder}-{month}-{delivered}.csv"
        raw_exports.write_export(self.space.dropbox, name, lines)
        return name

    def build(self, *options: str, between: str = "") -> datetime:
        """All of a run but for the tests and for publishing; `between` is SQL run before dbt."""
        started = utc_now()
        take_in(self.space.root)
        with open_warehouse(self.space.warehouse) as con:
            con.execute(between or "select 1")
        dbt(self.space.root, *BUILD, *untested(*JUDGED), *options)
        with open_warehouse(self.space.warehouse) as con:
            con.execute("update model_parts set is_tested = true")
        return started

    def run(self, *options: str) -> Changes:
        """The same and publish; what `diff` reports, if the run's lines and the tables agree."""
        started = self.build(*options)
        before = self.energy()
        version = publish(self.space, MARTS).version
        after = self.energy()
        self.copies[version] = self.profiles()
        changed: Changes = {
            (row["feeder"], f"{row['month_start_at']:%m}"): (
                row["cause"],
                round((row["net_mwh_after"] or 0) - (row["net_mwh_before"] or 0), 6),
            )
            for row in difference(self.space.published, "", "").months
        }
        for key in before.keys() | after.keys() | changed.keys():
            effect = after.get(key, 0) - before.get(key, 0)
            assert changed.get(key, ("", 0))[1] == pytest.approx(effect), key
        restated = {key: found for key, found in changed.items() if found[0] != "new file"}
        text = summary(self.space.root, started)
        lines = [line for line in text.splitlines() if " restated 2" in line]
        for (feeder, month), (cause, energy) in restated.items():
            words = cause.replace("meter-data.csv", "meter-data.csv changed")
            line = next(x for x in lines if x.startswith(f"{words}: {feeder} restated"))
            assert f"2024-{month}" in line or " to 2024-" in line
            assert f"net energy {energy:+,.3f} MWh" in line or " to 2024-" in line
        assert len(lines) <= len(restated)
        return restated

    def profiles(self, as_of: str = "") -> list[list[tuple]]:
        """Every cell of feeders and the total, as published now or as a version had them."""
        with closing(duckdb.connect(str(self.space.published), read_only=True)) as con:
            return [
                con.execute(f"from {name}{as_of} order by all").fetchall()
                for name in ("feeder_profiles", "combined_profiles")
            ]

    def energy(self) -> dict[tuple[str, str], float]:
        """MWh by feeder or `total`, and month, in the published file."""
        sql = """
            select feeder, strftime(interval_start_at, '%m'), sum(mw_net * actual_seconds) / 3600
            from feeder_profiles group by all
            union all
            select 'total', strftime(interval_start_at, '%m'), sum(mw_total * interval_minutes) / 60
            from combined_profiles group by all
        """
        with closing(duckdb.connect(str(self.space.published), read_only=True)) as con:
            return {
                key: float(mwh or 0)
                for *key, mwh in con.execute(sql).fetchall()
                for key in [tuple(key)]
            }


def both(feeder: str, month: str, cause: str, energy: float) -> Changes:
    """A change of one feeder's month and of the total's."""
    return {(feeder, month): (cause, energy), ("total", month): (cause, energy)}


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Root:
    """All feeders in March to May, but for a file that is late and one that is rejected."""
    root = Root(tmp_path_factory.mktemp("causes") / "root")
    for feeder in FEEDERS:
        for month in (2, 3, 4, 5, 6, 7):
            if (feeder, month) == ("east", 4):
                root.drop(feeder, month, skip=5)
            elif (feeder, month) not in (("north", 2), ("west", 5)):
                root.drop(feeder, month)
    root.drop("west", 5, 3)
    root.build()
    publish(root.space, MARTS)
    return root


@pytest.fixture(scope="module")
def changed(root) -> Changes:
    """What a run reports after one that failed before it published."""
    space = root.space
    root.drop("south", 6, 9)
    root.build()
    withdraw_file(space, "south-6-9.csv", "typing error")
    # a late file, a correction, a release, a withdrawal, an edit: each in a month of its own
    root.drop("north", 2)
    root.drop("south", 3, 4)
    release_file(space, "east-4-2_SEQUENCE-ERROR.csv", "outage")
    withdraw_file(space, "west-5-3.csv", "wrong meter")
    root.meters(*FEEDERS, north=2)
    # new files of all feeders restate nothing, whatever else is in the run
    for feeder in FEEDERS:
        root.drop(feeder, 8)
        # nor do rejected ones
        root.drop(feeder, 9, skip=7)
        root.drop(feeder, 10, skip=7)
    return root.run()


def test_each_cause_is_named_and_what_a_failed_run_made_is_in_none(changed):
    # the total was not known before the file came, and is not any more after the withdrawal; a
    # correction in June was withdrawn before it was published
    assert changed == {
        ("north", "02"): ("late file", 36),
        ("total", "02"): ("late file", 4 * 36),
        **both("south", "03", "correction", 48),
        ("east", "04"): ("release", 23 * 1.5),
        ("total", "04"): ("release", 23 * 4 * 1.5),
        ("west", "05"): ("withdrawal", -60),
        ("total", "05"): ("withdrawal", -(3 * 36 + 60)),
        **both("north", "07", "meter-data.csv", 36),
    }


def test_a_feeder_that_is_added_or_taken_out_changes_the_total_of_every_month(root, changed):
    before = known_totals(root)
    root.meters(*FEEDERS, "extra", north=2)
    root.drop("extra", 6)
    printed = root.run()
    assert printed.keys() == {("total", month) for month in before}
    assert {cause for cause, _ in printed.values()} == {"members of the total"}
    assert {m: energy for (_, m), (_, energy) in printed.items() if m != "06"} == {
        m: -energy for m, energy in before.items() if m != "06"
    }
    assert printed["total", "06"][1] == 36
    root.meters(*FEEDERS, north=2)
    printed = root.run()
    assert printed.pop(("extra", "06")) == ("meter-data.csv", -36)
    assert {cause for cause, _ in printed.values()} == {"members of the total"}
    assert printed.keys() == {("total", month) for month in before}
    assert known_totals(root) == before


def known_totals(root: Root) -> dict[str, float]:
    return dict(
        query(
            root.space.root,
            """select strftime(interval_start_at, '%m'), sum(mw_total)::double
            from combined_profiles where mw_total is not null group by all""",
        )
    )


def test_released_files_are_the_cause_also_behind_all_that_was_published(root, changed):
    for month in (9, 10):
        for feeder in FEEDERS:
            release_file(root.space, f"{feeder}-{month}-2_SEQUENCE-ERROR.csv", "outage")
    # 23 hours; a month more of the total is known
    assert root.run() == {
        (name, month): ("release", 23 * energy)
        for month in ("09", "10")
        for name, energy in [
            ("total", 5 * 1.5),
            *((f, 3 if f == "north" else 1.5) for f in FEEDERS),
        ]
    }


def test_another_convention_is_models_or_variables(root, changed):
    printed = root.run("--vars", "{net_convention: gross}")
    assert {cause for cause, _ in printed.values()} == {"models or variables"}
    assert printed["south", "03"] == ("models or variables", 24)


def test_every_version_can_be_given_back_cell_by_cell(root, changed):
    assert len(root.copies) >= 1
    for version, tables in root.copies.items():
        assert root.profiles(f"_as_of('{version}')") == tables


def test_a_clock_that_time_zone_data_corrects_is_named(tmp_path):
    root = Root(tmp_path / "root")
    root.drop("north", 3)
    root.space.meter_data.write_text(
        METERS.replace("total_factor", "timezone") + "north,1,1,MW,60,America/Denver,,\n"
    )
    older = "update raw.clock_days set utc_offset_minutes = utc_offset_minutes - 60"
    root.build(between=older)
    publish(root.space, MARTS)
    causes = {cause for cause, _ in root.run().values()}
    assert causes == {"time-zone data"}
