"""What execution says about answers: compiled, callable, equivalent, item by item. No model is
asked here.

Contract: `score_items` gives one ItemScore for every item in order, whatever the answers are; equal
texts are judged once. Suites are made by rules from the source (no model has a hand in them) and
strengthened with mutants; tests that came with an item give a second score. Expected outputs stay
in the process that compares.

    coevolve eval --model small --corpus builtin --direction cpp:cuda --out result.json
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from coevolve.cli.progress import ProgressBar
from coevolve.cli.signals import process_pool
from coevolve.evaluation.corpus import EvalItem
from coevolve.evaluation.guarantees import make_guaranteed_suite
from coevolve.verification.engine import Engine, Pair, VerifyConfig, get_shared_engine
from coevolve.verification.explain import failing_input, locate_detail
from coevolve.verification.requests import find_entry_names
from corpora.cores import count_usable_cores
from corpora.dialects import get_dialect
from corpora.records import NOT_COMPILED, Blame, Program, Signature, UnitTestSuite, Verdict
from corpora.signatures.signature import SignatureError, read_signature
from gpu_runtime.backend import CompileRequest, ExecutionBackend
from gpu_runtime.call.binding import Binding
from tester.generate.snippets import SnippetError, run_snippet
from tester.validity import validate_suite
from translator.judge import reject_early

CHUNK = 16
"""Items that one process judges at a time; their answers are compiled together."""
_ENTRY = {
    "cpp": "\nvoid eval_entry() {}\n",
    "fortran": "\nsubroutine eval_entry()\nend subroutine\n",
}


@dataclass(frozen=True, slots=True)
class ScoringWork:
    """One item with the answers to score. An empty answer counts as wrong.

    item: the problem. answers: texts. target: the answers' dialect, such as `cuda`.
    """

    item: EvalItem
    answers: tuple[str, ...]
    target: str
    """Dialect of the answers."""


@dataclass(frozen=True, slots=True)
class ScoredAnswer:
    """What execution found about one answer.

    compiled: its text compiles alone. built: it can also be called in place of the source.
    passed: it is equivalent to the source. outcome: the verdict's outcome, such as `EQUIVALENT`;
        `NONE` for an empty answer. detail: the verdict's line on it.
    strength: share of mutants that the suite kills, in [0, 1], None where unknown.
    decided: False where the source has no valid suite.
    given: it passes the tests that came with the item; None where no such test holds for the
        source.
    serial: it passed, but one thread of a parallel answer does all the work.
    launch: the launch plan under which a bare kernel passed; '' otherwise.
    failing: the test on which it failed, as JSON values by name, such as `test`, `expected` and
        `actual`; None without one.
    """

    compiled: bool
    built: bool
    passed: bool
    outcome: str
    detail: str = ""
    strength: float | None = None
    decided: bool = True
    given: bool | None = None
    serial: bool = False
    launch: str = ""
    failing: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ItemScore:
    """Counts over the answers to one item.

    id, name, kind: of the item; name is its function's. samples: number of answers.
    compiled: how many answers compile alone. built: how many can be called in place of the source.
        passed: how many are equivalent to it. serial: how many passed in which one thread does all
        the work.
    first: the first answer. outcomes: number of answers by outcome.
    decided: False where the source has no valid suite. strength: of the suite, in [0, 1]; None
        where unknown.
    given_tests: number of tests that came with the item and hold for the source.
    given_passed: number of answers that pass these tests; None without such tests.
    passes: whether each answer passed, in order.
    speedups: one per answer, the source's time divided by the answer's, 0 for a wrong one; None
        where speed was not measured.
    judged: what was found about each answer, in order.
    """

    id: str
    name: str
    kind: str
    samples: int
    compiled: int
    built: int
    passed: int
    first: ScoredAnswer
    outcomes: dict[str, int]
    decided: bool
    strength: float | None
    given_tests: int = 0
    given_passed: int | None = None
    passes: tuple[bool, ...] = ()
    speedups: tuple[float, ...] | None = None
    serial: int = 0
    judged: tuple[ScoredAnswer, ...] = ()


def score_items(
    work: Sequence[ScoringWork],
    backend: str = "auto",
    config: VerifyConfig = VerifyConfig(),
    workers: int = 1,
) -> list[ItemScore]:
    """Judge all answers and return a score per item, in the order of `work`, while a progress bar
    shows.

    work: the items with their answers. backend: where CUDA runs: `auto`, `cuda` or `emulated`.
        config: how tests are made and programs judged. workers: number of processes that execute.
        Raises BackendError if the back end cannot run here.
    """
    chunks = [tuple(work[i : i + CHUNK]) for i in range(0, len(work), CHUNK)]
    scores: list[ItemScore] = []
    with ProgressBar("executing answers", len(work)) as bar:
        for found in _results(chunks, backend, config, min(workers, len(chunks))):
            scores += found
            bar.advance(len(found), f"{sum(s.passed > 0 for s in scores)} solved")
    return scores


def count_default_workers() -> int:
    """Return the number of processes that score answers: one per usable core, from 1 to 8."""
    return max(1, min(8, count_usable_cores()))


def _results(
    chunks: list[tuple[ScoringWork, ...]], backend: str, config: VerifyConfig, workers: int
) -> Iterator[list[ItemScore]]:
    if workers < 2:
        for chunk in chunks:
            yield score_chunk(chunk, backend, config)
        return
    # Not forked: the threads of a model that was open in this process would be copied in whatever
    # state they are.
    with process_pool(workers, start="spawn", at_end=partial(_close, backend, config)) as pool:
        waiting = [pool.submit(score_chunk, chunk, backend, config) for chunk in chunks]
        for future in waiting:
            yield future.result()


def _close(backend: str, config: VerifyConfig) -> None:
    get_shared_engine(backend, config).close()


def score_chunk(
    chunk: Sequence[ScoringWork], backend: str, config: VerifyConfig
) -> list[ItemScore]:
    """Judge the answers of a few items in this process, compiled together. Returns a score per
    item, in order.

    chunk: the items with their answers. backend: where CUDA runs: `auto`, `cuda` or `emulated`.
        config: how tests are made and programs judged. Raises ValueError if that back end cannot
        run here.
    """
    engine = get_shared_engine(backend, config)
    engine.prepare(
        [
            Pair(w.item.judged_as, make_answer_program(text, w))
            for w in chunk
            for text in dict.fromkeys(w.answers)
        ]
    )
    return [_make_item_score(w, engine) for w in chunk]


def make_answer_program(text: str, work: ScoringWork) -> Program:
    """Return an answer as a Program. Its entry is the function called like the item's source
    (without regard to case and a last underscore), else the last one of the text.

    text: of the answer. work: the item that it answers.
    """
    name = work.item.source.name
    names = find_entry_names(text, work.target)
    same = [n for n in names if n.lower().rstrip("_") == name.lower().rstrip("_")]
    return Program(work.target, (same or names or [name])[-1], text)


def _make_item_score(work: ScoringWork, engine: Engine) -> ItemScore:
    texts = list(dict.fromkeys(work.answers))
    suite = make_guaranteed_suite(work.item, engine)
    pairs = {
        text: Pair(work.item.judged_as, make_answer_program(text, work), suite)
        for text in texts
        if text.strip()
    }
    verdicts = {text: engine.verify(pair) for text, pair in pairs.items()}
    alone = _compiles(
        [t for t, v in verdicts.items() if v.outcome in NOT_COMPILED or v.equivalent is None],
        work.target,
        engine.backend,
    )
    judged = {t: _make_scored_answer(t, v, work, alone.get(t, True)) for t, v in verdicts.items()}
    tests, given = _run_given_tests(work, [t for t in texts if t in verdicts], engine)
    judged = {
        t: replace(
            j,
            given=given.get(t),
            failing=None
            if j.passed
            else failing_input(engine, pairs[t], verdicts[t], smallest=False),
        )
        for t, j in judged.items()
    }
    nothing = ScoredAnswer(
        False, False, False, "NONE", "nothing was written", given=False if tests else None
    )
    each = [judged.get(text, nothing) for text in work.answers]
    strengths = [j.strength for j in each if j.strength is not None]
    return ItemScore(
        work.item.id,
        work.item.source.name,
        work.item.kind,
        len(each),
        sum(j.compiled for j in each),
        sum(j.built for j in each),
        sum(j.passed for j in each),
        each[0],
        dict(sorted(Counter(j.outcome for j in each).items())),
        all(j.decided for j in each),
        strengths[0] if strengths else None,
        tests,
        sum(bool(j.given) for j in each) if tests else None,
        tuple(j.passed for j in each),
        serial=sum(j.serial for j in each),
        judged=tuple(each),
    )


def _make_scored_answer(
    text: str, verdict: Verdict, work: ScoringWork, alone: bool
) -> ScoredAnswer:
    undecided = verdict.equivalent is None and verdict.blame is not Blame.TARGET
    # the source gave no expectation, so whether the answer can be called is asked without running
    # it
    if undecided:
        built = alone and _callable(work.item.judged_as, make_answer_program(text, work))
    else:
        built = verdict.outcome not in NOT_COMPILED
    return ScoredAnswer(
        built or alone,
        built,
        verdict.equivalent is True,
        verdict.outcome.value,
        locate_detail(verdict.detail),
        verdict.suite_strength,
        not undecided,
        serial=verdict.equivalent is True and verdict.serial,
        launch=verdict.launch,
    )


def _callable(source: Program, target: Program) -> bool:
    try:
        return isinstance(reject_early(source, read_signature(source), target), Binding)
    except SignatureError:
        return False


def _compiles(texts: Sequence[str], target: str, backend: ExecutionBackend) -> dict[str, bool]:
    """Whether each text compiles by itself, whatever its functions are: an empty entry is put
    behind it.
    """
    entry = _ENTRY[get_dialect(target).language]
    requests = [
        CompileRequest(Program(target, "eval_entry", t + entry), Signature("eval_entry", ()))
        for t in texts
    ]
    return {
        t: c.ok for t, c in zip(texts, backend.compile(requests) if requests else (), strict=True)
    }


def _run_given_tests(
    work: ScoringWork, texts: Sequence[str], engine: Engine
) -> tuple[int, dict[str, bool]]:
    """(tests that came with the item and are valid, which texts pass them all)."""
    source = work.item.judged_as
    if not work.item.snippets:
        return 0, {}
    try:
        signature = read_signature(source)
    except SignatureError:
        return 0, {}
    tests = _snippet_tests(work.item, signature, engine.backend)
    if not tests:
        return 0, {}
    checked = validate_suite(
        source, signature, UnitTestSuite(source.id, tests, "user"), engine.backend, prune=True
    )
    if checked.expectations is None:
        return 0, {}
    plain = Engine(
        engine.backend, replace(engine.config, mutants=0)
    )  # how strong their tests are decides nothing
    suite = checked.expectations.suite
    return len(suite.tests), {
        t: plain.verify(Pair(source, make_answer_program(t, work), suite)).equivalent is True
        for t in texts
    }


def _snippet_tests(item: EvalItem, signature: Signature, backend: ExecutionBackend) -> tuple:
    """Typed tests of an item's snippets: all in one compile, one by one where that fails."""
    named = replace(signature, name=item.source.name)
    try:
        return run_snippet(
            "\n\n".join(s.replace("\n\n", "\n") for s in item.snippets), named, backend
        ).tests
    except SnippetError:
        pass
    found: list = []
    for snippet in item.snippets:
        try:
            found += run_snippet(snippet, named, backend).tests
        except SnippetError:
            # a snippet that records nothing is no test; the count of tests in the result shows it
            continue
    return tuple({t.id: t for t in found}.values())
