"""Whether a suite may decide anything: the source itself is run on it, and what it gives becomes
the expectation.

A test is valid when the source on it stays inside its arrays, is clean under the address and
undefined-behaviour sanitizers, gives the same twice (other placement, thread order and thread
count), agrees with itself at another optimisation level and precision within its own error bar, and
ends in time. A suite is valid when a test is left that changes an output. Anything else is
INVALID_SUITE with the test named; a source that does not compile is the source's fault, which
`Validation.blame` says.

Contract: expectations stay in this process (see gpu_runtime.expectations).

    python -c "from tester.validity import validate_suite; help(validate_suite)"
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from corpora.analysis.compensation import is_compensated
from corpora.dialects import get_dialect
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.queries import functions_of
from corpora.ir import (
    Call,
    Literal,
    Name,
    NamedType,
    ScalarType,
    Unsupported,
    UnsupportedExpression,
    walk,
)
from corpora.records import Blame, Program, Signature, UnitTestSuite
from gpu_runtime.backend import (
    Arguments,
    Compiled,
    CompileRequest,
    Execution,
    ExecutionBackend,
    Limits,
    Status,
    Variant,
    has_same_bytes,
)
from gpu_runtime.call.materialize import materialize_test
from gpu_runtime.compare import (
    Reference,
    ReferenceRuns,
    find_difference,
    make_reference,
    perturb_by_ulp,
    perturb_relative,
)
from gpu_runtime.expectations import Expectations, run_each
from tester.generate.completion import Seen, find_cached_run
from tester.generate.rules import NoSuiteError, choose_launch, make_geometry_function
from tester.generate.source_tree import read_source

REDRAWS = 3
NUDGES = 2
LARGE = 1 << 20
"""Elements of a buffer that makes up for draws. Its rounding errors are drawn once for each of so
many elements, by the run at higher precision, and the usual one stands in where an element was
lucky (gpu_runtime.compare): such tests are nudged once, and not drawn again.
"""
SHAKES = 8
VARIANTS = (
    Variant.PLAIN,
    Variant.RECORDED,
    Variant.SANITIZED,
    Variant.REASSOCIATED,
    Variant.PRECISE,
)
"""The last two are for programs with floating-point numbers."""
LIMITS = Limits(wall_s=10.0, cpu_s=10)
_LONGER = Limits(wall_s=20.0, cpu_s=20)

_Change = Callable[[int, Arguments], Arguments]
"""Of the call of a test, with the test's index."""


@dataclass(frozen=True, slots=True)
class Validation:
    """Whether a suite may decide anything, after it ran on its source.

    valid: it may. reason: why not, in one line; '' if it may. blame: whose fault it is that it may
        not; NOBODY if it may. expectations: what the source computed on the valid tests; None if
        the suite is invalid.
    dropped: (index in the suite as given, why) of every invalid test.
    unchecked: names of the variants that could not be built for this dialect, so that their checks
        were left out.
    """

    valid: bool
    reason: str = ""
    blame: Blame = Blame.NOBODY
    expectations: Expectations | None = None
    dropped: tuple[tuple[int, str], ...] = ()
    unchecked: tuple[str, ...] = ()


_WHOLE = frozenset(
    {"abs", "labs", "min", "max", "swap", "malloc", "calloc", "free", "memset", "memcpy"}
)
"""Functions of the library that give whole numbers for whole numbers."""
_REAL_WORDS = ("float", "double", "half", "real", "complex")


def _integral(program: Program, signature: Signature) -> bool:
    """Whether nothing in the program is a floating-point number: then it has no error bar, and
    nothing to measure one with. What is not understood may be one.
    """
    types = [p.type for p in signature.parameters] + [signature.result or "i32"]
    if get_dialect(program.dialect).language != "cpp" or any(t[0] in "fc" for t in types):
        return False
    unit = parse_c_family(program.text, program.dialect)
    own = {f.name for f in functions_of(unit)} | _WHOLE
    return not any(_may_be_real(node, own) for node in walk(unit.items))


def _may_be_real(node: object, whole: set[str]) -> bool:
    """Whether a node is, or may give, a floating-point number. whole: functions that do not; sqrt
    of an integer does.
    """
    if isinstance(node, (ScalarType, Literal)):
        name = node.name if isinstance(node, ScalarType) else node.type
        return name[0] == "f" or name in ("c64", "c128")
    if isinstance(node, NamedType):
        return any(word in node.name.lower() for word in _REAL_WORDS)
    if isinstance(node, Call):
        called = node.function.id if isinstance(node.function, Name) else ""
        return called.rpartition("::")[2] not in whole
    return isinstance(node, (Unsupported, UnsupportedExpression))


@lru_cache(maxsize=256)
def _variants(program: Program, signature: Signature) -> tuple[Variant, ...]:
    return VARIANTS[:3] if _integral(program, signature) else VARIANTS


def list_validation_requests(program: Program, signature: Signature) -> list[CompileRequest]:
    """Return the requests that validating a suite of this source compiles, one per variant, so that
    many sources can be compiled together before. program, signature: the source's. Raises
    ValueError for an unknown dialect.
    """
    return [
        CompileRequest(program, signature, variant) for variant in _variants(program, signature)
    ]


def validate_suite(
    program: Program,
    signature: Signature,
    suite: UnitTestSuite,
    backend: ExecutionBackend,
    *,
    prune: bool = False,
) -> Validation:
    """Run a suite on its source and return whether it may decide anything, with the expected
    outputs.

    program, signature: the source's. A bare kernel's suite without a launch plan gets one. prune:
        drop invalid tests as long as a valid one remains; otherwise one invalid test makes the
        suite invalid. What the source does wrong is in the result. Raises ValueError for an unknown
        dialect.
    """
    built = {
        c.request.variant: c for c in backend.compile(list_validation_requests(program, signature))
    }
    plain = built[Variant.PLAIN]
    if not plain.ok:
        return Validation(
            False, f"the source does not compile: {_first_line(plain.diagnostics)}", Blame.SOURCE
        )
    unchecked = tuple(v.value for v in built if not built[v].ok)
    if signature.style == "kernel" and not suite.launch:
        try:
            suite = replace(suite, launch=choose_launch(program, signature, backend))
        except NoSuiteError as error:
            return Validation(False, str(error), Blame.SUITE)
    bad: dict[int, str] = {}
    seen: dict[int, Seen] = {}
    calls = _calls(suite, plain, bad, seen)
    outcomes = _Outcomes(backend, built, calls, bad, seen)
    references = outcomes.references(signature)
    dropped = tuple(sorted(bad.items()))
    if dropped and not prune:
        return Validation(
            False,
            f"test {dropped[0][0]}: {dropped[0][1]}",
            Blame.SUITE,
            dropped=dropped,
            unchecked=unchecked,
        )
    kept = [i for i in range(len(suite.tests)) if i not in bad]
    if not any(outcomes.changes(i, signature) for i in kept):
        first = f"test {dropped[0][0]}: {dropped[0][1]}" if dropped else "no test changes an output"
        return Validation(False, first, Blame.SUITE, dropped=dropped, unchecked=unchecked)
    results = [outcomes.plain[i].result for i in kept]
    expectations = Expectations(
        program,
        signature,
        replace(suite, tests=tuple(suite.tests[i] for i in kept)),
        tuple(calls[i] for i in kept),
        tuple(references[i] for i in kept),
        max(outcomes.plain[i].elapsed_ms for i in kept),
        tuple(outcomes.plain[i].elapsed_ms for i in kept),
        len({r.tobytes() for r in results if r is not None}) > 1,
    )
    return Validation(True, "", Blame.NOBODY, expectations, dropped, unchecked)


def _first_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next(
        (line for line in lines if "error" in line), lines[0] if lines else "no diagnostics"
    )


def _calls(
    suite: UnitTestSuite, plain: Compiled, bad: dict[int, str], seen: dict[int, Seen]
) -> dict[int, Arguments]:
    """Materialised tests by index, with what is known of what they touch; those that cannot be are
    put into `bad`.
    """
    calls = {}
    geometry_of = None
    for i, test in enumerate(suite.tests):
        try:
            geometry_of = geometry_of or make_geometry_function(suite.launch)
            geometry, known = geometry_of(test), find_cached_run(test, plain)
            if known and known[0].geometry == geometry:
                calls[i], seen[i] = known
            else:
                calls[i] = replace(
                    materialize_test(test, plain.request.signature), geometry=geometry
                )
        except ValueError as error:
            bad[i] = str(error)
    return calls


class _Outcomes:
    """Runs of the source on every test that is still good; each step looks at what the last one
    left.
    """

    def __init__(
        self,
        backend: ExecutionBackend,
        built: dict[Variant, Compiled],
        calls: dict[int, Arguments],
        bad: dict[int, str],
        seen: dict[int, Seen],
    ) -> None:
        self.backend, self.built, self.calls, self.bad = backend, built, calls, bad
        self._drawn: dict[tuple[int, int], Arguments] = {}
        recorded = self._run(Variant.RECORDED, [i for i in calls if i not in seen], lambda i, c: c)
        self.seen = seen | {i: execution.accesses for i, execution in recorded.items()}
        self.floats = [
            i for i in self._good() if any(v.dtype.kind in "fc" for v in calls[i].values)
        ]
        signature = built[Variant.PLAIN].request.signature
        # Without a wider variant there is nothing to hold relative runs against: ulp runs stand
        # in for them.
        self.shakes = 0 if Variant.PRECISE not in built or built[Variant.PRECISE].ok else SHAKES
        self.several = [
            i for i in self.floats if self.shakes or not self._is_one_draw_enough(i, signature)
        ]
        self.plain, self.moved = self._plain_runs()
        self.sanitized = self._run(Variant.SANITIZED, self._good(), lambda i, c: c)

    def _good(self) -> list[int]:
        return [i for i in self.calls if i not in self.bad]

    def _run(
        self, variant: Variant, indices: Sequence[int], change: _Change, strict: bool = True
    ) -> dict[int, Execution]:
        """Executions by test; with `strict`, a test that does not end well becomes bad."""
        return self._run_all(variant, [(indices, change)], int(strict))[0]

    def _run_all(
        self, variant: Variant, sets: Sequence[tuple[Sequence[int], _Change]], strict_sets: int = 0
    ) -> list[dict[int, Execution]]:
        """Several sets of runs as one batch, of which the first `strict_sets` make bad tests; a
        dictionary for each.
        """
        found: list[dict[int, Execution]] = [{} for _ in sets]
        calls = [
            (k, i, change(i, self.calls[i]))
            for k, (indices, change) in enumerate(sets)
            for i in indices
        ]
        if variant not in self.built or not self.built[variant].ok or not calls:
            return found
        limits, patience = (
            (_LONGER, 4) if 0 < strict_sets < len(sets) else (LIMITS, 2)
        )  # two steps in one batch have the time of both
        executions = run_each(
            self.backend, self.built[variant], [c for _, _, c in calls], limits, patience
        )
        for (k, i, _), execution in zip(calls, executions, strict=True):
            if execution.status is Status.OK:
                found[k][i] = execution
            elif k < strict_sets:
                detail = f": {execution.detail}" if execution.detail else ""
                self.bad.setdefault(i, f"the source gives {execution.status.value}{detail}")
        return found

    def _is_one_draw_enough(self, i: int, signature: Signature) -> bool:
        """Whether every floating-point number that the test gives is one of very many of its
        buffer. A sum over a long array is not: there every draw counts.
        """
        if signature.result is not None and signature.result[0] in "fc":
            return False
        given = zip(self.calls[i].values, signature.parameters, strict=True)
        sizes = [v.size for v, p in given if p.intent != "in" and v.dtype.kind in "fc"]
        return bool(sizes) and min(sizes) >= LARGE

    def _nudged_tests(self, draw: int) -> Sequence[int]:
        """Tests that are nudged so often."""
        return self.floats if draw == 0 else self.several

    def _redrawn(self, draw: int) -> tuple[Sequence[int], _Change]:
        """Tests of floating-point numbers on relatively perturbed inputs. These are made once, and
        two builds are run on them.
        """

        def change(i: int, call: Arguments) -> Arguments:
            if (i, draw) not in self._drawn:
                self._drawn[i, draw] = perturb_relative(call, draw)
            return self._drawn[i, draw]

        return self.several, change

    def _good_redrawn(self, draw: int) -> tuple[Sequence[int], _Change]:
        indices, change = self._redrawn(draw)
        return [i for i in indices if i not in self.bad], change

    def _plain_runs(self) -> tuple[dict[int, Execution], list[dict[int, Execution]]]:
        """Plain runs, and those on perturbed inputs. The first are held against
        others: arrays at the other end of their pages, threads in another order.
        """
        changes: list[_Change] = [lambda i, c: c, lambda i, c: replace(c, placement="left")]
        if self.built[Variant.PLAIN].request.signature.style == "kernel":
            changes.append(lambda i, c: replace(c, order=1))
        drawn = [] if self.shakes else list(range(REDRAWS))
        nudges: list[_Change] = [lambda i, c, k=k: perturb_by_ulp(c, k) for k in range(NUDGES)]
        shakes: list[_Change] = [
            lambda i, c, k=k: perturb_by_ulp(c, k + 50, True) for k in range(self.shakes)
        ]
        good, n = self._good(), len(changes)
        sets = (
            [(good, change) for change in changes]
            + [self._redrawn(k) for k in drawn]
            + [(self._nudged_tests(k), change) for k, change in enumerate(nudges)]
            + [(self.floats, change) for change in shakes]
        )
        found = self._run_all(Variant.PLAIN, sets, strict_sets=n)
        plain, again, *reordered = found[:n]
        for i in self._good():
            others = [(again[i], True), *((r[i], False) for r in reordered)]
            if not all(_equal(plain[i], other, exact) for other, exact in others):
                self.bad[i] = "the source gives different results when run twice"
        return plain, found[n:]

    def references(self, signature: Signature) -> dict[int, Reference]:
        good = self._good()
        finite = [
            i
            for i in good
            if all(np.isfinite(v).all() for v in self.calls[i].values if v.dtype.kind in "fc")
        ]
        program = self.built[Variant.PLAIN].request.program
        compensated = is_compensated(read_source(program, signature).unit)
        if compensated:
            finite = []  # fast-math drops what the source takes pains to keep
        fast = self._run(Variant.REASSOCIATED, finite, lambda i, c: c, strict=False)
        precise, *wide = self._run_all(
            Variant.PRECISE,
            [(good, lambda i, c: c), *(self._good_redrawn(k) for k in range(REDRAWS))],
        )
        drawn = 0 if self.shakes else REDRAWS
        pairs = list(zip(self.moved[:drawn], wide, strict=False))
        moved, ulp_and_integer_runs = (
            self.moved[drawn : drawn + NUDGES],
            self.moved[drawn + NUDGES :],
        )
        found = {}
        for i in good:
            runs = ReferenceRuns(
                precise.get(i),
                fast.get(i),
                tuple((a[i], b[i]) for a, b in pairs if i in a and i in b),
                tuple(m[i] for m in moved if i in m),
                tuple(m[i] for m in ulp_and_integer_runs if i in m),
                max((v.size for v in self.calls[i].values), default=1) if self.shakes else 1,
                self.calls[i].values,
                self._read(i, signature),
                self._spread(i) if compensated else 0.0,
            )
            written = self._written(i, signature)
            found[i] = replace(
                make_reference(self.plain[i], written, runs),
                touched=self._touched(i),
                read=runs.read,
                written=tuple(written),
            )
            if found[i].unstable:
                self.bad[i] = found[i].unstable
            elif (
                i in self.sanitized
                and find_difference(found[i], self.sanitized[i].values, self.sanitized[i].result)
                is not None
            ):
                self.bad[i] = (
                    "the source's result depends on values that were never set, or on the "
                    "optimisation level"
                )
        return found

    def _spread(self, i: int) -> float:
        """The sizes of the elements of a test's array, summed; the largest such sum."""
        arrays = [v for v in self.calls[i].values if v.dtype.kind in "fc"]
        with np.errstate(all="ignore"):
            sums = [float(np.abs(v).sum()) for v in arrays]
        return max((s for s in sums if np.isfinite(s)), default=0.0)

    def _written(self, i: int, signature: Signature) -> list[bool]:
        accesses = self.seen.get(i)
        if not accesses:
            return [p.intent != "in" for p in signature.parameters]
        before, after = (
            self.calls[i].values,
            self.plain[i].values,
        )  # what a library writes (Fortran's matmul) is not recorded
        return [
            p.intent != "in"
            and (
                p.kind != "array"
                or accesses[j].first_write is not None
                or not has_same_bytes(before[j], after[j])
            )
            for j, p in enumerate(signature.parameters)
        ]

    def _read(self, i: int, signature: Signature) -> tuple[bool, ...]:
        accesses = self.seen.get(i)
        return tuple(
            p.intent != "out"
            and (not accesses or p.kind != "array" or accesses[j].first_read is not None)
            for j, p in enumerate(signature.parameters)
        )

    def _touched(self, i: int) -> bool:
        accesses = self.seen.get(i, ())
        return not accesses or any(
            a.first_read is not None or a.first_write is not None for a in accesses
        )

    def changes(self, i: int, signature: Signature) -> bool:
        if self.plain[i].result is not None:
            return True
        pairs = zip(self.plain[i].values, self.calls[i].values, signature.parameters, strict=True)
        return any(
            not has_same_bytes(a, b) for a, b, p in pairs if p.kind != "scalar" or p.by_reference
        )


def _equal(one: Execution, other: Execution, exact: bool) -> bool:
    """Bitwise, or (another order of threads may sum in another order) within a loose relative
    bound.
    """
    pairs = list(zip(one.values, other.values, strict=True))
    if one.result is not None and other.result is not None:
        pairs.append((one.result, other.result))
    for a, b in pairs:
        if has_same_bytes(a, b):
            continue
        if exact and not (a.dtype.kind in "fc" and np.array_equal(a, b, equal_nan=True)):
            return False
        if a.dtype.kind not in "fc" or not np.allclose(
            a,
            b,
            rtol=1e-4,
            atol=1e-6 * float(np.abs(a).max(initial=0, where=np.isfinite(a))),
            equal_nan=True,
        ):
            return False
    return True
