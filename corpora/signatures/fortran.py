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
        from corpora.signatures.fortran import read_fortran_signature; \\
        p = Program('fortran', 'f', 'subroutine f(n, x)\\nreal*8 x(0:n)\\nend'); \\
        print(read_fortran_signature(p))"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile

from corpora.emit.fortran import emit_expression
from corpora.frontends.fortran import parse_fortran
from corpora.frontends.fortran_expressions import FortranError, read_expression
from corpora.frontends.fortran_kinds import KIND_CONSTANTS, evaluate_kind
from corpora.frontends.fortran_lines import read_lines
from corpora.frontends.fortran_uses import read_use
from corpora.frontends.queries import functions_of
from corpora.ir import (
    ArrayType,
    Declaration,
    Expression,
    Extent,
    Function,
    Include,
    Interface,
    Literal,
    Module,
    Name,
    NamedType,
    Parameter as DummyArgument,
    Pragma,
    ScalarType,
    Specification,
    StructDefinition,
    TranslationUnit,
    Type,
    Unsupported,
)
from corpora.records import ELEMENT_TYPES, Parameter, Program, Signature
from corpora.signatures.errors import SignatureError

__all__ = [
    "Declarations", "find_logical_widths", "read_declarations", "read_fortran_signature",
]  # fmt: skip

_BARRED = ("pointer", "allocatable", "external")
_ARITHMETIC = ("integer", "real", "complex", "logical")


def read_fortran_signature(program: Program) -> Signature:
    """Return the signature of the procedure `program.name`, whose case does not matter, of a
    Fortran program. Raises SignatureError if there is no such procedure or an argument cannot be
    held by a typed test.
    """
    where = f"{program.dialect} procedure '{program.name}'"
    unit = parse_fortran(program.text, dialect=program.dialect)
    procedure = _entry(program, unit, where)
    parameters = tuple(_parameter(p, procedure, where) for p in procedure.parameters)
    widths = set(_logical_widths(procedure, arrays=True).values())
    if len(widths) > 1:
        raise SignatureError(
            f"{where}: has LOGICAL arrays of different kinds "
            f"({', '.join(map(str, sorted(widths)))} bytes), which tests cannot hold together"
        )
    result = _result(procedure, where) if _is_function(procedure) else None
    return Signature(program.name, parameters, result)


def find_logical_widths(program: Program) -> dict[str, int]:
    """Return the size in bytes of each LOGICAL dummy argument of the Fortran procedure
    `program.name`, by name in lower case; {} if it has none or is not found.
    """
    unit = parse_fortran(program.text, dialect=program.dialect)
    named = _procedures_named(unit, program.name)
    return _logical_widths(named[-1]) if named else {}


def _logical_widths(procedure: Function, arrays: bool = False) -> dict[str, int]:
    """Bytes of each LOGICAL dummy argument. arrays: of arrays alone."""
    found = {}
    for parameter in procedure.parameters:
        if isinstance(parameter.type, ArrayType) or not arrays:
            base = _base(parameter.type)
            if isinstance(base, ScalarType) and base.name == "bool":
                found[parameter.name] = base.bytes or 4
    return found


def _is_function(procedure: Function) -> bool:
    return procedure.result != ScalarType("void")


def _procedures_named(unit: TranslationUnit, name: str) -> list[Function]:
    procedures = (f for f in functions_of(unit) if "program" not in f.qualifiers)
    return [f for f in procedures if f.name == name.lower()]


def _entry(program: Program, unit: TranslationUnit, where: str) -> Function:
    """The procedure `program.name`, the last of several. Raises SignatureError."""
    named = _procedures_named(unit, program.name)
    if not named:
        procedures = [f for f in functions_of(unit) if "program" not in f.qualifiers]
        known = ", ".join(dict.fromkeys(f.name for f in procedures)) or "none"
        unread = _unread_entry(unit.items, program.name.lower())
        if unread is not None and unread.kind == "alternate return":
            raise SignatureError(f"{where}: has alternate returns, which tests cannot take")
        if unread is not None:
            raise SignatureError(f"{where}: cannot be read: {_place(unread)}")
        raise SignatureError(
            f"{where}: no definition found in the text (procedures there: {known})"
        )
    host = next(
        (f for f in functions_of(unit) if any(inner is named[-1] for inner in f.contains)), None
    )
    if host is not None:
        kind = "program" if "program" in host.qualifiers else "procedure"
        raise SignatureError(
            f"{where}: is internal to {kind} '{host.name}' and cannot be called alone"
        )
    return named[-1]


def _unread_entry(items: tuple[object, ...], name: str) -> Unsupported | None:
    """The unsupported unit whose first line names the procedure."""
    for item in items:
        if isinstance(item, Module):
            found = _unread_entry(item.items, name)
            if found is not None:
                return found
        elif isinstance(item, Unsupported) and name in _words(item.text.partition("\n")[0]):
            return item
    return None


def _words(text: str) -> set[str]:
    """Names that stand in statements of Fortran."""
    return {t.text for line in read_lines(text, "free") for t in line.tokens if t.kind == "id"}


def _place(unread: Unsupported) -> str:
    return f"{unread.kind}, line {unread.span.line}" if unread.span else unread.kind


def _base(type_: Type) -> Type:
    return type_.of if isinstance(type_, ArrayType) else type_


def _parameter(declared: DummyArgument, procedure: Function, where: str) -> Parameter:
    name, type_ = declared.name, declared.type
    what = f"{where}: parameter '{name}'"
    barred = next((a for a in _BARRED if a in declared.attributes), None)
    if barred is None and type_ == NamedType("procedure"):
        barred = "external"
    if barred:
        raise SignatureError(f"{what} is {barred}, which tests cannot hold")
    unread = _unread_declaration(name, procedure)
    if unread is not None:
        raise SignatureError(f"{what} has a declaration that cannot be read: {_place(unread)}")
    element = _element(type_, what)
    intent = declared.intent
    if isinstance(type_, ArrayType):
        shape = tuple(_show_extent(e) for e in type_.extents)
        return Parameter(name, "array", element, intent or "inout", shape=shape)
    by_value = "value" in declared.attributes
    intent = intent or ("in" if by_value else "inout")
    return Parameter(name, "scalar", element, intent, not by_value)


def _unread_declaration(name: str, procedure: Function) -> Unsupported | None:
    """The unsupported specification that names a parameter which nothing else declares."""
    body = procedure.body or ()
    known = [d for d in body if isinstance(d, Declaration) and d.name == name]
    if any(not d.implicit for d in known):
        return None
    specified = takewhile(lambda node: isinstance(node, _SPECIFICATIONS), body)
    unread = (n for n in specified if isinstance(n, Unsupported) and n.kind != "common")
    return next((n for n in unread if name in _words(n.text)), None)


_SPECIFICATIONS = (
    Declaration, Include, Interface, Pragma, Specification, StructDefinition, Unsupported,
)  # fmt: skip


def _show_extent(extent: Extent) -> str:
    """As declared: `n`, `0:n`, `*`, `:`, `2:`."""
    upper = _show(extent.upper)
    if extent.lower is not None:
        return f"{_show(extent.lower)}:{upper}"
    return upper or ":"


def _show(value: Expression | None) -> str:
    return "" if value is None else "".join(emit_expression(value).split()).lower()


def _element(type_: Type, what: str) -> str:
    """Element type of a variable, or of an array's elements. Raises SignatureError."""
    base, is_array = _base(type_), isinstance(type_, ArrayType)
    if isinstance(base, ScalarType):
        if base.name == "char" and not is_array:
            return "i8"
        if base.name == "bool" and is_array and (base.bytes or 4) not in (1, 4):
            raise SignatureError(
                f"{what} is an array of {base.bytes}-byte LOGICAL; declare it logical or "
                f"logical(c_bool) to test it"
            )
        if base.name in ELEMENT_TYPES:
            return base.name
        shown = "character" if base.name == "char" else base.spelled or base.name
        raise SignatureError(f"{what} is of type '{shown}', which tests cannot hold")
    assert isinstance(base, NamedType)
    if base == NamedType("undeclared"):
        raise SignatureError(f"{what} has no declaration under 'implicit none'")
    if base.name == "character" and not is_array and base.arguments in _ONE_CHARACTER:
        return "i8"
    if base.name in _ARITHMETIC:
        kind = base.arguments[0]
        known = f"kind {kind.text}" if isinstance(kind, Literal) else "an unknown kind"
        raise SignatureError(
            f"{what} is {base.name}({_show(kind)}) of {known}, which tests cannot hold"
        )
    written = ",".join(_show(a) for a in base.arguments)
    shown = f"{base.name}({written})" if written else f"type({base.name})"
    raise SignatureError(f"{what} is of type '{shown}', which tests cannot hold")


_ONE_CHARACTER = ((Literal("1", "i32"),), (Name("*"),))


def _result(procedure: Function, where: str) -> str:
    what = f"{where}: its result"
    own = procedure.result_name or procedure.name
    storage = {
        word
        for d in procedure.body or ()
        if isinstance(d, Declaration) and d.name == own
        for word in d.storage
    }
    if storage & {"pointer", "allocatable"}:
        raise SignatureError(f"{what} is a pointer or allocatable, which tests cannot compare")
    if isinstance(procedure.result, ArrayType):
        raise SignatureError(
            f"{what} is an array, which tests cannot compare; return it through an argument"
        )
    if getattr(procedure.result, "name", "") in ("char", "character"):
        raise SignatureError(f"{what} is a character, which tests cannot compare")
    return _element(procedure.result, what)


# ------------------------------------------------------------- what declarations say of names


@dataclass(frozen=True, slots=True)
class Heading:
    """The heading of a Fortran procedure. arguments: names of the dummy arguments, in order and in
    lower case. result: name of the variable that a function returns; '' for a subroutine.
    """

    arguments: tuple[str, ...]
    result: str


@dataclass(frozen=True, slots=True)
class Declarations:
    """What a Fortran procedure declares. Its methods take names in lower case.

    signature: the procedure's typed signature. procedure: the procedure's heading.
    """

    signature: Signature
    procedure: Heading
    _types: Mapping[str, Type]
    _attributes: Mapping[str, frozenset[str]]
    _constants: Mapping[str, int]

    def element(self, name: str) -> str:
        """Return the element type, such as `i32` or `f64`, of a variable or array of a Fortran
        procedure. name: in lower case. Raises SignatureError for an undeclared name or a type that
        no test can hold.
        """
        return _element(self._types.get(name, NamedType("undeclared")), f"variable '{name}'")

    def shape(self, name: str) -> tuple[str, ...]:
        """Return the declared extents of a variable of a Fortran procedure, one text per dimension:
        `n`, `0:n`, `*` or `:`. They are () for a scalar or an undeclared name. name: in lower case.
        """
        type_ = self._types.get(name)
        return tuple(_show_extent(e) for e in type_.extents) if isinstance(type_, ArrayType) else ()

    def has_attribute(self, name: str, *attributes: str) -> bool:
        """Return whether a Fortran procedure declares `name`, in lower case, with one of
        `attributes`, such as `allocatable`; False for an undeclared name.
        """
        return bool(self._attributes.get(name, frozenset()) & set(attributes))

    def kind(self, text: str) -> int | None:
        """Return the number that the text of a Fortran kind, such as `dp` or `8`, stands for in the
        procedure; None where unknown.
        """
        try:
            return evaluate_kind(read_expression(text), self._constants)
        except FortranError:
            return None


def read_declarations(program: Program) -> Declarations:
    """Return what the Fortran procedure `program.name` declares. Raises SignatureError if it has no
    typed signature.
    """
    signature = read_fortran_signature(program)
    unit = parse_fortran(program.text, dialect=program.dialect)
    procedure = _procedures_named(unit, program.name)[-1]
    own = procedure.result_name or procedure.name
    types: dict[str, Type] = {own: procedure.result} if _is_function(procedure) else {}
    attributes: dict[str, frozenset[str]] = {}
    for declared in procedure.body or ():
        if isinstance(declared, Declaration):
            types[declared.name] = declared.type
            attributes[declared.name] = frozenset(declared.storage)
    types |= {p.name: p.type for p in procedure.parameters}
    heading = Heading(
        tuple(p.name for p in procedure.parameters), own if _is_function(procedure) else ""
    )
    return Declarations(signature, heading, types, attributes, _constants(unit, procedure))


def _constants(unit: TranslationUnit, procedure: Function) -> dict[str, int]:
    """Integer constants that `procedure` sees, those of its module and of modules that it uses
    among them."""
    modules = {m.name: m for m in unit.items if isinstance(m, Module)}
    host = next(
        (m for m in modules.values() if any(f is procedure for f in m.items)), Module("", ())
    )
    known = dict(KIND_CONSTANTS)
    for use in (*host.uses, *procedure.uses):
        used = read_use(use)
        module = modules.get(used.module)
        inner = _values(module.items, known) if module else {}
        known |= inner | {new: known[old] for new, old in used.renamed if old in known}
        known |= {new: inner[old] for new, old in used.renamed if old in inner}
    known |= _values(host.items, known)
    return known | _values(procedure.body or (), known)


def _values(items: tuple[object, ...], known: Mapping[str, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in items:
        if isinstance(item, Declaration) and "parameter" in item.storage:
            value = evaluate_kind(item.value, {**known, **found})
            if value is not None:
                found[item.name] = value
    return found
