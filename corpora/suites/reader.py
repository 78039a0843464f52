"""Tokens, numbers and integer expressions of the test text form (the grammar's lower half; see
corpora.suites.unit_tests).

Contract: every error is a SuiteError that begins with `line:column`, both counted from 1.
Expressions are read into closures, because a scalar may be used before it is assigned.

    python -c "from corpora.suites.reader import SuiteReader; \\
        print(SuiteReader('2*(n+1)').expression()({'n': 3}))"
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

_CONSTANTS = {
    "INT_MIN": -(1 << 31),
    "INT_MAX": (1 << 31) - 1,
    "UINT_MAX": (1 << 32) - 1,
    "LONG_MIN": -(1 << 63),
    "LONG_MAX": (1 << 63) - 1,
    "ULONG_MAX": (1 << 64) - 1,
    "SHRT_MIN": -(1 << 15),
    "SHRT_MAX": (1 << 15) - 1,
    "CHAR_MIN": -128,
    "CHAR_MAX": 127,
    "UCHAR_MAX": 255,
    "USHRT_MAX": 65535,
    "true": 1,
    "false": 0,
}
_FLOAT_WORDS = {"nan": math.nan, "inf": math.inf, "infinity": math.inf}
_PATTERN = re.compile(
    r"(?P<space>[ \t\r\f\v]+|#[^\n]*)|(?P<end>\n|;)"
    r"|(?P<float>0[xX][0-9a-fA-F]*\.?[0-9a-fA-F]*[pP][+-]?\d+|(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)"
    r"|(?P<int>0[xX][0-9a-fA-F]+|\d+)|(?P<name>[A-Za-z_]\w*)|(?P<mark>[-+*/%()\[\]{}=:,@])"
)


class SuiteError(ValueError):
    """The text is no suite of tests. line, column: where, from 1; the message begins with them."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(f"{line}:{column}: {message}")
        self.line, self.column = line, column


@dataclass(frozen=True, slots=True)
class SuiteToken:
    """A token of a suite's text.

    kind: `name`, `int`, `float`, `mark` (such as `=` or `(`), `end` (of a test: a newline or `;`)
        or `stop` (of the text). text: as written; '' for `stop`. line, column: from 1.
    """

    kind: str
    text: str
    line: int
    column: int

    def error(self, message: str) -> SuiteError:
        """Return, and do not raise, a SuiteError with `message` and the place of this token."""
        return SuiteError(self.line, self.column, message)


Expression = Callable[[dict[str, object]], int]


def _tokens(text: str) -> list[SuiteToken]:
    found, position, line, start = [], 0, 1, 0
    while position < len(text):
        match = _PATTERN.match(text, position)
        column = position - start + 1
        if match is None:
            raise SuiteError(line, column, f"unexpected character {text[position]!r}")
        if match.lastgroup != "space":
            found.append(SuiteToken(match.lastgroup or "", match.group(), line, column))
        position = match.end()
        if match.group() == "\n":
            line, start = line + 1, position
    found.append(SuiteToken("stop", "", line, position - start + 1))
    return found


class SuiteReader:
    """Reads the tokens of a suite's text, given whole, one after the other. Expressions become
    functions of the scalars' values, since a scalar may be assigned later in the line. Raises
    SuiteError if the text has an unknown character.
    """

    def __init__(self, text: str) -> None:
        self.tokens, self.at, self.depth, self.operators = _tokens(text), 0, 0, 0

    @property
    def next(self) -> SuiteToken:
        """Return the next token of the suite's text; the position stays. At the end it is a token
        of kind `stop`.
        """
        return self.tokens[self.at]

    def take(self) -> SuiteToken:
        """Consume the next token of the suite's text and return it; at the end that is always the
        token of kind `stop`.
        """
        token = self.next
        self.at += token.kind != "stop"
        return token

    def accept(self, text: str) -> bool:
        """Consume the mark or name `text`, such as `=`, if it comes next in the suite's text.
        Returns whether it did.
        """
        hit = self.next.text == text and self.next.kind in ("mark", "name")
        self.at += hit
        return hit

    def expect(self, text: str) -> SuiteToken:
        """Consume the mark or name `text`, such as `=`, in the suite's text and return its token.
        Raises SuiteError if something else comes next.
        """
        token = self.take()
        if token.text != text or token.kind == "stop":
            raise token.error(f"expected '{text}' but found {_format_token(token)}")
        return token

    def name(self, what: str) -> SuiteToken:
        """Consume a name in the suite's text and return its token.

        what: what the name should be of, such as a parameter, for the message. Raises SuiteError if
        something else comes next.
        """
        token = self.take()
        if token.kind != "name":
            raise token.error(f"expected {what} but found {_format_token(token)}")
        return token

    def expression(self) -> Expression:
        """Read an integer expression in the suite's text, such as `2*(n+1)`. Returns a function
        from a dict of the scalars' values, by name, to its value; that one raises SuiteError for an
        unknown scalar or a division by zero. Raises SuiteError if the expression is malformed, too
        long or nested too deeply.
        """
        self.operators = self.operators if self.depth else 0
        value = self._term()
        while self.next.text in ("+", "-"):
            value = self._joined(value, self._term)
        return value

    def _term(self) -> Expression:
        value = self.factor()
        while self.next.text in ("*", "/", "%"):
            value = self._joined(value, self.factor)
        return value

    def _joined(self, left: Expression, operand: Callable[[], Expression]) -> Expression:
        operator = self.take()
        self.operators += 1
        if self.operators > 100:
            raise operator.error("the expression is too long")
        return _binary(operator, left, operand())

    def factor(self) -> Expression:
        """Read a number, a scalar's name, a call of `min` or `max`, or an expression in brackets,
        with or without a sign. Returns a function from a dict of the scalars' values, by name, to
        its value. Raises SuiteError if it is malformed.
        """
        token = self.take()
        self.depth += 1
        if (
            self.depth > 40
        ):  # a model may write any number of brackets; Python's own stack is finite
            raise token.error("the expression is nested too deeply")
        try:
            return self._factor(token)
        finally:
            self.depth -= 1

    def _factor(self, token: SuiteToken) -> Expression:
        if token.text == "-":
            inner = self.factor()
            return lambda env: -inner(env)
        if token.text == "+":
            return self.factor()
        if token.text == "(":
            inner = self.expression()
            self.expect(")")
            return inner
        if token.kind == "int" and len(token.text) > 40:
            raise token.error("the number is too long")
        if token.kind == "int":
            number = int(token.text, 0) if token.text[:2].lower() == "0x" else int(token.text)
            return lambda env: number
        if token.text in ("min", "max") and self.next.text == "(":
            self.expect("(")
            left = self.expression()
            self.expect(",")
            right = self.expression()
            self.expect(")")
            pick = min if token.text == "min" else max
            return lambda env: pick(left(env), right(env))
        if token.text in _CONSTANTS:
            number = _CONSTANTS[token.text]
            return lambda env: number
        if token.kind == "name":
            return lambda env: _look_up(token, env)
        raise token.error(f"expected an integer or an expression but found {_format_token(token)}")

    def number(self) -> Callable[[dict[str, object]], float | int]:
        """Read a float literal (`nan` and `inf` too) or an integer expression. Returns a function
        from a dict of the scalars' values, by name, to its value. Raises SuiteError if it is
        malformed.
        """
        mark = self.at
        sign = 1.0
        while self.next.text in ("-", "+"):
            sign = -sign if self.take().text == "-" else sign
        token = self.next
        if token.kind == "float" or token.text.lower() in _FLOAT_WORDS:
            self.take()
            value = sign * _float(token)
            return lambda env: value
        self.at = mark
        return self.expression()


def _float(token: SuiteToken) -> float:
    if token.kind == "name":
        return _FLOAT_WORDS[token.text.lower()]
    if token.text[:2].lower() == "0x":
        try:
            return float.fromhex(token.text)
        except (ValueError, OverflowError):
            raise token.error(f"'{token.text}' is not a hexadecimal float") from None
    return float(token.text)


def _format_token(token: SuiteToken) -> str:
    names = {"stop": "the end of the text", "end": "the end of the test"}
    return names.get(token.kind, f"'{token.text}'")


def _binary(operator: SuiteToken, left: Expression, right: Expression) -> Expression:
    def value(env: dict[str, object]) -> int:
        a, b = left(env), right(env)
        if operator.text in "+-*":
            return a + b if operator.text == "+" else a - b if operator.text == "-" else a * b
        if b == 0:
            raise operator.error("division by zero")
        quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
        return quotient if operator.text == "/" else a - b * quotient

    return value


def _look_up(token: SuiteToken, env: dict[str, object]) -> int:
    value = env.get(token.text)
    if isinstance(value, int):
        return int(value)
    if not callable(value):
        raise token.error(f"'{token.text}' is not an integer scalar of this test")
    env[token.text] = None  # marks it as being worked out, so that a cycle ends in the error above
    env[token.text] = result = value(env)
    if not isinstance(result, int):
        raise token.error(f"'{token.text}' is not an integer scalar of this test")
    return result
