"""How much a suite sees: the share of the source's mutants that it kills, and the branches that it takes.

Contract: a mutant is killed when a test of the suite shows it: other values, or any end but a good one. Mutants that do
not compile are left out; survivors that a stronger, rule-made suite cannot kill either are set aside as equivalent.
`top_up` adds those tests of the stronger suite that kill survivors until the least strength is reached.

    python -c "from tester.strength import measure; help(measure)"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from corpora.c_syntax import c_functions, node_text, parse_c_family
from corpora.dialects import dialect
from corpora.records import Program, Signature
from gpu_runtime.backend import Compiled, CompileRequest, ExecutionBackend, Limits, Status, Variant
from gpu_runtime.compare import compare
from gpu_runtime.expectations import Expectations
from tester.mutants import Mutant, mutants_of, sample
from tester.rules import NoSuite, more_tests
from tester.validity import validate

LIMITS = Limits(wall_s=20.0, cpu_s=0.2)
"""At the least. CPU time, because a mutant that loops for ever must cost little, and one that does not must pass on a busy machine."""
PATIENCE = 50
"""How much longer than the source (optimised, and its mutants are not) a mutant may take."""
STRONGER_TESTS = 24


@dataclass(frozen=True, slots=True)
class Strength:
    """share: killed / (killed + survivors), None when no mutant compiled. survivors: missed, yet not equivalent."""

    share: float | None
    killed: int
    survivors: tuple[Mutant, ...]
    equivalent: int
    not_compiled: int


def killing_test(expectations: Expectations, compiled: Compiled, backend: ExecutionBackend) -> int | None:
    """Index of the first test that tells this program of the same signature from the source; None when none does."""
    executions = backend.run(compiled, expectations.calls, _limits(expectations))
    for i, (execution, reference) in enumerate(zip(executions, expectations.references, strict=True)):
        if execution.status is not Status.OK or compare(reference, execution.values, execution.result) is not None:
            return i
    return None


def _limits(expectations: Expectations) -> Limits:
    own_s = expectations.source_ms * 1e-3 * len(expectations.calls)
    return replace(LIMITS, cpu_s=min(max(LIMITS.cpu_s, PATIENCE * own_s), 10.0))


def _survivors(
    expectations: Expectations, built: Sequence[tuple[Mutant, Compiled]], backend: ExecutionBackend
) -> list[tuple[Mutant, Compiled]]:
    return [(m, c) for m, c in built if killing_test(expectations, c, backend) is None]


def _built(expectations: Expectations, backend: ExecutionBackend, limit: int, seed: int) -> list[tuple[Mutant, Compiled]]:
    mutants = _sampled(expectations.source, limit, seed)
    requests = _requests(mutants, expectations.signature)
    return list(zip(mutants, backend.compile(requests) if requests else [], strict=True))


def _requests(mutants: Sequence[Mutant], signature: Signature) -> list[CompileRequest]:
    return [CompileRequest(m.program, signature, Variant.DRAFT) for m in mutants]


def mutant_requests(source: Program, signature: Signature, limit: int, seed: int = 0) -> list[CompileRequest]:
    """What measuring a suite of this source compiles: for one batched compile of many sources beforehand."""
    return _requests(_sampled(source, limit, seed), signature)


@lru_cache(maxsize=128)
def _sampled(source: Program, limit: int, seed: int) -> tuple[Mutant, ...]:
    return tuple(sample(mutants_of(source), limit, seed))


def stronger(expectations: Expectations, backend: ExecutionBackend, seed: int) -> Expectations | None:
    """A larger rule-made suite of the same source, checked; None when there is none."""
    try:
        suite = more_tests(expectations.suite, expectations.source, expectations.signature, backend, seed, STRONGER_TESTS)
    except NoSuite:
        return None
    return validate(expectations.source, expectations.signature, suite, backend, prune=True).expectations


def measure(expectations: Expectations, backend: ExecutionBackend, *, limit: int = 24, seed: int = 0) -> Strength:
    """Strength of a checked suite on at most `limit` mutants."""
    built = _built(expectations, backend, limit, seed)
    good = [(m, c) for m, c in built if c.ok]
    alive = _survivors(expectations, good, backend)
    other = stronger(expectations, backend, seed + 101) if alive else None
    equal = _survivors(other, alive, backend) if other else alive
    missed = tuple(m for m, c in alive if (m, c) not in equal)
    killed = len(good) - len(alive)
    share = killed / (killed + len(missed)) if killed + len(missed) else None
    return Strength(share, killed, missed, len(equal), len(built) - len(good))


def top_up(
    expectations: Expectations, backend: ExecutionBackend, *, least: float = 1.0, limit: int = 24, seed: int = 0, rounds: int = 2
) -> Expectations:
    """The suite with rule-made tests added until `least` of the mutants die or `rounds` stronger suites are used up.

    The strength that is recorded is that of the suite returned.
    """
    good = [(m, c) for m, c in _built(expectations, backend, limit, seed) if c.ok]
    alive = _survivors(expectations, good, backend)
    for turn in range(rounds):
        if not alive or (len(good) - len(alive)) / len(good) >= least:
            break
        other = stronger(expectations, backend, seed + 101 + turn)
        if other is None:
            break
        added: set[int] = set()
        for mutant in list(alive):
            test = killing_test(other, mutant[1], backend)
            if test is not None:
                added.add(test)
                alive.remove(mutant)
        expectations = _joined(expectations, other, sorted(added))
    # What no stronger suite could kill counts as equivalent; with no stronger suite asked, survivors were tolerated.
    share = _share(expectations, good, alive, backend, seed)
    return replace(expectations, suite=replace(expectations.suite, strength=share))


def _share(
    expectations: Expectations,
    good: list[tuple[Mutant, Compiled]],
    alive: list[tuple[Mutant, Compiled]],
    backend: ExecutionBackend,
    seed: int,
) -> float | None:
    other = stronger(expectations, backend, seed + 999) if alive else None
    missed = len(alive) - len(_survivors(other, alive, backend)) if other else 0
    killed = len(good) - len(alive)
    return killed / (killed + missed) if killed + missed else None


def _joined(one: Expectations, other: Expectations, tests: Sequence[int]) -> Expectations:
    """`one` with tests of `other`, smallest first as ever."""
    if not tests:
        return one
    from tester.rules import elements

    rows = list(zip(one.suite.tests, one.calls, one.references, strict=True))
    known = {t.id for t in one.suite.tests}
    picked = [(other.suite.tests[i], other.calls[i], other.references[i]) for i in tests]
    rows = sorted(rows + [r for r in picked if r[0].id not in known], key=lambda row: elements(row[0]))
    author = one.suite.author if "rules" in one.suite.author.split("+") else f"{one.suite.author}+rules"
    suite = replace(one.suite, tests=tuple(r[0] for r in rows), author=author)
    return replace(
        one,
        suite=suite,
        calls=tuple(r[1] for r in rows),
        references=tuple(r[2] for r in rows),
        source_ms=max(one.source_ms, other.source_ms),
        result_varies=one.result_varies or other.result_varies,
    )


_CONDITIONS = ("if_statement", "conditional_expression", "while_statement", "for_statement")


def branch_probes(program: Program, limit: int = 32) -> list[Program]:
    """Programs that stop when one side of one condition is taken; empty for languages without a syntax tree here."""
    if dialect(program.dialect).language != "cpp":
        return []
    data, probes, waiting = program.text.encode(), [], []
    for function in c_functions(parse_c_family(program.text).root_node):
        waiting.append(function.node)
    while waiting:
        node = waiting.pop()
        waiting += node.children
        condition = node.child_by_field_name("condition") if node.type in _CONDITIONS else None
        if condition is None:
            continue
        text = node_text(condition)
        for sides in ("(__builtin_trap(), true) : false", "true : (__builtin_trap(), false)"):
            probe = f"(({text}) ? {sides})"
            whole = data[: condition.start_byte] + probe.encode() + data[condition.end_byte :]
            probes.append(replace(program, text=whole.decode()))
    return probes[:limit]


def branch_coverage(expectations: Expectations, backend: ExecutionBackend, limit: int = 32) -> float | None:
    """Share of condition sides (if, ?:, while, for) that some test takes, in [0, 1]; None where it cannot be measured."""
    requests = [CompileRequest(p, expectations.signature) for p in branch_probes(expectations.source, limit)]
    built = [c for c in backend.compile(requests) if c.ok] if requests else []
    taken = [any(e.status is not Status.OK for e in backend.run(c, expectations.calls, _limits(expectations))) for c in built]
    return sum(taken) / len(taken) if taken else None
