"""A fuzzing dictionary: what the source does with the values of each parameter, and with which
constants.

Contract: read off the typed tree of the source (`tester.generate.source_tree`), never of a
candidate. Values are followed from parameters through assignments, calls and returned values by
name, without order: a use that no run ever sees costs a test and decides nothing.

    python -c "from tester.generate.dictionary import read_dictionary; help(read_dictionary)"
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from corpora.analysis.constants import fold_integer, limit_of, named_integers, value_of
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
    Function,
    If,
    Name,
    Return,
    ScalarType,
    Section,
    Switch,
    Type,
    Unary,
    children,
)
from corpora.records import Signature
from tester.generate.source_facts import EXTREMES
from tester.generate.source_tree import (
    COMPARISONS,
    ORDERS,
    SourceTree,
    get_first_statement,
    iterate_assignments,
)

_LARGER_OR_SMALLER = EXTREMES | {"fmax", "fmin", "fmaxf", "fminf"}
_ROUNDING = frozenset(
    {f"{word}{end}" for word in ("rint", "round", "nearbyint") for end in ("", "f", "l")}
    | {f"{long}{word}{f}" for long in ("l", "ll") for word in ("rint", "round") for f in ("", "f")}
    | {"anint", "nint", "__float2int_rn", "floor", "floorf", "ceil", "ceilf", "trunc", "truncf"}
    | {"aint", "ceiling", "int"}
)
_EXPONENTIALS = frozenset({"exp", "expf", "dexp", "__expf", "exp2", "exp2f", "pow", "powf"})
_CURVED = _EXPONENTIALS | frozenset(
    f"{word}{end}"
    for word in ("sqrt", "rsqrt", "cbrt", "log", "log1p", "log2", "log10", "expm1", "hypot", "tanh")
    for end in ("", "f")
)
_REMAINDERS = frozenset({"mod", "modulo", "fmod", "fmodf", "iand", "shiftr", "ishft"})
_WIDE = ("i64", "u64", "f32", "f64")
_NARROW = ("i8", "u8", "i16", "u16", "i32", "u32")
_WIDENING = ("dble", "dfloat", "real", "float")
_SHIFTS = ("<<", ">>")
MOST_BITS = 31
"""A shift by more says nothing of a number of usual size."""

Number = int | float


@dataclass(slots=True)
class Use:
    """What a program does with the values of one parameter. The dicts are ordered sets: their keys
    stand in the order of the text.

    numbers: constants that the values, or expressions of them, are compared with; labels of a
        switch are among them. own: those compared with the parameter itself. asked: those of `own`
        compared for equality. leaving: those of `own` on which an early return depends.
    periods: constants that the values are divided by, masked with or shifted by (as a power of
        two). partners: names of parameters that the values are compared with. equals: those of the
        partners compared for equality.
    ordered: something asks which value is the larger. rounded: they become whole numbers. raised:
        they are an exponent. truth: they are a condition by themselves. curved: they are a divisor,
        or a root, logarithm or the like is taken of them. widened: whole numbers of them are
        converted to a type of more digits. centred: what is made of them is subtracted from what is
        made of them.
    """

    numbers: dict[Number, None] = field(default_factory=dict)
    own: dict[Number, None] = field(default_factory=dict)
    asked: dict[Number, None] = field(default_factory=dict)
    leaving: dict[Number, None] = field(default_factory=dict)
    """Those of `own` on which an early return depends."""
    periods: dict[int, None] = field(default_factory=dict)
    partners: dict[str, None] = field(default_factory=dict)
    equals: dict[str, None] = field(default_factory=dict)
    ordered: bool = False
    """Something asks which of them, or of them and others, is the larger."""
    rounded: bool = False
    """They become whole numbers."""
    raised: bool = False
    """They are an exponent."""
    truth: bool = False
    """They are a condition by themselves."""
    curved: bool = False
    """They are a divisor, or a root, logarithm or the like is taken of them."""
    widened: bool = False
    """Whole numbers of them are converted to a type of more digits, by a cast or a function."""
    centred: bool = False
    """What is made of them is subtracted from what is made of them."""


@dataclass(frozen=True, slots=True)
class Dictionary:
    """What a program does with its parameters' values, and the constants that matter for its sizes.

    uses: by parameter name, with every parameter. extents: constant extents of the program's own
        arrays, and constants that loop bounds are compared with.
    """

    uses: Mapping[str, Use]
    extents: tuple[int, ...]


@lru_cache(maxsize=256)
def read_dictionary(source: SourceTree, signature: Signature) -> Dictionary:
    """Return what a source does with the values of each parameter, and the constants that it
    compares them with. source: the program's tree. signature: the program's.
    """
    reader = _Reader(source, signature)
    for node in source.nodes:
        reader.note(node)
    return Dictionary(reader.uses, tuple(reader.extents))


class _Reader:
    """Notes what nodes do. origins: for every name the parameters whose values may come to it."""

    def __init__(self, source: SourceTree, signature: Signature) -> None:
        self.source = source
        self.named = named_integers(source.unit)
        self.types = {p.name: p.type for p in signature.parameters}
        self.origins = _follow_values(source, signature)
        self.whole = _find_whole_names(source, signature)
        self.uses = {p.name: Use() for p in signature.parameters}
        self.extents: dict[int, None] = {}
        self.wide = {d.name for d in source.find(Declaration) if _is_wide_integer(d.type)}

    def _of(self, *parts: Expression | None) -> list[Use]:
        return [self.uses[name] for name in self._names(*parts)]

    def _names(self, *parts: Expression | None) -> list[str]:
        found: dict[str, None] = {}
        for part in parts:
            for name in _value_names(part):
                found |= dict.fromkeys(self.origins.get(name, ()))
        return list(found)

    def _number(self, part: Expression | None) -> Number | None:
        value = value_of(part) if part is not None else None
        if isinstance(value, str):
            return ord(value) if len(value) == 1 else None
        if value is None:
            value = fold_integer(part, self.named)
        return limit_of(part) if value is None else value

    def note(self, node: Any) -> None:
        if isinstance(node, Binary):
            self._note_binary(node)
        elif isinstance(node, Call):
            self._note_call(node)
        elif isinstance(node, Switch):
            labels = [label for case in node.cases for label in case.values]
            ends = [(e.lower, e.upper) if isinstance(e, Section) else (e,) for e in labels]
            for number in (self._number(e) for pair in ends for e in pair):
                self._compare(node.value, "==", number)
        elif isinstance(node, (If, Conditional)):
            self._note_truth(node.test)
        elif isinstance(node, Unary) and node.op == "!":
            self._note_truth(node.operand)
        elif isinstance(node, Cast):
            if isinstance(node.type, ScalarType) and node.type.name[0] in "iu":
                self._round(node.operand)
            if isinstance(node.type, ScalarType) and node.type.name in _WIDE:
                self._widen(node.operand)
        elif isinstance(node, (Assign, AssignExpression)):
            if node.op[:-1] in ("/", "%", "&", *_SHIFTS):
                self._divide(node.op[:-1], node.target, self._number(node.value))
            if node.op in ("-=", "/=") and node.value is not None:
                self._combine(node.op[0], node.target, node.value)
            if set(_value_names(node.target)) & self.whole:
                self._round(node.value)
            if isinstance(node.target, Name) and node.target.id in self.wide:
                self._widen(node.value)
        elif isinstance(node, Declaration):
            if node.name in self.whole:
                self._round(node.value)
            if node.name in self.wide:
                self._widen(node.value)
            for extent in getattr(node.type, "extents", ()):
                size = self._number(getattr(extent, "size", extent))
                if isinstance(size, int) and size > 1:
                    self.extents[size] = None

    def _combine(self, operator: str, left: Expression, right: Expression) -> None:
        """A difference or a quotient."""
        if operator == "/":
            for use in self._of(right):
                use.curved = True
        else:
            for name in set(self._names(left)) & set(self._names(right)):
                self.uses[name].centred = True

    def _note_binary(self, node: Binary) -> None:
        left, right = self._number(node.left), self._number(node.right)
        if node.op in ("-", "/") and right is None:
            self._combine(node.op, node.left, node.right)
        if node.op in ("+", "-", "*", "%"):
            for one, other in ((node.left, node.right), (node.right, node.left)):
                if _is_widened(one, self.wide):
                    self._widen(other)
        if node.op in COMPARISONS:
            if left is None and right is None:
                self._order(node.op, node.left, node.right)
            elif left is None or right is None:
                other, number = (node.left, right) if left is None else (node.right, left)
                self._compare(other, node.op, number, self._leaves(node))
        elif node.op in ("&&", "||"):
            self._note_truth(node.left)
            self._note_truth(node.right)
        elif node.op == "+" and 0.5 in (left, right):
            self._round(node.left if left is None else node.right)
        elif node.op in ("/", "%", "&", *_SHIFTS) and left is None:
            self._divide(node.op, node.left, right)

    def _note_call(self, node: Call) -> None:
        name = (
            node.function.id.rpartition("::")[2].lower() if isinstance(node.function, Name) else ""
        )
        if name in _CURVED:
            for use in self._of(*node.arguments):
                use.curved = True
        if name in _WIDENING or name == "int" and len(node.arguments) == 2:
            self._widen(node.arguments[0] if node.arguments else None)
        if name in _ROUNDING:
            self._round(*node.arguments)
        elif name in _EXPONENTIALS:
            for use in self._of(*node.arguments):
                use.raised = True
        elif name in _REMAINDERS and len(node.arguments) == 2:
            number = self._number(node.arguments[1])
            self._divide("%" if "mod" in name else "&", node.arguments[0], number)
        elif name in _LARGER_OR_SMALLER:
            self._order("<", *node.arguments)
            for number in (self._number(a) for a in node.arguments):
                if number is not None:
                    for other in node.arguments:
                        self._compare(other, "<", number)

    def _leaves(self, node: Binary) -> bool:
        """Whether a comparison is part of the condition of an early return."""
        above = self.source.parent(node)
        while isinstance(above, (Binary, Unary)):
            above = self.source.parent(above)
        return isinstance(above, If) and isinstance(get_first_statement(above.then), Return)

    def _compare(
        self, part: Expression, operator: str, number: Number | None, leaves: bool = False
    ) -> None:
        """A comparison of `part` with a number. leaves: an early return depends on it."""
        if number is None:
            return
        named = set(_value_names(part))
        for name in self._names(part):
            use = self.uses[name]
            use.numbers[number] = None
            if self.source.spell(name) in named:
                use.own[number] = None
                use.asked |= {number: None} if operator not in ORDERS else {}
                use.leaving |= {number: None} if leaves else {}

    def _order(self, operator: str, *parts: Expression) -> None:
        """A comparison of parts with each other."""
        sides = [self._names(part) for part in parts]
        for k, names in enumerate(sides):
            others = [n for j, side in enumerate(sides) if j != k for n in side]
            for use in (self.uses[name] for name in names):
                use.ordered |= operator in ORDERS
                use.partners |= dict.fromkeys(others)
                use.equals |= dict.fromkeys(others) if operator not in ORDERS else {}

    def _divide(self, operator: str, part: Expression, number: Number | None) -> None:
        if not isinstance(number, int) or number <= 0:
            return
        if operator in _SHIFTS:
            number = 1 << min(number, MOST_BITS)
        for use in self._of(part):
            use.periods[number + 1 if operator == "&" else number] = None

    def _round(self, *parts: Expression | None) -> None:
        for name in self._names(*parts):
            self.uses[name].rounded |= self.types[name][0] == "f"

    def _widen(self, part: Expression | None) -> None:
        for name in self._names(part):
            self.uses[name].widened |= self.types[name] in _NARROW

    def _note_truth(self, test: Expression | None) -> None:
        if isinstance(test, (Name, Access, Cast)):
            for use in self._of(test):
                use.truth = True


def _is_wide_integer(kind: Type | None) -> bool:
    return isinstance(kind, ScalarType) and kind.name in ("i64", "u64")


def _is_widened(node: Any, wide: Collection[str]) -> bool:
    """Whether an expression is a conversion to a wider type, or computes with one. wide: names of
    variables of such a type.
    """
    if isinstance(node, Name):
        return node.id in wide
    if isinstance(node, Cast):
        return isinstance(node.type, ScalarType) and node.type.name in _WIDE
    if isinstance(node, Call) and isinstance(node.function, Name):
        name = node.function.id.lower()
        return name in _WIDENING or name == "int" and len(node.arguments) == 2
    if isinstance(node, Binary) and node.op in ("+", "-", "*", "%"):
        return _is_widened(node.left, wide) or _is_widened(node.right, wide)
    return False


def _value_names(part: Any) -> Iterator[str]:
    """Names whose values an expression's value is made of: not those in subscripts or conditions,
    nor what is compared.
    """
    if isinstance(part, Binary) and part.op in (*COMPARISONS, "&&", "||"):
        return
    if isinstance(part, Name):
        yield part.id
    elif isinstance(part, Access):
        yield from _value_names(part.base)
    elif isinstance(part, Conditional):
        yield from _value_names(part.then)
        yield from _value_names(part.otherwise)
    elif isinstance(part, Cast):
        yield from _value_names(part.operand)
    elif isinstance(part, Call):
        yield from _value_names(part.function)
        for argument in part.arguments:
            yield from _value_names(argument)
    elif part is not None:
        for below in children(part):
            yield from _value_names(below)


def _follow_values(source: SourceTree, signature: Signature) -> dict[str, tuple[str, ...]]:
    """For every name the parameters whose values may come to it, in the signature's order."""
    given: dict[str, set[str]] = {}
    functions = {f.name.rpartition("::")[2]: f for f in source.find(Function)}
    for variable, _, value in iterate_assignments(source):
        given.setdefault(variable, set()).update(_value_names(value))
    for node in source.find(Assign, AssignExpression):
        if isinstance(node.target, Access) and node.value is not None:
            for name in _value_names(node.target):
                given.setdefault(name, set()).update(_value_names(node.value))
    for call in source.find(Call):
        name = call.function.id.rpartition("::")[2] if isinstance(call.function, Name) else ""
        if name in functions:
            for formal, actual in zip(functions[name].parameters, call.arguments, strict=False):
                given.setdefault(formal.name, set()).update(_value_names(actual))
    own = {source.spell(p.name): p.name for p in signature.parameters}
    order = {p.name: i for i, p in enumerate(signature.parameters)}
    found = {}
    for name in given.keys() | own.keys():
        seen, waiting = {name}, [name]
        while waiting:
            fresh = given.get(waiting.pop(), set()) - seen
            seen |= fresh
            waiting += fresh
        found[name] = tuple(sorted((own[n] for n in seen if n in own), key=order.__getitem__))
    return found


def _find_whole_names(source: SourceTree, signature: Signature) -> set[str]:
    """Variables and arrays of whole numbers."""
    found = {
        d.name
        for d in source.find(Declaration)
        if isinstance(d.type, ScalarType) and d.type.name[0] in "iu"
    }
    return found | {source.spell(p.name) for p in signature.parameters if p.type[0] in "iu"}
