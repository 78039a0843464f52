"""Calls: functions of the text, mathematics, and atomic updates.

A function of the text is run in the caller's place. A function of the mathematical library is a
value that depends on its arguments alone: the same name with the same arguments gives the same
value on both sides. How far two libraries round it alike is a stated precondition, not a fact.

    python -c "from coevolve.verification.proof.functions import MATH; print(len(MATH))"
"""

from __future__ import annotations

from typing import Any

from coevolve.verification.proof import terms as t
from coevolve.verification.proof.errors import NotModelled
from coevolve.verification.proof.summary import Pointer, Value
from corpora.ir import Call, Function, Name, PointerType, ReferenceType

Execution = Any
"""An `execute.Execution`, which imports this module."""

MATH = frozenset(
    "sqrt cbrt exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh asinh"
    " acosh atanh erf erfc tgamma lgamma floor ceil round trunc rint nearbyint fabs pow atan2 fmod"
    " hypot fmin fmax fdim copysign fma".split()
)
"""Functions of the mathematical library without effects, by the name for double."""
_ATOMIC = {
    "atomicAdd": "+", "atomicSub": "-", "atomicMax": "max", "atomicMin": "min", "atomicAnd": "&",
    "atomicOr": "|", "atomicXor": "^",
}  # fmt: skip
_EXACT = frozenset({"fmin", "fmax", "fabs", "floor", "ceil", "trunc", "round", "copysign"})
MOST_CALLS = 3


def call_function(run: Execution, node: Call, line: int) -> Value | Pointer:
    """Return the value of a call in a symbolic run, and apply the effects of the function. Those of
    the text are run in the caller's place; one of the mathematical library gives a term that
    depends on its arguments alone; an atomic function of CUDA updates an array.

    run: the symbolic run. node: the call. line: of the source. A function of type `void` gives the
        number 0. Raises NotModelled for any other function, or for calls that go too deep.
    """
    name = node.function.id if isinstance(node.function, Name) else ""
    name = name.removeprefix("std::").removeprefix("::")
    if node.keywords or node.template or not name:
        raise NotModelled(f"line {line}: a call")
    if name in run.helpers:
        return _inline(run, run.helpers[name], node, line)
    if name in _ATOMIC and run.launch is not None and len(node.arguments) == 2:
        return _atomic(run, _ATOMIC[name], node, line)
    if name == "__ldg" and len(node.arguments) == 1:
        place = run.evaluate(node.arguments[0])
        if isinstance(place, Pointer):
            return run.read(run.element(place, Value(t.constant(0), "i32"), line), line)
    arguments = [run.scalar(a) for a in node.arguments]
    if name in ("min", "max", "abs"):
        return _integer_function(run, name, arguments, line)
    return _mathematics(run, name, arguments, line)


def _mathematics(run: Execution, name: str, given: list[Value], line: int) -> Value:
    base = name.removesuffix("f") if name.removesuffix("f") in MATH else name
    if base not in MATH or not given:
        raise NotModelled(f"line {line}: the function {name}")
    type_ = "f32" if name != base or all(v.type == "f32" for v in given) else "f64"
    if name == base and type_ == "f32" and base not in _EXACT:
        base = f"{base}(float)"  # of C++ the overload, of C the function for double
    elif type_ == "f32":
        base = f"{base}f"
    terms = tuple(run.convert(v, type_, line).term for v in given)
    return Value(t.opaque(f"op:{base}", type_, terms), type_)


def _integer_function(run: Execution, name: str, given: list[Value], line: int) -> Value:
    types = {v.type for v in given}
    if not types <= set(t.WIDTHS) or len(given) != (1 if name == "abs" else 2):
        raise NotModelled(f"line {line}: {name} of floats")
    given = [run.promote(v) for v in given]
    if name == "abs":
        value = given[0]
        if value.type not in ("i32", "i64"):
            raise NotModelled(f"line {line}: abs of {value.type}")
        negative = t.less(value.term, t.constant(0))
        turned = t.negate(value.term)
        live = run.live
        run.live = t.both(live, negative)
        run.check("fits", turned, value.type, line)
        run.live = live
        return Value(t.select(negative, turned, value.term), value.type)
    a, b = given
    if a.type != b.type:
        raise NotModelled(f"line {line}: {name} of different types")
    first = t.at_most(a.term, b.term) if name == "min" else t.at_most(b.term, a.term)
    return Value(t.select(first, a.term, b.term), a.type)


def _atomic(run: Execution, op: str, node: Call, line: int) -> Value:
    place = run.evaluate(node.arguments[0])
    if not isinstance(place, Pointer):
        raise NotModelled(f"line {line}: an atomic update of a number")
    place = run.element(place, Value(t.constant(0), "i32"), line)
    value = run.convert(run.scalar(node.arguments[1]), place.type, line)
    if op == "-":
        op, value = "+", Value(t.negate(value.term), value.type)
        if value.type in t.FLOATS:
            raise NotModelled(f"line {line}: atomicSub of floats")
    if op in ("max", "min", "&", "|", "^") and place.type in t.FLOATS:
        raise NotModelled(f"line {line}: an atomic operation on floats")
    if place.type in t.WIDTHS and t.WIDTHS[place.type] < 32:
        raise NotModelled(f"line {line}: an atomic operation on {place.type}")
    run.write(place, value, line, op)
    name = run.fresh(f"undefined value of {op}")
    return Value(t.symbol(name, place.type), place.type)


def _inline(run: Execution, function: Function, node: Call, line: int) -> Value | Pointer:
    if function.name in run.calls or len(run.calls) >= MOST_CALLS:
        raise NotModelled(f"line {line}: {function.name} calls itself, or calls go deep")
    if function.body is None or len(function.parameters) != len(node.arguments):
        raise NotModelled(f"line {line}: the call of {function.name}")
    if function.template or any(isinstance(p.type, ReferenceType) for p in function.parameters):
        raise NotModelled(f"line {line}: the parameters of {function.name}")
    given = [run.evaluate(a) for a in node.arguments]
    outer = run.scopes, run.jumps, run.exits, run.live, run.value
    run.scopes, run.jumps, run.exits, run.value = [{}], [], [], None
    run.calls.append(function.name)
    for parameter, value in zip(function.parameters, given, strict=True):
        run.declare(parameter.name, _passed(run, parameter, value, line))
    run.block(function.body)
    result = run.value
    run.calls.pop()
    run.close()
    run.scopes, run.jumps, run.exits, run.live, run.value = outer
    own = run.element_type(function.result, line)
    if own == "void":
        return Value(t.constant(0), "i32")
    if result is None:
        raise NotModelled(f"line {line}: {function.name} returns nothing")
    return run.convert(result, own, line)


def _passed(run: Execution, parameter: object, value: Value | Pointer, line: int):
    type_ = getattr(parameter, "type", None)
    if isinstance(value, Pointer):
        own = run.element_type(type_.to, line) if isinstance(type_, PointerType) else ""
        if own != value.type or value.depth or value.inner or value.row:
            raise NotModelled(f"line {line}: a pointer that is passed on")
        return value
    return run.convert(value, run.element_type(type_, line), line)
