"""What operators and keywords do to a `CReader`: what may follow them, and which statements they
open.

Contract: functions over a reader's public fields; no state of their own.

    python -c "from translator.decoding.c_reader import CReader; r = CReader(0); \\
        [r.advance(w) for w in 'void F0 ( ) { if'.split()]; print(r.after)"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from corpora.tokens.lexers import CPP_FUNCTIONS
from translator.decoding import c_words as w
from translator.decoding.c_scopes import Declaration, Variable

if TYPE_CHECKING:
    from translator.decoding.c_reader import CReader

_WILD = frozenset(
    "template typename class operator namespace using try catch goto asm union enum new "
    "friend".split()
)
"""Beginnings of what the reader does not follow."""


def read_operator(reader: CReader, word: str, was: str) -> None:
    frame, ends_operand = reader.frame, was in ("operand", "number")
    declaring = reader.declaration.depth == len(reader.frames)
    reader.operand = None if word not in ("++", "--") else reader.operand
    if word in ("*", "&", "&&") and (
        was == "type" or (reader.last == "," and declaring and not reader.declaration.in_value)
    ):
        reader.declaration.stars += word == "*"
        reader.after = "type"
    elif word in (".", "->", "::", "<<<", ">>>"):
        reader.launches = word == "<<<" or (reader.launches and word != ">>>")
        reader.after = (
            "coordinate"
            if reader.last in w.GEOMETRY
            else "member"
            if word in (".", "->")
            else "need"
            if word == "<<<"
            else "any"
        )
    elif word in ("++", "--"):
        reader.after, reader.lvalue = (
            was if ends_operand or was == "any" else "need",
            reader.before == "unary*",
        )
    elif word in ("!", "~"):
        reader.after, reader.before = "need", word
    elif word == ",":
        frame.rvalue, frame.commas = False, frame.commas + 1
        reader.after, reader.before = (
            "any" if declaring or frame.kind in ("head", "init", "call") else "need",
            ",",
        )
        if (frame.kind == "call" and frame.callee in CPP_FUNCTIONS) or reader.launches:
            reader.after = "need"
        if declaring:
            reader.declaration.in_value, reader.declaration.stars = False, 0
        if frame.kind == "head":  # each parameter says its type, which may be one of the text's own
            reader.declaration = Declaration()
    elif word == ":":
        _colon(reader)
    elif word in w.ASSIGNMENTS or word == "?":
        frame.rvalue, reader.after, reader.before = False, "need", word
        frame.ternaries += word == "?"
        reader.declaration.in_value = reader.declaration.in_value or (declaring and word == "=")
    else:
        _binary(reader, word, was, ends_operand)


def _binary(reader: CReader, word: str, was: str, ends_operand: bool) -> None:
    if ends_operand:
        reader.frame.rvalue, reader.after, reader.before = True, "need", word
    elif was == "any" or (was == "type" and word == ">"):
        reader.after, reader.before = (
            "need" if word not in ("*", "&", "<", ">", "&&") else "any",
            "",
        )
    else:  # a sign, or an error
        reader.after = "need"
        reader.before = f"unary{word}" if word in ("*", "&") else reader.before


def _colon(reader: CReader) -> None:
    frame = reader.frame
    reader.after, reader.before, frame.rvalue = "need", ":", False
    if frame.ternaries:
        frame.ternaries -= 1
    elif frame.kind == "for":
        frame.semicolons = 2  # for ( auto x : y ) needs none
    else:
        reader.after, reader.ended, frame.case = "start", False, False


def read_keyword(reader: CReader, word: str, was: str) -> None:
    reader.operand, reader.lvalue = None, False
    if word in w.GEOMETRY:
        reader.after = "geometry"
    elif was == "coordinate":
        reader.operand, reader.after, reader.plain = Variable("int"), "operand", False
    elif was == "member":
        reader.after = "any"
    elif word in w.VALUES:
        reader.after = "operand"
    elif word in CPP_FUNCTIONS:
        reader.after, reader.before = "func", ""
    elif word in w.CONTROL:
        reader.after = "control"
    elif word in ("do", "else"):
        reader.frame.chain.append((word, []))
        reader.after, reader.ended = "start", False
    elif word in ("case", "default"):
        reader.frame.case, reader.after = True, "need" if word == "case" else "label"
    elif word in ("break", "continue", "return"):
        reader.after, reader.before = "need" if word == "return" else "jump", word
    elif word in w.SPECIFIERS:
        reader.specifier(word, was)
    else:
        reader.wild = reader.wild or word in _WILD
        reader.after, reader.before = "any", word
