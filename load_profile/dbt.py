"""Run dbt on the warehouse of one root in a child process. Knows processes, not models.

    python -P -m load_profile.dbt ARGUMENTS       as `dbt ARGUMENTS` would in the root
    python -P -m load_profile.dbt --wait OPTIONS  prepare, wait for one command on standard input

Importing dbt and reading the project take longer than a small build, so the waiting process starts
while files load. It reads one line of JSON, {"arguments": [...]}, writes dbt's events, but
for those of level debug and test, as lines of JSON, and ends with dbt's exit code, or as soon as
its standard input is closed.

dbt reads the whole project again when an environment variable in profiles.yml changes. So the
path of the warehouse is relative to the root, the working directory, and the same in every root.
"""

import gc
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from hashlib import sha256
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from filelock import FileLock

from ingest.filing import sha256_of, write_bytes
from load_profile.dbt_project import PROJECT, parsed_folder, project_fingerprint

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest
    from google.protobuf.message import Message

WAREHOUSE = "warehouse/load_profile.duckdb"
OWN_FOLDER = Path(".dagster", "dbt")  # of what dbt writes for a run, below the root
DUCKDB = "duckdb"  # the default target of profiles.yml
MOST_READS = 20_000_000  # 7 million were built with 3 GB, 70 million failed; between not tried
WAIT = "--wait"
NO_PARTIAL_PARSE = "--no-partial-parse"  # for one-month runs: each would leave another cache
# dbt's own loggers would write thousands of debug events, and nobody reads run_results.json
SILENT = ("--quiet", "--log-level", "none", "--log-level-file", "none", "--no-write-json")
MOST_WORDS = 2_000  # of what a process that failed has printed


class DbtError(RuntimeError):
    """dbt failed; the message is dbt's own, or says how the process ended."""


class DbtProcess(AbstractContextManager):
    """A child that has dbt ready for one command; it does not outlive the block."""

    def __init__(
        self, root: Path, variables: Mapping[str, str] | None = None, target: str = DUCKDB
    ) -> None:
        options = ["--target", target]
        options += ["--vars", json.dumps(dict(variables))] if variables else []
        options += [NO_PARTIAL_PARSE] if "month" in (variables or {}) else []
        self._command = [sys.executable, "-P", "-m", "load_profile.dbt", WAIT, *options]
        self._root = root

    def __enter__(self) -> "DbtProcess":
        self._errors = TemporaryFile()
        self._process = subprocess.Popen(
            self._command,
            cwd=self._root,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="utf-8",
        )
        return self

    def __exit__(self, *_) -> None:
        with suppress(OSError):
            self._process.stdin.close()  # ends a process that is still at work
        self._process.wait()
        self._process.stdout.close()
        self._errors.close()

    def run(self, arguments: Sequence[str]) -> Iterator[Mapping]:
        """Run one command and yield dbt's events; raise DbtError if it fails."""
        with suppress(OSError):  # it has ended: its exit code says so
            self._process.stdin.write(json.dumps({"arguments": list(arguments)}) + "\n")
            self._process.stdin.flush()
        errors = []
        for line in self._process.stdout:
            event = json.loads(line)
            if event["info"]["level"] == "error":
                errors.append(event["info"].get("msg", "").strip())
            yield event
        if code := self._process.wait():
            if code < 0 or not any(errors):
                errors.append(self._last_words(code))
            raise DbtError("\n\n".join(filter(None, errors)))

    def _last_words(self, code: int) -> str:
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        self._errors.seek(0)
        printed = self._errors.read().decode("utf-8", errors="replace").strip()[-MOST_WORDS:]
        return f"dbt {how} before it finished. Run it again. {printed}".strip()


def run_dbt(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run dbt in a process of its own, to its end."""
    command = [sys.executable, "-P", "-m", "load_profile.dbt", "--quiet", *arguments]
    return subprocess.run(
        command, cwd=root, env=_environment(), capture_output=True, text=True, encoding="utf-8"
    )


def ensure_manifest() -> Path:
    """Return dbt's manifest, made first if it is absent, damaged or made from other files.

    Raises DbtError with dbt's own words when the project does not parse.
    """
    folder = parsed_folder()
    manifest, made_from = folder / "manifest.json", folder / "manifest.made-from"
    fingerprint = project_fingerprint()
    with FileLock(folder / "manifest.lock"):  # two runs may find it absent
        if made_from.exists() and made_from.read_bytes() == _note(fingerprint, manifest):
            return manifest
        done = run_dbt(folder, "parse", "--target-path", str(folder))
        if done.returncode:
            raise DbtError(f"The dbt project does not parse:\n{done.stdout}{done.stderr}")
        write_bytes(made_from, _note(fingerprint, manifest))
    return manifest


def read_manifest() -> Mapping:
    """Return what dbt's manifest holds; raise DbtError as ensure_manifest does."""
    return json.loads(ensure_manifest().read_bytes())


def _note(fingerprint: str, manifest: Path) -> bytes:
    """What a manifest was made from, and what is in it."""
    return f"{fingerprint} {sha256_of(manifest) if manifest.exists() else 'absent'}".encode()


def _environment() -> dict[str, str]:
    return {**os.environ, "LOAD_PROFILE_WAREHOUSE": WAREHOUSE}


def is_large(warehouse: Path, most: int = MOST_READS) -> bool:
    """Whether there are so many reads that 3 GB, the limit in profiles.yml, are not enough.

    The days and quantiles of all feeders cannot spill to disk: 70 million reads need more.
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
    return reads is not None and reads[0] > most  # dbt reports what does not open


def main() -> None:
    """Run dbt with this process's arguments, or wait for a command."""
    gc.set_threshold(100_000, 50, 100)  # see cli.main
    os.environ.setdefault("LOAD_PROFILE_WAREHOUSE", WAREHOUSE)
    if sys.argv[1:2] == [WAIT]:
        sys.exit(_wait_for_command(sys.argv[2:]))
    defaults = {"PROJECT_DIR": PROJECT, "PROFILES_DIR": PROJECT, "USE_COLORS": "false"}
    defaults |= {"TARGET_PATH": Path.cwd() / OWN_FOLDER, "LOG_LEVEL_FILE": "none"}
    defaults |= {"TARGET": DUCKDB}  # given as in a run, or dbt would read the whole project again
    for name, value in defaults.items():
        os.environ.setdefault(f"DBT_{name}", str(value))
    # dbt takes what it has read of the project from the project, never from a root
    parsed = parsed_folder() / "partial_parse.msgpack"
    if parsed.exists():
        os.environ["DBT_PARTIAL_PARSE_FILE_PATH"] = str(parsed)
    else:
        os.environ["DBT_PARTIAL_PARSE"] = "false"
    done = _run(sys.argv[1:])
    if done.exception:
        print(done.exception)
    sys.exit(_exit_code(done))


def _run(arguments: list[str], manifest: "Manifest | None" = None, callbacks: Sequence = ()):
    """Run one dbt command; return dbt's own result."""
    from dbt.cli.main import dbtRunner

    if is_large(Path(os.environ["LOAD_PROFILE_WAREHOUSE"])):
        os.environ.setdefault("LOAD_PROFILE_MEMORY", "50%")  # of the machine's
    return dbtRunner(manifest, list(callbacks)).invoke(arguments)


def _wait_for_command(options: list[str]) -> int:
    """Import dbt and read the project, then run the one command that comes."""
    # nothing but events reaches the parent by its pipe
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    lines = SimpleQueue()
    threading.Thread(target=_read_lines, args=[lines], daemon=True).start()
    from dbt.cli.main import dbtRunner
    from google.protobuf.json_format import MessageToJson

    def send(event: "Message") -> None:
        if event.info.level not in ("debug", "test"):
            text = MessageToJson(event, preserving_proto_field_name=True, indent=None)
            print(text, file=pipe, flush=True)

    given = [*options, "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    folder = _folder_for(options)
    manifest = dbtRunner().invoke(["parse", *SILENT, *given, "--target-path", str(folder)]).result
    arguments = json.loads(lines.get())["arguments"]
    done = _run([*arguments, *SILENT, *given], manifest, [send])
    if done.exception:
        error = {"info": {"name": "Exception", "level": "error", "msg": str(done.exception)}}
        print(json.dumps(error), file=pipe, flush=True)
    return _exit_code(done)


def _folder_for(options: list[str]) -> Path:
    """Where dbt keeps what it reads of the project: it can keep one set of options in a folder."""
    if options == ["--target", DUCKDB]:
        return parsed_folder()
    if NO_PARTIAL_PARSE in options:
        return parsed_folder() / "unkept"
    return parsed_folder() / sha256(json.dumps(options).encode()).hexdigest()[:16]


def _exit_code(done: "dbtRunnerResult") -> int:
    """The exit code that the command `dbt` would have."""
    return 2 if done.exception else int(not done.success)


def _read_lines(lines: SimpleQueue) -> None:
    """Hand on the lines of standard input; end this process with it, as its parent may be gone."""
    read = b""
    while block := os.read(0, 65536):
        *whole, read = (read + block).split(b"\n")
        for line in whole:
            lines.put(line)
    os._exit(1)


if __name__ == "__main__":
    main()
