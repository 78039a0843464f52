"""A small test suite in the project's text form for a nest: sizes from 1 up, symbolic extents,
seeded fills.

python -c "from corpora.generator import generate; print(next(generate(1, 0)).suite_text)"
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping

from corpora import ir
from corpora.emit.c_family import emit_expression
from corpora.generator.core.heads_bounds import rebuilt
from corpora.generator.core.nest import Nest, Parameter
from corpora.generator.emit.structures import map_test_names


def format_extent(node: tuple, names: Mapping[str, str]) -> str:
    """Return an extent in the text form of tests, without blanks, such as `n*m`.

    node: a name, a literal, or sums, products and quotients of them. names: what to call parameters
        there, by their own names; others keep theirs. Raises TypeError for a node that is no
        expression.
    """
    renamed = rebuilt(node, lambda n: ir.Name(names.get(n.id, n.id)) if type(n) is ir.Name else n)
    return emit_expression(renamed).replace(" ", "")


def format_suite(nest: Nest, rng: random.Random) -> str:
    """Return two to four tests of a nest as text, one per line, with a value for every parameter in
    order, such as `n:i32=8 x:f32[n]=uniform(-2,2)@7`. The first test takes the largest sizes. rng:
    draws the values and the seeds (`@7`).
    """
    return (
        "\n".join([_test(nest, rng, number) for number in range(rng.choice((2, 3, 3, 4)))]) + "\n"
    )


def _test(nest: Nest, rng: random.Random, number: int) -> str:
    parts, names = [], map_test_names(nest)
    unsaid = nest.length[0] if nest.length else ""
    for parameter in (
        sorted(nest.parameters, key=lambda p: p.name != unsaid) if unsaid else nest.parameters
    ):
        if parameter.kind != "scalar":
            parts.append(_array(parameter, rng, names))
            continue
        # The first test takes the largest values, so that at least one has something to compute.
        value = names.get(parameter.same, parameter.same) or (
            max(parameter.values) if number == 0 else rng.choice(parameter.values)
        )
        if parameter.name == unsaid:
            names[unsaid] = str(value)
        else:
            parts.append(f"{names.get(parameter.name, parameter.name)}:{parameter.type}={value}")
    return " ".join(parts)


def _array(parameter: Parameter, rng: random.Random, names: Mapping[str, str]) -> str:
    extents = [format_extent(e, names) for e in parameter.extents]
    if parameter.kind == "array":
        inside = "*".join(
            f"({e})" if len(extents) > 1 and ("+" in e or "-" in e) else e for e in extents
        )
        shape = f"[{inside}]"
    else:
        shape = "".join(f"[{e}]" for e in extents)
    seed = "" if parameter.fill.startswith(("constant", "{")) else f"@{rng.randint(1, 99)}"
    rule, bracket, arguments = parameter.fill.partition("(")
    if names:
        arguments = re.sub(r"[A-Za-z_]\w*", lambda m: names.get(m[0], m[0]), arguments)
    return (
        f"{names.get(parameter.name, parameter.name)}:{parameter.type}{shape}={rule}{bracket}"
        f"{arguments}{seed}"
    )
