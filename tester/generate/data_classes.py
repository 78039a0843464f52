"""Classes of contents that usual random ones do not belong to, each for the sources whose text asks
for it.

| what the source does | contents, sizes or scalars |
| --- | --- |
| asks elements whether they are true | stretches of either truth value, short and long; by turns |
| and goes on until nothing changes, on a plane | a winding corridor |
| compares elements of an array with each other | long rises and falls |
| divides by, or takes roots of, what a matrix holds | positive definite, well and ill conditioned |
| subtracts what is made of one array | a mean far above the deviation |
| divides, or takes roots and logarithms | tiny numbers of every magnitude |
| compares elements with a sequence of constants | the sequence, and near misses |
| goes on until it is exact enough | a tight tolerance, many steps allowed |
| begins a range at a parameter | ranges below zero, about zero, and far above it |

Contract: as of `tester.generate.boundary_values`. A source that does nothing of this gets nothing.

    python -c "from tester.generate import data_classes; help(data_classes.list_data_changes)"
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from corpora.analysis.constants import fold_integer, named_integers, value_of
from corpora.analysis.loops import loop_range
from corpora.analysis.reasons import Reason
from corpora.ir import (
    Access,
    ArrayType,
    Binary,
    Call,
    Declaration,
    Expression,
    For,
    If,
    InitializerList,
    Jump,
    Literal,
    Name,
    Unary,
    While,
    find,
    names_in,
)
from corpora.records import Fill, Parameter, Signature
from tester.generate.boundary_values import Change, take_in_turn
from tester.generate.dictionary import Dictionary
from tester.generate.sketches import ParameterRoles, Values, find_integer_scalars
from tester.generate.source_tree import SourceTree

STRETCH = 600
"""Elements of the longest stretch: more than two usual blocks have threads."""
SIDE = 20
"""Rows of a matrix, more than the side of a usual tile."""
PLANE = (20, 11)
"""Rows and columns of a winding corridor: 120 steps, twice as many as both sides together."""
STEPS = 300
"""More than a byte counts."""
TOLERANCE = {"f32": 1e-5, "f64": 1e-10}
CENTRED, TINY, WIDE = (1000.0, 0.1), (1e-18, 1e-9), (1e-6, 1e12)
WELL, ILL = (0.5, 10.0), (1e-4, 10.0)
"""Eigenvalues."""
RANGES = ((-5, 9), (-310, -20), (100, 1400))
LONGEST_PHRASE = 32
_SEARCHING = frozenset({"strncmp", "strcmp", "strstr", "memcmp"})


def list_data_changes(
    signature: Signature, source: SourceTree, dictionary: Dictionary, roles: ParameterRoles
) -> list[Change]:
    """Return the changes to a usual test that the source's text suggests, such as matrices that
    have an inverse or phrases that are searched for, the first of each kind before the second of
    any.

    source: the program's tree. dictionary: what it does with each parameter's values. roles: what
        parameters are used for.
    """
    classes = _Classes(signature, source, dictionary, roles)
    kinds = (
        classes.ranges(),
        classes.tolerances(),
        classes.matrices(),
        classes.truths(),
        classes.corridors(),
        classes.phrases(),
        classes.rises(),
        classes.centred(),
        classes.tiny(),
    )
    return take_in_turn(kinds)


class _Classes:
    """One method for each row of the module's table."""

    def __init__(
        self,
        signature: Signature,
        source: SourceTree,
        dictionary: Dictionary,
        roles: ParameterRoles,
    ) -> None:
        self.signature, self.source, self.roles = signature, source, roles
        self.uses = dictionary.uses
        indices = roles.indices or frozenset()
        arrays = [p for p in signature.parameters if p.kind != "scalar" and p.name not in indices]
        self.whole = [p for p in arrays if p.type[0] in "iu"]
        self.reals = [p for p in arrays if p.type[0] == "f"]
        self.masks = [
            p
            for p in arrays
            if p.intent == "in"
            and (p.type == "bool" or p.type[0] in "iu")
            and (self.uses[p.name].truth or 0 in self.uses[p.name].asked)
        ]
        self.integers = find_integer_scalars(signature)
        self.sizes = [p.name for p in self.integers if p.name in roles.sizes]

    def ranges(self) -> Iterator[Change]:
        """Both ends of `lo <= i < hi`, or of Fortran's `a(lo:hi)`."""
        pairs = find_ranges(self.signature, self.source)
        for low, high in RANGES if pairs else ():
            ends: Values = {}
            for first, last in pairs:
                ends |= {first: low, last: high}
            yield Change(ends)

    def tolerances(self) -> Iterator[Change]:
        """On usual contents, and on such as take many steps."""
        exact, steps = find_iteration_ends(self.signature, self.source)
        limits: Values = {p.name: TOLERANCE[p.type] for p in exact}
        limits |= {p.name: STEPS for p in steps if p.name not in self.roles.sizes}
        if not exact:
            return
        definite = {p.name: Fill("definite", WELL) for p in self._list_matrices()}
        # What few elements are is soon exact.
        limits |= dict.fromkeys(self.sizes, SIDE)
        yield Change(limits, definite)
        if not definite:
            yield Change(limits, {p.name: Fill("magnitudes", WIDE) for p in self.reals})

    def matrices(self) -> Iterator[Change]:
        divided = [p for p in self._list_matrices() if self.uses[p.name].curved]
        for ends in (WELL, ILL) if divided else ():
            fills = {p.name: Fill("definite", ends) for p in divided}
            yield Change(dict.fromkeys(self.sizes, SIDE), fills)

    def _list_matrices(self) -> list[Parameter]:
        """Real arrays that are read by row and column."""
        found = set()
        for access in self.source.find(Access):
            if isinstance(access.base, Name):
                product = any(n.op == "*" for n in find(access.indices, Binary))
                if len(access.indices) == 2 or len(access.indices) == 1 and product:
                    found.add(access.base.id)
        return [p for p in self.reals if self.source.spell(p.name) in found]

    def truths(self) -> Iterator[Change]:
        if self.masks:
            names = [p.name for p in self.masks]
            yield Change({}, {n: Fill("stretches", (STRETCH,)) for n in names}, "block")
            yield Change({}, {n: Fill("cycled", (1, 0)) for n in names}, "warp")

    def corridors(self) -> Iterator[Change]:
        if not self.masks or len(self.sizes) != 2 or not _repeats(self.source):
            return
        planes: Values = dict(zip(self.sizes, PLANE, strict=True))
        fills = {}
        for p in self.masks:
            columns = _find_row_length(p, self.source)
            length = next((n for n in self.sizes if self.source.spell(n) == columns), "")
            fills[p.name] = Fill("winding", (int(planes[length or self.sizes[1]]),))  # type: ignore[arg-type]
        yield Change(planes, fills)

    def rises(self) -> Iterator[Change]:
        """Where elements are asked which of them is the larger."""
        asked = [p for p in (*self.reals, *self.whole) if p.name in self.uses[p.name].partners]
        if asked and self.uses[asked[0].name].ordered:
            # For each element the source may go through all that rise behind it.
            sides: Values = {self.sizes[0]: STRETCH} if len(self.sizes) == 1 else {}
            fills = {p.name: Fill("serpentine", (-9.0, 9.0)) for p in asked}
            yield Change(sides, fills, "block")

    def centred(self) -> Iterator[Change]:
        asked = [p for p in self.reals if self.uses[p.name].centred and p.intent == "in"]
        if asked:
            yield Change({}, {p.name: Fill("normal", CENTRED) for p in asked})

    def tiny(self) -> Iterator[Change]:
        asked = [p for p in self.reals if self.uses[p.name].curved and p.intent == "in"]
        if asked:
            yield Change({}, {p.name: Fill("magnitudes", TINY) for p in asked})

    def phrases(self) -> Iterator[Change]:
        fills = {}
        for p in self.whole:
            codes: list[float] = []
            for phrase in _find_phrases(p, self.source):
                codes += [math.nan] * bool(codes) + [float(code) for code in phrase]
            if codes:
                fills[p.name] = Fill("phrases", tuple(codes))
        if fills:
            yield Change({}, fills, "warp")


def find_ranges(signature: Signature, source: SourceTree) -> tuple[tuple[str, str], ...]:
    """Return pairs of names of integer scalars, the first and the last place of a range: a loop's
    bounds, or those of a Fortran array. A name in several ranges is left out with all of them.
    """
    names = {source.spell(p.name): p.name for p in find_integer_scalars(signature)}
    found: dict[tuple[str, str], None] = {}
    for loop in source.find(For):
        counted = loop_range(loop)
        if isinstance(counted, Reason) or not isinstance(counted.lower, Name):
            continue
        last = [n for n in names_in(counted.upper_inclusive) if n in names]
        if counted.lower.id in names and len(last) == 1 and last[0] != counted.lower.id:
            found[names[counted.lower.id], names[last[0]]] = None
    for p in signature.parameters:
        for part in p.shape:
            first, _, last_ = part.lower().partition(":")
            if first.strip() in names and last_.strip() in names:
                found[names[first.strip()], names[last_.strip()]] = None
    taken = [name for pair in found for name in pair]
    # A name that is one range's beginning and another's end says nothing about either.
    return tuple(pair for pair in found if not any(taken.count(n) > 1 for n in pair))


def find_iteration_ends(
    signature: Signature, source: SourceTree
) -> tuple[list[Parameter], list[Parameter]]:
    """Return (real scalars, integer scalars), each in the signature's order, on which the end of a
    loop depends that is not simply counted, such as a tolerance or the most steps.
    """
    named: set[str] = set()
    for loop in source.find(For, While):
        counted = loop_range(loop)
        test = getattr(loop, "test", None)
        leaves = [b.test for b in find(loop.body, If) if any(find(b.then, Jump))]
        if isinstance(counted, Reason) or not counted.exact or leaves:
            for part in (test, *leaves):
                for comparison in find(part, Binary) if part is not None else ():
                    if comparison.op in ("<", "<=", ">", ">="):
                        named |= names_in(comparison)
            if not isinstance(counted, Reason) and leaves:
                named |= names_in(counted.upper_inclusive)
    scalars = [p for p in signature.parameters if p.kind == "scalar"]
    asked = [p for p in scalars if source.spell(p.name) in named]
    whole = {p.name for p in find_integer_scalars(signature)}
    return [p for p in asked if p.type in TOLERANCE], [p for p in asked if p.name in whole]


def _repeats(source: SourceTree) -> bool:
    """Whether a loop goes on until something that it finds out."""
    return any(isinstance(loop_range(loop), Reason) for loop in source.find(For, While))


def _find_row_length(p: Parameter, source: SourceTree) -> str:
    """The name by which rows are multiplied in the array's subscripts; in Fortran its first
    extent.
    """
    if len(p.shape) > 1:
        return source.spell(p.shape[0])
    for access in source.find(Access):
        if isinstance(access.base, Name) and access.base.id == source.spell(p.name):
            for product in find(access.indices, Binary):
                if product.op == "*" and isinstance(product.right, Name):
                    return product.right.id
    return ""


def _find_phrases(p: Parameter, source: SourceTree) -> list[list[int]]:
    """Sequences of constants that elements one after the other are compared with: a text, a
    constant array, or the comparisons that are joined by `and`.
    """
    own, found = source.spell(p.name), []
    constants = _find_constant_arrays(source)
    for node in source.find(Binary):
        if node.op in ("==", "!="):
            for one, other in ((node.left, node.right), (node.right, node.left)):
                if own in names_in(one) and isinstance(other, Access):
                    found.append(constants.get(getattr(other.base, "id", ""), []))
        elif node.op == "&&" and getattr(source.parent(node), "op", "") != "&&":
            found.append(_find_compared(node, own, source))
    for call in source.find(Call):
        name = call.function.id if isinstance(call.function, Name) else ""
        if name.rpartition("::")[2] in _SEARCHING and own in names_in(call.arguments):
            found += [_read_text(a) for a in call.arguments if isinstance(a, Literal)]
            found += [constants[n] for n in names_in(call.arguments) & constants.keys()]
    kept = {tuple(phrase): phrase for phrase in found if 1 < len(phrase) <= LONGEST_PHRASE}
    return list(kept.values())


def _find_constant_arrays(source: SourceTree) -> dict[str, list[int]]:
    """Arrays and texts that are given constants where they are declared."""
    found = {}
    named = named_integers(source.unit)
    for declared in source.find(Declaration):
        if isinstance(declared.value, Literal) and declared.value.type == "string":
            found[declared.name] = _read_text(declared.value)
        elif isinstance(declared.type, ArrayType) and isinstance(declared.value, InitializerList):
            values = [fold_integer(item, named) for item in declared.value.items]
            if None not in values:
                found[declared.name] = [v for v in values if v is not None]
    return found


def _read_text(literal: Expression) -> list[int]:
    value = value_of(literal)
    return [ord(c) for c in value if ord(c) < 128] if isinstance(value, str) else []


def _find_compared(node: Binary, own: str, source: SourceTree) -> list[int]:
    """Constants that the array's elements equal where all of a condition holds."""
    waiting: list[Any] = [node]
    codes = []
    while waiting:
        part = waiting.pop(0)
        if isinstance(part, Binary) and part.op == "&&":
            waiting[:0] = [part.left, part.right]
        elif isinstance(part, Unary):
            continue
        elif isinstance(part, Binary) and part.op == "==":
            for one, other in ((part.left, part.right), (part.right, part.left)):
                code = read_code(other, source)
                if own in names_in(one) and code is not None:
                    codes.append(code)
    return codes


def read_code(node: Expression | None, source: SourceTree) -> int | None:
    """Return the value of a constant integer or boolean, or the code of a constant letter, also as
    `iachar('a')`; None for any other expression and where `node` is None. source: the program's
    tree, which defines named constants.
    """
    if isinstance(node, Call) and isinstance(node.function, Name) and len(node.arguments) == 1:
        if node.function.id.lower() in ("iachar", "ichar"):
            node = node.arguments[0]
    value = value_of(node)
    if isinstance(value, str):
        return ord(value) if len(value) == 1 else None
    return fold_integer(node, named_integers(source.unit)) if not isinstance(value, int) else value
