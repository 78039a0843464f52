"""Small helper functions of a C++ text written where they are called.

Contract: `inline_helpers(text, name)` is the text of the function `name` alone, with the structures
that are defined beside it; Unsaid where another function of the text that it calls is neither one
value (variables that are set once, and ifs that return) nor statements that can stand before the
call (translator.normalize.inline_calls), calls itself, or is given an argument that changes
something.

    python -c "from translator.normalize.inline_expressions import inline_helpers; \\
print(inline_helpers('int two(int a) { return 2 * a; }\\nvoid f(int *x) { x[0] = two(x[1]); }',
'f'))"
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tree_sitter import Node

from corpora.syntax.c_family import (
    CFunction,
    find_c_functions,
    get_leaf_texts,
    get_node_text,
    iterate_descendants,
    parse_c_family,
)
from translator.normalize.inline_calls import inline_statements, strip_extents
from translator.normalize.unsupported import UnsupportedConstruct

_DEEPEST, _MOST_CHARACTERS = 12, 50_000
_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
_DEFINES = ("struct_specifier", "type_definition")
_REAL = frozenset({"float", "double"})


@dataclass(frozen=True, slots=True)
class _Helper:
    """parameters: name and type. value: what it returns, in those names."""

    parameters: tuple[tuple[str, tuple[str, ...]], ...]
    value: str


def inline_helpers(text: str, name: str) -> str:
    for _ in range(_DEEPEST):
        root = parse_c_family(text).root_node
        functions = [f for child in root.children for f in _functions(child)]
        own = [f for f in functions if f.name == name]
        if len(own) != 1:
            raise UnsupportedConstruct(f"not one function '{name}'")
        others = {f.name: f for f in functions if f.name != name}
        calls = [
            c
            for c in iterate_descendants(own[0].node)
            if c.type == "call_expression" and _called_name(c) in others
        ]
        if not calls:
            return _isolate_function(text, root, own[0], others)
        innermost = next(
            c
            for c in calls
            if not any(
                _called_name(d) in others
                for d in iterate_descendants(c)
                if d != c and d.type == "call_expression"
            )
        )
        text = _inline_helper(text, innermost, others[_called_name(innermost)], own[0])
        if len(text) > _MOST_CHARACTERS:
            break
    raise UnsupportedConstruct("helpers without end")


def _inline_helper(text: str, call: Node, helper: CFunction, caller: CFunction) -> str:
    """As a value where it is one, else as statements."""
    try:
        return _replace_node(text, call, _call(call, _helper(helper)))
    except UnsupportedConstruct:
        return inline_statements(text, call, helper, caller)


def _functions(node: Node) -> list[CFunction]:
    if node.type == "template_declaration":
        return list(find_c_functions(node, template=True))
    return (
        [f for f in find_c_functions(node.parent) if f.node.start_byte == node.start_byte]
        if node.type == "function_definition"
        else []
    )


def _isolate_function(
    text: str, root: Node, own: CFunction, others: Mapping[str, CFunction]
) -> str:
    """The function with the includes of its text. Raises UnsupportedConstruct where something else
    of the text is named in it.
    """
    named = set(get_leaf_texts(own.node))
    kept = (
        "comment",
        "preproc_include",
        "using_declaration",
        "function_definition",
        "template_declaration",
        ";",
        *_DEFINES,
    )
    odd = [
        child for child in root.children if child.type not in kept and get_node_text(child).strip()
    ]
    if odd or named & set(others):
        raise UnsupportedConstruct(
            f"a text with {odd[0].type if odd else 'a function that is not called'}"
        )
    includes = [
        get_node_text(child).strip().rstrip(";") + ";" * (child.type in _DEFINES)
        for child in root.children
        if child.type in ("preproc_include", *_DEFINES)
    ]
    return "\n".join([*includes, get_node_text(own.node)]) + "\n"


def _replace_node(text: str, node: Node, words: str) -> str:
    source = text.encode()
    return (source[: node.start_byte] + words.encode() + source[node.end_byte :]).decode()


def _called_name(call: Node) -> str:
    return re.sub(
        r"<.*", "", get_node_text(call.child_by_field_name("function")), flags=re.S
    ).strip()


def _helper(function: CFunction) -> _Helper:
    parameters = []
    for tokens in function.parameters():
        if "&" in tokens and "const" not in tokens or "=" in tokens:
            raise UnsupportedConstruct(f"'{function.name}' takes a reference or has a default")
        words = [
            t
            for t in strip_extents(tokens)
            if t not in ("const", "__restrict__", "__restrict", "restrict", "&")
        ]
        parameters.append((words[-1], tuple(words[:-1])))
    body = [
        c for c in function.node.child_by_field_name("body").named_children if c.type != "comment"
    ]
    return _Helper(tuple(parameters), _value(body, {}))


def _value(statements: Sequence[Node], known: dict[str, str]) -> str:
    """What statements return, one value. Raises UnsupportedConstruct."""
    if not statements:
        raise UnsupportedConstruct("a helper that returns nothing")
    first, rest = statements[0], statements[1:]
    match first.type:
        case "compound_statement":
            return _value([*(c for c in first.named_children if c.type != "comment"), *rest], known)
        case "return_statement" if first.named_children:
            return _substitute_variables(first.named_children[0], known)
        case "if_statement":
            condition = first.child_by_field_name("condition")
            test = _substitute_variables(
                condition.child_by_field_name("value") or condition.named_children[0], known
            )
            other = first.child_by_field_name("alternative")
            behind = (
                [c for c in other.named_children if c.type != "comment"]
                if other is not None
                else []
            )
            return (
                f"(({test}) ? "
                f"({_value([first.child_by_field_name('consequence'), *rest], dict(known))}) "
                f": ({_value([*behind, *rest], dict(known))}))"
            )
        case "declaration":
            return _value(rest, {**known, **_variables(first, known)})
    raise UnsupportedConstruct(f"a helper with a {first.type}")


def _variables(node: Node, known: Mapping[str, str]) -> dict[str, str]:
    """What a declaration sets its variables to."""
    words = [
        t
        for c in node.children
        if c.type in ("primitive_type", "sized_type_specifier", "type_identifier")
        for t in get_leaf_texts(c)
    ]
    found: dict[str, str] = {}
    for declarator in node.children_by_field_name("declarator"):
        value, name = (
            declarator.child_by_field_name("value"),
            declarator.child_by_field_name("declarator"),
        )
        if (
            declarator.type != "init_declarator"
            or name.type != "identifier"
            or value is None
            or len(words) != 1
        ):
            raise UnsupportedConstruct("a helper with a variable that is set later")
        plain = _substitute_variables(value, {**known, **found})
        found[get_node_text(name)] = (
            f"({plain})" if words[0] in ("auto", "double", "float") else f"(({words[0]})({plain}))"
        )
    return found


def _substitute_variables(node: Node, known: Mapping[str, str]) -> str:
    """An expression in which variables are what they were set to. Raises UnsupportedConstruct where
    it changes something.
    """
    if any(
        each.type in ("assignment_expression", "update_expression", "lambda_expression")
        for each in iterate_descendants(node)
    ):
        raise UnsupportedConstruct("a helper that changes something")
    return _replace_words(" ".join(get_node_text(node).split()), known)


def _replace_words(text: str, words: Mapping[str, str]) -> str:
    return _NAME.sub(lambda found: words.get(found[0], found[0]), text)


def _call(call: Node, helper: _Helper) -> str:
    """The helper's value for the arguments of a call. Raises UnsupportedConstruct."""
    arguments = [
        c for c in call.child_by_field_name("arguments").named_children if c.type != "comment"
    ]
    if len(arguments) != len(helper.parameters):
        raise UnsupportedConstruct(f"'{_called_name(call)}' with other arguments than parameters")
    given = {}
    for (name, type), argument in zip(helper.parameters, arguments, strict=True):
        text = _substitute_variables(argument, {})
        if argument.type == "number_literal" and text.isdigit() and set(type) & _REAL:
            text += ".0f" if "float" in type else ".0"
        given[name] = text if argument.type in ("identifier", "number_literal") else f"({text})"
    return f"({_replace_words(helper.value, given)})"
