"""A whole program held against another one: which runs make the reference, which runs the target
has to pass.

Contract: `references` runs the source alone; `first_failure` runs the target on the tests that
hold, serial ones as they are and under sanitizers, OpenMP ones on several teams, schedules and
repeats, then under the race detector. Both return data.

    pytest tests/gpu_runtime/test_programs.py
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from corpora.dialects import dialect
from corpora.records import Outcome, Program
from corpora.suites.program_tests import ProgramTest
from gpu_runtime.backend import Status, Variant
from gpu_runtime.openmp.races import race_of
from gpu_runtime.programs.execute import (
    ProgramBuild,
    ProgramLimits,
    ProgramRun,
    Setting,
    build,
    run,
)
from gpu_runtime.programs.output import (
    ProgramReference,
    StreamDifference,
    compare_run,
    reference_of,
)

TEAMS = (
    Setting(1, "static"),
    Setting(2, "dynamic,1"),
    Setting(4, "static,1"),
    Setting(8, "guided"),
    Setting(3, "static"),
)
"""Teams and schedules that an OpenMP program is run with; what is wrong on one of them is wrong."""
REPEATS = 2
TEAM = Setting(4, "static")
MOVED = (Setting(1, "static", (86_461.5, 977.0)), Setting(1, "static", (3.25, 13.0)))
"""Runs of the source with other clocks: what they change hangs on the time."""
SOURCE_LIMITS = ProgramLimits(wall_s=10.0, cpu_s=20)
CHECK_PATIENCE = 6
LEAST_WALL_S = 5.0
TIME_FACTOR = 50.0
"""A target may take that many times as long as the source, and at least LEAST_WALL_S; a checked
build CHECK_PATIENCE times that.
"""
_FILES = re.compile(r"\bfopen\b|fstream\b|\bfreopen\b|^\s*open\s*\(", re.M | re.I)
_SHARED_OUT = re.compile(
    r"omp\b[^\n]*\b(?:schedule\s*\(\s*(?:dynamic|guided|runtime|auto)|task|taskloop|sections)",
    re.IGNORECASE,
)
"""OpenMP constructs that give work to whichever thread comes first."""


@dataclass(frozen=True, slots=True)
class Held:
    """A test that the source passes with itself. source_ms: of its plain run, in CPU or wall time,
    whatever is more.
    """

    test: ProgramTest
    reference: ProgramReference
    source_ms: float


@dataclass(frozen=True, slots=True)
class ProgramFailure:
    """test: index among the tests that hold, -1 where none decided."""

    outcome: Outcome
    test: int
    detail: str
    difference: StreamDifference | None = None


@dataclass(frozen=True, slots=True)
class ProgramTrial:
    """failure None: every run passed. active_threads: most threads seen to share the work, 0 where
    not known.
    """

    failure: ProgramFailure | None
    active_threads: int = 0


def outcome_of(seen: ProgramRun) -> Outcome:
    """The outcome that a run which did not end by itself means."""
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


def references(
    source: Program, built: ProgramBuild, tests: Sequence[ProgramTest]
) -> tuple[list[Held], str]:
    """The tests on which the source can be judged by, and why the first of the others cannot."""
    others = [b for v in (Variant.REASSOCIATED, Variant.SANITIZED) if (b := build(source, v)).ok]
    held, problem = [], ""
    for test in tests:
        found = _reference(source, built, others, test)
        if isinstance(found, Held):
            held.append(found)
        else:
            problem = problem or found
    return held, problem


def _reference(
    source: Program, built: ProgramBuild, others: Sequence[ProgramBuild], test: ProgramTest
) -> Held | str:
    parallel = dialect(source.dialect).model == "openmp"
    first = run(built, test, SOURCE_LIMITS, TEAM if parallel else Setting())
    if first.status is not Status.OK:
        return f"the source itself fails: {first.detail or first.status}"
    if not first.work_folder and _FILES.search(source.text):
        return (
            "the source uses files, and this machine has no private file system for them (no "
            "mount namespace)"
        )
    settings = [*MOVED, *(TEAMS if parallel else (Setting(),))]
    again = []
    for setting in settings:
        again.append(run(built, test, SOURCE_LIMITS, setting))
        if again[-1].status is not Status.OK:
            return f"the source fails when it is run again: {again[-1].detail or again[-1].status}"
    checked = []
    for other in others:
        seen = run(other, test, _patient(SOURCE_LIMITS), Setting())
        if seen.status is Status.TIMEOUT:
            continue
        if seen.status is not Status.OK:
            return f"the source has an error of its own: {seen.detail or seen.status}"
        checked.append(seen)
    found = reference_of(source, first, again, checked)
    if isinstance(found, str):
        return found
    if not found.says_something:
        return "the source writes nothing that stays the same: there is nothing to compare"
    return Held(test, found, max(first.elapsed_ms, first.cpu_ms))


def _patient(limits: ProgramLimits) -> ProgramLimits:
    return replace(
        limits, wall_s=CHECK_PATIENCE * limits.wall_s, cpu_s=CHECK_PATIENCE * limits.cpu_s
    )


# ---- the target ----


def first_failure(
    target: Program,
    built: ProgramBuild,
    held: Sequence[Held],
    same_language: bool,
    sanitize: bool = True,
) -> ProgramTrial:
    """Where the target first fails on the tests that hold, or that it does not."""
    parallel = dialect(target.dialect).model == "openmp"
    for i, one in enumerate(held):
        failure = (
            _on_teams(target, built, i, one, same_language)
            if parallel
            else _once(built, i, one, same_language, Setting())
        )
        if failure is not None:
            return ProgramTrial(failure)
    active = _active(target, held) if parallel else 0
    if not sanitize:
        return ProgramTrial(None, active)
    return ProgramTrial(_raced(target, held) if parallel else _sanitized(target, held), active)


def _limits(one: Held) -> ProgramLimits:
    wall_s = min(60.0, max(LEAST_WALL_S, TIME_FACTOR * 1e-3 * one.source_ms))
    return ProgramLimits(wall_s=wall_s, cpu_s=round(4 * wall_s))


def _once(
    built: ProgramBuild, i: int, one: Held, same_language: bool, setting: Setting
) -> ProgramFailure | None:
    seen = run(built, one.test, _limits(one), setting)
    team = f" (with {setting.threads} threads)" if setting.threads > 1 else ""
    if seen.status is not Status.OK:
        return ProgramFailure(outcome_of(seen), i, f"{seen.detail or seen.status}{team}")
    difference = compare_run(one.reference, seen, same_language)
    return difference and ProgramFailure(Outcome.MISMATCH, i, f"{difference}{team}", difference)


def _on_teams(
    target: Program, built: ProgramBuild, i: int, one: Held, same_language: bool
) -> ProgramFailure | None:
    passed = 0
    for setting in TEAMS:
        for _ in range(REPEATS if setting.threads > 1 else 1):
            failure = _once(built, i, one, same_language, setting)
            if failure is None:
                passed += setting.threads > 1
            elif failure.outcome is not Outcome.MISMATCH or setting.threads == 1:
                return failure
            else:
                return _raced(target, [one], i) or (
                    replace(failure, outcome=Outcome.NONDETERMINISTIC)
                    if passed and _varies(built, one, setting)
                    else failure
                )
    return None


def _varies(built: ProgramBuild, one: Held, setting: Setting) -> bool:
    """Whether the target prints now one thing, now another in one and the same setting."""
    outputs = {run(built, one.test, _limits(one), setting).stdout for _ in range(4)}
    return len(outputs) > 1


def _raced(target: Program, held: Sequence[Held], index: int = -1) -> ProgramFailure | None:
    watched = build(target, Variant.RACE_CHECKED)
    if not watched.ok:
        return None
    search = race_of(
        watched, [h.test for h in held], _patient(_limits(max(held, key=lambda h: h.source_ms)))
    )
    return (
        ProgramFailure(Outcome.RACE, index if index >= 0 else search.test, search.race)
        if search.race
        else None
    )


def _sanitized(target: Program, held: Sequence[Held]) -> ProgramFailure | None:
    checked = build(target, Variant.SANITIZED)
    for i, one in enumerate(held if checked.ok else ()):
        seen = run(checked, one.test, _patient(_limits(one)))
        if seen.status not in (
            Status.OK,
            Status.TIMEOUT,
        ):  # it is slow, and that the target ends was seen before
            return ProgramFailure(outcome_of(seen), i, seen.detail or str(seen.status))
    return None


def _active(target: Program, held: Sequence[Held]) -> int:
    """Most threads that shared the work of a parallel region; 0 where that is a matter of
    moments.
    """
    counted = build(target, Variant.RECORDED)
    if not counted.ok or _SHARED_OUT.search(target.text):
        return 0
    return max(
        (
            max(1, run(counted, one.test, _patient(_limits(one)), TEAM).active_threads)
            for one in held
        ),
        default=0,
    )
