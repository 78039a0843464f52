"""One family of the generator at a time, for its tests."""

import random

import pytest

from corpora.generator import Computation, generate, nests
from corpora.generator.core.builder import Builder
from corpora.generator.core.nest import Nest


def items_of(
    monkeypatch: pytest.MonkeyPatch, families: list, count: int, seed: int
) -> list[Computation]:
    """Items of `broad` as if it had these families alone."""
    monkeypatch.setitem(nests.LEVEL_MENUS, "broad", (families, [1] * len(families)))
    return list(generate(count, seed, "broad"))


def nest_of(family, seed: int) -> Nest:
    """What a family draws, before it is finished."""
    b = Builder(
        random.Random(seed), random.Random(seed + 1).choice(("f32", "f64", "i32")), suffix=False
    )
    nest = family(b)
    nest.parameters, nest.types = b.parameters, b.types
    return nest
