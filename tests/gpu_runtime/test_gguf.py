"""A model in one GGUF file, made here: loaded, asked, taught and saved as a plain folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

from coevolve.cli.errors import UserError
from coevolve.named_models import resolve_model
from gpu_runtime.models import pretrained
from gpu_runtime.models.options import FineTuning
from gpu_runtime.models.pretrained import PretrainedConfig, PretrainedModel, require_model
from gpu_runtime.models.protocol import Example, Learning, ModelError, Prompt, Sampling

TOKENS = ["<|end|>", *"abcdefgh", "Ġ", "ab"]
NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}
GREEDY = Sampling(n=1, temperature=0, max_new_tokens=6)


def spell(name: str) -> str:
    """llama.cpp's name of a tensor of Qwen2."""
    for ours, theirs in (("model.embed_tokens", "token_embd"), ("model.norm", "output_norm")):
        name = name.replace(ours, theirs)
    name = name.replace("lm_head", "output").replace("model.layers.", "blk.")
    for ours, theirs in NAMES.items():
        name = name.replace(ours, theirs)
    return name


@pytest.fixture
def plain() -> Qwen2ForCausalLM:
    torch.manual_seed(3)
    shape = Qwen2Config(
        vocab_size=len(TOKENS),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
        tie_word_embeddings=False,
        eos_token_id=0,
        bos_token_id=0,
    )
    model = Qwen2ForCausalLM(shape)
    for parameter in model.parameters():  # far enough apart that rounding changes no choice
        torch.nn.init.normal_(parameter, std=0.3)
    return model.eval()


@pytest.fixture
def file(plain: Qwen2ForCausalLM, tmp_path: Path) -> Path:
    gguf = pytest.importorskip("gguf")
    shape, path = plain.config, tmp_path / "tiny.gguf"
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_context_length(shape.max_position_embeddings)
    writer.add_embedding_length(shape.hidden_size)
    writer.add_block_count(shape.num_hidden_layers)
    writer.add_feed_forward_length(shape.intermediate_size)
    writer.add_head_count(shape.num_attention_heads)
    writer.add_head_count_kv(shape.num_key_value_heads)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(shape.rms_norm_eps)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(TOKENS)
    writer.add_token_types([3] + [1] * (len(TOKENS) - 1))
    writer.add_token_merges(["a b"])
    writer.add_eos_token_id(0)
    writer.add_bos_token_id(0)
    writer.add_pad_token_id(0)
    for name, tensor in plain.state_dict().items():
        writer.add_tensor(spell(name), tensor.numpy().astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_file_answers_as_the_model_it_was_written_from(
    file: Path, plain: Qwen2ForCausalLM
) -> None:
    require_model(file)
    model = PretrainedModel.load(file, PretrainedConfig(dtype="float32"))
    ids = model._tokenizer("ab c", add_special_tokens=False).input_ids
    assert [TOKENS[i] for i in ids] == ["ab", "Ġ", "c"]
    with torch.inference_mode():
        wanted = plain(torch.tensor([ids])).logits
        assert torch.allclose(model._model(torch.tensor([ids])).logits, wanted, atol=1e-5)
    assert model.generate([Prompt("ab c")], GREEDY) == model.generate([Prompt("ab c")], GREEDY)


def test_a_file_learns_and_is_saved_as_a_folder(file: Path, tmp_path: Path) -> None:
    tuning = FineTuning(method="lora", rank=4)
    model = PretrainedModel.load(file, PretrainedConfig(tuning=tuning, dtype="float32"))
    figures = model.learn(
        [Example("ab", "cd"), Example("cd", "ab")] * 8, Learning(learning_rate=2e-2, epochs=8)
    )
    assert figures["loss"] < figures["first_loss"]
    model.save(tmp_path / "learnt")
    again = PretrainedModel.load(tmp_path / "learnt", PretrainedConfig(dtype="float32"))
    assert again.generate([Prompt("ab")], GREEDY) == model.generate([Prompt("ab")], GREEDY)


def test_a_file_is_named_as_a_model(file: Path, tmp_path: Path) -> None:
    named = resolve_model(str(file), "translator")
    assert (named.kind, named.location) == ("pretrained", str(file))
    other = tmp_path / "notes.txt"
    other.write_text("no model")
    with pytest.raises(UserError, match="only a GGUF file"):
        resolve_model(str(other), "translator")


def test_without_the_package_one_line_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(b"GGUF")
    monkeypatch.setattr(pretrained, "is_gguf_available", lambda: False)
    with pytest.raises(ModelError, match=r"needs the package gguf \(pip install") as caught:
        PretrainedModel.load(file)
    assert "\n" not in str(caught.value) and "cannot be loaded" not in str(caught.value)


def test_a_file_that_is_none_is_one_clear_line(tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    file = tmp_path / "broken.gguf"
    file.write_bytes(b"GGUF and then nothing")
    with pytest.raises(ModelError, match="cannot be loaded on this machine") as caught:
        PretrainedModel.load(file)
    assert "\n" not in str(caught.value)
