"""What services share: what was spent is on the bill, figures that models give are shown, trainers
find the GPUs free.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from coevolve.loop import checkpoints as module
from coevolve.loop.checkpoints import CheckpointCache, fine_tune_checkpoint, select_figures
from coevolve.loop.run_folder import RunFolder
from coevolve.loop.services import TesterService, TranslatorService
from gpu_runtime.models import distributed as spread
from gpu_runtime.models.protocol import Example, Learning, ModelError, NothingToLearnError
from gpu_runtime.models.remote import FILE, EndpointUsage

LESSONS = [Example("a", "b"), Example("c", "d")]


@dataclass
class Paid:
    usage: EndpointUsage = EndpointUsage()


def test_what_was_spent_before_an_error_is_on_the_bill(tiny, tmp_path: Path) -> None:
    checkpoint = tmp_path / "cold" / "translator"
    checkpoint.mkdir(parents=True)
    (checkpoint / FILE).write_text("{}")
    held, model = CheckpointCache(tiny, "translator"), Paid(EndpointUsage(requests=5))
    held._open = (str(checkpoint), model)
    Path(tiny.run_dir).mkdir(parents=True)
    with pytest.raises(ModelError), held.record_usage_of(str(checkpoint)) as asked:
        asked.usage = EndpointUsage(requests=7, prompt_tokens=100)
        raise ModelError("the endpoint is gone")
    (row,) = [
        json.loads(line)
        for line in (RunFolder(tiny.run_dir).root / "usage.jsonl").read_text().splitlines()
    ]
    assert (row["requests"], row["prompt_tokens"], row["checkpoint"]) == (2, 100, "cold")


def test_lessons_longer_than_the_context_are_reported() -> None:
    figures = {"loss": 1.0, "examples": 3, "dropped": 2, "first_loss": 2.0}
    assert select_figures(figures) == {"loss": 1.0, "examples": 3, "dropped": 2}
    assert select_figures(figures | {"dropped": 0}) == {"loss": 1.0, "examples": 3}


class Engine:
    """Stands for vLLM's."""

    rested = 0

    def rest(self) -> None:
        self.rested += 1


@pytest.fixture
def shared(tiny, tmp_path: Path, monkeypatch):
    """A run with two trainers whose models nobody may open here; what trainers were told, and the
    start.
    """
    start, told = tmp_path / "start", []
    start.mkdir()
    (start / "config.json").write_text("{}")

    def learn_spread(checkpoint, folder, examples, learning, tuning, processes, start=None):
        told.append((checkpoint, len(examples), processes, learning.workspace))
        folder.mkdir(parents=True)
        return {
            "loss": 0.5,
            "tokens": 9,
            "seconds": 1.0,
            "examples": len(examples) - 1,
            "dropped": 1,
            "steps": 3,
        }

    def opened(*_):
        raise AssertionError("a model was opened beside the trainers")

    monkeypatch.setattr(spread, "learn_distributed", learn_spread)
    monkeypatch.setattr(module, "MODEL_BACKENDS", dict.fromkeys(module.MODEL_BACKENDS, opened))
    model = replace(tiny.model, backend="pretrained", name_or_path=str(start))
    return replace(tiny, model=model, resources=replace(tiny.resources, trainers=2)), told, start


def test_trainers_find_the_gpus_free(shared, tmp_path: Path) -> None:
    config, told, start = shared
    held = CheckpointCache(config, "translator")
    held._open, held._engine = (str(start), object()), Engine()
    figures = fine_tune_checkpoint(held, LESSONS, Learning(), str(start), str(tmp_path / "next"))
    assert figures == {"examples": 1, "dropped": 1, "loss": 0.5, "tokens": 9, "seconds": 1.0}
    assert held._open is None and held._engine.rested == 1
    assert told == [(str(start), 2, 2, tmp_path / "next.training")]


def test_a_cold_start_is_shared_out_too(shared, tmp_path: Path) -> None:
    config, told, start = shared
    for service, name in (
        (TranslatorService(config), "translator"),
        (TesterService(config), "tester"),
    ):
        assert service.cold_start((), str(tmp_path / "cold" / name))["loss"] == 0.5
        assert (tmp_path / "cold" / name / "training_manifest.json").is_file()
    assert [(checkpoint, count > 0, processes) for checkpoint, count, processes, _ in told] == [
        (str(start), True, 2)
    ] * 2


def test_a_round_without_a_fitting_lesson_says_how_many_there_were(
    tiny, tmp_path: Path, monkeypatch
) -> None:
    (tmp_path / "old").mkdir()
    held = CheckpointCache(tiny, "translator")

    def nothing(*_):
        raise NothingToLearnError("none")

    monkeypatch.setattr(held, "model", lambda _checkpoint: None)
    monkeypatch.setattr(module, "learn_and_save", nothing)
    assert fine_tune_checkpoint(
        held, LESSONS, Learning(), str(tmp_path / "old"), str(tmp_path / "new")
    ) == {
        "examples": 0,
        "dropped": 2,
    }
