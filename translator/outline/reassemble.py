"""The ports of a function's parts put together: host code that launches a kernel for each, or the
function itself with each nest annotated.

Contract: rules alone; what is joined is a proposal as any other. CUDA needs to know how long arrays
are.

    python -c "from corpora.records import Program; from translator.normalize.fortran.fortran_in_cpp import written; from translator.outline.reassemble import Ported, launched; \\
from translator.outline.outliner import Cut; w = written(Program('fortran', 'f', 'subroutine f(n, x)\\ninteger n\\nreal x(n)\\nx = 2 * x\\nend')); \\
part = Cut(w).part(w.body.items, {}); print(launched(w, [Ported(part, part.one_thread)]))"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from corpora.signatures.nulls import missing
from corpora.syntax.c_family import split_at_commas
from gpu_runtime.launch.plans import parse_plan
from translator.normalize.c_blocks import texts
from translator.outline.c_function import Written
from translator.outline.device_arrays import (
    closed_first,
    copies,
    counted_first,
    far_name,
    on_device,
)
from translator.outline.members import Gathered, Structured, gathered, in_structures
from translator.outline.outliner import DECLARED, TYPE, Part, first_use
from translator.outline.pointer_swaps import exchanged

_UNSET = re.compile(rf"\s*{TYPE}(\w+);$")


@dataclass(frozen=True, slots=True)
class Ported:
    """A part with its port's text; launch: the plan that it passed under, for a kernel."""

    part: Part
    text: str
    launch: str = ""


@dataclass(slots=True)
class Group:
    """What stays host code: a head (or chain of heads) with nodes inside."""

    head: str
    nodes: list[str | Group | Ported] = field(default_factory=list)


Node = str | Group | Ported


def annotated(function: Written, nodes: Sequence[Node]) -> str:
    """The function with the parts' ports in their places."""

    def ported(node: Ported, depth: int) -> list[str]:
        return [
            row if row.startswith("#") else "    " * (depth - 1) + row
            for row in _body(function, node)
        ]

    text = "\n".join([f"{function.head} {{", *_rows(nodes, 1, ported), "}"]) + "\n"
    return function.before + in_structures(text, function.structures)


def _rows(
    nodes: Sequence[Node], depth: int, ported: Callable[[Ported, int], list[str]]
) -> list[str]:
    """The lines of `nodes`, those of a part by `ported`."""
    rows: list[str] = []
    for node in nodes:
        if isinstance(node, str):
            rows.append("    " * depth + node)
        elif isinstance(node, Group):
            rows += [
                "    " * depth + f"{node.head} {{",
                *_rows(node.nodes, depth + 1, ported),
                "    " * depth + "}",
            ]
        else:
            rows += ported(node, depth)
    return rows


def _body(function: Written, ported: Ported) -> list[str]:
    """The statements of a port, with what it was given by value as the function has it."""
    text = ported.text[ported.text.index("{") + 1 : ported.text.rindex("}")]
    for name in ported.part.results:
        text = re.sub(rf"\breturn {name};\s*$", "", text)
    for name in (n[1:] for n in ported.part.names if n[0] == "*"):
        text = re.sub(rf"\b{name}\b", f"(*{name})", text)
    return [row for row in text.splitlines() if row.strip()]


def launched(function: Written, nodes: Sequence[Node]) -> str | None:
    """CUDA: the parts' kernels, and a host function that copies arrays to the device, launches them
    and copies back what they set. None where the length of an array that is needed is not known.
    """
    every = list(_ported(nodes))
    results = {name: type for each in every for name, type in each.part.results.items()}
    function = counted_first(function)
    changing = set().union(*(exchanged(text) for text in texts(function.body)))
    used = [
        name
        for name in function.arrays
        if name in changing or any(name in each.part.names for each in every)
    ]
    if any(not function.arrays[name].count for name in used):
        return None
    first = _before_copies(function, nodes)
    function = _never_null(function, nodes[:first])
    last = len(nodes) - (isinstance(nodes[-1], str) and nodes[-1].startswith("return"))
    rows, closing = copies(function, used, results)
    inner = closed_first(_launches(function, nodes[first:last]), closing)
    body = [
        *_launches(function, nodes[:first]),
        *("    " + row for row in rows),
        *inner,
        *("    " + row for row in closing),
    ]
    body += _launches(function, nodes[last:])
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
    head, outside = _by_numbers(function, used, inside)
    return f"{function.before}{kernels}\n{head} {{\n{inside}\n}}\n\n{outside}"


def _by_numbers(function: Written, used: Sequence[str], inside: str) -> tuple[str, str]:
    """The head of a function of numbers, whose statements are `inside`, and the function itself,
    which calls it with its structures' numbers.
    """
    result, parameters, of = (
        *_parameters(function),
        {each.owner: each for each in function.structures if each.passing != "rows"},
    )
    declared, given = [], []
    for name, text in parameters:
        numbers = _numbers(function, of[name], used, inside) if name in of else []
        declared += _declared(function, numbers) if name in of else [text]
        given += [f"{n}.data()" if n == name else n for n in numbers] if name in of else [name]
    own = {n for each in function.structures if each.passing == "array" for n in each.numbers}
    arrays = [_gathered(function, n) for n in used if n in own]
    name = f"{function.name}_of_numbers"
    return f"static {result} {name}({', '.join(declared)})", gathered(
        function.head, f"{name}({', '.join(given)})", arrays, function.structures
    )


def _gathered(function: Written, name: str) -> Gathered:
    array, text = function.arrays[name], "\n".join(texts(function.body))
    is_set = not array.is_const and bool(re.search(rf"(?:^|\+\+|--){name}\[", text, re.M))
    return Gathered(name, array.type, array.count, is_set)


def _parameters(function: Written) -> tuple[str, list[tuple[str, str]]]:
    """What a function returns, and its parameters: names and texts."""
    result, _, inside = function.head.removesuffix(")").partition(f" {function.name}(")
    parts = split_at_commas(re.findall(r"\w+|\s+|\S", inside))
    return result, [
        (next(word for word in reversed(part) if word.isidentifier()), "".join(part).strip())
        for part in parts
        if part
    ]


def _numbers(
    function: Written, structure: Structured, used: Sequence[str], inside: str
) -> list[str]:
    """What a function that does `inside` takes in place of the structure."""
    own = [structure.owner] if structure.passing == "vector" and structure.owner in used else []
    return own + [
        n
        for n in structure.numbers
        if n in used or (n in function.scalars and re.search(rf"\b{n}\b", inside))
    ]


def _declared(function: Written, numbers: Sequence[str]) -> list[str]:
    arrays = function.arrays
    return [
        f"{'const ' * arrays[n].is_const}{arrays[n].type} *{n}"
        if n in arrays
        else f"{function.scalars[n]} {n}"
        for n in numbers
    ]


def one_kernel(function: Written, nodes: Sequence[Node]) -> str | None:
    """CUDA: the function itself as a kernel, where one part is all that touches arrays; what comes
    before it every thread does. None where that is not so, or the function has a result. What it
    takes by reference, and never changes, a kernel takes by value.
    """
    places = [k for k, node in enumerate(nodes) if isinstance(node, Ported)]
    if (
        len(places) != 1
        or not function.head.startswith("void ")
        or function.changed
        or _points_twice(function)
        or len(_ported(nodes)) != 1
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
    rows = _rows(before, 1, lambda node, depth: [])
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
            _declared(function, _numbers(function, vectors[name], [name], body))
            if name in vectors
            else [re.sub(r" ?& ?", " ", text)]
        )
    text = f"{helpers}__global__ {result} {function.name}({', '.join(declared)}) {{\n{body}\n}}\n"
    return function.before + in_structures(
        text, [each for each in function.structures if each.passing != "vector"]
    )


def _points_twice(function: Written) -> bool:
    """Whether it takes a pointer to a structure that holds pointers, which a launch leaves on the
    host.
    """
    return any(
        each.passing == "pointer" and any(name in function.arrays for name in each.numbers)
        for each in function.structures
    )


def _before_copies(function: Written, nodes: Sequence[Node]) -> int:
    """How many statements come before arrays are copied: those up to the last that may end the
    function or gives an array its first values, before anything is launched.
    """
    count = 0
    for k, node in enumerate(nodes):
        if _ported([node]):
            break
        declared = DECLARED.match(node) if isinstance(node, str) else None
        filled = (
            declared
            and declared[2] in function.arrays
            and not function.arrays[declared[2]].is_local
        )
        if filled or re.search(r"\breturn\b", "\n".join(_launches(function, [node]))):
            count = k + 1
    return count


def _never_null(function: Written, before: Sequence[Node]) -> Written:
    """Without the question whether an array is there, where `before` ends the function if it is
    not.
    """
    heads = [
        node.head
        for node in before
        if isinstance(node, Group)
        and isinstance(node.nodes[-1], str)
        and node.nodes[-1].startswith("return")
    ]
    there = {name for head in heads if head.startswith("if (") for name in missing(head[4:-1])}
    return replace(
        function,
        arrays={
            name: replace(array, may_be_null=array.may_be_null and name not in there)
            for name, array in function.arrays.items()
        },
    )


def _ported(nodes: Sequence[Node]) -> list[Ported]:
    found: list[Ported] = []
    for node in nodes:
        found += (
            [node]
            if isinstance(node, Ported)
            else _ported(node.nodes)
            if isinstance(node, Group)
            else []
        )
    return found


def _launches(function: Written, nodes: Sequence[Node]) -> list[str]:
    """Host code; arrays of the function's own live on the device alone."""

    def ported(node: Ported, depth: int) -> list[str]:
        names = ", ".join(
            far_name(function, n.lstrip("&")) if n in function.arrays or n[0] == "&" else n
            for n in node.part.names
        )
        rows = [f"{node.part.program.name}<<<{_configuration(function, node.launch)}>>>({names});"]
        for name, type in node.part.results.items():
            far, near = far_name(function, name), name if name in function.pointed else f"&{name}"
            if first_use(node.part.items, name) != "set":
                rows.insert(
                    0, f"cudaMemcpy({far}, {near}, sizeof({type}), cudaMemcpyHostToDevice);"
                )
            rows.append(f"cudaMemcpy({near}, {far}, sizeof({type}), cudaMemcpyDeviceToHost);")
        return ["    " * depth + row for row in rows]

    return _rows(_on_device(function, nodes), 1, ported)


def _on_device(function: Written, nodes: Sequence[Node]) -> list[Node]:
    found: list[Node] = []
    for node in nodes:
        found += (
            on_device(function, node)
            if isinstance(node, str)
            else [
                Group(node.head, _on_device(function, node.nodes))
                if isinstance(node, Group)
                else node
            ]
        )
    return found


def joinable(part: Part, text: str) -> bool:
    """Whether the statements of a port under OpenMP can stand in the function: it returns once,
    last, what the part returns.
    """
    endings = [f"return {name};" for name in part.results]
    return re.findall(r"\breturn\b[^;]*;", text) == endings and all(
        re.search(rf"{e}\s*}}\s*$", text) for e in endings
    )


def launchable(launch: str) -> bool:
    """Whether host code can say this launch plan."""
    return not re.search(r"\b(?:gcd|min|max)\(", launch)


def _configuration(function: Written, launch: str) -> str:
    if not launch:
        return "1, 1"
    plan = parse_plan(launch)
    parts = [
        tuple(_in_c(function, e) for e in dimensions) for dimensions in (plan.grid, plan.block)
    ]
    words = [d[0] if d[1:] == ("1", "1") else f"dim3({', '.join(d)})" for d in parts]
    return ", ".join([*words, *([_in_c(function, plan.shared)] if plan.shared != "0" else [])])


def _in_c(function: Written, expression: str) -> str:
    """An expression of a launch plan in C."""

    def rounded(found: re.Match[str]) -> str:
        over, _, by = found[1].rpartition("/")
        return f"({over} + {int(by) - 1}) / {by}" if by.isdigit() else f"({over} + {by} - 1) / {by}"

    text = re.sub(r"len\((\w+)\)", lambda m: f"({function.arrays[m[1]].count})", expression)
    for name in function.pointed:
        text = re.sub(rf"(?<!\*)\b{name}\b", f"(*{name})", text)
    return re.sub(r"ceil\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)", rounded, text)
