"""The values that shared data begins with: globals of the C family, module variables and DATA of
Fortran.

    python -c "from corpora.extraction.initial_values import initial_values; \\
        print(initial_values('int n = 5;', 'cpp'))"
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from corpora.emit.c_family import emit_c_family
from corpora.emit.fortran import emit_expression
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.fortran import parse_fortran
from corpora.frontends.fortran_lines import Token, read_lines
from corpora.ir import Declaration, Function, Module

__all__ = ["initial_values"]


def initial_values(text: str, language: str) -> dict[str, str]:
    """Return the first value, as source text, of each variable that `text` defines outside
    functions, by name; '' for a variable without one.

    Variables declared `extern` are left out. In Fortran these are variables of modules and main
    programs, and those of DATA statements anywhere. language: `cpp` (CUDA too) or `fortran`.
    """
    return _of_fortran(text) if language == "fortran" else _of_c(text)


def _of_c(text: str) -> dict[str, str]:
    return {
        d.name: " ".join(emit_c_family(d.value).split()) if d.value is not None else ""
        for d in _declarations(parse_c_family(text, "cuda").items)
        if "extern" not in d.storage
    }


def _of_fortran(text: str) -> dict[str, str]:
    """Values in declarations of modules, and of DATA statements wherever they stand."""
    found = {
        d.name: emit_expression(d.value)
        if d.value is not None and "pointer" not in d.storage
        else ""
        for d in _declarations(parse_fortran(text).items)
        if "parameter" not in d.storage and not d.implicit
    }
    for line in read_lines(text, None):
        words = [t.text for t in line.tokens]
        if words[:1] == ["data"] and "/" in words and words[1:2] != ["="]:
            found |= _data_values(line.tokens[1:])
    return found


def _declarations(items: tuple[Any, ...]) -> Iterator[Declaration]:
    """Variables of a unit, of its modules and namespaces, and of a Fortran program."""
    for item in items:
        if isinstance(item, Declaration):
            yield item
        elif isinstance(item, Module):
            yield from _declarations(item.items)
        elif isinstance(item, Function) and "program" in item.qualifiers:
            yield from (d for d in item.body or () if isinstance(d, Declaration))


def _data_values(tokens: tuple[Token, ...]) -> dict[str, str]:
    """`a, b / 1, 2 /, (c(i), i = 1, 3) / 3*0 /` by name; an array has the words of all values."""
    found: dict[str, str] = {}
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token.text == "/":
            parts.append([])
        elif token.kind != "end":
            parts[-1].append(token)
    for targets, values in zip(parts[::2], parts[1::2], strict=False):
        names, given = _split(targets), _split(values)
        whole = ", ".join(given.values())
        if len(names) == len(given) and all(name.isidentifier() for name in names.values()):
            found |= {names[k]: given[k] for k in names}
        else:
            firsts = (_first_name(targets),) if len(names) == 1 else names.values()
            found |= {name.partition("(")[0]: whole for name in firsts if name}
    return found


def _split(tokens: list[Token]) -> dict[int, str]:
    """Texts between the commas outside brackets, numbered."""
    found: dict[int, str] = {}
    depth = number = 0
    for token in tokens:
        depth += (token.text == "(") - (token.text == ")")
        if token.text == "," and depth == 0:
            number += 1 if number in found else 0
        else:
            found[number] = found.get(number, "") + token.text
    return found


def _first_name(tokens: list[Token]) -> str:
    return next((t.text for t in tokens if t.kind == "id"), "")
