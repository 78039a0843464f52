"""Decoding with a causal Hugging Face model: rows that end make room for the next prompts at once.

Contract: `decode` gives the new ids of every request, in the requests' order. What all prompts
begin with is read once, and so is a prompt that several requests share. A row leaves the batch when
its answer ends (continuous batching, as in Yu et al., "Orca", 2022). transformers' own `generate`
goes on with every row until the last one has ended, reads every prompt anew, and copies its cache
at each step.

    python benchmarks/pretrained_decoding.py MODEL
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from transformers import DynamicCache, PreTrainedModel
from transformers.cache_utils import DynamicLayer

from gpu_runtime.models.decoded import Decoded, Watch
from gpu_runtime.models.decoding import nucleus

ROOM = 64
"""Columns by which a cache grows when it is full."""
LEAST_SHARED = 16
"""A beginning that all prompts share is read once where it has at least so many ids."""
READ = 8
"""Prompts that are read together."""
FREE_SHARE = 0.25
"""The share of a batch that must have ended before it is put together anew."""


@dataclass(frozen=True, slots=True)
class Request:
    """One answer to decode.

    ids: token ids of the prompt with its forced prefix. most: the most new ids. seed: of sampling.
    ended(new ids): whether the answer is complete, asked after each id; None: only an end id ends
    it.
    """

    ids: tuple[int, ...]
    most: int
    seed: int = 0
    ended: Callable[[Sequence[int]], bool] | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How answers are decoded. ends: token ids that end an answer. temperature: 0 is greedy. top_p:
    nucleus share in (0, 1]. rows: answers decoded together.
    """

    ends: frozenset[int]
    temperature: float = 0.0
    top_p: float = 1.0
    rows: int = 32


def decodes(model: PreTrainedModel) -> bool:
    """Return whether the function `decode` can serve `model`: a decoder only, whose forward pass
    takes position ids and whose cache has plain layers.
    """
    taken = inspect.signature(model.forward).parameters
    if model.config.is_encoder_decoder or not {"position_ids", "logits_to_keep"} <= taken.keys():
        return False
    layers = DynamicCache(config=model.config).layers
    return bool(layers) and all(type(layer) is DynamicLayer for layer in layers)


@torch.inference_mode()
def decode(
    model: PreTrainedModel, requests: Sequence[Request], limits: Limits, watch: Watch | None = None
) -> list[list[int]]:
    """Decode answers by continuous batching (Yu et al., "Orca", 2022) and return the new ids of
    each request, in order, without the end id.

    model: one that `decodes` accepts. requests: one per answer. limits: how all are decoded. watch:
        called with the progress so far as a `Decoded`; None: nothing is called.
    """
    found: list[list[int]] = [[] for _ in requests]
    order = [i for i in _by_length(requests) if requests[i].most > 0]
    if not order:
        return found
    clock = _Clock(len(requests), watch)
    batch = _Batch(model, [requests[i].ids for i in order])
    active: list[int] = []
    logits = torch.empty(0)
    while order or active:
        if len(active) <= (1 - FREE_SHARE) * limits.rows:
            while order and len(active) < limits.rows:
                new, order = _next_of(order, requests, limits.rows - len(active))
                first, read = batch.admit([requests[i].ids for i in new])
                logits = torch.cat([logits, first]) if active else first
                active += new
                clock.say(0, read)
        chosen = _choose(logits, [requests[i] for i in active], [found[i] for i in active], limits)
        alive = _advance(active, chosen, requests, found, limits)
        clock.say(len(active) - len(alive), 0, len(active))
        active = [active[k] for k in alive]
        if len(alive) < len(chosen):
            batch.keep(alive)
        logits = batch.step([chosen[k] for k in alive]) if active else torch.empty(0)
    return found


def _by_length(requests: Sequence[Request]) -> list[int]:
    """Longest first, so that the last rows to run are short ones; equal prompts side by side."""
    return sorted(range(len(requests)), key=lambda i: (-len(requests[i].ids), requests[i].ids, i))


def _next_of(
    order: list[int], requests: Sequence[Request], room: int
) -> tuple[list[int], list[int]]:
    """What is read next, of READ prompts at most, and what is left."""
    size, prompts = 0, set()
    for index in order[:room]:
        prompts.add(requests[index].ids)
        if len(prompts) > READ:
            break
        size += 1
    return order[:size], order[size:]


def _choose(
    logits: torch.Tensor, rows: Sequence[Request], written: Sequence[Sequence[int]], limits: Limits
) -> list[int]:
    """The next id of every row; draws depend on the row's seed and place alone."""
    if limits.temperature <= 0:
        return logits.argmax(-1).tolist()
    draws = [_draw(row.seed, len(ids)) for row, ids in zip(rows, written, strict=True)]
    return nucleus(logits.float(), torch.tensor(draws), limits.temperature, limits.top_p).tolist()


def _draw(seed: int, place: int) -> float:
    return float(torch.rand(1, generator=torch.Generator().manual_seed(seed * 1_000_003 + place)))


def _advance(
    active: Sequence[int],
    chosen: Sequence[int],
    requests: Sequence[Request],
    found: list[list[int]],
    limits: Limits,
) -> list[int]:
    """Append what was chosen; places in `active` of the answers that go on."""
    alive = []
    for place, (index, token) in enumerate(zip(active, chosen, strict=True)):
        if token in limits.ends:
            continue
        found[index].append(token)
        request = requests[index]
        if len(found[index]) < request.most and not (request.ended and request.ended(found[index])):
            alive.append(place)
    return alive


class _Clock:
    """Counts what was done and tells who watches."""

    def __init__(self, of: int, watch: Watch | None) -> None:
        self._of, self._watch, self._start = of, watch, time.monotonic()
        self._answers = self._new = self._read = 0
        self.say(0, 0)

    def say(self, answers: int, read: int, new: int = 0) -> None:
        self._answers, self._new, self._read = (
            self._answers + answers,
            self._new + new,
            self._read + read,
        )
        if self._watch:
            seconds = time.monotonic() - self._start
            self._watch(Decoded(self._answers, self._of, self._new, self._read, seconds))


class _RoomyLayer(DynamicLayer):
    """Keys and values (rows, heads, columns, head) at the start of memory that has room for more
    columns.
    """

    def __init__(self, keys: torch.Tensor, values: torch.Tensor, columns: int) -> None:
        """keys, values: memory of which the first `columns` columns are filled."""
        super().__init__()
        self.dtype, self.device, self.is_initialized = keys.dtype, keys.device, True
        self._columns, self._memory = columns, (keys, values)
        self.keys, self.values = keys[..., :columns, :], values[..., :columns, :]

    def update(self, key_states, value_states, *_arguments, **_options):
        start, end = self._columns, self._columns + key_states.shape[-2]
        if end > self._memory[0].shape[-2]:
            self._memory = tuple(_grown(part[..., :start, :], end) for part in self._memory)
        for part, new in zip(self._memory, (key_states, value_states), strict=True):
            part[..., start:end, :] = new
        self._columns = end
        self.keys, self.values = (part[..., :end, :] for part in self._memory)
        return self.keys, self.values


def _grown(part: torch.Tensor, columns: int) -> torch.Tensor:
    """The columns of `part` at the start of new memory of `columns` and ROOM columns."""
    rows, heads, filled, width = part.shape
    made = part.new_zeros((rows, heads, columns + ROOM, width))
    made[..., :filled, :] = part
    return made


def _stacked(parts: Sequence[torch.Tensor], columns: int) -> torch.Tensor:
    """Parts (rows, heads, width, head) below each other in new memory of `columns` and ROOM
    columns.

    A part of fewer columns ends where `columns` ends; what lies before it is zero.
    """
    last = parts[-1]
    rows = sum(map(len, parts))
    made = last.new_zeros((rows, last.shape[1], columns + ROOM, last.shape[3]))
    at = 0
    for part in parts:
        made[at : at + len(part), :, columns - part.shape[2] : columns] = part
        at += len(part)
    return made


class _Batch:
    """The rows that are being answered: caches, masks and positions."""

    def __init__(self, model: PreTrainedModel, prompts: Sequence[Sequence[int]]) -> None:
        """prompts: all that will be read, of which the common beginning is read here."""
        self._model = model
        self._shared = _common(prompts)
        self._cache = DynamicCache(config=model.config)
        self._start: DynamicCache | None = None
        self._mask = torch.zeros((0, 0), dtype=torch.long, device=model.device)
        if self._shared >= LEAST_SHARED:
            self._start = DynamicCache(config=model.config)
            ids = torch.tensor([prompts[0][: self._shared]], device=model.device)
            model(ids, past_key_values=self._start, use_cache=True, logits_to_keep=1)
        else:
            self._shared = 0

    def admit(self, prompts: Sequence[Sequence[int]]) -> tuple[torch.Tensor, int]:
        """Read prompts and append their rows; (logits of their next ids, how many ids were
        read).
        """
        distinct = list(dict.fromkeys(map(tuple, prompts)))
        rests = [ids[self._shared :] for ids in distinct]
        longest = max(map(len, rests))
        ids = torch.tensor(
            [(0,) * (longest - len(r)) + r for r in rests], device=self._model.device
        )
        seen = torch.tensor(
            [[0] * (longest - len(r)) + [1] * len(r) for r in rests], device=self._model.device
        )
        mask = torch.cat([seen.new_ones((len(rests), self._shared)), seen], 1)
        positions = (mask.cumsum(1) - 1).clamp(min=0)[:, self._shared :]
        cache = self._begun(len(rests))
        logits = self._forward(ids, mask, positions, cache)
        of = torch.tensor([distinct.index(tuple(p)) for p in prompts], device=self._model.device)
        self._join(cache, mask[of], of)
        return logits[of], sum(map(len, rests))

    def _begun(self, rows: int) -> DynamicCache:
        """A cache of `rows` that holds the common beginning."""
        cache = DynamicCache(config=self._model.config)
        if self._start is not None:
            for number, layer in enumerate(self._start.layers):
                cache.update(
                    layer.keys.expand(rows, -1, -1, -1),
                    layer.values.expand(rows, -1, -1, -1),
                    number,
                )
        return cache

    def step(self, ids: Sequence[int]) -> torch.Tensor:
        """Append one id to every row; logits (rows, vocabulary) of the next."""
        device = self._model.device
        positions = self._mask.sum(1, keepdim=True)
        self._mask = torch.cat([self._mask, self._mask.new_ones((len(ids), 1))], 1)
        return self._forward(
            torch.tensor(ids, device=device)[:, None], self._mask, positions, self._cache
        )

    def _forward(self, ids, mask, positions, cache) -> torch.Tensor:
        out = self._model(
            ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        return out.logits[:, -1]

    def keep(self, rows: Sequence[int]) -> None:
        """Drop the other rows, and the columns that no row is left to see."""
        chosen = torch.tensor(rows, dtype=torch.long, device=self._model.device)
        first = self._first_seen(self._mask[chosen])
        self._mask = self._mask[chosen][:, first:]
        columns = self._mask.shape[1]
        for number, layer in enumerate(self._cache.layers):
            parts = [
                _stacked([part[chosen, :, first:]], columns) for part in (layer.keys, layer.values)
            ]
            self._cache.layers[number] = _RoomyLayer(*parts, columns)

    @staticmethod
    def _first_seen(mask: torch.Tensor) -> int:
        seen = mask.any(0).nonzero()
        return int(seen[0]) if len(seen) else mask.shape[1]

    def _join(self, cache: DynamicCache, mask: torch.Tensor, of: torch.Tensor) -> None:
        """Put read rows below those that are there, with all of their last columns side by side."""
        rows, width = self._mask.shape
        most = max(width, mask.shape[1])
        joined = mask.new_zeros((rows + len(mask), most))
        joined[:rows, most - width :] = self._mask
        joined[rows:, most - mask.shape[1] :] = mask
        layers = []
        for number, new in enumerate(cache.layers):
            old = self._cache.layers[number : number + 1] if rows else []
            stacks = [
                [getattr(part, kind) for part in old] + [getattr(new, kind)[of]]
                for kind in ("keys", "values")
            ]
            layers.append(_RoomyLayer(*(_stacked(parts, most) for parts in stacks), most))
        self._mask, self._cache.layers = joined, layers


def _common(prompts: Sequence[Sequence[int]]) -> int:
    """How many ids all prompts begin with, one id of each left to be read; 0 for a single
    prompt.
    """
    distinct = set(map(tuple, prompts))
    if len(distinct) < 2:
        return 0
    first, last = min(distinct), max(distinct)
    same = next(
        (k for k, (a, b) in enumerate(zip(first, last)) if a != b), min(len(first), len(last))
    )
    return min(same, min(map(len, distinct)) - 1)
