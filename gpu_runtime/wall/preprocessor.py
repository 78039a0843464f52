"""The preprocessor's part of the static wall: includes, pragmas, macros, and texts with branches.

Contract: works on tokens, continued lines joined. `split_directives` gives the directive lines of a
text, `check_directives` the reason why one of them is refused, `expand_branches` the texts without
`#if` that hold every branch of the text between them.

    python -c "from gpu_runtime.wall.preprocessor import expand_branches; \
        print(expand_branches('#ifdef A\nint a;\n#else\nint b;\n#endif\n'))"
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field

from corpora.frontends.c_tokens import Token, tokenize
from gpu_runtime.compile.headers import GENERATED, UNREAD
from gpu_runtime.wall.names import ALLOWED_CALLS, KEYWORDS, TYPES
from gpu_runtime.wall.words import quote_source

MOST_TEXTS = 32
"""A text whose branches make more texts is refused."""
_PRAGMAS = frozenset("omp unroll nounroll once ivdep simd acc".split())
_CONDITIONS = frozenset("if ifdef ifndef elif".split())
_OTHERS = frozenset("else endif undef error warning".split())
_KNOWN_MACROS = tuple(
    f"__{name}"
    for name in "cplusplus CUDACC__ NVCC__ GNUC GNUG clang INTEL linux unix APPLE STDC STRICT "
    "x86_64 CUDACC_VER HIP PGI NVCOMPILER MINGW IBM".split()
)
"""Reserved names that name a compiler. Others differ from one way of compiling to another, so that
a program could tell its tests."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A macro that a `#define` makes. name: the macro's. parameters: their names, `...` among them;
    None for an object-like macro. body: the tokens it stands for.
    """

    name: str
    parameters: tuple[str, ...] | None
    body: tuple[Token, ...]


def split_directives(tokens: Sequence[Token]) -> tuple[list[list[Token]], list[Token]]:
    """Return (preprocessor lines, code) of the tokens of a C-family text. Each line is the list of
    its tokens, with its `#`; code are the tokens between the lines, in order.
    """
    lines: list[list[Token]] = []
    code: list[Token] = []
    inside = False
    for token in tokens:
        if token.first:
            inside = token.text == "#"
            if inside:
                lines.append([])
        (lines[-1] if inside else code).append(token)
    return lines, code


def read_definition(line: Sequence[Token]) -> Definition | None:
    """Return the macro that a preprocessor line defines, or None if it is no `#define`. line: its
    tokens, with its `#`.
    """
    words = [t.text for t in line]
    if words[1:2] != ["define"] or len(line) < 3 or line[2].kind != "word":
        return None
    if words[3:4] != ["("] or line[3].spaced:
        return Definition(words[2], None, tuple(line[3:]))
    end = words.index(")") if ")" in words else len(words)
    names = tuple(t.text for t in line[4:end] if t.kind == "word" or t.text == "...")
    return Definition(words[2], names, tuple(line[end + 1 :]))


def check_directives(
    text: str, lines: Sequence[Sequence[Token]], names: Container[str] = ()
) -> str | None:
    """Return why one of the preprocessor lines of `text` is refused, in one line, or None if none
    is.

    lines: as `split_directives` returns them. names: the program's words; some headers are refused
        unless their names occur.
    """
    for line in lines:
        kind = line[1].text if len(line) > 1 else ""
        rest = [t.text for t in line[2:]]
        said = quote_source(text[line[1].end : line[-1].end], 60) if kind else ""
        if kind == "include":
            if not _is_allowed_header(text[line[1].end : line[-1].end].strip(), names):
                return f"#include {said} is not among the headers that a program may include"
        elif kind == "pragma":
            known = rest[:1] and (rest[0] in _PRAGMAS or rest[0] == "GCC")
            if not known or rest[0] == "GCC" and rest[1:2] not in (["ivdep"], ["unroll"]):
                return f"#pragma {said} is not allowed"
            if "threadprivate" in rest:
                return f"#pragma {said} is not allowed"
        elif kind == "define":
            if reason := _check_definition(read_definition(line)):
                return reason
        elif any(word.startswith("__has") for word in rest):
            return "__has_include asks about the machine"
        elif kind in _CONDITIONS:
            if asked := next((word for word in rest if _asks(word)), None):
                return f"'{asked}' in a condition asks how the program is compiled"
        elif (
            kind and kind not in _OTHERS and not (kind.isdigit() and rest[:1] and rest[0][0] == '"')
        ):
            return f"the preprocessor directive #{kind} is not allowed"
    return None


def _is_allowed_header(header: str, names: Container[str]) -> bool:
    """Whether `<name>` or `"name"` may be included."""
    name = header.partition("//")[0].partition("/*")[0].strip()
    if len(name) < 3 or name[0] + name[-1] not in ("<>", '""'):
        return False
    name = name[1:-1].strip()
    if name in UNREAD and not any(word in names for word in UNREAD[name].split()):
        return True
    return name in GENERATED


def _asks(word: str) -> bool:
    return word.startswith(("__", "CV_")) and not word.startswith(_KNOWN_MACROS)


def _check_definition(macro: Definition | None) -> str | None:
    if macro is None:
        return "a macro definition that cannot be read"
    name, body = macro.name, [t.text for t in macro.body]
    if name in KEYWORDS or name in TYPES or name in ALLOWED_CALLS or name.startswith("__"):
        return f"the macro '{name}' redefines a name of the language"
    if "##" in body or "%" in body and ":" in body or macro.parameters is not None and "#" in body:
        return f"the macro '{name}' makes new tokens (# or ##)"
    if body.count("[") != body.count("]"):
        return f"the macro '{name}' holds half a pair of brackets"
    return None


# ------------------------------------------------------------------------------------- branches


@dataclass(slots=True)
class _Branch:
    """Text [start, end) under one condition. never: the condition is the number 0."""

    start: int
    end: int = 0
    groups: list[_Group] = field(default_factory=list)
    never: bool = False

    def width(self) -> int:
        return max((g.width() for g in self.groups), default=1)


@dataclass(slots=True)
class _Group:
    """`#if` to `#endif`. ends: the last branch is taken where no other is."""

    start: int
    end: int = 0
    branches: list[_Branch] = field(default_factory=list)

    def width(self) -> int:
        return sum(b.width() for b in self.branches)


def expand_branches(text: str) -> list[str] | None:
    """Return texts without `#if`, of the same length, that together hold every branch. What a text
    lacks is blank. Returns None if there would be more than MOST_TEXTS (32), or conditions do not
    match.
    """
    lines, _ = split_directives(tokenize(text))
    return expand_directives(text, lines)


def expand_directives(text: str, lines: Sequence[Sequence[Token]]) -> list[str] | None:
    """Return texts without `#if`, of the same length, that together hold every branch. What a text
    lacks is blank. Returns None if there would be more than MOST_TEXTS (32), or conditions do not
    match. lines: the preprocessor lines of `text`, as `split_directives` returns them.
    """
    conditions = _CONDITIONS | {"else", "endif"}
    lines = [line for line in lines if len(line) > 1 and line[1].text in conditions]
    if not lines:
        return [text]
    whole = _Branch(0, len(text))
    if not _nest(whole, lines) or whole.width() > MOST_TEXTS:
        return None
    return [_blank(text, whole, number) for number in range(whole.width())]


def _nest(whole: _Branch, lines: Sequence[Sequence[Token]]) -> bool:
    """Fills in the groups of `whole`; False where the lines do not match."""
    stack: list[tuple[_Group, bool]] = []
    branch = whole
    for line in lines:
        kind, start, end = line[1].text, line[0].start, line[-1].end
        condition = [t.text for t in line[2:]]
        if kind in ("if", "ifdef", "ifndef"):
            group = _Group(start)
            branch.groups.append(group)
            stack.append((group, False))
        elif not stack:
            return False
        else:
            stack[-1][0].branches[-1].end = start
        group, closed = stack[-1]
        if kind == "endif":
            stack.pop()
            group.end = end
            if not closed:
                group.branches.append(_Branch(end, end))
            group.branches = [b for b in group.branches if not b.never] or [_Branch(end, end)]
            branch = _innermost(whole, stack)
            continue
        if kind == "else":
            stack[-1] = (group, True)
        branch = _Branch(end, never=kind in ("if", "elif") and condition == ["0"])
        group.branches.append(branch)
    return not stack


def _innermost(whole: _Branch, stack: list[tuple[_Group, bool]]) -> _Branch:
    return stack[-1][0].branches[-1] if stack else whole


def _blank(text: str, whole: _Branch, number: int) -> str:
    parts: list[str] = []
    at = 0
    for start, end in _left_out(whole, number):
        parts += [text[at:start], "".join(c if c == "\n" else " " for c in text[start:end])]
        at = end
    return "".join([*parts, text[at:]])


def _left_out(branch: _Branch, number: int) -> Iterator[tuple[int, int]]:
    """Stretches of `branch` that text `number` does not hold, in order."""
    for group in branch.groups:
        left = number % group.width()
        for taken in group.branches:
            if left < taken.width():
                break
            left -= taken.width()
        yield group.start, taken.start
        yield from _left_out(taken, left)
        yield taken.end, group.end
