"""What real functions hold before and around their parallel loops: constants, aliases of sizes,
bounds in locals, unusual spellings.

Contract: `vary_heads` rewrites a finished nest in place and keeps what it computes; what it changes
shows in the serial text, and a kernel follows from that: what stands before the loops stands before
the index lines, what stands inside stays inside.

    python -c "from corpora.generator import generate; \\
        print(next(c for c in generate(60, 3, 'broad') if '  const ' in c.programs['cpp'].text))"
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

from corpora import ir
from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import Builder
from corpora.generator.core.heads_bounds import (
    count_from_one,
    exchange,
    nest_locals,
    rebuilt,
    rewrite,
    rewrite_bounds,
)
from corpora.generator.core.nest import Nest
from corpora.generator.core.shapes import make_flat_index, walk_bodies, walk_nodes

_REALS = tuple(
    "cutoff eps tol fac w0 damping thresh scale0 ratio0 delta_t dt0 step_v gain0 half "
    "coef0 c_0 limit_v kappa PI_F mu0 low0".split()
)
_WHOLES = tuple(
    "K ksize nch dim_c size_k R block_n width_k stride0 nvals num_c STEPS len_k cnt0 D".split()
)
_ALIASES = tuple(
    "c size num nn len_n total_n dim0 w0 h0 sz count_n limit last bound_n width0 N0 M0 S w "
    "h nx0 ny0 cols0 rows0".split()
)
_BOUNDS = tuple(
    tuple(words.split())
    for words in (
        "new_H new_W new_D", "endY endX endZ", "nRows nCols nPlanes", "outH outW outD",
        "h_out w_out d_out0", "limit_i limit_j limit_k", "total_h total_w total_d",
        "last_y last_x last_z", "ny_in nx_in nz_in", "H2 W2 D2",
    )
)  # fmt: skip
_STEMS = tuple(
    tuple(words.split())
    for words in ("x y z", "row col dep", "i j k", "Row Column Plane", "r c d", "X Y Z", "a b c",
                  "1 2 3")
)  # fmt: skip
_FRAMES = tuple(
    "{}c {}Cuda each{} {}Idx {}_id {}Pos {}_i {}0 t{} {}Index idx_{} cur_{} g{} pos_{} my_{} i{} "
    "idx{} {}_idx {}{} global_{} id_{} {}_ thread_{} n{}".split()
)
_NEAR = tuple("{}_idx idx_{} {}{} idx ind id index {}_pos i{} index_{} {}n linear {}_k".split())
_NUMBER = re.compile(r"[0-9]*\.?[0-9]*(e-?[0-9]+)?f?")
_TAKEN = frozenset(("if", "do", "int", "or", "asm", "id_t", "idim", "nint", "tan"))
_WIDE = ("i64", "i64", "u64", "u32")


def vary_heads(nest: Nest, b: Builder, plain: bool = False) -> None:
    """Vary what a nest does before its loops and how its loop heads are written, at random and in
    place.

    b: the nest's builder; it draws the changes, and new names are added to it. plain: make only
        changes that a Fortran text shows too. A nest that one thread runs gets only constants and
        aliases, and one without parallel loops, with a result or with arrays of its own stays
        unchanged.
    """
    if nest.sequential:
        for change, probability in _ALL:
            if change in (_aliased, _constants) and b.chance(probability):
                change(nest, b)
        return
    if nest.result or nest.buffers or not nest.regions[0].axes:
        return
    changes = _ALL if not plain else tuple(c for c in _ALL if c[0] in _SHOWN_BY_FORTRAN)
    for change, probability in changes:
        if b.chance(probability):
            change(nest, b)
    if not plain:
        _declared(nest, b)


# ------------------------------------------------------------------------- constants and aliases


def _constants(nest: Nest, b: Builder) -> None:
    """One to three numbers of the body get names: `float cutoff = 0.5;`, `const int K = 3;`."""
    for _ in range(b.pick((1, 1, 2, 3))):
        found = {n for n in _outside_calls(nest) if _worth_a_name(n)}
        if not found:
            return
        literal = b.pick(tuple(sorted(found, key=lambda n: (n.text, n.type))))
        real, kind = not literal.text.isdigit(), "i32"
        if real:
            single = b.kind == "f32" and (literal.type == "f32" or b.chance(0.8))
            kind = "f32" if single else "f64"
        word = b.name(_REALS if real else _WHOLES, kind)
        change = partial(exchange, literal, ir.Name(word))
        for region in nest.regions:
            region.body = rebuilt(region.body, change, ir.Call)  # overloads hang on types
        nest.before += (ast.declare(kind, word, literal, b.chance(0.35)),)


def _worth_a_name(node: ir.Literal) -> bool:
    if node.type not in ("i32", "f32", "f64") or not _NUMBER.fullmatch(node.text):
        return False
    return int(node.text) > 1 if node.text.isdigit() else float(node.text.rstrip("f")) > 0


def _outside_calls(nest: Nest) -> list[ir.Literal]:
    found: list = []
    pending = [e for s in walk_bodies(nest) for e in ast.get_expressions(s)]
    while pending:
        node = pending.pop()
        if type(node) is ir.Literal:
            found.append(node)
        elif type(node) is not ir.Call:
            pending += ast.get_children(node)
    return found


def _aliased(nest: Nest, b: Builder) -> None:
    """`int c = channels; int size = rows;`: the locals stand in bounds and subscripts instead of
    the parameters.
    """
    counts = [ast.read_count(s) for s in walk_bodies(nest) if ast.is_count(s)]
    stops = [c.stop for c in (*(a for r in nest.regions for a in r.axes), *counts)]
    changed = {s.target for s in walk_bodies(nest) if type(s) is ir.Assign}
    changed |= {n.target for n in walk_nodes(walk_bodies(nest)) if type(n) is ir.Increment}
    changed |= {a.target for c in counts for a in c.also}
    sizes = [
        p.name
        for p in nest.parameters
        if p.kind == "scalar" and p.type == "i32" and ir.Name(p.name) in stops
        if ir.Name(p.name) not in changed
    ]
    chosen = b.rng.sample(sizes, min(len(sizes), b.pick((1, 1, 2, 2, 3))))
    if not chosen:
        return
    _explicit(nest, b)
    new = {ir.Name(word): ir.Name(b.name(_ALIASES, "i32")) for word in chosen}
    rewrite(nest, lambda node: new.get(node, node) if type(node) is ir.Name else node)
    constant = b.chance(0.15)
    made = tuple(ast.declare("i32", n.id, old, constant) for old, n in new.items())
    nest.before = (*made, *nest.before)


def _explicit(nest: Nest, b: Builder) -> None:
    """Several subscripts of a flat array become one expression, so that it may name locals."""
    extents = {p.name: p.extents for p in nest.parameters if p.kind == "array"}
    how = b.rng.choices(("i*m+j", "j+i*m", "m*i+j", "horner"), (64, 16, 8, 12))[0]

    def change(node: ir.Node) -> ir.Node:
        if type(node) is ir.Access and len(node.indices) > 1 and node.base.id in extents:
            place = make_flat_index(node.indices, extents[node.base.id], how)
            return ir.Access(node.base, (place,))
        return node

    rewrite(nest, change)


def _bounds_before(nest: Nest, b: Builder) -> None:
    """`int new_H = H + 2 * pad;` for every bound that is not a constant; the arrays' positions name
    them too.
    """
    words = b.pick(_BOUNDS)
    axes = [a for r in nest.regions for a in r.axes if type(a.stop) is not ir.Literal]
    axes = [a for a in axes if a.shown is None and not a.down]
    whole = all(ast.infer_type(a.stop, b.types) == "i32" for a in axes)
    if len(nest.regions) > 1 or len(axes) > len(words) or not whole:
        return
    if all(type(a.stop) is ir.Name for a in axes) and b.chance(0.5):
        return
    new: dict[ir.Expression, ir.Name] = {}
    for axis, word in zip(axes, words):
        stop = ast.strip_paren(axis.stop)
        if stop not in nest_locals(nest):
            if stop not in new:
                new[stop] = ir.Name(b.exact(word, "i32"))
            axis.stop = new[stop]
    if b.chance(0.5):
        _explicit(nest, b)
        kinds = (ir.Name, ir.Binary)
        rewrite(nest, lambda n: new.get(n, n) if type(n) in kinds else n, before=False)
    nest.before += tuple(ast.declare("i32", name.id, stop) for stop, name in new.items())


# ------------------------------------------------------------------------------- names and types


def _renamed(nest: Nest, b: Builder) -> None:
    """Loop variables that resemble each other (xCuda, yCuda), and a local that resembles them."""
    if len(nest.regions) > 1:
        return
    frame, stems = b.pick(_FRAMES), b.pick(_STEMS)
    axes = nest.regions[0].axes
    for axis, stem in zip(axes, stems):
        _rename(nest, b, axis.variable, frame.format(stem, stem))
    whole = (s for s in walk_bodies(nest) if _declares(s, ("i32", "i64", "u32")))
    flat = [s.name for s in whole if s.name in names.FLATS]
    if flat and b.chance(0.6):
        stem = axes[-1].variable if b.chance(0.5) else stems[0]
        _rename(nest, b, flat[0], b.pick(_NEAR).format(stem, stem))


def _declares(node: ir.Node, kinds: tuple[str, ...]) -> bool:
    return ast.is_local(node) and node.type.name in kinds


def _rename(nest: Nest, b: Builder, old: str, new: str) -> None:
    if new.lower() in b.used or not new.isidentifier() or new.lower() in _TAKEN:
        return
    b.exact(new, b.types[old])
    for axis in (a for r in nest.regions for a in r.axes):
        axis.variable = new if axis.variable == old else axis.variable

    def change(node: ir.Node) -> ir.Node:
        if node == ir.Name(old):
            return ir.Name(new)
        if ast.is_local(node) and node.name == old:
            return replace(node, name=new)
        if ast.is_count(node) and node.start[0].name == old:
            return replace(ast.read_count(node), variable=new).node
        return node

    rewrite(nest, change)


def _wider(nest: Nest, b: Builder) -> None:
    """A position in a local of a longer type: `unsigned long idx = …`."""
    nodes = list(walk_nodes(walk_bodies(nest)))
    inside = [n for at in nodes if type(at) is ir.Access for s in at.indices for n in ast.walk(s)]
    called = {n for c in nodes if type(c) is ir.Call for a in c.arguments for n in ast.walk(a)}
    for declared in walk_bodies(nest):
        if not _declares(declared, ("i32",)) or declared.value is None:
            continue
        word = ir.Name(declared.name)
        if word in called:
            continue
        kind = b.pick(_WIDE)
        elsewhere = inside.count(word) != nodes.count(word)
        if kind != "i64" and elsewhere or word.id not in names.FLATS + names.PLANES:
            continue
        b.types[word.id] = kind
        wide = replace(declared, type=replace(declared.type, name=kind))
        rewrite(nest, partial(exchange, declared, wide))
        return


# ------------------------------------------------------------------------------------ statements


def _chained(nest: Nest, b: Builder) -> None:
    """`a = b = 0` for neighbours that are set to one number."""
    for region in nest.regions:
        region.body = rebuilt(
            region.body, lambda node: _chains(node, b.types) if type(node) is tuple else node
        )


def _chains(block: tuple, types: dict[str, str]) -> tuple:
    made: list[ir.Node] = []
    for statement in block:
        last = made[-1] if made else None
        if type(last) is type(statement) is ir.Assign and last.op == statement.op == "=":
            (places, value), target = ast.read_chain(last), statement.target
            kinds = {ast.infer_type(t, types) for t in (last.target, target)}
            alike = value == statement.value and type(value) is ir.Literal and len(kinds) == 1
            alike = alike and len(places) < 4 and target != last.target
            if alike and not any(_reads(target, t) for t in places):
                for place in (target, *places[:0:-1]):
                    value = ir.AssignExpression(place, "=", value)
                made[-1] = replace(last, value=value)
                continue
        made.append(statement)
    return tuple(made)


def _reads(target: ir.Expression, other: ir.Expression) -> bool:
    """Whether the place of `target` depends on what is stored in `other`."""
    inner = [n for s in getattr(target, "indices", ()) for n in ast.walk(s)]
    arrays = {n.base for n in inner if type(n) is ir.Access}
    return other in inner or type(other) is ir.Access and other.base in arrays


def _declared(nest: Nest, b: Builder) -> None:
    """Where and how variables are declared: `int xc; int yc;` or `float t1, t2;` at the top, before
    or after constants.
    """
    draw = b.rng.random()
    if draw < 0.10:
        nest.early = nest.apart = True
    elif draw < 0.22:
        nest.early, nest.hoist = draw < 0.15, True
        nest.apart = b.chance(0.5 if nest.early else 0.4)
    nest.before_first = b.chance(0.3) and not any(type(s) is ir.If for s in nest.before)


_ALL = (
    (_renamed, 0.10), (rewrite_bounds, 0.10), (count_from_one, 0.05), (_bounds_before, 0.07),
    (_aliased, 0.06), (_constants, 0.10), (_wider, 0.06), (_chained, 0.7),
)  # fmt: skip
_SHOWN_BY_FORTRAN = frozenset((_renamed, _aliased, _constants, _bounds_before))
