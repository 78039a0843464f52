"""Two processes (gloo) make the same steps as one: equal losses, equal weights within rounding."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import LlamaConfig, LlamaForCausalLM

from gpu_runtime.models.options import FineTuning
from gpu_runtime.models.protocol import Example, Learning, NothingToLearn
from gpu_runtime.models.spread import SpreadError, learn_spread
from gpu_runtime.models.tokenizer import train_tokenizer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
"""Each process imports the libraries anew: 45 s of CPU time in all."""

LETTERS = list("abcdefgh")
COPY = [Example(f"{a} {b}", f"{a} {b}", 0.5 + 0.5 * (a > b)) for a in LETTERS for b in LETTERS]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    torch.set_num_threads(1)
    made = tmp_path_factory.mktemp("spread") / "m"
    tokenizer = train_tokenizer([e.prompt for e in COPY])
    ids = {"vocab_size": len(tokenizer), "eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    torch.manual_seed(0)
    shape = LlamaConfig(hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, max_position_embeddings=32, **ids)
    LlamaForCausalLM(shape).save_pretrained(made)
    tokenizer.save_pretrained(made)
    return made


def test_two_processes_learn_what_one_learns(folder: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    learning = Learning(learning_rate=1e-2, epochs=2, batch_tokens=128, seed=3)
    found = {}
    for processes, tuning in ((1, FineTuning(micro_tokens=64)), (2, FineTuning())):
        figures = learn_spread(str(folder), tmp_path / str(processes), COPY, learning, tuning, processes)
        found[processes] = figures, load_file(tmp_path / str(processes) / "model.safetensors")
    (one, alone), (two, together) = found[1], found[2]
    assert one["steps"] == two["steps"] >= 5 and one["tokens"] == two["tokens"]
    assert two["losses"] == pytest.approx(one["losses"], rel=1e-4) and one["losses"][-1] < one["losses"][0]
    for name in alone:
        assert torch.allclose(alone[name], together[name], atol=2e-4), name


def test_what_goes_wrong_in_the_processes_is_told(folder: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with pytest.raises(NothingToLearn, match="none within 32 tokens"):
        learn_spread(str(folder), tmp_path / "x", [Example("a " * 40, "b")], Learning(), FineTuning(), 1)
    with pytest.raises(SpreadError, match="in 1 processes ended with"):
        learn_spread(str(tmp_path / "nowhere"), tmp_path / "x", COPY, Learning(), FineTuning(), 1)
