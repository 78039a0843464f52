"""The launch that a text itself says for its kernel: a host function beside it that launches it
once.

Contract: `read_host_plan` is that launch as a plan over the kernel's own parameters and the test's
sizes. None where the text launches the kernel nowhere, more than once, in a loop or for a size that
the host function chooses itself, or where a dimension is more than sums, products, quotients,
extremes and rounding up of what is known.

    python -c "from gpu_runtime.launch.launch_from_host import read_host_plan; help(read_host_plan)"
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tree_sitter import Node

from corpora.records import Program, Signature, UnitTestSuite
from corpora.syntax.c_family import (
    CFunction,
    TextDefinitions,
    find_c_functions,
    get_leaf_texts,
    get_node_text,
    iterate_descendants,
    parse_c_family,
)
from gpu_runtime.launch.plans import ELEMENT_BYTES, LaunchPlan, PlanNames, parse_plan

_LOOPS = ("for_statement", "while_statement", "do_statement")
_OTHER_BYTES = 4
_ROUNDING_UP = ("ceil", "ceilf", "std::ceil")
_EXTREMES = {"min": "min", "std::min": "min", "max": "max", "std::max": "max"}
_NUMBER = re.compile(r"(\d+|0[xX][\da-fA-F]+)[uUlL]*|(\d+)\.0*[fF]?")
_MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)\(([\w\s,]*)\)[ \t]+(.+)$", re.M)
_MAX_DEPTH = 8


class _Unreadable(ValueError):
    """More than a plan can say."""


@dataclass(frozen=True, slots=True)
class _Value:
    """An expression of a plan. real: of C's floating types, which do not round a quotient down."""

    text: str
    real: bool = False


@dataclass(frozen=True, slots=True)
class _Reading:
    """What names mean where the launch stands. local: initial values of variables that keep them;
    helpers: functions and macros of one expression.
    """

    known: Mapping[str, _Value]
    local: Mapping[str, Node]
    constants: TextDefinitions
    helpers: Mapping[str, tuple[Sequence[str], Node]]
    depth: int = 0


def find_host_launches(text: str, kernel: str) -> list[tuple[CFunction, Node]]:
    """The host functions of a text that launch the kernel, each with the call."""
    found = []
    for function in find_c_functions(parse_c_family(text).root_node):
        if "__global__" not in function.head() and "__device__" not in function.head():
            found += [
                (function, node)
                for node in iterate_descendants(function.node)
                if node.type == "call_expression" and _launches(node, kernel)
            ]
    return found


def read_host_plan(
    program: Program, signature: Signature, suite: UnitTestSuite | None = None
) -> LaunchPlan | None:
    """The plan in the kernel's parameter names. suite: tests that may hold sizes which the kernel
    does not take.
    """
    found = find_host_launches(program.text, program.name) if "<<<" in program.text else []
    if len(found) != 1 or _in_a_loop(found[0][1]):
        return None
    function, call = found[0]
    try:
        return _plan(
            call, _make_reading(program, function, call, PlanNames.of(signature, suite).scalars)
        )
    except _Unreadable:
        return None


def _launches(call: Node, kernel: str) -> bool:
    name = call.child_by_field_name("function")
    return (
        _configuration(call) is not None and name is not None and get_leaf_texts(name)[0] == kernel
    )


def _configuration(call: Node) -> Node | None:
    return next((child for child in call.children if child.type == "kernel_call_syntax"), None)


def _in_a_loop(node: Node) -> bool:
    above = node.parent
    while above is not None and above.type not in _LOOPS:
        above = above.parent
    return above is not None


def _make_reading(
    program: Program, function: CFunction, call: Node, sizes: Sequence[str]
) -> _Reading:
    text, every = program.text, find_c_functions(parse_c_family(program.text).root_node)
    kernel = next((f for f in every if f.name == program.name and "__global__" in f.head()), None)
    parameters = [words[-1] for words in kernel.parameters() if words] if kernel else []
    given = call.child_by_field_name("arguments")
    passed = dict(zip(parameters, given.named_children if given is not None else (), strict=False))
    own = {
        get_node_text(node): _Value(name)
        for name, node in reversed(passed.items())
        if node.type == "identifier" and name in sizes
    }
    if not own.keys() <= {words[-1] for words in function.parameters() if words}:
        # a size of its own (`int n = 1024`): the launch may be for that one alone
        raise _Unreadable
    # A size of the same name that the kernel is given otherwise is another one.
    others = {name: _Value(name) for name in sizes if name not in passed}
    return _Reading(
        others | own,
        _find_constant_locals(function.node),
        TextDefinitions.of(text),
        dict(_helpers(text)),
    )


def _find_constant_locals(function: Node) -> dict[str, Node]:
    """The variables of a function that are set once, where they are declared, and to what."""
    nodes = iterate_descendants(function)
    changed = {
        get_leaf_texts(n)[0]
        for n in nodes
        if n.type in ("assignment_expression", "field_expression")
    }
    changed |= {word for n in nodes if n.type == "update_expression" for word in get_leaf_texts(n)}
    kept: dict[str, Node] = {}
    for node in (n for n in nodes if n.type == "init_declarator"):
        name, value = (node.child_by_field_name(field) for field in ("declarator", "value"))
        if (
            name is None
            or value is None
            or name.type != "identifier"
            or get_node_text(name) in kept
        ):
            changed.add(get_node_text(name) if name is not None else "")
        else:
            kept[get_node_text(name)] = value
    return {name: value for name, value in kept.items() if name not in changed}


def _helpers(text: str) -> Iterator[tuple[str, tuple[Sequence[str], Node]]]:
    """Functions and macros that are one expression, as `(n + size - 1) / size` often is."""
    written = [
        f"int {m[1]}({', '.join('int ' + p.strip() for p in m[2].split(','))}) {{ return {m[3]}; }}"
        for m in _MACRO.finditer(text)
    ]
    for function in find_c_functions(parse_c_family("\n".join([*written, text])).root_node):
        body = function.node.child_by_field_name("body")
        only = body.named_children if body is not None else []
        if len(only) == 1 and only[0].type == "return_statement" and only[0].named_children:
            yield (
                function.name,
                (
                    [words[-1] for words in function.parameters() if words],
                    only[0].named_children[0],
                ),
            )


def _plan(call: Node, reading: _Reading) -> LaunchPlan:
    configuration = _configuration(call)
    parts = configuration.named_children if configuration is not None else []
    if not 2 <= len(parts) <= 4:
        raise _Unreadable
    grid, block = (",".join(_dimensions(part, reading)) for part in parts[:2])
    shared = _whole(parts[2], reading) if len(parts) > 2 else "0"
    try:
        return parse_plan(f"grid={grid} block={block} shared={shared}")
    except ValueError:
        raise _Unreadable from None


def _dimensions(node: Node, reading: _Reading) -> list[str]:
    """Of a `dim3`, or of a number along x alone."""
    if node.type == "identifier" and (value := reading.local.get(get_node_text(node))) is not None:
        return _dimensions(value, reading)
    listed = node if node.type in ("argument_list", "initializer_list") else None
    if (
        node.type in ("call_expression", "compound_literal_expression")
        and get_leaf_texts(node)[0] == "dim3"
    ):
        listed = node.child_by_field_name("arguments") or node.child_by_field_name("value")
    return [
        _whole(child, reading)
        for child in (listed.named_children if listed is not None else [node])
    ]


def _whole(node: Node, reading: _Reading) -> str:
    value = _value(node, reading)
    if value.real and not value.text.isdigit():
        raise _Unreadable
    return value.text


def _value(node: Node, reading: _Reading) -> _Value:
    if reading.depth > _MAX_DEPTH:
        raise _Unreadable
    kind, words = node.type, get_node_text(node)
    if kind == "number_literal" and (number := _NUMBER.fullmatch(words)):
        return _Value(str(int(number[1] or number[2], 0)), number[1] is None)
    if kind == "identifier":
        return _resolve_name(words, reading)
    if kind == "parenthesized_expression" and node.named_children:
        return _value(node.named_children[0], reading)
    if kind == "cast_expression":
        value = _value(node.child_by_field_name("value"), reading)
        return _Value(
            value.text,
            bool({"float", "double"} & set(get_leaf_texts(node.child_by_field_name("type")))),
        )
    if kind == "sizeof_expression":
        return _Value(
            str(
                ELEMENT_BYTES.get(
                    next((w for w in get_leaf_texts(node) if w in ELEMENT_BYTES), ""), _OTHER_BYTES
                )
            )
        )
    if kind == "binary_expression":
        return _evaluate_binary(node, reading)
    if kind == "call_expression":
        return _evaluate_call(node, reading)
    raise _Unreadable


def _resolve_name(name: str, reading: _Reading) -> _Value:
    if name in reading.known:
        return reading.known[name]
    if name in reading.local:
        return _value(reading.local[name], _descend(reading))
    number = reading.constants.integer([name])
    if number is None:
        raise _Unreadable
    return _Value(str(number))


def _descend(reading: _Reading, known: Mapping[str, _Value] | None = None) -> _Reading:
    local = reading.local if known is None else {}
    return _Reading(
        reading.known if known is None else known,
        local,
        reading.constants,
        reading.helpers,
        reading.depth + 1,
    )


def _evaluate_binary(node: Node, reading: _Reading) -> _Value:
    left, right = (_value(node.child_by_field_name(side), reading) for side in ("left", "right"))
    sign = get_node_text(node.child_by_field_name("operator"))
    real = left.real or right.real
    if sign in (">>", "<<") and right.text.isdigit() and not real:
        return _Value(f"({left.text}){'/' if sign == '>>' else '*'}{2 ** int(right.text)}")
    if sign not in ("+", "-", "*", "/") or (
        real and sign == "/"
    ):  # what rounds a quotient up asks for it itself
        raise _Unreadable
    return _Value(f"({left.text}){sign}({right.text})", real)


def _evaluate_call(node: Node, reading: _Reading) -> _Value:
    name = "".join(get_leaf_texts(node.child_by_field_name("function")))
    given = node.child_by_field_name("arguments")
    arguments = given.named_children if given is not None else []
    if name in _ROUNDING_UP and len(arguments) == 1:
        return _evaluate_ceiling(arguments[0], reading)
    values = [_value(argument, reading) for argument in arguments]
    if name in _EXTREMES and len(values) == 2:
        return _Value(
            f"{_EXTREMES[name]}({values[0].text},{values[1].text})", any(v.real for v in values)
        )
    parameters, body = reading.helpers.get(name, ((), None))
    if body is None or len(parameters) != len(values):
        raise _Unreadable
    return _value(body, _descend(reading, dict(zip(parameters, values, strict=True))))


def _evaluate_ceiling(node: Node, reading: _Reading) -> _Value:
    """`ceil(n / 256.0)`; of whole numbers `ceil(n / 256)` has been rounded down before."""
    while node.type == "parenthesized_expression" and node.named_children:
        node = node.named_children[0]
    if (
        node.type != "binary_expression"
        or get_node_text(node.child_by_field_name("operator")) != "/"
    ):
        return _Value(_value(node, reading).text)
    left, right = (_value(node.child_by_field_name(side), reading) for side in ("left", "right"))
    if not (left.real or right.real):
        return _Value(f"({left.text})/({right.text})")
    return _Value(f"ceil(({left.text})/({right.text}))")
