"""Data races of whole OpenMP programs: ThreadSanitizer with Archer, over several teams, schedules
and clocks.

Contract: `find_race` gives the first race that any run shows, or None with what was run. The
settings are the same for every program. A loop without a schedule clause may be shared out in any
way, so the watched build takes the schedule from the setting (gpu_runtime.openmp.lanes); a moved
clock changes what hangs on the time, such as seeds.

    python -c "from gpu_runtime.openmp.races import SETTINGS; print(SETTINGS)"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from corpora.records import Program
from corpora.suites.program_tests import ProgramTest
from gpu_runtime.backend import Status, Variant
from gpu_runtime.programs.execute import (
    ProgramBuild,
    ProgramLimits,
    RunSetting,
    build_program,
    run_program,
)

SETTINGS = (
    RunSetting(4, "static,1"),
    RunSetting(8, "dynamic,1", (1.0, 1.0001)),
    RunSetting(3, "static", (7.0, 1.0001)),
    RunSetting(4, "guided", (12.0, 1.0001)),
    RunSetting(2, "dynamic,1", (18.0, 1.0001)),
    RunSetting(8, "static,1", (23.0, 1.0001)),
)
"""The teams that a race is looked for on."""


@dataclass(frozen=True, slots=True)
class RaceSearch:
    """The result of a search for data races.

    race: one line that names the places of a data race, '' if no run shows one. test: index of the
        test that shows it, -1 for none.
    problem: why the search decides nothing, '' if it does. runs: how many runs were made.
    """

    race: str = ""
    test: int = -1
    problem: str = ""
    runs: int = 0


def find_race(
    program: Program,
    tests: Sequence[ProgramTest],
    limits: ProgramLimits = ProgramLimits(),
    settings: Sequence[RunSetting] = SETTINGS,
    cache_dir: Path | None = None,
) -> RaceSearch:
    """Build a whole program with a race detector and run each test in each setting until one shows
    a data race.

    tests: arguments and input of the runs. limits: of each run. settings: threads, schedule and
        clock of the runs. cache_dir: where builds are kept; None: the default cache. A program that
        does not compile gives a `problem`. Raises ProgramError if the sandbox fails, ToolchainError
        if the compiler is missing, ValueError for an unknown dialect.
    """
    built = build_program(program, Variant.RACE_CHECKED, cache_dir)
    if not built.ok:
        return RaceSearch(
            problem=f"does not compile: "
            f"{built.diagnostics.splitlines()[0] if built.diagnostics else ''}"
        )
    return find_race_in_build(built, tests, limits, settings)


def find_race_in_build(
    built: ProgramBuild,
    tests: Sequence[ProgramTest],
    limits: ProgramLimits = ProgramLimits(),
    settings: Sequence[RunSetting] = SETTINGS,
) -> RaceSearch:
    """Run each test in each setting of a program built as RACE_CHECKED, until one shows a data
    race. A test that takes too long is not run again.

    tests: arguments and input of the runs. limits: of each run. settings: threads, schedule and
        clock of the runs. Raises ValueError if it did not compile, ProgramError if the sandbox
        fails.
    """
    runs, ended, problem = 0, 0, ""
    too_long: set[int] = set()
    for setting in settings:
        for i, test in enumerate(tests):
            if i in too_long:
                continue
            seen = run_program(built, test, limits, setting)
            runs += 1
            if seen.status is Status.RACE:
                return RaceSearch(f"{seen.detail} (with {setting.threads} threads)", i, "", runs)
            ended += seen.status is Status.OK
            too_long |= {i} if seen.status is Status.TIMEOUT else set()
            problem = problem or (
                "" if seen.status is Status.OK else f"{seen.status}: {seen.detail}"
            )
    return RaceSearch(problem="" if ended else problem, runs=runs)
