"""A whole program held against another one: which runs make the reference, which runs the target
has to pass.

Contract: `make_references` runs the source alone; `find_first_failure` runs the target on the tests
that hold, serial ones as they are and under sanitizers, OpenMP ones on several teams, schedules and
repeats, then under the race detector. Both return data.

    pytest tests/gpu_runtime/test_programs.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from corpora.dialects import get_dialect
from corpora.frontends.queries import undeclared_names
from corpora.ir import Call, NamedType, Pragma, find, names_in
from corpora.records import Outcome, Program
from corpora.suites.program_tests import ProgramTest
from gpu_runtime.backend import Status, Variant
from gpu_runtime.launch.thresholds import parse_text
from gpu_runtime.openmp.races import find_race_in_build
from gpu_runtime.programs.execute import (
    ProgramBuild,
    ProgramLimits,
    ProgramRun,
    RunSetting,
    build_program,
    run_program,
)
from gpu_runtime.programs.output import (
    ProgramReference,
    StreamDifference,
    compare_run,
    make_reference,
)

TEAMS = (
    RunSetting(1, "static"),
    RunSetting(2, "dynamic,1"),
    RunSetting(4, "static,1"),
    RunSetting(8, "guided"),
    RunSetting(3, "static"),
)
"""Teams and schedules that an OpenMP program is run with; what is wrong on one of them is wrong."""
REPEATS = 2
TEAM = RunSetting(4, "static")
MOVED = (RunSetting(1, "static", (86_461.5, 977.0)), RunSetting(1, "static", (3.25, 13.0)))
"""Runs of the source with other clocks: what they change hangs on the time."""
SOURCE_LIMITS = ProgramLimits(wall_s=10.0, cpu_s=20)
CHECK_PATIENCE = 6
MIN_WALL_S = 5.0
TIME_FACTOR = 50.0
"""A target may take that many times as long as the source, and at least MIN_WALL_S; a checked
build CHECK_PATIENCE times that.
"""
_FILES = frozenset({"fopen", "freopen", "fstream", "ifstream", "ofstream", "open"})
_SHARED_WORK = frozenset({"task", "taskloop", "sections"})
_SHARED_SCHEDULES = frozenset({"dynamic", "guided", "runtime", "auto"})
"""OpenMP constructs that give work to whichever thread comes first."""


@dataclass(frozen=True, slots=True)
class SelfConsistentTest:
    """A test of a whole program on which all runs of the source agree. test: its arguments and
    input. reference: what the runs gave. source_ms: milliseconds of the source's plain run, CPU or
    wall time, whichever is more.
    """

    test: ProgramTest
    reference: ProgramReference
    source_ms: float


@dataclass(frozen=True, slots=True)
class ProgramFailure:
    """How a target failed. outcome: the verdict's word. test: index from 0 among the tests given,
    -1 where none decided. detail: one line. difference: where a value differs; None for another
    failure.
    """

    outcome: Outcome
    test: int
    detail: str
    difference: StreamDifference | None = None


@dataclass(frozen=True, slots=True)
class ProgramTrial:
    """The result of a target's runs. failure: the first; None if every run passed. active_threads:
    most threads seen to share the work, 0 where unknown.
    """

    failure: ProgramFailure | None
    active_threads: int = 0


def _uses_files(program: Program) -> bool:
    """Whether the text opens a file, by what it does not declare itself."""
    unit = parse_text(program.text, program.dialect)
    if get_dialect(program.dialect).language == "fortran":
        return any(getattr(c.function, "id", "") == "open" for c in find(unit.items, Call))
    types = {t.name.rpartition("::")[2] for t in find(unit.items, NamedType)}
    return bool(_FILES & (undeclared_names(unit) | types))


def _hands_out_work(program: Program) -> bool:
    """Whether a directive gives work to whichever thread comes first."""
    unit = parse_text(program.text, program.dialect)
    for pragma in find(unit.items, Pragma):
        schedules = [c for c in pragma.clauses if c.name.lower() == "schedule"]
        kinds = {name.lower() for c in schedules for name in names_in(c.arguments)}
        if pragma.family == "omp" and (
            _SHARED_WORK & set(pragma.directive.split()) or _SHARED_SCHEDULES & kinds
        ):
            return True
    return False


def choose_outcome(seen: ProgramRun) -> Outcome:
    """Return the outcome of the verdict on a program whose run `seen` did not end by itself, such
    as TIMEOUT.
    """
    memory = seen.status is Status.SIGNAL and seen.detail.startswith(("SIGSEGV", "SIGBUS"))
    arithmetic = any(
        w in seen.detail
        for w in ("overflow", "division", "shift", "not a valid value", "outside the range")
    )
    if seen.status is Status.SANITIZER:
        memory = not arithmetic or "buffer-overflow" in seen.detail
    if memory:
        return Outcome.MEMORY_ERROR
    table = {
        Status.TIMEOUT: Outcome.TIMEOUT,
        Status.RACE: Outcome.RACE,
        Status.FORBIDDEN: Outcome.REFUSED,
    }
    return table.get(seen.status, Outcome.RUNTIME_ERROR)


# ---- the source ----


def make_references(
    source: Program, built: ProgramBuild, tests: Sequence[ProgramTest]
) -> tuple[list[SelfConsistentTest], str]:
    """Run the source on each test, several times and in other builds. Returns (the tests on which
    it agrees with itself, why the first other test is left out); the second is '' if none is.

    source: the program. built: its build as PLAIN. Raises ProgramError if the sandbox fails,
        ValueError if the build failed or for an unknown dialect.
    """
    others = [
        b for v in (Variant.REASSOCIATED, Variant.SANITIZED) if (b := build_program(source, v)).ok
    ]
    held, problem = [], ""
    for test in tests:
        found = _reference(source, built, others, test)
        if isinstance(found, SelfConsistentTest):
            held.append(found)
        else:
            problem = problem or found
    return held, problem


def _reference(
    source: Program, built: ProgramBuild, others: Sequence[ProgramBuild], test: ProgramTest
) -> SelfConsistentTest | str:
    parallel = get_dialect(source.dialect).model == "openmp"
    first = run_program(built, test, SOURCE_LIMITS, TEAM if parallel else RunSetting())
    if first.status is not Status.OK:
        return f"the source itself fails: {first.detail or first.status}"
    if not first.work_folder and _uses_files(source):
        return (
            "the source uses files, and this machine has no private file system for them (no "
            "mount namespace)"
        )
    settings = [*MOVED, *(TEAMS if parallel else (RunSetting(),))]
    again = []
    for setting in settings:
        again.append(run_program(built, test, SOURCE_LIMITS, setting))
        if again[-1].status is not Status.OK:
            return f"the source fails when it is run again: {again[-1].detail or again[-1].status}"
    checked = []
    for other in others:
        seen = run_program(other, test, _extend_limits(SOURCE_LIMITS), RunSetting())
        if seen.status is Status.TIMEOUT:
            continue
        if seen.status is not Status.OK:
            return f"the source has an error of its own: {seen.detail or seen.status}"
        checked.append(seen)
    found = make_reference(source, first, again, checked)
    if isinstance(found, str):
        return found
    if not found.says_something:
        return "the source writes nothing that stays the same: there is nothing to compare"
    return SelfConsistentTest(test, found, max(first.elapsed_ms, first.cpu_ms))


def _extend_limits(limits: ProgramLimits) -> ProgramLimits:
    return replace(
        limits, wall_s=CHECK_PATIENCE * limits.wall_s, cpu_s=CHECK_PATIENCE * limits.cpu_s
    )


# ---- the target ----


def find_first_failure(
    target: Program,
    built: ProgramBuild,
    held: Sequence[SelfConsistentTest],
    same_language: bool,
    sanitize: bool = True,
) -> ProgramTrial:
    """Run the target on the tests and return its first failure, if any.

    built: the build of the target as PLAIN. held: the tests, each with what it must give.
        same_language: source and target share a language, so that stderr is compared too. sanitize:
        also run under sanitizers or the race detector. Raises ProgramError if the sandbox fails,
        ValueError for an unknown dialect.
    """
    parallel = get_dialect(target.dialect).model == "openmp"
    for i, one in enumerate(held):
        failure = (
            _on_teams(target, built, i, one, same_language)
            if parallel
            else _run_once(built, i, one, same_language, RunSetting())
        )
        if failure is not None:
            return ProgramTrial(failure)
    active = _active(target, held) if parallel else 0
    if not sanitize:
        return ProgramTrial(None, active)
    return ProgramTrial(
        _find_race_failure(target, held) if parallel else _find_sanitizer_failure(target, held),
        active,
    )


def _limits(one: SelfConsistentTest) -> ProgramLimits:
    wall_s = min(60.0, max(MIN_WALL_S, TIME_FACTOR * 1e-3 * one.source_ms))
    return ProgramLimits(wall_s=wall_s, cpu_s=round(4 * wall_s))


def _run_once(
    built: ProgramBuild, i: int, one: SelfConsistentTest, same_language: bool, setting: RunSetting
) -> ProgramFailure | None:
    seen = run_program(built, one.test, _limits(one), setting)
    team = f" (with {setting.threads} threads)" if setting.threads > 1 else ""
    if seen.status is not Status.OK:
        return ProgramFailure(choose_outcome(seen), i, f"{seen.detail or seen.status}{team}")
    difference = compare_run(one.reference, seen, same_language)
    return difference and ProgramFailure(Outcome.MISMATCH, i, f"{difference}{team}", difference)


def _on_teams(
    target: Program, built: ProgramBuild, i: int, one: SelfConsistentTest, same_language: bool
) -> ProgramFailure | None:
    passed = 0
    for setting in TEAMS:
        for _ in range(REPEATS if setting.threads > 1 else 1):
            failure = _run_once(built, i, one, same_language, setting)
            if failure is None:
                passed += setting.threads > 1
            elif failure.outcome is not Outcome.MISMATCH or setting.threads == 1:
                return failure
            else:
                return _find_race_failure(target, [one], i) or (
                    replace(failure, outcome=Outcome.NONDETERMINISTIC)
                    if passed and _varies(built, one, setting)
                    else failure
                )
    return None


def _varies(built: ProgramBuild, one: SelfConsistentTest, setting: RunSetting) -> bool:
    """Whether the target prints now one thing, now another in one and the same setting."""
    outputs = {run_program(built, one.test, _limits(one), setting).stdout for _ in range(4)}
    return len(outputs) > 1


def _find_race_failure(
    target: Program, held: Sequence[SelfConsistentTest], index: int = -1
) -> ProgramFailure | None:
    watched = build_program(target, Variant.RACE_CHECKED)
    if not watched.ok:
        return None
    search = find_race_in_build(
        watched,
        [h.test for h in held],
        _extend_limits(_limits(max(held, key=lambda h: h.source_ms))),
    )
    return (
        ProgramFailure(Outcome.RACE, index if index >= 0 else search.test, search.race)
        if search.race
        else None
    )


def _find_sanitizer_failure(
    target: Program, held: Sequence[SelfConsistentTest]
) -> ProgramFailure | None:
    checked = build_program(target, Variant.SANITIZED)
    for i, one in enumerate(held if checked.ok else ()):
        seen = run_program(checked, one.test, _extend_limits(_limits(one)))
        if seen.status not in (
            Status.OK,
            Status.TIMEOUT,
        ):  # it is slow, and that the target ends was seen before
            return ProgramFailure(choose_outcome(seen), i, seen.detail or str(seen.status))
    return None


def _active(target: Program, held: Sequence[SelfConsistentTest]) -> int:
    """Most threads that shared the work of a parallel region; 0 where that is a matter of
    moments.
    """
    counted = build_program(target, Variant.RECORDED)
    if not counted.ok or _hands_out_work(target):
        return 0
    return max(
        (
            max(
                1, run_program(counted, one.test, _extend_limits(_limits(one)), TEAM).active_threads
            )
            for one in held
        ),
        default=0,
    )
