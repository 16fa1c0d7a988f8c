"""Set up .venv and run one of TASKS. Needs nothing but Python 3.11 to 3.13."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
VENV = HOME / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
LOCK = HOME / "requirements.lock"
READY = VENV / ".ready"
SPARK_LOCK = HOME / "requirements-spark.lock"  # what the product needs with its extra `spark`
SPARK_READY = VENV / ".ready-spark"
INSTALL = ["uv", "pip", "install", "--quiet", "--python", str(BIN / "python")]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
CHROMIUM = ("chromium", "fonts-dejavu-core")
JAVA, OLDEST_JAVA = "openjdk-17-jre-headless", 17  # Spark 4 runs on nothing older

TASKS = {
    "run": [["load-profile", "run", "--sample-if-empty"]],
    "test": [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["sqlfluff", "lint", "--disable-progress-bar", "--processes", "0", "dbt_project"],
        ["pytest"],
    ],
    "test-spark": [["pytest", "-n", "0", "--dist", "no", "tests/spark"]],
    "ui": [["load-profile", "ui"]],
    "bench": [["python", "benchmarks/bench.py"]],
    "bench-large": [["python", "benchmarks/bench.py", "--large"]],
    "lock": [["uv", "lock", "--upgrade"]],
}
EXPORT = ["uv", "export", "--quiet", "--format", "requirements.txt", "--no-header"]
EXPORT += ["--no-emit-project", "--output-file"]
EXPORTS = [
    [*EXPORT, str(LOCK), "--all-groups"],
    [*EXPORT, str(SPARK_LOCK), "--no-default-groups", "--extra", "spark"],
]


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
    if sys.argv[1] == "test-spark":
        set_up_spark()
        get_java()
    for command in TASKS[sys.argv[1]]:
        call(command)
    if sys.argv[1] == "lock":
        for export in EXPORTS:
            call(export)


def set_up() -> None:
    """Install exactly what the lock names, and the project itself, unless that is done already."""
    wanted = hashlib.sha256(LOCK.read_bytes() + (HOME / "pyproject.toml").read_bytes()).hexdigest()
    if READY.exists() and READY.read_text() == wanted:
        return
    print("Setting up .venv; this takes a minute the first time.", flush=True)
    if not (BIN / "python").exists() and not (BIN / "python.exe").exists():
        venv.create(VENV, with_pip=True)
    call(["python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"])
    call([*INSTALL, "--require-hashes", "--compile-bytecode", "-r", str(LOCK)])
    call([*INSTALL, "--no-deps", "--no-build-isolation", "-e", str(HOME)])
    READY.write_text(wanted)


def set_up_spark() -> None:
    """Install the extra `spark` as its lock names it, unless that is done already."""
    wanted = hashlib.sha256(SPARK_LOCK.read_bytes()).hexdigest()
    if SPARK_READY.exists() and SPARK_READY.read_text() == wanted:
        return
    print("Adding Spark to .venv; this takes some minutes the first time.", flush=True)
    # pyspark comes as source only: it is built with the setuptools of the other lock
    call([*INSTALL, "--require-hashes", "--no-build-isolation", "-r", str(SPARK_LOCK)])
    SPARK_READY.write_text(wanted)


def get_browser() -> None:
    """Install Debian's Chromium where that can be done; without any, its tests say they skip."""
    if not any(map(shutil.which, BROWSERS)):
        install_packages("Chromium for the tests of pages", CHROMIUM)


def get_java() -> None:
    """Install Debian's Java where that can be done; there is no test of Spark without one."""
    if java_version() < OLDEST_JAVA:
        install_packages("Java for Spark", [JAVA])
    if java_version() < OLDEST_JAVA:
        sys.exit(
            f"Spark needs Java {OLDEST_JAVA} or later, as JAVA_HOME or as `java` on the PATH; "
            f"found: {java_version() or 'none'}. On Debian: apt-get install {JAVA}"
        )


def java_version() -> int:
    """The number before the first point of the Java that Spark will run on; 0 = there is none."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=Path(home, "bin") if home else None)
    if not java:
        return 0
    said = subprocess.run([java, "-version"], capture_output=True, text=True).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0


def install_packages(what: str, names: Sequence[str]) -> None:
    """Install packages of Debian if this is a Debian and its root; else do nothing."""
    apt = shutil.which("apt-get")
    if not apt or os.geteuid() != 0:
        return
    print(f"Installing {what}.", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "--yes", "--no-install-recommends", *names]):
        subprocess.run([apt, "-qq", *words], env=environment, stdout=subprocess.DEVNULL)


def call(command: list[str]) -> None:
    """Run a program of .venv in the project's folder; end with its exit code if it fails."""
    program, *arguments = command
    done = subprocess.run([str(BIN / program), *arguments], cwd=HOME)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
