"""The training attention against torch's own, values and gradients."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from transformers import LlamaConfig, LlamaForCausalLM

from gpu_runtime.models.attention import attend_causally, use_causal_attention


@pytest.mark.parametrize(
    ("rows", "heads", "kept", "length", "width"),
    [(1, 1, 1, 1, 2), (2, 4, 2, 7, 8), (3, 6, 2, 33, 16), (2, 3, 3, 5, 4)],
)
def test_values_and_gradients_are_those_of_torch(rows, heads, kept, length, width):
    generator = torch.Generator().manual_seed(length)
    shapes = (
        (rows, heads, length, width),
        (rows, kept, length, width),
        (rows, kept, length, width),
    )
    ours = [
        torch.randn(shape, dtype=torch.float64, generator=generator).requires_grad_()
        for shape in shapes
    ]
    theirs = [part.detach().clone().requires_grad_() for part in ours]
    scale, gradient = 0.37, torch.randn(shapes[0], dtype=torch.float64, generator=generator)
    found = attend_causally(*ours, scale)
    wanted = F.scaled_dot_product_attention(*theirs, is_causal=True, scale=scale, enable_gqa=True)
    found.backward(gradient)
    wanted.backward(gradient)
    torch.testing.assert_close(found, wanted)
    for one, other in zip(ours, theirs):
        torch.testing.assert_close(one.grad, other.grad)


def test_a_model_attends_so_only_inside_the_block_and_gives_the_same_logits():
    torch.manual_seed(3)
    shape = LlamaConfig(
        vocab_size=40,
        hidden_size=24,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=6,
        num_key_value_heads=2,
    )
    model = LlamaForCausalLM(shape).train()
    ids = torch.randint(0, 40, (3, 29))
    before, name = model(input_ids=ids, use_cache=False).logits, model.config._attn_implementation
    with use_causal_attention(model):
        inside = model(input_ids=ids, use_cache=False).logits
    torch.testing.assert_close(inside, before, rtol=1e-4, atol=1e-5)
    assert model.config._attn_implementation == name


def test_what_lies_behind_a_word_has_no_part_in_it():
    torch.manual_seed(4)
    parts = [torch.randn(1, 2, 12, 4) for _ in range(3)]
    whole = attend_causally(*parts, 0.5)
    cut = attend_causally(*(part[:, :, :5] for part in parts), 0.5)
    torch.testing.assert_close(whole[:, :, :5], cut)


def test_half_precision_is_near():
    torch.manual_seed(5)
    queries, keys, values = (torch.randn(2, 6, 64, 32) for _ in range(3))
    with torch.autocast("cpu", torch.bfloat16):
        found = attend_causally(queries, keys, values.bfloat16(), 32**-0.5)
    assert found.dtype == torch.bfloat16
    wanted = F.scaled_dot_product_attention(queries, keys, values, is_causal=True)
    torch.testing.assert_close(found.float(), wanted, rtol=0.02, atol=0.02)
