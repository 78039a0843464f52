"""Expressions of Fortran: a parser by the language's table of operators, with exact spans.

Contract: `ExpressionReader(tokens, scope)` reads expressions, argument lists and variables from
tokens of `fortran_lines`. `scope` says which names are arrays; nothing is guessed from spelling.
Raises FortranError where the tokens are no expression, or nest deeper than `MAX_DEPTH`.

Why not fparser here: its time doubles with every nested call (nine levels take 0.8 s), a sum of
400 terms exhausts the stack, and it knows no columns. The operators are one
table; a test compares the trees with those of fparser.

    python -c "from corpora.frontends.fortran_expressions import read_expression; \
        print(read_expression('a*b + c**2'))"
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from corpora.frontends.fortran_lines import Token, read_lines
from corpora.frontends.fortran_scope import REAL_KINDS, Scope
from corpora.ir import (
    Access,
    Binary,
    Bounds,
    Call,
    Expression,
    ImpliedDo,
    InitializerList,
    Literal,
    Member,
    Name,
    NamedType,
    ScalarType,
    Section,
    Span,
    Type,
    Unary,
)  # fmt: skip

MAX_DEPTH = 60
"""Brackets within brackets."""
MAX_HEIGHT = 120
"""Levels of the tree of one expression; a chain of operators has one for each."""

PRECEDENCE = {
    ".eqv.": 1, ".neqv.": 1, "||": 2, "&&": 3, "==": 5, "!=": 5, "<": 5, "<=": 5, ">": 5,
    ">=": 5, "//": 6, "+": 7, "-": 7, "*": 8, "/": 8, "**": 9,
}  # fmt: skip
"""Binary operators of the tree; an operator that a program defines has 0."""
NOT_PRECEDENCE, SIGN_PRECEDENCE, DEFINED_UNARY_PRECEDENCE = 4, 7, 10
OPERATORS = {
    ".and.": "&&", ".or.": "||", "/=": "!=", ".eq.": "==", ".ne.": "!=", ".lt.": "<",
    ".le.": "<=", ".gt.": ">", ".ge.": ">=",
}  # fmt: skip
_NO_OPERATORS = frozenset((".true.", ".false.", ".not."))
TYPE_WORDS = frozenset(
    "integer real complex logical character double doubleprecision doublecomplex type class "
    "byte".split()
)
_KINDED = frozenset(("integer", "real", "complex", "logical"))
_DEFINED = re.compile(r"\.[a-z]+\.")
_END = Token("end", "", 0, 0, 0)


class FortranError(Exception):
    """Raised if a text does not follow Fortran's grammar, or uses a construct that is not known.
    kind: what fails, in words, such as `coarray`.
    """

    def __init__(self, kind: str = "syntax error") -> None:
        super().__init__(kind)
        self.kind = kind


def read_expression(text: str, scope: Scope | None = None) -> Expression:
    """Return the expression that `text`, one line in free form, holds. scope: the declared names;
    None if no name is declared. Raises FortranError if it is no expression.
    """
    lines = read_lines("x = " + text, "free")
    if len(lines) != 1 or lines[0].directive is not None or lines[0].item is not None:
        raise FortranError
    tokens = [t._replace(start=t.start - 4, end=t.end - 4) for t in lines[0].tokens[2:]]
    reader = ExpressionReader(tokens, scope or Scope())
    value = reader.expression()
    reader.expect_end()
    return value


class ExpressionReader:
    """Reads expressions, types and single tokens from the tokens of one Fortran statement, from
    left to right. Each reading method starts at the position `at` and moves it behind what it read.

    tokens: those of the statement. scope: the declared names, which say what is an array. at: the
        position of the next token, from 0.
    """

    def __init__(self, tokens: Sequence[Token], scope: Scope, at: int = 0) -> None:
        self.tokens, self.scope, self.at = tokens, scope, at
        self.depth = self.height = 0  # height: that of the expression read last

    # ---------------------------------------------------------------------------- tokens

    def peek(self, ahead: int = 0) -> Token:
        """Return the token that stands `ahead` tokens after the next one to be read; a token of
        kind `end` past the last. Nothing is read.
        """
        at = self.at + ahead
        return self.tokens[at] if at < len(self.tokens) else _END

    def is_op(self, text: str, ahead: int = 0) -> bool:
        """Return whether a token is the operator or bracket `text`. ahead: how many tokens after
        the next one it stands; 0 for the next one itself. Nothing is read.
        """
        token = self.peek(ahead)
        return token.text == text and token.kind == "op"

    def accept(self, text: str) -> bool:
        """Read the operator or bracket `text` if it comes next, so that the position moves behind
        it. Returns whether it did.
        """
        if self.is_op(text):
            self.at += 1
            return True
        return False

    def accept_word(self, *words: str) -> bool:
        """Read the identifiers `words`, in lower case, if all come next in this order. Returns
        whether they did; if not, nothing is read.
        """
        for ahead, word in enumerate(words):
            token = self.peek(ahead)
            if token.text != word or token.kind != "id":
                return False
        self.at += len(words)
        return True

    def expect(self, text: str) -> None:
        """Read the operator or bracket `text`, so that the position moves behind it. Raises
        FortranError if something else comes next.
        """
        if not self.accept(text):
            raise FortranError

    def name(self) -> str:
        """Read an identifier and return it in lower case. Raises FortranError if something else
        comes next.
        """
        token = self.peek()
        if token.kind != "id":
            raise FortranError
        self.at += 1
        return token.text

    def expect_end(self) -> None:
        """Check that all tokens of the statement are read. Raises FortranError if one is left."""
        if self.at < len(self.tokens):
            raise FortranError

    def span(self, first: int) -> Span:
        """Return the place in the text from the token at position `first`, from 0, to the last
        token that was read.
        """
        a, b = self.tokens[first], self.tokens[self.at - 1]
        return Span(a.start, b.end, a.line, b.line, a.expanded or b.expanded)

    # ----------------------------------------------------------------------- expressions

    def expression(self, least: int = 0) -> Expression:
        """Read and return the next expression of the statement, as far as its operators bind at
        least as strongly as `least`, a level of Fortran's operators such as 7 for `+` and 8 for
        `*`; 0 takes all operators. Raises FortranError if no expression comes next or it is nested
        too deeply.
        """
        self.depth += 1
        if self.depth > MAX_DEPTH * 3:
            raise FortranError("nested too deeply")
        first = self.at
        left = self._unary()
        height = self.height
        while True:
            op, strength = self._operator()
            if strength < least:
                break
            self.at += 1
            right = self.expression(strength if op == "**" else strength + 1)
            left = Binary(op, left, right, self.span(first))
            height = max(height, self.height) + 1
            if height > MAX_HEIGHT:
                raise FortranError("nested too deeply")
        self.depth -= 1
        self.height = height
        return left

    def _operator(self) -> tuple[str, int]:
        token = self.peek()
        if token.kind != "op":
            return "", -1
        text = OPERATORS.get(token.text, token.text)
        strength = PRECEDENCE.get(text)
        if strength is not None:
            if text == "/" and self.is_op(")", 1) and self.peek(1).start == token.end:
                return "", -1
            return text, strength
        if _DEFINED.fullmatch(text) and text not in _NO_OPERATORS:
            return text, 0
        return "", -1

    def _unary(self) -> Expression:
        token = self.peek()
        if token.kind != "op":
            return self.primary()
        first = self.at
        if token.text in ("+", "-"):
            self.at += 1
            return Unary(token.text, self.expression(SIGN_PRECEDENCE + 1), self.span(first))
        if token.text == ".not.":
            self.at += 1
            return Unary("!", self.expression(NOT_PRECEDENCE), self.span(first))
        if _DEFINED.fullmatch(token.text) and token.text not in _NO_OPERATORS:
            if token.text in PRECEDENCE or token.text in OPERATORS:
                raise FortranError
            self.at += 1
            operand = self.expression(DEFINED_UNARY_PRECEDENCE)
            return Unary(token.text, operand, self.span(first))
        return self.primary()

    def primary(self) -> Expression:
        """Read and return the next operand of an expression: a literal, a constructor, an
        expression in brackets, or a variable or call. Raises FortranError if none comes next.
        """
        token, first = self.peek(), self.at
        self.height = 1
        if token.kind == "id":
            if token.text.endswith("_") and self.peek(1).kind == "string":
                self.at += 2
                text = token.text + self.tokens[first + 1].text
                return Literal(text, "string", self.span(first))
            return self.reference()
        if token.kind == "number":
            self.at += 1
            text = token.text
            return Literal(text, literal_type(text, self.scope), self.span(first))
        if token.kind == "string":
            self.at += 1
            return Literal(token.text, "string", self.span(first))
        if token.text.startswith((".true.", ".false.")):
            self.at += 1
            return Literal(token.text, "bool", self.span(first))
        if token.text == "(" and self.is_op("/", 1) and self.peek(1).start == token.end:
            self.at += 2
            return self._constructor(first, "/")
        if token.text == "[":
            self.at += 1
            return self._constructor(first, "]")
        if token.text == "(":
            return self._brackets(first)
        raise FortranError

    def reference(self) -> Expression:
        """Read and return the next name of the statement with its subscripts, arguments and fields:
        a Name, Access, Call or Member. Raises FortranError if no name comes next, if it is a
        coarray or nested too deeply.
        """
        first = self.at
        base: Expression = Name(self.name(), self.span(first))
        height = 1
        while self.peek().kind == "op":
            height += 1
            if self.is_op("("):
                base = self._applied(base, first)
                height = max(height, self.height + 1)
            elif self.accept("%"):
                base = Member(base, self.name(), False, self.span(first))
            elif self.is_op("["):
                raise FortranError("coarray")
            else:
                break
            if height > MAX_HEIGHT:
                raise FortranError("nested too deeply")
        self.height = height
        return base

    def _applied(self, base: Expression, first: int) -> Expression:
        arguments, keywords = self.arguments()
        span = self.span(first)
        sections = any(isinstance(a, Section) for a in arguments)
        if not keywords and arguments and self.scope.is_indexed(base, sections):
            return Access(base, tuple(_bare(a) for a in arguments), span)
        if sections:
            raise FortranError
        return Call(base, arguments, keywords, span=span)

    def arguments(
        self,
    ) -> tuple[tuple[Expression, ...], tuple[tuple[str, Expression], ...]]:
        """Read an argument list in brackets. Returns (values, pairs of keyword and value), both in
        order. Raises FortranError if it is malformed.
        """
        self.expect("(")
        values: list[Expression] = []
        keywords: list[tuple[str, Expression]] = []
        height = 0
        self.depth += 2
        while not self.accept(")"):
            if values or keywords:
                self.expect(",")
            if self.peek().kind == "id" and self.is_op("=", 1):
                keyword = self.name()
                self.at += 1
                keywords.append((keyword, self.item()))
            elif keywords:
                raise FortranError
            else:
                values.append(self.item())
            height = max(height, self.height)
        self.depth -= 2
        self.height = height
        return tuple(values), tuple(keywords)

    def item(self) -> Expression:
        """Read and return the next item of an argument or subscript list: a value, a section or
        `*`, which is Name('*'). Raises FortranError if it is malformed or an alternate return
        (`*label`).
        """
        first = self.at
        if self.accept("*"):
            if self.peek().kind == "number":
                raise FortranError("alternate return")
            return Name("*", self.span(first))
        lower = None
        if not (self.is_op(":") or self.is_op("::")):
            lower = self._argument()
            if not (self.is_op(":") or self.is_op("::")):
                return lower
        upper = step = None
        if self.accept("::"):
            step = self.expression()
        else:
            self.expect(":")
            if not (self.is_op(",") or self.is_op(")") or self.is_op(":")):
                upper = Name("*") if self.accept("*") else self.expression()
            if self.accept(":"):
                step = self.expression()
        lower, upper = lower and _bare(lower), upper and _bare(upper)
        return Section(lower, upper, step, self.span(first))

    def _argument(self) -> Expression:
        """A value; brackets around all of a variable are kept, since they copy it."""
        first = self.at
        bracketed = self.is_op("(")
        value = self.expression()
        if bracketed and isinstance(value, (Name, Access, Member)):
            return Unary("()", value, self.span(first))
        return value

    def _brackets(self, first: int) -> Expression:
        """`(a)`, the complex number `(a, b)` or the implied loop `(a, b, i = 1, n)`."""
        self.depth += 2
        self.at += 1
        items = [self.expression()]
        bounds, height = None, self.height
        while self.accept(","):
            if self.peek().kind == "id" and self.is_op("=", 1):
                bounds = self.bounds()
            else:
                items.append(self.expression())
            height = max(height, self.height)
        self.expect(")")
        self.depth -= 2
        self.height = height + 1
        if bounds is not None:
            return ImpliedDo(tuple(items), bounds, self.span(first))
        if len(items) == 1:
            self.height = height
            return items[0]
        if len(items) != 2:
            raise FortranError
        kinds = {_part_type(item) for item in items}
        wide = "c128" if "f64" in kinds else "c64" if kinds <= {"f32", "i32", ""} else "complex"
        return InitializerList(tuple(items), (), ScalarType(wide), self.span(first))

    def bounds(self) -> Bounds:
        """Read the head of a loop, `i = a, b` or `i = a, b, s`, and return its bounds. Raises
        FortranError if it is malformed.
        """
        variable = self.name()
        self.expect("=")
        lower = self.expression()
        self.expect(",")
        upper = self.expression()
        step = self.expression() if self.accept(",") else None
        return Bounds(variable, lower, upper, step)

    def _constructor(self, first: int, close: str) -> Expression:
        start, kind = self.at, None
        if self.peek().kind == "id" and self.peek().text in TYPE_WORDS:
            try:
                kind = self.type_spec()
            except FortranError:
                kind = None
            if kind is None or not self.accept("::"):
                self.at, kind = start, None
        items: list[Expression] = []
        height = 0
        self.depth += 2
        while not self.is_op(close):
            if items:
                self.expect(",")
            items.append(self.expression())
            height = max(height, self.height)
        self.at += 1
        if close == "/":
            self.expect(")")
        self.depth -= 2
        self.height = height + 1
        return InitializerList(tuple(items), (), kind, self.span(first))

    # ----------------------------------------------------------------------------- types

    def type_spec(self) -> Type:
        """Read and return the next words of the statement as a type, as a declaration spells it,
        such as `real*8` or `type(point)`; extents are not part of it. Raises FortranError if it is
        malformed.
        """
        first = self.at
        word = self.name()
        if word not in TYPE_WORDS:
            raise FortranError
        if word == "double":
            word += " " + self.name()
        word = {"doubleprecision": "double precision", "doublecomplex": "double complex"}.get(
            word, word
        )
        if word in ("type", "class"):
            self.expect("(")
            name = "*" if self.accept("*") else self.name()
            self.expect(")")
            return NamedType(name) if word == "type" else NamedType("class", (Name(name),))
        kind: Expression | None = None
        length: Expression | None = None
        if word == "character":
            length, kind = self._length()
        elif self.accept("*"):
            if not self.peek().text.isdigit():
                raise FortranError
            width = int(self.peek().text[:9]) // (2 if word == "complex" else 1)
            kind = Literal(str(width), "i32")
            self.at += 1
        elif self.is_op("(") and word in _KINDED:
            values, keywords = self.arguments()
            if len(values) + len(keywords) != 1 or any(k != "kind" for k, _ in keywords):
                raise FortranError
            kind = values[0] if values else keywords[0][1]
        spelled = _spelled(self.tokens[first : self.at])
        if word == "character":
            if length is None and kind is None:
                return ScalarType("char", spelled=spelled)
            length = length or Literal("1", "i32")
            return NamedType("character", (length, kind) if kind else (length,))
        return self.scope.arithmetic_type(word, kind, spelled)

    def _length(self) -> tuple[Expression | None, Expression | None]:
        """Length and kind of a character type."""
        if self.accept("*"):
            if self.is_op("("):
                return self.arguments()[0][0], None
            return self.primary(), None
        if not self.is_op("("):
            return None, None
        values, keywords = self.arguments()
        given = dict(keywords)
        if len(values) > 2 or set(given) - {"len", "kind"}:
            raise FortranError
        length = values[0] if values else given.get("len")
        return length, values[1] if len(values) > 1 else given.get("kind")


def _spelled(tokens: Sequence[Token]) -> str:
    """The words of a type as one string."""
    out = ""
    for token in tokens:
        apart = out[-1:].isalnum() and token.text[:1].isalnum()
        out += (" " if apart else "") + token.text
    return out


def _bare(value: Expression) -> Expression:
    """A subscript without brackets around it: they mean nothing there."""
    return value.operand if isinstance(value, Unary) and value.op == "()" else value


def _part_type(item: Expression) -> str:
    while isinstance(item, Unary):
        item = item.operand
    return item.type if isinstance(item, Literal) else ""


def literal_type(text: str, scope: Scope) -> str:
    """Return the element type of the Fortran number `text`, in lower case, such as `f64` for `1d0`.
    It is `integer` or `real` where its kind is unknown. scope: holds the values of named kinds.
    """
    if text[:1] in "bozx" and text[1:2] in "'\"":
        return "i32"
    digits, _, kind = text.partition("_")
    if "." not in digits and "e" not in digits and "d" not in digits:
        if not kind:
            return "i32"
        value = _suffix_value(kind, scope)
        return f"i{8 * value}" if value in (1, 2, 4, 8) else "integer"
    if "d" in digits:
        return "f64"
    return REAL_KINDS.get(_suffix_value(kind, scope), "real") if kind else "f32"


def _suffix_value(suffix: str, scope: Scope) -> int | None:
    """The kind behind a number's underscore: digits or a name."""
    return int(suffix[:9]) if suffix.isdigit() else scope.constants.get(suffix)
