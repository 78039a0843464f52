"""Declarations of Fortran, and the statements that say more about names (`dimension a(n)`).

Contract: `read_declarations(line, scope)` gives one Declaration for each name of a type
declaration and enters the names in `scope`. `apply_attributes` folds `dimension`, `parameter`,
`save x` and their like into declarations. Raises FortranError where the grammar does not fit.

    python -c "from corpora.frontends.fortran import parse_fortran; \
        print(parse_fortran('subroutine f\\nreal*8 :: a(0:9)\\nend').items[0].body)"
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from corpora.frontends.fortran_expressions import ExpressionReader, FortranError
from corpora.frontends.fortran_grammar import matches
from corpora.frontends.fortran_lines import Line, Token
from corpora.frontends.fortran_scope import Scope
from corpora.ir import (
    ArrayType,
    Binary,
    Declaration,
    Expression,
    Extent,
    Literal,
    Name,
    NamedType,
    ScalarType,
    Section,
    Span,
    Specification,
    Type,
)  # fmt: skip

_ATTRIBUTES = frozenset(
    "allocatable asynchronous contiguous external intrinsic optional parameter pointer private "
    "protected public save target value volatile".split()
)
_NOT_STANDARD = frozenset(("byte", "double complex"))


def read_declarations(
    line: Line, scope: Scope, component: bool = False
) -> list[Declaration | Specification]:
    """Return the declarations of a statement such as `real, dimension(n) :: a, b`, in order, and
    enter the names with their types and constant values in `scope`.

    line: the statement. scope: the declared names so far, such as those of constants in extents.
        component: the statement stands in a derived type.
    Values between slashes (`real a(2) /1., 2./`) become a `data` Specification behind their
    variable.
    Raises FortranError if the statement is malformed.
    """
    reader = ExpressionReader(line.tokens, scope)
    kind = reader.type_spec()
    storage, extents = _attributes(reader)
    _check_head(line.tokens[: reader.at], component)
    found: list[Declaration | Specification] = []
    while True:
        declared = _entity(reader, kind, storage, extents, line.span)
        found.append(declared)
        if reader.is_op("/") and not component:
            values = _values_between_slashes(reader)
            found.append(Specification("data", f"{declared.name}{values}", line.span))
        scope.types[declared.name] = declared.type
        enter_constant(declared, scope)
        if not reader.accept(","):
            break
    reader.expect_end()
    return found


def _check_head(tokens: tuple[Token, ...], component: bool) -> None:
    """Asks fparser whether type and attributes stand as the grammar wants them."""
    if tokens[0].text in _NOT_STANDARD or tokens[:2] and tokens[0].text == "double":
        return
    last = tokens[-1]
    entity = last._replace(kind="id", text="fp" if last.text == "::" else ":: fp")
    rule = "Data_Component_Def_Stmt" if component else "Type_Declaration_Stmt"
    if not matches(rule, (*tokens, entity)):
        raise FortranError


def _attributes(reader: ExpressionReader) -> tuple[tuple[str, ...], tuple[Extent, ...]]:
    storage: list[str] = []
    extents: tuple[Extent, ...] = ()
    attributes = False
    while reader.accept(","):
        attributes = True
        word = reader.name()
        if word == "dimension":
            extents = read_extents(reader)
        elif word == "intent":
            reader.expect("(")
            way = reader.name()
            if way == "in" and reader.accept_word("out"):
                way = "inout"
            reader.expect(")")
            if way not in ("in", "out", "inout"):
                raise FortranError
            storage.append(f"intent({way})")
        elif word == "bind":
            first = reader.at
            reader.arguments()
            storage.append("bind" + "".join(t.text for t in reader.tokens[first : reader.at]))
        elif word in _ATTRIBUTES:
            storage.append(word)
        else:
            raise FortranError(f"attribute {word}")
    if not reader.accept("::") and attributes:
        raise FortranError
    return tuple(storage), extents


def _entity(
    reader: ExpressionReader, kind: Type, storage: tuple[str, ...],
    extents: tuple[Extent, ...], group: Span,
) -> Declaration:  # fmt: skip
    first = reader.at
    name = reader.name()
    if reader.is_op("("):
        extents = read_extents(reader)
    if reader.accept("*"):
        if reader.is_op("("):
            length: Expression = reader.arguments()[0][0]
        else:
            length = reader.primary()
        if not isinstance(kind, (ScalarType, NamedType)):
            raise FortranError
        kind = _of_width(kind, length, reader.scope)
        if reader.is_op("("):
            extents = read_extents(reader)
    value = None
    if reader.accept("=>"):
        value = reader.expression()
        storage = storage if "pointer" in storage else (*storage, "pointer")
    elif reader.accept("="):
        value = reader.expression()
    full = ArrayType(kind, extents, column_major=True) if extents else kind
    return Declaration(name, full, value, None, storage, reader.span(first), group)


def _values_between_slashes(reader: ExpressionReader) -> str:
    """`/1., 2*0./` with as few blanks as it needs. Raises FortranError where it has no end."""
    first = reader.at
    reader.expect("/")
    while not reader.is_op("/"):
        if reader.peek().kind == "end":
            raise FortranError("value between slashes")
        reader.at += 1
    reader.expect("/")
    texts = [t.text for t in reader.tokens[first : reader.at]]
    return "".join(f"{text} " if text == "," else text for text in texts)


_WORDS = {"i": "integer", "f": "real", "c": "complex", "b": "logical"}


def _of_width(kind: Type, width: Expression, scope: Scope) -> Type:
    """The type of `a` in `character a*4` and in `real a*8`."""
    name = kind.name if isinstance(kind, (ScalarType, NamedType)) else ""
    if name in ("char", "character"):
        return NamedType("character", (width,))
    word = _WORDS.get(name[:1], "") if isinstance(kind, ScalarType) else ""
    if not word or not isinstance(width, Literal) or not width.text.isdigit():
        raise FortranError("width after a name")
    size = int(width.text[:9]) // (2 if word == "complex" else 1)
    return scope.arithmetic_type(word, Literal(str(size), "i32"), f"{word}*{width.text}")


def read_extents(reader: ExpressionReader) -> tuple[Extent, ...]:
    """Read the dimensions of an array in brackets, such as `(n, 0:m, *)`, from the reader's
    position on, and return their extents in order. The reader then stands behind the brackets.

    `size` is given for every explicit shape. An assumed size has the upper bound Name('*'). Raises
    FortranError if it is malformed or of assumed rank.
    """
    if [t.text for t in reader.tokens[reader.at + 1 : reader.at + 2]] == [".."]:
        raise FortranError("assumed rank")
    items, keywords = reader.arguments()
    if keywords or not items:
        raise FortranError
    return tuple(_extent(item) for item in items)


def _extent(item: Expression) -> Extent:
    if isinstance(item, Name) and item.id == "*":
        return Extent(None, None, item)
    if not isinstance(item, Section):
        return Extent(item, None, item)
    lower, upper = item.lower, item.upper
    if item.step is not None:
        raise FortranError
    if upper is None or isinstance(upper, Name) and upper.id == "*":
        return Extent(None, lower, upper)
    if lower is None:
        raise FortranError
    return Extent(_size(lower, upper), lower, upper)


def _size(lower: Expression, upper: Expression) -> Expression:
    """upper - lower + 1, worked out where both are plain numbers."""
    one = Literal("1", "i32")
    if isinstance(lower, Literal) and lower.text.isdigit():
        digits = isinstance(upper, Literal) and upper.text.isdigit()
        if digits and len(lower.text + upper.text) < 20:
            return Literal(str(int(upper.text) - int(lower.text) + 1), "i32")
        if lower.text == "1":
            return upper
        if lower.text == "0":
            return Binary("+", upper, one)
    return Binary("+", Binary("-", upper, lower), one)


def read_common(reader: ExpressionReader) -> Iterator[tuple[str, tuple[Extent, ...]]]:
    """Read what follows the word `common`, from the reader's position to the end of the statement,
    and yield (name, extents) of each variable in order; extents are () without brackets. Names of
    blocks are left out. Raises FortranError where it does not parse.
    """
    while reader.peek().kind != "end":
        if reader.accept("/"):
            if not reader.accept("/"):
                reader.name()
                reader.expect("/")
        else:
            reader.accept("//")
        name = reader.name()
        yield name, read_extents(reader) if reader.is_op("(") else ()
        reader.accept(",")


def enter_constant(declared: Declaration, scope: Scope) -> None:
    """Record in `scope` the value of `declared`, if it is a `parameter` whose value is a whole
    number that can be computed; otherwise forget what `scope` knew of a constant of that name.
    """
    scope.constants.pop(declared.name, None)
    if "parameter" not in declared.storage or declared.value is None:
        return
    value = scope.kind_value(declared.value)
    if value is not None:
        scope.constants[declared.name] = value


# -------------------------------------------------------- statements that add to declarations

ATTRIBUTE_STATEMENTS = frozenset(
    "dimension parameter allocatable pointer target optional intent save value volatile".split()
)


def apply_attributes(line: Line, scope: Scope, body: list) -> None:
    """Apply a statement such as `dimension a(n)`, `parameter (n = 5)` or `save x` to the
    declarations that it names.

    line: the statement. scope: the declared names, which it may change. body: the statements of the
        procedure so far, nodes of `corpora.ir`; the list is changed in place. A declaration that
        gains extents or a value moves to the end.
    Raises FortranError if the statement is malformed.
    """
    reader = ExpressionReader(line.tokens, scope)
    word = reader.name()
    changes: list[tuple[str, tuple[Extent, ...], Expression | None]] = []
    storage = (word,)
    if word == "parameter":
        reader.expect("(")
        while True:
            name = reader.name()
            reader.expect("=")
            _gain(body, scope, line, reader, (name, (), reader.expression()), storage)
            if not reader.accept(","):
                break
        reader.expect(")")
        reader.expect_end()
        return
    if word == "intent":
        reader.at = 0
        fake = ExpressionReader((line.tokens[0]._replace(kind="op", text=","), *line.tokens), scope)
        storage, _ = _intent(fake)
        reader.at = fake.at - 1
    if word == "dimension":
        storage = ()
    reader.accept("::")
    while True:
        name = reader.name()
        extents = read_extents(reader) if reader.is_op("(") else ()
        changes.append((name, extents, None))
        if not reader.accept(","):
            break
    reader.expect_end()
    for change in changes:
        _gain(body, scope, line, reader, change, storage)


def _intent(reader: ExpressionReader) -> tuple[tuple[str, ...], None]:
    reader.expect(",")
    reader.name()
    reader.expect("(")
    way = reader.name()
    if way == "in" and reader.accept_word("out"):
        way = "inout"
    reader.expect(")")
    return (f"intent({way})",), None


def _gain(
    body: list, scope: Scope, line: Line, reader: ExpressionReader,
    change: tuple[str, tuple[Extent, ...], Expression | None], storage: tuple[str, ...],
) -> None:  # fmt: skip
    name, extents, value = change
    place = next(
        (k for k, s in enumerate(body) if isinstance(s, Declaration) and s.name == name), None
    )
    if place is None:
        kind = scope.implicit_type(name)
        if kind is None:
            raise FortranError(f"no type for {name}")
        old = Declaration(name, kind, span=line.span, group=line.span, implicit=True)
    else:
        old = body[place]
    kind = old.type
    if extents:
        if isinstance(kind, ArrayType):
            raise FortranError
        kind = ArrayType(kind, extents, column_major=True)
    new = replace(
        old, type=kind, value=value if value is not None else old.value,
        storage=(*old.storage, *(s for s in storage if s not in old.storage)),
    )  # fmt: skip
    if place is not None and not extents and value is None:
        body[place] = new
    else:
        if place is not None:
            del body[place]
        body.append(new)
    scope.types[name] = kind
    enter_constant(new, scope)
