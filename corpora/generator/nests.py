"""Draws a nest and a style: which family, which element type, how the author writes. Weights follow
real kernels.

Contract: `draw_nest(rng, level)` gives a finished (nest, style); everything is decided by `rng`.

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 2, level='easy')).programs['cpp'].text)"
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace

from corpora import ir
from corpora.generator.core import expressions as ast, heads, names
from corpora.generator.core.builder import Builder
from corpora.generator.core.nest import Nest, Parameter, Style
from corpora.generator.core.shapes import (
    find_accesses,
    parallelize_inner_loop,
    walk_bodies,
    walk_nest,
    walk_nodes,
)
from corpora.generator.core.styles import draw_style
from corpora.generator.emit.fortran_plain import normalize_for_fortran
from corpora.generator.families import free, grids, lines, returns
from corpora.generator.patterns import read_families

Family = Callable[[Builder], Nest]

_EASY = (
    (lines.simple, 70), (lines.elementwise, 10), (grids.grid, 8), (lines.total, 4),
    (lines.indirect, 4), (lines.image, 4),
)  # fmt: skip
_BASIC = (
    (lines.simple, 45), (lines.elementwise, 13), (lines.several, 2), (lines.histogram, 3),
    (lines.total, 7), (lines.returned, 3), (lines.image, 7), (lines.indirect, 3), (grids.grid, 10),
    (grids.flattened, 4), (grids.transpose, 3), (grids.pad, 1), (grids.channels, 3),
    (grids.scattered_rows, 1), (free.free_line, 20), (free.free_grid, 12), (free.free_deep, 2),
    (free.free_rows, 4), (returns.reduced, 14),
)  # fmt: skip
"""Families that are drawn statement by statement."""
MIXED_SHARES = {"rows": 24, "loops": 50, "data": 14}
BROAD_SHARES = {
    "rows": 28,
    "loops": 60,
    "data": 40,
    "sequential": 34,
    "irregular": 20,
    "pointers": 20,
    "phases": 12,
    "hosts": 23,
}
"""How often a group of patterns is drawn, against _BASIC, whose weights add up to 157."""


def _with_patterns(shares: dict[str, int]) -> tuple[tuple[Family, float], ...]:
    """The basic families and those of the groups, by their shares."""
    found: list[tuple[Family, float]] = list(_BASIC)
    for group, share in shares.items():
        families = read_families(group)
        whole = sum(f.weight for f in families)
        found += [(f, share * f.weight / whole) for f in families]
    return tuple(found)


_MENUS = (
    ("easy", _EASY),
    ("mixed", _with_patterns(MIXED_SHARES)),
    ("broad", _with_patterns(BROAD_SHARES)),
)
LEVEL_MENUS = {level: ([f for f, _ in menu], [w for _, w in menu]) for level, menu in _MENUS}
FORTRAN_MENU = (read_families("fortran"), [f.weight for f in read_families("fortran")])
"""What lessons from Fortran hold beside."""
_ODD_KINDS = (lines.simple, lines.elementwise, lines.several, free.free_line)
_ATOMIC_KINDS = frozenset(("i32", "u32", "f32", "f64"))


def draw_nest(rng: random.Random, level: str, plain: bool = False) -> tuple[Nest, Style]:
    """Draw a loop nest, and the style in which its author writes, both finished for the emitters.

    level: `easy`, `mixed` or `broad`, as of `generate`. plain: take one fixed style for the C-like
        texts, so that a Fortran text alone decides what they look like. Raises KeyError for another
        level.
    """
    families, weights = LEVEL_MENUS[level]
    told = plain and level == "broad"
    if told and rng.random() < 0.38:
        families, weights = FORTRAN_MENU
    family = rng.choices(families, weights)[0]
    b, nest = _draw_family(rng, family, told)
    while not _does_something(nest) or level == "broad" and _scatters(nest):
        b, nest = _draw_family(rng, family, told)
    if rng.random() < 0.97:
        nest.parameters = _find_used_parameters(nest)
    if not nest.sequential:
        parallelize_inner_loop(nest)
        _early_return(nest, rng)
        _named_bounds(nest, b)
    if level == "broad":
        heads.vary_heads(nest, b, plain)
    _order_parameters(nest, b)
    if not plain and not nest.buffers:
        _special_arrays(nest, rng)
    _mark_overwritten(nest)
    shared = (s.target.base.id for s in walk_bodies(nest) if getattr(s, "pragmas", ()))
    nest.kernel = nest.kernel and all(nest.types[array] in _ATOMIC_KINDS for array in shared)
    style = draw_style(nest, rng, plain)
    if plain and level == "broad" and not nest.c_only:
        normalize_for_fortran(nest, style, b)
    if level == "broad" and nest.result:  # a total's cell, which the serial text does not show
        style.deref = not plain
    return nest, style


def _draw_family(
    rng: random.Random, family: Callable[[Builder], Nest], told: bool
) -> tuple[Builder, Nest]:
    """A nest of a family, without locals that nothing reads. told: by Fortran, which has no double
    constants in single precision.
    """
    kind = rng.choices(("f32", "f64", "i32"), (62, 17, 21))[0]
    if family in _ODD_KINDS and rng.random() < 0.10:
        kind = rng.choice(("i64", "i64", "u32", "u32", "u8", "i16", "u16", "i8"))
    b = Builder(rng, kind, suffix=kind == "f32" and (rng.random() < 0.5 or told))
    nest = family(b)
    nest.parameters, nest.types = b.parameters, b.types
    for _ in range(2):  # one dead local may have kept another alive
        reads = {n.id for n in _nodes(nest) if type(n) is ir.Name}
        for region in nest.regions:
            region.body = _drop_dead_locals(region.body, reads)
        nest.before = _drop_dead_locals(nest.before, reads)
    return b, nest


def _does_something(nest: Nest) -> bool:
    """Works on arrays (expressions of scalars alone are of no interest) and assigns no place to
    itself.
    """
    idle = any(type(s) is ir.Assign and s.target == s.value for s in walk_bodies(nest))
    return not idle and any(p.kind != "scalar" for p in _find_used_parameters(nest))


def _scatters(nest: Nest) -> bool:
    """Stores in parallel where a permutation says: nothing tells that from
    `carried_places.scatter`, whose places may collide.
    """
    return not nest.sequential and any(p.fill == "permutation()" for p in nest.parameters)


def _nodes(nest: Nest) -> list[ir.Expression]:
    """Nodes of all expressions, bounds of the parallel loops included."""
    bounds = [e for r in nest.regions for a in r.axes for e in (a.start, a.stop)]
    return [*walk_nodes(walk_nest(nest)), *(n for e in bounds for n in ast.walk(e))]


def _drop_dead_locals(body: tuple, reads: set[str]) -> tuple:
    kept = []
    for statement in body:
        if ast.is_local(statement) and statement.name not in reads:
            continue
        if ast.is_count(statement):
            statement = replace(statement, body=_drop_dead_locals(statement.body, reads))
        kept.append(statement)
    return tuple(kept)


def _find_used_parameters(nest: Nest) -> list[Parameter]:
    """Parameters that the code reads or writes, and those that give the extents of these."""
    named = {p.name: p for p in nest.parameters}
    used = _viewed(nest)
    pending = _nodes(nest) + (list(ast.walk(nest.repeated[1])) if nest.repeated else [])
    seen: set[str] = set()
    while pending:
        word = ast.name_of(pending.pop())
        if word and word not in seen:
            seen.add(word)
            if word in named:
                more = (*named[word].extents, *_names_in(named[word].fill))
                pending += [n for e in more for n in ast.walk(e)]
    return [p for p in nest.parameters if p.name in seen | used]


def _viewed(nest: Nest) -> set[str]:
    """Arrays that pointers lead into."""
    return {ast.read_view(s)[0] for s in walk_bodies(nest) if ast.is_view(s)}


def _names_in(fill: str) -> list[ir.Name]:
    return [ir.Name(word) for word in re.findall(r"[A-Za-z_]\w*", fill.partition("(")[2])]


def _early_return(nest: Nest, rng: random.Random) -> None:
    """`if (n <= 0) return;` before anything else, in a few functions."""
    stops = [
        a.stop
        for a in nest.regions[0].axes
        if type(a.stop) is ir.Name and nest.types.get(a.stop.id) == "i32"
    ]
    stops = [s for s in stops if any(p.name == s.id for p in nest.parameters)]
    if nest.result or nest.before or not stops or rng.random() > 0.025:
        return
    test = ast.compare(stops[0], "<=", ast.ZERO)
    if len(stops) > 1 and rng.random() < 0.6:
        test = ir.Binary("||", test, ast.compare(stops[1], "<=", ast.ZERO))
    nest.before = (ir.If(test, (ir.Return(),)),)


def _named_bounds(nest: Nest, b: Builder) -> None:
    """The bound of a parallel loop in a local of its own (`int total = w * h;`), or in
    parentheses.
    """
    if nest.result or nest.buffers or nest.index_type != "i32":
        return
    for region in nest.regions:
        for axis in region.axes:
            if type(axis.stop) is ir.Binary and b.chance(0.25):
                axis.stop = ast.paren(axis.stop)
            elif type(axis.stop) is not ir.Literal and len(nest.regions) == 1 and b.chance(0.05):
                word = b.name(names.SIZES + names.PLANES, "i32")
                nest.before += (ast.declare("i32", word, axis.stop),)
                axis.stop = ir.Name(word)


def _order_parameters(nest: Nest, b: Builder) -> None:
    """Arrays first, sizes first, or any order; seldom a parameter that nobody uses."""
    rng = b.rng
    if rng.random() < 0.05:
        if rng.random() < 0.7:
            b.size(names.COUNTS + names.SIZES, (0, 1, 2))
        else:
            b.scalar("f32")
    draw = rng.random()
    if draw < 0.55:
        nest.parameters.sort(key=lambda p: p.kind == "scalar")
    elif draw < 0.75:
        nest.parameters.sort(key=lambda p: p.kind != "scalar")
    elif draw < 0.90:
        rng.shuffle(nest.parameters)
    if rng.random() < 0.3:  # outputs first, as memcpy has it
        nest.parameters.sort(key=lambda p: (p.kind == "scalar", not p.written))


def _special_arrays(nest: Nest, rng: random.Random) -> None:
    """Turn some arrays into `T **`, `T a[][C]` or `T a[]`."""
    draw, grids = rng.random(), [p for p in nest.parameters if len(p.extents) == 2]
    if draw < 0.03:
        for parameter in nest.parameters:
            parameter.unsized = parameter.kind == "array"
    elif draw < 0.12 or draw < 0.6 and any(type(p.extents[1]) is ir.Literal for p in grids):
        views = _viewed(nest)
        for parameter in grids:
            if parameter.kind != "array" or parameter.name in views:
                continue
            if any(len(at.indices) != 2 for at in find_accesses(nest, parameter.name)):
                continue
            constant = type(parameter.extents[1]) is ir.Literal
            parameter.kind = "fixed" if constant else "rows"


def _mark_overwritten(nest: Nest) -> None:
    """Outputs whose every element the function certainly writes and never reads."""
    if len(nest.regions) != 1 or nest.before or nest.sequential or nest.buffers:
        return
    region = nest.regions[0]
    whole = tuple(ir.Name(a.variable) for a in region.axes if a.start == ast.ZERO and a.step == 1)
    stops = tuple(a.stop for a in region.axes)
    named = {p.name: p for p in nest.parameters}
    for statement in region.body:
        kinds = {type(s) for s in statement.then} if type(statement) is ir.If else set()
        if kinds & {ir.Jump, ir.Return}:
            return
        plain = type(statement) is ir.Assign and statement.op == "="
        if plain and getattr(statement.target, "indices", None) == whole:
            parameter = named.get(statement.target.base.id)  # None: a row of one, by a pointer
            if parameter is not None and parameter.extents == stops:
                parameter.overwritten = len(find_accesses(nest, parameter.name)) == 1
