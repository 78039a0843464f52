"""Where each function of a CUDA text runs, and what its expressions call: host or device.

A function without `__device__` and `__global__` is the host's, `constexpr` or not: nvcc lets device
code call such functions under an option only. A call is resolved by name, number of arguments and,
where the candidates run on different sides, by the arguments' types. Constructors, destructors,
methods and operators are calls too.

    python -c "from corpora.analysis.cuda_sides import read_sides; \
        s = read_sides('float g(); __global__ void k() { g(); }'); \
        print([(f.name, s.side_of(f)) for f in s.defined])"
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Flag
from functools import lru_cache
from typing import Any

from corpora.analysis.constants import fold_integer, named_integers
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.queries import functions_of
from corpora.ir import (
    Access,
    ArrayType,
    Assign,
    AssignExpression,
    Binary,
    Call,
    Cast,
    Conditional,
    Declaration,
    Expression,
    Function,
    Increment,
    InitializerList,
    KernelLaunch,
    Literal,
    Member,
    Module,
    Name,
    NamedType,
    Parameter,
    PointerType,
    ReferenceType,
    ScalarType,
    SizeOf,
    StructDefinition,
    TranslationUnit,
    Type,
    Unary,
    Using,
    children,
    find,
    walk,
)

__all__ = [
    "CALLS_SYMBOLS",
    "Called",
    "Side",
    "Sides",
    "plain_name",
    "read_sides",
    "template_values",
]

_BYTES = {
    **dict.fromkeys(("bool", "char", "i8", "u8"), 1),
    **dict.fromkeys(("i16", "u16", "f16"), 2),
    **dict.fromkeys(("i32", "u32", "f32"), 4),
    **dict.fromkeys(("i64", "u64", "f64", "f80", "c64"), 8),
    "c128": 16,
}
_VECTOR_BYTES = {
    f"{name}{n}": each * n
    for name, each in (("char", 1), ("uchar", 1), ("short", 2), ("ushort", 2), ("int", 4),
                       ("uint", 4), ("long", 8), ("ulong", 8), ("longlong", 8),
                       ("ulonglong", 8), ("float", 4), ("double", 8))
    for n in (1, 2, 3, 4)
} | {"cuFloatComplex": 8, "cuComplex": 8, "cuDoubleComplex": 16, "dim3": 12}  # fmt: skip
CALLS_SYMBOLS = {
    "cudaMemcpyToSymbol": 0,
    "cudaMemcpyToSymbolAsync": 0,
    "cudaMemcpyFromSymbol": 1,
    "cudaMemcpyFromSymbolAsync": 1,
    "cudaGetSymbolAddress": 1,
    "cudaGetSymbolSize": 1,
}
"""Calls of the host that name a variable of the device, and which of their arguments does."""


_BUILT_IN = frozenset({"threadIdx", "blockIdx", "blockDim", "gridDim"})
_WHOLE = frozenset("bool char i8 u8 i16 u16 i32 u32 i64 u64".split())
_YES_OR_NO = frozenset("< > <= >= == != && || !".split())


class Side(Flag):
    """The side, host or device, on which a CUDA function may be called; `HOST | DEVICE` means on
    both. A kernel is DEVICE.
    """

    HOST = 1
    DEVICE = 2


@dataclass(frozen=True, slots=True)
class Called:
    """What a call in a CUDA text calls.

    name: as written; of a method, what stands behind the dot. functions: those of the text that it
    may be; () for none. node: the expression or declaration of `corpora.ir` that calls.
    """

    name: str
    functions: tuple[Function, ...]
    node: Any


def plain_name(name: str) -> str:
    """Return `name` without namespaces, classes and template arguments: `f` for `a::f<int>`."""
    last = name.rpartition("::")[2].strip()
    if last.startswith("operator") and not last[8:9].isidentifier():  # `<` is part of its name
        return last
    return name.partition("<")[0].rpartition("::")[2].strip()


@lru_cache(maxsize=256)
def read_sides(text: str) -> Sides:
    """Return the Sides of the CUDA text `text`: on which side, host or device, each of its
    functions runs. Parts that cannot be read are left out.
    """
    return Sides(parse_c_family(text, "cuda"))


_Scope = dict[str, Type | None]


class Sides:
    """A CUDA text, with the side, host or device, of each of its functions.

    unit: its tree, from which it is made. defined: functions with a body, in order, methods too.
    variables: those at file or namespace scope, by name. structures: definitions by name. opened:
    the names in the text's `using` declarations and directives.
    """

    def __init__(self, unit: TranslationUnit) -> None:
        self.unit = unit
        self.variables: dict[str, Declaration] = {}
        self.structures: dict[str, StructDefinition] = {}
        self.opened = frozenset(u.name for u in find(unit.items, Using))
        self._free: dict[str, list[Function]] = {}
        self._methods: dict[str, list[Function]] = {}
        self._sides: dict[tuple[str, str, str], Side] = {}
        self._scopes: dict[int, _Scope] = {}
        self._uses: dict[int, list[Any]] = {}
        self._calls: dict[int, list[Called]] = {}
        self._integers: dict[str, int] | None = None
        everything = functions_of(unit, prototypes=True)
        self.defined = tuple(f for f in everything if f.body is not None)
        self._collect(self.unit.items)
        for function in everything:
            key = self._key(function)
            written = _written_side(function)
            known = self._sides.get(key)
            self._sides[key] = written if known is None else known | written
            where = self._methods if self._owner(function) else self._free
            where.setdefault(plain_name(function.name), []).append(function)

    def _collect(self, items: Sequence[Any]) -> None:
        for item in items:
            if isinstance(item, Module):
                self._collect(item.items)
            elif isinstance(item, Declaration):
                self.variables[item.name] = item
            elif isinstance(item, StructDefinition):
                self.structures[item.name] = item
                self._collect([i for i in item.items if isinstance(i, StructDefinition)])

    def _owner(self, function: Function) -> str:
        """The class that a method belongs to; '' for a free function."""
        written = function.name.partition("<")[0].rpartition("::")[0].rpartition("::")[2]
        if written in self.structures:
            return written
        last = function.scope[-1] if function.scope else ""
        return last if last in self.structures else ""

    def _key(self, function: Function) -> tuple[str, str, str]:
        """Redeclarations are of the same class, name and types of parameters."""
        types = " ".join(str(_bare(p.type)) for p in function.parameters)
        return self._owner(function), plain_name(function.name), types

    def side_of(self, function: Function) -> Side:
        """Return the side on which a function of the text may be called, by all of its declarations
        together; `HOST | DEVICE` means on both. Raises KeyError for a function that the text does
        not declare.
        """
        return self._sides[self._key(function)]

    def is_kernel(self, function: Function) -> bool:
        """Return whether a function of the CUDA text is a kernel, `__global__`."""
        return "__global__" in function.qualifiers

    def is_method(self, function: Function) -> bool:
        """Return whether a function belongs to a class that the CUDA text defines."""
        return bool(self._owner(function))

    def free_functions(self, name: str) -> tuple[Function, ...]:
        """Return the functions of the text called `name` that are no methods, whatever their
        namespace, in order; declarations without a body count. () if there is none.
        """
        return tuple(self._free.get(plain_name(name), ()))

    # ------------------------------------------------------------------------------------ calls

    def uses(self, function: Function) -> list[Any]:
        """Return the nodes of `corpora.ir` in a function of the text that are evaluated, parents
        first. Operands of `sizeof` and `decltype` are not.
        """
        if id(function) not in self._uses:
            begins = tuple(v for _, values in function.initializers for v in values)
            self._uses[id(function)] = list_evaluated((begins, function.body or ()))
        return self._uses[id(function)]

    def calls(self, function: Function) -> list[Called]:
        """Return a Called for each call in a function of the text, calls before those in their
        arguments. Constructors, destructors and operators of the text's classes count too. Kernel
        launches are left out.
        """
        if id(function) not in self._calls:
            scope = self.scope_of(function)
            self._calls[id(function)] = [
                called
                for node in self.uses(function)
                for called in self._calls_of(node, scope, function)
            ]
        return self._calls[id(function)]

    def _calls_of(self, node: Any, scope: _Scope, function: Function) -> Iterator[Called]:
        if isinstance(node, Call):
            yield from self._called_by(node, scope, function)
        elif isinstance(node, Declaration):
            yield from self._made(node, scope)
        elif isinstance(node, InitializerList) and isinstance(node.type, NamedType):
            yield from self._constructed(node.type, node.items, node, scope)
        elif isinstance(node, Cast) and isinstance(node.type, NamedType):
            yield from self._constructed(node.type, (node.operand,), node, scope)
        elif isinstance(node, Binary):
            yield from self._operator(node.op, (node.left, node.right), node, scope)
        elif isinstance(node, (Assign, AssignExpression)) and node.value is not None:
            yield from self._operator(node.op, (node.target, node.value), node, scope)
        elif isinstance(node, Increment):
            yield from self._operator(node.op, (node.target,), node, scope)
        elif isinstance(node, Unary):
            yield from self._operator(node.op, (node.operand,), node, scope)
        elif isinstance(node, Access):
            yield from self._operator("[]", (node.base, *node.indices), node, scope)

    def _called_by(self, node: Call, scope: _Scope, function: Function) -> Iterator[Called]:
        called = node.function
        if isinstance(called, Member):
            owner = self._structure(self.type_of(called.base, scope))
            found = self._methods.get(plain_name(called.field), [])
            if owner is not None:
                found = [f for f in found if self._owner(f) == owner.name] or found
            yield Called(f".{called.field}", self._chosen(found, node.arguments, scope), node)
        elif isinstance(called, Name):
            name = plain_name(called.id)
            if name in ("new", "new[]") and node.template:
                yield from self._constructed(node.template[0], node.arguments, node, scope)
            elif called.id in scope:
                yield from self._operator("()", (called, *node.arguments), node, scope)
            elif name in self.structures:
                yield from self._constructed(NamedType(name), node.arguments, node, scope)
            else:
                found = self._free.get(name, [])
                own = self._owner(function)
                if own or "::" in called.id:
                    own = own if "::" not in called.id else ""
                    found = found + [
                        f
                        for f in self._methods.get(name, ())
                        if self._owner(f) == own or f"{self._owner(f)}::" in called.id
                    ]
                yield Called(called.id, self._chosen(found, node.arguments, scope), node)
        else:
            yield from self._operator("()", (called, *node.arguments), node, scope)

    def _made(self, node: Declaration, scope: _Scope) -> Iterator[Called]:
        """What a declaration calls: a constructor, and the destructor at its end."""
        kind = node.type
        while isinstance(kind, ArrayType):
            kind = kind.of
        if not isinstance(kind, NamedType) or {"__shared__", "extern"} & set(node.storage):
            return
        if node.arguments is not None:
            yield from self._constructed(kind, node.arguments, node, scope)
        elif isinstance(node.value, InitializerList):
            yield from self._constructed(kind, node.value.items, node, scope)
        elif node.value is None:
            yield from self._constructed(kind, (), node, scope)
        structure = self._structure(kind)
        if structure is not None:
            ends = self._methods.get(f"~{structure.name}", ())
            if found := tuple(f for f in ends if _is_written(f)):
                yield Called(f"~{structure.name}", found, node)

    def _constructed(
        self, kind: Any, arguments: Sequence[Expression], node: Any, scope: _Scope
    ) -> Iterator[Called]:
        structure = self._structure(kind)
        if structure is None:
            return
        own = [
            f
            for f in self._methods.get(structure.name, ())
            if self._owner(f) == structure.name and _is_written(f)
        ]
        if chosen := self._chosen(own, arguments, scope):
            yield Called(structure.name, chosen, node)

    def _operator(
        self, op: str, operands: Sequence[Expression], node: Any, scope: _Scope
    ) -> Iterator[Called]:
        name = f"operator{op}"
        if name not in self._free and name not in self._methods:
            return
        types = [_bare(self.type_of(o, scope)) for o in operands]
        classes = [t for t in types if isinstance(t, NamedType)]
        if not classes:
            return
        # An operator of other classes is no candidate.
        free = [
            f
            for f in self._free.get(name, ())
            if any(_bare(p.type) in classes for p in f.parameters)
        ]
        found = list(self._chosen(free, operands, scope))
        if isinstance(types[0], NamedType):
            own = [f for f in self._methods.get(name, ()) if self._owner(f) == types[0].name]
            found += self._chosen(own, operands[1:], scope)
        if found:
            yield Called(name, tuple(found), node)

    def _chosen(
        self, found: Sequence[Function], arguments: Sequence[Expression], scope: _Scope
    ) -> tuple[Function, ...]:
        """Those that take so many arguments; of several sides those whose types are the arguments'
        own, where that is known."""
        fit = [f for f in found if _takes(f, len(arguments))]
        if len({self.side_of(f) for f in fit}) < 2:
            return tuple(fit)
        types = [_bare(self.type_of(a, scope)) for a in arguments]
        if None in types:
            return tuple(fit)
        exact = [f for f in fit if [_bare(p.type) for p in f.parameters] == types]
        return tuple(exact or fit)

    # ------------------------------------------------------------------------------------ types

    def scope_of(self, function: Function) -> _Scope:
        """Return the types, by name, of a function's own variables: fields of its class, parameters
        and locals. The type is None for a name that stands for variables of two types.
        """
        if id(function) not in self._scopes:
            scope: _Scope = {}
            own = self._owner(function)
            fields = self.structures[own].fields if own else ()
            declared = (n for n in walk(function.body or ()) if isinstance(n, Declaration))
            every: Iterable[Declaration | Parameter] = (*fields, *function.parameters, *declared)
            for one in every:
                known = scope.get(one.name, one.type)
                scope[one.name] = one.type if known == one.type else None
            self._scopes[id(function)] = scope
        return self._scopes[id(function)]

    def type_of(self, expression: Expression | None, scope: _Scope) -> Type | None:
        """Return the type of an expression of the text, or None where it is not known. scope: types
        by name, as `scope_of` gives them for the function around the expression.
        """
        if isinstance(expression, Name):
            if expression.id in scope:
                return scope[expression.id]
            variable = self.variables.get(plain_name(expression.id))
            return variable.type if variable is not None else None
        if isinstance(expression, Literal):
            return ScalarType(expression.type)
        if isinstance(expression, Access):
            return _element(self.type_of(expression.base, scope), len(expression.indices))
        if isinstance(expression, Member):
            if isinstance(expression.base, Name) and expression.base.id in _BUILT_IN:
                return ScalarType("u32")
            structure = self._structure(self.type_of(expression.base, scope))
            fields = structure.fields if structure is not None else ()
            return next((f.type for f in fields if f.name == expression.field), None)
        if isinstance(expression, (Cast, InitializerList)):
            return expression.type
        if isinstance(expression, Unary):
            inner = self.type_of(expression.operand, scope)
            if expression.op == "*":
                return _element(inner, 1)
            return PointerType(inner) if expression.op == "&" and inner is not None else inner
        if isinstance(expression, Conditional):
            return self.type_of(expression.then, scope)
        if isinstance(expression, Call) and isinstance(expression.function, Name):
            name = plain_name(expression.function.id)
            if name in self.structures:
                return NamedType(name)
            results = {f.result for f in self._free.get(name, ())}
            return results.pop() if len(results) == 1 else None
        if isinstance(expression, Binary):
            left = self.type_of(expression.left, scope)
            right = self.type_of(expression.right, scope)
            structure = next((t for t in (left, right) if self._structure(t)), None)
            return structure or _arithmetic(expression.op, left, right)
        return None

    def _structure(self, kind: Any) -> StructDefinition | None:
        """The class of the text that a type names, by reference or not."""
        while isinstance(kind, ReferenceType):
            kind = kind.to
        return self.structures.get(plain_name(kind.name)) if isinstance(kind, NamedType) else None

    # ------------------------------------------------------------------------------------ bytes

    def integers(self) -> dict[str, int]:
        """Return the integer values, by name, that the text gives to constants: macros, enumerators
        and constant variables.
        """
        if self._integers is None:
            self._integers = named_integers(self.unit)
        return self._integers

    def bytes_of(self, kind: Type, values: dict[str, int] | None = None) -> int | None:
        """Return the size of a type in bytes, without padding; None where it is not known. kind: a
        type of `corpora.ir`. values: further integers by name, besides those of the text; None for
        none.
        """
        known = self.integers() | (values or {})
        if isinstance(kind, ScalarType):
            return _BYTES.get(kind.name)
        if isinstance(kind, PointerType):
            return 8
        if isinstance(kind, ArrayType):
            total = self.bytes_of(kind.of, values)
            for extent in kind.extents:
                length = fold_integer(extent.size, known)
                if total is None or length is None:
                    return None
                total *= length
            return total
        if not isinstance(kind, NamedType):
            return None
        if plain_name(kind.name) in _VECTOR_BYTES:
            return _VECTOR_BYTES[plain_name(kind.name)]
        structure = self._structure(kind)
        if structure is None or structure.kind not in ("struct", "class"):
            return None
        parts = [self.bytes_of(f.type, values) for f in structure.fields if not f.storage]
        return None if None in parts else sum(p or 0 for p in parts)

    def reached_by(self, function: Function) -> tuple[Function, ...]:
        """Return `function` and then the functions of the text that it calls, directly or not, each
        once and with its body.
        """
        found, waiting = [function], [function]
        while waiting:
            for called in self.calls(waiting.pop()):
                for one in called.functions:
                    body = one if one.body is not None else self._definition(one)
                    if body is not None and not any(body is f for f in found):
                        found.append(body)
                        waiting.append(body)
        return tuple(found)

    def _definition(self, function: Function) -> Function | None:
        key = self._key(function)
        return next((f for f in self.defined if self._key(f) == key), None)

    def static_shared_bytes(self, kernel: Function, values: dict[str, int] | None = None) -> int:
        """Return how many bytes of `__shared__` memory of known size a kernel and the functions
        that it calls declare. values: values of its template parameters by name; None for none.
        """
        total = 0
        used: set[str] = set()
        for function in self.reached_by(kernel):
            names = {n.id for n in self.uses(function) if isinstance(n, Name)}
            used |= names
            for node in walk(function.body or ()):
                if isinstance(node, Declaration) and _is_static_shared(node) and node.name in names:
                    total += self.bytes_of(node.type, values) or 0
        for variable in self.variables.values():
            if _is_static_shared(variable) and variable.name in used:
                total += self.bytes_of(variable.type, values) or 0
        return total

    def given_classes(self, kernel: Function) -> Iterator[tuple[str, StructDefinition]]:
        """Yield (name of a parameter, class) for each parameter of a kernel whose type is a
        template parameter, and each class of the text that a launch gives for it, launch by launch.
        """
        for function, launch in self.launches() if kernel.template else ():
            if not isinstance(launch.kernel, Name) or plain_name(launch.kernel.id) != kernel.name:
                continue
            for parameter, given in zip(kernel.parameters, launch.arguments, strict=False):
                bare = _bare(parameter.type)
                if isinstance(bare, NamedType) and bare.name in kernel.template:
                    found = self._structure(self.type_of(given, self.scope_of(function)))
                    if found is not None:
                        yield parameter.name, found

    def methods_of(self, structure: StructDefinition, name: str) -> tuple[Function, ...]:
        """Return the methods of a class of the text that are called `name`, in order; () if there
        is none.
        """
        found = self._methods.get(name, ())
        return tuple(f for f in found if self._owner(f) == structure.name)

    def launches(self) -> Iterator[tuple[Function, KernelLaunch]]:
        """Yield (function, launch) for each kernel launch of the text, in order; the launch stands
        in that function.
        """
        for function in self.defined:
            for node in self.uses(function):
                if isinstance(node, KernelLaunch):
                    yield function, node


def template_values(kernel: Function, launches: list[KernelLaunch]) -> Iterator[dict[str, int]]:
    """Yield the integers, by name, that each launch of a kernel gives its template parameters; what
    is no integer literal is left out. For a kernel without template parameters yield one empty
    mapping.

    launches: launches of any kernels; those of others than `kernel` are passed over.
    """
    if not kernel.template:
        yield {}
        return
    for launch in launches:
        if isinstance(launch.kernel, Name) and plain_name(launch.kernel.id) == kernel.name:
            given = [
                fold_integer(a, {}) if isinstance(a, Literal) else None for a in launch.template
            ]
            pairs = zip(kernel.template, given, strict=False)
            yield {name: value for name, value in pairs if value is not None}


def _is_static_shared(node: Declaration) -> bool:
    return "__shared__" in node.storage and "extern" not in node.storage


def _written_side(function: Function) -> Side:
    words = set(function.qualifiers)
    if "__global__" in words:
        return Side.DEVICE
    if "__device__" in words:
        return Side.DEVICE | Side.HOST if "__host__" in words else Side.DEVICE
    # What the compiler writes itself is for both sides.
    return Side.HOST if _is_written(function) else Side.HOST | Side.DEVICE


def _is_written(function: Function) -> bool:
    """Whether a function is the text's own and not defaulted or deleted."""
    return not any("default" in word or "delete" in word for word in function.suffixes)


def _takes(function: Function, count: int) -> bool:
    names = [p.name for p in function.parameters]
    if "..." in names or any("..." in str(p.type) for p in function.parameters):
        return True
    least = sum(p.default is None for p in function.parameters)
    return least <= count <= len(names)


def is_whole(kind: Type | None) -> bool:
    """Return whether a type is known to be an integer type. False for None."""
    bare = _bare(kind)
    return isinstance(bare, ScalarType) and bare.name in _WHOLE


def _arithmetic(op: str, left: Type | None, right: Type | None) -> Type | None:
    """The type of an operation on numbers, as far as it tells integers from others."""
    if op in _YES_OR_NO:
        return ScalarType("bool")
    sides = [_bare(left), _bare(right)]
    if not all(isinstance(side, ScalarType) for side in sides):
        return None
    if is_whole(left) and is_whole(right):
        return ScalarType("i32")
    return sides[1] if is_whole(left) else sides[0]


def _element(kind: Type | None, count: int) -> Type | None:
    """The type of an element, `count` subscripts deep."""
    for _ in range(count):
        while isinstance(kind, ReferenceType):
            kind = kind.to
        if isinstance(kind, PointerType):
            kind = kind.to
        elif isinstance(kind, ArrayType):
            rest = kind.extents[1:]
            kind = ArrayType(kind.of, rest) if rest else kind.of
        else:
            return None
    return kind


def _bare(kind: Type | None) -> Type | None:
    """A type without references and qualifiers, to compare."""
    while isinstance(kind, ReferenceType):
        kind = kind.to
    if isinstance(kind, ScalarType):
        return ScalarType(kind.name)
    if isinstance(kind, NamedType):
        return NamedType(plain_name(kind.name))
    if isinstance(kind, (PointerType, ArrayType)):
        inner = _bare(_element(kind, 1))
        return PointerType(inner) if inner is not None else None
    return kind


def list_evaluated(node: Any) -> list[Any]:
    """Return the nodes below `node`, a node of `corpora.ir`, that are evaluated, parents first.
    Operands of `sizeof` and `decltype` are not.
    """
    found: list[Any] = []
    _collect_evaluated(node, found)
    return found


def _collect_evaluated(node: Any, found: list[Any]) -> None:
    if isinstance(node, tuple):
        for item in node:
            _collect_evaluated(item, found)
    elif not isinstance(node, SizeOf) and not _is_unevaluated(node):
        found.append(node)
        for child in children(node):
            _collect_evaluated(child, found)


def _is_unevaluated(node: Any) -> bool:
    return (
        isinstance(node, Call)
        and isinstance(node.function, Name)
        and node.function.id in ("decltype", "alignof", "noexcept", "typeid", "sizeof")
    )
