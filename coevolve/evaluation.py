"""Evaluation on the held-out split: execute, then count. BLEU and CodeBLEU against references where they exist.

Contract: suites of the held-out programs are made once per run by the rule-based tester (no model has a hand in them),
so every round and every checkpoint is measured against the same tests. Nothing here feeds training.

    coevolve eval runs/demo
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

from coevolve.errors import UserError
from coevolve.metrics import bleu, codebleu, mean_pass_at_k
from coevolve.run_folder import read_json, write_json
from coevolve.stages import Run, distinct, in_chunks, judging_items, propose_suites, suite_counts
from coevolve.workers import map_unordered, stream
from corpora.records import NOT_COMPILED, Candidate, Outcome, Program, UnitTestSuite, Verdict
from corpora.store import read_jsonl, write_jsonl
from translator.answers import counted



def prepare_evaluation(run: Run) -> None:
    """Rule-made suites of the held-out programs, once per run. Programs without a valid suite are counted and named."""
    path = run.folder.evaluation_suites
    if path.exists():
        return
    programs = run.corpus.evaluation
    bar = run.bar("suites of held-out programs", len(programs))
    prepared = {}
    with run.timed(0, "evaluation suites"):
        for index, result in map_unordered(run.crew.verifiers, "prepare", [(p, ()) for p in programs]):
            prepared[index] = result
            bar.advance()
    suites = [prepared[i].suite for i in range(len(programs)) if prepared[i].suite is not None]
    bar.close(f"{len(suites)} of {len(programs)} have one")
    write_json(run.folder.evaluation_skipped, {
        f"{p.name} ({p.origin})": prepared[i].reason for i, p in enumerate(programs) if prepared[i].suite is None
    })
    write_jsonl(path, suites)


def evaluate_round(run: Run, number: int) -> dict:
    """Figures of the checkpoints after round `number` (0 = cold start), from their file when they exist."""
    paths = run.folder.round(number)
    if paths.evaluation.exists():
        return read_json(paths.evaluation)
    with run.timed(number, "evaluate"):
        figures, candidates, verdicts = evaluate_checkpoint(run, str(paths.translator), f"round {number}" if number else "cold start")
        figures |= evaluate_tester(run, str(paths.tester), f"round {number}" if number else "cold start")
        write_jsonl(paths.evaluation_candidates, distinct(candidates))
        write_jsonl(paths.evaluation_verdicts, verdicts)
        write_json(paths.evaluation, figures)
    return figures


def evaluate_checkpoint(run: Run, checkpoint: str, label: str) -> tuple[dict, list[Candidate], list[Verdict]]:
    """Translate every held-out program `samples` times, execute, count. Percentages in 0..100."""
    suites = {s.program_id: s for s in read_jsonl(run.folder.evaluation_suites, UnitTestSuite)}
    programs = [p for p in run.corpus.evaluation if p.id in suites]
    wanted = run.config.evaluate
    sampling = run.sampling(wanted.samples, wanted.temperature, "evaluate")
    chunks = in_chunks(programs)
    bar = run.bar(f"{label}: held-out translation", len(programs))
    answers: dict[int, list[Candidate]] = {}
    verdicts: dict[str, Verdict] = {}

    def expand(index: int, candidates: list[Candidate]) -> list[tuple]:
        answers[index] = candidates
        return judging_items(distinct(candidates), {p.id: p for p in chunks[index]}, suites)

    asked = [(checkpoint, chunk, run.config.direction, sampling) for chunk in chunks]
    for _, found in stream(run.crew.translator, "propose", asked, run.crew.verifiers, "judge", expand):
        verdicts |= {v.target_id: v for v in found}
        bar.advance(note=f"{sum(v.outcome is Outcome.EQUIVALENT for v in verdicts.values())} equivalent")
    bar.close()
    ordered = [c for i in range(len(chunks)) for c in answers[i]]
    figures = _count(run, programs, ordered, verdicts)
    figures["without_suite"] = len(run.corpus.evaluation) - len(programs)
    figures["not_a_function"] = counted(verdicts[c.id] for c in ordered if c.id in verdicts)
    return figures, ordered, list(dict.fromkeys(verdicts[c.id] for c in ordered if c.id in verdicts))


def _count(run: Run, programs: list[Program], candidates: list[Candidate], verdicts: dict[str, Verdict]) -> dict:
    """A candidate without a verdict (nothing was written) counts as wrong and as not compiled."""
    samples = run.config.evaluate.samples
    correct = Counter(c.source_id for c in candidates if _is(verdicts.get(c.id), Outcome.EQUIVALENT))
    compiled = sum(c.id in verdicts and verdicts[c.id].outcome not in NOT_COMPILED for c in candidates)
    counts = [(samples, min(samples, correct[p.id])) for p in programs]
    target = run.forward.target.name
    first = {}
    for candidate in candidates:
        first.setdefault(candidate.source_id, candidate.text)
    scored = [(first[p.id], run.corpus.references[p.id].text) for p in programs if p.id in run.corpus.references and p.id in first]
    hypotheses, references = [h for h, _ in scored], [r for _, r in scored]
    figures = {f"pass@{k}": _percent(mean_pass_at_k(counts, k)) for k in run.config.evaluate.pass_at}
    return figures | {
        "items": _by_item(programs, candidates, verdicts, samples),
        "programs": len(programs),
        "compile_rate": _percent(compiled / (samples * len(programs))) if programs else None,
        "bleu": bleu(hypotheses, references),
        "codebleu": codebleu(hypotheses, references, target),
        "outcomes": dict(sorted(Counter(str(verdicts[c.id].outcome) if c.id in verdicts else "NONE" for c in candidates).items())),
    }


def _by_item(programs: list[Program], candidates: list[Candidate], verdicts: dict[str, Verdict], samples: int) -> list[dict]:
    """One row a program, for `coevolve compare`: answers that pass and that compile, and whether the first one passes."""
    grouped: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        grouped.setdefault(candidate.source_id, []).append(candidate)
    rows = []
    for program in programs:
        outcomes = [verdicts[c.id].outcome if c.id in verdicts else None for c in grouped.get(program.id, [])]
        compiled = sum(o is not None and o not in NOT_COMPILED for o in outcomes)
        rows.append({
            "id": program.id, "name": program.name, "samples": samples, "passed": outcomes.count(Outcome.EQUIVALENT), "built": compiled,
            "compiled": compiled, "first_passed": outcomes[:1] == [Outcome.EQUIVALENT],
        })  # fmt: skip
    return rows


def _is(verdict: Verdict | None, outcome: Outcome) -> bool:
    return verdict is not None and verdict.outcome is outcome


def _percent(share: float | None) -> float | None:
    return None if share is None else 100.0 * share


def evaluate_tester(run: Run, checkpoint: str, label: str) -> dict:
    """Share of the Tester's own tests on held-out programs that are valid, before anything is topped up."""
    programs = list(run.corpus.evaluation)
    sampling = run.sampling(1, run.config.evaluate.temperature, "evaluate tester")
    counts = suite_counts(propose_suites(run, f"{label}: held-out suites", programs, checkpoint, sampling))
    proposed, answers = counts["tests_proposed"], counts["answers"]
    return {
        "tester_valid_rate": 100.0 * counts["tests_valid"] / proposed if proposed else 0.0,
        "tester_suite_rate": 100.0 * counts["answers_with_valid_test"] / answers if answers else 0.0,
        "tester_tests": proposed,
    }


def evaluate_command(root: Path, checkpoint: str | None, samples: int | None, as_json: bool, use_ray: bool = True) -> int:
    """`coevolve eval`: print the figures of one checkpoint on a run's held-out split."""
    from coevolve.report import open_run
    from coevolve.rounds import local_workers, ray_workers
    from coevolve.run_corpus import open_corpus

    folder, config = open_run(root)
    corpus = open_corpus(config, folder)
    if samples is not None:
        ks = tuple(k for k in config.evaluate.pass_at if k <= samples)
        if samples < 1 or not ks:
            raise UserError(f"--samples {samples} is too few for any of pass@{list(config.evaluate.pass_at)}")
        config = replace(config, evaluate=replace(config.evaluate, samples=samples, pass_at=ks))
    chosen = checkpoint or _last_checkpoint(folder)
    if not Path(chosen, "config.json").is_file():
        raise UserError(f"'{chosen}' is not a checkpoint folder (no config.json in it)")
    with (ray_workers if use_ray else local_workers)(config) as crew:
        run = Run(config, folder, corpus, crew)
        prepare_evaluation(run)
        figures, _, _ = evaluate_checkpoint(run, str(Path(chosen).resolve()), "eval")
    if as_json:
        print(json.dumps(figures, indent=1, sort_keys=True))
    else:
        print(f"checkpoint {chosen}")
        for key, value in figures.items():
            if key == "items":
                continue
            print(f"{key:<16} {value:.2f}" if isinstance(value, float) else f"{key:<16} {value}")
    return 0


def _last_checkpoint(folder) -> str:
    number = folder.last_round(lambda paths: paths.translator.exists())
    if not folder.round(number).translator.exists():
        raise UserError(f"'{folder.root}' has no checkpoint yet; finish its cold start with 'coevolve run --resume {folder.root}'")
    return str(folder.round(number).translator)
