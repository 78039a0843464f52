"""Nests without pointers into rows: Fortran has no words for them, so that its translations have
none either.

Contract: `expand_views` rewrites a nest in place, where every view is declared once and never
moves; else it is left as it is.

    python -c "from corpora.generator.emit.fortran_views import expand_views; help(expand_views)"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast
from corpora.generator.core.nest import Nest
from corpora.generator.emit.fortran_names import walk_all_statements


def expand_views(nest: Nest) -> None:
    """Rewrite `T *r = &a[k]; ... r[i]` as `a[k + i]` throughout a nest, in place. The nest stays
    unchanged if a view is declared twice or moves.
    """
    statements = list(walk_all_statements(nest))
    views = {s.name: s for s in statements if type(s) is ast.DeclarePointer}
    declared = [s.name for s in statements if type(s) is ast.DeclarePointer]
    moved = {
        s.target.id for s in statements if type(s) is ast.Assign and type(s.target) is ast.Name
    }
    changed = {
        n.id for v in views.values() for n in ast.walk(v.offset) if type(n) is ast.Name
    } & moved
    if not views or len(set(declared)) < len(declared) or moved & views.keys() or changed:
        return
    for region in nest.regions:
        region.body = _rebuild(region.body, views)
    nest.before, nest.after = _rebuild(nest.before, views), _rebuild(nest.after, views)


def _rebuild(node: tuple, views: dict[str, ast.DeclarePointer]) -> tuple:
    """The tree with elements of views replaced and their declarations left out."""
    if type(node) is ast.At and node.array in views:
        view, (subscript,) = views[node.array], node.subscripts
        place = (
            view.offset
            if subscript == ast.ZERO
            else ast.add(view.offset, _rebuild(subscript, views))
        )
        return _rebuild(ast.At(view.array, (place,)), views)
    parts = [
        _rebuild(p, views) if isinstance(p, tuple) else p
        for p in node
        if type(p) is not ast.DeclarePointer
    ]
    return tuple(parts) if type(node) is tuple else type(node)(*parts)
