"""What Dagster shows: the graph, the checks, and what each step says about itself."""

import importlib.util
import json
import warnings
from pathlib import Path

import pytest
from conftest import PROJECT, query
from dagster import AssetKey, DagsterEventType, DagsterInstance, EventRecordsFilter

from dagster_defs.definitions import build_definitions, defs
from load_profile.dagster_metadata import asset_key
from load_profile.dbt import read_manifest
from load_profile.plots.catalog import PLANNER_NAMES
from load_profile.selection import graph_of

ASSETS = {
    "raw/meter_data", "raw/clock_days", "raw/files", "raw/file_months",
    "raw/interval_reads", "raw/decisions", "decisions", "edited_values",
    "raw/register_reads", "stg_register_reads", "register_pairs", "register_energies",
    "register_checks",
    "acknowledged_gaps", "doubted_intervals",
    "stg_meter_data", "stg_interval_reads", "stg_system", "stg_clock_periods", "stg_file_periods",
    "read_months", "file_uses", "expected_periods", "expected_months", "system_months",
    "ambiguous_times", "day_months", "plausible_months", "flat_runs", "sibling_correlations",
    "system_readings",
    "conflict_months", "file_conflicts", "event_types",
    "feeder_days", "findings", "validations", "interval_validations", "validated_readings",
    "system_days", "planner_figures", "feeder_figures", "total_figures", "load_duration",
    "time_of_use", "time_of_use_calendar", "time_of_use_hours",
    "register_runs", "unit_steps", "implausible_intervals", "plausible_days",
    "plausible_shares", "rating_days", "implausible_kva",
    "readings", "feeder_profiles", "missing_intervals", "gaps",
    "member_profiles", "combined_profiles", "combined_gaps",
    "corrections", "correction_effects", "files", "reading_origins", "output_stamps",
    "feeder_channels", "unusable_values", "sibling_candidates", "channel_values",
    "estimation_trials", "trial_errors", "estimation_errors", "estimates",
    "register_spans", "bus_balances",
    "final_exceptions", "final_profiles", "final_members", "final_totals", "final_files",
    "final_days", "final_figures",
    "profile_files", "gap_files", "monthly_file", "net_load_plot", "planner_plots", "published",
    "report",
}  # fmt: skip


@pytest.fixture(scope="module")
def events(sample) -> tuple[dict, dict, list]:
    """Metadata of every materialization, result of every check, and the runs of the sample."""
    made, checks = {}, {}
    with (
        DagsterInstance.from_config(str(sample / ".dagster")) as instance,
        warnings.catch_warnings(action="ignore"),  # newer calls need a name of an asset or check
    ):
        for kind in (
            DagsterEventType.ASSET_MATERIALIZATION,
            DagsterEventType.ASSET_CHECK_EVALUATION,
        ):
            for record in instance.get_event_records(EventRecordsFilter(kind)):
                event = record.event_log_entry.dagster_event
                if kind == DagsterEventType.ASSET_MATERIALIZATION:
                    metadata = event.step_materialization_data.materialization.metadata
                    values = {key: str(entry.value) for key, entry in metadata.items()}
                    made[event.asset_key.to_user_string()] = values
                else:
                    result = event.event_specific_data
                    checks[result.asset_check_key.to_user_string()] = result.passed
        runs = [(run.job_name, run.status.value) for run in instance.get_runs()]
    return made, checks, runs


def test_the_command_reports_every_asset_and_is_none_of_the_pages_runs(events):
    made, _, runs = events
    assert set(made) == ASSETS
    assert runs == []


def test_tables_show_their_row_counts(events, sample):
    made, _, _ = events
    for table in ("feeder_profiles", "combined_profiles", "gaps", "missing_intervals"):
        rows = query(sample, f"select count(*) from {table}")[0][0]
        assert made[table]["dagster/row_count"] == str(rows)


def test_rejected_files_show_with_their_reason(events):
    made, _, _ = events
    assert made["raw/files"]["accepted"] == "12"
    assert "simulated-hole" in made["raw/files"]["rejected files"]
    assert "expected Start Time 07/03/24 02:00:00" in made["raw/files"]["rejected files"]


def test_the_pictures_show_on_their_assets_page(events):
    made, _, _ = events
    for asset, names in (
        ("net_load_plot", ("all", "north", "south", "west", "gen")),
        ("planner_plots", PLANNER_NAMES),
    ):
        for name in names:
            plot = made[asset][f"plot: {name}"]
            assert plot.startswith(f"![{name}](data:image/png;base64,")


def test_steps_that_write_files_say_how_many_bytes_in_what_time(events):
    made, _, _ = events
    for step in ("profile_files", "gap_files", "net_load_plot", "planner_plots"):
        assert made[step]["files written"] == "5"  # four feeders and the total, or five plots
        assert int(made[step]["bytes written"]) > 100
        assert float(made[step]["seconds"]) > 0


def test_data_tests_are_checks_that_passed(events):
    _, checks, _ = events

    shown = {key.to_user_string() for key in defs.resolve_asset_graph().asset_check_keys}
    assert set(checks) == shown
    assert all(checks.values())  # a run by hand counts days up to the last reading: none is quiet


def test_every_asset_and_every_check_says_what_it_is():

    graph = defs.resolve_asset_graph()
    silent = [
        key for key in graph.get_all_asset_keys() if len(graph.get(key).description or "") < 20
    ]
    checks = {
        key.name: graph.get_check_spec(key).description or "" for key in graph.asset_check_keys
    }
    silent += [name for name, words in checks.items() if len(words) < 15]
    assert not silent
    assert checks["unique_key_gaps_feeder__gap_start_at"].startswith(
        "One row per feeder, gap_start"
    )
    assert "IEEE 1459" in checks["assert_apparent_power_is_within_its_bounds"]


def test_dbts_exposures_name_what_the_files_and_the_report_are_made_of():

    manifest = json.loads((PROJECT / "dbt_project/target/manifest.json").read_text("utf-8"))
    exposed = {
        exposure["name"]: {node.split(".", 2)[2].replace(".", "/") for node in nodes}
        for exposure in manifest["exposures"].values()
        for nodes in [exposure["depends_on"]["nodes"]]
    }
    graph = defs.resolve_asset_graph()
    known = {node["name"] for node in manifest["nodes"].values()} | {"raw/files"}
    for name, nodes in exposed.items():
        parents = {key.to_user_string() for key in graph.get(AssetKey(name)).parent_keys}
        assert nodes == parents & known, name
    outlets = [key for key in graph.get_all_asset_keys() if not graph.get(key).child_keys]
    ends = {key.to_user_string() for key in outlets} - known
    assert ends <= exposed.keys() | {"published"}


def test_a_run_of_the_page_with_nothing_new_makes_nothing_and_skips_all_else(space):
    job = build_definitions(space.root).resolve_job_def("load_profile")
    with DagsterInstance.from_config(str(space.root / ".dagster")) as instance:
        result = job.execute_in_process(instance=instance)
    assert result.success and result.get_asset_materialization_events() == []
    ended = [event.step_key for event in result.all_events if event.is_step_success]
    assert ended == ["raw_tables"]
    assert space.last_run.exists()


def test_a_complete_run_is_one_of_all_assets():

    every = {asset_key(name) for name in graph_of(read_manifest()).parents}
    assert every == set(defs.resolve_asset_graph().materializable_asset_keys)


def test_a_run_leaves_its_event_log_closed(events, sample):
    folder = sample / ".dagster/history/runs"
    assert (folder / "index.db").exists() and not list(folder.glob("*-wal"))


def test_no_usage_statistics_leave_the_machine(sample):
    # the run of this root was given a proxy that notes who connects
    assert (sample / "connections.txt").read_text(encoding="utf-8") == ""
    home = sample / ".dagster"
    assert home.is_dir() and not {".telemetry", ".logs_queue"} & {p.name for p in home.iterdir()}


def test_the_data_dictionary_is_what_the_models_say():
    path = PROJECT / "docs/write_data_dictionary.py"
    spec = importlib.util.spec_from_file_location("write_data_dictionary", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    written = Path(module.TARGET).read_text(encoding="utf-8")
    assert written == module.dictionary(), "run: python docs/write_data_dictionary.py"
