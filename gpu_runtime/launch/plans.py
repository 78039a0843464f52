"""Launch plans for bare kernels: which grid and block to try, as text that goes into a verdict.

Contract: `list_candidate_plans` reads the kernel's text (dimensions used, guards, strides,
block-size hints) and gives a small ordered set, most likely first; the caller runs them until one
passes every test. A kernel with a guard is launched with more threads than it has work, as its
guard promises that it may be; only a kernel without a guard gets an exact cover.

Text form: `grid=ceil(n/64),1,1 block=64,1,1 shared=4*64`. Expressions are over integer scalars of
the test and `len(array)`: + - * / (floor), ceil(a/b), min, max, gcd.

    python -c "from gpu_runtime.launch.plans import parse_plan; \\
        print(parse_plan('grid=ceil(n/64),1,1 block=64,1,1').geometry({'n': 100}, {}))"
"""

from __future__ import annotations

import ast
import itertools
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from corpora.records import ArrayValue, Program, ScalarValue, Signature, UnitTestSuite
from corpora.signatures.structures import flatten_members
from gpu_runtime.backend import Geometry
from gpu_runtime.launch.kernel_facts import DimensionFacts, KernelFacts, read_kernel_facts

MAX_PLANS = 24
MAX_BLOCK_THREADS = 1024
MAX_THREADS = 1 << 26
"""Of a launch that is tried: a limit of ours, which says nothing about the kernel."""
MOST_BLOCKS = ((1 << 31) - 1, 65_535, 65_535)
"""Of a grid along x, y and z, as CUDA allows."""
ELEMENT_BYTES = {
    "char": 1,
    "bool": 1,
    "short": 2,
    "double": 8,
    "long": 8,
    "double2": 16,
    "float4": 16,
    "int4": 16,
    "float2": 8,
    "int2": 8,
}


class LaunchTooLargeError(ValueError):
    """A launch that a device takes is more than is tried here."""


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """The launch of a kernel as expressions over a test's sizes, such as `ceil(n/64)`. grid, block:
    number of blocks, and threads of a block, along (x, y, z). shared: the bytes of dynamic shared
    memory. str() gives the text that `parse_plan` reads.
    """

    grid: tuple[str, str, str]
    block: tuple[str, str, str]
    shared: str = "0"

    def __str__(self) -> str:
        text = f"grid={','.join(self.grid)} block={','.join(self.block)}"
        return text if self.shared == "0" else f"{text} shared={self.shared}"

    def geometry(self, scalars: Mapping[str, int], extents: Mapping[str, int]) -> Geometry:
        """Return the launch for one test. Dimensions below 1 become 1.

        scalars: integer scalars by name. extents: numbers of elements by array name. Raises
            LaunchTooLargeError, a ValueError, for a launch that a device takes and that is too
            large to be tried here; ValueError for one that no device takes, or an unknown name.
        """
        grid, block = (
            tuple(max(1, evaluate_expression(e, scalars, extents)) for e in part)
            for part in (self.grid, self.block)
        )
        threads = math.prod(block)
        if threads > MAX_BLOCK_THREADS or block[2] > 64:
            raise ValueError(f"a block of {threads} threads ('{self}') is more than a device takes")
        for axis, blocks, most in zip("xyz", grid, MOST_BLOCKS, strict=True):
            if blocks > most:
                raise ValueError(
                    f"a grid of {blocks} blocks along {axis} ('{self}') is more than a device takes"
                )
        if threads * math.prod(grid) > MAX_THREADS:
            raise LaunchTooLargeError(
                f"a grid of {math.prod(grid)} blocks ('{self}') is more than is tried"
            )
        return Geometry(grid, block, max(0, evaluate_expression(self.shared, scalars, extents)))


_OPERATIONS: dict[type, Callable[[int, int], int]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: _floor(a, b),
}
_FUNCTIONS: dict[str, Callable[..., int]] = {"min": min, "max": max, "gcd": math.gcd}


def _floor(a: int, b: int) -> int:
    if b == 0:
        raise ValueError("division by zero in a launch plan")
    return a // b


def evaluate_expression(
    expression: str, scalars: Mapping[str, int], extents: Mapping[str, int]
) -> int:
    """Return the value of an expression of a plan, such as `ceil(n/64)` or `len(x)`; `/` rounds
    down. scalars: integer scalars by name. extents: numbers of elements by array name. Raises
    ValueError if it cannot be read, has an unknown name or divides by zero.
    """
    return _value(_tree(expression), expression, scalars, extents)


_SIZE = re.compile(r"\b[A-Za-z_]\w*\b(?!\s*\()")
"""A word of a plan that is no function: a size."""


def rename_sizes(expression: str, rename: Callable[[str], str]) -> str:
    """Return an expression of a plan with each name in it replaced by `rename(name)`. It raises
    what `rename` raises.
    """
    return _SIZE.sub(lambda word: rename(word[0]), expression)


@lru_cache(maxsize=1024)
def _tree(expression: str) -> ast.expr:
    marked = rename_sizes(expression, lambda name: f"v_{name}")
    # a parameter may be called `from` or `lambda`
    try:
        return ast.parse(marked.strip(), mode="eval").body
    except (SyntaxError, MemoryError, RecursionError):
        raise ValueError(f"'{expression}' is not an expression of a launch plan") from None


def _value(
    node: ast.expr, text: str, scalars: Mapping[str, int], extents: Mapping[str, int]
) -> int:
    def value(n: ast.expr) -> int:
        return _value(n, text, scalars, extents)

    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    if isinstance(node, ast.Name):
        if node.id[2:] not in scalars:
            raise ValueError(
                f"the launch plan needs the integer '{node.id[2:]}', which the test does not have"
            )
        return int(scalars[node.id[2:]])
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -value(node.operand)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
        return _OPERATIONS[type(node.op)](value(node.left), value(node.right))
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.args
        and not node.keywords
    ):
        name, args = node.func.id, node.args
        if name == "len" and len(args) == 1 and isinstance(args[0], ast.Name):
            if args[0].id[2:] not in extents:
                raise ValueError(
                    f"the launch plan needs the extent of '{args[0].id[2:]}', which the test "
                    f"does not have"
                )
            return int(extents[args[0].id[2:]])
        if (
            name == "ceil"
            and len(args) == 1
            and isinstance(args[0], ast.BinOp)
            and isinstance(args[0].op, ast.Div)
        ):
            return -_floor(-value(args[0].left), value(args[0].right))
        if name in _FUNCTIONS and len(args) > 1:
            return _FUNCTIONS[name](*(value(a) for a in args))
    raise ValueError(
        f"'{ast.unparse(node).replace('v_', '')}' in '{text}' is not part of a launch plan"
    )


_PLAN = re.compile(
    r"\s*grid\s*=\s*(?P<grid>.+?)\s*block\s*=\s*(?P<block>.+?)\s*(?:shared\s*=\s*(?P<shared>.+?)\s*)?",
    re.S,
)


def parse_plan(text: str) -> LaunchPlan:
    """Parse the text of a launch plan such as `grid=ceil(n/64),1,1 block=64,1,1`, with ` shared=`
    and a number of bytes where it needs any. Dimensions left out are 1. Raises ValueError if it
    cannot be read.
    """
    found = _PLAN.fullmatch(text)
    if not found:
        raise ValueError(
            f"'{text}' is not a launch plan such as 'grid=ceil(n/64),1,1 block=64,1,1'"
        )
    parts = []
    for name in ("grid", "block"):
        dimensions = _split(found[name])
        if not 1 <= len(dimensions) <= 3:
            raise ValueError(
                f"{name} of the launch plan '{text}' has {len(dimensions)} dimensions, 1 to 3 "
                f"are possible"
            )
        parts.append(tuple(dimensions + ["1"] * (3 - len(dimensions))))
    plan = LaunchPlan(parts[0], parts[1], _split(found["shared"] or "0")[0])
    for expression in (*plan.grid, *plan.block, plan.shared):
        _check(expression)
    return plan


def _check(expression: str) -> None:
    anything = _Anything()
    evaluate_expression(expression, anything, anything)


class _Anything(dict[str, int]):
    """Every name is known and 1: used to read a plan without a test."""

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: str) -> int:
        return 1


def _split(text: str) -> list[str]:
    """At the commas outside brackets, white space removed. Raises ValueError where that would join
    two words.
    """
    for one, other in itertools.pairwise(text.split()):
        if _is_word(one[-1]) and _is_word(other[0]):
            raise ValueError(f"'{one} {other}' in a launch plan is not an expression")
    parts, depth = [""], 0
    for character in "".join(text.split()):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


# ---- candidates ----


@dataclass(frozen=True, slots=True)
class LaunchAxis:
    """The launch along one dimension. grid: number of blocks. block: threads of a block. Both are
    expressions as text over a test's sizes.
    """

    grid: str
    block: str


def list_candidate_plans(
    program: Program, signature: Signature, suite: UnitTestSuite | None = None
) -> list[LaunchPlan]:
    """Return at most MAX_PLANS (24) launch plans to try for a kernel, most likely first.

    program: names the kernel and has its text. signature: the kernel's. suite: tests in the
        kernel's parameter names; plans with equal launches on them are left out. None: no tests.
    """
    return list(iterate_candidate_plans(program, signature, suite))


def iterate_candidate_plans(
    program: Program, signature: Signature, suite: UnitTestSuite | None = None
) -> Iterator[LaunchPlan]:
    """Yield the launch plans to try for a kernel that `list_candidate_plans` returns, most likely
    first. Each is compared with the others only when the iterator reaches it.

    program: names the kernel and has its text. signature: the kernel's. suite: tests in the
        kernel's parameter names; plans with equal launches on them are left out. None: no tests.
    """
    facts = read_kernel_facts(replace(program, text=flatten_members(program.text, signature)))
    names = PlanNames.of(signature, suite)
    plans: list[LaunchPlan] = []
    for sizes in _block_sizes(facts):
        axes = [
            propose_axes(facts.dimensions[d], sizes[d], names, bool(facts.static_shared), d == 0)
            for d in range(3)
        ]
        chosen = sorted(
            itertools.product(*(enumerate(a) for a in axes)), key=lambda c: sum(i for i, _ in c)
        )
        for combination in chosen[:MAX_PLANS]:
            x, y, z = (axis for _, axis in combination)
            plan = LaunchPlan((x.grid, y.grid, z.grid), (x.block, y.block, z.block))
            plans += add_shared_memory(plan, facts, names)
    return itertools.islice(drop_repeated_plans(plans, suite), MAX_PLANS)


@dataclass(frozen=True, slots=True)
class PlanNames:
    """The names that expressions of a launch plan may use, likely ones first. scalars: of integer
    scalars. arrays: of arrays, of which `len(name)`, the number of elements, is meant.
    """

    scalars: tuple[str, ...]
    arrays: tuple[str, ...]

    @staticmethod
    def of(signature: Signature, suite: UnitTestSuite | None) -> PlanNames:
        """Return the names of a kernel's parameters that a launch plan may use. signature: the
        kernel's. suite: tests that may hold further integer scalars; None for no tests.
        """
        scalars = [p.name for p in signature.parameters if p.kind == "scalar" and p.type[0] in "iu"]
        arrays = [p for p in signature.parameters if p.kind != "scalar"]
        if suite is not None and suite.tests:
            scalars += [
                a.name
                for a in suite.tests[0].assignments
                if isinstance(a, ScalarValue) and a.type[0] in "iu" and a.name not in scalars
            ]
        arrays.sort(key=lambda p: p.intent == "in")
        return PlanNames(tuple(scalars), tuple(p.name for p in arrays))

    def exact(self) -> list[str]:
        """Return expressions of a plan that may be the number of threads along a dimension whose
        index the kernel does not compare with a bound, likely ones first: scalars, their products,
        lengths of arrays.
        """
        products = [f"{a}*{b}" for a, b in itertools.combinations(self.scalars, 2)]
        triples = (
            ["*".join(c) for c in itertools.combinations(self.scalars, 3)]
            if len(self.scalars) == 3
            else []
        )
        return [*self.scalars, *products, *(f"len({a})" for a in self.arrays), *triples]

    def cover(self) -> str:
        """Return an expression of a plan that is at least any count in a test, for a kernel whose
        guard could not be read.
        """
        counts = [f"len({a})" for a in self.arrays] or list(self.scalars)
        return f"max({','.join(counts)})" if len(counts) > 1 else counts[0] if counts else "1"


def _block_sizes(facts: KernelFacts) -> list[tuple[int, int, int]]:
    """Block shapes to try: what the text hints at, else a small one (more blocks, so that small
    tests see several).
    """
    used = sum(d.thread for d in facts.dimensions)
    usual = (64, 1, 1) if used <= 1 else (16, 8, 1) if used == 2 else (8, 4, 4)
    if facts.max_threads is not None and math.prod(usual) > facts.max_threads:
        usual = (max(1, facts.max_threads), 1, 1)
    return list(dict.fromkeys([*facts.block_hints[:3], usual]))


def propose_axes(
    dimension: DimensionFacts, size: int, names: PlanNames, fixed_block: bool, first: bool = True
) -> list[LaunchAxis]:
    """Return launches along one dimension, likely ones first.

    dimension: how the kernel uses it. size: threads of a block along it. names: what the
        expressions may count with. fixed_block: the text fixes the block's size. first: it is the
        dimension x.
    """
    if not dimension.thread and not dimension.block:
        return [LaunchAxis("1", "1")]
    if dimension.shared_bound:
        return [LaunchAxis("1", "1")]
    bounds = [b for b in dimension.bounds if is_plan_expression(b)] or (
        [names.cover()] if dimension.guarded else []
    )
    if dimension.strided:
        cover = bounds or names.exact()[:4]
        if not dimension.block:
            return [LaunchAxis("1", str(size))]
        return [
            LaunchAxis(
                f"min(3,ceil({add_brackets(b)}/{size}))", str(size) if dimension.thread else "1"
            )
            for b in cover[:1]
        ] + [
            LaunchAxis(f"ceil({add_brackets(b)}/{size})", str(size))
            for b in cover
            if dimension.thread
        ]
    if dimension.apart and not dimension.bounds and len(names.scalars) > 1:
        return [LaunchAxis(a, b) for a, b in itertools.permutations(names.scalars, 2)][:8]
    if dimension.joint:
        # Along x the joint index would wrap into the next row: exact there, more threads than work
        # in y and z.
        exact = [
            LaunchAxis(f"{add_brackets(b)}/gcd({b},{size})", f"gcd({b},{size})")
            for b in names.exact()[:6]
        ]
        return (
            exact
            if first
            else [
                LaunchAxis(f"ceil({add_brackets(b)}/{size})", str(size)) for b in names.exact()[:6]
            ]
        )
    if not dimension.block:
        rounded = (
            "8*ceil({}/8)" if size < 64 else "min(1024,32*ceil({}/32))"
        )  # more threads than work: the guard must hold
        inside = [LaunchAxis("1", rounded.format(add_brackets(b))) for b in bounds] or [
            LaunchAxis("1", b) for b in names.exact()[:8]
        ]
        return [LaunchAxis("1", str(size)), *inside] if fixed_block else inside
    if not dimension.thread:
        return [LaunchAxis(b, "1") for b in (bounds or names.exact()[:8])]
    if dimension.guarded or bounds:
        return [LaunchAxis(f"ceil({add_brackets(b)}/{size})", str(size)) for b in bounds]
    whole = [
        LaunchAxis(f"{add_brackets(b)}/gcd({b},{size})", f"gcd({b},{size})")
        for b in names.exact()[:10]
    ]
    return (
        [LaunchAxis(f"ceil({add_brackets(b)}/{size})", str(size)) for b in names.exact()[:6]]
        if fixed_block
        else whole or [LaunchAxis("1", str(size))]
    )


def is_plan_expression(bound: str) -> bool:
    """Return whether `bound`, an expression read from a kernel's guard, may be part of a launch
    plan.
    """
    try:
        _check(bound)
    except ValueError:
        return False
    return True


def add_brackets(expression: str) -> str:
    """Return an expression in parentheses, so that it can be an operand. A name, a number, a
    product or a call stays as it is.
    """
    name, _, inside = expression.partition("(")
    call = inside.endswith(")") and inside.count("(") == 0 and inside.count(")") == 1
    plain = all(_is_word(c) or c == "*" for c in expression)
    return expression if plain or (call and all(map(_is_word, name))) else f"({expression})"


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def add_shared_memory(plan: LaunchPlan, facts: KernelFacts, names: PlanNames) -> list[LaunchPlan]:
    """Return copies of `plan` with amounts of dynamic shared memory to try: one element per thread,
    two, or one per scalar. The plan of a kernel without such memory is the only one.

    facts: what the kernel's text says about its shared memory. names: the scalars that amounts may
        count with.
    """
    if not facts.dynamic_shared:
        return [plan]
    size = max(ELEMENT_BYTES.get(t, 4) for t in facts.dynamic_shared)
    threads = "*".join(b for b in plan.block if b != "1") or "1"
    amounts = [
        f"{size}*{threads}",
        f"{2 * size}*{threads}",
        f"{size}*({threads}+{threads})+{16 * size}",
        *(f"{size}*{s}" for s in names.scalars[:3]),
    ]
    return [LaunchPlan(plan.grid, plan.block, a) for a in amounts]


def drop_repeated_plans(
    plans: Sequence[LaunchPlan], suite: UnitTestSuite | None
) -> Iterator[LaunchPlan]:
    """Yield the plans, in order, without those of equal text, or of equal launches on all of the
    suite's tests. suite: tests in the kernel's parameter names; None: only texts are compared.
    """
    yield from plans[:1]  # before anything is reckoned for it
    tests = (
        [_values(test.assignments) for test in suite.tests]
        if suite is not None and len(plans) > 1
        else []
    )

    def key_of(plan: LaunchPlan) -> object:
        try:
            return tuple(plan.geometry(*test) for test in tests) or str(plan)
        except ValueError:
            return str(plan)

    seen = {key_of(plan) for plan in plans[:1]}
    for plan in plans[1:]:
        if (key := key_of(plan)) not in seen:
            seen.add(key)
            yield plan


def _values(
    assignments: Sequence[ScalarValue | ArrayValue],
) -> tuple[dict[str, int], dict[str, int]]:
    scalars = {
        a.name: int(a.value)
        for a in assignments
        if isinstance(a, ScalarValue) and a.type[0] in "iu"
    }  # type: ignore[arg-type]
    return scalars, {a.name: math.prod(a.extents) for a in assignments if isinstance(a, ArrayValue)}
