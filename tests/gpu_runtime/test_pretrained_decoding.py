"""The benchmark's decoders answer alike, so that their times can be compared."""

from __future__ import annotations

import pytest
import torch
from pretrained_decoding import (
    _rows,
    cut_at_end,
    decode_refilled,
    generate_by_length,
    generate_in_batches,
)
from transformers import Qwen2Config, Qwen2ForCausalLM

PROMPTS = [[3, 4, 5], [6, 7], [8] * 9, [4, 9, 10, 11, 5], [12], [13, 14, 15, 3]]


@pytest.fixture(scope="module")
def model() -> Qwen2ForCausalLM:
    torch.manual_seed(1)
    shape = Qwen2Config(
        vocab_size=24,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
        eos_token_id=2,
    )
    made = Qwen2ForCausalLM(shape).eval()
    made.generation_config.repetition_penalty = 1.5  # as Qwen's settings have it
    made.generation_config.eos_token_id = [7, 16]
    with torch.no_grad():
        for parameter in made.parameters():
            torch.nn.init.normal_(parameter, std=0.4)
    return made


def test_the_decoders_write_the_same(model: Qwen2ForCausalLM) -> None:
    wanted = [generate_in_batches(model, [each], 1, 12)[0] for each in PROMPTS]
    assert len({tuple(ids) for ids in wanted}) > 1 and any(len(ids) < 12 for ids in wanted)
    for decoder in (generate_in_batches, generate_by_length, decode_refilled):
        assert decoder(model, PROMPTS, 2, 12) == wanted


def test_rows_compare_with_the_first() -> None:
    rows = _rows(
        {"given order": ([[1, 2], [3, 4]], 4.0, 2.0), "other": ([[1, 2], [3, 5]], 1.0, 2.0)}
    )
    assert [(r.tokens, r.per_wall_s, r.per_cpu_s, r.same, r.ratio) for r in rows] == [
        (4, 1.0, 2.0, 2, 1.0),
        (4, 4.0, 2.0, 1, 4.0),
    ]
    assert cut_at_end([5, 2, 7], frozenset({2})) == [5]
