"""Which back end answers to which name in a configuration: a plain dict, looked up at the edge and
nowhere else.

python -c "from gpu_runtime.models.backends import MODEL_BACKENDS; print(sorted(MODEL_BACKENDS))"
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from gpu_runtime.models.options import ModelOptions
from gpu_runtime.models.protocol import LanguageModel, ModelError


def _scratch(folder: str, options: ModelOptions = ModelOptions()) -> LanguageModel:
    from safetensors import SafetensorError

    from gpu_runtime.models.scratch import ScratchModel  # late: importing torch costs seconds

    try:
        return ScratchModel.load(folder)
    except (OSError, ValueError, SafetensorError) as error:
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise ModelError(
            f"model '{folder}' cannot be loaded: {first} - give a whole folder that a run or an "
            f"export wrote"
        ) from error


def _pretrained(name_or_path: str, options: ModelOptions = ModelOptions()) -> LanguageModel:
    from gpu_runtime.models.pretrained import PretrainedConfig, PretrainedModel  # late, as above

    return PretrainedModel.load(name_or_path, PretrainedConfig.of(options))


def _openai(name_or_path: str, options: ModelOptions = ModelOptions()) -> LanguageModel:
    from gpu_runtime.models.remote import RemoteModel

    return RemoteModel.load(name_or_path, options.endpoint)


def _vllm(name_or_path: str, options: ModelOptions = ModelOptions()) -> LanguageModel:
    from gpu_runtime.models.vllm_engine import VllmModel

    return VllmModel.load(name_or_path, options)


MODEL_BACKENDS: dict[str, Callable[..., LanguageModel]] = {
    "scratch": _scratch,
    "pretrained": _pretrained,
    "openai": _openai,
    "vllm": _vllm,
}
"""Each opens a model by folder or id (and `ModelOptions`, or as they are by default). A new scratch
model is made by `ScratchModel.create`.
"""


FROZEN = frozenset({"openai"})
"""Those whose models generate and are never taught."""


def classify_model(name_or_path: str | Path) -> str:
    """Return what kind of model a folder or a hub id is, as a key of MODEL_BACKENDS: `scratch`
    (made here), `openai` (asked over an endpoint) or `pretrained` (any other). What is no folder is
    `pretrained`.
    """
    folder = Path(name_or_path)
    if (folder / "endpoint.json").is_file():
        return "openai"
    try:
        shape = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        vocabulary = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "pretrained"
    words = shape.get("model_type") == "llama" and vocabulary.get("sep_token") == "<sep>"
    return "scratch" if words else "pretrained"
