"""The Fortran subroutine or function of a nest, serial or with OpenMP directives.

Contract: arguments in the source's order, arrays in the source's memory order (the fastest C subscript comes first).
Raises `Inexpressible` for nests that Fortran cannot say.

    python -c "from corpora.loopnests import generate; print(next(generate(1, 0)).programs['fortran'].text)"
"""

from __future__ import annotations

from corpora.loopnests import expressions as ast
from corpora.loopnests.emit_c import serial_loop
from corpora.loopnests.emit_cuda import fresh
from corpora.loopnests.emit_openmp import loop_clauses
from corpora.loopnests.fortran_expressions import FortranExpressions, Inexpressible
from corpora.loopnests.nest import Nest, Parameter, Region, Style

_WORDS = {"i32": "integer", "i64": "integer(kind=8)", "f32": "real", "f64": "double precision"}
_KIND_WORDS = {"i32": "integer", "i64": "integer(8)", "f32": "real(4)", "f64": "real(8)"}
_LINE = 100
_TAKEN = frozenset(("data", "real", "in", "out", "end", "max", "min", "abs", "mod", "exp", "log", "sqrt", "merge", "int"))


class FortranEmitter:
    """Writes one nest; `parallel` adds directives and atomic updates."""

    def __init__(self, nest: Nest, style: Style, parallel: bool) -> None:
        self.nest, self.style, self.parallel = nest, style, parallel
        self.words = _KIND_WORDS if style.fortran_kind else _WORDS
        self.parameters = {p.name: p for p in nest.parameters}
        if any(p.kind == "rows" or p.type not in _WORDS for p in nest.parameters):
            raise Inexpressible("parameter type")
        everything = list(_all_expressions(nest))
        self.flat = self._flat_arrays(everything)
        self.say = FortranExpressions(self.parameters, nest.types or {}, self.flat, self._one_based())
        self.result = fresh(("res", "total_out", "answer"), set(nest.types or {})) if nest.result else ""

    def _flat_arrays(self, everything: list[tuple]) -> set[str]:
        flat = set() if not self.style.fortran_flat else {p.name for p in self.nest.parameters if p.kind != "fixed"}
        views = {s.array for s in _all_statements(self.nest) if type(s) is ast.DeclarePointer}
        for node in everything:
            for part in ast.walk(node):
                if type(part) is ast.At and (p := self.parameters.get(part.array)) is not None:
                    if len(part.subscripts) != len(p.extents):
                        flat.add(part.array)
        return flat | views

    def _one_based(self) -> set[str]:
        """Loop variables that only stand in subscripts and bounds, as summands: people count these from one."""
        loops = {s.variable for s in _all_statements(self.nest) if type(s) is ast.For and s.step == 1}
        loops |= {a.variable for r in self.nest.regions for a in r.axes if a.step == 1}
        loops -= {a.variable for r in self.nest.regions for a in r.axes if a.step != 1}
        for statement in _all_statements(self.nest):
            summands = type(statement) is ast.For
            for node in ast.expressions_of(statement):
                _drop_values(node, loops, summands)
        return loops

    def text(self) -> str:
        nest, style = self.nest, self.style
        names = ", ".join(p.name for p in nest.parameters)
        kind = "function" if nest.result else "subroutine"
        result = f" result({self.result})" if nest.result else ""
        body = self.block(nest.before, 1)
        for region in nest.regions:
            body += self._region(region)
        body += self.block(nest.after, 1)
        head = [f"{kind} {style.names[0]}({names}){result}", "    implicit none", *self._declarations()]
        return "\n".join(wrap([*head, *body, f"end {kind} {style.names[0]}"])) + "\n"

    def _declarations(self) -> list[str]:
        scalars = [p for p in self.nest.parameters if p.kind == "scalar"]
        lines = [f"    {self.words[p.type]}, intent(in) :: {p.name}" for p in scalars]
        lines += [self._array(p) for p in self.nest.parameters if p.kind != "scalar"]
        if self.nest.result:
            lines.append(f"    {self._word(self.nest.result)} :: {self.result}")
        grouped: dict[str, list[str]] = {}
        for name, kind in _locals(self.nest).items():
            grouped.setdefault(self._word(kind), []).append(name)
        return lines + [f"    {word} :: {', '.join(names)}" for word, names in grouped.items()]

    def _word(self, kind: str) -> str:
        if kind not in self.words:
            raise Inexpressible(f"type {kind}")
        return self.words[kind]

    def _array(self, parameter: Parameter) -> str:
        extents = [self.say.linear(e) for e in reversed(parameter.extents)]
        if parameter.name in self.flat and len(extents) > 1:
            extents = [self.say.linear(ast.product(list(parameter.extents)))]
        if parameter.kind == "fixed":
            extents[-1] = "*"
        intent = "in" if not parameter.written else "out" if parameter.overwritten else "inout"
        return f"    {self.words[parameter.type]}, intent({intent}) :: {parameter.name}({', '.join(extents)})"

    def _region(self, region: Region) -> list[str]:
        body = region.body
        for axis in reversed(region.axes):
            body = (serial_loop(axis, body, self.nest.index_type),)
        lines = self.block(body, 1)
        if not self.parallel:
            return lines
        simd = " simd" if self.style.simd and len(region.axes) == 1 and all(_simple(s) for s in region.body) else ""
        private = [name for name in _region_locals(region, self.nest) if name != region.axes[0].variable]
        clauses = loop_clauses(region, self.style) + (f" private({', '.join(private)})" if private else "")
        if region.reduction is not None:
            clauses += f" reduction({region.reduction[0]}:{region.reduction[1]})"
        return [f"    !$omp parallel do{simd}{clauses}", *lines, f"    !$omp end parallel do{simd}"]

    def block(self, statements: tuple, level: int) -> list[str]:
        lines: list[str] = []
        for statement in statements:
            lines += self._statement(statement, level)
        return lines

    def _statement(self, node: tuple, level: int) -> list[str]:
        indent, kind = "    " * level, type(node)
        if kind is ast.Assign:
            return self._assign(node, level)
        if kind is ast.Declare:
            return [] if node.value is None else self._store(node.name, node.type, node.value, level)
        if kind is ast.For:
            return [f"{indent}{self._do(node)}", *self.block(node.body, level + 1), f"{indent}end do"]
        if kind is ast.If:
            return self._if(node, level)
        if kind is ast.Jump:
            if node.value is not None:
                return [f"{indent}{self.result} = {self.say.value(node.value)}"]
            return [indent + {"continue": "cycle", "break": "exit", "return": "return"}[node.kind]]
        if kind is ast.While:
            if node.after:
                leave = f"{indent}    if (.not. ({self.say.condition(node.test)})) exit"
                return [f"{indent}do", *self.block(node.body, level + 1), leave, f"{indent}end do"]
            head = f"{indent}do while ({self.say.condition(node.test)})"
            return [head, *self.block(node.body, level + 1), f"{indent}end do"]
        if node.bytes_offset:
            raise Inexpressible("an offset in bytes")
        self.say.views[node.name] = (node.array, node.offset)
        return []

    def _do(self, node: ast.For) -> str:
        shift = 1 if node.variable in self.say.one_based else 0
        last = {"<": -1, "<=": 0, ">": 1, ">=": 0}[node.op] + shift
        step = f", {node.step}" if node.step != 1 else ""
        return f"do {node.variable} = {self.say.linear(node.start, shift)}, {self.say.linear(node.stop, last)}{step}"

    def _assign(self, node: ast.Assign, level: int) -> list[str]:
        target = self.say.element(node.target) if type(node.target) is ast.At else node.target.id
        kind = self.say.type(node.target)
        if node.op == "=":
            return self._store(target, kind, node.value, level)
        if node.op in ("max", "min"):
            value = f"{node.op}({target}, {self.say.converted(node.value, kind)})"
        else:
            value = self.say.value(ast.Binary(node.op[:-1], node.target, node.value))
        atomic = ["    " * level + "!$omp atomic"] if node.atomic and self.parallel else []
        return [*atomic, f"{'    ' * level}{target} = {value}"]

    def _store(self, target: str, kind: str, value: tuple, level: int) -> list[str]:
        """`target = value`; a guarded conditional is written as an if."""
        bare = value.argument if type(value) is ast.Paren else value
        if type(bare) is ast.Conditional and bare.guarded:
            yes, no = self._store(target, kind, bare.yes, level + 1), self._store(target, kind, bare.no, level + 1)
            indent = "    " * level
            return [f"{indent}if ({self.say.condition(bare.test)}) then", *yes, f"{indent}else", *no, f"{indent}end if"]
        literal_kind = kind if kind in ("f32", "f64") and type(value) is ast.Literal else self.say.type(value)
        text = self.say.converted(value, literal_kind) if literal_kind != "bool" else self.say.value(value)
        return [f"{'    ' * level}{target} = {text}"]

    def _if(self, node: ast.If, level: int) -> list[str]:
        indent, test = "    " * level, node.test
        if type(test) is ast.Binary and test.op == "&&!" and not node.otherwise:
            return self._if(ast.If(test.left, (ast.If(test.right, node.then),)), level)
        single = len(node.then) == 1 and type(node.then[0]) is ast.Jump and not node.otherwise
        if single:
            return [f"{indent}if ({self.say.condition(test)}) {self._statement(node.then[0], 0)[0]}"]
        lines = [f"{indent}if ({self.say.condition(test)}) then", *self.block(node.then, level + 1)]
        if len(node.otherwise) == 1 and type(node.otherwise[0]) is ast.If and not _guarded(node.otherwise[0].test):
            chained = self._if(node.otherwise[0], level)
            if chained[0].endswith("then"):
                return [*lines, f"{indent}else {chained[0].lstrip()}", *chained[1:]]
        if node.otherwise:
            lines += [f"{indent}else", *self.block(node.otherwise, level + 1)]
        return [*lines, f"{indent}end if"]


def emit_fortran(nest: Nest, style: Style, parallel: bool) -> str:
    """One procedure. Raises Inexpressible."""
    if any(name.lower() in _TAKEN for name in (nest.types or {})):
        raise Inexpressible("a name that Fortran uses")
    return FortranEmitter(nest, style, parallel).text()


def _guarded(test: tuple) -> bool:
    return type(test) is ast.Binary and test.op == "&&!"


def _simple(statement: tuple) -> bool:
    return type(statement) is ast.Assign and not statement.atomic


def _all_statements(nest: Nest):
    for block in (nest.before, *(region.body for region in nest.regions), nest.after):
        yield from ast.walk_statements(block)


def _all_expressions(nest: Nest):
    for statement in _all_statements(nest):
        yield from ast.expressions_of(statement)


def _drop_values(node: tuple, loops: set[str], summand: bool) -> None:
    """Take out of `loops` every variable used other than as a summand of a subscript."""
    kind = type(node)
    if kind is ast.Name:
        if not summand:
            loops.discard(node.id)
    elif kind is ast.At:
        for subscript in node.subscripts:
            _drop_values(subscript, loops, True)
    else:
        stays = summand and (kind is ast.Paren or (kind is ast.Binary and node.op in "+-"))
        for child in ast.children(node):
            _drop_values(child, loops, stays)


def _region_locals(region: Region, nest: Nest) -> dict[str, str]:
    found = {axis.variable: nest.index_type for axis in region.axes}
    for statement in ast.walk_statements(region.body):
        if type(statement) in (ast.For, ast.Declare):
            name = statement.variable if type(statement) is ast.For else statement.name
            if found.setdefault(name, statement.type) != statement.type:
                raise Inexpressible("one name of two types")
    return found


def _locals(nest: Nest) -> dict[str, str]:
    found: dict[str, str] = {}
    for statement in (*ast.walk_statements(nest.before), *ast.walk_statements(nest.after)):
        if type(statement) in (ast.For, ast.Declare):
            found[statement.variable if type(statement) is ast.For else statement.name] = statement.type
    for region in nest.regions:
        found |= _region_locals(region, nest)
    return found


def wrap(lines: list[str]) -> list[str]:
    """Break long lines at blanks with continuation marks (directives repeat their sentinel)."""
    wrapped: list[str] = []
    for line in lines:
        indent = line[: len(line) - len(line.lstrip())]
        mark = indent + ("!$omp& " if line.lstrip().startswith("!$omp") else "    ")
        while len(line) > _LINE and " " in line[len(mark) : _LINE]:
            cut = line.rindex(" ", len(mark), _LINE)
            wrapped.append(line[:cut] + " &")
            line = mark + line[cut + 1 :]
        wrapped.append(line)
    return wrapped
