"""Whole numbers of 32 bits that outgrow their type before arrays outgrow memory: squares of
indices, sums of indices, products of three.

An index of an array of n elements is below n. The product of two such indices passes 2^32 where n
passes 65,536, an ordinary size. What is computed like that and stored is then wrong, unless it was
computed in a wider type.

Contract: reading only, of the typed tree. `find_growth` gives the highest degree, in the sizes, of
what a text computes in 32 bits or fewer and then stores or returns. Subscripts and conditions do
not count: an array that long does not fit into memory. What the tree does not tell has degree 0.
`find_total_terms` gives the length of a sum of elements of few bits that outgrows its total.

    python -c "from corpora.frontends.c_family import parse_c_family; \\
        from corpora.analysis.integer_growth import find_growth; \\
        print(find_growth(parse_c_family('void f(int n, double *x) \\
        { for (int i = 0; i < n; i++) x[i] = i * i; }', 'cpp'), 'f'))"
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from corpora.frontends.queries import functions_of
from corpora.ir import (
    Access,
    ArrayType,
    Assign,
    AssignExpression,
    Binary,
    Call,
    Cast,
    Conditional,
    Declaration,
    Expression,
    ExpressionStatement,
    For,
    Function,
    InitializerList,
    Literal,
    Member,
    Name,
    PointerType,
    ReferenceType,
    Return,
    ScalarType,
    TranslationUnit,
    Type,
    Unary,
    While,
    find,
)

HIGHEST = 4
"""Degrees above are not told apart: four factors pass 32 bits at 256 already."""
_NARROW = frozenset({"i8", "u8", "i16", "u16", "i32", "u32", "char", "bool"})
_GROWING = frozenset({"blockIdx", "gridDim"})
_FIXED = frozenset({"threadIdx", "blockDim"})
_ORDERED = frozenset({"<", "<=", ">", ">=", "!=", "==", "&&", "||"})
_CHOOSING = frozenset({"min", "max", "abs", "iabs", "min0", "max0", "labs"})
_REMAINDERS = frozenset({"mod", "modulo"})
_ATOMIC_SUMS = frozenset({"atomicAdd", "atomicAdd_block", "atomicAdd_system"})


@dataclass(frozen=True, slots=True)
class _Value:
    """What an expression computes. degree: in the sizes. narrow: in 32 bits or fewer. worst: the
    highest degree of what is computed in so few bits on the way, its own too.
    """

    degree: int = 0
    narrow: bool = False
    worst: int = 0


def find_growth(unit: TranslationUnit, entry: str) -> int:
    """Return the highest degree, in the sizes, of a whole number of at most 32 bits that a text
    computes and stores in an array, adds to a total or returns; 0 where none is above 1. `n * n`
    has degree 2 in a size `n`, an integer parameter of the function.

    entry: name of the function whose result counts; results of others count where they go.
    """
    functions = {_plain(f.name): f for f in functions_of(unit)}
    returned: dict[str, _Value] = {}
    worst = 0
    for name, function in functions.items():
        returned[name] = _Body(function, {}).returned()
    for name, function in functions.items():
        body = _Body(function, returned)
        worst = max(worst, body.worst_stored())
        if name == _plain(entry):
            worst = max(worst, body.returned().worst)
    return min(worst, HIGHEST) if worst > 1 else 0


def find_total_terms(unit: TranslationUnit) -> int:
    """Return the number of terms from which a total of at most 32 bits overflows, the fewest of all
    totals in a text; 0 where none is made of elements of 8 or 16 bits alone. `s += a[i]`, of an
    `int` and of bytes, overflows from 8,421,505 terms on.
    """
    found = [terms for f in functions_of(unit) for terms in _find_totals(f)]
    return min(found, default=0)


def _find_totals(function: Function) -> Iterator[int]:
    body = _Body(function, {})
    inside = tuple(function.body or ())
    for node in find(inside, Assign, AssignExpression):
        if isinstance(node.target, Name):
            kind = body.types.get(node.target.id)
        else:
            kind = body.element_of(node.target) if isinstance(node.target, Access) else None
        term = node.value
        if node.op == "=" and isinstance(term, Binary) and term.op == "+":
            sides = [s for s in (term.left, term.right) if s != node.target]
            term = sides[0] if len(sides) == 1 else None
        elif node.op != "+=":
            term = None
        if term is None or id(node) not in body.repeated or not isinstance(kind, ScalarType):
            continue
        most = _find_largest_value(term, body, 2)
        if kind.name in _TOTALS and most > 1:
            yield _TOTALS[kind.name] // most + 1


def _find_largest_value(node: Any, body: _Body, depth: int) -> int:
    """The largest size of what is made of elements of few bits, and of constants; 0 where the tree
    does not tell.
    """
    if isinstance(node, Literal):
        return int(node.text) if node.text.isdigit() else 0
    if isinstance(node, Cast):
        return _find_largest_value(node.operand, body, depth)
    if isinstance(node, (Access, Name)):
        kind = body.element_of(node) if isinstance(node, Access) else body.types.get(node.id)
        name = kind.name if isinstance(kind, ScalarType) else ""
        if name in _LARGEST or not isinstance(node, Name) or not depth:
            return _LARGEST.get(name, 0)
        return max(
            (_find_largest_value(v, body, depth - 1) for v in body.given(node.id)), default=0
        )
    if isinstance(node, Binary) and node.op in ("*", "+"):
        left = _find_largest_value(node.left, body, depth)
        right = _find_largest_value(node.right, body, depth)
        return (left * right if node.op == "*" else left + right) if left and right else 0
    return 0


_LARGEST = {"i8": 128, "u8": 255, "char": 128, "i16": 1 << 15, "u16": (1 << 16) - 1}
_TOTALS = {"i32": (1 << 31) - 1, "u32": (1 << 32) - 1}


def _plain(name: str) -> str:
    return name.rpartition("::")[2].lower()


class _Body:
    """Degrees of the names of one function, and of what it stores."""

    def __init__(self, function: Function, results: Mapping[str, _Value]) -> None:
        self.function = function
        self.results = results
        self.types: dict[str, Type] = {p.name: p.type for p in function.parameters}
        body = function.body or ()
        self.types |= {d.name: d.type for d in find(body, Declaration)}
        self.repeated = {id(n) for loop in find(body, For, While) for n in find(loop.body, *_GIVEN)}
        self.bounded = set(_find_bounded(body))
        self.names: dict[str, _Value] = {}
        own = {d.name for d in find(body, Declaration)} - {p.name for p in function.parameters}
        for p in function.parameters:
            if isinstance(p.type, ScalarType) and p.type.name[0] in "iu" and p.name not in own:
                self.names[p.name] = _Value(1, _is_narrow(p.type), 0)
        for _ in range(HIGHEST):
            before = dict(self.names)
            self._follow(body)
            if self.names == before:
                break

    def _follow(self, body: Iterable[Any]) -> None:
        """One turn of what is given to names: by declarations, assignments and loop heads."""
        for node in find(tuple(body), Declaration, Assign, AssignExpression, For):
            if isinstance(node, Declaration):
                if node.value is not None:
                    self._give(node.name, self.value_of(node.value))
            elif isinstance(node, For):
                if node.bounds is not None:
                    ends = (node.bounds.lower, node.bounds.upper)
                    self._give(node.bounds.variable, _join(self.value_of(e) for e in ends))
            elif isinstance(node.target, Name) and node.value is not None:
                self._give(node.target.id, self._assigned(node, node.target.id))
        for loop in find(tuple(body), For, While):
            for name, end in _find_ends(loop.test):
                self._give(name, self.value_of(end))

    def given(self, name: str) -> list[Any]:
        """Return what is given to a name by declarations and assignments."""
        nodes = find(tuple(self.function.body or ()), Declaration, Assign, AssignExpression)
        return [
            n.value
            for n in nodes
            if n.value is not None
            and (n.name if isinstance(n, Declaration) else getattr(n.target, "id", "")) == name
        ]

    def _give(self, name: str, value: _Value) -> None:
        narrow = _is_narrow(self.types.get(name))
        known = self.names.get(name, _Value(narrow=narrow))
        degree = max(known.degree, value.degree)
        self.names[name] = _Value(
            min(degree, HIGHEST), narrow, max(known.worst, value.worst, degree if narrow else 0)
        )

    def _assigned(self, node: Assign | AssignExpression, name: str) -> _Value:
        """What a name has after an assignment: a sum in a loop is one degree above its terms."""
        term, adds = node.value, node.op in ("+=", "-=")
        if node.op == "=" and isinstance(term, Binary) and term.op in ("+", "-"):
            for own, other in ((term.left, term.right), (term.right, term.left)):
                if isinstance(own, Name) and own.id == name:
                    term, adds = other, True
                    break
        elif node.op not in ("=", "+=", "-="):
            return _Value()
        value = self.value_of(term)
        if not adds:
            return value
        if name in self.bounded:
            return replace(value, degree=0)
        return self._sum(value, id(node) in self.repeated)

    def _sum(self, value: _Value, repeated: bool) -> _Value:
        """A total of values that grow. Totals of what does not grow take 2^31 terms."""
        return replace(value, degree=value.degree + 1) if repeated and value.degree else value

    def value_of(self, node: Any) -> _Value:
        """What an expression computes."""
        if isinstance(node, Name):
            return self.names.get(node.id, _Value(narrow=_is_narrow(self.types.get(node.id))))
        if isinstance(node, Literal):
            return _Value(narrow=node.type in _NARROW)
        if isinstance(node, Access):
            return _Value(narrow=_is_narrow(self.element_of(node)))
        if isinstance(node, Member):
            base = node.base.id if isinstance(node.base, Name) else ""
            return _Value(int(base in _GROWING), base in _GROWING | _FIXED)
        if isinstance(node, Cast):
            return _computed(self.value_of(node.operand), _is_narrow(node.type))
        if isinstance(node, Conditional):
            return _join((self.value_of(node.then), self.value_of(node.otherwise)))
        if isinstance(node, Unary):
            inner = self.value_of(node.operand)
            return _Value() if node.op in ("!", "*", "&") else inner
        if isinstance(node, Binary):
            return self._binary(node)
        if isinstance(node, Call):
            return self._call(node)
        if isinstance(node, InitializerList):
            return replace(_join(map(self.value_of, node.items)), degree=0)
        return _Value()

    def element_of(self, node: Access) -> Type | None:
        """Return the type of an element of the array that is accessed; None if not known."""
        kind = self.types.get(node.base.id) if isinstance(node.base, Name) else None
        while isinstance(kind, (PointerType, ArrayType, ReferenceType)):
            kind = kind.of if isinstance(kind, ArrayType) else kind.to
        return kind

    def _binary(self, node: Binary) -> _Value:
        left, right = self.value_of(node.left), self.value_of(node.right)
        if node.op in _ORDERED:
            return _Value(narrow=True)
        both = _join((left, right))
        if node.op in ("*", "**"):
            if node.op == "**" and isinstance(node.right, Literal) and node.right.text.isdigit():
                return _computed(replace(both, degree=left.degree * int(node.right.text)), None)
            return _computed(replace(both, degree=left.degree + right.degree), None)
        if node.op == "%":
            return replace(both, degree=min(left.degree, right.degree))
        if node.op == "&":
            return replace(both, degree=min(left.degree, right.degree))
        if node.op in ("/", ">>", "<<"):
            return replace(both, degree=left.degree, narrow=left.narrow and right.narrow)
        return _computed(both, None)

    def _call(self, node: Call) -> _Value:
        name = _plain(node.function.id) if isinstance(node.function, Name) else ""
        if name in self.results:
            return self.results[name]
        given = [self.value_of(a) for a in node.arguments]
        both = _join(given)
        if name in _CHOOSING:
            return both
        if name in _REMAINDERS and len(given) == 2:
            return replace(both, degree=min(v.degree for v in given))
        return _computed(both, name == "int" and len(given) == 1)

    def returned(self) -> _Value:
        """What the function gives back: by `return`, or under the name of a Fortran result."""
        values = [self.value_of(r.value) for r in find(self.function.body or (), Return) if r.value]
        named = self.function.result_name or self.function.name
        if named in self.names:
            values.append(self.names[named])
        if not values:
            return _Value()
        return _computed(_join(values), _is_narrow(self.function.result))

    def worst_stored(self) -> int:
        """The highest degree of what is computed in few bits and stored in an array or a total."""
        body = self.function.body or ()
        found = [0]
        for node in find(body, Assign, AssignExpression):
            if isinstance(node.target, Name) or node.value is None or node.op not in _STORING:
                continue
            value = self.value_of(node.value)
            if node.op != "=":
                value = self._sum(value, id(node) in self.repeated)
            found.append(self._stored(node.target, value))
        for node in find(body, Call):
            name = node.function.id if isinstance(node.function, Name) else ""
            if name in _ATOMIC_SUMS and len(node.arguments) == 2:
                place, added = node.arguments
                place = place.operand if isinstance(place, Unary) and place.op == "&" else place
                target = place if isinstance(place, Access) else Access(place, ())
                found.append(self._stored(target, self._sum(self.value_of(added), True)))
        return max(found)

    def _stored(self, target: Expression, value: _Value) -> int:
        kind = self.element_of(target) if isinstance(target, Access) else None
        return max(value.worst, value.degree if _is_narrow(kind) else 0)


_GIVEN = (Assign, AssignExpression, ExpressionStatement)
_STORING = frozenset({"=", "+=", "-="})


def _is_narrow(kind: Type | None) -> bool:
    while isinstance(kind, ReferenceType):
        kind = kind.to
    return isinstance(kind, ScalarType) and kind.name in _NARROW


def _computed(value: _Value, narrow: bool | None) -> _Value:
    """A value that an operation gives. narrow: in how many bits; None for those of its parts."""
    few = value.narrow if narrow is None else narrow
    return _Value(min(value.degree, HIGHEST), few, max(value.worst, value.degree if few else 0))


def _join(values: Iterable[_Value]) -> _Value:
    """The highest of several; of few bits where all are."""
    found = list(values)
    return _Value(
        max((v.degree for v in found), default=0),
        bool(found) and all(v.narrow for v in found),
        max((v.worst for v in found), default=0),
    )


def _find_bounded(body: Iterable[Any]) -> Iterator[str]:
    """Names that a loop's test holds below or above something: counters."""
    for loop in find(tuple(body), For, While):
        for name, _ in _find_ends(loop.test):
            yield name
        if isinstance(loop, For):
            for step in find(loop.step, Assign, AssignExpression):
                if isinstance(step.target, Name):
                    yield step.target.id


def _find_ends(test: Expression | None) -> Iterator[tuple[str, Expression]]:
    """(name, what it is compared with) of a loop's test."""
    if test is None:
        return
    for node in find(test, Binary):
        if node.op in ("<", "<=", ">", ">=", "!="):
            for own, other in ((node.left, node.right), (node.right, node.left)):
                if isinstance(own, Name):
                    yield own.id, other
