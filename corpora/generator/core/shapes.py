"""What a finished nest's shape says: where arrays are touched, and which loops inside the parallel
ones are parallel too.

python -c "from corpora.generator import generate; \\
    print(next(generate(1, 12)).programs['cuda'].text)"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast
from corpora.generator.core.nest import Axis, Nest


def find_accesses(nest: Nest, array: str) -> list[ast.At]:
    """Return every element of `array` that the nest's regions touch, in order."""
    found = []
    for region in nest.regions:
        for statement in ast.walk_statements(region.body):
            for expression in ast.get_expressions(statement):
                found += [n for n in ast.walk(expression) if type(n) is ast.At and n.array == array]
    return found


def parallelize_inner_loop(nest: Nest) -> None:
    """Make a sequential loop of the nest parallel, in place, if it is the whole body of the
    parallel loops and its iterations are independent.

    The nest gets at most three parallel loops.
    """
    region = nest.regions[0]
    while (
        len(nest.regions) == 1
        and not nest.result
        and len(region.axes) < 3
        and len(region.body) == 1
    ):
        loop = region.body[0]
        if (
            type(loop) is not ast.For
            or loop.op != "<"
            or loop.step != 1
            or loop.type != nest.index_type
            or loop.shown is not None
        ):
            return
        if not _independent(nest, loop, {a.variable for a in region.axes}):
            return
        region.axes += (Axis(loop.variable, loop.start, loop.stop),)
        region.body = loop.body


def _independent(nest: Nest, loop: ast.For, outer: set[str]) -> bool:
    """Whether every iteration writes places of its own, told by the loop's variable in the
    subscript.
    """
    statements = list(ast.walk_statements(loop.body))
    fresh = {s.name for s in statements if type(s) is ast.Declare}
    if any(
        n.id in outer for e in (loop.start, loop.stop) for n in ast.walk(e) if type(n) is ast.Name
    ):
        return False
    targets = [s.target for s in statements if type(s) is ast.Assign]
    targets += [a.target for s in (loop, *statements) if type(s) is ast.For for a in s.also]
    places = {t for t in targets if type(t) is ast.At}
    if any(type(t) is ast.Name and t.id not in fresh for t in targets):
        return False
    if any(
        type(n) is ast.Postfix
        for s in statements
        for e in ast.get_expressions(s)
        for n in ast.walk(e)
    ):
        return False
    if any(
        type(s) in (ast.DeclarePointer, ast.While) or type(s) is ast.Jump and s.kind != "continue"
        for s in statements
    ):
        return False
    wanted = outer | {loop.variable}
    if any(not wanted <= _names_of(place, statements) for place in places):
        return False
    return all(
        find_accesses(nest, place.array).count(place) == len(find_accesses(nest, place.array))
        for place in places
    )


def _names_of(place: ast.At, statements: list[tuple]) -> set[str]:
    """Variables in a subscript, those behind locals included."""
    found = {n.id for s in place.subscripts for n in ast.walk(s) if type(n) is ast.Name}
    for statement in reversed(statements):
        if (
            type(statement) is ast.Declare
            and statement.name in found
            and statement.value is not None
        ):
            found |= {n.id for n in ast.walk(statement.value) if type(n) is ast.Name}
    return found


def make_flat_index(subscripts: tuple, extents: tuple, how: str) -> tuple:
    """Return the row-major position of subscripts in an array of these extents. how: the spelling,
    such as `i*m+j` or `horner`.
    """
    if how == "horner" and len(subscripts) > 2:
        total = subscripts[0]
        for position in range(1, len(subscripts)):
            total = ast.add(ast.mul(total, extents[position]), subscripts[position])
        return total
    terms = []
    for position, subscript in enumerate(subscripts):
        inner = list(extents[position + 1 :])
        if not inner:
            terms.append(subscript)
        elif how == "m*i+j":
            terms.append(ast.product([*inner, subscript]))
        else:
            terms.append(ast.product([subscript, *inner]))
    if how == "j+i*m":
        terms.reverse()
    total = terms[0]
    for term in terms[1:]:
        total = ast.Binary("+", total, term)
    return total
