"""Opening, training and saving checkpoints of one kind of model: what both model services share.

Contract: a checkpoint is a folder (or the model that the configuration names); its
contents decide what opens it. A model that cannot learn, or that learns nothing this round, is
carried on unchanged, so that every round's folder is whole.

    python -c "from coevolve.loop.checkpoints import CheckpointCache; help(CheckpointCache)"
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from coevolve.config.schema import Config
from coevolve.evaluation.contamination import Manifest, read_manifest
from coevolve.loop.actors import choose_trainer
from coevolve.loop.model_starts import classify_start, find_start
from coevolve.loop.run_folder import RunFolder
from coevolve.named_models import hide_loading_bars
from corpora.files import write_folder
from corpora.records import Program, content_hash
from gpu_runtime.models.backends import FROZEN, MODEL_BACKENDS, classify_model
from gpu_runtime.models.options import Endpoint, FineTuning, ModelOptions
from gpu_runtime.models.protocol import Example, LanguageModel, Learning, NothingToLearnError
from gpu_runtime.models.vllm_engine import VllmModel, release_gpu_memory
from gpu_runtime.sandbox.cores import count_model_threads


class CheckpointCache:
    """Opens, trains and saves checkpoints of one model of a run. One checkpoint stays open at a
    time.

    config: the run's. kind: `translator` or `tester`. part: the name of its checkpoint folders,
        where the run has several Translators; '' otherwise.
    """

    def __init__(self, config: Config, kind: str, part: str = "") -> None:
        """part: name of its checkpoint folders where it is one of several Translators (see
        coevolve.loop.directions).
        """
        self.config, self.kind, self.part = config, kind, part or kind
        self._open: tuple[str, LanguageModel] | None = None
        self._engine: VllmModel | None = None
        self.progress: tuple[int, int, float] = (0, 0, 0.0)
        self._trained = Manifest.of(())
        use_all_cores()

    def note_progress(self, step: int, steps: int, loss: float) -> None:
        """Store the steps done, all steps and the last loss of the training under way in the
        attribute `progress`, for other threads to read.
        """
        self.progress = (step, steps, loss)

    def model(self, checkpoint: str) -> LanguageModel:
        """Return the model of the folder `checkpoint`, opened if it is not open yet. Raises
        ModelError if it cannot be opened.
        """
        if self._open is None or self._open[0] != checkpoint:
            self._open = (checkpoint, self._opened(classify_model(checkpoint), checkpoint))
        return self._open[1]

    def _opened(self, kind: str, name: str) -> LanguageModel:
        if kind != "pretrained" or self.config.model.backend != "vllm":
            return MODEL_BACKENDS[kind](name, make_model_options(self.config))
        if self._engine is None:
            self._engine = MODEL_BACKENDS["vllm"](name, make_model_options(self.config))
        self._engine.serve(
            name
            # one engine for all its checkpoints: another one's start takes a minute, and memory
            # beside it
        )
        return self._engine

    @contextmanager
    def record_usage_of(self, checkpoint: str) -> Iterator[LanguageModel]:
        """Yield the model of `checkpoint`. If it lies behind an endpoint, the requests and tokens
        of the block are appended to the run's usage.jsonl. Raises ModelError if it cannot be
        opened.
        """
        model = self.model(checkpoint)
        before = asdict(model.usage) if classify_model(checkpoint) in FROZEN else {}
        try:
            yield model
        finally:  # what was spent before something went wrong is on the bill too
            if before:
                spent = {name: value - before[name] for name, value in asdict(model.usage).items()}
                RunFolder(self.config.run_dir).record_usage(
                    {"model": self.kind, "checkpoint": Path(checkpoint).parent.name, **spent}
                )

    def forget(self) -> None:
        """Drop the open model of a checkpoint from the cache. Call it before the model is trained,
        since it no longer equals its checkpoint.
        """
        self._open = None

    def leave_gpus(self) -> None:
        """Free this process's GPU memory, before other processes train there. The open model is
        dropped.
        """
        self.forget()
        if self._engine is not None:
            self._engine.rest()
        release_gpu_memory()

    def is_shared_out(self, kind: str) -> bool:
        """Return whether several processes fine-tune a model of the back end `kind`, such as
        `scratch`. They do if `resources.trainers` is above 1 and the model is pretrained.
        """
        return self.config.resources.trainers > 1 and kind == "pretrained"

    def learning(self, epochs: float, rate: float, *salt: object) -> Learning:
        """Return training settings with `epochs` passes over the examples at peak learning rate
        `rate`; tokens of a step are as configured. salt: values that, with the run's seed, decide
        the seed of shuffling.
        """
        return Learning(
            rate, epochs, self.config.finetune.batch_tokens, choose_seed(self.config, *salt)
        )

    def note_trained(self, real: Sequence[Program], generated: Sequence[Program] = ()) -> None:
        """Remember programs for the manifest of the next checkpoint, which `write_manifest` writes.
        real: programs of corpora.
        generated: programs of the generator.
        """
        self._trained = self._trained.joined(Manifest.of(real, generated))

    def write_manifest(self, folder: Path, before: str) -> None:
        """Write the training manifest into the checkpoint `folder`. It holds the programs noted
        since the last call, and those of the checkpoint `before` ('' for none). Raises
        ManifestError if the manifest of `before` cannot be read.
        """
        known = read_manifest(Path(before)) if before else None
        (known.joined(self._trained) if known else self._trained).write(folder)
        self._trained = Manifest.of(())

    @property
    def start(self) -> str:
        """Return the pretrained model to begin with: the name from the configuration or, for a
        run's export, the folder of this kind of model in it. '' if there is none.
        """
        return find_start(self.config, self.kind, self.part)

    @property
    def start_kind(self) -> str:
        """Return the name of the back end, such as `scratch` or `pretrained`, that opens the model
        to begin with. It also decides how the model is prompted.
        """
        return classify_start(self.config, self.kind, self.part)

    def pretrained(self) -> LanguageModel | None:
        """Open and return the pretrained model that the configuration names; None for a model
        trained from nothing. Raises ModelError if it cannot be opened.
        """
        return (
            None
            if self.config.model.backend == "scratch"
            else self._opened(self.start_kind, self.start)
        )

    def create(self, texts: Sequence[str], words: Sequence[str]) -> LanguageModel:
        """Return a new untrained model of the configured shape. texts: the texts from which its
        vocabulary is learned. words: words that the vocabulary must hold.
        """
        from gpu_runtime.models.scratch import ScratchConfig, ScratchModel

        shape = self.config.model
        kept = shape.heads // 3 if shape.heads % 3 == 0 else shape.heads
        made = ScratchConfig(
            layers=shape.layers,
            width=shape.width,
            heads=shape.heads,
            kept_heads=kept,
            seed=self.config.seed,
        )
        return ScratchModel.create(made, texts, words)


def make_model_options(config: Config) -> ModelOptions:
    """Return the settings of a model's back end that follow from the configuration: fine-tuning,
    endpoint, share of a GPU, and how it decodes.
    """
    wanted = config.finetune
    tuning = FineTuning(
        wanted.method,
        wanted.rank,
        wanted.micro_tokens,
        wanted.packing,
        wanted.gradient_checkpointing,
        wanted.patience,
        wanted.keep_adapter,
        report_to=wanted.report_to,
        sharding=wanted.sharding,
        context=config.model.context,
    )
    remote = Endpoint(
        config.model.endpoint,
        config.model.concurrency,
        (config.model.prices[0], config.model.prices[1]),
    )
    # Two models share what Ray does not part: one process's GPU with `--local`.
    share = min(1.0, config.resources.model_gpus) or 0.5
    return ModelOptions(tuning, remote, share, config.model.rows, config.model.static_cache)


def use_all_cores() -> None:
    """Let torch use all cores of this process. It is needed because Ray gives actors one thread.
    The number is fixed, so that results repeat. Idle threads sleep, which leaves cores to
    verifiers.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    import torch

    hide_loading_bars()  # bars of our own are shown
    torch.set_num_threads(count_model_threads())


def use_one_core() -> None:
    """Let torch use one core of this process: for answers of a small model to one prompt, whose
    matrices are too small to be shared out. Threads would wait for each other at each of them.
    """
    import torch

    torch.set_num_threads(1)


def choose_seed(config: Config, *salt: object) -> int:
    """Return a seed in [0, 2^31) that depends on the configured seed and the values `salt`
    alone.
    """
    return int(content_hash(config.seed, *salt), 16) % (1 << 31)


def learn_and_save(
    checkpoints: CheckpointCache,
    model: LanguageModel,
    examples: list[Example],
    learning: Learning,
    folder: str,
    before: str = "",
) -> dict[str, float]:
    """Train `model` on `examples`, save it to `folder`, and return metrics of the training by name,
    such as `examples`, `loss`, `tokens` and `seconds`.

    checkpoints: of the run; they note progress and programs. learning: the settings of the
        training. before: the checkpoint that `model` was opened from, for the manifest; '' means
        the run's start model. The folder gets a manifest of what was learnt from. Without examples
        the model is saved as it is.
    Raises NothingToLearnError if no example fits the model's context.
    """
    figures = train_and_save(
        checkpoints,
        model,
        lambda how: model.learn(examples, how, checkpoints.note_progress) if examples else {},
        learning,
        folder,
        before,
    )
    return {"examples": len(examples)} | figures


def train_and_save(
    checkpoints: CheckpointCache,
    model: LanguageModel,
    learn: Callable[[Learning], dict[str, float]],
    learning: Learning,
    folder: str,
    before: str,
) -> dict[str, float]:
    """Train `model` by `learn`, save it to `folder` with a manifest of what was learnt from, and
    return metrics of the training by name, such as `examples`, `loss`, `tokens` and `seconds`.

    checkpoints: of the run; they note progress and programs. learn(settings): trains the model and
        returns the metrics. Its settings are `learning` with a workspace, from which a killed
        training goes on. before: the checkpoint that `model` was opened from, '' means the run's
        start model.
    Raises what `learn` raises.
    """
    checkpoints.progress = (0, 0, 0.0)
    learning = replace(learning, workspace=Path(f"{folder}.training"))
    figures = learn(learning)
    model.save(Path(folder))
    checkpoints.write_manifest(Path(folder), before or checkpoints.start)
    shutil.rmtree(learning.workspace, ignore_errors=True)
    return select_figures(figures)


KEPT = ("examples", "dropped", "loss", "tokens", "seconds", "validation", "accuracy", "reward")


def select_figures(figures: dict[str, float]) -> dict[str, float]:
    """Return those of a training's metrics, by name, that a stage shows: `examples`, `dropped`,
    `loss`, `tokens`, `seconds`, `validation`, `accuracy` and `reward`, where there are. `dropped`
    counts examples longer than the model's context, and is left out when it is 0.
    """
    return {k: figures[k] for k in KEPT if k in figures and (k != "dropped" or figures[k])}


def fine_tune_checkpoint(
    checkpoints: CheckpointCache,
    examples: list[Example],
    learning: Learning,
    checkpoint: str,
    folder: str,
) -> dict[str, float]:
    """Train the model of the folder `checkpoint` on `examples`, save it to `folder`, and return
    metrics of the training by name, such as `examples`, `loss`, `tokens` and `seconds`. With
    several trainers the training runs in other processes. If no example fits the model's context,
    the checkpoint is copied, and `dropped` says how many there were.

    checkpoints: of the run; they open the model. learning: the settings of the training. Raises
        ModelError if the model cannot be opened, DistributedError if a process fails.
    """
    try:
        if checkpoints.is_shared_out(classify_model(checkpoint)):
            return fine_tune_distributed(checkpoints, examples, learning, checkpoint, folder)
        model = checkpoints.model(checkpoint)
        checkpoints.forget()
        return learn_and_save(checkpoints, model, examples, learning, folder, checkpoint)
    # all that survived is longer than the model's context: a round without lessons, not an error
    except NothingToLearnError:
        return copy_checkpoint(checkpoint, folder) | {"dropped": len(examples)}


def fine_tune_distributed(
    checkpoints: CheckpointCache,
    examples: list[Example],
    learning: Learning,
    checkpoint: str,
    folder: str,
) -> dict[str, float]:
    """Train the model of the folder `checkpoint` in several processes, save it to `folder`, and
    return metrics of the training by name, such as `examples`, `loss`, `tokens` and `seconds`.

    checkpoints: of the run; their open model is dropped first. learning: the settings of the
        training. There are `resources.trainers` processes. Raises NothingToLearnError if no example
        fits the model's context, DistributedError if a process fails.
    """
    from gpu_runtime.models.distributed import learn_distributed

    checkpoints.leave_gpus()
    learning = replace(learning, workspace=Path(f"{folder}.training"), validate=None)
    tuning, processes = (
        make_model_options(checkpoints.config).tuning,
        checkpoints.config.resources.trainers,
    )
    figures = learn_distributed(
        checkpoint, Path(folder), examples, learning, tuning, processes, choose_trainer(processes)
    )
    checkpoints.write_manifest(Path(folder), checkpoint)
    shutil.rmtree(learning.workspace, ignore_errors=True)
    return {"examples": len(examples)} | select_figures(figures)


def save_untrained(model: LanguageModel, folder: str) -> dict[str, float]:
    """Save a model that is not trained to `folder`. Returns metrics by name as of a training
    without examples: {"examples": 0}.
    """
    model.save(Path(folder))
    return {"examples": 0}


def copy_checkpoint(checkpoint: str, folder: str) -> dict[str, float]:
    """Copy the folder `checkpoint` to `folder`, for a model that learns nothing this round.

    Returns metrics by name as of a training without examples: {"examples": 0}. Raises OSError if
    the disk is full.
    """
    write_folder(
        folder, lambda temporary: shutil.copytree(checkpoint, temporary, dirs_exist_ok=True)
    )
    return {"examples": 0}
