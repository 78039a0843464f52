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
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from coevolve.evaluation.large_inputs import LengthPolynomial, fit_lengths
from coevolve.port.host_arguments import (
    HostFileError,
    bind_kernel,
    hand_over,
    show_parameter,
    spell_value,
)
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
    NamedType,
    Span,
    StructDefinition,
    TranslationUnit,
    TypeAlias,
)
from corpora.ir.edits import Edit, apply_edits
from corpora.ir.walk import find
from corpora.records import ArrayValue, Parameter, Program, Signature, UnitTest
from corpora.signatures.signature import SignatureError, read_signature
from corpora.signatures.structures import VECTORS, flatten_members
from gpu_runtime.call.materialize import get_integer_scalars
from gpu_runtime.launch.plans import parse_plan
from translator.normalize.fortran.convert import convert_to_cpp

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


def make_host_file(
    source: Program, kernel: str, launch: str, tests: Sequence[UnitTest] = ()
) -> str:
    """Return the text of a CUDA file with three functions for a source called NAME: the kernel
    `NAME_kernel`, `NAME_on_device` for data that is on the device already, and the host function
    NAME with the source's signature, which copies data to the device and back.

    source: the serial function in C++ or Fortran. For Fortran the host function has the signature
        of the function's form in C++, with the linkage of C. kernel: the text of its port, one
        __global__ function of the source's name, perhaps with helpers. launch: the plan under which
        it was verified, such as `grid=ceil(n/64),1,1 block=64,1,1`. tests: of the source; they tell
        the sizes of arrays that the subscripts do not.
    Raises HostFileError if the source returns a value, if it is Fortran that rules cannot write in
    C++, if the size of an array follows neither from
    the source's subscripts nor from its tests, if the kernel has another name or takes what the
    source's parameters do not give, or if the plan has an expression without a form in C++.
    Raises SignatureError if the source cannot be read, ValueError if `launch` is no plan.
    """
    linkage = ""
    if source.dialect == "fortran":
        spoken, linkage = convert_to_cpp(source), 'extern "C" '
        if spoken is None:
            raise HostFileError("rules cannot write its Fortran in C++")
        source = spoken
    signature = read_signature(source)
    name = signature.name
    if signature.result is not None:
        raise HostFileError(f"'{name}' returns a value")
    unit, taking = parse_c_family(source.text, "cpp"), parse_c_family(kernel, "cuda")
    function, port = _function(unit, name, "source"), _function(taking, name, "port")
    try:
        bound = bind_kernel(signature, read_signature(Program("cuda", name, kernel)))
    except SignatureError as error:
        raise HostFileError(f"the kernel cannot be read: {error}") from None
    inside = _between_brackets(kernel, name)
    types = _types(inside)
    passed = [p.name for p in port.parameters]
    if len(types) != len(passed):
        raise HostFileError("the kernel's parameters cannot be told apart")
    lengths = _Lengths.of(source, signature, tests)
    values = {p.name: spell_value(p) for p in signature.parameters if p.kind == "scalar"}
    handed = hand_over(bound, function, port, types, lambda p: lengths.emit(p, values.__getitem__))
    arrays = {p.name: p for p in signature.parameters if p.kind == "array"}
    arrays |= {
        p.name: signature.parameters[i]
        for p, i in zip(bound.target.parameters, bound.sources, strict=True)
        if i >= 0 and p.kind == "array"
    }
    asked: dict[str, str] = {}
    plan, sizes = parse_plan(launch), handed.sizes
    own = {
        p.name: signature.parameters[i].name
        for p, i in zip(bound.target.parameters, bound.sources, strict=True)
        if i >= 0
    }

    def size(each: str) -> str:
        """A number of the launch plan where the kernel's parameters are known."""
        if each in sizes:
            return sizes[each]
        given = own.get(each, each)
        if given not in values:
            raise HostFileError(f"the launch counts with '{each}', which the source does not take")
        asked[given] = _unused(given, passed)
        return asked[given]

    grid, block, stream = (_unused(word, passed) for word in ("grid", "block", "stream"))
    emitted = [
        _size(each, size, lambda array: lengths.emit(arrays[array], size))
        for each in (*plan.grid, *plan.block, plan.shared)
    ]
    shared = "0" if plan.shared == "0" else emitted[6]
    taken = [each for each in [inside] if each]
    taken += [f"long long {each}" for each in asked.values()] + [f"cudaStream_t {stream}"]
    head = linkage + source.text[function.span.start : function.body_span.start].strip()  # type: ignore
    cmake = (
        f"// In CMakeLists.txt, with CUDA among the languages: add_library({name} STATIC {name}.cu)"
    )
    copies = handed.copies
    lines = [cmake, HEAD, *_types_of_head(function, unit, taking)]
    lines += [
        _rename(kernel.strip(), name, f"{name}_kernel"),
        "",
        "// For data that is on the device already.",
        f"cudaError_t {name}_on_device({', '.join(taken)})",
        "{",
        f"    const dim3 {grid}({', '.join(emitted[:3])});",
        f"    const dim3 {block}({', '.join(emitted[3:6])});",
        f"    {name}_kernel<<<{grid}, {block}, {shared}, {stream}>>>({', '.join(passed)});",
        "    return cudaGetLastError();",
        "}",
        "",
        head,
        "{",
        *(
            f"    const std::size_t bytes_{c.label} = sizeof({c.element}) * (std::size_t){c.count};"
            for c in copies
        ),
        *(f"    void *device_{c.label} = nullptr;" for c in copies),
    ]
    for c in copies:
        a = c.label
        lines += [
            f'    coevolve_check(cudaMalloc(&device_{a}, bytes_{a}), "memory for {c.shown}");',
            f"    coevolve_check(cudaMemcpy(device_{a}, {c.address}, bytes_{a},"
            " cudaMemcpyHostToDevice),",
            f'                   "{c.shown} to the device");',
        ]
    given = [*handed.arguments, *(values[each] for each in asked), "0"]
    lines += [
        *(f"    {each}" for each in handed.structures),
        f'    coevolve_check({name}_on_device({", ".join(given)}), "{name}");',
        f'    coevolve_check(cudaDeviceSynchronize(), "{name}");',
    ]
    for c in copies:
        if c.returned:
            lines += [
                f"    coevolve_check(cudaMemcpy({c.address}, device_{c.label}, bytes_{c.label},"
                " cudaMemcpyDeviceToHost),",
                f'                   "{c.shown} from the device");',
            ]
    lines += [f'    coevolve_check(cudaFree(device_{c.label}), "cudaFree");' for c in copies]
    return "\n".join([*lines, "}", ""])


def _unused(word: str, taken: Sequence[str]) -> str:
    while word in taken:
        word += "_"
    return word


def _types_of_head(function: Function, source: TranslationUnit, port: TranslationUnit) -> list[str]:
    """The source's definitions of the types that its function's parameters name and the port does
    not define.
    """
    known = {n.name for n in find(port.items, StructDefinition, TypeAlias)} | set(VECTORS)
    named = {
        t.name.removeprefix("::") for p in function.parameters for t in find(p.type, NamedType)
    }
    if not named - known:
        return []
    places = {
        (each.span.start, each.span.end)
        for each in source.items
        if isinstance(each, (StructDefinition, TypeAlias)) and each.span and each.name not in known
    }
    texts = [source.text[start:end].rstrip(";") for start, end in sorted(places)]
    return [*(f"{text};" for text in texts), ""]


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


def _function(unit: TranslationUnit, name: str, what: str) -> Function:
    for each in functions_of(unit):
        if each.name == name and each.body is not None and each.span and each.body_span:
            return each
    raise HostFileError(f"the {what} has no function '{name}'")


Terms = Sequence[tuple[Sequence[str], int]]
"""Products of names of integers, each with its factor."""


@dataclass(frozen=True, slots=True)
class _Lengths:
    """How many elements arrays have. bounds: of arrays by name, as the source's subscripts tell.
    fitted: as the tests tell. tests: of the source.
    """

    bounds: dict[str, Terms]
    fitted: dict[tuple[str, int], LengthPolynomial]
    tests: Sequence[UnitTest]

    @staticmethod
    def of(source: Program, signature: Signature, tests: Sequence[UnitTest]) -> _Lengths:
        flat = parse_c_family(flatten_members(source.text, signature, "cpp"), "cpp")
        integers = {
            p.name for p in signature.parameters if p.kind == "scalar" and p.type[0] in "iu"
        }
        extents: dict[str, Polynomial | None] = {}
        for bound in array_bounds(_function(flat, signature.name, "source"), flat):
            several = bound.array in extents or bound.dimension
            extents[bound.array] = None if several else bound.extent()
        bounds = {
            array: [([s.name for s in symbols], factor) for symbols, factor in extent.terms]
            for array, extent in extents.items()
            if extent is not None
            and all(not s.operator and s.name in integers for s in extent.symbols())
        }
        return _Lengths(bounds, fit_lengths(tests), tests)

    def emit(self, array: Parameter, spell: Callable[[str], str]) -> str:
        """The number of elements of a parameter as an expression of C++. spell: gives that of an
        integer by its name. Raises HostFileError where the number is not known.
        """
        terms = self._terms(array)
        text = _emit_terms([([spell(name) for name in names], f) for names, f in terms])
        text = f"std::max<long long>(0, {text})"
        least = self._least(array.name, terms)
        few = " || ".join(f"{spell(name)} < {value}" for name, value in least.items())
        return f"({few} ? 0 : {text})" if few else text

    def _terms(self, array: Parameter) -> Terms:
        if array.name in self.bounds:
            return self.bounds[array.name]
        fitted = self.fitted.get((array.name, 0))
        if fitted is None or any(f != int(f) for f in fitted.factors):
            raise HostFileError(
                f"the size of '{show_parameter(array)}' follows neither from the source's "
                f"subscripts nor from its tests"
            )
        return [(t, int(f)) for t, f in zip(fitted.terms, fitted.factors, strict=True)]

    def _least(self, array: str, terms: Terms) -> dict[str, int]:
        """The least values of integers from which on `terms` hold: in tests with smaller ones the
        loops do nothing, and the array has fewer elements. {} where `terms` are never too many.
        """
        names = list(dict.fromkeys(name for product, factor in terms if factor for name in product))
        seen: list[tuple[dict[str, int], int, bool]] = []
        for test in self.tests:
            values = get_integer_scalars(test)
            given = next((a for a in test.assignments if a.name == array), None)
            if not values.keys() >= set(names):  # sizes of Fortran's arrays of assumed shape
                continue
            if isinstance(given, ArrayValue) and not given.is_null and given.extents:
                needed = sum(f * math.prod(values[n] for n in product) for product, f in terms)
                seen.append((values, given.extents[0], needed > given.extents[0]))
        choices = itertools.product((None, 1, 2, 3, 4), repeat=min(len(names), _MOST_NAMES))
        for chosen in sorted(choices, key=lambda c: sum(v or 0 for v in c)):
            least = {n: v for n, v in zip(names, chosen) if v is not None}
            small = [any(values[n] < v for n, v in least.items()) for values, _, _ in seen]
            if all(
                length <= 1 if few else not over
                for few, (_, length, over) in zip(small, seen, strict=True)
            ):
                return least
        return {}


_MOST_NAMES = 4
"""Of an array's length, whose least values are sought."""


def _emit_terms(terms: Terms) -> str:
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


def _size(expression: str, spell: Callable[[str], str], count: Callable[[str], str]) -> str:
    """A size of a launch; one below 1 becomes 1, as in the tests."""
    if expression.isdigit():
        return expression
    text = _plan_text(ast.parse(expression, mode="eval").body, spell, count)
    return f"(unsigned)std::max<long long>(1, {text})"


_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


def _plan_text(node: ast.expr, spell: Callable[[str], str], count: Callable[[str], str]) -> str:
    """An expression of a launch plan in C++. spell: gives that of a number by its name. count: that
    of an array's length.
    """
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return f"{node.value}LL"
    if isinstance(node, ast.Name):
        return f"(long long){spell(node.id)}"
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        left, right = (_plan_text(each, spell, count) for each in (node.left, node.right))
        return f"({left} {_OPERATORS[type(node.op)]} {right})"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        called = node.func.id
        if called == "ceil" and isinstance(node.args[0], ast.BinOp):
            over, under = (
                _plan_text(each, spell, count) for each in (node.args[0].left, node.args[0].right)
            )
            return f"({over} + {under} - 1) / {under}"
        if called in ("min", "max"):
            first, *rest = (_plan_text(each, spell, count) for each in node.args)
            for each in rest:
                first = f"std::{called}<long long>({first}, {each})"
            return first
        if called == "len" and isinstance(node.args[0], ast.Name):
            return f"({count(node.args[0].id)})"
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
    """The type of each parameter, as written without its name; that of an array is a pointer."""
    found: list[str] = []
    depth, own = 0, []
    for token in [*tokenize(parameters), None]:
        if token is None or (token.text == "," and depth == 0):
            if own:
                bracket = next((i for i, t in enumerate(own) if t.text == "["), len(own))
                name, end = own[bracket - 1], own[-1].end
                type_ = parameters[own[0].start : name.start].strip()
                if bracket < len(own):
                    closing = next(t for t in own[bracket:] if t.text == "]")
                    inner = parameters[closing.end : end].strip()
                    type_ += f" (*){inner}" if inner else " *"
                found.append(type_)
            own = []
            continue
        depth += {"(": 1, "<": 1, ")": -1, ">": -1}.get(token.text, 0)
        own.append(token)
    return found


def _rename(text: str, old: str, new: str) -> str:
    for token in reversed(tokenize(text)):
        if token.kind == "word" and token.text == old:
            text = text[: token.start] + new + text[token.end :]
    return text
