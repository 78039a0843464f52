"""Families over several loops: what carries stays with one thread, what does not is never given to
it, and all are right.
"""

from __future__ import annotations

import re
from collections import Counter

import pytest
from families import items_of, nest_of

from corpora.generator.core import expressions as ast
from corpora.generator.core.shapes import _independent
from corpora.generator.families import phases, phases_chains, phases_rows
from corpora.generator.families.sequential import (
    carried_nests,
    carried_solves,
    carried_sorts,
    carried_steps,
)

verification = pytest.importorskip("coevolve.verification.engine")

_ALONE = [
    f
    for m in (carried_nests, carried_sorts, carried_solves, carried_steps, phases, phases_chains)
    for f, _ in m.MENU
]
_ROWS = [f for f, _ in phases_rows.MENU]


@pytest.mark.parametrize(
    ("families", "count", "seed"),
    [(_ALONE, 18, 71), pytest.param(_ROWS, 12, 72, marks=pytest.mark.slow)],
)
def test_engine_calls_them_equivalent(
    families: list, count: int, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = items_of(monkeypatch, families, count, seed)
    pairs = [
        verification.Pair(item.programs["cpp"], program, item.suite_text)
        for item in items
        for name, program in item.programs.items()
        if name != "cpp"
    ]
    verdicts = verification.verify_many(pairs, "emulated", verification.VerifyConfig(mutants=0))
    assert [
        (p.target.origin, p.target.dialect, str(v.outcome), v.detail)
        for p, v in zip(pairs, verdicts)
        if v.equivalent is not True
    ] == []
    assert Counter(p.target.dialect for p in pairs)["cuda"] == count


def test_no_input_of_a_rule_made_suite_sends_two_threads_to_one_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Histograms of rows raced where an index reached into the next row."""
    families = [phases_rows.row_recurrences, phases_rows.row_positions]
    pairs = [
        verification.Pair(item.programs["cpp"], item.programs["cuda"])
        for item in items_of(monkeypatch, families, 14, 202)
    ]
    verdicts = verification.verify_many(pairs, "emulated", verification.VerifyConfig(mutants=0))
    assert [
        (p.source.text, str(v.outcome), v.detail)
        for p, v in zip(pairs, verdicts)
        if v.equivalent is not True
    ] == []


def test_one_thread_does_what_carries(monkeypatch: pytest.MonkeyPatch) -> None:
    """The body of the kernel is the body of the serial function, for one thread of the grid; there
    is no OpenMP text.
    """
    for item in items_of(monkeypatch, _ALONE, 300, 5):
        assert not {"openmp", "openmp-fortran"} & set(item.programs)
        kernel = item.programs["cuda"].text
        assert len(re.findall(r"threadIdx\.x", kernel)) == 1 and "atomic" not in kernel
        assert re.search(r"if \(.*threadIdx.* [!=]= 0\)", kernel), kernel
        bodies = [
            sorted(line.strip() for line in text.splitlines()[1:-1])
            for text in (item.programs["cpp"].text, kernel)
        ]
        assert not [line for line in bodies[0] if line not in bodies[1]]


def _certainly_parallel(nest, loop: tuple) -> bool:
    return type(loop) is ast.For and _independent(nest, loop, set())


def test_no_loop_that_is_parallel_is_given_to_one_thread() -> None:
    """Judged without the families' word: single loops whose iterations write places of their own
    and read no others.
    """
    for family in _ALONE:
        for seed in range(150):
            nest = nest_of(family, seed)
            assert nest.sequential and not nest.result and not nest.regions[0].axes
            loops = [s for s in nest.regions[0].body if type(s) in (ast.For, ast.While, ast.If)]
            assert len(loops) > 1 or not _certainly_parallel(nest, loops[0]), (
                family.__name__,
                seed,
            )


def test_judge_of_parallel_loops_knows_one() -> None:
    i = ast.Name("i")
    copy = ast.For(
        "i", ast.ZERO, "<", ast.Name("n"), (ast.Assign(ast.At("a", (i,)), "=", ast.At("b", (i,))),)
    )
    nest = nest_of(carried_nests.table, 1)
    nest.regions[0].body = (copy,)
    assert _certainly_parallel(nest, copy)


def test_rows_of_their_own_are_parallel(monkeypatch: pytest.MonkeyPatch) -> None:
    """The contrast: one loop round the same work, one thread a row, and every dialect in which it
    can be said.
    """
    for item in items_of(monkeypatch, _ROWS, 200, 9):
        assert {"cpp", "cuda", "openmp"} <= set(item.programs)
        assert "atomic" not in item.programs["cuda"].text
    for family in _ROWS:
        for seed in range(100):
            nest = nest_of(family, seed)
            assert (
                not nest.sequential
                and len(nest.regions) == 1
                and len(nest.regions[0].axes) in (1, 2)
            )


def test_every_written_array_has_a_row_for_each_thread() -> None:
    for family in [f for f in _ROWS if f is not phases_rows.disjoint]:
        for seed in range(100):
            nest = nest_of(family, seed)
            rows = {axis.stop for axis in nest.regions[0].axes}
            for parameter in nest.parameters:
                if parameter.written:
                    assert rows <= {n for e in parameter.extents for n in ast.walk(e)}, (
                        family.__name__,
                        seed,
                        parameter.name,
                    )


def test_texts_seldom_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    """No template with holes: names and constants aside, few of many texts are the same."""

    def bare(text: str) -> str:
        body = text.split("{", 1)[1]
        words: dict[str, str] = {}
        return re.sub(r"\b[A-Za-z_]\w*\b", lambda m: words.setdefault(m[0], f"v{len(words)}"), body)

    for families, share in ((_ALONE, 0.7), (_ROWS, 0.85)):
        texts = {
            bare(item.programs["cpp"].text) for item in items_of(monkeypatch, families, 400, 3)
        }
        assert len(texts) > share * 400
