"""Loops for tests, written as Python: read into the typed tree, and executed under watch.

`def f(a: "f64*", n: "i32"):` gives the parameters; `for i in range(lo, hi, step)` is C's counted
loop. `executed` runs the same text and gives every conflict between iterations.
"""

import ast
import itertools
import operator
from collections import defaultdict

from corpora.ir import (
    Access,
    ArrayType,
    Assign,
    Binary,
    Call,
    Conditional,
    Declaration,
    ExpressionStatement,
    Extent,
    For,
    Function,
    If,
    Jump,
    Literal,
    Name,
    Parameter,
    PointerType,
    Return,
    ScalarType,
    Span,
    Unary,
    While,
)

_OPS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.FloorDiv: "/", ast.Div: "/", ast.Mod: "%",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
    ast.And: "&&", ast.Or: "||", ast.BitAnd: "&", ast.RShift: ">>", ast.LShift: "<<",
}  # fmt: skip


def type_of(text: str):
    """`f64`, `f64*`, `const i32*`, `f64* restrict`, `f64[n][m]`."""
    name = text.replace("const", "").replace("restrict", "").strip()
    if "[" in name:
        extents = [Extent(size=Name(e)) for e in name.replace("]", "").split("[")[1:]]
        return ArrayType(ScalarType(name.split("[")[0]), tuple(extents))
    scalar = ScalarType(name.rstrip("*"), const="const" in text)
    made = scalar
    for _ in range(name.count("*")):
        made = PointerType(made, restrict="restrict" in text)
    return made


def read(text: str) -> Function:
    """The function of a Python text."""
    node = next(n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef))
    parameters = tuple(
        Parameter(a.arg, type_of(ast.literal_eval(a.annotation))) for a in node.args.args
    )
    return Function(node.name, parameters, ScalarType("void"), _block(node.body), span=_span(node))


def _span(node) -> Span:
    start = node.lineno * 1000 + node.col_offset
    return Span(start, node.end_lineno * 1000 + node.end_col_offset, node.lineno, node.end_lineno)


def _block(nodes) -> tuple:
    return tuple(s for n in nodes for s in _statement(n))


def _statement(n):
    span = _span(n)
    if isinstance(n, ast.AnnAssign):
        value = _expression(n.value) if n.value else None
        yield Declaration(n.target.id, type_of(ast.literal_eval(n.annotation)), value, span=span)
    elif isinstance(n, ast.Assign):
        yield Assign(_expression(n.targets[0]), "=", _expression(n.value), span=span)
    elif isinstance(n, ast.AugAssign):
        op = _OPS[type(n.op)] + "="
        yield Assign(_expression(n.target), op, _expression(n.value), span=span)
    elif isinstance(n, ast.If):
        yield If(_expression(n.test), _block(n.body), _block(n.orelse), span=span)
    elif isinstance(n, ast.While):
        yield While(_expression(n.test), _block(n.body), span=span)
    elif isinstance(n, ast.For):
        yield _for(n)
    elif isinstance(n, ast.Expr):
        yield ExpressionStatement(_expression(n.value), span=span)
    elif isinstance(n, (ast.Break, ast.Continue)):
        yield Jump("break" if isinstance(n, ast.Break) else "continue", span=span)
    elif isinstance(n, ast.Return):
        yield Return(_expression(n.value) if n.value else None, span=span)
    else:
        assert isinstance(n, ast.Pass), ast.dump(n)


def _for(n: ast.For) -> For:
    bounds = [_expression(a) for a in n.iter.args]
    lower, upper = ([Literal("0", "i32")] + bounds if len(bounds) == 1 else bounds)[:2]
    step = ast.unparse(n.iter.args[2]) if len(bounds) > 2 else "1"
    i = Name(n.target.id)
    down = step.startswith("-")
    move = Assign(i, "-=" if down else "+=", _expression(ast.parse(step.lstrip("-")).body[0].value))
    start = Declaration(i.id, ScalarType("i32"), lower)
    test = Binary(">" if down else "<", i, upper)
    return For((start,), test, (move,), _block(n.body), span=_span(n))


def _expression(n):
    span = _span(n)
    if isinstance(n, ast.Name):
        return Name(n.id, span=span)
    if isinstance(n, ast.Constant):
        return Literal(str(n.value), "f64" if isinstance(n.value, float) else "i32", span=span)
    if isinstance(n, ast.BinOp):
        return Binary(_OPS[type(n.op)], _expression(n.left), _expression(n.right), span=span)
    if isinstance(n, ast.Compare):
        return Binary(
            _OPS[type(n.ops[0])], _expression(n.left), _expression(n.comparators[0]), span=span
        )
    if isinstance(n, ast.BoolOp):
        total = _expression(n.values[0])
        for value in n.values[1:]:
            total = Binary(_OPS[type(n.op)], total, _expression(value), span=span)
        return total
    if isinstance(n, ast.UnaryOp):
        return Unary("-" if isinstance(n.op, ast.USub) else "!", _expression(n.operand), span=span)
    if isinstance(n, ast.IfExp):
        parts = (_expression(p) for p in (n.test, n.body, n.orelse))
        return Conditional(*parts, span=span)
    if isinstance(n, ast.Subscript):
        base, index = _expression(n.value), n.slice
        indices = index.elts if isinstance(index, ast.Tuple) else [index]
        return Access(base, tuple(map(_expression, indices)), span=span)
    assert isinstance(n, ast.Call), ast.dump(n)
    return Call(_expression(n.func), tuple(map(_expression, n.args)), span=span)


class _Number(int):
    """Whole numbers whose quotient truncates, as C's does."""


class _Memory:
    """An array that notes every access with the iterations in which it happens."""

    def __init__(self, name, log, now, values=None):
        self.name, self.log, self.now, self.values = name, log, now, values

    def __getitem__(self, at):
        self.log.append((self.name, at, False, tuple(self.now)))
        return self.values(at) if self.values else 1

    def __setitem__(self, at, value):
        self.log.append((self.name, at, True, tuple(self.now)))


class _Loops(ast.NodeTransformer):
    """Gives each `range` the number of its loop, in the order of the text."""

    def __init__(self):
        self.number = itertools.count(1)

    def visit_For(self, node):
        node.iter = ast.Call(
            ast.Name("_range", ast.Load()), [ast.Constant(next(self.number)), *node.iter.args], []
        )
        self.generic_visit(node)
        return node

    def visit_AnnAssign(self, node):
        return ast.Assign([node.target], node.value or ast.Constant(0))


def conflicts(text: str, scalars: dict[str, int], arrays: list[str]) -> set[int]:
    """Numbers of the loops (in the order of the text, from 1) of which two iterations touch one
    element, at least one writing it, when the function runs with `scalars`."""
    tree = ast.fix_missing_locations(_Loops().visit(ast.parse(text)))
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
    log, now, runs = [], [], itertools.count()

    def tracked(number, *bounds):
        run = next(runs)
        for i in range(*bounds):
            now.append((number, run, i))
            yield i
            now.pop()

    names = {"_range": tracked}
    exec(compile(tree, "loops", "exec"), names)
    function = next(v for k, v in names.items() if callable(v) and k not in ("_range",))
    memories = {a: _Memory(a, log, now) for a in arrays}
    function(**memories, **scalars)
    return _conflicting(log)


def _conflicting(log) -> set[int]:
    found = set()
    touched = defaultdict(list)
    for name, at, writes, now in log:
        touched[name, at].append((writes, now))
    for accesses in touched.values():
        for (w1, one), (w2, two) in itertools.combinations(accesses, 2):
            if not (w1 or w2):
                continue
            for a, b in zip(one, two, strict=False):
                if operator.eq(a[:2], b[:2]) and a != b:
                    found.add(a[0])
                if a != b:
                    break
    return found


class _Scalars(_Loops):
    """As `_Loops`, and variables called t, u or v become memory that is watched."""

    def visit_Name(self, node):
        if node.id in ("t", "u", "v"):
            return ast.Subscript(ast.Name("_memory", ast.Load()), ast.Constant(node.id), node.ctx)
        return node

    def visit_AnnAssign(self, node):
        self.generic_visit(node)
        return ast.Assign([node.target], node.value or ast.Constant(0))


def flows(text: str, scalars: dict[str, int], arrays: list[str], seed: int) -> set[tuple]:
    """(loop, variable, behind): an iteration reads what another iteration of the same run wrote,
    or (behind) what is read behind the loop was not written by its last iteration."""
    tree = ast.fix_missing_locations(_Scalars().visit(ast.parse(text)))
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
    log, now, runs, last = [], [], itertools.count(), {}

    def tracked(number, *bounds):
        run = next(runs)
        for i in range(*bounds):
            now.append((number, run, i))
            last[number, run] = i
            yield i
            now.pop()

    def value(at):
        return hash((seed, at, len(log))) % 5 - 2

    memory = _Memory("", log, now, value)
    names = {"_range": tracked, "_memory": memory}
    exec(compile(tree, "loops", "exec"), names)
    function = next(v for k, v in names.items() if callable(v) and k not in ("_range", "_memory"))
    function(**{a: _Memory(a, log, now, value) for a in arrays}, **scalars)
    return _flowing(log, last)


def _flowing(log, last) -> set[tuple]:
    found, writer = set(), {}
    for name, at, writes, now in log:
        variable = name or at
        if not writes and (name, at) in writer:
            wrote = writer[name, at]
            here = {(number, run): i for number, run, i in now}
            for number, run, i in wrote:
                if here.get((number, run), i) != i:
                    found.add((number, variable, False))
                    break
                if (number, run) not in here and last[number, run] != i:
                    found.add((number, variable, True))
        if writes:
            writer[name, at] = now
    return found
