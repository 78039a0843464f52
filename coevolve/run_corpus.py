"""The programs of one run: what is trained on, what is held out, and the references of the held-out side.

Contract: made once per run from the configuration (`corpus.jsonl`, `split.json`), deterministic; a held-out program and
anything nearly like it, on either side of the direction, is not in the training part.

    python -c "from coevolve.config import load; from coevolve.run_corpus import build; print(len(build(load('configs/demo.toml')).training_source))"
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from coevolve.config import Config
from coevolve.errors import UserError
from coevolve.run_folder import RunFolder, read_json, write_json
from corpora.dialects import Direction, direction
from corpora.records import Program
from corpora.store import read_jsonl, write_jsonl


@dataclass(frozen=True, slots=True)
class RunCorpus:
    """training_source / training_target: unpaired mono corpora. evaluation: held-out programs of the source dialect.

    references: source program id -> a human translation (BLEU only; it never feeds training).
    held_back: training programs dropped because they are near-duplicates of held-out ones.
    """

    training_source: tuple[Program, ...]
    training_target: tuple[Program, ...]
    evaluation: tuple[Program, ...]
    references: dict[str, Program]
    held_back: int = 0

    @property
    def protected(self) -> tuple[Program, ...]:
        """Everything that must never be trained on."""
        return self.evaluation + tuple(self.references.values())


def build(config: Config) -> RunCorpus:
    """Load, split and guard. Raises CorpusError or UserError on bad input."""
    from corpora.splits import EvaluationGuard, split_groups

    way = direction(config.direction)
    sources, targets, translations = _load(config, way)
    # A program and its translations stay together, so that neither side of a held-out pair is trained on.
    groups = [(p, *translations.get(p.id, ())) for p in sources]
    parts = split_groups(groups, validation=0.0, test=config.corpus.evaluation_fraction)
    guard = EvaluationGuard([program for group in parts.test for program in group])
    training_source, dropped_source = guard.filter([group[0] for group in parts.train])
    training_target, dropped_target = guard.filter(targets)
    evaluation = _limited([group[0] for group in parts.test], config.corpus.evaluation_limit)
    if not evaluation or not training_source:
        raise UserError(
            f"corpus.source '{config.corpus.source}' gives {len(training_source)} programs to train on and {len(evaluation)} "
            "to evaluate; both are needed: use a larger corpus or change corpus.evaluation_fraction"
        )
    return RunCorpus(
        _limited(training_source, config.corpus.training_limit),
        _limited(training_target, config.corpus.training_limit),
        evaluation,
        {p.id: translations[p.id][0] for p in evaluation if p.id in translations},
        dropped_source + dropped_target,
    )


def _load(config: Config, way: Direction) -> tuple[list[Program], list[Program], dict[str, list[Program]]]:
    """Sources, targets, and by a source's id every translation of it that is known."""
    from corpora.loaders import is_ready_made, load_corpus, load_pairs

    spec, other = config.corpus.source, config.corpus.target
    sources = list(load_corpus(spec, way.source.name).programs)
    targets = list(load_corpus(other, way.target.name).programs) if other else []
    translations: dict[str, list[Program]] = {}
    if config.corpus.aligned and not other:
        raise UserError("corpus.aligned = true needs corpus.target, the other side of the alignment")
    if config.corpus.aligned or is_ready_made(spec):
        for source, target in load_pairs(spec, other if config.corpus.aligned else spec, str(way)):
            translations.setdefault(source.id, []).append(target)
    return _unique(sources), _unique(targets), translations


def _unique(programs: list[Program]) -> list[Program]:
    return list({p.id: p for p in programs}.values())


def _limited(programs, most: int) -> tuple[Program, ...]:
    """The first `most` in an order fixed by content, so that a limit takes a fair sample; all when `most` is 0."""
    if not most or len(programs) <= most:
        return tuple(programs)
    return tuple(sorted(programs, key=lambda p: hashlib.sha256(p.id.encode()).digest())[:most])


def open_corpus(config: Config, folder: RunFolder) -> RunCorpus:
    """The run's corpus from its folder. The first call builds it, claims the folder, and stores it.

    Building comes before the claim: a bad corpus must not leave a run behind. Raises as `build` and `RunFolder.claim`.
    """
    if folder.split.exists():
        folder.claim(config)
        return stored_corpus(folder)
    corpus = build(config)
    folder.claim(config)
    _store(corpus, folder)
    return corpus


def stored_corpus(folder: RunFolder) -> RunCorpus:
    """The corpus of a run whose `split` exists."""
    by_id = {p.id: p for p in read_jsonl(folder.corpus, Program)}
    held = read_json(folder.split)

    def some(key: str) -> tuple[Program, ...]:
        return tuple(by_id[i] for i in held[key])

    references = {k: by_id[v] for k, v in held["references"].items()}
    return RunCorpus(some("training_source"), some("training_target"), some("evaluation"), references, held["held_back"])


def _store(corpus: RunCorpus, folder: RunFolder) -> None:
    """split.json comes last: it says that the corpus is whole."""
    everything = corpus.training_source + corpus.training_target + corpus.protected
    write_jsonl(folder.corpus, list({p.id: p for p in everything}.values()))
    parts = {name: [p.id for p in getattr(corpus, name)] for name in ("training_source", "training_target", "evaluation")}
    references = {k: v.id for k, v in corpus.references.items()}
    write_json(folder.split, {**parts, "references": references, "held_back": corpus.held_back})
