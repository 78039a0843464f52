"""Endless loop nests: one computation in every dialect, equal by construction, with a suite that is valid for it.

Contract: item i of a seed and level is always the same, whatever `count` is. A dialect that cannot say the computation is
left out (`cpp` always exists, `openmp` wherever a loop is parallel). Sources: no function is taken from any corpus.

    python -c "from corpora.loopnests import generate; [print(c.suite_text, *[p.text for p in c.programs.values()], sep='\n') for c in generate(2, 7)]"
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from corpora.loopnests.emit_cpp import emit_cpp
from corpora.loopnests.emit_cuda import emit_cuda
from corpora.loopnests.emit_cuda_buffers import emit_cuda_buffers
from corpora.loopnests.emit_cuda_host import can_launch, emit_cuda_host
from corpora.loopnests.emit_fortran import emit_fortran
from corpora.loopnests.emit_openmp import emit_openmp
from corpora.loopnests.fortran_expressions import Inexpressible
from corpora.loopnests.nests import make
from corpora.loopnests.suites import suite_text
from corpora.records import Program

LEVELS = ("easy", "mixed", "broad")

__all__ = ["LEVELS", "Computation", "generate"]


@dataclass(frozen=True, slots=True)
class Computation:
    """programs: dialect name → program; suite_text: two to four tests in the text form, one a line."""

    programs: dict[str, Program]
    suite_text: str


def generate(count: int, seed: int, level: str = "mixed", start: int = 0, plain: bool = False) -> Iterator[Computation]:
    """Items `start` … `start + count - 1` of the stream named by (seed, level).

    level: `easy` (mostly one loop, one statement), `mixed` (half of it short) or `broad` (and what one thread has to do, and more
    ways to write what many do). Raises ValueError for another level.
    plain: C-like texts in one style, for translations from Fortran, which tells nothing of braces and increments.
    """
    if level not in LEVELS:
        raise ValueError(f"unknown level '{level}' (known: {', '.join(LEVELS)})")
    for index in range(start, start + count):
        yield _computation(seed, level, index, plain)


def _computation(seed: int, level: str, index: int, plain: bool) -> Computation:
    rng = random.Random(f"{seed}/{level}/{index}")
    nest, style = make(rng, level, plain)
    serial, kernel = style.names
    texts = {"cpp": (serial, emit_cpp(nest, style))}
    if nest.buffers:
        texts["cuda"] = (kernel, emit_cuda_buffers(nest, style))
    elif can_launch(nest):
        texts["cuda"] = (kernel, emit_cuda_host(nest, style))
    elif nest.kernel and not nest.result:
        texts["cuda"] = (kernel, emit_cuda(nest, style))
    if not nest.sequential:
        texts["openmp"] = (serial, emit_openmp(nest, style))
    try:
        texts["fortran"] = (serial, emit_fortran(nest, style, parallel=False))
        if not nest.sequential:
            texts["openmp-fortran"] = (serial, emit_fortran(nest, style, parallel=True))
    except Inexpressible:
        pass
    origin = f"loopnests:{level}/{seed}/{index}"
    programs = {dialect: Program(dialect, name, text, origin) for dialect, (name, text) in texts.items()}
    return Computation(programs, suite_text(nest, rng))
