"""Where the packages of this project lie: side by side in a checkout, below `coevolve` in a wheel.

Contract: modules that name one another by text, and files that lie beside the packages, are found
through here, so that both forms work. In a wheel `corpora` is called `coevolve.corpora`: the only
top-level name that an installation takes is `coevolve` (see `coevolve/wheel_layout.py`).

    python -c "from corpora.places import ROOMS; print(ROOMS)"
"""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

_PREFIX = __name__.removesuffix("corpora.places")
ROOMS = Path(__file__).resolve().parents[1]
"""The folder with the packages corpora, gpu_runtime, translator and tester, and with `configs`."""
IMPORT_ROOT = ROOMS.parent if _PREFIX else ROOMS
"""The folder that a Python process needs on its path to import this project."""
CONFIGS = ROOMS / "configs"
"""The folder of the configurations that come with the project."""


def name_module(module: str) -> str:
    """Return the name by which `module`, such as `corpora.records`, is imported here: as it is in a
    checkout, `coevolve.corpora.records` where the project is installed.
    """
    return module if module.partition(".")[0] == "coevolve" else _PREFIX + module


def find_data(name: str) -> Path:
    """Return the folder of data that belongs to the project, such as `corpora/builtin/blas1`:
    beside this code, else in the installation of this environment. If it is in neither, the path
    beside this code comes back, where nothing is.

    name: path from the folder with the project's packages. A Ray job's upload leaves data out
    (`.rayignore`); the nodes have it in what is installed there.
    """
    here = ROOMS / name
    if here.is_dir():
        return here
    for installed in metadata.distributions(name="coevolve"):
        origin = json.loads(installed.read_text("direct_url.json") or "{}")
        checkout = Path(unquote(urlsplit(origin.get("url", "")).path))
        for folder in (Path(str(installed.locate_file("coevolve"))) / name, checkout / name):
            if folder.is_dir():
                return folder
    return here
