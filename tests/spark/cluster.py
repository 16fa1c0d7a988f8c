"""A Spark cluster on this machine: a master and workers, each a process. Knows no table or model.

Spark runs in it as on machines of their own: a program (`environment` tells it where) has its
executors in other processes, exchanges rows with them over the network, and can lose one.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from urllib.request import urlopen

import pyspark

HOST = "127.0.0.1"
SPARK_HOME = Path(pyspark.__file__).parent
START_SECONDS = 60
# of one worker; Java takes half a gigabyte more than what an executor may fill
WORKER_MEMORY, EXECUTOR_MEMORY, DAEMON_MEMORY = "3g", "2g", "256m"
LAST_LINES = 30


class ClusterError(RuntimeError):
    """The cluster is not what it should be; the message holds what its processes said."""


class Cluster(AbstractContextManager):
    """A master and `count` workers with one core each; all end with the block."""

    def __init__(self, count: int = 2) -> None:
        self.count = count
        self.port, self.page_port = free_ports(2)
        self.master: subprocess.Popen | None = None
        self.workers: dict[int, subprocess.Popen] = {}  # by port

    def __enter__(self) -> "Cluster":
        self._temporary = tempfile.TemporaryDirectory(prefix="spark-cluster-")
        self.folder = Path(self._temporary.name)
        (self.folder / "conf").mkdir()
        (self.folder / "conf" / "spark-defaults.conf").write_text(
            f"spark.executor.memory {EXECUTOR_MEMORY}\n"
            f"spark.driver.host {HOST}\nspark.driver.bindAddress {HOST}\n"
            "spark.master.rest.enabled false\n"
        )
        try:
            ports = ["--port", str(self.port), "--webui-port", str(self.page_port)]
            self.master = self._start("master", "master.Master", *ports)
            self._wait(lambda: self.state() is not None)
            self.start_workers(self.count)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        for process in (*self.workers.values(), self.master):
            if process:
                kill_group(process)
        self._temporary.cleanup()

    @property
    def url(self) -> str:
        return f"spark://{HOST}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a program's environment must have for Spark to run on this cluster."""
        return {
            "LOAD_PROFILE_SPARK_MASTER": self.url,
            # small builds are over before Java's second compiler has paid; without it, Java would
            # keep too little room for code
            "LOAD_PROFILE_SPARK_JAVA": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m",
            "LOAD_PROFILE_SPARK_PARTITIONS": "4",
            "LOAD_PROFILE_SPARK_EXECUTOR_MEMORY": EXECUTOR_MEMORY,
            "LOAD_PROFILE_SPARK_DRIVER_MEMORY": EXECUTOR_MEMORY,
            "SPARK_HOME": str(SPARK_HOME),
            "SPARK_CONF_DIR": str(self.folder / "conf"),
            "SPARK_LOCAL_IP": HOST,
            "SPARK_LOCAL_HOSTNAME": HOST,
            "SPARK_LOCAL_DIRS": str(self.folder / "driver"),
            "PYSPARK_PYTHON": sys.executable,
        }

    def state(self) -> dict | None:
        """What the master knows of workers and programs; None if it does not answer."""
        page = f"http://{HOST}:{self.page_port}/json/"
        with suppress(OSError, ValueError), urlopen(page, timeout=5) as answer:
            return json.load(answer)
        return None

    def alive(self) -> dict[int, int]:
        """The workers that the master can give work to, by port: cores in use."""
        workers = (self.state() or {}).get("workers", [])
        return {w["port"]: w["coresused"] for w in workers if w["state"] == "ALIVE"}

    def held(self, since: float = 0) -> dict[int, int]:
        """Bytes of the largest file that each worker keeps for others to fetch, by port.

        Files of work that is done stay for a while: only those written from a time on count.
        """
        sizes = dict.fromkeys(self.workers, 0)
        for port in sizes:
            for file in (self.folder / f"exchanged-{port}").rglob("shuffle_*.data"):
                with suppress(FileNotFoundError):
                    found = file.stat()
                    if found.st_mtime >= since:
                        sizes[port] = max(sizes[port], found.st_size)
        return sizes

    def start_workers(self, count: int = 1) -> None:
        """Add workers and wait until the master knows them."""
        ports = free_ports(count)
        for port in ports:
            folder = str(self.folder / f"worker-{port}")
            size = ["--cores", "1", "--memory", WORKER_MEMORY, "--work-dir", folder]
            where = ["--port", str(port), "--webui-port", "0", *size, self.url]
            local = {"SPARK_LOCAL_DIRS": str(self.folder / f"exchanged-{port}")}
            self.workers[port] = self._start(f"worker-{port}", "worker.Worker", *where, **local)
        self._wait(lambda: self.alive().keys() >= set(ports))

    def kill_worker(self) -> int:
        """Kill a worker that is at work, and its executors, as if its machine lost power.

        Returns its port.
        """
        busy = [port for port, cores in self.alive().items() if cores]
        if not busy:
            raise ClusterError("No worker is at work.")
        kill_group(self.workers.pop(busy[-1]))
        return busy[-1]

    def _start(self, name: str, class_name: str, *arguments: str, **other: str) -> subprocess.Popen:
        command = [str(SPARK_HOME / "bin" / "spark-class"), f"org.apache.spark.deploy.{class_name}"]
        with (self.folder / f"{name}.log").open("w") as log:
            return subprocess.Popen(
                [*command, "--host", HOST, *arguments],
                env={
                    **os.environ,
                    **self.environment,
                    "SPARK_DAEMON_MEMORY": DAEMON_MEMORY,
                    **other,
                },
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # executors are in the group of their worker
            )

    def _wait(self, is_so: Callable[[], bool]) -> None:
        until = time.monotonic() + START_SECONDS
        while not is_so():
            all_run = all(p.poll() is None for p in (self.master, *self.workers.values()))
            if not all_run or time.monotonic() > until:
                raise ClusterError(f"Spark did not come up.\n{self._said()}")
            time.sleep(0.1)

    def _said(self) -> str:
        """The last lines of each process's log."""
        logs = {path.stem: path.read_text(errors="replace") for path in self.folder.glob("*.log")}
        ends = {name: "\n".join(text.splitlines()[-LAST_LINES:]) for name, text in logs.items()}
        return "\n".join(f"{name}:\n{end}" for name, end in sorted(ends.items()))


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on at this moment."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind((HOST, 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def kill_group(process: subprocess.Popen) -> None:
    """End a process and all that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
