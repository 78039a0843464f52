"""The stages of a round, each a function from finished files to one more finished file.

Contract: a stage returns at once when its file exists; it writes it atomically at the end. Results
are put in input order before they are written, so equal seeds give equal bytes however the workers
were scheduled. Timing goes to `timings.jsonl` only.

    python -c "from coevolve.loop.stages import make_suites; help(make_suites)"
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from heapq import nsmallest
from itertools import chain
from operator import attrgetter
from pathlib import Path
from types import MappingProxyType

from coevolve.cli.progress import show_stage
from coevolve.config.schema import Config
from coevolve.loop.directions import ServedTranslator, find_checkpoints, list_translators
from coevolve.loop.experience import SuiteLessons, gather_triplets
from coevolve.loop.join_stage import AUTHOR as JOINED, Judged, join_ports
from coevolve.loop.run_folder import RoundPaths, RunFolder
from coevolve.loop.run_pretraining import run_pretraining
from coevolve.loop.services import TesterService, TranslatorService
from coevolve.loop.stage_run import (
    LazySequence,
    Run,
    confirm_accepted,
    follow_training,
    group_for_judging,
    read_suites,
)
from coevolve.loop.verdict_lessons import JudgedProgram, group_by_program
from coevolve.loop.workers import ByChunk, WorkerPool, map_unordered, stream_results
from coevolve.verification.verifier import PreparedSuite, Verifier, make_target_program
from corpora.dialects import Direction
from corpora.record_index import RecordIndex, RecordList, read_records
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
    programs = run.training()  # each once: a suite serves all directions that start from it
    checkpoint = str(run.folder.round(run.proposers(number)).tester)
    sampling = run.sampling(run.config.round.suites, run.config.round.temperature, "suites", number)
    with run.timed(number, "suites"):
        for chunk, made in propose_suites(
            run,
            f"round {number}: suites",
            programs,
            checkpoint,
            sampling,
            paths.preparing.view(PreparedSuite),
        ):
            paths.preparing.add(chunk, made)
        prepared = LazySequence(
            len(run.chunks(programs)), lambda k: paths.preparing.read(k, PreparedSuite)
        )
        kept = (p.suite for made in prepared for p in made if p.suite is not None)
        run.folder.finish_records(paths.suites, kept)
        counts = count_suites(p for made in prepared for p in made)
        run.folder.finish_value(paths.suite_counts, counts)
    paths.preparing.clear()


def propose_suites(
    run: Run,
    label: str,
    programs: Sequence[Program],
    checkpoint: str,
    sampling: Sampling,
    known: Mapping[int, list[PreparedSuite]] = MappingProxyType({}),
) -> Iterator[tuple[int, list[PreparedSuite]]]:
    """Ask the Tester in the folder `checkpoint` for tests of `programs` and have verifiers make
    suites of them.

    label: words for the progress bar. sampling: how many answers per program, and how they are
        drawn. known: what was made before, by the number of the chunk of programs (`Run.chunks`);
        it is not made again.
    Yields (the number of a chunk, one result for each of its programs in order) as chunks are done;
    a result holds the suite, or why there is none.
    """
    chunks = run.chunks(programs)
    with run.bar(label, len(programs)) as bar:
        gathered = ByChunk[PreparedSuite]()
        valid = own = 0
        for made in known.values():
            valid += sum(p.suite is not None for p in made)
            own += sum(p.suite is not None and p.valid > 0 for p in made)
            bar.advance(len(made))

        def expand(index: int, proposals: list) -> list[tuple]:
            gathered.expect(index, len(chunks[index]))
            return [(program, proposed) for program, proposed in zip(chunks[index], proposals)]

        ahead = ((list(chunk),) for k, chunk in enumerate(chunks) if k not in known)
        for _ in map_unordered(run.workers.verifiers, Verifier.compile_ahead, ahead):
            # many programs in one compiler run; on other machines than the one that did it,
            # `prepare` compiles anew
            pass
        asked = LazySequence(len(chunks), lambda k: (checkpoint, list(chunks[k]), sampling))
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
            valid += result.suite is not None
            own += result.suite is not None and result.valid > 0
            bar.advance(note=f"{valid} valid, {own or 'none'} with tests of the Tester")
            if (whole := gathered.add(index, place, result)) is not None:
                yield index, whole


def count_suites(prepared: Iterable[PreparedSuite]) -> dict:
    """Return counts by name: `programs`, `programs_with_suite`, `tests_proposed` and `tests_valid`
    (tests of the Tester), `answers` and `answers_with_valid_test` (of the Tester), and `no_suite`,
    the number of programs without a suite by reason.

    prepared: one result per program, each taken once.
    """
    reasons: Counter[str] = Counter()
    counts = dict.fromkeys(_COUNTED, 0)
    for each in prepared:
        has_suite = each.suite is not None
        if not has_suite:
            reasons[each.reason] += 1
        found = (1, has_suite, each.written, each.valid, each.answers, each.good_answers)
        for name, count in zip(_COUNTED, found, strict=True):
            counts[name] += count
    return {**counts, "no_suite": dict(sorted(reasons.items()))}


_COUNTED = (
    "programs",
    "programs_with_suite",
    "tests_proposed",
    "tests_valid",
    "answers",
    "answers_with_valid_test",
)


def propose_and_verify(run: Run, number: int) -> None:
    """Write the candidates of round `number` and the verdicts on them to its files `proposals` and
    `verdicts` (see RoundPaths). Verifiers work while the Translator still generates. What is known
    is kept in journals, chunk by chunk, so that a killed stage goes on where it was and no list of
    all candidates or verdicts is held in memory. It does nothing if the verdicts exist. Raises
    StoreError if the file of suites or that of candidates is damaged.
    """
    paths = run.folder.round(number)
    if run.folder.is_finished(paths.verdicts):
        run.folder.is_finished(paths.proposals)
        _clear_journals(paths)  # if a process was killed before it could
        return
    suites = read_suites(paths.suites)
    work = run.work([(direction, side.keep(suites)) for direction, side in run.sides()])
    if not work:
        run.folder.finish_records(paths.proposals, [])
        run.folder.finish_records(paths.verdicts, [])
        return
    with run.timed(number, "propose and verify"):
        everything = range(len(work))
        has_all = paths.proposing.chunks().issuperset(everything)
        if run.folder.is_finished(paths.proposals) and not has_all:
            _restore_journal(paths, work)
        _stream_candidates(run, number, work, suites)
        judged = LazySequence(
            len(work),
            lambda k: (paths.proposing.read(k, Candidate), paths.judging.read(k, Verdict)),
        )
        joined: Judged = ([], [])
        if run.config.round.by_parts:
            joined = join_ports(run, number, judged, suites)
            known = (c for candidates, _ in judged for c in candidates)
            run.folder.finish_records(paths.proposals, chain(known, joined[0]))
        confirmed = _confirm_in_order(run, chain(judged, [joined]))
        run.folder.finish_records(paths.verdicts, confirmed)
    _clear_journals(paths)


CONFIRMED_AT_ONCE = 1024
"""Verdicts from which on those in memory are confirmed and written, while the stage's file is made.
"""


def _confirm_in_order(run: Run, judged: Iterable[Judged]) -> Iterator[Verdict]:
    """The verdicts on chunks of candidates, in order, after the real compiler was asked. Not many
    more than CONFIRMED_AT_ONCE are in memory at a time, however large the chunks are together.
    """
    asked: dict[str, Candidate] = {}
    verdicts: list[Verdict] = []
    for candidates, found in judged:
        asked |= {c.id: c for c in candidates}
        verdicts += found
        if len(verdicts) >= CONFIRMED_AT_ONCE:
            yield from confirm_accepted(run, verdicts, asked)
            asked, verdicts = {}, []
    yield from confirm_accepted(run, verdicts, asked)


def _clear_journals(paths: RoundPaths) -> None:
    paths.judging.clear()
    paths.proposing.clear()


def _restore_journal(
    paths: RoundPaths, work: Sequence[tuple[Direction, Sequence[Program]]]
) -> None:
    """Make the journal of a round's candidates from their file, without ports joined from them by a
    process that was killed before it could write its verdicts: those are joined anew. Raises
    StoreError if the file holds a candidate that no model was asked for.
    """
    asked = (c for c in read_jsonl(paths.proposals, Candidate) if c.author != JOINED)
    held = next(asked, None)
    for number, (direction, chunk) in enumerate(work):
        ids, own = {p.id for p in chunk}, []
        while held is not None and held.direction == str(direction) and held.source_id in ids:
            own.append(held)
            held = next(asked, None)
        paths.proposing.add(number, own)
    if held is not None:
        raise StoreError(
            f"'{paths.proposals}' has candidate {held.id}, which no program of '{paths.suites}' "
            f"was asked for; delete it, and the run makes it again"
        )


def _stream_candidates(
    run: Run,
    number: int,
    work: Sequence[tuple[Direction, Sequence[Program]]],
    suites: Mapping[str, UnitTestSuite],
) -> None:
    """Fill the journals of the round's candidates and verdicts; write the candidates' file as soon
    as all are there.
    """
    paths, wanted = run.folder.round(number), run.config.round

    def ask(index: int) -> tuple:
        direction, chunk = work[index]
        checkpoint = str(run.translator(run.proposers(number), direction))
        sampling = run.sampling(wanted.samples, wanted.temperature, "translate", number, index)
        return checkpoint, list(chunk), str(direction), sampling

    with run.bar(f"round {number}: propose and verify", sum(len(c) for _, c in work)) as bar:
        gathered = ByChunk[list[Verdict]]()
        known = paths.proposing.view(Candidate)
        done = paths.judging.chunks() & set(known)
        missing, equivalent = len(work) - len(known), 0

        def finish_proposals() -> None:
            every = (c for k in range(len(work)) for c in paths.proposing.read(k, Candidate))
            run.folder.finish_records(paths.proposals, every)

        def expand(index: int, candidates: list[Candidate]) -> Sequence[tuple]:
            nonlocal missing
            kept = drop_repeated_texts(candidates)
            if index not in known:
                paths.proposing.add(index, kept)
                missing -= 1
                if not missing:
                    finish_proposals()
            items = group_for_judging(kept, {p.id: p for p in work[index][1]}, suites)
            gathered.expect(index, len(items))
            if not items:
                paths.judging.add(index, [])
            return items

        if not missing and not run.folder.is_finished(paths.proposals):
            finish_proposals()
        bar.advance(sum(len(work[k][1]) for k in done))
        for (index, place), verdicts in stream_results(
            run.workers.translators,
            TranslatorService.propose,
            LazySequence(len(work), ask),
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


def _by_id(run: Run) -> RecordIndex[Program]:
    """The training programs by id."""
    return RecordIndex(run.training())


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
    programs, suites = _by_id(run), read_suites(paths.suites)
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
        if verdict.outcome is not Outcome.EQUIVALENT:
            continue
        suite = suites.get(verdict.source_id)
        if suite is None or (suite.strength or 0.0) < least:
            continue
        source = programs[verdict.source_id]
        target = replace(
            make_target_program(candidate, source), origin=f"translator {paths.folder.name}"
        )
        yield Triplet(source, target, suite, candidate.direction, verdict)


def load_experience(run: Run, number: int) -> RecordList[Triplet]:
    """Return the triplets that the models of round `number` learn from: those of this round and
    the ones before that `round.experience` selects. They stay on disk. Raises StoreError if a file
    is damaged.
    """
    found = [
        read_records([run.folder.round(k).triplets], Triplet, attrgetter("id"))
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
            own = select_served(triplets, served)
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


def select_served(triplets: RecordList[Triplet], served: ServedTranslator) -> RecordList[Triplet]:
    """Return the triplets, in order, in directions that a Translator serves."""
    return triplets.take(k for k, t in enumerate(triplets) if served.serves(t.direction))


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
    triplets = load_experience(run, number)
    used = RecordIndex(triplets, (t.suite.id for t in triplets))
    files = [run.folder.round(k).suites for k in _list_experience(run, number)]
    suites = read_records(files, UnitTestSuite, attrgetter("id")).keep(used).unique()
    lessons = SuiteLessons(suites, _by_id(run))
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
    data: Sequence,
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
    chosen = nsmallest(count, by_id, key=lambda i: content_hash("validation", i))
    suites = read_suites(run.folder.round(number).suites)
    return [(by_id[i], suites[i]) for i in chosen if i in suites]


def make_verdict_lessons(run: Run, number: int) -> list[JudgedProgram]:
    """Return right and wrong answers of round `number` by program, if round.learn is `dpo` or
    `grpo`; else an empty list. Validation programs are left out. Raises StoreError if a file is
    damaged.
    """
    if run.config.round.learn not in ("dpo", "grpo"):
        return []
    paths = run.folder.round(number)
    suites = read_suites(paths.suites)
    apart = {p.id for p, _ in select_validation(run, number)}
    found = group_by_program(
        _by_id(run),
        suites,
        read_jsonl(paths.proposals, Candidate),
        read_jsonl(paths.verdicts, Verdict),
    )
    return [item for item in found if item.program.id not in apart]
