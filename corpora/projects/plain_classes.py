"""Classes with accessors as plain structures, so that tests can hold their objects.

Contract: a text in, a text out that compilers take and that does the same, for functions that reach
an object's data by accessors alone (`corpora.projects.accessors`). The class becomes a structure of
its fields; a `std::vector` in it becomes a pointer to its elements, which is null where the vector
is empty. Functions that need more of the
class, such as its constructors or a method that changes it, and those that call them, are left out
and named. A text without such a class comes back as it is.

    python -c "from corpora.projects.plain_classes import make_classes_plain; \\
        help(make_classes_plain)"
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from corpora.emit.c_family import emit_c_family, emit_expression
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.c_tokens import tokenize
from corpora.frontends.queries import functions_of
from corpora.ir import (
    Binary,
    Call,
    Declaration,
    Expression,
    Function,
    Literal,
    Member,
    Name,
    ScalarType,
    TranslationUnit,
    TypeAlias,
    Unsupported,
)
from corpora.ir.edits import Edit, apply_edits
from corpora.ir.nodes import (
    NamedType,
    PointerType,
    ReferenceType,
    StructDefinition,
    Type,
)
from corpora.ir.walk import find, transform
from corpora.projects.accessors import PASSES, Accessor, Key, find_accessors, replace_call

_VECTORS = ("std::vector", "vector")


@dataclass(frozen=True, slots=True)
class PlainText:
    """A text of C or C++ that was written in plainer words.

    text: the new text. classes: names of the classes that became plain structures. left_out:
    (function, reason in one line) for functions that are not in it. arrays: parameters with rows
    of variable length whose subscripts became one, as `FUNCTION.NAME`.
    """

    text: str
    classes: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    arrays: tuple[str, ...] = ()


def make_classes_plain(text: str) -> PlainText:
    """Return a C++ text in which classes whose objects functions take and reach by accessors are
    structures of their fields, and calls of the accessors are written out. Nothing is raised: what
    cannot be read stays.
    """
    unit = parse_c_family(text, "cpp")
    known = {key: each for key, each in find_accessors(unit).items() if key[2]}
    classes = {c.name: c for c in find(unit.items, StructDefinition) if _is_candidate(c)}
    functions = functions_of(unit)
    free = [f for f in functions if f.body is not None and not _class_of(f, classes)]
    taken = {name for f in free for p in f.parameters if (name := _named(p.type)) in classes}
    chosen = {name: classes[name] for name in taken if _reached_by(free, known)}
    if not chosen:
        return PlainText(text)
    vectors = {
        field.name for each in chosen.values() for field in each.fields if _is_vector(field.type)
    }
    left_out = _find_left_out(free, chosen, known, vectors)
    edits = [_make_plain(each) for each in chosen.values()]
    for function in functions:
        if (owner := _class_of(function, chosen)) and function.span is not None:
            inside = chosen[owner].span
            if inside is None or not inside.start <= function.span.start < inside.end:
                edits.append(Edit(function.span.start, function.span.end, ""))
    for function in free:
        if function.span is None:
            continue
        if function.name in left_out:
            edits.append(Edit(function.span.start, function.span.end, ""))
        else:
            edits += _expand_calls(function, known, vectors)
    for prototype in functions_of(unit, prototypes=True):
        if prototype.body is None and prototype.span and _class_of(prototype, chosen):
            inside = chosen[_class_of(prototype, chosen)].span
            if inside is None or not inside.start <= prototype.span.start < inside.end:
                edits.append(Edit(prototype.span.start, prototype.span.end, ""))
    edits += _drop_member_pointers(text, unit, chosen)
    try:
        made = apply_edits(text, edits)
    except ValueError:  # a macro makes some of it
        return PlainText(text)
    return PlainText(made, tuple(sorted(chosen)), tuple(sorted(left_out.items())))


def _is_candidate(each: StructDefinition) -> bool:
    return bool(
        each.defined
        and each.span
        and not each.span.expanded
        and each.methods
        and not each.bases
        and not each.template
        and each.kind in ("class", "struct")
    )


def _class_of(function: Function, classes: Collection[str]) -> str:
    """The class of `classes` that a method belongs to; '' for free functions."""
    outer = function.scope[-1] if function.scope else function.name.rpartition("::")[0]
    return outer if outer in classes else ""


def _named(type_: Type) -> str:
    """The class that a type is, refers to or points to; '' for others."""
    while isinstance(type_, (ReferenceType, PointerType)):
        type_ = type_.to
    return type_.name if isinstance(type_, NamedType) else ""


def _reached_by(functions: Collection[Function], known: Mapping[Key, Accessor]) -> bool:
    """Whether some function calls an accessor."""
    return any(_accessor_of(call, known) for f in functions for call in find(f.body, Call))


def _accessor_of(call: Call, known: Mapping[Key, Accessor]) -> Accessor | None:
    called = call.function
    if not isinstance(called, Member):
        return None
    return known.get((called.field, len(call.arguments), True))


def _find_left_out(
    free: Collection[Function],
    classes: Mapping[str, StructDefinition],
    known: Mapping[Key, Accessor],
    vectors: Collection[str],
) -> dict[str, str]:
    """Functions that need more of the classes than their data, with the reason; also those that
    call them.
    """
    methods = {m.name.rpartition("::")[2] for c in classes.values() for m in c.methods}
    found: dict[str, str] = {}
    for function in free:
        for call in find(function.body, Call):
            called = call.function
            if isinstance(called, Member) and not _accessor_of(call, known):
                if called.field in methods:
                    found[function.name] = f"calls the method '{called.field}'"
            elif isinstance(called, Member):
                inner = _expand(call, known, vectors)
                if any(_vector_of(c, vectors) for c in find(inner, Call)):
                    found[function.name] = "needs the length of a vector"
            elif isinstance(called, Name) and called.id in ("new", "new[]", "delete", "delete[]"):
                types = (*call.template, *call.arguments)
                if any(_named(t) in classes for t in types if isinstance(t, NamedType)):
                    found[function.name] = "makes an object of a class"
        for made in find(function.body, Declaration):
            if isinstance(made.type, NamedType) and made.type.name in classes:
                found[function.name] = f"makes an object of class '{made.type.name}'"
        span = function.span
        if span is not None and any(c.span and c.span.expanded for c in find(function.body, Call)):
            if any(_accessor_of(c, known) and c.span.expanded for c in find(function.body, Call)):  # type: ignore[union-attr]
                found[function.name] = "a macro calls an accessor"
    while True:
        more = {
            f.name: f"calls '{name}', which is left out"
            for f in free
            if f.name not in found and (name := next((n for n in _called(f) if n in found), ""))
        }
        if not more:
            return found
        found |= more


def _called(function: Function) -> Iterator[str]:
    for call in find(function.body, Call):
        if isinstance(call.function, Name):
            yield call.function.id


def _make_plain(each: StructDefinition) -> Edit:
    """The class's text replaced by a structure of its fields."""
    fields = tuple(
        replace(field, type=_plain_type(field.type), value=None, arguments=None, group=None)
        for field in each.fields
        if "static" not in field.storage
    )
    made = StructDefinition(each.name, fields, "struct")
    text = emit_c_family(made).strip()
    assert each.span is not None
    return Edit(each.span.start, each.span.end, text.removesuffix(";"))


def _is_vector(type_: Type) -> bool:
    return isinstance(type_, NamedType) and type_.name in _VECTORS and bool(type_.arguments)


def _plain_type(type_: Type) -> Type:
    if isinstance(type_, ScalarType | NamedType) and type_.const:
        return replace(type_, const=False)  # what has no constructor sets it later
    if _is_vector(type_):
        return PointerType(type_.arguments[0])  # type: ignore[arg-type]
    return type_


def _drop_member_pointers(
    text: str, unit: TranslationUnit, classes: Collection[str]
) -> Iterator[Edit]:
    """Declarations of pointers to methods (`T (C::*name)(int)`), which plain structures lack."""
    for item in unit.items:
        if isinstance(item, Unsupported | TypeAlias) and item.span is not None:
            words = [t.text for t in tokenize(text[item.span.start : item.span.end])]
            if any(
                a in classes and (b, c) == ("::", "*")
                for a, b, c in zip(words, words[1:], words[2:])
            ):
                yield Edit(item.span.start, item.span.end, "")


def _expand_calls(
    function: Function, known: Mapping[Key, Accessor], vectors: Collection[str]
) -> Iterator[Edit]:
    """Every outermost call of an accessor replaced by what it returns."""
    end = -1
    calls = [c for c in find(function.body, Call) if c.span is not None and _accessor_of(c, known)]
    for call in sorted(calls, key=lambda c: (c.span.start, -c.span.end)):  # type: ignore[union-attr]
        assert call.span is not None
        if call.span.start >= end:
            end = call.span.end
            text = emit_expression(_expand(call, known, vectors), _POSTFIX)
            yield Edit(call.span.start, call.span.end, text)


_POSTFIX = 16
"""How tightly a call binds: what takes its place must bind as tightly."""


def _expand(call: Call, known: Mapping[Key, Accessor], vectors: Collection[str]) -> Expression:
    value: Any = call
    for _ in range(PASSES):
        value = transform(value, partial(replace_call, known=known))
    return transform(value, partial(_ask_pointer, vectors=vectors))


def _ask_pointer(node: Any, vectors: Collection[str]) -> Any:
    """`v.empty()` as a question to the pointer that the vector has become."""
    if isinstance(node, Call) and (vector := _vector_of(node, vectors)) is not None:
        if node.function.field == "empty":  # type: ignore[union-attr]
            return Binary("==", vector, Literal("nullptr", "pointer"))
    return node


def _vector_of(call: Call, vectors: Collection[str]) -> Member | None:
    """The vector that a method is called of."""
    called = call.function
    base = called.base if isinstance(called, Member) else None
    return base if isinstance(base, Member) and base.field in vectors else None
