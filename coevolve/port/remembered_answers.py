"""A model's answers, kept on disk by what was asked: a command that was interrupted and is given
again asks only for what it had not heard.

Contract: an answer is found again only for the same model, prompts and sampling, asked by the same
code. A model counts as the same while its files keep their names, lengths and times; one at an
endpoint or a hub while its name stays. What cannot be kept is asked for again.

    python -c "from coevolve.port.remembered_answers import RememberedAnswers; \\
        help(RememberedAnswers)"
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from coevolve.named_models import NamedModel
from coevolve.verification.engine import compute_engine_version, find_cache_folder
from coevolve.verification.record_cache import RecordCache
from corpora.places import ROOMS
from corpora.records import content_hash
from gpu_runtime.models.protocol import LanguageModel, Prompt, Sampling


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model said in one call, as it is kept on disk. texts: for each prompt, in order, the
    texts of its answers.
    """

    texts: tuple[tuple[str, ...], ...]


@lru_cache(maxsize=1)
def compute_asking_version() -> str:
    """Return a hash of the source files that decide what is asked and how it is decoded. It is part
    of the key under which answers are kept, so that changed code asks anew.
    """
    models = sorted((ROOMS / "gpu_runtime" / "models").glob("*.py"))
    return content_hash(compute_engine_version(), *(f.read_text(encoding="utf-8") for f in models))


def identify_model(named: NamedModel) -> str:
    """Return a hash that tells models apart. It changes with the model's kind, location and
    options, and with the names, lengths and times of its files. A model at an endpoint or a hub has
    no files here.
    """
    place = named.folder or Path(named.location)
    files = sorted(place.rglob("*")) if place.is_dir() else [place] if place.is_file() else []
    seen = [(f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in files if f.is_file()]
    return content_hash(named.kind, named.location, repr(named.options), seen)


class RememberedAnswers:
    """A language model whose answers are kept on disk: a call that was answered before is answered
    from there, any other by the model.

    open_model: opens the model; called once, when a call was not answered before. identity: of the
        model, as `identify_model` gives it. cache: where answers are kept; None: below
        `find_cache_folder()`.
    opened: the open model; None as long as it was not needed.
    """

    def __init__(
        self,
        open_model: Callable[[], LanguageModel],
        identity: str,
        cache: RecordCache | None = None,
    ) -> None:
        """open_model: called once, when a call was not answered before. identity: as of
        `identify_model`. cache: None: below `find_cache_folder()`.
        """
        self._open_model, self._identity = open_model, identity
        self.opened: LanguageModel | None = None
        self._cache = cache or RecordCache(find_cache_folder() / "answers")

    def generate(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[list[str]]:
        """Return, for each prompt in order, the texts of its `sampling.n` answers. They come from
        the disk where the same prompts were asked with the same sampling before, else from the
        model, and are then kept. Raises ModelError if the model cannot be opened or fails.
        """
        asked = [(p.text, p.prefix, p.most_tokens) for p in prompts]
        key = content_hash("answers", self._identity, compute_asking_version(), asked, sampling)
        known = self._cache.load(key, Answers)
        if known is not None:
            return [list(texts) for texts in known.texts]
        self.opened = self.opened or self._open_model()
        found = self.opened.generate(prompts, sampling)
        self._cache.save(key, Answers(tuple(map(tuple, found))))
        return found
