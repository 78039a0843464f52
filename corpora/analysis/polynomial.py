"""Polynomials with integer coefficients over symbols: the values of integer expressions.

A `Symbol` is a value that is fixed once the iterations of the loops `loops` are fixed. It is the
value of a variable at some point, or the result of an operation that is no polynomial (`n / 2`,
`min(n, m)`, `row[i]`), then with its `operator` and `arguments`.

Contract: integer arithmetic does not wrap around. Signed overflow is undefined in C and
forbidden in Fortran; unsigned values that wrap are outside every array.

    python -c "from corpora.analysis.polynomial import *; i = variable('i'); n = variable('n'); \
        print((i * n + 1) * 2 - n)"
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class Symbol:
    """One unknown integer. It is identified by `name`.

    loops: ids of the loops in which it varies. operator: '' for a variable, else an operation such
        as `/`, `min` or `load` on `arguments`. array: for a `load`, the key of the array that is
        read; else ''.
    """

    name: str
    loops: frozenset[int] = frozenset()
    operator: str = field(default="", compare=False)
    arguments: tuple[Polynomial, ...] = field(default=(), compare=False)
    array: str = field(default="", compare=False)

    @cached_property
    def variables(self) -> frozenset[Symbol]:
        """Return the symbols without an operator that this symbol is computed from; itself alone if
        it has no operator.
        """
        if not self.operator:
            return frozenset({self})
        return frozenset(v for a in self.arguments for v in a.variables())


Monomial = tuple[Symbol, ...]
"""A product of symbols, sorted by name; () is 1."""


def _name(symbol: Symbol) -> str:
    return symbol.name


@dataclass(frozen=True)
class Polynomial:
    """A polynomial with integer coefficients. terms: (monomial, coefficient), sorted, where a
    monomial is a tuple of symbols and no coefficient is 0. () is zero.
    """

    terms: tuple[tuple[Monomial, int], ...] = ()

    def __add__(self, other: Polynomial | int) -> Polynomial:
        other = _polynomial(other)
        if not other.terms:
            return self
        return _collect([*self.terms, *other.terms])

    def __neg__(self) -> Polynomial:
        return Polynomial(tuple((m, -c) for m, c in self.terms))

    def __sub__(self, other: Polynomial | int) -> Polynomial:
        return self + (-_polynomial(other))

    def __mul__(self, other: Polynomial | int) -> Polynomial:
        other = _polynomial(other)
        return _collect(
            (tuple(sorted(m + k, key=_name)), c * d) for m, c in self.terms for k, d in other.terms
        )

    @property
    def constant(self) -> int:
        """Return the coefficient of the term without symbols; 0 if there is none."""
        return next((c for m, c in self.terms if not m), 0)

    def as_integer(self) -> int | None:
        """Return the polynomial's value if no symbol occurs in it, else None."""
        return self.constant if all(not m for m, _ in self.terms) else None

    def as_symbol(self) -> Symbol | None:
        """Return the symbol if the polynomial is one symbol alone, else None."""
        if len(self.terms) == 1 and self.terms[0][1] == 1 and len(self.terms[0][0]) == 1:
            return self.terms[0][0][0]
        return None

    def symbols(self) -> set[Symbol]:
        """Return every symbol that occurs in a term of the polynomial. Symbols inside operations
        are not among them.
        """
        return {s for m, _ in self.terms for s in m}

    def variables(self) -> set[Symbol]:
        """Return every symbol without an operator that occurs in the polynomial, also inside
        operations.
        """
        return {v for s in self.symbols() for v in s.variables}

    def operations(self) -> Iterator[Symbol]:
        """Yield every symbol with an operator, such as `n/2`, that occurs in the polynomial, also
        inside operations. One may come twice.
        """
        for symbol in self.symbols():
            if symbol.operator:
                yield symbol
                for argument in symbol.arguments:
                    yield from argument.operations()

    def loops(self) -> frozenset[int]:
        """Return the ids of the loops in which the polynomial's value may change."""
        return frozenset().union(*(s.loops for s in self.symbols()))

    def varies_in(self, loop: int) -> bool:
        """Return whether the polynomial's value may change in the loop with this id."""
        return any(loop in s.loops for m, _ in self.terms for s in m)

    def substitute(self, change: Callable[[Symbol], Polynomial]) -> Polynomial:
        """Return the polynomial with each symbol `s` of its terms replaced by `change(s)`."""
        total = Polynomial()
        for monomial, coefficient in self.terms:
            product = integer(coefficient)
            for symbol in monomial:
                product = product * change(symbol)
            total = total + product
        return total

    def replace(self, values: Mapping[Symbol, Polynomial]) -> Polynomial:
        """Return the polynomial with the symbols that are keys of `values` replaced, also inside
        operations.
        """
        if not (self.variables() | self.symbols()) & values.keys():
            return self
        return self.substitute(lambda s: replace_symbol(s, values))

    def coefficient_of(self, symbol: Symbol) -> Polynomial | None:
        """Return the factor of `symbol`, as the polynomial `n` for `i` in `n*i + 1`; zero if it
        does not occur, None if it occurs squared or inside an operation.
        """
        factor: list[tuple[Monomial, int]] = []
        for monomial, coefficient in self.terms:
            count = monomial.count(symbol)
            if count > 1 or any(symbol in s.variables for s in monomial if s != symbol):
                return None
            if count == 1:
                factor.append((tuple(s for s in monomial if s != symbol), coefficient))
        return _collect(factor)

    def evaluate(self, values: Callable[[Symbol], int]) -> int:
        """Return the polynomial's value. values(symbol): the value of a symbol of its terms; a
        symbol that stands for an operation, such as `n/2`, is asked for as a whole.
        """
        total = 0
        for monomial, coefficient in self.terms:
            for symbol in monomial:
                coefficient *= values(symbol)
            total += coefficient
        return total

    def __str__(self) -> str:
        if not self.terms:
            return "0"
        parts = []
        ordered = sorted(self.terms, key=lambda t: (not t[0], t[1] < 0))
        for monomial, coefficient in ordered:
            sign = "-" if coefficient < 0 else "+"
            factors = [s.name for s in monomial]
            if abs(coefficient) != 1 or not factors:
                factors.insert(0, str(abs(coefficient)))
            parts.append((sign, "*".join(factors)))
        head = ("-" if parts[0][0] == "-" else "") + parts[0][1]
        return head + "".join(f" {sign} {text}" for sign, text in parts[1:])


def replace_symbol(symbol: Symbol, values: Mapping[Symbol, Polynomial]) -> Polynomial:
    """Return the value of `symbol` after the symbols in `values` are replaced by their polynomials,
    also inside the arguments of its operation.
    """
    if symbol in values:
        return values[symbol]
    if not symbol.operator or not symbol.variables & values.keys():
        return of_symbol(symbol)
    arguments = tuple(a.replace(values) for a in symbol.arguments)
    if arguments == symbol.arguments:
        return of_symbol(symbol)
    return operation(symbol.operator, arguments, symbol.array, symbol.loops)


def _collect(terms: Iterable[tuple[Monomial, int]]) -> Polynomial:
    sums: dict[Monomial, int] = {}
    for monomial, coefficient in terms:
        sums[monomial] = sums.get(monomial, 0) + coefficient
    kept = [(m, c) for m, c in sums.items() if c]
    return Polynomial(tuple(sorted(kept, key=lambda t: (-len(t[0]), [s.name for s in t[0]]))))


def integer(value: int) -> Polynomial:
    """Return an integer as a polynomial."""
    return Polynomial((((), value),)) if value else Polynomial()


def _polynomial(value: Polynomial | int) -> Polynomial:
    return integer(value) if isinstance(value, int) else value


def of_symbol(symbol: Symbol) -> Polynomial:
    """Return a symbol as a polynomial."""
    return Polynomial((((symbol,), 1),))


def variable(name: str, loops: Iterable[int] = ()) -> Polynomial:
    """Return the value of the variable `name` as a polynomial. loops: ids of the loops in which it
    varies.
    """
    return of_symbol(Symbol(name, frozenset(loops)))


def operation(
    operator: str,
    arguments: tuple[Polynomial, ...],
    array: str = "",
    loops: frozenset[int] = frozenset(),
) -> Polynomial:
    """Return `operator` applied to the values `arguments`: a polynomial where it can be computed,
    else a new symbol that stands for the operation.

    operator: such as `/`, `%`, `<<`, `min`, `max` or `load`; `/` and `%` truncate as in C. array:
        for a `load`, the key of the array that is read; else ''. loops: ids of loops in which it
        varies besides those of its arguments.
    """
    folded = _fold(operator, arguments)
    if folded is not None:
        return folded
    if operator in ("min", "max"):
        arguments = tuple(sorted(dict.fromkeys(arguments), key=str))
    shown = ", ".join(map(str, arguments))
    if operator == "load":
        name = f"{array}[{shown}]"
    elif len(arguments) == 2 and not operator.isalnum():
        name = f"({arguments[0]}){operator}({arguments[1]})"
    else:
        name = f"{operator}({shown})"
    varying = loops.union(*(a.loops() for a in arguments))
    return of_symbol(Symbol(name, varying, operator, arguments, array))


def _fold(operator: str, arguments: tuple[Polynomial, ...]) -> Polynomial | None:
    numbers = [a.as_integer() for a in arguments]
    if operator in ("min", "max") and len(set(arguments)) == 1:
        return arguments[0]
    if operator in ("min", "max") and len(arguments) == 2:
        difference = (arguments[0] - arguments[1]).as_integer()
        if difference is not None:
            return arguments[0] if (difference < 0) == (operator == "min") else arguments[1]
    if operator in ("/", "%") and len(arguments) == 2:
        return _fold_division(operator, arguments[0], numbers[0], numbers[1])
    if operator in ("&", "|", "^") and None not in numbers and min(numbers) >= 0:  # type: ignore
        a, b = numbers  # type: ignore[misc]
        return integer({"&": a & b, "|": a | b, "^": a ^ b}[operator])  # type: ignore[operator]
    return None


def _fold_division(
    operator: str, dividend: Polynomial, number: int | None, divisor: int | None
) -> Polynomial | None:
    if not divisor:
        return None
    if number is not None:
        quotient = abs(number) // abs(divisor) * (1 if (number < 0) == (divisor < 0) else -1)
        return integer(quotient if operator == "/" else number - quotient * divisor)
    if all(c % divisor == 0 for _, c in dividend.terms):
        exact = Polynomial(tuple((m, c // divisor) for m, c in dividend.terms))
        return exact if operator == "/" else Polynomial()
    return None


def recombine(value: Polynomial) -> Polynomial:
    """Return `value` with `(x / m) * m + x % m` replaced by `x`, wherever both parts have the same
    factor; else unchanged.
    """
    for symbol in [s for m, _ in value.terms for s in m if s.operator == "%"]:
        if not any(symbol in m for m, _ in value.terms):
            continue
        dividend, divisor = symbol.arguments
        quotient = operation("/", (dividend, divisor))
        factor = value.coefficient_of(symbol)
        if factor is None:
            continue
        product = quotient * divisor * factor
        present = dict(value.terms)
        if product.terms and all(present.get(m) == c for m, c in product.terms):
            value = value - product - of_symbol(symbol) * factor + dividend * factor
    return value
