"""The vLLM back end against a stand-in for the calls that it uses; vLLM itself was not at hand."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from gpu_runtime.models.options import ModelOptions
from gpu_runtime.models.protocol import Example, Learning, ModelError, Prompt, Sampling
from gpu_runtime.models.scratch import ScratchConfig, ScratchModel
from gpu_runtime.models.vllm_engine import VllmModel

CALLS: list[tuple] = []


class Tokenizer:
    chat_template = "there is one"

    def apply_chat_template(self, turns, add_generation_prompt: bool, tokenize: bool) -> str:
        assert add_generation_prompt and not tokenize
        return f"<user>{turns[0]['content']}<bot>"

    def encode(self, text: str) -> list[str]:
        return text.split()


class Engine:
    """vllm.LLM: what it is made with, asked and told is kept."""

    def __init__(self, **options) -> None:
        CALLS.append(("LLM", options))
        self.asleep = False

    def get_tokenizer(self) -> Tokenizer:
        return Tokenizer()

    def generate(self, texts, parameters, use_tqdm: bool):
        assert not self.asleep and not use_tqdm
        CALLS.append(("generate", list(texts), vars(parameters)))
        return [SimpleNamespace(outputs=[SimpleNamespace(text=f"{len(t)}.{k}") for k in range(parameters.n)]) for t in texts]

    def sleep(self, level: int) -> None:
        CALLS.append(("sleep", level))
        self.asleep = True


@pytest.fixture
def model(tmp_path: Path) -> VllmModel:
    CALLS.clear()
    config = ScratchConfig(layers=1, width=16, heads=2, kept_heads=2, inner_width=16, context=32, threads=1)
    ScratchModel.create(config, ["a b c"]).save(tmp_path / "m")
    return VllmModel(str(tmp_path / "m"), ModelOptions(), SimpleNamespace(LLM=Engine, SamplingParams=SimpleNamespace))


def test_prompts_are_framed_and_answers_come_in_order(model: VllmModel) -> None:
    found = model.generate([Prompt("abc"), Prompt("x " * 5000, "kept"), Prompt("d", "pre")], Sampling(n=2, temperature=0.7, top_p=0.9, max_new_tokens=9, seed=4))
    assert found == [["14.0", "14.1"], ["kept", "kept"], ["pre15.0", "pre15.1"]]
    assert CALLS[1] == ("generate", ["<user>abc<bot>", "<user>d<bot>pre"], {"n": 2, "temperature": 0.7, "top_p": 0.9, "max_tokens": 9, "seed": 4})
    assert model.generate([Prompt("abc")], Sampling(n=2, temperature=0.0)) == [["14.0", "14.0"]] and CALLS[-1][2]["n"] == 1
    assert [c[0] for c in CALLS].count("LLM") == 1


def test_it_sleeps_while_it_learns_and_then_serves_what_was_learnt(model: VllmModel, tmp_path: Path) -> None:
    model.generate([Prompt("a")], Sampling())
    figures = model.learn([Example("a", "b c")] * 4, Learning(learning_rate=1e-2, epochs=2))
    assert figures["steps"] >= 1 and CALLS[-1] == ("sleep", 2)
    model.generate([Prompt("a")], Sampling())
    first, second = (c[1]["model"] for c in CALLS if c[0] == "LLM")
    assert first == str(tmp_path / "m") and second != first and Path(second, "model.safetensors").is_file()
    model.save(tmp_path / "saved")
    assert (tmp_path / "saved" / "model.safetensors").read_bytes() == Path(second, "model.safetensors").read_bytes()
    assert (tmp_path / "saved" / "model.safetensors").read_bytes() != (tmp_path / "m" / "model.safetensors").read_bytes()


def test_without_the_package_it_is_one_line() -> None:
    with pytest.raises(ModelError, match="needs the package vllm and a GPU"):
        VllmModel.load("some/model", ModelOptions())
