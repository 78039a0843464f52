"""The scratch model: vocabulary, learning, decoding, saving; and that a saved folder loads without
our code.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings, strategies as st

from gpu_runtime.models.backends import MODEL_BACKENDS
from gpu_runtime.models.pretrained import PretrainedConfig, PretrainedModel
from gpu_runtime.models.protocol import AllowedOnly, Example, Learning, Prompt, Sampling
from gpu_runtime.models.scratch import ScratchConfig, ScratchModel
from gpu_runtime.models.tokenizer import train_tokenizer
from gpu_runtime.models.training import plan_batches

SMALL = ScratchConfig(
    layers=2, width=48, heads=4, kept_heads=2, inner_width=96, context=64, threads=1, rows=8
)
LETTERS = list("abcdefgh")


def capital_examples(count: int, seed: int) -> list[Example]:
    generator = random.Random(seed)
    rows = [generator.choices(LETTERS, k=generator.randint(2, 5)) for _ in range(count)]
    return [Example("<up> " + " ".join(r), " ".join(r).upper()) for r in rows]


@pytest.fixture(scope="module")
def trained() -> ScratchModel:
    torch.manual_seed(0)
    examples = capital_examples(1500, 1)
    model = ScratchModel.create(SMALL, [e.prompt + " " + e.answer for e in examples])
    figures = model.learn(examples, Learning(learning_rate=4e-3, epochs=12, batch_tokens=512))
    assert figures["loss"] < figures["first_loss"] / 4
    return model


@pytest.fixture(scope="module")
def folder(trained: ScratchModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "translator"
    trained.save(path)
    return path


GREEDY = Sampling(n=1, temperature=0, max_new_tokens=8)
PROMPTS = [Prompt(e.prompt) for e in capital_examples(20, 2)]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["V0", "V63", "int", "integer", "<=", "<", "_0", '"a%20b"', "<nl>", "x", "<cpp:cuda>"]
        ),
        max_size=20,
    )
)
def test_text_survives_the_vocabulary(words: list[str]) -> None:
    tokenizer = _TOKENIZER
    text = " ".join(words)
    assert tokenizer.decode(tokenizer(text, add_special_tokens=False).input_ids) == text


_TOKENIZER = train_tokenizer(["int <= < V0 <nl>"] * 9, ["<cpp:cuda>", "V63", "_0"])


def test_a_known_word_is_one_piece() -> None:
    ids = _TOKENIZER("<cpp:cuda> int V0 V63 <=", add_special_tokens=False).input_ids
    assert len(ids) == 5


def test_learns_what_it_was_not_shown(trained: ScratchModel) -> None:
    held_out = capital_examples(60, 3)
    answers = trained.generate([Prompt(e.prompt) for e in held_out], GREEDY)
    assert sum(a == [e.answer] for a, e in zip(answers, held_out)) >= 45


def test_decodes_the_same_as_transformers(trained: ScratchModel, folder: Path) -> None:
    ours = trained.generate(PROMPTS, GREEDY)
    theirs = PretrainedModel.load(folder, PretrainedConfig(rows=1)).generate(PROMPTS, GREEDY)
    assert ours == theirs


def test_same_seed_same_answers_in_any_batch(trained: ScratchModel) -> None:
    sampling = Sampling(n=3, temperature=3.0, top_p=0.99, max_new_tokens=8, seed=5)
    together = trained.generate(PROMPTS, sampling)
    assert together == trained.generate(PROMPTS, sampling)
    assert together[4:7] == trained.generate(PROMPTS[4:7], sampling)
    assert together != trained.generate(PROMPTS, Sampling(3, 3.0, 0.99, 8, seed=6))


def test_samples_follow_the_models_distribution() -> None:
    model = ScratchModel.create(SMALL, ["a b c d"] * 9)
    answers = model.generate(
        [Prompt("a b")], Sampling(n=400, temperature=1.0, top_p=1.0, max_new_tokens=1)
    )[0]
    assert len(set(answers)) > 30  # an untrained model is close to uniform


def test_the_prefix_is_forced_and_returned(trained: ScratchModel) -> None:
    answers = trained.generate([Prompt("<up> a b c", prefix="A H"), Prompt("<up> a b c")], GREEDY)
    assert answers[0][0].startswith("A H") and answers[1] == ["A B C"]


class Never:
    """Forbids one word for ever, and the end before two words were written."""

    def __init__(self, word: str) -> None:
        self.word, self.count = word, 0

    def forbidden(self) -> list[str]:
        return [self.word, "no such word"] + ["</s>"] * (self.count < 2)

    def advance(self, word: str) -> None:
        self.count += (
            word.isalpha()
        )  # no spelled character, which is an empty word, and no special word


def test_a_constraint_is_obeyed(trained: ScratchModel) -> None:
    free, bound = trained.generate(
        [Prompt("<up> a b c"), Prompt("<up> a b c", constraint=lambda: Never("C"))], GREEDY
    )
    assert "C" in free[0].split() and "C" not in bound[0].split()
    (short,) = trained.generate(
        [Prompt("<up> a", constraint=lambda: Never("x"))], Sampling(5, 1.0, 1.0, 8)
    )
    assert all(len(answer.split()) >= 2 for answer in short)


class Dictated:
    """Allows one word at a time, some of them none of the vocabulary."""

    def __init__(self) -> None:
        self.left = "A Zq7 B </s>".split()

    def forbidden(self) -> AllowedOnly:
        return AllowedOnly({self.left[0]})

    def advance(self, word: str) -> None:
        assert word == self.left.pop(0)


def test_what_alone_is_allowed_is_written_even_if_it_must_be_spelled(trained: ScratchModel) -> None:
    answers = trained.generate(
        [Prompt("<up> a b c", constraint=Dictated), Prompt("<up> a")], GREEDY
    )
    assert answers[0] == ["A Zq7 B"]
    assert trained.generate(
        [Prompt("<up> a b c", constraint=Dictated)], Sampling(3, 1.0, 1.0, 12)
    ) == [["A Zq7 B"] * 3]


def test_training_is_repeatable() -> None:
    examples = capital_examples(100, 4)

    def run() -> tuple[dict[str, float], list[list[str]]]:
        model = ScratchModel.create(SMALL, [e.prompt for e in examples])
        figures = model.learn(examples, Learning(batch_tokens=256))
        return {k: v for k, v in figures.items() if k != "seconds"}, model.generate(PROMPTS, GREEDY)

    assert run() == run()


@pytest.mark.parametrize("stopped_at", [1, 3])
def test_a_killed_training_goes_on_to_the_same_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stopped_at: int
) -> None:
    monkeypatch.setattr("gpu_runtime.models.resume_state.KEEP_EVERY_S", 0.0)
    examples = capital_examples(100, 4)
    texts, wanted = (
        [e.prompt for e in examples],
        Learning(batch_tokens=256, workspace=tmp_path / "w"),
    )
    whole = ScratchModel.create(SMALL, texts)
    figures = whole.learn(examples, replace(wanted, workspace=None))

    def stop(number: int, steps: int, loss: float) -> None:
        seen.append(number)
        if number == stopped_at:
            raise KeyboardInterrupt

    seen: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        ScratchModel.create(SMALL, texts).learn(examples, wanted, stop)
    again = ScratchModel.create(SMALL, texts)
    found = again.learn(examples, wanted, stop)
    assert seen == list(range(1, int(figures["steps"]) + 1)) and {**found, "seconds": 0} == {
        **figures,
        "seconds": 0,
    }
    assert all(
        torch.equal(a, b)
        for a, b in zip(
            whole._model.state_dict().values(), again._model.state_dict().values(), strict=True
        )
    )
    other = ScratchModel.create(SMALL, texts)
    assert (
        other.learn(examples[:50], wanted)["first_loss"]
        == ScratchModel.create(SMALL, texts).learn(examples[:50], replace(wanted, workspace=None))[
            "first_loss"
        ]
    )


@pytest.mark.gpu
def test_learns_on_a_gpu_and_answers_on_the_processor(tmp_path: Path) -> None:
    examples = capital_examples(100, 4)
    model = ScratchModel.create(SMALL, [e.prompt for e in examples])
    seen: set[str] = set()
    figures = model.learn(
        examples,
        Learning(batch_tokens=256, epochs=3),
        lambda *_: seen.add(model._model.device.type),
    )
    assert (
        seen == {"cuda"}
        and model._model.device.type == "cpu"
        and figures["loss"] < figures["first_loss"]
    )
    before = model.generate(PROMPTS, GREEDY)
    model.save(tmp_path / "m")
    assert ScratchModel.load(tmp_path / "m").generate(PROMPTS, GREEDY) == before


def test_saved_and_loaded_it_answers_the_same(trained: ScratchModel, folder: Path) -> None:
    assert ScratchModel.load(folder).generate(PROMPTS, GREEDY) == trained.generate(PROMPTS, GREEDY)
    assert MODEL_BACKENDS["scratch"](str(folder)).generate(PROMPTS[:2], GREEDY) == trained.generate(
        PROMPTS[:2], GREEDY
    )


def test_loads_in_a_fresh_process_without_our_code(folder: Path, tmp_path: Path) -> None:
    script = """
import sys, json
from transformers import AutoModelForCausalLM, AutoTokenizer
t = AutoTokenizer.from_pretrained(sys.argv[1]); m = \
AutoModelForCausalLM.from_pretrained(sys.argv[1])
ids = t("<up> a b c", return_tensors="pt")
out = m.generate(**ids)[0, ids.input_ids.shape[1]:]
assert not [k for k in sys.modules if k.startswith("gpu_runtime")]
print(json.dumps(t.decode(out, skip_special_tokens=True)))
"""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-I", "-c", script, str(folder)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.strip().splitlines()[-1]) == "A B C"
    assert {p.name for p in folder.iterdir()} >= {
        "model.safetensors",
        "tokenizer.json",
        "generation_config.json",
    }


def test_save_replaces_only_when_complete(
    trained: ScratchModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m"
    trained.save(path)
    before = (path / "model.safetensors").read_bytes()
    monkeypatch.setattr(trained._tokenizer, "save_pretrained", lambda folder: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        trained.save(path)
    assert (path / "model.safetensors").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["m"]


def test_bad_input_is_one_clear_line(tmp_path: Path, trained: ScratchModel) -> None:
    with pytest.raises(ValueError, match="no saved model here"):
        ScratchModel.load(tmp_path)
    with pytest.raises(ValueError, match="cannot be loaded on this machine") as caught:
        PretrainedModel.load(tmp_path)
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="nothing to learn"):
        trained.learn([Example("a " * 100, "b")], Learning())
    with pytest.raises(ValueError, match="must divide"):
        ScratchModel.create(ScratchConfig(width=50, heads=6), ["a"])


def test_a_prompt_that_fills_the_context_gets_its_prefix(trained: ScratchModel) -> None:
    assert trained.generate([Prompt("a " * 70, prefix="b"), Prompt("<up> a b c")], GREEDY) == [
        ["b"],
        ["A B C"],
    ]


def test_a_long_text_is_no_reason_for_a_warning(
    trained: ScratchModel, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    import logging

    monkeypatch.setattr(logging.getLogger("transformers"), "propagate", True)
    trained._tokenizer("a " * 70)
    assert "longer than" in caplog.text  # that it would be seen here
    caplog.clear()
    trained._tokenizer.deprecation_warnings.clear()  # it is given once
    trained.generate([Prompt("a " * 70)], GREEDY)
    with pytest.raises(ValueError, match="nothing to learn"):
        trained.learn([Example("a " * 100, "b " * 100)], Learning())
    assert "longer than" not in caplog.text


def test_no_prompts_no_answers(trained: ScratchModel) -> None:
    assert trained.generate([], GREEDY) == []


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=60),
    st.integers(1, 200),
    st.sampled_from([0.5, 1.0, 2.0, 2.5]),
)
def test_batches_hold_every_example_and_no_more_tokens_than_allowed(
    lengths: list[int], room: int, epochs: float
) -> None:
    steps = plan_batches(lengths, room, epochs, 0)
    assert all(len(s) == 1 or len(s) * max(lengths[i] for i in s) <= room for s in steps)
    seen = [
        steps_with.count(i)
        for steps_with in [[i for s in steps for i in s]]
        for i in range(len(lengths))
    ]
    whole = int(epochs)
    assert all(whole <= count <= whole + (epochs > whole) for count in seen)
    assert steps == plan_batches(lengths, room, epochs, 0)
