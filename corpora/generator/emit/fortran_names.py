"""What a Fortran procedure must know of a nest before it is written: its statements, expressions
and local variables.

python -c "from corpora.generator.emit.fortran_names import find_locals; help(find_locals)"
"""

from __future__ import annotations

from corpora import ir
from corpora.generator.core import expressions as ast
from corpora.generator.core.nest import Nest, Region
from corpora.generator.core.shapes import walk_nest
from corpora.generator.emit.fortran_expressions import InexpressibleError


def drop_value_loops(node: tuple, loops: set[str], summand: bool) -> None:
    """Remove from `loops`, names of loop variables, in place, each one that the expression `node`
    uses in another way than as a summand of a subscript.

    summand: whether `node` itself is such a summand.
    """
    kind = type(node)
    if kind is ir.Name:
        if not summand:
            loops.discard(node.id)
    elif kind is ir.Access:
        for subscript in node.indices:
            drop_value_loops(subscript, loops, True)
    else:
        stays = summand and (ast.is_paren(node) or (kind is ir.Binary and node.op in "+-"))
        for child in ast.get_children(node):
            drop_value_loops(child, loops, stays)


def find_one_based_loops(nest: Nest) -> set[str]:
    """Return the names of the loop variables that occur only in subscripts and bounds, as summands,
    so that they can count from one. Only loops of step 1 are among them.
    """
    counts = (ast.read_count(s) for s in walk_nest(nest) if ast.is_count(s))
    loops = {c.variable for c in counts if c.step == 1}
    loops |= {a.variable for r in nest.regions for a in r.axes if a.step == 1}
    loops -= {a.variable for r in nest.regions for a in r.axes if a.step != 1}
    for statement in walk_nest(nest):
        summands = ast.is_count(statement)
        for node in ast.get_expressions(statement):
            drop_value_loops(node, loops, summands)
    return loops


def declared_by(statement: ir.Statement) -> list[tuple[str, str]]:
    """Return [(name, element type)] of the number that a statement declares, or of the variable of
    a loop that counts; [] for none.
    """
    declared = statement.start[0] if ast.is_count(statement) else statement
    return [(declared.name, declared.type.name)] if ast.is_local(declared) else []


def find_region_locals(region: Region, nest: Nest) -> dict[str, str]:
    """Return the element types of the loop variables and locals of a region, which is parallel
    loops with one body, by name. nest: the computation that it is part of. Raises
    InexpressibleError if a name has two types.
    """
    found = {axis.variable: nest.index_type for axis in region.axes}
    for statement in ast.walk_statements(region.body):
        for name, kind in declared_by(statement):
            if found.setdefault(name, kind) != kind:
                raise InexpressibleError("one name of two types")
    return found


def find_locals(nest: Nest) -> dict[str, str]:
    """Return the element types of all loop variables and locals of a nest, a generated computation,
    by name. Raises InexpressibleError if a name has two types in one of its regions.
    """
    found: dict[str, str] = {}
    for statement in (*ast.walk_statements(nest.before), *ast.walk_statements(nest.after)):
        found.update(declared_by(statement))
    for region in nest.regions:
        found |= find_region_locals(region, nest)
    return found
