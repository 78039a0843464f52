"""A serial C++ function read as statements and loop nests, for rules that cut it and put it
together again.

Contract: `parse_function(program)` has the meaning of the program's one function; Unsaid where the
text, once its macros, constants and small helpers are written out
(translator.normalize.expand_macros), holds anything that is not plain loops, ifs and assignments to
scalars and array elements (pointers that move, whole structures, calls but of the mathematical
library ...). Of structures and vectors there are the numbers (translator.outline.members). Scalars
that are declared without a value are declared where they are set, and variables that only count
loops in the loops' heads.

    python -c "from corpora.records import Program; \\
        from translator.outline.parse_cpp import parse_function; \\
print(parse_function(Program('cpp', 'f', 'void f(int n, float *x) { int i; for (i = 0; i < n; i++)
x[i] *= 2; }')).text)"
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby

from tree_sitter import Node

from corpora.records import Program, Signature
from corpora.signatures.null_checks import is_null_check
from corpora.signatures.signature import SignatureError, read_signature
from corpora.syntax.c_family import (
    CFunction,
    find_c_functions,
    get_leaf_texts,
    get_node_text,
    iterate_descendants,
    parse_c_family,
)
from gpu_runtime.call.materialize import is_assumed_shape
from translator.normalize.c_blocks import (
    Block,
    declare_in_loop_heads,
    declare_scalars,
    is_loop_counter,
    list_block_texts,
)
from translator.normalize.c_values import C_TYPES
from translator.normalize.expand_macros import expand_program
from translator.normalize.unsupported import UnsupportedConstruct
from translator.outline.c_function import CppFunction, FunctionArray
from translator.outline.cpp_declarations import DeclarationConverter
from translator.outline.cpp_values import CppValues, get_assignment_target
from translator.outline.members import StructureParameter
from translator.outline.outliner import leaves_loop
from translator.outline.pointer_swaps import find_exchange

_DEFINES = frozenset({"struct_specifier", "type_definition"})
_KEPT = frozenset({"preproc_include", "using_declaration"})
_BESIDE = frozenset({"function_definition", "comment", "preproc_include", "using_declaration", ";"})
"""What may stand in a file."""


@lru_cache(maxsize=4096)
def normalize(program: Program) -> Program | None:
    """Return a serial C++ program with macros and helpers expanded and in one layout, or None if
    rules cannot read it.
    """
    try:
        found = parse_function(program)
        return (
            None if found.structures or found.changed else Program("cpp", program.name, found.text)
        )
    except (UnsupportedConstruct, SignatureError):
        return None


def parse_function(program: Program) -> CppFunction:
    """Parse a serial C++ function into statements and loop nests; each call returns a new object.
    Raises UnsupportedConstruct or SignatureError if rules cannot read it.
    """
    program = expand_program(program)
    signature = read_signature(program)
    root = parse_c_family(program.text).root_node
    odd = {child.type for child in root.children} - _BESIDE - _DEFINES
    functions = list(find_c_functions(root))
    if odd or len(functions) != 1:
        raise UnsupportedConstruct(f"a text with {', '.join(sorted(odd)) or 'several functions'}")
    (function,) = functions
    said = [
        get_node_text(child).rstrip(";\n") + (";\n" if child.type in _DEFINES else "\n")
        for child in root.children
        if child.type in _DEFINES or child.type in _KEPT
    ]
    defined = "".join(said) if _structures(signature) else ""
    return _Reader(signature, function, defined).written()


class _Reader:
    def __init__(self, signature: Signature, function: CFunction, defined: str) -> None:
        self._signature, self._function, self._defined = signature, function, defined
        self._types = _types(signature, function)
        self._arrays = _arrays(signature, self._types)
        self._structures = _structures(signature)
        self._values = CppValues(self._arrays, self._structures)
        self._places: set[str] = set()
        """Variables of loops over elements."""
        self._declared = DeclarationConverter(
            self._values, self._arrays, self._structures, frozenset(get_leaf_texts(function.node))
        )

    def written(self) -> CppFunction:
        body = Block()
        node = self._function.node.child_by_field_name("body")
        self._statements(node, body)
        for name in {
            get_node_text(each)
            for each in iterate_descendants(node)
            if each.type == "identifier" and is_null_check(each)
        } & self._arrays.keys():
            self._arrays[name] = replace(
                self._arrays[name], may_be_null=not self._arrays[name].is_local
            )
        if body.items[-1:] == ["return;"]:
            body.items.pop()
        by_value = {
            p.name: self._types[p.name] for p in self._signature.parameters if p.kind == "scalar"
        }
        by_value |= {
            size: "long"
            for each in self._structures
            if each.passing == "vector"
            for size in each.numbers
        }
        by_reference = [
            p for p in self._signature.parameters if p.kind == "scalar" and p.by_reference
        ]
        changed = tuple(p.name for p in by_reference if _is_set(p.name, body))
        if own := next((p.name for p in by_reference if p.member and p.name in changed), ""):
            raise UnsupportedConstruct(f"'{own}' is changed for the caller")
        counters = [name for name in self._declared.locals if is_loop_counter(body, name)]
        for name in counters:
            declare_in_loop_heads(body, name, self._declared.locals.pop(name))
        declare_scalars(body, self._declared.locals)
        head = self._values.printed(
            [
                t
                for child in self._function.node.children
                if child != node
                for t in self._values.words(child)
            ]
        )
        if self._structures:
            own = self._function.node
            head = " ".join(
                own.text[: node.start_byte - own.start_byte].decode(errors="replace").split()
            )
        defined = (
            self._defined
            if self._structures
            or any(array.made.startswith("std::") for array in self._arrays.values())
            else ""
        )
        return CppFunction(
            self._signature.name,
            head,
            body,
            by_value,
            {},
            self._arrays,
            self._structures,
            defined,
            changed,
        )

    def _statements(self, node: Node, block: Block) -> None:
        """Of a compound statement. Where pointers to arrays are handed round, several are one."""
        rest = [child for child in node.named_children if child.type != "comment"]
        while rest:
            moves, taken = find_exchange(
                rest,
                [name for name, array in self._arrays.items() if array.made or not array.is_local],
            )
            if moves:
                block.add(self._declared.exchange(moves))
            else:
                self._statement(rest[0], block)
            rest = rest[taken or 1 :]

    def _statement(self, node: Node, block: Block) -> None:
        match node.type:
            case "comment" | ";":
                pass
            case "compound_statement":
                self._statements(node, block)
            case "declaration":
                self._declared.read(node, block)
            case "expression_statement":
                for child in node.named_children:
                    self._expression_statement(child, block)
            case "for_statement":
                self._inside(self._for(node, block), node.child_by_field_name("body"), block)
            case "for_range_loop":
                self._over_elements(node, block)
            case "while_statement":
                self._inside(
                    f"while "
                    f"({self._values.text(_strip_condition_brackets(node.child_by_field_name('condition')))})",
                    node.child_by_field_name("body"),
                    block,
                )
            case "do_statement":
                self._do(node, block)
            case "if_statement":
                self._if(node, "if", block)
            case "return_statement":
                values = node.named_children
                block.add(f"return {self._values.text(values[0])};" if values else "return;")
            case "break_statement" | "continue_statement":
                block.add(f"{node.type.partition('_')[0]};")
            case _:
                raise UnsupportedConstruct(f"a statement of kind {node.type}")

    def _inside(self, head: str, body: Node, block: Block) -> None:
        self._statement(body, block.open(head))

    def _do(self, node: Node, block: Block) -> None:
        """A loop whose test comes last. Raises UnsupportedConstruct where something goes on with
        that test.
        """
        inside = block.open("while (1)")
        self._statement(node.child_by_field_name("body"), inside)
        if leaves_loop(inside, ("continue;",)):
            raise UnsupportedConstruct("a do loop with a continue")
        inside.open(
            f"if "
            f"(!({self._values.text(_strip_condition_brackets(node.child_by_field_name('condition')))}))"
        ).add("break;")

    def _if(self, node: Node, word: str, block: Block) -> None:
        test, body, other = (
            node.child_by_field_name(f) for f in ("condition", "consequence", "alternative")
        )
        if statement := self._declared.memory.read_allocation_check(
            get_node_text(test).strip("()"), body, other
        ):
            block.add(statement)
            return
        condition = self._values.text(
            _strip_condition_brackets(node.child_by_field_name("condition"))
        )
        self._inside(f"{word} ({condition})", node.child_by_field_name("consequence"), block)
        other = node.child_by_field_name("alternative")
        if other is None:
            return
        (inner,) = (c for c in other.named_children if c.type != "comment")
        if inner.type == "if_statement":
            self._if(inner, "else if", block)
        else:
            self._inside("else", inner, block)

    def _for(self, node: Node, block: Block) -> str:
        first, test, step = (
            node.child_by_field_name(f) for f in ("initializer", "condition", "update")
        )
        if first is None:
            start = ""
        elif first.type == "declaration":
            declared = Block()
            self._declared.read(first, declared)
            if len(declared.items) != 1:
                raise UnsupportedConstruct(
                    "a loop that declares several variables, or one without a value"
                )
            start = str(declared.items[0])[:-1]
        else:
            start = self._effects(first)
        return (
            (
                f"for ({start}; {self._values.text(test) if test else ''}; "
                f"{self._effects(step) if step else ''})"
            )
            .replace("(; ", "(;")
            .replace("; )", ";)")
        )

    def _over_elements(self, node: Node, block: Block) -> None:
        """A loop over a vector, by its places."""
        array, declarator = (
            get_node_text(node.child_by_field_name("right")),
            node.child_by_field_name("declarator"),
        )
        found = self._arrays.get(array)
        if (
            found is None
            or (found.is_local and not found.made.startswith("std::"))
            or not found.count
        ):
            raise UnsupportedConstruct("a loop over something else than a vector")
        name, place = (
            get_node_text(
                declarator.named_children[-1] if declarator.named_children else declarator
            ),
            f"at_{array}",
        )
        if (
            re.search(rf"\b{place}\b", get_node_text(self._function.node))
            and place not in self._places
        ):
            raise UnsupportedConstruct(f"a variable called '{place}'")
        self._places.add(place)
        inside = block.open(f"for (long {place} = 0; {place} < {found.count}; {place}++)")
        if declarator.type == "reference_declarator":
            self._values.take_element(name, (array, place))
        else:
            inside.add(f"{found.type} {name} = {array}[{place}];")
        self._statement(node.child_by_field_name("body"), inside)

    def _effects(self, node: Node) -> str:
        """What a loop's head does to scalars."""
        parts = list(_iterate_comma_parts(node))
        if not all(
            p.type in ("assignment_expression", "update_expression")
            and get_assignment_target(p).type == "identifier"
            for p in parts
        ):
            raise UnsupportedConstruct("a loop's head that does more than count")
        return ", ".join(self._effect(part) for part in parts)

    def _expression_statement(self, node: Node, block: Block) -> None:
        for part in _iterate_comma_parts(node):
            if not self._declared.write(part, block):
                block.add(f"{self._effect(part)};")

    def _effect(self, node: Node) -> str:
        """An assignment or a step; its target may be an element whose index steps on."""
        if node.type not in ("assignment_expression", "update_expression"):
            raise UnsupportedConstruct(f"a statement that is a {node.type}")
        target = get_assignment_target(node)
        if node.type == "update_expression":
            text = self._values.text(target)
            operator = next(get_node_text(c) for c in node.children if not c.is_named)
            return f"{text}{operator}"
        operator = get_node_text(node.child_by_field_name("operator"))
        return (
            f"{self._values.text(target)} {operator} "
            f"{self._values.text(node.child_by_field_name('right'))}"
        )


def _arrays(signature: Signature, types: dict[str, str]) -> dict[str, FunctionArray]:
    """Arrays among the parameters. Raises UnsupportedConstruct for those of several dimensions, and
    those within one structure.
    """
    found = {}
    for parameter in signature.parameters:
        in_structure = parameter.member and (parameter.inner_extents or parameter.shape)
        if (
            parameter.kind == "rows"
            or in_structure
            or (parameter.shape and not is_assumed_shape(parameter))
        ):
            raise UnsupportedConstruct(
                f"'{parameter.name}' is a table of rows, or an array in a structure"
            )
        if parameter.kind == "array":
            found[parameter.name] = FunctionArray(
                types[parameter.name],
                f"{parameter.name}_size" * is_assumed_shape(parameter),
                is_const=parameter.intent == "in",
                inner=parameter.inner_extents,
            )
    return found


def _types(signature: Signature, function: CFunction) -> dict[str, str]:
    """Of every parameter the type that it has by value, or of its elements."""
    written = iter(function.parameters())
    found: dict[str, str] = {}
    for _, group in groupby(
        signature.parameters, key=lambda p: p.member.owner if p.member else p.name
    ):
        tokens = next(written)
        for p in group:
            by_type = p.member or is_assumed_shape(p) or p.inner_extents
            if by_type and p.type not in C_TYPES:
                raise UnsupportedConstruct(f"'{p.name}' is a complex number")
            found[p.name] = C_TYPES[p.type] if by_type else " ".join(_base(tokens))
    return found


def _structures(signature: Signature) -> tuple[StructureParameter, ...]:
    found: dict[str, StructureParameter] = {}
    for p in signature.parameters:
        if p.member:
            each = found.setdefault(
                p.member.owner, StructureParameter(p.member.owner, p.member.passing, {})
            )
            each.numbers[p.name] = p.member.path
        elif is_assumed_shape(p):
            found[p.name] = StructureParameter(p.name, "vector", {f"{p.name}_size": "size()"})
        elif p.inner_extents:
            found[p.name] = StructureParameter(
                p.name, "rows", {p.name: ",".join([C_TYPES[p.type], *map(str, p.inner_extents)])}
            )
    return tuple(found.values())


def _base(tokens: Sequence[str]) -> list[str]:
    end = next((k for k, t in enumerate(tokens) if t in ("*", "&", "[")), len(tokens))
    kept = [t for t in tokens[:end] if t not in ("const", "volatile", "register", "struct")]
    return kept if end < len(tokens) and tokens[end] != "[" else kept[:-1]


def _iterate_comma_parts(node: Node) -> Iterator[Node]:
    if node.type == "comma_expression":
        for child in node.named_children:
            yield from _iterate_comma_parts(child)
    else:
        yield node


def _strip_condition_brackets(node: Node) -> Node:
    """A condition without its brackets. Raises UnsupportedConstruct where it declares something."""
    value = node.child_by_field_name("value") or node.named_children[0]
    if value.type in ("declaration", "init_statement"):
        raise UnsupportedConstruct("a condition that declares a variable")
    return value


def _is_set(name: str, body: Block) -> bool:
    return any(
        re.search(rf"\b{name}(?:\+\+|--| [-+*/%&|^<>]*=(?!=))", text)
        for text in list_block_texts(body)
    )
