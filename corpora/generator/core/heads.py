"""What real functions hold before and around their parallel loops: constants, aliases of sizes,
bounds in locals, unusual spellings.

Contract: `dress` rewrites a finished nest in place and keeps what it computes; what it changes
shows in the serial text, and a kernel follows from that: what stands before the loops stands before
the index lines, what stands inside stays inside.

    python -c "from corpora.generator import generate; \\
        print(next(c for c in generate(60, 3, 'broad') if '  const ' in c.programs['cpp'].text))"
"""

from __future__ import annotations

import re
from dataclasses import replace

from corpora import ir
from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import Builder
from corpora.generator.core.heads_bounds import (
    from_one,
    nest_locals,
    nodes_of,
    rebuilt,
    rewrite,
    spelled_bounds,
)
from corpora.generator.core.nest import Nest
from corpora.generator.core.shapes import make_flat_index

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
_BOUNDS = (
    ("new_H", "new_W", "new_D"),
    ("endY", "endX", "endZ"),
    ("nRows", "nCols", "nPlanes"),
    ("outH", "outW", "outD"),
    ("h_out", "w_out", "d_out0"),
    ("limit_i", "limit_j", "limit_k"),
    ("total_h", "total_w", "total_d"),
    ("last_y", "last_x", "last_z"),
    ("ny_in", "nx_in", "nz_in"),
    ("H2", "W2", "D2"),
)
_STEMS = (
    ("x", "y", "z"),
    ("row", "col", "dep"),
    ("i", "j", "k"),
    ("Row", "Column", "Plane"),
    ("r", "c", "d"),
    ("X", "Y", "Z"),
    ("a", "b", "c"),
    ("1", "2", "3"),
)
_FRAMES = (
    "{}c",
    "{}Cuda",
    "each{}",
    "{}Idx",
    "{}_id",
    "{}Pos",
    "{}_i",
    "{}0",
    "t{}",
    "{}Index",
    "idx_{}",
    "cur_{}",
    "g{}",
    "pos_{}",
    "my_{}",
    "i{}",
    "idx{}",
    "{}_idx",
    "{}{}",
    "global_{}",
    "id_{}",
    "{}_",
    "thread_{}",
    "n{}",
)
_NEAR = (
    "{}_idx",
    "idx_{}",
    "{}{}",
    "idx",
    "ind",
    "id",
    "index",
    "{}_pos",
    "i{}",
    "index_{}",
    "{}n",
    "linear",
    "{}_k",
)
_NUMBER = re.compile(r"[0-9]*\.?[0-9]*(e-?[0-9]+)?f?")
_TAKEN = frozenset(("if", "do", "int", "or", "asm", "id_t", "idim", "nint", "tan"))
_WIDE = ("i64", "i64", "u64", "u32")


def dress(nest: Nest, b: Builder, plain: bool = False) -> None:
    """Change what stands before and around the loops of a nest, at random and in place. plain: only
    what a Fortran text shows as well. A nest that one thread runs gets constants and aliases only.
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


# --- constants and aliases
# ------------------------------------------------------------------------------------------


def _constants(nest: Nest, b: Builder) -> None:
    """One to three numbers of the body get names: `float cutoff = 0.5;`, `const int K = 3;`."""
    for _ in range(b.pick((1, 1, 2, 3))):
        found = {n for n in _outside_calls(nest) if _worth_a_name(n)}
        literals = sorted(found, key=lambda n: (n.text, n.type))
        if not literals:
            return
        literal = b.pick(tuple(literals))
        real = not literal.text.isdigit()
        kind = (
            "i32"
            if not real
            else "f32"
            if b.kind == "f32" and (literal.type == "f32" or b.chance(0.8))
            else "f64"
        )
        word = b.name(_REALS if real else _WHOLES, kind)
        for region in nest.regions:
            region.body = rebuilt(
                region.body,
                lambda n, old=literal, new=ir.Name(word): new if n == old else n,
                ir.Call,
            )  # overloads of functions hang on types
        nest.before += (ast.declare(kind, word, literal, b.chance(0.35)),)


def _exchange(old: ir.Literal, new: ir.Name, node: ir.Node) -> ir.Node:
    return new if node == old else node


def _worth_a_name(node: tuple) -> bool:
    if type(node) is not ir.Literal or node.type not in ("i32", "f32", "f64"):
        return False
    if not _NUMBER.fullmatch(node.text):
        return False
    return int(node.text) > 1 if node.text.isdigit() else float(node.text.rstrip("f")) > 0


def _outside_calls(nest: Nest) -> list[ir.Literal]:
    found: list = []
    statements = (s for r in nest.regions for s in ast.walk_statements(r.body))
    pending = [e for s in statements for e in ast.get_expressions(s)]
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
    stops = [a.stop.id for r in nest.regions for a in r.axes if type(a.stop) is ir.Name]
    counts = [ast.read_count(n) for n in nodes_of(nest) if ast.is_count(n)]
    stops += [c.stop.id for c in counts if type(c.stop) is ir.Name]
    sizes = [
        p.name
        for p in nest.parameters
        if p.kind == "scalar" and p.type == "i32" and p.name in stops
    ]
    changed = {n.target for n in nodes_of(nest) if type(n) is ir.Assign} | {
        n.target for n in nodes_of(nest) if type(n) is ir.Increment
    }
    sizes = [word for word in sizes if ir.Name(word) not in changed]
    chosen = b.rng.sample(sizes, min(len(sizes), b.pick((1, 1, 2, 2, 3))))
    if not chosen:
        return
    _explicit(nest, b)
    new = {word: ir.Name(b.name(_ALIASES, "i32")) for word in chosen}
    rewrite(nest, lambda node: new.get(node.id, node) if type(node) is ir.Name else node)
    constant = b.chance(0.15)
    nest.before = (
        *(ast.declare("i32", n.id, ir.Name(word), constant) for word, n in new.items()),
        *nest.before,
    )


def _explicit(nest: Nest, b: Builder) -> None:
    """Several subscripts of a flat array become one expression, so that it may name locals."""
    extents = {p.name: p.extents for p in nest.parameters if p.kind == "array"}
    how = b.rng.choices(("i*m+j", "j+i*m", "m*i+j", "horner"), (64, 16, 8, 12))[0]

    def change(node: tuple) -> tuple:
        if type(node) is ir.Access and len(node.indices) > 1 and node.base.id in extents:
            return ast.at(
                node.base.id, (make_flat_index(node.indices, extents[node.base.id], how),)
            )
        return node

    rewrite(nest, change)


def _bounds_before(nest: Nest, b: Builder) -> None:
    """`int new_H = H + 2 * pad;` for every bound that is not a constant; the arrays' positions name
    them too.
    """
    words = b.pick(_BOUNDS)
    axes = [
        a
        for r in nest.regions
        for a in r.axes
        if type(a.stop) is not ir.Literal and a.shown is None and not a.down
    ]
    if (
        len(nest.regions) > 1
        or len(axes) > len(words)
        or any(ast.infer_type(a.stop, b.types) != "i32" for a in axes)
    ):
        return
    if all(type(a.stop) is ir.Name for a in axes) and b.chance(0.5):
        return
    new: dict[tuple, ir.Name] = {}
    for axis, word in zip(axes, words):
        stop = ast.strip_paren(axis.stop)
        if stop in nest_locals(nest):
            continue
        new.setdefault(stop, ir.Name(b.exact(word, "i32")) if stop not in new else None)
        axis.stop = new[stop]
    if b.chance(0.5):
        _explicit(nest, b)
        rewrite(
            nest,
            lambda node: new.get(node, node) if type(node) in (ir.Name, ir.Binary) else node,
            before=False,
        )
    nest.before += tuple(ast.declare("i32", name.id, stop) for stop, name in new.items())


# --- names and types
# ------------------------------------------------------------------------------------------------


def _renamed(nest: Nest, b: Builder) -> None:
    """Loop variables that resemble each other (xCuda, yCuda), and a local that resembles them."""
    if len(nest.regions) > 1:
        return
    frame, stems = b.pick(_FRAMES), b.pick(_STEMS)
    for axis, stem in zip(nest.regions[0].axes, stems):
        _rename(nest, b, axis.variable, frame.format(stem, stem))
    flat = [
        n.name
        for n in nodes_of(nest)
        if ast.is_local(n) and n.type.name in ("i32", "i64", "u32") and n.name in names.FLATS
    ]
    if flat and b.chance(0.6):
        stem = nest.regions[0].axes[-1].variable if b.chance(0.5) else stems[0]
        _rename(nest, b, flat[0], b.pick(_NEAR).format(stem, stem))


def _rename(nest: Nest, b: Builder, old: str, new: str) -> None:
    if new.lower() in b.used or not new.isidentifier() or new.lower() in _TAKEN:
        return
    b.exact(new, b.types[old])
    for region in nest.regions:
        for axis in region.axes:
            axis.variable = new if axis.variable == old else axis.variable

    def change(node: tuple) -> tuple:
        if type(node) is ir.Name and node.id == old:
            return ir.Name(new)
        if ast.is_local(node) and node.name == old:
            return replace(node, name=new)
        if ast.is_count(node) and node.start[0].name == old:
            return replace(ast.read_count(node), variable=new).node
        return node

    rewrite(nest, change)


def _wider(nest: Nest, b: Builder) -> None:
    """A position in a local of a longer type: `unsigned long idx = …`."""
    nodes = nodes_of(nest)
    inside = [
        n
        for at in nodes
        if type(at) is ir.Access
        for s in at.indices
        for n in ast.walk(s)
        if type(n) is ir.Name
    ]
    called = {
        n.id
        for c in nodes
        if type(c) is ir.Call
        for a in c.arguments
        for n in ast.walk(a)
        if type(n) is ir.Name
    }
    everywhere = [n for n in nodes if type(n) is ir.Name]
    for declared in nodes:
        if (
            not ast.is_local(declared)
            or declared.type.name != "i32"
            or declared.value is None
            or declared.name in called
        ):
            continue
        word, kind = ir.Name(declared.name), b.pick(_WIDE)
        if (
            kind != "i64"
            and inside.count(word) != everywhere.count(word)
            or declared.name not in names.FLATS + names.PLANES
        ):
            continue
        b.types[word.id] = kind
        rewrite(
            nest,
            lambda node, kind=kind, word=word: (
                replace(node, type=replace(node.type, name=kind))
                if ast.is_local(node) and node.name == word.id
                else node
            ),
        )
        return


# --- statements
# --------------------------------------------------------------------------------------------------


def _chained(nest: Nest, b: Builder) -> None:
    """`a = b = 0` for neighbours that are set to one number."""
    for region in nest.regions:
        region.body = rebuilt(
            region.body, lambda node: _chains(node, b.types) if type(node) is tuple else node
        )


def _chains(block: tuple, types: dict[str, str]) -> tuple:
    made: list[tuple] = []
    for statement in block:
        last = made[-1] if made else None
        if type(last) is type(statement) is ir.Assign and last.op == statement.op == "=":
            (places, value), target = ast.read_chain(last), statement.target
            alike = (
                value == statement.value
                and type(value) is ir.Literal
                and len(places) < 4
                and ast.infer_type(last.target, types) == ast.infer_type(target, types)
                and target != last.target
            )
            if alike and not any(_reads(target, t) for t in places):
                for place in (target, *places[:0:-1]):
                    value = ir.AssignExpression(place, "=", value)
                made[-1] = replace(last, value=value)
                continue
        made.append(statement)
    return tuple(made)


def _reads(target: tuple, other: tuple) -> bool:
    """Whether the place of `target` depends on what is stored in `other`."""
    inner = [n for s in getattr(target, "indices", ()) for n in ast.walk(s)]
    return any(
        n == other or type(n) is type(other) is ir.Access and n.base.id == other.base.id
        for n in inner
    )


def _declared(nest: Nest, b: Builder) -> None:
    """Where and how variables are declared: `int xc; int yc;` or `float t1, t2;` at the top, before
    or after constants.
    """
    draw = b.rng.random()
    if draw < 0.10:
        nest.early = nest.apart = True
    elif draw < 0.15:
        nest.early, nest.hoist, nest.apart = True, True, b.chance(0.5)
    elif draw < 0.22:
        nest.early, nest.hoist, nest.apart = False, True, b.chance(0.4)
    nest.before_first = b.chance(0.3) and not any(type(s) is ir.If for s in nest.before)


_ALL = (
    (_renamed, 0.10),
    (spelled_bounds, 0.10),
    (from_one, 0.05),
    (_bounds_before, 0.07),
    (_aliased, 0.06),
    (_constants, 0.10),
    (_wider, 0.06),
    (_chained, 0.7),
)
_SHOWN_BY_FORTRAN = frozenset((_renamed, _aliased, _constants, _bounds_before))
