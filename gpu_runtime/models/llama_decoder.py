"""The forward pass of a Llama-shaped model, with a cache of which the answers to one prompt share
the prompt's part.

Contract: `prefill` reads prompts, `step` appends one id to every row, `keep` drops rows; logits are
those of transformers' `LlamaForCausalLM` but for rounding. It is written out because the library's
cache copies itself at every step, and for a small model its Python costs more than the arithmetic.
What a step costs is reading the cache: several answers to one prompt are as many queries to keys
and values that are read once (as in Juravsky et al., "Hydragen", 2024).

    python -m pytest tests/gpu_runtime/test_scratch.py -k same_as_transformers
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from transformers import LlamaForCausalLM

Attend = Callable[[int, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
"""(layer, queries, keys, values of new ids, each (rows, heads, length, head)) -> (rows, length,
heads * head).
"""


class LlamaDecoder:
    """A forward pass with a cache over the weights of a Llama-shaped `model`. It serves one batch
    at a time: `prefill` begins one, `step` goes on with it. Prompts are read once for all of their
    answers (Juravsky et al., "Hydragen", 2024). Weights are not copied, apart from fused
    projections.
    """

    def __init__(self, model: LlamaForCausalLM) -> None:
        config = model.config
        self._heads, self._width = config.num_attention_heads, config.hidden_size
        self._head = self._width // self._heads
        self._kept_heads = config.num_key_value_heads
        self._splits = [self._heads, self._kept_heads, self._kept_heads]
        self._eps = config.rms_norm_eps
        self._embed, self._out = model.model.embed_tokens.weight, model.lm_head.weight
        self._final_norm = model.model.norm.weight
        self._layers = [
            (
                layer.input_layernorm.weight,
                torch.cat([getattr(layer.self_attn, f"{p}_proj").weight for p in "qkv"]),
                layer.self_attn.o_proj.weight,
                layer.post_attention_layernorm.weight,
                torch.cat([layer.mlp.gate_proj.weight, layer.mlp.up_proj.weight]),
                layer.mlp.down_proj.weight,
            )
            for layer in model.model.layers
        ]
        self._frequencies = model.model.rotary_emb.inv_freq.float()
        self._prompts: list[list[torch.Tensor]] = []
        """Keys and values of every layer, (prompts, kept heads, prompt length, head)."""
        self._answers: list[list[torch.Tensor]] = []
        """The same of what rows have beyond their prompts, (rows, kept heads, most new ids,
        head).
        """
        self._new = 0
        self._seen = torch.zeros(0, 0, dtype=torch.bool)
        """(prompts, prompt length): True where a prompt is not padding."""
        self._unseen = torch.zeros(0, 1, 1, 0, dtype=torch.bool)
        """Of every row's prompt, (rows, 1, 1, prompt length): True where it is padding."""
        self._of = self._slots = torch.zeros(0, dtype=torch.long)
        """(rows,): a row's prompt; its place where every prompt has as many rows as that with the
        most.
        """
        self._most = 0

    def prefill(
        self, ids: torch.Tensor, pads: torch.Tensor, repeats: torch.Tensor, capacity: int
    ) -> torch.Tensor:
        """Read prompts, and begin `repeats[k]` rows of answers for prompt k.

        ids: token ids, left-padded, shape (prompts, length). pads: padding per prompt, shape
            (prompts,). repeats: shape (prompts,). capacity: the most ids appended to a row.
        Returns logits of the next id, shape (sum of repeats, vocabulary).
        """
        prompts, length = ids.shape
        steps = torch.arange(length)
        self._new, self._seen = 0, steps >= pads[:, None]
        seen = (steps[:, None] >= steps) & self._seen[:, None]
        seen |= torch.eye(
            length, dtype=torch.bool
        )  # a padding row must see something, or softmax gives NaN
        self._prompts = []

        def attend(layer: int, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
            self._prompts.append([k.contiguous(), v.contiguous()])
            mixed = F.scaled_dot_product_attention(
                q, k, v, seen[:, None], enable_gqa=self._heads > self._kept_heads
            )
            return mixed.transpose(1, 2).reshape(prompts, length, -1)

        hidden = self._forward(ids, (steps - pads[:, None]).clamp(min=0), attend)[:, -1]
        self._place(torch.arange(prompts).repeat_interleave(repeats))
        shape = (len(self._of), self._kept_heads, capacity, self._head)
        self._answers = [[torch.empty(shape), torch.empty(shape)] for _ in self._layers]
        return F.linear(hidden[self._of], self._out)

    def step(self, ids: torch.Tensor) -> torch.Tensor:
        """Append one token id to each row of the batch that `prefill` began, and return logits of
        the next id, shape (rows, vocabulary). ids: shape (rows,).
        """
        positions = self._seen.sum(-1)[self._of] + self._new
        hidden = self._forward(ids[:, None], positions[:, None], self._attend_one)
        self._new += 1
        return F.linear(hidden[:, -1], self._out)

    def keep(self, rows: torch.Tensor) -> None:
        """Drop every row of the batch that is not in `rows`, a 1-D tensor of ascending row indices,
        and every prompt that then has no row. The rows that stay are numbered anew from 0.
        """
        left, of = self._of[rows].unique(return_inverse=True)
        if len(left) < len(self._seen):
            self._seen = self._seen[left]
            for pair in self._prompts:
                pair[:] = [tensor[left] for tensor in pair]
        for pair in self._answers:
            pair[:] = [tensor[rows] for tensor in pair]
        self._place(of)

    def _place(self, of: torch.Tensor) -> None:
        """Rows of a prompt lie side by side."""
        counts = torch.bincount(of, minlength=len(self._seen))
        within = torch.arange(len(of)) - (counts.cumsum(0) - counts)[of]
        self._of, self._most = of, int(counts.max())
        self._slots = of * self._most + within
        self._unseen = ~self._seen[of][:, None, None]

    def _forward(self, ids: torch.Tensor, positions: torch.Tensor, attend: Attend) -> torch.Tensor:
        """Hidden states (rows, length, width) of new ids at `positions` (rows, length)."""
        rows, length = ids.shape
        angles = (positions[..., None].float() * self._frequencies)[:, None]
        cos, sin = torch.cat([angles, angles], -1).cos(), torch.cat([angles, angles], -1).sin()
        x = F.embedding(ids, self._embed)
        for number, (norm1, qkv, out, norm2, gate_up, down) in enumerate(self._layers):
            h = F.rms_norm(x, (self._width,), norm1, self._eps)
            heads = F.linear(h, qkv).view(rows, length, -1, self._head).transpose(1, 2)
            q, k, v = heads.split(self._splits, 1)
            x = x + F.linear(attend(number, _rotate(q, cos, sin), _rotate(k, cos, sin), v), out)
            gate, up = F.linear(F.rms_norm(x, (self._width,), norm2, self._eps), gate_up).chunk(
                2, -1
            )
            x = x + F.linear(F.silu(gate) * up, down)
        return F.rms_norm(x, (self._width,), self._final_norm, self._eps)

    def _attend_one(
        self, layer: int, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor
    ) -> torch.Tensor:
        """Of one new id a row. Plain products over the queries of a group do with less than the
        library's kernel.
        """
        rows, (keys, values), (own_keys, own_values) = (
            len(q),
            self._prompts[layer],
            self._answers[layer],
        )
        _, heads, length, head = keys.shape
        own_keys[:, :, self._new], own_values[:, :, self._new] = k[:, :, 0], v[:, :, 0]
        own_keys, own_values = own_keys[:, :, : self._new + 1], own_values[:, :, : self._new + 1]
        q = q.reshape(rows, heads, -1, head) * head**-0.5
        scores = self._by_row(self._by_prompt(q) @ keys.transpose(2, 3)).masked_fill(
            self._unseen, float("-inf")
        )
        shares = torch.cat([scores, q @ own_keys.transpose(2, 3)], -1).softmax(-1)
        mixed = self._by_row(self._by_prompt(shares[..., :length]) @ values)
        return (mixed + shares[..., length:] @ own_values).reshape(rows, 1, -1)

    def _by_prompt(self, x: torch.Tensor) -> torch.Tensor:
        """(rows, heads, group, any) to (prompts, heads, most rows * group, any), 0 where a prompt
        has fewer rows.
        """
        prompts = len(self._seen)
        if len(x) < prompts * self._most:
            x = x.new_zeros((prompts * self._most, *x.shape[1:])).index_copy_(0, self._slots, x)
        return x.view(prompts, self._most, *x.shape[1:]).transpose(1, 2).flatten(2, 3)

    def _by_row(self, x: torch.Tensor) -> torch.Tensor:
        """The way back."""
        x = x.unflatten(2, (self._most, -1)).transpose(1, 2).flatten(0, 1)
        return x if len(x) == len(self._slots) else x[self._slots]


def _rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    first, second = x.chunk(2, -1)
    return x * cos + torch.cat([-second, first], -1) * sin
