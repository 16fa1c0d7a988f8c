"""Have dbt write its documentation as one page, beside the report. Knows dbt, not tables."""

from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

from ingest.warehouse import WarehouseError
from ingest.workspace import Workspace
from load_profile.dbt import run_dbt
from load_profile.files.writer import replace_if_changed

PAGE = "dbt-docs.html"


def write_docs(workspace: Workspace) -> Path:
    """Write the page of a root whose models are built; return where it is.

    Raises WarehouseError with dbt's words if it cannot be made.
    """
    if not workspace.warehouse.exists():
        raise WarehouseError(f"{workspace.warehouse} is not there: start `load-profile run` first.")
    page = workspace.profiles / PAGE
    with TemporaryDirectory() as folder:
        words = ("docs", "generate", "--static", "--target-path", folder)
        done = run_dbt(workspace.root, *words)
        if done.returncode:
            raise WarehouseError(f"dbt cannot write its documentation:\n{done.stdout}{done.stderr}")
        made = page.with_name(PAGE + ".tmp")
        copyfile(Path(folder, "static_index.html"), made)
    replace_if_changed(made, page)
    return page
