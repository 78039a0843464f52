"""Examples as tensors for transformers' Trainer: which are learnt together, padded or packed, loss
on the answers only.

Contract: plain functions on `EncodedExample`; labels are already shifted, so that labels[t] is what
follows position t.

    python -c "from gpu_runtime.models.collation import plan_forward_passes; \\
        print(plan_forward_passes([3, 5, 4], 8, 1.0, 0, packing=True))"
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import torch

from gpu_runtime.models.training import EncodedExample, plan_batches

Tensors = dict[str, torch.Tensor]
IGNORED = -100
"""Label of what is not learnt, as everywhere in transformers."""


def plan_forward_passes(
    lengths: Sequence[int], tokens: int, epochs: float, seed: int, packing: bool
) -> list[list[int]]:
    """Return the indices of the examples of each forward pass, over all epochs, in order.

    lengths: of the examples, in tokens. tokens: the most tokens of one pass: rows times the longest
        row or, with packing, their sum. A single longer example still gets a pass. epochs: passes
        over the examples, perhaps a fraction. seed: of the order. packing: several examples share a
        row.
    """
    if not packing:
        return plan_batches(lengths, tokens, epochs, seed)
    generator = random.Random(seed)
    batches: list[list[int]] = []
    remaining = epochs
    while remaining > 1e-9 and lengths:
        epoch = _packed_epoch(lengths, tokens, generator)
        batches += epoch if remaining >= 1 else epoch[: max(1, round(len(epoch) * remaining))]
        remaining -= 1
    return batches


def _packed_epoch(lengths: Sequence[int], tokens: int, generator: random.Random) -> list[list[int]]:
    """Longest first into the fullest row that has room, in a new order each time."""
    order = list(range(len(lengths)))
    generator.shuffle(order)
    rows: list[list[int]] = []
    by_room: dict[int, list[int]] = {}
    for index in sorted(order, key=lambda i: -lengths[i]):
        room = next((r for r in range(lengths[index], tokens + 1) if by_room.get(r)), None)
        if room is None:
            rows.append([])
            row, room = len(rows) - 1, max(tokens, lengths[index])
        else:
            row = by_room[room].pop()
        rows[row].append(index)
        by_room.setdefault(room - lengths[index], []).append(row)
    generator.shuffle(rows)
    return rows


def collate_causal(batch: Sequence[EncodedExample], pad: int) -> Tensors:
    """Return right-padded tensors by name for a decoder-only model, each of shape (rows, longest -
    1): `input_ids`, `labels` (labels[:, t] is the id that follows position t; IGNORED, -100, where
    nothing is learnt) and `weights` (factor of each label's loss), and `attention_mask`. batch: the
    examples, one per row. pad: the token id that fills.
    """
    longest = max(len(e.ids) for e in batch) - 1
    made = _empty(len(batch), longest, pad) | {
        "attention_mask": torch.zeros((len(batch), longest), dtype=torch.long)
    }
    for row, example in enumerate(batch):
        size = len(example.ids) - 1
        _fill(made, row, 0, example)
        made["attention_mask"][row, :size] = 1
    return made


def collate_packed(batch: Sequence[EncodedExample], pad: int) -> Tensors:
    """Return tensors by name with all examples in one row, each of shape (1, sum of lengths - 1):
    `input_ids`, `labels` (labels[:, t] is the id that follows position t; IGNORED, -100, where
    nothing is learnt) and `weights` (factor of each label's loss), and `position_ids`. Positions
    begin anew at each example, which keeps them from attending to each other. batch: the examples.
    pad: the token id that fills.
    """
    made = _empty(1, sum(len(e.ids) - 1 for e in batch), pad)
    made["position_ids"] = torch.zeros_like(made["input_ids"])
    start = 0
    for example in batch:
        size = len(example.ids) - 1
        _fill(made, 0, start, example)
        made["position_ids"][0, start : start + size] = torch.arange(size)
        start += size
    return made


def collate_paired(batch: Sequence[EncodedExample], pad: int, decoder_start: int) -> Tensors:
    """Return right-padded tensors by name for an encoder and a decoder, with one row per example:
    prompts as `input_ids` and `attention_mask`; answers as `decoder_input_ids`, `labels` (IGNORED,
    -100, where nothing is learnt) and `weights` (factor of each label's loss). batch: the examples.
    pad: the token id that fills. decoder_start: the decoder's first id.
    """
    prompts = [EncodedExample((*e.ids[: e.answer_at], pad), e.answer_at) for e in batch]
    answers = [EncodedExample((decoder_start, *e.ids[e.answer_at :]), 1, e.weight) for e in batch]
    asked, taught = collate_causal(prompts, pad), collate_causal(answers, pad)
    return {
        "input_ids": asked["input_ids"],
        "attention_mask": asked["attention_mask"],
        "decoder_input_ids": taught["input_ids"],
        "labels": taught["labels"],
        "weights": taught["weights"],
    }


Collate = Callable[[Sequence[EncodedExample]], Tensors]


def _empty(rows: int, width: int, pad: int) -> Tensors:
    return {
        "input_ids": torch.full((rows, width), pad, dtype=torch.long),
        "labels": torch.full((rows, width), IGNORED, dtype=torch.long),
        "weights": torch.zeros((rows, width)),
    }


def _fill(made: Tensors, row: int, start: int, example: EncodedExample) -> None:
    size = len(example.ids) - 1
    learnt = slice(start + max(0, example.answer_at - 1), start + size)
    made["input_ids"][row, start : start + size] = torch.tensor(example.ids[:-1])
    made["labels"][row, learnt] = torch.tensor(example.ids[max(1, example.answer_at) :])
    made["weights"][row, learnt] = example.weight
