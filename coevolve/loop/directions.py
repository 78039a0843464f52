"""The directions of a run: which corpora each of them has, and which Translator serves it.

Contract: pure functions of the configuration. A run of one direction is the run of a list of one:
one entry, one Translator, whose checkpoint folder is called `translator`.

    python -c "from coevolve.config.schema import parse; \\
        from coevolve.loop.directions import list_translators; \\
        print(list_translators(parse({'direction': ['cpp:cuda', 'fortran:cuda']}, 'x')))"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coevolve.config.records import Config
from corpora.dialects import Direction, parse_direction

AS_WRITTEN = (
    "ask about the text as it is written, although rules could write it as a small "
    "model reads it best (Fortran in C++; C++ for CUDA tidied)"
)
"""Help of an option of two commands."""


def has_outlined_ports(way: Direction) -> bool:
    """Return whether a port in the direction `way` can be put together from ports of loop nests. It
    can from serial code to CUDA or OpenMP in C++.
    """
    return (
        way.source.model == "serial"
        and way.target.model in ("cuda", "openmp")
        and way.target.language == "cpp"
    )


@dataclass(frozen=True, slots=True)
class DirectionCorpora:
    """One direction of a run with the corpora of its two sides.

    way: the direction.
    source, target: specs of the unpaired training corpora; an empty target means there is none.
    aligned: line i of source and target are the same program; used for evaluation only.
    evaluation: spec of the held-out corpus; '' holds out a part of `source`.
    references: spec of the translations of `evaluation`, in its order; '' for none.
    """

    way: Direction
    source: str
    target: str
    aligned: bool
    evaluation: str
    references: str


@dataclass(frozen=True, slots=True)
class ServedTranslator:
    """One Translator of a run.

    name: the name of its checkpoint folders.
    ways: the directions that it translates, in the configuration's order, as `cpp:cuda`.
    """

    name: str
    ways: tuple[str, ...]

    @property
    def label(self) -> str:
        """Return its name for people: `Translator`, with the direction where there are several."""
        return "Translator" if self.name == "translator" else f"Translator {self.ways[0]}"

    def serves(self, way: str) -> bool:
        """Return whether `way`, or its reverse, is one of its directions. Raises ValueError for an
        unknown direction.
        """
        return way in self.ways or str(parse_direction(way).reverse) in self.ways


def list_direction_corpora(config: Config) -> tuple[DirectionCorpora, ...]:
    """Return every direction of the run with its corpora, in the configuration's order. Raises
    ValueError for an unknown direction.
    """
    ways, corpus = config.directions, config.corpus

    def each(value: object) -> Sequence:
        return value if isinstance(value, tuple) else (value,) * len(ways)

    values = (corpus.source, corpus.target, corpus.aligned, corpus.evaluation, corpus.references)
    return tuple(
        DirectionCorpora(parse_direction(way), *row)
        for way, *row in zip(ways, *map(each, values), strict=True)
    )


def list_translators(config: Config) -> tuple[ServedTranslator, ...]:
    """Return the Translators of a run: one for all directions, or one each, as `round.translators`
    says. They are in the configuration's order.
    """
    if config.round.translators == "one" or len(config.directions) == 1:
        return (ServedTranslator("translator", config.directions),)
    return tuple(ServedTranslator(make_checkpoint_name(way), (way,)) for way in config.directions)


def make_checkpoint_name(way: str) -> str:
    """Return the name of the checkpoint folder of a Translator for one direction: `cpp:cuda` gives
    `translator-cpp-cuda`.
    """
    return f"translator-{way.replace(':', '-')}"


def find_translator(config: Config, way: str) -> ServedTranslator:
    """Return the Translator that is asked for the direction `way`: its own, else that of the
    reverse. Raises ValueError for an unknown direction, StopIteration if no Translator serves it.
    """
    known = list_translators(config)
    return next((s for s in known if way in s.ways), None) or next(
        s for s in known if s.serves(way)
    )


def find_checkpoints(config: Config, folder: Path) -> tuple[Path, ...]:
    """Return the Translators' checkpoint folders below `folder`, which is a round's or an
    export's.
    """
    return tuple(folder / served.name for served in list_translators(config))


def split_by_direction(config: Config, figures: dict) -> dict[str, dict]:
    """Return the figures of one evaluation, by direction. figures: the content of evaluation.json.
    In a run of one direction they are all that direction's.
    """
    return figures.get("directions") or {config.directions[0]: figures}


def find_taught_directions(config: Config, ways: Sequence[str]) -> list[Direction]:
    """Return the directions that generated programs teach a Translator beside its own, `ways`.
    These are the configured `cold_start.directions`. Without any, they are the reverse of each
    direction that has a real target corpus. Raises ValueError for an unknown direction.
    """
    named = [parse_direction(name) for name in config.cold_start.directions]
    reverse = [
        e.way.reverse
        for e in list_direction_corpora(config)
        if str(e.way) in ways and e.target and str(e.way.reverse) not in ways
    ]
    return named or reverse


def split_evenly(count: int, ways: Sequence[str]) -> list[tuple[Direction, int]]:
    """Split `count` into nearly equal parts, one per direction in `ways`, larger ones first.
    Returns (direction, part) in order. Raises ValueError for an unknown direction.
    """
    return [
        (parse_direction(way), count // len(ways) + (i < count % len(ways)))
        for i, way in enumerate(ways)
    ]


def compute_share(config: Config, ways: Sequence[str], count: int) -> int:
    """Return how many of `count` generated examples for all of the run's directions belong to
    `ways`. Raises ValueError for an unknown direction.
    """
    return sum(part for way, part in split_evenly(count, config.directions) if str(way) in ways)
