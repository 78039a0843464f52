"""Evaluation on the held-out split: execute, then count. BLEU and CodeBLEU against references where
they exist.

Contract: suites of the held-out programs are made once per run by the rule-based tester (no model
has a hand in them), so every round and every checkpoint is measured against the same tests. Nothing
here feeds training.

    coevolve eval runs/demo
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from coevolve.cli.errors import UserError
from coevolve.config.presets import choose_pass_at
from coevolve.config.schema import Config
from coevolve.evaluation.metrics import (
    average_pass_at_k,
    bleu,
    convert_to_fractions,
    pass_at_k,
)
from coevolve.evaluation.statistics import bootstrap_mean, can_bootstrap
from coevolve.evaluation.text_scores import compute_codebleu
from coevolve.loop.directions import find_checkpoints
from coevolve.loop.run_corpus import RunCorpus, list_programs
from coevolve.loop.run_folder import Journal, RoundPaths, RunFolder, read_json
from coevolve.loop.run_workers import make_local_workers, make_ray_run_workers
from coevolve.loop.services import TranslatorService
from coevolve.loop.stage_run import LazySequence, Run, group_for_judging, read_suites
from coevolve.loop.stages import count_suites, drop_repeated_texts, propose_suites
from coevolve.loop.workers import ByChunk, map_unordered, put_in_order, stream_results
from coevolve.verification.verifier import Verifier
from corpora.dialects import Direction
from corpora.records import NOT_COMPILED, Candidate, Outcome, Program, UnitTestSuite, Verdict
from translator.prompting.answers import count_rejections


def prepare_evaluation(run: Run) -> None:
    """Make suites by rules for the run's held-out programs and write them to the file
    `RunFolder.evaluation_suites`, once per run. Programs without a valid suite are written to the
    file `RunFolder.evaluation_skipped` with reasons.
    """
    path = run.folder.evaluation_suites
    if run.folder.is_finished(path):
        return
    programs = run.corpus.evaluation
    label = "suites of held-out programs"
    skipped: dict[str, str] = {}
    count = 0

    def wait() -> None:
        ready = bool(run.workers.verifiers.members())
        at = "building the runner" if ready else "starting the verifiers"
        bar.set(bar.done, "" if bar.done else at)

    def make() -> Iterator[UnitTestSuite]:
        """The suites. The reasons are written at their end, since the suites' file comes last."""
        nonlocal count
        made = map_unordered(
            run.workers.verifiers, Verifier.prepare, ((p, ()) for p in programs), wait
        )
        for number, prepared in put_in_order(made, lambda: bar.advance(note="made by rules")):
            if prepared.suite is not None:
                count += 1
                yield prepared.suite
                continue
            p = programs[number]
            dialect = f"{p.dialect}, " if run.corpus.parts else ""
            skipped[f"{p.name} ({dialect}{p.origin})"] = prepared.reason
        bar.close(f"{count} of {len(programs)} have one")
        run.folder.finish_value(run.folder.evaluation_skipped, skipped)

    with run.bar(label, len(programs)) as bar, run.timed(0, "evaluation suites"):
        run.folder.finish_records(path, make())


def evaluate_round(run: Run, number: int) -> dict:
    """Return the metrics, by name, of the checkpoints after round `number` (0: the cold start):
    those of `evaluate_checkpoint` and of `evaluate_tester`. They are computed and written to the
    round's `evaluation.json` if that does not exist; candidates and verdicts go to files beside it.
    Raises ConfigError if that file is damaged.
    """
    paths = run.folder.round(number)
    if run.folder.is_finished(paths.evaluation):
        paths.answering.clear()  # if a process was killed before it could
        return read_json(paths.evaluation)
    with run.timed(number, "evaluate"):
        figures = evaluate_checkpoint(
            run,
            lambda direction: str(run.translator(number, direction)),
            f"round {number}" if number else "cold start",
            paths.answering,
        )
        figures |= (
            _recall_tester(run)
            if number and run.config.round.freezes_tester
            else evaluate_tester(
                run, str(paths.tester), f"round {number}" if number else "cold start"
            )
        )
        answers = paths.answering.view(Candidate).values()
        candidates = (c for found in answers for c in drop_repeated_texts(found))
        run.folder.finish_records(paths.evaluation_candidates, candidates)
        judged = _judging(paths.answering).view(Verdict).values()
        run.folder.finish_records(paths.evaluation_verdicts, (v for found in judged for v in found))
        run.folder.finish_value(paths.evaluation, figures)
        paths.answering.clear()
    return figures


def evaluate_checkpoint(
    run: Run,
    checkpoint: str | Callable[[Direction], str],
    label: str,
    journal: Journal | None = None,
) -> dict:
    """Translate every held-out program, execute the answers and count the right ones.

    run: the configuration, corpus and workers. checkpoint: path of one folder for all directions,
        or a function that returns the folder of a direction. label: words for the progress bar.
        journal: keeps the answers, and the verdicts on them in the journal `verdicts` below it, so
        that after a kill a second call makes only the rest; None: they are not kept.
    Returns metrics by name: `pass@K` and `compile_rate` (percentages), `bleu` and `codebleu` (in
    [0, 100], None without references), `programs` and `without_suite` (counts), `outcomes` (number
    of candidates by outcome), `not_a_function` (number of answers that are no function, by reason)
    and `items`, one row per program. With several directions the metrics are of all items together,
    without `items`, and `directions` holds those of each direction. In the journals candidates are
    in the order of the programs, repeated texts too; verdicts are in theirs, each once, and a
    candidate without text has none.
    """
    if journal is None:
        with TemporaryDirectory() as name:
            return evaluate_checkpoint(run, checkpoint, label, Journal(Path(name)))
    suites = read_suites(run.folder.evaluation_suites)
    held = [
        (direction, part, list_programs(part.evaluation).keep(suites))
        for direction, part in run.corpus.by_direction(run.config)
    ]
    chunks = run.work([(direction, programs) for direction, _, programs in held])
    _collect_answers(run, checkpoint, label, chunks, suites, journal)
    found, end = {}, 0
    for direction, part, programs in held:
        numbers = range(end, end := end + len(run.chunks(programs)))
        answered = (
            (chunks[k][1], journal.read(k, Candidate), _judging(journal).read(k, Verdict))
            for k in numbers
        )
        found[str(direction)] = _count(run, direction, part, answered)
    return (
        {**pool_figures(list(found.values())), "directions": found}
        if len(found) > 1
        else next(iter(found.values()))
    )


def _judging(journal: Journal) -> Journal:
    """The journal of the verdicts on the answers in `journal`."""
    return Journal(journal.folder / "verdicts")


def _collect_answers(
    run: Run,
    checkpoint: str | Callable[[Direction], str],
    label: str,
    chunks: Sequence[tuple[Direction, Sequence[Program]]],
    suites: Mapping[str, UnitTestSuite],
    journal: Journal,
) -> None:
    """Fill the journals of the answers and of the verdicts, by the numbers of `chunks` of
    (direction, programs).
    """
    wanted = run.config.evaluate
    sampling = run.sampling(wanted.samples, wanted.temperature, "evaluate")
    with run.bar(f"{label}: held-out translation", sum(len(chunk) for _, chunk in chunks)) as bar:
        gathered = ByChunk[list[Verdict]]()
        known = journal.view(Candidate)
        done = _judging(journal).chunks() & set(known)
        equivalent = 0

        def expand(index: int, candidates: list[Candidate]) -> Sequence[tuple]:
            if index not in known:
                journal.add(index, candidates)
            items = group_for_judging(
                drop_repeated_texts(candidates), {p.id: p for p in chunks[index][1]}, suites
            )
            gathered.expect(index, len(items))
            if not items:
                _judging(journal).add(index, [])
            return items

        def ask(index: int) -> tuple:
            direction, chunk = chunks[index]
            folder = checkpoint if isinstance(checkpoint, str) else checkpoint(direction)
            return folder, list(chunk), str(direction), sampling

        bar.advance(sum(len(chunks[k][1]) for k in done))
        for (index, place), found in stream_results(
            run.workers.translators,
            TranslatorService.propose,
            LazySequence(len(chunks), ask),
            run.workers.verifiers,
            Verifier.judge,
            expand,
            known,
            done,
            waited=lambda: bar.set(bar.done),
        ):
            if (whole := gathered.add(index, place, found)) is not None:
                by_id = {v.target_id: v for verdicts in whole for v in verdicts}
                ids = dict.fromkeys(c.id for c in journal.read(index, Candidate))
                _judging(journal).add(index, [by_id[i] for i in ids if i in by_id])
            equivalent += sum(v.outcome is Outcome.EQUIVALENT for v in found)
            bar.advance(note=f"{equivalent} equivalent")


def pool_figures(parts: list[dict]) -> dict:
    """Return the metrics, by name, over the items of several directions together. parts: the
    metrics of each direction, as `evaluate_checkpoint` returns them for one. Shares (`pass@K`,
    `compile_rate`) are means weighted by programs, None without programs; counts are sums. `bleu`
    and `codebleu` are None, since the dialects differ.
    """
    count = sum(p["programs"] for p in parts)

    def mean(key: str) -> float | None:
        return (
            sum(p[key] * p["programs"] for p in parts if p["programs"]) / count if count else None
        )

    summed = {
        key: dict(sorted(sum((Counter(p[key]) for p in parts), Counter()).items()))
        for key in ("outcomes", "not_a_function")
    }
    rates = [key for key in parts[0] if key.startswith("pass@")] + ["compile_rate"]
    totals = {key: sum(p[key] for p in parts) for key in ("programs", "without_suite")}
    return {key: mean(key) for key in rates} | totals | summed | {"bleu": None, "codebleu": None}


def _count(
    run: Run,
    direction: Direction,
    part: RunCorpus,
    answered: Iterable[tuple[Sequence[Program], list[Candidate], list[Verdict]]],
) -> dict:
    """The metrics of a direction. answered: programs with the answers for them and the verdicts. A
    candidate without a verdict (nothing was written) counts as wrong and as not compiled.
    """
    samples = run.config.evaluate.samples
    rows: list[dict] = []
    scored: list[tuple[str, str]] = []
    outcomes, rejected = Counter[str](), Counter[str]()
    for programs, candidates, judged in answered:
        verdicts = {v.target_id: v for v in judged}
        rows += _by_item(programs, candidates, verdicts, samples)
        outcomes.update(
            str(verdicts[c.id].outcome) if c.id in verdicts else "NONE" for c in candidates
        )
        rejected.update(count_rejections(verdicts[c.id] for c in candidates if c.id in verdicts))
        first = {c.source_id: c.text for c in reversed(candidates)}
        scored += [
            (first[p.id], part.references[p.id].text)
            for p in programs
            if p.id in part.references and p.id in first
        ]
    hypotheses, references = [h for h, _ in scored], [r for _, r in scored]
    counts = [(samples, min(samples, row["passed"])) for row in rows]
    compiled = sum(row["compiled"] for row in rows)
    figures = {
        f"pass@{k}": _percent(average_pass_at_k(counts, k)) for k in run.config.evaluate.pass_at
    }
    return figures | {
        "items": rows,
        "programs": len(rows),
        "compile_rate": _percent(compiled / (samples * len(rows))) if rows else None,
        "bleu": bleu(hypotheses, references),
        **_measure_codebleu(hypotheses, references, direction.target.name),
        "outcomes": dict(sorted(outcomes.items())),
        "without_suite": len(part.evaluation) - len(rows),
        "not_a_function": dict(sorted(rejected.items())),
    }


def _measure_codebleu(hypotheses: list[str], references: list[str], target: str) -> dict:
    """CodeBLEU in [0, 100]; for a dialect without it (Fortran) what there is: its n-gram parts."""
    score = compute_codebleu(hypotheses, references, target)
    if score is None or score.value is not None:
        return {"codebleu": score and 100.0 * score.value}
    parts = {k: 100.0 * v for k, v in score.parts.items() if v is not None}
    return {
        "codebleu": None,
        "codebleu_parts": {k.removesuffix("_score"): v for k, v in parts.items()},
    }


def _by_item(
    programs: Sequence[Program],
    candidates: list[Candidate],
    verdicts: dict[str, Verdict],
    samples: int,
) -> list[dict]:
    """One row a program, for `coevolve compare`: answers that pass and that compile, and whether
    the first one passes.
    """
    grouped: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        grouped.setdefault(candidate.source_id, []).append(candidate)
    rows = []
    for program in programs:
        outcomes = [
            verdicts[c.id].outcome if c.id in verdicts else None
            for c in grouped.get(program.id, [])
        ]
        compiled = sum(o is not None and o not in NOT_COMPILED for o in outcomes)
        rows.append(
            {
                "id": program.id,
                "name": program.name,
                "samples": samples,
                "passed": outcomes.count(Outcome.EQUIVALENT),
                "built": compiled,
                "compiled": compiled,
                "first_passed": outcomes[:1] == [Outcome.EQUIVALENT],
            }
        )
    return rows


def _percent(share: float | None) -> float | None:
    return None if share is None else 100.0 * share


def _recall_tester(run: Run) -> dict:
    """The Tester's figures of the cold start, which hold as long as it is frozen."""
    held = read_json(run.folder.round(0).evaluation)
    return {key: value for key, value in held.items() if key.startswith("tester_")}


def evaluate_tester(run: Run, checkpoint: str, label: str) -> dict:
    """Return how good the Tester's own tests on held-out programs are, before rules add any, by
    name: `tester_valid_rate`, the percentage of its tests that are valid; `tester_suite_rate`, that
    of its answers with a valid test; `tester_tests`, the number of tests. Both rates are 0 without
    tests; all three are None where rounds ask for none (`round.suites` is 0).

    checkpoint: the Tester's folder. label: words for the progress bar.
    """
    if not run.config.round.suites:
        return dict.fromkeys(("tester_valid_rate", "tester_suite_rate", "tester_tests"))
    sampling = run.sampling(1, run.config.evaluate.temperature, "evaluate tester")
    made = propose_suites(
        run, f"{label}: held-out suites", run.corpus.evaluation, checkpoint, sampling
    )
    counts = count_suites(prepared for _, chunk in made for prepared in chunk)
    proposed, answers = counts["tests_proposed"], counts["answers"]
    return {
        "tester_valid_rate": 100.0 * counts["tests_valid"] / proposed if proposed else 0.0,
        "tester_suite_rate": 100.0 * counts["answers_with_valid_test"] / answers
        if answers
        else 0.0,
        "tester_tests": proposed,
    }


def run_evaluate_command(
    root: Path, checkpoint: str | None, samples: int | None, as_json: bool, use_ray: bool = True
) -> int:
    """Evaluate one checkpoint of a run on its held-out programs and print the metrics.

    root: the run's folder. checkpoint: a folder; None: the last round's. samples: candidates per
        program; None: as configured. as_json: print JSON, with fractions of 1, instead of a table
        in percent. use_ray: False does all work in this process.
    Returns the exit code 0. Raises UserError if the folder holds no run, the checkpoint is missing,
    or `samples` is below 1.
    """
    from coevolve.cli.progress import show_stage
    from coevolve.loop.run_corpus import open_corpus
    from coevolve.report.page import open_run

    folder, config = open_run(root)
    with show_stage(f"reading the corpus of {root}"):
        corpus = open_corpus(config, folder)
    if samples is not None:
        if samples < 1:
            raise UserError(f"--samples {samples}: at least 1 candidate a program is needed")
        ks = choose_pass_at(samples)
        config = replace(config, evaluate=replace(config.evaluate, samples=samples, pass_at=ks))
    last = None if checkpoint else _last_round(config, folder)
    if checkpoint and not Path(checkpoint, "config.json").is_file():
        raise UserError(f"'{checkpoint}' is not a checkpoint folder (no config.json in it)")
    with ExitStack() as stack:
        with show_stage("starting the workers"):
            make = make_ray_run_workers if use_ray else make_local_workers
            workers = stack.enter_context(make(config))
        run = Run(config, folder, corpus, workers)
        prepare_evaluation(run)
        chosen = (
            str(Path(checkpoint).resolve())
            if checkpoint
            else lambda direction: str(run.translator(last, direction))
        )
        figures = evaluate_checkpoint(run, chosen, "eval")
    if as_json:
        print(json.dumps(convert_to_fractions(figures), indent=1, sort_keys=True))
    else:
        named = (
            [checkpoint]
            if checkpoint
            else [str(path) for path in find_checkpoints(config, folder.round(last).folder)]
        )
        print(format_figures(figures, f"checkpoint {', '.join(named)}"))
    return 0


def format_figures(figures: dict, title: str) -> str:
    """Return the metrics as lines of text below `title`, those of each direction after those of all
    together; every pass@k with its 95 % interval over programs where a bootstrap says something.

    figures: as `evaluate_checkpoint` returns them.
    """
    lines = [title]
    for key, value in figures.items():
        if key not in ("items", "directions"):
            shown = f"{value:.2f}" if isinstance(value, float) else value
            lines.append(f"{key:<16} {shown}{_format_interval(key, figures)}")
    for direction, found in figures.get("directions", {}).items():
        lines.append(format_figures(found, f"\n{direction}"))
    return "\n".join(lines)


def _format_interval(key: str, figures: dict) -> str:
    """What stands behind a pass@k; '' behind other figures and where a bootstrap says nothing."""
    if not key.startswith("pass@") or not figures.get("items"):
        return ""
    k = int(key.removeprefix("pass@"))
    values = [pass_at_k(row["samples"], row["passed"], k) for row in figures["items"]]
    if not can_bootstrap(values) or (found := bootstrap_mean(values)) is None:
        return ""
    return f"  (95 %: {100 * found[0]:.1f} to {100 * found[1]:.1f})"


def _last_round(config: Config, folder: RunFolder) -> int:
    def has(paths: RoundPaths) -> bool:
        return all(path.exists() for path in find_checkpoints(config, paths.folder))

    number = folder.find_last(has)
    if number is None:
        raise UserError(
            f"'{folder.root}' has no checkpoint yet; finish its cold start with 'coevolve run "
            f"--resume {folder.root}'"
        )
    return number
