"""The cluster of these tests. That it shares work and outlives a worker is in test_models."""

import pytest
from cluster import Cluster, ClusterError


def test_a_worker_that_is_not_at_work_is_not_killed(cluster):
    with pytest.raises(ClusterError, match="No worker is at work"):
        cluster.kill_worker()
    assert len(cluster.alive()) == 2


def test_a_cluster_that_does_not_come_up_says_why_and_leaves_no_process(monkeypatch):
    monkeypatch.setattr("cluster.WORKER_MEMORY", "nothing")
    broken = Cluster()
    with pytest.raises(ClusterError, match=r"(?s)did not come up.*Usage: Worker"), broken:
        pass
    assert broken.master.poll() is not None
    assert all(worker.poll() is not None for worker in broken.workers.values())
