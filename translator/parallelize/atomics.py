"""Changes of memory that several threads reach, as CUDA's atomic operations.

Contract: only the way of changing is another; whether the order of changes matters is for execution
to say. Types of which CUDA has no such operation raise `NoAtomicError`. Larger and smaller
floating-point values are kept by a loop around atomicCAS (CUDA C++ Programming Guide, atomic
functions), whose first value is read by an atomicCAS too: a plain read beside atomic writes is a
race.

    python -c "from translator.parallelize.atomics import AtomicChanges; help(AtomicChanges)"
"""

from __future__ import annotations

from functools import reduce

from corpora.analysis.updates import PlaceUpdate
from corpora.ir import (
    Binary,
    Call,
    Cast,
    Expression,
    ExpressionStatement,
    If,
    Name,
    PointerType,
    ScalarType,
    Statement,
    Unary,
)

_ADDED = {"i32", "u32", "f32", "f64", "i64", "u64"}
_WHOLE = {"i32", "u32", "i64", "u64"}
_BITS = {"&": "And", "|": "Or", "^": "Xor"}
_WIDE = ScalarType("u64", spelled="unsigned long long")
_LONG = ScalarType("i64", spelled="long long")
_KEEPERS = {
    "f32": ("float", "int", "__int_as_float", "__float_as_int"),
    "f64": ("double", "unsigned long long", "__longlong_as_double", "__double_as_longlong"),
}
_KEEPER = """__device__ void {name}({type} *place, {type} value) {{
    {bits} *bits = ({bits} *)place;
    {bits} old = atomicCAS(bits, 0, 0);
    while ({test}) {{
        {bits} seen = atomicCAS(bits, old, ({bits}){to}(value));
        if (seen == old) {{
            break;
        }}
        old = seen;
    }}
}}
"""


class NoAtomicError(Exception):
    """Raised where CUDA has no atomic operation for a change of memory."""


class AtomicChanges:
    """Makes atomic operations for one CUDA kernel, and the device functions that they call. name:
    the kernel's; the names of the device functions begin with it.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._keepers: dict[tuple[str, str], str] = {}

    def update(self, update: PlaceUpdate, type: ScalarType) -> Statement:
        """Return a CUDA statement that makes `update`, such as `a[i] += x`, atomically, under its
        conditions if it has any. type: of the place that is updated. Raises NoAtomicError if CUDA
        has no such operation.
        """
        changed = ExpressionStatement(self._operation(update, type))
        if not update.conditions:
            return changed
        return If(reduce(lambda a, b: Binary("&&", a, b), update.conditions), (changed,))

    def store(self, target: Expression, value: Expression, type: ScalarType) -> Statement:
        """Return a CUDA statement that stores `value` in `target` atomically. type: of `target`.
        Raises NoAtomicError if CUDA has no such operation.
        """
        if type.name not in _ADDED - {"f64"}:
            raise NoAtomicError
        return ExpressionStatement(_call("atomicExch", target, value, type))

    def helpers(self) -> str:
        """Return the CUDA text of the device functions that the operations so far call; '' if they
        call none.
        """
        made = ""
        for (operator, type), name in self._keepers.items():
            word, bits, back, to = _KEEPERS[type]
            sign = ">" if operator.endswith("max") else "<"
            test = f"value {sign} {back}(old)"
            if operator.startswith("f"):
                test += f" || ({back}(old) != {back}(old) && value == value)"
            made += _KEEPER.format(name=name, type=word, bits=bits, to=to, test=test) + "\n"
        return made

    def _operation(self, update: PlaceUpdate, type: ScalarType) -> Expression:
        operator = update.operator
        if operator == "+" and type.name in _ADDED:
            # whole numbers of 64 bits are added to as unsigned ones
            return _call("atomicAdd", update.target, update.value, type, signed=False)
        if operator in ("min", "max") and type.name in _WHOLE:
            return _call(f"atomic{operator.title()}", update.target, update.value, type)
        if operator in ("min", "max") and type.name in _KEEPERS:
            operator = f"f{operator}" if update.passes_nan else operator
            word = _KEEPERS[type.name][0]
            name = self._keepers.setdefault(
                (operator, type.name), f"{self._name}_keep_{operator}_{word}"
            )
            return Call(Name(name), (Unary("&", update.target), update.value))
        if operator in _BITS and type.name in _WHOLE:
            return _call(f"atomic{_BITS[operator]}", update.target, update.value, type)
        raise NoAtomicError


def _call(
    name: str, target: Expression, value: Expression, type: ScalarType, signed: bool = True
) -> Call:
    place: Expression = Unary("&", target)
    wanted = _LONG if type.name == "i64" and signed else _WIDE
    if type.name in ("i64", "u64") and type.spelled != wanted.spelled:
        place, value = Cast(PointerType(wanted), place), Cast(wanted, value)
    return Call(Name(name), (place, value))
