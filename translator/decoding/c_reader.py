"""One pass over the words of a C-like text: what stands before the next word, which brackets are
open, which names exist.

Contract: total; it reads what a model writes, whatever it is. `after` is a key of
`c_words.NEVER_AFTER`, or `number`. What is not certain is `any`; a construct that is not understood
(lambda, template, class) makes the reader `wild` for good.

    python -c "from translator.decoding.c_reader import CReader; r = CReader(0); \\
        [r.advance(w) for w in 'void F0 ( int V0 ) { V0'.split()]; \\
        print(r.after, r.operand)"
"""

from __future__ import annotations

from dataclasses import replace

from corpora.tokens.canonical import DIGIT, ENTRY
from corpora.tokens.lexers import CPP_FUNCTIONS, CPP_TYPES, NEWLINE
from translator.decoding import c_words as w
from translator.decoding.c_scopes import (
    FREE,
    FUNCTION,
    STRUCTURE,
    BracketFrame,
    Declaration,
    Scopes,
    Variable,
    classify_base_type,
    is_numbered_name,
)

_OPENS = {")": "(", "]": "[", "}": "{"}
_CAST_WORDS = CPP_TYPES | {"const", "*", "volatile", "struct"}
_BEFORE_NAME = CPP_TYPES | {"*", "&", ",", "const", "__restrict__", "__shared__"}
_CHANGES_TYPE = frozenset({"cast", "!", "~", "unary*", "unary&", "sizeof"})
_WILD = frozenset(
    "template typename class operator namespace using try catch goto asm union enum new "
    "friend".split()
)
"""Beginnings of what the reader does not follow."""


class CReader:
    """Reads the canonical words of a C-like text one by one, and keeps what decides which words may
    come next.

    names: size of the source's name table; the first new name is `V` with this number. types:
        names that stand for types.
    after: class of the last word, such as `operator` or `number`. operand: what is known of the
        value that has just ended; None where nothing is. plain: no cast or sign before it changes
        its type.
    scopes: the names declared so far. frames: the open brackets, outermost first. fresh: number of
        the next new name. wild: a construct came that the reader does not follow.
    """

    def __init__(self, names: int, types: frozenset[str] = frozenset()) -> None:
        """types: names that stand for types."""
        self.scopes, self._types = Scopes(), types
        self.frames = [BracketFrame("", "file", Declaration())]
        self.declaration = Declaration()
        self.after, self.last, self.number, self.before = "any", "", "", ""
        self.operand: Variable | None = None
        self.plain = self.lvalue = False
        self.wild = self.in_directive = self.in_pragma = self.ended = self.done = self.launches = (
            False
        )
        self.fresh, self.words = names, 0
        self.returns: tuple[str, ...] = ()
        """Words before the name of the function that is open."""
        self.kernels: frozenset[str] = frozenset()
        self._head: list[str] = []
        self._declared = ""
        self._const = self._closes_do = self._has_head = False

    @property
    def frame(self) -> BracketFrame:
        """Return the innermost open bracket; the file itself if none is open."""
        return self.frames[-1]

    def may_declare(self) -> bool:
        """Return whether a name that comes next in the text would be declared there."""
        d = self.declaration
        here = (
            d.depth == len(self.frames)
            and not d.in_value
            and not self.in_directive
            and self.frame.kind != "fields"
        )
        return here and (self.last in _BEFORE_NAME or self.last in self._types)

    def inside(self, *kinds: str) -> bool:
        """Return whether, at this place of the text, the body of a statement of one of these kinds
        (`for`, `if` and so on) is open.
        """
        return any(entry[0] in kinds for frame in self.frames for entry in frame.chain)

    def advance(self, word: str) -> None:
        """Read the next word and change the reader's state. Any word is accepted; nothing is
        raised.
        """
        self.words += 1
        if self.number and word[:1] == DIGIT and len(word) == 2:
            self.number += word[1]
            return
        self.number = ""
        if word[:1] == "#" and len(word) > 1:
            self._directive(word)
        elif word == NEWLINE:
            self._leave_directive()
        elif self.in_directive:
            self._word_of_directive(word)
        else:
            self._read(word)
        self.last = word

    def _read(self, word: str) -> None:
        if self.ended and self.after == "start":
            self._settle(word)
        if word != "[":
            self._declared = ""
        if word not in _CAST_WORDS and word not in _OPENS and word not in self._types:
            self.frame.types_only = False
        was = self.after
        if word in self._types and was != "member":
            self._type(word, was)
        elif is_numbered_name(word) or word == ENTRY:
            self._name(word, was)
        elif word in CPP_TYPES:
            self._type(word, was)
        elif word in w.DIGITS or (word == "." and was == "need"):
            self.number, self.after, self.operand, self.lvalue = word, "number", None, False
        elif word in _OPENS.values():
            self._open(word, was)
        elif word in _OPENS:
            self._close(word)
        elif word == ";":
            self._semicolon()
        elif word in w.OPERATORS:
            _read_operator(self, word, was)
        else:
            _read_keyword(self, word, was)
        if len(self.frames) == 1:
            self._head = [] if word in (";", "}") else [*self._head, word]

    def _directive(self, word: str) -> None:
        if self.ended and self.after == "start":
            self._settle(word)
        self.wild = self.wild or word != "#pragma"
        self.in_directive, self.in_pragma, self.after = True, word == "#pragma", "any"

    def _word_of_directive(self, word: str) -> None:
        if is_numbered_name(word) and not self.in_pragma:
            self._is_free(word)
        if word in _OPENS.values():
            self.frames.append(BracketFrame(word, "directive", self.declaration))
        elif word in _OPENS and self.frame.bracket == _OPENS[word]:
            self.frames.pop()

    def _leave_directive(self) -> None:
        while self.frame.kind == "directive":
            self.frames.pop()
        self.declaration = Declaration()
        self.in_directive, self.after = False, "start" if self.frame.kind == "block" else "any"

    def _name(self, word: str, was: str) -> None:
        self.operand, self.after = None, "any"
        self._const = (
            self._const and self.may_declare()
        )  # of a type that the text defines nothing is known
        if word == ENTRY:
            self.after = "func" if len(self.frames) > 1 else "any"
            return
        if self.may_declare():
            d = self.declaration
            self.scopes.bind(
                word,
                Variable(d.base, d.stars, d.const, local=self.frame.kind != "head"),
                self.frame.kind == "for",
            )
            self._declared, self.after = word, "declared"
            self.fresh = max(self.fresh, int(word[1:]) + 1)
        elif was == "member" or self._is_free(word):
            return
        else:
            self.operand, self.after, self.lvalue = self.scopes.alive[word], "operand", True
            self.plain = self.before not in _CHANGES_TYPE

    def _is_free(self, word: str) -> bool:
        """Whether `word` is no variable of the text: a function, or undeclared, from a macro or a
        library.
        """
        if word in self.scopes.alive:
            return self.scopes.alive[word].base in (FUNCTION, FREE)
        if int(word[1:]) >= self.fresh:
            self.scopes.bind(word, Variable(FREE), again=True)
            self.fresh = int(word[1:]) + 1
        return True

    def _type(self, word: str, was: str) -> None:
        d, depth = self.declaration, len(self.frames)
        declares = (word != "half" or was == "start" or self.frame.kind == "head") and self._begins(
            was
        )
        if not declares or (d.depth == depth and d.in_value):
            self.after = (
                "func" if was == "need" and word != "half" else "any"
            )  # float ( x ), or within < >
            return
        if was != "type" or d.depth != depth:
            self.declaration = d = Declaration(depth, const=self._const)
        self._const = False
        kind = STRUCTURE if word in self._types else classify_base_type(word)
        d.base = kind if d.base != "float" else d.base
        self.after = "type" if word != "half" else "any"  # a type to CUDA, a name to others

    def _begins(self, was: str) -> bool:
        """Whether a type word that comes now begins a declaration, a parameter or a cast."""
        if self.last == "<" or was == "any" and self.last in CPP_TYPES:  # vector<unsigned char>
            return False
        if self.last == "(" and self.frame.callee in CPP_FUNCTIONS:  # float(x) as an argument
            return False
        return (
            was in ("start", "any", "type")
            or self.last == "("
            or (self.last == "," and self.frame.kind == "head")
        )

    def specifier(self, word: str, was: str) -> None:
        """Read `word`, a word of a type in a declaration. was: the class of the word before it, as
        in the attribute `after`. Changes the reader's state.
        """
        d = self.declaration
        if was == "type" and d.depth == len(self.frames):
            d.const = d.const or (word == "const" and d.stars == 0)
        else:
            self.declaration = Declaration()
            self._const = word == "const" or (self._const and was == "type")
        self.after = "type"

    def _open(self, word: str, was: str) -> None:
        frame = BracketFrame(word, "", self.declaration, self.last)
        self.declaration = Declaration()
        {"(": self._open_parenthesis, "[": self._open_index, "{": self._open_brace}[word](
            frame, was
        )
        self.frames.append(frame)
        self.operand, self.ended = None, False

    def _open_parenthesis(self, frame: BracketFrame, was: str) -> None:
        if was == "control":
            frame.kind, self.after = self.last, "start" if self.last == "for" else "need"
            if self._closes_do:
                frame.kind, self._closes_do = "do", False
            if frame.kind == "for":
                self.scopes.enter()
        elif len(self.frames) == 1 and (is_numbered_name(self.last) or self.last == ENTRY):
            frame.kind, self.after, self.returns = "head", "any", tuple(self._head)
            if self._has_head:
                self.scopes.leave()
            if self.last in self.scopes.alive:
                self.scopes.change(self.last, Variable(FUNCTION))
                self.kernels |= {self.last} if "__global__" in self._head else set()
            self.scopes.enter()
            self._has_head = True
        elif was in ("need", "start"):
            frame.kind, self.after = "group", "need"
        else:
            frame.kind, self.after = (
                "call",
                "need" if was in ("func", "type") else "any",
            )  # `float (` is a cast
            if was == "type" and self.frame.kind == "group":  # `(float(x) * y)` declares nothing
                frame.declaration = Declaration()
        self.before = "("

    def _open_index(self, frame: BracketFrame, was: str) -> None:
        frame.kind, self.after, self.before = "size" if self._declared else "index", "need", "["
        frame.callee, frame.plain = self._declared, self.plain
        frame.indexed = self.operand if was == "operand" else None
        self.wild = self.wild or was in ("need", "start")  # a lambda

    def _open_brace(self, frame: BracketFrame, was: str) -> None:
        self.done = False
        if was in ("need", "declared") or self.frame.kind not in ("file", "block"):
            frame.kind, self.after = "init", "any"
            return
        if len(self.frames) == 1 and not self._has_head and self.last != '"C"':  # of a structure
            frame.kind, self.after = "fields", "any"
            return
        frame.kind, self.after = "block", "start"
        self.wild = self.wild or self.last == '"C"'
        chain = self.frame.chain
        if not self._has_head:  # the body of a function owns the names of its head
            self.scopes.enter(frozenset(n for n, _ in chain[-1][1]) if chain else frozenset())
        self._has_head = False

    def _close(self, word: str) -> None:
        self.operand = None
        if self.frame.bracket != _OPENS[word]:
            self.wild, self.after = True, "any"
            return
        frame = self.frames.pop()
        self.declaration = frame.declaration
        if frame.kind in ("size", "index"):
            self._close_index(frame)
        elif frame.kind == "block":
            self._close_block(frame)
        elif frame.kind in ("head", "init", "fields"):
            self.after = "any"
        elif frame.kind == "do":
            self.after = "jump"
        elif frame.kind in w.CONTROL:
            self.frame.chain.append((frame.kind, self.scopes.part() if frame.kind == "for" else []))
            self.after, self.ended, self.declaration = "start", False, Declaration()
        else:
            self._close_parenthesis(frame)

    def _close_index(self, frame: BracketFrame) -> None:
        self.before = ""
        if frame.kind == "size":
            old = self.scopes.alive[frame.callee]
            self.scopes.change(frame.callee, replace(old, dims=old.dims + 1, array=True))
            self._declared, self.after = frame.callee, "declared"
            return
        known = frame.indexed
        self.after, self.plain, self.lvalue = "operand", frame.plain, True
        self.operand = known.element if known is not None and known.dims > 0 else None

    def _close_parenthesis(self, frame: BracketFrame) -> None:
        if frame.kind == "group" and frame.types_only and self.last != "(":
            self.after, self.before = "need", "cast"
        elif frame.kind == "group" and not (
            is_numbered_name(self.last) and self.last not in self.scopes.alive
        ):
            self.after, self.lvalue = "operand", True
        elif frame.callee in CPP_FUNCTIONS:
            self.after, self.lvalue = "operand", False
        else:  # ( V5 ) may be a cast to a type of the source's own
            self.after = "any"

    def _close_block(self, frame: BracketFrame) -> None:
        for _, hidden in reversed(frame.chain):
            self.scopes.forget(hidden)
        self.scopes.leave()
        self.declaration = Declaration()
        self.done = self.frame.kind == "file"
        if self.done:
            self.after = "any"
        else:
            self._end_statement()

    def _semicolon(self) -> None:
        self.declaration, self.operand, self.frame.rvalue = Declaration(), None, False
        if self.frame.kind == "for":
            self.frame.semicolons += 1
            self.after, self.before = "need", ";"
        elif self.frame.kind == "block":
            self._end_statement()
        else:
            self.after = "any"
            if (
                self._has_head and self.frame.kind == "file"
            ):  # only a prototype; within its brackets it has not ended
                self.scopes.leave()
                self._has_head = False

    def _end_statement(self) -> None:
        self.after, self.ended, self.before = "start", True, ""
        chain = self.frame.chain
        while chain and chain[-1][0] not in ("if", "do"):
            self.scopes.forget(chain.pop()[1])

    def _settle(self, word: str) -> None:
        """A statement has ended and `word` follows it: which of the control statements around it
        end as well.
        """
        chain, self.ended = self.frame.chain, False
        if word == "else" and chain:
            chain.pop()
            return
        while chain:
            kind, hidden = chain.pop()
            self.scopes.forget(hidden)
            if kind == "do" and word == "while":
                self._closes_do = True
                return


# ---------------------------------------- what operators and keywords do


def _read_operator(reader: CReader, word: str, was: str) -> None:
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


def _read_keyword(reader: CReader, word: str, was: str) -> None:
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
