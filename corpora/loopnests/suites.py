"""A small test suite in the project's text form for a nest: sizes from 1 up, symbolic extents, seeded fills.

python -c "from corpora.loopnests import generate; print(next(generate(1, 0)).suite_text)"
"""

from __future__ import annotations

import random

from corpora.loopnests import expressions as ast
from corpora.loopnests.nest import Nest, Parameter


def extent_text(node: tuple) -> str:
    """An extent as the text form writes it: integers, names, + - * / and parentheses."""
    kind = type(node)
    if kind is ast.Name:
        return node.id
    if kind is ast.Literal:
        return node.text
    if kind is ast.Paren:
        return f"({extent_text(node.argument)})"
    left, right = extent_text(node.left), extent_text(node.right)
    if node.op in "*/":
        left = f"({left})" if type(node.left) is ast.Binary and node.left.op in "+-" else left
        right = f"({right})" if type(node.right) is ast.Binary else right
    elif type(node.right) is ast.Binary and node.right.op in "+-":
        right = f"({right})"
    return left + node.op + right


def suite_text(nest: Nest, rng: random.Random) -> str:
    """Two to four tests, one a line, every parameter assigned in order."""
    return "\n".join([_test(nest, rng, number) for number in range(rng.choice((2, 3, 3, 4)))]) + "\n"


def _test(nest: Nest, rng: random.Random, number: int) -> str:
    parts = []
    for parameter in nest.parameters:
        if parameter.kind == "scalar":
            # The first test takes the largest values, so that at least one has something to compute.
            value = max(parameter.values) if number == 0 else rng.choice(parameter.values)
            parts.append(f"{parameter.name}:{parameter.type}={value}")
        else:
            parts.append(_array(parameter, rng))
    return " ".join(parts)


def _array(parameter: Parameter, rng: random.Random) -> str:
    extents = [extent_text(e) for e in parameter.extents]
    if parameter.kind == "array":
        inside = "*".join(f"({e})" if len(extents) > 1 and ("+" in e or "-" in e) else e for e in extents)
        shape = f"[{inside}]"
    else:
        shape = "".join(f"[{e}]" for e in extents)
    seed = "" if parameter.fill.startswith(("constant", "{")) else f"@{rng.randint(1, 99)}"
    return f"{parameter.name}:{parameter.type}{shape}={parameter.fill}{seed}"
