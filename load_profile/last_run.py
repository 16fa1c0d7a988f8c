"""Remember what the last complete run was made from, and say whether another could change anything.

Imports no Dagster: deciding that costs a fraction of a second.
"""

import hashlib
import json
from collections.abc import Mapping

from ingest.caches import read_json
from ingest.decisions import expired_count
from ingest.filing import write_text
from ingest.raw_files import find_files
from ingest.warehouse import utc_now
from ingest.workspace import Workspace
from load_profile.dbt import PROJECT, project_fingerprint
from load_profile.files.writer import are_outputs_intact
from load_profile.shown import ISO, dates_of

PENDING = "run.json"  # beside last_run.json while a run of Dagster's page is going on


def is_anything_new(workspace: Workspace, dbt_vars: Mapping[str, str], plots: bool = True) -> bool:
    """Whether a run could change anything: files, meter-data.csv, variables, code or outputs."""
    last = read_json(workspace.last_run, "this run does everything")
    if not last:
        return True
    finished = workspace.last_run.stat().st_mtime
    now = inputs(workspace, dbt_vars, plots)
    return (
        bool(find_files(*workspace.drop_folders))
        or last not in (now, now | {"plots": True})
        or any(p.stat().st_mtime > finished for p in workspace.archive.parent.glob("*/*/*.csv"))
        or not workspace.warehouse.exists()
        or not are_outputs_intact(workspace.profiles)
        or not are_outputs_intact(workspace.warehouse.parent)
    )


def begin(workspace: Workspace, run_id: str, dbt_vars: Mapping[str, str], plots: bool) -> None:
    """Note what a run is made from, as it is now."""
    workspace.last_run.unlink(missing_ok=True)
    noted = {"run_id": run_id, "inputs": inputs(workspace, dbt_vars, plots)}
    write_text(workspace.last_run.with_name(PENDING), json.dumps(noted))


def finish(workspace: Workspace, run_id: str) -> None:
    """Have this run remembered as the last one, if it was begun as a complete one."""
    pending = workspace.last_run.with_name(PENDING)
    if pending.exists():
        noted = json.loads(pending.read_text(encoding="utf-8"))
        if noted["run_id"] == run_id:
            write_text(workspace.last_run, json.dumps(noted["inputs"], indent=1) + "\n")
        pending.unlink()


def inputs(workspace: Workspace, dbt_vars: Mapping[str, str], plots: bool) -> dict[str, object]:
    """What a run depends on beside the drop folder."""
    code = hashlib.sha256(project_fingerprint().encode())
    for folder in ("ingest", "load_profile", "dagster_defs"):
        for path in sorted((PROJECT.parent / folder).rglob("*.*")):
            if path.suffix != ".pyc":  # modules, and the SQL, words and templates beside them
                code.update(path.read_bytes())
    meters = hashlib.sha256(workspace.meter_data.read_bytes()).hexdigest()
    fixed = {"meter_data": meters, "vars": dict(dbt_vars), "code": code.hexdigest()}
    dates = dates_of(workspace)
    if dates != ISO:
        fixed["date_format"] = dates.order
    if workspace.decisions.exists():
        fixed["decisions"] = hashlib.sha256(workspace.decisions.read_bytes()).hexdigest()
        fixed["expired"] = expired_count(workspace.decisions, utc_now().date())
    return fixed | {"plots": plots}
