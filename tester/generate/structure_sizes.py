"""Sizes that a structure carries and a program never reads: `nnz` of a sparse matrix that is gone
through row by row, the height of the matrix it writes.

Contract: to the program they are any number, to a port that copies the structure as a whole they
say how long its arrays are. `fit_structure_sizes` gives tests in which they do. What a field means
follows from the subscripts of the structure's arrays, never from its name:

| subscripts say | an unread field is |
| --- | --- |
| a structure of the type is gone through by that field | the same dimension here |
| one dimension that no field gives | its extent |
| several dimensions, and as many unread fields | each in turn |
| fields that are read give all dimensions | a count of all elements |
| contents lead to other arrays | no less than any of these arrays is long |
| nothing else | a count of all elements; arrays hold the product of all such fields |

Arrays are filled up to what fields say. Tests on which the program does not run clean so stay as
they were. Where arrays would be too long, a test is left out if others stay.

    pytest tests/tester/test_structure_sizes.py
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from corpora.analysis.accesses import facts_of
from corpora.analysis.bounds import extreme_of
from corpora.analysis.facts import ArrayAccess
from corpora.analysis.polynomial import Polynomial, of_symbol
from corpora.ir import (
    Access,
    Cast,
    Function,
    Member,
    Name,
    Parameter as FormalParameter,
    PointerType,
    ScalarType,
    StructDefinition,
    Unary,
    names_in,
)
from corpora.records import ArrayValue, Parameter, ScalarValue, UnitTest
from corpora.suites.unit_tests import INTEGER_RANGES
from gpu_runtime.call.materialize import get_extents, get_integer_scalars
from tester.generate.completion import confirm_tests, find_cached_run
from tester.generate.roles import TrialSetting
from tester.generate.sketches import ParameterRoles
from tester.generate.source_tree import SourceTree, read_source


@dataclass(frozen=True, slots=True)
class _Structure:
    """Its type, sizes that the program reads, integers that it does not, and arrays that pointers
    lead to. outside: arrays that the contents of these lead to.
    """

    type: str
    read: tuple[Parameter, ...]
    unread: tuple[Parameter, ...]
    arrays: tuple[Parameter, ...]
    outside: frozenset[str]


Form = tuple[Polynomial | None, ...]
"""Extents of the dimensions that a subscript has, outermost first; None is not known."""


def fit_structure_sizes(
    setting: TrialSetting, roles: ParameterRoles, tests: Sequence[UnitTest]
) -> list[UnitTest]:
    """Return the tests, in order, with size fields that the program never reads set to fit the
    arrays.

    setting: the program and what it is tried with. roles: what parameters are used for. A test on
    which the program then fails stays as it is. One whose arrays would be too long is left out,
    unless all would be.
    """
    if not any(p.member and p.member.assembled for p in setting.signature.parameters):
        return list(tests)
    forms, led = _read_subscripts(setting)
    structures = _find_structures(setting, roles, led)
    if not any(s.unread for s in structures):
        return list(tests)
    positions = _find_positions(structures, forms)
    fitted = [
        (test, _fit_sizes(test, structures, forms, positions, setting, turn % 3))
        for turn, test in enumerate(tests)
    ]
    fitted = [(test, other) for test, other in fitted if other is not None]
    found = confirm_tests(
        setting.backend,
        setting.compiled,
        [other for _, other in fitted],  # type: ignore[misc]
        setting.geometry_of,
        setting.largest,
    )
    made = [
        test if done.test is None else done.test
        for (test, _), done in zip(fitted, found, strict=True)
    ]
    return made or list(tests)


def _find_structures(
    setting: TrialSetting, roles: ParameterRoles, led: Mapping[str, set[str]]
) -> list[_Structure]:
    owners: dict[str, list[Parameter]] = {}
    for p in setting.signature.parameters:
        if p.member and p.member.assembled:
            owners.setdefault(p.member.owner, []).append(p)
    source, found = read_source(setting.compiled.request.program), []
    bound = roles.sizes | roles.flags | roles.letters.keys()
    for owner, members in owners.items():
        sizes = [
            p
            for p in members
            if p.kind == "scalar" and p.type in INTEGER_RANGES and p.type not in ("i8", "u8")
        ]
        read = tuple(p for p in sizes if p.name in roles.sizes)
        unread = tuple(
            p
            for p in sizes
            if p.name not in bound and not _is_read(_field(p), owner, owners, source)
        )
        arrays = tuple(p for p in members if p.member and not p.member.count)
        outside = {name for p in arrays for name in led.get(p.name, ())}
        outside -= {p.name for p in arrays}
        type_ = members[0].member.assembled if members[0].member else ""
        found.append(_Structure(type_, read, unread, arrays, frozenset(outside)))
    return found


def _field(p: Parameter) -> str:
    return p.member.path.rpartition(".")[2] if p.member else p.name


def _is_read(field: str, owner: str, owners: Mapping[str, object], source: SourceTree) -> bool:
    """Whether the program may read that field of that parameter: by its name, by one that is no
    parameter's, or in a method.
    """
    for member in source.find(Member):
        base = member.base
        while isinstance(base, (Access, Unary, Cast)):
            base = base.base if isinstance(base, Access) else base.operand
        own = base.id if isinstance(base, Name) else ""
        if member.field == field and (own == owner or own not in owners):
            return True
    return any(field in names_in(structure.methods) for structure in source.find(StructDefinition))


def _read_subscripts(setting: TrialSetting) -> tuple[dict[str, Form], dict[str, set[str]]]:
    """(dimensions of each array that has a known subscript, arrays that each array leads to)."""
    pointees = tuple(
        FormalParameter(p.name, PointerType(ScalarType(p.type)))
        for p in setting.signature.parameters
        if p.member and p.member.assembled and not p.member.count
    )
    forms: dict[str, Form] = {}
    led: dict[str, set[str]] = {}
    for function in setting.source.find(Function):
        facts = facts_of(replace(function, parameters=(*function.parameters, *pointees)))
        for access in facts.accesses:
            for index in access.indices:
                for symbol in index.symbols() if index is not None else ():
                    led.setdefault(symbol.array, set()).add(access.array)
            form = _read_form(access)
            if len(form) > len(forms.get(access.array, ())):
                forms[access.array] = form
    return forms, led


def _read_form(access: ArrayAccess) -> Form:
    """Of `i*n + j` the extents of i and j, which are a bound and n; () where a subscript is no sum
    of such products.
    """
    index = access.indices[0] if len(access.indices) == 1 else None
    if index is None or any(s.operator or s.array for s in index.symbols()):
        return ()
    factors = []
    for counter in (s for s in index.symbols() if s.loops):
        factor = index.coefficient_of(counter)
        if factor is None or len(factor.terms) != 1 or factor.loops():
            return ()
        factors.append((*factor.terms[0], counter))
    factors.sort(key=lambda f: (-len(f[0]), -f[1], f[2].name))
    if not factors:
        return ()
    last = extreme_of(of_symbol(factors[0][2]), access.system(), True)
    form: list[Polynomial | None] = [None if last is None else last + 1]
    for (outer, times, _), (inner, fewer, _) in zip(factors, [*factors[1:], _ONE], strict=True):
        step = Polynomial(((tuple(s for s in outer if s not in inner), max(times // fewer, 1)),))
        form += [] if step.as_integer() == 1 else [step]
    return tuple(form)


_ONE = ((), 1, None)


def _get_names(extent: Polynomial | None) -> frozenset[str]:
    return frozenset() if extent is None else frozenset(s.name for s in extent.variables())


def _list_mates(p: Parameter, structures: Sequence[_Structure]) -> frozenset[str]:
    """The same field of other structures of its type, where the program reads it."""
    type_ = p.member.assembled if p.member else ""
    return frozenset(
        q.name for s in structures if s.type == type_ for q in s.read if _field(q) == _field(p)
    )


def _find_positions(
    structures: Sequence[_Structure], forms: Mapping[str, Form]
) -> dict[tuple[str, str], int]:
    """By type and field which dimension of its arrays it is the extent of, counted from the
    innermost.
    """
    found: dict[tuple[str, str], int] = {}
    for s in structures:
        names = {frozenset({p.name}): (s.type, _field(p)) for p in s.read}
        for array in s.arrays:
            for k, extent in enumerate(reversed(forms.get(array.name, ()))):
                if _get_names(extent) in names:
                    found.setdefault(names[_get_names(extent)], k)
    return found


def _find_touched_arrays(test: UnitTest, setting: TrialSetting) -> frozenset[str]:
    """Arrays that the program touches: the others have one element, or as many as the longest,
    which no size has to say.
    """
    known = find_cached_run(test, setting.compiled)
    if known is None:
        return frozenset(p.name for p in setting.signature.parameters)
    return frozenset(
        p.name
        for p, a in zip(setting.signature.parameters, known[1], strict=True)
        if a.last_read is not None or a.last_write is not None
    )


def _fit_sizes(
    test: UnitTest,
    structures: Sequence[_Structure],
    forms: Mapping[str, Form],
    positions: Mapping[tuple[str, str], int],
    setting: TrialSetting,
    turn: int,
) -> UnitTest | None:
    """The test with sizes that fit; None where arrays would be too long. turn: 1 reverses what
    nothing orders; by so much arrays that contents lead to are longer, lest rows be as many.
    """
    sizes, lengths = dict(get_integer_scalars(test)), dict(get_extents(test))
    touched, scalars = _find_touched_arrays(test, setting), {}
    for s in (s for s in structures if s.unread):
        touched_here = [p.name for p in s.arrays if p.name in touched]
        array = max(touched_here, key=lengths.__getitem__, default="")
        shown = max((forms.get(p.name, ()) for p in s.arrays), key=len, default=())
        form = forms.get(array) or shown
        dims = _measure_dimensions(form, lengths.get(array, 0), sizes)
        twin, reach = _read_twin(s, sizes, lengths, structures)
        chosen, taken = _match_dimensions(s, dims, positions, structures, sizes)
        known = {p.name: twin[_field(p)] for p in s.unread if _field(p) in twin}
        least = reach if known.keys() - chosen.keys() else 0
        chosen = known | chosen
        left = [p.name for p in s.unread if p.name not in chosen]
        own = {p.name for p in s.read}
        open_ = [
            extent
            for k, (extent, names) in enumerate(dims)
            if k not in taken and not (names and names <= own)
        ]
        total = math.prod(extent for extent, _ in dims)
        placed = [p.name for p in (*s.read, *s.unread) if (s.type, _field(p)) in positions]
        least = max(least, total, math.prod([(sizes | chosen)[name] for name in placed]))
        if left and s.outside:
            led = [lengths[name] for name in s.outside if name in lengths]
            least = max([least, *led]) + turn
            chosen |= dict.fromkeys(left, least)
            lengths |= {name: least for name in s.outside if name in lengths}
        elif len(left) == len(open_):
            chosen |= dict(zip(left, open_[::-1] if turn == 1 else open_, strict=True))
        else:
            chosen |= dict.fromkeys(left, total)
            if open_ and len(left) > 1:
                least = max(least, total ** len(left) * total // max(math.prod(open_), 1))
        if least > setting.largest:
            return None
        scalars |= chosen
        lengths |= {p.name: max(lengths[p.name], least) for p in s.arrays}
    return replace(
        test, assignments=tuple(_lengthen_array(a, scalars, lengths) for a in test.assignments)
    )


def _match_dimensions(
    s: _Structure,
    dims: Sequence[tuple[int, frozenset[str]]],
    positions: Mapping[tuple[str, str], int],
    structures: Sequence[_Structure],
    sizes: Mapping[str, int],
) -> tuple[dict[str, int], set[int]]:
    """Unread sizes that structures of the type tell, and which of the dimensions they are: the one
    at the field's position, or the one that is made of the same field elsewhere.
    """
    chosen, taken = {}, set()
    for p in s.unread:
        mates = _list_mates(p, structures)
        places = [len(dims) - 1 - positions.get((s.type, _field(p)), len(dims))]
        places += [k for k, (_, names) in enumerate(dims) if names & mates]
        k = next((k for k in places if k >= 0), -1)
        if k >= 0:
            extent, names = dims[k]
            chosen[p.name] = max((sizes[name] for name in names & mates), default=extent)
            taken.add(k)
    return chosen, taken


def _measure_dimensions(
    form: Form, longest: int, sizes: Mapping[str, int]
) -> list[tuple[int, frozenset[str]]]:
    """Extents, outermost first, that together hold `longest` elements, and the sizes that each is
    made of. One extent where the form is not known. Where there are no elements, the outermost one
    is what the form says, as the height of a matrix without columns.
    """
    inner = [extent for extent in form[1:] if extent is not None]
    if any(_get_names(extent) - sizes.keys() for extent in inner):
        return [(longest, frozenset())]
    values = [max(extent.evaluate(lambda s: sizes[s.name]), 0) for extent in inner]
    first = -(-longest // max(math.prod(values), 1))
    if not longest and form and form[0] is not None and _get_names(form[0]) <= sizes.keys():
        first = max(form[0].evaluate(lambda s: sizes[s.name]), 0)
    names = [*map(_get_names, form[:1] or (None,)), *map(_get_names, inner)]
    return list(zip([first, *values], names, strict=True))


def _read_twin(
    s: _Structure,
    sizes: Mapping[str, int],
    lengths: Mapping[str, int],
    others: Sequence[_Structure],
) -> tuple[dict[str, int], int]:
    """By field what is read of another structure of the type that has the sizes that are read of
    both, and is no shorter; and how long it is. ({}, 0) without one.
    """

    def measure(structure: _Structure) -> int:
        return max((lengths.get(p.name, 0) for p in structure.arrays), default=0)

    for other in (o for o in others if o is not s and o.type == s.type and s.read):
        values = {_field(p): sizes[p.name] for p in other.read}
        equal = all(values.get(_field(p)) == sizes[p.name] for p in s.read)
        if equal and measure(other) >= measure(s):
            return values, measure(other)
    return {}, 0


def _lengthen_array(
    a: ScalarValue | ArrayValue, scalars: Mapping[str, int], lengths: Mapping[str, int]
) -> ScalarValue | ArrayValue:
    if isinstance(a, ScalarValue):
        return (
            replace(a, value=min(scalars[a.name], INTEGER_RANGES[a.type][1]))
            if a.name in scalars
            else a
        )
    more = lengths.get(a.name, 0) - a.extents[0] if len(a.extents) == 1 else 0
    if more <= 0:
        return a
    values = None if a.values is None else (*a.values, *[0] * more)
    return replace(a, extents=(a.extents[0] + more,), values=values)
