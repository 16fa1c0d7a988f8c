"""What dbt's events and manifest say of tests: which table each is shown with."""

import pytest

from load_profile.dbt import DbtError
from load_profile.dbt_results import asset_of_test, results_of

MANIFEST = {
    "sources": {"source.raw.files": {"source_name": "raw", "name": "files"}},
    "nodes": {"model.gaps": {"name": "gaps"}, "model.readings": {"name": "readings"}},
}


def data_test(*reads: str, **more: object) -> dict:
    return {
        "name": "assert_it",
        "config": {"meta": more.pop("meta", {})},
        "depends_on": {"nodes": list(reads)},
        **more,
    }


def test_a_test_is_shown_with_the_table_that_it_names_or_reads_or_is_attached_to():
    named = data_test("model.gaps", "model.readings", meta={"dagster": {"ref": {"name": "gaps"}}})
    assert asset_of_test(named, MANIFEST) == "gaps"
    assert asset_of_test(data_test("source.raw.files"), MANIFEST) == "raw/files"
    several = ("model.gaps", "model.readings")
    attached = data_test(*several, attached_node="model.readings")
    assert asset_of_test(attached, MANIFEST) == "readings"


@pytest.mark.parametrize("more", [{}, {"attached_node": None}])
@pytest.mark.parametrize("reads", [("model.gaps", "model.readings"), ()])
def test_a_test_of_no_table_or_several_that_names_none_is_an_error_with_its_name(reads, more):
    node = data_test(*reads, **more)
    with pytest.raises(DbtError, match="The test assert_it does not read one table alone"):
        asset_of_test(node, MANIFEST)
    manifest = MANIFEST | {"nodes": MANIFEST["nodes"] | {"test.assert_it": node}}
    info = {"unique_id": "test.assert_it", "node_status": "pass"}
    event = {"info": {"name": "LogTestResult"}, "data": {"node_info": info, "execution_time": 0}}
    with pytest.raises(DbtError, match="assert_it"):
        list(results_of([event], manifest))
