"""Mutants: programs that differ from a given one by one small mistake, the kind that translations
and people make.

Contract: every mutant has the same entry name and parameters as its origin and a text that differs
from it; whether it compiles or is equivalent is for others to find out. The order is fixed by the
text; `sample_mutants` picks by seed. C-like dialects are mutated on the syntax tree, Fortran on its
executable lines.

    python -c "from tester.mutation.mutants import *; \
print([m.kind for m in generate_mutants(Program('cpp', 'f', 'void f(int *x, int n) { for (int i = 0;
i < n; i++) x[i] += 2; }'))])"
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tree_sitter import Node

from corpora.dialects import get_dialect
from corpora.records import Program, content_hash
from corpora.syntax.c_family import find_c_functions, parse_c_family
from corpora.syntax.fortran import find_procedures


@dataclass(frozen=True, slots=True)
class Mutant:
    """kind: operator, constant, off_by_one, index_swap, dropped_statement or swapped_branches."""

    kind: str
    where: str
    """`line:column old -> new`."""
    program: Program
    start: int = 0
    end: int = 0
    """Bytes of the origin's text that are replaced."""


@dataclass(frozen=True, slots=True)
class _Edit:
    kind: str
    start: int
    end: int
    text: str


_OPERATORS = {
    "+": ("-",),
    "-": ("+",),
    "*": ("+",),
    "/": ("*",),
    "%": ("/",),
    "<": ("<=", ">"),
    "<=": ("<", ">="),
    ">": (">=", "<"),
    ">=": (">", "<="),
    "==": ("!=",),
    "!=": ("==",),
    "&&": ("||",),
    "||": ("&&",),
    "&": ("|",),
    "|": ("&",),
    "^": ("|",),
    "<<": (">>",),
    ">>": ("<<",),
    "+=": ("-=", "="),
    "-=": ("+=",),
    "*=": ("/=",),
    "/=": ("*=",),
    "|=": ("&=",),
    "&=": ("|=",),
    "^=": ("|=",),
    "++": ("--",),
    "--": ("++",),
}
_FORTRAN_OPERATORS = {
    "+": ("-",),
    "-": ("+",),
    "*": ("+",),
    "/": ("*",),
    "<": ("<=", ">"),
    "<=": ("<",),
    ">": (">=", "<"),
    ">=": (">",),
    "==": ("/=",),
    "/=": ("==",),
    ".lt.": (".le.",),
    ".le.": (".lt.",),
    ".gt.": (".ge.",),
    ".ge.": (".gt.",),
    ".eq.": (".ne.",),
    ".ne.": (".eq.",),
    ".and.": (".or.",),
    ".or.": (".and.",),
}


def generate_mutants(program: Program) -> list[Mutant]:
    """All first-order mutants of the program's function and of what it calls, without repetition,
    in textual order.
    """
    makers = {"cpp": _c_edits, "fortran": _fortran_edits}
    data = program.text.encode()
    made: dict[str, Mutant] = {}
    for edit in sorted(
        set(makers[get_dialect(program.dialect).language](program)),
        key=lambda e: (e.start, e.end, e.kind, e.text),
    ):
        text = (data[: edit.start] + edit.text.encode() + data[edit.end :]).decode()
        if text == program.text or text in made:
            continue
        before = data[: edit.start].decode()
        place = f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
        old = data[edit.start : edit.end].decode()
        made[text] = Mutant(
            edit.kind,
            f"{place} {_shorten(old)} -> {_shorten(edit.text)}",
            replace(program, text=text),
            edit.start,
            edit.end,
        )
    return list(made.values())


def sample_mutants(mutants: Sequence[Mutant], limit: int, seed: int = 0) -> list[Mutant]:
    """At most `limit`, every kind having its turn, chosen by a hash of the mutant and the seed."""
    if len(mutants) <= limit:
        return list(mutants)
    by_kind: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in sorted(mutants, key=lambda m: content_hash(seed, m.program.text)):
        by_kind[mutant.kind].append(mutant)
    queues = [by_kind[kind] for kind in sorted(by_kind)]
    chosen: list[Mutant] = []
    for turn in range(max(len(q) for q in queues)):
        chosen += [q[turn] for q in queues if turn < len(q)]
    kept = {m.program.text for m in chosen[:limit]}
    return [m for m in mutants if m.program.text in kept]


def _shorten(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 40 else flat[:37] + "..."


_WORD = re.compile(r"[A-Za-z_]\w*")


def _find_reachable(entry: str, texts: Sequence[tuple[str, str]], always: str) -> list[int]:
    """Indices of those (name, text) that the entry comes to by names in their texts, `always` being
    read as well; all where the entry is none of them. A file may hold other functions, to which no
    test of this one comes.
    """
    if all(name != entry for name, _ in texts):
        return list(range(len(texts)))
    words = [set(_WORD.findall(text)) for _, text in texts]
    known = {entry, *_WORD.findall(always)}
    while (
        not (
            found := set().union(
                *(w for (name, _), w in zip(texts, words, strict=True) if name in known)
            )
        )
        <= known
    ):
        known |= found
    return [i for i, (name, _) in enumerate(texts) if name in known]


def _c_edits(program: Program) -> Iterator[_Edit]:
    functions = list(find_c_functions(parse_c_family(program.text).root_node))
    # Operators are called without their name: they go by a word that is always read.
    named = [
        ("operator" if "operator" in f.name else f.name.rpartition("::")[2], _text(f.node))
        for f in functions
    ]
    macros = " ".join(
        re.findall(r"^[ \t]*#[ \t]*define\b((?:\\\n|[^\n])*)", program.text, re.MULTILINE)
    )
    for function in (
        functions[i]
        for i in _find_reachable(program.name.rpartition("::")[2], named, f"operator {macros}")
    ):
        body = function.node.child_by_field_name("body")
        if body is not None:
            for node in _walk(body):
                yield from _EDITORS.get(node.type, lambda n: iter(()))(node)


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _walk(child)


def _text(node: Node) -> str:
    return node.text.decode()


def _operator(node: Node) -> Iterator[_Edit]:
    operator = node.child_by_field_name("operator")
    if operator is not None:
        for new in _OPERATORS.get(_text(operator), ()):
            yield _Edit("operator", operator.start_byte, operator.end_byte, new)
        if _text(operator) == "=" and node.type == "assignment_expression":
            return
        if _text(operator) in ("<", "<=") and node.type == "binary_expression":
            right = node.child_by_field_name("right")
            yield _Edit("off_by_one", right.start_byte, right.end_byte, f"({_text(right)} - 1)")


def _number(node: Node) -> Iterator[_Edit]:
    if node.parent is not None and node.parent.type in (
        "array_declarator",
        "case_statement",
        "subscript_argument_list",
    ):
        return
    text = _text(node)
    if re.fullmatch(r"\d+[uUlL]*", text):
        digits = re.match(r"\d+", text).group()  # type: ignore[union-attr]
        yield _Edit(
            "constant",
            node.start_byte,
            node.end_byte,
            text.replace(digits, str(int(digits, 10) + 1), 1),
        )
    elif re.fullmatch(r"[\d.]+(?:[eE][-+]?\d+)?[fF]?", text):
        zero = float(text.rstrip("fF")) == 0
        yield _Edit(
            "constant", node.start_byte, node.end_byte, f"({text}{'+ 1' if zero else '* 2'})"
        )


def _subscript(node: Node) -> Iterator[_Edit]:
    indices = node.child_by_field_name("indices")
    if indices is None:
        return
    inner = [c for c in indices.children if c.is_named]
    for index in inner:
        yield _Edit("off_by_one", index.start_byte, index.end_byte, f"{_text(index)} + 1")
        names = [n for n in _walk(index) if n.type == "identifier"]
        for a, b in zip(names, names[1:], strict=False):
            if _text(a) != _text(b):
                between = index.text[
                    a.end_byte - index.start_byte : b.start_byte - index.start_byte
                ].decode()
                whole = index.start_byte == a.start_byte and index.end_byte == b.end_byte
                if between.strip() == "*" or "[" in between or (whole and between.strip() == "+"):
                    continue  # a product or sum is the same the other way round; `a[i]` is `i[a]`
                yield _Edit("index_swap", a.start_byte, b.end_byte, _text(b) + between + _text(a))


def _statement(node: Node) -> Iterator[_Edit]:
    if node.named_child_count:
        yield _Edit("dropped_statement", node.start_byte, node.end_byte, ";")


def _condition(node: Node) -> Iterator[_Edit]:
    condition = node.child_by_field_name("condition")
    if condition is None:
        return
    if node.type == "conditional_expression":
        yield _Edit(
            "swapped_branches", condition.start_byte, condition.end_byte, f"!({_text(condition)})"
        )
    else:
        yield _Edit(
            "swapped_branches", condition.start_byte, condition.end_byte, f"(!{_text(condition)})"
        )


_EDITORS = {
    "binary_expression": _operator,
    "assignment_expression": _operator,
    "update_expression": _operator,
    "number_literal": _number,
    "subscript_expression": _subscript,
    "expression_statement": _statement,
    "if_statement": _condition,
    "conditional_expression": _condition,
}

_DECLARATION = re.compile(
    r"^\s*(?:integer|real|double\s*precision|logical|complex|character|type|implicit|use|parameter|dimension|external"
    r"|intrinsic|subroutine|function|module|contains|end|program|interface|data|common|save|return|else\s*$|!|c\s|\*)"
    r"|^\s*(?:pure|elemental|recursive|real|integer).*\b(?:function|subroutine)\b|::|\bfunction\b|\bsubroutine\b",
    re.IGNORECASE,
)
_FORTRAN_TOKEN = re.compile(
    r"(?P<skip>'[^']*'|\"[^\"]*\"|!.*)|(?P<operator>\*\*|\.(?:lt|le|gt|ge|eq|ne|and|or)\.|==|/=|<=|>=|[-+*/<>])"
    r"|(?P<float>\d+\.\d*(?:[dDeE][-+]?\d+)?(?:_\w+)?|\d+[dDeE][-+]?\d+)|(?P<int>\b\d+\b(?!_))|(?P<name>[A-Za-z_]\w*)",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"([A-Za-z_]\w*)\s*\(([^()]*)\)")


def _fortran_edits(program: Program) -> Iterator[_Edit]:
    rows, offset = program.text.splitlines(keepends=True), 0
    found = find_procedures(program.text)
    named = [(p.name.lower(), "".join(rows[p.first : p.last + 1]).lower()) for p in found]
    generic = " ".join(
        row.lower() for row in rows if re.match(r"\s*(?:module\s+)?procedure\b", row, re.IGNORECASE)
    )
    reached = {
        i
        for k in _find_reachable(program.name.lower(), named, generic)
        for i in range(found[k].first, found[k].last + 1)
    }
    for i, row in enumerate(rows):
        if (i in reached or not found) and not _DECLARATION.search(row) and row.strip():
            for edit in _fortran_row(row):
                yield replace(edit, start=edit.start + offset, end=edit.end + offset)
        offset += len(row.encode())


def _fortran_row(row: str) -> Iterator[_Edit]:
    if not row.isascii():
        return
    for match in _FORTRAN_TOKEN.finditer(row):
        start, end, text = match.start(), match.end(), match.group()
        if match.lastgroup == "operator":
            for new in _FORTRAN_OPERATORS.get(text.lower(), ()):
                yield _Edit("operator", start, end, new)
        elif match.lastgroup == "int" and not re.match(r"^\s*\d+\s", row[: end + 1]):
            yield _Edit("constant", start, end, str(int(text) + 1))
        elif match.lastgroup == "float":
            yield _Edit(
                "constant",
                start,
                end,
                f"({text}+1)" if not re.search(r"[1-9]", text.split("_")[0]) else f"(2*{text})",
            )
    body = row.rstrip("\n")
    if loop := re.match(
        r"^(\s*(?:\d+\s+)?do\s+(?:\d+\s+)?\w+\s*=\s*)([^,]+),\s*([^,]+?)\s*(,.*)?$",
        body,
        re.IGNORECASE,
    ):
        yield _Edit("off_by_one", loop.start(3), loop.end(3), f"({loop.group(3)})-1")
        yield _Edit("off_by_one", loop.start(2), loop.end(2), f"({loop.group(2)})+1")
    if condition := re.match(r"^\s*(?:else\s*)?if\s*\((.*)\)\s*then\s*$", body, re.IGNORECASE):
        yield _Edit(
            "swapped_branches", condition.start(1), condition.end(1), f".not.({condition.group(1)})"
        )
    if assignment := re.match(r"^\s*\w+\s*(?:\([^=]*\))?\s*=(?!=)[^&]*$", body):
        if not re.match(r"^\s*(?:do|if)\b", body, re.IGNORECASE):
            yield _Edit("dropped_statement", assignment.start(), assignment.end(), "      continue")
    for match in _REFERENCE.finditer(body):
        parts = match.group(2).split(",")
        if (
            len(parts) >= 2
            and parts[0].strip() != parts[1].strip()
            and match.group(1).lower() not in ("min", "max", "if", "while")
        ):
            swapped = ",".join([parts[1], parts[0], *parts[2:]])
            yield _Edit("index_swap", match.start(2), match.end(2), swapped)
