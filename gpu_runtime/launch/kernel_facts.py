"""What a kernel's text says about how it wants to be launched: dimensions, guards, strides, block
sizes, shared memory.

Contract: reading only, by tokens; nothing is executed and a text that cannot be read gives fewer
facts, never an error. `taint` is followed through assignments, in their order: a variable computed
from threadIdx.x and blockIdx.x belongs to dimension x.

    python -c "from corpora.records import Program; \\
        from gpu_runtime.launch.kernel_facts import read_kernel_facts; \
print(read_kernel_facts(Program('cuda', 'k', '__global__ void k(int *a, int n) { int i =
threadIdx.x; if (i < n) a[i] = 0; }')))"
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from corpora.records import Program
from gpu_runtime.emulation.cuda_rewrite import tokenize
from gpu_runtime.launch.kernel_blocks import (
    find_block_hints,
    find_integer_constants,
    find_shared_arrays,
    is_global_index,
)

_INDEX = re.compile(r"\b(threadIdx|blockIdx)\s*\.\s*([xyz])\b")
_CAST = re.compile(
    r"\(\s*(?:(?:const|unsigned|signed|long|int|short|size_t|uint|float|double)\s*)+\)"
)


@dataclass(frozen=True, slots=True)
class DimensionFacts:
    """How one of x, y, z is used. bounds: upper bounds found in guards, as expressions over
    parameters and literals.

    thread, block: threadIdx, blockIdx of this dimension occur. guarded: some variable of it is
    compared with a bound (which may not be readable). strided: a variable of it advances by a
    multiple of blockDim or gridDim. shared_bound: its variables only occur together with another
    dimension's in one guarded index.
    """

    thread: bool = False
    block: bool = False
    guarded: bool = False
    strided: bool = False
    shared_bound: bool = False
    bounds: tuple[str, ...] = ()
    apart: bool = False
    """threadIdx and blockIdx are used as two indices of their own: neither blockDim nor a constant
    block size joins them.
    """
    joint: bool = False
    """The only guard is on one index made of this and another dimension's threads (`y * width + x <
    width * width`).
    """


@dataclass(frozen=True, slots=True)
class KernelFacts:
    """dimensions: x, y, z. block_hints: block shapes that the text fixes. dynamic_shared: element
    types of extern arrays.
    """

    dimensions: tuple[DimensionFacts, DimensionFacts, DimensionFacts]
    block_hints: tuple[tuple[int, int, int], ...] = ()
    static_shared: tuple[tuple[int, ...], ...] = ()
    dynamic_shared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Guard:
    """A comparison of an index with a bound (None: not readable). moved: the index is computed from
    a loop's counter.
    """

    dims: frozenset[str]
    bound: str | None
    moved: bool


@dataclass(slots=True)
class _Reading:
    """Facts gathered while going over the statements of the text."""

    parameters: frozenset[str]
    constants: dict[str, int]
    taint: dict[str, frozenset[str]] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    counters: frozenset[str] = frozenset()
    guards: list[_Guard] = field(default_factory=list)
    strided: set[str] = field(default_factory=set)
    neighbours: set[str] = field(default_factory=set)
    """Variables that are an index moved by a loop's counter: a bound on them chooses what is read,
    it keeps no thread from working.
    """
    moved: set[str] = field(default_factory=set)
    """Variables that are any other index computed from a loop's counter, as the column of a tile:
    what bounds them is mostly not the work.
    """


def read_kernel_facts(program: Program) -> KernelFacts:
    """Facts of the whole text (device functions included): a text is one kernel and its helpers."""
    text = strip_comments(program)
    constants = find_integer_constants(program.text)
    reading = _Reading(_parameters(text, program.name), constants)
    for _ in range(2):  # twice: taint may flow backwards through a loop
        reading.guards.clear()
        reading.moved.clear()  # a counter may turn out to be an index
        _read(reading, text)
    static, dynamic = find_shared_arrays(text, constants)
    dimensions = tuple(_dimension(d, text, reading) for d in "xyz")
    hints = find_block_hints(text, static, constants, not any(d.thread for d in dimensions[1:]))
    return KernelFacts(dimensions, hints, static, dynamic)  # type: ignore[arg-type]


def strip_comments(program: Program) -> str:
    """Without comments and directives; `threadIdx . x` is `threadIdx.x`."""
    text = "".join(
        " " if t.kind in ("comment", "directive") else t.text for t in tokenize(program.text)
    )
    return re.sub(r"\s*\.\s*(?=[xyz]\b)", ".", text)


def _parameters(text: str, name: str) -> frozenset[str]:
    """Names of scalar parameters of the kernel (arrays are left out: `n[0]` is no bound that a plan
    can count).
    """
    found = re.search(rf"\b{re.escape(name)}\s*\(([^()]*)\)", text)
    parts = (found[1] if found else "").split(",")
    return frozenset(
        p.split()[-1]
        for p in parts
        if p.split()
        and "*" not in p
        and "[" not in p
        and not re.search(r"\b(float|double|bool)\b", p)
    )


def _drop_subscripts(text: str) -> str:
    """`a[i] + b[j]` -> `a + b`: an element's value says nothing about the index."""
    while (shorter := re.sub(r"\[[^\[\]]*\]", " ", text)) != text:
        text = shorter
    return text


def _dims(expression: str, taint: dict[str, frozenset[str]]) -> frozenset[str]:
    plain = _drop_subscripts(expression)
    dims = {m[2] for m in _INDEX.finditer(plain)}
    for name in re.findall(
        r"(?<![.\w])[A-Za-z_]\w*\b", plain
    ):  # not the `x` of `threadIdx.x`: a local may be called so
        dims |= taint.get(name, frozenset())
    return frozenset(dims)


def _read(reading: _Reading, text: str) -> None:
    flat = _drop_subscripts(text)
    reading.counters = frozenset(re.findall(r"\bfor\s*\(\s*(?:\w+\s+)*(\w+)\s*=", flat))
    for statement in re.split(
        r"(?<=[;{}])", flat
    ):  # in order: a variable may be assigned again with another dimension
        for found in _comparisons(
            statement, flat
        ):  # first, as `if (i < n) i = ...` asks before it assigns
            _read_comparison(reading, *found)
        for m in re.finditer(r"\b([A-Za-z_]\w*)\s*(=|\+=)(?!=)\s*([^;,{}]*)", statement):
            _read_assignment(reading, m[1], m[2], m[3])


def _read_assignment(reading: _Reading, name: str, how: str, expression: str) -> None:
    if how == "+=":
        if reading.taint.get(name) and re.search(
            r"\b(blockDim|gridDim)\b", reading.values.get(expression.strip(") "), expression)
        ):
            reading.strided |= reading.taint[name]
        return
    if dims := _dims(expression, reading.taint):
        reading.taint[name] = dims
        reading.neighbours.discard(name)
        reading.moved.discard(name)
        neighbour = re.fullmatch(r"\s*(\w+)\s*[-+]\s*(\w+)\s*", expression)
        if neighbour and reading.counters & set(neighbour.groups()):
            reading.neighbours.add(name)
        elif _is_moved(expression, reading):
            reading.moved.add(name)
    elif name not in reading.parameters:
        reading.values.setdefault(name, expression.strip())


def _is_moved(expression: str, reading: _Reading) -> bool:
    """Whether a loop's counter is in it. One that is an index itself, as in a loop that strides
    over the grid, is none.
    """
    names = re.findall(r"(?<![.\w])[A-Za-z_]\w*", expression)
    return any(
        n in reading.moved or (n in reading.counters and not reading.taint.get(n)) for n in names
    )


def _read_comparison(reading: _Reading, before: str, operator: str, behind: str) -> None:
    left, right = _dims(before, reading.taint), _dims(behind, reading.taint)
    if bool(left) == bool(right):
        return
    other, guarded = (behind, before) if left else (before, behind)
    if guarded.strip("( )") in reading.neighbours:
        return
    upper = (operator in ("<", "<=")) == bool(left)
    lone = re.fullmatch(r"\(*\s*-?\s*0\s*\)*", other)
    if (
        lone
        or re.search(r"\d\.|\.\d|e[-+]\d", other)
        or (not upper and re.fullmatch(r"[\s\d()]+", other))
    ):
        return
    bound = _bound(other, reading)
    # `i <= n` holds at n, and `i > n` lets it stay.
    inclusive = operator in ("<=", ">") if left else operator in (">=", "<")
    reading.guards.append(
        _Guard(
            left or right,
            _add_one(bound) if inclusive and bound else bound,
            _is_moved(guarded, reading),
        )
    )


def _drop_value_conditions(condition: str, text: str) -> str:
    """A condition of `?:` chooses a value and keeps no thread from working, except where it asks
    for the thread's own index: `v = i < n ? x[i] : 0` says that there may be threads beyond n; `x +
    1 < w ? ...` is about a neighbour.
    """
    own = {m[1] for m in re.finditer(r"(\w+)\s*=[^=;{},]*\b(?:threadIdx|blockIdx)\b", text)}
    kept = [
        m[0]
        for m in re.finditer(r"\b([A-Za-z_]\w*)\s*<\s*[\w\s*]+(?=[&?)])", condition)
        if m[1] in own and not re.search(r"[-+*/]\s*$", condition[: m.start()])
    ]
    return ";" + ";".join(kept) + ";"


def _comparisons(statement: str, text: str) -> list[tuple[str, str, str]]:
    """(left, operator, right) of every comparison of a statement of the text, cut at what binds
    weaker than it.
    """
    found = []
    statement = re.sub(
        r"^(?!\s*(?:if|while|for)\b)[^?]*\?",
        lambda m: _drop_value_conditions(m[0], text),
        statement,
    )
    for piece in re.split(
        r"&&?|\|\|?|[;{}?:,=!]|\breturn\b|\bif\b|\bwhile\b|\bfor\b",
        statement.replace("<=", "\x01")
        .replace(">=", "\x02")
        .replace("->", " ")
        .replace("<<", "\x03")
        .replace(">>", "\x03"),
    ):
        parts = re.split(r"([<>\x01\x02])", piece)
        if len(parts) == 3:
            operator = {"\x01": "<=", "\x02": ">="}.get(parts[1], parts[1])
            found.append((parts[0], operator, _cut_at_closing_bracket(parts[2])))
    return found


def _cut_at_closing_bracket(text: str) -> str:
    """Up to the bracket that closes what was opened before: `n) i` is `n`."""
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return text[:place]
    return text


def _bound(expression: str, reading: _Reading) -> str | None:
    """`expression` over parameters and integers as a plan writes it, or None. Locals are replaced
    by their values.
    """
    text = _CAST.sub(" ", expression)
    for _ in range(4):
        text = re.sub(r"\b[A-Za-z_]\w*\b", lambda m: _meaning(m[0], reading), text)
    text = _balance_brackets(re.sub(r"(\d)[uUlL]+\b", r"\1", text)).replace(" ", "")
    names = re.findall(r"[A-Za-z_]\w*", text)
    if (
        not text
        or any(n not in reading.parameters for n in names)
        or re.search(r"[^\w+\-*/()]", text)
        or re.search(r"[A-Za-z_]\w*\(", text)
    ):
        return None
    return None if text.startswith("*") or re.search(r"[+\-*/]{2}", text) else text


def _add_one(bound: str) -> str:
    """`bound + 1`, as a plan writes it."""
    return bound.removesuffix("-1") if re.search(r"[\w)]-1$", bound) else f"{bound}+1"


def _meaning(name: str, reading: _Reading) -> str:
    if name in reading.constants:
        return str(reading.constants[name])
    if name in reading.values and name not in reading.parameters:
        value = _CAST.sub(" ", reading.values[name])
        return value if re.fullmatch(r"[\w\s]+", value) else f"({value})"
    return name


def _balance_brackets(text: str) -> str:
    """Without the closing brackets that belong to the statement round it, and without needless
    outer ones.
    """
    opened: list[int] = []
    end = len(text)
    for place, character in enumerate(text):
        if character == "(":
            opened.append(place)
        elif character == ")":
            if not opened:
                end = place
                break
            opened.pop()
    kept = text[opened[-1] + 1 if opened else 0 : end].strip()
    return kept[1:-1] if re.fullmatch(r"\([^()]*\)", kept) else kept


def _dimension(d: str, text: str, reading: _Reading) -> DimensionFacts:
    uses = {m[1] for m in _INDEX.finditer(text) if m[2] == d}
    ordered = sorted(reading.guards, key=lambda g: g.moved)  # the thread's own index says most
    own = [g.bound for g in ordered if g.dims == {d}]
    together = [g for g in ordered if d in g.dims and len(g.dims) > 1]
    first = [g.bound for g in together if min(g.dims) == d]
    alone = any(dims == {d} for dims in reading.taint.values())
    guards = own or ([] if alone else first)
    found = [b for b in dict.fromkeys(guards) if b not in (None, "0", "1")]
    counted = [
        b for b in found if re.search(r"[A-Za-z_]", b)
    ]  # `t < 16` is about the block, `i < n` about the work
    bounds = tuple(counted or found)
    only_together = (
        bool(together) and not own and not alone and not first and "threadIdx" not in uses
    )
    others = {o for g in together for o in g.dims if o != d}
    joint = (
        bool(together)
        and not own
        and "threadIdx" in uses
        and any(re.search(rf"\bthreadIdx\.{o}\b", text) for o in others)
    )
    apart = (
        {"threadIdx", "blockIdx"} <= uses
        and not re.search(rf"\bblockDim\.{d}\b", text)
        and not is_global_index(d, text, reading.constants)
    )
    return DimensionFacts(
        "threadIdx" in uses,
        "blockIdx" in uses,
        bool(guards),
        d in reading.strided,
        only_together,
        bounds,
        apart,
        joint,
    )
