"""Whether what a program touches can depend on the numbers that its arrays hold.

Contract: `touches_follow_contents` is False only where every subscript, loop and branch around an
access is computed from scalars alone, so that any contents lead to the same accesses. What is not
understood is True. A variable is followed without order: once it may hold an array's number, it
always may.

    python -c "from corpora.frontends.c_family import parse_c_family as parse; \
        from corpora.analysis.data_dependence import touches_follow_contents; \
        print(touches_follow_contents(parse('void f(int *x) { x[x[0]] = 1; }', 'cpp').items))"
"""

from __future__ import annotations

from typing import Any

from corpora.analysis.pure_functions import is_pure
from corpora.ir import (
    Access,
    Assign,
    AssignExpression,
    Binary,
    Call,
    Comma,
    Conditional,
    Declaration,
    Expression,
    For,
    Function,
    Goto,
    If,
    InitializerList,
    Jump,
    KernelLaunch,
    Label,
    Member,
    Name,
    Pragma,
    RangeFor,
    Return,
    Section,
    StructDefinition,
    Switch,
    Unary,
    Unsupported,
    UnsupportedExpression,
    While,
    children,
    find,
    walk,
)

_UNKNOWN = (
    Comma, Goto, InitializerList, KernelLaunch, Label, Pragma, RangeFor, Section, StructDefinition,
    Switch, Unsupported, UnsupportedExpression,
)  # fmt: skip
_LEAVES = (Call, For, Jump, Return, While)
"""What decides about accesses after it, or holds some that are not seen."""
_BY_CONTENTS = frozenset({"strlen", "strcmp", "strncmp", "memcmp"})
_BY_SIZE = frozenset({"memcpy", "memmove", "memset"})
_MAY_FAULT = frozenset({"/", "%", "/=", "%="})


def touches_follow_contents(items: tuple[Any, ...]) -> bool:
    """Return whether what a C-family text touches depends on what its arrays hold.

    That is so if, with the same scalar arguments and other numbers in the arrays, it may access
    other elements, or if a number may end it, as a zero that an integer is divided by. Where this
    is unknown the answer is True. items: the top-level nodes of the text, `TranslationUnit.items`.
    """
    nodes = tuple(walk(items))
    functions = [n for n in nodes if isinstance(n, Function) and n.body is not None]
    if len(functions) != 1 or any(isinstance(n, _UNKNOWN) for n in nodes):
        return True
    if any(isinstance(n, Declaration) and n.storage for n in nodes):
        return True  # what a static variable holds is not seen
    if any(isinstance(n, Call) and not _is_known(n) for n in nodes):
        return True
    held = _find_holders(nodes)
    return any(_decides(node, held) for node in nodes)


def _is_known(call: Call) -> bool:
    name = call.function.id.removeprefix("std::") if isinstance(call.function, Name) else ""
    return name in _BY_SIZE or (is_pure(name) and name not in _BY_CONTENTS)


def _find_holders(nodes: tuple[Any, ...]) -> frozenset[str]:
    """Variables that may hold a number of an array, or one that such a number chose."""
    held: frozenset[str] = frozenset()
    while True:
        found = set(held)
        for node in nodes:
            found |= {name for name, value in _given(node) if _holds(value, held)}
            if isinstance(node, If) and _holds(node.test, held):
                found |= {
                    n for below in walk((node.then, node.otherwise)) for n, _ in _given(below)
                }
        if found == held:
            return held
        held = frozenset(found)


def _given(node: Any) -> list[tuple[str, Any]]:
    """(variable, value) of what a node sets; a step by one keeps what a variable is."""
    if isinstance(node, Declaration):
        return [(node.name, node.value), (node.name, node.arguments)]
    if isinstance(node, (Assign, AssignExpression)) and isinstance(node.target, Name):
        return [(node.target.id, node.value)]
    return []


def _holds(value: Any, held: frozenset[str]) -> bool:
    """Whether an expression, or one of a tuple, is computed from an array's numbers."""
    if value is None:
        return False
    if isinstance(value, Unary) and value.op == "&" and isinstance(value.operand, Access):
        return _holds((value.operand.base, value.operand.indices), held)  # the place alone
    if isinstance(value, (Access, Member)) or (isinstance(value, Unary) and value.op == "*"):
        return True
    if isinstance(value, Name):
        return value.id in held
    return any(_holds(below, held) for below in children(value))


def _decides(node: Any, held: frozenset[str]) -> bool:
    """Whether an array's number decides at this node what is touched, or may end the program."""
    if isinstance(node, Access):
        return _holds((node.base, node.indices), held)
    if isinstance(node, Unary) and node.op == "*":
        return _holds(node.operand, held)
    if isinstance(node, (For, While)):
        return _holds(node.test, held)
    if isinstance(node, (If, Conditional)):
        return _holds(node.test, held) and _goes_elsewhere(node.test, (node.then, node.otherwise))
    if isinstance(node, Binary):
        if node.op in ("&&", "||"):
            return _holds(node.left, held) and _goes_elsewhere(node.left, node.right)
        return node.op in _MAY_FAULT and _holds(node.right, held)
    if isinstance(node, (Assign, AssignExpression)):
        return node.op in _MAY_FAULT and _holds(node.value, held)
    if isinstance(node, Call) and isinstance(node.function, Name):
        sizes = node.arguments[2:] if node.function.id.removeprefix("std::") in _BY_SIZE else ()
        return _holds(sizes, held)
    return False


def _goes_elsewhere(test: Expression, branches: Any) -> bool:
    """Whether a branch leaves, loops, or touches what its test did not."""
    seen = list(find(test, Access, Unary))
    return any(
        isinstance(n, _LEAVES)
        or ((isinstance(n, Access) or (isinstance(n, Unary) and n.op == "*")) and n not in seen)
        for n in walk(branches)
    )
