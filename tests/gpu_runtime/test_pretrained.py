"""Pre-trained back ends, proven on folders made here: causal and sequence-to-sequence, whole and
LoRA.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import (
    AutoModelForSeq2SeqLM,
    GPT2Config,
    GPT2LMHeadModel,
    T5Config,
    T5ForConditionalGeneration,
)

from coevolve.config.schema import parse
from coevolve.loop.checkpoints import make_model_options
from gpu_runtime.models.backends import MODEL_BACKENDS
from gpu_runtime.models.options import FineTuning
from gpu_runtime.models.pretrained import PretrainedConfig, PretrainedModel, _choose_device_map
from gpu_runtime.models.protocol import Example, Learning, NothingToLearnError, Prompt, Sampling
from gpu_runtime.models.scratch import ScratchConfig, ScratchModel
from gpu_runtime.models.scripted import ScriptedModel
from gpu_runtime.models.tokenizer import train_tokenizer

ROOT = Path(__file__).parents[2]
LETTERS = list("abcdefgh")
COPY = [Example(f"{a} {b}", f"{a} {b}") for a in LETTERS for b in LETTERS]
GREEDY = Sampling(n=1, temperature=0, max_new_tokens=6)


def right(model: PretrainedModel) -> int:
    answers = model.generate([Prompt(e.prompt) for e in COPY], GREEDY)
    return sum(a == [e.answer] for a, e in zip(answers, COPY))


@pytest.fixture
def causal(tmp_path: Path) -> Path:
    config = ScratchConfig(
        layers=2, width=48, heads=4, kept_heads=4, inner_width=96, context=32, threads=1
    )
    ScratchModel.create(config, [e.prompt for e in COPY]).save(tmp_path / "causal")
    return tmp_path / "causal"


@pytest.fixture
def paired(tmp_path: Path) -> Path:
    tokenizer = train_tokenizer([e.prompt for e in COPY])
    torch.manual_seed(0)
    shape = T5Config(
        vocab_size=len(tokenizer),
        d_model=48,
        d_kv=12,
        d_ff=96,
        num_layers=2,
        num_heads=4,
        dropout_rate=0.0,
        pad_token_id=0,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=0,
    )
    T5ForConditionalGeneration(shape).save_pretrained(tmp_path / "paired")
    tokenizer.save_pretrained(tmp_path / "paired")
    return tmp_path / "paired"


def test_a_causal_folder_learns_saves_and_answers(causal: Path, tmp_path: Path) -> None:
    model = PretrainedModel.load(causal, PretrainedConfig(rows=64))
    figures = model.learn(COPY, Learning(learning_rate=4e-3, epochs=60, batch_tokens=128))
    assert figures["loss"] < 0.3 and right(model) >= 55
    model.save(tmp_path / "tuned")
    assert right(PretrainedModel.load(tmp_path / "tuned", PretrainedConfig(rows=64))) == right(
        model
    )
    assert ScratchModel.load(tmp_path / "tuned").generate(
        [Prompt("a b")], GREEDY
    ) == model.generate([Prompt("a b")], GREEDY)


def test_a_paired_folder_learns_and_forces_prefixes(paired: Path, tmp_path: Path) -> None:
    model = PretrainedModel.load(paired, PretrainedConfig(rows=64))
    first = model.learn(COPY, Learning(learning_rate=1e-2, epochs=20, batch_tokens=256))
    assert first["loss"] < first["first_loss"] / 2
    answers = model.generate(
        [Prompt("a b", "c"), Prompt("a b"), Prompt("b b", "d d")], Sampling(2, 1.0, 0.9, 4, 1)
    )
    assert [len(a) for a in answers] == [2, 2, 2]
    assert all(text.startswith("c") for text in answers[0]) and all(
        text.startswith("d d") for text in answers[2]
    )
    model.save(tmp_path / "tuned")
    AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "tuned")


def test_lora_is_merged_so_that_the_saved_folder_is_plain(causal: Path, tmp_path: Path) -> None:
    model = PretrainedModel.load(causal, PretrainedConfig(tuning=FineTuning(method="lora", rank=8)))
    before = model.generate([Prompt("a b")], GREEDY)
    figures = model.learn(COPY, Learning(learning_rate=2e-2, epochs=10, batch_tokens=256))
    assert figures["loss"] < figures["first_loss"]
    assert model.generate([Prompt("a b")], GREEDY) != before
    model.learn(COPY, Learning(learning_rate=2e-2, epochs=1, batch_tokens=256))
    model.save(tmp_path / "lora")
    names = {path.name for path in (tmp_path / "lora").iterdir()}
    assert "model.safetensors" in names and "adapter_config.json" not in names
    again = PretrainedModel.load(tmp_path / "lora")
    assert again.generate([Prompt("a b")], GREEDY) == model.generate([Prompt("a b")], GREEDY)


def test_a_missing_model_is_one_clear_line() -> None:
    with pytest.raises(
        ValueError, match="model 'nobody/nothing' cannot be loaded on this machine"
    ) as caught:
        PretrainedModel.load("nobody/nothing", PretrainedConfig(local_only=True))
    assert "\n" not in str(caught.value)


def test_a_scripted_model_answers_by_its_function(tmp_path: Path) -> None:
    model = ScriptedModel(lambda prompt, sample: f"{prompt.text}{sample}")
    assert model.generate([Prompt("a"), Prompt("b")], Sampling(n=2)) == [["a0", "a1"], ["b0", "b1"]]
    model.learn([Example("p", "a")], Learning())
    model.save(tmp_path / "m")
    assert (tmp_path / "m" / "learnt.jsonl").read_text() == '["p", "a", 1.0]\n'


def test_prompts_beyond_the_models_own_positions_cost_their_answer_only(tmp_path: Path) -> None:
    """GPT-2 has a table of positions; an index beyond its end would be an error."""
    tokenizer = train_tokenizer([e.prompt for e in COPY])
    ids = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    GPT2LMHeadModel(
        GPT2Config(vocab_size=len(tokenizer), n_positions=16, n_embd=16, n_layer=1, n_head=2, **ids)
    ).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    model = PretrainedModel.load(tmp_path)
    long = "a " * 40
    assert model.generate([Prompt(long, "b"), Prompt("a b")], Sampling(2, 1.0, 0.9, 64, 1))[0] == [
        "b",
        "b",
    ]
    assert model.learn([Example("a", "b"), Example(long, "b")], Learning(epochs=1))["dropped"] == 1
    with pytest.raises(NothingToLearnError, match="none within 16 tokens"):
        model.learn([Example(long, "b")], Learning(epochs=1))


def test_a_static_cache_changes_no_answer(causal: Path) -> None:
    prompts = [Prompt(e.prompt) for e in COPY[:5]]
    found = [
        PretrainedModel.load(causal, PretrainedConfig(rows=4, static_cache=static)).generate(
            prompts, GREEDY
        )
        for static in (False, True)
    ]
    assert found[0] == found[1]


def test_what_the_configuration_says_of_decoding_and_length_arrives(causal: Path) -> None:
    options = make_model_options(
        parse(
            {
                "model": {"backend": "pretrained", "name_or_path": str(causal), "context": 8},
                "settings": {"model.rows": 3, "model.static_cache": True},
            },
            "t",
        )
    )
    model = MODEL_BACKENDS["pretrained"](str(causal), options)
    assert (model._config.rows, model._config.static_cache, model._context) == (3, True, 8)
    assert model.generate([Prompt("a b c d e f g h a b", "kept")], GREEDY) == [["kept"]]
    figures = model.learn([*COPY[:4], Example("a b c d", "e f g h a")], Learning(batch_tokens=64))
    assert figures["examples"] == 4 and figures["dropped"] == 1


@pytest.mark.parametrize(
    ("devices", "processes", "expected"),
    [
        (0, 1, {}),
        (1, 1, {"device_map": {"": 0}}),
        (2, 1, {"device_map": "auto"}),  # the layers over both
        (2, 2, {"device_map": {"": 1}}),  # a whole model on this process's own
        (0, 2, {}),
    ],
)
def test_where_weights_are_placed(
    monkeypatch: pytest.MonkeyPatch, devices: int, processes: int, expected: dict
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: devices > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: devices)
    monkeypatch.setenv("WORLD_SIZE", str(processes))
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert _choose_device_map(FineTuning()) == expected
    if processes > 1:
        cut = _choose_device_map(FineTuning(sharding="fsdp"))
        assert cut["distributed_config"].fsdp_size == processes and cut["dtype"] is torch.float32


def test_a_package_that_is_not_needed_is_no_alarm():
    """bitsandbytes logged a failure in the middle of a command that does not use it."""
    pytest.importorskip("bitsandbytes")
    words = "import gpu_runtime.models, bitsandbytes"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0 and "kernels" not in done.stderr
