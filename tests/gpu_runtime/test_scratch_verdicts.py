"""A scratch model that learns from what is wrong too: preferences and rewards."""

from __future__ import annotations

import pytest
import torch

from gpu_runtime.models.protocol import (
    Example,
    Learning,
    NothingToLearnError,
    Preference,
    Prompt,
    Sampling,
)
from gpu_runtime.models.scratch import ScratchConfig, ScratchModel

SHAPE = ScratchConfig(
    layers=2, width=48, heads=4, kept_heads=2, inner_width=96, context=32, threads=1, rows=8
)
WORDS = ["a", "b", "c", "right", "wrong"]


@pytest.fixture()
def undecided() -> ScratchModel:
    """A model that says `right` to every question as often as `wrong`."""
    torch.manual_seed(0)
    lessons = [Example(word, answer) for word in WORDS[:3] for answer in ("right", "wrong")] * 30
    model = ScratchModel.create(SHAPE, [e.prompt + " " + e.answer for e in lessons])
    model.learn(lessons, Learning(learning_rate=4e-3, epochs=40, batch_tokens=1024))
    return model


def share(model: ScratchModel, word: str) -> float:
    answers = model.generate(
        [Prompt(word)], Sampling(n=64, temperature=1.0, top_p=1.0, max_new_tokens=4, seed=1)
    )[0]
    return answers.count("right") / max(1, answers.count("right") + answers.count("wrong"))


def test_preferences_decide_it(undecided: ScratchModel) -> None:
    assert 0.25 < share(undecided, "a") < 0.75
    preferences = [Preference(word, "right", "wrong") for word in WORDS[:3]] * 4
    figures = undecided.prefer(
        preferences, Learning(learning_rate=2e-3, epochs=15, batch_tokens=128, seed=1)
    )
    assert figures["accuracy"] == 1.0 and figures["examples"] == 12 and figures["dropped"] == 0
    assert all(share(undecided, word) > 0.8 for word in WORDS[:3])


def test_rewards_decide_it(undecided: ScratchModel) -> None:
    prompts = [Prompt(word) for word in WORDS[:3]]
    asked = []

    def reward(indices, answers):
        asked.extend(indices)
        return [1.0 if answer == "right" else 0.0 for answer in answers]

    sampling = Sampling(n=16, temperature=1.0, top_p=1.0, max_new_tokens=4)
    figures = undecided.reinforce(
        prompts, reward, sampling, Learning(learning_rate=1e-3, epochs=25, batch_tokens=256, seed=1)
    )
    assert set(asked) == {0, 1, 2} and figures["examples"] == 3
    assert share(undecided, "a") > 0.8


def test_what_does_not_fit_is_left_out_and_counted(undecided: ScratchModel) -> None:
    long = Preference("a " * 40, "right", "wrong")
    with pytest.raises(NothingToLearnError, match="1 preferences, none within 32"):
        undecided.prefer([long], Learning())
    figures = undecided.prefer(
        [long, Preference("a", "right", "wrong")],
        Learning(learning_rate=1e-4, epochs=1, batch_tokens=64),
    )
    assert (figures["examples"], figures["dropped"]) == (1, 1)
    with pytest.raises(NothingToLearnError, match="1 prompts, none with its answer"):
        undecided.reinforce(
            [Prompt(long.prompt)],
            lambda i, a: [0.0] * len(a),
            Sampling(n=2, max_new_tokens=8),
            Learning(),
        )
