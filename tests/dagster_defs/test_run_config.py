"""What a run may be given when it is launched: never a program, a path or a module."""

import pytest
from dagster import DagsterInvalidConfigError, validate_run_config
from pydantic import ValidationError

from dagster_defs.dbt import DbtVariables
from dagster_defs.definitions import defs
from load_profile.dbt_variables import NAMES, check_variables

JOB = defs.resolve_job_def("load_profile")


def variables(**values: object) -> dict:
    return {"ops": {"dbt_models": {"config": {"vars": values}}}}


@pytest.mark.parametrize(
    "config",
    [
        *(
            {"resources": {"dbt": {"config": {name: "/tmp/other"}}}}
            for name in ("dbt_executable", "project_dir", "profiles_dir", "state_path", "profile")
        ),
        {"resources": {"dbt": {"config": {"global_config_flags": ["--profiles-dir", "/tmp"]}}}},
        {"resources": {"workspace": {"config": {"root": "/tmp/other"}}}},
        {"resources": {"workspace": {"config": {"wait_seconds": 1}}}},
        {"resources": {"io_manager": {"config": {"base_dir": "/tmp/other"}}}},
        {"resources": {"other": {"config": {}}}},
        {"execution": {"config": {"marker_to_close": "other"}}},
        {"execution": {"config": {"multiprocess": {}}}},
        {"execution": {"config": {"retries": {"disabled": {}}}}},
        {"ops": {"raw__tables": {"config": {"root": "/tmp/other"}}}},
        {"ops": {"raw_tables": {"config": {"root": "/tmp/other"}}}},
        {"ops": {"dbt_models": {"config": {"target": "spark"}}}},
        {"ops": {"dbt_models": {"inputs": {"dbt": {"value": 1}}}}},
        {"loggers": {"other": {"config": {}}}},
        variables(other="1"),
        variables(month="2024-07-01"),
        variables(net_convention="sideways"),
        variables(full_tests="maybe"),
    ],
    ids=str,
)
def test_a_run_config_that_names_anything_else_is_refused(config):
    with pytest.raises(DagsterInvalidConfigError):
        validate_run_config(JOB, config)


def test_no_job_and_no_resource_has_anything_to_set_but_three_dbt_variables():
    for job in defs.get_repository_def().get_all_jobs():
        for name, resource in job.resource_defs.items():
            taken = resource.config_schema.config_type
            assert not getattr(taken, "fields", {}), (job.name, name)
        for node in job.nodes:
            given = node.definition.config_schema.config_type
            names = set(getattr(given, "fields", {}))
            assert names == ({"vars"} if node.name == "dbt_models" else set()), node.name


def test_declared_variables_are_accepted_from_the_page_and_from_the_command_alike():
    assert set(DbtVariables.model_fields) == set(NAMES)
    given = {"net_convention": "gross", "system_timezone": "America/Denver", "full_tests": False}
    texts = check_variables(given)
    assert texts == {**given, "full_tests": "False"}
    validate_run_config(JOB, variables(**given))
    assert DbtVariables(**given).given() == texts


@pytest.mark.parametrize(
    "zone", ["Mars/Base", "'); select 1; --", "../../etc/passwd", "/etc/hosts"]
)
def test_a_zone_that_does_not_exist_never_reaches_sql(zone):
    with pytest.raises(ValidationError, match=r"allowed is an IANA zone such as America/Denver"):
        DbtVariables(system_timezone=zone)
