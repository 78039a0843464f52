"""Training on preferences and rewards makes right answers likelier than wrong ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, T5Config, T5ForConditionalGeneration

from gpu_runtime.models.options import FineTuning
from gpu_runtime.models.pretrained import PretrainedConfig, PretrainedModel
from gpu_runtime.models.protocol import (
    Example,
    Learning,
    ModelError,
    NothingToLearnError,
    Preference,
    Prompt,
    Sampling,
)
from gpu_runtime.models.tokenizer import train_tokenizer

LEARNING_RATES = {"full": 2e-3, "lora": 1e-2}
LETTERS = list("abcdefgh")
PREFERENCES = [
    Preference(f"{a} {b}", f"{a} {b}", f"{b} c a") for a in LETTERS[:4] for b in LETTERS[4:]
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A model that answers with letters: among what nobody would ever write there is nothing to
    reward.
    """
    torch.set_num_threads(1)
    tmp_path = tmp_path_factory.mktemp("models")
    tokenizer = train_tokenizer([" ".join(LETTERS)] * 3)
    ids = {
        "vocab_size": len(tokenizer),
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    torch.manual_seed(0)
    shape = LlamaConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=64,
        **ids,
    )
    LlamaForCausalLM(shape).save_pretrained(tmp_path / "m")
    tokenizer.save_pretrained(tmp_path / "m")
    model = PretrainedModel.load(tmp_path / "m")
    letters = [
        Example(f"{a} {b}", f"{c} {d}")
        for a in LETTERS[:4]
        for b in LETTERS[4:]
        for c in LETTERS[::2]
        for d in LETTERS
    ]
    model.learn(letters, Learning(learning_rate=1e-2, epochs=3, batch_tokens=256))
    model.save(tmp_path / "m")
    return tmp_path / "m"


def opened(folder: Path, method: str) -> PretrainedModel:
    return PretrainedModel.load(
        folder, PretrainedConfig(tuning=FineTuning(method, rank=8), rows=64)
    )


@torch.no_grad()
def log_likelihood(model: PretrainedModel, prompt: str, answer: str) -> float:
    """Of the answer and its end, in nats."""
    encoded = model._encode(Example(prompt, answer))
    logits = model._model(torch.tensor([encoded.ids])).logits[0, :-1].log_softmax(-1)
    targets = torch.tensor(encoded.ids[1:])
    return float(logits[range(len(targets)), targets][encoded.answer_at - 1 :].sum())


@pytest.mark.parametrize("method", ["full", "lora"])
def test_preferred_answers_become_likelier_than_the_others(folder: Path, method: str) -> None:
    model = opened(folder, method)

    def margin() -> float:
        return sum(
            log_likelihood(model, p.prompt, p.better) - log_likelihood(model, p.prompt, p.worse)
            for p in PREFERENCES
        ) / len(PREFERENCES)

    def better() -> float:
        return sum(log_likelihood(model, p.prompt, p.better) for p in PREFERENCES)

    before, right = margin(), better()
    seen: list[tuple[int, int]] = []
    figures = model.prefer(
        PREFERENCES,
        Learning(learning_rate=LEARNING_RATES[method], epochs=6, batch_tokens=128),
        lambda s, of, loss: seen.append((s, of)),
    )
    assert margin() > before + 1 and better() > right
    assert (
        math.isfinite(figures["loss"])
        and figures["loss"] < figures["first_loss"]
        and figures["accuracy"] > 0.8
    )
    assert seen[-1][0] == seen[-1][1] == figures["steps"]
    assert not any("lora" in name for name in model.state())


def test_preferences_keep_within_the_tokens_of_one_pass(folder: Path) -> None:
    """A step's tokens all went through at once, whatever finetune.micro_tokens said."""
    steps, most = [], []
    for micro in (0, 32):
        model = PretrainedModel.load(
            folder, PretrainedConfig(tuning=FineTuning(micro_tokens=micro))
        )
        seen: list[int] = []
        model._model.model.layers[0].register_forward_pre_hook(
            lambda _, inputs, seen=seen: seen.append(inputs[0].shape[0] * inputs[0].shape[1])
        )
        steps.append(
            model.prefer(PREFERENCES, Learning(learning_rate=1e-3, epochs=1, batch_tokens=128))[
                "steps"
            ]
        )
        most.append(max(seen))
    assert most[0] > 64 >= most[1] and steps[0] == steps[1]


def test_rewarded_answers_become_likelier(folder: Path) -> None:
    """The reward is for `c` first, a sixth of the answers at the start, whatever is asked; who
    rewards is told which prompt it was.
    """
    model, asked = opened(folder, "full"), []

    def good(text: str) -> float:
        return float(text.strip().startswith("c"))

    def reward(indices, answers) -> list[float]:
        asked.extend(indices)
        return [good(text) for text in answers]

    def liked() -> float:
        answers = model.generate(
            [Prompt("a e"), Prompt("c g")],
            Sampling(n=256, temperature=1.0, top_p=1.0, max_new_tokens=3),
        )
        return sum(good(text) for texts in answers for text in texts) / 512

    before, sampling = liked(), Sampling(n=16, temperature=1.0, top_p=1.0, max_new_tokens=3)
    figures = model.reinforce(
        [Prompt("a e"), Prompt("c g")], reward, sampling, Learning(learning_rate=4e-4, epochs=40)
    )
    assert liked() > before + 0.08 and math.isfinite(figures["loss"]) and figures["reward"] > before
    assert set(asked) == {0, 1} and len(asked) == 80 * 16


def test_rewards_train_an_adapter_too(folder: Path) -> None:
    model = opened(folder, "lora")
    before = {name: value.clone() for name, value in model.state().items()}
    figures = model.reinforce(
        [Prompt("a e")],
        lambda i, answers: [float("c" in a) for a in answers],
        Sampling(n=8, max_new_tokens=3),
        Learning(learning_rate=1e-3, epochs=3),
    )
    assert math.isfinite(figures["loss"]) and figures["steps"] == 3
    after = model.state()
    assert set(after) == set(before) and any(not torch.equal(after[k], before[k]) for k in before)


class Killed(Exception):
    pass


def of_preferences(
    model: PretrainedModel, learning: Learning, progress: Callable[[int, int, float], None]
) -> dict[str, float]:
    return model.prefer(PREFERENCES, replace(learning, batch_tokens=64), progress)


def of_rewards(
    model: PretrainedModel, learning: Learning, progress: Callable[[int, int, float], None]
) -> dict[str, float]:
    def reward(indices: Sequence[int], answers: Sequence[str]) -> list[float]:
        return [float("c" in text) for text in answers]

    return model.reinforce(
        [Prompt("a e"), Prompt("c g"), Prompt("b h")],
        reward,
        Sampling(n=8, max_new_tokens=3),
        learning,
        progress,
    )


@pytest.mark.parametrize(
    ("taught", "method"),
    [
        (of_rewards, "full"),
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in (
                (of_preferences, "lora"),
                (of_preferences, "full"),
                (of_rewards, "lora"),
            )
        ),
    ],
)
def test_what_was_killed_goes_on_and_ends_as_if_nothing_had_happened(
    folder: Path, tmp_path: Path, taught: Callable, method: str
) -> None:
    tuning = PretrainedConfig(tuning=FineTuning(method, rank=8, checkpoint_every_s=0.0), rows=64)
    straight, learning = (
        PretrainedModel.load(folder, tuning),
        Learning(learning_rate=1e-3, epochs=4, workspace=tmp_path / "straight"),
    )
    expected = taught(straight, learning, lambda *_: None)

    def kill(step: int, steps: int, loss: float) -> None:
        if step == steps // 2:
            raise Killed

    learning = replace(learning, workspace=tmp_path / "work")
    with pytest.raises(Killed):
        taught(PretrainedModel.load(folder, tuning), learning, kill)
    seen: list[int] = []
    resumed = PretrainedModel.load(folder, tuning)
    figures = taught(resumed, learning, lambda step, steps, loss: seen.append(step))
    assert (
        seen[0] >= expected["steps"] // 2 > 1
        and seen[-1] == expected["steps"]
        and figures["loss"] == expected["loss"]
    )
    assert all(
        torch.equal(value, straight.state()[name]) for name, value in resumed.state().items()
    )


def test_what_cannot_be_learnt_is_reported(folder: Path, tmp_path: Path) -> None:
    model = opened(folder, "full")
    with pytest.raises(NothingToLearnError, match="none within 64 tokens"):
        model.prefer([Preference("a " * 90, "b", "c")], Learning())
    with pytest.raises(NothingToLearnError, match="none with its answer within 64 tokens"):
        model.reinforce(
            [Prompt("a")], lambda i, a: [0.0] * len(a), Sampling(max_new_tokens=64), Learning()
        )
    tokenizer = train_tokenizer(["a b"])
    T5ForConditionalGeneration(
        T5Config(
            vocab_size=len(tokenizer),
            d_model=16,
            d_kv=8,
            d_ff=16,
            num_layers=1,
            num_heads=2,
            decoder_start_token_id=0,
        )
    ).save_pretrained(tmp_path / "t5")
    tokenizer.save_pretrained(tmp_path / "t5")
    with pytest.raises(ModelError, match="'dpo' needs a decoder-only model"):
        PretrainedModel.load(tmp_path / "t5").prefer(PREFERENCES, Learning())
