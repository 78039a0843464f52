"""How a computation is made ready for translations from Fortran: what its C texts look like follows from its Fortran text.

Contract: `as_fortran_tells(nest, style, b)` changes both in place, once everything else is decided; programs stay equal.

    python -c "from corpora.loopnests import generate; [print(*(p.text for p in c.programs.values())) for c in generate(3, 8, 'broad', plain=True)]"
"""

from __future__ import annotations

from corpora.loopnests import expressions as ast
from corpora.loopnests.builder import Builder
from corpora.loopnests.fortran_counts import count_from_one, without_constants
from corpora.loopnests.fortran_views import without_views
from corpora.loopnests.nest import Nest, Style


def as_fortran_tells(nest: Nest, style: Style, b: Builder) -> None:
    """Positions count as Fortran's; `const` stands where an intent says it; sizes stand in either order."""
    without_views(nest)
    style.one_based = True
    style.const_arrays = style.fortran.intents
    if style.fortran.zero:
        without_constants(nest)
    else:
        count_from_one(nest, b)
    if b.chance(0.5):
        _sizes_turned(nest)


def _sizes_turned(nest: Nest) -> None:
    """The sizes of one array from the fastest on, as Fortran declares them (`nx, ny`), among the places that they have."""
    extents = [p.extents for p in nest.parameters if len(p.extents) > 1]
    if not extents:
        return
    order = [e.id for e in reversed(max(extents, key=len)) if type(e) is ast.Name]
    places = [k for k, p in enumerate(nest.parameters) if p.name in order]
    named = {p.name: p for p in nest.parameters}
    wanted = [named[word] for word in dict.fromkeys(order) if word in named]
    for place, parameter in zip(places, wanted):
        nest.parameters[place] = parameter
