"""Helper functions of several statements (loops, work on arrays) written where a C++ function calls
them.

Contract: `inline_statements` has the meaning of the text that it is given; UnsupportedConstruct
where the helper returns before its end, where the call stands under a condition or in a loop's
head, or where an argument is more than a value, an array or the address of a variable. Variables of
the helper get names of their own. Nothing but the statement of the call changes.

    python -c "from corpora.frontends.c_family import parse_c_family; from corpora.ir import *; \\
from translator.normalize.inline_calls import inline_statements; \\
u = parse_c_family('void g(int n, float *y) { for (int i = 0; i < n; i++) y[i] = 0; }' \\
'void f(int m, float *x) { g(m, x); }', 'cpp'); g, f = u.items; \\
print(inline_statements(u, next(find(f.body, Call)), g, f))"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import count
from typing import Any

from corpora.emit.c_family import emit_c_family
from corpora.frontends.c_tokens import Token, tokenize
from corpora.frontends.queries import declarations_in, source_text
from corpora.ir import (
    Access,
    ArrayType,
    Assign,
    AssignExpression,
    Binary,
    Call,
    Conditional,
    Declaration,
    Edit,
    Expression,
    ExpressionStatement,
    Function,
    Increment,
    Literal,
    Member,
    Name,
    NamedType,
    Parameter,
    PointerType,
    ReferenceType,
    Return,
    ScalarType,
    Span,
    TranslationUnit,
    Type,
    Unary,
    UnsupportedExpression,
    apply_edits,
    children,
    find,
)
from translator.normalize.unsupported import UnsupportedConstruct

_STATEMENTS = (ExpressionStatement, Assign, Declaration, Return)


@dataclass(slots=True)
class _BoundArguments:
    """words: what names of the helper are called where it is written; pointed: variables behind
    pointers that it takes; rows: declarations before it.
    """

    words: dict[str, str] = field(default_factory=dict)
    pointed: dict[str, str] = field(default_factory=dict)
    rows: list[str] = field(default_factory=list)


def inline_statements(unit: TranslationUnit, call: Call, helper: Function, caller: Function) -> str:
    """Return the text of `unit` with the statements of the function `helper` before the statement
    that holds `call`, and the value that it returns in the call's place. call: the very node in the
    body of `caller`, a function of `unit`. Raises UnsupportedConstruct if that cannot be done.
    """
    text = unit.text
    statement, span = _statement_of(call, caller)
    body = helper.body or ()
    last = body[-1] if body and isinstance(body[-1], Return) else None
    if any(each is not last for each in find(body, Return)):
        raise UnsupportedConstruct(f"'{helper.name}' returns before its end")
    locals_ = {p.name for p in helper.parameters} | {d.name for d in declarations_in(helper)}
    taken = {token.text for token in _tokens(text)}
    mark = next(
        k for k in count(1) if not any(f"{name}_{k}" in taken for name in {*locals_, helper.name})
    )
    bound = _bind_arguments(unit, call, helper, caller, mark)
    bound.words = {name: f"{name}_{mark}" for name in locals_} | bound.words
    start, end = helper.body_span.start + 1, helper.body_span.end - 1
    kept = [_rename_variables(unit, body, start, last.span.start if last else end, bound)]
    value = ""
    if last is not None and last.value is not None:
        value = f"{helper.name}_{mark}"
        bound.rows.insert(0, f"{_value_type(helper.result)} {value};")
        returned = _rename_variables(unit, last.value, *bracketed(text, last.value.span), bound)
        kept.append(f"{value} = {returned};")
    whole = isinstance(statement, ExpressionStatement) and statement.expression is call
    if not whole and not value:
        raise UnsupportedConstruct(f"what '{helper.name}' returns is nothing")
    behind = text[span.start : call.span.start] + value + text[call.span.end : span.end]
    made = "\n".join([*bound.rows, "{", *kept, "}", "" if whole else behind])
    if not _stands_in_block(text, span.start):
        made = f"{{\n{made}\n}}"
    return text[: span.start] + made + text[span.end :]


@lru_cache(maxsize=16)
def _tokens(text: str) -> tuple[Token, ...]:
    """Tokens of a text of which many places are asked about."""
    return tuple(tokenize(text))


def changes_something(node: Any) -> bool:
    """Return whether `node`, a node of `corpora.ir` or a tuple of nodes, assigns, increments, or
    holds what the front end does not know.
    """
    kinds = (Assign, AssignExpression, Increment, UnsupportedExpression)
    return next(find(node, *kinds), None) is not None


def bracketed(text: str, span: Span) -> tuple[int, int]:
    """Return (start, end) of the expression at `span` in `text`, as character offsets, including
    brackets that enclose nothing else.
    """
    tokens = _tokens(text)
    first = next(k for k, token in enumerate(tokens) if token.start >= span.start)
    behind = next((k for k, token in enumerate(tokens) if token.start >= span.end), len(tokens))
    while (
        first > 1
        and behind < len(tokens)
        and (tokens[first - 1].text, tokens[behind].text) == ("(", ")")
        and _may_open_group(tokens[first - 2])
    ):
        first, behind = first - 1, behind + 1
    return tokens[first].start, tokens[behind - 1].end


def _may_open_group(before: Token) -> bool:
    """Whether a bracket behind this token holds an operand and not arguments or a condition."""
    return before.text == "return" or before.kind == "punctuator" and before.text not in ")]>"


def _stands_in_block(text: str, start: int) -> bool:
    """Whether a statement stands among others, and is not the whole body of an `if` or a loop."""
    before = [token for token in _tokens(text) if token.end <= start]
    return bool(before) and before[-1].text in ("{", "}", ";", ":")


def _statement_of(call: Call, caller: Function) -> tuple[Any, Span]:
    """The statement that makes a call, and its place. Raises UnsupportedConstruct where the call is
    not made once, and first.
    """
    path = _path_to(call, caller.body or ()) or ()
    at = max((k for k, node in enumerate(path) if isinstance(node, _STATEMENTS)), default=-1)
    for outer, inner in zip(path[at:], path[at + 1 :], strict=False):
        logical = isinstance(outer, Binary) and outer.op in ("&&", "||") and outer.right is inner
        if logical or isinstance(outer, Conditional) or at < 0:
            raise UnsupportedConstruct("a helper of several statements under a condition")
    if at < 0 or path[-1] is not call:
        raise UnsupportedConstruct("a helper of several statements under a condition")
    statement = path[at]
    block = next((b for b in _blocks(path[at - 1] if at else caller) if statement in b), None)
    if block is None or not any(each is statement for each in block):
        raise UnsupportedConstruct("a helper of several statements in a loop's head")
    if isinstance(statement, Declaration):
        group = [d for d in block if isinstance(d, Declaration) and d.group == statement.group]
        if group[0] is not statement:
            raise UnsupportedConstruct("a helper behind another variable of its declaration")
        return statement, statement.group or statement.span
    return statement, statement.span


def _path_to(wanted: Any, node: Any) -> tuple | None:
    """The nodes from below `node` down to `wanted`."""
    for child in children(node):
        if child is wanted:
            return (child,)
        inner = _path_to(wanted, child)
        if inner is not None:
            return (child, *inner)
    return None


def _blocks(node: Any) -> list[tuple]:
    """The blocks of statements right below a node."""
    return [getattr(node, name, None) or () for name in ("body", "then", "otherwise")]


def _bind_arguments(
    unit: TranslationUnit, call: Call, helper: Function, caller: Function, mark: int
) -> _BoundArguments:
    if len(call.arguments) != len(helper.parameters):
        raise UnsupportedConstruct(f"'{helper.name}' with other arguments than parameters")
    bound = _BoundArguments()
    assigned = {
        node.target.id
        for node in find(helper.body or (), Assign, AssignExpression, Increment)
        if isinstance(node.target, Name)
    }
    values = {p.name: _bare(p.type) for p in caller.parameters if not _is_address(p.type)}
    for parameter, argument in zip(helper.parameters, call.arguments, strict=True):
        if changes_something(argument):
            raise UnsupportedConstruct("an argument that changes something")
        if _is_address(parameter.type):
            _bind_address(unit, parameter, argument, parameter.name in assigned, mark, bound)
        elif (
            isinstance(argument, Name)
            and values.get(argument.id) == _bare(parameter.type)
            and parameter.name not in assigned
        ):
            bound.words[parameter.name] = argument.id
        else:
            text = source_text(unit, argument)
            bound.rows.append(
                f"{emit_c_family(_bare(parameter.type))} {parameter.name}_{mark} = {text};"
            )
    return bound


def _bind_address(
    unit: TranslationUnit,
    parameter: Parameter,
    argument: Expression,
    moves: bool,
    mark: int,
    bound: _BoundArguments,
) -> None:
    """Bind a pointer, an array or a reference."""
    name, type = parameter.name, parameter.type
    text = source_text(unit, argument)
    reference = isinstance(type, ReferenceType)
    to = _pointed_type(type)
    if moves and not reference:
        raise UnsupportedConstruct(f"the pointer '{name}' of a helper moves")
    match argument:
        case Name(word) | Call(Member(Name(word), "data"), ()):
            bound.words[name] = word
        case Unary("&", Name(word)):
            bound.pointed[name] = word
        case _ if reference and not getattr(to, "const", False):
            raise UnsupportedConstruct(f"a reference to '{text}'")
        case _ if isinstance(type, ArrayType) and len(type.extents) > 1:
            raise UnsupportedConstruct(f"the rows of '{text}'")
        case _:
            kind = to if reference else PointerType(to)
            declared = emit_c_family(Declaration(f"{name}_{mark}", kind)).strip().rstrip(";")
            bound.rows.append(f"{declared} = {text};")


def _is_address(type: Type) -> bool:
    return isinstance(type, (PointerType, ReferenceType, ArrayType))


def _pointed_type(type: Type) -> Type:
    return type.of if isinstance(type, ArrayType) else type.to


def _bare(type: Type) -> Type:
    """A type without `const`."""
    return replace(type, const=False) if isinstance(type, (ScalarType, NamedType)) else type


def _value_type(type: Type) -> str:
    if not isinstance(type, (ScalarType, NamedType)):
        raise UnsupportedConstruct("a helper that returns a pointer")
    return emit_c_family(_bare(type))


def _rename_variables(
    unit: TranslationUnit, node: Any, start: int, end: int, bound: _BoundArguments
) -> str:
    """The text [start, end) of `node` with the names that `bound` gives. Raises
    UnsupportedConstruct where a pointer to a variable is more than its address.
    """
    edits: list[Edit] = []
    places = _pointed_places(unit.text, (node,) if not isinstance(node, tuple) else node, bound)
    tokens = [t for t in _tokens(unit.text) if start <= t.start < end]
    before: Sequence[Token | None] = [None, *tokens]
    for token, previous in zip(tokens, before, strict=False):
        inside = next((p for p in places if p[0] <= token.start < p[1]), None)
        if inside is not None:
            if token.start == inside[0]:
                edits.append(Edit(*inside))
        elif token.kind != "word" or previous is not None and previous.text in (".", "->"):
            continue
        elif token.text in bound.pointed:
            raise UnsupportedConstruct(f"'{token.text}' is more than the address of a variable")
        elif token.text in bound.words:
            edits.append(Edit(token.start, token.end, bound.words[token.text]))
    moved = [Edit(e.start - start, e.end - start, e.text) for e in edits]
    return apply_edits(unit.text[start:end], moved).strip()


def _pointed_places(text: str, node: Any, bound: _BoundArguments) -> list[tuple[int, int, str]]:
    """Where a variable behind a pointer is used (`*p`, `(*p)`, `p[0]`), and its name."""
    found = []
    for each in find(node, Unary, Access):
        match each:
            case Unary("*", Name(name)) | Access(Name(name), (Literal("0"),)):
                if name in bound.pointed:
                    found.append((*bracketed(text, each.span), bound.pointed[name]))
    return found
