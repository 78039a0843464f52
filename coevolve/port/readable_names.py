"""A port's invented names made readable: kernels after their function, device copies after what
they are copies of.

Contract: small models know words of one form only (`v7`). Only names of that form are replaced, in
the functions that declare or are called by them, and never by a word that the text has already.
Whoever calls this has the engine judge the new text.

    python -c "from coevolve.port.readable_names import rename_invented; help(rename_invented)"
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpora.frontends.c_family import parse_c_family
from corpora.frontends.c_tokens import tokenize
from corpora.frontends.queries import functions_of
from corpora.ir import Call, Expression, Function, KernelLaunch, Name, Unary
from corpora.ir.edits import Edit, apply_edits
from corpora.ir.walk import find

_INVENTED = re.compile(r"v\d+")
_TO_DEVICE, _FROM_DEVICE = "cudaMemcpyHostToDevice", "cudaMemcpyDeviceToHost"


def rename_invented(text: str, name: str) -> str:
    """Return the text of a CUDA port with readable names in the place of invented ones (`v7`, as
    small models write them). A name that the text has already is never given.

    name: of the function that was ported. Kernels are called `NAME_kernel`, device copies of `x`
        `device_x`, and a kernel's parameters like what they are given.
    """
    functions = [f for f in functions_of(parse_c_family(text, "cuda")) if f.span and f.body]
    words = {token.text for token in tokenize(text)}
    kernels = _name_kernels(functions, name, words)
    edits: list[Edit] = []
    inside: dict[str, dict[str, str]] = {}
    for function in functions:
        found = _name_copies(function, words)
        inside[function.name] = inside.get(function.name, {}) | found
        for launch in find(function.body, KernelLaunch):
            kernel = next((k for k in functions if k.name == _word(launch.kernel)), None)
            if kernel is not None:
                given = _name_parameters(kernel, launch, found)
                inside[kernel.name] = given | inside.get(kernel.name, {})
    for function in functions:
        new = kernels | inside.get(function.name, {})
        start = function.span.start  # type: ignore[union-attr]
        own = text[start : function.span.end]  # type: ignore[union-attr]
        edits += [
            Edit(start + token.start, start + token.end, new[token.text])
            for token in tokenize(own)
            if token.text in new
        ]
    return apply_edits(text, edits)


def _name_kernels(functions: list[Function], name: str, words: set[str]) -> dict[str, str]:
    invented = [
        f.name for f in functions if "__global__" in f.qualifiers and _INVENTED.fullmatch(f.name)
    ]
    found = {}
    for number, old in enumerate(invented, 1):
        new = f"{name}_kernel" + (f"_{number}" if len(invented) > 1 else "")
        if new not in words:
            found[old] = new
    return found


def _name_copies(function: Function, words: set[str]) -> dict[str, str]:
    """Device pointers of a host function, by what is copied to or from them."""
    found: dict[str, str] = {}
    for device, host in _copies(function):
        new = f"device_{host}"
        if _INVENTED.fullmatch(device) and device not in found and new not in words:
            if new not in found.values():
                found[device] = new
    return found


def _copies(function: Function) -> Iterator[tuple[str, str]]:
    for call in find(function.body, Call):
        if _word(call.function) == "cudaMemcpy" and len(call.arguments) == 4:
            first, second, _, way = map(_word, call.arguments)
            if way == _TO_DEVICE and first and second:
                yield first, second
            if way == _FROM_DEVICE and first and second:
                yield second, first


def _name_parameters(
    kernel: Function, launch: KernelLaunch, copies: dict[str, str]
) -> dict[str, str]:
    """A kernel's parameters, by the copies that it is launched with."""
    taken = {p.name for p in kernel.parameters} | {n.id for n in find(kernel.body, Name)}
    found = {}
    for parameter, argument in zip(kernel.parameters, launch.arguments):
        given = copies.get(_word(argument), "").removeprefix("device_")
        if _INVENTED.fullmatch(parameter.name) and given and given not in taken:
            found[parameter.name] = given
            taken.add(given)
    return found


def _word(node: Expression) -> str:
    """The name that an expression is, or whose address it is; '' for others."""
    if isinstance(node, Unary) and node.op == "&":
        node = node.operand
    return node.id if isinstance(node, Name) else ""
