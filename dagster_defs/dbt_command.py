"""Run dbt on the warehouse of one root, as `dbt` itself would: the entry point load-profile-dbt.

dbt parses a project anew when an environment variable in profiles.yml changes, so the path of the
warehouse is relative to the root and the same for every root.

Importing dbt takes longer than a small build. `WarmDbt` starts a process that imports it while
Dagster starts and files load; load-profile-dbt then hands its arguments to that process. Without
one it runs dbt itself.
"""

import os
import subprocess
import sys
import threading
from contextlib import AbstractContextManager
from multiprocessing.connection import Client, Listener
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent / "dbt_project"
WARM = "LOAD_PROFILE_WARM_DBT"  # address and key of a waiting process


class WarmDbt(AbstractContextManager):
    """A process that has dbt imported and runs one command; it does not outlive the block."""

    def __enter__(self) -> "WarmDbt":
        command = [sys.executable, "-m", "dagster_defs.dbt_command", "--wait"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        os.environ[WARM] = self.process.stdout.readline().strip()
        return self

    def __exit__(self, *_) -> None:
        os.environ.pop(WARM, None)
        self.process.stdin.close()
        self.process.wait()


def main() -> None:
    """Run dbt with this process's arguments, in a waiting process if there is one."""
    if sys.argv[1:] == ["--wait"]:
        return _wait_for_command()
    code = _hand_over(os.environ.pop(WARM, ""))
    sys.exit(_run(sys.argv[1:]) if code is None else code)


def _run(arguments: list[str]) -> int:
    os.environ["LOAD_PROFILE_WAREHOUSE"] = "warehouse/load_profile.duckdb"
    os.environ.setdefault("DBT_PROJECT_DIR", str(PROJECT))
    os.environ.setdefault("DBT_PROFILES_DIR", str(PROJECT))
    os.chdir(os.environ.get("LOAD_PROFILE_ROOT", "."))
    from dbt.cli.main import cli

    try:
        cli(arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _hand_over(warm: str) -> int | None:
    """Let the waiting process do it and pass on what it prints; None if no process waits."""
    address, _, key = warm.rpartition(" ")
    try:
        connection = Client(address, authkey=bytes.fromhex(key))
    except (OSError, ValueError):  # none was started, or it has done its one command
        return None
    with connection:
        connection.send((sys.argv[1:], dict(os.environ)))
        while isinstance(said := connection.recv(), str):
            sys.stdout.write(said)
            sys.stdout.flush()
    return said


class _Stream:
    """A text stream whose far end is the process that handed its command over."""

    encoding = "utf-8"

    def __init__(self, connection) -> None:
        self.write = lambda text: connection.send(text) if text else None

    def flush(self) -> None: ...

    def isatty(self) -> bool:
        return False


def _wait_for_command() -> None:
    """Say where this process listens, import dbt, run one command; end when the parent does."""

    def end_with_parent() -> None:
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=end_with_parent, daemon=True).start()
    key = os.urandom(16)
    with Listener(authkey=key) as listener:
        print(f"{listener.address} {key.hex()}", flush=True)
        import dbt.cli.main  # noqa: F401
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        with listener.accept() as connection:
            arguments, environment = connection.recv()
            os.environ.clear()
            os.environ.update(environment)
            sys.stdout = sys.stderr = _Stream(connection)
            code = _run(arguments)
            # whoever gets the code may open the warehouse at once
            if environment := DuckDBConnectionManager._ENV:
                environment.close()
            connection.send(code)


if __name__ == "__main__":
    main()
