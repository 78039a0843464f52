"""The loop: cold start, then rounds of suites, candidates, verdicts, triplets, learning and
evaluation.

Contract: `run` may be interrupted anywhere and called again; it goes on from the last finished
stage. With the same configuration it writes the same files.

    coevolve run configs/demo.toml
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from coevolve.cli.errors import UserError
from coevolve.cli.progress import show_stage
from coevolve.config.schema import Config
from coevolve.loop import manifest
from coevolve.loop.directions import find_checkpoints, list_translators
from coevolve.loop.pretraining_lessons import list_steps
from coevolve.loop.run_corpus import RunCorpus, build_corpus, open_corpus
from coevolve.loop.run_folder import RunFolder, resolve_run_dir
from coevolve.loop.run_mirror import open_mirror
from coevolve.loop.run_workers import make_local_workers, make_no_workers, make_ray_run_workers
from coevolve.loop.schedule import Step, run_steps
from coevolve.loop.stage_run import Run
from coevolve.loop.workers import RunWorkers
from corpora.store import count_jsonl
from gpu_runtime.backend import BackendError
from gpu_runtime.models.backends import MODEL_BACKENDS
from gpu_runtime.models.protocol import ModelError
from gpu_runtime.models.vllm_engine import MISSING


def run(config: Config, use_ray: bool = True) -> Path:
    """Run the rounds of `config`, or go on with them, and return the run's folder, with its report
    and export. Where `run_dir` is a URL, this is its working folder. use_ray: False does all work
    in this process. Raises ConfigError, CorpusError, ModelError or UserError for bad input.
    """
    from coevolve.evaluation.evaluate import prepare_evaluation
    from coevolve.loop import stages
    from gpu_runtime.compile.toolchain import find_toolchain, require_tool

    tools = find_toolchain()
    for path, name in ((tools.gcc, "gcc"), (tools.gpp, "g++")) + (
        ((tools.gfortran, "gfortran"),) if "fortran" in config.title else ()
    ):
        require_tool(path, name)
    mirror = open_mirror(config.run_dir)
    if mirror:
        mirror.require_writable()
        mirror.fetch()
    config = replace(config, run_dir=str(resolve_run_dir(config.run_dir)))
    folder = RunFolder(config.run_dir)
    new = not folder.config.exists()
    if new:
        require_models(config)
    with show_stage("reading the corpora"):
        corpus = open_corpus(config, folder)
    print(f"run folder {folder.root}: {summarize_corpus(config, corpus)}", flush=True)
    with folder.held():
        with (
            _require_possible(config, folder, new),
            _told_while_starting(
                folder, _choose_workers(config, folder, use_ray)(config)
            ) as workers,
        ):
            folder.extend_rounds(config)
            manifest.describe(folder.root, list_versions(config))
            this = Run(config, folder, corpus, workers)
            # Before the models, which take long: a machine that cannot verify is found out at once.
            prepare_evaluation(this)
            stages.run_cold_start(this)
            run_steps(
                list_stages(this),
                workers.together,
                workers.stop,
                lambda _: mirror.push() if mirror else None,
            )
            if mirror:
                mirror.push()
        with folder.telling("export and report"):
            _write_results(config, folder)
    return folder.root


@contextmanager
def _told_while_starting(
    folder: RunFolder, workers: AbstractContextManager[RunWorkers]
) -> Iterator[RunWorkers]:
    """The workers, and a word on the screen and for `coevolve watch` until they are there."""
    with ExitStack() as stack:
        with folder.telling("starting the workers"), show_stage("starting the workers"):
            started = stack.enter_context(workers)
        yield started


def _write_results(config: Config, folder: RunFolder) -> None:
    """Export the models and the pairs, print the table, and write the report."""
    from coevolve.cli.export import export_run
    from coevolve.report.direction_table import format_markdown, make_rows
    from coevolve.report.page import print_table, write_report

    export_run(folder.root)
    print_table(folder.root)
    if len(config.directions) > 1:
        print(format_markdown(make_rows(folder.root)))
    print(f"report:      {write_report(folder.root)}")
    made = (*find_checkpoints(config, folder.export), folder.export / "tester")
    print(f"checkpoints: {', '.join(map(str, made))}")
    kept = any(
        triplets.exists() and count_jsonl(triplets)
        for triplets in (folder.round(k).triplets for k in range(1, config.round.count + 1))
    )
    print(f"pairs:       {folder.export / 'pairs.parquet'}{'' if kept else ' (none was kept)'}")


def _choose_workers(config: Config, folder: RunFolder, use_ray: bool) -> Callable:
    """What makes the workers: neither Ray nor models start where only results are left to write."""
    from coevolve.loop.stages import are_all_finished

    if are_all_finished(config, folder):
        return make_no_workers
    return make_ray_run_workers if use_ray else make_local_workers


def list_stages(run: Run) -> Iterator[Step]:
    """Yield the stages of all rounds of `run` after the cold start, each as a Step that names those
    whose files it reads. Each comes after the ones that it names.

    Once the Tester has learnt, tests of the next round are made and checked while Translators
    learn. The next round's candidates are made and judged while this one is evaluated; with
    `round.behind`, also while models learn. They wait for the control where there is one Translator
    actor, since it would load one checkpoint after the other. Models without GPUs of their own
    share the processors, so there Translators and Tester learn one after the other.
    """
    from coevolve.evaluation.evaluate import evaluate_round
    from coevolve.loop import stages
    from coevolve.loop.control_arm import run_control

    report = _Report(run)
    waits = run.config.round.control and run.config.resources.translators == 1
    shared = not run.config.resources.model_gpus
    yield Step("evaluate 0", lambda: evaluate_round(run, 0))
    for n in range(1, run.config.round.count + 1):
        suites, proposed, kept = f"suites {n}", f"propose and verify {n}", f"triplets {n}"
        taught, tested, measured = f"Translators {n}", f"Tester {n}", f"evaluate {n}"
        from_models = run.proposers(n)
        tester = (f"Tester {from_models}",) if from_models else ()
        translators = (f"Translators {from_models}",) if from_models else ()
        last = (f"report {n - 1}",) if n > 1 else ()
        earlier = (f"Tester {n - 1}", f"Translators {n - 1}") if n > 1 else ()

        def step(name: str, stage: Callable[..., object], *after: str, number: int = n) -> Step:
            return Step(name, lambda: stage(run, number), after)

        asked = (f"propose and verify {n - 1}",) if n > 1 else ()
        yield step(suites, stages.make_suites, *tester)
        yield step(
            proposed, stages.propose_and_verify, suites, *translators, *asked, *(last * waits)
        )
        yield step(kept, stages.keep_triplets, proposed)
        yield step(tested, stages.train_tester, kept, *earlier[:1])
        yield step(
            taught, stages.train_translators, kept, *earlier[1:], *((tested,) if shared else ())
        )
        yield step(measured, evaluate_round, taught, tested, f"evaluate {n - 1}")
        yield step(f"control {n}", run_control, measured, *last)
        yield Step(f"report {n}", report.write, (f"control {n}",))


class _Report:
    """The report of a run that goes on. It tells of all rounds, so it takes longer and longer: it
    is written when it takes at most a tenth of the time since it was written last.
    """

    def __init__(self, run: Run) -> None:
        self._run, self._took, self._ended = run, 0.0, float("-inf")

    def write(self) -> None:
        from coevolve.report.page import write_report

        began = time.monotonic()
        if began - self._ended >= 10 * self._took:
            write_report(self._run.folder.root)
            self._ended = time.monotonic()
            self._took = self._ended - began


def list_versions(config: Config) -> dict[str, object]:
    """Return what a run is made with, by name: `config` (hash of the configuration), `seed`,
    `coevolve` (this package's version), `engine` (a version that changes with the engine's
    verdicts), `compilers`, `python` and `packages` (versions by package, of those that decide
    results).
    """
    from coevolve.verification.engine import compute_engine_version
    from gpu_runtime.compile.toolchain import find_toolchain

    return {
        "config": config.digest,
        "seed": config.seed,
        "coevolve": version("coevolve"),
        "engine": compute_engine_version(),
        "compilers": find_toolchain().versions,
        "python": platform.python_version(),
        "packages": {name: version(name) for name in DECIDING_PACKAGES},
    }


DECIDING_PACKAGES = ("torch", "transformers", "numpy", "datasketch", "pyarrow")
"""Packages whose version may change a run's files."""


@contextmanager
def _require_possible(config: Config, folder: RunFolder, new: bool) -> Iterator[None]:
    """A new run that turns out not to be possible as configured, before anything was learnt, leaves
    no claim behind: it would stand in the way of the same run with the mistake mended.
    """
    try:
        yield
    except (BackendError, ModelError, UserError):
        if new and not any(
            path.exists() for path in find_checkpoints(config, folder.round(0).folder)
        ):
            folder.release_claim()
        raise


def require_models(config: Config) -> None:
    """Check that the models, prompts and packages that the configuration names are there. Raises
    ModelError with one line if one is missing.
    """
    if config.model.backend == "scratch":
        return
    from coevolve.loop.checkpoints import CheckpointCache, make_model_options
    from coevolve.loop.shots import find_prompt_folder

    find_prompt_folder(config, "translator")
    if config.model.backend == "openai":
        MODEL_BACKENDS["openai"](
            config.model.name_or_path, make_model_options(config)
        )  # which asks nothing yet
        return
    if config.model.backend == "vllm" and find_spec("vllm") is None:
        raise ModelError(MISSING)
    parts = [("translator", served.name) for served in list_translators(config)] + [
        ("tester", "tester")
    ]
    starts = [
        named.start
        for named in (CheckpointCache(config, kind, part) for kind, part in parts)
        if named.start_kind == "pretrained"
    ]
    if not starts:
        return
    from gpu_runtime.models.finetune import require_support as require_tuning
    from gpu_runtime.models.pretrained import require_model

    require_tuning(make_model_options(config).tuning)
    for start in dict.fromkeys(starts):
        require_model(start)


def summarize_corpus(config: Config, corpus: RunCorpus) -> str:
    """Return one line of text: the directions, and how many programs are for training, held out,
    and dropped as near-duplicates of held-out ones.
    """
    return (
        f"{config.title}, {len(corpus.training_source)} source programs, "
        f"{len(corpus.training_target)} target programs, "
        f"{len(corpus.evaluation)} held out, {corpus.held_back} held back as near-duplicates "
        f"of held-out ones"
    )


def describe_run(config: Config) -> str:
    """Return the text that `--dry-run` prints: sizes of the corpus and of the rounds. To this end
    the models are looked for and the corpora loaded. Raises ModelError, CorpusError or UserError
    for bad input.
    """
    require_models(config)
    corpus = build_corpus(config)
    candidates = config.round.samples * sum(len(programs) for _, programs in corpus.sides(config))
    climbed = (
        f"ladder of {', '.join(list_steps(config))} on up to {config.ladder.examples} functions a "
        f"dialect, "
        if config.ladder.steps
        else ""
    )
    wanted = config.resources
    gpus = (wanted.translators + wanted.testers) * wanted.model_gpus
    asks = f", {gpus:g} GPUs for the models alone" if gpus else ""
    return (
        f"{summarize_corpus(config, corpus)}\n{config.round.count} rounds of up to "
        f"{candidates} candidates (equal answers to a program are one), "
        f"{climbed}cold start on {config.cold_start.generated} generated pairs{asks}, run folder "
        f"{resolve_run_dir(config.run_dir)}"
    )
