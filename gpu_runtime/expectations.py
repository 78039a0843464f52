"""What a checked suite expects of any program that claims to be equivalent, and the one way to run
many calls.

Contract: Expectations live in the memory of the process that compares. They are never written where
a sandboxed process could read them, and never put into an arena.

    python -c "from gpu_runtime.expectations import Expectations; help(Expectations)"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from corpora.records import Program, Signature, UnitTestSuite
from gpu_runtime.backend import Arguments, Compiled, Execution, ExecutionBackend, Limits, Status
from gpu_runtime.compare import Reference


@dataclass(frozen=True, slots=True)
class Expectations:
    """A suite that was checked on its source, with what the source computed.

    source, signature: the program, which is right by definition, and its signature. suite: its
        tests. calls[i], references[i]: the arguments and the expected outputs of suite.tests[i].
    source_ms: the slowest test's time in the source, in milliseconds. tests_ms: that of each test;
        empty where unknown.
    result_varies: False if the source returns the same value in every test.
    """

    source: Program
    signature: Signature
    suite: UnitTestSuite
    calls: tuple[Arguments, ...]
    references: tuple[Reference, ...]
    source_ms: float = 0.0
    tests_ms: tuple[float, ...] = ()
    result_varies: bool = False


BATCH_BYTES = 1 << 27
"""Of arguments that one process is given at once, unless a single call has more: pages of its
memory are new at first, and to clear them takes longer than to start another process.
"""


def take_batch(calls: Sequence[Arguments]) -> Sequence[Arguments]:
    """Return the first of `calls`: as many as have 128 MiB of arguments together, and at least
    one.
    """
    total = 0
    for count, call in enumerate(calls):
        total += sum(value.nbytes for value in call.values)
        if total > BATCH_BYTES and count:
            return calls[:count]
    return calls


def run_each(
    backend: ExecutionBackend,
    compiled: Compiled,
    calls: Sequence[Arguments],
    limits: Limits = Limits(),
    timeouts: int = 2,
) -> list[Execution]:
    """Run calls of one program and return one result per call, in order. Calls after a crash are
    run again in a new process.

    backend: runs the calls. compiled: the program, as its `compile` returned it. limits: of each
        process. timeouts: after so many calls that ran out of time, the rest keep the status
        NOT_RUN. Raises ValueError if the program did not compile.
    """
    found: list[Execution] = []
    limits = replace(limits, resume_after_stop=True)
    while len(found) < len(calls):
        batch = backend.run(compiled, take_batch(calls[len(found) :]), limits)
        ran = next((i for i, e in enumerate(batch) if e.status is Status.NOT_RUN), len(batch))
        timeouts -= ran < len(batch) and batch[ran - 1].status is Status.TIMEOUT
        if timeouts <= 0 or not ran:
            rest = len(calls) - len(found) - len(batch)
            return (
                found
                + batch
                + [Execution(Status.NOT_RUN, "calls before it ran out of time")] * rest
            )
        found += batch[:ran]
    return found
