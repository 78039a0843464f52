"""The control beside the rounds: Translators that train as long as the run's own, on generated
lessons alone, and are measured on the same held-out programs.

Contract: with `round.control` every round also trains a control from the control of the round
before (round 1: from the cold start). Its lessons have the length of the round's own, with the same
epochs, rate and replay; see `coevolve.loop.control_lessons`. It proposes nothing and nothing learns
from it, so that all other files of the run are what they are without it. What the rounds gain over
it they gain from verified pairs, not from more training.

    python -c "from coevolve.loop.control_arm import run_control; help(run_control)"
"""

from __future__ import annotations

from pathlib import Path

from coevolve.evaluation.evaluate import evaluate_checkpoint
from coevolve.loop.directions import find_translator, list_translators
from coevolve.loop.run_folder import read_json
from coevolve.loop.services import TranslatorService
from coevolve.loop.stage_run import Run, follow_training
from coevolve.loop.stages import load_experience, select_served


def run_control(run: Run, number: int) -> dict:
    """Train and evaluate the control of round `number`, from 1, in the folder `RoundPaths.control`:
    Translators that train as long as the round's, on generated lessons alone.

    Returns its metrics on held-out programs by name, such as `pass@1`, which also go to
    `evaluation.json` in that folder. If that file exists, it is read. An empty dict, and no work,
    where `round.control` is off. Raises StoreError if a file of the run is damaged.
    """
    if not run.config.round.control:
        return {}
    paths = run.folder.round(number).control
    if run.folder.is_finished(paths.evaluation):
        paths.answering.clear()  # if a process was killed before it could
        return read_json(paths.evaluation)
    with run.timed(number, "control"):
        for served in list_translators(run.config):
            _learn(run, number, served.name, served.label, served.directions)
        figures = evaluate_checkpoint(
            run,
            lambda direction: str(paths.folder / find_translator(run.config, str(direction)).name),
            f"round {number}: control",
            paths.answering,
        )
        run.folder.finish_value(paths.evaluation, figures)
        paths.answering.clear()
    return figures


def _learn(run: Run, number: int, name: str, label: str, directions: tuple[str, ...]) -> None:
    new = run.folder.round(number).control.folder / name
    if run.folder.is_finished(new):
        return
    served = next(s for s in list_translators(run.config) if s.name == name)
    triplets = select_served(load_experience(run, number), served)
    follow_training(
        run,
        f"round {number}: control {label} learns",
        run.workers.translators,
        TranslatorService.learn_generated,
        str(_find_before(run, number, name)),
        triplets,
        run.corpus.protected,
        str(new),
        number,
        directions,
    )
    run.folder.seal(new)


def _find_before(run: Run, number: int, name: str) -> Path:
    before = run.folder.round(number - 1)
    return (before.control.folder if number > 1 else before.folder) / name
