"""What models are taught from the generator: computations for every direction of a run, less those
that are like an evaluation item.

Contract: the same configuration, stream and count give the same computations. What leaks is left
out, never an error.

    python -c "from coevolve.config.schema import Config; \\
        from coevolve.loop.generated import generate_computations; \
print([c.programs['cuda'].name for _, c in generate_computations(Config(), 3, 0, ['cpp:cuda'])])"
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from coevolve.config.schema import Config
from coevolve.loop.checkpoints import choose_seed
from coevolve.loop.directions import find_taught_directions, split_evenly
from corpora.dialects import Direction, parse_direction
from corpora.generator import Computation, generate
from corpora.records import Program
from corpora.splits import EvaluationGuard

COLD_STREAM, REPLAY_STREAM, CONTROL_STREAM = 0, 1000, 2000
"""Which part of the generator's stream: replayed items are never those of the cold start, nor a
control's lessons replayed.
"""


def generate_computations(
    config: Config,
    count: int,
    stream: int | str,
    directions: Sequence[str],
    structures: float = 0.0,
) -> Iterator[tuple[Direction, Computation]]:
    """Yield pairs (direction, computation), in equal shares for `directions` and in their order:
    `count` of them, or fewer where too few fit a direction. A computation is one generated program,
    written in several dialects; each exists in both dialects of its direction.

    stream: selects the random stream, together with the configured seed. directions: such as
        `cpp:cuda`. structures: the share, in [0, 1], of C-like computations that get structures or
        vectors as parameters, where they can.
    Raises ValueError for an unknown direction.
    """
    for direction, share in split_evenly(count, directions):
        plain = (
            direction.source.language == "fortran"
        )  # Fortran tells nothing of C's styles, so its translations have one
        salt = (str(direction),) if len(config.directions) > 1 else ()
        dressed = structures if direction.target.language == "cpp" and not plain else 0.0
        endless = generate(
            max(1, 20 * share),
            choose_seed(config, "generated", stream, *salt),
            config.cold_start.level,
            plain=plain,
            structures=dressed,
        )
        fitting = ((direction, c) for c in endless if _exists(c, direction))
        yield from islice(fitting, share)


def _exists(computation: Computation, direction: Direction) -> bool:
    """Whether it is there in both dialects, and the source tells how the target takes its
    parameters.
    """
    told = computation.told or direction.source.model != "cuda" or direction.target.model == "cuda"
    return (
        told
        and direction.source.name in computation.programs
        and direction.target.name in computation.programs
    )


def generate_pairs(
    config: Config, count: int, stream: int, guard: EvaluationGuard, directions: Sequence[str]
) -> list[tuple[Program, Program]]:
    """Return (source, target) pairs of `count` generated computations, and of further directions
    taught besides.

    directions: those of the `count` computations, such as `cpp:cuda`. stream: selects the random
        stream. guard: pairs like an evaluation item are left out. The further directions and their
        share are `cold_start.directions` and `cold_start.beside`.
    """
    others = find_taught_directions(config, directions)
    own = list(
        generate_computations(config, count, stream, directions, config.cold_start.structures)
    )
    beside = round(count * config.cold_start.beside) if others else 0
    # Fortran tells nothing of C's styles: what is taught from it beside comes from computations of
    # its own, in one style.
    plain = [
        str(other)
        for other in others
        if other.source.language == "fortran" and str(other) not in directions
    ]
    made = own + list(
        generate_computations(config, beside * len(plain) // len(others), f"{stream} plain", plain)
        if plain
        else ()
    )
    names = {
        side.name
        for direction in (*map(parse_direction, directions), *others)
        for side in (direction.source, direction.target)
    }
    leaking = set()
    for name in sorted(names):
        there = [i for i, (_, c) in enumerate(made) if name in c.programs]
        leaking |= {
            there[leak.item] for leak in guard.leaks([made[i][1].programs[name] for i in there])
        }
    kept = [(direction, c.programs) for i, (direction, c) in enumerate(made) if i not in leaking]
    pairs = [
        (programs[direction.source.name], programs[direction.target.name])
        for direction, programs in kept
    ]
    again = [c for i, (_, c) in enumerate(own) if i not in leaking]
    others = [other for other in others if str(other) not in plain]
    pairs += _make_other_direction_pairs(again, others, beside - (len(made) - len(own)))
    return pairs


def _make_other_direction_pairs(
    made: Sequence[Computation], others: Sequence[Direction], count: int
) -> list[tuple[Program, Program]]:
    """Pairs in the other directions, in turn, from `count` of these computations; one that lacks a
    dialect gives none.
    """
    pairs = []
    for number in range(min(count, len(made)) if others else 0):
        other, again = (
            others[number % len(others)],
            made[number * len(made) // min(count, len(made))],
        )
        if _exists(again, other):
            pairs.append((again.programs[other.source.name], again.programs[other.target.name]))
    return pairs
