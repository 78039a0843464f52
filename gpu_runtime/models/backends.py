"""Which back end answers to which name in a configuration: a plain dict, looked up at the edge and nowhere else.

    python -c "from gpu_runtime.models.backends import MODEL_BACKENDS; print(sorted(MODEL_BACKENDS))"
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from gpu_runtime.models.options import ModelOptions
from gpu_runtime.models.protocol import LanguageModel


def _scratch(folder: str, options: ModelOptions = ModelOptions()) -> LanguageModel:
    from gpu_runtime.models.scratch import ScratchModel  # late: importing torch costs seconds

    return ScratchModel.load(folder)


def _pretrained(name_or_path: str, options: ModelOptions = ModelOptions()) -> LanguageModel:
    from gpu_runtime.models.pretrained import PretrainedConfig, PretrainedModel  # late, as above

    return PretrainedModel.load(name_or_path, PretrainedConfig(tuning=options.tuning))


MODEL_BACKENDS: dict[str, Callable[..., LanguageModel]] = {"scratch": _scratch, "pretrained": _pretrained}
"""Each opens a model by folder or id (and `ModelOptions`, or as they are by default). A new scratch model is made by `ScratchModel.create`."""


def kind_of(name_or_path: str | Path) -> str:
    """Which of MODEL_BACKENDS opens a model: `scratch` for a folder that `ScratchModel.save` wrote, told by its vocabulary."""
    folder = Path(name_or_path)
    try:
        shape = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        vocabulary = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "pretrained"
    words = shape.get("model_type") == "llama" and vocabulary.get("sep_token") == "<sep>"
    return "scratch" if words else "pretrained"
