"""Helper functions of several statements (loops, work on arrays) written where a C++ function calls
them.

Contract: `inline_statements` has the meaning of the text that it is given; Unsaid where the helper
returns before its end, where the call stands under a condition or in a loop's head, or where an
argument is more than a value, an array or the address of a variable. Variables of the helper get
names of their own.

    python -c "from corpora.syntax.c_family import *; \\
        from translator.normalize.inline_calls import inline_statements; \\
        t = 'void g(int n, float *y) { for (int i = 0; i < n; i++) y[i] = 0; }\\n' \\
'void f(int m, float *x) { g(m, x); }'; r = parse_c_family(t).root_node; g, f = c_functions(r); \\
print(inline_statements(t, next(c for c in descendants(f.node) if c.type == 'call_expression'), g,
f))"
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tree_sitter import Node

from corpora.extraction.c_family import find_local_names
from corpora.syntax.c_family import CFunction, get_node_text, iterate_descendants
from translator.normalize.unsupported import UnsupportedConstruct

_STATEMENTS = ("expression_statement", "declaration", "return_statement")
_NOT_ALWAYS = ("conditional_expression", "lambda_expression")
_NAME = re.compile(r"(?<![\w.])(?<!->)[A-Za-z_]\w*")
_MARKS = frozenset(
    {"const", "__restrict__", "__restrict", "restrict", "&", "*", "[", "]", "static", "inline"}
)


@dataclass(slots=True)
class _BoundArguments:
    """words: what names of the helper are called where it is written; pointed: variables behind
    pointers that it takes; rows: declarations before it.
    """

    words: dict[str, str] = field(default_factory=dict)
    pointed: dict[str, str] = field(default_factory=dict)
    rows: list[str] = field(default_factory=list)


def inline_statements(text: str, call: Node, helper: CFunction, caller: CFunction) -> str:
    """`text` with the helper's statements before the statement of the call, and what they return in
    its place.
    """
    statement = _statement_of(call)
    body = [
        c for c in helper.node.child_by_field_name("body").named_children if c.type != "comment"
    ]
    last = body[-1] if body and body[-1].type == "return_statement" else None
    if any(
        each.type == "return_statement" and each != last
        for each in iterate_descendants(helper.node)
    ):
        raise UnsupportedConstruct(f"'{helper.name}' returns before its end")
    taken = set(re.findall(r"\w+", text))
    mark = next(
        k
        for k in range(1, 1000)
        if not any(f"{name}_{k}" in taken for name in [*find_local_names(helper.node), helper.name])
    )
    bound = _bind_arguments(call, helper, caller, mark)
    kept = [_rename_variables(get_node_text(each), bound) for each in body if each != last]
    value = ""
    if last is not None and last.named_children:
        value = f"{helper.name}_{mark}"
        returned = get_node_text(helper.node.child_by_field_name("type"))
        bound.rows.insert(0, f"{returned} {value};")
        kept.append(f"{value} = {_rename_variables(get_node_text(last.named_children[0]), bound)};")
    whole = statement.type == "expression_statement" and statement.named_children[0] == call
    source = text.encode()
    behind = (
        ""
        if whole
        else (
            source[statement.start_byte : call.start_byte]
            + value.encode()
            + source[call.end_byte : statement.end_byte]
        ).decode()
    )
    if not whole and not value:
        raise UnsupportedConstruct(f"what '{helper.name}' returns is nothing")
    made = "\n".join([*bound.rows, "{", *kept, "}", behind])
    made = made if statement.parent.type == "compound_statement" else f"{{\n{made}\n}}"
    return (source[: statement.start_byte] + made.encode() + source[statement.end_byte :]).decode()


def _statement_of(call: Node) -> Node:
    """Raises UnsupportedConstruct where it is not made once, and first."""
    node = call
    while node.type not in _STATEMENTS:
        node, inner = node.parent, node
        logical = (
            node.type == "binary_expression"
            and get_node_text(node.child_by_field_name("operator")) in ("&&", "||")
            and node.child_by_field_name("left") != inner
        )
        if (
            logical
            or node.type in _NOT_ALWAYS
            or node.type.endswith("_statement")
            and node.type not in _STATEMENTS
            or node.type == "function_definition"
        ):
            raise UnsupportedConstruct("a helper of several statements under a condition")
    if node.parent.type == "for_statement" and node.parent.child_by_field_name("body") != node:
        raise UnsupportedConstruct("a helper of several statements in a loop's head")
    return node


def _bind_arguments(call: Node, helper: CFunction, caller: CFunction, mark: int) -> _BoundArguments:
    arguments = [
        c for c in call.child_by_field_name("arguments").named_children if c.type != "comment"
    ]
    parameters = list(helper.parameters())
    if len(arguments) != len(parameters):
        raise UnsupportedConstruct(f"'{helper.name}' with other arguments than parameters")
    bound = _BoundArguments({name: f"{name}_{mark}" for name in find_local_names(helper.node)})
    set_here = _find_assigned_names(helper.node)
    types = {
        _name(tokens): _type(tokens)
        for tokens in caller.parameters()
        if not set(tokens) & {"*", "[", "&"}
    }
    for tokens, argument in zip(parameters, arguments, strict=True):
        name, text = _name(tokens), get_node_text(argument)
        if any(
            each.type in ("assignment_expression", "update_expression", "lambda_expression")
            for each in iterate_descendants(argument)
        ):
            raise UnsupportedConstruct("an argument that changes something")
        vector = re.fullmatch(r"(\w+)\.data\(\)", text)
        if "*" in tokens or "[" in tokens or "&" in tokens:
            if name in set_here and "&" not in tokens:
                raise UnsupportedConstruct(f"the pointer '{name}' of a helper moves")
            behind = (
                argument.child_by_field_name("argument")
                if argument.type == "pointer_expression" and text[0] == "&"
                else None
            )
            if argument.type == "identifier" or vector:
                bound.words[name] = vector[1] if vector else text
            elif behind is not None and behind.type == "identifier":
                bound.pointed[name] = get_node_text(behind)
            elif "&" in tokens and "const" not in tokens:
                raise UnsupportedConstruct(f"a reference to '{text}'")
            elif tokens.count("[") > 1:
                raise UnsupportedConstruct(f"the rows of '{text}'")
            else:
                bound.rows.append(
                    f"{' '.join(t for t in strip_extents(tokens) if t not in (name, '*', '&'))} "
                    f"{'*' * ('&' not in tokens)}{name}_{mark} = {text};"
                )
        elif (
            argument.type == "identifier"
            and types.get(text) == _type(tokens)
            and name not in set_here
        ):
            bound.words[name] = text
        else:
            bound.rows.append(f"{' '.join(_type(tokens))} {name}_{mark} = {text};")
    return bound


def strip_extents(tokens: Sequence[str]) -> list[str]:
    """A parameter's type and name: the `double x` of `double x[8]`."""
    return list(tokens[: tokens.index("[")] if "[" in tokens else tokens)


def _name(tokens: Sequence[str]) -> str:
    return [t for t in strip_extents(tokens) if t not in _MARKS][-1]


def _type(tokens: Sequence[str]) -> list[str]:
    return [t for t in strip_extents(tokens) if t not in _MARKS][:-1]


def _find_assigned_names(node: Node) -> set[str]:
    """Names that something in it is assigned to."""
    found = [
        each.child_by_field_name("left") or each.child_by_field_name("argument")
        for each in iterate_descendants(node)
        if each.type in ("assignment_expression", "update_expression")
    ]
    return {get_node_text(each) for each in found if each is not None and each.type == "identifier"}


def _rename_variables(text: str, bound: _BoundArguments) -> str:
    for name, variable in bound.pointed.items():
        text = re.sub(
            rf"\(\s*\*\s*{name}\s*\)|(?<![\w)\]]\s)(?<![\w)\]])\*\s*{name}\b|\b{name}\[0\]",
            variable,
            text,
        )
        if re.search(rf"\b{name}\b", text):
            raise UnsupportedConstruct(f"'{name}' is more than the address of a variable")
    return _replace_words(text, bound.words)


def _replace_words(text: str, words: Mapping[str, str]) -> str:
    return _NAME.sub(lambda found: words.get(found[0], found[0]), text)
