"""Sizes that a structure carries and a program never reads: `nnz` of a sparse matrix that is gone
through row by row, the height of the matrix it writes.

Contract: to the program they are any number, to a port that copies the structure as a whole they
say how long its arrays are. `fit_structure_sizes` gives tests in which they do: a count is the
length of the longest array, dimensions multiply to it, and arrays are filled up to what they say.
Tests on which the program does not run clean so stay as they were.

    pytest tests/tester/test_structure_sizes.py
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from corpora.ir import Access, Cast, Member, Name, StructDefinition, Unary, names_in
from corpora.records import ArrayValue, Parameter, ScalarValue, UnitTest
from corpora.suites.unit_tests import INTEGER_RANGES
from gpu_runtime.call.materialize import get_extents, get_integer_scalars
from tester.generate.completion import confirm_tests, find_cached_run
from tester.generate.roles import TrialSetting
from tester.generate.sketches import ParameterRoles
from tester.generate.source_tree import SourceTree, read_source

_COUNT = re.compile(
    r"(?:n|num|number)?_?(?:nnz|nz|nonzeros?|size|len|length|count|total|cap|capacity|elems?|elements|entries|items|values)"
)
_APART = re.compile(r"(?:\w*_)?(?:stride|pitch|ld[abc]?)")
_SIDE = re.compile(
    r"(?:n|num|n_|num_)?(?:rows?|cols?|columns?|width|height|depth|[xyz]|[whdnmkijl]|dim\w*|rows?\w*|cols?\w*)|n\w{1,8}|\w+_(?:rows|cols|dim|n)"
)


@dataclass(frozen=True, slots=True)
class _Structure:
    """Its type, sizes that the program reads, those that it does not, and arrays that pointers lead
    to.
    """

    type: str
    read: tuple[Parameter, ...]
    unread: tuple[Parameter, ...]
    arrays: tuple[Parameter, ...]

    @property
    def is_sparse(self) -> bool:
        return any(p.type[0] in "iu" for p in self.arrays) and len(self.arrays) > 1


def fit_structure_sizes(
    setting: TrialSetting, roles: ParameterRoles, tests: Sequence[UnitTest]
) -> list[UnitTest]:
    """Return the tests, in order, with size fields that the program never reads set to fit the
    arrays.

    roles: what parameters are used for. A test on which the program then fails stays as it is.
    """
    structures = _structures(
        setting.signature.parameters, roles, read_source(setting.compiled.request.program)
    )
    if not any(s.unread for s in structures):
        return list(tests)
    others = [
        _fit_dimensions(test, structures, _find_touched_arrays(test, setting), setting, turn % 3)
        for turn, test in enumerate(tests)
    ]
    found = confirm_tests(
        setting.backend, setting.compiled, others, setting.geometry_of, setting.largest
    )
    return [
        test if done.test is None else done.test for test, done in zip(tests, found, strict=True)
    ]


def _structures(
    parameters: Iterable[Parameter], roles: ParameterRoles, source: SourceTree
) -> list[_Structure]:
    owners: dict[str, list[Parameter]] = {}
    for p in parameters:
        if p.member and p.member.assembled:
            owners.setdefault(p.member.owner, []).append(p)
    found = []
    for owner, members in owners.items():
        sizes = [
            p
            for p in members
            if p.kind == "scalar" and p.type in INTEGER_RANGES and p.type not in ("i8", "u8")
        ]
        unread = tuple(
            p
            for p in sizes
            if p.name not in roles.sizes | roles.flags
            and _is_size(_field(p))
            and not _is_read(_field(p), owner, owners, source)
        )
        read = tuple(p for p in sizes if p.name in roles.sizes)
        type_ = members[0].member.assembled if members[0].member else ""
        found.append(
            _Structure(
                type_, read, unread, tuple(p for p in members if p.member and not p.member.count)
            )
        )
    return found


def _field(p: Parameter) -> str:
    return p.member.path.rpartition(".")[2] if p.member else p.name


def _is_size(field: str) -> bool:
    return any(pattern.fullmatch(field.lower()) for pattern in (_COUNT, _APART, _SIDE))


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


def _fit_dimensions(
    test: UnitTest,
    structures: Sequence[_Structure],
    touched: frozenset[str],
    setting: TrialSetting,
    more: int,
) -> UnitTest:
    """more: by how much the places outside that a sparse matrix has are more than its indices lead
    to, lest its rows be as many.
    """
    sizes, lengths = dict(get_integer_scalars(test)), dict(get_extents(test))
    known = {p.name: sizes[p.name] for s in structures for p in s.read}
    elsewhere = {
        p.name: lengths[p.name]
        for p in setting.signature.parameters
        if p.kind == "array" and p.member is None and p.name in lengths
    }
    scalars: dict[str, int] = {}
    for s in structures:
        longest = max((lengths[p.name] for p in s.arrays if p.name in touched), default=0)
        led = (
            _measure_outside_arrays([known[p.name] for p in s.read], elsewhere, longest)
            if s.is_sparse
            else 0
        )
        chosen = _values(s, longest, known, led + more, more == 1) | _match_larger_structure(
            s, longest, known, structures
        )
        least = longest if any(_COUNT.fullmatch(_field(p).lower()) for p in s.unread) else 0
        sides = [
            chosen.get(p.name, sizes.get(p.name, 0)) for p in (*s.read, *s.unread) if _is_side(p, s)
        ]
        least = max(least, 0 if s.is_sparse or not sides else math.prod(sides))
        if 0 <= least <= setting.largest:
            scalars |= chosen
            lengths |= {p.name: max(lengths[p.name], least) for p in s.arrays}
            if s.is_sparse and any(_is_side(p, s) for p in s.unread):
                lengths |= {name: led + more for name, length in elsewhere.items() if length == led}
    return replace(
        test, assignments=tuple(_lengthen_array(a, scalars, lengths) for a in test.assignments)
    )


def _is_side(p: Parameter, s: _Structure) -> bool:
    """Whether it is one of the sizes that multiply to the arrays' length; `nz` beside `nx` is one,
    alone it counts.
    """
    field = _field(p).lower()
    beside = field == "nz" and any(_field(o).lower() in ("nx", "ny") for o in (*s.read, *s.unread))
    return beside or not (_COUNT.fullmatch(field) or _APART.fullmatch(field))


def _measure_outside_arrays(read: Sequence[int], elsewhere: Mapping[str, int], longest: int) -> int:
    """How long the arrays outside are that indices lead into: not those that a size of the
    structure gives.
    """
    return min(
        [length for length in elsewhere.values() if length not in read] or elsewhere.values(),
        default=longest,
    )


def _values(
    s: _Structure, longest: int, known: Mapping[str, int], led: int, turned: bool
) -> dict[str, int]:
    """Of the unread sizes. Dimensions of a sparse matrix are what its indices lead into, outside of
    it; others multiply to the longest array, with values that sizes of the same name have elsewhere
    where they can. turned: several that do stand the other way round, since nothing says which is
    which (a transposed matrix).
    """
    sides = [p for p in s.unread if _is_side(p, s)]
    chosen = {
        p.name: longest
        for p in s.unread
        if p not in sides and not _APART.fullmatch(_field(p).lower())
    }
    if s.is_sparse:
        chosen |= {p.name: led for p in sides}
    elif sides:
        given = math.prod(known[p.name] for p in s.read if _is_side(p, s))
        rest = -(-longest // given) if given > 0 else 0
        same = [
            list(
                dict.fromkeys(
                    [v for n, v in known.items() if n.endswith("__" + _field(p)) and v > 0]
                    + [rest, 1]
                )
            )
            for p in sides[:3]
        ]
        fits = [c for c in itertools.product(*same) if math.prod(c) >= rest]
        best = min(fits, key=lambda c: math.prod(c), default=(rest,) * len(sides))
        chosen |= {p.name: v for p, v in zip(sides, best[::-1] if turned else best, strict=False)}
    widths = [
        chosen.get(p.name, known.get(p.name))
        for p in (*s.read, *s.unread)
        if re.search("col|width|nx", _field(p).lower())
    ]
    width = next((v for v in widths if v is not None), longest)
    return chosen | {p.name: width for p in s.unread if _APART.fullmatch(_field(p).lower())}


def _match_larger_structure(
    s: _Structure, longest: int, known: Mapping[str, int], structures: Sequence[_Structure]
) -> dict[str, int]:
    """Its unread dimensions where another structure of the type has the dimensions that are read of
    both, and is long enough.
    """
    sides = [p for p in s.unread if _is_side(p, s)]
    for other in structures:
        values = {_field(p): known[p.name] for p in other.read}
        if other is s or other.type != s.type or not s.read or s.is_sparse:
            continue
        equal = all(values.get(_field(p)) == known[p.name] for p in s.read) and all(
            _field(p) in values for p in sides
        )
        if (
            equal
            and math.prod([values[_field(p)] for p in (*s.read, *sides) if _is_side(p, s)])
            >= longest
        ):
            return {p.name: values[_field(p)] for p in sides}
    return {}


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
