"""Fine-tuning on models made here: packing changes nothing but padding, a kill costs nothing, early
stopping keeps the best.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings, strategies as st
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from gpu_runtime.models import finetune
from gpu_runtime.models.collation import (
    IGNORED,
    collate_causal,
    collate_packed,
    plan_forward_passes,
)
from gpu_runtime.models.finetune import _plan, make_common_arguments
from gpu_runtime.models.options import FineTuning
from gpu_runtime.models.pretrained import PretrainedConfig, PretrainedModel
from gpu_runtime.models.protocol import Example, Learning, ModelError, Prompt, Sampling
from gpu_runtime.models.tokenizer import train_tokenizer
from gpu_runtime.models.training import EncodedExample

LETTERS = list("abcdefgh")
COPY = [Example(f"{a} {b}", f"{a} {b}") for a in LETTERS for b in LETTERS]
SHAPE = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
}
QUICK = Learning(learning_rate=1e-2, epochs=3, batch_tokens=128, seed=3)


def made(folder: Path, kind: str = "llama", **shape: int) -> Path:
    torch.set_num_threads(1)
    tokenizer = train_tokenizer([e.prompt for e in COPY])
    ids = {
        "vocab_size": len(tokenizer),
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    torch.manual_seed(0)
    shapes = {"llama": (LlamaForCausalLM, LlamaConfig), "qwen": (Qwen2ForCausalLM, Qwen2Config)}
    model, config = shapes[kind]
    model(config(**SHAPE | shape, **ids, tie_word_embeddings=True)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def opened(folder: Path, **tuning) -> PretrainedModel:
    return PretrainedModel.load(folder, PretrainedConfig(tuning=FineTuning(**tuning), rows=64))


def weights(model: PretrainedModel, folder: Path) -> bytes:
    model.save(folder)
    return (folder / "model.safetensors").read_bytes()


@given(
    st.lists(st.integers(2, 40), min_size=1, max_size=60),
    st.sampled_from([0.5, 1.0, 2.0]),
    st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_a_plan_takes_every_example_once_an_epoch_and_keeps_within_its_tokens(
    lengths: list[int], epochs: float, packing: bool
) -> None:
    rows = plan_forward_passes(lengths, 32, epochs, 7, packing)
    assert rows == plan_forward_passes(lengths, 32, epochs, 7, packing)
    for row in rows:
        size = sum(lengths[i] for i in row) if packing else len(row) * max(lengths[i] for i in row)
        assert size <= 32 or len(row) == 1
    taken = [i for row in rows for i in row]
    if epochs >= 1:
        assert sorted(taken) == sorted(list(range(len(lengths))) * int(epochs))
    else:
        assert len(taken) == len(set(taken))


def test_labels_are_the_answer_and_its_end_only() -> None:
    example = EncodedExample((5, 6, 7, 8, 2), 2, 0.5)
    row = collate_causal([example, EncodedExample((5, 9, 2), 1)], pad=0)
    assert row["input_ids"].tolist() == [[5, 6, 7, 8], [5, 9, 0, 0]]
    assert row["labels"].tolist() == [[IGNORED, 7, 8, 2], [9, 2, IGNORED, IGNORED]]
    assert row["weights"].tolist() == [[0, 0.5, 0.5, 0.5], [1, 1, 0, 0]]
    assert row["attention_mask"].tolist() == [[1, 1, 1, 1], [1, 1, 0, 0]]
    one = collate_packed([example, EncodedExample((5, 9, 2), 1)], pad=0)
    assert one["position_ids"].tolist() == [[0, 1, 2, 3, 0, 1]]
    assert one["labels"].tolist() == [[IGNORED, 7, 8, 2, 9, 2]]


@pytest.mark.parametrize("kind", ["llama", "qwen"])
def test_packed_examples_do_not_see_each_other(tmp_path: Path, kind: str) -> None:
    model = AutoModelForCausalLM.from_pretrained(made(tmp_path / kind, kind)).eval()
    examples = [EncodedExample((5, 6, 7, 8), 1), EncodedExample((9, 5, 4, 6, 7), 2)]
    together = collate_packed(examples, 0)
    with torch.no_grad():
        found = model(
            input_ids=together["input_ids"], position_ids=together["position_ids"], use_cache=False
        ).logits[0]
        apart = [model(input_ids=collate_causal([e], 0)["input_ids"]).logits[0] for e in examples]
    assert torch.allclose(found, torch.cat(apart), atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"packing": True},
        {"gradient_checkpointing": True},
        {"micro_tokens": 32},
        {"method": "lora", "rank": 4},
    ],
)
def test_every_way_learns_and_repeats(tmp_path: Path, options: dict) -> None:
    folder = made(tmp_path / "m")
    found = []
    for attempt in "ab":
        model = opened(folder, **options)
        steps: list[tuple[int, int]] = []
        figures = model.learn(
            COPY, QUICK, lambda step, of, loss, seen=steps: seen.append((step, of))
        )
        assert (
            figures["loss"] < figures["first_loss"]
            and figures["steps"] == steps[-1][0] == steps[-1][1]
        )
        found.append(weights(model, tmp_path / attempt))
    assert found[0] == found[1]


def test_accumulated_and_packed_steps_are_the_same_steps(tmp_path: Path) -> None:
    """One step over all examples, however it is cut: equal loss, since it is the mean over the
    whole step's answer tokens.
    """
    folder, lessons = (
        made(tmp_path / "m"),
        COPY[:12] + [Example("a b c d e f", "a"), Example("a", "b c d e f g h")],
    )
    once = replace(QUICK, epochs=1, batch_tokens=4096)
    whole = opened(folder).learn(lessons, once)
    assert opened(folder, packing=True).learn(lessons, once)["first_loss"] == pytest.approx(
        whole["first_loss"], rel=1e-5
    )
    assert whole["steps"] == 1
    halves = opened(folder, micro_tokens=60, packing=True).learn(
        lessons, replace(once, batch_tokens=120)
    )
    assert halves["steps"] < len(lessons) and halves["loss"] == pytest.approx(
        whole["loss"], rel=0.3
    )


class Killed(Exception):
    pass


def test_a_killed_training_goes_on_and_ends_as_if_nothing_had_happened(tmp_path: Path) -> None:
    folder = made(tmp_path / "m")
    straight = opened(folder, checkpoint_every_s=0.0)
    expected = straight.learn(COPY, QUICK)

    def kill(step: int, steps: int, loss: float) -> None:
        if step == steps // 2:
            raise Killed

    learning = replace(QUICK, workspace=tmp_path / "work")
    with pytest.raises(Killed):
        opened(folder, checkpoint_every_s=0.0).learn(COPY, learning, kill)
    (torn := tmp_path / "work" / "checkpoint-9999").mkdir()  # cut off while it was written
    assert list((tmp_path / "work").glob("checkpoint-*/trainer_state.json"))
    seen: list[int] = []
    resumed = opened(folder, checkpoint_every_s=0.0)
    figures = resumed.learn(COPY, learning, lambda step, steps, loss: seen.append(step))
    assert seen[0] >= expected["steps"] // 2 and seen[-1] == expected["steps"] and not torn.exists()
    assert weights(resumed, tmp_path / "a") == weights(straight, tmp_path / "b")
    assert figures["loss"] == expected["loss"]


def test_checkpoints_of_other_lessons_are_not_gone_on_from(tmp_path: Path) -> None:
    folder = made(tmp_path / "m")
    learning = replace(QUICK, workspace=tmp_path / "work")

    def kill(step: int, steps: int, loss: float) -> None:
        if step == 3:
            raise Killed

    with pytest.raises(Killed):
        opened(folder, checkpoint_every_s=0.0).learn(COPY, learning, kill)
    seen: list[int] = []
    opened(folder, checkpoint_every_s=0.0).learn(
        COPY[:40], learning, lambda step, steps, loss: seen.append(step)
    )
    assert seen[0] == 1


@pytest.mark.parametrize("method", ["full", "lora"])
def test_it_stops_early_and_keeps_the_best(tmp_path: Path, method: str) -> None:
    model = opened(made(tmp_path / "m"), method=method, patience=2)
    values, kept = iter([0.2, 0.7, 0.5, 0.4, 0.9, 0.9]), []

    def validate() -> float:
        model.generate(
            [Prompt("a b")], Sampling(1, 1.0, 0.9, 4, seed=len(kept))
        )  # draws; the training must not notice
        kept.append({k: v.clone() for k, v in model.state().items()})
        return next(values)

    figures = model.learn(COPY, replace(QUICK, epochs=4, validate=validate))
    assert len(kept) == 4 and figures["validation"] == 0.7
    best = dict(kept[1].items())
    now = model.state()
    if method == "full":
        assert all(torch.equal(now[k], best[k]) for k in best)
    else:  # merged: the adapter of the best is in the weights
        assert not any("lora" in k for k in now) and any("lora" in k for k in best)


def test_an_adapter_may_be_kept_and_learns_on(tmp_path: Path) -> None:
    model = opened(made(tmp_path / "m"), method="lora", rank=4, keep_adapter=True)
    first = model.learn(COPY, QUICK)
    model.save(tmp_path / "adapter")
    names = {p.name for p in (tmp_path / "adapter").iterdir()}
    assert "adapter_model.safetensors" in names and "model.safetensors" not in names
    again = opened(tmp_path / "adapter", method="lora", rank=4, keep_adapter=True)
    greedy = Sampling(1, 0.0, max_new_tokens=4)
    prompts = [Prompt(e.prompt) for e in COPY[:8]]
    assert again.generate(prompts, greedy) == model.generate(prompts, greedy)
    assert again.learn(COPY, QUICK)["first_loss"] < first["first_loss"] - 0.1
    plain = AutoModelForCausalLM.from_pretrained(tmp_path / "adapter")  # as export promises
    assert (
        AutoTokenizer.from_pretrained(tmp_path / "adapter") and plain.config.model_type == "llama"
    )


@pytest.mark.slow
def test_what_a_model_of_four_bits_learns_is_in_the_plain_weights_that_it_saves(
    tmp_path: Path,
) -> None:
    """Four bits on a processor too. Merged into four bits again, an adapter of this size would be
    lost in rounding.
    """
    pytest.importorskip("bitsandbytes", reason="the extra `qlora` is not installed")
    base = made(tmp_path / "base", hidden_size=64, intermediate_size=128)
    model = opened(base, method="qlora", rank=16)
    assert model._model.is_loaded_in_4bit
    figures = model.learn(COPY, replace(QUICK, epochs=150, batch_tokens=256))
    assert figures["loss"] < figures["first_loss"]
    greedy, prompts = Sampling(1, 0.0, max_new_tokens=6), [Prompt(e.prompt) for e in COPY]
    answers = model.generate(prompts, greedy)
    assert sum(a == [e.answer] for a, e in zip(answers, COPY)) >= 55
    model.save(tmp_path / "learnt")
    assert "quantization" not in (tmp_path / "learnt" / "config.json").read_text()
    assert opened(tmp_path / "learnt").generate(prompts, greedy) == answers
    again = opened(tmp_path / "learnt", method="qlora", rank=16)  # the next round's start
    assert (
        again._model.is_loaded_in_4bit
        and again.learn(COPY, QUICK)["first_loss"] < figures["first_loss"] - 0.5
    )


def test_processes_share_out_every_pass_of_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three processes did six passes of eight; the rest was learnt by none."""
    examples = [EncodedExample((5, 6, 7, 8), 2)] * 64
    for processes in (1, 2, 3, 5):
        monkeypatch.setenv("WORLD_SIZE", str(processes))
        _, accumulated = _plan(
            examples, Learning(batch_tokens=128, epochs=1), FineTuning(micro_tokens=16)
        )
        assert accumulated % processes == 0 and 8 <= accumulated < 8 + processes


def test_what_this_machine_cannot_do_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path / "m")
    with pytest.raises(ModelError, match="known are full, lora, qlora"):
        opened(tmp_path / "m", method="loar")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelError, match="'qlora' needs the package bitsandbytes.*or use 'lora'"):
        opened(tmp_path / "m", method="qlora")


def test_the_trainers_own_integration_gets_the_losses_and_changes_nothing(tmp_path: Path) -> None:
    """TensorBoard's files lie beside the checkpoint and are read by its own reader; the weights are
    those of a silent training.
    """
    pytest.importorskip("tensorboard", reason="the extra `report` is not installed")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    made(tmp_path / "base")
    learning = replace(QUICK, epochs=1)
    silent, telling = opened(tmp_path / "base"), opened(tmp_path / "base", report_to="tensorboard")
    silent.learn(COPY, learning)
    figures = telling.learn(
        COPY, replace(learning, workspace=tmp_path / "round-1" / "translator.training")
    )
    assert weights(silent, tmp_path / "a") == weights(telling, tmp_path / "b")
    read = EventAccumulator(str(tmp_path / "round-1" / "translator.scalars")).Reload()
    losses = [e.value for e in read.Scalars("train/loss")]
    assert len(losses) == figures["steps"] and losses[0] == pytest.approx(
        figures["first_loss"], rel=1e-3
    )
    for name, word in (
        ("wandb", "needs the package wandb"),
        ("papers", "known are none, tensorboard"),
    ):
        with pytest.raises(ModelError, match=word):
            opened(tmp_path / "base", report_to=name).learn(COPY, learning)


class LogitsSeen:
    """How many positions of a row got logits in each forward pass."""

    def __init__(self, model: torch.nn.Module) -> None:
        self.widths: list[int] = []
        head = model.get_output_embeddings()
        head.register_forward_hook(lambda _, given, out: self.widths.append(out.shape[1]))


@pytest.mark.parametrize("packing", [False, True])
def test_only_positions_with_a_lesson_get_logits_and_it_learns_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packing: bool
) -> None:
    """Prompts are most of the text; logits over a wide vocabulary are not computed for them."""
    lessons = [Example("a b c d e f g h " * 2, letter) for letter in LETTERS]
    ends = []
    for number, chosen in enumerate((True, False)):
        folder = made(tmp_path / str(number))
        if not chosen:
            monkeypatch.setattr(finetune, "chooses_positions", lambda model: False)
        model = opened(folder, packing=packing)
        seen = LogitsSeen(model._model)
        figures = model.learn(lessons, QUICK)
        if chosen:
            assert sum(seen.widths) < figures["tokens"] / 2
        else:
            assert min(seen.widths) > 10
        ends.append((figures["loss"], model.state()))
    assert ends[0][0] == pytest.approx(ends[1][0], abs=1e-5)
    for name, weight in ends[0][1].items():
        assert torch.allclose(weight, ends[1][1][name], atol=1e-5), name


def test_a_model_of_sixteen_bits_multiplies_in_them_where_the_processor_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = opened(made(tmp_path / "plain"))._model
    for dtype, able, wanted in (
        (torch.bfloat16, True, True),
        (torch.bfloat16, False, False),
        (torch.float32, True, False),
    ):
        monkeypatch.setattr(finetune, "has_bf16_products", lambda able=able: able)
        model.config.dtype = dtype
        common = make_common_arguments(model, tmp_path / "w", QUICK, FineTuning(), 4)
        assert common["bf16"] is (wanted or torch.cuda.is_available())


@pytest.mark.parametrize("checkpointing", [False, True])
def test_an_adapter_learns_in_bfloat16_as_in_float32(tmp_path: Path, checkpointing: bool) -> None:
    folder, losses = made(tmp_path / "plain"), []
    tuning = FineTuning("lora", rank=8, packing=True, gradient_checkpointing=checkpointing)
    for dtype in ("float32", "bfloat16"):
        model = PretrainedModel.load(folder, PretrainedConfig(tuning=tuning, dtype=dtype))
        figures = model.learn(COPY, replace(QUICK, learning_rate=3e-2, epochs=6))
        assert figures["loss"] < figures["first_loss"] - 0.1
        losses.append(figures["loss"])
        assert {str(w.dtype).removeprefix("torch.") for w in model.state().values()} == {dtype}
    assert losses[0] == pytest.approx(losses[1], rel=0.05)
