"""A program's tree as tests see it: with a name for every number that a test gives.

Contract: `read_source` gives the tree of a program in which the fields of structures are called as
the signature's parameters are (`p__x[i]` for `p[i].x`, and for `q->x` behind `q = &p[i]`). For
reading alone: it is no program. Spans are those of the text.

    python -c "from tester.generate import source_tree; help(source_tree.read_source)"
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from corpora.analysis.constants import value_of
from corpora.dialects import get_dialect
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.fortran import parse_fortran
from corpora.ir import (
    Access,
    ArrayType,
    Assign,
    AssignExpression,
    Binary,
    Call,
    Cast,
    Compound,
    Declaration,
    Expression,
    For,
    FunctionType,
    Include,
    Literal,
    Macro,
    Member,
    Name,
    NamedType,
    Parameter,
    PointerType,
    ReferenceType,
    ScalarType,
    TranslationUnit,
    Unary,
    While,
    children,
    find,
    names_in,
    transform,
)
from corpora.records import Program, Signature

COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
ORDERS = frozenset({"<", "<=", ">", ">="})
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_TYPES = (ScalarType, NamedType, PointerType, ReferenceType, ArrayType, FunctionType)
_SKIPPED = (Parameter, Macro, Include, *_TYPES)
"""Nodes that say how something is declared, and nothing of what is done with it."""


@dataclass(frozen=True, slots=True, eq=False)
class SourceTree:
    """A program's tree of nodes of `corpora.ir`, in which fields of structures have the names of
    the signature's parameters.

    unit: the tree as parsed, before fields got these names. nodes: every node in the order of the
        text, but for types, parameters, macros and includes. parents: the node above each, by
        id(). is_fortran: the program is in Fortran. owners: name of a parameter that is a field ->
        name of the structure that it is a field of.
    """

    unit: TranslationUnit
    nodes: tuple[Any, ...]
    parents: dict[int, Any]
    is_fortran: bool
    owners: dict[str, str]

    def find(self, *kinds: type) -> Iterator[Any]:
        """Yield the nodes of the tree that are of one of the classes `kinds` of `corpora.ir`, in
        the order of the text.
        """
        return (n for n in self.nodes if isinstance(n, kinds))

    def parent(self, node: Any) -> Any:
        """Return the node of the tree right above `node`, a node of `corpora.ir`, where casts do
        not count; None at the top.
        """
        above = self.parents.get(id(node))
        while isinstance(above, Cast):
            above = self.parents.get(id(above))
        return above

    def spell(self, name: str) -> str:
        """Return a parameter's name as the tree spells it: in lower case for Fortran."""
        return name.lower() if self.is_fortran else name

    def uses(self, name: str) -> Iterator[Name]:
        """Yield the nodes Name in the tree that name the parameter `name`, in the order of the
        text.
        """
        wanted = self.spell(name)
        return (n for n in self.find(Name) if n.id == wanted)


@lru_cache(maxsize=256)
def read_source(program: Program, signature: Signature | None = None) -> SourceTree:
    """Return the tree of `program`. signature: names the numbers of its structures; None: fields of
    structures keep the names of the text. Raises ValueError for an unknown dialect.
    """
    is_fortran = get_dialect(program.dialect).language == "fortran"
    if is_fortran:
        unit = parse_fortran(program.text, dialect=program.dialect)
    else:
        unit = parse_c_family(program.text, program.dialect)
    items = unit.items
    if signature is not None and any(p.member for p in signature.parameters):
        items = _rename_fields(items, signature)
    nodes: list[Any] = []
    parents: dict[int, Any] = {}
    waiting: list[Any] = list(reversed(items))
    while waiting:
        node = waiting.pop()
        if isinstance(node, _SKIPPED):
            continue
        nodes.append(node)
        below = list(children(node))
        parents.update((id(n), node) for n in below)
        waiting += reversed(below)
    members = signature.parameters if signature is not None else ()
    owners = {p.name: p.member.owner for p in members if p.member}
    return SourceTree(unit, tuple(nodes), parents, is_fortran, owners)


def _rename_fields(items: tuple[Any, ...], signature: Signature) -> tuple[Any, ...]:
    names = {(p.member.owner, p.member.path): p.name for p in signature.parameters if p.member}
    owners = {owner for owner, _ in names}
    aliases: dict[str, tuple[str, tuple[Expression, ...]]] = {}
    for declared in find(items, Declaration):
        if declared.value is not None and (root := _find_structure(declared.value, owners, {})):
            aliases[declared.name] = root

    def change(node: Any) -> Any:
        if not isinstance(node, Member):
            return node
        path, base = [node.field], node.base
        while isinstance(base, Member):
            path, base = [base.field, *path], base.base
        root = _find_structure(base, owners, aliases)
        name = names.get((root[0], ".".join(path))) if root else None
        if root is None or name is None:
            return node
        renamed = Name(name, node.span)
        return Access(renamed, root[1], node.span) if root[1] else renamed

    return transform(items, change)


def _find_structure(
    base: Expression, owners: set[str], aliases: dict[str, tuple[str, tuple[Expression, ...]]]
) -> tuple[str, tuple[Expression, ...]] | None:
    """The parameter that an expression stands for, and the place in it; None for any other."""
    if isinstance(base, Unary) and base.op in "*&":
        return _find_structure(base.operand, owners, aliases)
    if isinstance(base, Name):
        return aliases.get(base.id) or ((base.id, ()) if base.id in owners else None)
    if isinstance(base, Access) and isinstance(base.base, Name) and base.base.id in owners:
        return base.base.id, base.indices
    return None


def find_called_names(source: SourceTree) -> set[str]:
    """Return the names of the functions that the program calls, without namespaces, in lower
    case.
    """
    return {
        call.function.id.rpartition("::")[2].lower()
        for call in source.find(Call)
        if isinstance(call.function, Name)
    }


def iterate_comparisons(source: SourceTree) -> Iterator[tuple[Expression, str, Expression]]:
    """Yield (left, operator, right) of every comparison in the program, and behind each the same
    with the sides exchanged and the operator turned round. operator: as in C, such as `<=`.
    """
    for node in source.find(Binary):
        if node.op in COMPARISONS:
            yield node.left, node.op, node.right
            yield node.right, _MIRRORED.get(node.op, node.op), node.left


def get_integer(expression: Expression | None) -> int | None:
    """Return the value of an integer literal, with or without a sign; None for any other
    expression.
    """
    value = value_of(expression)
    literal = isinstance(value, int) and not isinstance(value, bool)
    return value if literal and not isinstance(expression, Cast) else None


def get_letters(expression: Expression | None) -> list[int]:
    """Return the code of a literal that is one printable ASCII character, as a list of one number;
    [] for any other expression.
    """
    if not isinstance(expression, Literal) or expression.type not in ("char", "string"):
        return []
    value = value_of(expression)
    code = ord(value) if isinstance(value, str) and len(value) == 1 else value
    return [code] if isinstance(code, int) and ord(" ") <= code <= ord("~") else []


def get_heads(source: SourceTree) -> list[tuple[For | While, tuple[Any, ...]]]:
    """Return (loop, nodes of the expressions and statements of its head) for every `for` and
    `while` loop of the program, in the order of the text.
    """
    found: list[tuple[For | While, tuple[Any, ...]]] = []
    for loop in source.find(For, While):
        if isinstance(loop, While):
            found.append((loop, (loop.test,)))
        else:
            parts = (*loop.start, loop.test, *loop.step, loop.bounds)
            found.append((loop, tuple(part for part in parts if part is not None)))
    return found


def iterate_assignments(source: SourceTree) -> Iterator[tuple[str, str, Expression]]:
    """Yield (name of the variable, operator such as `=` or `+=`, value) of every assignment to a
    variable that is no element, in the order of the text. First values in declarations are among
    them.
    """
    for node in source.find(Assign, AssignExpression, Declaration):
        if isinstance(node, Declaration):
            if node.value is not None:
                yield node.name, "=", node.value
        elif isinstance(node.target, Name) and node.value is not None:
            yield node.target.id, node.op, node.value


def get_first_statement(body: tuple[Any, ...]) -> Any:
    """Return the first statement, a node of `corpora.ir`, of a branch, also inside a block; None if
    the branch is empty. body: the branch's statements.
    """
    while body and isinstance(body[0], Compound):
        body = body[0].body
    return body[0] if body else None


def find_index_names(source: SourceTree) -> set[str]:
    """Return the names, as the tree spells them, that occur in the program's subscripts."""
    return {name for access in source.find(Access) for name in names_in(access.indices)}
