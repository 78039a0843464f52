"""The Fortran subroutine or function of a nest, serial or with OpenMP directives.

Contract: arguments in the source's order, arrays in the source's memory order (the fastest C
subscript comes first). Raises `InexpressibleError` for nests that Fortran cannot say.

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 0)).programs['fortran'].text)"
"""

from __future__ import annotations

import re

from corpora import ir
from corpora.generator.core import expressions as ast
from corpora.generator.core.nest import Nest, Parameter, Region, Style
from corpora.generator.core.shapes import walk_nest, walk_nodes
from corpora.generator.emit.c_statements import emit_serial_loop
from corpora.generator.emit.cuda import choose_fresh_name
from corpora.generator.emit.fortran_arrays import emit_array_lines, emit_reduction
from corpora.generator.emit.fortran_expressions import FortranExpressions, InexpressibleError
from corpora.generator.emit.fortran_forms import DeclarationWriter, wrap_lines
from corpora.generator.emit.fortran_layout import use_dotted_operators, use_kind_suffixes
from corpora.generator.emit.fortran_names import (
    find_locals,
    find_one_based_loops,
    find_region_locals,
)
from corpora.generator.emit.fortran_short import ShortForms
from corpora.generator.emit.openmp import emit_loop_clauses, is_simple

_TAKEN = frozenset("data real in out end max min abs mod exp log sqrt merge int".split())


class FortranEmitter:
    """Writes one nest, a generated computation, as a Fortran procedure.

    style: how it is written; its `fortran` says how Fortran looks. parallel: with OpenMP directives
        and atomic updates. Raises InexpressibleError if Fortran lacks a parameter's type.
    """

    def __init__(self, nest: Nest, style: Style, parallel: bool) -> None:
        self.nest, self.style, self.parallel = nest, style, parallel
        self.form = style.fortran
        self.words = dict(self.form.words)
        self.parameters = {p.name: p for p in nest.parameters}
        if any(p.kind == "rows" or p.type not in self.words for p in nest.parameters):
            raise InexpressibleError("parameter type")
        self.flat = self._flat_arrays()
        counted = set() if self.form.zero or style.one_based else find_one_based_loops(nest)
        self.say = FortranExpressions(self.parameters, nest.types or {}, self.flat, counted)
        self.say.as_written, self.say.cells = style.one_based, style.cells
        self.say.from_zero = style.from_zero
        self.say.base, self.say.squares = int(not self.form.zero), self.form.squares
        self.result = self._result()
        self.labels, self.open = 0, [0]
        """The last label, and those of the loops round a statement; 0 for none."""
        self.unused: set[str] = set()
        """Loop variables that array syntax does without, and `name=` for first values that it does
        without.
        """
        self.short = ShortForms(nest, style, self.say, self.unused, self._statement)

    def _flat_arrays(self) -> set[str]:
        flat = {
            p.name for p in self.nest.parameters if self.style.fortran_flat and p.kind != "fixed"
        }
        views = {ast.read_view(s)[0] for s in walk_nest(self.nest) if ast.is_view(s)}
        for node in walk_nodes(walk_nest(self.nest)):
            if type(node) is ir.Access and (p := self.parameters.get(node.base.id)) is not None:
                if len(node.indices) != len(p.extents):
                    flat.add(node.base.id)
        return flat | views

    def _result(self) -> str:
        """The result variable: the local that the value is summed up in, or a name of its own."""
        nest = self.nest
        if not nest.result:
            return ""
        summed = {s.name for s in nest.before if ast.is_local(s) and s.type.name == nest.result}
        reduction = nest.regions[0].reduction
        if self.form.direct and reduction and reduction[1] in summed:
            return reduction[1]
        return choose_fresh_name(("res", "total_out", "answer"), set(nest.types or {}))

    def text(self) -> str:
        """Return the text of the nest's Fortran procedure: a subroutine, or a function if the nest
        returns a value. To be called once. Raises InexpressibleError if Fortran cannot express it.
        """
        nest, name, form = self.nest, self.style.names[0], self.form
        names = ", ".join(p.name for p in nest.parameters)
        kind = "function" if nest.result else "subroutine"
        inner = [line for region in nest.regions for line in self._region(region)]
        unset = [s for s in nest.before if ast.is_local(s) and f"{s.name}=" in self.unused]
        before = [s for s in nest.before if s not in unset]
        body = self.block(before, 1) + self.block(nest.first, 1) + inner + self.block(nest.after, 1)
        implicit = ["    implicit none"] if form.implicit_none else []
        declared = self._declarations()  # after the body: sections need no loop variables
        head = f"{self._prefix()}{kind} {name}({names})"
        if nest.result and form.function != "own":
            head += f" result({self.result})"
        returns = ["    return"] if form.returns else []
        lines = [head, *implicit, *declared, *body, *returns, form.end(kind, name)]
        if nest.result and form.function == "own":
            lines = [re.sub(rf"\b{self.result}\b", name, line) for line in lines]
        if form.dotted:
            lines = [use_dotted_operators(line) for line in lines]
        if form.kinds:
            lines = [use_kind_suffixes(line) for line in lines]
        return "\n".join(wrap_lines(lines)) + "\n"

    def _prefix(self) -> str:
        typed = self.nest.result and self.form.function != "result"
        return f"{self._word(self.nest.result)} " if typed else ""

    def _declarations(self) -> list[str]:
        groups = DeclarationWriter(self.form)
        scalars = [p for p in self.nest.parameters if p.kind == "scalar"]
        if self.form.grouped:
            scalars.sort(key=lambda p: p.type not in ("i32", "i64"))
        for parameter in (*scalars, *(p for p in self.nest.parameters if p.kind != "scalar")):
            groups.add(*self._declared(parameter))
        if self.nest.result and self.form.function == "result":
            groups.add(self._word(self.nest.result), "", self.result, "")
        grouped: dict[str, list[str]] = {}
        for name, kind in self._needed_locals().items():
            grouped.setdefault(self._word(kind), []).append(name)
        mark = " ::" if self.form.colons else ""
        return groups.lines() + [
            f"    {word}{mark} {', '.join(names)}" for word, names in grouped.items()
        ]

    def _needed_locals(self) -> dict[str, str]:
        """Locals but for the result and for loop variables that array syntax does without."""
        left_out = {self.result, *self.unused}
        return {n: k for n, k in find_locals(self.nest).items() if n not in left_out}

    def _word(self, kind: str) -> str:
        if kind not in self.words:
            raise InexpressibleError(f"type {kind}")
        return self.words[kind]

    def _declared(self, parameter: Parameter) -> tuple[str, str, str, str]:
        """Type, intent, name and shape of a parameter."""
        word, scalar = self.words[parameter.type], parameter.kind == "scalar"
        intent = (
            "in" if scalar or not parameter.written else "out" if parameter.overwritten else "inout"
        )
        single = scalar or parameter.name in self.style.cells
        shape = "" if single else ", ".join(self._extents(parameter))
        return word, intent if self.form.intents else "", parameter.name, shape

    def _extents(self, parameter: Parameter) -> list[str]:
        extents = [self.say.linear(e) for e in reversed(parameter.extents)]
        if parameter.name in self.flat and len(extents) > 1:
            extents = [self.say.linear(ast.product(list(parameter.extents)))]
        zero = not self.say.first(parameter.name)
        if zero:
            extents = [f"0:{text}" for text in self._lasts(parameter)]
        assumed = parameter.kind == "fixed" or self.form.assumed
        if assumed and parameter.name not in self.say.whole:
            extents[-1] = "0:*" if zero else "*"
        return extents

    def _lasts(self, parameter: Parameter) -> list[str]:
        """Last subscripts of an array that begins at 0."""
        if parameter.name in self.flat and len(parameter.extents) > 1:
            return [self.say.linear(ast.product(list(parameter.extents)), -1)]
        return [self.say.linear(e, -1) for e in reversed(parameter.extents)]

    def _region(self, region: Region) -> list[str]:
        if self.form.arrays and not self.nest.sequential:
            lines = self._at_once(region)
            if lines:
                self.unused |= {a.variable for a in region.axes} - self._loops_elsewhere(region)
                share = "parallel workshare"
                around = [f"    !$omp {share}", *lines, f"    !$omp end {share}"]
                return around if self.parallel else lines
        body = region.body
        for axis in reversed(region.axes):
            body = (emit_serial_loop(axis, body, self.nest.index_type),)
        lines = self.block(body, 1)
        if not self.parallel:
            return lines
        simd = " simd" if self.style.simd and is_simple(region) else ""
        shared = {region.axes[0].variable, *self.unused}
        private = [n for n in find_region_locals(region, self.nest) if n not in shared]
        clauses = emit_loop_clauses(region, self.style)
        clauses += f" private({', '.join(private)})" if private else ""
        if region.reduction is not None:
            clauses += f" reduction({region.reduction[0]}:{region.reduction[1]})"
        return [f"    !$omp parallel do{simd}{clauses}", *lines, f"    !$omp end parallel do{simd}"]

    def _at_once(self, region: Region) -> list[str]:
        """The region as array statements, or nothing."""
        try:
            if region.reduction:
                return [self._folded(region)]
            return emit_array_lines(self.say, region, "    ")
        except InexpressibleError:
            return self.short.dims(region)

    def _folded(self, region: Region) -> str:
        """The reduction as one statement, which sets the variable: its first value is not
        written.
        """
        start = [s for s in self.nest.before if ast.is_local(s) and s.name == region.reduction[1]]
        first = start[0].value if start else None
        if type(first) is not ir.Literal or float(first.text.rstrip("f")) != 0:
            raise InexpressibleError("a sum that begins elsewhere")
        line = emit_reduction(self.say, region, "    ")
        self.unused.add(f"{region.reduction[1]}=")
        return line

    def _loops_elsewhere(self, region: Region) -> set[str]:
        """Variables of other regions' loops."""
        return {a.variable for r in self.nest.regions if r is not region for a in r.axes}

    def block(self, statements: tuple, level: int) -> list[str]:
        """Return the Fortran lines of the nest's `statements`. level: of indentation, four blanks
        each. Raises InexpressibleError if Fortran cannot express one.
        """
        lines: list[str] = []
        rest = list(statements)
        while rest:
            statement = rest.pop(0)
            made = self.short.lines(statement, rest, level) if self.form.arrays else []
            lines += made or self._statement(statement, level)
        return lines

    def _statement(self, node: tuple, level: int) -> list[str]:
        indent, kind = "    " * level, type(node)
        if kind is ir.Assign:
            return self._assign(node, level)
        if ast.is_local(node):
            if node.value is None:
                return []
            return self._store(node.name, node.type.name, node.value, level)
        if ast.is_count(node):
            return self._loop(node, level)
        if kind is ir.If:
            return self._if(node, level)
        if kind is ir.Return:
            if node.value is None:
                return [f"{indent}return"]
            if node.value == ir.Name(self.result):
                return []
            return [f"{indent}{self.result} = {self.say.value(node.value)}"]
        if kind is ir.Jump:
            label, leave = self.open[-1], node.kind == "break"
            word = "exit" if leave else "cycle"
            return [indent + (f"go to {label + leave}" if label else word)]
        if ast.is_while(node):
            self.open.append(0)
            lines = self._while(node, level)
            self.open.pop()
            return lines
        self.say.views[node.name] = ast.read_view(node)
        return []

    def _while(self, node: ir.While | ir.For, level: int) -> list[str]:
        indent = "    " * level
        if type(node) is ir.For:
            node = ir.While(node.test, (*node.body, *node.step))
        if node.after:
            leave = f"{indent}    if (.not. ({self.say.condition(node.test)})) exit"
            body, end = self.block(node.body, level + 1), indent + self.form.end("do")
            return [f"{indent}do", *body, leave, end]
        head = f"{indent}do while ({self.say.condition(node.test)})"
        return [head, *self.block(node.body, level + 1), indent + self.form.end("do")]

    def _loop(self, node: ir.For, level: int) -> list[str]:
        """A counted loop, which ends at a label where older authors have it so."""
        indent, head = "    " * level, self._do(node)
        self.labels += 10 if self.form.labels else 0
        label = self.labels
        self.open.append(label)
        lines = self.block(node.body, level + 1)
        self.open.pop()
        if not label:
            return [indent + head, *lines, indent + self.form.end("do")]
        skips, leaves = (any(f"go to {to}" in line for line in lines) for to in (label, label + 1))
        width = max(len(indent), 3)
        last = lines[-1].strip()
        plain = " = " in last and not last.startswith(("if", "do", "where", "!", *"0123456789"))
        if self.form.labels == "statement" and plain and not skips and not leaves:
            lines[-1] = f"{label:<{width}} {last}"
        else:
            lines.append(f"{label:<{width}} continue")
        if leaves:
            lines.append(f"{label + 1:<{width}} continue")
        return [f"{indent}do {label} {head[3:]}", *lines]

    def _do(self, node: ir.For) -> str:
        node = ast.read_count(node)
        if not node.op or node.also:
            raise InexpressibleError("a test of several variables, or a step of two")
        shift = 1 if node.variable in self.say.one_based else 0
        last = {"<": -1, "<=": 0, ">": 1, ">=": 0}[node.op] + shift
        step = f", {node.step}" if node.step != 1 else ""
        start, stop = self.say.linear(node.start, shift), self.say.linear(node.stop, last)
        return f"do {node.variable} = {start}, {stop}{step}"

    def _assign(self, node: ir.Assign, level: int) -> list[str]:
        target = self.say.element(node.target) if type(node.target) is ir.Access else node.target.id
        if target in self.say.views:
            raise InexpressibleError("a pointer that moves")
        kind = self.say.type(node.target)
        targets, last = ast.read_chain(node)
        if len(targets) > 1:
            made = (self._assign(ir.Assign(t, "=", last), level) for t in targets[::-1])
            return [line for lines in made for line in lines]
        if node.op == "=":
            return self._store(target, kind, node.value, level)
        if node.op in ("max", "min"):
            value = f"{node.op}({target}, {self.say.converted(node.value, kind)})"
        elif node.pragmas:  # what is added must hold together
            value = f"{target} {node.op[:-1]} {self.say.value(node.value, 8)}"
        else:
            value = self.say.value(ir.Binary(node.op[:-1], node.target, node.value))
        atomic = ["    " * level + "!$omp atomic"] if node.pragmas and self.parallel else []
        return [*atomic, f"{'    ' * level}{target} = {value}"]

    def _store(self, target: str, kind: str, value: tuple, level: int) -> list[str]:
        """`target = value`; a guarded conditional is written as an if."""
        bare = ast.strip_paren(value)
        if type(bare) is ir.Conditional and ast.is_guarded(bare):
            yes = self._store(target, kind, bare.then, level + 1)
            no = self._store(target, kind, bare.otherwise, level + 1)
            indent = "    " * level
            head = f"{indent}if ({self.say.condition(bare.test.operand)}) then"
            return [head, *yes, f"{indent}else", *no, indent + self.form.end("if")]
        real = kind in ("f32", "f64") and type(value) is ir.Literal
        own = kind if real else self.say.type(value)
        text = self.say.value(value) if own == "bool" else self.say.converted(value, own)
        if self.form.direct and self.style.one_based:
            text = re.sub(r"\bhuge\(1[.0d]*\)", lambda _: f"huge({target})", text)
        return [f"{'    ' * level}{target} = {text}"]

    def _if(self, node: ir.If, level: int) -> list[str]:
        indent, test = "    " * level, node.test
        if ast.is_guarded(test) and not node.otherwise:
            return self._if(ir.If(test.left, (ir.If(test.right, node.then),)), level)
        kinds = (ir.Jump, ir.Return, *([ir.Assign] if self.form.one_line else []))
        single = len(node.then) == 1 and type(node.then[0]) in kinds and not node.otherwise
        single = single and len(self._statement(node.then[0], 0)) == 1
        head = f"{indent}if ({self.say.condition(test)})"
        if single:
            return [f"{head} {self._statement(node.then[0], 0)[0]}"]
        lines = [f"{head} then", *self.block(node.then, level + 1)]
        nested = len(node.otherwise) == 1 and type(node.otherwise[0]) is ir.If
        if nested and not ast.is_guarded(node.otherwise[0].test):
            chained = self._if(node.otherwise[0], level)
            if chained[0].endswith("then"):
                return [*lines, f"{indent}else {chained[0].lstrip()}", *chained[1:]]
        if node.otherwise:
            lines += [f"{indent}else", *self.block(node.otherwise, level + 1)]
        return [*lines, indent + self.form.end("if")]


def emit_fortran(nest: Nest, style: Style, parallel: bool) -> str:
    """Return the text of the Fortran procedure of a nest, a generated computation. style: how it is
    written. parallel: with OpenMP directives. Raises InexpressibleError if Fortran cannot express
    it.
    """
    if nest.c_only:
        raise InexpressibleError("words of C")
    if any(name.lower() in _TAKEN for name in (nest.types or {})):
        raise InexpressibleError("a name that Fortran uses")
    return FortranEmitter(nest, style, parallel).text()
