"""How Fortran calls the host function of a CUDA port: a module with a `bind(C)` interface.

Contract: text only. Numbers that the host function takes by value are `value` here, and arrays are
of assumed size, so that any contiguous array fits. Sizes of assumed-shape arrays come last, as in
the host function. Logical data is one byte wide in C, thus `logical(c_bool)`.

    coevolve translate heat.f90 --to cuda --host
"""

from __future__ import annotations

from coevolve.port.host_arguments import HostFileError
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.queries import functions_of
from corpora.ir.edits import Edit, apply_edits
from corpora.records import Parameter, Program
from corpora.signatures.signature import SignatureError, read_signature
from gpu_runtime.call.binding import BindingError, bind_parameters

SUFFIX = ".interface.f90"
"""Of the file beside a port, with one module for each function."""
_KINDS = {
    "i8": "integer(c_signed_char)",
    "i16": "integer(c_short)",
    "i32": "integer(c_int)",
    "i64": "integer(c_long_long)",
    "f32": "real(c_float)",
    "f64": "real(c_double)",
    "bool": "logical(c_bool)",
}


def make_interface(source: Program, port: str) -> str:
    """Return a Fortran module `NAME_cuda` with the interface of the host function NAME.

    source: the serial procedure in Fortran. port: the text of a CUDA file with a host function of
        its name, `extern "C"`.
    Raises HostFileError if a parameter has no kind in Fortran that fits it.
    """
    name = source.name
    try:
        bound = bind_parameters(
            read_signature(source), read_signature(Program("cuda", name, port)), signless=True
        )
    except (BindingError, SignatureError) as error:
        raise HostFileError(f"its interface for Fortran cannot be made: {error}") from None
    if bound.target.result is not None:
        raise HostFileError(f"'{name}' returns a value")
    called = bound.target.parameters
    given = [bound.source.parameters[i] if i >= 0 else None for i in bound.sources]
    names = [f"n{p.name}" if p.name.startswith("_") else p.name for p in called]
    declared = [
        f"      {_declare(taken, own)} :: {shown}{'' if _is_number(taken, own) else '(*)'}"
        for taken, own, shown in zip(called, given, names, strict=True)
    ]
    head = f"    subroutine {name}({', '.join(names)}) &"
    if len(head) > _COLUMNS:
        listed = ", &\n      ".join(names)
        head = f"    subroutine {name}( &\n      {listed}) &"
    return "\n".join(
        [
            f"module {name}_cuda",
            "  use, intrinsic :: iso_c_binding",
            "  implicit none",
            "  interface",
            head,
            f'      bind(C, name="{name}")',
            "      import",
            *declared,
            f"    end subroutine {name}",
            "  end interface",
            f"end module {name}_cuda",
            "",
        ]
    )


_COLUMNS = 100


def _is_number(taken: Parameter, own: Parameter | None) -> bool:
    return (own or taken).kind == "scalar"


def _declare(taken: Parameter, own: Parameter | None) -> str:
    """The type and attributes of a dummy argument. own: the source's parameter; None for a size."""
    kind = _KINDS.get(taken.type)
    if kind is None or taken.member or (own and own.kind != "scalar" and taken.kind != "array"):
        raise HostFileError(f"'{taken.name}' has no type in Fortran that C shares")
    if _is_number(taken, own) and taken.kind == "scalar" and not taken.by_reference:
        return f"{kind}, value"
    return f"{kind}, intent({own.intent if own else 'in'})"


def make_callable_from_fortran(text: str, name: str) -> str:
    """Return the text of a CUDA file in which the host function `name` has the linkage of C. It is
    unchanged where the function has it. Raises HostFileError if there is no such function.
    """
    for function in functions_of(parse_c_family(text, "cuda")):
        is_own = function.name == name and function.body is not None and function.span
        if is_own and "__global__" not in function.qualifiers:
            if function.language_linkage == "C":
                return text
            start = function.span.start  # type: ignore[union-attr]
            return apply_edits(text, [Edit(start, start, 'extern "C" ')])
    raise HostFileError(f"the port has no host function '{name}'")


def quote_interface(text: str, interface: str) -> str:
    """Return the text of a CUDA file with an interface as comments before it."""
    lines = "\n".join(f"// {line}".rstrip() for line in interface.rstrip().splitlines())
    return f"// The interface for Fortran:\n{lines}\n\n{text}"
