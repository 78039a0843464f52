"""A serial Fortran procedure spelled in C++ by rule, so that a small model is asked to port what it
reads best.

Contract: `convert_to_cpp(program)` is a C++ program of the same name, parameters and meaning, or
None where the text holds something that has no spelling by rule (text input and output, calls of
other procedures, arrays whose extents are not in it, ...). It is a proposal: a port made from it is
judged against the Fortran text itself, as any other. The extents of arrays that bring theirs
(`x(:)`) come behind the parameters; local arrays whose extents the call decides, and allocated
ones, are on the heap. Loops count from nought where their variables are subscripts that count from
one; scalars are declared where they are set; arrays are flat, first dimension fastest.

    python -c "from corpora.records import Program; \\
        from translator.normalize.fortran.convert import convert_to_cpp; \\
print(convert_to_cpp(Program('fortran', 'f', 'subroutine f(n, x)\\ninteger n\\nreal x(n)\\nx = 2 *
x\\nend')).text)"
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from corpora.records import Parameter, Program, Signature
from corpora.signatures.fortran import read_declarations
from corpora.signatures.signature import SignatureError
from corpora.syntax.fortran import convert_to_free_form
from corpora.tokens.lexers import CPP_KEYWORDS, CPP_TYPES
from gpu_runtime.call.materialize import is_assumed_shape
from translator.normalize.c_blocks import declare_scalars
from translator.normalize.c_values import C_TYPES
from translator.normalize.fortran.internal_functions import (
    InternalFunction,
    read_internal_functions,
)
from translator.normalize.fortran.loops import find_assigned_names, find_values_read
from translator.normalize.fortran.names import (
    ProcedureNames,
    find_descendants,
    get_kind,
    get_name,
    get_variable,
)
from translator.normalize.fortran.statements import StatementConverter
from translator.normalize.unsupported import UnsupportedConstruct
from translator.outline.c_function import CppFunction, FunctionArray

_KNOWN = frozenset(
    {
        "Implicit_Part",
        "Type_Declaration_Stmt",
        "Intent_Stmt",
        "Dimension_Stmt",
        "Parameter_Stmt",
        "Use_Stmt",
        "Comment",
    }
)


@lru_cache(maxsize=4096)
def convert_to_cpp(program: Program) -> Program | None:
    """Return a serial Fortran procedure as a C++ Program, or None if rules cannot convert it."""
    try:
        return Program("cpp", program.name, format_cpp(program))
    except (UnsupportedConstruct, SignatureError):
        return None


def format_cpp(program: Program) -> str:
    """Return the C++ text of a serial Fortran procedure. Raises UnsupportedConstruct or
    SignatureError if rules cannot convert it.
    """
    return convert_function(program).text


def convert_function(program: Program) -> CppFunction:
    """Return a serial Fortran procedure as a C++ function in parts that may be changed. Raises
    UnsupportedConstruct or SignatureError if rules cannot convert it.
    """
    declared = read_declarations(program)
    signature, procedure = declared.signature, _procedure(program)
    names = ProcedureNames(declared, functions=_take_internal_functions(procedure))
    names.pointers = frozenset(
        p.name for p in signature.parameters if p.kind == "scalar" and _is_pointer(p, procedure)
    )
    result = declared.procedure.result if signature.result else ""
    names.spelled = _map_reserved_names(procedure, {program.name.lower()} if result else set())
    specified, executed = _parts(procedure)
    words = frozenset(get_name(n) for n in find_descendants(procedure, "Name"))
    names.sizes = _sizes(signature, names, words)
    statements = StatementConverter(
        names, result, _expression, words, _find_changing_names(procedure)
    )
    if specified is not None:
        _read_constants(specified, statements)
    _make_automatic(words, signature, statements, _find_assigned_names(procedure))
    if executed is not None:
        statements.write(executed.content)
    if statements.body.items[-1:] == ["return;"]:
        statements.body.items.pop()
    elif not (statements.body.items and str(statements.body.items[-1]).startswith("return")):
        statements.free()
    if result and not (
        statements.body.items and str(statements.body.items[-1]).startswith("return")
    ):
        statements.body.add(f"return {names.scalar(result).text};")
    sizes = _find_size_parameters(signature, statements)
    head = _head(program.name, signature, names, sizes)
    arguments = {p.name for p in signature.parameters}
    arrays = _arrays(signature, statements, set(sizes))
    for word, array in arrays.items():
        if array.is_local and not array.made:
            statements.body.items.insert(0, f"{array.type} {word}[{array.count}];")
    declare_scalars(statements.body, statements.locals(arguments))
    words = {p.name: names.word(p.name) for p in signature.parameters if p.kind == "scalar"}
    scalars, pointed = (
        {
            words[p.name]: C_TYPES[p.type]
            for p in signature.parameters
            if p.name in words and (p.name in names.pointers) is far
        }
        for far in (False, True)
    )
    return CppFunction(
        program.name,
        head,
        statements.body,
        {**scalars, **dict.fromkeys(sizes, "int")},
        pointed,
        arrays,
    )


def _sizes(
    signature: Signature, names: ProcedureNames, words: frozenset[str]
) -> dict[str, tuple[str, ...]]:
    """What the extents of arrays that come with theirs are called, as `gpu_runtime.call.binding`
    knows them.
    """
    found = {}
    for parameter in (p for p in signature.parameters if is_assumed_shape(p)):
        rank, word = len(parameter.shape), names.word(parameter.name)
        found[parameter.name] = tuple(
            f"{word}_size{k}" if rank > 1 else f"{word}_size" for k in range(1, rank + 1)
        )
        if words & set(found[parameter.name]):
            raise UnsupportedConstruct(f"a variable called '{found[parameter.name][0]}'")
    return found


def _find_size_parameters(signature: Signature, statements: StatementConverter) -> list[str]:
    """Those that the function in C++ takes: of vectors by name where they are used, of arrays of
    more dimensions all, and then of every vector too where there are several of these: they are
    told by their order.
    """
    sizes = statements.names.sizes
    several = sum(len(each) > 1 for each in sizes.values()) > 1
    return [
        size
        for each in sizes.values()
        for size in each
        if several or len(each) > 1 or statements.body.names(size)
    ]


def _make_automatic(
    words: frozenset[str], signature: Signature, statements: StatementConverter, assigned: set[str]
) -> None:
    """Local arrays whose extents the call decides. Raises UnsupportedConstruct where something that
    they depend on changes.
    """
    names, parameters = statements.names, {p.name for p in signature.parameters}
    for name in sorted(words - parameters - statements.tables):
        if (
            not names.is_array(name)
            or names.declared.has_attribute(name, "save", "allocatable", "pointer")
            or _count(name, statements).isdigit()
        ):
            continue
        if any(
            find_values_read(_expression(end)) & assigned
            for each in names.declared.shape(name)
            for end in each.split(":")
            if end
        ):
            raise UnsupportedConstruct(f"the extents of '{name}' change")
        statements.make(name)


def _find_changing_names(procedure: Any) -> frozenset[str]:
    """Names that may be set more than once."""
    once = Counter(
        get_variable(each.items[0]) for each in find_descendants(procedure, "Assignment_Stmt")
    )
    return frozenset(name for name in _find_assigned_names(procedure) if once[name] != 1)


def _head(name: str, signature: Signature, names: ProcedureNames, sizes: Sequence[str]) -> str:
    words = []
    for parameter in signature.parameters:
        word, kind = names.word(parameter.name), C_TYPES.get(parameter.type)
        if kind is None:
            raise UnsupportedConstruct(f"'{parameter.name}' is of type {parameter.type}")
        const = "const " if parameter.kind == "array" and parameter.intent == "in" else ""
        star = "*" if parameter.kind == "array" or parameter.name in names.pointers else ""
        words.append(f"{const}{kind} {star}{word}")
    words += [f"int {size}" for size in sizes]
    if signature.result and signature.result not in C_TYPES:
        raise UnsupportedConstruct(f"a result of type {signature.result}")
    return f"{C_TYPES[signature.result] if signature.result else 'void'} {name}({', '.join(words)})"


def _is_pointer(parameter: Parameter, procedure: Any) -> bool:
    return (
        parameter.by_reference
        and parameter.intent != "in"
        and parameter.name in _find_assigned_names(procedure)
    )


def _find_assigned_names(procedure: Any) -> set[str]:
    """Names that the procedure gives values to."""
    return find_assigned_names([procedure]) | {
        get_name(c.items[1][0]) for c in find_descendants(procedure, "Loop_Control") if c.items[1]
    }


def _map_reserved_names(procedure: Any, taken: set[str]) -> dict[str, str]:
    """Names that C has another use for get a trailing underscore, as in
    `corpora.tokens.canonical`.
    """
    found = {}
    for name in {get_name(n) for n in find_descendants(procedure, "Name")}:
        if name in CPP_KEYWORDS or name in CPP_TYPES or name in taken:
            found[name] = f"{name}_"
    return found


def _procedure(program: Program) -> Any:
    tree = _tree(convert_to_free_form(program.text))
    wanted = program.name.lower()
    for kind in ("Subroutine_Subprogram", "Function_Subprogram"):
        for found in find_descendants(tree, kind):
            if get_name(found.content[0].items[1]) == wanted:
                return found
    raise UnsupportedConstruct(f"no procedure '{program.name}' was read")


def _take_internal_functions(procedure: Any) -> dict[str, InternalFunction]:
    """The functions inside of it, which are taken out."""
    parts = [part for part in procedure.content if get_kind(part) == "Internal_Subprogram_Part"]
    for part in parts:
        procedure.content.remove(part)
    return {
        name: function for part in parts for name, function in read_internal_functions(part).items()
    }


def _parts(procedure: Any) -> tuple[Any, Any]:
    parts = {get_kind(part): part for part in procedure.content}
    odd = set(parts) - {
        "Subroutine_Stmt",
        "Function_Stmt",
        "Specification_Part",
        "Execution_Part",
        "End_Subroutine_Stmt",
        "End_Function_Stmt",
        "Comment",
    }
    if odd:
        raise UnsupportedConstruct(f"a procedure with {', '.join(sorted(odd))}")
    return parts.get("Specification_Part"), parts.get("Execution_Part")


def _read_constants(specified: Any, statements: StatementConverter) -> None:
    """Named constants, as C constants before everything else; whole ones where they stand."""
    for statement in specified.content:
        if get_kind(statement) not in _KNOWN:
            raise UnsupportedConstruct(f"a declaration of kind {get_kind(statement)}")
        for definition in find_descendants(statement, "Named_Constant_Def"):
            statements.constant(get_name(definition.items[0]), definition.items[1])
        if get_kind(statement) != "Type_Declaration_Stmt":
            continue
        is_parameter = "PARAMETER" in str(statement.items[1]).upper()
        for entity in statement.items[2].items:
            if entity.items[3] is None:
                continue
            if not is_parameter:
                raise UnsupportedConstruct("a variable with a value from the start")
            name, value = get_name(entity.items[0]), entity.items[3].items[1]
            (statements.table if statements.names.is_array(name) else statements.constant)(
                name, value
            )


def _arrays(
    signature: Signature, statements: StatementConverter, sizes: set[str]
) -> dict[str, FunctionArray]:
    """Arrays by their C names; of one whose extents come with it and are not taken (sizes) the
    length is not known. Raises UnsupportedConstruct for a local one whose extents are no constants,
    or that outlives the call.
    """
    found, names = {}, statements.names
    for parameter in signature.parameters:
        if parameter.kind == "array":
            word = names.word(parameter.name)
            count = (
                _count(parameter.name, statements)
                if set(names.sizes.get(parameter.name, ())) <= sizes
                else ""
            )
            found[word] = FunctionArray(
                C_TYPES[parameter.type],
                count,
                is_const=parameter.intent == "in",
                may_be_null=parameter.name in statements.values.asked,
            )
    for name in sorted(statements.used - {p.name for p in signature.parameters}):
        if not names.is_array(name):
            continue
        count = _count(name, statements)
        if name in statements.tables:
            found[names.word(name)] = FunctionArray(C_TYPES[names.type(name)], count, is_const=True)
            continue
        if names.word(name) in statements.heap:
            found[names.word(name)] = statements.heap[names.word(name)]
            continue
        if not count.isdigit():
            raise UnsupportedConstruct(f"the local array '{name}' has no constant size")
        if names.declared.has_attribute(name, "save", "allocatable", "pointer"):
            raise UnsupportedConstruct(f"'{name}' outlives the call or is allocated")
        found[names.word(name)] = FunctionArray(C_TYPES[names.type(name)], count, is_local=True)
    return found


def _count(name: str, statements: StatementConverter) -> str:
    unknown = any(bound.last is None for bound in statements.values.bounds(name))
    return "" if unknown else statements.values.length(name).text


def _tree(text: str) -> Any:
    from fparser.common.readfortran import FortranStringReader
    from fparser.two.utils import FparserException

    try:
        return _parser()(FortranStringReader(text, ignore_comments=True))
    except (
        FparserException,
        AttributeError,
        IndexError,
        SystemExit,
    ) as error:  # it ends the process over some texts
        raise UnsupportedConstruct(
            f"fparser: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
        ) from error


@lru_cache(maxsize=1)
def _parser() -> Any:
    from fparser.two.parser import ParserFactory

    logging.getLogger("fparser").setLevel(
        logging.CRITICAL
    )  # a text that it cannot read is no news to the user
    return ParserFactory().create(std="f2008")


@lru_cache(maxsize=4096)
def _expression(text: str) -> Any:
    """The tree of an expression by itself."""
    tree = _tree(f"subroutine s\nx = {text}\nend subroutine\n")
    return find_descendants(tree, "Assignment_Stmt")[0].items[2]
