"""What each name, type and number of a function is: the labels of abstract-entity recognition.

Contract: `find_entities(program)` lists, in order of first use, every entity once as (canonical
words, tag). What is declared comes from the typed tree, what is only used from the words of the
text. A Fortran procedure whose interface cannot be read has no tags. Never an exception.

    python -c "from corpora.records import Program; \\
        from corpora.tokens.abstract_entities import find_entities; \
print(find_entities(Program('cpp', 'f', 'void f(int n, float *x) { for (int i = 0; i < n; i++) x[i]
= 2; }')))"

Source: the pre-training step of CodeRosetta (TehraniJamsaz et al., arXiv 2410.20527); there every
token gets a label, here every distinct entity does.
"""

from __future__ import annotations

from collections.abc import Iterator

from corpora.dialects import get_dialect
from corpora.frontends.c_family import parse_c_family
from corpora.ir import (
    ArrayType,
    Call,
    Declaration,
    Function,
    Name,
    NamedType,
    Parameter,
    PointerType,
    ReferenceType,
    Type,
    walk,
)
from corpora.records import Program
from corpora.signatures.signature import SignatureError, read_signature
from corpora.tokens.canonical import ENTRY, canonicalize
from corpora.tokens.lexers import CPP_FUNCTIONS, CPP_TYPES, FORTRAN_FUNCTIONS, Token, lex

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
_CONSTANTS = frozenset({"true", "false", "NULL", "nullptr"})
_SIZES = frozenset({"unsigned", "signed", "long", "short"})

Entity = tuple[str, str]


def find_entities(program: Program) -> tuple[Entity, ...]:
    """Return (canonical name, tag) of every name, type and number of a function, each once, in
    order of first use, for a model to learn what they stand for as in CodeRosetta (TehraniJamsaz et
    al., arXiv 2410.20527).

    The canonical name is such as `V3` or `F0`, of a number its characters with blanks between. The
    tag is an entry of TAGS, such as `<e:parameter>` or `<e:type>`. The result is empty if the
    function cannot be read. Raises ValueError for an unknown dialect.
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
    unit = parse_c_family(program.text, "cuda")
    declared: dict[str, str] = {}
    used: dict[str, str] = {}
    for node in walk(unit.items):
        if isinstance(node, Function):
            declared.setdefault(node.name, FUNCTION)
        elif isinstance(node, Parameter) and node.name:
            declared.setdefault(node.name, ARRAY if _is_indirect(node.type) else PARAMETER)
        elif isinstance(node, Declaration):
            kind = BUFFER if _is_indirect(node.type) else LOCAL
            declared.setdefault(node.name, SHARED if "__shared__" in node.storage else kind)
        elif isinstance(node, Call) and isinstance(node.function, Name):
            if node.function.id in CPP_FUNCTIONS:
                used.setdefault(node.function.id, CALL)
        elif isinstance(node, NamedType):
            used.setdefault(node.name, TYPE)
    for token in lex(program.text, "cpp"):
        if token.text in CPP_TYPES or token.text in _SIZES:
            used.setdefault(token.text, TYPE)
        elif token.text in _CONSTANTS:
            used.setdefault(token.text, CONSTANT)
        elif token.text in _THREAD:
            used.setdefault(token.text, THREAD)
    return used | declared


def _is_indirect(kind: Type) -> bool:
    """Whether a variable of the type stands for more than one value."""
    kind = kind.to if isinstance(kind, ReferenceType) else kind
    return isinstance(kind, (ArrayType, PointerType))


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
