"""What a Fortran procedure must know of a nest before it is written: its statements, expressions
and local variables.

python -c "from corpora.generator.emit.fortran_names import locals_of; help(locals_of)"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast
from corpora.generator.core.nest import Nest, Region
from corpora.generator.emit.fortran_expressions import Inexpressible


def all_statements(nest: Nest):
    for block in (nest.before, nest.first, *(region.body for region in nest.regions), nest.after):
        yield from ast.walk_statements(block)


def all_expressions(nest: Nest):
    for statement in all_statements(nest):
        yield from ast.expressions_of(statement)


def drop_values(node: tuple, loops: set[str], summand: bool) -> None:
    """Take out of `loops` every variable used other than as a summand of a subscript."""
    kind = type(node)
    if kind is ast.Name:
        if not summand:
            loops.discard(node.id)
    elif kind is ast.At:
        for subscript in node.subscripts:
            drop_values(subscript, loops, True)
    else:
        stays = summand and (kind is ast.Paren or (kind is ast.Binary and node.op in "+-"))
        for child in ast.children(node):
            drop_values(child, loops, stays)


def counted_from_one(nest: Nest) -> set[str]:
    """Loop variables that only stand in subscripts and bounds, as summands: people count these from
    one.
    """
    loops = {s.variable for s in all_statements(nest) if type(s) is ast.For and s.step == 1}
    loops |= {a.variable for r in nest.regions for a in r.axes if a.step == 1}
    loops -= {a.variable for r in nest.regions for a in r.axes if a.step != 1}
    for statement in all_statements(nest):
        summands = type(statement) is ast.For
        for node in ast.expressions_of(statement):
            drop_values(node, loops, summands)
    return loops


def region_locals(region: Region, nest: Nest) -> dict[str, str]:
    found = {axis.variable: nest.index_type for axis in region.axes}
    for statement in ast.walk_statements(region.body):
        if type(statement) in (ast.For, ast.Declare):
            name = statement.variable if type(statement) is ast.For else statement.name
            if found.setdefault(name, statement.type) != statement.type:
                raise Inexpressible("one name of two types")
    return found


def locals_of(nest: Nest) -> dict[str, str]:
    found: dict[str, str] = {}
    for statement in (*ast.walk_statements(nest.before), *ast.walk_statements(nest.after)):
        if type(statement) in (ast.For, ast.Declare):
            found[statement.variable if type(statement) is ast.For else statement.name] = (
                statement.type
            )
    for region in nest.regions:
        found |= region_locals(region, nest)
    return found
