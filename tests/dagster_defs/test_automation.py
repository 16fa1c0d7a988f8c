"""Unattended runs: alerts, when the sensor starts one, and feeders that have gone quiet."""

import os
from datetime import UTC, datetime

import pytest
from alert_servers import mail_server, web_server, write_alerts
from conftest import load_profile, query
from dagster import (
    AssetCheckKey,
    AssetKey,
    AssetSelection,
    DagsterInstance,
    Definitions,
    SkipReason,
    build_sensor_context,
    define_asset_job,
)

from dagster_defs.automation import automation_for, every_morning
from dagster_defs.definitions import build_definitions
from ingest.settings import SettingsError, read_settings
from ingest.workspace import Workspace
from load_profile.dagster_metadata import FAILING_COUNT
from load_profile.sample import write_sample


def test_a_rejected_file_and_a_failed_run_are_told_by_mail_and_webhook(tmp_path):
    write_sample(tmp_path, feeders=2, months=1)
    drop = tmp_path / "_dropbox/KW"
    text = next(drop.glob("north-*.csv")).read_text(encoding="utf-8-sig").splitlines(True)
    (drop / "north-hole.csv").write_text("".join(text[:400] + text[410:]), encoding="utf-8")
    with mail_server() as (letters, mail_port), web_server() as (posts, web_port):
        write_alerts(tmp_path, mail_port, web_port)
        done = load_profile("run", "--select", "group:raw", "--root", tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        (letter,), (post,) = letters, posts
        assert letter["Subject"] == post["subject"] == "load-profile: 2 files rejected"
        assert letter["To"] == "planning@example.org, metering@example.org"
        for said in (letter.get_payload(), post["text"]):
            assert "north-hole.csv: sequence_error, line 4" in said
            assert str(tmp_path) in said
        (tmp_path / "warehouse/load_profile.duckdb").write_bytes(b"damaged")
        assert load_profile("run", "--no-plots", "--root", tmp_path).returncode == 1
        assert letters[1]["Subject"] == posts[1]["subject"] == "load-profile: the run failed"
        assert "load-profile rebuild" in posts[1]["text"]
        assert len(letters) == len(posts) == 2
    # nobody listens any more: the run continues and reports who got no alert
    done = load_profile("run", "--no-plots", "--root", tmp_path)
    assert done.returncode == 1
    assert "alert by email not sent" in done.stdout and "alert by webhook not sent" in done.stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[email]\nserver = 'a'\nsender = 'b'\n", ["[email]", "'recipients'"]),
        ("[email]\nhost = 'a'\n", ["line 2", "host'", "server", "starttls"]),
        ("[pager]\nnumber = 1\n", ["'pager'", "line 1", "email, webhook"]),
        ("email = 'a'\n", ["email is 'a'", "[email]"]),
        ("[email\n", ["settings.toml", "line 1"]),
    ],
)
def test_wrong_settings_are_refused_with_what_is_allowed(tmp_path, text, words):
    (tmp_path / "settings.toml").write_text(text)
    with pytest.raises(SettingsError) as found:
        read_settings(tmp_path / "settings.toml")
    for word in (*words, "settings.toml"):
        assert word in str(found.value)


def test_a_run_with_wrong_settings_stops_before_anything_is_touched(tmp_path):
    write_sample(tmp_path, feeders=1, months=1)
    (tmp_path / "settings.toml").write_text("email = 'a'\n")
    done = load_profile("run", "--root", tmp_path)
    assert done.returncode == 2 and "email is 'a'; allowed is a table [email]" in done.stderr
    assert not (tmp_path / "warehouse").exists()


def test_the_sensor_waits_until_files_have_arrived_and_asks_once_for_the_same_ones(tmp_path):
    workspace = Workspace(tmp_path)
    workspace.prepare()
    dropped_files, _ = automation_for(workspace)
    cursor = None

    def look():
        nonlocal cursor
        context = build_sensor_context(cursor=cursor)
        found = dropped_files(context)
        cursor = context.cursor
        return found

    assert "empty" in look().skip_message
    path = workspace.dropbox / "north-1.csv"
    path.write_text("half")
    assert "still arriving" in look().skip_message
    path.write_text("half and half")
    assert "still arriving" in look().skip_message
    first = look()
    assert first.run_key and look().run_key == first.run_key
    path.unlink()
    assert isinstance(look(), SkipReason)
    path.write_text("another one")
    os.utime(path, ns=(1, 1))
    look()
    assert look().run_key not in (None, first.run_key)


def test_nothing_starts_by_itself_until_it_is_switched_on(tmp_path):
    dropped_files, failed_runs = automation_for(Workspace(tmp_path))
    assert dropped_files.default_status.value == "STOPPED"
    assert every_morning.default_status.value == "STOPPED"
    assert failed_runs.default_status.value == "RUNNING"  # it tells, it starts nothing


def test_a_regular_run_names_a_feeder_that_went_quiet_and_counts_from_today(sample):
    key = AssetCheckKey(AssetKey("feeder_profiles"), "recent_readings")
    check = define_asset_job("check", selection=AssetSelection.checks(key))
    definitions = Definitions.merge(build_definitions(sample), Definitions(jobs=[check]))
    job = definitions.resolve_job_def("check")
    with DagsterInstance.ephemeral() as instance:
        done = job.execute_in_process(
            instance=instance, tags={"dagster/schedule_name": "every_morning"}
        )
    (now,) = done.get_asset_check_evaluations()
    ago = (datetime.now(UTC).replace(tzinfo=None) - datetime(2024, 10, 1)).days
    assert not now.passed and now.severity.value == "WARN"
    assert (
        "north: no reading since 2024-10-01 00:00 UTC "
        f"(in north-090124-000000_100124-000000.csv), {ago} days ago" in now.description
    )
    assert "Check: drop newer files" in now.description
    assert query(sample, "select count(distinct feeder) from feeder_profiles") == [
        (now.metadata[FAILING_COUNT].value,)
    ]
