"""Learning from verdicts beyond "this is right": preferences (DPO) and rewards (GRPO), by TRL's
trainers.

Contract: as `finetune.fine_tune`: the model given is changed, figures come back, and what was
killed goes on from its workspace. Token ids are made by the caller, so that what is trained is
exactly what is asked. Decoder-only models.

    python -c "from gpu_runtime.models.pretrained import PretrainedModel; \\
        help(PretrainedModel.prefer)"

Methods: Rafailov et al., "Direct Preference Optimization" (2023); Shao et al., "DeepSeekMath"
(2024), for GRPO.
"""

from __future__ import annotations

import math
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from datasets import Dataset
from transformers import PreTrainedModel, PreTrainedTokenizerBase, PrinterCallback, Trainer
from trl import DPOConfig, DPOTrainer, GRPOConfig, GRPOTrainer

from gpu_runtime.models.finetune import TrainingClock, find_checkpoint, make_common_arguments
from gpu_runtime.models.options import FineTuning
from gpu_runtime.models.protocol import Learning, NothingToLearnError, Reward, Sampling
from gpu_runtime.models.resume_state import fingerprint_lessons

BETA = 0.1
"""How strongly DPO holds the model to where it started.

Its loss alone widens the gap between the two answers by making both less likely, seen on a tiny
model within three epochs; so the likelihood of the better one is part of the loss (Pang et al.,
"Iterative Reasoning Preference Optimization", 2024).
"""


@dataclass(frozen=True, slots=True)
class EncodedPreference:
    """A prompt with two answers, each as token ids. better, worse: the answer that was found right,
    and the one that was found wrong.
    """

    prompt: list[int]
    better: list[int]
    worse: list[int]

    @property
    def longest(self) -> int:
        """Return the number of tokens of the prompt together with its longer answer."""
        return len(self.prompt) + max(len(self.better), len(self.worse))


def select_fitting_pairs(
    pairs: Sequence[EncodedPreference], context: int
) -> list[EncodedPreference]:
    """Return the pairs whose prompt and longer answer fit into `context` tokens, in order. Raises
    NothingToLearnError if none does.
    """
    fitting = [pair for pair in pairs if pair.longest <= context]
    if not fitting:
        raise NothingToLearnError(
            f"nothing to learn: {len(pairs)} preferences, none within {context} tokens"
        )
    return fitting


def select_fitting_prompts(
    prompts: Sequence[list[int]], answer: int, context: int
) -> dict[int, list[int]]:
    """Return, by their index in `prompts`, the prompts that leave room for an answer of `answer`
    tokens within `context` tokens. prompts: each as token ids. Raises NothingToLearnError if none
    does.
    """
    fitting = {i: ids for i, ids in enumerate(prompts) if len(ids) + answer <= context}
    if not fitting:
        raise NothingToLearnError(
            f"nothing to learn: {len(prompts)} prompts, none with its answer within {context} "
            f"tokens"
        )
    return fitting


class _TokenisedDPO(DPOTrainer):
    def _prepare_dataset(self, dataset, *_arguments, **_options):
        return dataset


class _TokenisedGRPO(GRPOTrainer):
    known_prompts: Mapping[str, list[int]] = {}

    def _tokenize_prompts(self, prompts):
        return [self.known_prompts[p] for p in prompts], None, {}


def train_preferences(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    pairs: Sequence[EncodedPreference],
    learning: Learning,
    tuning: FineTuning,
    progress: Callable[[int, int, float], None] | None = None,
) -> dict[str, float]:
    """Train `model` in place by DPO (Rafailov et al., 2023) and return metrics by name: `loss`
    (mean of the last tenth of steps), `first_loss`, `steps`, `tokens`, `seconds` and `accuracy`,
    the share of pairs in the right order.

    tokenizer: the model's. pairs: at least one. learning, tuning: what is learnt how fast, and by
        which method. progress(step, steps, loss): called as the training goes on, with the steps
        done, their total and the last loss; None: nothing is called.
    """
    started = time.monotonic()
    mean = sum(2 * p.longest for p in pairs) / len(pairs)
    micro = min(tuning.micro_tokens or learning.batch_tokens, learning.batch_tokens)
    rows = max(1, min(len(pairs), int(micro / mean)))
    accumulated = max(1, min(len(pairs) // rows, round(learning.batch_tokens / (rows * mean))))
    data = Dataset.from_list(
        [{"prompt_ids": p.prompt, "chosen_ids": p.better, "rejected_ids": p.worse} for p in pairs]
    )
    with _workspace(learning, [asdict(pair) for pair in pairs], tuning) as (folder, resume):
        common = make_common_arguments(
            model,
            folder,
            learning,
            tuning,
            math.ceil(len(pairs) * learning.epochs / (rows * accumulated)),
        )
        # Without an adapter to switch off, what the model thought at first is computed ahead; no
        # second model is held. That is when the trainer is made, so a training that goes on
        # measures by the model that it began with.
        ahead = tuning.method == "full"
        arguments = DPOConfig(
            **common,
            beta=BETA,
            loss_type=["sigmoid", "sft"],
            loss_weights=[1.0, 1.0],
            per_device_train_batch_size=rows,
            gradient_accumulation_steps=accumulated,
            precompute_ref_log_probs=ahead,
            max_length=None,
            save_strategy="no",
            save_total_limit=1,
        )
        clock = TrainingClock(learning, tuning, progress)
        trainer = _TokenisedDPO(
            model, args=arguments, train_dataset=data, processing_class=tokenizer, callbacks=[clock]
        )
        _run(trainer, resume)
    tokens = sum(len(p.prompt) * 2 + len(p.better) + len(p.worse) for p in pairs)
    figures = _figures(trainer, tokens * learning.epochs, time.monotonic() - started)
    return figures | {"accuracy": _average_last_tenth(trainer, "rewards/accuracies")}


def train_rewards(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Mapping[int, list[int]],
    reward: Reward,
    sampling: Sampling,
    learning: Learning,
    tuning: FineTuning,
    progress: Callable[[int, int, float], None] | None = None,
) -> dict[str, float]:
    """Train `model` in place by GRPO (Shao et al., "DeepSeekMath", 2024) and return metrics by
    name: `loss` (mean of the last tenth of steps), `first_loss`, `steps`, `tokens`, `seconds` and
    `reward`, the mean over the last tenth of steps.

    tokenizer: the model's. prompts: token ids by prompt index. reward(prompt indices, answers):
        returns one number per answer. sampling: how answers are drawn, at least two per prompt.
        learning, tuning: what is learnt how fast, and by which method. progress(step, steps, loss):
        called as the training goes on, with the steps done, their total and the last loss; None:
        nothing is called.
    """
    started = time.monotonic()
    group = max(2, sampling.n)  # an answer is judged against the others to its prompt

    def rewarded(prompts: Sequence[str], completions: Sequence[str], **_) -> list[float]:
        return [float(value) for value in reward([int(p) for p in prompts], completions)]

    order = _order(list(prompts), learning)
    with _workspace(learning, [dict(prompts), asdict(sampling)], tuning) as (folder, resume):
        common = make_common_arguments(model, folder, learning, tuning, len(order))
        arguments = GRPOConfig(
            **common,
            per_device_train_batch_size=group,
            num_generations=group,
            max_completion_length=sampling.max_new_tokens,
            temperature=sampling.temperature or 1.0,
            top_p=sampling.top_p,
            save_strategy="no",
            save_total_limit=1,
            beta=0.0,
            shuffle_dataset=False,
        )
        data = Dataset.from_list([{"prompt": str(index)} for index in order])
        clock = TrainingClock(learning, tuning, progress)
        trainer = _TokenisedGRPO(
            model,
            rewarded,
            args=arguments,
            train_dataset=data,
            processing_class=tokenizer,
            callbacks=[clock],
        )
        trainer.known_prompts = {str(index): ids for index, ids in prompts.items()}
        _run(trainer, resume)
    figures = _figures(trainer, trainer.state.num_input_tokens_seen, time.monotonic() - started)
    return figures | {"reward": _average_last_tenth(trainer, "reward")}


def _order(prompts: Sequence[int], learning: Learning) -> list[int]:
    """Every prompt once an epoch; planned ahead, as the library's own order begins anew where a
    training goes on.
    """
    draw, order = random.Random(learning.seed), []
    for _ in range(math.ceil(learning.epochs)):
        order += draw.sample(prompts, len(prompts))
    return order[: math.ceil(len(prompts) * learning.epochs)]


@contextmanager
def _workspace(
    learning: Learning, lessons: object, tuning: FineTuning
) -> Iterator[tuple[Path, Path | None]]:
    """Where the trainer keeps what it would go on from, and what it goes on from where it was
    killed at these lessons.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = learning.workspace or Path(scratch)
        yield (
            folder,
            find_checkpoint(folder, fingerprint_lessons((), learning, [lessons, asdict(tuning)])),
        )


def _run(trainer: Trainer, resume: Path | None) -> None:
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=str(resume) if resume else None)
    trainer.accelerator.free_memory()


def _values(trainer: Trainer, name: str) -> list[float]:
    return [float(row[name]) for row in trainer.state.log_history if name in row]


def _average_last_tenth(trainer: Trainer, name: str) -> float:
    """Mean over the last tenth."""
    values = _values(trainer, name)
    last = values[-max(1, len(values) // 10) :]
    return sum(last) / len(last) if last else math.nan


def _figures(trainer: Trainer, tokens: float, seconds: float) -> dict[str, float]:
    first = _values(trainer, "loss")[:1] or [math.nan]
    return {
        "loss": _average_last_tenth(trainer, "loss"),
        "first_loss": first[0],
        "steps": trainer.state.global_step,
        "tokens": tokens,
        "seconds": seconds,
    }
