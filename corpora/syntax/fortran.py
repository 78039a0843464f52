"""Syntax of Fortran as far as interfaces need it: logical lines of free and fixed form, and where
procedures lie.

Contract: read-only views of a text; broken text gives what can be found in it, never an exception.
Names and statements come in lower case (Fortran has none), character literals keep theirs. A reader
of its own rather than a full grammar because only declarations matter here, whole files in old
dialects must pass, and it is called for every candidate (0.5 ms against 8-15 ms).

    python -c "from corpora.syntax.fortran import find_procedures; \
print(find_procedures('subroutine f(n, x)\\ninteger n\\nreal x(n)\\nend')[0].name)"
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_FREE_START = re.compile(r"^ {0,4}[ABD-Zabd-z]|^ {1,4}[cC]")
_STATEMENT_C = re.compile(
    r"^c(?:all\s+\w+\s*(?:\(|$)|ontains\s*$|ase\s*(?:\(|default)|lose\s*\(|lass\s*\(|ommon\s*/|ontinue\s*$|ycle\s*$"
    r"|ritical\s*$|(?:omplex|haracter)\b.*::|\w*(?:\([^()]*\))?(?:%\w+)?\s*=)",
    re.I,
)
"""Free-form statements that begin with the letter that makes a comment in fixed form."""


@dataclass(frozen=True, slots=True)
class LogicalLine:
    """One statement. `first` and `last` are 0-based physical line numbers; `text` has no comment
    and no label.
    """

    first: int
    last: int
    text: str


def is_fixed_form(text: str) -> bool:
    """Whether `text` is laid out by columns (comments in column 1, continuation in column 6,
    statements from 7).
    """
    lines = [
        row for row in text.splitlines() if row.strip() and not row.lstrip().startswith(("!", "#"))
    ]
    if any(
        _without_comment(row).rstrip().endswith("&") and not re.match(r"^ {5}&\s*$", row)
        for row in lines
    ):
        return False
    if any(_FREE_START.match(row) or _STATEMENT_C.match(row) for row in lines):
        return False
    code = [row for row in lines if not re.match(r"^[cC*]", row)]
    if code and re.match(r"^ {5}[^ 0]", code[0]):
        return False  # nothing that a first line could continue
    return len(code) < len(lines) or any(re.match(r"^ {5}[^ 0]", row) for row in code)


def split_logical_lines(text: str) -> list[LogicalLine]:
    """Statements of `text`, continuations joined, `;` split, comments and labels removed, lower
    case outside quotes.
    """
    joined = _fixed_lines(text) if is_fixed_form(text) else _free_lines(text)
    return [
        LogicalLine(first, last, _lower(part))
        for first, last, body in joined
        for part in (re.sub(r"^\s*\d+\s+", "", p).strip() for p in _split(body, ";"))
        if part
    ]


def _free_lines(text: str) -> list[tuple[int, int, str]]:
    found: list[tuple[int, int, str]] = []
    pending, first = "", 0
    for number, row in enumerate(text.splitlines()):
        body = "" if row.lstrip().startswith("#") else _without_comment(row, pending).strip()
        if pending and body.startswith("&"):
            body = body[1:]
        if not body:
            continue
        first = first if pending else number
        if body.endswith("&"):
            pending += body[:-1] + ("" if _in_quote(pending + body[:-1]) else " ")
            continue
        found.append((first, number, pending + body))
        pending = ""
    if pending.strip():
        found.append((first, len(text.splitlines()) - 1, pending))
    return found


def _fixed_lines(text: str) -> list[tuple[int, int, str]]:
    found: list[tuple[int, int, str]] = []
    for number, row in enumerate(text.splitlines()):
        if re.match(r"^[cC*!#dD]", row) or not row.strip():
            continue
        row = re.sub(r"^( *\d* *)\t", lambda m: m.group(1).ljust(6), row)
        if re.match(r"^ {5}[^ 0]", row) and found:
            first, _, before = found[-1]
            found[-1] = (first, number, before + _without_comment(row[6:72], before))
        else:
            found.append((number, number, _without_comment(row[:72])))
    return found


def _without_comment(row: str, before: str = "") -> str:
    quote = _in_quote(before)
    for position, char in enumerate(row):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "!":
            return row[:position]
    return row


def _in_quote(text: str) -> str:
    quote = ""
    for char in text:
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
    return quote


def _lower(text: str) -> str:
    return re.sub(
        r"'[^']*'|\"[^\"]*\"|[^'\"]+",
        lambda m: m.group() if m.group()[0] in "'\"" else m.group().lower(),
        text,
    )


def _split(text: str, separator: str) -> list[str]:
    parts, depth, quote = [""], 0, ""
    for char in text:
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        else:
            depth += (char in "([") - (char in ")]")
            if char == separator and depth <= 0:
                parts.append("")
                continue
        parts[-1] += char
    return parts


def split_commas(text: str) -> list[str]:
    """Parts of `text` between commas outside brackets and quotes, stripped; empty parts
    left out.
    """
    return [part.strip() for part in _split(text, ",") if part.strip()]


@dataclass(slots=True)
class Procedure:
    """A subroutine or function: its header, its own statements (without contained procedures), and
    where it lies.

    prefix: words before `function` (type and qualifiers). result: name of the result variable, ''
    for a subroutine. hosts: enclosing program units, outermost first, as (kind, name, specification
    lines). first, last: 0-based physical line numbers, both included.
    """

    kind: str
    name: str
    arguments: tuple[str, ...]
    prefix: str
    result: str
    first: int
    last: int
    hosts: tuple[ProgramUnit, ...]
    lines: list[LogicalLine] = field(default_factory=list)
    ended: bool = False
    """Whether its END was found; without one `last` is the end of the text."""


@dataclass(slots=True)
class ProgramUnit:
    """A program unit that may hold procedures: module, submodule, program, or a procedure with
    `contains`.
    """

    kind: str
    name: str
    first: int
    last: int = -1
    lines: list[LogicalLine] = field(default_factory=list)


_GROUP = r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"
_TYPE_WORD = (
    r"(?:integer|real|double\s*precision|double\s*complex|complex|logical|character|type|class|"
    r"byte)"
)
_HEADER = re.compile(
    rf"^((?:(?:recursive|pure|elemental|impure|module|non_recursive|attributes\s*{_GROUP}"
    rf"|{_TYPE_WORD}(?:\s*\*\s*\d+|\s*{_GROUP})?)\s*)*)"
    rf"\b(subroutine|function)\s+(\w+)\s*({_GROUP})?\s*(.*)$"
)
_UNIT = re.compile(
    r"^(module(?!\s+(?:procedure|subroutine|function)\b)|submodule|program|block\s*data|interface|abstract\s+interface)\b"
    r"\s*(.*)$"
)
_TYPE_DEFINITION = re.compile(r"^type(?:\s*,[^:]*::\s*|\s*::\s*|\s+)(\w+)$")
_END = re.compile(
    r"^end\s*(subroutine|function|module|submodule|program|block\s*data|interface|type|procedure)?"
    r"(?:\s+\w+|\s+operator.*|\s+assignment.*)?$"
)


def find_procedures(text: str) -> list[Procedure]:
    """Every procedure with a body, in textual order; interface blocks are passed over."""
    return _walk(split_logical_lines(text))[0]


def find_program_units(text: str) -> list[ProgramUnit]:
    """Modules and main programs, each with its specification lines (before `contains`)."""
    return _walk(split_logical_lines(text))[1]


def _walk(lines: Sequence[LogicalLine]) -> tuple[list[Procedure], list[ProgramUnit]]:
    found: list[Procedure] = []
    others: list[ProgramUnit] = []
    stack: list[Procedure | ProgramUnit] = []
    for line in lines:
        opened = _open(line, stack)
        if opened:
            stack.append(opened)
            if not any(u.kind in ("interface", "type") for u in stack):
                (found if isinstance(opened, Procedure) else others).append(opened)
            continue
        ended = _END.match(line.text)
        if ended and stack and _closes(ended.group(1), line.text, stack[-1]):
            closed = stack.pop()
            closed.last = line.last
            if isinstance(closed, Procedure):
                closed.ended = True
        elif stack:
            stack[-1].lines.append(line)
    for unit in stack:
        unit.last = lines[-1].last
    return found, others


def _closes(word: str | None, text: str, unit: Procedure | ProgramUnit) -> bool:
    if word is None:
        return text == "end" and unit.kind not in ("interface", "type")
    return word.replace(" ", "") == unit.kind.replace(" ", "") or word == "procedure"


def _open(
    line: LogicalLine, stack: Sequence[Procedure | ProgramUnit]
) -> Procedure | ProgramUnit | None:
    header = None if line.text.startswith("end") else _HEADER.match(line.text)
    if header:
        prefix, kind, name, group, suffix = header.groups()
        arguments = tuple(split_commas(group[1:-1])) if group else ()
        renamed = re.search(r"\bresult\s*\(\s*(\w+)\s*\)", suffix)
        result = (renamed.group(1) if renamed else name) if kind == "function" else ""
        hosts = tuple(_as_unit(u) for u in stack)
        return Procedure(
            kind, name, arguments, prefix.strip(), result, line.first, line.last, hosts
        )
    unit = _UNIT.match(line.text)
    if unit and "=" not in unit.group(2).split("(")[0]:
        kind = "interface" if "interface" in unit.group(1) else unit.group(1)
        return ProgramUnit(
            kind, unit.group(2).split()[-1] if unit.group(2).split() else "", line.first
        )
    definition = _TYPE_DEFINITION.match(line.text)
    return ProgramUnit("type", definition.group(1), line.first) if definition else None


def _as_unit(unit: Procedure | ProgramUnit) -> ProgramUnit:
    if isinstance(unit, ProgramUnit):
        return unit
    return ProgramUnit(unit.kind, unit.name, unit.first, unit.last, unit.lines)


def convert_to_free_form(text: str) -> str:
    """`text` in free form: comment markers, continuations and OpenMP sentinels of fixed form are
    rewritten by line.
    """
    if not is_fixed_form(text):
        return text
    rows: list[str] = []
    last_code = -1
    for row in text.splitlines():
        row = re.sub(r"^( *\d* *)\t", lambda m: m.group(1).ljust(6), row)
        sentinel = re.match(r"^[cC*!](\$omp)(.)", row, re.I)
        if not sentinel and (re.match(r"^[cC*!dD]", row) or not row.strip() or row.startswith("#")):
            rows.append(row if row.startswith("#") else "!" + row[1:] if row.strip() else "")
            continue
        if (
            row[5:6] not in ("", " ", "0") if sentinel else re.match(r"^ {5}[^ 0]", row)
        ) and last_code >= 0:
            rows[last_code] = rows[last_code].rstrip() + " &"
            row = "!$omp& " + row[6:] if sentinel else "     &" + row[6:72]
        else:
            row = "!$omp " + row[6:] if sentinel else row[:72]
        rows.append(row if sentinel else _without_comment(row).rstrip())
        last_code = len(rows) - 1
    return "\n".join(rows) + "\n"
