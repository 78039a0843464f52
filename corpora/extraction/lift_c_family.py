"""Global variables of a C-family file as parameters: what a function reads and changes outside
itself becomes testable.

Every global that a function or one of its helpers needs becomes a parameter of the function, and of
each helper that needs it, at the end of the list and in alphabetical order; calls hand it on.
Scalars that nobody changes go by value, others by reference, arrays as they are declared. Initial
values are dropped: tests set them.

    python -c "from corpora.extraction.c_family import extract_functions; \\
        print(extract_functions('static int n; void f(int *x) { x[0] = n; }')[0].text)"
"""

from __future__ import annotations

from dataclasses import dataclass

from corpora.frontends.c_tokens import tokenize
from corpora.ir import (
    Assign,
    AssignExpression,
    Call,
    Declaration,
    Function,
    Increment,
    Name,
    Unary,
    find,
    names_in,
)
from corpora.ir.edits import Edit

__all__ = ["GlobalVariable", "Lift", "lift_globals", "read_global"]

_STORAGE = frozenset("static extern const volatile register thread_local inline".split())


@dataclass(frozen=True, slots=True)
class GlobalVariable:
    """A variable outside functions of a C-family text that can change.

    name: its name. type: the words of its type. extents: `[N][M]` as written, '' for a scalar or
    pointer. pointer: the variable is a pointer, `type *name`.
    """

    name: str
    type: str
    extents: str
    pointer: bool = False

    def parameter(self, changed: bool) -> str:
        """Return the global variable's declaration as a parameter of a function, such as `int &n`.
        changed: the functions change it, so that a scalar is passed by reference.
        """
        if self.extents or self.pointer:
            return f"{self.type} {'*' if self.pointer else ''}{self.name}{self.extents}"
        return f"{self.type} {'&' if changed else ''}{self.name}"


def read_global(declared: Declaration, first: Declaration, text: str) -> GlobalVariable | None:
    """Return the global variable that `declared` declares in a C-family text, or None if it cannot
    be a parameter. first: the first variable of the same statement. text: of the whole file.
    """
    if declared.span is None or declared.group is None or first.span is None:
        return None
    if declared.span.expanded or declared.group.expanded:
        return None
    head = tokenize(text[declared.group.start : first.span.start])
    type_ = " ".join(t.text for t in head if t.text not in _STORAGE).replace(" :: ", "::")
    words = [t.text for t in tokenize(text[declared.span.start : declared.span.end])]
    stars = words[:1] == ["*"]
    end = next((k for k, word in enumerate(words) if word in ("=", "{")), len(words))
    name, *rest = words[1 if stars else 0 : end]
    plain = not rest or rest[0] == "[" and rest[-1] == "]" and rest[1] != "]"
    if not type_ or name != declared.name or not plain:
        return None
    return GlobalVariable(name, type_, "".join(rest), stars)


@dataclass(frozen=True, slots=True)
class Lift:
    """How the global variables of a text become parameters of its functions.

    edits: changes to the text of the whole file; () if there are none. problem: why the globals
    cannot become parameters, in one line; '' if they can.
    """

    edits: tuple[Edit, ...] = ()
    problem: str = ""


def lift_globals(
    functions: list[Function],
    known: dict[str, GlobalVariable],
    own_names: dict[str, frozenset[str]],
    text: str,
) -> Lift:
    """Return the edits that turn the globals used by some functions into parameters of them, and
    into arguments of the calls between them.

    functions: the entry and its helpers. known: globals by name. own_names: locals and parameters
        of each function, by its name. text: of the whole file.
    Nothing is raised; the result's `problem` says what is in the way.
    """
    by_name = {f.name: f for f in functions}
    calls = {f.name: list(find(f.body or (), Call)) for f in functions}
    needs = {
        f.name: {n for n in _find_used_names(f, text) if n in known and n not in own_names[f.name]}
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
    changed = {n for f in functions for n in _find_changed_names(f)} - {
        n for n, g in known.items() if g.extents
    }
    if moved := sorted(n for n in changed if n in known and known[n].pointer):
        return Lift(problem=f"the global pointer '{moved[0]}' is set to another place")
    edits: list[Edit] = []
    for function in functions:
        if wanted := sorted(needs[function.name]):
            declared = ", ".join(known[n].parameter(n in changed) for n in wanted)
            edits.append(_append_parameter(function, declared, text))
    for made in calls.values():
        for call in made:
            if wanted := sorted(needs.get(_callee(call), ())):
                end = call.span.end - 1 if call.span else 0
                if call.span is None or call.span.expanded or text[end] != ")":
                    return Lift(problem=f"a macro calls '{_callee(call)}', which takes globals")
                comma = ", " if call.arguments else ""
                edits.append(Edit(end, end, comma + ", ".join(wanted)))
    return Lift(tuple(edits))


def _append_parameter(function: Function, declared: str, text: str) -> Edit:
    """`declared` at the end of the parameters of `function`."""
    assert function.span is not None and function.body_span is not None
    last = function.parameters[-1].span if function.parameters else None
    start = last.end if last else function.span.start
    tokens = tokenize(text[start : function.body_span.start])
    opened = 0
    if not function.parameters:
        name = function.name.split("::")[-1]
        opened = next(
            k for k, t in enumerate(tokens) if t.text == "(" and tokens[k - 1].text == name
        )
    closing = next(t for t in tokens[opened:] if t.text == ")")
    if not function.parameters:
        return Edit(start + tokens[opened].end, start + closing.start, declared)
    return Edit(start + closing.start, start + closing.start, f", {declared}")


def _callee(call: Call) -> str:
    return call.function.id if isinstance(call.function, Name) else ""


def _find_used_names(function: Function, text: str) -> set[str]:
    """Names in the tree and, where the tree does not know a construct, in its text."""
    assert function.span is not None
    words = {t.text for t in tokenize(text[function.span.start : function.span.end])}
    return names_in(function) | words


def _find_changed_names(function: Function) -> set[str]:
    """Names that are assigned to, counted up or down, or whose address is taken."""
    found = set()
    for node in find(function.body or (), Assign, AssignExpression, Increment, Unary):
        if isinstance(node, Unary):
            target = node.operand if node.op == "&" else None
        else:
            target = node.target
        if isinstance(target, Name):
            found.add(target.id)
    return found
