"""What a C++ function declares, and statements that make, fill, free or exchange arrays, as rules
that cut it write them.

Contract: `DeclarationConverter` adds to lists of statements; scalars without a value are left in
`locals`, arrays are added to those that it was given. Raises UnsupportedConstruct.

    python -c "from translator.outline.cpp_declarations import DeclarationConverter; \\
        help(DeclarationConverter)"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from corpora.emit.c_family import emit_c_family
from corpora.ir import (
    ArrayType,
    Assign,
    Call,
    Declaration,
    ExpressionStatement,
    InitializerList,
    Member,
    Name,
    PointerType,
    ReferenceType,
    ScalarType,
    Statement,
    Type,
)
from translator.normalize.c_tree import format_type
from translator.normalize.unsupported import UnsupportedConstruct
from translator.outline.c_function import FunctionArray
from translator.outline.cpp_memory import AllocatedArray, LibraryLoop, MemoryReader
from translator.outline.cpp_values import CppValues
from translator.outline.members import StructureParameter
from translator.outline.pointer_swaps import make_exchange


class DeclarationConverter:
    """Converts declarations, and statements on whole arrays, of a C++ function for outlining.

    values: resolves its expressions. arrays: its arrays by name, to which found ones are added.
        structures: its structure parameters. names: all names of the function.
    locals: C++ types, by name, of the scalars that were read without a first value. memory: reads
        allocations and library calls.
    """

    def __init__(
        self,
        values: CppValues,
        arrays: dict[str, FunctionArray],
        structures: Sequence[StructureParameter],
        names: frozenset[str],
    ) -> None:
        self._values, self._arrays = values, arrays
        self._structures, self._names = structures, names
        self.memory = MemoryReader(values, arrays)
        self.locals: dict[str, str] = {}
        """Scalars that are declared without a value."""
        self._pointers: dict[str, Type] = {}
        """Pointers that are, and what they point to."""

    def read(self, node: Declaration, after: Sequence[Statement], out: list[Statement]) -> None:
        """Read a declaration, and append to `out` the statements that give its variable a value.

        after: the statements that follow it in its block. Raises UnsupportedConstruct for a
            declaration that cannot be converted.
        """
        if made := self.memory.read_vector(node):
            self._make(made, out)
            return
        _require_own_value(node)
        match node.type:
            case ScalarType():
                self._scalar(node, out)
            case ArrayType(of=ScalarType()):
                self._array(node, out)
            case PointerType() if node.value is None:
                self._pointers[node.name] = node.type.to
            case PointerType():
                made = self.memory.read_heap_allocation(node.name, node.value, node.type.to)
                if made:
                    self._make(made, out)
                else:
                    self._values.take_pointer(node.name, node.value, after)
            case ReferenceType() if node.value is not None:
                self._values.take_reference(node.name, node.value, after)
            case _:
                raise UnsupportedConstruct(f"'{node.name}' of type {emit_c_family(node.type)}")

    def _scalar(self, node: Declaration, out: list[Statement]) -> None:
        value = node.value
        if node.arguments is not None and len(node.arguments) == 1:
            (value,) = node.arguments
        elif node.arguments is not None:
            raise UnsupportedConstruct(f"'{node.name}' made of several values")
        if value is None:
            type = format_type(node.type)
            if self.locals.setdefault(node.name, type) != type:
                raise UnsupportedConstruct(f"two variables called '{node.name}'")
            return
        type = node.type
        out.append(Declaration(node.name, type, self._values.read(value)))

    def _array(self, node: Declaration, out: list[Statement]) -> None:
        extents = node.type.extents if isinstance(node.type, ArrayType) else ()
        size = extents[0].size if len(extents) == 1 else None
        if node.name in self._arrays or size is None:
            raise UnsupportedConstruct(
                f"two arrays called '{node.name}', or one without a length or of rows"
            )
        count = self._values.read(size)
        value = node.value
        if isinstance(value, InitializerList):
            value = replace(value, items=tuple(self._values.read(each) for each in value.items))
        elif value is not None:
            raise UnsupportedConstruct(f"the values of '{node.name}'")
        self._arrays[node.name] = FunctionArray(
            format_type(node.type.of),
            emit_c_family(count),
            is_local=value is None,
            is_const=value is not None,
        )
        type = replace(node.type, extents=(replace(extents[0], size=count),))
        out.append(Declaration(node.name, type, value))

    def _make(self, made: AllocatedArray, out: list[Statement]) -> None:
        """An array on the heap."""
        if made.name in self._arrays or made.array.made is None:
            raise UnsupportedConstruct(f"two arrays called '{made.name}'")
        self._arrays[made.name] = made.array
        out.append(made.array.made)
        if made.begins is not None or made.like is not None:
            loop = LibraryLoop(made.array.extent, (made.name, None), made.begins, made.like)
            self._loop(loop, out)

    def _loop(self, loop: LibraryLoop, out: list[Statement]) -> None:
        counter = next(n for n in ("k", "k1", "k2", "k_of_all") if n not in self._names)
        out.append(loop.write(counter))

    def write(self, node: Statement, after: Sequence[Statement], out: list[Statement]) -> bool:
        """Convert a statement that handles arrays or pointers as a whole, and append the result to
        `out`.

        after: the statements that follow it in its block. Returns True; False, with `out`
            unchanged, for any other statement. Raises UnsupportedConstruct for one that cannot be
            converted.
        """
        if loop := self.memory.read_loop(node):
            self._loop(loop, out)
            return True
        if freed := self.memory.read_free(node):
            out.append(freed)
            return True
        match node:
            case Assign(Name(name), "=", value) if name in self._pointers and value is not None:
                made = self.memory.read_heap_allocation(name, value, self._pointers[name])
                if made:
                    self._make(made, out)
                    return True
                if self._values.is_used_before(name, after):
                    raise UnsupportedConstruct(
                        f"the pointer '{name}' is set in one place and used in another"
                    )
                self._values.take_pointer(name, value, after)
                return True
        return False

    def exchange(self, moves: dict[str, str]) -> Statement:
        """Return the statement that makes array pointers, or vectors, point to each other's
        elements.

        moves: from each name of an array to the name whose elements it gets. Raises
            UnsupportedConstruct if they cannot be exchanged.
        """
        arrays = [self._arrays[name] for name in moves]
        vectors = {each.owner for each in self._structures if each.passing == "vector"} | {
            name for name in moves if self._arrays[name].is_vector
        }
        if (
            len({(array.type, array.is_const) for array in arrays}) > 1
            or len(vectors & set(moves)) not in (0, len(moves))
            or (vectors & set(moves) and len(moves) > 2)
        ):
            raise UnsupportedConstruct("arrays of several types that change places")
        name, other = next(iter(moves.items()))
        if name in vectors:
            return ExpressionStatement(Call(Member(Name(name), "swap"), (Name(other),)))
        return make_exchange(f"{'const ' * arrays[0].is_const}{arrays[0].type}", moves)


def _require_own_value(node: Declaration) -> None:
    """Raises UnsupportedConstruct for a variable that outlives the call, or of an unknown type."""
    of = node.type
    while isinstance(of, (ArrayType, PointerType, ReferenceType)):
        of = of.of if isinstance(of, ArrayType) else of.to
    const = isinstance(of, ScalarType) and of.const
    kept = set(node.storage) - {"register"} - ({"static", "constexpr"} if const else set())
    if kept or of == ScalarType("auto") or (const and of.name == "auto") or node.bits is not None:
        raise UnsupportedConstruct(f"'{node.name}', a static variable or one of a type unsaid")
