"""Odd families: equal in every dialect, one thread exactly where iterations share a place or a
course, and only at level broad.
"""

from __future__ import annotations

import random
import re

import pytest
from families import items_of, nest_of

from corpora.generator import LEVELS, generate, nests
from corpora.generator.core import expressions as ast
from corpora.generator.core.shapes import _independent
from corpora.generator.families.irregular import (
    last_match as odd,
    locals as odd_locals,
    loops as odd_loops,
    pointer_chases as odd_chases,
    steps as odd_steps,
)

verification = pytest.importorskip("coevolve.verification.engine")

_FAMILIES = [
    f for module in (odd, odd_chases, odd_loops, odd_steps, odd_locals) for f, _ in module.MENU
]
_BOTH = [f for f in _FAMILIES if f.__module__ != odd_locals.__name__]


def test_engine_calls_every_dialect_equivalent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each family one dialect for each of two items: all dialects come in turn."""
    pairs = []
    for turn, family in enumerate(_FAMILIES):
        for k, item in enumerate(
            items_of(monkeypatch, [family], 2, random.Random(family.__name__).randint(0, 999))
        ):
            others = [dialect for dialect in item.programs if dialect != "cpp"]
            pairs.append(
                verification.Pair(
                    item.programs["cpp"],
                    item.programs[others[(turn + k) % len(others)]],
                    item.suite_text,
                )
            )
    verdicts = verification.verify_many(pairs, "emulated", verification.VerifyConfig(mutants=0))
    assert [
        (p.target.origin, p.target.dialect, p.source.text, v.detail)
        for p, v in zip(pairs, verdicts)
        if v.equivalent is not True
    ] == []
    assert len(pairs) == 2 * len(_FAMILIES) and len({p.target.dialect for p in pairs}) > 2


def test_one_thread_copies_what_shares_a_place_or_a_course(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = 0
    items = items_of(monkeypatch, _BOTH, 300, 5)
    for item in items:
        if "openmp" in item.programs:
            assert "atomic" not in item.programs["cuda"].text
            continue
        alone += 1
        kernel = item.programs["cuda"].text
        assert len(re.findall(r"threadIdx\.x", kernel)) == 1 and re.search(
            r"if \(.*threadIdx.* [!=]= 0\)", kernel
        )
        bodies = [
            [line.strip() for line in text.splitlines()[1:-1]]
            for text in (item.programs["cpp"].text, kernel)
        ]
        assert not [line for line in bodies[0] if line not in bodies[1]]
    assert 0.55 < alone / len(items) < 0.75


def test_no_independent_loop_is_given_to_one_thread() -> None:
    for family in _BOTH:
        for seed in range(150):
            nest = nest_of(family, seed)
            loops = [s for s in nest.regions[0].body if type(s) is ast.For]
            body = list(ast.walk_statements(nest.regions[0].body))
            subscripts = [
                e
                for s in body
                if type(s) is ast.Assign and type(s.target) is ast.At
                for e in s.target.subscripts
            ]
            by_data = {s.name for s in body if type(s) is ast.Declare and type(s.value) is ast.At}
            scatters = any(
                type(n) is ast.At or type(n) is ast.Name and n.id in by_data
                for e in subscripts
                for n in ast.walk(e)
            )
            if nest.sequential and len(loops) == 1 and not scatters:
                assert not _independent(nest, loops[0], set()), (family.__name__, seed)


def test_threads_store_at_places_that_their_index_gives() -> None:
    """Whatever a local or a table holds, the subscript of a parallel store names the loop's
    variables.
    """
    for family in _FAMILIES:
        for seed in range(150):
            nest = nest_of(family, seed)
            if nest.sequential:
                continue
            body = list(ast.walk_statements(nest.regions[0].body))
            given = {
                s.name: s.value for s in body if type(s) is ast.Declare and s.value is not None
            }
            arrays = {p.name for p in nest.parameters}
            for store in (
                s
                for s in body
                if type(s) is ast.Assign and type(s.target) is ast.At and s.target.array in arrays
            ):
                assert {a.variable for a in nest.regions[0].axes} <= _named(
                    store.target.subscripts, given
                ), (family.__name__, seed)


def _named(expressions: tuple, given: dict[str, tuple]) -> set[str]:
    """Names in expressions and in what their locals begin as, those inside other arrays' subscripts
    left out.
    """
    found: set[str] = set()
    for node in expressions:
        if type(node) is ast.Name:
            found |= {node.id} | (_named((given[node.id],), given) if node.id in given else set())
        elif type(node) is not ast.At:
            found |= _named(ast.get_children(node), given)
    return found


def test_broad_stores_through_no_permutation_in_parallel() -> None:
    assert not any(
        "=permutation()" in item.suite_text and "openmp" in item.programs
        for item in generate(1500, 9, "broad")
    )
    assert any("=permutation()" in item.suite_text for item in generate(600, 9, "mixed"))


@pytest.mark.parametrize(
    ("family", "patterns"),
    [
        (odd.last_match, (r"\[0\] = i;", r"\+ 1 < ", r"\*\w+ = ")),
        (odd_chases.roots, (r"do \{", r" \^ ", r"\[\w+ = \w+\];", r"while \(\(")),
        (odd_loops.moved_outer, (r"x < \w+; (y\+\+|\+\+y)\)", "return;", "unsigned long")),
        (odd_steps.counted, (r"\+= 2;", r"; \w+ < \w+; ")),
        (odd_locals.long_turns, (r"pow\(", "< 1000", r"\(float\)\(")),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_family_shows_what_it_is_there_for(
    monkeypatch: pytest.MonkeyPatch, family: object, patterns: tuple[str, ...]
) -> None:
    texts = "".join(item.programs["cpp"].text for item in items_of(monkeypatch, [family], 250, 3))
    assert [pattern for pattern in patterns if not re.search(pattern, texts)] == []


def test_families_are_in_the_menu_of_the_broad_level_only() -> None:
    for level in LEVELS:
        assert all(
            (family in nests.LEVEL_MENUS[level][0]) == (level == "broad") for family in _FAMILIES
        )
