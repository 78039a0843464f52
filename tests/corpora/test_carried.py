"""Loops over one dimension that must run in order are equal in all dialects, and only they are left
to one thread.
"""

from __future__ import annotations

import re
from collections import Counter

import pytest

from corpora.generator import Computation, generate, nests
from corpora.generator.core import expressions as ast
from corpora.generator.core.nest import Nest
from corpora.generator.families.sequential import (
    carried,
    carried_free,
    carried_places,
    carried_states,
    carried_values,
)

verification = pytest.importorskip("coevolve.verification.engine")

_ORDERED = (
    carried.recurrence,
    carried.running,
    carried_values.summed,
    carried_values.extreme,
    carried_values.used,
    carried_values.search,
    carried_values.halving,
    carried_places.scatter,
    carried_places.compacted,
    carried_places.runs,
    carried_places.merged,
    carried_states.sequence,
    carried_states.toggled,
    carried_states.lagged,
    carried_states.machine,
    carried_states.chased,
    carried_states.stepped,
    carried_states.filtered,
)
_FREE = (carried_free.carried_local, carried_free.carried_place, carried_free.carried_position)


def _only(monkeypatch: pytest.MonkeyPatch, families: tuple) -> None:
    monkeypatch.setitem(nests.LEVEL_MENUS, "broad", (list(families), [1] * len(families)))


def _nests(
    monkeypatch: pytest.MonkeyPatch, families: tuple, count: int, seed: int
) -> list[tuple[Nest, Computation]]:
    """Items with the nests that they were emitted from."""
    seen: list[Nest] = []
    made = nests.draw_nest
    _only(monkeypatch, families)

    def kept(*arguments: object) -> tuple:
        nest, style = made(*arguments)  # type: ignore[arg-type]
        seen.append(nest)
        return nest, style

    monkeypatch.setattr("corpora.generator.draw_nest", kept)
    items = list(generate(count, seed, "broad"))
    return list(zip(seen, items, strict=True))


@pytest.mark.parametrize(("families", "count"), [(_ORDERED, 14), (_FREE, 5)])
def test_engine_calls_the_families_equivalent(
    monkeypatch: pytest.MonkeyPatch, families: tuple, count: int
) -> None:
    _only(monkeypatch, families)
    pairs = [
        verification.Pair(item.programs["cpp"], item.programs[dialect], item.suite_text)
        for item in generate(count, 13, "broad")
        for dialect in ("cuda", "openmp", "fortran", "openmp-fortran")
        if dialect in item.programs
    ]
    verdicts = verification.verify_many(pairs, "emulated", verification.VerifyConfig(mutants=0))
    assert [
        (p.target.origin, p.target.dialect, str(v.outcome), v.detail)
        for p, v in zip(pairs, verdicts)
        if v.equivalent is not True
    ] == []
    assert len(pairs) > count


def _names(node: tuple) -> set[str]:
    return {n.id for n in ast.walk(node) if type(n) is ast.Name}


def _carries(loop: tuple) -> bool:
    """Whether an iteration reads or decides on what another one wrote: told by names, subscripts
    and jumps, not by values.
    """
    inside = list(ast.walk_statements(loop.body))
    own = {s.name for s in inside if type(s) in (ast.Declare, ast.DeclarePointer)} | {
        s.variable for s in inside if type(s) is ast.For
    }
    own |= {loop.variable} if type(loop) is ast.For else set()
    assigned = [s.target for s in inside if type(s) is ast.Assign]
    stepped = [
        n.argument
        for s in inside
        for e in ast.get_expressions(s)
        for n in ast.walk(e)
        if type(n) is ast.Postfix
    ]
    if any(type(t) is ast.Name and t.id not in own for t in (*assigned, *stepped)):
        return True
    if any(
        type(s) is ast.Jump and s.kind in ("break", "return")
        for s in loop.body
        for s in ast.walk_statements((s,))
    ):
        return True
    places = [
        n for s in inside for e in ast.get_expressions(s) for n in ast.walk(e) if type(n) is ast.At
    ]
    written = {t for t in assigned if type(t) is ast.At}
    varies = {loop.variable, *own} if type(loop) is ast.For else own
    for target in written:
        if not any(_names(s) & varies for s in target.subscripts) or any(
            type(n) is ast.At for s in target.subscripts for n in ast.walk(s)
        ):
            return True
        local_gather = {
            s.name
            for s in inside
            if type(s) is ast.Declare
            and s.value is not None
            and any(type(n) is ast.At for n in ast.walk(s.value))
        }
        if any(_names(s) & local_gather for s in target.subscripts):
            return True
        whole = any(target.subscripts == (ast.Name(v),) for v in varies)
        if whole and any(
            p.array == target.array and p.subscripts != target.subscripts for p in places
        ):
            return True
    return False


def _loops(nest: Nest) -> list[tuple]:
    return [
        s
        for region in nest.regions
        for s in ast.walk_statements(region.body)
        if type(s) in (ast.For, ast.While)
    ]


def test_what_one_thread_does_carries_something(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _nests(monkeypatch, _ORDERED + _FREE, 420, 5)
    ordered = [(nest, item) for nest, item in found if nest.sequential]
    # A recurrence may step its subscripts (`a[i + 1] = a[i]`), which the check of whole subscripts
    # does not see.
    idle = [
        item.programs["cpp"].text
        for nest, item in ordered
        if not any(_carries(loop) for loop in _loops(nest)) and not _shifted(nest)
    ]
    assert idle == []
    assert len(ordered) > 320
    assert all(
        "openmp" not in item.programs and "openmp-fortran" not in item.programs
        for _, item in ordered
    )


def _shifted(nest: Nest) -> bool:
    """An array that is written at one distance from the loop's variable and read at another."""
    places: dict[str, set[tuple]] = {}
    targets = set()
    for statement in (s for region in nest.regions for s in ast.walk_statements(region.body)):
        for node in (
            n for e in ast.get_expressions(statement) for n in ast.walk(e) if type(n) is ast.At
        ):
            places.setdefault(node.array, set()).add(node.subscripts)
        if type(statement) is ast.Assign and type(statement.target) is ast.At:
            targets.add(statement.target.array)
    return any(len(places[array]) > 1 for array in targets)


def test_parallel_twins_carry_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _nests(monkeypatch, _FREE, 260, 8)
    parallel = [nest for nest, _ in found if not nest.sequential]
    assert 90 < len(parallel) < 170
    for nest in parallel:
        axis = nest.regions[0].axes[0]
        loop = ast.For(axis.variable, axis.start, "<", axis.stop, nest.regions[0].body)
        inner = list(_loops(nest))
        permuted = {p.name for p in nest.parameters if p.fill == "permutation()"}
        assert not permuted
        assert not _carries(loop) or any(type(s) is ast.While for s in inner), nest.regions


def test_twins_look_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither length nor the words of locals tell which of two free loops is sequential."""
    found = _nests(monkeypatch, (carried_free.carried_local,), 500, 3)
    lengths: dict[bool, list[int]] = {True: [], False: []}
    words: dict[bool, Counter] = {True: Counter(), False: Counter()}
    for nest, item in found:
        text = item.programs["cpp"].text
        lengths[nest.sequential].append(len(text))
        words[nest.sequential].update(
            set(re.findall(r"\b(?:carry|prev|last|memo|held|run_val)\b", text))
        )
    means = [sum(v) / len(v) for v in lengths.values()]
    assert max(means) < 1.2 * min(means)
    assert len(words[True]) == len(words[False]) == 6


def test_a_kernel_of_one_thread_is_right_under_any_launch(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _nests(monkeypatch, _ORDERED, 60, 2)
    for nest, item in found:
        text = item.programs["cuda"].text
        assert len(re.findall(r"threadIdx", text)) == 1
        assert re.search(r"blockIdx\.x.*(==|!=) 0\)", text)
        assert nest.sequential and not nest.result


def test_constants_and_aliases_stand_before_loops_of_either_kind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = _nests(monkeypatch, _FREE, 400, 21)
    shares = {}
    for ordered in (True, False):
        nests_ = [nest for nest, _ in found if nest.sequential is ordered]
        named = [
            n
            for n in nests_
            if any(
                type(s) is ast.Declare
                and type(s.value) is ast.Literal
                or type(s) is ast.Declare
                and type(s.value) is ast.Name
                for s in n.before
            )
        ]
        shares[ordered] = len(named) / len(nests_)
    assert shares[True] > 0.06 and shares[False] > 0.06
