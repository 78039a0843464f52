"""What each name, type and number of a function is: the labels of abstract-entity recognition.

Contract: `find_entities(program)` lists, in order of first use, every entity once as (canonical
words, tag). C-like dialects are read from tree-sitter's syntax tree. No Fortran grammar is among
the project's dependencies: there the tags follow from the interface and from the lexer's word
tables, and a procedure whose interface cannot be read has none. Never an exception.

    python -c "from corpora.records import Program; \\
        from corpora.tokens.abstract_entities import find_entities; \
print(find_entities(Program('cpp', 'f', 'void f(int n, float *x) { for (int i = 0; i < n; i++) x[i]
= 2; }')))"

Source: the pre-training step of CodeRosetta (TehraniJamsaz et al., arXiv 2410.20527); there every
token gets a label, here every distinct entity does.
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from corpora.dialects import get_dialect
from corpora.records import Program
from corpora.signatures.signature import SignatureError, read_signature
from corpora.syntax.c_family import get_node_text, parse_c_family
from corpora.tokens.canonical import ENTRY, canonicalize
from corpora.tokens.lexers import CPP_FUNCTIONS, FORTRAN_FUNCTIONS, Token, lex

FUNCTION, PARAMETER, ARRAY, LOCAL, BUFFER, SHARED = (
    "<e:function>",
    "<e:parameter>",
    "<e:array>",
    "<e:local>",
    "<e:buffer>",
    "<e:shared>",
)
TYPE, CONSTANT, CALL, THREAD, OUTER = (
    "<e:type>",
    "<e:constant>",
    "<e:call>",
    "<e:thread>",
    "<e:outer>",
)
TAGS = (FUNCTION, PARAMETER, ARRAY, LOCAL, BUFFER, SHARED, TYPE, CONSTANT, CALL, THREAD, OUTER)
"""Function, scalar and pointer parameter, local scalar, local array, memory of a block, type,
constant, library function, index of a thread, and what the text uses without declaring it.
"""

_THREAD = frozenset({"threadIdx", "blockIdx", "blockDim", "gridDim", "warpSize"})
_FORTRAN_TYPES = frozenset(
    {"integer", "real", "double", "precision", "complex", "logical", "character"}
)
_WRITTEN_OUT = frozenset(
    {"number_literal", "string_literal", "char_literal", "true", "false", "null"}
)

Entity = tuple[str, str]


def find_entities(program: Program) -> tuple[Entity, ...]:
    """Return (canonical name, tag) of every name, type and number of a function, each once, in
    order of first use. It is empty if the function cannot be read. Raises ValueError for an unknown
    dialect.
    """
    language = get_dialect(program.dialect).language
    tags = _TAGGERS[language](program)
    if tags is None:
        return ()
    found: dict[str, str] = {}
    for token, words in _pair_words(program, language):
        key = token.text.lower() if language == "fortran" else token.text
        tag = CONSTANT if token.kind in ("number", "literal") else tags.get(key)
        if words == ENTRY:
            tag = FUNCTION
        elif tag is None and token.kind == "name" and words[0] == "V" and words[1:].isdigit():
            tag = OUTER
        elif tag in (PARAMETER, ARRAY, LOCAL, BUFFER, SHARED) and not words[1:].isdigit():
            tag = None  # a member or a word of a directive that is spelled like a variable
        if tag is not None:
            found.setdefault(words, tag)
    return tuple(found.items())


def _pair_words(program: Program, language: str) -> Iterator[tuple[Token, str]]:
    """Each token with its canonical words."""
    words = iter(canonicalize(program.text, language, entry=program.name).tokens)
    for token in lex(program.text, language):
        count = len(token.text) if token.kind == "number" else 1
        yield token, " ".join(next(words) for _ in range(count))


def _c_tags(program: Program) -> dict[str, str]:
    """Tag by spelling. What is declared goes before what is only used."""
    declared: dict[str, str] = {}
    used: dict[str, str] = {}
    waiting = [parse_c_family(program.text).root_node]
    while waiting:
        node = waiting.pop()
        waiting.extend(reversed(node.children))
        if node.type in ("parameter_declaration", "optional_parameter_declaration"):
            _declare(declared, node, PARAMETER, ARRAY)
        elif node.type == "declaration":
            shared = any(get_node_text(child).startswith("__shared__") for child in node.children)
            _declare(declared, node, SHARED if shared else LOCAL, SHARED if shared else BUFFER)
        elif node.type == "function_definition":
            _declare(declared, node, FUNCTION, FUNCTION)
        elif node.type == "call_expression":
            used.setdefault(get_node_text(node.child_by_field_name("function")), CALL)
        elif node.type in ("primitive_type", "type_identifier") or (
            node.parent and node.parent.type == "sized_type_specifier"
        ):
            used.setdefault(get_node_text(node), TYPE)
        elif node.type in _WRITTEN_OUT:
            used.setdefault(get_node_text(node), CONSTANT)
        elif node.type == "identifier" and get_node_text(node) in _THREAD:
            used.setdefault(get_node_text(node), THREAD)
    calls = {name: CALL for name, tag in used.items() if tag == CALL and name in CPP_FUNCTIONS}
    return {name: tag for name, tag in used.items() if tag != CALL} | calls | declared


def _declare(declared: dict[str, str], node: Node, scalar: str, array: str) -> None:
    """The names that `node` declares."""
    for child in node.children_by_field_name("declarator"):
        indirect = function = False
        while child is not None and child.type not in ("identifier", "field_identifier"):
            indirect |= child.type in (
                "pointer_declarator",
                "abstract_pointer_declarator",
                "array_declarator",
            )
            function |= child.type == "function_declarator"
            inner = child.child_by_field_name("declarator")
            child = inner or next(
                (
                    c
                    for c in child.children
                    if c.type.endswith("declarator") or c.type == "identifier"
                ),
                None,
            )
        if child is not None:
            declared.setdefault(
                get_node_text(child), FUNCTION if function else array if indirect else scalar
            )


def _fortran_tags(program: Program) -> dict[str, str] | None:
    try:
        signature = read_signature(program)
    except SignatureError:
        return None
    tags = dict.fromkeys(_FORTRAN_TYPES, TYPE) | dict.fromkeys(
        FORTRAN_FUNCTIONS - _FORTRAN_TYPES, CALL
    )
    tokens = [(t.kind, t.text.lower()) for t in lex(program.text, "fortran")]
    followed = {a for (kind, a), (_, b) in zip(tokens, tokens[1:]) if kind == "name" and b == "("}
    tags |= {
        a: BUFFER if a in followed else LOCAL
        for kind, a in tokens
        if kind == "name" and a not in tags
    }
    return tags | {
        p.name.lower(): PARAMETER if p.kind == "scalar" else ARRAY for p in signature.parameters
    }


_TAGGERS = {"cpp": _c_tags, "fortran": _fortran_tags}
