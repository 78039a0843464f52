"""How a Fortran program goes into a compile unit: bare procedures inside a module of their own, and
a bind(C) entry.

Contract: the entry takes `void **args` (native/abi.h) and hands the buffers to the program with the
kinds and shapes that it declares: assumed-shape arrays get the extents of the test (several
extents: taken as written where the test gives rows and columns, else the whole first dimension),
logical scalars of any kind go through a copy, arrays of default LOGICAL are converted by the runner
(`find_logical_arrays`), an i8 that the program declares CHARACTER is handed over as one, an array
that it asks for with `present` is absent where the pointer is null (a disassociated actual
argument: Fortran 2008, 15.5.2.12). Text that already is a module, or does not compile inside one
(implicit external procedures), is compiled alone as it is.

    pytest tests/gpu_runtime/test_compile.py -k fortran
"""

from __future__ import annotations

from corpora.analysis.accesses import element_type
from corpora.frontends.fortran import parse_fortran
from corpora.frontends.fortran_layout import convert_to_free_form
from corpora.frontends.queries import function_named
from corpora.ir import Call, Function, Module, Name, Unsupported, find
from corpora.records import Parameter
from corpora.signatures.fortran import find_logical_widths
from gpu_runtime.backend import CompileRequest

KINDS = {
    "i8": "integer(1)",
    "i16": "integer(2)",
    "i32": "integer(4)",
    "i64": "integer(8)",
    "f32": "real(4)",
    "f64": "real(8)",
    "c64": "complex(4)",
    "c128": "complex(8)",
    "bool": "logical(1)",
}


def has_module(text: str) -> bool:
    """Return whether a Fortran text has program units of its own (a module, a main program, block
    data) or preprocessor lines, so that it cannot go inside a module.
    """
    units = parse_fortran(text).items
    return any(_is_unit(item) for item in units) or any(
        row.lstrip()[:1] == "#" for row in text.splitlines()
    )


def _is_unit(item: object) -> bool:
    """Whether an item of a text is a program unit that no module can hold."""
    if isinstance(item, Function):
        return "program" in item.qualifiers
    return isinstance(item, Module) or isinstance(item, Unsupported) and item.kind == "block data"


def emit_program(text: str, module: str) -> str:
    """Return `text`, in free form, as the procedures of a new module called `module`."""
    return f"module {module}\ncontains\n{convert_to_free_form(text).rstrip()}\nend module\n"


def find_logical_arrays(request: CompileRequest) -> int:
    """Return the bytes of an element of the LOGICAL arrays that the program of `request` takes: 1,
    also if there are none, or more where the runner must convert (4 for default LOGICAL).
    """
    arrays = {
        p.name for p in request.signature.parameters if p.kind == "array" and p.type == "bool"
    }
    return (
        max(
            (w for name, w in find_logical_widths(request.program).items() if name in arrays),
            default=1,
        )
        if arrays
        else 1
    )


def checks_presence(p: Parameter, text: str) -> bool:
    """Return whether the program `text` tests with `present` whether it got the array `p`."""
    calls = find(parse_fortran(text).items, Call)
    return any(
        c.function == Name("present") and c.arguments == (Name(p.name.lower()),) for c in calls
    )


def _is_assumed(p: Parameter) -> bool:
    return any(part.endswith(":") for part in p.shape)


def _array(p: Parameter, i: int, local: str, wide: int) -> tuple[list[str], list[str]]:
    kind, e = (
        (KINDS[p.type] if wide == 1 or p.type != "bool" else "logical(4)"),
        f"cv_e({4 * i + 1})",
    )
    rank = len(p.shape) if _is_assumed(p) else 1
    declared = [f"{kind}, pointer, contiguous :: {local}({','.join([':'] * rank)})"]
    if rank == 1:
        return declared, [f"call c_f_pointer(cv_a({i + 1}), {local}, [{e}])"]
    columns = f"cv_e({4 * i + 2})"  # row length where the test gives two extents
    inner = f"merge({columns}, 1_8, {columns} > 0)"
    shape = [f"{e}/({inner})", inner] + ["1_8"] * (rank - 2)
    return declared, [f"call c_f_pointer(cv_a({i + 1}), {local}, [{','.join(shape)}])"]


def _is_character(p: Parameter, name: str, text: str) -> bool:
    """Whether the procedure `name` declares its argument CHARACTER."""
    procedure = function_named(parse_fortran(text), name.lower())
    types = [a.type for a in procedure.parameters if a.name == p.name.lower()] if procedure else []
    return any(getattr(element_type(t), "name", "") in ("char", "character") for t in types)


def _scalar(
    p: Parameter, i: int, local: str, name: str, text: str, kinds: dict[str, int]
) -> tuple[list[str], list[str], list[str], str]:
    """Declarations, what goes before and after the call, and the actual argument."""
    declared = [f"{KINDS[p.type]}, pointer :: {local}"]
    if p.type == "i8" and _is_character(p, name, text):
        declared = [f"character(1), pointer :: {local}"]
    before = [f"call c_f_pointer(cv_a({i + 1}), {local})"]
    if p.type != "bool":
        return declared, before, [], local
    kind = kinds.get(p.name, 4)
    return (
        [*declared, f"logical({kind}) :: {local}_l"],
        [*before, f"{local}_l = {local}"],
        [f"{local} = {local}_l"],
        f"{local}_l",
    )


def emit_entry(request: CompileRequest, symbol: str, module: str | None) -> str:
    """Return Fortran text of the bind(C) subroutine `symbol`, which takes a table of argument
    pointers and calls the program of `request`.

    module: the module that holds its procedure; None for an external procedure.
    """
    signature, text = request.signature, request.program.text
    kinds, wide = find_logical_widths(request.program), find_logical_arrays(request)
    declared, before, after, actual = [], [], [], []
    for i, p in enumerate(signature.parameters):
        local = f"cv_p{i}"
        if p.kind == "scalar":
            d, b, f, argument = _scalar(p, i, local, request.program.name, text, kinds)
        else:
            d, b = _array(p, i, local, wide)
            b = (
                [f"nullify({local})", *(f"if (c_associated(cv_a({i + 1}))) {row}" for row in b)]
                if checks_presence(p, text)
                else b
            )
            f, argument = [], local
        declared += d
        before += b
        after += f
        actual.append(argument)
    n, result = len(signature.parameters), signature.result
    call = f"{request.program.name}({', '.join(actual)})"
    if result:
        declared.append(f"{KINDS[result]}, pointer :: cv_r")
        before.append(f"call c_f_pointer(cv_a({n + 1}), cv_r)")
        call = f"cv_r = {call}"
        if module is None:
            declared.append(f"{_result_kind(request)}, external :: {request.program.name}")
    else:
        call = f"call {call}"
    where = f"use {module}, only: {request.program.name}\n" if module else ""
    folded = [_fold(line) for line in (*before, call, *after)]
    return (
        f"subroutine {symbol}(cv_a) bind(c, name='{symbol}')\nuse iso_c_binding, only: "
        f"c_associated, c_ptr, c_f_pointer\n{where}implicit none\n"
        f"type(c_ptr), intent(in) :: cv_a({n + 3})\ninteger(8), pointer :: cv_e(:)\n"
        + "\n".join(declared)
        + f"\ncall c_f_pointer(cv_a({n + 3}), cv_e, [{max(4 * n, 1)}])\n"
        + "\n".join(folded)
        + f"\nend subroutine {symbol}\n"
    )


def _result_kind(request: CompileRequest) -> str:
    return (
        "logical(4)"
        if request.signature.result == "bool"
        else KINDS[request.signature.result or "i32"]
    )


def _fold(line: str) -> str:
    """Continuation lines, so that long argument lists stay below 132 columns."""
    return line if len(line) < 120 else line.replace(", ", ", &\n")


def find_entry_module(request: CompileRequest) -> str | None:
    """Return the name of the module that holds the entry procedure of the program of `request`;
    None for an external procedure. For a submodule it is the module it belongs to.
    """
    name = request.program.name.lower()
    for unit in parse_fortran(request.program.text).items:
        if isinstance(unit, Module):
            if any(isinstance(f, Function) and f.name == name for f in unit.items):
                return unit.parent.partition(":")[0] or unit.name
    return None
