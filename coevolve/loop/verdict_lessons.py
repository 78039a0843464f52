"""Verdicts as lessons for a model that learns from more than what is right: preferences and
rewards.

Contract: pure functions of a round's records. What was not decided (an invalid suite, a refused
target) is no lesson.

    python -c "from coevolve.loop.verdict_lessons import REWARDS; print(REWARDS)"
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from corpora.records import Candidate, Outcome, Program, UnitTestSuite, Verdict
from translator.prompting.answers import NOT_A_FUNCTION

REWARDS: dict[Outcome, float] = {
    Outcome.EQUIVALENT: 1.0,
    Outcome.MISMATCH: 0.3,
    Outcome.NONDETERMINISTIC: 0.3,
    Outcome.RACE: 0.3,
    Outcome.MEMORY_ERROR: 0.2,
    Outcome.RUNTIME_ERROR: 0.2,
    Outcome.TIMEOUT: 0.2,
    Outcome.COMPILE_ERROR: 0.0,
    Outcome.REFUSED: 0.0,
    Outcome.INVALID_SUITE: 0.0,
}
"""Nearer to right is worth more, but nothing wrong is worth half of what is right."""
NO_FUNCTION_REWARD = -0.2


@dataclass(frozen=True, slots=True)
class JudgedProgram:
    """A real program with the answers that were judged for it in one direction.

    program: the source. suite: its tests. direction: as `cpp:cuda`.
    right: texts found equivalent. wrong: texts found not equivalent.
    """

    program: Program
    suite: UnitTestSuite
    direction: str
    right: tuple[str, ...]
    wrong: tuple[str, ...]


def group_by_program(
    programs: Mapping[str, Program],
    suites: Mapping[str, UnitTestSuite],
    candidates: Iterable[Candidate],
    verdicts: Iterable[Verdict],
) -> list[JudgedProgram]:
    """Group judged candidates by program and direction, in the order of the candidates.

    programs, suites: by program id; programs without a suite are left out. Undecided candidates
        count neither as right nor as wrong.
    """
    outcome = {v.target_id: v for v in verdicts}
    sides: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
    for candidate in candidates:
        verdict = outcome.get(candidate.id)
        if candidate.source_id not in suites or verdict is None:
            continue
        right, wrong = sides.setdefault((candidate.source_id, candidate.direction), ([], []))
        if verdict.equivalent is not None:
            (right if verdict.equivalent else wrong).append(candidate.text)
    return [
        JudgedProgram(programs[i], suites[i], direction, tuple(right), tuple(wrong))
        for (i, direction), (right, wrong) in sides.items()
    ]


def make_preference_pairs(item: JudgedProgram, most: int) -> list[tuple[str, str]]:
    """Return up to `most` pairs (right text, wrong text), each text used as rarely as possible. The
    list is empty if there is no right or no wrong text.
    """
    count = min(most, max(len(item.right), len(item.wrong))) if item.right and item.wrong else 0
    return [
        (item.right[k % len(item.right)], item.wrong[k % len(item.wrong)]) for k in range(count)
    ]


def compute_reward(verdict: Verdict) -> float:
    """Return the reward of an answer with that verdict: 1 if it is equivalent, 0.2 or 0.3 if it ran
    and was wrong, -0.2 if it is no function, else 0 (as where it did not compile).
    """
    return (
        NO_FUNCTION_REWARD
        if verdict.detail.startswith(NOT_A_FUNCTION)
        else REWARDS[verdict.outcome]
    )
