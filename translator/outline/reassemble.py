"""The ports of a function's parts put together: host code that launches a kernel for each, or the
function itself with each nest annotated.

Contract: rules alone; what is joined is a proposal as any other. The function is given as its
statements with `PortedKernel` in the places of those that were ported, inside of loops and branches
too. CUDA needs to know how long arrays are.

    python -c "from corpora.records import Program; \\
        from translator.normalize.fortran.convert import convert_function; \\
        from translator.outline.reassemble import PortedKernel, emit_host_launcher; \\
from translator.outline.outliner import Outliner; \\
    w = convert_function(Program('fortran', 'f', \\
    'subroutine f(n, x)\\ninteger n\\nreal x(n)\\nx = 2 * x\\nend')); \\
part = Outliner(w).part(w.body, {}); print(emit_host_launcher(w, [PortedKernel(part,
part.one_thread)]))"
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from corpora.analysis.loops import root_name
from corpora.emit.c_family import emit_c_family
from corpora.frontends.c_family import parse_c_expression, parse_c_family
from corpora.frontends.queries import function_named
from corpora.ir import (
    Binary,
    Call,
    Clause,
    Declaration,
    Expression,
    Function,
    If,
    Include,
    KernelLaunch,
    Literal,
    Macro,
    Name,
    ReferenceType,
    Return,
    ScalarType,
    Statement,
    Unary,
    Unsupported,
    UnsupportedExpression,
    Using,
    find,
    names_in,
    rewrite_statements,
    transform,
)
from corpora.signatures.null_checks import null_alternatives
from gpu_runtime.launch.plans import parse_plan
from translator.normalize.c_tree import blocks_of, names_of, print_function, read_statements
from translator.outline.c_function import CppFunction
from translator.outline.device_arrays import (
    convert_host_statement,
    find_moving_arrays,
    make_device_copies,
    make_device_name,
    resolve_array_lengths,
)
from translator.outline.members import (
    GatheredArray,
    StructureParameter,
    call_with_gathered_arrays,
    restore_structure_members,
)
from translator.outline.outliner import CHANGES, OutlinedPart, find_first_use, rename


@dataclass(frozen=True, slots=True)
class PortedKernel:
    """A part of a function with its port. text: of the port, an OpenMP function or a CUDA kernel.
    launch: text of the launch plan under which a CUDA kernel passed its tests; '' for another port.
    """

    part: OutlinedPart
    text: str
    launch: str = ""


Node = Any
"""A statement of the function, whose blocks may hold ported parts, or a PortedKernel."""


def insert_directives(function: CppFunction, nodes: Sequence[Node]) -> str:
    """Return the text of `function` with each part replaced by its OpenMP port.

    nodes: the function's body in order: statements, and a PortedKernel in the place of each part,
        also inside blocks.
    """

    def change(node: Node) -> tuple[Statement, ...] | None:
        return _port_statements(function, node) if isinstance(node, PortedKernel) else None

    body = rewrite_statements(tuple(nodes), change)
    body = restore_structure_members(body, function.structures)
    return function.before + print_function(function.head, body)


def _port_statements(function: CppFunction, port: PortedKernel) -> tuple[Statement, ...]:
    """The statements of a port under OpenMP, with what it was given by value as the function has
    it, and without what it returns last.
    """
    found = function_named(parse_c_family(port.text, "openmp"), port.part.program.name)
    body = (found.body or ()) if found is not None else ()
    return _by_pointer(port.part, body[:-1] if port.part.results else body)


def _by_pointer(part: OutlinedPart, body: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """With `*name` for what a part takes so."""
    return rename(body, {n[1:]: Unary("*", Name(n[1:])) for n in part.names if n[0] == "*"})


def can_insert_port(part: OutlinedPart, text: str) -> bool:
    """Return whether the body of an OpenMP port can replace the statements that it was made from.

    part: those statements as a function. text: the port. It must be one function, of the part's
        name, that can be read, and must return once, at its end, what the part returns.
    """
    unit = parse_c_family(text, "openmp")
    function = function_named(unit, part.program.name)
    others = [each for each in unit.items if not isinstance(each, (Include, Using, Macro))]
    if function is None or others != [function] or unit.errors:
        return False
    body = function.body or ()
    if any(find(body, Unsupported, UnsupportedExpression)):
        return False
    pointed = {name[1:] for name in part.names if name[0] == "*"}
    if any(names_in(clause.arguments) & pointed for clause in find(body, Clause)):
        return False  # a clause lists variables, and `*name` is none
    endings = tuple(Return(Name(name)) for name in part.results)
    return tuple(find(body, Return)) == endings and body[len(body) - len(endings) :] == endings


# ---- host code that launches kernels ----


def emit_host_launcher(function: CppFunction, nodes: Sequence[Node]) -> str | None:
    """Return CUDA text with a kernel for each part of `function`, and a host function that launches
    them.

    nodes: the function's body in order, not empty: statements of the host, and a PortedKernel in
        the place of each part, also inside blocks. The host function copies arrays to the device
        and results back. Returns None if the length of an array is unknown.
    """
    every = list(_find_ported_parts(nodes))
    results = {name: type for each in every for name, type in each.part.results.items()}
    function = resolve_array_lengths(function)
    changing = find_moving_arrays(function)
    used = [
        name
        for name in function.arrays
        if name in changing or any(name in each.part.names for each in every)
    ]
    if any(not function.arrays[name].count for name in used):
        return None
    first = _count_before_copies(function, nodes)
    function = _drop_null_checks(function, nodes[:first])
    last = len(nodes) - isinstance(nodes[-1], Return)
    copied, back = (
        read_statements("\n".join(rows)) for rows in make_device_copies(function, used, results)
    )
    body = (
        *_host_statements(function, nodes[:first]),
        *copied,
        *_copy_back_before_return(_host_statements(function, nodes[first:last]), back),
        *back,
        *_host_statements(function, nodes[last:]),
    )
    body = _drop_unused_scalars(body)
    kernels = "\n".join(each.text.strip() + "\n" for each in every)
    if all(each.passing == "rows" for each in function.structures):
        return f"{kernels}\n{print_function(function.head, body)}"
    head, outside = _emit_by_members(function, used, body)
    return f"{function.before}{kernels}\n{print_function(head, body)}\n{outside}"


def _drop_unused_scalars(body: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """Host code without declarations of scalars that get no value in them and are named nowhere."""
    named = names_in(body)

    def change(node: Statement) -> tuple[Statement, ...] | None:
        unset = isinstance(node, Declaration) and node.value is None and node.arguments is None
        if unset and isinstance(node.type, ScalarType) and node.name not in named:
            return ()
        return None

    return rewrite_statements(body, change)


def _copy_back_before_return(
    body: tuple[Statement, ...], back: tuple[Statement, ...]
) -> tuple[Statement, ...]:
    """Host code in which arrays come back before the function ends early."""

    def change(node: Statement) -> tuple[Statement, ...] | None:
        return (*back, node) if isinstance(node, Return) else None

    return rewrite_statements(body, change)


def _emit_by_members(
    function: CppFunction, used: Sequence[str], body: Sequence[Statement]
) -> tuple[str, str]:
    """The head of a function of numbers, whose statements are `body`, and the function itself,
    which calls it with its structures' numbers.
    """
    of = {each.owner: each for each in function.structures if each.passing != "rows"}
    declared, given = [], []
    for parameter in function.prototype.parameters:
        name = parameter.name
        if name not in of:
            declared.append(emit_c_family(parameter).strip())
            given.append(name)
            continue
        numbers = _member_arguments(function, of[name], used, body)
        declared += _format_declarations(function, numbers)
        given += [f"{n}.data()" if n == name else n for n in numbers]
    own = {n for each in function.structures if each.passing == "array" for n in each.numbers}
    arrays = [_make_gathered_array(function, n) for n in used if n in own]
    name = f"{function.name}_of_numbers"
    result = emit_c_family(function.prototype.result)
    return f"static {result} {name}({', '.join(declared)})", call_with_gathered_arrays(
        function.head, f"{name}({', '.join(given)})", arrays, function.structures
    )


def _make_gathered_array(function: CppFunction, name: str) -> GatheredArray:
    array = function.arrays[name]
    changed = {root_name(each.target) for each in find(function.body, *CHANGES)}
    is_set = not array.is_const and name in changed
    return GatheredArray(name, array.type, array.count, is_set)


def _member_arguments(
    function: CppFunction,
    structure: StructureParameter,
    used: Sequence[str],
    body: Sequence[Statement],
) -> list[str]:
    """What a function that does `body` takes in place of the structure."""
    own = [structure.owner] if structure.passing == "vector" and structure.owner in used else []
    named = names_of(tuple(body))
    return own + [
        n for n in structure.numbers if n in used or (n in function.scalars and n in named)
    ]


def _format_declarations(function: CppFunction, numbers: Sequence[str]) -> list[str]:
    arrays = function.arrays
    return [
        f"{'const ' * arrays[n].is_const}{arrays[n].type} *{n}"
        if n in arrays
        else f"{function.scalars[n]} {n}"
        for n in numbers
    ]


# ---- the function itself as a kernel ----


def emit_single_kernel(function: CppFunction, nodes: Sequence[Node]) -> str | None:
    """Return the whole function as the text of one CUDA kernel, in which every thread runs what
    comes before the part; None if that cannot be, as where more than one part touches arrays or
    the function returns a value. nodes: the function's body in order: statements, and a
    PortedKernel in the place of each part.
    """
    places = [k for k, node in enumerate(nodes) if isinstance(node, PortedKernel)]
    prototype = function.prototype
    if (
        len(places) != 1
        or prototype.result != ScalarType("void")
        or function.changed
        or _holds_pointer_members(function)
        or len(list(_find_ported_parts(nodes))) != 1
    ):
        return None
    (place,) = places
    port, before, after = nodes[place], tuple(nodes[:place]), nodes[place + 1 :]
    if any(
        array.is_local and name in port.part.names for name, array in function.arrays.items()
    ) or any(node != Return() for node in after):
        return None
    read = _read_kernel(port)
    if read is None or port.part.results or names_of(before) & function.arrays.keys():
        return None
    helpers, kernel = read
    body = (*before, *_by_pointer(port.part, kernel.body or ()))
    vectors = {each.owner: each for each in function.structures if each.passing == "vector"}
    declared: list[str] = []
    for parameter in prototype.parameters:
        if parameter.name in vectors:
            vector = vectors[parameter.name]
            numbers = _member_arguments(function, vector, [parameter.name], body)
            declared += _format_declarations(function, numbers)
            continue
        type = parameter.type
        by_value = type.to if isinstance(type, ReferenceType) else type
        declared.append(emit_c_family(replace(parameter, type=by_value)).strip())
    others = [each for each in function.structures if each.passing != "vector"]
    head = f"__global__ void {function.name}({', '.join(declared)})"
    text = print_function(head, restore_structure_members(body, others))
    return function.before + helpers + text


def _read_kernel(port: PortedKernel) -> tuple[str, Function] | None:
    """The text of what stands beside a port's kernel, and that; None where its parameters are other
    ones than the part's, or not all of it is understood.
    """
    unit = parse_c_family(port.text, "cuda")
    kernel = function_named(unit, port.part.program.name)
    wanted = function_named(parse_c_family(port.part.program.text, "cpp"), port.part.program.name)
    if kernel is None or wanted is None or "__global__" not in kernel.qualifiers or unit.errors:
        return None
    if kernel.parameters != wanted.parameters or len(kernel.qualifiers) > 1:
        return None
    if any(find(kernel.body or (), Unsupported, UnsupportedExpression)):
        return None
    rest = tuple(each for each in unit.items if each is not kernel)
    return emit_c_family(replace(unit, items=rest)) if rest else "", kernel


def _holds_pointer_members(function: CppFunction) -> bool:
    """Whether it takes a pointer to a structure that holds pointers, which a launch leaves on the
    host.
    """
    return any(
        each.passing == "pointer" and any(name in function.arrays for name in each.numbers)
        for each in function.structures
    )


# ---- statements of the host ----


def _count_before_copies(function: CppFunction, nodes: Sequence[Node]) -> int:
    """How many statements come before arrays are copied: those up to the last that may end the
    function or gives an array its first values, before anything is launched.
    """
    count = 0
    for k, node in enumerate(nodes):
        if any(_find_ported_parts([node])):
            break
        array = function.arrays.get(node.name) if isinstance(node, Declaration) else None
        filled = array is not None and not array.is_local
        if filled or any(find(_host_statements(function, [node]), Return)):
            count = k + 1
    return count


def _drop_null_checks(function: CppFunction, before: Sequence[Node]) -> CppFunction:
    """Without the question whether an array is there, where `before` ends the function if it is
    not.
    """
    there = {
        name
        for node in before
        if isinstance(node, If) and isinstance((node.then or (None,))[-1], Return)
        for name in null_alternatives(node.test)
    }
    return replace(
        function,
        arrays={
            name: replace(array, may_be_null=array.may_be_null and name not in there)
            for name, array in function.arrays.items()
        },
    )


def _find_ported_parts(nodes: Sequence[Node]) -> Iterator[PortedKernel]:
    for node in nodes:
        if isinstance(node, PortedKernel):
            yield node
        for block in blocks_of(node):
            yield from _find_ported_parts(block)


def _host_statements(function: CppFunction, nodes: Sequence[Node]) -> tuple[Statement, ...]:
    """Host code; arrays of the function's own live on the device alone."""

    def change(node: Node) -> tuple[Statement, ...] | None:
        if isinstance(node, PortedKernel):
            return _launch(function, node)
        converted = convert_host_statement(function, node)
        return None if converted == (node,) else converted

    return rewrite_statements(tuple(nodes), change)


def _launch(function: CppFunction, port: PortedKernel) -> tuple[Statement, ...]:
    """A launch of a port's kernel, with the scalars that it changes copied there and back."""
    before, behind = [], []
    for name, type in port.part.results.items():
        far = make_device_name(function, name)
        near = name if name in function.pointed else f"&{name}"
        if find_first_use(port.part.items, name) != "set":
            there = f"cudaMemcpy({far}, {near}, sizeof({type}), cudaMemcpyHostToDevice);"
            before.insert(0, there)
        behind.append(f"cudaMemcpy({near}, {far}, sizeof({type}), cudaMemcpyDeviceToHost);")
    grid, block, shared = _launch_configuration(function, port.launch)
    given = tuple(
        Name(make_device_name(function, n.lstrip("&")))
        if n in function.arrays or n[0] == "&"
        else parse_c_expression(n)
        for n in port.part.names
    )
    launch = KernelLaunch(Name(port.part.program.name), grid, block, given, shared)
    return (
        *read_statements("\n".join(before)),
        launch,
        *read_statements("\n".join(behind)),
    )


_PLANNED = frozenset({"gcd", "min", "max"})
"""Functions of launch plans that host code in C does not have."""


def can_emit_launch(launch: str) -> bool:
    """Return whether host code in C can express a launch plan. launch: the plan's text. Raises
    ValueError if it cannot be read.
    """
    plan = parse_plan(launch)
    calls = find(
        tuple(parse_c_expression(each) for each in (*plan.grid, *plan.block, plan.shared)), Call
    )
    return not any(isinstance(c.function, Name) and c.function.id in _PLANNED for c in calls)


def _launch_configuration(
    function: CppFunction, launch: str
) -> tuple[Expression, Expression, Expression | None]:
    one = Literal("1", "i32")
    if not launch:
        return one, one, None
    plan = parse_plan(launch)
    grid, block = (
        tuple(_in_c(function, each) for each in dimensions)
        for dimensions in (plan.grid, plan.block)
    )
    shaped = [d[0] if d[1:] == (one, one) else Call(Name("dim3"), d) for d in (grid, block)]
    return shaped[0], shaped[1], None if plan.shared == "0" else _in_c(function, plan.shared)


def _in_c(function: CppFunction, expression: str) -> Expression:
    """An expression of a launch plan in C."""

    def change(node: Any) -> Any:
        match node:
            case Call(Name("len"), (Name(name),)):
                return function.arrays[name].extent
            case Call(Name("ceil"), (Binary("/", over, Literal(by) as size),)):
                return Binary("/", Binary("+", over, Literal(str(int(by) - 1), "i32")), size)
            case Call(Name("ceil"), (Binary("/", over, by),)):
                rounded = Binary("-", Binary("+", over, by), Literal("1", "i32"))
                return Binary("/", rounded, by)
            case Name(name) if name in function.pointed:
                return Unary("*", node)
        return node

    return transform(parse_c_expression(expression), change)
