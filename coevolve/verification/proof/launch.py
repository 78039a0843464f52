"""Indices of CUDA's threads: which numbers tell the threads of a launch apart.

Every part of an index (`threadIdx.x`, `blockIdx.y`) is a digit whose radix is `blockDim.x` or
`gridDim.y`. A sum in which each digit has the product of the radices below as its weight is a
number in a mixed radix: it takes every value from 0 to the product of all radices less 1, once.
`blockIdx.x * blockDim.x + threadIdx.x` is the usual one. Such sums become one symbol, an index of
threads, and are digits again of larger ones.

    python -c "from coevolve.verification.proof.launch import Launch; \
        print(Launch().index('threadIdx', 'x'))"
"""

from __future__ import annotations

from dataclasses import dataclass

from coevolve.verification.proof import terms as t
from coevolve.verification.proof.terms import Polynomial, Term

MOST_THREADS = (1 << 31) - (1 << 16)
"""Threads of one launch, a stated precondition of every proof: `int` holds an index and a bit."""
_RADIX = {"threadIdx": "blockDim", "blockIdx": "gridDim"}
_MOST = {
    ("blockDim", "x"): 1024, ("blockDim", "y"): 1024, ("blockDim", "z"): 64,
    ("gridDim", "x"): (1 << 31) - 1, ("gridDim", "y"): 65535, ("gridDim", "z"): 65535,
}  # fmt: skip


@dataclass(frozen=True)
class Index:
    """A symbol whose values tell the threads of a CUDA launch apart.

    symbol: its term. radix: how many values it takes, which are 0, 1, 2 and so on; None if a loop
        increases it without a bound. digits: the CUDA indices that it is made of, such as
        `threadIdx.x` and `blockIdx.x`.
    """

    symbol: Term
    radix: Term | None
    digits: frozenset[str]


class Launch:
    """The thread indices of one kernel, as symbols.

    indices: known Index by symbol. sizes: the symbols of block and grid extents. fixed: block
        extents that the kernel's text takes for granted, such as `blockDim.x` -> 256.
    """

    def __init__(self) -> None:
        self.indices: dict[Term, Index] = {}
        self.sizes: set[Term] = set()
        self.fixed: dict[str, int] = {}
        for base, radix in _RADIX.items():
            for axis in "xyz":
                self._digit(base, radix, axis)

    def _digit(self, base: str, radix: str, axis: str) -> None:
        most = _MOST[(radix, axis)]
        size = t.symbol(f"{radix}.{axis}", "u32", 1, most)
        self.sizes.add(size)
        digit = t.symbol(f"{base}.{axis}", "u32", 0, most - 1)
        self.indices[digit] = Index(digit, size, frozenset({f"{base}.{axis}"}))

    def index(self, base: str, axis: str) -> Term | None:
        """Return the symbol for a CUDA variable, such as base `threadIdx` with axis `x`; for the
        base `warpSize` the constant term 32.

        Returns None if CUDA has no such variable.
        """
        if base in _RADIX and axis in ("x", "y", "z"):
            return t.symbol(f"{base}.{axis}", "u32", 0, _MOST[(_RADIX[base], axis)] - 1)
        if (base, axis) in _MOST:
            return t.symbol(f"{base}.{axis}", "u32", 1, _MOST[(base, axis)])
        return t.constant(32) if base == "warpSize" else None

    def is_bounded(self, term: Term) -> bool:
        """Return whether `term` is a grid or block extent, or a product of different ones.

        Such a term is at most the number of threads, MOST_THREADS (just below 2^31), so that it
        does not overflow 32 bits.
        """
        if term.op != "poly" or len(term.data) != 1:
            return False
        monomial, coefficient = term.data[0]
        return (
            coefficient == 1 and set(monomial) <= self.sizes and len(set(monomial)) == len(monomial)
        )

    def recognise(self, term: Term) -> Term:
        """Return `term` with sums that number threads replaced by one symbol each.

        `blockIdx.x * blockDim.x + threadIdx.x` is such a sum. The symbols are added to `indices`.
        """
        value = t.polynomial(term)
        if len(value) < 2 or not any(a in self.indices for m in value for a in m):
            return term
        for axis in "xyz":
            value = self._pair(value, axis)
        term = t.from_polynomial(value)
        return self._number(term) or term

    def _pair(self, value: Polynomial, axis: str) -> Polynomial:
        """`(blockIdx * blockDim + threadIdx) * rest`, also inside a longer sum."""
        block, size = self.index("blockIdx", axis), self.index("blockDim", axis)
        thread = self.index("threadIdx", axis)
        assert block is not None and size is not None and thread is not None
        for monomial, coefficient in list(value.items()):
            if monomial.count(thread) != 1 or {block, size} & set(monomial):
                continue
            rest = tuple(a for a in monomial if a is not thread)
            wide = tuple(sorted((*rest, block, size), key=lambda a: a.serial))
            if value.get(wide) == coefficient:
                place = self._make(size, (block, thread), self._product(size, block))
            else:
                narrow = tuple(sorted((*rest, block), key=lambda a: a.serial))
                weight = value.get(narrow, 0)
                if weight % coefficient or not 1 < weight // coefficient <= 1024 or rest:
                    continue
                wide, known = narrow, weight // coefficient
                if self.fixed.setdefault(f"blockDim.{axis}", known) != known:
                    continue
                place = self._make(size, (block, thread), self._product(size, block))
            left = {m: c for m, c in value.items() if m not in (monomial, wide)}
            joined = tuple(sorted((*rest, place), key=lambda a: a.serial))
            value = left | {joined: left.get(joined, 0) + coefficient}
        return value

    def _product(self, size: Term, *digits: Term) -> Term:
        for digit in digits:
            radix = self.indices[digit].radix
            assert radix is not None
            size = t.multiply(size, radix)
        return size

    def _make(self, size: Term, digits: tuple[Term, ...], radix: Term) -> Term:
        parts = frozenset().union(*(self.indices[d].digits for d in digits))
        name = (
            "index(" + ", ".join(d.data[0] for d in digits) + ")"
        )  # the order tells numbers apart
        symbol = t.symbol(name, "u32", 0, MOST_THREADS - 1)
        self.indices.setdefault(symbol, Index(symbol, radix, parts))
        return symbol

    def _number(self, term: Term) -> Term | None:
        """The symbol for a sum that is one number of a mixed radix, or None."""
        weights: dict[Term, Polynomial] = {}
        for monomial, coefficient in t.polynomial(term).items():
            digits = [a for a in monomial if a in self.indices]
            if len(digits) != 1:
                return None
            rest = tuple(a for a in monomial if a is not digits[0])
            weights.setdefault(digits[0], {})[rest] = coefficient
        weight, size = t.constant(1), t.constant(1)
        used: list[Term] = []
        while weights:
            digit = next((d for d, w in weights.items() if t.from_polynomial(w) is weight), None)
            radix = self.indices[digit].radix if digit is not None else None
            if digit is None or radix is None:
                return None
            del weights[digit]
            used.append(digit)
            weight = size = t.multiply(size, radix)
        parts = [p for d in used for p in self.indices[d].digits]
        if len(used) < 2 or len(set(parts)) < len(parts):
            return None
        return self._make(size, tuple(used), size)

    def stride(self, first: Term, step: Term) -> Term | None:
        """Return the thread index in a loop counter's first value whose number of values is `step`;
        None if there is none.

        first, step: the counter's first value, and what each pass adds. Such a loop is a
            grid-stride loop.
        """
        for monomial, coefficient in t.polynomial(first).items():
            if len(monomial) == 1 and coefficient == 1 and monomial[0] in self.indices:
                radix = self.indices[monomial[0]].radix
                if radix is not None and step is radix:
                    return monomial[0]
        return None

    def unbounded(self, index: Term, name: str, type_: str) -> Term:
        """Return a new symbol for the counter of a grid-stride loop, a loop that starts at a thread
        index and steps by the number of threads. The symbol is added to `indices` with no radix,
        since over all threads and passes the counter has each value 0, 1, 2 and so on exactly once.

        index: the symbol of the thread index that the loop starts from; it must be in `indices`.
            name, type_: the counter's name and its type, such as `i32`.
        """
        symbol = t.symbol(name, type_, 0, MOST_THREADS - 1 if t.WIDTHS[type_] == 32 else None)
        self.indices[symbol] = Index(symbol, None, self.indices[index].digits)
        return symbol

    def threads(self, index: Term) -> Term:
        """Return how many values `index`, a bounded thread index, takes. Raises KeyError for
        another term.
        """
        radix = self.indices[index].radix
        assert radix is not None
        return radix
