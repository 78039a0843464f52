"""Which back end answers to which name in a configuration: a plain dict, looked up at the edge and nowhere else.

    python -c "from gpu_runtime.models.backends import MODEL_BACKENDS; print(sorted(MODEL_BACKENDS))"
"""

from __future__ import annotations

from collections.abc import Callable

from gpu_runtime.models.protocol import LanguageModel


def _scratch(folder: str) -> LanguageModel:
    from gpu_runtime.models.scratch import ScratchModel  # late: importing torch costs seconds

    return ScratchModel.load(folder)


def _pretrained(name_or_path: str) -> LanguageModel:
    from gpu_runtime.models.pretrained import PretrainedModel  # late, as above

    return PretrainedModel.load(name_or_path)


MODEL_BACKENDS: dict[str, Callable[[str], LanguageModel]] = {"scratch": _scratch, "pretrained": _pretrained}
"""Each opens a model by folder or id. A new scratch model is made by `ScratchModel.create`."""
