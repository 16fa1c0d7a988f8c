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


def end_with_parent(by: signal.Signals = signal.SIGINT) -> None:
    """Have the end of standard input end this process, by a signal and then in any case."""

    def wait() -> None:
        while os.read(0, 1024):
            pass
        signal.raise_signal(by)
        time.sleep(PATIENCE)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    end_with_parent()
    (program,) = entry_points(group="console_scripts", name="dagster-daemon")
    program.load()()
