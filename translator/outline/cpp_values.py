"""Values of C++ expressions as text, with every place in an array written as an element of it.

Contract: `CppValues.text(node)` raises UnsupportedConstruct for what is left to a model: calls but
of the mathematical library, whole structures, values that change something, pointers that are more
than a place in an array. A pointer that is set once to such a place is written as that place.

    python -c "from translator.outline.cpp_values import CppValues; help(CppValues)"
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tree_sitter import Node

from corpora.signatures.null_checks import is_null_check
from corpora.syntax.c_family import get_leaf_texts, get_node_text, iterate_descendants
from corpora.tokens.lexers import CPP_FUNCTIONS, CPP_TYPES
from corpora.tokens.printing import join_words
from translator.normalize.unsupported import UnsupportedConstruct
from translator.outline.c_function import FunctionArray
from translator.outline.members import StructureParameter

_ODD = frozenset(
    {
        "lambda_expression",
        "string_literal",
        "concatenated_string",
        "new_expression",
        "delete_expression",
        "initializer_list",
        "compound_literal_expression",
        "ERROR",
        "sizeof_expression",
        "co_await_expression",
        "throw_statement",
    }
)
"""Parts of an expression that are left to a model."""
_EFFECTS = frozenset({"assignment_expression", "update_expression", "comma_expression"})
_OTHER = re.compile(
    r"[^a-z]|atomic|cuda|make_|omp_|swap|sincos|malloc|calloc|free|mem|printf|assert"
)
_PURE = {name for name in CPP_FUNCTIONS if not _OTHER.match(name)}
_UNARY = "\x01"
"""Marks an operator before its one operand, which stands right behind it."""
_LOOSE = re.compile(r"[?<>&|^=!]")
"""Operators that bind less tightly than a sum."""

Place = tuple[str, str]
"""An array and an index as C writes it; '' for the array's beginning."""


class CppValues:
    """arrays: by name; more may be added while a function is read. structures: parameters whose
    numbers are arrays and scalars.
    """

    def __init__(
        self, arrays: dict[str, FunctionArray], structures: Sequence[StructureParameter] = ()
    ) -> None:
        self._arrays = arrays
        self._structures = {each.owner: each for each in structures}
        self._aliases: dict[str, Place] = {}
        self._elements: dict[str, Place] = {}
        """Names of references, and the element that each is."""

    def text(self, node: Node) -> str:
        self._check(node)
        return self.printed(list(self.words(node)))

    def printed(self, words: Sequence[str]) -> str:
        return re.sub(rf"{_UNARY}(\S+?) (?=\S)", r"\1", join_words(words)).replace(_UNARY, "")

    def take_alias(self, node: Node) -> None:
        """Remember what pointer an init_declarator declares. Raises UnsupportedConstruct where it
        is no fixed place in an array.
        """
        (declarator,), scope = (
            node.child_by_field_name("declarator").named_children[-1:],
            node.parent.parent,
        )
        value, refers = (
            node.child_by_field_name("value"),
            node.child_by_field_name("declarator").type == "reference_declarator",
        )
        place = (
            self.place(value)
            if not refers
            else self._element(value)
            if value.type == "subscript_expression"
            else None
        )
        if declarator is None or declarator.type != "identifier":
            raise UnsupportedConstruct("a pointer that is no place in an array")
        self._alias(
            get_node_text(declarator),
            place,
            node,
            scope,
            refers and place is not None and place[0] in self._arrays,
        )

    def take_pointer(self, name: str, assignment: Node) -> None:
        """Remember what a pointer that was declared without a value is set to. Raises
        UnsupportedConstruct where it is used outside of the block of that, too.
        """
        scope = assignment.parent.parent
        uses = [
            each
            for each in iterate_descendants(_function_of(scope))
            if each.type == "identifier"
            and get_node_text(each) == name
            and each.parent.type != "pointer_declarator"
        ]
        if any(
            each.start_byte < assignment.start_byte or each.end_byte > scope.end_byte
            for each in uses
        ):
            raise UnsupportedConstruct(
                f"the pointer '{name}' is set in one place and used in another"
            )
        self._alias(
            name, self.place(assignment.child_by_field_name("right")), assignment, scope, False
        )

    def _alias(
        self, name: str, place: Place | None, node: Node, scope: Node, is_element: bool
    ) -> None:
        """node: what sets it, with its place inside; scope: the block that it is known in."""
        if place is None:
            raise UnsupportedConstruct("a pointer that is no place in an array")
        (self._elements if is_element else self._aliases)[name] = place
        needed = {name, *re.findall(r"[A-Za-z_]\w*", place[1])}
        later = [each for each in iterate_descendants(scope) if each.start_byte > node.start_byte]
        changed = {
            self._changed(get_assignment_target(each))
            for each in later
            if each.type in ("assignment_expression", "update_expression")
        }
        exchanged = {
            get_node_text(get_assignment_target(each))
            for each in later
            if each.type == "assignment_expression"
        }
        exchanged |= {
            leaf
            for each in later
            if each.type == "call_expression"
            and "swap" in get_node_text(each.child_by_field_name("function"))
            for leaf in get_leaf_texts(each)
        }
        moves = (
            changed & needed
            or ("" in changed and needed & set(self._arrays))
            or place[0] in exchanged
        )
        if scope.type != "compound_statement" or moves or re.search(r"\+\+|--", place[1]):
            raise UnsupportedConstruct(f"the pointer '{name}' moves")

    def take_element(self, name: str, place: Place) -> None:
        """Record that the reference `name`, which a loop over an array declares, means the element
        `place`.
        """
        self._elements[name] = place

    def _changed(self, target: Node) -> str:
        """The scalar or array that an assignment changes; '' for one that is not known yet."""
        if target.type == "identifier":
            return self._elements.get(get_node_text(target), (get_node_text(target), ""))[0]
        if target.type == "field_expression":
            return (self._field(target) or ("", ""))[0]
        place = (
            self._element(target)
            if target.type in ("subscript_expression", "pointer_expression")
            else None
        )
        return place[0] if place else ""

    def place(self, node: Node) -> Place | None:
        """Where a pointer points to; None for what is no place in a known array."""
        match node.type:
            case "identifier":
                name = get_node_text(node)
                if name in self._arrays and self._arrays[name].inner:
                    return None
                return (
                    (name, "")
                    if name in self._arrays or name in self._structures
                    else self._aliases.get(name)
                )
            case "parenthesized_expression":
                return self.place(node.named_children[0])
            case "call_expression":
                function = node.child_by_field_name("function")
                first = function.type == "field_expression" and get_node_text(
                    function.child_by_field_name("field")
                ) in ("data", "begin", "cbegin")
                place = self.place(function.child_by_field_name("argument")) if first else None
                return place if place is not None and place[0] in self._arrays else None
            case "field_expression":
                number = self._field(node)
                return number if number and number[0] in self._arrays and not number[1] else None
            case "pointer_expression" if (
                get_node_text(node.children[0]) == "&"
                and node.children[1].type == "subscript_expression"
            ):
                return self._element(node.children[1])
            case "binary_expression":
                left, operator, right = (
                    node.child_by_field_name(f) for f in ("left", "operator", "right")
                )
                base = self.place(left)
                if base is not None and get_node_text(operator) in "+-":
                    return base[0], _sum(base[1], get_node_text(operator), self.text(right))
                base = self.place(right) if get_node_text(operator) == "+" else None
                return None if base is None else (base[0], _sum(base[1], "+", self.text(left)))
        return None

    def _element(self, node: Node) -> Place | None:
        """The place of a subscript_expression, or of a pointer_expression with a star."""
        if node.type == "pointer_expression":
            return self.place(node.children[1]) if get_node_text(node.children[0]) == "*" else None
        if rows := self._in_rows(node):
            return rows
        base = self.place(node.child_by_field_name("argument"))
        inner = node.child_by_field_name("indices").named_children
        return (
            None
            if base is None or len(inner) != 1
            else (base[0], _sum(base[1], "+", self.text(inner[0])))
        )

    def _in_rows(self, node: Node) -> Place | None:
        """The place of an element of an array of several dimensions, which all its
        subscripts name.
        """
        given: list[str] = []
        while node.type == "subscript_expression":
            given.insert(
                0,
                ", ".join(
                    self.text(each) for each in node.child_by_field_name("indices").named_children
                ),
            )
            node = node.child_by_field_name("argument")
        array = self._arrays.get(get_node_text(node)) if node.type == "identifier" else None
        if array is None or not array.inner or len(given) != len(array.inner) + 1:
            return None
        index = given[0]
        for extent, each in zip(array.inner, given[1:], strict=True):
            index = (
                f"{index if re.fullmatch(r'[A-Za-z_0-9]+', index) else f'({index})'} * "
                f"{extent} + {add_brackets(each) if _LOOSE.search(each) else each}"
            )
        return get_node_text(node), index

    def _size(self, node: Node) -> str:
        """The scalar that a call of a vector's size is; '' for what is none."""
        function = node.child_by_field_name("function") if node.type == "call_expression" else None
        if (
            function is None
            or function.type != "field_expression"
            or get_node_text(function.child_by_field_name("field")) not in ("size", "length")
        ):
            return ""
        name = get_node_text(function.child_by_field_name("argument"))
        own, owner = self._arrays.get(name), self._structures.get(name)
        if own is not None and own.made.startswith("std::vector<"):
            return own.count if re.fullmatch(r"\w+", own.count) else f"({own.count})"
        return next(iter(owner.numbers)) if owner is not None and owner.passing == "vector" else ""

    def _field(self, node: Node) -> Place | None:
        """The number that a field_expression names, with the place in its array, None for a
        scalar's; None where it is no number of a structure.
        """
        path: list[str] = []
        while node.type == "field_expression":
            path.insert(0, get_node_text(node.child_by_field_name("field")))
            node = node.child_by_field_name("argument")
        while node.type == "parenthesized_expression":
            node = node.named_children[0]
        whole = node.type == "pointer_expression" and get_node_text(node.children[0]) == "*"
        place = (
            self._element(node)
            if node.type == "subscript_expression"
            else self.place(node.children[1] if whole else node)
        )
        if place is None or place[0] not in self._structures:
            return None
        owner = self._structures[place[0]]
        if owner.passing == "vector":
            return None
        name = f"{owner.owner}__{'__'.join(path)}"
        if name not in owner.numbers or (owner.passing != "array" and place[1]):
            return None
        return name, (place[1] or "0") if owner.passing == "array" else ""

    def _number(self, node: Node) -> Place | None:
        """What stands for a number of a structure, a vector's size or a reference to an element: a
        scalar (without a place) or an element.
        """
        if node.type == "field_expression":
            return self._field(node)
        if node.type == "identifier":
            return self._elements.get(get_node_text(node))
        return (size, "") if (size := self._size(node)) else None

    def words(self, node: Node) -> Iterator[str]:
        number = self._number(node)
        place = (
            self._element(node)
            if node.type in ("subscript_expression", "pointer_expression")
            else None
        )
        if number is not None:
            yield from (number[0], "[", number[1], "]") if number[1] else (number[0],)
        elif place is not None:
            yield from (place[0], "[", place[1] or "0", "]")
        elif node.type in ("unary_expression", "pointer_expression", "pointer_declarator"):
            yield _UNARY + get_node_text(node.children[0])
            for child in node.children[1:]:
                yield from self.words(child)
        elif not node.children or node.type == "char_literal":
            yield get_node_text(node)
        else:
            for child in node.children:
                if child.type != "comment":
                    yield from self.words(child)

    def _check(self, node: Node) -> None:
        """Raises UnsupportedConstruct where the expression holds what rules do not read."""
        for each in iterate_descendants(node):
            if not self._whole(each):
                raise UnsupportedConstruct(f"an expression with a structure's {each.type}")
            place_of = (
                each.type in ("pointer_expression", "subscript_expression")
                and not _is_address(each)
                and not self._is_row(each)
            )
            if each.type in _ODD or (place_of and self._element(each) is None):
                raise UnsupportedConstruct(f"an expression with a {each.type}")
            if each.type in _EFFECTS and not (
                each.type == "update_expression"
                and get_assignment_target(each).type == "identifier"
            ):
                raise UnsupportedConstruct("a value that changes something")
            if (
                each.type == "call_expression"
                and not self._size(each)
                and not self.place(each)
                and get_node_text(each.child_by_field_name("function")).removeprefix("std::")
                not in _PURE | CPP_TYPES
            ):
                raise UnsupportedConstruct(
                    f"a call of '{get_node_text(each.child_by_field_name('function'))}'"
                )
            if each.type == "identifier" and not self._is_read(each):
                raise UnsupportedConstruct(f"'{get_node_text(each)}' without an index")

    def _is_row(self, node: Node) -> bool:
        """Whether it is a part of what names an element of an array of several dimensions."""
        while (
            node.parent is not None
            and node.parent.type == "subscript_expression"
            and node.parent.child_by_field_name("argument") == node
        ):
            node = node.parent
        return node.type == "subscript_expression" and self._in_rows(node) is not None

    def _whole(self, node: Node) -> bool:
        """Whether it is nothing of a structure, a number of one, or a part of what names such."""
        if node.type == "field_expression":
            if node.parent.type == "call_expression" and (
                self._size(node.parent) or self.place(node.parent)
            ):
                return True
            number = self._field(node)
            found = number is not None and (
                number[0] not in self._arrays or bool(number[1]) or self._is_indexed(node)
            )
            return found or node.parent.type == "field_expression"
        place = (
            self._element(node)
            if node.type in ("subscript_expression", "pointer_expression")
            else None
        )
        return (
            place is None
            or place[0] not in self._structures
            or place[0] in self._arrays
            or _is_address(node)
            or _names_field(node)
        )

    def _is_read(self, node: Node) -> bool:
        """Whether a name is a scalar's, or an array's, a structure's or pointer's of which an
        element is meant.
        """
        if not any(
            get_node_text(node) in names
            for names in (self._arrays, self._aliases, self._structures)
        ):
            return True
        return self._is_indexed(node) or (
            get_node_text(node) in self._arrays and is_null_check(node)
        )

    def _is_indexed(self, node: Node) -> bool:
        """Whether an element of what it names is meant, or a number in it."""
        while node.parent is not None:
            node, inner = node.parent, node
            if node.type == "field_expression":
                return node.child_by_field_name("argument") == inner
            if node.type == "subscript_expression":
                return node.child_by_field_name("argument") == inner
            if node.type == "pointer_expression" and get_node_text(node.children[0]) == "*":
                return self._element(node) is not None
            if not (
                _is_address(node) or node.type in ("parenthesized_expression", "binary_expression")
            ):
                return False
        return False


def _names_field(node: Node) -> bool:
    """Whether the structure's number behind it is meant."""
    parent = node.parent
    while parent is not None and parent.type == "parenthesized_expression":
        node, parent = parent, parent.parent
    return parent is not None and parent.type == "field_expression"


def _function_of(node: Node) -> Node:
    while node.type != "function_definition" and node.parent is not None:
        node = node.parent
    return node


def _is_address(node: Node) -> bool:
    return node.type == "pointer_expression" and get_node_text(node.children[0]) == "&"


def _sum(base: str, operator: str, index: str) -> str:
    """base + index, or base - index."""
    if not base:
        return index if operator == "+" else f"-({index})"
    if index == "0":
        return base
    loose = _LOOSE.search(index) or (operator == "-" and re.search(r"[-+]", index))
    return (
        f"{add_brackets(base) if _LOOSE.search(base) else base} {operator} "
        f"{add_brackets(index) if loose else index}"
    )


def add_brackets(text: str) -> str:
    """In brackets, unless it is already."""
    depth = 0
    for k, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if not depth:
            return text if k == len(text) - 1 > 0 else f"({text})"
    return f"({text})"


def get_assignment_target(node: Node) -> Node:
    """What an assignment or a step changes, without brackets around it."""
    found = node.child_by_field_name("left") or node.child_by_field_name("argument")
    while found.type == "parenthesized_expression":
        found = found.named_children[0]
    return found
