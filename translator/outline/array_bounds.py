"""How long the arrays of a function are, as its loops say: one more than the last place that each
access comes to.

Contract: candidates, read from the text alone, for whoever can compare them with tests; an index
whose parts no loop or parameter decides gives none. Loops are taken to run, and every variable to
count towards the larger index unless it is taken away.

    python -c "from corpora.records import Program; \\
        from translator.outline.parse_cpp import parse_function; \\
        from translator.outline.array_bounds import find_array_lengths; \\
print(find_array_lengths(parse_function(Program('cpp', 'f', 'void f(int n, int ld, float *x) { for
(int i = 0; i < n; i++) for (int j = 0; j <= i; j++) x[i * ld + j] = 1; }'))))"
"""

from __future__ import annotations

import ast
import re

from translator.normalize.affine import AffineSum
from translator.normalize.c_blocks import Block, changes_variable
from translator.outline.c_function import CppFunction
from translator.outline.outliner import DECLARED, TYPE

_HEAD = re.compile(rf"for \({TYPE}(\w+) = ([^;]+); (\w+) (<=?|>=?) ([^;]+); ")
_PLAIN = re.compile(r"[\w\s+*/()-]+")
_MAX_DEPTH = 8
"""Times that names in an index are replaced by what they stand for."""


def find_array_lengths(function: CppFunction) -> dict[str, tuple[str, ...]]:
    """Expressions in C of a function's integer parameters, by array; the same length once."""
    found: dict[str, dict[str, None]] = {}
    _collect(function, function.body, {}, found)
    return {name: tuple(lengths) for name, lengths in found.items()}


def _collect(
    function: CppFunction,
    block: Block,
    known: dict[str, tuple[str, str]],
    found: dict[str, dict[str, None]],
) -> None:
    """known: the smallest and the largest value of names, as texts."""
    known = dict(known)
    for item in block.items:
        text = item if isinstance(item, str) else item[0]
        loop, declared = _HEAD.match(text), DECLARED.match(text)
        inside = dict(known)
        if loop and loop[2] == loop[4]:
            first, end = loop[3], f"({loop[6]})"
            inside[loop[2]] = (
                (first, f"{end} - 1" if loop[5] == "<" else end)
                if loop[5][0] == "<"
                else (end, first)
            )
        for name, index in _accesses(text, function):
            if length := _length(index, inside, function):
                found.setdefault(name, {})[length] = None
        if (
            declared
            and isinstance(item, str)
            and (value := re.search(r" = (.+);$", text))
            and not changes_variable(function.body, declared[2])
        ):
            known[declared[2]] = (value[1], value[1])
        if not isinstance(item, str):
            _collect(function, item[1], inside, found)


def _accesses(text: str, function: CppFunction) -> list[tuple[str, str]]:
    return [
        (m[1], m[2])
        for m in re.finditer(r"(?<![\w.])(\w+)\[([^][]+)\]", text)
        if m[1] in function.arrays and not DECLARED.match(text[m.start() :])
    ]


def _length(index: str, known: dict[str, tuple[str, str]], function: CppFunction) -> str:
    """'' where something in it is neither a parameter nor decided by one."""
    for _ in range(_MAX_DEPTH):
        names = [name for name in re.findall(r"[A-Za-z_]\w*", index) if name in known]
        if not names:
            break
        taken_away = bool(re.search(rf"- {names[0]}\b", index))
        index = re.sub(
            rf"\b{names[0]}\b",
            lambda _, value=known[names[0]][0 if taken_away else 1]: f"({value})",
            index,
        )
    if not _PLAIN.fullmatch(index) or any(
        name not in function.scalars for name in re.findall(r"[A-Za-z_]\w*", index)
    ):
        return ""
    try:
        return (_sum(ast.parse(index.strip(), mode="eval").body) + AffineSum(constant=1)).text
    except (SyntaxError, ValueError):
        return ""


def _sum(node: ast.expr) -> AffineSum:
    if isinstance(node, ast.Name):
        return AffineSum.of(node.id)
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return AffineSum(constant=node.value)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.Div)):
        left, right = _sum(node.left), _sum(node.right)
        if isinstance(node.op, ast.Div):
            return AffineSum.of(f"({left.factor} / {right.factor})")
        return (
            left + right
            if isinstance(node.op, ast.Add)
            else left - right
            if isinstance(node.op, ast.Sub)
            else _product(left, right)
        )
    raise ValueError("no whole-number expression")


def _product(one: AffineSum, other: AffineSum) -> AffineSum:
    """Multiplied out, so that what is added and taken away again falls out."""
    total = AffineSum()
    for factor, times in [*one.terms, ("", one.constant)]:
        for second, more in [*other.terms, ("", other.constant)]:
            words = " * ".join(word for word in (factor, second) if word)
            total += (AffineSum.of(words) if words else AffineSum(constant=1)).scaled(times * more)
    return total
