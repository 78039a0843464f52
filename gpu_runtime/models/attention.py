"""Causal attention for training a small model on a CPU, a row of the batch at a time.

Contract: `use_causal_attention` makes a model's training forward and backward go through
`attend_causally` and puts the library's own attention back; decoding and loading never see it. Rows
must be right-padded: there is no mask but the causal one.

torch's flash kernel is made for long rows on many cores; at a few hundred tokens and 32 values a
head, half of a training step in bfloat16 was spent in it. Here the scores of one row fit a core's
cache, and everything but the scores is in the values' type. In fp32 the flash kernel is the faster
of the two.

    python benchmarks/training_step.py
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import torch
from transformers import AttentionInterface, PreTrainedModel

NAME = "causal_rows"
SIDE = 128
"""Masks are kept for multiples of this length, of which nearly every batch has another."""


@contextmanager
def use_causal_attention(model: PreTrainedModel) -> Iterator[None]:
    """Make `model` compute its attention by `attend_causally` while the `with` block runs. The rows
    of its input must be right-padded.
    """
    before = model.config._attn_implementation
    model.set_attn_implementation(NAME)
    try:
        yield
    finally:
        model.set_attn_implementation(before)


def attend_causally(
    queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, scale: float
) -> torch.Tensor:
    """Return causal attention of queries to keys and values, differentiable.

    queries: shape (rows, heads, length, width). keys, values: (rows, kept heads, length, width),
        where `kept heads` divides `heads`. scale: factor of the scores.
    Returns (rows, heads, length, width) in the type of `values`. Scores are in the type of
    `queries`.
    """
    with torch.autocast("cpu", enabled=False):
        return _Causal.apply(queries, keys.to(queries.dtype), values, scale)


class _Causal(torch.autograd.Function):
    @staticmethod
    def forward(ctx, queries, keys, values, scale):
        rows, _, length, width = queries.shape
        kept = keys.shape[1]
        # The heads that share a key head are one taller matrix.
        tall = queries.reshape(rows, kept, -1, width)
        scaled = (keys * scale).transpose(-1, -2).contiguous()
        values = values.contiguous()
        ahead = _ahead(length, queries.dtype)
        out = torch.empty(tall.shape, dtype=values.dtype)
        shares = []
        for row in range(rows):
            scores = torch.bmm(tall[row], scaled[row]).view(kept, -1, length, length).add_(ahead)
            shares.append(torch.softmax(scores, -1).view(kept, -1, length).to(values.dtype))
            torch.bmm(shares[-1], values[row], out=out[row])
        ctx.save_for_backward(tall.to(values.dtype), keys.to(values.dtype), values, *shares)
        ctx.scale, ctx.dtype = scale, queries.dtype
        return out.view(queries.shape)

    @staticmethod
    def backward(ctx, gradient):
        tall, keys, values, *shares = ctx.saved_tensors
        keys, across = keys.contiguous(), values.transpose(-1, -2).contiguous()
        gradients = gradient.reshape(tall.shape)
        of_queries, of_keys, of_values = (
            torch.empty_like(tall),
            torch.empty_like(keys),
            torch.empty_like(values),
        )
        for row, share in enumerate(shares):
            torch.bmm(share.transpose(1, 2), gradients[row], out=of_values[row])
            of_scores = torch._softmax_backward_data(
                torch.bmm(gradients[row], across[row]), share, -1, share.dtype
            )
            torch.bmm(of_scores, keys[row], out=of_queries[row])
            torch.bmm(of_scores.transpose(1, 2), tall[row], out=of_keys[row])
        scaled = [part.to(ctx.dtype) * ctx.scale for part in (of_queries, of_keys)]
        return scaled[0].view(gradient.shape), scaled[1], of_values, None


def _ahead(length: int, dtype: torch.dtype) -> torch.Tensor:
    """What is added to scores (length, length): minus infinity where a key lies ahead of
    its query.
    """
    return _square(-(-length // SIDE) * SIDE, dtype)[:length, :length]


@lru_cache(maxsize=16)
def _square(length: int, dtype: torch.dtype) -> torch.Tensor:
    return torch.full((length, length), float("-inf"), dtype=dtype).triu_(1)


def _attend(module, query, key, value, attention_mask, scaling=None, dropout=0.0, **unused):
    """`attend_causally` as transformers calls it (its AttentionInterface): returns (rows, length,
    heads, width) and no weights.
    """
    assert attention_mask is None and not dropout, (
        "rows are right-padded and small models have no dropout"
    )
    out = attend_causally(
        query, key, value, scaling if scaling is not None else query.shape[-1] ** -0.5
    )
    return out.transpose(1, 2).contiguous(), None


AttentionInterface.register(NAME, _attend)
