"""The training loop that every trainable back end shares: batches by token count, Muon or AdamW,
linear decay.

Contract: examples are token ids with the place where the answer begins; only answer tokens carry
loss. Same examples, hyper-parameters, start weights and thread count give the same end weights on
one machine (unless `max_minutes` stops it).

An own loop rather than transformers' Trainer: batches hold a fixed number of *tokens* and rows of
like length, so that little of them is padding, and a step has no bookkeeping beyond its arithmetic,
which counts for small models.

    python -c "from gpu_runtime.models.training import plan_batches; \\
        print(plan_batches([3, 9, 4], 12, 1.0, 0))"
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from functools import cache

import torch
import torch.nn.functional as F

from gpu_runtime.models.encoded import EncodedExample
from gpu_runtime.models.muon import Muon
from gpu_runtime.models.protocol import Learning
from gpu_runtime.models.resume_state import ResumeState, fingerprint_lessons

WARM_UP_SHARE = 0.03
WEIGHT_DECAY = 0.01
BETAS = (0.9, 0.95)
CLIP_NORM = 1.0
_POOL_BATCHES = 50
"""Examples are sorted by length inside pools of this many batches, so that each epoch still mixes
them.
"""


Loss = Callable[[Sequence[EncodedExample]], torch.Tensor]
"""Mean weighted loss per answer token of a batch, as a scalar tensor with gradient."""


def plan_batches(
    lengths: Sequence[int], batch_tokens: int, epochs: float, seed: int
) -> list[list[int]]:
    """Return the indices of the examples of each optimiser step, over all epochs, in order.

    lengths: of the examples, in tokens. batch_tokens: the most tokens of a step, counted as rows
        times the longest row; a single longer example still gets a step. epochs: passes over the
        examples, perhaps a fraction. seed: of the order.
    """
    steps: list[list[int]] = []
    remaining = epochs
    generator = random.Random(seed)
    while remaining > 1e-9 and lengths:
        epoch = _one_epoch(lengths, batch_tokens, generator)
        steps += epoch if remaining >= 1 else epoch[: max(1, round(len(epoch) * remaining))]
        remaining -= 1
    return steps


def _one_epoch(
    lengths: Sequence[int], batch_tokens: int, generator: random.Random
) -> list[list[int]]:
    order = list(range(len(lengths)))
    generator.shuffle(order)
    mean = sum(lengths) / len(lengths)
    pool = max(1, int(_POOL_BATCHES * batch_tokens / max(mean, 1.0)))
    batches: list[list[int]] = []
    for start in range(0, len(order), pool):
        batch: list[int] = []
        for index in sorted(order[start : start + pool], key=lambda i: lengths[i]):
            if batch and (len(batch) + 1) * lengths[index] > batch_tokens:
                batches.append(batch)
                batch = []
            batch.append(index)
        batches.append(batch)
    generator.shuffle(batches)
    return batches


def train(
    parameters: Sequence[torch.nn.Parameter],
    loss_of: Loss,
    examples: Sequence[EncodedExample],
    learning: Learning,
    progress: Callable[[int, int, float], None] | None = None,
    hidden: Sequence[torch.nn.Parameter] = (),
) -> dict[str, float]:
    """Train `parameters` in place on all examples and return metrics by name: `loss` (mean of the
    last tenth of steps), `first_loss`, `steps`, `tokens`, `seconds`.

    parameters: the weights to train. loss_of(batch): the loss of some examples as a scalar tensor.
        learning: how fast, how often and how long. hidden: those of `parameters`, 2-D, that Muon
        trains; AdamW trains the others. progress(step, steps, loss): called after each step, with
        the steps done, their total and the loss; None: nothing is called.
    With a workspace a killed training goes on from its stored state, to the same end.
    """
    torch.manual_seed(learning.seed)
    steps = plan_batches(
        [len(e.ids) for e in examples], learning.batch_tokens, learning.epochs, learning.seed
    )
    optimiser = _optimiser(parameters, hidden, learning)
    halfway = ResumeState(
        learning.workspace,
        lambda: fingerprint_lessons(examples, learning, [list(p.shape) for p in parameters]),
    )
    losses, tokens, before = _restore_state(halfway, parameters, optimiser)
    started = time.monotonic() - before
    for number, batch in enumerate(steps[len(losses) :], len(losses)):
        done = number / len(steps)
        if learning.max_minutes is not None:
            done = max(done, (time.monotonic() - started) / (60 * learning.max_minutes))
            if done >= 1:
                break
        for group in optimiser.param_groups:
            group["lr"] = learning.learning_rate * min(
                1.0, (number + 1) / (WARM_UP_SHARE * len(steps) + 1), 1 - done + 0.01
            )
        chosen = [examples[i] for i in batch]
        loss = loss_of(chosen)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, CLIP_NORM)
        optimiser.step()
        optimiser.zero_grad()
        tokens += sum(len(e.ids) for e in chosen)
        losses.append(float(loss.detach()))
        halfway.keep(
            lambda tokens=tokens: _make_state(
                parameters, optimiser, losses, tokens, time.monotonic() - started
            )
        )
        if progress:
            progress(number + 1, len(steps), losses[-1])
    return _figures(losses, tokens, time.monotonic() - started)


def _optimiser(
    parameters: Sequence[torch.nn.Parameter],
    hidden: Sequence[torch.nn.Parameter],
    learning: Learning,
) -> Muon:
    chosen_hidden = {id(p) for p in hidden}
    others = [p for p in parameters if id(p) not in chosen_hidden]
    products = torch.bfloat16 if parameters[0].is_cuda or has_bf16_products() else torch.float32
    return Muon(hidden, others, learning.learning_rate, BETAS, WEIGHT_DECAY, products)


def _make_state(
    parameters: Sequence[torch.nn.Parameter],
    optimiser: Muon,
    losses: list[float],
    tokens: int,
    seconds: float,
) -> dict:
    return {
        "parameters": [p.detach() for p in parameters],
        "optimiser": optimiser.state_dict(),
        "random": torch.get_rng_state(),
        "losses": losses,
        "tokens": tokens,
        "seconds": seconds,
    }


def _restore_state(
    halfway: ResumeState, parameters: Sequence[torch.nn.Parameter], optimiser: Muon
) -> tuple[list[float], int, float]:
    """Losses, tokens and seconds so far; the parameters and the optimiser are as they were then."""
    state = halfway.load()
    if state is None:
        return [], 0, 0.0
    with torch.no_grad():
        for parameter, kept in zip(parameters, state["parameters"], strict=True):
            parameter.copy_(kept)
    optimiser.load_state_dict(state["optimiser"])
    torch.set_rng_state(state["random"])
    return state["losses"], state["tokens"], state["seconds"]


def _figures(losses: Sequence[float], tokens: int, seconds: float) -> dict[str, float]:
    last = losses[-max(1, len(losses) // 10) :]
    return {
        "loss": sum(last) / len(last) if last else float("nan"),
        "first_loss": losses[0] if losses else float("nan"),
        "steps": len(losses),
        "tokens": tokens,
        "seconds": seconds,
    }


@cache
def has_bf16_products() -> bool:
    """Return whether this machine's CPU has instructions for bfloat16 products."""
    flags = torch.cpu.get_capabilities()
    return bool(flags.get("avx512_bf16") or flags.get("amx_bf16") or flags.get("bf16"))


def pad_batch(
    batch: Sequence[EncodedExample], pad: int, device: torch.device | str, multiple: int = 1
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (right-padded token ids, loss weights), both of shape (rows, longest), on `device`.
    The weight at t is that of predicting ids[t]; it is 0 in the prompt and in the padding.

    batch: the examples, one per row. pad: the token id that fills. multiple: `longest - 1` is
        rounded up to a multiple of it.
    """
    longest = 1 - -(max(len(e.ids) for e in batch) - 1) // multiple * multiple
    ids = torch.full((len(batch), longest), pad, dtype=torch.long)
    weights = torch.zeros((len(batch), longest))
    for row, example in enumerate(batch):
        ids[row, : len(example.ids)] = torch.tensor(example.ids)
        weights[row, example.answer_at : len(example.ids)] = example.weight
    return ids.to(device), weights.to(device)


def weighted_cross_entropy(
    logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor
) -> torch.Tensor:
    """Return the mean over targets with positive weight of their weighted cross-entropy, as a
    scalar. Shapes: logits (n, vocabulary), targets (n,), token ids, weights (n,).
    """
    losses = F.cross_entropy(logits.float(), targets, reduction="none")
    return (losses * weights).sum() / (weights > 0).sum().clamp(min=1)
