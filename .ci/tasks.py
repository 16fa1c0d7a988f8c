"""Set up .venv and run one of TASKS. Needs nothing but Python 3.11 to 3.13."""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
VENV = HOME / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
LOCK = HOME / "requirements.lock"
READY = VENV / ".ready"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
CHROMIUM = ("chromium", "fonts-dejavu-core")

TASKS = {
    "run": [["load-profile", "run", "--sample-if-empty"]],
    "test": [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["sqlfluff", "lint", "--disable-progress-bar", "--processes", "0", "dbt_project"],
        ["pytest"],
    ],
    "ui": [["load-profile", "ui"]],
    "bench": [["python", "benchmarks/bench.py"]],
    "bench-large": [["python", "benchmarks/bench.py", "--large"]],
    "lock": [["uv", "lock", "--upgrade"]],
}
EXPORT = ["uv", "export", "--quiet", "--format", "requirements.txt", "--no-header"]
EXPORT += ["--no-emit-project", "--all-groups", "--output-file", str(LOCK)]


def main() -> None:
    if len(sys.argv) != 2 or sys.argv[1] not in TASKS:
        sys.exit(f"usage: python .ci/tasks.py {'|'.join(TASKS)}")
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        sys.exit(
            f"Python 3.11, 3.12 or 3.13 is needed; this is {sys.version.split()[0]}. With several "
            "installed: make run PYTHON=python3.13, or py -3.13 .ci\\tasks.py run on Windows."
        )
    set_up()
    if sys.argv[1] == "test":
        get_browser()
    for command in TASKS[sys.argv[1]]:
        call(command)
    if sys.argv[1] == "lock":
        call(EXPORT)


def set_up() -> None:
    """Install exactly what the lock names, and the project itself, unless that is done already."""
    wanted = hashlib.sha256(LOCK.read_bytes() + (HOME / "pyproject.toml").read_bytes()).hexdigest()
    if READY.exists() and READY.read_text() == wanted:
        return
    print("Setting up .venv; this takes a minute the first time.", flush=True)
    if not (BIN / "python").exists() and not (BIN / "python.exe").exists():
        venv.create(VENV, with_pip=True)
    call(["python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"])
    install = ["uv", "pip", "install", "--quiet", "--python", str(BIN / "python")]
    call([*install, "--require-hashes", "--compile-bytecode", "-r", str(LOCK)])
    call([*install, "--no-deps", "--no-build-isolation", "-e", str(HOME)])
    READY.write_text(wanted)


def get_browser() -> None:
    """Install Debian's Chromium where that can be done; without any, its tests say they skip."""
    apt = shutil.which("apt-get")
    if any(map(shutil.which, BROWSERS)) or not apt or os.geteuid() != 0:
        return
    print("Installing Chromium for the tests of pages.", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "--yes", "--no-install-recommends", *CHROMIUM]):
        subprocess.run([apt, "-qq", *words], env=environment, stdout=subprocess.DEVNULL)


def call(command: list[str]) -> None:
    """Run a program of .venv in the project's folder; end with its exit code if it fails."""
    program, *arguments = command
    done = subprocess.run([str(BIN / program), *arguments], cwd=HOME)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
