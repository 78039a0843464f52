"""Batched decoding: which id comes next in every row, under constraints, at a temperature.

Contract: every row draws from its own stream of random numbers, seeded by the request, so that an
answer depends on the other rows of its batch by float noise only. All answers of one prompt share
one pass over the prompt, and its cache.

    python -m pytest tests/gpu_runtime/test_scratch.py -k same_as_transformers
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import torch

from gpu_runtime.models.llama_decoder import LlamaDecoder
from gpu_runtime.models.protocol import AllowedOnly, ConstraintState

_COMPACT_SHARE = 0.75
"""Finished rows are dropped from the batch when fewer than this share is still active."""

Spell = Callable[[str], list[int]]

_NUCLEUS = 64
"""No nucleus is larger: the whole vocabulary need not be sorted at every step."""


@dataclass(frozen=True, slots=True)
class DecodeRequest:
    """One prompt to decode answers for.

    ids: token ids of the prompt with its forced prefix. seeds: of sampling, one per answer to
        write.
    constraint(): returns a new state that says which ids may follow; None: any. most: most new ids
        of an answer, where that is less than the limits say; None: as those say.
    """

    ids: tuple[int, ...]
    seeds: tuple[int, ...]
    constraint: Callable[[], ConstraintState] | None = field(default=None, compare=False)
    most: int | None = None
    """Most new ids of an answer, where that is less than the limits say."""


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """How answers are decoded. temperature: 0 is greedy. top_p: nucleus share in (0, 1].
    max_new_tokens: most new ids, the end included. end, pad: the token ids that end an answer and
    that fill rows.
    """

    temperature: float
    top_p: float
    max_new_tokens: int
    end: int
    pad: int


@torch.inference_mode()
def decode(
    decoder: LlamaDecoder,
    requests: Sequence[DecodeRequest],
    limits: DecodeLimits,
    words: Sequence[str],
    rows: int = 64,
    spell: Spell | None = None,
) -> list[list[list[int]]]:
    """Decode answers. Returns for each request, in order, a list of new token ids per seed, without
    the end id.

    decoder: the model's forward pass. limits: how all answers are decoded. words[id]: the word of a
        token id, for constraints. rows: answers decoded together. spell(word): the ids of a word
        that has no id of its own, for constraints that allow it; None: no such word.
    """
    answers: list[list[list[int]]] = [[] for _ in requests]
    order = sorted(range(len(requests)), key=lambda i: len(requests[i].ids))
    chunk: list[int] = []
    for place, index in enumerate(order):
        chunk.append(index)
        following = order[place + 1] if place + 1 < len(order) else None
        wanted = sum(len(requests[i].seeds) for i in chunk)
        if following is None or wanted + len(requests[following].seeds) > rows:
            for i, found in zip(
                chunk, _decode_chunk(decoder, [requests[i] for i in chunk], limits, words, spell)
            ):
                answers[i] = found
            chunk = []
    return answers


def _decode_chunk(
    decoder: LlamaDecoder,
    requests: Sequence[DecodeRequest],
    limits: DecodeLimits,
    words: Sequence[str],
    spell: Spell | None,
) -> list[list[list[int]]]:
    longest = max(len(r.ids) for r in requests)
    pads = torch.tensor([longest - len(r.ids) for r in requests])
    ids = torch.tensor([[limits.pad] * (longest - len(r.ids)) + list(r.ids) for r in requests])
    repeats = torch.tensor([len(r.seeds) for r in requests])
    logits = decoder.prefill(ids, pads, repeats, limits.max_new_tokens)
    choose = _Chooser(requests, limits, words, spell)
    new: list[list[int]] = [[] for _ in range(int(repeats.sum()))]
    active = list(range(len(new)))
    alive = torch.ones(len(new), dtype=torch.bool)
    most = [r.most or limits.max_new_tokens for r in requests for _ in r.seeds]
    for step in range(limits.max_new_tokens):
        chosen = choose(logits, active, alive, step)
        for place, (row, token) in enumerate(zip(active, chosen.tolist())):
            if alive[place]:
                if token == limits.end:
                    alive[place] = False
                else:
                    new[row].append(token)
                    alive[place] = len(new[row]) < most[row]
        left = int(alive.sum())
        if left == 0:
            break
        if left < _COMPACT_SHARE * len(active):
            kept = alive.nonzero()[:, 0]
            decoder.keep(kept)
            chosen, active, alive = chosen[kept], [active[i] for i in kept.tolist()], alive[kept]
        logits = decoder.step(chosen)
    found = iter(new)
    return [[next(found) for _ in r.seeds] for r in requests]


class _Chooser:
    """Next ids from logits: constraint, temperature, nucleus, and one uniform number per row and
    step.
    """

    def __init__(
        self,
        requests: Sequence[DecodeRequest],
        limits: DecodeLimits,
        words: Sequence[str],
        spell: Spell | None,
    ) -> None:
        self._limits, self._words, self._spell = limits, words, spell
        self._states = [r.constraint() if r.constraint else None for r in requests for _ in r.seeds]
        self._ids = {word: i for i, word in enumerate(words) if word} if any(self._states) else {}
        self._masks: dict[tuple[bool, frozenset[str]], torch.Tensor] = {}
        """What is forbidden, as a row over the vocabulary: few different sets come up again and
        again.
        """
        self._spelt: dict[frozenset[str], tuple[str, list[int]]] = {}
        """Of what is allowed by name: the word that is no id, with the ids that spell it."""
        self._spelling: dict[int, tuple[str, list[int]]] = {}
        """Rows in the middle of such a word, with the ids that are left."""
        self._allowed: dict[int, frozenset[str]] = {}
        self._spelled = torch.tensor([not word for word in words])
        self._nothing = torch.zeros(len(words), dtype=torch.bool)
        self._uniform = torch.stack(
            [
                torch.rand(limits.max_new_tokens, generator=torch.Generator().manual_seed(s))
                for r in requests
                for s in r.seeds
            ]
        )

    def __call__(
        self, logits: torch.Tensor, active: Sequence[int], alive: torch.Tensor, step: int
    ) -> torch.Tensor:
        self._forbid(logits, active, alive)
        if self._limits.temperature <= 0:
            chosen = logits.argmax(-1)
        else:
            uniform = self._uniform[list(active), step]
            chosen = nucleus(logits, uniform, self._limits.temperature, self._limits.top_p)
        for row, token in zip(active, chosen.tolist()):
            if self._states[row] is not None:
                self._advance(row, token)
        return chosen

    def _advance(self, row: int, token: int) -> None:
        word, left = self._spelling.pop(row, ("", []))
        allowed = self._allowed.get(row)
        if not word and allowed in self._spelt and self._words[token] not in allowed:
            word, left = self._spelt[allowed]
        if not word:
            self._states[row].advance(self._words[token])
        elif len(left) > 1:
            self._spelling[row] = word, left[1:]
        else:
            self._states[row].advance(word)

    def _forbid(self, logits: torch.Tensor, active: Sequence[int], alive: torch.Tensor) -> None:
        if not self._ids:
            return
        masks = [
            self._of_row(row) if living and self._states[row] is not None else self._nothing
            for row, living in zip(active, alive.tolist())
        ]
        logits.masked_fill_(torch.stack(masks), -1e9)

    def _of_row(self, row: int) -> torch.Tensor:
        if row in self._spelling:
            mask = ~self._nothing
            mask[self._spelling[row][1][0]] = False
            return mask
        forbidden = self._states[row].forbidden()
        self._allowed[row] = forbidden if isinstance(forbidden, AllowedOnly) else frozenset()
        return self._mask(forbidden)

    def _mask(self, forbidden: Collection[str]) -> torch.Tensor:
        only = isinstance(forbidden, AllowedOnly)
        words = forbidden if only else frozenset(forbidden)
        if (only, words) not in self._masks:
            mask = self._nothing.clone()
            mask[[self._ids[word] for word in words if word in self._ids]] = True
            mask |= self._spelled if "" in words else False
            if (
                only
                and self._spell
                and (missing := sorted(word for word in words if word and word not in self._ids))
            ):
                self._spelt[words] = missing[0], self._spell(missing[0])
                mask[self._spelt[words][1][0]] = True
            self._masks[only, words] = ~mask if only else mask
        return self._masks[only, words]


def nucleus(
    logits: torch.Tensor, uniform: torch.Tensor, temperature: float, top_p: float
) -> torch.Tensor:
    """Draw a token id per row from the likeliest ones that together have the probability `top_p`.

    logits: shape (rows, vocabulary). uniform: shape (rows,), in [0, 1). temperature: above 0.
        Returns ids of shape (rows,). Method: Holtzman et al., nucleus sampling, 2020.
    """
    shares = torch.softmax(logits / temperature, -1)
    shares, order = shares.topk(min(_NUCLEUS, shares.shape[-1]), -1)
    cumulative = shares.cumsum(-1)
    kept = cumulative - shares < top_p
    cumulative = (shares * kept).cumsum(-1)
    place = (cumulative < uniform[:, None] * cumulative[:, -1:]).sum(-1, keepdim=True)
    return order.gather(-1, place.clamp(max=order.shape[-1] - 1))[:, 0]
