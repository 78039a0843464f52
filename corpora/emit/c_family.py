"""The C family's emitter: trees of `corpora.ir` printed as C++, CUDA or OpenMP C++.

Contract: brackets stand only where the precedence of operators needs them. What the front end of
the C family read is printed so that reading it again gives an equal tree. Raises TypeError for a
node that C++ cannot hold (Fortran's sections, loops with bounds).

    python -c "from corpora.ir import *; from corpora.emit.c_family import emit_c_family; \
        print(emit_c_family(Binary('*', Name('a'), Binary('+', Name('b'), Name('c'))), 'cpp'))"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from corpora.frontends.c_family import parse_c_expression
from corpora.frontends.c_types import NAMED_SCALARS, SINGLE_WORDS, TYPE_WORDS, WRITTEN
from corpora.frontends.pragmas import MODIFIER_LAST, build_pragma, read_directive
from corpora.ir.nodes import (
    Access,
    ArrayType,
    Assign,
    AssignExpression,
    Binary,
    Call,
    Case,
    Cast,
    Clause,
    Comma,
    Compound,
    Conditional,
    Declaration,
    ExpressionStatement,
    Extent,
    For,
    Function,
    FunctionType,
    Goto,
    If,
    Include,
    Increment,
    InitializerList,
    Jump,
    KernelLaunch,
    Label,
    Literal,
    Macro,
    Member,
    Module,
    Name,
    NamedType,
    Parameter,
    PointerType,
    Pragma,
    RangeFor,
    ReferenceType,
    Return,
    ScalarType,
    Section,
    SizeOf,
    StructDefinition,
    Switch,
    TranslationUnit,
    Type,
    TypeAlias,
    Unary,
    Unsupported,
    UnsupportedExpression,
    Using,
    While,
)

__all__ = ["Style", "emit_c_family", "emit_expression"]


@dataclass(frozen=True, slots=True)
class Style:
    """How C-family text is printed.

    indent: spaces per level. spelled: write types in the words of their text, such as `size_t`;
        else in the language's own, such as `unsigned long long`.
    braces: they stand round single statements too. joined: neighbouring declarations of one type
        share a statement, where it is no constant. flush: directives begin in the first column;
        else they are indented as the statement.
    """

    indent: int = 4
    spelled: bool = True
    braces: bool = True
    joined: bool = False
    flush: bool = True


def emit_c_family(node: Any, dialect: str = "cpp", style: Style | None = None) -> str:
    """Return the C++ text of `node`: a unit, item, statement, expression, type or clause of
    `corpora.ir`, or a tuple of statements. Units, items and statements end in a line break.

    dialect: of the C family; it changes nothing, since the tree holds launches and directives.
    style: how it is printed; None: the default of `Style`.
    Raises TypeError for a node that C++ cannot express.
    """
    printer = _Printer(style or Style())
    if isinstance(node, TranslationUnit):
        return printer.unit(node)
    if isinstance(node, tuple):
        return "".join(f"{line}\n" for line in printer.statements(node))
    if isinstance(node, Clause):
        return printer.clause(node)
    if isinstance(node, (ScalarType, NamedType, PointerType, ReferenceType, ArrayType,
                         FunctionType)):  # fmt: skip
        return printer.declared(node, "")
    if type(node) in _EXPRESSIONS:
        return printer.expression(node)
    return "".join(f"{line}\n" for line in printer.statement(node))


def emit_expression(node: Any, least: int = 0) -> str:
    """Return the C++ text of `node`, an expression of `corpora.ir`. It stands in brackets if it
    binds less tightly than `least`: a level of C's operators, such as 14 for `*`, 13 for `+` and 12
    for `<<`; 0: never in brackets. Raises TypeError for a node that C++ cannot express.
    """
    return _Printer(Style()).expression(node, least)


_LEVELS = {
    "*": 14, "/": 14, "%": 14, "+": 13, "-": 13, "<<": 12, ">>": 12, "<=>": 11,
    "<": 10, ">": 10, "<=": 10, ">=": 10, "==": 9, "!=": 9, "&": 8, "^": 7, "|": 6, "&&": 5,
    "||": 4,
}  # fmt: skip
_ALLOCATIONS = frozenset({"new", "new[]", "delete", "delete[]"})
_COMMA, _ASSIGN, _CONDITIONAL, _UNARY, _POSTFIX, _PRIMARY = 1, 2, 3, 15, 16, 17
_SINGLE_TYPE = re.compile(r"[\w:]+(?:<[\w:, ]*>)?")


class _Printer:
    def __init__(self, style: Style) -> None:
        self.style = style
        self.step = " " * style.indent

    # --------------------------------------------------------------------------------- units

    def unit(self, unit: TranslationUnit) -> str:
        """Macros whose name occurs in the printed text are left out: their uses are expanded
        already, and what stands there now is another thing of that name."""
        parts: list[tuple[Any, list[str]]] = [(i, self.statement(i)) for i in unit.items]
        words = {
            word
            for item, lines in parts
            if not isinstance(item, (Macro, Include))
            for line in lines
            for word in re.findall(r"[^\W\d]\w*", line)
        }
        out: list[str] = []
        for item, lines in parts:
            if isinstance(item, Macro) and item.name in words:
                continue
            out += lines
            if isinstance(item, (Function, StructDefinition)) and getattr(item, "body", True):
                out.append("")
        return "\n".join(out).rstrip("\n") + "\n"

    def statement(self, node: Any) -> list[str]:
        """Lines of a statement or item, the directives that it carries before it."""
        write = _STATEMENTS.get(type(node))
        if write is None:
            raise TypeError(f"C++ cannot hold a {type(node).__name__} as a statement")
        lines = write(self, node)
        carried = getattr(node, "pragmas", ())
        return [*(self.pragma_line(p) for p in carried), *lines] if carried else lines

    def statements(self, nodes: Sequence[Any]) -> list[str]:
        """Lines of neighbouring statements."""
        lines: list[str] = []
        last = ""
        for node in nodes:
            made = self.statement(node)
            plain = self.style.joined and isinstance(node, Declaration) and not node.storage
            kind = node.type if plain and isinstance(node.type, ScalarType) else None
            base = "" if kind is None or kind.const else self.base_text(kind)
            if base and base == last:
                lines[-1] = f"{lines[-1][:-1]}, {made[0].removeprefix(base).lstrip()}"
            else:
                lines += made
            last = base
        return lines

    def body(self, statements: Sequence[Any]) -> list[str]:
        return [line if not line or self.style.flush and line.startswith("#") else self.step + line
                for line in self.statements(statements)]  # fmt: skip

    def block(self, head: str, statements: Sequence[Any], tail: str = "") -> list[str]:
        return [f"{head} {{".lstrip(), *self.body(statements), f"}}{tail}"]

    def governed(self, head: str, statements: Sequence[Any]) -> list[str]:
        """What a loop or a test governs. An `if` alone in an `if` keeps its braces: an `else` may
        follow."""
        bare = len(statements) == 1 and not getattr(statements[0], "pragmas", ())
        if self.style.braces or not bare or isinstance(statements[0], If) and head[:3] != "for":
            return self.block(head, statements)
        return [head, *self.body(statements)]

    # --------------------------------------------------------------------------------- items

    def include(self, node: Include) -> list[str]:
        return [f"#include <{node.path}>" if node.system else f'#include "{node.path}"']

    def macro(self, node: Macro) -> list[str]:
        parameters = ""
        if node.parameters is not None:
            names = ["..." if p == "__VA_ARGS__" else p for p in node.parameters]
            parameters = f"({', '.join(names)})"
        return [f"#define {node.name}{parameters} {node.text}".rstrip()]

    def pragma_line(self, node: Pragma) -> str:
        return f"#pragma {self.pragma_text(node)}".rstrip()

    def pragma(self, node: Pragma) -> list[str]:
        return [self.pragma_line(node)]

    def pragma_text(self, node: Pragma) -> str:
        """The text that the directive was read from, if it still says the same."""
        if node.text:
            raw = read_directive(node.text)
            again = build_pragma(raw, lambda text, _: parse_c_clause(text))
            if (again.family, again.directive, again.clauses) == (
                node.family, node.directive, node.clauses,
            ):  # fmt: skip
                return node.text
        if node.family not in ("omp", "acc"):
            return f"{node.family} {node.directive}".strip()
        words = [node.family, *(["end"] if node.end else []), node.directive]
        text = " ".join(w for w in words if w)
        for clause in node.clauses:
            joined = clause.name == node.directive.split(" ")[-1] and clause is node.clauses[0]
            written = self.clause(clause)
            text += f"({written.split('(', 1)[1]}" if joined and "(" in written else f" {written}"
        return text

    def clause(self, node: Clause) -> str:
        if not node.arguments and not node.modifier:
            return f"{node.name}({node.text})" if node.text else node.name
        arguments = ", ".join(self.expression(a, _ASSIGN) for a in node.arguments)
        if node.modifier and node.name in MODIFIER_LAST:
            return f"{node.name}({arguments}: {node.modifier})"
        modifier = f"{node.modifier}: " if node.modifier and node.arguments else node.modifier
        return f"{node.name}({modifier}{arguments})"

    def function(self, node: Function) -> list[str]:
        head = self.function_head(node)
        if node.body is None:
            return [f"{head};"]
        return self.block(head, node.body)

    def function_head(self, node: Function) -> str:
        parameters = ", ".join(self.parameter(p) for p in node.parameters)
        words = list(node.qualifiers)
        prefix = ""
        if node.template_parameters:
            prefix = f"template <{', '.join(node.template_parameters)}> "
        elif words and words[0] == "template <>":
            prefix, words = "template <> ", words[1:]
        if node.language_linkage:
            prefix = f'extern "{node.language_linkage}" {prefix}'
        head = self.declared(node.result, f"{node.name}({parameters})")
        suffix = "".join(f" {s}" for s in node.suffixes)
        if node.initializers:
            suffix += " : " + ", ".join(
                f"{name}({self.arguments(values)})" for name, values in node.initializers
            )
        return prefix + " ".join([*words, head.strip()]) + suffix

    def parameter(self, node: Parameter) -> str:
        if node.name == "...":
            return "..."
        name = node.name
        words = list(node.attributes)
        if "..." in words:
            words.remove("...")
            name = f"... {name}"
        text = " ".join([*words, self.declared(node.type, name)])
        if node.default is not None:
            text += f" = {self.expression(node.default, _ASSIGN)}"
        return text

    def structure(self, node: StructDefinition) -> list[str]:
        prefix = f"template <{', '.join(node.template_parameters)}> " * bool(
            node.template_parameters
        )
        head = prefix + " ".join([node.kind, *node.attributes, node.name]).strip()
        if not node.defined:
            return [f"{head};"]
        if node.bases:
            head += f" : {', '.join(node.bases)}"
        if node.kind.startswith("enum"):
            entries = [
                f.name + (f" = {self.expression(f.value, _ASSIGN)}" if f.value is not None else "")
                for f in node.fields
            ]
            return [f"{head} {{ {', '.join(entries)} }};"]
        lines = self.block(head, (*node.items, *node.fields, *node.methods), ";")
        if node.kind == "class":
            lines.insert(1, "public:")
        return lines

    def alias(self, node: TypeAlias) -> list[str]:
        return [f"typedef {self.declared(node.type, node.name)};"]

    def module(self, node: Module) -> list[str]:
        return self.block(f"namespace {node.name}".strip(), node.items)

    def using(self, node: Using) -> list[str]:
        if node.alias:
            return [f"namespace {node.alias} = {node.name};"]
        return [f"using {'namespace ' * node.namespace}{node.name};"]

    def unsupported(self, node: Unsupported) -> list[str]:
        return [node.text]

    # ---------------------------------------------------------------------------- statements

    def declaration(self, node: Declaration) -> list[str]:
        return [f"{self.declaration_text(node)};"]

    def declaration_text(self, node: Declaration) -> str:
        text = " ".join([*node.storage, self.declared(node.type, node.name)])
        if node.bits is not None:
            text += f" : {self.expression(node.bits, _ASSIGN)}"
        if node.arguments is not None:
            text += f"({self.arguments(node.arguments)})"
        if node.value is not None:
            text += f" = {self.expression(node.value, _ASSIGN)}"
        return text

    def assign(self, node: Assign) -> list[str]:
        return [f"{self.assign_text(node)};"]

    def assign_text(self, node: Assign) -> str:
        if node.value is None:
            target = self.expression(node.target, _POSTFIX)
            return f"({target}){node.op}" if _begins_with_type(node.target) else target + node.op
        target = self.expression(node.target, _UNARY)
        if _begins_with_type(node.target):
            target = f"({target})"
        return f"{target} {node.op} {self.expression(node.value, _ASSIGN)}"

    def expression_statement(self, node: ExpressionStatement) -> list[str]:
        text = self.expression(node.expression)
        return [f"({text});" if _begins_with_type(node.expression) else f"{text};"]

    def short(self, node: Any) -> str:
        """A statement without its semicolon, as the head of a `for` holds it."""
        if isinstance(node, Declaration):
            return self.declaration_text(node)
        if isinstance(node, Assign):
            return self.assign_text(node)
        if isinstance(node, ExpressionStatement):
            text = self.expression(node.expression, _ASSIGN)
            return f"({text})" if _begins_with_type(node.expression) else text
        raise TypeError(f"C++ cannot hold a {type(node).__name__} in the head of a loop")

    def for_(self, node: For) -> list[str]:
        if node.bounds is not None:
            raise TypeError("a loop with Fortran's bounds must be made a C loop first")
        start = self._start(node.start)
        test = f" {self.expression(node.test)}" if node.test is not None else ""
        step = ", ".join(self.short(s) for s in node.step)
        return self.governed(f"for ({start};{test};{' ' if step else ''}{step})", node.body)

    def _start(self, statements: Sequence[Any]) -> str:
        """Statements before the first test. Declarations share the type of the first."""
        if not statements or not isinstance(statements[0], Declaration):
            return ", ".join(self.short(s) for s in statements)
        parts = [self.declaration_text(statements[0])]
        base = self.base_text(statements[0].type)
        for other in statements[1:]:
            if not isinstance(other, Declaration) or self.base_text(other.type) != base:
                raise TypeError("the declarations in the head of a loop differ in type")
            text = self.declaration_text(other)
            head = " ".join([*other.storage, base])
            parts.append(text.removeprefix(head).strip())
        return ", ".join(parts)

    def range_for(self, node: RangeFor) -> list[str]:
        values = self.expression(node.range, _ASSIGN)
        return self.governed(f"for ({self.declaration_text(node.variable)} : {values})", node.body)

    def while_(self, node: While) -> list[str]:
        test = self.expression(node.test)
        if node.after:
            return self.block("do", node.body, f" while ({test});")
        return self.governed(f"while ({test})", node.body)

    def if_(self, node: If) -> list[str]:
        lines = self.governed(f"if ({self.expression(node.test)})", node.then)
        while node.otherwise:
            inner = node.otherwise[0]
            head, body, chained = "else", node.otherwise, False
            if len(node.otherwise) == 1 and isinstance(inner, If):
                head, body, chained = f"else if ({self.expression(inner.test)})", inner.then, True
            rest = self.governed(head, body)
            if lines[-1] == "}":
                lines[-1:] = [f"}} {rest[0]}", *rest[1:]]
            else:
                lines += rest
            if not chained:
                break
            node = inner
        return lines

    def switch(self, node: Switch) -> list[str]:
        lines = [f"switch ({self.expression(node.value)}) {{"]
        for case in node.cases:
            lines += [self.step + line for line in self.case(case)]
        return [*lines, "}"]

    def case(self, node: Case) -> list[str]:
        labels = " ".join(f"case {self.expression(v)}:" for v in node.values) or "default:"
        return [labels, *self.body(node.body)]

    def return_(self, node: Return) -> list[str]:
        return [f"return {self.expression(node.value)};" if node.value is not None else "return;"]

    def jump(self, node: Jump) -> list[str]:
        if node.kind not in ("break", "continue") or node.label:
            raise TypeError(f"C++ has no jump '{node.kind} {node.label}'".rstrip())
        return [f"{node.kind};"]

    def label(self, node: Label) -> list[str]:
        return [f"{node.name}:;"]

    def goto(self, node: Goto) -> list[str]:
        if node.choices:
            raise TypeError("C has no words for a jump that chooses among labels")
        return [f"goto {node.label};"]

    def compound(self, node: Compound) -> list[str]:
        return self.block("", node.body)

    def launch(self, node: KernelLaunch) -> list[str]:
        settings = [node.grid, node.block]
        if node.shared is not None or node.stream is not None:
            settings.append(node.shared if node.shared is not None else Literal("0", "i32"))
        if node.stream is not None:
            settings.append(node.stream)
        inside = ", ".join(self.expression(s, _ASSIGN) for s in settings)
        kernel = self.expression(node.kernel, _POSTFIX) + self.template(node.template)
        return [f"{kernel}<<<{inside}>>>({self.arguments(node.arguments)});"]

    # --------------------------------------------------------------------------------- types

    def declared(self, type_: Type, name: str) -> str:
        """`name` declared as `type_`: specifiers and declarator."""
        base, inner = self._wrap(type_, name)
        return f"{base} {inner}".strip()

    def base_text(self, type_: Type) -> str:
        return self._wrap(type_, "")[0]

    def _wrap(self, type_: Type, inner: str) -> tuple[str, str]:
        while True:
            if isinstance(type_, (PointerType, ReferenceType)):
                if isinstance(type_, PointerType):
                    words = ["const"] * type_.const + ["volatile"] * type_.volatile
                    words += ["__restrict__"] * type_.restrict
                    mark = "*" + " ".join(["", *words, ""]) * bool(words)
                else:
                    mark = "&&" if type_.rvalue else "&"
                inner = f"{mark}{inner}".rstrip()
                type_ = type_.to
                if isinstance(type_, (ArrayType, FunctionType)):
                    inner = f"({inner})"
            elif isinstance(type_, ArrayType):
                if type_.column_major:
                    raise TypeError("C++ has no arrays in column-major order")
                inner += "".join(f"[{self.extent(e)}]" for e in type_.extents)
                type_ = type_.of
            elif isinstance(type_, FunctionType):
                inner += f"({', '.join(self.declared(p, '') for p in type_.parameters)})"
                type_ = type_.result
            else:
                return self.simple_type(type_), inner

    def extent(self, extent: Extent) -> str:
        return self.expression(extent.size, _ASSIGN) if extent.size is not None else ""

    def simple_type(self, type_: ScalarType | NamedType) -> str:
        words = ["const"] * type_.const + ["volatile"] * type_.volatile
        if isinstance(type_, ScalarType):
            spelled = type_.spelled if self.style.spelled else ""
            return " ".join([*words, spelled or WRITTEN[type_.name]])
        if not type_.name and type_.arguments:
            return self.expression(type_.arguments[0])
        return " ".join([*words, type_.name + self.template(type_.arguments)]).strip()

    def template(self, arguments: Sequence[Any]) -> str:
        if not arguments:
            return ""
        return f"<{', '.join(self.template_argument(a) for a in arguments)}>"

    def template_argument(self, argument: Any) -> str:
        if type(argument) in _EXPRESSIONS:
            return self.expression(argument, 13)  # a comparison needs brackets here
        return self.declared(argument, "")

    # --------------------------------------------------------------------------- expressions

    def expression(self, node: Any, least: int = 0) -> str:
        """Text of `node`, in brackets where it binds less tightly than `least`."""
        write = _EXPRESSIONS.get(type(node))
        if write is None:
            raise TypeError(f"C++ cannot hold a {type(node).__name__} as an expression")
        text, level = write(self, node)
        return f"({text})" if level < least else text

    def arguments(self, nodes: Sequence[Any]) -> str:
        return ", ".join(self.expression(n, _ASSIGN) for n in nodes)

    def name(self, node: Name) -> tuple[str, int]:
        return node.id, _PRIMARY

    def literal(self, node: Literal) -> tuple[str, int]:
        return node.text, _PRIMARY

    def access(self, node: Access) -> tuple[str, int]:
        indices = "".join(f"[{self.expression(i, _ASSIGN)}]" for i in node.indices)
        return self.expression(node.base, _POSTFIX) + indices, _POSTFIX

    def section(self, node: Section) -> tuple[str, int]:
        parts = [
            self.expression(p, _ASSIGN) if p is not None else "" for p in (node.lower, node.upper)
        ]
        if node.step is not None:
            parts.append(self.expression(node.step, _ASSIGN))
        return ":".join(parts), _PRIMARY

    def member(self, node: Member) -> tuple[str, int]:
        base = self.expression(node.base, _POSTFIX)
        if isinstance(node.base, Literal):
            base = f"({base})"
        return f"{base}{'->' if node.arrow else '.'}{node.field}", _POSTFIX

    def call(self, node: Call) -> tuple[str, int]:
        if node.keywords:
            raise TypeError("C++ has no keyword arguments")
        if isinstance(node.function, Name) and node.function.id in _ALLOCATIONS:
            return self.allocation(node.function.id, node)
        function = self.expression(node.function, _POSTFIX)
        return (
            f"{function}{self.template(node.template)}({self.arguments(node.arguments)})",
            _POSTFIX,
        )

    def allocation(self, name: str, node: Call) -> tuple[str, int]:
        if name.startswith("delete"):
            return f"{name} {self.expression(node.arguments[0], _UNARY)}", _UNARY
        type_ = self.declared(node.template[0], "")
        if name == "new[]":
            length, *given = node.arguments
            text = f"new {type_}[{self.expression(length)}]"
            # C++ sets the elements of `new T[n]()` and `new T[n]{}` alike
            behind = "()" if given and not given[0].items else "".join(map(self.expression, given))
            return text + behind, _UNARY
        inside = f"({self.arguments(node.arguments)})" if node.arguments else ""
        return f"new {type_}{inside}", _UNARY

    def unary(self, node: Unary) -> tuple[str, int]:
        if node.op == "()":
            return f"({self.expression(node.operand)})", _PRIMARY
        operand = self.expression(node.operand, _UNARY)
        space = " " if operand[:1] == node.op and node.op in "+-&" else ""
        return f"{node.op}{space}{operand}", _UNARY

    def binary(self, node: Binary) -> tuple[str, int]:
        """Left-leaning chains are printed in a loop."""
        level = _LEVELS.get(node.op)
        if level is None:
            raise TypeError(f"C++ has no operator '{node.op}'")
        parts: list[str] = []
        current: Any = node
        while isinstance(current, Binary) and _LEVELS.get(current.op, 0) >= level:
            level = _LEVELS[current.op]
            parts.append(f" {current.op} {self.expression(current.right, level + 1)}")
            current = current.left
        parts.append(self.expression(current, level))
        return "".join(reversed(parts)), _LEVELS[node.op]

    def conditional(self, node: Conditional) -> tuple[str, int]:
        test = self.expression(node.test, 4)
        then, otherwise = self.expression(node.then), self.expression(node.otherwise, _CONDITIONAL)
        return f"{test} ? {then} : {otherwise}", _CONDITIONAL

    def cast(self, node: Cast) -> tuple[str, int]:
        if node.style == "c":
            return (
                f"({self.declared(node.type, '')}){self.expression(node.operand, _UNARY)}",
                _UNARY,
            )
        inside = self.expression(node.operand, _ASSIGN)
        if node.style == "function":
            return f"{self.conversion_name(node.type)}({inside})", _POSTFIX
        return f"{node.style}<{self.declared(node.type, '')}>({inside})", _POSTFIX

    def conversion_name(self, type_: Type) -> str:
        """The one word that `T(x)` needs."""
        text = self.declared(type_, "")
        if _SINGLE_TYPE.fullmatch(text):
            return text
        if isinstance(type_, ScalarType) and not type_.const and type_.name in SINGLE_WORDS:
            word = SINGLE_WORDS[type_.name]
            if word in TYPE_WORDS or word in NAMED_SCALARS:
                return word
        raise TypeError(f"'{text}' is no one word, as T(x) needs it")

    def size_of(self, node: SizeOf) -> tuple[str, int]:
        if type(node.of) in _EXPRESSIONS:
            return f"sizeof({self.expression(node.of)})", _UNARY
        return f"sizeof({self.declared(node.of, '')})", _UNARY

    def initializers(self, node: InitializerList) -> tuple[str, int]:
        designators = node.designators or ("",) * len(node.items)
        items = [
            f"{d} = {self.expression(i, _ASSIGN)}" if d else self.expression(i, _ASSIGN)
            for i, d in zip(node.items, designators, strict=True)
        ]
        if node.type is None:
            return f"{{{', '.join(items)}}}", _PRIMARY
        if not items and isinstance(node.type, ScalarType):
            return f"{self.conversion_name(node.type)}()", _POSTFIX
        return f"{self.declared(node.type, '')}{{{', '.join(items)}}}", _POSTFIX

    def increment(self, node: Increment) -> tuple[str, int]:
        if node.prefix:
            return f"{node.op}{self.expression(node.target, _UNARY)}", _UNARY
        return f"{self.expression(node.target, _POSTFIX)}{node.op}", _POSTFIX

    def assignment(self, node: AssignExpression) -> tuple[str, int]:
        target = self.expression(node.target, _UNARY)
        return f"{target} {node.op} {self.expression(node.value, _ASSIGN)}", _ASSIGN

    def comma(self, node: Comma) -> tuple[str, int]:
        return self.arguments(node.items), _COMMA

    def unknown(self, node: UnsupportedExpression) -> tuple[str, int]:
        return node.text, _PRIMARY


def _begins_with_type(node: Any) -> bool:
    """Whether `T(x)` is the first thing written: a statement that begins so declares x."""
    while True:
        match node:
            case Cast(style="function"):
                return True
            case Binary(left=inner) | Access(base=inner) | Member(base=inner):
                node = inner
            case Call(function=inner) | Conditional(test=inner) | AssignExpression(target=inner):
                node = inner
            case Increment(target=inner, prefix=False):
                node = inner
            case Comma(items=(inner, *_)):
                node = inner
            case _:
                return False


def parse_c_clause(text: str) -> Any:
    """Parse one argument of an OpenMP clause in C. Returns an expression of `corpora.ir`; one that
    does not parse is an UnsupportedExpression. Nothing is raised.
    """
    return parse_c_expression(text)


_STATEMENTS: dict[type, Callable[[_Printer, Any], list[str]]] = {
    Declaration: _Printer.declaration,
    Assign: _Printer.assign,
    ExpressionStatement: _Printer.expression_statement,
    For: _Printer.for_,
    RangeFor: _Printer.range_for,
    While: _Printer.while_,
    If: _Printer.if_,
    Switch: _Printer.switch,
    Case: _Printer.case,
    Return: _Printer.return_,
    Jump: _Printer.jump,
    Label: _Printer.label,
    Goto: _Printer.goto,
    Compound: _Printer.compound,
    Pragma: _Printer.pragma,
    KernelLaunch: _Printer.launch,
    Unsupported: _Printer.unsupported,
    StructDefinition: _Printer.structure,
    TypeAlias: _Printer.alias,
    Using: _Printer.using,
    Function: _Printer.function,
    Module: _Printer.module,
    Include: _Printer.include,
    Macro: _Printer.macro,
    Parameter: lambda p, n: [p.parameter(n)],
}
_EXPRESSIONS: dict[type, Callable[[_Printer, Any], tuple[str, int]]] = {
    Name: _Printer.name,
    Literal: _Printer.literal,
    Access: _Printer.access,
    Section: _Printer.section,
    Member: _Printer.member,
    Call: _Printer.call,
    Unary: _Printer.unary,
    Binary: _Printer.binary,
    Conditional: _Printer.conditional,
    Cast: _Printer.cast,
    SizeOf: _Printer.size_of,
    InitializerList: _Printer.initializers,
    Increment: _Printer.increment,
    AssignExpression: _Printer.assignment,
    Comma: _Printer.comma,
    UnsupportedExpression: _Printer.unknown,
}
