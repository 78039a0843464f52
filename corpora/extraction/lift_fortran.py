"""Module variables and COMMON blocks as dummy arguments: what a Fortran procedure shares with
others becomes testable.

Contract: `find_module_variables` and `find_common_variables` give the shared variables that a
procedure may name, each with the declaration it gets as an argument; scalars that nobody changes
are intent(in). Values from initialisation, DATA and SAVE are dropped: tests set them. What cannot
be an argument (allocatable, pointer, derived type, character) is a `NotLiftableError`, one line.

    python -c "from corpora.extraction.fortran import extract_procedures; \
print(extract_procedures('subroutine f(x)\\nreal x, a(3)\\ncommon /c/ n, a\\nx = \
a(n)\\nend')[0].text)"
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from corpora.analysis.loops import root_name
from corpora.emit.fortran import emit_extents, emit_type
from corpora.frontends.fortran_declarations import read_common
from corpora.frontends.fortran_expressions import ExpressionReader, FortranError
from corpora.frontends.fortran_lines import Line
from corpora.frontends.fortran_scope import Scope
from corpora.ir import (
    ArrayType,
    Assign,
    Bounds,
    Call,
    Declaration,
    ExpressionStatement,
    Function,
    Module,
    Name,
    NamedType,
    ScalarType,
    Type,
    walk,
)

__all__ = [
    "NotLiftableError", "SharedVariable", "find_changed_names", "find_common_variables",
    "find_module_variables", "is_common_statement",
]  # fmt: skip

_NUMBERS = ("real", "integer", "complex", "logical")
"""Types whose kind is not known have these names."""


class NotLiftableError(ValueError):
    """A variable of a Fortran module or COMMON block cannot become an argument of the procedure
    that uses it. The message says which and why.
    """


@dataclass(frozen=True, slots=True)
class SharedVariable:
    """A variable outside a Fortran procedure, called `name`. type: as declared, '' where the
    procedure itself declares it or it is implicit. shape: extents such as `(n, 0:m)`; '' for a
    scalar.
    """

    name: str
    type: str
    shape: str

    def declaration(self, changed: bool) -> str:
        """Return the shared variable's declaration as a dummy argument of a Fortran procedure, in
        one line; '' if none is needed. changed: the procedure sets it; a scalar that it does not
        set is `intent(in)`.
        """
        if not self.type:
            return f"dimension :: {self.name}{self.shape}" if self.shape else ""
        intent = "" if changed or self.shape else ", intent(in)"
        return f"{self.type}{intent} :: {self.name}{self.shape}"


def find_module_variables(host: Module | Function) -> dict[str, SharedVariable | NotLiftableError]:
    """Return the variables that a Fortran module or main program declares, by name in lower case,
    with types and shapes; constants (`parameter`) are left out.

    A variable that cannot become a parameter maps to the NotLiftableError that says why. It is not
    raised.
    """
    items = host.items if isinstance(host, Module) else host.body or ()
    return {
        d.name: _shared(d, host.name)
        for d in items
        if isinstance(d, Declaration) and "parameter" not in d.storage
    }


def _shared(declared: Declaration, where: str) -> SharedVariable | NotLiftableError:
    base = declared.type.of if isinstance(declared.type, ArrayType) else declared.type
    why = "" if _is_number(base) else "is no number"
    why = why or next((f"is {s}" for s in declared.storage if s in ("allocatable", "pointer")), "")
    if why:
        return NotLiftableError(
            f"uses '{declared.name}' of module '{where}', which {why}: tests cannot hold it"
        )
    shape = emit_extents(declared.type) if isinstance(declared.type, ArrayType) else ""
    return SharedVariable(declared.name, emit_type(base), shape)


def _is_number(kind: Type) -> bool:
    if isinstance(kind, ScalarType):
        return kind.name != "char"
    return isinstance(kind, NamedType) and kind.name in _NUMBERS and bool(kind.arguments)


def is_common_statement(line: Line) -> bool:
    """Return whether a Fortran statement, given by its tokens, declares variables of a COMMON
    block. False if it cannot be read.
    """
    return bool(_read_common(line))


def find_common_variables(lines: Iterable[Line]) -> list[SharedVariable]:
    """Return the variables in COMMON blocks that the statements of a Fortran procedure name, in
    order. lines: the procedure's statements.

    Their types are '', since the procedure declares them elsewhere.
    """
    return [variable for line in lines for variable in _read_common(line)]


def _read_common(line: Line) -> list[SharedVariable]:
    if not line.tokens or line.tokens[0].text != "common":
        return []
    reader = ExpressionReader(line.tokens, Scope(), 1)
    try:
        return [
            SharedVariable(
                name, "", emit_extents(ArrayType(NamedType(""), extents)) if extents else ""
            )
            for name, extents in read_common(reader)
        ]
    except FortranError:
        return []


def find_changed_names(group: Iterable[Function], callees: Collection[str]) -> set[str]:
    """Return the names that Fortran procedures may change: assigned, used as loop counters, read
    from input, or passed to a procedure.

    group: the procedures. callees: names of functions of the file, which may change their
    arguments.
    """
    found: set[str] = set()
    for node in walk(tuple(s for function in group for s in function.body or ())):
        match node:
            case Assign(target=target):
                found |= {root for root in [root_name(target)] if root}
            case Bounds(variable=variable):
                found.add(variable)
            case ExpressionStatement(expression=Call(function=Call() as control) as call):
                if control.function == Name("read"):
                    found |= _roots(call)
            case ExpressionStatement(expression=Call(function=Name(id="print"))):
                pass
            case ExpressionStatement(expression=Call() as call):
                found |= _roots(call)
            case Call(function=Name(id=name)) if name in callees:
                found |= _roots(node)
    return found


def _roots(call: Call) -> set[str]:
    """Variables that stand as whole arguments of a call, or whose elements do."""
    given = [*call.arguments, *(value for _, value in call.keywords)]
    return {root for value in given if (root := root_name(value))}
