"""A C++ function written out: what its file names by macros, type names, constants and small helper
functions stands where it is used.

Contract: `expand_program(program)` has the meaning of `program` and holds the one function alone,
with structures beside it; `program` itself where nothing is to be written out, or where something
cannot be (macros that paste or change, conditional text, helpers with several ends). Rules and a
small model read it better; a port made from it is judged against the text itself.

    python -c "from corpora.records import Program; \\
        from translator.normalize.expand_macros import expand_program; \\
print(expand_program(Program('cpp', 'f', '#define SQ(x) ((x) * (x))\\nvoid f(float *x) { x[0] =
SQ(x[1]); }')).text)"
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from tree_sitter import Node

from corpora.extraction.c_family import find_local_names
from corpora.records import Program
from corpora.syntax.c_family import (
    CFunction,
    find_c_functions,
    get_leaf_texts,
    get_node_text,
    parse_c_family,
)
from corpora.tokens.lexers import CPP_TYPES
from translator.normalize.inline_expressions import inline_helpers
from translator.normalize.unsupported import UnsupportedConstruct

_DEFINE = re.compile(r"[ \t]*#[ \t]*define[ \t]+(\w+)(\([^()\n]*\))?((?:\\\n|[^\n])*)")
_TOKEN = re.compile(
    r"(\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|//[^\n]*|/\*.*?\*/|[A-Za-z_]\w*|\.?\d(?:[eEpP][+-]|[\w.'])*|\s+|.)",
    re.S,
)
_WORD = re.compile(r"[A-Za-z_]\w*")
_MOST_CHARACTERS, _DEEPEST = 50_000, 20
_ALONE = frozenset({"function_definition", "comment", "preproc_include", "using_declaration", ";"})
"""What stands in a file beside which nothing is to be written out."""


@lru_cache(maxsize=4096)
def expand_program(program: Program) -> Program:
    root = parse_c_family(program.text).root_node
    if (
        all(child.type in _ALONE for child in root.children)
        and len(list(find_c_functions(root))) == 1
    ):
        return program
    try:
        return replace(
            program,
            text=inline_helpers(
                _expand_names(_expand_macros(program.text), program.name), program.name
            ),
        )
    except (UnsupportedConstruct, RecursionError):
        return program


@dataclass(frozen=True, slots=True)
class _Macro:
    """parameters: None for one without brackets."""

    parameters: tuple[str, ...] | None
    body: str


def _expand_macros(text: str) -> str:
    """`text` with its own macros replaced as a preprocessor does. Raises UnsupportedConstruct."""
    macros: dict[str, _Macro] = {}
    rest: list[str] = []
    for row in re.findall(r"(?:\\\n|[^\n])*\n?", text):
        if (found := _DEFINE.match(row)) is not None:
            body = re.sub(
                r"//[^\n]*|/\*.*?\*/", " ", found[3].replace("\\\n", " "), flags=re.S
            ).strip()
            taken = (
                tuple(p.strip() for p in found[2][1:-1].split(",") if p.strip())
                if found[2]
                else None
            )
            if "#" in body or found[1] in macros or "..." in (taken or ()):
                raise UnsupportedConstruct(f"the macro '{found[1]}'")
            macros[found[1]] = _Macro(taken, body)
        elif re.match(r"[ \t]*#[ \t]*(?!include\b|pragma\b)\w", row):
            raise UnsupportedConstruct("conditional text")
        else:
            rest.append(row)
    return _expand("".join(rest), macros, frozenset()) if macros else text


def _expand(text: str, macros: Mapping[str, _Macro], hidden: frozenset[str]) -> str:
    if len(text) > _MOST_CHARACTERS or len(hidden) > _DEEPEST:
        raise UnsupportedConstruct("macros without end")
    words, made, k = _TOKEN.findall(text), [], 0
    while k < len(words):
        word, k = words[k], k + 1
        macro = macros.get(word) if word not in hidden else None
        if macro is None:
            made.append(word)
        elif macro.parameters is None:
            made.append(_expand(macro.body, macros, hidden | {word}))
        else:
            arguments, end = read_arguments(words, k)
            if arguments is None or len(arguments) != len(macro.parameters):
                raise UnsupportedConstruct(f"the macro '{word}' without its arguments")
            given = dict(
                zip(macro.parameters, (_expand(a, macros, hidden) for a in arguments), strict=True)
            )
            body = "".join(given.get(w, w) for w in _TOKEN.findall(macro.body))
            made.append(_expand(body, macros, hidden | {word}))
            k = end
    return "".join(made)


def read_arguments(words: Sequence[str], k: int) -> tuple[list[str] | None, int]:
    """The texts between brackets that open at or after k, and the place behind them; None where no
    bracket opens.
    """
    while k < len(words) and words[k].isspace():
        k += 1
    if k == len(words) or words[k] != "(":
        return None, k
    found, depth = [""], 0
    for end in range(k, len(words)):
        word = words[end]
        depth += (word in "([{") - (word in ")]}") if len(word) == 1 else 0
        if depth == 0:
            return ([a.strip() for a in found] if found != [""] else []), end + 1
        if word == "," and depth == 1:
            found.append("")
        elif end > k:
            found[-1] += word
    return None, k


# ---- names of types and values ----


def _expand_names(text: str, name: str) -> str:
    """`text` with its names of plain types and its constants replaced; arrays of constants move
    into the function. Raises UnsupportedConstruct.
    """
    root = parse_c_family(text).root_node
    functions = list(find_c_functions(root))
    local = frozenset().union(*(find_local_names(f.node) for f in functions))
    meant: dict[str, str] = {}
    tables: list[str] = []
    source, gone = text.encode(), []
    for child in root.children:
        if child.type == "type_definition" and any(
            each.type == "struct_specifier" for each in child.children
        ):
            continue
        if child.type in ("type_definition", "alias_declaration"):
            meant.update(_resolve_typedef(child, meant))
        elif child.type == "declaration" and {"const", "constexpr"} & set(get_leaf_texts(child)):
            for declarator in child.children_by_field_name("declarator"):
                _take_constant(child, declarator, meant, tables)
        else:
            continue
        gone.append((child.start_byte, child.end_byte))
    if hidden := set(meant) & local:
        raise UnsupportedConstruct(f"a local variable called '{min(hidden)}', as a constant is")
    for start, end in reversed(gone):
        source = source[:start] + source[end:].removeprefix(b";")
    text = "".join(meant.get(word, word) for word in _TOKEN.findall(source.decode()))
    return _insert_tables(text, name, [_replace_words(table, meant) for table in tables])


def _resolve_typedef(node: Node, meant: Mapping[str, str]) -> dict[str, str]:
    """The type that a plain typedef or `using` names."""
    words = [w for w in get_leaf_texts(node) if w not in ("typedef", "using", ";", "=")]
    name, rest = (
        (words[0], words[1:]) if node.type == "alias_declaration" else (words[-1], words[:-1])
    )
    rest = _replace_words(" ".join(rest).replace("std :: ", ""), meant).split()
    if not rest or set(rest) - CPP_TYPES:
        raise UnsupportedConstruct(f"the type '{name}'")
    return {name: " ".join(rest)}


def _take_constant(node: Node, declarator: Node, meant: dict[str, str], tables: list[str]) -> None:
    words = [
        leaf
        for c in node.children
        if c.type in ("primitive_type", "sized_type_specifier", "type_identifier")
        for leaf in get_leaf_texts(c)
    ]
    type = _replace_words(" ".join(words), meant)
    value, inner = (
        declarator.child_by_field_name("value"),
        declarator.child_by_field_name("declarator"),
    )
    if declarator.type != "init_declarator" or value is None or set(type.split()) - CPP_TYPES:
        raise UnsupportedConstruct("a constant without a value, or of a type of its own")
    if (
        inner.type == "array_declarator"
        and inner.child_by_field_name("declarator").type == "identifier"
    ):
        tables.append(f"const {type} {get_node_text(declarator)};")
    elif inner.type == "identifier":
        meant[get_node_text(inner)] = _cast_constant(
            _replace_words(get_node_text(value), meant), type
        )
    else:
        raise UnsupportedConstruct("a constant that is a pointer")


_LITERALS = {
    "int": re.compile(r"\d+"),
    "double": re.compile(r"(?:\d+\.\d*|\.\d+)(?:e[+-]?\d+)?|\d+e[+-]?\d+", re.I),
    "float": re.compile(r"(?:\d+\.\d*|\.\d+)(?:e[+-]?\d+)?f", re.I),
}
"""Numbers that are of a type as they stand."""


def _cast_constant(value: str, type: str) -> str:
    """A value as one of that type."""
    if type in _LITERALS and _LITERALS[type].fullmatch(value):
        return value
    if type == "int" and not re.search(r"[.\"']|[A-Za-z_]", value):
        return f"({value})"
    return f"(static_cast<{type}>({value}))" if " " in type else f"(({type})({value}))"


def _replace_words(text: str, meant: Mapping[str, str]) -> str:
    return "".join(meant.get(word, word) for word in _TOKEN.findall(text))


def _insert_tables(text: str, name: str, tables: Sequence[str]) -> str:
    """With the arrays of constants that the function names at its beginning. Raises
    UnsupportedConstruct where a helper names one.
    """
    for table in tables:
        word = _WORD.findall(table.partition("[")[0])[-1]
        users = [
            f
            for f in find_c_functions(parse_c_family(text).root_node)
            if word in get_leaf_texts(f.node)
        ]
        if any(f.name != name for f in users):
            raise UnsupportedConstruct(f"a helper that reads '{word}'")
        for function in users:
            start = _body(function).start_byte + 1
            source = text.encode()
            text = (source[:start] + f"\n{table}\n".encode() + source[start:]).decode()
    return text


def _body(function: CFunction) -> Node:
    return function.node.child_by_field_name("body")
