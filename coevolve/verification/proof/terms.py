"""Terms: the values of programs as shared, simplified expressions.

A term is made by the functions below, never by hand: equal terms are one object, so `is` compares
them. An integer term is a number of the integers, without a width. What wraps around says so:
`wrap("u32", x)` is x brought into the range of `unsigned`. A signed operation is exact: that it
does not overflow is a check of its own (`summary.Check`). Sums of products are polynomials (`poly`)
over other terms, which makes `i*w + j` and `j + w*i` the same object. A floating-point term is the
operation as it is written; only the operands of one addition or multiplication are put in order,
which changes no value. A truth value is built of `ge0` (an integer is at least zero), `eq0`,
comparisons of floating-point terms, and `and`, `or`, `not`.

    python -c "from coevolve.verification.proof.terms import *; i = symbol('i', 'i32'); \
        print(add(i, constant(1)) is add(constant(1), i))"
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Iterator, Mapping
from typing import Any

WIDTHS = {
    "bool": 1, "i8": 8, "u8": 8, "i16": 16, "u16": 16, "i32": 32, "u32": 32, "i64": 64, "u64": 64,
}  # fmt: skip
FLOATS = ("f32", "f64")
_serials = itertools.count()


class Term:
    """One symbolic value. Terms are made by the functions of this module, never by hand; equal
    terms are the same object.

    op: the operation that made it, such as `poly`, `load` or `symbol`. type: `int`, `bool`, `f32`,
        `f64`, or `mem` for the content of an array. args: operands. data: what else identifies it,
        such as a name or a constant. serial: its number in the order in which terms were made.
    low, high: inclusive bounds of an integer, None where there is none.
    """

    __slots__ = ("__weakref__", "args", "data", "high", "low", "op", "serial", "type")

    def __init__(self, op: str, type_: str, args: tuple[Term, ...], data: Any) -> None:
        self.op, self.type, self.args, self.data = op, type_, args, data
        self.serial = next(_serials)
        self.low: int | None = None
        self.high: int | None = None

    def __repr__(self) -> str:
        return show(self)


_known: weakref.WeakValueDictionary[Any, Term] = weakref.WeakValueDictionary()


def _make(
    op: str,
    type_: str,
    args: tuple[Term, ...] = (),
    data: Any = None,
    low: int | None = None,
    high: int | None = None,
) -> Term:
    key = (op, type_, args, data)
    term = _known.get(key)
    if term is None:
        term = Term(op, type_, args, data)
        term.low, term.high = low, high
        _known[key] = term
    return term


def type_range(type_: str) -> tuple[int, int]:
    """Return the smallest and the largest value of an integer type such as `i32`. Raises KeyError
    for another type.
    """
    width = WIDTHS[type_]
    if type_[0] == "i":
        return -(1 << (width - 1)), (1 << (width - 1)) - 1
    return 0, (1 << width) - 1


# ------------------------------------------------------------------------------------- integers


def constant(value: int) -> Term:
    """Return the integer term for a number."""
    return _make("const", "int", (), value, value, value)


def symbol(name: str, type_: str, low: int | None = None, high: int | None = None) -> Term:
    """Return the term for an unknown value.

    type_: an element type such as `u32` or `f64`, or `int`. low, high: inclusive bounds of an
        integer; None takes those of the type. Equal arguments give the same term.
    """
    if type_ in WIDTHS:
        least, most = type_range(type_)
        low = least if low is None else max(low, least)
        high = most if high is None else min(high, most)
    kind = "int" if type_ in WIDTHS else type_
    return _make("symbol", kind, (), (name, low, high), low, high)


Polynomial = dict[tuple[Term, ...], int]
"""Coefficient by monomial; a monomial is sorted by serial."""


def polynomial(term: Term) -> Polynomial:
    """Return an integer term as a polynomial: a dict from each monomial, a tuple of factors, to its
    coefficient. The monomial () stands for the constant part; the dict of zero is empty.
    """
    if term.op == "poly":
        return dict(term.data)
    if term.op == "const":
        return {(): term.data} if term.data else {}
    return {(term,): 1}


def from_polynomial(value: Polynomial) -> Term:
    """Return the integer term for a polynomial: a dict from monomials, tuples of factors sorted by
    `serial`, to coefficients; () is the monomial of the constant part.
    """
    kept = {m: c for m, c in value.items() if c}
    if not kept:
        return constant(0)
    if len(kept) == 1:
        ((monomial, coefficient),) = kept.items()
        if not monomial:
            return constant(coefficient)
        if coefficient == 1 and len(monomial) == 1:
            return monomial[0]
    data = tuple(sorted(kept.items(), key=lambda t: [a.serial for a in t[0]]))
    low, high = _bounds(data)
    args = tuple(dict.fromkeys(a for m, _ in data for a in m))
    return _make("poly", "int", args, data, low, high)


def _bounds(data: tuple[tuple[tuple[Term, ...], int], ...]) -> tuple[int | None, int | None]:
    low: int | None = 0
    high: int | None = 0
    for monomial, coefficient in data:
        least: int | None = coefficient
        most: int | None = coefficient
        for atom in monomial:
            least, most = _times(least, most, atom.low, atom.high)
        low = None if low is None or least is None else low + least
        high = None if high is None or most is None else high + most
    return low, high


def _times(a: int | None, b: int | None, c: int | None, d: int | None) -> tuple[Any, Any]:
    if None in (a, b, c, d):
        return None, None
    products = [a * c, a * d, b * c, b * d]  # type: ignore[operator]
    return min(products), max(products)


def add(*terms: Term) -> Term:
    """Return the sum of integer terms; 0 for none."""
    total: Polynomial = {}
    for term in terms:
        for monomial, coefficient in polynomial(term).items():
            total[monomial] = total.get(monomial, 0) + coefficient
    return from_polynomial(total)


def multiply(left: Term, right: Term) -> Term:
    """Return the product of two integer terms."""
    total: Polynomial = {}
    for (m, c), (k, d) in itertools.product(polynomial(left).items(), polynomial(right).items()):
        key = tuple(sorted(m + k, key=lambda a: a.serial))
        total[key] = total.get(key, 0) + c * d
    return from_polynomial(total)


def negate(term: Term) -> Term:
    """Return an integer term with its sign changed."""
    return from_polynomial({m: -c for m, c in polynomial(term).items()})


def subtract(left: Term, right: Term) -> Term:
    """Return the integer term `left - right`."""
    return add(left, negate(right))


def fits(type_: str, term: Term) -> bool:
    """Return whether the bounds of an integer term alone show that it lies in the range of `type_`,
    such as `i32`.
    """
    least, most = type_range(type_)
    return (
        term.low is not None and term.high is not None and term.low >= least and term.high <= most
    )


def wrap(type_: str, term: Term) -> Term:
    """Return an integer term reduced to the range of `type_`, as two's complement does it.

    Reductions inside the term to at least the same width are dropped, since they do not change the
    result.
    """
    if fits(type_, term):
        return term
    stripped = strip_wraps(term, WIDTHS[type_])
    if fits(type_, stripped):
        return stripped
    if stripped.op == "const":
        least, _ = type_range(type_)
        return constant((stripped.data - least) % (1 << WIDTHS[type_]) + least)
    low, high = type_range(type_)
    return _make("wrap", "int", (stripped,), type_, low, high)


def strip_wraps(term: Term, width: int) -> Term:
    """Return an integer term without inner reductions to a type's range that make no difference
    modulo 2^width.

    width: in bits.
    """
    value = polynomial(term)
    if not any(a.op == "wrap" and WIDTHS[a.data] >= width for m in value for a in m):
        return term
    total = constant(0)
    for monomial, coefficient in value.items():
        product = constant(coefficient)
        for atom in monomial:
            inner = atom.args[0] if atom.op == "wrap" and WIDTHS[atom.data] >= width else atom
            product = multiply(product, inner)
        total = add(total, product)
    return total


def divide(left: Term, right: Term) -> Term:
    """Return the quotient of two integer terms, rounded towards zero as in C. It has no meaning
    where `right` is zero.
    """
    if right.op == "const" and right.data:
        if left.op == "const":
            quotient = abs(left.data) // abs(right.data)
            return constant(quotient if (left.data < 0) == (right.data < 0) else -quotient)
        if right.data == 1:
            return left
    low = high = None
    if left.low is not None and left.high is not None:
        most = max(abs(left.low), abs(left.high))
        low, high = -most, most
        if left.low >= 0 and right.low is not None and right.low >= 0:
            low = 0
    return _make("div", "int", (left, right), None, low, high)


def remainder(left: Term, right: Term) -> Term:
    """Return the remainder of two integer terms, with the sign of `left` as in C. It has no meaning
    where `right` is zero.
    """
    if right.op == "const" and right.data:
        if left.op == "const":
            return subtract(left, multiply(divide(left, right), right))
        if abs(right.data) == 1:
            return constant(0)
    low = high = None
    if left.low is not None and left.high is not None:
        most = max(abs(left.low), abs(left.high))
        low, high = (0 if left.low >= 0 else -most), (0 if left.high <= 0 else most)
    if right.low is not None and right.high is not None:
        most = max(abs(right.low), abs(right.high)) - 1
        low = max(-most, low) if low is not None else -most
        high = min(most, high) if high is not None else most
    return _make("mod", "int", (left, right), None, low, high)


def bitwise(op: str, type_: str, left: Term, right: Term) -> Term:
    """Return `left op right` for integers of a type.

    op: `&`, `|`, `^`, `<<` or `>>`. type_: of the operands and the result, such as `u32`.
    """
    if op not in ("<<", ">>") and left.serial > right.serial:
        left, right = right, left
    if left.op == right.op == "const":
        folded = _fold_bits(op, left.data, right.data)
        if folded is not None:
            return wrap(type_, constant(folded))
    low, high = type_range(type_)
    if op == ">>" and left.low is not None and left.low >= 0:
        low, high = 0, left.high if left.high is not None else high
    if op == "&":
        bounds = [t.high for t in (left, right) if t.low is not None and t.low >= 0]
        if bounds:
            low, high = 0, min([b for b in bounds if b is not None] + [high])
    return _make("bits", "int", (left, right), (op, type_), low, high)


def _fold_bits(op: str, a: int, b: int) -> int | None:
    if op in ("<<", ">>"):
        if not 0 <= b < 64 or a < 0:
            return None
        return a << b if op == "<<" else a >> b
    return {"&": a & b, "|": a | b, "^": a ^ b}[op]


def invert(type_: str, term: Term) -> Term:
    """Return `~term` for an integer of type `type_`, which is `-term - 1` in two's complement."""
    return wrap(type_, subtract(constant(-1), term))


def select(test: Term, then: Term, otherwise: Term) -> Term:
    """Return the term that equals `then` where `test` holds, else `otherwise`. Both must have one
    type.
    """
    if test is TRUE or then is otherwise:
        return then
    if test is FALSE:
        return otherwise
    if then.type == "bool":
        return either(both(test, then), both(deny(test), otherwise))
    if test.op == "not":
        return select(test.args[0], otherwise, then)
    then, otherwise = _under(then, test, True), _under(otherwise, test, False)
    if then is otherwise:
        return then
    low = high = None
    if then.type == "int":
        ends = (then.low, otherwise.low, then.high, otherwise.high)
        low = None if None in ends[:2] else min(ends[:2])  # type: ignore[type-var]
        high = None if None in ends[2:] else max(ends[2:])  # type: ignore[type-var]
    return _make("select", then.type, (test, then, otherwise), None, low, high)


def _under(term: Term, test: Term, holds: bool) -> Term:
    while term.op == "select" and term.args[0] is test:
        term = term.args[1 if holds else 2]
    return term


# --------------------------------------------------------------------------------- truth values

TRUE = _make("true", "bool")
FALSE = _make("false", "bool")


def truth(value: bool) -> Term:
    """Return the boolean term TRUE or FALSE."""
    return TRUE if value else FALSE


def at_least_zero(term: Term) -> Term:
    """Return the boolean term `term >= 0` for an integer term."""
    if term.low is not None and term.low >= 0:
        return TRUE
    if term.high is not None and term.high < 0:
        return FALSE
    return _make("ge0", "bool", (term,))


def is_zero(term: Term) -> Term:
    """Return the boolean term `term == 0` for an integer or boolean term."""
    if term.op == "const":
        return truth(term.data == 0)
    if term.low is not None and term.high is not None and (term.low > 0 or term.high < 0):
        return FALSE
    if term.op == "select" and term.args[1].op == term.args[2].op == "const":
        return select(term.args[0], is_zero(term.args[1]), is_zero(term.args[2]))
    value = polynomial(term)
    if min(value.items(), key=lambda t: [a.serial for a in t[0]])[1] < 0:
        term = negate(term)
    return _make("eq0", "bool", (term,))


def less(left: Term, right: Term) -> Term:
    """Return the boolean term `left < right` for integer terms."""
    return at_least_zero(subtract(subtract(right, left), constant(1)))


def at_most(left: Term, right: Term) -> Term:
    """Return the boolean term `left <= right` for integer terms."""
    return at_least_zero(subtract(right, left))


def equal(left: Term, right: Term) -> Term:
    """Return the boolean term `left == right` for integer terms."""
    return is_zero(subtract(left, right))


def deny(term: Term) -> Term:
    """Return the boolean term that holds where `term` does not."""
    if term is TRUE or term is FALSE:
        return truth(term is FALSE)
    if term.op == "not":
        return term.args[0]
    if term.op == "ge0":
        return at_least_zero(subtract(constant(-1), term.args[0]))
    if term.op == "and":
        return either(*(deny(t) for t in term.args))
    if term.op == "or":
        return both(*(deny(t) for t in term.args))
    return _make("not", "bool", (term,))


def both(*terms: Term) -> Term:
    """Return the boolean term that holds where all `terms` do; TRUE for none."""
    parts = dict.fromkeys(p for t in terms for p in conjuncts(t))
    parts.pop(TRUE, None)
    if FALSE in parts or any(deny(p) in parts for p in parts):
        return FALSE
    for part in list(parts):  # `a or b` where a holds falls away; where a does not, b remains
        if part.op == "or":
            if any(p in parts for p in part.args):
                del parts[part]
                continue
            left = [p for p in part.args if deny(p) not in parts]
            if len(left) < len(part.args):
                del parts[part]
                return both(*parts, either(*left))
    if len(parts) < 2:
        return next(iter(parts), TRUE)
    return _make("and", "bool", tuple(sorted(parts, key=lambda t: t.serial)))


def either(*terms: Term) -> Term:
    """Return the boolean term that holds where at least one of `terms` does; FALSE for none."""
    parts = dict.fromkeys(p for t in terms for p in (t.args if t.op == "or" else (t,)))
    parts.pop(FALSE, None)
    if TRUE in parts or any(deny(p) in parts for p in parts):
        return TRUE
    if len(parts) < 2:
        return next(iter(parts), FALSE)
    common = set.intersection(*(set(conjuncts(p)) for p in parts))
    if common:  # (c and a) or (c and b) is c and (a or b)
        rest = [both(*(q for q in conjuncts(p) if q not in common)) for p in parts]
        return both(*common, either(*rest))
    return _make("or", "bool", tuple(sorted(parts, key=lambda t: t.serial)))


def conjuncts(term: Term) -> tuple[Term, ...]:
    """Return the parts of a boolean term that are joined by `and`; the term alone if no `and` joins
    it.
    """
    return term.args if term.op == "and" else (term,)


# ------------------------------------------------------------------------------- floating point


def float_constant(type_: str, value: float) -> Term:
    """Return the term for a floating-point number. type_: `f32` or `f64`. value: a number that this
    type can hold exactly.
    """
    return _make("fconst", type_, (), float(value).hex())


def float_operation(op: str, type_: str, *args: Term) -> Term:
    """Return the term for an operation on floating-point terms.

    op: such as `f+`, `fneg`, a comparison (with type_ `bool`), a conversion or a function. Only the
        operands of `+`, `*` and `==` may change places; nothing else is rearranged.
    """
    if op in ("f+", "f*", "f==") and args[0].serial > args[1].serial:
        args = (args[1], args[0])
    if op == "fneg" and args[0].op == "fconst":
        return float_constant(type_, -float.fromhex(args[0].data))
    if op == "fneg" and args[0].op == "fneg":
        return args[0].args[0]
    low, high = type_range(type_[1:]) if op == "ftoi" else (None, None)
    return _make(op, "int" if op == "ftoi" else type_, args, type_, low, high)


def opaque(op: str, type_: str, args: tuple[Term, ...], data: Any = None) -> Term:
    """Return a term for an operation of which only one thing is known: equal arguments give equal
    values.

    op, data: identify the operation; data may be any hashable value. type_: of the result.
    """
    low, high = type_range(type_) if type_ in WIDTHS else (None, None)
    return _make(op, "int" if low is not None else type_, args, (type_, data), low, high)


# -------------------------------------------------------------------------------------- memory


def memory(array: str, mark: str = "") -> Term:
    """Return the term for the unknown content of an array. mark: '' for its content before the run;
    another text stands for another point of the run.
    """
    return _make("memory", "mem", (), (array, mark))


def store(content: Term, test: Term, index: tuple[Term, ...], value: Term, op: str = "=") -> Term:
    """Return an array's content after `array[index] = value` where `test` holds.

    content: before. index: indices, outermost first. op: `=`, or the operation of an update that
        may be done in any order, such as `+` or `max`, with the operand `value`.
    """
    if test is FALSE:
        return content
    if op == "=" and content.op == "store" and content.data == ("=", len(index)):
        before, old_test, old_value, *old_index = content.args
        if tuple(old_index) == index:
            value = select(test, value, old_value) if old_test is not FALSE else value
            return store(before, either(test, old_test), index, value)
    return _make("store", "mem", (content, test, value, *index), (op, len(index)))


def load(content: Term, index: tuple[Term, ...], type_: str, path: Term) -> Term:
    """Return the term for the element at `index` of an array with this content, read where the
    condition `path` holds.

    index: indices, outermost first. type_: the element type. Earlier stores to other elements are
        skipped.
    """
    while content.op == "store":
        before, test, value, *at = content.args
        holds = set(conjuncts(path))
        apart = any(deny(t) in holds for t in conjuncts(test)) or any(
            (d := subtract(a, b)).op == "const" and d.data != 0
            for a, b in zip(at, index, strict=True)
        )
        if apart:
            content = before
            continue
        if (
            content.data[0] == "="
            and tuple(at) == index
            and set(conjuncts(test)) <= (holds | {TRUE})
        ):
            return value
        break
    return _load(content, index, type_)


def _load(content: Term, index: tuple[Term, ...], type_: str) -> Term:
    low, high = type_range(type_) if type_ in WIDTHS else (None, None)
    kind = "int" if low is not None else type_
    return _make("load", kind, (content, *index), type_, low, high)


def loop_value(test: Term, slots: list[tuple[Term, Term, Term]], wanted: Term) -> Term:
    """Return the term for what a variable holds after a loop.

    test: the loop's condition. slots: for each variable that the loop changes (symbol at the head
        of a pass, first value, value at the end of a pass). wanted: the head symbol of the variable
        whose value is returned. Variables on which that value does not depend are left out.
    """
    by_head = {head: (first, later) for head, first, later in slots}
    needed: dict[Term, None] = {}
    queue = [wanted, *(a for a in atoms(test) if a in by_head)]
    while queue:
        head = queue.pop()
        if head in needed:
            continue
        needed[head] = None
        queue += [a for a in atoms(by_head[head][1]) if a in by_head]
    heads = sorted(needed, key=lambda t: t.serial)
    parts = tuple(p for h in heads for p in (h, *by_head[h]))
    type_ = wanted.type
    low, high = wanted.low, wanted.high
    return _make("out", type_, (test, *parts), heads.index(wanted), low, high)


# ----------------------------------------------------------------------- walking and rebuilding


def walk(term: Term) -> Iterator[Term]:
    """Yield `term` and every term inside it, each once, `term` first."""
    seen = {term}
    stack = [term]
    while stack:
        top = stack.pop()
        yield top
        for arg in top.args:
            if arg not in seen:
                seen.add(arg)
                stack.append(arg)


def atoms(term: Term) -> Iterator[Term]:
    """Yield the symbols and initial array contents that `term` depends on, each once, as terms."""
    return (t for t in walk(term) if t.op in ("symbol", "memory"))


class Rewriter:
    """Rebuilds terms with some parts replaced, and simplifies the result. Call it with a term; it
    returns the rebuilt one.

    change: from a term to the term that takes its place. decide: called with each rebuilt boolean
        or integer term, returns one that takes its place; None leaves them as they are.
    """

    def __init__(
        self, change: Mapping[Term, Term], decide: Callable[[Term], Term] | None = None
    ) -> None:
        self.done: dict[Term, Term] = dict(change)
        self.decide = decide

    def __call__(self, term: Term) -> Term:
        known = self.done.get(term)
        if known is None:
            known = self._rebuilt(term)
            if self.decide is not None and known.type in ("bool", "int"):
                known = self.decide(known)
            self.done[term] = known
        return known

    def _rebuilt(self, term: Term) -> Term:
        if not term.args:
            return term
        if term.op == "poly":
            total = constant(0)
            for monomial, coefficient in term.data:
                product = constant(coefficient)
                for atom in monomial:
                    product = multiply(product, self(atom))
                total = add(total, product)
            return total
        args = tuple(self(a) for a in term.args)
        if args == term.args:
            return term
        return rebuild(term, args)


def rebuild(term: Term, args: tuple[Term, ...]) -> Term:
    """Return the operation of `term`, any but `poly`, applied to the operands `args`, simplified.
    Raises AssertionError for a `poly` and for a term without operands.
    """
    op, data = term.op, term.data
    if op in _SIMPLE:
        return _SIMPLE[op](*args)
    if op == "wrap":
        return wrap(data, args[0])
    if op == "bits":
        return bitwise(data[0], data[1], *args)
    if op == "store":
        return store(args[0], args[1], args[3:], args[2], data[0])
    if op == "load":
        return load(args[0], args[1:], data, TRUE)
    if op == "out":
        slots = [(args[k], args[k + 1], args[k + 2]) for k in range(1, len(args), 3)]
        return loop_value(args[0], slots, args[1 + 3 * data])
    if op.startswith("f") and op != "fconst":
        return float_operation(op, data, *args)
    if op.startswith("op:"):
        return opaque(op, data[0], args, data[1])
    raise AssertionError(op)


_SIMPLE: dict[str, Callable[..., Term]] = {
    "div": divide,
    "mod": remainder,
    "select": select,
    "ge0": at_least_zero,
    "eq0": is_zero,
    "not": deny,
    "and": both,
    "or": either,
}


def show(term: Term) -> str:
    """Return a term as C-like text, for reasons and preconditions."""
    op, args = term.op, term.args
    if op == "symbol":
        return str(term.data[0])
    if op == "memory":
        return str(term.data[0])
    if op in ("const", "fconst"):
        return str(term.data)
    if op == "poly":
        parts = []
        for monomial, coefficient in term.data:
            factors = [show(a) for a in monomial]
            if coefficient != 1 or not factors:
                factors.insert(0, str(coefficient))
            parts.append("*".join(factors))
        return "(" + " + ".join(parts) + ")"
    if op == "load":
        return f"{show(args[0])}[{', '.join(map(show, args[1:]))}]"
    if op in ("div", "mod"):
        return f"({show(args[0])} {'/' if op == 'div' else '%'} {show(args[1])})"
    if op == "wrap":
        return f"{term.data}({show(args[0])})"
    return f"{op}({', '.join(map(show, args))})"
