"""The C family's front end: C, C++, CUDA and OpenMP to the typed tree of `corpora.ir`.

Contract: `parse_c_family` reads any text and raises nothing for what the text holds. Macros are
expanded first, at token level; spans point into the original text. Where the grammar needs to
know what a name is, the declarations in scope say so. What the front end does not know, and what
is no C++ at all, becomes `Unsupported` in its place. Results are cached by content.

How: `c_preprocess` makes the tokens, `c_arrange` takes attributes out, `c_source` lets
tree-sitter parse them, and this module turns its tree into nodes. Where tree-sitter took a
declared name for something else, the name gets a role and the text is parsed again.

    python -c "from corpora.frontends.c_family import parse_c_family; \
        print(parse_c_family('void f(int a, int b) { a * b; }', 'cpp').items)"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from tree_sitter import Node

from corpora.dialects import list_macro_names
from corpora.frontends.c_arrange import arrange
from corpora.frontends.c_preprocess import Directive, preprocess
from corpora.frontends.c_source import Source
from corpora.frontends.c_tokens import LineTable, Token
from corpora.frontends.c_types import NAMED_SCALARS, SPELLED, TYPE_WORDS, scalar_of_words
from corpora.frontends.pragmas import build_pragma, is_standalone, read_directive
from corpora.ir.nodes import (
    Access,
    ArrayType,
    Assign,
    AssignExpression,
    Binary,
    Call,
    Case,
    Cast,
    Comma,
    Compound,
    Conditional,
    Declaration,
    Expression,
    ExpressionStatement,
    Extent,
    For,
    Function,
    FunctionType,
    Goto,
    If,
    Include,
    Increment,
    InitializerList,
    Jump,
    KernelLaunch,
    Label,
    Literal,
    Macro,
    Member,
    Module,
    Name,
    NamedType,
    Parameter,
    PointerType,
    Pragma,
    RangeFor,
    ReferenceType,
    Return,
    ScalarType,
    Section,
    SizeOf,
    Span,
    StructDefinition,
    Switch,
    TranslationUnit,
    Type,
    TypeAlias,
    Unary,
    Unsupported,
    UnsupportedExpression,
    Using,
    While,
)

__all__ = ["LAUNCH_EXPRESSION", "MAXIMAL_DEPTH", "parse_c_expression", "parse_c_family"]

LAUNCH_EXPRESSION = "kernel launch in an expression"
"""Kind of the UnsupportedExpression that a launch is where no statement can stand."""

MAXIMAL_DEPTH = 200
"""Levels of nesting that are read; what is deeper is Unsupported."""

_ROUNDS = 8
"""How often a text is parsed again with more roles known."""


def parse_c_family(
    text: str, dialect: str, macros: Mapping[str, str] | None = None
) -> TranslationUnit:
    """Return the tree of `text`, C++ or C. A construct that the front end does not know is an
    Unsupported node in the tree; nothing is raised.

    dialect: `cpp`, `cuda`, `openmp` or `openmp-target`; it decides which macros are predefined.
    macros: further object-like macros, name -> replacement; None for none. One text is parsed once;
        the same tree may be returned again.
    """
    return _parse(text, dialect, tuple(sorted((macros or {}).items())))


@lru_cache(maxsize=1024)
def _parse(text: str, dialect: str, macros: tuple[tuple[str, str], ...]) -> TranslationUnit:
    # One text is read as several dialects, and with and without its last line's end. The tree is
    # the same where the text names nothing that a dialect predefines.
    asked = (text, *(value for _, value in macros))
    names = any(name in each for each in asked for name in list_macro_names())
    bare = text.rstrip(" \n")
    bare = text if bare.endswith("\\") else bare
    unit = _parse_shared(bare, dialect if names else "", macros)
    return TranslationUnit(unit.items, text, dialect, unit.errors)


@lru_cache(maxsize=1024)
def _parse_shared(text: str, dialect: str, macros: tuple[tuple[str, str], ...]) -> TranslationUnit:
    processed = preprocess(text, dialect, dict(macros))
    arranged = arrange(processed.tokens)
    directives = processed.directives
    if arranged.moved is not None:
        directives = _moved(directives, arranged.moved)
    lines = LineTable(text)
    roles: dict[int, str] = {}
    for _ in range(_ROUNDS):
        source = Source(arranged.tokens, roles)
        reader = _Reader(text, lines, source, roles, directives, arranged.decorations)
        items = reader.unit()
        if not reader.found_roles:
            break
        roles = {**roles, **reader.found_roles}
        if reader.cut_out:
            directives = sorted([*directives, *reader.cut_out], key=lambda d: d.at)
    errors = tuple(reader.errors)
    return TranslationUnit(items, text, dialect, errors)


def _moved(directives: list[Directive], moved: list[int]) -> list[Directive]:
    """The directives with their positions counted in the arranged tokens."""
    place = {old: new for new, old in reversed(list(enumerate(moved)))}
    out = []
    for directive in directives:
        at = directive.at
        limit = max(place, default=-1)
        while at not in place and at <= limit:
            at += 1
        out.append(replace(directive, at=place.get(at, len(moved))))
    return sorted(out, key=lambda d: d.at)


@lru_cache(maxsize=4096)
def parse_c_expression(text: str) -> Expression:
    """Return the expression that `text` holds, or an UnsupportedExpression if it does not parse;
    nothing is raised. Spans count from the start of `text`.
    """
    processed = preprocess(text, "cpp")
    reader = _Reader(text, LineTable(text), Source([], {}), {}, [], [])
    found = reader.expressions_of([processed.tokens])
    return found[0]


class _TooDeep(Exception):
    """A construct is nested deeper than MAXIMAL_DEPTH."""


_Scope = dict[str, Any]
_VALUE = object()
_FUNCTION = object()


def _clean_text(texts: Sequence[str]) -> str:
    """Tokens in one line with the fewest spaces."""
    out: list[str] = []
    for text in texts:
        if out and (
            out[-1] == ","
            or (out[-1][-1:].isalnum() or out[-1][-1:] == "_")
            and (text[:1].isalnum() or text[:1] == "_")
        ):
            out.append(" ")
        out.append(text)
    return "".join(out)


_FLOAT = re.compile(r"(?:0[xX][\da-fA-F.]*[pP]|(?!0[xX])[\d']*(?:\.|[eE]))")


def literal_type(text: str) -> str:
    """Return the type of a number as C++ spells it, in the words of `corpora.ir`: `1.0f` gives
    `f32`, `1u` gives `u32`, `3000000000` gives `i64`, `1.0L` gives `f80`. A text that is no number
    gives `i32`, `f32` or `f64`.
    """
    plain = text.replace("'", "").lower()
    if _FLOAT.match(plain) and not plain.startswith("0b"):
        return {"f": "f32", "l": "f80"}.get(plain[-1], "f64")
    digits = plain.rstrip("ulz")
    suffix = plain[len(digits) :]
    try:
        octal = len(digits) > 1 and digits[0] == "0" and digits.isdigit()
        value = int(digits, 8) if octal else int(digits, 0)
    except ValueError:
        return "f32" if plain.endswith("f") else "f64" if "." in plain else "i32"
    wide = "l" in suffix or "z" in suffix
    if "u" in suffix:
        return "u64" if wide or value >= 2**32 else "u32"
    if wide or value >= 2**31:
        decimal = digits.isdigit() and not octal
        if not decimal and not wide and value < 2**32:
            return "u32"
        return "i64" if decimal or value < 2**63 else "u64"
    return "i32"


def _with_const(type_: Type, const: bool, volatile: bool = False) -> Type:
    if not (const or volatile):
        return type_
    if isinstance(type_, (ScalarType, NamedType, PointerType)):
        return replace(type_, const=type_.const or const, volatile=type_.volatile or volatile)
    if isinstance(type_, ArrayType):
        return replace(type_, of=_with_const(type_.of, const, volatile))
    return type_


def array_of(of: Type, extent: Extent) -> ArrayType:
    """Return the type of an array whose elements are of type `of`, with `extent` as outer
    dimension. If `of` is an array of C, its extents follow in the same ArrayType.
    """
    if isinstance(of, ArrayType) and not of.column_major:
        return ArrayType(of.of, (extent, *of.extents))
    return ArrayType(of, (extent,))


_CONSTANTS = {"true": "bool", "false": "bool", "nullptr": "pointer"}
_MODIFIERS = {"__restrict__", "__restrict", "restrict"}
_CASTS = {"static_cast", "const_cast", "reinterpret_cast", "dynamic_cast"}
_OPERATORS = {"and": "&&", "or": "||", "not": "!", "bitand": "&", "bitor": "|", "xor": "^",
              "compl": "~", "not_eq": "!=", "and_eq": "&=", "or_eq": "|=",
              "xor_eq": "^="}  # fmt: skip
_CLASSES = {"struct_specifier": "struct", "class_specifier": "class", "union_specifier": "union"}
_ONE_WORD_TYPES = {"bool", "char", "double", "float", "int", "long", "short", "signed",
                   "unsigned"}  # fmt: skip
_SPECIFIERS = {*_ONE_WORD_TYPES, "const", "volatile", "static", "struct", "auto", "constexpr"}
_BEFORE_NAME = {"*", "&", "&&", "const", "volatile", *_MODIFIERS}
_UNTYPED_WORDS = {"__global__", "__device__", "__host__", "__shared__", "__constant__",
                  "__managed__", "__grid_constant__"}  # fmt: skip


class _Reader:
    """One pass over one tree-sitter tree."""

    def __init__(
        self,
        text: str,
        lines: LineTable,
        source: Source,
        roles: Mapping[int, str],
        directives: Sequence[Directive],
        decorations: Sequence[tuple[int, str]],
    ) -> None:
        self.text, self.lines, self.source, self.roles = text, lines, source, roles
        self.directives = directives
        self.decorations = decorations
        self.next_directive = 0
        self.next_decoration = 0
        self.scopes: list[_Scope] = [{}]
        self.found_roles: dict[int, str] = {}
        self.cut_out: list[Directive] = []
        self.errors: list[Unsupported] = []
        self.broken = source.root.has_error
        self.depth = 0
        self.scope_names: tuple[str, ...] = ()
        self.linkage = ""
        self.pragmas = self._read_pragmas()

    # ----------------------------------------------------------------------- places and texts

    def span(self, node: Node) -> Span:
        source = self.source
        return self.span_of(source.first(node), source.last(node))

    def span_of(self, first: int, last: int) -> Span:
        tokens = self.source.tokens
        if not tokens:
            return Span(0, 0, 1, 1)
        a, b = tokens[first], tokens[min(last, len(tokens) - 1)]
        start, end = (a.start, b.end) if a.start <= b.start else (b.start, a.end)
        end = max(end, a.end)
        lines = self.lines
        expanded = (a.expanded or b.expanded) and self._cuts_a_macro(first, last)
        line = lines.line(start)
        return Span(start, end, line, lines.line(end - 1) if lines.many else line, expanded)

    def _cuts_a_macro(self, first: int, last: int) -> bool:
        """Whether the tokens first to last are one use of a macro or only a part of a use."""
        tokens = self.source.tokens
        a, b = tokens[first], tokens[last]
        return (
            (a.expanded and a.start == b.start)
            or (a.expanded and first > 0 and tokens[first - 1].start == a.start)
            or (b.expanded and last + 1 < len(tokens) and tokens[last + 1].start == b.start)
        )

    def word(self, node: Node) -> str:
        """Text of the one token that `node` is."""
        source = self.source
        return source.tokens[source.first(node)].text

    def flat(self, node: Node) -> str:
        return _clean_text(self.source.texts(node))

    def written(self, node: Node) -> str:
        """The original text of `node`; its tokens where some come out of a macro."""
        source = self.source
        first, last = source.first(node), source.last(node)
        tokens = source.tokens[first : last + 1]
        if any(t.expanded for t in tokens) or not tokens:
            return " ".join(t.text for t in tokens)
        return self.text[tokens[0].start : tokens[-1].end]

    def unsupported(self, node: Node, kind: str = "") -> Unsupported:
        span = self.span(node)
        if node.is_missing or node.start_byte == node.end_byte:
            found = Unsupported("syntax error", "", span)
        else:
            found = Unsupported(kind or self._kind(node), self.written(node), span)
            if self.broken:
                self.find_roles(node)
        if found.kind == "syntax error":
            self.errors.append(found)
        return found

    def unsupported_expression(self, node: Node, kind: str = "") -> UnsupportedExpression:
        kind = kind or self._kind(node)
        text = self.written(node) if node.start_byte < node.end_byte else ""
        found = UnsupportedExpression(kind, text, self.span(node))
        if kind == "syntax error":
            self.errors.append(Unsupported(kind, found.text, found.span))
        return found

    def _kind(self, node: Node) -> str:
        if self.broken and (node.type == "ERROR" or node.is_missing or node.has_error):
            return "syntax error"
        return node.type

    # -------------------------------------------------------------------------------- scopes

    def declare(self, name: str, what: Any = _VALUE) -> None:
        if name:
            self.scopes[-1][name] = what

    def lookup(self, name: str) -> Any:
        """What `name` is: _VALUE, _FUNCTION, a Type (it names a type), or None (unknown)."""
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        named = NAMED_SCALARS.get(name)
        return ScalarType(named, spelled=name) if named else None

    def is_value(self, node: Node) -> bool:
        return self.lookup(self.word(node)) is _VALUE

    def find_roles(self, node: Node) -> None:
        """Roles of the names in a broken construct that stand as templates but are values:
        `a < b && c >= d` is often read as `a<b && c>`."""
        waiting = [node]
        while waiting:
            found = waiting.pop()
            if found.type in ("template_function", "template_type", "template_method"):
                label = found.child_by_field_name("name")
                if label is not None and self.is_value(label):
                    self.give_role(label, "value")
            waiting += found.named_children

    def give_role(self, node: Node, role: str) -> None:
        position = self.source.first(node)
        if self.roles.get(position) != role:
            self.found_roles.setdefault(position, role)

    def _type_end(self, at: int) -> tuple[int, bool] | None:
        """(position after the name of a type at `at`, whether a declaration says that it is one).

        Only a name of one word, with its scopes and template arguments; None for anything else.
        An undeclared name with template arguments may be a type or a function.
        """
        tokens = self.source.tokens
        if at >= len(tokens) or tokens[at].kind != "word":
            return None
        name, at = tokens[at].text, at + 1
        while at + 1 < len(tokens) and tokens[at].text == "::" and tokens[at + 1].kind == "word":
            name, at = f"{name}::{tokens[at + 1].text}", at + 2
        found = self.lookup(name)
        if found is _VALUE or found is _FUNCTION:
            return None
        known = found is not None or name in _ONE_WORD_TYPES
        if at < len(tokens) and tokens[at].text == "<" and name not in _ONE_WORD_TYPES:
            end = _angle_end(tokens, at)
            return None if end is None else (end, known)
        return (at, True) if known else None

    def _declares(self, at: int, *, plain: bool = False) -> bool:
        """Whether the statement that begins at `at` declares by its type and its declarator.

        What can be read as a declaration is one, as C++ says: `T (*p)[n];` and `T (x);` with T a
        type. plain: also `T x`, which tree-sitter reads without help inside a block.
        """
        found = self._type_end(at)
        if found is None:
            return False
        at, known = found
        tokens, start = self.source.tokens, at
        end = self._declarator_end(at)
        if end is None or end >= len(tokens) or not (plain or end - start > 1):
            return False
        follows = tokens[end].text
        return follows == "[" if not known else follows in (";", "=", ",", "[", "(", "{")

    def _declarator_end(self, at: int) -> int | None:
        """Position after the declared name at `at`, with the brackets round it."""
        tokens = self.source.tokens
        depth = 0
        while at < len(tokens) and (tokens[at].text in _BEFORE_NAME or tokens[at].text == "("):
            depth += tokens[at].text == "("
            at += 1
        if at >= len(tokens) or tokens[at].kind != "word" or self._type_end(at) is not None:
            return None
        at += 1
        while depth and at < len(tokens):
            text = tokens[at].text
            if text == ")":
                depth, at = depth - 1, at + 1
                continue
            inside = at + 1 < len(tokens) and (
                tokens[at + 1].text == ")" or self._type_end(at + 1) is not None
            )
            end = _bracket_end(tokens, at) if text == "[" or (text == "(" and inside) else None
            if end is None:
                return None
            at = end
        return at

    def _given_declaration(self, at: int) -> bool:
        """Gives the first token of a statement its role where the statement declares."""
        if at in self.found_roles:
            return True
        role = {"body": "body declared"}.get(self.roles.get(at, ""), "declared")
        if self.roles.get(at) in ("declared", "body declared") or not self._declares(at):
            return False
        self.found_roles[at] = role
        return True

    def _given_braces(self, node: Node) -> None:
        """Gives a declaration that is a whole body braces, which the grammar needs."""
        before = node.prev_sibling
        while before is not None and before.type == "ERROR":
            node, before = before, before.prev_sibling
        at, tokens = self.source.first(node), self.source.tokens
        if at in self.roles or not (
            self._declares(at, plain=True) or (tokens[at].text in _SPECIFIERS)
        ):
            return
        depth, end = 0, at
        while end < len(tokens) and (depth or tokens[end].text != ";"):
            depth += (tokens[end].text in _OPENING) - (tokens[end].text in _CLOSING)
            end += 1
        if end < len(tokens) and depth == 0 and not any(p in self.roles for p in (at, end)):
            known = self._declares(at, plain=True)
            self.found_roles[at] = "body declared" if known else "body"
            self.found_roles[end] = "body end"

    # ------------------------------------------------------------------------------- pragmas

    def _read_pragmas(self) -> dict[int, Pragma]:
        """Each pragma by its position among the directives, arguments read."""
        raws: dict[int, tuple[Any, list[tuple[int, Token]], Span]] = {}
        wanted: list[list[Token]] = []
        for number, directive in enumerate(self.directives):
            if directive.kind != "pragma":
                continue
            text, places = _pragma_text(directive.tokens)
            span = Span(
                directive.start,
                directive.end,
                self.lines.line(directive.start),
                self.lines.line(max(directive.end - 1, 0)),
                directive.expanded,
            )
            raw = read_directive(text)
            raws[number] = (raw, places, span)
            for clause in raw.clauses:
                for start, end in clause.arguments:
                    wanted.append([t for at, t in places if start <= at < end])
        if not raws:
            return {}
        read = iter(self.expressions_of(wanted))
        return {
            number: build_pragma(raw, lambda _text, _at: next(read), span)
            for number, (raw, _, span) in raws.items()
        }

    def expressions_of(self, pieces: Sequence[list[Token]]) -> list[Expression]:
        """Each list of tokens read as one expression of its own."""
        out: list[Expression | None] = [self._single(piece) for piece in pieces]
        waiting = [i for i, found in enumerate(out) if found is None]
        if waiting and not self._read_together(pieces, waiting, out):
            for i in waiting:
                if not self._read_together(pieces, [i], out):
                    out[i] = self._unread(pieces[i])
        return out  # type: ignore[return-value]

    def _single(self, piece: list[Token]) -> Expression | None:
        if len(piece) != 1:
            return None if piece else UnsupportedExpression("empty", "")
        token = piece[0]
        span = Span(
            token.start, token.end, self.lines.line(token.start),
            self.lines.line(max(token.end - 1, 0)), token.expanded,
        )  # fmt: skip
        if token.kind == "word":
            if token.text in _CONSTANTS:
                return Literal(token.text, _CONSTANTS[token.text], span)
            return Name(token.text, span)
        if token.kind == "number":
            return Literal(token.text, literal_type(token.text), span)
        if token.kind in ("string", "character"):
            return Literal(token.text, token.kind[:4] if token.kind[0] == "c" else "string", span)
        return UnsupportedExpression("syntax error", token.text, span)

    def _unread(self, piece: list[Token]) -> UnsupportedExpression:
        a, b = piece[0], piece[-1]
        span = Span(a.start, b.end, self.lines.line(a.start), self.lines.line(b.end - 1))
        return UnsupportedExpression("syntax error", _clean_text([t.text for t in piece]), span)

    def _read_together(
        self, pieces: Sequence[list[Token]], waiting: Sequence[int], out: list[Any]
    ) -> bool:
        """Parse the pieces `waiting` as the statements `(piece);` of one function."""
        tokens = [Token("word", w, 0, 0) for w in ("void", "f", "(", ")", "{")]
        for i in waiting:
            tokens += [Token("punctuator", "(", 0, 0), *_with_sections(pieces[i])]
            tokens += [Token("punctuator", w, 0, 0) for w in (")", ";")]
        tokens.append(Token("punctuator", "}", 0, 0))
        source, self.source = getattr(self, "source", None), Source(tokens, {})
        broken, self.broken = getattr(self, "broken", False), self.source.root.has_error
        try:
            body = self.source.root.children[0].child_by_field_name("body")
            statements = body.named_children if body is not None else []
            if self.broken or len(statements) != len(waiting):
                return False
            for i, node in zip(waiting, statements, strict=True):
                out[i] = self.expr(node.children[0].children[1])
            return True
        except (_TooDeep, RecursionError):
            return False
        finally:
            self.source, self.broken, self.depth = source, broken, 0  # type: ignore[assignment]

    def take_directives(self, before: int, *, all_of_them: bool = False) -> list[Any]:
        """Nodes of the directives that stand before token `before`, in order."""
        out: list[Any] = []
        at = self.next_directive
        while at < len(self.directives) and (all_of_them or self.directives[at].at <= before):
            out.append(self._directive(at))
            at += 1
        self.next_directive = at
        return out

    def _directive(self, number: int) -> Any:
        if number in self.pragmas:
            return self.pragmas[number]
        directive = self.directives[number]
        span = Span(
            directive.start,
            directive.end,
            self.lines.line(directive.start),
            self.lines.line(max(directive.end - 1, 0)),
        )
        if directive.kind == "include":
            return Include(directive.name, directive.system, span)
        if directive.kind == "define":
            return Macro(directive.name, directive.parameters, directive.text, span)
        found = Unsupported(directive.name, directive.text, span)
        if directive.name == "syntax error":
            self.errors.append(found)
        return found

    def take_decorations(self, first: int, last: int) -> list[tuple[int, str]]:
        """Attributes that stood before one of the tokens first to last."""
        return [d for d in self.decorations if first <= d[0] <= last] if self.decorations else []

    # --------------------------------------------------------------------------------- items

    def unit(self) -> tuple[Any, ...]:
        out = self.items(self.source.root.children)
        out += self.take_directives(0, all_of_them=True)
        return tuple(out)

    def items(self, nodes: Sequence[Node]) -> list[Any]:
        out: list[Any] = []
        for node in nodes:
            if node.type in ("comment", ";"):
                continue
            out += self.take_directives(self.source.first(node))
            for found in self.guarded(node, self.item):
                self._append(out, found)
        return out

    def _append(self, out: list[Any], found: Any) -> None:
        """Add `found`; syntax errors in a row are one."""
        before = out[-1] if out else None
        if not (
            isinstance(found, Unsupported) and found.kind == "syntax error"
            and isinstance(before, Unsupported) and before.kind == "syntax error"
            and found.span and before.span and found.span.start >= before.span.end
        ):  # fmt: skip
            out.append(found)
            return
        span = replace(before.span, end=found.span.end, end_line=found.span.end_line)
        out[-1] = Unsupported("syntax error", self.text[span.start : span.end], span)
        self.errors = [e for e in self.errors if e is not before and e is not found]
        self.errors.append(out[-1])

    def guarded(self, node: Node, read: Callable[[Node], list[Any]]) -> list[Any]:
        """`read(node)`, or one Unsupported where the node is nested too deep."""
        depth, scopes = self.depth, len(self.scopes)
        linkage, names = self.linkage, self.scope_names
        try:
            return read(node)
        except (_TooDeep, RecursionError):
            self.depth, self.linkage, self.scope_names = depth, linkage, names
            del self.scopes[scopes:]
            kind = f"nesting deeper than {MAXIMAL_DEPTH}"
            return [Unsupported(kind, self.written(node), self.span(node))]

    def item(self, node: Node) -> list[Any]:
        kind = node.type
        if kind == "function_definition":
            return self.hoisted(node, [self.function(node)])
        if kind == "declaration":
            return self.hoisted(node, self.declaration(node))
        if kind == "template_declaration":
            return self.template(node)
        if kind == "linkage_specification":
            return self.linkage_block(node)
        if kind == "namespace_definition":
            return self.namespace(node)
        if kind in _CLASSES or kind == "enum_specifier":
            return self.hoisted(node, [self.structure(node)])
        if kind == "ERROR":
            return self.salvage(node)
        found = _STATEMENT_ITEMS.get(kind)
        if found:
            return found(self, node)
        if kind == "expression_statement":
            found_there = self.expression_statement(node)
            if not found_there or isinstance(found_there[0], Unsupported):
                return self.hoisted(node, found_there)
        broken = "syntax error" if self.source.root.has_error and kind not in _KNOWN_ITEMS else ""
        return self.hoisted(node, [self.unsupported(node, broken)])

    def hoisted(self, node: Node, found: list[Any]) -> list[Any]:
        """`found` after the directives that stand inside `node` and were taken by nobody."""
        inside = self.take_directives(self.source.last(node))
        return [*inside, *found] if inside else found

    def salvage(self, node: Node) -> list[Any]:
        """A top-level syntax error, and the functions inside it that are whole."""
        out: list[Any] = [self.unsupported(node, "syntax error")]
        for child in node.children:
            if child.type in ("function_definition", "type_definition", "alias_declaration"):
                out += self.guarded(child, self.item)
        return self.hoisted(node, out)

    def linkage_block(self, node: Node) -> list[Any]:
        before, self.linkage = self.linkage, self.word(node.child_by_field_name("value")).strip('"')
        body = node.child_by_field_name("body")
        children = body.children[1:-1] if body.type == "declaration_list" else [body]
        out = self.items(children)
        out += self.take_directives(self.source.last(node))
        self.linkage = before
        return out

    def namespace(self, node: Node) -> list[Any]:
        label, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        name = self.flat(label) if label is not None else ""
        names, self.scope_names = self.scope_names, (*self.scope_names, name)
        out = self.items(body.children[1:-1]) + self.take_directives(self.source.last(node))
        self.scope_names = names
        return [Module(name, tuple(out), (), self.span(node))]

    def template(self, node: Node) -> list[Any]:
        parameters = node.child_by_field_name("parameters")
        self.scopes.append({})
        names, written = [], []
        for child in parameters.named_children:
            written.append(self.flat(child))
            leaf = child.child_by_field_name("name") or child.child_by_field_name("declarator")
            is_type = "type_parameter" in child.type
            if leaf is None:
                leaf = next((c for c in child.children if c.type == "type_identifier"), None)
            name = self.flat(leaf) if leaf is not None else ""
            names.append(name)
            self.declare(name, NamedType(name) if is_type else _VALUE)
        inner = [c for c in node.children if c.is_named and c.type != "template_parameter_list"]
        out = self.item(inner[-1]) if inner else [self.unsupported(node)]
        declared = self.scopes.pop()
        for name in declared.keys() - set(names):
            self.scopes[-1][name] = declared[name]
        return [self._templated(found, node, names, written) for found in out]

    def _templated(self, found: Any, node: Node, names: list[str], written: list[str]) -> Any:
        span = self.span(node)
        if isinstance(found, Function) and not written:
            words = ("template <>", *found.qualifiers)
            return replace(found, qualifiers=words, span=span)
        if isinstance(found, (Function, StructDefinition)):
            return replace(
                found, template=tuple(names), template_parameters=tuple(written), span=span
            )
        if isinstance(found, (Declaration, TypeAlias)):
            return self.unsupported(node)
        return found

    # ----------------------------------------------------------------------------- functions

    def function(self, node: Node) -> Any:
        """A definition. Its body is read even where the head is broken elsewhere."""
        declarator = node.child_by_field_name("declarator")
        body = node.child_by_field_name("body")
        head_nodes = [c for c in node.children if c.type == "ERROR" or c.is_missing]
        if declarator is None or (self.broken and (declarator.has_error or head_nodes)):
            return self.unsupported(node)
        base, words = self.specifiers(node, declarator)
        shape = self.declarator(declarator, base)
        if shape is None or shape[2] is None:
            return self.unsupported(node)
        name, result, parts = shape
        self.declare(name.split("::")[-1].split("<")[0], _FUNCTION)
        self.scopes.append({})
        parameters, suffixes, trailing = parts
        for parameter in parameters:
            self.declare(parameter.name)
        initializers = self._initializers(node)
        statements: tuple[Any, ...] | None = None
        if body is not None and body.type == "compound_statement":
            statements = self.block(body, guard=True)
        else:
            last = self.word(node.children[-2]) if len(node.children) > 1 else ""
            rest = [self.flat(c) for c in node.children if c.type.endswith("_method_clause")]
            suffixes = (*suffixes, *(rest or [f"= {last}"] if body is None else []))
            if body is not None:
                self.scopes.pop()
                return self.unsupported(node, body.type)
        self.scopes.pop()
        return Function(
            name=name,
            parameters=parameters,
            result=trailing or result,
            body=statements,
            qualifiers=words,
            scope=self.scope_names,
            language_linkage=self.linkage,
            span=self.span(node),
            body_span=self.span(body) if body is not None else None,
            suffixes=suffixes,
            initializers=initializers,
        )

    def _initializers(self, node: Node) -> tuple[tuple[str, tuple[Expression, ...]], ...]:
        out = []
        for child in node.children:
            if child.type == "field_initializer_list":
                for entry in child.named_children:
                    values = entry.named_children[-1]
                    out.append((self.flat(entry.named_children[0]), self.arguments(values)))
        return tuple(out)

    def specifiers(self, node: Node, until: Node | None) -> tuple[Type, tuple[str, ...]]:
        """(type, other words) of what stands before the first declarator of `node`."""
        words: list[tuple[int, str]] = []
        const = volatile = False
        type_node: Node | None = None
        source = self.source
        stop = source.first(until) if until is not None else source.last(node)
        for child in node.children:
            if until is not None and child.start_byte >= until.start_byte:
                break
            kind = child.type
            if kind in ("type_qualifier", "storage_class_specifier") or not child.is_named:
                text = self.flat(child)
                if text == "const":
                    const = True
                elif text == "volatile":
                    volatile = True
                elif text not in (";", "typedef", "friend") or text == "friend":
                    words.append((source.first(child), text))
                    const = const or (text == "constexpr" and node.type != "function_definition")
            elif kind in ("virtual_function_specifier", "virtual", "explicit_function_specifier",
                          "launch_bounds", "attribute_specifier", "alignas_specifier",
                          "alignas_qualifier"):  # fmt: skip
                words.append((source.first(child), self.flat(child)))
            elif type_node is None and kind != "ERROR":
                type_node = child
        base: Type = self.type(type_node) if type_node is not None else NamedType("")
        words += self.take_decorations(source.first(node), stop)
        words.sort(key=lambda w: w[0])
        return _with_const(base, const, volatile), tuple(w for _, w in words)

    def parameters(self, node: Node) -> tuple[Parameter, ...]:
        out: list[Parameter] = []
        for child in node.children:
            kind = child.type
            if kind == "...":
                out.append(Parameter("...", NamedType("..."), span=self.span(child)))
            elif kind in ("parameter_declaration", "optional_parameter_declaration",
                          "variadic_parameter_declaration"):  # fmt: skip
                out.append(self.parameter(child))
            elif child.is_named and kind != "comment":
                kind = self._kind(child)
                found = NamedType("", (self.unsupported_expression(child, kind),))
                out.append(Parameter("", found, span=self.span(child)))
        if len(out) == 1 and not out[0].name and out[0].type == ScalarType("void"):
            return ()
        return tuple(out)

    def parameter(self, node: Node) -> Parameter:
        declarator = node.child_by_field_name("declarator")
        base, words = self.specifiers(node, declarator)
        name = ""
        if declarator is not None:
            shape = self.declarator(declarator, base)
            if shape is None:
                base = NamedType("", (self.unsupported_expression(declarator),))
            else:
                name, base, parts = shape
                if parts is not None:
                    kinds = tuple(p.type for p in parts[0])
                    base = PointerType(FunctionType(base, kinds))
        if node.type == "variadic_parameter_declaration":
            words = (*words, "...")
        default = node.child_by_field_name("default_value")
        value = self.expr(default) if default is not None else None
        return Parameter(name, base, "", words, value, self.span(node))

    # --------------------------------------------------------------------------- declarators

    def declarator(self, node: Node, base: Type) -> tuple[str, Type, Any] | None:
        """(name, type, parts) of a declarator round `base`.

        parts: (parameters, suffixes, trailing result) where the name is that of a function.
        None for a form that no node describes.
        """
        parts: Any = None
        while True:
            kind = node.type
            if kind in ("identifier", "field_identifier", "type_identifier"):
                return self.word(node), base, parts
            if kind in ("qualified_identifier", "operator_name", "destructor_name",
                        "template_function", "operator_cast_identifier"):  # fmt: skip
                return self.flat(node), base, parts
            inner = node.child_by_field_name("declarator")
            if parts is not None and kind != "parenthesized_declarator":
                # What a pointer or an array of functions points to.
                base, parts = FunctionType(base, tuple(p.type for p in parts[0])), None
            if kind in ("pointer_declarator", "abstract_pointer_declarator"):
                base = self._pointer(node, base)
            elif kind in ("reference_declarator", "abstract_reference_declarator"):
                base = ReferenceType(base, node.children[0].type == "&&")
                inner = next((c for c in node.children[1:] if c.is_named), None)
            elif kind in ("array_declarator", "abstract_array_declarator"):
                size = node.child_by_field_name("size")
                known = size is not None and size.type != "*"
                base = array_of(base, Extent(self.expr(size)) if known else Extent())
            elif kind in ("function_declarator", "abstract_function_declarator"):
                parts = self._function_parts(node)
            elif kind in ("parenthesized_declarator", "abstract_parenthesized_declarator"):
                inner = next((c for c in node.children if c.is_named), None)
            elif kind in ("init_declarator", "attributed_declarator"):
                inner = inner or node.named_children[0]
            elif kind == "variadic_declarator":
                inner = node.named_children[0] if node.named_children else None
            else:
                return None
            if inner is None:
                if parts is not None:
                    base = FunctionType(base, tuple(p.type for p in parts[0]))
                return "", base, None
            node = inner

    def _pointer(self, node: Node, base: Type) -> PointerType:
        const = restrict = volatile = False
        for child in node.children:
            if child.type == "type_qualifier" or child.type == "ms_restrict_modifier":
                text = self.word(child)
                const = const or text == "const"
                volatile = volatile or text == "volatile"
                restrict = restrict or text in _MODIFIERS
        return PointerType(base, const, restrict, volatile)

    def _function_parts(self, node: Node) -> tuple[tuple[Parameter, ...], tuple[str, ...], Any]:
        listed = node.child_by_field_name("parameters")
        suffixes: list[str] = []
        trailing: Type | None = None
        after = False
        for child in node.children:
            if child == listed:
                after = True
            elif after and child.type == "trailing_return_type":
                trailing = self.type(child.named_children[0])
            elif after and child.type != "comment":
                suffixes.append(self.flat(child))
        parameters = self.parameters(listed) if listed is not None else ()
        return parameters, tuple(suffixes), trailing

    # --------------------------------------------------------------------------------- types

    def type(self, node: Node) -> Type:
        kind = node.type
        if kind in ("primitive_type", "sized_type_specifier"):
            words = self.source.texts(node)
            if kind == "primitive_type" and len(words) == 1 and words[0] not in TYPE_WORDS:
                return self.named(words[0], node)
            const, volatile = "const" in words, "volatile" in words  # `long const int`
            words = [w for w in words if w not in ("const", "volatile")]
            scalar = scalar_of_words(words)
            spelled = " ".join(words)
            made: Type = ScalarType(scalar, spelled=spelled) if scalar else NamedType(spelled)
            return _with_const(made, const, volatile)
        if kind in ("type_identifier", "identifier"):
            return self.named(self.word(node), node)
        if kind == "type_descriptor":
            return self.described(node)
        if kind == "placeholder_type_specifier" or kind == "auto":
            text = self.flat(node)
            return ScalarType("auto", spelled="auto") if text == "auto" else NamedType(text)
        if kind in _CLASSES or kind == "enum_specifier":
            label = node.child_by_field_name("name")
            return self.type(label) if label is not None else NamedType("")
        if kind == "template_type":
            return self._template_type(node, "")
        if kind == "qualified_identifier":
            leaf, prefix = node, ""
            while leaf.type == "qualified_identifier":
                scope, label = leaf.child_by_field_name("scope"), leaf.child_by_field_name("name")
                prefix += (self.flat(scope) if scope is not None else "") + "::"
                leaf = label
            if leaf.type == "template_type":
                return self._template_type(leaf, prefix)
            name = self.flat(node)
            plain = name.removeprefix("::")
            is_global = plain in self.scopes[0] or plain in NAMED_SCALARS
            return self.named(plain if is_global else name, node)
        if kind == "dependent_type":
            return NamedType("typename " + self.flat(node.named_children[-1]))
        return NamedType(self.flat(node))

    def named(self, name: str, node: Node) -> Type:
        found = self.lookup(name)
        if found is _VALUE and node.type == "type_identifier":
            self.give_role(node, "value")
        if isinstance(found, ScalarType):
            return replace(found, spelled=SPELLED.get(name, name))
        if isinstance(found, (PointerType, ArrayType, NamedType, ReferenceType, FunctionType)):
            return found
        scalar = scalar_of_words([name])
        return ScalarType(scalar, spelled=name) if scalar else NamedType(name)

    def _template_type(self, node: Node, prefix: str) -> Type:
        name = prefix + self.flat(node.child_by_field_name("name"))
        arguments = self.template_arguments(node.child_by_field_name("arguments"))
        label = node.child_by_field_name("name")
        if not prefix and self.lookup(self.word(label)) is _VALUE:
            self.give_role(label, "value")
        if len(arguments) == 1 and isinstance(arguments[0], ScalarType):
            inner = {"f32": "float", "f64": "double"}.get(arguments[0].name, "")
            whole = f"{name}<{inner}>"
            if whole in NAMED_SCALARS:
                return ScalarType(NAMED_SCALARS[whole], spelled=whole)
        return NamedType(name, arguments)

    def template_arguments(self, node: Node) -> tuple[Any, ...]:
        out: list[Any] = []
        for child in node.named_children:
            if child.type == "type_descriptor":
                only = child.named_children[0] if child.named_child_count == 1 else None
                if only is not None and only.type == "type_identifier":
                    found = self.lookup(self.word(only))
                    if found is _VALUE:
                        out.append(Name(self.word(only), self.span(only)))
                        continue
                out.append(self.type(child))
            elif child.type != "comment":
                out.append(self.expr(child))
        return tuple(out)

    def described(self, node: Node) -> Type:
        """Type of a `type_descriptor`: specifiers and an abstract declarator."""
        declarator = node.child_by_field_name("declarator")
        base, _ = self.specifiers(node, declarator)
        if declarator is None:
            return base
        shape = self.declarator(declarator, base)
        return shape[1] if shape is not None else NamedType(self.flat(node))

    # -------------------------------------------------------------------------- declarations

    def declaration(self, node: Node) -> list[Any]:
        """What one declaration declares: variables, prototypes, and a structure it defines."""
        if self.broken and node.has_error:
            return [self.broken_statement(node)]
        declarators = node.children_by_field_name("declarator")
        base, words = self.specifiers(node, declarators[0] if declarators else None)
        out: list[Any] = []
        group = self.span(node)
        type_node = node.child_by_field_name("type")
        if type_node is not None and type_node.child_by_field_name("body") is not None:
            unnamed = bool(declarators) and type_node.child_by_field_name("name") is None
            name = f"unnamed_{self.declared_word(declarators[0])}" if unnamed else ""
            defined = self.structure(type_node, name)
            if unnamed and isinstance(defined, StructDefinition):
                defined = replace(defined, unnamed=True)
                base = NamedType(name, (), base.const, base.volatile)
            out.append(defined)
        if not declarators and not out:
            if type_node is not None and type_node.type in _CLASSES:
                label = type_node.child_by_field_name("name")
                self.declare(self.flat(label), NamedType(self.flat(label)))
                kind = _CLASSES[type_node.type]
                return [StructDefinition(self.flat(label), (), kind, span=group, defined=False)]
            return [self.unsupported(node)]
        bits = next((c for c in node.children if c.type == "bitfield_clause"), None)
        for declarator in declarators:
            found = self._declared(declarator, base, words, group)
            if found is None:
                return [self.unsupported(node)]
            if bits is not None and isinstance(found, Declaration):
                found = replace(found, bits=self.expr(bits.named_children[0]))
            out.append(found)
        default = node.child_by_field_name("default_value")
        if default is not None and out and isinstance(out[-1], Declaration):
            out[-1] = replace(out[-1], value=self.expr(default))
        return out

    def declared_word(self, node: Node) -> str:
        """The name inside of a declarator: `s` of `*s[3] = {1}`; '' where brackets hide it."""
        while (inner := node.child_by_field_name("declarator")) is not None:
            node = inner
        name = self.flat(node)
        return name if name.isidentifier() else ""

    def _declared(
        self, node: Node, base: Type, words: tuple[str, ...], group: Span
    ) -> Declaration | Function | None:
        shape = self.declarator(node, base)
        if shape is None:
            return None
        name, type_, parts = shape
        if parts is not None:
            values = self._vexing(node)
            if values is not None:
                self.declare(name)
                return Declaration(name, type_, None, values, words, self.span(node), group)
            self.declare(name.split("::")[-1], _FUNCTION)
            parameters, suffixes, trailing = parts
            return Function(
                name, parameters, trailing or type_, None, words, (), self.scope_names,
                language_linkage=self.linkage, span=group, suffixes=suffixes,
            )  # fmt: skip
        self.declare(name)
        value, arguments = None, None
        if node.type == "init_declarator":
            found = node.child_by_field_name("value")
            if found.type == "argument_list":
                arguments = self.arguments(found)
            else:
                value = self.expr(found)
        if self.linkage and len(self.scopes) == 1:
            words = (f'extern "{self.linkage}"', *(w for w in words if w != "extern"))
        return Declaration(name, type_, value, arguments, words, self.span(node), group)

    def _vexing(self, node: Node) -> tuple[Expression, ...] | None:
        """Constructor arguments that tree-sitter took for the parameters of a prototype.

        They are when each is one bare name and one of them is a value, or, inside a function,
        when none of them names a known type.
        """
        while node.type != "function_declarator":
            inner = node.child_by_field_name("declarator")
            if inner is None and node.type == "reference_declarator":
                inner = node.named_children[-1]
            if inner is None:
                return None
            node = inner
        label = node.child_by_field_name("declarator")
        while label.type == "parenthesized_declarator" and label.named_child_count == 1:
            label = label.named_children[0]  # `T (x)(a);`
        listed = node.child_by_field_name("parameters").named_children
        if not listed or label.type != "identifier":
            return None
        names = []
        for child in listed:
            only = child.named_children
            if child.type != "parameter_declaration" or len(only) != 1:
                return None
            if only[0].type not in ("type_identifier", "qualified_identifier"):
                return None
            names.append(only[0])
        kinds = [self.lookup(self.flat(n)) for n in names]
        some_value = any(k is _VALUE or k is _FUNCTION for k in kinds)
        if not some_value and (len(self.scopes) == 1 or any(k is not None for k in kinds)):
            return None
        for n in names:
            self.found_roles.pop(self.source.first(n), None)
        return tuple(Name(self.flat(n), self.span(n)) for n in names)

    def typedef(self, node: Node) -> list[Any]:
        if self.broken and node.has_error:
            return [self.unsupported(node)]
        declarators = node.children_by_field_name("declarator")
        type_node = node.child_by_field_name("type")
        out: list[Any] = []
        span = self.span(node)
        name_of_type = type_node.child_by_field_name("name")
        if type_node.child_by_field_name("body") is not None:
            plain = next((d for d in declarators if d.type == "type_identifier"), None)
            name = self.word(plain) if plain is not None and name_of_type is None else ""
            defined = self.structure(type_node, name)
            if isinstance(defined, Unsupported):
                return [defined]
            out.append(replace(defined, span=span))
            base: Type = NamedType(defined.name)
            named = name
        else:
            base, _ = self.specifiers(node, declarators[0] if declarators else None)
            named = ""
        for declarator in declarators:
            shape = self.declarator(declarator, base)
            if shape is None:
                return [self.unsupported(node)]
            name, type_, parts = shape
            if parts is not None:
                type_ = FunctionType(type_, tuple(p.type for p in parts[0]))
            if name == named or type_ == NamedType(name):
                self.declare(name, NamedType(name))
                if name != named:
                    out.append(TypeAlias(name, type_, span))
                continue
            self.declare(name, type_)
            out.append(TypeAlias(name, type_, span))
        return out

    def alias(self, node: Node) -> list[Any]:
        name = self.flat(node.child_by_field_name("name"))
        type_ = self.type(node.child_by_field_name("type"))
        self.declare(name, type_)
        return [TypeAlias(name, type_, self.span(node))]

    def using(self, node: Node) -> list[Any]:
        namespace = any(c.type == "namespace" for c in node.children)
        name = self.flat(node.named_children[-1])
        found = NAMED_SCALARS.get(name)
        if found and not namespace:
            self.declare(name.split("::")[-1], ScalarType(found))
        return [Using(name, namespace, self.span(node))]

    def namespace_alias(self, node: Node) -> list[Any]:
        alias, name = self.flat(node.named_children[0]), self.flat(node.named_children[-1])
        return [Using(name, True, self.span(node), alias)]

    # ---------------------------------------------------------------------------- structures

    def structure(self, node: Node, name: str = "") -> Any:
        """A structure, class, union or enumeration. name: what a typedef calls it."""
        body = node.child_by_field_name("body")
        label = node.child_by_field_name("name")
        name = self.flat(label) if label is not None else name
        if self.broken and node.has_error:
            return self.unsupported(node)
        self.declare(name, NamedType(name))
        if node.type == "enum_specifier":
            return self._enumeration(node, name, body)
        if body is None:
            kind = _CLASSES[node.type]
            return StructDefinition(name, (), kind, span=self.span(node), defined=False)
        source = self.source
        attributes = tuple(
            text for _, text in self.take_decorations(source.first(node), source.first(body))
        )
        end = source.last(body) + 1
        attributes += tuple(text for _, text in self.take_decorations(end, end))
        attributes += tuple(
            self.flat(c) for c in node.children
            if c.type in ("attribute_specifier", "alignas_specifier", "alignas_qualifier")
        )  # fmt: skip
        bases = [c for c in node.children if c.type == "base_class_clause"]
        names, self.scope_names = self.scope_names, (*self.scope_names, name)
        self.scopes.append({})
        fields, methods, items = self._members(body)
        self.scopes.pop()
        self.scope_names = names
        return StructDefinition(
            name, tuple(fields), _CLASSES[node.type], tuple(methods),
            tuple(_split_bases(self.flat(bases[0])) if bases else ()), (), self.span(node),
            (), tuple(items), attributes,
        )  # fmt: skip

    def _members(self, body: Node) -> tuple[list[Any], list[Any], list[Any]]:
        fields: list[Any] = []
        methods: list[Any] = []
        items: list[Any] = []
        for child in sorted(body.named_children, key=lambda c: c.type == "function_definition"):
            if child.type in ("comment", "access_specifier"):
                continue
            if child.type == "field_declaration":
                found = self.declaration(child)
            else:
                found = self.item(child)
            for member in found:
                if isinstance(member, Declaration):
                    fields.append(member)
                elif isinstance(member, Function):
                    methods.append(replace(member, language_linkage=""))
                else:
                    items.append(member)
        return fields, methods, items

    def _enumeration(self, node: Node, name: str, body: Node | None) -> Any:
        if body is None:
            return self.unsupported(node, "forward declaration")
        words = [c.type for c in node.children[:3]]
        scoped = next((w for w in ("class", "struct") if w in words[1:]), "")
        base = node.child_by_field_name("base")
        fields = []
        for child in body.named_children:
            if child.type != "enumerator":
                continue
            value = child.child_by_field_name("value")
            constant = self.word(child.child_by_field_name("name"))
            if not scoped:
                self.declare(constant)
            fields.append(
                Declaration(
                    constant,
                    ScalarType("i32"),
                    self.expr(value) if value is not None else None,
                    span=self.span(child),
                    group=self.span(child),
                )  # fmt: skip
            )
        bases = (self.flat(base),) if base is not None else ()
        kind = f"enum {scoped}".strip()
        return StructDefinition(name, tuple(fields), kind, (), bases, (), self.span(node))

    # ---------------------------------------------------------------------------- statements

    def block(self, node: Node, *, guard: bool = False) -> tuple[Any, ...]:
        """Statements of a compound statement, in a scope of its own."""
        self.scopes.append({})
        out: list[Any] = []
        for child in node.children[1:]:
            if guard:
                out += self.guarded(child, self.statement)
            else:
                out += self.statement(child)
        self.scopes.pop()
        return tuple(out)

    def body(self, node: Node | None) -> tuple[Any, ...]:
        """The statements of a loop or branch; a plain `{ }` round them is no node of its own."""
        if node is None:
            return ()
        at = self.next_directive
        waiting = at < len(self.directives) and self.directives[at].at <= self.source.first(node)
        if node.type == "compound_statement" and not waiting:
            return self.block(node)
        if node.type in ("expression_statement", "ERROR"):
            self._given_braces(node)
        self.scopes.append({})
        out = tuple(self.statement(node))
        self.scopes.pop()
        return out

    def statement(self, node: Node) -> list[Any]:
        """The nodes of one statement, with the directives before it: those that govern it are
        attached, the others stand before it."""
        kind = node.type
        if kind == "comment":
            return []
        at = self.next_directive
        if at == len(self.directives) or self.directives[at].at > self.source.first(node):
            return self._bare(node)
        before: list[Any] = []
        governing: list[Pragma] = []
        for found in self.take_directives(self.source.first(node)):
            if not isinstance(found, Pragma) or is_standalone(found):
                before.append(found)
            else:
                governing.append(found)
        statements = self._bare(node)
        return [*before, *(_attach(governing, statements) if governing else statements)]

    def _bare(self, node: Node) -> list[Any]:
        self.depth += 2
        if self.depth > MAXIMAL_DEPTH:
            raise _TooDeep
        read = _STATEMENTS.get(node.type)
        if read is not None:
            found = read(self, node)
        elif not node.is_named and not node.is_missing:
            found = []
        else:
            self._given_declaration(self.source.first(node))
            found = [self.unsupported(node)]
        self.depth -= 2
        if found and isinstance(found[-1], Unsupported):
            self.skip_directives(node)
        return found

    def skip_directives(self, node: Node) -> None:
        """Directives inside a node whose text is kept whole are part of that text."""
        last = self.source.last(node)
        while (
            self.next_directive < len(self.directives)
            and self.directives[self.next_directive].at <= last
        ):
            self.next_directive += 1

    def compound(self, node: Node) -> list[Any]:
        return [Compound(self.block(node), (), self.span(node))]

    def expression_statement(self, node: Node) -> list[Any]:
        children = node.children
        if len(children) == 1 and not children[0].is_named:
            return []
        if self._given_declaration(self.source.first(node)):
            return [self.unsupported(node)]
        if self.broken and node.has_error:
            return [self.broken_statement(node)]
        inner = children[0]
        if inner.type == "binary_expression":
            self._names_type(inner.children[0])  # `T *(*p)();` declares
        pointer = self._function_pointer(inner, self.span(node))
        if pointer is not None:
            return [pointer]
        return [self.as_statement(inner, self.span(node))]

    def _function_pointer(self, node: Node, group: Span) -> Declaration | None:
        """`T (*p)();` declares a pointer where T is a type; tree-sitter takes it for calls."""
        if node.type != "call_expression" or node.children[0].type != "call_expression":
            return None
        call = node.children[0]
        label, inside = call.children[0], call.children[-1].named_children
        kinds = ("identifier", "primitive_type", "template_function")
        if label.type not in kinds or len(inside) != 1:
            return None
        star = inside[0]
        known = self.lookup(self.word(label))
        is_type = label.type == "primitive_type" or known not in (None, _VALUE, _FUNCTION)
        is_type = is_type or (label.type == "template_function" and known is None)
        if not is_type or node.children[-1].named_child_count or star.type != "pointer_expression":
            return None
        if star.children[0].type != "*" or star.children[-1].type != "identifier":
            return None
        name = self.word(star.children[-1])
        self.declare(name)
        template = label.type == "template_function"
        result = self._template_type(label, "") if template else self.type(label)
        made = PointerType(FunctionType(result))
        return Declaration(name, made, span=self.span(node), group=group)

    def broken_statement(self, node: Node) -> Unsupported:
        """A syntax error. Where tree-sitter took the next statements into it, what stands before
        the first semicolon is cut out, and the text is parsed again without it."""
        source = self.source
        first, last = source.first(node), source.last(node)
        depth = 0
        for at in range(first, last):
            text = source.tokens[at].text
            depth += (text in _OPENING) - (text in _CLOSING)
            if text == ";" and depth <= 0:
                span = self.span_of(first, at)
                cut = Directive(
                    "error", at, span.start, span.end, "syntax error",
                    self.text[span.start : span.end], expanded=span.expanded,
                )  # fmt: skip
                if at > first and self.scopes[1:]:
                    self.cut_out.append(cut)
                    self.found_roles.update(dict.fromkeys(range(first, at), "cut"))
                break
        return self.unsupported(node)

    def as_statement(self, inner: Node, span: Span) -> Any:
        """An expression that stands as a statement."""
        kind = inner.type
        if kind == "assignment_expression" and inner.children[0].type != "conditional_expression":
            target, op, value = self._assignment(inner)
            return Assign(target, op, value, span)
        if kind == "update_expression":
            found = self.expr(inner)
            if isinstance(found, Increment):
                return Assign(found.target, found.op, None, span)
            return ExpressionStatement(found, span)
        if kind == "call_expression" and inner.children[1].type == "kernel_call_syntax":
            return self.launch(inner, span)
        if kind in ("gnu_asm_expression", "co_await_expression", "throw_expression"):
            return Unsupported(kind.removesuffix("_expression"), self.written(inner) + ";", span)
        return ExpressionStatement(self.expr(inner), span)

    def launch(self, node: Node, span: Span) -> Any:
        syntax = node.children[1]
        settings = [self.expr(c) for c in syntax.named_children]
        if not 2 <= len(settings) <= 4:
            return Unsupported("kernel launch", self.written(node) + ";", span)
        name = node.child_by_field_name("function")
        given: tuple[Any, ...] = ()
        if name.type == "template_function":
            given = self.template_arguments(name.child_by_field_name("arguments"))
            name = name.child_by_field_name("name")
        kernel = self.expr(name)
        arguments = self.arguments(node.child_by_field_name("arguments"))
        grid, block, shared, stream = [*settings, None, None][:4]
        return KernelLaunch(kernel, grid, block, arguments, shared, stream, span, given)

    def for_(self, node: Node) -> list[Any]:
        self.scopes.append({})
        head = self._head_end(node)
        start: list[Any] = []
        first = node.child_by_field_name("initializer")
        if first is not None:
            if first.type == "declaration":
                start = self.declaration(first)
            else:
                self._given_declaration(self.source.first(first))
                start = [self.as_statement(e, self.span(e)) for e in _commas(first)]
        test = node.child_by_field_name("condition")
        step = node.child_by_field_name("update")
        found = For(
            tuple(start),
            self.expr(test) if test is not None else None,
            tuple(self.as_statement(e, self.span(e)) for e in _commas(step)) if step else (),
            self.body(node.child_by_field_name("body")),
            span=self.span(node),
            head=self.span_of(self.source.first(node), head),
        )
        self.scopes.pop()
        return [*self._broken_children(node), found]

    def _head_end(self, node: Node) -> int:
        bracket = next((c for c in reversed(node.children) if c.type == ")"), node)
        return self.source.last(bracket)

    def _broken_children(self, node: Node) -> list[Any]:
        """Syntax errors that stand directly in a statement, outside its parts."""
        if not (self.broken and node.has_error):
            return []
        return [
            self.unsupported(c, "syntax error")
            for c in node.children
            if c.type == "ERROR" or c.is_missing
        ]

    def range_for(self, node: Node) -> list[Any]:
        self.scopes.append({})
        declarator = node.child_by_field_name("declarator")
        base, words = self.specifiers(node, declarator)
        shape = self.declarator(declarator, base)
        if (
            shape is None
            or (self.broken and node.has_error)
            or any(c.type == "init_statement" for c in node.children)
        ):
            self.scopes.pop()
            return [self.unsupported(node)]
        words = tuple(w for w in words if w not in ("for", "("))
        span = self.span_of(self.source.first(node) + 2, self.source.last(declarator))
        variable = Declaration(shape[0], shape[1], None, None, words, span, span)
        values = self.expr(node.child_by_field_name("right"))
        self.declare(shape[0])
        body = self.body(node.child_by_field_name("body"))
        self.scopes.pop()
        head = self.span_of(self.source.first(node), self._head_end(node))
        return [RangeFor(variable, values, body, (), self.span(node), head)]

    def while_(self, node: Node) -> list[Any]:
        before, test = self.condition(node.child_by_field_name("condition"))
        if test is None or before:
            return [self.unsupported(node, "declaration in a condition")]
        body = self.body(node.child_by_field_name("body"))
        found = While(test, body, False, (), self.span(node))
        return [*self._broken_children(node), found]

    def do(self, node: Node) -> list[Any]:
        body = self.body(node.child_by_field_name("body"))
        test = self.expr(node.child_by_field_name("condition"))
        return [*self._broken_children(node), While(test, body, True, (), self.span(node))]

    def condition(self, node: Node) -> tuple[list[Any], Expression | None]:
        """(declarations before it, test) of what stands in the brackets of `if` and `while`."""
        value = node.child_by_field_name("value")
        before = node.child_by_field_name("initializer")
        out: list[Any] = []
        if before is not None:
            inner = before.named_children[0] if before.type == "init_statement" else before
            out = self.statement(inner)
        if value is None:
            inner = next((c for c in node.named_children if c.type != "comment"), None)
            if inner is None or self.broken:
                return out, self.unsupported_expression(node, "syntax error")
            value = inner
        if value.type == "declaration":
            found = self.declaration(value)
            if len(found) != 1 or not isinstance(found[0], Declaration):
                return out, None
            given = value.child_by_field_name("value")
            declared = found[0]
            if given is not None:
                declared = replace(declared, value=self.expr(given))
            return [*out, declared], Name(declared.name, declared.span)
        return out, self.expr(value)

    def if_(self, node: Node) -> list[Any]:
        """Chains of `else if` are read in a loop and put together from their end."""
        links: list[tuple[Node, Expression, tuple[Any, ...]]] = []
        wrong: list[Any] = []
        self.scopes.append({})
        declared: list[Any] = []
        otherwise: tuple[Any, ...] = ()
        current: Node | None = node
        depth = self.depth
        while current is not None:
            self.depth += 1
            if self.depth > MAXIMAL_DEPTH:
                raise _TooDeep
            before, test = self.condition(current.child_by_field_name("condition"))
            constant = any(c.type == "constexpr" for c in current.children)
            if test is None or (before and links) or constant:
                self.scopes.pop()
                self.depth = depth
                return [self.unsupported(node, "if constexpr" if constant else "if declaration")]
            declared += before
            wrong += self._broken_children(current)
            then = self.body(current.child_by_field_name("consequence"))
            links.append((current, test, then))
            other = current.child_by_field_name("alternative")
            current = None
            if other is not None:
                inner = next((c for c in other.named_children if c.type != "comment"), None)
                at = self.next_directive
                free = (
                    at == len(self.directives)
                    or inner is None
                    or (self.directives[at].at > self.source.first(inner))
                )
                if inner is not None and inner.type == "if_statement" and free:
                    current = inner
                else:
                    otherwise = self.body(inner)
        self.scopes.pop()
        self.depth = depth
        for place, test, then in reversed(links):
            otherwise = (If(test, then, otherwise, False, self.span(place)),)
        if declared:
            return [*wrong, Compound((*declared, *otherwise), (), self.span(node))]
        return [*wrong, *otherwise]

    def switch(self, node: Node) -> list[Any]:
        before, value = self.condition(node.child_by_field_name("condition"))
        body = node.child_by_field_name("body")
        if value is None or before or body.type != "compound_statement":
            return [self.unsupported(node)]
        self.scopes.append({})
        cases: list[Case] = []
        for child in body.named_children:
            if child.type == "comment":
                continue
            if child.type != "case_statement":
                self.scopes.pop()
                return [self.unsupported(node, "statement before a case")]
            label = child.child_by_field_name("value")
            colon = next(i for i, c in enumerate(child.children) if c.type == ":")
            inner = [s for c in child.children[colon + 1 :] for s in self.statement(c)]
            values = (self.expr(label),) if label is not None else ()
            found = Case(values, tuple(inner), self.span(child))
            if cases and not cases[-1].body and cases[-1].values and values:
                span = self.span_of(self.source.first(child), self.source.last(child))
                first = cases[-1].span
                joined = replace(span, start=first.start, line=first.line) if first else span
                found = Case((*cases[-1].values, *values), tuple(inner), joined)
                cases.pop()
            cases.append(found)
        last = self.take_directives(self.source.last(body))
        if last and cases:
            cases[-1] = replace(cases[-1], body=(*cases[-1].body, *last))
        self.scopes.pop()
        return [Switch(value, tuple(cases), True, self.span(node))]

    def return_(self, node: Node) -> list[Any]:
        if self.broken and node.has_error:
            return [self.broken_statement(node)]
        value = next((c for c in node.named_children if c.type != "comment"), None)
        return [Return(self.expr(value) if value is not None else None, self.span(node))]

    def jump(self, node: Node) -> list[Any]:
        return [Jump(self.word(node), "", self.span(node))]

    def goto(self, node: Node) -> list[Any]:
        return [Goto(self.word(node.child_by_field_name("label")), self.span(node))]

    def label(self, node: Node) -> list[Any]:
        place = node.child_by_field_name("label")
        rest = [s for c in node.children[2:] for s in self.statement(c)]
        return [Label(self.word(place), self.span(place)), *rest]

    # --------------------------------------------------------------------------- expressions

    def expr(self, node: Node) -> Any:
        self.depth += 1
        if self.depth > MAXIMAL_DEPTH:
            raise _TooDeep
        read = _EXPRESSIONS.get(node.type)
        if read is None or (self.broken and (node.is_missing or node.has_error)):
            found: Any = self._unknown(node)
        else:
            found = read(self, node)
        self.depth -= 1
        return found

    def _unknown(self, node: Node) -> Any:
        if self.broken and (node.is_missing or node.has_error):
            self.find_roles(node)
            return self.unsupported_expression(node, "syntax error")
        return self.unsupported_expression(node)

    def identifier(self, node: Node) -> Any:
        name = self.word(node)
        return Name(name, self.span(node))

    def qualified(self, node: Node) -> Any:
        return Name(self.flat(node), self.span(node))

    def number(self, node: Node) -> Any:
        text = self.word(node)
        return Literal(text, literal_type(text), self.span(node))

    def template_name(self, node: Node) -> Any:
        label = node.child_by_field_name("name")
        if self.is_value(label):
            self.give_role(label, "value")
        return Name(self.flat(node), self.span(node))

    def new(self, node: Node) -> Any:
        type_node = node.child_by_field_name("type")
        declarator = node.child_by_field_name("declarator")
        listed = node.child_by_field_name("arguments")
        known = {"new", "type", "declarator", "arguments"}
        if type_node is None or any(
            c.is_named and c not in (type_node, declarator, listed) and c.type not in known
            for c in node.children
        ):
            return self.unsupported_expression(node)
        given = (self.type(type_node),)
        span = self.span(node)
        place = self.span_of(self.source.first(node), self.source.first(node))
        if declarator is None:
            arguments = self.arguments(listed) if listed is not None else ()
            return Call(Name("new", place), arguments, (), given, span)
        lengths = declarator.named_children
        braces = listed is None or listed.type == "initializer_list"
        if len(lengths) != 1 or not (braces or not listed.named_children):
            return self.unsupported_expression(node)
        counted = (self.expr(lengths[0]),)
        if listed is not None:
            counted += (self.initializers(listed) if braces else InitializerList(()),)
        return Call(Name("new[]", place), counted, (), given, span)

    def delete(self, node: Node) -> Any:
        name = "delete[]" if any(c.type == "[" for c in node.children) else "delete"
        place = self.span_of(self.source.first(node), self.source.first(node))
        if node.children[0].type != "delete":
            return self.unsupported_expression(node)
        return Call(Name(name, place), (self.expr(node.children[-1]),), (), (), self.span(node))

    def constant(self, node: Node) -> Any:
        kind = {"true": "bool", "false": "bool", "char_literal": "char"}.get(node.type, "string")
        text = " ".join(self.source.texts(node)) if kind == "string" else self.word(node)
        return Literal(text, kind, self.span(node))

    def null(self, node: Node) -> Any:
        text = self.word(node)
        if text == "nullptr":
            return Literal(text, "pointer", self.span(node))
        return Name(text, self.span(node))

    def bracketed(self, node: Node) -> Any:
        if self.roles and self.roles.get(self.source.first(node)) == "value":
            return Name(self.word(node), self.span(node))
        inner = next((c for c in node.named_children if c.type != "comment"), None)
        if inner is None or self._names_type(inner):
            return self.unsupported_expression(node)
        return self.expr(inner)

    def binary(self, node: Node) -> Any:
        """Chains such as `a + b + c` are read in a loop along their left side."""
        chain: list[tuple[Node, str, Node]] = []
        depth = self.depth
        current = node
        while current.type == "binary_expression":
            left, op, right = current.children[0], current.children[1], current.children[-1]
            chain.append((current, op.type, right))
            current = left
            self.depth += 1
            if self.depth > MAXIMAL_DEPTH:
                raise _TooDeep
            if self.broken and (current.has_error or current.is_missing):
                break
        found = self.expr(current)
        for place, op, right in reversed(chain):
            found = Binary(_OPERATORS.get(op, op), found, self.expr(right), self.span(place))
        self.depth = depth
        return found

    def _names_type(self, node: Node) -> bool:
        """Whether the T or T<n> of `(T)` names a type; it gets its role for the next round."""
        if node.type not in ("identifier", "template_function"):
            return False
        found = self.lookup(self.word(node))
        if found is None or found is _VALUE or found is _FUNCTION:
            return False
        self.give_role(node, "type" if node.type == "identifier" else "declared")
        return True

    def unary(self, node: Node) -> Any:
        op = node.children[0].type
        return Unary(_OPERATORS.get(op, op), self.expr(node.children[-1]), self.span(node))

    def update(self, node: Node) -> Any:
        first, last = node.children[0], node.children[-1]
        prefix = first.type in ("++", "--")
        op, target = (first, last) if prefix else (last, first)
        found, levels = self.expr(target), 0
        while not prefix and target.type in _PREFIXED:  # read as `(-a)++`, meant as `-(a++)`
            target, levels = target.children[-1], levels + 1
        return self._incremented(found, levels, target, node)

    def _incremented(self, found: Any, levels: int, target: Node, node: Node) -> Any:
        """`found` with the operator of `node` applied `levels` operands further in."""
        first, last = self.source.first(target), self.source.last(node)
        if levels:
            inner = self._incremented(found.operand, levels - 1, target, node)
            start = found.span or self.span(node)
            span = replace(start, end=self.span(node).end, end_line=self.span(node).end_line)
            return replace(found, operand=inner, span=span)
        prefix = node.children[0].type in ("++", "--")
        op = node.children[0 if prefix else -1].type
        return Increment(
            op, found, prefix, self.span(node) if prefix else self.span_of(first, last)
        )

    def _assignment(self, node: Node) -> tuple[Any, str, Any]:
        left, op, right = node.children[0], node.children[1], node.children[-1]
        return self.expr(left), _OPERATORS.get(op.type, op.type), self.expr(right)

    def assignment(self, node: Node) -> Any:
        target, op, value = self._assignment(node)
        if node.children[0].type != "conditional_expression":
            return AssignExpression(target, op, value, self.span(node))
        # C's grammar has `(a ? b : c) = d` here, C++'s `a ? b : (c = d)`.
        last = node.children[0].child_by_field_name("alternative")
        span = self.span_of(self.source.first(last), self.source.last(node))
        inner = AssignExpression(target.otherwise, op, value, span)
        return Conditional(target.test, target.then, inner, self.span(node))

    def conditional(self, node: Node) -> Any:
        parts = [node.child_by_field_name(f) for f in ("condition", "consequence", "alternative")]
        if any(p is None for p in parts):
            return self.unsupported_expression(node)
        return Conditional(*(self.expr(p) for p in parts), self.span(node))

    def comma(self, node: Node) -> Any:
        return Comma(tuple(self.expr(e) for e in _commas(node)), self.span(node))

    def arguments(self, node: Node) -> tuple[Any, ...]:
        if node.type == "initializer_list":
            return (self.initializers(node),)
        return tuple(self.expr(c) for c in node.named_children if c.type != "comment")

    def subscript(self, node: Node) -> Any:
        base = self.expr(node.child_by_field_name("argument"))
        listed = node.child_by_field_name("indices")
        inner = [c for c in listed.named_children if c.type != "comment"]
        if not inner:
            return self.unsupported_expression(node)
        index = self.expr(inner[0])
        if len(inner) > 1:  # C++17: one index, made by the comma operator
            index = Comma((index, *(self.expr(c) for c in inner[1:])), self.span(listed))
        if isinstance(index, Call) and index.function == Name(_SECTION):
            index = _section_of(index)
        if isinstance(base, Access):
            return Access(base.base, (*base.indices, index), self.span(node))
        return Access(base, (index,), self.span(node))

    def field(self, node: Node) -> Any:
        label = node.child_by_field_name("field")
        if label is None or any(c.type == ".*" for c in node.children):
            return self.unsupported_expression(node)
        base = self.expr(node.child_by_field_name("argument"))
        arrow = node.child_by_field_name("operator").type == "->"
        return Member(base, self.flat(label), arrow, self.span(node))

    def call(self, node: Node) -> Any:
        if node.children[1].type == "kernel_call_syntax":
            return self.unsupported_expression(node, LAUNCH_EXPRESSION)
        function = node.child_by_field_name("function")
        listed = node.child_by_field_name("arguments")
        span = self.span(node)
        kind = function.type
        if kind in ("primitive_type", "identifier", "sized_type_specifier"):
            made = self._conversion(function, listed, span)
            if made is not None:
                return made
        if kind == "parenthesized_expression" and listed.named_child_count == 1:
            inner = function.named_children[0]
            if inner.type == "template_function" and not self.is_value(inner.named_children[0]):
                return Cast(self._template_type(inner, ""), self.arguments(listed)[0], "c", span)
        given: tuple[Any, ...] = ()
        if kind in ("template_function", "template_method"):
            return self._template_call(function, listed, span)
        if kind == "qualified_identifier":
            leaf = function
            while leaf.type == "qualified_identifier":
                leaf = leaf.child_by_field_name("name")
            if leaf.type == "template_function":
                given = self.template_arguments(leaf.child_by_field_name("arguments"))
                end = leaf.child_by_field_name("arguments")
                count = self.source.first(end) - self.source.first(function)
                texts = self.source.texts(function)[:count]
                name: Any = Name(_clean_text(texts), self.span(function))
                return self._scalar_template(name, given, listed, span)
            name = self.qualified(function)
            scalar = NAMED_SCALARS.get(name.id)
            if scalar and listed.named_child_count == 1:
                argument = self.arguments(listed)[0]
                return Cast(ScalarType(scalar, spelled=name.id), argument, "function", span)
            return Call(name, self.arguments(listed), (), (), span)
        if kind == "field_expression":
            label = function.child_by_field_name("field")
            if label.type == "template_method":
                given = self.template_arguments(label.child_by_field_name("arguments"))
                base = self.expr(function.child_by_field_name("argument"))
                arrow = function.child_by_field_name("operator").type == "->"
                name_of = self.flat(label.child_by_field_name("name"))
                member = Member(base, name_of, arrow, self.span(function))
                return Call(member, self.arguments(listed), (), given, span)
        return Call(self.expr(function), self.arguments(listed), (), (), span)

    def _conversion(self, function: Node, listed: Node, span: Span) -> Any:
        """`T(x)` where T names a scalar, a pointer or a template's parameter."""
        name = self.word(function)
        if function.type == "identifier" and name not in TYPE_WORDS:
            found = self.lookup(name)
            if not isinstance(found, (ScalarType, PointerType, NamedType)):
                return None
            if isinstance(found, NamedType) and not self._is_template_parameter(name):
                return None
            type_: Type = replace(found, spelled=name) if isinstance(found, ScalarType) else found
        else:
            type_ = self.type(function)
        arguments = self.arguments(listed)
        if not arguments:
            return InitializerList((), (), type_, span)
        if len(arguments) > 1:
            return None
        return Cast(type_, arguments[0], "function", span)

    def _is_template_parameter(self, name: str) -> bool:
        found = self.lookup(name)
        return found == NamedType(name) and name not in self.scopes[0]

    def _template_call(self, function: Node, listed: Node, span: Span) -> Any:
        label = function.child_by_field_name("name")
        name = self.word(label)
        given = self.template_arguments(function.child_by_field_name("arguments"))
        if self.lookup(name) is _VALUE:
            self.give_role(label, "value")
        if name in _CASTS and len(given) == 1 and listed.named_child_count == 1:
            return Cast(given[0], self.arguments(listed)[0], name, span)
        return self._scalar_template(Name(name, self.span(label)), given, listed, span)

    def _scalar_template(self, name: Name, given: Any, listed: Node, span: Span) -> Any:
        arguments = self.arguments(listed)
        if len(given) == 1 and isinstance(given[0], ScalarType) and len(arguments) == 1:
            inner = {"f32": "float", "f64": "double"}.get(given[0].name, "")
            whole = f"{name.id}<{inner}>"
            if whole in NAMED_SCALARS:
                type_ = ScalarType(NAMED_SCALARS[whole], spelled=whole)
                return Cast(type_, arguments[0], "function", span)
        return Call(name, arguments, (), given, span)

    def cast(self, node: Node) -> Any:
        type_ = self.described(node.child_by_field_name("type"))
        return Cast(type_, self.expr(node.child_by_field_name("value")), "c", self.span(node))

    def size_of(self, node: Node) -> Any:
        described = node.child_by_field_name("type")
        span = self.span(node)
        if described is not None:
            return SizeOf(self.described(described), span)
        value = node.child_by_field_name("value")
        if value is None:
            return self.unsupported_expression(node)
        if value.type == "parenthesized_expression":
            inner = value.named_children[0]
            if inner.type == "identifier":
                found = self.lookup(self.word(inner))
                if found is not None and found is not _VALUE and found is not _FUNCTION:
                    return SizeOf(self.named(self.word(inner), inner), span)
            elif inner.type == "template_function" and not self.is_value(
                inner.child_by_field_name("name")
            ):
                return SizeOf(self._template_type(inner, ""), span)
        return SizeOf(self.expr(value), span)

    def compound_literal(self, node: Node) -> Any:
        type_ = self.type(node.child_by_field_name("type"))
        found = self.initializers(node.child_by_field_name("value"))
        return replace(found, type=type_, span=self.span(node))

    def initializers(self, node: Node) -> Any:
        items: list[Any] = []
        designators: list[str] = []
        for child in node.named_children:
            if child.type == "comment":
                continue
            if child.type == "initializer_pair":
                value = child.child_by_field_name("value")
                places = child.children_by_field_name("designator")
                designators.append("".join(self.flat(p) for p in places))
                items.append(self.expr(value))
            else:
                designators.append("")
                items.append(self.expr(child))
        if not any(designators):
            designators = []
        return InitializerList(tuple(items), tuple(designators), None, self.span(node))


_PREFIXED = frozenset({"unary_expression", "pointer_expression", "cast_expression"})
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_SECTION = "__section__"
_NOTHING = "__nothing__"


def _bracket_end(tokens: Sequence[Token], at: int) -> int | None:
    """Position after the bracket that closes the one at `at`."""
    depth = 0
    for end in range(at, len(tokens)):
        depth += (tokens[end].text in _OPENING) - (tokens[end].text in _CLOSING)
        if depth == 0:
            return end + 1
    return None


def _angle_end(tokens: Sequence[Token], at: int) -> int | None:
    """Position after the template arguments that begin at `at`; None where none end."""
    depth = 0
    while at < len(tokens) and tokens[at].text not in (";", "{", "}"):
        text = tokens[at].text
        if text in ("(", "["):
            end = _bracket_end(tokens, at)
            if end is None:
                return None
            at = end
            continue
        depth += text == "<"
        depth -= len(text) if set(text) == {">"} else 0
        at += 1
        if depth <= 0:
            return at if depth == 0 else None
    return None


def _section_of(call: Call) -> Section:
    parts = [None if a == Name(_NOTHING) else a for a in call.arguments]
    return Section(*parts, span=call.span)


def _with_sections(piece: list[Token]) -> list[Token]:
    """`a[lo:n]` as `a[__section__(lo, n)]`, which C's grammar can read."""
    if not any(t.text == ":" for t in piece):
        return piece
    out: list[Token] = []
    at = 0
    while at < len(piece):
        out.append(piece[at])
        if piece[at].text == "[":
            end, depth, questions, colons = at + 1, 1, 0, []
            while end < len(piece):
                depth += (piece[end].text in ("[", "(")) - (piece[end].text in ("]", ")"))
                if depth == 0:
                    break
                questions += piece[end].text == "?" and depth == 1
                if piece[end].text == ":" and depth == 1:
                    if questions:
                        questions -= 1
                    else:
                        colons.append(end)
                end += 1
            if colons:
                out += _section_tokens(piece, at, end, colons)
                at = end
                continue
        at += 1
    return out


def _section_tokens(piece: list[Token], at: int, end: int, colons: list[int]) -> list[Token]:
    edges = [at, *colons, end]
    place = piece[at]
    out = [place._replace(kind="word", text=_SECTION), place._replace(text="(")]
    for number, (a, b) in enumerate(zip(edges, edges[1:], strict=False)):
        if number:
            out.append(place._replace(text=","))
        out += _with_sections(piece[a + 1 : b]) or [place._replace(kind="word", text=_NOTHING)]
    return [*out, piece[min(end, len(piece) - 1)]._replace(kind="punctuator", text=")")]


def _pragma_text(tokens: Sequence[Token]) -> tuple[str, list[tuple[int, Token]]]:
    """The pragma in one line, and the offset of each token in it."""
    parts: list[str] = []
    places: list[tuple[int, Token]] = []
    at = 0
    for position, token in enumerate(tokens):
        if position and (token.spaced or token.first):
            parts.append(" ")
            at += 1
        places.append((at, token))
        parts.append(token.text)
        at += len(token.text)
    return "".join(parts), places


def _attach(pragmas: list[Pragma], statements: list[Any]) -> list[Any]:
    """The statement that the directives govern carries them."""
    if not statements:
        return list(pragmas)
    labels = [s for s in statements if isinstance(s, (Label, Unsupported))]
    rest = statements[len(labels) :] if statements[: len(labels)] == labels else statements
    before = statements[: len(statements) - len(rest)]
    if not rest or isinstance(rest[0], (Declaration, Function, StructDefinition, TypeAlias)):
        return [*pragmas, *statements]
    first = rest[0]
    if isinstance(first, (For, RangeFor, While, Compound, Assign, ExpressionStatement)):
        carried = replace(first, pragmas=(*pragmas, *first.pragmas))
    else:
        carried = Compound((first,), tuple(pragmas), first.span)
    return [*before, carried, *rest[1:]]


def _split_bases(text: str) -> list[str]:
    return [part.strip() for part in text.lstrip(": ").split(",")]


def _commas(node: Node) -> list[Node]:
    """Operands of nested comma expressions, in order."""
    out: list[Node] = []
    while node.type == "comma_expression":
        children = [c for c in node.named_children if c.type != "comment"]
        if len(children) != 2:
            break
        left, right = children
        if left.type == "comma_expression":
            out.append(right)
            node = left
            continue
        if right.type == "comma_expression":
            return [left, *_commas(right), *reversed(out)]
        return [left, right, *reversed(out)]
    return [node, *reversed(out)]


_STATEMENTS: dict[str, Callable[[_Reader, Node], list[Any]]] = {
    "expression_statement": _Reader.expression_statement,
    "declaration": _Reader.declaration,
    "compound_statement": _Reader.compound,
    "for_statement": _Reader.for_,
    "for_range_loop": _Reader.range_for,
    "while_statement": _Reader.while_,
    "do_statement": _Reader.do,
    "if_statement": _Reader.if_,
    "switch_statement": _Reader.switch,
    "return_statement": _Reader.return_,
    "break_statement": _Reader.jump,
    "continue_statement": _Reader.jump,
    "goto_statement": _Reader.goto,
    "labeled_statement": _Reader.label,
    "type_definition": _Reader.typedef,
    "alias_declaration": _Reader.alias,
    "using_declaration": _Reader.using,
    "namespace_alias_definition": _Reader.namespace_alias,
    "struct_specifier": lambda r, n: [r.structure(n)],
    "class_specifier": lambda r, n: [r.structure(n)],
    "union_specifier": lambda r, n: [r.structure(n)],
    "enum_specifier": lambda r, n: [r.structure(n)],
}
_KNOWN_ITEMS = frozenset({
    "static_assert_declaration", "template_instantiation", "concept_definition", "try_statement",
})  # fmt: skip
"""Items that are whole although nothing describes them."""

_STATEMENT_ITEMS: dict[str, Callable[[_Reader, Node], list[Any]]] = {
    "type_definition": _Reader.typedef,
    "alias_declaration": _Reader.alias,
    "using_declaration": _Reader.using,
    "namespace_alias_definition": _Reader.namespace_alias,
}
_EXPRESSIONS: dict[str, Callable[[_Reader, Node], Any]] = {
    "identifier": _Reader.identifier,
    "type_identifier": _Reader.identifier,
    "this": _Reader.identifier,
    "primitive_type": _Reader.identifier,
    "qualified_identifier": _Reader.qualified,
    "number_literal": _Reader.number,
    "char_literal": _Reader.constant,
    "string_literal": _Reader.constant,
    "raw_string_literal": _Reader.constant,
    "concatenated_string": _Reader.constant,
    "true": _Reader.constant,
    "false": _Reader.constant,
    "null": _Reader.null,
    "nullptr": _Reader.null,
    "parenthesized_expression": _Reader.bracketed,
    "binary_expression": _Reader.binary,
    "unary_expression": _Reader.unary,
    "pointer_expression": _Reader.unary,
    "update_expression": _Reader.update,
    "assignment_expression": _Reader.assignment,
    "conditional_expression": _Reader.conditional,
    "comma_expression": _Reader.comma,
    "subscript_expression": _Reader.subscript,
    "field_expression": _Reader.field,
    "call_expression": _Reader.call,
    "cast_expression": _Reader.cast,
    "sizeof_expression": _Reader.size_of,
    "compound_literal_expression": _Reader.compound_literal,
    "initializer_list": _Reader.initializers,
    "condition_clause": _Reader.bracketed,
    "template_function": _Reader.template_name,
    "new_expression": _Reader.new,
    "delete_expression": _Reader.delete,
}
