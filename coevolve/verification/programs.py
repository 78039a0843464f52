"""Whole programs (with `main` or Fortran's `program`) as source and target: the same Verdict, from
what they print, write and return.

Contract: `is_whole_program_pair` says whether a pair is such a one; `verify_programs` gives its
Verdict, never an exception for what programs do. Arguments and standard input are the tests: from a
suite in text form (corpora.suites.program_tests), else guessed from the source's text. A verdict's
`buffer` is the place (`stdout`, `exit status`, `file NAME`), its `element` the number of the token
there.

    coevolve verify heat.cpp heat.omp.cpp
"""

from __future__ import annotations

from dataclasses import replace

from corpora.dialects import get_dialect, get_model
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.fortran import parse_fortran
from corpora.frontends.queries import free_functions, functions_of
from corpora.records import Blame, Outcome, Program, Verdict
from corpora.suites.program_tests import (
    ProgramSuite,
    ProgramSuiteError,
    format_program_test,
    parse_program_suite,
)
from gpu_runtime.backend import Variant
from gpu_runtime.openmp.races import find_race_in_build
from gpu_runtime.programs.build import ProgramBuild
from gpu_runtime.programs.execute import build_program
from gpu_runtime.programs.guess_tests import guess_tests
from gpu_runtime.programs.trials import (
    ProgramFailure,
    SelfConsistentTest,
    find_first_failure,
    make_references,
)
from gpu_runtime.sandbox import lockdown as sandbox
from translator.judge import JudgeConfig

MAX_TESTS = 12
WHOLE = "main"
"""The entry name of a Program that is a whole program."""


def is_whole_program(text: str, dialect_name: str) -> bool:
    """Return whether `text` defines `main` or a Fortran main program. Raises ValueError for an
    unknown dialect.
    """
    if get_dialect(dialect_name).language == "fortran":
        if "program" not in text.lower():
            return False
        functions = functions_of(parse_fortran(text, dialect=dialect_name))
        return any(f.name and "program" in f.qualifiers for f in functions)
    return "main" in text and any(
        f.name == "main" for f in free_functions(parse_c_family(text, dialect_name))
    )


def is_whole_program_pair(source: Program, target: Program) -> bool:
    """Return whether both are whole programs: their `name` is `main` and their texts define `main`
    or a Fortran main program. Raises ValueError for an unknown dialect.
    """
    return (
        source.name == WHOLE
        and target.name == WHOLE
        and is_whole_program(source.text, source.dialect)
        and is_whole_program(target.text, target.dialect)
    )


def make_program_suite(source: Program, text: object) -> ProgramSuite:
    """Return the tests of a whole program.

    text: the suite in text form (a str), or None to guess arguments and input from the source's
        text. Raises ProgramSuiteError (a ValueError) if the text does not parse, has no test, or is
        a record of unit tests.
    """
    if not isinstance(text, str | None):
        raise ProgramSuiteError(
            "whole programs are tested with arguments and input, not with typed unit tests"
        )
    if text is None:
        return ProgramSuite(source.id, guess_tests(source)[:MAX_TESTS])
    tests = parse_program_suite(text)
    if not tests:
        raise ProgramSuiteError("the suite has no test")
    return ProgramSuite(source.id, tests, "user")


def verify_programs(
    source: Program, target: Program, suite: ProgramSuite, config: JudgeConfig = JudgeConfig()
) -> Verdict:
    """Run two whole programs on each test and return the verdict. Compared are output, exit status
    and files written. What the programs do wrong is in the verdict.

    suite: arguments and input of each run. config: how the target is run.
    Where the two differ, `buffer` of the verdict is the place (`stdout`, `exit status` or `file
    NAME`) and `element` the number of the token there, from 0. Raises ValueError for an unknown
    dialect.
    """
    missing = sandbox.find_missing_walls(sandbox.probe_features())
    backend = get_model(get_dialect(target.dialect).model).backend + (
        f"+degraded({','.join(missing)})" if missing else ""
    )
    base = Verdict(
        source.id, target.id, suite.id, Outcome.COMPILE_ERROR, Blame.SOURCE, backend=backend
    )
    for program, blame in ((source, Blame.SOURCE), (target, Blame.TARGET)):
        if (model := get_dialect(program.dialect).model) in ("cuda", "offload"):
            what = "CUDA programs" if model == "cuda" else "programs with target regions"
            reason = (
                f"whole {what} are not run: give a "
                f"{'kernel or a host ' if model == 'cuda' else ''}function, without main"
            )
            return replace(base, outcome=Outcome.REFUSED, blame=blame, detail=reason)
    built = build_program(source)
    if not built.ok:
        return replace(base, detail=_first_line(built))
    made = build_program(target)
    if not made.ok:
        return replace(base, blame=Blame.TARGET, detail=_first_line(made))
    if (race := _race_of_source(source, suite)) is not None:
        return replace(base, outcome=Outcome.RACE, detail=race)
    held, problem = make_references(source, built, suite.tests)
    if not held:
        return replace(base, outcome=Outcome.INVALID_SUITE, blame=Blame.SUITE, detail=problem)
    return _make_program_verdict(base, source, target, made, suite, held, config)


def _make_program_verdict(
    base: Verdict,
    source: Program,
    target: Program,
    made: ProgramBuild,
    suite: ProgramSuite,
    held: list[SelfConsistentTest],
    config: JudgeConfig,
) -> Verdict:
    same = get_dialect(source.dialect).language == get_dialect(target.dialect).language
    trial = find_first_failure(target, made, held, same, config.sanitize)
    parallel = get_dialect(target.dialect).model == "openmp"
    verdict = replace(base, blame=Blame.TARGET, serial=parallel and trial.active_threads == 1)
    if trial.failure is not None:
        return _make_failed_verdict(verdict, trial.failure, suite, held)
    if verdict.serial and config.require_parallel:
        return replace(
            verdict,
            outcome=Outcome.REFUSED,
            detail="serial: one thread does all the work of a parallel target",
        )
    return replace(
        verdict,
        outcome=Outcome.EQUIVALENT,
        blame=Blame.NOBODY,
        detail=f"passed {len(held)} tests of whole programs",
    )


def _make_failed_verdict(
    verdict: Verdict, failure: ProgramFailure, suite: ProgramSuite, held: list[SelfConsistentTest]
) -> Verdict:
    index = suite.tests.index(held[failure.test].test) if failure.test >= 0 else -1
    verdict = replace(verdict, outcome=failure.outcome, detail=failure.detail, test_index=index)
    found = failure.difference
    if found is None:
        return verdict
    return replace(
        verdict,
        buffer=found.place,
        element=found.token,
        expected=found.expected,
        actual=found.actual,
        tolerance=found.tolerance,
    )


def _race_of_source(source: Program, suite: ProgramSuite) -> str | None:
    """A data race of the source itself: then it is no measure."""
    if get_dialect(source.dialect).model != "openmp":
        return None
    watched = build_program(source, Variant.RACE_CHECKED)
    return find_race_in_build(watched, suite.tests).race or None if watched.ok else None


def _first_line(built: ProgramBuild) -> str:
    lines = [line.strip() for line in built.diagnostics.splitlines() if line.strip()]
    return next(
        (line for line in lines if "rror" in line),
        lines[0] if lines else "the compiler says nothing",
    )


def describe_program_verdict(suite: ProgramSuite, verdict: Verdict) -> list[str]:
    """Return lines for a person about a verdict on whole programs: the suite, the failing test, and
    the expected and actual values there. Where no test failed there is the first line alone. suite:
        that the verdict rests on.
    """
    lines = [f"  suite     {len(suite.tests)} tests of whole programs by {suite.author}"]
    if verdict.test_index >= 0:
        lines.append(f"  fails on  {format_program_test(suite.tests[verdict.test_index])[:300]}")
    if verdict.buffer:
        place = (
            verdict.buffer
            if verdict.element < 0
            else f"{verdict.buffer}, token {verdict.element + 1}:"
        )
        lines += [
            f"  expected  {place} {verdict.expected} (tolerance {verdict.tolerance})",
            f"  actual    {place} {verdict.actual}",
        ]
    return lines
