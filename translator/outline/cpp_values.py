"""Values of C++ expressions, with every place in an array written as an element of it.

Contract: `CppValues.read(expression)` raises UnsupportedConstruct for what is left to a model:
calls but of the mathematical library, whole structures, values that change something, pointers that
are more than a place in an array. A pointer that is set once to such a place is written as that
place.

    python -c "from translator.outline.cpp_values import CppValues; help(CppValues)"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from corpora.analysis.loops import root_name
from corpora.ir import (
    Access,
    Assign,
    AssignExpression,
    Binary,
    Call,
    Cast,
    Comma,
    Conditional,
    Expression,
    ExpressionStatement,
    Increment,
    InitializerList,
    Literal,
    Member,
    Name,
    ScalarType,
    Statement,
    Unary,
    find,
    names_in,
)
from corpora.signatures.null_checks import asked_operands
from corpora.tokens.lexers import CPP_FUNCTIONS
from translator.normalize.unsupported import UnsupportedConstruct
from translator.outline.c_function import FunctionArray
from translator.outline.members import StructureParameter
from translator.outline.pointer_swaps import swapped_names

_OTHER = (
    "atomic", "cuda", "make_", "omp_", "swap", "sincos", "malloc", "calloc", "free", "mem",
    "printf", "assert",
)  # fmt: skip
"""How names of functions begin that are more than a value of their arguments."""
_PURE = frozenset(
    name for name in CPP_FUNCTIONS if "a" <= name[0] <= "z" and not name.startswith(_OTHER)
)

Place = tuple[str, "Expression | None"]
"""An array and an index; None for the array's beginning."""
ZERO = Literal("0", "i32")


class CppValues:
    """Resolves pointers and references in a C++ function's expressions to the arrays that they
    point to.

    arrays: the function's arrays by name; more may be added while a function is read. structures:
        parameters whose numbers are arrays and scalars of their own. body: the function's
        statements.
    """

    def __init__(
        self,
        arrays: dict[str, FunctionArray],
        structures: Sequence[StructureParameter] = (),
        body: tuple[Statement, ...] = (),
    ) -> None:
        self._arrays, self._body = arrays, body
        self._structures = {each.owner: each for each in structures}
        self._aliases: dict[str, Place] = {}
        self._elements: dict[str, Place] = {}
        """Names of references, and the element that each is."""

    # ---- values ----

    def read(self, node: Expression) -> Expression:
        """Return an expression with pointers and references resolved to the arrays that they point
        to.

        node: a value, or the target of an assignment. Raises UnsupportedConstruct for what cannot
            be resolved.
        """
        match node:
            case Literal(type="string"):
                raise UnsupportedConstruct("an expression with a string")
            case Literal():
                return node
            case Name():
                return self._name(node)
            case Access() | Unary("*"):
                return self._access(self.element(node), "a place in no known array")
            case Member():
                return self._access(self._field(node), "a structure's field")
            case Unary("-" | "+" | "!" | "~"):
                return replace(node, operand=self._operand(node, node.operand))
            case Binary():
                left, right = (self._operand(node, each) for each in (node.left, node.right))
                return replace(node, left=left, right=right)
            case Conditional():
                test = self._operand(node, node.test)
                then, otherwise = self.read(node.then), self.read(node.otherwise)
                return replace(node, test=test, then=then, otherwise=otherwise)
            case Cast(ScalarType()):
                return replace(node, operand=self.read(node.operand))
            case InitializerList((), type=ScalarType()):
                return node
            case Increment(target=Name(name)) if name not in self._elements:
                return replace(node, target=self._name(node.target))
            case Increment() | AssignExpression() | Comma():
                raise UnsupportedConstruct("a value that changes something")
            case Call():
                return self._call(node)
        kind = getattr(node, "kind", type(node).__name__)
        raise UnsupportedConstruct(f"an expression with a {kind}")

    def test(self, node: Expression) -> Expression:
        """Return a condition with pointers and references resolved. It may compare an array with
        null.

        Raises UnsupportedConstruct for what cannot be resolved.
        """
        return node if self._is_array(node) else self.read(node)

    def _operand(self, node: Expression, operand: Expression) -> Expression:
        """An operand of `node`: a value, or an array of which `node` asks whether it is there."""
        asked = any(each is operand for each in asked_operands(node))
        return self.test(operand) if asked else self.read(operand)

    def _is_array(self, node: Expression) -> bool:
        return isinstance(node, Name) and node.id in self._arrays

    def _name(self, node: Name) -> Expression:
        if node.id in self._elements:
            return self._access(self._elements[node.id], "")
        if any(node.id in names for names in (self._arrays, self._aliases, self._structures)):
            raise UnsupportedConstruct(f"'{node.id}' without an index")
        return node

    def _access(self, place: Place | None, what: str) -> Expression:
        """An element, or a number of a structure that is a scalar."""
        if place is None:
            raise UnsupportedConstruct(f"an expression with {what}")
        name, index = place
        if name in self._structures and name not in self._arrays:
            raise UnsupportedConstruct(f"the whole structure '{name}'")
        if name not in self._arrays:
            return Name(name)
        if index is None:
            raise UnsupportedConstruct(f"'{name}' without an index")
        return Access(Name(name), (index,))

    def _call(self, node: Call) -> Expression:
        if (size := self._size(node)) is not None:
            return size
        match node.function:
            case Name(name) if name.removeprefix("std::") in _PURE:
                given = tuple(self.read(each) for each in node.arguments)
                return replace(node, arguments=given)
            case Name(name):
                raise UnsupportedConstruct(f"a call of '{name}'")
        raise UnsupportedConstruct("a call of a method")

    def _size(self, node: Call) -> Expression | None:
        """The scalar that a call of a vector's size is; None for another call."""
        match node:
            case Call(Member(Name(name), "size" | "length"), ()):
                own, owner = self._arrays.get(name), self._structures.get(name)
                if own is not None and own.is_vector:
                    return own.extent
                if owner is not None and owner.passing == "vector":
                    return Name(next(iter(owner.numbers)))
        return None

    # ---- places ----

    def place(self, node: Expression) -> Place | None:
        """Return the (array name, index) that a pointer expression points to; None if it is in no
        known array. An index of None is the array's beginning.

        Raises UnsupportedConstruct for an index that cannot be resolved.
        """
        match node:
            case Name(name):
                if name in self._arrays and self._arrays[name].inner:
                    return None
                known = name in self._arrays or name in self._structures
                return (name, None) if known else self._aliases.get(name)
            case Call(Member(base, "data" | "begin" | "cbegin"), ()):
                place = self.place(base)
                return place if place is not None and place[0] in self._arrays else None
            case Member():
                number = self._field(node)
                found = number is not None and number[0] in self._arrays and number[1] is None
                return number if found else None
            case Unary("&", Access() as inner):
                return self.element(inner)
            case Binary("+" | "-", left, right):
                if (base := self.place(left)) is not None:
                    return base[0], add(base[1], self.read(right), node.op)
                base = self.place(right) if node.op == "+" else None
                return None if base is None else (base[0], add(base[1], self.read(left)))
        return None

    def element(self, node: Expression) -> Place | None:
        """Return the (array name, index) of an element such as `a[i]` or `*p`; None if it is in no
        known array.

        Raises UnsupportedConstruct for an index that cannot be resolved.
        """
        match node:
            case Unary("*", pointer):
                place = self.place(pointer)
                return None if place is None else (place[0], place[1] or ZERO)
            case Access(Name(name), indices) if (array := self._arrays.get(name)) and array.inner:
                return self._in_rows(name, indices)
            case Access(base, (index,)):
                found = self.place(base)
                return None if found is None else (found[0], add(found[1], self.read(index)))
        return None

    def _in_rows(self, name: str, indices: Sequence[Expression]) -> Place | None:
        """The place of an element of an array of several dimensions, which all its subscripts
        name.
        """
        inner = self._arrays[name].inner
        if len(indices) != len(inner) + 1:
            return None
        index = self.read(indices[0])
        for extent, each in zip(inner, indices[1:], strict=True):
            rows, place = Binary("*", index, Literal(str(extent), "i32")), self.read(each)
            # a zero stays, so that the index can be taken apart again
            index = Binary("+", rows, place) if place == ZERO else add(rows, place)
        return name, index

    def _field(self, node: Expression) -> Place | None:
        """The number that a member names, with the place in its array, None for a scalar's; None
        where it is no number of a structure.
        """
        path: list[str] = []
        while isinstance(node, Member):
            path.insert(0, node.field)
            node = node.base
        place = self.element(node) if isinstance(node, (Access, Unary)) else self.place(node)
        owner = self._structures.get(place[0]) if place is not None else None
        if place is None or owner is None or owner.passing == "vector":
            return None
        index = None if isinstance(node, Unary) and place[1] == ZERO else place[1]
        name = f"{owner.owner}__{'__'.join(path)}"
        if name not in owner.numbers or (owner.passing != "array" and index is not None):
            return None
        return name, (index or ZERO) if owner.passing == "array" else None

    # ---- pointers and references that are places ----

    def take_pointer(self, name: str, value: Expression, after: Sequence[Statement]) -> None:
        """Record in this object that the pointer `name` is set to `value`.

        after: the statements that follow in its block; only these may use it. Raises
            UnsupportedConstruct where `value` is no fixed place in an array.
        """
        self._take(self._aliases, name, self.place(value), after)

    def take_reference(self, name: str, value: Expression, after: Sequence[Statement]) -> None:
        """Record in this object that the reference `name` stands for `value`: an array element, or
        one structure of an array.

        after: the statements that follow in its block. Raises UnsupportedConstruct for any other
            value.
        """
        place = self.element(value) if isinstance(value, Access) else None
        kept = self._elements if place is not None and place[0] in self._arrays else self._aliases
        self._take(kept, name, place, after)

    def take_element(self, name: str, place: Place) -> None:
        """Record in this object that the reference `name`, which a loop over an array declares,
        means the element `place`, an (array name, index).
        """
        self._elements[name] = place

    def is_used_before(self, name: str, after: Sequence[Statement]) -> bool:
        """Return whether the pointer `name` is used elsewhere than in its one assignment and in the
        statements `after` it.
        """
        uses = [sum(n.id == name for n in find(part, Name)) for part in (self._body, tuple(after))]
        return uses[0] != uses[1] + 1

    def _take(
        self, kept: dict[str, Place], name: str, place: Place | None, after: Sequence[Statement]
    ) -> None:
        if place is None:
            raise UnsupportedConstruct("a pointer that is no place in an array")
        kept[name] = place
        needed = {name} | (names_in(place[1]) if place[1] is not None else set())
        later = tuple(after)
        changes = list(find(later, Assign, AssignExpression, Increment))
        changed = {self._changed(each.target) for each in changes}
        exchanged = {each.target.id for each in changes if isinstance(each.target, Name)}
        for statement in find(later, ExpressionStatement):
            exchanged |= set(swapped_names(statement) or ())
        moves = (
            changed & needed
            or ("" in changed and needed & set(self._arrays))
            or place[0] in exchanged
            or (place[1] is not None and any(find(place[1], Increment)))
        )
        if moves:
            raise UnsupportedConstruct(f"the pointer '{name}' moves")

    def _changed(self, target: Expression) -> str:
        """The scalar or array that an assignment changes; '' for one that is not known yet."""
        root = root_name(target)
        if isinstance(target, Name):
            return self._elements.get(target.id, (target.id, None))[0]
        if isinstance(target, Access) and isinstance(target.base, Member):
            target = target.base
        if isinstance(target, Member):
            return (self._field(target) or ("", None))[0]
        if root is None or root in self._arrays:
            return root or ""
        return self._aliases[root][0] if root in self._aliases else ""


def add(base: Expression | None, index: Expression, op: str = "+") -> Expression:
    """Return the expression `base + index`, or `base - index` for op `-`. A base of None is 0."""
    if base is None:
        return index if op == "+" else Unary("-", index)
    if index == ZERO:
        return base
    match index:
        case Binary("+" | "-", left, right) if op == "+":
            return Binary(index.op, add(base, left), right)
    return Binary(op, base, index)


def product(factors: Sequence[Expression]) -> Expression:
    """Return the product of one or more expressions."""
    found: Any = factors[0]
    for each in factors[1:]:
        found = Binary("*", found, each)
    return found
