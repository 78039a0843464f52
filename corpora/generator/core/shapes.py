"""What a finished nest's shape says: where arrays are touched, and which loops inside the parallel
ones are parallel too.

python -c "from corpora.generator import generate; \\
    print(next(generate(1, 12)).programs['cuda'].text)"
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from corpora import ir
from corpora.generator.core import expressions as ast
from corpora.generator.core.nest import Axis, Nest


def walk_bodies(nest: Nest) -> Iterator[ir.Statement]:
    """Yield every statement inside the parallel loops of a nest, and all those nested in it, outer
    before inner, in order.
    """
    for region in nest.regions:
        yield from ast.walk_statements(region.body)


def walk_nest(nest: Nest) -> Iterator[ir.Statement]:
    """Yield every statement of a nest, those before and after its parallel loops included, outer
    before inner, in order.
    """
    for block in (nest.before, nest.first, *(region.body for region in nest.regions), nest.after):
        yield from ast.walk_statements(block)


def walk_nodes(statements: Iterable[ir.Statement]) -> Iterator[ir.Expression]:
    """Yield every node of the expressions that these statements hold themselves, outer before
    inner. Statements nested in them are not entered.
    """
    for statement in statements:
        for expression in ast.get_expressions(statement):
            yield from ast.walk(expression)


def find_accesses(nest: Nest, array: str) -> list[ir.Access]:
    """Return every element of the array named `array` that the nest's parallel loops read or write,
    in order. One that is touched at several places is listed for each.
    """
    nodes = walk_nodes(walk_bodies(nest))
    return [n for n in nodes if type(n) is ir.Access and n.base.id == array]


def parallelize_inner_loop(nest: Nest) -> None:
    """Make a sequential loop of the nest parallel, in place, if it is the whole body of the
    parallel loops and its iterations are independent. This is repeated up to three parallel loops.
    Another nest stays unchanged.
    """
    region = nest.regions[0]
    while (
        len(nest.regions) == 1
        and not nest.result
        and len(region.axes) < 3
        and len(region.body) == 1
    ):
        loop = region.body[0]
        if not ast.is_count(loop):
            return
        loop = ast.read_count(loop)
        if (loop.op, loop.step, loop.type) != ("<", 1, nest.index_type):
            return
        if not _independent(nest, loop, {a.variable for a in region.axes}):
            return
        region.axes += (Axis(loop.variable, loop.start, loop.stop),)
        region.body = loop.body


def _independent(nest: Nest, loop: ast.Count, outer: set[str]) -> bool:
    """Whether every iteration writes places of its own, told by the loop's variable in the
    subscript.
    """
    statements = list(ast.walk_statements(loop.body))
    fresh = {s.name for s in statements if ast.is_local(s)}
    if any(
        n.id in outer for e in (loop.start, loop.stop) for n in ast.walk(e) if type(n) is ir.Name
    ):
        return False
    targets = [s.target for s in statements if type(s) is ir.Assign]
    moved = (a for s in statements if ast.is_count(s) for a in s.step[1:])
    targets += [a.target for a in (*loop.also, *moved)]
    places = {t for t in targets if type(t) is ir.Access}
    if any(type(t) is ir.Name and t.id not in fresh for t in targets):
        return False
    if any(
        type(n) is ir.Increment
        for s in statements
        for e in ast.get_expressions(s)
        for n in ast.walk(e)
    ):
        return False
    if any(
        ast.is_view(s)
        or ast.is_while(s)
        or type(s) is ir.Return
        or type(s) is ir.Jump
        and s.kind != "continue"
        for s in statements
    ):
        return False
    wanted = outer | {loop.variable}
    if any(not wanted <= _names_of(place, statements) for place in places):
        return False
    return all(
        find_accesses(nest, place.base.id).count(place) == len(find_accesses(nest, place.base.id))
        for place in places
    )


def _names_of(place: ir.Access, statements: list[tuple]) -> set[str]:
    """Variables in a subscript, those behind locals included."""
    found = {n.id for s in place.indices for n in ast.walk(s) if type(n) is ir.Name}
    for statement in reversed(statements):
        if ast.is_local(statement) and statement.name in found and statement.value is not None:
            found |= {n.id for n in ast.walk(statement.value) if type(n) is ir.Name}
    return found


def make_flat_index(subscripts: tuple, extents: tuple, how: str) -> tuple:
    """Return the row-major position of `subscripts` in an array of the extents `extents`, as an
    expression. Both are expressions, outermost first.

    how: the spelling: `i*m+j`, `j+i*m`, `m*i+j`, or `horner`, `(i*m+j)*n+k`.
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
        total = ir.Binary("+", total, term)
    return total
