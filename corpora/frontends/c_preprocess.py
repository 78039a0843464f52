"""Directives and macros of the C family: from a text to the tokens that a parser sees.

Contract: every token keeps the place in the original text that it comes from; a token out of a
macro keeps the place of the macro's use. Includes are noted, never opened. Only macros that the
text defines, that the caller gives, or that the dialect predefines are expanded. Bad directives
are noted in `problems`; nothing raises. Expansion follows Prosser's algorithm (the one of the C
standard's committee), with a set of hidden names on each token.

    python -c "from corpora.frontends.c_preprocess import preprocess; \
        print([t.text for t in preprocess('#define SQ(x) ((x)*(x))\\nSQ(a+1)', 'cpp').tokens])"
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from corpora.dialects import list_macros
from corpora.frontends.c_tokens import LineTable, Token, join_tokens, tokenize

__all__ = ["Directive", "Preprocessed", "preprocess", "resolve_conditionals"]

_MOST_TOKENS = 100_000
"""A text whose macros make more is not expanded further."""


@dataclass(frozen=True, slots=True)
class Directive:
    """A preprocessor line.

    kind: `include`, `define`, `pragma` or `error`. at: number of tokens before it in the expanded
        stream. start, end: offsets in the text.
    name: of the macro or header; '' for other kinds. text: the macro's body, or the rest of the
        line; '' for none. parameters: of a macro; None for an object-like one.
    system: a header in angle brackets. tokens: of a pragma, those after the word, macros expanded.
        expanded: it comes out of a macro.
    """

    kind: str
    at: int
    start: int
    end: int
    name: str = ""
    text: str = ""
    parameters: tuple[str, ...] | None = None
    system: bool = True
    tokens: tuple[Token, ...] = ()
    expanded: bool = False


@dataclass(slots=True)
class Preprocessed:
    """A text after preprocessing.

    tokens: those of the text that is read, with macros expanded. directives: the preprocessor
        lines, in order. expanded: some token comes out of a macro.
    conditionals: for each line of a conditional (`#if`, `#else`, `#endif`) the character offsets of
        its start and end, and whether what follows it is read.
    """

    tokens: list[Token] = field(default_factory=list)
    directives: list[Directive] = field(default_factory=list)
    expanded: bool = False
    """Some token comes out of a macro."""
    conditionals: list[tuple[int, int, bool]] = field(default_factory=list)
    """Start and end of each line of a conditional, and whether what follows it is read."""


@dataclass(frozen=True, slots=True)
class _Definition:
    parameters: tuple[str, ...] | None
    variadic: bool
    body: tuple[Token, ...]


@lru_cache(maxsize=64)
def _given(name: str, value: str) -> _Definition:
    """An object-like macro that the dialect or the caller gives."""
    return _Definition(None, False, tuple(tokenize(f"{name} {value}")[1:]))


def preprocess(text: str, dialect: str, macros: Mapping[str, str] | None = None) -> Preprocessed:
    """Return the tokens and directives of `text`, macros expanded and skipped branches left out.
    Headers are not read. Nothing is raised; bad directives are directives of kind `error`.

    dialect: of the C family, such as `cuda`; it decides which macros are predefined. macros:
        further object-like macros, name -> replacement; None for none.
    """
    return _Preprocessor(text, dialect, macros or {}).run()


def resolve_conditionals(text: str, dialect: str, macros: Mapping[str, str] | None = None) -> str:
    """Return `text` without its `#if`, `#else` and `#endif` lines, and without the branches that
    are not taken. Macros are not expanded in what is left. Nothing is raised.

    dialect: of the C family, such as `cuda`; it decides which macros are predefined. macros:
        further object-like macros, name -> replacement; None for none.
    """
    lines = LineTable(text)
    rows = text.split("\n")
    kept: list[str] = []
    at, reads = 0, True
    for start, end, follows in preprocess(text, dialect, macros).conditionals:
        first = lines.line(start) - 1
        kept += rows[at:first] if reads else []
        at, reads = lines.line(end - 1), follows
    return "\n".join([*kept, *(rows[at:] if reads else [])])


class _Endless(Exception):
    """Macros make more tokens than _MOST_TOKENS."""


class _Preprocessor:
    def __init__(self, text: str, dialect: str, macros: Mapping[str, str]) -> None:
        self.text = text
        self.macros: dict[str, _Definition] = {}
        for name, value in {**list_macros(dialect), **macros}.items():
            self.macros[name] = _given(name, value)
        self.out = Preprocessed()
        self.taken: list[list[bool]] = []
        """Of each open `#if`: whether its branch is read, whether one has been, whether the
        lines around it are read."""

    def run(self) -> Preprocessed:
        tokens = tokenize(self.text)
        if not any(t.text == "#" or t.text == "_Pragma" for t in tokens) and not (
            self.macros.keys() & {t.text for t in tokens}
        ):
            self.out.tokens = tokens
            return self.out
        at, start = 0, 0
        while at < len(tokens):
            if tokens[at].text == "#" and (tokens[at].first or self._is_inline(tokens, at)):
                if tokens[at].first:
                    end = at + 1
                    while end < len(tokens) and not tokens[end].first:
                        end += 1
                else:
                    end = self._inline_end(tokens, at)
                if not self._keeps_open(tokens[at + 1 : at + 2]):
                    self._flush(tokens[start:at])
                    start = end
                    self._directive(tokens[at:end])
                else:
                    tokens[at:end] = []
                    end = at
                at = end
            else:
                at += 1
        self._flush(tokens[start:])
        return self.out

    @staticmethod
    def _keeps_open(word: Sequence[Token]) -> bool:
        """A null directive `#` changes nothing."""
        return not word or word[0].first

    @staticmethod
    def _is_inline(tokens: list[Token], at: int) -> bool:
        """One-line forms of texts carry `#pragma ... ENDCOM` and line markers inside the line."""
        following = tokens[at + 1 : at + 3]
        if len(following) < 2 or following[0].first:
            return False
        marker = following[0].kind == "number" and following[1].kind == "string"
        return following[0].text == "pragma" or marker

    @staticmethod
    def _inline_end(tokens: list[Token], at: int) -> int:
        if tokens[at + 1].kind == "number":
            return at + 3
        end = at + 1
        while end < len(tokens) and not tokens[end].first and tokens[end].text != "ENDCOM":
            end += 1
        return end + 1 if end < len(tokens) and tokens[end].text == "ENDCOM" else end

    def _reads(self) -> bool:
        return not self.taken or self.taken[-1][0]

    def _flush(self, tokens: list[Token]) -> None:
        if not tokens or not self._reads():
            return
        if any(t.text in self.macros or t.text == "_Pragma" for t in tokens):
            try:
                tokens = self._take_pragmas(self._expand(tokens))
            except (_Endless, RecursionError):
                self._note("error", tokens, name="macros grow without bound",
                           text=self.text[tokens[0].start : tokens[-1].end])  # fmt: skip
                return
        self.out.tokens += tokens

    # ------------------------------------------------------------------------------ directives

    def _directive(self, line: list[Token]) -> None:
        word = line[1].text if len(line) > 1 else ""
        rest = line[2:]
        if word in ("if", "ifdef", "ifndef", "elif", "else", "endif"):
            self._conditional(word, rest, line)
            self.out.conditionals.append((line[0].start, line[-1].end, self._reads()))
        elif self._reads():
            if word == "define" and rest:
                self._define(rest, line)
            elif word == "undef" and rest:
                self.macros.pop(rest[0].text, None)
            elif word == "include" and rest:
                self._include(rest, line)
            elif word == "pragma":
                inline = rest and rest[-1].text == "ENDCOM"
                self._note_pragma(rest[:-1] if inline else rest, line[0].start, line[-1].end)
            elif word in ("error", "include_next", "import") or not (
                word in ("line", "warning", "ident", "undef") or line[1].kind == "number"
            ):
                self._note(
                    "error", line, name=f"#{word}", text=self.text[line[0].start : line[-1].end]
                )

    def _note(self, kind: str, line: Sequence[Token], **values: object) -> None:
        self.out.directives.append(
            Directive(kind, len(self.out.tokens), line[0].start, line[-1].end, **values)  # type: ignore[arg-type]
        )

    def _include(self, rest: list[Token], line: list[Token]) -> None:
        if rest[0].kind == "string":
            self._note("include", line, name=rest[0].text[1:-1], system=False)
        elif rest[0].text == "<":
            path = self.text[rest[0].end : line[-1].start].strip()
            self._note("include", line, name=path, system=True)
        else:
            expanded = self._expand(rest)
            path = "".join(t.text for t in expanded)
            self._note("include", line, name=path.strip('"<>'), system=not path.startswith('"'))

    def _define(self, rest: list[Token], line: list[Token] | None = None) -> None:
        name, body = rest[0], rest[1:]
        parameters: tuple[str, ...] | None = None
        variadic = False
        if body and body[0].text == "(" and not body[0].spaced and not body[0].first:
            close = next((i for i, t in enumerate(body) if t.text == ")"), len(body))
            words = [t.text for t in body[1:close] if t.text != ","]
            variadic = "..." in words
            if variadic and len(words) > 1 and close > 2 and body[close - 2].kind == "word":
                words = [*words[:-2], words[-2]]  # GNU's `args...`
            elif variadic:
                words = [*words[:-1], "__VA_ARGS__"]
            parameters, body = tuple(words), body[close + 1 :]
        self.macros[name.text] = _Definition(parameters, variadic, tuple(body))
        if line is not None:
            self._note(
                "define", line, name=name.text, parameters=parameters, text=join_tokens(body)
            )

    def _conditional(self, word: str, rest: list[Token], line: list[Token]) -> None:
        if word in ("if", "ifdef", "ifndef"):
            around = self._reads()
            true = around and self._holds(word, rest, line)
            self.taken.append([true, true, around])
        elif not self.taken:
            self._note("error", line, name=f"#{word} without #if", text=f"#{word}")
        elif word == "endif":
            self.taken.pop()
        else:
            top = self.taken[-1]
            true = top[2] and not top[1] and (word == "else" or self._holds("if", rest, line))
            top[0], top[1] = true, top[1] or true

    def _holds(self, word: str, rest: list[Token], line: list[Token]) -> bool:
        if word != "if":
            return bool(rest and rest[0].text in self.macros) == (word == "ifdef")
        try:
            value = _evaluate(self._expand(self._without_defined(rest)))
        except (_Endless, RecursionError):
            value = None
        if value is None:
            text = self.text[line[0].start : line[-1].end]
            self._note("error", line, name="#if condition", text=text)
        return bool(value)

    def _without_defined(self, tokens: list[Token]) -> list[Token]:
        out: list[Token] = []
        at = 0
        while at < len(tokens):
            token = tokens[at]
            if token.text == "defined":
                names = [t for t in tokens[at + 1 : at + 4] if t.kind == "word"]
                bracket = at + 1 < len(tokens) and tokens[at + 1].text == "("
                value = "1" if names and names[0].text in self.macros else "0"
                out.append(token._replace(kind="number", text=value))
                at += 4 if bracket else 2
            elif token.text.startswith("__has_"):
                depth, at = 0, at + 1
                while at < len(tokens):
                    depth += (tokens[at].text == "(") - (tokens[at].text == ")")
                    at += 1
                    if depth <= 0:
                        break
                out.append(token._replace(kind="number", text="0"))
            else:
                out.append(token)
                at += 1
        return out

    def _note_pragma(
        self, tokens: Sequence[Token], start: int, end: int, expanded: bool = False
    ) -> None:
        if tokens and tokens[0].text in ("omp", "acc"):
            try:
                tokens = self._expand(list(tokens))
            except (_Endless, RecursionError):
                pass  # the directive keeps its text
        self.out.directives.append(
            Directive(
                "pragma", len(self.out.tokens), start, end, tokens=tuple(tokens), expanded=expanded
            )
        )

    def _take_pragmas(self, tokens: list[Token]) -> list[Token]:
        """The tokens without `_Pragma("...")`, each noted where it stood."""
        if not any(t.text == "_Pragma" for t in tokens):
            return tokens
        out: list[Token] = []
        at = 0
        while at < len(tokens):
            token = tokens[at]
            shape = [t.kind if t.kind == "string" else t.text for t in tokens[at : at + 4]]
            if shape == ["_Pragma", "(", "string", ")"]:
                text = tokens[at + 2].text.removeprefix("L")[1:-1]
                text = text.replace('\\"', '"').replace("\\\\", "\\")
                start, end = token.start, tokens[at + 3].end
                inner = [
                    t._replace(start=start, end=end, expanded=True, spaced=t.spaced or t.first)
                    for t in tokenize(text)
                ]
                self.out.tokens += out
                out = []
                self._note_pragma(inner, start, end, token.expanded)
                at += 4
            else:
                out.append(token)
                at += 1
        return out

    # ------------------------------------------------------------------------------- expansion

    def _expand(self, tokens: list[Token]) -> list[Token]:
        """Macros of `tokens` expanded. The list is worked off from its end, reversed."""
        waiting = tokens[::-1]
        out: list[Token] = []
        macros = self.macros
        while waiting:
            token = waiting.pop()
            macro = macros.get(token.text) if token.kind == "word" else None
            if macro is None or token.text in token.hidden:
                out.append(token)
                continue
            if len(out) + len(waiting) > _MOST_TOKENS:
                raise _Endless
            if macro.parameters is None:
                hidden = token.hidden | {token.text}
                result = self._substitute(macro, [], token, token.end, hidden)
            else:
                taken = _take_arguments(waiting, macro)
                if taken is None:
                    out.append(token)
                    continue
                arguments, close = taken
                hidden = (token.hidden & close.hidden) | {token.text}
                result = self._substitute(macro, arguments, token, close.end, hidden)
            waiting += result[::-1]
            self.out.expanded = True
        return out

    def _substitute(
        self,
        macro: _Definition,
        arguments: list[list[Token]],
        use: Token,
        end: int,
        hidden: frozenset[str],
    ) -> list[Token]:
        """The body with arguments put in, as tokens at the place of the use."""
        named = dict(zip(macro.parameters or (), arguments, strict=False))
        body, out = macro.body, []
        end = max(end, use.end)
        at = 0
        while at < len(body):
            token = body[at]
            following = body[at + 1] if at + 1 < len(body) else None
            if token.text == "#" and macro.parameters is not None and following is not None:
                if following.text in named:
                    out.append(_stringize(token, named[following.text]))
                    at += 2
                    continue
            if token.text == "##" and out is not None and following is not None:
                right = named.get(following.text)
                right = list(right) if right is not None else [following]
                self._paste(out, right, following, macro)
                at += 2
                continue
            if token.text == "__VA_OPT__" and macro.variadic:
                at = self._optional(body, at, named, out)
                continue
            argument = named.get(token.text)
            if argument is None:
                out.append(token)
            elif following is not None and following.text == "##":
                out += argument or [token._replace(kind="punctuator", text="")]
            else:
                inner = self._expand(list(argument))
                out += [inner[0]._replace(spaced=token.spaced), *inner[1:]] if inner else []
            at += 1
        return [
            Token(
                t.kind, t.text, use.start, end, use.first and not i,
                t.spaced or t.first or (not i and use.spaced), True, t.hidden | hidden,
            )
            for i, t in enumerate(out)
            if t.text
        ]  # fmt: skip

    @staticmethod
    def _paste(out: list[Token], right: list[Token], following: Token, macro: _Definition) -> None:
        """`##`: the last token of `out` and the first of `right` become one."""
        if (
            out
            and out[-1].text == ","
            and macro.variadic
            and following.text in ((macro.parameters or ("",))[-1],)
        ):  # GNU's `, ## __VA_ARGS__`
            if right:
                out += right
            else:
                out.pop()
            return
        if not right or not out:
            out += right
            return
        left = out.pop()
        merged = tokenize(left.text + right[0].text)
        hidden = left.hidden & right[0].hidden
        out += [t._replace(spaced=left.spaced and not i, first=False, hidden=hidden)
                for i, t in enumerate(merged)]  # fmt: skip
        out += right[1:]

    def _optional(
        self, body: tuple[Token, ...], at: int, named: dict[str, list[Token]], out: list[Token]
    ) -> int:
        """`__VA_OPT__( ... )`: what stands in the brackets where there are variadic arguments."""
        depth, end = 0, at + 1
        while end < len(body):
            depth += (body[end].text == "(") - (body[end].text == ")")
            end += 1
            if depth == 0:
                break
        if named.get("__VA_ARGS__"):
            for token in body[at + 2 : end - 1]:
                out += named.get(token.text, [token])
        return end


def _take_arguments(
    waiting: list[Token], macro: _Definition
) -> tuple[list[list[Token]], Token] | None:
    """Arguments of a use, taken off the end of `waiting`; None where no `(` follows."""
    if not waiting or waiting[-1].text != "(":
        return None
    parameters = macro.parameters or ()
    arguments: list[list[Token]] = [[]]
    depth, at = 0, len(waiting) - 1
    while at >= 0:
        token = waiting[at]
        if token.text in "([{" and token.kind == "punctuator":
            depth += token.text == "("
            if depth > 1 or token.text != "(":
                arguments[-1].append(token)
        elif token.text == ")":
            depth -= 1
            if depth == 0:
                break
            arguments[-1].append(token)
        elif (
            token.text == ","
            and depth == 1
            and not (macro.variadic and len(arguments) >= len(parameters))
        ):
            arguments.append([])
        else:
            arguments[-1].append(token)
        at -= 1
    if at < 0:
        return None
    close = waiting[at]
    del waiting[at:]
    while len(arguments) < len(parameters):
        arguments.append([])
    return arguments, close


def _stringize(place: Token, argument: list[Token]) -> Token:
    text = join_tokens([t._replace(expanded=False) for t in argument])
    if any(t.kind in ("string", "character") for t in argument):
        parts = []
        for position, token in enumerate(argument):
            quoted = token.kind in ("string", "character")
            body = token.text.replace("\\", "\\\\").replace('"', '\\"') if quoted else token.text
            parts.append((" " if position and (token.spaced or token.first) else "") + body)
        text = "".join(parts)
    return place._replace(kind="string", text=f'"{text}"', hidden=frozenset())


# ---------------------------------------------------------------------------- `#if` conditions

_BINDING = {
    "*": 10, "/": 10, "%": 10, "+": 9, "-": 9, "<<": 8, ">>": 8, "<": 7, ">": 7, "<=": 7, ">=": 7,
    "==": 6, "!=": 6, "&": 5, "^": 4, "|": 3, "&&": 2, "||": 1, "?": 0,
}  # fmt: skip
_INTEGER = re.compile(r"(0[xX][0-9a-fA-F]+|0[bB][01]+|\d+)[uUlL]*")


def _evaluate(tokens: Sequence[Token]) -> int | None:
    """Value of an integer constant expression; unknown names are 0. None where it is none."""
    reader = _Condition([t for t in tokens if t.text])
    try:
        value = reader.expression(0)
    except (ValueError, ZeroDivisionError, IndexError, RecursionError):
        return None
    return value if reader.at == len(reader.tokens) else None


class _Condition:
    """Operator precedence over the tokens of one condition."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.at = tokens, 0

    def _next(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def expression(self, least: int) -> int:
        left = self._operand()
        while self.at < len(self.tokens):
            op = self.tokens[self.at].text
            if _BINDING.get(op, -1) < least:
                break
            self.at += 1
            if op == "?":
                then = self.expression(0)
                if self._next().text != ":":
                    raise ValueError("':' expected")
                otherwise = self.expression(0)
                left = then if left else otherwise
            else:
                left = _apply(op, left, self.expression(_BINDING[op] + 1))
        return left

    def _operand(self) -> int:
        token = self._next()
        if token.text == "(":
            value = self.expression(0)
            if self._next().text != ")":
                raise ValueError("')' expected")
            return value
        if token.text in ("-", "+", "!", "~"):
            value = self._operand()
            return {"-": -value, "+": value, "!": int(not value), "~": ~value}[token.text]
        if token.kind == "word":
            if self.at < len(self.tokens) and self.tokens[self.at].text == "(":
                raise ValueError("a call in a condition")
            return int(token.text == "true")
        if token.kind == "character" and len(token.text) == 3:
            return ord(token.text[1])
        found = _INTEGER.fullmatch(token.text.replace("'", ""))
        if not found:
            raise ValueError("not an integer")
        digits = found.group(1)
        octal = len(digits) > 1 and digits[0] == "0" and digits.isdigit()
        return int(digits, 8) if octal else int(digits, 0)


def _apply(op: str, a: int, b: int) -> int:
    if op in ("/", "%"):
        quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
        return quotient if op == "/" else a - quotient * b
    if op in ("<<", ">>"):
        if not 0 <= b < 64:
            raise ValueError("shift count")
        return a << b if op == "<<" else a >> b
    table = {
        "*": lambda: a * b, "+": lambda: a + b, "-": lambda: a - b, "<": lambda: a < b,
        ">": lambda: a > b, "<=": lambda: a <= b, ">=": lambda: a >= b, "==": lambda: a == b,
        "!=": lambda: a != b, "&": lambda: a & b, "^": lambda: a ^ b, "|": lambda: a | b,
        "&&": lambda: bool(a) and bool(b), "||": lambda: bool(a) or bool(b),
    }  # fmt: skip
    return int(table[op]())
