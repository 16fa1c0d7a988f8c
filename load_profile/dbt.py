"""Run dbt on the warehouse of one root, as `dbt` itself would: the entry point load-profile-dbt.

dbt parses a project anew when an environment variable in profiles.yml changes, so the path of the
warehouse is relative to the root and the same for every root.

Importing dbt and reading the project take longer than a small build. `WarmDbt` starts a process
that does both while Dagster starts and files load; load-profile-dbt then hands its arguments to
that process. Without one it runs dbt itself.
"""

import gc
import importlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from hashlib import sha256
from importlib.resources import files
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Listener
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest
    from dbt_common.events.base_types import EventMsg

# the packages of a wheel and of the repository are beside each other
PROJECT = Path(str(files("load_profile"))).parent / "dbt_project"
MOST_READS = 20_000_000
WARM = "LOAD_PROFILE_WARM_DBT"  # address and key of a waiting process


def project_fingerprint() -> str:
    """sha256 over names and contents of the dbt project's own files."""
    found = sha256()
    for folder in (".", "models", "macros", "tests", "seeds"):
        below = PROJECT.glob("*.yml") if folder == "." else (PROJECT / folder).rglob("*.*")
        for path in sorted(below):
            found.update(path.relative_to(PROJECT).as_posix().encode())
            found.update(path.read_bytes())
    return found.hexdigest()


@contextmanager
def without_dbt() -> Iterator[None]:
    """Let a block import dagster_dbt as where dbt is not installed, which it allows for.

    Dagster's process reads a manifest and another process's words; dbt's own code, a second to
    import, is of no use there.
    """
    if "dbt" in sys.modules:
        yield
        return
    sys.modules["dbt"] = None  # an import of it fails
    try:
        yield
    finally:
        del sys.modules["dbt"]


def run_apart(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run dbt in a process of its own, beside the waiting one, which is for the build."""
    environment = {**os.environ, "LOAD_PROFILE_ROOT": str(root), WARM: ""}
    command = [sys.executable, "-P", "-m", "load_profile.dbt", "--quiet", *arguments]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, encoding="utf-8"
    )


class WarmDbt(AbstractContextManager):
    """A process that has dbt imported and runs one command; it does not outlive the block.

    It reads the project with dbt variables, a JSON mapping, if that command will have them.
    """

    def __init__(self, variables: str = "") -> None:
        self.variables = variables

    def __enter__(self) -> "WarmDbt":
        command = [sys.executable, "-P", "-m", "load_profile.dbt", "--wait", self.variables]
        # if it fails to start, load-profile-dbt does its work and says why
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        os.environ[WARM] = self.process.stdout.readline().strip()
        return self

    def __exit__(self, *_) -> None:
        os.environ.pop(WARM, None)
        self.process.stdin.close()
        self.process.wait()


def main() -> None:
    """Run dbt with this process's arguments, in a waiting process if there is one."""
    gc.set_threshold(100_000, 50, 100)  # see command_line.main
    os.environ["LOAD_PROFILE_WAREHOUSE"] = "warehouse/load_profile.duckdb"
    os.environ.setdefault("DBT_PROJECT_DIR", str(PROJECT))
    os.environ.setdefault("DBT_PROFILES_DIR", str(PROJECT))
    os.environ.setdefault("DBT_USE_COLORS", "false")
    if sys.argv[1:2] == ["--wait"]:
        return _wait_for_command(sys.argv[2])
    code = _hand_over(os.environ.pop(WARM, ""))
    if code is None:
        if _is_for_dagster():
            _lean()
        code = _run(sys.argv[1:])
    sys.exit(code)


def _is_for_dagster() -> bool:
    return os.environ.get("DBT_LOG_FORMAT") == "json"


def _lean() -> None:
    # not for a process that only hands over
    from dagster_defs.lean_dbt import lean

    lean()


def _run(arguments: list[str], manifest: "Manifest | None" = None) -> int:
    """Run one dbt command in the root; returns dbt's exit code."""
    from dbt.cli.main import dbtRunner

    # what was read of the project is taken from the project, never from a root
    parsed = PROJECT / "target" / "partial_parse.msgpack"
    if parsed.exists():
        os.environ["DBT_PARTIAL_PARSE_FILE_PATH"] = str(parsed)
    else:
        os.environ["DBT_PARTIAL_PARSE"] = "false"
    os.chdir(os.environ.get("LOAD_PROFILE_ROOT", "."))
    if is_large(Path(os.environ["LOAD_PROFILE_WAREHOUSE"])):
        os.environ.setdefault("LOAD_PROFILE_MEMORY", "50%")  # of the machine's
    callbacks = []
    if _is_for_dagster():
        # dbt's own loggers write every debug event as JSON before they drop it: a second a run
        os.environ |= {"DBT_LOG_LEVEL": "none", "DBT_LOG_LEVEL_FILE": "none"}
        # nor is the manifest of a run of use to anyone, as long as the one of the project
        os.environ.setdefault("DBT_WRITE_JSON", "false")
        callbacks = [_say]
    result = dbtRunner(manifest, callbacks).invoke(arguments)
    if result.exception:
        print(result.exception, flush=True)
        return 2
    return 0 if result.success else 1


def is_large(warehouse: Path, most: int = MOST_READS) -> bool:
    """Whether there are so many reads that 3 GB, the limit in profiles.yml, are not enough.

    The days and quantiles of all feeders cannot go on on disk: 70 million reads need more.
    """
    import duckdb

    if not warehouse.exists():
        return False
    reads = None
    with suppress(duckdb.Error), duckdb.connect(str(warehouse), read_only=True) as con:
        reads = con.execute(
            """
            select estimated_size from duckdb_tables()
            where schema_name = 'raw' and table_name = 'interval_reads'
            """
        ).fetchone()
    return reads is not None and reads[0] > most  # what does not open, dbt tells of


def _say(event: "EventMsg") -> None:
    """Print an event of level info and above as a line of JSON, as dbt's logger does."""
    if event.info.level not in ("debug", "test"):
        from dbt_common.events.functions import msg_to_dict

        sys.stdout.write(json.dumps(msg_to_dict(event), default=str) + "\n")
        sys.stdout.flush()


def _hand_over(warm: str) -> int | None:
    """Let the waiting process do it and pass on what it prints; None if no process waits."""
    address, _, key = warm.rpartition(" ")
    try:
        connection = Client(address, authkey=bytes.fromhex(key))
    except (OSError, ValueError, EOFError, AuthenticationError):
        return None  # none was started, or it has done its one command
    with connection, suppress(KeyboardInterrupt):
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


def _wait_for_command(variables: str) -> None:
    """Say where this process listens, make dbt ready, run one command; end with the parent."""

    def end_with_parent() -> None:
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=end_with_parent, daemon=True).start()
    key = os.urandom(16)
    with Listener(authkey=key) as listener:
        print(f"{listener.address} {key.hex()}", flush=True)  # the parent waits for that
        _lean()
        _run_what_comes(listener, variables)
    os._exit(0)  # to take dbt apart piece by piece would cost a quarter of a second


def _run_what_comes(listener: Listener, variables: str) -> None:
    """Import dbt and read the project, then run one command."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    # dbt keeps what it read, but not for several sets of variables in one folder
    kept = PROJECT / "target" / (sha256(variables.encode()).hexdigest() if variables else "")
    parse = ["--quiet", "--no-write-json", "--log-level-file", "none"]
    parse += ["parse", "--target-path", str(kept)]
    parse += ["--vars", variables] if variables else []
    manifest = dbtRunner().invoke(parse).result
    importlib.import_module("dbt_common.clients.agate_helper")  # for its first result
    with listener.accept() as connection:
        arguments, environment = connection.recv()
        os.environ.clear()
        os.environ.update(environment)
        sys.stdout = sys.stderr = _Stream(connection)
        code = _run(arguments, manifest)
        # whoever gets the code may open the warehouse at once
        if environment := DuckDBConnectionManager._ENV:
            environment.close()
        connection.send(code)


if __name__ == "__main__":
    main()
