"""Estimated model sizes against the models themselves (built without weights) and published
sizes.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

from gpu_runtime.models.options import FineTuning
from gpu_runtime.models.protocol import ModelError
from gpu_runtime.models.sizes import (
    MACHINES,
    estimate_generate_bytes,
    estimate_generate_seconds,
    estimate_train_bytes,
    estimate_train_seconds,
    find_model_shape,
)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("Qwen/Qwen2.5-Coder-7B-Instruct", 7_615_616_512),
        ("Qwen/Qwen2.5-Coder-0.5B", 494_032_768),
        ("Qwen/Qwen2.5-1.5B-Instruct", 1_543_714_304),
        ("Qwen/Qwen2-7B-Instruct", 7_615_616_512),
        ("meta-llama/Llama-3.1-8B-Instruct", 8_030_261_248),
        ("meta-llama/Llama-3.2-1B", 1_235_814_400),
        ("meta-llama/Llama-3.2-3B-Instruct", 3_212_749_824),
        ("meta-llama/Meta-Llama-3-70B", 70_553_706_496),
    ],
)
def test_public_models_have_the_published_size(name: str, parameters: int) -> None:
    assert find_model_shape(name).parameters == parameters


@pytest.mark.parametrize(
    ("model", "config"), [(LlamaForCausalLM, LlamaConfig), (Qwen2ForCausalLM, Qwen2Config)]
)
@pytest.mark.parametrize("tied", [True, False])
def test_a_folders_shape_gives_exactly_its_parameters(
    tmp_path: Path, model, config, tied: bool
) -> None:
    shape = config(
        vocab_size=300,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        tie_word_embeddings=tied,
    )
    with torch.device("meta"):
        made = model(shape)
    shape.save_pretrained(tmp_path)
    found = find_model_shape(str(tmp_path))
    assert (
        found.parameters == sum(p.numel() for p in made.parameters())
        and str(tmp_path) in found.known
    )
    from peft import LoraConfig, get_peft_model

    adapted = get_peft_model(made, LoraConfig(r=4, target_modules="all-linear"))
    assert found.adapter_parameters(4) == sum(
        p.numel() for n, p in adapted.named_parameters() if "lora_" in n
    )


def test_what_only_a_name_tells_is_marked_and_what_nothing_tells_is_refused(tmp_path: Path) -> None:
    for size in (1.3, 6.7, 13.0, 33.0):
        found = find_model_shape(f"someone/model-{size}b-base")
        assert "estimated" in found.known and found.parameters == pytest.approx(size * 1e9, rel=0.1)
    with pytest.raises(ModelError, match="size of model 'someone/thing' is not known"):
        find_model_shape("someone/thing")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "t5", "d_model": 8}))
    with pytest.raises(ModelError, match="cannot be told"):
        find_model_shape(str(tmp_path))


def test_memory_grows_with_what_it_is_for() -> None:
    shape = find_model_shape("Qwen2.5-Coder-7B")
    full, lora, qlora = (
        sum(estimate_train_bytes(shape, FineTuning(method), 4096).values())
        for method in ("full", "lora", "qlora")
    )
    light = sum(
        estimate_train_bytes(shape, FineTuning("lora", gradient_checkpointing=True), 4096).values()
    )
    assert full > 16 * shape.parameters and full > 3 * lora > lora > qlora and light < lora
    assert sum(estimate_generate_bytes(shape, 16, 4096).values()) > 2 * shape.parameters
    # 28 layers, keys and values of 4 heads of 128 in bfloat16: 56 KiB a token
    assert estimate_generate_bytes(shape, 1, 1)["cache"] == 28 * 2 * 4 * 128 * 2


def test_time_grows_with_work_and_shrinks_with_the_machine() -> None:
    shape = find_model_shape("Llama-3.1-8B")
    a, h = MACHINES["a100"], MACHINES["h100"]
    assert (
        estimate_train_seconds(shape, FineTuning(), 1e6, a)
        > estimate_train_seconds(shape, FineTuning(), 1e6, h)
        > estimate_train_seconds(shape, FineTuning("lora"), 1e6, h)
    )
    assert estimate_generate_seconds(shape, 100, 500, 500, 16, h) < estimate_generate_seconds(
        shape, 100, 500, 500, 1, h
    )
    # Decoding one row cannot go faster than the weights are read.
    assert (
        estimate_generate_seconds(shape, 1, 1, 100, 1, h)
        >= 100 * 2 * shape.parameters / h.bandwidth
    )


def test_the_cpu_figure_is_what_was_measured() -> None:
    """1.95 M parameters, 10,500 tokens a second on two cores."""
    from gpu_runtime.models.sizes import ModelShape

    shape = ModelShape(4, 192, 512, 6, 6, 167, True)
    assert 9e3 < 1e6 / estimate_train_seconds(shape, FineTuning(), 1e6, MACHINES["cpu"]) < 16e3
