"""Signatures of Fortran procedures: types, kinds, intents and shapes from the declarations,
implicit typing included.

Contract: `read_fortran_signature(program)` reads bare procedures and module procedures, free and
fixed form. Kinds may be numbers, `*8`, `kind(1d0)`, `selected_*_kind`, named constants of the text,
or those of iso_fortran_env and iso_c_binding. Names and shapes come in lower case without blanks. A
CHARACTER of length 1 (or `*`: one character is passed) is an `i8`; optional scalars are always
given. Raises SignatureError for what no typed test can hold: longer characters, derived types,
procedures, pointers, allocatables, and LOGICAL arrays of two widths or of 2 or 8 bytes (tests hold
one byte an element, which is converted to four; scalars of any logical kind are `bool`).

    python -c "from corpora.records import Program; \\
        from corpora.signatures.fortran import read_fortran_signature; \
print(read_fortran_signature(Program('fortran', 'f', 'subroutine f(n, x)\\nreal*8 x(0:n)\\nend')))"
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from corpora.records import Parameter, Program, Signature
from corpora.signatures.errors import SignatureError
from corpora.signatures.fortran_kinds import KIND_CONSTANTS, evaluate_integer
from corpora.syntax.fortran import (
    LogicalLine,
    Procedure,
    find_procedures,
    find_program_units,
    split_commas,
)

_GROUP = r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"
_SPEC = re.compile(
    rf"^(integer|real|double\s*precision|double\s*complex|complex|logical|character|type|class|byte|procedure)\b"
    rf"\s*(\*\s*\d+|\*\s*{_GROUP}|{_GROUP})?\s*"
)
_ENTITY = re.compile(rf"^(\w+)\s*({_GROUP})?\s*(?:\*\s*(\d+|{_GROUP}))?\s*({_GROUP})?\s*(=.*)?$")
_ATTRIBUTE_STATEMENT = re.compile(
    rf"^(dimension|intent\s*{_GROUP}|value|optional|pointer|allocatable|target|external|contiguous)\s*(?:::)?\s*(.*)$"
)
_WIDTHS = {
    "integer": {1: "i8", 2: "i16", 4: "i32", 8: "i64"},
    "real": {4: "f32", 8: "f64"},
    "complex": {4: "c64", 8: "c128"},
}
_FIXED = {"doubleprecision": "f64", "doublecomplex": "c128", "byte": "i8"}
_UNSUPPORTED = ("pointer", "allocatable", "external")


@dataclass(slots=True)
class _Scope:
    """What the declarations of a procedure (and of its hosts) say. `types` holds (base word,
    selector text).
    """

    constants: dict[str, int] = field(default_factory=lambda: dict(KIND_CONSTANTS))
    types: dict[str, tuple[str, str]] = field(default_factory=dict)
    shapes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    attributes: dict[str, set[str]] = field(default_factory=dict)
    intents: dict[str, str] = field(default_factory=dict)
    implicit: dict[str, tuple[str, str]] | None = field(default_factory=lambda: _default_implicit())


def _default_implicit() -> dict[str, tuple[str, str]]:
    return {
        c: ("integer", "") if c in "ijklmn" else ("real", "") for c in "abcdefghijklmnopqrstuvwxyz"
    }


def read_fortran_signature(program: Program) -> Signature:
    """Signature of the procedure `program.name` (any case). Raises SignatureError."""
    where = f"{program.dialect} procedure '{program.name}'"
    everything = find_procedures(program.text)
    named = [p for p in everything if p.name == program.name.lower()]
    if not named:
        known = ", ".join(dict.fromkeys(p.name for p in everything)) or "none"
        raise SignatureError(
            f"{where}: no definition found in the text (procedures there: {known})"
        )
    procedure = named[-1]
    inside = [h for h in procedure.hosts if h.kind not in ("module", "submodule")]
    if inside:
        raise SignatureError(
            f"{where}: is internal to {inside[-1].kind} '{inside[-1].name}' and cannot be "
            f"called alone"
        )
    scope = _scope_of(procedure, program.text)
    parameters = tuple(_parameter(name, scope, where) for name in procedure.arguments)
    widths = {_width(p.name, scope) for p in parameters if p.kind == "array" and p.type == "bool"}
    if len(widths) > 1:
        raise SignatureError(
            f"{where}: has LOGICAL arrays of different kinds "
            f"({', '.join(map(str, sorted(widths)))} bytes), which tests cannot hold together"
        )
    result = _result(procedure, scope, where) if procedure.kind == "function" else None
    return Signature(program.name, parameters, result)


def find_logical_widths(program: Program) -> dict[str, int]:
    """Bytes of each LOGICAL dummy argument of the entry procedure, by name."""
    named = [p for p in find_procedures(program.text) if p.name == program.name.lower()]
    if not named:
        return {}
    scope = _scope_of(named[-1], program.text)
    return {
        name: _width(name, scope)
        for name in named[-1].arguments
        if _find_type(name, scope)[0] == "logical"
    }


@dataclass(frozen=True, slots=True)
class Declarations:
    """What a procedure's declarations say of any of its names, in lower case."""

    signature: Signature
    procedure: Procedure
    _scope: _Scope

    def element(self, name: str) -> str:
        """`i32`, `f64`, ... of a variable or of an array's elements. Raises SignatureError for what
        no typed test can hold.
        """
        return _element(name, self._scope, f"variable '{name}'", is_array=bool(self.shape(name)))

    def shape(self, name: str) -> tuple[str, ...]:
        """As declared, a text for each dimension: `n`, `0:n`, `*`, `:`. Empty for a scalar."""
        return self._scope.shapes.get(name, ())

    def has_attribute(self, name: str, *attributes: str) -> bool:
        return bool(self._scope.attributes.get(name, set()) & set(attributes))

    def kind(self, text: str) -> int | None:
        """The number that a kind's text stands for."""
        return evaluate_integer(text, self._scope.constants)


def read_declarations(program: Program) -> Declarations:
    """Declarations of the procedure `program.name`, its signature among them. Raises
    SignatureError.
    """
    signature = read_fortran_signature(program)
    procedure = [p for p in find_procedures(program.text) if p.name == program.name.lower()][-1]
    scope = _scope_of(procedure, program.text)
    if procedure.kind == "function":
        _result(procedure, scope, procedure.name)
    return Declarations(signature, procedure, scope)


def _width(name: str, scope: _Scope) -> int:
    return _kind(*_find_type(name, scope), scope) or 4


def _find_type(name: str, scope: _Scope) -> tuple[str, str]:
    """(base word, selector) by declaration or implicit typing; ('', '') where there is neither."""
    return scope.types.get(name) or (scope.implicit or {}).get(name[0], ("", ""))


def _scope_of(procedure: Procedure, text: str) -> _Scope:
    scope = _Scope()
    modules = {u.name: u for u in find_program_units(text) if u.kind == "module"}
    spec = [line for host in procedure.hosts for line in host.lines] + procedure.lines
    for line in spec:
        used = re.match(r"use\b\s*(?:,\s*(?:non_)?intrinsic\s*)?(?:::)?\s*(\w+)(.*)", line.text)
        if used and used.group(1) in modules:
            _read(modules[used.group(1)].lines, _Scope(constants=scope.constants))
        if used:
            for local, original in re.findall(r"(\w+)\s*=>\s*(\w+)", used.group(2)):
                if original in scope.constants:
                    scope.constants[local] = scope.constants[original]
    for host in procedure.hosts:
        outer = _Scope(constants=scope.constants, implicit=scope.implicit)
        _read(host.lines, outer)
        scope.implicit = outer.implicit
    _read(procedure.lines, scope)
    return scope


def _read(lines: Iterable[LogicalLine], scope: _Scope) -> None:
    """Add the declarations among `lines` to `scope`."""
    for line in lines:
        text = line.text
        if text.startswith("implicit"):
            _implicit(text, scope)
        elif text.startswith("parameter") and (
            inner := re.match(rf"^parameter\s*({_GROUP})$", text)
        ):
            _constants(split_commas(inner.group(1)[1:-1]), scope)
        elif spec := _SPEC.match(text):
            _declaration(spec, text[spec.end() :], scope)
        elif (statement := _ATTRIBUTE_STATEMENT.match(text)) and not statement.group(2).startswith(
            ("=", "(", "%")
        ):
            attribute = statement.group(1)
            for entity in split_commas(statement.group(2)):
                _entity(entity, None, [attribute], scope)


def _implicit(text: str, scope: _Scope) -> None:
    if re.match(r"implicit\s+none", text):
        scope.implicit = None
        return
    rules = _default_implicit() if scope.implicit is None else dict(scope.implicit)
    for part in split_commas(text[len("implicit") :]):
        match = re.match(r"^(.*?)\s*\(([a-z\s,-]*)\)$", part.strip())
        spec = _SPEC.match(match.group(1) + " ") if match else None
        if not spec:
            continue
        for letters in match.group(2).replace(" ", "").split(","):
            low, high = letters[0], letters[-1]
            for code in range(ord(low), ord(high) + 1):
                rules[chr(code)] = (_base(spec), (spec.group(2) or "").replace(" ", ""))
    scope.implicit = rules


def _base(spec: re.Match[str]) -> str:
    return re.sub(r"\s", "", spec.group(1))


def _constants(assignments: Iterable[str], scope: _Scope) -> None:
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        number = evaluate_integer(value, scope.constants) if equals else None
        if number is not None:
            scope.constants[name.strip()] = number


def _declaration(spec: re.Match[str], rest: str, scope: _Scope) -> None:
    if rest.startswith(("=", "%")):
        return  # an assignment to a variable that is called like a type
    attributes, colons, entities = rest.partition("::")
    if not colons:
        attributes, entities = "", rest
    listed = split_commas(attributes)
    if "parameter" in listed:
        _constants(split_commas(entities), scope)
    for entity in split_commas(entities):
        _entity(entity, (_base(spec), (spec.group(2) or "").replace(" ", "")), listed, scope)


def _entity(
    text: str, kind: tuple[str, str] | None, attributes: Iterable[str], scope: _Scope
) -> None:
    match = _ENTITY.match(text)
    if not match:
        return
    name, shape, length, late_shape, _ = match.groups()
    if kind:
        scope.types[name] = (kind[0], f"*{length}") if length else kind
    for attribute in attributes:
        word = re.match(r"\w+", attribute)
        inner = attribute[attribute.find("(") + 1 : -1].strip() if "(" in attribute else ""
        if attribute.startswith("dimension") and inner and name not in scope.shapes:
            scope.shapes[name] = _shape(inner)
        elif attribute.startswith("intent"):
            scope.intents[name] = inner.replace(" ", "")
        elif word:
            scope.attributes.setdefault(name, set()).add(word.group())
    if shape or late_shape:
        scope.shapes[name] = _shape((shape or late_shape)[1:-1])


def _shape(text: str) -> tuple[str, ...]:
    return tuple(re.sub(r"\s", "", part) for part in split_commas(text))


def _parameter(name: str, scope: _Scope, where: str) -> Parameter:
    if name == "*":
        raise SignatureError(f"{where}: has alternate returns, which tests cannot take")
    what = f"{where}: parameter '{name}'"
    attributes = scope.attributes.get(name, set())
    barred = next((a for a in _UNSUPPORTED if a in attributes), None)
    if barred:
        raise SignatureError(f"{what} is {barred}, which tests cannot hold")
    shape = scope.shapes.get(name, ())
    if ".." in shape:
        raise SignatureError(f"{what} has assumed rank, which tests cannot hold")
    element = _element(name, scope, what, is_array=bool(shape))
    if shape:
        return Parameter(name, "array", element, scope.intents.get(name, "inout"), shape=shape)
    by_value = "value" in attributes
    return Parameter(
        name,
        "scalar",
        element,
        scope.intents.get(name, "in" if by_value else "inout"),
        not by_value,
    )


def _element(name: str, scope: _Scope, what: str, is_array: bool) -> str:
    if name in scope.types:
        base, selector = scope.types[name]
    elif scope.implicit is None:
        raise SignatureError(f"{what} has no declaration under 'implicit none'")
    else:
        base, selector = scope.implicit.get(name[0], ("real", ""))
    if base in _FIXED:
        return _FIXED[base]
    if (
        base == "character"
        and not is_array
        and re.fullmatch(r"(?:\*?\(?(?:len=)?(?:1|\*)\)?)?", selector)
    ):
        return "i8"
    if base not in (*_WIDTHS, "logical"):
        raise SignatureError(f"{what} is of type '{base}{selector}', which tests cannot hold")
    width = _kind(base, selector, scope)
    if base == "logical" and width in (1, 2, 4, 8):
        if is_array and width not in (1, 4):
            raise SignatureError(
                f"{what} is an array of {width}-byte LOGICAL; declare it logical or "
                f"logical(c_bool) to test it"
            )
        return "bool"
    if width not in _WIDTHS.get(base, ()):
        shown = "an unknown kind" if width is None else f"kind {width}"
        raise SignatureError(f"{what} is {base}{selector} of {shown}, which tests cannot hold")
    return _WIDTHS[base][width]


def _kind(base: str, selector: str, scope: _Scope) -> int | None:
    if not selector:
        return 4
    if selector.startswith("*"):
        width = evaluate_integer(selector[1:], scope.constants)
        return width // 2 if base == "complex" and width else width
    return evaluate_integer(re.sub(r"^kind=", "", selector[1:-1]), scope.constants)


def _result(procedure: Procedure, scope: _Scope, where: str) -> str:
    what = f"{where}: its result"
    prefix = re.sub(
        r"\b(?:recursive|pure|elemental|impure|module|non_recursive)\b", " ", procedure.prefix
    ).strip()
    spec = _SPEC.match(prefix)
    if spec:
        scope.types[procedure.result] = (_base(spec), (spec.group(2) or "").replace(" ", ""))
    if procedure.result in scope.shapes:
        raise SignatureError(
            f"{what} is an array, which tests cannot compare; return it through an argument"
        )
    if scope.attributes.get(procedure.result, set()) & {"pointer", "allocatable"}:
        raise SignatureError(f"{what} is a pointer or allocatable, which tests cannot compare")
    if _find_type(procedure.result, scope)[0] == "character":
        raise SignatureError(f"{what} is a character, which tests cannot compare")
    return _element(procedure.result, scope, what, is_array=False)
