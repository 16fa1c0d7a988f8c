"""The figures printed in docs/bi-directional-flow.md follow from the raw values printed there."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

DOC = Path(__file__).parents[2] / "docs" / "bi-directional-flow.md"
SIX_PLACES = Decimal("0.000001")


def raw_values() -> dict[str, list[Decimal]]:
    rows = re.findall(r"^\| (\d{6}) \|(.*)\|$", DOC.read_text(encoding="utf-8"), re.MULTILINE)
    return {record: [Decimal(cell.strip()) for cell in cells.split("|")] for record, cells in rows}


def printed() -> dict[str, dict[str, Decimal]]:
    text = DOC.read_text(encoding="utf-8")
    header, table = re.search(
        r"^\| figure \|(.*)\|\n\|.*\n((?:\|.*\n)+)", text, re.MULTILINE
    ).groups()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return {
        record.strip(): {row[0]: Decimal(row[column]) for row in rows}
        for column, record in enumerate(header.split("|"), 1)
    }


def figures(raw: list[Decimal]) -> dict[str, Decimal]:
    p_del, p_rec, s_del, s_rec = (value * 28800 / 1_000_000 for value in raw)
    n_del, n_rec = (s_del**2 - p_del**2).sqrt(), (s_rec**2 - p_rec**2).sqrt()
    net, gross = p_del - p_rec, p_del + p_rec
    mva_net = (net**2 + (n_del + n_rec) ** 2).sqrt()
    return {
        "MW_del": p_del,
        "MW_rec": p_rec,
        "MVA_del": s_del,
        "MVA_rec": s_rec,
        "mw_net": net,
        "mw_gross": gross,
        "N_del": n_del,
        "N_rec": n_rec,
        "mva_net_min": (net**2 + (n_del - n_rec) ** 2).sqrt(),
        "mva_net": mva_net,
        "mva_gross": s_del + s_rec,
        "pf_net": abs(net) / mva_net,
        "older tool: MW_net": gross,
        "older tool: MVA_net": s_del + s_rec,
        "older tool: PF_net": gross / (s_del + s_rec),
    }


@pytest.mark.parametrize("record", ["157594", "157595"])
def test_the_worked_figures_follow_from_the_raw_values(record: str):
    expected = figures(raw_values()[record])
    assert printed()[record] == {name: v.quantize(SIX_PLACES) for name, v in expected.items()}


@pytest.mark.parametrize("record", ["157594", "157595"])
def test_the_printed_bounds_stand_in_the_order_that_the_page_claims(record: str):
    shown = printed()[record]
    assert abs(shown["mw_net"]) <= shown["mva_net_min"] <= shown["mva_net"] <= shown["mva_gross"]
