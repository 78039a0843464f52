"""Signatures of C++, CUDA and OpenMP functions, read from the typed tree of their text.

Contract: `read_c_family_signature(program)` gives the Signature of the last definition called
`program.name`. A scalar by value is intent `in`, a pointee or reference that is const is `in`,
everything else `inout`. A `void *` that the body casts to one element type is an array of that
type; a structure of a real and an imaginary part is complex, another is its numbers (`p__x`,
corpora.signatures.structures); a `std::vector` is an array whose length comes with it, as Fortran's
`x(:)`. A `void *` function that returns nothing but null, as threads' functions do, returns
nothing. Raises SignatureError.

    python -c "from corpora.records import Program; \
        from corpora.signatures.c_family import read_c_family_signature; \
        print(read_c_family_signature(Program('cpp', 'f', 'void f(float **r, int A[][8]) {}')))"
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain

from corpora.dialects import get_dialect
from corpora.emit.c_family import emit_c_family
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.queries import bindings, functions_of, source_text
from corpora.ir import (
    ArrayType,
    Cast,
    Extent,
    Function,
    NamedType,
    Parameter as FunctionParameter,
    PointerType,
    ReferenceType,
    Return,
    ScalarType,
    StructDefinition,
    TranslationUnit,
    Type,
    find,
)
from corpora.records import Member, Parameter, Program, Signature
from corpora.signatures.element_types import (
    DeclaredShape,
    element_of,
    named_types,
    show_type,
    split_type,
)
from corpora.signatures.errors import SignatureError
from corpora.signatures.integer_constants import IntegerConstants
from corpora.signatures.null_checks import is_null
from corpora.signatures.pointees import is_single_object
from corpora.signatures.structures import Structure, StructureLeaf, structures_of


def read_c_family_signature(program: Program) -> Signature:
    """Return the signature of the entry function, `program.name`, of a C, C++ or CUDA program. A
    structure becomes one parameter for each number in it. Raises SignatureError if there is no such
    function or a parameter cannot be held by a typed test, ValueError for an unknown dialect.
    """
    where = f"{program.dialect} function '{program.name}'"
    unit = parse_c_family(program.text, program.dialect)
    function = _entry(program, unit, where)
    if "__device__" in function.qualifiers and "__host__" not in function.qualifiers:
        raise SignatureError(f"{where}: is a __device__ function, which the host cannot call")
    is_kernel = "__global__" in function.qualifiers
    text = _Text(
        function,
        unit,
        IntegerConstants.of(unit),
        structures_of(unit, vectors=get_dialect(program.dialect).model == "cuda"),
        _complex_structures(unit),
        where,
    )
    parameters = tuple(
        chain.from_iterable(_parameters(p, i, text) for i, p in enumerate(function.parameters))
    )
    if len({p.name for p in parameters}) != len(parameters):
        raise SignatureError(f"{where}: two parameters have the same name")
    result = _result(text)
    if is_kernel and any(isinstance(p.type, ReferenceType) for p in function.parameters):
        raise SignatureError(
            f"{where}: a __global__ function takes a reference, which would be to the host's memory"
        )
    if is_kernel and result is not None:
        raise SignatureError(f"{where}: a __global__ function must return void")
    return Signature(program.name, parameters, result, "kernel" if is_kernel else "function")


@dataclass(frozen=True, slots=True)
class _Text:
    """What parameters are read against: the function, the tree round it, its constants, structures
    and complex types, and how errors call the function.
    """

    function: Function
    unit: TranslationUnit
    constants: IntegerConstants
    structures: dict[str, Structure | str]
    complex_types: dict[str, ScalarType]
    where: str

    @property
    def is_kernel(self) -> bool:
        return "__global__" in self.function.qualifiers


def _entry(program: Program, unit: TranslationUnit, where: str) -> Function:
    functions = functions_of(unit)
    named = [f for f in functions if program.name in (f.name, "::".join([*f.scope, f.name]))]
    if not named:
        known = ", ".join(dict.fromkeys(f.name for f in functions)) or "none"
        unread = unit.errors[0] if unit.errors else None
        line = f"; line {unread.span.line} cannot be read" if unread and unread.span else ""
        raise SignatureError(
            f"{where}: no definition found in the text (functions there: {known}){line}"
        )
    found = named[-1]
    methods = [m for s in find(unit, StructDefinition) for m in s.methods]
    if any(found is m for m in methods) or "::" in found.name or "operator" in found.name:
        raise SignatureError(f"{where}: is a class member or operator; tests need a free function")
    if found.template_parameters or "template <>" in found.qualifiers:
        raise SignatureError(f"{where}: is a template; tests need a function of concrete types")
    return found


_PARTS = frozenset((re, im) for re in ("r", "re", "real") for im in ("i", "im", "imag"))


def _complex_structures(unit: TranslationUnit) -> dict[str, ScalarType]:
    """Names of structures that hold one real and one imaginary part, with the complex type of the
    same layout.
    """
    found: dict[str, ScalarType] = {}
    for node in find(unit, StructDefinition):
        types = {field.type for field in node.fields}
        parts = tuple(field.name for field in node.fields)
        plain = not (node.bases or node.items or node.attributes or node.template)
        if node.kind == "struct" and plain and parts in _PARTS and len(types) == 1:
            name = {"f32": "c64", "f64": "c128"}.get(getattr(types.pop(), "name", ""))
            if name and node.name:
                found[node.name] = ScalarType(name)
    return found | named_types(unit, found)


def _parameters(declared: FunctionParameter, index: int, text: _Text) -> tuple[Parameter, ...]:
    """What one parameter of the function is to tests: itself, or the numbers of the structures that
    it holds.
    """
    where = text.where
    if declared.name == "..." or "..." in declared.attributes:
        raise SignatureError(f"{where}: takes a variable number of arguments")
    name = declared.name or f"unnamed_{index + 1}"
    type_ = _follow_casts(declared, text)
    shape = split_type(type_)
    if shape is None:
        raise SignatureError(
            f"{where}: parameter '{_shown(declared, text)}' is a function pointer or another "
            f"nested declarator, which tests cannot hold"
        )
    base = shape.base
    if isinstance(base, NamedType):
        plain = base.name.removeprefix("::")
        if plain in text.complex_types:
            shape = replace(shape, base=text.complex_types[plain])
        elif plain.removeprefix("std::") in ("vector", "array") and base.arguments:
            return (_read_container(base, shape, name, text),)
        elif (held := text.structures.get(plain)) is not None:
            if isinstance(held, str):
                raise SignatureError(
                    f"{where}: parameter '{name}' is of a structure that tests cannot hold: {held}"
                )
            return _members(held, name, shape, text)
    return (_plain_parameter(shape, name, declared, text),)


def _shown(declared: FunctionParameter, text: _Text) -> str:
    return " ".join(source_text(text.unit, declared).split())


def _follow_casts(declared: FunctionParameter, text: _Text) -> Type:
    """The type of a parameter; of `void *p` that of `T *p` where the body casts p to pointers to T,
    or to arrays of T, and to nothing else.
    """
    pointer = declared.type
    if not isinstance(pointer, PointerType) or pointer.to not in (_VOID, _CONST_VOID):
        return pointer
    uses = {id(b.name) for b in bindings(text.function) if b.definition is declared}
    types = set()
    for cast in find(text.function.body or (), Cast):
        if id(cast.operand) in uses and isinstance(cast.type, PointerType):
            to = cast.type.to
            to = to.of if isinstance(to, ArrayType) else to
            types.add(replace(to, const=False) if hasattr(to, "const") else to)
    types.discard(_VOID)
    if len(types) != 1:
        return pointer
    only = types.pop()
    const = isinstance(pointer.to, ScalarType) and pointer.to.const
    return PointerType(replace(only, const=True) if const and hasattr(only, "const") else only)


_VOID = ScalarType("void")
_CONST_VOID = ScalarType("void", const=True)


def _read_container(base: NamedType, shape: DeclaredShape, name: str, text: _Text) -> Parameter:
    """An array whose length comes with it, or is a constant."""
    where = f"{text.where}: parameter '{name}'"
    kind = base.name.removeprefix("::").removeprefix("std::")
    element, *extent = base.arguments
    type_ = None
    if isinstance(element, ScalarType) or isinstance(element, NamedType) and not element.arguments:
        element = text.complex_types.get(getattr(element, "name", ""), element)
        type_ = element_of(element, where)
    if (
        type_ in (None, "bool")
        or shape.levels
        or shape.reference == "&&"
        or len(extent) != (kind == "array")
    ):
        raise SignatureError(
            f"{where} has type '{show_type(base)}', which tests cannot hold (of vectors they "
            f"hold those of numbers, by reference or value)"
        )
    length = ":" if kind == "vector" else str(_extent(Extent(extent[0]), text, where))
    return Parameter(name, "array", type_, _intent(shape), by_reference=True, shape=(length,))


def _extent(extent: Extent, text: _Text, what: str) -> int:
    """The value of an extent that must be known. Raises SignatureError where it is no constant."""
    value = text.constants.value(extent.size, {p.name for p in text.function.parameters})
    if value is None or value <= 0:
        shown = "" if extent.size is None else " ".join(emit_c_family(extent.size).split())
        raise SignatureError(f"{what} has inner extent '{shown}', which is not a positive constant")
    return value


def _plain_parameter(
    shape: DeclaredShape, name: str, declared: FunctionParameter, text: _Text
) -> Parameter:
    where = text.where
    element = element_of(shape.base, f"{where}: parameter '{name}'")
    if element is None:
        raise SignatureError(
            f"{where}: parameter '{name}' is a void pointer; tests need an element type"
        )
    if shape.reference and (shape.levels or shape.reference == "&&"):
        raise SignatureError(
            f"{where}: parameter '{_shown(declared, text)}' is a reference to something else "
            f"than a scalar"
        )
    if shape.levels == 0:
        return Parameter(name, "scalar", element, _intent(shape), bool(shape.reference))
    inner = tuple(_extent(e, text, f"{where}: array '{name}'") for e in shape.extents[1:])
    if shape.levels == 1:
        return Parameter(name, "array", element, _intent(shape), inner_extents=inner)
    if shape.levels == 2 and not inner:
        return Parameter(name, "rows", element, _intent(shape))
    raise SignatureError(
        f"{where}: parameter '{_shown(declared, text)}' has more levels of pointers than tests "
        f"can hold (two)"
    )


def _intent(shape: DeclaredShape) -> str:
    by_value = not (shape.reference or shape.levels)
    return "in" if shape.const or by_value else "inout"


def _members(
    held: Structure, name: str, declared: DeclaredShape, text: _Text
) -> tuple[Parameter, ...]:
    """The numbers of structures: arrays where the function takes many, else scalars and arrays of a
    fixed length.
    """
    levels = declared.levels
    if (
        levels > 1
        or len(declared.extents) > 1
        or declared.reference == "&&"
        or (declared.reference and levels)
    ):
        raise SignatureError(
            f"{text.where}: parameter '{name}' has more levels of pointers to structures than "
            f"tests can hold (one)"
        )
    passing = (
        (
            "array"
            if declared.extents or not is_single_object(name, text.function, text.unit)
            else "pointer"
        )
        if levels
        else "reference"
        if declared.reference
        else "value"
    )
    if passing == "array" and held.holds_pointers:
        raise SignatureError(
            f"{text.where}: parameter '{name}' is an array of structures that hold pointers, "
            f"which tests cannot hold"
        )
    if passing == "pointer" and held.holds_pointers and text.is_kernel:
        raise SignatureError(
            f"{text.where}: parameter '{name}' points to a structure that holds pointers, which "
            f"tests hand to kernels by value alone"
        )
    return tuple(_member(leaf, held, name, passing, declared) for leaf in held.leaves)


def _member(
    leaf: StructureLeaf, held: Structure, name: str, passing: str, declared: DeclaredShape
) -> Parameter:
    type_name = show_type(replace(declared.base, const=False)) if held.holds_pointers else ""
    member = Member(
        name,
        leaf.path,
        passing,
        leaf.count,
        leaf.offset,
        held.bytes,
        leaf.wide_offset,
        held.wide_bytes,
        type_name,
    )
    called, intent = f"{name}__{leaf.path.replace('.', '__')}", _intent(declared)
    if not leaf.count:
        return Parameter(
            called, "array", leaf.type, "in" if leaf.is_const else "inout", member=member
        )
    if passing == "array":
        return Parameter(
            called,
            "array",
            leaf.type,
            intent,
            inner_extents=(leaf.count,) if leaf.is_array else (),
            member=member,
        )
    if leaf.is_array:
        return Parameter(
            called, "array", leaf.type, intent, shape=(str(leaf.count),), member=member
        )
    return Parameter(called, "scalar", leaf.type, intent, passing != "value", member=member)


def _result(text: _Text) -> str | None:
    """Element type of the result, None for nothing. Raises SignatureError."""
    where, written = text.where, text.function.result
    if written == ScalarType("auto"):
        raise SignatureError(f"{where}: returns 'auto'; its result type must be written")
    shape = split_type(written)
    if shape is None or shape.levels or shape.reference:
        returned = [r.value for r in find(text.function.body or (), Return)]
        untyped = shape is not None and shape.pointers == 1 and shape.base == _VOID
        if untyped and returned and all(is_null(value) for value in returned):
            return None
        raise SignatureError(f"{where}: returns a pointer or reference, which tests cannot compare")
    base = shape.base
    if isinstance(base, NamedType):
        base = text.complex_types.get(base.name.removeprefix("::"), base)
    return element_of(base, f"{where}: its result")
