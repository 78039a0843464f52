"""Declarations of C++ and CUDA taken apart: what a name is declared as, and the element type of its
specifiers.

Contract: `parse_declaration` reads the tokens of one parameter, field or result; typedefs, `using`
and object-like macros are followed. Raises SignatureError for what no test can hold.

    python -c "from corpora.syntax.c_family import TextDefinitions; \\
        from corpora.signatures.declarators import parse_declaration; \
print(parse_declaration('const float * x'.split(), TextDefinitions.of(''), 'x'))"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from corpora.records import ELEMENT_TYPES
from corpora.signatures.errors import SignatureError
from corpora.syntax.c_family import TextDefinitions

_WORDS = {
    "char",
    "short",
    "int",
    "long",
    "signed",
    "unsigned",
    "float",
    "double",
    "bool",
    "_Bool",
    "_Complex",
    "void",
}
_NAMED = {
    **{f"int{w}_t": f"i{w}" for w in (8, 16, 32, 64)},
    **{f"uint{w}_t": f"u{w}" for w in (8, 16, 32, 64)},
    **{f"u_int{w}_t": f"u{w}" for w in (8, 16, 32, 64)},
    "size_t": "u64",
    "ssize_t": "i64",
    "ptrdiff_t": "i64",
    "intptr_t": "i64",
    "uintptr_t": "u64",
    "__int64": "i64",
    "uint": "u32",
    "ulong": "u64",
    "ushort": "u16",
    "uchar": "u8",
    "u_char": "u8",
    "u_short": "u16",
    "u_int": "u32",
    "u_long": "u64",
    "complex<float>": "c64",
    "complex<double>": "c128",
    "float2": "c64",
    "double2": "c128",
    "cuComplex": "c64",
    "cuFloatComplex": "c64",
    "cuDoubleComplex": "c128",
}
_IGNORED = {
    "__restrict__",
    "__restrict",
    "restrict",
    "volatile",
    "register",
    "static",
    "inline",
    "constexpr",
    "extern",
    "__global__",
    "__host__",
    "__device__",
    "__grid_constant__",
    "typename",
}
_INTEGERS = {"char": 8, "short": 16, "int": 32, "long": 64}


@dataclass(frozen=True, slots=True)
class Declaration:
    """A declaration taken apart: specifier tokens, pointer levels, reference, inner
    extents, name.
    """

    specifiers: tuple[str, ...]
    name: str
    pointers: int
    reference: str
    extents: tuple[tuple[str, ...], ...]
    const: bool


def parse_declaration(tokens: Sequence[str], names: TextDefinitions, what: str) -> Declaration:
    tokens = _strip_default(tokens)
    specifiers, rest, const = _specifiers(_follow(tokens, names), what)
    pointers, reference, name = 0, "", ""
    extents: list[tuple[str, ...]] = []
    position = 0
    while position < len(rest):
        token = rest[position]
        if token == "*":
            pointers += 1
        elif token in ("&", "&&"):
            reference = token
        elif token == "[":
            end = rest.index("]", position) if "]" in rest[position:] else len(rest)
            extents.append(
                tuple(t for t in rest[position + 1 : end] if t not in _IGNORED and t != "const")
            )
            position = end
        elif token == "(":
            return _pointer_to_array(specifiers, rest, position, const, what)
        elif token.isidentifier() and not name:
            if token not in _IGNORED and token != "const":
                name = token
        else:
            raise SignatureError(f"{what} cannot be read at '{token}'")
        position += 1
    return Declaration(specifiers, name, pointers, reference, tuple(extents), const)


def _pointer_to_array(
    specifiers: tuple[str, ...], rest: list[str], at: int, const: bool, what: str
) -> Declaration:
    """`T (*name)[N][M]` is `T name[][N][M]`."""
    close = rest.index(")", at) if ")" in rest[at:] else len(rest)
    inner = [t for t in rest[at + 1 : close] if t not in _IGNORED and t != "const"]
    after = rest[close + 1 :]
    if at or len(inner) != 2 or inner[0] != "*" or not after or after[0] != "[":
        raise SignatureError(
            f"{what} is a function pointer or another nested declarator, which tests cannot hold"
        )
    extents: list[tuple[str, ...]] = [()]
    for token in after:
        if token == "[":
            extents.append(())
        elif token != "]":
            extents[-1] = (*extents[-1], token)
    return Declaration(specifiers, inner[1], 0, "", tuple(extents), const)


def _strip_default(tokens: Sequence[str]) -> list[str]:
    return list(tokens[: tokens.index("=")]) if "=" in tokens else list(tokens)


def _follow(tokens: list[str], names: TextDefinitions) -> list[str]:
    """Replace typedef and macro names in the type (not the parameter's own name, which
    comes last).
    """
    for _ in range(8):
        base = any(t in _WORDS for t in tokens)
        at = next(
            (
                i
                for i, t in enumerate(tokens)
                if names.tokens.get(t) and not (base and _is_name(tokens, i))
            ),
            None,
        )
        if at is None or len(tokens) > 100:
            return tokens
        value = [t for t in names.tokens[tokens[at]] if t]
        if tokens[at] in names.pointers:
            # `const alias p` makes the pointer const, not what it points to.
            tokens = (
                [t for t in tokens[:at] if t != "const"]
                + value
                + [t for t in tokens[at + 1 :] if t != "const"]
            )
        else:
            tokens = tokens[:at] + value + tokens[at + 1 :]
    return tokens


def _is_name(tokens: list[str], at: int) -> bool:
    return "[" in tokens[:at] or not any(t in _WORDS for t in tokens[at:])


def _specifiers(tokens: list[str], what: str) -> tuple[tuple[str, ...], list[str], bool]:
    """(type tokens, the rest, whether const stands among the type tokens)."""
    found: list[str] = []
    const = False
    for position, token in enumerate(tokens):
        following = tokens[position + 1] if position + 1 < len(tokens) else ""
        nested = found.count("<") > found.count(">")
        if token in _IGNORED:
            continue
        if token == "const":
            const = True
        elif token == "struct" and following.isidentifier():
            continue
        elif token in ("struct", "class", "union", "enum"):
            raise SignatureError(f"{what} is a {token}, which tests cannot hold")
        elif (
            token in _WORDS
            or token in ("::", "<", ">")
            or nested
            or following == "::"
            or (found and found[-1] == "::")
        ):
            found.append(token)
        elif token.isidentifier() and not found:
            found.append(token)
        else:
            rest = tokens[position:]
            return (
                tuple(found),
                rest,
                const,
            )  # a const after the first `*` protects pointers, never elements
    return tuple(found), [], const


def find_element_type(declared: Declaration, what: str) -> str | None:
    """Element type of the specifiers; None for void. Raises SignatureError for what no test can
    hold.
    """
    words = [t for t in declared.specifiers if t != "const"]
    if words and all(w in _WORDS for w in words):
        found = _builtin(words)
        if found:
            return None if found == "void" else found
    plain = "".join(words)
    for prefix in ("::", "std::", "thrust::", "cuda::std::"):
        plain = plain.removeprefix(prefix)
    if plain in _NAMED:
        return _NAMED[plain]
    shown = " ".join(words) or "missing"
    raise SignatureError(
        f"{what} has type '{shown}', which tests cannot hold (element types: "
        f"{', '.join(ELEMENT_TYPES)})"
    )


def _builtin(words: list[str]) -> str:
    """Element type of built-in type words in any order; '' where they do not make one."""
    bag = sorted(w for w in words if w not in ("signed", "unsigned"))
    if bag in (["void"], ["bool"], ["_Bool"]):
        return "void" if bag == ["void"] else "bool"
    if bag in (["float"], ["double"]):
        return {"float": "f32", "double": "f64"}[bag[0]]
    if bag in (["_Complex", "float"], ["_Complex", "double"]):
        return {"float": "c64", "double": "c128"}[bag[1]]
    sizes = [w for w in bag if w != "int"] or ["int"]
    if all(w in _INTEGERS for w in sizes) and sizes in (
        ["char"],
        ["short"],
        ["int"],
        ["long"],
        ["long", "long"],
    ):
        return f"{'u' if 'unsigned' in words else 'i'}{_INTEGERS[sizes[0]]}"
    return ""


def evaluate_extent(tokens: tuple[str, ...], names: TextDefinitions, what: str) -> int:
    value = names.integer(tokens)
    if value is None or value <= 0:
        raise SignatureError(
            f"{what} has inner extent '{' '.join(tokens)}', which is not a positive constant"
        )
    return value
