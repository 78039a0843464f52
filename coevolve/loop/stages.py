"""The stages of a round, each a function from finished files to one more finished file.

Contract: a stage returns at once when its file exists; it writes it atomically at the end. Results
are put in input order before they are written, so equal seeds give equal bytes however the workers
were scheduled. Timing goes to `timings.jsonl` only.

    python -c "from coevolve.loop.stages import make_suites; help(make_suites)"
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from coevolve.loop.directions import find_checkpoints, list_translators
from coevolve.loop.experience import gather_triplets
from coevolve.loop.join_stage import AUTHOR as JOINED, join_ports
from coevolve.loop.run_folder import RoundPaths
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
from coevolve.loop.workers import WorkerPool, map_unordered, stream_results
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
from corpora.store import read_jsonl
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
                )
                run.folder.seal(folder)
        if not run.folder.is_finished(paths.tester):
            follow_training(
                run,
                "cold start: Tester",
                run.workers.testers,
                TesterService.cold_start,
                protected,
                str(paths.tester),
            )
            run.folder.seal(paths.tester)


def has_all_models(run: Run, number: int) -> bool:
    """Return whether every model of round `number` has its checkpoint folder."""
    paths = run.folder.round(number)
    return all(
        run.folder.is_finished(path)
        for path in (*find_checkpoints(run.config, paths.folder), paths.tester)
    )


def make_suites(run: Run, number: int) -> None:
    """Write the files `suites` and `suite_counts` of round `number` (see RoundPaths). The Tester
    proposes tests for the real programs; verifiers check and complete them. If the files exist,
    nothing is done.
    """
    paths = run.folder.round(number)
    if run.folder.is_finished(paths.suites) and run.folder.is_finished(paths.suite_counts):
        return
    programs = list(
        _by_id(run).values()
    )  # once, though several directions start from it: a suite serves them all
    checkpoint = str(run.folder.round(number - 1).tester)
    sampling = run.sampling(run.config.round.suites, run.config.round.temperature, "suites", number)
    with run.timed(number, "suites"):
        prepared = propose_suites(run, f"round {number}: suites", programs, checkpoint, sampling)
        kept = [p.suite for p in prepared if p.suite is not None]
        run.folder.finish_records(paths.suites, kept)
        run.folder.finish_value(paths.suite_counts, count_suites(prepared))


def propose_suites(
    run: Run, label: str, programs: list[Program], checkpoint: str, sampling: Sampling
) -> list[PreparedSuite]:
    """Ask the Tester in the folder `checkpoint` for tests of `programs` and have verifiers make
    suites of them. label: words for the progress bar. Returns one result per program, in order.
    """
    chunks = run.chunks(programs)
    bar = run.bar(label, len(programs))
    prepared: dict[tuple[int, int], PreparedSuite] = {}

    def expand(index: int, proposals: list) -> list[tuple]:
        return [(program, proposed) for program, proposed in zip(chunks[index], proposals)]

    for _ in map_unordered(
        run.workers.verifiers, Verifier.compile_ahead, [(chunk,) for chunk in chunks]
    ):
        # many programs in one compiler run; on other machines than the one that did it, `prepare`
        # compiles anew
        pass
    asked = [(checkpoint, chunk, sampling) for chunk in chunks]
    for place, result in stream_results(
        run.workers.testers,
        TesterService.propose,
        asked,
        run.workers.verifiers,
        Verifier.prepare,
        expand,
    ):
        prepared[place] = result
        bar.advance(note=f"{sum(p.suite is not None for p in prepared.values())} valid")
    bar.close()
    return [prepared[place] for place in sorted(prepared)]


def count_suites(prepared: list[PreparedSuite]) -> dict:
    """Return counts by name: programs, programs with a suite, tests proposed and valid, and the
    reasons why programs have no suite.
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
    `verdicts` (see RoundPaths). Verifiers work while the Translator still generates. It does
    nothing if the verdicts exist. Raises StoreError if the suites' file is damaged.
    """
    paths = run.folder.round(number)
    if run.folder.is_finished(paths.verdicts):
        run.folder.is_finished(paths.proposals)
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
        if run.folder.is_finished(paths.proposals):
            paths.proposing.clear()  # if a process was killed before it could
            known = _read_asked(paths)
            verdicts = judge_candidates(run, f"round {number}: verify", known, _by_id(run), suites)
        else:
            verdicts = _stream_candidates(run, number, work, suites)
        if run.config.round.by_parts:
            known = _read_asked(paths)
            joined, judged_too = join_ports(run, number, known, verdicts, suites)
            run.folder.finish_records(paths.proposals, [*known, *joined])
            verdicts += judged_too
        asked = {c.id: c for c in read_jsonl(paths.proposals, Candidate)}
        verdicts = confirm_accepted(run, verdicts, asked)
        run.folder.finish_records(paths.verdicts, verdicts)


def _read_asked(paths: RoundPaths) -> list[Candidate]:
    """The candidates that a model wrote, without ports joined from them by a process that was
    killed before it could write its verdicts: those are joined anew.
    """
    return [c for c in read_jsonl(paths.proposals, Candidate) if c.author != JOINED]


def _stream_candidates(
    run: Run, number: int, work: list, suites: dict[str, UnitTestSuite]
) -> list[Verdict]:
    paths, wanted = run.folder.round(number), run.config.round
    asked = [
        (
            str(run.translator(number - 1, direction)),
            chunk,
            str(direction),
            run.sampling(wanted.samples, wanted.temperature, "translate", number, i),
        )
        for i, (direction, chunk) in enumerate(work)
    ]
    bar = run.bar(f"round {number}: propose and verify", sum(len(c) for _, c in work))
    generated: dict[int, list[Candidate]] = {}
    results: dict[tuple[int, int], list[Verdict]] = {}
    equivalent = 0

    known = paths.proposing.load(Candidate)

    def expand(index: int, candidates: list[Candidate]) -> list[tuple]:
        generated[index] = drop_repeated_texts(candidates)
        if index not in known:
            paths.proposing.add(index, generated[index])
        if len(generated) == len(work):
            every = [c for i in range(len(work)) for c in generated[i]]
            run.folder.finish_records(paths.proposals, every)
            paths.proposing.clear()
        return group_for_judging(generated[index], {p.id: p for p in work[index][1]}, suites)

    for place, verdicts in stream_results(
        run.workers.translators,
        TranslatorService.propose,
        asked,
        run.workers.verifiers,
        Verifier.judge,
        expand,
        known,
    ):
        results[place] = verdicts
        equivalent += sum(v.outcome is Outcome.EQUIVALENT for v in verdicts)
        bar.advance(note=f"{equivalent} equivalent")
    bar.close()
    return [v for i in sorted(results) for v in results[i]]


def drop_repeated_texts(candidates: list[Candidate]) -> list[Candidate]:
    """Return the candidates, in order, without those whose text repeats an earlier one for the same
    program.
    """
    return list({c.id: c for c in candidates}.values())


def _by_id(run: Run) -> dict[str, Program]:
    return {p.id: p for _, side in run.sides() for p in side}


def keep_triplets(run: Run, number: int) -> None:
    """Write the triplets of round `number` to its file `triplets` (see RoundPaths): candidates that
    are EQUIVALENT on a suite of at least `verify.least_strength`. If the file exists, nothing is
    done.
    """
    paths = run.folder.round(number)
    if run.folder.is_finished(paths.triplets):
        return
    triplets = load_survivors(run, paths)
    run.folder.finish_records(paths.triplets, triplets)
    run.workers.count_kept(len(triplets))


def load_survivors(run: Run, paths: RoundPaths) -> list[Triplet]:
    """Return the triplets of one round, in the order of its proposals. A suite of unknown strength
    counts as strength 0. Raises StoreError if a file is damaged.
    """
    programs = _by_id(run)
    suites = {s.program_id: s for s in read_jsonl(paths.suites, UnitTestSuite)}
    candidates = {c.id: c for c in read_jsonl(paths.proposals, Candidate)}
    least = run.config.verify.least_strength
    triplets = []
    for verdict in read_jsonl(paths.verdicts, Verdict):
        suite = suites.get(verdict.source_id)
        if (
            verdict.outcome is not Outcome.EQUIVALENT
            or suite is None
            or (suite.strength or 0.0) < least
        ):
            continue
        candidate, source = candidates[verdict.target_id], programs[verdict.source_id]
        target = replace(
            make_target_program(candidate, source), origin=f"translator {paths.folder.name}"
        )
        triplets.append(Triplet(source, target, suite, candidate.direction, verdict))
    return triplets


def load_experience(run: Run, number: int) -> list[Triplet]:
    """Return the triplets that the models of round `number` learn from: those of this round and
    the ones before that `round.experience` selects. Raises StoreError if a file is damaged.
    """
    found = [list(read_jsonl(run.folder.round(k).triplets, Triplet)) for k in range(1, number + 1)]
    return gather_triplets(found, run.config.round.experience)


def train_models(run: Run, number: int) -> None:
    """Train all models of round `number` on the triplets that `round.experience` selects. The
    checkpoints go to the round's folder; a frozen model's checkpoint is copied there. It does
    nothing if all models exist. Raises StoreError if a file is damaged, LeakError if a lesson is a
    held-out program.
    """
    if has_all_models(run, number):
        return
    rounds = range(1, number + 1)
    triplets = load_experience(run, number)
    used = {t.suite.id for t in triplets}
    suites = {
        s.id: s
        for k in rounds
        for s in read_jsonl(run.folder.round(k).suites, UnitTestSuite)
        if s.id in used
    }
    by_id = _by_id(run)
    lessons = [(by_id[s.program_id], s) for s in suites.values()]
    frozen, apart, shown = (
        run.config.round.freeze,
        select_validation(run, number),
        make_verdict_lessons(run, number),
    )
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
                frozen == "translator",
                own,
                told,
            )
        _learn_one(
            run, number, "Tester", run.workers.testers, "tester", frozen == "tester", lessons, ()
        )


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
    )
    run.folder.seal(new)


def select_validation(run: Run, number: int) -> list[tuple[Program, UnitTestSuite]]:
    """Return `finetune.validation` training programs with their suites of round `number`, to
    measure a Translator while it learns. The programs are the same in every round. Raises
    StoreError if a file is damaged.
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
