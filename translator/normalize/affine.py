"""Whole-number expressions as sums, so that subscripts counted from one come out as C writes them:
`i + 1 - 1` is `i`.

Contract: a sum's text means in C what its parts mean; factors are texts that hold together under
`*`.

    python -c "from translator.normalize.affine import AffineSum; \\
        print((AffineSum.of('i') + AffineSum(constant=1) - AffineSum.of('n')).text)"
"""

from __future__ import annotations

from dataclasses import dataclass

from corpora.frontends.c_family import parse_c_expression
from corpora.ir import AssignExpression, Binary, Comma, Conditional, UnsupportedExpression


@dataclass(frozen=True, slots=True)
class AffineSum:
    """A sum of integers as C text. terms: (factor as C text, coefficient) in order of first use,
    without coefficients of 0. constant: the number added.
    """

    terms: tuple[tuple[str, int], ...] = ()
    constant: int = 0

    @classmethod
    def of(cls, factor: str) -> AffineSum:
        """Return the sum of one factor. factor: C text that needs no brackets as an operand of
        `*`.
        """
        return cls(((factor, 1),))

    def __add__(self, other: AffineSum) -> AffineSum:
        found = dict(self.terms)
        for factor, coefficient in other.terms:
            found[factor] = found.get(factor, 0) + coefficient
        return AffineSum(
            tuple((f, c) for f, c in found.items() if c), self.constant + other.constant
        )

    def __sub__(self, other: AffineSum) -> AffineSum:
        return self + other.scaled(-1)

    def scaled(self, times: int) -> AffineSum:
        """Return the sum multiplied by the number `times`."""
        return AffineSum(
            tuple((f, c * times) for f, c in self.terms if times), self.constant * times
        )

    def times(self, other: AffineSum) -> AffineSum:
        """Return the product of two sums. If neither is a number, the product is one factor."""
        if not self.terms or not other.terms:
            many, one = (self, other) if self.terms else (other, self)
            return many.scaled(one.constant)
        return AffineSum.of(f"{self.factor} * {other.factor}")

    @property
    def is_simple(self) -> bool:
        """Return whether the sum is a number, or one factor with coefficient 1."""
        return not self.terms or (
            len(self.terms) == 1 and not self.constant and self.terms[0][1] == 1
        )

    @property
    def factor(self) -> str:
        """Return the sum's C text, in brackets where it needs them as an operand of `*`."""
        if not self.terms:
            return str(self.constant) if self.constant >= 0 else f"({self.constant})"
        loose = not self.is_simple or _is_loose(self.terms[0][0])
        return f"({self.text})" if loose else self.text

    @property
    def text(self) -> str:
        """Return the sum as C text. Positive parts come before negative ones."""
        parts = [(c > 0, _format_product(f, abs(c))) for f, c in self.terms]
        if self.constant:
            parts.append((self.constant > 0, str(abs(self.constant))))
        parts.sort(key=lambda part: not part[0])
        if not parts:
            return "0"
        (first, head), *rest = parts
        return (
            ("" if first else "-")
            + head
            + "".join(f" {'+' if plus else '-'} {text}" for plus, text in rest)
        )


def _format_product(factor: str, times: int) -> str:
    if times == 1:
        return factor
    return f"{times} * ({factor})" if _is_loose(factor) else f"{times} * {factor}"


def _is_loose(factor: str) -> bool:
    """Whether a factor needs brackets beside `*`."""
    node = parse_c_expression(factor)
    if isinstance(node, Binary):
        return node.op != "*" or _holds_quotient(node)
    return isinstance(node, (Conditional, AssignExpression, Comma, UnsupportedExpression))


def _holds_quotient(product: Binary) -> bool:
    """Whether a quotient may stand among the factors of a product without brackets."""
    sides = [side for side in (product.left, product.right) if isinstance(side, Binary)]
    return any(s.op in ("/", "%") or (s.op == "*" and _holds_quotient(s)) for s in sides)
