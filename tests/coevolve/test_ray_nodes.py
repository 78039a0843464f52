"""Nodes leave and join a working Ray cluster: nothing hangs and nothing is lost."""

import os
import time

import pytest

from coevolve.config.schema import parse
from coevolve.loop.actors import (
    RayPool,
    VerifierActor,
    _keep_token_private,
    make_ray_workers,
)
from coevolve.loop.workers import WorkerLostError, map_unordered


class Judge:
    """Stands for a verifier: the square of a number after a while, and the number of its process.
    A negative number ends the process.
    """

    def __init__(self, _config):
        pass

    def verify(self, value):
        if value < 0:
            os.kill(os.getpid(), 9)
        time.sleep(0.3)
        return [value * value, os.getpid()]

    def prepare(self, _value):
        raise ValueError("wrong from the start")


@pytest.fixture(scope="module")
def cluster():
    """Two nodes, of one CPU and of two, that this process is the driver of."""
    _keep_token_private()
    changed = pytest.MonkeyPatch()
    changed.delenv("RAY_ADDRESS", raising=False)
    changed.setenv("RAY_health_check_initial_delay_ms", "500")
    changed.setenv("RAY_health_check_period_ms", "500")
    import ray
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    made.second = made.add_node(num_cpus=2)
    ray.init(address=made.address, logging_level="ERROR", log_to_driver=False)
    yield made
    ray.shutdown()
    made.shutdown()
    changed.undo()


def settled(pool, *counts, limit_s=120.0):
    """Wait until the number of the pool's members is one of `counts`."""
    until = time.monotonic() + limit_s
    while len(pool.members()) not in counts:
        assert time.monotonic() < until, f"{len(pool.members())} members, not {counts}"
        time.sleep(0.2)


def told_losses(capsys, log: list[str]) -> list[str]:
    """The lines about losses so far. log: what was printed before, to which the rest is added."""
    log.append(capsys.readouterr().err)
    return [line for line in "".join(log).splitlines() if line.startswith("lost")]


def test_a_node_that_is_lost_holds_nobody_up_and_one_that_joins_is_used(cluster, capsys):
    config = parse({"resources": {}}, "t")
    with make_ray_workers(config, Judge, Judge, Judge) as workers:
        settled(workers.verifiers, 3)
        assert len(workers.translators.members()) <= 1
        found, count = {}, 40
        for index, (square, _) in map_unordered(
            workers.verifiers, Judge.verify, [(k,) for k in range(count)]
        ):
            found[index] = square
            if len(found) == 6:
                cluster.remove_node(cluster.second, allow_graceful=False)
        assert found == {k: k * k for k in range(count)}
        settled(workers.verifiers, 1, 2)  # two may share the CPU that is left
        until, log = time.monotonic() + 30, []
        while not told_losses(capsys, log):
            assert time.monotonic() < until, "nothing was said of the lost node"
            time.sleep(0.2)
        (line,) = told_losses(capsys, log)
        assert line.startswith("lost with node ") and " verifier" in line, line
        assert "each restarts where there is room" in line and "verify " in line, line
        cluster.add_node(num_cpus=2)
        settled(workers.verifiers, 3)
        work = map_unordered(workers.verifiers, Judge.verify, [(k,) for k in range(12)])
        assert len({pid for _, (_, pid) in work}) == 3


def test_a_killed_verifier_is_replaced_and_what_it_raises_is_raised(cluster, capsys):
    import ray

    host = ray.remote(VerifierActor).options(num_cpus=0)
    pool = RayPool("verifier", lambda: host.remote(Judge, None), lambda: 2)
    settled(pool, 2)
    with pytest.raises(ValueError, match="wrong from the start"):
        dict(map_unordered(pool, Judge.prepare, [(1,)]))
    with pytest.raises(WorkerLostError, match="lost 4 workers"):
        dict(map_unordered(pool, Judge.verify, [(-1,)]))
    settled(pool, 2)
    assert dict(map_unordered(pool, Judge.verify, [(3,)]))[0][0] == 9
    pool._losses.tell()
    told = told_losses(capsys, [])
    assert told and "with node" not in told[0] and "verify " in told[0], told
    pool.close()
    time.sleep(1.0)
    pool._losses.tell()
    assert pool._ready == [] and not told_losses(capsys, []), "what the run ends is not lost"
