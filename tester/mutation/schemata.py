"""Many mutants as one program: a number chooses at run time which mistake is made (mutant schemata:
Untch, Offutt and Harrold, 1993).

Contract: `build_schema` gives a program whose entry takes the mutant's number (0: none, k: the
k-th) before the source's own parameters, or None where one program cannot stand for all. Number -k
is the source, too, and ends with a trap where it would make the k-th mistake: so one sees whether
it comes there. One function is compiled in place of a dozen, and one process runs them all. Every
choice is between whole expressions, as far out as operators could bind differently, so that each
mutant means what its own text means; what the compiler does not take in this form it reports, and
the mutants are then compiled one by one.

    pytest tests/tester/test_schemata.py
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tree_sitter import Node

from corpora.records import Parameter, Program, Signature
from corpora.syntax.c_family import parse_c_family
from tester.mutation.mutants import Mutant

DIALECTS = frozenset({"cpp", "openmp", "openmp-target"})
NUMBER = Parameter("mutant_number", "scalar", "i32", "in")
_CHOICE = "mutant_chosen_"
_ASKED = "mutant_asked_"


@dataclass(slots=True)
class _Site:
    """A stretch of bytes that some mutants change: (number, text) of each, and the sites
    inside it.
    """

    start: int
    end: int
    statement: bool
    texts: list[tuple[int, bytes]] = field(default_factory=list)
    inner: list[_Site] = field(default_factory=list)


def build_schema(
    source: Program, signature: Signature, mutants: Sequence[Mutant]
) -> tuple[Program, Signature] | None:
    """The program that is all of `mutants`, and its signature: NUMBER, then the source's
    parameters.
    """
    if (
        source.dialect not in DIALECTS
        or not mutants
        or _CHOICE in source.text
        or not source.text.isascii()
    ):
        return None
    root = parse_c_family(source.text).root_node
    if _keeps_state(root, source.text):
        return None
    sites: dict[tuple[int, int], _Site] = {}
    for number, mutant in enumerate(mutants, 1):
        site = _site(root, mutant)
        if site is None:
            return None
        sites.setdefault((site.start, site.end), site).texts.append(
            (number, _text(source, mutant, site))
        )
    body = _render(
        source.text.encode(), 0, len(source.text), _nest_sites(list(sites.values()))
    ).decode()
    entry = f"{source.name}_mutants"
    text = (
        f"static int {_CHOICE};\nstatic inline bool {_ASKED}() {{ __builtin_trap(); }}\n{body}\n"
        f"template <class... A> static inline auto {entry}(int number, A... a) {{ {_CHOICE} = "
        f"number; return {source.name}(a...); }}\n"
    )
    return Program(source.dialect, entry, text), replace(
        signature, name=entry, parameters=(NUMBER, *signature.parameters)
    )


_ERROR = re.compile(r"^program\.cpp:(\d+):(\d+): error:", re.M)


def find_failing_mutants(made: Program, diagnostics: str) -> frozenset[int]:
    """Numbers of the mutants that errors of a schema are in, as far as the places tell: the last
    choice begun before an error. (`p += k` of a pointer is no error, `p = k` is.)
    """
    lines = made.text.split("\n")
    found = set()
    for line, column in _ERROR.findall(diagnostics):
        before = (
            re.findall(
                rf"{_CHOICE} == -(\d+) && {_ASKED}\(\) \?", lines[int(line) - 1][: int(column)]
            )
            if 0 < int(line) <= len(lines)
            else ()
        )
        found |= {int(before[-1])} if before else set()
    return frozenset(found)


def _keeps_state(root: Node, text: str) -> bool:
    """Whether a run may leave something behind that the next mutant would find."""
    variables = [
        n
        for n in root.children
        if n.type == "declaration" and not re.search(r"\(", n.text.decode())
    ]
    return bool(variables) or re.search(r"\b(?:static|thread_local|asm|setjmp)\b", text) is not None


_BINDING = frozenset(
    {"binary_expression", "unary_expression", "pointer_expression", "cast_expression"}
)
"""What may take another operand when an operator inside it changes."""


def _site(root: Node, mutant: Mutant) -> _Site | None:
    """The whole expression or statement that a mutant's edit falls into."""
    node = root.descendant_for_byte_range(mutant.start, mutant.end)
    if node is None:
        return None
    if mutant.kind == "operator":
        while node.type not in _CHANGED and node.parent is not None:
            node = node.parent
        while node.parent is not None and node.parent.type in _BINDING:
            node = node.parent
    else:
        while not node.is_named and node.parent is not None:
            node = node.parent
    if (
        node.start_byte > mutant.start
        or node.end_byte < mutant.end
        or (node.type in _NOT_VALUES and mutant.kind != "dropped_statement")
    ):
        return None
    return _Site(node.start_byte, node.end_byte, mutant.kind == "dropped_statement")


_CHANGED = frozenset({"binary_expression", "assignment_expression", "update_expression"})
_NOT_VALUES = frozenset(
    {
        "expression_statement",
        "compound_statement",
        "declaration",
        "init_declarator",
        "argument_list",
        "subscript_argument_list",
    }
)


def _text(source: Program, mutant: Mutant, site: _Site) -> bytes:
    """The site as this mutant has it."""
    data = mutant.program.text.encode()
    return data[site.start : site.end + len(data) - len(source.text)]


def _nest_sites(sites: list[_Site]) -> list[_Site]:
    """The outermost sites, each with those inside it; a syntax tree's stretches never overlap in
    part.
    """
    outer: list[_Site] = []
    for site in sorted(sites, key=lambda s: (s.start, -s.end)):
        place = outer
        while place and place[-1].end >= site.end:
            place = place[-1].inner
        place.append(site)
    return outer


def _strip_brackets(text: bytes) -> bytes:
    return re.sub(rb"[()\s]", b"", text)


def _condition(number: int) -> bytes:
    """Whether this mistake is to be made; here one is asked whether one comes here."""
    return f"{_CHOICE} == {number} || {_CHOICE} == -{number} && {_ASKED}()".encode()


def _render(data: bytes, start: int, end: int, sites: Sequence[_Site]) -> bytes:
    parts = []
    for site in sites:
        own = _render(data, site.start, site.end, site.inner)
        if site.statement:  # braces: an `else` behind it stays with the `if` that it belongs to
            chosen = b"{ if (!(%s)) { %s } }" % (
                b" || ".join(_condition(number) for number, _ in site.texts),
                own,
            )
        else:
            chosen = own
            for number, text in site.texts:
                truth = (
                    b"!!"
                    if _strip_brackets(text) == b"!" + _strip_brackets(data[site.start : site.end])
                    else b""
                )  # a pointer as a condition, and its negation, have one type
                chosen = b"(%s ? (%s) : %s(%s))" % (_condition(number), text, truth, chosen)
        parts += [data[start : site.start], chosen]
        start = site.end
    return b"".join([*parts, data[start:end]])
