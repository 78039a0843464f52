"""A C++ function written out: what its file names by macros, type names, constants and small helper
functions stands where it is used.

Contract: `expand_program(program)` has the meaning of `program` and holds the one function alone,
with structures beside it; `program` itself where nothing is to be written out, or where something
cannot be (conditional text, macros without end, helpers with several ends). Rules and a small model
read it better; a port made from it is judged against the text itself. Macros are expanded by the
front end's preprocessor, so those that paste, quote or are defined anew are too.

    python -c "from corpora.records import Program; \\
from translator.normalize.expand_macros import expand_program; \\
text = '#define SQ(x) ((x) * (x))\\nvoid f(float *x) { x[0] = SQ(x[1]); }'; \\
print(expand_program(Program('cpp', 'f', text)).text)"
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from corpora.emit.c_family import emit_c_family
from corpora.frontends.c_family import parse_c_expression, parse_c_family
from corpora.frontends.c_preprocess import Directive, preprocess
from corpora.frontends.c_tokens import Token, join_tokens, tokenize
from corpora.frontends.queries import declarations_in, functions_of
from corpora.ir import (
    ArrayType,
    Call,
    Cast,
    Declaration,
    Edit,
    Function,
    Include,
    Literal,
    Name,
    NamedType,
    PointerType,
    ReferenceType,
    ScalarType,
    StructDefinition,
    TranslationUnit,
    Type,
    TypeAlias,
    UnsupportedExpression,
    Using,
    apply_edits,
    find,
    names_in,
)
from corpora.records import Program
from corpora.tokens.lexers import CPP_TYPES
from translator.normalize.inline_expressions import inline_helpers
from translator.normalize.unsupported import UnsupportedConstruct

_MOST_CHARACTERS = 50_000
_SEPARATE = frozenset("()[]{};,")
"""Characters that never join a neighbour to make another token."""


@lru_cache(maxsize=4096)
def expand_program(program: Program) -> Program:
    """Return `program`, serial C++, as one function that stands alone: the macros, type names,
    constants and small helpers of its text are expanded. It comes back unchanged if there is
    nothing to expand or it cannot be done.
    """
    if _stands_alone(parse_c_family(program.text, "cpp")):
        return program
    try:
        text = _expand_names(_expand_macros(program.text), program.name)
        return replace(program, text=inline_helpers(text, program.name))
    except (UnsupportedConstruct, RecursionError):
        return program


def _stands_alone(unit: TranslationUnit) -> bool:
    """Whether there is one plain function, beside which nothing is to be written out."""
    functions = [item for item in unit.items if isinstance(item, Function)]
    others = [item for item in unit.items if not isinstance(item, (Function, Include, Using))]
    if others or len(functions) != 1:
        return False
    (function,) = functions
    return not (function.body is None or function.template or function.language_linkage)


def _expand_macros(text: str) -> str:
    """`text` with its own macros replaced as a preprocessor does. Raises UnsupportedConstruct."""
    tokens = tokenize(text)
    words = {b.text for a, b in zip(tokens, tokens[1:], strict=False) if a.text == "#" and a.first}
    if words - {"define", "include", "pragma"}:
        raise UnsupportedConstruct("conditional text")
    if "define" not in words:
        return text
    done = preprocess(text, "cpp")
    problems = [d.name for d in done.directives if d.kind == "error"]
    if problems:
        raise UnsupportedConstruct(problems[0])
    place = {token.start: k for k, token in enumerate(tokens)}
    parts: list[str] = []
    lines = [d for d in done.directives if d.kind in ("include", "pragma")]
    for k, token in enumerate(done.tokens):
        before = [d for d in lines if d.at == k]
        previous = done.tokens[k - 1] if k else None
        if before:
            parts += [f"\n{_directive_text(d, text)}" for d in before] + ["\n"]
        elif previous is not None and not (previous.expanded or token.expanded):
            whole = place[token.start] == place[previous.start] + 1
            parts.append(text[previous.end : token.start] if whole else "\n" * token.first)
        elif previous is not None:
            written = token  # how far apart they stand says the use where another one begins
            if not token.expanded or token.start != previous.start:
                written = tokens[place[token.start]]
            parts.append(_space_between(previous, token, written))
        parts.append(token.text)
    parts += [f"\n{_directive_text(d, text)}" for d in lines if d.at == len(done.tokens)]
    made = "".join([*parts, "\n"]).lstrip("\n")
    if len(made) > _MOST_CHARACTERS:
        raise UnsupportedConstruct("macros without end")
    return made


def _directive_text(directive: Directive, text: str) -> str:
    if directive.kind == "pragma" and any(token.expanded for token in directive.tokens):
        return f"#pragma {join_tokens(directive.tokens)}"
    return text[directive.start : directive.end]


def _space_between(left: Token, right: Token, written: Token) -> str:
    """The white space between two tokens of which one comes out of a macro; written: the token
    whose layout counts for `right`.
    """
    if written.first:
        return "\n"
    if written.spaced:
        return " "
    a, b = left.text[-1:], right.text[:1]
    apart = {a, b} & _SEPARATE or _is_word(a) != _is_word(b)
    return "" if apart else " "


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


# ---- names of types and values ----


def _expand_names(text: str, name: str) -> str:
    """`text` with its names of plain types and its constants replaced; arrays of constants move
    into the function. Raises UnsupportedConstruct.
    """
    unit = parse_c_family(text, "cpp")
    structures = {item.name for item in unit.items if isinstance(item, StructDefinition)}
    meant: dict[str, str] = {}
    tables: dict[str, str] = {}
    gone: dict[Edit, None] = {}
    for item in unit.items:
        if isinstance(item, TypeAlias):
            if isinstance(item.type, NamedType) and item.type.name in structures:
                continue
            meant[item.name] = _resolve_alias(item, meant)
            span = item.span
        elif isinstance(item, Declaration) and _is_constant(item):
            _take_constant(item, text, meant, tables)
            span = item.group
        else:
            continue
        gone[Edit(span.start, span.end, "")] = None
    if hidden := set(meant) & _local_names(unit):
        raise UnsupportedConstruct(f"a local variable called '{min(hidden)}', as a constant is")
    text = _replace_words(apply_edits(text, gone), meant)
    return _insert_tables(text, name, {n: _replace_words(t, meant) for n, t in tables.items()})


def _local_names(unit: TranslationUnit) -> set[str]:
    functions = functions_of(unit)
    taken = {each.name for function in functions for each in function.parameters}
    return taken | {each.name for function in functions for each in declarations_in(function)}


def _is_constant(item: Declaration) -> bool:
    return "constexpr" in item.storage or any(_const_types(item.type))


def _const_types(type: Type) -> Iterator[bool]:
    """Whether each layer of a type is constant, from the outside."""
    while isinstance(type, (ArrayType, PointerType, ReferenceType)):
        yield getattr(type, "const", False)
        type = type.of if isinstance(type, ArrayType) else type.to
    yield getattr(type, "const", False)


def _resolve_alias(item: TypeAlias, meant: Mapping[str, str]) -> str:
    """The plain type that a typedef or `using` names."""
    found = _plain_type(item.type, meant) if not any(_const_types(item.type)) else None
    if found is None:
        raise UnsupportedConstruct(f"the type '{item.name}'")
    return found


def _plain_type(type: Type, meant: Mapping[str, str]) -> str | None:
    """An arithmetic or vector type in its own words; None for any other type."""
    if not isinstance(type, (ScalarType, NamedType)):
        return None
    text = emit_c_family(replace(type, const=False)).replace("std::", "")
    text = _replace_words(text, meant)
    return None if set(text.split()) - CPP_TYPES else text


def _take_constant(
    item: Declaration, text: str, meant: dict[str, str], tables: dict[str, str]
) -> None:
    """Note what a constant stands for. Raises UnsupportedConstruct."""
    type = item.type.of if isinstance(item.type, ArrayType) else item.type
    if isinstance(type, (PointerType, ReferenceType)):
        raise UnsupportedConstruct("a constant that is a pointer")
    plain = _plain_type(type, meant)
    if item.value is None or plain is None:
        raise UnsupportedConstruct("a constant without a value, or of a type of its own")
    if isinstance(item.type, ArrayType):
        tables[item.name] = f"const {plain} {text[item.span.start : item.span.end]};"
    else:
        span = item.value.span
        value = text[span.start : span.end]
        meant[item.name] = _cast_constant(_replace_words(value, meant), plain)


def _cast_constant(value: str, type: str) -> str:
    """A value as one of that type."""
    node = parse_c_expression(value)
    if isinstance(node, Literal):
        if node.type == _NUMBERS.get(type):
            return value
    elif type == "int" and not any(find(node, Name, Call, Cast, UnsupportedExpression)):
        if all(literal.type == "i32" for literal in find(node, Literal)):
            return f"({value})"
    return f"(static_cast<{type}>({value}))" if " " in type else f"(({type})({value}))"


_NUMBERS = {"int": "i32", "double": "f64", "float": "f32"}
"""Types of which a number is as it stands."""


def _replace_words(text: str, meant: Mapping[str, str]) -> str:
    return apply_edits(
        text,
        [
            Edit(token.start, token.end, meant[token.text])
            for token in tokenize(text)
            if token.kind == "word" and token.text in meant
        ],
    )


def _insert_tables(text: str, name: str, tables: Mapping[str, str]) -> str:
    """With the arrays of constants that the function names at its beginning. Raises
    UnsupportedConstruct where a helper names one.
    """
    for word, table in tables.items():
        users = [f for f in functions_of(parse_c_family(text, "cpp")) if word in names_in(f.body)]
        if any(f.name != name for f in users):
            raise UnsupportedConstruct(f"a helper that reads '{word}'")
        for function in users:
            start = function.body_span.start + 1
            text = f"{text[:start]}\n{table}\n{text[start:]}"
    return text
