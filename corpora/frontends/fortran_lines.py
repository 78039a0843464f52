"""The lexical layer of Fortran: statements with tokens, directives and preprocessor lines.

Contract: `read_lines(text, form)` gives every statement of `text` in order, with continuations
joined, comments dropped and `;` split. Every token knows where it stands in `text`. Nothing
raises: a character that begins no token becomes a token of kind `bad`.

Form: `detect_form` decides by lines. A text is free form where a line of code ends with `&`, or
where a statement begins in columns 1 to 5. A line with C, c or * in column 1 is a comment of
fixed form, unless it reads as a statement (a word of the language, a bracket or a `=`). One with
d is a comment where columns 2 to 6 hold no more than a label. Without
such evidence it is fixed form where it has a comment of fixed form or a continuation in column 6.
Else both forms read it alike, and it counts as free form.

    python -c "from corpora.frontends.fortran_lines import read_lines; \
        print([t.text for t in read_lines('x = a(i) ! c')[0].tokens])"
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from corpora.ir import Include, Macro, Span, Unsupported

_TOKEN = re.compile(
    r"""\s*(?:(?P<id>[a-z_]\w*(?:\$\w*)*)|(?P<string>'(?:[^']|'')*'|"(?:[^"]|"")*")
    |(?P<number>(?:\d+\.(?!\s*[a-z]+\s*\.)\d*|\.\d+|\d+)(?:[ed][+-]?\d+)?(?:_\w+)?)
    |(?P<op>\.\s*[a-z]+\s*\.(?:_\w+)?|\.\.|\*\*|//|==|/=|<=|>=|=>|::|[-+*/=<>(),:%;\[\]&])
    |(?P<bad>\S))""",
    re.I | re.X | re.A,
)
_BOZ = re.compile(r"([bozx])\Z", re.I)
_QUOTE = re.compile(r"['\"!]")
_SENTINEL = re.compile(r"!\$(omp|acc)(?![a-z0-9_])", re.I)
_FIXED_SENTINEL = re.compile(r"[!c*]\$(omp|acc)(?=[\s0&]|\S)", re.I)
_CONDITIONAL = re.compile(r"!\$(?=[\s&])")
_FREE_C = re.compile(
    r"c(?:all\s+\w|ontains\s*$|ase\s*(?:\(|default)|lose\s*\(|lass\s*\(|ommon\s*/|ontinue\s*$"
    r"|ycle\b|ritical\s*$|(?:omplex|haracter)\b.*::|\w*\s*(?:\([^()]*\))?\s*(?:%\s*\w+\s*)*=)"
    r"|do\s+\w+\s*=|do\s*$|do\s+while|double\s*precision\b|d(?:eallocate|imension|ata)\b"
    r"|d\w*\s*(?:\([^()]*\))?\s*=(?!=)",
    re.I,
)


class Token(NamedTuple):
    """A token of Fortran.

    kind: `id`, `string`, `number`, `op`, `bad` (no token of Fortran) or `end` (past the last one).
        text: in lower case outside strings. start, end: character offsets [start, end) into the
        whole text. line: from 1. expanded: it comes out of a macro.
    """

    kind: str
    text: str
    start: int
    end: int
    line: int
    expanded: bool = False


@dataclass(slots=True)
class Line:
    """One statement, directive, or preprocessor line of Fortran.

    text: continuations joined, without comments and label. span: its place. tokens: of a statement;
        () for others. label: its number as text; '' without one.
    directive: what follows the sentinel; None if it is no directive. family: of the directive, such
        as `omp`; '' for others.
    item: a preprocessor line as a node; None for others.
    """

    text: str
    span: Span
    tokens: Sequence[Token] = ()
    label: str = ""
    directive: str | None = None
    item: Include | Macro | Unsupported | None = None
    family: str = ""


@dataclass(slots=True)
class _Pending:
    """A logical line in the making: joined text, and where its pieces stand."""

    kind: str
    text: str = ""
    pieces: list[tuple[int, int]] = field(default_factory=list)
    first: int = 0
    last: int = 0
    quote: str = ""
    label: str = ""
    family: str = ""

    def add(self, piece: str, offset: int, row: int) -> None:
        self.pieces.append((len(self.text), offset))
        self.text += piece
        self.last = row


def detect_form(text: str) -> str:
    """Return `free` or `fixed`, the form that the Fortran text is written in. It is `free` unless
    comments in column 1 or continuations in column 6 show the fixed form and nothing shows the free
    one.
    """
    fixed = False
    first = True
    for row in text.split("\n"):
        bare = row.strip()
        if not bare or bare[0] in "!#":
            fixed = fixed or bool(bare) and row[:1] == "!" and row[5:6] == "&"
            continue
        if row[0] in "cC*dD":
            debugs = row[0] in "dD" and not row[1:6].strip(" 0123456789")
            if _FREE_C.match(row) or row[0] in "dD" and not debugs:
                return "free"
            fixed = True
            continue
        continues = row[:5] == "     " and row[5:6] not in (" ", "0", "\t", "")
        code = row[: find_code_end(row, 0, "")[0]].rstrip()
        if code.endswith("&") and len(code) > 6:
            return "free"
        if continues and first:
            return "free"
        if continues:
            fixed = True
        elif re.match(r"[ \d]{0,4}[a-zA-Z]", row):
            return "free"
        first = False
    return "fixed" if fixed else "free"


def read_lines(
    text: str,
    form: str | None = None,
    defined: Mapping[str, str] | None = None,
    openmp: bool = False,
) -> list[Line]:
    """Return every statement, directive and preprocessor line of the Fortran `text`, in order,
    without comments and empty lines. Nothing is raised.

    form: `free`, `fixed` or None to detect it. defined: macros from outside, name -> body; None for
        none. openmp: lines after the sentinel `!$` are code; else they are comments.
    """
    return _LineReader(text, form or detect_form(text), defined or {}, openmp).read()


class FixedRow(NamedTuple):
    """A row of fixed-form Fortran.

    kind: `code`, `directive`, `conditional` (code where OpenMP is on) or `comment`. family: of a
        directive, such as `omp`; else ''. label: the text in columns 1 to 5, without blanks at its
        ends.
    continues: it continues the statement of an earlier row. at, end: offsets [at, end) of its
        statement in the row.
    """

    kind: str
    family: str = ""
    label: str = ""
    continues: bool = False
    at: int = 6
    end: int = 72


def split_fixed_row(row: str) -> FixedRow:
    """Return the parts of a line of fixed-form Fortran: what it is, its label, and where its
    statement lies. They are found by columns, or by a tab in the first ones. row: one line, without
    its line break.
    """
    if not row.strip():
        return FixedRow("comment")
    kind, family = "code", ""
    sentinel = _FIXED_SENTINEL.match(row)
    if sentinel:
        kind, family = "directive", sentinel.group(1).lower()
        row = " " * 5 + row[5:]
    elif row[0] in "!cC*" and row[1:2] == "$" and (row[2:3].isdigit() or row[2:3] == " "):
        kind, row = "conditional", "  " + row[2:]
    elif row[0] in "!cC*dD":
        return FixedRow("comment")
    before, tab, behind = row.partition("\t")
    if tab and len(before) < 6 and (not before.strip() or before.strip().isdigit()):
        digit = behind[:1].isdigit()  # a tab in the first columns ends the label field
        at = len(before) + (2 if digit else 1)
        return FixedRow(kind, family, before.strip(), digit and behind[0] != "0", at, len(row))
    if row.lstrip().startswith("!") and row.index("!") != 5:
        return FixedRow("comment")
    return FixedRow(kind, family, row[:5].strip(), row[5:6] not in ("", " ", "0"))


def find_code_end(row: str, at: int, quote: str) -> tuple[int, str]:
    """Return (end, quote): where the code of a Fortran line ends, as an offset, and the quote that
    is still open there, '' for none. The code ends where a comment begins, or with the line.

    row: the line. at: where to begin, as an offset. quote: the quote that is open at `at`, `'` or
        `"`; '' for none.
    """
    while True:
        if quote:
            at = row.find(quote, at)
            if at < 0:
                return len(row), quote
            at, quote = at + 1, ""
        found = _QUOTE.search(row, at)
        if found is None:
            return len(row), ""
        if found.group() == "!":
            return found.start(), ""
        at, quote = found.end(), found.group()


class _LineReader:
    """State of one reading."""

    def __init__(self, text: str, form: str, defined: Mapping[str, str], openmp: bool) -> None:
        self.text, self.fixed, self.openmp = text, form == "fixed", openmp
        self.rows = text.split("\n")
        self.starts = [0]
        for row in self.rows:
            self.starts.append(self.starts[-1] + len(row) + 1)
        self.macros: dict[str, tuple[tuple[str, ...] | None, str]] = {
            name: (None, body) for name, body in defined.items()
        }
        self.budget = 50_000
        self.pending: _Pending | None = None
        self.lines: list[Line] = []

    def read(self) -> list[Line]:
        number = 0
        while number < len(self.rows):
            row = self.rows[number].rstrip("\r")
            if row.lstrip()[:1] == "#" and not (self.pending and self.pending.quote):
                number = self._preprocess(number)
                continue
            (self._fixed_row if self.fixed else self._free_row)(row, number)
            number += 1
        self._flush()
        return self.lines

    # ------------------------------------------------------------------------------ layout

    def _free_row(self, row: str, number: int) -> None:
        at = len(row) - len(row.lstrip())
        if at == len(row):
            return
        kind, family = "code", ""
        pending = self.pending
        if row[at] == "!" and not (pending and pending.quote):
            sentinel = _SENTINEL.match(row, at)
            if sentinel:
                kind, family, at = "directive", sentinel.group(1).lower(), sentinel.end()
            elif self.openmp and _CONDITIONAL.match(row, at):
                at += 2
            else:
                return
            at += len(row[at:]) - len(row[at:].lstrip())
        if pending and pending.kind != kind:
            self._flush()
            pending = None
        if pending is None:
            pending = self.pending = _Pending(kind, first=number, family=family)
            if kind == "directive" and row[at : at + 1] == "&":
                at += 1
        elif row[at : at + 1] == "&":
            at += 1
        elif pending.quote:
            at = 0
        elif pending.text and not pending.text[-1].isspace():
            pending.add(" ", self.starts[number] + at, number)
        end, pending.quote = find_code_end(row, at, pending.quote)
        code = row[at:end]
        bare = code.rstrip()
        if bare.endswith("&"):
            pending.add(bare[:-1], self.starts[number] + at, number)
            return
        if not bare and pending.text:  # a comment between continued lines
            return
        pending.quote = ""
        pending.add(bare, self.starts[number] + at, number)
        self._flush()

    def _fixed_row(self, row: str, number: int) -> None:
        found = split_fixed_row(row)
        kind, family, label, continues = found.kind, found.family, found.label, found.continues
        if kind == "conditional":
            kind = "code" if self.openmp else "comment"
        if kind == "comment":
            return
        at = found.at
        pending = self.pending
        if continues and not label and pending and pending.kind == kind:
            missing = self._columns_missing(pending)
            if missing:  # a short row counts as filled with blanks up to column 72
                blanks = " " * (missing if pending.quote else 1)
                pending.add(blanks, self.starts[number] + at, number)
        else:
            self._flush()
            pending = self.pending = _Pending(kind, first=number, family=family, label=label)
        code = row[at : found.end]
        end, pending.quote = find_code_end(code, 0, pending.quote)
        pending.add(code[:end], self.starts[number] + at, number)

    def _columns_missing(self, pending: _Pending) -> int:
        row = self.rows[pending.last].rstrip("\r")
        return 0 if "\t" in row[:6] else max(0, 72 - len(row))

    # ------------------------------------------------------------------------- statements

    def _flush(self) -> None:
        pending, self.pending = self.pending, None
        if pending is None or not pending.text.strip():
            return
        if pending.kind == "directive":
            text = " ".join(pending.text.split())
            span = self._span(pending, 0, len(pending.text.rstrip()))
            self.lines.append(Line(text, span, directive=f"{pending.family} {text}",
                                   family=pending.family))  # fmt: skip
            return
        if self.fixed:
            pending.text = split_do(pending.text)
        tokens = self._tokens(pending)
        label, part = pending.label, []
        for token in [*tokens, Token("op", ";", 0, 0, 0)]:
            if token.text != ";" or token.kind != "op":
                part.append(token)
                continue
            if part:
                self._statement(pending, part, label)
            part, label = [], ""

    def _statement(self, pending: _Pending, tokens: list[tuple], label: str) -> None:
        first = tokens[0]
        if not label and first.kind == "number" and len(tokens) > 1 and first.text.isdigit():
            label, tokens = first.text, tokens[1:]
        if label and not label.isdigit():
            tokens = [first._replace(kind="bad", text=label), *tokens]
            label = ""
        start, end = first.start, tokens[-1].end
        span = Span(start, end, first.line, tokens[-1].line)
        text = self._joined(pending, tokens[0].start, end)
        self.lines.append(Line(text, span, tuple(tokens), label.lstrip("0")))

    def _joined(self, pending: _Pending, start: int, end: int) -> str:
        """The joined text between two offsets of the source."""
        if len(pending.pieces) == 1:
            offset = pending.pieces[0][1]
            return pending.text[start - offset : end - offset]
        begin = finish = None
        for index, (joined, offset) in enumerate(pending.pieces):
            last = index + 1 == len(pending.pieces)
            length = (len(pending.text) if last else pending.pieces[index + 1][0]) - joined
            if begin is None and offset <= start <= offset + length:
                begin = joined + start - offset
            if offset <= end <= offset + length:
                finish = joined + end - offset
        return pending.text[begin or 0 : finish]

    def _tokens(self, pending: _Pending) -> list[Token]:
        text, tokens = pending.text, []
        single = len(pending.pieces) == 1
        base, line = pending.pieces[0][1], pending.first + 1
        starts = [joined for joined, _ in pending.pieces]

        def place(at: int) -> int:
            index = bisect_right(starts, at) - 1
            while index > 0 and pending.pieces[index][0] == at + 1:
                index -= 1
            return pending.pieces[index][1] + at - pending.pieces[index][0]

        for found in _TOKEN.finditer(text):
            kind = found.lastgroup
            if kind is None:
                continue
            word, (at, to) = found.group(kind), found.span(kind)
            if single:
                start, end = base + at, base + to
            else:
                start, end = place(at), place(to - 1) + 1
                line = bisect_right(self.starts, start)
            if kind == "string":
                if tokens and tokens[-1].kind == "id" and tokens[-1].end == start:
                    if _BOZ.match(tokens[-1].text):
                        before = tokens.pop()
                        kind, start, word = "number", before.start, before.text + word.lower()
            elif kind == "op" and word[0] == ".":
                word = re.sub(r"\s", "", word.lower())
            elif kind == "id" and self.macros and word in self.macros:
                tokens.append(Token("macro", word, start, end, line))
                continue
            elif kind != "bad":
                word = word.lower()
            tokens.append(Token(kind, word, start, end, line))
        if any(token.kind == "macro" for token in tokens):
            tokens = self._expand(tokens)
        return tokens

    def _span(self, pending: _Pending, at: int, to: int) -> Span:
        start = self.starts[pending.first]
        row = self.rows[pending.first]
        start += len(row) - len(row.lstrip())
        end = self.starts[pending.last] + len(self.rows[pending.last].rstrip())
        return Span(start, end, pending.first + 1, pending.last + 1)

    # -------------------------------------------------------------------------- preprocessor

    def _expand(self, tokens: list[Token], depth: int = 0) -> list[Token]:
        """`tokens` with macros replaced. A macro that expands to itself stays a name."""
        out: list[Token] = []
        at = 0
        while at < len(tokens):
            token = tokens[at]
            at += 1
            if token.kind != "macro":
                out.append(token)
                continue
            parameters, body = self.macros[token.text]
            arguments: dict[str, list[Token]] = {}
            if parameters is not None:
                groups, at_after = _arguments(tokens, at)
                if groups is None or len(groups) != len(parameters):
                    out.append(token._replace(kind="id", text=token.text.lower()))
                    continue
                arguments, at = dict(zip(parameters, groups, strict=True)), at_after
            pieces = _Pending("code", body, [(0, 0)])
            inner: list[Token] = []
            for part in self._bare_tokens(pieces, token.text):
                if part.text in arguments:
                    inner += arguments[part.text]
                else:
                    inner.append(part._replace(start=token.start, end=token.end, line=token.line,
                                               expanded=True))  # fmt: skip
            self.budget -= len(inner) + 1
            if depth < 20 and self.budget > 0:
                inner = self._expand(inner, depth + 1)
            out += [
                t._replace(kind="id", text=t.text.lower()) if t.kind == "macro" else t
                for t in inner
            ]
        return out

    def _bare_tokens(self, pieces: _Pending, inside: str) -> list[Token]:
        found = []
        for match in _TOKEN.finditer(pieces.text):
            kind = match.lastgroup
            if kind is None:
                continue
            word = match.group(kind)
            if kind == "id" and word in self.macros and word != inside:
                kind = "macro"
            elif kind == "op":
                word = word.lower()
            found.append(Token(kind, word if kind != "number" else word.lower(), 0, 0, 0))
        return found

    def _preprocess(self, number: int) -> int:
        """Obeys the preprocessor's line at row `number`; gives the row to go on with."""
        last = number
        text = self.rows[number].strip()
        while text.endswith("\\") and last + 1 < len(self.rows):
            last += 1
            text = text[:-1] + " " + self.rows[last].strip()
        word, _, rest = text[1:].strip().partition(" ")
        word, rest = word.strip(), rest.split("/*")[0].strip()
        if word in ("if", "ifdef", "ifndef"):
            return self._conditional(number)
        span = self._rows_span(number, last)
        if self.pending is None or self.pending.kind == "directive" or self.fixed:
            self._flush()
        if word == "define":
            self._define(rest, span)
        elif word == "undef":
            self.macros.pop(rest, None)
        elif word == "include":
            system = rest.startswith("<")
            item = Include(rest.strip('<>"'), system, span)
            self.lines.append(Line(text, span, item=item))
        else:
            item = Unsupported(f"preprocessor {word}".strip(), text, span)
            self.lines.append(Line(text, span, item=item))
        return last + 1

    def _define(self, rest: str, span: Span) -> None:
        found = re.match(r"([A-Za-z_]\w*)(\(([^()]*)\))?\s*(.*)", rest, re.S)
        if not found:
            return
        parameters = None
        if found.group(2):
            parameters = tuple(p.strip() for p in found.group(3).split(",") if p.strip())
        name, body = found.group(1), found.group(4).strip()
        self.macros[name] = (parameters, body)
        self.lines.append(Line(rest, span, item=Macro(name, parameters, body, span)))

    def _conditional(self, number: int) -> int:
        """Chooses a branch of the `#if` at row `number`: the rows of the others are blanked."""
        marks = _branches(self.rows, number)
        last = marks[-1][0] if marks else len(self.rows) - 1
        choices = [_holds(word, rest, self.macros) for _, word, rest in marks[:-1]]
        if not marks or None in choices[: (choices + [True]).index(True)]:
            text = "\n".join(row.rstrip() for row in self.rows[number : last + 1]).rstrip()
            span = self._rows_span(number, last)
            self._flush()
            item = Unsupported("preprocessor conditional", text, span)
            self.lines.append(Line(text, span, item=item))
            return last + 1
        chosen = choices.index(True) if True in choices else None
        for index, (row, _, _) in enumerate(marks[:-1]):
            end = marks[index + 1][0]
            blank = range(row, row + 1 if index == chosen else end)
            for place in blank:
                self.rows[place] = ""
        self.rows[last] = ""
        return number + 1

    def _rows_span(self, first: int, last: int) -> Span:
        end = self.starts[last] + len(self.rows[last].rstrip())
        return Span(self.starts[first], end, first + 1, last + 1)


def split_do(text: str) -> str:
    """Return a fixed-form statement with the blanks that a loop head needs: `DO10I=1,N` becomes `do
    10 I=1,N`. Other statements come back unchanged.
    """
    found = re.match(r"\s*(do)(\d+)([a-z]\w*)(=[^'\"(]*,)", text, re.I)
    return f"do {found.group(2)} {text[found.start(3) :]}" if found else text


def _arguments(tokens: list[Token], at: int) -> tuple[list[list[Token]] | None, int]:
    """The arguments of a macro's use, in brackets that open at `at`, and the place after."""
    if at >= len(tokens) or tokens[at].text != "(":
        return None, at
    depth, groups = 0, [[]]
    for place in range(at, len(tokens)):
        token = tokens[place]
        depth += (token.text in "([") - (token.text in ")]") if token.kind == "op" else 0
        if depth == 0:
            return groups, place + 1
        if depth == 1 and token.text == "," and token.kind == "op":
            groups.append([])
        elif place > at:
            groups[-1].append(token)
    return None, at


def _branches(rows: list[str], number: int) -> list[tuple[int, str, str]]:
    """Rows of an `#if` and of its `#elif`, `#else` and `#endif`; empty where it never ends."""
    marks: list[tuple[int, str, str]] = []
    depth = 0
    for at in range(number, len(rows)):
        bare = rows[at].strip()
        if bare[:1] != "#":
            continue
        word, _, rest = bare[1:].strip().replace("(", " (", 1).partition(" ")
        depth += word in ("if", "ifdef", "ifndef")
        if depth == 1 and word in ("if", "ifdef", "ifndef", "elif", "else", "endif"):
            marks.append((at, word, rest.split("/*")[0].strip()))
        depth -= word == "endif"
        if depth == 0:
            return marks
    return []


def _holds(word: str, rest: str, macros: Mapping[str, tuple]) -> bool | None:
    """Whether a branch of the preprocessor is taken; None where that is not simple."""
    if word == "else":
        return True
    if word in ("ifdef", "ifndef"):
        return (rest.strip("() ") in macros) == (word == "ifdef")
    plain = re.sub(
        r"defined\s*\(?\s*(\w+)\s*\)?", lambda m: " 1 " if m.group(1) in macros else " 0 ", rest
    )
    for _ in range(8):
        if len(plain) > 1000:
            return None
        plain = re.sub(
            r"[A-Za-z_]\w*", lambda m: f" ({macros[m.group()][1] or 'x'}) "
            if m.group() in macros and macros[m.group()][0] is None else " 0 ", plain,
        )  # fmt: skip
    plain = plain.replace("&&", " and ").replace("||", " or ")
    plain = re.sub(r"!(?!=)", " not ", plain)
    try:
        return bool(_value(ast.parse(plain.strip(), mode="eval").body))
    except (SyntaxError, ValueError, RecursionError, MemoryError, ZeroDivisionError):
        return None


_COMPARE = {
    ast.Eq: lambda a, b: a == b, ast.NotEq: lambda a, b: a != b, ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b, ast.Gt: lambda a, b: a > b, ast.GtE: lambda a, b: a >= b,
    ast.Add: lambda a, b: a + b, ast.Sub: lambda a, b: a - b,
}  # fmt: skip


def _value(node: ast.expr) -> int:
    match node:
        case ast.Constant(value=int(value)):
            return value
        case ast.BoolOp(op=ast.And(), values=values):
            return int(all(_value(v) for v in values))
        case ast.BoolOp(op=ast.Or(), values=values):
            return int(any(_value(v) for v in values))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return int(not _value(operand))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
            return int(_COMPARE[type(op)](_value(left), _value(right)))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _COMPARE:
            return _COMPARE[type(op)](_value(left), _value(right))
    raise ValueError("not simple")


def token_ends(text: str) -> list[int]:
    """Return the offsets in the Fortran text `text` at which its tokens end, ascending."""
    return [found.end() for found in _TOKEN.finditer(text) if found.lastgroup]
