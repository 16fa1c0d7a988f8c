"""Reactive power from a file to profiles, totals, figures and files below lp/."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO
from math import hypot, isclose
from pathlib import Path
from shutil import copytree

import pytest
from conftest import BUILD, dbt, publish_built, query, untested, write_files
from point_files import HEADER, with_points
from published import JUDGED
from reactive_meters import START, drop_day, lines
from rich.console import Console
from written import rows_of

from ingest.load_files import load_files, save_meter_data
from ingest.meter_data import read_meter_data
from ingest.warehouse import open_warehouse
from ingest.workspace import Workspace
from load_profile.files.profiles import export_months
from load_profile.publish.history import difference
from load_profile.terminal.difference import print_difference


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    space = Workspace(tmp_path_factory.mktemp("reactive"))
    space.prepare()
    drop_day(space.root)
    save_meter_data(space, read_meter_data(space.meter_data))
    load_files(space, recognise=with_points)
    dbt(space.root, *BUILD)
    write_files(space.root)
    with open_warehouse(space.warehouse, read_only=True) as con:
        export_months(con, space)
    return space.root


def test_the_total_is_the_weighted_sum_with_signs_and_its_vector_is_no_more_than_its_sum(root):
    rows = query(
        root,
        """
        select t.mvar_total, t.mvar_total_partial, t.mw_total, t.mva_total, t.mva_total_min,
            t.mva_total_vector, t.pf_total, t.pf_total_vector, s.*
        from combined_profiles as t inner join (
            select interval_start_at, sum(total_factor * mvar_net), sum(total_factor * mw_net),
                count(mvar_net), sum(abs(total_factor) * mva_net)
            from feeder_profiles where total_factor <> 0 group by interval_start_at
        ) as s using (interval_start_at)
        """,
    )
    assert len(rows) == 96
    closer = 0
    for mvar, partial, mw, mva, least, vector, pf, vector_pf, _, q, p, known, s in rows:
        assert (mw, partial) == (p, q)
        if known < 3:
            assert (mvar, vector, vector_pf, mva) == (None, None, None, None)
            continue
        assert (mvar, mva) == (q, s)
        assert isclose(vector, hypot(p, q), abs_tol=2e-9)
        assert abs(mw) <= vector == least <= mva
        assert pf <= vector_pf <= 1
        closer += vector < mva * Decimal("0.9")
    assert closer > 30


def test_signs_follow_the_quadrants_and_what_is_not_known_is_not_invented(root):
    rows = query(
        root,
        """
        select feeder, mw_net, mvar_net, mva_net, mva_net_min, pf_net, pf_net_signed, quadrant
        from feeder_profiles
        """,
    )
    seen = set()
    for feeder, p, q, s, least, pf, signed, quadrant in rows:
        if q is None:
            assert feeder in ("plain", "south")
            assert (quadrant, signed) == (None, None)
            continue
        assert s == least
        assert isclose(s, hypot(p, q), abs_tol=1e-9)
        if p and q:
            assert quadrant == {(1, 1): 1, (0, 1): 2, (0, 0): 3, (1, 0): 4}[p > 0, q > 0]
            assert signed == (-pf if quadrant in (1, 3) else pf)
            seen.add(quadrant)
    assert seen == {1, 2, 3, 4}


def test_energy_and_power_factor_of_a_day_are_of_its_sums(root):
    figures = query(
        root,
        """
        select f.feeder, f.del_mvarh, f.rec_mvarh, f.net_mvarh, f.power_factor_vector, s.*
        from planner_figures as f inner join (
            select feeder, sum(mvar_del) * 0.25, sum(mvar_rec) * 0.25, sum(mw_net) * 0.25,
                count(mvar_net)
            from feeder_profiles group by feeder
        ) as s on f.feeder = s.feeder where f.grain = 'day'
        """,
    )
    assert len(figures) == 4
    for feeder, delivered, received, net, pf, _, q_del, q_rec, p, known in figures:
        assert (delivered is None) == (feeder == "plain")
        if known == 96:
            assert (delivered, received, net) == (q_del, q_rec, q_del - q_rec)
            assert isclose(pf, abs(float(p)) / hypot(p, net), rel_tol=1e-9)
        else:
            assert pf is None


def test_files_have_reactive_power_at_the_end_of_a_line_and_only_where_there_is_any(root):
    plain = (root / "lp/plain.csv").read_text().splitlines()[0]
    header = (root / "lp/north.csv").read_text().splitlines()[0]
    assert header == f"{plain},MVAR_del,MVAR_rec,MVAR_net,PF_net_signed"
    all_header = (root / "lp/all.csv").read_text().splitlines()[0]
    assert all_header.endswith(
        ",start_utc,north_MVAR_net,south_MVAR_net,tie_MVAR_net,"
        "MVAR_total,MVA_total_vector,PF_total_vector"
    )
    values = query(
        root,
        """
        select strftime(interval_start_at, '%Y-%m-%dT%H:%M:%SZ'), mvar_net::decimal(18, 6),
            pf_net_signed::decimal(9, 6), mvar_total::decimal(18, 6)
        from feeder_profiles inner join combined_profiles using (interval_start_at)
        where feeder = 'south' order by 1
        """,
    )
    of_feeder, of_total = rows_of(root / "lp/south.csv"), rows_of(root / "lp/all.csv")
    assert len(values) == len(of_feeder) == len(of_total) == 96
    for expected, row, total in zip(values, of_feeder, of_total, strict=True):
        start, mvar, pf, mvar_total = ("" if value is None else str(value) for value in expected)
        assert (row["start_utc"], row["MVAR_net"], row["PF_net_signed"]) == (start, mvar, pf)
        assert (total["start_utc"], total["south_MVAR_net"]) == (start, mvar)
        assert total["MVAR_total"] == mvar_total
    assert of_feeder[7]["MVAR_net"] == of_total[7]["MVAR_total"] == ""


def test_months_have_reactive_energy_and_its_power_factor_at_the_end_of_a_line(root):
    months = {row["feeder"]: row for row in rows_of(root / "lp/monthly.csv")}
    names = ("delivered_mvarh", "received_mvarh", "net_mvarh", "power_factor_vector")
    assert tuple(months["north"])[-5:] == ("is_lower_bound", *names)
    ((*expected,),) = query(
        root,
        """
        select del_mvarh::decimal(18, 6), rec_mvarh::decimal(18, 6), net_mvarh::decimal(18, 6),
            power_factor_vector::decimal(9, 6)
        from planner_figures where grain = 'month' and feeder = 'north'
        """,
    )
    assert [months["north"][name] for name in names] == [str(value) for value in expected]
    assert {months["plain"][name] for name in names} == {""}


def test_a_kvar_that_changes_its_sign_alone_is_a_change_between_versions(root, tmp_path):
    space = Workspace(copytree(root, tmp_path / "root"))
    publish_built(space.root)
    start = f"{START + timedelta(minutes=15 * 5):%Y-%m-%dT%H:%M}"
    corrected = [line for line in lines(96) if line.startswith(f"N,{start}")]
    swap = {",Q1,": ",Q4,", ",Q4,": ",Q1,", ",Q2,": ",Q3,", ",Q3,": ",Q2,"}
    for n, line in enumerate(corrected):
        code = next((code for code in swap if code in line), ",")
        corrected[n] = line.replace(code, swap.get(code, ","))
    (space.dropbox / "corrected.csv").write_text("\n".join([HEADER, *corrected, ""]))
    load_files(space, recognise=with_points)
    dbt(space.root, *BUILD, *untested(*JUDGED))
    publish_built(space.root)
    found = difference(space.published, None, None)
    (row,) = [row for row in found.intervals if row["feeder"] == "north"]
    assert row["mw_net_before"] == row["mw_net_after"]
    assert row["mva_net_before"] == row["mva_net_after"]
    assert row["mvar_net_before"] == -row["mvar_net_after"] != 0
    printed = Console(file=StringIO(), width=80)
    print_difference(printed, found, 10)
    before, after = 1000 * row["mvar_net_before"], 1000 * row["mvar_net_after"]
    assert f"{before:,.3f} -> {after:,.3f} kvar" in printed.file.getvalue()
