"""Verified pairs of serial and parallel HPC code: the library.

    import coevolve

    verdict = coevolve.verify("axpy.cpp", "axpy.cu")
    if verdict:
        print("equivalent")

The names below are what others may rely on. Each is loaded when it is first used: importing
`coevolve` alone takes no time and needs no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coevolve.api import evaluate, run, translate, verify
    from corpora.datasets.loaders import load_corpus
    from corpora.records import Outcome, Program, Verdict

__version__ = "0.2.0"
__all__ = [
    "Outcome",
    "Program",
    "Verdict",
    "__version__",
    "evaluate",
    "load_corpus",
    "run",
    "translate",
    "verify",
]

_HOME = {
    **dict.fromkeys(("evaluate", "run", "translate", "verify"), "coevolve.api"),
    **dict.fromkeys(("Outcome", "Program", "Verdict"), "corpora.records"),
    "load_corpus": "corpora.datasets.loaders",
}
"""The module of each public name."""


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'coevolve' has no attribute '{name}'")
    from importlib import import_module

    from corpora.places import name_module

    value = globals()[name] = getattr(import_module(name_module(_HOME[name])), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
