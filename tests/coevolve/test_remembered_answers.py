"""Answers heard once are not asked for again: `translate` goes on after an interruption."""

from dataclasses import replace
from pathlib import Path

import pytest

from coevolve import named_models
from coevolve.cli.main import main
from coevolve.named_models import NamedModel, resolve_model
from coevolve.port.remembered_answers import RememberedAnswers, identify_model
from coevolve.verification.record_cache import RecordCache
from gpu_runtime.models.protocol import Prompt, Sampling

SCALE = """void scale(int n, float a, float *x) {
  for (int i = 0; i < n; i++) x[i] = a * x[i];
}
"""


class Counting:
    def __init__(self):
        self.calls = 0

    def generate(self, prompts, sampling):
        self.calls += 1
        return [[f"{p.text} {k} {sampling.seed}" for k in range(sampling.n)] for p in prompts]


def test_a_call_is_asked_once_for_equal_questions_only(tmp_path):
    model, cache = Counting(), RecordCache(tmp_path)
    asked = [Prompt("a"), Prompt("b", prefix="void")]
    first = RememberedAnswers(lambda: model, "one", cache).generate(asked, Sampling(n=2))
    again = RememberedAnswers(lambda: pytest.fail("opened"), "one", cache)
    assert again.generate(asked, Sampling(n=2)) == first and model.calls == 1
    assert again.opened is None
    for number, (other, sampling) in enumerate(
        [(asked[::-1], Sampling(n=2)), (asked, Sampling(n=2, seed=1)), (asked, Sampling(n=3))], 2
    ):
        RememberedAnswers(lambda: model, "one", cache).generate(other, sampling)
        assert model.calls == number
    RememberedAnswers(lambda: model, "two", cache).generate(asked, Sampling(n=2))
    assert model.calls == 5


def test_a_model_whose_files_change_is_another(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    named = NamedModel("mine", str(tmp_path), tmp_path, "pretrained")
    before = identify_model(named)
    assert identify_model(named) == before
    assert identify_model(replace(named, kind="scratch")) != before
    (tmp_path / "config.json").write_text('{"a": 1}')
    assert identify_model(named) != before
    assert identify_model(resolve_model("small", "translator")) != before


def test_translate_given_again_opens_no_model(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COEVOLVE_CACHE", str(tmp_path / "cache"))
    source = tmp_path / "scale.cpp"
    source.write_text(SCALE)
    words = ["translate", str(source), "--to", "cuda"]
    assert main(words) == 0
    first = capsys.readouterr().out
    monkeypatch.setattr(
        named_models.NamedModel, "open", lambda self: pytest.fail("the model is opened again")
    )
    assert main(words) == 0
    assert capsys.readouterr().out == first and "__global__" in first
    assert list(Path(tmp_path / "cache" / "answers").rglob("*.record"))
