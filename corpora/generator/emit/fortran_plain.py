"""How a computation is made ready for translations from Fortran: what its C texts look like follows
from its Fortran text.

Contract: `normalize_for_fortran(nest, style, b)` changes both in place, once everything else is
decided; programs stay equal.

    python -c "from corpora.generator import generate; \\
        [print(*(p.text for p in c.programs.values())) for c in generate(3, 8, 'broad', \\
        plain=True)]"
"""

from __future__ import annotations

from corpora import ir
from corpora.generator.core import expressions as ast
from corpora.generator.core.builder import Builder
from corpora.generator.core.nest import Nest, Style
from corpora.generator.core.shapes import walk_nest, walk_nodes
from corpora.generator.emit.fortran_counts import drop_constants, shift_to_one_based
from corpora.generator.emit.fortran_forms import draw_dated_form
from corpora.generator.emit.fortran_views import expand_views


def normalize_for_fortran(nest: Nest, style: Style, b: Builder) -> None:
    """Change a nest and its style in place so that its C texts follow from its Fortran text: no
    pointers into rows, and mostly loops that count from one. All its texts still compute the same.
    b: the nest's builder, which draws.
    """
    expand_views(nest)
    style.one_based, style.fortran = True, draw_dated_form(style.fortran, b.rng)
    style.const_arrays = style.fortran.intents
    if b.chance(0.8):
        style.cells = _cells(nest)
    if style.fortran.zero:
        drop_constants(nest)
    else:
        style.from_zero = _from_zero(nest, b) - style.cells
        shift_to_one_based(nest, b, style.from_zero)
    if b.chance(0.5):
        _reorder_sizes(nest)


def _from_zero(nest: Nest, b: Builder) -> frozenset[str]:
    """Arrays that begin at 0: many of those with an extent of one or two more than a size, few
    others.
    """
    few = 0.5 if b.chance(0.1) else 0.0
    arrays = [p for p in nest.parameters if p.kind == "array"]
    more = {
        p.name: any(type(e) is ir.Binary and e.op == "+" for e in p.extents)
        and p.type in ("f32", "f64")
        for p in arrays
    }
    return frozenset(p.name for p in arrays if b.chance(0.65 if more[p.name] else few))


def _cells(nest: Nest) -> frozenset[str]:
    """Written arrays of one element: scalars that a procedure gives back."""
    ones = {p.name: p for p in nest.parameters if p.kind == "array" and p.written}
    ones = {word: p for word, p in ones.items() if p.extents == (ast.ONE,)}
    for node in walk_nodes(walk_nest(nest)):
        if type(node) is ir.Access and node.indices != (ast.ZERO,):
            ones.pop(node.base.id, None)
    for word, parameter in ones.items():
        parameter.overwritten = _set_first(nest, ast.at(word, (ast.ZERO,)))
    return frozenset(ones)


def _set_first(nest: Nest, place: ir.Access) -> bool:
    """Whether the place is set, whatever happens, before anything reads it."""
    begin = (*nest.before, *nest.first, *(nest.regions[0].body if nest.sequential else ()))
    for statement in begin:
        if type(statement) is ir.Assign and statement.target == place and statement.op == "=":
            return place not in ast.walk(statement.value)
        inside = list(ast.walk_statements((statement,)))
        if place in walk_nodes(inside) or any(type(s) is ir.Return for s in inside):
            return False
    return False


def _reorder_sizes(nest: Nest) -> None:
    """The sizes of one array from the fastest on, as Fortran declares them (`nx, ny`), among the
    places that they have.
    """
    extents = [p.extents for p in nest.parameters if len(p.extents) > 1]
    if not extents:
        return
    order = [e.id for e in reversed(max(extents, key=len)) if type(e) is ir.Name]
    places = [k for k, p in enumerate(nest.parameters) if p.name in order]
    named = {p.name: p for p in nest.parameters}
    wanted = [named[word] for word in dict.fromkeys(order) if word in named]
    for place, parameter in zip(places, wanted):
        nest.parameters[place] = parameter
