"""What a program's tree says of its parameters: truth values, lengths of rows, letters, row
bounds.

Contract: read off the typed tree (`tester.generate.source_tree`), by how a name is used and never
by what it is called. What is not said plainly is not recognised. Nothing rests on it but which
tests are tried.

    pytest tests/tester/test_source_facts.py
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from corpora.analysis.affine import polynomial_of
from corpora.analysis.constants import constants_of, value_of
from corpora.analysis.data_dependence import touches_follow_contents
from corpora.ir import (
    Access,
    Assign,
    AssignExpression,
    Binary,
    Call,
    Cast,
    Conditional,
    Declaration,
    Expression,
    For,
    Function,
    If,
    Increment,
    Jump,
    Literal,
    Member,
    Name,
    NamedType,
    PointerType,
    Pragma,
    Return,
    ScalarType,
    Section,
    StructDefinition,
    Switch,
    Unary,
    While,
    find,
    names_in,
)
from corpora.records import Parameter as TestedParameter, Signature
from corpora.signatures.enumerations import find_enumerations
from tester.generate.source_tree import (
    COMPARISONS,
    ORDERS,
    SourceTree,
    find_called_names,
    get_first_statement,
    get_heads,
    get_integer,
    get_letters,
    iterate_assignments,
    iterate_comparisons,
)

_LOGICAL = ("&&", "||")


def _integer_scalars(signature: Signature) -> list[TestedParameter]:
    return [p for p in signature.parameters if p.kind == "scalar" and p.type[0] in "iu"]


def is_flag(name: str, source: SourceTree) -> bool:
    """Return whether the program uses the scalar `name` as a truth value: as a condition, or
    compared with 0 or 1. A divisor is none.
    """
    if any(
        isinstance(above := source.parent(use), Binary)
        and above.op in ("/", "%")
        and above.right is use
        for use in source.uses(name)
    ):
        return False
    for use in source.uses(name):
        above = source.parent(use)
        if isinstance(above, (If, Conditional)) and above.test is use:
            return True
        if isinstance(above, Unary) and above.op == "!":
            return True
        if isinstance(above, Binary) and above.op in _LOGICAL:
            return True
        if isinstance(above, Binary) and above.op == "==" and above.left is use:
            if value_of(above.right) in (0, 1):
                return True
    return False


_BYTES = frozenset({"char", "i8", "u8"})


def is_pitch(name: str, source: SourceTree) -> bool:
    """Return whether the scalar `name` is the length of a matrix's row in bytes: it moves a pointer
    to bytes that was cast from another.
    """
    wanted = source.spell(name)
    moved = frozenset(
        variable
        for variable, _, value in iterate_assignments(source)
        if _is_bytes(value, frozenset())
    )
    distances = [(n.left, n.right) for n in source.find(Binary) if n.op == "+"]
    distances += [(distance, pointer) for pointer, distance in distances]
    distances += [(access.base, access.indices) for access in source.find(Access)]
    return any(
        wanted in names_in(distance) and _is_bytes(pointer, moved)
        for pointer, distance in distances
    )


def _is_bytes(pointer: Expression, moved: frozenset[str]) -> bool:
    """Whether an expression is a pointer to bytes, cast from another, or a variable that holds
    one.
    """
    if isinstance(pointer, Binary) and pointer.op in "+-":
        return _is_bytes(pointer.left, moved) or _is_bytes(pointer.right, moved)
    if isinstance(pointer, Name):
        return pointer.id in moved
    if not isinstance(pointer, Cast) or not isinstance(pointer.type, PointerType):
        return False
    return isinstance(pointer.type.to, ScalarType) and pointer.type.to.name in _BYTES


def is_leading_dimension(name: str, source: SourceTree) -> bool:
    """Return whether the scalar `name` is the distance between a matrix's rows or columns. It is
    then a factor in subscripts, or a Fortran array's first extent, and no loop ends at it.
    """
    wanted = source.spell(name)
    if any(wanted in names_in(head) for _, head in get_heads(source)):
        return False
    asked = False
    for node in source.find(Binary):
        if node.op in "/%" and wanted in _leading_names(node.right):
            return False
        sides = (node.left, node.right) if node.op in COMPARISONS else ()
        if any(wanted in _leading_names(side) for side in sides):
            ordered = node.op in ORDERS and names_in(sides) <= _parameter_names(source)
            if not ordered or not _leads_out(node, source):
                return False
            asked = True
    if wanted in _first_extents(source) and all(
        isinstance(source.parent(use), Binary) for use in source.uses(name)
    ):
        return True
    if wanted in _batch_distances(source):
        return True
    places = [names_in(access.indices) for access in source.find(Access) if _is_set(access, source)]
    return any(
        _is_factor(wanted, index)
        for access in source.find(Access)
        for index in access.indices
        if asked
        or _is_set(access, source)
        or _is_changed_and_read(access, source)
        or _is_of_same_structure(wanted, access, source)
        or any(names_in(index) - _parameter_names(source) <= place for place in places)
    )


def _batch_distances(source: SourceTree) -> set[str]:
    """Names that say how far apart batches lie: `s = state + b * stride`, where `s[i]` is set, or
    both read and changed. Batches that are only read may overlap, and so may those that are only
    added to.
    """
    found: set[str] = set()
    pointers = {
        p.name
        for f in source.find(Function)
        for p in f.parameters
        if isinstance(p.type, PointerType)
    }
    for declared in source.find(Declaration):
        start = declared.value
        if isinstance(start, Unary) and start.op == "&" and isinstance(start.operand, Access):
            start = Binary("+", start.operand.base, start.operand.indices[-1])
        if not isinstance(declared.type, PointerType) or not isinstance(start, Binary):
            continue
        terms = list(split_sum(start))
        if not any(isinstance(term, Name) and term.id in pointers for term in terms):
            continue
        if _is_own_state(declared.name, source):
            found |= {n for term in terms if isinstance(term, Binary) for n in names_in(term)}
    return found & _parameter_names(source)


def split_sum(value: Any) -> Iterator[Any]:
    """Yield the terms of a sum of expressions, casts left out, in order; `value` itself where it is
    no sum.
    """
    if isinstance(value, Binary) and value.op == "+":
        yield from split_sum(value.left)
        yield from split_sum(value.right)
    elif isinstance(value, Cast):
        yield from split_sum(value.operand)
    else:
        yield value


def _is_own_state(pointer: str, source: SourceTree) -> bool:
    """Whether elements behind a pointer are set, or read and changed."""
    changed = read = False
    for access in source.find(Access, Unary):
        at = access.base if isinstance(access, Access) else access.operand
        if isinstance(access, Unary) and access.op != "*":
            continue
        if not isinstance(at, Name) or at.id != pointer:
            continue
        if _is_set(access, source):
            return True
        above = source.parent(access)
        target = isinstance(above, (Assign, AssignExpression)) and above.target is access
        changed, read = changed or target, read or not target
    return changed and read


def _is_of_same_structure(name: str, access: Access, source: SourceTree) -> bool:
    array = access.base.id if isinstance(access.base, Name) else ""
    return name in source.owners and source.owners[name] == source.owners.get(array)


def _leading_names(side: Expression) -> set[str]:
    """Names that a side is a sum of."""
    if isinstance(side, Binary) and side.op in "+-":
        return _leading_names(side.left) | _leading_names(side.right)
    return {side.id} if isinstance(side, Name) else set()


def _parameter_names(source: SourceTree) -> set[str]:
    """Names of parameters that no function changes, and of functions."""
    assigned = {name for name, _, _ in iterate_assignments(source)}
    called = {c.function.id for c in source.find(Call) if isinstance(c.function, Name)}
    named = {p.name for f in source.find(Function) for p in f.parameters}
    return called | (named - assigned)


def _leads_out(node: Any, source: SourceTree) -> bool:
    """Whether a comparison is part of what is asked before an early return."""
    above = source.parent(node)
    while isinstance(above, (Binary, Unary)):
        node, above = above, source.parent(above)
    if not isinstance(above, If) or above.test is not node:
        return False
    return isinstance(get_first_statement(above.then), (Return, Assign))


def _is_whole(index: Expression) -> bool:
    return isinstance(index, Section) and index.upper is None


def _first_extents(source: SourceTree) -> set[str]:
    """Names that are by themselves an extent, not the last one, of an array of Fortran whose
    elements or stated parts are taken.
    """
    taken: dict[str, bool] = {}
    for name in source.find(Name) if source.is_fortran else ():
        above = source.parent(name)
        alone = isinstance(above, Access) and above.base is name
        alone = alone and not any(_is_whole(index) for index in above.indices)
        taken[name.id] = taken.get(name.id, True) and alone
    found: set[str] = set()
    for declared in source.find(Declaration) if source.is_fortran else ():
        if taken.get(declared.name):
            for extent in getattr(declared.type, "extents", ())[:-1]:
                found |= {extent.size.id} if isinstance(extent.size, Name) else set()
    return found


_SETTING = ("=", "*=", "/=", "%=")
"""Nobody multiplies elements of rows that overlap; sums are gathered in such."""


def _is_set(access: Access | Unary, source: SourceTree) -> bool:
    above = source.parent(access)
    return isinstance(above, (Assign, AssignExpression)) and (
        above.target is access and above.op in _SETTING
    )


def _is_changed_and_read(access: Access, source: SourceTree) -> bool:
    """Whether an element is updated of an array whose elements are read as well: of rows that
    overlap each update would change another one's neighbours.
    """
    above = source.parent(access)
    if not isinstance(above, (Assign, AssignExpression)) or above.target is not access:
        return False
    array = access.base.id if isinstance(access.base, Name) else ""
    others = [a for a in source.find(Access) if isinstance(a.base, Name) and a.base.id == array]
    targets = (getattr(source.parent(a), "target", None) is a for a in others)
    return bool(array) and not all(targets)


def _is_factor(name: str, index: Expression) -> bool:
    """Whether an index is a sum with a product of that name."""
    if not isinstance(index, Binary) or index.op != "+":
        return False
    for part in (index.left, index.right):
        if isinstance(part, Binary) and part.op == "*":
            if any(isinstance(f, Name) and f.id == name for f in (part.left, part.right)):
                return True
        if _is_factor(name, part):
            return True
    return False


def find_strides(signature: Signature, source: SourceTree) -> frozenset[str]:
    """Return the names of the scalars that only say how far apart elements are. Such scalars are
    factors in subscripts, or loop steps of a variable that occurs in one.
    """
    ends = {name for _, head in get_heads(source) for part in head for name in names_in(part)}
    for one, operator, other in iterate_comparisons(source):
        if operator in ORDERS and get_integer(other) != 0:
            ends |= names_in(one)
    found = set()
    for name in {source.spell(p.name) for p in _integer_scalars(signature)} - ends:
        for use in source.uses(name):
            above = source.parent(use)
            if isinstance(above, Binary) and above.op == "*":
                found.add(name)
            elif isinstance(above, (Assign, AssignExpression)) and above.op in ("+=", "-="):
                found.add(name)
            elif isinstance(above, Binary) and above.op == "+" and _moves_itself(above, source):
                found.add(name)
    return frozenset(p.name for p in _integer_scalars(signature) if source.spell(p.name) in found)


def _moves_itself(node: Binary, source: SourceTree) -> bool:
    """Whether it is the right side of `k = k + step`."""
    above = source.parent(node)
    return isinstance(above, Assign) and any(
        side == above.target for side in (node.left, node.right)
    )


def find_equal_sizes(signature: Signature, source: SourceTree) -> tuple[tuple[str, str], ...]:
    """Return pairs of names of sizes that must be equal: fields of one name in two parameters of
    one structure type. The second of a pair is read by no more than methods; the first is one that
    the program reads, if there is one.
    """
    sizes = [p for p in _integer_scalars(signature) if p.member and p.member.assembled]
    named = {p.name for p in sizes if any(True for _ in source.uses(p.name))}
    fields = {n.field for n in source.find(Member)}
    for structure in source.find(StructDefinition):
        fields |= names_in(structure.methods)
    found = []
    for p in sizes:
        if p.name in named or not p.member or p.member.path not in fields:
            continue
        same = [
            q
            for q in sizes
            if q.member
            and (q.member.assembled, q.member.path) == (p.member.assembled, p.member.path)
        ]
        first = next((q for q in same if q.name in named), same[0])
        found += [(first.name, p.name)] if first is not p else []
    return tuple(found)


_ENDS = ("max", "min")
EXTREMES = frozenset(
    f"{before}{word}{behind}"
    for word in _ENDS
    for before in ("", "a", "d")
    for behind in ("", "0", "1")
) | frozenset(word + behind for word in _ENDS for behind in ("val", "loc"))
"""Fortran's functions that give the largest or smallest of their arguments."""


def has_unspecified_nan(source: SourceTree) -> bool:
    """Return whether the program takes a minimum or maximum in Fortran, whose rules do not say what
    the result is if a value is NaN, or a norm, which infinities may make NaN or infinity.
    """
    return source.is_fortran and (
        bool(find_called_names(source) & (EXTREMES | {"norm2"}))
        or any(
            clause.name == "reduction" and clause.modifier in _ENDS
            for pragma in source.find(Pragma)
            for clause in pragma.clauses
        )
    )


def find_loop_steps(signature: Signature, source: SourceTree) -> frozenset[str]:
    """Return the names of the integer scalars that a loop's head steps by. No test may set them to
    zero.
    """
    named: set[str] = set()
    for loop in source.find(For):
        for step in loop.step:
            value = getattr(step, "value", None)
            if getattr(step, "op", "") in ("+=", "-=") and isinstance(value, Name):
                named.add(value.id)
        if loop.bounds is not None and isinstance(loop.bounds.step, Name):
            named.add(loop.bounds.step.id)
    return frozenset(p.name for p in _integer_scalars(signature) if source.spell(p.name) in named)


def find_repeat_counts(signature: Signature, source: SourceTree) -> frozenset[str]:
    """Return the names of the integer scalars that the program uses only to repeat a loop round
    other loops, such as a number of time steps.
    """
    limits: dict[str, bool] = {}
    heads: set[int] = set()
    for loop in source.find(For, While):
        limit = _find_limit(loop)
        if limit is not None:
            heads |= {id(limit)}
            inner = any(True for _ in find(loop.body, For, While))
            limits[limit.id] = limits.get(limit.id, False) or inner
    return frozenset(
        p.name
        for p in _integer_scalars(signature)
        if limits.get(source.spell(p.name))
        and all(id(use) in heads or _only_asks(use, source) for use in source.uses(p.name))
    )


def _find_limit(loop: For | While) -> Name | None:
    """The name that says how often a loop goes on."""
    if isinstance(loop, For) and loop.bounds is not None:
        bounds = loop.bounds
        counts = bounds.step is None and get_integer(bounds.lower) == 1
        return bounds.upper if counts and isinstance(bounds.upper, Name) else None
    test = loop.test
    while isinstance(test, Binary) and test.op == "&&":
        test = test.left
    count = test.left if isinstance(test, Binary) and get_integer(test.right) == 0 else test
    if isinstance(count, Increment) and count.op == "--" and isinstance(count.target, Name):
        return count.target if isinstance(loop, While) else None
    if not isinstance(test, Binary) or not isinstance(test.left, Name):
        return None
    if test.op in ("<", "<=", "!=") and isinstance(test.right, Name):
        return test.right
    if isinstance(loop, For) and test.op in (">", ">=") and get_integer(test.right) is not None:
        start = loop.start[0] if loop.start else None
        value = getattr(start, "value", None)
        return value if isinstance(value, Name) else None
    return None


def _only_asks(use: Name, source: SourceTree) -> bool:
    """Whether a scalar is only compared, copied or asked for its lowest bits there."""
    above = source.parent(use)
    if isinstance(above, Binary) and above.op in ("%", "&"):
        return above.left is use and get_integer(above.right) in (1, 2)
    if isinstance(above, Binary):
        return above.op in COMPARISONS or above.op in _LOGICAL
    if isinstance(above, Unary):
        return above.op == "!"
    if isinstance(above, (Assign, Declaration)):
        return True
    return isinstance(above, (If, Conditional, While)) and above.test is use


_SHIFTS = frozenset({"ishft", "shiftl", "shiftr", "shifta"})


def find_shift_amounts(signature: Signature, source: SourceTree) -> frozenset[str]:
    """Return the names of the integer scalars that the program shifts by. In tests they must stay
    below the number of bits of the type.
    """
    amounts: list[Any] = [n.right for n in source.find(Binary) if n.op in ("<<", ">>")]
    amounts += [n.value for n in source.find(Assign, AssignExpression) if n.op in ("<<=", ">>=")]
    amounts += [
        n.arguments[1]
        for n in source.find(Call)
        if isinstance(n.function, Name) and n.function.id in _SHIFTS and len(n.arguments) > 1
    ]
    named: set[str] = set()
    for amount in amounts:
        named |= _leading_names(amount)
    return frozenset(p.name for p in _integer_scalars(signature) if source.spell(p.name) in named)


def has_conditional_reads(source: SourceTree) -> bool:
    """Return whether the program reads some elements only if others fulfil a condition.

    Most contents then do not make it read everything.
    """
    if any(jump.kind == "continue" for jump in source.find(Jump)):
        return True
    moving = _find_moving_names(source)
    for node in source.find(Binary):
        if node.op not in _LOGICAL:
            continue
        above = source.parent(node)
        guarded: tuple[Any, ...] = (node.right,)
        if isinstance(above, If) and names_in(node) & moving:
            guarded += above.then
        if any(True for _ in find(guarded, Access, Call)):
            return True
    return False


def _find_moving_names(source: SourceTree) -> set[str]:
    """Variables that go on by more than the head of a loop, as places in a merge do."""
    heads = {id(step) for loop in source.find(For) for step in loop.step}
    given = [name for name, _, _ in iterate_assignments(source)]
    stepped = {
        n.target.id
        for n in source.find(Assign, Increment)
        if isinstance(n.target, Name) and n.op in ("++", "--") and id(n) not in heads
    }
    return stepped | {name for name in given if given.count(name) > 1}


@lru_cache(maxsize=256)
def may_contents_matter(source: SourceTree) -> bool:
    """Return whether other numbers in the program's arrays may make it access other elements. True
    where that is not known.
    """
    return source.is_fortran or touches_follow_contents(source.unit.items)


def find_text_arrays(signature: Signature, source: SourceTree) -> frozenset[str]:
    """Return the names of the arrays of signed 8-bit integers of a program that contains character
    constants: they may hold text.
    """
    kinds = ("char", "string") if source.is_fortran else ("char",)
    if not any(literal.type in kinds for literal in source.find(Literal)):
        return frozenset()
    return frozenset(p.name for p in signature.parameters if p.kind != "scalar" and p.type == "i8")


def find_option_letters(signature: Signature, source: SourceTree) -> dict[str, tuple[int, ...]]:
    """Return, by name of each one-byte scalar that is compared with characters (BLAS's `uplo ==
    'U'`), the codes of these and of one other; and, by name of each scalar field of an
    enumeration's type, the values that it may have. Other scalars are no keys.
    """
    found = {}
    for p in signature.parameters:
        if p.kind != "scalar" or p.type not in ("i8", "u8"):
            continue
        wanted, letters = source.spell(p.name), []
        for node in source.find(Binary, Call, Switch):
            if isinstance(node, Switch):
                if wanted in names_in(node.value):
                    values = [v for case in node.cases for v in case.values]
                    letters += [c for v in values for c in get_letters(v)]
            elif isinstance(node, Call):
                if any(wanted in names_in(a) for a in node.arguments):
                    letters += [c for a in node.arguments for c in get_letters(a)]
            elif node.op in COMPARISONS:
                for one, other in ((node.left, node.right), (node.right, node.left)):
                    letters += get_letters(other) if wanted in names_in(one) else []
        if letters:
            found[p.name] = (*dict.fromkeys(letters), ord("#"))
    return found | _find_enumerators(signature, source)


def _find_enumerators(signature: Signature, source: SourceTree) -> dict[str, tuple[int, ...]]:
    """The values that fields of an enumeration's type may have."""
    found = {}
    listed = find_enumerations(source.unit.text) if not source.is_fortran else {}
    fields = {
        field.name: field.type.name
        for structure in source.find(StructDefinition)
        for field in structure.fields
        if isinstance(field.type, NamedType) and field.type.name in listed
    }
    for p in signature.parameters:
        own = fields.get(p.member.path.rpartition(".")[2]) if p.member else None
        if p.kind == "scalar" and own and listed[own].type == p.type and listed[own].values:
            found[p.name] = listed[own].values
    return found


def find_row_offsets(indices: frozenset[str], source: SourceTree) -> frozenset[str]:
    """Return those of the arrays `indices` that hold where rows begin. The program reads two
    neighbours of such an array, `row[i]` and `row[i + 1]`, and loops from one to the other.
    """
    ends: set[str] = set()
    for _, head in get_heads(source):
        ends |= {n for part in head for n in names_in(part)}
        ends |= {a.base.id for a in find(head, Access) if isinstance(a.base, Name)}
    holding: dict[str, set[str]] = {}
    for variable, operator, value in iterate_assignments(source):
        if operator == "=" and isinstance(value, Access) and isinstance(value.base, Name):
            holding.setdefault(value.base.id, set()).add(variable)
    found = set()
    for name in indices:
        own = source.spell(name)
        places = [
            polynomial_of(access.indices[0])
            for access in source.find(Access)
            if isinstance(access.base, Name) and access.base.id == own and len(access.indices) == 1
        ]
        known = [place for place in places if place is not None]
        neighbours = any((a - b).as_integer() == 1 for a in known for b in known)
        if neighbours and ({own} | holding.get(own, set())) & ends:
            found.add(name)
    return frozenset(found)


def find_signed(source: SourceTree) -> set[str]:
    """Return the names of variables, as the tree spells them, that the program compares with zero
    by `<` or `>=`.
    """
    return {
        one.id
        for one, operator, other in iterate_comparisons(source)
        if operator in ("<", ">=") and isinstance(one, Name) and get_integer(other) == 0
    }


def find_ordered_scalars(source: SourceTree) -> set[str]:
    """Return the names of variables, as the tree spells them, that the program compares by order
    (`<`, `<=`, `>`, `>=`) with anything.
    """
    return {
        one.id
        for one, operator, _ in iterate_comparisons(source)
        if operator in ORDERS and isinstance(one, Name)
    }


def find_measured_vectors(source: SourceTree) -> set[str]:
    """Return the names of the C++ vectors whose size or end the program asks for by a method, such
    as `x.size()`.
    """
    return {
        call.function.base.id
        for call in source.find(Call)
        if isinstance(call.function, Member)
        and call.function.field in ("size", "empty", "end", "cend")
        and isinstance(call.function.base, Name)
    }


def find_arrays_handed_out(signature: Signature, source: SourceTree) -> frozenset[str]:
    """Return the names of the arrays that the program hands to a function that it does not define
    itself, by its pointer or as an array of Fortran: what such a function reads may go unseen.
    """
    own = {f.name for f in source.find(Function)}
    handed: set[str] = set()
    for call in source.find(Call):
        if not (isinstance(call.function, Name) and call.function.id in own):
            handed |= names_in(call.arguments)
    return frozenset(
        p.name for p in signature.parameters if p.kind == "array" and source.spell(p.name) in handed
    )


def find_place_scalars(source: SourceTree) -> set[str]:
    """Return the names of variables, as the tree spells them, that the program uses by themselves
    as the only subscript of an element, as `n` in `a[n] = 0`.
    """
    found = set()
    for access in source.find(Access):
        above = source.parent(access)
        whole = isinstance(above, (Assign, AssignExpression, Declaration, Return, Function))
        if len(access.indices) == 1 and isinstance(access.indices[0], Name):
            if whole or isinstance(above, Binary) and above.right is access:
                found.add(access.indices[0].id)
    return found


def find_large_bounds(source: SourceTree) -> tuple[int, ...]:
    """Return the integers beyond 2^16 that the text names, ascending. Where sizes are constants,
    arrays are likely to be as long as one of them.
    """
    values = {c.value for c in constants_of(source.unit.items) if isinstance(c.value, int)}
    return tuple(sorted(v for v in values if v > 1 << 16))
