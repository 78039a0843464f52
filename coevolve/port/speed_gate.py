"""The speed gate: an OpenMP port timed beside its source, on one thread and on all.

Contract: source and port run in turns at -O3, REPEATS times each, and up to MOST_REPEATS times
where the figures are not sure before. The figure of each is its least time. On one thread it is CPU
time, which other programs on the same cores change little; on all threads it can only be wall time,
and there is no figure where the machine is busy. An input is a test of the suite, enlarged until
the source takes WANTED_MS or its arrays reach MAX_ELEMENTS (2^24): beyond the caches where the work
is linear in the data. Of two or three sizes each is enlarged in turn while the others stay
moderate; the input on which the port does worst counts. A port fails that takes more than COST
times the source's time on one thread, or gains nothing from threads. Where the median times would
decide otherwise than the least ones, the figures are unsure, and say so.

    coevolve translate axpy.cpp --to openmp         (prints the figures above the port)
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from coevolve.evaluation.large_inputs import count_elements, enlarge_test, list_sizes
from coevolve.verification.engine import Engine
from corpora.dialects import get_dialect
from corpora.records import ArrayValue, Program, UnitTest
from corpora.signatures.signature import SignatureError, read_signature
from gpu_runtime.backend import Arguments, CompileRequest, Limits, Status, Variant
from gpu_runtime.call.binding import BindingError, bind_parameters
from gpu_runtime.call.materialize import materialize_test

COST = 1.05
"""Most that a port may take on one thread, in times of its source."""
GAIN = 0.95
"""Most that a port may take on all threads, in times of its source."""
REPEATS, MOST_REPEATS = 7, 21
WANTED_MS = 10.0
MIN_MS = 1.0
SHAPES = 3
"""Most sizes that are enlarged one by one."""
WAITING = 1.05
"""Least wall over least CPU time of one thread above which it waits for other programs."""
SPREAD = 1.5
"""Median over least wall time above which wall times say little."""
_LIMITS = Limits(wall_s=20.0, cpu_s=60, memory_mib=4096)


@dataclass(frozen=True, slots=True)
class SpeedFigures:
    """Times of a source and its OpenMP port on one input, each the least of REPEATS (7) runs or
    more.

    source_ms, one_ms: CPU milliseconds of the source, and of the port on one thread.
    all_ms: wall-clock milliseconds of the port on `threads` threads; None where the machine was too
        busy to tell, and `busy` says why.
    elements: of all arrays of the input together. size: its scalars, as `n=4096`.
    unsure: why the times on one thread say little; '' where they hold.
    busy: why there is no time on all threads; '' where there is one.
    """

    source_ms: float
    one_ms: float
    all_ms: float | None
    threads: int
    elements: int
    size: str
    unsure: str = ""
    busy: str = ""

    @property
    def cost(self) -> float:
        """Time of an OpenMP port on one thread, as a multiple of its source's time (1.0: equal)."""
        return self.one_ms / self.source_ms

    @property
    def all_cost(self) -> float | None:
        """Time of an OpenMP port on all threads, as a multiple of its source's time (1.0: the
        same); None where the machine was too busy to tell.
        """
        return None if self.all_ms is None else self.all_ms / self.source_ms

    @property
    def complaint(self) -> str:
        """Why an OpenMP port fails the speed gate, in words; '' if it passes. It fails if it takes
        more than COST (1.05) times the source's time on one thread, or more than GAIN (0.95) times
        on all threads. Unsure figures fail nothing but a port of twice the cost.
        """
        if self.cost > (2 * COST if self.unsure else COST):
            return f"it {_takes(self.cost, 1)}"
        if self.threads > 1 and self.all_cost is not None and not self.unsure:
            if self.all_cost > GAIN:
                taken = _takes(self.all_cost, self.threads)
                return f"{self.threads} threads gain nothing, it {taken}"
        return ""

    def describe(self) -> str:
        """Return the figures in one line of text: how many times the source's time the port takes
        on one thread and on all, the input's size, the source's time, and why figures are unsure or
        missing, if they are.
        """
        parts = [_takes(self.cost, 1)]
        if self.all_cost is not None and self.threads > 1:
            parts[0] += f", {self.all_cost:.2f} times on {self.threads} threads"
        parts[0] += (
            f", at {self.size or 'the given size'} ({self.elements} elements, "
            f"{self.source_ms:.1f} ms of CPU time)"
        )
        if self.unsure:
            parts.append(f"unsure: {self.unsure}")
        if self.busy:
            parts.append(f"not timed on {self.threads} threads: {self.busy}")
        return "; ".join(parts)


def _takes(cost: float, threads: int) -> str:
    return f"takes {cost:.2f} times the source's time on {threads} thread{'s' * (threads > 1)}"


def measure_speed(source: Program, port: Program, engine: Engine) -> SpeedFigures | None:
    """Return the times of an OpenMP port beside its source, on the input on which it does worst.

    source: the serial function. port: of the same function. engine: gives tests of the source,
        which are enlarged, and the back end that compiles and runs both.
    Returns None where nothing can be timed: the port is not of OpenMP, the source has no valid test
    or none can be enlarged, the source never takes MIN_MS (1 ms), or one of the two cannot be
    called or does not run.
    """
    checked = engine.expectations(source)
    if checked.expectations is None or get_dialect(port.dialect).model != "openmp":
        return None
    tests = checked.expectations.suite.tests
    try:
        signature, target = read_signature(source), read_signature(port)
        binding = bind_parameters(
            signature, target, get_dialect(port.dialect).language == "fortran"
        )
    except (SignatureError, BindingError):
        return None
    timer = _Timer(engine)
    of_source = timer.compile(CompileRequest(source, signature))
    of_port = timer.compile(CompileRequest(port, binding.target))
    if of_source is None or of_port is None:
        return None
    measured = [
        found
        for names in _choose_shapes(tests)
        if (chosen := _choose_input(timer, of_source, tests, signature, names)) is not None
        and (found := _measure(timer, of_source, of_port, binding, *chosen)) is not None
    ]
    return max(measured, key=lambda each: (bool(each.complaint), each.cost), default=None)


def _measure(
    timer: _Timer, of_source, of_port, binding, test: UnitTest, given: Arguments
) -> SpeedFigures | None:
    try:
        passed = binding.arguments(given)
    except BindingError:
        return None
    threads = os.cpu_count() or 1
    ways = [
        (of_source, given),
        (of_port, replace(passed, threads=1)),
        (of_port, replace(passed, threads=threads)),
    ]
    times: tuple[list[RunTime], ...] = ([], [], [])
    while len(times[0]) < REPEATS or (len(times[0]) < MOST_REPEATS and explain_doubt(*times[:2])):
        for found, (compiled, arguments) in zip(times, ways, strict=True):
            taken = timer.time(compiled, arguments)
            if taken is None:
                return None
            found.append(taken)
    source_ms, one_ms = (min(each.cpu_ms for each in found) for found in times[:2])
    busy = explain_busy(times, threads)
    return SpeedFigures(
        source_ms,
        one_ms,
        None if busy else min(each.wall_ms for each in times[2]),
        threads,
        count_elements(test),
        _size(test),
        explain_doubt(*times[:2]),
        busy,
    )


@dataclass(frozen=True, slots=True)
class RunTime:
    """Time of one run in milliseconds: `cpu_ms` by the CPU clock of its process, all threads
    together, and `wall_ms` by the wall clock.
    """

    cpu_ms: float
    wall_ms: float


def explain_doubt(source: Sequence[RunTime], port: Sequence[RunTime]) -> str:
    """Return why CPU times on one thread say little, in words; '' if they hold. They hold where the
    port's least time and its median decide the same of its cost.

    source, port: the runs of each on one thread, one at least.
    """
    times = [sorted(each.cpu_ms for each in found) for found in (source, port)]
    least = times[1][0] / times[0][0]
    median = times[1][len(times[1]) // 2] / times[0][len(times[0]) // 2]
    if (least > COST) == (median > COST):
        return ""
    return f"its least time says {least:.2f} times, its median {median:.2f} times"


def explain_busy(times: Sequence[Sequence[RunTime]], threads: int) -> str:
    """Return why wall times on all threads would say little, in words; '' if they hold. Other work
    on the machine shows in its load, in runs of one thread that wait, and in times that differ.

    times: of each text on one thread, and last of the port on `threads` threads.
    """
    load = os.getloadavg()[0]
    if load > threads:
        return f"the machine is busy (load {load:.1f} on {threads} cores)"
    for found in times[:-1]:
        cpu_ms, wall_ms = min(e.cpu_ms for e in found), min(e.wall_ms for e in found)
        if wall_ms > WAITING * cpu_ms:
            return f"the machine is busy (a run of {cpu_ms:.1f} ms waits {wall_ms - cpu_ms:.1f} ms)"
    walls = [sorted(each.wall_ms for each in found) for found in times]
    spread = max(each[len(each) // 2] / each[0] for each in walls)
    if spread > SPREAD:
        return f"the machine is busy (wall times of one text differ by {spread:.1f}x)"
    return ""


class _Timer:
    def __init__(self, engine: Engine) -> None:
        self._backend = engine.backend

    def compile(self, request: CompileRequest):
        compiled = self._backend.compile([replace(request, variant=Variant.TIMED)])[0]
        return compiled if compiled.ok else None

    def time(self, compiled, arguments: Arguments) -> RunTime | None:
        done = self._backend.run(compiled, [arguments], _LIMITS)[0]
        if done.status is not Status.OK:
            return None
        return RunTime(max(done.cpu_ms, 1e-6), max(done.elapsed_ms, 1e-6))


def _choose_shapes(tests: Sequence[UnitTest]) -> list[tuple[str, ...] | None]:
    """The sizes that are enlarged together, for each input that is timed: each size in turn, since
    a port may pay where one is large and not where another is. All of them where there are many.
    """
    sizes = list_sizes(tests)
    return [(name,) for name in sizes] if 1 < len(sizes) <= SHAPES else [None]


def _choose_input(
    timer: _Timer, compiled, tests: Sequence[UnitTest], signature, names: tuple[str, ...] | None
):
    """The first input of growing size on which the source takes WANTED_MS, else the largest; None
    where it never takes MIN_MS. names: the sizes that grow; None: all.
    """
    best, power = None, 6
    while power < 24:
        test = enlarge_test(tests, 1 << power, names)
        if test is None:
            power += 1 if best else 24
            if best is None and power >= 24:
                return _smaller_input(timer, compiled, tests, signature, names)
            if best is not None:
                break
            continue
        arguments = materialize_test(test, signature)
        taken = timer.time(compiled, arguments)
        if taken is None:
            break
        elapsed = taken.cpu_ms
        best = (test, arguments, elapsed)
        if elapsed >= WANTED_MS:
            break
        power += 3 if elapsed < WANTED_MS / 50 else 1
    if best is None or best[2] < MIN_MS:
        return _smaller_input(timer, compiled, tests, signature, names)
    return best[0], best[1]


def _smaller_input(
    timer: _Timer, compiled, tests: Sequence[UnitTest], signature, names: tuple[str, ...] | None
):
    """The largest input of at most 2^5 times a test's size, for functions whose work or data grows
    fast.
    """
    for power in (8, 7, 5, 4, 3, 2):
        test = enlarge_test(tests, 1 << power, names)
        if test is None:
            continue
        arguments = materialize_test(test, signature)
        taken = timer.time(compiled, arguments)
        if taken is not None:
            return (test, arguments) if taken.cpu_ms >= MIN_MS else None
    return None


def _size(test: UnitTest) -> str:
    whole = [
        f"{a.name.replace('__', '.')}={a.value}"  # a member is named as in the text
        for a in test.assignments
        if not isinstance(a, ArrayValue) and a.type[0] in "iu"
    ]
    return " ".join(whole[:6])
