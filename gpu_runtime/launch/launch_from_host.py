"""The launch that a text itself says for its kernel: a host function beside it that launches it
once.

Contract: `read_host_plan` is that launch as a plan over the kernel's own parameters and the test's
sizes. A launch speaks for the kernel only where its function stands for every size: it takes the
sizes as parameters and hands them on. What `main` or a function with a size of its own launches
says nothing about other sizes. None, too, where the text launches the kernel nowhere, more than
once or in a loop, or where a dimension is more than sums, products, quotients, extremes and
rounding up of what is known.

    python -c "from gpu_runtime.launch.launch_from_host import read_host_plan; help(read_host_plan)"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from corpora.analysis.accesses import element_type
from corpora.analysis.affine import EXTREMES, integer_of
from corpora.analysis.constants import named_integers, value_of
from corpora.analysis.loops import root_name
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.queries import function_named, functions_of
from corpora.ir import (
    Assign,
    AssignExpression,
    Binary,
    Call,
    Cast,
    Compound,
    Declaration,
    Expression,
    Function,
    If,
    Increment,
    InitializerList,
    KernelLaunch,
    Literal,
    Member,
    Name,
    NamedType,
    ScalarType,
    SizeOf,
    Statement,
    StructDefinition,
    TranslationUnit,
    Unary,
    Unsupported,
    UnsupportedExpression,
    find,
)
from corpora.records import Program, Signature, UnitTestSuite
from gpu_runtime.launch.plans import ELEMENT_BYTES, LaunchPlan, PlanNames, parse_plan, rename_sizes

_BYTES = {"i8": 1, "u8": 1, "bool": 1, "char": 1, "i16": 2, "u16": 2, "f16": 2, "i32": 4,
          "u32": 4, "f32": 4, "i64": 8, "u64": 8, "f64": 8, "c64": 8, "c128": 16}  # fmt: skip
_ROUNDING_UP = ("ceil", "ceilf", "std::ceil")
_MAX_DEPTH = 8
_MAX_TEXT = 1000
_AXES = ("x", "y", "z")


class _Unreadable(ValueError):
    """More than a plan can say."""


@dataclass(frozen=True, slots=True)
class _Value:
    """An expression of a plan. real: of C's floating types, which do not round a quotient down."""

    text: str
    real: bool = False


_Known = _Value | tuple[_Value, ...]
"""A number, or the dimensions of a `dim3`; those left out are 1."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """What names mean at one place of a host function. A name without a value is not in it."""

    unit: TranslationUnit
    values: dict[str, _Known]
    constants: Mapping[str, int]
    types: Mapping[str, object] = field(default_factory=dict)
    depth: int = 0


def find_host_launches(text: str, kernel: str) -> list[tuple[Function, KernelLaunch]]:
    """Return (host function, launch) for each launch of the kernel called `kernel` in the CUDA text
    `text`, in textual order, both as parsed.
    """
    return [
        (function, launch)
        for function in functions_of(parse_c_family(text, "cuda"))
        if not {"__global__", "__device__"} & set(function.qualifiers)
        for launch in find(function.body or (), KernelLaunch)
        if isinstance(launch.kernel, Name) and launch.kernel.id.rpartition("::")[2] == kernel
    ]


def find_launching_functions(text: str, kernel: str) -> dict[str, Function]:
    """Return the host functions in the CUDA text `text` that launch the kernel called `kernel`, as
    parsed, by name, without templates and methods.
    """
    unit = parse_c_family(text, "cuda")
    methods = {id(m) for s in find(unit.items, StructDefinition) for m in s.methods}
    return {
        f.name: f
        for f, _ in find_host_launches(text, kernel)
        if not f.template and "::" not in f.name and id(f) not in methods
    }


def read_host_plan(
    program: Program, signature: Signature, suite: UnitTestSuite | None = None
) -> LaunchPlan | None:
    """Return the launch of the only host function that launches the kernel, as a plan in the
    kernel's parameter names. Returns None if there is no such launch, or a plan cannot express it.

    program: names the kernel, and its text has both. signature: the kernel's. suite: tests that may
        hold sizes which the kernel does not take; None for no tests.
    """
    if "<<<" not in program.text:
        return None
    unit = parse_c_family(program.text, "cuda")
    found = find_host_launches(program.text, program.name)
    kernel = function_named(unit, program.name)
    if len(found) != 1 or kernel is None or _has_hidden_launch(unit):
        return None
    function, launch = found[0]
    try:
        return _plan(unit, kernel, function, launch, PlanNames.of(signature, suite).scalars)
    except _Unreadable:
        return None


def _has_hidden_launch(unit: TranslationUnit) -> bool:
    """Whether a construct that is not understood, such as a lambda, holds a launch."""
    return any("<<<" in n.text for n in find(unit.items, Unsupported, UnsupportedExpression))


def _plan(
    unit: TranslationUnit,
    kernel: Function,
    function: Function,
    launch: KernelLaunch,
    sizes: Sequence[str],
) -> LaunchPlan:
    reading = _values_at(unit, function, launch)
    own = {p.name for p in function.parameters}
    names = [p.name for p in kernel.parameters]
    passed = dict(zip(names, launch.arguments, strict=False))
    given = {name: _try(passed[name], reading) for name in names if name in passed}
    handed = {name: v.text for name, v in given.items() if name in sizes and v.text in own}
    grid, block = (_dimensions(part, reading) for part in (launch.grid, launch.block))
    shared = _whole(launch.shared, reading) if launch.shared is not None else _Value("0")
    named: list[str] = []

    def note(name: str) -> str:
        named.append(name)
        return name

    for value in (*grid, *block):
        rename_sizes(value.text, note)
    constant = not named
    fixed = {name for name in names if name in sizes and name in passed} - handed.keys()
    # A size that the kernel is not given is the test's, where the function takes one so named.
    meanings = {name: name for name in sizes if name not in passed and name in own}
    meanings |= {text: name for name, text in reversed(handed.items())}
    stands_for_all = bool(meanings) and not (constant and fixed) if sizes else bool(own)
    if function.name == "main" or not stands_for_all:
        raise _Unreadable
    parts = [",".join(_rename(v.text, meanings) for v in part) for part in (grid, block)]
    try:
        text = f"grid={parts[0]} block={parts[1]} shared={_rename(shared.text, meanings)}"
        return parse_plan(text)
    except ValueError:
        raise _Unreadable from None


def _rename(text: str, meanings: Mapping[str, str]) -> str:
    """A plan's expression in the kernel's names. Raises _Unreadable where one has no meaning."""

    def rename(name: str) -> str:
        if name not in meanings:
            raise _Unreadable
        return meanings[name]

    return rename_sizes(text, rename)


def _try(node: Expression, reading: _Reading) -> _Value:
    try:
        return _value(node, reading)
    except _Unreadable:
        return _Value("")


# ---- values where the launch stands


def _values_at(unit: TranslationUnit, function: Function, launch: KernelLaunch) -> _Reading:
    """What the names of a host function mean at its launch. Raises _Unreadable in a loop."""
    types: dict[str, object] = {p.name: p.type for p in function.parameters}
    types |= {d.name: d.type for d in find(function.body or (), Declaration)}
    local = {d.name for d in find(function.body or (), Declaration)}
    hidden = types.keys()
    constants = {n: v for n, v in named_integers(unit).items() if n not in hidden}
    values: dict[str, _Known] = {
        p.name: _Value(p.name)
        for p in function.parameters
        if p.name not in local and _is_integer(p.type)
    }
    reading = _Reading(unit, values, constants, types)
    _follow(function.body or (), launch, reading)
    for node in find(function.body or (), Unary):
        if node.op == "&" and isinstance(node.operand, Name):
            values.pop(node.operand.id, None)  # whoever has its address may change it
    return reading


def _is_integer(type_: object) -> bool:
    if isinstance(type_, ScalarType):
        return type_.name[0] in "iu"
    return isinstance(type_, NamedType) and type_.name != "dim3"


def _follow(body: Sequence[Statement], launch: KernelLaunch, reading: _Reading) -> bool:
    """Runs over the statements up to the launch; True where it is reached."""
    for statement in body:
        if statement is launch:
            return True
        if any(node is launch for node in find(statement, KernelLaunch)):
            if isinstance(statement, Compound):
                return _follow(statement.body, launch, reading)
            if isinstance(statement, If):
                inside = any(node is launch for node in find(statement.then, KernelLaunch))
                branch = statement.then if inside else statement.otherwise
                return _follow(branch, launch, reading)
            raise _Unreadable
        if isinstance(statement, Declaration):
            _declare(statement, reading)
        elif isinstance(statement, Assign):
            _assign(statement, reading)
        else:
            _forget(statement, reading)
    return False


def _declare(node: Declaration, reading: _Reading) -> None:
    is_dim3 = isinstance(node.type, NamedType) and node.type.name == "dim3"
    value = node.value
    try:
        if is_dim3 and value is None:
            parts = tuple(_whole(a, reading) for a in node.arguments or ())
            reading.values[node.name] = parts or (_Value("1"),)
        elif is_dim3 and value is not None:
            reading.values[node.name] = _dimensions(value, reading)
        elif value is None and node.arguments is not None and len(node.arguments) == 1:
            reading.values[node.name] = _converted(_value(node.arguments[0], reading), node.type)
        elif value is not None:
            reading.values[node.name] = _converted(_value(value, reading), node.type)
        else:
            reading.values.pop(node.name, None)
    except _Unreadable:
        reading.values.pop(node.name, None)


def _converted(value: _Value, type_: object) -> _Value:
    """A value as a variable of a type holds it. An integer does not keep a fraction; an `auto` or
    a floating variable keeps what it is given."""
    if isinstance(type_, ScalarType) and type_.name[0] in "iu":
        return replace(value, real=False)
    if isinstance(type_, ScalarType) and type_.name in ("f32", "f64"):
        return replace(value, real=True)
    return value


def _assign(node: Assign, reading: _Reading) -> None:
    values, target = reading.values, node.target
    try:
        if isinstance(target, Member) and isinstance(target.base, Name) and target.field in _AXES:
            _assign_field(target.base.id, target.field, node, reading)
        elif isinstance(target, Name):
            values[target.id] = _assigned(target, node, reading)
    except _Unreadable:
        values.pop(root_name(target) or "", None)


def _assign_field(name: str, axis: str, node: Assign, reading: _Reading) -> None:
    """`grid.y = (n + 15) / 16;`"""
    known = reading.values.get(name)
    if not isinstance(known, tuple) or node.op != "=" or node.value is None:
        raise _Unreadable
    parts = [*known, *[_Value("1")] * (3 - len(known))]
    parts[_AXES.index(axis)] = _whole(node.value, reading)
    reading.values[name] = tuple(parts)


def _assigned(target: Name, node: Assign, reading: _Reading) -> _Known:
    if node.op == "=" and node.value is not None:
        if isinstance(reading.values.get(target.id), tuple):
            return _dimensions(node.value, reading)
        return _converted(_value(node.value, reading), reading.types.get(target.id))
    step = node.value if node.value is not None else Literal("1", "i32")
    return _value(Binary(node.op.rstrip("=")[:1], target, step), reading)


def _forget(statement: Statement, reading: _Reading) -> None:
    """What a statement that is not followed may change has no value behind it."""
    targets = [n.target for n in find(statement, Assign, AssignExpression, Increment)]
    for target in targets:
        reading.values.pop(root_name(target) or "", None)


# ---- expressions


def _dimensions(node: Expression, reading: _Reading) -> tuple[_Value, ...]:
    """Of a `dim3`, or of a number along x alone."""
    if isinstance(node, Name) and isinstance(known := reading.values.get(node.id), tuple):
        return known
    listed: Sequence[Expression] = (node,)
    if isinstance(node, InitializerList):
        listed = node.items
    elif isinstance(node, Call) and isinstance(node.function, Name) and node.function.id == "dim3":
        listed = node.arguments
    elif isinstance(node, Cast) and getattr(node.type, "name", "") == "dim3":
        return _dimensions(node.operand, reading)
    return tuple(_whole(part, reading) for part in listed) or (_Value("1"),)


def _whole(node: Expression, reading: _Reading) -> _Value:
    value = _value(node, reading)
    if value.real and not value.text.isdigit():
        raise _Unreadable
    return value


def _value(node: Expression, reading: _Reading) -> _Value:
    if reading.depth > _MAX_DEPTH:
        raise _Unreadable
    if isinstance(node, Literal):
        return _number(node)
    if isinstance(node, Name):
        return _resolve_name(node.id, reading)
    if isinstance(node, Cast):
        value = _value(node.operand, reading)
        return _Value(value.text, getattr(node.type, "name", "") in ("f32", "f64"))
    if isinstance(node, SizeOf):
        return _Value(str(_bytes_of(node, reading)))
    if isinstance(node, Binary):
        return _evaluate_binary(node, reading)
    if isinstance(node, Call):
        return _evaluate_call(node, reading)
    if isinstance(node, Member) and isinstance(node.base, Name) and node.field in _AXES:
        known = reading.values.get(node.base.id)
        if isinstance(known, tuple):
            place = _AXES.index(node.field)
            return known[place] if place < len(known) else _Value("1")
    raise _Unreadable


def _number(node: Literal) -> _Value:
    """A whole number, which may be written as a real one: `256.0f`."""
    if (whole := integer_of(node)) is not None:
        return _Value(str(whole))
    value = value_of(node)
    if not isinstance(value, float) or not value.is_integer():
        raise _Unreadable
    return _Value(str(int(value)), True)


def _bytes_of(node: SizeOf, reading: _Reading) -> int:
    """Of a type, or of an element that a pointer of the function points to."""
    of: object = node.of
    if isinstance(of, Name):
        of = reading.types.get(of.id)
    elif not isinstance(of, (ScalarType, NamedType)):
        of = element_type(reading.types.get(root_name(of) or ""))  # type: ignore[arg-type]
    if isinstance(of, ScalarType) and of.name in _BYTES:
        return _BYTES[of.name]
    if isinstance(of, NamedType) and of.name in ELEMENT_BYTES:
        return ELEMENT_BYTES[of.name]
    raise _Unreadable


def _resolve_name(name: str, reading: _Reading) -> _Value:
    known = reading.values.get(name)
    if isinstance(known, _Value):
        return known
    if name in reading.constants:
        return _Value(str(reading.constants[name]))
    raise _Unreadable


def _evaluate_binary(node: Binary, reading: _Reading) -> _Value:
    left, right = _value(node.left, reading), _value(node.right, reading)
    real = left.real or right.real
    if len(left.text) + len(right.text) > _MAX_TEXT:
        raise _Unreadable
    if node.op in (">>", "<<") and right.text.isdigit() and int(right.text) < 31 and not real:
        return _Value(f"({left.text}){'/' if node.op == '>>' else '*'}{2 ** int(right.text)}")
    if node.op not in ("+", "-", "*", "/") or (real and node.op == "/"):
        raise _Unreadable  # what rounds a quotient up asks for it itself
    return _Value(f"({left.text}){node.op}({right.text})", real)


def _evaluate_call(node: Call, reading: _Reading) -> _Value:
    name = getattr(node.function, "id", "")
    if name in _ROUNDING_UP and len(node.arguments) == 1:
        return _evaluate_ceiling(node.arguments[0], reading)
    values = [_value(argument, reading) for argument in node.arguments]
    function = function_named(reading.unit, name)
    if function is not None:
        return _evaluate_helper(function, values, reading)
    if name in EXTREMES and len(values) == 2:
        text = f"{EXTREMES[name]}({values[0].text},{values[1].text})"
        return _Value(text, any(v.real for v in values))
    raise _Unreadable


def _evaluate_helper(function: Function, values: list[_Value], reading: _Reading) -> _Value:
    """A function that is one expression, as `(n + size - 1) / size` often is."""
    body = function.body or ()
    result = getattr(body[0], "value", None) if len(body) == 1 else None
    if result is None or len(function.parameters) != len(values):
        raise _Unreadable
    typed = zip(function.parameters, values, strict=True)
    known: dict[str, _Known] = {p.name: _converted(v, p.type) for p, v in typed}
    types = {p.name: p.type for p in function.parameters}
    inner = _Reading(reading.unit, known, reading.constants, types, reading.depth + 1)
    return _converted(_value(result, inner), function.result)


def _evaluate_ceiling(node: Expression, reading: _Reading) -> _Value:
    """`ceil(n / 256.0)`; of whole numbers `ceil(n / 256)` has been rounded down before."""
    if not isinstance(node, Binary) or node.op != "/":
        return _Value(_value(node, reading).text)
    left, right = _value(node.left, reading), _value(node.right, reading)
    if not (left.real or right.real):
        return _Value(f"({left.text})/({right.text})")
    return _Value(f"ceil(({left.text})/({right.text}))")
