"""Memory that a C++ function makes for itself (malloc, new, vectors), and the library's functions
that fill or copy arrays, as loops.

Contract: reads trees; None for what is none of these, UnsupportedConstruct for what is one and has
no plain form.

    python -c "from translator.outline.cpp_memory import MemoryReader; help(MemoryReader)"
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from corpora.analysis.loops import root_name
from corpora.emit.c_family import emit_c_family
from corpora.ir import (
    Access,
    ArrayType,
    Assign,
    Binary,
    Call,
    Cast,
    Declaration,
    Expression,
    ExpressionStatement,
    For,
    If,
    InitializerList,
    Literal,
    Member,
    Name,
    NamedType,
    PointerType,
    Return,
    ScalarType,
    SizeOf,
    Statement,
    Type,
    Unary,
    find,
)
from corpora.signatures.null_checks import null_alternatives
from translator.normalize.c_tree import format_type, read_statements, read_type
from translator.normalize.unsupported import UnsupportedConstruct
from translator.outline.c_function import FunctionArray
from translator.outline.cpp_values import ZERO, CppValues, Place, add, product

_CALLS = frozenset({"memset", "memcpy", "memmove", "copy", "copy_n", "fill", "fill_n"})


@dataclass(frozen=True, slots=True)
class AllocatedArray:
    """An array that a declaration allocates.

    name: the array's. array: its type and length. begins: the first value of each element; None for
        zero or no value. like: the (array name, index) it is copied from, where an index of None is
        the array's beginning; None if it is not copied.
    """

    name: str
    array: FunctionArray
    begins: Expression | None = None
    like: Place | None = None


@dataclass(frozen=True, slots=True)
class LibraryLoop:
    """A library call that loops over array elements, such as memset or std::copy.

    count: the number of elements. to: (array name, index) of the first one set. value: what is set,
        None for a copy. source: (array name, index) of the first element copied; None if nothing is
        copied. An index of None is the array's beginning.
    """

    count: Expression
    to: Place
    value: Expression | None = None
    source: Place | None = None

    def write(self, counter: str) -> For:
        """Return the loop as a C++ `for` statement whose counter is named `counter`."""
        value = self.value if self.source is None else _element(self.source, counter)
        place = Name(counter)
        return For(
            (Declaration(counter, read_type("int"), ZERO),),
            Binary("<", place, self.count),
            (Assign(place, "++", None),),
            (Assign(_element(self.to, counter), "=", value),),
        )


def _element(place: Place, counter: str) -> Expression:
    name, index = place
    start = None if index == ZERO else index
    return Access(Name(name), (add(start, Name(counter)),))


class MemoryReader:
    """Reads allocations and library calls of a C++ function. values: resolves its pointers. arrays:
    those known so far, by name, to which the caller adds.
    """

    def __init__(self, values: CppValues, arrays: dict[str, FunctionArray]) -> None:
        self._values, self._arrays = values, arrays

    # ---- what is made ----

    def read_vector(self, node: Declaration) -> AllocatedArray | None:
        """Return the array that the declaration of a `std::vector` of numbers makes; None for
        another declaration.

        Raises UnsupportedConstruct for a vector of something else, or without a length.
        """
        type = node.type
        if not isinstance(type, NamedType) or type.name.removeprefix("std::") != "vector":
            return None
        of = type.arguments[0] if type.arguments else None
        if not isinstance(of, ScalarType) or of.name == "bool":
            raise UnsupportedConstruct("a vector of something else than numbers")
        given = node.arguments or ()
        if node.value is not None or not 1 <= len(given) <= 2:
            raise UnsupportedConstruct("a vector that is no number of equal elements")
        like, begins = None, None
        if len(given) == 2 and (between := self._between(*given)):
            like, count = between
        elif len(given) == 1 and (like := self._values.place(given[0])):
            count = self._arrays[like[0]].extent if like[0] in self._arrays else None
            if count is None or like[1] is not None:
                raise UnsupportedConstruct("a vector whose length is a place's")
        else:
            count, *rest = map(self._values.read, given)
            begins = rest[0] if rest and not _is_zero(rest[0]) else None
        array = FunctionArray(
            format_type(of),
            emit_c_family(count),
            is_local=True,
            made=Declaration(node.name, NamedType("std::vector", (of,)), arguments=(count,)),
            is_cleared=begins is None and like is None,
            is_vector=True,
        )
        return AllocatedArray(node.name, array, begins, like)

    def read_heap_allocation(self, name: str, value: Any, type: Type) -> AllocatedArray | None:
        """Return the array `name` that `malloc`, `calloc` or `new` makes.

        value: the allocating expression, a node of `corpora.ir`. type: of an element. Returns None
            if `value` allocates no array of numbers. Raises UnsupportedConstruct if the number of
            elements is not in the text.
        """
        match value:
            case Cast(operand=inner):
                return self.read_heap_allocation(name, inner, type)
            case Call(Name("new[]" | "new"), given) if isinstance(type, ScalarType):
                return self._new(name, given, value, type)
            case Call(Name("malloc" | "std::malloc"), (size,)) if isinstance(type, ScalarType):
                count = self._elements(size, type)
                words, cleared = f"malloc({{}} * sizeof({format_type(type)}))", False
            case Call(Name("calloc" | "std::calloc"), (one, other)) if isinstance(type, ScalarType):
                count = self._elements(Binary("*", one, other), type)
                words, cleared = f"calloc({{}}, sizeof({format_type(type)}))", True
            case _:
                return None
        return self._heap(name, type, count, words, "free({})", cleared)

    def _new(
        self, name: str, given: Sequence[Expression], value: Call, type: ScalarType
    ) -> AllocatedArray:
        cleared = len(given) == 2 and given[1] == InitializerList(())
        if value.function != Name("new[]") or (len(given) == 2 and not cleared):
            raise UnsupportedConstruct("what new makes is no array of one dimension")
        count = self._values.read(given[0])
        words = f"new {format_type(type)}[{{}}]{'()' * cleared}"
        return self._heap(name, type, count, words, "delete[] {}", cleared)

    def _heap(
        self, name: str, type: ScalarType, count: Expression, words: str, freed: str, cleared: bool
    ) -> AllocatedArray:
        """words, freed: the expressions that make and free it, with a place for the number of
        elements and for the name.
        """
        element = format_type(type)
        size = emit_c_family(count)
        bracketed = size if isinstance(count, (Name, Literal)) else f"({size})"
        made = words.format(size if words.startswith("new") else bracketed)
        cast = "" if words.startswith("new") else f"({element} *)"
        (declared,) = read_statements(f"{element} *{name} = {cast}{made};")
        (free,) = read_statements(f"{freed.format(name)};")
        array = FunctionArray(element, size, True, made=declared, freed=free, is_cleared=cleared)
        return AllocatedArray(name, array)

    def read_free(self, node: Statement) -> Statement | None:
        """Return `freed` of the array that the statement `node` frees; None if it frees nothing.

        Raises UnsupportedConstruct for freeing an array in another way than it was made.
        """
        match node:
            case ExpressionStatement(Call(Name("free" | "std::free" | "delete[]" | "delete"))):
                call: Any = node.expression
            case _:
                return None
        given = call.arguments[0] if len(call.arguments) == 1 else None
        array = self._arrays.get(given.id) if isinstance(given, Name) else None
        plain = Name(call.function.id.removeprefix("std::"))
        if array is None or array.freed != ExpressionStatement(Call(plain, (given,))):
            raise UnsupportedConstruct(f"'{emit_c_family(call)}' of what was not made so")
        return array.freed

    def read_allocation_check(self, node: If) -> If | None:
        """Return `node` if it is an `if` that only leaves the function when an allocation failed;
        None for any other `if`.

        Raises UnsupportedConstruct if such an `if` does more.
        """
        if node.otherwise or not is_allocation_check(node, self._arrays):
            return None
        for each in node.then:
            if isinstance(each, Return) and not any(find(each, Access, Call)):
                continue
            if self.read_free(each) is None:
                raise UnsupportedConstruct("what is done where there is no memory")
        return node

    # ---- what is filled and copied ----

    def read_loop(self, node: Statement) -> LibraryLoop | None:
        """Return the loop that a call of `memset`, `memcpy`, `std::copy`, `std::fill` or the like
        stands for; None for another statement.

        Raises UnsupportedConstruct for such a call that is no loop over elements of known arrays.
        """
        call = node.expression if isinstance(node, ExpressionStatement) else None
        if not isinstance(call, Call) or not isinstance(call.function, Name):
            return None
        function = call.function.id.removeprefix("std::")
        if function not in _CALLS:
            return None
        if len(call.arguments) == 3 and (found := self._loop(function, *call.arguments)):
            return found
        raise UnsupportedConstruct(f"a {function} that is no loop over elements")

    def _loop(
        self, function: str, first: Expression, second: Expression, third: Expression
    ) -> LibraryLoop | None:
        match function:
            case "memset" if second == ZERO:
                return self._into(first, third, None, ZERO, is_bytes=True)
            case "memcpy" | "memmove":
                return self._into(first, third, self._where(second), is_bytes=True)
            case "fill_n":
                return self._into(first, second, None, self._values.read(third))
            case "copy_n":
                return self._into(third, second, self._where(first))
            case "copy" | "fill" if between := self._between(first, second):
                place, count = between
                if function == "fill":
                    return LibraryLoop(count, place, self._values.read(third))
                target = self._where(third)
                return LibraryLoop(count, target, None, place) if target else None
        return None

    def _into(
        self,
        target: Expression,
        size: Expression,
        source: Place | None,
        value: Expression | None = None,
        is_bytes: bool = False,
    ) -> LibraryLoop | None:
        """size: how many elements, or how many bytes these have."""
        place = self._where(target)
        if place is None or (source is None and value is None):
            return None
        type = read_type(self._arrays[place[0]].type)
        if source is not None and is_bytes and read_type(self._arrays[source[0]].type) != type:
            return None
        count = self._elements(size, type) if is_bytes else self._values.read(size)
        return LibraryLoop(count, place, value, source)

    def _between(self, first: Expression, last: Expression) -> tuple[Place, Expression] | None:
        """Where elements begin, and how many there are up to `last`."""
        one, other = self._where(first), self._where(last)
        if one is None or other is None or one[0] != other[0]:
            return None
        begin, end = one[1], other[1] if other[1] is not None else ZERO
        if begin is None or begin == ZERO:
            return one, end
        match end:
            case Binary("+", left, right) if left == begin:
                return one, right
        return one, Binary("-", end, begin)

    def _where(self, node: Expression) -> Place | None:
        match node:
            case Call(Member(base, "end" | "cend"), ()):
                place = self._values.place(base)
                known = place is not None and place[0] in self._arrays
                return (place[0], self._arrays[place[0]].extent) if place and known else None
        place = self._values.place(node)
        return place if place is not None and place[0] in self._arrays else None

    def _elements(self, size: Expression, type: Type) -> Expression:
        """How many elements of a type so many bytes are. Raises UnsupportedConstruct where that is
        not written as a product with the type's size.
        """
        match size:
            case SizeOf(Name(name)) if (array := self._arrays.get(name)) and _is_on_stack(array):
                return array.extent
        factors = list(_factors(size))
        sizes = [each for each in factors if isinstance(each, SizeOf)]
        if len(sizes) != 1 or not self._is_size_of(sizes[0], type):
            raise UnsupportedConstruct("a number of bytes that is not so many elements")
        counts = [self._values.read(each) for each in factors if not isinstance(each, SizeOf)]
        return product(counts or [Literal("1", "i32")])

    def _is_size_of(self, node: SizeOf, type: Type) -> bool:
        """Whether it is the size of the type, or of an element."""
        match node.of:
            case ScalarType():
                return node.of.name == getattr(type, "name", "")
            case PointerType() | ArrayType() | NamedType():
                return False
            case Unary("*") | Access():
                array = self._arrays.get(root_name(node.of) or "")
                return array is None or read_type(array.type) == type
        return isinstance(node.of, Name) and node.of.id not in self._arrays


def is_allocation_check(node: Any, arrays: dict[str, FunctionArray]) -> bool:
    """Return whether `node`, a statement of `corpora.ir`, is an `if` that only tests whether the
    function's own heap arrays were allocated.

    arrays: the function's arrays by name.
    """
    if not isinstance(node, If):
        return False
    asked = [arrays.get(name) for name in null_alternatives(node.test)]
    return all(array is not None and array.freed is not None for array in asked)


def _is_on_stack(array: FunctionArray) -> bool:
    return array.is_local and array.made is None


def _is_zero(value: Expression) -> bool:
    match value:
        case Literal(text, type) if type != "char":
            return not text.lower().rstrip("ful").strip("0.")
        case InitializerList((), type=ScalarType()):
            return True
    return False


def _factors(node: Expression) -> Iterator[Expression]:
    if isinstance(node, Binary) and node.op == "*" and any(find(node, SizeOf)):
        yield from _factors(node.left)
        yield from _factors(node.right)
    else:
        yield node
