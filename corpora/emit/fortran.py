"""Prints trees of `corpora.ir` as Fortran.

Contract: `emit_fortran(node)` gives text for a unit, an item, a statement or a tuple of them. It
is free form, with lines of at most 100 columns, continued by `&` (directives by `!$omp&`), or
fixed form on request. Reading the text again gives the same tree. Raises EmitError for a node
that Fortran cannot say (a KernelLaunch). Nodes of C that Fortran has words for are printed in
them: `&&` is `.and.`.

    python -c "from corpora.frontends.fortran import parse_fortran; \
        from corpora.emit.fortran import emit_fortran; \
        print(emit_fortran(parse_fortran('subroutine f(x)\\nreal x(*)\\nx(1)=2\\nend')))"
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

from corpora.frontends.fortran_expressions import (
    DEFINED_UNARY_PRECEDENCE,
    NOT_PRECEDENCE,
    PRECEDENCE,
    SIGN_PRECEDENCE,
)
from corpora.frontends.fortran_lines import read_lines, token_ends
from corpora.ir import (
    STATEMENT_FUNCTION,
    Access,
    ArrayType,
    Assign,
    Binary,
    Bounds,
    Call,
    Case,
    Compound,
    Declaration,
    ExpressionStatement,
    Extent,
    For,
    Function,
    Goto,
    If,
    ImpliedDo,
    Include,
    InitializerList,
    Interface,
    Jump,
    Label,
    Literal,
    Macro,
    Member,
    Module,
    Name,
    NamedType,
    Pragma,
    Return,
    ScalarType,
    Section,
    Specification,
    StructDefinition,
    Switch,
    TranslationUnit,
    Type,
    Unary,
    Unsupported,
    UnsupportedExpression,
    While,
)  # fmt: skip

__all__ = ["EmitError", "emit_expression", "emit_extents", "emit_fortran", "emit_type"]

WIDTH = 100
STATEMENT_CALLS = frozenset(
    "allocate deallocate nullify open close inquire rewind backspace endfile flush wait".split()
)
"""Calls of these names are statements of their own, without `call`."""

_OPERATORS = {"&&": ".and.", "||": ".or.", "!=": "/="}
_SCALARS = {
    "bool": "logical", "i8": "integer(1)", "i16": "integer(2)", "i32": "integer",
    "i64": "integer(8)", "f32": "real", "f64": "real(8)", "f80": "real(10)", "c64": "complex",
    "c128": "complex(8)", "char": "character",
}  # fmt: skip


class EmitError(ValueError):
    """Raised if a tree has a node that Fortran cannot express; a kind of ValueError. The message
    says which.
    """


def emit_fortran(node: Any, form: str = "free") -> str:
    """Return the Fortran text of `node`, with a final line break. node: a unit, item or statement
    of `corpora.ir`, or a tuple of them. form: `free` or `fixed`. Raises EmitError for a node that
    Fortran cannot express, ValueError for another form.
    """
    if form not in ("free", "fixed"):
        raise ValueError(f"unknown form {form!r}; it is 'free' or 'fixed'")
    printer = _Printer(form == "fixed")
    if isinstance(node, TranslationUnit):
        node = node.items
    printer.statements(node if isinstance(node, tuple) else (node,))
    return "".join(row + "\n" for row in printer.rows)


# --------------------------------------------------------------------------------- expressions


def emit_expression(value: Any, least: int = 0) -> str:
    """Return the Fortran text of `value`, an expression of `corpora.ir`.

    least: the expression stands in brackets if it binds less strongly than this level of Fortran's
        operators, such as 2 for `.or.`; 0: never in brackets.
    Raises EmitError for a node that Fortran cannot express.
    """
    match value:
        case Name(id=name):
            return name
        case Literal(text=text, type=kind):
            return (
                {"true": ".true.", "false": ".false."}.get(text, text) if kind == "bool" else text
            )
        case Access(base=base, indices=indices):
            return f"{emit_expression(base, 11)}({_list(indices)})"
        case Member(base=base, field=field):
            return f"{emit_expression(base, 11)}%{field}"
        case Call(function=function, arguments=arguments, keywords=keywords):
            return f"{emit_expression(function, 11)}({_arguments(arguments, keywords)})"
        case Unary():
            return _unary(value, least)
        case Binary(op=op, left=left, right=right):
            strength = PRECEDENCE.get(op, 0)
            power = op == "**"
            low = emit_expression(left, strength + 1 if power else strength)
            high = emit_expression(right, strength if power else strength + 1)
            word = _OPERATORS.get(op, op)
            tight = op in ("**", "*", "/") and strength >= 8
            text = f"{low}{word}{high}" if tight else f"{low} {word} {high}"
            return f"({text})" if strength < least else text
        case Section(lower=lower, upper=upper, step=step):
            text = f"{_optional(lower)}:{_optional(upper)}"
            return text if step is None else f"{text}:{emit_expression(step)}"
        case InitializerList(items=items, type=kind):
            if isinstance(kind, ScalarType) and not kind.spelled and kind.name[0] == "c":
                return f"({_list(items)})"
            return f"[{emit_type(kind)} :: {_list(items)}]" if kind else f"[{_list(items)}]"
        case ImpliedDo(items=items, bounds=bounds):
            return f"({_list(items)}, {_bounds(bounds)})"
        case UnsupportedExpression(text=text):
            return text
    raise EmitError(f"Fortran has no words for the expression {type(value).__name__}")


def _unary(value: Unary, least: int) -> str:
    if value.op == "()":
        return f"({emit_expression(value.operand)})"
    if value.op == "!":
        text, strength = (
            f".not. {emit_expression(value.operand, NOT_PRECEDENCE + 1)}",
            NOT_PRECEDENCE,
        )
    elif value.op in ("+", "-"):
        strength = SIGN_PRECEDENCE
        text = value.op + emit_expression(value.operand, strength + 1)
    elif value.op.startswith("."):
        strength = DEFINED_UNARY_PRECEDENCE
        text = f"{value.op} {emit_expression(value.operand, strength)}"
    else:
        raise EmitError(f"Fortran has no operator {value.op}")
    return f"({text})" if strength < least else text


def _optional(value: Any) -> str:
    return "" if value is None else emit_expression(value)


def _list(values: Iterable[Any]) -> str:
    return ", ".join(emit_expression(v) for v in values)


def _arguments(values: Iterable[Any], keywords: Iterable[tuple[str, Any]]) -> str:
    words = [emit_expression(v) for v in values]
    return ", ".join([*words, *(f"{k}={emit_expression(v)}" for k, v in keywords)])


def _bounds(bounds: Bounds) -> str:
    parts = [bounds.lower, bounds.upper, *([bounds.step] if bounds.step is not None else [])]
    return f"{bounds.variable} = {_list(parts)}"


def _triplets(bounds: Bounds) -> str:
    parts = []
    for one in (bounds, *bounds.nested):
        step = f":{emit_expression(one.step)}" if one.step is not None else ""
        span = f"{emit_expression(one.lower)}:{emit_expression(one.upper)}"
        parts.append(f"{one.variable} = {span}{step}")
    if bounds.mask is not None:
        parts.append(emit_expression(bounds.mask))
    return f"({', '.join(parts)})"


# --------------------------------------------------------------------------------------- types


def emit_type(kind: Type) -> str:
    """Return the Fortran words of a type, such as `real(8)`, as its text spells them where that is
    known. Of an array it is the element type; `emit_extents` gives the rest. Raises EmitError for a
    type that Fortran lacks.
    """
    match kind:
        case ScalarType(name=name, spelled=spelled) if name in _SCALARS:
            return spelled if spelled and _is_fortran(spelled) else _SCALARS[name]
        case NamedType(name="character", arguments=(length,)):
            return f"character(len={emit_expression(length)})"
        case NamedType(name="character", arguments=(length, of)):
            return f"character(len={emit_expression(length)}, kind={emit_expression(of)})"
        case NamedType(name="class", arguments=(of,)):
            return f"class({emit_expression(of)})"
        case NamedType(name=("real" | "integer" | "complex") as name, arguments=(of,)):
            return f"{name}({emit_expression(of)})"
        case NamedType(name=name, arguments=()):
            return f"type({name})"
        case ArrayType(of=of):
            return emit_type(of)
    raise EmitError(f"Fortran has no words for the type {kind}")


def _is_fortran(spelled: str) -> bool:
    first = spelled.replace("(", " ").replace("*", " ").split()[0]
    return first in ("integer", "real", "double", "doubleprecision", "doublecomplex", "complex",
                     "logical", "character", "byte")  # fmt: skip


def emit_extents(kind: ArrayType) -> str:
    """Return the extents of an array type as Fortran text, such as `(n, 0:m)`. An extent that
    states nothing is `:`, an assumed size is `*`. Raises EmitError for an extent that Fortran
    cannot express.
    """
    return f"({', '.join(_extent(e) for e in kind.extents)})"


def _extent(extent: Extent) -> str:
    if extent.lower is None:
        size = extent.size if extent.size is not None else extent.upper
        return ":" if size is None else emit_expression(size)
    return f"{emit_expression(extent.lower)}:{_optional(extent.upper)}"


# ---------------------------------------------------------------------------------- statements


class _Printer:
    """Rows of text in the making."""

    def __init__(self, fixed: bool) -> None:
        self.fixed, self.rows, self.depth = fixed, [], 0

    def line(self, text: str, label: str = "") -> None:
        """One statement, broken where it is too long."""
        if self.fixed:
            self._fixed_line(text, label)
            return
        indent = "  " * min(self.depth, 12)
        head = f"{label} " if label else ""
        self.rows += _broken(text, indent + head, indent + "  &", WIDTH)

    def _fixed_line(self, text: str, label: str) -> None:
        start = label.ljust(5) + " "
        while len(start) + len(text) > 72:
            self.rows.append(start + text[: 72 - len(start)])
            text, start = text[72 - len(start) :], "     &"
        self.rows.append(start + text)

    def directive(self, text: str) -> None:
        sentinel = f"!${text.partition(' ')[0]}"
        rest = text.partition(" ")[2]
        if self.fixed:
            start = sentinel + " "
            while len(start) + len(rest) > 72:
                cut = rest.rfind(" ", 0, 72 - len(start)) + 1 or 72 - len(start)
                self.rows.append(start + rest[:cut])
                rest, start = rest[cut:], sentinel + "&"
            self.rows.append(start + rest)
            return
        indent = "  " * min(self.depth, 12)
        self.rows += _broken(rest, f"{indent}{sentinel} ", f"{indent}{sentinel}& ", WIDTH)

    def statements(self, nodes: tuple[Any, ...]) -> None:
        at = 0
        while at < len(nodes):
            node = nodes[at]
            following = nodes[at + 1] if at + 1 < len(nodes) else None
            at += 1
            if isinstance(node, Label) and _carries(following):
                self.line(_simple(following), node.name)
                at += 1
            else:
                self.statement(node)

    def block(self, nodes: tuple[Any, ...]) -> None:
        self.depth += 1
        self.statements(nodes)
        self.depth -= 1

    def statement(self, node: Any) -> None:
        method = _METHODS.get(type(node))
        if method is not None:
            method(self, node)
            return
        for pragma in getattr(node, "pragmas", ()):
            self.directive(pragma.text)
        self.line(_simple(node))

    def _unsupported(self, node: Unsupported) -> None:
        for row in node.text.split("\n"):
            if row.startswith(("!$omp ", "!$acc ")):
                self.directive(row[2:])
            elif row.lstrip()[:1] == "#":
                self.rows.append(row)
            else:
                label, _, rest = row.partition(" ")
                if label.isdigit() and rest:
                    self.line(rest, label)
                elif node.kind.startswith("preprocessor"):
                    self.rows.append(row)
                else:
                    self.line(row)

    def _macro(self, node: Macro) -> None:
        head = "" if node.parameters is None else f"({', '.join(node.parameters)})"
        self.rows.append(f"#define {node.name}{head} {node.text}".rstrip())

    def _include(self, node: Include) -> None:
        if node.system:
            self.rows.append(f"#include <{node.path}>")
        else:
            self.line(f"include '{node.path}'")

    def _pragma(self, node: Pragma) -> None:
        self.directive(node.text)

    def _for(self, node: For) -> None:
        for pragma in node.pragmas:
            self.directive(pragma.text)
        bounds = node.bounds
        word = "do"
        if bounds is None:
            if node.test is not None or node.start or node.step:
                raise EmitError("a loop of C has no words in Fortran without bounds")
            head = "do"
        elif bounds.forall:
            word, head = "forall", f"forall {_triplets(bounds)}"
        elif bounds.concurrent:
            head = f"do concurrent {_triplets(bounds)}"
        else:
            head = f"do {_bounds(bounds)}"
        name = f"{node.label}: " if node.label else ""
        self.line(name + head)
        self.block(node.body)
        self.line(f"end {word} {node.label}".rstrip())

    def _while(self, node: While) -> None:
        if node.after:
            raise EmitError("Fortran has no loop with its test at the end")
        for pragma in node.pragmas:
            self.directive(pragma.text)
        name = f"{node.label}: " if node.label else ""
        self.line(f"{name}do while ({emit_expression(node.test)})")
        self.block(node.body)
        self.line(f"end do {node.label}".rstrip())

    def _if(self, node: If) -> None:
        test = emit_expression(node.test)
        self.line(f"where ({test})" if node.where else f"if ({test}) then")
        self.block(node.then)
        rest = node.otherwise
        while len(rest) == 1 and isinstance(rest[0], If) and rest[0].where == node.where:
            inner = rest[0]
            test = emit_expression(inner.test)
            self.line(f"elsewhere ({test})" if node.where else f"else if ({test}) then")
            self.block(inner.then)
            rest = inner.otherwise
        if rest:
            self.line("elsewhere" if node.where else "else")
            self.block(rest)
        self.line("end where" if node.where else "end if")

    def _switch(self, node: Switch) -> None:
        if node.falls_through:
            raise EmitError("a switch of C has no words in Fortran")
        self.line(f"select case ({emit_expression(node.value)})")
        for case in node.cases:
            self._case(case)
        self.line("end select")

    def _case(self, case: Case) -> None:
        self.line(f"case ({_list(case.values)})" if case.values else "case default")
        self.block(case.body)

    def _compound(self, node: Compound) -> None:
        if not node.pragmas:
            self.line("block")
            self.block(node.body)
            self.line("end block")
            return
        ends = [p for p in node.pragmas if p.end]
        begins = [p for p in node.pragmas if not p.end]
        for pragma in begins:
            self.directive(pragma.text)
        self.block(node.body)
        for pragma in reversed(begins[len(ends) :] if len(begins) > len(ends) else []):
            self.directive(f"{pragma.family} end {pragma.directive}{_critical_name(pragma)}")
        for pragma in ends:
            self.directive(pragma.text)

    def _interface(self, node: Interface) -> None:
        self.line(f"{'abstract ' if node.abstract else ''}interface {node.name}".rstrip())
        self.block(node.items)
        self.line("end interface")

    def _structure(self, node: StructDefinition) -> None:
        if node.kind not in ("type", "struct") or node.methods or node.template:
            raise EmitError(f"Fortran has no words for the {node.kind} {node.name}")
        inner = {"sequence": "sequence", "private components": "private"}
        words = [*(f"extends({b})" for b in node.bases),
                 *(a for a in node.attributes if a not in inner)]  # fmt: skip
        self.line("".join(["type", *(f", {w}" for w in words), f" :: {node.name}"]))
        self.block(tuple(Specification(inner[a]) for a in node.attributes if a in inner))
        self.block(node.fields)
        self.line(f"end type {node.name}")

    def _module(self, node: Module) -> None:
        self.line(
            f"submodule ({node.parent}) {node.name}" if node.parent else f"module {node.name}"
        )
        self.depth += 1
        for used in node.uses:
            self.line(f"use {used}")
        place = next((k for k, i in enumerate(node.items) if _is_procedure(i)), len(node.items))
        self.statements(node.items[:place])
        self._contains(node.items[place:])
        self.depth -= 1
        self.line(f"end {'submodule' if node.parent else 'module'} {node.name}")

    def _contains(self, items: tuple[Any, ...]) -> None:
        if items:
            self.line("contains")
            self.statements(items)

    def _function(self, node: Function) -> None:
        program = "program" in node.qualifiers
        kind = "subroutine"
        if program:
            kind = "program"
        elif not (isinstance(node.result, ScalarType) and node.result.name == "void"):
            kind = "function"
        named = not program or bool(node.name)
        if "module procedure" in node.qualifiers:
            kind = "procedure"
        if named:
            self.line(self._function_head(node, kind))
        self.depth += 1
        for used in node.uses:
            self.line(f"use {used}")
        body = node.body or ()
        functions = tuple(f for f in node.contains if _is_statement_function(f))
        place = 1 + max((k for k, s in enumerate(body) if isinstance(s, Declaration)), default=-1)
        self.statements(body[:place])
        for function in functions:
            self.line(_statement_function(function))
        self.statements(body[place:])
        self._contains(tuple(f for f in node.contains if not _is_statement_function(f)))
        self.depth -= 1
        self.line(f"end {kind} {node.name}" if named else "end")

    def _function_head(self, node: Function, kind: str) -> str:
        if kind == "program":
            return f"program {node.name}"
        if kind == "procedure":
            return f"module procedure {node.name}"
        words = [q for q in node.qualifiers if q != "program"]
        own = node.result_name or node.name
        declared = {d.name for d in node.body or () if isinstance(d, Declaration)}
        if kind == "function" and own not in declared and node.result != NamedType("undeclared"):
            words.append(emit_type(node.result))
        text = (
            f"{' '.join([*words, kind])} {node.name}({', '.join(p.name for p in node.parameters)})"
        )
        text += f" result({node.result_name})" if node.result_name else ""
        return text + (f" bind({node.language_linkage})" if node.language_linkage else "")


_METHODS: dict[type, Any] = {
    Unsupported: _Printer._unsupported, Macro: _Printer._macro, Include: _Printer._include,
    Pragma: _Printer._pragma, For: _Printer._for, While: _Printer._while, If: _Printer._if,
    Switch: _Printer._switch, Compound: _Printer._compound, Interface: _Printer._interface,
    StructDefinition: _Printer._structure, Module: _Printer._module,
    Function: _Printer._function,
}  # fmt: skip


def _is_procedure(node: Any) -> bool:
    """Whether an item of a module stands after `contains`; a procedure without a tree does too."""
    if not isinstance(node, Unsupported):
        return isinstance(node, Function)
    last = read_lines(node.text.rpartition("\n")[2], "free")
    words = [t.text for line in last for t in line.tokens] or [""]
    ended = "".join(words[:2]).removeprefix("end") if words[:1] == ["end"] else words[0][3:]
    return words[0][:3] == "end" and ended in ("", "procedure", "subroutine", "function")


def _is_statement_function(node: Any) -> bool:
    return isinstance(node, Function) and STATEMENT_FUNCTION in node.qualifiers


def _statement_function(node: Function) -> str:
    """`f(x, y) = value`."""
    dummies = ", ".join(p.name for p in node.parameters)
    (only,) = node.body or ()
    return f"{node.name}({dummies}) = {emit_expression(only.value)}"


def _carries(node: Any) -> bool:
    """Whether a label may stand before the statement in its own line."""
    if isinstance(node, Specification):
        return node.keyword == "format"
    return isinstance(node, (Assign, ExpressionStatement, Jump, Goto, Return)) and not getattr(
        node, "pragmas", ()
    )


def _simple(node: Any) -> str:
    """Text of a statement that has no body."""
    match node:
        case Declaration():
            return _declaration(node)
        case Assign(target=target, op=op, value=value) if op in ("=", "=>"):
            return f"{emit_expression(target)} {op} {emit_expression(value)}"
        case Assign(target=target, op=op, value=value) if value is not None:
            word = op[:-1]
            return f"{emit_expression(target)} = {emit_expression(Binary(word, target, value))}"
        case ExpressionStatement(expression=Call() as call):
            return _call(call)
        case Return(value=None):
            return "return"
        case Jump(kind="break", label=label):
            return f"exit {label}".rstrip()
        case Jump(kind="continue", label=label):
            return f"cycle {label}".rstrip()
        case Jump(kind="stop" | "error stop" as kind, label=label):
            return f"{kind} {label}".rstrip()
        case Goto(choices=labels, value=value) if value is not None:
            listed = ", ".join(labels)
            if node.arithmetic:
                return f"if ({emit_expression(value)}) {listed}"
            return f"go to ({listed}), {emit_expression(value)}"
        case Goto(label=label):
            return f"go to {label}"
        case Label(name=name):
            return f"{name} continue"
        case Specification(keyword=keyword, text=text):
            return f"{keyword} {text}".rstrip()
    raise EmitError(f"Fortran has no words for the statement {type(node).__name__}")


def _call(call: Call) -> str:
    function = call.function
    if isinstance(function, Call) and isinstance(function.function, Name):
        if function.function.id in ("read", "write"):
            return f"{emit_expression(function)} {_list(call.arguments)}".rstrip()
    if isinstance(function, Name):
        if function.id in ("print", "read"):
            return f"{function.id} {_list(call.arguments)}"
        if function.id in STATEMENT_CALLS:
            return emit_expression(call)
    return f"call {emit_expression(call)}"


def _declaration(node: Declaration) -> str:
    words = [emit_type(node.type), *node.storage]
    entity = node.name
    if isinstance(node.type, ArrayType):
        entity += emit_extents(node.type)
    if node.value is not None:
        entity += f" {'=>' if 'pointer' in node.storage else '='} {emit_expression(node.value)}"
    return f"{', '.join(words)} :: {entity}"


def _critical_name(pragma: Pragma) -> str:
    named = next((c for c in pragma.clauses if c.name == "critical"), None)
    return f" ({named.text})" if named else ""


def _broken(text: str, start: str, further: str, width: int) -> list[str]:
    """Rows of at most `width` columns: cut between tokens, so that joining gives `text` again."""
    if len(start) + len(text) <= width:
        return [start + text]
    rows: list[str] = []
    ends = token_ends(text)
    begun, head = 0, start
    while begun < len(text):
        room = width - len(head) - 2
        if len(text) - begun <= room:
            rows.append(head + text[begun:])
            break
        place = bisect_right(ends, begun + room) - 1
        cut = ends[place] if place >= 0 and ends[place] > begun else begun + room
        rows.append(f"{head}{text[begun:cut]}&")
        begun, head = cut, further
    return rows
