"""docs/rules.md has every detector in both tables, and the thresholds that the project has."""

import re

import pytest
import yaml
from conftest import DBT_PROJECT, PROJECT

TEXT = (PROJECT / "docs/rules.md").read_text(encoding="utf-8")
ANCHORS = set(re.findall(r'<a id="([\w-]+)">', TEXT))
ADVISED = re.findall(r"^\| \[`(\w+)`\]\(#(\w+)\) \| \S", TEXT, re.MULTILINE)
DETECTORS = {
    path.stem.removeprefix("detect_")
    for path in (DBT_PROJECT / "models/detectors").glob("detect_*.sql")
}
VARIABLES = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text("utf-8"))["vars"]
STATED = re.findall(r"`(\w+)` = ([\d.]+)( %)?", TEXT)


def test_every_detector_has_its_formula_and_its_advice():
    assert len(DETECTORS) > 20
    assert DETECTORS <= ANCHORS
    assert sorted(ADVISED) == sorted((name, name) for name in DETECTORS)


def test_findings_read_check_and_describe_every_detector():
    sql = (DBT_PROJECT / "models/marts/findings.sql").read_text("utf-8")
    assert set(re.findall(r"'(\w+)',", sql)) == DETECTORS
    text = (DBT_PROJECT / "models/marts/findings.yml").read_text("utf-8")
    (model,) = yaml.safe_load(text)["models"]
    checks = [
        (test["no_finding"]["name"], test["no_finding"]["arguments"]["rule"])
        for test in model["data_tests"]
        if "no_finding" in test
    ]
    assert sorted(checks) == sorted((f"detect_{name}", name) for name in DETECTORS)
    rule = next(column for column in model["columns"] if column["name"] == "rule")
    described = rule["description"].partition(":")[2]
    assert set(re.findall(r"\w+", described)) - {"or"} == DETECTORS


def test_every_reference_leads_somewhere():
    places = [DBT_PROJECT, *(PROJECT / name for name in ("docs", "ingest", "load_profile"))]
    files = [
        path
        for place in places
        for path in place.rglob("*.*")
        if path.suffix in (".sql", ".yml", ".md", ".py") and "target" not in path.parts
    ]
    named = set(re.findall(r"\]\(#([\w-]+)\)", TEXT))
    for path in files:
        named |= set(re.findall(r"rules\.md#([\w-]+)", path.read_text(encoding="utf-8")))
    headings = {heading.lower().replace(" ", "-") for heading in re.findall("## (.+)", TEXT)}
    assert len(named) > 20
    assert named <= ANCHORS | headings


@pytest.mark.parametrize(("name", "value", "percent"), STATED)
def test_a_threshold_is_that_of_the_project(name, value, percent):
    stated = float(value) / 100 if percent else float(value)
    assert VARIABLES[name] == pytest.approx(stated)


def test_every_threshold_of_a_detector_is_stated():
    not_detectors = {"net_convention", "system_timezone", "full_tests", "is_regular_run", "month"}
    lists = {"step_ratios"}
    assert {name for name, *_ in STATED} == VARIABLES.keys() - not_detectors - lists
