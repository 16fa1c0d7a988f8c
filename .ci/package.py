"""Build the wheel, install it in an empty environment and try its commands outside the repository.

Fails if a command fails, or if anything was written into the installed packages.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.request import Request, urlopen

HOME = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).with_name("uv")
SOURCES = ("pyproject.toml", "README.md", "LICENSE")
PACKAGES = ("ingest", "load_profile", "dagster_defs", "dbt_project")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "target", "logs", ".user.yml")
PATIENCE = 120  # seconds for the page to answer
PATIENCE_AT_END = 20
LOCATION = """{ workspaceOrError { ... on Workspace {
    locationEntries { locationOrLoadError { __typename } }
} } }"""


def main() -> None:
    with TemporaryDirectory(prefix="load-profile-wheel-") as name:
        folder = Path(name)
        wheel = build_wheel(folder)
        programs = install(wheel, folder / "venv")
        root = folder / "root"
        root.mkdir()
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")  # of dbt's reading of the project
        before = installed_files(programs.parent)
        try_commands(programs, root)
        try_page([programs / "load-profile", "ui"], root)
        try_page([programs / "dagster", "dev", "-m", "dagster_defs.definitions"], root)
        changed = before.items() ^ installed_files(programs.parent).items()
        if changed:
            sys.exit(
                f"Written into the installed packages: {sorted({name for name, _ in changed})}"
            )
    print("The wheel works in an empty environment.")


def build_wheel(folder: Path) -> Path:
    """Build from a copy: setuptools would take stale files of an earlier build along."""
    source = folder / "source"
    for package in PACKAGES:
        shutil.copytree(HOME / package, source / package, ignore=LEFT_OUT)
    for name in SOURCES:
        shutil.copy(HOME / name, source)
    build = ["build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable]
    call([UV, *build, "--out-dir", folder, source])
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(wheel: Path, environment: Path) -> Path:
    """Install the wheel and what it depends on, in the versions of the lock; return its programs.

    Nothing else is there: a package that only the tests have would be missed by the commands.
    """
    call([UV, "venv", "--quiet", "--python", sys.executable, environment])
    programs = environment / ("Scripts" if os.name == "nt" else "bin")
    install = ["pip", "install", "--quiet", "--python", programs / "python", "--compile-bytecode"]
    call([UV, *install, "--constraint", HOME / "requirements.lock", wheel])
    return programs


def installed_files(environment: Path) -> dict[str, tuple[int, int]]:
    """Sizes and times of all files of an environment but Python's own caches."""
    found = (path for path in environment.rglob("*") if path.is_file())
    return {
        path.relative_to(environment).as_posix(): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in found
        if "__pycache__" not in path.parts
    }


def try_commands(programs: Path, root: Path) -> None:
    """Run the commands of README as somebody would who has installed the wheel."""
    command = programs / "load-profile"
    call([command, "--version"], cwd=root)
    call([command, "sample", "--feeders", "2", "--months", "1"], cwd=root)
    call([command, "run"], cwd=root)
    call([command, "why", "north", "2024-07-12 11:00"], cwd=root)
    call([command, "docs"], cwd=root)
    for made in ("lp/north.csv", "lp/plots", "lp/report.html", "lp/dbt-docs.html"):
        assert (root / made).exists(), f"{made} is missing"


def try_page(command: list[object], root: Path) -> None:
    """Start a page in a root and ask it for the module of the assets, which must have loaded."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    print(*command, flush=True)
    words = [*map(str, command), "--port", str(port)]
    environment = {**os.environ, "DAGSTER_HOME": str(root / ".dagster")}  # has telemetry off
    page = subprocess.Popen(words, cwd=root, env=environment, start_new_session=True)
    try:
        answer = ask(port, page)
    finally:
        end(page)
    (entry,) = answer["data"]["workspaceOrError"]["locationEntries"]
    if entry["locationOrLoadError"]["__typename"] != "RepositoryLocation":
        sys.exit(f"The page has not loaded its assets: {entry}")


def end(page: subprocess.Popen) -> None:
    """End a page with its processes: where interrupts are off, they do not end by themselves."""
    page.terminate()
    with suppress(subprocess.TimeoutExpired):
        page.wait(PATIENCE_AT_END)
    if os.name == "posix":
        with suppress(ProcessLookupError):
            os.killpg(page.pid, signal.SIGKILL)
    else:
        page.kill()
    page.wait()


def ask(port: int, page: subprocess.Popen) -> dict:
    """Return the page's answer to LOCATION; it takes some seconds to start."""
    question = json.dumps({"query": LOCATION}).encode()
    headers = {"Content-Type": "application/json"}
    request = Request(f"http://127.0.0.1:{port}/graphql", question, headers)
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with urlopen(request, timeout=PATIENCE) as answer:
                return json.load(answer)
        except URLError:
            if page.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.5)


def call(command: list[object], **options) -> None:
    """Run a program; print its output and end with its exit code only if it fails."""
    words = list(map(str, command))
    print(*words, flush=True)
    done = subprocess.run(words, capture_output=True, text=True, encoding="utf-8", **options)
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n")
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
