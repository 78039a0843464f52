"""`coevolve plan`: what it says is what the model would be, and it needs neither weights nor network."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from coevolve.cli import main
from coevolve.config import load, to_toml
from coevolve.plan import ladder_examples, plan, shape_of, work_of
from coevolve.rounds import describe
from coevolve.run_corpus import build
from coevolve.services import TranslatorService
from gpu_runtime.models.sizes import MACHINES

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("name", "size"), [("qwen", "7,615.6 M"), ("llama", "8,030.3 M")])
def test_the_papers_settings_are_planned_without_weights(name: str, size: str, source_folder: Path, capsys) -> None:
    config = load(ROOT / "configs" / f"{name}.toml")
    rounds, sampling = config.round, config.evaluate
    assert (rounds.count, rounds.epochs, rounds.learning_rate, rounds.temperature) == (4, 3.0, 1e-5, 1.0)
    assert (config.model.max_new_tokens, config.round.learn, sampling.pass_at[0]) == (2048, "back", 1)
    here = ["--set", f"corpus.source={source_folder}", "--set", "corpus.target=", "--set", "corpus.aligned=false", "--set", "round.learn=forward"]
    assert main(["plan", str(ROOT / "configs" / f"{name}.toml"), *here, "--machine", "h100"]) == 0
    text = capsys.readouterr().out
    assert size in text and "table of public shapes" in text and "on H100" in text
    memory = {m[1]: float(m[2]) for m in re.finditer(r"train (\w+), [\d]+ tokens at once +([\d.]+)", text)}
    assert memory["full"] > 110 > memory["lora"] > memory["qlora"] > 4  # 16 bytes a parameter; 2; half of one
    assert "* train full" in text and "GB (estimate)" in text


def test_a_scratch_model_is_planned_as_it_is_made(tiny, tmp_path: Path) -> None:
    service = TranslatorService(tiny)
    service.cold_start((), str(tmp_path / "cold"))
    model = service.checkpoints.model(str(tmp_path / "cold"))
    shape = shape_of(tiny)
    true = replace(shape, vocabulary=len(model._tokenizer))
    assert true.parameters == model.parameters
    text = plan(tiny, build(tiny), MACHINES["cpu"])
    assert "vocabulary estimated" in text and "2 CPU cores" in text and "lora" not in text


def test_what_begins_with_an_export_is_planned_by_its_translator(tiny, tmp_path: Path) -> None:
    shape = {"num_hidden_layers": 3, "hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 4, "vocab_size": 500}
    (tmp_path / "translator").mkdir()
    (tmp_path / "translator" / "config.json").write_text(json.dumps(shape))
    found = shape_of(replace(tiny, model=replace(tiny.model, backend="pretrained", name_or_path=str(tmp_path))))
    assert (found.layers, found.width, found.vocabulary) == (3, 64, 500)


def test_an_endpoint_has_a_bill_and_no_memory(tiny) -> None:
    model = replace(tiny.model, backend="openai", name_or_path="m", endpoint="http://x/v1", prices=(1000.0, 2000.0))
    text = plan(replace(tiny, model=model), build(tiny), MACHINES["a100"])
    assert "nothing is trained" in text and "cost about" in text and "GiB" not in text
    assert "set model.prices" in plan(replace(tiny, model=replace(model, prices=(0.0, 0.0))), build(tiny), MACHINES["a100"])


def test_a_model_of_unknown_size_is_one_line(tiny, tmp_path: Path, capsys) -> None:
    model = replace(tiny.model, backend="pretrained", name_or_path="someone/thing")
    (tmp_path / "c.toml").write_text(to_toml(replace(tiny, model=model)))
    assert main(["plan", str(tmp_path / "c.toml")]) == 2
    error = capsys.readouterr().err
    assert "someone/thing' is not known here" in error and error.count("\n") == 1


def test_the_ladder_is_learning_too(tiny) -> None:
    climbing = replace(tiny, ladder=replace(tiny.ladder, steps=("mlm", "bt"), examples=50, epochs=2.0, translated=10))
    assert ladder_examples(tiny) == 0 and ladder_examples(climbing) == 2 * 2 * 50 + 4 * 10
    assert work_of(climbing, build(tiny)).cold_tokens > work_of(tiny, build(tiny)).cold_tokens
    assert "ladder of mlm, bt" in describe(climbing) and "ladder of" not in describe(tiny)
