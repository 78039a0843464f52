"""Memory that a C++ function makes for itself (malloc, new, vectors), and the library's functions
that fill or copy arrays, as loops.

Contract: reads nodes of tree-sitter's; None (or an empty text) for what is none of these, Unsaid
for what is one and has no plain form.

    python -c "from translator.outline.cpp_memory import MemoryReader; help(MemoryReader)"
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tree_sitter import Node

from corpora.signatures.null_checks import find_null_alternatives
from corpora.syntax.c_family import (
    get_leaf_texts,
    get_node_text,
    iterate_descendants,
    parse_c_family,
)
from corpora.tokens.lexers import CPP_TYPES
from translator.normalize.unsupported import UnsupportedConstruct
from translator.outline.c_function import FunctionArray
from translator.outline.cpp_values import CppValues, Place, add_brackets

_CALLS = frozenset({"memset", "memcpy", "memmove", "copy", "copy_n", "fill", "fill_n"})
_NOUGHT = re.compile(r"0+(?:\.0*)?[fFuUlL]*$|(?:float|double|int)\(\)$")


@dataclass(frozen=True, slots=True)
class AllocatedArray:
    """An array that a declaration makes. begins: the value of each element, '' where that is nought
    or none. like: what is copied into it.
    """

    name: str
    array: FunctionArray
    begins: str = ""
    like: Place | None = None


@dataclass(frozen=True, slots=True)
class LibraryLoop:
    """A library function's loop over elements. count: their number. to: the first element set.
    value: what is set, '' for a copy. source: the first element copied, or None.
    """

    count: str
    to: Place
    value: str = ""
    source: Place | None = None

    def written(self, counter: str) -> tuple[str, str]:
        """Its head and its statement."""
        value = self.value if self.source is None else _format_element(self.source, counter)
        return (
            f"for (int {counter} = 0; {counter} < {self.count}; {counter}++)",
            f"{_format_element(self.to, counter)} = {value};",
        )


def _format_element(place: Place, counter: str) -> str:
    return f"{place[0]}[{f'{place[1]} + {counter}' if place[1] not in ('', '0') else counter}]"


class MemoryReader:
    """Reads allocations and library calls of a C++ function. arrays: those known so far, to which
    the caller adds.
    """

    def __init__(self, values: CppValues, arrays: dict[str, FunctionArray]) -> None:
        self._values, self._arrays = values, arrays

    def vectors(self, node: Node) -> list[AllocatedArray]:
        """The vectors of numbers that a declaration makes; [] for another declaration. Raises
        Unsaid for those without a length.
        """
        kind = re.fullmatch(
            r"(?:std::)?vector<([\w ]+)>",
            get_node_text(node.child_by_field_name("type")).replace("\n", " "),
        )
        if kind is None:
            return []
        if set(kind[1].split()) - CPP_TYPES or kind[1] == "bool":
            raise UnsupportedConstruct("a vector of something else than numbers")
        return [
            self._vector(each, kind[1].strip())
            for each in node.children_by_field_name("declarator")
        ]

    def _vector(self, declarator: Node, type: str) -> AllocatedArray:
        inner = declarator.child_by_field_name("declarator")
        if inner is None or inner.type != "identifier":
            raise UnsupportedConstruct("a vector whose length is not said where it is declared")
        name = get_node_text(inner)
        given = _find_constructor_arguments(get_node_text(declarator)[len(name) :])
        if not given or len(given) > 2:
            raise UnsupportedConstruct("a vector that is no number of equal elements")
        like, begins = None, ""
        if len(given) == 2 and (between := self._between(*given)):
            like, count = between
        elif len(given) == 1 and self._values.place(given[0]):
            like = self._values.place(given[0])
            count = self._arrays[like[0]].count
        else:
            count, begins = (
                self._values.text(given[0]),
                self._values.text(given[1]) if len(given) == 2 else "",
            )
            begins = "" if _NOUGHT.match(begins) else begins
        array = FunctionArray(
            type,
            count,
            is_local=True,
            made=f"std::vector<{type}> {name}({count});",
            freed="",
            is_cleared=not (begins or like),
        )
        return AllocatedArray(name, array, begins, like)

    def read_heap_allocation(self, name: str, value: Node, type: str) -> AllocatedArray | None:
        """What `malloc`, `calloc` or `new` makes."""
        value = _cast_away(value)
        if value.type == "new_expression":
            return self._new(name, value, type)
        function, given = _read_call(value)
        if function not in ("malloc", "calloc"):
            return None
        count = (
            self._elements(given[0])
            if function == "malloc"
            else " * ".join(
                map(
                    add_brackets,
                    (self._values.text(n) for n in given if n.type != "sizeof_expression"),
                )
            )
        )
        plain = count if re.fullmatch(r"\w+", count) else f"({count})"
        size = f"{plain} * sizeof({type})" if function == "malloc" else f"{plain}, sizeof({type})"
        return AllocatedArray(
            name,
            FunctionArray(
                type,
                count,
                True,
                made=f"{type} *{name} = ({type} *){function}({size});",
                freed=f"free({name});",
                is_cleared=function == "calloc",
            ),
        )

    def _new(self, name: str, value: Node, type: str) -> AllocatedArray:
        declarator, given = (
            value.child_by_field_name("declarator"),
            value.child_by_field_name("arguments"),
        )
        sizes = declarator.named_children if declarator is not None else []
        if len(sizes) != 1 or (given is not None and given.named_children):
            raise UnsupportedConstruct("what new makes is no array of one dimension")
        count, cleared = self._values.text(sizes[0]), given is not None
        return AllocatedArray(
            name,
            FunctionArray(
                type,
                count,
                True,
                made=f"{type} *{name} = new {type}[{count}]{'()' * cleared};",
                freed=f"delete[] {name};",
                is_cleared=cleared,
            ),
        )

    def freed(self, node: Node) -> str:
        """The statement that an expression is which frees an array; '' for another one. Raises
        Unsaid where that one was not made so.
        """
        function, given = _read_call(node)
        if node.type == "delete_expression":
            name, text = get_node_text(node.named_children[-1]), "delete[] {};"
        elif function == "free":
            name, text = get_node_text(given[0]), "free({});"
        else:
            return ""
        array = self._arrays.get(name)
        if array is None or array.freed != text.format(name):
            raise UnsupportedConstruct(f"'{name}' is freed here and not made so")
        return array.freed

    def read_allocation_check(self, condition: str, body: Node, other: Node | None) -> str:
        """An `if` that leaves where no memory was to be had, as one statement; '' for
        another one.
        """
        if other is not None or not all(map(self._is_own, find_null_alternatives(condition))):
            return ""
        return f"if ({condition}) {{ {' '.join(_plain_rows(body))} }}"

    def _is_own(self, name: str) -> bool:
        return name in self._arrays and bool(self._arrays[name].freed)

    def loop(self, call: Node) -> LibraryLoop | None:
        """`memset`, `memcpy`, `std::copy`, `std::fill` and their like."""
        function, given = _read_call(call)
        if function not in _CALLS:
            return None
        if len(given) == 3 and (found := self._loop(function, *given)):
            return found
        raise UnsupportedConstruct(f"a {function} that is no loop over elements")

    def _loop(self, function: str, first: Node, second: Node, third: Node) -> LibraryLoop | None:
        match function:
            case "memset" if get_node_text(second) == "0":
                return self._into(first, self._elements(third), value="0")
            case "memcpy" | "memmove":
                return self._into(first, self._elements(third), self._where(second))
            case "fill_n":
                return self._into(first, self._values.text(second), value=self._values.text(third))
            case "copy_n":
                return self._into(third, self._values.text(second), self._where(first))
            case "copy" | "fill" if between := self._between(first, second):
                place, count = between
                return (
                    LibraryLoop(count, place, self._values.text(third))
                    if function == "fill"
                    else self._into(third, count, place)
                )
        return None

    def _into(
        self, target: Node, count: str, source: Place | None = None, value: str = ""
    ) -> LibraryLoop | None:
        place = self._where(target)
        return LibraryLoop(count, place, value, source) if place and (source or value) else None

    def _between(self, first: Node, last: Node) -> tuple[Place, str] | None:
        """Where elements begin, and how many there are up to `last`."""
        one, other = self._where(first), self._where(last)
        if one is None or other is None or one[0] != other[0]:
            return None
        count = (
            other[1]
            if one[1] in ("", "0")
            else other[1].removeprefix(f"{one[1]} + ")
            if other[1].startswith(f"{one[1]} + ")
            else f"{other[1]} - ({one[1]})"
        )
        return one, count or "0"

    def _where(self, node: Node) -> Place | None:
        function = node.child_by_field_name("function") if node.type == "call_expression" else None
        end = (
            function is not None
            and function.type == "field_expression"
            and get_node_text(function.child_by_field_name("field")) in ("end", "cend")
        )
        place = (
            self._values.place(function.child_by_field_name("argument"))
            if end
            else self._values.place(node)
        )
        if place is None or place[0] not in self._arrays:
            return None
        return (place[0], self._arrays[place[0]].count) if end else place

    def _elements(self, size: Node) -> str:
        """How many elements so many bytes are. Raises UnsupportedConstruct where that is not
        written as a product with a size.
        """
        if (
            size.type == "sizeof_expression"
            and (array := self._arrays.get(get_node_text(size).removeprefix("sizeof").strip("() ")))
            and array.is_local
            and not array.made
        ):
            return array.count
        factors = list(_factors(size))
        counts = [self._values.text(each) for each in factors if each.type != "sizeof_expression"]
        if len(counts) != len(factors) - 1:
            raise UnsupportedConstruct("a number of bytes that is not so many elements")
        return (
            " * ".join(
                each if re.fullmatch(r"\w+", each) or len(counts) == 1 else add_brackets(each)
                for each in counts
            )
            or "1"
        )


def _factors(node: Node) -> Iterator[Node]:
    if node.type == "parenthesized_expression" and any(
        each.type == "sizeof_expression" for each in iterate_descendants(node)
    ):
        yield from _factors(node.named_children[0])
    elif (
        node.type == "binary_expression"
        and get_node_text(node.child_by_field_name("operator")) == "*"
    ):
        yield from _factors(node.child_by_field_name("left"))
        yield from _factors(node.child_by_field_name("right"))
    else:
        yield node


def _read_call(node: Node) -> tuple[str, Sequence[Node]]:
    """The function of a call, and its arguments."""
    if node.type != "call_expression" or node.child_by_field_name("function").type not in (
        "identifier",
        "qualified_identifier",
    ):
        return "", ()
    given = [c for c in node.child_by_field_name("arguments").named_children if c.type != "comment"]
    return get_node_text(node.child_by_field_name("function")).removeprefix("std::"), given


def _cast_away(value: Node) -> Node:
    if value.type == "cast_expression":
        return value.child_by_field_name("value")
    if value.type == "call_expression" and get_node_text(
        value.child_by_field_name("function")
    ).startswith(("static_cast<", "reinterpret_cast<")):
        return value.child_by_field_name("arguments").named_children[0]
    return value


def _find_constructor_arguments(text: str) -> list[Node]:
    """The arguments that a declaration has in brackets, which may read as a function's
    parameters.
    """
    root = parse_c_family(f"int k = g{text};").root_node
    call = next(
        (each for each in iterate_descendants(root) if each.type == "call_expression"), None
    )
    return (
        [c for c in call.child_by_field_name("arguments").named_children if c.type != "comment"]
        if call and text.lstrip().startswith("(")
        else []
    )


def _plain_rows(body: Node) -> list[str]:
    """Statements that free memory and return. Raises UnsupportedConstruct for others."""
    statements = (
        [c for c in body.named_children if c.type != "comment"]
        if body.type == "compound_statement"
        else [body]
    )
    words = {leaf for each in statements for leaf in get_leaf_texts(each)}
    if (
        any(each.type not in ("expression_statement", "return_statement") for each in statements)
        or "=" in words
        or "++" in words
    ):
        raise UnsupportedConstruct("what is done where there is no memory")
    return [" ".join(get_node_text(each).split()) for each in statements]
