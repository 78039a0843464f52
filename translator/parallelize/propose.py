"""Loop nests spread over threads by rule: what is proposed for a nest of which the model's answer
does not stand.

Contract: `propose_kernels` and `propose_parallel_loops` give proposals, best first, each a whole
function of the part's name; nothing is known of dependences, which execution decides. A nest whose
loops do not count evenly, or are left early, gives none.

    python -c "from corpora.records import Program; \\
        from translator.outline.parse_cpp import parse_function; \\
        from translator.outline.outliner import Outliner; \\
from translator.parallelize.propose import propose_kernels; \\
    w = parse_function(Program('cpp', 'f', \\
    'void f(int n, float *x) { for (int i = 0; i < n; i++) x[i] *= 2; }')); \\
print(propose_kernels(Outliner(w).part(w.body.items, {}))[0])"
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from translator.normalize.c_blocks import (
    Block,
    Item,
    changes_variable,
    print_function,
    rewrite_block,
)
from translator.outline.outliner import TYPE, OutlinedPart, leaves_loop
from translator.parallelize.atomics import add_device_helpers, make_atomic
from translator.parallelize.reductions import (
    find_reduction_operator,
    match_element_update,
    split_conditions,
)

_HEAD = re.compile(
    rf"for \({TYPE}(\w+) = ([^;]+); (\w+)(?: ([-+]) (\w+))? (<=?|>=?) ([^;]+); ([^;]+)\)$"
)
_STEP = re.compile(r"(\w+)(?:(\+\+|--)| ([-+])= (.+))$")
_AXES = "xyz"


@dataclass(frozen=True, slots=True)
class _Loop:
    """A loop that counts evenly. test: while it goes on; end: the same as a bound of the variable;
    step: with its sign.
    """

    type: str
    name: str
    start: str
    test: str
    end: str
    step: str
    body: Block

    @property
    def head(self) -> str:
        """As OpenMP takes it."""
        step = 2 * self.step[0] if self.step[1:] == "1" else f" {self.step[0]}= {self.step[1:]}"
        return (
            f"for ({self.type} {self.name} = {self.start}; {self.name} {self.end}; "
            f"{self.name}{step})"
        )

    def on_thread(self, axis: str) -> tuple[str, str]:
        """The variable's declaration as a thread of `axis` has it, and the test whether it takes
        part.
        """
        thread, sign, size = (
            f"blockIdx.{axis} * blockDim.{axis} + threadIdx.{axis}",
            self.step[0],
            self.step[1:],
        )
        far = f"({thread})" if size == "1" else f"{_factor(size)} * ({thread})"
        first = (
            f"{_factor(self.start)} {sign} {far}"
            if (self.start, sign) != ("0", "+")
            else thread
            if size == "1"
            else far
        )
        return f"{self.type} {self.name} = {first};", f"if ({self.test})"


def propose_kernels(part: OutlinedPart) -> list[str]:
    """CUDA: an iteration a thread, of as many loops as stand right inside each other and of fewer;
    where memory that several threads reach is changed by what it was, by atomic operations.
    """
    chain = _chain(part)
    plain = [(k, False) for k in range(len(chain), 0, -1)]
    found = [
        _kernel(part, chain[:k], atomic) for k, atomic in [*plain, *((k, True) for k, _ in plain)]
    ]
    return list(dict.fromkeys(text for text in found if text))


def propose_parallel_loops(part: OutlinedPart) -> list[str]:
    """OpenMP: the outermost loop as a parallel one, with a reduction where the part returns what
    the loop gathers; without and with atomic updates of arrays.
    """
    chain = _chain(part)[:1]
    operators = [
        f" reduction({find_reduction_operator(loop.body, name)}:{name})"
        for loop in chain
        for name in part.results
    ]
    if not chain or any("(:" in operator for operator in operators):
        return []
    (loop,), pointers = chain, find_written_pointers(part)
    updated = rewrite_block(
        loop.body,
        lambda item: (
            ["#pragma omp atomic", item]
            if isinstance(item, str) and match_element_update(item)[0] in pointers
            else None
        ),
    )
    start = f"#pragma omp parallel for{''.join(operators)}"
    found = [
        print_function(part.head, Block([start, (loop.head, body), *part.body.items[1:]]))
        for body in (loop.body, updated)
        if body
    ]
    return found


def find_written_pointers(part: OutlinedPart) -> dict[str, str]:
    """What a part reaches through pointers that it may change, and the types of their elements."""
    inside = part.head[part.head.index("(") + 1 : part.head.rindex(")")]
    found = [word.strip().partition("*") for word in inside.split(",")]
    return {
        name: type.strip() for type, star, name in found if star and not type.startswith("const ")
    }


def _chain(part: OutlinedPart) -> list[_Loop]:
    """The part's loops that stand right inside each other, three at the most."""
    item, *rest = split_conditions(part.body).items
    if any(not isinstance(each, str) or not each.startswith("return ") for each in rest):
        return []
    found: list[_Loop] = []
    while len(found) < len(_AXES) and not isinstance(item, str) and (loop := _loop(*item)):
        found.append(loop)
        if len(loop.body.items) != 1:
            break
        (item,) = loop.body.items
    return found


def _loop(head: str, body: Block) -> _Loop | None:
    matched = _HEAD.match(head)
    step = matched and _STEP.match(matched[9])
    if (
        not step
        or not matched[2] == matched[4] == step[1]
        or re.search(r"&&|\|\||,(?![^(]*\))", matched[3] + matched[8])
    ):
        return None
    type, name, start, sign = matched[1].strip(), matched[2], matched[3], step[3] or step[2][0]
    falls = matched[7][0] == ">"
    if falls != (sign == "-") or (falls and "unsigned" in type) or type in ("float", "double"):
        return None
    if changes_variable(body, name) or leaves_loop(body, ("break;",)):
        return None
    over = f" {'-' if matched[5] == '+' else '+'} {matched[6]}" if matched[5] else ""
    end = f"{matched[7]} {_factor(matched[8]) if over else matched[8]}{over}"
    test = head.split("; ")[1]
    return _Loop(type, name, start, test, end, sign + (step[4] or "1"), body)


def _kernel(part: OutlinedPart, chain: Sequence[_Loop], atomic: bool) -> str:
    """'' where a change has no atomic form in CUDA. atomic: every change of memory that others
    reach; else only of places that no loop variable decides.
    """
    names = [loop.name for loop in chain]
    inner = make_atomic(_no_continue(chain[-1].body), find_written_pointers(part), names, atomic)
    if inner is None:
        return ""
    block = top = Block()
    for loop, axis in zip(chain, reversed(_AXES[: len(chain)]), strict=True):
        declaration, test = loop.on_thread(axis)
        block.add(declaration)
        block = block.open(test)
    block.items += inner.items
    return add_device_helpers("__global__ " + print_function(part.head, top), part.program.name)


def _factor(text: str) -> str:
    return text if re.fullmatch(r"\w+", text) else f"({text})"


def _no_continue(block: Block) -> Block:
    """The body of a loop that is gone: what went on with the next iteration ends the thread."""

    def change(item: Item) -> list[Item] | None:
        if isinstance(item, str):
            return ["return;"] if item == "continue;" else None
        return [item] if item[0].startswith(("for", "while")) else None

    return rewrite_block(block, change) or block
