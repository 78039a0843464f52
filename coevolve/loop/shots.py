"""The verified pairs that a model asked in words is shown as examples: built-in ones and the run's
own, never what it is evaluated on.

Contract: pairs come from the corpora that are written by hand and verified by the project's own
tests, and from the rounds that a checkpoint has behind it. Whatever equals or nearly equals a
held-out program or a reference of the run is left out, on either side.

    python -c "from coevolve.config.schema import parse; \\
        from coevolve.loop.shots import make_wording; \\
print(len(make_wording(parse({'settings': {'model.few_shot': 2}}, 'x')).pairs))"
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from coevolve.config.schema import Config
from coevolve.loop.run_corpus import load_stored_corpus
from coevolve.loop.run_folder import RunFolder
from corpora.datasets.loaders import load_pairs
from corpora.dialects import Direction, parse_direction
from corpora.records import Program, Triplet
from corpora.signatures.signature import SignatureError, read_signature
from corpora.splits import EvaluationGuard
from corpora.store import read_jsonl
from gpu_runtime.models.protocol import ModelError
from translator.prompting.instructions import Pair, PromptWording, reverse_pairs

CORPORA = ("development", "builtin")
"""In this order: kernels of the first are bare, as the prompts ask for; the second's come with host
functions.
"""


def find_prompt_folder(config: Config, kind: str) -> str:
    """Return the user's folder of prompt files for `kind` (`translator` or `tester`), '' if there
    is none. Raises ModelError if the configured folder holds prompt files for neither model.
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


def make_wording(config: Config, number: int = 0) -> PromptWording:
    """Return the settings by which the Translator is prompted in words: prompt files and example
    pairs. Pairs that are like a held-out program are left out.

    number: pairs kept in rounds 1 to `number` may be shown too. Raises ModelError if the prompt
        folder cannot be used, ValueError for an unknown direction.
    """
    prompts = find_prompt_folder(config, "translator")
    if not config.model.few_shot:
        return PromptWording(prompts)
    folder = RunFolder(config.run_dir)
    protected = load_stored_corpus(folder).protected if folder.split.exists() else ()
    pairs = [
        pair
        for direction in config.directions
        for pair in load_verified_pairs(parse_direction(direction), protected)
    ]
    kept = _drop_leaking([(t.source, t.target) for t in _triplets(folder, number)], protected)
    return PromptWording(
        prompts,
        config.model.few_shot,
        tuple(dict.fromkeys((*pairs, *reverse_pairs(pairs), *kept, *reverse_pairs(kept)))),
    )


def find_checkpoint_round(checkpoint: str) -> int:
    """Return the number of the round that a checkpoint's path belongs to; 0 for the cold start and
    for any other path.
    """
    name, dash, number = Path(checkpoint).parent.name.partition("-")
    return int(number) if name == "round" and dash and number.isdecimal() else 0


def load_verified_pairs(direction: Direction, protected: Sequence[Program]) -> tuple[Pair, ...]:
    """Return the built-in pairs (source, target) in `direction` whose sides are not nearly equal to
    a program of `protected`; () if there is none.

    With CUDA on one side, pairs with bare kernels are preferred.
    """
    found = [pair for corpus in CORPORA for pair in load_pairs(corpus, corpus, str(direction))]
    if "cuda" in (direction.source.model, direction.target.model):
        found = [pair for pair in found if _has_bare_kernel(pair)] or found
    return _drop_leaking(found, protected)


def _triplets(folder: RunFolder, number: int) -> Iterator[Triplet]:
    for k in range(1, number + 1):
        if folder.round(k).triplets.exists():
            yield from read_jsonl(folder.round(k).triplets, Triplet)


def _drop_leaking(pairs: Sequence[Pair], protected: Sequence[Program]) -> tuple[Pair, ...]:
    if not protected or not pairs:
        return tuple(pairs)
    guard = EvaluationGuard(protected)
    leaking = {leak.item for side in (0, 1) for leak in guard.leaks([pair[side] for pair in pairs])}
    return tuple(pair for i, pair in enumerate(pairs) if i not in leaking)


def _has_bare_kernel(pair: Pair) -> bool:
    try:
        return any(read_signature(side).style == "kernel" for side in pair)
    except SignatureError:
        return False
