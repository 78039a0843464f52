"""What a Fortran procedure must know of a nest before it is written: its statements, expressions
and local variables.

python -c "from corpora.generator.emit.fortran_names import find_locals; help(find_locals)"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast
from corpora.generator.core.nest import Nest, Region
from corpora.generator.emit.fortran_expressions import InexpressibleError


def walk_all_statements(nest: Nest):
    """Yield every statement of a nest, outer before inner."""
    for block in (nest.before, nest.first, *(region.body for region in nest.regions), nest.after):
        yield from ast.walk_statements(block)


def walk_all_expressions(nest: Nest):
    """Yield every expression that a statement of the nest holds."""
    for statement in walk_all_statements(nest):
        yield from ast.get_expressions(statement)


def drop_value_loops(node: tuple, loops: set[str], summand: bool) -> None:
    """Remove from `loops`, in place, each loop variable that `node` uses in another way than as a
    summand of a subscript.

    summand: whether `node` itself is such a summand.
    """
    kind = type(node)
    if kind is ast.Name:
        if not summand:
            loops.discard(node.id)
    elif kind is ast.At:
        for subscript in node.subscripts:
            drop_value_loops(subscript, loops, True)
    else:
        stays = summand and (kind is ast.Paren or (kind is ast.Binary and node.op in "+-"))
        for child in ast.get_children(node):
            drop_value_loops(child, loops, stays)


def find_one_based_loops(nest: Nest) -> set[str]:
    """Return the loop variables that occur only in subscripts and bounds, as summands, so that they
    can count from one.
    """
    loops = {s.variable for s in walk_all_statements(nest) if type(s) is ast.For and s.step == 1}
    loops |= {a.variable for r in nest.regions for a in r.axes if a.step == 1}
    loops -= {a.variable for r in nest.regions for a in r.axes if a.step != 1}
    for statement in walk_all_statements(nest):
        summands = type(statement) is ast.For
        for node in ast.get_expressions(statement):
            drop_value_loops(node, loops, summands)
    return loops


def find_region_locals(region: Region, nest: Nest) -> dict[str, str]:
    """Return the loop variables and locals of a region, with their types. Raises InexpressibleError
    if a name has two types.
    """
    found = {axis.variable: nest.index_type for axis in region.axes}
    for statement in ast.walk_statements(region.body):
        if type(statement) in (ast.For, ast.Declare):
            name = statement.variable if type(statement) is ast.For else statement.name
            if found.setdefault(name, statement.type) != statement.type:
                raise InexpressibleError("one name of two types")
    return found


def find_locals(nest: Nest) -> dict[str, str]:
    """Return the loop variables and locals of a nest, with their types. Raises InexpressibleError
    if a name has two types.
    """
    found: dict[str, str] = {}
    for statement in (*ast.walk_statements(nest.before), *ast.walk_statements(nest.after)):
        if type(statement) in (ast.For, ast.Declare):
            found[statement.variable if type(statement) is ast.For else statement.name] = (
                statement.type
            )
    for region in nest.regions:
        found |= find_region_locals(region, nest)
    return found
