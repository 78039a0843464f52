"""Families of everyday numeric code: constants worked out before the loop, long chains of formulas.

Contract: as for the other families. Formulas stay inside the functions' domains whatever the arrays
hold; integers are multiplied at most once, so that small inputs never overflow.

    python -c "from corpora.generator import generate; \\
        print([c for c in generate(400, 4, 'broad') if 'erfc' in c.programs['cpp'].text][0])"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.core.points import IterationPoint, make_input_place, make_output_place
from corpora.generator.families.grids import extents, loops

_MADE = tuple(
    "c0 k half h0 inv coef_c fac rad denom q1 step_f w0 cx cy mid origin c2 norm_c inv_n "
    "f0 r2 dtdx base_c lim g0 m_pi "
    "two_s hx ratio0 kk0 shift_c n2 last".split()
)
_CHAIN = tuple(
    "d1 d2 s1 s2 r q z u0 arg e v1 v2 t1 t2 root num den p term phi_i theta cosw sinw lo "
    "hi a0 b0 x0 y0 sq n1 kd gam cube frac inner slope s_k f1 "
    "price ratio disc dev drift up down wx wy rr gx gy mx my vx0 vy0 ke acc0 nr ng nb lum".split()
)
DIMS = tuple(
    "n count N num len size total rays items samples frames days bins points nodes nnz np "
    "m channels entries".split()
)


def mix(b: Builder, parts: list) -> tuple:
    """Return one expression of all parts, in random order and shape. Integers are multiplied at
    most once.
    """
    parts = list(dict.fromkeys(parts))
    b.rng.shuffle(parts)
    ops = "+-*+-*/" if b.kind in FLOATS else "+-"
    while len(parts) > 1:
        left, right = parts.pop(), parts.pop()
        op = b.pick(ops)
        if op == "/":
            if b.chance(0.5):
                parts.append(
                    ast.Binary("/", left, ast.Paren(ast.add(ast.mul(right, right), b.number())))
                )
            else:
                parts += [right, ast.Binary("/", left, b.number())]
            continue
        right = ast.Paren(right) if type(right) is ast.Unary else right
        node = ast.Binary(op, left, right)
        parts.append(ast.Paren(node) if parts and b.chance(0.4) else node)
    return parts[0]


def _derived(b: Builder, sides: tuple) -> tuple:
    """What a local before the loop begins with: a constant, or something of the sizes and
    scalars.
    """
    side, draw = b.pick(sides), b.rng.random()
    if b.kind not in FLOATS:
        if draw < 0.25:
            key, period = (
                b.size(("key", "rot", "shift", "offset", "turn"), (0, 1, 3, 40)),
                b.pick((26, 10, 7, 32, 16, 12)),
            )
            return ast.Binary(
                "%",
                ast.Paren(ast.add(ast.Paren(ast.Binary("%", key, ast.integer(period))), period)),
                ast.integer(period),
            )
        if draw < 0.55:
            return b.pick(
                (
                    ast.Binary("/", side, ast.TWO),
                    ast.sub(side, 1),
                    ast.Binary("%", side, ast.integer(b.pick((3, 4, 7, 8)))),
                    ast.add(side, 1),
                )
            )
        return ast.Binary(b.pick("+-*"), b.scalar(), b.number()) if draw < 0.85 else b.number()
    one = b._same(ast.Literal(b.pick(("1.0", "2.0", "0.5", "1")), "f64"))
    if draw < 0.25:
        return (
            b._same(ast.Literal(b._any_float(), "f64"))
            if b.chance(0.7)
            else ast.Binary(
                "/",
                b._same(ast.Literal("3.14159265", "f64")),
                b._same(ast.Literal(b.pick(("180.0", "4.0", "2.0", "12.0")), "f64")),
            )
        )
    if draw < 0.45:
        return (
            ast.Binary(
                b.pick("**/"),
                one,
                ast.Paren(b.pick((ast.sub, ast.add))(side, 1)) if b.chance(0.5) else side,
            )
            if b.chance(0.7)
            else ast.Binary("/", ast.Paren(ast.add(side, 1)), one)
        )
    first = b.pick(tuple(b.scalars)) if b.scalars and b.chance(0.5) else b.scalar()
    second = b.pick(tuple(b.scalars)) if b.chance(0.5) else b.scalar()
    return b.pick(
        (
            ast.Binary("/", first, ast.Paren(ast.mul(second, second))),
            ast.Binary(b.pick("*/+-"), first, b.number()),
            ast.mul(first, second),
            ast.Binary("/", one, first),
            ast.sub(one, first),
            ast.Call(b.function("sqrt"), (first,)),
            ast.Call(b.function("exp"), (ast.Unary("-", first),)),
        )
    )


def prologue(b: Builder) -> Nest:
    """Draw a nest that computes constants and shares of sizes in locals first, and then uses them
    in loops. b: the builder that makes its parts.
    """
    two = b.chance(0.4)
    if two:
        sides = extents(b, 2)
        variables, axes = loops(b, sides)
    else:
        sides = (b.size(DIMS, (1, 4, 9, 21)),)
        variables = (ast.Name(b.name(names.LOOPS, "i32")),)
        axes = (Axis(variables[0].id, ast.ZERO, sides[0]),)
    before: tuple = ()
    const, made = b.chance(0.3), []
    for _ in range(b.pick((1, 1, 1, 2, 2, 3))):
        value = _derived(b, sides)
        word = ast.Name(b.name(_MADE, b.kind))
        before += (ast.Declare(b.kind, word.id, value, const),)
        made.append(word)
    point = IterationPoint(variables, sides, plain=b.chance(0.8))
    for _ in range(b.pick((1, 1, 2, 2, 3))):
        make_input_place(b, point)
    body: tuple = ()
    use: list = list(made)
    if two and b.chance(0.4) or b.chance(0.15):  # the distance of the place from something
        for variable, word in zip(variables, made * 2):
            gap = ast.Name(b.name(("dx", "dy", "ddx", "ddy", "ri", "rj"), b.kind))
            body += (ast.Declare(b.kind, gap.id, ast.sub(variable, word)),)
            use.append(ast.mul(gap, gap))
        use = [u for u in use if u not in made] + made[len(variables) :]
    elif b.chance(0.5):
        word = ast.Name(b.name(_CHAIN, b.kind))
        body, use = (
            (
                ast.Declare(
                    b.kind, word.id, b.read() if b.chance(0.5) else mix(b, [b.read(), use.pop()])
                ),
            ),
            [*use, word],
        )
    b.locals += [u for u in use if type(u) is ast.Name]
    value = mix(b, [*use, *(b.read() for _ in range(b.pick((1, 1, 2))))])
    if b.kind in FLOATS and b.chance(0.4):
        value = (
            mix(b, [_call(b, value), b.leaf(variables[-1])]) if b.chance(0.5) else _call(b, value)
        )
    place = (
        b.reads[0]
        if b.chance(0.3) and b._kind_of(b.reads[0]) == b.kind and b.reads[0].subscripts == variables
        else make_output_place(b, point)
    )
    b.parameter(place.array).written = True
    store = ast.Assign(place, b.pick(("=", "=", "=", "+=", "-=")), value)
    if b.chance(0.3):
        other = (ast.Assign(place, "=", b.leaf()),) if b.chance(0.5) else ()
        return Nest(
            "", [], [Region(axes, (*body, ast.If(_test(b), (store,), other)))], before=before
        )
    return Nest("", [], [Region(axes, (*body, store))], before=before)


def _test(b: Builder) -> tuple:
    """A comparison that some values meet and others do not."""
    few = (
        (ast.ONE, ast.TWO)
        if b.kind not in FLOATS
        else tuple(b._same(ast.Literal(x, "f64")) for x in ("0.5", "1.0", "0.25", "0.1"))
    )
    first, second = (
        ast.compare(
            b.read(),
            b.pick(("<", ">", "<=", ">=")),
            b.number(zero=True) if b.chance(0.6) else b.pick(few),
        )
        for _ in range(2)
    )
    if b.chance(0.8) or first == second:
        return first
    return ast.Binary("||" if first.left == second.left else b.pick(("&&", "||")), first, second)


def _call(b: Builder, x: tuple) -> tuple:
    """A function of the mathematical library with `x` brought into its domain."""
    what = b.pick(
        (
            "erfc",
            "erf",
            "exp",
            "log",
            "sqrt",
            "tanh",
            "sin",
            "cos",
            "atan",
            "asin",
            "acos",
            "cbrt",
            "fabs",
            "log2",
            "log10",
            "log1p",
            "round",
            "floor",
            "ceil",
            "atan2",
            "pow",
            "hypot",
            "fmod",
            "exp2",
            "fmax",
            "fmin",
            "erfc",
            "cosh",
            "expm1",
            "copysign",
        )
    )
    if what in ("round", "floor", "ceil", "fmod") and type(x) is not ast.At:
        what = "fabs"  # of what was computed with rounding errors the steps may fall on either side
    name, one = b.function(what), b._same(ast.Literal("1.0", "f64"))
    x = (
        x
        if b._kind_of(x) == b.kind
        else ast.Cast(b.kind, x if type(x) in (ast.Name, ast.At) else ast.Paren(x))
    )
    if what in ("log", "log2", "log10", "sqrt", "log1p", "pow"):
        positive = ast.add(ast.Call(b.function("fabs"), (x,)), b._same(b.number()))
        power = b._same(ast.Literal(b.pick(("0.5", "1.5", "2.0", "3.0", "0.25", "2.2")), "f64"))
        return ast.Call(name, (positive, power) if what == "pow" else (positive,))
    if what in ("asin", "acos"):
        return (
            ast.Call(
                name,
                (
                    ast.Call(
                        b.function("fmax"),
                        (ast.Unary("-", one), ast.Call(b.function("fmin"), (one, x))),
                    ),
                ),
            )
            if b.chance(0.5)
            else ast.Call(
                name,
                (ast.Binary("/", x, ast.Paren(ast.add(one, ast.Call(b.function("fabs"), (x,))))),),
            )
        )
    if what in ("exp", "exp2", "cosh", "expm1"):
        return (
            ast.Call(name, (ast.Unary("-", ast.Call(b.function("fabs"), (x,))),))
            if b.chance(0.5)
            else ast.Call(name, (ast.Call(b.function("fmin"), (x, b._same(ast.integer(4)))),))
        )
    if what in ("atan2", "hypot", "fmax", "fmin", "copysign"):
        other = b.read()
        return ast.Call(name, (x, other if b._kind_of(other) == b.kind else one))
    if what == "fmod":
        return ast.Call(name, (x, b._same(b.number())))
    if what in ("erf", "erfc", "tanh") and b.chance(0.4):
        return ast.Call(
            name,
            (
                ast.mul(
                    ast.Unary("-", x) if type(x) in (ast.Name, ast.At) else ast.Paren(x),
                    b._same(ast.Literal(b._any_float(), "f64")),
                ),
            ),
        )
    return ast.Call(name, (x,))


def formulas(b: Builder) -> Nest:
    """Draw a nest with three to seven locals, each made of those before, and one to three outputs.
    b: the builder that makes its parts.
    """
    if b.kind not in FLOATS:
        b.kind = "f64" if b.chance(0.4) else "f32"
        b.suffix = b.kind == "f32" and b.chance(0.6)
    n = b.size(DIMS, (1, 4, 9, 21), b.pick(("i32", "i32", "i32", "i32", "i64", "u32", "u64")))
    kind = b.types[n.id] if b.chance(0.7) else "i32"
    i = ast.Name(b.name(names.LOOPS, kind))
    point = IterationPoint((i,), (n,), plain=True)
    for _ in range(b.pick((1, 2, 2, 3, 3, 4))):
        make_input_place(b, point, b.kind)
    if b.chance(0.6):
        for _ in range(b.pick((1, 1, 2, 3))):
            b.scalar()
    body, chain = [], []
    for _ in range(b.pick((2, 3, 3, 4, 4, 5, 6))):
        parts = [
            b.read() if not number else b.pick((b.leaf, b.number))()
            for number in range(b.pick((1, 2, 2)))
        ]
        if chain:
            parts.append(b.pick(tuple(chain[-3:])))
        value = _weighted(b) if b.chance(0.2) else mix(b, parts)
        if b.chance(0.5):
            value = _call(b, value)
            value = ast.Binary(b.pick("*+-"), b.leaf(), value) if b.chance(0.4) else value
        word = ast.Name(b.name(_CHAIN, b.kind))
        body.append(ast.Declare(b.kind, word.id, value))
        if b.chance(0.12):
            body.append(
                ast.If(
                    ast.compare(word, b.pick("<>"), b.number(zero=True)),
                    (ast.Assign(word, "=", b._same(b.number(zero=b.chance(0.5)))),),
                )
            )
        chain.append(word)
        b.locals.append(word)
    outputs = b.pick((1, 1, 1, 2, 2, 3))
    for number in range(outputs):
        left = chain[-1 - number % len(chain)]
        value = mix(b, [left, b.pick(tuple(chain)), b.leaf()][: b.pick((1, 2, 2, 3))])
        if b.chance(0.2):
            value = ast.Conditional(
                ast.compare(left, b.pick("<>"), b.number(zero=True)), value, b.leaf()
            )
        body.append(
            ast.Assign(make_output_place(b, point), b.pick(("=", "=", "=", "+=", "-=")), value)
        )
    return Nest("", [], [Region((Axis(i.id, ast.ZERO, n),), tuple(body))], index_type=kind)


def _weighted(b: Builder) -> tuple:
    """A sum with a constant for every term, as colours are mixed."""
    terms = [
        ast.mul(b._same(ast.Literal(b._any_float(), "f64")), b.read())
        for _ in range(b.pick((2, 3, 3)))
    ]
    total = terms[0]
    for term in terms[1:]:
        total = ast.Binary(b.pick("++-"), total, term)
    return total
