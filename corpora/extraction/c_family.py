"""Functions of a C-family file, each cut out with the declarations that it needs, directly or
through others.

Contract: `extract_functions(text)` has one Piece per function definition. Declarations are found by
name (functions, templates, macros, types, enumerators, constants, `__constant__` and `__device__`
data) and come in their order in the file; namespaces and `extern "C"` are unwrapped. Changeable
globals become parameters (corpora.extraction.lift_c_family), so that data can set them.

    python -c "from corpora.extraction.c_family import extract_functions; \\
        print(extract_functions('#define N 4\\nvoid f(int *x) { x[0] = N; }')[0].text)"
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from tree_sitter import Node

from corpora.extraction.lift_c_family import (
    Edit,
    GlobalVariable,
    apply_edits,
    find_globals,
    lift_globals,
)
from corpora.extraction.pieces import MAIN_PROGRAM, ExtractedFunction
from corpora.syntax.c_family import (
    CFunction,
    find_c_functions,
    get_leaf_texts,
    get_node_text,
    iterate_descendants,
    parse_c_family,
)

_WRAPPERS = {
    "linkage_specification",
    "declaration_list",
    "namespace_definition",
    "preproc_ifdef",
    "preproc_if",
    "preproc_else",
    "preproc_elif",
    "ERROR",
}
_TYPES = {
    "type_definition",
    "alias_declaration",
    "struct_specifier",
    "union_specifier",
    "enum_specifier",
    "class_specifier",
}
_MACROS = {"preproc_def", "preproc_function_def"}
_STL = {
    "vector",
    "complex",
    "array",
    "algorithm",
    "numeric",
    "utility",
    "limits",
    "tuple",
    "functional",
}
_C_LIBRARY = {
    f"c{name}"
    for name in (
        "math",
        "stdlib",
        "string",
        "stdint",
        "stdio",
        "stddef",
        "limits",
        "float",
        "assert",
    )
}
"""Headers of names that every text may use; but beside one of the others nothing is known that no
header gives.
"""
_UNQUALIFIED = re.compile(
    r"(?<![\w:.])(?:vector|array|complex|pair|tuple|string|function|numeric_limits|accumulate|inner_product|transform|reduce|iota|sort|fill|copy|swap|move|min_element|max_element)\s*[<({]"
)
"""Names that `using namespace std` may be there for and that the engine's own stand-ins do not
know.
"""
_NAME = re.compile(r"[A-Za-z_]\w*")
_DEVICE = {"__constant__", "__device__", "__managed__"}


@dataclass(frozen=True, slots=True)
class _Declaration:
    """Something outside functions that a function may need.

    kind: `definition`, `prototype`, `state` (a variable that can change between calls) or `device`
    (device data without a value, which only a function that copies to it can use).
    """

    names: frozenset[str]
    uses: frozenset[str]
    start: int
    end: int
    kind: str = "definition"
    functions: tuple[CFunction, ...] = ()
    variables: tuple[GlobalVariable, ...] = ()
    scope: str = ""
    """Namespaces round it, `a::b`; a piece has none, so what it needs must be of one name once."""


def extract_functions(text: str) -> list[ExtractedFunction]:
    """One Piece per function definition of `text`, in textual order."""
    source = text.encode()
    root = parse_c_family(text).root_node
    declarations = [d for node in _iterate_outer_nodes(root) for d in _read_declarations(node)]
    by_name: dict[str, list[_Declaration]] = {}
    for declaration in declarations:
        for name in declaration.names:
            by_name.setdefault(name, []).append(declaration)
    outer = _iterate_outer_nodes(root)
    includes = [
        get_node_text(n).strip()
        for n in outer
        if n.type == "preproc_include"
        or (n.type == "using_declaration" and "namespace" in get_leaf_texts(n))
    ]
    scopes = [d for d in iterate_descendants(root) if d.type == "namespace_definition"]
    spaces = {get_node_text(n) for d in scopes for n in d.children_by_field_name("name")}
    return [_piece(f, by_name, includes, spaces, source) for f in find_c_functions(root)]


def add_definitions(text: str, source: str) -> str:
    """`text` behind those definitions of `source` (types, macros, constants) that it names and
    lacks, as answers that give a function alone do.
    """
    lent = _definitions(source)
    if not lent:
        return text
    root = parse_c_family(text).root_node
    own = {
        name
        for node in _iterate_outer_nodes(root)
        for d in _read_declarations(node)
        for name in d.names
    }
    waiting = sorted(_identifiers(root) - own - find_local_names(root))
    needed: dict[int, _Declaration] = {}
    while waiting:
        name = waiting.pop()
        for declaration in lent:
            if (
                name in declaration.names
                and declaration.start not in needed
                and not declaration.names & own
            ):
                needed[declaration.start] = declaration
                waiting += declaration.uses
    spans = {(d.start, d.end) for d in needed.values()}
    return (
        "".join(
            source.encode()[a:b].decode(errors="replace").rstrip() + "\n"
            for a, b in _outermost(spans)
        )
        + text
    )


def drop_definitions(text: str, source: str) -> str:
    """`text` without the structures that `source` defines in the same words, which
    `add_definitions` gives back.
    """
    if "struct" not in text or "struct" not in source:
        return text
    held = {tuple(source.encode()[d.start : d.end].split()) for d in _definitions(source)}
    left = text.encode()
    for start, end in reversed(_outermost({(d.start, d.end) for d in _definitions(text)})):
        if b"struct" in left[start:end] and tuple(left[start:end].split()) in held:
            left = left[:start] + left[end:]
    return left.decode(errors="replace").lstrip()


@lru_cache(maxsize=256)
def _definitions(source: str) -> tuple[_Declaration, ...]:
    declared = (
        d
        for node in _iterate_outer_nodes(parse_c_family(source).root_node)
        for d in _read_declarations(node)
    )
    return tuple(d for d in declared if d.kind == "definition" and not d.functions)


def _piece(
    function: CFunction,
    by_name: dict[str, list[_Declaration]],
    includes: list[str],
    namespaces: set[str],
    source: bytes,
) -> ExtractedFunction:
    reason = _explain_excluded(function)
    if reason:
        return ExtractedFunction(function.name, reason=reason)
    needed, problem = _closure(function, by_name)
    if problem:
        return ExtractedFunction(function.name, reason=problem)
    needed, lifted, problem = _lift_declarations(function, needed)
    if problem:
        return ExtractedFunction(function.name, reason=problem)
    spans = {(d.start, d.end) for d in needed} | {
        (function.node.start_byte, function.node.end_byte)
    }
    body = "\n".join(apply_edits(source, a, b, lifted) for a, b in _outermost(spans))
    body = re.sub(rf"\b(?:{'|'.join(namespaces)})\s*::\s*", "", body) if namespaces else body
    named = [(line, m[1]) for line in includes if (m := re.search(r"<(\w+)>", line))]
    needed_here = any(header in _STL and _needs(header, body) for _, header in named)
    kept = [
        line
        for line, header in named
        if needed_here and (header in _C_LIBRARY or header in _STL and _needs(header, body))
    ]
    opened = [line for line in includes if line.startswith("using") and _UNQUALIFIED.search(body)]
    return ExtractedFunction(
        function.name, "\n".join([*dict.fromkeys([*kept, *opened]), body]) + "\n"
    )


def _explain_excluded(function: CFunction) -> str:
    if function.name == "main":
        return MAIN_PROGRAM
    if function.member:
        return "is a class member or operator"
    if function.template:
        return "is a template"
    head = function.head()
    if "__device__" in head and "__host__" not in head:
        return "is a __device__ function, which the host cannot call"
    return ""


def _needs(header: str, body: str) -> bool:
    return "std" in body or bool(re.search(rf"\b{header}\b", body))


def _closure(
    function: CFunction, by_name: dict[str, list[_Declaration]]
) -> tuple[list[_Declaration], str]:
    """(declarations needed, why the function cannot stand alone or '')."""
    own = find_local_names(function.node)
    calls_itself = (
        get_leaf_texts(function.node).count(function.name) > 1
    )  # else another of that name is nothing to it
    waiting = [
        n
        for n in _identifiers(function.node)
        if n not in own and (n != function.name or calls_itself)
    ]
    seen: set[str] = set()
    needed: dict[int, _Declaration] = {}
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for declaration in by_name.get(name, ()):
            if declaration.start == function.node.start_byte:
                continue
            reason = _problem(name, declaration, by_name, function)
            if reason:
                return [], reason
            if other := next((d for d in by_name[name] if d.scope != declaration.scope), None):
                return (
                    [],
                    f"'{name}' is defined in {_scope_words(declaration)} and in "
                    f"{_scope_words(other)}",
                )
            if declaration.start not in needed:
                needed[declaration.start] = declaration
                waiting += declaration.uses
    return list(needed.values()), ""


def _scope_words(declaration: _Declaration) -> str:
    return f"the namespace '{declaration.scope}'" if declaration.scope else "the file's own scope"


def _scope(node: Node) -> str:
    names: list[str] = []
    above = node.parent
    while above is not None:
        if above.type == "namespace_definition":
            names.append(
                "".join(get_node_text(n) for n in above.children_by_field_name("name"))
                or "(without a name)"
            )
        above = above.parent
    return "::".join(reversed(names))


def _lift_declarations(
    function: CFunction, needed: list[_Declaration]
) -> tuple[list[_Declaration], tuple[Edit, ...], str]:
    """(declarations without globals, edits that make parameters of those, why that cannot be)."""
    known = {v.name: v for d in needed if d.kind == "state" for v in d.variables}
    if not known:
        return needed, (), ""
    # Prototypes would need the new parameters too; definitions come in their order in the file, so
    # they are left out.
    functions = [function, *(f for d in needed if d.kind == "definition" for f in d.functions)]
    if device := next(
        (f.name for f in functions if {"__global__", "__device__"} & set(f.head())), None
    ):
        return needed, (), f"uses global variables, which '{device}' cannot take as parameters"
    found = lift_globals(functions, known, {f.name: find_local_names(f.node) for f in functions})
    defined = {f.name for f in functions}
    kept = [
        d for d in needed if d.kind != "state" and not (d.kind == "prototype" and d.names & defined)
    ]
    return kept, found.edits, found.problem


def _problem(
    name: str, found: _Declaration, by_name: dict[str, list[_Declaration]], function: CFunction
) -> str:
    if found.kind == "prototype" and all(d.kind == "prototype" for d in by_name[name]):
        return (
            f"calls '{name}', which the file declares but does not define"
            if name != function.name
            else ""
        )
    if found.kind == "state" and name not in {v.name for v in found.variables}:
        return f"uses the global variable '{name}', which tests cannot set"
    if found.kind == "device" and "ToSymbol" not in get_node_text(function.node):
        return f"uses the device variable '{name}', which tests cannot set"
    return ""


def find_local_names(node: Node) -> frozenset[str]:
    """Names declared inside a function (parameters included): they hide those of the file."""
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


def _identifiers(node: Node) -> frozenset[str]:
    return frozenset(t for t in get_leaf_texts(node) for t in _NAME.findall(t))


def _iterate_outer_nodes(node: Node) -> list[Node]:
    """Nodes outside functions, wrappers (namespaces, extern "C", #if) opened."""
    found: list[Node] = []
    for child in node.children:
        found += _iterate_outer_nodes(child) if child.type in _WRAPPERS else [child]
    return found


def _read_declarations(node: Node) -> list[_Declaration]:
    names: list[str] = []
    kind = "definition"
    functions: list[CFunction] = []
    hidden: frozenset[str] = frozenset()
    if node.type in ("function_definition", "template_declaration"):
        functions = _functions_of(node)
        names = [f.name for f in functions] or _type_names(node)
        hidden = find_local_names(node)
    elif node.type in _MACROS:
        names = [get_node_text(node.child_by_field_name("name"))]
    elif node.type in _TYPES:
        names = _type_names(node)
    elif node.type == "using_declaration" and "namespace" not in get_leaf_texts(node):
        names = [_NAME.findall(get_node_text(node))[-1]]
    elif node.type == "declaration":
        declarators = node.children_by_field_name("declarator")
        names = [n for d in declarators for n in _declarator_name(d)] + _type_names(node)
        kind = _kind(node, declarators)
    elif node.type == "expression_statement" and get_node_text(node).startswith(
        ("struct", "enum", "union", "class")
    ):
        names = _type_names(node)
    names += _named_for(node)
    if not names:
        return []
    uses = _identifiers(node) - frozenset(names) - hidden
    variables = tuple(find_globals(node)) if kind == "state" else ()
    return [
        _Declaration(
            frozenset(names),
            uses,
            node.start_byte,
            _end(node),
            kind,
            tuple(functions),
            variables,
            _scope(node),
        )
    ]


def _named_for(node: Node) -> list[str]:
    """Names by which a declaration is found although it does not define them: what it specialises,
    and the types of an operator.
    """
    found = [child for child in node.children if child.type in ("function_definition", *_TYPES)]
    label = found[0].child_by_field_name("name") if found else None
    inside = [
        n
        for each in (found[:1] if node.type == "template_declaration" else [node])
        for d in each.children_by_field_name("declarator")
        for n in iterate_descendants(d)
    ]
    if any(n.type in ("operator_name", "operator_cast") for n in inside):
        return sorted({get_node_text(n) for n in inside if n.type == "type_identifier"})
    special = [
        n
        for n in (*inside, *([label] if label is not None else []))
        if n.type in ("template_function", "template_type")
    ]
    return (
        [get_node_text(n.child_by_field_name("name")) for n in special[:1]]
        if node.type == "template_declaration"
        else []
    )


def _functions_of(node: Node) -> list[CFunction]:
    if node.type == "template_declaration":
        return list(find_c_functions(node, template=True))
    parent = node.parent
    return (
        [f for f in find_c_functions(parent) if f.node.start_byte == node.start_byte]
        if parent
        else []
    )


def _kind(node: Node, declarators: list[Node]) -> str:
    words = set(get_leaf_texts(node))
    if not declarators:
        return "definition"
    if any(_is_prototype(d) for d in declarators):
        return "prototype"
    valued = any(d.type == "init_declarator" for d in declarators)
    if {"const", "constexpr", "__constant__"} & words and valued:
        return "definition"
    return "device" if _DEVICE & words else "state"


def _is_prototype(node: Node) -> bool:
    return node.type == "function_declarator" or any(
        _is_prototype(c)
        for c in node.children
        if c.type in ("pointer_declarator", "function_declarator")
    )


def _type_names(node: Node) -> list[str]:
    """Names of types (and enumerators) that a node defines."""
    found: list[str] = []
    for child in iterate_descendants(node):
        if child.type in (
            "struct_specifier",
            "union_specifier",
            "enum_specifier",
            "class_specifier",
            "alias_declaration",
        ):
            label = child.child_by_field_name("name")
            if label is not None and (
                child.child_by_field_name("body") or child.type == "alias_declaration"
            ):
                found.append(get_node_text(label))
        elif child.type == "enumerator":
            found.append(get_node_text(child.child_by_field_name("name")))
        elif child.type == "type_definition":
            found += [
                n for d in child.children_by_field_name("declarator") for n in _declarator_name(d)
            ]
    return found


def _end(node: Node) -> int:
    """End of a declaration with the `;` that the grammar leaves outside of it."""
    after = node.next_sibling
    return (
        after.end_byte
        if node.type in _TYPES and after is not None and after.type == ";"
        else node.end_byte
    )


def _outermost(spans: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those inside another left out."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if not found or start >= found[-1][1]:
            found.append((start, end))
    return found
