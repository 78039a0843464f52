"""Draws a nest and a style: which family, which element type, how the author writes. Weights follow real kernels.

Contract: `make(rng, level)` gives a finished (nest, style); everything is decided by `rng`.

    python -c "from corpora.loopnests import generate; print(next(generate(1, 2, level='easy')).programs['cpp'].text)"
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from corpora.loopnests import deep, free, grids, lines, matrices, names, rows, stencils, windows
from corpora.loopnests import expressions as ast
from corpora.loopnests.builder import Builder
from corpora.loopnests.emit_c import WORDS
from corpora.loopnests.nest import Axis, Nest, Parameter, Style

_EASY = (
    (lines.simple, 70),
    (lines.elementwise, 10),
    (grids.grid, 8),
    (lines.total, 4),
    (lines.indirect, 4),
    (lines.image, 4),
)
_RICH = (
    (lines.simple, 45), (lines.elementwise, 13), (lines.several, 2), (lines.histogram, 3), (lines.total, 7), (lines.returned, 3),
    (lines.image, 7), (lines.indirect, 3), (grids.grid, 10), (grids.flattened, 4), (stencils.stencil, 4), (grids.transpose, 3),
    (grids.pad, 1), (stencils.convolution, 3), (grids.channels, 3), (grids.scattered_rows, 1), (rows.row_sum, 6), (rows.row_extreme, 3),
    (rows.row_passes, 4), (rows.row_scan, 2), (rows.row_elements, 3), (matrices.product, 4), (matrices.triangle, 2), (matrices.sparse, 1),
    (matrices.pairs, 1), (rows.strided_columns, 2), (deep.channel_mean, 2), (stencils.pooling, 2), (deep.nearest, 1), (deep.permuted, 2),
    (deep.substitution, 1), (deep.row_sort, 1), (deep.complex_pairs, 2), (deep.stepped, 1), (deep.long_grid, 4), (deep.long_line, 4),
    (free.free_line, 20), (free.free_grid, 12), (free.free_deep, 2), (free.free_rows, 4),
    (windows.line_window, 3), (windows.clipped, 1), (windows.difference, 2), (windows.pitched, 2), (windows.mirrored, 1),
    (windows.image_histogram, 1), (windows.strided_window, 1),
)  # fmt: skip
LEVEL_MENUS = {level: ([f for f, _ in menu], [w for _, w in menu]) for level, menu in (("easy", _EASY), ("mixed", _RICH))}
_ODD_KINDS = (lines.simple, lines.elementwise, lines.several, free.free_line)
_ATOMIC_KINDS = frozenset(("i32", "u32", "f32", "f64"))


def make(rng: random.Random, level: str) -> tuple[Nest, Style]:
    """One computation. Raises KeyError for an unknown level."""
    families, weights = LEVEL_MENUS[level]
    family = rng.choices(families, weights)[0]
    b, nest = _drawn(rng, family)
    while not _does_something(nest):
        b, nest = _drawn(rng, family)
    if rng.random() < 0.97:
        nest.parameters = _used(nest)
    _widen(nest)
    _early_return(nest, rng)
    _named_bounds(nest, b)
    _order_parameters(nest, b)
    _special_arrays(nest, rng)
    _mark_overwritten(nest)
    nest.kernel = nest.kernel and all(nest.types[s.target.array] in _ATOMIC_KINDS for s in _atomics(nest))
    return nest, _style(nest, rng)


def _drawn(rng: random.Random, family: Callable[[Builder], Nest]) -> tuple[Builder, Nest]:
    """A nest of a family, without locals that nothing reads."""
    kind = rng.choices(("f32", "f64", "i32"), (62, 17, 21))[0]
    if family in _ODD_KINDS and rng.random() < 0.10:
        kind = rng.choice(("i64", "i64", "u32", "u32", "u8", "i16", "u16", "i8"))
    b = Builder(rng, kind, suffix=kind == "f32" and rng.random() < 0.5)
    nest = family(b)
    nest.parameters, nest.types = b.parameters, b.types
    for _ in range(2):  # one dead local may have kept another alive
        reads = _names_read(nest)
        for region in nest.regions:
            region.body = _without_dead(region.body, reads)
        nest.before = _without_dead(nest.before, reads)
    return b, nest


def _does_something(nest: Nest) -> bool:
    """Works on arrays (expressions of scalars alone are of no interest) and assigns no place to itself."""
    statements = (s for region in nest.regions for s in ast.walk_statements(region.body))
    idle = any(type(s) is ast.Assign and s.target == s.value for s in statements)
    return not idle and any(p.kind != "scalar" for p in _used(nest))


def _names_read(nest: Nest) -> set[str]:
    blocks = [nest.before, nest.after, *(r.body for r in nest.regions)]
    expressions = [e for block in blocks for s in ast.walk_statements(block) for e in ast.expressions_of(s)]
    expressions += [e for region in nest.regions for axis in region.axes for e in (axis.start, axis.stop)]
    return {n.id for e in expressions for n in ast.walk(e) if type(n) is ast.Name}


def _without_dead(body: tuple, reads: set[str]) -> tuple:
    kept = []
    for statement in body:
        if type(statement) is ast.Declare and statement.name not in reads:
            continue
        if type(statement) is ast.For:
            statement = statement._replace(body=_without_dead(statement.body, reads))
        kept.append(statement)
    return tuple(kept)


def _used(nest: Nest) -> list[Parameter]:
    """Parameters that the code reads or writes, and those that give the extents of these."""
    used: set[str] = set()
    pending = [e for r in nest.regions for s in ast.walk_statements(r.body) for e in ast.expressions_of(s)]
    pending += [e for block in (nest.before, nest.after) for s in ast.walk_statements(block) for e in ast.expressions_of(s)]
    pending += [e for r in nest.regions for a in r.axes for e in (a.start, a.stop)]
    while pending:
        for node in ast.walk(pending.pop()):
            word = node.array if type(node) is ast.At else node.id if type(node) is ast.Name else ""
            if word and word not in used:
                used.add(word)
                pending += [e for p in nest.parameters if p.name == word for e in (*p.extents, *_names_in(p.fill))]
    views = {s.array for r in nest.regions for s in ast.walk_statements(r.body) if type(s) is ast.DeclarePointer}
    return [p for p in nest.parameters if p.name in used or p.name in views]


def _names_in(fill: str) -> list[ast.Name]:
    return [ast.Name(word) for word in re.findall(r"[A-Za-z_]\w*", fill.partition("(")[2])]


def _atomics(nest: Nest) -> list[ast.Assign]:
    statements = (s for region in nest.regions for s in ast.walk_statements(region.body))
    return [s for s in statements if type(s) is ast.Assign and s.atomic]


def _early_return(nest: Nest, rng: random.Random) -> None:
    """`if (n <= 0) return;` before anything else, in a few functions."""
    stops = [a.stop for a in nest.regions[0].axes if type(a.stop) is ast.Name and nest.types.get(a.stop.id) == "i32"]
    stops = [s for s in stops if any(p.name == s.id for p in nest.parameters)]
    if nest.result or nest.before or not stops or rng.random() > 0.025:
        return
    test = ast.compare(stops[0], "<=", ast.ZERO)
    if len(stops) > 1 and rng.random() < 0.6:
        test = ast.Binary("||", test, ast.compare(stops[1], "<=", ast.ZERO))
    nest.before = (ast.If(test, (ast.Jump("return"),)),)


def _widen(nest: Nest) -> None:
    """A loop that is all there is inside the parallel ones, and whose iterations are independent too, becomes parallel.

    So it shows in the serial text which loops a kernel's index takes: the perfectly nested independent ones, up to three.
    """
    region = nest.regions[0]
    while len(nest.regions) == 1 and not nest.result and len(region.axes) < 3 and len(region.body) == 1:
        loop = region.body[0]
        if type(loop) is not ast.For or loop.op != "<" or loop.step != 1 or loop.type != nest.index_type:
            return
        if not _independent(nest, loop, {a.variable for a in region.axes}):
            return
        region.axes += (Axis(loop.variable, loop.start, loop.stop),)
        region.body = loop.body


def _independent(nest: Nest, loop: ast.For, outer: set[str]) -> bool:
    """Whether every iteration writes places of its own, told by the loop's variable in the subscript."""
    statements = list(ast.walk_statements(loop.body))
    fresh = {s.name for s in statements if type(s) is ast.Declare}
    if any(n.id in outer for e in (loop.start, loop.stop) for n in ast.walk(e) if type(n) is ast.Name):
        return False
    targets = [s.target for s in statements if type(s) is ast.Assign]
    places = {t for t in targets if type(t) is ast.At}
    if any(type(t) is ast.Name and t.id not in fresh for t in targets):
        return False
    if any(type(s) in (ast.DeclarePointer, ast.While) or type(s) is ast.Jump and s.kind != "continue" for s in statements):
        return False
    wanted = outer | {loop.variable}
    if any(not wanted <= _names_of(place, statements) for place in places):
        return False
    return all(_accesses(nest, place.array).count(place) == len(_accesses(nest, place.array)) for place in places)


def _names_of(place: ast.At, statements: list[tuple]) -> set[str]:
    """Variables in a subscript, those behind locals included."""
    found = {n.id for s in place.subscripts for n in ast.walk(s) if type(n) is ast.Name}
    for statement in reversed(statements):
        if type(statement) is ast.Declare and statement.name in found and statement.value is not None:
            found |= {n.id for n in ast.walk(statement.value) if type(n) is ast.Name}
    return found


def _named_bounds(nest: Nest, b: Builder) -> None:
    """The bound of a parallel loop in a local of its own (`int total = w * h;`), or in parentheses."""
    if nest.result or nest.index_type != "i32":
        return
    for region in nest.regions:
        for axis in region.axes:
            if type(axis.stop) is ast.Binary and b.chance(0.25):
                axis.stop = ast.Paren(axis.stop)
            elif type(axis.stop) is not ast.Literal and len(nest.regions) == 1 and b.chance(0.05):
                word = b.name(names.SIZES + names.PLANES, "i32")
                nest.before += (ast.Declare("i32", word, axis.stop),)
                axis.stop = ast.Name(word)


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
    draw = rng.random()
    if draw < 0.03:
        for parameter in nest.parameters:
            parameter.unsized = parameter.kind == "array"
    elif draw < 0.12 or (
        draw < 0.6 and any(len(p.extents) == 2 and type(p.extents[1]) is ast.Literal for p in nest.parameters)
    ):
        views = {s.array for r in nest.regions for s in ast.walk_statements(r.body) if type(s) is ast.DeclarePointer}
        for parameter in nest.parameters:
            if parameter.kind != "array" or len(parameter.extents) != 2 or parameter.name in views:
                continue
            if any(len(at.subscripts) != 2 for at in _accesses(nest, parameter.name)):
                continue
            constant = type(parameter.extents[1]) is ast.Literal
            parameter.kind = "fixed" if constant else "rows"


def _accesses(nest: Nest, array: str) -> list[ast.At]:
    found = []
    for region in nest.regions:
        for statement in ast.walk_statements(region.body):
            for expression in ast.expressions_of(statement):
                found += [n for n in ast.walk(expression) if type(n) is ast.At and n.array == array]
    return found


def _mark_overwritten(nest: Nest) -> None:
    """Outputs whose every element the function certainly writes and never reads."""
    if len(nest.regions) != 1 or nest.before:
        return
    region = nest.regions[0]
    whole = tuple(ast.Name(a.variable) for a in region.axes if a.start == ast.ZERO and a.step == 1)
    for statement in region.body:
        if type(statement) is ast.If and any(type(s) is ast.Jump for s in statement.then):
            return
        if type(statement) is not ast.Assign or statement.op != "=" or type(statement.target) is not ast.At:
            continue
        if statement.target.subscripts != whole:
            continue
        array = statement.target.array
        parameter = next(p for p in nest.parameters if p.name == array)
        stops = tuple(a.stop for a in region.axes)
        if len(_accesses(nest, array)) == 1 and parameter.extents == stops:
            parameter.overwritten = True


def _style(nest: Nest, rng: random.Random) -> Style:
    def chance(probability: float) -> bool:
        return rng.random() < probability

    style = Style(words=dict(WORDS))
    style.words["i64"] = rng.choice(("long", "long", "long", "long long", "long int"))
    style.words["u32"] = rng.choice(("unsigned int", "unsigned int", "unsigned int", "unsigned"))
    style.words["u64"] = rng.choice(("size_t", "unsigned long", "unsigned long long"))
    style.words["i8"] = rng.choice(("char", "char", "signed char"))
    style.increment = rng.choices(("i++", "++i", "i += 1"), (73, 20, 25 if _may_share(nest) else 7))[0]
    style.early = chance(0.28)
    style.serial_loop = "while" if chance(0.03) and len(nest.regions) == 1 else "for"
    style.braces = chance(0.72) or style.serial_loop == "while"
    style.flatten = rng.choices(("i*m+j", "j+i*m", "m*i+j", "horner"), (64, 16, 8, 12))[0]
    style.deref, style.pointers = chance(0.4), chance(0.035)
    style.const_scalars, style.const_arrays = chance(0.08), chance(0.22)
    style.parens, style.compound = chance(0.3), chance(0.93)
    style.restrict, style.functional_cast = chance(0.03), chance(0.1)
    style.const_pointers = chance(0.015)
    style.hoist = chance(0.5 if style.early else 0.12) and _may_hoist(nest)
    style.merge = chance(0.4)
    style.names = _function_names(nest, rng)
    style.fortran_flat, style.fortran_kind = chance(0.3), chance(0.3)
    _parallel_style(nest, style)
    return style


def _may_hoist(nest: Nest) -> bool:
    """Hoisted locals need one region, no constants and no two locals of one name."""
    seen: set[str] = set()
    for region in nest.regions:
        for statement in ast.walk_statements(region.body):
            if type(statement) is ast.Declare:
                if statement.const or statement.name in seen:
                    return False
                seen.add(statement.name)
    return len(nest.regions) == 1


def _function_names(nest: Nest, rng: random.Random) -> tuple[str, str]:
    verb, noun = rng.choice(names.VERBS), rng.choice(names.NOUNS)
    base = f"{verb}_{noun}" if rng.random() < 0.4 else verb + noun.title().replace("_", "")
    return base + rng.choice(names.SERIAL_ENDS), base + rng.choice(names.KERNEL_ENDS)


_INDEX_OF = {("i++", False): 0, ("i++", True): 2, ("++i", False): 1, ("++i", True): 5}
"""(increment, loop variables declared early) → how the kernel's index is spelled."""


def _parallel_style(nest: Nest, style: Style) -> None:
    """How the parallel texts are written, by what the serial text shows: a model that translates need not guess.

    `i += 1` marks what is rare: loops of a grid's or a block's stride, one index taken apart, sums in shared memory, schedules.
    """
    axes, rare = nest.regions[0].axes, style.increment == "i += 1"
    style.index = 3 if rare else _INDEX_OF[style.increment, style.early]
    style.index_first = False
    style.swap_xy = style.index != 1
    style.guard = "return" if style.index == 1 else "if"
    style.guard_parens = style.increment == "++i"
    style.collapse = True
    if len(nest.regions) > 1:
        style.guard, style.hoist = "if", False
    elif rare:
        _rare_parallel_style(nest, style)
    if style.index == 5 and len(axes) > 1:
        style.index = 4


def _rare_parallel_style(nest: Nest, style: Style) -> None:
    axes = nest.regions[0].axes
    jumps = any(type(s) is ast.Jump and s.kind == "continue" for s in ast.walk_statements(nest.regions[0].body))
    style.schedule = "guided" if style.early else "static, 16" if style.braces else "dynamic, 8"
    style.simd = style.braces and not style.early
    if style.simd:
        style.schedule = ""
    style.split_pragma = style.early and not style.braces
    if len(axes) > 1:
        plain = all(a.start == ast.ZERO and a.step == 1 and not a.inclusive for a in axes)
        style.linear = plain and (len(axes) > 2 or style.early)
        style.block_rows = len(axes) == 2 and not style.linear and not style.braces
        style.guard = "if" if style.linear else "stride"
        return
    style.guard = "stride" if style.early else "stride-named" if style.braces else "while" if not jumps else "stride"
    if style.guard == "while" and style.const_arrays and _may_repeat(nest):
        style.guard = "thread"
    if _may_share(nest):
        style.shared_sum, style.guard = True, "if"
        style.early = style.hoist = False


def _may_repeat(nest: Nest) -> bool:
    """Whether doing an iteration twice gives the same: plain assignments to arrays that are not read."""
    written = {p.name for p in nest.parameters if p.written}
    statements = [s for r in nest.regions for s in ast.walk_statements(r.body)]
    targets = [s.target for s in statements if type(s) is ast.Assign and type(s.target) is ast.At]
    if any(type(s) is ast.Assign and s.op != "=" and type(s.target) is ast.At for s in statements):
        return False
    reads = sum(len(_accesses(nest, array)) for array in written)
    return reads == len(targets)


def _may_share(nest: Nest) -> bool:
    """One atomic sum into one cell, at the end of a straight body."""
    last = nest.regions[0].body[-1]
    if type(last) is not ast.Assign or not last.atomic or last.op != "+=" or last.target.subscripts != (ast.ZERO,):
        return False
    axis: Axis = nest.regions[0].axes[0]
    array: Parameter = next(p for p in nest.parameters if p.name == last.target.array)
    return array.extents == (ast.ONE,) and axis.step == 1 and nest.types[last.target.array] in ("f32", "f64", "i32")
