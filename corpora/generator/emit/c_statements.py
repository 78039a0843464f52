"""Expressions and statements as C, shared by the C++, CUDA and OpenMP emitters.

Contract: the text has C semantics equal to the AST's; what differs between the three dialects
(atomic updates, how the parallel loops are opened) is handed in or lives in their own modules.

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 0)).programs['cpp'].text)"
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace

from corpora import ir
from corpora.generator.core import expressions as ast
from corpora.generator.core.nest import Axis, Nest, Parameter, Style
from corpora.generator.core.shapes import make_flat_index
from corpora.generator.emit.structures import (
    emit_structure_parameter,
    find_member_places,
    list_parameters,
)

_RANK = {
    "*": 13,
    "/": 13,
    "%": 13,
    "+": 12,
    "-": 12,
    "<<": 11,
    ">>": 11,
    "<": 10,
    ">": 10,
    "<=": 10,
    ">=": 10,
}
_RANK |= {"==": 9, "!=": 9, "&": 8, "^": 7, "|": 6, "&&": 5, "||": 4}
_LEAVES_OPEN = frozenset(("+", "*", "&&", "||", "&", "|", "^"))
WORDS = {
    "i8": "signed char",
    "u8": "unsigned char",
    "i16": "short",
    "u16": "unsigned short",
    "i32": "int",
    "u32": "unsigned int",
    "i64": "long",
    "u64": "size_t",
    "f32": "float",
    "f64": "double",
    "bool": "bool",
}


class CEmitter:
    """Writes the statements of one nest in C. atomic(target, op, value): returns the lines of an
    atomic update, all as text.
    """

    def __init__(
        self, nest: Nest, style: Style, atomic: Callable[[str, str, str], list[str]]
    ) -> None:
        self.style = style
        self.parameters = {p.name: p for p in (*nest.parameters, *nest.buffers)}
        self.types = nest.types or {}
        self.index_type = nest.index_type
        self.places = find_member_places(nest.structures)
        self.vectors = nest.vectors
        self.atomic = atomic
        self.words = style.words or WORDS
        self.jump = "continue"
        """What a `continue` of the parallel iteration is written as."""
        self._depth = 0
        self._emit = {
            ir.Name: lambda node, rank: self.named(node.id),
            ir.Literal: lambda node, rank: node.text,
            ir.Access: self._at,
            ir.Binary: self._binary,
            ir.Unary: self._unary,
            ir.Call: lambda node, rank: (
                f"{node.function.id}({', '.join([self.expression(a) for a in node.arguments])})"
            ),
            ir.Cast: self._cast,
            ir.Conditional: self._conditional,
            ir.Increment: lambda node, rank: f"{self.expression(node.target, 14)}{node.op}",
        }

    def expression(self, node: tuple, rank: int = 0) -> str:
        """Return the text of an expression, in parentheses if its operator binds weaker than
        `rank`.
        """
        return self._emit[type(node)](node, rank)

    def named(self, word: str) -> str:
        """Return how the text spells a parameter, such as `p->n` for a field."""
        return self.places[word][0] if word in self.places else word

    def _at(self, node: ir.Access, rank: int) -> str:
        parameter = self.parameters.get(node.base.id)
        array, field = self.places.get(node.base.id, (node.base.id, ""))
        subscripts = node.indices
        if parameter is not None and parameter.kind in ("rows", "fixed"):
            return node.base.id + "".join([f"[{self.expression(s)}]" for s in subscripts])
        if len(subscripts) > 1:
            subscripts = (make_flat_index(subscripts, parameter.extents, self.style.flatten),)
        elif (
            self.style.deref
            and subscripts[0] == ast.ZERO
            and parameter is not None
            and parameter.extents == (ast.ONE,)
        ):
            return f"*{array}" if rank < 14 else f"(*{array})"
        if self.style.pointers and not field and node.base.id not in self.vectors:
            return f"*({array} + {self.expression(subscripts[0], 12)})"
        return f"{array}[{self.expression(subscripts[0])}]{field}"

    def _binary(self, node: ir.Binary, rank: int) -> str:
        op = "&&" if node.op == "&&!" else node.op
        own = _RANK[op]
        left_rank = right_rank = own
        if op not in _LEAVES_OPEN or type(node.right) is ir.Binary:
            right_rank = own + 1
        if 4 <= own <= 8 or (self.style.parens and op in ("&&", "||")):
            # Compilers warn about, and people avoid, mixing these without parentheses.
            left_rank = (
                own
                if type(node.left) is ir.Binary and node.left.op.rstrip("!") == op
                else max(own + 1, 9)
            )
            left_rank, right_rank = (
                (14, 14) if self.style.parens and own > 4 else (left_rank, max(right_rank, 9))
            )
        text = (
            f"{self.expression(node.left, left_rank)} {op} "
            f"{self.expression(node.right, right_rank)}"
        )
        return f"({text})" if own < rank else text

    def _unary(self, node: ir.Unary, rank: int) -> str:
        if node.op == "()":
            return f"({self.expression(node.operand)})"
        if node.op == "?":
            return self.expression(node.operand, rank)
        inner = self.expression(node.operand, 14)
        text = f"{node.op}({inner})" if inner.startswith(node.op) else f"{node.op}{inner}"
        return f"({text})" if rank > 14 else text

    def _cast(self, node: ir.Cast, rank: int) -> str:
        word = self.words[node.type.name]
        if self.style.functional_cast and " " not in word:
            return f"{word}({self.expression(node.operand)})"
        return f"({word}){self.expression(node.operand, 14)}"

    def _conditional(self, node: ir.Conditional, rank: int) -> str:
        test = node.test.operand if ast.is_guarded(node) else node.test
        bare = ast.strip_paren(test)
        wrap = self.style.parens and type(bare) is ir.Binary
        test = f"({self.expression(bare)})" if wrap else self.expression(test, 4)
        text = f"{test} ? {self.expression(node.then, 4)} : {self.expression(node.otherwise, 3)}"
        return f"({text})" if rank > 3 else text

    def block(self, statements: tuple, indent: str) -> list[str]:
        """Return the lines of statements, each behind `indent`."""
        lines: list[str] = []
        mergeable = ""
        for statement in statements:
            made = self._statement(statement, indent)
            kind = (
                statement.type.name
                if ast.is_local(statement) and not statement.type.const and not self.style.hoist
                else ""
            )
            if kind and kind == mergeable and self.style.merge:
                lines[-1] = (
                    f"{lines[-1][:-1]}, {made[0].lstrip().removeprefix(self.words[kind]).lstrip()}"
                )
            else:
                lines += made
            mergeable = kind
        return lines

    def _statement(self, node: tuple, indent: str) -> list[str]:
        kind = type(node)
        if kind is ir.Assign:
            return self._assign(node, indent)
        if ast.is_local(node):
            return self._declare(node, indent)
        if kind is ir.If:
            return self._if(node, indent)
        if ast.is_count(node):
            return self._for(node, indent)
        if kind is ir.Jump:
            word = self.jump if node.kind == "continue" and self._depth == 0 else node.kind
            return [f"{indent}{word};"]
        if kind is ir.Return:
            word = "return"
            return [
                f"{indent}{word} {self.expression(node.value)};"
                if node.value is not None
                else f"{indent}{word};"
            ]
        if ast.is_while(node):
            return self._while(node, indent)
        if kind is ir.Switch:
            return self._switch(node, indent)
        const = "const " if node.type.to.const else ""
        array, offset = ast.read_view(node)
        array = self.named(array)
        source = f"&{array}[{self.expression(offset)}]"
        if self.style.flatten == "m*i+j":
            source = f"{array} + {self.expression(offset, 12)}"
        return [f"{indent}{const}{self.words[node.type.to.name]} *{node.name} = {source};"]

    def _assign(self, node: ir.Assign, indent: str) -> list[str]:
        target = self.expression(node.target)
        if node.pragmas:  # spelled out as `t = t - (value)` the value must hold together
            value = self.expression(node.value, 0 if self.style.compound else 13)
            return [indent + line for line in self.atomic(target, node.op, value)]
        (_, *chain), last = ast.read_chain(node)
        value = " = ".join(self.expression(part) for part in (*chain, last))
        if node.op in ("+=", "-=") and node.value == ast.ONE and self.style.compound:
            mark = "++" if node.op == "+=" else "--"
            spelled = f"({target})" if target.startswith("*") else target
            return [f"{indent}{spelled}{mark};"]
        if node.op != "=" and not self.style.compound:
            plain = ir.Binary(node.op[:-1], node.target, node.value)
            return [f"{indent}{target} = {self.expression(plain)};"]
        return [f"{indent}{target} {node.op} {value};"]

    def _declare(self, node: ir.Declaration, indent: str) -> list[str]:
        if self.style.hoist:
            return (
                []
                if node.value is None
                else [f"{indent}{node.name} = {self.expression(node.value)};"]
            )
        const = "const " if node.type.const else ""
        value = "" if node.value is None else f" = {self.expression(node.value)}"
        return [f"{indent}{const}{self.words[node.type.name]} {node.name}{value};"]

    def body(
        self, head: str, statements: tuple, indent: str, tail: tuple[str, ...] = ()
    ) -> list[str]:
        """Return the lines of `head` with its body, in braces where style or language needs them.
        tail: further lines of the body.
        """
        inner = self.block(statements, indent + "    ") + [f"{indent}    {line}" for line in tail]
        bare = len(statements) == 1 and not tail and not self.style.braces
        bare = bare and (
            type(statements[0]) is not ir.If or head.startswith("for")
        )  # an else must not change its owner
        if bare and not (
            type(statements[0]) is ir.Assign and statements[0].pragmas and len(inner) > 1
        ):
            return [indent + head, *inner]
        return [f"{indent}{head} {{", *inner, indent + "}"]

    def _if(self, node: ir.If, indent: str) -> list[str]:
        lines = self.body(f"if ({self.expression(node.test)})", node.then, indent)
        if not node.otherwise:
            return lines
        chain = len(node.otherwise) == 1 and type(node.otherwise[0]) is ir.If
        if chain:
            rest = self._if(node.otherwise[0], indent)
            rest[0] = f"{indent}else {rest[0].lstrip()}"
        else:
            rest = self.body("else", node.otherwise, indent)
        if lines[-1] == indent + "}":
            return [*lines[:-1], f"{indent}}} {rest[0].lstrip()}", *rest[1:]]
        return lines + rest

    def _switch(self, node: ir.Switch, indent: str) -> list[str]:
        """Each case with its `break`: on one line where it is short and braces are left out."""
        lines = [f"{indent}switch ({self.expression(node.value)}) {{"]
        for case in node.cases:
            label, block = case.values[0].text if case.values else None, case.body
            head = "default:" if label is None else f"case {label}:"
            inner = self.block(block, f"{indent}        ") + (
                [f"{indent}        break;"] if label is not None or self.style.braces else []
            )
            if self.style.braces or len(block) > 1:
                lines += [f"{indent}    {head}", *inner]
            else:
                lines.append(f"{indent}    {head} {' '.join(line.strip() for line in inner)}")
        return [*lines, indent + "}"]

    def step(self, variable: str, step: int) -> str:
        """Return the increment of a variable by `step`, such as `i++` or `i -= 2`."""
        if step == 1:
            return {"i++": f"{variable}++", "++i": f"++{variable}"}.get(
                self.style.increment, f"{variable} += 1"
            )
        if step == -1:
            return f"--{variable}" if self.style.increment == "++i" else f"{variable}--"
        return f"{variable} += {step}" if step > 0 else f"{variable} -= {-step}"

    def for_head(self, node: ir.For) -> str:
        """Return the head `for (...)` of a loop."""
        shown, node = node.test, ast.read_count(node)
        word = "" if self.style.early else self.words[node.type] + " "
        test = (
            f"{node.variable} {node.op} {self.expression(node.stop, 11)}"
            if node.op
            else self.expression(shown)
        )
        more = "".join(f", {s.name} = {self.expression(s.value)}" for s in node.starts)
        return (
            f"for ({word}{node.variable} = {self.expression(node.start)}{more}; {test}; "
            f"{self._steps(node)})"
        )

    def _steps(self, node: ast.Count) -> str:
        return ", ".join(
            [
                self.step(node.variable, node.step),
                *(self._assign(s, "")[0][:-1] for s in node.also),
            ]
        )

    def _for(self, node: ir.For, indent: str) -> list[str]:
        self._depth += 1
        lines = self.body(self.for_head(node), node.body, indent)
        self._depth -= 1
        return lines

    def _while(self, node: ir.While, indent: str) -> list[str]:
        self._depth += 1
        test = self.expression(node.test)
        if type(node) is ir.While and node.after:
            lines = [
                f"{indent}do {{",
                *self.block(node.body, indent + "    "),
                f"{indent}}} while ({test});",
            ]
        else:
            step = self._assign(node.step[0], "")[0][:-1] if type(node) is ir.For else ""
            lines = self.body(
                f"for (; {test}; {step})" if step else f"while ({test})", node.body, indent
            )
        self._depth -= 1
        return lines

    def parameter(self, parameter: Parameter) -> str:
        """Return the declaration of one parameter."""
        word, style = self.words[parameter.type], self.style
        if parameter.kind == "scalar":
            return f"{'const ' if style.const_scalars else ''}{word} {parameter.name}"
        const = "const " if style.const_arrays and not parameter.written else ""
        if parameter.name in self.vectors:
            return f"{'' if parameter.written else 'const '}std::vector<{word}> &{parameter.name}"
        if parameter.kind == "rows":
            return f"{word} **{parameter.name}"
        if parameter.kind == "fixed":
            inner = "".join(f"[{self.expression(e)}]" for e in parameter.extents[1:])
            return f"{const}{word} {parameter.name}[]{inner}"
        if parameter.unsized:
            return f"{const}{word} {parameter.name}[]"
        restrict = (
            "__restrict__ "
            if style.restrict
            else "const "
            if style.const_pointers and not parameter.moved
            else ""
        )
        return f"{const}{word} *{restrict}{parameter.name}"

    def parameter_list(self, nest: Nest) -> str:
        """Return the declarations of all parameters, separated by commas. Grouped ones are one
        structure.
        """
        return ", ".join(
            [
                self.parameter(p)
                if type(p) is Parameter
                else emit_structure_parameter(p, self.style)
                for p in list_parameters(nest)
            ]
        )

    def locals_at_top(self, nest: Nest, indent: str, axes: bool = True) -> list[str]:
        """Return the lines that declare the variables which this style puts at the top of a
        function. axes: variables of parallel loops are among them.
        """
        grouped: dict[str, list[str]] = {}
        for name, kind in find_local_names(nest, self.style).items():
            grouped.setdefault(kind, []).append(name)
        merge = not self.style.apart and (self.style.increment == "++i" or len(grouped) == 1)
        if not axes:  # a kernel keeps the order and the grouping of what is left
            indices = {axis.variable for region in nest.regions for axis in region.axes}
            grouped = {
                kind: left
                for kind, names in grouped.items()
                if (left := [n for n in names if n not in indices])
            }
        if merge:
            return [
                f"{indent}{self.words[kind]} {', '.join(names)};" for kind, names in grouped.items()
            ]
        return [
            f"{indent}{self.words[kind]} {name};"
            for kind, names in grouped.items()
            for name in names
        ]


def emit_serial_loop(axis: Axis, body: tuple, index_type: str) -> ir.For:
    """Return the serial loop of a parallel axis over `body`. index_type: of its variable."""
    if axis.down:
        return ast.loop(
            axis.variable, ast.sub(axis.stop, 1), ">=", axis.start, body, -axis.step, index_type
        )
    op = "<=" if axis.inclusive else "<"
    made = ast.loop(axis.variable, axis.start, op, axis.stop, body, axis.step, index_type)
    return made if axis.shown is None else replace(made, test=axis.shown)


def find_local_names(nest: Nest, style: Style, axes: bool = True) -> dict[str, str]:
    """Return the variables that this style declares at the top, with their types, in order. axes:
    variables of parallel loops are among them.
    """
    found: dict[str, str] = {}
    at_top = style.early
    for region in nest.regions:
        if at_top and axes:
            found.update((axis.variable, nest.index_type) for axis in region.axes)
        for statement in ast.walk_statements(region.body):
            if ast.is_count(statement) and at_top:
                found.update((s.name, s.type.name) for s in statement.start)
            elif ast.is_local(statement) and style.hoist:
                found[statement.name] = statement.type.name
    if not style.order:
        return found
    return dict(
        sorted(found.items(), key=lambda item: zlib.crc32(f"{style.order}{item[0]}".encode()))
    )
