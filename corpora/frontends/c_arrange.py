"""Tokens arranged for a grammar that knows neither attributes nor the oldest C.

- Attributes (`__attribute__((..))`, `__launch_bounds__(256)`) are taken out and kept apart.
- The words of `float _Complex` become one token.
- A function in the style of Kernighan and Ritchie gets its parameters' types into its brackets.

    python -c "from corpora.frontends.c_tokens import *; \
        from corpora.frontends.c_arrange import arrange; \
        print(join_tokens(arrange(tokenize('int f(a, b) int a; double *b; {}')).tokens))"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from corpora.frontends.c_tokens import Token, join_tokens
from corpora.frontends.c_types import COMPLEX_WORDS

__all__ = ["Arranged", "arrange"]

_WITH_BRACKETS = frozenset(
    "__attribute__ __attribute __declspec __launch_bounds__ __align__ alignas _Alignas __maxnreg__"
    " __cluster_dims__ __block_size__ __annotate__".split()
)
_ALONE = frozenset(
    "__extension__ __noinline__ __noinline __inline__ __inline __forceinline__ __forceinline"
    " __cdecl __stdcall __vectorcall __fastcall _Noreturn __always_inline__".split()
)
_OF_LAMBDAS = frozenset({"__device__", "__host__"})
_DECORATIONS = _WITH_BRACKETS | _ALONE
_AFTER_HEAD = frozenset(
    "const noexcept override final throw volatile try requires __restrict__ __restrict".split()
)


@dataclass(slots=True)
class Arranged:
    """The tokens of a C-family text, changed so that tree-sitter's grammar accepts them.

    tokens: those that are left, in order. decorations: (position of the following token among
        `tokens`, text) of each attribute that was taken out.
    moved: for each of `tokens` its position in the original list; None if nothing moved.
    """

    tokens: list[Token]
    decorations: list[tuple[int, str]] = field(default_factory=list)
    moved: list[int] | None = None


def arrange(tokens: list[Token]) -> Arranged:
    """Return `tokens`, those of a C-family text, without attributes, with the words of `_Complex`
    types joined, and with the declarations of old-style parameters moved into the function's
    brackets. The result also has the attributes and each token's former position. Nothing is
    raised.
    """
    words = {t.text for t in tokens}
    out = Arranged(tokens)
    if words & (_DECORATIONS | _OF_LAMBDAS) or "[[" in "".join(
        t.text for t in tokens if t.text in "[]("
    ):
        out = _take_decorations(tokens)
    if "_Complex" in words:
        _join_complex(out)
    heads = _old_heads(out.tokens)
    if heads:
        order = out.moved if out.moved is not None else list(range(len(tokens)))
        for name, close, brace in reversed(heads):
            _rewrite_head(out, order, name, close, brace)
        out.moved = order
    return out


def _join_complex(out: Arranged) -> None:
    """`float _Complex`, which the grammar does not know, as one token that names a type."""
    order = out.moved if out.moved is not None else list(range(len(out.tokens)))
    tokens: list[Token] = []
    moved: list[int] = []
    place: dict[int, int] = {}
    at = 0
    while at < len(out.tokens):
        place[at] = len(tokens)
        words = tuple(t.text for t in out.tokens[at : at + 2])
        joined = COMPLEX_WORDS.get(words) or COMPLEX_WORDS.get(words[::-1])
        token = out.tokens[at]
        tokens.append(token._replace(text=joined, end=out.tokens[at + 1].end) if joined else token)
        moved.append(order[at])
        at += 2 if joined else 1
    out.decorations = [(place.get(p, len(tokens)), text) for p, text in out.decorations]
    out.tokens, out.moved = tokens, moved


def _take_decorations(tokens: list[Token]) -> Arranged:
    out = Arranged([], moved=[])
    at = 0
    while at < len(tokens):
        end = _decoration_end(tokens, at)
        if end > at:
            out.decorations.append((len(out.tokens), join_tokens(tokens[at:end])))
            at = end
            continue
        out.tokens.append(tokens[at])
        out.moved.append(at)  # type: ignore[union-attr]
        at += 1
    return out


def _decoration_end(tokens: Sequence[Token], at: int) -> int:
    """Offset after the decoration that begins at `at`; `at` itself where none does."""
    text = tokens[at].text
    if text in _ALONE:
        return at + 1
    if (
        text in _OF_LAMBDAS
        and at
        and (tokens[at - 1].text == "]" or tokens[at - 1].text in _OF_LAMBDAS)
    ):
        return at + 1
    double = text == "[" and tokens[at + 1 : at + 2] and tokens[at + 1].text == "["
    if double and tokens[at + 1].start == tokens[at].end:
        before = tokens[at - 1].text if at else ";"
        if before in (";", "{", "}", ")", ">") or before.isidentifier() and before in ("struct",):
            return _matching(tokens, at, "[", "]")
        return at
    if text in _WITH_BRACKETS and at + 1 < len(tokens) and tokens[at + 1].text == "(":
        return _matching(tokens, at + 1, "(", ")")
    return at


def _matching(tokens: Sequence[Token], at: int, opening: str, closing: str) -> int:
    depth = 0
    while at < len(tokens):
        depth += (tokens[at].text == opening) - (tokens[at].text == closing)
        at += 1
        if depth == 0:
            break
    return at


def _old_heads(tokens: Sequence[Token]) -> list[tuple[int, int, int]]:
    """(name, closing bracket, body's brace) of each head `f(a, b) int a; double *b; {`."""
    out = []
    depth = 0
    for position, token in enumerate(tokens):
        text = token.text
        if text == "{":
            depth += 1
        elif text == "}":
            depth -= 1
        elif text == ")" and depth == 0 and position + 1 < len(tokens):
            following = tokens[position + 1]
            if following.kind == "word" and following.text not in _AFTER_HEAD:
                head = _old_head(tokens, position)
                if head:
                    out.append(head)
    return out


def _old_head(tokens: Sequence[Token], close: int) -> tuple[int, int, int] | None:
    at, names = close - 1, 0
    while at > 0 and tokens[at].kind == "word":
        names += 1
        if tokens[at - 1].text != ",":
            break
        at -= 2
    if not names or at < 2 or tokens[at - 1].text != "(" or tokens[at - 2].kind != "word":
        return None
    brace = close + 1
    while brace < len(tokens) and tokens[brace].text not in ("{", "}", "=", "("):
        brace += 1
    if brace >= len(tokens) or tokens[brace].text != "{" or tokens[brace - 1].text != ";":
        return None
    return at - 2, close, brace


def _rewrite_head(out: Arranged, order: list[int], name: int, close: int, brace: int) -> None:
    """The names in the brackets replaced by their declarations; undeclared ones are `int`."""
    tokens = out.tokens
    declared: dict[str, list[int]] = {}
    start = close + 1
    for end in range(close + 1, brace):
        if tokens[end].text == ";":
            _declare(tokens, start, end, declared)
            start = end + 1
    fresh: list[int] = []
    commas = [i for i in range(name + 2, close) if tokens[i].text == ","]
    for place in range(name + 2, close):
        if tokens[place].kind != "word":
            continue
        fresh += declared.get(tokens[place].text, [place])
        if commas and place < commas[-1]:
            fresh.append(next(c for c in commas if c > place))
    chosen = [*range(name + 2), *fresh, close, *range(brace, len(tokens))]
    out.tokens = [tokens[i] for i in chosen]
    order[:] = [order[i] for i in chosen]


def _declare(tokens: list[Token], start: int, end: int, declared: dict[str, list[int]]) -> None:
    """Positions of the tokens that declare each name of `double *b, c`."""
    pieces: list[list[int]] = [[]]
    for i in range(start, end):
        if tokens[i].text == ",":
            pieces.append([])
        else:
            pieces[-1].append(i)
    head: list[int] = []
    for i in pieces[0]:
        if tokens[i].kind != "word" or i + 1 == end or tokens[i + 1].text in (",", "[", ";"):
            break
        head.append(i)
    for number, piece in enumerate(pieces):
        declarator = piece[len(head) :] if number == 0 else piece
        names = [i for i in declarator if tokens[i].kind == "word"]
        if names:
            declared[tokens[names[0]].text] = [*head, *declarator]
