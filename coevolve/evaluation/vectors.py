"""A C++ function over `std::vector` parameters as the same function over pointers and lengths.

Contract: edits of the text by the places of its tree, for functions that index their vectors, ask
their size, iterate over them by `begin`/`end` or in a range-for, copy them whole into a vector of
their own, or catch them in a lambda by reference. Whatever else a text does with a vector (resize
it, hand it on) is a VectorError of one line: nothing is guessed. The result keeps the function's
body, so it shows the same loops.

    python -c "from coevolve.evaluation.vectors import convert_to_pointers; \
print(convert_to_pointers('int f(std::vector<int> const& x) { int s = 0; for (int v : x) s += v;
return s; }', 'f', 'f'))"
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corpora.emit.c_family import emit_c_family
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.c_lambdas import KIND, parse_lambda
from corpora.frontends.c_tokens import tokenize
from corpora.frontends.queries import Binding, bindings, function_named
from corpora.ir import (
    Access,
    Call,
    Declaration,
    Function,
    InitializerList,
    Member,
    Name,
    NamedType,
    Parameter,
    RangeFor,
    ReferenceType,
    ScalarType,
    Span,
    TranslationUnit,
    Type,
    Unsupported,
    UnsupportedExpression,
    children,
    find,
    walk,
)
from corpora.ir.edits import Edit, apply_edits

_VECTORS, _ARRAYS = ("vector", "std::vector"), ("array", "std::array")
_STARTS, _ENDS = ("begin", "cbegin", "data"), ("end", "cend")
_NO_ELEMENTS = ("void", "auto", "f80")


class VectorError(ValueError):
    """The function does something with a vector that pointers cannot do. The message is one
    line.
    """


@dataclass(frozen=True, slots=True)
class VectorParameter:
    """A parameter of a function whose std::vector and std::array parameters become pointers.

    name: the parameter's name. text: its declaration in the rewritten function. element: element
        type if it was a std::vector or std::array, else ''. extent: number of elements if it was a
        std::array, as text; else ''.
    """

    name: str
    text: str
    element: str = ""
    extent: str = ""


@dataclass(frozen=True, slots=True)
class _Use:
    """A use of a vector. start, end: what stands for it; kind: `index`, `length`, `empty`, `start`,
    `end`, `range`, `copy` or `captured`. node: what holds the use.
    """

    name: str
    kind: str
    start: int
    end: int
    node: Any = None


def convert_to_pointers(
    text: str, name: str, entry: str, like: Sequence[VectorParameter] = ()
) -> str:
    """Return the C++ text `text` with its function `name` renamed `entry` and taking pointers in
    place of vectors; the rest of the text stays.

    like: the parameters that the result must have: vectors as pointers of the same names, others
        are lengths, and a further pointer takes the result. () means that each length that the text
        needs becomes a parameter `x_size` after its vector `x`.
    Raises VectorError if the text has no such function, or it does something with a vector that
    pointers cannot do.
    """
    unit = parse_c_family(text, "cpp")
    function = function_named(unit, name)
    if function is None or function.span is None or function.body_span is None:
        raise VectorError(f"no function '{name}' in the text")
    own = [read_parameter(p, text) for p in function.parameters]
    vectors = {p.name: p for p in own if p.element}
    uses = list(_find_uses(unit, function, vectors))
    lengths = _lengths(own, [v for v in vectors.values() if _needs_length(v.name, uses)], like)
    edits = [_replace_use(use, text, lengths.get(use.name, "")) for use in uses]
    inside, outside = function.body_span, function.span
    shifted = [
        Edit(e.start - inside.start, e.end - inside.start, e.text) for e in edits if e is not None
    ]
    body = apply_edits(text[inside.start : inside.end], shifted)
    result = emit_c_family(function.result).strip()
    head, call = _head(own, lengths, like)
    before, after = text[: outside.start], text[outside.end :]
    if result == "void" or not like:
        return f"{before}{result} {entry}({head}) {body}{after}".strip() + "\n"
    outputs = [p.name for p in like if "*" in p.text and p.name not in {q.name for q in own}]
    if len(outputs) != 1:
        raise VectorError(
            f"'{name}' returns a value, and {len(outputs)} parameters of the kernel could take it"
        )
    inner, taken = f"serial_{entry}", ", ".join(p.text for p in like if p.name != outputs[0])
    return (
        f"{before}static {result} {inner}({taken}) {body}{after}\nvoid {entry}({head}) {{ "
        f"*{outputs[0]} = {inner}({call(outputs[0])}); }}\n"
    )


# ---- parameters


def read_parameter(parameter: Parameter, text: str) -> VectorParameter:
    """Return a parameter of a C++ function as the rewritten function has it: a vector or std::array
    by reference becomes a pointer, others stay. parameter: a node of the syntax tree. text: what
    the tree was made of. Raises VectorError for a type that cannot be converted.
    """
    span = parameter.span or Span(0, 0, 0, 0)
    written = " ".join(text[span.start : span.end].split())
    taken = parameter.type.to if isinstance(parameter.type, ReferenceType) else None
    container = taken.name if isinstance(taken, NamedType) else ""
    element = _element(taken)
    if isinstance(taken, NamedType) and element and parameter.name:
        const = "const " if taken.const else ""
        extent = emit_c_family(taken.arguments[1]) if container in _ARRAYS else ""
        return VectorParameter(
            parameter.name, f"{const}{element} *{parameter.name}", element, extent
        )
    if not parameter.name or any(t.arguments for t in find(parameter.type, NamedType)):
        raise VectorError(
            f"parameter '{written}' is neither a number, a pointer nor a vector of numbers by "
            f"reference"
        )
    return VectorParameter(parameter.name, written)


def _element(type_: Type | None) -> str:
    """The type of the numbers in a vector or an array of fixed size, '' for any other type."""
    if not isinstance(type_, NamedType) or not type_.arguments:
        return ""
    sizes = {**dict.fromkeys(_VECTORS, 1), **dict.fromkeys(_ARRAYS, 2)}
    first = type_.arguments[0]
    if sizes.get(type_.name) != len(type_.arguments) or not isinstance(first, ScalarType):
        return ""
    return "" if first.name in _NO_ELEMENTS or first.const else emit_c_family(first).strip()


def _lengths(
    own: Sequence[VectorParameter],
    asked: Sequence[VectorParameter],
    like: Sequence[VectorParameter],
) -> dict[str, str]:
    """Vector -> what stands for its length, for those whose length is asked for."""
    fixed = {p.name: p.extent for p in asked if p.extent}
    open_ = [p.name for p in asked if not p.extent]
    if not like:
        return fixed | {name: f"{name}_size" for name in open_}
    names = {p.name for p in own}
    if missing := sorted(names - {p.name for p in like}):
        raise VectorError(f"the kernel has no parameter '{missing[0]}'")
    others = [p.name for p in like if p.name not in names and "*" not in p.text]
    if len(others) == 1:
        return fixed | dict.fromkeys(open_, others[0])
    if len(others) != len(open_):
        raise VectorError(
            f"{len(open_)} lengths are asked for, and {len(others)} parameters of the kernel "
            f"could hold them"
        )
    return fixed | dict(zip(open_, others, strict=True))


# ---- uses


def _find_uses(
    unit: TranslationUnit, function: Function, vectors: Mapping[str, VectorParameter]
) -> Iterator[_Use]:
    """Every use of a vector in the body. Raises VectorError for one without a counterpart."""
    yield from _uses_below(function, function, vectors, unit.text, 0, True)


def _uses_below(
    root: Function,
    function: Function,
    vectors: Mapping[str, VectorParameter],
    text: str,
    shift: int,
    outer: bool,
) -> Iterator[_Use]:
    """Uses in `function`, the whole one (outer) or a lambda, whose names it does not declare are
    those outside of it. shift: from its spans to offsets in `text`.
    """
    bound = {id(b.name): b for b in bindings(function)}
    parents = {id(c): n for n in walk(function.body or ()) for c in children(n)}
    for node in walk(function.body or ()):
        if isinstance(node, Name) and node.id in vectors:
            if _is_vector(bound.get(id(node)), outer):
                yield _read_use(node, parents, vectors[node.id], text, shift)
        elif isinstance(node, (Unsupported, UnsupportedExpression)) and node.span is not None:
            start, end = node.span.start + shift, node.span.end + shift
            mentioned = {t.text for t in tokenize(text[start:end])} & vectors.keys()
            if mentioned:
                yield from _uses_in_lambda(root, node, vectors, text, (start, end), min(mentioned))


def _is_vector(binding: Binding | None, outer: bool) -> bool:
    if binding is None:
        return False
    if outer:
        return isinstance(binding.definition, Parameter)
    return binding.definition is None


def _uses_in_lambda(
    root: Function,
    node: Unsupported | UnsupportedExpression,
    vectors: Mapping[str, VectorParameter],
    text: str,
    place: tuple[int, int],
    mentioned: str,
) -> Iterator[_Use]:
    """Uses in a lambda that catches its vectors by reference. A local variable of the function with
    the name of a vector could be the one that is caught.
    """
    start, end = place
    is_plain = node.kind == KIND and node.span is not None and not node.span.expanded
    opened = parse_lambda(text[start:end], "cpp") if is_plain else None
    hidden = {d.name for d in find(root.body or (), Declaration)} & vectors.keys()
    by_value = set(opened.captures) & {*vectors, "this"} if opened else set()
    if opened is None or hidden or by_value:
        raise _no_counterpart(mentioned, text[start : start + 60])
    yield from _uses_below(root, opened.function, vectors, text, start - opened.shift, False)


def _no_counterpart(name: str, around: str) -> VectorError:
    return VectorError(
        f"what the text does with '{name}' has no counterpart with a pointer: "
        f"'{' '.join(around.split())}'"
    )


def _read_use(
    node: Name, parents: Mapping[int, Any], vector: VectorParameter, text: str, shift: int
) -> _Use:
    """How one occurrence uses its vector. Raises VectorError."""
    span = node.span
    holder = parents.get(id(node))
    if span is not None and not span.expanded:
        start, end = span.start + shift, span.end + shift
        if isinstance(holder, Access) and holder.base is node:
            return _Use(vector.name, "index", start, end)
        if isinstance(holder, RangeFor) and holder.range is node and holder.head is not None:
            place = holder.head
            return _Use(vector.name, "range", place.start + shift, place.end + shift, holder)
        call = parents.get(id(holder))
        if isinstance(holder, Member) and isinstance(call, Call) and call.function is holder:
            kind = _method(holder.field)
            if kind and not call.arguments and call.span is not None and not call.span.expanded:
                return _Use(vector.name, kind, call.span.start + shift, call.span.end + shift)
        declared = call if isinstance(holder, InitializerList) else holder
        if isinstance(declared, Declaration) and _copies(declared, node):
            place = declared.span
            return _Use(vector.name, "copy", place.start + shift, place.end + shift, declared)
    seen = span or Span(0, 0, 0, 0)
    around = text[max(0, seen.start + shift - 12) : seen.end + shift + 20]
    raise _no_counterpart(vector.name, around)


def _method(field: str) -> str:
    if field in _STARTS:
        return "start"
    return "end" if field in _ENDS else {"size": "length", "empty": "empty"}.get(field, "")


def _copies(declared: Declaration, node: Name) -> bool:
    """`std::vector<T> c = x;`, `c(x)` or `c{x}`."""
    if not isinstance(declared.type, NamedType) or declared.type.name not in _VECTORS:
        return False
    if not _element(declared.type) or declared.span is None or declared.span.expanded:
        return False
    whole = isinstance(declared.value, InitializerList) and declared.value.items == (node,)
    return whole or declared.value is node or declared.arguments == (node,)


def _needs_length(name: str, uses: Sequence[_Use]) -> bool:
    asking = ("length", "empty", "end", "range", "copy")
    return any(use.name == name and use.kind in asking for use in uses)


def _replace_use(use: _Use, text: str, length: str) -> Edit | None:
    """The edit that spells a use for a pointer; None where it is spelled alike."""
    name = use.name
    if use.kind == "index":
        return None
    if use.kind == "range":
        return Edit(use.start, use.end, _counted_loop(use, text, length))
    if use.kind == "copy":
        return Edit(use.start, use.end, f"{use.node.name}({name}, {name} + {length})")
    new = {
        "length": length,
        "empty": f"({length} == 0)",
        "start": name,
        "end": f"({name} + {length})",
    }[use.kind]
    return Edit(use.start, use.end, new)


def _counted_loop(use: _Use, text: str, length: str) -> str:
    """`for (T v : x)` with a counter; the element is declared in a condition that holds."""
    name, at = use.name, f"at_{use.name}"
    loop: RangeFor = use.node
    variable = loop.variable.group or loop.variable.span
    shift = use.start - loop.head.start
    declared = text[variable.start + shift : variable.end + shift]
    return f"for (size_t {at} = 0; {at} < {length}; ++{at}) if ({declared} = {name}[{at}]; true)"


def _head(
    own: Sequence[VectorParameter], lengths: Mapping[str, str], like: Sequence[VectorParameter]
) -> tuple[str, Callable[[str], str]]:
    """Text of the new parameters, and the arguments of an inner call that leaves one out."""
    if like:
        return ", ".join(p.text for p in like), lambda left_out: ", ".join(
            p.name for p in like if p.name != left_out
        )
    parts = []
    for parameter in own:
        parts.append(parameter.text)
        if parameter.element and not parameter.extent and parameter.name in lengths:
            parts.append(f"size_t {lengths[parameter.name]}")
    return ", ".join(parts), lambda _: ""
