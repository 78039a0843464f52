"""PolyBench's macros written out, so that one of its functions stands alone: C++ and Fortran
(PolyBench/Fortran 1.0).

What is replaced, in the text of one function:

    macro                                  C++                           Fortran
    DATA_TYPE                              double                        double precision
      in functions of reg_detect           int                           integer, as that
      (`maxgrid`)                                                        benchmark has it
    POLYBENCH_1D(x, N, n)                  *x                            (declared by the
                                                                         function itself)
    POLYBENCH_2D(x, N, M, n, m), _3D       *x, and in the body           "
                                           x[i][j] becomes x[i * m + j]
    _PB_N, and N where a size is given     n, the run-time size          n
    fprintf(stderr, DATA_PRINTF_MODIFIER,  printed[printed_count++] = e  printed_count =
      e); write(0, DATA_PRINTF_MODIFIER) e                               printed_count + 1;
                                                                         printed(printed_count) = e
    line ends written to the same unit     dropped (white space)         dropped
    #pragma scop, !$pragma scop            dropped                       dropped

Sizes are those at run time, not the constants of a data set class, so that tests can choose them.
Functions that print get one more parameter, `printed`, to which the printed numbers go in full
precision: printing is then an output like any other.

Contract: `expand_macros(text, language)` never raises; text without these macros stays as it is.

    python -c "from corpora.datasets.polybench import expand_macros as expand; \\
        print(expand('void f(int n, DATA_TYPE POLYBENCH_1D(x,N,n)) { x[0] = _PB_N; }', 'cpp'))"
"""

from __future__ import annotations

import re

from corpora.syntax.fortran import split_commas

_ARRAY = re.compile(r"POLYBENCH_([1-5])D\s*\(((?:[^()]|\([^()]*\))*)\)")
_NUMBER_PRINTED = re.compile(
    r"fprintf\s*\(\s*stderr\s*,\s*DATA_PRINTF_MODIFIER\s*,\s*(.+?)\s*\)\s*;"
)
_TEXT_PRINTED = re.compile(
    r"(?:if\s*\((?:[^();]|\([^()]*\))*\)\s*)?fprintf\s*\(\s*stderr\s*,\s*\"[^\"%]*\"\s*\)\s*;", re.S
)
_NUMBER_WRITTEN = re.compile(
    r"^([ \t]*)write\s*\(\s*0\s*,\s*DATA_PRINTF_MODIFIER\s*\)\s*(.+?)[ \t]*$", re.M | re.I
)
_LINE_WRITTEN = re.compile(
    r"^[ \t]*if\s*\([^\n]*\)\s*then\s*\n\s*write\s*\(\s*0\s*,\s*\*\s*\)\s*\n\s*end\s*if[ "
    r"\t]*$|^[ \t]*write\s*\(\s*0\s*,\s*\*\s*\)[ \t]*$",
    re.M | re.I,
)
_NAME = re.compile(r"[A-Za-z_]\w*")
_INTEGERS = re.compile(r"\bmaxgrid\b")
_SCOP = re.compile(r"^[ \t]*(?:#|!\$)[ \t]*pragma[ \t]+(?:end)?scop[ \t]*\n?", re.M)
_DECLARATION = re.compile(
    r"\s*(?:implicit\s+none|integer|real|double|logical|character|DATA_TYPE|dimension|parameter)\b",
    re.I,
)


def expand_macros(text: str, language: str) -> str:
    """`text` of one function, language `cpp` or `fortran`, with the macros of the table above
    written out.
    """
    return {"cpp": _cpp, "fortran": _fortran}[language](text)


def _cpp(text: str) -> str:
    sizes: dict[str, str] = {}
    inner: dict[str, list[str]] = {}

    def array(found: re.Match[str]) -> str:
        rank, parts = int(found[1]), split_commas(found[2])
        name, constants, extents = parts[0], parts[1 : rank + 1], parts[rank + 1 :]
        if len(parts) != 2 * rank + 1:
            return found[0]
        for constant, extent in zip(constants, extents, strict=True):  # CZ+1 stands beside cz+1
            sizes.update(zip(_NAME.findall(constant), _NAME.findall(extent), strict=False))
        inner[name] = extents[1:]
        return f"*{name}"

    text = _SCOP.sub("", _ARRAY.sub(array, text))
    printing = bool(_NUMBER_PRINTED.search(text))
    text = _TEXT_PRINTED.sub("", _NUMBER_PRINTED.sub(r"printed[printed_count++] = \1;", text))
    head, brace, body = text.partition("{")
    if printing:
        head = re.sub(r"\)\s*$", ", DATA_TYPE *printed)\n", head)
        brace += "\nint printed_count = 0;"
    for constant, extent in sizes.items():
        body = re.sub(rf"\b{constant}\b", extent, body)
    body = re.sub(r"\b_PB_(\w+)\b", lambda m: m[1].lower(), body)
    for name, extents in inner.items():
        body = _flatten_subscripts(body, name, extents) if extents else body
    return _replace_data_type(head + brace + body, "int" if _INTEGERS.search(text) else "double")


def _flatten_subscripts(body: str, name: str, extents: list[str]) -> str:
    """`name[i][j]...` as one subscript, row by row; extents: those of the second and further
    dimensions.
    """
    parts: list[str] = []
    place = 0
    for found in re.finditer(rf"\b{name}\s*(?=\[)", body):
        if found.start() < place:
            continue  # inside a subscript that is written out already
        subscripts, end = _subscripts(body, found.end())
        if len(subscripts) != len(extents) + 1:
            continue
        index = subscripts[0]
        for extent, subscript in zip(extents, subscripts[1:], strict=True):
            index = f"{_operand(index)} * {_operand(extent)} + {_operand(subscript)}"
        parts += [
            body[place : found.start()],
            f"{name}[{_flatten_subscripts(index, name, extents)}]",
        ]
        place = end
    return "".join(parts) + body[place:]


def _subscripts(text: str, at: int) -> tuple[list[str], int]:
    """Contents of the bracket pairs that follow each other from `at`, and where they end."""
    found: list[str] = []
    while opening := re.match(r"\s*\[", text[at:]):
        start = at + opening.end()
        depth, end = 1, start
        while depth and end < len(text):
            depth += (text[end] == "[") - (text[end] == "]")
            end += 1
        found.append(text[start : end - 1].strip())
        at = end
    return found, at


def _operand(text: str) -> str:
    return text if re.fullmatch(r"\w+", text) else f"({text})"


def _fortran(text: str) -> str:
    text = _SCOP.sub("", text)
    printing = bool(_NUMBER_WRITTEN.search(text))
    text = _NUMBER_WRITTEN.sub(
        r"\1printed_count = printed_count + 1\n\1printed(printed_count) = \2", text
    )
    text = _LINE_WRITTEN.sub("", text) if printing else text
    if printing:
        text = _add_printed_argument(text)
    text = re.sub(r"\b_PB_(\w+)\b", lambda m: m[1].lower(), text)
    return _replace_data_type(text, "integer" if _INTEGERS.search(text) else "double precision")


def _replace_data_type(text: str, type_: str) -> str:
    return re.sub(r"\bDATA_TYPE\b", type_, text)


def _add_printed_argument(text: str) -> str:
    """The argument `printed`, its counter, and their declarations behind the last one of the
    procedure.
    """
    text = re.sub(r"\)", ", printed)", text, count=1)
    rows = text.split("\n")
    last = 0
    for i, row in enumerate(rows):
        if _DECLARATION.match(row) and "=" not in row.split("::")[0]:
            last = i
    added = ["DATA_TYPE :: printed(*)", "integer :: printed_count", "printed_count = 0"]
    return "\n".join([*rows[: last + 1], *added, *rows[last + 1 :]])
