"""Fine-tuning of a pre-trained model by transformers' Trainer: whole, by LoRA or by QLoRA, with
loss on the answers only.

Contract: `fine_tune` changes the model it is given and returns figures. A training that was killed
goes on from its last whole checkpoint when it is asked again with the same lessons and the same
workspace (which the caller removes when what was learnt is saved); other lessons begin anew. Early
stopping is on `Learning.validate`, whatever that measures (coevolve executes: pass@1), and the best
checkpoint is kept. Started in several processes (see `gpu_runtime.models.distributed`) each takes
its share of every step: the same steps, sooner.

    python -c "from gpu_runtime.models.options import FineTuning; \\
        print(FineTuning(method='lora', rank=8))"
"""

from __future__ import annotations

import importlib.util
import inspect
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import torch
import torch.nn.functional as F
from transformers import (
    EarlyStoppingCallback,
    PreTrainedModel,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from gpu_runtime.models.collation import IGNORED, Collate, plan_forward_passes
from gpu_runtime.models.options import METHODS, REPORTERS, SHARDINGS, FineTuning
from gpu_runtime.models.protocol import Learning, ModelError
from gpu_runtime.models.resume_state import fingerprint_lessons
from gpu_runtime.models.sharded_state import load_shards, save_shards
from gpu_runtime.models.training import (
    BETAS,
    CLIP_NORM,
    WARM_UP_SHARE,
    WEIGHT_DECAY,
    EncodedExample,
    has_bf16_products,
)

VALIDATIONS_PER_EPOCH = 2
METRIC = "eval_validation"
SHARES, SCHEDULE = "shares", "schedule.pt"
"""What is kept of a model that is cut, in a checkpoint for going on."""


def require_support(tuning: FineTuning) -> None:
    """Check that this machine can fine-tune as `tuning` asks; nothing is returned. Raises
    ModelError if a method, reporter or sharding is unknown, a package is missing, or settings of
    `tuning` exclude each other.
    """
    if tuning.method not in METHODS:
        raise ModelError(f"finetune.method '{tuning.method}': known are {', '.join(METHODS)}")
    if tuning.report_to not in REPORTERS:
        raise ModelError(
            f"finetune.report_to '{tuning.report_to}': known are {', '.join(REPORTERS)}"
        )
    if tuning.sharding not in SHARDINGS:
        raise ModelError(f"finetune.sharding '{tuning.sharding}': known are {', '.join(SHARDINGS)}")
    if tuning.sharding == "fsdp" and tuning.method != "full":
        raise ModelError(
            f"finetune.sharding 'fsdp' cuts whole models only; with finetune.method "
            f"'{tuning.method}' use 'none'"
        )
    if (package := REPORTERS[tuning.report_to]) and importlib.util.find_spec(package) is None:
        raise ModelError(
            f"finetune.report_to '{tuning.report_to}' needs the package {package} (pip install "
            f"{package}), which is not here"
        )
    if tuning.method == "qlora" and importlib.util.find_spec("bitsandbytes") is None:
        raise ModelError(
            "finetune.method 'qlora' needs the package bitsandbytes (pip install -e "
            "'.[qlora]'), which is not here; or use 'lora'"
        )


def add_adapter(model: PreTrainedModel, tuning: FineTuning, seed: int) -> PreTrainedModel:
    """Return the model with new LoRA weights (Hu et al., 2021) on every linear layer and its own
    weights frozen. A model with an adapter comes back unchanged. tuning: gives the method and the
    adapters' rank. seed: of the new weights.
    """
    from peft import LoraConfig, PeftModel, get_peft_model, prepare_model_for_kbit_training

    if isinstance(model, PeftModel):
        return model
    if tuning.method == "qlora":
        model = prepare_model_for_kbit_training(
            model, use_gradient_checkpointing=tuning.gradient_checkpointing
        )
    torch.manual_seed(seed)
    task = "SEQ_2_SEQ_LM" if model.config.is_encoder_decoder else "CAUSAL_LM"
    shape = LoraConfig(
        r=tuning.rank, lora_alpha=2 * tuning.rank, target_modules="all-linear", task_type=task
    )
    return get_peft_model(model, shape)


def merge_adapter(model: PreTrainedModel, tuning: FineTuning) -> PreTrainedModel:
    """Return the model with its adapter added to its weights, all of which can be trained. 4-bit
    weights become plain ones first, since rounding them again would lose what was learnt. tuning:
    by which the adapter was trained.
    """
    from peft.tuners.lora import LoraLayer

    if tuning.method == "qlora" and getattr(model, "is_loaded_in_4bit", False):
        layers = model.get_base_model().named_modules()
        learnt = {
            name: layer.get_delta_weight("default")
            for name, layer in layers
            if isinstance(layer, LoraLayer)
        }
        computed_in = model.config.quantization_config.bnb_4bit_compute_dtype
        plain = model.unload().dequantize()
        with torch.no_grad():
            for name, delta in learnt.items():
                weight = plain.get_submodule(name).weight
                weight.add_(delta.to(weight))
        plain.to(
            computed_in
        )  # a model of four bits is trained with norms and embeddings in float32
    else:
        plain = model.merge_and_unload()
    plain.requires_grad_(True)
    return plain


def fine_tune(
    model: PreTrainedModel,
    examples: Sequence[EncodedExample],
    collate: Collate,
    learning: Learning,
    tuning: FineTuning,
    progress: Callable[[int, int, float], None] | None = None,
) -> dict[str, float]:
    """Train `model` in place on `examples` and return metrics by name: `loss` (mean of the last
    tenth of steps), `first_loss`, `steps`, `tokens`, `seconds` and, with early stopping,
    `validation`, the best value of `learning.validate`.

    collate(batch): makes tensors of examples. learning, tuning: what is learnt how fast, and by
        which method. progress(step, steps, loss): called as the training goes on, with the steps
        done, their total and the last loss; None: nothing is called. With a workspace, a training
        that was killed goes on from its last checkpoint.
    """
    started = time.monotonic()
    batches, accumulated = _plan(examples, learning, tuning)
    with tempfile.TemporaryDirectory() as scratch:
        folder = learning.workspace or Path(scratch)
        arguments = _arguments(model, folder, learning, tuning, len(batches), accumulated)
        with arguments.main_process_first(
            local=False
        ):  # one of several processes clears away, the others look afterwards
            resume = find_checkpoint(
                folder, fingerprint_lessons(examples, learning, asdict(tuning))
            )
        trainer = _LessonTrainer(
            model=model,
            args=arguments,
            train_dataset=batches,
            eval_dataset=batches[:1],  # asked for, never read: see `evaluate`
            data_collator=lambda rows: collate(rows[0]),
            callbacks=_callbacks(learning, tuning, progress),
        )
        trainer.prepare(learning.validate)
        _shrink_checkpoints(trainer)
        trainer.train(resume_from_checkpoint=str(resume) if resume else None)
        trainer.accelerator.free_memory()
    return _figures(trainer, batches, accumulated, time.monotonic() - started)


def _plan(
    examples: Sequence[EncodedExample], learning: Learning, tuning: FineTuning
) -> tuple[list[list[EncodedExample]], int]:
    """Examples of each forward pass, and how many passes make one optimiser step over all
    processes.
    """
    micro = tuning.micro_tokens or learning.batch_tokens
    rows = plan_forward_passes(
        [len(e.ids) for e in examples], micro, learning.epochs, learning.seed, tuning.packing
    )
    accumulated = min(len(rows), max(1, round(learning.batch_tokens / micro)))
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    accumulated = (
        -(-accumulated // processes) * processes
    )  # each takes as many: what is left over would be learnt by none
    return [[examples[i] for i in row] for row in rows], accumulated


def _arguments(
    model: PreTrainedModel,
    folder: Path,
    learning: Learning,
    tuning: FineTuning,
    passes: int,
    accumulated: int,
) -> TrainingArguments:
    steps = -(-passes // accumulated)
    stopping = tuning.patience > 0 and learning.validate is not None
    every = max(1, round(steps / max(1.0, VALIDATIONS_PER_EPOCH * learning.epochs)))
    return TrainingArguments(
        **make_common_arguments(model, folder, learning, tuning, steps),
        per_device_train_batch_size=1,
        gradient_accumulation_steps=accumulated // int(os.environ.get("WORLD_SIZE", "1")),
        train_sampling_strategy="sequential",
        eval_strategy="steps" if stopping else "no",
        eval_steps=every if stopping else None,
        save_strategy="steps" if stopping else "no",
        save_steps=every,
        save_total_limit=2 if stopping else 1,
        load_best_model_at_end=stopping,
        metric_for_best_model=METRIC if stopping else None,
        greater_is_better=True if stopping else None,
    )


def make_common_arguments(
    model: PreTrainedModel, folder: Path, learning: Learning, tuning: FineTuning, steps: int
) -> dict[str, object]:
    """Return the arguments that every trainer of the package transformers gets, by name: optimiser,
    cosine schedule, warm-up, device.

    model: what is trained. folder: where the trainer keeps checkpoints. learning, tuning: what is
        learnt how fast, and by which method. steps: number of steps of the whole training.
    """
    on_gpu = torch.cuda.is_available()
    place = learning.workspace.with_suffix("") if learning.workspace else None
    if (
        place is not None
    ):  # what a training leaves behind must not lie in its workspace, which goes when it ends
        os.environ["TENSORBOARD_LOGGING_DIR"] = f"{place}.scalars"
    several = int(os.environ.get("WORLD_SIZE", "1")) > 1
    return {
        "output_dir": str(folder),
        "seed": learning.seed,
        "learning_rate": learning.learning_rate,
        "lr_scheduler_type": "cosine",
        "warmup_steps": WARM_UP_SHARE,
        "weight_decay": WEIGHT_DECAY,
        "adam_beta1": BETAS[0],
        "adam_beta2": BETAS[1],
        "max_grad_norm": CLIP_NORM,
        "max_steps": steps,
        "gradient_checkpointing": tuning.gradient_checkpointing,
        "gradient_checkpointing_kwargs": {"use_reentrant": False}
        if tuning.gradient_checkpointing
        else None,
        "bf16": on_gpu
        or (getattr(model.config, "dtype", None) == torch.bfloat16 and has_bf16_products()),
        "use_cpu": not on_gpu,
        "ddp_backend": "gloo" if several and not on_gpu else None,
        "dataloader_pin_memory": on_gpu,
        "remove_unused_columns": False,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "disable_tqdm": True,
        "report_to": tuning.report_to,
        "run_name": "/".join(place.parts[-3:]) if place else None,
    }


def chooses_positions(model: torch.nn.Module) -> bool:
    """Return whether the model, or the one behind its adapter, can compute logits at given
    positions only (`logits_to_keep`).
    """
    base = getattr(model, "get_base_model", lambda: model)()
    return "logits_to_keep" in inspect.signature(base.forward).parameters


class _LessonTrainer(Trainer):
    """Batches are planned ahead; the loss is weighted; validation is a function of the model as it
    stands.
    """

    def prepare(self, validate: Callable[[], float] | None) -> None:
        self._validate = validate
        # The loss below divides by the answer tokens of the whole step, over accumulation and
        # processes; labels are shifted.
        self.model_accepts_loss_kwargs, self._loss_shifts_labels = True, False
        self._chooses_positions = chooses_positions(self.model)
        self.remove_callback(PrinterCallback)

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        labels, weights = inputs.pop("labels"), inputs.pop("weights")
        if self._chooses_positions:
            # A vocabulary is wide: positions without a lesson in any row get no logits.
            learnt = (labels != IGNORED).any(0).nonzero()[:, 0]
            inputs["logits_to_keep"] = learnt
            labels, weights = labels[:, learnt], weights[:, learnt]
        logits = model(**inputs, use_cache=False).logits
        chosen = labels != IGNORED
        losses = F.cross_entropy(logits[chosen].float(), labels[chosen], reduction="none")
        loss = (
            (losses * weights[chosen]).sum() / num_items_in_batch * self.accelerator.num_processes
        )
        return (loss, logits) if return_outputs else loss

    def evaluate(self, *_arguments, **_options) -> dict[str, float]:
        metrics = {METRIC: self._measured()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    # The Trainer refuses to keep what it would go on from when transformers has cut the model:
    # these four do.

    def save_model(self, *arguments, **options) -> None:
        if not self.is_distributed_loading_by_transformers:
            super().save_model(*arguments, **options)

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        if not self.is_distributed_loading_by_transformers:
            return super()._save_optimizer_and_scheduler(output_dir)
        save_shards(self.model, self.optimizer.optimizer, Path(output_dir) / SHARES)
        if self.args.should_save:
            torch.save(self.lr_scheduler.state_dict(), Path(output_dir) / SCHEDULE)

    def _load_from_checkpoint(self, *arguments, **options) -> None:
        if not self.is_distributed_loading_by_transformers:
            super()._load_from_checkpoint(*arguments, **options)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint is None or not self.is_distributed_loading_by_transformers:
            return super()._load_optimizer_and_scheduler(checkpoint)
        load_shards(self.model, self.optimizer.optimizer, Path(checkpoint) / SHARES)
        self.lr_scheduler.load_state_dict(
            torch.load(Path(checkpoint) / SCHEDULE, weights_only=True)
        )

    def _measured(self) -> float:
        """The first process measures; what it draws does not change what the training draws."""
        value = [0.0]
        if self.is_world_process_zero():
            with torch.random.fork_rng():
                value = [float(self._validate())]
        if self.args.world_size > 1:
            torch.distributed.broadcast_object_list(value, src=0)
        self.model.train()
        return value[0]


def _callbacks(
    learning: Learning, tuning: FineTuning, progress: Callable[[int, int, float], None] | None
) -> list[TrainerCallback]:
    found: list[TrainerCallback] = [TrainingClock(learning, tuning, progress)]
    if tuning.patience > 0 and learning.validate is not None:
        found.append(EarlyStoppingCallback(early_stopping_patience=tuning.patience))
    return found


class TrainingClock(TrainerCallback):
    """A trainer's callback that reports progress, saves checkpoints by the clock, and ends the
    training at its time limit.

    learning: gives the time limit, and whether there is a workspace; without one no checkpoints are
        saved. tuning: gives the seconds between checkpoints. progress(step, steps, loss): called
        when the trainer reports a loss; None: nothing is called.
    """

    def __init__(
        self,
        learning: Learning,
        tuning: FineTuning,
        progress: Callable[[int, int, float], None] | None,
    ) -> None:
        self._end = (
            None if learning.max_minutes is None else time.monotonic() + 60 * learning.max_minutes
        )
        self._every = tuning.checkpoint_every_s if learning.workspace else None
        self._saved, self._progress = time.monotonic(), progress

    def on_step_end(self, args, state, control, **_):
        """Set flags of `control`, the trainer's TrainerControl, so that the trainer saves or stops
        if it is time, and return `control`. The trainer calls this after each step with its
        TrainingArguments and TrainerState.
        """
        now = time.monotonic()
        due = [
            self._end is not None and now >= self._end,
            self._every is not None and now - self._saved >= self._every,
        ]
        if args.world_size > 1 and (self._end, self._every) != (
            None,
            None,
        ):  # no two clocks are equal, and what one process stops at or saves, all must
            torch.distributed.broadcast_object_list(due, src=0)
        if due[0]:
            control.should_training_stop = True
        if due[1]:
            control.should_save, self._saved = True, now
        return control

    def on_log(self, args, state, control, logs=None, **_):
        """Call progress(step, steps, loss) if it is set and `logs`, values by name, has a loss.
        Called by the `transformers` trainer with its TrainingArguments, TrainerState and
        TrainerControl.
        """
        if self._progress and logs and "loss" in logs:
            self._progress(state.global_step, state.max_steps, float(logs["loss"]))


def _shrink_checkpoints(trainer: Trainer) -> None:
    """A checkpoint for resuming needs weights and optimiser, not a second tokenizer."""
    trainer.processing_class = None


def find_checkpoint(folder: Path, lessons: str) -> Path | None:
    """Return the path of the last whole checkpoint in `folder` of a training on the same lessons;
    None if there is none. lessons: text that identifies examples and settings. If the folder is of
    other lessons, all in it is deleted.
    """
    mark = folder / "lessons.txt"
    if not mark.is_file() or mark.read_text() != lessons:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        mark.write_text(lessons)
        return None
    # The Trainer writes trainer_state.json last: a folder without it is one that a kill cut off.
    whole = [p for p in folder.glob("checkpoint-*") if (p / "trainer_state.json").is_file()]
    for part in set(folder.glob("checkpoint-*")) - set(whole):
        shutil.rmtree(part, ignore_errors=True)
    return max(whole, key=lambda p: int(p.name.rpartition("-")[2]), default=None)


def _figures(
    trainer: Trainer, batches: Sequence[Sequence[EncodedExample]], accumulated: int, seconds: float
) -> dict[str, float]:
    losses = [row["loss"] for row in trainer.state.log_history if "loss" in row]
    steps = trainer.state.global_step
    last = losses[-max(1, len(losses) // 10) :]
    figures = {
        "loss": sum(last) / len(last) if last else float("nan"),
        "first_loss": losses[0] if losses else float("nan"),
        "steps": steps,
        "tokens": sum(len(e.ids) for batch in batches[: steps * accumulated] for e in batch),
        "seconds": seconds,
    }
    return (
        figures
        if trainer.state.best_metric is None
        else figures | {"validation": trainer.state.best_metric}
    )
