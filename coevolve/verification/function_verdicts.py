"""Verdicts on two texts that share several functions: each function's own, and the one that speaks
for both texts.

Contract: `verify_pair(engine, pair)` asks for one function, by itself where the rest of its file
does not compile here; `combine_verdicts(told, asked)` is the verdict on the whole: the first
function that is not equivalent, else the first that is undecided, else equivalent with the least
strength of the suites.

    coevolve verify solver.cpp solver.omp.cpp
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from coevolve.verification.engine import Engine, Pair
from coevolve.verification.entry_functions import find_entry_names
from coevolve.verification.explain import NO_SUCH_FUNCTION, UNCALLABLE
from coevolve.verification.requests import separate_pair
from corpora.records import Blame, Outcome, Verdict
from gpu_runtime.call.parameter_names import normalize_name

FunctionVerdict = tuple[Pair, Verdict]
"""What was asked in the end, and the answer."""


def verify_pair(engine: Engine, pair: Pair) -> FunctionVerdict:
    """Judge `pair` and return (the pair that was judged, its verdict).

    Where the source does not compile within its file, both functions are judged apart from their
    files, and the pair of these is returned. If `pair.problem` is set the verdict is never
    EQUIVALENT. Raises SuiteError or SnippetError if the suite does not parse.
    """
    verdict = _name_lost_function(pair, engine.verify(pair))
    if pair.problem:
        return pair, verdict if verdict.equivalent is False else _undecided(verdict, pair.problem)
    broken = verdict.outcome is Outcome.COMPILE_ERROR and verdict.blame is Blame.SOURCE
    cut = separate_pair(pair) if broken else None
    if cut is None:
        return pair, verdict
    if cut.problem:
        return pair, replace(verdict, detail=f"{verdict.detail}; {cut.problem}")
    alone = engine.verify(cut)
    return (
        (pair, verdict)
        if alone.outcome is Outcome.COMPILE_ERROR and alone.blame is Blame.SOURCE
        else (cut, alone)
    )


def _name_lost_function(pair: Pair, verdict: Verdict) -> Verdict:
    """`verdict`; where the target's function cannot be called and is another than the source's,
    since the target has none of that name, its detail says so.
    """
    lost = (
        verdict.outcome is Outcome.COMPILE_ERROR
        and verdict.blame is Blame.TARGET
        and verdict.detail.startswith(UNCALLABLE)
        and normalize_name(pair.source.name) != normalize_name(pair.target.name)
    )
    if not lost:
        return verdict
    names = find_entry_names(pair.target.text, pair.target.dialect)
    if normalize_name(pair.source.name) in map(normalize_name, names):
        return verdict
    return replace(
        verdict,
        detail=f"{NO_SUCH_FUNCTION} '{pair.source.name}', and its '{pair.target.name}' is no such "
        f"function: {verdict.detail}",
    )


def _undecided(verdict: Verdict, problem: str) -> Verdict:
    """No verdict: blame is the source's where it says so."""
    blame = Blame.TARGET if problem.startswith("the target") else Blame.SOURCE
    return replace(
        verdict,
        outcome=Outcome.REFUSED,
        blame=blame,
        detail=problem,
        suite_id="",
        test_index=-1,
        buffer="",
        element=-1,
        expected="",
        actual="",
        tolerance="",
        launch="",
        suite_strength=None,
    )


def verify_until_difference(engine: Engine, pairs: Iterable[Pair]) -> list[FunctionVerdict]:
    """Judge pairs in order up to the first that is not equivalent. Returns (pair, verdict) for each
    judged pair. Raises SuiteError or SnippetError if a suite does not parse.
    """
    told: list[FunctionVerdict] = []
    for pair in pairs:
        told.append(verify_pair(engine, pair))
        if told[-1][1].equivalent is False:
            break
    return told


def combine_verdicts(judged: Sequence[FunctionVerdict], requested: int) -> Verdict:
    """Return one verdict for two texts from the verdicts on their functions.

    judged: (pair, verdict) of each judged function, at least one. requested: how many functions
        were to be judged.
    The result is the first that is not equivalent, else the first that is undecided. Else it is
    EQUIVALENT with the least suite strength. With several functions its detail names the function.
    """
    if requested == 1:
        return judged[0][1]
    for decided in (False, None):
        if (
            found := next(((p, v) for p, v in judged if v.equivalent is decided), None)
        ) is not None:
            return replace(found[1], detail=f"{found[0].source.name}: {found[1].detail}")
    verdicts = [verdict for _, verdict in judged]
    strengths = [v.suite_strength for v in verdicts if v.suite_strength is not None]
    detail = (
        f"{len(judged)} functions: {', '.join(f'{p.source.name} {v.detail}' for p, v in judged)}"
    )
    return replace(
        verdicts[-1],
        detail=detail,
        suite_strength=min(strengths, default=None),
        serial=any(v.serial for v in verdicts),
    )
