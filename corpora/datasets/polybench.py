"""PolyBench's macros written out, so that one of its functions stands alone: C++ and Fortran
(PolyBench/Fortran 1.0).

What is replaced, in the text of one function:

    macro                           C++                           Fortran
    DATA_TYPE                       double                        double precision
      in reg_detect (`maxgrid`)     int                           integer, as it has there
    POLYBENCH_1D(x, N, n)           *x                            (the function declares it)
    POLYBENCH_2D(x, N, M, n, m),    *x, and in the body           "
      _3D and so on                 x[i][j] becomes x[i * m + j]
    _PB_N, and N for a size         n, the run-time size          n
    fprintf(stderr,                 printed[printed_count++] = e  printed_count =
      DATA_PRINTF_MODIFIER, e);                                     printed_count + 1
    write(0, D..._MODIFIER) e                                     printed(printed_count) = e
    line ends to the same unit      dropped                       dropped
    #pragma scop, !$pragma scop     dropped                       dropped

Sizes are those at run time, not the constants of a data set class, so that tests can choose them.
Functions that print get one more parameter, `printed`, to which the printed numbers go in full
precision: printing is then an output like any other.

Contract: `expand_macros(text, language)` never raises; text without these macros stays as it is.
Everything else stays in its place: only the spans of the constructs above are replaced.

    python -c "from corpora.datasets.polybench import expand_macros; \
print(expand_macros('void f(int n, DATA_TYPE POLYBENCH_1D(x,N,n)) { x[0] = _PB_N; }', 'cpp'))"
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from corpora.emit.c_family import emit_c_family
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.c_tokens import tokenize
from corpora.frontends.fortran import parse_fortran
from corpora.frontends.fortran_lines import read_lines
from corpora.frontends.queries import functions_of
from corpora.ir import (
    Access,
    ArrayType,
    Binary,
    Call,
    Declaration,
    Edit,
    Expression,
    ExpressionStatement,
    Function,
    If,
    Literal,
    Name,
    Pragma,
    Specification,
    apply_edits,
    children,
    find,
    transform,
    walk,
)

_RANKS = range(1, 6)
_FORTRAN_WORD = re.compile(r"\b(?:_PB_(\w+)|DATA_TYPE)\b")
_SCOP_ROWS = ("!$pragmascop", "!$pragmaendscop")
"""Rows without their blanks that mark what the suite times."""


def expand_macros(text: str, language: str) -> str:
    """Return the text of one function with the macros of the PolyBench suite (`DATA_TYPE`,
    `POLYBENCH_2D`, `_PB_N` and so on) replaced.

    Sizes become run-time parameters and the numbers that it prints go to an output array. language:
    `cpp` or `fortran`; another raises KeyError.
    """
    return {"cpp": _expand_cpp, "fortran": _expand_fortran}[language](text)


# ---- C++ ----


def _expand_cpp(text: str) -> str:
    words = {token.text for token in tokenize(text) if token.kind == "word"}
    fixed = {word: word.removeprefix("_PB_").lower() for word in words if word[:4] == "_PB_"}
    fixed["DATA_TYPE"] = "int" if "maxgrid" in words else "double"
    by_extent, by_constant = (_parse_with_arrays(text, fixed, one) for one in (False, True))
    edits: list[Edit] = []
    for function, other in zip(*map(functions_of, (by_extent[0], by_constant[0])), strict=True):
        edits += _function_edits(function, other, by_extent[1], fixed)
    spans = [(e.start, e.end) for e in edits]
    for token in tokenize(text):
        inside = any(start <= token.start < end for start, end in spans)
        if token.text in fixed and token.kind == "word" and not inside:
            edits.append(Edit(token.start, token.end, fixed[token.text]))
    return apply_edits(text, edits)


def _parse_with_arrays(text: str, fixed: Mapping[str, str], constants: bool) -> tuple[Any, int]:
    """The tree of `text` with array declarations by their constants or by their run-time extents,
    and how many characters stand before `text` in what was parsed.
    """
    lines = []
    for rank in _RANKS:
        names = [[f"{kind}{k}" for k in range(rank)] for kind in "ce"]
        chosen = "".join(f"[{name}]" for name in names[not constants])
        lines.append(f"#define POLYBENCH_{rank}D(x, {', '.join(sum(names, []))}) x{chosen}\n")
    before = "".join(lines)
    return parse_c_family(before + text, "cpp", fixed), len(before)


def _function_edits(
    function: Function, other: Function, shift: int, fixed: Mapping[str, str]
) -> Iterator[Edit]:
    """Edits of one function. other: the same function with constants for extents."""
    renamed: dict[str, str] = {}
    inner: dict[str, tuple[Expression, ...]] = {}
    for parameter, twin in zip(function.parameters, other.parameters, strict=True):
        if parameter.type == twin.type or not isinstance(parameter.type, ArrayType):
            continue
        for left, right in zip(parameter.type.extents, twin.type.extents, strict=True):
            constants, extents = (  # CZ+1 stands beside cz+1
                [name.id for name in find(size, Name)] for size in (right.size, left.size)
            )
            renamed.update(zip(constants, extents, strict=False))
        inner[parameter.name] = tuple(extent.size for extent in parameter.type.extents[1:])
        of = emit_c_family(parameter.type.of)
        span = parameter.span
        yield Edit(span.start - shift, span.end - shift, f"{of} *{parameter.name}")
    body = function.body or ()
    if any(_printed_number(n) is not None for n in walk(body)) and function.body_span:
        if function.parameters:
            end = function.parameters[-1].span.end - shift
            yield Edit(end, end, f", {fixed['DATA_TYPE']} *printed")
        start = function.body_span.start + 1 - shift
        yield Edit(start, start, "\nint printed_count = 0;")
    yield from _body_edits(body, renamed, inner, shift)


def _body_edits(
    node: Any,
    renamed: Mapping[str, str],
    inner: Mapping[str, tuple[Expression, ...]],
    shift: int,
) -> Iterator[Edit]:
    """Edits of the outermost constructs that change, in the order of the text."""
    for child in children(node):
        text = _changed_text(child, renamed, inner)
        if text is None:
            yield from _body_edits(child, renamed, inner, shift)
        else:
            yield Edit(child.span.start - shift, child.span.end - shift, text)


def _changed_text(
    node: Any, renamed: Mapping[str, str], inner: Mapping[str, tuple[Expression, ...]]
) -> str | None:
    """What stands in the place of `node`; None where that is decided below it."""
    if isinstance(node, Pragma) and node.family in ("scop", "endscop"):
        return ""
    printed = _printed_number(node)
    if printed is not None:
        return f"printed[printed_count++] = {_rewrite(printed, renamed, inner)};"
    if _prints_text(node):
        return ""
    if isinstance(node, Access) and _is_flattened(node, inner):
        return _rewrite(node, renamed, inner)
    if isinstance(node, Name) and node.id in renamed:
        return renamed[node.id]
    return None


def _is_flattened(node: Access, inner: Mapping[str, tuple[Expression, ...]]) -> bool:
    extents = inner.get(node.base.id, ()) if isinstance(node.base, Name) else ()
    return bool(extents) and len(node.indices) == len(extents) + 1


def _rewrite(
    node: Expression, renamed: Mapping[str, str], inner: Mapping[str, tuple[Expression, ...]]
) -> str:
    """`name[i][j]...` as one subscript, row by row; constants as run-time sizes."""

    def change(node: Any) -> Any:
        if isinstance(node, Name) and node.id in renamed:
            return Name(renamed[node.id])
        if not (isinstance(node, Access) and _is_flattened(node, inner)):
            return node
        index, *further = node.indices
        for extent, subscript in zip(inner[node.base.id], further, strict=True):
            index = Binary("+", Binary("*", index, extent), subscript)
        return Access(node.base, (index,))

    return emit_c_family(transform(node, change))


def _printed_number(node: Any) -> Expression | None:
    """The value that a statement prints with the benchmark's own format."""
    match node:
        case ExpressionStatement(
            Call(Name("fprintf"), (Name("stderr"), Name("DATA_PRINTF_MODIFIER"), value))
        ):
            return value
    return None


def _prints_text(node: Any) -> bool:
    """Whether a statement prints nothing but fixed text."""
    match node:
        case ExpressionStatement(Call(Name("fprintf"), (Name("stderr"), Literal(text, "string")))):
            return "%" not in text
        case If(otherwise=()):
            return bool(node.then) and all(map(_prints_text, node.then))
    return False


# ---- Fortran ----


def _expand_fortran(text: str) -> str:
    words = {token.text for line in read_lines(text) for token in line.tokens}
    kind = "integer" if "maxgrid" in words else "double precision"
    rows = text.splitlines(keepends=True)
    text = "".join(row for row in rows if "".join(row.split()).lower() not in _SCOP_ROWS)
    text = _FORTRAN_WORD.sub(lambda found: found[1].lower() if found[1] else kind, text)
    edits: list[Edit] = []
    for function in functions_of(parse_fortran(text)):
        written = [n for n in walk(function.body or ()) if _written_numbers(n)]
        if written:
            edits += _write_edits(function, text)
            edits += _printed_argument(function, kind)
    return apply_edits(text, edits)


def _write_edits(node: Any, text: str) -> Iterator[Edit]:
    for child in children(node):
        if values := _written_numbers(child):
            indent = text[text.rfind("\n", 0, child.span.start) + 1 : child.span.start]
            value = text[values[0].span.start : child.span.end]
            rows = f"printed_count = printed_count + 1\n{indent}printed(printed_count) = {value}"
            yield Edit(child.span.start, child.span.end, rows)
        elif _writes_line(child):
            yield Edit(child.span.start, child.span.end, "")
        else:
            yield from _write_edits(child, text)


def _written_numbers(node: Any) -> tuple[Expression, ...]:
    """The values that a statement writes to unit 0 with the benchmark's own format."""
    match node:
        case ExpressionStatement(
            Call(Call(Name("write"), (Literal("0"), Name("data_printf_modifier"))), values)
        ):
            return values
    return ()


def _writes_line(node: Any) -> bool:
    """Whether a statement writes nothing but the end of a line to unit 0."""
    match node:
        case ExpressionStatement(Call(Call(Name("write"), (Literal("0"), Name("*"))), ())):
            return True
        case If(otherwise=()):
            return bool(node.then) and all(map(_writes_line, node.then))
    return False


def _printed_argument(function: Function, kind: str) -> Iterator[Edit]:
    """The argument `printed`, its counter, and their declarations behind the last one of the
    procedure.
    """
    if not function.parameters:
        return
    argument = function.parameters[-1].span.end
    yield Edit(argument, argument, ", printed")
    ends = [argument]
    for item in function.body or ():
        span = item.group if isinstance(item, Declaration) else getattr(item, "span", None)
        if isinstance(item, (Declaration, Specification)) and span is not None:
            ends.append(span.end)
    rows = [f"{kind} :: printed(*)", "integer :: printed_count", "printed_count = 0"]
    yield Edit(max(ends), max(ends), "".join(f"\n{row}" for row in rows))
