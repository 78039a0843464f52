"""The stages of a round, each a function from finished files to one more finished file.

Contract: a stage returns at once when its file exists; it writes it atomically at the end. Results
are put in input order before they are written, so equal seeds give equal bytes however the workers
were scheduled. Timing goes to `timings.jsonl` only.

    python -c "from coevolve.loop.stages import make_suites; help(make_suites)"
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Generic

from coevolve.cli.progress import show_stage
from coevolve.config.schema import Config
from coevolve.loop.directions import find_checkpoints, list_translators
from coevolve.loop.experience import gather_triplets
from coevolve.loop.join_stage import AUTHOR as JOINED, join_ports
from coevolve.loop.run_folder import Journal, RoundPaths, RunFolder
from coevolve.loop.run_pretraining import run_pretraining
from coevolve.loop.services import TesterService, TranslatorService
from coevolve.loop.stage_run import (
    Run,
    confirm_accepted,
    follow_training,
    group_for_judging,
    judge_candidates,
)
from coevolve.loop.verdict_lessons import JudgedProgram, group_by_program
from coevolve.loop.workers import Result, WorkerPool, map_unordered, stream_results
from coevolve.verification.verifier import PreparedSuite, Verifier, make_target_program
from corpora.records import (
    Candidate,
    Outcome,
    Program,
    Triplet,
    UnitTestSuite,
    Verdict,
    content_hash,
)
from corpora.store import StoreError, count_jsonl, read_jsonl
from gpu_runtime.models.protocol import Sampling


def run_cold_start(run: Run) -> None:
    """Train the models of round 0 on generated pairs and suites, from nothing or from a pretrained
    model, and save them in the folder of round 0.

    Configured steps of pretraining on unpaired functions come first. It does nothing if all models
    exist. Raises LeakError if a training program is a held-out one.
    """
    if has_all_models(run, 0):
        return
    paths, protected = run.folder.round(0), run.corpus.protected
    before = run_pretraining(run)
    taught = run.config.cold_start

    def before_steps(examples: int) -> str:
        return "preparing" if examples else "loads and copies the model"

    with run.timed(0, "cold start"):
        for served in list_translators(run.config):
            folder = paths.folder / served.name
            if not run.folder.is_finished(folder):
                follow_training(
                    run,
                    f"cold start: {served.label}",
                    run.workers.translators,
                    TranslatorService.cold_start,
                    protected,
                    str(folder),
                    served.directions,
                    before,
                    before=before_steps(taught.generated),
                )
                with show_stage(f"cold start: {served.label}: sealing its checkpoint"):
                    run.folder.seal(folder)
        if not run.folder.is_finished(paths.tester):
            follow_training(
                run,
                "cold start: Tester",
                run.workers.testers,
                TesterService.cold_start,
                protected,
                str(paths.tester),
                before=before_steps(taught.suites),
            )
            with show_stage("cold start: Tester: sealing its checkpoint"):
                run.folder.seal(paths.tester)


def has_all_models(run: Run, number: int) -> bool:
    """Return whether every model of round `number` (0: the cold start) has its checkpoint folder.
    Raises ConfigError if one is not as it was when its stage finished.
    """
    paths = run.folder.round(number)
    return all(
        run.folder.is_finished(path)
        for path in (*find_checkpoints(run.config, paths.folder), paths.tester)
    )


def are_all_finished(config: Config, folder: RunFolder) -> bool:
    """Return whether every stage of the run in `folder` has finished, so that no worker is needed.
    Files are not compared with their seals. Raises ConfigError if the manifest is damaged.
    """
    needed = [folder.evaluation_suites]
    for number in range(config.round.count + 1):
        paths = folder.round(number)
        needed += [*find_checkpoints(config, paths.folder), paths.tester, paths.evaluation]
        if number:
            needed += [paths.suites, paths.suite_counts, paths.verdicts, paths.triplets]
            needed += [paths.control.evaluation] * config.round.control
    return all(map(folder.was_made, needed))


def make_suites(run: Run, number: int) -> None:
    """Write the files `suites` and `suite_counts` of round `number` (see RoundPaths). The Tester
    proposes tests for the real programs; verifiers check and complete them. If the files exist,
    nothing is done.
    """
    paths = run.folder.round(number)
    if run.folder.is_finished(paths.suites) and run.folder.is_finished(paths.suite_counts):
        paths.preparing.clear()  # if a process was killed before it could
        return
    programs = list(
        _by_id(run).values()
    )  # once, though several directions start from it: a suite serves them all
    checkpoint = str(run.folder.round(run.proposers(number)).tester)
    sampling = run.sampling(run.config.round.suites, run.config.round.temperature, "suites", number)
    with run.timed(number, "suites"):
        prepared = propose_suites(
            run, f"round {number}: suites", programs, checkpoint, sampling, paths.preparing
        )
        kept = [p.suite for p in prepared if p.suite is not None]
        run.folder.finish_records(paths.suites, kept)
        run.folder.finish_value(paths.suite_counts, count_suites(prepared))
    paths.preparing.clear()


def propose_suites(
    run: Run,
    label: str,
    programs: list[Program],
    checkpoint: str,
    sampling: Sampling,
    journal: Journal | None = None,
) -> list[PreparedSuite]:
    """Ask the Tester in the folder `checkpoint` for tests of `programs` and have verifiers make
    suites of them.

    label: words for the progress bar. sampling: how many answers per program, and how they are
        drawn. journal: keeps what is made while the call runs, so that a second call after a kill
        makes only the rest; None: it is not kept.
    Returns one result per program, in order: its suite, or why there is none.
    """
    chunks = run.chunks(programs)
    known = journal.view(PreparedSuite) if journal else {}
    prepared: dict[int, list[PreparedSuite]] = dict(known.items())
    gathered = _ByChunk[PreparedSuite]()

    def expand(index: int, proposals: list) -> list[tuple]:
        gathered.expect(index, len(chunks[index]))
        return [(program, proposed) for program, proposed in zip(chunks[index], proposals)]

    ahead = [(chunk,) for k, chunk in enumerate(chunks) if k not in known]
    asked = [(checkpoint, chunk, sampling) for chunk in chunks]
    known_before = [p for found in prepared.values() for p in found]
    valid = sum(p.suite is not None for p in known_before)
    own = sum(p.suite is not None and p.valid > 0 for p in known_before)
    with run.bar(label, len(programs)) as bar:
        for _ in map_unordered(run.workers.verifiers, Verifier.compile_ahead, ahead):
            # many programs in one compiler run; on other machines than the one that did it,
            # `prepare` compiles anew
            pass
        bar.advance(len(known_before))
        for (index, place), result in stream_results(
            run.workers.testers,
            TesterService.propose,
            asked,
            run.workers.verifiers,
            Verifier.prepare,
            expand,
            done=known,
            waited=lambda: bar.set(bar.done),
        ):
            if (whole := gathered.add(index, place, result)) is not None:
                prepared[index] = whole
                if journal:
                    journal.add(index, whole)
            valid += result.suite is not None
            own += result.suite is not None and result.valid > 0
            bar.advance(note=f"{valid} valid, {own or 'none'} with tests of the Tester")
    return [each for index in sorted(prepared) for each in prepared[index]]


class _ByChunk(Generic[Result]):
    """Results that arrive in any order, put together by chunk."""

    def __init__(self) -> None:
        self._slots: dict[int, list[Result | None]] = {}

    def expect(self, chunk: int, count: int) -> None:
        """Wait for `count` results of a chunk."""
        self._slots[chunk] = [None] * count

    def add(self, chunk: int, place: int, result: Result) -> list[Result] | None:
        """Return the results of `chunk` in order if `result` is the last of them, else None."""
        slots = self._slots[chunk]
        slots[place] = result
        whole = [each for each in slots if each is not None]
        if len(whole) < len(slots):
            return None
        del self._slots[chunk]
        return whole


def count_suites(prepared: list[PreparedSuite]) -> dict:
    """Return counts by name: `programs`, `programs_with_suite`, `tests_proposed` and `tests_valid`
    (tests of the Tester), `answers` and `answers_with_valid_test` (of the Tester), and `no_suite`,
    the number of programs without a suite by reason.

    prepared: one result per program.
    """
    reasons = Counter(p.reason for p in prepared if p.suite is None)
    return {
        "programs": len(prepared),
        "programs_with_suite": sum(p.suite is not None for p in prepared),
        "tests_proposed": sum(p.written for p in prepared),
        "tests_valid": sum(p.valid for p in prepared),
        "answers": sum(p.answers for p in prepared),
        "answers_with_valid_test": sum(p.good_answers for p in prepared),
        "no_suite": dict(sorted(reasons.items())),
    }


def propose_and_verify(run: Run, number: int) -> None:
    """Write the candidates of round `number` and the verdicts on them to its files `proposals` and
    `verdicts` (see RoundPaths). Verifiers work while the Translator still generates. What is known
    is kept in journals, chunk by chunk, so that a killed stage goes on where it was and no list of
    all verdicts is held in memory (but with `round.by_parts`). It does nothing if the verdicts
    exist. Raises StoreError if the suites' file is damaged.
    """
    paths = run.folder.round(number)
    if run.folder.is_finished(paths.verdicts):
        run.folder.is_finished(paths.proposals)
        _clear_journals(paths)  # if a process was killed before it could
        return
    suites = {s.program_id: s for s in read_jsonl(paths.suites, UnitTestSuite)}
    work = [
        (direction, chunk)
        for direction, side in run.sides()
        for chunk in run.chunks([p for p in side if p.id in suites])
    ]
    if not work:
        run.folder.finish_records(paths.proposals, [])
        run.folder.finish_records(paths.verdicts, [])
        return
    with run.timed(number, "propose and verify"):
        everything = range(len(work))
        has_all = paths.proposing.chunks().issuperset(everything)
        if run.folder.is_finished(paths.proposals) and not has_all:
            known = _read_asked(paths)  # its journal is gone
            verdicts = judge_candidates(run, f"round {number}: verify", known, _by_id(run), suites)
            _finish_verdicts(run, number, known, verdicts, suites)
        else:
            _stream_candidates(run, number, work, suites)
            if run.config.round.by_parts:
                known = [c for k in everything for c in paths.proposing.read(k, Candidate)]
                verdicts = [v for k in everything for v in paths.judging.read(k, Verdict)]
                _finish_verdicts(run, number, known, verdicts, suites)
            else:
                confirmed = _confirm_in_order(run, paths, everything)
                run.folder.finish_records(paths.verdicts, confirmed)
    _clear_journals(paths)


CONFIRMED_AT_ONCE = 1024
"""Verdicts from which on those in memory are confirmed and written, while the stage's file is made.
"""


def _confirm_in_order(run: Run, paths: RoundPaths, chunks: Sequence[int]) -> Iterator[Verdict]:
    """The verdicts on chunks of candidates, in order, after the real compiler was asked. Not many
    more than CONFIRMED_AT_ONCE are in memory at a time, however large the chunks are together.
    """
    asked: dict[str, Candidate] = {}
    verdicts: list[Verdict] = []
    for k in chunks:
        asked |= {c.id: c for c in paths.proposing.read(k, Candidate)}
        verdicts += paths.judging.read(k, Verdict)
        if len(verdicts) >= CONFIRMED_AT_ONCE:
            yield from confirm_accepted(run, verdicts, asked)
            asked, verdicts = {}, []
    yield from confirm_accepted(run, verdicts, asked)


def _finish_verdicts(
    run: Run,
    number: int,
    known: list[Candidate],
    verdicts: list[Verdict],
    suites: dict[str, UnitTestSuite],
) -> None:
    """Write the verdicts on candidates that a model wrote, and with `round.by_parts` the ports that
    were joined for programs without one.
    """
    paths = run.folder.round(number)
    joined: list[Candidate] = []
    if run.config.round.by_parts:
        joined, judged_too = join_ports(run, number, known, verdicts, suites)
        run.folder.finish_records(paths.proposals, [*known, *joined])
        verdicts = verdicts + judged_too
    verdicts = confirm_accepted(run, verdicts, {c.id: c for c in (*known, *joined)})
    run.folder.finish_records(paths.verdicts, verdicts)


def _clear_journals(paths: RoundPaths) -> None:
    paths.judging.clear()
    paths.proposing.clear()


def _read_asked(paths: RoundPaths) -> list[Candidate]:
    """The candidates that a model wrote, without ports joined from them by a process that was
    killed before it could write its verdicts: those are joined anew.
    """
    return [c for c in read_jsonl(paths.proposals, Candidate) if c.author != JOINED]


def _stream_candidates(run: Run, number: int, work: list, suites: dict[str, UnitTestSuite]) -> None:
    """Fill the journals of the round's candidates and verdicts; write the candidates' file as soon
    as all are there.
    """
    paths, wanted = run.folder.round(number), run.config.round
    asked = [
        (
            str(run.translator(run.proposers(number), direction)),
            chunk,
            str(direction),
            run.sampling(wanted.samples, wanted.temperature, "translate", number, i),
        )
        for i, (direction, chunk) in enumerate(work)
    ]
    gathered = _ByChunk[list[Verdict]]()
    known = paths.proposing.view(Candidate)
    done = paths.judging.chunks() & set(known)
    generated, equivalent = set(known), 0

    def finish_proposals() -> None:
        every = (c for k in range(len(work)) for c in paths.proposing.read(k, Candidate))
        run.folder.finish_records(paths.proposals, every)

    def expand(index: int, candidates: list[Candidate]) -> list[tuple]:
        kept = drop_repeated_texts(candidates)
        if index not in generated:
            paths.proposing.add(index, kept)
            generated.add(index)
            if len(generated) == len(work):
                finish_proposals()
        items = group_for_judging(kept, {p.id: p for p in work[index][1]}, suites)
        gathered.expect(index, len(items))
        if not items:
            paths.judging.add(index, [])
        return items

    if len(generated) == len(work) and not run.folder.is_finished(paths.proposals):
        finish_proposals()
    total = sum(len(chunk) for _, chunk in work)
    with run.bar(f"round {number}: propose and verify", total) as bar:
        bar.advance(sum(len(work[k][1]) for k in done))
        for (index, place), verdicts in stream_results(
            run.workers.translators,
            TranslatorService.propose,
            asked,
            run.workers.verifiers,
            Verifier.judge,
            expand,
            known,
            done,
            lambda: bar.set(bar.done),
        ):
            if (whole := gathered.add(index, place, verdicts)) is not None:
                paths.judging.add(index, [v for found in whole for v in found])
            equivalent += sum(v.outcome is Outcome.EQUIVALENT for v in verdicts)
            bar.advance(note=f"{equivalent} equivalent")


def drop_repeated_texts(candidates: list[Candidate]) -> list[Candidate]:
    """Return the candidates, in order, without those whose text repeats an earlier one for the same
    program and direction.
    """
    return list({c.id: c for c in candidates}.values())


def _by_id(run: Run) -> dict[str, Program]:
    return {p.id: p for _, side in run.sides() for p in side}


def keep_triplets(run: Run, number: int) -> None:
    """Write the triplets of round `number` to its file `triplets` (see RoundPaths): candidates that
    are EQUIVALENT on a suite of at least `verify.least_strength`. If the file exists, nothing is
    done. Raises StoreError if a file that it reads is damaged.
    """
    paths = run.folder.round(number)
    if run.folder.is_finished(paths.triplets):
        return
    run.folder.finish_records(paths.triplets, read_survivors(run, paths))
    run.workers.count_kept(count_jsonl(paths.triplets))


def read_survivors(run: Run, paths: RoundPaths) -> Iterator[Triplet]:
    """Yield the triplets of one round, in the order of its verdicts: candidates that are EQUIVALENT
    on a suite of at least `verify.least_strength`. A suite of unknown strength counts as strength
    0.

    paths: of the round. Raises StoreError if a file is damaged, or names a candidate that the
        proposals lack.
    """
    programs = _by_id(run)
    suites = {s.program_id: s for s in read_jsonl(paths.suites, UnitTestSuite)}
    least = run.config.verify.least_strength
    proposals = read_jsonl(paths.proposals, Candidate)
    passed: dict[str, Candidate] = {}  # read already, and not judged yet: both files have one order
    for verdict in read_jsonl(paths.verdicts, Verdict):
        while verdict.target_id not in passed:
            if (read := next(proposals, None)) is None:
                raise StoreError(
                    f"'{paths.verdicts}' has a verdict on candidate {verdict.target_id}, which "
                    f"'{paths.proposals}' lacks; delete both, and the run makes them again"
                )
            passed[read.id] = read
        candidate = passed.pop(verdict.target_id)
        suite = suites.get(verdict.source_id)
        if (
            verdict.outcome is not Outcome.EQUIVALENT
            or suite is None
            or (suite.strength or 0.0) < least
        ):
            continue
        source = programs[verdict.source_id]
        target = replace(
            make_target_program(candidate, source), origin=f"translator {paths.folder.name}"
        )
        yield Triplet(source, target, suite, candidate.direction, verdict)


def load_experience(run: Run, number: int) -> list[Triplet]:
    """Return the triplets that the models of round `number` learn from: those of this round and
    the ones before that `round.experience` selects. Raises StoreError if a file is damaged.
    """
    found = [
        list(read_jsonl(run.folder.round(k).triplets, Triplet))
        for k in _list_experience(run, number)
    ]
    return gather_triplets(found, run.config.round.experience)


def _list_experience(run: Run, number: int) -> range:
    """The rounds that round `number` learns from."""
    first = number if run.config.round.experience == "replace" else 1
    return range(first, number + 1)


def train_models(run: Run, number: int) -> None:
    """Train all models of round `number`, from 1, one after the other, as `train_translators` and
    `train_tester` do, and write their checkpoints to the round's folder. Raises StoreError if a
    file is damaged, LeakError if a lesson is a held-out program.
    """
    train_translators(run, number)
    train_tester(run, number)


def train_translators(run: Run, number: int) -> None:
    """Train the Translators of round `number` on the triplets that `round.experience` selects. The
    checkpoints go to the round's folder; a frozen model's checkpoint is copied there. It does
    nothing if they exist. Raises StoreError if a file is damaged, LeakError if a lesson is a
    held-out program.
    """
    if all(map(run.folder.is_finished, _translator_folders(run, number))):
        return
    triplets, frozen = load_experience(run, number), run.config.round.freezes_translator
    apart, shown = select_validation(run, number), make_verdict_lessons(run, number)
    with run.timed(number, "learn"):
        for served in list_translators(run.config):
            own = [t for t in triplets if served.serves(t.direction)]
            told = (
                apart,
                [item for item in shown if served.serves(item.direction)],
                served.directions,
            )
            _learn_one(
                run,
                number,
                served.label,
                run.workers.translators,
                served.name,
                frozen,
                own,
                told,
            )


def _translator_folders(run: Run, number: int) -> list[Path]:
    return find_checkpoints(run.config, run.folder.round(number).folder)


def train_tester(run: Run, number: int) -> None:
    """Train the Tester of round `number` on the suites of the triplets that `round.experience`
    selects. The checkpoint goes to the round's folder; a frozen Tester's is copied there. It does
    nothing if it exists. Raises StoreError if a file is damaged, LeakError if a lesson is a
    held-out program.
    """
    if run.folder.is_finished(run.folder.round(number).tester):
        return
    used = {t.suite.id for t in load_experience(run, number)}
    suites = {
        s.id: s
        for k in _list_experience(run, number)
        for s in read_jsonl(run.folder.round(k).suites, UnitTestSuite)
        if s.id in used
    }
    by_id = _by_id(run)
    lessons = [(by_id[s.program_id], s) for s in suites.values()]
    frozen = run.config.round.freezes_tester
    with run.timed(number, "learn"):
        _learn_one(run, number, "Tester", run.workers.testers, "tester", frozen, lessons, ())


def _learn_one(
    run: Run,
    number: int,
    label: str,
    pool: WorkerPool,
    name: str,
    is_frozen: bool,
    data: list,
    told: tuple,
) -> None:
    """One model from its checkpoint of the round before. told: what its service's `learn` takes
    beside the lessons.
    """
    new = run.folder.round(number).folder / name
    if run.folder.is_finished(new):
        return
    old = run.folder.round(number - 1).folder / name
    learns = not is_frozen and (data or any(told[1:2]))
    asked = (
        str(old),
        [] if is_frozen else data,
        run.corpus.protected,
        str(new),
        number,
        *(() if is_frozen else told),
    )
    follow_training(
        run,
        f"round {number}: {label} {'frozen' if is_frozen else 'learns'}",
        pool,
        TesterService.learn if name == "tester" else TranslatorService.learn,
        *asked,
        before="preparing" if learns else "copies the model",
    )
    run.folder.seal(new)


def select_validation(run: Run, number: int) -> list[tuple[Program, UnitTestSuite]]:
    """Return `finetune.validation` training programs with their suites of round `number`, to
    measure a Translator while it learns; programs without a suite are left out, [] where 0 is
    configured. The programs are the same in every round. Raises StoreError if a file is damaged.
    """
    count = run.config.finetune.validation
    if not count:
        return []
    by_id = _by_id(run)
    chosen = sorted(by_id, key=lambda i: content_hash("validation", i))[:count]
    suites = {s.program_id: s for s in read_jsonl(run.folder.round(number).suites, UnitTestSuite)}
    return [(by_id[i], suites[i]) for i in chosen if i in suites]


def make_verdict_lessons(run: Run, number: int) -> list[JudgedProgram]:
    """Return right and wrong answers of round `number` by program, if round.learn is `dpo` or
    `grpo`; else an empty list. Validation programs are left out. Raises StoreError if a file is
    damaged.
    """
    if run.config.round.learn not in ("dpo", "grpo"):
        return []
    paths = run.folder.round(number)
    suites = {s.program_id: s for s in read_jsonl(paths.suites, UnitTestSuite)}
    apart = {p.id for p, _ in select_validation(run, number)}
    found = group_by_program(
        _by_id(run),
        suites,
        list(read_jsonl(paths.proposals, Candidate)),
        list(read_jsonl(paths.verdicts, Verdict)),
    )
    return [item for item in found if item.program.id not in apart]
