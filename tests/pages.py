"""A browser without a window, and the pages of a root, for tests and screenshots."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
ARGUMENTS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
PATIENCE = 120  # seconds


def find_browser() -> str | None:
    """The program of an installed Chromium, Chrome or Edge."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def open_browser(program: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def serve(root: Path, page: str = "ui", *options: str) -> Iterator[str]:
    """Start `load-profile ui`, or another page, for a root, give its address, and end it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = Path(sys.executable).with_name("load-profile")
    printed = root.with_name(f"{root.name}-{page}.log")  # nothing below a root is ours to write
    with printed.open("w") as log:
        words = [command, page, "--root", root, "--port", str(port), *options]
        # a group of its own: Dagster's page is four processes
        started = subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True)
        try:
            until = time.monotonic() + PATIENCE
            while not _answers(address):
                if time.monotonic() > until or started.poll() is not None:
                    raise TimeoutError(f"no page: {printed.read_text()}")
                time.sleep(0.5)
            yield address
        finally:
            started.terminate()  # which must end all four
            started.wait(PATIENCE)
            if os.name != "nt":
                _end_group(started.pid)


def _end_group(group: int) -> None:
    """Wait until no process of a group is left; raise TimeoutError after having killed it."""
    until = time.monotonic() + PATIENCE
    with suppress(ProcessLookupError):
        while time.monotonic() < until:
            os.killpg(group, 0)
            time.sleep(0.2)
        os.killpg(group, signal.SIGKILL)
        raise TimeoutError(f"processes of group {group} went on without their parent")


def _answers(address: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(address):
        return True
    return False
