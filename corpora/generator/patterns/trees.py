"""From trees of `corpora.ir` to the generator's own, with names, types and holes filled in.

Contract: raises PatternError with the family's name for what a pattern may not hold.

    python -c "from corpora.generator.patterns.trees import read_words; print(read_words()['s'])"
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from corpora import ir
from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.heads_bounds import rebuilt
from corpora.generator.core.nest import Axis, Nest, Parameter, Region
from corpora.generator.patterns.holes import HOLES, PLAIN_HOLES, STATEMENT_HOLES, make_constant

_TYPES = {"char": "i8", "float": "f32", "double": "f64", "int": "i32", "uint": "u32", "uchar": "u8"}
_ANY = ("i32", "i64", "u8", "i16", "u32", "f64", "f32", "i8", "u16")
_MATHEMATICS = frozenset("sqrt exp log fabs sin cos tanh pow floor fmax fmin".split())


class PatternError(ValueError):
    """Raised when the text of a family of generated programs does not parse or holds what a pattern
    cannot; a kind of ValueError. The message names the family.
    """


@cache
def read_words() -> dict[str, tuple[str, ...]]:
    """Return the lists of variable names to draw from, by the letters of a name in a pattern: for
    `s` and `s2` the list `s`. They stand in `words.txt`.
    """
    lines = (Path(__file__).parent / "words.txt").read_text().splitlines()
    pairs = (line.split(":") for line in lines if line and not line.startswith("#"))
    return {role: tuple(words.split()) for role, words in pairs}


class TreeMaker:
    """Converts the IR trees of one pattern, a family of generated computations, into the
    generator's trees, and draws names and types for it.

    family: the pattern's name, for messages. b: the nest's builder; it draws and gets new names.
        renamed: from a name in the pattern to the variable that stands for it. c_only: whether it
        holds what Fortran has no words for.
    """

    def __init__(self, family: str, b: Builder) -> None:
        self.family, self.b = family, b
        self.renamed: dict[str, ir.Name] = {}
        self.c_only = False

    def words(self, name: str) -> tuple[str, ...]:
        """Return the names that the pattern's name `name` may become, digits at its end aside; ()
        where there is no list.
        """
        return read_words().get(name.rstrip("0123456789"), ())

    def name_of(self, name: str) -> str:
        """Return the name drawn for a name of the pattern; the name itself if none was drawn."""
        return self.renamed[name].id if name in self.renamed else name

    def refuse(self, what: object) -> PatternError:
        """Return, not raise, a PatternError which says that a pattern cannot hold `what`."""
        return PatternError(f"{self.family}: a pattern cannot hold {what}")

    def element_type(self, word: str) -> str:
        """Return the element type, such as `f32`, for a type word of a pattern.

        `T` is the main type, `any` is drawn, C's words such as `float` become `f32` and the like,
        and other words stay.
        """
        if word == "any":
            return self.b.pick(_ANY)
        return self.b.kind if word == "T" else _TYPES.get(word, word)

    def type_of(self, node: ir.Type) -> str:
        """Return the element type, such as `f32`, for an IR type in a pattern. Raises PatternError
        for one that is not a scalar.
        """
        if isinstance(node, ir.ScalarType):
            return _TYPES.get(node.name, node.name)
        if isinstance(node, ir.NamedType):
            return self.element_type(node.name)
        raise self.refuse(f"the type {node}")

    # ------------------------------------------------------------------------------ expressions

    def expression(self, node: ir.Expression) -> tuple:
        """Return a pattern's IR expression as a generator's expression, with its names replaced and
        its holes filled.

        Raises PatternError for one that patterns cannot hold, or for a name that nothing declares.
        """
        match node:
            case ir.Name(id=name):
                return self._name(name)
            case ir.Literal(text=text, type="f64"):
                return make_constant(self.b, text)
            case ir.Literal(text=text, type="char"):
                self.c_only = True
                return ir.Literal(text, "i32")
            case ir.Literal(text=text, type=kind):
                return ir.Literal(text, kind)
            case ir.Access(base=ir.Name(id=name), indices=indices):
                return ast.at(self._name(name).id, tuple(map(self.expression, indices)))
            case ir.Unary(op=op, operand=operand):
                return ir.Unary(op, self._bracketed(operand))
            case ir.Binary():
                return self._binary(node)
            case ir.Conditional():
                return self._conditional(node)
            case ir.Cast(type=kind, operand=operand):
                return ast.cast(self.type_of(kind), self._bracketed(operand))
            case ir.Increment(op=op, target=target, prefix=False):
                return ir.Increment(op, self.expression(target))
            case ir.Call(function=ir.Name(id="T"), arguments=(operand,)):
                return ast.cast(self.b.kind, self._bracketed(operand))
            case ir.Call(function=ir.Name(id=name), arguments=arguments):
                return self._call(name, tuple(map(self.expression, arguments)))
        raise self.refuse(node)

    def _name(self, name: str) -> tuple:
        if name in PLAIN_HOLES:
            return PLAIN_HOLES[name](self.b)
        if name not in self.renamed:
            raise self.refuse(f"the name {name}, which nothing declares")
        return self.renamed[name]

    def _bracketed(self, node: ir.Expression) -> tuple:
        """An operand, in parentheses where it is an operation."""
        made = self.expression(node)
        return ast.paren(made) if type(made) in (ir.Binary, ir.Conditional) else made

    def _binary(self, node: ir.Binary) -> tuple:
        """`&&` is guarded where what its right side reads has a place that the left side tests."""
        left, right = self.expression(node.left), self.expression(node.right)
        op = node.op
        if op == "&&":
            tested = {n for n in ast.walk(left) if type(n) is ir.Name}
            places = [s for n in ast.walk(right) if type(n) is ir.Access for s in n.indices]
            if any(n in tested for s in places for n in ast.walk(s)):
                op = "&&!"
        if op in ("-", "/", "%", "*") and type(right) in (ir.Unary, ir.Conditional):
            right = ast.paren(ast.strip_paren(right))
        return ir.Binary(op, left, right)

    def _conditional(self, node: ir.Conditional) -> tuple:
        test, yes, no = map(self.expression, (node.test, node.then, node.otherwise))
        nodes = [*ast.walk(yes), *ast.walk(no)]
        guarded = any(type(n) is ir.Access or getattr(n, "op", "") in ("/", "%") for n in nodes)
        return (ast.guarded if guarded else ir.Conditional)(test, yes, no)

    def _call(self, name: str, arguments: tuple) -> tuple:
        if name in HOLES:
            made = HOLES[name](self.b, *arguments)
            return ast.paren(made) if type(made) is ir.Conditional else made
        if name in _MATHEMATICS:
            return ast.call(self.b.function(name), arguments)
        if name in ("abs", "max", "min"):
            return ast.call(name, arguments)
        raise self.refuse(f"the function {name}")

    # ------------------------------------------------------------------------------- statements

    def block(self, nodes: tuple[ir.Statement, ...]) -> tuple:
        """Return a pattern's IR statements as generator's statements, in order. Raises PatternError
        for one that patterns cannot hold.
        """
        return tuple(made for node in nodes for made in self.statement(node))

    def statement(self, node: ir.Statement) -> tuple:
        """Return the generator's statements for one IR statement of a pattern. Raises PatternError
        for one that patterns cannot hold.
        """
        match node:
            case ir.Declaration(type=ir.PointerType(to=kind)):
                return (self.view(node, kind),)
            case ir.Declaration():
                return (self.declare(node),)
            case ir.Switch():
                return (self.switch(node),)
            case ir.Assign(target=target, op=op, value=None):
                return (ir.Assign(self.expression(target), f"{op[0]}=", ast.ONE),)
            case ir.Assign(target=target, op=op, value=value):
                return (ir.Assign(self.expression(target), op, self.expression(value)),)
            case ir.ExpressionStatement(expression=ir.Call(function=ir.Name(id=name)) as call):
                if name in STATEMENT_HOLES:
                    return STATEMENT_HOLES[name](self.b, *map(self.expression, call.arguments))
            case ir.For():
                return self.loop(node)
            case ir.While(test=test, body=body, after=after):
                return (ir.While(self.expression(test), self.block(body), after),)
            case ir.If(test=test, then=then, otherwise=otherwise):
                made = self.expression(test)
                return (ir.If(ast.strip_paren(made), self.block(then), self.block(otherwise)),)
            case ir.Return(value=value):
                return (ir.Return(None if value is None else self.expression(value)),)
            case ir.Jump(kind=kind):
                return (ir.Jump(kind),)
            case ir.Compound(body=body):
                return self.block(body)
        raise self.refuse(node)

    def declare(self, node: ir.Declaration, wanted: tuple[str, ...] = names.LOCALS) -> tuple:
        """Return the declaration of a scalar in the generator's form, and draw its name. Raises
        PatternError for a type or a first value that patterns cannot hold.

        wanted: names to draw from where the pattern's name has no list of its own.
        """
        kind = self.type_of(node.type)
        value = None if node.value is None else self.expression(node.value)
        if node.name not in self.renamed:
            word = self.b.name(self.words(node.name) or wanted, kind)
            self.renamed[node.name] = ir.Name(word)
        const = isinstance(node.type, (ir.ScalarType, ir.NamedType)) and node.type.const
        return ast.declare(kind, self.renamed[node.name].id, value, const)

    def view(self, node: ir.Declaration, kind: ir.Type) -> tuple:
        """Return the declaration of a pointer into an array, `T *row = &a[offset]`, in the
        generator's form, and draw its name.

        node: the declaration in the pattern. kind: the type that it points to. Raises PatternError
            for another first value.
        """
        match node.value:
            case ir.Unary(op="&", operand=ir.Access(base=ir.Name(id=array), indices=(offset,))):
                start = self.expression(offset)
            case _:
                raise self.refuse(node)
        element = self.type_of(kind)
        word = self.b.name(self.words(node.name) or names.ARRAYS, element)
        self.renamed[node.name] = ir.Name(word)
        const = isinstance(kind, (ir.ScalarType, ir.NamedType)) and kind.const
        return ast.view(element, word, self.name_of(array), start, const)

    def switch(self, node: ir.Switch) -> tuple:
        """Return a pattern's `switch` as a generator's statement, whose cases have no `break`. The
        program is marked as one that Fortran cannot express.

        Every case of the pattern must end with `break`, and `default` must come last; this is not
        checked. Raises PatternError for what patterns cannot hold.
        """
        self.c_only = True
        cases = []
        for case in node.cases:
            body = (s for s in case.body if not (isinstance(s, ir.Jump) and s.kind == "break"))
            cases.append(replace(case, body=self.block(tuple(body))))
        return ir.Switch(self.expression(node.value), tuple(cases))

    def loop(self, node: ir.For) -> tuple:
        """Return the statements for a `for` loop of a pattern: `for (int i = a; i < b; i++)`, or a
        while loop where it has another form.

        Further variables may start and move beside the first. Raises PatternError for what patterns
        cannot hold.
        """
        start, *starts = node.start
        if not isinstance(start, ir.Declaration):
            raise self.refuse("a loop that declares no variable")
        begun = self.declare(start, names.LOOPS if start.name == "i" else names.INNER)
        more = tuple(self.declare(s) for s in starts)
        variable = ir.Name(begun.name)
        test, (step, *also) = self.expression(node.test), self.block(node.step)
        compared = type(test) is ir.Binary and test.op in ("<", "<=", ">", ">=")
        counts = compared and test.left == variable == step.target
        counts = counts and step.op in ("+=", "-=") and type(step.value) is ir.Literal
        body = self.block(node.body)
        if not counts:
            return (begun, *more, ir.For((), test, (step,), (*body, *also)))
        moved = (s for s in ast.walk_statements(body) if type(s) is ir.Assign)
        if any(s.target == variable for s in moved):
            self.c_only = True  # Fortran's loops count their turns before the first
        by = int(step.value.text) * (1 if step.op == "+=" else -1)
        head = (begun.name, begun.value, test.op, test.right, body, by, begun.type.name)
        return (ast.loop(*head, also=tuple(also), starts=more),)


# ------------------------------------------------------------------------------------------ nests


def make_nest(
    maker: TreeMaker,
    statements: tuple[ir.Statement, ...],
    parallel: int,
    buffers: tuple[Parameter, ...] = (),
) -> Nest:
    """Return the loop nest that a pattern's `statements` form, with the names, types and holes that
    `maker` draws. Its parameters stay with the maker's builder.

    parallel: how many of the outermost loops are parallel; 0: one thread does everything.
    buffers: arrays that the function itself allocates; then every loop of the body, with `parallel`
        levels, is parallel. () for none.
    Raises PatternError for what patterns cannot hold.
    """
    body = maker.block(statements)
    if buffers:
        return _make_buffered(maker, body, parallel, buffers)
    if not parallel:
        results = [s.value for s in body if type(s) is ir.Return and s.value is not None]
        result = results[-1] if results else None
        kind = None if result is None else ast.infer_type(result, maker.b.types)
        early = (s for outer in body for b in ast.get_blocks(outer) for s in ast.walk_statements(b))
        if any(type(s) is ir.Return and s.value is not None for s in early):
            maker.c_only = True  # a Fortran function sets its result and goes on
        region = Region((), _vary(maker.b, body))
        return Nest([region], sequential=True, result=kind, c_only=maker.c_only)
    at = next(k for k, s in enumerate(body) if ast.is_count(s))
    region = _make_region(body[at], parallel)
    nest = Nest([region], before=body[:at], c_only=maker.c_only)
    if body[at + 1 :]:
        _return_total(maker, nest, body[at + 1 :])
    return nest


def _make_region(loop: ir.For, parallel: int) -> Region:
    """The first loops become axes."""
    axes, inner = (), (loop,)
    for _ in range(parallel):
        loop = ast.read_count(inner[0])
        axes += (Axis(loop.variable, loop.start, loop.stop, loop.op == "<=", loop.step),)
        inner = loop.body
    return Region(axes, _mark_atomic(inner, {a.variable for a in axes}))


def _make_buffered(
    maker: TreeMaker, body: tuple, parallel: int, buffers: tuple[Parameter, ...]
) -> Nest:
    """Regions after each other; `COPY(to, from)` behind one, or a loop round all of them."""
    repeated = None
    if len(body) == 1 and ast.is_count(body[0].body[0]) and len(body[0].body) > 1:
        count = ast.read_count(body[0])
        repeated, body = (count.variable, count.stop), count.body
    regions: list[Region] = []
    for statement in body:
        if ast.is_count(statement):
            regions.append(_make_region(statement, parallel))
        else:
            regions[-1].copied = (statement.target.id, statement.value.id)
    how = maker.b.pick(("calloc", "malloc", "new", "calloc uncast", "malloc uncast"))
    return Nest(
        regions, kernel=False, c_only=True, buffers=buffers, allocation=how,
        repeated=repeated,
    )  # fmt: skip


def _return_total(maker: TreeMaker, nest: Nest, after: tuple) -> None:
    """The nest returns what its region gathers in one local."""
    types = maker.b.types
    inside = list(ast.walk_statements(nest.regions[0].body))
    assigned = {ast.name_of(s.target) for s in inside if type(s) is ir.Assign}
    (local,) = {s.name for s in nest.before if ast.is_local(s)} & assigned
    tests = [s for s in inside if type(s) is ir.If]
    compared = [s.test.op for s in tests if any(_sets(t, local) for t in s.then)]
    op = {">": "max", "<": "min"}[compared[0]] if compared else "+"
    nest.regions[0].reduction = (op, local)
    if op == "+" and types[local] not in FLOATS:
        nest.regions[0].body = rebuilt(nest.regions[0].body, partial(_add_wholes, local, types))
    nest.after, nest.result = after, ast.infer_type(after[-1].value, types)
    nest.kernel = types[local] in ("i32", "f32", "f64") and (op == "+" or types[local] == "i32")


def _add_wholes(local: str, types: dict[str, str], node: ir.Node) -> ir.Node:
    """A real number that is added to a whole total is cut off first: else each sum would be, and
    threads would give another total.
    """
    if type(node) is not ir.Assign or node.target != ir.Name(local):
        return node
    if ast.infer_type(node.value, types) not in FLOATS:
        return node
    value = ast.paren(node.value) if type(node.value) is ir.Binary else node.value
    return replace(node, value=ast.cast(types[local], value))


def _sets(statement: ir.Statement, name: str) -> bool:
    plain = type(statement) is ir.Assign and statement.op == "="
    return plain and statement.target == ir.Name(name)


def _mark_atomic(body: tuple, variables: set[str]) -> tuple:
    """Additions to a place that the parallel loops' variables do not name are atomic, but for views
    of rows, which an iteration has for itself.
    """
    views = {s.name for s in ast.walk_statements(body) if ast.is_view(s)}

    def change(node: ir.Node) -> ir.Node:
        adds = type(node) is ir.Assign and node.op in ("+=", "-=")
        if not adds or type(node.target) is not ir.Access or node.target.base.id in views:
            return node
        own = variables <= _direct(node.target.indices)
        return node if own else replace(node, pragmas=ast.ATOMIC)

    return rebuilt(body, change)


def _direct(subscripts: tuple) -> set[str]:
    """Variables in subscripts, but not those in subscripts of other arrays."""
    found: set[str] = set()
    for node in subscripts:
        if type(node) is ir.Name:
            found.add(node.id)
        elif type(node) is not ir.Access:
            found |= _direct(ast.get_children(node))
    return found


def _vary(b: Builder, body: tuple) -> tuple:
    """Now and then the outermost loop is a while loop."""
    made: tuple = ()
    loops = [s.start[0].name for s in ast.walk_statements(body) if ast.is_count(s)]
    for statement in body:
        plain = ast.is_count(statement) and loops.count(statement.start[0].name) == 1
        inside = ast.walk_statements(statement.body) if plain else ()
        plain = plain and all(type(s) not in (ir.Jump, ir.Return) for s in inside)
        if plain and b.chance(0.08):
            loop = (*statement.body, statement.step[0])
            made += (statement.start[0], ir.While(statement.test, loop))
        else:
            made += (statement,)
    return made
