"""The model that a run begins with: which one the configuration means, and what kind it is.

    python -c "from coevolve.config.schema import Config; \\
        from coevolve.loop.model_starts import classify_start; \\
        print(classify_start(Config(), 'translator'))"
"""

from __future__ import annotations

from pathlib import Path

from coevolve.config.schema import Config
from coevolve.named_models import SHIPPED, resolve_model
from gpu_runtime.models.backends import classify_model


def find_start(config: Config, kind: str, part: str = "") -> str:
    """Return the folder or name of the pretrained model to begin with. For a run's export it is the
    folder of that model in the export.

    kind: `translator` or `tester`. part: the name of its folder in an export, where it is one of
        several Translators; '' otherwise. Raises UserError if a model that comes with the project
        is not there.
    """
    named = config.model.name_or_path
    if named in SHIPPED:
        return resolve_model(named, kind).location
    own = (Path(named) / name for name in (part or kind, kind))
    return next((str(folder) for folder in own if folder.is_dir()), named)


def classify_start(config: Config, kind: str, part: str = "") -> str:
    """Return the name of the back end, such as `scratch` or `pretrained`, that opens the model to
    begin with. It also decides how the model is prompted. kind: `translator` or `tester`. part: the
    name of its folder in an export, where it is one of several Translators; '' otherwise.
    """
    named = config.model.backend
    return (
        named if named in ("scratch", "openai") else classify_model(find_start(config, kind, part))
    )
