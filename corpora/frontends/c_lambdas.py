"""Lambda expressions of C++ opened: what one catches, and its body as a function.

Contract: the tree holds a lambda as an UnsupportedExpression of the kind `lambda_expression`;
`parse_lambda` reads the text of one. It raises nothing: None where the text is no lambda. Spans of
the function count from the lambda's start, shifted by `shift`.

    python -c "from corpora.frontends.c_lambdas import parse_lambda; \
        print(parse_lambda('[&x](int a) { return x[a]; }', 'cpp').captures)"
"""

from __future__ import annotations

from dataclasses import dataclass

from corpora.frontends.c_family import parse_c_family
from corpora.frontends.c_tokens import tokenize
from corpora.frontends.queries import function_named
from corpora.ir.nodes import Function

__all__ = ["KIND", "Lambda", "parse_lambda"]

KIND = "lambda_expression"
_HEAD = "auto cv_lambda"


@dataclass(frozen=True, slots=True)
class Lambda:
    """A C++ lambda expression.

    captures: as written (`&`, `=`, `&x`, `n`), in order; () for none. function: its parameters and
        body, under a made-up name. shift: spans in `function` less this number are offsets into the
        lambda's text.
    """

    captures: tuple[str, ...]
    function: Function
    shift: int


def parse_lambda(text: str, dialect: str) -> Lambda | None:
    """Return the lambda expression that `text` is; None if it is no lambda or does not parse.
    dialect: `cpp`, `cuda`, `openmp` or `openmp-target`; it decides which macros are predefined.
    """
    tokens = tokenize(text)
    if not tokens or tokens[0].text != "[":
        return None
    depth, captures = 0, [""]
    for place, token in enumerate(tokens):
        depth += (token.text in ("[", "(", "{")) - (token.text in ("]", ")", "}"))
        if depth == 0:
            break
        if depth == 1 and token.text == ",":
            captures.append("")
        elif place:
            captures[-1] += token.text
    else:
        return None
    following = [token.text for token in tokens[place + 1 : place + 2]]
    head = _HEAD if following == ["("] else f"{_HEAD}()"
    unit = parse_c_family(head + text[tokens[place].end :], dialect)
    function = function_named(unit, "cv_lambda")
    if function is None or unit.errors or len(unit.items) != 1:
        return None
    shift = len(head) - tokens[place].end
    return Lambda(tuple(c for c in captures if c), function, shift)
