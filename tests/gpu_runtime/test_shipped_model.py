"""The manifest of the model that comes with the project says what it is, how it was made and how
well it does.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import gpu_runtime.models
from coevolve.config.schema import load

SMALL = Path(gpu_runtime.models.__file__).parent / "small"
ROOT = Path(__file__).resolve().parents[2]
MANIFEST = json.loads((SMALL / "manifest.json").read_text(encoding="utf-8"))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_its_files_are_those_of_the_manifest_and_small_enough_to_ship() -> None:
    weights = [SMALL / part / "model.safetensors" for part in ("translator", "tester")]
    assert [digest(path) for path in weights] == [
        MANIFEST["weights"][part] for part in ("translator", "tester")
    ]
    assert sum(path.stat().st_size for path in weights) <= 12 * 2**20
    for part in ("translator", "tester"):
        assert digest(SMALL / part / "training_manifest.json") == MANIFEST["trained_on"][part]


def test_the_configuration_that_made_it_is_the_one_in_the_tree() -> None:
    """Whatever decides a cold start; rounds may be configured otherwise, as the model is that of
    the cold start.
    """
    config = load(ROOT / MANIFEST["config"]["file"])
    made_by, here = MANIFEST["config"]["settings"], json.loads(json.dumps(asdict(config)))
    assert set(made_by) == {"direction", "seed", "model", "cold_start", "finetune"} and set(
        made_by["cold_start"]
    ) == set(here["cold_start"])
    for key, value in made_by.items():
        now = {k: here[key][k] for k in value} if isinstance(value, dict) else here[key]
        assert now == value, "retrain the model, or change another configuration"
    assert config.corpus.evaluation == "development"  # choices are made there
    assert config.round.count == 0 and not config.ladder.steps


def test_figures_say_what_was_measured_and_how() -> None:
    assert {row["direction"] for row in MANIFEST["figures"]} >= {
        "cpp:cuda",
        "cuda:cpp",
        "cpp:openmp",
        "fortran:cuda",
    }
    for row in MANIFEST["figures"]:
        assert row["corpus"] and row["n"] >= 1 and 0 <= row["pass@1"] <= row["cpass"] <= 1
    for row in MANIFEST["tester_figures"]:
        assert row["corpus"] and row["programs"] > 0 and 0 <= row["valid_tests"] <= 1
