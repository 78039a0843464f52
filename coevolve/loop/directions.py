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


def has_outlined_ports(direction: Direction) -> bool:
    """Return whether a port in `direction` can be put together from ports of loop nests. That is so
    from serial code to CUDA or to OpenMP in C++.
    """
    return (
        direction.source.model == "serial"
        and direction.target.model in ("cuda", "openmp")
        and direction.target.language == "cpp"
    )


@dataclass(frozen=True, slots=True)
class DirectionCorpora:
    """One direction of a run with the corpora of its two sides.

    direction: from and to which dialect.
    source, target: specs of the unpaired training corpora; an empty target means there is none.
    aligned: line i of source and target are the same program; used for evaluation only.
    evaluation: spec of the held-out corpus; '' holds out a part of `source`.
    references: spec of the translations of `evaluation`, in its order; '' for none.
    """

    direction: Direction
    source: str
    target: str
    aligned: bool
    evaluation: str
    references: str


@dataclass(frozen=True, slots=True)
class ServedTranslator:
    """One Translator of a run.

    name: the name of its checkpoint folders.
    directions: the directions that it translates, in the configuration's order, as `cpp:cuda`.
    """

    name: str
    directions: tuple[str, ...]

    @property
    def label(self) -> str:
        """Return the Translator's name for people: `Translator`, with the direction where there are
        several.
        """
        return "Translator" if self.name == "translator" else f"Translator {self.directions[0]}"

    def serves(self, direction: str) -> bool:
        """Return whether this Translator was taught `direction` (`cpp:cuda`) or its reverse.

        Raises ValueError for an unknown direction.
        """
        return (
            direction in self.directions
            or str(parse_direction(direction).reverse) in self.directions
        )


def list_direction_corpora(config: Config) -> tuple[DirectionCorpora, ...]:
    """Return every direction of the run with its corpora, in the configuration's order. Raises
    ValueError for an unknown direction.
    """
    directions, corpus = config.directions, config.corpus

    def each(value: object) -> Sequence:
        return value if isinstance(value, tuple) else (value,) * len(directions)

    values = (corpus.source, corpus.target, corpus.aligned, corpus.evaluation, corpus.references)
    return tuple(
        DirectionCorpora(parse_direction(direction), *row)
        for direction, *row in zip(directions, *map(each, values), strict=True)
    )


def list_translators(config: Config) -> tuple[ServedTranslator, ...]:
    """Return the Translators of a run: one for all directions, or one each, as `round.translators`
    says. The order is the configuration's.
    """
    if config.round.translators == "one" or len(config.directions) == 1:
        return (ServedTranslator("translator", config.directions),)
    return tuple(
        ServedTranslator(make_checkpoint_name(direction), (direction,))
        for direction in config.directions
    )


def make_checkpoint_name(direction: str) -> str:
    """Return the name of the checkpoint folder of a Translator for one direction: `cpp:cuda` gives
    `translator-cpp-cuda`.
    """
    return f"translator-{direction.replace(':', '-')}"


def find_translator(config: Config, direction: str) -> ServedTranslator:
    """Return the Translator that serves `direction`: the one that was made for it, else the one for
    the reverse direction.

    Raises ValueError for an unknown direction, StopIteration if no Translator serves it.
    """
    known = list_translators(config)
    return next((s for s in known if direction in s.directions), None) or next(
        s for s in known if s.serves(direction)
    )


def find_checkpoints(config: Config, folder: Path) -> tuple[Path, ...]:
    """Return the Translators' checkpoint folders below `folder`, which is a round's or an
    export's.
    """
    return tuple(folder / served.name for served in list_translators(config))


def has_checkpoints(config: Config, folder: Path) -> bool:
    """Return whether every Translator and the Tester have their checkpoint folders below `folder`,
    which is a round's.
    """
    return all(path.exists() for path in (*find_checkpoints(config, folder), folder / "tester"))


def split_by_direction(config: Config, figures: dict) -> dict[str, dict]:
    """Return the metrics of one evaluation, by direction. figures: the content of evaluation.json.
    In a run of one direction all metrics belong to it.
    """
    return figures.get("directions") or {config.directions[0]: figures}


def find_taught_directions(config: Config, directions: Sequence[str]) -> list[Direction]:
    """Return the directions that generated programs teach a Translator besides `directions`, the
    directions that it serves.

    The result is the configured `cold_start.directions` or, if that is empty, the reverse of each
    direction that has a real target corpus. Raises ValueError for an unknown direction.
    """
    named = [parse_direction(name) for name in config.cold_start.directions]
    reverse = [
        e.direction.reverse
        for e in list_direction_corpora(config)
        if str(e.direction) in directions
        and e.target
        and str(e.direction.reverse) not in directions
    ]
    return named or reverse


def split_evenly(count: int, directions: Sequence[str]) -> list[tuple[Direction, int]]:
    """Split `count` into nearly equal parts, one per direction in `directions`, larger ones first.
    Returns (direction, part) in order. Raises ValueError for an unknown direction.
    """
    return [
        (parse_direction(direction), count // len(directions) + (i < count % len(directions)))
        for i, direction in enumerate(directions)
    ]


def compute_share(config: Config, directions: Sequence[str], count: int) -> int:
    """Return how many of `count` generated examples for all of the run's directions belong to
    `directions`. Raises ValueError for an unknown direction.
    """
    return sum(
        part
        for direction, part in split_evenly(count, config.directions)
        if str(direction) in directions
    )
