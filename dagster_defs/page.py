"""Serve Dagster's page of one root on 127.0.0.1, behind PageGuard, with its daemon beside it.

    python -P -m dagster_defs.page PORT

LOAD_PROFILE_ROOT and DAGSTER_HOME name the root. It ends when its standard input does.

`dagster dev` has no place for a check in front of its server. This starts the same two parts: the
server in this process, whose application Dagster hands out, and the daemon in its own.
"""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version

import uvicorn
from dagster import DagsterInstance, DagsterRunStatus, RunsFilter
from dagster_webserver.app import create_app_from_workspace_process_context
from dagster_webserver.cli import (
    WorkspaceOpts,
    WorkspaceProcessContext,
    workspace_opts_to_load_target,
)

from dagster_defs.daemon import end_with_parent
from dagster_defs.page_guard import PageGuard

HOST = "127.0.0.1"
MODULE = "dagster_defs.definitions"
PATIENCE = 20  # seconds for the daemon to end by itself


def serve(port: int) -> None:
    """Serve until this process is interrupted or terminated."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn passes the signal on
    target = workspace_opts_to_load_target(WorkspaceOpts(module_name=(MODULE,)))
    with suppress(KeyboardInterrupt), DagsterInstance.get() as instance:
        drop_waiting_runs(instance)
        with (
            _daemon(),
            WorkspaceProcessContext(
                instance,
                workspace_load_target=target,
                version=version("dagster-webserver"),
                code_server_log_level="WARNING",
            ) as context,
        ):
            app = create_app_from_workspace_process_context(context, live_data_poll_rate=2000)
            print(f"Dagster's page: http://{HOST}:{port}. Ctrl-C ends it.", flush=True)
            uvicorn.run(
                PageGuard(app, port),
                host=HOST,
                port=port,
                log_level="warning",
                proxy_headers=False,
                timeout_graceful_shutdown=2,
            )


def drop_waiting_runs(instance: DagsterInstance) -> None:
    """Forget runs that an earlier session left waiting: each names the program that it runs."""
    for run in instance.get_runs(RunsFilter(statuses=[DagsterRunStatus.QUEUED])):
        instance.delete_run(run.run_id)
        print(f"Run {run.run_id} was waiting since an earlier session: it is not started.")


@contextmanager
def _daemon() -> Iterator[None]:
    """Run schedules and sensors in a process that does not outlive this one."""
    command = [sys.executable, "-P", "-m", "dagster_defs.daemon", "run", "-m", MODULE]
    process = subprocess.Popen([*command, "--log-level", "warning"], stdin=subprocess.PIPE)
    try:
        yield
    finally:
        process.stdin.close()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()


if __name__ == "__main__":
    end_with_parent(signal.SIGTERM)
    serve(int(sys.argv[1]))
