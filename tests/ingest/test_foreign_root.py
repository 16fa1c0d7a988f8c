"""A root from somebody else is data: nothing in it is run, nothing outside of it is read."""

import json

import duckdb
import pytest
from conftest import load_profile
from dagster import DagsterInstance, DagsterRunStatus, job, op

from ingest.filing import FilingError, recorded_place
from ingest.warehouse import WarehouseError, open_warehouse
from ingest.workspace import RootError, Workspace, workspace_at
from load_profile.dagster_home import DAGSTER_YAML, dagster_home
from load_profile.files.writer import INDEX, OutputWriter, written_files
from load_profile.publish.history import difference
from load_profile.sample import write_sample


@pytest.fixture
def space(tmp_path) -> Workspace:
    space = Workspace(tmp_path / "root")
    space.prepare()
    (tmp_path / "secret.txt").write_text("a secret of the owner")
    return space


def hostile(space: Workspace, *statements: str) -> None:
    with duckdb.connect(str(space.warehouse)) as con:
        for statement in statements:
            con.execute(statement.replace("SECRET", str(space.root.parent / "secret.txt")))


def test_a_view_in_place_of_a_raw_table_is_refused(space):
    hostile(space, "create schema raw", "create view raw.files as from read_text('SECRET')")
    for read_only in (True, False):
        with (
            pytest.raises(WarehouseError, match="was not made by load-profile"),
            open_warehouse(space.warehouse, read_only=read_only),
        ):
            pass


@pytest.mark.parametrize(
    "query",
    [
        "from feeder_profiles",
        "from all_of_it()",
        "from read_csv('SECRET')",
        "from glob('SECRET')",
        "copy (select 1) to 'SECRET'",
        "attach 'SECRET' as other",
        "install httpfs",
    ],
)
def test_what_is_in_a_warehouse_reads_and_writes_nothing_outside_of_its_root(space, query):
    with open_warehouse(space.warehouse):
        pass
    hostile(
        space,
        "create view feeder_profiles as from read_text('SECRET')",
        "create macro all_of_it() as table from read_text('SECRET')",
    )
    query = query.replace("SECRET", str(space.root.parent / "secret.txt"))
    with (
        pytest.raises(WarehouseError, match="reads files outside of its root"),
        open_warehouse(space.warehouse) as con,
    ):
        con.execute(query)
    with open_warehouse(space.warehouse) as con, pytest.raises(duckdb.InvalidInputException):
        con.execute("set enable_external_access = true")


def test_a_published_file_of_somebody_else_reads_nothing(space):
    with duckdb.connect(str(space.published)) as con:
        secret = space.root.parent / "secret.txt"
        con.execute(f"create view versions as select * from read_text('{secret}')")
    with pytest.raises(WarehouseError, match="cannot be read"):
        difference(space.published, None, None)


@pytest.mark.parametrize("place", ["../secret.txt", "/etc/passwd", "data/KW/../../x", "lp/x.csv"])
def test_a_ledger_names_no_place_outside_of_the_archive(space, place):
    with pytest.raises(FilingError, match="not below"):
        recorded_place(space, place)


@pytest.mark.parametrize("name", ["../../secret.txt", "/etc/passwd", "C:\\x", "a\\..\\..\\x"])
def test_a_list_of_outputs_names_no_file_outside_of_the_folder(space, name):
    noted = {"size": 1, "modified_ns": 1, "parts": []}
    (space.profiles / INDEX).write_text(json.dumps({"profiles": {name: noted}}))
    assert written_files(space.profiles) == {}
    OutputWriter(space.profiles, "profiles").finish()
    assert (space.root.parent / "secret.txt").exists()
    with pytest.raises(ValueError, match="not the name of a file"):
        OutputWriter(space.profiles, "profiles").write(name, {}, lambda _: b"")


@pytest.mark.parametrize("link", ["logs/dropbox.log", "lp", "data/KW/2024-07", ".dagster"])
def test_a_link_that_leads_out_of_the_root_is_refused(space, link):
    place = space.root / link
    if place.is_dir():
        for inside in sorted(place.rglob("*"), reverse=True):
            inside.rmdir()
        place.rmdir()
    place.symlink_to(space.root.parent / "elsewhere")
    with pytest.raises(RootError, match=r"is a link to .*elsewhere, outside of the root"):
        workspace_at(space.root)


def test_links_inside_of_the_root_and_to_a_drop_folder_elsewhere_are_followed(space, tmp_path):
    (tmp_path / "share").mkdir()
    space.dropbox.rmdir()
    space.dropbox.symlink_to(tmp_path / "share")
    (space.profiles / "latest").symlink_to(space.profiles)
    assert workspace_at(space.root) == space


def test_a_dagster_yaml_that_is_not_ours_is_put_aside_with_one_line(space, caplog):
    settings = space.root / ".dagster" / "dagster.yaml"
    settings.parent.mkdir()
    settings.write_text("run_launcher: {module: evil, class: Launcher}\n")
    assert dagster_home(space) == settings.parent
    assert settings.read_text() == DAGSTER_YAML
    (line,) = [record.getMessage() for record in caplog.records]
    assert "was not written by load-profile and is not used" in line


def test_a_run_that_is_going_on_is_left_alone_when_the_page_starts():
    from dagster_defs.page import drop_waiting_runs

    @op
    def nothing(): ...

    @job
    def other():
        nothing()

    with DagsterInstance.ephemeral() as instance:
        going_on = instance.create_run_for_job(other, status=DagsterRunStatus.STARTED)
        drop_waiting_runs(instance)
        assert [run.run_id for run in instance.get_runs()] == [going_on.run_id]


def test_settings_start_no_program(tmp_path):
    write_sample(tmp_path, feeders=1, months=1)
    (tmp_path / "settings.toml").write_text("[email]\nprogram = 'sh'\n")
    assert load_profile("run", "--root", tmp_path).returncode == 2
