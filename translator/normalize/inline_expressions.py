"""Small helper functions of a C++ text written where they are called.

Contract: `inline_helpers(text, name)` is the text of the function `name` alone, with the structures
that are defined beside it; UnsupportedConstruct where another function of the text that it calls is
neither one value (variables that are set once, and ifs that return) nor statements that can stand
before the call (translator.normalize.inline_calls), calls itself, or is given an argument that
changes something.

    python -c "from translator.normalize.inline_expressions import inline_helpers; \\
print(inline_helpers('int two(int a) { return 2 * a; }\\nvoid f(int *x) { x[0] = two(x[1]); }',
'f'))"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from corpora.emit.c_family import emit_c_family
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.queries import source_text
from corpora.ir import (
    ArrayType,
    Call,
    Compound,
    Declaration,
    Edit,
    Expression,
    Function,
    If,
    Include,
    Literal,
    Name,
    NamedType,
    PointerType,
    ReferenceType,
    Return,
    ScalarType,
    StructDefinition,
    TranslationUnit,
    Type,
    TypeAlias,
    Using,
    apply_edits,
    find,
    names_in,
)
from translator.normalize.inline_calls import bracketed, changes_something, inline_statements
from translator.normalize.unsupported import UnsupportedConstruct

_DEEPEST, _MOST_CHARACTERS = 12, 50_000
_REAL_SUFFIXES = {"f32": ".0f", "f64": ".0"}
_WORDS = frozenset({"bool", "char", "string", "pointer"})
"""Types of literals that are no numbers."""


def inline_helpers(text: str, name: str) -> str:
    """Return the C++ text of the function `name` of `text`, with the functions that it calls
    expanded in it, and of the structures that `text` defines. Raises UnsupportedConstruct if a
    helper cannot be expanded.
    """
    for _ in range(_DEEPEST):
        unit = parse_c_family(text, "cpp")
        functions = [f for f in unit.items if isinstance(f, Function) and f.body is not None]
        own = [f for f in functions if f.name == name]
        if len(own) != 1:
            raise UnsupportedConstruct(f"not one function '{name}'")
        others = {f.name: f for f in functions if f.name != name}
        calls = [c for c in find(own[0].body, Call) if _called_name(c) in others][::-1]
        if not calls:
            return _isolate_function(unit, own[0], others)
        innermost = next(
            c for c in calls if not any(_called_name(d) in others for d in find(c.arguments, Call))
        )
        text = _inline_helper(unit, innermost, others[_called_name(innermost)], own[0])
        if len(text) > _MOST_CHARACTERS:
            break
    raise UnsupportedConstruct("helpers without end")


def _inline_helper(unit: TranslationUnit, call: Call, helper: Function, caller: Function) -> str:
    """As a value where it is one, else as statements."""
    try:
        value = _value(unit, helper.body or (), _given_arguments(unit, call, helper))
        return apply_edits(unit.text, [Edit(call.span.start, call.span.end, f"({value})")])
    except UnsupportedConstruct:
        return inline_statements(unit, call, helper, caller)


def _isolate_function(unit: TranslationUnit, own: Function, others: Mapping[str, Function]) -> str:
    """The function with the includes of its text. Raises UnsupportedConstruct where something else
    of the text is named in it.
    """
    kept: list[str] = []
    for item in unit.items:
        match item:
            case Include():
                kept.append(source_text(unit, item).strip())
            case TypeAlias() | StructDefinition(kind="struct", template=()):
                kept.append(source_text(unit, item).strip().rstrip(";") + ";")
            case Using() | Function(body=tuple(), language_linkage=""):
                pass
            case _:
                raise UnsupportedConstruct(f"a text with {type(item).__name__}")
    if names_in(own.body or ()) & set(others):
        raise UnsupportedConstruct("a text with a function that is not called")
    return "\n".join([*kept, source_text(unit, own)]) + "\n"


def _called_name(call: Call) -> str:
    return call.function.id if isinstance(call.function, Name) else ""


def _value(unit: TranslationUnit, statements: Sequence[Any], known: Mapping[str, str]) -> str:
    """What statements return, one value, in which names are what `known` says. Raises
    UnsupportedConstruct.
    """
    if not statements:
        raise UnsupportedConstruct("a helper that returns nothing")
    first, rest = statements[0], statements[1:]
    match first:
        case Compound(body):
            return _value(unit, (*body, *rest), known)
        case Return(value) if value is not None:
            return _substitute_variables(unit, value, known)
        case If():
            test = _substitute_variables(unit, first.test, known)
            then = _value(unit, (*first.then, *rest), known)
            return f"(({test}) ? ({then}) : ({_value(unit, (*first.otherwise, *rest), known)}))"
        case Declaration():
            value = _variable_value(unit, first, known)
            return _value(unit, rest, {**known, first.name: value})
    raise UnsupportedConstruct(f"a helper with a {type(first).__name__}")


def _variable_value(unit: TranslationUnit, node: Declaration, known: Mapping[str, str]) -> str:
    """What a declaration sets its variable to."""
    if not isinstance(node.type, (ScalarType, NamedType)) or node.value is None:
        raise UnsupportedConstruct("a helper with a variable that is set later")
    words = emit_c_family(replace(node.type, const=False)).split()
    if len(words) != 1 or "static" in node.storage:
        raise UnsupportedConstruct(f"a helper with a variable of type '{' '.join(words)}'")
    plain = _substitute_variables(unit, node.value, known)
    return f"({plain})" if words[0] in ("auto", "double", "float") else f"(({words[0]})({plain}))"


def _substitute_variables(unit: TranslationUnit, node: Expression, known: Mapping[str, str]) -> str:
    """An expression in which variables are what they were set to. Raises UnsupportedConstruct where
    it changes something.
    """
    if changes_something(node):
        raise UnsupportedConstruct("a helper that changes something")
    start, end = bracketed(unit.text, node.span)
    edits = [
        Edit(name.span.start - start, name.span.end - start, known[name.id])
        for name in find(node, Name)
        if name.id in known
    ]
    return " ".join(apply_edits(unit.text[start:end], edits).split())


def _given_arguments(unit: TranslationUnit, call: Call, helper: Function) -> dict[str, str]:
    """What the parameters of the helper stand for in a call. Raises UnsupportedConstruct."""
    if len(call.arguments) != len(helper.parameters):
        raise UnsupportedConstruct(f"'{helper.name}' with other arguments than parameters")
    given: dict[str, str] = {}
    for parameter, argument in zip(helper.parameters, call.arguments, strict=True):
        type = parameter.type
        reference = isinstance(type, ReferenceType) and not getattr(type.to, "const", False)
        if reference or parameter.default is not None:
            raise UnsupportedConstruct(f"'{helper.name}' takes a reference or has a default")
        text = _substitute_variables(unit, argument, {})
        number = isinstance(argument, Literal) and argument.type not in _WORDS
        if number and text.isdigit():
            text += _REAL_SUFFIXES.get(_scalar_name(type), "")
        given[parameter.name] = text if number or isinstance(argument, Name) else f"({text})"
    return given


def _scalar_name(type: Type) -> str:
    """The arithmetic type of a value, or behind a pointer, an array or a reference."""
    while isinstance(type, (ArrayType, PointerType, ReferenceType)):
        type = type.of if isinstance(type, ArrayType) else type.to
    return type.name if isinstance(type, ScalarType) else ""
