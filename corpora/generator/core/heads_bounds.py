"""Rewriting of finished nests, and other spellings of the bounds of their parallel loops.

Contract: what is computed stays inside the arrays, but may be done for fewer iterations (`i < n /
2`).

    python -c "from corpora.generator import generate; \\
        print(next(c for c in generate(900, 3, 'broad') if '/ sizeof' in str(c)))"
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from corpora import ir
from corpora.generator.core import expressions as ast
from corpora.generator.core.builder import Builder
from corpora.generator.core.nest import Axis, Nest


def rebuilt(node, change: Callable, skipped: type | None = None):
    """Return a tree of expressions and statements, or a tuple of trees, with `change` applied to
    every node and tuple of nodes, inner ones first. `node` itself is unchanged.

    change(node): returns the node or tuple that replaces it, or the same one. skipped: nodes of
    this class stay as they are, with all below; None: none are skipped.
    """
    if type(node) is skipped:
        return node
    if type(node) is tuple:
        parts = tuple(rebuilt(part, change, skipped) for part in node)
        return change(node if all(a is b for a, b in zip(parts, node)) else parts)
    if ast.is_count(node):
        count = ast.read_count(node)
        parts = (count.start, count.stop, count.body, count.also, count.starts)
        start, stop, body, also, starts = (rebuilt(part, change, skipped) for part in parts)
        made = replace(count, start=start, stop=stop, body=body, also=also, starts=starts)
        return change(made.node)
    changed = {}
    for name in ast.PARTS.get(type(node), ()):
        part = getattr(node, name)
        new = part if part is None else rebuilt(part, change, skipped)
        if new is not part:
            changed[name] = new
    return change(replace(node, **changed) if changed else node)


def rewrite(nest: Nest, change: Callable[[tuple], tuple], before: bool = True) -> None:
    """Apply `change` to every node of expressions and statements in the nest's bodies and bounds,
    in place.

    change(node): gets a node or tuple of nodes whose parts are changed already; returns what
    replaces it, or the same. before: also change the statements before the loops.
    """
    for region in nest.regions:
        region.body = rebuilt(region.body, change)
        for axis in region.axes:
            axis.start, axis.stop = rebuilt(axis.start, change), rebuilt(axis.stop, change)
            axis.shown = rebuilt(axis.shown, change) if axis.shown is not None else None
    nest.first = rebuilt(nest.first, change)
    if before:
        nest.before = rebuilt(nest.before, change)


def nodes_of(nest: Nest) -> list[tuple]:
    """Return every node of expressions and statements, and every tuple of nodes, inside the nest's
    regions, inner ones first. A node that occurs at several places is listed for each.
    """
    found: list[tuple] = []

    def note(node: tuple) -> tuple:
        found.append(node)
        return node

    for region in nest.regions:
        rebuilt(region.body, note)
    return found


def nest_locals(nest: Nest) -> set[tuple]:
    """Return the names of the variables that are declared before the loops, as Name nodes."""
    return {ir.Name(s.name) for s in nest.before if ast.is_local(s)}


def rewrite_bounds(nest: Nest, b: Builder) -> None:
    """Rewrite upper bounds of the nest's parallel loops in other forms, in place: `i < 16 * 16`, `i
    <= n - 1`, `i < (int)n`. Some leave iterations out: `i < n / 2`, `i + 1 < n`.

    b: the nest's builder; it draws which forms.
    """
    for axis in nest.regions[0].axes:
        if nest.index_type == "i32" and _is_plain(axis):
            _respell(nest, b, axis)


def _is_plain(axis: Axis) -> bool:
    """Counts up from 0 in steps of one, and every text shows that."""
    unusual = axis.down or axis.inclusive or axis.shown is not None
    return axis.start == ast.ZERO and axis.step == 1 and not unusual


def _respell(nest: Nest, b: Builder, axis: Axis) -> None:
    stop, draw = axis.stop, b.rng.random()
    if type(stop) is ir.Literal:
        number = int(stop.text)
        sides = [d for d in range(2, number) if number % d == 0]
        if sides:
            side = b.pick(tuple(sides))
            axis.stop = ast.mul(side, number // side)
        return
    if type(stop) is not ir.Name or stop in nest_locals(nest):
        return
    kind = b.types[stop.id]
    if kind != "i32" or draw < 0.2:
        axis.stop = ast.cast("i32", stop)
    elif draw < 0.4 and len(nest.regions[0].axes) == 1:
        axis.stop, axis.inclusive = ast.sub(stop, 1), True
    elif draw < 0.55 and _largest(nest, stop) > 5:
        axis.stop = ir.Binary("/", stop, ast.integer(b.pick((2, 2, 2, 3))))
    elif draw < 0.65 and _largest(nest, stop) > 11:
        size = b.pick(("sizeof(int)", "sizeof(float)", "sizeof(double)"))
        axis.stop, nest.c_only = ir.Binary("/", stop, ir.Literal(size, "i32")), True
    elif draw < 0.8:
        axis.stop = ast.sub(stop, 1)
        axis.shown = ast.compare(ast.add(ir.Name(axis.variable), 1), "<", stop)
    else:
        axis.stop = ast.paren(ast.sub(stop, b.pick((1, 1, 1, 2))))


def _largest(nest: Nest, size: ir.Name) -> int:
    """The largest value that tests give to a size, so that a part of it is still work."""
    return next((max(p.values) for p in nest.parameters if p.name == size.id and p.values), 0)


def count_from_one(nest: Nest, b: Builder) -> None:
    """Make parallel loops of the nest count from 1, in place: `for (i = 1; i < n + 1; i++) ... a[i
    - 1]`. Loops of another form stay as they are.

    b: the nest's builder; it draws which loops.
    """
    axes = nest.regions[0].axes
    if len(nest.regions) > 1 or nest.index_type != "i32" or nest.first:
        return
    nodes = nodes_of(nest)
    for axis in axes if b.chance(0.6) else axes[:1]:
        word = ir.Name(axis.variable)
        summed = any(
            type(n) is ir.Binary
            and n.op in "+-"
            and word in (n.left, n.right)
            and ir.Literal in (type(n.left), type(n.right))
            for n in nodes
        )
        whole = type(axis.stop) is ir.Name and b.types[axis.stop.id] == "i32"
        if summed or not whole or not _is_plain(axis):
            continue
        change = partial(exchange, word, ast.sub(word, 1))
        nest.regions[0].body = rebuilt(nest.regions[0].body, change)
        axis.start = ast.ONE
        axis.inclusive = len(axes) == 1 and b.chance(0.4)
        axis.stop = axis.stop if axis.inclusive else ast.add(axis.stop, 1)


def exchange(old: ir.Node, new: ir.Node, node: ir.Node) -> ir.Node:
    """Return `new` if `node` is equal to `old`, else `node`."""
    return new if node == old else node
