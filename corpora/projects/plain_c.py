"""C that C++ does not know, written in words that both have.

Contract: a C text in, a text out that a C++ compiler takes and that does the same, line for line.
Array parameters with a length that another parameter names (`double A[n][m]`,
`double (*A)[m]`) become pointers to their first element, and `A[i][j]` becomes `A[i * m + j]`.
Names that are words of C++, such as `new`, get an underscore at their end. A function that uses
such an array in another way is left out and named. A text without any of this comes back as it is.

    python -c "from corpora.projects.plain_c import make_c_plain; \\
        print(make_c_plain('void f(int n, int a[n][n]) { a[1][0] = 2; }').text)"
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from corpora.emit.c_family import emit_expression
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.c_tokens import Token, tokenize
from corpora.frontends.queries import functions_of
from corpora.ir import (
    Access,
    Assign,
    Binary,
    Call,
    Declaration,
    Expression,
    Function,
    Name,
    Parameter,
    SizeOf,
)
from corpora.ir.edits import Edit, apply_edits
from corpora.ir.nodes import ArrayType, Increment, PointerType, Type, Unary
from corpora.ir.walk import find, transform
from corpora.projects.plain_classes import PlainText

CPP_ONLY = frozenset(
    "catch class const_cast constexpr decltype delete dynamic_cast explicit export friend mutable "
    "namespace new noexcept operator private protected public reinterpret_cast static_cast "
    "template this throw try typeid typename using virtual".split()
)
"""Words of C++ that are plain names in C."""


def make_c_plain(text: str) -> PlainText:
    """Return a C text that a C++ compiler takes where arrays of variable extent and names like
    `new` kept it from that. The result's `arrays` are parameters whose subscripts became one, as
    `FUNCTION.NAME`. Nothing is raised: what cannot be read stays.
    """
    text = _rename(text)
    unit = parse_c_family(text, "cpp")
    edits, arrays, left_out = [], [], []
    for function in functions_of(unit, prototypes=True):
        varying = [p for p in function.parameters if _varies(p.type)]
        rows = {p.name: _rows_of(p.type) for p in varying}
        if not rows or function.span is None:
            continue
        if function.body is not None:
            if reason := _explain_other_use(function, rows, text):
                edits.append(Edit(function.span.start, function.span.end, ""))
                left_out.append((function.name, reason))
                continue
            edits += _flatten_uses(function, rows)
            arrays += [f"{function.name}.{name}" for name in rows if rows[name]]
        edits += [_flatten_parameter(p, text) for p in varying if p.span is not None]
    try:
        made = apply_edits(text, edits)
    except ValueError:  # a macro makes some of it
        return PlainText(text)
    return PlainText(made, (), tuple(left_out), tuple(arrays))


def _rename(text: str) -> str:
    tokens = tokenize(text)
    if any(token.text == "__cplusplus" for token in tokens):
        return text  # parts of it are C++
    taken = {token.text for token in tokens}
    edits = [
        Edit(token.start, token.end, f"{token.text}_")
        for token in tokens
        if token.kind == "word" and token.text in CPP_ONLY and f"{token.text}_" not in taken
    ]
    return apply_edits(text, edits)


def _extents_of(type_: Type) -> list[Expression | None]:
    """The lengths of an array parameter's dimensions; [] for other parameters."""
    if isinstance(type_, ArrayType):
        return [extent.size for extent in type_.extents]
    if isinstance(type_, PointerType) and isinstance(type_.to, ArrayType):
        return [None, *(extent.size for extent in type_.to.extents)]
    return []


def _varies(type_: Type) -> bool:
    """Whether a dimension's length is no constant."""
    sizes = tuple(size for size in _extents_of(type_) if size is not None)
    return next(iter(find(sizes, Name)), None) is not None


def _rows_of(type_: Type) -> tuple[Expression, ...]:
    """The lengths of an array's dimensions behind the first; C asks for all of them."""
    return tuple(size for size in _extents_of(type_)[1:] if size is not None)


def _explain_other_use(
    function: Function, rows: Mapping[str, tuple[Expression, ...]], text: str
) -> str:
    """Why the arrays `rows` cannot be flat in a function; '' where they can."""
    sizes = {name.id for each in rows.values() for size in each for name in find(size, Name)}
    body = function.body or ()
    for made in find(body, Declaration):
        if made.name in rows or made.name in sizes:
            return f"declares '{made.name}' again"
    for node in find(body, Assign, Increment):
        changed = node.target if isinstance(node, Assign) else node.operand
        if isinstance(changed, Name) and changed.id in sizes:
            return f"changes '{changed.id}', which an array's extent names"
    for node in find(body, SizeOf):
        if any(name.id in rows for name in find(node.of, Name)):
            return "asks for the size of a part of an array of variable extent"
    plain = 0
    rows = {name: each for name, each in rows.items() if each}  # of others nothing changes
    for node in find(body, Access):
        if isinstance(node.base, Name) and node.base.id in rows:
            if node.span is None or node.span.expanded:
                return f"names array '{node.base.id}' in a macro"
            if len(node.indices) > len(rows[node.base.id]) + 1:
                return f"array '{node.base.id}' holds pointers"
            plain += 1
    for call in find(body, Call):
        plain += sum(isinstance(each, Name) and each.id in rows for each in call.arguments)
    if plain < sum(name.id in rows for name in find(body, Name)):
        return f"counts in the rows of an array of variable extent ({', '.join(rows)})"
    span = function.body_span
    words = tokenize(text[span.start : span.end]) if span else []
    if any(_is_section(words, i, rows) for i, word in enumerate(words) if word.text == "#"):
        return "a directive names a section of an array of variable extent"
    return ""


def _is_section(tokens: list[Token], at: int, rows: Mapping[str, object]) -> bool:
    """Whether the line of `#` at number `at` has `A[` of an array of `rows`."""
    for k in range(at + 1, len(tokens) - 1):
        if tokens[k].first:
            return False
        if tokens[k].text in rows and tokens[k + 1].text == "[":
            return True
    return False


def _flatten_uses(function: Function, rows: Mapping[str, tuple[Expression, ...]]) -> Iterator[Edit]:
    """Every outermost access to the arrays `rows` with one index."""
    end = -1
    uses = [
        a
        for a in find(function.body, Access)
        if a.span is not None
        and any(isinstance(b.base, Name) and rows.get(b.base.id) for b in find(a, Access))
    ]
    for use in sorted(uses, key=lambda a: (a.span.start, -a.span.end)):  # type: ignore[union-attr]
        assert use.span is not None
        if use.span.start >= end:
            end = use.span.end
            flat = transform(use, partial(_flatten, rows=rows))
            yield Edit(use.span.start, use.span.end, emit_expression(flat, _POSTFIX))


_POSTFIX = 16
"""How tightly a subscript binds: what takes its place must bind as tightly."""


def _flatten(node: Any, rows: Mapping[str, tuple[Expression, ...]]) -> Any:
    """`A[i][j]` as `A[i * m + j]`, and the row `A[i]` as `&A[i * m]`."""
    if not (isinstance(node, Access) and isinstance(node.base, Name)):
        return node
    inner = rows.get(node.base.id, ())
    if not inner:
        return node
    place = node.indices[0]
    for i, length in enumerate(inner):
        place = Binary("*", place, length)
        if i + 1 < len(node.indices):
            place = Binary("+", place, node.indices[i + 1])
    flat = Access(node.base, (place,))
    return flat if len(node.indices) > len(inner) else Unary("&", flat)


def _flatten_parameter(parameter: Parameter, text: str) -> Edit:
    """`double A[n][m]` and `double (*A)[m]` as `double *A`."""
    assert parameter.span is not None
    start, end = parameter.span.start, parameter.span.end
    words = tokenize(text[start:end])
    ends = (parameter.name, "[") if parameter.name else ("(", "[")  # a prototype names none
    name = next(i for i, word in enumerate(words) if word.text in ends)
    opened = next((i for i in range(name) if words[i].text == "("), name)
    stars = "".join(
        word.text if word.text == "*" else f" {word.text} " for word in words[opened + 1 : name]
    )
    before = text[start : start + words[opened].start].rstrip()
    lines = "\n" * text[start + words[opened].start : end].count("\n")
    return Edit(start, end, f"{before} {stars if opened < name else '*'}{parameter.name}{lines}")
