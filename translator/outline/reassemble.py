"""The ports of a function's parts put together: host code that launches a kernel for each, or the
function itself with each nest annotated.

Contract: rules alone; what is joined is a proposal as any other. CUDA needs to know how long arrays
are.

    python -c "from corpora.records import Program; \\
        from translator.normalize.fortran.convert import convert_function; \\
        from translator.outline.reassemble import PortedKernel, emit_host_launcher; \\
from translator.outline.outliner import Outliner; \\
    w = convert_function(Program('fortran', 'f', \\
    'subroutine f(n, x)\\ninteger n\\nreal x(n)\\nx = 2 * x\\nend')); \\
part = Outliner(w).part(w.body.items, {}); print(emit_host_launcher(w, [PortedKernel(part,
part.one_thread)]))"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from corpora.signatures.null_checks import find_null_alternatives
from corpora.syntax.c_family import split_at_commas
from gpu_runtime.launch.plans import parse_plan
from translator.normalize.c_blocks import list_block_texts
from translator.outline.c_function import CppFunction
from translator.outline.device_arrays import (
    convert_host_statement,
    copy_back_before_return,
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
from translator.outline.outliner import DECLARED, TYPE, OutlinedPart, find_first_use
from translator.outline.pointer_swaps import read_exchange

_UNSET = re.compile(rf"\s*{TYPE}(\w+);$")


@dataclass(frozen=True, slots=True)
class PortedKernel:
    """A part of a function with its port. text: of the port. launch: the plan that a kernel passed
    under, ''.
    """

    part: OutlinedPart
    text: str
    launch: str = ""


@dataclass(slots=True)
class HostGroup:
    """What stays host code: a head (or chain of heads) with nodes inside."""

    head: str
    nodes: list[str | HostGroup | PortedKernel] = field(default_factory=list)


Node = str | HostGroup | PortedKernel


def insert_directives(function: CppFunction, nodes: Sequence[Node]) -> str:
    """Return the function's text with each part replaced by its port. nodes: the parts with ports,
    and the host code between them.
    """

    def ported(node: PortedKernel, depth: int) -> list[str]:
        return [
            row if row.startswith("#") else "    " * (depth - 1) + row
            for row in _body(function, node)
        ]

    text = "\n".join([f"{function.head} {{", *_emit_lines(nodes, 1, ported), "}"]) + "\n"
    return function.before + restore_structure_members(text, function.structures)


def _emit_lines(
    nodes: Sequence[Node], depth: int, ported: Callable[[PortedKernel, int], list[str]]
) -> list[str]:
    """The lines of `nodes`, those of a part by `ported`."""
    rows: list[str] = []
    for node in nodes:
        if isinstance(node, str):
            rows.append("    " * depth + node)
        elif isinstance(node, HostGroup):
            rows += [
                "    " * depth + f"{node.head} {{",
                *_emit_lines(node.nodes, depth + 1, ported),
                "    " * depth + "}",
            ]
        else:
            rows += ported(node, depth)
    return rows


def _body(function: CppFunction, ported: PortedKernel) -> list[str]:
    """The statements of a port, with what it was given by value as the function has it."""
    text = ported.text[ported.text.index("{") + 1 : ported.text.rindex("}")]
    for name in ported.part.results:
        text = re.sub(rf"\breturn {name};\s*$", "", text)
    for name in (n[1:] for n in ported.part.names if n[0] == "*"):
        text = re.sub(rf"\b{name}\b", f"(*{name})", text)
    return [row for row in text.splitlines() if row.strip()]


def emit_host_launcher(function: CppFunction, nodes: Sequence[Node]) -> str | None:
    """Return CUDA text with the parts' kernels and a host function that copies arrays, launches the
    kernels and copies results back. Returns None if the length of an array is unknown.
    """
    every = list(_find_ported_parts(nodes))
    results = {name: type for each in every for name, type in each.part.results.items()}
    function = resolve_array_lengths(function)
    changing = set().union(*(read_exchange(text) for text in list_block_texts(function.body)))
    used = [
        name
        for name in function.arrays
        if name in changing or any(name in each.part.names for each in every)
    ]
    if any(not function.arrays[name].count for name in used):
        return None
    first = _count_before_copies(function, nodes)
    function = _drop_null_checks(function, nodes[:first])
    last = len(nodes) - (isinstance(nodes[-1], str) and nodes[-1].startswith("return"))
    rows, closing = make_device_copies(function, used, results)
    inner = copy_back_before_return(_emit_launches(function, nodes[first:last]), closing)
    body = [
        *_emit_launches(function, nodes[:first]),
        *("    " + row for row in rows),
        *inner,
        *("    " + row for row in closing),
    ]
    body += _emit_launches(function, nodes[last:])
    body = [
        row
        for row in body
        if not (unset := _UNSET.match(row))
        or re.search(rf"\b{unset[2]}\b", "\n".join(body).replace(row, "", 1))
    ]
    kernels = "\n".join(each.text.strip() + "\n" for each in every)
    inside = "\n".join(body)
    if all(each.passing == "rows" for each in function.structures):
        return f"{kernels}\n{function.head} {{\n{inside}\n}}\n"
    head, outside = _emit_by_members(function, used, inside)
    return f"{function.before}{kernels}\n{head} {{\n{inside}\n}}\n\n{outside}"


def _emit_by_members(function: CppFunction, used: Sequence[str], inside: str) -> tuple[str, str]:
    """The head of a function of numbers, whose statements are `inside`, and the function itself,
    which calls it with its structures' numbers.
    """
    result, parameters, of = (
        *_parameters(function),
        {each.owner: each for each in function.structures if each.passing != "rows"},
    )
    declared, given = [], []
    for name, text in parameters:
        numbers = _member_arguments(function, of[name], used, inside) if name in of else []
        declared += _format_declarations(function, numbers) if name in of else [text]
        given += [f"{n}.data()" if n == name else n for n in numbers] if name in of else [name]
    own = {n for each in function.structures if each.passing == "array" for n in each.numbers}
    arrays = [_make_gathered_array(function, n) for n in used if n in own]
    name = f"{function.name}_of_numbers"
    return f"static {result} {name}({', '.join(declared)})", call_with_gathered_arrays(
        function.head, f"{name}({', '.join(given)})", arrays, function.structures
    )


def _make_gathered_array(function: CppFunction, name: str) -> GatheredArray:
    array, text = function.arrays[name], "\n".join(list_block_texts(function.body))
    is_set = not array.is_const and bool(re.search(rf"(?:^|\+\+|--){name}\[", text, re.M))
    return GatheredArray(name, array.type, array.count, is_set)


def _parameters(function: CppFunction) -> tuple[str, list[tuple[str, str]]]:
    """What a function returns, and its parameters: names and texts."""
    result, _, inside = function.head.removesuffix(")").partition(f" {function.name}(")
    parts = split_at_commas(re.findall(r"\w+|\s+|\S", inside))
    return result, [
        (next(word for word in reversed(part) if word.isidentifier()), "".join(part).strip())
        for part in parts
        if part
    ]


def _member_arguments(
    function: CppFunction, structure: StructureParameter, used: Sequence[str], inside: str
) -> list[str]:
    """What a function that does `inside` takes in place of the structure."""
    own = [structure.owner] if structure.passing == "vector" and structure.owner in used else []
    return own + [
        n
        for n in structure.numbers
        if n in used or (n in function.scalars and re.search(rf"\b{n}\b", inside))
    ]


def _format_declarations(function: CppFunction, numbers: Sequence[str]) -> list[str]:
    arrays = function.arrays
    return [
        f"{'const ' * arrays[n].is_const}{arrays[n].type} *{n}"
        if n in arrays
        else f"{function.scalars[n]} {n}"
        for n in numbers
    ]


def emit_single_kernel(function: CppFunction, nodes: Sequence[Node]) -> str | None:
    """Return the whole function as one CUDA kernel, or None if more than one part touches arrays or
    it has a result. Every thread runs what comes before the part. nodes: the parts with ports, and
    the code between them.
    """
    places = [k for k, node in enumerate(nodes) if isinstance(node, PortedKernel)]
    if (
        len(places) != 1
        or not function.head.startswith("void ")
        or function.changed
        or _holds_pointer_members(function)
        or len(_find_ported_parts(nodes)) != 1
    ):
        return None
    (place,) = places
    if any(
        array.is_local and name in nodes[place].part.names
        for name, array in function.arrays.items()
    ):
        return None
    port, before, after = nodes[place], nodes[:place], nodes[place + 1 :]
    helpers, _, kernel = port.text.partition("__global__ ")
    rows = _emit_lines(before, 1, lambda node, depth: [])
    arrays = [name for name in function.arrays if re.search(rf"\b{name}\b", "\n".join(rows))]
    same_head = re.sub(r"\s", "", kernel).startswith(re.sub(r"\s", "", port.part.head) + "{")
    if (
        not kernel
        or not same_head
        or arrays
        or port.part.results
        or any(node != "return;" for node in after)
    ):
        return None
    body = "\n".join([*rows, *_body(function, replace(port, text=kernel))])
    vectors = {each.owner: each for each in function.structures if each.passing == "vector"}
    result, parameters = _parameters(function)
    declared: list[str] = []
    for name, text in parameters:
        declared += (
            _format_declarations(function, _member_arguments(function, vectors[name], [name], body))
            if name in vectors
            else [re.sub(r" ?& ?", " ", text)]
        )
    text = f"{helpers}__global__ {result} {function.name}({', '.join(declared)}) {{\n{body}\n}}\n"
    return function.before + restore_structure_members(
        text, [each for each in function.structures if each.passing != "vector"]
    )


def _holds_pointer_members(function: CppFunction) -> bool:
    """Whether it takes a pointer to a structure that holds pointers, which a launch leaves on the
    host.
    """
    return any(
        each.passing == "pointer" and any(name in function.arrays for name in each.numbers)
        for each in function.structures
    )


def _count_before_copies(function: CppFunction, nodes: Sequence[Node]) -> int:
    """How many statements come before arrays are copied: those up to the last that may end the
    function or gives an array its first values, before anything is launched.
    """
    count = 0
    for k, node in enumerate(nodes):
        if _find_ported_parts([node]):
            break
        declared = DECLARED.match(node) if isinstance(node, str) else None
        filled = (
            declared
            and declared[2] in function.arrays
            and not function.arrays[declared[2]].is_local
        )
        if filled or re.search(r"\breturn\b", "\n".join(_emit_launches(function, [node]))):
            count = k + 1
    return count


def _drop_null_checks(function: CppFunction, before: Sequence[Node]) -> CppFunction:
    """Without the question whether an array is there, where `before` ends the function if it is
    not.
    """
    heads = [
        node.head
        for node in before
        if isinstance(node, HostGroup)
        and isinstance(node.nodes[-1], str)
        and node.nodes[-1].startswith("return")
    ]
    there = {
        name
        for head in heads
        if head.startswith("if (")
        for name in find_null_alternatives(head[4:-1])
    }
    return replace(
        function,
        arrays={
            name: replace(array, may_be_null=array.may_be_null and name not in there)
            for name, array in function.arrays.items()
        },
    )


def _find_ported_parts(nodes: Sequence[Node]) -> list[PortedKernel]:
    found: list[PortedKernel] = []
    for node in nodes:
        found += (
            [node]
            if isinstance(node, PortedKernel)
            else _find_ported_parts(node.nodes)
            if isinstance(node, HostGroup)
            else []
        )
    return found


def _emit_launches(function: CppFunction, nodes: Sequence[Node]) -> list[str]:
    """Host code; arrays of the function's own live on the device alone."""

    def ported(node: PortedKernel, depth: int) -> list[str]:
        names = ", ".join(
            make_device_name(function, n.lstrip("&")) if n in function.arrays or n[0] == "&" else n
            for n in node.part.names
        )
        rows = [
            (
                f"{node.part.program.name}<<<"
                f"{_format_launch_configuration(function, node.launch)}>>>({names});"
            )
        ]
        for name, type in node.part.results.items():
            far, near = (
                make_device_name(function, name),
                name if name in function.pointed else f"&{name}",
            )
            if find_first_use(node.part.items, name) != "set":
                rows.insert(
                    0, f"cudaMemcpy({far}, {near}, sizeof({type}), cudaMemcpyHostToDevice);"
                )
            rows.append(f"cudaMemcpy({near}, {far}, sizeof({type}), cudaMemcpyDeviceToHost);")
        return ["    " * depth + row for row in rows]

    return _emit_lines(_convert_host_nodes(function, nodes), 1, ported)


def _convert_host_nodes(function: CppFunction, nodes: Sequence[Node]) -> list[Node]:
    found: list[Node] = []
    for node in nodes:
        found += (
            convert_host_statement(function, node)
            if isinstance(node, str)
            else [
                HostGroup(node.head, _convert_host_nodes(function, node.nodes))
                if isinstance(node, HostGroup)
                else node
            ]
        )
    return found


def can_insert_port(part: OutlinedPart, text: str) -> bool:
    """Whether the statements of a port under OpenMP can stand in the function: it returns once,
    last, what the part returns.
    """
    endings = [f"return {name};" for name in part.results]
    return re.findall(r"\breturn\b[^;]*;", text) == endings and all(
        re.search(rf"{e}\s*}}\s*$", text) for e in endings
    )


def can_emit_launch(launch: str) -> bool:
    """Return whether host code can express this launch plan. launch: its text."""
    return not re.search(r"\b(?:gcd|min|max)\(", launch)


def _format_launch_configuration(function: CppFunction, launch: str) -> str:
    if not launch:
        return "1, 1"
    plan = parse_plan(launch)
    parts = [
        tuple(_in_c(function, e) for e in dimensions) for dimensions in (plan.grid, plan.block)
    ]
    words = [d[0] if d[1:] == ("1", "1") else f"dim3({', '.join(d)})" for d in parts]
    return ", ".join([*words, *([_in_c(function, plan.shared)] if plan.shared != "0" else [])])


def _in_c(function: CppFunction, expression: str) -> str:
    """An expression of a launch plan in C."""

    def rounded(found: re.Match[str]) -> str:
        over, _, by = found[1].rpartition("/")
        return f"({over} + {int(by) - 1}) / {by}" if by.isdigit() else f"({over} + {by} - 1) / {by}"

    text = re.sub(r"len\((\w+)\)", lambda m: f"({function.arrays[m[1]].count})", expression)
    for name in function.pointed:
        text = re.sub(rf"(?<!\*)\b{name}\b", f"(*{name})", text)
    return re.sub(r"ceil\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)", rounded, text)
