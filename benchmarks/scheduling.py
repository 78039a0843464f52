"""What scheduling costs with a thousand verifiers: the loop's own scheduler over simulated workers.

    python benchmarks/scheduling.py [--verifiers 1000] [--groups 40000] [--submit-us 200]

A discrete simulation. The code that is measured is `coevolve.loop.workers.stream_results` itself;
its workers are simulated and take recorded times. The clock is virtual: it moves by the CPU time
that the scheduler spends, by `--submit-us` for each call handed to Ray, and, when all verifiers
work, to the end of the next call. So a busy machine does not change the result.

Costs: a verdict takes as long as `results/throughput.json` says (12 mutants a source), with an
exponential spread; one call in a hundred runs into the time limit of 10 s. A call judges the four
candidates of one program.
"""

from __future__ import annotations

import argparse
import heapq
import json
import random
import time
from collections.abc import Sequence
from concurrent.futures import Future, wait
from pathlib import Path

from coevolve.loop import workers

CANDIDATES, PROGRAMS = 4, 16
TIMEOUT_S, TIMEOUTS = 10.0, 0.01
RESULTS = Path(__file__).resolve().parents[1] / "results" / "throughput.json"


def read_verdict_s() -> float:
    """Recorded CPU seconds of a verdict with a cold cache, strength measured."""
    for table in json.loads(RESULTS.read_text())["tables"]:
        for row in table["rows"]:
            if str(row.get("what")).startswith("cold cache, 12 mutants"):
                return row["ms"] / 1e3
    raise ValueError(f"{RESULTS}: no row of a cold cache with 12 mutants")


class Simulation:
    """Virtual time, and the calls under way. now: seconds since the start."""

    def __init__(self, submit_s: float) -> None:
        self.now, self.submit_s = 0.0, submit_s
        self._ends: list[tuple[float, int, Future]] = []
        self._spent = time.thread_time()
        self._given_s = 0.0

    def measure_work(self) -> float:
        """Seconds that the workers have worked so far, all together."""
        return self._given_s - sum(max(0.0, end - self.now) for end, _, _ in self._ends)

    def settle(self) -> None:
        """Move the clock by the CPU time spent since the last call."""
        spent = time.thread_time()
        self.now, self._spent = self.now + spent - self._spent, spent

    def submit(self, cost_s: float) -> Future:
        """A call that starts now and takes `cost_s`."""
        self.settle()
        self.now += self.submit_s
        future: Future = Future()
        self._given_s += cost_s
        heapq.heappush(self._ends, (self.now + cost_s, id(future), future))
        return future

    def wait(self, running: Sequence[Future], timeout_s: float, when: str):
        """As `concurrent.futures.wait`, whose own cost counts too."""
        self.settle()
        if self._ends and self._ends[0][0] > self.now:
            self.now = self._ends[0][0]
        while self._ends and self._ends[0][0] <= self.now:
            heapq.heappop(self._ends)[2].set_result(None)
        return wait(running, 0, when)


class Verifier:
    """A simulated worker."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def submit(self, method, cost_s: float) -> Future:
        return self._simulation.submit(cost_s)


def judge(cost_s: float) -> None:
    """Stands for Verifier.judge."""


def simulate(count: int, groups: int, submit_s: float, seed: int) -> tuple[float, ...]:
    """What `groups` calls of `count` verifiers come to: seconds in virtual time; the share of the
    verifiers' time that they stood idle while calls waited; the same with the end, when none waits
    and the last ones run; the scheduler's own share of a core.
    """
    simulation, rng = Simulation(submit_s), random.Random(seed)
    mean_s = read_verdict_s() * CANDIDATES

    def draw() -> float:
        return TIMEOUT_S if rng.random() < TIMEOUTS else rng.expovariate(1 / mean_s)

    costs = [[draw() for _ in range(PROGRAMS)] for _ in range(groups // PROGRAMS)]
    real, workers.wait = workers.wait, simulation.wait
    began = time.thread_time()
    simulation.settle()
    simulation.now = idle = 0.0
    left = len(costs) * PROGRAMS - count
    try:
        for _ in workers.stream_results(
            workers.FixedPool(),
            judge,
            [()] * len(costs),
            workers.FixedPool(*(Verifier(simulation) for _ in range(count))),
            judge,
            lambda index, found: [(cost,) for cost in found],
            known=dict(enumerate(costs)),
        ):
            left -= 1
            if left == 0:
                idle = 1 - simulation.measure_work() / (count * simulation.now)
        simulation.settle()
    finally:
        workers.wait = real
    spent = time.thread_time() - began + submit_s * len(costs) * PROGRAMS
    whole = 1 - sum(map(sum, costs)) / (count * simulation.now)
    return simulation.now, idle, whole, spent / simulation.now


def simulate_generation(actors: int, chunks: int, submit_s: float, seed: int) -> float:
    """Seconds in virtual time until `actors` Translators have answered `chunks` calls, each of 16
    programs and
    of 30 s with a spread of a quarter, while 100 verifiers judge what they write.
    """
    simulation, rng = Simulation(submit_s), random.Random(seed)
    mean_s = read_verdict_s() * CANDIDATES
    answers = [max(1.0, rng.gauss(30.0, 7.5)) for _ in range(chunks)]
    verdicts = [[rng.expovariate(1 / mean_s) for _ in range(PROGRAMS)] for _ in answers]
    real, workers.wait = workers.wait, simulation.wait
    simulation.settle()
    simulation.now = 0.0
    try:
        for _ in workers.stream_results(
            workers.FixedPool(*(Verifier(simulation) for _ in range(actors))),
            judge,
            [(cost,) for cost in answers],
            workers.FixedPool(*(Verifier(simulation) for _ in range(100))),
            judge,
            lambda index, _found: [(cost,) for cost in verdicts[index]],
        ):
            pass
        simulation.settle()
    finally:
        workers.wait = real
    return simulation.now


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--verifiers", type=int, default=1000)
    parser.add_argument("--groups", type=int, default=40_000)
    parser.add_argument("--submit-us", type=float, default=200.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print("verifiers   calls  took s  idle while calls wait %  idle with the end %  driver %")
    for count in sorted({10, 100, options.verifiers}):
        groups = max(PROGRAMS, options.groups * count // options.verifiers)
        took, idle, whole, share = simulate(count, groups, options.submit_us / 1e6, options.seed)
        print(
            f"{count:9d} {groups:7d} {took:7.1f} {100 * idle:24.1f} {100 * whole:20.1f} "
            f"{100 * share:9.1f}",
            flush=True,
        )
    submit_s = options.submit_us / 1e6
    one = simulate_generation(1, 200, submit_s, options.seed)
    for actors in (2, 4, 8):
        took = simulate_generation(actors, 200, submit_s, options.seed)
        print(f"{actors} Translators: {one / took:.2f} times as fast as one", flush=True)


if __name__ == "__main__":
    main()
