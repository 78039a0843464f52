"""The verified pairs that a model asked in words is shown as examples: built-in ones and the run's
own, never what it is evaluated on.

Contract: pairs come from the corpora that are written by hand and verified by the project's own
tests, and from the rounds that a checkpoint has behind it. Whatever equals or nearly equals a
held-out program or a reference of the run is left out, on either side.

    python -c "from coevolve.config.schema import parse; from coevolve.loop.shots import wording_of; \\
print(len(wording_of(parse({'model': {'few_shot': 2}}, 'x')).pairs))"
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from coevolve.config.schema import Config
from coevolve.loop.run_corpus import stored_corpus
from coevolve.loop.run_folder import RunFolder
from corpora.datasets.loaders import load_pairs
from corpora.dialects import Direction, direction
from corpora.records import Program, Triplet
from corpora.signatures.dispatch import SignatureError, signature_of
from corpora.splits import EvaluationGuard
from corpora.store import read_jsonl
from gpu_runtime.models.protocol import ModelError
from translator.prompting.instructions import Pair, Wording, reversed_pairs

CORPORA = ("development", "builtin")
"""In this order: kernels of the first are bare, as the prompts ask for; the second's come with host
functions.
"""


def prompts_of(config: Config, kind: str) -> str:
    """The user's folder of prompt files for the `translator` or the `tester`, '' where there is
    none. Raises ModelError.
    """
    if not config.model.prompts:
        return ""
    folder = Path(config.model.prompts)
    if not any((folder / name).is_dir() for name in ("translator", "tester")):
        raise ModelError(
            f"model.prompts: '{folder}' holds no folder translator/ or tester/ with prompt "
            f"files (*.txt) in it"
        )
    return str(folder / kind) if (folder / kind).is_dir() else ""


def wording_of(config: Config, number: int = 0) -> Wording:
    """How the configuration has the Translator asked in words, once the first `number` rounds have
    kept their pairs.
    """
    prompts = prompts_of(config, "translator")
    if not config.model.few_shot:
        return Wording(prompts)
    folder = RunFolder(config.run_dir)
    protected = stored_corpus(folder).protected if folder.split.exists() else ()
    pairs = [
        pair for way in config.directions for pair in verified_pairs(direction(way), protected)
    ]
    kept = _apart([(t.source, t.target) for t in _triplets(folder, number)], protected)
    return Wording(
        prompts,
        config.model.few_shot,
        tuple(dict.fromkeys((*pairs, *reversed_pairs(pairs), *kept, *reversed_pairs(kept)))),
    )


def round_of(checkpoint: str) -> int:
    """The round that a checkpoint of a run ended; 0 for its start and for anything else."""
    found = re.fullmatch(r"round-(\d+)", Path(checkpoint).parent.name)
    return int(found[1]) if found else 0


def verified_pairs(way: Direction, protected: Sequence[Program]) -> tuple[Pair, ...]:
    """Built-in pairs in `way` that are like nothing protected; with CUDA on one side, bare kernels
    where there are some.
    """
    found = [pair for corpus in CORPORA for pair in load_pairs(corpus, corpus, str(way))]
    if "cuda" in (way.source.model, way.target.model):
        found = [pair for pair in found if _bare(pair)] or found
    return _apart(found, protected)


def _triplets(folder: RunFolder, number: int) -> Iterator[Triplet]:
    for k in range(1, number + 1):
        if folder.round(k).triplets.exists():
            yield from read_jsonl(folder.round(k).triplets, Triplet)


def _apart(pairs: Sequence[Pair], protected: Sequence[Program]) -> tuple[Pair, ...]:
    if not protected or not pairs:
        return tuple(pairs)
    guard = EvaluationGuard(protected)
    leaking = {leak.item for side in (0, 1) for leak in guard.leaks([pair[side] for pair in pairs])}
    return tuple(pair for i, pair in enumerate(pairs) if i not in leaking)


def _bare(pair: Pair) -> bool:
    try:
        return any(signature_of(side).style == "kernel" for side in pair)
    except SignatureError:
        return False
