"""Which size bounds an array of indices, or a scalar that is a place: the length of what they lead
into.

Contract: `find_index_bounds` runs the program on two draws of sizes that all differ, once with the
indices (the place) at nought and once beyond every size. An array that grows then, and that
otherwise is as long as one size on both draws, is walked as a whole besides (`for (i < n) y[i] = 0;
... y[row[k]] += v`): a caller's indices are below that size. What nothing else walks has no such
bound.

    pytest tests/tester/test_index_bounds.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from corpora.ir import Access, Binary, Cast, Name
from corpora.records import Fill, Signature
from gpu_runtime.backend import Compiled, ExecutionBackend
from tester.generate.extents import WINDOW, GeometryOf, ProbeResult, Sketch, probe_extents
from tester.generate.sketches import (
    ParameterRoles,
    Values,
    choose_assumed_extent,
    clip_to_type,
    draw_contents,
    draw_sizes,
    find_integer_scalars,
)
from tester.generate.source_facts import find_place_scalars, split_sum
from tester.generate.source_tree import SourceTree, iterate_assignments, read_source

BEYOND = 9
"""Past the sizes of the draws that are tried."""
_DRAWS = (0, 6)
"""Of `draw_sizes`: those whose sizes differ from each other."""
MAX_TRIED = 4


def find_declared_bounds(signature: Signature, source: SourceTree) -> dict[str, tuple[int, str]]:
    """Return, by name, the arrays whose elements a program uses as subscripts, each with what the
    text says of the array that they lead into: (first subscript, 0 or 1; name of the scalar that is
    its extent). For Fortran's `x(n)`, then `x(i(k))`: i -> (1, n). For C's `x[r * n + i[k]]`: i ->
    (0, n), for what lies in a row stays below the row's length.
    """
    if not source.is_fortran:
        return _find_row_bounds(signature, source)
    parameters = {p.name.lower(): p for p in signature.parameters}
    scalars = {p.name.lower(): p.name for p in find_integer_scalars(signature)}
    leading: dict[str, set[str]] = {}  # variable -> arrays whose elements it is set to
    for name, _, value in iterate_assignments(source):
        if isinstance(value, Access) and isinstance(value.base, Name):
            leading.setdefault(name, set()).add(value.base.id)
    found: dict[str, set[tuple[int, str]]] = {}
    for access in source.find(Access):
        into = parameters.get(access.base.id) if isinstance(access.base, Name) else None
        if into is None or len(into.shape) != len(access.indices):
            continue
        for extent, subscript in zip(into.shape, access.indices, strict=True):
            bounds = _read_extent(extent, scalars)
            if isinstance(subscript, Access) and isinstance(subscript.base, Name):
                arrays = {subscript.base.id}
            else:
                arrays = leading.get(subscript.id, set()) if isinstance(subscript, Name) else set()
            for name in arrays & parameters.keys():
                found.setdefault(name, set()).add(bounds)
    return {
        parameters[name].name: bounds.pop()
        for name, bounds in found.items()
        if len(bounds) == 1 and (0, "") not in bounds and parameters[name].kind == "array"
    }


def _find_row_bounds(signature: Signature, source: SourceTree) -> dict[str, tuple[int, str]]:
    arrays = {p.name for p in signature.parameters if p.kind == "array"}
    scalars = {p.name for p in find_integer_scalars(signature)}
    leading: dict[str, set[str]] = {}
    for name, _, value in iterate_assignments(source):
        leading.setdefault(name, set()).add(_name_indexed(value))
    found: dict[str, set[str]] = {}
    for access in source.find(Access):
        terms = list(split_sum(access.indices[0])) if len(access.indices) == 1 else []
        rows = {n for t in terms if isinstance(t, Binary) for n in _find_row_length(t, scalars)}
        for term in terms:
            name = term.id if isinstance(term, Name) else ""
            for array in {_name_indexed(term)} | leading.get(name, set()):
                if array in arrays and len(terms) == 2:
                    found.setdefault(array, set()).update(rows or {""})
    return {name: (0, min(rows)) for name, rows in found.items() if len(rows) == 1 and min(rows)}


def _find_row_length(term: Binary, scalars: set[str]) -> set[str]:
    """The scalar by which a row's number is multiplied, if there is one."""
    factors = [f.operand if isinstance(f, Cast) else f for f in (term.left, term.right)]
    names = {f.id for f in factors if isinstance(f, Name)} & scalars
    return names if term.op == "*" and len(names) == 1 else set()


def _name_indexed(value: object) -> str:
    """The array of which a value is one element; '' if it is none."""
    while isinstance(value, Cast):
        value = value.operand
    if isinstance(value, Access) and isinstance(value.base, Name):
        return value.base.id
    return ""


def _read_extent(extent: str, scalars: Mapping[str, str]) -> tuple[int, str]:
    """(first subscript, scalar) of an extent `n`, `1:n` or `0:n-1`; (0, '') for another."""
    text = extent.lower().replace(" ", "")
    first, name = (0, text[2:-2]) if text[:2] == "0:" and text[-2:] == "-1" else (1, text)
    name = name.removeprefix("1:")
    return (first, scalars[name]) if name in scalars else (0, "")


def find_index_bounds(
    backend: ExecutionBackend,
    compiled: Compiled,
    signature: Signature,
    geometry_of: GeometryOf,
    largest: int,
    roles: ParameterRoles,
) -> ParameterRoles:
    """Return `roles` with `within` filled in: for each index array and index scalar the name of the
    size that its values stay below, where runs of the program show it.

    compiled: the program, built as the RECORDED variant. geometry_of(test): the launch of a bare
        kernel; None for a function. largest: most elements of one array in a run. roles: what is
        known of the parameters' uses so far.
    """
    scalars = [
        name
        for name in _find_place_scalars(signature, read_source(compiled.request.program, signature))
        if name in roles.sizes - roles.leading - roles.steps
    ]
    arrays = [
        p.name
        for p in signature.parameters
        if p.name in (roles.indices or ()) and p.name not in roles.ordered | roles.within.keys()
    ]
    for names, enough in ((scalars[:MAX_TRIED], 2), (arrays[:MAX_TRIED], 1)):
        if not names or len(roles.sizes) < enough:
            continue
        draws = [draw_sizes(signature, roles, 0, max(_DRAWS) + 1)[turn][1] for turn in _DRAWS]
        sketches = [
            _sketch(signature, roles, scalars, name, value)
            for scalars in draws
            for name in names
            for value in (0, 1, BEYOND)
        ]
        probes = probe_extents(backend, compiled, sketches, geometry_of, largest)
        within = dict(roles.within)
        for k, name in enumerate(names):
            found = [
                _bounds(draw, probes[3 * (k + d * len(names)) :][:3], name, roles)
                for d, draw in enumerate(draws)
            ]
            both = sorted(set.intersection(*found))
            within |= {name: both[0]} if both else {}
        roles = replace(roles, within=within)
    return roles


def _find_place_scalars(signature: Signature, source: SourceTree) -> list[str]:
    """Scalars that are by themselves the place of an element."""
    places = find_place_scalars(source)
    return [p.name for p in find_integer_scalars(signature) if source.spell(p.name) in places]


def _sketch(
    signature: Signature, roles: ParameterRoles, scalars: Values, name: str, value: int
) -> Sketch:
    """All indices at nought but for what bounds rows and `name`, which is `value`."""
    fills = draw_contents(signature, roles, "default", scalars, 0)
    fills |= {
        other: Fill("constant", (0,)) for other in roles.indices or () if other not in roles.ordered
    }
    fills |= {
        other: Fill("sorted", (0, WINDOW - 1), 1) for other in roles.ordered
    }  # rows of about one element
    typed = {p.name: p for p in signature.parameters}
    if typed[name].kind == "scalar":
        scalars = scalars | {name: clip_to_type(value, typed[name])}
    else:
        fills[name] = Fill("constant", (value,))
    return Sketch(scalars, fills, "", choose_assumed_extent(scalars, signature, 0))


def _bounds(
    scalars: Values, probes: Sequence[ProbeResult], name: str, roles: ParameterRoles
) -> set[str]:
    """Sizes that equal the length of an array that only a place beyond all sizes lengthens."""
    if any(p.reason for p in probes):
        return set()
    first, next_, far = ({n: m.extents for n, m in p.arrays.items()} for p in probes)
    grown = {
        first[n]
        for n in first
        if first[n] == next_[n] and len(far[n]) == 1 and far[n][0] == BEYOND + 1 > first[n][0] > 1
    }
    return {size for size in roles.sizes - {name} if (scalars[size],) in grown}
