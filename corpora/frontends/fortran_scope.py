"""Scopes of Fortran: which names are arrays, what types and kinds have, implicit typing.

Contract: a `Scope` belongs to one program unit and looks names up in its host. It answers from
declarations. Two facts of the grammar count as declarations of names from modules that the text
does not hold: a name that is assigned with subscripts is an array (no function can be assigned),
and so is one with a section (`a(1:n)`).

    python -c "from corpora.ir import Name; from corpora.frontends.fortran_scope import Scope; \
        print(Scope().kind_value(Name('c_double')))"
"""

from __future__ import annotations

from corpora.frontends.fortran_kinds import KIND_CONSTANTS, evaluate_kind
from corpora.ir import (
    Access,
    ArrayType,
    Expression,
    Function,
    Member,
    Name,
    NamedType,
    ScalarType,
    Type,
)

REAL_KINDS: dict[int | None, str] = {4: "f32", 8: "f64", 10: "f80"}
_COMPLEX_KINDS: dict[int | None, str] = {4: "c64", 8: "c128"}
_INTEGER_KINDS: dict[int | None, str] = {1: "i8", 2: "i16", 4: "i32", 8: "i64"}
_KINDS = {"real": REAL_KINDS, "complex": _COMPLEX_KINDS, "integer": _INTEGER_KINDS}
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Scope:
    """The declared names, in lower case, of one Fortran program unit.

    host: the scope round it, whose names are visible here; None for none. types: of variables, by
        name. structures: types of the fields by name, by derived type. constants: values of known
        whole-number constants. procedures: names of procedures. deduced: names that are used as
        arrays though nothing declares them. prototypes: procedures that interface blocks declare.
    sees_unknown: the unit uses a module that the text does not hold. implicit: types by first
        letter; None under `implicit none`.
    """

    def __init__(self, host: Scope | None = None) -> None:
        self.host = host
        self.types: dict[str, Type] = {}
        self.structures: dict[str, dict[str, Type]] = dict(host.structures) if host else {}
        self.constants: dict[str, int] = dict(host.constants if host else KIND_CONSTANTS)
        self.deduced: set[str] = set()
        self.procedures: set[str] = set()
        self.prototypes: dict[str, Function] = {}
        """Procedures that interface blocks declare."""
        self.sees_unknown = host.sees_unknown if host else False
        """The unit uses a module that the text does not hold."""
        self.implicit: dict[str, Type] | None = dict(_DEFAULT)
        if host is not None:
            self.implicit = None if host.implicit is None else dict(host.implicit)

    def type_of_name(self, name: str) -> Type | None:
        """Return the type that this program unit, or one around it, declares for `name`, given in
        lower case; None if nothing declares it or it is a procedure.
        """
        scope: Scope | None = self
        while scope is not None:
            if name in scope.types:
                return scope.types[name]
            if name in scope.procedures:
                return None
            scope = scope.host
        return None

    def prototype(self, name: str) -> Function | None:
        """Return the procedure `name`, given in lower case, as an interface block of this unit, or
        of one around it, declares it; None if none does.
        """
        scope: Scope | None = self
        while scope is not None:
            if name in scope.prototypes:
                return scope.prototypes[name]
            scope = scope.host
        return None

    def type_of(self, value: Expression) -> Type | None:
        """Return the declared type of a variable, or of a field of a structure; with subscripts,
        that of an element. None where it is unknown, and for other expressions.
        """
        match value:
            case Name(id=name):
                return self.type_of_name(name)
            case Access(base=base):
                kind = self.type_of(base)
                return kind.of if isinstance(kind, ArrayType) else kind
            case Member(base=base, field=field):
                kind = self.type_of(base)
                kind = kind.of if isinstance(kind, ArrayType) else kind
                if isinstance(kind, NamedType):
                    name = kind.name
                    if name == "class" and isinstance(kind.arguments[0], Name):
                        name = kind.arguments[0].id
                    return self.structures.get(name, {}).get(field)
        return None

    def is_indexed(self, base: Expression, sections: bool) -> bool:
        """Return whether brackets after `base`, a name or a field, hold subscripts, and not
        arguments. sections: one of what they hold is a section (`a:b`), which no function takes.
        """
        kind = self.type_of(base)
        if isinstance(kind, ArrayType) or sections:
            return True
        if kind is None and isinstance(base, Name):
            scope: Scope | None = self
            while scope is not None:
                if base.id in scope.procedures:
                    return False
                if base.id in scope.deduced:
                    return True
                scope = scope.host
        return False

    def kind_value(self, expression: Expression) -> int | None:
        """Return the value of a kind expression such as `4` or `selected_real_kind(15)`, with the
        unit's known constants; None if it cannot be computed.
        """
        return evaluate_kind(expression, self.constants)

    def arithmetic_type(self, word: str, kind: Expression | None, spelled: str = "") -> Type:
        """Return the type that a word of Fortran and a kind stand for.

        word: `real`, `integer`, `complex`, `logical`, `double precision`, `double complex` or
            `byte`. kind: the kind as an expression; None means the default. spelled: the words of
            the text; '' where unknown. Returns a NamedType if the kind is unknown or no element
            type has it.
        """
        if word in ("double precision", "double complex"):
            name = "f64" if word == "double precision" else "c128"
            return ScalarType(name, spelled=spelled)
        if word == "byte":
            return ScalarType("i8", spelled=spelled)
        value = 4 if kind is None else self.kind_value(kind)
        if word == "logical" and value in (1, 2, 4, 8):
            return ScalarType("bool", spelled=spelled, bytes=value)
        table = _KINDS.get(word, {})
        if value in table:
            return ScalarType(table[value], spelled=spelled)
        return NamedType(word, (kind,))

    def implicit_type(self, name: str) -> Type | None:
        """Return the type that implicit typing gives `name`, in lower case, by its first letter;
        None under `implicit none`, or if the letter has none.
        """
        return self.implicit.get(name[0]) if self.implicit is not None else None


_DEFAULT: dict[str, Type] = {
    letter: ScalarType("i32" if letter in "ijklmn" else "f32") for letter in _LETTERS
}
