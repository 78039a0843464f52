"""Families of bit operations and characters: shifts, masks in hexadecimal, mixing rounds, case,
digits, look-alikes.

Contract: as for the other families; unsigned kinds, or signed ones whose values stay small and are
never shifted out.

    python -c "from corpora.generator import generate; \\
        print([c for c in generate(300, 4) if '>>' in c.programs['cpp'].text][0])"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.families.grids import extents, loops

_WIDTHS = {"u32": 32, "u16": 16, "u8": 8, "i32": 15, "u64": 64}
_FILLS = {
    "i32": "integers(0,60)",
    "u8": "integers(0,255)",
    "u16": "integers(0,65000)",
    "u32": "integers(0,4000000000)",
}
_CODES = ("code", "bits", "h0", "key", "word0", "x0", "g0", "packed", "crc", "hash0", "m0", "v")


def _mask(b: Builder, kind: str) -> tuple:
    """A constant to and with, mostly hexadecimal where the kind is unsigned."""
    if kind == "i32":
        return ast.integer(b.pick((1, 3, 7, 15, 31, 63, 127, 255)))
    width = _WIDTHS[kind] // 4
    digits = b.pick(("5", "3", "f", "a", "0f", "1", "ff", "7", "")) or f"{b.rng.randrange(16**4):x}"
    text = (digits * width)[-width:] if b.chance(0.5) else digits
    text = text.upper() if b.chance(0.2) else text
    return ast.Literal(f"0x{text}{b.pick(('', 'u', 'u', 'U')) if kind == 'u32' else ''}", "u32")


def _amount(b: Builder, kind: str, left: bool = False) -> tuple:
    if kind == "i32" and left:
        return ast.integer(b.pick((1, 1, 2, 3)))
    return ast.integer(
        b.rng.randint(1, _WIDTHS[kind] - 1) if b.chance(0.6) else b.pick((1, 1, 2, 4))
    )


def _piece(b: Builder, value: tuple, kind: str) -> tuple:
    """Some bits of a value: `v >> 3`, `(v >> 4) & 0xf`, `v & 1`."""
    draw = b.rng.random()
    if draw < 0.35:
        return ast.Binary(">>", value, _amount(b, kind))
    if draw < 0.7:
        return ast.Binary("&", ast.Paren(ast.Binary(">>", value, _amount(b, kind))), _mask(b, kind))
    if draw < 0.85 and kind != "i32":
        return ast.Binary("<<", value, _amount(b, kind, True))
    return ast.Binary("&", value, _mask(b, kind))


def _mixed(b: Builder, value: tuple, kind: str) -> tuple:
    """An expression of a value's bits."""
    draw = b.rng.random()
    left = ast.Paren(_piece(b, value, kind))
    if draw < 0.3:
        return ast.Binary(b.pick("^|&"), value, left)
    if draw < 0.6:
        return ast.Binary(
            b.pick("|^+") if kind != "i32" else b.pick("|^"),
            left,
            ast.Paren(_piece(b, value, kind)),
        )
    if draw < 0.75:
        return ast.Binary(
            b.pick("|^"),
            ast.Paren(ast.Binary("<<", ast.Paren(_piece(b, value, kind)), ast.integer(1))),
            left,
        )
    return _piece(b, value, kind)


def _step(b: Builder, v: ast.Name, kind: str) -> ast.Assign:
    draw = b.rng.random()
    if draw < 0.3:
        return ast.Assign(
            v,
            b.pick(("^=", "^=", "|=", "&=")),
            ast.Binary(b.pick((">>", ">>", "<<")) if kind != "i32" else ">>", v, _amount(b, kind)),
        )
    if draw < 0.5:
        op = b.pick((">>=", ">>=", "<<=") if kind != "i32" else (">>=",))
        return ast.Assign(v, op, _amount(b, kind))
    if draw < 0.62:
        return ast.Assign(v, b.pick(("&=", "^=", "|=")), _mask(b, kind))
    if draw < 0.72 and kind == "u32":
        text = str(b.rng.randint(3, 99999)) if b.chance(0.5) else f"0x{b.rng.randrange(16**7):x}"
        return ast.Assign(
            v,
            b.pick(("*=", "+=")),
            ast.Literal(text + b.pick(("u", "u", "")) if text[:2] == "0x" else text + "u", "u32"),
        )
    return ast.Assign(v, "=", _mixed(b, v, kind))


def words(b: Builder) -> Nest:
    """Draw a nest that mixes integers bit by bit, straight or in rounds. b: the builder that makes
    its parts.
    """
    b.kind = kind = b.pick(("u32", "u32", "u32", "u16", "u8", "i32", "i32"))
    two = b.chance(0.15)
    if two:
        sides = extents(b, 2)
        variables, axes = loops(b, sides)
    else:
        sides = (b.size(names.SIZES, (1, 3, 8, 17)),)
        variables = (ast.Name(b.name(names.LOOPS, "i32")),)
        axes = (Axis(variables[0].id, ast.ZERO, sides[0]),)
    fill = _FILLS[kind]
    source = b.array(sides, kind, fill)
    read = ast.At(source, variables)
    if b.chance(0.3):
        b.parameter(source).written, place = True, read
    else:
        out = b.array(sides, b.pick((kind, kind, kind, "u32")) if kind != "i32" else kind, fill)
        b.parameter(out).written, place = True, ast.At(out, variables)
    if b.chance(0.25):
        value = _mixed(b, read, kind)
        op = b.pick(("=", "=", "^=", "|=", "&="))
        return Nest("", [], [Region(axes, (ast.Assign(place, op, value),))])
    v = ast.Name(b.name(_CODES, kind))
    start = (
        ast.Binary("^", read, ast.At(b.array(sides, kind, fill), variables))
        if b.chance(0.2)
        else read
    )
    body: tuple = (ast.Declare(kind, v.id, start),)
    if b.chance(0.35):
        body += _rounds(b, v, kind)
    else:
        body += tuple(_step(b, v, kind) for _ in range(b.pick((1, 2, 2, 3, 4))))
    end: tuple = v
    if b.chance(0.3):
        end = (
            _piece(b, v, kind)
            if b.chance(0.6)
            else ast.Cast(b.types[place.array], ast.Paren(_piece(b, v, kind)))
        )
    op = "=" if place == read else b.pick(("=", "=", "=", "^="))
    return Nest("", [], [Region(axes, (*body, ast.Assign(place, op, end)))])


def _rounds(b: Builder, v: ast.Name, kind: str) -> tuple:
    """A loop over bits: count them, turn them round, or divide by a polynomial."""
    k = ast.Name(b.name(names.INNER, "i32"))
    times = (
        ast.integer(b.pick((8, 8, 16, 4, 3)))
        if b.chance(0.7)
        else b.size(("bits_n", "rounds", "width0", "nbits"), (1, 4, 8))
    )
    r = ast.Name(b.name(("r", "c0", "res", "rev", "parity", "ones0"), kind))
    low = (
        ast.Paren(ast.Binary("&", v, ast.ONE))
        if b.chance(0.6)
        else ast.Paren(ast.Binary("&", ast.Paren(ast.Binary(">>", v, k)), ast.ONE))
    )
    draw = b.rng.random()
    if draw < 0.35:
        inside: tuple = (ast.Assign(r, b.pick(("+=", "^=")), low), ast.Assign(v, ">>=", ast.ONE))
    elif draw < 0.6 and kind != "i32":
        inside = (
            ast.Assign(r, "=", ast.Binary("|", ast.Paren(ast.Binary("<<", r, ast.ONE)), low)),
            ast.Assign(v, ">>=", ast.ONE),
        )
    elif draw < 0.8 or kind == "i32":
        inside = (
            ast.If(low.argument if b.chance(0.5) else low, (ast.Assign(r, "^=", _mask(b, kind)),)),
            ast.Assign(v, ">>=", ast.ONE),
        )
    else:
        half = ast.Paren(ast.Binary(">>", v, ast.ONE))
        inside = (
            ast.Assign(
                v, "=", ast.Conditional(low, ast.Binary("^", half, _mask(b, kind)), half.argument)
            ),
        )
        return (ast.For(k.id, ast.ZERO, "<", times, inside),)
    made = ast.Declare(kind, r.id, ast.ZERO)
    return (
        made,
        ast.For(k.id, ast.ZERO, "<", times, inside),
        ast.Assign(v, b.pick(("=", "^=", "|=")), r),
    )


_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:;-_+*#/=!?"


def _char(b: Builder) -> ast.Literal:
    text = (
        b.pick(("a", "z", "A", "Z", "0", "9", " ", "a", "A", "0", ""))
        or _LETTERS[b.rng.randrange(len(_LETTERS))]
    )
    return ast.Literal(
        f"'{text}'" if b.chance(0.95) else b.pick(("'\\n'", "'\\0'", "'\\t'")), "i32"
    )


def characters(b: Builder) -> Nest:
    """Draw a nest that works on text: case, digits, punctuation, shifted alphabets. b: the builder
    that makes its parts.
    """
    b.kind = "i8"
    n = b.size(names.SIZES + ("len", "text_len"), (1, 3, 8, 17))
    i = ast.Name(b.name(names.LOOPS, "i32"))
    axis = Axis(i.id, ast.ZERO, n)
    text = b.array(
        (n,), "i8", "integers(32,122)", ("text", "str0", "s", "line", "chars", "in_text", "buf")
    )
    read = ast.At(text, (i,))
    if b.chance(0.5):
        b.parameter(text).written, place = True, read
    else:
        kind = b.pick(("i8", "i8", "i32", "u8"))
        out = b.array(
            (n,),
            kind,
            "integers(0,60)",
            ("out_text", "dst", "result", "marks", "code_of", "output"),
        )
        b.parameter(out).written, place = True, ast.At(out, (i,))
    made: tuple = ()
    c: tuple = read
    if b.chance(0.65):
        word = ast.Name(b.name(("c", "ch", "letter", "c0", "cur"), "i8"))
        made, c = (ast.Declare("i8", word.id, read),), word
    first, second = sorted((_char(b), _char(b)), key=lambda c: c.text)
    if b.chance(0.6) or first == second:
        first, second = (
            ast.Literal(f"'{x}'", "i32")
            for x in b.pick((("a", "z"), ("A", "Z"), ("0", "9"), ("a", "z")))
        )
    inside = ast.conjunction(ast.compare(c, ">=", first), ast.compare(c, "<=", second))
    test = b.pick(
        (
            inside,
            inside,
            inside,
            ast.compare(
                c, b.pick(("!=", "<", ">") if place == read else ("==", "==", "!=", "<")), first
            ),
        )
    )
    if b.chance(0.1) and place != read:
        test = ast.Binary("||", ast.compare(c, "==", first), ast.compare(c, "==", second))
    yes = ast.Assign(place, "=", _letter(b, c))
    others: tuple = ()
    if place != read or b.chance(0.3):
        others = (
            ast.Assign(
                place, "=", b.pick((c, c, _char(b), ast.ZERO)) if place != read else _char(b)
            ),
        )
    if b.chance(0.3):
        others = (
            ast.If(
                ast.conjunction(ast.compare(c, ">=", _char(b)), ast.compare(c, "<=", _char(b))),
                (ast.Assign(place, "=", _letter(b, c)),),
                others,
            ),
        )
    if b.chance(0.15) and place != read:
        value = ast.Conditional(
            ast.Paren(test), b.pick((ast.ONE, _char(b), c)), b.pick((ast.ZERO, c, _char(b)))
        )
        return Nest("", [], [Region((axis,), (*made, ast.Assign(place, "=", value)))])
    return Nest("", [], [Region((axis,), (*made, ast.If(test, (yes,), others)))])


def _letter(b: Builder, c: tuple) -> tuple:
    draw, base = b.rng.random(), _char(b)
    if draw < 0.3:
        return ast.add(ast.sub(c, base), _char(b))
    if draw < 0.5:
        shift = (
            b.size(("key", "shift", "rot", "k_shift"), (1, 3, 13))
            if b.chance(0.6)
            else ast.integer(b.pick((1, 13, 5)))
        )
        return ast.add(
            base, ast.Binary("%", ast.Paren(ast.add(ast.sub(c, base), shift)), ast.integer(26))
        )
    if draw < 0.65:
        return ast.Binary(b.pick("+-"), c, ast.integer(b.pick((32, 32, 1, 48))))
    return base if draw < 0.85 else ast.sub(c, base)
