"""Prompts as text files with named places: `$name` and `${name}`; `$$` is a dollar sign.

Contract: the first file found is taken, in the user's folder before the package's. A place that
does not exist, or one that must be there and is not, is a ModelError of one line that names the
file.

    python -c "from pathlib import Path; from gpu_runtime.models.templates import load_template; \\
print(load_template(Path('translator/prompts'), '', ('any',),
frozenset({'source'})).safe_substitute(name='f'))"
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from string import Template

from gpu_runtime.models.protocol import ModelError


def load_template(
    package: Path, override: str, names: Sequence[str], needed: frozenset[str]
) -> Template:
    """Return the first prompt template found among `names`, which are without `.txt`.

    package: the folder that comes with the package. override: the user's folder, searched before
        it; '' for none. needed: names of places (`$name`) that must occur in the text.
    Raises ModelError if a folder or file is missing or cannot be read, or the template lacks a
    needed place.
    """
    if override and not Path(override).is_dir():
        raise ModelError(
            f"model.prompts: '{override}' is no folder; copy the files of {package} there and "
            f"edit them"
        )
    for folder in ([Path(override)] if override else []) + [package]:
        for name in names:
            if (file := folder / f"{name}.txt").is_file():
                return _read(file, needed)
    raise ModelError(
        f"no prompt file {' or '.join(f'{name}.txt' for name in names)} in {override or package}"
    )


@lru_cache(maxsize=64)
def _read(file: Path, needed: frozenset[str]) -> Template:
    try:
        made = Template(file.read_text(encoding="utf-8"))
        places = set(made.get_identifiers())
    except (OSError, ValueError) as error:
        raise ModelError(f"{file}: cannot be read: {error}") from None
    if not made.is_valid():
        raise ModelError(f"{file}: a '$' names no place; write $$ for a dollar sign")
    if missing := sorted(needed - places):
        raise ModelError(
            f"{file}: the place ${missing[0]} is missing, so that the model would not be shown it"
        )
    return made


def fill_template(made: Template, places: dict[str, str]) -> str:
    """Return the text of the template `made` with every place filled. places: text by the place's
    name, without `$`. Raises ModelError if the template has a place of another name.
    """
    try:
        return made.substitute(places)
    except KeyError as error:
        known = ", ".join(f"${name}" for name in sorted(places))
        raise ModelError(
            f"a prompt file has the place ${error.args[0]}, which does not exist; known are {known}"
        ) from None
