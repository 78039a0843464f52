"""Families of whole rows: tables whose rows lie a pitch apart, rows turned round in place.

Contract: as for the other families. A pitch is at least as long as a row; what is swapped belongs
to one thread's row.

    python -c "from corpora.generator import generate; \\
        print(next(c for c in generate(900, 4, 'broad') if 'pitch' in str(c)))"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.families.images import BYTES, OUTPUTS


def pitched_tables(b: Builder) -> Nest:
    """Draw a nest over rows and columns in which each array has a pitch of its own. b: the builder
    that makes its parts.
    """
    wide = b.pick(("u64", "u64", "i64", "u32", "i32"))
    rows, cols = (
        b.size((w,), (1, 2, 5), wide)
        for w in b.pick((("rows", "cols"), ("height", "width"), ("m", "n"), ("ny", "nx")))
    )
    kind, fill = b.pick(
        (
            (b.kind, ""),
            (b.kind, ""),
            ("u32", "integers(0,90)"),
            ("u8", "integers(0,255)"),
            ("f64", ""),
        )
    )
    b.kind = kind
    r, c = (
        ast.Name(b.name((w,), wide))
        for w in b.pick((("r", "c"), ("y", "x"), ("i", "j"), ("row", "col")))
    )
    turned = b.chance(0.4)

    def element(word: tuple, pitch_words: tuple, across: bool) -> ast.At:
        inner, outer = (rows, cols) if across else (cols, rows)
        more = b.size(pitch_words, (0, 1, 3), wide) if b.chance(0.25) else None
        pitch: tuple = (
            ast.Paren(ast.add(inner, more)) if more else b.size(pitch_words, (5, 6, 8), wide)
        )
        first, second = (c, r) if across else (r, c)
        b.array((ast.mul(outer, pitch),), kind, fill, word)
        return ast.At(b.parameters[-1].name, (ast.add(ast.mul(first, pitch), second),))

    source = element(
        ("src", "in", "a", "table"), ("src_pitch", "lda", "pitch", "in_stride", "ld_a"), False
    )
    target = element(
        ("dst", "out", "b_out", "res"),
        ("dst_pitch", "ldb", "out_pitch", "out_stride", "ld_b"),
        turned,
    )
    b.parameter(target.array).written = True
    draw = b.rng.random()
    value: tuple = source
    if draw < 0.3:
        value = ast.mul(source, b.scalar()) if kind in FLOATS else ast.add(source, b.scalar(kind))
    elif draw < 0.45:
        value = ast.Conditional(ast.compare(r, "==", c), source, ast.ZERO)
    store = ast.Assign(target, b.pick(("=", "=", "=", "+=")) if kind != "u8" else "=", value)
    axes = (Axis(r.id, ast.ZERO, rows), Axis(c.id, ast.ZERO, cols))
    body: tuple = (store,)
    if draw > 0.85:
        body = (
            ast.If(
                ast.compare(source, b.pick((">", "!=")) if kind not in FLOATS else ">", ast.ZERO),
                (store,),
            ),
        )
    return Nest("", [], [Region(axes, body)], index_type=wide)


def mirrored_rows(b: Builder) -> Nest:
    """Draw a nest that reverses rows, with the swaps of half a row per thread. b: the builder that
    makes its parts.
    """
    h, w = (
        b.size((word,), (1, 2, 3, 6))
        for word in b.pick((("height", "width"), ("rows", "cols"), ("n", "m"), ("h", "w")))
    )
    kind, fill = b.pick(
        (
            (b.kind, ""),
            ("u8", "integers(0,255)"),
            ("i8", "integers(32,122)"),
            (b.kind, ""),
            ("i32", "integers(-9,9)"),
        )
    )
    i = ast.Name(b.name(("row", "i", "r", "y", "idx", "tid"), "i32"))
    by_column = b.chance(0.2)
    image = b.array((w, h) if by_column else (h, w), kind, fill, BYTES + OUTPUTS)
    b.parameter(image).written = True
    view, made = "", ()
    if b.chance(0.35) and not by_column:
        view = b.name(("line", "p", "cur_row", "base_p"), kind)
        made = (ast.DeclarePointer(kind, view, image, ast.mul(i, w), False),)

    def at(j: tuple) -> ast.At:
        return ast.At(view, (j,)) if view else ast.At(image, (j, i) if by_column else (i, j))

    word = ast.Name(b.name(("tmp", "t", "swap_v", "keep", "c0"), kind))
    left, right = (
        ast.Name(b.name(words, "i32"))
        for words in (("l", "left", "a", "lo", "j"), ("r0", "right", "z", "hi", "k"))
    )
    last = ast.sub(w, 1)
    swap = (
        ast.Declare(kind, word.id, at(left)),
        ast.Assign(at(left), "=", at(right)),
        ast.Assign(at(right), "=", word),
    )
    axis = Axis(i.id, ast.ZERO, h)
    if b.chance(0.5):
        ends = (ast.Declare("i32", left.id, ast.ZERO), ast.Declare("i32", right.id, last))
        moves = (ast.Assign(left, "+=", ast.ONE), ast.Assign(right, "-=", ast.ONE))
        return Nest(
            "",
            [],
            [
                Region(
                    (axis,),
                    (*made, *ends, ast.While(ast.compare(left, "<", right), (*swap, *moves))),
                )
            ],
        )
    if b.chance(0.4):
        inner: tuple = (ast.Declare("i32", right.id, ast.sub(last, left)), *swap)
    else:
        other = at(ast.sub(last, left))
        inner = (
            ast.Declare(kind, word.id, at(left)),
            ast.Assign(at(left), "=", other),
            ast.Assign(other, "=", word),
        )
    return Nest(
        "",
        [],
        [
            Region(
                (axis,),
                (*made, ast.For(left.id, ast.ZERO, "<", ast.Binary("/", w, ast.TWO), inner)),
            )
        ],
    )
