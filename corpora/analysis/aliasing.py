"""Which arrays of a function may overlap, by the rules of its language.

C and C++: pointers of different element types do not overlap (strict aliasing; characters may),
`restrict` parameters overlap nothing, locals and allocations are objects of their own. Fortran:
arguments do not overlap, but for pointers and targets.

    python -c "from corpora.analysis import aliasing; help(aliasing.may_overlap)"
"""

from __future__ import annotations

from corpora.analysis.accesses import element_type, strip_reference
from corpora.analysis.facts import FunctionFacts, Variable
from corpora.ir import ArrayType, PointerType, ScalarType

_SIGNED = {"u8": "i8", "u16": "i16", "u32": "i32", "u64": "i64"}


def may_overlap(facts: FunctionFacts, first: str, second: str) -> bool:
    """Return whether two arrays may share memory by the rules of the language; True where unknown.
    first, second: keys of the function's variables.
    """
    if first == second:
        return True
    if first.startswith("*") or second.startswith("*"):
        return True
    a, b = facts.variable(first), facts.variable(second)
    if a is None or b is None:
        return True
    if _is_own_object(a) or _is_own_object(b):
        return False
    if "fortran" in a.words or "fortran" in b.words:
        return all({"pointer", "target"} & set(v.words) for v in (a, b))
    if _is_restrict(a) or _is_restrict(b):
        return False
    if _is_object(a) and _is_object(b):
        return False
    return _same_kind(a, b)


def _is_own_object(variable: Variable) -> bool:
    """A local array or an allocation: nothing from outside points into it."""
    if variable.storage == "heap":
        return True
    local = variable.storage in ("local", "static", "result")
    return local and not isinstance(strip_reference(variable.type), PointerType)


def _is_object(variable: Variable) -> bool:
    """A global array: two of them are different objects."""
    return variable.storage in ("global", "local", "static") and isinstance(
        strip_reference(variable.type), ArrayType
    )


def _is_restrict(variable: Variable) -> bool:
    type_ = strip_reference(variable.type)
    return isinstance(type_, PointerType) and type_.restrict


def _same_kind(a: Variable, b: Variable) -> bool:
    kinds = [element_type(v.type) for v in (a, b)]
    if not all(isinstance(k, ScalarType) for k in kinds):
        return True
    names = [_SIGNED.get(k.name, k.name) for k in kinds]  # type: ignore[union-attr]
    return names[0] == names[1] or bool({"char", "i8", "void", "auto"} & set(names))
