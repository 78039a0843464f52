"""A serial C++ function read as statements and loop nests, for rules that cut it and put it
together again.

Contract: `parse_function(program)` has the meaning of the program's one function;
UnsupportedConstruct where the text, once its macros, constants and small helpers are written out
(translator.normalize.expand_macros), holds anything that is not plain loops, ifs and assignments to
scalars and array elements (pointers that move, whole structures, calls but of the mathematical
library ...). Of structures and vectors there are the numbers (translator.outline.members). Scalars
that are declared without a value are declared where they are set, and variables that only count
loops in the loops' heads.

    python -c "from corpora.records import Program; \\
        from translator.outline.parse_cpp import parse_function; \\
print(parse_function(Program('cpp', 'f', 'void f(int n, float *x) { int i; for (i = 0; i < n; i++)
x[i] *= 2; }')).text)"
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from typing import Any

from corpora.emit.c_family import emit_c_family
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.queries import declarations_in, functions_of
from corpora.ir import (
    Access,
    ArrayType,
    Assign,
    AssignExpression,
    Binary,
    Comma,
    Compound,
    Declaration,
    Expression,
    ExpressionStatement,
    For,
    Function,
    If,
    Include,
    Increment,
    Jump,
    Literal,
    Macro,
    Name,
    PointerType,
    RangeFor,
    ReferenceType,
    Return,
    Statement,
    StructDefinition,
    TranslationUnit,
    TypeAlias,
    Unary,
    Using,
    While,
    walk,
)
from corpora.records import Program, Signature
from corpora.signatures.null_checks import asked_operands
from corpora.signatures.signature import SignatureError, read_signature
from gpu_runtime.call.materialize import is_assumed_shape
from translator.normalize.c_tree import (
    blocks_of,
    changes_variable,
    declare_in_loop_heads,
    declare_scalars,
    format_type,
    head_of,
    is_loop_counter,
    leaves_loop,
    names_of,
    read_type,
    require_known,
)
from translator.normalize.c_values import C_TYPES
from translator.normalize.expand_macros import expand_program
from translator.normalize.unsupported import UnsupportedConstruct
from translator.outline.c_function import CppFunction, FunctionArray
from translator.outline.cpp_declarations import DeclarationConverter
from translator.outline.cpp_values import ZERO, CppValues
from translator.outline.members import StructureParameter
from translator.outline.pointer_swaps import find_exchange

_DEFINES = (StructDefinition, TypeAlias)
_BESIDE = (Function, Include, Using, Macro, *_DEFINES)
"""What may stand in a file. Macros are expanded in the tree."""


@lru_cache(maxsize=4096)
def normalize(program: Program) -> Program | None:
    """Return a serial C++ program with macros and helpers expanded and in one layout, or None if
    rules cannot read it, or it takes structures or changes scalars of its caller.
    """
    try:
        found = parse_function(program)
        return (
            None if found.structures or found.changed else Program("cpp", program.name, found.text)
        )
    except (UnsupportedConstruct, SignatureError):
        return None


def parse_function(program: Program) -> CppFunction:
    """Parse a serial C++ function into statements and loop nests; each call returns a new object.
    Raises UnsupportedConstruct or SignatureError if rules cannot read it.
    """
    program = expand_program(program)
    signature = read_signature(program)
    unit = parse_c_family(program.text, "cpp")
    require_known((unit.items, unit.errors))
    odd = sorted({type(item).__name__ for item in unit.items if not isinstance(item, _BESIDE)})
    functions = functions_of(unit, prototypes=True)
    if odd or len(functions) != 1 or functions[0].body is None or functions[0].template:
        raise UnsupportedConstruct(f"a text with {', '.join(odd) or 'several functions'}")
    return _Reader(signature, functions[0], unit).read()


class _Reader:
    def __init__(self, signature: Signature, function: Function, unit: TranslationUnit) -> None:
        self._signature, self._function, self._unit = signature, function, unit
        self._types = _types(signature, function)
        self._arrays = _arrays(signature, self._types)
        self._structures = _structures(signature)
        body = function.body or ()
        _refuse_shadowing(body, frozenset(p.name for p in function.parameters))
        self._values = CppValues(self._arrays, self._structures, body)
        self._places: set[str] = set()
        """Variables of loops over elements."""
        self._names = frozenset(names_of(body)) | {p.name for p in function.parameters}
        self._declared_times = Counter(each.name for each in declarations_in(function))
        self._declared = DeclarationConverter(
            self._values, self._arrays, self._structures, self._names
        )

    def read(self) -> CppFunction:
        body = self._block(self._function.body or ())
        self._note_null_checks()
        if body[-1:] == (Return(),):
            body = body[:-1]
        by_value = {
            p.name: self._types[p.name] for p in self._signature.parameters if p.kind == "scalar"
        }
        by_value |= {
            size: "long"
            for each in self._structures
            if each.passing == "vector"
            for size in each.numbers
        }
        counters = [name for name in self._declared.locals if is_loop_counter(body, name)]
        changed = self._changed_scalars(body)
        for name in counters:
            body = declare_in_loop_heads(body, name, self._declared.locals.pop(name))
        body = declare_scalars(body, self._declared.locals)
        head = emit_c_family(replace(self._function, body=None)).strip().removesuffix(";")
        needed = self._structures or any(array.is_vector for array in self._arrays.values())
        kept = (*_DEFINES, Include, Using)
        before = [emit_c_family(item) for item in self._unit.items if isinstance(item, kept)]
        return CppFunction(
            self._signature.name,
            head,
            body,
            by_value,
            {},
            self._arrays,
            self._structures,
            "".join(before) if needed else "",
            changed,
        )

    def _note_null_checks(self) -> None:
        asked = {
            operand.id
            for node in walk(self._function.body or ())
            for operand in asked_operands(node)
            if isinstance(operand, Name)
        }
        for name in asked & self._arrays.keys():
            array = self._arrays[name]
            self._arrays[name] = replace(array, may_be_null=not array.is_local)

    def _changed_scalars(self, body: tuple[Statement, ...]) -> tuple[str, ...]:
        """Scalars that the function takes by reference and sets."""
        by_reference = [
            p for p in self._signature.parameters if p.kind == "scalar" and p.by_reference
        ]
        changed = tuple(p.name for p in by_reference if changes_variable(body, p.name))
        if own := next((p.name for p in by_reference if p.member and p.name in changed), ""):
            raise UnsupportedConstruct(f"'{own}' is changed for the caller")
        return changed

    # ---- statements ----

    def _block(self, body: Sequence[Statement]) -> tuple[Statement, ...]:
        """The statements of a block. Where pointers to arrays are handed round, several are
        one.
        """
        out: list[Statement] = []
        rest = list(body)
        while rest:
            movable = [n for n, array in self._arrays.items() if array.made or not array.is_local]
            moves, taken = find_exchange(rest, movable)
            if moves:
                out.append(self._declared.exchange(moves))
            else:
                self._statement(rest[0], rest[1:], out)
            rest = rest[taken or 1 :]
        return tuple(out)

    def _statement(self, node: Any, after: Sequence[Statement], out: list[Statement]) -> None:
        if getattr(node, "pragmas", ()):
            raise UnsupportedConstruct("a directive")
        match node:
            case Declaration():
                self._declared.read(node, after, out)
            case Assign() | ExpressionStatement():
                for part in _parts(node):
                    if not self._declared.write(part, after, out):
                        out.append(self._effect(part))
            case For():
                self._for(node, out)
            case RangeFor():
                out.append(self._over_elements(node))
            case While(after=True):
                out.append(self._do(node))
            case While():
                test = self._values.test(node.test)
                out.append(While(test, self._block(node.body)))
            case If():
                out.append(self._if(node))
            case Return():
                value = None if node.value is None else self._values.read(node.value)
                out.append(Return(value))
            case Jump():
                out.append(Jump(node.kind))
            case Macro():
                pass  # its uses are expanded
            case Compound():
                self._compound(node, out)
            case _:
                kind = getattr(node, "kind", type(node).__name__)
                raise UnsupportedConstruct(f"a statement of kind {kind.lower()}")

    def _compound(self, node: Compound, out: list[Statement]) -> None:
        """Its statements among those around it, unless two variables of one name would meet."""
        own = [each.name for each in node.body if isinstance(each, Declaration)]
        inside = self._block(node.body)
        clash = any(self._declared_times[name] > 1 for name in own)
        out += (Compound(inside),) if clash else inside

    def _do(self, node: While) -> While:
        """A loop whose test comes last. Raises UnsupportedConstruct where something goes on with
        that test.
        """
        inside = self._block(node.body)
        if leaves_loop(inside, ("continue",)):
            raise UnsupportedConstruct("a do loop with a continue")
        leaving = If(Unary("!", self._values.test(node.test)), (Jump("break"),))
        return While(Literal("1", "i32"), (*inside, leaving))

    def _if(self, node: If) -> If:
        if (checked := self._declared.memory.read_allocation_check(node)) is not None:
            return checked
        test = self._values.test(node.test)
        return If(test, self._block(node.then), self._block(node.otherwise))

    def _for(self, node: For, out: list[Statement]) -> None:
        start: list[Statement] = []
        if any(isinstance(each, Declaration) for each in node.start):
            for each in node.start:
                self._statement(each, (), start)
            if len(start) != 1 or not isinstance(start[0], Declaration):
                raise UnsupportedConstruct(
                    "a loop that declares several variables, or one without a value"
                )
        else:
            start = self._counting(node.start)
        test = None if node.test is None else self._values.test(node.test)
        step = self._counting(node.step)
        out.append(For(tuple(start), test, tuple(step), self._block(node.body)))

    def _over_elements(self, node: RangeFor) -> Statement:
        """A loop over a vector, by its places."""
        name = node.range.id if isinstance(node.range, Name) else ""
        found = self._arrays.get(name)
        if found is None or (found.is_local and not found.is_vector) or not found.count:
            raise UnsupportedConstruct("a loop over something else than a vector")
        place = f"at_{name}"
        if place in self._names:
            raise UnsupportedConstruct(f"a variable called '{place}'")
        variable, counter = node.variable, Name(place)
        first: tuple[Statement, ...] = ()
        refers = isinstance(variable.type, ReferenceType)
        own = variable.type.to if isinstance(variable.type, ReferenceType) else variable.type
        type = read_type(found.type if getattr(own, "name", "") == "auto" else format_type(own))
        if refers and type != read_type(found.type):
            raise UnsupportedConstruct(f"'{variable.name}', a copy of an element in another type")
        if refers:
            self._values.take_element(variable.name, (name, counter))
        else:
            element = Access(Name(name), (counter,))
            first = (Declaration(variable.name, type, element),)
        return For(
            (Declaration(place, read_type("long"), ZERO),),
            Binary("<", counter, found.extent),
            (Assign(counter, "++", None),),
            (*first, *self._block(node.body)),
        )

    def _counting(self, statements: Sequence[Statement]) -> list[Statement]:
        """What a loop's head does to scalars."""
        parts = [part for each in statements for part in _parts(each)]
        if not all(isinstance(p, Assign) and isinstance(p.target, Name) for p in parts):
            raise UnsupportedConstruct("a loop's head that does more than count")
        return [self._effect(part) for part in parts]

    def _effect(self, node: Statement) -> Statement:
        """An assignment or a step; its target may be an element whose index steps on."""
        if not isinstance(node, Assign):
            raise UnsupportedConstruct("a statement that is a plain value")
        value = None if node.value is None else self._values.read(node.value)
        return Assign(self._values.read(node.target), node.op, value)


def _refuse_shadowing(body: Sequence[Statement], seen: frozenset[str]) -> None:
    """Raises UnsupportedConstruct where a declaration hides a variable of the same name."""
    known = set(seen)
    for statement in body:
        own = {each.name for each in head_of(statement) if isinstance(each, Declaration)}
        if hidden := own & known:
            raise UnsupportedConstruct(f"two variables called '{min(hidden)}'")
        inside = frozenset(known | own)
        for block in blocks_of(statement):
            _refuse_shadowing(block, inside)
        if isinstance(statement, Declaration):
            known |= own


def _parts(statement: Any) -> Iterator[Statement]:
    """A statement's parts between commas, as statements."""
    if not isinstance(statement, ExpressionStatement):
        yield statement
        return
    node: Expression = statement.expression
    for each in node.items if isinstance(node, Comma) else (node,):
        match each:
            case AssignExpression():
                yield Assign(each.target, each.op, each.value)
            case Increment():
                yield Assign(each.target, each.op, None)
            case Comma():
                yield from _parts(ExpressionStatement(each))
            case _:
                yield ExpressionStatement(each)


def _arrays(signature: Signature, types: dict[str, str]) -> dict[str, FunctionArray]:
    """Arrays among the parameters. Raises UnsupportedConstruct for those of several dimensions, and
    those within one structure.
    """
    found = {}
    for parameter in signature.parameters:
        in_structure = parameter.member and (parameter.inner_extents or parameter.shape)
        if (
            parameter.kind == "rows"
            or in_structure
            or (parameter.shape and not is_assumed_shape(parameter))
        ):
            raise UnsupportedConstruct(
                f"'{parameter.name}' is a table of rows, or an array in a structure"
            )
        if parameter.kind == "array":
            found[parameter.name] = FunctionArray(
                types[parameter.name],
                f"{parameter.name}_size" * is_assumed_shape(parameter),
                is_const=parameter.intent == "in",
                inner=parameter.inner_extents,
            )
    return found


def _types(signature: Signature, function: Function) -> dict[str, str]:
    """Of every parameter the type that it has by value, or of its elements."""
    written = iter(function.parameters)
    found: dict[str, str] = {}
    for _, group in groupby(
        signature.parameters, key=lambda p: p.member.owner if p.member else p.name
    ):
        of: Any = next(written).type
        while isinstance(of, (PointerType, ReferenceType, ArrayType)):
            of = of.of if isinstance(of, ArrayType) else of.to
        for p in group:
            by_type = p.member or is_assumed_shape(p) or p.inner_extents
            if by_type and p.type not in C_TYPES:
                raise UnsupportedConstruct(f"'{p.name}' is a complex number")
            found[p.name] = C_TYPES[p.type] if by_type else format_type(of)
    return found


def _structures(signature: Signature) -> tuple[StructureParameter, ...]:
    found: dict[str, StructureParameter] = {}
    for p in signature.parameters:
        if p.member:
            each = found.setdefault(
                p.member.owner, StructureParameter(p.member.owner, p.member.passing, {})
            )
            each.numbers[p.name] = p.member.path
        elif is_assumed_shape(p):
            found[p.name] = StructureParameter(p.name, "vector", {f"{p.name}_size": "size()"})
        elif p.inner_extents:
            found[p.name] = StructureParameter(
                p.name, "rows", {p.name: ",".join([C_TYPES[p.type], *map(str, p.inner_extents)])}
            )
    return tuple(found.values())
