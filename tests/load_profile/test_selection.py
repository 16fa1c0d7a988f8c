"""What `--select` chooses: tables and steps by name, with those before and after them."""

import pytest

from load_profile.dbt import read_manifest
from load_profile.selection import Graph, SelectionError, graph_of
from load_profile.steps import RAW_TABLES


@pytest.fixture(scope="module")
def graph() -> Graph:
    return graph_of(read_manifest())


def test_a_name_alone_is_that_table_or_step(graph):
    assert graph.select("gaps") == {"gaps"}
    assert graph.select("gap_files,monthly_file profile_files") == {
        "gap_files",
        "monthly_file",
        "profile_files",
    }


def test_a_plus_behind_adds_what_is_made_from_it_up_to_files(graph):
    after = graph.select("gaps+")
    assert {"gaps", "gap_files", "net_load_plot", "published", "report"} <= after
    assert not {"missing_intervals", "feeder_profiles", "raw/files"} & after


def test_a_plus_in_front_adds_what_it_is_made_from_down_to_files(graph):
    before = graph.select("+feeder_profiles")
    assert {"feeder_profiles", "stg_interval_reads", "raw/interval_reads"} <= before
    assert not {"gaps", "profile_files"} & before


def test_a_group_is_that_of_dagsters_page(graph):
    assert graph.select("group:raw") == RAW_TABLES.keys()
    assert graph.select("group:plots") == {"net_load_plot", "planner_plots"}


@pytest.mark.parametrize("words", ["no_such_table", "group:nobody", "", "+"])
def test_what_names_nothing_is_refused_with_what_is_allowed(graph, words):
    with pytest.raises(SelectionError, match=r"allowed|Allowed"):
        graph.select(words)
