"""What the field's checks accept beside this engine: one table, on ports that are right and on
mutants of them that are wrong.

    python benchmarks/field_checks.py [--direction cpp:openmp] [--each 6] [--ports 40]

Right ports are the built-in ones, equal to their sources by construction. Their mutants have one
mistake: the usual ones (tester.mutation.mutants), and in OpenMP's directives a clause or directive
left out. A mutant is wrong where any of the checks shows a difference, a fault or a data race, or
where a suite of other seeds does; the others are set aside, as nobody has shown them wrong. So
figures of this engine are not independent of it: what nobody sees is not counted.

| check | accepts |
| --- | --- |
| one driver | a run on one large test with usual contents, each value within 1e-4 |
| five tests | runs on five small tests with usual contents, each value within 1e-4 |
| BLEU | 70 and more against the port that it is a mutant of |
| this engine | EQUIVALENT |

The first is how ParEval's drivers judge, the second how unit tests written for a model do. Both run
the port as its compiler makes it, on four threads, with arrays that go on behind their end, and
compare values only. On these right ports BLEU is 100 by definition: it is given the answer.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from coevolve.evaluation.text_scores import compute_bleu
from coevolve.verification.engine import Engine, Pair, VerifyConfig
from corpora.datasets.loaders import load_corpus
from corpora.dialects import parse_direction
from corpora.records import ArrayValue, Outcome, Program, UnitTest, Verdict
from gpu_runtime.backend import CompileRequest, Limits, Status
from gpu_runtime.call.binding import Binding, BindingError
from gpu_runtime.expectations import Expectations
from tester.generate.rules import count_elements
from tester.mutation.mutants import generate_mutants, sample_mutants
from tester.mutation.strength import make_stronger_suite
from translator.judge import judge, reject_early

TOLERANCE = 1e-4
LEAST_BLEU = 70.0
BEHIND = 4096
"""Elements behind the end of each array, which a port may read and write unseen."""
THREADS = 4
SEED = 777
USUAL = frozenset({"uniform", "integers", "indices", "normal", "permutation", "sorted"})
NO_PROGRAM = (Outcome.COMPILE_ERROR, Outcome.REFUSED)
CHECKS = ("one driver", "five tests", "BLEU", "this engine")
_CLAUSE = re.compile(r"\s(?:reduction|private|firstprivate|lastprivate)\s*\([^)]*\)")
_DIRECTIVE = re.compile(r"(?m)^\s*(?:#pragma|!\$)\s*omp\s+(?:atomic|critical|barrier|ordered).*$")


@dataclass(frozen=True, slots=True)
class Judged:
    """One port under every check. right: as it is made; None where nobody has shown it wrong.
    accepted: the checks of CHECKS that accept it.
    """

    name: str
    right: bool | None
    accepted: frozenset[str]


def list_variants(port: Program, each: int, seed: int) -> list[Program]:
    """Return wrong texts of a port, each with one mistake: every one in its directives, and `each`
    others.
    """
    made = [
        port.text[: m.start()] + port.text[m.end() :]
        for pattern in (_CLAUSE, _DIRECTIVE)
        for m in pattern.finditer(port.text)
    ]
    programs = [replace(port, text=text) for text in dict.fromkeys(made)]
    return [*programs, *(m.program for m in sample_mutants(generate_mutants(port), each, seed))]


def _is_usual(test: UnitTest) -> bool:
    fills = [a.fill for a in test.assignments if isinstance(a, ArrayValue)]
    return all(f is not None and f.kind in USUAL for f in fills) and count_elements(test) > 1


def choose_tests(expectations: Expectations) -> tuple[list[int], list[int]]:
    """Return the tests of the one driver, and the five small ones, as indices in the suite."""
    usual = [t for t, test in enumerate(expectations.suite.tests) if _is_usual(test)]
    usual = usual or list(range(len(expectations.suite.tests)))
    return usual[-1:], usual[:5]


def passes_values(
    expectations: Expectations, binding: Binding, compiled, engine: Engine, tests: Sequence[int]
) -> bool:
    """Whether a port gives the source's values on some tests within TOLERANCE, whatever else it
    does.
    """
    for t in tests:
        call, reference = expectations.calls[t], expectations.references[t]
        longer = replace(call, values=tuple(_lengthen(v) for v in call.values), threads=THREADS)
        try:
            given = replace(binding.arguments(longer), geometry=None)
        except BindingError:
            return False
        execution = engine.backend.run(compiled, [given], Limits(wall_s=20.0, cpu_s=20))[0]
        if execution.status is not Status.OK:
            return False
        values = binding.outputs(execution.values, longer)
        for wanted, found in zip(reference.values, values, strict=True):
            if not _is_close(wanted, found):
                return False
        if reference.result is not None and execution.result is not None:
            if not _is_close(reference.result, execution.result):
                return False
    return True


def _lengthen(value: np.ndarray) -> np.ndarray:
    return np.concatenate([value, np.zeros(BEHIND, value.dtype)]) if value.ndim == 1 else value


def _is_close(wanted: np.ndarray, found: np.ndarray) -> bool:
    found = found[: len(wanted)] if wanted.ndim == 1 else found
    if wanted.dtype.kind not in "fc":
        return bool(np.array_equal(wanted, found))
    with np.errstate(all="ignore"):
        return bool(np.allclose(found, wanted, TOLERANCE, TOLERANCE, equal_nan=True))


def judge_port(
    source: Program, port: Program, variants: Sequence[Program], engine: Engine
) -> Iterator[Judged]:
    """Judge a port and wrong texts of it by every check. Texts that do not compile are left out."""
    expectations = engine.expectations(source).expectations
    if expectations is None:
        return
    targets = [port, *variants]
    verdicts = [engine.verify(Pair(source, target)) for target in targets]
    bindings = [reject_early(source, expectations.signature, t) for t in targets]
    driver, five = choose_tests(expectations)
    stronger = make_stronger_suite(expectations, engine.backend, SEED)
    for k, (target, verdict, binding) in enumerate(zip(targets, verdicts, bindings, strict=True)):
        if not isinstance(binding, Binding) or (k and verdict.outcome in NO_PROGRAM):
            continue
        compiled = engine.backend.compile([CompileRequest(target, binding.target)])[0]
        found = set()
        if compiled.ok and passes_values(expectations, binding, compiled, engine, driver):
            found.add("one driver")
        if compiled.ok and passes_values(expectations, binding, compiled, engine, five):
            found.add("five tests")
        score = compute_bleu([target.text], [port.text])
        if score is not None and score.value >= LEAST_BLEU:
            found.add("BLEU")
        if verdict.outcome is Outcome.EQUIVALENT:
            found.add("this engine")
        shown = not {"one driver", "five tests", "this engine"} <= found
        if k and not shown and stronger is not None:
            shown = _is_refuted(judge(stronger, [target], engine.backend)[0])
        yield Judged(target.name, k == 0 or (False if shown else None), frozenset(found))


def _is_refuted(verdict: Verdict) -> bool:
    return verdict.equivalent is False


def format_table(rows: Sequence[Judged]) -> str:
    """Return the table of false accepts and false refusals."""
    right = [r for r in rows if r.right]
    wrong = [r for r in rows if r.right is False]
    lines = [
        f"{len(right)} right ports, {len(wrong)} wrong ones, "
        f"{sum(r.right is None for r in rows)} mutants set aside.",
        "",
        "| check | wrong ports accepted | right ports refused |",
        "| --- | --- | --- |",
    ]
    accepted = Counter(check for r in wrong for check in r.accepted)
    kept = Counter(check for r in right for check in r.accepted)
    for check in CHECKS:
        missed = len(right) - kept[check]
        lines.append(
            f"| {check} | {accepted[check]} ({accepted[check] / max(len(wrong), 1):.1%}) | "
            f"{missed} ({missed / max(len(right), 1):.1%}) |"
        )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--direction", default="cpp:openmp", help="default: cpp:openmp")
    parser.add_argument("--each", type=int, default=6, help="usual mutants of one port")
    parser.add_argument("--ports", type=int, default=40, help="most ports, evenly taken")
    args = parser.parse_args()
    try:
        direction = parse_direction(args.direction)
    except ValueError as error:
        print(f"field_checks: {error}", file=sys.stderr)
        return 2
    if direction.target.model not in ("serial", "openmp"):
        print(
            "field_checks: drivers run ports as compiled: --direction must end in a dialect of "
            "the CPU, such as cpp:openmp or cuda:cpp",
            file=sys.stderr,
        )
        return 2
    sources = {p.name: p for p in load_corpus("builtin", direction.source.name).programs}
    ports = {p.name: p for p in load_corpus("builtin", direction.target.name).programs}
    names = [name for name in ports if name in sources]
    count = min(args.ports, len(names))
    names = [names[k * len(names) // count] for k in range(count)]
    started, rows = time.perf_counter(), []
    engine = Engine("emulated", VerifyConfig())
    try:
        for k, name in enumerate(names):
            variants = list_variants(ports[name], args.each, k)
            engine.prepare([Pair(sources[name], v) for v in (ports[name], *variants)])
            rows += judge_port(sources[name], ports[name], variants, engine)
            print(f"{k + 1} of {count}: {name}", file=sys.stderr)
    finally:
        engine.close()
    print(f"Direction {args.direction}, {time.perf_counter() - started:.0f} s.\n")
    print(format_table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
