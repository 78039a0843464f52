"""fparser's grammar of Fortran 2008 statements, asked once for each shape of a statement.

Contract: `matches(rule, tokens)` says whether fparser's rule accepts the statement. The contents
of brackets and names of the program are replaced first, so that one answer serves all statements
of a shape, and nested brackets cost nothing (fparser's time grows exponentially with them).
`rule_of(tokens)` names the first rule that accepts a statement which no module here reads.

    python -c "from corpora.frontends.fortran_lines import read_lines; \
        from corpora.frontends.fortran_grammar import rule_of; \
        print(rule_of(read_lines('equivalence (a, b)')[0].tokens))"
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from threading import Lock

from fparser.two import Fortran2003
from fparser.two.parser import ParserFactory

from corpora.frontends.fortran_lines import Token

MAX_SHAPE = 300
"""Longer shapes, in characters, are not given to fparser, whose recursion follows the length."""

_LOCK = Lock()
_KEPT_GROUPS = frozenset(("intent", "bind", "implicit", "extends", "common", "namelist"))
_RULES = {
    "equivalence": "Equivalence_Stmt", "namelist": "Namelist_Stmt", "common": "Common_Stmt",
    "data": "Data_Stmt", "entry": "Entry_Stmt", "inquire": "Inquire_Stmt", "open": "Open_Stmt",
    "close": "Close_Stmt", "rewind": "Rewind_Stmt", "backspace": "Backspace_Stmt",
    "endfile": "Endfile_Stmt", "flush": "Flush_Stmt", "wait": "Wait_Stmt",
    "procedure": "Procedure_Declaration_Stmt",
    "enum": "Enum_Def_Stmt", "associate": "Associate_Stmt", "select": "Select_Type_Stmt",
    "generic": "Generic_Binding", "import": "Import_Stmt", "final": "Final_Binding",
    "pointer": "Cray_Pointer_Stmt", "volatile": "Volatile_Stmt",
    "asynchronous": "Asynchronous_Stmt", "value": "Value_Stmt", "bind": "Bind_Stmt",
    "protected": "Protected_Stmt", "contiguous": "Contiguous_Stmt", "call": "Call_Stmt",
}  # fmt: skip
"""First word to the rule for statements of which only the kind is wanted."""


def matches(rule: str, tokens: Sequence[Token]) -> bool:
    """Return whether the rule `rule` of the parser fparser, such as `Type_Declaration_Stmt`,
    accepts the statement made of `tokens`. One that is very long even with what its brackets hold
    left out counts as accepted.
    """
    return _accepts(rule, shape_of(tokens))


def rule_of(tokens: Sequence[Token]) -> str | None:
    """Return the kind of a statement in words, such as `equivalence` or `computed goto`; None if
    the parser fparser does not accept it or its kind is none of those that are looked for. tokens:
    those of the statement, at least one.
    """
    rule = _RULES.get(tokens[0].text)
    if rule is None:
        return None
    shape = " ".join(t.text for t in tokens) if len(tokens) < 30 else shape_of(tokens)
    if not _accepts(rule, shape) and not matches(rule, tokens):
        return None
    return rule.removesuffix("_Stmt").replace("_", " ").lower()


def shape_of(tokens: Sequence[Token]) -> str:
    """Return the text of the statement made of `tokens`, with the contents of its outer brackets
    replaced by placeholders. A single name or number in brackets stays, and so do the brackets
    after some words. So the text stays short, and statements of one form are alike.
    """
    parts: list[str] = []
    depth, start, kept = 0, 0, False
    for at, token in enumerate(tokens):
        closes = token.kind == "op" and token.text in (")", "]")
        if closes:
            depth -= 1
            if depth == 0 and not kept:
                inner = tokens[start:at]
                single = len(inner) == 1 and inner[0].kind != "string"
                parts.append(inner[0].text if single else f"fp_{start}" if inner else "")
        if depth == 0 or kept:
            parts.append(token.text)
        if token.kind == "op" and token.text in ("(", "["):
            if depth == 0:
                start = at + 1
                kept = at > 0 and tokens[at - 1].text in _KEPT_GROUPS
            depth += 1
    return " ".join(parts)


@lru_cache(maxsize=8192)
def _accepts(rule: str, shape: str) -> bool:
    if len(shape) > MAX_SHAPE:
        return True
    _make_grammar()
    try:
        with _LOCK:
            return getattr(Fortran2003, rule)(shape) is not None
    except RecursionError:
        return True
    except Exception:
        return False


@lru_cache(maxsize=1)
def _make_grammar() -> None:
    """fparser's classes learn their alternatives once for each process."""
    with _LOCK:
        ParserFactory().create(std="f2008")
