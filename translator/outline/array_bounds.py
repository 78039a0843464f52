"""How long the arrays of a function are, as its loops say: one more than the last place that each
access comes to.

Contract: candidates, read from the text alone, for whoever can compare them with tests; an index
whose parts no loop or parameter decides gives none. Loops are taken to run, and parameters to be
zero or more. Of two bounds that an index has, each is a candidate.

    python -c "from corpora.records import Program; \\
        from translator.outline.parse_cpp import parse_function; \\
        from translator.outline.array_bounds import find_array_lengths; \\
print(find_array_lengths(parse_function(Program('cpp', 'f', 'void f(int n, int ld, float *x) { for
(int i = 0; i < n; i++) for (int j = 0; j <= i; j++) x[i * ld + j] = 1; }'))))"
"""

from __future__ import annotations

from collections.abc import Iterator

from corpora.analysis.accesses import facts_of
from corpora.analysis.bounds import extreme_of
from corpora.analysis.inequalities import System
from corpora.analysis.polynomial import Polynomial, Symbol, variable
from translator.outline.c_function import CppFunction

_MOST = 8
"""Candidates that one index gives."""


def find_array_lengths(function: CppFunction) -> dict[str, tuple[str, ...]]:
    """Return candidates for the length of each array of a function, by array name, as C
    expressions of the function's integer parameters.

    Each access gives one more than its greatest index, as the loops around it bound it; the
    candidates come in the order of the accesses. An index that data decides gives none, and an
    array without candidates is no key.
    """
    found: dict[str, dict[str, None]] = {}
    positive = System(nonnegative=tuple(variable(name) for name in function.scalars))
    for access in facts_of(function.tree).accesses:
        if access.array not in function.arrays or len(access.indices) != 1 or access.whole:
            continue
        index = access.indices[0]
        end = extreme_of(index, access.system().joined(positive), True) if index else None
        for each in _without_minima(end, _MOST) if end is not None else ():
            if length := _in_c(each + 1, function):
                found.setdefault(access.array, {})[length] = None
    return {name: tuple(lengths) for name, lengths in found.items()}


def _without_minima(value: Polynomial, most: int) -> Iterator[Polynomial]:
    """`value` with one argument of each minimum in its place."""
    minimum = next((s for s in value.symbols() if s.operator == "min"), None)
    if minimum is None:
        yield value
        return
    for argument in minimum.arguments[:most]:
        yield from _without_minima(value.replace({minimum: argument}), most // 2)


def _in_c(value: Polynomial, function: CppFunction) -> str:
    """'' where something in it is neither a parameter nor computed from some by `+ - * /`."""
    parts: list[tuple[bool, str]] = []
    for product, coefficient in value.terms:
        factors = [_factor(symbol, function) for symbol in product]
        if not all(factors):
            return ""
        if abs(coefficient) != 1 or not factors:
            factors.insert(0, str(abs(coefficient)))
        parts.append((coefficient < 0, " * ".join(factors)))
    parts.sort(key=lambda part: part[0])
    (minus, head), *rest = parts or [(False, "0")]
    return "-" * minus + head + "".join(f" {'-' if sign else '+'} {text}" for sign, text in rest)


def _factor(symbol: Symbol, function: CppFunction) -> str:
    if not symbol.operator:
        return symbol.name if symbol.name in function.scalars else ""
    if symbol.operator != "/":
        return ""
    parts = [_in_c(argument, function) for argument in symbol.arguments]
    return f"({_bracketed(parts[0])} / {_bracketed(parts[1])})" if all(parts) else ""


def _bracketed(text: str) -> str:
    return text if text.isidentifier() or text.isdigit() else f"({text})"
