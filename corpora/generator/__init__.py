"""Endless loop nests: one computation in every dialect, equal by construction, with a suite that is
valid for it.

Contract: item i of a seed and level is always the same, whatever `count` is. A dialect that cannot
say the computation is left out (`cpp` always exists, `openmp` wherever a loop is parallel).
Sources: no function is taken from any corpus.

    python -c "from corpora.generator import generate; \\
        [print(c.suite_text, *[p.text for p in c.programs.values()], sep='\n') for c in \\
        generate(2, 7)]"
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from corpora.generator.core.nest import Nest, Style
from corpora.generator.core.structures import group_parameters
from corpora.generator.core.suites import format_suite
from corpora.generator.emit.cpp import emit_cpp
from corpora.generator.emit.cuda import emit_cuda
from corpora.generator.emit.cuda_buffers import emit_cuda_buffers
from corpora.generator.emit.cuda_host import can_launch, emit_cuda_host
from corpora.generator.emit.fortran import emit_fortran
from corpora.generator.emit.fortran_expressions import InexpressibleError
from corpora.generator.emit.openmp import emit_openmp
from corpora.generator.emit.structures import (
    convert_vectors_to_pointers,
    emit_definitions,
    prepare_for_kernel,
)
from corpora.generator.nests import draw_nest
from corpora.records import Program

LEVELS = ("easy", "mixed", "broad")

__all__ = ["LEVELS", "Computation", "generate"]


@dataclass(frozen=True, slots=True)
class Computation:
    """One generated computation in all dialects that can express it.

    programs: each by the name of its dialect, such as `cpp`, which is always there. suite_text: two
        to four tests in text form, one per line.
    told: whether a kernel's parameters show how the serial function takes its own. It is False
        where the serial function has references or vectors, since a kernel has neither.
    """

    programs: dict[str, Program]
    suite_text: str
    told: bool = True


def generate(
    count: int,
    seed: int,
    level: str = "mixed",
    start: int = 0,
    plain: bool = False,
    structures: float = 0.0,
) -> Iterator[Computation]:
    """Yield the computations `start` to `start + count - 1` of the stream (seed, level), in order.
    One computation is always the same, whatever `start` and `count` are.

    level: `easy` (mostly one loop, one statement), `mixed` (half of them short) or `broad` (also
        loops that one thread must run).
    plain: C-like texts in one style, for translations from Fortran.
    structures: share, in [0, 1], of computations whose parameters become structures or vectors
        where possible. These have no Fortran text.
    Raises ValueError for another level.
    """
    if level not in LEVELS:
        raise ValueError(f"unknown level '{level}' (known: {', '.join(LEVELS)})")
    for index in range(start, start + count):
        yield _computation(seed, level, index, plain, structures)


def _computation(seed: int, level: str, index: int, plain: bool, structures: float) -> Computation:
    rng = random.Random(f"{seed}/{level}/{index}")
    nest, style = draw_nest(rng, level, plain)
    if (
        structures
        and (drawn := random.Random(f"{seed}/{level}/{index}/structures")).random() < structures
    ):
        group_parameters(nest, style, drawn)
    serial, kernel = style.names
    before, on_device = emit_definitions(nest), convert_vectors_to_pointers(nest)
    texts = {"cpp": (serial, before + emit_cpp(nest, style))}
    if (cuda := _cuda(on_device, style)) is not None:
        texts["cuda"] = (kernel, emit_definitions(nest, cuda=True) + cuda)
    if not nest.sequential:
        texts["openmp"] = (serial, before + emit_openmp(nest, style))
    try:
        if not (nest.structures or nest.vectors):
            texts["fortran"] = (serial, emit_fortran(nest, style, parallel=False))
            if not nest.sequential:
                texts["openmp-fortran"] = (serial, emit_fortran(nest, style, parallel=True))
    except InexpressibleError:
        pass
    origin = f"loopnests:{level}/{seed}/{index}"
    programs = {
        dialect: Program(dialect, name, text, origin) for dialect, (name, text) in texts.items()
    }
    return Computation(
        programs, format_suite(nest, rng), prepare_for_kernel(nest) is nest and not nest.vectors
    )


def _cuda(nest: Nest, style: Style) -> str | None:
    if nest.buffers:
        return emit_cuda_buffers(nest, style)
    if can_launch(nest):
        return emit_cuda_host(nest, style)
    return emit_cuda(nest, style) if nest.kernel and not nest.result else None
