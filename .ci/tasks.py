"""Set up .venv and run one of TASKS. Needs nothing but Python 3.11 to 3.13.

Installs Python packages into .venv alone; it names packages of the system, and installs none.
"""

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
    "package": [["python", ".ci/package.py"]],
    "ui": [["load-profile", "ui"]],
    "bench": [["python", "benchmarks/bench.py"]],
    "bench-large": [["python", "benchmarks/bench.py", "--large"]],
    "lock": [["uv", "lock", "--upgrade"]],
    "missing": [],  # print the packages of Debian that the tests would need
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
    if sys.argv[1] == "missing":
        print(*missing_packages())
        return
    set_up()
    if sys.argv[1] == "test" and not has_browser():
        print(f"Tests in a browser are skipped without Chromium. {on_debian(CHROMIUM)}")
    if sys.argv[1] == "test-spark":
        check_java()
        set_up_spark()
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


def missing_packages() -> list[str]:
    """Return Debian's names of what tests need of the system and is not there."""
    browser = [] if has_browser() else list(CHROMIUM)
    return browser + ([] if java_version() >= OLDEST_JAVA else [JAVA])


def has_browser() -> bool:
    return any(map(shutil.which, BROWSERS))


def check_java() -> None:
    """End with what to install where there is no Java that Spark runs on."""
    found = java_version()
    if found < OLDEST_JAVA:
        sys.exit(
            f"Spark needs Java {OLDEST_JAVA} or later, as JAVA_HOME or as `java` on the PATH; "
            f"found: {found or 'none'}. {on_debian([JAVA])}"
        )


def on_debian(packages: Sequence[str]) -> str:
    return f"On Debian: apt-get install {' '.join(packages)}"


def java_version() -> int:
    """Return the major version of the Java that Spark will run on; 0 = there is none."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=Path(home, "bin") if home else None)
    if not java:
        return 0
    printed = subprocess.run([java, "-version"], capture_output=True, text=True).stderr
    found = re.search(r'version "(\d+)', printed)
    return int(found[1]) if found else 0


def call(command: list[str]) -> None:
    """Run a program of .venv in the project's folder; end with its exit code if it fails."""
    program, *arguments = command
    done = subprocess.run([str(BIN / program), *arguments], cwd=HOME)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
