"""Run the steps of load_profile.steps as plain calls, in their order, and report to Dagster.

Files in, dbt, then files out: steps after dbt read the same tables and run two at a time. Knows the
order and what failed, not what a step does.
"""

import json
import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib import import_module

from ingest.filing import write_text
from ingest.warehouse import utc_now
from ingest.workspace import Workspace
from load_profile import last_run
from load_profile.alerts import send_alert
from load_profile.build import build
from load_profile.check_messages import failures, warnings
from load_profile.dagster_report import Reporter
from load_profile.dbt import DbtProcess, ensure_manifest, read_manifest
from load_profile.dbt_results import CheckResult, TableBuilt
from load_profile.plots.catalog import PLOTS
from load_profile.selection import Graph, graph_of
from load_profile.steps import RAW_TABLES, SECONDS, STEPS, Run, Step, Values, take_in

progress = logging.getLogger("load_profile.progress")
PARALLEL_STEPS = 2  # after dbt
# values that name what a step left undone without failing
NOT_DONE = (("raw/files", "alerts"), ("published", "waits for the next run"))


@dataclass(frozen=True)
class RunResult:
    """Whether a run succeeded, which steps failed and why, what files it took in.

    `cost` is one line: how many seconds went where, and for how many rows and bytes.
    """

    is_success: bool
    errors: tuple[str, ...]
    files: Mapping[str, object]
    warnings: tuple[str, ...] = ()
    cost: str = ""


@dataclass
class Results:
    """What the steps of one run have done so far; `failed` has step, class of error and message."""

    values: dict[str, Values] = field(default_factory=dict)
    tables: list[TableBuilt] = field(default_factory=list)
    checks: list[CheckResult] = field(default_factory=list)
    failed: list[tuple[str, str, str]] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    def note_failure(self, step: str, error: Exception) -> None:
        self.failed.append((step, type(error).__name__, str(error).strip()))
        self.log.append(f"{step} failed\n{''.join(traceback.format_exception(error))}")


def choose(select: str | None, *, plots: bool) -> frozenset[str] | None:
    """The names of tables and steps to bring up to date; None for all of them.

    Raises SelectionError for a selection that names nothing.
    """
    if not select and plots:
        return None
    graph: Graph = graph_of(read_manifest())
    chosen = graph.select(select) if select else frozenset(graph.parents)
    return chosen if plots else chosen - {step.name for step in STEPS if step.is_plot}


def run_steps(
    workspace: Workspace,
    dbt_vars: Mapping[str, str] | None = None,
    select: str | None = None,
    plots: bool = True,
) -> RunResult:
    """Bring the selected tables and files (all by default) up to date.

    Raises SelectionError for a selection that names nothing.
    """
    run = Run(workspace, utc_now())
    (workspace.logs / "run.log").unlink(missing_ok=True)  # of the run before
    chosen = choose(select, plots=plots)
    workspace.prepare()
    workspace.last_run.unlink(missing_ok=True)
    inputs = last_run.inputs(workspace, dbt_vars or {}, plots)
    results = Results()
    # without a selection all models are built, with the tests of raw tables
    models = chosen - RAW_TABLES.keys() - {step.name for step in STEPS} if select else None
    with Reporter(workspace) as reporter:
        _run_all(run, chosen, models, dbt_vars or {}, results, reporter)
        not_reported = reporter.finish()
    is_success = not results.failed
    if is_success and not select:
        write_text(workspace.last_run, json.dumps(inputs, indent=1) + "\n")
    write_text(workspace.logs / "run.log", "\n".join(results.log))
    return _result(workspace, results, not_reported)


def _run_all(
    run: Run,
    chosen: frozenset[str] | None,
    models: frozenset[str] | None,
    variables: Mapping[str, str],
    results: Results,
    reporter: Reporter,
) -> None:
    """Take in, build, write, report; after a stage with a failure no further one is started."""
    steps = [step for step in STEPS if chosen is None or step.name in chosen]
    with ThreadPoolExecutor(PARALLEL_STEPS, thread_name_prefix="step") as pool:
        with ExitStack() as stack:
            if models is None or models:
                progress.info("Starting dbt")
                _do("dbt_models", ensure_manifest, results)
                if results.failed:
                    return
                dbt = stack.enter_context(DbtProcess(run.workspace.root, variables))
            if chosen is None or chosen & RAW_TABLES.keys():
                _do("raw_tables", lambda: _take_in(run, results, reporter), results)
            if results.failed:
                return
            if models is None or models:
                _import_early(pool, steps)
                _do("dbt_models", lambda: _build(run, dbt, models, results, reporter), results)
        for group in ([s for s in steps if not s.is_last], [s for s in steps if s.is_last]):
            if not results.failed:
                list(pool.map(lambda step: _do_step(step, run, results, reporter), group))


def _do(name: str, step: Callable[[], object], results: Results) -> None:
    """Call a step and note its failure."""
    try:
        step()
    except Exception as error:
        results.note_failure(name, error)


def _take_in(run: Run, results: Results, reporter: Reporter) -> None:
    for name, values in take_in(run).items():
        results.values[name] = values
        reporter.put((name, values))


def _import_early(pool: ThreadPoolExecutor, steps: Sequence[Step]) -> None:
    """Import what takes seconds while dbt, another process, leaves a core idle."""
    modules = ["load_profile.report.charts"] if any(step.is_last for step in steps) else []
    if any(step.is_plot for step in steps):
        modules += [f"load_profile.plots.{name}" for name in ("axes", *{p.module for p in PLOTS})]
    pool.submit(lambda: list(map(import_module, modules)))


def _build(
    run: Run,
    dbt: DbtProcess,
    models: frozenset[str] | None,
    results: Results,
    reporter: Reporter,
) -> None:
    options = []
    if models is not None:  # no test of a table that may not be there
        options = ["--indirect-selection", "buildable", "--select", *sorted(models)]
    for result in build(run.workspace, dbt, options):
        if isinstance(result, TableBuilt):
            progress.info("Building tables: %s", result.name)
            results.tables.append(result)
        else:
            results.checks.append(result)
        reporter.put(result)


def _do_step(step: Step, run: Run, results: Results, reporter: Reporter) -> None:
    progress.info(step.progress)

    def work() -> None:
        values = step.values(run)
        results.values[step.name] = values
        reporter.put((step.name, values))

    _do(step.name, work, results)


def _result(workspace: Workspace, results: Results, not_reported: Sequence[str]) -> RunResult:
    values = results.values
    files = values.get("raw/files", {})
    errors = failures(results.checks, results.failed)
    reported = [
        *warnings(results.checks),
        *not_reported,
        *(values[step][name] for step, name in NOT_DONE if name in values.get(step, {})),
    ]
    if results.failed:
        reported += send_alert(workspace, "the run failed", errors)
    is_success = not results.failed
    return RunResult(is_success, tuple(errors), files, tuple(reported), _cost(results))


def _cost(results: Results) -> str:
    """Seconds by stage; the rest is start-up."""
    files = results.values.get("raw/files", {})
    stages = [
        (f"{name} files", files[f"{name} (s)"], 0)
        for name in ("reading", "loading", "filing")
        if f"{name} (s)" in files
    ]
    stages += [("models", sum(table.seconds for table in results.tables), 0)]
    stages += [("checks", sum(check.seconds for check in results.checks), 0)]
    made = ((step.name, results.values.get(step.name)) for step in STEPS)
    stages += [
        (name.replace("_", " "), values[SECONDS], values["bytes written"])
        for name, values in made
        if values
    ]
    took = ", ".join(
        f"{name} {seconds:.1f} s" + (f" ({size / 1e6:,.1f} MB written)" if size else "")
        for name, seconds, size in stages
    )
    rows = results.values.get("raw/interval_reads", {}).get("rows loaded", 0)
    return f"{rows:,} rows and {files.get('bytes read', 0) / 1e6:,.1f} MB taken in; {took}"
