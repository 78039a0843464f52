"""What is done with each block: sums, extremes, formulas, normalised rows, 1x1 convolutions, pooled
windows.

Contract: each kind of work is written once for parameters that move on (`carried`, one thread) and
for blocks that an iteration finds itself (parallel), so that the move alone decides.

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 14, 'broad')).programs['cuda'].text)"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.core.one_thread import (
    make_assignment,
    make_element,
    make_extreme,
    make_likely_test,
    make_local,
    make_loop,
    use_floating_type,
)
from corpora.generator.families.moving_pointers.moving import Blocks

_OFFSETS = tuple("offset shift start_at lag skip first_n begin from0 base0".split())
_POOLS = tuple("best mx top max_v peak hi0 largest0".split())


def _total(s: Blocks) -> Nest:
    """A sum over the block, perhaps a mean, a norm or a weighted sum."""
    b, parts = s.b, s.shape()
    draw = b.rng.random()
    index, loops = s.each(parts)
    once = draw > 0.25
    x = s.array(parts, once=once)(index)
    term: tuple = x
    if draw <= 0.25:
        term = ast.mul(x, x)
    elif draw < 0.5:
        term = (
            ast.mul(x, s.shared(parts)(index))
            if b.chance(0.7)
            else ast.mul(s.shared(parts)(index), x)
        )
    elif draw < 0.62:
        term = ast.mul(x, s.array(parts, once=True)(index))
    elif draw < 0.7 and b.kind in FLOATS:
        term = ast.Call(b.function("fabs"), (x,))
    first = (
        make_element(
            b.array((s.lengths[-1],), wanted=("bias", "b0", "init", "start_v")), s.variables[-1]
        )
        if b.chance(0.15)
        else b.number(zero=True)
    )
    total, made = make_local(b, first, names.SUMS)
    ends: tuple = ()
    value: tuple = total
    draw = b.rng.random()
    if draw < 0.25:
        value = ast.Binary(
            "/", total, s.length(parts) if len(parts) == 1 else ast.Paren(ast.product(parts))
        )
    elif draw < 0.32:
        ends = (make_assignment(total, s.length(parts), "/="),)
    elif draw < 0.42:
        value = ast.mul(total, b.scalar())
    elif draw < 0.5 and b.kind in FLOATS:
        value = ast.Call(b.function("sqrt"), (ast.Call(b.function("fabs"), (total,)),))
    target = s.cell()
    op = "=" if type(target) is not ast.At else b.pick(("=", "=", "=", "+="))
    return s.nest(
        made,
        loops(make_assignment(total, term, b.pick(("+=", "+=", "+=", "-=")))),
        *ends,
        make_assignment(target, value, op),
    )


def _largest(s: Blocks) -> Nest:
    """The largest or smallest element of the block, perhaps with its place."""
    b, parts = s.b, s.shape()
    index, loops = s.each(parts)
    block, op = s.array(parts), b.pick(">><")
    x = block(index)
    best, made = make_local(
        b, block(ast.ZERO) if b.chance(0.6) else b.number(zero=True), names.EXTREMES
    )
    if b.chance(0.3):
        where, begun = make_local(b, 0, ("where", "arg", "best_i", "at0", "which"), "i32")
        step = ast.If(
            ast.compare(x, op, best), (make_assignment(best, x), make_assignment(where, index))
        )
        place = b.array((ast.product(s.lengths),), "i32", "constant(-1)")
        b.parameter(place).written = True
        row = s.row.argument if type(s.row) is ast.Paren else s.row
        rest = (make_assignment(s.cell(), best),) if b.chance(0.6) else ()
        return s.nest(
            made, begun, loops(step), *rest, make_assignment(make_element(place, row), where)
        )
    step = make_assignment(
        best, make_extreme(b, op, best, x) if b.chance(0.5) else make_extreme(b, op, x, best)
    )
    if b.chance(0.5):
        step = ast.If(ast.compare(x, op, best), (make_assignment(best, x),))
    return s.nest(made, loops(step), make_assignment(s.cell(), best))


def _formula(s: Blocks) -> Nest:
    """Every element of the block from those at its place in other blocks, and from the block's own
    coefficients.
    """
    b, parts = s.b, s.shape()
    index, loops = s.each(parts)
    in_place = b.chance(0.3)
    source = s.array(parts, written=in_place)(index)
    target = source if in_place else s.array(parts, written=True)(index)
    b.reads = [source]
    if b.chance(0.4):
        b.reads.append(make_element(b.array((s.lengths[-1],)), s.variables[-1]))
    if b.chance(0.3):
        b.reads.append(s.shared(parts)(index))
    if b.chance(0.2):
        b.reads.append(s.array(parts)(index))
    value = source if b.chance(0.2) and not in_place else b.value(b.pick((1, 1, 2)))
    step: tuple = (make_assignment(target, value, b.pick(("=", "=", "+=", "-="))),)
    if b.chance(0.2):
        test = ast.compare(source, b.pick((">", "<", ">=")), b.number(zero=True))
        step = (
            ast.If(
                test, step, (make_assignment(target, b.number(zero=True)),) if b.chance(0.4) else ()
            ),
        )
    made: tuple = ()
    if b.chance(0.25):
        worth, declared = make_local(
            b,
            make_element(b.array((s.lengths[-1],)), s.variables[-1]),
            ("bias_c", "a0", "coef_i", "w_c", "scale_c"),
        )
        made, step = (declared,), (*step, make_assignment(target, worth, "+="))
    return s.nest(*made, loops(*step))


def _normalised(s: Blocks) -> Nest:
    """A total or an extreme of the block, and the block divided by it or set off from it."""
    b = s.b
    use_floating_type(b)
    parts = s.shape()
    index, loops = s.each(parts)
    in_place = b.chance(0.5)
    x = s.array(parts, written=in_place)(index)
    target = x if in_place else s.array(parts, written=True)(index)
    total, made = make_local(b, b.number(zero=True), names.SUMS)
    draw = b.rng.random()
    one = b._same(ast.Literal(b.pick(("1.0", "0.001", "0.5", "1e-5")), "f64"))
    size = s.length(parts) if len(parts) == 1 else ast.Paren(ast.product(parts))
    if draw < 0.4:
        square = make_assignment(total, ast.mul(x, x), "+=")
        root = make_assignment(total, ast.Call(b.function("sqrt"), (ast.add(total, one),)))
        return s.nest(
            made, loops(square), root, loops(make_assignment(target, ast.Binary("/", x, total)))
        )
    if draw < 0.75:
        mean = (
            make_assignment(total, size, "/=")
            if b.chance(0.6)
            else make_assignment(total, ast.Binary("/", total, size))
        )
        value = ast.sub(x, total)
        if b.chance(0.4):
            value = ast.mul(
                ast.Paren(value),
                make_element(
                    b.array((s.lengths[-1],), wanted=("gamma_", "g0", "sc")), s.variables[-1]
                ),
            )
        return s.nest(
            made,
            loops(make_assignment(total, x, "+=")),
            mean,
            loops(make_assignment(target, value)),
        )
    raised = ast.Call(b.function("exp"), (x,))
    if in_place:
        return s.nest(
            made,
            loops(make_assignment(x, raised), make_assignment(total, x, "+=")),
            loops(make_assignment(x, total, "/=")),
        )
    return s.nest(
        made,
        loops(make_assignment(target, raised), make_assignment(total, target, "+=")),
        loops(make_assignment(target, total, "/=")),
    )


def _mixed(s: Blocks) -> Nest:
    """A 1x1 convolution or a product of matrices: the block's weights times planes that all blocks
    read.
    """
    b = s.b
    parts, deep = (
        s.shape(),
        [b.size(("c_in", "depth", "in_ch", "K", "taps", "nin", "fan"), (1, 2, 3))],
    )
    index, loops = s.each(parts)
    c = s.counters[2]
    weights, result = s.array(deep)(c), s.array(parts, written=True)(index)
    planes = b.array((ast.product([*deep, *parts]),))
    along = (
        ast.mul(c, s.length(parts))
        if type(s.length(parts)) is not ast.Binary
        else ast.product([c, *parts])
    )
    source = make_element(
        planes,
        ast.add(along, index)
        if type(index) is ast.Name
        else ast.add(ast.add(along, index.left), index.right),
    )
    first = (
        make_element(b.array((s.lengths[-1],), wanted=("bias", "b0", "bias_c")), s.variables[-1])
        if b.chance(0.5)
        else b.number(zero=True)
    )
    product_ = ast.mul(weights, source) if b.chance(0.6) else ast.mul(source, weights)
    if b.chance(0.3):
        return s.nest(
            loops(
                make_assignment(result, first),
                make_loop(b, c, deep[0], make_assignment(result, product_, "+=")),
            )
        )
    total, made = make_local(b, first, names.SUMS)
    end: tuple = total
    if b.chance(0.35):
        end = ast.Conditional(
            ast.compare(total, ">", ast.ZERO),
            total,
            b._same(ast.ZERO) if b.kind in FLOATS else ast.ZERO,
        )
    return s.nest(
        loops(
            made,
            make_loop(b, c, deep[0], make_assignment(total, product_, "+=")),
            make_assignment(result, end, b.pick(("=", "=", "+="))),
        )
    )


def _pooled(s: Blocks) -> Nest:
    """Windows of a plane that do not overlap: their largest element or their mean."""
    b = s.b
    high, wide = (
        b.size((w,), (1, 2, 3))
        for w in b.pick((("oh", "ow"), ("out_h", "out_w"), ("ph", "pw"), ("H", "W"), ("ny", "nx")))
    )
    k = ast.integer(b.pick((2, 2, 2, 3)))
    (y, x, _), across = s.counters, ast.mul(wide, k)
    ky, kx = (
        ast.Name(b.name((w, w + "2"), s.kind))
        for w in b.pick((("ky", "kx"), ("u0", "v0"), ("dy", "dx"), ("wi", "wj")))
    )
    block, result = (
        s.array([high, wide, k, k]),
        s.array([high, wide], written=True)(ast.add(ast.mul(y, wide), x)),
    )
    line = ast.mul(
        ast.Paren(ast.add(ast.mul(y, k), ky)), ast.Paren(across) if b.chance(0.7) else wide
    )
    line = line if type(line.right) is ast.Paren else ast.mul(line, k)
    place = block(ast.add(ast.add(line, ast.mul(x, k)), kx))
    mean = b.chance(0.4)
    low = b._same(ast.Literal("1000.0", "f64")) if b.kind in FLOATS else ast.integer(1000)
    total, made = make_local(
        b,
        b.number(zero=True) if mean or b.chance(0.5) else ast.Unary("-", low),
        names.SUMS if mean else _POOLS,
    )
    if mean:
        step: tuple = make_assignment(total, place, "+=")
    elif b.chance(0.5):
        step = ast.If(ast.compare(place, ">", total), (make_assignment(total, place),))
    else:
        step = make_assignment(total, make_extreme(b, ">", total, place))
    end = ast.Binary("/", total, ast.integer(int(k.text) ** 2)) if mean and b.chance(0.7) else total
    window = make_loop(b, ky, k, make_loop(b, kx, k, step))
    return s.nest(
        make_loop(b, y, high, make_loop(b, x, wide, made, window, make_assignment(result, end)))
    )


_WORK = (
    _total,
    _total,
    _total,
    _largest,
    _largest,
    _formula,
    _formula,
    _normalised,
    _normalised,
    _mixed,
    _mixed,
    _pooled,
)


def moved_on(b: Builder) -> Nest:
    """Draw a nest whose pointer parameters move from block to block. b: the builder that makes its
    parts.
    """
    return b.pick(_WORK)(Blocks(b, True))


def found_again(b: Builder) -> Nest:
    """Draw a nest over blocks whose beginning every iteration computes itself. b: the builder that
    makes its parts.
    """
    return b.pick(_WORK)(Blocks(b, False))


def moved_once(b: Builder) -> Nest:
    """Draw a nest with a pointer parameter that moves once, before a loop of independent
    iterations. b: the builder that makes its parts.
    """
    n, i = b.size(names.SIZES, (1, 3, 7, 12)), ast.Name(b.name(names.LOOPS, "i32"))
    before, reads = [], []
    offset: tuple = (
        b.size(_OFFSETS, (0, 1, 3)) if b.chance(0.6) else ast.integer(b.pick((1, 2, 4, 8, 16)))
    )
    if b.chance(0.25):
        offset = ast.mul(b.size(("row", "which", "part", "slot"), (0, 1, 2)), n)
    for written in b.pick(((False,), (False,), (False, True), (True,), (False, False))):
        whole = (
            ast.add(n, offset)
            if type(offset) is not ast.Binary
            else ast.mul(n, ast.Paren(ast.add(offset.left, 1)))
        )
        word = b.array((whole,))
        b.parameter(word).written, b.parameter(word).moved = written, True
        before.append(make_assignment(ast.Name(word), offset, "+="))
        reads.append((make_element(word, i), written))
    b.reads = [r for r, written in reads if not written] or [r for r, _ in reads]
    targets = [r for r, written in reads if written]
    if not targets:
        word = b.array((n,))
        b.parameter(word).written = True
        targets = [make_element(word, i)]
    if b.chance(0.3):
        b.reads.append(make_element(b.array((n,)), i))
    body: tuple = (
        make_assignment(targets[0], b.value(b.pick((1, 1, 2))), b.pick(("=", "=", "+="))),
    )
    if b.chance(0.25):
        body = (ast.If(make_likely_test(b, b.reads[0]), body),)
    return Nest(
        "", [], [Region((Axis(i.id, ast.ZERO, n),), body)], before=tuple(before), c_only=True
    )


MENU = (
    (moved_on, 22),
    (found_again, 16),
    (moved_once, 5),
)
"""(family, weight) of each."""
