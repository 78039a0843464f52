"""Proofs of equivalence for every size and launch: `prove`.

A proof never runs anything. It reads both texts into the tree of `corpora.ir` and shows that each
iteration of the serial function is done by exactly one thread, alike, and without meeting another.

    python -c "from corpora.records import Program; \
from coevolve.verification.proof.prove import prove; \
print(prove(Program('cpp', 'f', 'void f(int *x, int n) { \
for (int i = 0; i < n; i++) x[i] = i; }'), \
Program('cuda', 'f', '__global__ void f(int *x, int n) { int i = blockIdx.x * blockDim.x + \
threadIdx.x; if (i < n) x[i] = i; }')))"
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from coevolve.verification.proof import terms as t
from coevolve.verification.proof.errors import NotModelled
from coevolve.verification.proof.execute import element_type, execute
from coevolve.verification.proof.launch import MOST_THREADS, Launch
from coevolve.verification.proof.match import Requirement, all_terms, match, rewritten
from coevolve.verification.proof.openmp import check_directives, drop_directives
from coevolve.verification.proof.records import Answer, Precondition, Proof
from coevolve.verification.proof.solver import Solver
from coevolve.verification.proof.summary import Summary
from corpora.analysis.constants import named_integers
from corpora.frontends.c_family import parse_c_expression, parse_c_family
from corpora.ir import (
    Declaration,
    Function,
    Include,
    Literal,
    Macro,
    ScalarType,
    TranslationUnit,
    find,
)
from corpora.records import Program
from corpora.signatures.signature import SignatureError, read_signature
from gpu_runtime.call.binding import BindingError, bind_parameters
from gpu_runtime.wall.cuda import find_cuda_fault

STRIDE = "a counter that the number of threads is added to stays in its type"
ARRAYS = "arrays do not overlap, and begin where their parameters point"
MOST_SPREAD = 4
"""Outermost loops of a source that are tried as iteration space."""


def prove(source: Program, target: Program) -> Proof:
    """Try to prove that `target` does what `source` does for all inputs; nothing is executed.

    Returns a Proof: PROVED with its preconditions, or UNKNOWN with the reason. It never answers
        REFUTED, and raises nothing for what the programs hold.
    """
    started = time.perf_counter()
    Solver.asked = 0
    try:
        found = _prove(source, target)
    except NotModelled as error:
        found = Proof(Answer.UNKNOWN, reason=str(error))
    except (RecursionError, SignatureError, BindingError) as error:
        found = Proof(Answer.UNKNOWN, reason=str(error) or type(error).__name__)
    return replace(found, elapsed_ms=round(1000 * (time.perf_counter() - started), 1))


def _prove(source: Program, target: Program) -> Proof:
    if source.dialect != "cpp":
        raise NotModelled(f"a source in {source.dialect}")
    if target.dialect == "cuda":
        if fault := find_cuda_fault(target):
            raise NotModelled(f"a target that is refused: {fault[1]}")
        return _prove_kernel(source, target)
    if target.dialect == "openmp":
        return _prove_directives(source, target)
    raise NotModelled(f"a target in {target.dialect}")


@dataclass(frozen=True)
class Unit:
    """A program after reading. tree: of its whole text. function: the one of it that is judged."""

    tree: TranslationUnit
    function: Function

    def helpers(self) -> dict[str, Function]:
        """Return the functions of a program's text other than the judged one, by name. A name with
        several functions (overloads) maps to a Function without a body.
        """
        others = [f for f in self.tree.items if isinstance(f, Function) and f.body is not None]
        others = [f for f in others if f is not self.function]
        names = [f.name for f in others]
        return {f.name: f if names.count(f.name) == 1 else replace(f, body=None) for f in others}


def read_unit(program: Program) -> Unit:
    """Parse the text of a program in C++, CUDA or OpenMP, and return its tree with the function
    `program.name`. Raises NotModelled where the text cannot be read as a whole, or where it has not
    exactly one plain function of that name.
    """
    tree = parse_c_family(program.text, program.dialect)
    if tree.errors:
        error = tree.errors[0]
        line = error.span.line if error.span else 0
        raise NotModelled(f"line {line}: {error.kind}")
    found = [f for f in tree.items if isinstance(f, Function) and f.name == program.name]
    found = [f for f in found if f.body is not None]
    if len(found) != 1 or found[0].template or found[0].scope:
        raise NotModelled(f"{program.name} is not one plain function")
    return Unit(tree, found[0])


def _prove_kernel(source: Program, target: Program) -> Proof:
    ours, theirs = read_unit(source), read_unit(target)
    if "__global__" not in theirs.function.qualifiers:
        raise NotModelled(f"{target.name} is a host function, not a kernel")
    if len([f for f in find(theirs.tree, Function) if "__global__" in f.qualifiers]) > 1:
        raise NotModelled("more than one kernel")
    names = parameter_names(source, target, ours.function, theirs.function)
    own = {p.name: p.name for p in ours.function.parameters}
    types, assumed, stated = scalar_types(ours.function, theirs.function, names)
    launch = Launch()
    threads = execute(
        theirs.function, names, types, 0, launch, theirs.helpers(), _constants(theirs)
    )
    if threads.result is not None:
        raise NotModelled("the kernel returns a value")
    best = NotModelled("the source has no loop whose iterations can be counted")
    for spread in _spreads(threads, launch):
        try:
            serial = execute(ours.function, own, {}, spread, None, ours.helpers(), _constants(ours))
            if len(serial.axes) != spread:
                continue
            if serial.result is not None:
                raise NotModelled("the source returns a value")
            _refuse_other_types(serial, threads)
            sizes = unsigned_sizes(threads)
            nonnegative = t.Rewriter(sizes)
            required = match(
                rewritten(serial, nonnegative), rewritten(threads, nonnegative), launch, assumed
            )
            positive = [Precondition("value", f"{t.show(s)} >= 0") for s in sizes]
            return _proved(required, [*stated, *positive], threads)
        except NotModelled as error:
            best = max(best, error, key=lambda e: e.stage)
    raise best


def unsigned_sizes(threads: Summary) -> dict[t.Term, t.Term]:
    """Return the signed parameters that a kernel compares as unsigned numbers.

    threads: what one thread does. Each parameter's symbol is mapped to an equal symbol with the
        lower bound 0, since a proof then assumes that it is not negative.
    """
    found: dict[t.Term, t.Term] = {}
    for term in (p for o in threads.touches for p in t.walk(o.path)):
        inner = term.args[0] if term.op == "wrap" and term.data[0] == "u" else None
        if inner is not None and inner.op == "symbol" and inner.data[0] in threads.scalars:
            type_ = threads.scalars[inner.data[0]]
            found[inner] = t.symbol(inner.data[0], type_, 0)
    return found


def _prove_directives(source: Program, target: Program) -> Proof:
    ours, theirs = read_unit(source), read_unit(target)
    if _rest(ours) != _rest(theirs) or _constants(ours) != _constants(theirs):
        raise NotModelled("something beside the function is not the source's")
    floats, partial = check_directives(
        ours.function, theirs.function, theirs.helpers(), _constants(theirs)
    )
    sums = Precondition("integers", "partial sums of integers do not overflow, or wrap around")
    return Proof(
        Answer.PROVED,
        (
            Precondition("source", "the source ends, without undefined behaviour"),
            Precondition("arrays", ARRAYS),
            *((sums,) if partial else ()),
            *float_preconditions(floats),
        ),
        floats=floats,
    )


def _rest(unit: Unit) -> list[object]:
    """What a text holds beside its function and its includes, without directives of OpenMP."""
    kept = [i for i in unit.tree.items if i is not unit.function and not isinstance(i, Include)]
    return [drop_directives(item) for item in kept]


def _spreads(threads: Summary, launch: Launch) -> Iterator[int]:
    """How many loops of the source the threads may stand for, likely numbers first."""
    used = {a for term in all_terms(threads) for a in t.atoms(term)} & launch.indices.keys()
    first = min(max(len(used), 1), MOST_SPREAD)
    yield first
    if first == 1:
        yield from range(2, MOST_SPREAD + 1)


def _constants(unit: Unit) -> dict[str, int]:
    """Names that stand for one `int` wherever they are read: with another type a product or a
    quotient is another one, and a second declaration hides the first.
    """
    unsafe = {getattr(getattr(n, "target", None), "id", "") for n in find(unit.tree)}
    parameters = [p.name for f in find(unit.tree, Function) for p in f.parameters]
    declarations = list(find(unit.tree, Declaration))
    counted = Counter([*parameters, *(d.name for d in declarations)])
    for declared in declarations:
        is_int = isinstance(declared.type, ScalarType) and declared.type.name == "i32"
        if not is_int or counted[declared.name] > 1:
            unsafe.add(declared.name)
    for macro in find(unit.tree, Macro):
        literals = find(parse_c_expression(macro.text), Literal) if macro.text.strip() else ()
        if macro.name in counted or any(each.type != "i32" for each in literals):
            unsafe.add(macro.name)
    return {n: v for n, v in named_integers(unit.tree).items() if n not in unsafe.union(parameters)}


def parameter_names(
    source: Program, target: Program, ours: Function, theirs: Function
) -> dict[str, str]:
    """Map each parameter of the target to the source's parameter that it gets its value from.

    ours, theirs: the parsed functions of `source` and `target`. Raises NotModelled where a
        parameter has no counterpart, SignatureError or BindingError where the two cannot be called
        alike.
    """
    left, right = read_signature(source), read_signature(target)
    binding = bind_parameters(left, right, False)
    if [p.name for p in left.parameters] != [p.name for p in ours.parameters]:
        raise NotModelled("a parameter that is a structure")
    if [p.name for p in right.parameters] != [p.name for p in theirs.parameters]:
        raise NotModelled("a parameter that is a structure")
    if any(i < 0 for i in binding.sources):
        raise NotModelled("a parameter that only the target has")
    return {
        p.name: left.parameters[i].name
        for p, i in zip(right.parameters, binding.sources, strict=True)
    }


def scalar_types(
    ours: Function, theirs: Function, names: dict[str, str]
) -> tuple[dict[str, str], list[t.Term], list[Precondition]]:
    """Find the scalar parameters whose types differ between two functions.

    ours, theirs: the source's and the target's function. names: from each target parameter to the
        source's. Returns (types, conditions, preconditions): the source's type by name for
        parameters that differ, what must hold of their values as boolean terms, and the same as
        preconditions. Raises NotModelled for types that cannot be compared.
    """
    by_name = {p.name: p.type for p in ours.parameters}
    types: dict[str, str] = {}
    facts: list[t.Term] = []
    stated: list[Precondition] = []
    for parameter in theirs.parameters:
        name = names[parameter.name]
        if not isinstance(parameter.type, ScalarType) or not isinstance(by_name[name], ScalarType):
            if isinstance(parameter.type, ScalarType) or isinstance(by_name[name], ScalarType):
                raise NotModelled(f"{name} is a number on one side only")
            continue
        left, right = element_type(by_name[name]), element_type(parameter.type)
        if left == right:
            continue
        if left not in t.WIDTHS or right not in t.WIDTHS or right == "bool":
            raise NotModelled(f"{name} is {left} in the source and {right} in the target")
        types[name] = left
        low, high = t.type_range(right)
        value = t.symbol(name, left)
        fact = t.both(t.at_most(t.constant(low), value), t.at_most(value, t.constant(high)))
        facts += t.conjuncts(fact)
        if fact is not t.TRUE:
            stated.append(Precondition("value", f"{low} <= {name} <= {high}"))
    return types, facts, stated


def _refuse_other_types(serial: Summary, threads: Summary) -> None:
    for array, type_ in threads.types.items():
        if serial.types.get(array) != type_:
            raise NotModelled(
                f"{array} holds {serial.types.get(array)} in the source and {type_} in the target"
            )


def _proved(
    required: tuple[Requirement, ...], stated: list[Precondition], threads: Summary
) -> Proof:
    floats = float_claim(threads)
    strided = any(c.kind == "step" for c in threads.checks)
    launches = [Precondition(r.kind, r.text, r.extent, r.relation, r.bound) for r in required]
    return Proof(
        Answer.PROVED,
        (
            Precondition("source", "the source ends, without undefined behaviour"),
            Precondition("arrays", ARRAYS),
            *stated,
            *launches,
            Precondition("launch", f"at most {MOST_THREADS} threads"),
            *((Precondition("launch", STRIDE),) if strided else ()),
            *float_preconditions(floats),
        ),
        floats=floats,
    )


def float_claim(summary: Summary) -> str:
    """Return how far a kernel's floating-point results equal the source's, for a proof that holds.

    summary: what one thread does. `none`: it computes no such value. `as written`: the same
        operations in the same order. `up to reassociation`: sums are taken in another order.
    """
    parts = [p for term in summary.contents.values() for p in t.walk(term)]
    if any(p.op == "store" and p.data[0] != "=" and p.args[2].type in t.FLOATS for p in parts):
        return "up to reassociation"
    if not any(p.type in t.FLOATS and p.op not in ("fconst", "load", "symbol") for p in parts):
        return "none"
    return "as written"


def float_preconditions(claim: str) -> tuple[Precondition, ...]:
    """Return what a proof assumes of floating-point arithmetic. claim: as `float_claim` returns it;
    `none` assumes nothing.
    """
    if claim == "none":
        return ()
    text = "both sides round each floating-point operation and function alike"
    if claim == "up to reassociation":
        text += "; sums are taken in some order"
    return (Precondition("floats", text),)


__all__ = ["prove"]
