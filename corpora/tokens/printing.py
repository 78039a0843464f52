"""Words to text that people can read and compilers take: line breaks, indentation, no more spaces
than needed.

Contract: adding or leaving out white space never joins or splits a token; `<nl>` words end a line,
and long Fortran lines are continued.

    python -c "from corpora.tokens.printing import print_words; \\
        print(print_words('int i = 0 ; f ( i ) ;'.split(), 'cpp'))"
"""

from __future__ import annotations

from collections.abc import Sequence

from corpora.tokens.lexers import NEWLINE

FORTRAN_COLUMNS = 110
_OPENERS = frozenset("([")
_SPACED_CALL = frozenset(
    {"if", "for", "while", "switch", "return", "else", "do", "case", "sizeof", "in"}
)
_FORTRAN_BLOCKS = frozenset(
    {"do", "subroutine", "function", "module", "program", "select", "interface", "where"}
)


def print_words(words: Sequence[str], language: str) -> str:
    """Return words, such as `for ( int i = 0 ;`, as source text with line breaks and indentation.
    language: `cpp` (CUDA too), `fortran` or `suite`; another raises KeyError. The text ends in a
    newline unless there are no words.
    """
    lines = _PRINTERS[language](words)
    return "\n".join(lines) + "\n" if lines else ""


def _is_name(word: str) -> bool:
    return word[:1].isalpha() or word[:1] in "_$"


def _ends_value(word: str) -> bool:
    return _is_name(word) or word in (")", "]")


def _is_glued(before: str, previous: str, word: str, following: str) -> bool:
    """Whether `word` may stand right after `previous`; `before` precedes that, `following` comes
    next.
    """
    if word in (",", ";", ")", "]") or previous in _OPENERS:
        return True
    if word == "(":
        return _is_name(previous) and previous not in _SPACED_CALL
    if word == "[":
        return _ends_value(previous)
    if word in (".", "->", "::"):
        return _ends_value(previous) and _is_name(following)
    if previous in (".", "->", "::"):
        return _is_name(word) and _ends_value(before)
    if previous in ("!", "~"):
        return _is_name(word) or word == "("
    if word in ("++", "--"):
        return _ends_value(previous)
    return previous in ("++", "--") and _is_name(word) and not _ends_value(before)


def join_words(words: Sequence[str]) -> str:
    """Return a program's words as one line of source text, with spaces only where a reader expects
    them; '' for no words.
    """
    text = ""
    padded = ["", "", *words, ""]
    for i in range(2, len(padded) - 1):
        before, previous, word, following = padded[i - 2 : i + 2]
        text += word if not previous or _is_glued(before, previous, word, following) else " " + word
    return text


def _cpp_lines(words: Sequence[str]) -> list[str]:
    lines: list[str] = []
    line: list[str] = []
    depth = parens = 0
    in_directive = False

    def flush() -> None:
        nonlocal line
        if line:
            indent = 0 if line[0].startswith("#") else 4 * max(0, depth - (line[-1] == "{"))
            lines.append(" " * indent + join_words(line))
        line = []

    for i, word in enumerate(words):
        following = words[i + 1] if i + 1 < len(words) else ""
        if word.startswith("#") and len(word) > 1:
            flush()
            in_directive = True
        if word == NEWLINE:
            flush()
            in_directive, parens = False, 0
            continue
        line.append(word)
        parens += (word == "(") - (word == ")")
        if in_directive:
            continue
        if word == "{":
            depth += 1
            flush()
        elif word == "}":
            depth -= 1
            if following not in ("else", ";", ",", ")", "while"):
                flush()
        elif word == ";" and parens <= 0:
            flush()
            parens = 0
    flush()
    return lines


def _fortran_lines(words: Sequence[str]) -> list[str]:
    lines: list[str] = []
    statement: list[str] = []
    depth = 0
    for word in [*words, NEWLINE]:
        if word != NEWLINE:
            statement.append(word)
            continue
        if not statement:
            continue
        lead = [w.lower() for w in statement[:3] if w[:1].isalpha()] or [""]
        closes = lead[0].startswith("end") or lead[0] in ("else", "elseif", "case", "contains")
        depth = max(0, depth - closes)
        directive = statement[0].startswith("!$")
        lines += _wrap_line(
            join_words(statement),
            "" if directive else "  " * depth,
            statement[0] if directive else "",
        )
        opens = lead[0] in _FORTRAN_BLOCKS or statement[-1].lower() == "then" or "function" in lead
        reopens = closes and not lead[0].startswith("end")
        depth += (opens or reopens) and not lead[0].startswith("end")
        statement = []
    return lines


def _wrap_line(text: str, indent: str, directive: str) -> list[str]:
    """Lines of at most FORTRAN_COLUMNS columns where spaces outside of literals allow it."""
    lines = []
    rest = indent + text
    while len(rest) > FORTRAN_COLUMNS:
        cut = _last_space(rest, FORTRAN_COLUMNS - 2)
        if cut <= len(indent) + len(directive) + 2:
            break
        lines.append(rest[:cut] + " &")
        rest = (directive + " " if directive else indent + "  ") + rest[cut + 1 :]
    return [*lines, rest]


def _last_space(text: str, limit: int) -> int:
    quote, found = "", -1
    for i, c in enumerate(text[:limit]):
        if quote:
            quote = "" if c == quote else quote
        elif c in "\"'":
            quote = c
        elif c == " ":
            found = i
    return found


def _suite_lines(words: Sequence[str]) -> list[str]:
    lines = [""]
    previous, depth = "", 0
    for word in words:
        if word == NEWLINE:
            lines.append("")
            previous, depth = "", 0
            continue
        starts = _is_name(word) and (
            _ends_value(previous)
            or previous[:1].isdigit()
            or previous[:1] == "."
            or previous == "}"
        )
        lines[-1] += (
            " " + word if starts and depth == 0 or starts and previous[:1].isdigit() else word
        )
        depth += (word in "([{") - (word in ")]}")
        previous = word
    return [line for line in lines if line]


_PRINTERS = {"cpp": _cpp_lines, "fortran": _fortran_lines, "suite": _suite_lines}
