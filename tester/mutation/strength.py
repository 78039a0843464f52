"""How much a suite sees: the share of the source's mutants that it kills, and the branches that it
takes.

Contract: a mutant is killed when a test of the suite shows it: other values, or any end but a good
one. Mutants that do not compile are left out; survivors that a stronger, rule-made suite cannot
kill either are set aside as equivalent, if a test of the suite comes to their place at all (which
is seen where mutants are one program): of code that never runs, a suite says nothing.
`top_up_suite` is a feedback loop: while mutants live or sides of branches are not taken, boundary
values are combined, and the fewest tests stay that kill or take something new.

    python -c "from tester.mutation.strength import measure_strength; help(measure_strength)"
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from corpora.records import Program, Signature, UnitTestSuite
from gpu_runtime.backend import (
    Arguments,
    Compiled,
    CompileRequest,
    Execution,
    ExecutionBackend,
    Limits,
    Status,
    Variant,
)
from gpu_runtime.call.materialize import materialize_test
from gpu_runtime.compare import find_difference
from gpu_runtime.expectations import Expectations, take_batch
from tester.generate.rules import (
    NoSuiteError,
    generate_more_tests,
    has_only_large_tests,
    make_geometry_function,
)
from tester.mutation.branches import list_coverage_requests, prepend_number
from tester.mutation.mutants import Mutant, generate_mutants, sample_mutants
from tester.mutation.schemata import (
    MANY,
    build_schema,
    count_conditions,
    count_sides,
    find_failing_mutants,
)
from tester.validity import validate_suite

MIN_CPU_S = 0.05
"""A batch of calls of mutants may always take so long. CPU time: one that loops for ever must cost
little, one that does not must pass on a busy machine.
"""
Outcome = tuple[int, int]
"""A counter of the schema, and how often it was raised: once, or MANY times."""
PATIENCE = 20
"""How much longer than the source (optimised, and its mutants are not) a mutant may take."""
STRONGER_TESTS = 24
USUAL_TESTS, COMBINED_TESTS = 8, 24
"""Tests that one turn of the feedback loop tries: of other usual values, and of several boundary
values at once.
"""
SEVERAL = 4
"""Threads of a run that only tells where it comes: what a second thread begins with (`lo = n * t /
p`) is no dead code.
"""


@dataclass(frozen=True, slots=True)
class Strength:
    """How many mutants a suite kills.

    share: killed / (killed + survivors), in [0, 1]; None if no mutant was killed or survived.
    killed: how many fail a test of the suite. survivors: not killed and not equivalent. Those that
        no test reaches are among them.
    equivalent: how many were left out because further tests did not tell them from the source
        either. not_compiled: how many were left out because they do not compile.
    """

    share: float | None
    killed: int
    survivors: tuple[Mutant, ...]
    equivalent: int
    not_compiled: int


@dataclass(frozen=True, slots=True)
class BuiltMutants:
    """Compiled mutants of one source.

    mutants: those that were built. schema: all as one program, in which the k-th from 0 has number
        k + 1; None: each is in `singles`. singles: a build of each, in the order of `mutants`; ()
        where there is a schema. left_out: how many did not compile and are not among `mutants`.
        counter: what counts branches, the schema or a program of its own; None where none does.
    """

    mutants: tuple[Mutant, ...]
    schema: Compiled | None
    singles: tuple[Compiled, ...] = ()
    left_out: int = 0
    counter: Compiled | None = None

    def good(self) -> list[int]:
        """Return the indices, in `mutants`, of the mutants that compiled."""
        return [
            i for i in range(len(self.mutants)) if self.schema is not None or self.singles[i].ok
        ]


MAX_BYTES = 1 << 26
"""Of arguments that the mutants of a source are given, where even its smallest test is large: fewer
of them are run then.
"""


def _affordable(which: list[int], expectations: Expectations) -> list[int]:
    """Of these mutants as many as may run on the smallest test, at least four, evenly taken."""
    least = min(sum(v.nbytes for v in call.values) for call in expectations.calls)
    count = min(len(which), max(4, MAX_BYTES // max(least, 1)))
    return [which[k * len(which) // count] for k in range(count)]


def find_killed_mutants(
    expectations: Expectations, built: BuiltMutants, which: Sequence[int], backend: ExecutionBackend
) -> dict[int, int]:
    """Return, for each of the mutants `which` that some test of the suite kills, its index -> the
    index of such a test. which: indices in `built.mutants`, of mutants that compiled.
    expectations: the source, its checked suite and what it computed. backend: runs the mutants.
    """
    if built.schema is None:
        every = [(i, _killing_test(expectations, built.singles[i], backend)) for i in which]
        return {i: test for i, test in every if test is not None}
    killed: dict[int, int] = {}
    for wave in _order_in_waves(len(expectations.calls)):
        alive = [i for i in which if i not in killed]
        if not alive:
            break
        killed |= _run_wave(
            expectations, built.schema, [(i, t) for i in alive for t in wave], backend
        )
    return killed


def _order_in_waves(tests: int) -> list[list[int]]:
    """Tests in the order in which mutants meet them: nearly all die on one of medium size, the rest
    are few.
    """
    order = sorted(range(tests), key=lambda t: (abs(t - tests // 3), t))
    return [wave for wave in (order[:1], order[1:3], order[3:]) if wave]


def _run_wave(
    expectations: Expectations,
    schema: Compiled,
    asked: Sequence[tuple[int, int]],
    backend: ExecutionBackend,
) -> dict[int, int]:
    killed: dict[int, int] = {}
    sides = count_sides(expectations.source)
    calls = [(i, prepend_number(expectations.calls[t], i + 1, sides)) for i, t in asked]
    executions = _run_all(schema, calls, _limits(expectations, len(calls)), backend)
    for (i, t), execution in zip(asked, executions, strict=True):
        if i not in killed and _differs(expectations, t, execution):
            killed[i] = t
    return killed


def _run_all(
    schema: Compiled,
    calls: Sequence[tuple[int, Arguments]],
    limits: Limits,
    backend: ExecutionBackend,
) -> list[Execution]:
    """Calls of mutants, given with their numbers, in one process, and in a further one behind a
    call that ended it. A mutant that ran out of time is not asked again.
    """
    found: dict[int, Execution] = {}
    hung: dict[int, Execution] = {}
    waiting = list(range(len(calls)))
    while waiting:
        batch = take_batch([calls[k][1] for k in waiting])
        executions = backend.run(schema, batch, replace(limits, resume_after_stop=True))
        for k, execution in zip(waiting, executions, strict=False):
            if execution.status is not Status.NOT_RUN:
                found[k] = execution
                if execution.status is Status.TIMEOUT:
                    hung[calls[k][0]] = execution
        found |= {k: hung[calls[k][0]] for k in waiting if k not in found and calls[k][0] in hung}
        waiting = [k for k in waiting if k not in found]
    return [found[k] for k in range(len(calls))]


def _find_unreached(
    expectations: Expectations, built: BuiltMutants, which: Sequence[int], backend: ExecutionBackend
) -> list[int]:
    """Of the mutants `which` those to whose place no test of the suite comes, on several threads
    either, as a port is run too; none where they are compiled one by one.
    """
    left = list(which) if built.schema is not None else []
    sides = count_sides(expectations.source)
    for wave in _order_in_waves(len(expectations.calls)):
        calls = [
            (i, replace(prepend_number(expectations.calls[t], -i - 1, sides), threads=SEVERAL))
            for i in left
            for t in wave
        ]
        executions = (
            _run_all(built.schema, calls, _limits(expectations, len(calls)), backend)
            if calls
            else []
        )
        reached = {
            i
            for (i, _), execution in zip(calls, executions, strict=True)
            if execution.status is not Status.OK
        }
        left = [i for i in left if i not in reached]
    return left


def _differs(expectations: Expectations, test: int, execution: Execution) -> bool:
    if execution.status is not Status.OK:
        return True
    skipped = len(execution.values) - len(expectations.calls[test].values)
    return (
        find_difference(expectations.references[test], execution.values[skipped:], execution.result)
        is not None
    )


def _killing_test(
    expectations: Expectations, compiled: Compiled, backend: ExecutionBackend
) -> int | None:
    """Index of the first test that tells this program of the same signature from the source; None
    when none does.
    """
    executions = backend.run(
        compiled, expectations.calls, _limits(expectations, len(expectations.calls))
    )
    return next(
        (t for t, execution in enumerate(executions) if _differs(expectations, t, execution)), None
    )


def _limits(expectations: Expectations, calls: int) -> Limits:
    own_s = expectations.source_ms * 1e-3 * calls
    return Limits(wall_s=30.0, cpu_s=min(max(MIN_CPU_S, PATIENCE * own_s), 10.0))


def _build_mutants(
    expectations: Expectations, backend: ExecutionBackend, limit: int, seed: int
) -> BuiltMutants:
    source, signature = expectations.source, expectations.signature
    mutants = _sample_mutants(source, limit, seed)
    request = _schema_request(source, signature, limit, seed)
    made = backend.compile([request])[0] if request else None
    if made is not None and made.ok:
        return BuiltMutants(mutants, made, counter=made)
    bad = (
        find_failing_mutants(made.request.program, made.diagnostics)
        if made is not None
        else frozenset()
    )
    kept = tuple(m for number, m in enumerate(mutants, 1) if number not in bad)
    if bad and kept and (fewer := build_schema(source, signature, kept)):
        made = backend.compile([CompileRequest(fewer[0], fewer[1], Variant.DRAFT)])[0]
        if made.ok:
            return BuiltMutants(kept, made, (), len(bad), made)
    counters = list_coverage_requests(source, signature) if mutants else []
    compiled = backend.compile([*_requests(mutants, signature), *counters]) if mutants else []
    counter = next((c for c in compiled[len(mutants) :] if c.ok), None)
    return BuiltMutants(mutants, None, tuple(compiled[: len(mutants)]), counter=counter)


def _requests(mutants: Sequence[Mutant], signature: Signature) -> list[CompileRequest]:
    return [CompileRequest(m.program, signature, Variant.DRAFT) for m in mutants]


def list_mutant_requests(
    source: Program, signature: Signature, limit: int, seed: int = 0
) -> list[CompileRequest]:
    """Return the requests that `measure_strength` compiles first for this source, so that a caller
    can compile those of many sources together; [] without mutants. limit: most mutants. seed:
    selects them. Raises ValueError for an unknown dialect.
    """
    request = _schema_request(source, signature, limit, seed)
    if request:
        return [request]
    singles = _requests(_sample_mutants(source, limit, seed), signature)
    return [*singles, *list_coverage_requests(source, signature)] if singles else []


@lru_cache(maxsize=128)
def _schema_request(
    source: Program, signature: Signature, limit: int, seed: int
) -> CompileRequest | None:
    made = build_schema(source, signature, _sample_mutants(source, limit, seed))
    return CompileRequest(made[0], made[1], Variant.DRAFT) if made else None


@lru_cache(maxsize=128)
def _sample_mutants(source: Program, limit: int, seed: int) -> tuple[Mutant, ...]:
    return tuple(sample_mutants(generate_mutants(source), limit, seed))


def make_stronger_suite(
    expectations: Expectations, backend: ExecutionBackend, seed: int
) -> Expectations | None:
    """Return another generated suite of the same source, of at most 24 usual tests and others at
    boundary values, checked on the source, with its expected outputs; None if none can be made.
    expectations: the source and the suite that it has. seed: of the new values.
    """
    suite = _more_tests(expectations, backend, seed)
    return (
        validate_suite(
            expectations.source, expectations.signature, suite, backend, prune=True
        ).expectations
        if suite
        else None
    )


def _more_tests(
    expectations: Expectations, backend: ExecutionBackend, seed: int, combined: int = 0
) -> UnitTestSuite | None:
    try:
        return generate_more_tests(
            expectations.suite,
            expectations.source,
            expectations.signature,
            backend,
            seed,
            USUAL_TESTS if combined else STRONGER_TESTS,
            combined,
        )
    except NoSuiteError:
        return None


def _stronger_on(
    expectations: Expectations,
    built: BuiltMutants,
    alive: Sequence[int],
    backend: ExecutionBackend,
    seed: int,
    known: frozenset[Outcome] | None = None,
) -> Expectations | None:
    """Of proposed tests the fewest, checked, on which each mutant that lives and can be told does
    anything else than the source, and each outcome of a branch comes that is not in `known`; None
    without one. All proposed tests where mutants live that are compiled one by one.

    Most survivors are equivalent, and to check a suite costs far more than to make it: so the
    mutants are asked first.
    """
    suite = _more_tests(expectations, backend, seed, combined=COMBINED_TESTS)
    if suite is None:
        return None
    if built.counter is None or built.schema is None and alive:
        return validate_suite(
            expectations.source, expectations.signature, suite, backend, prune=True
        ).expectations
    geometry_of = make_geometry_function(suite.launch)
    calls = [
        replace(materialize_test(test, expectations.signature), geometry=geometry_of(test))
        for test in suite.tests
    ]
    numbers, sides = [0, *(i + 1 for i in alive)], count_sides(expectations.source)
    asked = [(n, prepend_number(call, n, sides)) for call in calls for n in numbers]
    executions = _run_all(built.counter, asked, _limits(expectations, 4 * len(asked)), backend)
    goals: list[set[object]] = []
    for t in range(len(suite.tests)):
        own, *others = executions[t * len(numbers) : (t + 1) * len(numbers)]
        told = own.status is Status.OK
        asks = told and known is not None
        reached = find_outcomes(own.values[1]) - known if asks else frozenset()
        differing = {i for i, e in zip(alive, others, strict=True) if told and _tell(own, e)}
        goals.append(differing | reached)
    kept = choose_fewest(goals)
    if not kept:
        return None
    return validate_suite(
        expectations.source,
        expectations.signature,
        replace(suite, tests=tuple(suite.tests[t] for t in kept)),
        backend,
        prune=True,
    ).expectations


def choose_fewest(goals: Sequence[Collection[object]]) -> list[int]:
    """Return the indices, ascending, of a few of the sets `goals` that together hold every element
    of all of them.

    The sets are found greedily: each time the set with most elements that are still missing, the
        first of equals.
    """
    left = [set(g) for g in goals]
    chosen = []
    while left and (most := max(left, key=len)):
        index = left.index(most)
        chosen.append(index)
        left = [g - most for g in left]
    return sorted(chosen)


def find_outcomes(counters: np.ndarray) -> frozenset[Outcome]:
    """Return the set of (index of the counter, times taken, at most 2), one for every branch that
    was taken. counters: how often each branch was taken in one run, integers of shape (branches,).
    """
    return frozenset((side, min(int(n), MANY)) for side, n in enumerate(counters) if n > 0)


def _measure_outcomes(
    expectations: Expectations,
    built: BuiltMutants,
    backend: ExecutionBackend,
    sides_suffice: bool = False,
) -> list[frozenset[Outcome]]:
    """Outcomes of branches that each test of a suite has; none where nothing counts them.

    sides_suffice: once every side was taken the other tests are not run, and have none.
    """
    tests = len(expectations.calls)
    found: list[frozenset[Outcome]] = [frozenset()] * tests
    sides = count_sides(expectations.source)
    for wave in _order_in_waves(tests) if sides_suffice else [list(range(tests))]:
        if built.counter is None or _takes_all_sides(found, built, expectations.source):
            break
        calls = [(0, prepend_number(expectations.calls[t], 0, sides)) for t in wave]
        executions = _run_all(built.counter, calls, _limits(expectations, len(calls)), backend)
        for t, execution in zip(wave, executions, strict=True):
            if execution.status is Status.OK:
                found[t] = find_outcomes(execution.values[1])
    return found


def _takes_all_sides(
    outcomes: Iterable[frozenset[Outcome]], built: BuiltMutants, source: Program
) -> bool:
    """Whether every condition was once true and once false, as far as that is known."""
    taken = {side for of_test in outcomes for side, _ in of_test}
    return built.counter is None or len(taken) == 2 * count_conditions(source)


def _tell(own: Execution, other: Execution) -> bool:
    return _bytes(own) != _bytes(other)


def _bytes(execution: Execution) -> tuple[object, ...]:
    """What a run shows, its mutant's number left out: equal for equal behaviour of the same
    build.
    """
    result = None if execution.result is None else execution.result.tobytes()
    return execution.status, result, *(v.tobytes() for v in execution.values[2:])


def measure_strength(
    expectations: Expectations, backend: ExecutionBackend, *, limit: int = 24, seed: int = 0
) -> Strength:
    """Measure how many of at most `limit` mutants of the source a checked suite kills.
    expectations: the source, the suite and what the source computed. backend: compiles and runs the
    mutants. seed: selects the mutants and further tests, on which mutants that live are told from
    equivalent ones. Raises ValueError for an unknown dialect.
    """
    built = _build_mutants(expectations, backend, limit, seed)
    good = _affordable(built.good(), expectations)
    dead = find_killed_mutants(expectations, built, good, backend)
    alive = [i for i in good if i not in dead]
    other = _stronger_on(expectations, built, alive, backend, seed + 101) if alive else None
    missed = find_killed_mutants(other, built, alive, backend) if other else {}
    missed |= dict.fromkeys(
        _find_unreached(expectations, built, [i for i in alive if i not in missed], backend), -1
    )
    share = len(dead) / (len(dead) + len(missed)) if dead or missed else None
    return Strength(
        share,
        len(dead),
        tuple(built.mutants[i] for i in missed),
        len(alive) - len(missed),
        built.left_out + len(built.mutants) - len(built.good()),
    )


def top_up_suite(
    expectations: Expectations,
    backend: ExecutionBackend,
    *,
    least: float = 1.0,
    limit: int = 24,
    seed: int = 0,
    rounds: int = 2,
) -> Expectations:
    """Return the suite, with its expected outputs, with tests added until at least the share
    `least` of the mutants is killed and every branch is taken both ways. Its strength is set: the
    share in [0, 1], or None if it could not be measured.

    expectations: the source, its checked suite and what it computed. It stops after `rounds`
    attempts in any case. limit: most mutants. seed: selects mutants and values. Raises ValueError
    for an unknown dialect.
    """
    built = _build_mutants(expectations, backend, limit, seed)
    good = _affordable(built.good(), expectations)
    dead = find_killed_mutants(expectations, built, good, backend)
    alive = [i for i in good if i not in dead]
    if has_only_large_tests(expectations.suite):
        rounds = 0  # there are no further tests to ask for, whatever is missing

    def is_weak() -> bool:
        return bool(alive) and (len(good) - len(alive)) / len(good) < least

    outcomes: frozenset[Outcome] = frozenset()
    if rounds:
        outcomes = outcomes.union(
            *_measure_outcomes(expectations, built, backend, sides_suffice=not is_weak())
        )
    equal = False  # whether a stronger suite was asked about all that are alive and saw nothing
    for turn in range(rounds):
        if not is_weak() and _takes_all_sides([outcomes], built, expectations.source):
            break
        other = _stronger_on(expectations, built, alive, backend, seed + 101 + turn, outcomes)
        equal = other is None
        if other is None:
            continue
        found = find_killed_mutants(other, built, alive, backend)
        alive = [i for i in alive if i not in found]
        shown = _measure_outcomes(other, built, backend)
        # Of mutants that are compiled one by one nothing was known when the tests were chosen.
        chosen = {*found.values(), *choose_fewest([s - outcomes for s in shown])}
        kept = range(len(shown)) if built.schema is not None else sorted(chosen)
        expectations = _merge_suites(expectations, other, kept)
        outcomes = outcomes.union(*(shown[t] for t in kept))
    # What no stronger suite could kill counts as equivalent, if the suite comes there; with no
    # stronger suite asked, survivors were tolerated.
    other = (
        _stronger_on(expectations, built, alive, backend, seed + 999)
        if alive and not equal
        else None
    )
    found = find_killed_mutants(other, built, alive, backend) if other else {}
    missed = len(found) + len(
        _find_unreached(expectations, built, [i for i in alive if i not in found], backend)
    )
    killed = len(good) - len(alive)
    share = killed / (killed + missed) if killed + missed else None
    return replace(expectations, suite=replace(expectations.suite, strength=share))


def _merge_suites(one: Expectations, other: Expectations, tests: Sequence[int]) -> Expectations:
    """`one` with tests of `other`, smallest first as ever."""
    if not tests:
        return one
    from tester.generate.rules import count_elements

    rows = list(zip(one.suite.tests, one.calls, one.references, one.tests_ms, strict=True))
    known = {t.id for t in one.suite.tests}
    picked = [
        (other.suite.tests[i], other.calls[i], other.references[i], other.tests_ms[i])
        for i in tests
    ]
    rows = sorted(
        rows + [r for r in picked if r[0].id not in known], key=lambda row: count_elements(row[0])
    )
    author = (
        one.suite.author if "rules" in one.suite.author.split("+") else f"{one.suite.author}+rules"
    )
    suite = replace(one.suite, tests=tuple(r[0] for r in rows), author=author)
    return replace(
        one,
        suite=suite,
        calls=tuple(r[1] for r in rows),
        references=tuple(r[2] for r in rows),
        source_ms=max(one.source_ms, other.source_ms),
        tests_ms=tuple(r[3] for r in rows),
        result_varies=one.result_varies or other.result_varies,
    )
