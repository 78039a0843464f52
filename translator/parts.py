"""A function cut into loop nests that are ported one by one, and put together again: host code that launches a kernel for each, or the
function itself with each nest annotated.

Contract: cutting and joining are rules; each nest is a function of its own (`Part.program`) that a model is asked about and that can be
executed by itself. What is joined is a proposal as any other. Only for functions that `translator.fortran_in_cpp` spelled, since
their texts say how long arrays are.

    python -c "from corpora.records import Program; from translator.fortran_in_cpp import written; from translator.parts import Cut; \\
w = written(Program('fortran', 'f', 'subroutine f(n, x)\\ninteger n\\nreal x(n)\\nx = 2 * x\\nend')); print(Cut(w).part(w.body.items, {}).program.text)"
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from corpora.records import Program
from gpu_runtime.launch import parse_plan
from translator.c_blocks import Block, declare, lines, printed
from translator.fortran_in_cpp import Written

Item = str | tuple[str, Block]
_DECLARED = re.compile(r"(?:const )?(bool|signed char|short|int|long long|float|double) (\w+)(?: = |;|\[)")
_LOOP = re.compile(r"for \(int (\w+) = ")
_THREAD = "__global__ "


@dataclass(frozen=True, slots=True)
class Part:
    """Statements as a function of their own. names: what it is called with, in the order of its parameters."""

    program: Program
    names: tuple[str, ...]
    items: tuple[Item, ...]

    @property
    def one_thread(self) -> str:
        """The kernel in which one thread does as the source does."""
        return _THREAD + self.program.text


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


class Cut:
    """Cuts one function; parts are numbered through."""

    def __init__(self, function: Written) -> None:
        self.function = function
        self._made = 0

    def units(self, block: Block) -> list[list[Item]]:
        """Its statements, with an if and its else together, and neighbours that touch arrays outside of loops."""
        found: list[list[Item]] = []
        for item in block.items:
            chained = not isinstance(item, str) and item[0].startswith("else")
            beside = isinstance(item, str) and self.touches(item) and found and isinstance(found[-1][-1], str) and self.touches(found[-1][-1])
            if found and (chained or beside):
                found[-1].append(item)
            else:
                found.append([item])
        return found

    def touches(self, text: str) -> bool:
        """Whether it names an array's element."""
        return any(re.search(rf"\b{name}\[", text) for name in self.function.arrays)

    def scope_of(self, item: Item, scope: Mapping[str, str]) -> dict[str, str]:
        """`scope` and what `item` declares for what comes behind or inside of it."""
        text = item if isinstance(item, str) else item[0]
        found = _DECLARED.match(text)
        loop = _LOOP.match(text)
        more = {found[2]: found[1]} if found and found[2] not in self.function.arrays else {loop[1]: "int"} if loop else {}
        return {**scope, **more}

    def part(self, items: Sequence[Item], scope: Mapping[str, str]) -> Part | None:
        """`items` as a function; None where it would change a scalar that others see, or leaves the function or a loop around it."""
        body = _by_value(Block(copy.deepcopy(list(items))), self.function.pointed)
        text = "\n".join(lines(body, 1))
        known = {**self.function.scalars, **scope, **self.function.pointed}
        if any(isinstance(item, str) and _DECLARED.match(item) for item in items):
            return None  # what comes behind reads it
        if re.search(r"\breturn\b", text) or _set_in(body) & set(self.function.pointed) or _leaves(body):
            return None
        for name in sorted(_set_in(body) & set(known)):
            before = len(body.items)
            declare(body, name, known.pop(name))
            if len(body.items) > before:  # no place inside: its value comes from outside
                return None
        arrays = [name for name in self.function.arrays if re.search(rf"\b{name}\[", text)]
        scalars = [name for name in known if re.search(rf"\b{name}\b", text)]
        const = {name: "" if re.search(rf"^ *{name}\[", text, re.M) else "const " for name in arrays}
        declared = [f"{const[name]}{self.function.arrays[name].type} *{name}" for name in arrays] + [f"{known[name]} {name}" for name in scalars]
        self._made += 1
        name = f"{self.function.name}_part{self._made}"
        program = Program("cpp", name, printed(f"void {name}({', '.join(declared)})", body))
        return Part(program, (*arrays, *(f"*{name}" if name in self.function.pointed else name for name in scalars)), tuple(items))


def _by_value(block: Block, pointed: Mapping[str, str]) -> Block:
    """With `name` for `*name` and `(*name)`."""

    def changed(text: str) -> str:
        for name in pointed:
            text = re.sub(rf"\(\*{name}\)(?=\+\+|--)|\*{name}\b", name, text)
        return text

    return Block([changed(i) if isinstance(i, str) else (changed(i[0]), _by_value(i[1], pointed)) for i in block.items])


def _set_in(block: Block) -> set[str]:
    """Scalars that it gives a value to without declaring them."""
    found: set[str] = set()
    for item in block.items:
        text = item if isinstance(item, str) else item[0]
        matched = re.match(r"(?:for \()?(\w+)(?: [-+*/%]?= |\+\+|--)", text)
        found |= {matched[1]} if matched else set()
        found |= _set_in(item[1]) if not isinstance(item, str) else set()
    return found


def _leaves(block: Block, inside: bool = False) -> bool:
    """Whether a break or continue in it belongs to a loop around it."""
    for item in block.items:
        if isinstance(item, str):
            if not inside and item in ("break;", "continue;"):
                return True
        elif _leaves(item[1], inside or item[0].startswith(("for", "while"))):
            return True
    return False


def annotated(function: Written, nodes: Sequence[Node]) -> str:
    """The function with the parts' ports in their places."""

    def ported(node: Ported, depth: int) -> list[str]:
        return [row if row.startswith("#") else "    " * (depth - 1) + row for row in _body(function, node)]

    return "\n".join([f"{function.head} {{", *_rows(nodes, 1, ported), "}"]) + "\n"


def _rows(nodes: Sequence[Node], depth: int, ported: Callable[[Ported, int], list[str]]) -> list[str]:
    """The lines of `nodes`, those of a part by `ported`."""
    rows: list[str] = []
    for node in nodes:
        if isinstance(node, str):
            rows.append("    " * depth + node)
        elif isinstance(node, Group):
            rows += ["    " * depth + f"{node.head} {{", *_rows(node.nodes, depth + 1, ported), "    " * depth + "}"]
        else:
            rows += ported(node, depth)
    return rows


def _body(function: Written, ported: Ported) -> list[str]:
    """The statements of a port, with what it was given by value as the function has it."""
    text = ported.text[ported.text.index("{") + 1 : ported.text.rindex("}")]
    for name in (n[1:] for n in ported.part.names if n[0] == "*"):
        text = re.sub(rf"\b{name}\b", f"(*{name})", text)
    return [row for row in text.splitlines() if row.strip()]


def launched(function: Written, nodes: Sequence[Node]) -> str | None:
    """CUDA: the parts' kernels, and a host function that copies arrays to the device, launches them and copies back what they set. None
    where the length of an array that is needed is not in the text."""
    every = list(_ported(nodes))
    used = [name for name in function.arrays if any(name in each.part.names for each in every)]
    if any(not function.arrays[name].count for name in used):
        return None
    rows: list[str] = []
    for name in used:
        array = function.arrays[name]
        size = f"({array.count}) * sizeof({array.type})"
        far = _far(function, name)
        rows += [f"{array.type} *{far};", f"cudaMalloc((void **)&{far}, {size});"]
        if not array.is_local:
            rows.append(f"cudaMemcpy({far}, {name}, {size}, cudaMemcpyHostToDevice);")
    body = ["    " + row for row in rows] + _launches(function, nodes)
    for name in used:
        array, far = function.arrays[name], _far(function, name)
        if not array.is_local and not array.is_const:
            body.append(f"    cudaMemcpy({name}, {far}, ({array.count}) * sizeof({array.type}), cudaMemcpyDeviceToHost);")
        body.append(f"    cudaFree({far});")
    kernels = "\n".join(each.text.strip() + "\n" for each in every)
    return f"{kernels}\n{function.head} {{\n" + "\n".join(body) + "\n}\n"


def _far(function: Written, name: str) -> str:
    """What an array is called on the device."""
    return next(word for prefix in ("d_", "device_", "on_device_") if not re.search(rf"\b{(word := prefix + name)}\b", function.text))


def _ported(nodes: Sequence[Node]) -> list[Ported]:
    found: list[Ported] = []
    for node in nodes:
        found += [node] if isinstance(node, Ported) else _ported(node.nodes) if isinstance(node, Group) else []
    return found


def _launches(function: Written, nodes: Sequence[Node]) -> list[str]:
    """Host code; arrays of the function's own live on the device alone."""

    def ported(node: Ported, depth: int) -> list[str]:
        names = ", ".join(_far(function, n) if n in function.arrays else n for n in node.part.names)
        return ["    " * depth + f"{node.part.program.name}<<<{_configuration(function, node.launch)}>>>({names});"]

    own = tuple(f"{array.type} {name}[" for name, array in function.arrays.items() if array.is_local)
    return _rows([node for node in nodes if not (isinstance(node, str) and node.startswith(own))] if own else nodes, 1, ported)


def launchable(launch: str) -> bool:
    """Whether host code can say this launch plan."""
    return not re.search(r"\b(?:gcd|min|max)\(", launch)


def _configuration(function: Written, launch: str) -> str:
    if not launch:
        return "1, 1"
    plan = parse_plan(launch)
    parts = [tuple(_in_c(function, e) for e in dimensions) for dimensions in (plan.grid, plan.block)]
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
