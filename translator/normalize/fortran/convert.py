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

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from corpora.frontends.fortran import parse_fortran
from corpora.frontends.fortran_expressions import FortranError, read_expression
from corpora.frontends.fortran_scope import Scope
from corpora.frontends.queries import function_named
from corpora.ir import (
    Declaration,
    Expression,
    Function,
    Include,
    Interface,
    Specification,
    Statement,
    StructDefinition,
    TypeAlias,
)
from corpora.records import Program, Signature
from corpora.signatures.fortran import read_declarations
from corpora.signatures.signature import SignatureError
from corpora.tokens.lexers import CPP_KEYWORDS, CPP_TYPES
from gpu_runtime.call.materialize import is_assumed_shape
from translator.normalize.c_tree import declare_scalars, names_of, read_statements
from translator.normalize.c_values import C_TYPES
from translator.normalize.fortran.internal_functions import read_internal_functions
from translator.normalize.fortran.loops import (
    find_assigned_names,
    find_assignments,
    find_values_read,
)
from translator.normalize.fortran.names import ProcedureNames, find_names, get_variable
from translator.normalize.fortran.statements import StatementConverter
from translator.normalize.unsupported import UnsupportedConstruct
from translator.outline.c_function import CppFunction, FunctionArray

_SPECIFICATIONS = (
    Declaration, Specification, Interface, StructDefinition, Include, TypeAlias,
)  # fmt: skip


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
    names = ProcedureNames(declared, functions=read_internal_functions(procedure.contains))
    specified, executed = _parts(procedure)
    assigned = find_assigned_names(executed)
    names.pointers = frozenset(
        p.name
        for p in signature.parameters
        if p.kind == "scalar" and p.by_reference and p.intent != "in" and p.name in assigned
    )
    result = declared.procedure.result if signature.result else ""
    words = _find_words(procedure)
    names.spelled = _map_reserved_names(words, {program.name.lower()} if result else set())
    names.sizes = _sizes(signature, names, words)
    scope = _scope(procedure)
    statements = StatementConverter(
        names,
        result,
        lambda text: _expression(text, scope),
        words,
        _find_changing_names(executed),
        executed,
    )
    _read_constants(specified, statements)
    _make_automatic(words, signature, statements, assigned)
    statements.write(executed)
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
    body = declare_scalars(read_statements(statements.body.text), statements.locals(arguments))
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
        body,
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
    named = names_of(read_statements(statements.body.text))
    return [
        size
        for each in sizes.values()
        for size in each
        if several or len(each) > 1 or size in named
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
            find_values_read(statements.values.parsed(end)) & assigned
            for each in names.declared.shape(name)
            for end in each.split(":")
            if end
        ):
            raise UnsupportedConstruct(f"the extents of '{name}' change")
        statements.make(name)


def _find_changing_names(executed: Sequence[Statement]) -> frozenset[str]:
    """Names that may be set more than once."""
    once = Counter(get_variable(each.target) for each in find_assignments(tuple(executed)))
    assigned = find_assigned_names(tuple(executed))
    return frozenset(name for name in assigned if once[name] != 1)


def _find_words(procedure: Function) -> frozenset[str]:
    """Names of variables that the procedure takes, declares or uses, and its own."""
    declared = {d.name for d in procedure.body or () if isinstance(d, Declaration)}
    taken = {p.name for p in procedure.parameters} | {procedure.name}
    return frozenset(find_names(procedure.body or ()) | declared | taken)


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


def _map_reserved_names(words: frozenset[str], taken: set[str]) -> dict[str, str]:
    """Names that C has another use for get a trailing underscore, as in
    `corpora.tokens.canonical`.
    """
    reserved = (n for n in words if n in CPP_KEYWORDS or n in CPP_TYPES or n in taken)
    return {name: f"{name}_" for name in reserved}


def _procedure(program: Program) -> Function:
    found = function_named(parse_fortran(program.text), program.name.lower())
    if found is None:
        raise UnsupportedConstruct(f"no procedure '{program.name}' was read")
    return found


def _scope(procedure: Function) -> Scope:
    """What the procedure declares, for texts of bounds."""
    scope = Scope()
    scope.types |= {d.name: d.type for d in procedure.body or () if isinstance(d, Declaration)}
    scope.types |= {p.name: p.type for p in procedure.parameters}
    return scope


def _parts(procedure: Function) -> tuple[list[Statement], tuple[Statement, ...]]:
    """What it declares, and what it executes."""
    body = procedure.body or ()
    executed = tuple(s for s in body if not isinstance(s, _SPECIFICATIONS))
    return [s for s in body if isinstance(s, _SPECIFICATIONS)], executed


def _read_constants(specified: Sequence[Statement], statements: StatementConverter) -> None:
    """Named constants, as C constants before everything else; whole ones where they stand."""
    for statement in specified:
        if isinstance(statement, Specification) and statement.keyword in ("implicit", "format"):
            continue  # what writes by a format is refused itself
        if not isinstance(statement, Declaration):
            kind = getattr(statement, "keyword", type(statement).__name__)
            raise UnsupportedConstruct(f"a declaration of kind {kind}")
        if statement.value is None:
            continue
        if "parameter" not in statement.storage:
            raise UnsupportedConstruct("a variable with a value from the start")
        is_array = statements.names.is_array(statement.name)
        read = statements.table if is_array else statements.constant
        read(statement.name, statement.value)


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


def _expression(text: str, scope: Scope) -> Expression:
    """The tree of a bound's text. Raises UnsupportedConstruct."""
    try:
        return read_expression(text, scope)
    except FortranError as error:
        raise UnsupportedConstruct(f"the bound {text} ({error.kind})") from error
