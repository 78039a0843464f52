"""Nests without pointers into rows: Fortran has no words for them, so that its translations have
none either.

Contract: `expand_views` rewrites a nest in place, where every view is declared once and never
moves; else it is left as it is.

    python -c "from corpora.generator.emit.fortran_views import expand_views; help(expand_views)"
"""

from __future__ import annotations

from corpora import ir
from corpora.generator.core import expressions as ast
from corpora.generator.core.heads_bounds import rebuilt
from corpora.generator.core.nest import Nest
from corpora.generator.core.shapes import walk_nest


def expand_views(nest: Nest) -> None:
    """Rewrite pointers into rows, `T *r = &a[k]; ... r[i]`, as `a[k + i]` throughout a nest, in
    place. The nest stays unchanged if such a pointer is declared twice or if it or its offset
    changes.
    """
    statements = list(walk_nest(nest))
    views = {s.name: ast.read_view(s) for s in statements if ast.is_view(s)}
    declared = [s.name for s in statements if ast.is_view(s)]
    moved = {s.target.id for s in statements if type(s) is ir.Assign and type(s.target) is ir.Name}
    changed = {
        n.id for _, offset in views.values() for n in ast.walk(offset) if type(n) is ir.Name
    } & moved
    if not views or len(set(declared)) < len(declared) or moved & views.keys() or changed:
        return
    for region in nest.regions:
        region.body = _rebuild(region.body, views)
    nest.before, nest.after = _rebuild(nest.before, views), _rebuild(nest.after, views)


def _rebuild(node: tuple, views: dict[str, tuple[str, ir.Expression]]) -> tuple:
    """The tree with elements of views replaced and their declarations left out."""

    def change(node):
        if type(node) is tuple:
            return tuple(part for part in node if not ast.is_view(part))
        if type(node) is ir.Access and node.base.id in views:
            (array, offset), (subscript,) = views[node.base.id], node.indices
            place = offset if subscript == ast.ZERO else ast.add(offset, subscript)
            return _rebuild(ast.at(array, (place,)), views)
        return node

    return rebuilt(node, change)
