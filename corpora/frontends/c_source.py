"""A token stream as tree-sitter sees it, and the way back from its tree to the tokens.

tree-sitter knows no declarations, so it guesses where the grammar of C++ needs them (`a * b;`,
`(T)(x)`, `a < b > (c)`). Here each name may carry a *role*: a name with the role `value` is shown
to tree-sitter as `(0)` and one with the role `type` as `int`, which leaves nothing to guess. A
name that begins a declaration (`T (*p)[n];`) has the role `declared` and is shown as `struct S`,
which can begin no expression. A declaration that is a whole branch or loop body gets braces, as
the grammar has none there. The tree is read back by position, so that every leaf is the original
token.

    python -c "from corpora.frontends.c_tokens import tokenize; \
        from corpora.frontends.c_source import Source; \
        print(Source(tokenize('a * b;'), {0: 'value'}).root)"
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache

import tree_sitter_cuda
from tree_sitter import Language, Node, Parser

from corpora.frontends.c_tokens import Token

__all__ = ["Source"]

_SHOWN = {
    "value": "(0)",
    "type": "int",
    "cut": "",
    "declared": "struct S",
    "body declared": "{ struct S",
    "body end": "; }",
}


@lru_cache(maxsize=1)
def _parser() -> Parser:
    return Parser(Language(tree_sitter_cuda.language()))


def _opens_block(words: Sequence[str], at: int) -> bool:
    """Whether the brace at `at` opens a block of statements, no initialiser."""
    while at >= 0 and words[at] == "{":
        at -= 1
    return at >= 0 and words[at] in (")", ";", "}", "else", "do", ":")


class Source:
    """Tokens of a C-family text with tree-sitter's syntax tree of them.

    tokens: those of the text, in order. root: the tree's uppermost node. starts: where each token
        begins in the text that tree-sitter was given, as an offset.
    roles: token position -> what to tell tree-sitter about the token. `value` and `type`: the name
        of a variable or a type. `declared`: it begins a declaration. `cut`: hide it. `body`, `body
        declared` and `body end` mark the first and last token of a declaration that is the whole
        body of a statement.
    """

    def __init__(self, tokens: Sequence[Token], roles: Mapping[int, str]) -> None:
        self.tokens = tokens
        shown = [t.text for t in tokens]
        if not all(map(str.isascii, shown)):
            shown = ["".join(c if c.isascii() else "x" for c in s) for s in shown]
        for position, role in roles.items():
            shown[position] = _SHOWN[role] if role != "body" else "{ " + shown[position]
        for position in [i for i, word in enumerate(shown) if word == "operator"]:
            if "".join(shown[position + 1 : position + 3]) in ("()", "[]"):  # one word to it
                shown[position + 2] = shown[position + 1] + shown[position + 2]
                shown[position + 1] = ""
        for position, word in enumerate(shown):
            if word == "}" and position and shown[position - 1] == "{":
                if _opens_block(shown, position - 1):
                    shown[position] = ";}"  # it takes an empty block in a block for a list
        text = " ".join(shown)
        at = 0
        self.starts: list[int] = []
        for word in shown:
            self.starts.append(at)
            at += len(word) + 1
        self.at = {start: position for position, start in enumerate(self.starts)}
        self.tree = _parser().parse(text.encode())
        self.root: Node = self.tree.root_node

    def first(self, node: Node) -> int:
        """Return the position, from 0 in the list of the text's tokens, of the token that the
        tree-sitter node `node` begins with.
        """
        found = self.at.get(node.start_byte)
        return (
            found if found is not None else max(bisect_right(self.starts, node.start_byte) - 1, 0)
        )

    def last(self, node: Node) -> int:
        """Return the position, from 0 in the list of the text's tokens, of the token that the
        tree-sitter node `node` ends with.
        """
        return max(bisect_right(self.starts, node.end_byte - 1) - 1, 0)

    def texts(self, node: Node) -> list[str]:
        """Return the texts of the tokens of a tree-sitter node, in order. Of a token that it shares
        (`>>`) only its part is returned.
        """
        first, last = self.first(node), self.last(node)
        out = [t.text for t in self.tokens[first : last + 1]]
        beyond = self.starts[last] + len(out[-1]) - node.end_byte
        if beyond > 0 and out[-1] and set(out[-1]) == {">"}:
            out[-1] = out[-1][:-beyond]
        return out
