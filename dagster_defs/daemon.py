"""Run Dagster's daemon, which starts schedules and sensors, as long as its parent lives.

    python -m dagster_defs.daemon ARGUMENTS OF dagster-daemon

It ends when its standard input does: when the parent closes it, or ends in whatever way.
"""

import os
import signal
import threading
import time
from importlib.metadata import entry_points

PATIENCE = 10  # seconds to end by itself


def end_with_parent() -> None:
    """Wait for the end of standard input, then interrupt this process, and end it if it goes on."""
    while os.read(0, 1024):
        pass
    signal.raise_signal(signal.SIGINT)
    time.sleep(PATIENCE)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=end_with_parent, daemon=True).start()
    (program,) = entry_points(group="console_scripts", name="dagster-daemon")
    program.load()()
