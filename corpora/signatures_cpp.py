"""Signatures of C++, CUDA and OpenMP functions, read from the tokens of their parameter lists.

Contract: `c_family_signature(program)` gives the Signature of the last definition called `program.name`; typedefs,
`using`, object-like macros and integer constants of the same text are followed. A scalar by value is intent `in`,
a pointee or reference that is const is `in`, everything else `inout`. A `void *` that the body casts to one element type is
an array of that type; a structure of a real and an imaginary part is complex. A `void *` function that returns nothing but null,
as threads' functions do, returns nothing. Raises SignatureError.

    python -c "from corpora.records import Program; from corpora.signatures_cpp import c_family_signature; \
print(c_family_signature(Program('cpp', 'f', 'void f ( const float * * rows , int A [ ] [ 8 ] ) { }')))"
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from corpora.c_syntax import CFunction, Definitions, c_functions, parse_c_family
from corpora.records import ELEMENT_TYPES, Parameter, Program, Signature
from corpora.signatures import SignatureError

_WORDS = {"char", "short", "int", "long", "signed", "unsigned", "float", "double", "bool", "_Bool", "_Complex", "void"}
_NAMED = {
    **{f"int{w}_t": f"i{w}" for w in (8, 16, 32, 64)},
    **{f"uint{w}_t": f"u{w}" for w in (8, 16, 32, 64)},
    **{f"u_int{w}_t": f"u{w}" for w in (8, 16, 32, 64)},
    "size_t": "u64", "ssize_t": "i64", "ptrdiff_t": "i64", "intptr_t": "i64", "uintptr_t": "u64", "__int64": "i64",
    "uint": "u32", "ulong": "u64", "ushort": "u16", "uchar": "u8", "u_char": "u8", "u_short": "u16", "u_int": "u32",
    "u_long": "u64", "complex<float>": "c64", "complex<double>": "c128",
    "float2": "c64", "double2": "c128", "cuComplex": "c64", "cuFloatComplex": "c64", "cuDoubleComplex": "c128",
}  # fmt: skip
_IGNORED = {
    "__restrict__", "__restrict", "restrict", "volatile", "register", "static", "inline", "constexpr", "extern",
    "__global__", "__host__", "__device__", "__grid_constant__", "typename",
}  # fmt: skip
_INTEGERS = {"char": 8, "short": 16, "int": 32, "long": 64}


def c_family_signature(program: Program) -> Signature:
    """Signature of the entry function of C-family `program`. Raises SignatureError."""
    where = f"{program.dialect} function '{program.name}'"
    found = _entry(program, where)
    head = found.head()
    if "__device__" in head and "__host__" not in head:
        raise SignatureError(f"{where}: is a __device__ function, which the host cannot call")
    names = Definitions.of(program.text)
    body = found.node.text.decode(errors="replace")
    complex_names = _complex_structures(program.text)
    parameters = tuple(_parameter(_renamed(_cast(tokens, body), complex_names), i, names, where) for i, tokens in enumerate(found.parameters()))
    if len({p.name for p in parameters}) != len(parameters):
        raise SignatureError(f"{where}: two parameters have the same name")
    result = _result(_renamed([*head, ""], complex_names)[:-1], names, body, where)
    if "__global__" in head and result is not None:
        raise SignatureError(f"{where}: a __global__ function must return void")
    return Signature(program.name, parameters, result, "kernel" if "__global__" in head else "function")


_STRUCTURE = re.compile(
    r"\bstruct\s*(\w*)\s*\{\s*(float|double)\s+(?:r|re|real)\s*(?:,|;\s*\2)\s*(?:i|im|imag)\s*;\s*\}\s*(\w*)\s*;"
)


def _complex_structures(text: str) -> dict[str, str]:
    """Names of structures that hold one real and one imaginary part, with the complex type of the same layout."""
    return {name: f"{m[2]} _Complex" for m in _STRUCTURE.finditer(text) for name in (m[1], m[3]) if name}


def _renamed(tokens: list[str], complex_names: dict[str, str]) -> list[str]:
    if not complex_names or not set(tokens) & set(complex_names):
        return tokens
    plain = [t for t in tokens if t != "struct"]
    return [word for t in plain for word in (complex_names[t].split() if t in complex_names and t != plain[-1] else [t])]


def _cast(tokens: list[str], body: str) -> list[str]:
    """`void *p` as `T *p` where the body casts p to pointers to T, or to arrays of T, and to nothing else."""
    if tokens[:2] != ["void", "*"] and tokens[:3] != ["const", "void", "*"] or not tokens[-1].isidentifier():
        return tokens
    # `(T *)p`, `(T (*)[N][M])p`, `reinterpret_cast<T *>(p)`; (void *)p says nothing.
    name = re.escape(tokens[-1])
    casts = re.findall(rf"\(\s*((?:const\s+)?\w+(?:\s+\w+)*)\s*(?:\*|\(\s*\*\s*\)\s*(?:\[[^\]]*\]\s*)*)\s*\)\s*{name}\b", body)
    casts += re.findall(rf"_cast\s*<\s*((?:const\s+)?\w+(?:\s+\w+)*)\s*\*\s*>\s*\(\s*{name}\s*\)", body)
    types = {" ".join(c.split()).removeprefix("const ") for c in casts} - {"void"}
    return [word for t in tokens for word in (types.copy().pop().split() if t == "void" else [t])] if len(types) == 1 else tokens


def _entry(program: Program, where: str) -> CFunction:
    functions = list(c_functions(parse_c_family(program.text).root_node))
    named = [f for f in functions if program.name in (f.name, f.qualified)]
    if not named:
        known = ", ".join(dict.fromkeys(f.name for f in functions)) or "none"
        raise SignatureError(f"{where}: no definition found in the text (functions there: {known})")
    found = named[-1]
    if found.template:
        raise SignatureError(f"{where}: is a template; tests need a function of concrete types")
    if found.member:
        raise SignatureError(f"{where}: is a class member or operator; tests need a free function")
    return found


@dataclass(frozen=True, slots=True)
class _Declared:
    """A declaration taken apart: specifier tokens, pointer levels, reference, inner extents, name."""

    specifiers: tuple[str, ...]
    name: str
    pointers: int
    reference: str
    extents: tuple[tuple[str, ...], ...]
    const: bool


def _parameter(tokens: Sequence[str], index: int, names: Definitions, where: str) -> Parameter:
    shown = " ".join(tokens)
    if "..." in tokens:
        raise SignatureError(f"{where}: takes a variable number of arguments")
    declared = _take_apart(tokens, names, f"{where}: parameter '{shown}'")
    name = declared.name or f"unnamed_{index + 1}"
    element = _element(declared, f"{where}: parameter '{name}'")
    if element is None:
        raise SignatureError(f"{where}: parameter '{name}' is a void pointer; tests need an element type")
    levels = declared.pointers + bool(declared.extents)
    if declared.reference and (levels or declared.reference == "&&"):
        raise SignatureError(f"{where}: parameter '{shown}' is a reference to something else than a scalar")
    if levels == 0:
        intent = "in" if declared.const or not declared.reference else "inout"
        return Parameter(name, "scalar", element, intent, bool(declared.reference))
    intent = "in" if declared.const else "inout"
    inner = tuple(_extent(e, names, f"{where}: array '{name}'") for e in declared.extents[1:])
    if levels == 1:
        return Parameter(name, "array", element, intent, inner_extents=inner)
    if levels == 2 and not inner:
        return Parameter(name, "rows", element, intent)
    raise SignatureError(f"{where}: parameter '{shown}' has more levels of pointers than tests can hold (two)")


def _take_apart(tokens: Sequence[str], names: Definitions, what: str) -> _Declared:
    tokens = _cut_default(tokens)
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
            extents.append(tuple(t for t in rest[position + 1 : end] if t not in _IGNORED and t != "const"))
            position = end
        elif token == "(":
            return _pointer_to_array(specifiers, rest, position, const, what)
        elif token.isidentifier() and not name:
            if token not in _IGNORED and token != "const":
                name = token
        else:
            raise SignatureError(f"{what} cannot be read at '{token}'")
        position += 1
    return _Declared(specifiers, name, pointers, reference, tuple(extents), const)


def _pointer_to_array(specifiers: tuple[str, ...], rest: list[str], at: int, const: bool, what: str) -> _Declared:
    """`T (*name)[N][M]` is `T name[][N][M]`."""
    close = rest.index(")", at) if ")" in rest[at:] else len(rest)
    inner = [t for t in rest[at + 1 : close] if t not in _IGNORED and t != "const"]
    after = rest[close + 1 :]
    if at or len(inner) != 2 or inner[0] != "*" or not after or after[0] != "[":
        raise SignatureError(f"{what} is a function pointer or another nested declarator, which tests cannot hold")
    extents: list[tuple[str, ...]] = [()]
    for token in after:
        if token == "[":
            extents.append(())
        elif token != "]":
            extents[-1] = (*extents[-1], token)
    return _Declared(specifiers, inner[1], 0, "", tuple(extents), const)


def _cut_default(tokens: Sequence[str]) -> list[str]:
    return list(tokens[: tokens.index("=")]) if "=" in tokens else list(tokens)


def _follow(tokens: list[str], names: Definitions) -> list[str]:
    """Replace typedef and macro names in the type (not the parameter's own name, which comes last)."""
    for _ in range(8):
        base = any(t in _WORDS for t in tokens)
        at = next((i for i, t in enumerate(tokens) if names.tokens.get(t) and not (base and _is_name(tokens, i))), None)
        if at is None or len(tokens) > 100:
            return tokens
        value = [t for t in names.tokens[tokens[at]] if t]
        if tokens[at] in names.pointers:
            # `const alias p` makes the pointer const, not what it points to.
            tokens = [t for t in tokens[:at] if t != "const"] + value + [t for t in tokens[at + 1 :] if t != "const"]
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
        elif token in ("struct", "class", "union", "enum"):
            raise SignatureError(f"{what} is a {token}, which tests cannot hold")
        elif token in _WORDS or token in ("::", "<", ">") or nested or following == "::" or (found and found[-1] == "::"):
            found.append(token)
        elif token.isidentifier() and not found:
            found.append(token)
        else:
            rest = tokens[position:]
            return tuple(found), rest, const  # a const after the first `*` protects pointers, never elements
    return tuple(found), [], const


def _element(declared: _Declared, what: str) -> str | None:
    """Element type of the specifiers; None for void. Raises SignatureError for what no test can hold."""
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
    raise SignatureError(f"{what} has type '{shown}', which tests cannot hold (element types: {', '.join(ELEMENT_TYPES)})")


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
    if all(w in _INTEGERS for w in sizes) and sizes in (["char"], ["short"], ["int"], ["long"], ["long", "long"]):
        return f"{'u' if 'unsigned' in words else 'i'}{_INTEGERS[sizes[0]]}"
    return ""


def _extent(tokens: tuple[str, ...], names: Definitions, what: str) -> int:
    value = names.integer(tokens)
    if value is None or value <= 0:
        raise SignatureError(f"{what} has inner extent '{' '.join(tokens)}', which is not a positive constant")
    return value


_NULL = re.compile(r"\(*\s*(?:\(\s*void\s*\*\s*\)\s*)?\(?\s*(?:0L?|NULL|nullptr)\s*\)*")


def _result(head: list[str], names: Definitions, body: str, where: str) -> str | None:
    if "auto" in head:
        raise SignatureError(f"{where}: returns 'auto'; its result type must be written")
    declared = _take_apart(head, names, f"{where}: its result")
    if declared.pointers or declared.reference:
        returned = re.findall(r"\breturn\b\s*([^;]*?)\s*;", body)
        untyped = declared.specifiers[-1:] == ("void",) and declared.pointers == 1
        if untyped and returned and all(_NULL.fullmatch(value) for value in returned):
            return None
        raise SignatureError(f"{where}: returns a pointer or reference, which tests cannot compare")
    return _element(declared, f"{where}: its result")
