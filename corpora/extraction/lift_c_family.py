"""Global variables of a C-family file as parameters: what a function reads and changes outside
itself becomes testable.

Contract: `Lift` is made for one function and the helpers that travel with it. Every global that one
of them needs becomes a parameter of the function, and of each helper that needs it, at the end of
the list and in alphabetical order; calls hand it on. Scalars that nobody changes go by value,
others by reference, arrays as they are declared. Initial values are dropped: tests set them.
`problem` names what stands in the way: a local variable that hides a global which is to be handed
on, or a global that no parameter can be (a structure without a name, a function pointer).

    python -c "from corpora.extraction.c_family import extract_functions; \\
        print(extract_functions('static int n; void f(int *x) { x[0] = n; }')[0].text)"
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tree_sitter import Node

from corpora.syntax.c_family import CFunction, get_node_text, iterate_descendants

Edit = tuple[int, int, str]
_STORAGE = re.compile(r"\b(?:static|extern|volatile|register|thread_local|inline)\b\s*")


@dataclass(frozen=True, slots=True)
class GlobalVariable:
    """A changeable variable outside functions. type: its specifiers; extents: `[N][M]` as written,
    '' for a scalar or pointer.
    """

    name: str
    type: str
    extents: str
    pointer: bool = False

    def parameter(self, changed: bool) -> str:
        if self.extents or self.pointer:
            return f"{self.type} {'*' if self.pointer else ''}{self.name}{self.extents}"
        return f"{self.type} {'&' if changed else ''}{self.name}"


def find_globals(node: Node) -> list[GlobalVariable]:
    """The variables of a declaration that can become parameters."""
    kind = node.child_by_field_name("type")
    if kind is None or kind.child_by_field_name("body") is not None:
        return []
    words = [get_node_text(c) for c in node.children if c.type == "type_qualifier"]
    type_ = _STORAGE.sub(
        "", " ".join([*(w for w in words if w != "const"), get_node_text(kind)])
    ).strip()
    found = []
    for declarator in node.children_by_field_name("declarator"):
        plain = (
            declarator.child_by_field_name("declarator")
            if declarator.type == "init_declarator"
            else declarator
        )
        text = re.sub(r"\s+", "", get_node_text(plain)) if plain is not None else ""
        if simple := re.fullmatch(r"(\*?)(\w+)((?:\[[^\[\]]+\])*)", text):
            found.append(GlobalVariable(simple[2], type_, simple[3], bool(simple[1])))
    return found


@dataclass(frozen=True, slots=True)
class Lift:
    """edits: (from byte, to byte, text in their place) in the whole file; problem: one line, ''
    where the function can be lifted.
    """

    edits: tuple[Edit, ...] = ()
    problem: str = ""


def lift_globals(
    functions: list[CFunction],
    known: dict[str, GlobalVariable],
    own_names: dict[str, frozenset[str]],
) -> Lift:
    """Edits for `functions` (the entry and its helpers); own_names: locals and parameters of each
    by name.
    """
    by_name = {f.name: f for f in functions}
    calls = {
        f.name: [c for c in iterate_descendants(f.node) if c.type == "call_expression"]
        for f in functions
    }
    needs = {
        f.name: {n for n in _find_used_names(f.node) if n in known and n not in own_names[f.name]}
        for f in functions
    }
    for _ in functions:  # what a callee needs its caller needs
        for name, made in calls.items():
            for call in made:
                needs[name] |= needs.get(_callee(call), set())
    for name, wanted in needs.items():
        for callee in {_callee(c) for c in calls[name]} & set(by_name):
            if hidden := needs[callee] & own_names[name] & wanted:
                return Lift(
                    problem=f"'{min(hidden)}' in '{name}' hides the global variable that "
                    f"'{callee}' uses"
                )
    changed = {n for f in functions for n in _find_changed_names(f.node)} - {
        n for n, g in known.items() if g.extents or g.pointer
    }
    edits: list[Edit] = []
    for function in functions:
        wanted = sorted(needs[function.name])
        if not wanted:
            continue
        declared = ", ".join(known[n].parameter(n in changed) for n in wanted)
        edits.append(
            _append_argument(function.declarator.child_by_field_name("parameters"), declared)
        )
    for made in calls.values():
        for call in made:
            if wanted := sorted(needs.get(_callee(call), ())):
                edits.append(
                    _append_argument(call.child_by_field_name("arguments"), ", ".join(wanted))
                )
    return Lift(tuple(edits))


def apply_edits(source: bytes, start: int, end: int, edits: Iterable[Edit]) -> str:
    """Bytes start to end of the file with the edits that fall into them."""
    parts, place = [], start
    for first, last, text in sorted(e for e in edits if start <= e[0] <= end):
        parts += [source[place:first], text.encode()]
        place = last
    return b"".join([*parts, source[place:end]]).decode(errors="replace").strip()


def _append_argument(brackets: Node, text: str) -> Edit:
    inner = [c for c in brackets.named_children if c.type != "comment"]
    if len(inner) == 1 and get_node_text(inner[0]) == "void":
        return inner[0].start_byte, inner[0].end_byte, text
    end = brackets.end_byte - 1
    return end, end, f"{', ' if inner else ''}{text}"


def _callee(call: Node) -> str:
    function = call.child_by_field_name("function")
    return get_node_text(function) if function is not None else ""


def _find_used_names(node: Node) -> set[str]:
    return {get_node_text(n) for n in iterate_descendants(node) if n.type == "identifier"}


def _find_changed_names(node: Node) -> set[str]:
    """Names that are assigned to, counted up or down, or whose address is taken."""
    found = set()
    for n in iterate_descendants(node):
        field = {
            "assignment_expression": "left",
            "update_expression": "argument",
            "pointer_expression": "argument",
        }.get(n.type)
        target = n.child_by_field_name(field) if field else None
        if target is not None and target.type == "identifier":
            found.add(get_node_text(target))
    return found
