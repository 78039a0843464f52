"""A model by the name that a person gives: `small`, `simple`, a run, an export, a checkpoint's
folder, a GGUF file, a hub id, NAME@URL.

Contract: `resolve_model(name, part)` gives what a back end opens and the folder it lies in (None
for a model that is elsewhere); a name that is none of these is a UserError of one line.
`NamedModel.open` opens it and raises ModelError where that fails.

    python -c "from coevolve.named_models import resolve_model; \\
        print(resolve_model('runs/demo', 'translator'))"
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from coevolve.cli.errors import UserError
from coevolve.evaluation.contamination import FILE_NAME
from coevolve.loop.directions import make_checkpoint_name
from coevolve.loop.run_folder import RunFolder
from corpora.dialects import parse_direction
from corpora.places import ROOMS, find_data
from gpu_runtime.models.backends import MODEL_BACKENDS, classify_model
from gpu_runtime.models.options import Endpoint, ModelOptions
from gpu_runtime.models.protocol import LanguageModel

SMALL = ROOMS / "gpu_runtime" / "models" / "small"
"""Where the checkpoints of `small`, the model for users, lie: translator/, tester/."""
SMALL_DIRECTIONS = (
    "cpp:cuda",
    "cpp:openmp",
    "fortran:cuda",
    "fortran:cpp",
    "fortran:openmp",
    "fortran:openmp-fortran",
    "cuda:cpp",
    "openmp:cpp",
)
"""What its Translator was taught; asked for another direction it writes nonsense."""

SHIPPED = {"small": SMALL_DIRECTIONS, "simple": ("cpp:cuda", "cuda:cpp")}
"""The models that come with the project, with the directions that they were taught. `simple` knows
simple loops only: rounds begin with it that are to show what rounds teach.
"""


@dataclass(frozen=True, slots=True)
class NamedModel:
    """A model that `resolve_model` found, ready to be opened.

    label: the name that results show.
    location: what the back end opens: a folder, a GGUF file, a hub id or a URL.
    folder: the folder that may hold the model's manifest; None for a model that lies elsewhere.
    kind: the key of the back end in `MODEL_BACKENDS`, such as `scratch` or `pretrained`.
    options: settings of the back end.
    taught: the directions that a Translator was trained on, as `cpp:cuda`; () where unknown.
    """

    label: str
    location: str
    folder: Path | None
    kind: str
    options: ModelOptions = ModelOptions()
    taught: tuple[str, ...] = ()

    def explain_untaught(self, direction: str) -> str:
        """Return a phrase that says the model was not trained on `direction` (`cpp:cuda`).

        Returns '' if it was trained on it, or if the model's directions are unknown.
        """
        return (
            f"{self.label} was not taught {direction} (taught: {', '.join(self.taught)})"
            if self.taught and direction not in self.taught
            else ""
        )

    def require_taught(self, direction: str) -> None:
        """Check that the model may serve `direction` (`cpp:cuda`).

        Raises UserError if the model is known not to have been trained on that direction.
        """
        if why := self.explain_untaught(direction):
            raise UserError(f"{why}; name another model with --model")

    def open(self) -> LanguageModel:
        """Load the model with its back end and return it. Raises ModelError if it cannot be
        opened.
        """
        if self.kind == "scratch":
            hide_loading_bars()
        return MODEL_BACKENDS[self.kind](self.location, self.options)


def resolve_model(name: str, part: str, direction: str = "") -> NamedModel:
    """Return the model that a person calls `name`, unopened.

    name: `small`, `simple`, a run's folder, an export, a checkpoint's folder, a GGUF file, a hub
        id or `NAME@URL`.
    part: `translator` or `tester`, which of a run's two models is meant.
    direction: such as `cpp:cuda`. Where a run has one Translator per direction, the one that
        serves `direction` or its reverse is returned.
    Raises UserError if `name` is none of these or lacks the part, ValueError for a bad direction.
    """
    if "://" in name:
        model, at, url = name.partition("@")
        if not at or not model:
            raise UserError(
                f"model '{name}': name the model at the endpoint as NAME@URL, for example "
                f"qwen@http://127.0.0.1:8000/v1"
            )
        return NamedModel(name, model, None, "openai", ModelOptions(endpoint=Endpoint(url)))
    if name in SHIPPED:
        folder = find_data(f"gpu_runtime/models/{name}") / part
        if not (folder / "config.json").is_file():
            raise UserError(
                f"this installation carries no model '{name}' ('{folder}' is not there); name a "
                f"checkpoint's folder"
            )
        taught = SHIPPED[name] if part == "translator" else ()
        return NamedModel(name, str(folder), folder, classify_model(folder), taught=taught)
    path = Path(name).expanduser()
    if not path.exists():
        if path.is_absolute() or name.startswith((".", "~")) or name.count("/") != 1:
            raise UserError(
                f"model '{name}' is neither 'small', 'simple', a folder, a GGUF file, NAME@URL, "
                f"nor a hub id of the form OWNER/NAME"
            )
        return NamedModel(name, name, None, "pretrained")
    if path.is_file():
        if path.suffix.lower() != ".gguf":
            raise UserError(f"model '{name}' is a file; only a GGUF file (.gguf) can be a model")
        return NamedModel(name, str(path.resolve()), None, "pretrained")
    _require_part(path, part)
    parts = (
        [
            make_checkpoint_name(each)
            for each in (direction, str(parse_direction(direction).reverse))
        ]
        if direction
        else []
    )
    for folder in (folder for each in (*parts, part) for folder in _list_locations(path, each)):
        if any((folder / file).is_file() for file in ("config.json", "endpoint.json")):
            return NamedModel(name, str(folder.resolve()), folder.resolve(), classify_model(folder))
    raise UserError(
        f"'{name}' holds no {part}: it is neither a checkpoint (no config.json in it), an "
        f"export nor a run with one"
    )


def hide_loading_bars() -> None:
    """Switch off the progress bars of `transformers` in this process."""
    from transformers.utils import logging

    logging.disable_progress_bar()


_OTHER = {"translator": "tester", "tester": "translator"}


def _require_part(path: Path, part: str) -> None:
    """Raises UserError for the other model's checkpoint of a run: its answers would be judged as
    what they are not.
    """
    if path.resolve().name == _OTHER[part] and (path / FILE_NAME).is_file():
        raise UserError(
            f"'{path}' is a {_OTHER[part].title()}'s checkpoint; name the {part.title()}'s, for "
            f"example {path.resolve().parent / part}"
        )


def _list_locations(path: Path, part: str) -> list[Path]:
    """The folder itself, an export's part, then a run's last checkpoint."""
    run = RunFolder(path)
    last = run.find_last(lambda paths: (paths.folder / part).exists())
    return [path, path / part, *([] if last is None else [run.round(last).folder / part])]
