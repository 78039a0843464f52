"""Signatures of C++, CUDA and OpenMP functions, read from the tokens of their parameter lists.

Contract: `read_c_family_signature(program)` gives the Signature of the last definition called
`program.name`; typedefs, `using`, object-like macros and integer constants of the same text are
followed. A scalar by value is intent `in`, a pointee or reference that is const is `in`, everything
else `inout`. A `void *` that the body casts to one element type is an array of that type; a
structure of a real and an imaginary part is complex, another is its numbers (`p__x`,
corpora.signatures.structures); a `std::vector` is an array whose length comes with it, as Fortran's
`x(:)`. A `void *` function that returns nothing but null, as threads' functions do, returns
nothing. Raises SignatureError.

    python -c "from corpora.records import Program; \\
        from corpora.signatures.c_family import read_c_family_signature; \
print(read_c_family_signature(Program('cpp', 'f', 'void f ( const float * * rows , int A [ ] [ 8 ] )
{ }')))"
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from corpora.dialects import get_dialect
from corpora.records import Member, Parameter, Program, Signature
from corpora.signatures.declarators import (
    Declaration,
    evaluate_extent,
    find_element_type,
    parse_declaration,
)
from corpora.signatures.errors import SignatureError
from corpora.signatures.null_checks import NULL
from corpora.signatures.pointees import is_single_object
from corpora.signatures.structures import Structure, StructureLeaf, find_structures
from corpora.syntax.c_family import (
    CFunction,
    TextDefinitions,
    find_c_functions,
    parse_c_family,
    split_at_commas,
)


def read_c_family_signature(program: Program) -> Signature:
    """Signature of the entry function of C-family `program`. Raises SignatureError."""
    where = f"{program.dialect} function '{program.name}'"
    found = _entry(program, where)
    head = found.head()
    if "__device__" in head and "__host__" not in head:
        raise SignatureError(f"{where}: is a __device__ function, which the host cannot call")
    names = TextDefinitions.of(program.text)
    body = found.node.text.decode(errors="replace")
    complex_names = _complex_structures(program.text)
    text = _Text(
        body,
        program.text,
        "__global__" in head,
        names,
        find_structures(program.text, vectors=get_dialect(program.dialect).model == "cuda"),
        where,
    )
    parameters = tuple(
        chain.from_iterable(
            _parameters(_replace_type_names(_cast(tokens, body), complex_names), i, text)
            for i, tokens in enumerate(found.parameters())
        )
    )
    if len({p.name for p in parameters}) != len(parameters):
        raise SignatureError(f"{where}: two parameters have the same name")
    result = _result(_replace_type_names([*head, ""], complex_names)[:-1], names, body, where)
    if "__global__" in head and any("&" in tokens for tokens in found.parameters()):
        raise SignatureError(
            f"{where}: a __global__ function takes a reference, which would be to the host's memory"
        )
    if "__global__" in head and result is not None:
        raise SignatureError(f"{where}: a __global__ function must return void")
    return Signature(
        program.name, parameters, result, "kernel" if "__global__" in head else "function"
    )


_STRUCTURE = re.compile(
    r"\bstruct\s*(\w*)\s*\{\s*(float|double)\s+(?:r|re|real)\s*(?:,|;\s*\2)\s*(?:i|im|imag)\s*;\s*\}\s*(\w*)\s*;"
)


def _complex_structures(text: str) -> dict[str, str]:
    """Names of structures that hold one real and one imaginary part, with the complex type of the
    same layout.
    """
    return {
        name: f"{m[2]} _Complex" for m in _STRUCTURE.finditer(text) for name in (m[1], m[3]) if name
    }


def _replace_type_names(tokens: list[str], complex_names: dict[str, str]) -> list[str]:
    if not complex_names or not set(tokens) & set(complex_names):
        return tokens
    plain = [t for t in tokens if t != "struct"]
    return [
        word
        for t in plain
        for word in (complex_names[t].split() if t in complex_names and t != plain[-1] else [t])
    ]


def _cast(tokens: list[str], body: str) -> list[str]:
    """`void *p` as `T *p` where the body casts p to pointers to T, or to arrays of T, and to
    nothing else.
    """
    if (
        tokens[:2] != ["void", "*"]
        and tokens[:3] != ["const", "void", "*"]
        or not tokens[-1].isidentifier()
    ):
        return tokens
    # `(T *)p`, `(T (*)[N][M])p`, `reinterpret_cast<T *>(p)`; (void *)p says nothing.
    name = re.escape(tokens[-1])
    casts = re.findall(
        rf"\(\s*((?:const\s+)?\w+(?:\s+\w+)*)\s*(?:\*|\(\s*\*\s*\)\s*(?:\[[^\]]*\]\s*)*)\s*\)\s*{name}\b",
        body,
    )
    casts += re.findall(
        rf"_cast\s*<\s*((?:const\s+)?\w+(?:\s+\w+)*)\s*\*\s*>\s*\(\s*{name}\s*\)", body
    )
    types = {" ".join(c.split()).removeprefix("const ") for c in casts} - {"void"}
    return (
        [word for t in tokens for word in (types.copy().pop().split() if t == "void" else [t])]
        if len(types) == 1
        else tokens
    )


def _entry(program: Program, where: str) -> CFunction:
    functions = list(find_c_functions(parse_c_family(program.text).root_node))
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
class _Text:
    """What parameters are read against: the function's own text and the whole one, whether it is a
    kernel, names and structures of the whole text, and how errors call the function.
    """

    body: str
    whole: str
    is_kernel: bool
    names: TextDefinitions
    structures: dict[str, Structure | str]
    where: str


def _parameters(tokens: Sequence[str], index: int, text: _Text) -> tuple[Parameter, ...]:
    """What one parameter of the function is to tests: itself, or the numbers of the structures that
    it holds.
    """
    shown, where = " ".join(tokens), text.where
    if "..." in tokens:
        raise SignatureError(f"{where}: takes a variable number of arguments")
    declared = parse_declaration(tokens, text.names, f"{where}: parameter '{shown}'")
    name = declared.name or f"unnamed_{index + 1}"
    if (container := _container(declared)) is not None:
        return (_read_container(*container, declared, name, text),)
    held = text.structures.get(declared.specifiers[-1]) if declared.specifiers else None
    if isinstance(held, str):
        raise SignatureError(
            f"{where}: parameter '{name}' is of a structure that tests cannot hold: {held}"
        )
    if held is not None:
        return _members(held, name, declared, text)
    return (_plain_parameter(declared, name, shown, text),)


def _container(declared: Declaration) -> tuple[str, tuple[str, ...]] | None:
    """`vector` or `array` of the standard library, and the tokens between its brackets; None for
    another type.
    """
    words = (
        declared.specifiers[2:] if declared.specifiers[:2] == ("std", "::") else declared.specifiers
    )
    known = words[:1] in (("vector",), ("array",)) and words[1:2] == ("<",) and words[-1] == ">"
    return (words[0], words[2:-1]) if known else None


def _read_container(
    kind: str, inside: tuple[str, ...], declared: Declaration, name: str, text: _Text
) -> Parameter:
    """An array whose length comes with it, or is a constant."""
    where = f"{text.where}: parameter '{name}'"
    element, *extent = (tuple(part) for part in split_at_commas(inside))
    type_ = (
        None if "<" in inside else find_element_type(replace(declared, specifiers=element), where)
    )
    if (
        type_ in (None, "bool")
        or declared.pointers
        or declared.extents
        or declared.reference == "&&"
        or len(extent) != (kind == "array")
    ):
        shown = " ".join(declared.specifiers)
        raise SignatureError(
            f"{where} has type '{shown}', which tests cannot hold (of vectors they hold those "
            f"of numbers, by reference or value)"
        )
    shape = (":",) if kind == "vector" else (str(evaluate_extent(extent[0], text.names, where)),)
    return Parameter(name, "array", type_, _intent(declared), by_reference=True, shape=shape)


def _plain_parameter(declared: Declaration, name: str, shown: str, text: _Text) -> Parameter:
    where = text.where
    element = find_element_type(declared, f"{where}: parameter '{name}'")
    if element is None:
        raise SignatureError(
            f"{where}: parameter '{name}' is a void pointer; tests need an element type"
        )
    levels = declared.pointers + bool(declared.extents)
    if declared.reference and (levels or declared.reference == "&&"):
        raise SignatureError(
            f"{where}: parameter '{shown}' is a reference to something else than a scalar"
        )
    if levels == 0:
        return Parameter(name, "scalar", element, _intent(declared), bool(declared.reference))
    inner = tuple(
        evaluate_extent(e, text.names, f"{where}: array '{name}'") for e in declared.extents[1:]
    )
    if levels == 1:
        return Parameter(name, "array", element, _intent(declared), inner_extents=inner)
    if levels == 2 and not inner:
        return Parameter(name, "rows", element, _intent(declared))
    raise SignatureError(
        f"{where}: parameter '{shown}' has more levels of pointers than tests can hold (two)"
    )


def _intent(declared: Declaration) -> str:
    by_value = not (declared.reference or declared.pointers or declared.extents)
    return "in" if declared.const or by_value else "inout"


def _members(
    held: Structure, name: str, declared: Declaration, text: _Text
) -> tuple[Parameter, ...]:
    """The numbers of structures: arrays where the function takes many, else scalars and arrays of a
    fixed length.
    """
    levels = declared.pointers + bool(declared.extents)
    if (
        levels > 1
        or len(declared.extents) > 1
        or declared.reference == "&&"
        or (declared.reference and levels)
    ):
        raise SignatureError(
            f"{text.where}: parameter '{name}' has more levels of pointers to structures than "
            f"tests can hold (one)"
        )
    passing = (
        (
            "array"
            if declared.extents or not is_single_object(name, text.body, text.whole)
            else "pointer"
        )
        if levels
        else "reference"
        if declared.reference
        else "value"
    )
    if passing == "array" and held.holds_pointers:
        raise SignatureError(
            f"{text.where}: parameter '{name}' is an array of structures that hold pointers, "
            f"which tests cannot hold"
        )
    if passing == "pointer" and held.holds_pointers and text.is_kernel:
        raise SignatureError(
            f"{text.where}: parameter '{name}' points to a structure that holds pointers, which "
            f"tests hand to kernels by value alone"
        )
    return tuple(_member(leaf, held, name, passing, declared) for leaf in held.leaves)


def _member(
    leaf: StructureLeaf, held: Structure, name: str, passing: str, declared: Declaration
) -> Parameter:
    type_name = "".join(declared.specifiers) if held.holds_pointers else ""
    member = Member(
        name,
        leaf.path,
        passing,
        leaf.count,
        leaf.offset,
        held.bytes,
        leaf.wide_offset,
        held.wide_bytes,
        type_name,
    )
    called, intent = f"{name}__{leaf.path.replace('.', '__')}", _intent(declared)
    if not leaf.count:
        return Parameter(
            called, "array", leaf.type, "in" if leaf.is_const else "inout", member=member
        )
    if passing == "array":
        return Parameter(
            called,
            "array",
            leaf.type,
            intent,
            inner_extents=(leaf.count,) if leaf.is_array else (),
            member=member,
        )
    if leaf.is_array:
        return Parameter(
            called, "array", leaf.type, intent, shape=(str(leaf.count),), member=member
        )
    return Parameter(called, "scalar", leaf.type, intent, passing != "value", member=member)


def _result(head: list[str], names: TextDefinitions, body: str, where: str) -> str | None:
    if "auto" in head:
        raise SignatureError(f"{where}: returns 'auto'; its result type must be written")
    declared = parse_declaration(head, names, f"{where}: its result")
    if declared.pointers or declared.reference:
        returned = re.findall(r"\breturn\b\s*([^;]*?)\s*;", body)
        untyped = declared.specifiers[-1:] == ("void",) and declared.pointers == 1
        if untyped and returned and all(NULL.fullmatch(value) for value in returned):
            return None
        raise SignatureError(f"{where}: returns a pointer or reference, which tests cannot compare")
    return find_element_type(declared, f"{where}: its result")
