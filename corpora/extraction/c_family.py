"""Functions of a C-family file, each cut out with the declarations that it needs, directly or
through others.

Contract: `extract_functions(text)` has one ExtractedFunction per function definition. What it needs
(functions, templates, macros, types, enumerators, constants, `__constant__` and `__device__` data)
comes in its order in the file; namespaces and `extern "C"` are unwrapped. Changeable globals become
parameters (corpora.extraction.lift_c_family), so that data can set them.

What is declared comes from the typed tree, and so does what is local. What a text needs are its
tokens: a macro or a typedef is needed where it is written, and the tree has it expanded already.

    python -c "from corpora.extraction.c_family import extract_functions; \\
        print(extract_functions('#define N 4\\nvoid f(int *x) { x[0] = N; }')[0].text)"
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from corpora.extraction.lift_c_family import GlobalVariable, lift_globals, read_global
from corpora.extraction.pieces import MAIN_PROGRAM, TOO_DEEP, ExtractedFunction
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.c_tokens import Token, tokenize
from corpora.frontends.queries import functions_of
from corpora.ir import (
    Declaration,
    Function,
    Include,
    Macro,
    Module,
    NamedType,
    PointerType,
    Span,
    StructDefinition,
    TranslationUnit,
    TypeAlias,
    Unsupported,
    UnsupportedExpression,
    Using,
    find,
)
from corpora.ir.edits import Edit, apply_edits
from corpora.tokens.lexers import CPP_KEYWORDS, CPP_TYPES

__all__ = ["add_definitions", "drop_definitions", "extract_functions"]

_DIALECT = "cuda"
"""What all texts are read as: a superset."""
_STL = {
    "vector",
    "complex",
    "array",
    "algorithm",
    "numeric",
    "utility",
    "limits",
    "tuple",
    "functional",
}
_C_LIBRARY = {
    header
    for name in (
        "math",
        "stdlib",
        "string",
        "stdint",
        "stdio",
        "stddef",
        "limits",
        "float",
        "assert",
    )
    for header in (f"c{name}", f"{name}.h")
}
"""Headers of names that every text may use; but beside one of the others nothing is known that no
header gives.
"""
_UNQUALIFIED = frozenset(
    "vector array complex pair tuple string function numeric_limits accumulate inner_product "
    "transform reduce iota sort fill copy swap move min_element max_element".split()
)
"""Names that `using namespace std` may be there for and that the engine's own stand-ins do not
know.
"""
_DEFINED = ("definition", "unread")
_RESERVED = CPP_KEYWORDS | CPP_TYPES
_DEVICE = {"__constant__", "__device__", "__managed__"}


@dataclass(frozen=True, slots=True)
class _Declaration:
    """Something outside functions that a function may need.

    kind: `definition`, `prototype`, `state` (a variable that can change between calls), `device`
    (device data without a value, which only a function that copies to it can use) or `unread` (a
    text without a tree, which may specialise what it names).
    """

    names: frozenset[str]
    uses: frozenset[str]
    start: int
    end: int
    kind: str = "definition"
    functions: tuple[Function, ...] = ()
    variables: tuple[GlobalVariable, ...] = ()
    scope: str = ""
    """Namespaces round it, `a::b`; a piece has none, so what it needs must be of one name once."""


def extract_functions(text: str) -> list[ExtractedFunction]:
    """Return one record per function definition of a C or C++ text, CUDA's included, each with the
    definitions it needs or the reason why it cannot be separated from the text. They are in textual
    order; those that cannot be read come last. [] if there is none.
    """
    unit = parse_c_family(text, _DIALECT)
    file = _File(unit, {}, [], set())
    for declaration in _read_declarations(unit):
        for name in declaration.names:
            file.by_name.setdefault(name, []).append(declaration)
    for item, scope in _iterate_items(unit.items):
        file.namespaces.update(scope)
        if isinstance(item, (Include, Using)) and item.span is not None:
            if isinstance(item, Include) or item.namespace and not item.alias:
                file.includes.append((item, text[item.span.start : item.span.end].strip()))
    return [*(_piece(f, file) for f in functions_of(unit)), *_unread_functions(unit)]


def _unread_functions(unit: TranslationUnit) -> Iterator[ExtractedFunction]:
    """Functions that no tree could be made of: the name that stands before the first bracket."""
    for item, _ in _iterate_items(unit.items):
        if isinstance(item, Unsupported) and item.span is not None:
            words = [t.text for t in tokenize(item.text)]
            opened = words.index("(") if "(" in words else 0
            if opened and "{" in words[opened:] and words[opened - 1].isidentifier():
                reason = f"cannot be read: {item.kind}, line {item.span.line}"
                yield ExtractedFunction(words[opened - 1], reason=reason)


@dataclass(frozen=True, slots=True)
class _File:
    """A file's declarations by name, its includes and `using namespace` lines, and its
    namespaces."""

    unit: TranslationUnit
    by_name: dict[str, list[_Declaration]]
    includes: list[tuple[Include | Using, str]]
    namespaces: set[str]


def add_definitions(text: str, source: str) -> str:
    """Return the C-family text `text` with the definitions (types, macros, constants) of the text
    `source` that it uses and lacks put before it; unchanged if it lacks none.
    """
    lent = _definitions(source)
    if not lent:
        return text
    unit = parse_c_family(text, _DIALECT)
    own = {name for d in _read_declarations(unit) for name in d.names}
    local = {name for f in functions_of(unit) for name in _local_names(f)}
    waiting = sorted(_words(text) - own - local)
    needed: dict[int, _Declaration] = {}
    while waiting:
        name = waiting.pop()
        for declaration in lent:
            if (
                name in declaration.names
                and declaration.start not in needed
                and not declaration.names & own
            ):
                needed[declaration.start] = declaration
                waiting += declaration.uses
    spans = {(d.start, d.end) for d in needed.values()}
    return "".join(source[a:b].rstrip() + "\n" for a, b in _outermost(spans)) + text


def drop_definitions(text: str, source: str) -> str:
    """Return the C-family text `text` without the structures that the text `source` defines word
    for word. `add_definitions` restores them.
    """
    if "struct" not in text or "struct" not in source:
        return text
    held = {tuple(source[d.start : d.end].split()) for d in _definitions(source)}
    left = text
    for start, end in reversed(_outermost({(d.start, d.end) for d in _definitions(text)})):
        words = left[start:end].split()
        if "struct" in left[start:end] and tuple(words) in held:
            left = left[:start] + left[end:]
    return left.lstrip()


@lru_cache(maxsize=256)
def _definitions(source: str) -> tuple[_Declaration, ...]:
    declared = _read_declarations(parse_c_family(source, _DIALECT))
    return tuple(d for d in declared if d.kind == "definition" and not d.functions)


def _piece(function: Function, file: _File) -> ExtractedFunction:
    reason = _explain_excluded(function, file.unit)
    if reason or function.span is None:
        return ExtractedFunction(function.name, reason=reason)
    needed, problem = _closure(function, file)
    if problem:
        return ExtractedFunction(function.name, reason=problem)
    needed, lifted, problem = _lift_declarations(function, needed, file.unit.text)
    if problem:
        return ExtractedFunction(function.name, reason=problem)
    spans = {(d.start, d.end) for d in needed} | {(function.span.start, function.span.end)}
    text = file.unit.text
    body = "\n".join(_apply(text, a, b, lifted).strip() for a, b in _outermost(spans))
    body = _without_namespaces(body, file.namespaces)
    tokens = tokenize(body)
    words = {t.text for t in tokens}
    named = [(line, i.path) for i, line in file.includes if isinstance(i, Include) and i.system]
    needed_here = any(header in _STL and words & {"std", header} for _, header in named)
    kept = [
        line
        for line, header in named
        if needed_here and (header in _C_LIBRARY or header in _STL and words & {"std", header})
    ]
    if _names_standard_library(tokens):
        kept += [line for i, line in file.includes if isinstance(i, Using)]
    return ExtractedFunction(function.name, "\n".join([*dict.fromkeys(kept), body]) + "\n")


def _apply(text: str, start: int, end: int, edits: tuple[Edit, ...]) -> str:
    """Characters start to end of the file with the edits that fall into them."""
    inside = [e for e in edits if start <= e.start < end]
    moved = [Edit(e.start - start, e.end - start, e.text) for e in inside]
    return apply_edits(text[start:end], moved)


def _without_namespaces(body: str, namespaces: set[str]) -> str:
    tokens = tokenize(body) if namespaces else []
    return apply_edits(
        body,
        [
            Edit(a.start, after.start, "")
            for a, b, after in zip(tokens, tokens[1:], tokens[2:], strict=False)
            if a.text in namespaces and b.text == "::"
        ],
    )


def _names_standard_library(tokens: list[Token]) -> bool:
    """Whether a name of the standard library stands there without its namespace."""
    edged = zip(["", *(t.text for t in tokens)], tokens, tokens[1:], strict=False)
    return any(
        token.text in _UNQUALIFIED
        and before not in ("::", ".", "->")
        and after.text in ("<", "(", "{")
        for before, token, after in edged
    )


def _explain_excluded(function: Function, unit: TranslationUnit) -> str:
    if function.name == "main":
        return MAIN_PROGRAM
    unread = find(function, Unsupported, UnsupportedExpression)
    if any(node.kind.startswith("nesting") for node in unread):
        return TOO_DEEP
    methods = (m for s in find(unit, StructDefinition) for m in s.methods)
    if "::" in function.name or "operator" in function.name or any(m is function for m in methods):
        return "is a class member or operator"
    if function.template_parameters or "template <>" in function.qualifiers:
        return "is a template"
    if "__device__" in function.qualifiers and "__host__" not in function.qualifiers:
        return "is a __device__ function, which the host cannot call"
    return ""


def _closure(function: Function, file: _File) -> tuple[list[_Declaration], str]:
    """(declarations needed, why the function cannot stand alone or '')."""
    assert function.span is not None
    tokens = tokenize(file.unit.text[function.span.start : function.span.end])
    calls_itself = (
        sum(t.text == function.name for t in tokens) > 1
    )  # else another of that name is nothing to it
    own = _local_names(function)
    waiting = [
        t.text
        for t in tokens
        if t.kind == "word" and t.text not in own and (t.text != function.name or calls_itself)
    ]
    seen: set[str] = set()
    needed: dict[int, _Declaration] = {}
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for declaration in file.by_name.get(name, ()):
            if declaration.start == function.span.start:
                continue
            reason = _problem(name, declaration, file, function)
            if reason:
                return [], reason
            others = (d for d in file.by_name[name] if d.scope != declaration.scope)
            if other := next(others, None):
                return (
                    [],
                    f"'{name}' is defined in {_scope_words(declaration)} and in "
                    f"{_scope_words(other)}",
                )
            if declaration.start not in needed:
                needed[declaration.start] = declaration
                waiting += declaration.uses
    return list(needed.values()), ""


def _scope_words(declaration: _Declaration) -> str:
    return f"the namespace '{declaration.scope}'" if declaration.scope else "the file's own scope"


def _lift_declarations(
    function: Function, needed: list[_Declaration], text: str
) -> tuple[list[_Declaration], tuple[Edit, ...], str]:
    """(declarations without globals, edits that make parameters of those, why that cannot be)."""
    known = {v.name: v for d in needed if d.kind == "state" for v in d.variables}
    if not known:
        return needed, (), ""
    # Prototypes would need the new parameters too; definitions come in their order in the file, so
    # they are left out.
    functions = [function, *(f for d in needed if d.kind in _DEFINED for f in d.functions)]
    if device := next(
        (f.name for f in functions if {"__global__", "__device__"} & set(f.qualifiers)), None
    ):
        return needed, (), f"uses global variables, which '{device}' cannot take as parameters"
    found = lift_globals(functions, known, {f.name: _local_names(f) for f in functions}, text)
    defined = {f.name for f in functions}
    kept = [
        d for d in needed if d.kind != "state" and not (d.kind == "prototype" and d.names & defined)
    ]
    return kept, found.edits, found.problem


def _problem(name: str, found: _Declaration, file: _File, function: Function) -> str:
    if found.kind == "prototype" and all(d.kind == "prototype" for d in file.by_name[name]):
        return (
            f"calls '{name}', which the file declares but does not define"
            if name != function.name
            else ""
        )
    if found.kind == "state" and name not in {v.name for v in found.variables}:
        return f"uses the global variable '{name}', which tests cannot set"
    if found.kind == "device" and function.span is not None:
        text = file.unit.text[function.span.start : function.span.end]
        if not any("ToSymbol" in word for word in _words(text)):
            return f"uses the device variable '{name}', which tests cannot set"
    return ""


# -------------------------------------------------------------------------- what a file declares


def _words(text: str) -> frozenset[str]:
    return frozenset(t.text for t in tokenize(text) if t.kind == "word")


def _local_names(function: Function) -> frozenset[str]:
    """Names declared inside a function (parameters included): they hide those of the file."""
    declared = (d.name for d in find(function, Declaration))
    return frozenset((*(p.name for p in function.parameters), *declared)) - {""}


def _iterate_items(
    items: tuple[Any, ...], scope: tuple[str, ...] = ()
) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """Items outside functions with the namespaces round them."""
    for item in items:
        if isinstance(item, Module):
            yield from _iterate_items(item.items, (*scope, item.name))
        else:
            yield item, scope


def _read_declarations(unit: TranslationUnit) -> list[_Declaration]:
    """What `unit` declares; what stands in one statement is one."""
    groups: list[tuple[Span, list[Any], tuple[str, ...]]] = []
    for item, scope in _iterate_items(unit.items):
        span = item.group if isinstance(item, Declaration) else getattr(item, "span", None)
        if span is None or span.expanded or isinstance(item, Include):
            continue
        if groups and span.start < groups[-1][0].end:
            before, same, _ = groups[-1]
            wider = span if span.end > before.end else before
            groups[-1] = (wider, [*same, item], scope)
        else:
            groups.append((span, [item], scope))
    found = (_declaration(span, items, scope, unit.text) for span, items, scope in groups)
    return [d for d in found if d.names]


def _declaration(span: Span, items: list[Any], scope: tuple[str, ...], text: str) -> _Declaration:
    names = frozenset(name for item in items for name in _names(item)) - {""}
    functions = tuple(i for i in items if isinstance(i, Function) and i.body is not None)
    hidden = frozenset(name for f in functions for name in _local_names(f))
    kind = next((k for k in map(_kind, items) if k != "definition"), "definition")
    declared = [i for i in items if isinstance(i, Declaration)]
    variables = (
        [read_global(d, declared[0], text) for d in declared]
        if kind == "state" and len(declared) == len(items)
        else []
    )
    own = frozenset(name for item in items if _defines_only(item) for name in _names(item))
    after = text[span.end :].lstrip()
    end = len(text) - len(after) + 1 if after.startswith(";") and not functions else span.end
    return _Declaration(
        names,
        _words(text[span.start : span.end]) - own - hidden,
        span.start,
        end,
        kind,
        functions,
        tuple(v for v in variables if v is not None),
        "::".join(name or "(without a name)" for name in scope),
    )


def _names(item: Any) -> list[str]:
    """Names by which a declaration is found: those that it defines, what it specialises
    (`h` of `h<float>`, `S` and `h` of `S<float>::h`) and the types of an operator."""
    if isinstance(item, Function):
        types = find(tuple(p.type for p in item.parameters), NamedType)
        operates = "operator" in item.name
        return [
            *_name_parts(item.name),
            *(p for t in types if operates for p in _name_parts(t.name)),
        ]
    if isinstance(item, Using):
        return [] if item.namespace else [item.name.split("::")[-1]]
    if isinstance(item, StructDefinition):
        inner = find(item, StructDefinition, TypeAlias)
        constants = [f.name for s in find(item, StructDefinition) if s.kind.startswith("enum")
                     for f in s.fields]  # fmt: skip
        return (
            [*(p for i in inner for p in _name_parts(i.name)), *constants] if item.defined else []
        )
    if isinstance(item, (Macro, TypeAlias, Declaration)):
        return _name_parts(item.name)
    return _outer_words(item.text) if isinstance(item, Unsupported) else []


def _defines_only(item: Any) -> bool:
    """Whether all names by which `item` is found are defined by it, none only named."""
    if isinstance(item, (Function, Unsupported)):
        return False
    return not {"::", "<"} & {t.text for t in tokenize(getattr(item, "name", ""))}


def _name_parts(name: str) -> list[str]:
    """`a::H<float>::of` as `a`, `H` and `of`."""
    before, operator, _ = name.partition("operator")
    parts, depth = [], 0
    for token in tokenize(before if operator else name):
        depth += token.text.count("<") - token.text.count(">")
        if depth == 0 and token.kind == "word":
            parts.append(token.text)
    return [*parts, name] if operator else parts


def _outer_words(text: str) -> list[str]:
    """What a text without a tree may define: its words outside of brackets, and the parameters'
    of an operator. A namespace defines what stands in it."""
    tokens = tokenize(text)
    words = {t.text for t in tokens}
    whole = bool(words & {"namespace", "extern"})
    opening = {"{", "["} if "operator" in words else {"{", "[", "("}
    closing = {"{": "}", "[": "]", "(": ")"}
    found, depth = [], 0
    for token in tokens:
        depth += token.text in opening
        depth -= token.text in {closing[o] for o in opening}
        if token.kind == "word" and (whole or depth == 0) and token.text not in _RESERVED:
            found.append(token.text)
    return found


def _kind(item: Any) -> str:
    if isinstance(item, Function):
        return "prototype" if item.body is None else "definition"
    if isinstance(item, Unsupported) and item.kind != "template_declaration":
        return "unread"
    if not isinstance(item, Declaration):
        return "definition"
    storage = set(item.storage)
    valued = item.value is not None or item.arguments is not None
    if valued and (_is_const(item.type) or storage & {"constexpr", "__constant__"}):
        return "definition"
    return "device" if _DEVICE & storage else "state"


def _is_const(type_: Any) -> bool:
    """Whether a `const` stands in the type of a variable."""
    while type_ is not None:
        if getattr(type_, "const", False):
            return True
        type_ = type_.to if isinstance(type_, PointerType) else getattr(type_, "of", None)
    return False


def _outermost(spans: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those inside another left out."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if not found or start >= found[-1][1]:
            found.append((start, end))
    return found
