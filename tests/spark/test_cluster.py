"""The cluster of these tests: that it comes up, shares work and outlives a worker."""

import os
import subprocess
import sys
import time

import duckdb
import pytest
from cluster import Cluster, ClusterError

SESSION = """
import os, time
from pyspark.sql import SparkSession
spark = SparkSession.builder.master(os.environ["LOAD_PROFILE_SPARK_MASTER"]).getOrCreate()
"""
# an executor works in a folder of its worker
PLACES = """
def place(_):
    time.sleep(0.5)
    return os.getcwd()
while len(spark.sparkContext._jsc.sc().statusTracker().getExecutorInfos()) < 3:
    time.sleep(0.1)  # the program itself is one of them
print(*set(spark.sparkContext.parallelize(range(8), 8).map(place).collect()), sep="\\n")
"""
# two stages: a worker that is lost takes what the other was to fetch along
ROWS, GROUPS = 10_000_000, 1000
WORK = f"""
sums = spark.sql('''
    select id % {GROUPS} as rest, min(md5(string(id))), count(*)
    from range(0, {ROWS}, 1, 16)
    group by rest
''')
print("\\n".join(",".join(map(str, row)) for row in sums.collect()))
"""
SUMS = """
select range % ? as rest, min(md5(range::varchar)), count(*) from range(?) group by rest
"""


def start(cluster: Cluster, program: str) -> subprocess.Popen:
    """Start a program on the cluster; one process has one session of Spark."""
    command = [sys.executable, "-c", SESSION + program]
    environment = {**os.environ, **cluster.environment}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, env=environment, text=True, **pipes)


def lines_of(program: subprocess.Popen) -> list[str]:
    said, errors = program.communicate(timeout=300)
    assert program.returncode == 0, errors
    return said.splitlines()


def test_a_program_has_its_work_done_by_both_workers(cluster):
    places = lines_of(start(cluster, PLACES))
    assert {place.split("/worker-")[1].split("/")[0] for place in places} == {
        str(port) for port in cluster.alive()
    }
    assert len(places) == 2


def test_a_worker_that_is_not_at_work_is_not_killed(cluster):
    with pytest.raises(ClusterError, match="No worker is at work"):
        cluster.kill_worker()
    assert len(cluster.alive()) == 2


def test_a_result_is_right_though_a_worker_is_lost_in_the_middle_of_the_work(cluster):
    program = start(cluster, WORK)
    while program.poll() is None and len(list(cluster.exchanged.rglob("shuffle_*.data"))) < 4:
        time.sleep(0.05)
    if program.poll() is None:
        cluster.kill_worker()
    found = [(int(a), b, int(c)) for a, b, c in (line.split(",") for line in lines_of(program))]
    assert sorted(found) == sorted(duckdb.execute(SUMS, [GROUPS, ROWS]).fetchall())
    assert len(cluster.alive()) == 1


def test_a_worker_that_was_lost_is_replaced(processes):
    processes.start_workers(processes.count - len(processes.alive()))
    assert len(processes.alive()) == 2


def test_a_cluster_that_does_not_come_up_says_why_and_leaves_no_process(monkeypatch):
    monkeypatch.setattr("cluster.WORKER_MEMORY", "nothing")
    broken = Cluster()
    with pytest.raises(ClusterError, match=r"(?s)did not come up.*Usage: Worker"), broken:
        pass
    assert broken.master.poll() is not None
    assert all(worker.poll() is not None for worker in broken.workers.values())
