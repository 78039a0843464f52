"""What a C++ function declares, and statements that make, fill, free or exchange arrays, as rules
that cut it write them.

Contract: `DeclarationConverter` writes on blocks; scalars without a value are left in `locals`,
arrays are added to those that it was given. Raises UnsupportedConstruct.

    python -c "from translator.outline.cpp_declarations import DeclarationConverter; \\
        help(DeclarationConverter)"
"""

from __future__ import annotations

from collections.abc import Sequence

from tree_sitter import Node

from corpora.syntax.c_family import get_leaf_texts, get_node_text
from corpora.tokens.printing import join_words
from translator.normalize.c_blocks import Block
from translator.normalize.unsupported import UnsupportedConstruct
from translator.outline.c_function import FunctionArray
from translator.outline.cpp_memory import AllocatedArray, LibraryLoop, MemoryReader
from translator.outline.cpp_values import CppValues, get_assignment_target
from translator.outline.members import StructureParameter
from translator.outline.pointer_swaps import format_exchange

_TYPES = frozenset({"primitive_type", "sized_type_specifier", "type_identifier", "type_qualifier"})


class DeclarationConverter:
    """words: those of the function."""

    def __init__(
        self,
        values: CppValues,
        arrays: dict[str, FunctionArray],
        structures: Sequence[StructureParameter],
        words: frozenset[str],
    ) -> None:
        self._values, self._arrays, self._structures, self._words = (
            values,
            arrays,
            structures,
            words,
        )
        self.memory = MemoryReader(values, arrays)
        self.locals: dict[str, str] = {}
        """Scalars that are declared without a value."""
        self._pointers: dict[str, str] = {}
        """Pointers that are."""

    def read(self, node: Node, block: Block) -> None:
        """A declaration, as statements of `block` where it gives values. Raises
        UnsupportedConstruct.
        """
        vectors = self.memory.vectors(node)
        for made in vectors:
            self._make(made, block)
        if vectors:
            return
        words = [
            t for child in node.children if child.type in _TYPES for t in get_leaf_texts(child)
        ]
        is_static = any(child.type == "storage_class_specifier" for child in node.children)
        if (is_static and "const" not in words) or "auto" in words:
            raise UnsupportedConstruct("a static variable, or one of a type that is not written")
        type = " ".join(words)
        for child in node.children_by_field_name("declarator"):
            if child.type == "identifier":
                name = get_node_text(child)
                if self.locals.setdefault(name, type) != type:
                    raise UnsupportedConstruct(f"two variables called '{name}'")
            elif (
                child.type == "init_declarator"
                and child.child_by_field_name("declarator").type == "identifier"
            ):
                value = child.child_by_field_name("value")
                block.add(
                    f"{type} {get_node_text(child.child_by_field_name('declarator'))} = "
                    f"{self._values.text(value)};"
                )
            elif _declared_array(child) is not None:
                block.add(self._local_array(child, type))
            elif child.type == "init_declarator" and child.child_by_field_name(
                "declarator"
            ).type in ("pointer_declarator", "reference_declarator"):
                self._pointer(child, type, block)
            elif (
                child.type == "pointer_declarator" and child.named_children[-1].type == "identifier"
            ):
                self._pointers[get_node_text(child.named_children[-1])] = type
            else:
                raise UnsupportedConstruct(
                    "a reference, an array of several dimensions or a pointer to nothing yet"
                )

    def _pointer(self, child: Node, type: str, block: Block) -> None:
        name, value = (
            child.child_by_field_name("declarator").named_children[-1],
            child.child_by_field_name("value"),
        )
        if made := self.memory.read_heap_allocation(get_node_text(name), value, type):
            self._make(made, block)
        else:
            self._values.take_alias(child)

    def _make(self, made: AllocatedArray, block: Block) -> None:
        """An array on the heap."""
        if made.name in self._arrays:
            raise UnsupportedConstruct(f"two arrays called '{made.name}'")
        self._arrays[made.name] = made.array
        block.add(made.array.made)
        if made.begins or made.like:
            self._loop(
                LibraryLoop(made.array.count, (made.name, ""), made.begins, made.like), block
            )

    def _loop(self, loop: LibraryLoop, block: Block) -> None:
        counter = next(n for n in ("k", "k1", "k2", "k_of_all") if n not in self._words)
        head, statement = loop.written(counter)
        block.open(head).add(statement)

    def _local_array(self, child: Node, type: str) -> str:
        node, value = _declared_array(child), child.child_by_field_name("value")
        name, size = (
            get_node_text(node.child_by_field_name("declarator")),
            node.child_by_field_name("size"),
        )
        if name in self._arrays or size is None:
            raise UnsupportedConstruct(f"two arrays called '{name}', or one without a length")
        count = self._values.text(size)
        self._arrays[name] = FunctionArray(
            type.removeprefix("const "), count, is_local=value is None, is_const=value is not None
        )
        return (
            f"{type} {name}[{count}]{f' = {join_words(get_leaf_texts(value))}' if value else ''};"
        )

    def write(self, node: Node, block: Block) -> bool:
        """An expression that is a statement, where it does something with arrays or pointers as
        such; whether it does.
        """
        name = (
            get_node_text(get_assignment_target(node))
            if node.type == "assignment_expression"
            else ""
        )
        if loop := self.memory.loop(node):
            self._loop(loop, block)
        elif freed := self.memory.freed(node):
            block.add(freed)
        elif name not in self._pointers:
            return False
        elif made := self.memory.read_heap_allocation(
            name, node.child_by_field_name("right"), self._pointers[name]
        ):
            self._make(made, block)
        else:
            self._values.take_pointer(name, node)
        return True

    def exchange(self, moves: dict[str, str]) -> str:
        """The statement by which pointers to arrays, or vectors, change places. Raises
        UnsupportedConstruct.
        """
        arrays = [self._arrays[name] for name in moves]
        vectors = {each.owner for each in self._structures if each.passing == "vector"} | {
            name for name in moves if self._arrays[name].made.startswith("std::")
        }
        if (
            len({(array.type, array.is_const) for array in arrays}) > 1
            or len(vectors & set(moves)) not in (0, len(moves))
            or (vectors & set(moves) and len(moves) > 2)
        ):
            raise UnsupportedConstruct("arrays of several types that change places")
        name, other = next(iter(moves.items()))
        return (
            f"{name}.swap({other});"
            if name in vectors
            else format_exchange(f"{'const ' * arrays[0].is_const}{arrays[0].type}", moves)
        )


def _declared_array(node: Node) -> Node | None:
    """The declarator of an array of one dimension."""
    found = node.child_by_field_name("declarator") if node.type == "init_declarator" else node
    return (
        found
        if found.type == "array_declarator"
        and found.child_by_field_name("declarator").type == "identifier"
        else None
    )
