"""Functions that return a structure, given a form that tests can call: the structure becomes a
parameter.

Tests hold numbers and arrays, and structures behind pointers. A function that returns one gets a
function behind it that calls it and stores what it returns.

Contract: `wrap_returned_structures` adds such functions to the end of a text, which else stays as
it is, so that lines keep their numbers. Texts that cannot be read stay as they are.

    python -c "from corpora.extraction.returned_structures import *; \\
        print(wrap_returned_structures('struct P { int x; }; P f(int a) { return P{a}; }', \\
        'cpp', ['f']))"
"""

from __future__ import annotations

from collections.abc import Collection

from corpora.dialects import get_dialect
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.c_tokens import tokenize
from corpora.frontends.queries import free_functions
from corpora.ir import Function, NamedType, StructDefinition, TranslationUnit, TypeAlias

ENDING = "_result"
"""Added to the name of a function that returns a structure, for the one that stores it."""


def find_structure_functions(text: str, dialect_name: str) -> list[str]:
    """Return the names of the functions of a text that return, by value, a structure which the text
    defines, in order; [] if there is none or the text cannot be read. Kernels, device functions,
    templates and overloaded functions are left out, and so are texts of Fortran. Raises ValueError
    for an unknown dialect.
    """
    if get_dialect(dialect_name).language != "cpp":
        return []
    try:
        unit = parse_c_family(text, dialect_name)
    except RecursionError:
        return []
    functions = free_functions(unit)
    names = [f.name for f in functions]
    return [
        f.name for f in functions if names.count(f.name) == 1 and _returns_structure(f, unit, text)
    ]


def _returns_structure(function: Function, unit: TranslationUnit, text: str) -> bool:
    if not isinstance(function.result, NamedType) or function.template or function.scope:
        return False
    if any(q.startswith("__") and q != "__host__" for q in function.qualifiers):
        return False
    if any(p.span is None or p.span.expanded or not p.name for p in function.parameters):
        return False
    structures = {
        item.name
        for item in unit.items
        if isinstance(item, StructDefinition) and item.kind == "struct" and not item.template
    }
    aliases = {
        item.name: item.type.name
        for item in unit.items
        if isinstance(item, TypeAlias) and isinstance(item.type, NamedType)
    }
    name = function.result.name
    free = f"{function.name}{ENDING}" not in {t.text for t in tokenize(text)}
    return free and (name in structures or aliases.get(name) in structures)


def wrap_returned_structures(text: str, dialect_name: str, names: Collection[str]) -> str:
    """Return the text with a function `NAME_result` added for each of `names`: it calls NAME, and
    stores the structure that NAME returns through a pointer `result`, its last parameter.

    names: as from `find_structure_functions`; names that the text does not define are passed over.
    Raises ValueError for an unknown dialect.
    """
    unit = parse_c_family(text, dialect_name)
    added = [_emit_wrapper(f, text) for f in free_functions(unit) if f.name in names]
    return f"{text.rstrip()}\n{''.join(added)}" if added else text


def _emit_wrapper(function: Function, text: str) -> str:
    assert isinstance(function.result, NamedType)
    spans = [p.span for p in function.parameters if p.span is not None]
    parameters = [text[s.start : s.end].partition("=")[0] for s in spans]
    parameters.append(f"{function.result.name} *result")
    given = ", ".join(p.name for p in function.parameters)
    name = f"{function.name}{ENDING}"
    return f"void {name}({', '.join(parameters)}) {{ *result = {function.name}({given}); }}\n"
