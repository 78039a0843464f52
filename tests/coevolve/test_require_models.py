"""What a configuration names is looked for before anything is computed, also by --dry-run."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import util
from pathlib import Path

import pytest

from coevolve.cli.main import main
from coevolve.config.schema import format_toml
from coevolve.loop import rounds
from coevolve.loop.rounds import require_models
from gpu_runtime.models import finetune, pretrained
from gpu_runtime.models.protocol import ModelError


@pytest.fixture
def named(tiny, tmp_path: Path):
    """Of a back end with a model by name, and whatever else."""

    def made(backend: str, name: str = "", method: str = "full", **model):
        start = tmp_path / "start"
        start.mkdir(exist_ok=True)
        (start / "config.json").write_text(json.dumps({"model_type": "llama"}))
        given = replace(tiny.model, backend=backend, name_or_path=name or str(start), **model)
        return replace(tiny, model=given, finetune=replace(tiny.finetune, method=method))

    return made


def lacking(monkeypatch, package: str) -> None:
    found = util.find_spec

    def find(name, *rest):
        return None if name == package else found(name, *rest)

    monkeypatch.setattr(util, "find_spec", find)
    monkeypatch.setattr(rounds, "find_spec", find)


@pytest.mark.parametrize("backend", ["pretrained", "vllm"])
def test_a_wrong_name_shows_before_anything_is_computed(
    named, tmp_path: Path, monkeypatch, backend: str, capsys
) -> None:
    monkeypatch.setattr(rounds, "find_spec", lambda _name: True)
    config = named(backend, str(tmp_path / "nope"))
    with pytest.raises(ModelError, match="nope'"):
        require_models(config)
    (tmp_path / "c.toml").write_text(format_toml(config))
    assert main(["run", str(tmp_path / "c.toml"), "--dry-run"]) == 2
    error = capsys.readouterr().err.strip()
    assert "nope'" in error and "\n" not in error and not Path(config.run_dir).exists()


def test_the_packages_of_what_is_wanted_are_looked_for(named, monkeypatch) -> None:
    asked = []
    monkeypatch.setattr(pretrained, "require_model", asked.append)
    lacking(monkeypatch, "vllm")
    with pytest.raises(ModelError, match="needs the package vllm"):
        require_models(named("vllm"))
    require_models(named("pretrained"))
    lacking(monkeypatch, "bitsandbytes")
    assert finetune.importlib.util is util
    with pytest.raises(ModelError, match="'qlora' needs the package bitsandbytes"):
        require_models(named("pretrained", method="qlora"))
    require_models(named("pretrained", method="lora"))
    assert len(asked) == 2


def test_prompts_and_an_endpoint_are_looked_at_too(named, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="model.prompts: .*nope"):
        require_models(
            named("openai", "m", endpoint="http://127.0.0.1:9/v1", prompts=str(tmp_path / "nope"))
        )
    with pytest.raises(ModelError, match="model.endpoint 'nowhere' is no URL"):
        require_models(named("openai", "m", endpoint="nowhere"))
    require_models(named("openai", "m", endpoint="http://127.0.0.1:9/v1"))
