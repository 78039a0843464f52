"""What nvcc or a device refuses in a CUDA text that g++ takes in the emulation.

Contract: `find_cuda_fault(program)` gives None, or an outcome with one line. COMPILE_ERROR is what
nvcc 13 refuses without options: calls from one side to the other, parts of the standard library in
device code, arrays of variable length, too much memory. MEMORY_ERROR is what nvcc takes with a
warning at most and a device punishes: host code that names a variable of the device, a kernel
that is given host memory by reference. It walks the tree of the text and runs nothing.

What older compilers took and real code still uses stays allowed: shuffles without a mask. So do
names whose header is missing, because candidates are single functions.

    python -c "from corpora.records import Program; \
        from gpu_runtime.wall.cuda import find_cuda_fault; \
        print(find_cuda_fault(Program('cuda', 'k', \
            'float g() { return 1; } __global__ void k(float *a) { a[0] = g(); }')))"
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from corpora.analysis.cuda_sides import (
    CALLS_SYMBOLS,
    Called,
    Side,
    Sides,
    is_whole,
    list_evaluated,
    plain_name,
    read_sides,
    template_values,
)
from corpora.ir import (
    Access,
    ArrayType,
    Assign,
    AssignExpression,
    Call,
    Cast,
    Declaration,
    Expression,
    Function,
    Increment,
    KernelLaunch,
    Member,
    Name,
    NamedType,
    ReferenceType,
    ScalarType,
    Unary,
    Unsupported,
    Using,
    find,
    walk,
)
from corpora.records import Outcome, Program
from gpu_runtime.wall.names import (
    DEVICE_ONLY_CALLS,
    HOST_ONLY_CALLS,
    HOST_ONLY_STANDARD,
    OVERLOADED_FOR_FLOATS,
    STANDARD_IN_DEVICE_CODE,
    STANDARD_TYPES_OF_THE_HOST,
)

SHARED_BYTES = 48 * 1024
"""Static shared memory of a block, and dynamic without opt-in."""
CONSTANT_BYTES = 64 * 1024
_ON_DEVICE = frozenset({"__device__", "__constant__", "__managed__", "__shared__"})
_OWN_MEMORY = frozenset({"__device__", "__constant__"})
_BUILT_IN = frozenset({"threadIdx", "blockIdx", "blockDim", "gridDim"})
_BESIDE_CUDA = frozenset({"min", "max", "abs"})
_EXCEPTIONS = frozenset({"throw_statement", "try_statement"})


@lru_cache(maxsize=1024)
def find_cuda_fault(program: Program) -> tuple[Outcome, str] | None:
    """Return (outcome of the verdict, reason in one line) for the first thing in a program that
    nvcc or a device would refuse; None if there is none, and for programs of other dialects than
    CUDA.
    """
    if program.dialect != "cuda":
        return None
    check = _Check(read_sides(program.text), program)
    if reason := next(check.compile_faults(), None):
        return Outcome.COMPILE_ERROR, reason
    if reason := next(check.memory_faults(), None):
        return Outcome.MEMORY_ERROR, reason
    return None


class _Check:
    """One reading of a program's text."""

    def __init__(self, sides: Sides, program: Program) -> None:
        self.sides, self.program = sides, program
        self.on_device = self._device_functions()

    def _device_functions(self) -> list[Function]:
        """Functions that are compiled for the device and run there: of those for both sides only
        what others of them call."""
        sides = self.sides
        found = [f for f in sides.defined if sides.side_of(f) is Side.DEVICE]
        for function in tuple(found):
            for one in sides.reached_by(function):
                if Side.DEVICE in sides.side_of(one) and not any(one is f for f in found):
                    found.append(one)
        return found

    # -------------------------------------------------------------------------------- compiling

    def compile_faults(self) -> Iterator[str]:
        """Yield what nvcc refuses."""
        for function in self.sides.defined:
            if self.sides.is_kernel(function):
                yield from self.kernel_faults(function)
        for function in self.on_device:
            yield from self.device_faults(function)
        for function in self.sides.defined:
            if self.sides.side_of(function) is Side.HOST:
                yield from self.host_faults(function)
        yield from self.memory_limits()

    def kernel_faults(self, kernel: Function) -> Iterator[str]:
        if not (isinstance(kernel.result, ScalarType) and kernel.result.name == "void"):
            yield f"the kernel '{kernel.name}' returns a value"
        if self.sides.is_method(kernel):
            yield f"the kernel '{kernel.name}' is a member of a class"
        if any(p.name == "..." for p in kernel.parameters):
            yield f"the kernel '{kernel.name}' has a variable number of parameters"

    def device_faults(self, function: Function) -> Iterator[str]:
        """Yield what device code may not do."""
        sides = self.sides
        where = f"{'the kernel' if sides.is_kernel(function) else 'device code'} '{function.name}'"
        scope = sides.scope_of(function)
        using = (n.name for n in sides.uses(function) if isinstance(n, Using))
        own_std = {name for name in using if name.startswith("std::")}
        for called in sides.calls(function):
            known = [sides.side_of(f) for f in called.functions]
            if f"std::{called.name}" in own_std:  # hides what has this name outside
                if name := self.host_library_name(f"std::{called.name}"):
                    yield f"{where} calls '{name}', which is a host function{_line(called.node)}"
            elif known and not any(Side.DEVICE in side for side in known):
                if called.name in _BESIDE_CUDA and all(f.template for f in called.functions):
                    continue  # CUDA's own functions of this name are preferred
                name = called.functions[0].name
                yield f"{where} calls the host function '{name}'{_line(called.node)}"
            elif not known and (name := self.host_library_name(called.name)):
                yield f"{where} calls '{name}', which is a host function{_line(called.node)}"
            elif not known and (given := self.whole_argument(called, scope)):
                yield (
                    f"{where} calls '{called.name}' of {given}, for which <cmath> has a host "
                    f"function only{_line(called.node)}"
                )
        yield from self.given_operators(function, where)
        callees = {id(n.function) for n in sides.uses(function) if isinstance(n, Call)}
        for node in sides.uses(function):
            if isinstance(node, KernelLaunch):
                yield f"{where} launches a kernel{_line(node)}"
            elif isinstance(node, Unsupported) and node.kind in _EXCEPTIONS:
                yield f"{where} throws or catches an exception{_line(node)}"
            elif isinstance(node, Declaration):
                yield from self.declared_in_device_code(node, function, where)
            elif isinstance(node, (NamedType, ScalarType)) and self.is_host_type(_spelled(node)):
                yield f"{where} uses '{_spelled(node)}', which is for the host"
            elif isinstance(node, Name) and node.id not in scope and id(node) not in callees:
                yield from self.named_in_device_code(node, where)
            elif isinstance(node, (Assign, AssignExpression, Increment)):
                root = _root(node.target)
                variable = self.variable(root, scope)
                if variable is not None and "__constant__" in variable.storage:
                    yield f"{where} writes the __constant__ variable '{variable.name}'"
            elif isinstance(node, Unary) and node.op == "&":
                variable = self.variable(node.operand, scope)
                if variable is not None and not _ON_DEVICE & set(variable.storage):
                    yield f"{where} takes the address of the host variable '{variable.name}'"

    def given_operators(self, function: Function, where: str) -> Iterator[str]:
        """Yield host methods of the objects that a launch gives for a template's parameters."""
        sides = self.sides
        given = dict(sides.given_classes(function)) if sides.is_kernel(function) else {}
        for node in sides.uses(function) if given else ():
            if not isinstance(node, Call):
                continue
            method, of = "operator()", node.function
            if isinstance(of, Member):
                method, of = of.field, of.base
            if isinstance(of, Name) and of.id in given:
                found = sides.methods_of(given[of.id], method)
                if found and all(sides.side_of(f) is Side.HOST for f in found):
                    yield f"{where} calls the host function '{method}'{_line(node)}"

    def declared_in_device_code(
        self, node: Declaration, function: Function, where: str
    ) -> Iterator[str]:
        if "thread_local" in node.storage:
            yield f"{where} has the thread_local variable '{node.name}'{_line(node)}"
        if "__shared__" in node.storage and (node.value or node.arguments) is not None:
            yield f"{where} gives the __shared__ variable '{node.name}' an initial value"
        kind = node.type
        if not isinstance(kind, ArrayType) or "extern" in node.storage:
            return
        own = {d.name: d for d in walk(function.body or ()) if isinstance(d, Declaration)}
        parameters = {p.name for p in function.parameters}
        for extent in kind.extents:
            if varies := self.varying_name(extent.size, own, parameters, function):
                yield (
                    f"{where} has the array '{node.name}' of variable length "
                    f"('{varies}'){_line(node)}"
                )

    def varying_name(
        self,
        size: Expression | None,
        own: dict[str, Declaration],
        parameters: set[str],
        function: Function,
    ) -> str:
        """What in the length of an array is known at run time only; '' where nothing is seen."""
        for name in list_evaluated(size) if size is not None else ():
            if not isinstance(name, Name) or name.id in function.template:
                continue
            if name.id in parameters or name.id in _BUILT_IN:
                return name.id
            declared = own.get(name.id)
            if declared is None:
                continue
            plain = isinstance(declared.type, ScalarType)
            constant = "constexpr" in declared.storage or plain and declared.type.const
            if plain and not constant:
                return name.id
            rest = {k: d for k, d in own.items() if k != name.id}
            if constant and self.varying_name(declared.value, rest, parameters, function):
                return name.id
        return ""

    def named_in_device_code(self, node: Name, where: str) -> Iterator[str]:
        """Yield why a name that stands for a value is refused."""
        variable = self.variable(node, {})
        if variable is not None:
            if not _ON_DEVICE & set(variable.storage) and not _is_plain_constant(variable):
                yield f"{where} uses the host variable '{variable.name}'{_line(node)}"
            return
        functions = self.sides.free_functions(node.id)
        if functions and all(self.sides.side_of(f) is Side.HOST for f in functions):
            yield f"{where} names the host function '{node.id}'{_line(node)}"
        elif node.id.startswith("std::c") and node.id in ("std::cout", "std::cerr", "std::cin"):
            yield f"{where} uses '{node.id}', which is for the host{_line(node)}"

    def variable(self, node: Any, scope: dict) -> Declaration | None:
        """The variable at file scope that an expression names."""
        if not isinstance(node, Name) or node.id in scope:
            return None
        return self.sides.variables.get(plain_name(node.id))

    def host_library_name(self, written: str) -> str:
        """`written` where it is a function of a library that device code cannot call; '' else."""
        name = written.removeprefix("::")
        if name.startswith("std::"):
            return "" if name.removeprefix("std::") in STANDARD_IN_DEVICE_CODE else written
        if name in HOST_ONLY_CALLS:
            return written
        opened = {"std", f"std::{name}"} & self.sides.opened
        return written if opened and name in HOST_ONLY_STANDARD else ""

    def whole_argument(self, called: Called, scope: dict) -> str:
        """What is an integer among the arguments of a function that <cmath> overloads; '' where
        nothing is known to be. CUDA overloads it for `float` and `double`."""
        name = called.name.removeprefix("::").removeprefix("std::")
        if name not in OVERLOADED_FOR_FLOATS or not isinstance(called.node, Call):
            return ""
        counted = called.node.arguments[: 1 if name in ("ldexp", "scalbn", "scalbln") else None]
        types = [self.sides.type_of(a, scope) for a in counted]
        return "an integer" if any(is_whole(t) for t in types) else ""

    def is_host_type(self, written: str) -> bool:
        plain = plain_name(written)
        if plain in self.sides.structures or plain not in STANDARD_TYPES_OF_THE_HOST:
            return False
        if written.startswith(("std::", "::std::")):
            return True
        return bool({"std", f"std::{plain}"} & self.sides.opened)

    def host_faults(self, function: Function) -> Iterator[str]:
        """Yield what host code may not do."""
        sides = self.sides
        for called in sides.calls(function):
            for one in called.functions:
                if sides.is_kernel(one):
                    yield f"the kernel '{one.name}' is called without a launch{_line(called.node)}"
            known = [sides.side_of(f) for f in called.functions]
            if known and not any(Side.HOST in side for side in known):
                name = called.functions[0].name
                yield (
                    f"the host function '{function.name}' calls the device function "
                    f"'{name}'{_line(called.node)}"
                )
            elif not known and called.name in DEVICE_ONLY_CALLS:
                yield (
                    f"the host function '{function.name}' calls '{called.name}', which is for "
                    f"device code{_line(called.node)}"
                )
        for node in sides.uses(function):
            if isinstance(node, Declaration) and "__shared__" in node.storage:
                yield (
                    f"the host function '{function.name}' has the __shared__ variable '{node.name}'"
                )
            elif isinstance(node, KernelLaunch) and isinstance(node.kernel, Name):
                found = sides.free_functions(node.kernel.id)
                if node.kernel.id in sides.scope_of(function):
                    continue
                if found and not any(sides.is_kernel(f) for f in found):
                    yield f"'{node.kernel.id}' is launched and is no kernel{_line(node)}"

    def memory_limits(self) -> Iterator[str]:
        sides = self.sides
        constant = sum(
            sides.bytes_of(v.type) or 0
            for v in sides.variables.values()
            if "__constant__" in v.storage
        )
        if constant > CONSTANT_BYTES:
            yield f"{constant} bytes of __constant__ memory; there are {CONSTANT_BYTES}"
        if not any("__shared__" in d.storage for d in find(sides.unit.items, Declaration)):
            return
        launches = [launch for _, launch in sides.launches()]
        for kernel in sides.defined:
            if not sides.is_kernel(kernel):
                continue
            for values in template_values(kernel, launches):
                taken = sides.static_shared_bytes(kernel, values)
                if taken > SHARED_BYTES:
                    yield (
                        f"the kernel '{kernel.name}' has {taken} bytes of static __shared__ "
                        f"memory; a block has {SHARED_BYTES}"
                    )

    # ---------------------------------------------------------------------------------- running

    def memory_faults(self) -> Iterator[str]:
        """Yield uses of memory of the other side, in what the program's function reaches."""
        sides = self.sides
        entries = [f for f in sides.defined if plain_name(f.name) == self.program.name]
        for entry in entries:
            for function in sides.reached_by(entry):
                if sides.side_of(function) is Side.HOST:
                    yield from self.foreign_variables(function)
                    yield from self.references_to_host(function)

    def foreign_variables(self, function: Function) -> Iterator[str]:
        """Yield the device's variables that host code names, but for the calls that copy to and
        from symbols."""
        sides = self.sides
        scope = sides.scope_of(function)
        symbols = set()
        for node in sides.uses(function):
            if isinstance(node, Call) and isinstance(node.function, Name):
                place = CALLS_SYMBOLS.get(plain_name(node.function.id))
                if place is not None and place < len(node.arguments):
                    symbols |= {id(n) for n in walk(_without_cast(node.arguments[place]))}
        for node in sides.uses(function):
            variable = self.variable(node, scope)
            if variable is None or id(node) in symbols:
                continue
            word = next((w for w in variable.storage if w in _OWN_MEMORY), "")
            if "__managed__" in variable.storage:
                continue
            if word and not _is_plain_constant(variable):
                yield (
                    f"the host function '{function.name}' uses the {word} variable "
                    f"'{variable.name}', which has a memory of its own{_line(node)}"
                )

    def references_to_host(self, function: Function) -> Iterator[str]:
        """Yield variables of the host that a launch hands over by reference."""
        sides = self.sides
        for node in sides.uses(function):
            if not isinstance(node, KernelLaunch) or not isinstance(node.kernel, Name):
                continue
            for kernel in sides.free_functions(node.kernel.id):
                for parameter, given in zip(kernel.parameters, node.arguments, strict=False):
                    if isinstance(parameter.type, ReferenceType) and isinstance(given, Name):
                        if given.id in sides.scope_of(function):
                            yield (
                                f"the kernel '{kernel.name}' is given the host variable "
                                f"'{given.id}' by reference{_line(node)}"
                            )


def _is_plain_constant(variable: Declaration) -> bool:
    """Whether both sides know a variable's value: a scalar constant that begins with one."""
    kind = variable.type
    if not isinstance(kind, ScalarType) or variable.value is None:
        return isinstance(kind, NamedType)  # of a type that is not known: not judged
    return kind.const or "constexpr" in variable.storage


def _spelled(kind: NamedType | ScalarType) -> str:
    return kind.name if isinstance(kind, NamedType) else kind.spelled


def _root(target: Any) -> Any:
    """The variable that an assignment changes, where it does so without a pointer."""
    while isinstance(target, (Access, Member)) and not getattr(target, "arrow", False):
        target = target.base
    return target


def _without_cast(node: Any) -> Any:
    while isinstance(node, Cast):
        node = node.operand
    return node


def _line(node: Any) -> str:
    span = getattr(node, "span", None)
    return f" in line {span.line}" if span is not None else ""
