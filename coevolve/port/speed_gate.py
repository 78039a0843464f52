"""The speed gate: an OpenMP port timed beside its source, on one thread and on all.

Contract: source and port run in turns, REPEATS times each, at -O3; the figure of each is its
smallest time, which other work on the machine disturbs least. An input is a test of the suite,
enlarged until the source takes WANTED_MS or its arrays reach MAX_ELEMENTS (2^24): beyond the
caches where the work is linear in the data. Of two or three sizes each is enlarged in turn while
the others stay moderate; the input on which the port does worst counts. A port fails that takes
more than COST times the source's time on one thread, or gains nothing from threads. Where the
machine is busy, or the times of one text differ too much, the figures are unsure, and say so.

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
REPEATS = 5
WANTED_MS = 10.0
MIN_MS = 1.0
SHAPES = 3
"""Most sizes that are enlarged one by one."""
SPREAD = 1.5
"""Median over smallest time above which times say little."""
_LIMITS = Limits(wall_s=20.0, cpu_s=60, memory_mib=4096)


@dataclass(frozen=True, slots=True)
class SpeedFigures:
    """Times of a source and its OpenMP port on one input, each the smallest of REPEATS (5) runs.

    source_ms, one_ms, all_ms: milliseconds of the source, of the port on one thread and of the port
        on `threads` threads.
    elements: of all arrays of the input together. size: its scalars, as `n=4096`.
    unsure: why the figures say little; '' where they hold.
    """

    source_ms: float
    one_ms: float
    all_ms: float
    threads: int
    elements: int
    size: str
    unsure: str = ""

    @property
    def cost(self) -> float:
        """Time of a port on one thread, as a multiple of its source's time (1.0: the same)."""
        return self.one_ms / self.source_ms

    @property
    def all_cost(self) -> float:
        """Time of an OpenMP port on all threads, as a multiple of its source's time (1.0: the
        same).
        """
        return self.all_ms / self.source_ms

    @property
    def complaint(self) -> str:
        """Why an OpenMP port fails the speed gate, in words; '' if it passes. It fails if it takes
        more than COST (1.05) times the source's time on one thread, or more than GAIN (0.95) times
        on all threads. Unsure figures fail nothing but a port of twice the cost.
        """
        if self.cost > (2 * COST if self.unsure else COST):
            return f"it takes {self.cost:.2f} times the source's time on one thread"
        if self.threads > 1 and not self.unsure and self.all_cost > GAIN:
            return f"{self.threads} threads gain nothing ({self.all_cost:.2f} times the source)"
        return ""

    def describe(self) -> str:
        """Return the figures in one line of text: the port's cost on one thread and on all as
        multiples of the source's time, the input's size, the source's time, and why they are
        unsure, if they are.
        """
        said = (
            f"{self.cost:.2f}x the source's time on 1 thread, {self.all_cost:.2f}x on "
            f"{self.threads}, at {self.size or 'the given size'} ({self.elements} elements, "
            f"{self.source_ms:.1f} ms)"
        )
        return f"{said}; unsure: {self.unsure}" if self.unsure else said


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
    times: list[list[float]] = [[], [], []]
    for _ in range(REPEATS):
        for found, (compiled, arguments) in zip(times, ways, strict=True):
            elapsed = timer.time(compiled, arguments)
            if elapsed is None:
                return None
            found.append(elapsed)
    source_ms, one_ms, all_ms = map(min, times)
    return SpeedFigures(
        source_ms,
        one_ms,
        all_ms,
        threads,
        count_elements(test),
        _size(test),
        explain_doubt(times, threads),
    )


def explain_doubt(times: Sequence[Sequence[float]], threads: int) -> str:
    """Return why times say little, in words: other work on the machine, or runs of one text that
    differ too much; '' if the times hold.

    times: for each thing that was timed, the milliseconds of each of its runs. threads: the most
        threads that one of them used.
    """
    spread = max(sorted(each)[len(each) // 2] / min(each) for each in times)
    busy = os.getloadavg()[0]
    if spread > SPREAD:
        return f"times of one text differ by {spread:.1f}x"
    if busy > threads:
        return f"the machine is busy (load {busy:.1f} on {threads} cores)"
    return ""


class _Timer:
    def __init__(self, engine: Engine) -> None:
        self._backend = engine.backend

    def compile(self, request: CompileRequest):
        compiled = self._backend.compile([replace(request, variant=Variant.TIMED)])[0]
        return compiled if compiled.ok else None

    def time(self, compiled, arguments: Arguments) -> float | None:
        done = self._backend.run(compiled, [arguments], _LIMITS)[0]
        return max(done.elapsed_ms, 1e-6) if done.status is Status.OK else None


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
        elapsed = timer.time(compiled, arguments)
        if elapsed is None:
            break
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
        elapsed = timer.time(compiled, arguments)
        if elapsed is not None:
            return (test, arguments) if elapsed >= MIN_MS else None
    return None


def _size(test: UnitTest) -> str:
    whole = [
        f"{a.name.replace('__', '.')}={a.value}"  # a member is named as in the text
        for a in test.assignments
        if not isinstance(a, ArrayValue) and a.type[0] in "iu"
    ]
    return " ".join(whole[:6])
