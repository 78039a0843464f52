"""The ladder of a model from nothing: what it learns from unpaired functions before the cold start,
each step a stage.

Contract: `run_pretraining` makes cold/ladder-K-STEP/ for every configured step: translator/ (the
checkpoint of the pass that was best on validation functions) and figures.json, which is there if
and only if the step finished. A step killed half-way goes on after its last finished pass. Masked
words, entities and denoising are judged by their loss; back-translation by execution: the share of
validation functions of the training side whose greedy translation is equivalent. Nothing held out
is looked at.

    coevolve run configs/ladder.toml

Sources: CodeRosetta (TehraniJamsaz et al., arXiv 2410.20527) for the steps and their order;
back-translation as in TransCoder (Roziere et al., arXiv 2006.03511). Ours: with `ladder.verified`
only executed and equivalent pairs are learnt from.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from coevolve.loop.checkpoints import copy_checkpoint
from coevolve.loop.pretraining_lessons import (
    GENERATED,
    PretrainingPass,
    UnpairedFunctions,
    collect_unpaired,
    count_passes,
    list_directions,
    list_steps,
    select_batch,
)
from coevolve.loop.run_folder import RunFolder, read_json, write_json
from coevolve.loop.services import TranslatorService
from coevolve.loop.stage_run import Run, follow_training, judge_candidates
from coevolve.loop.workers import call, map_unordered
from coevolve.verification.verifier import Verifier, make_target_program
from corpora.dialects import Direction, parse_direction
from corpora.files import remove_partial_files
from corpora.records import Candidate, Outcome, Program, UnitTestSuite
from corpora.store import read_jsonl, write_jsonl
from translator.prompting.answers import explain_rejection

CHECKED = 12
"""Back-translations of each direction and pass that are executed where `ladder.verified` does not
execute them all.
"""
EXECUTED = 40
"""Validation functions whose translations are executed after each pass of back-translation."""
AT_ONCE = 64
"""Functions translated in one call."""


@dataclass(frozen=True, slots=True)
class StepPaths:
    """The files of one step of the pretraining on unpaired functions.

    folder: the step's folder. A pass is finished when the file of its metrics exists. Passes are
        deleted when the step is finished.
    """

    folder: Path

    @property
    def translator(self) -> Path:
        """Return the checkpoint folder of the step's best pass."""
        return self.folder / "translator"

    @property
    def figures(self) -> Path:
        """Return the path of the step's metrics, as JSON. It exists if and only if the step is
        finished.
        """
        return self.folder / "figures.json"

    @property
    def passes(self) -> Path:
        """Return the folder that holds the passes while the step runs."""
        return self.folder / "passes"

    @property
    def suites(self) -> Path:
        """Return the path of the test suites for validation functions that are executed after each
        pass, as JSONL.
        """
        return self.folder / "validation_suites.jsonl"

    def model(self, number: int) -> Path:
        """Return the checkpoint folder of pass `number`, from 1."""
        return self.passes / str(number)

    def measured(self, number: int) -> Path:
        """Return the path of the metrics of pass `number` (from 1), as JSON."""
        return self.passes / f"{number}.json"


def list_step_paths(folder: RunFolder, names: Sequence[str]) -> list[StepPaths]:
    """Return the paths of the pretraining steps `names`, such as `mlm`, in the run's folder, in
    order. names: all steps of the run, since a step's place is part of its folder's name.
    """
    return [
        StepPaths(folder.round(0).folder / f"ladder-{k}-{name}") for k, name in enumerate(names, 1)
    ]


def run_pretraining(run: Run) -> str:
    """Run the steps of the pretraining on unpaired functions that are not finished.

    Returns the checkpoint folder of the last step, '' if none is configured. Raises LeakError if a
    training program is a held-out one.
    """
    checkpoint = ""
    names = list_steps(run.config)
    for name, paths in zip(names, list_step_paths(run.folder, names), strict=True):
        if not (run.folder.is_finished(paths.figures) and run.folder.is_finished(paths.translator)):
            with run.timed(0, f"ladder: {name}"):
                _step(run, name, paths, checkpoint)
        shutil.rmtree(paths.passes, ignore_errors=True)
        checkpoint = str(paths.translator)
    return checkpoint


def _step(run: Run, name: str, paths: StepPaths, before: str) -> None:
    for folder in (paths.folder, paths.passes):
        remove_partial_files(folder)
    measured = []
    checkpoint = before
    for number in range(1, count_passes(run.config, name) + 1):
        if not paths.measured(number).exists():
            figures = (
                _back_translate(run, paths, number, checkpoint)
                if name == "bt"
                else _pass(run, paths, PretrainingPass(name, number, checkpoint))
            )
            write_json(paths.measured(number), figures)
        measured.append(read_json(paths.measured(number)))
        checkpoint = str(paths.model(number))
    best = choose_best_pass(name, measured)
    copy_checkpoint(str(paths.model(best)) if best else before, str(paths.translator))
    run.folder.seal(paths.translator)
    run.folder.finish_value(paths.figures, {"step": name, "chosen_pass": best, "passes": measured})


def choose_best_pass(name: str, measured: Sequence[dict]) -> int:
    """Return the number, from 1, of the best pass of the pretraining step `name`.

    measured: the metrics of each pass by name, in order. The least validation loss is best; for
        `bt` the largest `executed_pass@1` is, then the least loss. Returns 0 if every pass of `bt`
        executes worse than the model before it.
    """

    def merit(figures: dict) -> tuple[float, float]:
        return (
            figures["executed_pass@1"] or 0.0 if name == "bt" else 0.0,
            -figures["validation_loss"],
        )

    best = max(range(len(measured)), key=lambda i: merit(measured[i]))
    return (
        0
        if (measured[0].get("before_executed_pass@1") or 0.0) > merit(measured[best])[0]
        else best + 1
    )


def _pass(run: Run, paths: StepPaths, training_pass: PretrainingPass) -> dict:
    passes = count_passes(run.config, training_pass.step)
    label = f"ladder: {training_pass.step} {training_pass.number}/{passes}"
    return follow_training(
        run,
        label,
        run.workers.translators,
        TranslatorService.pretrain,
        training_pass,
        run.training(),
        run.corpus.protected,
        str(paths.model(training_pass.number)),
    )


# --- back-translation
# -------------------------------------------------------------------------------------------------


def _back_translate(run: Run, paths: StepPaths, number: int, checkpoint: str) -> dict:
    """Translate functions of every dialect, learn to translate what came out back into them, and
    execute.
    """
    sides = {
        side.dialect: side
        for side in collect_unpaired(run.config, run.training(), run.corpus.protected)
    }
    pairs: list[tuple[Program, Program]] = []
    before = (
        {"before_executed_pass@1": _executed_pass(run, paths, sides, checkpoint)}
        if number == 1
        else {}
    )
    executed = verified = written = 0
    for direction in list_directions(run.config):
        functions = list(
            dict.fromkeys(select_batch(sides[direction.source.name], run.config, number))
        )
        found = _translate_programs(
            run, f"ladder: bt {number} {direction}", checkpoint, direction, functions
        )
        checked = found if run.config.ladder.verified else found[:CHECKED]
        right = _verify_translations(run, f"ladder: bt {number} executed", checked)
        executed, verified, written = (
            executed + len(checked),
            verified + len(right),
            written + len(found),
        )
        kept = (
            [pair for pair in found if pair[1].id in right] if run.config.ladder.verified else found
        )
        pairs += [
            (replace(make_target_program(c, p), origin=p.origin), p)
            for c, p in kept
            if not explain_rejection(c.text, direction.target.name)
        ]
    figures = _pass(run, paths, PretrainingPass("bt", number, checkpoint, tuple(pairs)))
    counts = {
        "translated": written,
        "executed": executed,
        "verified": verified,
        "pairs": len(pairs),
    }
    share = 100.0 * verified / executed if executed else None
    return (
        before
        | figures
        | counts
        | {
            "verified_rate": share,
            "executed_pass@1": _executed_pass(run, paths, sides, str(paths.model(number))),
        }
    )


Found = list[tuple[Candidate, Program]]


def _translate_programs(
    run: Run, label: str, checkpoint: str, direction: Direction, programs: Sequence[Program]
) -> Found:
    """The greedy translation of each program."""
    found: Found = []
    with run.bar(label, len(programs)) as bar:
        for start in range(0, len(programs), AT_ONCE):
            chunk = list(programs[start : start + AT_ONCE])
            sampling = run.sampling(1, 0.0, "ladder")
            found += zip(
                call(
                    run.workers.translators,
                    TranslatorService.propose,
                    checkpoint,
                    chunk,
                    str(direction),
                    sampling,
                ),
                chunk,
                strict=True,
            )
            bar.advance(len(chunk))
    return found


def _verify_translations(run: Run, label: str, found: Found) -> set[str]:
    """Ids of the programs whose translation was executed and is equivalent, by a suite that is
    strong enough to learn from.
    """
    suites = _suites(run, label, [program for _, program in found])
    strong = {
        i: s for i, s in suites.items() if (s.strength or 0.0) >= run.config.verify.least_strength
    }
    return _find_equivalent(run, label, found, strong)


def _find_equivalent(
    run: Run, label: str, found: Found, suites: dict[str, UnitTestSuite]
) -> set[str]:
    verdicts = judge_candidates(
        run, label, [c for c, _ in found], {p.id: p for _, p in found}, suites
    )
    return {v.source_id for v in verdicts if v.outcome is Outcome.EQUIVALENT}


def _suites(run: Run, label: str, programs: Sequence[Program]) -> dict[str, UnitTestSuite]:
    """Rule-made suites by program; those that get none are left out."""
    suites = {}
    with run.bar(f"{label}: suites", len(programs)) as bar:
        for index, prepared in map_unordered(
            run.workers.verifiers, Verifier.prepare, [(p, ()) for p in programs]
        ):
            bar.advance()
            if prepared.suite is not None:
                suites[programs[index].id] = prepared.suite
    return suites


def _executed_pass(
    run: Run, paths: StepPaths, sides: dict[str, UnpairedFunctions], checkpoint: str
) -> float | None:
    """Percentage of validation functions of the training side that are translated right; None where
    none has a suite.
    """
    asked = [
        (parse_direction(name), _for_execution(sides[parse_direction(name).source.name], run))
        for name in run.config.directions
    ]
    if not paths.suites.exists():
        programs = list({p.id: p for _, some in asked for p in some}.values())
        made = _suites(run, "ladder: validation", programs)
        write_jsonl(paths.suites, [made[p.id] for p in programs if p.id in made])
    suites = {s.program_id: s for s in read_jsonl(paths.suites, UnitTestSuite)}
    count = right = 0
    for direction, programs in asked:
        there = [p for p in programs if p.id in suites]
        found = _translate_programs(
            run, f"ladder: validation {direction}", checkpoint, direction, there
        )
        count += len(there)
        right += len(_find_equivalent(run, "ladder: validation executed", found, suites))
    return 100.0 * right / count if count else None


def _for_execution(side: UnpairedFunctions, run: Run) -> list[Program]:
    """EXECUTED validation functions over all directions, half of them real ones where there are so
    many.
    """
    most = max(1, EXECUTED // len(run.config.directions))
    real = [p for p in side.validation if not p.origin.startswith(GENERATED)][: most // 2]
    made = [p for p in side.validation if p.origin.startswith(GENERATED)][: most - len(real)]
    return real + made
