"""End a run at Ctrl-C at once and in one line, whatever it is doing. Knows signals, not runs.

A run may be ended at any moment, tests/ingest/test_crash_safety.py sees to that, and its child
processes end with it. Left to itself, Ctrl-C would reach them as well, each with a traceback of its
own, and a step would take it for its own failure.
"""

import os
import signal
import threading
from multiprocessing.resource_tracker import ensure_running

CODE = 130  # exit code after Ctrl-C
WORDS = (
    "Stopped. Nothing is lost: files taken in so far stay taken in, the others are still in "
    "_dropbox/KW. The next `load-profile run` finishes what this one began.\n"
)
CLEAR = b"\r\x1b[K\x1b[?25h"  # the line of progress, and the cursor back


def end_at_interrupt() -> None:
    """From now on end this process at SIGINT; what it starts from now on does not get the signal.

    Windows has no signal masks: there Ctrl-C is what Python and Dagster make of it.
    """
    if not hasattr(signal, "pthread_sigmask"):
        return
    _start_resource_tracker()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    terminal = os.dup(2)  # steps write to a file of their own
    threading.Thread(target=_wait, args=[terminal], daemon=True).start()


def _start_resource_tracker() -> None:
    """Start now what Python would start later, and unblock SIGINT then.

    It would also warn of semaphores that nobody has given back, which the system does anyway.
    """
    before = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = "ignore:resource_tracker"
    ensure_running()
    if before is None:
        del os.environ["PYTHONWARNINGS"]
    else:
        os.environ["PYTHONWARNINGS"] = before


def _wait(terminal: int) -> None:
    signal.sigwait({signal.SIGINT})
    if os.isatty(terminal):
        os.write(terminal, CLEAR)
    os.write(terminal, WORDS.encode())
    os._exit(CODE)
