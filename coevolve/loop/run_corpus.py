"""The programs of one run: what is trained on, what is held out, and the references of the held-out
side.

Contract: made once per run from the configuration (`corpus.jsonl`, `split.json`), deterministic; a
held-out program and anything nearly like it, on either side of the direction, is not in the
training part.

    python -c "from coevolve.config.schema import load; \\
        from coevolve.loop.run_corpus import build_corpus; \\
        print(len(build_corpus(load('configs/demo.toml')).training_source))"
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from coevolve.cli.errors import UserError
from coevolve.config.schema import Config
from coevolve.loop.directions import DirectionCorpora, list_direction_corpora
from coevolve.loop.run_folder import RunFolder, read_json
from corpora.dialects import DIALECTS, Direction
from corpora.record_index import (
    RecordIndex,
    RecordList,
    as_records,
    join_records,
    read_records,
)
from corpora.records import Program

_PARTS = ("training_source", "training_target", "evaluation")


@dataclass(frozen=True, slots=True)
class RunCorpus:
    """The programs of one run. Those of a stored run are on disk, and read when they are asked for.

    training_source, training_target: unpaired training programs of the two dialects.
    evaluation: held-out programs of the source dialect.
    references: a human translation by id of the held-out program, for BLEU only.
    held_back: how many training programs were dropped as near-duplicates of held-out ones.
    parts: in a run of several directions the corpus of each, in the configuration's order. The
        fields above then hold each program once, and `references` is empty.
    """

    training_source: Sequence[Program]
    training_target: Sequence[Program]
    evaluation: Sequence[Program]
    references: Mapping[str, Program]
    held_back: int = 0
    parts: tuple[RunCorpus, ...] = ()

    @property
    def protected(self) -> RecordList[Program]:
        """Return every program that must never be trained on: held-out programs and their
        references.
        """
        each = self.parts or (self,)
        references = _join([part.references.values() for part in each])
        return join_records([list_programs(self.evaluation), references.unique()], Program)

    def sides(self, config: Config) -> list[tuple[Direction, RecordList[Program]]]:
        """Return (direction, real training programs) for each direction in which candidates are
        proposed.

        A reverse direction is among them only where there are real programs of the target dialect.
        """
        found: dict[str, tuple[Direction, list[Sequence[Program]]]] = {}
        for direction, part in self.by_direction(config):
            for each, programs in (
                (direction, part.training_source),
                (direction.reverse, part.training_target),
            ):
                if programs:
                    found.setdefault(str(each), (each, []))[1].append(programs)
        return [(direction, _join(programs).unique()) for direction, programs in found.values()]

    def training(self, config: Config) -> RecordList[Program]:
        """Return all real training programs of `sides`, each once, though several directions may
        start from it.
        """
        return _join([programs for _, programs in self.sides(config)]).unique()

    def by_direction(self, config: Config) -> list[tuple[Direction, RunCorpus]]:
        """Return (direction, its corpus) for every direction of the run, in the configuration's
        order.
        """
        return list(
            zip(
                (entry.direction for entry in list_direction_corpora(config)),
                self.parts or (self,),
                strict=True,
            )
        )


def list_programs(programs: Iterable[Program]) -> RecordList[Program]:
    """Return programs as a RecordList by id; one that is such a list comes back as it is."""
    return as_records(programs, Program, attrgetter("id"))


def _join(lists: Iterable[Iterable[Program]]) -> RecordList[Program]:
    return join_records([list_programs(each) for each in lists], Program)


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What one direction's corpora hold. held_out: of corpus.evaluation, empty where a part of the
    sources is held out.

    translations: by the id of a source, or of a held-out program, every translation of it that is
    known.
    """

    entry: DirectionCorpora
    sources: list[Program]
    targets: list[Program]
    held_out: list[Program]
    translations: dict[str, list[Program]]

    def with_translations(self, program: Program) -> tuple[Program, ...]:
        return (program, *self.translations.get(program.id, ()))


def build_corpus(config: Config) -> RunCorpus:
    """Load the configured corpora, hold programs out, and drop training programs that are nearly
    equal to these. Raises CorpusError or UserError for bad input.
    """
    from corpora.splits import EvaluationGuard, split_groups

    loaded = [_load(entry) for entry in list_direction_corpora(config)]
    if any(each.held_out for each in loaded):
        test = [each.with_translations(p) for each in loaded for p in each.held_out]
    else:
        test = list(
            split_groups(
                _groups(loaded), validation=0.0, test=config.corpus.evaluation_fraction
            ).test
        )
    held_out = {group[0].id for group in test}
    guard = EvaluationGuard([program for group in test for program in group])
    found = [_part(config, each, held_out, guard) for each in loaded]
    if len(found) == 1:
        return found[0]
    union = {
        name: tuple(_unique([p for part in found for p in getattr(part, name)])) for name in _PARTS
    }
    return RunCorpus(
        **union, references={}, held_back=sum(part.held_back for part in found), parts=tuple(found)
    )


def _groups(loaded: list[_Loaded]) -> list[tuple[Program, ...]]:
    """Every source program with what has to be on its side of the split."""
    # A program and its translations stay together, so that neither side of a held-out pair is
    # trained on; so do, among several directions, the forms of one computation in several
    # languages, which no likeness of texts would tell.
    alike = _computations(loaded) if len(loaded) > 1 else {}
    return [
        (*each.with_translations(p), *alike.get(_computation(each.entry.source, p), ()))
        for each in loaded
        for p in each.sources
    ]


def _part(config: Config, loaded: _Loaded, held_out: set[str], guard) -> RunCorpus:
    """One direction's corpus, once it is known which programs are held out."""
    training_source, dropped_source = guard.filter(
        [p for p in loaded.sources if p.id not in held_out]
    )
    # What is held back takes its known translations with it, as it does when it is held out.
    kept = {p.id for p in training_source}
    barred = {
        t.id for p in loaded.sources if p.id not in kept for t in loaded.translations.get(p.id, ())
    }
    training_target, _ = guard.filter([p for p in loaded.targets if p.id not in barred])
    several = len(config.directions) > 1
    own = loaded.held_out or [p for p in loaded.sources if p.id in held_out]
    evaluation = _limit_programs(own, config.corpus.evaluation_limit, several)
    if not evaluation or not training_source:
        where = f" in {loaded.entry.direction}" if several else ""
        raise UserError(
            f"corpus.source '{loaded.entry.source}' gives {len(training_source)} programs to "
            f"train on and {len(evaluation)} "
            f"to evaluate{where}; both are needed: use a larger corpus or change "
            f"corpus.evaluation{'' if loaded.held_out else '_fraction'}"
        )
    return RunCorpus(
        _limit_programs(training_source, config.corpus.training_limit, several),
        _limit_programs(training_target, config.corpus.training_limit, several),
        evaluation,
        {p.id: loaded.translations[p.id][0] for p in evaluation if p.id in loaded.translations},
        dropped_source + len(loaded.targets) - len(training_target),
    )


def _load(entry: DirectionCorpora) -> _Loaded:
    from corpora.datasets.loaders import load_corpus

    direction, spec, other = entry.direction, entry.source, entry.target
    if entry.aligned and not other:
        raise UserError(
            "corpus.aligned = true needs corpus.target, the other side of the alignment"
        )
    sources, targets, held_out = (
        _unique(list(load_corpus(text, side.name).programs)) if text else []
        for text, side in (
            (spec, direction.source),
            (other, direction.target),
            (entry.evaluation, direction.source),
        )
    )
    if entry.evaluation and not held_out:
        raise UserError(
            f"corpus.evaluation '{entry.evaluation}' holds no {direction.source.name} function; "
            "name another corpus"
        )
    translations = _translations(spec, other if entry.aligned else "", direction)
    for program, known in _translations(entry.evaluation, entry.references, direction).items():
        translations[program] = known + translations.get(program, [])
    return _Loaded(entry, sources, targets, held_out, translations)


def _translations(spec: str, other: str, direction: Direction) -> dict[str, list[Program]]:
    """Of the programs of `spec` those in `other`, which is aligned with it; a ready-made corpus
    brings its own.
    """
    from corpora.datasets.loaders import is_ready_made, load_pairs

    found: dict[str, list[Program]] = {}
    if other or (spec and is_ready_made(spec)):
        for source, target in load_pairs(spec, other or spec, str(direction)):
            found.setdefault(source.id, []).append(target)
    return found


_SUFFIXES = sorted(
    {suffix for row in DIALECTS.values() for suffix in row.suffixes}, key=len, reverse=True
)


def _computation(spec: str, program: Program) -> tuple[str, str, str]:
    """What the forms of one computation have in common: corpus, place in it (a row, a line, a file
    but for the dialect's suffix), and name.
    """
    base = spec.partition("?")[0].partition("#")[0]
    place = next(
        (program.origin.removesuffix(s) for s in _SUFFIXES if program.origin.endswith(s)),
        program.origin,
    )
    return base, place, program.name.lower().rstrip("_")


def _computations(loaded: list[_Loaded]) -> dict[tuple[str, str, str], tuple[Program, ...]]:
    """Every program of the run by its computation."""
    found: dict[tuple[str, str, str], dict[str, Program]] = {}
    for each in loaded:
        for spec, programs in (
            (each.entry.source, each.sources),
            (each.entry.target, each.targets),
        ):
            for program in programs:
                found.setdefault(_computation(spec, program), {})[program.id] = program
    return {key: tuple(programs.values()) for key, programs in found.items()}


def _unique(programs: list[Program]) -> list[Program]:
    return list({p.id: p for p in programs}.values())


def _limit_programs(programs, most: int, several: bool) -> tuple[Program, ...]:
    """The first `most` in an order fixed by content, so that a limit takes a fair sample; all when
    `most` is 0.

    several: in an order fixed by place and name, so that directions from two languages get the same
    computations.
    """
    if not most or len(programs) <= most:
        return tuple(programs)

    def rank(program: Program) -> tuple[bytes, str]:
        key = "\n".join(_computation("", program)) if several else program.id
        return hashlib.sha256(key.encode()).digest(), program.id

    return tuple(sorted(programs, key=rank)[:most])


def open_corpus(config: Config, folder: RunFolder) -> RunCorpus:
    """Return the run's corpus, whose programs stay in its folder. The first call builds it, claims
    the folder, and stores it. Raises CorpusError or UserError for bad input, ConfigError if the
    folder belongs to another configuration or its corpus was changed.
    """
    if folder.split.exists():
        folder.claim(config)
        folder.is_finished(folder.corpus)
        folder.is_finished(folder.split)
    else:
        corpus = build_corpus(config)
        folder.claim(config)
        _store(corpus, config, folder)
        del corpus
    return load_stored_corpus(folder)


def load_stored_corpus(folder: RunFolder) -> RunCorpus:
    """Return the corpus that a run's folder holds; its `split` file must exist. Programs stay on
    disk. Raises ConfigError or StoreError if a file is damaged.
    """
    by_id = RecordIndex(read_records([folder.corpus], Program, attrgetter("id")))

    def opened(held: dict) -> RunCorpus:
        some = [by_id.select(held[name]) for name in _PARTS]
        references = held["references"]
        return RunCorpus(
            *some,
            RecordIndex(by_id.select(references.values()), references),
            held["held_back"],
            tuple(opened(part) for part in held.get("directions", ())),
        )

    return opened(read_json(folder.split))


def load_references(folder: RunFolder) -> Iterator[tuple[str, str, str]]:
    """Yield (direction, source id, target id) of every reference of a run. The direction is ''
    where the run has one direction. Raises ConfigError if the split file is damaged.
    """
    held = read_json(folder.split) if folder.split.exists() else {}
    for part in held.get("directions", (held,)):
        yield from (
            (part.get("direction", ""), source, target)
            for source, target in part.get("references", {}).items()
        )


def _store(corpus: RunCorpus, config: Config, folder: RunFolder) -> None:
    """split.json comes last: it says that the corpus is whole."""
    everything = (corpus.training_source, corpus.training_target, corpus.protected)
    folder.finish_records(folder.corpus, _join(everything).unique())

    def plain(part: RunCorpus) -> dict:
        ids = {name: [p.id for p in getattr(part, name)] for name in _PARTS}
        return {
            **ids,
            "references": {k: v.id for k, v in part.references.items()},
            "held_back": part.held_back,
        }

    directions = corpus.by_direction(config) if corpus.parts else ()
    several = (
        {
            "directions": [
                {"direction": str(direction), **plain(part)} for direction, part in directions
            ]
        }
        if directions
        else {}
    )
    folder.finish_value(folder.split, plain(corpus) | several)
