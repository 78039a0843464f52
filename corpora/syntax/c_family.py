"""Syntax of the C family (C, C++, CUDA, OpenMP): trees, function definitions, and names that stand
for other tokens.

Contract: read-only views of a text; nothing is compiled or preprocessed. tree-sitter's CUDA grammar
is used for all (a superset of C++ with `<<<>>>` and `__global__`). Broken text gives what can be
found in it, never an exception.

    python -c "from corpora.syntax.c_family import parse_c_family, find_c_functions; \
print([f.name for f in find_c_functions(parse_c_family('void f(int n) {}').root_node)])"
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import tree_sitter_cuda
from tree_sitter import Language, Node, Parser, Tree

_DECORATION = re.compile(
    r"__(?:forceinline__|forceinline|noinline__|inline__|inline|extension__|cdecl|stdcall)\b"
    r"|__launch_bounds__\s*\([^()]*\)|__attribute__\s*\(\s*\((?:[^()]|\([^()]*\))*\)\s*\)"
    r"|#\s*pragma\b[^\n]*?\bENDCOM\b|\bENDCOM\b"
    r"|#\s*\d+\s*\"[^\"\n]*\""
)


@lru_cache(maxsize=1)
def _parser() -> Parser:
    return Parser(Language(tree_sitter_cuda.language()))


def parse_c_family(text: str) -> Tree:
    """Return tree-sitter's syntax tree of a C-family text. Byte offsets are those of its UTF-8
    form. Decorations that the grammar does not know are blanked first.
    """
    blanked = _DECORATION.sub(
        lambda m: re.sub(r"[^\n]", lambda c: " " * len(c.group().encode()), m.group()), text
    )
    return _parser().parse(blanked.encode())


@dataclass(frozen=True, slots=True)
class CFunction:
    """A function definition in a syntax tree. qualified: the name with enclosing namespaces
    (`ns::f`). node: the definition. declarator: its declarator. template, member: it is a template,
    or a class member.
    """

    name: str
    qualified: str
    node: Node
    declarator: Node
    template: bool = False
    member: bool = False

    def head(self) -> list[str]:
        """Return the tokens before the function's name: storage, qualifiers and return type."""
        end = self.declarator.child_by_field_name("declarator").start_byte
        return [t for child in self.node.children for t in _leaves_before(child, end)]

    def parameters(self) -> list[list[str]]:
        """Return the tokens of each parameter; [] for `()` and `(void)`."""
        parts = split_at_commas(
            get_leaf_texts(self.declarator.child_by_field_name("parameters"))[1:-1]
        )
        return [] if parts in ([[]], [["void"]]) else parts


_CLASSES = ("class_specifier", "struct_specifier", "union_specifier")
_CONTAINERS = {
    "linkage_specification",
    "declaration_list",
    "preproc_if",
    "preproc_ifdef",
    "preproc_else",
    "preproc_elif",
    "ERROR",
    "template_declaration",
    "namespace_definition",
    "field_declaration_list",
    *_CLASSES,
}


def find_c_functions(
    node: Node, scope: str = "", template: bool = False, member: bool = False
) -> Iterator[CFunction]:
    """Yield every function definition below `node`, in textual order. scope: namespaces around it,
    as `ns::`. template, member: `node` is inside a template or class.
    """
    for child in node.children:
        if child.type == "function_definition":
            yield from _named_function(child, scope, template, member)
        elif child.type in _CONTAINERS:
            inner = scope
            if child.type == "namespace_definition" or child.type in _CLASSES:
                label = child.child_by_field_name("name")
                inner = f"{scope}{get_node_text(label)}::" if label else scope
            yield from find_c_functions(
                child,
                inner,
                template or child.type == "template_declaration",
                member or child.type in _CLASSES,
            )


def _named_function(node: Node, scope: str, template: bool, member: bool) -> Iterator[CFunction]:
    declarator = node.child_by_field_name("declarator")
    while declarator is not None and declarator.type != "function_declarator":
        inner = [c for c in declarator.children if c.type.endswith("declarator")]
        declarator = declarator.child_by_field_name("declarator") or (inner[0] if inner else None)
    if declarator is None or declarator.child_by_field_name("parameters") is None:
        return
    label = declarator.child_by_field_name("declarator")
    if label is None:
        return
    name = "".join(get_leaf_texts(label))
    yield CFunction(
        name, scope + name, node, declarator, template, member or "::" in name or "operator" in name
    )


def find_local_names(node: Node) -> frozenset[str]:
    """Return the names declared inside a function's node, parameters included."""
    found: set[str] = set()
    for child in iterate_descendants(node):
        if child.type in ("parameter_declaration", "declaration", "for_range_loop"):
            for declarator in child.children_by_field_name("declarator"):
                found.update(_declarator_name(declarator))
    return frozenset(found)


def _declarator_name(node: Node | None) -> list[str]:
    while node is not None and node.type not in (
        "identifier",
        "type_identifier",
        "field_identifier",
    ):
        following = node.child_by_field_name("declarator")
        if following is None:
            inner = [
                c for c in node.children if c.type.endswith("declarator") or c.type == "identifier"
            ]
            following = inner[0] if inner else None
        node = following
    return [get_node_text(node)] if node is not None else []


def get_node_text(node: Node) -> str:
    """Return the text of a syntax node."""
    return node.text.decode(errors="replace")


def iterate_descendants(node: Node) -> list[Node]:
    """Return the node and everything below it, in no particular order."""
    found, waiting = [], [node]
    while waiting:
        current = waiting.pop()
        found.append(current)
        waiting += current.children
    return found


def get_leaf_texts(node: Node) -> list[str]:
    """Return the tokens below `node`, in order, without comments."""
    if node.type == "comment":
        return []
    if not node.children:
        return [get_node_text(node)] if node.text else []
    return [t for child in node.children for t in get_leaf_texts(child)]


def _leaves_before(node: Node, end: int) -> list[str]:
    if node.start_byte >= end:
        return []
    if node.end_byte <= end:
        return get_leaf_texts(node)
    return [t for child in node.children for t in _leaves_before(child, end)]


_DEPTH = {"(": 1, "[": 1, "{": 1, "<": 1, ")": -1, "]": -1, "}": -1, ">": -1, ">>": -2}


def split_at_commas(tokens: Sequence[str]) -> list[list[str]]:
    """Split tokens at the commas outside all brackets."""
    parts: list[list[str]] = [[]]
    depth = 0
    for token in tokens:
        depth += _DEPTH.get(token, 0)
        if token == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


# --- names that stand for other tokens
# --------------------------------------------------------------------------------

_TOKEN = re.compile(r"0[xX][0-9a-fA-F]+[uUlL]*|\d[\w.]*|\w+|::|<<|>>|[^\s\w]")
_MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+((?:\\\n|[^\n])+)", re.M)
_USING = re.compile(r"\busing\s+(\w+)\s*=\s*([^;{}]+);")
_TYPEDEF = re.compile(r"\btypedef\s+([^;{}]+?)\s*\b(\w+)\s*((?:\[[^\]]*\]\s*)*);")
_CONSTANT = re.compile(
    r"\b(?:const|constexpr)\s+(?:(?:static|unsigned|signed|long|short|int|size_t|constexpr|const)\s+)+"
    r"(\w+)\s*=\s*([^;{}]+);"
)
_ENUM = re.compile(r"\benum\b[^{;()]*\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class TextDefinitions:
    """Names that a text defines: object-like macros, typedefs, `using`, integer constants and
    enumerators.

    tokens: the tokens that a name stands for; None for array and function types. pointers: typedef
        names of pointer types.
    """

    tokens: dict[str, tuple[str, ...] | None]
    pointers: frozenset[str]

    @staticmethod
    def of(text: str) -> TextDefinitions:
        """Return the definitions of a text. If a name is defined twice, the last one counts."""
        text = re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.S)
        found: dict[str, tuple[str, ...] | None] = {}
        for body in _ENUM.findall(text):
            found.update(_enumerators(body))
        for name, value in [*_CONSTANT.findall(text), *_MACRO.findall(text)]:
            found[name] = tuple(_TOKEN.findall(value.replace("\\\n", " ")))
        types = [(name, value, "") for name, value in _USING.findall(text)]
        types += [(name, value, extents) for value, name, extents in _TYPEDEF.findall(text)]
        for name, value, extents in types:
            simple = not extents and not re.search(r"[(\[]", value)
            found[name] = tuple(_TOKEN.findall(value)) if simple else None
        pointers = frozenset(name for name, value, _ in types if "*" in value)
        return TextDefinitions(found, pointers)

    def integer(self, tokens: Sequence[str]) -> int | None:
        """Return the value of an integer constant expression over these names, or None if it is not
        one.
        """
        expanded = list(tokens)
        for _ in range(8):
            if len(expanded) > 200 or not any(self.tokens.get(t) for t in expanded):
                break
            expanded = [
                t
                for token in expanded
                for t in (("(", *self.tokens[token], ")") if self.tokens.get(token) else (token,))
            ]
        plain = re.sub(
            r"\b(\d+|0[xX][0-9a-fA-F]+)[uUlL]+\b", r"\1", " ".join(expanded).replace("/", "//")
        )
        try:
            return _evaluate(ast.parse(plain.strip(), mode="eval").body)
        except (SyntaxError, ValueError, ZeroDivisionError, MemoryError, RecursionError):
            return None


def _enumerators(body: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    before: tuple[str, ...] = ("-", "1")
    for entry in body.split(","):
        name, equals, value = entry.partition("=")
        before = tuple(_TOKEN.findall(value)) if equals else ("(", *before, ")", "+", "1")
        found[name.strip()] = before = before if len(before) < 200 else ()
    return found


_OPERATIONS = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Mod: lambda a, b: a % b,
    ast.LShift: lambda a, b: a << min(b, 40),
    ast.RShift: lambda a, b: a >> b,
}


def _evaluate(node: ast.expr) -> int:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_evaluate(node.operand)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
        return _OPERATIONS[type(node.op)](_evaluate(node.left), _evaluate(node.right))
    raise ValueError("not an integer constant")
