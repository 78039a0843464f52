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
    """Whether a port in `way` can be joined from ports of loop nests (coevolve.port.by_parts)."""
    return (
        way.source.model == "serial"
        and way.target.model in ("cuda", "openmp")
        and way.target.language == "cpp"
    )


@dataclass(frozen=True, slots=True)
class DirectionCorpora:
    """One entry of `direction` with the corpora of its two sides (see config.CorpusConfig)."""

    way: Direction
    source: str
    target: str
    aligned: bool
    evaluation: str
    references: str


@dataclass(frozen=True, slots=True)
class ServedTranslator:
    """One Translator of a run. name: of its checkpoint folders. ways: what it translates, of the
    configuration's order.
    """

    name: str
    ways: tuple[str, ...]

    @property
    def label(self) -> str:
        """For people: which Translator it is, where there are several."""
        return "Translator" if self.name == "translator" else f"Translator {self.ways[0]}"

    def serves(self, way: str) -> bool:
        """Whether `way` or its reverse is one of its directions; it learns from pairs of both."""
        return way in self.ways or str(parse_direction(way).reverse) in self.ways


def list_direction_corpora(config: Config) -> tuple[DirectionCorpora, ...]:
    """Every direction with its corpora, in the configuration's order."""
    ways, corpus = config.directions, config.corpus

    def each(value: object) -> Sequence:
        return value if isinstance(value, tuple) else (value,) * len(ways)

    values = (corpus.source, corpus.target, corpus.aligned, corpus.evaluation, corpus.references)
    return tuple(
        DirectionCorpora(parse_direction(way), *row)
        for way, *row in zip(ways, *map(each, values), strict=True)
    )


def list_translators(config: Config) -> tuple[ServedTranslator, ...]:
    """The Translators of a run (round.translators), in the configuration's order."""
    if config.round.translators == "one" or len(config.directions) == 1:
        return (ServedTranslator("translator", config.directions),)
    return tuple(ServedTranslator(make_checkpoint_name(way), (way,)) for way in config.directions)


def make_checkpoint_name(way: str) -> str:
    """Of the checkpoint folders of a Translator that serves one of several directions."""
    return f"translator-{way.replace(':', '-')}"


def find_translator(config: Config, way: str) -> ServedTranslator:
    """The Translator that is asked for `way`: its own, or that of its reverse."""
    known = list_translators(config)
    return next((s for s in known if way in s.ways), None) or next(
        s for s in known if s.serves(way)
    )


def find_checkpoints(config: Config, folder: Path) -> tuple[Path, ...]:
    """The Translators' checkpoint folders below `folder`, that of a round (or an export)."""
    return tuple(folder / served.name for served in list_translators(config))


def split_by_direction(config: Config, figures: dict) -> dict[str, dict]:
    """Figures of one evaluation (evaluation.json) for each direction of a run; those of a run in
    one direction are its own.
    """
    return figures.get("directions") or {config.directions[0]: figures}


def find_taught_directions(config: Config, ways: Sequence[str]) -> list[Direction]:
    """What beside `ways` a Translator is taught by generated programs: what the configuration
    names, else the reverse of each direction that has a real corpus of the other side.
    """
    named = [parse_direction(name) for name in config.cold_start.directions]
    reverse = [
        e.way.reverse
        for e in list_direction_corpora(config)
        if str(e.way) in ways and e.target and str(e.way.reverse) not in ways
    ]
    return named or reverse


def split_evenly(count: int, ways: Sequence[str]) -> list[tuple[Direction, int]]:
    """`count` in nearly equal parts, the first ones the larger."""
    return [
        (parse_direction(way), count // len(ways) + (i < count % len(ways)))
        for i, way in enumerate(ways)
    ]


def compute_share(config: Config, ways: Sequence[str], count: int) -> int:
    """How many of `count` generated examples, which are for all directions, are for `ways`."""
    return sum(part for way, part in split_evenly(count, config.directions) if str(way) in ways)
