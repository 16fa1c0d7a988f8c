"""Have dbt write its documentation as one page, beside the report. Knows dbt, not tables."""

import os
import subprocess
import sys
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

from dagster_defs.dbt_command import WARM
from dagster_defs.outputs import replace_if_changed
from ingest.warehouse import WarehouseError
from ingest.workspace import Workspace

PAGE = "dbt-docs.html"


def write_docs(workspace: Workspace) -> Path:
    """Write the page of a root whose models are built; return where it is.

    Raises WarehouseError with dbt's words if it cannot be made.
    """
    if not workspace.warehouse.exists():
        raise WarehouseError(f"{workspace.warehouse} is not there: start `load-profile run` first.")
    environment = {**os.environ, "LOAD_PROFILE_ROOT": str(workspace.root), WARM: ""}
    page = workspace.profiles / PAGE
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "dagster_defs.dbt_command", "--quiet"]
        command += ["docs", "generate", "--static", "--target-path", folder]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, encoding="utf-8"
        )
        if done.returncode:
            raise WarehouseError(f"dbt cannot write its documentation:\n{done.stdout}{done.stderr}")
        made = page.with_name(PAGE + ".tmp")
        copyfile(Path(folder, "static_index.html"), made)
    replace_if_changed(made, page)
    return page
