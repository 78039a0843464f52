"""A verified kernel as a file for a project: the kernel, an entry for data that is on the device
already, and a host function with the source's signature.

Contract: text only; whoever calls `make_host_file` has the engine judge the whole file against the
source before it is shown. Sizes of arrays come from the source's own subscripts
(`corpora.analysis.bounds`). What the source only reads is not copied back. Every CUDA call is
checked; the first that fails ends the process with its message, as the source's signature has no
place for an error. `NAME_on_device` returns the error instead.

    python -c "from coevolve.port.host_file import make_host_file; help(make_host_file)"
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from coevolve.evaluation.large_inputs import fit_lengths
from corpora.analysis.bounds import array_bounds
from corpora.analysis.polynomial import Polynomial
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.c_tokens import tokenize
from corpora.frontends.queries import functions_of
from corpora.ir import (
    Call,
    ExpressionStatement,
    Function,
    KernelLaunch,
    Name,
    Span,
    TranslationUnit,
)
from corpora.ir.edits import Edit, apply_edits
from corpora.ir.walk import find
from corpora.records import Program, UnitTest
from corpora.signatures.signature import read_signature
from gpu_runtime.launch.plans import LaunchPlan, parse_plan

HEAD = """#include <cuda_runtime.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

static inline void coevolve_check(cudaError_t code, const char *what)
{
    if (code != cudaSuccess) {
        std::fprintf(stderr, "%s: %s\\n", what, cudaGetErrorString(code));
        std::exit(EXIT_FAILURE);
    }
}
"""
HAS_BLOCKS = """
static inline bool coevolve_has_blocks(long long blocks) { return blocks > 0; }

// A negative count, which dim3 holds as a large one, is no blocks either.
static inline bool coevolve_has_blocks(dim3 grid)
{
    return (int)grid.x > 0 && (int)grid.y > 0 && (int)grid.z > 0;
}
"""


class HostFileError(ValueError):
    """Raised where no host function can be written for a CUDA kernel. Its message says why, in one
    line.
    """


def make_host_file(
    source: Program, kernel: str, launch: str, tests: Sequence[UnitTest] = ()
) -> str:
    """Return the text of a CUDA file with three functions for a source called NAME: the kernel
    `NAME_kernel`, `NAME_on_device` for data that is on the device already, and the host function
    NAME with the source's signature, which copies data to the device and back.

    source: the serial function in C++. kernel: the text of its port, one __global__ function of
        the source's name, perhaps with helpers. launch: the plan under which it was verified, such
        as `grid=ceil(n/64),1,1 block=64,1,1`. tests: of the source; they tell the sizes of arrays
        that the subscripts do not.
    Raises HostFileError if the source returns a value or takes more than numbers and arrays, if the
    size of an array follows neither from the source's subscripts nor from its tests, if the kernel
    has another name or other parameters, or if the plan has an expression without a form in C++.
    Raises SignatureError if the source cannot be read, ValueError if `launch` is no plan.
    """
    signature = read_signature(source)
    name = signature.name
    if signature.result is not None:
        raise HostFileError(f"'{name}' returns a value")
    odd = [p.name for p in signature.parameters if p.kind == "rows" or p.by_reference or p.member]
    if odd:
        raise HostFileError(f"parameter '{odd[0]}' is neither a number nor a flat array")
    unit = parse_c_family(source.text, "cpp")
    function = _function(unit, name)
    named = [p.name for p in signature.parameters if p.kind == "array"]
    counts = _counts(function, unit, named, tests)
    arrays = {p.name: p for p in signature.parameters if p.kind == "array"}
    plan = parse_plan(launch)
    head = source.text[function.span.start : function.body_span.start].strip()  # type: ignore
    inside = _between_brackets(kernel, name)
    passed = [p.name for p in signature.parameters]
    cmake = (
        f"// In CMakeLists.txt, with CUDA among the languages: add_library({name} STATIC {name}.cu)"
    )
    lines = [cmake, HEAD, _rename(kernel.strip(), name, f"{name}_kernel"), ""]
    lines += [
        "// For data that is on the device already.",
        f"cudaError_t {name}_on_device({inside}, cudaStream_t stream)",
        "{",
        *_launch(plan, name, passed, counts),
        "    return cudaGetLastError();",
        "}",
        "",
        head,
        "{",
        *(
            f"    const std::size_t bytes_{a} = sizeof(*{a}) * (std::size_t){text};"
            for a, text in counts.items()
        ),
        *(f"    void *device_{a} = nullptr;" for a in arrays),
    ]
    for a in arrays:
        lines += [
            f'    coevolve_check(cudaMalloc(&device_{a}, bytes_{a}), "memory for {a}");',
            f"    coevolve_check(cudaMemcpy(device_{a}, {a}, bytes_{a}, cudaMemcpyHostToDevice),",
            f'                   "{a} to the device");',
        ]
    types = _types(inside)
    if len(types) != len(passed):
        raise HostFileError("the kernel takes other parameters than the source")
    given = [
        f"({kind})device_{each}" if each in arrays else each
        for each, kind in zip(passed, types, strict=True)
    ]
    lines += [
        f'    coevolve_check({name}_on_device({", ".join(given)}, 0), "{name}");',
        f'    coevolve_check(cudaDeviceSynchronize(), "{name}");',
    ]
    for a, parameter in arrays.items():
        if parameter.intent != "in":
            lines += [
                f"    coevolve_check("
                f"cudaMemcpy({a}, device_{a}, bytes_{a}, cudaMemcpyDeviceToHost),",
                f'                   "{a} from the device");',
            ]
    lines += [f'    coevolve_check(cudaFree(device_{a}), "cudaFree");' for a in arrays]
    return "\n".join([*lines, "}", ""])


def check_calls(text: str) -> str:
    """Return the text of a CUDA port that has a host function, with every CUDA call and every
    launch in it checked: the first that fails ends the process with its message. A launch whose
    grid follows from sizes is made only where the grid has blocks: CUDA refuses an empty one, which
    without checks goes unseen. Code that stems from a macro stays as it is. A text in which nothing
    needs a check comes back unchanged; any other begins with the includes and the functions that
    the checks need.
    """
    edits, head = [], HEAD
    for function in functions_of(parse_c_family(text, "cuda")):
        for each in find(function.body, ExpressionStatement) if function.body else ():
            done, span = each.expression, each.span
            if span is None or span.expanded:
                continue
            if isinstance(done, Call) and done.span is not None:
                called = getattr(done.function, "id", "")
                if called.startswith("cuda"):
                    edits.append(Edit(done.span.start, done.span.start, "coevolve_check("))
                    edits.append(Edit(done.span.end, done.span.end, f', "{called}")'))
        for launch in find(function.body, KernelLaunch) if function.body else ():
            if launch.span is not None and not launch.span.expanded:
                edits += _check_launch(launch, text)
                head = f"{HEAD}{HAS_BLOCKS}" if _grid_that_may_be_empty(launch) else head
    return f"{head}\n{apply_edits(text, edits)}" if edits else text


def _check_launch(launch: KernelLaunch, text: str) -> list[Edit]:
    """The changes that make one statement of a launch and its check, also behind `if (n)`."""
    begin, end = launch.span.start, text.index(";", launch.span.end - 1) + 1  # type: ignore
    check = f'coevolve_check(cudaGetLastError(), "{getattr(launch.kernel, "id", "a kernel")}");'
    grid = _grid_that_may_be_empty(launch)
    if grid is None:
        return [Edit(begin, begin, "{ "), Edit(end, end, f" {check} }}")]
    line = text[text.rfind("\n", 0, begin) + 1 : begin]
    outer = "\n" + line[: len(line) - len(line.lstrip())]
    inner = outer + " " * 4
    before = (
        f"{{{inner}const auto coevolve_grid = {text[grid.start : grid.end]};"
        f"{inner}if (coevolve_has_blocks(coevolve_grid)) {{{inner}    "
    )
    return [
        Edit(begin, begin, before),
        Edit(grid.start, grid.end, "coevolve_grid"),
        Edit(end, end, f"{inner}    {check}{inner}}}{outer}}}"),
    ]


def _grid_that_may_be_empty(launch: KernelLaunch) -> Span | None:
    """The place of a launch's grid; None where it is a constant or comes out of a macro."""
    span = getattr(launch.grid, "span", None)
    varies = any(each.id != "dim3" for each in find(launch.grid, Name))
    return span if varies and span is not None and not span.expanded else None


def _function(unit: TranslationUnit, name: str) -> Function:
    for each in functions_of(unit):
        if each.name == name and each.body is not None and each.span and each.body_span:
            return each
    raise HostFileError(f"the source has no function '{name}'")


def _counts(
    function: Function, unit: TranslationUnit, arrays: Sequence[str], tests: Sequence[UnitTest]
) -> dict[str, str]:
    """The number of elements of each array as an expression of C++."""
    extents: dict[str, Polynomial | None] = {}
    for bound in array_bounds(function, unit):
        several = bound.array in extents or bound.dimension
        extents[bound.array] = None if several else bound.extent()
    measured = fit_lengths(tests)
    counts = {}
    for array in arrays:
        extent = extents.get(array)
        if extent is None or any(s.operator for s in extent.symbols()):
            length = measured.get((array, 0))
            if length is None or any(f != int(f) for f in length.factors):
                raise HostFileError(
                    f"the size of '{array}' follows neither from the source's subscripts nor from "
                    f"its tests"
                )
            text = _emit_terms([(t, int(f)) for t, f in zip(length.terms, length.factors)])
        else:
            text = _emit(extent)
        counts[array] = f"std::max<long long>(0, {text})"
    return counts


def _emit(polynomial: Polynomial) -> str:
    return _emit_terms([([s.name for s in m], c) for m, c in polynomial.terms])


def _emit_terms(terms: Sequence[tuple[Sequence[str], int]]) -> str:
    """Products of names with their factors as an expression of `long long`."""
    parts = []
    for names, coefficient in terms:
        if not coefficient:
            continue
        factors = [f"(long long){name}" for name in names]
        if abs(coefficient) != 1 or not factors:
            factors.insert(0, f"{abs(coefficient)}LL")
        parts.append(("-" if coefficient < 0 else "+", " * ".join(factors)))
    if not parts:
        return "0LL"
    first = ("-" if parts[0][0] == "-" else "") + parts[0][1]
    return first + "".join(f" {sign} {text}" for sign, text in parts[1:])


def _launch(
    plan: LaunchPlan, name: str, passed: Sequence[str], counts: dict[str, str]
) -> list[str]:
    """The lines that launch the kernel; a size below one launches one block, as in the tests."""
    sizes = [_size(each, counts) for each in (*plan.grid, *plan.block)]
    shared = "" if plan.shared == "0" else _size(plan.shared, counts)
    return [
        f"    const dim3 grid({', '.join(sizes[:3])});",
        f"    const dim3 block({', '.join(sizes[3:])});",
        f"    {name}_kernel<<<grid, block, {shared or '0'}, stream>>>({', '.join(passed)});",
    ]


def _size(expression: str, counts: dict[str, str]) -> str:
    if expression.isdigit():
        return expression
    text = _plan_text(ast.parse(expression, mode="eval").body, counts)
    return f"(unsigned)std::max<long long>(1, {text})"


_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


def _plan_text(node: ast.expr, counts: dict[str, str]) -> str:
    """An expression of a launch plan in C++."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return f"{node.value}LL"
    if isinstance(node, ast.Name):
        return f"(long long){node.id}"
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        left, right = _plan_text(node.left, counts), _plan_text(node.right, counts)
        return f"({left} {_OPERATORS[type(node.op)]} {right})"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        called = node.func.id
        if called == "ceil" and isinstance(node.args[0], ast.BinOp):
            over, under = (
                _plan_text(each, counts) for each in (node.args[0].left, node.args[0].right)
            )
            return f"({over} + {under} - 1) / {under}"
        if called in ("min", "max"):
            first, *rest = (_plan_text(each, counts) for each in node.args)
            for each in rest:
                first = f"std::{called}<long long>({first}, {each})"
            return first
        if called == "len" and isinstance(node.args[0], ast.Name):
            return f"({counts[node.args[0].id]})"
    raise HostFileError("the launch plan has an expression that has no form in C++")


def _between_brackets(kernel: str, name: str) -> str:
    """The parameters of the function `name` as written."""
    tokens = tokenize(kernel)
    for i, token in enumerate(tokens[:-1]):
        if token.text == name and tokens[i + 1].text == "(":
            depth = 0
            for later in tokens[i + 1 :]:
                depth += {"(": 1, ")": -1}.get(later.text, 0)
                if depth == 0:
                    return kernel[tokens[i + 1].end : later.start].strip()
    raise HostFileError(f"the port has no kernel '{name}'")


def _types(parameters: str) -> list[str]:
    """The type of each parameter, as written without its name."""
    found, depth, begin = [], 0, 0
    ends = [*(t for t in tokenize(parameters)), None]
    last = None
    for token in ends:
        if token is None or (token.text == "," and depth == 0):
            stop = last.start if last is not None else begin
            found.append(parameters[begin:stop].strip())
            begin = token.end if token is not None else begin
            continue
        depth += {"(": 1, "<": 1, ")": -1, ">": -1}.get(token.text, 0)
        last = token
    return found


def _rename(text: str, old: str, new: str) -> str:
    for token in reversed(tokenize(text)):
        if token.kind == "word" and token.text == old:
            text = text[: token.start] + new + text[token.end :]
    return text
