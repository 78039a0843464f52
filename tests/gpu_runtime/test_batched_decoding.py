"""Rows that join and leave a batch get the ids that each would get alone."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, Qwen2Config, Qwen2ForCausalLM

from gpu_runtime.models.batched import ROOM, Limits, Request, decode, decodes
from gpu_runtime.models.decoded import Decoded

ENDS = frozenset(range(3, 13))


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Products this small take longer to share out than to compute."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def model() -> Qwen2ForCausalLM:
    torch.manual_seed(0)
    shape = Qwen2Config(
        vocab_size=97,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=4096,
        bos_token_id=1,
        eos_token_id=3,
        pad_token_id=0,
    )
    return Qwen2ForCausalLM(shape).double().eval()  # no two logits are nearly equal


def prompts(shared: int, count: int = 12) -> list[tuple[int, ...]]:
    draw = random.Random(shared)
    start = tuple(draw.randrange(5, 97) for _ in range(shared))
    made = [
        (*start, *(draw.randrange(5, 97) for _ in range(draw.randrange(1, 40))))
        for _ in range(count)
    ]
    made[7] = made[3]
    return made


def alone(model: Qwen2ForCausalLM, ids: Sequence[int], most: int) -> list[int]:
    """What transformers' own generation writes."""
    with torch.inference_mode():
        out = model.generate(
            torch.tensor([ids]), max_new_tokens=most, do_sample=False, eos_token_id=sorted(ENDS)
        )
    new = out[0, len(ids) :].tolist()
    return new[: next((k for k, token in enumerate(new) if token in ENDS), len(new))]


@pytest.mark.parametrize(("shared", "rows"), [(0, 7), (30, 7), (30, 1), (3, 64)])
def test_greedy_ids_are_those_of_each_prompt_alone(model, shared: int, rows: int) -> None:
    asked = prompts(shared)
    assert decodes(model)
    found = decode(model, [Request(ids, 40) for ids in asked], Limits(ENDS, rows=rows))
    assert found == [alone(model, ids, 40) for ids in asked]
    assert len({len(ids) for ids in found}) > 3  # rows ended at different times


@pytest.mark.parametrize("rows", [1, 5])
def test_memory_that_grows_keeps_every_token(model, rows: int) -> None:
    """Growing once lost the newest token, every ROOM tokens."""
    asked, most = prompts(0)[:5], 3 * ROOM
    found = decode(model, [Request(ids, most) for ids in asked], Limits(frozenset(), rows=rows))
    for ids, answer in zip(asked, found, strict=True):
        with torch.inference_mode():
            out = model.generate(
                torch.tensor([ids]), max_new_tokens=most, do_sample=False, eos_token_id=None
            )
        assert answer == out[0, len(ids) :].tolist()


def test_an_answer_ends_where_it_is_whole_or_long_enough(model) -> None:
    ids, whole = next((ids, new) for ids in prompts(0) if len(new := alone(model, ids, 20)) > 9)
    requests = [Request(ids, 60, ended=lambda new: len(new) == 5), Request(ids, 8), Request(ids, 0)]
    assert decode(model, requests, Limits(ENDS)) == [whole[:5], whole[:8], []]


def test_draws_depend_on_the_seed_and_not_on_the_batch(model) -> None:
    asked = prompts(0, 10)
    requests = [Request(ids, 30, seed=k) for k, ids in enumerate(asked)]
    together = decode(model, requests, Limits(ENDS, 1.0, 0.9, rows=4))
    assert together == [decode(model, [each], Limits(ENDS, 1.0, 0.9))[0] for each in requests]
    same = decode(model, [Request(asked[0], 30, seed=k) for k in range(8)], Limits(ENDS, 1.0, 0.9))
    assert len(set(map(tuple, same))) > 4


def test_who_watches_hears_of_it_before_any_prompt_is_read(model) -> None:
    said: list[Decoded] = []
    decode(
        model, [Request(ids, 5) for ids in prompts(30)], Limits(frozenset(), rows=8), said.append
    )
    assert said[0] == Decoded(0, 12, 0, 0, said[0].seconds) and said[1].prompt_ids > 0
    assert (said[-1].answers, said[-1].new_ids) == (12, 60)
    assert all(a.new_ids <= b.new_ids for a, b in zip(said, said[1:]))


def test_tables_of_positions_are_served_too() -> None:
    torch.manual_seed(1)
    shape = GPT2Config(
        vocab_size=97,
        n_positions=128,
        n_embd=16,
        n_layer=2,
        n_head=2,
        bos_token_id=1,
        eos_token_id=3,
    )
    model = GPT2LMHeadModel(shape).double().eval()
    asked = prompts(20, 8)
    found = decode(model, [Request(ids, 20) for ids in asked], Limits(ENDS, rows=3))
    assert found == [alone(model, ids, 20) for ids in asked]
