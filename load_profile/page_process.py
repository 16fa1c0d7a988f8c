"""Start Dagster's page as a process of its own and end it with this one."""

import os
import signal
import subprocess
import sys

from ingest.workspace import Workspace
from load_profile.dagster_home import dagster_home
from load_profile.dbt_project import PROJECT

PAGE = "dagster_defs.page"  # a program to start, not to import: it is above this package


def serve_page(workspace: Workspace, port: int) -> int:
    """Serve the page of a root until it or this process is ended; return its exit code."""
    environment = {
        **os.environ,
        "LOAD_PROFILE_ROOT": str(workspace.root),
        "DAGSTER_HOME": str(dagster_home(workspace)),
    }
    page = subprocess.Popen(
        [sys.executable, "-P", "-m", PAGE, str(port)],
        cwd=PROJECT,  # Dagster reads .env of the working directory: not that of a root
        env=environment,
        stdin=subprocess.PIPE,
    )
    signal.signal(signal.SIGTERM, lambda *_: page.terminate())
    try:
        return page.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        page.stdin.close()
        page.wait()
