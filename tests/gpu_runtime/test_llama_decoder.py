"""The decoder's forward pass against transformers' own, with rows that share prompts and rows that
are dropped.
"""

from __future__ import annotations

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from gpu_runtime.models.llama_decoder import LlamaDecoder

VOCABULARY = 50


@pytest.fixture(scope="module")
def model() -> LlamaForCausalLM:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    shape = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
    )
    return LlamaForCausalLM(shape).eval()


@torch.inference_mode()
@pytest.mark.parametrize("repeats", [[3, 1, 2], [2, 2, 2], [1, 1, 1], [1, 7, 1]])
def test_every_row_gets_the_logits_of_its_own_text(
    model: LlamaForCausalLM, repeats: list[int]
) -> None:
    draw = torch.Generator().manual_seed(1)
    prompts = [
        torch.randint(1, VOCABULARY, (length,), generator=draw).tolist() for length in (4, 9, 7)
    ]
    longest = max(map(len, prompts))
    ids = torch.tensor([[0] * (longest - len(p)) + p for p in prompts])
    texts = [list(p) for p, count in zip(prompts, repeats) for _ in range(count)]
    decoder = LlamaDecoder(model)

    def check(logits: torch.Tensor) -> None:
        assert len(logits) == len(texts)
        for text, row in zip(texts, logits):
            torch.testing.assert_close(
                row, model(torch.tensor([text])).logits[0, -1], rtol=1e-4, atol=1e-5
            )

    check(
        decoder.prefill(
            ids, torch.tensor([longest - len(p) for p in prompts]), torch.tensor(repeats), 12
        )
    )
    for step in range(12):
        if (
            step in (3, 6, 8) and len(texts) > 1
        ):  # unevenly: at last no row of the first prompt is left
            rows = torch.arange(len(texts))[1 if step > 3 else 0 :: 2 if step == 3 else 1]
            decoder.keep(rows)
            texts = [texts[i] for i in rows.tolist()]
        new = torch.randint(1, VOCABULARY, (len(texts),), generator=draw)
        logits = decoder.step(new)
        for text, token in zip(texts, new.tolist()):
            text.append(token)
        check(logits)


def test_answers_to_one_prompt_share_its_cache(model: LlamaForCausalLM) -> None:
    decoder = LlamaDecoder(model)
    decoder.prefill(
        torch.ones(2, 5, dtype=torch.long),
        torch.zeros(2, dtype=torch.long),
        torch.tensor([8, 3]),
        6,
    )
    assert {tuple(t.shape) for pair in decoder._prompts for t in pair} == {(2, 2, 5, 8)}
    decoder.keep(torch.tensor([9]))
    assert {tuple(t.shape) for pair in decoder._prompts for t in pair} == {(1, 2, 5, 8)}
