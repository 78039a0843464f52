"""How much faster right answers are than their source: one large input an item, measured on this
machine's CPU.

Contract: only answers that passed are timed, one after the other; wrong ones have speedup 0, and so
has one whose values differ on the large input. The source runs serially at -O3, an answer at -O3
with `threads` threads; each time is the median of REPEATS runs in fresh processes after one more.
An item without a larger input, or whose source never takes MIN_MS, has no figure. Kernels that
are emulated have none either: an emulation's speed says nothing.

    coevolve eval --predictions answers.jsonl --corpus sources/ --direction cpp:openmp \\
        --speed --out result.json
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from coevolve.cli.progress import ProgressBar
from coevolve.evaluation.guarantees import make_guaranteed_suite
from coevolve.evaluation.large_inputs import enlarge_test
from coevolve.evaluation.scoring import ItemScore, ScoringWork, make_answer_program
from coevolve.verification.engine import Engine
from corpora.dialects import get_dialect
from corpora.records import Signature, UnitTest
from corpora.signatures.signature import read_signature
from gpu_runtime.backend import Arguments, CompileRequest, ExecutionBackend, Limits, Status, Variant
from gpu_runtime.call.binding import BindingError, bind_parameters
from gpu_runtime.call.materialize import materialize_test

REPEATS = 3
MIN_MS = 2.0
WANTED_MS = 20.0
TOLERANCE = 1e-3
"""Relative: that an answer is right was shown before, by exact tests; this only sees what goes
wrong at large sizes.
"""
_LIMITS = Limits(wall_s=60.0, cpu_s=240, memory_mib=4096)


def explain_unmeasurable(target: str, backend_name: str) -> str:
    """Return why answers in the dialect `target` cannot be timed on the CPU, '' if they can.
    backend_name: the back end's name, for the message. Raises ValueError for an unknown dialect.
    """
    if get_dialect(target).model == "cuda":
        return (
            f"speed of CUDA answers is not measured (back end {backend_name}): "
            f"benchmarks/gpu_speedup.py times kernels on a device"
        )
    if get_dialect(target).model == "offload":
        return (
            "speed of target regions is not measured: they run on host threads here, and "
            "what is mapped is copied"
        )
    return ""


def add_speedups(
    work: Sequence[ScoringWork], scores: Sequence[ItemScore], engine: Engine, threads: int
) -> list[ItemScore]:
    """Measure the run times of the answers that passed, and return the scores, in order, with
    `speedups` set where they could be measured: the source's time divided by the answer's, 0 for a
    wrong answer.

    work, scores: one entry per item: the answers, and what was found of them. engine: runs them.
        threads: OpenMP threads of the answers.
    """
    found = []
    with ProgressBar("timing right answers", len(work)) as bar:
        for item, score in zip(work, scores, strict=True):
            speedups = (
                _speedups(item, score, engine, threads)
                if any(score.passes)
                else (tuple(0.0 for _ in score.passes) if score.decided else None)
            )
            found.append(replace(score, speedups=speedups))
            bar.advance()
    return found


def _speedups(
    work: ScoringWork, score: ItemScore, engine: Engine, threads: int
) -> tuple[float, ...] | None:
    source = work.item.judged_as
    checked = engine.expectations(source, make_guaranteed_suite(work.item, engine))
    if checked.expectations is None:
        return None
    signature = read_signature(source)
    measured = _baseline(
        CompileRequest(source, signature), checked.expectations.suite.tests, engine.backend
    )
    if measured is None:
        return None
    given, serial_ms, expected = measured
    known: dict[str, float] = {}
    for text, passed in zip(work.answers, score.passes, strict=True):
        if passed and text not in known:
            known[text] = _speedup(
                work, text, signature, given, serial_ms, expected, engine.backend, threads
            )
    return tuple(
        known[text] if passed else 0.0
        for text, passed in zip(work.answers, score.passes, strict=True)
    )


def _speedup(
    work: ScoringWork,
    text: str,
    signature: Signature,
    given: Arguments,
    serial_ms: float,
    expected: Sequence[np.ndarray],
    backend: ExecutionBackend,
    threads: int,
) -> float:
    target = make_answer_program(text, work)
    try:
        binding = bind_parameters(
            signature,
            read_signature(target),
            "fortran"
            in (
                get_dialect(target.dialect).language,
                get_dialect(work.item.source.dialect).language,
            ),
        )
        arguments = replace(binding.arguments(given), threads=threads)
    except BindingError:  # a length that the answer's own type cannot hold
        return 0.0
    done = measure_time(CompileRequest(target, binding.target), arguments, backend)
    if done is None or not _agree(expected, binding.outputs(done[1], given)):
        return 0.0
    return serial_ms / done[0]


def _baseline(
    request: CompileRequest, tests: Sequence[UnitTest], backend: ExecutionBackend
) -> tuple[Arguments, float, tuple[np.ndarray, ...]] | None:
    """The first input of growing size on which the source takes WANTED_MS, else the largest; None
    where it never takes MIN_MS.
    """
    best = None
    for power in range(3, 24):
        test = enlarge_test(tests, 1 << power)
        if test is None:
            break
        arguments = materialize_test(test, request.signature)
        done = measure_time(request, arguments, backend, repeats=1)
        if done is None:
            break
        best = (arguments, *done)
        if done[0] >= WANTED_MS:
            break
    if best is None or best[1] < MIN_MS:
        return None
    again = measure_time(request, best[0], backend)
    return (best[0], *again) if again else None


def measure_time(
    request: CompileRequest, arguments: Arguments, backend: ExecutionBackend, repeats: int = REPEATS
) -> tuple[float, tuple[np.ndarray, ...]] | None:
    """Run a program at -O3 and return (median milliseconds of a call, values of the arguments after
    the call).

    request: the program and its signature. arguments: what it is called with. repeats: number of
        timed runs, after one run that is not timed; with 1 the median is over both. Returns None if
        it does not compile or run.
    """
    compiled = backend.compile([replace(request, variant=Variant.TIMED)])[0]
    if not compiled.ok:
        return None
    times: list[float] = []
    for turn in range(repeats + 1):  # one call a process: every run begins with the same memory
        done = backend.run(compiled, [arguments], _LIMITS)[0]
        if done.status is not Status.OK:
            return None
        if turn or repeats == 1:
            times.append(max(done.elapsed_ms, 1e-6))
    return statistics.median(times), done.values


def _agree(expected: Sequence[np.ndarray], found: Sequence[np.ndarray]) -> bool:
    return all(
        np.allclose(
            a, b, rtol=TOLERANCE, atol=TOLERANCE * float(np.abs(a).max(initial=0.0)), equal_nan=True
        )
        for a, b in zip(expected, found, strict=True)
    )
